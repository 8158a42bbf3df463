/* Frames of 4:2:0 video: planes Y, U, V behind one another without padding (V4L2 calls it YU12). 8 bits, BT.601,
 * limited range (Y 16..235, U and V 16..240); each U and V is that of the mean of its four pixels. */
#ifndef GRAT_VIDEO_YUV_H
#define GRAT_VIDEO_YUV_H

#include "format/image/image.h"

typedef struct grat__yuv {
    unsigned width, height;   /* even */
    size_t size;              /* width * height * 3 / 2 */
    uint8_t *data;
} grat__yuv;

/* Rounds both up to even numbers. Black. */
grat_err grat__yuv_init(grat__yuv *f, unsigned width, unsigned height, grat_op *op);
void grat__yuv_free(grat__yuv *f);
/* Same size. */
void grat__yuv_copy(grat__yuv *to, const grat__yuv *from);
/* A picture of another size is put in the middle: cut, or with black around it. */
void grat__yuv_from_raster(grat__yuv *f, const grat__raster *r);
/* As 4:2:2, Y U Y V in one row (V4L2 calls it YUYV), width * height * 2 bytes: each row of U and V serves two. */
void grat__yuv_pack(const grat__yuv *f, uint8_t *to);
/* Darkens the frame and writes one line of text over its middle. */
void grat__yuv_card(grat__yuv *f, const char *text);

#endif
