#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/block488.h"
#include "core/str.h"
#include "sim/core/image.h"
#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"
#include "sim/model/rigol-1000z/screen.h"

#define MAX_IMAGE (4u << 20)
#define NS_PER_MS 1000000

static const char kinds[] = "BMP24|BMP8|PNG|JPEG|TIFF";
static const char grids[] = "FULL|HALF|NONE";
static const char draw_types[] = "VECTors|DOTS";

/* Two of the 1200 screen points share a column of the picture. */
typedef struct traces {
    int16_t top[RG_CHANNELS][SIM_SCREEN_COLUMNS], bottom[RG_CHANNELS][SIM_SCREEN_COLUMNS];
    int8_t level[RG_DIGITALS][SIM_SCREEN_COLUMNS];
} traces;

static void trace_of(const rg *g, unsigned ch, int16_t *top, int16_t *bottom)
{
    uint8_t code[RG_SCREEN_POINTS];
    rg_screen(g, ch, code);
    for (unsigned i = 0; i < SIM_SCREEN_COLUMNS; i++) {
        uint8_t a = code[2 * i], b = code[2 * i + 1];
        double t = g->delay + ((double)i / 50 - RG_DIVISIONS / 2) * g->timebase;
        bool inside = g->rec.valid && !isnan(rg_volts_at(g, &g->rec, ch, t));
        top[i] = inside ? a > b ? a : b : -1;
        bottom[i] = inside ? a > b ? b : a : -1;
    }
}

static void levels_of(const rg *g, unsigned d, int8_t *level)
{
    for (unsigned i = 0; i < SIM_SCREEN_COLUMNS; i++) {
        double t = g->delay + ((double)i / 50 - RG_DIVISIONS / 2) * g->timebase;
        int a = rg_logic_at(g, &g->rec, d, t), b = rg_logic_at(g, &g->rec, d, t + g->timebase / 100);
        level[i] = (int8_t)(a == b ? a : 2);
    }
}

static void fill_channels(const rg *g, sim_screen_state *s, traces *t)
{
    static const char *const couplings[] = {"AC", "DC", "GND"}, *const units[] = {"V", "W", "A", "U"};
    for (unsigned i = 0; i < g->row->analog; i++) {
        const rg_channel *ch = &g->ch[i];
        sim_screen_channel *o = &s->channel[i];
        *o = (sim_screen_channel){.on = ch->on, .bwl = ch->bwl, .invert = ch->invert, .scale = ch->scale,
                                  .offset = ch->offset, .probe = ch->probe};
        grat__strcpy(o->coupling, sizeof o->coupling, couplings[ch->coupling]);
        grat__strcpy(o->unit, sizeof o->unit, units[ch->unit]);
        if (!ch->on) continue;
        trace_of(g, i, t->top[i], t->bottom[i]);
        o->top = t->top[i];
        o->bottom = t->bottom[i];
    }
    for (unsigned i = 0; i < g->row->digital; i++) {
        s->digital[i].on = g->la_on && g->digital[i];
        if (!s->digital[i].on) continue;
        levels_of(g, i, t->level[i]);
        s->digital[i].level = t->level[i];
    }
}

static void fill_trigger(const rg *g, sim_screen_state *s, int64_t now_ns)
{
    static const char *const run[] = {
        [RG_STOP] = "STOP", [RG_RUN] = "RUN", [RG_WAIT] = "WAIT", [RG_TD] = "T'D", [RG_AUTO] = "AUTO"};
    char name[8];
    grat__strcpy(s->run, sizeof s->run, run[rg_shown_state(g, now_ns)]);
    grat__strcpy(s->trigger_type, sizeof s->trigger_type, "edge");
    rg_source_name(g->trig_source, name);
    grat__strcpy(s->trigger_source, sizeof s->trigger_source, g->trig_source < RG_CHANNELS ? name + 4 : name);
    s->trigger_slope = "rfe"[g->trig_slope];
    s->trigger_sweep = "ANS"[g->sweep];
    s->trigger_level = g->level;
}

static void fill_measurements(const rg *g, sim_screen_state *s)
{
    char word[24], number[20];
    for (unsigned i = 0; i < g->measured; i++) {
        sim_screen_measurement *m = &s->measurement[s->measurements++];
        int source = g->measure[i].source;
        double v = rg_measure(g, g->measure[i].item, source, 1);
        grat__strcpy(m->name, sizeof m->name, rg_measure_name(g->measure[i].item, word));
        m->channel = source < RG_CHANNELS ? (unsigned)source + 1 : 0;
        const char *unit = rg_measure_unit(g->measure[i].item);
        grat__strcpy(m->value, sizeof m->value,
                     v >= RG_INVALID ? "****" : grat_format_quantity(number, sizeof number, v, unit));
    }
}

static void fill(const rg *g, sim_screen_state *s, traces *t, int64_t now_ns)
{
    static const char *const acquire[] = {"NORM", "AVER", "PEAK", "HRES"};
    *s = (sim_screen_state){.timebase = g->timebase, .delay = g->delay, .rate = g->rec.rate, .depth = g->rec.depth,
                            .grid_brightness = g->grid_brightness, .wave_brightness = g->wave_brightness,
                            .dots = g->draw_type == 1, .remote = true};
    if (g->run.state != RG_STOP || !g->rec.valid) rg_sampling(g, &s->rate, &s->depth);
    double span = (double)s->depth / s->rate;
    s->memory_span = fmin(1, RG_DIVISIONS * g->timebase / span);
    double left = g->delay - RG_DIVISIONS / 2 * g->timebase;
    s->memory_start = g->rec.valid ? rg_limit((left - g->rec.start_s) / span, 0, 1 - s->memory_span) : 0;
    s->grid = g->grid == 0 ? SIM_GRID_FULL : g->grid == 1 ? SIM_GRID_HALF : SIM_GRID_NONE;
    grat__strcpy(s->acquire, sizeof s->acquire, acquire[g->acq]);
    fill_channels(g, s, t);
    fill_trigger(g, s, now_ns);
    fill_measurements(g, s);
}

/* Seen on real units: JPEG under 3 s, the others under 0.5 s; old firmware while running 8 s, BMP 60 s. */
static int64_t shot_delay(const rg *g, sim_image_kind kind)
{
    bool bmp = kind == SIM_IMG_BMP24 || kind == SIM_IMG_BMP8;
    if (g->slow_shot && g->run.state != RG_STOP) return (bmp ? 60000 : 8000) * (int64_t)NS_PER_MS;
    if (!g->real_time) return 0;
    return (kind == SIM_IMG_JPEG ? 2500 : 450) * (int64_t)NS_PER_MS;
}

/* A grey picture for colour OFF comes from the arguments, or from :STORage:IMAGe: when there are none. */
static bool shot_arguments(sim_call *c, sim_screen_state *s, sim_image_kind *kind)
{
    const rg *g = c->model;
    char text[24];
    bool colour = !g->shot_colour_off;
    s->inverted = g->shot_invert;
    s->grey = !colour;
    *kind = SIM_IMG_BMP24;
    if (g->no_shot_args || !sim_arg(c, 0, text, sizeof text)) return true;
    if (!sim_arg_bool(c, 0, &colour)) return false;
    s->grey = !colour;
    if (sim_arg(c, 1, text, sizeof text) && !sim_arg_bool(c, 1, &s->inverted)) return false;
    if (!sim_arg(c, 2, text, sizeof text)) return true;
    int w = sim_arg_word(c, 2, kinds);
    if (w >= 0) *kind = (sim_image_kind)w;
    return w >= 0;
}

/* The computer's monotonic time in 0.1 ms, 32 bits: a row of white and black blocks from the highest bit, and their
 * opposites below it. For measuring how old a picture is. */
static void paint_time(uint8_t *rgb)
{
    enum { LEFT = 80, TOP = 230, WIDE = 20, HIGH = 10 };
    uint32_t now = (uint32_t)(grat_now_ns() / 100000);
    for (unsigned y = 0; y < 2 * HIGH; y++) {
        for (unsigned x = 0; x < 32 * WIDE; x++) {
            bool bit = now >> (31 - x / WIDE) & 1, shown = y < HIGH ? bit : !bit;
            memset(rgb + ((size_t)(TOP + y) * SIM_SCREEN_W + LEFT + x) * 3, shown ? 255 : 0, 3);
        }
    }
}

static void put_shot(sim_call *c, const sim_screen_state *s, sim_image_kind kind)
{
    const rg *g = c->model;
    uint8_t *rgb = malloc(SIM_SCREEN_BYTES);
    grat__buf image;
    grat__buf_init(&image, MAX_IMAGE);
    unsigned flags = SIM_IMG_RIGOL_TEXTS | (g->png_bad_crc ? SIM_IMG_BAD_CRC : 0);
    if (rgb) {
        sim_screen_draw(s, rgb);
        if (g->paint_time) paint_time(rgb);
        char head[12];
        if (sim_image_encode(kind, rgb, SIM_SCREEN_W, SIM_SCREEN_H, flags, &image)) {
            grat__buf_put(c->out, head, grat__block_header(head, image.len, 9));
            grat__buf_put(c->out, image.data, image.len);
        }
    }
    c->delay_ns += shot_delay(g, kind);
    grat__buf_free(&image);
    free(rgb);
}

static void data_get(sim_call *c)
{
    traces *t = malloc(sizeof *t);
    sim_screen_state s;
    sim_image_kind kind;
    if (!t) return;
    fill(c->model, &s, t, c->now_ns);
    if (shot_arguments(c, &s, &kind)) put_shot(c, &s, kind);
    free(t);
}

static void clear_set(sim_call *c)
{
    rg *g = c->model;
    if (g->run.state != RG_STOP) g->rec.valid = false;
}

static void type_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(draw_types, g->draw_type, word));
}

static void type_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, draw_types);
    if (w >= 0) g->draw_type = w;
}

static void grid_get(sim_call *c)
{
    const rg *g = c->model;
    char word[24];
    sim_put(c, "%s", sim_word(grids, g->grid, word));
}

static void grid_set(sim_call *c)
{
    rg *g = c->model;
    int w = sim_arg_word(c, 0, grids);
    if (w >= 0) g->grid = w;
}

static void percent_set(sim_call *c, unsigned *out)
{
    double v;
    if (sim_arg_number(c, 0, &v)) *out = (unsigned)rg_limit(v, 0, 100);
}

static void wave_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%u", g->wave_brightness);
}

static void wave_set(sim_call *c)
{
    rg *g = c->model;
    percent_set(c, &g->wave_brightness);
}

static void bright_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%u", g->grid_brightness);
}

static void bright_set(sim_call *c)
{
    rg *g = c->model;
    percent_set(c, &g->grid_brightness);
}

static void colour_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%d", !g->shot_colour_off);
}

static void colour_set(sim_call *c)
{
    rg *g = c->model;
    bool on;
    if (sim_arg_bool(c, 0, &on)) g->shot_colour_off = !on;
}

static void invert_get(sim_call *c)
{
    const rg *g = c->model;
    sim_put(c, "%d", g->shot_invert);
}

static void invert_set(sim_call *c)
{
    rg *g = c->model;
    sim_arg_bool(c, 0, &g->shot_invert);
}

const sim_command rg_display_commands[] = {
    {":DISPlay:DATA", data_get, NULL, NULL},
    {":DISPlay:CLEar", NULL, clear_set, NULL},
    {":DISPlay:TYPE", type_get, type_set, NULL},
    {":DISPlay:GRADing:TIME", sim_store_get, sim_store_set, "wMIN|0.1|0.2|0.5|1|2|5|10|INFinite"},
    {":DISPlay:WBRightness", wave_get, wave_set, NULL},
    {":DISPlay:GRID", grid_get, grid_set, NULL},
    {":DISPlay:GBRightness", bright_get, bright_set, NULL},
    {":STORage:IMAGe:COLor", colour_get, colour_set, NULL},
    {":STORage:IMAGe:INVert", invert_get, invert_set, NULL},
    {":STORage:IMAGe:TYPE", sim_store_get, sim_store_set, "wPNG|BMP8|BMP24|JPEG|TIFF"},
    {NULL, NULL, NULL, NULL},
};
