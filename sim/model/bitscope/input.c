/* Voltages at the inputs and pins, the converter and the comparators. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/hash.h"
#include "sim/model/bitscope/bitscope.h"

#define BANDWIDTH 20e6
#define NOISE 0.002
#define THRESHOLD 1.65
#define SOLVE_STEPS 64

enum { MAP_CLOCK = 0x12, GENERATOR_PIN = 4 };

static const struct {
    const char *option, *otherwise;
} inputs[2 + BS_PINS] = {
    {"a", "sine:1kHz:2V:1.65V"}, {"b", "triangle:500Hz:3V:1.65V"},
    {"l0", "uart:9600:Graticule "}, {"l1", "square:1kHz:3.3V:1.65V"}, {"l2", "square:2kHz:3.3V:1.65V"},
    {"l3", "dc:0V"}, {"l4", "dc:0V"}, {"l5", "dc:0V"},
};

static bool open_input(bs_input *in, const char *spec, double bandwidth, char err[256])
{
    in->wire = -1;
    if ((spec[0] == 'l' || spec[0] == 'L') && spec[1] >= '0' && spec[1] <= '5' && !spec[2]) {
        in->wire = spec[1] - '0';
        return true;
    }
    if (!sim_signal_parse(&in->signal, spec, err)) return false;
    in->filter = sim_filter_for(&in->signal, bandwidth);
    return true;
}

bool bs_inputs_open(bs_vm *v, const sim_options *o, char err[256])
{
    double bandwidth = BANDWIDTH, apart = 0;
    v->noise = NOISE;
    if (!sim_option_number(o, "noise", "V", &v->noise, err) ||
        !sim_option_number(o, "bandwidth", "Hz", &bandwidth, err) ||
        !sim_option_number(o, "ab-offset", "V", &apart, err))
        return false;
    v->error[0] = apart / 2;
    v->error[1] = -apart / 2;
    for (unsigned i = 0; i < 2 + BS_PINS; i++) {
        bs_input *in = i < 2 ? &v->analog[i] : &v->pin[i - 2];
        if (open_input(in, sim_option(o, inputs[i].option, inputs[i].otherwise), i < 2 ? bandwidth : 0, err)) continue;
        bs_inputs_close(v);
        return false;
    }
    return true;
}

void bs_inputs_close(bs_vm *v)
{
    for (unsigned i = 0; i < 2; i++) sim_signal_free(&v->analog[i].signal);
    for (unsigned i = 0; i < BS_PINS; i++) sim_signal_free(&v->pin[i].signal);
}

/* The DACs drive the converter's ladder through an impedance that depends on their setting (BitLib's model):
 *   lo = ((300 + 2al) l - al h) / 300,  hi = ((300 + 2ah) h - ah (l + 1)) / 300
 *   al = 16 + 12 (1 - 2l)^2,            ah = 16 + 12 (2h - 1)^2
 * solved here for l and h, the ends of the range as fractions of the span. */
static void solve_range(double lo, double hi, double *l, double *h)
{
    *l = lo, *h = hi;
    for (unsigned i = 0; i < SOLVE_STEPS; i++) {
        double al = 16 + 12 * (1 - 2 * *l) * (1 - 2 * *l), ah = 16 + 12 * (2 * *h - 1) * (2 * *h - 1);
        *l = (300 * lo + al * *h) / (300 + 2 * al);
        *h = (300 * hi + ah * (*l + 1)) / (300 + 2 * ah);
    }
}

static double span_volts(double fraction)
{
    return (fraction - BS_ZERO) * BS_SPAN;
}

void bs_apply_map(bs_vm *v)
{
    memcpy(v->applied.map, &v->reg[BS_R_MAP], sizeof v->applied.map);
}

void bs_apply(bs_vm *v)
{
    bs_applied *a = &v->applied;
    double l, h;
    /* The registers hold floor(65536 lo) and floor(65536 hi) - 1: the middle of the step is meant. */
    solve_range((bs_word(v, BS_R_CONVERTER_LO) + 0.5) / 65536, (bs_word(v, BS_R_CONVERTER_HI) + 1.5) / 65536, &l, &h);
    a->low = span_volts(l);
    a->high = span_volts(h);
    a->level = span_volts(bs_word(v, BS_R_TRIGGER_LEVEL) / 65536.0);
    a->sink_a = v->reg[BS_R_KITCHEN_SINK_A];
    a->sink_b = v->reg[BS_R_KITCHEN_SINK_B];
    a->rest = (uint16_t)bs_word(v, BS_R_REST);
    bs_apply_map(v);
}

static double outside(const bs_input *in, int64_t tick)
{
    return in->wire >= 0 ? 0 : sim_signal_value(&in->signal, &in->filter, (double)tick * BS_TICK_S);
}

/* A pin that the device drives has its voltage; another what is connected to it, by one wire at most. */
static double pin_volts(const bs_vm *v, unsigned n, int64_t tick)
{
    for (unsigned hops = 0; hops < 2; hops++) {
        uint8_t map = v->applied.map[n];
        if (n == GENERATOR_PIN && v->applied.sink_b & 0x40) return bs_gen_volts(v, tick);
        if (map >= MAP_CLOCK && map < MAP_CLOCK + 3 && v->gen.state == BS_CLOCKING)
            return bs_clock_high(v, map - MAP_CLOCK, tick) ? BS_LOGIC_VOLTS : 0;
        if (v->pin[n].wire < 0) break;
        n = (unsigned)v->pin[n].wire;
    }
    return outside(&v->pin[n], tick);
}

double bs_volts(const bs_vm *v, unsigned channel, int64_t tick)
{
    const bs_input *in = &v->analog[channel];
    double volts = in->wire >= 0 ? pin_volts(v, (unsigned)in->wire, tick) : outside(in, tick);
    if (v->noise > 0) volts += v->noise * sim_gauss(sim_mix((uint64_t)tick * 2 + channel + v->in->seed));
    return volts + v->error[channel];
}

uint32_t bs_convert(const bs_vm *v, unsigned channel, int64_t tick)
{
    double volts = bs_volts(v, channel, tick), range = v->applied.high - v->applied.low;
    if (!(range > 0)) return volts > v->applied.low ? 4095 : 0;
    double code = floor((volts - v->applied.low) / range * 4096);
    return code < 0 ? 0 : code > 4095 ? 4095 : (uint32_t)code;
}

static bool above(const bs_vm *v, unsigned channel, int64_t tick, bool sampled)
{
    if (sampled) {
        double fraction = (int16_t)bs_word(v, BS_R_TRIGGER_VALUE) / 65536.0;
        return bs_convert(v, channel, tick) >= (fraction + 0.5) * 4096;
    }
    return v->applied.sink_a & (channel ? 0x40 : 0x80) && bs_volts(v, channel, tick) >= v->applied.level;
}

uint8_t bs_logic(const bs_vm *v, int64_t tick, uint8_t care, bool sampled)
{
    uint8_t bits = 0;
    for (unsigned n = 0; n < BS_PINS; n++)
        if (care & 1u << n && pin_volts(v, n, tick) >= THRESHOLD) bits |= (uint8_t)(1u << n);
    if (care & 0x80 && above(v, 0, tick, sampled)) bits |= 0x80;
    if (care & 0x40 && above(v, 1, tick, sampled)) bits |= 0x40;
    return bits;
}
