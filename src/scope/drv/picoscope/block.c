/* Blocks. Several acquisitions that are asked for at once are one run of the unit (rapid block): it arms itself again
 * between them, and they are read in batches. */
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/wait.h"
#include "scope/drv/picoscope/picoscope.h"

#define MS 1000000LL
/* How often a unit that does not call back is asked whether it is still there. */
#define ASK_MS 500
/* And one that never calls back. */
#define POLL_MS 10
/* Read at once. */
#define BATCH 256u
#define BATCH_SAMPLES 4000000u
#define READINGS 3
#define AUTO_MOST 32.767

void pk_forget(pk_scope *b)
{
    for (uint32_t i = 0; i < b->block.read; i++) grat_record_unref(b->block.record[i]);
    free(b->block.record);
    memset(&b->block, 0, sizeof b->block);
}

/* ---- start -------------------------------------------------------------------------------------------- */

typedef struct start_args {
    pk_setup setup;
    unsigned channels;
    bool apply;
    grat__pico_trigger trigger;
    uint32_t samples, before, captures;
    bool exactly;              /* so many captures, or none */
    grat__pico_run *run;
} start_args;

/* As many captures as fit into the memory. */
static uint32_t run_captures(grat__pico_unit *u, start_args *a)
{
    const grat__pico_ops *ops = u->lib->series->ops;
    for (;;) {
        uint32_t st = ops->segments(u, a->captures);
        if (!st)
            st = ops->run_block(u, &(grat__pico_block){a->before, a->samples - a->before, a->setup.timebase, a->run});
        if (st != GRAT__PICO_TOO_MANY_SAMPLES || a->captures == 1 || a->exactly) return st;
        a->captures /= 2;
    }
}

/* In equivalent time values are taken again and again until it is stopped, and so long their times are written too. */
static uint32_t set_ets(grat__pico_unit *u, const start_args *a)
{
    const grat__pico_ops *ops = u->lib->series->ops;
    double dt;
    if (!u->ets && !a->setup.ets) return GRAT__PICO_OK;
    uint32_t st = ops->ets(u, a->setup.ets, &dt);
    if (st || !a->setup.ets) return st;
    free(u->times);
    u->times = calloc(a->samples, sizeof *u->times);
    return u->times ? ops->ets_times(u, u->times, a->samples)
                    : grat__pico_say(u, "SetEtsTimeBuffer", GRAT__PICO_FOUND_NO_MEMORY);
}

static uint32_t start_work(grat__pico_unit *u, void *args)
{
    start_args *a = args;
    if (u->ets) u->lib->series->ops->stop(u);
    uint32_t st = a->apply ? pk_apply(u, a->channels, &a->setup) : GRAT__PICO_OK;
    for (unsigned tries = 0; tries < 2; tries++) {
        if (!st) st = u->lib->series->ops->trigger(u, &a->trigger);
        if (!st) st = set_ets(u, a);
        if (!st) st = run_captures(u, a);
        if (!grat__pico_is_power(st)) return st;
        st = pk_power(u, a->channels, &a->setup, st);
    }
    return st;
}

/* In the oldest interface the delay behind an edge is a part of the record. */
static grat_err check_delay(const pk_scope *b, const grat__pico_trigger *t, grat_op *op)
{
    char text[40];
    bool part = b->u->lib->series->ops == &grat__pico_old_ops && t->simple;
    if (!part || t->delay <= b->samples) return GRAT_OK;
    return grat_op_fail(op, GRAT_ERANGE, "trigger: the delay of an edge is at most the record here; the nearest is %s",
                        grat_format_quantity(text, sizeof text, b->samples * b->setup.dt, "s"));
}

/* Of an edge it has 16 bits of ms, but for the modern interface. */
static grat_err check_auto(const pk_scope *b, const grat__pico_trigger *t, grat_op *op)
{
    if (!t->on || !t->simple || t->auto_s <= AUTO_MOST || b->u->lib->series->ops == &grat__pico_modern_ops)
        return GRAT_OK;
    return grat_op_fail(op, GRAT_ERANGE, "trigger: by itself it comes after 32.767 s at most; the nearest is that");
}

static grat_err start(pk_scope *b, uint32_t captures, bool exactly, grat_op *op)
{
    uint64_t drained;
    start_args a = {.setup = b->setup, .channels = b->limits.all, .apply = !b->applied, .samples = b->samples,
                    .before = b->before, .exactly = exactly};
    grat_err e = pk_trigger_of(b, b->setup.dt, &a.trigger, op);
    if (!e) e = check_delay(b, &a.trigger, op);
    if (!e && !b->setup.ets) e = check_auto(b, &a.trigger, op);
    if (e) return e;
    if (exactly && captures > b->limits.segments)
        return grat_op_fail(op, GRAT_ERANGE, "segments: the most is %u", b->limits.segments);
    pk_forget(b);
    if (b->setup.ets) {
        captures = 1;
        a.trigger.auto_s = 0; /* without a trigger its values mean nothing */
    }
    a.captures = captures < b->limits.segments ? captures : b->limits.segments;
    if (read(b->u->event_fd, &drained, sizeof drained) < 0) { /* nothing was left */
    }
    a.run = grat__pico_new_run(b->u);
    b->applied = false;
    b->armed = a.run;
    e = grat__pico_must(b->u, &(grat__pico_job){.fn = start_work, .args = &a, .size = sizeof a}, op);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
    if (e) b->armed = NULL;
    if (e) return e;
    b->applied = true;
    b->setup = a.setup;
    b->block.total = a.captures;
    return GRAT_OK;
}

/* ---- end ---------------------------------------------------------------------------------------------- */

static uint32_t ask_work(grat__pico_unit *u, void *ready)
{
    return u->lib->series->ops->is_ready(u, ready);
}

static grat_err wait_ready(pk_scope *b, grat_op *op)
{
    while (!atomic_load(&b->armed->done)) {
        uint64_t n;
        grat_op child;
        bool calls_back = b->u->lib->series->ops->calls_back, ready = false;
        grat__op_child(&child, op, calls_back ? ASK_MS : POLL_MS);
        grat_err e = grat__op_wait(&child, b->u->event_fd, POLLIN);
        if (!e && read(b->u->event_fd, &n, sizeof n) < 0) continue;
        if (!e) continue;
        if (e != GRAT_ETIMEOUT || grat_op_check(op)) return grat__op_adopt(op, &child);
        e = grat__pico_must(b->u, &(grat__pico_job){.fn = ask_work, .args = &ready, .size = sizeof ready}, op);
        if (e) return e;
        if (ready && !calls_back) grat__pico_on_block(b->u->handle, GRAT__PICO_OK, b->armed);
    }
    return GRAT_OK;
}

grat_err pk_no_trigger(const pk_scope *b, grat_err e, grat_op *op)
{
    bool by_itself = b->set.sweep == GRAT_SWEEP_AUTO && !b->setup.ets;
    if (e != GRAT_ETIMEOUT || by_itself || strcmp(b->set.trigger_type, "none") == 0) return e;
    return grat_op_fail(op, e, "no trigger came in time; check its source and level, or let it run by itself "
                               "(--trigger auto)");
}

static grat_err finish(pk_scope *b, grat_op *op)
{
    uint32_t status = atomic_load(&b->armed->status);
    b->armed = NULL;
    b->block.ready_ns = grat_now_ns();
    if (!status) return GRAT_OK;
    b->applied = false;
    b->block.total = 0;
    return grat__pico_fail(b->u->lib, "BlockReady", status, op);
}

grat_err pk_acquire(void *p, const grat_request *q, grat_op *op)
{
    pk_scope *b = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!b->armed && b->block.next < b->block.total && (q->count > 1 || q->segments > 1)) {
        b->block.next++;
        return GRAT_OK;
    }
    if (b->block.ended) return grat_op_fail(op, GRAT_ENODATA, "it was stopped before the others");
    if (b->armed || b->stream) e = pk_run(b, GRAT_STOP, op);
    uint32_t captures = q->segments ? q->segments : q->count ? q->count : 1;
    if (!e) e = start(b, captures, q->segments > 0, op);
    if (e) return e;
    if ((e = wait_ready(b, op))) return pk_no_trigger(b, e, op);
    e = finish(b, op);
    if (!e) b->block.next = 1;
    return e;
}

static uint32_t stop_work(grat__pico_unit *u, void *args)
{
    (void)args;
    return u->lib->series->ops->stop(u);
}

grat_err pk_run(void *p, grat_run what, grat_op *op)
{
    pk_scope *b = p;
    if (what == GRAT_SINGLE) return start(b, 1, false, op);
    if (what != GRAT_STOP)
        return grat_op_fail(op, GRAT_ENOTSUP, "this instrument does not run by itself; capture instead");
    if (b->stream) pk_stream_stop(b, op);
    if (!b->armed) return GRAT_OK;
    b->armed = NULL;
    return grat__pico_must(b->u, &(grat__pico_job){.fn = stop_work}, op);
}

static uint32_t captured_work(grat__pico_unit *u, void *args)
{
    return u->lib->series->ops->captures(u, args);
}

/* Of a rapid block the captures that are complete stay; a single block that was stopped before its trigger holds
 * nothing. */
grat_err pk_cancel(void *p, grat_op *op)
{
    pk_scope *b = p;
    uint32_t planned = b->block.total, n = 0, status = 0;
    bool running = b->armed != NULL;
    grat_err e = pk_run(b, GRAT_STOP, op);
    if (e) pk_forget(b);
    if (e) return e;
    if (running && planned > 1) {
        grat__pico_job job = {.fn = captured_work, .args = &n, .size = sizeof n};
        e = grat__pico_do(b->u, &job, &status, op);
        b->block.ready_ns = grat_now_ns();
        b->block.total = !e && !status && n < planned ? n : 0;
        b->block.next = 1;
    }
    if (!running || !b->block.total) {
        pk_forget(b);
        return e ? e : grat_op_fail(op, GRAT_ENODATA, "it was stopped before its trigger");
    }
    b->block.ended = true;
    return GRAT_OK;
}

grat_err pk_state(void *p, grat_scope_state *out, grat_op *op)
{
    pk_scope *b = p;
    *out = GRAT_STATE_STOPPED;
    if (!b->armed) return GRAT_OK;
    if (!atomic_load(&b->armed->done)) {
        *out = GRAT_STATE_WAITING;
        return GRAT_OK;
    }
    grat_err e = finish(b, op);
    if (!e) b->block.next = 1;
    return e;
}

/* ---- values --------------------------------------------------------------------------------------------- */

/* The records belong to the work until it has ended: the vendor's library writes into them. */
typedef struct values_args {
    pk_setup setup;
    grat_record **record;
    int16_t *words[PK_PORTS][2]; /* n * count each */
    int16_t *overflow;
    grat__pico_when *when;
    uint32_t from, n, samples, count, got;  /* count: of values, when down-sampled */
    bool triggered, timed;     /* timed: in equivalent time, and t0 is that of the first */
    double t0;
} values_args;

static void free_values(void *args)
{
    values_args *a = args;
    for (uint32_t i = 0; a->record && i < a->n; i++) grat_record_unref(a->record[i]);
    free(a->record);
    free(a->overflow);
    free(a->when);
    for (unsigned i = 0; i < PK_PORTS; i++) {
        free(a->words[i][0]);
        free(a->words[i][1]);
    }
    *a = (values_args){0};
}

static int16_t *place(values_args *a, uint32_t i, unsigned input, bool low)
{
    if (low && pk_sides(&a->setup) == 1) return NULL;
    if (input < PK_ANALOG) return pk_analog_raw(a->record[i], &a->setup, input, low);
    return a->words[input - PK_ANALOG][low] + (size_t)i * a->count;
}

/* Of groups the last may be left out, and in equivalent time places may be empty. */
static bool is_short(const values_args *a, uint32_t got)
{
    return !a->setup.ets && got + (a->setup.ratio > 1) < a->count;
}

/* With `clear` nothing stays registered. */
static uint32_t buffers(grat__pico_unit *u, values_args *a, bool clear)
{
    for (uint32_t i = 0; i < a->n; i++) {
        for (unsigned k = 0; k < PK_INPUTS; k++) {
            if (!pk_input_on(&a->setup, k)) continue;
            grat__pico_buffer b = {.input = k, .segment = a->from + i, .mode = a->setup.mode, .length = a->count};
            if (!clear) b.max = place(a, i, k, false), b.min = place(a, i, k, true);
            uint32_t st = u->lib->series->ops->buffer(u, &b);
            if (st && !clear) return st;
        }
    }
    return GRAT__PICO_OK;
}

/* At even times: by a straight line from one value to the next. The vendor's times are those of the values, which come
 * a little before or behind. False when there are none. */
static bool even_out(int16_t *v, const int64_t *fs, size_t n, double dt, double t0)
{
    size_t k = 0;
    int16_t *own = n < 2 ? NULL : malloc(n * sizeof *own);
    if (!own) return false;
    for (size_t i = 0; i < n; i++) {
        double want = (t0 + (double)i * dt) * 1e15;
        while (k + 2 < n && (double)fs[k + 1] <= want) k++;
        double span = (double)(fs[k + 1] - fs[k]), part = span > 0 ? (want - (double)fs[k]) / span : 0;
        own[i] = (int16_t)nearbyint(v[k] + fmin(fmax(part, 0), 1) * (v[k + 1] - v[k]));
    }
    memcpy(v, own, n * sizeof *v);
    free(own);
    return true;
}

static void take_times(const grat__pico_unit *u, values_args *a)
{
    grat_record *r = a->record[0];
    double dt = a->setup.dt, sum = 0;
    size_t n = a->got;
    if (n < 2 || u->times[n - 1] <= u->times[0]) return;
    for (size_t i = 0; i < n; i++) sum += (double)u->times[i] * 1e-15 - (double)i * dt;
    a->t0 = sum / (double)n;
    for (unsigned k = 0; k < r->traces; k++)
        a->timed = even_out(r->trace[k].raw, u->times, n, dt, a->t0) || a->timed;
}

/* The values stay in the unit: what came short is read again. */
static uint32_t read_values(grat__pico_unit *u, const values_args *a, grat__pico_values *v)
{
    uint32_t st = GRAT__PICO_OK;
    for (unsigned tries = 0; !st && tries < READINGS && (!tries || is_short(a, v->got)); tries++)
        st = u->lib->series->ops->values(u, v);
    return st;
}

static uint32_t values_work(grat__pico_unit *u, void *args)
{
    values_args *a = args;
    const grat__pico_ops *ops = u->lib->series->ops;
    grat__pico_values v = {.from = a->from, .to = a->from + a->n - 1, .samples = a->samples, .ratio = a->setup.ratio,
                           .mode = a->setup.mode, .overflow = a->overflow};
    uint32_t st = buffers(u, a, false);
    if (!st) st = read_values(u, a, &v);
    const char *failed = u->failed;
    a->got = v.got;
    if (a->setup.ets) ops->stop(u);
    buffers(u, a, true);
    if (a->setup.ets) {
        ops->ets_times(u, NULL, 0);
        if (!st) take_times(u, a);
    }
    /* Where it tells none, the times are those of the samples. */
    if (!st && a->triggered && ops->when(u, a->from, a->from + a->n - 1, a->when))
        memset(a->when, 0, a->n * sizeof *a->when);
    u->failed = failed;
    for (uint32_t i = 0; !st && i < a->n; i++) {
        for (unsigned k = 0; k < 2 * PK_PORTS; k++)
            if (a->words[k / 2][k % 2])
                pk_put_port(a->record[i], &a->setup,
                            &(pk_words){.port = k / 2, .low = k % 2, .n = a->count,
                                        .words = a->words[k / 2][k % 2] + (size_t)i * a->count});
    }
    return st;
}

static bool allocate(const pk_scope *b, values_args *a)
{
    a->record = calloc(a->n, sizeof(grat_record *));
    a->overflow = calloc(a->n, sizeof *a->overflow);
    a->when = calloc(a->n, sizeof *a->when);
    if (!a->record || !a->overflow || !a->when) return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!(a->record[i] = pk_new_record(b, a->count))) return false;
    for (unsigned k = 0; k < 2 * PK_PORTS; k++) {
        if (!pk_port_on(&a->setup, k / 2) || k % 2 >= pk_sides(&a->setup)) continue;
        a->words[k / 2][k % 2] = calloc((size_t)a->n * a->count, sizeof(int16_t));
        if (!a->words[k / 2][k % 2]) return false;
    }
    return true;
}

/* By itself, when the first samples of an automatic trigger do not cross its level. Of other events, and of values that
 * stand for several samples, it cannot be told. */
static bool was_forced(const pk_scope *b, const grat_record *r)
{
    grat__pico_trigger t;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (pk_trigger_of(b, b->setup.dt, &t, &op) || !t.on) return true;
    if (b->setup.ets || b->late || !(t.auto_s > 0) || !t.simple || t.source >= PK_ANALOG || b->setup.mode) return false;
    unsigned k = 0;
    for (int i = 0; i < t.source; i++) k += b->setup.input[i].on;
    const int16_t *v = r->trace[k].raw;
    size_t at = b->before;
    if (at < 1 || at >= r->count) return false;
    bool up = v[at - 1] <= t.code && v[at] >= t.code, down = v[at - 1] >= t.code && v[at] <= t.code;
    switch (t.direction) {
    case GRAT__PICO_ABOVE:
        return v[at] < t.code;
    case GRAT__PICO_BELOW:
        return v[at] > t.code;
    case GRAT__PICO_RISING:
        return !up;
    case GRAT__PICO_FALLING:
        return !down;
    default:
        return !up && !down;
    }
}

static void stamp(const pk_scope *b, grat_record *r, const values_args *a, uint32_t i)
{
    double start = ((double)b->late - (double)b->before) * b->setup.dt, after = start + b->samples * b->setup.dt;
    if (a->got < r->count) {
        r->count = a->got;
        r->flags |= GRAT_REC_CUT;
    }
    r->t0 = a->timed ? a->t0 : start;
    r->mono_ns = b->block.ready_ns - (b->block.total == 1 ? (int64_t)(after * 1e9) : 0);
    r->utc_ns = r->mono_ns + (grat_utc_ns() - grat_now_ns());
    r->utc_uncertainty_ns = 10 * MS;
    r->trigger_offset = a->when[i].offset;
    r->trigger_stamp = a->when[i].stamp;
    if (a->overflow[i]) r->flags |= GRAT_REC_CLIPPED;
    if (was_forced(b, r)) r->flags |= GRAT_REC_FORCED;
}

static void forget_batch(pk_scope *b)
{
    for (uint32_t i = 0; i < b->block.read; i++) grat_record_unref(b->block.record[i]);
    free(b->block.record);
    b->block.record = NULL;
    b->block.read = 0;
}

static grat_err read_batch(pk_scope *b, uint32_t from, grat_op *op)
{
    values_args a = {.setup = b->setup, .from = from, .samples = b->samples, .count = b->samples / b->setup.ratio,
                     .triggered = strcmp(b->set.trigger_type, "none") != 0};
    uint32_t most = BATCH_SAMPLES / b->samples;
    forget_batch(b);
    a.n = b->block.total - from;
    if (a.n > BATCH) a.n = BATCH;
    if (a.n > most) a.n = most ? most : 1;
    if (!allocate(b, &a)) {
        free_values(&a);
        return grat_op_fail(op, GRAT_ENOMEM, "out of memory for a record of %u samples", b->samples);
    }
    grat__pico_job job = {.fn = values_work, .drop = free_values, .args = &a, .size = sizeof a};
    uint32_t status = 0;
    grat_err e = grat__pico_do(b->u, &job, &status, op);
    if (e) return e;
    if (!status && !a.got) status = GRAT__PICO_NO_SAMPLES;
    uint32_t got = a.got, count = a.count;
    bool cut = is_short(&a, got);
    if (status || cut) free_values(&a);
    if (status) return grat__pico_fail(b->u->lib, b->u->failed, status, op);
    if (cut)
        return grat_op_fail(op, GRAT_EIO, "%s%s: status 0x0, but %u of %u values came: try again",
                            b->u->lib->series->name, b->u->failed, got, count);
    for (uint32_t i = 0; i < a.n; i++) stamp(b, a.record[i], &a, i);
    b->block.record = a.record;
    b->block.from = from;
    b->block.read = a.n;
    a.record = NULL;
    free_values(&a);
    return GRAT_OK;
}

grat_err pk_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op)
{
    pk_scope *b = p;
    (void)q;
    if (b->armed || !b->block.next)
        return grat_op_fail(op, GRAT_ENODATA, "there is no record: the PicoScope keeps none between captures");
    uint32_t want = b->block.next - 1;
    if (want < b->block.from || want >= b->block.from + b->block.read) {
        grat_err e = read_batch(b, want, op);
        if (e) return e;
    }
    *out = grat_record_ref(b->block.record[want - b->block.from]);
    return GRAT_OK;
}
