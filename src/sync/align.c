/* Where two records show the same signal.
 *
 * Both are cut into segments. In one of them, at the trigger, the shift is looked for everywhere (normalised
 * correlation, by Fourier transform); from there outwards it is followed, so that clocks of different rates are no
 * harm. In each segment the fraction of a sample is where the correlation of the band-limited signals has its top:
 * Newton's method on sum W |C| cos(phase + w t), C the cross spectrum (Knapp and Carter, IEEE Trans. ASSP 24 (1976)
 * 320). W leaves out what is no more than noise. At the top the imaginary parts of C are noise alone; they give the
 * variance. A straight line through the shifts gives the lag at the trigger and the rate. */
#include "sync/sync_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MOST_SEGMENTS 64
#define LEAST_LENGTH 64
#define MOST_LENGTH 16384
#define LEAST_LIKENESS 0.7       /* normalised correlation below which there is no common signal */
#define SAME_PEAK 0.05           /* peaks that differ by less are alike … */
#define DIP 0.2                  /* … and are two when the correlation falls by so much in between */
#define SEARCH_RATE 400e-6
#define TAPER 0.1                /* part of a segment at each end that fades */
#define STEEP 3                  /* samples on each side by which edges are seen */
#define OUTSTANDING 4.0          /* an edge is so many times steeper than half of all places; one is twice that */
#define GUARD 6.0                /* samples beside an edge that count whole … */
#define FADE 16.0                /* … and those beyond which nothing does */
#define NEWTON_STEPS 8
#define REFINEMENTS 6
#define BANDS 16
#define SURE_95 1.96

/* One channel as volts. */
typedef struct wave {
    double *v;
    size_t n;
    double t0, dt;               /* of v[0]; seconds from the trigger */
} wave;

typedef struct segment {
    size_t at;                   /* in the reference */
    double centre;               /* samples of the reference from its trigger */
    double shift, variance;      /* samples, samples^2 */
    double likeness;
    bool good;
} segment;

typedef struct work {
    wave x, y;
    size_t length;
    grat__complex *f;            /* 4 * length */
    double *sum, *squares;       /* of y, running; y.n + 1 */
    double *window, *steep, *sorted, *near; /* of the segment in work; length each */
    double thin;
    segment part[MOST_SEGMENTS];
    unsigned parts;
    double shared;               /* how many segments have each sample, when they overlap */
    double period;               /* samples */
} work;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- preparation ------------------------------------------------------------------------------------- */

static const grat_trace *find_trace(const grat_record *r, const char *channel)
{
    for (unsigned i = 0; i < r->traces; i++)
        if (strcasecmp(r->trace[i].name, channel) == 0) return &r->trace[i];
    return NULL;
}

static grat_err take_wave(const grat_record *r, const char *channel, wave *out, grat_op *op)
{
    const grat_trace *t = find_trace(r, channel);
    if (!t) return grat_op_fail(op, GRAT_EINVAL, "align: no channel %.20s in this record; is it switched on?", channel);
    if (r->count < LEAST_LENGTH || !(r->dt > 0))
        return grat_op_fail(op, GRAT_ENODATA, "align: %zu samples are too few, at least %d are wanted", r->count,
                            LEAST_LENGTH);
    out->v = malloc(r->count * sizeof *out->v);
    if (!out->v) return grat_op_fail(op, GRAT_ENOMEM, "align: out of memory");
    out->n = r->count;
    out->dt = r->dt;
    out->t0 = r->t0 + (double)r->first * r->dt + t->skew;
    grat_trace_values(t, 0, r->count, out->v);
    return GRAT_OK;
}

/* Brings y to the sampling of x, when it has another. */
static grat_err same_sampling(const wave *x, wave *y, grat_op *op)
{
    double ratio = x->dt / y->dt;
    if (fabs(ratio - 1) < 1e-12) return GRAT_OK;
    size_t n = (size_t)((double)(y->n - 1) / ratio) + 1;
    double *v = n >= LEAST_LENGTH ? malloc(n * sizeof *v) : NULL;
    if (n < LEAST_LENGTH)
        return grat_op_fail(op, GRAT_ENODATA, "align: the record is too short beside the reference's sampling");
    if (!v) return grat_op_fail(op, GRAT_ENOMEM, "align: out of memory");
    for (size_t i = 0; i < n; i++) v[i] = grat__interpolate(y->v, y->n, (double)i * ratio);
    free(y->v);
    y->v = v;
    y->n = n;
    y->dt = x->dt;
    return GRAT_OK;
}

static void free_work(work *w)
{
    free(w->x.v);
    free(w->y.v);
    free(w->f);
    free(w->sum);
    free(w->squares);
    free(w->window);
}

/* Overlapping a little, so that no edge falls between two; the ends stay free, because y may be shifted. */
static void place_segments(work *w)
{
    size_t margin = w->x.n / 16, room = w->x.n - 2 * margin - w->length;
    double spacing = 0.8 * (double)w->length, most = 1 + ceil((double)room / spacing);
    w->parts = most < MOST_SEGMENTS ? (unsigned)most : MOST_SEGMENTS;
    if (w->parts > 1) spacing = (double)room / (w->parts - 1);
    w->shared = fmax(1, (double)w->length / spacing);
    for (unsigned i = 0; i < w->parts; i++) {
        size_t at = margin + (size_t)(spacing * i);
        double centre = (double)at + ((double)w->length - 1) / 2 + w->x.t0 / w->x.dt;
        w->part[i] = (segment){.at = at, .centre = centre};
    }
}

static grat_err prepare(work *w, grat_op *op)
{
    size_t n = w->x.n < w->y.n ? w->x.n : w->y.n;
    w->length = LEAST_LENGTH / 2;
    while (w->length * 2 <= MOST_LENGTH && w->length * 4 <= n) w->length *= 2;
    w->f = malloc(4 * w->length * sizeof *w->f);
    w->sum = malloc((w->y.n + 1) * sizeof *w->sum);
    w->squares = malloc((w->y.n + 1) * sizeof *w->squares);
    w->window = malloc(4 * w->length * sizeof *w->window);
    if (!w->f || !w->sum || !w->squares || !w->window) return grat_op_fail(op, GRAT_ENOMEM, "align: out of memory");
    w->steep = w->window + w->length, w->sorted = w->steep + w->length, w->near = w->sorted + w->length;
    double mean = 0;
    for (size_t i = 0; i < w->y.n; i++) mean += w->y.v[i] / (double)w->y.n;
    w->sum[0] = w->squares[0] = 0;
    for (size_t i = 0; i < w->y.n; i++) {
        w->y.v[i] -= mean;
        w->sum[i + 1] = w->sum[i] + w->y.v[i];
        w->squares[i + 1] = w->squares[i] + w->y.v[i] * w->y.v[i];
    }
    place_segments(w);
    return GRAT_OK;
}

static double mean_of(const double *v, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += v[i];
    return sum / (double)n;
}

static double energy_of(const double *v, size_t n)
{
    double mean = mean_of(v, n), sum = 0;
    for (size_t i = 0; i < n; i++) sum += (v[i] - mean) * (v[i] - mean);
    return sum;
}

/* ---- whole samples ----------------------------------------------------------------------------------- */

/* Energy of y's segment at `at` about its mean. */
static double energy_at(const work *w, size_t at)
{
    double sum = w->sum[at + w->length] - w->sum[at];
    return w->squares[at + w->length] - w->squares[at] - sum * sum / (double)w->length;
}

/* Normalised correlation of x's segment with y's at each of `count` places from `from` on, into w->f[].re. */
static void correlate(work *w, const segment *s, size_t from, size_t count)
{
    size_t n = 4 * w->length;
    double mean = mean_of(w->x.v + s->at, w->length), energy = energy_of(w->x.v + s->at, w->length);
    memset(w->f, 0, n * sizeof *w->f);
    /* Both real signals in one transform: f = x + i y; X = (F(k) + F*(-k)) / 2, Y = (F(k) - F*(-k)) / 2i. */
    for (size_t i = 0; i < w->length; i++) w->f[i].re = w->x.v[s->at + i] - mean;
    for (size_t i = 0; i < count + w->length - 1; i++) w->f[i].im = w->y.v[from + i];
    grat__fft(w->f, n, -1);
    for (size_t k = 0; k <= n / 2; k++) {
        grat__complex a = w->f[k], b = w->f[(n - k) % n];
        grat__complex x = {(a.re + b.re) / 2, (a.im - b.im) / 2}, y = {(a.im + b.im) / 2, (b.re - a.re) / 2};
        grat__complex c = {x.re * y.re + x.im * y.im, x.re * y.im - x.im * y.re};
        w->f[k] = c;
        w->f[(n - k) % n] = (grat__complex){c.re, -c.im};
    }
    grat__fft(w->f, n, 1);
    for (size_t i = 0; i < count; i++) {
        double norm = sqrt(energy * fmax(energy_at(w, from + i), 0));
        w->f[i].re = norm > 0 ? w->f[i].re / (double)n / norm : 0;
    }
}

/* The height of a top between the samples, by a parabola; of what is no top its own. */
static double height(const grat__complex *f, size_t count, size_t i)
{
    if (i == 0 || i + 1 >= count) return f[i].re;
    double left = f[i - 1].re, right = f[i + 1].re, v = f[i].re, bend = 2 * v - left - right;
    if (v < left || v < right || bend <= 0) return v;
    return v + (right - left) * (right - left) / (8 * bend);
}

/* The top of the peak nearest to `expected` among those that are as high as the highest; *period is how far it is to
 * the next of them, 0 when there is only one. */
static size_t nearest_peak(const grat__complex *f, size_t count, double expected, double *period)
{
    double best = 0, near = INFINITY, last_at = -1;
    size_t chosen = 0, top = 0;
    bool inside = false;
    *period = 0;
    for (size_t i = 0; i < count; i++) best = fmax(best, height(f, count, i));
    for (size_t i = 0; i <= count; i++) {
        double v = i < count ? f[i].re : -1;
        if (i < count && height(f, count, i) >= best - SAME_PEAK && (!inside || v > f[top].re)) {
            top = i;
            inside = true;
        }
        if (!inside || v > best - DIP) continue;
        inside = false;
        if (last_at >= 0 && (*period <= 0 || (double)top - last_at < *period)) *period = (double)top - last_at;
        last_at = (double)top;
        if (fabs((double)top - expected) >= near) continue;
        near = fabs((double)top - expected);
        chosen = top;
    }
    return chosen;
}

/* Looks for the segment within `reach` samples of where `shift` expects it. False when y does not reach so far. */
static bool find(work *w, segment *s, double shift, double reach, double *period)
{
    double first = ceil((double)s->at + shift - reach), last = floor((double)s->at + shift + reach);
    if (first < 0) first = 0;
    if (last > (double)(w->y.n - w->length)) last = (double)(w->y.n - w->length);
    if (last < first) return false;
    if (last - first > 3.0 * (double)w->length) return false;
    size_t from = (size_t)first, count = (size_t)(last - first) + 1;
    correlate(w, s, from, count);
    size_t peak = nearest_peak(w->f, count, (double)s->at + shift - first, period);
    s->likeness = w->f[peak].re;
    s->shift = first + (double)peak - (double)s->at;
    return s->likeness >= fmax(LEAST_LIKENESS, 5 / sqrt((double)w->length));
}

/* ---- fractions of a sample --------------------------------------------------------------------------- */

/* How much the reference rises or falls around i. */
static double steepness(const double *v, size_t i)
{
    double sum = 0;
    for (size_t k = 1; k <= STEEP; k++) sum += v[i + k] - v[i - k];
    return fabs(sum);
}

/* What of the segment counts, 0 … 1: all of it, fading at the ends; where it is flat but for some edges, those. Sets
 * how much less noise is averaged than by a full one. */
static void make_window(work *w, const segment *s)
{
    size_t n = w->length;
    const double *v = w->x.v + s->at;
    double most = 0, sum = 0, usual;
    for (size_t i = 0; i < n; i++) {
        double edge = TAPER * (double)n, at = (double)(i < n - 1 - i ? i : n - 1 - i) + 0.5;
        w->window[i] = at >= edge ? 1 : 0.5 - 0.5 * cos(M_PI * at / edge);
        w->steep[i] = i < STEEP || i + STEEP >= n ? 0 : steepness(v, i);
        w->sorted[i] = w->steep[i];
        most = fmax(most, w->steep[i]);
    }
    qsort(w->sorted, n, sizeof *w->sorted, by_size);
    usual = w->sorted[n / 2];
    if (most > 2 * OUTSTANDING * usual) {
        double far = FADE;               /* samples since the last edge */
        for (size_t i = 0; i < n; i++) {
            far = w->steep[i] > OUTSTANDING * usual ? 0 : far + 1;
            w->near[i] = far;
        }
        far = FADE;
        for (size_t i = n; i-- > 0;) {
            far = w->steep[i] > OUTSTANDING * usual ? 0 : far + 1;
            double d = (fmin(far, w->near[i]) - GUARD) / (FADE - GUARD);
            w->window[i] *= d <= 0 ? 1 : d >= 1 ? 0 : 0.5 + 0.5 * cos(M_PI * d);
        }
    }
    for (size_t i = 0; i < n; i++) sum += w->window[i] * w->window[i];
    w->thin = (double)n / sum;
}

/* The cross spectrum of the segment and y's at a whole shift, into w->f[k], 0 < k < length / 2; what each has alone,
 * |X|^2 and |Y|^2, into w->f[length - k]. */
static void cross_spectrum(work *w, const segment *s, double at)
{
    size_t n = w->length;
    double mean_x = 0, mean_y = 0, sum = 0;
    for (size_t i = 0; i < n; i++) {
        w->f[i] = (grat__complex){w->x.v[s->at + i], grat__interpolate(w->y.v, w->y.n, at + (double)i)};
        mean_x += w->window[i] * w->f[i].re;
        mean_y += w->window[i] * w->f[i].im;
        sum += w->window[i];
    }
    mean_x /= sum, mean_y /= sum;
    for (size_t i = 0; i < n; i++) {
        double k = w->window[i];
        w->f[i] = (grat__complex){(w->f[i].re - mean_x) * k, (w->f[i].im - mean_y) * k};
    }
    grat__fft(w->f, n, -1);
    for (size_t k = 1; k < n / 2; k++) {
        grat__complex a = w->f[k], b = w->f[n - k];
        grat__complex x = {(a.re + b.re) / 2, (a.im - b.im) / 2}, y = {(a.im + b.im) / 2, (b.re - a.re) / 2};
        w->f[k] = (grat__complex){x.re * y.re + x.im * y.im, x.re * y.im - x.im * y.re};
        w->f[n - k] = (grat__complex){x.re * x.re + x.im * x.im, y.re * y.re + y.im * y.im};
    }
}

/* What the quietest part of the band has: noise, or a signal that is everywhere alike. */
static double floor_of(const work *w)
{
    size_t half = w->length / 2, band = half / BANDS ? half / BANDS : 1;
    double least = INFINITY;
    for (size_t from = 1; from + band <= half; from += band) {
        double sum = 0;
        for (size_t k = from; k < from + band; k++) sum += hypot(w->f[k].re, w->f[k].im);
        if (sum / (double)band < least) least = sum / (double)band;
    }
    return least;
}

typedef struct top {
    double slope, curve;         /* of the correlation at t */
    double noise;                /* variance of the slope, by the imaginary parts */
    double white;                /* the same, by what is left of y without x when that is alike at all frequencies */
} top;

static top look_at(const work *w, double t, double low)
{
    size_t half = w->length / 2;
    top o = {0};
    double xx = 0, yy = 0, xy = 0, spread = 0;
    for (size_t k = 1; k < half; k++) {
        double omega = 2 * M_PI * (double)k / (double)w->length, size = hypot(w->f[k].re, w->f[k].im);
        double weight = size + low > 0 ? size / (size + low) : 0;
        weight *= weight * omega;
        double c = cos(omega * t), d = sin(omega * t);
        double re = w->f[k].re * c - w->f[k].im * d, im = w->f[k].re * d + w->f[k].im * c;
        const grat__complex *alone = &w->f[w->length - k];
        o.slope -= weight * im;
        o.curve += weight * omega * re;
        o.noise += weight * im * weight * im;
        spread += weight * weight * alone->re;
        xx += alone->re, yy += alone->im, xy += re;
    }
    double gain = xx > 0 ? xy / xx : 0, left = fmax(yy - gain * xy, 0) / (double)half;
    o.white = spread * left / 2;
    return o;
}

/* The top of the correlation between the samples; false when there is none. */
static bool refine_once(work *w, segment *s, double at, double *fraction)
{
    double t = 0;
    top o = {0};
    cross_spectrum(w, s, at);
    double low = 4 * floor_of(w);
    for (unsigned step = 0; step < NEWTON_STEPS; step++) {
        o = look_at(w, t, low);
        if (!(o.curve > 0)) return false;
        double move = o.slope / o.curve;
        t += fmax(-0.5, fmin(0.5, move));
        if (fabs(move) < 1e-6) break;
    }
    *fraction = t;
    s->variance = w->thin * w->shared * fmax(o.noise, o.white) / (o.curve * o.curve);
    return fabs(t) <= 2 && isfinite(s->variance);
}

/* Until nothing is left to move: a window that cuts both alike is no harm only then. */
static bool refine(work *w, segment *s)
{
    double fraction = 1;
    make_window(w, s);
    for (unsigned again = 0; again < REFINEMENTS && fabs(fraction) > 0.02; again++) {
        double at = (double)s->at + s->shift;
        if (at < 0 || at > (double)(w->y.n - w->length) || !refine_once(w, s, at, &fraction)) return false;
        s->shift += fraction;
    }
    return fabs(fraction) < 0.5;
}

/* ---- all segments -------------------------------------------------------------------------------------- */

/* The next segment to begin with: those where much happens first, of them the nearest to the trigger. -1: no more. */
static int begin_at(const work *w, const bool tried[MOST_SEGMENTS])
{
    double most = 0, energy[MOST_SEGMENTS];
    int best = -1;
    for (unsigned i = 0; i < w->parts; i++) {
        energy[i] = tried[i] ? 0 : energy_of(w->x.v + w->part[i].at, w->length);
        most = fmax(most, energy[i]);
    }
    for (int i = 0; i < (int)w->parts; i++) {
        if (tried[i] || energy[i] < most / 4) continue;
        if (best < 0 || fabs(w->part[i].centre) < fabs(w->part[best].centre)) best = i;
    }
    return best;
}

typedef struct line {
    double shift, rate;          /* at the trigger; samples, samples a sample */
    double var_shift, var_rate;
} line;

/* Weighted least squares; the rate is known beforehand to be small. */
static line fit(const work *w)
{
    double a = 0, b = 0, c = 0, d = 0, e = 0, chi = 0;
    unsigned n = 0;
    for (unsigned i = 0; i < w->parts; i++) {
        const segment *s = &w->part[i];
        if (!s->good) continue;
        double weight = 1 / (s->variance + 1e-12);
        a += weight, b += weight * s->centre, c += weight * s->centre * s->centre;
        d += weight * s->shift, e += weight * s->centre * s->shift;
        n++;
    }
    c += 1 / (GRAT__USUAL_RATE * GRAT__USUAL_RATE);
    double det = a * c - b * b;
    line l = {.shift = (c * d - b * e) / det, .rate = (a * e - b * d) / det, .var_shift = c / det, .var_rate = a / det};
    for (unsigned i = 0; i < w->parts; i++) {
        const segment *s = &w->part[i];
        double miss = s->shift - l.shift - l.rate * s->centre;
        if (s->good) chi += miss * miss / (s->variance + 1e-12);
    }
    double scale = n > 2 ? fmax(1, chi / (n - 2)) : 1;
    l.var_shift *= scale, l.var_rate *= scale;
    return l;
}

/* From segment `from` in one direction; each is expected where the line through the others leads. */
static void follow(work *w, unsigned from, int step)
{
    double known = w->part[from].centre, none;
    for (int i = (int)from + step; i >= 0 && i < (int)w->parts; i += step) {
        segment *s = &w->part[i];
        line l = fit(w);
        double reach = 2 + SEARCH_RATE * fabs(s->centre - known);
        s->good = find(w, s, l.shift + l.rate * s->centre, reach, &none) && refine(w, s);
        if (s->good) known = s->centre;
    }
}

static grat_err run(work *w, grat_op *op)
{
    bool tried[MOST_SEGMENTS] = {false};
    double expected = (w->x.t0 - w->y.t0) / w->x.dt, reach = 1.5 * (double)w->length, likeness = 0;
    for (int from; (from = begin_at(w, tried)) >= 0;) {
        segment *s = &w->part[from];
        tried[from] = true;
        s->good = find(w, s, expected, reach, &w->period) && refine(w, s);
        likeness = fmax(likeness, s->likeness);
        if (!s->good) continue;
        follow(w, (unsigned)from, 1);
        follow(w, (unsigned)from, -1);
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_ENODATA, "align: the records show no common signal (correlation %.2f); do both "
                        "channels see it?", likeness);
}

grat_err grat_align(const grat_record *reference, const grat_record *record, const char *channel, grat_op *op,
                    grat_alignment *out)
{
    work w = {0};
    grat_err e = take_wave(reference, channel, &w.x, op);
    if (!e) e = take_wave(record, channel, &w.y, op);
    if (!e) e = same_sampling(&w.x, &w.y, op);
    if (!e) e = prepare(&w, op);
    if (!e) e = run(&w, op);
    if (!e) {
        line l = fit(&w);
        double likeness = 0;
        for (unsigned i = 0; i < w.parts; i++)
            if (w.part[i].good) likeness = fmax(likeness, w.part[i].likeness);
        *out = (grat_alignment){
            .size = sizeof *out,
            .lag = w.y.t0 - w.x.t0 + l.shift * w.x.dt,
            .lag_uncertainty = SURE_95 * sqrt(l.var_shift) * w.x.dt,
            .rate = l.rate,
            .rate_uncertainty = SURE_95 * sqrt(l.var_rate),
            .period = w.period * w.x.dt,
            .likeness = likeness,
        };
    }
    free_work(&w);
    return e;
}
