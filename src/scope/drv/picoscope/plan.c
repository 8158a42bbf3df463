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

grat_err pk_choose_range(const pk_limits *k, double low, double high, grat__pico_input *out, grat_op *op)
{
    double middle = (low + high) / 2, half = (high - low) / 2, most = fmax(fabs(low), fabs(high));
    char a[40];
    if (!isfinite(low) || !isfinite(high) || !(high > low))
        return grat_op_fail(op, GRAT_EINVAL, "range: low must be below high");
    for (int i = k->range_first; i <= k->range_last; i++) {
        if (!(k->ranges >> i & 1)) continue;
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
    for (unsigned i = 0; i < PK_ANALOG; i++) {
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
            c->offset = 0 - (q->low + q->high) / 2; /* never -0 */
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
    for (unsigned i = 0; i < PK_ANALOG; i++) n += w->channel[i].enabled;
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
    double most = (double)p->caps->max_depth[channels_on(w)], real = p->caps->max_rate[channels_on(w)];
    double fastest = real * (q->ets ? PK_ETS_MOST : 1);
    /* The next interval that there is may be half of it: a ps2000 has twice the samples then. */
    if (timing) n = fmin(PK_SAMPLES, floor(most / 2));
    double room = floor(period * fastest * (1 + 1e-9));
    if (timing && n > room) n = fmax(room, 1);
    if (q->memory) n = fmin(most, room);
    if (q->samples) n = (double)q->samples;
    if (n > most)
        return grat_op_fail(p->op, GRAT_ERANGE, "samples: more than the memory holds with these channels; the nearest "
                                                "is %s", grat_format_quantity(a, sizeof a, most, "S"));
    if (n > room)
        return grat_op_fail(p->op, GRAT_ERANGE, "samples: %s over this period is too fast for these channels; the "
                                                "nearest is %s", grat_format_quantity(c, sizeof c, n, "S"),
                            grat_format_quantity(a, sizeof a, room, "S"));
    if (q->pre >= 0) pre = q->pre;
    else if (timing) pre = 0.25;
    /* How many there are is asked when it is set. */
    w->ets = q->ets ? (unsigned)fmax(ceil(n / (period * real) * (1 - 1e-9)), 2) : 0;
    w->timebase = period / PK_DIVISIONS;
    w->depth = (uint64_t)n;
    w->rate = n / period;
    w->delay = (0.5 - fmin(fmax(pre, 0), 1)) * period + q->delay;
    p->mask |= GRAT_SET_TIMEBASE | GRAT_SET_DELAY | GRAT_SET_DEPTH | GRAT_SET_ETS;
    return GRAT_OK;
}

int pk_channel_index(const char *s)
{
    int n;
    if (s[0] && !s[1] && s[0] >= 'A' && s[0] <= 'H') return s[0] - 'A';
    if (s[0] && !s[1] && s[0] >= 'a' && s[0] <= 'h') return s[0] - 'a';
    return grat__parse_int(s, &n) && n >= 1 && n <= PK_ANALOG ? n - 1 : -1;
}

/* Levels at once are events of lines like any others. */
static void pattern_as_terms(grat_settings *w, const grat_request *q)
{
    for (unsigned i = 0; i < PK_LINES && w->terms < GRAT_TRIGGER_TERMS; i++) {
        if (!(q->pattern_care >> i & 1)) continue;
        grat_trigger_term *t = &w->term[w->terms++];
        *t = (grat_trigger_term){.event = GRAT_EVENT_EDGE,
                                 .slope = q->pattern_want >> i & 1 ? GRAT_ABOVE : GRAT_BELOW};
        snprintf(t->source, sizeof t->source, "D%u", i);
    }
}

static unsigned bits_of(unsigned v)
{
    unsigned n = 0;
    for (; v; v &= v - 1) n++;
    return n;
}

/* What is no edge of one channel: true when there is such a thing. */
static bool plan_terms(planner *p)
{
    const grat_request *q = p->q;
    grat_settings *w = p->w;
    bool line = q->trigger_source[0] == 'D' && q->trigger_source[1];
    if (!q->terms && !q->pattern_care && !line) return false;
    w->terms = 0;
    if (q->terms) {
        w->terms = q->terms;
        memcpy(w->term, q->term, sizeof w->term);
    } else if (q->pattern_care) {
        pattern_as_terms(w, q);
    } else {
        w->terms = 1;
        w->term[0] = (grat_trigger_term){.event = GRAT_EVENT_EDGE,
                                         .slope = q->trigger_slope ? q->trigger_slope : GRAT_RISING};
        snprintf(w->term[0].source, sizeof w->term[0].source, "%s", q->trigger_source);
    }
    grat__strcpy(w->trigger_type, sizeof w->trigger_type, "terms");
    grat__strcpy(w->trigger_source, sizeof w->trigger_source, w->term[0].source);
    return true;
}

static grat_err check_pattern(planner *p)
{
    const grat_request *q = p->q;
    if (bits_of(q->pattern_care) > GRAT_TRIGGER_TERMS)
        return grat_op_fail(p->op, GRAT_ERANGE, "trigger: at most %d lines at once", GRAT_TRIGGER_TERMS);
    if (q->pattern_care && (q->trigger_slope == GRAT_FALLING || q->trigger_slope == GRAT_EITHER))
        return grat_op_fail(p->op, GRAT_ENOTSUP, "trigger: the beginning of a pattern is what it fires on");
    return GRAT_OK;
}

static grat_err plan_trigger(planner *p)
{
    const grat_request *q = p->q;
    grat_settings *w = p->w;
    grat_err e = check_pattern(p);
    if (e) return e;
    w->sweep = q->trigger == GRAT_TRIG_AUTO ? GRAT_SWEEP_AUTO : q->trigger ? GRAT_SWEEP_NORMAL : w->sweep;
    w->trigger_wait = q->wait;
    p->mask |= GRAT_SET_SWEEP | GRAT_SET_TRIGGER;
    if (q->trigger == GRAT_TRIG_NONE) {
        grat__strcpy(w->trigger_type, sizeof w->trigger_type, "none");
        return GRAT_OK;
    }
    if (q->trigger == GRAT_TRIG_KEEP ? w->terms > 0 : plan_terms(p)) return GRAT_OK;
    w->terms = 0;
    bool named = q->trigger_source[0] && q->trigger != GRAT_TRIG_KEEP;
    if (q->trigger != GRAT_TRIG_KEEP) grat__strcpy(w->trigger_type, sizeof w->trigger_type, "edge");
    if (q->trigger == GRAT_TRIG_EDGE || named) {
        w->trigger_slope = q->trigger_slope ? q->trigger_slope : GRAT_RISING;
        w->trigger_level = q->trigger_level;
    }
    if (named) grat__strcpy(w->trigger_source, sizeof w->trigger_source, q->trigger_source);
    int i = pk_channel_index(w->trigger_source);
    if (i >= 0 && !w->channel[i].enabled && !named) {
        for (i = 0; i < PK_ANALOG - 1 && !w->channel[i].enabled;) i++;
    }
    if (i >= 0) snprintf(w->trigger_source, sizeof w->trigger_source, "%c", 'A' + i);
    return GRAT_OK;
}

/* Not kept from one request to the next. */
static grat_err plan_reduction(planner *p)
{
    p->w->downsample = p->q->downsample;
    p->w->ratio = p->q->downsample ? p->q->ratio : 0;
    if (p->q->ets && (p->q->downsample || p->q->segments || p->w->acq == GRAT_ACQ_HIRES || p->w->digital_on))
        return grat_op_fail(p->op, GRAT_ERANGE, "ets: not with down-sampling, segments, hires or digital channels");
    if (p->q->ets && (p->q->trigger == GRAT_TRIG_NONE || p->q->terms || p->q->pattern_care))
        return grat_op_fail(p->op, GRAT_ERANGE, "ets: it needs a trigger on an edge of one channel");
    p->mask |= GRAT_SET_DOWNSAMPLE;
    return GRAT_OK;
}

grat_err pk_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                 unsigned *mask, grat_op *op)
{
    planner p = {.caps = caps, .q = q, .w = want, .op = op};
    static grat_err (*const step[])(planner *) = {plan_channels, plan_range, plan_time, plan_reduction, plan_trigger};
    *want = *now;
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        grat_err e = step[i](&p);
        if (e) return e;
    }
    *mask = p.mask;
    return GRAT_OK;
}
