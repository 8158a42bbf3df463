/* Where two records show the same signal.
 *
 * Both are cut into segments. In one of them, at the trigger, the shift is looked for everywhere (normalised
 * correlation, by Fourier transform); from there outwards it is followed, so that clocks of different rates are no
 * harm. In each segment the fraction of a sample comes by least squares: what is left between the two, over the slope
 * of their mean (Lucas and Kanade, IJCAI 1981, 674), where there is a slope and of the frequencies that make the result
 * most certain. A straight line through the shifts gives the lag at the trigger and the rate.
 *
 * With noise of variance s^2 in both no method without a bias stays below sqrt(2 s^2 / sum of the squared slope of a
 * sample), the Cramer-Rao bound; a single edge that is neither faster than the sampling nor slower than the segment is
 * found within 1.15 times that at 20 dB. Faster ones: edges.c. */
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
#define OUTSTANDING 4.0          /* so many times the noise's energy is a slope */
#define SMOOTH 16                /* samples over which a slope in noise is looked for … */
#define MARKED 0.4               /* … and how much of the steepest counts */
#define REACH 3                  /* samples on each side, at least, by which a slope is judged */
#define LEAST_BAND 8
#define PASS_ALL 0.75            /* what of a band passes whole … */
#define PASS_NONE 1.25           /* … and beyond what nothing does */
#define BAND_STEP 1.3
#define MOST_BAND 0.9            /* of what the sampling has; the rest is as much another frequency */
#define CHOSEN 1.3               /* the best of several bands looks better than it is: so much in the variance */
#define LEAST_REST 0.1           /* of a sample that makes the result by itself */
#define REFINEMENTS 8
#define STILL 0.005              /* samples: it no longer moves */
#define SURE_95 1.96

typedef struct segment {
    size_t at;                   /* in the reference */
    double centre;               /* of what counts in it; samples of the reference from its trigger */
    double shift, variance;      /* samples, samples^2 */
    double likeness;
    bool good;
} segment;

typedef struct work {
    grat__wave x, y;
    grat__wave own;              /* y as it was sampled, where that is not y */
    size_t length;
    grat__complex *f;            /* 4 * length */
    double *sum, *squares;       /* of y, running; y.n + 1 */
    grat__complex *pair;         /* x and y around the segment in work; 2 * length */
    bool *edge;                  /* where it counts; length */
    double gain;                 /* of y over x */
    double window_energy;
    double middle;               /* of the slopes in the segment in work, samples from its first */
    size_t band;                 /* the frequencies that count: so many steps of 1 / (2 length); 0: not known yet */
    bool choosing;
    segment part[MOST_SEGMENTS];
    unsigned parts;
    double shared;               /* how many segments have each sample, when they overlap */
    double period;               /* samples */
} work;

/* ---- preparation ------------------------------------------------------------------------------------- */

static const grat_trace *find_trace(const grat_record *r, const char *channel)
{
    for (unsigned i = 0; i < r->traces; i++)
        if (strcasecmp(r->trace[i].name, channel) == 0) return &r->trace[i];
    /* What a scope calls CH1 or CHAN1 is 1 here. */
    size_t letters = strcspn(channel, "0123456789");
    if (letters && channel[letters] && strncasecmp(channel, "channel", letters) == 0)
        return find_trace(r, channel + letters);
    return NULL;
}

static grat_err take_wave(const grat_record *r, const char *channel, grat__wave *out, grat_op *op)
{
    const grat_trace *t = find_trace(r, channel);
    if (!t) return grat_op_fail(op, GRAT_EINVAL, "align: no channel %.20s in this record, but %.15s …; is it "
                             "switched on?", channel, r->traces ? r->trace[0].name : "none");
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
static grat_err same_sampling(work *w, grat_op *op)
{
    const grat__wave *x = &w->x;
    grat__wave *y = &w->y;
    double ratio = x->dt / y->dt;
    if (fabs(ratio - 1) < 1e-12) return GRAT_OK;
    size_t n = (size_t)((double)(y->n - 1) / ratio) + 1;
    double *v = n >= LEAST_LENGTH ? malloc(n * sizeof *v) : NULL;
    if (n < LEAST_LENGTH)
        return grat_op_fail(op, GRAT_ENODATA, "align: the record is too short beside the reference's sampling");
    if (!v) return grat_op_fail(op, GRAT_ENOMEM, "align: out of memory");
    for (size_t i = 0; i < n; i++) v[i] = grat__interpolate(y->v, y->n, (double)i * ratio);
    w->own = *y;
    y->v = v;
    y->n = n;
    y->dt = x->dt;
    return GRAT_OK;
}

static void free_work(work *w)
{
    free(w->x.v);
    free(w->y.v);
    free(w->own.v);
    free(w->f);
    free(w->sum);
    free(w->squares);
    free(w->pair);
    free(w->edge);
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
    w->pair = malloc(2 * w->length * sizeof *w->pair);
    w->edge = malloc(w->length * sizeof *w->edge);
    if (!w->f || !w->sum || !w->squares || !w->pair || !w->edge)
        return grat_op_fail(op, GRAT_ENOMEM, "align: out of memory");
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

/* Where x has a slope, over SMOOTH samples, and around it; into w->edge. Gives how many samples that are. */
static size_t mark_slopes(work *w, const segment *s)
{
    const size_t n = w->length, m = SMOOTH;
    const double *v = w->x.v + s->at;
    double highest = 0, sum = 0;
    size_t marked = 0;
    memset(w->edge, 0, n * sizeof *w->edge);
    for (unsigned again = 0; again < 2; again++) {
        sum = 0;
        for (size_t i = 0; i < m; i++) sum += v[m + i] - v[i];
        for (size_t i = m; i + m < n; i++) {
            if (again && fabs(sum) > MARKED * highest) memset(w->edge + i - m, 1, 2 * m * sizeof *w->edge);
            highest = fmax(highest, fabs(sum));
            sum += v[i + m] - 2 * v[i] + v[i - m];
        }
    }
    for (size_t i = 0; i < n; i++) marked += w->edge[i];
    return marked;
}

/* How unlike the two are where the slopes are, y being moved by `shift`: -1 is alike. */
static double unlike(const work *w, const segment *s, double shift)
{
    const double *x = w->x.v + s->at, *y = w->y.v + (size_t)((double)s->at + shift);
    double sx = 0, sy = 0, xx = 0, yy = 0, xy = 0, n = 0;
    for (size_t i = 0; i < w->length; i++) {
        if (!w->edge[i]) continue;
        n++, sx += x[i], sy += y[i], xx += x[i] * x[i], yy += y[i] * y[i], xy += x[i] * y[i];
    }
    xx -= sx * sx / n, yy -= sy * sy / n, xy -= sx * sy / n;
    return xx > 0 && yy > 0 ? -xy / sqrt(xx * yy) : 0;
}

/* The noise of a long segment with few slopes moves the top of the correlation; where the slopes are it does not. */
static void settle(work *w, segment *s)
{
    double moved = sqrt(2 * (double)w->length) * (1 - s->likeness), best = INFINITY, shift = s->shift;
    if (moved < 0.5 || mark_slopes(w, s) > w->length / 2) return;
    double reach = ceil(2 + 2 * moved);
    for (double d = -reach; d <= reach; d++) {
        double at = (double)s->at + s->shift + d;
        if (at < 0 || at > (double)(w->y.n - w->length)) continue;
        double miss = unlike(w, s, s->shift + d);
        if (miss >= best) continue;
        best = miss;
        shift = s->shift + d;
    }
    s->shift = shift;
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
    settle(w, s);
    return s->likeness >= fmax(LEAST_LIKENESS, 5 / sqrt((double)w->length));
}

/* ---- fractions of a sample --------------------------------------------------------------------------- */

/* The segment and as much around it as it is long, of both, fading at the ends; into w->pair and, transformed, w->f. */
static void take_pair(work *w, const segment *s, double at)
{
    const size_t n = 2 * w->length, fade = w->length / 2;
    const double before = (double)(w->length / 2), last = (double)(w->x.n - 1);
    double x = 0, y = 0;
    for (size_t i = 0; i < n; i++) {
        double from = fmin(fmax((double)s->at - before + (double)i, 0), last);
        w->pair[i].re = w->x.v[(size_t)from];
        w->pair[i].im = grat__interpolate(w->y.v, w->y.n, at - before + (double)i);
        x += w->pair[i].re / (double)n, y += w->pair[i].im / (double)n;
    }
    w->window_energy = 0;
    for (size_t i = 0; i < n; i++) {
        size_t edge = i < n - 1 - i ? i : n - 1 - i;
        double k = edge >= fade ? 1 : 0.5 - 0.5 * cos(M_PI * ((double)edge + 0.5) / (double)fade);
        w->pair[i].re -= x, w->pair[i].im -= y;
        w->f[i] = (grat__complex){w->pair[i].re * k, w->pair[i].im * k};
        w->window_energy += k * k;
    }
    grat__fft(w->f, n, -1);
}

/* Both as the transform has them at k: f = x + i y. */
static void split(const work *w, size_t k, grat__complex *x, grat__complex *y)
{
    grat__complex a = w->f[k], b = w->f[2 * w->length - k];
    *x = (grat__complex){(a.re + b.re) / 2, (a.im - b.im) / 2};
    *y = (grat__complex){(a.im + b.im) / 2, (b.re - a.re) / 2};
}

/* Variance of a sample of (gain x - y): of all frequencies, or of those up to `band` when they have more. */
static double difference_noise(const work *w, size_t band)
{
    double all = 0, low = 0;
    grat__complex x, y;
    for (size_t k = 1; k < w->length; k++) {
        split(w, k, &x, &y);
        double re = w->gain * x.re - y.re, im = w->gain * x.im - y.im;
        all += re * re + im * im;
        if (k == band) low = all;
    }
    all /= (double)(w->length - 1);
    low = band >= LEAST_BAND ? low / (double)band : 0;
    return fmax(all, low) / w->window_energy;
}

/* Of the frequencies up to `band`, beyond it less. */
static double pass(size_t k, size_t band)
{
    double over = ((double)k / (double)band - PASS_ALL) / (PASS_NONE - PASS_ALL);
    return over <= 0 ? 1 : over >= 1 ? 0 : 0.5 + 0.5 * cos(M_PI * over);
}

/* The slopes of both, without the frequencies above the band, into the second half of w->f. Gives the mean square of
 * what this makes of white noise of variance 1. */
static double make_slopes(work *w, size_t band)
{
    const size_t n = 2 * w->length;
    grat__complex *slope = w->f + n;
    double sum = 0;
    slope[0] = slope[n / 2] = (grat__complex){0};
    for (size_t k = 1; k < n / 2; k++) {
        double h = M_PI * (double)k / (double)w->length * pass(k, band);
        slope[k] = (grat__complex){-h * w->f[k].im, h * w->f[k].re};
        slope[n - k] = (grat__complex){h * w->f[n - k].im, -h * w->f[n - k].re};
        sum += 2 * h * h;
    }
    grat__fft(slope, n, 1);
    for (size_t i = 0; i < n; i++) slope[i].re *= w->gain / (double)n, slope[i].im /= (double)n;
    return sum / (double)n;
}

/* Where the slope, over about a period of the band's end, is more than noise. Only there it tells anything. */
static void find_edges(work *w, size_t band, double noise)
{
    const size_t n = w->length, from = n / 2, period = REACH + n / band, reach = period < from ? period : from;
    const grat__complex *slope = w->f + 2 * n;
    double sum = 0;
    for (size_t i = 0; i < n + 2 * reach; i++) {
        const grat__complex *in = &slope[from + i - reach];
        sum += (in->re + in->im) * (in->re + in->im) / 4;
        if (i < 2 * reach) continue;
        w->edge[i - 2 * reach] = sum > OUTSTANDING * noise * (double)(2 * reach + 1);
        in = &slope[from + i - 2 * reach];
        sum -= (in->re + in->im) * (in->re + in->im) / 4;
    }
}

/* Variance of what is left of (gain x - y) where the slopes are, as far as it tells: more than elsewhere when they are
 * too fast for the sampling and fall between the samples in different ways. The share of a sample in the result is what
 * the fit takes from what is left of it (the jackknife; MacKinnon and White, J. Econometrics 29 (1985) 305). */
static double left_at_edges(const work *w, double fraction, double energy)
{
    const size_t from = w->length / 2;
    const grat__complex *slope = w->f + 2 * w->length + from, *pair = w->pair + from;
    double sum = 0;
    for (size_t i = 0; i < w->length; i++) {
        if (!w->edge[i]) continue;
        double mean = (slope[i].re + slope[i].im) / 2, share = mean * mean / energy;
        double left = (w->gain * pair[i].re - pair[i].im - fraction * mean) / fmax(1 - share, LEAST_REST);
        sum += left * left * share;
    }
    return sum;
}

/* By how much y is to be moved, and how certain that is: least squares of gain x - y over the mean slope of both. The
 * noise of the mean and that of the difference are independent; the product of the two slopes is free of noise in the
 * mean. False when there is no slope. */
static bool match(work *w, size_t band, double *fraction, double *variance)
{
    const size_t n = w->length, from = n / 2;
    const grat__complex *slope = w->f + 2 * n + from, *pair = w->pair + from;
    double noise = difference_noise(w, band), sum = 0, curve = 0, energy = 0, moment = 0;
    find_edges(w, band, make_slopes(w, band) * noise / 4);
    for (size_t i = 0; i < n; i++) {
        if (!w->edge[i]) continue;
        double mean = (slope[i].re + slope[i].im) / 2;
        sum += mean * (w->gain * pair[i].re - pair[i].im);
        curve += slope[i].re * slope[i].im;
        energy += mean * mean;
        moment += mean * mean * (double)i;
    }
    w->middle = energy > 0 ? moment / energy : 0;
    *fraction = curve > 0 ? sum / curve : 0;
    noise = fmax(noise, left_at_edges(w, *fraction, energy));
    *variance = CHOSEN * w->shared * noise * energy / (curve * curve);
    return curve > 0 && isfinite(*variance);
}

/* The band that makes this segment most certain. */
static void choose_band(work *w)
{
    double best = INFINITY, variance, none;
    w->band = 0;
    for (double k = MOST_BAND * (double)w->length / PASS_NONE; k >= 2; k /= BAND_STEP) {
        if (!match(w, (size_t)k, &none, &variance) || variance >= best) continue;
        best = variance;
        w->band = (size_t)k;
    }
}

static bool refine_once(work *w, segment *s, double at, double *fraction)
{
    double xx = 0, yy = 0;
    take_pair(w, s, at);
    for (size_t k = 1; k < w->length; k++) {
        grat__complex x, y;
        split(w, k, &x, &y);
        xx += x.re * x.re + x.im * x.im;
        yy += y.re * y.re + y.im * y.im;
    }
    if (!(xx > 0)) return false;
    w->gain = sqrt(yy / xx);
    if (!w->band || w->choosing) choose_band(w);
    if (!w->band || !match(w, w->band, fraction, &s->variance)) return false;
    double most = fmax(0.7, 0.35 * (double)w->length / (double)w->band);
    *fraction = fmax(-most, fmin(most, *fraction));
    return true;
}

/* Until it no longer moves, by much less than it is uncertain. The band is that of the first segment; it may change
 * only in the first steps, as the difference is free of the signal only behind them. */
static bool refine(work *w, segment *s, bool first)
{
    double fraction = 1, still = 0;
    for (unsigned again = 0; again < REFINEMENTS && fabs(fraction) > still; again++) {
        double at = (double)s->at + s->shift;
        w->choosing = first && again < REFINEMENTS / 2;
        if (at < 0 || at > (double)(w->y.n - w->length) || !refine_once(w, s, at, &fraction)) return false;
        s->shift += fraction;
        still = fmax(STILL, 0.1 * sqrt(s->variance));
    }
    s->centre = (double)s->at + w->middle + w->x.t0 / w->x.dt;
    return fabs(fraction) < fmax(0.5, sqrt(s->variance));
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
        s->good = find(w, s, l.shift + l.rate * s->centre, reach, &none) && refine(w, s, false);
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
        s->good = find(w, s, expected, reach, &w->period) && refine(w, s, true);
        likeness = fmax(likeness, s->likeness);
        if (!s->good) continue;
        follow(w, (unsigned)from, 1);
        follow(w, (unsigned)from, -1);
        return GRAT_OK;
    }
    if (likeness >= LEAST_LIKENESS)
        return grat_op_fail(op, GRAT_ENODATA, "align: the common signal (correlation %.2f) has no slope that stands "
                            "out of the noise; average, or show more of it", likeness);
    return grat_op_fail(op, GRAT_ENODATA, "align: the records show no common signal (correlation %.2f); do both "
                        "channels see it?", likeness);
}

grat_err grat_align(const grat_record *reference, const grat_record *record, const char *channel, grat_op *op,
                    grat_alignment *out)
{
    work w = {0};
    grat_err e = take_wave(reference, channel, &w.x, op);
    if (!e) e = take_wave(record, channel, &w.y, op);
    if (!e) e = same_sampling(&w, op);
    if (!e) e = prepare(&w, op);
    if (!e) e = run(&w, op);
    if (!e) {
        line l = fit(&w);
        double likeness = 0, dt = w.x.dt;
        grat__shift s = {w.y.t0 - w.x.t0 + l.shift * dt, l.rate, l.var_shift * dt * dt, l.var_rate};
        grat__align_edges(&w.x, w.own.v ? &w.own : &w.y, &s);
        for (unsigned i = 0; i < w.parts; i++)
            if (w.part[i].good) likeness = fmax(likeness, w.part[i].likeness);
        *out = (grat_alignment){
            .size = sizeof *out,
            .lag = s.lag,
            .lag_uncertainty = SURE_95 * sqrt(s.var_lag),
            .rate = s.rate,
            .rate_uncertainty = SURE_95 * sqrt(s.var_rate),
            .period = w.period * w.x.dt,
            .likeness = likeness,
        };
    }
    free_work(&w);
    return e;
}
