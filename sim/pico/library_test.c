/* A stand-in library as a program sees it: call orders, statuses, samples, triggers, streaming. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define PICO_ID 5
#include "sim/pico/status.h"
#include "sim/pico/table.h"
#include "test.h"

#define DECLARE(name, how, args) uint32_t ps5000a##name args;
PS_COMMON(DECLARE)
PS_OWN(DECLARE)

static atomic_int calls;
static atomic_uint last;

static void ready(int16_t h, uint32_t status, void *user)
{
    (void)h;
    (void)user;
    atomic_store(&last, status);
    atomic_fetch_add(&calls, 1);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static int16_t open_serial(const char *serial, uint32_t want)
{
    int16_t h = 5;
    int8_t text[32];
    snprintf((char *)text, sizeof text, "%s", serial);
    EQ(ps5000aOpenUnit(&h, text, 0), want);
    return h;
}

static int16_t one_channel(const char *serial)
{
    int16_t h = open_serial(serial, PS_OK);
    EQ(ps5000aSetChannel(h, 0, 1, 1, 7, 0), PS_OK);
    EQ(ps5000aSetChannel(h, 1, 0, 1, 7, 0), PS_OK);
    return h;
}

static int wait_calls(int n)
{
    for (int i = 0; i < 3000 && atomic_load(&calls) < n; i++) pause_ms(1);
    return atomic_load(&calls);
}

TEST(opening)
{
    int16_t h, a, b, count, length = 64;
    int8_t serials[64] = "-v";
    EQ(ps5000aEnumerateUnits(&count, serials, &length), PS_OK);
    EQ(count, 3);
    STR((char *)serials, "ONE[5244D],TWO[5444D],SLOW[5244D]");
    EQ(ps5000aOpenUnit(&a, NULL, 0), PS_OK);
    open_serial("ONE", PS_NOT_FOUND);
    h = open_serial("none", PS_NOT_FOUND);
    EQ(h, 0);
    b = open_serial("TWO", PS_POWER_NOT_CONNECTED);
    TRUE(b > 0 && a > 0 && a != b);
    EQ(ps5000aSetChannel(b, 0, 1, 1, 7, 0), PS_POWER_NOT_CONNECTED);
    EQ(ps5000aChangePowerSource(b, PS_POWER_CONNECTED), PS_POWER_REQUEST_INVALID);
    EQ(ps5000aChangePowerSource(b, PS_POWER_NOT_CONNECTED), PS_OK);
    EQ(ps5000aSetChannel(b, 2, 1, 1, 7, 0), PS_CHANNEL_DISABLED_USB);
    EQ(ps5000aCloseUnit(a), PS_OK);
    EQ(ps5000aCloseUnit(a), PS_INVALID_HANDLE);
    EQ(ps5000aCloseUnit(b), PS_OK);
}

TEST(info)
{
    int16_t h = one_channel("ONE"), size;
    int8_t text[8];
    EQ(ps5000aGetUnitInfo(h, text, 8, &size, 3), PS_OK);
    STR((char *)text, "5244D");
    EQ(size, 6);
    EQ(ps5000aGetUnitInfo(h, text, 3, &size, 3), PS_STRING_TOO_SMALL);
    EQ(ps5000aGetUnitInfo(h, text, 8, &size, 77), PS_INVALID_INFO);
    ps5000aCloseUnit(h);
}

TEST(wrong_orders)
{
    int16_t h = one_channel("ONE"), data[8];
    uint32_t n = 8;
    int32_t max;
    EQ(ps5000aGetValues(h, 0, &n, 1, 0, 0, NULL), PS_NO_SAMPLES_AVAILABLE);
    EQ(ps5000aGetStreamingLatestValues(h, NULL, NULL), PS_INVALID_CALL);
    EQ(ps5000aSetNoOfCaptures(h, 3), PS_OK);
    EQ(ps5000aRunBlock(h, 0, 8, 3, NULL, 0, ready, NULL), PS_NOT_ENOUGH_SEGMENTS);
    EQ(ps5000aSetNoOfCaptures(h, 1), PS_OK);
    EQ(ps5000aRunBlock(h, 0, 8, 3, NULL, 1, ready, NULL), PS_SEGMENT_OUT_OF_RANGE);
    EQ(ps5000aMemorySegments(h, 0, &max), PS_TOO_MANY_SEGMENTS);
    EQ(ps5000aSetSimpleTrigger(h, 1, 1, 0, 2, 0, 0), PS_INVALID_TRIGGER_CHANNEL);
    atomic_store(&calls, 0);
    EQ(ps5000aRunBlock(h, 0, 125000000, 3, NULL, 0, ready, NULL), PS_OK);
    EQ(ps5000aGetValues(h, 0, &n, 1, 0, 0, NULL), PS_DEVICE_SAMPLING);
    EQ(ps5000aStop(h), PS_OK);
    EQ(wait_calls(1), 1);
    EQ(atomic_load(&last), PS_CANCELLED);
    EQ(ps5000aRunBlock(h, 0, 8, 3, NULL, 0, ready, NULL), PS_OK);
    EQ(wait_calls(2), 2);
    EQ(ps5000aGetValues(h, 0, &n, 1, 0, 0, NULL), 0x46);
    EQ(ps5000aSetDataBuffer(h, 0, data, 8, 0, 0), PS_OK);
    EQ(ps5000aGetValues(h, 0, &n, 0, 1, 0, NULL), PS_INVALID_SAMPLERATIO);
    EQ(ps5000aGetValues(h, 0, &n, 0, 0, 0, NULL), PS_OK);
    ps5000aCloseUnit(h);
}

TEST(edge)
{
    int16_t h = one_channel("ONE");
    static int16_t v[1000], high[62], low[62];
    uint32_t n = 1000;
    int16_t over;
    int64_t fs;
    int32_t units;
    /* A is 1.5 V at 1 kHz; 2 V is 32512. */
    EQ(ps5000aSetSimpleTrigger(h, 1, 0, 16256, 2, 0, 0), PS_OK);
    atomic_store(&calls, 0);
    EQ(ps5000aRunBlock(h, 250, 750, 127, NULL, 0, ready, NULL), PS_OK);
    EQ(wait_calls(1), 1);
    EQ(ps5000aSetDataBuffer(h, 0, v, 1000, 0, 0), PS_OK);
    EQ(ps5000aGetValues(h, 0, &n, 1, 0, 0, &over), PS_OK);
    EQ(n, 1000);
    EQ(over, 0);
    TRUE(v[249] < 16256 && v[250] >= 16256);
    EQ(ps5000aGetTriggerTimeOffset64(h, &fs, &units, 0), PS_OK);
    TRUE(fs >= 0 && fs <= 1000000000);
    EQ(ps5000aSetDataBuffer(h, 0, NULL, 0, 0, 0), PS_OK);
    n = 1000;
    EQ(ps5000aSetDataBuffers(h, 0, high, low, 62, 0, 1), PS_OK);
    EQ(ps5000aGetValues(h, 0, &n, 16, 1, 0, NULL), PS_OK);
    EQ(n, 62);
    for (unsigned i = 0; i < n; i++) {
        int16_t most = v[16 * i], least = v[16 * i];
        for (unsigned k = 1; k < 16; k++) {
            if (v[16 * i + k] > most) most = v[16 * i + k];
            if (v[16 * i + k] < least) least = v[16 * i + k];
        }
        if (high[i] != most || low[i] != least) TEST_FAIL("group %u", i);
    }
    ps5000aCloseUnit(h);
}

#define SEGMENTS 20
TEST(rapid)
{
    int16_t h = one_channel("ONE"), over[SEGMENTS];
    static int16_t v[SEGMENTS][100];
    uint32_t n = 100, done;
    int64_t times[SEGMENTS + 1];
    int32_t units[SEGMENTS + 1];
    EQ(ps5000aMemorySegments(h, SEGMENTS, NULL), PS_OK);
    EQ(ps5000aSetNoOfCaptures(h, SEGMENTS), PS_OK);
    EQ(ps5000aSetSimpleTrigger(h, 1, 0, 8128, 3, 0, 0), PS_OK);
    atomic_store(&calls, 0);
    EQ(ps5000aRunBlock(h, 50, 50, 127, NULL, 0, ready, NULL), PS_OK);
    EQ(wait_calls(1), 1);
    EQ(ps5000aGetNoOfCaptures(h, &done), PS_OK);
    EQ(done, SEGMENTS);
    for (uint32_t i = 0; i < SEGMENTS; i++) EQ(ps5000aSetDataBuffer(h, 0, v[i], 100, i, 0), PS_OK);
    EQ(ps5000aGetValuesBulk(h, &n, 0, SEGMENTS - 1, 1, 0, over), PS_OK);
    for (uint32_t i = 0; i < SEGMENTS; i++) TRUE(v[i][49] > 8128 && v[i][50] <= 8128);
    times[SEGMENTS] = 77;
    units[SEGMENTS] = 77;
    EQ(ps5000aGetValuesTriggerTimeOffsetBulk64(h, times, units, 0, SEGMENTS - 1), PS_OK);
    TRUE(times[SEGMENTS] == 77 && units[SEGMENTS] == 77);
    ps5000aCloseUnit(h);
}

#define RING 10000
static struct {
    int16_t *buffer;
    uint32_t seen;
    unsigned wrong;
    int ended;
    uint32_t inside;
    uint32_t triggered;        /* the value at it, +1 */
} stream;

static atomic_int inside_poll, leave_poll;

static void stay_inside(void)
{
    atomic_store(&inside_poll, 1);
    for (int i = 0; i < 3000 && !atomic_load(&leave_poll); i++) pause_ms(1);
}

static void on_pico_stream(int16_t h, int32_t n, uint32_t start, int16_t over, uint32_t at, int16_t triggered,
                           int16_t end, void *user)
{
    (void)over;
    if (user) stay_inside();
    if (user) return;
    if (triggered) stream.triggered = stream.seen + at + 1;
    stream.inside = ps5000aPingUnit(h);
    for (int32_t i = 0; i < n; i++)
        if (stream.buffer[start + (uint32_t)i] != (int16_t)(stream.seen++ % 30000)) stream.wrong++;
    stream.ended |= end;
}

TEST(streaming)
{
    int16_t h = one_channel("SLOW");
    static int16_t v[RING];
    uint32_t interval = 1000, status = 0;
    stream.buffer = v;
    EQ(ps5000aSetDataBuffer(h, 0, v, RING, 0, 0), PS_OK);
    EQ(ps5000aRunStreaming(h, &interval, 2, 0, 60000, 1, 1, 0, RING), PS_OK);
    EQ(interval, 1000);
    for (int i = 0; i < 3000 && !stream.ended && (!status || status == PS_BUSY); i++) {
        status = ps5000aGetStreamingLatestValues(h, on_pico_stream, NULL);
        pause_ms(1);
    }
    EQ(stream.seen, 60000);
    EQ(stream.wrong, 0);
    EQ(stream.inside, PS_USER_CALLBACK);
    interval = 0;
    EQ(ps5000aRunStreaming(h, &interval, 2, 0, 60000, 0, 1, 0, RING), PS_INVALID_SAMPLE_INTERVAL);
    interval = 1000;
    EQ(ps5000aRunStreaming(h, &interval, 2, 0, 60000, 0, 1, 0, RING), PS_OK);
    pause_ms(120);
    EQ(ps5000aGetStreamingLatestValues(h, on_pico_stream, NULL), PS_BUFFER_STALL);
    ps5000aCloseUnit(h);
}

/* The counter passes 20000 after 20000 samples: 6000 more and it stops by itself; before that it goes on. */
TEST(triggered_streaming)
{
    int16_t h = one_channel("SLOW");
    static int16_t v[RING];
    uint32_t interval = 1000, status = 0;
    stream.buffer = v;
    stream.seen = stream.wrong = stream.triggered = 0;
    stream.ended = 0;
    EQ(ps5000aSetSimpleTrigger(h, 1, 0, 20000, 2, 0, 0), PS_OK);
    EQ(ps5000aSetDataBuffer(h, 0, v, RING, 0, 0), PS_OK);
    EQ(ps5000aRunStreaming(h, &interval, 2, 1000, 6000, 1, 1, 0, RING), PS_OK);
    for (int i = 0; i < 3000 && !stream.ended && (!status || status == PS_BUSY); i++) {
        status = ps5000aGetStreamingLatestValues(h, on_pico_stream, NULL);
        pause_ms(1);
    }
    EQ(stream.triggered, 20001);
    EQ(stream.seen, 26000);
    ps5000aCloseUnit(h);
}

/* In equivalent time: wrong numbers, what does not go with it, and an acquisition that goes on until it is stopped. */
TEST(equivalent_time)
{
    int16_t h = one_channel("ONE"), data[64];
    int32_t ps = 1;
    int64_t fs[64];
    uint32_t n = 64, interval = 1000;
    EQ(ps5000aSetEts(h, 3, 40, 10, &ps), PS_INVALID_PARAMETER);
    EQ(ps5000aSetEts(h, 2, 10, 10, &ps), PS_INVALID_PARAMETER);
    EQ(ps5000aSetEts(h, 2, 400, 81, &ps), PS_INVALID_PARAMETER);
    EQ(ps5000aSetDeviceResolution(h, 1), PS_OK);
    EQ(ps5000aSetEts(h, 2, 40, 10, &ps), PS_ETS_NOT_SUPPORTED);
    EQ(ps5000aSetDeviceResolution(h, 0), PS_OK);
    EQ(ps5000aSetEts(h, 2, 40, 10, &ps), PS_OK);
    EQ(ps, 100);
    EQ(ps5000aRunStreaming(h, &interval, 2, 0, 100, 0, 1, 0, 100), PS_ETS_MODE_SET);
    EQ(ps5000aRunBlock(h, 16, 48, 0, NULL, 0, ready, NULL), PS_TRIGGER_ERROR);
    EQ(ps5000aSetSimpleTrigger(h, 1, 0, 0, 2, 0, 0), PS_OK);
    EQ(ps5000aSetEtsTimeBuffer(h, fs, 64), PS_OK);
    atomic_store(&calls, 0);
    EQ(ps5000aRunBlock(h, 16, 48, 0, NULL, 0, ready, NULL), PS_OK);
    TRUE(wait_calls(2) >= 2);
    EQ(atomic_load(&last), PS_OK);
    EQ(ps5000aSetDataBuffer(h, 0, data, 64, 0, 0), PS_OK);
    EQ(ps5000aGetValues(h, 0, &n, 1, 0, 0, NULL), PS_OK);
    EQ(n, 64);
    for (unsigned i = 0; i < 64; i++)
        if (llabs(fs[i] - ((int64_t)i - 16) * 100000) > 100000 || (i && fs[i] <= fs[i - 1])) TEST_FAIL("time %u", i);
    EQ(ps5000aGetValues(h, 0, &n, 4, 1, 0, NULL), PS_RATIO_MODE_NOT_SUPPORTED);
    EQ(ps5000aStop(h), PS_OK);
    EQ(ps5000aSetEts(h, 0, 0, 0, &ps), PS_OK);
    EQ(ps, 0);
    ps5000aCloseUnit(h);
}

/* A run ends the light; so does 0. */
TEST(light)
{
    int16_t h = one_channel("ONE"), on = 1;
    EQ(ps5000aIsLedFlashing(h, &on), PS_OK);
    EQ(on, 0);
    EQ(ps5000aFlashLed(h, -1), PS_OK);
    EQ(ps5000aIsLedFlashing(h, &on), PS_OK);
    EQ(on, 1);
    EQ(ps5000aFlashLed(h, 0), PS_OK);
    EQ(ps5000aIsLedFlashing(h, &on), PS_OK);
    EQ(on, 0);
    EQ(ps5000aFlashLed(h, 20), PS_OK);
    atomic_store(&calls, 0);
    EQ(ps5000aRunBlock(h, 0, 8, 3, NULL, 0, ready, NULL), PS_OK);
    EQ(wait_calls(1), 1);
    EQ(ps5000aIsLedFlashing(h, &on), PS_OK);
    EQ(on, 0);
    ps5000aCloseUnit(h);
}

static void *poll_thread(void *handle)
{
    for (int i = 0; i < 3000 && !atomic_load(&inside_poll); i++) {
        ps5000aGetStreamingLatestValues(*(int16_t *)handle, on_pico_stream, handle);
        pause_ms(1);
    }
    return NULL;
}

/* One call at a time on a handle; another handle does not care. */
TEST(two_threads)
{
    int16_t h = one_channel("SLOW"), other = one_channel("ONE");
    static int16_t v[RING];
    uint32_t interval = 1000;
    pthread_t t;
    EQ(ps5000aSetDataBuffer(h, 0, v, RING, 0, 0), PS_OK);
    EQ(ps5000aRunStreaming(h, &interval, 2, 0, 60000, 0, 1, 0, RING), PS_OK);
    pthread_create(&t, NULL, poll_thread, &h);
    for (int i = 0; i < 3000 && !atomic_load(&inside_poll); i++) pause_ms(1);
    EQ(ps5000aStop(h), PS_DRIVER_FUNCTION);
    EQ(ps5000aPingUnit(other), PS_OK);
    atomic_store(&leave_poll, 1);
    pthread_join(t, NULL);
    EQ(ps5000aStop(h), PS_OK);
    ps5000aCloseUnit(h);
    ps5000aCloseUnit(other);
}

int main(void)
{
    setenv("GRATICULE_PICO_SIM", "ps5000a 5244D ONE;ps5000a 5444D TWO power;"
                                 "ps5000a 5244D SLOW counter=30000 buffer=100;ps2000a 2406B OTHER", 1);
    RUN(opening);
    RUN(info);
    RUN(wrong_orders);
    RUN(edge);
    RUN(rapid);
    RUN(streaming);
    RUN(triggered_streaming);
    RUN(equivalent_time);
    RUN(light);
    RUN(two_threads);
    return TEST_RESULT();
}
