/* Streaming: a thread polls the vendor's library and copies what it gets into blocks; who records takes the blocks. The
 * thread never waits for the recorder: without a free block samples are dropped, and counted, as each block has the
 * index of its first sample. A loss inside the unit is placed by the host's clock. */
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
#define BLOCK_MAX (1u << 20)
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

typedef struct block {
    uint64_t first;
    uint32_t n;
    bool clipped;
    int16_t *v[PK_INPUTS];
} block;

typedef struct pk_stream {
    atomic_int refs;
    grat__pico_unit *u;
    unsigned channels;
    pk_setup setup;
    double dt;
    uint32_t overview, size;   /* values in a ring of the library, in a block */
    int16_t *ring[PK_INPUTS];
    block blocks[BLOCKS];
    _Atomic uint64_t head, tail; /* blocks filled, blocks taken */
    block *now;                /* being filled: number head */
    uint64_t index;            /* of the next sample */
    int64_t began_ns, published_ns;
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
        free(s->ring[k]);
        for (unsigned i = 0; i < BLOCKS; i++) free(s->blocks[i].v[k]);
    }
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

static void publish(pk_stream *s)
{
    if (!s->now || !s->now->n) return;
    s->now = NULL;
    atomic_fetch_add(&s->head, 1);
    s->published_ns = grat_now_ns();
    signal_fd(s->data_fd);
}

static block *free_block(pk_stream *s)
{
    uint64_t head = atomic_load(&s->head);
    if (s->now) return s->now;
    if (head - atomic_load(&s->tail) == BLOCKS) return NULL;
    s->now = &s->blocks[head % BLOCKS];
    s->now->first = s->index;
    s->now->n = 0;
    s->now->clipped = false;
    return s->now;
}

static void on_pico_stream(int16_t handle, int32_t samples, uint32_t start, int16_t overflow, uint32_t trigger_at,
                           int16_t triggered, int16_t auto_stop, void *user)
{
    pk_stream *s = user;
    (void)handle;
    (void)trigger_at;
    (void)triggered;
    (void)auto_stop;
    if (samples <= 0 || start >= s->overview || (uint32_t)samples > s->overview - start) return;
    for (uint32_t left = (uint32_t)samples; left;) {
        block *b = free_block(s);
        if (!b) {
            s->index += left;
            return;
        }
        uint32_t n = s->size - b->n < left ? s->size - b->n : left;
        for (unsigned k = 0; k < PK_INPUTS; k++)
            if (b->v[k]) memcpy(b->v[k] + b->n, s->ring[k] + start, n * sizeof(int16_t));
        b->n += n;
        b->clipped |= overflow != 0;
        s->index += n;
        start += n;
        left -= n;
        if (b->n == s->size) publish(s);
    }
}

/* In the largest unit in which the interval is a whole number. */
static void as_integer(double dt, uint32_t *n, int32_t *unit)
{
    static const double second[] = {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1};
    for (*unit = 5; *unit > 1; --*unit) {
        double v = dt / second[*unit], whole = nearbyint(v);
        if (whole >= 1 && whole < 4e9 && fabs(v - whole) < 1e-6 * v) break;
        if (v / 1e-3 > 4e9) break; /* the next one would not fit */
    }
    *n = (uint32_t)fmin(fmax(nearbyint(dt / second[*unit]), 1), 4e9);
}

static uint32_t begin(pk_stream *s)
{
    static const double second[] = {1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 1};
    const grat__pico_calls *c = &s->u->lib->call;
    uint32_t interval, st = GRAT__PICO_OK;
    int32_t unit;
    as_integer(s->setup.want_dt, &interval, &unit);
    s->u->failed = "SetSimpleTrigger";
    st = c->SetSimpleTrigger(s->u->handle, 0, 0, 0, 2, 0, 0);
    for (unsigned k = 0; !st && k < PK_INPUTS; k++) {
        if (!s->ring[k]) continue;
        s->u->failed = "SetDataBuffer";
        st = c->SetDataBuffer(s->u->handle, pk_number(k), s->ring[k], (int32_t)s->overview, 0, 0);
    }
    if (st) return st;
    s->u->failed = "RunStreaming";
    st = c->RunStreaming(s->u->handle, &interval, unit, 0, s->overview, 0, 1, 0, s->overview);
    if (!st) s->dt = interval * second[unit];
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

/* After a loss: the time axis goes on where the clock of the host says. */
static uint32_t restart(pk_stream *s, uint32_t why)
{
    publish(s);
    s->u->lib->call.Stop(s->u->handle);
    uint32_t st = grat__pico_is_power(why) ? pk_power(s->u, s->channels, &s->setup, why) : GRAT__PICO_OK;
    if (!st) st = start_stream(s);
    double at = (double)(grat_now_ns() - s->began_ns) / 1e9 / s->dt;
    if (at > (double)s->index) s->index = (uint64_t)at;
    return st;
}

static uint32_t poll_once(pk_stream *s)
{
    s->u->failed = "GetStreamingLatestValues";
    uint32_t st = s->u->lib->call.GetStreamingLatestValues(s->u->handle, on_pico_stream, s);
    if (st == GRAT__PICO_BUSY) st = GRAT__PICO_OK;
    for (unsigned i = 0; is_loss(st) && i < RESTARTS; i++) st = restart(s, st);
    if (grat_now_ns() - s->published_ns > PUBLISH_NS) publish(s);
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

static void unregister(pk_stream *s)
{
    for (unsigned k = 0; k < PK_INPUTS; k++)
        if (s->ring[k]) s->u->lib->call.SetDataBuffer(s->u->handle, pk_number(k), NULL, 0, 0, 0);
}

static void *stream_thread(void *user)
{
    pk_stream *s = user;
    pthread_mutex_lock(&s->u->lock);
    uint32_t st = start_stream(s);
    s->began_ns = s->published_ns = grat_now_ns();
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
    s->u->lib->call.Stop(s->u->handle);
    unregister(s);
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

static pk_stream *new_stream(pk_scope *b)
{
    pk_stream *s = calloc(1, sizeof *s);
    pthread_condattr_t attr;
    bool ok = true;
    if (!s) return NULL;
    s->u = b->u;
    s->channels = b->limits.all;
    s->setup = b->setup;
    s->dt = b->setup.want_dt;
    s->size = limit(BLOCK_SECONDS / s->dt, BLOCK_MIN, BLOCK_MAX);
    s->overview = limit(OVERVIEW_SECONDS / s->dt, OVERVIEW_MIN, OVERVIEW_MAX);
    s->data_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    s->ended_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&s->refs, 1);
    grat__pico_ref(b->u);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->wake, &attr);
    pthread_condattr_destroy(&attr);
    for (unsigned k = 0; k < PK_INPUTS; k++) {
        if (!pk_input_on(&s->setup, k)) continue;
        s->ring[k] = calloc(s->overview, sizeof(int16_t));
        ok = ok && s->ring[k];
        for (unsigned i = 0; i < BLOCKS; i++) {
            s->blocks[i].v[k] = calloc(s->size, sizeof(int16_t));
            ok = ok && s->blocks[i].v[k];
        }
    }
    if (ok && s->data_fd >= 0 && s->ended_fd >= 0) return s;
    release(s);
    return NULL;
}

static grat_err stream_start(pk_scope *b, grat_op *op)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, old;
    pk_stream *s = new_stream(b);
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

static grat_err take(pk_scope *b, pk_stream *s, grat_record **out, grat_op *op)
{
    uint64_t tail = atomic_load(&s->tail);
    const block *from = &s->blocks[tail % BLOCKS];
    grat_record *r = pk_new_record(b, from->n);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "out of memory for a record");
    for (unsigned k = 0; k < PK_INPUTS; k++) {
        if (!from->v[k]) continue;
        if (k < PK_ANALOG) memcpy(pk_analog_raw(r, &b->setup, k), from->v[k], from->n * sizeof(int16_t));
        else pk_put_port(r, &b->setup, k - PK_ANALOG, from->v[k], from->n);
    }
    r->first = from->first;
    r->dt = s->dt;
    r->mono_ns = s->began_ns;
    r->utc_ns = s->began_ns + (grat_utc_ns() - grat_now_ns());
    r->utc_uncertainty_ns = 10 * MS;
    if (from->clipped) r->flags |= GRAT_REC_CLIPPED;
    atomic_store(&s->tail, tail + 1);
    *out = r;
    return GRAT_OK;
}

grat_err pk_log_next(void *p, const grat_request *q, bool restarted, grat_record **out, grat_op *op)
{
    pk_scope *b = p;
    grat_err e = grat__op_begin(op);
    (void)q;
    if (e) return e;
    if (restarted && (e = pk_run(b, GRAT_STOP, op))) return e;
    if (!b->stream) e = stream_start(b, op);
    if (e) return e;
    pk_stream *s = b->stream;
    for (;;) {
        uint64_t n;
        if (atomic_load(&s->tail) < atomic_load(&s->head)) return take(b, s, out, op);
        if (atomic_load(&s->ended)) break;
        if ((e = grat__op_wait(op, s->data_fd, POLLIN))) return e;
        if (read(s->data_fd, &n, sizeof n) < 0) continue;
    }
    if (atomic_load(&s->tail) < atomic_load(&s->head)) return take(b, s, out, op);
    const char *failed = atomic_load(&s->failed);
    uint32_t status = atomic_load(&s->status);
    return grat__pico_fail(b->u->lib, failed ? failed : "RunStreaming", status, op);
}
