#include "format/format.h"

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)p, (void)meta, (void)o;
    return grat_op_fail(op, GRAT_ENOTSUP, "HDF5 was left out of this build: it was made without its headers; install "
                        "libhdf5-dev and build again, or choose npy");
}

const grat_format grat__format_h5 = {
    .name = "h5",
    .description = "HDF5 (not in this build)",
    .extensions = "h5 hdf5",
    .begin = begin,
};
