#include "scope/drv/rigol-1000z/rigol.h"

#include "core/str.h"

static grat_err rigol_open(void *p, grat_session *s, const grat_identity *id, grat_caps *caps, grat_op *op)
{
    rigol *r = p;
    if (!rigol_caps(id->model, caps)) return grat_op_fail(op, GRAT_ENODEV, "%s: not a DS1000Z", id->model);
    r->s = s;
    r->caps = *caps;
    r->quirks = rigol_quirks(id->model, id->firmware);
    grat__strcpy(r->model, sizeof r->model, id->model);
    return GRAT_OK;
}

const grat_driver grat__rigol_1000z = {
    .name = "rigol-1000z",
    .priv_size = sizeof(rigol),
    .match = rigol_match,
    .open = rigol_open,
    .get = rigol_get,
    .set = rigol_set,
    .plan = rigol_plan,
    .run = rigol_run,
    .state = rigol_state,
    .acquire = rigol_acquire,
    .fetch = rigol_fetch,
    .glance = rigol_glance,
};
