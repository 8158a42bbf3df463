/* Service requests: the instrument connects to us and calls device_intr_srq without waiting for a reply. */
#include "core/wait.h"
#include "transport/net.h"
#include "transport/vxi11/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum {
    CLOSE_MS = 500,
    ACCEPT_MS = 1000,
    QUIET_MS = 1000,      /* Keithley DMM6500 announces 4 bytes more than it sends */
    RECORD_MAX = 1024,
};

static grat_err own_address(grat__vxi_link *v, struct sockaddr_in *out, grat_op *op)
{
    struct sockaddr_storage ss;
    memset(&ss, 0, sizeof ss);
    int family = grat__sock_address(v->core.fd, false, &ss);
    const struct sockaddr_in6 *six = (const struct sockaddr_in6 *)&ss;
    *out = (struct sockaddr_in){.sin_family = AF_INET};
    if (family == AF_INET)
        out->sin_addr = ((const struct sockaddr_in *)&ss)->sin_addr;
    else if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&six->sin6_addr))
        memcpy(&out->sin_addr, six->sin6_addr.s6_addr + 12, 4);
    else
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: VXI-11 service requests need IPv4", v->name);
    return GRAT_OK;
}

static grat_err listen_here(grat__vxi_link *v, struct sockaddr_in *addr, grat_op *op)
{
    socklen_t n = sizeof *addr;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (struct sockaddr *)addr, n) == 0 && listen(fd, 1) == 0 &&
        getsockname(fd, (struct sockaddr *)addr, &n) == 0) {
        v->listener = fd;
        return GRAT_OK;
    }
    if (fd >= 0) close(fd);
    return grat_op_fail(op, GRAT_EIO, "%s: cannot listen for service requests", v->name);
}

static void drop_sockets(grat__vxi_link *v)
{
    if (v->listener >= 0) close(v->listener);
    if (v->intr >= 0) close(v->intr);
    v->listener = -1;
    v->intr = -1;
    v->srq_cut = false;
}

/* The descriptors stay: a wait may hold them. */
void grat__vxi_srq_cut(grat__vxi_link *v)
{
    if (v->listener < 0) return;
    v->srq_cut = true;
    shutdown(v->listener, SHUT_RDWR);
    if (v->intr >= 0) shutdown(v->intr, SHUT_RDWR);
}

static grat_err accept_intr(grat__vxi_link *v, grat_op *op)
{
    while (v->intr < 0) {
        grat_err e = grat__op_wait(op, v->listener, POLLIN);
        if (e) return e;
        v->intr = accept4(v->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (v->intr < 0 && errno == EINVAL)
            return grat_op_fail(op, GRAT_ELOST, "%s: the link was given up", v->name);
    }
    return GRAT_OK;
}

static grat_err open_channel(grat__vxi_link *v, grat_op *op)
{
    struct sockaddr_in addr;
    grat_op child;
    grat_err e = own_address(v, &addr, op);
    if (!e) e = listen_here(v, &addr, op);
    if (e) return e;
    grat__vxi_intr a = {.host = ntohl(addr.sin_addr.s_addr), .port = ntohs(addr.sin_port),
                        .prog = GRAT__VXI_INTR_PROG, .vers = GRAT__VXI_VERS};
    grat__channel_begin(&v->core, GRAT__VXI_CREATE_INTR_CHAN);
    grat__vxi_put_intr(&v->core.out, &a);
    e = grat__vxi_finish(v, &(grat__exchange){.words = 1}, "create_intr_chan", op);
    if (e) {
        drop_sockets(v);
        return e;
    }
    grat__op_child(&child, op, ACCEPT_MS);
    e = accept_intr(v, &child);
    return e == GRAT_ECANCELED ? grat__op_adopt(op, &child) : GRAT_OK;
}

/* 40 bytes, never empty, also to disable: Keysight 34465A crashes on an empty handle, DMM6500 rejects it. */
static grat_err enable(grat__vxi_link *v, bool on, grat_op *op)
{
    grat__vxi_srq a = {.lid = v->lid, .enable = on, .n = sizeof a.handle};
    memcpy(a.handle, v->handle, sizeof a.handle);
    grat__channel_begin(&v->core, GRAT__VXI_ENABLE_SRQ);
    grat__vxi_put_srq(&v->core.out, &a);
    return grat__vxi_finish(v, &(grat__exchange){.words = 1}, "enable_srq", op);
}

grat_err grat__vxi_srq_enable(void *p, bool on, grat_op *op)
{
    grat__vxi_link *v = p;
    grat_err e = grat__vxi_ready(v, op);
    if (e) return e;
    if (v->srq_cut) {
        drop_sockets(v);
        if (!on) return GRAT_OK;
    }
    if (on && v->listener < 0) {
        grat__put_be32(v->handle, 0x47524154);
        grat__put_be32(v->handle + 4, (uint32_t)grat_now_ns());
        e = open_channel(v, op);
    }
    if (!e) e = enable(v, on, op);
    if (on || e || v->listener < 0) return e;
    grat__channel_begin(&v->core, GRAT__VXI_DESTROY_INTR_CHAN);
    e = grat__vxi_finish(v, &(grat__exchange){.words = 1}, "destroy_intr_chan", op);
    drop_sockets(v);
    return e;
}

void grat__vxi_srq_close(grat__vxi_link *v)
{
    grat_op op;
    grat_op_init(&op, CLOSE_MS, NULL);
    if (v->listener >= 0 && !v->srq_cut && !v->core.broken && !v->core.pending) grat__vxi_srq_enable(v, false, &op);
    drop_sockets(v);
}

/* Header and handle are there, although the record mark promises more. */
static bool complete_enough(const grat__rpc_record *r)
{
    return r->body.len >= GRAT__RPC_CALL_HEAD + 4;
}

static grat_err next_record(grat__vxi_link *v, grat__rpc_record *r, grat_op *op)
{
    while (!r->complete) {
        uint8_t byte;
        size_t taken;
        grat_op child;
        grat__op_child(&child, op, complete_enough(r) ? QUIET_MS : grat_op_left_ms(op));
        grat_err e = grat__recv_some(v->intr, &byte, 1, &child);
        if (e == GRAT_ETIMEOUT && complete_enough(r)) return GRAT_OK;
        if (e) return grat__op_adopt(op, &child);
        if (grat__rpc_record_feed(r, &byte, 1, &taken))
            return grat_op_fail(op, GRAT_EPROTO, "%s: malformed service request", v->name);
    }
    return GRAT_OK;
}

static bool is_ours(const grat__vxi_link *v, const grat__rpc_record *r)
{
    grat__rpc_call c;
    const uint8_t *handle;
    size_t n;
    return grat__rpc_get_call(r->body.data, r->body.len, &c) == GRAT_OK && c.prog == GRAT__VXI_INTR_PROG &&
           c.proc == GRAT__VXI_INTR_SRQ && grat__vxi_get_handle(c.args, c.args_len, &handle, &n) == GRAT_OK &&
           n >= 8 && memcmp(handle, v->handle, 8) == 0;
}

grat_err grat__vxi_srq_wait(void *p, grat_op *op)
{
    grat__vxi_link *v = p;
    grat__rpc_record r;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (v->listener < 0) return grat_op_fail(op, GRAT_EINVAL, "%s: service requests are not enabled", v->name);
    e = accept_intr(v, op);
    grat__rpc_record_init(&r, RECORD_MAX);
    for (bool ours = false; !e && !ours;) {
        grat__rpc_record_next(&r);
        e = next_record(v, &r, op);
        ours = !e && is_ours(v, &r);
    }
    grat__rpc_record_free(&r);
    return e;
}
