/* One time axis for several records. */
#include "sync/sync_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TAPS 8                   /* samples on each side */
/* Within so much of a sample it is the sample. */
#define ON_IT 1e-9

/* sum of v[k] sinc(at - k) under a Hann window: of what is below 0.35 of the sampling rate it loses less than 1e-3. */
double grat__interpolate(const double *v, size_t n, double at)
{
    double whole = floor(at), f = at - whole;
    if (at <= 0) return v[0];
    if (at >= (double)(n - 1)) return v[n - 1];
    size_t k = (size_t)whole;
    if (f < ON_IT) return v[k];
    if (f > 1 - ON_IT) return v[k + 1];
    if (k + 1 < TAPS || k + TAPS >= n) return v[k] + f * (v[k + 1] - v[k]);
    /* sin(pi (f - i)) = +-sin(pi f); the window turns by the same angle from one to the next. */
    double turn = M_PI / TAPS, cos_turn = cos(turn), sin_turn = sin(turn);
    double u = f + TAPS - 1, c = cos(turn * u), s = sin(turn * u), sign = (TAPS - 1) % 2 ? -1 : 1;
    double sum = 0, weights = 0, sine = sin(M_PI * f) / M_PI;
    const double *p = v + (k + 1 - TAPS);
    for (int i = 0; i < 2 * TAPS; i++) {
        double weight = sign * sine / u * (0.5 + 0.5 * c);
        sum += weight * p[i];
        weights += weight;
        u -= 1;
        sign = -sign;
        double next = c * cos_turn + s * sin_turn;
        s = s * cos_turn - c * sin_turn;
        c = next;
    }
    return sum / weights;
}

/* The record's own time of the axis' time t. */
static double own_time(const grat_alignment *a, double t)
{
    return a ? t + a->lag + a->rate * t : t;
}

static double axis_time(const grat_alignment *a, double own)
{
    return a ? (own - a->lag) / (1 + a->rate) : own;
}

grat_err grat_common_axis(const grat_record *const *record, const grat_alignment *const *alignment, unsigned n,
                          grat_op *op, grat_axis *out)
{
    double from = -INFINITY, to = INFINITY, dt = INFINITY;
    for (unsigned i = 0; i < n; i++) {
        const grat_record *r = record[i];
        const grat_alignment *a = alignment ? alignment[i] : NULL;
        double first = r->t0 + (double)r->first * r->dt;
        if (!r->count || !(r->dt > 0)) return grat_op_fail(op, GRAT_ENODATA, "resample: record %u is empty", i + 1);
        from = fmax(from, axis_time(a, first));
        to = fmin(to, axis_time(a, first + (double)(r->count - 1) * r->dt));
        dt = fmin(dt, r->dt);
    }
    if (!n || !(to > from))
        return grat_op_fail(op, GRAT_ENODATA, "resample: there is no time that all records show");
    /* The trigger of the reference is a point of the axis. */
    double low = ceil(from / dt - 1e-6), high = floor(to / dt + 1e-6);
    *out = (grat_axis){.t0 = low * dt, .dt = dt, .count = (size_t)(high - low) + 1};
    return GRAT_OK;
}

static void resample_trace(const grat_record *r, const double *v, const grat_alignment *a, const grat_axis *axis,
                           grat_trace *out)
{
    float *to = out->raw;
    double first = r->t0 + (double)r->first * r->dt + out->skew;
    for (size_t i = 0; i < axis->count; i++) {
        double at = (own_time(a, axis->t0 + (double)i * axis->dt) - first) / r->dt;
        if (at < -0.5 || at > (double)r->count - 0.5) to[i] = NAN;
        else if (out->logic) to[i] = (float)v[(size_t)fmax(0, fmin(nearbyint(at), (double)r->count - 1))];
        else to[i] = (float)grat__interpolate(v, r->count, at);
    }
    out->skew = 0;
    out->scale = 1;
    out->offset = 0;
    out->raw_min = out->raw_max = 0;
}

grat_err grat_resample(const grat_record *r, const grat_alignment *a, const grat_axis *axis, grat_op *op,
                       grat_record **out)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < r->traces; i++) types[i] = GRAT_F32;
    grat_record *to = grat_record_new(r->traces, types, axis->count);
    double *v = malloc(r->count * sizeof *v);
    if (!to || !v) {
        grat_record_unref(to);
        free(v);
        return grat_op_fail(op, GRAT_ENOMEM, "resample: out of memory");
    }
    to->t0 = axis->t0, to->dt = axis->dt;
    to->mono_ns = r->mono_ns, to->utc_ns = r->utc_ns, to->utc_uncertainty_ns = r->utc_uncertainty_ns;
    to->flags = r->flags, to->number = r->number;
    for (unsigned i = 0; i < r->traces; i++) {
        void *raw = to->trace[i].raw;
        to->trace[i] = r->trace[i];
        to->trace[i].type = GRAT_F32;
        to->trace[i].raw = raw;
        grat_trace_values(&r->trace[i], 0, r->count, v);
        resample_trace(r, v, a, axis, &to->trace[i]);
    }
    free(v);
    *out = to;
    return GRAT_OK;
}
