/* ScopeThing's calibration: the clock, 0 V and 3.3 V, is measured at many settings of the two DACs. Where the lower is
 * at a third and the upper at two thirds no current flows in them, so that the range is exactly the middle third of the
 * span; all other settings are compared with that. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wait.h"
#include "scope/drv/bitscope/bitscope.h"

#define CLOCK_HZ 2000
#define CLOCK_VOLTS 3.3
#define LOWEST 0.07
#define HIGHEST 0.88
#define MIDDLE 0.5
#define PERIOD 2e-3
#define SAMPLES 1000
#define ROUNDS 20            /* of reweighting */
#define FEWEST 8             /* points for a fit */

typedef struct reading {
    double zero, full;       /* fractions of the range; means of A and B */
    double apart;            /* what A is above B, likewise */
} reading;

typedef struct point {
    double lo, hi;           /* DACs */
    double l, h;             /* the range that they made, as fractions of the span */
    double apart;            /* volts */
} point;

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Medians of what is below and above the mean. False when it is no square wave. */
static bool levels(const grat_trace *t, size_t n, double *zero, double *full)
{
    const int16_t *raw = t->raw;
    double v[SAMPLES * 2], mean = 0;
    if (n > sizeof v / sizeof *v) n = sizeof v / sizeof *v;
    for (size_t i = 0; i < n; i++) {
        v[i] = (raw[i] + 32768) / 65536.0;
        mean += v[i] / (double)n;
    }
    qsort(v, n, sizeof *v, by_value);
    size_t low = 0;
    while (low < n && v[low] < mean) low++;
    if (low < n / 10 || low > n - n / 10) return false;
    *zero = v[low / 2];
    *full = v[low + (n - low) / 2];
    return true;
}

static grat_err measure(bs_scope *b, double lo, double hi, reading *out, bool *usable, grat_op *op)
{
    static const grat_request none = {.size = sizeof none};
    grat_record *r = NULL;
    double zero[2], full[2];
    b->dac_set = true;
    b->dac_lo = (uint16_t)grat__bs_fixed(lo, 16, false);
    b->dac_hi = (uint16_t)grat__bs_fixed(hi, 16, false);
    grat_err e = bs_acquire(b, &none, op);
    if (!e) e = bs_fetch(b, &none, &r, op);
    b->dac_set = false;
    if (!e) {
        *usable = levels(&r->trace[0], r->count, &zero[0], &full[0]) &&
                  levels(&r->trace[1], r->count, &zero[1], &full[1]);
        if (*usable)
            *out = (reading){.zero = (zero[0] + zero[1]) / 2, .full = (full[0] + full[1]) / 2,
                             .apart = (zero[0] - zero[1] + full[0] - full[1]) / 2};
    }
    grat_record_unref(r);
    return e;
}

/* ---- the fit -------------------------------------------------------------------------------------------- */

/* y = a u + b v through the neutral point, least squares with weights. */
static void two(const double s[5], double *a, double *b)
{
    double det = s[0] * s[2] - s[1] * s[1];
    *a = det > 0 ? (s[3] * s[2] - s[4] * s[1]) / det : 1;
    *b = det > 0 ? (s[4] * s[0] - s[3] * s[1]) / det : 0;
}

typedef struct sums {
    double lo[5], hi[5];       /* uu uv vv uy vy */
    double lo_one[2], hi_one[2]; /* for the one unknown that is left when the constant is 0 */
} sums;

static void add(double s[5], double u, double v, double y, double w)
{
    s[0] += w * u * u, s[1] += w * u * v, s[2] += w * v * v, s[3] += w * u * y, s[4] += w * v * y;
}

static sums sum_up(const point *p, unsigned n, const bs_params *now)
{
    sums s = {0};
    for (unsigned i = 0; i < n; i++) {
        double x = p[i].l - 1.0 / 3, y = p[i].h - 2.0 / 3, dlo = p[i].lo - 1.0 / 3, dhi = p[i].hi - 2.0 / 3;
        double off = hypot(dlo - now->la * x - now->lb * y, dhi - now->ha * y - now->hb * x);
        double w = 1 / fmax(off, 1e-5); /* the mean distance counts, not its square */
        add(s.lo, x, y, dlo, w);
        add(s.hi, y, x, dhi, w);
        double u = y - 2 * x, v = x - 2 * y;
        s.lo_one[0] += w * u * u, s.lo_one[1] += w * u * (dlo - x);
        s.hi_one[0] += w * v * v, s.hi_one[1] += w * v * (dhi - y);
    }
    return s;
}

static void constants(bs_params *p)
{
    p->lc = 1.0 / 3 - p->la / 3 - 2 * p->lb / 3;
    p->hc = 2.0 / 3 - 2 * p->ha / 3 - p->hb / 3;
    if (fabs(p->lc) < 1e-12) p->lc = 0;
    if (fabs(p->hc) < 1e-12) p->hc = 0;
}

/* Bounds: la, ha >= 1; lb, hb <= 0; lc >= 0; hc <= 0. */
static void fit_planes(const point *p, unsigned n, bs_params *out)
{
    *out = (bs_params){.plane = true, .la = 1, .ha = 1};
    for (unsigned i = 0; i < ROUNDS; i++) {
        sums s = sum_up(p, n, out);
        two(s.lo, &out->la, &out->lb);
        two(s.hi, &out->ha, &out->hb);
        constants(out);
        if (out->lc < 0) {
            out->lb = fmin(s.lo_one[0] > 0 ? s.lo_one[1] / s.lo_one[0] : 0, 0);
            out->la = 1 - 2 * out->lb;
        }
        if (out->hc > 0) {
            out->hb = fmin(s.hi_one[0] > 0 ? s.hi_one[1] / s.hi_one[0] : 0, 0);
            out->ha = 1 - out->hb / 2;
        }
        out->la = fmax(out->la, 1), out->ha = fmax(out->ha, 1);
        out->lb = fmin(out->lb, 0), out->hb = fmin(out->hb, 0);
        constants(out);
    }
}

/* The voltages that need the DACs' ends. */
static void safe_range(bs_params *p)
{
    double a = LOWEST - p->lc, b = HIGHEST - p->hc, det = p->la * p->ha - p->lb * p->hb;
    double l = (a * p->ha - p->lb * b) / det, h = (p->la * b - p->hb * a) / det;
    p->safe_low = l * p->scale + p->offset;
    p->safe_high = h * p->scale + p->offset;
}

/* ---- the procedure ----------------------------------------------------------------------------------------- */

static void say(const grat_calibration *k, unsigned done, unsigned total)
{
    if (k->progress) k->progress(k->user, done, total);
}

static grat_err neutral(bs_scope *b, bs_params *p, grat_op *op)
{
    reading r = {0};
    bool usable = false;
    grat_err e = measure(b, 1.0 / 3, 2.0 / 3, &r, &usable, op);
    if (e) return e;
    /* The clock, seen in the middle third, is 0.54 of the range high. */
    if (!usable || r.full - r.zero < 0.3)
        return grat_op_fail(op, GRAT_ENODATA, "calibration: the clock is not seen on A and B; connect L5 to both");
    double zero = (r.zero + 1) / 3, full = (r.full + 1) / 3;
    p->scale = CLOCK_VOLTS / (full - zero);
    p->offset = -zero * p->scale;
    return GRAT_OK;
}

static grat_err grid(bs_scope *b, const grat_calibration *k, const bs_params *p, point *points, unsigned *n,
                     grat_op *op)
{
    unsigned side = k->steps;
    for (unsigned i = 0; i < side * side; i++) {
        double lo = LOWEST + (MIDDLE - LOWEST) * (i / side) / side;
        double hi = HIGHEST - (HIGHEST - MIDDLE) * (i % side) / side;
        reading r = {0};
        bool usable = false;
        grat_err e = measure(b, lo, hi, &r, &usable, op);
        if (e) return e;
        say(k, i + 1, side * side);
        if (!usable || !(r.zero > 0.01 && r.zero < r.full && r.full < 0.99)) continue;
        double range = CLOCK_VOLTS / (r.full - r.zero), low = -r.zero * range;
        points[(*n)++] = (point){.lo = lo, .hi = hi, .l = bs_fraction(p, low), .h = bs_fraction(p, low + range),
                                 .apart = r.apart * range};
    }
    return GRAT_OK;
}

static grat_err run_all(bs_scope *b, const grat_calibration *k, bs_params *out, grat_op *op)
{
    unsigned n = 0;
    bs_params first = bs_vendor_params;
    point *points = calloc((size_t)k->steps * k->steps, sizeof *points);
    if (!points) return grat_op_fail(op, GRAT_ENOMEM, "calibration: out of memory");
    grat_err e = neutral(b, &first, op);
    if (!e) e = grid(b, k, &first, points, &n, op);
    if (!e && n < FEWEST) e = grat_op_fail(op, GRAT_ENODATA, "calibration: only %u settings show the whole clock", n);
    if (!e) {
        fit_planes(points, n, out);
        out->scale = first.scale;
        out->offset = first.offset;
        safe_range(out);
        for (unsigned i = 0; i < n; i++) out->ab_offset += points[i].apart / n;
    }
    free(points);
    return e;
}

static void two_channels(grat_settings *s)
{
    for (unsigned i = 0; i < BS_ANALOG; i++) s->channel[i].enabled = true;
    memset(s->digital, 0, sizeof s->digital);
    s->digital_on = false;
    s->timebase = PERIOD / BS_DIVISIONS;
    s->delay = PERIOD / 2;
    s->depth = SAMPLES;
    s->sweep = GRAT_SWEEP_NORMAL;
    snprintf(s->trigger_type, sizeof s->trigger_type, "none");
}

grat_err bs_calibrate(void *p, const grat_calibration *k, grat_op *op)
{
    bs_scope *b = p;
    bs_params got;
    grat_generator clock = {.size = sizeof clock, .wave = GRAT_WAVE_CLOCK, .frequency = CLOCK_HZ, .symmetry = 0.5}, ran;
    grat_settings before = b->set;
    if (k->steps < 4 || k->steps > 64) return grat_op_fail(op, GRAT_ERANGE, "calibration: 4 to 64 steps a side");
    grat_err e = bs_generator_set(b, &clock, &ran, op);
    if (e) return e;
    two_channels(&b->set);
    e = run_all(b, k, &got, op);
    b->set = before;
    grat_op kept = *op, grace;
    grat_op_init(&grace, 2000, NULL);
    clock.wave = GRAT_WAVE_OFF;
    if (bs_cancel(b, &grace)) grace.err = GRAT_OK; /* none was running */
    grat_err off = bs_generator_set(b, &clock, &ran, &grace);
    *op = kept;
    if (e) return e;
    if (off) return grat__op_adopt(op, &grace);
    b->params = got;
    e = bs_params_save(grat_session_resource(b->s), &got, b->params_from, sizeof b->params_from, op);
    return e;
}
