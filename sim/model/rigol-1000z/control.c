#include <math.h>

#include "sim/model/rigol-1000z/rigol.h"

#define AUT_NS 10000000000     /* how long a real :AUT takes */
#define AUT_DIVISIONS 4.0      /* what the signal fills afterwards */

static void run_set(sim_call *c)
{
    rg *g = c->model;
    if (g->sweep == RG_SWEEP_SING) g->sweep = g->sweep_before;
    rg_run_start(g, false, c->now_ns);
}

static void stop_set(sim_call *c)
{
    rg_run_stop(c->model, c->now_ns);
}

static void single_set(sim_call *c)
{
    rg *g = c->model;
    if (g->sweep != RG_SWEEP_SING) g->sweep_before = g->sweep;
    g->sweep = RG_SWEEP_SING;
    rg_run_start(g, true, c->now_ns);
}

static void force_set(sim_call *c)
{
    rg_run_force(c->model);
}

static void clear_set(sim_call *c)
{
    rg *g = c->model;
    if (!g->keep_average) g->run.averaged = 0;
    if (g->run.state != RG_STOP) g->rec.valid = false;
}

static void auto_set(sim_call *c)
{
    rg *g = c->model;
    double slowest = 0;
    for (unsigned i = 0; i < g->row->analog; i++) {
        const sim_signal *s = &g->signal[i];
        g->ch[i].on = s->amplitude > 0 && s->shape != SIM_NOISE;
        if (!g->ch[i].on) continue;
        g->ch[i].scale = rg_step_up(s->amplitude / AUT_DIVISIONS, 1e-3 * g->ch[i].probe, 10 * g->ch[i].probe);
        g->ch[i].offset = rg_snap(-s->offset, g->ch[i].scale / 50);
        if (slowest <= 0) {
            slowest = s->frequency;
            g->trig_source = (int)i;
            g->level = rg_snap(s->offset, g->ch[i].scale / 50);
        }
    }
    if (slowest > 0) g->timebase = rg_step_up(3 / slowest / RG_DIVISIONS, g->row->min_timebase, 50);
    g->delay = 0;
    g->sweep = RG_SWEEP_AUTO;
    g->trig_slope = RG_SLOPE_POS;
    if (g->real_time) g->in->busy_until_ns = c->now_ns + AUT_NS;
    rg_run_start(g, false, c->now_ns);
}

const sim_command rg_control_commands[] = {
    {":RUN", NULL, run_set, NULL},    {":STOP", NULL, stop_set, NULL},       {":SINGle", NULL, single_set, NULL},
    {":TFORce", NULL, force_set, NULL}, {":CLEar", NULL, clear_set, NULL}, {":AUToscale", NULL, auto_set, NULL},
    {NULL, NULL, NULL, NULL},
};
