#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pico/unit.h"

#define PIECE 4096u

static double shape(const ps_signal *s, double x)
{
    switch (s->shape) {
    case PS_SINE:
        return sin(2 * M_PI * x);
    case PS_SQUARE:
        return x < 0.5 ? 1 : -1;
    case PS_TRIANGLE:
        return x < 0.25 ? 4 * x : x < 0.75 ? 2 - 4 * x : 4 * x - 4;
    case PS_RAMP:
        return 2 * x - 1;
    case PS_DC:
    case PS_GENERATOR:
        return 0;
    }
    return 0;
}

/* The vendor's waves: sine, square, triangle, ramp up and down; others are flat. */
static double generated(const ps_unit *u, double x)
{
    static const enum ps_shape shapes[] = {PS_SINE, PS_SQUARE, PS_TRIANGLE, PS_RAMP, PS_RAMP};
    double half = u->generator.pp_uv / 2e6, at = u->generator.offset_uv / 1e6;
    int wave = u->generator.wave;
    if (wave < 0) return at + half * u->generator.points[(int32_t)(x * u->generator.n)] / 32767;
    if (wave > 4) return at;
    return at + half * shape(&(ps_signal){.shape = shapes[wave]}, x) * (wave == 4 ? -1 : 1);
}

/* The converter: a step is 2^(16 - bits) counts, the rails are at the full scale. */
static int16_t convert(const ps_unit *u, const ps_input *in, double volts)
{
    double max = ps_max(u), step = ldexp(1, 16 - (int)ps_bits(u));
    double v = nearbyint((volts + in->offset) / ps_range_volts(in->range) * max / step) * step;
    return (int16_t)fmax(fmin(v, max), -max);
}

void ps_prepare(ps_unit *u)
{
    for (unsigned i = 0; i < u->model->channels; i++) {
        ps_input *in = &u->input[i];
        ps_signal *s = &u->signal[i];
        bool loop = s->shape == PS_GENERATOR;
        if (!in->enabled || u->counter) continue;
        if (!in->table) in->table = malloc(PS_TABLE * sizeof *in->table);
        if (!in->table) continue;
        if (loop) s->hz = u->generator.hz;
        double base = in->coupling ? s->offset : 0;
        for (unsigned k = 0; k < PS_TABLE; k++)
            in->table[k] = convert(u, in, loop ? generated(u, (double)k / PS_TABLE)
                                               : base + s->volts * shape(s, (double)k / PS_TABLE));
        double cycles = s->hz * u->dt, at = s->hz * (double)(u->run_ns - u->opened_ns) / 1e9;
        in->step = (uint64_t)(ldexp(cycles - floor(cycles), 63)) << 1;
        in->phase = (uint64_t)(ldexp(at - floor(at), 63)) << 1;
    }
}

static void counted(const ps_unit *u, int64_t from, uint32_t n, int16_t *out)
{
    uint32_t v = (uint32_t)((uint64_t)(u->base + from) % u->counter);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = (int16_t)v;
        if (++v == u->counter) v = 0;
    }
}

void ps_samples(const ps_unit *u, int input, int64_t from, uint32_t n, int16_t *out)
{
    const ps_input *in = &u->input[input];
    if (input >= PS_CHANNELS) {
        unsigned shift = 8 * ((unsigned)input - PS_CHANNELS);
        for (uint32_t i = 0; i < n; i++) out[i] = (int16_t)((uint64_t)(u->base + from + i) >> shift & 0xff);
        return;
    }
    if (u->counter) {
        counted(u, from, n, out);
        return;
    }
    if (!in->table) {
        memset(out, 0, n * sizeof *out);
        return;
    }
    uint64_t phase = in->phase + in->step * (uint64_t)from, step = in->step;
    for (uint32_t i = 0; i < n; i++, phase += step) out[i] = in->table[phase >> 48];
}

static void reduce_group(const ps_reduce *r, const int16_t *v, int16_t *max, int16_t *min)
{
    int16_t high = v[0], low = v[0];
    int64_t sum = 0;
    bool port = r->input >= PS_CHANNELS;
    for (uint32_t i = 0; i < r->ratio; i++) {
        sum += v[i];
        if (port) {
            high = (int16_t)(high | v[i]);
            low = (int16_t)(low & v[i]);
        } else {
            if (v[i] > high) high = v[i];
            if (v[i] < low) low = v[i];
        }
    }
    *max = r->mode == 1 ? high : r->mode == 2 ? v[0] : (int16_t)(sum / (int64_t)r->ratio);
    *min = low;
}

void ps_reduced(const ps_unit *u, const ps_reduce *r, int16_t *max, int16_t *min)
{
    if (r->mode == 0) {
        if (max) ps_samples(u, r->input, r->from, r->n, max);
        return;
    }
    int16_t small[PIECE], *big = r->ratio > PIECE ? malloc(r->ratio * sizeof *big) : small, a, b;
    uint32_t groups = r->ratio > PIECE ? 1 : PIECE / r->ratio;
    for (uint32_t i = 0; big && i < r->n; i += groups) {
        uint32_t n = r->n - i < groups ? r->n - i : groups;
        ps_samples(u, r->input, r->from + (int64_t)i * r->ratio, n * r->ratio, big);
        for (uint32_t k = 0; k < n; k++) {
            reduce_group(r, big + (size_t)k * r->ratio, &a, &b);
            if (max) max[i + k] = a;
            if (min && r->mode == 1) min[i + k] = b;
        }
    }
    if (big != small) free(big);
}
