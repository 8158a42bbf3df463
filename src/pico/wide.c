/* ps6000: the classic interface as it was for fast units. The bandwidth is set with the channel, buffers of one capture
 * and of many are given by calls of their own, which have no segment, and its numbers of modes are others. */
#include <math.h>
#include <stdio.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->wide)
#define MAX_CODE 32512
#define RANGES 12
#define MOST_SEGMENTS (1u << 20)

static uint32_t open_unit(const grat__pico_lib *lib, const char *serial, int16_t *handle)
{
    int8_t text[64];
    snprintf((char *)text, sizeof text, "%s", serial ? serial : "");
    return lib->wide.OpenUnit(handle, serial ? text : NULL);
}

static uint32_t power(grat__pico_unit *u, uint32_t state)
{
    return grat__pico_say(u, "OpenUnit", state);
}

static uint32_t channel(grat__pico_unit *u, unsigned i, const grat__pico_input *in)
{
    uint32_t st = CALL(u)->SetChannel(u->handle, (int32_t)i, in->on, in->coupling, in->range, (float)in->offset,
                                      in->on && in->limit);
    if (st == GRAT__PICO_INVALID_CHANNEL && !in->on) return GRAT__PICO_OK;
    return grat__pico_say(u, "SetChannel", st);
}

static uint32_t port(grat__pico_unit *u, unsigned i, bool on, double volts)
{
    (void)i;
    (void)volts;
    return on ? grat__pico_say(u, "SetChannel", GRAT__PICO_UNSUPPORTED) : GRAT__PICO_OK;
}

/* They are not told: which of them are taken. */
static uint32_t ranges(grat__pico_unit *u, unsigned *mask, double offset[16])
{
    uint32_t st = GRAT__PICO_OK;
    *mask = 0;
    for (int32_t i = 0; i < RANGES; i++) {
        float high = 0, low = 0;
        uint32_t one = CALL(u)->SetChannel(u->handle, 0, 1, 1, i, 0, 0);
        offset[i] = 0;
        if (one) st = one;
        else *mask |= 1u << i;
        if (!one && CALL(u)->GetAnalogueOffset && !CALL(u)->GetAnalogueOffset(u->handle, i, 1, &high, &low))
            offset[i] = fmin((double)high, -(double)low);
    }
    return grat__pico_say(u, "SetChannel", *mask ? GRAT__PICO_OK : st);
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
    float ns = 0;
    uint32_t most = 0, st = CALL(u)->GetTimebase2(u->handle, n, 1, &ns, 0, &most, 0);
    if (st) return grat__pico_say(u, "GetTimebase2", st);
    *dt = grat__pico_exact(ns) * 1e-9;
    *room = most;
    return GRAT__PICO_OK;
}

/* Not told: what is taken. */
static uint32_t max_segments(grat__pico_unit *u, uint32_t *n)
{
    for (*n = MOST_SEGMENTS; *n > 1; *n /= 2)
        if (!CALL(u)->MemorySegments(u->handle, *n, NULL)) break;
    return grat__pico_say(u, "MemorySegments", CALL(u)->MemorySegments(u->handle, 1, NULL));
}

static uint32_t segments(grat__pico_unit *u, uint32_t n)
{
    uint32_t st = CALL(u)->MemorySegments(u->handle, n, NULL);
    u->segments = n;
    if (st) return grat__pico_say(u, "MemorySegments", st);
    return grat__pico_say(u, "SetNoOfCaptures", CALL(u)->SetNoOfCaptures(u->handle, n));
}

static uint32_t captures(grat__pico_unit *u, uint32_t *n)
{
    if (!CALL(u)->GetNoOfCaptures) return grat__pico_say(u, "GetNoOfCaptures", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "GetNoOfCaptures", CALL(u)->GetNoOfCaptures(u->handle, n));
}

static uint32_t run_block(grat__pico_unit *u, const grat__pico_block *b)
{
    return grat__pico_say(u, "RunBlock", CALL(u)->RunBlock(u->handle, b->pre, b->post, b->timebase, 0, NULL, 0,
                                                           grat__pico_on_block, b->run));
}

static int32_t mode_number(int mode)
{
    return mode == GRAT__PICO_AVERAGE ? 2 : mode == GRAT__PICO_DECIMATE ? 4 : mode;
}

static uint32_t buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    const grat__pico_wide *c = CALL(u);
    uint32_t n = b->max ? b->length : 0;
    int32_t number = (int32_t)b->input, mode = mode_number(b->mode);
    bool bulk = u->segments > 1;
    u->failed = bulk ? "SetDataBufferBulk" : "SetDataBuffer";
    if (b->min)
        return bulk ? c->SetDataBuffersBulk(u->handle, number, b->max, b->min, n, b->segment, mode)
                    : c->SetDataBuffers(u->handle, number, b->max, b->min, n, mode);
    return bulk ? c->SetDataBufferBulk(u->handle, number, b->max, n, b->segment, mode)
                : c->SetDataBuffer(u->handle, number, b->max, n, mode);
}

static uint32_t values(grat__pico_unit *u, grat__pico_values *v)
{
    int32_t mode = mode_number(v->mode);
    v->got = v->samples;
    if (u->segments > 1)
        return grat__pico_say(u, "GetValuesBulk", CALL(u)->GetValuesBulk(u->handle, &v->got, v->from, v->to, v->ratio,
                                                                         mode, v->overflow));
    return grat__pico_say(u, "GetValues",
                          CALL(u)->GetValues(u->handle, 0, &v->got, v->ratio, mode, v->from, v->overflow));
}

static uint32_t run_streaming(grat__pico_unit *u, grat__pico_streaming *s)
{
    uint32_t interval, st = segments(u, 1);
    int32_t unit;
    grat__pico_as_integer(s->dt, &interval, &unit);
    if (!st) st = grat__pico_stream_buffers(u, s);
    if (st) return st;
    st = CALL(u)->RunStreaming(u->handle, &interval, unit, s->pre, s->length, 0, s->ratio, mode_number(s->mode),
                               s->length);
    if (!st) s->dt = interval * grat__pico_unit_seconds(unit);
    return grat__pico_say(u, "RunStreaming", st);
}

const grat__pico_ops grat__pico_wide_ops = {
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
    .when = grat__pico_offsets,
    .run_streaming = run_streaming,
};
