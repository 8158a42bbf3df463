#include <graticule/binding.h>
#include <stdbool.h>
#include <string.h>

#include "acquire/mean.h"
#include "core/wait.h"
#include "scope/scope.h"

#define MS 1000000LL
/* What a cancelled or timed-out capture may still take, for a forced record and for its read-out. */
#define FORCE_MS 1000
#define SALVAGE_MS 3000
/* Longer than the status of any known instrument lags: a STOP that is older is not stale. */
#define DWELL_NS (300 * MS)
#define POLL_NS (20 * MS)

void grat_request_init(grat_request *q)
{
    *q = (grat_request){.size = sizeof *q, .pre = -1};
}

typedef struct capture {
    const grat_driver *driver;
    void *priv;
    const grat_request *q;
    grat_record_fn fn;
    void *user;
    unsigned number;
} capture;

static bool ended_early(grat_err err)
{
    return err == GRAT_ECANCELED || err == GRAT_ETIMEOUT;
}

static bool deliver(capture *c, grat_record *r, unsigned flags)
{
    r->number = c->number;
    r->flags |= flags;
    bool more = c->fn(c->user, r);
    grat_record_unref(r);
    return more;
}

/* Forces the armed acquisition to its end. The driver refuses to hand out a record that SING did not make. */
static grat_err force(capture *c, grat_op *op)
{
    int64_t began = grat_now_ns(), forced = 0;
    for (;;) {
        grat_scope_state state;
        int64_t now = grat_now_ns();
        grat_err err = c->driver->state(c->priv, &state, op);
        if (err || (state == GRAT_STATE_STOPPED && now - began >= DWELL_NS)) return err;
        if (state == GRAT_STATE_WAITING && (!forced || now - forced >= DWELL_NS)) {
            err = c->driver->run(c->priv, GRAT_FORCE, op);
            forced = now;
        }
        if (!err) err = grat_op_sleep_until(op, now + POLL_NS);
        if (err) return err;
    }
}

/* Those that are complete; the driver's acquire gives them one after another and then ENODATA. */
static void salvage_segments(capture *c, grat_record **r, grat_op *grace)
{
    while (*r) {
        bool more = deliver(c, *r, 0);
        *r = NULL;
        c->number++;
        grat_op_init(grace, SALVAGE_MS, NULL);
        if (!more || c->driver->acquire(c->priv, c->q, grace) || c->driver->fetch(c->priv, c->q, r, grace)) return;
    }
}

/* After a cancel or a time-out during the wait: what the instrument can still give, else nothing; stopped. A time-out
 * that the instrument's own failure explains becomes that. */
static void salvage(capture *c, grat_op *ended)
{
    grat_op grace;
    grat_record *r = NULL;
    grat_op_init(&grace, FORCE_MS, NULL);
    grat_err err = c->driver->cancel ? c->driver->cancel(c->priv, &grace) : force(c, &grace);
    if (err == GRAT_EIO && c->driver->cancel && ended->err == GRAT_ETIMEOUT) grat__op_adopt(ended, &grace);
    grat_op_init(&grace, SALVAGE_MS, NULL);
    if (!err) c->driver->fetch(c->priv, c->q, &r, &grace);
    if (r && c->q->segments > 1) salvage_segments(c, &r, &grace);
    grat_op_init(&grace, FORCE_MS, NULL);
    c->driver->run(c->priv, GRAT_STOP, &grace);
    if (r) deliver(c, r, GRAT_REC_CUT);
}

/* One acquisition; *more is false when the caller has had enough. */
static grat_err one(capture *c, bool *more, grat_op *op)
{
    grat_record *r = NULL;
    grat_err err = c->q->current ? GRAT_OK : c->driver->acquire(c->priv, c->q, op);
    if (ended_early(err)) {
        grat_op kept = *op;
        salvage(c, &kept);
        *op = kept;
        err = op->err;
    }
    if (err) return err;
    err = c->driver->fetch(c->priv, c->q, &r, op);
    if (r) *more = deliver(c, r, 0);
    return err;
}

typedef struct averaging {
    grat__mean mean;
    grat_err err;
    grat_op *op;
} averaging;

/* A piece of a record is no part of a mean. */
static bool add_to_mean(void *user, grat_record *r)
{
    averaging *a = user;
    if (r->flags & GRAT_REC_CUT) return false;
    a->err = grat__mean_add(&a->mean, r, a->op);
    return !a->err;
}

/* The mean of several acquisitions. What was averaged before a cancel is delivered, marked as cut. */
static grat_err one_mean(capture *c, bool *more, grat_op *op)
{
    averaging a = {.op = op};
    capture part = *c;
    bool go_on = true;
    grat_err err = GRAT_OK;
    part.fn = add_to_mean;
    part.user = &a;
    for (unsigned k = 0; k < c->q->averages && !err && go_on; k++) err = one(&part, &go_on, op);
    if (!err) err = a.err;
    bool whole = !err && a.mean.n == c->q->averages;
    grat_record *r = grat__mean_take(&a.mean);
    if (!err || ended_early(err)) {
        if (r) *more = deliver(c, r, whole ? 0 : GRAT_REC_CUT);
    } else {
        grat_record_unref(r);
    }
    return err;
}

/* A single acquisition leaves the sweep mode at single: the next capture that keeps the trigger would then wait
 * where this one ran by itself. */
static void restore_sweep(capture *c, const grat_settings *set)
{
    grat_op grace;
    grat_scope_state state;
    if (set->sweep == GRAT_SWEEP_SINGLE) return;
    grat_op_init(&grace, FORCE_MS, NULL);
    if (c->driver->set(c->priv, set, GRAT_SET_SWEEP, &grace)) return;
    if (c->driver->state(c->priv, &state, &grace) == GRAT_OK && state != GRAT_STATE_STOPPED)
        c->driver->run(c->priv, GRAT_STOP, &grace);
}

/* What is set for the request, into *want; of what is on the screen, what the instrument has, where it is asked for. */
static grat_err prepare(grat_scope *sc, capture *c, bool tell, grat_settings *want, grat_op *op)
{
    grat_settings now = {0};
    unsigned mask = 0;
    if (c->q->current && !tell) return GRAT_OK;
    grat_err err = c->driver->get(c->priv, &now, op);
    if (c->q->current) {
        *want = now;
        return err;
    }
    if (!err) err = grat_plan(grat_scope_caps(sc), &now, c->q, want, &mask, op);
    return !err && mask ? c->driver->set(c->priv, want, mask, op) : err;
}

grat_err grat_capture_with(grat_scope *sc, const grat_request *q, grat_settings *used, grat_record_fn fn, void *user,
                           grat_op *op)
{
    capture c = {.driver = grat__scope_driver(sc), .priv = grat__scope_priv(sc), .q = q, .fn = fn, .user = user};
    grat_settings want = {0};
    unsigned count = q->segments ? q->segments : q->count ? q->count : 1;
    bool more = true, averages = q->acq == GRAT_ACQ_AVERAGE && !q->current;
    if (q->size != sizeof *q)
        return grat_op_fail(op, GRAT_EINVAL, "request: its size is wrong; call grat_request_init first");
    grat_err err = prepare(sc, &c, used, &want, op);
    if (err) return err;
    if (used) *used = want;
    if (used && averages) used->acq = q->acq, used->averages = q->averages;
    for (; c.number < count && more && !err; c.number++)
        err = averages ? one_mean(&c, &more, op) : one(&c, &more, op);
    if (!q->current) {
        grat_op kept = *op;
        restore_sweep(&c, &want);
        *op = kept;
    }
    return err;
}

grat_err grat_capture(grat_scope *sc, const grat_request *q, grat_record_fn fn, void *user, grat_op *op)
{
    return grat_capture_with(sc, q, NULL, fn, user, op);
}
