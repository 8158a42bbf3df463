#include <math.h>

#include "sim/model/rigol-1000z/rigol.h"

#define LEVEL_DIVISIONS 5

static const char couplings[] = "AC|DC|GND";
static const char units[] = "VOLTage|WATT|AMPere|UNKNown";

/* NULL, with an error, for a channel that the model does not have. */
static rg_channel *channel(sim_call *c)
{
    rg *g = c->model;
    unsigned n = c->number[0];
    if (n >= 1 && n <= g->row->analog) return &g->ch[n - 1];
    sim_error(c, -114);
    return NULL;
}

static double offset_limit(const rg_channel *ch)
{
    return (ch->scale / ch->probe >= 0.5 * (1 - 1e-9) ? 100 : 2) * ch->probe;
}

static void limit_level(rg *g, const rg_channel *ch)
{
    if (g->trig_source >= RG_CHANNELS || ch != &g->ch[g->trig_source]) return;
    double reach = LEVEL_DIVISIONS * ch->scale;
    g->level = rg_limit(rg_snap(g->level, ch->scale / 50), -reach - ch->offset, reach - ch->offset);
}

static void scale_to(rg *g, rg_channel *ch, double v)
{
    double low = 1e-3 * ch->probe, high = 10 * ch->probe;
    ch->scale = ch->vernier ? rg_limit(v, low, high) : rg_step_up(v / ch->probe, 1e-3, 10) * ch->probe;
    double limit = offset_limit(ch);
    ch->offset = rg_limit(rg_snap(ch->offset, ch->scale / 50), -limit, limit);
    limit_level(g, ch);
}

static void scale_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%.6e", ch->scale);
}

static void scale_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    double v;
    if (ch && sim_arg_number(c, 0, &v)) scale_to(c->model, ch, v);
}

static void range_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%.6e", ch->scale * 8);
}

static void range_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    double v;
    if (ch && sim_arg_number(c, 0, &v)) scale_to(c->model, ch, v / 8);
}

static void offset_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%.6e", ch->offset);
}

static void offset_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    double v;
    if (!ch || !sim_arg_number(c, 0, &v)) return;
    ch->offset = rg_limit(rg_snap(v, ch->scale / 50), -offset_limit(ch), offset_limit(ch)) + 0.0;
    limit_level(c->model, ch);
}

static void probe_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%.6f", ch->probe);
}

static void probe_set(sim_call *c)
{
    rg *g = c->model;
    rg_channel *ch = channel(c);
    double v;
    if (!ch || !sim_arg_number(c, 0, &v)) return;
    double to = rg_step_up(v, 0.01, 1000), ratio = to / ch->probe;
    ch->probe = to;
    ch->scale *= ratio;
    ch->offset *= ratio;
    if (g->trig_source < RG_CHANNELS && ch == &g->ch[g->trig_source]) g->level *= ratio;
}

static void coupling_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    char word[24];
    if (ch) sim_put(c, "%s", sim_word(couplings, ch->coupling, word));
}

static void coupling_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    int w = ch ? sim_arg_word(c, 0, couplings) : -1;
    if (w >= 0) ch->coupling = w;
}

static void unit_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    char word[24];
    if (ch) sim_put(c, "%s", sim_word(units, ch->unit, word));
}

static void unit_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    int w = ch ? sim_arg_word(c, 0, units) : -1;
    if (w >= 0) ch->unit = w;
}

static void bwl_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%s", ch->bwl ? "20M" : "OFF");
}

static void bwl_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    int w = ch ? sim_arg_word(c, 0, "OFF|20M") : -1;
    if (w >= 0) ch->bwl = w == 1;
}

static void display_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%d", ch->on);
}

/* D0-D7 take CH4's converter and D8-D15 that of CH3. */
static bool taken(const rg *g, unsigned n)
{
    if (!g->la_on || n < 2) return false;
    unsigned from = n == 3 ? 0 : 8;
    for (unsigned i = from; i < from + 8; i++)
        if (g->digital[i]) return true;
    return false;
}

static void display_set(sim_call *c)
{
    rg *g = c->model;
    rg_channel *ch = channel(c);
    bool on;
    if (!ch || !sim_arg_bool(c, 0, &on)) return;
    if (on && taken(g, (unsigned)(ch - g->ch))) {
        sim_error(c, -221);
        return;
    }
    bool changed = ch->on != on;
    ch->on = on;
    if (changed && g->run.state != RG_STOP) rg_run_start(g, g->run.single, c->now_ns);
}

static void invert_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%d", ch->invert);
}

static void invert_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    if (ch) sim_arg_bool(c, 0, &ch->invert);
}

static void vernier_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%d", ch->vernier);
}

static void vernier_set(sim_call *c)
{
    rg_channel *ch = channel(c);
    if (ch && sim_arg_bool(c, 0, &ch->vernier) && !ch->vernier) scale_to(c->model, ch, ch->scale);
}

static void skew_get(sim_call *c)
{
    const rg_channel *ch = channel(c);
    if (ch) sim_put(c, "%.6e", ch->skew);
}

static void skew_set(sim_call *c)
{
    rg *g = c->model;
    rg_channel *ch = channel(c);
    double v;
    if (ch && sim_arg_number(c, 0, &v)) ch->skew = rg_limit(rg_snap(v, g->timebase / 50), -100e-9, 100e-9) + 0.0;
}

const sim_command rg_vertical_commands[] = {
    {":CHANnel#:SCALe", scale_get, scale_set, NULL},
    {":CHANnel#:OFFSet", offset_get, offset_set, NULL},
    {":CHANnel#:RANGe", range_get, range_set, NULL},
    {":CHANnel#:PROBe", probe_get, probe_set, NULL},
    {":CHANnel#:COUPling", coupling_get, coupling_set, NULL},
    {":CHANnel#:DISPlay", display_get, display_set, NULL},
    {":CHANnel#:BWLimit", bwl_get, bwl_set, NULL},
    {":CHANnel#:INVert", invert_get, invert_set, NULL},
    {":CHANnel#:UNITs", unit_get, unit_set, NULL},
    {":CHANnel#:TCAL", skew_get, skew_set, NULL},
    {":CHANnel#:VERNier", vernier_get, vernier_set, NULL},
    {NULL, NULL, NULL, NULL},
};
