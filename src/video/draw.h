/* The screen of a scope as we draw it, from waveforms and settings: graticule, traces with the brightness of a beam
 * that fades, marks of trigger and zero levels, read-outs. No I/O. */
#ifndef GRAT_VIDEO_DRAW_H
#define GRAT_VIDEO_DRAW_H

#include "format/image/image.h"

typedef struct grat__draw grat__draw;

enum { GRAT__DRAW_MIN_WIDTH = 320, GRAT__DRAW_MIN_HEIGHT = 200, GRAT__DRAW_MAX = 4096 };

/* Width and height are in these limits and even; `caps` is copied. */
grat_err grat__draw_new(unsigned width, unsigned height, const grat_caps *caps, grat_op *op, grat__draw **out);
void grat__draw_free(grat__draw *d);
/* Draws it over what fades. The picture (palette, one byte a pixel) belongs to the drawer and stays until the next. */
const grat__raster *grat__draw_glance(grat__draw *d, const grat_glance *g);

#endif
