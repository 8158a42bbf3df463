/* Connections plain and encrypted, and how a plain session becomes an encrypted one (IVI-6.1 2.0 §6.15, §6.16). */
#include "core/wait.h"
#include "transport/hislip/link.h"
#include "transport/net.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD = 16384, EXCHANGES = 8, UNREAD = 8 << 20 };

/* ---- bytes -------------------------------------------------------------------------------------- */

/* Waits for what a step asks for, or says how it failed. */
static grat_err after_step(grat__hs_conn *c, grat__tls_step step, grat_op *op)
{
    switch (step) {
    case GRAT__TLS_DONE: return GRAT_OK;
    case GRAT__TLS_READ: return grat__op_wait(op, c->fd, POLLIN);
    case GRAT__TLS_WRITE: return grat__op_wait(op, c->fd, POLLOUT);
    case GRAT__TLS_CLOSED:
    case GRAT__TLS_LOST: return grat_op_fail(op, GRAT_ELOST, "connection lost: the instrument closed it");
    default: return grat_op_fail(op, GRAT_EPROTO, "TLS: %s", grat__tls_why(c->tls));
    }
}

static grat_err write_all(grat__hs_conn *c, const uint8_t *data, size_t n, grat_op *op)
{
    while (n) {
        size_t moved;
        grat__tls_step step = grat__tls_write(c->tls, data, n, &moved);
        if (step == GRAT__TLS_DONE) {
            data += moved, n -= moved;
            op->count += moved;
            grat__op_moved(op);
        }
        grat_err e = step == GRAT__TLS_DONE ? (n ? grat_op_check(op) : GRAT_OK) : after_step(c, step, op);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err tls_send(grat__hs_conn *c, const struct iovec *iov, int n, grat_op *op)
{
    uint8_t together[RECORD];
    size_t total = 0;
    op->count = 0;
    for (int i = 0; i < n; i++) total += iov[i].iov_len;
    if (n > 1 && total <= sizeof together) {
        size_t at = 0;
        for (int i = 0; i < n; at += iov[i++].iov_len)
            if (iov[i].iov_len) memcpy(together + at, iov[i].iov_base, iov[i].iov_len);
        return write_all(c, together, total, op);
    }
    grat_err e = GRAT_OK;
    for (int i = 0; !e && i < n; i++) e = write_all(c, iov[i].iov_base, iov[i].iov_len, op);
    return e;
}

static grat_err tls_recv(grat__hs_conn *c, const struct iovec *iov, int n, grat_op *op)
{
    grat_err e = grat_op_check(op);
    op->count = 0;
    while (!e) {
        grat__tls_step step = GRAT__TLS_DONE;
        for (int i = 0; step == GRAT__TLS_DONE && i < n; i++) {
            for (size_t at = 0, moved; step == GRAT__TLS_DONE && at < iov[i].iov_len; at += moved) {
                step = grat__tls_read(c->tls, (uint8_t *)iov[i].iov_base + at, iov[i].iov_len - at, &moved);
                op->count += moved;
            }
        }
        if (op->count) {
            grat__op_moved(op);
            return GRAT_OK;
        }
        e = after_step(c, step, op);
    }
    return e;
}

grat_err grat__hs_send(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op)
{
    return c->tls ? tls_send(c, iov, n, op) : grat__send_all(c->fd, iov, n, op);
}

grat_err grat__hs_recv(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op)
{
    return c->tls ? tls_recv(c, iov, n, op) : grat__recv_vec(c->fd, iov, n, op);
}

size_t grat__hs_recv_now(grat__hs_conn *c, void *buf, size_t cap)
{
    size_t moved;
    if (!c->tls) return grat__recv_now(c->fd, buf, cap);
    return grat__tls_read(c->tls, buf, cap, &moved) == GRAT__TLS_DONE ? moved : 0;
}

void grat__hs_close_conn(grat__hs_conn *c)
{
    grat__tls_end(c->tls);
    grat__tls_free(c->tls);
    if (c->fd >= 0) close(c->fd);
    *c = (grat__hs_conn){.fd = -1};
}

/* ---- StartTLS ------------------------------------------------------------------------------------ */

static grat_err handshake(grat__hs_link *h, grat__hs_conn *c, grat_op *op)
{
    grat__tls_setup setup = {.host = h->resource.host, .ca = h->ca[0] ? h->ca : NULL, .insecure = h->tls_insecure,
                             .cert = h->cert[0] ? h->cert : NULL, .key = h->key_file[0] ? h->key_file : NULL};
    grat_err e = grat__tls_new(&setup, c->fd, op, &c->tls);
    if (e) return e;
    for (;;) {
        grat__tls_step step = grat__tls_handshake(c->tls);
        if (step == GRAT__TLS_DONE) return GRAT_OK;
        if (step == GRAT__TLS_FAILED)
            return grat_op_fail(op, grat__tls_untrusted(c->tls) ? GRAT_ECERT : GRAT_EACCES,
                                "TLS: %s; name the right certificate or accept any (tls_insecure)",
                                grat__tls_why(c->tls));
        if ((e = after_step(c, step, op))) return e;
    }
}

/* Asks on the async channel for the start or the end of TLS. */
static grat_err ask_for(grat__hs_link *h, uint8_t type, grat_op *op)
{
    uint8_t received[4];
    bool rmt = atomic_exchange(&h->rmt, false);
    grat__put_be32(received, atomic_load(&h->received_id));
    grat__hs_out m = {.type = type, .control = rmt ? GRAT__HISLIP_RMT : 0, .parameter = grat__hs_last_id(h),
                      .payload = received, .n = sizeof received};
    grat_err e = grat__hs_request(h, &m, (uint8_t)(type + 1), op);
    if (e) return e;
    if (h->a.reply.control == GRAT__HISLIP_TLS_OK && !h->a.small.in.head_len) return GRAT_OK;
    bool busy = h->a.reply.control == GRAT__HISLIP_TLS_BUSY;
    return grat_op_fail(op, busy ? GRAT_EBUSY : GRAT_EACCES, "the instrument does not %s TLS%s",
                        type == GRAT__HISLIP_ASYNC_START_TLS ? "start" : "end", busy ? " beside an answer" : "");
}

static grat_err start_tls(grat__hs_link *h, grat_op *op)
{
    grat_err e = ask_for(h, GRAT__HISLIP_ASYNC_START_TLS, op);
    if (e) return e;
    e = handshake(h, &h->async, op);
    if (!e) e = grat__hs_post(h, &h->sync, &(grat__hs_out){.type = GRAT__HISLIP_START_TLS}, op);
    return e ? e : handshake(h, &h->sync, op);
}

/* Both sides say goodbye; what follows is plain. An answer that came before is kept in `rest`. */
static grat_err end_of(grat__hs_conn *c, grat__buf *rest, grat_op *op)
{
    grat__tls_end(c->tls);
    for (;;) {
        uint8_t more[4096];
        size_t moved;
        grat__tls_step step = grat__tls_read(c->tls, more, sizeof more, &moved);
        if (step == GRAT__TLS_CLOSED) break;
        grat_err e = step != GRAT__TLS_DONE ? after_step(c, step, op)
                     : rest                 ? grat__buf_put(rest, more, moved)
                                            : GRAT_EPROTO;
        if (e) return op->err ? op->err : grat_op_fail(op, e, "too much came before the end of TLS");
    }
    grat__tls_free(c->tls);
    c->tls = NULL;
    return GRAT_OK;
}

static grat_err end_tls(grat__hs_link *h, grat_op *op)
{
    grat_err e = ask_for(h, GRAT__HISLIP_ASYNC_END_TLS, op);
    if (e) return e;
    e = end_of(&h->async, NULL, op);
    if (!e) e = grat__hs_post(h, &h->sync, &(grat__hs_out){.type = GRAT__HISLIP_END_TLS}, op);
    h->ahead.max = UNREAD;
    if (!e) e = end_of(&h->sync, &h->ahead, op);
    if (e) atomic_store(&h->broken, true);
    return e;
}

/* ---- SASL ------------------------------------------------------------------------------------------ */

static grat_err expect(grat__hs_link *h, uint8_t type, grat_op *op)
{
    grat_err e = grat__hs_sync_message(h, op);
    const grat__hislip_msg *m = &h->notice.in.msg;
    if (e) return e;
    if (m->type == GRAT__HISLIP_ERROR) return grat__hs_device_error(h, m->control, h->notice.payload, op);
    if (type && m->type != type)
        return grat_op_fail(op, GRAT_EPROTO, "%s came instead of %s", grat__hislip_type_text(m->type),
                            grat__hislip_type_text(type));
    return GRAT_OK;
}

static grat_err exchange(grat__hs_link *h, const char *mechanism, const grat__buf *first, grat_op *op)
{
    grat__hs_out start = {.type = GRAT__HISLIP_AUTH_START, .payload = mechanism, .n = strlen(mechanism)};
    grat__hs_out data = {.type = GRAT__HISLIP_AUTH_EXCHANGE, .payload = first->data, .n = first->len};
    grat_err e = grat__hs_post(h, &h->sync, &start, op);
    if (!e) e = grat__hs_post(h, &h->sync, &data, op);
    for (unsigned i = 0; !e && i < EXCHANGES; i++) {
        e = expect(h, 0, op);
        if (e) return e;
        const grat__hislip_msg *m = &h->notice.in.msg;
        if (m->type == GRAT__HISLIP_AUTH_RESULT) {
            if (m->control & GRAT__HISLIP_AUTH_OK) return GRAT_OK;
            return grat_op_fail(op, GRAT_EACCES, "%s: not authenticated%s%.100s; check the %s", mechanism,
                                h->notice.n ? ": " : "", (const char *)h->notice.payload,
                                h->user[0] ? "user and password" : "certificate of the user");
        }
        if (m->type != GRAT__HISLIP_AUTH_EXCHANGE) break;
        /* Our mechanisms have nothing to add to what was said. */
        data = (grat__hs_out){.type = GRAT__HISLIP_AUTH_EXCHANGE};
        e = grat__hs_post(h, &h->sync, &data, op);
    }
    return e ? e : grat_op_fail(op, GRAT_EPROTO, "%s: the authentication does not end", mechanism);
}

/* A user is PLAIN, a certificate of ours EXTERNAL, whose empty answer means "as the certificate says" (RFC 4422, A). */
static const char *choose(const grat__hs_link *h, const char *list, grat_op *op)
{
    const char *want = h->user[0]                                                        ? "PLAIN"
                       : h->cert[0] && grat__hislip_has_mechanism(list, "EXTERNAL") ? "EXTERNAL"
                                                                                         : "ANONYMOUS";
    if (grat__hislip_has_mechanism(list, want)) return want;
    bool plain = grat__hislip_has_mechanism(list, "PLAIN"), external = grat__hislip_has_mechanism(list, "EXTERNAL");
    grat_op_fail(op, plain || external ? GRAT_EACCES : GRAT_ENOTSUP,
                 "the instrument takes users by \"%.60s\" only; %s", list,
                 plain && !h->user[0] ? "give a user and a password"
                 : external           ? "give a certificate of the user"
                 : plain              ? "give no certificate"
                                      : "there are PLAIN, EXTERNAL and ANONYMOUS here: let it take one of them");
    return NULL;
}

static grat_err authenticate(grat__hs_link *h, grat_op *op)
{
    char list[GRAT__HISLIP_SMALL_MAX + 1];
    grat_err e = grat__hs_post(h, &h->sync, &(grat__hs_out){.type = GRAT__HISLIP_GET_SASL_LIST}, op);
    if (!e) e = expect(h, GRAT__HISLIP_GET_SASL_LIST_RESPONSE, op);
    if (e) return e;
    snprintf(list, sizeof list, "%s", (const char *)h->notice.payload);
    h->mechanism[0] = '\0';
    if (!list[0] && !h->user[0]) return GRAT_OK;
    const char *mechanism = choose(h, list, op);
    if (!mechanism) return op->err;
    grat__buf first;
    grat__buf_init(&first, 1024);
    if (h->user[0]) e = grat__hislip_put_plain(&first, h->user, h->password);
    else if (strcmp(mechanism, "ANONYMOUS") == 0) e = grat__buf_puts(&first, "graticule");
    e = e ? grat_op_fail(op, e, "user or password is too long") : exchange(h, mechanism, &first, op);
    if (first.data) explicit_bzero(first.data, first.cap);
    grat__buf_free(&first);
    if (!e) snprintf(h->mechanism, sizeof h->mechanism, "%s", mechanism);
    return e;
}

/* A user's name and password go over an encrypted connection or not at all. */
grat_err grat__hs_secure(grat__hs_link *h, grat_op *op)
{
    bool want = h->wants_tls || h->tls_mode == GRAT_TLS_REQUIRE || h->user[0];
    if (!want) return GRAT_OK;
    if (h->tls_mode == GRAT_TLS_NEVER)
        return grat_op_fail(op, GRAT_EACCES, "%s, and TLS was forbidden",
                            h->wants_tls ? "the instrument wants TLS" : "a user's password needs TLS");
    if (!h->offers_tls) return grat_op_fail(op, GRAT_ENOTSUP, "the instrument has no TLS");
    grat_err e = start_tls(h, op);
    if (!e) e = authenticate(h, op);
    grat__hs_sync_reset(h);
    /* TLS 1.3 tells a client that its certificate is refused when the handshake is over for it. */
    if (h->cert[0] && (e == GRAT_ELOST || e == GRAT_EPROTO))
        return grat_op_fail(op, GRAT_EACCES, "%s: the instrument hung up behind the handshake; it may not take this "
                            "certificate", h->cert);
    return e;
}

grat_err grat__hs_switch_tls(grat__hs_link *h, bool on, grat_op *op)
{
    grat__hs_async *a = &h->a;
    if ((h->sync.tls != NULL) == on) return GRAT_OK;
    if (on && !h->offers_tls) return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument has no TLS", h->name);
    pthread_mutex_lock(&a->lock);
    bool free = !a->receiving;
    a->renewing = free;              /* who comes to wait for service requests waits until this is done */
    pthread_mutex_unlock(&a->lock);
    if (!free || h->ahead.len > h->ahead_at || h->in.in_message) {
        if (free) grat__hs_async_renewed(a);
        return grat_op_fail(op, GRAT_EBUSY, "%s: service requests are waited for, or an answer is not read", h->name);
    }
    grat_err e = on ? start_tls(h, op) : end_tls(h, op);
    if (on && e && h->async.tls) atomic_store(&h->broken, true);
    if (on && !e) e = authenticate(h, op);
    grat__hs_async_renewed(a);
    return e ? grat__hs_blame(h, on ? "encrypt" : "end of encryption", op) : GRAT_OK;
}
