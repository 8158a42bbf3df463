#include "sim/model/rigol-1000z/screen.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/core/canvas.h"

enum {
    GRID_X = 60,
    GRID_Y = 38,
    DIVISION = 50,
    GRID_W = SIM_SCREEN_COLUMNS,
    GRID_H = 8 * DIVISION,
    CENTRE_X = GRID_X + GRID_W / 2,
    CENTRE_Y = GRID_Y + GRID_H / 2,
    CODE_PIXELS = 2, /* 25 codes a division */
    MENU_X = GRID_X + GRID_W + 8,
    BOTTOM_Y = GRID_Y + GRID_H + 2,
    PLAIN = 1,
    BOLD = 1 | SIM_BOLD,
};

static const uint32_t channel_colour[4] = {0xf8fc00, 0x00fcf8, 0xf838f8, 0x2888ff};
static const uint32_t orange = 0xf8a000, white = 0xf0f4f8, pale = 0x9fb0c4, panel = 0x141c28, edge = 0x3c5068;

typedef struct sketch {
    sim_canvas canvas;
    const sim_screen_state *state;
} sketch;

/* ---- text ----------------------------------------------------------------------------------- */

/* Three significant digits and an SI prefix, the micro sign written as the instrument writes it. */
static void quantity(char *out, size_t cap, double value, const char *unit)
{
    static const char *const prefix[] = {"p", "n", "u", "m", "", "k", "M", "G"};
    int step = 4;
    double v = fabs(value);
    if (!isfinite(value) || v < 0.5e-12) v = 0;
    while (v > 0 && v < 0.9995 && step > 0) v *= 1000, step--;
    while (v >= 999.5 && step < 7) v /= 1000, step++;
    int decimals = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
    snprintf(out, cap, "%s%.*f%s%s", value < 0 && v > 0 ? "-" : "", decimals, v, prefix[step], unit);
}

static int code_y(double code)
{
    double y = CENTRE_Y - (code - 127) * CODE_PIXELS;
    return y < GRID_Y ? GRID_Y : y > GRID_Y + GRID_H - 1 ? GRID_Y + GRID_H - 1 : (int)lrint(y);
}

static double volts_code(const sim_screen_channel *ch, double volts)
{
    return ch->scale > 0 ? 127 + 25 * (volts + ch->offset) / ch->scale : 127;
}

static uint32_t dimmed(uint32_t colour, unsigned percent)
{
    return ((colour >> 16 & 255) * percent / 100) << 16 | ((colour >> 8 & 255) * percent / 100) << 8 |
           (colour & 255) * percent / 100;
}

/* ---- graticule ------------------------------------------------------------------------------ */

static void grid_lines(sketch *s, uint32_t colour)
{
    for (int x = 1; x < 12; x++)
        for (int y = 0; y < GRID_H; y += 10) sim_canvas_pixel(&s->canvas, GRID_X + x * DIVISION, GRID_Y + y, colour);
    for (int y = 1; y < 8; y++)
        for (int x = 0; x < GRID_W; x += 10) sim_canvas_pixel(&s->canvas, GRID_X + x, GRID_Y + y * DIVISION, colour);
}

static void grid_ticks(sketch *s, uint32_t colour)
{
    sim_canvas *c = &s->canvas;
    for (int x = 0; x < GRID_W; x += 10) {
        int n = x % DIVISION ? 3 : 5;
        sim_canvas_vline(c, GRID_X + x, CENTRE_Y - n / 2, CENTRE_Y + n / 2, colour);
        sim_canvas_vline(c, GRID_X + x, GRID_Y, GRID_Y + n - 1, colour);
        sim_canvas_vline(c, GRID_X + x, GRID_Y + GRID_H - n, GRID_Y + GRID_H - 1, colour);
    }
    for (int y = 0; y < GRID_H; y += 10) {
        int n = y % DIVISION ? 3 : 5;
        sim_canvas_hline(c, CENTRE_X - n / 2, CENTRE_X + n / 2, GRID_Y + y, colour);
        sim_canvas_hline(c, GRID_X, GRID_X + n - 1, GRID_Y + y, colour);
        sim_canvas_hline(c, GRID_X + GRID_W - n, GRID_X + GRID_W - 1, GRID_Y + y, colour);
    }
}

static void graticule(sketch *s)
{
    unsigned bright = s->state->grid_brightness > 100 ? 100 : s->state->grid_brightness;
    uint32_t colour = dimmed(0xc8c8c8, 35 + bright * 65 / 100);
    if (s->state->grid == SIM_GRID_FULL) grid_lines(s, colour);
    if (s->state->grid != SIM_GRID_NONE) grid_ticks(s, colour);
    sim_canvas_frame(&s->canvas, (sim_rect){GRID_X - 1, GRID_Y - 1, GRID_W + 2, GRID_H + 2}, 0x8090a0);
}

/* ---- traces --------------------------------------------------------------------------------- */

typedef struct span { int top, bottom; } span;

static void draw_span(sketch *s, int x, span now, uint32_t colour)
{
    int length = now.bottom - now.top;
    unsigned bright = s->state->wave_brightness > 100 ? 100 : s->state->wave_brightness;
    unsigned alpha = 155 + bright;
    if (length > 8) alpha = alpha * (unsigned)(45 + 55 * 8 / length) / 100;
    for (int y = now.top; y <= now.bottom; y++) sim_canvas_blend(&s->canvas, x, y, colour, alpha);
    if (now.top > GRID_Y) sim_canvas_blend(&s->canvas, x, now.top - 1, colour, alpha / 4);
    if (now.bottom < GRID_Y + GRID_H - 1) sim_canvas_blend(&s->canvas, x, now.bottom + 1, colour, alpha / 4);
}

/* A column reaches half way to its neighbour so that the trace is closed. */
static void join(span *now, span before)
{
    if (before.bottom < now->top) now->top = before.bottom + 1;
    else if (before.top > now->bottom) now->bottom = before.top - 1;
}

static void trace(sketch *s, const sim_screen_channel *ch, uint32_t colour)
{
    if (!ch->top || !ch->bottom) return;
    span before = {0, 0};
    bool joined = false;
    for (int i = 0; i < SIM_SCREEN_COLUMNS; i++) {
        if (ch->top[i] < 0 || ch->bottom[i] < 0) {
            joined = false;
            continue;
        }
        span own = {code_y(ch->top[i]), code_y(ch->bottom[i])}, now;
        if (own.top > own.bottom) own = (span){own.bottom, own.top};
        if (own.bottom == own.top && own.bottom < GRID_Y + GRID_H - 1) own.bottom++;
        now = own;
        if (s->state->dots) {
            sim_canvas_pixel(&s->canvas, GRID_X + i, own.top, colour);
            sim_canvas_pixel(&s->canvas, GRID_X + i, own.bottom, colour);
            continue;
        }
        if (joined) join(&now, before);
        draw_span(s, GRID_X + i, now, colour);
        before = own;
        joined = true;
    }
}

static void digital_trace(sketch *s, unsigned line)
{
    const int8_t *level = s->state->digital[line].level;
    int low = GRID_Y + GRID_H - 4 - (int)line * 25, high = low - 15;
    char name[8];
    snprintf(name, sizeof name, "D%u", line);
    sim_canvas_text(&s->canvas, GRID_X + 4, high - 8, name, 0x60e0ff, PLAIN);
    for (int i = 0; level && i < SIM_SCREEN_COLUMNS; i++) {
        bool change = level[i] == 2 || (i && level[i] >= 0 && level[i - 1] >= 0 && level[i] != level[i - 1]);
        if (level[i] < 0) continue;
        if (change) sim_canvas_vline(&s->canvas, GRID_X + i, high, low, 0xd0ffd0);
        else sim_canvas_pixel(&s->canvas, GRID_X + i, level[i] ? high : low, level[i] ? 0x20fc40 : 0x3078ff);
    }
}

static unsigned active_channel(const sim_screen_state *st)
{
    if (st->menu_channel >= 1 && st->menu_channel <= 4) return st->menu_channel - 1;
    for (unsigned i = 0; i < 4; i++)
        if (st->channel[i].on) return i;
    return 0;
}

static void traces(sketch *s)
{
    unsigned front = active_channel(s->state);
    for (unsigned i = 0; i < 16; i++)
        if (s->state->digital[i].on) digital_trace(s, i);
    for (unsigned k = 1; k <= 4; k++) {
        unsigned i = (front + k) % 4;
        if (s->state->channel[i].on) trace(s, &s->state->channel[i], channel_colour[i]);
    }
}

/* ---- markers -------------------------------------------------------------------------------- */

/* A tag whose tip points right (dir 1) or left (dir -1) at x, y. */
static void side_tag(sketch *s, const int tip[2], int dir, const char *text, uint32_t colour)
{
    for (int i = 0; i < 7; i++) {
        int x = tip[0] - dir * i;
        sim_canvas_vline(&s->canvas, x, tip[1] - i, tip[1] + i, colour);
    }
    sim_rect body = {dir > 0 ? tip[0] - 17 : tip[0] + 7, tip[1] - 6, 11, 13};
    sim_canvas_fill(&s->canvas, body, colour);
    sim_canvas_text(&s->canvas, body.x + 3, body.y + 1, text, 0x000000, BOLD);
}

static void ground_markers(sketch *s)
{
    unsigned front = active_channel(s->state);
    for (unsigned k = 1; k <= 4; k++) {
        unsigned i = (front + k) % 4;
        const sim_screen_channel *ch = &s->state->channel[i];
        if (!ch->on) continue;
        int y = code_y(volts_code(ch, 0)), tip[2] = {GRID_X - 2, y < GRID_Y + 6 ? GRID_Y + 6 : y};
        if (tip[1] > GRID_Y + GRID_H - 7) tip[1] = GRID_Y + GRID_H - 7;
        char name[2] = {(char)('1' + i), 0};
        side_tag(s, tip, 1, name, channel_colour[i]);
    }
}

static int trigger_channel(const sim_screen_state *st)
{
    return st->trigger_source[0] >= '1' && st->trigger_source[0] <= '4' && !st->trigger_source[1]
               ? st->trigger_source[0] - '1'
               : -1;
}

static uint32_t trigger_colour(const sim_screen_state *st)
{
    int ch = trigger_channel(st);
    return ch < 0 ? orange : channel_colour[ch];
}

static void trigger_markers(sketch *s)
{
    const sim_screen_state *st = s->state;
    int ch = trigger_channel(st);
    if (ch >= 0) {
        int y = code_y(volts_code(&st->channel[ch], st->trigger_level)), tip[2] = {GRID_X + GRID_W - 19, y};
        if (y < GRID_Y + 6) tip[1] = GRID_Y + 6;
        if (y > GRID_Y + GRID_H - 7) tip[1] = GRID_Y + GRID_H - 7;
        side_tag(s, tip, -1, "T", orange);
    }
    double at = st->timebase > 0 ? CENTRE_X - st->delay / st->timebase * DIVISION : CENTRE_X;
    int x = at < GRID_X + 6 ? GRID_X + 6 : at > GRID_X + GRID_W - 7 ? GRID_X + GRID_W - 7 : (int)lrint(at);
    sim_canvas_fill(&s->canvas, (sim_rect){x - 6, GRID_Y - 2, 13, 11}, orange);
    for (int i = 0; i < 7; i++) sim_canvas_hline(&s->canvas, x - 6 + i, x + 6 - i, GRID_Y + 9 + i, orange);
    sim_canvas_text(&s->canvas, x - 3, GRID_Y - 2, "T", 0x000000, BOLD);
}

/* ---- top bar -------------------------------------------------------------------------------- */

static void run_state(sketch *s)
{
    const char *run = s->state->run;
    uint32_t fill = 0x0c7c1c, text = 0xffffff;
    if (strcmp(run, "STOP") == 0) fill = 0xc01818;
    else if (strcmp(run, "WAIT") == 0) fill = 0xb88000;
    sim_rect r = {80, 6, 54, 25};
    sim_canvas_round(&s->canvas, r, fill, dimmed(white, 70));
    sim_canvas_text(&s->canvas, r.x + (r.w - sim_canvas_text_width(run, 2)) / 2 + 1, r.y + 4, run, text, 2);
}

static void memory_bar(sketch *s)
{
    const sim_screen_state *st = s->state;
    sim_canvas *c = &s->canvas;
    enum { X = 308, W = 188, Y = 8, H = 20 };
    double start = fmin(fmax(st->memory_start, 0), 1), width = st->memory_span > 0 ? fmin(st->memory_span, 1) : 1;
    if (start + width > 1) width = 1 - start;
    int x0 = X + (int)(start * W), x1 = X + (int)((start + width) * W) - 1;
    if (x1 < x0 + 3) x1 = x0 + 3;
    sim_canvas_fill(c, (sim_rect){X, Y, W, H}, 0x1c2430);
    sim_canvas_fill(c, (sim_rect){x0, Y, x1 - x0 + 1, H}, 0x0c1830);
    for (int i = 0; i < W; i++) {
        int y = Y + H / 2 + (int)lrint(6 * sin(i * 0.28));
        bool inside = X + i >= x0 && X + i <= x1;
        sim_canvas_pixel(c, X + i, y, inside ? 0xe8f0ff : 0x607080);
        sim_canvas_blend(c, X + i, y + 1, inside ? 0xe8f0ff : 0x607080, 140);
    }
    sim_canvas_frame(c, (sim_rect){x0, Y - 1, x1 - x0 + 1, H + 2}, 0x60a8ff);
    double at = x0 + (x1 - x0) * (0.5 - (st->timebase > 0 ? st->delay / st->timebase / 12 : 0));
    int t = at < X ? X : at > X + W - 1 ? X + W - 1 : (int)at;
    for (int i = 0; i < 5; i++) sim_canvas_hline(c, t - 4 + i, t + 4 - i, Y - 3 + i, orange);
}

static void slope_icon(sketch *s, int x, int y)
{
    sim_canvas *c = &s->canvas;
    char slope = s->state->trigger_slope;
    for (int pass = 0; pass < 2; pass++) {
        bool falling = pass == 1;
        if ((falling && slope == 'r') || (!falling && slope == 'f')) continue;
        int left = falling ? y : y + 14, right = falling ? y + 14 : y;
        for (int thick = 0; thick < 2; thick++) {
            sim_canvas_hline(c, x, x + 6, left + thick, white);
            sim_canvas_hline(c, x + 7, x + 13, right + thick, white);
            sim_canvas_vline(c, x + 6 + thick, y, y + 15, white);
        }
        for (int i = 0; i < 4; i++)
            sim_canvas_hline(c, x + 6 - i, x + 7 + i, falling ? y + 10 - i : y + 5 + i, white);
    }
}

static void trigger_box(sketch *s)
{
    const sim_screen_state *st = s->state;
    sim_canvas *c = &s->canvas;
    char text[24];
    sim_canvas_round(c, (sim_rect){646, 4, 148, 28}, panel, edge);
    sim_canvas_text(c, 652, 8, "T", orange, 2);
    slope_icon(s, 670, 10);
    int ch = trigger_channel(st);
    uint32_t colour = trigger_colour(st);
    int wide = sim_canvas_text_width(st->trigger_source, BOLD) + 7;
    sim_canvas_fill(c, (sim_rect){690, 11, wide, 14}, colour);
    sim_canvas_text(c, 694, 13, st->trigger_source, 0x000000, BOLD);
    quantity(text, sizeof text, st->trigger_level, ch < 0 || !st->channel[ch].unit[0] ? "V" : st->channel[ch].unit);
    sim_canvas_text(c, 694 + wide, 13, text, colour, BOLD);
    char sweep[2] = {st->trigger_sweep, 0};
    sim_canvas_text(c, 782, 13, sweep, pale, BOLD);
}

static void top_bar(sketch *s)
{
    const sim_screen_state *st = s->state;
    sim_canvas *c = &s->canvas;
    char text[32];
    sim_canvas_shade(c, (sim_rect){0, 0, SIM_SCREEN_W, GRID_Y - 1}, 0x2c3c54, 0x101824);
    sim_canvas_text(c, 8, 9, "RIGOL", 0xffffff, 2 | SIM_BOLD);
    run_state(s);
    sim_canvas_round(c, (sim_rect){140, 4, 90, 28}, panel, edge);
    sim_canvas_text(c, 146, 8, "H", orange, 2);
    quantity(text, sizeof text, st->timebase, "s");
    sim_canvas_text(c, 164, 8, text, white, strlen(text) > 5 ? BOLD : 2);
    quantity(text, sizeof text, st->rate, "Sa/s");
    sim_canvas_text(c, 236, 7, text, white, PLAIN);
    quantity(text, sizeof text, (double)st->depth, "pts");
    sim_canvas_text(c, 236, 20, text, white, PLAIN);
    memory_bar(s);
    sim_canvas_round(c, (sim_rect){504, 4, 136, 28}, panel, edge);
    sim_canvas_text(c, 510, 8, "D", orange, 2);
    quantity(text, sizeof text, st->delay, "s");
    sim_canvas_text(c, 630 - sim_canvas_text_width(text, 2), 8, text, white, 2);
    trigger_box(s);
}

/* ---- menus ---------------------------------------------------------------------------------- */

static void left_menu(sketch *s)
{
    /* One pulse shape each: up to six points in a 36 x 20 field, and the label below. */
    static const struct { const char *label; unsigned n; int8_t point[6][2]; } item[] = {
        {"Period", 6, {{0, 19}, {6, 19}, {6, 2}, {20, 2}, {20, 19}, {35, 19}}},
        {"Freq", 6, {{0, 2}, {8, 2}, {8, 19}, {24, 19}, {24, 2}, {35, 2}}},
        {"Rise", 4, {{0, 19}, {12, 19}, {24, 2}, {35, 2}}},
        {"Fall", 4, {{0, 2}, {12, 2}, {24, 19}, {35, 19}}},
        {"+Width", 6, {{0, 19}, {10, 19}, {10, 2}, {26, 2}, {26, 19}, {35, 19}}},
        {"-Width", 6, {{0, 2}, {10, 2}, {10, 19}, {26, 19}, {26, 2}, {35, 2}}},
    };
    sim_canvas *c = &s->canvas;
    sim_canvas_shade(c, (sim_rect){0, GRID_Y, 40, GRID_H}, 0x1c2838, 0x0c121a);
    for (unsigned i = 0; i < sizeof item / sizeof *item; i++) {
        sim_rect r = {1, GRID_Y + (int)i * 66, 39, 64};
        sim_canvas_round(c, r, 0x182230, edge);
        for (unsigned k = 1; k < item[i].n; k++) {
            for (int dy = 0; dy < 2; dy++) {
                int from[2] = {r.x + 2 + item[i].point[k - 1][0], r.y + 12 + dy + item[i].point[k - 1][1]};
                int to[2] = {r.x + 2 + item[i].point[k][0], r.y + 12 + dy + item[i].point[k][1]};
                sim_canvas_line(c, from, to, 0x58e078);
            }
        }
        int width = sim_canvas_text_width(item[i].label, PLAIN);
        sim_canvas_text(c, r.x + (r.w - width) / 2, r.y + 44, item[i].label, white, PLAIN);
    }
}

static void soft_key(sketch *s, unsigned index, const char *label, const char *value)
{
    sim_canvas *c = &s->canvas;
    sim_rect r = {MENU_X, GRID_Y + 26 + (int)index * 62, SIM_SCREEN_W - MENU_X - 3, 58};
    sim_canvas_shade(c, (sim_rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2}, 0x34465e, 0x1a2534);
    sim_canvas_frame(c, r, edge);
    sim_canvas_label(c, (sim_rect){r.x + 8, r.y + 5, r.w - 16, 20}, label, white, 0);
    sim_rect box = {r.x + 10, r.y + 28, r.w - 20, 22};
    sim_canvas_round(c, box, 0x0a1018, edge);
    sim_canvas_label(c, box, value, 0x7fd4ff, 0);
}

static void right_menu(sketch *s)
{
    unsigned front = active_channel(s->state);
    const sim_screen_channel *ch = &s->state->channel[front];
    char title[8], probe[16], unit[8];
    snprintf(title, sizeof title, "CH%u", front + 1);
    snprintf(probe, sizeof probe, "%gX", ch->probe);
    snprintf(unit, sizeof unit, "[%s]", ch->unit[0] ? ch->unit : "V");
    sim_canvas_fill(&s->canvas, (sim_rect){MENU_X - 6, GRID_Y - 1, SIM_SCREEN_W - MENU_X + 6, GRID_H + 3}, 0x0c121a);
    sim_rect head = {MENU_X, GRID_Y, SIM_SCREEN_W - MENU_X - 3, 22};
    sim_canvas_round(&s->canvas, head, dimmed(channel_colour[front], 85), channel_colour[front]);
    sim_canvas_label(&s->canvas, head, title, 0x000000, 0);
    soft_key(s, 0, "Coupling", ch->coupling[0] ? ch->coupling : "DC");
    soft_key(s, 1, "BW Limit", ch->bwl ? "20M" : "OFF");
    soft_key(s, 2, "Probe", probe);
    soft_key(s, 3, "Invert", ch->invert ? "ON" : "OFF");
    soft_key(s, 4, "Volts/Div", "Coarse");
    soft_key(s, 5, "Unit", unit);
}

/* ---- bottom --------------------------------------------------------------------------------- */

static void measurement_bar(sketch *s)
{
    const sim_screen_state *st = s->state;
    unsigned n = st->measurements > 5 ? 5 : st->measurements;
    if (n == 0) return;
    sim_canvas *c = &s->canvas;
    int y = GRID_Y + GRID_H - 19;
    for (int i = 0; i < 19 * GRID_W; i++) sim_canvas_blend(c, GRID_X + i % GRID_W, y + i / GRID_W, 0x0a1422, 215);
    sim_canvas_hline(c, GRID_X, GRID_X + GRID_W - 1, y, edge);
    for (unsigned i = 0; i < n; i++) {
        const sim_screen_measurement *m = &st->measurement[i];
        uint32_t colour = m->channel >= 1 && m->channel <= 4 ? channel_colour[m->channel - 1] : white;
        int x = GRID_X + 4 + (int)i * (GRID_W / 5);
        char text[sizeof m->name + sizeof m->value + 2];
        snprintf(text, sizeof text, "%s=%s", m->name, m->value);
        sim_canvas_text(c, x, y + 5, text, colour, strlen(text) > 16 ? PLAIN : BOLD);
    }
}

static void coupling_icon(sketch *s, const int at[2], const char *coupling, uint32_t colour)
{
    sim_canvas *c = &s->canvas;
    int x = at[0], y = at[1];
    if (coupling[0] == 'A') {
        for (int i = 0; i < 13; i++) {
            int dy = (int)lrint(3 * sin(i * 0.5236));
            sim_canvas_vline(c, x + i, y - dy, y - dy + 1, colour);
        }
    } else if (coupling[0] == 'G') {
        sim_canvas_vline(c, x + 6, y - 6, y, colour);
        for (int i = 0; i < 3; i++) sim_canvas_hline(c, x + 2 * i, x + 12 - 2 * i, y + 2 * i, colour);
    } else {
        sim_canvas_fill(c, (sim_rect){x, y - 2, 13, 2}, colour);
        for (int i = 0; i < 3; i++) sim_canvas_fill(c, (sim_rect){x + 5 * i, y + 3, 3, 2}, colour);
    }
}

static void channel_box(sketch *s, unsigned i)
{
    const sim_screen_channel *ch = &s->state->channel[i];
    sim_canvas *c = &s->canvas;
    bool front = ch->on && i == active_channel(s->state);
    uint32_t colour = ch->on ? channel_colour[i] : 0x5c6670;
    sim_rect r = {4 + (int)i * 142, BOTTOM_Y + 4, 138, 32};
    char text[24], name[2] = {(char)('1' + i), 0};
    sim_canvas_round(c, r, front ? dimmed(channel_colour[i], 18) : panel, ch->on ? colour : edge);
    sim_canvas_fill(c, (sim_rect){r.x + 1, r.y + 1, 22, r.h - 2}, ch->on ? colour : 0x2c343c);
    sim_canvas_text(c, r.x + 7, r.y + 7, name, ch->on ? 0x000000 : 0x8c969f, 2);
    int icon[2] = {r.x + 29, r.y + r.h / 2};
    coupling_icon(s, icon, ch->coupling, colour);
    quantity(text, sizeof text, ch->scale, ch->unit[0] ? ch->unit : "V");
    int x = sim_canvas_text(c, r.x + 47, r.y + 7, text, ch->on ? colour : 0x707a84, 2);
    if (ch->bwl && x < r.x + r.w - 8) sim_canvas_text(c, r.x + r.w - 9, r.y + 3, "B", colour, PLAIN);
}

static void logic_box(sketch *s)
{
    sim_rect r = {4 + 4 * 142, BOTTOM_Y + 4, 150, 32};
    sim_canvas_round(&s->canvas, r, panel, edge);
    sim_canvas_text(&s->canvas, r.x + 6, r.y + 11, "L", 0x60e0ff, BOLD);
    for (int i = 0; i < 16; i++) {
        bool on = s->state->digital[i].on;
        char name[2] = {"0123456789ABCDEF"[i], 0};
        sim_canvas_text(&s->canvas, r.x + 18 + i % 8 * 16, r.y + 4 + i / 8 * 13, name, on ? 0x20fc40 : 0x4a545e, BOLD);
    }
}

static void bottom_bar(sketch *s)
{
    sim_canvas *c = &s->canvas;
    sim_canvas_shade(c, (sim_rect){0, BOTTOM_Y, SIM_SCREEN_W, SIM_SCREEN_H - BOTTOM_Y}, 0x101824, 0x243248);
    for (unsigned i = 0; i < 4; i++) channel_box(s, i);
    logic_box(s);
    sim_canvas_label(c, (sim_rect){728, BOTTOM_Y + 4, 66, 14}, s->state->acquire, pale, 1);
    if (s->state->remote) sim_canvas_label(c, (sim_rect){728, BOTTOM_Y + 21, 66, 14}, "RMT", 0x58e078, 1);
    else sim_canvas_label(c, (sim_rect){728, BOTTOM_Y + 21, 66, 14}, "LAN", pale, 1);
}

static void filter(const sim_screen_state *st, uint8_t *rgb)
{
    if (!st->grey && !st->inverted) return;
    for (size_t i = 0; i < SIM_SCREEN_BYTES; i += 3) {
        uint8_t *p = rgb + i;
        if (st->grey) p[0] = p[1] = p[2] = (uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29) >> 8);
        for (unsigned k = 0; st->inverted && k < 3; k++) p[k] = (uint8_t)~p[k];
    }
}

void sim_screen_draw(const sim_screen_state *state, uint8_t *rgb)
{
    sketch s = {{rgb, SIM_SCREEN_W, SIM_SCREEN_H}, state};
    memset(rgb, 0, SIM_SCREEN_BYTES);
    graticule(&s);
    traces(&s);
    measurement_bar(&s);
    top_bar(&s);
    trigger_markers(&s);
    left_menu(&s);
    ground_markers(&s);
    right_menu(&s);
    bottom_bar(&s);
    filter(state, rgb);
}
