#include <math.h>

#include "scope/drv/bitscope/bitscope.h"

#define DEFAULT_SAMPLES 1000
/* Above this rate nothing from before the trigger is kept. */
#define PRE_MIN_TICKS 8
#define EPS 1e-9

const bs_mode bs_modes[] = {
    {"macro", 18, 4, 40, 16384, false, 1, true, false, 6144},
    {"macro chop", 19, 5, 40, 16384, false, 2, true, false, 6144},
    {"analog", 0, 0, 15, 40, true, 1, false, false, 12288},
    {"analog chop", 2, 1, 13, 40, true, 2, false, false, 12288},
    {"analog fast", 4, 0, 8, 14, false, 1, false, false, 12288},
    {"analog fast chop", 6, 1, 8, 40, false, 2, false, false, 12288},
    {"analog shot", 11, 0, 2, 5, false, 1, false, false, 12288},
    {"analog shot chop", 16, 1, 4, 5, false, 2, false, false, 12288},
    {"logic", 14, 0, 5, 16384, false, 0, false, true, 12288},
    {"logic fast", 15, 0, 4, 4, false, 0, false, true, 12288},
    {"logic shot", 13, 0, 1, 3, false, 0, false, true, 12288},
    {"mixed", 1, 2, 15, 40, true, 1, false, true, 6144},
    {"mixed chop", 3, 3, 13, 40, true, 2, false, true, 6144},
    {"mixed fast", 5, 2, 8, 14, false, 1, false, true, 6144},
    {"mixed fast chop", 7, 3, 8, 40, false, 2, false, true, 6144},
    {"mixed shot", 12, 2, 2, 5, false, 1, false, true, 6144},
    {"mixed shot chop", 17, 3, 4, 5, false, 2, false, true, 6144},
    {NULL, 0, 0, 0, 0, false, 0, false, false, 0},
};

static unsigned count_analog(const bs_want *w)
{
    return (w->analog & 1) + (w->analog >> 1 & 1);
}

static bool suits(const bs_mode *m, const bs_want *w)
{
    return m->analog == count_analog(w) && m->logic == (w->logic != 0);
}

static double slowest(const bs_mode *m)
{
    return (double)m->max * (m->divides ? BS_MAX_SCALE : 1);
}

/* The longest conversion of at most `most` ticks. False when even the shortest is longer. */
static bool clock_for(const bs_mode *m, double most, unsigned *ticks, unsigned *scale)
{
    double best = 0, limit = fmin(floor(most * (1 + 1e-12) + EPS), slowest(m));
    *scale = 1;
    *ticks = (unsigned)fmin(limit, m->max);
    if (limit < m->min) return false;
    if (!m->divides || limit <= m->max) return true;
    unsigned whole = (unsigned)limit;
    for (unsigned s = (whole + m->max - 1) / m->max; s <= BS_MAX_SCALE && s * m->min <= whole; s++) {
        double product = (double)(whole / s) * s;
        if (product <= best) continue;
        best = product;
        *scale = s;
        *ticks = whole / s;
        if (product >= limit) break;
    }
    return best > 0;
}

/* How many conversions of so many ticks the period takes. */
static double conversions_of(const bs_mode *m, double period_ticks, double product)
{
    double n = fmax(ceil(period_ticks / product - 1e-6), 1);
    return m->analog == 2 ? 2 * ceil(n / 2) : n;
}

static bool fit(const bs_mode *m, double period_ticks, double samples, bs_plan *out)
{
    unsigned ticks, scale;
    double n = samples * (m->analog == 2 ? 2 : 1);
    if (!clock_for(m, period_ticks / n, &ticks, &scale)) return false;
    double product = (double)ticks * scale, need = conversions_of(m, period_ticks, product);
    if (need > bs_capacity(m)) return false;
    unsigned share = m->analog == 2 ? 2 : 1;
    *out = (bs_plan){.mode = m, .ticks = ticks, .scale = scale, .conversions = (unsigned)need,
                     .samples = (unsigned)need / share, .dt = product * share * BS_TICK};
    return true;
}

static bool best(const bs_want *w, double period_ticks, double samples, bs_plan *out)
{
    for (const bs_mode *m = bs_modes; m->name; m++) {
        if (suits(m, w) && fit(m, period_ticks, samples, out)) return true;
    }
    return false;
}

/* The shortest conversion of at least `least` ticks; 0 when the mode has none. */
static double shortest_from(const bs_mode *m, double least)
{
    double best = INFINITY;
    least = fmax(ceil(least * (1 - 1e-12) - EPS), m->min);
    if (least > slowest(m)) return 0;
    if (!m->divides || least <= m->max) return least <= m->max ? least : 0;
    for (double s = ceil(least / m->max); s <= BS_MAX_SCALE && s * m->min <= least + s; s++)
        best = fmin(best, fmax(ceil(least / s), m->min) * s);
    return best;
}

/* The most samples of each channel that some mode has over this period; 0 when none can have the period. */
static double most_samples(const bs_want *w, double period_ticks)
{
    double most = 0;
    for (const bs_mode *m = bs_modes; m->name; m++) {
        if (!suits(m, w)) continue;
        double product = shortest_from(m, period_ticks / bs_capacity(m));
        if (product > 0) most = fmax(most, floor(floor(period_ticks / product + EPS) / (m->analog == 2 ? 2 : 1)));
    }
    return most;
}

static void period_limits(const bs_want *w, double *shortest, double *longest)
{
    *shortest = INFINITY;
    *longest = 0;
    for (const bs_mode *m = bs_modes; m->name; m++) {
        if (!suits(m, w)) continue;
        *shortest = fmin(*shortest, m->min * (double)(m->analog == 2 ? 2 : 1));
        *longest = fmax(*longest, slowest(m) * bs_capacity(m));
    }
}

static grat_err cannot(const bs_want *w, double period_ticks, grat_op *op)
{
    char a[40], b[40], c[40];
    double shortest, longest, most = most_samples(w, period_ticks);
    grat_format_quantity(a, sizeof a, w->period, "s");
    if (most >= 1) {
        grat_format_quantity(b, sizeof b, (double)w->samples, "S");
        return grat_op_fail(op, GRAT_ERANGE, "samples: %s over %s of these channels cannot be had; the nearest is %s",
                            b, a, grat_format_quantity(c, sizeof c, most, "S"));
    }
    period_limits(w, &shortest, &longest);
    bool is_long = period_ticks > shortest;
    return grat_op_fail(op, GRAT_ERANGE, "period: %s is too %s for these channels; the nearest is %s", a,
                        is_long ? "long" : "short",
                        grat_format_quantity(b, sizeof b, (is_long ? longest : shortest) * BS_TICK, "s"));
}

static grat_err place_trigger(const bs_want *w, bs_plan *p, grat_op *op)
{
    bool fast = p->ticks * p->scale < PRE_MIN_TICKS;
    if (fast && w->pre > 0)
        return grat_op_fail(op, GRAT_ERANGE, "pre: above 5 MS/s nothing from before the trigger is kept; the nearest "
                                             "is 0 %%");
    double pre = w->pre >= 0 ? w->pre : fast ? 0 : 0.25;
    p->before = (unsigned)nearbyint(pre * p->conversions);
    return GRAT_OK;
}

uint64_t bs_most_samples(const bs_want *want)
{
    return want->period > 0 && isfinite(want->period) ? (uint64_t)most_samples(want, want->period / BS_TICK) : 0;
}

grat_err bs_plan_make(const bs_want *want, bs_plan *out, grat_op *op)
{
    double ticks = want->period / BS_TICK;
    bs_plan p;
    if (!want->analog && !want->logic) return grat_op_fail(op, GRAT_EINVAL, "channels: none is on");
    if (!(want->period > 0) || !isfinite(want->period))
        return grat_op_fail(op, GRAT_EINVAL, "period: it must be positive");
    if (!(want->pre <= 1)) return grat_op_fail(op, GRAT_EINVAL, "pre: it is a fraction from 0 to 1");
    double samples = want->samples ? (double)want->samples : DEFAULT_SAMPLES;
    bool ok = best(want, ticks, samples, &p);
    if (!ok && !want->samples) {
        samples = most_samples(want, ticks);
        ok = samples >= 1 && best(want, ticks, samples, &p);
    }
    if (!ok) return cannot(want, ticks, op);
    grat_err e = place_trigger(want, &p, op);
    if (!e) *out = p;
    return e;
}
