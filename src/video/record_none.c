#include "video/sink.h"

static grat_err record_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    (void)shape, (void)out;
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: this program was built without FFmpeg's libraries; pipe --y4m - "
                        "into ffmpeg -i - %s", to->target, to->target);
}

const grat__video_kind grat__video_record = {.name = "record", .open = record_open};
