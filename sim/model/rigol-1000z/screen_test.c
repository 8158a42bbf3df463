#include "sim/model/rigol-1000z/screen.h"

#include "test.h"

enum { GRID_X = 60, CENTRE_Y = 238 };

static uint8_t rgb[SIM_SCREEN_BYTES], other[SIM_SCREEN_BYTES];
static int16_t flat[SIM_SCREEN_COLUMNS];

static sim_screen_state plain(void)
{
    sim_screen_state s = {.run = "STOP", .timebase = 1e-3, .rate = 1e6, .depth = 12000, .trigger_source = "1",
                          .trigger_slope = 'r', .trigger_sweep = 'A', .acquire = "NORM", .grid_brightness = 50,
                          .wave_brightness = 50};
    for (unsigned i = 0; i < SIM_SCREEN_COLUMNS; i++) flat[i] = 152;
    for (unsigned i = 0; i < 4; i++)
        s.channel[i] = (sim_screen_channel){.scale = 1, .probe = 1, .coupling = "DC", .unit = "V"};
    s.channel[0].on = true;
    s.channel[0].top = s.channel[0].bottom = flat;
    return s;
}

static const uint8_t *at(int x, int y)
{
    return rgb + ((size_t)y * SIM_SCREEN_W + (size_t)x) * 3;
}

TEST(a_trace_is_where_its_codes_say)
{
    sim_screen_state s = plain();
    sim_screen_draw(&s, rgb);
    const uint8_t *p = at(GRID_X + 123, CENTRE_Y - 50);
    TRUE(p[0] > 150 && p[1] > 150 && p[2] < 80);
    p = at(GRID_X + 123, CENTRE_Y - 60);
    TRUE(p[0] < 80);
}

TEST(missing_columns_stay_dark)
{
    sim_screen_state s = plain();
    sim_screen_draw(&s, rgb);
    flat[123] = -1;
    sim_screen_draw(&s, rgb);
    EQ(at(GRID_X + 123, CENTRE_Y - 50)[0], 0);
    TRUE(at(GRID_X + 124, CENTRE_Y - 50)[0] > 150);
}

TEST(drawing_is_repeatable_and_follows_the_state)
{
    sim_screen_state s = plain();
    sim_screen_draw(&s, rgb);
    sim_screen_draw(&s, other);
    MEM(rgb, other, sizeof rgb);
    s.channel[0].scale = 2;
    sim_screen_draw(&s, other);
    TRUE(memcmp(rgb, other, sizeof rgb) != 0);
}

TEST(inverted_is_the_complement)
{
    sim_screen_state s = plain();
    sim_screen_draw(&s, rgb);
    s.inverted = true;
    sim_screen_draw(&s, other);
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof rgb; i++) bad += (rgb[i] ^ other[i]) != 255;
    EQ(bad, 0);
}

TEST(odd_states_stay_inside_the_picture)
{
    sim_screen_state s = plain();
    int16_t low[SIM_SCREEN_COLUMNS], high[SIM_SCREEN_COLUMNS];
    for (unsigned i = 0; i < SIM_SCREEN_COLUMNS; i++) low[i] = i % 3 ? 0 : 255, high[i] = i % 5 ? 255 : 0;
    for (unsigned i = 0; i < 4; i++) {
        s.channel[i] = (sim_screen_channel){.on = true, .offset = 1e9, .scale = i ? 1e-30 : 0, .probe = 1e30,
                                            .coupling = "GND", .unit = "UUU", .top = high, .bottom = low};
    }
    for (unsigned i = 0; i < 16; i++) s.digital[i].on = true;
    s.timebase = 1e-300, s.delay = 1e300, s.rate = INFINITY, s.trigger_level = NAN, s.depth = UINT64_MAX;
    s.memory_start = 7, s.memory_span = -3, s.measurements = 99, s.menu_channel = 77;
    memset(&s.measurement, 'W', sizeof s.measurement);
    for (unsigned i = 0; i < 5; i++) s.measurement[i].name[15] = s.measurement[i].value[19] = 0;
    sim_screen_draw(&s, rgb);
    TRUE(at(0, 0)[2] != 0);
}

int main(void)
{
    RUN(a_trace_is_where_its_codes_say);
    RUN(missing_columns_stay_dark);
    RUN(drawing_is_repeatable_and_follows_the_state);
    RUN(inverted_is_the_complement);
    RUN(odd_states_stay_inside_the_picture);
    return TEST_RESULT();
}
