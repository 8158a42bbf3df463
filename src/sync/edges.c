/* Edges that are faster than the sampling.
 *
 * Samples of such an edge are no band-limited signal: they say between which two of them it was, and little more. Of a
 * step each record leaves one sample's width open; the difference of two such positions has the standard deviation
 * sqrt(1/6) = 0.41 samples whatever the noise, and no method can be better. Where the edge takes as long as a sample or
 * two, the samples on it say more, as far as its shape is known.
 *
 * So each edge that stands alone is compared with steps of some shapes and rise times, at all positions; all that the
 * samples of both records leave possible gives the shift and its variance (Bayes; all positions are alike before, the
 * rise times by their logarithms). The shape is the same in both and for all edges of a record.
 *
 * Edges at different phases of the sampling have different errors, which the mean of many takes away; edges that
 * all have the same phase, of a clock that fits into the sampling, have all the same error. What the shifts of the
 * edges scatter less than each is uncertain is counted as such a common error. */
#include "sync/sync_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_EDGES 4096          /* found in a record */
#define MOST_PAIRS 32            /* of them compared */
#define FINEST 16                /* samples of a record in one of the other */
#define LEVEL 4                  /* of the coarser record's samples on each side by which a level is known */
#define STANDS_OUT 5.0           /* times the noise */
#define ALIKE 0.4                /* of the highest edge: those below are not looked at */
#define MAIN 1.6                 /* times the record's standard deviation; of a signal of two levels it is 2 at least */
#define UNEVEN 0.04              /* of an edge: so much may the levels beside it wander */
#define UNLIKE 0.01              /* of an edge: how far real shapes are from those here */
#define REACH 2                  /* an edge is looked for so many samples around where it was found */
#define STEPS 32                 /* a sample */
#define PLACES (2 * REACH * STEPS + 1)
#define WINDOW 4                 /* samples on each side that are compared */
#define NEAREST 2.5              /* samples: farther off it is not the same edge */
#define FAR 6                    /* rise times: there every step is over */
#define FINE 512                 /* a rise time */
#define TABLE (2 * FAR * FINE + 1)
#define SHAPES 3
#define FAST 0.65                /* samples from 10 % to 90 % */
#define NEARLY_FAST 1.6          /* few of these, when noise … */
#define QUIET 0.03               /* … over the height is not what counts */
#define SCATTERED 0.35           /* of the variance: the phases are spread */
#define SPREAD 0.55              /* … or the places differ so much of what they can */
#define FEW 4                    /* edges tell nothing of that */
#define LEAST_LIKELY -20.0       /* with white noise it is about -5 ± 3 */
#define CAUTION 1.3              /* in the variance */

/* Rise times in samples, and how likely they are beforehand: as their logarithms are far apart. */
static const double rise[] = {0.05, 0.1, 0.2, 0.3, 0.4, 0.48, 0.56, 0.63, 0.7, 0.8,
                              0.9, 1, 1.12, 1.26, 1.41, 1.6, 1.8, 2};
static const double likely[] = {1.5, 0.69, 0.55, 0.35, 0.23, 0.17, 0.14, 0.11, 0.12, 0.13,
                                0.11, 0.11, 0.12, 0.11, 0.12, 0.12, 0.11, 0.1};
#define RISES (sizeof rise / sizeof *rise)
#define FORMS (SHAPES * RISES)

typedef struct step_form {
    const double *table;
    double rise;                 /* units */
} step_form;

/* One edge in one record. */
typedef struct edge {
    size_t at;                   /* between this sample and the next */
    double low, high;            /* the levels before and behind it */
} edge;

typedef struct list {
    const grat__wave *w;
    double unit;                 /* seconds: a sample of the coarser record */
    size_t near, level;          /* 2 and LEVEL of those in samples of this record */
    size_t stride;               /* of the samples that are compared */
    double noise;                /* standard deviation */
    double least;                /* height */
    edge *e;
    unsigned n;
} list;

/* One edge in both. */
typedef struct pair {
    const edge *x, *y;
    double time;                 /* in the reference, seconds */
    double evidence[FORMS], mean[FORMS], variance[FORMS]; /* for each form: logarithm; units */
    double in_x[FORMS];          /* the place in the reference, units from the middle between the samples */
    double phase[2];             /* the same whatever the form, in both */
    double shift, sure;          /* seconds, seconds^2 */
} pair;

/* ---- finding them -------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Standard deviation of white noise, by the median of the fourth differences; an edge here and there is no harm. */
static double noise_of(const grat__wave *w)
{
    enum { MOST = 4096 };
    const double *v = w->v;
    size_t step = 1 + w->n / MOST, n = 0;
    double *d = malloc((MOST + 1) * sizeof *d), noise = 0;
    if (!d) return NAN;
    for (size_t i = 2; i + 2 < w->n && n < MOST; i += step)
        d[n++] = fabs(v[i - 2] - 4 * v[i - 1] + 6 * v[i] - 4 * v[i + 1] + v[i + 2]);
    qsort(d, n, sizeof *d, by_size);
    if (n) noise = d[n / 2] / (0.6745 * sqrt(70));
    free(d);
    return noise;
}

static double mean_of(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i];
    return sum / (double)n;
}

/* The level on one side, of l->level samples from v on. False when it is not level. */
static bool level_of(const list *l, const double *v, double height, double *out)
{
    double most = UNEVEN * height, sum = 0;
    *out = mean_of(v, l->level);
    for (size_t i = 0; i < l->level; i++) sum += (v[i] - *out) * (v[i] - *out);
    return sum / (double)l->level <= 4 * l->noise * l->noise + most * most;
}

/* The samples next to it, as many as fill two units of time, are left out of the levels. */
static void add_edge(list *l, size_t at)
{
    const double *before = l->w->v + at + 1 - l->near - l->level, *behind = l->w->v + at + 1 + l->near;
    edge e = {.at = at};
    double height = fabs(mean_of(behind, l->level) - mean_of(before, l->level));
    if (level_of(l, before, height, &e.low) && level_of(l, behind, height, &e.high) && height > l->least)
        l->e[l->n++] = e;
}

static void find_edges(list *l)
{
    const size_t side = l->near + l->level;
    const double *v = l->w->v;
    double highest = 0, best = 0, mean, squares = 0;
    size_t at = 0;
    if (l->w->n < 2 * side + 1) return;
    mean = mean_of(v, l->w->n);
    for (size_t i = 0; i < l->w->n; i++) squares += (v[i] - mean) * (v[i] - mean);
    l->least = MAIN * sqrt(squares / (double)l->w->n);
    for (size_t i = side; i < l->w->n - side; i++)
        highest = fmax(highest, fabs(mean_of(v + i + 1, l->near) - mean_of(v + i + 1 - l->near, l->near)));
    double least = fmax(ALIKE * highest, STANDS_OUT * l->noise / sqrt((double)l->near));
    for (size_t i = side; i < l->w->n - side && l->n < MOST_EDGES; i++) {
        double h = fabs(mean_of(v + i + 1, l->near) - mean_of(v + i + 1 - l->near, l->near));
        if (h > least && h > best) {
            best = h;
            at = i;
        }
        if (best <= 0 || i < at + l->near) continue;
        add_edge(l, at);
        best = 0;
    }
}

/* ---- where they were ------------------------------------------------------------------------------------- */

/* A step from -1 to 1 at 0 that takes one from 10 % to 90 %: of a Gaussian filter, of an average over the time of a
 * sample, of one pole. */
static double step(unsigned shape, double t)
{
    if (shape == 0) return erf(t * 1.81239);
    if (shape == 1) return fmax(-1, fmin(1, t * 1.6));
    return t < 0 ? -1 : 1 - 2 * exp(-2.19722 * t);
}

/* All of them between -FAR and FAR rise times, finely. */
static void make_tables(double *table)
{
    for (unsigned shape = 0; shape < SHAPES; shape++)
        for (int k = 0; k < TABLE; k++) table[shape * TABLE + k] = step(shape, (double)k / FINE - FAR);
}

/* What the samples leave possible of this edge's place when it has this form: mean and variance in units from the
 * middle between its two samples, and the logarithm of how likely the samples are. */
static void place(const list *l, const edge *e, const step_form *form, double out[3])
{
    const double *v = l->w->v, pace = l->w->dt / l->unit;
    const double middle = (e->low + e->high) / 2, half = (e->high - e->low) / 2;
    const double square = l->noise * l->noise + UNLIKE * UNLIKE * 4 * half * half;
    const size_t window = (size_t)(WINDOW / pace), from = e->at + 1 > window ? e->at + 1 - window : 0;
    const size_t to = e->at + window < l->w->n ? e->at + window : l->w->n - 1;
    double log_of[PLACES], most = -INFINITY, sum = 0, first = 0, second = 0;
    for (int k = 0; k < PLACES; k++) {
        double at = (double)(k - PLACES / 2) / STEPS;
        log_of[k] = 0;
        for (size_t i = from; i <= to; i += l->stride) {
            double t = ((((double)i - (double)e->at - 0.5) * pace - at) / form->rise + FAR) * FINE + 0.5;
            double miss = v[i] - middle - half * form->table[(size_t)fmax(0, fmin(t, TABLE - 1))];
            log_of[k] -= miss * miss / (2 * square);
        }
        most = fmax(most, log_of[k]);
    }
    for (int k = 0; k < PLACES; k++) {
        double at = (double)(k - PLACES / 2) / STEPS, p = exp(log_of[k] - most);
        sum += p, first += p * at, second += p * at * at;
    }
    out[0] = first / sum;
    out[1] = fmax(second / sum - out[0] * out[0], 0) + 1.0 / (12 * STEPS * STEPS);
    out[2] = most + log(sum);
}

static void place_all(const list *x, const list *y, pair *p, unsigned n, const double *table)
{
    double in_x[3], in_y[3];
    for (unsigned f = 0; f < FORMS; f++) {
        const step_form one = {table + f / RISES * TABLE, rise[f % RISES]};
        for (unsigned i = 0; i < n; i++) {
            place(x, p[i].x, &one, in_x);
            place(y, p[i].y, &one, in_y);
            p[i].in_x[f] = in_x[0];
            p[i].mean[f] = in_y[0] - in_x[0];
            p[i].variance[f] = in_x[1] + in_y[1];
            p[i].evidence[f] = in_x[2] + in_y[2];
        }
    }
}

/* All edges are of one form: how likely each is. Real shapes are others, and the same in all edges: many edges say no
 * more of it than one does. Gives the rise time in units; infinity when no form is like them. */
static double weigh(const pair *p, unsigned n, double weight[FORMS])
{
    double most = -INFINITY, best = -INFINITY, sum = 0, mean_rise = 0;
    for (unsigned f = 0; f < FORMS; f++) {
        weight[f] = 0;
        for (unsigned i = 0; i < n; i++) weight[f] += p[i].evidence[f] / n;
        best = fmax(best, weight[f]);
        weight[f] += log(likely[f % RISES]);
        most = fmax(most, weight[f]);
    }
    for (unsigned f = 0; f < FORMS; f++) sum += weight[f] = exp(weight[f] - most);
    for (unsigned f = 0; f < FORMS; f++) mean_rise += (weight[f] /= sum) * rise[f % RISES];
    return best < LEAST_LIKELY ? INFINITY : mean_rise;
}

/* The shift of each edge: of what is possible the mean. Gives the variance of what the form changes in all alike. */
static double take_shifts(pair *p, unsigned n, const double weight[FORMS], double unit)
{
    double all[FORMS] = {0}, certainty = 0, mean_all = 0, square_all = 0;
    for (unsigned i = 0; i < n; i++) {
        double mean = 0, square = 0;
        for (unsigned f = 0; f < FORMS; f++) {
            mean += weight[f] * p[i].mean[f];
            p[i].phase[0] += weight[f] * p[i].in_x[f];
            square += weight[f] * (p[i].variance[f] + p[i].mean[f] * p[i].mean[f]);
        }
        double variance = square - mean * mean;
        p[i].phase[1] = p[i].phase[0] + mean;
        for (unsigned f = 0; f < FORMS; f++) all[f] += p[i].mean[f] / variance;
        certainty += 1 / variance;
        p[i].shift += mean * unit;
        p[i].sure = CAUTION * variance * unit * unit;
    }
    for (unsigned f = 0; f < FORMS; f++) {
        mean_all += weight[f] * all[f] / certainty;
        square_all += weight[f] * all[f] * all[f] / certainty / certainty;
    }
    return fmax(square_all - mean_all * mean_all, 0) * unit * unit;
}

/* ---- all together ---------------------------------------------------------------------------------------- */

/* Of those in x the ones that y has where the shift is expected, at most `room` of them, all over the record. */
static unsigned match(const list *x, const list *y, const grat__shift *guess, pair *out, unsigned room)
{
    unsigned n = 0, every = 1 + x->n / (room + 1);
    for (unsigned i = 0; i < x->n && n < room; i += every) {
        const edge *e = &x->e[i], *best = NULL;
        double time = x->w->t0 + ((double)e->at + 0.5) * x->w->dt, near = NEAREST * x->unit, shift = 0;
        for (unsigned k = 0; k < y->n; k++) {
            const edge *other = &y->e[k];
            double apart = y->w->t0 + ((double)other->at + 0.5) * y->w->dt - time;
            double off = fabs(apart - guess->lag - guess->rate * time);
            if ((other->high > other->low) != (e->high > e->low) || off >= near) continue;
            near = off;
            shift = apart;
            best = other;
        }
        if (best) out[n++] = (pair){.x = e, .y = best, .time = time, .shift = shift};
    }
    return n;
}

/* How many edges count as one: neighbours whose errors are alike tell less. */
static double repeated(const pair *p, unsigned n, const grat__shift *line)
{
    double last = 0, products = 0, squares = 0;
    for (unsigned i = 0; i < n; i++) {
        double miss = p[i].shift - line->lag - line->rate * p[i].time;
        products += last * miss;
        squares += miss * miss;
        last = miss;
    }
    double alike = squares > 0 ? fmax(0, fmin(0.9, products / squares)) : 0;
    return fmin((1 + alike) / (1 - alike), n);
}

/* How far the edges lie at different phases of the sampling, as far as the samples show it: 1 is everywhere. */
static double spread(const pair *p, unsigned n)
{
    double out = 0;
    for (unsigned k = 0; k < 2; k++) {
        double sum = 0, squares = 0;
        for (unsigned i = 0; i < n; i++) sum += p[i].phase[k], squares += p[i].phase[k] * p[i].phase[k];
        out += (squares - sum * sum / n) / n * 12 / 2;
    }
    return out;
}

/* A line through the shifts, each of them `more` times as uncertain as it says; the rate is known beforehand to be
 * small. */
static void put_line(const pair *p, unsigned n, double more, grat__shift *out)
{
    double a = 0, b = 0, c = 1 / (GRAT__USUAL_RATE * GRAT__USUAL_RATE), d = 0, e = 0;
    for (unsigned i = 0; i < n; i++) {
        double weight = 1 / (more * p[i].sure);
        a += weight, b += weight * p[i].time, c += weight * p[i].time * p[i].time;
        d += weight * p[i].shift, e += weight * p[i].time * p[i].shift;
    }
    double det = a * c - b * b;
    *out = (grat__shift){.lag = (c * d - b * e) / det, .rate = (a * e - b * d) / det, .var_lag = c / det,
                         .var_rate = a / det};
}

/* `noise`: over the height of an edge; it scatters too. */
static void fit(const pair *p, unsigned n, double noise, grat__shift *out)
{
    double certainty = 0, scatter = 0;
    put_line(p, n, 1, out);
    for (unsigned i = 0; i < n; i++) {
        double miss = p[i].shift - out->lag - out->rate * p[i].time;
        certainty += 1 / p[i].sure;
        scatter += miss * miss / p[i].sure / n;
    }
    double more = n > FEW ? repeated(p, n, out) * fmax(1, scatter) : 1, each = n / certainty;
    if (more > 1) put_line(p, n, more, out);
    if (n <= FEW) out->var_lag += each * (1 - 1.0 / n);
    else if (scatter < SCATTERED + 2 * noise && spread(p, n) < SPREAD + 3 * noise) out->var_lag += each;
}

static bool prepare(list *l, const grat__wave *w, double unit)
{
    double fine = unit / w->dt;
    *l = (list){.w = w, .unit = unit, .near = (size_t)ceil(2 * fine), .level = (size_t)ceil(LEVEL * fine),
                .stride = 1 + (size_t)(fine / FINEST), .noise = noise_of(w)};
    l->e = malloc(MOST_EDGES * sizeof *l->e);
    if (!l->e || isnan(l->noise)) return false;
    find_edges(l);
    return l->n > 0;
}

bool grat__align_edges(const grat__wave *x, const grat__wave *y, grat__shift *shift)
{
    list in_x = {0}, in_y = {0};
    pair *p = malloc(MOST_PAIRS * sizeof *p);
    double *table = malloc((size_t)SHAPES * TABLE * sizeof *table);
    const double unit = fmax(x->dt, y->dt);
    double weight[FORMS];
    bool fast = p && table && prepare(&in_x, x, unit) && prepare(&in_y, y, unit);
    unsigned n = fast ? match(&in_x, &in_y, shift, p, MOST_PAIRS) : 0;
    if (n) make_tables(table);
    if (n) place_all(&in_x, &in_y, p, n, table);
    double speed = n ? weigh(p, n, weight) : INFINITY;
    fast = speed < (n > FEW ? FAST : NEARLY_FAST);
    if (fast) {
        grat__shift found;
        double common = take_shifts(p, n, weight, unit);
        double noise = in_x.noise / fabs(p->x->high - p->x->low);
        fit(p, n, noise, &found);
        if (n > 1) found.var_lag += common;
        fast = speed < FAST || noise < QUIET;
        if (fast) *shift = found;
    }
    free(in_x.e);
    free(in_y.e);
    free(p);
    free(table);
    return fast;
}
