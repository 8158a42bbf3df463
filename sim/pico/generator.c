/* The generator of a unit: what it puts out, and when. Sweeps go by steps; after a trigger there are so many periods or
 * sweeps, before and after them it rests at its offset. */
#include <math.h>

#include "sim/pico/unit.h"

enum { DC = 8, NOISE = 9, POINTS = -1 };
enum { DOWN = 1, UP_DOWN, DOWN_UP };

/* The vendor's waves; noise and bits are a fixed pattern of one period. */
double ps_generated(const ps_unit *u, double x)
{
    static const enum ps_shape shapes[] = {PS_SINE, PS_SQUARE, PS_TRIANGLE, PS_RAMP, PS_RAMP};
    double half = u->generator.pp / 2, at = u->generator.offset, y = x - 0.5;
    int wave = u->generator.wave;
    if (wave == POINTS) return at + half * u->generator.points[(int32_t)(x * u->generator.n)] / 32767;
    if (wave < 5) return at + half * ps_shape_at(&(ps_signal){.shape = shapes[wave]}, x) * (wave == 4 ? -1 : 1);
    if (wave == 5) return at + half * (y == 0 ? 1 : sin(16 * M_PI * y) / (16 * M_PI * y));
    if (wave == 6) return at + half * (2 * exp(-40 * y * y) - 1);
    if (wave == 7) return at + half * (2 * fabs(sin(M_PI * x)) - 1);
    if (wave == DC) return at;
    uint32_t h = (uint32_t)(x * 127) * 2654435761u >> 9;
    return at + half * (wave == NOISE ? (double)h / (1 << 22) - 1 : h & 1 ? 1 : -1);
}

/* ---- sweeps ------------------------------------------------------------------------------------------ */

static bool sweeps(const ps_unit *u)
{
    return u->generator.stop != u->generator.hz;
}

typedef struct ramp {
    double from, step;         /* step < 0: down */
    int64_t there, all;        /* steps in one direction, and until it begins again */
} ramp;

static ramp ramp_of(const ps_unit *u)
{
    double a = u->generator.hz, b = u->generator.stop, low = fmin(a, b), high = fmax(a, b);
    int64_t n = (int64_t)floor((high - low) / u->generator.step + 1e-9) + 1;
    bool down = u->generator.way == DOWN || u->generator.way == DOWN_UP, both = u->generator.way >= UP_DOWN;
    return (ramp){down ? high : low, down ? -u->generator.step : u->generator.step, n, both && n > 1 ? 2 * n - 2 : n};
}

/* Sum of the frequencies of the steps before the j-th. */
static double sum(const ramp *r, int64_t j)
{
    double n = (double)(j < r->there ? j : r->there), back = (double)j - n;
    return n * r->from + r->step * n * (n - 1) / 2 + back * (r->from + (double)(r->there - 2) * r->step) -
           r->step * back * (back - 1) / 2;
}

/* Periods after t seconds. */
static double periods(const ps_unit *u, double t)
{
    if (!sweeps(u)) return u->generator.hz * t;
    ramp r = ramp_of(u);
    double dwell = u->generator.dwell, whole = floor(t / dwell / (double)r.all);
    double rest = t - whole * dwell * (double)r.all;
    int64_t j = (int64_t)floor(rest / dwell);
    if (j >= r.all) j = r.all - 1;
    double hz = r.from + r.step * (double)(j < r.there ? j : 2 * r.there - 2 - j);
    return dwell * (whole * sum(&r, r.all) + sum(&r, j)) + hz * (rest - (double)j * dwell);
}

/* ---- triggers ---------------------------------------------------------------------------------------- */

static double length(const ps_unit *u)
{
    if (!u->generator.cycles) return INFINITY;
    if (!sweeps(u)) return u->generator.cycles / u->generator.hz;
    return u->generator.cycles * u->generator.dwell * (double)ramp_of(u).all;
}

/* Seconds from the beginning of the run. */
static double since_run(const ps_unit *u, int64_t ns)
{
    return (double)(ns - u->run_ns) / 1e9;
}

/* The part of a period of the external signal at which it has its edge; -1 = never. */
static double edge_of_ext(const ps_unit *u)
{
    const ps_signal *s = &u->signal[PS_CHANNELS];
    double before = s->offset + s->volts * ps_shape_at(s, 1 - 1.0 / PS_TABLE);
    for (int i = 0; i < PS_TABLE && s->hz > 0; i++) {
        double now = s->offset + s->volts * ps_shape_at(s, (double)i / PS_TABLE), at = u->generator.threshold;
        if (u->generator.falling ? before > at && now <= at : before < at && now >= at) return (double)i / PS_TABLE;
        before = now;
    }
    return -1;
}

/* The next edge is looked at when what it began has ended. */
static double fired_by_ext(const ps_unit *u, double t)
{
    double hz = u->signal[PS_CHANNELS].hz, part = edge_of_ext(u), armed = since_run(u, u->generator.armed_ns);
    if (part < 0) return NAN;
    double opened = since_run(u, u->opened_ns), first = ceil((armed - opened) * hz - part);
    double begin = opened + (first + part) / hz, each = isinf(length(u)) ? INFINITY : ceil(length(u) * hz) / hz;
    if (t < begin) return NAN;
    return isinf(each) ? begin : begin + floor((t - begin) / each) * each;
}

/* The last capture's trigger that is not later. */
static double fired_by_scope(const ps_unit *u, double t)
{
    uint32_t low = 0, high = u->start ? u->done : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((double)(u->start[middle] + u->pre) * u->dt <= t) low = middle + 1;
        else high = middle;
    }
    if (low) return (double)(u->start[low - 1] + u->pre) * u->dt;
    return u->generator.fired_ns ? since_run(u, u->generator.fired_ns) : NAN;
}

static double fired(const ps_unit *u, double t)
{
    switch (u->generator.source) {
    case PS_GEN_FREE:
        return since_run(u, u->generator.armed_ns);
    case PS_GEN_SCOPE:
        return fired_by_scope(u, t);
    case PS_GEN_AUX:
    case PS_GEN_EXT:
        return fired_by_ext(u, t);
    default:
        return u->generator.fired_ns ? since_run(u, u->generator.fired_ns) : NAN;
    }
}

/* ---- samples ------------------------------------------------------------------------------------------ */

bool ps_generates_alike(const ps_unit *u)
{
    return u->generator.source == PS_GEN_FREE && u->generator.wave != DC && !sweeps(u);
}

void ps_generator_samples(const ps_unit *u, const ps_input *in, int64_t from, uint32_t n, int16_t *out)
{
    double most = length(u);
    for (uint32_t i = 0; i < n; i++) {
        double t = ((double)(from + i) + u->nudge) * u->dt, begin = fired(u, t), part = periods(u, t - begin);
        bool on = t >= begin && t - begin < most && u->generator.wave != DC;
        out[i] = on ? in->table[(int)((part - floor(part)) * PS_TABLE) % PS_TABLE] : in->rest;
    }
}

uint32_t ps_generate(ps_unit *u)
{
    double steps = fabs(u->generator.stop - u->generator.hz) / u->generator.step;
    if (fabs(u->generator.offset) + u->generator.pp / 2 > 2 + 1e-9) return PS_OVER_VOLTAGE;
    if (sweeps(u) && (!(u->generator.step > 0) || !(u->generator.dwell > 0) || !(steps < 1e9))) return PS_SIG_GEN_PARAM;
    if (u->generator.way < 0 || u->generator.way > DOWN_UP) return PS_SIG_GEN_PARAM;
    u->generator.fired_ns = 0;
    u->generator.armed_ns = ps_now();
    return PS_OK;
}

uint32_t ps_fire(ps_unit *u)
{
    if (u->generator.source != PS_GEN_SOFTWARE) return PS_SIGGEN_TRIGGER_SOURCE;
    u->generator.fired_ns = ps_now();
    return PS_OK;
}
