/* Raw SCPI sockets: bytes in, bytes out. A late answer cannot be told from the next one, so the only clear is a new
 * connection. */
#include "core/wait.h"
#include "transport/list.h"
#include "transport/net.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct tcp {
    int fd;
    char host[256];
    unsigned port;
} tcp;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_TCPIP && r->rclass == GRAT_CLASS_SOCKET;
}

static grat_err tcp_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    tcp *t = p;
    (void)opt;
    snprintf(t->host, sizeof t->host, "%s", r->host);
    t->port = r->port;
    return grat__tcp_connect(t->host, t->port, op, &t->fd);
}

static void tcp_close(void *p)
{
    tcp *t = p;
    if (t->fd >= 0) close(t->fd);
}

static grat_err gone(const tcp *t, grat_op *op)
{
    return grat_op_fail(op, GRAT_ELOST, "%s: connection lost", t->host);
}

static grat_err tcp_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    tcp *t = p;
    char *bytes = NULL;
    (void)end;
    if (t->fd < 0) return gone(t, op);
    memcpy(&bytes, &data, sizeof bytes); /* iovec has no const */
    struct iovec iov = {.iov_base = bytes, .iov_len = n};
    return grat__send_all(t->fd, &iov, 1, op);
}

static grat_err tcp_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    tcp *t = p;
    (void)term;
    if (t->fd < 0) return gone(t, op);
    grat_err e = grat__recv_some(t->fd, buf, cap, op);
    op->reason = !e && op->count == cap ? GRAT_REASON_COUNT : 0;
    return e;
}

static grat_err tcp_clear(void *p, grat_op *op)
{
    tcp *t = p;
    if (t->fd >= 0) close(t->fd);
    t->fd = -1;
    return grat__tcp_connect(t->host, t->port, op, &t->fd);
}

const grat_transport grat__transport_tcp = {
    .name = "raw socket",
    .priv_size = sizeof(tcp),
    .serves = serves,
    .open = tcp_open,
    .close = tcp_close,
    .write = tcp_write,
    .read = tcp_read,
    .clear = tcp_clear,
};
