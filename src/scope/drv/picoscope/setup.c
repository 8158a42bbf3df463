#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/picoscope/picoscope.h"

/* Of the vendor's list of ranges. */
#define RANGE_5V 8

static uint32_t fails(grat__pico_unit *u, const char *call, uint32_t status)
{
    u->failed = call;
    return status;
}

/* ---- timebases: asked, not computed; the interval grows with the number -------------------------------- */

static uint32_t interval(grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room)
{
    const grat__pico_calls *c = &u->lib->call;
    float ns = 0;
    int32_t max = 0;
    uint32_t st = u->lib->series->oversample ? c->GetTimebase2Over(u->handle, n, 1, &ns, 0, &max, 0)
                                             : c->GetTimebase2(u->handle, n, 1, &ns, &max, 0);
    if (st) return fails(u, "GetTimebase2", st);
    /* A float has 24 bits; clocks are multiples of 0.1 ns. */
    double exact = (double)ns, tenth = nearbyint(exact * 10) / 10;
    if (tenth > 0 && fabs(tenth - exact) <= 2e-7 * exact) exact = tenth;
    *dt = exact * 1e-9;
    *room = max > 0 ? (uint64_t)max : 0;
    return GRAT__PICO_OK;
}

static uint32_t fastest(grat__pico_unit *u, uint32_t *n, double *dt, uint64_t *room)
{
    uint32_t st = GRAT__PICO_INVALID_TIMEBASE;
    for (*n = 0; *n < 16; ++*n) {
        st = interval(u, *n, dt, room);
        if (st != GRAT__PICO_INVALID_TIMEBASE) return st;
    }
    return st;
}

/* The slowest that is not slower than want_dt; INVALID_TIMEBASE, with the fastest in dt, when there is none. */
static uint32_t find_timebase(grat__pico_unit *u, pk_setup *s)
{
    uint32_t low, high, st = fastest(u, &low, &s->dt, &s->room);
    double dt, most = s->want_dt * (1 + 1e-7);
    uint64_t room;
    s->timebase = low;
    if (st) return st;
    if (s->dt > most) return fails(u, "GetTimebase2", GRAT__PICO_INVALID_TIMEBASE);
    for (high = low + 1; high < 1u << 30; high *= 2) {
        if (interval(u, high, &dt, &room) || dt > most) break;
    }
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (interval(u, middle, &dt, &room) || dt > most) high = middle;
        else low = middle;
    }
    s->timebase = low;
    return interval(u, low, &s->dt, &s->room);
}

/* ---- programming ---------------------------------------------------------------------------------- */

static uint32_t apply_inputs(grat__pico_unit *u, unsigned channels, const pk_setup *s)
{
    const grat__pico_calls *c = &u->lib->call;
    for (unsigned i = 0; i < channels; i++) {
        pk_input off = {.range = RANGE_5V, .coupling = 1};
        const pk_input *in = i < PK_ANALOG && s->input[i].on ? &s->input[i] : &off;
        uint32_t st = c->SetChannel(u->handle, (int32_t)i, in->on, in->coupling, in->range, (float)in->offset);
        if (st && (in->on || st != GRAT__PICO_INVALID_CHANNEL)) return fails(u, "SetChannel", st);
        if (in->on && c->SetBandwidthFilter && (st = c->SetBandwidthFilter(u->handle, (int32_t)i, in->limit)) &&
            in->limit)
            return fails(u, "SetBandwidthFilter", st);
    }
    for (unsigned i = 0; i < PK_PORTS && c->SetDigitalPort; i++) {
        bool on = pk_port_on(s, i);
        int16_t level = (int16_t)nearbyint(fmin(fmax(s->threshold[i] / 5, -1), 1) * INT16_MAX);
        uint32_t st = c->SetDigitalPort(u->handle, 0x80 + (int32_t)i, on, level);
        if (st && on) return fails(u, "SetDigitalPort", st);
    }
    return GRAT__PICO_OK;
}

/* The most bits that have the rate: 16, 15, 14, 12, 8. */
static uint32_t apply_resolution(grat__pico_unit *u, pk_setup *s)
{
    const grat__pico_calls *c = &u->lib->call;
    uint32_t st = GRAT__PICO_OK;
    if (!u->lib->series->resolution || !c->SetDeviceResolution) {
        s->resolution = -1;
        return find_timebase(u, s);
    }
    for (int r = s->hires ? 4 : 0; r >= 0; r--) {
        st = c->SetDeviceResolution(u->handle, r);
        if (st) {
            fails(u, "SetDeviceResolution", st);
            continue;
        }
        s->resolution = r;
        st = find_timebase(u, s);
        if (st != GRAT__PICO_INVALID_TIMEBASE) return st;
    }
    return st;
}

uint32_t pk_apply(grat__pico_unit *u, unsigned channels, pk_setup *s)
{
    const grat__pico_calls *c = &u->lib->call;
    /* With more bits fewer channels can be on: first back to 8. */
    if (u->lib->series->resolution && c->SetDeviceResolution) c->SetDeviceResolution(u->handle, 0);
    uint32_t st = c->MemorySegments(u->handle, 1, NULL);
    if (st) return fails(u, "MemorySegments", st);
    if ((st = c->SetNoOfCaptures(u->handle, 1))) return fails(u, "SetNoOfCaptures", st);
    if ((st = apply_inputs(u, channels, s))) return st;
    if ((st = apply_resolution(u, s))) return st;
    return fails(u, "MaximumValue", c->MaximumValue(u->handle, &s->max));
}

uint32_t pk_power(grat__pico_unit *u, unsigned channels, pk_setup *s, uint32_t status)
{
    const grat__pico_calls *c = &u->lib->call;
    if (!c->ChangePowerSource) return status;
    c->Stop(u->handle);
    uint32_t st = c->ChangePowerSource(u->handle, status);
    if (st) return fails(u, "ChangePowerSource", st);
    u->power = status;
    return pk_apply(u, channels, s);
}

/* ---- limits ------------------------------------------------------------------------------------------ */

static uint32_t ask_ranges(grat__pico_unit *u, pk_limits *k)
{
    const grat__pico_calls *c = &u->lib->call;
    int32_t ranges[64], n = 64;
    uint32_t st = c->GetChannelInformation(u->handle, 0, 0, ranges, &n, 0);
    if (st) return fails(u, "GetChannelInformation", st);
    k->range_first = PK_RANGES;
    k->range_last = -1;
    for (int32_t i = 0; i < n && i < 64; i++) {
        float max = 0, min = 0;
        if (ranges[i] < 0 || ranges[i] >= PK_RANGES) continue;
        if (ranges[i] < k->range_first) k->range_first = ranges[i];
        if (ranges[i] > k->range_last) k->range_last = ranges[i];
        if (c->GetAnalogueOffset && !c->GetAnalogueOffset(u->handle, ranges[i], 1, &max, &min))
            k->offset[ranges[i]] = fmin((double)max, -(double)min);
    }
    return k->range_last < 0 ? fails(u, "GetChannelInformation", 0xF) : GRAT__PICO_OK;
}

static uint32_t ask_limits(grat__pico_unit *u, void *args)
{
    pk_limits *k = args;
    uint32_t st = ask_ranges(u, k), n;
    for (unsigned on = 1; !st && on <= k->analog; on++) {
        pk_setup s = {0};
        double dt;
        for (unsigned i = 0; i < on; i++) s.input[i] = (pk_input){.on = true, .range = k->range_last, .coupling = 1};
        st = apply_inputs(u, k->all, &s);
        if (!st) st = fastest(u, &n, &dt, &k->max_depth[on]);
        if (!st) k->min_dt[on] = dt;
        /* On USB power C and D do not work. */
        if (st && on > 1) {
            k->analog = on - 1;
            st = GRAT__PICO_OK;
        }
    }
    if (!u->lib->call.GetMaxSegments || u->lib->call.GetMaxSegments(u->handle, &k->segments)) k->segments = 1;
    return st;
}

/* The second character of the variant is the number of channels, MSO tells of ports. */
grat_err pk_read_limits(pk_scope *b, grat_op *op)
{
    pk_limits *k = &b->limits;
    const char *v = b->u->variant;
    k->all = v[0] && v[1] >= '1' && v[1] <= '8' ? (unsigned)(v[1] - '0') : 2;
    k->analog = k->all < PK_ANALOG ? k->all : PK_ANALOG;
    k->ports = strstr(v, "MSO") != NULL && b->u->lib->call.SetDigitalPort;
    return grat__pico_must(b->u, &(grat__pico_job){.fn = ask_limits, .args = k, .size = sizeof *k}, op);
}

/* ---- settings ---------------------------------------------------------------------------------------- */

void pk_default_settings(const pk_scope *b, grat_settings *out)
{
    *out = (grat_settings){.timebase = 1e-3, .depth = PK_SAMPLES, .delay = 2.5e-3, .acq = GRAT_ACQ_NORMAL, .rate = 1e6,
                           .sweep = GRAT_SWEEP_AUTO, .trigger_type = "edge", .trigger_source = "A",
                           .trigger_slope = GRAT_RISING, .threshold = {1.5, 1.5}};
    for (unsigned i = 0; i < b->limits.analog; i++)
        out->channel[i] = (grat_channel_settings){.enabled = i == 0, .coupling = GRAT_DC, .unit = "V", .probe = 1,
                                                  .scale = 10 / PK_SCREEN};
}

grat_err pk_get(void *p, grat_settings *out, grat_op *op)
{
    const pk_scope *b = p;
    (void)op;
    *out = b->set;
    return GRAT_OK;
}

static void merge_channels(grat_settings *to, const grat_settings *from, unsigned mask)
{
    for (unsigned i = 0; i < PK_ANALOG; i++) {
        grat_channel_settings *t = &to->channel[i];
        const grat_channel_settings *f = &from->channel[i];
        if (mask & GRAT_SET_CHANNELS) t->enabled = f->enabled;
        if (mask & GRAT_SET_SCALE) t->scale = f->scale;
        if (mask & GRAT_SET_OFFSET) t->offset = f->offset;
        if (mask & GRAT_SET_PROBE) t->probe = f->probe;
        if (mask & GRAT_SET_COUPLING) t->coupling = f->coupling;
        if (mask & GRAT_SET_BANDWIDTH) t->bandwidth_limit = f->bandwidth_limit;
    }
    if (mask & GRAT_SET_THRESHOLD) memcpy(to->threshold, from->threshold, sizeof to->threshold);
    if (!(mask & GRAT_SET_CHANNELS)) return;
    memcpy(to->digital, from->digital, sizeof to->digital);
    to->digital_on = from->digital_on;
}

static void merge(grat_settings *to, const grat_settings *from, unsigned mask)
{
    merge_channels(to, from, mask);
    if (mask & GRAT_SET_TIMEBASE) to->timebase = from->timebase;
    if (mask & GRAT_SET_DELAY) to->delay = from->delay;
    if (mask & GRAT_SET_DEPTH) to->depth = from->depth;
    if (mask & GRAT_SET_ACQ) to->acq = from->acq;
    if (mask & GRAT_SET_SWEEP) to->sweep = from->sweep;
    if (!(mask & GRAT_SET_TRIGGER)) return;
    memcpy(to->trigger_type, from->trigger_type, sizeof to->trigger_type);
    memcpy(to->trigger_source, from->trigger_source, sizeof to->trigger_source);
    to->trigger_slope = from->trigger_slope;
    to->trigger_level = from->trigger_level;
    to->trigger_wait = from->trigger_wait;
}

static grat_err setup_of(const pk_scope *b, const grat_settings *s, pk_setup *out, grat_op *op)
{
    *out = (pk_setup){.hires = s->acq == GRAT_ACQ_HIRES, .threshold = {s->threshold[0], s->threshold[1]}};
    double samples = s->depth ? (double)s->depth : PK_SAMPLES;
    unsigned on = 0;
    out->want_dt = s->timebase * PK_DIVISIONS / samples;
    if (out->hires && !b->u->lib->series->resolution)
        return grat_op_fail(op, GRAT_ERANGE, "high resolution: this series has one resolution; the 5000A has more");
    for (unsigned i = 0; i < b->limits.analog; i++) {
        const grat_channel_settings *c = &s->channel[i];
        pk_input *in = &out->input[i];
        double half = c->scale * PK_SCREEN / 2 / c->probe, middle = -c->offset / c->probe;
        *in = (pk_input){.on = c->enabled, .coupling = c->coupling != GRAT_AC, .limit = c->bandwidth_limit};
        if (!(c->probe > 0)) return grat_op_fail(op, GRAT_EINVAL, "probe: the ratio must be positive");
        grat_err e = pk_choose_range(&b->limits, middle - half, middle + half, in, op);
        if (e) return e;
        on += c->enabled;
    }
    for (unsigned i = 0; i < PK_LINES; i++) {
        if (!s->digital[i] || !b->limits.ports) continue;
        out->lines |= (uint16_t)(1u << i);
        on++;
    }
    if (!on) return grat_op_fail(op, GRAT_EINVAL, "channels: none is on");
    return GRAT_OK;
}

typedef struct apply_args {
    unsigned channels;
    pk_setup setup;
} apply_args;

static uint32_t apply_work(grat__pico_unit *u, void *args)
{
    apply_args *a = args;
    uint32_t st = pk_apply(u, a->channels, &a->setup);
    return grat__pico_is_power(st) ? pk_power(u, a->channels, &a->setup, st) : st;
}

static grat_err program(pk_scope *b, pk_setup *s, grat_op *op)
{
    apply_args a = {.channels = b->limits.all, .setup = *s};
    char t[40];
    uint32_t status = 0;
    b->applied = false;
    grat_err e = grat__pico_do(b->u, &(grat__pico_job){.fn = apply_work, .args = &a, .size = sizeof a}, &status, op);
    if (e) return e;
    *s = a.setup;
    if (status == GRAT__PICO_INVALID_TIMEBASE && s->dt > 0)
        return grat_op_fail(op, GRAT_ERANGE, "rate: these channels cannot be sampled so fast; the nearest is %s",
                            grat_format_quantity(t, sizeof t, 1 / s->dt, "S/s"));
    if (status) return grat__pico_fail(b->u->lib, b->u->failed, status, op);
    return GRAT_OK;
}

/* What the unit made of it. */
static grat_err read_back(pk_scope *b, grat_settings *s, const pk_setup *u, grat_op *op)
{
    char t[40];
    double period = s->timebase * PK_DIVISIONS, pre = fmin(fmax(0.5 - s->delay / period, 0), 1);
    double n = fmax(ceil(period / u->dt - 1e-6), 1);
    if (n > (double)u->room || n > INT32_MAX)
        return grat_op_fail(op, GRAT_ERANGE, "samples: more than the memory holds with these channels; the nearest is "
                                             "%s", grat_format_quantity(t, sizeof t, (double)u->room, "S"));
    b->samples = (uint32_t)n;
    b->before = (uint32_t)nearbyint(pre * n);
    s->depth = b->samples;
    s->rate = 1 / u->dt;
    s->timebase = n * u->dt / PK_DIVISIONS;
    s->delay = (0.5 - b->before / n) * n * u->dt;
    for (unsigned i = 0; i < b->limits.analog; i++) {
        grat_channel_settings *c = &s->channel[i];
        if (!c->enabled) continue;
        c->scale = 2 * pk_range_volts(u->input[i].range) / PK_SCREEN * c->probe;
        c->offset = u->input[i].offset * c->probe;
    }
    return GRAT_OK;
}

grat_err pk_set(void *p, const grat_settings *want, unsigned mask, grat_op *op)
{
    pk_scope *b = p;
    grat_settings next = b->set, old = b->set;
    pk_setup s, old_setup = b->setup;
    uint32_t samples = b->samples, before = b->before;
    pk_trigger t;
    if (mask & (GRAT_SET_INVERT | GRAT_SET_HOLDOFF))
        return grat_op_fail(op, GRAT_ERANGE, "inversion, holdoff: this instrument has none");
    pk_forget(b);
    merge(&next, want, mask);
    unsigned harmless = GRAT_SET_SWEEP | GRAT_SET_TRIGGER;
    grat_err e = GRAT_OK;
    if (!b->applied || (mask & ~harmless)) {
        e = setup_of(b, &next, &s, op);
        if (!e && (b->armed || b->stream)) e = pk_run(b, GRAT_STOP, op);
        if (!e) e = program(b, &s, op);
        if (!e) e = read_back(b, &next, &s, op);
        if (e) return e;
        b->setup = s;
    }
    b->set = next;
    b->applied = true;
    e = pk_trigger_of(b, &t, op);
    if (!e) return GRAT_OK;
    /* The next start programs what was there before. */
    b->set = old;
    b->setup = old_setup;
    b->samples = samples;
    b->before = before;
    b->applied = false;
    return e;
}
