#include <graticule/graticule.h>

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* GCC 12 makes four instructions of what is one here. */
#ifdef __SSE2__
#define SMALLER(a, b) ((eight)_mm_min_epi16((__m128i)(a), (__m128i)(b)))
#define LARGER(a, b) ((eight)_mm_max_epi16((__m128i)(a), (__m128i)(b)))
#else
#define SMALLER(a, b) (((a) & ((a) < (b))) | ((b) & ~((a) < (b))))
#define LARGER(a, b) (((a) & ((a) > (b))) | ((b) & ~((a) > (b))))
#endif

static inline eight smaller(eight a, eight b)
{
    return SMALLER(a, b);
}

static inline eight larger(eight a, eight b)
{
    return LARGER(a, b);
}

/* The smallest and the largest, lane by lane. */
typedef struct lanes {
    eight low, high;
} lanes;
#define FAST static inline __attribute__((always_inline))

FAST lanes group_lanes(const int16_t *v, size_t ratio)
{
    lanes l;
    eight next;
    memcpy(&l.low, v, sizeof l.low);
    l.high = l.low;
    for (size_t i = 8; i < ratio; i += 8) {
        memcpy(&next, v + i, sizeof next);
        l.low = smaller(l.low, next);
        l.high = larger(l.high, next);
    }
    return l;
}

/* Half as many lanes of a and of b, in turn: the one lane that is left in the end is the group's. */
#define FRONT(a, b) __builtin_shuffle(a, b, (eight){0, 8, 1, 9, 2, 10, 3, 11})
#define BACK(a, b) __builtin_shuffle(a, b, (eight){4, 12, 5, 13, 6, 14, 7, 15})
FAST lanes join(lanes a, lanes b)
{
    return (lanes){smaller(FRONT(a.low, b.low), BACK(a.low, b.low)),
                   larger(FRONT(a.high, b.high), BACK(a.high, b.high))};
}

FAST lanes two_groups(const int16_t *v, size_t ratio)
{
    return join(group_lanes(v, ratio), group_lanes(v + 4 * ratio, ratio));
}

static inline void eight_in_units(const grat_trace *t, eight v, float *out)
{
    double scale = t->scale, offset = t->offset, value[8];
    int32_t code[8];
    for (int g = 0; g < 8; g++) code[g] = v[g];
    for (int g = 0; g < 8; g++) value[g] = code[g] * scale + offset;
    for (int g = 0; g < 8; g++) out[g] = (float)value[g];
}

/* Eight groups at once; ratio is a multiple of 8. Inline, as a constant ratio makes it faster. */
FAST void eight_groups(const grat_trace *t, const int16_t *v, size_t ratio, float *low, float *high)
{
    lanes even = join(two_groups(v, ratio), two_groups(v + 2 * ratio, ratio));
    lanes odd = join(two_groups(v + ratio, ratio), two_groups(v + 3 * ratio, ratio));
    lanes all = join(even, odd);
    eight_in_units(t, t->scale < 0 ? all.high : all.low, low);
    eight_in_units(t, t->scale < 0 ? all.low : all.high, high);
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
    bool eights = t->type == GRAT_I16 && ratio && ratio % 8 == 0;
    size_t g = 0;
    for (; eights && ratio == 16 && g + 8 <= groups; g += 8)
        eight_groups(t, (const int16_t *)t->raw + from + g * 16, 16, low + g, high + g);
    for (; eights && g + 8 <= groups; g += 8)
        eight_groups(t, (const int16_t *)t->raw + from + g * ratio, ratio, low + g, high + g);
    for (; ratio && g < groups; g++) {
        pair both = extremes(t, from, g, ratio);
        low[g] = both.low;
        high[g] = both.high;
    }
}
