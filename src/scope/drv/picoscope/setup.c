#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/picoscope/picoscope.h"

/* Of the vendor's list of ranges. */
#define RANGE_5V 8
/* Of the vendor's counter behind a trigger. */
#define MAX_DELAY 8388607

static const grat__pico_ops *ops_of(const grat__pico_unit *u)
{
    return u->lib->series->ops;
}

/* ---- timebases: asked, not computed; the interval grows with the number -------------------------------- */

static uint32_t fastest(grat__pico_unit *u, int resolution, uint32_t *n, double *dt, uint64_t *room)
{
    uint32_t st = GRAT__PICO_INVALID_TIMEBASE;
    if (ops_of(u)->nearest && !ops_of(u)->nearest(u, 1e-12, resolution, n)) return ops_of(u)->timebase(u, *n, dt, room);
    for (*n = 0; *n < 16; ++*n) {
        st = ops_of(u)->timebase(u, *n, dt, room);
        if (st != GRAT__PICO_INVALID_TIMEBASE) return st;
    }
    return st;
}

/* The slowest that is not slower than want_dt; INVALID_TIMEBASE, with the fastest in dt, when there is none. */
static uint32_t find_timebase(grat__pico_unit *u, pk_setup *s)
{
    uint32_t low, high, n, st = fastest(u, s->resolution < 0 ? 0 : s->resolution, &low, &s->dt, &s->room);
    double dt, most = s->want_dt * (1 + 1e-7);
    uint64_t room;
    s->timebase = low;
    if (st) return st;
    if (s->dt > most) return grat__pico_say(u, "GetTimebase2", GRAT__PICO_INVALID_TIMEBASE);
    if (ops_of(u)->nearest && !ops_of(u)->nearest(u, s->want_dt, s->resolution, &n) &&
        !ops_of(u)->timebase(u, n, &dt, &room) && dt <= most) {
        s->timebase = n;
        s->dt = dt;
        s->room = room;
        return GRAT__PICO_OK;
    }
    for (high = low + 1; high < 1u << 30; high *= 2)
        if (ops_of(u)->timebase(u, high, &dt, &room) || dt > most) break;
    while (low + 1 < high) {
        uint32_t middle = low + (high - low) / 2;
        if (ops_of(u)->timebase(u, middle, &dt, &room) || dt > most) high = middle;
        else low = middle;
    }
    s->timebase = low;
    return ops_of(u)->timebase(u, low, &s->dt, &s->room);
}

/* ---- programming ---------------------------------------------------------------------------------- */

static uint32_t apply_inputs(grat__pico_unit *u, unsigned channels, const pk_setup *s)
{
    for (unsigned i = 0; i < channels; i++) {
        grat__pico_input off = {.range = RANGE_5V, .coupling = 1};
        uint32_t st = ops_of(u)->channel(u, i, s->input[i].on ? &s->input[i] : &off);
        if (st) return st;
    }
    for (unsigned i = 0; i < PK_PORTS && u->lib->series->port_volts > 0; i++) {
        uint32_t st = ops_of(u)->port(u, i, pk_port_on(s, i), s->threshold[i]);
        if (st) return st;
    }
    return GRAT__PICO_OK;
}

static int least_bits(const int8_t *r)
{
    while (r[1] >= 0) r++;
    return *r;
}

/* The fewest places that make the values as close as they are wanted, or the most there are. It needs a trigger. */
static uint32_t find_ets(grat__pico_unit *u, pk_setup *s)
{
    static const uint32_t places[] = {2, 4, 5, 8, 10, 16, 20, 25, 32, 40, 50, 64, 80, PK_ETS_MOST};
    grat__pico_trigger t = {.on = true, .simple = true, .direction = GRAT__PICO_RISING};
    uint32_t n = 0, st = fastest(u, s->resolution < 0 ? 0 : s->resolution, &s->timebase, &s->dt, &s->room);
    double real = s->dt, dt, off;
    while (t.source < PK_ANALOG - 1 && !s->input[t.source].on) t.source++;
    if (!st) st = ops_of(u)->trigger(u, &t);
    for (unsigned i = 0; !st && i < sizeof places / sizeof *places && s->dt > s->want_dt * (1 + 1e-7); i++) {
        if (ops_of(u)->ets(u, places[i], &dt)) continue;
        n = places[i];
        /* It is told in whole ps. */
        s->dt = fabs(real / n - dt) < 0.51e-12 ? real / n : dt;
    }
    if (!st && !n && (st = ops_of(u)->ets(u, n = places[0], &dt)) == GRAT__PICO_OK) s->dt = real / n;
    if (st) return st;
    s->ets = n;
    ops_of(u)->ets(u, 0, &off);
    return s->dt > s->want_dt * (1 + 1e-7) ? grat__pico_say(u, "SetEts", GRAT__PICO_INVALID_TIMEBASE) : GRAT__PICO_OK;
}

static uint32_t find_rate(grat__pico_unit *u, pk_setup *s)
{
    return s->ets ? find_ets(u, s) : find_timebase(u, s);
}

/* The most bits that have the rate, or the least. */
static uint32_t apply_resolution(grat__pico_unit *u, pk_setup *s)
{
    const int8_t *r = u->lib->series->resolutions;
    uint32_t st = GRAT__PICO_OK;
    if (!r) {
        s->resolution = -1;
        return find_rate(u, s);
    }
    for (; *r >= 0; r++) {
        if (!s->hires && r[1] >= 0) continue;
        st = ops_of(u)->resolution(u, *r);
        if (st) continue;
        s->resolution = *r;
        st = find_rate(u, s);
        if (st != GRAT__PICO_INVALID_TIMEBASE) return st;
    }
    return st;
}

uint32_t pk_apply(grat__pico_unit *u, unsigned channels, pk_setup *s)
{
    /* With more bits fewer channels can be on: first back to the least. */
    if (u->lib->series->resolutions) ops_of(u)->resolution(u, least_bits(u->lib->series->resolutions));
    uint32_t st = ops_of(u)->segments(u, 1);
    double dt;
    if (!st && u->ets) st = ops_of(u)->ets(u, 0, &dt);
    if (!st) st = apply_inputs(u, channels, s);
    if (!st) st = apply_resolution(u, s);
    return st ? st : ops_of(u)->max(u, s->resolution, &s->max);
}

uint32_t pk_power(grat__pico_unit *u, unsigned channels, pk_setup *s, uint32_t status)
{
    ops_of(u)->stop(u);
    uint32_t st = ops_of(u)->power(u, status);
    if (st) return st;
    u->power = status;
    return pk_apply(u, channels, s);
}

/* ---- limits ------------------------------------------------------------------------------------------ */

static uint32_t ask_limits(grat__pico_unit *u, void *args)
{
    pk_limits *k = args;
    uint32_t st = ops_of(u)->ranges(u, &k->ranges, k->offset), n;
    if (!st && !(k->ranges & ((1u << PK_RANGES) - 1))) st = GRAT__PICO_INVALID_RANGE;
    for (k->range_first = 0; !st && !(k->ranges >> k->range_first & 1);) k->range_first++;
    for (k->range_last = PK_RANGES - 1; !st && !(k->ranges >> k->range_last & 1);) k->range_last--;
    for (unsigned on = 1; !st && on <= k->analog; on++) {
        pk_setup s = {0};
        double dt;
        for (unsigned i = 0; i < on; i++)
            s.input[i] = (grat__pico_input){.on = true, .range = k->range_last, .coupling = 1};
        st = apply_inputs(u, k->all, &s);
        if (!st) st = fastest(u, 0, &n, &dt, &k->max_depth[on]);
        if (!st) k->min_dt[on] = dt;
        /* On USB power C and D do not work. */
        if (st && on > 1) {
            k->analog = on - 1;
            st = GRAT__PICO_OK;
        }
    }
    if (ops_of(u)->max_segments(u, &k->segments) || !k->segments) k->segments = 1;
    return st;
}

/* The second character of the variant is the number of channels, MSO tells of ports; the 6000E series has pods. */
grat_err pk_read_limits(pk_scope *b, grat_op *op)
{
    pk_limits *k = &b->limits;
    const char *v = b->u->variant;
    k->all = v[0] && v[1] >= '1' && v[1] <= '8' ? (unsigned)(v[1] - '0') : 2;
    k->analog = k->all;
    k->ports = b->u->lib->series->port_volts > 0 &&
               (strstr(v, "MSO") != NULL || strcmp(b->u->lib->series->name, "ps6000a") == 0);
    return grat__pico_must(b->u, &(grat__pico_job){.fn = ask_limits, .args = k, .size = sizeof *k}, op);
}

/* ---- settings ---------------------------------------------------------------------------------------- */

void pk_default_settings(const pk_scope *b, grat_settings *out)
{
    *out = (grat_settings){.timebase = 1e-3, .depth = PK_SAMPLES, .delay = 2.5e-3, .acq = GRAT_ACQ_NORMAL, .rate = 1e6,
                           .sweep = GRAT_SWEEP_AUTO, .trigger_type = "edge", .trigger_source = "A",
                           .trigger_slope = GRAT_RISING, .threshold = {1.5, 1.5}};
    uint64_t room = b->limits.max_depth[b->limits.analog] / 2;
    if (out->depth > room) out->depth = room;
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
    if (mask & GRAT_SET_ETS) to->ets = from->ets;
    if (mask & GRAT_SET_DOWNSAMPLE) {
        to->downsample = from->downsample;
        to->ratio = from->ratio;
    }
    if (!(mask & GRAT_SET_TRIGGER)) return;
    memcpy(to->trigger_type, from->trigger_type, sizeof to->trigger_type);
    memcpy(to->trigger_source, from->trigger_source, sizeof to->trigger_source);
    to->trigger_slope = from->trigger_slope;
    to->trigger_level = from->trigger_level;
    to->trigger_wait = from->trigger_wait;
    to->terms = from->terms;
    memcpy(to->term, from->term, sizeof to->term);
}

static grat_err setup_of(const pk_scope *b, const grat_settings *s, pk_setup *out, grat_op *op)
{
    *out = (pk_setup){.hires = s->acq == GRAT_ACQ_HIRES, .threshold = {s->threshold[0], s->threshold[1]}};
    double samples = s->depth ? (double)s->depth : PK_SAMPLES;
    unsigned on = 0;
    out->want_dt = s->timebase * PK_DIVISIONS / samples;
    if (out->hires && !b->u->lib->series->resolutions)
        return grat_op_fail(op, GRAT_ERANGE, "high resolution: this series has one resolution; the 5000A has more");
    static const int modes[] = {GRAT__PICO_RAW, GRAT__PICO_AGGREGATE, GRAT__PICO_DECIMATE, GRAT__PICO_AVERAGE};
    out->mode = modes[s->downsample];
    out->ratio = s->downsample ? s->ratio : 1;
    out->ets = s->ets;
    if (out->ets && (!b->u->lib->series->ops->ets || !b->u->lib->series->ets))
        return grat_op_fail(op, GRAT_ENOTSUP, "ets: this series does not sample in equivalent time");
    for (unsigned i = 0; i < b->limits.analog; i++) {
        const grat_channel_settings *c = &s->channel[i];
        grat__pico_input *in = &out->input[i];
        double half = c->scale * PK_SCREEN / 2 / c->probe, middle = -c->offset / c->probe;
        *in = (grat__pico_input){.on = c->enabled, .coupling = c->coupling != GRAT_AC, .limit = c->bandwidth_limit};
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
    if (pk_traces(out) > GRAT_MAX_CHANNELS)
        return grat_op_fail(op, GRAT_ERANGE, "channels: with a maximum and a minimum of each there are %u traces; the "
                                             "most is %d", pk_traces(out), GRAT_MAX_CHANNELS);
    if (out->lines && out->mode == GRAT__PICO_AVERAGE)
        return grat_op_fail(op, GRAT_ERANGE, "downsample: digital channels have no average; use aggregate or decimate");
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
    double late = fmax(nearbyint((s->delay - period / 2) / u->dt), 0);
    double n = fmax(ceil(period / u->dt - 1e-6), 1);
    if (n > (double)u->room || n > INT32_MAX)
        return grat_op_fail(op, GRAT_ERANGE, "samples: more than the memory holds with these channels; the nearest is "
                                             "%s", grat_format_quantity(t, sizeof t, (double)u->room, "S"));
    if (n < u->ratio)
        return grat_op_fail(op, GRAT_ERANGE, "downsample: %u is more than the %.0f samples of a record", u->ratio, n);
    if (late > MAX_DELAY)
        return grat_op_fail(op, GRAT_ERANGE, "trigger: the delay is counted in samples, at most %d; the nearest is %s",
                            MAX_DELAY, grat_format_quantity(t, sizeof t, MAX_DELAY * u->dt, "s"));
    b->samples = (uint32_t)n;
    b->before = (uint32_t)nearbyint(pre * n);
    b->late = (uint32_t)late;
    s->depth = b->samples;
    s->ets = u->ets;
    s->rate = 1 / u->dt;
    s->timebase = n * u->dt / PK_DIVISIONS;
    s->delay = ((0.5 - b->before / n) * n + b->late) * u->dt;
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
    uint32_t samples = b->samples, before = b->before, late = b->late;
    grat__pico_trigger t;
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
    e = pk_trigger_of(b, b->setup.dt, &t, op);
    if (!e && b->setup.ets && (!t.on || !t.simple))
        e = grat_op_fail(op, GRAT_ERANGE, "ets: it needs a trigger on an edge of one channel");
    if (!e && b->setup.ets && b->late) e = grat_op_fail(op, GRAT_ERANGE, "ets: there is no delay behind its trigger");
    if (!e) return GRAT_OK;
    /* The next start programs what was there before. */
    b->set = old;
    b->setup = old_setup;
    b->samples = samples;
    b->before = before;
    b->late = late;
    b->applied = false;
    return e;
}
