/* Between the two files of the VXI-11 server. */
#ifndef SIM_VXI11_INT_H
#define SIM_VXI11_INT_H

#include "sim/serve/rpcd.h"
#include "sim/serve/source.h"
#include "sim/serve/vxi11.h"
#include "wire/vxi11.h"

#define VXI_LINKS 64

typedef struct vxi_conn vxi_conn;

typedef struct vxi_link {
    bool used;
    int32_t lid;
    uint32_t max_recv;       /* most bytes of one device_write */
    vxi_conn *owner;         /* NULL once the connection is gone (a fault) */
    vxi_conn *srq;           /* the connection whose interrupt channel is told; NULL = off */
    uint8_t handle[40];
    size_t handle_n;
} vxi_link;

/* The state of one core connection, and of the call that waits on it. */
struct vxi_conn {
    sim_rpc_conn *rpc;
    sim_vxi *v;
    sim_timer timer;
    bool waiting, aborted;
    int64_t lock_until;      /* 0 = the lock was not waited for yet */
    int64_t io_until, first_ns;
    int32_t lid;             /* of the waiting call */
    grat__buf data;          /* what a device_read has collected */
    sim_watch intr;
    bool intr_open, intr_connecting;
};

struct sim_vxi {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    sim_addr addr;
    sim_rpcd core, abort;
    sim_pmap *pmap;          /* NULL without one */
    sim_source source;
    vxi_conn *borrower;      /* its reply still points into the source */
    size_t borrowed;
    bool in_message;         /* the last write left a program message unfinished */
    vxi_link link[VXI_LINKS];
    vxi_link *lock;          /* who holds the lock */
    int32_t last_lid;
    bool rqs;
    uint32_t srq_xid;
};

/* Each handles c->rpc->call: it replies, or leaves it waiting and is called again. */
typedef void vxi_proc(vxi_conn *c);
vxi_proc vxi_device_write, vxi_device_read;

vxi_link *vxi_find(sim_vxi *v, int32_t lid);
/* The call has to wait for someone else's lock, or was refused and answered: false. */
typedef struct vxi_gate { const vxi_link *link; uint32_t flags, lock_timeout; } vxi_gate;
typedef enum { VXI_PASS, VXI_WAIT, VXI_REFUSED } vxi_verdict;
vxi_verdict vxi_lock_gate(vxi_conn *c, const vxi_gate *g);
/* Leaves the call waiting until something happens or `until_ns`. */
void vxi_wait(vxi_conn *c, int32_t lid, int64_t until_ns);
/* Nobody's reply points into the source any more. */
void vxi_settle(sim_vxi *v);
/* Tries every waiting call again, except c's. */
void vxi_wake(sim_vxi *v, const vxi_conn *c);

#endif
