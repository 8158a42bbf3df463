/* Every mode of every series of PicoScopes: each sample once, in order, at its index; maxima and minima; events; rapid
 * blocks; what is lost counted. */
#include "pico_help_test.h"

/* Nothing is lost when this program has to wait for the computer. */
#define COUNTS " counter=30000 buffer=20000"
#define SAME " a=sine,1000,1.8,0 ext=sine,1000,1.8,0"
static const char units[] =
    "ps3000 3424 COUNT/30" COUNTS ";ps4000 4424 COUNT/40" COUNTS ";ps4000 4262 COUNT/42" COUNTS ";"
    "ps2000 2204A WAVE/20 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps3000 3424 WAVE/30 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps4000 4227 WAVE/40 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps4000 4224 SINE/40 a=sine,1000,0.9,0;ps4000 4224 GEN/40 a=gen b=square,500,1 ext=square,500,2;"
    "ps2000 2204A COUNT/20" COUNTS ";ps2000a 2206BMSO COUNT/2" COUNTS ";ps3000a 3406DMSO COUNT/3" COUNTS ";"
    "ps4000a 4824A COUNT/4" COUNTS ";ps5000a 5444DMSO COUNT/5" COUNTS ";ps6000a 6824E COUNT/6" COUNTS ";"
    "psospa 3418E COUNT/7" COUNTS ";ps6000 6404 COUNT/60" COUNTS ";"
    "ps6000 6404 WAVE/60 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;ps6000 6404 SINE/60 a=sine,100000,0.9,0;"
    "ps6000 6404 GEN/60 a=gen b=square,500,1 ext=square,500,2;"
    "ps6000a 6424E SKEW/6" COUNTS " skew;psospa 3418E SKEW/7" COUNTS " skew;"
    "ps6000a 6424E STALL/6" COUNTS " skew fault=GetStreamingLatestValues,10,0x1c "
    "fault=GetStreamingLatestValues,20,0x10000008 fault=GetStreamingLatestValues,15,0x27;"
    "ps2000a 2206BMSO WAVE/2 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps3000a 3206DMSO WAVE/3 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps4000a 4824A WAVE/4 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps5000a 5444DMSO WAVE/5 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps6000a 6424E WAVE/6 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "psospa 3418E WAVE/7 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps2000a 2406B SINE/2 a=sine,1000,0.9,0;ps3000a 3206DMSO SINE/3 a=sine,100000,0.9,0;"
    "ps4000a 4824A SINE/4 a=sine,1000,0.9,0;ps5000a 5244D SINE/5 a=sine,100000,0.9,0;"
    "ps6000a 6424E SINE/6 a=sine,100000,0.9,0;psospa 3418E SINE/7 a=sine,1000,0.9,0;"
    "ps2000 2204A GEN/20 a=gen;ps2000a 2406B GEN/2 a=gen b=square,500,1 ext=square,500,2;"
    "ps4000a 4824A GEN/4 a=gen b=square,500,1 ext=square,500,2;"
    "ps5000a 5244D GEN/5 a=gen b=square,500,1 ext=square,500,2;"
    "ps5000a 5444D POWERS/5" COUNTS " fault=RunBlock,2,0x119 fault=SetSimpleTrigger,4,0x11a "
    "fault=GetStreamingLatestValues,10,0x119;"
    "ps2000a 2406B ETS/2 a=sine,31.7e6,0.9,0;ps3000a 3206DMSO ETS/3 a=sine,31.7e6,0.9,0;"
    "ps5000a 5244D ETS/5 a=sine,50e6,0.9,0;ps2000 2204A ETS/20 a=sine,3.17e6,0.9,0;"
    "ps3000 3205 ETS/30 a=sine,3.17e6,0.9,0;ps3000 3205 GEN/30 a=gen;"
    "ps5000 5204 COUNT/50" COUNTS ";ps5000 5204 WAVE/50 a=pulse,1000,1,0 b=runt,1000,1,0 ext=square,1000,2;"
    "ps5000 5203 SINE/50 a=sine,1000,0.9,0;ps5000 5203 GEN/50 a=gen b=square,500,1 ext=square,500,2;"
    "ps5000 5204 ETS/50 a=sine,31.7e6,0.9,0;ps4000 4227 ETS/40 a=sine,3.17e6,0.9,0;"
    "ps6000a 6424E BAD/6 a=sine,100000,0.9,0 untimed;ps3000a 3206DMSO BAD/3 a=sine,100000,0.9,0 untimed;"
    "ps4000 4224 LOW/40 a=gen points=0,4095;ps5000a 5244D LOW/5 a=gen points=-2048,2047;"
    "ps4000 4262 EXT/42" SAME ";ps4000 4227 EXT/40" SAME ";ps5000 5204 EXT/50" SAME ";ps3000a 3206DMSO EXT/3" SAME ";"
    "ps6000 6404 ETS/60 a=sine,101e6,0.9,0;"
    "ps2000 2204A FIRST/20" COUNTS " overrun;"
    "ps6000a 6424E GEN/6 a=gen b=square,500,1 ext=square,500,2;"
    "psospa 3418E GEN/7 a=gen b=square,500,1 ext=square,500,2";

static const char *const count_units[] = {"PICO::ps2000::COUNT/20",  "PICO::ps2000a::COUNT/2", "PICO::ps3000a::COUNT/3",
                                          "PICO::ps4000a::COUNT/4",  "PICO::ps5000a::COUNT/5", "PICO::ps6000a::COUNT/6",
                                          "PICO::psospa::COUNT/7",   "PICO::ps3000::COUNT/30", "PICO::ps4000::COUNT/40",
                                          "PICO::ps4000::COUNT/42", "PICO::ps6000::COUNT/60",
                                          "PICO::ps5000::COUNT/50"};
static const char *const wave_units[] = {"PICO::ps2000::WAVE/20", "PICO::ps3000::WAVE/30", "PICO::ps4000::WAVE/40",
                                         "PICO::ps2000a::WAVE/2", "PICO::ps3000a::WAVE/3", "PICO::ps4000a::WAVE/4",
                                         "PICO::ps5000a::WAVE/5", "PICO::ps6000a::WAVE/6", "PICO::psospa::WAVE/7",
                                         "PICO::ps6000::WAVE/60", "PICO::ps5000::WAVE/50"};
#define COUNT(a) (sizeof(a) / sizeof *(a))
/* The oldest interface has two modes, in streaming only, where ps5000 has no more either; ps4000 does not decimate. */
static bool has_mode(const char *resource, grat_downsample mode, bool block)
{
    if (strstr(resource, "ps2000:") || strstr(resource, "ps3000:"))
        return !mode || (!block && mode == GRAT_DOWN_AGGREGATE);
    if (strstr(resource, "ps5000:") && !block) return !mode || mode == GRAT_DOWN_AGGREGATE;
    return mode != GRAT_DOWN_DECIMATE || !strstr(resource, "ps4000:");
}

static const grat_downsample modes[] = {GRAT_DOWN_NONE, GRAT_DOWN_AGGREGATE, GRAT_DOWN_DECIMATE, GRAT_DOWN_AVERAGE};
static const char *const mode_names[] = {"as it is", "aggregate", "decimate", "average"};

/* What a counter becomes: the group that begins with `first`. Groups in which it wraps are left out. */
static bool group_is(const grat_record *r, size_t i, int64_t first, const grat_request *q)
{
    const int16_t *v = r->trace[0].raw, *low = r->traces > 1 ? r->trace[1].raw : NULL;
    int64_t ratio = q->downsample ? q->ratio : 1, last = first + ratio - 1;
    if (last >= MODULO) return true;
    switch (q->downsample) {
    case GRAT_DOWN_AGGREGATE:
        return v[i] == last && low && low[i] == first;
    case GRAT_DOWN_AVERAGE:
        return v[i] == (first * ratio + ratio * (ratio - 1) / 2) / ratio;
    default:
        return v[i] == first;
    }
}

/* The counter where group i begins. */
static int64_t beginning_of(const grat_record *r, const grat_request *q, size_t i)
{
    int64_t v = ((const int16_t *)r->trace[q->downsample == GRAT_DOWN_AGGREGATE].raw)[i];
    return q->downsample == GRAT_DOWN_AVERAGE ? v - (q->ratio - 1) / 2 : v;
}

/* Groups that are not what follows from this one. */
static unsigned wrong_from(const grat_record *r, const grat_request *q, size_t base)
{
    int64_t ratio = q->downsample ? q->ratio : 1, begin = beginning_of(r, q, base) - (int64_t)base * ratio;
    unsigned wrong = 0;
    for (size_t i = 0; i < r->count; i++)
        wrong += !group_is(r, i, (begin + MODULO + (int64_t)i * ratio) % MODULO, q);
    return wrong;
}

/* ---- blocks ------------------------------------------------------------------------------------------ */

static void check_block(grat_scope *sc, const char *resource, grat_request *q)
{
    uint64_t ratio = q->downsample ? q->ratio : 1;
    if (capture(sc, q, 5000, keep)) TEST_FAIL("%s %s: %s", resource, mode_names[q->downsample], op.text);
    if (!got) return;
    unsigned wrong = wrong_from(kept, q, 0);
    /* In the first one the counter may wrap. */
    if (wrong) wrong = wrong_from(kept, q, 1);
    if (wrong) TEST_FAIL("%s %s: %u wrong", resource, mode_names[q->downsample], wrong);
    /* The interval is at most what was asked for. */
    TRUE(kept->count * ratio > q->samples - ratio && kept->count * ratio < 2 * q->samples);
    NEAR((double)kept->count * kept->dt, 6400e-6, kept->dt * 1.5);
    if (q->downsample == GRAT_DOWN_AGGREGATE) {
        STR(kept->trace[0].name, "A.max");
        STR(kept->trace[1].name, "A.min");
    }
}

TEST(block_modes)
{
    for (unsigned u = 0; u < COUNT(count_units); u++) {
        grat_scope *sc = open_scope(count_units[u]);
        for (unsigned m = 0; sc && m < 4; m++) {
            grat_request q = ask("A", 6400e-6, u ? 6400 : 3200);
            bool has = has_mode(count_units[u], modes[m], true);
            q.downsample = modes[m];
            q.ratio = m ? 16 : 0;
            if (has) check_block(sc, count_units[u], &q);
            else EQ(capture(sc, &q, 5000, keep), GRAT_ENOTSUP);
            bool flexible = u >= 4 && u < 7;
            q.acq = GRAT_ACQ_HIRES;
            if (flexible) check_block(sc, count_units[u], &q);
        }
        grat_scope_close(sc);
    }
}

/* Ports: the OR and the AND of a group. The lines count with the samples. */
TEST(aggregated_lines)
{
    grat_scope *sc = open_scope("PICO::ps3000a::COUNT/3");
    grat_request q = ask("A05", 1e-3, 1000);
    q.downsample = GRAT_DOWN_AGGREGATE;
    q.ratio = 8;
    if (!sc) return;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->traces, 6);
    STR(kept->trace[4].name, "D5.max");
    const int16_t *low = kept->trace[1].raw;
    const uint8_t *or0 = kept->trace[2].raw, *and0 = kept->trace[3].raw, *or5 = kept->trace[4].raw,
                  *and5 = kept->trace[5].raw;
    for (size_t i = 0; i < kept->count; i++) {
        unsigned any = 0, all = 1;
        if (low[i] + 8 >= MODULO) continue;
        for (int k = 0; k < 8; k++) any |= (unsigned)(low[i] + k) >> 5 & 1, all &= (unsigned)(low[i] + k) >> 5 & 1;
        if (!or0[i] || and0[i] || or5[i] != any || and5[i] != all) TEST_FAIL("group %zu", i);
    }
    q.downsample = GRAT_DOWN_AVERAGE;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    q.downsample = GRAT_DOWN_AGGREGATE;
    q.ratio = 2000;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_scope_close(sc);
}

TEST(eight_channels)
{
    grat_scope *sc = open_scope("PICO::ps6000a::COUNT/6");
    grat_request q = ask("AH", 1e-3, 1000);
    if (!sc) return;
    EQ(grat_scope_caps(sc)->analog, 8);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->traces, 2);
    STR(kept->trace[1].name, "H");
    EQ(memcmp(kept->trace[0].raw, kept->trace[1].raw, 2000), 0);
    q = ask("ABCDEFGH", 1e-3, 1000);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(kept->traces, 8);
    q.downsample = GRAT_DOWN_AGGREGATE;
    q.ratio = 4;
    for (unsigned i = 0; i < 16; i++) q.digital[i] = true;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_scope_close(sc);
    sc = open_scope("PICO::ps5000a::COUNT/5");
    q = ask("E", 1e-3, 1000);
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    grat_scope_close(sc);
}

/* Of a sine that is hardly sampled: each value is that of its own time. */
static void check_ets(const grat_record *r, const char *resource, double hz, double level)
{
    double worst = 0, begin = asin(level / 0.9);
    for (size_t i = 0; i < r->count; i++) {
        double t = r->t0 + (double)i * r->dt;
        worst = fmax(worst, fabs(volts(r, 0, i) - 0.9 * sin(2 * M_PI * hz * t + begin)));
    }
    /* A step of 8 bits is 8 mV; the trigger may be half of one off, and the times one of the places. */
    if (worst > 0.008 + 2 * M_PI * hz * r->dt) TEST_FAIL("%s: %g V off", resource, worst);
}

TEST(equivalent_time)
{
    static const struct {
        const char *resource;
        double hz, dt;
    } rows[] = {{"PICO::ps2000a::ETS/2", 31.7e6, 1e-10}, {"PICO::ps3000a::ETS/3", 31.7e6, 1.25e-11},
                {"PICO::ps5000a::ETS/5", 50e6, 2.5e-11}, {"PICO::ps2000::ETS/20", 3.17e6, 2.5e-10},
                {"PICO::ps3000::ETS/30", 3.17e6, 2e-10}, {"PICO::ps5000::ETS/50", 31.7e6, 5e-11},
                {"PICO::ps4000::ETS/40", 3.17e6, 5e-11}, {"PICO::ps6000::ETS/60", 101e6, 4e-12}};
    for (unsigned u = 0; u < COUNT(rows); u++) {
        grat_scope *sc = open_scope(rows[u].resource);
        grat_request q = ask("A", 1000 * rows[u].dt, 1000);
        grat_settings s;
        if (!sc) continue;
        q.ets = true;
        q.trigger = GRAT_TRIG_AUTO;
        q.pre = 0.3;
        q.has_range = true;
        q.low = -1;
        q.high = 1;
        for (int k = -1; k < 2; k++) {
            q.trigger_level = k * 0.5;
            snprintf(q.trigger_source, sizeof q.trigger_source, "A");
            if (capture(sc, &q, 5000, keep)) TEST_FAIL("%s: %s", rows[u].resource, op.text);
            if (!got) continue;
            EQ(kept->count, 1000);
            NEAR(kept->dt, rows[u].dt, 1e-15);
            NEAR(kept->t0, -300 * kept->dt, kept->dt);
            EQ(kept->flags, 0);
            check_ets(kept, rows[u].resource, rows[u].hz, q.trigger_level);
        }
        EQ(grat_scope_get(sc, &s, &op), GRAT_OK);
        NEAR(s.rate, 1 / rows[u].dt, 1);
        TRUE(s.ets >= 10);
        /* Refused: faster than it has places, without a trigger, with what does not go together. */
        q.samples = 100000;
        EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
        q.samples = 1000;
        q.trigger = GRAT_TRIG_NONE;
        EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
        q.trigger = GRAT_TRIG_AUTO;
        q.downsample = GRAT_DOWN_DECIMATE;
        q.ratio = 4;
        EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
        q.downsample = GRAT_DOWN_NONE;
        q.ratio = 0;
        /* No trigger, no values; and then as before. */
        q.trigger_level = 0.95;
        EQ(capture(sc, &q, 300, keep), GRAT_ETIMEOUT);
        q = ask("A", 1e-4, 1000);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        /* The interval of the oldest doubles from one timebase to the next. */
        TRUE(kept->count >= 1000 && kept->count < 2000 && kept->dt <= 1e-7);
        EQ(grat_scope_get(sc, &s, &op), GRAT_OK);
        EQ(s.ets, 0);
        grat_scope_close(sc);
    }
    grat_scope *sc = open_scope("PICO::ps4000a::SINE/4");
    grat_request q = ask("A", 1e-6, 1000);
    if (!sc) return;
    q.ets = true;
    EQ(capture(sc, &q, 5000, keep), GRAT_ENOTSUP);
    grat_scope_close(sc);
}

/* ---- streams ----------------------------------------------------------------------------------------- */

typedef struct recorded {
    const grat_request *q;
    uint64_t next, lost, wrong;
    bool anywhere;             /* after a loss inside the unit the clock of the host places the samples */
} recorded;

static bool on_record(void *user, grat_record *r)
{
    recorded *k = user;
    uint64_t ratio = k->q->downsample ? k->q->ratio : 1;
    if (r->first != k->next) {
        k->lost += r->first - k->next;
        if (!(r->flags & GRAT_REC_GAP_BEFORE) || r->first < k->next) k->wrong += 1000000;
    }
    for (size_t i = 0; i < r->count; i++) {
        int64_t first = (int64_t)((r->first + i) * ratio % MODULO);
        if (k->anywhere) first = (beginning_of(r, k->q, 0) + (int64_t)(i * ratio)) % MODULO;
        k->wrong += !group_is(r, i, first, k->q);
    }
    k->next = r->first + r->count;
    return true;
}

static void check_stream(const char *resource, grat_request *q, double seconds, bool faults)
{
    grat_scope *sc = open_scope(resource);
    recorded k = {.q = q, .anywhere = faults};
    grat_log_totals t = {0};
    grat_log_options o = {.size = sizeof o, .duration = seconds};
    grat_log_sink sink = {.fn = on_record, .user = &k, .totals = &t};
    if (!sc) return;
    grat_op_init(&op, 20000, NULL);
    if (grat_log(sc, q, &o, &sink, &op)) TEST_FAIL("%s %s: %s", resource, mode_names[q->downsample], op.text);
    double want = seconds / t.dt;
    if (k.wrong) TEST_FAIL("%s %s: %llu wrong", resource, mode_names[q->downsample], (unsigned long long)k.wrong);
    EQ(t.samples + t.lost, k.next);
    EQ(t.lost, k.lost);
    NEAR((double)k.next, want, 1);
    NEAR(t.dt, (q->downsample ? q->ratio : 1) * 2e-6, 1e-9);
    if (faults) TRUE(t.gaps >= 2);
    else EQ(t.lost, 0);
    grat_scope_close(sc);
}

TEST(stream_modes)
{
    for (unsigned u = 0; u < COUNT(count_units); u++) {
        for (unsigned m = 0; m < 4; m++) {
            grat_request q = ask("A", 4e-3, 2000);
            if (!has_mode(count_units[u], modes[m], false)) continue;
            q.downsample = modes[m];
            q.ratio = m ? 16 : 0;
            check_stream(count_units[u], &q, 0.1, false);
        }
    }
}

/* Channels that are apart, two buffers ahead, and losses: nothing is given out twice or at another place. */
/* A loss that the library tells of when a stream has just begun is none. */
TEST(first_overrun)
{
    grat_scope *sc = open_scope("PICO::ps2000::FIRST/20");
    grat_request q = ask("A", 10e-3, 5000);
    recorded k = {.q = &q};
    grat_log_totals t;
    grat_log_options o = {.size = sizeof o, .duration = 0.3, .mode = GRAT_LOG_STREAM};
    grat_log_sink sink = {.fn = on_record, .user = &k, .totals = &t};
    grat_generator g;
    if (!sc) return;
    grat_op_init(&op, 10000, NULL);
    EQ(grat_log(sc, &q, &o, &sink, &op), GRAT_OK);
    TRUE(t.samples > 100000 && !t.gaps && !t.lost && !k.wrong);
    /* The stream has ended with it. */
    grat_generator_init(&g);
    if (grat_generator_set(sc, &g, NULL, &op)) TEST_FAIL("%s", op.text);
    grat_scope_close(sc);
}

TEST(streams_apart)
{
    grat_request q = ask("ABC", 4e-3, 2000);
    check_stream("PICO::ps6000a::SKEW/6", &q, 0.4, false);
    check_stream("PICO::psospa::SKEW/7", &q, 0.4, false);
    q = ask("A", 4e-3, 2000);
    check_stream("PICO::ps6000a::STALL/6", &q, 0.6, true);
}

/* The supply comes while a block begins and while a stream runs: acknowledged, set up again, gone on with. */
TEST(power_changes)
{
    grat_scope *sc = open_scope("PICO::ps5000a::POWERS/5");
    grat_request q = ask("A", 4e-3, 2000);
    if (!sc) return;
    for (unsigned i = 0; i < 2; i++) {
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        EQ(got, 1);
    }
    EQ(capture(sc, &q, 5000, keep), GRAT_EIO);  /* 0x11a: it says that there is no supply, and there is one */
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    recorded k = {.q = &q, .anywhere = true};
    grat_log_totals t = {0};
    grat_log_options o = {.size = sizeof o, .duration = 0.3};
    grat_log_sink sink = {.fn = on_record, .user = &k, .totals = &t};
    grat_op_init(&op, 20000, NULL);
    EQ(grat_log(sc, &q, &o, &sink, &op), GRAT_OK);
    EQ(t.gaps, 1);
    EQ(t.samples + t.lost, k.next);
    EQ(k.wrong, 0);
    grat_scope_close(sc);
}

/* ---- events -------------------------------------------------------------------------------------------- */

static grat_trigger_term term(grat_event event, const char *source, double level, double upper)
{
    grat_trigger_term t = {.event = event, .slope = GRAT_RISING, .level = level, .upper = upper};
    snprintf(t.source, sizeof t.source, "%s", source);
    return t;
}

static grat_request with_terms(const char *channels, unsigned n, const grat_trigger_term *t)
{
    grat_request q = ask(channels, 2e-3, 2000);
    q.trigger = GRAT_TRIG_EDGE;
    q.pre = 0.6;
    q.has_range = true;
    q.low = -1.9;
    q.high = 1.9;
    q.terms = n;
    memcpy(q.term, t, n * sizeof *t);
    return q;
}

/* Seconds from the last change of trace 0 across the level to the trigger, and before that one to it. */
static void edges_before(const grat_record *r, double level, double *last, double *width)
{
    size_t i = zero_of(r), first;
    bool now = volts(r, 0, i - 1) > level;
    for (first = i - 1; first && (volts(r, 0, first - 1) > level) == now;) first--;
    *last = (double)(i - first) * r->dt;
    size_t second = first ? first - 1 : 0;
    while (second && (volts(r, 0, second - 1) > level) != now) second--;
    *width = (double)(first - second) * r->dt;
}

/* A is high for 100 and 200 us in turn, with 300 and 400 us between. */
static void check_pulses(grat_scope *sc, const char *resource)
{
    static const struct {
        grat_event event;
        grat_slope slope;
        double least, most, width; /* of the stretch that ends at the trigger, or lasts */
    } rows[] = {{GRAT_EVENT_PULSE, GRAT_RISING, 150e-6, 250e-6, 200e-6},
                {GRAT_EVENT_PULSE, GRAT_RISING, 0, 150e-6, 100e-6},
                {GRAT_EVENT_PULSE, GRAT_RISING, 150e-6, 0, 200e-6},
                {GRAT_EVENT_PULSE, GRAT_FALLING, 350e-6, 0, 400e-6},
                {GRAT_EVENT_PULSE, GRAT_FALLING, 0, 350e-6, 300e-6},
                {GRAT_EVENT_TIMEOUT, GRAT_FALLING, 350e-6, 0, 350e-6},
                {GRAT_EVENT_TIMEOUT, GRAT_RISING, 150e-6, 0, 150e-6},
                {GRAT_EVENT_TIMEOUT, GRAT_EITHER, 350e-6, 0, 350e-6}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        grat_trigger_term t = term(rows[i].event, "A", 0.2, 0);
        double last, width;
        t.slope = rows[i].slope;
        t.least = rows[i].least;
        t.most = rows[i].most;
        grat_request q = with_terms("A", 1, &t);
        if (capture(sc, &q, 5000, keep) || !got) {
            TEST_FAIL("%s row %u: %s", resource, i, op.text);
            continue;
        }
        edges_before(kept, 0.2, &last, &width);
        if (fabs(last - rows[i].width) > 3e-6) TEST_FAIL("%s row %u: %g us", resource, i, last * 1e6);
    }
}

static bool has_few_directions(const char *resource)
{
    return strstr(resource, "ps2000:") || strstr(resource, "ps3000:") || strstr(resource, "ps5000:");
}

/* B is at full height and at half of it in turn. */
static void check_runts(grat_scope *sc, const char *resource)
{
    grat_trigger_term t = term(GRAT_EVENT_RUNT, "B", -0.5, 0.5);
    grat_request q = with_terms("B", 1, &t);
    double most = -9;
    size_t z;
    grat_err e = capture(sc, &q, 5000, keep);
    if (has_few_directions(resource)) {
        EQ(e, GRAT_ENOTSUP);
    } else if (e || !got) {
        TEST_FAIL("%s: %s", resource, op.text);
        return;
    } else {
        z = zero_of(kept);
        for (size_t i = z - 150; i < z; i++) most = fmax(most, volts(kept, 0, i));
        if (!(volts(kept, 0, z) < -0.5 && volts(kept, 0, z - 2) > -0.5 && most < 0.2)) TEST_FAIL("%s: runt", resource);
    }
    /* Into the half height from above or below. */
    t = term(GRAT_EVENT_WINDOW, "B", -0.5, 0.5);
    q = with_terms("B", 1, &t);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    z = zero_of(kept);
    TRUE(fabs(volts(kept, 0, z)) < 0.5 && fabs(volts(kept, 0, z - 1)) > 0.5);
    t.slope = GRAT_FALLING;
    q = with_terms("B", 1, &t);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    z = zero_of(kept);
    TRUE(fabs(volts(kept, 0, z)) > 0.5 && fabs(volts(kept, 0, z - 1)) < 0.5);
    t.slope = GRAT_ABOVE;
    t.least = 150e-6;
    t.most = 250e-6;
    q = with_terms("B", 1, &t);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    z = zero_of(kept);
    TRUE(fabs(volts(kept, 0, z)) > 0.5 && fabs(volts(kept, 0, z - 1)) < 0.5 && fabs(volts(kept, 0, z - 190)) < 0.5);
}

/* While B is at full height A is at its short pulse's level or below: A rises in the second half only. */
static void check_logic(grat_scope *sc, const char *resource)
{
    grat_trigger_term t[3] = {term(GRAT_EVENT_EDGE, "A", 0, 0), term(GRAT_EVENT_EDGE, "B", 0.5, 0)};
    t[1].slope = GRAT_ABOVE;
    grat_request q = with_terms("AB", 2, t);
    if (capture(sc, &q, 5000, keep) || !got) {
        TEST_FAIL("%s: %s", resource, op.text);
        return;
    }
    size_t z = zero_of(kept);
    TRUE(volts(kept, 0, z) > 0 && volts(kept, 0, z - 1) < 0 && volts(kept, 1, z) > 0.4);
    /* Or: an edge that never comes, or the external one, which is there each millisecond. */
    t[0] = term(GRAT_EVENT_EDGE, "A", 1.5, 0);
    t[1] = term(GRAT_EVENT_EDGE, "ext", 0.5, 0);
    q = with_terms("AB", 2, t);
    /* The 3424 has none. */
    bool ext = !strstr(resource, "ps3000:");
    EQ(capture(sc, &q, ext ? 300 : 3000, keep), ext ? GRAT_ETIMEOUT : GRAT_EIO);
    q.term[1].or_else = true;
    EQ(capture(sc, &q, 5000, keep), ext ? GRAT_OK : GRAT_EIO);
    z = zero_of(kept);
    for (size_t i = 0; i < 3 && got; i++) {
        /* Where A is at the external edge is always the same. */
        size_t high = z + i + (size_t)(150e-6 / kept->dt), low = z + i + (size_t)(250e-6 / kept->dt);
        TRUE(volts(kept, 0, high) > 0 && volts(kept, 0, low) < 0);
    }
    /* One event for each source, one time. */
    t[0] = term(GRAT_EVENT_EDGE, "A", 0, 0);
    t[1] = term(GRAT_EVENT_EDGE, "A", 0.5, 0);
    q = with_terms("AB", 2, t);
    EQ(capture(sc, &q, 3000, keep), GRAT_ERANGE);
    t[0] = t[1] = term(GRAT_EVENT_PULSE, "A", 0, 0);
    snprintf(t[1].source, sizeof t[1].source, "B");
    t[0].least = t[1].least = 1e-4;
    q = with_terms("AB", 2, t);
    EQ(capture(sc, &q, 3000, keep), GRAT_ERANGE);
    t[0] = term(GRAT_EVENT_EDGE, "C", 0, 0);
    q = with_terms("AB", 1, t);
    EQ(capture(sc, &q, 3000, keep), GRAT_ERANGE);
}

TEST(events)
{
    for (unsigned u = 0; u < COUNT(wave_units); u++) {
        grat_scope *sc = open_scope(wave_units[u]);
        if (!sc) continue;
        check_pulses(sc, wave_units[u]);
        check_runts(sc, wave_units[u]);
        check_logic(sc, wave_units[u]);
        grat_scope_close(sc);
    }
}

/* The level of the external trigger, which is the same signal as A; by an edge and by an event. */
TEST(external_level)
{
    static const char *const resources[] = {"PICO::ps4000::EXT/42", "PICO::ps4000::EXT/40", "PICO::ps5000::EXT/50",
                                            "PICO::ps3000a::EXT/3"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        for (unsigned k = 0; sc && k < 2; k++) {
            grat_trigger_term t = term(GRAT_EVENT_EDGE, "ext", 1.2, 0);
            grat_request q = with_terms("A", k, &t);
            q.has_range = true;
            q.low = -2;
            q.high = 2;
            q.trigger_level = 1.2;
            snprintf(q.trigger_source, sizeof q.trigger_source, "EXT");
            if (capture(sc, &q, 5000, keep)) TEST_FAIL("%s: %s", resources[u], op.text);
            NEAR(volts(kept, 0, zero_of(kept)), 1.2, 0.08);
        }
        grat_scope_close(sc);
    }
}

/* Lines are the bits of the sample's number, as the analog counter is. */
TEST(line_events)
{
    static const char *const resources[] = {"PICO::ps2000a::COUNT/2", "PICO::ps3000a::COUNT/3",
                                            "PICO::ps5000a::COUNT/5", "PICO::ps6000a::COUNT/6"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("012345678", 2e-3, 2000);
        if (!sc) continue;
        q.trigger = GRAT_TRIG_EDGE;
        q.pattern_care = 0x113;
        q.pattern_want = 0x102;
        if (capture(sc, &q, 5000, keep)) TEST_FAIL("%s: %s", resources[u], op.text);
        size_t z = zero_of(kept);
        const uint8_t *d[9];
        for (unsigned i = 0; i < 9; i++) d[i] = kept->trace[i].raw;
        TRUE(!d[0][z] && d[1][z] && !d[4][z] && d[8][z]);
        q.pattern_care = 0;
        snprintf(q.trigger_source, sizeof q.trigger_source, "D5");
        q.trigger_slope = GRAT_FALLING;
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        z = zero_of(kept);
        d[5] = kept->trace[5].raw;
        TRUE(d[5][z - 1] && !d[5][z]);
        snprintf(q.trigger_source, sizeof q.trigger_source, "D15");
        q.digital[8] = false;
        EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
        grat_scope_close(sc);
    }
}

/* ---- rapid blocks ---------------------------------------------------------------------------------------- */

static unsigned bad, stamps;
static uint64_t before_stamp;

/* The offset leads from the crossing of the level to the sample at the trigger. */
static bool check_segment(void *user, grat_record *r)
{
    double level = *(double *)user, slope;
    size_t z = zero_of(r);
    slope = (volts(r, 0, z) - volts(r, 0, z - 1)) / r->dt;
    double crossing = volts(r, 0, z) - slope * r->trigger_offset;
    bool ok = r->number == got && r->count >= 80 && volts(r, 0, z - 1) < level && volts(r, 0, z) >= level &&
              r->trigger_offset >= 0 && r->trigger_offset <= r->dt * (1 + 1e-9) && fabs(crossing - level) < 0.02;
    bad += !ok;
    if (r->trigger_stamp > before_stamp) stamps++;
    before_stamp = r->trigger_stamp;
    got++;
    return true;
}

TEST(ten_thousand_segments)
{
    static const char *const resources[] = {"PICO::ps3000a::SINE/3", "PICO::ps5000a::SINE/5", "PICO::ps6000a::SINE/6",
                                            "PICO::ps6000::SINE/60"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("A", 1e-6, 100);
        double level = 0.3;
        if (!sc) continue;
        q.segments = 10000;
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = level;
        q.pre = 0.5;
        snprintf(q.trigger_source, sizeof q.trigger_source, "A");
        got = bad = stamps = 0;
        before_stamp = 0;
        grat_op_init(&op, 20000, NULL);
        if (grat_capture(sc, &q, check_segment, &level, &op)) TEST_FAIL("%s: %s", resources[u], op.text);
        EQ(got, 10000);
        EQ(bad, 0);
        TRUE(stamps >= 9999);
        grat_scope_close(sc);
    }
    grat_scope *sc = open_scope("PICO::ps2000a::SINE/2");
    grat_request q = ask("A", 1e-3, 100);
    if (!sc) return;
    q.segments = 129;
    EQ(capture(sc, &q, 5000, keep), GRAT_ERANGE);
    q.segments = 5;
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    EQ(got, 5);
    grat_scope_close(sc);
}

/* What the unit could not find out is not told. */
TEST(untimed_segments)
{
    static const char *const resources[] = {"PICO::ps6000a::BAD/6", "PICO::ps3000a::BAD/3"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("A", 1e-6, 100);
        if (!sc) continue;
        q.segments = 3;
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = 0.3;
        snprintf(q.trigger_source, sizeof q.trigger_source, "A");
        if (capture(sc, &q, 5000, keep)) TEST_FAIL("%s: %s", resources[u], op.text);
        EQ(kept->trigger_stamp, 0);
        if (u) TRUE(kept->trigger_offset >= 0 && kept->trigger_offset <= kept->dt);
        else NEAR(kept->trigger_offset, 0, 0);
        /* The automatic trigger has 16 bits of ms where it is not the modern interface. */
        q.segments = 0;
        q.trigger = GRAT_TRIG_AUTO;
        q.wait = 32.768;
        EQ(capture(sc, &q, 5000, keep), u ? GRAT_ERANGE : GRAT_OK);
        q.wait = 32.767;
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        grat_scope_close(sc);
    }
}

/* Points have the codes that the unit tells. */
TEST(codes_of_points)
{
    static const char *const resources[] = {"PICO::ps4000::LOW/40", "PICO::ps5000a::LOW/5"};
    static const double points[] = {0, 1, 0.25, 0.25};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("A", 4e-3, 4000);
        grat_generator g;
        unsigned at[3] = {0};
        if (!sc) continue;
        grat_generator_init(&g);
        g.wave = GRAT_WAVE_ARBITRARY;
        g.points = points;
        g.count = COUNT(points);
        g.low = -0.8;
        g.high = 0.8;
        if (grat_generator_set(sc, &g, NULL, &op)) TEST_FAIL("%s: %s", resources[u], op.text);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        for (size_t i = 0; i < kept->count; i++) {
            double v = volts(kept, 0, i);
            at[0] += fabs(v + 0.8) < 0.05;
            at[1] += fabs(v - 0.8) < 0.05;
            at[2] += fabs(v + 0.4) < 0.05;
        }
        NEAR(at[0], (double)kept->count / 4, 20);
        NEAR(at[1], (double)kept->count / 4, 20);
        NEAR(at[2], (double)kept->count / 2, 20);
        grat_scope_close(sc);
    }
}

/* A segment each millisecond: about a tenth of a second of them stays. */
static bool count_record(void *user, grat_record *r)
{
    (void)r;
    ++*(unsigned *)user;
    return true;
}

/* The end of a recording comes in the middle of a run: what is complete is given out. */
TEST(a_log_ends_within_its_segments)
{
    grat_scope *sc = open_scope("PICO::ps5000a::SINE/5");
    grat_request q = ask("A", 40e-3, 1000);
    grat_log_options o = {.size = sizeof o, .duration = 0.4, .mode = GRAT_LOG_RAPID, .separate = true};
    unsigned records = 0;
    grat_log_totals t = {0};
    grat_log_sink sink = {.fn = count_record, .user = &records, .totals = &t};
    if (!sc) return;
    q.segments = 50;
    grat_op_init(&op, 20000, NULL);
    EQ(grat_log(sc, &q, &o, &sink, &op), GRAT_OK);
    TRUE(records >= 2 && records <= 12);
    EQ(t.records, records);
    grat_scope_close(sc);
}

TEST(cancelled_segments)
{
    static const char *const resources[] = {"PICO::ps2000a::SINE/2", "PICO::ps4000a::SINE/4", "PICO::psospa::SINE/7",
                                            "PICO::ps4000::SINE/40"};
    static const unsigned many[] = {128, 3000, 3000, 3000};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("A", 100e-6, 100);
        double level = 0.3;
        pthread_t t;
        if (!sc) continue;
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = level;
        q.pre = 0.5;
        /* So that it is set up when the time begins. */
        q.segments = 3;
        grat_op_init(&op, 20000, NULL);
        EQ(grat_capture(sc, &q, check_segment, &level, &op), GRAT_OK);
        q.segments = many[u];
        got = bad = 0;
        /* On a busy computer it may have been too early. */
        for (unsigned tries = 0; tries < 4 && !got; tries++) {
            grat_cancel *c = grat_cancel_new();
            grat_op_init(&op, 20000, c);
            pthread_create(&t, NULL, fire_later, c);
            EQ(grat_capture(sc, &q, check_segment, &level, &op), GRAT_ECANCELED);
            pthread_join(t, NULL);
            grat_cancel_free(c);
        }
        EQ(bad, 0);
        if (!got || got >= many[u]) TEST_FAIL("%s: %u segments", resources[u], got);
        /* The next one is not disturbed by it. */
        q.segments = 3;
        got = bad = 0;
        grat_op_init(&op, 5000, NULL);
        EQ(grat_capture(sc, &q, check_segment, &level, &op), GRAT_OK);
        TRUE(got == 3 && bad == 0);
        grat_scope_close(sc);
    }
}

/* ---- the generator ------------------------------------------------------------------------------------------ */

static void span(const grat_record *r, double *low, double *high)
{
    *low = 9;
    *high = -9;
    for (size_t i = 0; i < r->count; i++) {
        *low = fmin(*low, volts(r, 0, i));
        *high = fmax(*high, volts(r, 0, i));
    }
}

TEST(generator_waves)
{
    static const char *const resources[] = {"PICO::ps2000::GEN/20", "PICO::ps2000a::GEN/2", "PICO::ps4000a::GEN/4",
                                            "PICO::ps5000a::GEN/5", "PICO::ps6000a::GEN/6", "PICO::psospa::GEN/7",
                                            "PICO::ps4000::GEN/40", "PICO::ps5000::GEN/50"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_generator g, actual;
        grat_request q = ask("A", 2e-3, 2000);
        double low, high;
        if (!sc) continue;
        for (int w = GRAT_WAVE_SINC; w <= GRAT_WAVE_PRBS; w++) {
            bool has = (u || w < GRAT_WAVE_NOISE) && (u < 7 || w != GRAT_WAVE_PRBS);
            grat_generator_init(&g);
            g.wave = (grat_wave)w;
            g.frequency = 5000;
            g.low = -0.5;
            g.high = 1;
            grat_op_init(&op, 5000, NULL);
            EQ(grat_generator_set(sc, &g, &actual, &op), has ? GRAT_OK : GRAT_ENOTSUP);
            if (!has) continue;
            EQ(capture(sc, &q, 5000, keep), GRAT_OK);
            span(kept, &low, &high);
            if (fabs(high - 1) > 0.08 || low > 0.1 || low < -0.58) TEST_FAIL("%s wave %d: %g to %g", resources[u], w,
                                                                              low, high);
        }
        g.wave = GRAT_WAVE_DC;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        span(kept, &low, &high);
        NEAR(low, 0.25, 0.05);
        NEAR(high, 0.25, 0.05);
        /* A sweep: its numbers are checked by the unit. */
        grat_generator_init(&g);
        g.low = -1;
        g.high = 1;
        g.stop = 2000;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_EINVAL);
        g.step = 10;
        g.dwell = 0.001;
        g.way = GRAT_SWEEP_UP_DOWN;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
        NEAR(actual.stop, 2000, 1e-9);
        grat_scope_close(sc);
    }
}

/* Three waves of one amplitude at whole frequencies: what is refused is refused in words. */
TEST(plain_generator)
{
    static const grat_wave waves[] = {GRAT_WAVE_SINE, GRAT_WAVE_SQUARE, GRAT_WAVE_TRIANGLE};
    static const double means[] = {0.6366, 1, 0.5}, point[] = {-1, 1};
    grat_scope *sc = open_scope("PICO::ps3000::GEN/30");
    grat_request q = ask("A", 10e-3, 10000);
    grat_generator g, actual;
    if (!sc) return;
    EQ(grat_scope_caps(sc)->generators, 1);
    for (unsigned w = 0; w < COUNT(waves); w++) {
        double sum = 0, low, high;
        unsigned ups = 0;
        grat_generator_init(&g);
        g.wave = waves[w];
        g.frequency = 1000.4;
        if (grat_generator_set(sc, &g, &actual, &op)) TEST_FAIL("%s", op.text);
        NEAR(actual.frequency, 1000, 1e-9);
        TRUE(isnan(actual.low) && isnan(actual.high));
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        span(kept, &low, &high);
        NEAR(low, -1, 0.1);
        NEAR(high, 1, 0.1);
        for (size_t i = 0; i < kept->count; i++) {
            sum += fabs(volts(kept, 0, i)) / (double)kept->count;
            ups += i && volts(kept, 0, i - 1) < 0 && volts(kept, 0, i) >= 0;
        }
        NEAR(sum, means[w], 0.05);
        NEAR(ups, (double)kept->count * kept->dt * 1000, 1.5);
    }
    g.wave = GRAT_WAVE_OFF;
    EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    for (size_t i = 0; i < kept->count; i++) TRUE(fabs(volts(kept, 0, i)) < 0.1);
    static const struct {
        const char *word;
        int wave;
        double high, stop, hz;
        grat_gen_trigger trigger;
        grat_err want;
    } rows[] = {{"one amplitude", GRAT_WAVE_SINE, 1, 0, 1000, 0, GRAT_ENOTSUP},
                {"no such wave, sweep", GRAT_WAVE_SINE, 0, 2000, 1000, 0, GRAT_ENOTSUP},
                {"no such wave, sweep", GRAT_WAVE_SINE, 0, 0, 1000, GRAT_GEN_SCOPE, GRAT_ENOTSUP},
                {"sine, square", GRAT_WAVE_ARBITRARY, 0, 0, 1000, 0, GRAT_ENOTSUP},
                {"no such wave, sweep", GRAT_WAVE_DC, 0, 0, 1000, 0, GRAT_ENOTSUP},
                {"no such wave, sweep", GRAT_WAVE_NOISE, 0, 0, 1000, 0, GRAT_ENOTSUP},
                {"nearest is 1 MHz", GRAT_WAVE_SINE, 0, 0, 1.1e6, 0, GRAT_ERANGE},
                {"nearest is 1 Hz", GRAT_WAVE_SINE, 0, 0, 0.3, 0, GRAT_ERANGE}};
    for (unsigned i = 0; i < COUNT(rows); i++) {
        grat_generator_init(&g);
        g.wave = (grat_wave)rows[i].wave;
        g.high = rows[i].high;
        g.stop = rows[i].stop;
        g.step = rows[i].stop > 0 ? 100 : 0;
        g.dwell = rows[i].stop > 0 ? 1e-3 : 0;
        g.frequency = rows[i].hz;
        g.trigger = rows[i].trigger;
        g.points = point;
        g.count = 2;
        grat_err e = grat_generator_set(sc, &g, NULL, &op);
        if (e != rows[i].want || !strstr(op.text, rows[i].word)) TEST_FAIL("row %u: %d %s", i, (int)e, op.text);
    }
    g.symmetry = 0;
    g.wave = GRAT_WAVE_TRIANGLE;
    EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_ENOTSUP);
    /* And what else this model does not. */
    grat_trigger_term t = term(GRAT_EVENT_PULSE, "A", 0, 0);
    t.least = 1e-4;
    q = with_terms("A", 1, &t);
    EQ(capture(sc, &q, 3000, keep), GRAT_ENOTSUP);
    grat_log_options o = {.size = sizeof o, .duration = 0.1, .mode = GRAT_LOG_STREAM};
    grat_log_sink sink = {.fn = keep};
    q = ask("A", 10e-3, 10000);
    EQ(grat_log(sc, &q, &o, &sink, &op), GRAT_ENOTSUP);
    grat_scope_close(sc);
    /* Other models have none. */
    sc = open_scope("PICO::ps3000::WAVE/30");
    if (!sc) return;
    EQ(grat_scope_caps(sc)->generators, 0);
    grat_generator_init(&g);
    g.wave = GRAT_WAVE_SINE;
    EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_ENOTSUP);
    grat_scope_close(sc);
}

/* Any number of points is one period; the frequency is what the counter of phases makes of it. */
TEST(points_of_the_oldest)
{
    static const unsigned counts[] = {2, 3, 1000, 3000, 4096};
    static double point[4097];
    grat_scope *sc = open_scope("PICO::ps2000::GEN/20");
    grat_request q = ask("A", 4e-3, 4000);
    grat_generator g, actual;
    if (!sc) return;
    grat_generator_init(&g);
    g.wave = GRAT_WAVE_ARBITRARY;
    g.points = point;
    for (unsigned k = 0; k < COUNT(counts); k++) {
        unsigned ups = 0;
        double first = -1, last = -1;
        g.count = counts[k];
        g.frequency = 2500;
        for (unsigned i = 0; i < counts[k]; i++) point[i] = 2 * i < counts[k] ? -1 : 1;
        EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
        NEAR(actual.frequency, 2500, 0.006);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        for (size_t i = 1; i < kept->count; i++) {
            if (!(volts(kept, 0, i - 1) < 0 && volts(kept, 0, i) >= 0)) continue;
            last = (double)i * kept->dt;
            if (!ups++) first = last;
        }
        TRUE(ups >= 9);
        NEAR((last - first) / (ups - 1), 400e-6, 1e-6);
    }
    g.frequency = 0.1;
    EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_OK);
    NEAR(actual.frequency, 9 * 48e6 / 4294967296.0, 1e-9);
    g.count = 4097;
    EQ(grat_generator_set(sc, &g, &actual, &op), GRAT_ERANGE);
    grat_scope_close(sc);
}

/* The frequencies of a record one after the other, in 500 Hz; those that do not last two periods are left out. */
static unsigned frequencies(const grat_record *r, unsigned *out, unsigned most)
{
    double last = -1, edge;
    unsigned n = 0, before = 0;
    for (size_t i = 1; i < r->count; i++) {
        if (!(volts(r, 0, i - 1) < 0 && volts(r, 0, i) >= 0)) continue;
        edge = (double)i * r->dt;
        double hz = last < 0 ? 0 : 1 / (edge - last);
        unsigned now = (unsigned)lround(hz / 500);
        bool fits = now && fabs(hz - now * 500.0) < 0.05 * hz;
        if (fits && now == before && (!n || out[n - 1] != now) && n < most) out[n++] = now;
        before = fits ? now : 0;
        last = edge;
    }
    return n;
}

static void check_sweep(grat_scope *sc, const char *resource, grat_generator *g)
{
    static const unsigned up[] = {2, 3, 4}, down[] = {4, 3, 2}, both[] = {2, 3, 4, 3};
    const unsigned *want = g->way == GRAT_SWEEP_UP ? up : g->way == GRAT_SWEEP_DOWN ? down : both;
    unsigned all = g->way < GRAT_SWEEP_UP_DOWN ? 3 : 4, seen[16], n, at = 0;
    grat_request q = ask("A", 40e-3, 4000);
    if (grat_generator_set(sc, g, NULL, &op)) TEST_FAIL("%s: %s", resource, op.text);
    EQ(capture(sc, &q, 5000, keep), GRAT_OK);
    n = frequencies(kept, seen, 16);
    if (n < 6) TEST_FAIL("%s way %d: %u frequencies", resource, (int)g->way, n);
    while (at < all && (want[at] != seen[0] || want[(at + 1) % all] != seen[1])) at++;
    for (unsigned i = 0; i < n; i++)
        if (seen[i] != want[(at + i) % all]) TEST_FAIL("%s way %d: %u", resource, (int)g->way, seen[i] * 500);
}

TEST(generator_sweeps)
{
    static const char *const resources[] = {"PICO::ps2000::GEN/20", "PICO::ps2000a::GEN/2", "PICO::ps4000::GEN/40",
                                            "PICO::ps4000a::GEN/4", "PICO::ps5000a::GEN/5", "PICO::ps6000a::GEN/6",
                                            "PICO::psospa::GEN/7", "PICO::ps6000::GEN/60",
                                            "PICO::ps5000::GEN/50"};
    static const double points[] = {-1, 1};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_generator g;
        if (!sc) continue;
        grat_generator_init(&g);
        g.wave = GRAT_WAVE_SQUARE;
        g.low = -1;
        g.high = 1;
        g.stop = 2000;
        g.step = 500;
        g.dwell = 4e-3;
        for (int way = GRAT_SWEEP_UP; way <= GRAT_SWEEP_DOWN_UP; way++) {
            g.way = (grat_sweep_way)way;
            check_sweep(sc, resources[u], &g);
        }
        g.wave = GRAT_WAVE_ARBITRARY;
        g.points = points;
        g.count = 2;
        g.way = GRAT_SWEEP_UP;
        if (u) check_sweep(sc, resources[u], &g);
        else EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_ENOTSUP);
        grat_scope_close(sc);
    }
}

/* Two periods of 4 kHz after each trigger, and nothing else. */
static void check_bursts(const grat_record *r, const char *what, bool again)
{
    unsigned wrong = 0;
    for (size_t i = 0; i < r->count; i++) {
        double t = r->t0 + (double)i * r->dt, v = fabs(volts(r, 0, i)), at = again ? t - floor(t / 2e-3) * 2e-3 : t;
        bool edge = at < 0 ? at > -5e-6 : fabs(at - 0.5e-3) < 5e-6 || at < 5e-6 || at > 2e-3 - 5e-6;
        if (!edge) wrong += at >= 0 && at < 0.5e-3 ? v < 0.9 : v > 0.05;
    }
    if (wrong) TEST_FAIL("%s: %u wrong", what, wrong);
}

TEST(generator_triggered)
{
    static const char *const resources[] = {"PICO::ps2000a::GEN/2", "PICO::ps4000::GEN/40", "PICO::ps4000a::GEN/4",
                                            "PICO::ps5000a::GEN/5", "PICO::ps6000a::GEN/6", "PICO::psospa::GEN/7",
                                            "PICO::ps6000::GEN/60", "PICO::ps5000::GEN/50"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_request q = ask("AB", 1.8e-3, 1800);
        grat_generator g;
        if (!sc) continue;
        grat_generator_init(&g);
        g.wave = GRAT_WAVE_SQUARE;
        g.low = -1;
        g.high = 1;
        g.frequency = 4000;
        g.cycles = 2;
        g.trigger = GRAT_GEN_SCOPE;
        q.trigger = GRAT_TRIG_EDGE;
        q.pre = 0.5;
        snprintf(q.trigger_source, sizeof q.trigger_source, "B");
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        check_bursts(kept, resources[u], false);
        g.trigger = GRAT_GEN_EXT;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_OK);
        snprintf(q.trigger_source, sizeof q.trigger_source, "EXT");
        q.period = 7e-3;
        q.samples = 7000;
        /* The first edge has to have come. */
        nanosleep(&(struct timespec){0, 5000000}, NULL);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        check_bursts(kept, resources[u], true);
        grat_scope_close(sc);
    }
}

/* Three periods after the software trigger, nothing before it. */
TEST(generator_burst)
{
    static const char *const resources[] = {"PICO::ps2000a::GEN/2", "PICO::ps4000a::GEN/4", "PICO::ps6000a::GEN/6"};
    for (unsigned u = 0; u < COUNT(resources); u++) {
        grat_scope *sc = open_scope(resources[u]);
        grat_generator g;
        grat_request q = ask("A", 5e-3, 5000);
        double low, high;
        if (!sc) continue;
        grat_generator_init(&g);
        g.wave = GRAT_WAVE_SQUARE;
        g.low = -1;
        g.high = 1;
        g.frequency = 1000;
        g.trigger = GRAT_GEN_SOFTWARE;
        g.cycles = 3;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        span(kept, &low, &high);
        TRUE(fabs(low) < 0.05 && fabs(high) < 0.05);
        g.fire = true;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_OK);
        g.fire = false;
        g.trigger = GRAT_GEN_FREE;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_EINVAL);
        g.cycles = 0;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_OK);
        EQ(capture(sc, &q, 5000, keep), GRAT_OK);
        span(kept, &low, &high);
        TRUE(low < -0.9 && high > 0.9);
        g.fire = true;
        EQ(grat_generator_set(sc, &g, NULL, &op), GRAT_EINVAL);
        grat_scope_close(sc);
    }
}

/* ---- in the process ------------------------------------------------------------------------------------------ */

TEST(simulated)
{
    static const struct {
        const char *resource, *model;
        unsigned analog;
    } rows[] = {{"SIM::ps3205", "3205", 2}, {"SIM::ps4424", "4424", 4}, {"SIM::ps6404", "6404", 4},
                {"SIM::ps5204", "5204", 2},
                {"SIM::ps2204a", "2204A", 2},
                {"SIM::ps2406b", "2406B", 4}, {"SIM::ps3206dmso", "3206DMSO", 2},
                {"SIM::ps4824a", "4824A", 8}, {"SIM::ps5444d", "5444D", 4}, {"SIM::ps6824e", "6824E", 8},
                {"SIM::ps3418e", "3418E", 4}};
    grat_session *none;
    for (unsigned i = 0; i < COUNT(rows); i++) {
        grat_scope *a = open_scope(rows[i].resource), *b = open_scope(rows[i].resource);
        grat_request q = ask("A", 2e-3, 1000);
        if (!a || !b) continue;
        STR(grat_scope_identity(a)->model, rows[i].model);
        TRUE(strcmp(grat_scope_identity(a)->serial, grat_scope_identity(b)->serial) != 0);
        EQ(grat_scope_caps(a)->analog, rows[i].analog);
        q.trigger = GRAT_TRIG_EDGE;
        q.trigger_level = 0.5;
        snprintf(q.trigger_source, sizeof q.trigger_source, "A");
        if (capture(a, &q, 5000, keep)) TEST_FAIL("%s: %s", rows[i].resource, op.text);
        size_t z = zero_of(kept);
        TRUE(volts(kept, 0, z) >= 0.49 && volts(kept, 0, z - 1) < 0.5);
        EQ(capture(b, &q, 5000, keep), GRAT_OK);
        q = ask("A", 1e-3, 0);
        EQ(capture(b, &q, 5000, keep), GRAT_OK);
        EQ(grat_scope_flash(b, &op), i == COUNT(rows) - 1 ? GRAT_ENOTSUP : GRAT_OK);
        grat_scope_close(a);
        grat_scope_close(b);
    }
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open("SIM::ps9999x", NULL, &op, &none), GRAT_ENODEV);
}

int main(void)
{
    if (!use_standins(units)) return 1;
    RUN(block_modes);
    RUN(aggregated_lines);
    RUN(eight_channels);
    RUN(equivalent_time);
    RUN(stream_modes);
    RUN(first_overrun);
    RUN(streams_apart);
    RUN(power_changes);
    RUN(events);
    RUN(external_level);
    RUN(line_events);
    RUN(ten_thousand_segments);
    RUN(untimed_segments);
    RUN(a_log_ends_within_its_segments);
    RUN(cancelled_segments);
    RUN(codes_of_points);
    RUN(generator_waves);
    RUN(points_of_the_oldest);
    RUN(plain_generator);
    RUN(generator_sweeps);
    RUN(generator_triggered);
    RUN(generator_burst);
    RUN(simulated);
    grat_record_unref(kept);
    return TEST_RESULT();
}
