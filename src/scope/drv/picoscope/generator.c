#include <math.h>
#include <stdlib.h>

#include "scope/drv/picoscope/picoscope.h"

#define MAX_VOLTS 2.0
enum { SINE = 0, SQUARE = 1, TRIANGLE = 2, RAMP_UP = 3, RAMP_DOWN = 4, DC = 8 };

typedef struct args {
    int32_t offset_uv;
    uint32_t pp_uv;
    int wave;
    double hz;
} args;

static uint32_t work(grat__pico_unit *u, void *p)
{
    const args *a = p;
    const grat__pico_calls *c = &u->lib->call;
    u->failed = "SetSigGenBuiltIn";
    if (u->lib->series->double_generator && c->SetSigGenBuiltIn4)
        return c->SetSigGenBuiltIn4(u->handle, a->offset_uv, a->pp_uv, a->wave, a->hz, a->hz, 0, 0, 0, 0, 0, 0, 0, 0,
                                    0);
    if (u->lib->series->double_generator || !c->SetSigGenBuiltInV2) return 0x13;
    if (u->lib->series->short_wave)
        return c->SetSigGenBuiltInV2Short(u->handle, a->offset_uv, a->pp_uv, (int16_t)a->wave, a->hz, a->hz, 0, 0, 0, 0,
                                          0, 0, 0, 0, 0);
    return c->SetSigGenBuiltInV2(u->handle, a->offset_uv, a->pp_uv, a->wave, a->hz, a->hz, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

/* ---- points ------------------------------------------------------------------------------------------- */

typedef struct points {
    int32_t offset_uv;
    uint32_t pp_uv;
    double hz;
    int16_t *v;                /* the work's */
    uint32_t n, most;          /* most: what the unit takes, when there are too many */
} points;

static void free_points(void *p)
{
    free(((points *)p)->v);
}

/* Each point is held for as long as the memory allows: the step of the frequency is the finer the more points there
 * are. */
static uint32_t hold(points *a)
{
    uint32_t times = a->most / a->n, n = a->n * times;
    int16_t *more = malloc(n * sizeof *more);
    if (!more) return 0x2;
    for (uint32_t i = 0; i < n; i++) more[i] = a->v[i / times];
    free(a->v);
    a->v = more;
    a->n = n;
    return GRAT__PICO_OK;
}

static uint32_t work_points(grat__pico_unit *u, void *p)
{
    points *a = p;
    const grat__pico_calls *c = &u->lib->call;
    uint32_t least = 0, phase = 0;
    int16_t low, high;
    u->failed = "SetSigGenArbitrary";
    if (!c->SetSigGenArbitrary || !c->SigGenFrequencyToPhase || !c->SigGenArbitraryMinMaxValues) return 0x11F;
    uint32_t st = c->SigGenArbitraryMinMaxValues(u->handle, &low, &high, &least, &a->most);
    if (!st && a->n > a->most) return 0x1D;
    if (!st) st = hold(a);
    u->failed = "SigGenFrequencyToPhase";
    if (!st) st = c->SigGenFrequencyToPhase(u->handle, a->hz, 0, a->n, &phase);
    if (st) return st;
    u->failed = "SetSigGenArbitrary";
    return c->SetSigGenArbitrary(u->handle, a->offset_uv, a->pp_uv, phase, phase, 0, 0, a->v, (int32_t)a->n, 0, 0, 0, 0,
                                 0, 0, 0, 0);
}

/* The smallest becomes low, the largest high. */
static grat_err set_points(pk_scope *b, const grat_generator *g, grat_op *op)
{
    points a = {.offset_uv = (int32_t)nearbyint((g->low + g->high) / 2 * 1e6), .hz = g->frequency,
                .pp_uv = (uint32_t)nearbyint((g->high - g->low) * 1e6), .n = (uint32_t)g->count};
    uint32_t status = 0;
    if (!g->points || g->count < 2 || g->count > INT32_MAX)
        return grat_op_fail(op, GRAT_EINVAL, "generator: an arbitrary wave needs points");
    double low = g->points[0], high = low;
    for (size_t i = 0; i < g->count; i++) {
        if (!isfinite(g->points[i])) return grat_op_fail(op, GRAT_EINVAL, "generator: point %zu is no number", i);
        low = fmin(low, g->points[i]);
        high = fmax(high, g->points[i]);
    }
    a.v = malloc(g->count * sizeof *a.v);
    if (!a.v) return grat_op_fail(op, GRAT_ENOMEM, "out of memory for %zu points", g->count);
    for (size_t i = 0; i < g->count; i++)
        a.v[i] = high > low ? (int16_t)nearbyint(((g->points[i] - low) / (high - low) * 2 - 1) * INT16_MAX) : 0;
    grat__pico_job job = {.fn = work_points, .drop = free_points, .args = &a, .size = sizeof a};
    grat_err e = grat__pico_do(b->u, &job, &status, op);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (!e) free(a.v);
    if (!e && status == 0x1D)
        return grat_op_fail(op, GRAT_ERANGE, "generator: %zu points; the nearest is %u", g->count, (unsigned)a.most);
    return !e && status ? grat__pico_fail(b->u->lib, b->u->failed, status, op) : e;
}

static bool wave_of(const grat_generator *g, int *out)
{
    switch (g->wave) {
    case GRAT_WAVE_OFF:
        *out = DC;
        return true;
    case GRAT_WAVE_SINE:
        *out = SINE;
        return true;
    case GRAT_WAVE_SQUARE:
        *out = SQUARE;
        return g->symmetry == 0.5;
    case GRAT_WAVE_TRIANGLE:
        *out = g->symmetry == 1 ? RAMP_UP : g->symmetry == 0 ? RAMP_DOWN : TRIANGLE;
        return g->symmetry == 0 || g->symmetry == 0.5 || g->symmetry == 1;
    case GRAT_WAVE_ARBITRARY:
        *out = -1;
        return true;
    default:
        return false;
    }
}

grat_err pk_generator_set(void *p, const grat_generator *want, grat_generator *actual, grat_op *op)
{
    pk_scope *b = p;
    grat_generator g = *want;
    args a = {0};
    char t[40];
    if (!wave_of(&g, &a.wave))
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: there are sine, square, triangle, ramp, each in one shape, "
                                              "and points from a file");
    if (g.wave != GRAT_WAVE_OFF && g.low == 0 && g.high == 0) {
        g.low = -MAX_VOLTS;
        g.high = MAX_VOLTS;
    }
    if (g.wave == GRAT_WAVE_OFF) g.low = g.high = g.frequency = 0;
    else if (!(g.frequency > 0) || !isfinite(g.frequency))
        return grat_op_fail(op, GRAT_EINVAL, "generator: the frequency must be positive");
    if (!(g.low <= g.high)) return grat_op_fail(op, GRAT_EINVAL, "generator: low must not be above high");
    if (g.low < -MAX_VOLTS || g.high > MAX_VOLTS)
        return grat_op_fail(op, GRAT_ERANGE, "generator: the output reaches from -%s to 2 V",
                            grat_format_quantity(t, sizeof t, MAX_VOLTS, "V"));
    a.hz = g.frequency;
    a.offset_uv = (int32_t)nearbyint((g.low + g.high) / 2 * 1e6);
    a.pp_uv = (uint32_t)nearbyint((g.high - g.low) * 1e6);
    grat_err e = a.wave < 0 ? set_points(b, &g, op)
                            : grat__pico_must(b->u, &(grat__pico_job){.fn = work, .args = &a, .size = sizeof a}, op);
    if (e) return e;
    g.points = NULL;
    g.count = 0;
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
