/* A function generator with one output and the command set of SCPI-1999 (SOURce, OUTPut) with APPLy. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/model/models.h"

#define MIN_HZ 1e-6
#define MIN_VPP 1e-3
#define MAX_VPP 10.0             /* into 50 Ohm */
#define MAX_PEAK 5.0             /* amplitude and offset together */

static const char shapes[] = "SINusoid|SQUare|TRIangle|RAMP|PULSe|NOISe|DC";
static const double most_hz[] = {20e6, 20e6, 200e3, 200e3, 20e6, 20e6, 20e6};

typedef struct fgen {
    sim_instrument *in;
    int shape;
    double hz, vpp, offset;
    bool on, bus, waiting, burst;
    unsigned bursts;
} fgen;

static void reset(void *p)
{
    fgen *g = p;
    g->shape = 0, g->hz = 1000, g->vpp = 0.1, g->offset = 0;
    g->on = g->bus = g->waiting = g->burst = false;
}

/* Takes the settings over when they are possible together. */
static bool take(sim_call *c, const fgen *next)
{
    fgen *g = c->model;
    int code = 0;
    if (!(next->hz >= MIN_HZ && next->hz <= most_hz[next->shape])) code = -222;
    else if (!(next->vpp >= MIN_VPP && next->vpp <= MAX_VPP)) code = -222;
    else if (fabs(next->offset) + next->vpp / 2 > MAX_PEAK + 1e-9) code = -221;
    if (code) sim_error(c, code);
    else *g = *next;
    return !code;
}

static void shape_get(sim_call *c)
{
    const fgen *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(shapes, g->shape, word));
}

static void shape_set(sim_call *c)
{
    fgen next = *(fgen *)c->model;
    next.shape = sim_arg_word(c, 0, shapes);
    if (next.shape < 0) return;
    /* A faster wave than the new shape can be is slowed down, and the error queue says so. */
    if (next.hz > most_hz[next.shape]) {
        next.hz = most_hz[next.shape];
        sim_error(c, -221);
    }
    take(c, &next);
}

static void hz_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%+.14E", g->hz);
}

static void hz_set(sim_call *c)
{
    fgen next = *(fgen *)c->model;
    if (sim_arg_number(c, 0, &next.hz)) take(c, &next);
}

static void vpp_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%+.14E", g->vpp);
}

static void vpp_set(sim_call *c)
{
    fgen next = *(fgen *)c->model;
    if (sim_arg_number(c, 0, &next.vpp)) take(c, &next);
}

static void offset_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%+.14E", g->offset);
}

static void offset_set(sim_call *c)
{
    fgen next = *(fgen *)c->model;
    if (sim_arg_number(c, 0, &next.offset)) take(c, &next);
}

/* APPLy:SHAPe frequency,amplitude,offset turns the output on. */
static void apply_set(sim_call *c)
{
    fgen next = *(fgen *)c->model;
    char text[24];
    double *to[] = {&next.hz, &next.vpp, &next.offset};
    next.shape = sim_word_index(shapes, c->command->spec);
    for (unsigned i = 0; i < 3 && sim_arg(c, i, text, sizeof text); i++)
        if (sim_word_index("DEFault", text) < 0 && !sim_arg_number(c, i, to[i])) return;
    next.on = true;
    take(c, &next);
}

static void apply_get(sim_call *c)
{
    const fgen *g = c->model;
    char word[24];
    sim_put(c, "\"%s %+.14E,%+.14E,%+.14E\"", sim_word(shapes, g->shape, word), g->hz, g->vpp, g->offset);
}

static void output_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%d", g->on);
}

static void output_set(sim_call *c)
{
    fgen *g = c->model;
    sim_arg_bool(c, 0, &g->on);
}

static void burst_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%d", g->burst);
}

static void burst_set(sim_call *c)
{
    fgen *g = c->model;
    sim_arg_bool(c, 0, &g->burst);
}

static void source_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%s", g->bus ? "BUS" : "IMM");
}

static void source_set(sim_call *c)
{
    fgen *g = c->model;
    int i = sim_arg_word(c, 0, "IMMediate|BUS");
    if (i >= 0) g->bus = i == 1;
}

/* A burst waits for its trigger as soon as it is on; there is no INITiate. */
static void trigger(void *p)
{
    fgen *g = p;
    if (g->burst && g->bus) g->bursts++;
    else sim_status_error(&g->in->status, -211);
}

static void condition_get(sim_call *c)
{
    const fgen *g = c->model;
    sim_put(c, "%d", g->burst && g->bus ? 32 : 0);
}

static bool open_fgen(void *p, sim_instrument *in, char err[256])
{
    fgen *g = p;
    (void)err;
    g->in = in;
    snprintf(in->idn, sizeof in->idn, "GRATICULE,FGEN,%.60s,%.60s", sim_option(&in->options, "serial", "0"),
             sim_option(&in->options, "fw", "1.0"));
    reset(g);
    return true;
}

#define APPLY(shape, word) {"[:SOURce#]:APPLy:" shape, NULL, apply_set, word}

static const sim_command commands[] = {
    APPLY("SINusoid", "SIN"), APPLY("SQUare", "SQU"), APPLY("TRIangle", "TRI"), APPLY("RAMP", "RAMP"),
    APPLY("PULSe", "PULS"), APPLY("NOISe", "NOIS"), APPLY("DC", "DC"),
    {"[:SOURce#]:APPLy", apply_get, NULL, NULL},
    {"[:SOURce#]:FUNCtion[:SHAPe]", shape_get, shape_set, NULL},
    {"[:SOURce#]:FREQuency[:CW]", hz_get, hz_set, NULL},
    {"[:SOURce#]:VOLTage[:LEVel][:IMMediate][:AMPLitude]", vpp_get, vpp_set, NULL},
    {"[:SOURce#]:VOLTage[:LEVel][:IMMediate]:OFFSet", offset_get, offset_set, NULL},
    {"[:SOURce#]:BURSt:STATe", burst_get, burst_set, NULL},
    {":TRIGger#:SOURce", source_get, source_set, NULL},
    {":OUTPut#[:STATe]", output_get, output_set, NULL},
    {":STATus:OPERation:CONDition", condition_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const sim_command *const tables[] = {commands, NULL};

const sim_model sim_fgen_model = {
    .name = "fgen",
    .text = "a function generator: shape, frequency, amplitude, offset, triggered bursts",
    .priv_size = sizeof(fgen),
    .raw_port = 5025,
    .tables = tables,
    .open = open_fgen,
    .reset = reset,
    .trigger = trigger,
};
