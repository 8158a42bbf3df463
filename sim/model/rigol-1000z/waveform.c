#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/block488.h"
#include "sim/model/rigol-1000z/rigol.h"

#define BLOCK_DIGITS 9
#define SHORT_FROM 60000          /* records of this length and more come a little short: 5 999 968 of 6 000 000 */
#define SHORT_BY 32
#define REAL_BYTES_PER_S 1.7e6    /* whole memory over LAN, at most */
#define NS_PER_S 1e9
#define PIECE 4096

static const char modes[] = "NORMal|MAXimum|RAW";
static const char formats[] = "BYTE|WORD|ASCii";
/* Most points in one answer, by format (guide, page 2-219). */
static const uint64_t most_points[] = {250000, 125000, 15625};

/* RAW, and MAX of a stopped scope, read the memory; a running scope serves its screen whatever was asked for. */
static bool from_memory(const rg *g)
{
    return g->wav_mode != RG_WAV_NORM && g->run.state == RG_STOP && g->wav_source != RG_SRC_MATH;
}

static bool raw_scaling(const rg *g)
{
    return from_memory(g) && g->wav_source < RG_CHANNELS;
}

static rg_gain gain_of(const rg *g)
{
    if (g->wav_source == RG_SRC_MATH) return (rg_gain){.increment = 1 / RG_CODES_PER_DIV, .reference = 127};
    if (g->wav_source > RG_SRC_MATH) return (rg_gain){.increment = 1};
    unsigned ch = (unsigned)g->wav_source;
    return raw_scaling(g) ? rg_raw_gain(g, &g->rec, ch) : rg_screen_gain(g, ch);
}

static double increment(const rg *g)
{
    return from_memory(g) && g->rec.valid ? 1 / g->rec.rate : g->timebase / 100;
}

static double origin(const rg *g)
{
    return from_memory(g) && g->rec.valid ? g->rec.start_s : g->delay - RG_DIVISIONS / 2 * g->timebase;
}

static uint64_t points(const rg *g)
{
    if (!from_memory(g) || g->raw_stuck) return RG_SCREEN_POINTS;
    return g->rec.depth >= SHORT_FROM ? g->rec.depth - SHORT_BY : g->rec.depth;
}

/* The largest STARt and STOP. While running RAW may be prepared for the depth to come. */
static uint64_t last_point(const rg *g)
{
    double rate;
    uint64_t depth;
    if (g->wav_mode == RG_WAV_NORM || (g->wav_mode == RG_WAV_MAX && g->run.state != RG_STOP)) return RG_SCREEN_POINTS;
    if (g->run.state == RG_STOP) return g->rec.depth;
    rg_sampling(g, &rate, &depth);
    return depth;
}

static void source_get(sim_call *c)
{
    const rg *g = c->model;
    char name[8];
    sim_put(c, "%s", rg_source_name(g->wav_source, name));
}

static void source_set(sim_call *c)
{
    rg *g = c->model;
    int s = rg_source_arg(c, 0);
    if (s >= 0 && s != RG_SRC_AC && s != RG_SRC_EXT) g->wav_source = s;
}

static void mode_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(modes, g->wav_mode, word));
}

static void mode_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, modes);
    if (w >= 0) g->wav_mode = w;
}

static void format_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(formats, g->wav_format, word));
}

static void format_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, formats);
    if (w >= 0) g->wav_format = w;
}

static void start_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%llu", (unsigned long long)g->wav_start);
}

/* Out of range is ignored without an error; a program finds the memory depth that way. */
static void bound_set(sim_call *c, uint64_t *bound)
{
    double v;
    if (!sim_arg_number(c, 0, &v)) return;
    if (v >= 1 && v <= (double)last_point(c->model)) *bound = (uint64_t)v;
}

static void start_set(sim_call *c)
{
    rg *g = c->model;
    bound_set(c, &g->wav_start);
}

static void stop_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%llu", (unsigned long long)g->wav_stop);
}

static void stop_set(sim_call *c)
{
    rg *g = c->model;
    bound_set(c, &g->wav_stop);
}

static void xinc_get(sim_call *c)
{
    sim_put(c, "%.6e", increment(c->model));
}

static void xorigin_get(sim_call *c)
{
    sim_put(c, "%.6e", origin(c->model));
}

static void xref_get(sim_call *c)
{
    sim_put(c, "0");
}

static void yinc_get(sim_call *c)
{
    sim_put(c, "%.6e", gain_of(c->model).increment);
}

static void yorigin_get(sim_call *c)
{
    sim_put(c, "%d", gain_of(c->model).origin);
}

static void yref_get(sim_call *c)
{
    sim_put(c, "%d", gain_of(c->model).reference);
}

static void preamble_get(sim_call *c)
{
    const rg *g = c->model;
    rg_gain k = gain_of(g);
    unsigned count = g->acq != RG_ACQ_AVER ? 1 : g->count_taken ? g->rec.averaged : g->averages;
    sim_put(c, "%d,%d,%llu,%u,%.6e,%.6e,0,%.6e,%d,%d", g->wav_format, g->wav_mode, (unsigned long long)points(g), count,
            increment(g), origin(g), k.increment, k.origin, k.reference);
}

static void memory_codes(const rg *g, uint64_t first, size_t n, uint8_t *out)
{
    unsigned ch = (unsigned)g->wav_source;
    rg_gain k = rg_raw_gain(g, &g->rec, ch);
    double volts[PIECE];
    for (size_t at = 0; at < n; at += PIECE) {
        size_t m = n - at < PIECE ? n - at : PIECE;
        rg_volts(g, &g->rec, ch, first + at, m, volts);
        rg_codes(&k, volts, m, out + at);
    }
}

/* The memory holds a pod a byte, the highest line in the highest bit. */
static void memory_pod(const rg *g, uint64_t first, size_t n, uint8_t *out)
{
    unsigned base = (unsigned)(g->wav_source - RG_SRC_D0) & 8;
    for (size_t i = 0; i < n; i++) {
        double t = g->rec.start_s + (double)(first + i) / g->rec.rate;
        unsigned byte = 0;
        for (unsigned b = 0; b < 8; b++) byte |= (unsigned)rg_logic_at(g, &g->rec, base + b, t) << b;
        out[i] = (uint8_t)byte;
    }
}

static void screen_codes(const rg *g, uint64_t first, size_t n, uint8_t *out)
{
    uint8_t screen[RG_SCREEN_POINTS] = {0};
    if (g->wav_source < RG_CHANNELS) {
        rg_screen(g, (unsigned)g->wav_source, screen);
    } else {
        double step = g->timebase / 100, left = g->delay - RG_DIVISIONS / 2 * g->timebase;
        unsigned d = (unsigned)(g->wav_source - RG_SRC_D0);
        for (unsigned i = 0; i < RG_SCREEN_POINTS; i++)
            screen[i] = (uint8_t)rg_logic_at(g, &g->rec, d, left + i * step);
    }
    for (size_t i = 0; i < n; i++) out[i] = screen[first + i];
}

static bool source_has_data(const rg *g)
{
    if (!g->rec.valid || g->wav_source == RG_SRC_MATH) return false;
    if (g->wav_source >= RG_SRC_D0) return g->la_on && g->digital[g->wav_source - RG_SRC_D0];
    return from_memory(g) ? g->rec.ch[g->wav_source].on : g->ch[g->wav_source].on;
}

/* How many points the next answer holds; too wide a window gives what fits from its start. */
static size_t window(const rg *g)
{
    uint64_t last = from_memory(g) ? g->rec.depth : RG_SCREEN_POINTS;
    uint64_t stop = g->wav_stop < last ? g->wav_stop : last;
    if (!source_has_data(g) || g->wav_start > stop) return 0;
    uint64_t n = stop - g->wav_start + 1, most = most_points[g->wav_source < RG_CHANNELS ? g->wav_format : RG_FMT_BYTE];
    return (size_t)(n < most ? n : most);
}

static void put_header(sim_call *c, size_t bytes)
{
    char head[12];
    size_t n = grat__block_header(head, bytes, BLOCK_DIGITS);
    grat__buf_put(c->out, head, n);
}

static void put_words(sim_call *c, const uint8_t *code, size_t n)
{
    put_header(c, 2 * n);
    if (grat__buf_reserve(c->out, 2 * n) != GRAT_OK) return;
    for (size_t i = 0; i < n; i++) grat__buf_put(c->out, (const uint8_t[]){code[i], 0}, 2);
}

/* Volts with a comma after each, also after the last, and a block header all the same. */
static void put_text(sim_call *c, const uint8_t *code, size_t n)
{
    rg_gain k = gain_of(c->model);
    grat__buf text;
    grat__buf_init(&text, 16 * (n + 1));
    for (size_t i = 0; i < n; i++)
        grat__buf_printf(&text, "%.6e,", (code[i] - k.origin - k.reference) * k.increment);
    put_header(c, text.len);
    grat__buf_put(c->out, text.data, text.len);
    grat__buf_free(&text);
}

static void data_get(sim_call *c)
{
    const rg *g = c->model;
    size_t n = window(g);
    uint8_t *code = n ? malloc(n) : NULL;
    if (!code) {
        put_header(c, 0);
        return;
    }
    uint64_t first = g->wav_start - 1;
    if (!from_memory(g)) screen_codes(g, first, n, code);
    else if (g->wav_source < RG_CHANNELS) memory_codes(g, first, n, code);
    else memory_pod(g, first, n, code);
    size_t before = c->out->len;
    int format = g->wav_source < RG_CHANNELS ? g->wav_format : RG_FMT_BYTE;
    if (format == RG_FMT_WORD) {
        put_words(c, code, n);
    } else if (format == RG_FMT_ASC) {
        put_text(c, code, n);
    } else {
        put_header(c, n);
        grat__buf_put(c->out, code, n);
    }
    free(code);
    if (g->real_time) c->delay_ns += (int64_t)((double)(c->out->len - before) / REAL_BYTES_PER_S * NS_PER_S);
}

const sim_command rg_waveform_commands[] = {
    {":WAVeform:SOURce", source_get, source_set, NULL},
    {":WAVeform:MODE", mode_get, mode_set, NULL},
    {":WAVeform:FORMat", format_get, format_set, NULL},
    {":WAVeform:STARt", start_get, start_set, NULL},
    {":WAVeform:STOP", stop_get, stop_set, NULL},
    {":WAVeform:PREamble", preamble_get, NULL, NULL},
    {":WAVeform:DATA", data_get, NULL, NULL},
    {":WAVeform:XINCrement", xinc_get, NULL, NULL},
    {":WAVeform:XORigin", xorigin_get, NULL, NULL},
    {":WAVeform:XREFerence", xref_get, NULL, NULL},
    {":WAVeform:YINCrement", yinc_get, NULL, NULL},
    {":WAVeform:YORigin", yorigin_get, NULL, NULL},
    {":WAVeform:YREFerence", yref_get, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
