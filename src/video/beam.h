/* Traces as the beam of a cathode-ray tube draws them: where it stays long it is bright, where it passes fast, dim.
 * One plane of brightness for each trace. No I/O. */
#ifndef GRAT_VIDEO_BEAM_H
#define GRAT_VIDEO_BEAM_H

#include <graticule/graticule.h>

typedef struct grat__beam {
    unsigned width, height;
    uint8_t *glow;      /* width * height, 0 dark to 255; top row first */
    float *column;      /* the column in hand: changes of energy from one pixel to the next, height + 2 */
    const uint8_t *curve;
    int at, low, high;  /* which column it is, -1 none; its touched pixels */
} grat__beam;

/* Sample i with the value v lies at x = x0 + i * dx, y = y0 + v * dy, in pixels from left and top. dx > 0. */
typedef struct grat__beam_map {
    double x0, dx, y0, dy;
} grat__beam_map;

grat_err grat__beam_init(grat__beam *b, unsigned width, unsigned height, grat_op *op);
void grat__beam_free(grat__beam *b);
/* Clipped to the plane; of many samples a column all are seen. */
void grat__beam_trace(grat__beam *b, const grat_trace *t, size_t count, const grat__beam_map *m);

#endif
