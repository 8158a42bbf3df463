/* The instrument has no knobs that keep their place: the settings live here and are programmed with every trace. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/bitscope/bitscope.h"

static void put_range(grat_settings *s, double low, double high, double probe)
{
    for (unsigned i = 0; i < BS_ANALOG; i++) {
        grat_channel_settings *c = &s->channel[i];
        c->probe = probe;
        c->scale = (high - low) / BS_SCREEN;
        c->offset = 0 - (low + high) / 2; /* never -0 */
    }
}

void bs_default_settings(const bs_params *p, grat_settings *out)
{
    *out = (grat_settings){.timebase = 1e-3 / BS_DIVISIONS, .depth = 1000, .acq = GRAT_ACQ_NORMAL, .rate = 1e6,
                           .sweep = GRAT_SWEEP_AUTO, .trigger_type = "edge", .trigger_source = "A",
                           .trigger_slope = GRAT_RISING, .delay = 0.25e-3};
    for (unsigned i = 0; i < BS_ANALOG; i++)
        out->channel[i] = (grat_channel_settings){.enabled = i == 0, .coupling = GRAT_DC, .unit = "V"};
    put_range(out, p->safe_low, p->safe_high, 1);
    out->trigger_level = (p->safe_low + p->safe_high) / 2;
}

bs_want bs_want_of(const grat_settings *s)
{
    bs_want w = {.period = s->timebase * BS_DIVISIONS, .samples = s->depth};
    for (unsigned i = 0; i < BS_ANALOG; i++) w.analog |= (unsigned)s->channel[i].enabled << i;
    for (unsigned i = 0; i < BS_LOGIC; i++) w.logic |= (unsigned)s->digital[i] << i;
    w.pre = fmin(fmax(0.5 - s->delay / w.period, 0), 1);
    if (w.pre < 1e-9) w.pre = 0;
    return w;
}

void bs_range_of(const grat_settings *s, double *low, double *high)
{
    const grat_channel_settings *c = &s->channel[!s->channel[0].enabled && s->channel[1].enabled];
    double half = c->scale * BS_SCREEN / 2, probe = c->probe > 0 ? c->probe : 1;
    *low = (-c->offset - half) / probe;
    *high = (-c->offset + half) / probe;
}

/* ---- request -> settings -------------------------------------------------------------------------- */

typedef struct planner {
    const grat_request *q;
    grat_settings *w;
    unsigned mask;
    grat_op *op;
} planner;

static void leave_out(grat_settings *w, unsigned logic, const char *why)
{
    size_t used = strlen(w->left_out);
    if (!w->digital[logic]) return;
    w->digital[logic] = false;
    snprintf(w->left_out + used, sizeof w->left_out - used, "%sL%u is left out: %s", used ? "; " : "", logic, why);
}

/* One pin each: A and L7, B and L6; the generators' outputs and L4, L5. */
static void leave_out_shared(grat_settings *w)
{
    w->left_out[0] = '\0';
    if (w->channel[0].enabled) leave_out(w, 7, "it is the comparator of A, which is on");
    if (w->channel[1].enabled) leave_out(w, 6, "it is the comparator of B, which is on");
    if (w->digital_taken >> 4 & 1) leave_out(w, 4, "the wave generator drives its pin");
    if (w->digital_taken >> 5 & 1) leave_out(w, 5, "the clock generator drives its pin");
}

static grat_err plan_channels(planner *p)
{
    bool on = false;
    if (!p->q->any_channel) {
        leave_out_shared(p->w);
        return GRAT_OK;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (p->q->channel[i] && i >= BS_ANALOG)
            return grat_op_fail(p->op, GRAT_ERANGE, "channel %c: there are A and B", 'A' + (int)i);
        p->w->channel[i].enabled = p->q->channel[i];
        on = on || p->q->channel[i];
    }
    for (unsigned i = 0; i < 16; i++) {
        if (p->q->digital[i] && i >= BS_LOGIC)
            return grat_op_fail(p->op, GRAT_ERANGE, "L%u: there are L0 to L7", i);
        p->w->digital[i] = p->q->digital[i];
    }
    leave_out_shared(p->w);
    p->w->digital_on = false;
    for (unsigned i = 0; i < BS_LOGIC; i++) p->w->digital_on |= p->w->digital[i];
    if (!on && !p->w->digital_on)
        return grat_op_fail(p->op, GRAT_EINVAL, "channels: %s", p->w->left_out[0] ? p->w->left_out : "none was named");
    p->mask |= GRAT_SET_CHANNELS;
    return GRAT_OK;
}

static grat_err plan_range(planner *p)
{
    double low, high, probe = p->q->probe;
    if (p->q->coupling && p->q->coupling != GRAT_DC)
        return grat_op_fail(p->op, GRAT_ERANGE, "coupling: this instrument has DC only");
    if (p->q->acq && p->q->acq != GRAT_ACQ_NORMAL)
        return grat_op_fail(p->op, GRAT_ERANGE, "averages, peaks and high resolution: not in this instrument");
    if (probe != 0 && (!(probe > 0) || !isfinite(probe)))
        return grat_op_fail(p->op, GRAT_EINVAL, "probe: the ratio must be positive");
    if (!p->q->has_range && probe == 0) return GRAT_OK;
    double ratio = probe > 0 ? probe : p->w->channel[0].probe;
    bs_range_of(p->w, &low, &high);
    low = p->q->has_range ? p->q->low : low * ratio;
    high = p->q->has_range ? p->q->high : high * ratio;
    grat_err e = bs_check_range(&bs_vendor_params, low / ratio, high / ratio, p->op);
    if (e) return e;
    put_range(p->w, low, high, ratio);
    p->mask |= GRAT_SET_SCALE | GRAT_SET_OFFSET | GRAT_SET_PROBE;
    return GRAT_OK;
}

static grat_err plan_time(planner *p)
{
    bs_want w = bs_want_of(p->w);
    bs_plan plan;
    bool channels = p->mask & GRAT_SET_CHANNELS, timing = p->q->period != 0 || p->q->samples || p->q->memory;
    if (p->q->period != 0) w.period = p->q->period;
    if (timing || channels) w.samples = p->q->samples;
    w.pre = p->q->pre >= 0 ? p->q->pre : timing || channels ? -1 : w.pre;
    if (p->q->memory && !p->q->samples) w.samples = bs_most_samples(&w);
    grat_err e = bs_plan_make(&w, &plan, p->op);
    if (e) return e;
    double period = bs_conversion(&plan) * plan.conversions;
    p->w->timebase = period / BS_DIVISIONS;
    p->w->delay = (0.5 - (double)plan.before / plan.conversions) * period;
    p->w->depth = plan.samples;
    p->w->rate = 1 / plan.dt;
    p->mask |= GRAT_SET_TIMEBASE | GRAT_SET_DELAY | GRAT_SET_DEPTH;
    return GRAT_OK;
}

static grat_err name_pattern(planner *p)
{
    if ((p->q->pattern_care >> BS_LOGIC) != 0)
        return grat_op_fail(p->op, GRAT_ERANGE, "trigger pattern: there are L0 to L7");
    for (unsigned i = 0; i < BS_LOGIC; i++) {
        bool care = p->q->pattern_care >> i & 1, want = p->q->pattern_want >> i & 1;
        p->w->trigger_source[BS_LOGIC - 1 - i] = !care ? 'x' : want ? '1' : '0';
    }
    p->w->trigger_source[BS_LOGIC] = '\0';
    grat__strcpy(p->w->trigger_type, sizeof p->w->trigger_type, "pattern");
    return GRAT_OK;
}

static void default_source(planner *p)
{
    const grat_settings *w = p->w;
    if (w->channel[0].enabled || w->channel[1].enabled) {
        grat__strcpy(p->w->trigger_source, sizeof p->w->trigger_source, w->channel[0].enabled ? "A" : "B");
        return;
    }
    for (unsigned i = 0; i < BS_LOGIC; i++) {
        if (!w->digital[i]) continue;
        snprintf(p->w->trigger_source, sizeof p->w->trigger_source, "L%u", i);
        return;
    }
}

static grat_err plan_trigger(planner *p)
{
    const grat_request *q = p->q;
    bs_trigger t;
    bool named = q->trigger_source[0] || q->pattern_care;
    p->w->sweep = q->trigger == GRAT_TRIG_AUTO ? GRAT_SWEEP_AUTO : q->trigger ? GRAT_SWEEP_NORMAL : p->w->sweep;
    p->w->trigger_wait = q->wait;
    p->mask |= GRAT_SET_SWEEP | GRAT_SET_TRIGGER;
    if (q->trigger == GRAT_TRIG_NONE) {
        grat__strcpy(p->w->trigger_type, sizeof p->w->trigger_type, "none");
        return GRAT_OK;
    }
    if (q->trigger == GRAT_TRIG_EDGE || (q->trigger == GRAT_TRIG_AUTO && named)) {
        grat__strcpy(p->w->trigger_type, sizeof p->w->trigger_type, "edge");
        p->w->trigger_slope = q->trigger_slope ? q->trigger_slope : GRAT_RISING;
        p->w->trigger_level = q->trigger_level;
        p->w->trigger_hair = q->hair;
        grat_err e = q->pattern_care ? name_pattern(p) : GRAT_OK;
        if (e) return e;
        if (!q->pattern_care && !named) default_source(p);
        else if (!q->pattern_care)
            grat__strcpy(p->w->trigger_source, sizeof p->w->trigger_source, q->trigger_source);
    } else if (q->any_channel && strcmp(p->w->trigger_type, "pattern") != 0) {
        /* Kept, but not on a channel that is off now. */
        double low, high;
        default_source(p);
        bs_range_of(p->w, &low, &high);
        if (q->has_range) p->w->trigger_level = (low + high) / 2 * p->w->channel[0].probe;
        grat__strcpy(p->w->trigger_type, sizeof p->w->trigger_type, "edge");
    }
    return bs_trigger_of(p->w, &t, p->op);
}

/* "1", "D3" are how any instrument's channels may be called; here they have other names. */
static void own_names(grat_settings *w)
{
    int n;
    char *s = w->trigger_source;
    if (strcmp(w->trigger_type, "edge") != 0) return;
    if (s[0] == 'D' || s[0] == 'd') s[0] = 'L';
    else if (grat__parse_int(s, &n) && n >= 1 && n <= BS_ANALOG)
        snprintf(s, sizeof w->trigger_source, "%c", 'A' + n - 1);
}

static grat_err check_level(planner *p)
{
    bs_trigger t;
    char a[40], b[40];
    grat_err e = bs_trigger_of(p->w, &t, p->op);
    if (e || !t.on_analog) return e;
    double probe = p->w->channel[0].probe, level = p->w->trigger_level / probe;
    double low = bs_vendor_params.offset, high = low + bs_vendor_params.scale;
    if (!isfinite(level)) return grat_op_fail(p->op, GRAT_EINVAL, "trigger level: not a number");
    if (level >= low && level <= high) return GRAT_OK;
    return grat_op_fail(p->op, GRAT_ERANGE, "trigger level: %s is outside of the input's span; the nearest is %s",
                        grat_format_quantity(a, sizeof a, level * probe, "V"),
                        grat_format_quantity(b, sizeof b, (level < low ? low : high) * probe, "V"));
}

grat_err bs_request_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                         unsigned *mask, grat_op *op)
{
    planner p = {.q = q, .w = want, .op = op};
    static grat_err (*const step[])(planner *) = {plan_channels, plan_range, plan_time, plan_trigger, check_level};
    (void)caps;
    *want = *now;
    for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
        grat_err err = step[i](&p);
        if (err) return err;
    }
    own_names(want);
    *mask = p.mask;
    return GRAT_OK;
}

/* ---- get and set ------------------------------------------------------------------------------------- */

grat_err bs_get(void *p, grat_settings *out, grat_op *op)
{
    const bs_scope *b = p;
    (void)op;
    *out = b->set;
    out->digital_taken = b->gen.what == BS_GEN_WAVE ? 1u << 4 : b->gen.what == BS_GEN_CLOCK ? 1u << 5 : 0;
    return GRAT_OK;
}

static void merge_channels(grat_settings *to, const grat_settings *from, unsigned mask)
{
    for (unsigned i = 0; i < BS_ANALOG; i++) {
        if (mask & GRAT_SET_CHANNELS) to->channel[i].enabled = from->channel[i].enabled;
        if (mask & GRAT_SET_SCALE) to->channel[i].scale = from->channel[i].scale;
        if (mask & GRAT_SET_OFFSET) to->channel[i].offset = from->channel[i].offset;
        if (mask & GRAT_SET_PROBE) to->channel[i].probe = from->channel[i].probe;
    }
    if (!(mask & GRAT_SET_CHANNELS)) return;
    memcpy(to->digital, from->digital, sizeof to->digital);
    to->digital_on = from->digital_on;
}

static void merge_trigger(grat_settings *to, const grat_settings *from)
{
    memcpy(to->trigger_type, from->trigger_type, sizeof to->trigger_type);
    memcpy(to->trigger_source, from->trigger_source, sizeof to->trigger_source);
    to->trigger_slope = from->trigger_slope;
    to->trigger_level = from->trigger_level;
    to->trigger_hair = from->trigger_hair;
    to->trigger_wait = from->trigger_wait;
}

grat_err bs_set(void *p, const grat_settings *want, unsigned mask, grat_op *op)
{
    bs_scope *b = p;
    grat_settings next = b->set;
    bs_plan plan;
    bs_trigger t;
    double low, high;
    unsigned fixed = GRAT_SET_COUPLING | GRAT_SET_BANDWIDTH | GRAT_SET_INVERT | GRAT_SET_HOLDOFF | GRAT_SET_THRESHOLD;
    if (mask & fixed) return grat_op_fail(op, GRAT_ERANGE, "this instrument is DC coupled, without limit, inversion, "
                                                           "holdoff or thresholds");
    merge_channels(&next, want, mask);
    if (mask & GRAT_SET_TIMEBASE) next.timebase = want->timebase;
    if (mask & GRAT_SET_DELAY) next.delay = want->delay;
    if (mask & GRAT_SET_DEPTH) next.depth = want->depth;
    if (mask & GRAT_SET_SWEEP) next.sweep = want->sweep;
    if (mask & GRAT_SET_TRIGGER) merge_trigger(&next, want);
    own_names(&next);
    bs_want w = bs_want_of(&next);
    bs_range_of(&next, &low, &high);
    grat_err e = bs_plan_make(&w, &plan, op);
    if (!e) e = bs_check_range(&b->params, low, high, op);
    if (!e) e = bs_trigger_of(&next, &t, op);
    if (e) return e;
    next.rate = 1 / plan.dt;
    b->set = next;
    return GRAT_OK;
}
