/* ps6000a and psospa. Streaming has no ring there but a queue of buffers, and its channels may be apart: here it
 * becomes a ring of four buffers, and what all channels have. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->modern)
#define SERIES(u) ((u)->lib->series)
#define BANDWIDTH_HZ 20000000
#define POINTS_MIN 10u
#define RING_BUFFERS 4u
/* Buffers that wait beside the one that is being filled. */
#define AHEAD 1u
enum { INT16 = 1, TYPE_X1 = 1, NANOSECONDS = 2, AUX_IN = 2, EXT_IN = 3 };

struct grat__pico_stream_state {
    uint64_t written[GRAT__PICO_INPUTS], consumed;
    uint32_t queued;           /* buffers that were given */
};

static uint32_t open_unit(const grat__pico_lib *lib, const char *serial, int16_t *handle)
{
    int8_t text[64];
    snprintf((char *)text, sizeof text, "%s", serial ? serial : "");
    return lib->series->nanovolts ? lib->modern.OpenUnitPower(handle, serial ? text : NULL, 0, NULL)
                                  : lib->modern.OpenUnit(handle, serial ? text : NULL, 0);
}

static uint32_t power(grat__pico_unit *u, uint32_t state)
{
    return grat__pico_say(u, "OpenUnit", state);
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

static int64_t nanovolts(int range)
{
    static const int64_t mv[] = {10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000};
    return mv[range < 0 ? 0 : range > 11 ? 11 : range] * 1000000;
}

static uint32_t channel(grat__pico_unit *u, unsigned i, const grat__pico_input *in)
{
    int32_t n = (int32_t)i, limit = in->limit ? BANDWIDTH_HZ : 0;
    uint32_t st;
    if (in->on) u->flags |= 1u << i;
    else u->flags &= ~(1u << i);
    if (!in->on) {
        st = CALL(u)->SetChannelOff(u->handle, n);
        return st == GRAT__PICO_INVALID_CHANNEL ? GRAT__PICO_OK : grat__pico_say(u, "SetChannelOff", st);
    }
    int64_t nv = nanovolts(in->range);
    st = SERIES(u)->nanovolts
             ? CALL(u)->SetChannelOnNv(u->handle, n, in->coupling, -nv, nv, TYPE_X1, in->offset, limit)
             : CALL(u)->SetChannelOn(u->handle, n, in->coupling, in->range, in->offset, limit);
    return grat__pico_say(u, "SetChannelOn", st);
}

static uint32_t port(grat__pico_unit *u, unsigned i, bool on, double volts)
{
    const grat__pico_modern *c = CALL(u);
    int32_t n = grat__pico_number(GRAT__PICO_CHANNELS + i);
    int16_t level[8];
    if (on) u->flags |= 0x10000u << i;
    else u->flags &= ~(0x10000u << i);
    if (!on) {
        if (c->SetDigitalPortOff) c->SetDigitalPortOff(u->handle, n); /* one that is not there is off */
        return GRAT__PICO_OK;
    }
    if (!c->SetDigitalPortOn) return grat__pico_say(u, "SetDigitalPortOn", GRAT__PICO_UNSUPPORTED);
    for (unsigned k = 0; k < 8; k++)
        level[k] = (int16_t)nearbyint(fmin(fmax(volts / SERIES(u)->port_volts, -1), 1) * INT16_MAX);
    return grat__pico_say(u, "SetDigitalPortOn",
                          SERIES(u)->nanovolts ? c->SetDigitalPortOnVolts(u->handle, n, volts)
                                               : c->SetDigitalPortOn(u->handle, n, level, 8, 1));
}

/* Which ranges there are is seen by which have limits of the offset. */
static uint32_t ranges(grat__pico_unit *u, unsigned *mask, double offset[16])
{
    const grat__pico_modern *c = CALL(u);
    uint32_t st = GRAT__PICO_UNSUPPORTED;
    *mask = 0;
    for (int i = 0; i < 12 && c->GetAnalogueOffsetLimits; i++) {
        double high = 0, low = 0;
        int64_t nv = nanovolts(i);
        uint32_t one = SERIES(u)->nanovolts
                           ? c->GetAnalogueOffsetLimitsNv(u->handle, -nv, nv, TYPE_X1, 1, &high, &low)
                           : c->GetAnalogueOffsetLimits(u->handle, i, 1, &high, &low);
        if (one) {
            st = *mask ? st : one;
            continue;
        }
        st = GRAT__PICO_OK;
        *mask |= 1u << i;
        offset[i] = fmin(high, -low);
    }
    return grat__pico_say(u, "GetAnalogueOffsetLimits", *mask ? GRAT__PICO_OK : st);
}

static uint32_t max(grat__pico_unit *u, int number, int16_t *out)
{
    int16_t least;
    return grat__pico_say(u, "GetAdcLimits", CALL(u)->GetAdcLimits(u->handle, number, &least, out));
}

/* ---- time and memory ------------------------------------------------------------------------------------- */

static uint32_t timebase(grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room)
{
    double ns = 0;
    uint32_t st = CALL(u)->GetTimebase(u->handle, n, 1, &ns, room, 0);
    *dt = ns * 1e-9;
    return grat__pico_say(u, "GetTimebase", st);
}

static uint32_t nearest(grat__pico_unit *u, double want, int number, uint32_t *n)
{
    double got = 0;
    uint32_t st = GRAT__PICO_UNSUPPORTED;
    if (SERIES(u)->nanovolts && CALL(u)->NearestInterval)
        st = CALL(u)->NearestInterval(u->handle, u->flags, want, 1, number, n, &got);
    return grat__pico_say(u, "NearestSampleIntervalStateless", st);
}

static uint32_t max_segments(grat__pico_unit *u, uint32_t *n)
{
    uint64_t most = 1;
    uint32_t st = CALL(u)->QueryMaxSegments ? CALL(u)->QueryMaxSegments(u->handle, 1, 1, &most, 0) : GRAT__PICO_OK;
    *n = most < UINT32_MAX ? (uint32_t)most : UINT32_MAX;
    return grat__pico_say(u, "QueryMaxSegmentsBySamples", st);
}

static uint32_t segments(grat__pico_unit *u, uint32_t n)
{
    uint64_t room;
    uint32_t st = CALL(u)->MemorySegments(u->handle, n, &room);
    if (st) return grat__pico_say(u, "MemorySegments", st);
    return grat__pico_say(u, "SetNoOfCaptures", CALL(u)->SetNoOfCaptures(u->handle, n));
}

static uint32_t captures(grat__pico_unit *u, uint32_t *n)
{
    uint64_t got = 0;
    if (!CALL(u)->GetNoOfCaptures) return grat__pico_say(u, "GetNoOfCaptures", GRAT__PICO_UNSUPPORTED);
    uint32_t st = CALL(u)->GetNoOfCaptures(u->handle, &got);
    *n = (uint32_t)got;
    return grat__pico_say(u, "GetNoOfCaptures", st);
}

/* ---- triggers ---------------------------------------------------------------------------------------------- */

static uint32_t auto_us(const grat__pico_trigger *t)
{
    return t->auto_s > 0 ? (uint32_t)fmin(fmax(t->auto_s * 1e6, 1), UINT32_MAX) : 0;
}

static uint32_t set_lines(grat__pico_unit *u, const grat__pico_trigger *t)
{
    uint32_t st = GRAT__PICO_OK;
    if (!t->lines && !u->lines_set) return st;
    if (!CALL(u)->DigitalProperties)
        return grat__pico_say(u, "SetTriggerDigitalPortProperties", GRAT__PICO_UNSUPPORTED);
    u->lines_set = t->lines;
    for (unsigned p = 0; p < GRAT__PICO_PORTS && !st; p++) {
        grat__pico_direction list[8];
        int16_t n = 0;
        for (int i = 0; i < 8 && t->lines; i++)
            if (t->line[8 * p + (unsigned)i]) list[n++] = (grat__pico_direction){i, t->line[8 * p + (unsigned)i]};
        st = CALL(u)->DigitalProperties(u->handle, 0x80 + (int32_t)p, n ? list : NULL, n);
    }
    return grat__pico_say(u, "SetTriggerDigitalPortProperties", st);
}

static uint32_t conditions(grat__pico_unit *u, const grat__pico_trigger *t)
{
    uint32_t st = GRAT__PICO_OK;
    for (unsigned g = 0; g < t->groups && !st; g++) {
        grat__pico_condition list[GRAT__PICO_SOURCES + 1 + GRAT__PICO_PORTS];
        int16_t n = 0;
        for (int i = 0; i < GRAT__PICO_SOURCES; i++)
            if (t->group[g].sources >> i & 1) list[n++] = (grat__pico_condition){grat__pico_source(u, i), PICO_TRUE};
        if (t->group[g].width) list[n++] = (grat__pico_condition){PICO_WIDTH, PICO_TRUE};
        for (int p = 0; p < GRAT__PICO_PORTS && t->group[g].lines; p++) {
            bool some = false;
            for (int i = 0; i < 8; i++) some |= t->line[8 * p + i] != 0;
            if (some) list[n++] = (grat__pico_condition){0x80 + p, PICO_TRUE};
        }
        st = CALL(u)->Conditions(u->handle, list, n, g ? PICO_ADD : PICO_CLEAR | PICO_ADD);
    }
    return grat__pico_say(u, "SetTriggerChannelConditions", st);
}

static uint32_t width(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_modern *c = CALL(u);
    grat__pico_condition one = {grat__pico_source(u, t->width.source), PICO_TRUE};
    grat__pico_direction_mode way = {one.source, t->width.direction, t->width.window};
    uint32_t st = c->WidthProperties(u->handle, t->width.lower, t->width.upper, t->width.on ? t->width.type : 0);
    if (!st) st = c->WidthConditions(u->handle, t->width.on ? &one : NULL, t->width.on, PICO_CLEAR | PICO_ADD);
    if (!st) st = c->WidthDirections(u->handle, t->width.on ? &way : NULL, t->width.on);
    return grat__pico_say(u, "SetPulseWidthQualifier", st);
}

static uint32_t properties(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_modern *c = CALL(u);
    grat__pico_properties_v2 list[GRAT__PICO_SOURCES];
    grat__pico_direction_mode way[GRAT__PICO_SOURCES];
    int16_t n = 0, ways = 0;
    for (int i = 0; i < GRAT__PICO_SOURCES; i++) {
        int32_t number = grat__pico_source(u, i);
        bool qualifies = t->width.on && t->width.source == i;
        if (!t->event[i].used && !qualifies) continue;
        list[n++] = (grat__pico_properties_v2){t->event[i].upper, PICO_HYSTERESIS, t->event[i].lower, PICO_HYSTERESIS,
                                               number};
        if (t->event[i].used)
            way[ways++] = (grat__pico_direction_mode){number, t->event[i].direction, t->event[i].window};
    }
    uint32_t st = SERIES(u)->nanovolts ? c->PropertiesNoAux(u->handle, n ? list : NULL, n, auto_us(t))
                                       : c->Properties(u->handle, n ? list : NULL, n, 0, auto_us(t));
    if (st) return grat__pico_say(u, "SetTriggerChannelProperties", st);
    return grat__pico_say(u, "SetTriggerChannelDirections", c->Directions(u->handle, ways ? way : NULL, ways));
}

static uint32_t trigger(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_modern *c = CALL(u);
    uint32_t st = set_lines(u, t);
    if (st) return st;
    if (!t->on || t->simple)
        return grat__pico_say(u, "SetSimpleTrigger",
                              c->SetSimpleTrigger(u->handle, t->on, t->on ? grat__pico_source(u, t->source) : 0,
                                                  t->code, t->on ? t->direction : GRAT__PICO_RISING, t->delay,
                                                  auto_us(t)));
    if (!c->Properties || !c->Conditions || !c->Directions || !c->WidthProperties || !c->WidthConditions ||
        !c->WidthDirections)
        return grat__pico_say(u, "SetTriggerChannelConditions", GRAT__PICO_UNSUPPORTED);
    st = properties(u, t);
    if (!st && (t->delay || c->SetTriggerDelay))
        st = grat__pico_say(u, "SetTriggerDelay", c->SetTriggerDelay ? c->SetTriggerDelay(u->handle, t->delay)
                                                                     : GRAT__PICO_UNSUPPORTED);
    if (!st) st = conditions(u, t);
    return st ? st : width(u, t);
}

/* ---- blocks --------------------------------------------------------------------------------------------------- */

static int32_t mode_number(int mode)
{
    return mode ? mode : INT32_MIN; /* RAW is 0x80000000 */
}

static uint32_t run_block(grat__pico_unit *u, const grat__pico_block *b)
{
    double ms;
    return grat__pico_say(u, "RunBlock", CALL(u)->RunBlock(u->handle, b->pre, b->post, b->timebase, &ms, 0,
                                                           grat__pico_on_block, b->run));
}

static uint32_t set_buffer(grat__pico_unit *u, const grat__pico_buffer *b, int32_t action)
{
    const grat__pico_modern *c = CALL(u);
    int32_t ch = grat__pico_number(b->input), mode = mode_number(b->mode);
    bool wide = SERIES(u)->nanovolts;
    u->failed = b->min ? "SetDataBuffers" : "SetDataBuffer";
    if (b->min && wide)
        return c->SetDataBuffersLong(u->handle, ch, b->max, b->min, b->length, INT16, b->segment, mode, action);
    if (b->min)
        return c->SetDataBuffers(u->handle, ch, b->max, b->min, (int32_t)b->length, INT16, b->segment, mode, action);
    if (wide) return c->SetDataBufferLong(u->handle, ch, b->max, b->length, INT16, b->segment, mode, action);
    return c->SetDataBuffer(u->handle, ch, b->max, (int32_t)b->length, INT16, b->segment, mode, action);
}

/* Nothing is registered any more, whichever buffer is named. */
static uint32_t buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    grat__pico_buffer none = {.input = b->input, .segment = b->segment, .mode = b->mode};
    if (!b->max && !u->registered) return GRAT__PICO_OK;
    u->registered = b->max != NULL;
    return set_buffer(u, b->max ? b : &none, b->max ? PICO_ADD : PICO_CLEAR);
}

static uint32_t values(grat__pico_unit *u, grat__pico_values *v)
{
    const grat__pico_modern *c = CALL(u);
    uint64_t n = v->samples;
    int32_t mode = mode_number(v->mode);
    uint32_t st;
    if (v->from == v->to) {
        u->failed = "GetValues";
        st = c->GetValues(u->handle, 0, &n, v->ratio, mode, v->from, v->overflow);
    } else {
        u->failed = "GetValuesBulk";
        st = c->GetValuesBulk(u->handle, 0, &n, v->from, v->to, v->ratio, mode, v->overflow);
    }
    v->got = (uint32_t)n;
    return st;
}

static uint32_t when(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out)
{
    uint32_t n = to - from + 1, st = GRAT__PICO_UNSUPPORTED;
    grat__pico_modern_info *i = calloc(n, sizeof *i);
    if (i && CALL(u)->TriggerInfo) st = CALL(u)->TriggerInfo(u->handle, i, from, n);
    for (uint32_t k = 0; !st && k < n; k++) {
        double offset = i[k].time * grat__pico_unit_seconds(i[k].units);
        uint64_t counter = i[k].stamp & ((1ULL << 56) - 1);
        out[k].offset = grat__pico_is_untimed(i[k].status) ? 0 : offset;
        out[k].stamp = grat__pico_is_unstamped(i[k].status) ? 0 : counter;
    }
    free(i);
    return grat__pico_say(u, "GetTriggerInfo", st);
}

/* ---- streaming ----------------------------------------------------------------------------------------------- */

static uint32_t queue_buffers(grat__pico_unit *u, const grat__pico_streaming *s, uint32_t upto)
{
    struct grat__pico_stream_state *m = u->stream;
    uint32_t one = s->length / RING_BUFFERS, st = GRAT__PICO_OK;
    for (; m->queued < upto && !st; m->queued++) {
        size_t at = (size_t)(m->queued % RING_BUFFERS) * one;
        for (unsigned k = 0; k < GRAT__PICO_INPUTS && !st; k++)
            if (s->max[k])
                st = set_buffer(u, &(grat__pico_buffer){k, s->max[k] + at, s->min[k] ? s->min[k] + at : NULL, one, 0,
                                                        s->mode}, PICO_ADD);
    }
    return st;
}

static uint32_t run_streaming(grat__pico_unit *u, grat__pico_streaming *s)
{
    double ns = s->dt * 1e9;
    if (!u->stream) u->stream = malloc(sizeof *u->stream);
    if (!u->stream) return grat__pico_say(u, "RunStreaming", GRAT__PICO_FOUND_NO_MEMORY);
    *u->stream = (struct grat__pico_stream_state){0};
    u->registered = true;
    grat__pico_end_streaming(u, s);
    uint32_t st = queue_buffers(u, s, 1 + AHEAD);
    u->registered = true;
    if (st) return st;
    st = CALL(u)->RunStreaming(u->handle, &ns, NANOSECONDS, s->pre, s->length, 0, s->ratio, mode_number(s->mode));
    if (!st) s->dt = ns * 1e-9;
    return grat__pico_say(u, "RunStreaming", st);
}

/* What the library says that it has written; false when it does not follow what came before. */
static bool note_written(struct grat__pico_stream_state *m, const grat__pico_stream_info *i, unsigned k, uint32_t one)
{
    if (i->samples <= 0) return true;
    if (i->start < 0 || (uint32_t)i->start + (uint32_t)i->samples > one) return false;
    uint64_t from = i->buffer * one + (uint64_t)i->start;
    bool ok = from == m->written[k] && i->buffer < m->queued;
    m->written[k] = from + (uint64_t)i->samples;
    return ok;
}

/* The vendor's example names the trigger by the buffer and the sample in it; one before `start` can only be meant from
 * there on. Of channels that are apart it is the one whose values have it. */
static void note_trigger(grat__pico_streaming *s, const grat__pico_stream_info *list, uint32_t n, uint64_t at)
{
    uint32_t one = s->length / RING_BUFFERS;
    for (uint32_t from = 0; from < 2 && s->trigger == GRAT__PICO_NOT_YET; from++) {
        for (uint32_t i = 0; i < n && s->trigger == GRAT__PICO_NOT_YET; i++) {
            uint64_t start = (uint64_t)list[i].start, in = from ? start + at : at;
            if (list[i].samples > 0 && in >= start && in - start < (uint64_t)list[i].samples)
                s->trigger = list[i].buffer * one + in;
        }
    }
}

static uint32_t poll_stream(grat__pico_unit *u, grat__pico_streaming *s, grat__pico_sink sink, void *user)
{
    struct grat__pico_stream_state *m = u->stream;
    grat__pico_stream_info list[GRAT__PICO_INPUTS];
    grat__pico_stream_trigger t = {0};
    uint32_t one = s->length / RING_BUFFERS, ring = one * RING_BUFFERS, n = 0;
    uint64_t least = UINT64_MAX;
    bool clipped = false;
    for (unsigned k = 0; k < GRAT__PICO_INPUTS; k++)
        if (s->max[k])
            list[n++] = (grat__pico_stream_info){.channel = grat__pico_number(k), .mode = mode_number(s->mode),
                                                 .type = INT16};
    uint32_t st = CALL(u)->GetStreamingLatestValues(u->handle, list, n, &t);
    u->failed = "GetStreamingLatestValues";
    if (st && st != GRAT__PICO_WAITING_FOR_BUFFERS && st != GRAT__PICO_BUSY) return st;
    for (unsigned k = 0, i = 0; k < GRAT__PICO_INPUTS; k++) {
        if (!s->max[k]) continue;
        clipped |= list[i].overflow != 0;
        if (!note_written(m, &list[i++], k, one)) return GRAT__PICO_STREAMING_FAILED;
        if (m->written[k] < least) least = m->written[k];
    }
    if (t.triggered) note_trigger(s, list, n, t.at);
    while (m->consumed < least) {
        uint32_t at = (uint32_t)(m->consumed % ring);
        uint64_t some = least - m->consumed < ring - at ? least - m->consumed : ring - at;
        sink(user, &(grat__pico_chunk){at, (uint32_t)some, clipped});
        m->consumed += some;
        s->values = m->consumed;
    }
    /* By itself, which nobody asked for. */
    if (t.auto_stop) return GRAT__PICO_STREAMING_FAILED;
    return queue_buffers(u, s, (uint32_t)(m->consumed / one) + 1 + AHEAD);
}

/* ---- the generator ------------------------------------------------------------------------------------------- */

static uint32_t apply(grat__pico_unit *u, grat__pico_wave *w, bool on)
{
    const grat__pico_modern *c = CALL(u);
    bool sweep = w->stop != w->hz, triggered = w->source != 0;
    double hz = w->hz, stop_hz = w->stop, step = w->step, dwell = w->dwell;
    uint32_t st = SERIES(u)->nanovolts
                      ? c->SigGenApplyShort(u->handle, on, sweep, triggered, &hz, &stop_hz, &step, &dwell)
                      : c->SigGenApply(u->handle, on, sweep, triggered, 1, 0, &hz, &stop_hz, &step, &dwell);
    if (!st && on && w->wave != GRAT__PICO_DC) w->hz = hz;
    return grat__pico_say(u, "SigGenApply", st);
}

static uint32_t sweep_and_trigger(grat__pico_unit *u, const grat__pico_wave *w)
{
    const grat__pico_modern *c = CALL(u);
    uint32_t st = GRAT__PICO_OK;
    u->failed = "SigGenFrequencySweep";
    if (w->stop != w->hz)
        st = c->SigGenFrequencySweep ? c->SigGenFrequencySweep(u->handle, w->stop, w->step, w->dwell, w->sweep)
                                     : GRAT__PICO_UNSUPPORTED;
    if (st || !w->source) return st;
    u->failed = "SigGenTrigger";
    int32_t source = w->source == EXT_IN ? AUX_IN : w->source;
    return c->SigGenTrigger ? c->SigGenTrigger(u->handle, w->edge, source, w->shots ? w->shots : w->sweeps, 0)
                            : GRAT__PICO_UNSUPPORTED;
}

static const int32_t numbers[] = {0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x400, 0x2001, 0x2002, 0x10000000};

/* Each is held for several. */
static uint32_t few_points(grat__pico_unit *u, const grat__pico_wave *w)
{
    int16_t own[POINTS_MIN * POINTS_MIN];
    for (uint32_t i = 0; i < w->n * POINTS_MIN; i++) own[i] = w->points[i / POINTS_MIN];
    return CALL(u)->SigGenWaveform(u->handle, numbers[w->wave], own, w->n * POINTS_MIN);
}

static uint32_t wave(grat__pico_unit *u, grat__pico_wave *w)
{
    const grat__pico_modern *c = CALL(u);
    bool off = w->wave == GRAT__PICO_DC && w->pp == 0 && w->offset == 0;
    u->failed = "SigGenWaveform";
    if (!c->SigGenWaveform || !c->SigGenRange || !c->SigGenFrequency || !c->SigGenApply) return GRAT__PICO_NO_GENERATOR;
    if (off) return apply(u, w, false);
    uint32_t st = w->wave == GRAT__PICO_POINTS && w->n < POINTS_MIN
                      ? few_points(u, w) : c->SigGenWaveform(u->handle, numbers[w->wave], w->points, w->n);
    if (st) return st;
    if ((st = c->SigGenRange(u->handle, w->pp, w->offset))) return grat__pico_say(u, "SigGenRange", st);
    if (w->wave != GRAT__PICO_DC && (st = c->SigGenFrequency(u->handle, w->hz)))
        return grat__pico_say(u, "SigGenFrequency", st);
    if (w->wave == GRAT__PICO_SQUARE && c->SigGenWaveformDutyCycle &&
        (st = c->SigGenWaveformDutyCycle(u->handle, w->duty)))
        return grat__pico_say(u, "SigGenWaveformDutyCycle", st);
    st = sweep_and_trigger(u, w);
    return st ? st : apply(u, w, true);
}

static uint32_t fire(grat__pico_unit *u)
{
    if (!CALL(u)->SigGenSoftwareTrigger)
        return grat__pico_say(u, "SigGenSoftwareTriggerControl", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "SigGenSoftwareTriggerControl", CALL(u)->SigGenSoftwareTrigger(u->handle, 0));
}

const grat__pico_ops grat__pico_modern_ops = {
    PICO_SHARED_OPS,
    .open = open_unit,
    .power = power,
    .channel = channel,
    .port = port,
    .ranges = ranges,
    .max = max,
    .timebase = timebase,
    .nearest = nearest,
    .max_segments = max_segments,
    .segments = segments,
    .captures = captures,
    .trigger = trigger,
    .run_block = run_block,
    .buffer = buffer,
    .values = values,
    .when = when,
    .run_streaming = run_streaming,
    .poll = poll_stream,
    .wave = wave,
    .fire = fire,
};
