#include <math.h>
#include <stdlib.h>

#include "scope/drv/picoscope/picoscope.h"

#define MAX_VOLTS 2.0
/* Of those that count in whole Hz. */
#define MAX_PLAIN_HZ 1e6
enum { SCOPE_TRIGGER = 1, EXT_TRIGGER = 3, SOFTWARE_TRIGGER = 4 };

static void free_points(void *p)
{
    free(((grat__pico_wave *)p)->points);
}

static uint32_t work(grat__pico_unit *u, void *p)
{
    return u->lib->series->ops->wave(u, p);
}

static uint32_t fire_work(grat__pico_unit *u, void *p)
{
    (void)p;
    return u->lib->series->ops->fire(u);
}

/* The smallest becomes low, the largest high. */
static grat_err take_points(const grat_generator *g, grat__pico_wave *w, grat_op *op)
{
    if (!g->points || g->count < 2 || g->count > INT32_MAX)
        return grat_op_fail(op, GRAT_EINVAL, "generator: an arbitrary wave needs points");
    double low = g->points[0], high = low;
    for (size_t i = 0; i < g->count; i++) {
        if (!isfinite(g->points[i])) return grat_op_fail(op, GRAT_EINVAL, "generator: point %zu is no number", i);
        low = fmin(low, g->points[i]);
        high = fmax(high, g->points[i]);
    }
    w->points = malloc(g->count * sizeof *w->points);
    if (!w->points) return grat_op_fail(op, GRAT_ENOMEM, "out of memory for %zu points", g->count);
    for (size_t i = 0; i < g->count; i++)
        w->points[i] = high > low ? (int16_t)nearbyint(((g->points[i] - low) / (high - low) * 2 - 1) * INT16_MAX) : 0;
    w->n = (uint32_t)g->count;
    return GRAT_OK;
}

static bool wave_of(const grat_generator *g, int *out)
{
    static const int direct[] = {[GRAT_WAVE_OFF] = GRAT__PICO_DC,
                                 [GRAT_WAVE_SINE] = GRAT__PICO_SINE,
                                 [GRAT_WAVE_TRIANGLE] = GRAT__PICO_TRIANGLE,
                                 [GRAT_WAVE_SQUARE] = GRAT__PICO_SQUARE,
                                 [GRAT_WAVE_EXPONENTIAL] = -1,
                                 [GRAT_WAVE_ARBITRARY] = GRAT__PICO_POINTS,
                                 [GRAT_WAVE_CLOCK] = -1,
                                 [GRAT_WAVE_SINC] = GRAT__PICO_SINC,
                                 [GRAT_WAVE_GAUSSIAN] = GRAT__PICO_GAUSSIAN,
                                 [GRAT_WAVE_HALF_SINE] = GRAT__PICO_HALF_SINE,
                                 [GRAT_WAVE_NOISE] = GRAT__PICO_NOISE,
                                 [GRAT_WAVE_PRBS] = GRAT__PICO_PRBS,
                                 [GRAT_WAVE_DC] = GRAT__PICO_DC};
    if (g->wave < GRAT_WAVE_OFF || g->wave > GRAT_WAVE_DC) return false;
    *out = direct[g->wave];
    if (g->wave != GRAT_WAVE_TRIANGLE || g->symmetry == 0.5) return *out >= 0;
    *out = g->symmetry == 1 ? GRAT__PICO_RAMP_UP : GRAT__PICO_RAMP_DOWN;
    return g->symmetry == 0 || g->symmetry == 1;
}

static grat_err check_sweep(const grat_generator *g, grat_op *op)
{
    bool sweep = g->stop > 0 && g->step > 0 && g->dwell > 0 && isfinite(g->stop + g->step + g->dwell);
    if (g->stop != 0 && !sweep)
        return grat_op_fail(op, GRAT_EINVAL, "generator: a sweep needs an end, a step and the time of a step");
    if (g->trigger < GRAT_GEN_FREE || g->trigger > GRAT_GEN_SOFTWARE || g->way < GRAT_SWEEP_UP ||
        g->way > GRAT_SWEEP_DOWN_UP || (g->cycles && !g->trigger))
        return grat_op_fail(op, GRAT_EINVAL, "generator: cycles come after a trigger");
    return GRAT_OK;
}

static grat_err check(const pk_scope *b, const grat_generator *g, grat_op *op)
{
    char t[40];
    bool modern = b->u->lib->series->ops == &grat__pico_modern_ops, timed = g->wave != GRAT_WAVE_DC;
    if (timed && (!(g->frequency > 0) || !isfinite(g->frequency)))
        return grat_op_fail(op, GRAT_EINVAL, "generator: the frequency must be positive");
    if (!(g->low <= g->high)) return grat_op_fail(op, GRAT_EINVAL, "generator: low must not be above high");
    if (g->low < -MAX_VOLTS || g->high > MAX_VOLTS)
        return grat_op_fail(op, GRAT_ERANGE, "generator: the output reaches from -%s to 2 V",
                            grat_format_quantity(t, sizeof t, MAX_VOLTS, "V"));
    if (g->wave == GRAT_WAVE_SQUARE && (g->symmetry != 0.5 && (!modern || !(g->symmetry > 0 && g->symmetry < 1))))
        return grat_op_fail(op, GRAT_ERANGE, "generator: the duty cycle of this series is 50%%");
    return check_sweep(g, op);
}

/* What one with three waves cannot do and was not refused yet, for want of the feature. */
static grat_err check_plain(const pk_scope *b, const grat_generator *g, grat_op *op)
{
    char t[40];
    bool wave = g->wave == GRAT_WAVE_OFF || g->wave == GRAT_WAVE_SINE || g->wave == GRAT_WAVE_SQUARE ||
                g->wave == GRAT_WAVE_TRIANGLE;
    if (!grat__pico_is_basic(b->u)) return grat_op_fail(op, GRAT_ENOTSUP, "generator: this model has none");
    if (!wave || (g->wave > GRAT_WAVE_OFF && g->symmetry != 0.5))
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: this series has sine, square and triangle, each in one "
                                              "shape");
    if (g->wave == GRAT_WAVE_OFF) return GRAT_OK;
    if (g->low != 0 || g->high != 0)
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: this series has one amplitude and no offset; leave both out");
    if (!(g->frequency >= 0.5 && g->frequency < MAX_PLAIN_HZ + 0.5))
        return grat_op_fail(op, GRAT_ERANGE, "generator: the frequency is 1 Hz to 1 MHz; the nearest is %s",
                            grat_format_quantity(t, sizeof t, g->frequency > 1 ? MAX_PLAIN_HZ : 1, "Hz"));
    return GRAT_OK;
}

static grat__pico_wave described(const grat_generator *g, int wave)
{
    static const int sources[] = {0, SCOPE_TRIGGER, EXT_TRIGGER, SOFTWARE_TRIGGER};
    bool sweep = g->stop != 0;
    return (grat__pico_wave){.wave = wave,
                             .offset = (g->low + g->high) / 2,
                             .pp = g->wave == GRAT_WAVE_DC ? 0 : g->high - g->low,
                             .hz = g->frequency,
                             .stop = sweep ? g->stop : g->frequency,
                             .step = sweep ? g->step : 0,
                             .dwell = sweep ? g->dwell : 0,
                             .sweep = (int)g->way,
                             .shots = sweep ? 0 : g->cycles,
                             .sweeps = sweep ? g->cycles : 0,
                             .source = sources[g->trigger],
                             .edge = g->trigger_falling,
                             .duty = g->symmetry * 100};
}

/* The oldest interface refuses it while something is captured, with no word of why. */
static grat_err check_idle(const pk_scope *b, grat_op *op)
{
    if (b->u->lib->series->ops != &grat__pico_old_ops || (!b->armed && !b->stream)) return GRAT_OK;
    return grat_op_fail(op, GRAT_EBUSY, "generator: this series sets it only while nothing is captured; stop first");
}

static grat_err fire(pk_scope *b, grat_generator *actual, grat_op *op)
{
    grat_err e = grat__pico_must(b->u, &(grat__pico_job){.fn = fire_work}, op);
    if (!e) *actual = b->generator;
    return e;
}

static grat_err send(pk_scope *b, const grat_generator *g, grat__pico_wave *w, grat_op *op)
{
    uint32_t status = 0;
    grat_err e = g->wave == GRAT_WAVE_ARBITRARY ? take_points(g, w, op) : GRAT_OK;
    if (e) return e;
    grat__pico_job job = {.fn = work, .drop = free_points, .args = w, .size = sizeof *w};
    e = grat__pico_do(b->u, &job, &status, op);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (!e) free(w->points);
    if (!e && status == GRAT__PICO_TOO_MANY_SAMPLES && w->n > w->most)
        return grat_op_fail(op, GRAT_ERANGE, "generator: %zu points; the nearest is %u", g->count, (unsigned)w->most);
    return !e && status ? grat__pico_fail(b->u->lib, b->u->failed, status, op) : e;
}

grat_err pk_generator_set(void *p, const grat_generator *want, grat_generator *actual, grat_op *op)
{
    pk_scope *b = p;
    grat_generator g = *want;
    int wave;
    bool plain = b->u->lib->series->plain_generator;
    grat_err e = check_idle(b, op);
    if (!e && plain) e = check_plain(b, &g, op);
    if (e) return e;
    if (g.fire) return fire(b, actual, op);
    if (!wave_of(&g, &wave))
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: there are sine, square, triangle, ramp, sinc, gaussian, "
                                              "half-sine, noise, prbs, dc, each in one shape, and points from a file");
    if (!plain && g.wave != GRAT_WAVE_OFF && g.wave != GRAT_WAVE_DC && g.low == 0 && g.high == 0) {
        g.low = -MAX_VOLTS;
        g.high = MAX_VOLTS;
    }
    if (g.wave == GRAT_WAVE_OFF) g = (grat_generator){.size = g.size, .symmetry = 0.5};
    if (g.wave != GRAT_WAVE_OFF && (e = check(b, &g, op))) return e;
    grat__pico_wave w = described(&g, wave);
    if ((e = send(b, &g, &w, op))) return e;
    if (g.wave != GRAT_WAVE_OFF && w.hz > 0) g.frequency = w.hz;
    g.points = NULL;
    g.count = 0;
    /* Its amplitude is not told. */
    if (plain && g.wave != GRAT_WAVE_OFF) g.low = g.high = NAN;
    b->generator = g;
    *actual = g;
    return GRAT_OK;
}

/* The unit cannot be asked: what was set since the opening. */
grat_err pk_generator_get(void *p, grat_generator *out, grat_op *op)
{
    const pk_scope *b = p;
    (void)op;
    *out = b->generator;
    return GRAT_OK;
}
