#include <graticule/graticule.h>

#include "test.h"

#include <math.h>

TEST(values)
{
    grat_sample_type types[] = {GRAT_U8, GRAT_I16};
    grat_record *r = grat_record_new(2, types, 3);
    TRUE(r);
    uint8_t *a = r->trace[0].raw;
    a[0] = 127, a[2] = 227;
    r->trace[0].scale = 0.04, r->trace[0].offset = -127 * 0.04;
    int16_t *b = r->trace[1].raw;
    b[1] = -5;
    double v[3];
    grat_trace_values(&r->trace[0], 0, 3, v);
    NEAR(v[0], 0, 1e-12);
    NEAR(v[2], 4, 1e-12);
    float f[1];
    grat_trace_values_f32(&r->trace[1], 1, 1, f);
    NEAR(f[0], -5, 0);
    grat_record_ref(r);
    EQ(r->refs, 2);
    grat_record_unref(r);
    grat_record_unref(r);
    TRUE(!grat_record_new(GRAT_MAX_CHANNELS + 1, types, 1));
}

/* Against the obvious loop, for every type, group and a scale that turns round. */
TEST(envelope)
{
    static const grat_sample_type types[] = {GRAT_U8, GRAT_I8, GRAT_U16, GRAT_I16, GRAT_F32};
    static const size_t ratios[] = {1, 3, 8, 16, 24};
    static float low[6000], high[6000];
    static double v[6000];
    for (unsigned k = 0; k < 5; k++) {
        grat_record *r = grat_record_new(1, &types[k], 6000);
        grat_trace *t = &r->trace[0];
        uint32_t x = 1;
        for (size_t i = 0; i < 6000 * grat_sample_size(types[k]); i++) {
            x = x * 1664525 + 1013904223;
            ((uint8_t *)t->raw)[i] = (uint8_t)(x >> 24);
        }
        if (types[k] == GRAT_F32)
            for (size_t i = 0; i < 6000; i++)
                ((float *)t->raw)[i] = i % 7 && i / 100 != 3 ? (float)(i * 7919 % 503) - 250 : NAN;
        t->offset = 0.5;
        for (unsigned n = 0; n < 10; n++) {
            size_t ratio = ratios[n / 2], groups = 5990 / ratio;
            t->scale = n % 2 ? -0.25 : 0.25;
            grat_trace_envelope(t, 5, groups, ratio, low, high);
            grat_trace_values(t, 5, groups * ratio, v);
            for (size_t g = 0; g < groups; g++) {
                double least = v[g * ratio], most = least;
                for (size_t i = 1; i < ratio; i++) {
                    least = fmin(least, v[g * ratio + i]);
                    most = fmax(most, v[g * ratio + i]);
                }
                bool good = isnan(least) ? isnan(low[g]) && isnan(high[g])
                                         : low[g] == (float)least && high[g] == (float)most;
                if (!good) TEST_FAIL("type %u ratio %zu group %zu", k, ratio, g);
            }
        }
        grat_record_unref(r);
    }
}

enum { MOST = 4096 };
static const grat_sample_type all_types[] = {GRAT_U8, GRAT_I8, GRAT_U16, GRAT_I16, GRAT_F32};

static uint32_t rnd(void)
{
    static uint32_t x = 11;
    x ^= x << 13, x ^= x >> 17;
    return x ^= x << 5;
}

/* Any bits, floats with what is no number, infinities and both zeros among them. */
static void fill_any(grat_trace *t)
{
    static const float odd[] = {NAN, NAN, INFINITY, -INFINITY, 0.0f, -0.0f, 1e-40f, 3e38f};
    for (size_t i = 0; i < MOST * grat_sample_size(t->type); i++) ((uint8_t *)t->raw)[i] = (uint8_t)(rnd() >> 8);
    if (t->type != GRAT_F32) return;
    for (size_t i = 0; i < MOST; i++)
        ((float *)t->raw)[i] = rnd() % 3 == 0 || i / 64 == 7 ? odd[rnd() % (i / 64 == 7 ? 2 : 8)]
                                                             : (float)((int32_t)rnd() / 7.0);
}

static double code(const grat_trace *t, size_t i)
{
    switch (t->type) {
    case GRAT_U8: return ((const uint8_t *)t->raw)[i];
    case GRAT_I8: return ((const int8_t *)t->raw)[i];
    case GRAT_U16: return ((const uint16_t *)t->raw)[i];
    case GRAT_I16: return ((const int16_t *)t->raw)[i];
    case GRAT_F32: break;
    }
    return ((const float *)t->raw)[i];
}

/* The same bits, where it is a number. */
static bool same(float a, float b)
{
    return isnan(a) || isnan(b) ? isnan(a) && isnan(b) : memcmp(&a, &b, sizeof a) == 0;
}

static void extremes_of(const grat_trace *t, size_t from, size_t n, float out[2])
{
    double least = NAN, most = NAN;
    for (size_t i = from; i < from + n; i++) least = fmin(least, code(t, i)), most = fmax(most, code(t, i));
    out[t->scale < 0] = (float)(least * t->scale + t->offset);
    out[t->scale >= 0] = (float)(most * t->scale + t->offset);
}

static void check_values(const grat_trace *t, size_t from, size_t n)
{
    static float got[MOST + 1];
    got[n] = 1.5f;
    grat_trace_values_f32(t, from, n, got);
    for (size_t i = 0; i < n; i++)
        if (!same(got[i], (float)(code(t, from + i) * t->scale + t->offset)))
            TEST_FAIL("type %u from %zu value %zu of %zu: %g", t->type, from, i, n, (double)got[i]);
    NEAR(got[n], 1.5, 0);
}

static void check_groups(const grat_trace *t, size_t from, size_t groups, size_t ratio)
{
    static float low[MOST + 1], high[MOST + 1];
    low[groups] = high[groups] = 1.5f;
    grat_trace_envelope(t, from, groups, ratio, low, high);
    for (size_t g = 0; g < groups; g++) {
        float want[2];
        extremes_of(t, from + g * ratio, ratio, want);
        if (!same(low[g], want[0]) || !same(high[g], want[1]))
            TEST_FAIL("type %u from %zu ratio %zu group %zu of %zu: %g %g, wanted %g %g", t->type, from, ratio, g,
                      groups, (double)low[g], (double)high[g], (double)want[0], (double)want[1]);
    }
    NEAR(low[groups] + high[groups], 3, 0);
}

/* Bit by bit what the plain loops give, for any beginning and length. Run also without AVX2. */
TEST(any_beginning_and_length)
{
    static const size_t ratios[] = {16, 16, 16, 8, 24, 1, 5, 160};
    for (unsigned k = 0; k < 5; k++) {
        grat_record *r = grat_record_new(1, &all_types[k], MOST);
        grat_trace *t = &r->trace[0];
        for (unsigned n = 0; n < 400; n++) {
            if (n % 20 == 0) fill_any(t);
            size_t from = rnd() % 80, ratio = ratios[rnd() % 8], count = rnd() % (MOST - from);
            t->scale = (n % 2 ? -1 : 1) * (double)(1 + rnd() % 1000) / 7000;
            t->offset = n % 3 ? (double)(int32_t)rnd() / 1e9 : 0;
            check_values(t, from, count);
            check_groups(t, from, count / ratio, ratio);
        }
        grat_record_unref(r);
    }
}

int main(void)
{
    RUN(any_beginning_and_length);
    RUN(values);
    RUN(envelope);
    return TEST_RESULT();
}
