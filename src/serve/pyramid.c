#include "serve/pyramid.h"

#include <stdlib.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#define INLINE static inline __attribute__((always_inline))
/* Where the processor has wider vectors than the least that is built for, they are taken. */
#ifdef __x86_64__
/* GRATICULE_AVX2=0 forbids it, as in the library. */
static bool has_avx2(void)
{
    const char *text = getenv("GRATICULE_AVX2");
    return !(text && text[0] == '0' && !text[1]) && __builtin_cpu_supports("avx2");
}

#define BINS(name)                                                                                                     \
    __attribute__((target("avx2"))) static void name##_wide(const void *raw, size_t bins, serve_range *out)            \
    {                                                                                                                  \
        name##_loop(raw, bins, out);                                                                                   \
    }                                                                                                                  \
    static void name##_bins(const void *raw, size_t bins, serve_range *out)                                            \
    {                                                                                                                  \
        if (has_avx2()) name##_wide(raw, bins, out);                                                             \
        else name##_loop(raw, bins, out);                                                                              \
    }
#else
#define BINS(name)                                                                                                     \
    static void name##_bins(const void *raw, size_t bins, serve_range *out)                                            \
    {                                                                                                                  \
        name##_loop(raw, bins, out);                                                                                   \
    }
#endif

/* Loops without branches for each sample type, so that the compiler makes vectors of them; whole bins have their own,
 * of a length that it knows. */
#define SCAN(name, type)                                                                                               \
    INLINE void name##_loop(const void *raw, size_t bins, serve_range *out)                                            \
    {                                                                                                                  \
        const type *v = (const type *)raw;                                                                             \
        for (size_t k = 0; k < bins; k++, v += SERVE_PYRAMID_BIN) {                                                    \
            type low = v[0], high = v[0];                                                                              \
            for (size_t i = 0; i < SERVE_PYRAMID_BIN; i++) {                                                           \
                low = v[i] < low ? v[i] : low;                                                                         \
                high = v[i] > high ? v[i] : high;                                                                      \
            }                                                                                                          \
            out[k] = (serve_range){(float)low, (float)high};                                                           \
        }                                                                                                              \
    }                                                                                                                  \
    BINS(name)                                                                                                         \
    static serve_range name(const void *raw, size_t from, size_t to)                                                   \
    {                                                                                                                  \
        const type *v = (const type *)raw + from;                                                                      \
        type low = v[0], high = v[0];                                                                                  \
        for (size_t i = 1; i < to - from; i++) {                                                                       \
            low = v[i] < low ? v[i] : low;                                                                             \
            high = v[i] > high ? v[i] : high;                                                                          \
        }                                                                                                              \
        return (serve_range){(float)low, (float)high};                                                                 \
    }
#ifdef __x86_64__
/* The converters of most oscilloscopes have 8 bits. */
static inline uint8_t least(__m128i v)
{
    v = _mm_min_epu8(v, _mm_srli_si128(v, 8));
    v = _mm_min_epu8(v, _mm_srli_si128(v, 4));
    v = _mm_min_epu8(v, _mm_srli_si128(v, 2));
    v = _mm_min_epu8(v, _mm_srli_si128(v, 1));
    return (uint8_t)_mm_cvtsi128_si32(v);
}

/* Sixteen at a time; the last ones once more, some of them for the second time. */
static inline serve_range some_u8(const uint8_t *v, size_t n)
{
    if (n < 16) {
        uint8_t low = v[0], high = v[0];
        for (size_t i = 1; i < n; i++) {
            low = v[i] < low ? v[i] : low;
            high = v[i] > high ? v[i] : high;
        }
        return (serve_range){(float)low, (float)high};
    }
    __m128i low = _mm_loadu_si128((const __m128i *)(const void *)(v + n - 16)), high = low;
    for (size_t i = 0; i + 16 <= n; i += 16) {
        __m128i x = _mm_loadu_si128((const __m128i *)(const void *)(v + i));
        low = _mm_min_epu8(low, x);
        high = _mm_max_epu8(high, x);
    }
    uint8_t most = (uint8_t)~least(_mm_xor_si128(high, _mm_set1_epi8(-1)));
    return (serve_range){(float)least(low), (float)most};
}

/* Whole bins where the processor has AVX2. */
__attribute__((target("avx2"))) static void wide_u8_bins(const uint8_t *v, size_t bins, serve_range *out)
{
    for (size_t k = 0; k < bins; k++, v += SERVE_PYRAMID_BIN) {
        const __m256i *x = (const __m256i *)(const void *)v;
        __m256i low = _mm256_loadu_si256(x), high = low, low2 = low, high2 = low;
        for (size_t i = 0; i < SERVE_PYRAMID_BIN / 32; i += 2) {
            __m256i a = _mm256_loadu_si256(x + i), b = _mm256_loadu_si256(x + i + 1);
            low = _mm256_min_epu8(low, a);
            high = _mm256_max_epu8(high, a);
            low2 = _mm256_min_epu8(low2, b);
            high2 = _mm256_max_epu8(high2, b);
        }
        low = _mm256_min_epu8(low, low2);
        high = _mm256_xor_si256(_mm256_max_epu8(high, high2), _mm256_set1_epi8(-1));
        __m128i l = _mm_min_epu8(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
        __m128i h = _mm_min_epu8(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
        /* The least of sixteen: of the pairs first, then by the instruction for the least of eight words. */
        l = _mm_minpos_epu16(_mm_min_epu8(l, _mm_srli_epi16(l, 8)));
        h = _mm_minpos_epu16(_mm_min_epu8(h, _mm_srli_epi16(h, 8)));
        out[k] = (serve_range){(float)(uint8_t)_mm_cvtsi128_si32(l), (float)(uint8_t)~_mm_cvtsi128_si32(h)};
    }
}

static void scan_u8_bins(const void *raw, size_t bins, serve_range *out)
{
    const uint8_t *v = raw;
    if (has_avx2()) {
        wide_u8_bins(v, bins, out);
        return;
    }
    for (size_t k = 0; k < bins; k++) out[k] = some_u8(v + k * SERVE_PYRAMID_BIN, SERVE_PYRAMID_BIN);
}

static serve_range scan_u8(const void *raw, size_t from, size_t to)
{
    return some_u8((const uint8_t *)raw + from, to - from);
}
#else
SCAN(scan_u8, uint8_t)
#endif
SCAN(scan_i8, int8_t)
SCAN(scan_u16, uint16_t)
SCAN(scan_i16, int16_t)
SCAN(scan_f32, float)

static serve_range scan(const serve_pyramid *p, size_t from, size_t to)
{
    switch (p->type) {
    case GRAT_U8: return scan_u8(p->raw, from, to);
    case GRAT_I8: return scan_i8(p->raw, from, to);
    case GRAT_U16: return scan_u16(p->raw, from, to);
    case GRAT_I16: return scan_i16(p->raw, from, to);
    case GRAT_F32: break;
    }
    return scan_f32(p->raw, from, to);
}

static void scan_whole_bins(const serve_pyramid *p, size_t n, serve_range *out)
{
    switch (p->type) {
    case GRAT_U8: scan_u8_bins(p->raw, n, out); break;
    case GRAT_I8: scan_i8_bins(p->raw, n, out); break;
    case GRAT_U16: scan_u16_bins(p->raw, n, out); break;
    case GRAT_I16: scan_i16_bins(p->raw, n, out); break;
    case GRAT_F32: scan_f32_bins(p->raw, n, out); break;
    }
}

static void join(serve_range *a, serve_range b)
{
    a->low = b.low < a->low ? b.low : a->low;
    a->high = b.high > a->high ? b.high : a->high;
}

static serve_range scan_bins(const serve_range *bins, size_t from, size_t to)
{
    serve_range r = bins[from];
    for (size_t i = from + 1; i < to; i++) join(&r, bins[i]);
    return r;
}

bool serve_pyramid_init(serve_pyramid *p, const grat_trace *t, size_t count)
{
    *p = (serve_pyramid){.raw = t->raw, .type = t->type, .count = count};
    size_t below = count, step = SERVE_PYRAMID_BIN;
    for (unsigned k = 0; k < SERVE_PYRAMID_LEVELS && below >= 2 * step; k++) {
        size_t n = below / step;  /* whole bins alone */
        serve_range *bins = malloc(n * sizeof *bins);
        if (!bins) {
            serve_pyramid_free(p);
            return false;
        }
        if (k == 0) scan_whole_bins(p, n, bins);
        for (size_t i = 0; k > 0 && i < n; i++) bins[i] = scan_bins(p->level[k - 1], i * step, (i + 1) * step);
        p->level[k] = bins;
        p->bins[k] = n;
        p->levels = k + 1;
        below = n;
        step = SERVE_PYRAMID_STEP;
    }
    return true;
}

void serve_pyramid_free(serve_pyramid *p)
{
    for (unsigned k = 0; k < p->levels; k++) free(p->level[k]);
    p->levels = 0;
}

/* What is not whole bins of a level is taken from the level below, at both ends. */
serve_range serve_pyramid_range(const serve_pyramid *p, size_t from, size_t to)
{
    serve_range r = {0, 0};
    bool any = false;
    for (unsigned k = 0; k <= p->levels; k++) {
        size_t step = k ? SERVE_PYRAMID_STEP : SERVE_PYRAMID_BIN;
        size_t left = (from + step - 1) / step, right = to / step;
        bool up = k < p->levels && left < right && right <= p->bins[k];
        size_t end = up ? left * step : to;
        serve_range part;
        if (from < end) {
            part = k ? scan_bins(p->level[k - 1], from, end) : scan(p, from, end);
            if (any) join(&r, part);
            else r = part;
            any = true;
        }
        if (!up) break;
        if (right * step < to) {
            part = k ? scan_bins(p->level[k - 1], right * step, to) : scan(p, right * step, to);
            if (any) join(&r, part);
            else r = part;
            any = true;
        }
        from = left;
        to = right;
    }
    return r;
}
