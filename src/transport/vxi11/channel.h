/* One TCP connection to an ONC RPC server, one call at a time. */
#ifndef GRAT_TRANSPORT_VXI11_CHANNEL_H
#define GRAT_TRANSPORT_VXI11_CHANNEL_H

#include "wire/rpc.h"

typedef struct grat__channel {
    int fd;             /* -1 when closed */
    uint32_t prog, vers, xid;
    bool broken;        /* framing lost or peer gone: only closing helps */
    bool pending;       /* a call was given up on, its reply may still come */
    bool torn;          /* and broken: a call was cut while it was being sent */
    size_t mark;
    grat__buf out;
    grat__rpc_in in;
} grat__channel;

/* What a call sends after the words in `out`, and what it wants back. */
typedef struct grat__exchange {
    const void *data;   /* opaque data, padded here; NULL for none */
    size_t n;
    unsigned words;     /* result words wanted */
    void *dst;          /* opaque result after them; NULL when there is none */
    size_t cap;
    bool early;         /* done without the end of the record (Anritsu MS9740: no last-fragment bit) */
} grat__exchange;

void grat__channel_init(grat__channel *c, uint32_t prog, uint32_t vers);
grat_err grat__channel_connect(grat__channel *c, const char *host, unsigned port, grat_op *op);
void grat__channel_close(grat__channel *c);
/* Starts a call: the arguments are then appended to c->out. */
void grat__channel_begin(grat__channel *c, uint32_t proc);
/* Sends it and waits. The result is in c->in; c->in.got counts also after a failure. */
grat_err grat__channel_finish(grat__channel *c, const grat__exchange *x, grat_op *op);
/* Waits until the reply to the call that was given up on has passed. */
grat_err grat__channel_drain(grat__channel *c, grat_op *op);

/* The TCP port of program/1 at `host`: portmapper over TCP, then over UDP. ENODEV when it is not registered. */
grat_err grat__portmap_find(const char *host, uint32_t prog, grat_op *op, unsigned *port);

#endif
