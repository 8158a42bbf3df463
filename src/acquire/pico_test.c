/* PicoScopes behind the stand-in libraries, through the public header: volts, triggers, every sample once and in order,
 * what is lost counted, deadlines and cancels. */
#include "pico_help_test.h"
#include "temp.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
/* B is seldom zero, so that a level says where it is. */
#define DC " a=dc,0,0,0.7 b=sine,1000,0.9,0.2 c=dc,0,0,-0.7;"
static const char units[] =
    "ps5000a 5244D DC/1 a=dc,0,0,0.7 b=dc,0,0,-0.3;ps5000a 5444D POWER/1 power;ps5000a 5244D SINE/5;"
    "ps5000a 5244D LATE/1 late=300;ps5000a 5244D GONE/1 fault=IsReady,1,unplug;"
    "ps5000a 5244D CUT/1 counter=30000 fault=GetStreamingLatestValues,40,unplug;"
    "ps2000a 2406B COUNT/2 counter=30000;ps2000a 2406B SINE/2;ps2000a 2206BMSO MSO/2 counter=30000;"
    "ps3000a 3206DMSO COUNT/3 counter=30000;ps4000a 4824A COUNT/4 counter=30000;"
    "ps3000a 3206DMSO STALL/3 counter=30000 fault=GetStreamingLatestValues,30,0x1c "
    "fault=GetStreamingLatestValues,60,0x10000008 fault=GetStreamingLatestValues,45,0x27;"
    "ps4000a 4824A FRESH/4 counter=30000;ps2000a 2406B FRESH/2 counter=30000;"
    "ps3000a 3206DMSO FRESH/3 counter=30000;ps5000a 5244D FRESH/5 counter=30000;ps4000a 4824A DC/4 a=dc,0,0,0.7;"
    "ps2000 2204A V/20" DC "ps3000 3205 V/30" DC "ps3000 3424 V/34" DC "ps4000 4224 V/40" DC "ps4000 4262 V/42" DC
    "ps5000 5204 V/50" DC "ps6000 6404 V/60" DC "ps2000a 2406B V/2" DC "ps3000a 3206DMSO V/3" DC "ps4000a 4824A V/4" DC
    "ps5000a 5444D V/5" DC "ps6000a 6424E V/6" DC "psospa 3418E V/7" DC
    "ps2000a 2406B GEN/2 a=gen;ps4000a 4824A GEN/4 a=gen;ps5000a 5244D GEN/5 a=gen";

/* ---- captures ------------------------------------------------------------------------------------- */

static unsigned bad_edges;
static double edge_level;

TEST(missing)
{
    grat_session *s;
    setenv("GRATICULE_PICO_PATH", "/nonexistent", 1);
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open("PICO::ps5000a", NULL, &op, &s), GRAT_ENODEV);
    TRUE(strstr(op.text, "GRATICULE_PICO_PATH") != NULL);
}

/* The library's file of another word length, or of no kind at all: told by its name, with what to do. */
TEST(wrong_architecture)
{
    const char *file = test_path("libps5000a.so.2");
    unsigned char head[64] = {0x7f, 'E', 'L', 'F', 1, 1, 1};
    grat_session *s;
    setenv("GRATICULE_PICO_PATH", test_folder(), 1);
    for (unsigned i = 0; i < 2; i++) {
        FILE *f = fopen(file, "w");
        if (!f) return;
        /* 32 bits; then no ELF at all. */
        head[0] = i ? 'X' : 0x7f;
        fwrite(head, 1, sizeof head, f);
        fclose(f);
        grat_op_init(&op, 5000, NULL);
        EQ(grat_open("PICO::ps5000a", NULL, &op, &s), GRAT_ENODEV);
        TRUE(strstr(op.text, "libps5000a.so.2") && strstr(op.text, "architecture"));
        /* The others are looked for all the same. */
        EQ(grat_open("PICO::ps2000a", NULL, &op, &s), GRAT_ENODEV);
        TRUE(strstr(op.text, "not installed") != NULL);
    }
    remove(file);
}

static unsigned found_units;
static void on_found(void *user, const grat_found *f)
{
    (void)user;
    found_units++;
    if (strcmp(f->resource, "PICO::ps2000a::MSO/2") == 0) STR(f->identity.model, "2206BMSO");
}

TEST(discovery)
{
    grat_discover_options o = {.size = sizeof o, .sources = GRAT_FIND_PICO};
    grat_op_init(&op, 10000, NULL);
    EQ(grat_discover(&o, on_found, NULL, &op), GRAT_OK);
    EQ(found_units, 33);
}

TEST(opening)
{
    grat_session *s;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open("PICO::ps5000a::NONE", NULL, &op, &s), GRAT_ENODEV);
    EQ(grat_open("PICO::ps9000a::X", NULL, &op, &s), GRAT_ENOTSUP);
    grat_scope *a = open_scope("PICO::COUNT/3");
    STR(grat_scope_identity(a)->model, "3206DMSO");
    EQ(grat_open("PICO::ps3000a::COUNT/3", NULL, &op, &s), GRAT_ENODEV);
    EQ(grat_puts(grat_scope_session(a), "*RST", &op), GRAT_ENOTSUP);
    grat_scope_close(a);
    a = open_scope("PICO::ps5000a::POWER/1");
    EQ(grat_scope_caps(a)->analog, 2);
    grat_scope_close(a);
}

/* The same volts whatever the range, the resolution and the offset. */
static void check_dc(grat_scope *sc, double half, double middle, grat_acq_type acq)
{
    grat_request q = ask("A", 1e-3, 1000);
    q.has_range = true;
    q.low = middle - half;
    q.high = middle + half;
    q.acq = acq;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    if (!got) return;
    const grat_trace *t = &kept->trace[0];
    double step = t->scale * (acq == GRAT_ACQ_HIRES ? 2 : 256) * 1.01;
    for (size_t i = 0; i < kept->count; i += 99) NEAR(volts(kept, 0, i), 0.7, step);
    TRUE(t->range_low <= q.low + 1e-9 && t->range_high >= q.high - 1e-9);
    TRUE(t->range_high - t->range_low < 6 * 2 * half);
}

TEST(volts_per_range)
{
    static const double halves[] = {0.8, 1, 2, 4.5, 9, 20};
    grat_scope *sc = open_scope("PICO::ps5000a::DC/1");
    if (!sc) return;
    for (unsigned i = 0; i < 6; i++) {
        check_dc(sc, halves[i], 0, GRAT_ACQ_NORMAL);
        check_dc(sc, halves[i], 0, GRAT_ACQ_HIRES);
    }
    check_dc(sc, 0.1, 0.7, GRAT_ACQ_NORMAL);
    check_dc(sc, 0.1, 0.7, GRAT_ACQ_HIRES);
    grat_request q = ask("AB", 1e-3, 1000);
    q.acq = GRAT_ACQ_HIRES;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->traces, 2);
    NEAR(volts(kept, 1, 500), -0.3, 1e-3);
    q.has_range = true;
    q.low = -30;
    q.high = 30;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_scope_close(sc);
    sc = open_scope("PICO::ps4000a::DC/4");
    check_dc(sc, 1, 0, GRAT_ACQ_NORMAL);
    q = ask("A", 1e-3, 1000);
    q.acq = GRAT_ACQ_HIRES;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_scope_close(sc);
}

/* Half a step of the converter, which is rounded: a full scale that is another one's is further away. */
static void check_value(const char *what, unsigned trace, double want, unsigned bits)
{
    double step = kept->trace[trace].scale * ldexp(1, 16 - (int)bits);
    for (size_t i = 0; i < kept->count; i += 99) {
        if (fabs(volts(kept, trace, i) - want) <= 0.51 * step) continue;
        TEST_FAIL("%s: %.6g V for %g", what, volts(kept, trace, i), want);
        return;
    }
}

/* Series and resolution: a steady voltage in some ranges, around zero and around itself; a level of B the same way. */
TEST(volts_of_every_series)
{
    static const struct {
        const char *resource, *channels;
        bool hires, offset;
        unsigned bits;
        double max;
    } rows[] = {{"PICO::ps2000::V/20", "A", false, false, 8, 32767},
                {"PICO::ps3000::V/30", "A", false, false, 8, 32767},
                {"PICO::ps3000::V/34", "A", false, false, 12, 32767},
                {"PICO::ps4000::V/40", "A", false, false, 12, 32764},
                {"PICO::ps4000::V/42", "A", false, false, 16, 32767},
                {"PICO::ps5000::V/50", "A", false, false, 8, 32512},
                {"PICO::ps6000::V/60", "A", false, true, 8, 32512},
                {"PICO::ps2000a::V/2", "A", false, true, 8, 32512},
                {"PICO::ps3000a::V/3", "A", false, true, 8, 32512},
                {"PICO::ps4000a::V/4", "A", false, true, 12, 32767},
                {"PICO::ps5000a::V/5", "A", false, true, 8, 32512},
                {"PICO::ps5000a::V/5", "A", true, true, 16, 32767},
                {"PICO::ps5000a::V/5", "AB", true, true, 15, 32767},
                {"PICO::ps5000a::V/5", "ABCD", true, true, 14, 32767},
                {"PICO::ps6000a::V/6", "A", false, true, 8, 32512},
                {"PICO::ps6000a::V/6", "A", true, true, 12, 32736},
                {"PICO::ps6000a::V/6", "ABC", true, true, 10, 32704},
                {"PICO::psospa::V/7", "A", false, true, 8, 32512},
                {"PICO::psospa::V/7", "A", true, true, 10, 32704}};
    static const struct {
        double low, high, full;  /* full: that of the range */
    } ranges[] = {{-0.8, 0.8, 1}, {-1.9, 1.9, 2}, {-19, 19, 20}, {0.55, 0.85, 0}, {-0.6, 2.6, 0}};
    for (unsigned u = 0; u < COUNT(rows); u++) {
        grat_scope *sc = open_scope(rows[u].resource);
        for (unsigned k = 0; sc && k < COUNT(ranges); k++) {
            grat_request q = ask(rows[u].channels, 1e-3, 1000);
            q.acq = rows[u].hires ? GRAT_ACQ_HIRES : GRAT_ACQ_NORMAL;
            q.has_range = true;
            q.low = ranges[k].low;
            q.high = ranges[k].high;
            if (capture(sc, &q, 5000, keep)) TEST_FAIL("%s %u: %s", rows[u].resource, k, op.text);
            if (!got) continue;
            const grat_trace *t = &kept->trace[0];
            check_value(rows[u].resource, 0, 0.7, rows[u].bits);
            if (ranges[k].full > 0) NEAR(t->scale * rows[u].max, ranges[k].full, 1e-9);
            TRUE(t->range_low <= q.low + 1e-9 && t->range_high >= q.high - 1e-9);
            /* Where it can be shifted the range is a smaller one. */
            if (k >= 3 && rows[u].offset) TRUE(t->scale * rows[u].max < fmax(fabs(q.low), fabs(q.high)) - 1e-9);
            if (rows[u].channels[1] == 'B' && rows[u].channels[2] == 'C' && k < 3)
                check_value(rows[u].resource, 2, -0.7, rows[u].bits);
        }
        grat_request q = ask("B", 4e-3, 4000);
        q.acq = rows[u].hires ? GRAT_ACQ_HIRES : GRAT_ACQ_NORMAL;
        q.has_range = true;
        q.low = 0.3;
        q.high = 1.2;
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = 0.75;
        q.pre = 0.5;
        snprintf(q.trigger_source, sizeof q.trigger_source, "B");
        if (sc && capture(sc, &q, 5000, keep)) TEST_FAIL("%s: %s", rows[u].resource, op.text);
        size_t z = zero_of(kept);
        /* 0.9 V at 1 kHz, here 4.5 mV a microsecond. */
        double slope = 4.5e3 * kept->dt, step = kept->trace[0].scale * ldexp(1, 16 - (int)rows[u].bits);
        NEAR(volts(kept, 0, z), 0.75, slope + step);
        TRUE(volts(kept, 0, z - 1) < 0.75 && volts(kept, 0, z + 10) > 0.75);
        grat_scope_close(sc);
    }
}

static bool check_edge(void *user, grat_record *r)
{
    size_t z = zero_of(r);
    bool falling = user != NULL;
    double a = volts(r, 0, z - 1), b = volts(r, 0, z);
    got++;
    if (r->flags & GRAT_REC_FORCED) bad_edges++;
    else if (!falling && !(a < edge_level && b >= edge_level - 1e-9)) bad_edges++;
    return r->number + 1 == got;
}

TEST(trigger_position)
{
    static const double pres[] = {0.1, 0.5, 0.9};
    grat_scope *sc = open_scope("PICO::ps2000a::SINE/2");
    if (!sc) return;
    edge_level = 1;
    for (unsigned i = 0; i < 3; i++) {
        grat_request q = ask("A", 2e-3, 2000);
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = edge_level;
        q.pre = pres[i];
        bad_edges = 0;
        EQ(capture(sc, &q, 5000, check_edge), GRAT_OK);
        EQ(bad_edges, 0);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        NEAR(zero_of(kept), pres[i] * (double)kept->count, 1);
    }
    grat_request q = ask("A", 1e-3, 1000);
    q.trigger = GRAT_TRIG_AUTO;
    snprintf(q.trigger_source, sizeof q.trigger_source, "A");
    q.trigger_level = 1.9;
    q.has_range = true;
    q.low = -2;
    q.high = 2;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    TRUE(kept->flags & GRAT_REC_FORCED);
    q.trigger_level = 7;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    /* What was refused has changed nothing. */
    double dt = kept->dt;
    q.period = 1;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_request_init(&q);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    NEAR(kept->dt, dt, 1e-15);
    grat_scope_close(sc);
}

TEST(rapid_block)
{
    grat_scope *sc = open_scope("PICO::ps5000a::SINE/5");
    if (!sc) return;
    grat_request q = ask("A", 100e-6, 1000);
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_level = edge_level = 0.5;
    q.pre = 0.5;
    q.count = 600;
    bad_edges = 0;
    EQ(capture(sc, &q, 20000, check_edge), GRAT_OK);
    EQ(got, 600);
    EQ(bad_edges, 0);
    /* A second call does not give out what the first left. */
    q.count = 3;
    EQ(capture(sc, &q, 5000, check_edge), GRAT_OK);
    EQ(got, 3);
    grat_scope_close(sc);
}

TEST(block_in_order)
{
    static const char *const resources[] = {"PICO::ps2000a::COUNT/2", "PICO::ps3000a::COUNT/3",
                                            "PICO::ps4000a::COUNT/4"};
    for (unsigned k = 0; k < 3; k++) {
        grat_scope *sc = open_scope(resources[k]);
        grat_request q = ask("AB", 10e-3, 100000);
        unsigned wrong = 0;
        if (!sc) continue;
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        TRUE(got && kept->count >= 100000);
        for (unsigned t = 0; got && t < 2; t++) {
            const int16_t *v = kept->trace[t].raw;
            for (size_t i = 1; i < kept->count; i++) wrong += v[i] != (v[i - 1] + 1) % MODULO;
        }
        EQ(wrong, 0);
        grat_scope_close(sc);
    }
    grat_scope *sc = open_scope("PICO::ps2000a::MSO/2");
    grat_request q = ask("A01", 1e-3, 1000);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->traces, 3);
    const int16_t *v = kept->trace[0].raw;
    const uint8_t *d0 = kept->trace[1].raw, *d1 = kept->trace[2].raw;
    for (size_t i = 0; i < kept->count; i += 7)
        if (d0[i] != (v[i] & 1) || d1[i] != (v[i] >> 1 & 1)) TEST_FAIL("line at %zu", i);
    grat_scope_close(sc);
}

static double measured(const grat_record *r, const char *name)
{
    grat_measurement m[GRAT_MEASUREMENTS];
    unsigned n = grat_measure(r, 0, m);
    for (unsigned i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0) return m[i].value;
    return NAN;
}

/* What the generator puts out is seen at an input. */
TEST(generator)
{
    static const char *const resources[] = {"PICO::ps2000a::GEN/2", "PICO::ps4000a::GEN/4", "PICO::ps5000a::GEN/5"};
    static const double steps[] = {0, 3, 3, 1};
    for (unsigned i = 0; i < 3; i++) {
        grat_scope *sc = open_scope(resources[i]);
        grat_generator g, actual;
        grat_request q = ask("A", 2e-3, 10000);
        if (!sc) continue;
        grat_generator_init(&g);
        g.wave = GRAT_WAVE_SINE;
        g.frequency = 5000;
        g.low = -0.5;
        g.high = 1.5;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        NEAR(measured(kept, "frequency"), 5000, 20);
        NEAR(measured(kept, "max"), 1.5, 0.05);
        NEAR(measured(kept, "min"), -0.5, 0.05);
        g.wave = GRAT_WAVE_ARBITRARY;
        g.points = steps;
        g.count = 4;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        NEAR(measured(kept, "frequency"), 5000, 20);
        unsigned low = 0, high = 0, third = 0;
        for (size_t k = 0; k < kept->count; k++) {
            double v = volts(kept, 0, k);
            low += fabs(v + 0.5) < 0.05;
            high += fabs(v - 1.5) < 0.05;
            third += fabs(v - 1.0 / 6) < 0.05;
        }
        NEAR((double)high / (double)kept->count, 0.5, 0.01);
        NEAR((double)low / (double)kept->count, 0.25, 0.01);
        NEAR((double)third / (double)kept->count, 0.25, 0.01);
        g.wave = GRAT_WAVE_SQUARE;
        g.high = 3;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_ERANGE);
        grat_scope_close(sc);
    }
}

/* ---- waiting -------------------------------------------------------------------------------------- */

TEST(cancel_and_timeout)
{
    grat_scope *sc = open_scope("PICO::ps2000a::SINE/2");
    grat_request q = ask("A", 1e-3, 1000);
    grat_cancel *c = grat_cancel_new();
    pthread_t t;
    if (!sc) return;
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_level = 4;
    EQ(capture(sc, &q, 200, keep), GRAT_ETIMEOUT);
    EQ(got, 0);
    grat_op_init(&op, 10000, c);
    int64_t began = grat_now_ns();
    pthread_create(&t, NULL, fire_later, c);
    EQ(grat_capture(sc, &q, keep, NULL, &op), GRAT_ECANCELED);
    pthread_join(t, NULL);
    TRUE(grat_now_ns() - began < 3000000000LL);
    q.trigger_level = 0.5;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(got, 1);
    grat_cancel_free(c);
    grat_scope_close(sc);
}

TEST(late_and_gone)
{
    grat_scope *sc = open_scope("PICO::ps5000a::LATE/1");
    grat_request q = ask("A", 1e-3, 1000);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    grat_scope_close(sc);
    sc = open_scope("PICO::ps5000a::GONE/1");
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_level = 4;
    EQ(capture(sc, &q, 5000, keep), GRAT_ELOST);
    grat_scope_close(sc);
}

/* ---- recording -------------------------------------------------------------------------------------- */

typedef struct recorded {
    uint64_t next, gaps, lost;
    uint64_t wrong;          /* samples that are not what their index says */
    int64_t worst;           /* largest distance, modulo */
    unsigned pieces, sleep_at;
} recorded;

static bool on_record(void *user, grat_record *r)
{
    recorded *k = user;
    const int16_t *v = r->trace[0].raw;
    if (r->first != k->next) {
        k->gaps++;
        k->lost += r->first - k->next;
        if (!(r->flags & GRAT_REC_GAP_BEFORE)) k->wrong += 1000000;
    }
    for (size_t i = 0; i < r->count; i++) {
        int64_t d = (v[i] - (int64_t)((r->first + i) % MODULO)) % MODULO;
        d = d < 0 ? d + MODULO : d;
        d = d > MODULO / 2 ? MODULO - d : d;
        if (d) k->wrong++;
        if (d > k->worst) k->worst = d;
    }
    k->next = r->first + r->count;
    if (++k->pieces == k->sleep_at) nanosleep(&(struct timespec){3, 500000000}, NULL);
    return true;
}

static grat_err record(const char *resource, const char *channels, double seconds, recorded *k, grat_log_totals *t)
{
    grat_scope *sc = open_scope(resource);
    grat_request q = ask(channels, 0.01, 10000);
    grat_log_options o = {.size = sizeof o, .duration = seconds};
    grat_log_sink sink = {.fn = on_record, .user = k, .totals = t};
    if (!sc) return GRAT_ENODEV;
    grat_op_init(&op, 20000, NULL);
    grat_err e = grat_log(sc, &q, &o, &sink, &op);
    grat_scope_close(sc);
    return e;
}

TEST(stream_in_order)
{
    static const char *const resources[] = {"PICO::ps2000a::FRESH/2", "PICO::ps3000a::FRESH/3",
                                            "PICO::ps5000a::FRESH/5"};
    for (unsigned i = 0; i < 3; i++) {
        recorded k = {0};
        grat_log_totals t = {0};
        EQ(record(resources[i], "AB", 0.4, &k, &t), GRAT_OK);
        EQ(t.samples, 400000);
        EQ(t.lost, 0);
        EQ(t.gaps, 0);
        EQ(k.wrong, 0);
        NEAR(t.dt, 1e-6, 1e-12);
    }
}

/* The counter of a fresh unit begins with the recording: each sample tells its index. */
TEST(every_sample_is_its_index)
{
    recorded k = {.sleep_at = 3};
    grat_log_totals t = {0};
    EQ(record("PICO::ps5000a::CUT/1", "A", 20, &(recorded){0}, &t), GRAT_ELOST);
    TRUE(t.samples > 0 && t.lost == 0);
    /* A recorder that sleeps longer than the blocks last: what is dropped is counted to the sample. */
    EQ(record("PICO::ps4000a::FRESH/4", "A", 4, &k, &t), GRAT_OK);
    EQ(k.wrong, 0);
    TRUE(t.lost > 0 && t.gaps == 1);
    EQ(t.lost, k.lost);
    EQ(t.samples + t.lost, k.next);
    EQ(k.next, 4000000);
}

TEST(loss_in_the_unit)
{
    recorded k = {0};
    grat_log_totals t = {0};
    EQ(record("PICO::ps3000a::STALL/3", "A", 0.6, &k, &t), GRAT_OK);
    EQ(t.gaps, 2);
    EQ(t.samples + t.lost, k.next);
    EQ(k.next, 600000);
    TRUE(t.lost > 0);
    /* Placed by the clocks of the host: within some milliseconds. */
    TRUE(k.worst < 10000);
}

int main(void)
{
    if (!use_standins(units)) return 1;
    RUN(missing);
    RUN(wrong_architecture);
    use_standins(units);
    RUN(discovery);
    RUN(opening);
    RUN(volts_per_range);
    RUN(volts_of_every_series);
    RUN(trigger_position);
    RUN(rapid_block);
    RUN(block_in_order);
    RUN(generator);
    RUN(cancel_and_timeout);
    RUN(late_and_gone);
    RUN(stream_in_order);
    RUN(every_sample_is_its_index);
    RUN(loss_in_the_unit);
    grat_record_unref(kept);
    return TEST_RESULT();
}
