#include "transport/net.h"

#include "core/offload.h"
#include "core/task.h"
#include "core/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define MAX_RECV ((size_t)4 << 20)

grat_err grat__net_err(int err)
{
    switch (err) {
    case ECONNREFUSED:
        return GRAT_EREFUSED;
    case ECONNRESET:
    case EPIPE:
    case ECONNABORTED:
        return GRAT_ELOST;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
    case EHOSTDOWN:
    case EADDRNOTAVAIL:
        return GRAT_EUNREACH;
    case ETIMEDOUT:
        return GRAT_ETIMEOUT;
    case EACCES:
    case EPERM:
        return GRAT_EACCES;
    default:
        return GRAT_EIO;
    }
}

static const char *advice(grat_err e)
{
    switch (e) {
    case GRAT_EREFUSED:
        return "nothing listens there; is LAN remote control switched on?";
    case GRAT_EUNREACH:
        return "no route to it; check the cable and the address";
    case GRAT_ETIMEOUT:
        return "no answer; is it switched on and on this network?";
    default:
        return "try again";
    }
}

/* ---- answers that come at once ---------------------------------------------------------------
 * Going to sleep and being woken costs more than a fast peer needs for its answer. While a socket's answers come
 * within SPIN_NS, a read looks again and again for that long before it sleeps; a socket whose answers take longer is
 * tried again only now and then. */
enum { SPIN_NS = 60000, SPIN_START = 2, SPIN_MOST = 8, SPIN_MISS = 2, SPIN_SOCKETS = 1024 };

static struct {
    _Atomic uint8_t credit, slept;
} spin[SPIN_SOCKETS];

static void spin_reset(int fd)
{
    if (fd >= SPIN_SOCKETS) return;
    spin[fd].credit = SPIN_START;
    spin[fd].slept = 0;
}

static void prepare(int fd)
{
    /* Keepalive: 60 s idle, 60 s apart, 5 probes, so that a vanished instrument is noticed in a week-long log. */
    static const struct {
        int level, name, value;
    } opts[] = {{IPPROTO_TCP, TCP_NODELAY, 1},
                {SOL_SOCKET, SO_KEEPALIVE, 1},
                {IPPROTO_TCP, TCP_KEEPIDLE, 60},
                {IPPROTO_TCP, TCP_KEEPINTVL, 60},
                {IPPROTO_TCP, TCP_KEEPCNT, 5}};
    struct timeval slice = {.tv_usec = NET_SLICE_MS * 1000};
    for (size_t i = 0; i < sizeof opts / sizeof *opts; i++)
        setsockopt(fd, opts[i].level, opts[i].name, &opts[i].value, sizeof opts[i].value);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &slice, sizeof slice);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &slice, sizeof slice);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    spin_reset(fd);
}

static grat_err connect_one(const struct addrinfo *ai, grat_op *op, int *out)
{
    int fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return grat_op_fail(op, grat__net_err(errno), "no socket: %s", strerrordesc_np(errno));
    int err = connect(fd, ai->ai_addr, ai->ai_addrlen) < 0 ? errno : 0;
    if (err == EINPROGRESS) {
        grat_err e = grat__op_wait(op, fd, POLLOUT);
        if (e) {
            close(fd);
            return e;
        }
        socklen_t n = sizeof err;
        getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n);
    }
    if (err) {
        close(fd);
        return grat_op_fail(op, grat__net_err(err), "%s", strerrordesc_np(err));
    }
    prepare(fd);
    *out = fd;
    return GRAT_OK;
}

typedef struct lookup {
    char host[256], port[8];
    struct addrinfo *list;
    int result;
} lookup;

static void look_up(void *arg)
{
    lookup *l = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV | AI_ADDRCONFIG};
    l->result = getaddrinfo(l->host, l->port, &hints, &l->list);
}

static void drop_lookup(void *arg)
{
    lookup *l = arg;
    if (!l->result) freeaddrinfo(l->list);
    free(l);
}

/* A numeric address needs no resolver. A name does, and getaddrinfo can block beyond any deadline. */
static grat_err resolve(const char *host, const char *port, grat_op *op, struct addrinfo **list)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    if (getaddrinfo(host, port, &hints, list) == 0) return GRAT_OK;
    lookup *l = calloc(1, sizeof *l);
    if (!l) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", host);
    snprintf(l->host, sizeof l->host, "%s", host);
    snprintf(l->port, sizeof l->port, "%s", port);
    grat_err e = grat__offload(op, look_up, l, drop_lookup);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED)
        return grat_op_fail(op, e, "%s: no answer about this name in time; use the address", host);
    if (!e && l->result)
        e = grat_op_fail(op, GRAT_ENOHOST, "%s: unknown host (%s); check the name or use the address", host,
                         gai_strerror(l->result));
    if (!e) *list = l->list;
    free(l);
    return e;
}

grat_err grat__tcp_connect(const char *host, unsigned port, grat_op *op, int *fd)
{
    char service[8];
    struct addrinfo *list;
    snprintf(service, sizeof service, "%u", port);
    grat_err e = resolve(host, service, op, &list);
    if (e) return e;
    e = grat_op_fail(op, GRAT_ENOHOST, "%s: no address", host);
    for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
        e = connect_one(ai, op, fd);
        if (!e || e == GRAT_ECANCELED || (e == GRAT_ETIMEOUT && grat_op_left_ms(op) == 0)) break;
    }
    freeaddrinfo(list);
    if (!e) op->text[0] = '\0';
    if (!e) return op->err = GRAT_OK;
    if (e == GRAT_ECANCELED) return grat_op_fail(op, e, "%s: cancelled while connecting to port %u", host, port);
    return grat_op_fail(op, e, "%s: cannot connect to port %u: %s; %s", host, port, grat_strerror(e), advice(e));
}

grat_err grat__udp_connect(const char *host, unsigned port, grat_op *op, int *fd)
{
    char service[8];
    struct addrinfo *list;
    int err = 0;
    snprintf(service, sizeof service, "%u", port);
    grat_err e = resolve(host, service, op, &list);
    if (e) return e;
    *fd = -1;
    for (struct addrinfo *ai = list; ai && *fd < 0; ai = ai->ai_next) {
        *fd = socket(ai->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (*fd >= 0 && connect(*fd, ai->ai_addr, ai->ai_addrlen) == 0) break;
        err = errno;
        if (*fd >= 0) close(*fd);
        *fd = -1;
    }
    freeaddrinfo(list);
    if (*fd >= 0) return GRAT_OK;
    return grat_op_fail(op, grat__net_err(err), "%s: no way to it: %s", host, strerrordesc_np(err));
}

static grat_err lost(grat_op *op, int err)
{
    grat_err e = err ? grat__net_err(err) : GRAT_ELOST;
    if (err == ETIMEDOUT) e = GRAT_ELOST; /* keepalive or retransmissions gave up */
    return grat_op_fail(op, e, "connection lost: %s", err ? strerrordesc_np(err) : "the instrument closed it");
}

static bool again(int err)
{
    return err == EAGAIN || err == EWOULDBLOCK || err == EINTR;
}

grat_err grat__send_all(int fd, struct iovec *iov, int n, grat_op *op)
{
    int flags = grat__in_task() ? MSG_NOSIGNAL | MSG_DONTWAIT : MSG_NOSIGNAL;
    op->count = 0;
    while (n > 0) {
        struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};
        ssize_t r = sendmsg(fd, &m, flags);
        if (r < 0) {
            if (!again(errno)) return lost(op, errno);
            grat_err e = grat__op_wait(op, fd, POLLOUT);
            if (e) return e;
            continue;
        }
        op->count += (size_t)r;
        grat__op_moved(op);
        for (; n > 0 && (size_t)r >= iov->iov_len; n--) r -= (ssize_t)(iov++)->iov_len;
        if (n > 0) iov->iov_base = (char *)iov->iov_base + r, iov->iov_len -= (size_t)r;
        grat_err e = n > 0 ? grat_op_check(op) : GRAT_OK;
        if (e) return e;
    }
    return GRAT_OK;
}

static bool worth_spinning(int fd)
{
    if (fd >= SPIN_SOCKETS || grat__in_task()) return false;
    if (spin[fd].credit) return true;
    if (++spin[fd].slept == 0) spin[fd].credit = 1; /* once in 256 */
    return false;
}

static ssize_t receive(int fd, struct msghdr *m, int flags)
{
    return m->msg_iovlen == 1 ? recv(fd, m->msg_iov->iov_base, m->msg_iov->iov_len, flags) : recvmsg(fd, m, flags);
}

/* As receive with MSG_DONTWAIT, for a while. */
static ssize_t receive_soon(int fd, struct msghdr *m)
{
    int64_t until = grat_now_ns() + SPIN_NS;
    ssize_t r;
    do {
        r = receive(fd, m, MSG_DONTWAIT);
    } while (r < 0 && again(errno) && grat_now_ns() < until);
    bool hit = r >= 0 || !again(errno);
    uint8_t credit = spin[fd].credit;
    if (hit && credit < SPIN_MOST) spin[fd].credit = (uint8_t)(credit + 1);
    if (!hit) spin[fd].credit = credit > SPIN_MISS ? (uint8_t)(credit - SPIN_MISS) : 0;
    return r;
}

/* `due`: MSG_WAITALL or 0. A slice then ends with what has come by its end. */
static grat_err receive_vec(int fd, const struct iovec *iov, int n, int due, grat_op *op)
{
    struct iovec part[4];
    struct msghdr m = {.msg_iov = part};
    size_t cap = 0;
    op->count = 0;
    /* Also when data are there: a peer that never pauses must not outlast a cancel or the deadline. */
    grat_err late = grat_op_check(op);
    if (late) return late;
    int flags = grat_op_left_ms(op) > 2 * NET_SLICE_MS && !grat__in_task() ? due : MSG_DONTWAIT;
    /* One call goes on copying for as long as a fast peer keeps up; a cancel must not wait for 100 MB. */
    for (int i = 0; i < n && i < 4 && cap < MAX_RECV; i++) {
        part[i] = iov[i];
        if (part[i].iov_len > MAX_RECV - cap) part[i].iov_len = MAX_RECV - cap;
        cap += part[i].iov_len;
        m.msg_iovlen++;
    }
    bool soon = !flags && worth_spinning(fd);
    for (;;) {
        ssize_t r = soon ? receive_soon(fd, &m) : receive(fd, &m, flags);
        if (r < 0 && soon && again(errno)) {
            soon = false;
            continue;
        }
        if (r > 0) {
            op->count = (size_t)r;
            grat__op_moved(op);
            if (op->count == cap && cap == MAX_RECV) grat__task_yield(); /* a fast peer must not starve the others */
            return GRAT_OK;
        }
        if (r == 0) return lost(op, 0);
        if (!again(errno)) return lost(op, errno);
        flags = MSG_DONTWAIT;
        grat_err e = grat__op_wait(op, fd, POLLIN);
        if (e) return e;
    }
}

grat_err grat__recv_vec(int fd, const struct iovec *iov, int n, grat_op *op)
{
    return receive_vec(fd, iov, n, 0, op);
}

grat_err grat__recv_due(int fd, void *buf, size_t cap, grat_op *op)
{
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    return receive_vec(fd, &iov, 1, MSG_WAITALL, op);
}

grat_err grat__recv_some(int fd, void *buf, size_t cap, grat_op *op)
{
    struct iovec iov = {.iov_base = buf, .iov_len = cap};
    return grat__recv_vec(fd, &iov, 1, op);
}

size_t grat__recv_now(int fd, void *buf, size_t cap)
{
    ssize_t r = recv(fd, buf, cap, MSG_DONTWAIT);
    return r > 0 ? (size_t)r : 0;
}

int grat__sock_address(int fd, bool remote, struct sockaddr_storage *out)
{
    socklen_t n = sizeof *out;
    int r = remote ? getpeername(fd, (struct sockaddr *)out, &n) : getsockname(fd, (struct sockaddr *)out, &n);
    return r < 0 ? AF_UNSPEC : out->ss_family;
}
