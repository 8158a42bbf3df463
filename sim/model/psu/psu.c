/* A power supply with two outputs and the command set of SCPI-1999 (INSTrument, [SOURce], OUTPut, MEASure). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/hash.h"
#include "sim/model/models.h"

#define OUTPUTS 2
#define MAX_VOLTS 30.0
#define MAX_AMPERES 3.0

typedef struct supply {
    double volts, amperes;       /* as set */
    double next_volts, next_amperes; /* taken over by a trigger */
    bool pending;                /* a triggered level was set */
} supply;

typedef struct psu {
    sim_instrument *in;
    double load, noise;
    unsigned selected, measured;
    bool on, bus, waiting;
    supply out[OUTPUTS];
} psu;

static void reset(void *p)
{
    psu *u = p;
    u->selected = 0;
    u->on = u->waiting = false;
    u->bus = true;
    for (unsigned i = 0; i < OUTPUTS; i++) u->out[i] = (supply){.amperes = MAX_AMPERES, .next_amperes = MAX_AMPERES};
}

static supply *current(const sim_call *c)
{
    psu *u = c->model;
    return &u->out[u->selected];
}

/* Constant voltage into the load until the current limit holds it down. */
static void solve(const psu *u, const supply *s, double *volts, double *amperes)
{
    *volts = u->on ? s->volts : 0;
    *amperes = u->load > 0 ? *volts / u->load : 0;
    if (*amperes <= s->amperes) return;
    *amperes = s->amperes;
    *volts = s->amperes * u->load;
}

static double error_of(psu *u)
{
    return u->noise * sim_gauss(sim_mix(u->in->seed + ++u->measured));
}

static void meas_volt_get(sim_call *c)
{
    psu *u = c->model;
    double v, i;
    solve(u, current(c), &v, &i);
    sim_put(c, "%+.8E", v + error_of(u));
}

static void meas_curr_get(sim_call *c)
{
    psu *u = c->model;
    double v, i;
    solve(u, current(c), &v, &i);
    sim_put(c, "%+.8E", i + error_of(u));
}

/* Parameter `index` as a level up to `most`; MIN and MAX are words for its ends. */
static bool level(sim_call *c, unsigned index, double most, double *out)
{
    char word[24];
    double v;
    int end = sim_arg(c, index, word, sizeof word) ? sim_word_index("MINimum|MAXimum", word) : -1;
    if (end >= 0) {
        *out = end ? most : 0;
        return true;
    }
    if (!sim_arg_number(c, index, &v)) return false;
    if (v < 0 || v > most) {
        sim_error(c, -222);
        return false;
    }
    *out = v;
    return true;
}

static void put_level(sim_call *c, double most, double value)
{
    char word[24];
    int end = sim_arg(c, 0, word, sizeof word) ? sim_word_index("MINimum|MAXimum", word) : -1;
    sim_put(c, "%+.8E", end < 0 ? value : end ? most : 0);
}

static void volt_get(sim_call *c)
{
    put_level(c, MAX_VOLTS, current(c)->volts);
}

static void volt_set(sim_call *c)
{
    level(c, 0, MAX_VOLTS, &current(c)->volts);
}

static void curr_get(sim_call *c)
{
    put_level(c, MAX_AMPERES, current(c)->amperes);
}

static void curr_set(sim_call *c)
{
    level(c, 0, MAX_AMPERES, &current(c)->amperes);
}

static void prepare(supply *s)
{
    if (s->pending) return;
    s->next_volts = s->volts;
    s->next_amperes = s->amperes;
    s->pending = true;
}

static void volt_trig_get(sim_call *c)
{
    const supply *s = current(c);
    sim_put(c, "%+.8E", s->pending ? s->next_volts : s->volts);
}

static void volt_trig_set(sim_call *c)
{
    prepare(current(c));
    level(c, 0, MAX_VOLTS, &current(c)->next_volts);
}

static void curr_trig_get(sim_call *c)
{
    const supply *s = current(c);
    sim_put(c, "%+.8E", s->pending ? s->next_amperes : s->amperes);
}

static void curr_trig_set(sim_call *c)
{
    prepare(current(c));
    level(c, 0, MAX_AMPERES, &current(c)->next_amperes);
}

static void apply_set(sim_call *c)
{
    supply next = *current(c);
    char second[24];
    if (!level(c, 0, MAX_VOLTS, &next.volts)) return;
    if (sim_arg(c, 1, second, sizeof second) && !level(c, 1, MAX_AMPERES, &next.amperes)) return;
    *current(c) = next;
}

static void apply_get(sim_call *c)
{
    sim_put(c, "\"%.6f,%.6f\"", current(c)->volts, current(c)->amperes);
}

static void output_get(sim_call *c)
{
    const psu *u = c->model;
    sim_put(c, "%d", u->on);
}

static void output_set(sim_call *c)
{
    psu *u = c->model;
    sim_arg_bool(c, 0, &u->on);
}

static void nselect_get(sim_call *c)
{
    const psu *u = c->model;
    sim_put(c, "%u", u->selected + 1);
}

static void nselect_set(sim_call *c)
{
    psu *u = c->model;
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    if (v < 1 || v > OUTPUTS) sim_error(c, -222);
    else u->selected = (unsigned)v - 1;
}

static const char outputs[] = "OUTP1|OUTP2";

static void select_get(sim_call *c)
{
    const psu *u = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(outputs, (int)u->selected, word));
}

static void select_set(sim_call *c)
{
    psu *u = c->model;
    int i = sim_arg_word(c, 0, outputs);
    if (i >= 0) u->selected = (unsigned)i;
}

/* ---- triggered levels --------------------------------------------------------------------------- */

static void take_over(psu *u)
{
    u->waiting = false;
    for (unsigned i = 0; i < OUTPUTS; i++) {
        supply *s = &u->out[i];
        if (!s->pending) continue;
        s->volts = s->next_volts;
        s->amperes = s->next_amperes;
        s->pending = false;
    }
}

static void init_set(sim_call *c)
{
    psu *u = c->model;
    if (u->waiting) sim_error(c, -213);
    else if (u->bus) u->waiting = true;
    else take_over(u);
}

static void abort_set(sim_call *c)
{
    psu *u = c->model;
    u->waiting = false;
}

static void trigger(void *p)
{
    psu *u = p;
    if (u->waiting) take_over(u);
    else sim_status_error(&u->in->status, -211);
}

static void source_get(sim_call *c)
{
    const psu *u = c->model;
    sim_put(c, "%s", u->bus ? "BUS" : "IMM");
}

static void source_set(sim_call *c)
{
    psu *u = c->model;
    int i = sim_arg_word(c, 0, "IMMediate|BUS");
    if (i >= 0) u->bus = i == 1;
}

static void condition_get(sim_call *c)
{
    const psu *u = c->model;
    sim_put(c, "%d", u->waiting ? 32 : 0);
}

static bool open_psu(void *p, sim_instrument *in, char err[256])
{
    psu *u = p;
    const sim_options *o = &in->options;
    u->in = in;
    u->load = 1000;
    if (!sim_option_number(o, "load", "Ohm", &u->load, err) || !sim_option_number(o, "noise", "", &u->noise, err))
        return false;
    snprintf(in->idn, sizeof in->idn, "GRATICULE,PSU,%.60s,%.60s", sim_option(o, "serial", "0"),
             sim_option(o, "fw", "1.0"));
    reset(u);
    return true;
}

static const sim_command commands[] = {
    {"[:SOURce]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", volt_get, volt_set, NULL},
    {"[:SOURce]:CURRent[:LEVel][:IMMediate][:AMPLitude]", curr_get, curr_set, NULL},
    {"[:SOURce]:VOLTage[:LEVel]:TRIGgered[:AMPLitude]", volt_trig_get, volt_trig_set, NULL},
    {"[:SOURce]:CURRent[:LEVel]:TRIGgered[:AMPLitude]", curr_trig_get, curr_trig_set, NULL},
    {":MEASure[:SCALar]:VOLTage[:DC]", meas_volt_get, NULL, NULL},
    {":MEASure[:SCALar]:CURRent[:DC]", meas_curr_get, NULL, NULL},
    {":APPLy", apply_get, apply_set, NULL},
    {":OUTPut[:STATe]", output_get, output_set, NULL},
    {":INSTrument:NSELect", nselect_get, nselect_set, NULL},
    {":INSTrument[:SELect]", select_get, select_set, NULL},
    {":TRIGger[:SEQuence]:SOURce", source_get, source_set, NULL},
    {":INITiate[:IMMediate]", NULL, init_set, NULL},
    {":ABORt", NULL, abort_set, NULL},
    {":STATus:OPERation:CONDition", condition_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const sim_command *const tables[] = {commands, NULL};

const sim_model sim_psu_model = {
    .name = "psu",
    .text = "a power supply with two outputs, 30 V and 3 A, into a resistive load",
    .priv_size = sizeof(psu),
    .raw_port = 5025,
    .tables = tables,
    .open = open_psu,
    .reset = reset,
    .trigger = trigger,
};
