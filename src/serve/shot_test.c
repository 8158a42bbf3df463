#include "serve/shot.h"

#include "test.h"

static grat_record *record_of(size_t count, grat_sample_type type)
{
    grat_record *r = grat_record_new(1, &type, count);
    snprintf(r->trace[0].name, sizeof r->trace[0].name, "1");
    r->trace[0].scale = 0.5;
    r->trace[0].offset = -1;
    r->dt = 1e-6;
    r->t0 = -1e-3;
    return r;
}

static uint32_t rnd(uint32_t *s)
{
    *s = *s * 1664525u + 1013904223u;
    return *s >> 8;
}

static double f64(const uint8_t *p)
{
    double v;
    memcpy(&v, p, sizeof v);
    return v;
}

static int i16(const uint8_t *p)
{
    int16_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static unsigned u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static float sample(const grat_trace *t, size_t i)
{
    float v;
    grat_trace_values_f32(t, i, 1, &v);
    return v;
}

static void ranges_of(grat_sample_type type, size_t count, uint32_t *seed)
{
    grat_record *r = record_of(count, type);
    grat_trace *t = &r->trace[0];
    serve_pyramid p;
    t->scale = 1, t->offset = 0;
    for (size_t i = 0; i < r->count; i++) {
        uint32_t v = rnd(seed);
        float real = (float)(int32_t)v;
        if (type == GRAT_F32) memcpy((float *)t->raw + i, &real, sizeof real);
        else memcpy((uint8_t *)t->raw + i * grat_sample_size(type), &v, grat_sample_size(type));
    }
    TRUE(serve_pyramid_init(&p, t, r->count));
    for (int k = 0; k < 60; k++) {
        size_t a = rnd(seed) % r->count, b = a + 1 + rnd(seed) % (r->count - a);
        float low = sample(t, a), high = low;
        for (size_t i = a; i < b; i++) low = fminf(low, sample(t, i)), high = fmaxf(high, sample(t, i));
        serve_range got = serve_pyramid_range(&p, a, b);
        if (got.low != low || got.high != high) TEST_FAIL("type %d count %zu [%zu, %zu)", type, count, a, b);
    }
    serve_pyramid_free(&p);
    grat_record_unref(r);
}

TEST(ranges_are_those_of_a_scan)
{
    static const grat_sample_type types[] = {GRAT_U8, GRAT_I8, GRAT_U16, GRAT_I16, GRAT_F32};
    static const size_t counts[] = {1, 255, 256, 511, 512, 513, 8191, 70000};
    uint32_t seed = 7;
    for (unsigned k = 0; k < 5; k++)
        for (unsigned c = 0; c < sizeof counts / sizeof *counts; c++) ranges_of(types[k], counts[c], &seed);
    ranges_of(GRAT_I16, 400003, &seed);
    TRUE(seed != 7);
}

TEST(a_spike_is_seen_from_any_height)
{
    grat_record *r = record_of(1000000, GRAT_U8);
    memset(r->trace[0].raw, 100, r->count);
    ((uint8_t *)r->trace[0].raw)[654321] = 250;
    serve_shot *s = serve_shot_new(r, 3);
    serve_view whole = {.columns = 1000, .number = 9};
    size_t n = 0;
    uint8_t *f = serve_frame(s, &whole, 16, &n);
    uint8_t *p = f + 16;
    MEM(p, "GRF1", 4);
    EQ(u32(p + 4), 3);
    EQ(u32(p + 12), 1000);
    EQ(u32(p + 64), 9);
    NEAR(f64(p + 16), -1e-3, 1e-12);
    NEAR(f64(p + 24), 0.999, 1e-9);
    EQ(n, 72 + 64 + 4000);
    const uint8_t *t = p + 72, *d = t + 64;
    STR((const char *)t, "1");
    EQ(t[16], 0);
    for (unsigned k = 0; k < 1000; k++) {
        if (i16(d + 4 * k) != 100 || i16(d + 4 * k + 2) != (k == 654 ? 250 : 100)) TEST_FAIL("column %u", k);
    }
    free(f);
    serve_shot_unref(s);
}

TEST(no_sample_is_lost_between_wide_columns)
{
    static const size_t at[] = {0, 2999999, 10240, 10239, 1500001, 1234567, 2996223, 2996224};
    for (unsigned k = 0; k < sizeof at / sizeof *at; k++) {
        grat_record *r = record_of(3000000, GRAT_U8);
        memset(r->trace[0].raw, 7, r->count);
        ((uint8_t *)r->trace[0].raw)[at[k]] = 200;
        serve_shot *s = serve_shot_new(r, 1);
        serve_view whole = {.columns = 293};
        size_t n = 0;
        uint8_t *p = serve_frame(s, &whole, 0, &n);
        unsigned seen = 0, where = 0;
        for (unsigned c = 0; c < 293; c++) {
            if (i16(p + 136 + 4 * c + 2) == 200) seen++, where = c;
        }
        EQ(seen, 1);
        NEAR(where + 0.5, (double)at[k] * 293 / 3e6, 0.6);
        free(p);
        serve_shot_unref(s);
    }
}

TEST(few_samples_come_as_they_are)
{
    grat_record *r = record_of(5000, GRAT_U8);
    for (size_t i = 0; i < r->count; i++) ((uint8_t *)r->trace[0].raw)[i] = (uint8_t)i;
    serve_shot *s = serve_shot_new(r, 1);
    serve_view v = {.from = 0, .to = 100e-6, .columns = 800};
    size_t n = 0;
    uint8_t *p = serve_frame(s, &v, 0, &n);
    const uint8_t *t = p + 72;
    EQ(t[16], 1);
    TRUE(u32(t + 20) >= 101 && u32(t + 20) <= 104);
    double at = f64(t + 40);
    long first = lround((at + 1e-3) / 1e-6);
    TRUE(first == 999 || first == 1000);
    EQ(i16(t + 64), first & 255);
    NEAR(f64(t + 24), 0.5, 0);
    NEAR(f64(t + 32), -1, 0);
    free(p);
    serve_shot_unref(s);
}

TEST(views_beside_the_record_are_empty)
{
    static const double views[][2] = {{5, 6}, {-9, -8}, {0, 1e300}, {-1e300, 1e300}, {NAN, 1}, {1, 0}, {0, 1e-18}};
    serve_shot *s = serve_shot_new(record_of(5000, GRAT_F32), 1);
    for (unsigned i = 0; i < sizeof views / sizeof *views; i++) {
        serve_view v = {.from = views[i][0], .to = views[i][1], .columns = i % 2 ? 0 : 4000000000u};
        size_t n = 0;
        uint8_t *p = serve_frame(s, &v, 0, &n);
        TRUE(p && n >= 136);
        if (i < 2) EQ(i16(p + 136) > i16(p + 138), 1);
        free(p);
    }
    serve_shot_unref(s);
}

TEST(a_sine_has_its_level_at_its_frequency)
{
    grat_record *r = record_of(40000, GRAT_F32);
    r->trace[0].scale = 1;
    r->trace[0].offset = 0;
    for (size_t i = 0; i < r->count; i++)
        ((float *)r->trace[0].raw)[i] = (float)(sqrt(2) * sin(2 * M_PI * 50e3 * (double)i * 1e-6));
    serve_shot *s = serve_shot_new(r, 1);
    size_t n = 0, best = 0;
    uint8_t *p = serve_spectrum(s, 0, 0, &n);
    unsigned points = u32(p + 12);
    float most = -1000, v;
    for (size_t k = 0; k < points; k++) {
        memcpy(&v, p + 72 + 4 * k, 4);
        if (v > most) most = v, best = k;
    }
    NEAR(most, 0, 1.5);
    NEAR((double)best * f64(p + 24) / points, 50e3, 1500);
    free(p);
    TRUE(!serve_spectrum(s, 1, 0, &n));
    serve_shot_unref(s);
}

int main(void)
{
    RUN(ranges_are_those_of_a_scan);
    RUN(a_spike_is_seen_from_any_height);
    RUN(no_sample_is_lost_between_wide_columns);
    RUN(few_samples_come_as_they_are);
    RUN(views_beside_the_record_are_empty);
    RUN(a_sine_has_its_level_at_its_frequency);
    return TEST_RESULT();
}
