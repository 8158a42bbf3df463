/* Raw SCPI sockets: bytes in, bytes out. A late answer cannot be told from the next one, so the only clear is a new
 * connection. */
#include "core/wait.h"
#include "transport/list.h"
#include "transport/net.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct tcp {
    int fd;
    char host[256];
    unsigned port;
    int nodelay, keepalive; /* told by attr_set; -1 as they are */
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
    t->nodelay = t->keepalive = -1;
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
    if (t->fd < 0) return gone(t, op);
    grat_err e = (term == GRAT_TERM_DUE ? grat__recv_due : grat__recv_some)(t->fd, buf, cap, op);
    op->reason = !e && op->count == cap ? GRAT_REASON_COUNT : 0;
    return e;
}

static bool option_of(grat_attr a, int *level, int *name)
{
    *level = a == GRAT_ATTR_TCP_NODELAY ? IPPROTO_TCP : SOL_SOCKET;
    *name = a == GRAT_ATTR_TCP_NODELAY ? TCP_NODELAY : SO_KEEPALIVE;
    return a == GRAT_ATTR_TCP_NODELAY || a == GRAT_ATTR_TCP_KEEPALIVE;
}

static grat_err set_option(tcp *t, grat_attr a, int value, grat_op *op)
{
    int level, name;
    option_of(a, &level, &name);
    return setsockopt(t->fd, level, name, &value, sizeof value) == 0 ? GRAT_OK : gone(t, op);
}

static grat_err tcp_clear(void *p, grat_op *op)
{
    tcp *t = p;
    if (t->fd >= 0) close(t->fd);
    t->fd = -1;
    grat_err e = grat__tcp_connect(t->host, t->port, op, &t->fd);
    if (!e && t->nodelay >= 0) e = set_option(t, GRAT_ATTR_TCP_NODELAY, t->nodelay, op);
    if (!e && t->keepalive >= 0) e = set_option(t, GRAT_ATTR_TCP_KEEPALIVE, t->keepalive, op);
    return e;
}

static grat_err tcp_attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    tcp *t = p;
    struct sockaddr_storage peer;
    socklen_t n = sizeof peer;
    int value = 0, level, name;
    if (t->fd < 0) return gone(t, op);
    *out = (grat_value){.number = t->port};
    if (a == GRAT_ATTR_TCP_PORT) return GRAT_OK;
    if (a == GRAT_ATTR_TCP_ADDRESS) {
        if (getpeername(t->fd, (struct sockaddr *)&peer, &n) != 0 ||
            getnameinfo((struct sockaddr *)&peer, n, out->text, sizeof out->text, NULL, 0, NI_NUMERICHOST) != 0)
            return gone(t, op);
        return GRAT_OK;
    }
    if (!option_of(a, &level, &name)) return grat_op_fail(op, GRAT_ENOTSUP, "a raw socket has no attribute %d", (int)a);
    n = sizeof value;
    if (getsockopt(t->fd, level, name, &value, &n) != 0) return gone(t, op);
    out->number = value != 0;
    return GRAT_OK;
}

static grat_err tcp_attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    tcp *t = p;
    int level, name;
    if (!option_of(a, &level, &name))
        return grat_op_fail(op, GRAT_ENOTSUP, "a raw socket has no attribute %d that can be set", (int)a);
    if (value != 0 && value != 1)
        return grat_op_fail(op, GRAT_ERANGE, "attribute %d: %lld; it is 0 or 1", (int)a, (long long)value);
    if (t->fd < 0) return gone(t, op);
    grat_err e = set_option(t, a, (int)value, op);
    if (!e) *(a == GRAT_ATTR_TCP_NODELAY ? &t->nodelay : &t->keepalive) = (int)value;
    return e;
}

const grat_transport grat__transport_tcp = {
    .name = "raw socket",
    .priv_size = sizeof(tcp),
    .caps = GRAT_TCAP_DUPLEX,
    .serves = serves,
    .open = tcp_open,
    .close = tcp_close,
    .write = tcp_write,
    .read = tcp_read,
    .clear = tcp_clear,
    .attr_get = tcp_attr_get,
    .attr_set = tcp_attr_set,
};
