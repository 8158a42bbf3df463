/* A recording into the folder, in the thread of its instrument. */
#include "serve/bench_int.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS 1000000LL
#define PIECE_SECONDS 1.0
#define SHOW_NS (50 * MS)
#define PIECE_SETTINGS (GRAT_SET_TIMEBASE | GRAT_SET_DELAY | GRAT_SET_DEPTH | GRAT_SET_SWEEP | GRAT_SET_TRIGGER)

typedef struct recording {
    serve_bench *b;
    serve_log_plan plan;
    grat_request request;
    grat_writer *writer;
    grat_meta meta;
    grat_op write_op;
    bool write_failed;
    char name[160], path[700];
    int64_t shown_ns, began_ns;
    grat_log_totals totals;
} recording;

static void progress_json(recording *k, const char *state, const char *error)
{
    const grat_log_totals *t = &k->totals;
    json_t *o = json_object();
    json_object_set_new(o, "state", json_string(state));
    json_object_set_new(o, "file", json_string(k->name));
    json_object_set_new(o, "samples", json_integer((json_int_t)t->samples));
    json_object_set_new(o, "lost", json_integer((json_int_t)t->lost));
    json_object_set_new(o, "gaps", json_integer((json_int_t)t->gaps));
    json_object_set_new(o, "rate", t->dt > 0 ? json_real(1 / t->dt) : json_null());
    json_object_set_new(o, "seconds", json_real((double)(grat_now_ns() - k->began_ns) / 1e9));
    json_object_set_new(o, "duration", json_real(k->plan.duration));
    json_t *e = error ? json_string(error) : NULL;
    json_object_set_new(o, "error", e ? e : json_null());
    json_decref(k->b->log);
    k->b->log = o;
    serve_status_changed(k->b);
}

/* Jobs that come while it runs: only its end is taken. */
static void answer_jobs(serve_bench *b)
{
    for (serve_job *j; (j = serve_next_job(b));) {
        const char *action = json_string_value(json_object_get(j->args, "action"));
        if (j->kind == SERVE_JOB_LOG && action && strcmp(action, "stop") == 0) {
            b->log_stop = true;
            serve_job_json(j, 200, json_pack("{s:b}", "ok", 1));
        } else {
            grat_op op;
            grat_op_init(&op, 0, NULL);
            grat_op_fail(&op, GRAT_EBUSY, "a recording runs: stop it first");
            serve_job_fail(j, &op);
        }
        serve_job_finish(b, j);
    }
}

static bool on_record(void *user, grat_record *r)
{
    recording *k = user;
    if (grat_writer_record(k->writer, r, &k->write_op)) {
        k->write_failed = true;
        return false;
    }
    int64_t now = grat_now_ns();
    if (now - k->shown_ns >= SHOW_NS) {
        k->shown_ns = now;
        serve_publish_piece(k->b, grat_record_ref(r));
    }
    answer_jobs(k->b);
    return !k->b->log_stop;
}

static void on_progress(void *user, const grat_log_totals *t)
{
    recording *k = user;
    k->totals = *t;
    progress_json(k, "running", NULL);
}

static void plan_piece(recording *k)
{
    const serve_bench *b = k->b;
    k->request.trigger = GRAT_TRIG_NONE;
    k->request.period = k->plan.period;
    k->request.samples = k->plan.samples;
    if (k->plan.rate > 0) {
        unsigned n = 0;
        bool pod[2] = {false, false};
        for (unsigned i = 0; i < 4; i++) n += b->set.channel[i].enabled;
        for (unsigned i = 0; b->set.digital_on && i < 16; i++) pod[i / 8] = pod[i / 8] || b->set.digital[i];
        n += pod[0] + pod[1];
        if (n > b->caps->analog) n = b->caps->analog;
        double room = (double)b->caps->max_depth[n ? n : 1] / 2, most = k->plan.rate * PIECE_SECONDS;
        if (!(room >= 1)) room = 1000;
        if (most < room) room = most < 1 ? 1 : most;
        k->request.samples = (uint64_t)room;
        k->request.period = (double)k->request.samples / k->plan.rate;
    } else if (!(k->plan.period > 0)) {
        k->request.period = b->set.timebase * b->caps->horizontal_divisions;
    }
}

/* While it runs the settings are those of its pieces. */
static void show_piece(recording *k)
{
    grat_op op;
    grat_settings want;
    unsigned mask = 0;
    grat_op_init(&op, 0, NULL);
    if (grat_plan(k->b->caps, &k->b->set, &k->request, &want, &mask, &op) == GRAT_OK) k->b->set = want;
}

static grat_err begin(recording *k, serve_job *j, grat_op *op)
{
    serve_bench *b = k->b;
    char model[48] = "", date[32];
    time_t now = time(NULL);
    struct tm tm;
    const char *action = json_string_value(json_object_get(j->args, "action"));
    if (!b->scope) return grat_op_fail(op, GRAT_ENOTSUP, "%s: it is no oscilloscope that we know", b->identity.model);
    if (!action || strcmp(action, "start") != 0)
        return grat_op_fail(op, action && strcmp(action, "stop") == 0 ? GRAT_ENODATA : GRAT_EINVAL,
                            "recording: none runs; \"start\" begins one");
    grat_err err = serve_log_parse(j->args, &k->plan, op);
    if (!err) err = grat_scope_get(b->scope, &b->set, op);
    if (err) return err;
    plan_piece(k);
    for (size_t n = 0; b->identity.model[n] && n < sizeof model - 1; n++) {
        char c = b->identity.model[n];
        bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        model[n] = plain ? c : '-';
    }
    strftime(date, sizeof date, "%Y-%m-%dT%H-%M-%S", localtime_r(&now, &tm));
    snprintf(k->name, sizeof k->name, "%s-%s-log-%s.%s", model, date, b->id, k->plan.format);
    snprintf(k->path, sizeof k->path, "%s/%s", b->folder, k->name);
    k->meta = (grat_meta){.identity = b->identity, .settings = b->set, .has_settings = true, .acquisitions = 1};
    snprintf(k->meta.resource, sizeof k->meta.resource, "%s", b->resource);
    grat_op_init(&k->write_op, INT64_MAX, NULL);
    return grat_writer_open(k->path, k->plan.format, &k->meta, op, &k->writer);
}

static void finish(recording *k, grat_err err, const grat_op *op)
{
    const char *why = NULL;
    bool cut = err == GRAT_ECANCELED || err == GRAT_ETIMEOUT;
    if (k->write_failed || !k->totals.records) {
        grat_writer_abort(k->writer);
        why = k->write_failed ? k->write_op.text : err && !cut ? op->text : "the instrument delivered nothing";
    } else if (grat_writer_finish(k->writer, &k->write_op)) {
        why = k->write_op.text;
    } else if (err && !cut) {
        why = op->text;  /* what came before is in the file */
    }
    progress_json(k, why ? "failed" : "done", why);
}

void serve_record(serve_bench *b, serve_job *j)
{
    recording *k = calloc(1, sizeof *k);
    grat_op op;
    serve_op_init(b, &op, 8000);
    if (!k) return;
    k->b = b;
    grat_request_init(&k->request);
    if (begin(k, j, &op)) {
        serve_job_fail(j, &op);
        free(k);
        return;
    }
    /* The start is answered now: the caller of this function answers with the end of `j`, so a copy goes out first. */
    serve_job *first = serve_job_new(j->kind);
    if (first) {
        first->ticket = j->ticket;
        j->ticket = 0;
        serve_job_json(first, 200, json_pack("{s:b, s:s}", "ok", 1, "file", k->name));
        serve_job_finish(b, first);
    }
    bool ran = b->running;
    grat_settings before = b->set;
    show_piece(k);
    b->busy = "recording";
    b->log_stop = false;
    k->began_ns = grat_now_ns();
    progress_json(k, "running", NULL);
    grat_log_options opt = {.size = sizeof opt, .duration = k->plan.duration};
    grat_log_sink sink = {.fn = on_record, .progress = on_progress, .user = k, .totals = &k->totals};
    serve_interruptible_begin(b, &op, INT64_MAX);
    grat_err err = grat_log(b->scope, &k->request, &opt, &sink, &op);
    serve_interruptible_end(b);
    finish(k, err, &op);
    b->busy = NULL;
    answer_jobs(b);
    serve_op_init(b, &op, 5000);
    /* Its pieces had settings of their own. */
    if (b->session) grat_scope_set(b->scope, &before, PIECE_SETTINGS, &op);
    if (b->session) serve_live_run(b, ran ? GRAT_RUN : GRAT_STOP, &op);
    serve_status_changed(b);
    free(k);
}
