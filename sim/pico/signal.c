#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/pico/unit.h"

#define PIECE 4096u

double ps_shape_at(const ps_signal *s, double x)
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
    case PS_PULSE:
        return (x >= 0.1 && x < 0.2) || (x >= 0.5 && x < 0.7) ? 1 : -1;
    case PS_RUNT:
        return x >= 0.1 && x < 0.3 ? 1 : x >= 0.5 && x < 0.7 ? 0 : -1;
    case PS_DC:
    case PS_GENERATOR:
        return 0;
    }
    return 0;
}

/* The converter: a step is 2^(16 - bits) counts, the rails are at the full scale. */
static int16_t convert(const ps_unit *u, const ps_input *in, double volts)
{
    bool ext = in == &u->input[PS_EXT];
    double max = ext ? 32767 : ps_max(u), step = ext ? 1 : ldexp(1, 16 - (int)ps_bits(u));
    double v = nearbyint((volts + in->offset) / ps_range_volts(in->range) * max / step) * step;
    return (int16_t)fmax(fmin(v, max), -max);
}

/* True when the table must be made anew: most runs are like the one before. The generator changes too often. */
static bool other_table(ps_unit *u, ps_input *in, const ps_signal *s)
{
    double now[7] = {1 + (double)s->shape, s->volts, s->offset, in->offset, in->coupling, in->range,
                     ps_max(u) + 65536 * (double)ps_bits(u)};
    bool same = s->shape != PS_GENERATOR;
    for (unsigned i = 0; i < 7; i++) {
        same = same && !(in->made[i] < now[i] || in->made[i] > now[i]);
        in->made[i] = now[i];
    }
    return !same;
}

static void prepare_input(ps_unit *u, unsigned i)
{
    ps_input *in = &u->input[i];
    ps_signal *s = &u->signal[i == PS_EXT ? PS_CHANNELS : i];
    bool loop = s->shape == PS_GENERATOR;
    if (!in->table) in->table = malloc(PS_TABLE * sizeof *in->table);
    if (!in->table) return;
    if (loop) s->hz = u->generator.hz;
    double base = in->coupling ? s->offset : 0;
    int16_t max = ps_max(u);
    bool make = other_table(u, in, s);
    in->clips = in->clips && !make;
    for (unsigned k = 0; make && k < PS_TABLE; k++) {
        double x = (double)k / PS_TABLE;
        in->table[k] = convert(u, in, loop ? ps_generated(u, x) : base + s->volts * ps_shape_at(s, x));
        in->clips |= in->table[k] == max || in->table[k] == -max;
    }
    in->gated = loop && !ps_generates_alike(u);
    in->rest = convert(u, in, u->generator.offset);
    double cycles = s->hz * u->dt, at = s->hz * (double)(u->run_ns - u->opened_ns) / 1e9;
    in->step = (uint64_t)(ldexp(cycles - floor(cycles), 63)) << 1;
    in->phase = (uint64_t)(ldexp(at - floor(at), 63)) << 1;
}

void ps_prepare(ps_unit *u)
{
    for (unsigned i = 0; i < u->model->channels; i++)
        if (u->input[i].enabled && !u->counter) prepare_input(u, i);
    if (u->counter && !u->counts) {
        u->counts = malloc(u->counter * sizeof *u->counts);
        for (unsigned i = 0; u->counts && i < u->counter; i++) u->counts[i] = (int16_t)i;
        if (!u->counts) u->counter = 0;
    }
    u->input[PS_EXT].range = u->ext_range;
    u->input[PS_EXT].coupling = 1;
    prepare_input(u, PS_EXT);
}

static void counted(const ps_unit *u, int64_t from, uint32_t n, int16_t *out)
{
    uint64_t at = (uint64_t)(u->base + from) % u->counter;
    for (uint32_t done = 0; done < n; at = 0) {
        uint64_t some = u->counter - at < n - done ? u->counter - at : n - done;
        memcpy(out + done, u->counts + at, some * sizeof *out);
        done += (uint32_t)some;
    }
}

/* Of a signal that stays at each entry of its table for many samples. */
static void slow_samples(const ps_input *in, uint64_t phase, uint32_t n, int16_t *out)
{
    const uint64_t entry = 1ull << 48;
    for (uint32_t i = 0; i < n;) {
        int16_t v = in->table[phase >> 48];
        uint64_t same = in->step ? (entry - 1 - phase % entry) / in->step + 1 : n;
        uint32_t end = same < n - i ? i + (uint32_t)same : n;
        phase += in->step * (end - i);
        while (i < end) out[i++] = v;
    }
}

void ps_samples(const ps_unit *u, int input, int64_t from, uint32_t n, int16_t *out)
{
    const ps_input *in = &u->input[input];
    if (input >= PS_CHANNELS && input < PS_INPUTS) {
        unsigned shift = 8 * ((unsigned)input - PS_CHANNELS);
        for (uint32_t i = 0; i < n; i++) out[i] = (int16_t)((uint64_t)(u->base + from + i) >> shift & 0xff);
        return;
    }
    if (u->counter && input != PS_EXT) {
        counted(u, from, n, out);
        return;
    }
    if (in->gated) {
        ps_generator_samples(u, in, from, n, out);
        return;
    }
    if (!in->table) {
        memset(out, 0, n * sizeof *out);
        return;
    }
    uint64_t step = in->step, phase = in->phase + step * (uint64_t)from + (uint64_t)(u->nudge * (double)step);
    if (step < 1ull << 44) {
        slow_samples(in, phase, n, out);
        return;
    }
    for (uint32_t i = 0; i < n; i++, phase += step) out[i] = in->table[phase >> 48];
}

typedef struct pair {
    int16_t max, min;
} pair;

static pair reduce_group(const ps_reduce *r, const int16_t *v)
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
    return (pair){r->mode == 1 ? high : r->mode == 2 ? v[0] : (int16_t)(sum / (int64_t)r->ratio), low};
}

static void put(const ps_buffer *to, uint64_t at, pair v)
{
    int16_t *max = to->max, *min = to->min;
    if (to->bytes) {
        int8_t *max8 = to->max, *min8 = to->min;
        max8[at] = (int8_t)(v.max >> 8);
        if (min8) min8[at] = (int8_t)(v.min >> 8);
        return;
    }
    max[at] = v.max;
    if (min) min[at] = v.min;
}

static void as_they_are(const ps_unit *u, const ps_reduce *r, const ps_buffer *to, uint64_t at)
{
    int16_t piece[PIECE], *max = to->max;
    if (!to->bytes) {
        ps_samples(u, r->input, r->from, r->n, max + at);
        return;
    }
    for (uint32_t i = 0; i < r->n; i += PIECE) {
        uint32_t n = r->n - i < PIECE ? r->n - i : PIECE;
        ps_samples(u, r->input, r->from + i, n, piece);
        for (uint32_t k = 0; k < n; k++)
            put(&(ps_buffer){.max = to->max, .bytes = true}, at + i + k, (pair){piece[k], 0});
    }
}

void ps_reduced(const ps_unit *u, const ps_reduce *r, const ps_buffer *to, uint64_t at)
{
    if (r->mode == 0) {
        as_they_are(u, r, to, at);
        return;
    }
    int16_t small[PIECE], *big = r->ratio > PIECE ? malloc(r->ratio * sizeof *big) : small;
    uint32_t groups = r->ratio > PIECE ? 1 : PIECE / r->ratio;
    ps_buffer out = *to;
    if (r->mode != 1) out.min = NULL;
    for (uint32_t i = 0; big && i < r->n; i += groups) {
        uint32_t n = r->n - i < groups ? r->n - i : groups;
        ps_samples(u, r->input, r->from + (int64_t)i * r->ratio, n * r->ratio, big);
        for (uint32_t k = 0; k < n; k++) put(&out, at + i + k, reduce_group(r, big + (size_t)k * r->ratio));
    }
    if (big != small) free(big);
}
