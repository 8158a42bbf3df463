#include "sim/core/canvas.h"

#include "core/font.h"

#include <stdlib.h>
#include <string.h>

void sim_canvas_pixel(sim_canvas *c, int x, int y, uint32_t colour)
{
    if (x < 0 || y < 0 || x >= c->w || y >= c->h) return;
    uint8_t *p = c->rgb + ((size_t)y * (size_t)c->w + (size_t)x) * 3;
    p[0] = (uint8_t)(colour >> 16), p[1] = (uint8_t)(colour >> 8), p[2] = (uint8_t)colour;
}

static uint8_t mix(uint8_t under, unsigned over, unsigned alpha)
{
    return (uint8_t)((under * (255 - alpha) + (over & 255) * alpha + 127) / 255);
}

void sim_canvas_blend(sim_canvas *c, int x, int y, uint32_t colour, unsigned alpha)
{
    if (x < 0 || y < 0 || x >= c->w || y >= c->h) return;
    uint8_t *p = c->rgb + ((size_t)y * (size_t)c->w + (size_t)x) * 3;
    p[0] = mix(p[0], colour >> 16, alpha);
    p[1] = mix(p[1], colour >> 8, alpha);
    p[2] = mix(p[2], colour, alpha);
}

void sim_canvas_hline(sim_canvas *c, int x0, int x1, int y, uint32_t colour)
{
    for (int x = x0; x <= x1; x++) sim_canvas_pixel(c, x, y, colour);
}

void sim_canvas_vline(sim_canvas *c, int x, int y0, int y1, uint32_t colour)
{
    for (int y = y0; y <= y1; y++) sim_canvas_pixel(c, x, y, colour);
}

void sim_canvas_fill(sim_canvas *c, sim_rect r, uint32_t colour)
{
    for (int y = r.y; y < r.y + r.h; y++) sim_canvas_hline(c, r.x, r.x + r.w - 1, y, colour);
}

static unsigned between(unsigned a, unsigned b, int at, int of)
{
    return (unsigned)((int)(a & 255) + ((int)(b & 255) - (int)(a & 255)) * at / (of > 0 ? of : 1));
}

void sim_canvas_shade(sim_canvas *c, sim_rect r, uint32_t top, uint32_t bottom)
{
    for (int i = 0; i < r.h; i++) {
        uint32_t colour = between(top >> 16, bottom >> 16, i, r.h - 1) << 16 |
                          between(top >> 8, bottom >> 8, i, r.h - 1) << 8 | between(top, bottom, i, r.h - 1);
        sim_canvas_hline(c, r.x, r.x + r.w - 1, r.y + i, colour);
    }
}

void sim_canvas_frame(sim_canvas *c, sim_rect r, uint32_t colour)
{
    sim_canvas_hline(c, r.x, r.x + r.w - 1, r.y, colour);
    sim_canvas_hline(c, r.x, r.x + r.w - 1, r.y + r.h - 1, colour);
    sim_canvas_vline(c, r.x, r.y, r.y + r.h - 1, colour);
    sim_canvas_vline(c, r.x + r.w - 1, r.y, r.y + r.h - 1, colour);
}

void sim_canvas_round(sim_canvas *c, sim_rect r, uint32_t fill, uint32_t border)
{
    sim_canvas_fill(c, (sim_rect){r.x + 1, r.y + 1, r.w - 2, r.h - 2}, fill);
    sim_canvas_hline(c, r.x + 2, r.x + r.w - 3, r.y, border);
    sim_canvas_hline(c, r.x + 2, r.x + r.w - 3, r.y + r.h - 1, border);
    sim_canvas_vline(c, r.x, r.y + 2, r.y + r.h - 3, border);
    sim_canvas_vline(c, r.x + r.w - 1, r.y + 2, r.y + r.h - 3, border);
    for (int i = 0; i < 4; i++)
        sim_canvas_pixel(c, i & 1 ? r.x + r.w - 2 : r.x + 1, i & 2 ? r.y + r.h - 2 : r.y + 1, border);
}

void sim_canvas_line(sim_canvas *c, const int from[2], const int to[2], uint32_t colour)
{
    int x = from[0], y = from[1], dx = abs(to[0] - x), dy = -abs(to[1] - y);
    int sx = x < to[0] ? 1 : -1, sy = y < to[1] ? 1 : -1, err = dx + dy;
    for (;;) {
        sim_canvas_pixel(c, x, y, colour);
        if (x == to[0] && y == to[1]) return;
        int twice = 2 * err;
        if (twice >= dy) err += dy, x += sx;
        if (twice <= dx) err += dx, y += sy;
    }
}

/* ---- text ----------------------------------------------------------------------------------- */

/* The 2 x 2 pixels of an empty dot take a half tone where two set neighbours meet at that corner. */
static void smooth(sim_canvas *c, const uint8_t *glyph, const int cell[2], const int at[2], uint32_t colour)
{
    for (int i = 0; i < 4; i++) {
        int dx = i & 1 ? 1 : -1, dy = i & 2 ? 1 : -1;
        if (grat__font_dot(glyph, cell[0] + dx, cell[1]) && grat__font_dot(glyph, cell[0], cell[1] + dy) &&
            !grat__font_dot(glyph, cell[0] + dx, cell[1] + dy))
            sim_canvas_blend(c, at[0] + (i & 1), at[1] + (i >> 1), colour, 150);
    }
}

static void draw_glyph(sim_canvas *c, const uint8_t *glyph, const int at[2], uint32_t colour, int scale)
{
    int size = scale & ~SIM_BOLD;
    for (int row = 0; row < 8; row++) {
        for (int col = 0; col < 5; col++) {
            int place[2] = {at[0] + col * size, at[1] + (row + 1) * size}, cell[2] = {col, row};
            if (grat__font_dot(glyph, col, row)) {
                int wide = scale & SIM_BOLD ? size + 1 : size;
                sim_canvas_fill(c, (sim_rect){place[0], place[1], wide, size}, colour);
            } else if (size == 2) {
                smooth(c, glyph, cell, place, colour);
            }
        }
    }
}

int sim_canvas_text(sim_canvas *c, int x, int y, const char *text, uint32_t colour, int scale)
{
    int step = (scale & ~SIM_BOLD) * SIM_FONT_W + (scale & SIM_BOLD ? 1 : 0);
    while (*text) {
        int at[2] = {x, y};
        draw_glyph(c, grat__font_next(&text), at, colour, scale);
        x += step;
    }
    return x;
}

int sim_canvas_text_width(const char *text, int scale)
{
    int n = 0;
    while (*text) grat__font_next(&text), n++;
    return n * ((scale & ~SIM_BOLD) * SIM_FONT_W + (scale & SIM_BOLD ? 1 : 0)) - (n ? 1 : 0);
}

void sim_canvas_label(sim_canvas *c, sim_rect r, const char *text, uint32_t colour, int align)
{
    int width = sim_canvas_text_width(text, 1 | SIM_BOLD);
    int x = align < 0 ? r.x : align > 0 ? r.x + r.w - width : r.x + (r.w - width) / 2;
    sim_canvas_text(c, x, r.y + (r.h - SIM_FONT_H + 1) / 2, text, colour, 1 | SIM_BOLD);
}
