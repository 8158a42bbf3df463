#include "format/format.h"

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)p, (void)meta, (void)o;
    return grat_op_fail(op, GRAT_ENOTSUP, "plots were left out of this build: it was made without cairo; install "
                        "libcairo2-dev and build again, or choose csv or npy");
}

const grat_format grat__format_png = {
    .name = "png",
    .description = "plot as a picture (not in this build)",
    .extensions = "png",
    .begin = begin,
};

const grat_format grat__format_svg = {
    .name = "svg",
    .description = "plot as a drawing (not in this build)",
    .extensions = "svg",
    .begin = begin,
};
