/* Secure connections of HiSLIP 2.0: StartTLS on both channels, and SASL (IVI-6.1 2.0 §6.15, §6.16). */
#include "sim/serve/hislip_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define RECORD 16384

static bool is_secure(const hislip_session *s)
{
    return s->sync->phase == HISLIP_SECURE_ON && s->async->phase == HISLIP_SECURE_ON;
}

bool hislip_unsecured(const hislip_session *s)
{
    const sim_hislip *h = s->h;
    if (!hislip_secure_offered(h) || s->version < GRAT__HISLIP_V2) return h->mandatory;
    if (is_secure(s)) return (h->user[0] || h->clients[0]) && !s->authenticated;
    return h->mandatory || (h->initial && !s->ended_tls) || s->async->phase != HISLIP_PLAIN;
}

bool hislip_awaits_tls(const hislip_conn *c)
{
    const hislip_session *s = c->session;
    return s && c == s->sync && c->phase == HISLIP_PLAIN && s->async && s->async->phase != HISLIP_PLAIN;
}

/* ---- bytes ---------------------------------------------------------------------------------------- */

static ssize_t result(grat__tls_step step, size_t moved)
{
    if (step == GRAT__TLS_DONE) return (ssize_t)moved;
    if (step == GRAT__TLS_CLOSED || step == GRAT__TLS_LOST) return 0;
    errno = step == GRAT__TLS_FAILED ? EPROTO : EAGAIN;
    return -1;
}

ssize_t hislip_recv(hislip_conn *c, void *buf, size_t n)
{
    size_t moved;
    if (!c->tls) return recv(c->watch.fd, buf, n, 0);
    grat__tls_step step = grat__tls_read(c->tls, buf, n, &moved);
    if (step == GRAT__TLS_CLOSED && c->phase == HISLIP_ENDING) {
        grat__tls_free(c->tls);
        c->tls = NULL;
        c->phase = HISLIP_PLAIN;
        errno = EAGAIN;
        return -1;
    }
    return result(step, moved);
}

ssize_t hislip_send(hislip_conn *c, struct iovec *iov, int n, bool more)
{
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
    if (!c->tls) return sendmsg(c->watch.fd, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
    uint8_t together[RECORD];
    size_t have = 0, moved;
    for (int i = 0; i < n && have < sizeof together; i++) {
        size_t room = sizeof together - have, k = iov[i].iov_len < room ? iov[i].iov_len : room;
        memcpy(together + have, iov[i].iov_base, k);
        have += k;
    }
    grat__tls_step step = grat__tls_write(c->tls, together, have, &moved);
    ssize_t sent = result(step, moved);
    if (sent == 0) errno = EPIPE;
    return sent ? sent : -1;
}

/* ---- StartTLS ---------------------------------------------------------------------------------------- */

bool hislip_tls_step(hislip_conn *c)
{
    grat__tls_step step = grat__tls_handshake(c->tls);
    if (step == GRAT__TLS_DONE) {
        c->phase = HISLIP_SECURE_ON;
        return true;
    }
    if (step == GRAT__TLS_READ || step == GRAT__TLS_WRITE)
        sim_watch_want(c->h->loop, &c->watch, step == GRAT__TLS_READ ? EPOLLIN : EPOLLOUT);
    else hislip_doom(c);
    return false;
}

static void begin_handshake(hislip_conn *c)
{
    grat__tls_setup setup = {.server = true, .cert = c->h->cert, .key = c->h->tls_key,
                             .clients = c->h->clients[0] ? c->h->clients : NULL};
    grat_op op;
    grat_op_init(&op, 0, NULL);
    hislip_pump(c);
    /* What was said in the clear must have left before the first record. */
    if (c->out.len || grat__tls_new(&setup, c->watch.fd, &op, &c->tls)) {
        hislip_doom(c);
        return;
    }
    c->phase = HISLIP_HANDSHAKE;
    hislip_tls_step(c);
}

static void async_start(hislip_conn *c)
{
    hislip_session *s = c->session;
    bool can = hislip_secure_offered(c->h) && s->version >= GRAT__HISLIP_V2 && c->phase == HISLIP_PLAIN;
    bool busy = s->body || s->later.len || sim_source_pending(&s->source);
    uint8_t code = !can ? GRAT__HISLIP_TLS_ERROR : busy ? GRAT__HISLIP_TLS_BUSY : GRAT__HISLIP_TLS_OK;
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_START_TLS_RESPONSE, .control = code}, NULL);
    if (code == GRAT__HISLIP_TLS_OK) begin_handshake(c);
}

/* Our goodbye; the client's is awaited. */
static void begin_end(hislip_conn *c)
{
    hislip_pump(c);
    if (c->out.len) {
        hislip_doom(c);
        return;
    }
    grat__tls_end(c->tls);
    c->phase = HISLIP_ENDING;
}

static void async_end(hislip_conn *c)
{
    hislip_session *s = c->session;
    bool can = is_secure(s) && !c->h->mandatory;
    bool busy = s->body || s->later.len || sim_source_pending(&s->source);
    uint8_t code = !can ? GRAT__HISLIP_TLS_ERROR : busy ? GRAT__HISLIP_TLS_BUSY : GRAT__HISLIP_TLS_OK;
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_END_TLS_RESPONSE, .control = code}, NULL);
    if (code == GRAT__HISLIP_TLS_OK) begin_end(c);
}

bool hislip_tls_async(hislip_conn *c)
{
    const grat__hislip_msg *m = &c->small.in.msg;
    if (c->session->version < GRAT__HISLIP_V2) return false;
    if (m->type != GRAT__HISLIP_ASYNC_START_TLS && m->type != GRAT__HISLIP_ASYNC_END_TLS) return false;
    if (m->control & GRAT__HISLIP_RMT) c->session->rmt_expected = false;
    if (m->type == GRAT__HISLIP_ASYNC_START_TLS) async_start(c);
    else async_end(c);
    return true;
}

/* EndTLS, behind that of the async channel. */
static void sync_end(hislip_conn *c)
{
    hislip_session *s = c->session;
    if (s->async->phase != HISLIP_PLAIN && s->async->phase != HISLIP_ENDING) {
        hislip_error(c, GRAT__HISLIP_ERROR_CONTROL, "");
        return;
    }
    s->ended_tls = true;
    s->authenticated = false;
    begin_end(c);
}

/* ---- SASL ---------------------------------------------------------------------------------------------- */

static void auth_result(hislip_conn *c, bool good, const char *text)
{
    c->session->mechanism[0] = '\0';
    c->session->authenticated = good;
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_AUTH_RESULT, .control = good ? GRAT__HISLIP_AUTH_OK : 0,
                                      .length = strlen(text)}, text);
}

/* Separated by a blank (IVI-6.1, 6.16.2). */
static const char *mechanisms(const sim_hislip *h)
{
    if (h->mechanisms[0]) return h->mechanisms;
    if (h->clients[0]) return h->user[0] ? "PLAIN EXTERNAL" : "EXTERNAL";
    return h->user[0] ? "PLAIN" : "ANONYMOUS";
}

static void auth_start(hislip_conn *c)
{
    const char *name = (const char *)c->small.payload;
    bool known = strlen(name) < sizeof c->session->mechanism && grat__hislip_has_mechanism(mechanisms(c->h), name);
    if (known) snprintf(c->session->mechanism, sizeof c->session->mechanism, "%s", name);
    else auth_result(c, false, "no such mechanism");
}

/* What the handshake has checked already. */
static bool shows_certificate(hislip_conn *c)
{
    grat__tls_facts f;
    grat__tls_get_facts(c->tls, &f);
    return f.certificate;
}

static void auth_exchange(hislip_conn *c)
{
    const sim_hislip *h = c->h;
    if (!c->session->mechanism[0]) {
        hislip_error(c, GRAT__HISLIP_ERROR_AUTH, "");
        return;
    }
    bool external = strcmp(c->session->mechanism, "EXTERNAL") == 0;
    bool good = external ? shows_certificate(c) && !c->small.n
                         : !h->user[0] || grat__hislip_is_plain(c->small.payload, c->small.n, h->user, h->password);
    auth_result(c, good, good ? "" : external ? "no certificate of a known authority" : "wrong user or password");
}

bool hislip_tls_sync(hislip_conn *c)
{
    const char *offered = mechanisms(c->h);
    uint8_t type = c->small.in.msg.type;
    bool secure = c->phase == HISLIP_SECURE_ON;
    if (type == GRAT__HISLIP_START_TLS && hislip_awaits_tls(c)) begin_handshake(c);
    else if (type == GRAT__HISLIP_END_TLS && secure) sync_end(c);
    else if (type == GRAT__HISLIP_GET_SASL_LIST && secure)
        hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_GET_SASL_LIST_RESPONSE, .length = strlen(offered)},
                   offered);
    else if (type == GRAT__HISLIP_AUTH_START && secure) auth_start(c);
    else if (type == GRAT__HISLIP_AUTH_EXCHANGE && secure) auth_exchange(c);
    else return false;
    return true;
}
