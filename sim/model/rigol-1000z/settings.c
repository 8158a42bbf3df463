#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/model/rigol-1000z/rigol.h"

#define FULL_RATE 1e9
#define FULL_DEPTH 12e6        /* what AUTO uses; 24 M only when it is asked for */

double rg_limit(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

double rg_snap(double v, double step)
{
    return step > 0 ? nearbyint(v / step) * step : v;
}

double rg_step_up(double v, double low, double high)
{
    static const double steps[] = {1, 2, 5, 10};
    if (v <= low) return low;
    if (v >= high) return high;
    int e = (int)floor(log10(v) + 1e-9);
    double decade = pow(10, fabs((double)e)), mantissa = e < 0 ? v * decade : v / decade;
    for (unsigned i = 0; i < 4; i++)
        if (mantissa <= steps[i] * (1 + 1e-6)) return e < 0 ? steps[i] / decade : steps[i] * decade;
    return high;
}

unsigned rg_columns_used(const rg *g)
{
    unsigned n = 0;
    for (unsigned i = 0; i < g->row->analog; i++) n += g->ch[i].on;
    bool pod[2] = {false, false};
    for (unsigned i = 0; g->la_on && i < g->row->digital; i++) pod[i / 8] |= g->digital[i];
    n += pod[0] + pod[1];
    return n <= 1 ? 1 : n == 2 ? 2 : 4;
}

/* The fastest rate of the 1-2-2.5-5 series whose record fits the memory. */
static double automatic_rate(double span, double limit, double depth)
{
    static const double steps[] = {10, 5, 2.5, 2, 1};
    double most = depth / span;
    if (most >= limit) return limit;
    double decade = pow(10, floor(log10(most)));
    for (unsigned i = 0; i < 5; i++)
        if (steps[i] * decade <= most * (1 + 1e-9)) return steps[i] * decade;
    return decade;
}

void rg_sampling(const rg *g, double *rate, uint64_t *depth)
{
    unsigned used = rg_columns_used(g);
    double span = RG_DIVISIONS * g->timebase, limit = FULL_RATE / used;
    if (g->mdep) *rate = fmin(limit, (double)g->mdep / span);
    else *rate = automatic_rate(span, limit, FULL_DEPTH / used);
    *depth = (uint64_t)fmax(1, nearbyint(*rate * span));
}

int rg_source_arg(sim_call *c, unsigned index)
{
    const rg *g = c->model;
    char text[32];
    unsigned number[SIM_SUFFIXES];
    int source = -1;
    if (!sim_arg(c, index, text, sizeof text)) {
        sim_error(c, -109);
        return -1;
    }
    size_t n = strlen(text);
    if (sim_header_match("CHANnel#", text, n, number)) {
        if (number[0] >= 1 && number[0] <= g->row->analog) source = (int)number[0] - 1;
    } else if (sim_header_match("D#", text, n, number) && n > 1) {
        if (number[0] < g->row->digital) source = RG_SRC_D0 + (int)number[0];
    } else if (grat__strcaseeq(text, "MATH")) {
        source = RG_SRC_MATH;
    } else if (grat__strcaseeq(text, "AC")) {
        source = RG_SRC_AC;
    } else if (grat__strcaseeq(text, "EXT") && g->row->analog == 2) {
        source = RG_SRC_EXT;
    }
    if (source < 0) sim_error(c, -224);
    return source;
}

const char *rg_source_name(int source, char out[8])
{
    if (source < RG_CHANNELS) snprintf(out, 8, "CHAN%d", (source & 3) + 1);
    else if (source == RG_SRC_MATH) snprintf(out, 8, "MATH");
    else if (source == RG_SRC_AC) snprintf(out, 8, "AC");
    else if (source == RG_SRC_EXT) snprintf(out, 8, "EXT");
    else snprintf(out, 8, "D%d", (source - RG_SRC_D0) & 15);
    return out;
}
