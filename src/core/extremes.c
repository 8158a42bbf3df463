/* The least and the most of groups of samples, as memory gives them. */
#include <graticule/graticule.h>

#include "core/cpu.h"

#include <math.h>
#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

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

/* ---- groups of 16 by AVX2 ----------------------------------------------------------------------------- */

#ifdef __x86_64__
#define AVX2 __attribute__((target("avx2")))
#define AVX2_FAST AVX2 static inline __attribute__((always_inline))

typedef struct line {
    __m256d scale, offset;
} line;

AVX2_FAST line line_of(const grat_trace *t)
{
    return (line){_mm256_set1_pd(t->scale), _mm256_set1_pd(t->offset)};
}

/* Four of them, in units. */
AVX2_FAST __m128 four_in_units(__m256d v, const line *l)
{
    return _mm256_cvtpd_ps(_mm256_add_pd(_mm256_mul_pd(v, l->scale), l->offset));
}

AVX2_FAST void eight_in_units_avx2(__m256i code, const line *l, float *out)
{
    __m128 a = four_in_units(_mm256_cvtepi32_pd(_mm256_castsi256_si128(code)), l);
    __m128 b = four_in_units(_mm256_cvtepi32_pd(_mm256_extracti128_si256(code, 1)), l);
    _mm_storeu_ps(out, a);
    _mm_storeu_ps(out + 4, b);
}

/* For a negative scale. */
static inline void turn_round(const grat_trace *t, float **low, float **high)
{
    float *swap = *low;
    if (t->scale >= 0) return;
    *low = *high;
    *high = swap;
}

#define AHEAD 8192   /* bytes that are asked for before they are needed */
AVX2_FAST void ask_for(const void *v, int lines)
{
    for (int k = 0; k < lines; k++) __builtin_prefetch((const char *)v + AHEAD + 64 * k);
}

/* What is done to pairs of lanes; constants where it is used. */
typedef struct kind {
    bool has_sign, most;
} kind;

AVX2_FAST __m256i pick16(kind k, __m256i a, __m256i b)
{
    if (k.most) return k.has_sign ? _mm256_max_epi16(a, b) : _mm256_max_epu16(a, b);
    return k.has_sign ? _mm256_min_epi16(a, b) : _mm256_min_epu16(a, b);
}

/* Half as many lanes of a and of b, in turn, as join above; the halves of a register stay apart. */
AVX2_FAST __m256i join16(kind k, __m256i a, __m256i b)
{
    return pick16(k, _mm256_unpacklo_epi16(a, b), _mm256_unpackhi_epi16(a, b));
}

/* Words: eight groups. Group k beside group k + 4, so that the lanes come out in order. As 32 bits. */
AVX2_FAST __m256i extreme_of_words(kind k, const uint16_t *v)
{
    __m256i r[4];
    for (int i = 0; i < 4; i++)
        r[i] = join16(k, _mm256_loadu_si256((const void *)(v + 16 * i)),
                      _mm256_loadu_si256((const void *)(v + 16 * (i + 4))));
    __m256i all = join16(k, join16(k, r[0], r[2]), join16(k, r[1], r[3]));
    all = pick16(k, all, _mm256_permute2x128_si256(all, all, 1));
    __m128i half = _mm256_castsi256_si128(all);
    return k.has_sign ? _mm256_cvtepi16_epi32(half) : _mm256_cvtepu16_epi32(half);
}

AVX2_FAST size_t groups_of_words(const grat_trace *t, size_t from, size_t groups, float *low, float *high,
                                 bool has_sign)
{
    const uint16_t *v = (const uint16_t *)t->raw + from;
    const line l = line_of(t);
    size_t g = 0;
    turn_round(t, &low, &high);
    for (; g + 8 <= groups; g += 8, v += 128) {
        ask_for(v, 4);
        eight_in_units_avx2(extreme_of_words((kind){has_sign, false}, v), &l, low + g);
        eight_in_units_avx2(extreme_of_words((kind){has_sign, true}, v), &l, high + g);
    }
    return g;
}

AVX2_FAST __m256i pick8(kind k, __m256i a, __m256i b)
{
    if (k.most) return k.has_sign ? _mm256_max_epi8(a, b) : _mm256_max_epu8(a, b);
    return k.has_sign ? _mm256_min_epi8(a, b) : _mm256_min_epu8(a, b);
}

AVX2_FAST __m256i join8(kind k, __m256i a, __m256i b)
{
    return pick8(k, _mm256_unpacklo_epi8(a, b), _mm256_unpackhi_epi8(a, b));
}

AVX2_FAST __m256i group_and_sixteenth(const uint8_t *v, int k)
{
    return _mm256_loadu2_m128i((const void *)(v + 16 * (k + 16)), (const void *)(v + 16 * k));
}

typedef struct two {
    __m256i least, most;
} two;

/* Groups k and k + 8, and those beside them. The least and the most share this step. */
AVX2_FAST two first_join8(bool has_sign, const uint8_t *v, int k)
{
    __m256i a = group_and_sixteenth(v, k), b = group_and_sixteenth(v, k + 8);
    __m256i front = _mm256_unpacklo_epi8(a, b), back = _mm256_unpackhi_epi8(a, b);
    return (two){pick8((kind){has_sign, false}, front, back), pick8((kind){has_sign, true}, front, back)};
}

/* Bytes: 32 groups. */
AVX2_FAST two extremes_of_bytes(bool has_sign, const uint8_t *v)
{
    const kind least = {has_sign, false}, most = {has_sign, true};
    two r[4];
    for (int k = 0; k < 4; k++) {
        two a = first_join8(has_sign, v, k), b = first_join8(has_sign, v, k + 4);
        r[k] = (two){join8(least, a.least, b.least), join8(most, a.most, b.most)};
    }
    for (int k = 0; k < 2; k++)
        r[k] = (two){join8(least, r[k].least, r[k + 2].least), join8(most, r[k].most, r[k + 2].most)};
    return (two){join8(least, r[0].least, r[1].least), join8(most, r[0].most, r[1].most)};
}

AVX2_FAST void bytes_in_units_avx2(bool has_sign, __m256i codes, const line *l, float *out)
{
    for (int k = 0; k < 4; k++) {
        __m128i half = k < 2 ? _mm256_castsi256_si128(codes) : _mm256_extracti128_si256(codes, 1);
        if (k % 2) half = _mm_srli_si128(half, 8);
        eight_in_units_avx2(has_sign ? _mm256_cvtepi8_epi32(half) : _mm256_cvtepu8_epi32(half), l, out + 8 * k);
    }
}

AVX2_FAST size_t groups_of_bytes(const grat_trace *t, size_t from, size_t groups, float *low, float *high,
                                 bool has_sign)
{
    const uint8_t *v = (const uint8_t *)t->raw + from;
    const line l = line_of(t);
    size_t g = 0;
    turn_round(t, &low, &high);
    for (; g + 32 <= groups; g += 32, v += 512) {
        ask_for(v, 8);
        two all = extremes_of_bytes(has_sign, v);
        bytes_in_units_avx2(has_sign, all.least, &l, low + g);
        bytes_in_units_avx2(has_sign, all.most, &l, high + g);
    }
    return g;
}

AVX2_FAST __m256 pickf(bool most, __m256 a, __m256 b)
{
    return most ? _mm256_max_ps(a, b) : _mm256_min_ps(a, b);
}

AVX2_FAST __m256 joinf(bool most, __m256 a, __m256 b)
{
    return pickf(most, _mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b));
}

/* What is no number becomes the infinity that loses. */
AVX2_FAST __m256 load_numbers(bool most, const float *v)
{
    __m256 a = _mm256_loadu_ps(v);
    return _mm256_blendv_ps(a, _mm256_set1_ps(most ? -INFINITY : INFINITY), _mm256_cmp_ps(a, a, _CMP_UNORD_Q));
}

/* Floats: eight groups, in order in the two halves. */
AVX2_FAST __m256 extreme_of_floats(bool most, const float *v)
{
    __m256 r[8];
    for (int k = 0; k < 8; k++)
        r[k] = pickf(most, load_numbers(most, v + 16 * k), load_numbers(most, v + 16 * k + 8));
    for (int k = 0; k < 4; k++) r[k] = joinf(most, r[k], r[k + 4]);
    for (int k = 0; k < 2; k++) r[k] = joinf(most, r[k], r[k + 2]);
    for (int k = 0; k < 2; k++) r[k] = pickf(most, r[k], _mm256_permute2f128_ps(r[k], r[k], 1));
    __m128 even = _mm256_castps256_ps128(r[0]), odd = _mm256_castps256_ps128(r[1]);
    return _mm256_set_m128(_mm_unpackhi_ps(even, odd), _mm_unpacklo_ps(even, odd));
}

AVX2_FAST void floats_in_units_avx2(__m256 v, const line *l, float *out)
{
    __m128 front = four_in_units(_mm256_cvtps_pd(_mm256_castps256_ps128(v)), l);
    __m128 back = four_in_units(_mm256_cvtps_pd(_mm256_extractf128_ps(v, 1)), l);
    _mm_storeu_ps(out, front);
    _mm_storeu_ps(out + 4, back);
}

AVX2 static size_t groups_of_floats(const grat_trace *t, size_t from, size_t groups, float *low, float *high)
{
    const float *v = (const float *)t->raw + from;
    const line l = line_of(t);
    const __m256 none = _mm256_set1_ps(NAN);
    size_t g = 0;
    turn_round(t, &low, &high);
    for (; g + 8 <= groups; g += 8, v += 128) {
        ask_for(v, 8);
        __m256 least = extreme_of_floats(false, v), most = extreme_of_floats(true, v);
        __m256 empty = _mm256_cmp_ps(least, most, _CMP_GT_OQ);
        floats_in_units_avx2(_mm256_blendv_ps(least, none, empty), &l, low + g);
        floats_in_units_avx2(_mm256_blendv_ps(most, none, empty), &l, high + g);
    }
    return g;
}

/* How many were done; the others take the common way. */
AVX2 static size_t groups_by_avx2(const grat_trace *t, size_t from, size_t groups, float *low, float *high)
{
    switch (t->type) {
    case GRAT_U8:
        return groups_of_bytes(t, from, groups, low, high, false);
    case GRAT_I8:
        return groups_of_bytes(t, from, groups, low, high, true);
    case GRAT_U16:
        return groups_of_words(t, from, groups, low, high, false);
    case GRAT_I16:
        return groups_of_words(t, from, groups, low, high, true);
    case GRAT_F32:
        return groups_of_floats(t, from, groups, low, high);
    }
    return 0;
}
#endif

#define EXTREMES(T)                                                                                                    \
    do {                                                                                                               \
        const T *p = (const T *)t->raw + from + g * ratio;                                                             \
        T least = p[0], most = p[0];                                                                                   \
        for (size_t i = 1; i < ratio; i++) {                                                                           \
            /* The second half is for what is no number. */                                                            \
            least = p[i] < least || least != least ? p[i] : least;                                                     \
            most = p[i] > most || most != most ? p[i] : most;                                                          \
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
#ifdef __x86_64__
    if (ratio == 16 && grat__has_avx2()) g = groups_by_avx2(t, from, groups, low, high);
#endif
    if (ratio == 16 && grat_sample_size(t->type) == 1)
        g += byte_groups_of_16(t, from + g * 16, groups - g, low + g, high + g);
    for (; eights && g + 8 <= groups; g += 8)
        eight_groups(t, (const int16_t *)t->raw + from + g * ratio, ratio, low + g, high + g);
    for (; ratio && g < groups; g++) {
        pair both = extremes(t, from, g, ratio);
        low[g] = both.low;
        high[g] = both.high;
    }
}
