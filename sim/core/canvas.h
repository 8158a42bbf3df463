/* A picture to draw on: packed RGB, top row first. Everything is clipped to the picture. */
#ifndef SIM_CANVAS_H
#define SIM_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_canvas {
    uint8_t *rgb;  /* borrowed, 3 * w * h bytes */
    int w, h;
} sim_canvas;

typedef struct sim_rect { int x, y, w, h; } sim_rect;

/* Colours are 0xRRGGBB. */
void sim_canvas_pixel(sim_canvas *c, int x, int y, uint32_t colour);
/* alpha 0..255 */
void sim_canvas_blend(sim_canvas *c, int x, int y, uint32_t colour, unsigned alpha);
void sim_canvas_fill(sim_canvas *c, sim_rect r, uint32_t colour);
void sim_canvas_shade(sim_canvas *c, sim_rect r, uint32_t top, uint32_t bottom);  /* vertical gradient */
void sim_canvas_frame(sim_canvas *c, sim_rect r, uint32_t colour);
void sim_canvas_round(sim_canvas *c, sim_rect r, uint32_t fill, uint32_t border);  /* corners taken off */
void sim_canvas_hline(sim_canvas *c, int x0, int x1, int y, uint32_t colour);  /* both ends inclusive */
void sim_canvas_vline(sim_canvas *c, int x, int y0, int y1, uint32_t colour);
void sim_canvas_line(sim_canvas *c, const int from[2], const int to[2], uint32_t colour);

/* A cell of the font is 6 x 10 pixels times the scale; `scale` 1 or 2, SIM_BOLD doubles the strokes at scale 1. */
enum { SIM_FONT_W = 6, SIM_FONT_H = 10, SIM_BOLD = 16 };
/* ASCII and the UTF-8 sequences of the micro sign and the ohm sign. Returns the x after the text. */
int sim_canvas_text(sim_canvas *c, int x, int y, const char *text, uint32_t colour, int scale);
int sim_canvas_text_width(const char *text, int scale);
/* Centred or right-aligned in a rectangle's width, vertically centred. align: -1 left, 0 centre, 1 right. */
void sim_canvas_label(sim_canvas *c, sim_rect r, const char *text, uint32_t colour, int align);

#endif
