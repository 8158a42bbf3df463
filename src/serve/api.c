/* The paths of the API, as page/openapi.json describes them. */
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>

typedef void (*handler)(call *c, slot *s, const char *rest, json_t *args);

static void no_such_path(call *c)
{
    serve_answer_text(c, 404, "there is no such path; see /api/openapi.json");
}

/* ---- instruments ------------------------------------------------------------------------------------------------ */

slot *serve_slot_find(server *srv, const char *id)
{
    for (unsigned i = 0; i < srv->slot_count; i++) {
        if (strcmp(serve_bench_id(srv->slots[i].bench), id) == 0) return &srv->slots[i];
    }
    return NULL;
}

static void on_wake(void *user)
{
    lws_cancel_service(((server *)user)->ctx);
}

slot *serve_slot_add(server *srv, const char *resource, const char *via)
{
    for (unsigned i = 0; i < srv->slot_count; i++) {
        if (strcmp(serve_bench_resource(srv->slots[i].bench), resource) == 0) return &srv->slots[i];
    }
    if (srv->slot_count == SERVE_BENCHES_MAX) return NULL;
    slot *s = &srv->slots[srv->slot_count];
    char id[16];
    snprintf(id, sizeof id, "%u", srv->slot_count + 1);
    serve_bench_options o = {.id = id, .resource = resource, .folder = srv->folder.path, .wake = on_wake, .user = srv};
    *s = (slot){.viewers_version = 1};
    snprintf(s->via, sizeof s->via, "%s", via);
    s->bench = serve_bench_new(&o);
    if (!s->bench) return NULL;
    srv->slot_count++;
    return s;
}

static json_t *slot_json(server *srv, const slot *s)
{
    json_t *o = serve_bench_describe(s->bench);
    unsigned viewers = 0;
    if (!o) o = json_object();
    for (viewer *v = srv->viewers; v; v = v->next) viewers += v->slot == s;
    json_object_set_new(o, "id", json_string(serve_bench_id(s->bench)));
    json_object_set_new(o, "resource", json_string(serve_bench_resource(s->bench)));
    json_object_set_new(o, "via", json_string(s->via));
    json_object_set_new(o, "name", json_string(s->name));
    json_object_set_new(o, "title", json_string(s->title));
    json_object_set_new(o, "viewers", json_integer(viewers));
    json_object_set_new(o, "held", json_boolean(s->holder != NULL));
    return o;
}

static void list_instruments(call *c, slot *s, const char *rest, json_t *args)
{
    server *srv = c->srv;
    json_t *all = json_array(), *formats = json_array();
    (void)s;
    (void)rest;
    (void)args;
    for (unsigned i = 0; i < srv->slot_count; i++) json_array_append_new(all, slot_json(srv, &srv->slots[i]));
    for (const char *const *f = grat_formats(); *f; f++) json_array_append_new(formats, json_string(*f));
    serve_answer_json(c, 200, json_pack("{s:o, s:o, s:b, s:s}", "instruments", all, "formats", formats, "discovering",
                                        serve_finder_busy(srv->finder), "version", grat_version()));
}

static void discover(call *c, slot *s, const char *rest, json_t *args)
{
    (void)s;
    (void)rest;
    (void)args;
    bool started = serve_finder_start(c->srv->finder);
    serve_answer_json(c, 202, json_pack("{s:b}", "started", started));
}

/* ---- jobs ------------------------------------------------------------------------------------------------------- */

static void post(call *c, slot *s, serve_job_kind kind, json_t *args)
{
    serve_job *j = serve_job_new(kind);
    if (!j) {
        serve_answer_text(c, 503, "out of memory");
        return;
    }
    uint64_t ticket = j->ticket = ++c->srv->next_ticket;
    j->args = json_incref(args);
    if (serve_bench_post(s->bench, j)) {
        c->ticket = ticket;     /* the job is no longer ours to look into */
        return;
    }
    serve_job_free(j);
    serve_answer_text(c, 503, "the instrument has too much to do; try again");
}

/* While somebody looks, what is known is new. */
static void describe(call *c, slot *s, const char *rest, json_t *args)
{
    bool watched = false;
    uint32_t none = 0;
    (void)rest;
    for (viewer *v = c->srv->viewers; v; v = v->next) watched = watched || (v->slot == s && v->visible);
    json_t *o = watched ? serve_bench_describe(s->bench) : NULL;
    char *status = o ? serve_bench_status(s->bench, &none) : NULL;
    if (!status) {
        json_decref(o);
        post(c, s, SERVE_JOB_DESCRIBE, args);
        return;
    }
    json_object_set_new(o, "id", json_string(serve_bench_id(s->bench)));
    json_object_set_new(o, "resource", json_string(serve_bench_resource(s->bench)));
    json_object_set_new(o, "status", json_loads(status, 0, NULL));
    free(status);
    serve_answer_json(c, 200, o);
}

static void settings(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    post(c, s, SERVE_JOB_SETTINGS, args);
}

static bool action_is(const json_t *args, const char *word)
{
    const char *action = json_string_value(json_object_get(args, "action"));
    return action && strcmp(action, word) == 0;
}

static void run(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    if (!action_is(args, "cancel")) {
        post(c, s, SERVE_JOB_RUN, args);
        return;
    }
    serve_bench_interrupt(s->bench);
    serve_answer_json(c, 200, json_pack("{s:b}", "ok", 1));
}

static void scpi(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    post(c, s, SERVE_JOB_SCPI, args);
}

static void recording(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    post(c, s, SERVE_JOB_LOG, args);
    if (c->ticket && action_is(args, "stop")) serve_bench_interrupt(s->bench);
}

static json_t *query_json(const call *c)
{
    json_t *o = json_object();
    const char *at = c->query;
    while (*at) {
        size_t n = strcspn(at, "&"), k = strcspn(at, "=");
        if (k < n) {
            char key[32];
            json_t *v = json_stringn(at + k + 1, n - k - 1);
            snprintf(key, sizeof key, "%.*s", (int)(k < 31 ? k : 31), at);
            if (v && json_object_set_new(o, key, v)) break;
        }
        at += n;
        if (*at) at++;
    }
    return o;
}

static void post_query(call *c, slot *s, serve_job_kind kind)
{
    json_t *o = query_json(c);
    post(c, s, kind, o);
    json_decref(o);
}

static void screenshot(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    (void)args;
    post_query(c, s, SERVE_JOB_SCREENSHOT);
}

static void waveform(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    (void)args;
    post_query(c, s, SERVE_JOB_WAVEFORM);
}

static void measurements(call *c, slot *s, const char *rest, json_t *args)
{
    (void)rest;
    (void)args;
    post_query(c, s, SERVE_JOB_MEASURE);
}

/* ---- who holds the controls ------------------------------------------------------------------------------------- */

static void control(call *c, slot *s, const char *rest, json_t *args)
{
    viewer *v = serve_viewer_by_key(c->srv, c->viewer);
    (void)rest;
    if (!v || v->slot != s) {
        serve_answer_text(c, 409, "only a viewer of this instrument can hold its controls");
        return;
    }
    if (action_is(args, "take")) {
        if (!s->holder) {
            s->holder = v;
        } else if (s->holder != v) {
            s->asker = v;
            s->asked_ns = grat_now_ns();
        }
    } else if (action_is(args, "release") && s->holder == v) {
        s->holder = s->asker;
        s->asker = NULL;
    } else if (action_is(args, "give") && s->holder == v && s->asker) {
        s->holder = s->asker;
        s->asker = NULL;
    } else if (action_is(args, "keep") && s->holder == v) {
        if (s->asker) s->asker->refused = true;
        s->asker = NULL;
    } else {
        serve_answer_text(c, 409, "action: take; or release, give, keep from the one who holds them");
        return;
    }
    serve_viewers_changed(s);
    serve_viewers_wake(c->srv);
    serve_answer_json(c, 200, json_pack("{s:b}", "held", s->holder == v));
}

static bool may_act(call *c, slot *s)
{
    if (!s->holder) return true;
    viewer *v = serve_viewer_by_key(c->srv, c->viewer);
    if (v == s->holder) return true;
    serve_answer_text(c, 423, "another viewer holds the controls; ask for them");
    return false;
}

/* ---- files, sign in --------------------------------------------------------------------------------------------- */

static const char *type_of(const char *name)
{
    static const char *const types[][2] = {{".csv", "text/csv"}, {".json", "application/json"}, {".png", "image/png"},
                                           {".svg", "image/svg+xml"}, {".wav", "audio/wav"}};
    const char *dot = strrchr(name, '.');
    for (unsigned i = 0; dot && i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i][0], dot) == 0) return types[i][1];
    }
    return "application/octet-stream";
}

static void list_files(call *c, slot *s, const char *rest, json_t *args)
{
    (void)s;
    (void)rest;
    (void)args;
    json_t *list = serve_folder_list(&c->srv->folder);
    if (list) serve_answer_json(c, 200, json_pack("{s:o}", "files", list));
    else serve_answer_text(c, 503, "out of memory");
}

static void get_file(call *c, slot *s, const char *rest, json_t *args)
{
    (void)s;
    (void)args;
    int fd = serve_folder_get(&c->srv->folder, rest);
    if (fd < 0) {
        serve_answer_text(c, 404, "there is no file of this name");
        return;
    }
    c->fd = fd;
    c->status = 200;
    c->type = type_of(rest);
    snprintf(c->name, sizeof c->name, "%s", rest);
}

static void delete_file(call *c, slot *s, const char *rest, json_t *args)
{
    (void)s;
    (void)args;
    if (serve_folder_delete(&c->srv->folder, rest)) serve_answer_json(c, 200, json_pack("{s:b}", "ok", 1));
    else serve_answer_text(c, 404, "there is no file of this name");
}

static void session_get(call *c, slot *s, const char *rest, json_t *args)
{
    (void)s;
    (void)rest;
    (void)args;
    bool known = serve_admit(c->srv, c->wsi, false, true) == 0;
    serve_answer_json(c, 200, json_pack("{s:b, s:b}", "token_needed", c->srv->gate.token != NULL, "known", known));
}

static void session_post(call *c, slot *s, const char *rest, json_t *args)
{
    const serve_gate *g = &c->srv->gate;
    (void)s;
    (void)rest;
    if (g->token && !serve_gate_token(g, json_string_value(json_object_get(args, "token")))) {
        serve_answer_text(c, 403, "this is not the token");
        return;
    }
    if (g->token)
        snprintf(c->cookie, sizeof c->cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", g->cookie, g->session,
                 g->tls ? "; Secure" : "");
    serve_answer_json(c, 200, json_pack("{s:b}", "known", 1));
}

/* ---- the table -------------------------------------------------------------------------------------------------- */

typedef struct route {
    int method;
    const char *path;       /* * is one part; of the first an instrument when it follows /api/instruments/ */
    handler fn;
    bool acts;              /* on the instrument: needs the controls when somebody holds them */
} route;

static const route routes[] = {
    {LWSHUMETH_GET, "/api/session", session_get, false},
    {LWSHUMETH_POST, "/api/session", session_post, false},
    {LWSHUMETH_GET, "/api/instruments", list_instruments, false},
    {LWSHUMETH_POST, "/api/discover", discover, false},
    {LWSHUMETH_GET, "/api/files", list_files, false},
    {LWSHUMETH_GET, "/api/files/*", get_file, false},
    {LWSHUMETH_DELETE, "/api/files/*", delete_file, false},
    {LWSHUMETH_GET, "/api/instruments/*", describe, false},
    {LWSHUMETH_POST, "/api/instruments/*/settings", settings, true},
    {LWSHUMETH_POST, "/api/instruments/*/run", run, true},
    {LWSHUMETH_POST, "/api/instruments/*/scpi", scpi, true},
    {LWSHUMETH_POST, "/api/instruments/*/recording", recording, true},
    {LWSHUMETH_POST, "/api/instruments/*/control", control, false},
    {LWSHUMETH_GET, "/api/instruments/*/screenshot", screenshot, false},
    {LWSHUMETH_GET, "/api/instruments/*/waveform", waveform, false},
    {LWSHUMETH_GET, "/api/instruments/*/measurements", measurements, false},
};

/* Copies what stands for the * into part. */
static bool matches(const char *pattern, const char *path, char *part, size_t cap)
{
    const char *star = strchr(pattern, '*');
    part[0] = '\0';
    if (!star) return strcmp(pattern, path) == 0;
    size_t before = (size_t)(star - pattern);
    if (strncmp(pattern, path, before) != 0) return false;
    size_t n = strcspn(path + before, "/");
    if (n == 0 || n >= cap || strcmp(path + before + n, star + 1) != 0) return false;
    memcpy(part, path + before, n);
    part[n] = '\0';
    return true;
}

static void dispatch(call *c, const route *r, const char *part)
{
    slot *s = NULL;
    json_t *args = NULL;
    if (strncmp(r->path, "/api/instruments/", 17) == 0) {
        s = serve_slot_find(c->srv, part);
        if (!s) {
            serve_answer_text(c, 404, "there is no instrument of this number");
            return;
        }
    }
    if (r->acts && !may_act(c, s)) return;
    if (r->method == LWSHUMETH_POST) {
        grat_op op;
        grat_op_init(&op, 0, NULL);
        args = serve_json_parse(c->body ? (const char *)c->body : "{}", c->body ? c->body_size : 2, &op);
        if (!args) {
            serve_answer_text(c, 400, op.text);
            return;
        }
    }
    r->fn(c, s, part, args);
    json_decref(args);
}

void serve_api(call *c)
{
    char part[160];
    bool path_known = false;
    int method = c->method == LWSHUMETH_HEAD ? LWSHUMETH_GET : c->method;
    for (unsigned i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (!matches(routes[i].path, c->path, part, sizeof part)) continue;
        if (routes[i].method == method) {
            dispatch(c, &routes[i], part);
            return;
        }
        path_known = true;
    }
    if (path_known) serve_answer_text(c, 405, "this method is not for this path");
    else no_such_path(c);
}
