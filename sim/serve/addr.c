#include "sim/serve/addr.h"

#include "core/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

grat_err sim_addr_parse(sim_addr *a, const char *text, grat_op *op)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST}, *ai;
    memset(a, 0, sizeof *a);
    if (!grat__strcpy(a->text, sizeof a->text, text) || getaddrinfo(text, NULL, &hints, &ai) != 0)
        return grat_op_fail(op, GRAT_EINVAL,
                            "address \"%.60s\": not an IPv4 or IPv6 address; use one such as 127.0.0.2", text);
    memcpy(&a->sa, ai->ai_addr, ai->ai_addrlen);
    a->len = ai->ai_addrlen;
    freeaddrinfo(ai);
    return GRAT_OK;
}

const char *sim_addr_host(const sim_addr *a, char out[80])
{
    snprintf(out, 80, a->sa.ss_family == AF_INET6 ? "[%s]" : "%s", a->text);
    return out;
}

static void set_port(struct sockaddr_storage *sa, unsigned port)
{
    if (sa->ss_family == AF_INET6) ((struct sockaddr_in6 *)sa)->sin6_port = htons((uint16_t)port);
    else ((struct sockaddr_in *)sa)->sin_port = htons((uint16_t)port);
}

static grat_err bind_error(const sim_addr *a, unsigned port, int err, grat_op *op)
{
    switch (err) {
    case EACCES:
    case EPERM:
        return grat_op_fail(op, GRAT_EACCES,
                            "port %u of %s: permission denied; run "
                            "\"sysctl -w net.ipv4.ip_unprivileged_port_start=80\" as root, "
                            "serve VXI-11 without the portmapper, or name only the wires that you need "
                            "(wires raw)", port, a->text);
    case EADDRINUSE:
        return grat_op_fail(op, GRAT_EBUSY, "port %u of %s: already in use; choose another address (127.0.0.x)%s", port,
                            a->text, port == 111 ? " or stop rpcbind" : "");
    case EADDRNOTAVAIL:
        return grat_op_fail(op, GRAT_EINVAL, "address %s: not an address of this machine; use 127.0.0.x", a->text);
    default:
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: cannot bind: %s", port, a->text, strerrordesc_np(err));
    }
}

grat_err sim_bind(const sim_addr *a, int type, unsigned port, grat_op *op, int *fd)
{
    static const int on = 1;
    struct sockaddr_storage sa = a->sa;
    set_port(&sa, port);
    int s = socket(sa.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s < 0) return grat_op_fail(op, GRAT_EIO, "no socket: %s", strerrordesc_np(errno));
    if (sa.ss_family == AF_INET6) setsockopt(s, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    /* For TCP: addresses in TIME_WAIT. For UDP: the broadcast address is shared by all instruments. */
    setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(s, (const struct sockaddr *)&sa, a->len) < 0) {
        int err = errno;
        close(s);
        return bind_error(a, port, err, op);
    }
    *fd = s;
    return GRAT_OK;
}

unsigned sim_bound_port(int fd)
{
    struct sockaddr_storage sa = {0};
    socklen_t n = sizeof sa;
    if (getsockname(fd, (struct sockaddr *)&sa, &n) < 0) return 0;
    if (sa.ss_family == AF_INET6) return ntohs(((struct sockaddr_in6 *)&sa)->sin6_port);
    return ntohs(((struct sockaddr_in *)&sa)->sin_port);
}

int sim_accept(int listener)
{
    static const int on = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

grat_err sim_port_argument(const char *text, grat_op *op, unsigned *port)
{
    unsigned v = 0;
    for (const char *p = text; *p >= '0' && *p <= '9' && v <= 65535; p++) v = 10 * v + (unsigned)(*p - '0');
    if (text[strspn(text, "0123456789")]) v = 0;
    if (v < 1 || v > 65535) return grat_op_fail(op, GRAT_EINVAL, "port \"%.20s\": ports go from 1 to 65535", text);
    *port = v;
    return GRAT_OK;
}
