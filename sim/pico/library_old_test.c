/* The oldest interface as a program sees it: values with their times, a trigger's place as a part of the record, a
 * stream that stops by itself. */
#include <time.h>

#include "sim/pico/table_old.h"
#include "sim/pico/unit.h"
#include "test.h"

#define DECLARE(name, how, type, args) type ps2000##name args;
PS_COMMON(DECLARE)
PS_OWN(DECLARE)

#define N 1000
static int16_t v[N];

static bool block(int16_t h, int16_t timebase)
{
    int32_t ms;
    if (!ps2000_run_block(h, N, timebase, 1, &ms)) return false;
    for (int i = 0; i < 3000 && ps2000_ready(h) == 0; i++) nanosleep(&(struct timespec){0, 1000000}, NULL);
    return ps2000_ready(h) == 1;
}

/* The counter passes 12000 at the trigger; the times are those from it, in the unit that was asked for. */
TEST(times)
{
    static const double percents[] = {0, -25, -100, 50};
    int16_t h = ps2000_open_unit(), over, units;
    int32_t t[N], ns, most;
    TRUE(h > 0);
    EQ(ps2000_set_channel(h, 0, 1, 1, 6), 1);
    EQ(ps2000_set_channel(h, 1, 0, 1, 6), 1);
    EQ(ps2000_get_timebase(h, 7, N, &ns, &units, 1, &most), 1);
    EQ(units, 2);
    for (unsigned i = 0; i < 4; i++) {
        int trigger = (int)(-percents[i] / 100 * N);
        EQ(ps2000_set_trigger2(h, 0, 12000, 0, (float)percents[i], 0), 1);
        TRUE(block(h, 7));
        EQ(ps2000_get_times_and_values(h, t, v, NULL, NULL, NULL, &over, 2, N), N);
        for (int k = 0; k < N; k += 37) {
            EQ(v[k], 12000 + k - trigger);
            EQ(t[k], (k - trigger) * ns);
        }
        EQ(ps2000_get_times_and_values(h, t, v, NULL, NULL, NULL, &over, 3, N), N);
        NEAR(t[N - 1], (N - 1 - trigger) * ns / 1000.0, 0.5);
    }
    EQ(ps2000_get_times_and_values(h, NULL, v, NULL, NULL, NULL, &over, 2, N), 0);
    EQ(ps2000_set_trigger2(h, 0, 12000, 0, 101, 0), 0);
    EQ(ps2000_set_trigger2(h, 0, 12000, 0, -101, 0), 0);
    EQ(ps2000_set_trigger(h, 0, 12000, 0, 50, 0), 1);
    TRUE(block(h, 7));
    EQ(ps2000_get_values(h, v, NULL, NULL, NULL, &over, N), N);
    EQ(v[0], 12000 + N / 2);
    EQ(ps2000_close_unit(h), 1);
    EQ(ps2000_close_unit(h), 0);
}

/* Sets of values until it is stopped; the times grow, and are about as far apart as was told. */
TEST(equivalent_time)
{
    static int32_t t[N];
    /* Of a counter there is no equivalent time: the other unit. */
    int16_t other = ps2000_open_unit(), h = ps2000_open_unit(), over;
    int32_t ms;
    EQ(ps2000_set_channel(h, 0, 1, 1, 6), 1);
    EQ(ps2000_set_channel(h, 1, 0, 1, 6), 1);
    EQ(ps2000_set_trigger(h, 0, 9000, 0, -25, 0), 1);
    EQ(ps2000_set_ets(h, 2, 250, 41), 0);
    EQ(ps2000_set_ets(h, 2, 251, 40), 0);
    EQ(ps2000_set_ets(h, 2, 39, 40), 0);
    EQ(ps2000_set_ets(h, 2, 11, 1), 0);
    EQ(ps2000_set_ets(h, 3, 60, 20), 0);
    EQ(ps2000_set_ets(h, 2, 60, 20), 500);
    EQ(ps2000_run_block(h, N, 4, 1, &ms), 1);
    for (int set = 0; set < 2; set++) {
        for (int i = 0; i < 3000 && ps2000_ready(h) == 0; i++) nanosleep(&(struct timespec){0, 1000000}, NULL);
        EQ(ps2000_ready(h), 1);
        EQ(ps2000_get_times_and_values(h, t, v, NULL, NULL, NULL, &over, 1, N), N);
        TRUE(t[0] > -250 * 500 - 500 && t[0] < -250 * 500 + 501 && t[N / 4 - 1] <= 0 && t[N / 4] >= 0);
        for (int k = 1; k < N; k++)
            if (t[k] <= t[k - 1] || t[k] - t[k - 1] > 1000) TEST_FAIL("%d: %d after %d", k, t[k], t[k - 1]);
    }
    EQ(ps2000_stop(h), 1);
    EQ(ps2000_run_streaming_ns(h, 1000, 2, 20000, 1, 1, 15000), 0);
    EQ(ps2000_set_ets(h, 0, 0, 0), 0);
    EQ(ps2000_run_streaming_ns(h, 1000, 2, 20000, 1, 1, 15000), 1);
    EQ(ps2000_stop(h), 1);
    EQ(ps2000_close_unit(h), 1);
    EQ(ps2000_close_unit(other), 1);
}

static uint32_t seen;
static unsigned wrong;
static int ended;
static int64_t triggered = -1;

static void on_pico_stream(int16_t **buffers, int16_t over, uint32_t at, int16_t is, int16_t stop, uint32_t n)
{
    (void)over;
    if (is) triggered = buffers[0][at];
    for (uint32_t i = 0; i < n; i++) wrong += i && buffers[0][i] != (buffers[0][i - 1] + 1) % 30000;
    seen += n;
    ended |= stop;
}

static void run_to_its_end(int16_t h)
{
    seen = wrong = 0;
    ended = 0;
    EQ(ps2000_run_streaming_ns(h, 1000, 2, 20000, 1, 1, 15000), 1);
    for (int i = 0; i < 3000 && !ended; i++) {
        ps2000_get_streaming_last_values(h, on_pico_stream);
        nanosleep(&(struct timespec){0, 1000000}, NULL);
    }
    EQ(wrong, 0);
    EQ(ps2000_get_streaming_last_values(h, on_pico_stream), 0);
    EQ(ps2000_stop(h), 1);
}

TEST(stops_by_itself)
{
    int16_t h = ps2000_open_unit();
    EQ(ps2000_set_channel(h, 0, 1, 1, 6), 1);
    EQ(ps2000_set_channel(h, 1, 0, 1, 6), 1);
    EQ(ps2000_set_trigger(h, 5, 0, 0, 0, 0), 1);
    run_to_its_end(h);
    EQ(seen, 20000);
    EQ(triggered, -1);
    /* So many after the trigger. */
    EQ(ps2000_set_trigger(h, 0, 9000, 0, 0, 0), 1);
    run_to_its_end(h);
    EQ(triggered, 9000);
    TRUE(seen >= 20000 && seen < 20000 + 30000);
    EQ(ps2000_close_unit(h), 1);
}

int main(void)
{
    setenv("GRATICULE_PICO_SIM", "ps2000 2204A ONE counter=30000 buffer=20000;ps2000 2204A TWO a=sine,1e6,0.9,0", 1);
    RUN(times);
    RUN(equivalent_time);
    RUN(stops_by_itself);
    return TEST_RESULT();
}
