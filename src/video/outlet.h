/* A sink with what it needs to harm nobody: one that may wait runs in a thread of its own behind a short queue. */
#ifndef GRAT_VIDEO_OUTLET_H
#define GRAT_VIDEO_OUTLET_H

#include "video/sink.h"

/* A frame that several queues hold. */
typedef struct grat__frame {
    int refs;
    grat__yuv yuv;
} grat__frame;
/* A copy; NULL when memory is short. */
grat__frame *grat__frame_new(const grat__yuv *from);
void grat__frame_unref(grat__frame *f);

typedef struct grat__outlet grat__outlet;
grat_err grat__outlet_open(const grat__video_kind *kind, const grat_live_out *to, const grat__video_shape *shape,
                           grat_op *op, grat__outlet **out);
/* True when frames go to it by grat__outlet_put, false when by grat__outlet_now. */
bool grat__outlet_queues(const grat__outlet *o);
/* Queues a frame. When the queue is full the oldest is left out, or (rate 0, a sink that keeps) it waits. Returns the
 * error that an earlier frame had. */
grat_err grat__outlet_put(grat__outlet *o, grat__frame *f, uint64_t tick, grat_op *op);
grat_err grat__outlet_now(grat__outlet *o, const grat__yuv *f, uint64_t tick, grat_op *op);
/* Writes what is queued (for 1 s at most, not at all after `stopped`), completes and frees. */
grat_err grat__outlet_close(grat__outlet *o, bool stopped, grat_op *op);
const grat__video_kind *grat__outlet_kind(const grat__outlet *o);
void grat__outlet_where(const grat__outlet *o, char *out, size_t cap);
uint64_t grat__outlet_skipped(grat__outlet *o);

#endif
