/* Addresses and listening sockets of the simulated instruments. */
#ifndef SIM_ADDR_H
#define SIM_ADDR_H

#include <graticule/graticule.h>

#include <sys/socket.h>

typedef struct sim_addr {
    struct sockaddr_storage sa;
    socklen_t len;
    char text[64];           /* without brackets */
} sim_addr;

/* A numeric IPv4 or IPv6 address; EINVAL with a sentence. */
grat_err sim_addr_parse(sim_addr *a, const char *text, grat_op *op);
/* "[::1]" or "127.0.0.1": as a resource string has it. */
const char *sim_addr_host(const sim_addr *a, char out[80]);
/* type: SOCK_STREAM or SOCK_DGRAM. A non-blocking socket bound there, not yet listening, in *fd. EACCES and EBUSY
 * name the port and say what to do. */
grat_err sim_bind(const sim_addr *a, int type, unsigned port, grat_op *op, int *fd);
unsigned sim_bound_port(int fd);
/* A port number as the argument of a wire; EINVAL with a sentence. */
grat_err sim_port_argument(const char *text, grat_op *op, unsigned *port);
/* Accepts with TCP_NODELAY, non-blocking; -1 when nobody waits. */
int sim_accept(int listener);

#endif
