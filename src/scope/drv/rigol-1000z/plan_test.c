#include "scope/drv/rigol-1000z/rigol.h"
#include "scope/ladder.h"
#include "test.h"

static grat_caps caps;
static grat_settings now, want;
static grat_request q;
static unsigned mask;
static grat_op op;

static void fresh(const char *model)
{
    rigol_caps(model, &caps);
    now = (grat_settings){.timebase = 1e-3, .sweep = GRAT_SWEEP_NORMAL, .trigger_source = "1",
                          .trigger_slope = GRAT_RISING};
    for (int i = 0; i < 4; i++)
        now.channel[i] = (grat_channel_settings){.scale = 1, .probe = 10, .coupling = GRAT_DC};
    now.channel[0].enabled = true;
    q = (grat_request){.size = sizeof q, .pre = -1};
    mask = 0;
    grat_op_init(&op, 1000, NULL);
}

static grat_err plan(void)
{
    return rigol_plan(&caps, &now, &q, &want, &mask, &op);
}

TEST(ladder_steps)
{
    NEAR(grat__ladder_up(1), 1, 0);
    NEAR(grat__ladder_up(1.001), 2, 0);
    NEAR(grat__ladder_up(0.2), 0.2, 1e-15);
    NEAR(grat__ladder_up(3e-9), 5e-9, 1e-20);
    NEAR(grat__ladder_up(7), 10, 0);
    NEAR(grat__ladder_next(5), 10, 0);
    NEAR(grat__ladder_next(10), 20, 0);
    NEAR(grat__ladder_nearest(9), 10, 0);
    NEAR(grat__ladder_nearest(1.1), 1, 0);
    NEAR(grat__ladder_nearest(10), 10, 0);
}

TEST(models)
{
    fresh("DS1104Z");
    EQ(caps.analog, 4);
    EQ(caps.digital, 0);
    NEAR(caps.bandwidth_hz, 100e6, 1);
    EQ(caps.max_depth[1], 24000000);
    EQ(caps.max_depth[3], 6000000);
    rigol_caps("DS1054Z", &caps);
    NEAR(caps.bandwidth_hz, 50e6, 1);
    rigol_caps("MSO1104Z-S", &caps);
    EQ(caps.digital, 16);
    EQ(caps.generators, 2);
    rigol_caps("DS1202Z-E", &caps);
    EQ(caps.analog, 2);
    NEAR(caps.bandwidth_hz, 200e6, 1);
    NEAR(caps.min_timebase, 2e-9, 1e-15);
    TRUE(!rigol_caps("DS2072A", &caps));
    EQ(rigol_quirks("DS1054Z", "00.04.02.SP4") & RIGOL_RAW_POINTS_STUCK, RIGOL_RAW_POINTS_STUCK);
}

TEST(nothing_asked_changes_nothing)
{
    fresh("DS1104Z");
    EQ(plan(), GRAT_OK);
    EQ(mask, 0);
}

TEST(period_rounds_up)
{
    fresh("DS1104Z");
    q.period = 2e-3;
    EQ(plan(), GRAT_OK);
    NEAR(want.timebase, 200e-6, 1e-12);
    EQ(mask, GRAT_SET_TIMEBASE);
    q.period = 12e-3;
    EQ(plan(), GRAT_OK);
    NEAR(want.timebase, 1e-3, 1e-12);
    q.period = 1e-9;
    EQ(plan(), GRAT_OK);
    NEAR(want.timebase, 5e-9, 1e-18);
    q.period = 601;
    EQ(plan(), GRAT_ERANGE);
    TRUE(strstr(op.text, "600 s"));
}

TEST(pretrigger_moves_the_centre)
{
    fresh("DS1104Z");
    q.period = 12e-3;
    q.pre = 0;
    EQ(plan(), GRAT_OK);
    NEAR(want.delay, 6e-3, 1e-12);
    q.pre = 1;
    EQ(plan(), GRAT_OK);
    NEAR(want.delay, -6e-3, 1e-12);
    q.pre = 1.5;
    EQ(plan(), GRAT_EINVAL);
}

TEST(depth_from_the_row_of_the_channels)
{
    fresh("DS1104Z");
    q.period = 12e-3;
    q.samples = 12000;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 12000);
    TRUE(mask & GRAT_SET_DEPTH);
    q.samples = 12001;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 120000);
    q.any_channel = q.channel[0] = q.channel[1] = true;
    q.samples = 5000;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 6000);
    q.channel[2] = true;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 30000);
    q.samples = 1200;
    EQ(plan(), GRAT_OK);
    TRUE(!(mask & GRAT_SET_DEPTH));
    fresh("MSO1104Z");
    q.period = 12e-3;
    q.samples = 5000;
    q.any_channel = q.channel[0] = q.digital[0] = true;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 6000);
    q.digital[8] = true;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 30000);
}

TEST(samples_count_over_the_period_not_the_screen)
{
    fresh("DS1104Z");
    q.period = 7e-3; /* 1 ms/div: the screen is 12 ms */
    q.samples = 10000;
    EQ(plan(), GRAT_OK);
    EQ(want.depth, 120000);
}

TEST(samples_beyond_rate_and_memory)
{
    fresh("DS1104Z");
    q.period = 12e-6;
    q.samples = 20000; /* 1 GSa/s gives 12000 */
    EQ(plan(), GRAT_ERANGE);
    TRUE(strstr(op.text, "12 kS"));
    q.period = 12;
    q.samples = 25000000;
    EQ(plan(), GRAT_ERANGE);
    TRUE(strstr(op.text, "24 MS"));
}

TEST(digital_counts_and_excludes)
{
    fresh("MSO1104Z");
    q.any_channel = q.digital[0] = q.digital[9] = true;
    q.period = 12e-3;
    q.samples = 5000;
    EQ(plan(), GRAT_OK);
    TRUE(want.digital_on && want.digital[9] && !want.channel[0].enabled);
    EQ(want.depth, 6000);
    q.channel[3] = true;
    EQ(plan(), GRAT_ERANGE);
    q.channel[3] = false;
    q.channel[2] = true;
    EQ(plan(), GRAT_ERANGE);
    q.digital[9] = false;
    EQ(plan(), GRAT_OK);
    fresh("DS1104Z");
    q.any_channel = q.digital[0] = true;
    EQ(plan(), GRAT_ERANGE);
    fresh("DS1102Z-E");
    q.any_channel = q.channel[2] = true;
    EQ(plan(), GRAT_ERANGE);
}

TEST(range_gives_scale_and_offset)
{
    fresh("DS1104Z");
    q.has_range = true;
    q.low = 0;
    q.high = 8;
    EQ(plan(), GRAT_OK);
    NEAR(want.channel[0].scale, 1, 1e-9);
    NEAR(want.channel[0].offset, -4, 1e-9);
    EQ(mask, GRAT_SET_SCALE | GRAT_SET_OFFSET);
    q.low = -1;
    q.high = 1.1;
    EQ(plan(), GRAT_OK);
    NEAR(want.channel[0].scale, 0.5, 1e-9);
    NEAR(want.channel[1].scale, 1, 0);
    q.probe = 1;
    EQ(plan(), GRAT_OK);
    NEAR(want.channel[0].scale, 0.5, 1e-9);
}

TEST(range_beyond_the_fine_offset_takes_a_coarser_scale)
{
    fresh("DS1104Z");
    q.probe = 1;
    q.has_range = true;
    q.low = 2.9;
    q.high = 3.1; /* 50 mV/div would need 3 V of offset, 2 V is the most */
    EQ(plan(), GRAT_OK);
    NEAR(want.channel[0].scale, 0.5, 1e-9);
    q.low = 2.0;
    q.high = 2.2; /* the offset at its stop, and a step that reaches */
    EQ(plan(), GRAT_OK);
    NEAR(want.channel[0].scale, 0.05, 1e-9);
    NEAR(want.channel[0].offset, -2, 1e-9);
    q.low = -1;
    q.high = 200;
    EQ(plan(), GRAT_ERANGE);
    q.low = 1;
    q.high = 1;
    EQ(plan(), GRAT_EINVAL);
}

TEST(trigger_settings)
{
    fresh("DS1104Z");
    q.trigger = GRAT_TRIG_EDGE;
    snprintf(q.trigger_source, sizeof q.trigger_source, "2");
    q.trigger_slope = GRAT_FALLING;
    q.trigger_level = 4.5;
    EQ(plan(), GRAT_OK);
    EQ(mask, GRAT_SET_TRIGGER);
    STR(want.trigger_source, "2");
    STR(want.trigger_type, "edge");
    EQ(want.trigger_slope, GRAT_FALLING);
    q.trigger_level = 5.5;
    EQ(plan(), GRAT_ERANGE);
    TRUE(strstr(op.text, "5 V"));
    snprintf(q.trigger_source, sizeof q.trigger_source, "D3");
    EQ(plan(), GRAT_ERANGE);
    q.trigger = GRAT_TRIG_NONE;
    EQ(plan(), GRAT_OK);
    EQ(mask, GRAT_SET_SWEEP);
    EQ(want.sweep, GRAT_SWEEP_AUTO);
}

TEST(probe_steps)
{
    fresh("DS1104Z");
    q.probe = 3;
    EQ(plan(), GRAT_ERANGE);
    q.probe = 0.02;
    EQ(plan(), GRAT_OK);
}

int main(void)
{
    RUN(ladder_steps);
    RUN(models);
    RUN(nothing_asked_changes_nothing);
    RUN(period_rounds_up);
    RUN(pretrigger_moves_the_centre);
    RUN(depth_from_the_row_of_the_channels);
    RUN(samples_count_over_the_period_not_the_screen);
    RUN(samples_beyond_rate_and_memory);
    RUN(digital_counts_and_excludes);
    RUN(range_gives_scale_and_offset);
    RUN(range_beyond_the_fine_offset_takes_a_coarser_scale);
    RUN(trigger_settings);
    RUN(probe_steps);
    return TEST_RESULT();
}
