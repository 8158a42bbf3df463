/* What viewers ask of an instrument. */
#include "serve/bench_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define OPEN_MS 8000
#define IO_MS 8000
#define SHOT_MS 90000
#define FILE_MS 120000
#define REPLY_MAX 262144u

void serve_job_json(serve_job *j, int status, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    free(j->body);
    j->status = text ? status : 500;
    j->body = (uint8_t *)text;
    j->size = text ? strlen(text) : 0;
    j->type = "application/json";
}

static int status_of(grat_err err)
{
    switch (err) {
    case GRAT_OK: return 200;
    case GRAT_EINVAL: case GRAT_ERANGE: case GRAT_EPARSE: case GRAT_EFORMAT: case GRAT_ENOTSUP: case GRAT_EINSTR:
    case GRAT_ETOOBIG: return 422;
    case GRAT_EBUSY: case GRAT_ELOCKED: case GRAT_ENODATA: case GRAT_ECANCELED: return 409;
    case GRAT_ETIMEOUT: return 504;
    default: return 502;
    }
}

void serve_job_fail(serve_job *j, const grat_op *op)
{
    const char *text = op->text[0] ? op->text : grat_strerror(op->err);
    json_t *o = json_object(), *s = json_string(text);
    json_object_set_new(o, "error", s ? s : json_string(grat_strerror(op->err)));
    json_object_set_new(o, "code", json_string(grat_err_name(op->err)));
    serve_job_json(j, status_of(op->err), o);
}

static void done(serve_job *j)
{
    serve_job_json(j, 200, json_pack("{s:b}", "ok", 1));
}

static grat_err need_scope(const serve_bench *b, grat_op *op)
{
    if (b->scope) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: it is no oscilloscope that we know; it has a console and, it may be, a "
                        "screen", b->identity.model);
}

/* ---- settings, run -------------------------------------------------------------------------------------- */

static grat_err settings(serve_bench *b, serve_job *j, grat_op *op)
{
    grat_settings want;
    unsigned mask = 0;
    grat_err err = need_scope(b, op);
    if (!err) err = grat_scope_get(b->scope, &want, op);
    if (!err) err = serve_settings_parse(j->args, b->caps, &want, &mask, op);
    if (!err) err = grat_scope_set(b->scope, &want, mask, op);
    if (b->scope && mask) {
        grat_op kept = *op;
        grat_scope_get(b->scope, &b->set, &kept);
        serve_bench_stale(b);
    }
    if (!err) serve_job_json(j, 200, serve_settings_json(&b->set, b->caps));
    return err;
}

static grat_err run(serve_bench *b, serve_job *j, grat_op *op)
{
    static const struct {
        const char *word;
        grat_run what;
    } words[] = {{"run", GRAT_RUN}, {"stop", GRAT_STOP}, {"single", GRAT_SINGLE}, {"force", GRAT_FORCE}};
    const char *action = json_string_value(json_object_get(j->args, "action"));
    grat_err err = need_scope(b, op);
    if (err) return err;
    for (unsigned i = 0; action && i < sizeof words / sizeof *words; i++) {
        if (strcmp(action, words[i].word) != 0) continue;
        err = serve_live_run(b, words[i].what, op);
        if (!err) done(j);
        return err;
    }
    if (action && (strcmp(action, "together") == 0 || strcmp(action, "in-turn") == 0)) {
        b->together = b->runs_itself && action[0] == 't';
    } else if (action && strcmp(action, "memory") == 0) {
        if (b->running) return grat_op_fail(op, GRAT_EBUSY, "memory: it is read when the instrument is stopped");
        err = b->runs_itself ? serve_live_memory(b, op) : GRAT_OK;
    } else if (action && strcmp(action, "autoset") == 0) {
        b->busy = "autoset";
        serve_status_changed(b);
        serve_interruptible_begin(b, op, 30000);
        err = serve_autoset(b, op);
        serve_interruptible_end(b);
        b->busy = NULL;
        serve_bench_stale(b);
    } else {
        return grat_op_fail(op, GRAT_EINVAL, "action: run, stop, single, force, autoset, memory, together, "
                                                "in-turn or cancel is wanted");
    }
    if (!err) done(j);
    return err;
}

/* ---- console --------------------------------------------------------------------------------------------- */

/* Bytes that are no text become \xNN. */
static char *readable(const uint8_t *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    char *out = malloc(4 * n + 1), *at = out;
    for (size_t i = 0; out && i < n; i++) {
        if ((p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\') || p[i] == '\n' || p[i] == '\t') {
            *at++ = (char)p[i];
        } else {
            *at++ = '\\';
            *at++ = 'x';
            *at++ = hex[p[i] >> 4];
            *at++ = hex[p[i] & 15];
        }
    }
    if (out) *at = '\0';
    return out;
}

static grat_err scpi(serve_bench *b, serve_job *j, grat_op *op)
{
    const char *command = json_string_value(json_object_get(j->args, "command"));
    if (!command || !*command || strlen(command) > 4096)
        return grat_op_fail(op, GRAT_EINVAL, "command: a text of at most 4096 bytes is wanted");
    if (strpbrk(command, "\r\n")) return grat_op_fail(op, GRAT_EINVAL, "command: one line is wanted");
    serve_bench_stale(b);
    if (!strchr(command, '?')) {
        grat_err err = grat_puts(b->session, command, op);
        if (!err) done(j);
        return err;
    }
    uint8_t *reply = NULL;
    size_t n = 0;
    /* Some questions are never answered: nobody has to wait for that. */
    b->busy = "console";
    serve_status_changed(b);
    serve_interruptible_begin(b, op, IO_MS);
    grat_err err = grat_query_raw(b->session, command, &reply, &n, op);
    serve_interruptible_end(b);
    b->busy = NULL;
    if (!err) {
        size_t shown = n < REPLY_MAX ? n : REPLY_MAX;
        while (shown == n && shown && (reply[shown - 1] == '\n' || reply[shown - 1] == '\r')) shown = --n;
        char *text = readable(reply, shown);
        serve_job_json(j, 200, json_pack("{s:s?, s:I, s:b}", "reply", text, "bytes", (json_int_t)n, "cut", shown < n));
        free(text);
    }
    free(reply);
    return err;
}

/* ---- files ----------------------------------------------------------------------------------------------- */

static void dated_name(const serve_bench *b, const char *what, const char *ending, char *out, size_t cap)
{
    char model[48] = "", date[32];
    time_t now = time(NULL);
    struct tm tm;
    size_t n = 0;
    for (const char *c = b->identity.model; *c && n < sizeof model - 1; c++) {
        bool plain = (*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') || (*c >= 'a' && *c <= 'z');
        model[n++] = plain ? *c : '-';
    }
    strftime(date, sizeof date, "%Y-%m-%dT%H-%M-%S", localtime_r(&now, &tm));
    snprintf(out, cap, "%s-%s%s.%s", n ? model : "instrument", date, what, ending);
}

static const char *type_of(const char *format)
{
    static const char *const types[][2] = {{"csv", "text/csv"}, {"json", "application/json"}, {"png", "image/png"},
                                           {"svg", "image/svg+xml"}, {"wav", "audio/wav"}};
    for (unsigned i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i][0], format) == 0) return types[i][1];
    }
    return "application/octet-stream";
}

static grat_err screenshot(serve_bench *b, serve_job *j, grat_op *op)
{
    grat_screenshot shot = {0};
    const char *format = json_string_value(json_object_get(j->args, "format"));
    grat_image_kind kind = GRAT_IMG_PNG;
    if (format && strcmp(format, "bmp") == 0) kind = GRAT_IMG_BMP;
    else if (format && (strcmp(format, "jpeg") == 0 || strcmp(format, "jpg") == 0)) kind = GRAT_IMG_JPEG;
    else if (format && strcmp(format, "png") != 0) return grat_op_fail(op, GRAT_EINVAL, "format: png, bmp or jpeg");
    b->busy = "screenshot";
    serve_status_changed(b);
    serve_interruptible_begin(b, op, SHOT_MS);
    grat_err err = grat_screenshot_get(b->session, kind, &shot, op);
    serve_interruptible_end(b);
    b->busy = NULL;
    if (!err) {
        j->body = malloc(shot.size ? shot.size : 1);
        if (!j->body) err = grat_op_fail(op, GRAT_ENOMEM, "screenshot: out of memory");
    }
    if (!err) {
        memcpy(j->body, shot.data, shot.size);
        j->size = shot.size;
        j->status = 200;
        j->type = kind == GRAT_IMG_PNG ? "image/png" : kind == GRAT_IMG_BMP ? "image/bmp" : "image/jpeg";
        dated_name(b, "", kind == GRAT_IMG_PNG ? "png" : kind == GRAT_IMG_BMP ? "bmp" : "jpg", j->name, sizeof j->name);
    }
    grat_screenshot_free(&shot);
    return err;
}

static void meta_of(const serve_bench *b, grat_meta *m)
{
    *m = (grat_meta){.identity = b->identity, .settings = b->set, .has_settings = b->scope != NULL, .acquisitions = 1};
    snprintf(m->resource, sizeof m->resource, "%s", b->resource);
}

static grat_err write_shot(const serve_bench *b, const char *path, const char *format, grat_op *op)
{
    grat_meta *meta = malloc(sizeof *meta);
    grat_writer *w;
    if (!meta) return grat_op_fail(op, GRAT_ENOMEM, "file: out of memory");
    meta_of(b, meta);
    grat_err err = grat_writer_open(path, format, meta, op, &w);
    free(meta);
    if (err) return err;
    err = grat_writer_record(w, b->shot->record, op);
    if (!err) return grat_writer_finish(w, op);
    grat_writer_abort(w);
    return err;
}

/* With all that is in it: some formats write a second file beside the first. */
static void remove_folder(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) unlinkat(dirfd(d), e->d_name, 0);
    }
    if (d) closedir(d);
    rmdir(path);
}

/* The file is made where nothing is served from, and has no name any more when it is sent. */
static grat_err waveform(serve_bench *b, serve_job *j, grat_op *op)
{
    const char *format = json_string_value(json_object_get(j->args, "format"));
    char own[600], path[700];
    bool known = false;
    if (!format) format = "csv";
    for (const char *const *f = grat_formats(); *f; f++) known = known || strcmp(*f, format) == 0;
    if (!known) return grat_op_fail(op, GRAT_EINVAL, "format: there is none of this name");
    serve_live_fresh(b);
    if (!b->shot) return grat_op_fail(op, GRAT_ENODATA, "waveform: nothing has been acquired yet");
    snprintf(own, sizeof own, "%s/.download-XXXXXX", b->folder);
    if (!mkdtemp(own)) return grat_op_fail(op, GRAT_EIO, "%s: nothing can be made there: %s", own, strerror(errno));
    snprintf(path, sizeof path, "%s/waveform.%s", own, format);
    grat_op_init(op, FILE_MS, b->cancel);
    grat_err err = write_shot(b, path, format, op);
    if (!err) j->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    remove_folder(own);
    if (err) return err;
    if (j->fd < 0) return grat_op_fail(op, GRAT_EIO, "waveform: the file cannot be read: %s", strerror(errno));
    j->status = 200;
    j->type = type_of(format);
    dated_name(b, "", format, j->name, sizeof j->name);
    return GRAT_OK;
}

static grat_err measure(serve_bench *b, serve_job *j, grat_op *op)
{
    serve_live_fresh(b);
    if (!b->shot) return grat_op_fail(op, GRAT_ENODATA, "measurements: nothing has been acquired yet");
    serve_job_json(j, 200, json_pack("{s:i, s:o}", "shot", (int)b->shot->number, "traces",
                                     serve_measure(b->shot->record)));
    return GRAT_OK;
}

static void describe(serve_bench *b, serve_job *j)
{
    uint32_t none = 0;
    json_t *o = serve_bench_describe(b);
    serve_status_changed(b);
    char *status = serve_bench_status(b, &none);
    if (!o) o = json_object();
    json_object_set_new(o, "id", json_string(b->id));
    json_object_set_new(o, "resource", json_string(b->resource));
    if (status) json_object_set_new(o, "status", json_loads(status, 0, NULL));
    free(status);
    serve_job_json(j, 200, o);
}

void serve_job_do(serve_bench *b, serve_job *j)
{
    grat_op op;
    grat_err err;
    serve_interruptible_begin(b, &op, OPEN_MS);
    err = serve_bench_open(b, &op);
    serve_interruptible_end(b);
    if (!err) serve_op_init(b, &op, IO_MS);
    if (!err) {
        switch (j->kind) {
        case SERVE_JOB_DESCRIBE:
            err = serve_live_refresh(b, &op);
            if (!err) describe(b, j);
            break;
        case SERVE_JOB_SETTINGS: err = settings(b, j, &op); break;
        case SERVE_JOB_RUN: err = run(b, j, &op); break;
        case SERVE_JOB_SCPI: err = scpi(b, j, &op); break;
        case SERVE_JOB_SCREENSHOT: err = screenshot(b, j, &op); break;
        case SERVE_JOB_WAVEFORM: err = waveform(b, j, &op); break;
        case SERVE_JOB_MEASURE: err = measure(b, j, &op); break;
        case SERVE_JOB_LOG: serve_record(b, j); break;
        }
    }
    if (!err) return;
    serve_job_fail(j, &op);
    if (err == GRAT_ELOST || err == GRAT_EDEAD) serve_bench_failed(b, &op);
}
