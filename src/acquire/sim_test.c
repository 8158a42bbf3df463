/* Captures from the simulated DS1000Z, through the public header only. */
#include <graticule/graticule.h>

#include "test.h"

static grat_op op;
static grat_record *kept;
static unsigned got;

static bool keep(void *user, grat_record *r)
{
    (void)user;
    grat_record_unref(kept);
    kept = grat_record_ref(r);
    got++;
    return true;
}

static grat_scope *open_scope(const char *resource)
{
    grat_session *s = NULL;
    grat_scope *sc = NULL;
    grat_op_init(&op, 30000, NULL);
    EQ(grat_open(resource, NULL, &op, &s), GRAT_OK);
    if (!s) return NULL;
    EQ(grat_scope_open(s, &op, &sc), GRAT_OK);
    if (!sc) grat_close(s);
    return sc;
}

static grat_err capture(grat_scope *sc, const grat_request *q)
{
    grat_record_unref(kept);
    kept = NULL;
    got = 0;
    grat_err err = grat_capture(sc, q, keep, NULL, &op);
    if (err) fprintf(stderr, "note: %s\n", op.text);
    return err;
}

static double measured(unsigned trace, const char *name)
{
    grat_measurement m[GRAT_MEASUREMENTS];
    unsigned n = kept ? grat_measure(kept, trace, m) : 0;
    for (unsigned i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0) return m[i].value;
    return NAN;
}

static grat_request edge(const char *source, double level)
{
    grat_request q;
    grat_request_init(&q);
    q.trigger = GRAT_TRIG_EDGE;
    snprintf(q.trigger_source, sizeof q.trigger_source, "%s", source);
    q.trigger_level = level;
    return q;
}

TEST(one_screen_of_a_sine)
{
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_request q = edge("1", 0);
    q.any_channel = q.channel[0] = true;
    q.period = 5e-3;
    q.has_range = true, q.low = -2, q.high = 2;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(got, 1);
    if (kept) {
        EQ(kept->count, 1200);
        EQ(kept->traces, 1);
        EQ(kept->flags, GRAT_REC_PREVIEW);
        NEAR(kept->dt * 1200, 6e-3, 1e-9);
        NEAR(measured(0, "frequency"), 1000, 10);
        NEAR(kept->trace[0].range_high, 2, 0.1);
        /* It rises through the level at the trigger. */
        double v[3];
        size_t at = (size_t)(-kept->t0 / kept->dt + 0.5);
        grat_trace_values(&kept->trace[0], at - 1, 3, v);
        NEAR(v[1], 0, 0.1);
    }
    grat_scope_close(sc);
}

TEST(memory_of_two_channels)
{
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_request q = edge("1", 0);
    q.any_channel = q.channel[0] = q.channel[1] = true;
    q.period = 12e-3;
    q.samples = 500000;
    EQ(capture(sc, &q), GRAT_OK);
    if (kept) {
        TRUE(kept->count >= 500000 && kept->count <= 600000);
        EQ(kept->traces, 2);
        EQ(kept->flags & (GRAT_REC_PREVIEW | GRAT_REC_CUT | GRAT_REC_FORCED), 0);
        NEAR(kept->dt, 20e-9, 1e-12);
        NEAR(measured(0, "frequency"), 1000, 1);
        NEAR(measured(1, "frequency"), 1000, 1);
    }
    grat_settings s;
    EQ(grat_scope_get(sc, &s, &op), GRAT_OK);
    EQ(s.depth, 600000);
    grat_scope_close(sc);
}

TEST(without_a_trigger)
{
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_request q = edge("1", 3.9);
    grat_op_init(&op, 800, NULL);
    EQ(capture(sc, &q), GRAT_ETIMEOUT);
    EQ(got, 1);
    EQ(kept ? kept->flags & (GRAT_REC_FORCED | GRAT_REC_CUT) : 0, GRAT_REC_FORCED | GRAT_REC_CUT);
    grat_scope_state state;
    grat_op_init(&op, 20000, NULL);
    EQ(grat_scope_state_get(sc, &state, &op), GRAT_OK);
    EQ(state, GRAT_STATE_STOPPED);
    q.trigger = GRAT_TRIG_AUTO;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(kept ? kept->flags & GRAT_REC_FORCED : 0, GRAT_REC_FORCED);
    q.trigger = GRAT_TRIG_NONE;
    q.count = 3;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(got, 3);
    EQ(kept ? kept->number : 0, 2);
    /* The sweep is AUTO now: a capture that keeps the trigger does not wait for one. */
    grat_request_init(&q);
    EQ(capture(sc, &q), GRAT_OK);
    EQ(capture(sc, &q), GRAT_OK);
    grat_scope_close(sc);
}

TEST(the_screen_as_it_is)
{
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_settings before, after;
    grat_scope_state state;
    grat_request q;
    grat_request_init(&q);
    q.current = q.memory = true;
    EQ(grat_scope_get(sc, &before, &op), GRAT_OK);
    EQ(capture(sc, &q), GRAT_OK);
    EQ(kept ? kept->traces : 0, 2);
    EQ(grat_scope_get(sc, &after, &op), GRAT_OK);
    EQ(after.sweep, before.sweep);
    NEAR(after.timebase, before.timebase, 0);
    EQ(grat_scope_state_get(sc, &state, &op), GRAT_OK);
    TRUE(state != GRAT_STATE_STOPPED);
    grat_scope_close(sc);
}

TEST(analogue_and_logic_together)
{
    grat_scope *sc = open_scope("SIM::mso1104z");
    if (!sc) return;
    grat_request q = edge("1", 0);
    q.any_channel = q.channel[0] = q.digital[1] = q.digital[9] = true;
    q.channel[2] = true;
    EQ(capture(sc, &q), GRAT_ERANGE);
    q.channel[2] = false;
    q.memory = true;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(kept ? kept->traces : 0, 3);
    if (kept && kept->traces == 3) {
        STR(kept->trace[2].name, "D9");
        TRUE(kept->trace[1].logic);
    }
    q.memory = false;
    for (unsigned lines = 0; lines < 3; lines++) {
        q.digital[1] = lines != 1, q.digital[9] = lines != 0;
        q.period = 1e-3, q.samples = 5000;
        EQ(capture(sc, &q), GRAT_OK);
        TRUE(kept && (double)kept->count * kept->dt >= 0.99e-3 && kept->dt <= 0.2001e-6);
    }
    grat_scope_close(sc);
}

TEST(quirks)
{
    grat_scope *sc = open_scope("SIM::ds1104z?status-lag-ms=150,raw-points-stuck=1");
    if (!sc) return;
    grat_request q = edge("1", 0);
    q.any_channel = q.channel[0] = true;
    q.period = 12e-3, q.samples = 100000;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(kept ? kept->count : 0, 120000);
    q.period = 1e-3, q.samples = 0, q.count = 3;
    EQ(capture(sc, &q), GRAT_OK);
    EQ(got, 3);
    grat_scope_close(sc);
}

TEST(an_impossible_request_changes_nothing)
{
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_settings before, after;
    grat_request q = edge("1", 0);
    q.period = 1e-6, q.samples = 1000000;
    EQ(grat_scope_get(sc, &before, &op), GRAT_OK);
    EQ(capture(sc, &q), GRAT_ERANGE);
    EQ(grat_scope_get(sc, &after, &op), GRAT_OK);
    NEAR(after.timebase, before.timebase, 0);
    EQ(after.depth, before.depth);
    grat_scope_close(sc);
}

TEST(not_a_scope)
{
    grat_session *s = NULL;
    grat_scope *sc = NULL;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open("SIM::plain", NULL, &op, &s), GRAT_OK);
    if (!s) return;
    EQ(grat_scope_open(s, &op, &sc), GRAT_ENODEV);
    TRUE(strstr(op.text, "screenshot"));
    grat_close(s);
}

int main(void)
{
    RUN(one_screen_of_a_sine);
    RUN(memory_of_two_channels);
    RUN(without_a_trigger);
    RUN(the_screen_as_it_is);
    RUN(analogue_and_logic_together);
    RUN(quirks);
    RUN(an_impossible_request_changes_nothing);
    RUN(not_a_scope);
    grat_record_unref(kept);
    return TEST_RESULT();
}
