/* YUV4MPEG2, as yuv4mpeg(5) of mjpegtools has it: a line of parameters, then "FRAME" and the planes. C420jpeg: the
 * chroma samples lie in the middle of their four pixels. The colour range is an extension that ffmpeg reads. */
#include <stdio.h>
#include <string.h>

#include "sink/sink.h"
#include "video/sink.h"

static grat_err y4m_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    char head[160];
    grat_out *o;
    grat_err e = strcmp(to->target, "-") == 0 ? grat__out_stdout(op, &o) : grat__out_file(to->target, op, &o);
    if (e) return e;
    int n = snprintf(head, sizeof head, "YUV4MPEG2 W%u H%u F%u:%u Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n",
                     shape->width, shape->height, shape->rate_num, shape->rate_den);
    e = grat_out_write(o, head, (size_t)n, op);
    if (!e) e = grat__out_flush(o, op);
    if (e) {
        grat__out_abort(o);
        return e;
    }
    *out = o;
    return GRAT_OK;
}

static grat_err y4m_frame(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    (void)tick;
    grat_err e = grat_out_write(sink, "FRAME\n", 6, op);
    if (!e) e = grat_out_write(sink, f->data, f->size, op);
    return e ? e : grat__out_flush(sink, op);
}

static grat_err y4m_close(void *sink, grat_op *op)
{
    return grat__out_commit(sink, op);
}

const grat__video_kind grat__video_y4m = {.name = "y4m", .waits = true, .keeps = true, .open = y4m_open,
                                          .frame = y4m_frame, .close = y4m_close};
