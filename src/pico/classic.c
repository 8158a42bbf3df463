/* ps2000a, ps3000a, ps4000a, ps5000a: what the calls are, and where they differ. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pico/shared.h"

#define CALL(u) (&(u)->lib->call)
#define COMMON(u) (&(u)->lib->common)
#define SERIES(u) ((u)->lib->series)
#define SOURCE_DIGITAL 0x10000001
#define EXT_RANGE_5V 8

static uint32_t open_unit(const grat__pico_lib *lib, const char *serial, int16_t *handle)
{
    int8_t text[64];
    snprintf((char *)text, sizeof text, "%s", serial ? serial : "");
    return lib->series->resolutions ? lib->call.OpenUnitResolution(handle, serial ? text : NULL, 0)
                                    : lib->call.OpenUnit(handle, serial ? text : NULL);
}

static uint32_t power(grat__pico_unit *u, uint32_t state)
{
    if (!CALL(u)->ChangePowerSource) return state;
    return grat__pico_say(u, "ChangePowerSource", CALL(u)->ChangePowerSource(u->handle, state));
}

/* ---- inputs -------------------------------------------------------------------------------------------- */

static uint32_t channel(grat__pico_unit *u, unsigned i, const grat__pico_input *in)
{
    const grat__pico_classic *c = CALL(u);
    uint32_t st = c->SetChannel(u->handle, (int32_t)i, in->on, in->coupling, in->range, (float)in->offset);
    /* One that this model has not got is off. */
    if (st == GRAT__PICO_INVALID_CHANNEL && !in->on) return GRAT__PICO_OK;
    if (st) return grat__pico_say(u, "SetChannel", st);
    if (!in->on || !c->SetBandwidthFilter) return GRAT__PICO_OK;
    st = c->SetBandwidthFilter(u->handle, (int32_t)i, in->limit);
    return in->limit ? grat__pico_say(u, "SetBandwidthFilter", st) : GRAT__PICO_OK;
}

static uint32_t port(grat__pico_unit *u, unsigned i, bool on, double volts)
{
    if (!CALL(u)->SetDigitalPort) return on ? grat__pico_say(u, "SetDigitalPort", GRAT__PICO_UNSUPPORTED) : 0;
    int16_t level = (int16_t)nearbyint(fmin(fmax(volts / SERIES(u)->port_volts, -1), 1) * INT16_MAX);
    uint32_t st = CALL(u)->SetDigitalPort(u->handle, grat__pico_number(GRAT__PICO_CHANNELS + i), on, level);
    return on ? grat__pico_say(u, "SetDigitalPort", st) : GRAT__PICO_OK;
}

uint32_t grat__pico_ranges(grat__pico_unit *u, unsigned *mask, double offset[16])
{
    const grat__pico_classic *c = CALL(u);
    int32_t list[64], n = 64;
    if (!COMMON(u)->GetChannelInformation) return grat__pico_say(u, "GetChannelInformation", GRAT__PICO_UNSUPPORTED);
    uint32_t st = COMMON(u)->GetChannelInformation(u->handle, 0, 0, list, &n, 0);
    if (st) return grat__pico_say(u, "GetChannelInformation", st);
    *mask = 0;
    for (int i = 0; i < n && i < 64; i++) {
        float max = 0, min = 0;
        if (list[i] < 0 || list[i] > 13) continue;
        *mask |= 1u << list[i];
        offset[list[i]] = 0;
        if (c->GetAnalogueOffset && !c->GetAnalogueOffset(u->handle, list[i], 1, &max, &min))
            offset[list[i]] = fmin((double)max, -(double)min);
    }
    return GRAT__PICO_OK;
}

static uint32_t max(grat__pico_unit *u, int number, int16_t *out)
{
    (void)number;
    return grat__pico_say(u, "MaximumValue", CALL(u)->MaximumValue(u->handle, out));
}

/* ---- time and memory ------------------------------------------------------------------------------------- */

static uint32_t timebase(grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room)
{
    const grat__pico_classic *c = CALL(u);
    float ns = 0;
    int32_t most = 0;
    uint32_t st = SERIES(u)->oversample ? c->GetTimebase2Over(u->handle, n, 1, &ns, 0, &most, 0)
                                        : c->GetTimebase2(u->handle, n, 1, &ns, &most, 0);
    if (st) return grat__pico_say(u, "GetTimebase2", st);
    *dt = grat__pico_exact(ns) * 1e-9;
    *room = most > 0 ? (uint64_t)most : 0;
    return GRAT__PICO_OK;
}

static uint32_t max_segments(grat__pico_unit *u, uint32_t *n)
{
    *n = 1;
    return CALL(u)->GetMaxSegments ? CALL(u)->GetMaxSegments(u->handle, n) : GRAT__PICO_OK;
}

static uint32_t segments(grat__pico_unit *u, uint32_t n)
{
    uint32_t st = CALL(u)->MemorySegments(u->handle, n, NULL);
    if (st) return grat__pico_say(u, "MemorySegments", st);
    return grat__pico_say(u, "SetNoOfCaptures", CALL(u)->SetNoOfCaptures(u->handle, n));
}

static uint32_t captures(grat__pico_unit *u, uint32_t *n)
{
    if (!CALL(u)->GetNoOfCaptures) return grat__pico_say(u, "GetNoOfCaptures", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "GetNoOfCaptures", CALL(u)->GetNoOfCaptures(u->handle, n));
}

/* ---- triggers ---------------------------------------------------------------------------------------------- */

static int16_t auto_ms(const grat__pico_trigger *t)
{
    return t->auto_s > 0 ? (int16_t)fmin(fmax(t->auto_s * 1000, 1), INT16_MAX) : 0;
}

/* A, B, C, D, EXT, AUX, width, lines: the members of a condition. */
enum { EXT_MEMBER = 4, WIDTH_MEMBER = 6, LINES_MEMBER = 7, MEMBERS = 8 };

/* There are no more channels than four. */
static unsigned member(int source)
{
    return source >= EXT_MEMBER ? EXT_MEMBER : (unsigned)source;
}

static uint32_t member_directions(grat__pico_unit *u, const grat__pico_trigger *t)
{
    int32_t d[6] = {2, 2, 2, 2, 2, 2};
    for (int i = 0; i < GRAT__PICO_SOURCES; i++)
        if (t->event[i].used) d[member(i)] = t->event[i].direction;
    return grat__pico_say(u, "SetTriggerChannelDirections",
                          COMMON(u)->Directions(u->handle, d[0], d[1], d[2], d[3], d[4], d[5]));
}

static uint32_t member_conditions(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_classic *c = CALL(u);
    int32_t rows[8 * MEMBERS] = {0}, width[MEMBERS] = {0};
    bool v2 = SERIES(u)->trigger == GRAT__PICO_MEMBERS_V2;
    /* Without the lines, which have the last one, a struct is shorter. */
    unsigned members = SERIES(u)->port_volts > 0 ? MEMBERS : MEMBERS - 1;
    for (unsigned g = 0; g < t->groups; g++) {
        int32_t *row = rows + g * members;
        for (int i = 0; i < GRAT__PICO_SOURCES; i++)
            if (t->group[g].sources >> i & 1) row[member(i)] = PICO_TRUE;
        row[WIDTH_MEMBER] = t->group[g].width ? PICO_TRUE : 0;
        if (t->group[g].lines) row[LINES_MEMBER] = PICO_TRUE;
    }
    uint32_t st = (v2 ? c->ConditionsV2 : COMMON(u)->Conditions)(u->handle, rows, (int16_t)t->groups);
    if (st) return grat__pico_say(u, "SetTriggerChannelConditions", st);
    if (t->width.on) width[member(t->width.source)] = PICO_TRUE;
    st = (v2 ? c->WidthV2 : COMMON(u)->Width)(u->handle, t->width.on ? width : NULL, t->width.on, t->width.direction,
                                      t->width.lower, t->width.upper, t->width.type);
    return grat__pico_say(u, "SetPulseWidthQualifier", st);
}

static uint32_t list_directions(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_classic *c = CALL(u);
    grat__pico_direction plain[GRAT__PICO_SOURCES];
    grat__pico_direction_mode v2[GRAT__PICO_SOURCES];
    unsigned n = 0;
    for (int i = 0; i < GRAT__PICO_SOURCES; i++) {
        if (!t->event[i].used) continue;
        plain[n] = (grat__pico_direction){grat__pico_source(u, i), t->event[i].direction};
        v2[n++] = (grat__pico_direction_mode){grat__pico_source(u, i), t->event[i].direction, t->event[i].window};
    }
    uint32_t st = SERIES(u)->trigger == GRAT__PICO_LIST ? c->DirectionList(u->handle, plain, (int16_t)n)
                                                        : c->DirectionListV2(u->handle, v2, (uint16_t)n);
    return grat__pico_say(u, "SetTriggerChannelDirections", st);
}

static uint32_t list_conditions(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_classic *c = CALL(u);
    uint32_t st = GRAT__PICO_OK;
    for (unsigned g = 0; g < t->groups && !st; g++) {
        grat__pico_condition list[GRAT__PICO_SOURCES + 2];
        int16_t n = 0;
        for (int i = 0; i < GRAT__PICO_SOURCES; i++)
            if (t->group[g].sources >> i & 1) list[n++] = (grat__pico_condition){grat__pico_source(u, i), PICO_TRUE};
        if (t->group[g].width) list[n++] = (grat__pico_condition){PICO_WIDTH, PICO_TRUE};
        if (t->group[g].lines) list[n++] = (grat__pico_condition){SOURCE_DIGITAL, PICO_TRUE};
        st = (SERIES(u)->trigger == GRAT__PICO_LIST ? c->ConditionList : c->ConditionListV2)(
            u->handle, list, n, g ? PICO_ADD : PICO_CLEAR | PICO_ADD);
    }
    return grat__pico_say(u, "SetTriggerChannelConditions", st);
}

static uint32_t list_width(grat__pico_unit *u, const grat__pico_trigger *t)
{
    const grat__pico_classic *c = CALL(u);
    bool first = SERIES(u)->trigger == GRAT__PICO_LIST;
    int type = t->width.on ? t->width.type : 0;
    grat__pico_condition one = {grat__pico_source(u, t->width.source), PICO_TRUE};
    grat__pico_direction_mode way = {one.source, t->width.direction, t->width.window};
    uint32_t st = first ? c->WidthProperties(u->handle, t->width.direction, t->width.lower, t->width.upper, type)
                        : c->WidthPropertiesV2(u->handle, t->width.lower, t->width.upper, type);
    if (!st) st = c->WidthConditions(u->handle, t->width.on ? &one : NULL, t->width.on, PICO_CLEAR | PICO_ADD);
    if (!st && !first) st = c->WidthDirections(u->handle, t->width.on ? &way : NULL, t->width.on);
    return grat__pico_say(u, "SetPulseWidthQualifier", st);
}

static int32_t auto_long_ms(const grat__pico_trigger *t)
{
    return t->auto_s > 0 ? (int32_t)fmin(fmax(t->auto_s * 1000, 1), INT32_MAX) : 0;
}

/* ps5000: two levels, one hysteresis. */
static uint32_t bare_properties(grat__pico_unit *u, const grat__pico_trigger *t)
{
    grat__pico_bare_properties list[GRAT__PICO_SOURCES];
    int16_t n = 0;
    for (int i = 0; i < GRAT__PICO_SOURCES; i++) {
        if (!t->event[i].used && !(t->width.on && t->width.source == i)) continue;
        list[n++] = (grat__pico_bare_properties){t->event[i].upper, t->event[i].lower, PICO_HYSTERESIS,
                                                 grat__pico_source(u, i), t->event[i].window};
    }
    return grat__pico_say(u, "SetTriggerChannelProperties",
                          COMMON(u)->Properties(u->handle, n ? list : NULL, n, 0, auto_long_ms(t)));
}

static uint32_t properties(grat__pico_unit *u, const grat__pico_trigger *t)
{
    if (SERIES(u)->bare) return bare_properties(u, t);
    const grat__pico_classic *c = CALL(u);
    grat__pico_properties list[GRAT__PICO_SOURCES];
    grat__pico_properties_v2 v2[GRAT__PICO_SOURCES];
    unsigned n = 0;
    for (int i = 0; i < GRAT__PICO_SOURCES; i++) {
        bool width = t->width.on && t->width.source == i;
        if (!t->event[i].used && !width) continue;
        list[n] = (grat__pico_properties){t->event[i].upper, PICO_HYSTERESIS, t->event[i].lower, PICO_HYSTERESIS,
                                          grat__pico_source(u, i), t->event[i].window};
        memcpy(&v2[n], &list[n], sizeof v2[n]);
        n++;
    }
    uint32_t st;
    if (SERIES(u)->trigger != GRAT__PICO_LIST_V2) {
        st = COMMON(u)->Properties(u->handle, n ? list : NULL, (int16_t)n, 0, auto_long_ms(t));
    } else {
        st = c->PropertiesV2(u->handle, n ? v2 : NULL, (int16_t)n, 0);
        if (!st && c->AutoTrigger) st = c->AutoTrigger(u->handle, (uint64_t)(t->auto_s * 1e6));
    }
    return grat__pico_say(u, "SetTriggerChannelProperties", st);
}

static uint32_t delay(grat__pico_unit *u, const grat__pico_trigger *t)
{
    uint32_t st = t->delay ? GRAT__PICO_UNSUPPORTED : GRAT__PICO_OK;
    if (COMMON(u)->SetTriggerDelay) st = COMMON(u)->SetTriggerDelay(u->handle, t->delay);
    return grat__pico_say(u, "SetTriggerDelay", st);
}

static bool has_events(const grat__pico_unit *u)
{
    const grat__pico_classic *c = CALL(u);
    const grat__pico_common *k = COMMON(u);
    switch (SERIES(u)->trigger) {
    case GRAT__PICO_MEMBERS:
        return k->Properties && k->Conditions && k->Directions && k->Width;
    case GRAT__PICO_MEMBERS_V2:
        return k->Properties && c->ConditionsV2 && k->Directions && c->WidthV2;
    case GRAT__PICO_LIST:
        return k->Properties && c->ConditionList && c->DirectionList && c->WidthProperties && c->WidthConditions;
    default:
        return c->PropertiesV2 && c->ConditionListV2 && c->DirectionListV2 && c->WidthPropertiesV2 &&
               c->WidthConditions && c->WidthDirections;
    }
}

static uint32_t set_lines(grat__pico_unit *u, const grat__pico_trigger *t)
{
    grat__pico_direction list[16];
    int16_t n = 0;
    if (!t->lines && !u->lines_set) return GRAT__PICO_OK;
    if (!CALL(u)->DigitalProperties)
        return grat__pico_say(u, "SetTriggerDigitalPortProperties", GRAT__PICO_UNSUPPORTED);
    for (int i = 0; i < 16 && t->lines; i++)
        if (t->line[i]) list[n++] = (grat__pico_direction){i, t->line[i]};
    u->lines_set = n > 0;
    return grat__pico_say(u, "SetTriggerDigitalPortProperties",
                          CALL(u)->DigitalProperties(u->handle, n ? list : NULL, n));
}

/* Levels of EXT are parts of 5 V: where its range can be chosen that is it. Others have that one and refuse it. */
static void set_ext_range(grat__pico_unit *u, const grat__pico_trigger *t)
{
    bool used = t->simple ? t->source == GRAT__PICO_EXT
                          : t->event[GRAT__PICO_EXT].used || (t->width.on && t->width.source == GRAT__PICO_EXT);
    if (t->on && used && u->lib->narrow.SetExtTriggerRange)
        u->lib->narrow.SetExtTriggerRange(u->handle, EXT_RANGE_5V);
}

uint32_t grat__pico_set_trigger(grat__pico_unit *u, const grat__pico_trigger *t)
{
    bool members = SERIES(u)->trigger == GRAT__PICO_MEMBERS || SERIES(u)->trigger == GRAT__PICO_MEMBERS_V2;
    uint32_t st = set_lines(u, t);
    if (st) return st;
    set_ext_range(u, t);
    /* This also ends a qualifier. */
    if (!t->on || t->simple)
        return grat__pico_say(u, "SetSimpleTrigger",
                              COMMON(u)->SetSimpleTrigger(u->handle, t->on, t->on ? grat__pico_source(u, t->source) : 0,
                                                        t->code, t->on ? t->direction : GRAT__PICO_RISING, t->delay,
                                                        auto_ms(t)));
    if (!has_events(u)) return grat__pico_say(u, "SetTriggerChannelConditions", GRAT__PICO_UNSUPPORTED);
    if ((st = properties(u, t)) || (st = delay(u, t))) return st;
    if ((st = members ? member_directions(u, t) : list_directions(u, t))) return st;
    if (members) return member_conditions(u, t);
    st = list_conditions(u, t);
    return st ? st : list_width(u, t);
}

/* ---- blocks --------------------------------------------------------------------------------------------------- */

static uint32_t run_block(grat__pico_unit *u, const grat__pico_block *b)
{
    const grat__pico_classic *c = CALL(u);
    int32_t pre = (int32_t)b->pre, post = (int32_t)b->post;
    u->failed = "RunBlock";
    if (SERIES(u)->oversample)
        return c->RunBlockOver(u->handle, pre, post, b->timebase, 0, NULL, 0, grat__pico_on_block, b->run);
    return c->RunBlock(u->handle, pre, post, b->timebase, NULL, 0, grat__pico_on_block, b->run);
}

enum { ETS_OFF = 0, ETS_SLOW = 2 };
/* Between two and five are allowed. */
#define CYCLES_A_PLACE 4

uint32_t grat__pico_ets(grat__pico_unit *u, uint32_t interleave, double *dt)
{
    int32_t ps = 0;
    u->failed = "SetEts";
    if (!COMMON(u)->SetEts || interleave > INT16_MAX / CYCLES_A_PLACE) return GRAT__PICO_NO_ETS;
    /* Slow: each set of values is a new one. */
    uint32_t st = COMMON(u)->SetEts(u->handle, interleave ? ETS_SLOW : ETS_OFF, (int16_t)(CYCLES_A_PLACE * interleave),
                                  (int16_t)interleave, &ps);
    u->ets = !st && interleave;
    *dt = ps * 1e-12;
    return st;
}

uint32_t grat__pico_ets_times(grat__pico_unit *u, int64_t *times, uint32_t n)
{
    if (!COMMON(u)->SetEtsTimeBuffer) return grat__pico_say(u, "SetEtsTimeBuffer", GRAT__PICO_NO_ETS);
    return grat__pico_say(u, "SetEtsTimeBuffer", COMMON(u)->SetEtsTimeBuffer(u->handle, times, times ? (int32_t)n : 0));
}

static uint32_t buffer(grat__pico_unit *u, const grat__pico_buffer *b)
{
    int32_t n = b->max ? (int32_t)b->length : 0, number = grat__pico_number(b->input);
    if (!b->min)
        return grat__pico_say(u, "SetDataBuffer",
                              CALL(u)->SetDataBuffer(u->handle, number, b->max, n, b->segment, b->mode));
    return grat__pico_say(u, "SetDataBuffers",
                          CALL(u)->SetDataBuffers(u->handle, number, b->max, b->min, n, b->segment, b->mode));
}

static uint32_t values(grat__pico_unit *u, grat__pico_values *v)
{
    const grat__pico_classic *c = CALL(u);
    v->got = v->samples;
    if (v->from == v->to)
        return grat__pico_say(u, "GetValues",
                              c->GetValues(u->handle, 0, &v->got, v->ratio, v->mode, v->from, v->overflow));
    return grat__pico_say(u, "GetValuesBulk",
                          c->GetValuesBulk(u->handle, &v->got, v->from, v->to, v->ratio, v->mode, v->overflow));
}

static void stamps(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out)
{
    uint32_t n = to - from + 1;
    grat__pico_trigger_info *info_of = CALL(u)->TriggerInfo ? calloc(n, sizeof *info_of) : NULL;
    if (info_of && !CALL(u)->TriggerInfo(u->handle, info_of, from, to)) {
        for (uint32_t i = 0; i < n; i++)
            if (!grat__pico_is_unstamped(info_of[i].status)) out[i].stamp = info_of[i].stamp & ((1ULL << 56) - 1);
    }
    free(info_of);
}

uint32_t grat__pico_offsets(grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out)
{
    uint32_t n = to - from + 1, st = GRAT__PICO_UNSUPPORTED;
    int64_t *times = calloc(n, sizeof *times);
    int32_t *units = calloc(n, sizeof *units);
    if (times && units && CALL(u)->TriggerOffsets) st = CALL(u)->TriggerOffsets(u->handle, times, units, from, to);
    for (uint32_t i = 0; !st && i < n; i++)
        out[i] = (grat__pico_when){.offset = (double)times[i] * grat__pico_unit_seconds(units[i])};
    free(times);
    free(units);
    if (!st) stamps(u, from, to, out);
    return grat__pico_say(u, "GetValuesTriggerTimeOffsetBulk64", st);
}

/* ---- streaming ----------------------------------------------------------------------------------------------- */

static uint32_t run_streaming(grat__pico_unit *u, grat__pico_streaming *s)
{
    uint32_t interval, st = grat__pico_stream_buffers(u, s);
    int32_t unit;
    grat__pico_as_integer(s->dt, &interval, &unit);
    if (st) return st;
    st = CALL(u)->RunStreaming(u->handle, &interval, unit, s->pre, s->length, 0, s->ratio, s->mode, s->length);
    if (!st) s->dt = interval * grat__pico_unit_seconds(unit);
    return grat__pico_say(u, "RunStreaming", st);
}

typedef struct polled {
    grat__pico_streaming *s;
    grat__pico_sink sink;
    void *user;
    bool ended;
} polled;

static void on_pico_stream(int16_t handle, int32_t samples, uint32_t start, int16_t overflow, uint32_t trigger_at,
                           int16_t triggered, int16_t auto_stop, void *user)
{
    polled *p = user;
    (void)handle;
    p->ended = auto_stop != 0;
    if (samples <= 0 || start >= p->s->length || (uint32_t)samples > p->s->length - start) return;
    if (triggered && p->s->trigger == GRAT__PICO_NOT_YET) p->s->trigger = p->s->values + trigger_at;
    p->s->values += (uint32_t)samples;
    p->sink(p->user, &(grat__pico_chunk){start, (uint32_t)samples, overflow != 0});
}

uint32_t grat__pico_poll(grat__pico_unit *u, grat__pico_streaming *s, grat__pico_sink sink, void *user)
{
    polled p = {s, sink, user, false};
    uint32_t st = COMMON(u)->GetStreamingLatestValues(u->handle, on_pico_stream, &p);
    /* By itself, which nobody asked for. */
    if (!st && p.ended) st = GRAT__PICO_STREAMING_FAILED;
    return grat__pico_say(u, "GetStreamingLatestValues", st == GRAT__PICO_BUSY ? GRAT__PICO_OK : st);
}

/* ---- the generator ------------------------------------------------------------------------------------------- */

static uint32_t built_in(grat__pico_unit *u, const grat__pico_wave *w, int32_t uv, uint32_t pp)
{
    const grat__pico_classic *c = CALL(u);
    int operation = w->wave == GRAT__PICO_NOISE ? 1 : w->wave == GRAT__PICO_PRBS ? 2 : 0;
    int wave = operation ? GRAT__PICO_SINE : w->wave;
    u->failed = "SetSigGenBuiltIn";
    if (SERIES(u)->bare && operation > 1) return GRAT__PICO_UNSUPPORTED;
    if (u->lib->narrow.SetSigGenBuiltInV2)
        return u->lib->narrow.SetSigGenBuiltInV2(u->handle, uv, pp, (int16_t)wave, w->hz, w->stop, w->step, w->dwell,
                                                 w->sweep, (int16_t)operation, w->shots, w->sweeps, w->edge, w->source,
                                                 0);
    if (u->lib->narrow.SetSigGenBuiltIn)
        return u->lib->narrow.SetSigGenBuiltIn(u->handle, uv, pp, (int16_t)wave, (float)w->hz, (float)w->stop,
                                               (float)w->step, (float)w->dwell, w->sweep, (int16_t)operation, w->shots,
                                               w->sweeps, w->edge, w->source, 0);
    if (SERIES(u)->double_generator && c->SetSigGenBuiltIn4)
        return c->SetSigGenBuiltIn4(u->handle, uv, pp, wave, w->hz, w->stop, w->step, w->dwell, w->sweep, operation,
                                    w->shots, w->sweeps, w->edge, w->source, 0);
    if (SERIES(u)->double_generator || !c->SetSigGenBuiltInV2) return GRAT__PICO_NO_GENERATOR;
    if (SERIES(u)->short_wave)
        return c->SetSigGenBuiltInV2Short(u->handle, uv, pp, (int16_t)wave, w->hz, w->stop, w->step, w->dwell, w->sweep,
                                          operation, w->shots, w->sweeps, w->edge, w->source, 0);
    return c->SetSigGenBuiltInV2(u->handle, uv, pp, wave, w->hz, w->stop, w->step, w->dwell, w->sweep, operation,
                                 w->shots, w->sweeps, w->edge, w->source, 0);
}

/* In the codes that the unit tells. Each point is held for as long as the memory allows: the step of the frequency is
 * the finer the more points there are. */
static uint32_t hold(grat__pico_unit *u, grat__pico_wave *w, int16_t **points, uint32_t *n)
{
    int16_t low = -INT16_MAX, high = INT16_MAX;
    uint32_t least = 0, st = COMMON(u)->SigGenArbitraryMinMaxValues(u->handle, &low, &high, &least, &w->most);
    if (st) return st;
    if (w->n > w->most) return GRAT__PICO_TOO_MANY_SAMPLES;
    if (high <= low) return GRAT__PICO_UNSUPPORTED;
    uint32_t times = w->most / w->n;
    bool whole = low <= -INT16_MAX && high >= INT16_MAX;
    double step = (high - low) / (2.0 * INT16_MAX);
    *n = w->n * times;
    *points = malloc((size_t)*n * sizeof **points);
    if (!*points) return GRAT__PICO_FOUND_NO_MEMORY;
    for (uint32_t i = 0; i < *n; i++) {
        int16_t v = w->points[i / times];
        (*points)[i] = whole ? v : (int16_t)nearbyint(low + (v + INT16_MAX) * step);
    }
    return GRAT__PICO_OK;
}

/* A step that is rounded up would miss the end of the sweep. */
static uint32_t whole_steps(const grat__pico_wave *w, uint32_t span, uint32_t step)
{
    double steps = fabs(w->stop - w->hz) / w->step, whole = nearbyint(steps);
    return whole >= 1 && fabs(steps - whole) < 1e-6 * steps ? (uint32_t)fmax(floor(span / whole), 1) : step;
}

uint32_t grat__pico_wave_out(grat__pico_unit *u, grat__pico_wave *w)
{
    const grat__pico_common *c = COMMON(u);
    int32_t uv = (int32_t)nearbyint(w->offset * 1e6);
    uint32_t pp = (uint32_t)nearbyint(w->pp * 1e6), from = 0, to = 0, step = 0, n;
    int16_t *points;
    if (w->wave != GRAT__PICO_POINTS) return built_in(u, w, uv, pp);
    u->failed = "SetSigGenArbitrary";
    if (!c->SetSigGenArbitrary || !c->SigGenFrequencyToPhase || !c->SigGenArbitraryMinMaxValues)
        return GRAT__PICO_UNSUPPORTED;
    uint32_t st = hold(u, w, &points, &n);
    if (st) return st;
    u->failed = "SigGenFrequencyToPhase";
    st = c->SigGenFrequencyToPhase(u->handle, w->hz, 0, n, &from);
    if (!st) st = c->SigGenFrequencyToPhase(u->handle, w->stop, 0, n, &to);
    if (!st && w->stop != w->hz) st = c->SigGenFrequencyToPhase(u->handle, w->step, 0, n, &step);
    if (!st && w->stop != w->hz) step = whole_steps(w, to > from ? to - from : from - to, step);
    if (!st) {
        u->failed = "SetSigGenArbitrary";
        /* The dwell time counts periods of the DAC, whose rate is not told: phase = hz * 2^32 / rate * n / most. */
        double dac = w->dwell * w->hz * 4294967296.0 / fmax(from, 1) * n / w->most;
        uint32_t dwell = (uint32_t)fmin(fmax(nearbyint(dac), 10), UINT32_MAX);
        if (w->stop == w->hz) dwell = 0;
        if (u->lib->narrow.SetSigGenArbitrary)
            st = u->lib->narrow.SetSigGenArbitrary(u->handle, uv, pp, from, to, step, dwell, points, (int32_t)n,
                                                   w->sweep, 0, 0, w->shots, w->sweeps, w->edge, w->source, 0);
        else
            st = c->SetSigGenArbitrary(u->handle, uv, pp, from, to, step, dwell, points, (int32_t)n, w->sweep, 0, 0,
                                       w->shots, w->sweeps, w->edge, w->source, 0);
    }
    free(points);
    return st;
}

uint32_t grat__pico_fire(grat__pico_unit *u)
{
    if (!COMMON(u)->SigGenSoftwareControl) return grat__pico_say(u, "SigGenSoftwareControl", GRAT__PICO_UNSUPPORTED);
    return grat__pico_say(u, "SigGenSoftwareControl", COMMON(u)->SigGenSoftwareControl(u->handle, 1));
}

const grat__pico_ops grat__pico_classic_ops = {
    PICO_SHARED_OPS,
    PICO_COMMON_OPS,
    .open = open_unit,
    .power = power,
    .channel = channel,
    .port = port,
    .ranges = grat__pico_ranges,
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
