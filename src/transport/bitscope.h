/* How BitScopes are found: on USB by sysfs, behind bitscope-server by multicast. */
#ifndef GRAT_TRANSPORT_BITSCOPE_H
#define GRAT_TRANSPORT_BITSCOPE_H

#include "transport/tty_list.h"

/* The USB id of the adapter inside. Plain serial adapters have it too: only an answer to `?` tells. */
#define GRAT__BITSCOPE_VID 0x0403
#define GRAT__BITSCOPE_PID 0x6001

/* The adapter's own description says that it is one; it must have that id, too. */
bool grat__bitscope_named(const grat__tty_port *port);
/* The ports with that id, sorted; those that bear the name alone where there are any. `root` as for grat__tty_list. */
unsigned grat__bitscope_ports(const char *root, grat__tty_port *out, unsigned cap);

typedef struct grat__bitscope_server {
    char host[64];           /* numeric address */
    unsigned port;
    unsigned adapter;        /* its 16-bit id */
    char version[16];        /* what `?` was answered with, "BS000501"; "" when it was something else */
} grat__bitscope_server;

/* Asks `?` on every interface at 230.10.10.10:16385, twice, and reports each server once, as it answers. Changes
 * nothing in the instruments. Returns at op's deadline (GRAT_OK), at most 1 s after the last datagram, or when it is
 * cancelled. `group` is NULL but in tests: "host" of a server that is to be asked alone. */
grat_err grat__bitscope_servers(const char *group, void (*found)(void *user, const grat__bitscope_server *server),
                                void *user, grat_op *op);

#endif
