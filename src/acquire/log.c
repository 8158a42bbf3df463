/* Long recordings: pieces without end, each sample with its index, what is missing marked and counted. */
#include <math.h>
#include <string.h>

#include "core/wait.h"
#include "scope/scope.h"

#define MS 1000000LL
/* What a piece may take beyond thrice its own time. */
#define PIECE_MS 10000
#define STOP_MS 2000
/* Pieces in a row that may fail before the recording does: a fault of the link costs a gap, not the night. */
#define MAX_FAULTS 5
/* In one run of the memory, when nobody says how many. */
#define RAPID_SEGMENTS 32

typedef struct recording {
    const grat_driver *driver;
    void *priv;
    grat_request q;
    const grat_log_options *opt;
    grat_log_totals totals;
    int64_t began_ns, utc_ns;    /* host time of index 0 */
    uint64_t next;               /* index behind the last sample */
    int64_t piece_ms;
    uint64_t wanted;             /* with `separate`: so many, 0 = without end */
    int64_t started_ns;          /* with `separate`: when the first one was due … */
    uint64_t turn;               /* … and the number of the next one, every so many seconds */
    unsigned faults;
    bool own;                    /* the driver's log_next makes the pieces */
    bool triggered;              /* a stream that begins at a trigger … */
    double t0;                   /* … this long before it */
    bool broken;                 /* a run of segments ended before its last one */
} recording;

/* Where the driver has no pieces of its own: acquisitions one after another, placed by the host's clock. */
static grat_err by_acquisition(recording *r, grat_record **out, grat_op *op)
{
    grat_record *rec = NULL;
    grat_err err = r->driver->acquire(r->priv, &r->q, op);
    r->broken = r->q.segments > 1 && (err == GRAT_ECANCELED || err == GRAT_ETIMEOUT);
    if (!err) err = r->driver->fetch(r->priv, &r->q, &rec, op);
    if (!rec) return err;
    *out = rec;
    if (r->opt->separate) return err;
    int64_t start = rec->mono_ns + (int64_t)((rec->t0 + (double)rec->first * rec->dt) * 1e9);
    if (!r->totals.records) r->began_ns = start;
    double index = rec->dt > 0 ? nearbyint((double)(start - r->began_ns) / 1e9 / rec->dt) : 0;
    rec->first = index > (double)r->next ? (uint64_t)index : r->next;
    return err;
}

static grat_err next_piece(recording *r, grat_record **out, grat_op *op)
{
    bool restart = r->totals.records == 0;
    if (r->own) return r->driver->log_next(r->priv, &r->q, restart, out, op);
    return by_acquisition(r, out, op);
}

/* At most as many samples as are still wanted; an uncut record is handed on as it is. */
static void cut_to_limit(const recording *r, grat_record *rec)
{
    uint64_t limit = r->opt->samples;
    if (r->opt->duration > 0 && rec->dt > 0) {
        double by_time = ceil(r->opt->duration / rec->dt - 1e-6);
        if (by_time < 1e18 && (!limit || by_time < (double)limit)) limit = (uint64_t)by_time;
    }
    if (!limit) return;
    if (rec->first >= limit) rec->first = limit, rec->count = 0; /* the end is in the gap */
    else if (rec->first + rec->count > limit) rec->count = (size_t)(limit - rec->first);
}

static bool is_over(const recording *r, const grat_record *rec)
{
    if (r->opt->samples && rec->first + rec->count >= r->opt->samples) return true;
    if (!(r->opt->duration > 0)) return false;
    return (double)(rec->first + rec->count) * rec->dt >= r->opt->duration * (1 - 1e-12) - 1e-6 * rec->dt;
}

static void account(recording *r, grat_record *rec)
{
    if (!r->totals.records) {
        r->began_ns = rec->mono_ns + (int64_t)(rec->t0 * 1e9);
        r->utc_ns = rec->utc_ns + (int64_t)(rec->t0 * 1e9);
        r->t0 = r->triggered ? rec->t0 : 0;
    }
    rec->t0 = r->t0;
    rec->mono_ns = r->began_ns - (int64_t)(r->t0 * 1e9);
    rec->utc_ns = r->utc_ns - (int64_t)(r->t0 * 1e9);
    rec->flags &= ~(unsigned)GRAT_REC_GAP_BEFORE;
    if (rec->first > r->next) {
        rec->flags |= GRAT_REC_GAP_BEFORE;
        r->totals.gaps++;
        r->totals.lost += rec->first - r->next;
    }
    /* Behind a gap that goes beyond the end nothing is left of the last. */
    if (rec->count || !r->totals.records) r->totals.records++;
    r->totals.samples += rec->count;
    r->totals.dt = rec->dt;
    r->next = rec->first + rec->count;
}

/* An acquisition of its own. */
static void count_separate(recording *r, grat_record *rec)
{
    rec->number = (unsigned)r->totals.records++;
    rec->flags &= ~(unsigned)GRAT_REC_GAP_BEFORE;
    r->totals.samples += rec->count;
    r->totals.dt = rec->dt;
}

/* INT64_MAX beyond what 64 bits hold, 292 years. */
static int64_t later(int64_t from_ns, double seconds)
{
    return seconds < 9e9 - (double)from_ns / 1e9 ? from_ns + (int64_t)(seconds * 1e9) : INT64_MAX;
}

static int64_t end_of(const recording *r)
{
    return r->opt->duration > 0 ? later(r->started_ns, r->opt->duration) : INT64_MAX;
}

static bool separate_is_over(const recording *r)
{
    if (r->wanted && r->totals.records >= r->wanted) return true;
    return grat_now_ns() >= end_of(r) || (r->opt->samples && r->totals.samples >= r->opt->samples);
}

/* Waits until the next one is due. Turns that were missed are left out, and counted. */
static grat_err wait_turn(recording *r, bool *more, grat_op *op)
{
    /* The segments of one run come together. */
    if (r->q.segments && r->totals.records % r->q.segments) return *more = !separate_is_over(r), GRAT_OK;
    double passed = (double)(grat_now_ns() - r->started_ns) / 1e9;
    if (r->opt->every > 0 && r->totals.records) {
        uint64_t next = (uint64_t)(passed / r->opt->every) + 1;
        if (next > r->turn + 1) r->totals.missed += next - r->turn - 1;
        r->turn = next;
    }
    int64_t due = later(r->started_ns, (double)r->turn * r->opt->every), end = end_of(r);
    grat_err err = grat_op_sleep_until(op, due < end ? due : end);
    *more = !separate_is_over(r);
    return err;
}

static void separate_op(const recording *r, grat_op *child, const grat_op *op)
{
    *child = *op;
    if (end_of(r) < child->deadline_ns) child->deadline_ns = end_of(r);
}

/* One piece; *more is false at the end. */
static grat_err one(recording *r, grat_record_fn fn, void *user, bool *more, grat_op *op)
{
    grat_record *rec = NULL;
    grat_op child;
    /* A trigger may come when it likes. */
    if (r->opt->separate) separate_op(r, &child, op);
    else if (r->triggered && !r->totals.records) child = *op;
    else grat__op_child(&child, op, r->piece_ms);
    grat_err err = next_piece(r, &rec, &child);
    grat__op_adopt(op, &child);
    if (rec) {
        r->faults = 0;
        if (r->opt->separate) {
            count_separate(r, rec);
            *more = !separate_is_over(r);
        } else {
            cut_to_limit(r, rec);
            *more = !is_over(r, rec);
            account(r, rec);
        }
        if (rec->count && !fn(user, rec)) *more = false;
        grat_record_unref(rec);
    }
    grat_op own = *op; /* so that why it ended is not said again, shorter */
    if (!err || err == GRAT_ECANCELED || grat_op_check(&own)) return err;
    if (err == GRAT_ETIMEOUT && r->opt->separate && separate_is_over(r)) return *more = false, GRAT_OK;
    if (!r->totals.records || ++r->faults >= MAX_FAULTS || err == GRAT_EDEAD || err == GRAT_ERANGE) return err;
    r->totals.faults++;
    return GRAT_OK;
}

static grat_err choose_mode(recording *r, const grat_caps *caps, grat_op *op)
{
    static const char *const names[] = {"auto", "block", "rapid", "stream"};
    grat_log_mode mode = r->opt->mode;
    const grat_driver *d = r->driver;
    if ((unsigned)mode > GRAT_LOG_STREAM) return grat_op_fail(op, GRAT_EINVAL, "log: there is no such mode");
    r->own = d->log_next && (d->log_mode || mode != GRAT_LOG_BLOCK);
    if (d->log_mode) return d->log_mode(r->priv, mode, op);
    bool rapid = caps->features & GRAT_FEATURE_SEGMENTS;
    if (mode <= GRAT_LOG_BLOCK || (d->log_next && mode == GRAT_LOG_STREAM)) return GRAT_OK;
    if (mode == GRAT_LOG_RAPID && rapid) {
        r->own = false;
        if (!r->q.segments) r->q.segments = RAPID_SEGMENTS;
        if (r->wanted && r->wanted < r->q.segments) r->q.segments = (unsigned)r->wanted;
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_ERANGE, "mode %s: not with this instrument, which has block%s%s", names[mode],
                        rapid ? ", rapid" : "", d->log_next ? " and stream" : "");
}

static grat_err prepare(grat_scope *sc, recording *r, grat_op *op)
{
    grat_settings now = {0}, want = {0};
    unsigned mask = 0;
    if (r->q.acq == GRAT_ACQ_AVERAGE)
        return grat_op_fail(op, GRAT_ERANGE, "a recording has every sample once: leave the average out, or use "
                            "capture");
    grat_err err = r->driver->get(r->priv, &now, op);
    if (!err) err = grat_plan(grat_scope_caps(sc), &now, &r->q, &want, &mask, op);
    if (!err && mask) err = r->driver->set(r->priv, &want, mask, op);
    if (err) return err;
    double period = want.timebase * grat_scope_caps(sc)->horizontal_divisions;
    r->piece_ms = PIECE_MS + (int64_t)fmin(period * 3000, 1e12);
    return GRAT_OK;
}

static grat_err begin(recording *r, const grat_caps *caps, grat_op *op)
{
    const grat_log_options *opt = r->opt;
    bool trigger = r->q.trigger == GRAT_TRIG_EDGE || r->q.trigger == GRAT_TRIG_AUTO;
    if (opt->separate && opt->mode == GRAT_LOG_STREAM)
        return grat_op_fail(op, GRAT_EINVAL, "log: a stream is not made of separate acquisitions; choose mode block");
    r->triggered = trigger && opt->mode == GRAT_LOG_STREAM;
    if (!opt->separate && !r->triggered) {
        r->q.trigger = GRAT_TRIG_NONE;
        r->q.delay = 0;
    }
    if (r->q.pre < 0 && !opt->separate) r->q.pre = 0;
    r->q.current = false;
    r->wanted = opt->separate ? r->q.count : 0;
    r->q.count = 0;
    grat_err err = choose_mode(r, caps, op);
    if (!err && r->triggered && !(caps->features & GRAT_FEATURE_STREAM_TRIGGER))
        err = grat_op_fail(op, GRAT_ERANGE, "mode stream: this instrument streams without a trigger; choose mode "
                           "block");
    return err;
}

/* The segments that were complete when the time was up, or at a cancel. */
static void salvage(recording *r, grat_record_fn fn, void *user)
{
    grat_op grace;
    bool more = true;
    grat_op_init(&grace, STOP_MS, NULL);
    if (!r->driver->cancel || r->driver->cancel(r->priv, &grace)) return;
    while (more && !(r->wanted && r->totals.records >= r->wanted)) {
        grat_record *rec = NULL;
        grat_op_init(&grace, PIECE_MS, NULL);
        if (r->driver->fetch(r->priv, &r->q, &rec, &grace) || !rec) return;
        count_separate(r, rec);
        more = fn(user, rec) && r->driver->acquire(r->priv, &r->q, &grace) == GRAT_OK;
        grat_record_unref(rec);
    }
}

grat_err grat_log(grat_scope *sc, const grat_request *q, const grat_log_options *opt, const grat_log_sink *sink,
                  grat_op *op)
{
    recording r = {.driver = grat__scope_driver(sc), .priv = grat__scope_priv(sc), .q = *q, .opt = opt};
    bool more = true;
    if (q->size != sizeof *q || opt->size != sizeof *opt)
        return grat_op_fail(op, GRAT_EINVAL, "log: a size is wrong; initialise the request and the options");
    grat_err err = begin(&r, grat_scope_caps(sc), op);
    if (!err) err = prepare(sc, &r, op);
    r.started_ns = grat_now_ns();
    while (!err && more) {
        if (opt->separate) err = wait_turn(&r, &more, op);
        if (err || !more) break;
        err = one(&r, sink->fn, sink->user, &more, op);
        if (sink->progress) sink->progress(sink->user, &r.totals);
    }
    grat_op kept = *op, grace;
    if (r.broken && opt->separate) salvage(&r, sink->fn, sink->user);
    grat_op_init(&grace, STOP_MS, NULL);
    if (r.driver->run(r.priv, GRAT_STOP, &grace)) grace.err = GRAT_OK; /* it is left as it is */
    *op = kept;
    if (sink->totals) *sink->totals = r.totals;
    if (!err) op->err = GRAT_OK;
    return err;
}
