#include "format/format.h"

void grat__meta_parse(const char *text, grat_meta *meta)
{
    (void)text, (void)meta;
}

static grat_err none(const char *path, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "cannot read %.120s: this program was built without Jansson; build it with "
                        "libjansson-dev", path);
}

grat_err grat__raw_read(const grat__raw_files *f, const grat_reading *to, grat_op *op)
{
    (void)to;
    return none(f->path, op);
}

grat_err grat__raw_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    (void)data, (void)n, (void)to;
    return none(path, op);
}

grat_err grat__json_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    (void)data, (void)n, (void)to;
    return none(path, op);
}
