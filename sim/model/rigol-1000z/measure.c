#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

#define POINTS 12000

enum {
    VMAX, VMIN, VPP, VTOP, VBASE, VAMP, VAVG, VRMS, OVERSHOOT, PRESHOOT, MAREA, MPAREA, PERIOD, FREQUENCY, RTIME, FTIME,
    PWIDTH, NWIDTH, PDUTY, NDUTY, TVMAX, TVMIN, PSLEWRATE, NSLEWRATE, VUPPER, VMID, VLOWER, VARIANCE, PVRMS, PPULSES,
    NPULSES, PEDGES, NEDGES, RDELAY, FDELAY, RPHASE, FPHASE,
};

static const char items[] =
    "VMAX|VMIN|VPP|VTOP|VBASe|VAMP|VAVG|VRMS|OVERshoot|PREShoot|MARea|MPARea|PERiod|FREQuency|RTIMe|FTIMe|"
    "PWIDth|NWIDth|PDUTy|NDUTy|TVMAX|TVMIN|PSLEWrate|NSLEWrate|VUPper|VMID|VLOWer|VARIance|PVRMS|PPULses|"
    "NPULses|PEDGes|NEDGes|RDELay|FDELay|RPHase|FPHase";
static const char statistics[] = "MAXimum|MINimum|CURRent|AVERages|DEViation";

/* What the items are made of. Times are from the trigger; NAN = not found. */
typedef struct analysis {
    double t0, dt;
    size_t n;
    double min, max, t_min, t_max, mean, rms, variance, base, top, area, period_area, period_rms;
    double rise[2], fall[2];            /* the first crossings of the middle, in each direction */
    double rise_time, fall_time;
    unsigned rises, falls;
} analysis;

/* The level most samples near one end have: Top and Base of the guide. */
static double plateau(const analysis *a, const double *v, double from, double to, double otherwise)
{
    size_t n = a->n;
    double low = a->min, high = a->max;
    unsigned count[64] = {0}, best = 0;
    double sum = 0, in = 0;
    if (!(high > low)) return otherwise;
    for (size_t i = 0; i < n; i++) {
        int bin = (int)((v[i] - low) / (high - low) * 63.999);
        if (v[i] >= from && v[i] <= to) count[bin]++;
    }
    for (unsigned i = 0; i < 64; i++)
        if (count[i] > count[best]) best = i;
    if (count[best] < n / 20) return otherwise;
    for (size_t i = 0; i < n; i++)
        if (v[i] >= from && v[i] <= to && (unsigned)((v[i] - low) / (high - low) * 63.999) == best) sum += v[i], in++;
    return in > 0 ? sum / in : otherwise;
}

static void levels(analysis *a, const double *v)
{
    double sum = 0, squares = 0;
    a->min = a->max = v[0];
    a->t_min = a->t_max = a->t0;
    for (size_t i = 0; i < a->n; i++) {
        sum += v[i], squares += v[i] * v[i];
        if (v[i] < a->min) a->min = v[i], a->t_min = a->t0 + (double)i * a->dt;
        if (v[i] > a->max) a->max = v[i], a->t_max = a->t0 + (double)i * a->dt;
    }
    double n = (double)a->n, middle = (a->min + a->max) / 2;
    a->mean = sum / n;
    a->rms = sqrt(squares / n);
    a->variance = fmax(0, squares / n - a->mean * a->mean);
    a->area = sum * a->dt;
    a->base = plateau(a, v, a->min, middle, a->min);
    a->top = plateau(a, v, middle, a->max, a->max);
}

/* Time of the last sample below (rising) or above (falling) `level` before index i, interpolated. */
static double back_to(const analysis *a, const double *v, size_t i, double level, double sign)
{
    while (i > 0 && sign * (v[i] - level) > 0) i--;
    double d = v[i + 1] - v[i];
    return a->t0 + ((double)i + (d != 0 ? (level - v[i]) / d : 0)) * a->dt;
}

static double forward_to(const analysis *a, const double *v, size_t i, double level, double sign)
{
    while (i + 1 < a->n && sign * (v[i] - level) < 0) i++;
    if (sign * (v[i] - level) < 0 || i == 0) return NAN;
    double d = v[i] - v[i - 1];
    return a->t0 + ((double)i - 1 + (d != 0 ? (level - v[i - 1]) / d : 0)) * a->dt;
}

static void note_edge(analysis *a, const double *v, size_t i, bool rising)
{
    double span = a->top - a->base, middle = (a->top + a->base) / 2;
    double low = a->base + 0.1 * span, high = a->base + 0.9 * span;
    unsigned *count = rising ? &a->rises : &a->falls;
    double *at = rising ? a->rise : a->fall;
    if (*count < 2) at[*count] = back_to(a, v, i, middle, rising ? 1 : -1);
    if (*count == 0 && rising) a->rise_time = forward_to(a, v, i, high, 1) - back_to(a, v, i, low, 1);
    if (*count == 0 && !rising) a->fall_time = forward_to(a, v, i, low, -1) - back_to(a, v, i, high, -1);
    ++*count;
}

static void edges(analysis *a, const double *v)
{
    double span = a->top - a->base, middle = (a->top + a->base) / 2, hysteresis = 0.1 * span;
    int side = 0;
    for (size_t i = 0; i < a->n; i++) {
        int now = v[i] > middle + hysteresis ? 1 : v[i] < middle - hysteresis ? -1 : side;
        if (side && now != side && i) note_edge(a, v, i, now > 0);
        side = now;
    }
}

static void over_period(analysis *a, const double *v)
{
    double period = a->rise[1] - a->rise[0], sum = 0, squares = 0, n = 0;
    a->period_area = a->period_rms = NAN;
    if (!(period > 0)) return;
    for (size_t i = 0; i < a->n; i++) {
        double t = a->t0 + (double)i * a->dt;
        if (t >= a->rise[0] && t < a->rise[1]) sum += v[i], squares += v[i] * v[i], n++;
    }
    a->period_area = sum * a->dt;
    if (n > 0) a->period_rms = sqrt(squares / n);
}

/* Digital lines are measured as 0 and 1. */
static bool analyse(const rg *g, int source, analysis *a)
{
    const rg_record *r = &g->rec;
    *a = (analysis){.rise = {NAN, NAN}, .fall = {NAN, NAN}, .rise_time = NAN, .fall_time = NAN};
    if (!r->valid || source == RG_SRC_MATH || source == RG_SRC_AC || source == RG_SRC_EXT) return false;
    if (source < RG_CHANNELS ? !r->ch[source].on : !r->digital[source - RG_SRC_D0]) return false;
    size_t n = r->depth < POINTS ? (size_t)r->depth : POINTS;
    double *v = n ? malloc(n * sizeof *v) : NULL;
    if (!v) return false;
    a->n = n;
    a->t0 = r->start_s;
    uint64_t stride = r->depth / n;
    a->dt = (double)stride / r->rate;
    for (size_t i = 0; i < n; i++) {
        double t = r->start_s + (double)(i * stride) / r->rate;
        if (source >= RG_SRC_D0) {
            v[i] = rg_logic_at(g, r, (unsigned)(source - RG_SRC_D0), t);
        } else {
            rg_gain k = rg_raw_gain(g, r, (unsigned)source);
            v[i] = (rg_code(&k, rg_volts_at(g, r, (unsigned)source, t)) - k.origin - k.reference) * k.increment;
        }
    }
    levels(a, v);
    edges(a, v);
    over_period(a, v);
    free(v);
    return true;
}

static double voltage_item(const analysis *a, int item)
{
    double amplitude = a->top - a->base;
    switch (item) {
    case VMAX: return a->max;
    case VMIN: return a->min;
    case VPP: return a->max - a->min;
    case VTOP: return a->top;
    case VBASE: return a->base;
    case VAMP: return amplitude;
    case VAVG: return a->mean;
    case VRMS: return a->rms;
    case OVERSHOOT: return amplitude > 0 ? (a->max - a->top) / amplitude : NAN;
    case PRESHOOT: return amplitude > 0 ? (a->base - a->min) / amplitude : NAN;
    case MAREA: return a->area;
    case MPAREA: return a->period_area;
    case VUPPER: return a->base + 0.9 * amplitude;
    case VMID: return a->base + 0.5 * amplitude;
    case VLOWER: return a->base + 0.1 * amplitude;
    case VARIANCE: return a->variance;
    case PVRMS: return a->period_rms;
    default: return NAN;
    }
}

static double count_item(const analysis *a, int item)
{
    unsigned least = a->rises < a->falls ? a->rises : a->falls;
    switch (item) {
    case PPULSES:
    case NPULSES: return least;
    case PEDGES: return a->rises;
    case NEDGES: return a->falls;
    default: return voltage_item(a, item);
    }
}

static double period_of(const analysis *a)
{
    double period = a->rise[1] - a->rise[0];
    return isnan(period) ? a->fall[1] - a->fall[0] : period;
}

/* From the first edge in `from` to the first one in `to` after it. */
static double width_of(const double from[2], const double to[2])
{
    return to[0] > from[0] ? to[0] - from[0] : to[1] - from[0];
}

static double time_item(const analysis *a, int item)
{
    double period = period_of(a), high = width_of(a->rise, a->fall), low = width_of(a->fall, a->rise);
    double swing = 0.8 * (a->top - a->base);
    switch (item) {
    case PERIOD: return period;
    case FREQUENCY: return 1 / period;
    case RTIME: return a->rise_time;
    case FTIME: return a->fall_time;
    case PWIDTH: return high;
    case NWIDTH: return low;
    case PDUTY: return high / period;
    case NDUTY: return low / period;
    case TVMAX: return a->t_max;
    case TVMIN: return a->t_min;
    case PSLEWRATE: return swing / a->rise_time;
    case NSLEWRATE: return -swing / a->fall_time;
    default: return count_item(a, item);
    }
}

static double pair_item(const analysis *a, const analysis *b, int item)
{
    bool rising = item == RDELAY || item == RPHASE;
    double delay = rising ? b->rise[0] - a->rise[0] : b->fall[0] - a->fall[0];
    if (item == RDELAY || item == FDELAY) return delay;
    return 360 * delay / (rising ? a->rise[1] - a->rise[0] : a->fall[1] - a->fall[0]);
}

double rg_measure(const rg *g, int item, int source, int source2)
{
    analysis a, b;
    double v;
    if (!analyse(g, source, &a)) return RG_INVALID;
    if (item >= RDELAY) {
        if (!analyse(g, source2, &b)) return RG_INVALID;
        v = pair_item(&a, &b, item);
    } else {
        v = time_item(&a, item);
    }
    return isfinite(v) ? v : RG_INVALID;
}

const char *rg_measure_name(int item, char out[24])
{
    return sim_word(items, item, out);
}

const char *rg_measure_unit(int item)
{
    if (item == FREQUENCY) return "Hz";
    if (item == VARIANCE || item == OVERSHOOT || item == PRESHOOT || item >= PPULSES) return "";
    if (item == PERIOD || (item >= RTIME && item <= NWIDTH) || item == TVMAX || item == TVMIN) return "s";
    bool level = item <= VRMS || (item >= VUPPER && item <= VLOWER) || item == PVRMS;
    return level ? "V" : "";
}

/* Asking for a value also puts it on the screen; the oldest of five falls off. */
static void show(rg *g, int item, int source)
{
    for (unsigned i = 0; i < g->measured; i++)
        if (g->measure[i].item == item && g->measure[i].source == source) return;
    if (g->measured == RG_MEASUREMENTS) {
        memmove(&g->measure[0], &g->measure[1], (RG_MEASUREMENTS - 1) * sizeof g->measure[0]);
        g->measured--;
    }
    g->measure[g->measured].item = item;
    g->measure[g->measured++].source = source;
}

static void put_item(sim_call *c, unsigned first)
{
    rg *g = c->model;
    char text[24];
    int item = sim_arg_word(c, first, items), source = g->meas_source, source2 = 1;
    if (item < 0) return;
    if (sim_arg(c, first + 1, text, sizeof text) && (source = rg_source_arg(c, first + 1)) < 0) return;
    if (sim_arg(c, first + 2, text, sizeof text) && (source2 = rg_source_arg(c, first + 2)) < 0) return;
    show(g, item, source);
    double v = rg_measure(g, item, source, source2);
    if (v >= RG_INVALID) sim_put(c, "9.9E37");
    else sim_put(c, "%.6e", v);
}

static void item_get(sim_call *c)
{
    put_item(c, 0);
}

static void item_set(sim_call *c)
{
    rg *g = c->model;
    char text[24];
    int item = sim_arg_word(c, 0, items), source = g->meas_source;
    if (item < 0) return;
    if (sim_arg(c, 1, text, sizeof text) && (source = rg_source_arg(c, 1)) < 0) return;
    show(g, item, source);
}

static void statistic_get(sim_call *c)
{
    int kind = sim_arg_word(c, 0, statistics);
    if (kind < 0) return;
    if (kind == 4) sim_put(c, "%.6e", 0.0);
    else put_item(c, 1);
}

static void source_get(sim_call *c)
{
    const rg *g = c->model;
    char name[8];
    sim_put(c, "%s", rg_source_name(g->meas_source, name));
}

static void source_set(sim_call *c)
{
    rg *g = c->model;
    int s = rg_source_arg(c, 0);
    if (s >= 0) g->meas_source = s;
}

static void clear_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, "ALL|ITEM1|ITEM2|ITEM3|ITEM4|ITEM5");
    if (w == 0) g->measured = 0;
    if (w < 1 || (unsigned)w > g->measured) return;
    for (unsigned i = (unsigned)w; i < g->measured; i++) g->measure[i - 1] = g->measure[i];
    g->measured--;
}

static void nothing(sim_call *c)
{
    (void)c;
}

static void counter_get(sim_call *c)
{
    const rg *g = c->model;
    double v = rg_measure(g, FREQUENCY, g->meas_source, 1);
    sim_put(c, "%.6e", v >= RG_INVALID ? 0 : v);
}

const sim_command rg_measure_commands[] = {
    {":MEASure:ITEM", item_get, item_set, NULL},
    {":MEASure:STATistic:ITEM", statistic_get, nothing, NULL},
    {":MEASure:STATistic:DISPlay", sim_store_get, sim_store_set, "b0"},
    {":MEASure:STATistic:MODE", sim_store_get, sim_store_set, "wEXTRemum|DIFFerence"},
    {":MEASure:STATistic:RESet", NULL, nothing, NULL},
    {":MEASure:SOURce", source_get, source_set, NULL},
    {":MEASure:CLEar", NULL, clear_set, NULL},
    {":MEASure:RECover", NULL, nothing, NULL},
    {":MEASure:ADISplay", sim_store_get, sim_store_set, "b0"},
    {":MEASure:AMSource", sim_store_get, sim_store_set, "tCHAN1"},
    {":MEASure:SETup:MAX", sim_store_get, sim_store_set, "i90"},
    {":MEASure:SETup:MID", sim_store_get, sim_store_set, "i50"},
    {":MEASure:SETup:MIN", sim_store_get, sim_store_set, "i10"},
    {":MEASure:SETup:PSA", sim_store_get, sim_store_set, "tCHAN1"},
    {":MEASure:SETup:PSB", sim_store_get, sim_store_set, "tCHAN2"},
    {":MEASure:SETup:DSA", sim_store_get, sim_store_set, "tCHAN1"},
    {":MEASure:SETup:DSB", sim_store_get, sim_store_set, "tCHAN2"},
    {":MEASure:COUNter:SOURce", sim_store_get, sim_store_set, "tOFF"},
    {":MEASure:COUNter:VALue", counter_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
