#include <graticule/graticule.h>

#include "test.h"

static grat_measurement m[GRAT_MEASUREMENTS];

static grat_record *make(size_t n, double dt)
{
    grat_sample_type type = GRAT_F32;
    grat_record *r = grat_record_new(1, &type, n);
    r->dt = dt;
    memcpy(r->trace[0].unit, "V", 2);
    return r;
}

static double value(const char *name)
{
    for (unsigned i = 0; i < GRAT_MEASUREMENTS; i++) {
        if (strcmp(m[i].name, name) == 0) return m[i].value;
    }
    TEST_FAIL("no measurement %s", name);
    return NAN;
}

TEST(sine)
{
    grat_record *r = make(100000, 1e-6);
    float *v = r->trace[0].raw;
    for (size_t i = 0; i < r->count; i++) v[i] = (float)(0.5 + 2 * sin(2 * M_PI * 1000 * (double)i * 1e-6 + 0.3));
    EQ(grat_measure(r, 0, m), GRAT_MEASUREMENTS);
    NEAR(value("min"), -1.5, 1e-4);
    NEAR(value("max"), 2.5, 1e-4);
    NEAR(value("pp"), 4, 1e-4);
    NEAR(value("mean"), 0.5, 1e-6);
    NEAR(value("acrms"), sqrt(2), 1e-5);
    NEAR(value("rms"), sqrt(2.25), 1e-5);
    NEAR(value("frequency"), 1000, 1e-3);
    NEAR(value("period"), 1e-3, 1e-9);
    NEAR(value("duty"), 50, 0.01);
    grat_record_unref(r);
}

/* A trapezoid: 10 us rise and 20 us fall from -1 V to 3 V, 400 us high of a 1 ms period. */
static double trapezoid(double t)
{
    t = fmod(t, 1e-3);
    if (t < 100e-6) return -1;
    if (t < 110e-6) return -1 + 4 * (t - 100e-6) / 10e-6;
    if (t < 495e-6) return 3;
    if (t < 515e-6) return 3 - 4 * (t - 495e-6) / 20e-6;
    return -1;
}

TEST(pulse)
{
    grat_record *r = make(50000, 1e-7);
    float *v = r->trace[0].raw;
    for (size_t i = 0; i < r->count; i++) v[i] = (float)trapezoid((double)i * 1e-7);
    grat_measure(r, 0, m);
    NEAR(value("amplitude"), 4, 0.02);
    NEAR(value("rise"), 8e-6, 0.05e-6);
    NEAR(value("fall"), 16e-6, 0.1e-6);
    NEAR(value("frequency"), 1000, 0.01);
    NEAR(value("duty"), 40, 0.02);
    grat_record_unref(r);
}

/* A converter of 25 steps over a sine, whose middle is one of them or not. */
TEST(coarse_steps)
{
    for (unsigned i = 0; i < 6; i++) {
        grat_record *r = make(100000, 1e-6);
        double step = 0.16, offset = i & 1 ? 7 * step : 0, of_mean = 0.137 * i;
        float *v = r->trace[0].raw;
        for (size_t k = 0; k < r->count; k++)
            v[k] = (float)(offset + step * nearbyint(2 * sin(2 * M_PI * 1000 * (double)k * 1e-6 + of_mean) / step));
        grat_measure(r, 0, m);
        NEAR(value("duty"), 50, 0.15);
        NEAR(value("period"), 1e-3, 1e-7);
        grat_record_unref(r);
    }
}

/* What rounding leaves of a mean is none. */
TEST(nothing_is_nothing)
{
    grat_sample_type type = GRAT_I16;
    grat_record *r = grat_record_new(1, &type, 30000);
    int16_t *v = r->trace[0].raw;
    for (int i = 0; i < 30000; i++) v[i] = (int16_t)lrint(20000 * sin(2 * M_PI * i / 1000 + 0.3));
    r->trace[0].scale = 5.0 / 32512;
    r->dt = 1e-6;
    grat_measure(r, 0, m);
    NEAR(value("mean"), 0, 0);
    grat_record_unref(r);
}

TEST(noise_makes_no_periods)
{
    grat_record *r = make(20000, 1e-6);
    float *v = r->trace[0].raw;
    uint32_t x = 1;
    for (size_t i = 0; i < r->count; i++) {
        x = x * 1664525 + 1013904223;
        v[i] = (float)((i / 5000 & 1 ? 1.0 : -1.0) + (x >> 16) / 65536.0 * 0.1);
    }
    grat_measure(r, 0, m);
    NEAR(value("period"), 10e-3, 2e-6);
    grat_record_unref(r);
}

static double noise(uint32_t *x)
{
    *x = *x * 1664525 + 1013904223;
    return (*x >> 16) / 65536.0 - 0.5;
}

static double shape_of(unsigned shape, double phase)
{
    if (shape == 0) return sin(2 * M_PI * phase);
    double t = phase - floor(phase);
    if (shape == 1) return t < 0.5 ? 1 : -1;
    return t < 0.5 ? 4 * t - 1 : 3 - 4 * t;
}

/* 0.2 V at 1 V/div: five steps of the converter, and noise of half a step. */
TEST(a_small_signal_on_a_wide_range)
{
    static const double least[] = {0.16, 0.16, 0.16}, most[] = {0.26, 0.22, 0.26};
    for (unsigned shape = 0; shape < 3; shape++) {
        grat_record *r = make(100000, 1e-6);
        float *v = r->trace[0].raw;
        uint32_t x = 1;
        for (size_t i = 0; i < r->count; i++) {
            double volts = 0.1 * shape_of(shape, (double)i * 137e-6) + 0.021 * (noise(&x) + noise(&x));
            v[i] = (float)(0.042 * nearbyint(volts / 0.042));
        }
        grat_measure(r, 0, m);
        NEAR(value("frequency"), 137, 1);
        NEAR(value("duty"), 50, 2);
        TRUE(value("amplitude") > least[shape] && value("amplitude") < most[shape]);
        grat_record_unref(r);
    }
}

/* A level between two steps of the converter is the mean of both. */
TEST(a_level_between_two_steps)
{
    grat_record *r = make(20000, 1e-6);
    float *v = r->trace[0].raw;
    uint32_t x = 1;
    for (size_t i = 0; i < r->count; i++)
        v[i] = (float)(0.04 * nearbyint(((i / 500 & 1 ? 0.5 : -0.5) + 0.03 * (noise(&x) + noise(&x))) / 0.04));
    grat_measure(r, 0, m);
    NEAR(value("amplitude"), 1, 0.005);
    TRUE(isnan(value("rise")));
    TRUE(isnan(value("fall")));
    grat_record_unref(r);
}

TEST(what_does_not_exist_is_nan)
{
    grat_record *r = make(100, 1e-6);
    float *v = r->trace[0].raw;
    for (size_t i = 0; i < r->count; i++) v[i] = 1.25f;
    grat_measure(r, 0, m);
    NEAR(value("mean"), 1.25, 0);
    NEAR(value("acrms"), 0, 0);
    TRUE(isnan(value("frequency")));
    TRUE(isnan(value("rise")));
    TRUE(isnan(value("duty")));
    for (size_t i = 0; i < r->count; i++) v[i] = i < 50 ? 0 : 1;
    grat_measure(r, 0, m);
    TRUE(isnan(value("period")));
    TRUE(isnan(value("rise"))); /* between two samples */
    grat_record_unref(r);
    r = make(0, 1);
    grat_measure(r, 0, m);
    TRUE(isnan(value("mean")));
    EQ(grat_measure(r, 1, m), 0);
    grat_record_unref(r);
}

/* A gap of half a period, and pieces of any length, change nearly nothing. */
TEST(in_pieces)
{
    grat_record *whole = make(100000, 1e-6), *piece = make(7001, 1e-6);
    float *v = whole->trace[0].raw;
    for (size_t i = 0; i < whole->count; i++) v[i] = (float)(0.5 + 2 * sin(2 * M_PI * 1000 * (double)i * 1e-6 + 0.3));
    grat_measurement want[GRAT_MEASUREMENTS];
    grat_measure(whole, 0, want);
    grat_meter *meter = grat_meter_new();
    unsigned passes = 0;
    do {
        for (size_t at = 0; at < whole->count; at += piece->count) {
            if (at > 50000 && at < 60000) at += 500;
            piece->count = whole->count - at < 7001 ? whole->count - at : 7001;
            piece->first = at;
            memcpy(piece->trace[0].raw, v + at, piece->count * sizeof *v);
            grat_meter_add(meter, piece);
        }
        piece->count = 7001;
        passes++;
    } while (grat_meter_again(meter));
    TRUE(passes == 3 && !grat_meter_again(meter));
    EQ(grat_meter_get(meter, 0, m), GRAT_MEASUREMENTS);
    EQ(grat_meter_get(meter, 1, m), 0);
    for (unsigned i = 0; i < GRAT_MEASUREMENTS; i++) NEAR(m[i].value, want[i].value, 0.02 * fabs(want[i].value));
    NEAR(value("period"), 1e-3, 1e-8);
    grat_meter_free(meter);
    grat_record_unref(whole);
    grat_record_unref(piece);
}

int main(void)
{
    RUN(sine);
    RUN(pulse);
    RUN(coarse_steps);
    RUN(nothing_is_nothing);
    RUN(noise_makes_no_periods);
    RUN(a_small_signal_on_a_wide_range);
    RUN(a_level_between_two_steps);
    RUN(what_does_not_exist_is_nan);
    RUN(in_pieces);
    return TEST_RESULT();
}
