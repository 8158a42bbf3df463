/* Without HDF5 there is no file of runs. */
#include <graticule/sync.h>

grat_err grat_sync_file_open(const char *path, grat_op *op, grat_sync_file **out)
{
    (void)out;
    return grat_op_fail(op, GRAT_ENOTSUP, "cannot write %.200s: HDF5 was left out of this build; install libhdf5-dev "
                        "and build again", path);
}

grat_err grat_sync_file_add(grat_sync_file *f, const grat_sync *y, const grat_record *common, grat_op *op)
{
    (void)f, (void)y, (void)common;
    return grat_op_fail(op, GRAT_ENOTSUP, "HDF5 was left out of this build");
}

grat_err grat_sync_file_close(grat_sync_file *f, grat_op *op)
{
    (void)f, (void)op;
    return GRAT_OK;
}
