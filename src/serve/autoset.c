/* Sets up the screen for whatever is connected, by looking at it: works for every scope that can be set and read. */
#include "serve/bench_int.h"

#include <math.h>
#include <string.h>

/* What is smaller than this part of the finest useful range is noise. */
#define NOISE_DIVISIONS 0.4
#define ROUNDS 3

typedef struct seen {
    bool known, clipped;
    double low, high, frequency;
} seen;

typedef struct look {
    grat_scope *scope;
    const grat_caps *caps;
    seen ch[4];
} look;

static bool on_record(void *user, grat_record *r)
{
    look *l = user;
    for (unsigned t = 0; t < r->traces; t++) {
        grat_measurement m[GRAT_MEASUREMENTS];
        for (unsigned i = 0; i < 4 && i < l->caps->analog; i++) {
            if (r->trace[t].logic || strcmp(r->trace[t].name, l->caps->analog_name[i]) != 0) continue;
            seen *s = &l->ch[i];
            unsigned n = grat_measure(r, t, m);
            s->known = true;
            s->frequency = NAN;
            for (unsigned k = 0; k < n; k++) {
                if (strcmp(m[k].name, "min") == 0) s->low = m[k].value;
                if (strcmp(m[k].name, "max") == 0) s->high = m[k].value;
                if (strcmp(m[k].name, "frequency") == 0) s->frequency = m[k].value;
            }
            double range = r->trace[t].range_high - r->trace[t].range_low;
            s->clipped = range > 0 && (s->low <= r->trace[t].range_low + range / 200 ||
                                       s->high >= r->trace[t].range_high - range / 200);
        }
    }
    return true;
}

static double ladder_up(double x)
{
    double decade = pow(10, floor(log10(x)));
    double m = x / decade;
    return decade * (m <= 1.0001 ? 1 : m <= 2.0001 ? 2 : m <= 5.0001 ? 5 : 10);
}

static double within(double x, double low, double high)
{
    if (low > 0 && x < low) x = low;
    if (high > 0 && x > high) x = high;
    return x;
}

static grat_err acquire(look *l, grat_op *op)
{
    grat_request q;
    grat_request_init(&q);
    q.trigger = GRAT_TRIG_AUTO;
    for (unsigned i = 0; i < 4; i++) l->ch[i].known = false;
    return grat_capture(l->scope, &q, on_record, l, op);
}

/* The nearest that the instrument has is good enough. */
static grat_err apply(look *l, grat_settings *set, unsigned mask, grat_op *op)
{
    grat_err err = grat_scope_set(l->scope, set, mask, op);
    if (err && err != GRAT_ERANGE && err != GRAT_EINSTR) return err;
    return grat_scope_get(l->scope, set, op);
}

static void fit_channel(const look *l, const seen *s, grat_channel_settings *c)
{
    double probe = c->probe > 0 ? c->probe : 1, span = s->high - s->low;
    double least = l->caps->min_scale * probe, most = l->caps->max_scale * probe;
    double scale = s->clipped ? c->scale * 4 : span / (l->caps->vertical_divisions * 0.6);
    if (!(scale > 0)) scale = least;
    c->scale = within(ladder_up(within(scale, least, most)), least, most);
    c->offset = s->clipped ? 0 : -(s->high + s->low) / 2;
    if (fabs(c->offset) < c->scale / 10) c->offset = 0;
}

static bool has_signal(const look *l, const seen *s, const grat_channel_settings *c)
{
    double probe = c->probe > 0 ? c->probe : 1;
    return s->known && s->high - s->low > fmax(NOISE_DIVISIONS * c->scale, 4 * l->caps->min_scale * probe);
}

static grat_err fit_vertical(look *l, grat_settings *set, grat_op *op)
{
    grat_err err = GRAT_OK;
    for (unsigned round = 0; round < ROUNDS && !err; round++) {
        err = acquire(l, op);
        for (unsigned i = 0; i < l->caps->analog && i < 4; i++) {
            if (l->ch[i].known) fit_channel(l, &l->ch[i], &set->channel[i]);
        }
        if (!err) err = apply(l, set, GRAT_SET_SCALE | GRAT_SET_OFFSET, op);
    }
    return err;
}

/* From slow to fast until the frequency can be told and few periods are seen. */
static grat_err fit_time(look *l, grat_settings *set, unsigned source, grat_op *op)
{
    double divisions = l->caps->horizontal_divisions;
    set->timebase = within(0.01, l->caps->min_timebase, l->caps->max_timebase);
    set->delay = 0;
    for (unsigned round = 0; round < 7; round++) {
        grat_err err = apply(l, set, GRAT_SET_TIMEBASE | GRAT_SET_DELAY, op);
        if (!err) err = acquire(l, op);
        if (err) return err;
        double f = l->ch[source].frequency, periods = f * set->timebase * divisions;
        if (isfinite(f) && f > 0 && periods < 60) {
            set->timebase = within(ladder_up(2.4 / f / divisions), l->caps->min_timebase, l->caps->max_timebase);
            return apply(l, set, GRAT_SET_TIMEBASE, op);
        }
        set->timebase = within(set->timebase / 10, l->caps->min_timebase, l->caps->max_timebase);
    }
    set->timebase = 1e-3;  /* nothing that repeats */
    return apply(l, set, GRAT_SET_TIMEBASE, op);
}

static grat_err choose(look *l, grat_settings *set, grat_op *op)
{
    unsigned source = 0, any = 0;
    double widest = 0;
    for (unsigned i = 0; i < l->caps->analog && i < 4; i++) {
        bool on = has_signal(l, &l->ch[i], &set->channel[i]);
        double divisions = (l->ch[i].high - l->ch[i].low) / set->channel[i].scale;
        set->channel[i].enabled = on;
        any += on;
        if (on && divisions > widest * 1.2) {
            widest = divisions;
            source = i;
        }
    }
    if (!any) set->channel[0].enabled = true;
    snprintf(set->trigger_source, sizeof set->trigger_source, "%s", l->caps->analog_name[source]);
    set->trigger_slope = GRAT_RISING;
    set->trigger_level = (l->ch[source].high + l->ch[source].low) / 2;
    grat_err err = apply(l, set, GRAT_SET_CHANNELS | GRAT_SET_TRIGGER, op);
    if (!err && any) err = fit_time(l, set, source, op);
    return err ? err : any ? GRAT_OK : grat_op_fail(op, GRAT_ENODATA, "auto-set: no signal on any channel");
}

grat_err serve_autoset(serve_bench *b, grat_op *op)
{
    look l = {.scope = b->scope, .caps = b->caps};
    grat_settings set;
    grat_err err = grat_scope_get(b->scope, &set, op);
    if (err) return err;
    for (unsigned i = 0; i < 4; i++) {
        double probe = set.channel[i].probe > 0 ? set.channel[i].probe : 1;
        set.channel[i].enabled = i < b->caps->analog;
        set.channel[i].coupling = GRAT_DC;
        set.channel[i].scale = within(5 * probe, b->caps->min_scale * probe, b->caps->max_scale * probe);
        set.channel[i].offset = 0;
    }
    set.sweep = GRAT_SWEEP_AUTO;
    set.timebase = within(0.005, b->caps->min_timebase, b->caps->max_timebase);
    set.delay = 0;
    err = apply(&l, &set, GRAT_SET_CHANNELS | GRAT_SET_SCALE | GRAT_SET_OFFSET | GRAT_SET_COUPLING | GRAT_SET_SWEEP |
                              GRAT_SET_TIMEBASE | GRAT_SET_DELAY, op);
    if (!err) err = fit_vertical(&l, &set, op);
    if (!err) err = choose(&l, &set, op);
    grat_op kept = *op, more;
    serve_op_init(b, &more, 5000);
    if (err != GRAT_ECANCELED) serve_live_run(b, GRAT_RUN, &more);
    *op = kept;
    return err;
}
