/* What capture, measure and plot share. */
#include "cli/cli.h"

#include <string.h>

void cli_acquire_deadline(cli *c, const grat_request *q)
{
    unsigned count = q->segments ? q->segments : q->count ? q->count : 1;
    unsigned rounds = q->acq == GRAT_ACQ_AVERAGE && q->averages ? q->averages : 1;
    if (cli_has(&c->args, "timeout")) return;
    double ms = (double)c->timeout_ms + 1000.0 * count * rounds * (3 * q->period + 1);
    if (q->memory) ms += 60000.0 * count;
    c->timeout_ms = ms < 1e15 ? (int64_t)ms : (int64_t)1e15;
    grat_op_init(&c->op, c->timeout_ms, c->cancel);
}

grat_err cli_acquire_meta(cli *c, grat_scope *sc, const grat_request *q, grat_meta *meta)
{
    grat_settings now = {0};
    unsigned mask = 0;
    *meta = (grat_meta){.identity = *grat_scope_identity(sc), .acquisitions = q->segments ? q->segments : q->count};
    snprintf(meta->resource, sizeof meta->resource, "%s", c->resource);
    grat_err e = grat_scope_get(sc, &now, &c->op);
    if (e) return e;
    meta->settings = now;
    meta->has_settings = true;
    if (q->current) return GRAT_OK;
    e = grat_plan(grat_scope_caps(sc), &now, q, &meta->settings, &mask, &c->op);
    if (!e && q->acq == GRAT_ACQ_AVERAGE) meta->settings.acq = q->acq, meta->settings.averages = q->averages;
    if (!e && meta->settings.left_out[0]) cli_note(c, "%s: %s", c->resource, meta->settings.left_out);
    return e;
}
