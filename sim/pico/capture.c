#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sim/pico/unit.h"

/* The unit arms itself again in so long. */
#define REARM 1e-6
#define MS 1000000LL

_Thread_local bool ps_in_callback;

/* ---- block -------------------------------------------------------------------------------------- */

/* Samples in which a trigger comes that comes at all: some periods of the slowest signal. */
static double far_enough(const ps_unit *u)
{
    double hz = 1e9;
    for (unsigned i = 0; i < PS_SOURCES; i++)
        if ((i == PS_CHANNELS || u->input[i].enabled) && u->signal[i].hz > 0) hz = fmin(hz, u->signal[i].hz);
    return 3 / hz / u->dt + 70000;
}

/* The trigger of one capture that may begin at `from`; -1 for never. */
static int64_t place(const ps_unit *u, int64_t from, int64_t *fs)
{
    const ps_trigger *t = &u->trigger;
    int64_t armed = from + u->pre;
    *fs = 0;
    if (!t->on) return armed;
    double most = far_enough(u), limit = t->auto_s > 0 ? t->auto_s / u->dt : most;
    ps_search s = {from, armed, (int64_t)fmin(most, limit) + 1};
    int64_t at = ps_find_trigger(u, &s, fs);
    if (at >= 0) return at + (int64_t)t->delay;
    return t->auto_s > 0 ? armed + (int64_t)limit : -1;
}

/* Waits on the unit's lock until the sample of this index is taken; false when it was told to stop. */
static bool wait_for(ps_unit *u, int64_t ns)
{
    struct timespec until = {.tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000};
    while (!u->stop)
        if (pthread_cond_timedwait(&u->wake, &u->lock, &until) == ETIMEDOUT) return !u->stop;
    return false;
}

static void *block_worker(void *arg)
{
    ps_unit *u = arg;
    int64_t from = 0;
    uint32_t status = PS_OK;
    pthread_mutex_lock(&u->lock);
    while (!u->stop && u->done < u->captures) {
        int64_t fs, at = place(u, from, &fs);
        if (at < 0) {
            while (!u->stop) pthread_cond_wait(&u->wake, &u->lock);
            break;
        }
        int64_t end = at + u->post;
        if (!wait_for(u, u->run_ns + (int64_t)((double)end * u->dt * 1e9))) break;
        u->start[u->done] = at - u->pre;
        u->offset_fs[u->done] = fs;
        u->done++;
        from = end + (int64_t)ceil(REARM / u->dt);
    }
    if (!u->stop && u->late_ms) wait_for(u, ps_now() + u->late_ms * MS);
    if (u->stop) status = PS_CANCELLED;
    else u->has_data = true;
    if (u->done && u->generator.source == PS_GEN_SCOPE)
        u->generator.fired_ns = u->run_ns + (int64_t)((double)(u->start[u->done - 1] + u->pre) * u->dt * 1e9);
    uint32_t injected = ps_fault_of(u, "BlockReady");
    if (injected && !u->stop) status = injected;
    u->run_status = status;
    u->ready = !u->stop;
    u->state = PS_IDLE;
    pthread_mutex_unlock(&u->lock);
    ps_in_callback = true;
    if (u->block_cb) u->block_cb(u->handle, status, u->user);
    return NULL;
}

/* ---- equivalent time ------------------------------------------------------------------------------ */

static int64_t down(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* One acquisition more: into its place when it comes nearer to the middle of it. The sample after its end, or -1. */
static int64_t take_slot(ps_unit *u, int64_t from)
{
    ps_ets *e = &u->ets;
    int64_t fs, armed = from + u->pre / e->interleave + 1, at;
    /* By chance: even steps may fall in with the period of the signal, and leave places out for ever. */
    e->seed = e->seed * 1664525u + 1013904223u;
    u->nudge = ldexp(e->seed >> 8, -24);
    at = ps_find_trigger(u, &(ps_search){from, armed, (int64_t)far_enough(u)}, &fs);
    if (at < 0) return -1;
    double after = fmin(ps_crossing(u, at), 1 - 1e-9), place = after * e->interleave;
    ps_slot *s = &e->next[(int)place];
    double off = fabs(place - floor(place) - 0.5), had = fabs(s->after * e->interleave - floor(place) - 0.5);
    if (!s->filled || off < had) *s = (ps_slot){true, at, after, u->nudge};
    return at + u->post / e->interleave + 2;
}

/* At least so many acquisitions as were asked for, and until no place is empty. False when the trigger stays away. */
static bool take_slots(ps_unit *u, int64_t *from)
{
    ps_ets *e = &u->ets;
    unsigned empty = 1;
    for (int i = 0; i < e->interleave; i++) e->next[i].filled = false;
    for (int n = 0; empty || n < e->cycles; n++) {
        if (u->stop || n > 100 * e->cycles) return false;
        int64_t end = take_slot(u, *from);
        if (end < 0) return false;
        *from = end + (int64_t)ceil(REARM / u->dt);
        /* Whoever wants to stop it gets in here. */
        pthread_mutex_unlock(&u->lock);
        pthread_mutex_lock(&u->lock);
        empty = 0;
        for (int i = 0; i < e->interleave; i++) empty += !e->next[i].filled;
    }
    return wait_for(u, u->run_ns + (int64_t)((double)*from * u->dt * 1e9));
}

/* One set of data after another, until it is stopped. */
static void *ets_worker(void *arg)
{
    ps_unit *u = arg;
    int64_t from = 0;
    pthread_mutex_lock(&u->lock);
    while (!u->stop) {
        if (!take_slots(u, &from)) {
            while (!u->stop) pthread_cond_wait(&u->wake, &u->lock);
            break;
        }
        ps_slot *old = u->ets.slot;
        u->ets.slot = u->ets.next;
        u->ets.next = old;
        u->done = 1;
        u->start[0] = u->offset_fs[0] = 0;
        u->has_data = u->ready = true;
        pthread_mutex_unlock(&u->lock);
        ps_in_callback = true;
        if (u->block_cb) u->block_cb(u->handle, PS_OK, u->user);
        ps_in_callback = false;
        pthread_mutex_lock(&u->lock);
    }
    u->state = PS_IDLE;
    u->nudge = 0;
    pthread_mutex_unlock(&u->lock);
    ps_in_callback = true;
    if (u->block_cb) u->block_cb(u->handle, PS_CANCELLED, u->user);
    return NULL;
}

void ps_ets_values(ps_unit *u, int input, uint64_t from, uint32_t n, int16_t *out)
{
    const int64_t places = u->ets.interleave, first = (int64_t)from - u->pre;
    double was = u->nudge;
    int16_t own[256];
    for (int64_t i = 0; i < places && i < n; i++) {
        const ps_slot *s = &u->ets.slot[(first + i) - down(first + i, places) * places];
        int64_t at = s->at + down(first + i, places);
        u->nudge = s->nudge;
        for (int64_t k = 0, count = (n - i + places - 1) / places; k < count; k++) {
            if (k % 256 == 0) ps_samples(u, input, at + k, (uint32_t)(count - k < 256 ? count - k : 256), own);
            out[i + k * places] = own[k % 256];
        }
    }
    u->nudge = was;
}

void ps_ets_times(ps_unit *u, uint64_t from, uint64_t n)
{
    const int64_t places = u->ets.interleave;
    for (uint64_t i = 0; i < n && i < (uint64_t)u->ets.length; i++) {
        int64_t at = (int64_t)(from + i) - u->pre, whole = down(at, places);
        int64_t fs = (int64_t)nearbyint(((double)whole + u->ets.slot[at - whole * places].after) * u->dt * 1e15);
        if (u->ets.times) memcpy(u->ets.times + i, &fs, sizeof fs);
        if (u->ets.upper) u->ets.upper[i] = (uint32_t)((uint64_t)fs >> 32);
        if (u->ets.lower) u->ets.lower[i] = (uint32_t)fs;
    }
}

static void begin_run(ps_unit *u)
{
    u->run_ns = ps_now();
    u->flash_until = 0;
    if (!u->first_ns) u->first_ns = u->run_ns;
    u->base = (int64_t)nearbyint((double)(u->run_ns - u->first_ns) / 1e9 / u->dt);
    ps_prepare(u);
}

uint32_t ps_run_block(ps_unit *u)
{
    int64_t *start = realloc(u->start, u->captures * sizeof *start);
    if (start) u->start = start;
    int64_t *fs = realloc(u->offset_fs, u->captures * sizeof *fs);
    if (fs) u->offset_fs = fs;
    if (!start || !fs) return PS_MEMORY_FAIL;
    begin_run(u);
    u->done = 0;
    u->ready = u->stop = u->has_data = false;
    u->state = PS_BLOCK;
    u->nudge = 0;
    u->worker_on = pthread_create(&u->worker, NULL, u->ets.interleave ? ets_worker : block_worker, u) == 0;
    return u->worker_on ? PS_OK : PS_MEMORY_FAIL;
}

void ps_stop(ps_unit *u)
{
    pthread_mutex_lock(&u->lock);
    u->stop = true;
    pthread_cond_broadcast(&u->wake);
    pthread_mutex_unlock(&u->lock);
    if (u->worker_on) pthread_join(u->worker, NULL);
    u->worker_on = false;
    if (u->done) u->has_data = true;
    u->state = PS_IDLE;
}

/* ---- streaming ---------------------------------------------------------------------------------- */

/* A USB transfer: what is smaller waits. */
static uint64_t least(const ps_unit *u)
{
    double ms = 1e-3 / u->dt, few = fmin(512, 20e-3 / u->dt), n = fmax(fmax(ms, few), u->ratio);
    return n < 1 ? 1 : (uint64_t)n;
}

static uint64_t ring_length(const ps_unit *u)
{
    uint64_t n = u->overview;
    for (unsigned i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[i];
        if (u->input[i].enabled && b->length && b->length < n) n = b->length;
    }
    return n;
}

static int16_t clipped(const ps_unit *u)
{
    int16_t over = 0;
    for (unsigned i = 0; i < PS_CHANNELS; i++)
        if (u->input[i].enabled && u->input[i].clips) over = (int16_t)(over | 1 << i);
    return over;
}

/* The trigger among the samples up to this one; with it the end of a stream that stops is known. */
static void find_in_stream(ps_unit *u, int64_t there)
{
    int64_t fs, from = u->searched > 70000 ? u->searched - 70000 : 0;
    if (!u->trigger.on || u->trigger_at >= 0 || there <= u->searched) return;
    int64_t at = ps_find_trigger(u, &(ps_search){from, u->searched, there - u->searched}, &fs);
    u->searched = there;
    if (at < 0 || at >= there) return;
    u->trigger_at = at + (int64_t)u->trigger.delay;
    if (u->stops) u->limit = (uint64_t)(u->trigger_at + u->stream_post);
}

/* Of values that begin with this raw sample. */
static void mark_trigger(const ps_unit *u, uint64_t first, uint64_t n, ps_chunk *out)
{
    uint64_t at = (uint64_t)u->trigger_at;
    if (u->trigger_at < 0 || at < first || at >= first + n * u->ratio) return;
    out->triggered = 1;
    out->trigger_at = (uint32_t)((at - first) / u->ratio);
}

/* Raw samples that were taken; a loss when the unit holds more than it can. */
static uint32_t taken(ps_unit *u, uint64_t *there)
{
    *there = (uint64_t)((double)(ps_now() - u->run_ns) / 1e9 / u->dt);
    find_in_stream(u, (int64_t)*there);
    if (u->limit && *there > u->limit) *there = u->limit;
    if ((double)(*there - u->delivered) * u->dt * 1e3 <= u->buffer_ms) return PS_OK;
    u->state = PS_IDLE;
    return PS_BUFFER_STALL;
}

uint32_t ps_poll(ps_unit *u, ps_chunk *out, bool *have)
{
    uint64_t there, ring = ring_length(u);
    *have = false;
    if (!ring) return PS_BUFFERS_NOT_SET;
    if (u->auto_stopped) return PS_OK;
    uint32_t status = taken(u, &there);
    if (status) return status;
    bool last = u->limit && there >= u->limit;
    if (there - u->delivered < least(u) && !last) return PS_BUSY;
    uint64_t n = (there - u->delivered) / u->ratio, pos = u->out % ring;
    if (n > ring - pos) n = ring - pos;
    if (!n && !last) return PS_BUSY;
    for (int i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[i];
        if (!u->input[i].enabled || !b->length || (b->mode != u->mode && b->mode != PS_ANY_MODE)) continue;
        ps_reduce r = {i, (int64_t)u->delivered, (uint32_t)n, u->ratio, u->mode};
        ps_reduced(u, &r, b, pos);
    }
    u->delivered += n * u->ratio;
    u->out += n;
    u->auto_stopped = u->limit && u->limit - u->delivered < u->ratio;
    *out = (ps_chunk){(int32_t)n, (uint32_t)pos, u->auto_stopped, clipped(u), 0, 0};
    mark_trigger(u, u->delivered - n * u->ratio, n, out);
    *have = true;
    return PS_OK;
}

/* ---- streaming of the modern interface ------------------------------------------------------------------- */

uint32_t ps_poll_queue(ps_unit *u, unsigned input, ps_chunk *out, uint64_t *number)
{
    ps_queue *q = &u->queue[input];
    uint64_t there, least_out = UINT64_MAX;
    *out = (ps_chunk){0};
    *number = q->first;
    if (!q->n) return PS_WAITING_FOR_BUFFERS;
    const ps_buffer *b = &q->buffer[q->first % PS_QUEUE];
    if (b->mode != u->mode) return PS_RATIO_MODE_BUFFER_NOT_SET;
    u->delivered = q->out * u->ratio;
    uint32_t status = taken(u, &there);
    if (status) return status;
    bool last = u->limit && there >= u->limit;
    uint64_t n = there - u->delivered;
    if (n < least(u) && !last) n = 0;
    n /= u->ratio;
    /* Another number for each channel. */
    if (u->skew && !last) n -= n * (input % 3) / 8;
    if (n > b->length - q->at) n = b->length - q->at;
    ps_reduce r = {(int)input, (int64_t)u->delivered, (uint32_t)n, u->ratio, u->mode};
    if (n) ps_reduced(u, &r, b, q->at);
    *out = (ps_chunk){(int32_t)n, (uint32_t)q->at, 0, u->input[input].clips, 0, 0};
    if (!u->trigger_told) mark_trigger(u, u->delivered, n, out);
    u->trigger_told |= out->triggered;
    out->trigger_at += (uint32_t)q->at;
    q->at += n;
    q->out += n;
    for (unsigned i = 0; i < PS_INPUTS; i++)
        if (u->input[i].enabled && u->queue[i].out < least_out) least_out = u->queue[i].out;
    u->out = least_out;
    u->auto_stopped = u->limit && u->limit - least_out * u->ratio < u->ratio;
    out->auto_stop = u->auto_stopped;
    if (q->at < b->length) return PS_OK;
    q->first++;
    q->n--;
    q->at = 0;
    return q->n ? PS_OK : PS_WAITING_FOR_BUFFERS;
}

void ps_run_stream(ps_unit *u)
{
    begin_run(u);
    u->state = PS_STREAM;
}
