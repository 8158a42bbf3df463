/* Single-trace measurements, with the levels of IEEE 181: base and top are the peaks of the histogram of the lower
 * and the upper half, the middle level is halfway, rise and fall run from 10 % to 90 %. A period counts when it goes
 * through three quarters and one quarter of the height: noise on a signal of a few steps of the converter does not. */
#include "core/str.h"

#include <graticule/graticule.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096, BINS = 256 };

typedef struct levels {
    double min, max, mean, rms, acrms;
    double base, top;
    size_t count;
} levels;

/* What one pass over the samples gathers about edges. */
typedef struct edges {
    double low, high;              /* 10 % and 90 % */
    double arm_low, arm_high, middle;
    int state;                     /* -1 below, 1 above, 0 not known yet */
    double crossing_up, crossing_down;   /* the last middle crossings, in samples; NAN = none */
    double first_up, last_up, first_down, last_down;
    size_t ups, downs;
    double touched;                      /* where samples on the middle level itself begin */
    double last_low_up, last_high_down;  /* where the 10 % level was left upwards, the 90 % level downwards */
    double rise_sum, fall_sum, high_sum;
    size_t rises, falls, highs;
    double up_span, down_span;           /* of stretches before a gap, with so many periods */
    size_t up_periods, down_periods;
    double previous;
    size_t index;
} edges;

typedef void (*chunk_fn)(void *user, const double *v, size_t n);

static void walk(const grat_record *r, unsigned trace, chunk_fn fn, void *user)
{
    double v[CHUNK];
    for (size_t i = 0; i < r->count; i += CHUNK) {
        size_t n = r->count - i < CHUNK ? r->count - i : CHUNK;
        grat_trace_values(&r->trace[trace], i, n, v);
        fn(user, v, n);
    }
}

typedef struct sums {
    double min, max, sum, square, shift;
    size_t n;
} sums;

/* Sums are taken about the first sample: a large offset then costs no digits. */
static void add_sums(void *user, const double *v, size_t n)
{
    sums *s = user;
    for (size_t i = 0; i < n; i++) {
        if (isnan(v[i])) continue;
        if (!s->n) s->min = s->max = s->shift = v[i];
        if (v[i] < s->min) s->min = v[i];
        if (v[i] > s->max) s->max = v[i];
        double d = v[i] - s->shift;
        s->sum += d;
        s->square += d * d;
        s->n++;
    }
}

typedef struct histogram {
    double min, width;
    size_t count[BINS];
    double sum[BINS];
} histogram;

static void add_histogram(void *user, const double *v, size_t n)
{
    histogram *h = user;
    for (size_t i = 0; i < n; i++) {
        if (isnan(v[i])) continue;
        int bin = (int)((v[i] - h->min) / h->width);
        if (bin >= BINS) bin = BINS - 1;
        if (bin < 0) bin = 0;
        h->count[bin]++;
        h->sum[bin] += v[i];
    }
}

/* A level at which the signal rests, seven tenths of its half within 5 % of the height: the mean of that. Else the mean
 * of the fullest bin, when it stands out (5 % of all samples, twice the others on average), as at the crest of a sine.
 * Else the extreme, as for a triangle. */
static double peak(const histogram *h, int from, int to, double extreme, size_t total)
{
    int best = from, used = 0;
    size_t half = 0, near = 0;
    double sum = 0;
    for (int i = from; i < to; i++) {
        if (h->count[i] > h->count[best]) best = i;
        half += h->count[i];
        used += h->count[i] > 0;
    }
    for (int i = best - BINS / 20; i <= best + BINS / 20; i++) {
        if (i < from || i >= to) continue;
        near += h->count[i];
        sum += h->sum[i];
    }
    if (near * 10 > half * 7) return sum / (double)near;
    if (h->count[best] * 20 < total || h->count[best] * (size_t)used < 2 * half) return extreme;
    return h->sum[best] / (double)h->count[best];
}

/* One trace: three passes over its samples. */
typedef struct gauge {
    sums s;
    levels l;
    histogram *h;            /* NULL: without one, or all samples are alike */
    edges e;
    double dt;
    uint64_t next;
    unsigned number;
    char unit[8];
} gauge;

static void end_levels(gauge *g)
{
    const sums *s = &g->s;
    levels *l = &g->l;
    *l = (levels){NAN, NAN, NAN, NAN, NAN, NAN, NAN, 0};
    if (!s->n) return;
    double n = (double)s->n, d = s->sum / n;
    l->count = s->n;
    l->min = s->min, l->max = s->max;
    l->mean = s->shift + d;
    if (fabs(l->mean) < 1e-12 * (s->max - s->min)) l->mean = 0; /* what rounding leaves */
    double variance = s->square / n - d * d;
    l->acrms = sqrt(variance > 0 ? variance : 0);
    l->rms = sqrt(l->mean * l->mean + l->acrms * l->acrms);
    l->base = l->min, l->top = l->max;
    if (l->max > l->min) g->h = calloc(1, sizeof *g->h);
    if (!g->h) return;
    g->h->min = l->min;
    g->h->width = (l->max - l->min) / BINS;
}

static void end_histogram(gauge *g)
{
    if (!g->h) return;
    g->l.base = peak(g->h, 0, BINS / 2, g->l.min, g->s.n);
    g->l.top = peak(g->h, BINS / 2, BINS, g->l.max, g->s.n);
}

/* Where the line from sample i-1 (value a) to i (value b) meets the level. */
static double meet(size_t i, double a, double b, double level)
{
    return (double)i - 1 + (level - a) / (b - a);
}

static void cross_up(edges *e)
{
    if (!e->ups++) e->first_up = e->crossing_up;
    e->last_up = e->crossing_up;
}

static void cross_down(edges *e)
{
    if (!e->downs++) e->first_down = e->crossing_down;
    e->last_down = e->crossing_down;
    if (e->ups) {
        e->high_sum += e->crossing_down - e->last_up;
        e->highs++;
    }
}

/* The middle level is met between sample i-1 (value a) and i (value b). A converter of few steps stays on the level
 * itself for a while: then the middle of that time is the best guess, going up as going down. */
static void cross(edges *e, size_t i, double a, double b, double *crossing)
{
    double tie = 1e-6 * (e->high - e->low);
    if (fabs(b - e->middle) < tie) e->touched = (double)i;
    else if (fabs(a - e->middle) < tie) *crossing = (e->touched + (double)i - 1) / 2;
    else if ((a < e->middle) != (b < e->middle)) *crossing = meet(i, a, b, e->middle);
}

static void upwards(edges *e, size_t i, double a, double b)
{
    if (a < e->low && b >= e->low) e->last_low_up = meet(i, a, b, e->low);
    cross(e, i, a, b, &e->crossing_up);
    if (a >= e->high || b < e->high || isnan(e->last_low_up)) return;
    e->rise_sum += meet(i, a, b, e->high) - e->last_low_up;
    e->rises++;
    e->last_low_up = NAN;
}

static void downwards(edges *e, size_t i, double a, double b)
{
    if (a > e->high && b <= e->high) e->last_high_down = meet(i, a, b, e->high);
    cross(e, i, a, b, &e->crossing_down);
    if (a <= e->low || b > e->low || isnan(e->last_high_down)) return;
    e->fall_sum += meet(i, a, b, e->low) - e->last_high_down;
    e->falls++;
    e->last_high_down = NAN;
}

static void add_edges(void *user, const double *v, size_t n)
{
    edges *e = user;
    for (size_t i = 0; i < n; i++, e->index++) {
        double a = e->previous, b = v[i];
        e->previous = b;
        if (e->index && b > a) upwards(e, e->index, a, b);
        if (e->index && b < a) downwards(e, e->index, a, b);
        if (b >= e->arm_high && e->state <= 0) {
            if (e->state < 0) cross_up(e);
            e->state = 1;
        } else if (b <= e->arm_low && e->state >= 0) {
            if (e->state > 0) cross_down(e);
            e->state = -1;
        }
    }
}

/* The samples that follow do not continue those before. */
static void break_edges(edges *e)
{
    if (e->ups > 1) e->up_span += e->last_up - e->first_up, e->up_periods += e->ups - 1;
    if (e->downs > 1) e->down_span += e->last_down - e->first_down, e->down_periods += e->downs - 1;
    e->ups = e->downs = 0;
    e->state = 0;
    e->previous = e->touched = e->crossing_up = e->crossing_down = e->last_low_up = e->last_high_down = NAN;
}

static void begin_edges(edges *e, const levels *l)
{
    double height = l->top - l->base;
    memset(e, 0, sizeof *e);
    e->low = l->base + 0.1 * height;
    e->high = l->base + 0.9 * height;
    e->middle = l->base + 0.5 * height;
    e->arm_low = e->middle - 0.25 * height;
    e->arm_high = e->middle + 0.25 * height;
    break_edges(e);
}

/* Over all whole periods between edges of one direction: whichever gave more. */
static double period_of(edges *e)
{
    break_edges(e);
    if (!e->up_periods && !e->down_periods) return NAN;
    if (e->up_periods >= e->down_periods) return e->up_span / (double)e->up_periods;
    return e->down_span / (double)e->down_periods;
}

static double ratio(double a, size_t n)
{
    return n ? a / (double)n : NAN;
}

/* In samples; an edge of less than two is faster than can be told from them. */
static double edge(double sum, size_t n)
{
    double mean = ratio(sum, n);
    return mean < 2 ? NAN : mean;
}

static unsigned put(grat_measurement *m, const char *name, const char *unit, double value)
{
    memset(m, 0, sizeof *m);
    grat__strcpy(m->name, sizeof m->name, name);
    grat__strcpy(m->unit, sizeof m->unit, unit);
    m->value = value;
    return 1;
}

static void gauge_add(gauge *g, unsigned pass, const grat_record *r, unsigned trace)
{
    bool follows = r->number == g->number && r->first == g->next;
    if (pass == 0) walk(r, trace, add_sums, &g->s);
    else if (pass == 1 && g->h) walk(r, trace, add_histogram, g->h);
    else if (pass == 2 && g->l.top > g->l.base) {
        if (!follows) break_edges(&g->e);
        walk(r, trace, add_edges, &g->e);
    }
    if (pass == 0) memcpy(g->unit, r->trace[trace].unit, sizeof g->unit);
    g->dt = r->dt;
    g->number = r->number;
    g->next = r->first + r->count;
}

static void gauge_next(gauge *g, unsigned pass)
{
    if (pass == 0) end_levels(g);
    if (pass == 1) end_histogram(g), begin_edges(&g->e, &g->l);
}

static unsigned gauge_get(gauge *g, grat_measurement out[GRAT_MEASUREMENTS])
{
    const levels *l = &g->l;
    edges *e = &g->e;
    const char *unit = g->unit;
    double period = period_of(e) * g->dt, high = ratio(e->high_sum, e->highs) * g->dt;
    unsigned n = 0;
    n += put(&out[n], "min", unit, l->min);
    n += put(&out[n], "max", unit, l->max);
    n += put(&out[n], "pp", unit, l->max - l->min);
    n += put(&out[n], "mean", unit, l->mean);
    n += put(&out[n], "rms", unit, l->rms);
    n += put(&out[n], "acrms", unit, l->acrms);
    n += put(&out[n], "frequency", "Hz", 1 / period);
    n += put(&out[n], "period", "s", period);
    n += put(&out[n], "duty", "%", 100 * high / period);
    n += put(&out[n], "rise", "s", edge(e->rise_sum, e->rises) * g->dt);
    n += put(&out[n], "fall", "s", edge(e->fall_sum, e->falls) * g->dt);
    n += put(&out[n], "amplitude", unit, l->top - l->base);
    return n;
}

enum { PASSES = 3 };

unsigned grat_measure(const grat_record *r, unsigned trace, grat_measurement out[GRAT_MEASUREMENTS])
{
    gauge g = {0};
    if (trace >= r->traces) return 0;
    for (unsigned pass = 0; pass < PASSES; pass++) {
        gauge_add(&g, pass, r, trace);
        gauge_next(&g, pass);
    }
    free(g.h);
    return gauge_get(&g, out);
}

struct grat_meter {
    unsigned pass, traces;
    gauge gauge[GRAT_MAX_CHANNELS];
};

grat_meter *grat_meter_new(void)
{
    return calloc(1, sizeof(grat_meter));
}

void grat_meter_free(grat_meter *m)
{
    for (unsigned i = 0; m && i < GRAT_MAX_CHANNELS; i++) free(m->gauge[i].h);
    free(m);
}

void grat_meter_add(grat_meter *m, const grat_record *r)
{
    m->traces = r->traces;
    for (unsigned i = 0; i < r->traces && m->pass < PASSES; i++) gauge_add(&m->gauge[i], m->pass, r, i);
}

bool grat_meter_again(grat_meter *m)
{
    if (m->pass == PASSES) return false;
    for (unsigned i = 0; i < m->traces; i++) gauge_next(&m->gauge[i], m->pass);
    return ++m->pass < PASSES;
}

unsigned grat_meter_get(grat_meter *m, unsigned trace, grat_measurement out[GRAT_MEASUREMENTS])
{
    return trace < m->traces ? gauge_get(&m->gauge[trace], out) : 0;
}
