#include "scope/drv/rigol-1000z/rigol.h"

#include <math.h>
#include <string.h>

#include "core/str.h"
#include "scope/ladder.h"

#define EPS 1e-9

typedef struct planner {
    const grat_caps *caps;
    const grat_request *q;
    grat_settings *w;
    unsigned mask;
    grat_op *op;
} planner;

static char *quantity(char out[40], double v, const char *unit)
{
    return grat_format_quantity(out, 40, v, unit);
}

static grat_err plan_channels(planner *p)
{
    unsigned on = 0;
    if (!p->q->any_channel) return GRAT_OK;
    p->w->digital_on = false;
    for (unsigned i = 0; i < RIGOL_ANALOG; i++) {
        if (p->q->channel[i] && i >= p->caps->analog)
            return grat_op_fail(p->op, GRAT_ERANGE, "channel %u: this instrument has %u analogue channels", i + 1,
                                p->caps->analog);
        p->w->channel[i].enabled = p->q->channel[i];
        on += p->q->channel[i];
    }
    for (unsigned i = 0; i < RIGOL_DIGITAL; i++) {
        if (p->q->digital[i] && i >= p->caps->digital)
            return grat_op_fail(p->op, GRAT_ERANGE, "D%u: this instrument has %u digital channels", i,
                                p->caps->digital);
        unsigned lost = i < 8 ? 3 : 2;
        if (p->q->digital[i] && p->q->channel[lost])
            return grat_op_fail(p->op, GRAT_ERANGE, "channel %u: not available while D%u is on; leave one of them out",
                                lost + 1, i);
        p->w->digital[i] = p->q->digital[i];
        p->w->digital_on |= p->q->digital[i];
        on += p->q->digital[i];
    }
    if (!on) return grat_op_fail(p->op, GRAT_EINVAL, "channels: none was named");
    p->mask |= GRAT_SET_CHANNELS;
    return GRAT_OK;
}

/* The instrument rescales what is shown when the ratio changes; the settings follow it here. */
static void rescale(planner *p, unsigned i, double probe)
{
    grat_channel_settings *c = &p->w->channel[i];
    double ratio = c->probe > 0 ? probe / c->probe : 1;
    int n;
    c->probe = probe;
    c->scale *= ratio;
    c->offset *= ratio;
    if (grat__parse_int(p->w->trigger_source, &n) && n == (int)i + 1) p->w->trigger_level *= ratio;
}

static grat_err plan_probe(planner *p)
{
    double probe = p->q->probe;
    if (probe == 0) return GRAT_OK;
    if (!(probe > 0) || !isfinite(probe)) return grat_op_fail(p->op, GRAT_EINVAL, "probe: the ratio must be positive");
    double legal = fmin(fmax(grat__ladder_nearest(probe), 0.01), 1000);
    if (fabs(legal - probe) > probe * 1e-6)
        return grat_op_fail(p->op, GRAT_ERANGE, "probe: %g is not a step of this instrument; the nearest is %g",
                            probe, legal);
    for (unsigned i = 0; i < p->caps->analog; i++)
        if (p->w->channel[i].enabled) rescale(p, i, probe);
    p->mask |= GRAT_SET_PROBE;
    return GRAT_OK;
}

/* The finest step whose eight divisions hold [low, high] with an offset that the instrument can reach. */
static bool fit_range(const planner *p, grat_channel_settings *c)
{
    double low = p->q->low, high = p->q->high, probe = c->probe > 0 ? c->probe : 1;
    double step = fmax(grat__ladder_up((high - low) / 8 / probe), p->caps->min_scale);
    for (; step <= p->caps->max_scale * (1 + EPS); step = grat__ladder_next(step)) {
        double scale = step * probe, limit = rigol_offset_limit(scale, probe), slack = scale * 1e-6;
        double offset = fmin(fmax(-(low + high) / 2, -limit), limit);
        if (-offset - 4 * scale > low + slack || -offset + 4 * scale < high - slack) continue;
        c->scale = scale;
        c->offset = offset;
        return true;
    }
    return false;
}

static grat_err plan_range(planner *p)
{
    char a[40], b[40], c[40], d[40];
    if (!p->q->has_range) return GRAT_OK;
    double low = p->q->low, high = p->q->high;
    if (!isfinite(low) || !isfinite(high) || !(low < high))
        return grat_op_fail(p->op, GRAT_EINVAL, "range: the low end must be below the high end");
    for (unsigned i = 0; i < p->caps->analog; i++) {
        if (!p->w->channel[i].enabled || fit_range(p, &p->w->channel[i])) continue;
        double probe = p->w->channel[i].probe > 0 ? p->w->channel[i].probe : 1;
        double scale = p->caps->max_scale * probe, limit = rigol_offset_limit(scale, probe) + 4 * scale;
        double most = fmin(high - low, 8 * scale) / 2;
        double centre = fmin(fmax((low + high) / 2, most - limit), limit - most);
        return grat_op_fail(p->op, GRAT_ERANGE,
                            "range: %s to %s does not fit channel %u at a probe ratio of %g; the nearest is %s to %s",
                            quantity(a, low, "V"), quantity(b, high, "V"), i + 1, probe,
                            quantity(c, centre - most, "V"), quantity(d, centre + most, "V"));
    }
    p->mask |= GRAT_SET_SCALE | GRAT_SET_OFFSET;
    return GRAT_OK;
}

static grat_err plan_time(planner *p)
{
    char a[40], b[40];
    double most = RIGOL_DIVISIONS * p->caps->max_timebase;
    if (p->q->period != 0) {
        if (!(p->q->period > 0) || !isfinite(p->q->period))
            return grat_op_fail(p->op, GRAT_EINVAL, "period: it must be positive");
        if (p->q->period > most * (1 + EPS))
            return grat_op_fail(p->op, GRAT_ERANGE, "period: %s is longer than a screen can be; the nearest is %s",
                                quantity(a, p->q->period, "s"), quantity(b, most, "s"));
        p->w->timebase = fmax(grat__ladder_up(p->q->period / RIGOL_DIVISIONS), p->caps->min_timebase);
        p->mask |= GRAT_SET_TIMEBASE;
    }
    if (p->q->pre >= 0) {
        if (!(p->q->pre <= 1)) return grat_op_fail(p->op, GRAT_EINVAL, "pre: it is a fraction from 0 to 1");
        p->w->delay = (0.5 - p->q->pre) * RIGOL_DIVISIONS * p->w->timebase;
        p->mask |= GRAT_SET_DELAY;
    }
    return GRAT_OK;
}

static grat_err plan_depth(planner *p)
{
    double need = rigol_needed_points(p->q, p->w->timebase), span = RIGOL_DIVISIONS * p->w->timebase;
    bool memory = need > RIGOL_SCREEN_POINTS || (p->q->memory && need > 0);
    if (!memory) return GRAT_OK;
    unsigned row = rigol_row(p->w);
    double by_rate = rigol_row_rate(row) * span;
    const uint64_t *d = rigol_depths(row);
    while (d[1] && (double)*d < need)
        d++;
    if (fmin((double)*d, by_rate) < need * (1 - EPS)) {
        char a[40], b[40], c[40];
        double period = p->q->period > 0 ? p->q->period : span, most = fmin((double)*d, by_rate);
        return grat_op_fail(p->op, GRAT_ERANGE, "samples: %s over %s cannot be had; the nearest is %s",
                            quantity(a, (double)p->q->samples, "S"), quantity(b, period, "s"),
                            quantity(c, floor(most * period / span), "S"));
    }
    p->w->depth = *d;
    p->mask |= GRAT_SET_DEPTH;
    return GRAT_OK;
}

static grat_err plan_acquisition(planner *p)
{
    if (p->q->coupling) {
        for (unsigned i = 0; i < p->caps->analog; i++)
            if (p->w->channel[i].enabled) p->w->channel[i].coupling = p->q->coupling;
        p->mask |= GRAT_SET_COUPLING;
    }
    if (!p->q->acq) return GRAT_OK;
    p->w->acq = p->q->acq;
    p->mask |= GRAT_SET_ACQ;
    return GRAT_OK;
}

/* The level may be five divisions from the middle of the screen. */
static grat_err check_level(planner *p, int channel)
{
    const grat_channel_settings *c = &p->w->channel[channel - 1];
    double low = -5 * c->scale - c->offset, high = 5 * c->scale - c->offset, level = p->q->trigger_level;
    double slack = c->scale * 1e-6;
    char a[40], b[40];
    if (level >= low - slack && level <= high + slack) return GRAT_OK;
    return grat_op_fail(p->op, GRAT_ERANGE, "trigger level: %s is off the screen of channel %d; the nearest is %s",
                        quantity(a, level, "V"), channel, quantity(b, level < low ? low : high, "V"));
}

static grat_err plan_trigger(planner *p)
{
    char word[8];
    int n;
    if (p->q->pattern_care || p->q->hair || p->q->wait != 0 || p->q->trigger_slope > GRAT_EITHER)
        return grat_op_fail(p->op, GRAT_ERANGE, "trigger: patterns, levels, hair and a waiting time are not for this "
                                                "instrument; it has rising, falling and either");
    if (p->q->trigger == GRAT_TRIG_NONE || p->q->trigger == GRAT_TRIG_AUTO) {
        p->w->sweep = GRAT_SWEEP_AUTO;
        p->mask |= GRAT_SET_SWEEP;
    }
    bool named = p->q->trigger_source[0] != '\0';
    if (p->q->trigger != GRAT_TRIG_EDGE && !(p->q->trigger == GRAT_TRIG_AUTO && named)) return GRAT_OK;
    if (named) grat__strcpy(p->w->trigger_source, sizeof p->w->trigger_source, p->q->trigger_source);
    if (!p->w->trigger_source[0]) grat__strcpy(p->w->trigger_source, sizeof p->w->trigger_source, "1");
    if (!rigol_source_out(p->caps, p->w->trigger_source, word))
        return grat_op_fail(p->op, GRAT_ERANGE, "trigger source %s: this instrument has 1 to %u%s and line",
                            p->w->trigger_source, p->caps->analog, p->caps->digital ? ", D0 to D15" : "");
    if (p->q->trigger_slope) p->w->trigger_slope = p->q->trigger_slope;
    if (!p->w->trigger_slope) p->w->trigger_slope = GRAT_RISING;
    if (!isfinite(p->q->trigger_level)) return grat_op_fail(p->op, GRAT_EINVAL, "trigger level: not a number");
    p->w->trigger_level = p->q->trigger_level;
    grat__strcpy(p->w->trigger_type, sizeof p->w->trigger_type, "edge");
    p->mask |= GRAT_SET_TRIGGER;
    return grat__parse_int(p->w->trigger_source, &n) ? check_level(p, n) : GRAT_OK;
}

grat_err rigol_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                    unsigned *mask, grat_op *op)
{
    planner p = {.caps = caps, .q = q, .w = want, .op = op};
    static grat_err (*const step[])(planner *) = {plan_channels, plan_probe, plan_range,       plan_time,
                                                  plan_depth,    plan_acquisition, plan_trigger};
    *want = *now;
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        grat_err err = step[i](&p);
        if (err) return err;
    }
    *mask = p.mask;
    return GRAT_OK;
}
