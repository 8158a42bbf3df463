/* ps2000, ps3000: calls that answer 0 for failure, no callback at the end of a block, and one of streaming that does
 * not say whose it is. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->old)
enum { INFO_ERROR = 6, DC_COUPLED = 1, EXT = 4, NO_SOURCE = 5, PICOSECONDS = 1, NANOSECONDS = 2 };
#define CHANNELS 4
#define MAX_CODE 32767
#define POINTS 4096
#define DAC_HZ 48e6

struct grat__pico_stream_state {
    int16_t *block[CHANNELS];  /* where values go to */
    uint32_t length, samples;
    uint32_t places;           /* in equivalent time: in the place of one sample; 0 = not in it */
    double ets_s;              /* what its values are apart */
    int64_t *times;            /* where their times go to, fs */
    uint64_t written;          /* of a stream */
};

/* "0" is OK and the vendor's first eight errors are nearly those of today. */
static uint32_t last_error(const grat__pico_lib *lib, int16_t handle)
{
    static const uint32_t of[] = {0x6, 0x1, 0x2, 0x3, 0x4, 0x7, 0x8, 0xB, 0x9};
    int8_t text[16] = {0};
    if (!lib->old.get_unit_info(handle, text, sizeof text, INFO_ERROR)) return GRAT__PICO_NOT_RESPONDING;
    return text[0] >= '0' && text[0] <= '8' ? of[text[0] - '0'] : of[0];
}

static uint32_t result(grat__pico_unit *u, const char *call, bool ok)
{
    u->failed = call;
    return ok ? GRAT__PICO_OK : last_error(u->lib, u->handle);
}

static bool text_of(const grat__pico_lib *lib, int16_t handle, uint32_t line, char *out, size_t cap)
{
    int8_t text[128] = {0};
    if (!lib->old.get_unit_info(handle, text, sizeof text - 1, (int16_t)line)) return false;
    snprintf(out, cap, "%s", (char *)text);
    return true;
}

static uint32_t open_next(const grat__pico_lib *lib, int16_t *handle)
{
    *handle = lib->old.open_unit();
    return *handle > 0 ? GRAT__PICO_OK : *handle < 0 ? last_error(lib, 0) : GRAT__PICO_NOT_FOUND;
}

static void close_one(const grat__pico_lib *lib, int16_t handle)
{
    lib->old.close_unit(handle);
}

static const grat__pico_lookup by_opening = {open_next, close_one, text_of};

static uint32_t open_unit(const grat__pico_lib *lib, const char *serial, int16_t *handle)
{
    return grat__pico_look_up(lib, &by_opening, serial, handle);
}

static void enumerate(const grat__pico_lib *lib, grat__pico_list *out)
{
    grat__pico_look_around(lib, &by_opening, out);
}

static uint32_t close_unit(grat__pico_unit *u)
{
    return CALL(u)->close_unit(u->handle) ? GRAT__PICO_OK : GRAT__PICO_NOT_RESPONDING;
}

static uint32_t stop(grat__pico_unit *u)
{
    return result(u, "_stop", CALL(u)->stop(u->handle) != 0);
}

static uint32_t info(const grat__pico_unit *u, uint32_t what, char *out, size_t cap)
{
    return text_of(u->lib, u->handle, what, out, cap) ? GRAT__PICO_OK : GRAT__PICO_UNSUPPORTED;
}

static uint32_t flash(grat__pico_unit *u, int times)
{
    (void)times;
    return result(u, "_flash_led", CALL(u)->flash_led && CALL(u)->flash_led(u->handle));
}

static uint32_t power(grat__pico_unit *u, uint32_t state)
{
    return grat__pico_say(u, "_open_unit", state);
}

static uint32_t resolution(grat__pico_unit *u, int number)
{
    (void)number;
    return grat__pico_say(u, "_set_channel", GRAT__PICO_UNSUPPORTED);
}

static uint32_t channel(grat__pico_unit *u, unsigned i, const grat__pico_input *in)
{
    if (in->offset != 0) return grat__pico_say(u, "_set_channel", GRAT__PICO_UNSUPPORTED);
    bool ok = CALL(u)->set_channel(u->handle, (int16_t)i, in->on, in->coupling == DC_COUPLED, (int16_t)in->range);
    return ok || in->on ? result(u, "_set_channel", ok) : GRAT__PICO_OK;
}

static uint32_t port(grat__pico_unit *u, unsigned i, bool on, double volts)
{
    (void)i;
    (void)volts;
    return on ? grat__pico_say(u, "_set_channel", GRAT__PICO_UNSUPPORTED) : GRAT__PICO_OK;
}

/* They are not told: which of them are taken. */
static uint32_t ranges(grat__pico_unit *u, unsigned *mask, double offset[16])
{
    *mask = 0;
    for (int16_t i = 0; i < 12; i++) {
        offset[i] = 0;
        if (CALL(u)->set_channel(u->handle, 0, 1, 1, i)) *mask |= 1u << i;
    }
    return result(u, "_set_channel", *mask != 0);
}

static uint32_t max(grat__pico_unit *u, int number, int16_t *out)
{
    (void)u;
    (void)number;
    *out = MAX_CODE;
    return GRAT__PICO_OK;
}

static uint32_t timebase(grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room)
{
    int32_t ns = 0, most = 0;
    int16_t units = 0;
    u->failed = "_get_timebase";
    if (n > 63 || !CALL(u)->get_timebase(u->handle, (int16_t)n, 1, &ns, &units, 1, &most) || ns <= 0)
        return GRAT__PICO_INVALID_TIMEBASE;
    *dt = ns * 1e-9;
    *room = most > 0 ? (uint64_t)most : 0;
    return GRAT__PICO_OK;
}

static uint32_t max_segments(grat__pico_unit *u, uint32_t *n)
{
    (void)u;
    *n = 1;
    return GRAT__PICO_OK;
}

static uint32_t segments(grat__pico_unit *u, uint32_t n)
{
    return grat__pico_say(u, "_run_block", n == 1 ? GRAT__PICO_OK : GRAT__PICO_UNSUPPORTED);
}

static uint32_t captures(grat__pico_unit *u, uint32_t *n)
{
    *n = 0;
    return grat__pico_say(u, "_ready", GRAT__PICO_NO_CAPTURES);
}

static struct grat__pico_stream_state *state(grat__pico_unit *u)
{
    if (!u->stream) u->stream = calloc(1, sizeof *u->stream);
    return u->stream;
}

/* The place of the trigger is set with it, as a part of the record: `code` and the rest wait until the block runs. */
static uint32_t trigger(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_old *c = CALL(u);
    bool basic = grat__pico_is_basic(u);
    if (t->on && !t->simple &&
        (basic || !c->Properties || !c->Conditions || !c->Directions || !c->TriggerDelay || !c->Width))
        return grat__pico_say(u, "SetAdvTriggerChannelConditions", GRAT__PICO_UNSUPPORTED);
    if (t->on && t->simple && t->direction != GRAT__PICO_RISING && t->direction != GRAT__PICO_FALLING)
        return grat__pico_say(u, "_set_trigger", GRAT__PICO_UNSUPPORTED);
    u->old_trigger = *t;
    return GRAT__PICO_OK;
}

/* `percent` of the record come before the trigger, or so much time when it is below 0. */
static bool set_simple(grat__pico_unit *u, double percent)
{
    const grat__pico_trigger *t = &u->old_trigger;
    int16_t ms = t->auto_s > 0 ? (int16_t)fmin(fmax(t->auto_s * 1000, 1), INT16_MAX) : 0;
    int16_t source = !t->on ? NO_SOURCE : t->source == GRAT__PICO_EXT ? EXT : (int16_t)t->source;
    int16_t way = t->direction == GRAT__PICO_FALLING;
    u->failed = "_set_trigger";
    if (u->old_events) {
        u->old_events = false;
        CALL(u)->Width(u->handle, NULL, 0, 0, 0, 0, 0);
        CALL(u)->Conditions(u->handle, NULL, 0);
    }
    if (CALL(u)->set_trigger2)
        return CALL(u)->set_trigger2(u->handle, source, t->code, way, (float)-percent, ms) != 0;
    return CALL(u)->set_trigger(u->handle, source, t->code, way, (int16_t)nearbyint(-percent), ms) != 0;
}

/* A, B, C, D, external, and of a condition the width: the members. */
enum { EXT_MEMBER = 4, WIDTH_MEMBER = 5, MEMBERS = 6 };

static unsigned member(int source)
{
    return source < EXT_MEMBER ? (unsigned)source : EXT_MEMBER;    /* these have four channels at most */
}

static bool set_levels(grat__pico_unit *u)
{
    const grat__pico_trigger *t = &u->old_trigger;
    grat__pico_old_properties list[GRAT__PICO_SOURCES];
    int32_t ms = t->auto_s > 0 ? (int32_t)fmin(fmax(t->auto_s * 1000, 1), INT32_MAX) : 0, way[5] = {2, 2, 2, 2, 2};
    int16_t n = 0;
    for (int i = 0; i < GRAT__PICO_SOURCES; i++) {
        if (!t->event[i].used && !(t->width.on && t->width.source == i)) continue;
        if (t->event[i].used) way[member(i)] = t->event[i].direction;
        list[n++] = (grat__pico_old_properties){t->event[i].upper, t->event[i].lower, PICO_HYSTERESIS,
                                                i == GRAT__PICO_EXT ? EXT : (int16_t)i, t->event[i].window};
    }
    u->failed = "SetAdvTriggerChannelProperties";
    return CALL(u)->Properties(u->handle, list, n, ms) &&
           CALL(u)->Directions(u->handle, way[0], way[1], way[2], way[3], way[4]);
}

static bool set_events(grat__pico_unit *u, double percent)
{
    const grat__pico_trigger *t = &u->old_trigger;
    int32_t rows[8][MEMBERS] = {{0}}, width[MEMBERS] = {0};
    for (unsigned g = 0; g < t->groups; g++) {
        for (int i = 0; i < GRAT__PICO_SOURCES; i++)
            if (t->group[g].sources >> i & 1) rows[g][member(i)] = PICO_TRUE;
        rows[g][WIDTH_MEMBER] = t->group[g].width ? PICO_TRUE : 0;
    }
    if (t->width.on) width[member(t->width.source)] = PICO_TRUE;
    u->old_events = true;
    if (!set_levels(u)) return false;
    u->failed = "SetAdvTriggerChannelConditions";
    if (!CALL(u)->Conditions(u->handle, rows, (int16_t)t->groups)) return false;
    u->failed = "SetPulseWidthQualifier";
    if (!CALL(u)->Width(u->handle, t->width.on ? width : NULL, t->width.on, t->width.direction, t->width.lower,
                        t->width.upper, t->width.type))
        return false;
    u->failed = "SetAdvTriggerDelay";
    return CALL(u)->TriggerDelay(u->handle, t->delay, t->delay ? 0 : (float)-percent) != 0;
}

static bool set_trigger(grat__pico_unit *u, double percent)
{
    return u->old_trigger.on && !u->old_trigger.simple ? set_events(u, percent) : set_simple(u, percent);
}

enum { ETS_OFF = 0, ETS_SLOW = 2 };
/* Between one and ten are allowed. */
#define CYCLES_A_PLACE 4

static bool set_ets(grat__pico_unit *u, uint32_t places)
{
    struct grat__pico_stream_state *m = state(u);
    u->failed = "_set_ets";
    /* Slow: each set of values is a new one. Off answers 0 as well. */
    int32_t ps = CALL(u)->set_ets(u->handle, places ? ETS_SLOW : ETS_OFF, (int16_t)(CYCLES_A_PLACE * places),
                                  (int16_t)places);
    m->places = ps > 0 ? places : 0;
    m->ets_s = ps * 1e-12;
    u->ets = m->places > 0;
    return !places || u->ets;
}

/* The trigger comes before it. */
static uint32_t ets(grat__pico_unit *u, uint32_t places, double *dt)
{
    struct grat__pico_stream_state *m = state(u);
    u->failed = "_set_ets";
    *dt = 0;
    if (!m) return GRAT__PICO_FOUND_NO_MEMORY;
    if (!CALL(u)->set_ets || !CALL(u)->get_times_and_values || places > INT16_MAX / CYCLES_A_PLACE)
        return GRAT__PICO_NO_ETS;
    if (places && !set_trigger(u, 0)) return result(u, u->failed, false);
    if (!set_ets(u, places)) return GRAT__PICO_NO_ETS;
    *dt = m->ets_s;
    return GRAT__PICO_OK;
}

/* The library is given a place for them with that for the values. */
static uint32_t ets_times(grat__pico_unit *u, int64_t *times, uint32_t n)
{
    struct grat__pico_stream_state *m = state(u);
    (void)n;
    if (!m) return grat__pico_say(u, "_set_ets", GRAT__PICO_FOUND_NO_MEMORY);
    m->times = times;
    return GRAT__PICO_OK;
}

static uint32_t run_block(grat__pico_unit *u, const grat__pico_block *b)
{
    struct grat__pico_stream_state *m = state(u);
    int32_t n = (int32_t)(b->pre + b->post), ms;
    if (!m) return grat__pico_say(u, "_run_block", GRAT__PICO_FOUND_NO_MEMORY);
    if (!set_trigger(u, 100.0 * ((double)b->pre - u->old_trigger.delay) / n)) return result(u, u->failed, false);
    if (u->ets && !set_ets(u, m->places)) return GRAT__PICO_NO_ETS;
    m->samples = (uint32_t)n;
    return result(u, "_run_block", CALL(u)->run_block(u->handle, n, (int16_t)b->timebase, 1, &ms) != 0);
}

static uint32_t is_ready(grat__pico_unit *u, bool *ready)
{
    int16_t r = CALL(u)->ready(u->handle);
    *ready = r > 0;
    return grat__pico_say(u, "_ready", r < 0 ? GRAT__PICO_NOT_RESPONDING : GRAT__PICO_OK);
}

static uint32_t buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    struct grat__pico_stream_state *m = state(u);
    if (!m || b->input >= CHANNELS || b->min || b->mode)
        return grat__pico_say(u, "_get_values", GRAT__PICO_NO_RATIO_MODE);
    m->block[b->input] = b->max;
    m->length = b->length;
    return GRAT__PICO_OK;
}

/* Times have 32 bits: in ps where they fit. */
static uint32_t timed_values(grat__pico_unit *u, grat__pico_values *v, uint32_t n)
{
    struct grat__pico_stream_state *m = state(u);
    bool fit = n * m->ets_s < INT32_MAX * 1e-12;
    int32_t *times = calloc(n ? n : 1, sizeof *times);
    if (!times) return grat__pico_say(u, "_get_times_and_values", GRAT__PICO_FOUND_NO_MEMORY);
    int32_t got = CALL(u)->get_times_and_values(u->handle, times, m->block[0], m->block[1], m->block[2], m->block[3],
                                                v->overflow, fit ? PICOSECONDS : NANOSECONDS, (int32_t)n);
    v->got = got > 0 ? (uint32_t)got : 0;
    for (uint32_t i = 0; i < v->got && i < n; i++) m->times[i] = times[i] * (int64_t)(fit ? 1000 : 1000000);
    free(times);
    return result(u, "_get_times_and_values", got > 0);
}

static uint32_t values(grat__pico_unit *u, grat__pico_values *v)
{
    struct grat__pico_stream_state *m = state(u);
    uint32_t n = v->samples < m->length ? v->samples : m->length;
    if (u->ets && m->times) return timed_values(u, v, n);
    int32_t got = CALL(u)->get_values(u->handle, m->block[0], m->block[1], m->block[2], m->block[3],
                                      v->overflow, (int32_t)n);
    v->got = got > 0 ? (uint32_t)got : 0;
    return result(u, "_get_values", got > 0);
}

static uint32_t when(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out)
{
    (void)from;
    (void)to;
    (void)out;
    return grat__pico_say(u, "_get_values", GRAT__PICO_UNSUPPORTED);
}

/* ---- streaming ----------------------------------------------------------------------------------------------- */

static _Thread_local struct {
    struct grat__pico_stream_state *m;
    grat__pico_streaming *s;
    grat__pico_sink sink;
    void *user;
    bool lost, ended;
} polled;

static uint32_t run_streaming(grat__pico_unit *u, grat__pico_streaming *s)
{
    struct grat__pico_stream_state *m = state(u);
    uint32_t ns = (uint32_t)fmin(fmax(nearbyint(s->dt * 1e9), 1), 4e9);
    u->failed = "_run_streaming_ns";
    if (!m || grat__pico_is_basic(u) || !CALL(u)->run_streaming_ns || !CALL(u)->get_streaming_last_values)
        return GRAT__PICO_UNSUPPORTED;
    if (s->mode && s->mode != GRAT__PICO_AGGREGATE) return GRAT__PICO_NO_RATIO_MODE;
    m->written = 0;
    s->dt = ns * 1e-9;
    if (!set_trigger(u, 0)) return result(u, u->failed, false);
    uint32_t st = result(u, "_run_streaming_ns",
                         CALL(u)->run_streaming_ns(u->handle, ns, NANOSECONDS, s->length, 0, s->mode ? s->ratio : 1,
                                                   s->length) != 0);
    /* The first answer may tell of a loss that there was none of. */
    int16_t overrun;
    if (!st && CALL(u)->overview_buffer_status) CALL(u)->overview_buffer_status(u->handle, &overrun);
    /* There is no error of its own for what is too fast. */
    return st == GRAT__PICO_CONFIG_FAIL ? GRAT__PICO_INVALID_INTERVAL : st;
}

/* A code of -32768 stands for what was lost. */
static void on_pico_stream(int16_t **buffers, int16_t overflow, uint32_t trigger_at, int16_t triggered,
                           int16_t auto_stop, uint32_t count)
{
    grat__pico_streaming *s = polled.s;
    polled.ended = auto_stop != 0;
    if (triggered && s->trigger == GRAT__PICO_NOT_YET) s->trigger = s->values + trigger_at;
    s->values += count;
    for (uint32_t done = 0; done < count && !polled.lost;) {
        uint32_t at = (uint32_t)(polled.m->written % s->length);
        uint32_t n = count - done < s->length - at ? count - done : s->length - at;
        for (unsigned k = 0; k < CHANNELS; k++) {
            if (!s->max[k] || !buffers[2 * k]) continue;
            const int16_t *high = buffers[2 * k], *low = buffers[2 * k + 1];
            memcpy(s->max[k] + at, high + done, n * sizeof(int16_t));
            if (s->min[k] && low) memcpy(s->min[k] + at, low + done, n * sizeof(int16_t));
            for (uint32_t i = 0; i < n && !polled.lost; i++) polled.lost = high[done + i] == INT16_MIN;
        }
        if (polled.lost) return;
        polled.sink(polled.user, &(grat__pico_chunk){at, n, overflow != 0});
        polled.m->written += n;
        done += n;
    }
}

static uint32_t poll_stream(grat__pico_unit *u, grat__pico_streaming *s, grat__pico_sink sink, void *user)
{
    int16_t overrun = 0;
    polled.m = state(u);
    polled.s = s;
    polled.sink = sink;
    polled.user = user;
    polled.lost = polled.ended = false;
    CALL(u)->get_streaming_last_values(u->handle, on_pico_stream); /* 0: nothing is there yet */
    u->failed = "_get_streaming_last_values";
    if (CALL(u)->overview_buffer_status && !CALL(u)->overview_buffer_status(u->handle, &overrun))
        return GRAT__PICO_NOT_RESPONDING;
    /* It ends by itself only when something is wrong. */
    if (polled.ended) return GRAT__PICO_STREAMING_FAILED;
    return overrun || polled.lost ? GRAT__PICO_BUFFER_STALL : GRAT__PICO_OK;
}

static void end_streaming(grat__pico_unit *u, const grat__pico_streaming *s)
{
    (void)u;
    (void)s;
}

/* ---- the generator ------------------------------------------------------------------------------------------- */

/* All of its memory, whatever the number of points: sources do not agree on what fewer are played with. */
static uint32_t points(grat__pico_unit *u, grat__pico_wave *w, int32_t uv, uint32_t pp)
{
    uint8_t own[POINTS];
    double phase = nearbyint(w->hz * 4294967296.0 / DAC_HZ);
    if (!CALL(u)->set_sig_gen_arbitrary || w->source || w->stop != w->hz || phase < 1 || phase > UINT32_MAX)
        return grat__pico_say(u, "_set_sig_gen_arbitrary", GRAT__PICO_UNSUPPORTED);
    for (uint32_t i = 0; i < POINTS; i++) own[i] = (uint8_t)((w->points[i * w->n / POINTS] + 32768) >> 8);
    w->hz = w->stop = phase * DAC_HZ / 4294967296.0;
    return result(u, "_set_sig_gen_arbitrary",
                  CALL(u)->set_sig_gen_arbitrary(u->handle, uv, pp, (uint32_t)phase, (uint32_t)phase, 0, 0, own, POINTS,
                                                 0, 0) != 0);
}

/* SQUARE 0, TRIANGLE 1, SINE 2; with 0 Hz it is off. It answers with the frequency that it has. */
static uint32_t plain_wave(grat__pico_unit *u, grat__pico_wave *w)
{
    int16_t number = w->wave == GRAT__PICO_SINE ? 2 : w->wave == GRAT__PICO_TRIANGLE;
    int32_t hz = w->wave == GRAT__PICO_DC ? 0 : (int32_t)fmax(nearbyint(w->hz), 1);
    u->failed = "_set_siggen";
    if (w->wave == GRAT__PICO_POINTS) return GRAT__PICO_UNSUPPORTED;
    if (!grat__pico_is_basic(u) || !CALL(u)->set_siggen) return GRAT__PICO_NO_GENERATOR;
    int32_t got = CALL(u)->set_siggen(u->handle, number, hz, hz, 0, 0, 0, 0);
    w->hz = got;
    return hz ? result(u, "_set_siggen", got > 0) : GRAT__PICO_OK;
}

static uint32_t wave(grat__pico_unit *u, grat__pico_wave *w)
{
    /* SINE SQUARE TRIANGLE RAMPUP RAMPDOWN SINC GAUSSIAN HALF_SINE DC */
    static const int32_t numbers[] = {0, 1, 2, 3, 4, 7, 6, 8, 5};
    int32_t uv = (int32_t)nearbyint(w->offset * 1e6);
    uint32_t pp = (uint32_t)nearbyint(w->pp * 1e6);
    w->most = POINTS;
    if (u->lib->series->plain_generator) return plain_wave(u, w);
    if (w->wave == GRAT__PICO_POINTS) return w->n > POINTS ? GRAT__PICO_TOO_MANY_SAMPLES : points(u, w, uv, pp);
    u->failed = "_set_sig_gen_built_in";
    if (!CALL(u)->set_sig_gen_built_in) return GRAT__PICO_NO_GENERATOR;
    if (w->wave > GRAT__PICO_DC || w->source) return GRAT__PICO_UNSUPPORTED;
    return result(u, "_set_sig_gen_built_in",
                  CALL(u)->set_sig_gen_built_in(u->handle, uv, pp, numbers[w->wave], (float)w->hz, (float)w->stop,
                                                (float)w->step, (float)w->dwell, w->sweep, w->sweeps) != 0);
}

static uint32_t fire(grat__pico_unit *u)
{
    return grat__pico_say(u, "_set_sig_gen_built_in", GRAT__PICO_UNSUPPORTED);
}

const grat__pico_ops grat__pico_old_ops = {
    .open = open_unit,
    .close = close_unit,
    .stop = stop,
    .info = info,
    .enumerate = enumerate,
    .flash = flash,
    .power = power,
    .resolution = resolution,
    .channel = channel,
    .port = port,
    .ranges = ranges,
    .max = max,
    .timebase = timebase,
    .max_segments = max_segments,
    .segments = segments,
    .captures = captures,
    .trigger = trigger,
    .ets = ets,
    .ets_times = ets_times,
    .run_block = run_block,
    .is_ready = is_ready,
    .buffer = buffer,
    .values = values,
    .when = when,
    .run_streaming = run_streaming,
    .poll = poll_stream,
    .end_streaming = end_streaming,
    .wave = wave,
    .fire = fire,
};
