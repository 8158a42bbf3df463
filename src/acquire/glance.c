#include <string.h>

#include "core/wait.h"
#include "scope/scope.h"

#define POLL_NS 1000000

static grat_err fetch(const grat_driver *d, void *p, const grat_request *q, grat_glance *out, grat_op *op)
{
    grat_record *r = NULL;
    grat_err e = d->fetch(p, q, &r, op);
    if (e) {
        grat_record_unref(r);
        return e;
    }
    out->record = r;
    return GRAT_OK;
}

/* Armed until the trigger comes, over as many calls as it takes. */
static grat_err wait_triggered(const grat_driver *d, void *p, bool *armed, grat_op *op)
{
    grat_scope_state state = GRAT_STATE_STOPPED;
    if (!*armed) {
        grat_err e = d->run(p, GRAT_SINGLE, op);
        if (e) return e;
        *armed = true;
    }
    for (;;) {
        grat_err e = d->state(p, &state, op);
        if (e) *armed = false;
        if (e) return e;
        if (state == GRAT_STATE_STOPPED) break;
        if ((e = grat_op_sleep_until(op, grat_now_ns() + POLL_NS)) == GRAT_ETIMEOUT)
            return grat_op_fail(op, GRAT_ENODATA, "no trigger came yet");
        if (e) return e;
    }
    *armed = false;
    return GRAT_OK;
}

grat_err grat_scope_glance(grat_scope *sc, grat_glance *out, grat_op *op)
{
    const grat_driver *d = grat__scope_driver(sc);
    void *p = grat__scope_priv(sc);
    bool *armed = grat__scope_armed(sc);
    grat_request q;
    grat_glance g = {.state = GRAT_STATE_TRIGGERED};
    if (d->glance) return d->glance(p, out, op);
    grat_request_init(&q);
    grat_err e = d->get(p, &g.settings, op);
    if (e) return e;
    if (g.settings.sweep == GRAT_SWEEP_AUTO || strcmp(g.settings.trigger_type, "none") == 0) {
        *armed = false;
        e = d->acquire(p, &q, op);
    } else {
        e = wait_triggered(d, p, armed, op);
    }
    if (!e) e = fetch(d, p, &q, &g, op);
    if (e) return e;
    if (g.record->flags & GRAT_REC_FORCED) g.state = GRAT_STATE_AUTO;
    *out = g;
    return GRAT_OK;
}
