/* Viewers: what each sees, bounded for each; one of them may hold the controls. */
#include "serve/server.h"

#include <math.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#define MS 1000000LL
#define UNSEEN_MAX 3            /* frames on their way */
#define MESSAGES_MAX 400        /* a second */
#define ASK_NS (10000 * MS)
#define SPECTRUM_NS (60 * MS)

viewer *serve_viewer_by_key(server *srv, const char *key)
{
    for (viewer *v = srv->viewers; v && *key; v = v->next) {
        if (strcmp(v->key, key) == 0) return v;
    }
    return NULL;
}

void serve_viewers_changed(slot *s)
{
    s->viewers_version++;
}

void serve_viewers_wake(server *srv)
{
    for (viewer *v = srv->viewers; v; v = v->next) lws_callback_on_writable(v->wsi);
}

static void watch(server *srv, slot *s)
{
    bool watched = false, measured = false;
    for (viewer *v = srv->viewers; v; v = v->next) {
        if (v->slot != s || !v->visible) continue;
        watched = true;
        measured = measured || v->measure;
    }
    serve_bench_watch(s->bench, watched, measured);
}

void serve_viewers_tick(server *srv)
{
    int64_t now = grat_now_ns();
    for (unsigned i = 0; i < srv->slot_count; i++) {
        slot *s = &srv->slots[i];
        if (!s->asker || now - s->asked_ns < ASK_NS) continue;
        s->holder = s->asker;   /* no answer is consent */
        s->asker = NULL;
        serve_viewers_changed(s);
    }
    serve_viewers_wake(srv);
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

/* "/api/instruments/ID/stream" */
static slot *slot_of(server *srv, struct lws *wsi)
{
    static const char before[] = "/api/instruments/", after[] = "/stream";
    char uri[128], id[16];
    if (lws_hdr_copy(wsi, uri, sizeof uri, WSI_TOKEN_GET_URI) <= 0) return NULL;
    if (strncmp(uri, before, sizeof before - 1) != 0) return NULL;
    size_t n = strcspn(uri + sizeof before - 1, "/");
    if (n >= sizeof id || strcmp(uri + sizeof before - 1 + n, after) != 0) return NULL;
    memcpy(id, uri + sizeof before - 1, n);
    id[n] = '\0';
    return serve_slot_find(srv, id);
}

static int filter(server *srv, struct lws *wsi)
{
    char protocol[64];
    if (serve_admit(srv, wsi, false, true)) return -1;
    if (lws_hdr_copy(wsi, protocol, sizeof protocol, WSI_TOKEN_PROTOCOL) <= 0) return -1;
    return slot_of(srv, wsi) && srv->viewer_count < SERVE_VIEWERS_MAX ? 0 : -1;
}

static int come(server *srv, viewer *v, struct lws *wsi)
{
    unsigned char secret[16];
    slot *s = slot_of(srv, wsi);
    if (!s || RAND_bytes(secret, sizeof secret) != 1) return -1;
    *v = (viewer){.srv = srv, .wsi = wsi, .slot = s, .id = ++srv->next_viewer, .visible = true,
                  .view = {.columns = 1200}, .moved = true};
    for (unsigned i = 0; i < sizeof secret; i++) snprintf(v->key + 2 * i, 3, "%02x", secret[i]);
    v->next = srv->viewers;
    srv->viewers = v;
    srv->viewer_count++;
    /* The first one has the controls. */
    if (!s->holder) s->holder = v;
    serve_viewers_changed(s);
    watch(srv, s);
    serve_viewers_wake(srv);
    return 0;
}

static void go(server *srv, viewer *v)
{
    slot *s = v->slot;
    if (!s) return;
    for (viewer **at = &srv->viewers; *at; at = &(*at)->next) {
        if (*at != v) continue;
        *at = v->next;
        srv->viewer_count--;
        break;
    }
    if (s->asker == v) s->asker = NULL;
    if (s->holder == v) {
        s->holder = s->asker;
        s->asker = NULL;
    }
    v->slot = NULL;
    serve_viewers_changed(s);
    watch(srv, s);
    serve_viewers_wake(srv);
}

/* ---- to the viewer -------------------------------------------------------------------------------------------- */

static int send_bytes(viewer *v, uint8_t *led, size_t n, bool text)
{
    int sent = lws_write(v->wsi, led + LWS_PRE, n, text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    free(led);
    lws_callback_on_writable(v->wsi);
    return sent < 0 ? -1 : 1;
}

/* Frees the text. 1 when it was sent, -1 on an error. */
static int send_text(viewer *v, char *text)
{
    size_t n = text ? strlen(text) : 0;
    uint8_t *led = text ? malloc(LWS_PRE + n) : NULL;
    if (led) memcpy(led + LWS_PRE, text, n);
    free(text);
    return led ? send_bytes(v, led, n, true) : -1;
}

static int send_json(viewer *v, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    return send_text(v, text);
}

static json_t *viewers_json(const viewer *me)
{
    const slot *s = me->slot;
    unsigned n = 0;
    for (viewer *v = me->srv->viewers; v; v = v->next) n += v->slot == s;
    json_t *o = json_pack("{s:s, s:i, s:i, s:b, s:b}", "event", "viewers", "you", (int)me->id, "count", (int)n,
                          "holding", s->holder == me, "refused", me->refused);
    json_object_set_new(o, "holder", s->holder ? json_integer(s->holder->id) : json_null());
    json_object_set_new(o, "asker", s->asker ? json_integer(s->asker->id) : json_null());
    return o;
}

static int send_greeting(viewer *v)
{
    v->greeted = true;
    return send_json(v, json_pack("{s:s, s:i, s:s, s:s, s:s}", "event", "hello", "you", (int)v->id, "key", v->key,
                                  "resource", serve_bench_resource(v->slot->bench), "version", grat_version()));
}

static int send_state(viewer *v)
{
    char *status = serve_bench_status(v->slot->bench, &v->status);
    if (status) return send_text(v, status);
    if (v->viewers == v->slot->viewers_version) return 0;
    v->viewers = v->slot->viewers_version;
    json_t *o = viewers_json(v);
    v->refused = false;
    return send_json(v, o);
}

static int send_spectrum(viewer *v, const serve_shot *s)
{
    int64_t now = grat_now_ns();
    size_t n = 0;
    if (!v->spectrum[0] || v->spectrum_shot == s->number || now - v->spectrum_ns < SPECTRUM_NS) return 0;
    v->spectrum_ns = now;
    v->spectrum_shot = s->number;
    for (unsigned i = 0; i < s->record->traces; i++) {
        if (strcmp(s->record->trace[i].name, v->spectrum) != 0) continue;
        uint8_t *p = serve_spectrum(s, i, LWS_PRE, &n);
        return p ? send_bytes(v, p, n, false) : 0;
    }
    return 0;
}

/* The newest picture, never one that is older: a slow viewer misses some. */
static int send_picture(viewer *v)
{
    serve_shot *s = serve_bench_shot(v->slot->bench);
    int sent = 0;
    if (!s || !v->visible) {
        serve_shot_unref(s);
        return 0;
    }
    if (v->unseen < UNSEEN_MAX && (s->number != v->shot || v->moved)) {
        size_t n = 0;
        uint8_t *frame = serve_frame(s, &v->view, LWS_PRE, &n);
        v->shot = s->number;
        v->moved = false;
        v->unseen++;
        sent = frame ? send_bytes(v, frame, n, false) : -1;
    } else {
        char *measured = v->measure ? serve_bench_measured(v->slot->bench, &v->measured) : NULL;
        sent = measured ? send_text(v, measured) : send_spectrum(v, s);
    }
    serve_shot_unref(s);
    return sent;
}

static int writeable(viewer *v)
{
    int sent = v->greeted ? 0 : send_greeting(v);
    if (!sent) sent = send_state(v);
    if (!sent) sent = send_picture(v);
    return sent < 0 ? -1 : 0;
}

/* ---- from the viewer -------------------------------------------------------------------------------------------- */

static double number_of(const json_t *o, const char *key)
{
    double v = json_number_value(json_object_get(o, key));
    return isfinite(v) ? v : 0;
}

static uint32_t count_of(const json_t *o, const char *key, uint32_t most)
{
    double v = number_of(o, key);
    return v > 0 ? v < most ? (uint32_t)v : most : 0;
}

void serve_viewer_message(viewer *v, const json_t *o)
{
    const json_t *view = json_object_get(o, "view"), *x;
    if (json_is_object(view)) {
        v->view = (serve_view){.from = number_of(view, "from"), .to = number_of(view, "to"),
                               .columns = count_of(view, "columns", SERVE_MAX_COLUMNS),
                               .number = count_of(view, "number", UINT32_MAX)};
        v->moved = true;
    }
    if (json_is_integer(json_object_get(o, "ack"))) v->unseen = v->unseen ? v->unseen - 1 : 0;
    x = json_object_get(o, "spectrum");
    if (x) {
        const char *name = json_string_value(x);
        snprintf(v->spectrum, sizeof v->spectrum, "%s", name && strlen(name) < sizeof v->spectrum ? name : "");
        v->spectrum_shot = 0;
    }
    x = json_object_get(o, "measure");
    if (json_is_boolean(x)) v->measure = json_is_true(x);
    x = json_object_get(o, "visible");
    if (json_is_boolean(x)) v->visible = json_is_true(x);
    if (v->visible) v->moved = v->moved || json_is_true(x);
}

static int close_with(viewer *v, enum lws_close_status status, const char *reason)
{
    lws_close_reason(v->wsi, status, (unsigned char *)(uintptr_t)reason, strlen(reason));
    return -1;
}

static int receive(viewer *v, const void *in, size_t len)
{
    int64_t now = grat_now_ns();
    grat_op op;
    if (lws_frame_is_binary(v->wsi)) return close_with(v, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE, "text is wanted");
    if (lws_is_first_fragment(v->wsi)) v->in_size = 0;
    if (v->in_size + len > SERVE_MESSAGE_MAX)
        return close_with(v, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE, "messages are smaller");
    memcpy(v->in + v->in_size, in, len);
    v->in_size += len;
    if (now - v->second_ns > 1000 * MS) {
        v->second_ns = now;
        v->messages = 0;
    }
    if (++v->messages > MESSAGES_MAX) return close_with(v, LWS_CLOSE_STATUS_POLICY_VIOLATION, "too many messages");
    if (!lws_is_final_fragment(v->wsi) || lws_remaining_packet_payload(v->wsi)) return 0;
    grat_op_init(&op, 0, NULL);
    json_t *o = serve_json_parse(v->in, v->in_size, &op);
    v->in_size = 0;
    if (!o) return close_with(v, LWS_CLOSE_STATUS_INVALID_PAYLOAD, "a JSON object is wanted");
    serve_viewer_message(v, o);
    json_decref(o);
    watch(v->srv, v->slot);
    lws_callback_on_writable(v->wsi);
    return 0;
}

int serve_ws(struct lws *wsi, enum lws_callback_reasons reason, viewer *v, void *in, size_t len)
{
    server *srv = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION: return filter(srv, wsi);
    case LWS_CALLBACK_ESTABLISHED: return come(srv, v, wsi);
    case LWS_CALLBACK_SERVER_WRITEABLE: return v->slot ? writeable(v) : 0;
    case LWS_CALLBACK_RECEIVE: return v->slot ? receive(v, in, len) : -1;
    case LWS_CALLBACK_CLOSED: go(srv, v); return 0;
    default: return 0;
    }
}
