#include "scope/drv/bitscope/bitscope.h"

#include "test.h"

static grat_op op;

static grat_err plan(bs_want w, bs_plan *p)
{
    grat_op_init(&op, 1000, NULL);
    return bs_plan_make(&w, p, &op);
}

/* ---- the modes that ScopeThing takes for the same wishes, where rounding does not matter ------------------- */

static void mode_is(bs_want w, const char *mode, unsigned ticks, unsigned conversions)
{
    bs_plan p = {0};
    w.pre = -1;
    EQ(plan(w, &p), GRAT_OK);
    if (!p.mode) return;
    STR(p.mode->name, mode);
    EQ(p.ticks * p.scale, ticks);
    EQ(p.conversions, conversions);
}

TEST(modes)
{
    mode_is((bs_want){.analog = 1, .period = 1e-3, .samples = 1000}, "macro", 40, 1000);
    mode_is((bs_want){.analog = 1, .period = 10e-3, .samples = 10000}, "analog", 40, 10000);
    mode_is((bs_want){.analog = 1, .period = 200e-3, .samples = 12000}, "analog", 666, 12013);
    mode_is((bs_want){.analog = 1, .period = 1e-3, .samples = 4000}, "analog fast", 10, 4000);
    mode_is((bs_want){.analog = 1, .period = 0.5e-3, .samples = 10000}, "analog shot", 2, 10000);
    mode_is((bs_want){.analog = 3, .period = 1e-3, .samples = 500}, "macro chop", 40, 1000);
    mode_is((bs_want){.analog = 3, .period = 20e-3, .samples = 1000}, "macro chop", 400, 2000);
    mode_is((bs_want){.logic = 255, .period = 1e-3, .samples = 1000}, "logic", 40, 1000);
    mode_is((bs_want){.logic = 255, .period = 0.2e-3, .samples = 8000}, "logic shot", 1, 8000);
    mode_is((bs_want){.logic = 255, .period = 0.4e-3, .samples = 4000}, "logic fast", 4, 4000);
    mode_is((bs_want){.analog = 1, .logic = 127, .period = 1e-3, .samples = 1000}, "mixed", 40, 1000);
    mode_is((bs_want){.analog = 3, .logic = 63, .period = 1e-3, .samples = 500}, "mixed chop", 40, 1000);
    mode_is((bs_want){.analog = 2, .period = 1e-3, .samples = 1000}, "macro", 40, 1000);
    /* Between the modes the next faster one is taken: 6 and 7 ticks are in none. */
    mode_is((bs_want){.analog = 1, .period = 1e-3, .samples = 6000}, "analog shot", 5, 8000);
    /* Without a wish the samples follow the period. */
    mode_is((bs_want){.analog = 1, .period = 1e-6}, "analog shot", 2, 20);
    mode_is((bs_want){.analog = 1, .period = 100}, "analog", 655320, 6104);
}

TEST(refusals_name_the_nearest)
{
    bs_plan p;
    EQ(plan((bs_want){.analog = 1, .period = 1e-3, .samples = 50000, .pre = -1}, &p), GRAT_ERANGE);
    TRUE(strstr(op.text, "nearest is 10 kS") != NULL); /* 4 ticks */
    EQ(plan((bs_want){.analog = 1, .period = 1e-6, .samples = 100, .pre = -1}, &p), GRAT_ERANGE);
    TRUE(strstr(op.text, "20 S") != NULL);
    EQ(plan((bs_want){.analog = 1, .period = 1e6, .pre = -1}, &p), GRAT_ERANGE);
    TRUE(strstr(op.text, "201.3") != NULL);
    EQ(plan((bs_want){.analog = 3, .period = 1e-9, .pre = -1}, &p), GRAT_ERANGE);
    TRUE(strstr(op.text, "200 ns") != NULL);
    EQ(plan((bs_want){.analog = 1, .period = 0.5e-3, .samples = 10000, .pre = 0.5}, &p), GRAT_ERANGE);
    EQ(plan((bs_want){.analog = 1, .period = -1}, &p), GRAT_EINVAL);
    EQ(plan((bs_want){.analog = 1, .period = NAN}, &p), GRAT_EINVAL);
    EQ(plan((bs_want){.period = 1}, &p), GRAT_EINVAL);
}

/* ---- ten thousand plans ---------------------------------------------------------------------------------------- */

static uint64_t seed = 42;

static double uniform(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / 9007199254740992.0;
}

/* The table of VM01B and ScopeThing once more: number, ticks, divides, channels, logic, bytes, addresses. */
static const int table[][8] = {
    {18, 40, 16384, 0, 1, 0, 2, 6144}, {19, 40, 16384, 0, 2, 0, 2, 6144}, {0, 15, 40, 1, 1, 0, 1, 12288},
    {2, 13, 40, 1, 2, 0, 1, 12288},    {4, 8, 14, 0, 1, 0, 1, 12288},     {6, 8, 40, 0, 2, 0, 1, 12288},
    {11, 2, 5, 0, 1, 0, 1, 12288},     {16, 4, 5, 0, 2, 0, 1, 12288},     {14, 5, 16384, 0, 0, 1, 1, 12288},
    {15, 4, 4, 0, 0, 1, 1, 12288},     {13, 1, 3, 0, 0, 1, 1, 12288},     {1, 15, 40, 1, 1, 1, 1, 6144},
    {3, 13, 40, 1, 2, 1, 1, 6144},     {5, 8, 14, 0, 1, 1, 1, 6144},      {7, 8, 40, 0, 2, 1, 1, 6144},
    {12, 2, 5, 0, 1, 1, 1, 6144},      {17, 4, 5, 0, 2, 1, 1, 6144}};

static bool in_table(const bs_plan *p, const bs_want *w)
{
    int channels = (int)(w->analog & 1) + (int)(w->analog >> 1);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        const int *t = table[i];
        if (t[0] != p->mode->number) continue;
        return (int)p->ticks >= t[1] && (int)p->ticks <= t[2] && p->scale >= 1 && p->scale <= (t[3] ? 16383u : 1u) &&
               channels == t[4] && (w->logic != 0) == (t[5] != 0) && (int)p->conversions <= t[7] &&
               (int)p->mode->range == t[7] && p->mode->wide == (t[6] == 2);
    }
    return false;
}

static bool holds(const bs_want *w, const bs_plan *p)
{
    double conversion = p->ticks * (double)p->scale * 25e-9, actual = conversion * p->conversions;
    unsigned share = p->mode->analog == 2 ? 2 : 1;
    bs_want again = {.analog = w->analog, .logic = w->logic, .period = actual, .samples = p->samples, .pre = w->pre};
    bs_plan q;
    if (!in_table(p, w) || p->samples * share != p->conversions) return false;
    if (p->samples < w->samples || p->before > p->conversions) return false;
    /* The period is covered, with less than a sample too much. */
    if (actual < w->period * (1 - 1e-9) - conversion * 2e-6 || actual >= w->period + p->dt * (1 + 1e-6)) return false;
    if (plan(again, &q)) return false;
    return q.mode == p->mode && q.ticks * q.scale == p->ticks * p->scale && q.conversions == p->conversions;
}

TEST(random_plans)
{
    unsigned met = 0, refused = 0, broken = 0;
    for (unsigned i = 0; i < 10000; i++) {
        bs_want w = {.analog = (unsigned)(uniform() * 4), .logic = uniform() < 0.5 ? (unsigned)(uniform() * 256) : 0,
                     .period = pow(10, uniform() * 9 - 7), .pre = uniform() < 0.3 ? uniform() : -1};
        if (uniform() < 0.7) w.samples = (uint64_t)pow(10, uniform() * 4.3);
        bs_plan p = {0};
        grat_err e = plan(w, &p);
        if (e == GRAT_OK) {
            met++;
            if (!holds(&w, &p)) broken++;
        } else {
            refused++;
            if (!op.text[0] || (e != GRAT_ERANGE && (w.analog || w.logic))) broken++;
        }
    }
    EQ(broken, 0);
    TRUE(met > 5000);
    TRUE(refused > 500);
}

/* A refused number of samples names one that is then taken. */
TEST(the_nearest_is_possible)
{
    unsigned seen = 0;
    for (unsigned i = 0; i < 2000; i++) {
        bs_want w = {.analog = (unsigned)(uniform() * 3) + 1, .period = pow(10, uniform() * 6 - 5), .pre = -1};
        w.samples = (uint64_t)pow(10, uniform() * 2 + 3);
        bs_plan p;
        double nearest;
        if (plan(w, &p) != GRAT_ERANGE) continue;
        const char *named = strstr(op.text, "nearest is ");
        grat_op second;
        TRUE(named != NULL);
        grat_op_init(&second, 1000, NULL);
        if (!named || grat_parse_quantity(named + 11, "S", &nearest, &second)) continue;
        w.samples = (uint64_t)(nearest + 0.5);
        EQ(plan(w, &p), GRAT_OK);
        seen++;
    }
    TRUE(seen > 200);
}

/* ---- volts ------------------------------------------------------------------------------------------------------- */

/* Registers that BitLib 2.0 programs: range, centre, ConverterLo, ConverterHi. */
TEST(vendor_registers)
{
    static const struct {
        double range, centre;
        uint16_t lo, hi;
    } v[] = {{1.1, 0, 0x65d6, 0x69bc}, {3.5, 0, 0x5262, 0x7d3f},  {5.2, 0, 0x4468, 0x8aff},  {9.2, 0, 0x226a, 0xab95},
             {11, 0, 0x126a, 0xba8c},  {1.1, -1, 0x5745, 0x5acd}, {3.5, -1, 0x43aa, 0x6e80}, {3.5, -2, 0x34d8, 0x5fa6},
             {5.2, -2, 0x266f, 0x6d8f}, {5.2, 2, 0x61eb, 0xa85f}, {1.1, 6, 0xbf09, 0xc18d},  {1.1, -5, 0x1c67, 0x1cc3}};
    for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
        uint16_t lo, hi;
        bs_converter(&bs_vendor_params, v[i].centre - v[i].range / 2, v[i].centre + v[i].range / 2, &lo, &hi);
        EQ(lo, v[i].lo);
        EQ(hi, v[i].hi);
    }
}

TEST(plane_registers)
{
    uint16_t lo, hi;
    bs_converter(&bs_plane_params, 0, 3.3, &lo, &hi);
    EQ(lo, 0x6be9);
    EQ(hi, 0x941b);
    bs_converter(&bs_plane_params, -5.5, 8, &lo, &hi);
    EQ(lo, 0x1426);
    EQ(hi, 0xe023);
    EQ(bs_trigger_level(&bs_plane_params, 1.65), 0x8002);
    EQ(bs_trigger_level(&bs_vendor_params, 1.65), 0x8000);
    EQ(bs_trigger_level(&bs_vendor_params, 0), 0x68f6);
}

TEST(ranges)
{
    grat_op_init(&op, 1000, NULL);
    EQ(bs_check_range(&bs_vendor_params, -7.5, 10.8, &op), GRAT_OK);
    EQ(bs_check_range(&bs_vendor_params, -8, 1, &op), GRAT_ERANGE);
    TRUE(strstr(op.text, "-7.5166") && strstr(op.text, "1 V"));
    EQ(bs_check_range(&bs_vendor_params, 1, 1.001, &op), GRAT_ERANGE);
    EQ(bs_check_range(&bs_vendor_params, 1, 1, &op), GRAT_EINVAL);
    EQ(bs_check_range(&bs_vendor_params, 20, 30, &op), GRAT_ERANGE);
}

TEST(calibration_files)
{
    static const char text[] = "[file:/dev/ttyUSB0]\nx1 = 1.144 -0.072 0 1.136 -0.060 -0.070 18.34 -7.519 -5.42 7.94 "
                               "0.01\nx10 = 1 2 3\n\n[BITSCOPE::/dev/ttyUSB1]\r\nX1=1.1 -0.05 0 1.1 -0.05 -0.05 18.333 "
                               "-7.517 -5.5 8 0\r\n[bad]\nx1 = 1 2 3\n[worse]\nx1 = a b c d e f g h i j k\n";
    bs_params p = {0};
    TRUE(bs_params_parse(text, "file:/dev/ttyUSB0", &p));
    NEAR(p.la, 1.144, 1e-12);
    NEAR(p.ab_offset, 0.01, 1e-12);
    TRUE(p.plane);
    TRUE(bs_params_parse(text, "BITSCOPE::/dev/ttyUSB1", &p));
    NEAR(p.scale, 18.333, 1e-12);
    TRUE(!bs_params_parse(text, "bad", &p));
    TRUE(!bs_params_parse(text, "worse", &p));
    TRUE(!bs_params_parse(text, "none", &p));
    TRUE(!bs_params_parse("", "none", &p));
    TRUE(!bs_params_parse("[x", "x", &p));
}

/* ---- registers of a trace --------------------------------------------------------------------------------------- */

static const char *programmed(bs_scope *b)
{
    static char text[GRAT__BS_PROGRAM_MAX];
    grat__bs_regs r = {0};
    grat_op_init(&op, 1000, NULL);
    EQ(bs_program(b, &b->trace, &r, &op), GRAT_OK);
    grat__bs_encode(&r, "", text);
    return text;
}

static bs_scope scope_for(double period, uint64_t samples, const char *type)
{
    bs_scope b = {.params = bs_plane_params};
    bs_default_settings(&b.params, &b.set);
    b.set.channel[0].scale = b.set.channel[1].scale = 3.3 / BS_SCREEN;
    b.set.channel[0].offset = b.set.channel[1].offset = -1.65;
    b.set.timebase = period / BS_DIVISIONS;
    b.set.depth = samples;
    b.set.delay = 0.25 * period;
    b.set.trigger_level = 1.65;
    b.set.sweep = GRAT_SWEEP_NORMAL;
    snprintf(b.set.trigger_type, sizeof b.set.trigger_type, "%s", type);
    return b;
}

/* The strings of ScopeThing for the same captures. */
TEST(programs)
{
    bs_scope b = scope_for(1e-3, 1000, "edge");
    STR(programmed(&b),
        "05@80z7fz01z[zzz14@01z[z21@12z[zzzzf2z[znne6z02z[zz28z[zn04zz[z04z[zn01z[znzz64@e9z6bz1bz94z02z80z7b@80zs");
    EQ(b.trace.event, 250);
    b = scope_for(20e-3, 1000, "edge");
    b.set.channel[1].enabled = true;
    STR(programmed(&b), "05@80z7fz01z[zzz14@01z[z21@13z[zzzzecz01znnd4z05z[zz90z01zn05z04z[z04z[zn03z[znzz64@e9z6bz1bz"
                        "94z02z80z7b@80zs");
    b = scope_for(100e-6, 100, "edge");
    b.set.channel[0].enabled = false;
    for (unsigned i = 0; i < 8; i++) b.set.digital[i] = true;
    snprintf(b.set.trigger_source, sizeof b.set.trigger_source, "L0");
    STR(programmed(&b), "05@01zfez01z[zzz14@01z[z21@0ez[zzzz11z[znn43z[zzz28z[znz04z[z04z[znzffzn[zz64@e9z6bz1bz94z"
                        "02z80z7b@c0z[s");
    b = scope_for(100e-6, 100, "edge");
    for (unsigned i = 0; i < 7; i++) b.set.digital[i] = true;
    STR(programmed(&b), "05@80z7fz01z[zzz14@01z[z21@01z[zzzz11z[znn43z[zzz28z[zn02z04z[z04z[zn01z7fzn[zz64@e9z6bz"
                        "1bz94z02z80z7b@c0z80s");
    /* A timeout of 10 ms: (16 + 67 + 2) * 10 us + 10 ms in units of 6.4 us. */
    b = scope_for(1e-3, 100, "edge");
    b.set.sweep = GRAT_SWEEP_AUTO;
    b.set.trigger_wait = 0.01;
    b.set.trigger_level = 2.99;
    TRUE(strstr(programmed(&b), "43z[za0z06z90z01z") != NULL);
    TRUE(b.trace.automatic && b.trace.force_after == 0);
}

TEST(triggers)
{
    bs_scope b = scope_for(1e-3, 1000, "edge");
    bs_trigger t;
    grat_op_init(&op, 1000, NULL);
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.logic, 0x80);
    EQ(t.mask, 0x7f);
    EQ(t.option, 1);
    EQ(t.intro, 4);
    EQ(t.outro, 4);
    EQ(t.sink_a, 0x80);
    b.set.trigger_slope = GRAT_FALLING;
    b.set.trigger_hair = true;
    snprintf(b.set.trigger_source, sizeof b.set.trigger_source, "B");
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.logic, 0x40);
    EQ(t.mask, 0xbf);
    EQ(t.option, 0x45);
    EQ(t.intro, 2);
    EQ(t.outro, 2);
    EQ(t.sink_a, 0x40);
    b.set.trigger_slope = GRAT_BELOW;
    b.set.trigger_hair = false;
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.option, 0x45);
    EQ(t.intro, 0);
    EQ(t.outro, 4);
    b.set.trigger_slope = GRAT_FALLING;
    snprintf(b.set.trigger_source, sizeof b.set.trigger_source, "L3");
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.logic, 0);
    EQ(t.mask, 0xf7);
    EQ(t.option, 1);
    EQ(t.sink_a, 0);
    b.set.trigger_slope = GRAT_RISING;
    snprintf(b.set.trigger_type, sizeof b.set.trigger_type, "pattern");
    snprintf(b.set.trigger_source, sizeof b.set.trigger_source, "1xxx0xx1");
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.logic, 0x81);
    EQ(t.mask, 0x76);
    EQ(t.option, 1);
    EQ(t.sink_a, 0x80);
    snprintf(b.set.trigger_type, sizeof b.set.trigger_type, "none");
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_OK);
    EQ(t.mask, 0xff);
    EQ(t.intro, 0);
    EQ(t.outro, 2);
    TRUE(t.at_once);
    snprintf(b.set.trigger_type, sizeof b.set.trigger_type, "edge");
    snprintf(b.set.trigger_source, sizeof b.set.trigger_source, "line");
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_ERANGE);
    b.set.trigger_slope = GRAT_EITHER;
    EQ(bs_trigger_of(&b.set, &t, &op), GRAT_ERANGE);
}

/* The instrument's counter wraps every 107 s, also within one wait. */
TEST(time_wraps)
{
    NEAR(bs_ticks_between(100, 500, 10000), 400, 0);
    NEAR(bs_ticks_between(0xffffff00, 0x100, 12800), 512, 0);
    NEAR(bs_ticks_between(7, 7, 107374182400), 4294967296.0, 0);
    NEAR(bs_ticks_between(7, 47, 5 * 107374182400 + 9000000), 5 * 4294967296.0 + 40, 0);
    NEAR(bs_ticks_between(50, 10, 107374180000), 4294967256.0, 0);
}

TEST(addresses)
{
    EQ(bs_start_address(&bs_modes[0], 1474, 1000), 0x1da);
    EQ(bs_start_address(&bs_modes[1], 0x7f9, 2000), 0x28);
    EQ(bs_start_address(&bs_modes[0], 0x6b6, 100), 0x652);
    EQ(bs_start_address(&bs_modes[0], 10, 1000), 6144 - 990);
    EQ(bs_start_address(&bs_modes[2], 0, 12288), 0);
    EQ(bs_start_address(&bs_modes[2], 5, 12288), 5);
}

/* ---- generator: what ScopeThing finds -------------------------------------------------------------- */

TEST(wave_search)
{
    static const struct {
        double hz;
        unsigned clock, size;
        uint32_t ratio;
        double actual;
    } v[] = {{10, 4000, 1000, 0x00010625, 10},     {100, 400, 1000, 0x00010625, 100},
             {1000, 40, 1000, 0x00010625, 1000},   {2000, 40, 1000, 0x00020c4a, 2000},
             {5000, 40, 1000, 0x00051eb8, 5000},   {10000, 36, 1000, 0x0009374c, 10000},
             {20000, 34, 1000, 0x00116873, 20000}, {24242, 33, 1000, 0x00147ae1, 24242.4242},
             {1234.5, 355, 1004, 0, 1234.4986}};
    for (unsigned i = 0; i < sizeof v / sizeof *v; i++) {
        bs_wave_clock w = {0};
        TRUE(bs_wave_search(v[i].hz, &w));
        EQ(w.clock, v[i].clock);
        EQ(w.size, v[i].size);
        NEAR(w.frequency, v[i].actual, 1e-4 * v[i].actual / 100);
        if (v[i].ratio) EQ((uint32_t)nearbyint(w.waves * 1024.0 / w.size * 65536), v[i].ratio);
    }
    bs_wave_clock w;
    TRUE(!bs_wave_search(25000, &w));
    TRUE(!bs_wave_search(0.1, &w));
}

int main(void)
{
    RUN(wave_search);
    RUN(modes);
    RUN(refusals_name_the_nearest);
    RUN(random_plans);
    RUN(the_nearest_is_possible);
    RUN(vendor_registers);
    RUN(plane_registers);
    RUN(ranges);
    RUN(calibration_files);
    RUN(programs);
    RUN(triggers);
    RUN(addresses);
    RUN(time_wraps);
    return TEST_RESULT();
}
