/* Where a trigger is: in streams that begin at one, and with a delay behind it; every series, every resolution that it
 * streams with, at random levels. The samples count, so that each tells its place. */
#include "pico_help_test.h"

#define COUNTS " counter=30000 buffer=20000;"
static const char units[] =
    "ps2000 2204A COUNT/20" COUNTS "ps3000 3424 COUNT/30" COUNTS "ps4000 4424 COUNT/40" COUNTS
    "ps4000 4262 COUNT/42" COUNTS "ps2000a 2206BMSO COUNT/2" COUNTS "ps3000a 3406DMSO COUNT/3" COUNTS
    "ps4000a 4824A COUNT/4" COUNTS "ps5000a 5444DMSO COUNT/5" COUNTS "ps6000a 6824E COUNT/6" COUNTS
    "psospa 3418E COUNT/7" COUNTS "ps6000 6404 COUNT/60" COUNTS
    "ps6000a 6424E SKEW/6 skew" COUNTS "psospa 3418E SKEW/7 skew" COUNTS
    "ps3000a 3206DMSO STALL/3 counter=30000 buffer=20000 fault=GetStreamingLatestValues,5,0x1c;"
    "ps2000 2204A WAVE/20 a=pulse,1000,1,0;ps3000 3424 WAVE/30 a=pulse,1000,1,0;ps4000 4227 WAVE/40 a=pulse,1000,1,0;"
    "ps2000a 2206BMSO WAVE/2 a=pulse,1000,1,0;ps3000a 3206DMSO WAVE/3 a=pulse,1000,1,0;"
    "ps4000a 4824A WAVE/4 a=pulse,1000,1,0;ps5000a 5444DMSO WAVE/5 a=pulse,1000,1,0;"
    "ps6000a 6424E WAVE/6 a=pulse,1000,1,0;psospa 3418E WAVE/7 a=pulse,1000,1,0;"
    "ps6000 6404 WAVE/60 a=pulse,1000,1,0;ps5000 5204 WAVE/50 a=pulse,1000,1,0;ps5000 5204 COUNT/50" COUNTS;

#define COUNT(a) (sizeof(a) / sizeof *(a))
/* Channels decide how many bits there are with `hires`. */
static const struct {
    const char *resource, *channels;
    bool hires, groups;        /* groups: it averages and decimates */
    int max;
} rows[] = {
    {"PICO::ps2000::COUNT/20", "A", false, false, 32767},   {"PICO::ps3000::COUNT/30", "A", false, false, 32767},
    {"PICO::ps4000::COUNT/40", "AD", false, false, 32764},  {"PICO::ps4000::COUNT/42", "A", false, false, 32767},
    {"PICO::ps2000a::COUNT/2", "AB", false, true, 32512},   {"PICO::ps3000a::COUNT/3", "ABCD", false, true, 32512},
    {"PICO::ps4000a::COUNT/4", "AH", false, true, 32767},   {"PICO::ps5000a::COUNT/5", "AB", false, true, 32512},
    {"PICO::ps5000a::COUNT/5", "ABCD", true, true, 32767},  {"PICO::ps5000a::COUNT/5", "AB", true, true, 32767},
    {"PICO::ps5000a::COUNT/5", "A", true, true, 32767},     {"PICO::ps6000a::COUNT/6", "ABH", false, true, 32512},
    {"PICO::ps6000a::COUNT/6", "ABCD", true, true, 0},      {"PICO::ps6000a::COUNT/6", "AB", true, true, 0},
    {"PICO::psospa::COUNT/7", "AB", false, true, 0},        {"PICO::psospa::COUNT/7", "AB", true, true, 0},
    {"PICO::ps6000::COUNT/60", "ABD", false, true, 32512},
    {"PICO::ps5000::COUNT/50", "AB", false, false, 32512},
    {"PICO::ps6000a::SKEW/6", "ABC", false, true, 32512},   {"PICO::psospa::SKEW/7", "ABC", false, true, 0},
};

static uint32_t seed = 1;
/* 0 to 1 */
static double random_part(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) / 16777216.0;
}

/* ---- streams ------------------------------------------------------------------------------------------- */

typedef struct stream {
    uint64_t next, lost;
    double t0;
    unsigned wrong, records, flags;
    double level;
    int64_t code, ratio;       /* the level; values of `ratio` samples */
    bool aggregate;
    uint64_t trigger;          /* the value at it */
    int64_t low, high;         /* there */
    int64_t before;            /* the value before the present record */
    int64_t mono_ns;
} stream;

static bool on_record(void *user, grat_record *r)
{
    stream *k = user;
    const int16_t *high = r->trace[0].raw, *low = k->aggregate ? r->trace[1].raw : high;
    if (!k->records++) {
        k->t0 = r->t0;
        k->flags = r->flags;
        k->mono_ns = r->mono_ns;
        k->trigger = (uint64_t)llround(-r->t0 / r->dt);
        k->before = -1;
        k->code = llround(k->level / r->trace[0].scale);
    }
    k->wrong += r->t0 != k->t0 || r->first < k->next;
    k->lost += r->first - k->next;
    if (r->first > k->next) k->before = -1;
    for (size_t i = 0; i < r->count; i++) {
        if (r->first + i == k->trigger) k->low = low[i], k->high = high[i];
        /* Groups in which the counter wraps are left out. */
        if (k->before >= k->ratio && k->before + 2 * k->ratio <= MODULO) k->wrong += low[i] != k->before + k->ratio;
        k->before = low[i];
    }
    k->next = r->first + r->count;
    return true;
}

static grat_err record(grat_scope *sc, const grat_request *q, uint64_t samples, int64_t ms, stream *k)
{
    grat_log_options o = {.size = sizeof o, .samples = samples, .mode = GRAT_LOG_STREAM};
    grat_log_totals t = {0};
    grat_log_sink sink = {.fn = on_record, .user = k, .totals = &t};
    k->ratio = q->downsample ? q->ratio : 1;
    k->aggregate = q->downsample == GRAT_DOWN_AGGREGATE;
    k->level = q->trigger_level;
    grat_op_init(&op, ms, NULL);
    return grat_log(sc, q, &o, &sink, &op);
}

/* 1 MS/s of one or some channels; the level is somewhere, and so is the part before it. */
static grat_request at_random(unsigned row)
{
    grat_request q = ask(rows[row].channels, 2e-3, 2000);
    q.trigger = GRAT_TRIG_EDGE;
    snprintf(q.trigger_source, sizeof q.trigger_source, "%c", rows[row].channels[0]);
    q.has_range = true;
    q.low = -1;
    q.high = 1;
    q.trigger_level = 0.05 + 0.8 * random_part();
    q.pre = random_part();
    if (rows[row].hires) q.acq = GRAT_ACQ_HIRES;
    return q;
}

/* A trigger soon after the stream's begin has less before it than was asked for. */
static bool begins_late(const stream *k, const grat_request *q)
{
    return k->t0 > q->delay - q->pre * 2e-3 + 20e-6 && k->t0 < 0;
}

static void check_start(unsigned row, const stream *k, const grat_request *q, double dt)
{
    const char *name = rows[row].resource;
    double start = q->delay - q->pre * 2e-3;
    if (k->wrong || k->lost) TEST_FAIL("%s row %u: %u wrong, %u lost", name, row, k->wrong, (unsigned)k->lost);
    EQ(k->flags & GRAT_REC_FORCED, 0);
    /* The next interval of the stream may be a little longer than that of a block. */
    if (fabs(k->t0 - start) > 1.01 * dt * (double)k->ratio + 2e-3 * fabs(start))
        TEST_FAIL("%s row %u: t0 %g for %g", name, row, k->t0, start);
    if (k->t0 > 0) return;
    bool at = k->aggregate ? k->low <= k->code && k->code <= k->high : k->low <= k->code && k->code < k->low + k->ratio;
    if (!at) TEST_FAIL("%s row %u ratio %lld: %lld at the trigger of %lld", name, row, (long long)k->ratio,
                       (long long)k->low, (long long)k->code);
    int64_t ago = grat_now_ns() - k->mono_ns;
    TRUE(ago > 0 && ago < 10000000000LL);
}

TEST(streams)
{
    static const grat_downsample modes[] = {GRAT_DOWN_NONE, GRAT_DOWN_NONE, GRAT_DOWN_AGGREGATE, GRAT_DOWN_DECIMATE};
    for (unsigned row = 0; row < COUNT(rows); row++) {
        grat_scope *sc = open_scope(rows[row].resource);
        for (unsigned i = 0; sc && i < 4; i++) {
            grat_request q = at_random(row);
            stream k = {0};
            q.downsample = modes[i];
            q.ratio = modes[i] ? 16 : 0;
            if (modes[i] == GRAT_DOWN_DECIMATE && !rows[row].groups) continue;
            uint64_t n = modes[i] ? 200 : 4000;
            for (unsigned attempt = 0; attempt < 5 && (!attempt || begins_late(&k, &q)); attempt++) {
                k = (stream){0};
                if (record(sc, &q, n, 5000, &k)) TEST_FAIL("%s row %u: %s", rows[row].resource, row, op.text);
            }
            EQ(k.next, n);
            check_start(row, &k, &q, 1e-6);
        }
        grat_scope_close(sc);
    }
}

/* A recording that begins later, within a block and some blocks behind the trigger: times still count from that. */
TEST(delayed_streams)
{
    static const double delays[] = {1e-3, 20e-3, 120e-3};
    static const unsigned some[] = {0, 2, 5, 8, 11, 14};
    for (unsigned s = 0; s < COUNT(some); s++) {
        grat_scope *sc = open_scope(rows[some[s]].resource);
        for (unsigned i = 0; sc && i < 3; i++) {
            grat_request q = at_random(some[s]);
            stream k = {0};
            q.delay = delays[i];
            if (record(sc, &q, 3000, 5000, &k)) TEST_FAIL("%s: %s", rows[some[s]].resource, op.text);
            EQ(k.next, 3000);
            check_start(some[s], &k, &q, 1e-6);
        }
        grat_scope_close(sc);
    }
}

static const char *const wave_units[] = {"PICO::ps2000::WAVE/20", "PICO::ps3000::WAVE/30", "PICO::ps4000::WAVE/40",
                                         "PICO::ps2000a::WAVE/2", "PICO::ps3000a::WAVE/3", "PICO::ps4000a::WAVE/4",
                                         "PICO::ps5000a::WAVE/5", "PICO::ps6000a::WAVE/6", "PICO::psospa::WAVE/7",
                                         "PICO::ps6000::WAVE/60", "PICO::ps5000::WAVE/50"};

static bool keep_first(void *user, grat_record *r)
{
    return keep(user, r) && false;
}

/* A is high for 100 and 200 us in turn: the end of a long pulse. */
TEST(events)
{
    for (unsigned u = 0; u < COUNT(wave_units); u++) {
        grat_scope *sc = open_scope(wave_units[u]);
        grat_request q = ask("A", 2e-3, 2000);
        grat_log_options o = {.size = sizeof o, .mode = GRAT_LOG_STREAM};
        grat_log_sink sink = {.fn = keep_first};
        if (!sc) continue;
        q.trigger = GRAT_TRIG_EDGE;
        q.pre = 0.3;
        q.terms = 1;
        q.term[0] = (grat_trigger_term){.event = GRAT_EVENT_PULSE, .slope = GRAT_RISING, .level = 0.2, .least = 150e-6,
                                        .source = "A"};
        grat_op_init(&op, 5000, NULL);
        if (grat_log(sc, &q, &o, &sink, &op)) TEST_FAIL("%s: %s", wave_units[u], op.text);
        size_t z = zero_of(kept), high = 0;
        /* The oldest interface does not wait until there is so much before it. */
        if (u < 2) TRUE(z <= 600);
        else NEAR((double)z, 600, 2);
        while (high < z && volts(kept, 0, z - 1 - high) > 0.2) high++;
        if (volts(kept, 0, z) > 0.2 || fabs((double)high - 200) > 3) TEST_FAIL("%s: %zu", wave_units[u], high);
        grat_scope_close(sc);
    }
}

/* Lines are bits of the counter. */
TEST(lines)
{
    static const char *const resources[] = {"PICO::ps2000a::COUNT/2", "PICO::ps3000a::COUNT/3",
                                            "PICO::ps5000a::COUNT/5", "PICO::ps6000a::COUNT/6"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("05", 2e-3, 2000);
        grat_log_options o = {.size = sizeof o, .mode = GRAT_LOG_STREAM};
        grat_log_sink sink = {.fn = keep_first};
        if (!sc) continue;
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_slope = GRAT_FALLING;
        q.pre = 0.5;
        snprintf(q.trigger_source, sizeof q.trigger_source, "D5");
        grat_op_init(&op, 5000, NULL);
        if (grat_log(sc, &q, &o, &sink, &op)) TEST_FAIL("%s: %s", resources[u], op.text);
        size_t z = zero_of(kept);
        const uint8_t *d5 = kept->trace[1].raw;
        TRUE(z > 900 && z < 1100 && d5[z - 1] && !d5[z]);
        grat_scope_close(sc);
    }
}

/* More from before the trigger than the stream has blocks otherwise. */
TEST(long_before)
{
    grat_scope *sc = open_scope("PICO::ps3000a::COUNT/3");
    grat_request q = ask("A", 1.2, 37500000);
    stream k = {0};
    if (!sc) return;
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_level = 0.5;
    q.pre = 0.96;
    snprintf(q.trigger_source, sizeof q.trigger_source, "A");
    if (record(sc, &q, 37000000, 20000, &k)) TEST_FAIL("%s", op.text);
    EQ(k.next, 37000000);
    EQ(k.trigger, 36000000);
    EQ(k.low, k.code);
    TRUE(!k.wrong && !k.lost);
    /* More than is kept. */
    q = ask("A", 400, 400000000);
    q.trigger = GRAT_TRIG_EDGE;
    q.pre = 0.9;
    snprintf(q.trigger_source, sizeof q.trigger_source, "A");
    EQ(record(sc, &q, 1000, 5000, &k), GRAT_ERANGE);
    TRUE(strstr(op.text, "the nearest is 33.5%") != NULL);
    grat_scope_close(sc);
}

/* No trigger: by itself, or a sentence at the deadline; a loss while it waits begins the wait again. */
TEST(waiting)
{
    grat_scope *sc = open_scope("PICO::ps2000a::WAVE/2");
    grat_request q = ask("A", 2e-3, 2000);
    stream k = {0};
    grat_cancel *c = grat_cancel_new();
    grat_log_options o = {.size = sizeof o, .mode = GRAT_LOG_STREAM};
    grat_log_sink sink = {.fn = on_record, .user = &k};
    pthread_t t;
    if (!sc) return;
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_level = 1.5;
    q.has_range = true;
    q.low = -1.9;
    q.high = 1.9;
    q.pre = 0.25;
    snprintf(q.trigger_source, sizeof q.trigger_source, "A");
    EQ(record(sc, &q, 1000, 200, &k), GRAT_ETIMEOUT);
    TRUE(k.records == 0 && strstr(op.text, "no trigger came in time") != NULL);
    grat_op_init(&op, 10000, c);
    pthread_create(&t, NULL, fire_later, c);
    EQ(grat_log(sc, &q, &o, &sink, &op), GRAT_ECANCELED);
    pthread_join(t, NULL);
    EQ(k.records, 0);
    q.trigger = GRAT_TRIG_AUTO;
    q.wait = 0.05;
    EQ(record(sc, &q, 1000, 5000, &k), GRAT_OK);
    TRUE(k.flags & GRAT_REC_FORCED);
    EQ(k.trigger, 500);
    EQ(k.next, 1000);
    /* In blocks as before. */
    q.trigger_level = 0.5;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->flags, 0);
    grat_scope_close(sc);
    grat_cancel_free(c);
    sc = open_scope("PICO::ps3000a::STALL/3");
    if (!sc) return;
    q = at_random(5);
    q.channel[2] = q.channel[3] = false;
    q.pre = 0;
    k = (stream){0};
    q.trigger_level = 0.9;
    EQ(record(sc, &q, 4000, 5000, &k), GRAT_OK);
    EQ(k.low, k.code);
    EQ(k.next, 4000);
    grat_scope_close(sc);
}

/* ---- delay in blocks ------------------------------------------------------------------------------------ */

static bool check_delayed(void *user, grat_record *r)
{
    const grat_request *q = user;
    const int16_t *v = r->trace[0].raw;
    int64_t code = llround(q->trigger_level / r->trace[0].scale), after = llround(r->t0 / r->dt);
    int64_t want = ((code + after) % MODULO + MODULO) % MODULO;
    double start = q->delay - q->pre * (double)r->count * r->dt;
    got++;
    if (v[0] != want) TEST_FAIL("%lld for %lld, %lld samples after %lld", (long long)v[0], (long long)want,
                                (long long)after, (long long)code);
    /* The record is a little longer than what was asked for. */
    if (fabs(r->t0 - start) > 2.01 * r->dt) TEST_FAIL("t0 %g for %g", r->t0, start);
    return true;
}

TEST(delayed_blocks)
{
    for (unsigned row = 0; row < 17; row++) {
        grat_scope *sc = open_scope(rows[row].resource);
        for (unsigned i = 0; sc && i < 6; i++) {
            grat_request q = at_random(row);
            q.delay = random_part() * (i % 2 ? 2e-3 : 1.2e-3);
            /* A time behind it alone; with a part before it; several in one run; by the events' own call. */
            q.pre = i < 2 ? 0 : random_part();
            if (i == 3) q.count = 5;
            if (i >= 4) {
                q.terms = 1;
                q.term[0] = (grat_trigger_term){.event = GRAT_EVENT_EDGE, .slope = GRAT_RISING,
                                                .level = q.trigger_level};
                snprintf(q.term[0].source, sizeof q.term[0].source, "%s", q.trigger_source);
            }
            got = 0;
            grat_op_init(&op, 5000, NULL);
            if (grat_capture(sc, &q, check_delayed, &q, &op)) TEST_FAIL("%s: %s", rows[row].resource, op.text);
            EQ(got, i == 3 ? 5 : 1);
        }
        grat_scope_close(sc);
    }
}

TEST(refused_delays)
{
    grat_scope *sc = open_scope("PICO::ps2000::COUNT/20");
    grat_request q = at_random(0);
    if (!sc) return;
    /* There it is a part of the record. */
    q.delay = 5e-3;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    TRUE(strstr(op.text, "the nearest is 2") != NULL);
    q.delay = 0;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    grat_scope_close(sc);
    sc = open_scope("PICO::ps3000a::COUNT/3");
    if (!sc) return;
    q = at_random(5);
    q.delay = 9;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    TRUE(strstr(op.text, "the nearest is 8.38861 s") != NULL);
    q.delay = -1;
    EQ(capture(sc, &q, 5000, keep), GRAT_EINVAL);
    /* Kept for one request only. */
    q.delay = 1e-3;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    q.delay = 0;
    q.pre = 0.5;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    NEAR(kept->t0, -1e-3, 2e-6);
    grat_scope_close(sc);
    sc = open_scope("SIM::bitscope");
    if (!sc) return;
    q = ask("A", 1e-3, 1000);
    q.delay = 1e-3;
    EQ(capture(sc, &q, 5000, keep), GRAT_ENOTSUP);
    grat_scope_close(sc);
}

int main(void)
{
    if (!use_standins(units)) return 1;
    RUN(streams);
    RUN(delayed_streams);
    RUN(events);
    RUN(lines);
    RUN(long_before);
    RUN(waiting);
    RUN(delayed_blocks);
    RUN(refused_delays);
    grat_record_unref(kept);
    return TEST_RESULT();
}
