/* The responses of one port, as the wires see them: passed through, or spoilt by a fault. */
#ifndef SIM_SOURCE_H
#define SIM_SOURCE_H

#include "core/buf.h"
#include "sim/core/instrument.h"
#include "sim/serve/faults.h"

/* BARE: the responses as they are; the server has faults of its own. */
typedef enum sim_wire { SIM_WIRE_RAW, SIM_WIRE_VXI, SIM_WIRE_HISLIP, SIM_WIRE_BARE } sim_wire;

typedef struct sim_source {
    sim_port *port;
    sim_faults *faults;
    sim_wire wire;
    bool open;               /* a response has begun */
    int64_t not_before_ns;   /* of the present response */
    int64_t startup_ns;      /* nothing leaves before */
    uint64_t pos, cut_at;    /* bytes given out; the response breaks off at cut_at */
    bool drop;               /* at cut_at: drop the connection, else be silent */
    bool broken;             /* the owner must reset the connection */
    bool peek_last;
    size_t peek_n;
    unsigned changes;        /* what is to be done to the whole response */
    bool held;               /* `buf` holds the changed response */
    grat__buf buf;
    size_t buf_at;
} sim_source;

/* The port belongs to the source from here on. False when memory is short. */
bool sim_source_init(sim_source *s, sim_instrument *in, sim_port_kind kind, sim_faults *faults);
void sim_source_free(sim_source *s);
/* As sim_port_peek and so on. */
size_t sim_source_peek(sim_source *s, int64_t now_ns, const uint8_t **data, bool *last);
void sim_source_consume(sim_source *s, size_t n);
/* Bytes from here to the end of the response that sim_source_peek shows; what a fault withholds is counted. */
uint64_t sim_source_left(const sim_source *s);
int64_t sim_source_next(const sim_source *s);
bool sim_source_pending(const sim_source *s);
void sim_source_clear(sim_source *s);

#endif
