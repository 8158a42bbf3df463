/* BitScope: a serial port, the same bytes over TCP, or datagrams of bitscope-server. A stream without message ends. */
#include "transport/bitscope.h"

#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"
#include "transport/net.h"
#include "transport/tty.h"
#include "wire/lia.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Any rate works on USB, where it means nothing; this one suits the serial models and most bridges. */
#define BAUD 115200
#define MAX_PORTS 16
#define DATAGRAM_MAX 65536
#define SETTLE_MS 20 /* for what is still under way at a clear */

static const int receive_buffer = 1 << 20;

enum kind { SERIAL, STREAM, DATAGRAMS };

typedef struct link {
    enum kind kind;
    char host[256];
    unsigned port;
    char path[256];
    grat__tty tty;
    int fd;
    uint8_t *datagram;           /* the last one; DATAGRAM_MAX */
    size_t at, n;                /* what of it was not given out */
    uint8_t command;             /* id of the next */
    grat__lia_order order;
    bool gap;                    /* bytes are missing: nothing is given out until a clear */
} link_t;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_BITSCOPE;
}

bool grat__bitscope_named(const grat__tty_port *port)
{
    if (port->vid != GRAT__BITSCOPE_VID || port->pid != GRAT__BITSCOPE_PID) return false;
    for (const char *p = port->description; *p; p++) {
        if (grat__strcasestarts(p, "BitScope")) return true;
    }
    return false;
}

unsigned grat__bitscope_ports(const char *root, grat__tty_port *out, unsigned cap)
{
    grat__tty_port *all = calloc(64, sizeof *all);
    unsigned n = all ? grat__tty_list(root, all, 64) : 0, found = 0;
    bool named = false;
    for (unsigned i = 0; i < n; i++) named = named || grat__bitscope_named(&all[i]);
    for (unsigned i = 0; i < n && found < cap; i++) {
        bool id = all[i].vid == GRAT__BITSCOPE_VID && all[i].pid == GRAT__BITSCOPE_PID;
        if (named ? grat__bitscope_named(&all[i]) : id) out[found++] = all[i];
    }
    free(all);
    return found;
}

static grat_err choose_port(link_t *l, grat_op *op)
{
    grat__tty_port ports[MAX_PORTS];
    char names[200] = "";
    unsigned n = grat__bitscope_ports(NULL, ports, MAX_PORTS);
    if (n == 1) {
        grat__strcpy(l->path, sizeof l->path, ports[0].path);
        return GRAT_OK;
    }
    if (!n)
        return grat_op_fail(op, GRAT_ENODEV, "BITSCOPE: no USB serial port %04x:%04x is there; plug it in, or name the "
                                             "port: BITSCOPE::/dev/ttyUSB0", GRAT__BITSCOPE_VID, GRAT__BITSCOPE_PID);
    for (unsigned i = 0, used = 0; i < n && used < sizeof names; i++)
        used += (unsigned)snprintf(names + used, sizeof names - used, "%sBITSCOPE::%s", i ? ", " : "", ports[i].path);
    return grat_op_fail(op, GRAT_ENODEV, "BITSCOPE: %u ports could be it; name one of %s", n, names);
}

static grat_err open_serial(link_t *l, grat_op *op)
{
    grat__tty_params p;
    grat__tty_defaults(&p);
    p.baud = BAUD;
    return grat__tty_open(&l->tty, l->path, &p, op);
}

static grat_err connect_link(link_t *l, grat_op *op)
{
    if (l->kind == SERIAL) return open_serial(l, op);
    if (l->kind == STREAM) return grat__tcp_connect(l->host, l->port, op, &l->fd);
    grat_err e = grat__udp_connect(l->host, l->port, op, &l->fd);
    /* A whole dump in datagrams of an adapter's size; the kernel counts several hundred bytes for each of them. */
    if (!e) setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    return e;
}

static void disconnect(link_t *l)
{
    if (l->kind == SERIAL) grat__tty_close(&l->tty);
    else if (l->fd >= 0) close(l->fd);
    l->fd = -1;
}

static grat_err bs_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    link_t *l = p;
    (void)opt;
    l->fd = l->tty.fd = -1;
    l->kind = !r->host[0] ? SERIAL : r->rclass == GRAT_CLASS_SOCKET ? STREAM : DATAGRAMS;
    grat__strcpy(l->host, sizeof l->host, r->host);
    grat__strcpy(l->path, sizeof l->path, r->device);
    l->port = r->port;
    grat_err e = l->kind == SERIAL && !l->path[0] ? choose_port(l, op) : GRAT_OK;
    if (e) return e;
    if (l->kind == DATAGRAMS && !(l->datagram = malloc(DATAGRAM_MAX)))
        return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", l->host);
    e = connect_link(l, op);
    if (e) free(l->datagram);
    return e;
}

static void bs_close(void *p)
{
    link_t *l = p;
    disconnect(l);
    free(l->datagram);
}

static grat_err gone(const link_t *l, grat_op *op)
{
    return grat_op_fail(op, GRAT_ELOST, "%s: connection lost", l->kind == SERIAL ? l->path : l->host);
}

static grat_err udp_failed(const link_t *l, int err, grat_op *op)
{
    if (err == ECONNREFUSED)
        return grat_op_fail(op, GRAT_EREFUSED, "%s: nothing listens on UDP port %u; is bitscope-server running?",
                            l->host, l->port);
    return grat_op_fail(op, grat__net_err(err), "%s: %s", l->host, strerrordesc_np(err));
}

/* ---- datagrams -------------------------------------------------------------------------------------- */

static grat_err send_command(link_t *l, const uint8_t *data, size_t n, grat_op *op)
{
    uint8_t out[GRAT__LIA_COMMAND_HEADER + GRAT__LIA_COMMAND_MAX];
    out[0] = l->command++;
    memcpy(out + 1, data, n);
    for (;;) {
        grat_err e = grat_op_check(op);
        if (e) return e;
        if (send(l->fd, out, n + 1, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) break;
        if (errno != EAGAIN && errno != EINTR && errno != ENOBUFS) return udp_failed(l, errno, op);
        if ((e = grat__op_wait(op, l->fd, POLLOUT))) return e;
    }
    grat__op_moved(op);
    return GRAT_OK;
}

static grat_err write_commands(link_t *l, const uint8_t *data, size_t n, grat_op *op)
{
    size_t done = 0;
    grat_err e = GRAT_OK;
    while (!e && done < n) {
        size_t k = n - done < GRAT__LIA_COMMAND_MAX ? n - done : GRAT__LIA_COMMAND_MAX;
        e = send_command(l, data + done, k, op);
        if (!e) done += k;
    }
    op->count = done;
    return e;
}

/* Takes one datagram. GRAT_OK with none taken when it has nothing new. */
static grat_err take_reply(link_t *l, size_t size, grat_op *op)
{
    grat__lia_reply reply;
    uint64_t before = l->order.lost;
    if (grat__lia_get_reply(l->datagram, size, &reply)) return GRAT_OK;
    switch (grat__lia_place_of(&l->order, reply.counter)) {
    case GRAT__LIA_STALE:
        return GRAT_OK;
    case GRAT__LIA_GAP:
        l->gap = true;
        return grat_op_fail(op, GRAT_EPROTO, "%s: %llu datagrams were lost on the way", l->host,
                            (unsigned long long)(l->order.lost - before));
    case GRAT__LIA_NEXT:
        break;
    }
    l->at = (size_t)(reply.data - l->datagram);
    l->n = reply.n;
    return GRAT_OK;
}

static grat_err read_replies(link_t *l, void *buf, size_t cap, grat_op *op)
{
    if (l->gap) return grat_op_fail(op, GRAT_EPROTO, "%s: datagrams were lost on the way", l->host);
    while (!l->n) {
        grat_err e = grat_op_check(op);
        if (e) return e;
        ssize_t r = recv(l->fd, l->datagram, DATAGRAM_MAX, MSG_DONTWAIT);
        if (r >= 0) {
            grat__op_moved(op);
            e = take_reply(l, (size_t)r, op);
        } else if (errno == EAGAIN || errno == EINTR) {
            e = grat__op_wait(op, l->fd, POLLIN);
        } else {
            e = udp_failed(l, errno, op);
        }
        if (e) return e;
    }
    size_t k = l->n < cap ? l->n : cap;
    memcpy(buf, l->datagram + l->at, k);
    l->at += k;
    l->n -= k;
    op->count = k;
    return GRAT_OK;
}

/* ---- bytes ------------------------------------------------------------------------------------------- */

static grat_err bs_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    link_t *l = p;
    (void)end;
    op->count = 0;
    if (l->kind == SERIAL) return grat__tty_write(&l->tty, data, n, op);
    if (l->fd < 0) return gone(l, op);
    if (l->kind == DATAGRAMS) return write_commands(l, data, n, op);
    char *bytes = NULL;
    memcpy(&bytes, &data, sizeof bytes); /* iovec has no const */
    struct iovec iov = {.iov_base = bytes, .iov_len = n};
    return grat__send_all(l->fd, &iov, 1, op);
}

static grat_err bs_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    link_t *l = p;
    (void)term;
    op->count = 0;
    grat_err e;
    if (l->kind == SERIAL) e = grat__tty_read(&l->tty, buf, cap, op);
    else if (l->fd < 0) e = gone(l, op);
    else if (l->kind == DATAGRAMS) e = read_replies(l, buf, cap, op);
    else e = grat__recv_some(l->fd, buf, cap, op);
    op->reason = !e && op->count == cap ? GRAT_REASON_COUNT : 0;
    return e;
}

static size_t bs_discard(void *p)
{
    link_t *l = p;
    size_t had = l->n;
    l->n = 0;
    l->gap = false; /* what comes is behind it */
    return had;
}

/* Reads away what comes within SETTLE_MS. ELOST and the like say that the wire is gone. */
static grat_err settle(link_t *l, grat_op *op)
{
    uint8_t junk[4096];
    grat_err e = GRAT_OK;
    grat_op child;
    for (unsigned i = 0; !e && i < 1024; i++) {
        grat__op_child(&child, op, i ? 1 : SETTLE_MS);
        e = bs_read(l, junk, sizeof junk, -1, &child);
        if (e == GRAT_EPROTO) e = GRAT_OK; /* a gap in what is thrown away */
        l->gap = false;
    }
    return e == GRAT_ETIMEOUT ? GRAT_OK : e;
}

static grat_err bs_clear(void *p, grat_op *op)
{
    link_t *l = p;
    bool there = l->kind == SERIAL ? l->tty.fd >= 0 : l->fd >= 0;
    l->n = 0;
    l->gap = false;
    if (l->kind == SERIAL) grat__tty_flush(&l->tty, true, true);
    grat_err e = there ? settle(l, op) : GRAT_ELOST;
    l->order.known = false;
    if (!e || e == GRAT_ECANCELED) return e;
    disconnect(l);
    return connect_link(l, op);
}

const grat_transport grat__transport_bitscope = {
    .name = "BitScope",
    .priv_size = sizeof(link_t),
    .serves = serves,
    .open = bs_open,
    .close = bs_close,
    .write = bs_write,
    .read = bs_read,
    .clear = bs_clear,
    .discard = bs_discard,
};
