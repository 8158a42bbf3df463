#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "sim/pico/unit.h"

/* The unit arms itself again in so long. */
#define REARM 1e-6
#define PIECE 4096u
#define MS 1000000LL

_Thread_local bool ps_in_callback;

/* ---- block -------------------------------------------------------------------------------------- */

static bool fires(const ps_trigger *t, int16_t before, int16_t now)
{
    bool up = before < t->threshold && now >= t->threshold, down = before > t->threshold && now <= t->threshold;
    switch (t->direction) {
    case 0:
        return now >= t->threshold;
    case 1:
        return now <= t->threshold;
    case 2:
        return up;
    case 3:
        return down;
    default:
        return up || down;
    }
}

/* Index of the first sample from `from` on that triggers, or -1 when `most` samples have none. */
static int64_t find(const ps_unit *u, int64_t from, int64_t most, int64_t *fs)
{
    int16_t v[PIECE + 1];
    int input = ps_input_index(u, u->trigger.source);
    if (input < 0) return -1;
    for (int64_t at = from; at < from + most; at += PIECE) {
        ps_samples(u, input, at - 1, PIECE + 1, v);
        for (uint32_t i = 1; i <= PIECE; i++) {
            if (!fires(&u->trigger, v[i - 1], v[i])) continue;
            double span = v[i] - v[i - 1], part = span != 0 ? (v[i] - u->trigger.threshold) / span : 0;
            *fs = (int64_t)(fmin(fmax(part, 0), 1) * u->dt * 1e15);
            return at + i - 1;
        }
    }
    return -1;
}

/* The trigger of one capture that may begin at `from`; -1 for never. */
static int64_t place(const ps_unit *u, int64_t from, int64_t *fs)
{
    const ps_trigger *t = &u->trigger;
    int64_t armed = from + u->pre;
    *fs = 0;
    if (!t->on) return armed;
    double hz = 1e9;
    for (unsigned i = 0; i < u->model->channels; i++)
        if (u->input[i].enabled && u->signal[i].hz > 0) hz = fmin(hz, u->signal[i].hz);
    double most = 2 / hz / u->dt + 70000, limit = t->auto_ms > 0 ? t->auto_ms * 1e-3 / u->dt : most;
    int64_t at = find(u, armed > 0 ? armed : 1, (int64_t)fmin(most, limit) + 1, fs);
    if (at >= 0) return at + t->delay;
    return t->auto_ms > 0 ? armed + (int64_t)limit : -1;
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

uint32_t ps_run_block(ps_unit *u)
{
    int64_t *start = realloc(u->start, u->captures * sizeof *start);
    if (start) u->start = start;
    int64_t *fs = realloc(u->offset_fs, u->captures * sizeof *fs);
    if (fs) u->offset_fs = fs;
    if (!start || !fs) return 2;
    u->run_ns = ps_now();
    if (!u->first_ns) u->first_ns = u->run_ns;
    u->base = (int64_t)nearbyint((double)(u->run_ns - u->first_ns) / 1e9 / u->dt);
    ps_prepare(u);
    u->done = 0;
    u->ready = u->stop = u->has_data = false;
    u->state = PS_BLOCK;
    u->worker_on = pthread_create(&u->worker, NULL, block_worker, u) == 0;
    return u->worker_on ? PS_OK : 2;
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

static uint32_t ring_length(const ps_unit *u)
{
    uint32_t n = u->overview;
    for (unsigned i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[i];
        if (!u->input[i].enabled || !b->length) continue;
        if ((uint32_t)b->length < n) n = (uint32_t)b->length;
    }
    return n;
}

static void deliver(ps_unit *u, uint32_t pos, uint32_t n)
{
    for (int i = 0; i < PS_INPUTS; i++) {
        const ps_buffer *b = &u->buffer[i];
        if (!u->input[i].enabled || !b->length) continue;
        ps_reduce r = {.input = i, .from = (int64_t)u->delivered, .n = n, .ratio = u->ratio, .mode = u->mode};
        ps_reduced(u, &r, b->max ? b->max + pos : NULL, b->min ? b->min + pos : NULL);
    }
}

uint32_t ps_poll(ps_unit *u, ps_chunk *out, bool *have)
{
    double taken = (double)(ps_now() - u->run_ns) / 1e9 / u->dt;
    uint64_t there = (uint64_t)taken, ring = ring_length(u);
    *have = false;
    if (u->limit && there > u->limit) there = u->limit;
    if (!ring) return PS_BUFFERS_NOT_SET;
    if (u->auto_stopped) return PS_OK;
    if ((double)(there - u->delivered) * u->dt * 1e3 > u->buffer_ms) {
        u->state = PS_IDLE;
        return PS_BUFFER_STALL;
    }
    bool last = u->limit && there >= u->limit;
    if (there - u->delivered < least(u) && !last) return PS_BUSY;
    uint64_t n = (there - u->delivered) / u->ratio, pos = u->out % ring;
    if (n > ring - pos) n = ring - pos;
    if (!n && !last) return PS_BUSY;
    deliver(u, (uint32_t)pos, (uint32_t)n);
    u->delivered += n * u->ratio;
    u->out += n;
    u->auto_stopped = u->limit && u->limit - u->delivered < u->ratio;
    *out = (ps_chunk){.samples = (int32_t)n, .start = (uint32_t)pos, .auto_stop = u->auto_stopped};
    *have = true;
    return PS_OK;
}
