/* The thread of one instrument. */
#include "serve/bench_int.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000LL
#define OPEN_MS 8000
#define RETRY_NS (2000 * MS)
#define IDLE_NS (1000 * MS)
/* Live frames are never more than this many a second: some more than a display
 * shows, so that none of its refreshes goes without. */
#define FRAME_NS (1000000000LL / 65)

/* ---- jobs -------------------------------------------------------------------------------------------- */

serve_job *serve_job_new(serve_job_kind kind)
{
    serve_job *j = calloc(1, sizeof *j);
    if (!j) return NULL;
    j->kind = kind;
    j->fd = -1;
    j->status = 500;
    j->type = "application/json";
    return j;
}

void serve_job_free(serve_job *j)
{
    if (!j) return;
    json_decref(j->args);
    if (j->fd >= 0) close(j->fd);
    free(j->body);
    free(j);
}

static bool acts(serve_job_kind kind)
{
    return kind != SERVE_JOB_DESCRIBE && kind != SERVE_JOB_MEASURE && kind != SERVE_JOB_WAVEFORM;
}

bool serve_bench_post(serve_bench *b, serve_job *j)
{
    pthread_mutex_lock(&b->lock);
    bool room = b->waiting < SERVE_JOBS_MAX && !b->quit;
    if (room) {
        serve_job **at = &b->jobs;
        while (*at) at = &(*at)->next;
        *at = j;
        b->waiting++;
        pthread_cond_signal(&b->more);
        /* A capture that waits for its trigger makes way; what was begun on purpose does not. Whoever only asks waits
         * for its end: asking often must not keep the instrument from being read. */
        if (b->interruptible && !b->busy && acts(j->kind)) grat_cancel_fire(b->cancel);
    }
    pthread_mutex_unlock(&b->lock);
    return room;
}

void serve_bench_interrupt(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    if (b->interruptible) grat_cancel_fire(b->cancel);
    pthread_mutex_unlock(&b->lock);
}

serve_job *serve_next_job(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    serve_job *j = b->jobs;
    if (j) {
        b->jobs = j->next;
        j->next = NULL;
        b->waiting--;
    }
    pthread_mutex_unlock(&b->lock);
    return j;
}

void serve_job_finish(serve_bench *b, serve_job *j)
{
    pthread_mutex_lock(&b->lock);
    serve_job **at = &b->done;
    while (*at) at = &(*at)->next;
    *at = j;
    pthread_mutex_unlock(&b->lock);
    b->wake(b->user);
}

serve_job *serve_bench_done(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    serve_job *j = b->done;
    if (j) b->done = j->next;
    pthread_mutex_unlock(&b->lock);
    if (j) j->next = NULL;
    return j;
}

void serve_op_init(serve_bench *b, grat_op *op, int64_t timeout_ms)
{
    grat_op_init(op, timeout_ms, b->cancel);
}

void serve_interruptible_begin(serve_bench *b, grat_op *op, int64_t timeout_ms)
{
    grat_op_init(op, timeout_ms, b->cancel);
    pthread_mutex_lock(&b->lock);
    b->interruptible = true;
    for (const serve_job *j = b->jobs; j; j = j->next) {
        if (acts(j->kind) && !b->busy) grat_cancel_fire(b->cancel);
    }
    pthread_mutex_unlock(&b->lock);
}

void serve_interruptible_end(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    b->interruptible = false;
    if (!b->quit) grat_cancel_reset(b->cancel);
    pthread_mutex_unlock(&b->lock);
}

/* ---- what is seen ---------------------------------------------------------------------------------------- */

static const char *state_word(const serve_bench *b)
{
    static const char *const words[] = {"", "stopped", "pretrigger", "waiting", "triggered", "auto"};
    if (!b->scope) return "";
    return (unsigned)b->state < sizeof words / sizeof *words ? words[b->state] : "";
}

static json_t *shot_json(const serve_bench *b)
{
    const grat_record *r = b->shot ? b->shot->record : NULL;
    if (!r) return json_null();
    double begin = r->t0 + (double)r->first * r->dt - b->shot->origin;
    return json_pack("{s:I, s:f, s:f, s:b, s:b, s:b}", "count", (json_int_t)r->count, "dt", r->dt, "t0", begin,
                     "deep", b->deep, "clipped", (r->flags & GRAT_REC_CLIPPED) != 0, "in_turn", b->in_turn);
}

void serve_status_changed(serve_bench *b)
{
    json_t *o = json_object();
    json_object_set_new(o, "event", json_string("status"));
    json_object_set_new(o, "open", json_boolean(b->session != NULL));
    json_object_set_new(o, "scope", json_boolean(b->scope != NULL));
    json_object_set_new(o, "state", json_string(state_word(b)));
    json_object_set_new(o, "running", json_boolean(b->running));
    json_object_set_new(o, "together", json_boolean(b->together || !b->runs_itself));
    json_object_set_new(o, "busy", b->busy ? json_string(b->busy) : json_null());
    json_t *trouble = b->trouble[0] ? json_string(b->trouble) : NULL;
    json_object_set_new(o, "trouble", trouble ? trouble : b->trouble[0] ? json_string("failed") : json_null());
    json_object_set_new(o, "settings", b->scope ? serve_settings_json(&b->set, b->caps) : json_null());
    json_object_set_new(o, "record", shot_json(b));
    json_object_set(o, "log", b->log ? b->log : json_null());
    char *text = json_dumps(o, JSON_COMPACT);
    json_decref(o);
    if (!text) return;
    pthread_mutex_lock(&b->lock);
    bool same = b->status && strcmp(b->status, text) == 0;
    if (same) {
        free(text);
    } else {
        free(b->status);
        b->status = text;
        b->status_version++;
    }
    pthread_mutex_unlock(&b->lock);
    if (!same) b->wake(b->user);
}

char *serve_bench_status(serve_bench *b, uint32_t *version)
{
    pthread_mutex_lock(&b->lock);
    char *text = b->status && *version != b->status_version ? strdup(b->status) : NULL;
    if (text) *version = b->status_version;
    pthread_mutex_unlock(&b->lock);
    return text;
}

char *serve_bench_measured(serve_bench *b, uint32_t *version)
{
    return serve_meter_text(b->meter, version);
}

serve_shot *serve_bench_shot(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    serve_shot *s = serve_shot_ref(b->shot);
    pthread_mutex_unlock(&b->lock);
    return s;
}

uint32_t serve_bench_shot_number(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    uint32_t n = b->shot ? b->shot->number : 0;
    pthread_mutex_unlock(&b->lock);
    return n;
}

json_t *serve_bench_describe(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    json_t *o = b->about ? json_deep_copy(b->about) : NULL;
    pthread_mutex_unlock(&b->lock);
    return o;
}

void serve_bench_watch(serve_bench *b, bool watched, bool measured)
{
    pthread_mutex_lock(&b->lock);
    if (watched && !b->watched) pthread_cond_signal(&b->more);
    b->watched = watched;
    pthread_mutex_unlock(&b->lock);
    serve_meter_want(b->meter, watched && measured);
}

static void publish(serve_bench *b, grat_record *r, double origin)
{
    serve_shot *s = serve_shot_new(r, ++b->shots);
    if (!s) return;
    s->origin = origin;
    serve_meter_give(b->meter, s);
    pthread_mutex_lock(&b->lock);
    serve_shot *old = b->shot;
    b->shot = s;
    pthread_mutex_unlock(&b->lock);
    serve_shot_unref(old);
    b->wake(b->user);
}

void serve_publish(serve_bench *b, grat_record *r)
{
    publish(b, r, 0);
}

void serve_publish_piece(serve_bench *b, grat_record *r)
{
    double left = b->set.delay - b->set.timebase * b->caps->horizontal_divisions / 2;
    b->in_turn = false;
    publish(b, r, r->t0 + (double)r->first * r->dt - left);
}

/* ---- open and close ---------------------------------------------------------------------------------------- */

void serve_bench_stale(serve_bench *b)
{
    b->state_due = b->settings_due = b->frame_due = 0;
    b->settled = false;
}

void serve_bench_close(serve_bench *b)
{
    if (b->scope) grat_scope_close(b->scope);
    else grat_close(b->session);
    b->scope = NULL;
    b->session = NULL;
    b->caps = NULL;
    b->running = false;
    b->state = 0;
}

static void describe(serve_bench *b)
{
    json_t *o = json_pack("{s:o, s:o}", "identity", serve_identity_json(&b->identity), "caps",
                          b->caps ? serve_caps_json(b->caps) : json_null());
    pthread_mutex_lock(&b->lock);
    json_t *old = b->about;
    b->about = o;
    pthread_mutex_unlock(&b->lock);
    json_decref(old);
}

grat_err serve_bench_open(serve_bench *b, grat_op *op)
{
    if (b->session) return GRAT_OK;
    grat_session *s;
    grat_err err = grat_open(b->resource, NULL, op, &s);
    if (err) return err;
    err = grat_scope_open(s, op, &b->scope);
    if (!err) {
        b->caps = grat_scope_caps(b->scope);
        b->identity = *grat_scope_identity(b->scope);
        s = grat_scope_session(b->scope);
        b->runs_itself = strcmp(b->caps->driver, "bitscope") != 0 && strcmp(b->caps->driver, "picoscope") != 0;
        b->running = !b->runs_itself;
        b->state = b->runs_itself ? GRAT_STATE_STOPPED : GRAT_STATE_AUTO;
        err = grat_scope_get(b->scope, &b->set, op);
    } else if (err == GRAT_ENOTSUP || err == GRAT_ENODEV) {
        b->scope = NULL;
        err = grat_identify(s, &b->identity, op);
        if (err) grat_close(s);
    } else {
        b->scope = NULL;
        grat_close(s);
        return err;
    }
    if (err && !b->scope) return err;
    b->session = s;
    if (err) {
        serve_bench_close(b);
        return err;
    }
    b->trouble[0] = '\0';
    serve_bench_stale(b);
    describe(b);
    return GRAT_OK;
}

static void complain(serve_bench *b, const grat_op *op)
{
    snprintf(b->trouble, sizeof b->trouble, "%s", op->text[0] ? op->text : grat_strerror(op->err));
}

void serve_bench_failed(serve_bench *b, const grat_op *op)
{
    bool lost = op->err == GRAT_ELOST || op->err == GRAT_EDEAD || op->err == GRAT_EREFUSED || op->err == GRAT_EUNREACH;
    if (op->err == GRAT_ECANCELED) return;
    complain(b, op);
    b->open_due = b->frame_due = grat_now_ns() + RETRY_NS;
    if (lost) serve_bench_close(b);
}

/* ---- the thread ---------------------------------------------------------------------------------------------- */

static bool looked_at(serve_bench *b)
{
    pthread_mutex_lock(&b->lock);
    bool yes = b->watched;
    pthread_mutex_unlock(&b->lock);
    return yes;
}

/* Until a job comes, somebody looks, or it is time; false at the end. */
static bool rest(serve_bench *b, int64_t until)
{
    struct timespec t = {.tv_sec = until / 1000000000LL, .tv_nsec = until % 1000000000LL};
    pthread_mutex_lock(&b->lock);
    bool watched = b->watched;
    while (!b->quit && !b->jobs && b->watched == watched) {
        if (pthread_cond_timedwait(&b->more, &b->lock, &t) == ETIMEDOUT) break;
    }
    bool on = !b->quit;
    pthread_mutex_unlock(&b->lock);
    return on;
}

static void look(serve_bench *b)
{
    grat_op op;
    int64_t now = grat_now_ns();
    if (!b->session) {
        if (now < b->open_due) return;
        b->open_due = now + RETRY_NS;
        serve_interruptible_begin(b, &op, OPEN_MS);
        grat_err err = serve_bench_open(b, &op);
        serve_interruptible_end(b);
        if (err == GRAT_ECANCELED) b->open_due = 0;
        else if (err) complain(b, &op);
    } else if (b->scope && now >= b->frame_due) {
        b->frame_due = now - b->frame_due < FRAME_NS ? b->frame_due + FRAME_NS : now + FRAME_NS;
        if (serve_live_step(b) == GRAT_OK) b->trouble[0] = '\0';
    }
    serve_status_changed(b);
}

static void *run(void *user)
{
    serve_bench *b = user;
    for (;;) {
        bool looked = looked_at(b);
        int64_t now = grat_now_ns(), until = now + IDLE_NS;
        if (looked) until = b->session ? serve_live_due(b) : b->open_due > now ? b->open_due : now;
        if (!rest(b, until)) break;
        serve_job *j = serve_next_job(b);
        if (j) {
            serve_job_do(b, j);
            serve_job_finish(b, j);
            serve_status_changed(b);
        } else if (looked) {
            look(b);
        }
    }
    serve_bench_close(b);
    return NULL;
}

serve_bench *serve_bench_new(const serve_bench_options *o)
{
    serve_bench *b = calloc(1, sizeof *b);
    pthread_condattr_t attr;
    if (!b) return NULL;
    snprintf(b->id, sizeof b->id, "%s", o->id);
    snprintf(b->resource, sizeof b->resource, "%s", o->resource);
    snprintf(b->folder, sizeof b->folder, "%s", o->folder);
    b->wake = o->wake;
    b->user = o->user;
    b->cancel = grat_cancel_new();
    pthread_mutex_init(&b->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&b->more, &attr);
    pthread_condattr_destroy(&attr);
    b->meter = serve_meter_new(o->wake, o->user);
    if (b->cancel && b->meter && pthread_create(&b->thread, NULL, run, b) == 0) return b;
    serve_meter_free(b->meter);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->more);
    grat_cancel_free(b->cancel);
    free(b);
    return NULL;
}

void serve_bench_stop(serve_bench *b)
{
    if (b->stopped) return;
    b->stopped = true;
    pthread_mutex_lock(&b->lock);
    b->quit = true;
    grat_cancel_fire(b->cancel);
    pthread_cond_signal(&b->more);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    serve_meter_stop(b->meter);
}

void serve_bench_free(serve_bench *b)
{
    if (!b) return;
    serve_bench_stop(b);
    serve_meter_free(b->meter);
    for (serve_job *j; (j = serve_next_job(b));) serve_job_free(j);
    for (serve_job *j; (j = serve_bench_done(b));) serve_job_free(j);
    serve_shot_unref(b->shot);
    json_decref(b->about);
    json_decref(b->log);
    free(b->status);
    pthread_mutex_destroy(&b->lock);
    pthread_cond_destroy(&b->more);
    grat_cancel_free(b->cancel);
    free(b);
}

const char *serve_bench_id(const serve_bench *b)
{
    return b->id;
}

const char *serve_bench_resource(const serve_bench *b)
{
    return b->resource;
}
