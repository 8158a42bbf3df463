/* What scopes show, from simulated ones, through the public header only. */
#include <graticule/graticule.h>

#include "test.h"

static grat_op op;

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

static double frequency(const grat_record *r, unsigned trace)
{
    grat_measurement m[GRAT_MEASUREMENTS];
    unsigned n = grat_measure(r, trace, m);
    for (unsigned i = 0; i < n; i++)
        if (strcmp(m[i].name, "frequency") == 0) return m[i].value;
    return NAN;
}

TEST(a_running_scope_goes_on)
{
    grat_glance g = {0};
    grat_scope_state state = 0;
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_session *s = grat_scope_session(sc);
    EQ(grat_puts(s, ":RUN;:CHAN2:DISP 1;:TIM:SCAL 1e-3;:CHAN1:SCAL 0.5", &op), GRAT_OK);
    EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
    if (g.record) {
        EQ(g.record->traces, 2);
        EQ(g.record->count, 1200);
        NEAR(frequency(g.record, 0), 1000, 10);
        NEAR(g.settings.timebase, 1e-3, 1e-9);
        NEAR(g.settings.channel[0].scale, 0.5, 1e-6);
        NEAR(g.record->trace[0].range_high - g.record->trace[0].range_low, 4, 1e-6);
        EQ(g.record->flags, GRAT_REC_PREVIEW);
    }
    EQ(grat_scope_state_get(sc, &state, &op), GRAT_OK);
    TRUE(state != GRAT_STATE_STOPPED);
    grat_record_unref(g.record);
    grat_scope_close(sc);
}

/* Somebody at the front panel; then one who leaves another mode and window behind. */
TEST(knobs_that_others_turn)
{
    grat_glance g = {0};
    grat_scope *sc = open_scope("SIM::ds1104z");
    if (!sc) return;
    grat_session *s = grat_scope_session(sc);
    EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
    grat_record_unref(g.record);
    EQ(grat_puts(s, ":CHAN1:SCAL 2;:CHAN1:OFFS 1;:CHAN3:DISP 1;:CHAN2:DISP 0;:TRIG:EDG:LEV 0.3;:TIM:SCAL 2e-4", &op),
       GRAT_OK);
    for (unsigned i = 0; i < 24; i++) {
        EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
        if (i < 23) grat_record_unref(g.record);
    }
    EQ(g.record->traces, 2);
    STR(g.record->trace[1].name, "3");
    NEAR(g.settings.channel[0].scale, 2, 1e-6);
    NEAR(g.settings.channel[0].offset, 1, 0.05);
    NEAR(g.settings.trigger_level, 0.3, 0.05);
    NEAR(g.record->dt, 2e-6, 1e-12);
    grat_record_unref(g.record);
    EQ(grat_puts(s, ":STOP;:WAV:MODE RAW;:WAV:STAR 11;:WAV:STOP 500", &op), GRAT_OK);
    EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
    EQ(g.record->count, 1200);
    grat_record_unref(g.record);
    EQ(grat_puts(s, ":CHAN1:DISP 0;:CHAN3:DISP 0", &op), GRAT_OK);
    for (unsigned i = 0; i < 24; i++) {
        EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
        if (i < 23) grat_record_unref(g.record);
    }
    EQ(g.record->traces, 0);
    grat_record_unref(g.record);
    grat_scope_close(sc);
}

TEST(digital_lines_in_turn)
{
    grat_glance g = {0};
    grat_scope *sc = open_scope("SIM::mso1104z");
    if (!sc) return;
    grat_session *s = grat_scope_session(sc);
    EQ(grat_puts(s, ":CHAN3:DISP 0;:CHAN4:DISP 0;:LA:STAT 1", &op), GRAT_OK);
    for (unsigned i = 0; i < 7; i++) {
        char line[40];
        snprintf(line, sizeof line, ":LA:DIG%u:DISP 1", i);
        EQ(grat_puts(s, line, &op), GRAT_OK);
    }
    for (unsigned i = 0; i < 3; i++) {
        EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
        unsigned lines = 0;
        for (unsigned k = 0; g.record && k < g.record->traces; k++) {
            const grat_trace *t = &g.record->trace[k];
            if (!t->logic) continue;
            char name[8];
            snprintf(name, sizeof name, "D%u", lines++);
            STR(t->name, name);
            const uint8_t *v = t->raw;
            for (size_t n = 0; n < g.record->count; n++)
                if (v[n] > 1) TEST_FAIL("no bit: %u", v[n]);
        }
        TRUE(lines >= 7);
        grat_record_unref(g.record);
    }
    grat_scope_close(sc);
}

/* One that does not run by itself: armed over several calls, and not forgotten. */
TEST(a_trigger_that_does_not_come)
{
    grat_glance g = {0};
    grat_scope *sc = open_scope("SIM::bitscope");
    if (!sc) return;
    EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
    TRUE(g.record && g.record->count > 100);
    grat_record_unref(g.record);
    grat_settings want = g.settings;
    want.sweep = GRAT_SWEEP_NORMAL;
    want.trigger_level = want.channel[0].scale * 3.9 - want.channel[0].offset;
    EQ(grat_scope_set(sc, &want, GRAT_SET_SWEEP | GRAT_SET_TRIGGER, &op), GRAT_OK);
    for (unsigned i = 0; i < 3; i++) {
        grat_op_init(&op, 30, NULL);
        EQ(grat_scope_glance(sc, &g, &op), GRAT_ENODATA);
    }
    grat_op_init(&op, 5000, NULL);
    want.sweep = GRAT_SWEEP_AUTO;
    EQ(grat_scope_set(sc, &want, GRAT_SET_SWEEP, &op), GRAT_OK);
    EQ(grat_scope_glance(sc, &g, &op), GRAT_OK);
    EQ(g.state, GRAT_STATE_AUTO);
    grat_record_unref(g.record);
    grat_scope_close(sc);
}

int main(void)
{
    RUN(a_running_scope_goes_on);
    RUN(knobs_that_others_turn);
    RUN(digital_lines_in_turn);
    RUN(a_trigger_that_does_not_come);
    return TEST_RESULT();
}
