#include <math.h>

#include "core/str.h"
#include "sim/model/rigol-1000z/rigol.h"

#define MAX_TIMEBASE 50.0
#define ROLL_LEAST 0.2
#define MAX_AVERAGES 1024

static const char modes[] = "MAIN|XY|ROLL";
static const char types[] = "NORMal|AVERages|PEAK|HRESolution";

static void scale_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.7e", g->timebase);
}

/* A stopped scope only looks at its old record differently. */
static void scale_set(sim_call *c)
{
    rg *g = c->model;
    double v, least = g->tim_mode == 2 ? ROLL_LEAST : g->row->min_timebase;
    if (!sim_arg_number(c, 0, &v)) return;
    g->timebase = rg_step_up(v, least, MAX_TIMEBASE);
    if (g->run.state != RG_STOP) rg_run_start(g, g->run.single, c->now_ns);
}

static void offset_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.7e", g->delay);
}

/* The guide's limits: half a screen of memory before the trigger, 5000 s after it. */
static void offset_set(sim_call *c)
{
    rg *g = c->model;
    double v, rate;
    uint64_t depth;
    if (!sim_arg_number(c, 0, &v)) return;
    rg_sampling(g, &rate, &depth);
    g->delay = rg_limit(rg_snap(v, g->timebase / 100), -(double)depth / rate / 2, 5000) + 0.0;
    if (g->run.state != RG_STOP) rg_run_start(g, g->run.single, c->now_ns);
}

static void mode_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(modes, g->tim_mode, word));
}

static void mode_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, modes);
    if (w < 0) return;
    g->tim_mode = w;
    if (w == 2 && g->timebase < ROLL_LEAST) g->timebase = ROLL_LEAST;
}

static void zoom_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%d", g->zoom);
}

static void zoom_set(sim_call *c)
{
    rg *g = c->model;
    sim_arg_bool(c, 0, &g->zoom);
}

static void zoom_scale_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.7e", g->zoom_scale);
}

static void zoom_scale_set(sim_call *c)
{
    rg *g = c->model;
    double v;
    if (sim_arg_number(c, 0, &v)) g->zoom_scale = rg_step_up(v, g->row->min_timebase, g->timebase);
}

static void zoom_offset_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%.7e", g->zoom_delay);
}

static void zoom_offset_set(sim_call *c)
{
    rg *g = c->model;
    double v, half = RG_DIVISIONS / 2;
    if (!sim_arg_number(c, 0, &v)) return;
    double left = half * g->timebase - g->delay, right = half * g->timebase + g->delay, span = half * g->zoom_scale;
    g->zoom_delay = rg_limit(v, -(left - span), right - span);
}

static void type_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(types, g->acq, word));
}

static void type_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, types);
    if (w < 0) return;
    g->acq = w;
    g->run.averaged = 0;
}

static void averages_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%u", g->averages);
}

static void averages_set(sim_call *c)
{
    rg *g = c->model;
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    g->averages = 2;
    while (g->averages * 2 <= rg_limit(v, 2, MAX_AVERAGES)) g->averages *= 2;
    g->run.averaged = 0;
}

static void depth_get(sim_call *c)
{
    const rg *g = c->model;
    if (g->mdep) sim_put(c, "%llu", (unsigned long long)g->mdep);
    else sim_put(c, "AUTO");
}

static bool legal_depth(const rg *g, uint64_t v)
{
    static const uint64_t full[] = {12000, 120000, 1200000, 12000000, 24000000};
    for (unsigned i = 0; i < sizeof full / sizeof *full; i++)
        if (v == full[i] / rg_columns_used(g)) return true;
    return false;
}

/* A stopped scope and a depth that the number of channels forbids are ignored without an error. */
static void depth_set(sim_call *c)
{
    rg *g = c->model;
    char text[32];
    double v = 0;
    if (!sim_arg(c, 0, text, sizeof text)) {
        sim_error(c, -109);
        return;
    }
    bool automatic = grat__strcaseeq(text, "AUTO");
    bool legal = automatic || (grat__parse_double(text, &v) && v > 0 && v < 1e9 && legal_depth(g, (uint64_t)v));
    if (!legal && g->loud_mdep) sim_error(c, -222);
    if (!legal || g->run.state == RG_STOP) return;
    g->mdep = automatic ? 0 : (uint64_t)v;
    rg_run_start(g, g->run.single, c->now_ns);
}

static void rate_get(sim_call *c)
{
    const rg *g = c->model;
    double rate = g->rec.rate;
    uint64_t depth;
    if (g->run.state != RG_STOP || !g->rec.valid) rg_sampling(g, &rate, &depth);
    sim_put(c, "%.6e", rate);
}

const sim_command rg_horizontal_commands[] = {
    {":TIMebase[:MAIN]:SCALe", scale_get, scale_set, NULL},
    {":TIMebase[:MAIN]:OFFSet", offset_get, offset_set, NULL},
    {":TIMebase:MODE", mode_get, mode_set, NULL},
    {":TIMebase:DELay:ENABle", zoom_get, zoom_set, NULL},
    {":TIMebase:DELay:SCALe", zoom_scale_get, zoom_scale_set, NULL},
    {":TIMebase:DELay:OFFSet", zoom_offset_get, zoom_offset_set, NULL},
    {":ACQuire:TYPE", type_get, type_set, NULL},
    {":ACQuire:AVERages", averages_get, averages_set, NULL},
    {":ACQuire:MDEPth", depth_get, depth_set, NULL},
    {":ACQuire:SRATe", rate_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
