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

int main(void)
{
    RUN(values);
    RUN(envelope);
    return TEST_RESULT();
}
