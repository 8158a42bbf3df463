/* A TCP server of ONC RPC: one call at a time on a connection, answered at once or later. */
#ifndef SIM_RPCD_H
#define SIM_RPCD_H

#include "sim/serve/addr.h"
#include "sim/serve/faults.h"
#include "sim/serve/loop.h"
#include "sim/serve/pace.h"
#include "wire/rpc.h"

typedef struct sim_rpcd sim_rpcd;

typedef struct sim_rpc_conn {
    struct sim_rpc_conn *next, **at;
    sim_rpcd *server;
    sim_watch watch;
    sim_timer timer;                 /* of the output */
    grat__rpc_record record;
    uint8_t *rx;
    size_t rx_at, rx_len;
    bool busy;                       /* a call waits for its reply */
    grat__rpc_call call;             /* that call; its arguments stay valid until the reply ends */
    /* output: out, then body, then pad zero bytes */
    grat__buf out;
    size_t out_done, mark_at;
    const uint8_t *body;             /* borrowed */
    size_t body_len, body_done, pad;
    bool sending, in_process;
    int64_t not_before_ns;
    size_t reset_after;              /* reset the connection when so many bytes are gone; 0 = no */
    sim_pace pace;
    void *state;                     /* the server's own, of state_size bytes, zeroed */
} sim_rpc_conn;

typedef struct sim_rpc_ops {
    size_t state_size;
    size_t record_max;
    bool (*opened)(sim_rpc_conn *c);     /* optional; false resets the connection */
    void (*call)(sim_rpc_conn *c);       /* c->call is new: answer it now or later */
    void (*sent)(sim_rpc_conn *c);       /* optional: the body is not borrowed any more */
    void (*closed)(sim_rpc_conn *c);     /* optional */
    bool instrument;                     /* faults of VXI-11 replies apply */
} sim_rpc_ops;

struct sim_rpcd {
    sim_loop *loop;
    sim_faults *faults;
    const sim_rpc_ops *ops;
    void *user;
    sim_watch listener;
    unsigned port;
    sim_rpc_conn *conns;
};

/* Listens on port (0 = any; s->port says which). *s must stay where it is. */
grat_err sim_rpcd_open(sim_rpcd *s, const sim_addr *a, unsigned port, grat_op *op);
void sim_rpcd_close(sim_rpcd *s);

/* Begins the reply to c->call and returns the buffer for the results. */
grat__buf *sim_rpc_reply(sim_rpc_conn *c, grat__rpc_stat stat, uint32_t low, uint32_t high);
/* Completes and sends it; n bytes of body and their padding follow the results. */
void sim_rpc_send(sim_rpc_conn *c, const uint8_t *body, size_t n);
/* Takes the part of the borrowed body that has not been sent into memory of its own. */
void sim_rpc_unborrow(sim_rpc_conn *c);
static inline void sim_rpc_fail(sim_rpc_conn *c, grat__rpc_stat stat, uint32_t low, uint32_t high)
{
    sim_rpc_reply(c, stat, low, high);
    sim_rpc_send(c, NULL, 0);
}

#endif
