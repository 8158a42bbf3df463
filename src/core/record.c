#include <graticule/graticule.h>

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
        t->raw = calloc(count ? count : 1, grat_sample_size(t->type));
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

void grat_trace_values_f32(const grat_trace *t, size_t from, size_t n, float *out)
{
#define OUT float
    CONVERT_ANY
#undef OUT
}

/* ---- extremes ------------------------------------------------------------------------------------------ */

typedef struct pair {
    float low, high;
} pair;

/* A negative scale turns them round. */
static pair in_units(const grat_trace *t, double low, double high)
{
    float a = (float)(low * t->scale + t->offset), b = (float)(high * t->scale + t->offset);
    return a <= b ? (pair){a, b} : (pair){b, a};
}

typedef int16_t eight __attribute__((vector_size(16)));

static inline eight smaller(eight a, eight b)
{
    eight m = a < b;
    return (a & m) | (b & ~m);
}

static inline eight larger(eight a, eight b)
{
    eight m = a > b;
    return (a & m) | (b & ~m);
}

/* Eight at once; ratio is a multiple of 8. */
static pair extremes_i16(const grat_trace *t, const int16_t *v, size_t ratio)
{
    eight low, high, next;
    memcpy(&low, v, sizeof low);
    high = low;
    for (size_t i = 8; i < ratio; i += 8) {
        memcpy(&next, v + i, sizeof next);
        low = smaller(low, next);
        high = larger(high, next);
    }
    low = smaller(low, __builtin_shuffle(low, (eight){4, 5, 6, 7, 0, 1, 2, 3}));
    high = larger(high, __builtin_shuffle(high, (eight){4, 5, 6, 7, 0, 1, 2, 3}));
    low = smaller(low, __builtin_shuffle(low, (eight){2, 3, 0, 1, 6, 7, 4, 5}));
    high = larger(high, __builtin_shuffle(high, (eight){2, 3, 0, 1, 6, 7, 4, 5}));
    low = smaller(low, __builtin_shuffle(low, (eight){1, 0, 3, 2, 5, 4, 7, 6}));
    high = larger(high, __builtin_shuffle(high, (eight){1, 0, 3, 2, 5, 4, 7, 6}));
    return in_units(t, low[0], high[0]);
}

#define EXTREMES(T)                                                                                                    \
    do {                                                                                                               \
        const T *p = (const T *)t->raw + from + g * ratio;                                                             \
        T least = p[0], most = p[0];                                                                                   \
        for (size_t i = 1; i < ratio; i++) {                                                                           \
            least = p[i] < least ? p[i] : least;                                                                       \
            most = p[i] > most ? p[i] : most;                                                                          \
        }                                                                                                              \
        both = in_units(t, (double)least, (double)most);                                                               \
    } while (0)

static pair extremes(const grat_trace *t, size_t from, size_t g, size_t ratio)
{
    pair both = {0, 0};
    switch (t->type) {
    case GRAT_U8:
        EXTREMES(uint8_t);
        break;
    case GRAT_I8:
        EXTREMES(int8_t);
        break;
    case GRAT_U16:
        EXTREMES(uint16_t);
        break;
    case GRAT_I16:
        EXTREMES(int16_t);
        break;
    case GRAT_F32:
        EXTREMES(float);
        break;
    }
    return both;
}

void grat_trace_envelope(const grat_trace *t, size_t from, size_t groups, size_t ratio, float *low, float *high)
{
    bool eights = t->type == GRAT_I16 && ratio % 8 == 0;
    for (size_t g = 0; ratio && g < groups; g++) {
        pair both = eights ? extremes_i16(t, (const int16_t *)t->raw + from + g * ratio, ratio)
                           : extremes(t, from, g, ratio);
        low[g] = both.low;
        high[g] = both.high;
    }
}
