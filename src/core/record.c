#include <graticule/graticule.h>

#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
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
#ifdef __clang__
#define SHUFFLE(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define SHUFFLE(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif
#define FRONT(a, b) SHUFFLE(eight, a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define BACK(a, b) SHUFFLE(eight, a, b, 4, 12, 5, 13, 6, 14, 7, 15)
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

#ifdef __x86_64__
/* In units; eight codes. */
__attribute__((target("avx2"))) static inline void eight_in_units_avx2(__m128i v, __m256d scale, __m256d offset,
                                                                        float *out)
{
    __m256i code = _mm256_cvtepi16_epi32(v);
    __m256d a = _mm256_cvtepi32_pd(_mm256_castsi256_si128(code));
    __m256d b = _mm256_cvtepi32_pd(_mm256_extracti128_si256(code, 1));
    _mm_storeu_ps(out, _mm256_cvtpd_ps(_mm256_add_pd(_mm256_mul_pd(a, scale), offset)));
    _mm_storeu_ps(out + 4, _mm256_cvtpd_ps(_mm256_add_pd(_mm256_mul_pd(b, scale), offset)));
}

/* Half as many lanes of a and of b, in turn, as join above; the halves of a register stay apart until the end. */
#define JOIN_AVX2(OP, a, b) OP(_mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b))
#define FOLD_AVX2(OP, a) OP(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1))

/* Groups of 16, eight at once. */
__attribute__((target("avx2"))) static size_t groups_of_16_avx2(const grat_trace *t, const int16_t *v, size_t groups,
                                                                 float *low, float *high)
{
    const __m256d scale = _mm256_set1_pd(t->scale), offset = _mm256_set1_pd(t->offset);
    size_t g = 0;
    for (; g + 8 <= groups; g += 8, v += 128) {
        for (int k = 0; k < 4; k++) __builtin_prefetch(v + 4096 + 32 * k);
        __m256i least[4], most[4];
        /* Group k beside group k + 4, so that the lanes come out in order. */
        for (int k = 0; k < 4; k++) {
            __m256i a = _mm256_loadu_si256((const void *)(v + 16 * k));
            __m256i b = _mm256_loadu_si256((const void *)(v + 16 * (k + 4)));
            least[k] = JOIN_AVX2(_mm256_min_epi16, a, b);
            most[k] = JOIN_AVX2(_mm256_max_epi16, a, b);
        }
        __m256i even = JOIN_AVX2(_mm256_min_epi16, least[0], least[2]);
        __m256i odd = JOIN_AVX2(_mm256_min_epi16, least[1], least[3]);
        __m256i all = JOIN_AVX2(_mm256_min_epi16, even, odd);
        __m128i smallest = FOLD_AVX2(_mm_min_epi16, all);
        even = JOIN_AVX2(_mm256_max_epi16, most[0], most[2]);
        odd = JOIN_AVX2(_mm256_max_epi16, most[1], most[3]);
        all = JOIN_AVX2(_mm256_max_epi16, even, odd);
        __m128i largest = FOLD_AVX2(_mm_max_epi16, all);
        eight_in_units_avx2(t->scale < 0 ? largest : smallest, scale, offset, low + g);
        eight_in_units_avx2(t->scale < 0 ? smallest : largest, scale, offset, high + g);
    }
    return g;
}
#endif

/* How many were done; the others take the common way. */
static size_t groups_of_16(const grat_trace *t, size_t from, size_t groups, float *low, float *high)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2"))
        return groups_of_16_avx2(t, (const int16_t *)t->raw + from, groups, low, high);
#endif
    size_t g = 0;
    for (; g + 8 <= groups; g += 8)
        eight_groups(t, (const int16_t *)t->raw + from + g * 16, 16, low + g, high + g);
    return g;
}

/* Bytes in groups of 16, sixteen at once. */
typedef uint8_t sixteen __attribute__((vector_size(16)));
#ifdef __SSE2__
#define SMALLER_BYTES(a, b) ((sixteen)_mm_min_epu8((__m128i)(a), (__m128i)(b)))
#define LARGER_BYTES(a, b) ((sixteen)_mm_max_epu8((__m128i)(a), (__m128i)(b)))
#else
#define SMALLER_BYTES(a, b) (((a) & (sixteen)((a) < (b))) | ((b) & ~(sixteen)((a) < (b))))
#define LARGER_BYTES(a, b) (((a) & (sixteen)((a) > (b))) | ((b) & ~(sixteen)((a) > (b))))
#endif
#define FRONT_BYTES(a, b) SHUFFLE(sixteen, a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define BACK_BYTES(a, b) SHUFFLE(sixteen, a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)

/* 2 * n registers become n. */
FAST void join_bytes(sixteen *least, sixteen *most, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        sixteen front = FRONT_BYTES(least[i], least[i + n]), back = BACK_BYTES(least[i], least[i + n]);
        least[i] = SMALLER_BYTES(front, back);
        front = FRONT_BYTES(most[i], most[i + n]), back = BACK_BYTES(most[i], most[i + n]);
        most[i] = LARGER_BYTES(front, back);
    }
}

static void bytes_in_units(const grat_trace *t, sixteen v, float *out)
{
    double scale = t->scale, offset = t->offset, value[16];
    int bias = t->type == GRAT_I8 ? 128 : 0;
    int32_t code[16];
    for (int g = 0; g < 16; g++) code[g] = v[g] - bias;
    for (int g = 0; g < 16; g++) value[g] = code[g] * scale + offset;
    for (int g = 0; g < 16; g++) out[g] = (float)value[g];
}

static size_t byte_groups_of_16(const grat_trace *t, size_t from, size_t groups, float *low, float *high)
{
    const uint8_t *v = (const uint8_t *)t->raw + from;
    const uint8_t flip = t->type == GRAT_I8 ? 0x80 : 0;   /* signed bytes in the order of unsigned ones */
    size_t g = 0;
    for (; g + 16 <= groups; g += 16, v += 256) {
        sixteen least[16], most[16];
        for (unsigned i = 0; i < 16; i++) {
            memcpy(&least[i], v + 16 * i, 16);
            most[i] = least[i] ^= flip;
        }
        join_bytes(least, most, 8);
        join_bytes(least, most, 4);
        join_bytes(least, most, 2);
        join_bytes(least, most, 1);
        bytes_in_units(t, t->scale < 0 ? most[0] : least[0], low + g);
        bytes_in_units(t, t->scale < 0 ? least[0] : most[0], high + g);
    }
    return g;
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
    if (eights && ratio == 16) g = groups_of_16(t, from, groups, low, high);
    if (ratio == 16 && grat_sample_size(t->type) == 1) g = byte_groups_of_16(t, from, groups, low, high);
    for (; eights && g + 8 <= groups; g += 8)
        eight_groups(t, (const int16_t *)t->raw + from + g * ratio, ratio, low + g, high + g);
    for (; ratio && g < groups; g++) {
        pair both = extremes(t, from, g, ratio);
        low[g] = both.low;
        high[g] = both.high;
    }
}
