/* Wave table, play buffer, clocks. */
#include <math.h>

#include "sim/model/bitscope/bitscope.h"

enum { CMD_STOP = 1, CMD_PLAY = 2, CMD_CLOCK = 3 };
#define DECAYS 5.0           /* time constants in each half of the exponential shape */

/* x 0 … 1 with the first half of the shape in the part `s`: shapes are written for s = 0.5. */
static double warp(double x, double s)
{
    if (x < s) return 0.5 * x / s;
    return s < 1 ? 0.5 + 0.5 * (x - s) / (1 - s) : 0.5;
}

static double shape(unsigned mode, double x)
{
    double half = x < 0.5 ? 2 * x : 2 * x - 1;
    switch (mode) {
    case 0: return 0.5 + 0.5 * sin(2 * M_PI * x);
    case 1: return x < 0.5 ? half : 1 - half;
    case 2: {
        double rise = (1 - exp(-DECAYS * half)) / (1 - exp(-DECAYS));
        return x < 0.5 ? rise : 1 - rise;
    }
    default: return x < 0.5;
    }
}

void bs_gen_synthesize(bs_vm *v)
{
    double s = bs_word(v, BS_R_RATIO) / 65536.0;
    if (v->reg[BS_R_CMD] != 0 || v->reg[BS_R_MODE] > 3) return;
    for (unsigned i = 0; i < BS_TABLE; i++) {
        double y = rint(256 * shape(v->reg[BS_R_MODE], warp((double)i / BS_TABLE, s)));
        v->gen.table[i] = (uint8_t)(y > 255 ? 255 : y);
    }
}

void bs_gen_translate(bs_vm *v)
{
    uint32_t size = bs_word(v, BS_R_SIZE), from = bs_word(v, BS_R_ADDRESS), to = bs_word(v, BS_R_INDEX);
    uint64_t ratio = bs_word(v, BS_R_RATIO) | (uint64_t)bs_word(v, BS_R_RATIO + 2) << 16;
    double level = bs_word(v, BS_R_LEVEL) / 65536.0, offset = (int16_t)bs_word(v, BS_R_OFFSET) / 65536.0;
    for (uint32_t i = 0; i < size && to + i < BS_TABLE; i++) {
        double y = 0.5 + offset + level * (v->gen.table[(from + (ratio * i >> 16)) % BS_TABLE] - 128) / 256;
        v->gen.play[to + i] = y < 0 ? 0 : y > 1 ? 1 : y;
    }
}

void bs_table_write(bs_vm *v)
{
    uint32_t at = bs_word(v, BS_R_ADDRESS);
    v->gen.table[at % BS_TABLE] = v->r0;
    at++;
    v->reg[BS_R_ADDRESS] = (uint8_t)at;
    v->reg[BS_R_ADDRESS + 1] = (uint8_t)(at >> 8);
}

void bs_table_read(bs_vm *v)
{
    uint32_t at = bs_word(v, BS_R_ADDRESS), n = bs_word(v, BS_R_SIZE);
    for (uint32_t i = 0; i < n; i++) bs_emit(v, &v->gen.table[(at + i) % BS_TABLE], 1);
}

void bs_gen_stop(bs_vm *v)
{
    v->gen.state = BS_STOPPED;
}

static void play(bs_vm *v, unsigned mode)
{
    bs_generator *g = &v->gen;
    if (mode == 1) {
        if (g->state == BS_PAUSED) g->start += v->now - g->paused, g->state = BS_PLAYING;
        return;
    }
    g->clock = bs_word(v, BS_R_CLOCK);
    g->modulo = bs_word(v, BS_R_MODULO);
    if (!g->clock) g->clock = 1;
    if (!g->modulo || g->modulo > BS_TABLE) g->modulo = BS_TABLE;
    g->once = mode == 2;
    g->start = v->now;
    g->state = BS_PLAYING;
}

static void run_clock(bs_vm *v)
{
    bs_generator *g = &v->gen;
    g->clock = bs_word(v, BS_R_CLOCK);
    if (!g->clock) g->clock = 1;
    for (unsigned i = 0; i < 3; i++) {
        unsigned at = BS_R_RISE + 6 * i;
        g->rise[i] = (uint16_t)bs_word(v, at);
        g->fall[i] = (uint16_t)bs_word(v, at + 2);
        g->on[i] = v->reg[at + 4] & 0x80;
    }
    g->start = v->now;
    g->state = BS_CLOCKING;
}

/* Both use one clock, so that one ends the other. Pin functions take effect too: no `U` need follow. */
void bs_gen_command(bs_vm *v)
{
    bs_generator *g = &v->gen;
    unsigned mode = v->reg[BS_R_MODE];
    bs_apply_map(v);
    switch (v->reg[BS_R_CMD]) {
    case CMD_STOP:
        if (mode == 0) g->state = BS_STOPPED;
        else if (g->state == BS_PLAYING) g->paused = v->now, g->state = BS_PAUSED;
        return;
    case CMD_PLAY: play(v, mode); return;
    case CMD_CLOCK: run_clock(v); return;
    default: return;
    }
}

double bs_gen_volts(const bs_vm *v, int64_t tick)
{
    const bs_generator *g = &v->gen;
    double rest = BS_LOGIC_VOLTS * v->applied.rest / 65536;
    if (g->state != BS_PLAYING && g->state != BS_PAUSED) return rest;
    int64_t at = ((g->state == BS_PAUSED ? g->paused : tick) - g->start) / g->clock;
    if (at < 0 || (g->once && at >= g->modulo)) return rest;
    return BS_LOGIC_VOLTS * g->play[at % g->modulo];
}

bool bs_clock_high(const bs_vm *v, unsigned clock, int64_t tick)
{
    const bs_generator *g = &v->gen;
    uint16_t rise = g->rise[clock], fall = g->fall[clock];
    if (!g->on[clock] || tick < g->start) return false;
    uint32_t phase = (uint32_t)((tick - g->start) % g->clock);
    return rise <= fall ? phase >= rise && phase < fall : phase >= rise || phase < fall;
}
