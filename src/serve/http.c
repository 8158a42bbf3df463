/* One request: its headers are checked, its body taken, its answer written as fast as the client reads. */
#include "serve/server.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK 32768u
#define SEND_SECONDS 30
#define BODY_NS 20000000000LL   /* for the whole body: it is small */
#define WAIT_SECONDS 700        /* for an instrument; its own limits are shorter */

static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/* ---- the gate ------------------------------------------------------------------------------------------ */

static const char *header(struct lws *wsi, enum lws_token_indexes which, char *out, size_t cap)
{
    int n = lws_hdr_total_length(wsi, which);
    if (n <= 0) return NULL;
    /* One that does not fit is none of ours: it must not count as absent. */
    if ((size_t)n >= cap || lws_hdr_copy(wsi, out, (int)cap, which) < 0) snprintf(out, cap, "?");
    return out;
}

static const char *custom(struct lws *wsi, const char *name, char *out, size_t cap)
{
    int n = lws_hdr_custom_length(wsi, name, (int)strlen(name));
    if (n <= 0) return NULL;
    if ((size_t)n >= cap || lws_hdr_custom_copy(wsi, out, (int)cap, name, (int)strlen(name)) < 0)
        snprintf(out, cap, "?");
    return out;
}

int serve_admit(server *srv, struct lws *wsi, bool page, bool token)
{
    char host[300], text[300], cookies[2048], auth[300];
    if (!serve_gate_host(&srv->gate, header(wsi, WSI_TOKEN_HOST, host, sizeof host))) return 421;
    if (!serve_gate_origin(&srv->gate, header(wsi, WSI_TOKEN_ORIGIN, text, sizeof text), host)) return 403;
    if (!serve_gate_fetch_site(custom(wsi, "sec-fetch-site:", text, sizeof text), page)) return 403;
    if (page || !token) return 0;
    const char *cookie = header(wsi, WSI_TOKEN_HTTP_COOKIE, cookies, sizeof cookies);
    return serve_gate_known(&srv->gate, cookie, header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, auth, sizeof auth)) ? 0 : 401;
}

/* ---- the answer ------------------------------------------------------------------------------------------ */

static bool add(call *c, const char *name, const char *value, uint8_t *at[2])
{
    return !lws_add_http_header_by_name(c->wsi, (const uint8_t *)name, (const uint8_t *)value, (int)strlen(value),
                                        &at[0], at[1]);
}

static bool add_headers(call *c, uint8_t *at[2])
{
    char text[220];
    bool page = c->etag[0] != '\0';
    bool ok = add(c, "content-security-policy:", policy, at) && add(c, "x-content-type-options:", "nosniff", at) &&
              add(c, "referrer-policy:", "no-referrer", at) && add(c, "x-frame-options:", "DENY", at) &&
              add(c, "cross-origin-resource-policy:", "same-origin", at) &&
              add(c, "cross-origin-opener-policy:", "same-origin", at) &&
              add(c, "cache-control:", page ? "no-cache" : "no-store", at);
    if (page) ok = ok && add(c, "etag:", c->etag, at);
    if (c->last) ok = ok && add(c, "connection:", "close", at);
    if (c->cookie[0]) ok = ok && add(c, "set-cookie:", c->cookie, at);
    if (c->status == 401) ok = ok && add(c, "www-authenticate:", "Bearer", at);
    if (c->name[0]) {
        snprintf(text, sizeof text, "attachment; filename=\"%s\"", c->name);
        ok = ok && add(c, "content-disposition:", text, at);
    }
    return ok;
}

/* With its request not read to the end, a connection cannot go on. */
static int answered(call *c)
{
    return c->last || lws_http_transaction_completed(c->wsi) ? -1 : 0;
}

static int send_headers(call *c)
{
    uint8_t buf[LWS_PRE + 3000], *start = buf + LWS_PRE, *at[2] = {start, buf + sizeof buf - 1};
    if (c->fd >= 0) {
        off_t n = lseek(c->fd, 0, SEEK_END);
        if (n < 0 || lseek(c->fd, 0, SEEK_SET) != 0) return -1;
        c->size = (size_t)n;
    }
    c->begun = true;
    bool none = c->status == 304 || c->status == 204;
    if (lws_add_http_common_headers(c->wsi, (unsigned)c->status, c->type, none ? 0 : c->size, &at[0], at[1]) ||
        !add_headers(c, at) || lws_finalize_write_http_header(c->wsi, start, &at[0], at[1]))
        return -1;
    if (none || c->method == LWSHUMETH_HEAD) c->sent = c->size;
    if (c->sent >= c->size) return answered(c);
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, SEND_SECONDS);
    lws_callback_on_writable(c->wsi);
    return 0;
}

static int send_more(call *c)
{
    uint8_t buf[LWS_PRE + CHUNK], *p = buf + LWS_PRE;
    if (c->sent >= c->size) return 0;
    size_t n = c->size - c->sent < CHUNK ? c->size - c->sent : CHUNK;
    if (c->fd >= 0) {
        ssize_t got = read(c->fd, p, n);
        if (got <= 0) return -1;
        n = (size_t)got;
    } else {
        memcpy(p, c->data + c->sent, n);
    }
    c->sent += n;
    bool last = c->sent >= c->size;
    if (lws_write(c->wsi, p, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0) return -1;
    if (!serve_conn_moved(c->srv, c->wsi)) return -1;
    if (last) return answered(c);
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, SEND_SECONDS);
    lws_callback_on_writable(c->wsi);
    return 0;
}

void serve_answer_json(call *c, int status, json_t *o)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    c->status = text ? status : 500;
    c->type = "application/json";
    c->owned = (uint8_t *)text;
    c->data = c->owned;
    c->size = text ? strlen(text) : 0;
}

void serve_answer_text(call *c, int status, const char *error)
{
    serve_answer_json(c, status, json_pack("{s:s}", "error", error));
}

void serve_job_arrived(server *srv, serve_job *j)
{
    call *c = srv->calls;
    while (c && (c->ticket != j->ticket || !j->ticket)) c = c->next;
    if (c && !c->status) {
        c->ticket = 0;
        c->status = j->status;
        c->type = j->type;
        c->data = c->owned = j->body;
        c->size = j->size;
        c->fd = j->fd;
        snprintf(c->name, sizeof c->name, "%s", j->name);
        j->body = NULL;
        j->fd = -1;
        lws_callback_on_writable(c->wsi);
    }
    serve_job_free(j);
}

/* ---- the request ----------------------------------------------------------------------------------------- */

static void free_call(call *c)
{
    if (!c) return;
    for (call **at = &c->srv->calls; *at; at = &(*at)->next) {
        if (*at != c) continue;
        *at = c->next;
        break;
    }
    if (c->fd >= 0) close(c->fd);
    free(c->body);
    free(c->owned);
    free(c);
}

static call *new_call(server *srv, struct lws *wsi)
{
    call *c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->srv = srv;
    c->wsi = wsi;
    c->fd = -1;
    c->begun_ns = grat_now_ns();
    c->next = srv->calls;
    srv->calls = c;
    return c;
}

/* An answer that is there goes out; else the call waits for its instrument. */
static int proceed(call *c)
{
    if (c->status) return send_headers(c);
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_HTTP_CONTENT, WAIT_SECONDS);
    return 0;
}

static bool page_answer(call *c)
{
    char tag[64];
    const char *path = strcmp(c->path, "/") == 0 ? "/index.html" : c->path;
    for (const serve_asset *a = serve_assets; a->path; a++) {
        if (strcmp(a->path, path) != 0) continue;
        const char *had = header(c->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, tag, sizeof tag);
        snprintf(c->etag, sizeof c->etag, "\"%s\"", a->tag);
        c->status = had && strcmp(had, c->etag) == 0 ? 304 : 200;
        c->type = a->type;
        c->data = a->data;
        c->size = a->size;
        return true;
    }
    return false;
}

/* What can be said before the body: 0 to go on, else the status of the refusal. */
static int refuse(call *c, bool page)
{
    char text[100];
    bool open_to_all = page || strcmp(c->path, "/api/session") == 0 || strcmp(c->path, "/api/openapi.json") == 0;
    /* Where a body ends must be the same for whatever stands between us and the client. */
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0) return 400;
    int status = serve_admit(c->srv, c->wsi, page && strncmp(c->path, "/api/", 5) != 0, !open_to_all);
    if (status) return status;
    if (c->method == LWSHUMETH_GET || c->method == LWSHUMETH_HEAD || c->method == LWSHUMETH_DELETE) return 0;
    if (c->method != LWSHUMETH_POST) return 405;
    if (lws_hdr_total_length(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) <= 0) return 411;
    const char *n = header(c->wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, text, sizeof text);
    if (strlen(n) > 5 || strspn(n, "0123456789") != strlen(n)) return 413;
    /* A form of another site cannot say this without asking first. */
    const char *type = header(c->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE, text, sizeof text);
    return type && strncasecmp(type, "application/json", 16) == 0 ? 0 : 415;
}

static const char *why(int status)
{
    switch (status) {
    case 400: return "Transfer-Encoding is not taken; send Content-Length";
    case 401: return "a token is needed: sign in, or send Authorization: Bearer";
    case 403: return "requests of other sites are not served";
    case 405: return "this method is not for this path";
    case 411: return "Content-Length is needed";
    case 413: return "the body is too large";
    case 415: return "Content-Type: application/json is needed";
    default: return "Host names none of the names of this server; add it with --name";
    }
}

static int begin(server *srv, struct lws *wsi, call **out, const char *path)
{
    char *uri;
    int uri_len, n;
    free_call(*out);
    call *c = *out = new_call(srv, wsi);
    if (!c) return -1;
    c->method = lws_http_get_uri_and_method(wsi, &uri, &uri_len);
    snprintf(c->path, sizeof c->path, "%s", strlen(path) < sizeof c->path ? path : "/?");
    n = lws_hdr_copy(wsi, c->query, sizeof c->query, WSI_TOKEN_HTTP_URI_ARGS);
    if (n < 0) c->query[0] = '\0';
    if (!custom(wsi, "x-graticule-viewer:", c->viewer, sizeof c->viewer)) c->viewer[0] = '\0';
    bool get = c->method == LWSHUMETH_GET || c->method == LWSHUMETH_HEAD;
    bool page = get && page_answer(c);
    int status = refuse(c, page);
    if (status) {
        c->etag[0] = '\0';
        c->last = c->method != LWSHUMETH_GET || status == 400;
        serve_answer_text(c, status, why(status));
    } else if (!page) {
        if (c->method == LWSHUMETH_POST) return 0;  /* its body comes */
        serve_api(c);
    }
    return proceed(c);
}

static int body(call *c, const void *in, size_t len)
{
    if (!c || c->status) return 0;
    if (grat_now_ns() - c->begun_ns > BODY_NS) return -1;
    if (c->body_size + len > SERVE_BODY_MAX) {
        serve_answer_text(c, 413, why(413));
        send_headers(c);
        return -1;
    }
    uint8_t *more = realloc(c->body, c->body_size + len + 1);
    if (!more) return -1;
    memcpy(more + c->body_size, in, len);
    c->body = more;
    c->body_size += len;
    return 0;
}

static int body_end(call *c)
{
    if (!c || c->status || c->ticket) return 0;
    serve_api(c);
    return proceed(c);
}

int serve_http(struct lws *wsi, enum lws_callback_reasons reason, call **c, void *in, size_t len)
{
    server *srv = lws_context_user(lws_get_context(wsi));
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return begin(srv, wsi, c, in);
    case LWS_CALLBACK_HTTP_BODY:
        return body(*c, in, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return body_end(*c);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        if (!*c || !(*c)->status) return 0;
        return (*c)->begun ? send_more(*c) : send_headers(*c);
    case LWS_CALLBACK_CLOSED_HTTP:
    case LWS_CALLBACK_HTTP_DROP_PROTOCOL:
        free_call(*c);
        *c = NULL;
        return 0;
    default:
        return 0;
    }
}
