#include "transport/vxi11/channel.h"

#include "core/task.h"
#include "core/wait.h"
#include "transport/net.h"
#include "wire/xdr.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    READ_REPLY_HEAD = 40, /* mark, reply header, error, reason, length: the payload then starts at dst */
    SCRATCH = 4096,
    TAIL = 64, /* padding, or the mark of the next fragment */
    CALL_MAX = 65536,
};

void grat__channel_init(grat__channel *c, uint32_t prog, uint32_t vers)
{
    *c = (grat__channel){.fd = -1, .prog = prog, .vers = vers};
    grat__buf_init(&c->out, CALL_MAX);
    grat__rpc_in_init(&c->in);
}

grat_err grat__channel_connect(grat__channel *c, const char *host, unsigned port, grat_op *op)
{
    grat_err e = grat__tcp_connect(host, port, op, &c->fd);
    if (e) {
        c->fd = -1;
        return e;
    }
    c->xid = (uint32_t)grat_now_ns();
    c->broken = c->pending = c->torn = false;
    grat__rpc_in_init(&c->in);
    return GRAT_OK;
}

void grat__channel_close(grat__channel *c)
{
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    grat__buf_free(&c->out);
}

void grat__channel_begin(grat__channel *c, uint32_t proc)
{
    c->out.len = 0;
    grat__rpc_mark_begin(&c->out, &c->mark);
    grat__rpc_put_call(&c->out, ++c->xid, c->prog, c->vers, proc);
}

static grat_err send_call(grat__channel *c, const grat__exchange *x, grat_op *op)
{
    static const uint8_t zero[4];
    size_t pad = grat__xdr_pad(x->n);
    grat__rpc_mark_end(&c->out, c->mark, x->n + pad);
    struct iovec iov[3] = {{c->out.data, c->out.len}, {(void *)(uintptr_t)x->data, x->n},
                           {(void *)(uintptr_t)zero, pad}};
    grat_err e = grat__send_all(c->fd, iov, x->n ? (pad ? 3 : 2) : 1, op);
    if (e && (op->count || (e != GRAT_ETIMEOUT && e != GRAT_ECANCELED))) c->broken = true;
    c->torn = e && op->count && (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED);
    op->count = 0;
    return e;
}

/* One receive: header bytes to a scratch buffer and payload to its destination in the same system call. Before the
 * first byte of a record at least READ_REPLY_HEAD bytes precede the payload, so what lands in dst lies at or behind
 * its final place; later in the header that is not certain, and all goes through the scratch buffer. */
static grat_err receive_part(grat__channel *c, const grat__exchange *x, grat_op *op)
{
    uint8_t head[READ_REPLY_HEAD], rest[SCRATCH], *dst = x->dst;
    size_t direct = grat__rpc_in_direct(&c->in), got = 0, parts = 0;
    struct iovec iov[3];
    bool first = dst && !c->in.in_record && c->in.mark_len == 0;
    if (first) iov[parts++] = (struct iovec){head, sizeof head};
    if (direct || first) iov[parts++] = (struct iovec){dst + c->in.got, direct ? direct : x->cap};
    iov[parts++] = (struct iovec){rest, direct ? TAIL : sizeof rest};
    grat_err e = grat__recv_vec(c->fd, iov, (int)parts, op);
    got = op->count;
    op->count = 0;
    if (e) return e;
    for (size_t i = 0; i < parts && got; i++) {
        size_t n = got < iov[i].iov_len ? got : iov[i].iov_len;
        if (direct && i == 0)
            grat__rpc_in_took(&c->in, n);
        else
            grat__rpc_in_feed(&c->in, iov[i].iov_base, n, dst);
        got -= n;
    }
    return c->in.done ? GRAT_OK : grat_op_check(op);
}

static grat_err judge(grat__channel *c, const grat__exchange *x, grat_op *op)
{
    grat__rpc_in *in = &c->in;
    if (in->bad || in->too_big) {
        c->broken = true;
        return grat_op_fail(op, in->bad ? GRAT_EPROTO : GRAT_ETOOBIG,
                            in->bad ? "the reply is not an RPC reply" : "the reply holds more than was asked for");
    }
    if (in->stat == GRAT__RPC_PROC_UNAVAIL || in->stat == GRAT__RPC_PROG_UNAVAIL)
        return grat_op_fail(op, GRAT_ENOTSUP, "not supported by the instrument: %s", grat__rpc_stat_text(in->stat));
    if (in->stat != GRAT__RPC_SUCCESS)
        return grat_op_fail(op, GRAT_EPROTO, "the instrument rejected the call: %s", grat__rpc_stat_text(in->stat));
    if (in->words_len == 0 && x->words) return grat_op_fail(op, GRAT_EPROTO, "the reply is empty");
    return GRAT_OK;
}

grat_err grat__channel_finish(grat__channel *c, const grat__exchange *x, grat_op *op)
{
    grat__rpc_in_begin(&c->in, c->xid, x->words, x->dst != NULL, x->cap);
    if (c->fd < 0 || c->broken) return grat_op_fail(op, GRAT_ELOST, "the connection was lost before");
    c->in.early = x->early;
    grat_err e = send_call(c, x, op);
    if (e) return e;
    while (!c->in.done && !e) e = receive_part(c, x, op);
    if (!e) {
        c->pending = false;
        return judge(c, x, op);
    }
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) {
        c->pending = true;
        grat__rpc_in_abandon(&c->in);
    } else {
        c->broken = true;
    }
    return e;
}

grat_err grat__channel_drain(grat__channel *c, grat_op *op)
{
    uint8_t scratch[SCRATCH];
    bool inside = c->in.in_record;
    unsigned before = c->in.stale;
    grat__rpc_in_abandon(&c->in);
    while (c->in.in_record || (!inside && c->in.stale == before)) {
        grat_err e = grat__recv_some(c->fd, scratch, sizeof scratch, op);
        size_t got = op->count;
        op->count = 0;
        if (e) return e;
        grat__rpc_in_feed(&c->in, scratch, got, NULL);
    }
    c->pending = false;
    return GRAT_OK;
}
