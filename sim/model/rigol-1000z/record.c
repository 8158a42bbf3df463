#include <math.h>
#include <string.h>

#include "sim/core/hash.h"
#include "sim/model/rigol-1000z/rigol.h"

#define LIMITED_BANDWIDTH 20e6
#define DEFAULT_NOISE_DIV 0.01
#define PEAK_LOOKS 16
#define PIECE 1024
#define HRES_GAIN 4.0          /* noise is that much lower in high resolution */
/* Counter pattern on the digital inputs: D0 toggles at 8 kHz, each further one at half of it. */
#define COUNTER_HZ 16e3

/* Real units are calibrated by gain and zero point; two DS1104Z channels gave 0.02629 V and 0.02666 V at 0.5 V/div
 * and references 96 and 95. A reader that takes 127 or scale/25 must fail here. */
static const double raw_factor[RG_CHANNELS] = {1.0515625, 1.0664063, 1.0582031, 1.0742188};
static const int raw_reference[RG_CHANNELS] = {122, 118, 125, 109};

rg_gain rg_raw_gain(const rg *g, const rg_record *r, unsigned ch)
{
    (void)g;
    double inc = r->ch[ch].scale / RG_CODES_PER_DIV * raw_factor[ch];
    return (rg_gain){.increment = inc, .origin = (int)lrint(r->ch[ch].offset / inc), .reference = raw_reference[ch]};
}

rg_gain rg_screen_gain(const rg *g, unsigned ch)
{
    double inc = g->ch[ch].scale / RG_CODES_PER_DIV;
    return (rg_gain){.increment = inc, .origin = (int)lrint(g->ch[ch].offset / inc), .reference = 127};
}

uint8_t rg_code(const rg_gain *k, double volts)
{
    if (isnan(volts)) volts = 0;
    return (uint8_t)lrint(rg_limit(volts / k->increment + k->origin + k->reference, 0, 255));
}

SIM_WIDE void rg_codes(const rg_gain *k, const double *volts, size_t n, uint8_t *out)
{
    const double zero = 0x1.8p52; /* beside it a number is rounded, and stands in the lowest bits */
    const double increment = k->increment, origin = k->origin, reference = k->reference;
    for (size_t i = 0; i < n; i++) {
        double v = volts[i] / increment + origin + reference;
        uint64_t bits;
        v = (v < 0 ? 0 : v > 255 ? 255 : v) + zero;
        memcpy(&bits, &v, sizeof bits);
        out[i] = (uint8_t)bits;
    }
}

static double bandwidth_of(const rg *g, const rg_channel *c)
{
    return c->bwl && g->bandwidth > LIMITED_BANDWIDTH ? LIMITED_BANDWIDTH : g->bandwidth;
}

/* What stays the same over a run of samples. */
typedef struct input {
    const sim_instrument *clock;
    const sim_signal *signal;
    sim_filter filter;
    double mean, sign, skew;
    bool grounded;
} input;

static input input_of(const rg *g, const rg_channel *c, unsigned ch)
{
    const sim_signal *s = &g->signal[ch];
    return (input){
        .clock = g->in,
        .signal = s,
        .filter = sim_filter_for(s, bandwidth_of(g, c)),
        .mean = c->coupling == RG_COUP_AC ? sim_signal_mean(s) : 0,
        .sign = c->invert ? -1 : 1,
        .skew = c->skew,
        .grounded = c->coupling == RG_COUP_GND,
    };
}

/* Each time becomes what is seen then. */
SIM_WIDE static void look(const input *in, double *t, size_t n)
{
    const double skew = in->skew, sign = in->grounded ? 0 : in->sign, mean = in->mean, pace = 1 + in->clock->fast;
    for (size_t i = 0; i < n; i++) t[i] = (t[i] + skew) / pace;
    sim_signal_values(in->signal, &in->filter, t, n);
    for (size_t i = 0; i < n; i++) t[i] = sign * (t[i] - mean);
}

double rg_input(const rg *g, const rg_channel *c, unsigned ch, double absolute_s)
{
    input in = input_of(g, c, ch);
    look(&in, &absolute_s, 1);
    return absolute_s;
}

static double noise_of(const rg *g, const rg_record *r, unsigned ch)
{
    double noise = g->noise < 0 ? DEFAULT_NOISE_DIV * r->ch[ch].scale : g->noise;
    if (r->acq == RG_ACQ_AVER && r->averaged > 1) noise /= sqrt(r->averaged);
    if (r->acq == RG_ACQ_HRES) noise /= HRES_GAIN;
    return noise;
}

SIM_WIDE static void add_noise(double *v, size_t n, double noise, uint64_t from, const double limit[2])
{
    const double low = limit[0], high = limit[1];
    for (size_t i = 0; i < n; i++) {
        double with = v[i] + noise * sim_gauss(sim_mix(from + i));
        v[i] = with < low ? low : with > high ? high : with;
    }
}

void rg_volts(const rg *g, const rg_record *r, unsigned ch, uint64_t first, size_t n, double *out)
{
    input in = input_of(g, &r->ch[ch], ch);
    rg_gain k = rg_raw_gain(g, r, ch);
    double limit[2] = {(0 - k.origin - k.reference) * k.increment, (255 - k.origin - k.reference) * k.increment};
    double noise = noise_of(g, r, ch), start = r->trigger_s + r->start_s, rate = r->rate;
    uint64_t salt = sim_mix(g->in->seed ^ sim_mix(r->number * RG_CHANNELS + ch));
    for (size_t at = 0; at < n; at += PIECE, out += PIECE) {
        size_t m = n - at < PIECE ? n - at : PIECE;
        double index = (double)(first + at);
        for (size_t i = 0; i < m; i++) out[i] = start + (index + (double)(int)i) / rate;
        look(&in, out, m);
        add_noise(out, m, noise, salt + first + at, limit);
    }
}

double rg_volts_at(const rg *g, const rg_record *r, unsigned ch, double t)
{
    double at = nearbyint((t - r->start_s) * r->rate), v;
    if (!r->valid || !r->ch[ch].on || at < 0 || at >= (double)r->depth) return NAN;
    rg_volts(g, r, ch, (uint64_t)at, 1, &v);
    return v;
}

double rg_logic_input(const rg *g, unsigned d, double absolute_s)
{
    /* The lowest lines see the analogue inputs, so that mixed captures agree; the others count. */
    if (d < RG_CHANNELS) {
        sim_filter f = {.gain = 1, .settle = 1};
        return sim_signal_value(&g->signal[d], &f, sim_world_seconds(g->in, absolute_s)) - g->threshold[0];
    }
    double periods = floor(absolute_s * COUNTER_HZ / (double)(1u << (d - RG_CHANNELS)));
    return fmod(fabs(periods), 2) ? 1 : -1;
}

int rg_logic_at(const rg *g, const rg_record *r, unsigned d, double t)
{
    double at = nearbyint((t - r->start_s) * r->rate);
    if (!r->valid || at < 0 || at >= (double)r->depth || !r->digital[d]) return 0;
    double absolute = r->trigger_s + r->start_s + at / r->rate;
    if (d < RG_CHANNELS) {
        sim_filter f = {.gain = 1, .settle = 1};
        return sim_signal_value(&g->signal[d], &f, sim_world_seconds(g->in, absolute)) > r->threshold[d / 8];
    }
    return rg_logic_input(g, d, absolute) > 0;
}

/* Even columns show the lowest and odd ones the highest sample of their stretch. */
static double peak_at(const rg *g, const rg_record *r, unsigned ch, unsigned column, double t)
{
    double worst = NAN, width = 2 * g->timebase / 100;
    for (unsigned i = 0; i < PEAK_LOOKS; i++) {
        double v = rg_volts_at(g, r, ch, t + width * ((double)i / PEAK_LOOKS - 0.5));
        if (isnan(worst) || (column & 1 ? v > worst : v < worst)) worst = v;
    }
    return worst;
}

void rg_screen(const rg *g, unsigned ch, uint8_t out[RG_SCREEN_POINTS])
{
    const rg_record *r = &g->rec;
    rg_gain k = rg_screen_gain(g, ch);
    double left = g->delay - RG_DIVISIONS / 2 * g->timebase, step = g->timebase / 100;
    for (unsigned i = 0; i < RG_SCREEN_POINTS; i++) {
        double t = left + i * step;
        double v = r->acq == RG_ACQ_PEAK ? peak_at(g, r, ch, i, t) : rg_volts_at(g, r, ch, t);
        /* The outermost column may fall between the last sample and the edge. */
        if (isnan(v) && i) v = rg_volts_at(g, r, ch, t - 1 / r->rate);
        out[i] = rg_code(&k, v);
    }
}
