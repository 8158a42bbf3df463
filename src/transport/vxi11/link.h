/* A VXI-11 link: the state behind the transport's private pointer. */
#ifndef GRAT_TRANSPORT_VXI11_LINK_H
#define GRAT_TRANSPORT_VXI11_LINK_H

#include "transport/vxi11/channel.h"
#include "wire/vxi11.h"

typedef struct grat__vxi_link {
    grat_resource resource;
    char name[96];           /* "192.168.1.5 inst0", for sentences */
    grat__channel core;
    int32_t lid;
    unsigned abort_port;
    size_t max_write, read_chunk;
    bool locked;
    int listener;            /* SRQ: -1 when there is none */
    _Atomic int intr;        /* accepted by srq_wait beside other calls; -1 */
    _Atomic bool srq_cut;    /* the sockets are of a link that was given up */
    uint8_t handle[40];
} grat__vxi_link;

/* Finishes a call; a failure gets the link's name and `what` into its sentence, and a device error number
 * becomes its code. */
grat_err grat__vxi_finish(grat__vxi_link *v, const grat__exchange *x, const char *what, grat_op *op);
/* A call with generic parameters. */
grat_err grat__vxi_simple(grat__vxi_link *v, uint32_t proc, unsigned words, const char *what, grat_op *op);
/* The io_timeout to tell the device: a little less than what is left, so that its answer still comes in time. */
uint32_t grat__vxi_io_timeout(const grat_op *op);

/* Begins op; then the wire is ready for a call, whatever became of the one before. */
grat_err grat__vxi_ready(grat__vxi_link *v, grat_op *op);

grat_err grat__vxi_srq_enable(void *p, bool on, grat_op *op);
grat_err grat__vxi_srq_wait(void *p, grat_op *op);
void grat__vxi_srq_close(grat__vxi_link *v);
/* The link is given up: a wait beside this ends with ELOST, and the next enable starts anew. */
void grat__vxi_srq_cut(grat__vxi_link *v);

#endif
