#include "video/outlet.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/str.h"
#include "core/wait.h"

enum { QUEUE = 4, DRAIN_S = 1, CLOSE_MS = 5000, CUT_MS = 500 };

typedef struct item {
    grat__frame *frame;
    uint64_t tick;
} item;

struct grat__outlet {
    const grat__video_kind *kind;
    void *sink;
    bool block;               /* instead of leaving frames out */
    grat_cancel *cancel;      /* ends the thread's frame */
    pthread_t thread;
    bool running;

    pthread_mutex_t lock;     /* for all below */
    pthread_cond_t change;
    item queue[QUEUE];
    unsigned first, held;
    bool busy, ending;
    uint64_t skipped;
    grat_err err;
    char text[GRAT_TEXT_MAX];
};

grat__frame *grat__frame_new(const grat__yuv *from)
{
    grat__frame *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->refs = 1;
    f->yuv = *from;
    f->yuv.data = malloc(from->size);
    if (!f->yuv.data) {
        free(f);
        return NULL;
    }
    memcpy(f->yuv.data, from->data, from->size);
    return f;
}

void grat__frame_unref(grat__frame *f)
{
    if (!f || __atomic_sub_fetch(&f->refs, 1, __ATOMIC_ACQ_REL)) return;
    grat__yuv_free(&f->yuv);
    free(f);
}

static item take(grat__outlet *o)
{
    item i = o->queue[o->first];
    o->first = (o->first + 1) % QUEUE;
    o->held--;
    return i;
}

static void *run(void *arg)
{
    grat__outlet *o = arg;
    pthread_mutex_lock(&o->lock);
    for (;;) {
        while (!o->held && !o->ending) pthread_cond_wait(&o->change, &o->lock);
        if (!o->held) break;
        item i = take(o);
        bool good = !o->err;
        o->busy = true;
        pthread_cond_broadcast(&o->change);
        pthread_mutex_unlock(&o->lock);
        grat_op op;
        grat_op_init(&op, INT64_MAX, o->cancel);
        grat_err e = good ? o->kind->frame(o->sink, &i.frame->yuv, i.tick, &op) : GRAT_OK;
        grat__frame_unref(i.frame);
        pthread_mutex_lock(&o->lock);
        o->busy = false;
        if (e && !o->err) {
            o->err = e;
            grat__strcpy(o->text, sizeof o->text, op.text);
        }
        pthread_cond_broadcast(&o->change);
    }
    pthread_mutex_unlock(&o->lock);
    return NULL;
}

static void outlet_free(grat__outlet *o)
{
    while (o->held) grat__frame_unref(take(o).frame);
    grat_cancel_free(o->cancel);
    pthread_cond_destroy(&o->change);
    pthread_mutex_destroy(&o->lock);
    free(o);
}

grat_err grat__outlet_open(const grat__video_kind *kind, const grat_live_out *to, const grat__video_shape *shape,
                           grat_op *op, grat__outlet **out)
{
    pthread_condattr_t monotonic;
    grat__outlet *o = calloc(1, sizeof *o);
    if (!o) return grat_op_fail(op, GRAT_ENOMEM, "live: out of memory");
    o->kind = kind;
    o->block = kind->keeps && !shape->steady;
    pthread_mutex_init(&o->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&o->change, &monotonic);
    pthread_condattr_destroy(&monotonic);
    o->cancel = grat_cancel_new();
    grat_err e = o->cancel ? kind->open(to, shape, op, &o->sink)
                           : grat_op_fail(op, GRAT_ENOMEM, "live: no file descriptor left");
    if (!e && kind->waits) {
        o->running = pthread_create(&o->thread, NULL, run, o) == 0;
        if (!o->running) {
            grat_op closing;
            grat_op_init(&closing, CLOSE_MS, NULL);
            kind->close(o->sink, &closing);
            e = grat_op_fail(op, GRAT_ENOMEM, "live: no thread can be started");
        }
    }
    if (e) {
        outlet_free(o);
        return e;
    }
    *out = o;
    return GRAT_OK;
}

bool grat__outlet_queues(const grat__outlet *o)
{
    return o->running;
}

/* Until there is room; the lock is held. */
static grat_err wait_room(grat__outlet *o, grat_op *op)
{
    grat_err e = GRAT_OK;
    while (o->held == QUEUE && !o->err && !(e = grat_op_check(op))) {
        int64_t until = grat_now_ns() + 50000000;   /* the cancel is seen at least so often */
        struct timespec t = {.tv_sec = until / 1000000000, .tv_nsec = until % 1000000000};
        pthread_cond_timedwait(&o->change, &o->lock, &t);
    }
    return e;
}

grat_err grat__outlet_put(grat__outlet *o, grat__frame *f, uint64_t tick, grat_op *op)
{
    pthread_mutex_lock(&o->lock);
    grat_err e = o->block ? wait_room(o, op) : GRAT_OK;
    if (!e && o->err) e = grat_op_fail(op, o->err, "%s", o->text);
    if (!e) {
        if (o->held == QUEUE) {
            grat__frame_unref(take(o).frame);
            o->skipped++;
        }
        __atomic_add_fetch(&f->refs, 1, __ATOMIC_RELAXED);
        o->queue[(o->first + o->held++) % QUEUE] = (item){f, tick};
        pthread_cond_broadcast(&o->change);
    }
    pthread_mutex_unlock(&o->lock);
    return e;
}

grat_err grat__outlet_now(grat__outlet *o, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    return o->kind->frame(o->sink, f, tick, op);
}

grat_err grat__outlet_close(grat__outlet *o, bool stopped, grat_op *op)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += DRAIN_S;
    pthread_mutex_lock(&o->lock);
    o->ending = true;
    while (stopped && o->held) grat__frame_unref(take(o).frame);
    pthread_cond_broadcast(&o->change);
    while (o->running && (o->held || o->busy))
        if (pthread_cond_timedwait(&o->change, &o->lock, &until)) break;
    while (o->held) grat__frame_unref(take(o).frame);
    if (o->busy) grat_cancel_fire(o->cancel);
    pthread_mutex_unlock(&o->lock);
    if (o->running) pthread_join(o->thread, NULL);
    grat_op closing;
    grat_op_init(&closing, o->err == GRAT_ECANCELED ? CUT_MS : CLOSE_MS, NULL);
    grat_err e = o->kind->close(o->sink, &closing);
    if (o->err == GRAT_ECANCELED)
        e = grat_op_fail(op, GRAT_ECUT, "live: %s: the last frames were not taken in time", o->kind->name);
    else if (o->err) e = grat_op_fail(op, o->err, "%s", o->text);
    else if (e) grat__op_adopt(op, &closing);
    outlet_free(o);
    return e;
}

const grat__video_kind *grat__outlet_kind(const grat__outlet *o)
{
    return o->kind;
}

void grat__outlet_where(const grat__outlet *o, char *out, size_t cap)
{
    if (o->kind->where) o->kind->where(o->sink, out, cap);
}

uint64_t grat__outlet_skipped(grat__outlet *o)
{
    pthread_mutex_lock(&o->lock);
    uint64_t n = o->skipped;
    pthread_mutex_unlock(&o->lock);
    return n + (o->kind->skipped ? o->kind->skipped(o->sink) : 0);
}
