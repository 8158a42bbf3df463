/* ps4000 and ps5000: the classic interface as it was before. Buffers of one capture and of many are given by calls of
 * their own, and many cannot be down-sampled. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->narrow)
#define MAX_CODE 32764
#define MAX_CODE_4262 32767
#define MAX_CODE_5000 32512
/* ps4000: AVERAGE has the classic number of DECIMATE, which there is not. */
#define MODE_AVERAGE 2
#define RANGES 12

static uint32_t open_unit(const grat__pico_lib *lib, const char *serial, int16_t *handle)
{
    int8_t text[64];
    if (!lib->narrow.OpenUnit) return grat__pico_look_up(lib, &grat__pico_next_unit, serial, handle);
    snprintf((char *)text, sizeof text, "%s", serial ? serial : "");
    return lib->narrow.OpenUnit(handle, serial ? text : NULL);
}

static uint32_t power(grat__pico_unit *u, uint32_t state)
{
    return grat__pico_say(u, "OpenUnit", state);
}

static uint32_t channel(grat__pico_unit *u, unsigned i, const grat__pico_input *in)
{
    if (in->on && in->offset != 0) return grat__pico_say(u, "SetChannel", GRAT__PICO_UNSUPPORTED);
    uint32_t st = CALL(u)->SetChannel(u->handle, (int32_t)i, in->on, in->coupling == 1, in->range);
    if (st == GRAT__PICO_INVALID_CHANNEL && !in->on) return GRAT__PICO_OK;
    if (st) return grat__pico_say(u, "SetChannel", st);
    if (in->on && CALL(u)->SetBwFilter) st = CALL(u)->SetBwFilter(u->handle, (int32_t)i, in->limit);
    else st = in->limit ? GRAT__PICO_UNSUPPORTED : GRAT__PICO_OK;
    /* Where there is none it is off. */
    return in->on && in->limit ? grat__pico_say(u, "SetBwFilter", st) : GRAT__PICO_OK;
}

/* ps5000 does not tell them: which of them are taken. */
static uint32_t ranges(grat__pico_unit *u, unsigned *mask, double offset[16])
{
    uint32_t st = GRAT__PICO_OK;
    if (u->lib->common.GetChannelInformation) return grat__pico_ranges(u, mask, offset);
    *mask = 0;
    for (int32_t i = 0; i < RANGES; i++) {
        uint32_t one = CALL(u)->SetChannel(u->handle, 0, 1, 1, i);
        offset[i] = 0;
        if (one) st = one;
        else *mask |= 1u << i;
    }
    return grat__pico_say(u, "SetChannel", *mask ? GRAT__PICO_OK : st);
}

static uint32_t port(grat__pico_unit *u, unsigned i, bool on, double volts)
{
    (void)i;
    (void)volts;
    return on ? grat__pico_say(u, "SetChannel", GRAT__PICO_UNSUPPORTED) : GRAT__PICO_OK;
}

static uint32_t max(grat__pico_unit *u, int number, int16_t *out)
{
    (void)number;
    *out = u->lib->series->bare                  ? MAX_CODE_5000
           : strncmp(u->variant, "4262", 4) == 0 ? MAX_CODE_4262
                                                 : MAX_CODE;
    return GRAT__PICO_OK;
}

static uint32_t timebase(grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room)
{
    float ns = 0;
    int32_t most = 0;
    uint32_t st = CALL(u)->GetTimebase2(u->handle, n, 1, &ns, 0, &most, 0);
    if (st) return grat__pico_say(u, "GetTimebase2", st);
    *dt = grat__pico_exact(ns) * 1e-9;
    *room = most > 0 ? (uint64_t)most : 0;
    return GRAT__PICO_OK;
}

/* Not told: what is taken. */
static uint32_t max_segments(grat__pico_unit *u, uint32_t *n)
{
    for (*n = 1u << 15; *n > 1; *n /= 2)
        if (!CALL(u)->MemorySegments(u->handle, (uint16_t)*n, NULL)) break;
    return grat__pico_say(u, "MemorySegments", CALL(u)->MemorySegments(u->handle, 1, NULL));
}

static uint32_t segments(grat__pico_unit *u, uint32_t n)
{
    if (n > UINT16_MAX) return grat__pico_say(u, "MemorySegments", GRAT__PICO_TOO_MANY_SEGMENTS);
    uint32_t st = CALL(u)->MemorySegments(u->handle, (uint16_t)n, NULL);
    u->segments = n;
    if (st) return grat__pico_say(u, "MemorySegments", st);
    return grat__pico_say(u, "SetNoOfCaptures", CALL(u)->SetNoOfCaptures(u->handle, (uint16_t)n));
}

static uint32_t captures(grat__pico_unit *u, uint32_t *n)
{
    uint16_t got = 0;
    if (!CALL(u)->GetNoOfCaptures) return grat__pico_say(u, "GetNoOfCaptures", GRAT__PICO_UNSUPPORTED);
    uint32_t st = CALL(u)->GetNoOfCaptures(u->handle, &got);
    *n = got;
    return grat__pico_say(u, "GetNoOfCaptures", st);
}

static uint32_t run_block(grat__pico_unit *u, const grat__pico_block *b)
{
    return grat__pico_say(u, "RunBlock", CALL(u)->RunBlock(u->handle, (int32_t)b->pre, (int32_t)b->post, b->timebase, 0,
                                                           NULL, 0, grat__pico_on_block, b->run));
}

/* -1 is none that there is. */
static int16_t mode_number(const grat__pico_unit *u, int mode)
{
    if (u->lib->series->bare) return (int16_t)mode;
    return mode == GRAT__PICO_AVERAGE ? MODE_AVERAGE : mode == GRAT__PICO_DECIMATE ? -1 : (int16_t)mode;
}

static uint32_t one_buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    const grat__pico_narrow *c = CALL(u);
    int32_t n = b->max ? (int32_t)b->length : 0, number = (int32_t)b->input;
    int16_t mode = mode_number(u, b->mode);
    bool bare = !c->SetDataBufferMode || !c->SetDataBuffersMode;
    if (mode < 0 || (bare && !u->lib->series->bare && mode)) return GRAT__PICO_NO_RATIO_MODE;
    if (!b->min)
        return bare ? c->SetDataBuffer(u->handle, number, b->max, n)
                    : c->SetDataBufferMode(u->handle, number, b->max, n, mode);
    return bare ? c->SetDataBuffers(u->handle, number, b->max, b->min, n)
                : c->SetDataBuffersMode(u->handle, number, b->max, b->min, n, mode);
}

static uint32_t buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    int32_t n = b->max ? (int32_t)b->length : 0;
    if (u->segments <= 1) return grat__pico_say(u, "SetDataBuffer", one_buffer(u, b));
    return grat__pico_say(u, "SetDataBufferBulk",
                          b->mode ? GRAT__PICO_NO_BULK_MODE
                                  : CALL(u)->SetDataBufferBulk(u->handle, (int32_t)b->input, b->max, n,
                                                               (uint16_t)b->segment));
}

static uint32_t values(grat__pico_unit *u, grat__pico_values *v)
{
    v->got = v->samples;
    if (u->segments > 1)
        return grat__pico_say(u, "GetValuesBulk", CALL(u)->GetValuesBulk(u->handle, &v->got, (uint16_t)v->from,
                                                                         (uint16_t)v->to, v->overflow));
    return grat__pico_say(u, "GetValues", CALL(u)->GetValues(u->handle, 0, &v->got, v->ratio, mode_number(u, v->mode),
                                                             0, v->overflow));
}

static uint32_t when(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out)
{
    uint32_t n = to - from + 1, st = GRAT__PICO_UNSUPPORTED;
    int64_t *times = calloc(n, sizeof *times);
    int32_t *units = calloc(n, sizeof *units);
    if (times && units && CALL(u)->TriggerOffsets)
        st = CALL(u)->TriggerOffsets(u->handle, times, units, (uint16_t)from, (uint16_t)to);
    for (uint32_t i = 0; !st && i < n; i++)
        out[i] = (grat__pico_when){.offset = (double)times[i] * grat__pico_unit_seconds(units[i])};
    free(times);
    free(units);
    return grat__pico_say(u, "GetValuesTriggerTimeOffsetBulk64", st);
}

/* Without a mode a ratio means AGGREGATE. */
static uint32_t run_streaming(grat__pico_unit *u, grat__pico_streaming *s)
{
    const grat__pico_narrow *c = CALL(u);
    uint32_t interval, st = segments(u, 1);
    int32_t unit;
    bool bare = !c->RunStreamingMode;
    if (bare && s->mode && s->mode != GRAT__PICO_AGGREGATE)
        return grat__pico_say(u, "RunStreaming", GRAT__PICO_NO_RATIO_MODE);
    grat__pico_as_integer(s->dt, &interval, &unit);
    if (!st) st = grat__pico_stream_buffers(u, s);
    if (st) return st;
    st = bare ? c->RunStreaming(u->handle, &interval, unit, s->pre, s->length, 0, s->ratio, s->length)
              : c->RunStreamingMode(u->handle, &interval, unit, s->pre, s->length, 0, s->ratio,
                                    mode_number(u, s->mode), s->length);
    if (!st) s->dt = interval * grat__pico_unit_seconds(unit);
    return grat__pico_say(u, "RunStreaming", st);
}

const grat__pico_ops grat__pico_narrow_ops = {
    PICO_SHARED_OPS,
    PICO_COMMON_OPS,
    .open = open_unit,
    .power = power,
    .channel = channel,
    .port = port,
    .ranges = ranges,
    .max = max,
    .timebase = timebase,
    .max_segments = max_segments,
    .segments = segments,
    .captures = captures,
    .run_block = run_block,
    .buffer = buffer,
    .values = values,
    .when = when,
    .run_streaming = run_streaming,
};
