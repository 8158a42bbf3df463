/* Where frames go. */
#ifndef GRAT_VIDEO_SINK_H
#define GRAT_VIDEO_SINK_H

#include "video/yuv.h"

typedef struct grat__video_shape {
    unsigned width, height;      /* of every frame */
    unsigned rate_num, rate_den; /* nominal frames per second */
} grat__video_shape;

typedef struct grat__video_kind {
    const char *name;
    grat_err (*open)(const char *target, const grat__video_shape *shape, grat_op *op, void **out);
    grat_err (*frame)(void *sink, const grat__yuv *f, grat_op *op);
    /* Completes and frees, also on an error. */
    grat_err (*close)(void *sink, grat_op *op);
} grat__video_kind;

extern const grat__video_kind grat__video_y4m;    /* target: a file's name, "-" = standard output */
extern const grat__video_kind grat__video_v4l2;   /* target: a device of v4l2loopback, or any V4L2 output */

#endif
