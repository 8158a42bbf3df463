/* What the instrument shows now. One that acquires by itself is read channel by channel while it runs: reading several
 * at once stops and starts it again for each picture, which is done when it is asked for. One that does not run by
 * itself is captured from, over and over. */
#include "serve/bench_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000LL
#define IO_MS 5000
#define MEMORY_MS (10 * 60 * 1000)
#define STATE_NS (150 * MS)
#define SETTINGS_NS (1000 * MS)
/* So much memory of a stopped instrument is read without being asked for, in samples of all channels. */
#define EAGER_SAMPLES 1300000u

#define SOURCES_MAX 6   /* four channels, two pods */

typedef struct taken {
    grat_record *r;
} taken;

static bool take(void *user, grat_record *r)
{
    taken *t = user;
    grat_record_unref(t->r);
    t->r = grat_record_ref(r);
    return true;
}

static unsigned sources_of(const serve_bench *b, grat_request q[SOURCES_MAX])
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4 && i < b->caps->analog; i++) {
        if (!b->set.channel[i].enabled) continue;
        grat_request_init(&q[n]);
        q[n].any_channel = q[n].channel[i] = true;
        n++;
    }
    for (unsigned pod = 0; pod < 2 && b->set.digital_on; pod++) {
        bool any = false;
        grat_request_init(&q[n]);
        for (unsigned i = 8 * pod; i < 8 * pod + 8 && i < b->caps->digital; i++)
            any = (q[n].digital[i] = b->set.digital[i]) || any;
        q[n].any_channel = true;
        if (any) n++;
    }
    return n;
}

/* The traces of several records as one; NULL when their times differ (the time base was turned meanwhile), or when
 * memory is short. */
static grat_record *merge(const taken *part, unsigned n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    unsigned traces = 0;
    const grat_record *a = part[0].r;
    for (unsigned i = 0; i < n; i++) {
        const grat_record *r = part[i].r;
        if (r->count != a->count || r->dt < a->dt || r->dt > a->dt || r->t0 < a->t0 || r->t0 > a->t0) return NULL;
        for (unsigned k = 0; k < r->traces && traces < GRAT_MAX_CHANNELS; k++) types[traces++] = r->trace[k].type;
    }
    grat_record *out = grat_record_new(traces, types, a->count);
    if (!out) return NULL;
    unsigned at = 0;
    for (unsigned i = 0; i < n; i++) {
        const grat_record *r = part[i].r;
        out->flags |= r->flags;
        for (unsigned k = 0; k < r->traces && at < traces; k++, at++) {
            void *raw = out->trace[at].raw;
            out->trace[at] = r->trace[k];
            out->trace[at].raw = memcpy(raw, r->trace[k].raw, r->count * grat_sample_size(r->trace[k].type));
        }
    }
    out->first = a->first;
    out->t0 = a->t0;
    out->dt = a->dt;
    out->mono_ns = a->mono_ns;
    out->utc_ns = a->utc_ns;
    out->utc_uncertainty_ns = a->utc_uncertainty_ns;
    return out;
}

/* Each channel from an acquisition of its own; the trigger makes them fit. */
static grat_err read_running(serve_bench *b, grat_op *op)
{
    grat_request q[SOURCES_MAX];
    taken part[SOURCES_MAX] = {{0}};
    unsigned n = sources_of(b, q), got = 0;
    grat_err err = GRAT_OK;
    for (; got < n && !err; got++) {
        q[got].current = true;
        err = grat_capture(b->scope, &q[got], take, &part[got], op);
        if (!err && !part[got].r) err = grat_op_fail(op, GRAT_ENODATA, "no record yet");
    }
    if (!err && n == 1) {
        serve_publish(b, grat_record_ref(part[0].r));
    } else if (!err && n > 1) {
        grat_record *all = merge(part, n);
        if (all) serve_publish(b, all);
    }
    for (unsigned i = 0; i < n; i++) grat_record_unref(part[i].r);
    if (!err) b->deep = false;
    if (!err) b->in_turn = n > 1;
    return err == GRAT_ENODATA ? GRAT_OK : err;
}

static grat_err read_stopped(serve_bench *b, bool memory, grat_op *op)
{
    grat_request q;
    taken t = {0};
    grat_request_init(&q);
    q.current = true;
    q.memory = memory;
    grat_err err = grat_capture(b->scope, &q, take, &t, op);
    if (t.r && !err) {
        b->deep = memory;
        b->in_turn = false;
        serve_publish(b, grat_record_ref(t.r));
    }
    grat_record_unref(t.r);
    return err;
}

grat_err serve_live_memory(serve_bench *b, grat_op *op)
{
    b->busy = "memory";
    serve_status_changed(b);
    serve_interruptible_begin(b, op, MEMORY_MS);
    grat_err err = read_stopped(b, true, op);
    serve_interruptible_end(b);
    b->busy = NULL;
    return err;
}

static uint64_t memory_of(const serve_bench *b)
{
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) n += b->set.channel[i].enabled;
    double points = b->set.depth ? (double)b->set.depth
                                 : b->set.rate * b->set.timebase * b->caps->horizontal_divisions;
    points *= n;
    return points > 0 && points < 1e15 ? (uint64_t)points : 0;
}

/* Once after it has stopped: the screen at once, then the memory when that is soon done. */
static grat_err settle(serve_bench *b, grat_op *op)
{
    grat_err err = read_stopped(b, false, op);
    uint64_t memory = memory_of(b);
    if (!err && memory > 1200 && memory <= EAGER_SAMPLES) {
        grat_op more;
        serve_status_changed(b);
        serve_interruptible_begin(b, &more, MEMORY_MS);
        grat_err deep = read_stopped(b, true, &more);
        serve_interruptible_end(b);
        if (deep == GRAT_ECANCELED) return GRAT_OK;  /* a job came: again after it */
        if (deep && deep != GRAT_ENODATA) err = deep;
    }
    b->settled = err == GRAT_OK || err == GRAT_ENODATA;
    return err == GRAT_ENODATA ? GRAT_OK : err;
}

static grat_err refresh(serve_bench *b, int64_t now, grat_op *op)
{
    grat_err err = GRAT_OK;
    if (now >= b->settings_due) {
        b->settings_due = now + SETTINGS_NS;
        err = grat_scope_get(b->scope, &b->set, op);
    }
    if (err || !b->runs_itself || now < b->state_due) return err;
    bool was = b->running;
    b->state_due = now + STATE_NS;
    err = grat_scope_state_get(b->scope, &b->state, op);
    b->running = b->state != GRAT_STATE_STOPPED;
    if (b->running || was) b->settled = false;
    return err;
}

grat_err serve_live_refresh(serve_bench *b, grat_op *op)
{
    b->settings_due = b->state_due = 0;
    return b->scope ? refresh(b, grat_now_ns(), op) : GRAT_OK;
}

static grat_err capture(serve_bench *b)
{
    grat_op op;
    grat_request q;
    taken t = {0};
    grat_request_init(&q);
    /* Without a trigger it is begun anew now and then, so that those who only ask get their answers. */
    double period = b->set.timebase * b->caps->horizontal_divisions;
    serve_interruptible_begin(b, &op, 2000 + (int64_t)(fmin(period, 1e6) * 3000));
    grat_err err = grat_capture(b->scope, &q, take, &t, &op);
    serve_interruptible_end(b);
    if (err == GRAT_ETIMEOUT) err = GRAT_ECANCELED;
    if (!err && t.r) {
        serve_publish(b, grat_record_ref(t.r));
        b->deep = true;
        if (b->state == GRAT_STATE_WAITING) {
            b->running = false;
            b->state = GRAT_STATE_STOPPED;
        }
    }
    grat_record_unref(t.r);
    if (err && err != GRAT_ECANCELED) serve_bench_failed(b, &op);
    return err == GRAT_ECANCELED ? GRAT_OK : err;
}

grat_err serve_live_step(serve_bench *b)
{
    grat_op op;
    serve_op_init(b, &op, IO_MS);
    grat_err err = refresh(b, grat_now_ns(), &op);
    if (!err && !b->runs_itself) return b->running ? capture(b) : GRAT_OK;
    if (!err && b->running && b->together) err = read_stopped(b, false, &op);
    else if (!err && b->running) err = read_running(b, &op);
    else if (!err && !b->settled) err = settle(b, &op);
    if (err) serve_bench_failed(b, &op);
    return err;
}

grat_err serve_live_fresh(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    bool watched = b->watched;
    pthread_mutex_unlock(&b->lock);
    if (!b->scope || (b->shot && (watched || !b->running))) return GRAT_OK;
    b->settings_due = b->state_due = 0;
    return serve_live_step(b);
}

int64_t serve_live_due(const serve_bench *b)
{
    int64_t due = b->settings_due;
    if (!b->scope) return grat_now_ns() + SETTINGS_NS;
    if (b->runs_itself && b->state_due < due) due = b->state_due;
    if (b->running || (b->runs_itself && !b->settled)) due = b->frame_due;
    return due > b->frame_due ? due : b->frame_due;
}

/* For an instrument that does not run by itself, running means that we ask again and again. */
grat_err serve_live_run(serve_bench *b, grat_run what, grat_op *op)
{
    grat_err err = GRAT_OK;
    if (b->runs_itself) {
        err = grat_scope_run(b->scope, what, op);
        if (!err && what != GRAT_STOP) b->running = true;
    } else {
        b->running = what == GRAT_RUN || what == GRAT_SINGLE || (what == GRAT_FORCE && b->running);
        b->state = !b->running ? GRAT_STATE_STOPPED : what == GRAT_SINGLE ? GRAT_STATE_WAITING : GRAT_STATE_AUTO;
        if (what == GRAT_FORCE) {
            grat_request q;
            taken t = {0};
            grat_request_init(&q);
            q.trigger = GRAT_TRIG_NONE;
            err = grat_capture(b->scope, &q, take, &t, op);
            if (!err && t.r) serve_publish(b, grat_record_ref(t.r));
            grat_record_unref(t.r);
        }
    }
    serve_bench_stale(b);
    return err;
}
