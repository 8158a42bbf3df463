#include <graticule/binding.h>

#include "test.h"

void grat_request_init(grat_request *q)
{
    *q = (grat_request){.size = sizeof *q, .pre = -1};
}

static grat_op op;
static grat_request q;

static grat_err trigger(const char *text)
{
    grat_op_init(&op, 0, NULL);
    grat_request_init(&q);
    return grat_request_trigger(&q, text, &op);
}

static grat_err channels(const char *text)
{
    grat_op_init(&op, 0, NULL);
    grat_request_init(&q);
    return grat_request_channels(&q, text, &op);
}

TEST(events)
{
    EQ(trigger("A:pulse@0.5V,5us..20us"), GRAT_OK);
    EQ(q.terms, 1);
    EQ(q.trigger, GRAT_TRIG_EDGE);
    EQ(q.term[0].event, GRAT_EVENT_PULSE);
    EQ(q.term[0].slope, GRAT_RISING);
    STR(q.term[0].source, "1");
    NEAR(q.term[0].level, 0.5, 1e-12);
    NEAR(q.term[0].least, 5e-6, 1e-15);
    NEAR(q.term[0].most, 20e-6, 1e-15);
    EQ(trigger("2:pulse:falling@0.5V,..20us"), GRAT_OK);
    EQ(q.term[0].slope, GRAT_FALLING);
    NEAR(q.term[0].least, 0, 0);
    EQ(trigger("H:window@-1V..1V"), GRAT_OK);
    STR(q.term[0].source, "8");
    NEAR(q.term[0].level, -1, 0);
    NEAR(q.term[0].upper, 1, 0);
    EQ(trigger("A:outside@-1V..1V,10us.."), GRAT_OK);
    EQ(q.term[0].slope, GRAT_BELOW);
    EQ(trigger("A:runt:falling@0.2V..0.8V"), GRAT_OK);
    EQ(q.term[0].event, GRAT_EVENT_RUNT);
    EQ(trigger("A:timeout:either@0.5V,1ms"), GRAT_OK);
    EQ(q.term[0].slope, GRAT_EITHER);
    NEAR(q.term[0].least, 1e-3, 1e-12);
    EQ(trigger("A:above@1V & B:rising@-0.5V & D0=1 | ext:falling@1V"), GRAT_OK);
    EQ(q.terms, 4);
    EQ(q.term[0].slope, GRAT_ABOVE);
    STR(q.term[2].source, "D0");
    EQ(q.term[2].slope, GRAT_ABOVE);
    TRUE(!q.term[2].or_else && q.term[3].or_else);
    STR(q.term[3].source, "ext");
    EQ(trigger("D0=1,D3=0"), GRAT_OK);
    EQ(q.terms, 0);
    static const char *const bad[] = {
        "A:pulse@1V", "A:pulse@1V,5us", "A:pulse@1V,20us..5us", "A:pulse@1V,..", "A:window@1V", "A:window@1V..-1V",
        "A:runt", "A:timeout@1V", "A:timeout@1V,0s", "A:rising@1V,5us..6us", "A:above@1V&", "&A:above@1V",
        "Z:pulse@1V,1us..", "A=1&B:rising@1V", "A:rising:pulse@1V", "A:pulse:up@1V,1us..",
        "1:rising|1:rising|1:rising|1:rising|1:rising|1:rising|1:rising|1:rising|1:rising"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (trigger(bad[i]) != GRAT_EPARSE) TEST_FAIL("%s", bad[i]);
}

TEST(triggers)
{
    EQ(trigger("1:rising@0.5V"), GRAT_OK);
    EQ(q.trigger, GRAT_TRIG_EDGE);
    EQ(q.trigger_slope, GRAT_RISING);
    STR(q.trigger_source, "1");
    NEAR(q.trigger_level, 0.5, 1e-12);
    EQ(trigger("D13:falling"), GRAT_OK);
    STR(q.trigger_source, "D13");
    EQ(q.trigger_slope, GRAT_FALLING);
    EQ(trigger("ch4@-200mV"), GRAT_OK);
    STR(q.trigger_source, "4");
    NEAR(q.trigger_level, -0.2, 1e-12);
    EQ(trigger("line:either"), GRAT_OK);
    EQ(q.trigger_slope, GRAT_EITHER);
    EQ(trigger("none"), GRAT_OK);
    EQ(q.trigger, GRAT_TRIG_NONE);
    EQ(trigger("AUTO"), GRAT_OK);
    EQ(q.trigger, GRAT_TRIG_AUTO);
}

TEST(bad_triggers)
{
    static const char *const bad[] = {"", "9", "1:", "1:up", ":rising", "D16", "1@", "1@2s", "@1V", "1:rising:falling"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        EQ(trigger(bad[i]), GRAT_EPARSE);
        TRUE(op.text[0]);
    }
}

TEST(delays)
{
    static const char *const bad[] = {"none+1s", "1+2V", "1@1V+", "1@1V+-1s", "1@1V+x"};
    EQ(trigger("1:rising@0.5V+10us"), GRAT_OK);
    NEAR(q.delay, 1e-5, 1e-12);
    NEAR(q.trigger_level, 0.5, 1e-12);
    EQ(trigger("A:pulse@0.5V,1us..5us + 1ms"), GRAT_OK);
    NEAR(q.delay, 1e-3, 1e-12);
    EQ(q.terms, 1);
    NEAR(q.term[0].most, 5e-6, 1e-12);
    EQ(trigger("1:+@+0.5V"), GRAT_OK);
    EQ(q.delay, 0);
    NEAR(q.trigger_level, 0.5, 1e-12);
    EQ(trigger("1@1e+0"), GRAT_OK);
    EQ(q.delay, 0);
    NEAR(q.trigger_level, 1, 1e-12);
    EQ(trigger("D0=1+2s"), GRAT_OK);
    EQ(q.delay, 2);
    EQ(q.pattern_care, 1);
    EQ(trigger("auto+1ms"), GRAT_OK);
    EQ(q.trigger, GRAT_TRIG_AUTO);
    NEAR(q.delay, 1e-3, 1e-12);
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) EQ(trigger(bad[i]), GRAT_EPARSE);
}

TEST(patterns)
{
    EQ(trigger("L0=1,L3=0"), GRAT_OK);
    EQ(q.trigger, GRAT_TRIG_EDGE);
    EQ(q.pattern_care, 9);
    EQ(q.pattern_want, 1);
    EQ(trigger("d7=1:below"), GRAT_OK);
    EQ(q.pattern_care, 0x80);
    EQ(q.trigger_slope, GRAT_BELOW);
    EQ(trigger("A:above@1V"), GRAT_OK);
    EQ(q.pattern_care, 0);
    EQ(q.trigger_slope, GRAT_ABOVE);
    STR(q.trigger_source, "1");
    EQ(trigger("L0=2"), GRAT_EPARSE);
    EQ(trigger("L0=1,"), GRAT_EPARSE);
    EQ(trigger("A=1"), GRAT_EPARSE);
}

TEST(channel_lists)
{
    EQ(channels("1,3,D0-D7"), GRAT_OK);
    TRUE(q.any_channel && q.channel[0] && !q.channel[1] && q.channel[2] && !q.channel[3]);
    TRUE(q.digital[0] && q.digital[7] && !q.digital[8]);
    EQ(channels("1-4"), GRAT_OK);
    TRUE(q.channel[0] && q.channel[3]);
    EQ(channels("A,B,L0-L7"), GRAT_OK);
    TRUE(q.channel[0] && q.channel[1] && !q.channel[2] && q.digital[0] && q.digital[7] && !q.digital[8]);
    EQ(channels("d15,B"), GRAT_OK);
    TRUE(q.digital[15] && q.channel[1]);
}

TEST(bad_channel_lists)
{
    static const char *const bad[] = {"", "0", "9", "1,", ",1", "1-D3", "4-1", "D16", "D-", "1-", "x", "D1x"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) EQ(channels(bad[i]), GRAT_EPARSE);
}

int main(void)
{
    RUN(events);
    RUN(triggers);
    RUN(bad_triggers);
    RUN(delays);
    RUN(patterns);
    RUN(channel_lists);
    RUN(bad_channel_lists);
    return TEST_RESULT();
}
