#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/picoscope/picoscope.h"

double pk_range_volts(int range)
{
    static const double mv[PK_RANGES] = {10,   20,   50,    100,   200,   500,    1000,
                                         2000, 5000, 10000, 20000, 50000, 100000, 200000};
    return range >= 0 && range < PK_RANGES ? mv[range] / 1000 : 0;
}

grat_err pk_choose_range(const pk_limits *k, double low, double high, pk_input *out, grat_op *op)
{
    double middle = (low + high) / 2, half = (high - low) / 2, most = fmax(fabs(low), fabs(high));
    char a[40];
    if (!isfinite(low) || !isfinite(high) || !(high > low))
        return grat_op_fail(op, GRAT_EINVAL, "range: low must be below high");
    for (int i = k->range_first; i <= k->range_last; i++) {
        double volts = pk_range_volts(i) * (1 + 1e-9), need = fmax(half, fabs(middle) + half - k->offset[i]);
        if (most > volts && need > volts) continue;
        out->range = i;
        out->offset = most <= volts ? 0 : fmin(fmax(-middle, -k->offset[i]), k->offset[i]);
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_ERANGE, "range: the input does not reach so far; the nearest is %s around zero",
                        grat_format_quantity(a, sizeof a, 2 * pk_range_volts(k->range_last), "V"));
}

/* ---- request -> settings ---------------------------------------------------------------------------- */

typedef struct planner {
    const grat_caps *caps;
    const grat_request *q;
    grat_settings *w;
    unsigned mask;
    grat_op *op;
} planner;

static grat_err plan_channels(planner *p)
{
    unsigned on = 0;
    if (!p->q->any_channel) return GRAT_OK;
    p->w->digital_on = false;
    for (unsigned i = 0; i < 4; i++) {
        if (p->q->channel[i] && i >= p->caps->analog)
            return grat_op_fail(p->op, GRAT_ERANGE, "channel %c: there are %u", 'A' + (int)i, p->caps->analog);
        p->w->channel[i].enabled = p->q->channel[i];
        on += p->q->channel[i];
    }
    for (unsigned i = 0; i < 16; i++) {
        if (p->q->digital[i] && i >= p->caps->digital)
            return grat_op_fail(p->op, GRAT_ERANGE, "D%u: there are %u digital channels", i, p->caps->digital);
        p->w->digital[i] = p->q->digital[i];
        p->w->digital_on |= p->q->digital[i];
        on += p->q->digital[i];
    }
    if (!on) return grat_op_fail(p->op, GRAT_EINVAL, "channels: none was named");
    p->mask |= GRAT_SET_CHANNELS;
    return GRAT_OK;
}

static grat_err plan_range(planner *p)
{
    const grat_request *q = p->q;
    if (q->probe != 0 && (!(q->probe > 0) || !isfinite(q->probe)))
        return grat_op_fail(p->op, GRAT_EINVAL, "probe: the ratio must be positive");
    if (q->coupling == GRAT_GND) return grat_op_fail(p->op, GRAT_ERANGE, "coupling: there are dc and ac");
    if (q->acq && q->acq != GRAT_ACQ_NORMAL && q->acq != GRAT_ACQ_HIRES)
        return grat_op_fail(p->op, GRAT_ERANGE, "acquisition: there are normal and, on the 5000 series, hires");
    if (q->has_range && !(q->high > q->low))
        return grat_op_fail(p->op, GRAT_EINVAL, "range: low must be below high");
    for (unsigned i = 0; i < p->caps->analog; i++) {
        grat_channel_settings *c = &p->w->channel[i];
        if (q->any_channel && !q->channel[i]) continue;
        if (q->probe > 0) {
            c->scale *= q->probe / c->probe;
            c->offset *= q->probe / c->probe;
            c->probe = q->probe;
        }
        if (q->has_range) {
            c->scale = (q->high - q->low) / PK_SCREEN;
            c->offset = -(q->low + q->high) / 2;
        }
        if (q->coupling) c->coupling = q->coupling;
    }
    if (q->probe > 0) p->mask |= GRAT_SET_PROBE | GRAT_SET_SCALE | GRAT_SET_OFFSET;
    if (q->has_range) p->mask |= GRAT_SET_SCALE | GRAT_SET_OFFSET;
    if (q->coupling) p->mask |= GRAT_SET_COUPLING;
    p->w->acq = q->acq ? q->acq : p->w->acq;
    p->mask |= GRAT_SET_ACQ;
    return GRAT_OK;
}

static unsigned channels_on(const grat_settings *w)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) n += w->channel[i].enabled;
    return n ? n : 1;
}

static grat_err plan_time(planner *p)
{
    const grat_request *q = p->q;
    grat_settings *w = p->w;
    double period = w->timebase * PK_DIVISIONS, pre = 0.5 - w->delay / period, n = (double)w->depth;
    char a[40], c[40];
    bool timing = q->period != 0 || q->samples || q->memory;
    if (q->period != 0) period = q->period;
    if (!(period > 0) || !isfinite(period)) return grat_op_fail(p->op, GRAT_EINVAL, "period: it must be positive");
    if (!(q->pre <= 1)) return grat_op_fail(p->op, GRAT_EINVAL, "pre: it is a fraction from 0 to 1");
    double most = (double)p->caps->max_depth[channels_on(w)], fastest = p->caps->max_rate[channels_on(w)];
    if (timing) n = fmin(PK_SAMPLES, most);
    if (timing && n > period * fastest) n = fmax(floor(period * fastest), 1);
    if (q->memory) n = fmin(most, floor(period * fastest));
    if (q->samples) n = (double)q->samples;
    if (n > most)
        return grat_op_fail(p->op, GRAT_ERANGE, "samples: more than the memory holds with these channels; the nearest "
                                                "is %s", grat_format_quantity(a, sizeof a, most, "S"));
    if (n > period * fastest * (1 + 1e-9))
        return grat_op_fail(p->op, GRAT_ERANGE, "samples: %s over this period is too fast for these channels; the "
                                                "nearest is %s", grat_format_quantity(c, sizeof c, n, "S"),
                            grat_format_quantity(a, sizeof a, floor(period * fastest), "S"));
    if (q->pre >= 0) pre = q->pre;
    else if (timing) pre = 0.25;
    w->timebase = period / PK_DIVISIONS;
    w->depth = (uint64_t)n;
    w->rate = n / period;
    w->delay = (0.5 - fmin(fmax(pre, 0), 1)) * period;
    p->mask |= GRAT_SET_TIMEBASE | GRAT_SET_DELAY | GRAT_SET_DEPTH;
    return GRAT_OK;
}

static int source_index(const char *s)
{
    int n;
    if (s[0] && !s[1] && s[0] >= 'A' && s[0] <= 'D') return s[0] - 'A';
    if (s[0] && !s[1] && s[0] >= 'a' && s[0] <= 'd') return s[0] - 'a';
    return grat__parse_int(s, &n) && n >= 1 && n <= PK_ANALOG ? n - 1 : -1;
}

static grat_err plan_trigger(planner *p)
{
    const grat_request *q = p->q;
    grat_settings *w = p->w;
    if (q->pattern_care)
        return grat_op_fail(p->op, GRAT_ENOTSUP, "trigger: patterns of digital channels are not supported here");
    w->sweep = q->trigger == GRAT_TRIG_AUTO ? GRAT_SWEEP_AUTO : q->trigger ? GRAT_SWEEP_NORMAL : w->sweep;
    w->trigger_wait = q->wait;
    p->mask |= GRAT_SET_SWEEP | GRAT_SET_TRIGGER;
    if (q->trigger == GRAT_TRIG_NONE) {
        grat__strcpy(w->trigger_type, sizeof w->trigger_type, "none");
        return GRAT_OK;
    }
    bool named = q->trigger_source[0] && q->trigger != GRAT_TRIG_KEEP;
    if (q->trigger != GRAT_TRIG_KEEP) grat__strcpy(w->trigger_type, sizeof w->trigger_type, "edge");
    if (q->trigger == GRAT_TRIG_EDGE || named) {
        w->trigger_slope = q->trigger_slope ? q->trigger_slope : GRAT_RISING;
        w->trigger_level = q->trigger_level;
    }
    if (named) grat__strcpy(w->trigger_source, sizeof w->trigger_source, q->trigger_source);
    int i = source_index(w->trigger_source);
    if (i >= 0 && !w->channel[i].enabled && !named) {
        for (i = 0; i < PK_ANALOG - 1 && !w->channel[i].enabled;) i++;
    }
    if (i >= 0) snprintf(w->trigger_source, sizeof w->trigger_source, "%c", 'A' + i);
    return GRAT_OK;
}

grat_err pk_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                 unsigned *mask, grat_op *op)
{
    planner p = {.caps = caps, .q = q, .w = want, .op = op};
    static grat_err (*const step[])(planner *) = {plan_channels, plan_range, plan_time, plan_trigger};
    *want = *now;
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        grat_err e = step[i](&p);
        if (e) return e;
    }
    *mask = p.mask;
    return GRAT_OK;
}

/* ---- trigger -> codes -------------------------------------------------------------------------------- */

static int direction_of(grat_slope s)
{
    switch (s) {
    case GRAT_ABOVE:
        return 0;
    case GRAT_BELOW:
        return 1;
    case GRAT_FALLING:
        return 3;
    case GRAT_EITHER:
        return 4;
    default:
        return 2;
    }
}

static grat_err level_code(const pk_scope *b, int channel, int16_t *out, grat_op *op)
{
    const pk_input *in = &b->setup.input[channel];
    double probe = b->set.channel[channel].probe, full = pk_range_volts(in->range), level = b->set.trigger_level;
    double low = (-full - in->offset) * probe, high = (full - in->offset) * probe;
    char a[40], c[40];
    if (!isfinite(level)) return grat_op_fail(op, GRAT_EINVAL, "trigger level: not a number");
    if (level < low || level > high)
        return grat_op_fail(op, GRAT_ERANGE, "trigger level: %s is outside of what channel %c shows; the nearest is %s",
                            grat_format_quantity(a, sizeof a, level, "V"), 'A' + channel,
                            grat_format_quantity(c, sizeof c, level < low ? low : high, "V"));
    *out = (int16_t)nearbyint((level / probe + in->offset) / full * b->setup.max);
    return GRAT_OK;
}

grat_err pk_trigger_of(const pk_scope *b, pk_trigger *out, grat_op *op)
{
    const grat_settings *s = &b->set;
    *out = (pk_trigger){.direction = direction_of(s->trigger_slope)};
    if (strcmp(s->trigger_type, "none") == 0) return GRAT_OK;
    out->on = true;
    if (s->sweep == GRAT_SWEEP_AUTO) {
        double wait = s->trigger_wait > 0 ? s->trigger_wait : 0.1;
        out->auto_ms = (int16_t)fmin(fmax(wait * 1000, 1), INT16_MAX);
    }
    if (grat__strcaseeq(s->trigger_source, "EXT")) {
        double level = fmin(fmax(s->trigger_level, -5), 5);
        out->source = b->u->lib->series->external;
        out->code = (int16_t)nearbyint(level / 5 * INT16_MAX);
        return GRAT_OK;
    }
    int i = source_index(s->trigger_source);
    if (i < 0 || i >= (int)b->limits.analog)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: %.16s is no analog channel of this scope and not EXT",
                            s->trigger_source);
    if (!b->setup.input[i].on && out->auto_ms) { /* it runs by itself then, as long as nothing was asked of it */
        out->on = false;
        return GRAT_OK;
    }
    if (!b->setup.input[i].on)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: channel %c is off; name it among the channels", 'A' + i);
    out->source = i;
    return level_code(b, i, &out->code, op);
}
