/* HiSLIP (IVI-6.1, 1.0 to 2.0): set-up, device clear, status, locks, attributes. */
#include "core/str.h"
#include "core/wait.h"
#include "transport/hislip/link.h"
#include "transport/list.h"
#include "transport/net.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum {
    VENDOR_ID = 0x4752,          /* "GR" */
    CLIENT_MAX = 1 << 20,        /* VISA's default; answers are read in place whatever their size */
    LEAST_MAX = 64,              /* a server that takes less is taken to mean this */
    MOST_MAX = 1 << 30,
    LOCK_MARGIN_MS = 100,
    CLOSE_MS = 1000,
};

/* ---- sentences ------------------------------------------------------------------------------------ */

grat_err grat__hs_blame(const grat__hs_link *h, const char *what, grat_op *op)
{
    char why[GRAT_TEXT_MAX];
    if (strncmp(op->text, h->name, strlen(h->name)) == 0) return op->err;
    grat__strcpy(why, sizeof why, op->text);
    return grat_op_fail(op, op->err, "%s: %s: %.200s", h->name, what, why);
}

grat_err grat__hs_lost(grat__hs_link *h, const char *why, grat_op *op)
{
    atomic_store(&h->broken, true);
    return grat_op_fail(op, GRAT_ELOST, "%s", why);
}

grat_err grat__hs_device_error(const grat__hs_link *h, uint8_t code, const uint8_t *text, grat_op *op)
{
    static const grat_err codes[] = {GRAT_EINSTR, GRAT_ENOTSUP, GRAT_ENOTSUP, GRAT_ENOTSUP, GRAT_ETOOBIG, GRAT_EACCES};
    grat_err e = code < sizeof codes / sizeof *codes ? codes[code] : GRAT_EINSTR;
    return grat_op_fail(op, e, "%s: the instrument says: %s (HiSLIP error %u)%s%.100s", h->name,
                        grat__hislip_error_text(code), code, *text ? ": " : "", (const char *)text);
}

grat_err grat__hs_fatal(grat__hs_link *h, uint8_t code, const uint8_t *text, grat_op *op)
{
    grat_err e = code == GRAT__HISLIP_FATAL_CLIENTS ? GRAT_EBUSY : code == GRAT__HISLIP_FATAL_SECURITY ? GRAT_EACCES
                                                                                                        : GRAT_ELOST;
    atomic_store(&h->broken, true);
    return grat_op_fail(op, e, "the instrument ended the session: %s (HiSLIP fatal error %u)%s%.100s",
                        grat__hislip_fatal_text(code), code, *text ? ": " : "", (const char *)text);
}

/* ---- connections ------------------------------------------------------------------------------------ */

grat_err grat__hs_post(grat__hs_link *h, grat__hs_conn *c, const grat__hs_out *m, grat_op *op)
{
    uint8_t head[GRAT__HISLIP_HEAD];
    grat__hislip_put(head, &(grat__hislip_msg){.type = m->type, .control = m->control, .parameter = m->parameter,
                                               .length = m->n});
    struct iovec iov[2] = {{head, sizeof head}, {(void *)(uintptr_t)m->payload, m->n}};
    grat_err e = grat__hs_send(c, iov, m->n ? 2 : 1, op);
    if (e && (op->count || (e != GRAT_ETIMEOUT && e != GRAT_ECANCELED))) atomic_store(&h->broken, true);
    op->count = 0;
    return e;
}

static grat_err initialize(grat__hs_link *h, grat_op *op)
{
    const char *name = h->resource.device;
    grat__hs_out m = {.type = GRAT__HISLIP_INITIALIZE, .parameter = (uint32_t)GRAT__HISLIP_V2 << 16 | VENDOR_ID,
                      .payload = name, .n = strlen(name)};
    grat_err e = grat__hs_post(h, &h->sync, &m, op);
    if (!e) e = grat__hs_sync_message(h, op);
    if (e == GRAT_ELOST && h->notice.complete && h->notice.in.msg.type == GRAT__HISLIP_FATAL_ERROR) {
        grat_op_fail(op, GRAT_ENODEV, "it refused \"%.40s\": %s%s%.80s; check the name", name,
                     grat__hislip_fatal_text(h->notice.in.msg.control), h->notice.n ? ": " : "",
                     (const char *)h->notice.payload);
        return GRAT_ENODEV;
    }
    if (e) return e;
    const grat__hislip_msg *r = &h->notice.in.msg;
    if (r->type != GRAT__HISLIP_INITIALIZE_RESPONSE)
        return grat_op_fail(op, GRAT_EPROTO, "%s came instead of InitializeResponse", grat__hislip_type_text(r->type));
    uint16_t version = (uint16_t)(r->parameter >> 16);
    h->version = version < GRAT__HISLIP_V2 ? version : GRAT__HISLIP_V2;
    h->session = (uint16_t)r->parameter;
    h->overlap = h->want_overlap = r->control & GRAT__HISLIP_OVERLAP;
    uint8_t encrypt = r->control & (GRAT__HISLIP_ENCRYPT_MANDATORY | GRAT__HISLIP_ENCRYPT_INITIAL);
    h->wants_tls = h->version >= GRAT__HISLIP_V2 && encrypt;
    return GRAT_OK;
}

static grat_err initialize_async(grat__hs_link *h, grat_op *op)
{
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_INITIALIZE, .parameter = h->session};
    grat_err e = grat__hs_request(h, &m, GRAT__HISLIP_ASYNC_INITIALIZE_RESPONSE, op);
    if (e) return e;
    h->offers_tls = h->version >= GRAT__HISLIP_V2 && (h->a.reply.control & GRAT__HISLIP_SECURE);
    return GRAT_OK;
}

static grat_err exchange_sizes(grat__hs_link *h, uint64_t size, grat_op *op)
{
    uint8_t own[8];
    uint64_t theirs;
    grat__hislip_put_size(own, size);
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_MAX_SIZE, .payload = own, .n = sizeof own};
    grat_err e = grat__hs_request(h, &m, GRAT__HISLIP_ASYNC_MAX_SIZE_RESPONSE, op);
    if (e) return e;
    if (grat__hislip_get_size(h->a.reply_payload, h->a.reply_n, &theirs))
        return grat_op_fail(op, GRAT_EPROTO, "its message size is malformed");
    h->client_max = size;
    h->server_max = theirs < LEAST_MAX ? LEAST_MAX : theirs > MOST_MAX ? MOST_MAX : theirs;
    return GRAT_OK;
}

static void close_both(grat__hs_link *h)
{
    grat__hs_close_conn(&h->async);
    grat__hs_close_conn(&h->sync);
    grat__hs_sync_reset(h);
}

static grat_err connect_link(grat__hs_link *h, grat_op *op)
{
    unsigned port = h->resource.port ? h->resource.port : GRAT__HISLIP_PORT;
    grat__hs_sync_reset(h);
    grat__hs_async_reset(&h->a);
    atomic_store(&h->broken, false);
    grat_err e = grat__tcp_connect(h->resource.host, port, op, &h->sync.fd);
    if (e) {
        h->sync.fd = -1;
        return e;
    }
    e = initialize(h, op);
    if (!e) {
        e = grat__tcp_connect(h->resource.host, port, op, &h->async.fd);
        if (e) h->async.fd = -1;
    }
    if (!e) e = initialize_async(h, op);
    if (!e) e = exchange_sizes(h, h->client_max, op);
    if (!e) e = grat__hs_secure(h, op);
    if (!e) return GRAT_OK;
    atomic_store(&h->broken, true);
    close_both(h);
    return grat__hs_blame(h, "open", op);
}

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_TCPIP && r->rclass == GRAT_CLASS_INSTR && grat__strcasestarts(r->device, "hislip");
}

static bool copy_options(grat__hs_link *h, const grat_open_options *opt)
{
    const char *user = h->resource.credential[0] ? h->resource.credential : opt && opt->user ? opt->user : "";
    if (!opt) return grat__strcpy(h->user, sizeof h->user, user);
    h->tls_mode = (int)opt->tls;
    h->tls_insecure = opt->tls_insecure;
    return grat__strcpy(h->ca, sizeof h->ca, opt->tls_ca ? opt->tls_ca : "") &&
           grat__strcpy(h->cert, sizeof h->cert, opt->tls_cert ? opt->tls_cert : "") &&
           grat__strcpy(h->key_file, sizeof h->key_file, opt->tls_key ? opt->tls_key : "") &&
           grat__strcpy(h->user, sizeof h->user, user) &&
           grat__strcpy(h->password, sizeof h->password, opt->password ? opt->password : "");
}

static grat_err hs_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    h->resource = *r;
    h->sync.fd = h->async.fd = -1;
    h->client_max = CLIENT_MAX;
    snprintf(h->name, sizeof h->name, "%.60s %.30s", r->host, r->device);
    if (!copy_options(h, opt)) return grat_op_fail(op, GRAT_EINVAL, "%s: a name or password is too long", h->name);
    if (!grat__hs_async_init(&h->a)) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", h->name);
    e = connect_link(h, op);
    if (e) grat__hs_async_free(&h->a);
    return e;
}

static void hs_close(void *p)
{
    grat__hs_link *h = p;
    close_both(h);
    grat__hs_async_free(&h->a);
    explicit_bzero(h->password, sizeof h->password);
}

/* ---- locks ------------------------------------------------------------------------------------------- */

/* Gives a lock back that was granted when nobody waited for it any more. */
static grat_err settle_locks(grat__hs_link *h, grat_op *op)
{
    grat_err e = grat__hs_await_owed(h, GRAT__HISLIP_ASYNC_LOCK_RESPONSE, op);
    if (!e && h->a.unwanted_lock) {
        grat__hs_out undo = {.type = GRAT__HISLIP_ASYNC_LOCK, .control = GRAT__HISLIP_LOCK_RELEASE,
                             .parameter = grat__hs_last_id(h)};
        e = grat__hs_request(h, &undo, GRAT__HISLIP_ASYNC_LOCK_RESPONSE, op);
        if (!e) h->a.unwanted_lock = false;
    }
    return e;
}

static grat_err lock_exchange(grat__hs_link *h, const grat__hs_out *m, grat_op *op)
{
    grat_err e = settle_locks(h, op);
    return e ? e : grat__hs_request(h, m, GRAT__HISLIP_ASYNC_LOCK_RESPONSE, op);
}

static grat_err take_lock(grat__hs_link *h, const char *key, int64_t wait_ms, grat_op *op)
{
    int64_t most = grat_op_left_ms(op) - LOCK_MARGIN_MS;
    if (wait_ms > most) wait_ms = most;
    if (wait_ms < 0) wait_ms = 0;
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_LOCK, .control = GRAT__HISLIP_LOCK_REQUEST,
                      .parameter = wait_ms > INT32_MAX ? INT32_MAX : (uint32_t)wait_ms, .payload = key,
                      .n = key ? strlen(key) : 0};
    grat_err e = lock_exchange(h, &m, op);
    if (e) return e;
    if (h->a.reply.control == GRAT__HISLIP_LOCK_FAILED)
        return grat_op_fail(op, GRAT_ELOCKED, "locked by another client; wait or close the other program");
    if (h->a.reply.control != GRAT__HISLIP_LOCK_OK)
        return grat_op_fail(op, GRAT_EINVAL, "the instrument refused the lock; does this session hold it already?");
    if (key) h->shared = true, grat__strcpy(h->key, sizeof h->key, key);
    else h->exclusive = true;
    return GRAT_OK;
}

static grat_err hs_lock(void *p, const char *key, int64_t wait_ms, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (key && (!*key || strlen(key) > GRAT__HISLIP_NAME_MAX))
        return grat_op_fail(op, GRAT_EINVAL, "%s: lock: a key has 1 to %d bytes", h->name, GRAT__HISLIP_NAME_MAX);
    e = take_lock(h, key, wait_ms, op);
    return e ? grat__hs_blame(h, "lock", op) : GRAT_OK;
}

static grat_err hs_unlock(void *p, grat_op *op)
{
    grat__hs_link *h = p;
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_LOCK, .control = GRAT__HISLIP_LOCK_RELEASE,
                      .parameter = grat__hs_last_id(h)};
    grat_err e = grat__op_begin(op);
    if (!e) e = lock_exchange(h, &m, op);
    if (!e) {
        uint8_t code = h->a.reply.control;
        if (code == GRAT__HISLIP_RELEASED_EXCLUSIVE) h->exclusive = false;
        else if (code == GRAT__HISLIP_RELEASED_SHARED) h->shared = false;
        else e = grat_op_fail(op, GRAT_EINVAL, "this session holds no lock");
    }
    return e ? grat__hs_blame(h, "unlock", op) : GRAT_OK;
}

/* 1: another client has a lock that this session has no part in. */
static grat_err locked_elsewhere(grat__hs_link *h, int64_t *out, grat_op *op)
{
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_LOCK_INFO};
    grat_err e = settle_locks(h, op);
    if (!e) e = grat__hs_await_owed(h, GRAT__HISLIP_ASYNC_LOCK_INFO_RESPONSE, op);
    if (!e) e = grat__hs_request(h, &m, GRAT__HISLIP_ASYNC_LOCK_INFO_RESPONSE, op);
    if (e) return grat__hs_blame(h, "who has the lock", op);
    bool shared = h->a.reply.parameter > 0 && !h->a.reply.control;
    *out = (h->a.reply.control && !h->exclusive) || (shared && !h->shared);
    return GRAT_OK;
}

/* ---- device clear ---------------------------------------------------------------------------------- */

/* Another connection is another session for the server, without the locks that this one had. */
static grat_err reconnect(grat__hs_link *h, grat_op *op)
{
    bool exclusive = h->exclusive, shared = h->shared;
    atomic_store(&h->broken, true);
    /* First: a server that sees the sync channel end closes the other, which a wait there must not take for a loss. */
    grat_err e = grat__hs_async_stop(h, op);
    if (h->sync.fd >= 0) shutdown(h->sync.fd, SHUT_RDWR);
    if (!e) {
        close_both(h);
        e = connect_link(h, op);
    }
    grat__hs_async_renewed(&h->a);
    if (e) return e;
    h->exclusive = h->shared = false;
    if (shared) e = take_lock(h, h->key, 0, op);
    if (!e && exclusive) e = take_lock(h, NULL, 0, op);
    return e ? grat__hs_blame(h, "lock again after reconnecting", op) : GRAT_OK;
}

static grat_err hs_clear(void *p, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (h->sync.fd >= 0 && h->async.fd >= 0 && !atomic_load(&h->broken)) {
        grat_op child;
        grat__op_child(&child, op, grat_op_left_ms(op) / 2);
        if (grat__hs_device_clear(h, &child) == GRAT_OK) return GRAT_OK;
        if ((e = grat_op_check(op))) return e;
    }
    return reconnect(h, op);
}

/* ---- status, remote ---------------------------------------------------------------------------------- */

static grat_err hs_stb(void *p, uint8_t *stb, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    bool rmt = atomic_exchange(&h->rmt, false);
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_STATUS, .control = rmt ? GRAT__HISLIP_RMT : 0,
                      .parameter = h->overlap ? atomic_load(&h->received_id) : grat__hs_last_id(h)};
    if ((e = grat__hs_turn(h, op))) return grat__hs_blame(h, "read status byte", op);
    e = grat__hs_request(h, &m, GRAT__HISLIP_ASYNC_STATUS_RESPONSE, op);
    if (!e) *stb = h->a.reply.control;
    grat__hs_turn_over(h);
    if (e) return grat__hs_blame(h, "read status byte", op);
    grat__hs_status_read(h);
    return GRAT_OK;
}

static grat_err hs_ren(void *p, grat_ren mode, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if ((unsigned)mode > GRAT_REN_LOCAL) return grat_op_fail(op, GRAT_EINVAL, "%s: no such mode of REN", h->name);
    grat__hs_out m = {.type = GRAT__HISLIP_ASYNC_REMOTE_LOCAL, .control = (uint8_t)mode,
                      .parameter = grat__hs_last_id(h)};
    e = grat__hs_turn(h, op);
    if (!e) {
        e = grat__hs_request(h, &m, GRAT__HISLIP_ASYNC_REMOTE_LOCAL_RESPONSE, op);
        grat__hs_turn_over(h);
    }
    return e ? grat__hs_blame(h, "remote/local", op) : GRAT_OK;
}

/* ---- attributes -------------------------------------------------------------------------------------- */

static grat_err peer(const grat__hs_link *h, grat_value *out, bool port, grat_op *op)
{
    struct sockaddr_storage ss;
    char number[8];
    memset(&ss, 0, sizeof ss);
    int family = grat__sock_address(h->sync.fd, true, &ss);
    if (family == AF_UNSPEC || getnameinfo((struct sockaddr *)&ss, sizeof ss, out->text, sizeof out->text, number,
                                           sizeof number, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return grat_op_fail(op, GRAT_ELOST, "%s: not connected", h->name);
    if (!port) return GRAT_OK;
    int value = 0;
    out->text[0] = '\0';
    if (grat__parse_int(number, &value)) out->number = value;
    return GRAT_OK;
}

/* The socket option behind an attribute; false when it is none. */
static bool socket_option(grat_attr a, int *level, int *name)
{
    *level = a == GRAT_ATTR_TCP_NODELAY ? IPPROTO_TCP : SOL_SOCKET;
    *name = a == GRAT_ATTR_TCP_NODELAY ? TCP_NODELAY : SO_KEEPALIVE;
    return a == GRAT_ATTR_TCP_NODELAY || a == GRAT_ATTR_TCP_KEEPALIVE;
}

/* False: none of the secure connection's. Empty texts where nothing is encrypted. */
static bool tls_attr(const grat__hs_link *h, grat_attr a, grat_value *out)
{
    grat__tls_facts f = {0};
    const char *text = NULL;
    if (h->sync.tls) grat__tls_get_facts(h->sync.tls, &f);
    switch (a) {
    case GRAT_ATTR_TLS: out->number = h->sync.tls != NULL; return true;
    case GRAT_ATTR_TLS_PERPETUAL: out->number = f.perpetual; return true;
    case GRAT_ATTR_TLS_PEER: text = f.subject; break;
    case GRAT_ATTR_TLS_ISSUER: text = f.issuer; break;
    case GRAT_ATTR_TLS_EXPIRES: text = f.expires; break;
    case GRAT_ATTR_TLS_CIPHER: text = f.cipher; break;
    case GRAT_ATTR_SASL_MECHANISM: text = h->sync.tls ? h->mechanism : ""; break;
    default: return false;
    }
    grat__strcpy(out->text, sizeof out->text, text);
    return true;
}

static grat_err hs_attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    grat__hs_link *h = p;
    int level, name, value = 0;
    socklen_t n = sizeof value;
    if (socket_option(a, &level, &name)) {
        if (getsockopt(h->sync.fd, level, name, &value, &n) < 0)
            return grat_op_fail(op, GRAT_ELOST, "%s: not connected", h->name);
        out->number = value != 0;
        return GRAT_OK;
    }
    if (tls_attr(h, a, out)) return GRAT_OK;
    switch (a) {
    case GRAT_ATTR_TCP_ADDRESS: return peer(h, out, false, op);
    case GRAT_ATTR_TCP_PORT: return peer(h, out, true, op);
    case GRAT_ATTR_HISLIP_VERSION: out->number = h->version; return GRAT_OK;
    case GRAT_ATTR_HISLIP_OVERLAP: out->number = h->overlap; return GRAT_OK;
    case GRAT_ATTR_HISLIP_MAX_MESSAGE: out->number = (int64_t)(h->client_max / 1024); return GRAT_OK;
    case GRAT_ATTR_LOCKED_ELSEWHERE: return locked_elsewhere(h, &out->number, op);
    default: return grat_op_fail(op, GRAT_ENOTSUP, "%s: HiSLIP has no such attribute", h->name);
    }
}

static grat_err set_overlap(grat__hs_link *h, bool on, grat_op *op)
{
    if (h->overlap == on) return GRAT_OK;
    h->want_overlap = on;
    grat_err e = grat__hs_device_clear(h, op);
    if (!e && h->overlap != on)
        e = grat_op_fail(op, GRAT_ENOTSUP, "the instrument stays %s", on ? "synchronized" : "overlapped");
    h->want_overlap = h->overlap;
    return e ? grat__hs_blame(h, "overlapped mode", op) : GRAT_OK;
}

static grat_err hs_attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    grat__hs_link *h = p;
    int level, name, on = value != 0;
    if (socket_option(a, &level, &name)) {
        if (setsockopt(h->sync.fd, level, name, &on, sizeof on) < 0)
            return grat_op_fail(op, GRAT_ELOST, "%s: not connected", h->name);
        return GRAT_OK;
    }
    if (a == GRAT_ATTR_HISLIP_OVERLAP) return set_overlap(h, on, op);
    if (a == GRAT_ATTR_TLS) return grat__hs_switch_tls(h, on, op);
    if (a != GRAT_ATTR_HISLIP_MAX_MESSAGE)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: this attribute cannot be set", h->name);
    if (value < 1 || value > MOST_MAX / 1024)
        return grat_op_fail(op, GRAT_ERANGE, "%s: a largest message is 1 to %d KiB", h->name, MOST_MAX / 1024);
    grat_err e = exchange_sizes(h, (uint64_t)value * 1024, op);
    return e ? grat__hs_blame(h, "largest message", op) : GRAT_OK;
}

const grat_transport grat__transport_hislip = {
    .name = "HiSLIP",
    .priv_size = sizeof(grat__hs_link),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED | GRAT_TCAP_DUPLEX | GRAT_TCAP_STB_ASIDE,
    .serves = serves,
    .open = hs_open,
    .close = hs_close,
    .write = grat__hs_write,
    .read = grat__hs_read,
    .clear = hs_clear,
    .stb = hs_stb,
    .trigger = grat__hs_trigger,
    .lock = hs_lock,
    .unlock = hs_unlock,
    .ren = hs_ren,
    .srq_enable = grat__hs_srq_enable,
    .srq_wait = grat__hs_srq_wait,
    .attr_get = hs_attr_get,
    .attr_set = hs_attr_set,
};
