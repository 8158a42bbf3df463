#include <graticule/graticule.h>

#include "core/cpu.h"

#include <stdlib.h>
#include <string.h>

size_t grat_sample_size(grat_sample_type t)
{
    switch (t) {
    case GRAT_U8:
    case GRAT_I8:
        return 1;
    case GRAT_U16:
    case GRAT_I16:
        return 2;
    case GRAT_F32:
        return 4;
    }
    return 0;
}

static void record_free(grat_record *r)
{
    for (unsigned i = 0; i < r->traces; i++) free(r->trace[i].raw);
    free(r);
}

/* The kernel copies into a page's beginning, and out of it, in two thirds of the time. */
enum { PAGE = 4096, LONG = 16 * PAGE };

static void *new_samples(size_t count, size_t size)
{
    void *raw;
    if (!size || count < LONG / size) return calloc(count ? count : 1, size);
    if (count > SIZE_MAX / size || posix_memalign(&raw, PAGE, count * size)) return NULL;
    return memset(raw, 0, count * size);
}

grat_record *grat_record_new(unsigned traces, const grat_sample_type *types, size_t count)
{
    if (traces > GRAT_MAX_CHANNELS) return NULL;
    grat_record *r = calloc(1, sizeof *r);
    if (!r) return NULL;
    r->refs = 1;
    r->count = count;
    for (; r->traces < traces; r->traces++) {
        grat_trace *t = &r->trace[r->traces];
        t->type = types[r->traces];
        t->scale = 1;
        t->raw = new_samples(count, grat_sample_size(t->type));
        if (!t->raw) {
            record_free(r);
            return NULL;
        }
    }
    return r;
}

grat_record *grat_record_ref(grat_record *r)
{
    __atomic_add_fetch(&r->refs, 1, __ATOMIC_RELAXED);
    return r;
}

void grat_record_unref(grat_record *r)
{
    if (r && __atomic_sub_fetch(&r->refs, 1, __ATOMIC_ACQ_REL) == 0) record_free(r);
}

#define CONVERT(T)                                                                                                     \
    do {                                                                                                               \
        const T *p = (const T *)t->raw + from;                                                                         \
        for (size_t i = 0; i < n; i++) out[i] = (OUT)(p[i] * t->scale + t->offset);                                    \
    } while (0)

#define CONVERT_ANY                                                                                                    \
    switch (t->type) {                                                                                                 \
    case GRAT_U8:                                                                                                      \
        CONVERT(uint8_t);                                                                                              \
        break;                                                                                                         \
    case GRAT_I8:                                                                                                      \
        CONVERT(int8_t);                                                                                               \
        break;                                                                                                         \
    case GRAT_U16:                                                                                                     \
        CONVERT(uint16_t);                                                                                             \
        break;                                                                                                         \
    case GRAT_I16:                                                                                                     \
        CONVERT(int16_t);                                                                                              \
        break;                                                                                                         \
    case GRAT_F32:                                                                                                     \
        CONVERT(float);                                                                                                \
        break;                                                                                                         \
    }

void grat_trace_values(const grat_trace *t, size_t from, size_t n, double *out)
{
#define OUT double
    CONVERT_ANY
#undef OUT
}

static inline __attribute__((always_inline)) void to_floats(const grat_trace *t, size_t from, size_t n, float *out)
{
#define OUT float
    CONVERT_ANY
#undef OUT
}

#ifdef __x86_64__
/* Without fused operations: the same on every processor. */
__attribute__((target("avx2"))) static void to_floats_avx2(const grat_trace *t, size_t from, size_t n, float *out)
{
    to_floats(t, from, n, out);
}
#endif

void grat_trace_values_f32(const grat_trace *t, size_t from, size_t n, float *out)
{
#ifdef __x86_64__
    if (grat__has_avx2()) {
        to_floats_avx2(t, from, n, out);
        return;
    }
#endif
    to_floats(t, from, n, out);
}
