/* Streaming: a thread polls the vendor's library and copies what it gets into blocks; who records takes the blocks. The
 * thread never waits for the recorder: without a free block samples are dropped, and counted, as each block has the
 * index of its first sample. A loss inside the unit is placed by the host's clock. With a trigger the blocks are kept
 * back, and used again, until it is known where the recording begins. */
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "core/wait.h"
#include "scope/drv/picoscope/picoscope.h"

#define MS 1000000LL
#define BLOCKS 64u
#define BLOCK_SECONDS 0.05
#define BLOCK_MIN 1024u
#define BLOCK_MAX (1u << 19)
/* What the vendor's library may hold between two polls. */
#define OVERVIEW_SECONDS 0.25
#define OVERVIEW_MIN 16384u
#define OVERVIEW_MAX (1u << 22)
#define POLL_NS (2 * MS)
#define SLOW_POLL_NS (10 * MS)
#define PUBLISH_NS (50 * MS)
#define START_MS 10000
#define STOP_MS 3000
#define RESTARTS 5
/* What may be kept from before a trigger, in all traces together. */
#define PRE_BYTES (256u << 20)

/* A record that is filled by the thread and lent out: it is free again when nobody else has a reference to it. */
typedef enum block_state { FREE, FULL, LENT } block_state;
typedef struct block {
    grat_record *r;
    block_state state;
    uint64_t first;
    uint32_t n;
    bool clipped;
} block;

/* Looking for the trigger; its place is known; there is none to wait for. */
typedef enum trigger_search { SEARCHING, PLACED, UNTRIGGERED } trigger_search;
typedef struct pk_stream {
    atomic_int refs;
    grat__pico_unit *u;
    unsigned channels;
    pk_setup setup;
    grat__pico_streaming run;
    double dt;                 /* between values */
    uint32_t size;             /* values in a block */
    unsigned n;
    block *blocks;             /* with the queue: under the lock */
    unsigned *full;            /* in the order of their samples */
    unsigned full_from, full_n;
    _Atomic(trigger_search) search; /* changed under the lock, with origin */
    grat__pico_trigger trigger;
    double auto_s;             /* it begins by itself after so long; 0 = never */
    bool forced;
    double start_s;            /* from the trigger to the first of the recording … */
    int64_t start;             /* … in values, when it is known how far these are apart */
    uint64_t origin;           /* index of that one */
    int64_t began_after;       /* values from the trigger to it as they were got */
    uint64_t base;             /* index of the first value of the run that goes on */
    block *now;                /* being filled */
    uint64_t index;            /* of the next value */
    int64_t began_ns, published_ns;
    int64_t data_ns;           /* when values came last … */
    uint64_t data_index;       /* … and the index then */
    int data_fd, ended_fd;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool stop;
    atomic_bool running, ended;
    _Atomic uint32_t status;   /* why it ended */
    _Atomic(const char *) failed;
} pk_stream;

static void release(pk_stream *s)
{
    if (atomic_fetch_sub(&s->refs, 1) != 1) return;
    for (unsigned k = 0; k < PK_INPUTS; k++) {
        free(s->run.max[k]);
        free(s->run.min[k]);
    }
    for (unsigned i = 0; s->blocks && i < s->n; i++) grat_record_unref(s->blocks[i].r);
    free(s->blocks);
    free(s->full);
    if (s->data_fd >= 0) close(s->data_fd);
    if (s->ended_fd >= 0) close(s->ended_fd);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    grat__pico_unref(s->u);
    free(s);
}

static void signal_fd(int fd)
{
    static const uint64_t one = 1;
    if (write(fd, &one, sizeof one) < 0) { /* it is readable already */
    }
}

/* ---- in the thread ----------------------------------------------------------------------------------- */

/* Blocks from before the recording; as long as it is not known where that begins, those that are not needed for what
 * comes before the next value. */
static void drop_early(pk_stream *s)
{
    uint64_t keep = s->start < 0 ? (uint64_t)-s->start : 0;
    while (s->full_n) {
        block *b = &s->blocks[s->full[s->full_from]];
        uint64_t end = b->first + b->n;
        if (s->search == SEARCHING ? s->index - end < keep : end > s->origin) return;
        b->state = FREE;
        s->full_from = (s->full_from + 1) % s->n;
        s->full_n--;
    }
}

static void publish(pk_stream *s)
{
    if (!s->now || !s->now->n) return;
    pthread_mutex_lock(&s->lock);
    s->now->state = FULL;
    s->full[(s->full_from + s->full_n++) % s->n] = (unsigned)(s->now - s->blocks);
    if (s->search != UNTRIGGERED) drop_early(s);
    bool some = s->search != SEARCHING && s->full_n;
    pthread_mutex_unlock(&s->lock);
    s->now = NULL;
    s->published_ns = grat_now_ns();
    if (some) signal_fd(s->data_fd);
}

/* The recording begins `start` values after this one, or with the first that is still there. */
static void place(pk_stream *s, uint64_t trigger, bool forced)
{
    int64_t origin = (int64_t)trigger + s->start;
    pthread_mutex_lock(&s->lock);
    uint64_t first = s->full_n ? s->blocks[s->full[s->full_from]].first : s->now ? s->now->first : s->index;
    s->origin = origin > (int64_t)first ? (uint64_t)origin : first;
    s->began_after = (int64_t)(s->origin - trigger);
    s->forced = forced;
    s->search = PLACED;
    drop_early(s);
    bool some = s->full_n > 0;
    pthread_mutex_unlock(&s->lock);
    if (some) signal_fd(s->data_fd);
}

static void look_for_trigger(pk_stream *s)
{
    if (s->search != SEARCHING) return;
    if (s->run.trigger != GRAT__PICO_NOT_YET) {
        place(s, s->base + s->run.trigger, false);
        return;
    }
    double wait = fmax(s->auto_s / s->dt, s->start < 0 ? (double)-s->start : 0);
    if (s->auto_s > 0 && (double)s->index >= wait) place(s, s->index, true);
}

/* The lowest that is free: few of them are touched as long as the recorder keeps up. */
static block *free_block(pk_stream *s)
{
    block *b = NULL;
    if (s->now) return s->now;
    pthread_mutex_lock(&s->lock);
    for (unsigned i = 0; i < s->n && !b; i++) {
        block *one = &s->blocks[i];
        if (one->state == LENT && __atomic_load_n(&one->r->refs, __ATOMIC_ACQUIRE) == 1) one->state = FREE;
        if (one->state == FREE) b = one;
    }
    pthread_mutex_unlock(&s->lock);
    s->now = b;
    if (!b) return NULL;
    b->first = s->index;
    b->n = 0;
    b->clipped = false;
    return b;
}

static void fill(pk_stream *s, block *b, uint32_t start, uint32_t n)
{
    for (unsigned k = 0; k < PK_INPUTS * 2; k++) {
        unsigned input = k / 2;
        bool low = k % 2;
        const int16_t *from = low ? s->run.min[input] : s->run.max[input];
        if (!from) continue;
        if (input < PK_ANALOG)
            memcpy(pk_analog_raw(b->r, &s->setup, input, low) + b->n, from + start, n * sizeof *from);
        else
            pk_put_port(b->r, &s->setup,
                        &(pk_words){.port = input - PK_ANALOG, .low = low, .words = from + start, .at = b->n, .n = n});
    }
}

static void on_chunk(void *user, const grat__pico_chunk *c)
{
    pk_stream *s = user;
    uint32_t start = c->start;
    look_for_trigger(s);
    for (uint32_t left = c->n; left;) {
        block *b = free_block(s);
        if (!b) {
            s->index += left;
            return;
        }
        uint32_t n = s->size - b->n < left ? s->size - b->n : left;
        fill(s, b, start, n);
        b->n += n;
        b->clipped |= c->clipped;
        s->index += n;
        start += n;
        left -= n;
        if (b->n == s->size) publish(s);
    }
}

/* The width of an event is counted in samples, and how far they are apart is told by the run: true when it has to begin
 * again with another count. */
static bool fit_width(grat__pico_trigger *t, double dt)
{
    double by = t->dt / dt;
    bool at_most = t->width.type == GRAT__PICO_SHORTER;
    uint32_t lower = (uint32_t)(at_most ? floor(t->width.lower * by + 1e-6) : ceil(t->width.lower * by - 1e-6));
    uint32_t upper = (uint32_t)floor(t->width.upper * by + 1e-6);
    t->dt = dt;
    if (!t->width.on || (lower == t->width.lower && upper == t->width.upper)) return false;
    t->width.lower = lower ? lower : 1;
    t->width.upper = upper;
    return true;
}

static uint32_t begin(pk_stream *s)
{
    const grat__pico_ops *ops = s->u->lib->series->ops;
    double dt;
    uint32_t st = ops->trigger(s->u, s->search == SEARCHING ? &s->trigger : &(grat__pico_trigger){0});
    if (!st && s->u->ets) st = ops->ets(s->u, 0, &dt);
    s->run.dt = s->setup.want_dt;
    s->run.values = 0;
    s->run.trigger = GRAT__PICO_NOT_YET;
    if (!st) st = ops->run_streaming(s->u, &s->run);
    if (!st && s->search == SEARCHING && fit_width(&s->trigger, s->run.dt)) {
        ops->stop(s->u);
        return begin(s);
    }
    dt = s->run.dt * s->setup.ratio;
    /* Whoever takes blocks reads it. */
    pthread_mutex_lock(&s->lock);
    if (!st) s->dt = dt;
    pthread_mutex_unlock(&s->lock);
    return st;
}

static uint32_t start_stream(pk_stream *s)
{
    uint32_t st = begin(s);
    if (grat__pico_is_power(st)) {
        st = pk_power(s->u, s->channels, &s->setup, st);
        if (!st) st = begin(s);
    }
    return st;
}

static bool is_loss(uint32_t st)
{
    return st == GRAT__PICO_BUFFER_STALL || st == GRAT__PICO_OVERFLOW || st == GRAT__PICO_STREAMING_FAILED ||
           grat__pico_is_power(st);
}

/* After a loss: the index goes on by the time that has passed since there were values, by the clock of the host. */
static uint32_t restart(pk_stream *s, uint32_t why)
{
    publish(s);
    s->u->lib->series->ops->stop(s->u);
    uint32_t st = grat__pico_is_power(why) ? pk_power(s->u, s->channels, &s->setup, why) : GRAT__PICO_OK;
    if (!st) st = start_stream(s);
    uint64_t at = s->data_index + (uint64_t)((double)(grat_now_ns() - s->data_ns) / 1e9 / s->dt);
    if (at > s->index) s->index = at;
    s->base = s->index;
    return st;
}

static uint32_t poll_once(pk_stream *s)
{
    uint64_t before = s->index;
    uint32_t st = s->u->lib->series->ops->poll(s->u, &s->run, on_chunk, s);
    if (s->index != before) {
        s->data_ns = grat_now_ns();
        s->data_index = s->index;
    }
    look_for_trigger(s);
    for (unsigned i = 0; is_loss(st) && i < RESTARTS; i++) st = restart(s, st);
    /* What is kept back is kept in whole blocks. */
    if (s->search != SEARCHING && grat_now_ns() - s->published_ns > PUBLISH_NS) publish(s);
    return st;
}

/* False when it is to stop. */
static bool pause_thread(pk_stream *s)
{
    int64_t ns = grat_now_ns() + (s->dt > 1e-5 ? SLOW_POLL_NS : POLL_NS);
    struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    pthread_mutex_lock(&s->lock);
    while (!s->stop && pthread_cond_timedwait(&s->wake, &s->lock, &until) != ETIMEDOUT) continue;
    bool go_on = !s->stop;
    pthread_mutex_unlock(&s->lock);
    return go_on;
}

static void *stream_thread(void *user)
{
    pk_stream *s = user;
    pthread_mutex_lock(&s->u->lock);
    uint32_t st = start_stream(s);
    s->began_ns = s->published_ns = s->data_ns = grat_now_ns();
    s->start = llround(s->start_s / s->dt);
    atomic_store(&s->running, st == GRAT__PICO_OK);
    if (!st) signal_fd(s->data_fd);
    pthread_mutex_unlock(&s->u->lock);
    while (!st && pause_thread(s)) {
        pthread_mutex_lock(&s->u->lock);
        st = poll_once(s);
        pthread_mutex_unlock(&s->u->lock);
    }
    pthread_mutex_lock(&s->u->lock);
    publish(s);
    atomic_store(&s->failed, s->u->failed);
    s->u->lib->series->ops->stop(s->u);
    s->u->lib->series->ops->end_streaming(s->u, &s->run);
    pthread_mutex_unlock(&s->u->lock);
    atomic_store(&s->status, st);
    atomic_store(&s->ended, true);
    signal_fd(s->data_fd);
    signal_fd(s->ended_fd);
    release(s);
    return NULL;
}

/* ---- for the recorder --------------------------------------------------------------------------------- */

static uint32_t limit(double n, uint32_t low, uint32_t high)
{
    return (uint32_t)fmin(fmax(n, low), high);
}

static void plan_trigger(const pk_scope *b, pk_stream *s, const grat__pico_trigger *t)
{
    s->search = t->on ? SEARCHING : UNTRIGGERED;
    if (!t->on) return;
    s->trigger = *t;
    /* Here both are counted by the host. */
    s->auto_s = t->auto_s;
    s->trigger.auto_s = 0;
    s->trigger.delay = 0;
    s->start_s = ((double)b->late - (double)b->before) * b->setup.dt;
    s->run.pre = b->before;
}

static pk_stream *new_stream(pk_scope *b, const grat__pico_trigger *t)
{
    pk_stream *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    if (!s) return NULL;
    plan_trigger(b, s, t);
    s->u = b->u;
    s->channels = b->limits.all;
    s->setup = b->setup;
    s->dt = b->setup.want_dt * b->setup.ratio;
    s->size = limit(BLOCK_SECONDS / s->dt, BLOCK_MIN, BLOCK_MAX);
    s->run.ratio = b->setup.ratio;
    s->run.mode = b->setup.mode;
    s->run.length = limit(OVERVIEW_SECONDS / s->dt, OVERVIEW_MIN, OVERVIEW_MAX) / 4 * 4;
    s->data_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&s->refs, 1);
    grat__pico_ref(b->u);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    s->n = BLOCKS + (s->start_s < 0 ? (unsigned)(-s->start_s / s->dt * 1.01 / s->size) + 2 : 0);
    s->blocks = calloc(s->n, sizeof *s->blocks);
    s->full = calloc(s->n, sizeof *s->full);
    bool ok = s->blocks && s->full;
    for (unsigned k = 0; k < PK_INPUTS; k++) {
        if (!pk_input_on(&s->setup, k)) continue;
        s->run.max[k] = calloc(s->run.length, sizeof(int16_t));
        if (pk_sides(&s->setup) == 2) s->run.min[k] = calloc(s->run.length, sizeof(int16_t));
        ok = ok && s->run.max[k] && (pk_sides(&s->setup) == 1 || s->run.min[k]);
    }
    for (unsigned i = 0; i < s->n && ok; i++) ok = (s->blocks[i].r = pk_new_record(b, s->size)) != NULL;
    if (ok && s->data_fd >= 0 && s->ended_fd >= 0) return s;
    release(s);
    return NULL;
}

static grat_err check_pre(const pk_scope *b, grat_op *op)
{
    double most = PRE_BYTES / 2.0 / pk_traces(&b->setup), part = most * b->setup.ratio / b->samples;
    if (b->before / b->setup.ratio <= most) return GRAT_OK;
    return grat_op_fail(op, GRAT_ERANGE, "pre: what comes before the trigger of a stream is kept in memory; the "
                                         "nearest is %.3g%%", floor(part * 1000) / 10);
}

static grat_err stream_start(pk_scope *b, grat_op *op)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, old;
    grat__pico_trigger t;
    grat_err e = pk_trigger_of(b, b->setup.want_dt, &t, op);
    if (!e && t.on) e = check_pre(b, op);
    if (e) return e;
    pk_stream *s = new_stream(b, &t);
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "out of memory or descriptors for streaming");
    atomic_fetch_add(&s->refs, 1);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    /* Signals are the program's business, not this thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = pthread_create(&thread, &attr, stream_thread, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (r) {
        release(s);
        release(s);
        return grat_op_fail(op, GRAT_EBUSY, "no thread can be started");
    }
    b->stream = s;
    b->applied = false; /* the trigger and the segments are the stream's */
    return GRAT_OK;
}

void pk_stream_stop(pk_scope *b, grat_op *op)
{
    pk_stream *s = b->stream;
    if (!s) return;
    b->stream = NULL;
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_signal(&s->wake);
    pthread_mutex_unlock(&s->lock);
    grat_op own;
    grat__op_child(&own, op, STOP_MS);
    while (!atomic_load(&s->ended) && !grat__op_wait(&own, s->ended_fd, POLLIN)) continue;
    release(s);
}

/* What comes before the recording is left out: nobody else has this record yet. */
static void cut_start(grat_record *r, size_t n)
{
    for (unsigned k = 0; k < r->traces; k++) {
        size_t size = grat_sample_size(r->trace[k].type);
        memmove(r->trace[k].raw, (char *)r->trace[k].raw + n * size, (r->count - n) * size);
    }
    r->first += n;
    r->count -= n;
}

/* The oldest block, if there is one. */
static grat_record *take(pk_stream *s)
{
    grat_record *r = NULL;
    pthread_mutex_lock(&s->lock);
    if (s->full_n && s->search != SEARCHING) {
        block *from = &s->blocks[s->full[s->full_from]];
        s->full_from = (s->full_from + 1) % s->n;
        s->full_n--;
        from->state = LENT;
        r = grat_record_ref(from->r);
        r->first = from->first;
        r->count = from->n;
        r->flags = from->clipped ? GRAT_REC_CLIPPED : 0;
        r->dt = s->dt;
    }
    pthread_mutex_unlock(&s->lock);
    if (!r) return NULL;
    if (r->first < s->origin) cut_start(r, (size_t)(s->origin - r->first));
    r->first -= s->origin;
    r->t0 = (double)s->began_after * r->dt;
    if (s->forced) r->flags |= GRAT_REC_FORCED;
    r->mono_ns = s->began_ns + (int64_t)(((double)s->origin * r->dt - r->t0) * 1e9);
    r->utc_ns = r->mono_ns + (grat_utc_ns() - grat_now_ns());
    r->utc_uncertainty_ns = 10 * MS;
    return r;
}

grat_err pk_log_next(void *p, const grat_request *q, bool restarted, grat_record **out, grat_op *op)
{
    pk_scope *b = p;
    grat_err e = grat__op_begin(op);
    (void)q;
    if (e) return e;
    if (b->setup.ets) return grat_op_fail(op, GRAT_ERANGE, "ets: not while streaming; use --mode block");
    if (restarted && (e = pk_run(b, GRAT_STOP, op))) return e;
    if (!b->stream) e = stream_start(b, op);
    if (e) return e;
    pk_stream *s = b->stream;
    while (!(*out = take(s))) {
        uint64_t n;
        /* What it published before it ended is still there. */
        if (atomic_load(&s->ended)) {
            if ((*out = take(s))) return GRAT_OK;
            const char *failed = atomic_load(&s->failed);
            return grat__pico_fail(b->u->lib, failed ? failed : "RunStreaming", atomic_load(&s->status), op);
        }
        if ((e = grat__op_wait(op, s->data_fd, POLLIN))) return s->search == SEARCHING ? pk_no_trigger(b, e, op) : e;
        if (read(s->data_fd, &n, sizeof n) < 0) continue;
    }
    return GRAT_OK;
}
