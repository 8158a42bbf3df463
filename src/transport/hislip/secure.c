/* Connections plain and encrypted, and how a plain session becomes an encrypted one (IVI-6.1 2.0 §6.15). */
#include "core/wait.h"
#include "transport/hislip/link.h"
#include "transport/net.h"

#include <unistd.h>

grat_err grat__hs_send(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op)
{
    return grat__send_all(c->fd, iov, n, op);
}

grat_err grat__hs_recv(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op)
{
    return grat__recv_vec(c->fd, iov, n, op);
}

size_t grat__hs_recv_now(grat__hs_conn *c, void *buf, size_t cap)
{
    return grat__recv_now(c->fd, buf, cap);
}

void grat__hs_close_conn(grat__hs_conn *c)
{
    if (c->fd >= 0) close(c->fd);
    *c = (grat__hs_conn){.fd = -1};
}

grat_err grat__hs_secure(grat__hs_link *h, grat_op *op)
{
    if (h->tls_mandatory) return grat_op_fail(op, GRAT_ENOTSUP, "the instrument wants TLS, which this build lacks");
    return GRAT_OK;
}
