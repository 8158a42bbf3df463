#include "sync/sync_int.h"

#include "test.h"

#define S 1000000000LL
#define UTC (1700000000 * S)

static bool take(grat__sync_clock *k, const char *text, double before, double after)
{
    return grat__sync_clock_take(k, text, llround(before * 1e9), llround(after * 1e9));
}

TEST(times_in_every_spelling)
{
    static const struct {
        const char *text;
        int64_t ns;
        double digit;
        bool daily;
    } good[] = {
        {"12,00,01.50", 43201500000000, 0.01, true},
        {"+0,+0,+0", 0, 1, true},
        {"1700000000.123456789", UTC + 123456789, 1e-9, false},
        {"1.7E+09", UTC, 0.1, false},
        {"2023,11,14,22,13,20.000001", UTC + 1000, 1e-6, false},
        {"2024,2,29,0,0,0", 1709164800 * S, 1, false},
    };
    static const char *const bad[] = {"12,00", "noon", "24,00,00", "-1,00,00", "1e300", "", "1,2,3,4", "-5", "1,2,61",
                                      "2023,13,1,0,0,0", "2023,0,1,0,0,0", "1,2,3,4,5,6,7", "nan", "1,,2", "1,2,3x"};
    grat__sync_time t;
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        TRUE(grat__sync_time_parse(good[i].text, &t));
        EQ(t.ns, good[i].ns);
        NEAR(t.digit, good[i].digit, 1e-12);
        EQ(t.daily, good[i].daily);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++)
        if (grat__sync_time_parse(bad[i], &t)) TEST_FAIL("taken: %s", bad[i]);
}

/* One reading: as wide as its trip. Over midnight the nearer day is meant. */
TEST(one_reading_is_as_good_as_its_trip)
{
    grat__clock_model m;
    grat__sync_clock k = {.utc_ns = UTC / 86400 / S * 86400 * S + 43200 * S};
    TRUE(!grat__sync_clock_at(&k, 0, &m));
    TRUE(take(&k, "12,00,01.50", 0, 0.01));
    TRUE(grat__sync_clock_at(&k, 5000000, &m));
    NEAR(m.offset, 1.505 - 0.005, 1e-9);
    NEAR(m.offset_uncertainty, 0.01, 1e-6);
    TRUE(m.drift_uncertainty >= 200e-6);
    /* later it is less sure: the drift is unknown */
    TRUE(grat__sync_clock_at(&k, 10 * S, &m));
    NEAR(m.offset_uncertainty, 0.01 + 10 * 200e-6, 1e-4);
    k = (grat__sync_clock){.utc_ns = k.utc_ns};
    TRUE(take(&k, "23,59,59.000", 43200, 43200));
    TRUE(grat__sync_clock_at(&k, 43200 * S, &m));
    NEAR(m.offset, -0.9995, 1e-6);
}

/* ---- against the truth ------------------------------------------------------------------------------- */

static uint64_t state;

static double uniform(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (double)(state >> 11) / 9007199254740992.0;
}

static double waiting(double mean)
{
    return -mean * log(1 - uniform());
}

/* A clock, the ways to it and back, and how it is asked. */
typedef struct world {
    double offset, drift, there, back, jitter, digit, spacing;
    unsigned readings, more_hops; /* each with a waiting time of its own */
    bool lopsided;              /* half of the questions wait 20 times as long, the answers never */
    double phase;
} world;

/* Quartz is no straight line: its rate goes up and down by 2e-8 within ten minutes. */
static double rate(const world *w, double t)
{
    return w->drift + 2e-8 * sin(t / 95.5 + w->phase);
}

static double gained(const world *w, double t)
{
    return t * w->drift - 2e-8 * 95.5 * (cos(t / 95.5 + w->phase) - cos(w->phase));
}

static void ask(const world *w, grat__sync_clock *k, double at)
{
    char text[40];
    double tail = uniform() < 0.05 ? 20 : 1; /* now and then the line is busy */
    double there = w->there + waiting(w->jitter * tail), back = w->back + waiting(w->jitter);
    for (unsigned i = 0; i < w->more_hops; i++) there += waiting(w->jitter), back += waiting(w->jitter);
    if (w->lopsided && uniform() < 0.5) there += waiting(20 * w->jitter);
    double ns = floor((gained(w, at + there) + w->offset + at + there) / w->digit + 1e-9) * w->digit * 1e9;
    int64_t told = UTC + llround(ns);
    snprintf(text, sizeof text, "%lld.%0*lld", (long long)(told / S), (int)lround(-log10(w->digit)),
             (long long)llround((double)(told % S) / (w->digit * 1e9)));
    if (w->digit >= 1) *strchr(text, '.') = '\0';
    TRUE(take(k, text, at, at + there + back));
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double quantile(double *v, unsigned n, double q)
{
    qsort(v, n, sizeof *v, by_size);
    return v[(unsigned)(q * (n - 1))];
}

/* 1,000 runs: offset and drift against the truth. How much too wide: the median of what is stated over the error that
 * 95 % of the runs stay below. */
static void judge(const char *name, world base, bool drift_counts, unsigned seed)
{
    enum { RUNS = 1000 };
    static double error[RUNS], stated[RUNS], drift_error[RUNS], drift_stated[RUNS];
    unsigned good = 0, good_drift = 0;
    state = seed;
    for (unsigned r = 0; r < RUNS; r++) {
        world w = base;
        w.offset = (uniform() - 0.5) * 1000;
        w.drift = (uniform() - 0.5) * 200e-6;
        w.phase = uniform() * 6.28;
        w.there *= 2 * uniform();
        w.back *= 2 * uniform();
        grat__sync_clock k = {.utc_ns = UTC};
        grat__clock_model m;
        double at = 0;
        for (unsigned i = 0; i < w.readings; i++, at += w.spacing) ask(&w, &k, at);
        TRUE(grat__sync_clock_at(&k, llround(at * 1e9), &m));
        error[r] = fabs(m.offset - (w.offset + gained(&w, at)));
        stated[r] = m.offset_uncertainty;
        drift_error[r] = fabs(m.drift - rate(&w, at));
        drift_stated[r] = m.drift_uncertainty;
        good += error[r] <= stated[r];
        good_drift += drift_error[r] <= drift_stated[r];
    }
    double wide = quantile(stated, RUNS, 0.5) / quantile(error, RUNS, 0.95);
    double drift_wide = quantile(drift_stated, RUNS, 0.5) / quantile(drift_error, RUNS, 0.95);
    printf("     %s: offset covered %.1f %%, %.2f x as wide as needed (%.3g s); drift %.1f %%, %.2f x (%.3g)\n", name,
           good / 10.0, wide, quantile(error, RUNS, 0.95), good_drift / 10.0, drift_wide,
           quantile(drift_error, RUNS, 0.95));
    TRUE(good >= 950);
    TRUE(good_drift >= 950);
    TRUE(wide <= 3);
    if (drift_counts) TRUE(drift_wide <= 3);
}

/* No constant of the model was chosen by these seeds. */
TEST(the_stated_uncertainty_covers_the_error_in_1000_runs)
{
    static const struct {
        const char *name;
        world w;
        bool drift_counts;      /* its uncertainty is not what was expected beforehand */
    } kinds[] = {
        {"local net, 20 captures", {.there = 50e-6, .back = 50e-6, .jitter = 20e-6, .digit = 1e-6, .spacing = 1,
                                    .readings = 20}, true},
        {"busy net, 20 captures", {.there = 200e-6, .back = 200e-6, .jitter = 500e-6, .digit = 1e-6, .spacing = 1,
                                   .readings = 20}, true},
        {"quiet and slow, 50 captures", {.there = 2e-3, .back = 2e-3, .jitter = 10e-6, .digit = 1e-6, .spacing = 0.5,
                                         .readings = 50}, true},
        {"thinned out, 300 captures", {.there = 100e-6, .back = 100e-6, .jitter = 50e-6, .digit = 1e-6, .spacing = 1,
                                       .readings = 300}, true},
        {"milliseconds", {.there = 100e-6, .back = 100e-6, .jitter = 50e-6, .digit = 1e-3, .spacing = 1.0371,
                          .readings = 20}, true},
        {"whole seconds", {.there = 100e-6, .back = 100e-6, .jitter = 50e-6, .digit = 1, .spacing = 1.3,
                           .readings = 20}, false},
        {"four hops", {.there = 50e-6, .back = 50e-6, .jitter = 20e-6, .digit = 1e-6, .spacing = 1, .readings = 20,
                       .more_hops = 3}, true},
        {"the questions wait", {.there = 50e-6, .back = 50e-6, .jitter = 20e-6, .digit = 1e-6, .spacing = 1,
                                .readings = 20, .lopsided = true}, true},
        {"busy hops, the questions wait", {.there = 20e-6, .back = 20e-6, .jitter = 500e-6, .digit = 1e-6,
                                           .spacing = 1, .readings = 40, .more_hops = 2, .lopsided = true}, true},
        {"four readings in a row", {.there = 100e-6, .back = 100e-6, .jitter = 50e-6, .digit = 1e-6, .spacing = 1e-3,
                                    .readings = 4}, false},
    };
    for (unsigned seed = 1; seed <= 2; seed++)
        for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++)
            judge(kinds[i].name, kinds[i].w, kinds[i].drift_counts, seed * 1000003);
}

/* A clock that is set in between, and one that is far beyond what quartz does. */
TEST(a_clock_that_was_set_is_learned_anew)
{
    world w = {.offset = 5, .drift = 50e-6, .there = 1e-4, .back = 1e-4, .jitter = 1e-5, .digit = 1e-6};
    grat__sync_clock k = {.utc_ns = UTC};
    grat__clock_model m;
    state = 1;
    for (unsigned i = 0; i < 20; i++) ask(&w, &k, i);
    w.offset = -3;
    for (unsigned i = 20; i < 26; i++) ask(&w, &k, i);
    TRUE(grat__sync_clock_at(&k, 26 * S, &m));
    NEAR(m.offset, -3 + 26 * 50e-6, m.offset_uncertainty);
    TRUE(m.offset_uncertainty < 1e-3);
    k = (grat__sync_clock){.utc_ns = UTC};
    w.drift = 0.01;
    for (unsigned i = 0; i < 6; i++) ask(&w, &k, i);
    TRUE(grat__sync_clock_at(&k, 6 * S, &m));
    NEAR(m.drift, 0.01, m.drift_uncertainty);
    TRUE(m.drift_uncertainty < 1e-3);
}

TEST(its_own_stamp_gives_the_moment)
{
    world w = {.offset = 12.5, .drift = 80e-6, .there = 1e-4, .back = 1e-4, .jitter = 1e-6, .digit = 1e-6};
    grat__sync_clock k = {.utc_ns = UTC};
    grat__clock_moment at;
    char text[40];
    state = 7;
    TRUE(!grat__sync_clock_when(&k, "12,0,0", 0, &at));
    for (unsigned i = 0; i < 20; i++) ask(&w, &k, i);
    int64_t told = UTC + 12500000000 + llround(20.25 * (1 + 80e-6) * 1e9);
    snprintf(text, sizeof text, "%lld.%06lld", (long long)(told / S), (long long)(told % S / 1000));
    TRUE(grat__sync_clock_when(&k, text, 20 * S, &at));
    TRUE(llabs(at.ns - 20250000000) <= at.uncertainty_ns);
    TRUE(at.uncertainty_ns < 130000);
    TRUE(!grat__sync_clock_when(&k, "soon", 20 * S, &at));
}

int main(void)
{
    RUN(times_in_every_spelling);
    RUN(one_reading_is_as_good_as_its_trip);
    RUN(the_stated_uncertainty_covers_the_error_in_1000_runs);
    RUN(a_clock_that_was_set_is_learned_anew);
    RUN(its_own_stamp_gives_the_moment);
    return TEST_RESULT();
}
