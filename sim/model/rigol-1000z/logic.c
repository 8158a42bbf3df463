#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

#define POD 8
#define MAX_THRESHOLD 15.0

static bool present(sim_call *c)
{
    const rg *g = c->model;
    if (g->row->digital) return true;
    sim_error(c, -113);
    return false;
}

/* A pod takes the converter of an analogue channel: D0-D7 that of CH4, D8-D15 that of CH3. */
static void take_channels(rg *g)
{
    for (unsigned i = 0; g->la_on && i < RG_DIGITALS; i++)
        if (g->digital[i]) g->ch[i < POD ? 3 : 2].on = false;
}

static void state_get(sim_call *c)
{
    const rg *g = c->model;
    if (present(c)) sim_put(c, "%d", g->la_on);
}

static void state_set(sim_call *c)
{
    rg *g = c->model;
    bool on;
    if (!present(c) || !sim_arg_bool(c, 0, &on)) return;
    g->la_on = on;
    take_channels(g);
}

static bool line(sim_call *c, unsigned n)
{
    if (!present(c)) return false;
    if (n < RG_DIGITALS) return true;
    sim_error(c, -114);
    return false;
}

static void digital_get(sim_call *c)
{
    const rg *g = c->model;
    if (line(c, c->number[0])) sim_put(c, "%d", g->digital[c->number[0]]);
}

static void digital_set(sim_call *c)
{
    rg *g = c->model;
    if (line(c, c->number[0]) && sim_arg_bool(c, 0, &g->digital[c->number[0]])) take_channels(g);
}

static bool pod(sim_call *c)
{
    if (!present(c)) return false;
    if (c->number[0] >= 1 && c->number[0] <= 2) return true;
    sim_error(c, -114);
    return false;
}

static void pod_get(sim_call *c)
{
    const rg *g = c->model;
    if (!pod(c)) return;
    bool all = true;
    for (unsigned i = 0; i < POD; i++) all &= g->digital[(c->number[0] - 1) * POD + i];
    sim_put(c, "%d", all);
}

static void pod_set(sim_call *c)
{
    rg *g = c->model;
    bool on;
    if (!pod(c) || !sim_arg_bool(c, 0, &on)) return;
    for (unsigned i = 0; i < POD; i++) g->digital[(c->number[0] - 1) * POD + i] = on;
    take_channels(g);
}

static void threshold_get(sim_call *c)
{
    const rg *g = c->model;
    if (pod(c)) sim_put(c, "%.6e", g->threshold[c->number[0] - 1]);
}

static void threshold_set(sim_call *c)
{
    rg *g = c->model;
    double v;
    if (pod(c) && sim_arg_number(c, 0, &v)) g->threshold[c->number[0] - 1] = rg_limit(v, -MAX_THRESHOLD, MAX_THRESHOLD);
}

static int line_arg(sim_call *c)
{
    int s = rg_source_arg(c, 0);
    if (s >= RG_SRC_D0) return s - RG_SRC_D0;
    if (s >= 0) sim_error(c, -224);
    return -1;
}

static void display_get(sim_call *c)
{
    const rg *g = c->model;
    int n = present(c) ? line_arg(c) : -1;
    if (n >= 0) sim_put(c, "%d", g->digital[n]);
}

static void display_set(sim_call *c)
{
    rg *g = c->model;
    int n = present(c) ? line_arg(c) : -1;
    if (n >= 0 && sim_arg_bool(c, 1, &g->digital[n])) take_channels(g);
}

const sim_command rg_logic_commands[] = {
    {":LA:STATe", state_get, state_set, NULL},
    {":LA:DIGital#:DISPlay", digital_get, digital_set, NULL},
    {":LA:DISPlay", display_get, display_set, NULL},
    {":LA:POD#:DISPlay", pod_get, pod_set, NULL},
    {":LA:POD#:THReshold", threshold_get, threshold_set, NULL},
    {":LA:ACTive", sim_store_get, sim_store_set, "tD0"},
    {":LA:DIGital#:POSition", sim_store_get, sim_store_set, "i0"},
    {":LA:DIGital#:LABel", sim_store_get, sim_store_set, "t"},
    {":LA:SIZE", sim_store_get, sim_store_set, "wSMALl|LARGe"},
    {":LA:TCALibrate", sim_store_get, sim_store_set, "e0"},
    {NULL, NULL, NULL, NULL},
};
