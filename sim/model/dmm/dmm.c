/* A multimeter with the command set of SCPI-1999 and of a 6½-digit bench instrument. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "sim/core/hash.h"
#include "sim/core/signal.h"
#include "sim/model/models.h"

#define MAX_SAMPLES 10000
#define LOOKS 200                /* how finely one integration is looked at */
#define OVERLOAD 9.9e37
#define OVER_RANGE 1.2           /* a range reads up to 120 % of its name */

enum { VDC, VAC, IDC, IAC, RES2, RES4, FUNCTIONS };
enum { IMM, BUS, EXT };
enum { OPER_MEASURING = 16, OPER_WAITING = 32 };

static const struct {
    const char *conf;
    unsigned ranges;
    double range[8];
} functions[FUNCTIONS] = {
    {"VOLT", 5, {0.1, 1, 10, 100, 1000}},
    {"VOLT:AC", 5, {0.1, 1, 10, 100, 750}},
    {"CURR", 6, {1e-4, 1e-3, 1e-2, 0.1, 1, 3}},
    {"CURR:AC", 6, {1e-4, 1e-3, 1e-2, 0.1, 1, 3}},
    {"RES", 7, {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}},
    {"FRES", 7, {100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8}},
};
static const double plcs[] = {0.02, 0.2, 1, 10, 100};
static const char sources[] = "IMMediate|BUS|EXTernal";

typedef struct dmm {
    sim_instrument *in;
    sim_signal signal;
    sim_filter filter;
    double noise, load, mains, ext;
    unsigned function, source, samples;
    bool autorange[FUNCTIONS];
    double range[FUNCTIONS], nplc, delay;
    bool waiting;                /* initiated, no trigger yet */
    unsigned have;               /* readings of the present sequence, 0 = none */
    int64_t began_ns;            /* its first integration */
    unsigned fetched_function;
} dmm;

static double integration(const dmm *d)
{
    return d->nplc / d->mains;
}

static int64_t end_ns(const dmm *d)
{
    return d->began_ns + (int64_t)(integration(d) * d->have * 1e9);
}

static void reset(void *p)
{
    dmm *d = p;
    d->function = VDC, d->source = IMM, d->samples = 1, d->nplc = 10, d->delay = 0;
    for (unsigned f = 0; f < FUNCTIONS; f++) d->autorange[f] = true, d->range[f] = functions[f].range[1];
    d->waiting = false, d->have = 0;
}

/* ---- measuring -------------------------------------------------------------------------------- */

static void begin(dmm *d, int64_t now_ns)
{
    d->waiting = false;
    d->have = d->samples;
    d->began_ns = now_ns + (int64_t)(d->delay * 1e9);
    d->in->pending_until_ns = end_ns(d);
    sim_send_pulse(d->in, now_ns);
}

/* INITiate: what the trigger system does next. */
static void initiate(dmm *d, int64_t now_ns)
{
    d->have = 0;
    d->waiting = true;
    d->fetched_function = d->function;
    if (d->source == IMM) {
        begin(d, now_ns);
    } else if (d->source == EXT && d->ext > 0) {
        int64_t period = (int64_t)(d->ext * 1e9);
        begin(d, (now_ns / period + 1) * period);
    } else {
        d->in->pending_until_ns = now_ns + SIM_NEVER_NS;
    }
}

static void give_up(dmm *d)
{
    d->waiting = false;
    d->have = 0;
    d->in->pending_until_ns = 0;
}

static bool busy(const dmm *d, int64_t now_ns)
{
    return d->waiting || (d->have && now_ns < end_ns(d));
}

/* One integration of the input from t0 on. */
static double integrate(const dmm *d, unsigned index)
{
    double t = (double)(d->began_ns - d->in->epoch_ns) * 1e-9, sum = 0, squares = 0;
    double span = sim_world_seconds(d->in, integration(d));
    unsigned f = d->fetched_function;
    double error = d->noise * sim_gauss(sim_mix(d->in->seed ^ (uint64_t)d->began_ns) + index);
    if (f == RES2 || f == RES4) return d->load > 0 ? d->load + error : OVERLOAD;
    for (unsigned i = 0; i < LOOKS; i++) {
        double v = sim_signal_value(&d->signal, &d->filter, t + span * (index + (i + 0.5) / LOOKS));
        sum += v;
        squares += v * v;
    }
    double mean = sum / LOOKS;
    if (f == VDC || f == IDC) return mean + error;
    return sqrt(fmax(0, squares / LOOKS - mean * mean)) + error;
}

static void put_readings(sim_call *c, const dmm *d)
{
    unsigned f = d->fetched_function, top = functions[f].ranges - 1;
    double most = OVER_RANGE * (d->autorange[f] ? functions[f].range[top] : d->range[f]);
    for (unsigned i = 0; i < d->have; i++) {
        double v = integrate(d, i);
        sim_put(c, "%s%+.8E", i ? "," : "", fabs(v) > most ? copysign(OVERLOAD, v) : v);
    }
}

static void fetch_get(sim_call *c)
{
    dmm *d = c->model;
    if (d->waiting) {
        sim_put(c, "%+.8E", OVERLOAD); /* held back until a device clear: no trigger comes through behind it */
        c->delay_ns += SIM_NEVER_NS;
        return;
    }
    if (!d->have) {
        sim_error(c, -230);
        return;
    }
    if (end_ns(d) > c->now_ns) c->delay_ns += end_ns(d) - c->now_ns;
    put_readings(c, d);
}

static void read_get(sim_call *c)
{
    dmm *d = c->model;
    if (d->source == BUS) {
        sim_error(c, -214);
        return;
    }
    give_up(d);
    initiate(d, c->now_ns);
    fetch_get(c);
}

static void init_set(sim_call *c)
{
    dmm *d = c->model;
    if (busy(d, c->now_ns)) sim_error(c, -213);
    else initiate(d, c->now_ns);
}

static void abort_set(sim_call *c)
{
    give_up(c->model);
}

static void trigger(void *p)
{
    dmm *d = p;
    if (d->waiting && d->source == BUS) begin(d, grat_now_ns());
    else sim_status_error(&d->in->status, -211);
}

static void pulse(void *p, int64_t now_ns)
{
    dmm *d = p;
    if (d->waiting && d->source == EXT) begin(d, now_ns);
}

static void condition_get(sim_call *c)
{
    const dmm *d = c->model;
    bool pulse = d->have && d->source == EXT && c->now_ns < d->began_ns; /* it is still to come */
    sim_put(c, "%d", d->waiting || pulse ? OPER_WAITING : busy(d, c->now_ns) ? OPER_MEASURING : 0);
}

static void points_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%+d", busy(d, c->now_ns) ? 0 : (int)d->have);
}

/* ---- settings --------------------------------------------------------------------------------- */

/* Parameter 0 as a range of function f: a number takes the least range that holds it. */
static bool take_range(sim_call *c, unsigned f)
{
    dmm *d = c->model;
    char word[32];
    unsigned top = functions[f].ranges - 1, i = 0;
    double v;
    if (!sim_arg(c, 0, word, sizeof word) || sim_word_index("AUTO|DEFault", word) >= 0) {
        d->autorange[f] = true;
        return true;
    }
    int end = sim_word_index("MINimum|MAXimum", word);
    if (end < 0 && !sim_arg_number(c, 0, &v)) return false;
    if (end >= 0) v = end ? functions[f].range[top] : 0;
    while (i < top && fabs(v) > functions[f].range[i]) i++;
    if (fabs(v) > functions[f].range[top]) {
        sim_error(c, -222);
        return false;
    }
    d->autorange[f] = false;
    d->range[f] = functions[f].range[i];
    return true;
}

/* Which function the header names: the order of the table below is that of the enumeration. */
static unsigned named(const sim_call *c)
{
    unsigned f = 0;
    while (f < FUNCTIONS - 1 && strcmp(c->command->spec, functions[f].conf) != 0) f++;
    return f;
}

static bool configure(sim_call *c)
{
    dmm *d = c->model;
    unsigned f = named(c);
    give_up(d);
    if (!take_range(c, f)) return false;
    d->function = f, d->source = IMM, d->samples = 1, d->delay = 0, d->nplc = 10;
    return true;
}

static void conf_set(sim_call *c)
{
    configure(c);
}

static void meas_get(sim_call *c)
{
    if (configure(c)) read_get(c);
}

static void conf_get(sim_call *c)
{
    const dmm *d = c->model;
    unsigned f = d->function;
    sim_put(c, "\"%s %+.8E,%+.8E\"", functions[f].conf, d->range[f], d->range[f] * 1e-6);
}

static void function_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "\"%s\"", functions[d->function].conf);
}

static void function_set(sim_call *c)
{
    dmm *d = c->model;
    char text[32];
    bool given = sim_arg(c, 0, text, sizeof text);
    static const char *const names[FUNCTIONS] = {
        "VOLTage[:DC]", "VOLTage:AC", "CURRent[:DC]", "CURRent:AC", "RESistance", "FRESistance"};
    for (unsigned f = 0; given && f < FUNCTIONS; f++) {
        unsigned number[SIM_SUFFIXES];
        if (!sim_header_match(names[f], text, strlen(text), number)) continue;
        give_up(d);
        d->function = f;
        return;
    }
    sim_error(c, given ? -224 : -109);
}

static void range_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%+.8E", d->range[named(c)]);
}

static void range_set(sim_call *c)
{
    take_range(c, named(c));
}

static void auto_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%d", d->autorange[named(c)]);
}

static void auto_set(sim_call *c)
{
    dmm *d = c->model;
    sim_arg_bool(c, 0, &d->autorange[named(c)]);
}

static void nplc_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%+.8E", d->nplc);
}

static void nplc_set(sim_call *c)
{
    dmm *d = c->model;
    double v;
    unsigned i = 0, last = sizeof plcs / sizeof *plcs - 1;
    if (!sim_arg_number(c, 0, &v)) return;
    while (i < last && v > plcs[i]) i++;
    if (v <= 0 || v > plcs[last]) sim_error(c, -222);
    else d->nplc = plcs[i];
}

static void source_get(sim_call *c)
{
    const dmm *d = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(sources, (int)d->source, word));
}

static void source_set(sim_call *c)
{
    dmm *d = c->model;
    int i = sim_arg_word(c, 0, sources);
    if (i < 0) return;
    give_up(d);
    d->source = (unsigned)i;
}

static void samples_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%+d", (int)d->samples);
}

static void samples_set(sim_call *c)
{
    dmm *d = c->model;
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    if (v < 1 || v > MAX_SAMPLES) sim_error(c, -222);
    else d->samples = (unsigned)v;
}

static void delay_get(sim_call *c)
{
    const dmm *d = c->model;
    sim_put(c, "%+.8E", d->delay);
}

static void delay_set(sim_call *c)
{
    dmm *d = c->model;
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    if (v < 0 || v > 3600) sim_error(c, -222);
    else d->delay = v;
}

static void put_time_of_day(sim_call *c, double utc)
{
    double s = floor(fmod(utc + 86400, 86400) * 1e6) / 1e6;
    int minutes = (int)(s / 60);
    sim_put(c, "%02d,%02d,%09.6f", minutes / 60, minutes % 60, s - 60.0 * minutes);
}

static void time_get(sim_call *c)
{
    const dmm *d = c->model;
    put_time_of_day(c, sim_own_utc(d->in, sim_own_seconds(d->in, c->now_ns)));
}

/* When the last sequence began, as data loggers tell it. */
static void scan_time_get(sim_call *c)
{
    const dmm *d = c->model;
    struct tm t;
    double utc = d->have ? sim_own_utc(d->in, sim_own_seconds(d->in, d->began_ns)) : 0;
    time_t whole = (time_t)floor(utc);
    gmtime_r(&whole, &t);
    sim_put(c, "%d,%d,%d,", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
    put_time_of_day(c, utc);
}

/* ---- the model -------------------------------------------------------------------------------- */

static bool open_dmm(void *p, sim_instrument *in, char err[256])
{
    dmm *d = p;
    const sim_options *o = &in->options;
    d->in = in;
    d->mains = 50, d->load = 1000;
    if (!sim_input_signal(in, "ch1", "dc:0", &d->signal, err)) return false;
    if (!sim_option_number(o, "noise", "", &d->noise, err) || !sim_option_number(o, "load", "Ohm", &d->load, err) ||
        !sim_option_number(o, "mains", "Hz", &d->mains, err) || !sim_option_number(o, "ext", "s", &d->ext, err)) {
        sim_signal_free(&d->signal);
        return false;
    }
    if (!(d->mains >= 1 && d->mains <= 1000) || d->ext < 0 || d->ext > 3600) {
        snprintf(err, 256, "option mains or ext: out of range");
        sim_signal_free(&d->signal);
        return false;
    }
    d->filter = sim_filter_for(&d->signal, 1e6);
    snprintf(in->idn, sizeof in->idn, "GRATICULE,DMM,%.60s,%.60s", sim_option(o, "serial", "0"),
             sim_option(o, "fw", "1.0"));
    reset(d);
    return true;
}

static void close_dmm(void *p)
{
    dmm *d = p;
    sim_signal_free(&d->signal);
}

#define FUNCTION(name, conf)                                                                                           \
    {":CONFigure:" name, NULL, conf_set, conf}, {":MEASure:" name, meas_get, NULL, conf},                              \
        {"[:SENSe]:" name ":RANGe[:UPPer]", range_get, range_set, conf},                                               \
        {"[:SENSe]:" name ":RANGe:AUTO", auto_get, auto_set, conf},                                                    \
    {                                                                                                                  \
        "[:SENSe]:" name ":NPLCycles", nplc_get, nplc_set, conf                                                        \
    }

static const sim_command commands[] = {
    FUNCTION("VOLTage[:DC]", "VOLT"), FUNCTION("VOLTage:AC", "VOLT:AC"), FUNCTION("CURRent[:DC]", "CURR"),
    FUNCTION("CURRent:AC", "CURR:AC"), FUNCTION("RESistance", "RES"), FUNCTION("FRESistance", "FRES"),
    {":CONFigure", conf_get, NULL, NULL}, {"[:SENSe]:FUNCtion[:ON]", function_get, function_set, NULL},
    {":TRIGger:SOURce", source_get, source_set, NULL}, {":SAMPle:COUNt", samples_get, samples_set, NULL},
    {":TRIGger:DELay", delay_get, delay_set, NULL}, {":INITiate[:IMMediate]", NULL, init_set, NULL},
    {":FETCh", fetch_get, NULL, NULL}, {":READ", read_get, NULL, NULL}, {":ABORt", NULL, abort_set, NULL},
    {":DATA:POINts", points_get, NULL, NULL}, {":STATus:OPERation:CONDition", condition_get, NULL, NULL},
    {":SYSTem:TIME", time_get, NULL, NULL}, {":SYSTem:TIME:SCAN", scan_time_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const sim_command *const tables[] = {commands, NULL};

const sim_model sim_dmm_model = {
    .name = "dmm",
    .text = "a multimeter: CONFigure, INITiate, FETCh?, READ?, integration times, triggers",
    .priv_size = sizeof(dmm),
    .raw_port = 5025,
    .tables = tables,
    .open = open_dmm,
    .close = close_dmm,
    .reset = reset,
    .trigger = trigger,
    .pulse = pulse,
};
