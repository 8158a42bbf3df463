#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"
#include "transport/net.h"
#include "transport/vxi11/link.h"

#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum {
    IO_TIMEOUT_MIN_MS = 10,       /* 0 may mean "do not block" to a server */
    CLOSE_MS = 1000,
    ABORT_MS = 500,
    DRAIN_MS = 1000,
    MAX_WRITE_IF_ZERO = 4096,     /* maxRecvSize 0 is seen in the field */
    MAX_WRITE = 1 << 30,          /* 0xffffffff too: Agilent DSO9000 */
    READ_CHUNK = 4 << 20,
    READ_CHUNK_SMALL = 64 << 10,  /* Agilent DSO9000 answers error 5 to a large requestSize */
    EMPTY_READ_PAUSE_NS = 2000000,
};

uint32_t grat__vxi_io_timeout(const grat_op *op)
{
    int64_t left = grat_op_left_ms(op), margin = left / 20;
    if (margin < 5) margin = 5;
    if (margin > 100) margin = 100;
    left -= margin;
    if (left < IO_TIMEOUT_MIN_MS) return IO_TIMEOUT_MIN_MS;
    return left > INT32_MAX ? INT32_MAX : (uint32_t)left;
}

static const char *remedy(uint32_t error)
{
    switch (error) {
    case GRAT__VXI_ENODEVICE:
    case GRAT__VXI_EADDRESS: return "; check the device name";
    case GRAT__VXI_ERESOURCES: return "; too many open links, close another program or restart the instrument";
    case GRAT__VXI_ELOCKED: return "; wait or close the other program";
    case GRAT__VXI_ETIMEOUT: return "; the instrument had nothing to say in time";
    default: return "";
    }
}

grat_err grat__vxi_finish(grat__vxi_link *v, const grat__exchange *x, const char *what, grat_op *op)
{
    char why[GRAT_TEXT_MAX];
    grat_err e = grat__channel_finish(&v->core, x, op);
    if (e) {
        grat__strcpy(why, sizeof why, op->text);
        return grat_op_fail(op, e, "%s: %s: %.200s", v->name, what, why);
    }
    uint32_t error = x->words ? v->core.in.words[0] : 0;
    e = grat__vxi_error_code(error);
    if (e) return grat_op_fail(op, e, "%s: %s: %s (VXI-11 error %u)%s", v->name, what, grat__vxi_error_text(error),
                               error, remedy(error));
    if (v->core.in.words_len < x->words)
        return grat_op_fail(op, GRAT_EPROTO, "%s: %s: the reply is too short", v->name, what);
    return GRAT_OK;
}

grat_err grat__vxi_simple(grat__vxi_link *v, uint32_t proc, unsigned words, const char *what, grat_op *op)
{
    grat__channel_begin(&v->core, proc);
    grat__vxi_put_generic(&v->core.out, &(grat__vxi_generic){.lid = v->lid, .io_timeout = grat__vxi_io_timeout(op)});
    return grat__vxi_finish(v, &(grat__exchange){.words = words}, what, op);
}

/* ---- open, close ------------------------------------------------------------------------- */

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_TCPIP && r->rclass == GRAT_CLASS_INSTR &&
           !grat__strcasestarts(r->device, "hislip");
}

static grat_err create_link(grat__vxi_link *v, grat_op *op)
{
    grat__vxi_create a = {.client_id = (int32_t)(v->core.xid & INT32_MAX)};
    grat__strcpy(a.device, sizeof a.device, v->resource.device[0] ? v->resource.device : "inst0");
    grat__channel_begin(&v->core, GRAT__VXI_CREATE_LINK);
    grat__vxi_put_create(&v->core.out, &a);
    grat_err e = grat__vxi_finish(v, &(grat__exchange){.words = 4}, "create_link", op);
    if (e) return e;
    const uint32_t *w = v->core.in.words;
    v->lid = (int32_t)w[1];
    v->abort_port = w[2] & 0xffff;
    v->max_write = w[3] == 0 ? MAX_WRITE_IF_ZERO : w[3] > MAX_WRITE ? MAX_WRITE : w[3];
    return GRAT_OK;
}

static grat_err connect_link(grat__vxi_link *v, grat_op *op)
{
    unsigned port = v->resource.port;
    grat_err e = port ? GRAT_OK : grat__portmap_find(v->resource.host, GRAT__VXI_CORE_PROG, op, &port);
    if (!e) e = grat__channel_connect(&v->core, v->resource.host, port, op);
    if (!e) e = create_link(v, op);
    if (e) grat__channel_close(&v->core);
    return e;
}

static grat_err vxi_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    v->resource = *r;
    v->listener = -1;
    v->intr = -1;
    v->read_chunk = opt && opt->read_chunk ? opt->read_chunk : READ_CHUNK;
    if (v->read_chunk > MAX_WRITE) v->read_chunk = MAX_WRITE;
    snprintf(v->name, sizeof v->name, "%.60s %.30s", r->host, r->device[0] ? r->device : "inst0");
    grat__channel_init(&v->core, GRAT__VXI_CORE_PROG, GRAT__VXI_VERS);
    return connect_link(v, op);
}

/* device_abort, on a connection of its own; the aborted call then answers on the core channel. */
static grat_err abort_call(grat__vxi_link *v, grat_op *op)
{
    grat__channel c;
    if (!v->abort_port) return GRAT_ENOTSUP;
    grat__channel_init(&c, GRAT__VXI_ABORT_PROG, GRAT__VXI_VERS);
    grat_err e = grat__channel_connect(&c, v->resource.host, v->abort_port, op);
    if (!e) {
        grat__channel_begin(&c, GRAT__VXI_DEVICE_ABORT);
        grat__vxi_put_lid(&c.out, v->lid);
        e = grat__channel_finish(&c, &(grat__exchange){.words = 1}, op);
    }
    grat__channel_close(&c);
    return e;
}

static grat_err settle(grat__vxi_link *v, const grat_op *parent, int64_t drain_ms)
{
    grat_op op;
    if (v->core.fd < 0 || v->core.broken) return GRAT_ELOST;
    if (!v->core.pending) return GRAT_OK;
    grat__op_child(&op, parent, ABORT_MS);
    abort_call(v, &op);
    grat__op_child(&op, parent, drain_ms);
    return grat__channel_drain(&v->core, &op);
}

/* Always says goodbye: Tektronix scopes free a link only then and have 16 of them. */
static void goodbye(grat__vxi_link *v, const grat_op *parent)
{
    grat_op op;
    if (settle(v, parent, ABORT_MS) == GRAT_OK || (v->core.fd >= 0 && !v->core.broken)) {
        grat__op_child(&op, parent, CLOSE_MS);
        grat__channel_begin(&v->core, GRAT__VXI_DESTROY_LINK);
        grat__vxi_put_lid(&v->core.out, v->lid);
        grat__channel_finish(&v->core, &(grat__exchange){.words = 1}, &op);
    }
    grat__channel_close(&v->core);
}

static void vxi_close(void *p)
{
    grat__vxi_link *v = p;
    grat_op op;
    grat_op_init(&op, CLOSE_MS, NULL);
    grat__vxi_srq_close(v);
    goodbye(v, &op);
}

/* Before each call: the one that was given up on is ended first. A call that was cut while it was being sent leaves the
 * channel without a boundary: then only a new link helps. */
grat_err grat__vxi_ready(grat__vxi_link *v, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (v->core.torn) {
        grat__vxi_srq_cut(v);
        grat__channel_close(&v->core);
        return connect_link(v, op);
    }
    if (!v->core.pending || v->core.broken) return GRAT_OK;
    e = settle(v, op, grat_op_left_ms(op));
    if (!e || grat_op_check(op)) return op->err;
    return grat_op_fail(op, e, "%s: the call before this one cannot be ended", v->name);
}

/* ---- data -------------------------------------------------------------------------------- */

static grat_err write_chunk(grat__vxi_link *v, const void *data, size_t n, bool end, grat_op *op)
{
    grat__vxi_write a = {.lid = v->lid, .io_timeout = grat__vxi_io_timeout(op),
                         .flags = end ? GRAT__VXI_FLAG_END : 0, .n = n};
    grat__channel_begin(&v->core, GRAT__VXI_WRITE);
    grat__vxi_put_write_head(&v->core.out, &a);
    return grat__vxi_finish(v, &(grat__exchange){.data = data, .n = n, .words = 2}, "write", op);
}

static grat_err vxi_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    grat__vxi_link *v = p;
    const uint8_t *bytes = data;
    size_t done = 0;
    grat_err e = grat__vxi_ready(v, op);
    while (!e && done < n) {
        size_t k = n - done < v->max_write ? n - done : v->max_write;
        e = write_chunk(v, bytes + done, k, end && done + k == n, op);
        size_t took = v->core.in.done && v->core.in.words_len > 1 ? v->core.in.words[1] : 0;
        done += took < k ? took : k;
        if (!e && took == 0) e = grat_op_fail(op, GRAT_EIO, "%s: write: the instrument takes no data", v->name);
        if (!e && done < n) e = grat_op_check(op);
    }
    op->count = done;
    return e;
}

static grat_err read_once(grat__vxi_link *v, void *buf, size_t cap, int term, grat_op *op)
{
    size_t want = cap < v->read_chunk ? cap : v->read_chunk;
    grat__vxi_read a = {.lid = v->lid, .request_size = (uint32_t)want, .io_timeout = grat__vxi_io_timeout(op),
                        .flags = term >= 0 ? GRAT__VXI_FLAG_TERMCHR : 0, .term = term >= 0 ? (uint8_t)term : 0};
    grat__channel_begin(&v->core, GRAT__VXI_READ);
    grat__vxi_put_read(&v->core.out, &a);
    grat_err e = grat__vxi_finish(v, &(grat__exchange){.words = 2, .dst = buf, .cap = want}, "read", op);
    const grat__rpc_in *in = &v->core.in;
    op->count = in->got;
    op->reason = in->words_len > 1 ? in->words[1] & (GRAT_REASON_COUNT | GRAT_REASON_CHAR | GRAT_REASON_END) : 0;
    if (in->clipped) op->reason |= GRAT_REASON_END; /* BK Precision 9115 announces more than it sends */
    if (op->count < cap) op->reason &= ~(unsigned)GRAT_REASON_COUNT;
    return e;
}

static grat_err vxi_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__vxi_ready(v, op);
    if (e) return e;
    if (cap == 0) return grat_op_fail(op, GRAT_EINVAL, "%s: read: no room", v->name);
    for (;;) {
        e = read_once(v, buf, cap, term, op);
        bool refused = e == GRAT_EINVAL && v->core.in.words[0] == GRAT__VXI_EPARAM;
        if (refused && v->read_chunk > READ_CHUNK_SMALL && cap > READ_CHUNK_SMALL) {
            v->read_chunk = READ_CHUNK_SMALL;
            continue;
        }
        if (e || op->count || op->reason) return e;
        e = grat_op_sleep_until(op, grat_now_ns() + EMPTY_READ_PAUSE_NS);
        if (e) return e;
    }
}

/* waitlock and a lock_timeout go out only when a wait was asked for: Rigol DM3068 answers error 11 to any call
 * with one, old Rigol DG4000 show an error on the panel. */
static grat_err vxi_lock(void *p, const char *key, int64_t wait_ms, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__vxi_ready(v, op);
    if (e) return e;
    if (key) return grat_op_fail(op, GRAT_ENOTSUP, "%s: VXI-11 has no shared locks", v->name);
    grat__vxi_lock a = {.lid = v->lid};
    if (wait_ms > 0) {
        uint32_t most = grat__vxi_io_timeout(op);
        a.flags = GRAT__VXI_FLAG_WAITLOCK;
        a.lock_timeout = wait_ms < most ? (uint32_t)wait_ms : most;
    }
    grat__channel_begin(&v->core, GRAT__VXI_LOCK);
    grat__vxi_put_lock(&v->core.out, &a);
    e = grat__vxi_finish(v, &(grat__exchange){.words = 1}, "lock", op);
    if (!e) v->locked = true;
    return e;
}

static grat_err vxi_unlock(void *p, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__vxi_ready(v, op);
    if (e) return e;
    grat__channel_begin(&v->core, GRAT__VXI_UNLOCK);
    grat__vxi_put_lid(&v->core.out, v->lid);
    e = grat__vxi_finish(v, &(grat__exchange){.words = 1}, "unlock", op);
    if (!e) v->locked = false;
    return e;
}

/* A new link, with the lock that the old one had, or an error that says that it is lost. A wait for service requests
 * ends with ELOST: they are to be enabled again by the one who waits. */
static grat_err start_over(grat__vxi_link *v, grat_op *op)
{
    grat_op child;
    bool locked = v->locked;
    grat__op_child(&child, op, CLOSE_MS / 2);
    grat__vxi_srq_cut(v);
    goodbye(v, &child);
    v->locked = false;
    grat_err e = connect_link(v, op);
    if (!e && locked && vxi_lock(v, NULL, 0, op))
        e = grat_op_fail(op, GRAT_ELOCKED, "%s: the lock was lost with the connection", v->name);
    return e;
}

static grat_err vxi_clear(void *p, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_op child;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    e = settle(v, op, DRAIN_MS);
    if (!e) {
        int64_t half = grat_op_left_ms(op) / 2;
        grat__op_child(&child, op, half);
        e = grat__vxi_simple(v, GRAT__VXI_CLEAR, 1, "clear", &child);
        if (!e || e == GRAT_ELOCKED) return e ? grat__op_adopt(op, &child) : GRAT_OK;
    }
    e = grat_op_check(op);
    if (e) return e;
    return start_over(v, op);
}

/* ---- the rest ---------------------------------------------------------------------------- */

static grat_err vxi_stb(void *p, uint8_t *stb, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__vxi_ready(v, op);
    if (!e) e = grat__vxi_simple(v, GRAT__VXI_READSTB, 2, "read status byte", op);
    if (!e) *stb = (uint8_t)v->core.in.words[1];
    return e;
}

static grat_err vxi_trigger(void *p, grat_op *op)
{
    grat_err e = grat__vxi_ready(p, op);
    return e ? e : grat__vxi_simple(p, GRAT__VXI_TRIGGER, 1, "trigger", op);
}

static grat_err vxi_ren(void *p, grat_ren mode, grat_op *op)
{
    bool remote = mode != GRAT_REN_OFF && mode != GRAT_REN_OFF_LOCAL && mode != GRAT_REN_LOCAL;
    grat_err e = grat__vxi_ready(p, op);
    if (e) return e;
    return grat__vxi_simple(p, remote ? GRAT__VXI_REMOTE : GRAT__VXI_LOCAL, 1, remote ? "remote" : "local", op);
}

static grat_err vxi_docmd(void *p, const grat_docmd_args *args, grat_op *op)
{
    grat__vxi_link *v = p;
    uint8_t none[4];
    grat_err e = grat__vxi_ready(v, op);
    if (e) return e;
    grat__vxi_docmd a = {.lid = v->lid, .io_timeout = grat__vxi_io_timeout(op), .cmd = args->cmd, .network_order = true,
                         .datasize = (int32_t)args->datasize, .data = args->in, .n = args->in_size};
    grat__exchange x = {.words = 1, .dst = args->out ? args->out : none, .cap = args->out ? args->out_size : 0};
    grat__channel_begin(&v->core, GRAT__VXI_DOCMD);
    e = grat__vxi_put_docmd(&v->core.out, &a);
    if (e) return grat_op_fail(op, e, "%s: docmd: too much data", v->name);
    e = grat__vxi_finish(v, &x, "docmd", op);
    op->count = v->core.in.got;
    return e;
}

static grat_err vxi_attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    grat__vxi_link *v = p;
    struct sockaddr_storage peer;
    if (a != GRAT_ATTR_TCP_ADDRESS) return grat_op_fail(op, GRAT_ENOTSUP, "%s: VXI-11 has no such attribute", v->name);
    int family = grat__sock_address(v->core.fd, true, &peer);
    socklen_t n = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    if (family == AF_UNSPEC ||
        getnameinfo((struct sockaddr *)&peer, n, out->text, sizeof out->text, NULL, 0, NI_NUMERICHOST) != 0)
        return grat_op_fail(op, GRAT_ELOST, "%s: the connection was lost", v->name);
    return GRAT_OK;
}

const grat_transport grat__transport_vxi11 = {
    .name = "VXI-11",
    .priv_size = sizeof(grat__vxi_link),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = vxi_open,
    .close = vxi_close,
    .write = vxi_write,
    .read = vxi_read,
    .clear = vxi_clear,
    .stb = vxi_stb,
    .trigger = vxi_trigger,
    .lock = vxi_lock,
    .unlock = vxi_unlock,
    .ren = vxi_ren,
    .srq_enable = grat__vxi_srq_enable,
    .srq_wait = grat__vxi_srq_wait,
    .docmd = vxi_docmd,
    .attr_get = vxi_attr_get,
};
