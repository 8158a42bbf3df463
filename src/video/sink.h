/* Where frames go. */
#ifndef GRAT_VIDEO_SINK_H
#define GRAT_VIDEO_SINK_H

#include "video/yuv.h"

typedef struct grat__video_shape {
    unsigned width, height;      /* of every frame */
    unsigned rate_num, rate_den; /* nominal frames per second */
    bool steady;                 /* they come at that rate; else as they come, with ticks of a millisecond */
} grat__video_shape;

typedef struct grat__video_kind {
    const char *name;
    bool waits;                  /* a frame may take long: it gets a thread and a short queue */
    bool keeps;                  /* wants every frame: where none is left out the queue blocks instead of dropping */
    grat_err (*open)(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out);
    /* `tick`: its time, in frames of the nominal rate (or milliseconds); rising. */
    grat_err (*frame)(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op);
    /* Completes and frees, also on an error. */
    grat_err (*close)(void *sink, grat_op *op);
    /* Optional: where it is reached. */
    void (*where)(const void *sink, char *out, size_t cap);
    /* Optional: frames that it left out for a slow peer. */
    uint64_t (*skipped)(void *sink);
} grat__video_kind;

extern const grat__video_kind grat__video_y4m, grat__video_v4l2, grat__video_mjpeg, grat__video_record,
    grat__video_terminal;

#endif
