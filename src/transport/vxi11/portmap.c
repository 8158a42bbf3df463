/* Asking the portmapper of an instrument. */
#include "transport/vxi11/channel.h"

#include "core/wait.h"
#include "transport/net.h"
#include "wire/portmap.h"

#include <poll.h>
#include <unistd.h>

enum { TCP_SHARE_MS = 3000, UDP_RETRY_MS = 500, UDP_TRIES = 3 };

static grat_err over_tcp(const char *host, const grat__pmap_mapping *what, grat_op *op, unsigned *port)
{
    grat__channel c;
    grat__channel_init(&c, GRAT__PMAP_PROG, GRAT__PMAP_VERS);
    grat_err e = grat__channel_connect(&c, host, GRAT__PMAP_PORT, op);
    if (!e) {
        grat__channel_begin(&c, GRAT__PMAP_GETPORT);
        grat__pmap_put_mapping(&c.out, what);
        e = grat__channel_finish(&c, &(grat__exchange){.words = 1, .early = true}, op);
    }
    if (!e) *port = c.in.words[0];
    grat__channel_close(&c);
    return e;
}

/* One request and its answer; GRAT_ETIMEOUT of `op` when none came. */
static grat_err ask_udp(int fd, const grat__buf *call, uint32_t xid, grat_op *op, unsigned *port)
{
    uint8_t answer[512];
    if (send(fd, call->data, call->len, MSG_NOSIGNAL) < 0) return grat_op_fail(op, GRAT_EUNREACH, "cannot send");
    for (;;) {
        grat__rpc_reply r;
        uint32_t value;
        grat_err e = grat__op_wait(op, fd, POLLIN);
        if (e) return e;
        ssize_t n = recv(fd, answer, sizeof answer, MSG_DONTWAIT);
        if (n < 0) return grat_op_fail(op, GRAT_EREFUSED, "no portmapper");
        if (grat__rpc_get_reply(answer, (size_t)n, &r) || r.xid != xid || r.stat != GRAT__RPC_SUCCESS) continue;
        if (grat__pmap_get_word(r.results, r.results_len, &value)) continue;
        *port = value;
        return GRAT_OK;
    }
}

/* *named: the host's name has an address. */
static grat_err over_udp(const char *host, const grat__pmap_mapping *what, grat_op *op, unsigned *port, bool *named)
{
    int fd;
    grat_err e = grat__udp_connect(host, GRAT__PMAP_PORT, op, &fd);
    if (e) return e;
    *named = true;
    grat__buf call;
    uint32_t xid = (uint32_t)grat_now_ns();
    grat__buf_init(&call, 256);
    e = grat__rpc_put_call(&call, xid, GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_GETPORT);
    if (!e) e = grat__pmap_put_mapping(&call, what);
    for (int i = 0; !e && i < UDP_TRIES; i++) {
        grat_op child;
        grat__op_child(&child, op, UDP_RETRY_MS);
        e = ask_udp(fd, &call, xid, &child, port);
        if (e) grat__op_adopt(op, &child);
        if (e != GRAT_ETIMEOUT || i + 1 == UDP_TRIES) break;
        e = grat_op_check(op);
    }
    grat__buf_free(&call);
    close(fd);
    return e;
}

grat_err grat__portmap_find(const char *host, uint32_t prog, grat_op *op, unsigned *port)
{
    grat__pmap_mapping what = {prog, 1, GRAT__PMAP_TCP, 0};
    grat_op tcp, udp;
    int64_t half = grat_op_left_ms(op) / 2;
    grat__op_child(&tcp, op, half < TCP_SHARE_MS ? half : TCP_SHARE_MS);
    bool named = false;
    grat_err e = over_tcp(host, &what, &tcp, port);
    if (e && e != GRAT_ECANCELED && e != GRAT_ENOHOST) {
        grat__op_child(&udp, op, grat_op_left_ms(op));
        e = over_udp(host, &what, &udp, port, &named);
        if (e == GRAT_ECANCELED || (e == GRAT_ETIMEOUT && !named)) return grat__op_adopt(op, &udp);
    }
    if (e) {
        grat__op_adopt(op, &tcp);
        if (tcp.err == GRAT_ECANCELED || tcp.err == GRAT_ENOHOST) return tcp.err;
        return grat_op_fail(op, tcp.err, "%s: the VXI-11 portmapper (port 111) does not answer: %s; is LAN control on? "
                            "TCPIP::%s,PORT::inst0::INSTR skips it", host, grat_strerror(tcp.err), host);
    }
    if (*port == 0 || *port > 65535)
        return grat_op_fail(op, GRAT_ENODEV, "%s: its portmapper knows no VXI-11 instrument", host);
    return GRAT_OK;
}
