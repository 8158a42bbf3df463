/* Runs in an HDF5 file; docs/reference/bench.md describes it. */
#include <graticule/sync.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/h5_file.h"

struct grat_sync_file {
    grat__h5_id file;
    uint64_t runs;
    char path[512];
};

grat_err grat_sync_file_open(const char *path, grat_op *op, grat_sync_file **out)
{
    grat_sync_file *f = calloc(1, sizeof *f);
    if (!f) return grat_op_fail(op, GRAT_ENOMEM, "sync: out of memory");
    snprintf(f->path, sizeof f->path, "%s", path);
    grat_err e = grat__h5_enter(op);
    if (!e) {
        e = grat__h5_create(path, false, op, &f->file);
        if (!e && !grat__h5_put_text(f->file, "graticule_sync", "1")) e = grat__h5_fail(path, op);
        grat__h5_leave();
    }
    if (e) free(f);
    else *out = f;
    return e;
}

static bool put_model(grat__h5_id at, const grat_sync_result *r)
{
    const grat_alignment *a = &r->alignment;
    bool ok = true;
    if (r->start_ns)
        ok = grat__h5_put_integer(at, "start_monotonic_ns", r->start_ns) &&
             grat__h5_put_integer(at, "start_utc_ns", r->start_ns + grat_utc_ns() - grat_now_ns()) &&
             grat__h5_put_integer(at, "start_uncertainty_ns", r->uncertainty_ns) &&
             grat__h5_put_integer(at, "acknowledged", r->acknowledged) &&
             grat__h5_put_integer(at, "stamped", r->stamped);
    if (ok && r->has_clock)
        ok = grat__h5_put_number(at, "clock_offset", r->clock_offset) &&
             grat__h5_put_number(at, "clock_uncertainty", r->clock_uncertainty) &&
             grat__h5_put_number(at, "clock_drift", r->clock_drift) &&
             grat__h5_put_number(at, "clock_drift_uncertainty", r->clock_drift_uncertainty);
    if (ok && r->aligned)
        ok = grat__h5_put_number(at, "lag", a->lag) &&
             grat__h5_put_number(at, "lag_uncertainty", a->lag_uncertainty) &&
             grat__h5_put_number(at, "rate", a->rate) &&
             grat__h5_put_number(at, "rate_uncertainty", a->rate_uncertainty) &&
             grat__h5_put_number(at, "mean_rate", r->rate) &&
             grat__h5_put_number(at, "mean_rate_uncertainty", r->rate_uncertainty) &&
             grat__h5_put_number(at, "period", a->period) && grat__h5_put_number(at, "likeness", a->likeness);
    return ok;
}

static bool put_array(grat__h5_id at, const char *name, const grat_trace *t, const grat_record *r, const grat_meta *m)
{
    grat__h5_id set;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (grat__h5_put_array(at, name, (grat__h5_kind)t->type, t->raw, r->count, &set)) return false;
    bool ok = grat__h5_put_trace(set, m, r, (unsigned)(t - r->trace));
    return grat__h5_close(set, &op) == GRAT_OK && ok;
}

static bool put_record(grat__h5_id at, const grat_record *r, const grat_meta *m)
{
    bool ok = grat__h5_put_meta(at, m, r) && grat__h5_put_integer(at, "first", (int64_t)r->first);
    for (unsigned k = 0; k < r->traces && ok; k++) ok = put_array(at, r->trace[k].name, &r->trace[k], r, m);
    return ok;
}

static bool put_member(grat__h5_id at, const grat_sync_result *r)
{
    grat_meta m = {.identity = r->identity, .acquisitions = 1};
    grat_op op;
    grat__h5_id set;
    grat_op_init(&op, 0, NULL);
    snprintf(m.resource, sizeof m.resource, "%s", r->resource);
    bool ok = grat__h5_put_text(at, "name", r->name) && grat__h5_put_text(at, "resource", r->resource) &&
              grat__h5_put_text(at, "model", r->identity.model) &&
              grat__h5_put_text(at, "serial", r->identity.serial) &&
              grat__h5_put_text(at, "step", grat_sync_step_name(r->step)) &&
              grat__h5_put_text(at, "error", r->err ? grat_err_name(r->err) : "") &&
              grat__h5_put_text(at, "text", r->text) && put_model(at, r);
    if (ok && r->values) {
        ok = grat__h5_put_array(at, "values", GRAT__H5_F64, r->value, r->values, &set) == GRAT_OK &&
             grat__h5_close(set, &op) == GRAT_OK;
    } else if (ok && r->reply && r->reply_size < 4096) {
        ok = grat__h5_put_text(at, "reply", (const char *)r->reply);
    }
    return ok && (!r->record || put_record(at, r->record, &m));
}

/* A group's name has no slash. */
static void group_name(const char *name, unsigned i, char out[80])
{
    snprintf(out, 80, "%02u %.60s", i, name);
    for (char *p = out; *p; p++)
        if (*p == '/') *p = '_';
}

static grat_err put_run(grat_sync_file *f, grat__h5_id run, const grat_sync *y, const grat_record *common, grat_op *op)
{
    const grat_sync_result *r;
    grat_err e = GRAT_OK;
    char name[80];
    if (!grat__h5_put_integer(run, "send_spread_ns", grat_sync_send_spread_ns(y))) e = grat__h5_fail(f->path, op);
    for (unsigned i = 0; !e && (r = grat_sync_get(y, i)); i++) {
        grat__h5_id at;
        group_name(r->name, i, name);
        e = grat__h5_group(run, name, op, &at);
        if (e) break;
        if (!put_member(at, r)) e = grat__h5_fail(f->path, op);
        grat_op none;
        grat_op_init(&none, 0, NULL);
        if (grat__h5_close(at, &none) && !e) e = grat__h5_fail(f->path, op);
    }
    if (!e && common) {
        grat_meta m = {.acquisitions = 1};
        grat__h5_id at;
        e = grat__h5_group(run, "common", op, &at);
        if (e) return e;
        if (!grat__h5_put_number(at, "t0", common->t0) || !put_record(at, common, &m)) e = grat__h5_fail(f->path, op);
        grat_err closed = grat__h5_close(at, op);
        if (!e) e = closed;
    }
    return e;
}

grat_err grat_sync_file_add(grat_sync_file *f, const grat_sync *y, const grat_record *common, grat_op *op)
{
    char name[32];
    grat__h5_id run;
    grat_err e = grat__h5_enter(op);
    if (e) return e;
    snprintf(name, sizeof name, "run%06llu", (unsigned long long)f->runs++);
    e = grat__h5_group(f->file, name, op, &run);
    if (!e) {
        e = put_run(f, run, y, common, op);
        grat_op last;
        grat_op_init(&last, 0, NULL);
        if (grat__h5_close(run, &last) && !e) e = grat__h5_fail(f->path, op);
        if (!grat__h5_flush(f->file, -1, NULL) && !e) e = grat__h5_fail(f->path, op);
    }
    grat__h5_leave();
    return e;
}

grat_err grat_sync_file_close(grat_sync_file *f, grat_op *op)
{
    if (!f) return GRAT_OK;
    grat_err e = grat__h5_enter(op);
    if (!e) {
        e = grat__h5_close(f->file, op);
        grat__h5_leave();
    }
    free(f);
    return e;
}
