#include "format/envelope.h"

#include "test.h"

static grat__envelope e;

static grat_record *make(grat_sample_type type, size_t count)
{
    grat_record *r = grat_record_new(1, &type, count);
    r->dt = 1e-3;
    return r;
}

static void extremes(double *low, double *high)
{
    *low = INFINITY, *high = -INFINITY;
    for (unsigned i = 0; i < GRAT__BINS; i++) {
        if (e.low[i] < *low) *low = e.low[i];
        if (e.high[i] > *high) *high = e.high[i];
    }
}

/* Value = index: each bin must hold exactly the span of its own time. */
static void check_bins(double slope, double first, double last)
{
    for (unsigned i = 0; i < GRAT__BINS; i++) {
        if (e.low[i] > e.high[i]) continue;
        double from = e.origin + i * e.width, to = from + e.width;
        TRUE(e.low[i] >= slope * (from - 2e-3) && e.high[i] <= slope * (to + 2e-3));
    }
    double low, high;
    extremes(&low, &high);
    NEAR(low, first, 1e-3);
    NEAR(high, last, 1e-3);
}

TEST(ramp_of_many_records)
{
    grat_record *r = make(GRAT_F32, 1000);
    grat__envelope_init(&e);
    for (unsigned k = 0; k < 300; k++) {
        r->first = k * 1000u;
        for (size_t i = 0; i < 1000; i++) ((float *)r->trace[0].raw)[i] = (float)(r->first + i);
        grat__envelope_add(&e, r, 0);
    }
    check_bins(1000, 0, 299999);
    grat_record_unref(r);
}

TEST(earlier_times_make_room_too)
{
    grat_record *r = make(GRAT_F32, 1000);
    grat__envelope_init(&e);
    for (int k = 20; k >= 0; k--) {
        r->t0 = k;
        for (size_t i = 0; i < 1000; i++) ((float *)r->trace[0].raw)[i] = (float)(k * 1000 + (int)i);
        grat__envelope_add(&e, r, 0);
    }
    check_bins(1000, 0, 20999);
    grat_record_unref(r);
}

TEST(every_kind_of_sample)
{
    static const struct {
        grat_sample_type type;
        int low, high;
    } kinds[] = {{GRAT_U8, 0, 255}, {GRAT_I8, -128, 127}, {GRAT_U16, 0, 65535}, {GRAT_I16, -32768, 32767},
                 {GRAT_F32, -7, 9}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        grat_record *r = make(kinds[k].type, 100000);
        double low, high;
        for (size_t i = 0; i < r->count; i++) {
            int v = i == 777 ? kinds[k].low : i == 99999 ? kinds[k].high : 5;
            if (r->trace[0].type == GRAT_F32) ((float *)r->trace[0].raw)[i] = (float)v;
            else if (grat_sample_size(r->trace[0].type) == 1) ((uint8_t *)r->trace[0].raw)[i] = (uint8_t)v;
            else ((uint16_t *)r->trace[0].raw)[i] = (uint16_t)v;
        }
        r->trace[0].scale = -2;
        grat__envelope_init(&e);
        grat__envelope_add(&e, r, 0);
        extremes(&low, &high);
        NEAR(low, -2.0 * kinds[k].high, 1e-3);
        NEAR(high, -2.0 * kinds[k].low, 1e-3);
        grat_record_unref(r);
    }
}

TEST(what_is_no_number_and_what_is_missing)
{
    grat_record *r = make(GRAT_F32, 1000);
    double low, high;
    for (size_t i = 0; i < 1000; i++) ((float *)r->trace[0].raw)[i] = i < 500 ? NAN : -1;
    r->trace[0].scale = -1;
    grat__envelope_init(&e);
    grat__envelope_add(&e, r, 0);
    r->first = 3000;
    grat__envelope_add(&e, r, 0);
    extremes(&low, &high);
    TRUE(low == 1 && high == 1);
    for (unsigned i = 0; i < GRAT__BINS; i++) {
        double at = e.origin + (i + 0.5) * e.width;
        if (at > 1.01 && at < 3.49) TRUE(e.low[i] > e.high[i]);
    }
    grat_record_unref(r);
}

/* Planned one after another, counted and merged later: the same as at once. */
TEST(in_parts)
{
    enum { N = 9 };
    static grat__envelope whole;
    grat_record *r[N];
    grat__envelope_part *part = malloc(N * sizeof *part);
    uint32_t x = 5;
    grat__envelope_init(&e);
    grat__envelope_init(&whole);
    for (unsigned k = 0; k < N; k++) {
        r[k] = make(GRAT_I16, k % 3 ? 70001 : 20);
        for (size_t i = 0; i < r[k]->count; i++)
            ((int16_t *)r[k]->trace[0].raw)[i] = (int16_t)((x = x * 1664525 + 1013904223) >> 16);
        r[k]->first = k * 80000;
        grat__envelope_add(&whole, r[k], 0);
        grat__envelope_plan(&e, r[k], &part[k]);
    }
    for (unsigned k = N; k-- > 0;) grat__envelope_work(&part[k], r[k], 0);
    for (unsigned k = 0; k < N; k++) {
        grat__envelope_merge(&e, &part[k], r[k]);
        grat_record_unref(r[k]);
    }
    TRUE(e.origin == whole.origin && e.width == whole.width);
    TRUE(memcmp(e.low, whole.low, sizeof e.low) == 0 && memcmp(e.high, whole.high, sizeof e.high) == 0);
    free(part);
}

int main(void)
{
    RUN(ramp_of_many_records);
    RUN(earlier_times_make_room_too);
    RUN(every_kind_of_sample);
    RUN(what_is_no_number_and_what_is_missing);
    RUN(in_parts);
    return TEST_RESULT();
}
