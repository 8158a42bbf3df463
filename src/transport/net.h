/* Sockets with deadlines, for the transports that run over IP. Sockets are blocking with a short kernel timeout
 * (NET_SLICE_MS): the usual answer costs one system call, as in a bare loop, and a cancel is seen within a slice. */
#ifndef GRAT_TRANSPORT_NET_H
#define GRAT_TRANSPORT_NET_H

#include <graticule/graticule.h>

#include <sys/socket.h>
#include <sys/uio.h>

#define NET_SLICE_MS 10

/* Resolves (IPv4 and IPv6, tried in the resolver's order) and connects. TCP_NODELAY and keepalive are set.
 * ENOHOST, EREFUSED, EUNREACH, ETIMEOUT, ECANCELED. */
grat_err grat__tcp_connect(const char *host, unsigned port, grat_op *op, int *fd);
/* A UDP socket, not blocking, that talks to this peer alone. */
grat_err grat__udp_connect(const char *host, unsigned port, grat_op *op, int *fd);
/* Sends everything; op->count = bytes the kernel took, also on failure. iov is changed. */
grat_err grat__send_all(int fd, struct iovec *iov, int n, grat_op *op);
/* At least one byte into buf; op->count. ELOST when the peer closed or reset. */
grat_err grat__recv_some(int fd, void *buf, size_t cap, grat_op *op);
/* The same where cap bytes are certainly on their way: it may wait for more than the first of them. */
grat_err grat__recv_due(int fd, void *buf, size_t cap, grat_op *op);
/* As grat__recv_some, into several places. */
grat_err grat__recv_vec(int fd, const struct iovec *iov, int n, grat_op *op);
/* Takes what has already arrived, at most cap bytes; 0 when nothing has. */
size_t grat__recv_now(int fd, void *buf, size_t cap);
/* The local or remote address as text; returns its family. */
int grat__sock_address(int fd, bool remote, struct sockaddr_storage *out);
/* Maps an errno of a socket call to a grat_err. */
grat_err grat__net_err(int err);

#endif
