/* Calls in a wrong order, and wrong numbers, on every series: the documented statuses, and the unit works afterwards.
 * The oldest interface has one number for nearly all of them, which is CONFIG_FAIL here. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "pico/pico.h"
#include "test.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define DT 1e-6
#define LEVEL 6                /* 1 V */

typedef grat__pico_unit unit;
static const grat__pico_ops *ops;
static grat__pico_run run_of_block;

static void set_channel(unit *u, unsigned i, bool on)
{
    ops->channel(u, i, &(grat__pico_input){.on = on, .range = LEVEL, .coupling = 1});
}

/* A alone, no trigger, one segment. */
static void make_ready(unit *u)
{
    double dt;
    ops->stop(u);
    if (u->ets) ops->ets(u, 0, &dt);
    for (unsigned i = 0; i < GRAT__PICO_CHANNELS; i++) set_channel(u, i, i == 0);
    ops->trigger(u, &(grat__pico_trigger){0});
    ops->segments(u, 1);
    if (u->lib->series->resolutions) ops->resolution(u, 0);
}

/* The timebase of about a microsecond. */
static uint32_t slow(unit *u)
{
    uint32_t n = 0;
    double dt = 0;
    uint64_t room;
    if (ops->nearest && !ops->nearest(u, DT, 0, &n)) return n;
    for (uint32_t step = 1u << 20; step; step /= 2)
        if (!ops->timebase(u, n + step, &dt, &room) && dt <= DT) n += step;
    return n;
}

static uint32_t begin_block(unit *u, uint32_t n)
{
    atomic_store(&run_of_block.done, false);
    run_of_block.unit = u;
    return ops->run_block(u, &(grat__pico_block){0, n, slow(u), &run_of_block});
}

static uint32_t whole_block(unit *u)
{
    uint32_t st = begin_block(u, 64);
    bool ready = false;
    for (int i = 0; !st && i < 3000 && !ready; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        ops->is_ready(u, &ready);
    }
    return st ? st : ready ? GRAT__PICO_OK : GRAT__PICO_NOT_RESPONDING;
}

static int16_t data[64], low[64];

static uint32_t read_block(unit *u, uint32_t segment, uint32_t ratio, int mode)
{
    int16_t over[2];
    grat__pico_values v = {.from = segment, .to = segment, .samples = 64, .ratio = ratio, .mode = mode,
                           .overflow = over};
    return ops->values(u, &v);
}

static uint32_t with_buffer(unit *u, uint32_t segment, uint32_t ratio, int mode)
{
    grat__pico_buffer b = {0, data, mode ? low : NULL, 64, 0, mode}, none = {.mode = mode};
    uint32_t st = ops->buffer(u, &b);
    if (!st) st = read_block(u, segment, ratio, mode);
    ops->buffer(u, &none);
    return st;
}

/* ---- the orders ------------------------------------------------------------------------------------------ */

static uint32_t values_first(unit *u)
{
    return with_buffer(u, 0, 1, 0);
}

static uint32_t values_while_sampling(unit *u)
{
    uint32_t st = begin_block(u, 4000);
    return st ? st : with_buffer(u, 0, 1, 0);
}

static uint32_t values_after_stop(unit *u)
{
    uint32_t st = begin_block(u, 4000);
    if (!st) st = ops->stop(u);
    return st ? st : with_buffer(u, 0, 1, 0);
}

static uint32_t values_without_buffers(unit *u)
{
    uint32_t st = whole_block(u);
    return st ? st : read_block(u, 0, 1, 0);
}

static uint32_t values_elsewhere(unit *u)
{
    uint32_t st = whole_block(u);
    return st ? st : with_buffer(u, 7, 1, 0);
}

static uint32_t values_without_ratio(unit *u)
{
    uint32_t st = whole_block(u);
    return st ? st : with_buffer(u, 0, 0, GRAT__PICO_AGGREGATE);
}

static uint32_t captures_first(unit *u)
{
    uint32_t n;
    return ops->captures(u, &n);
}

static uint32_t too_many_samples(unit *u)
{
    grat__pico_block b = {0, 0x7fffffff, slow(u), &run_of_block};
    if (ops == &grat__pico_modern_ops) b.pre = b.post = UINT32_MAX;
    return ops->run_block(u, &b);
}

static uint32_t no_samples(unit *u)
{
    return begin_block(u, 0);
}

static uint32_t no_such_timebase(unit *u)
{
    for (unsigned i = 1; i < 4; i++) set_channel(u, i, true);
    return ops->run_block(u, &(grat__pico_block){0, 64, 0, &run_of_block});
}

static uint32_t nothing_on(unit *u)
{
    set_channel(u, 0, false);
    return ops->run_block(u, &(grat__pico_block){0, 64, 20, &run_of_block});
}

static uint32_t no_segments(unit *u)
{
    return ops->segments(u, 0);
}

static uint32_t too_many_segments(unit *u)
{
    return ops->segments(u, 60000000);
}

static uint32_t captures_beyond_segments(unit *u)
{
    const grat__pico_lib *lib = u->lib;
    if (lib->modern.SetNoOfCaptures) lib->modern.SetNoOfCaptures(u->handle, 3);
    else if (lib->narrow.SetNoOfCaptures) lib->narrow.SetNoOfCaptures(u->handle, 3);
    else if (lib->wide.SetNoOfCaptures) lib->wide.SetNoOfCaptures(u->handle, 3);
    else lib->call.SetNoOfCaptures(u->handle, 3);
    return begin_block(u, 64);
}

static uint32_t channel_while_sampling(unit *u)
{
    uint32_t st = begin_block(u, 4000);
    return st ? st : ops->channel(u, 0, &(grat__pico_input){.on = true, .range = LEVEL, .coupling = 1});
}

static uint32_t segments_while_sampling(unit *u)
{
    uint32_t st = begin_block(u, 4000);
    return st ? st : ops->segments(u, 1);
}

static uint32_t no_such_channel(unit *u)
{
    return ops->channel(u, 7, &(grat__pico_input){.on = true, .range = LEVEL, .coupling = 1});
}

static uint32_t no_such_range(unit *u)
{
    return ops->channel(u, 0, &(grat__pico_input){.on = true, .range = 13, .coupling = 1});
}

static uint32_t too_much_offset(unit *u)
{
    return ops->channel(u, 0, &(grat__pico_input){.on = true, .range = LEVEL, .coupling = 1, .offset = 30});
}

static uint32_t trigger_on_what_is_off(unit *u)
{
    uint32_t st = ops->trigger(u, &(grat__pico_trigger){.on = true, .simple = true, .source = 1, .direction = 2});
    return st ? st : begin_block(u, 64);
}

static uint32_t too_long_a_delay(unit *u)
{
    grat__pico_trigger t = {.on = true, .simple = true, .direction = 2, .delay = 8388608};
    uint32_t st = ops->trigger(u, &t);
    return st ? st : begin_block(u, 64);
}

static uint32_t width_without_one(unit *u)
{
    grat__pico_trigger t = {.on = true, .groups = 1};
    t.event[0].used = true;
    t.event[0].direction = 2;
    t.group[0].sources = 1;
    t.group[0].width = true;
    uint32_t st = ops->trigger(u, &t);
    return st ? st : begin_block(u, 64);
}

static int16_t ring[4096];
static grat__pico_streaming streaming(double dt)
{
    return (grat__pico_streaming){.dt = dt, .ratio = 1, .length = 4096, .max = {ring}};
}

static void no_sink(void *user, const grat__pico_chunk *c)
{
    (void)user;
    (void)c;
}

/* What was registered for it is no longer. */
static uint32_t end(unit *u, const grat__pico_streaming *s, uint32_t st)
{
    ops->stop(u);
    ops->end_streaming(u, s);
    return st;
}

static uint32_t poll_first(unit *u)
{
    grat__pico_streaming s = streaming(DT);
    /* The modern interface keeps its account of buffers from a start on. */
    if (ops == &grat__pico_modern_ops && !ops->run_streaming(u, &s)) ops->stop(u);
    return end(u, &s, ops->poll(u, &s, no_sink, NULL));
}

static uint32_t poll_after_stop(unit *u)
{
    grat__pico_streaming s = streaming(DT);
    uint32_t st = ops->run_streaming(u, &s);
    if (!st) st = ops->stop(u);
    return end(u, &s, st ? st : ops->poll(u, &s, no_sink, NULL));
}

static uint32_t too_fast_a_stream(unit *u)
{
    grat__pico_streaming s = streaming(2e-9);
    for (unsigned i = 1; i < 4; i++) set_channel(u, i, true);
    return end(u, &s, ops->run_streaming(u, &s));
}

static uint32_t values_while_streaming(unit *u)
{
    grat__pico_streaming s = streaming(DT);
    uint32_t st = ops->run_streaming(u, &s);
    return end(u, &s, st ? st : read_block(u, 0, 1, 0));
}

static uint32_t inside;
static void stop_inside(void *user, const grat__pico_chunk *c)
{
    (void)c;
    inside = ops->stop(user);
}

static uint32_t call_in_a_callback(unit *u)
{
    grat__pico_streaming s = streaming(DT);
    uint32_t st = ops->run_streaming(u, &s);
    inside = GRAT__PICO_BUSY;
    for (int i = 0; !st && i < 2000 && inside == GRAT__PICO_BUSY; i++) {
        nanosleep(&(struct timespec){0, 1000000}, NULL);
        st = ops->poll(u, &s, stop_inside, u);
    }
    return end(u, &s, st ? st : inside);
}

static uint32_t stream_in_equivalent_time(unit *u)
{
    grat__pico_streaming s = streaming(DT);
    double dt;
    uint32_t st = ops->ets(u, 2, &dt);
    return st ? st : ops->run_streaming(u, &s);
}

static uint32_t equivalent_time_untriggered(unit *u)
{
    double dt;
    uint32_t st = ops->ets(u, 2, &dt);
    return st ? st : begin_block(u, 64);
}

static uint32_t too_many_places(unit *u)
{
    double dt;
    return ops->ets(u, 8192, &dt);
}

static uint32_t no_such_resolution(unit *u)
{
    return ops->resolution(u, 7);
}

static uint32_t too_many_channels_for_it(unit *u)
{
    for (unsigned i = 1; i < 4; i++) set_channel(u, i, true);
    return ops->resolution(u, u->lib->series->resolutions[0]);
}

static uint32_t stop_twice(unit *u)
{
    uint32_t st = ops->stop(u);
    return st ? st : ops->stop(u);
}

/* ---- all of them ------------------------------------------------------------------------------------------- */

enum { OLD = 1, NARROW = 2, CLASSIC = 4, MODERN = 8, NEW = NARROW | CLASSIC | MODERN, ETS = 16, FLEXIBLE = 32,
       OLD_ETS = 64 };
#define ANY 0x8               /* of the oldest interface */
static const struct {
    const char *name;
    uint32_t (*fn)(unit *u);
    unsigned on;               /* ETS, FLEXIBLE, OLD_ETS: those series only */
    uint32_t want;
} rows[] = {
    {"values before a block", values_first, NEW, 0x25},
    {"values before a block", values_first, OLD, ANY},
    {"values while sampling", values_while_sampling, NEW, 0x24},
    {"values while sampling", values_while_sampling, OLD, ANY},
    {"values after Stop", values_after_stop, NEW, 0x25},
    {"values after Stop", values_after_stop, OLD, ANY},
    {"values without buffers", values_without_buffers, NEW, 0x46},
    {"values of a segment that is not there", values_elsewhere, CLASSIC | MODERN, 0x26},
    {"down-sampling by 0", values_without_ratio, NEW, 0x40},
    {"number of captures before one", captures_first, NEW, 0x5D},
    {"more samples than memory", too_many_samples, NEW, 0x1D},
    {"more samples than memory", too_many_samples, OLD, ANY},
    {"no samples", no_samples, NEW, 0xD},
    {"no samples", no_samples, OLD, ANY},
    {"a timebase too fast for four channels", no_such_timebase, NEW, 0xE},
    {"no channel on", nothing_on, NEW, 0x10},
    {"no channel on", nothing_on, OLD, ANY},
    {"0 segments", no_segments, NEW, 0x1E},
    {"too many segments", too_many_segments, NEW, 0x1E},
    {"more captures than segments", captures_beyond_segments, NEW, 0x42},
    {"SetChannel while sampling", channel_while_sampling, NEW, 0x24},
    {"SetChannel while sampling", channel_while_sampling, OLD, ANY},
    {"segments while sampling", segments_while_sampling, NEW, 0x24},
    {"a channel that is not there", no_such_channel, NEW, 0x10},
    {"a channel that is not there", no_such_channel, OLD, ANY},
    {"a range that is not there", no_such_range, CLASSIC | NARROW, 0xF},
    {"a range that is not there", no_such_range, OLD, ANY},
    {"too much offset", too_much_offset, CLASSIC | MODERN, 0x50},
    {"a trigger on a channel that is off", trigger_on_what_is_off, NEW, 0x11},
    {"a trigger on a channel that is off", trigger_on_what_is_off, OLD, ANY},
    {"too long a delay", too_long_a_delay, NEW, 0x20},
    {"a condition on a width that is not set", width_without_one, NEW, 0x1F},
    {"a condition on a width that is not set", width_without_one, OLD, ANY},
    {"a poll without a stream", poll_first, NEW, 0x3C},
    {"a poll after Stop", poll_after_stop, NEW, 0x3C},
    {"a stream too fast for USB", too_fast_a_stream, NEW, 0x2B},
    {"a stream too fast for USB", too_fast_a_stream, OLD, 0x2B},
    {"values while streaming", values_while_streaming, NEW, 0x24},
    {"a call inside a callback", call_in_a_callback, NARROW | CLASSIC, 0x23},
    {"a stream in equivalent time", stream_in_equivalent_time, ETS, 0x17},
    {"a stream in equivalent time", stream_in_equivalent_time, OLD_ETS, 0x2B},
    {"equivalent time without a trigger", equivalent_time_untriggered, ETS, 0x2C},
    {"equivalent time without a trigger", equivalent_time_untriggered, OLD_ETS, ANY},
    {"more places than there are", too_many_places, OLD_ETS | ETS, 0x1A},
    {"bits that there are not", no_such_resolution, FLEXIBLE, 0x120},
    {"Stop twice", stop_twice, OLD | NEW, 0},
};

static unsigned kind_of(const grat__pico_series *s)
{
    unsigned kind = s->ops == &grat__pico_old_ops      ? OLD
                    : s->ops == &grat__pico_narrow_ops ? NARROW
                    : s->ops == &grat__pico_modern_ops ? MODERN
                                                       : CLASSIC;
    return kind | (s->ets ? kind == OLD ? OLD_ETS : ETS : 0) | (s->resolutions ? FLEXIBLE : 0);
}

static const char *const models[] = {"ps2204a", "ps3424", "ps4424", "ps2406b", "ps3406dmso", "ps4444", "ps4824a",
                                     "ps5444d", "ps6424e", "ps3418e", "ps6404", "ps5204", "ps4227",
                                     "ps3205"};

/* Eight channels, and all of them at the fastest rate; models without equivalent time, or with little else; ps5000
 * does not tell how many captures there are. */
static bool differs(const char *model, uint32_t (*fn)(unit *u))
{
    static const struct {
        const char *model;
        uint32_t (*fn)(unit *u);
    } others[] = {{"ps4824a", no_such_channel},          {"ps4824a", no_such_timebase},
                  {"ps3424", stream_in_equivalent_time}, {"ps3424", equivalent_time_untriggered},
                  {"ps4424", stream_in_equivalent_time}, {"ps4424", equivalent_time_untriggered},
                  {"ps5204", captures_first},            {"ps3205", width_without_one},
                  {"ps3205", too_fast_a_stream},         {"ps3205", stream_in_equivalent_time}};
    for (unsigned i = 0; i < COUNT(others); i++)
        if (strcmp(model, others[i].model) == 0 && fn == others[i].fn) return true;
    return false;
}

static void check_unit(unit *u, const char *model)
{
    ops = u->lib->series->ops;
    unsigned kind = kind_of(u->lib->series);
    for (unsigned i = 0; i < COUNT(rows); i++) {
        if (!(rows[i].on & kind) || differs(model, rows[i].fn)) continue;
        test_checks++;
        make_ready(u);
        uint32_t st = rows[i].fn(u);
        if (st != rows[i].want)
            TEST_FAIL("%s: %s: 0x%x (%s), wanted 0x%x", model, rows[i].name, (unsigned)st, u->failed ? u->failed : "",
                      (unsigned)rows[i].want);
        /* It works as before. */
        make_ready(u);
        st = whole_block(u);
        if (!st) st = with_buffer(u, 0, 1, 0);
        if (st) TEST_FAIL("%s: after %s: 0x%x (%s)", model, rows[i].name, (unsigned)st, u->failed ? u->failed : "");
    }
    make_ready(u);
    if (kind & FLEXIBLE && strcmp(model, "ps3418e") != 0)
        EQ(too_many_channels_for_it(u), strcmp(model, "ps5444d") == 0 ? 0x121 : 0x18C);
}

TEST(orders)
{
    for (unsigned m = 0; m < COUNT(models); m++) {
        unit *u;
        grat_op op;
        grat_op_init(&op, 10000, NULL);
        if (!grat__pico_sim_knows(models[m])) continue;
        if (grat__pico_open_simulated(models[m], &op, &u)) {
            TEST_FAIL("%s: %s", models[m], op.text);
            continue;
        }
        check_unit(u, models[m]);
        /* Closed twice, and used afterwards. */
        EQ(ops->stop(u), 0);
        EQ(ops->close(u), 0);
        TRUE(ops->close(u) != 0);
        TRUE(ops->stop(u) != 0);
        u->handle = 0;
        grat__pico_close(u);
    }
}

int main(void)
{
    RUN(orders);
    return TEST_RESULT();
}
