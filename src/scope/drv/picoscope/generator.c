#include <math.h>

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
        return grat_op_fail(op, GRAT_ENOTSUP, "generator: there are sine, square, triangle and ramp, with these shapes "
                                              "only");
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
    grat_err e = grat__pico_must(b->u, &(grat__pico_job){.fn = work, .args = &a, .size = sizeof a}, op);
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
