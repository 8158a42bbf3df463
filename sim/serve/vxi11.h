/* VXI-11 of one instrument: core, abort and interrupt channel, and a portmapper of its own on port 111. */
#ifndef SIM_VXI11_H
#define SIM_VXI11_H

#include "sim/serve/site.h"

typedef struct sim_vxi sim_vxi;
typedef struct sim_pmap sim_pmap;

extern const sim_wire_kind sim_wire_vxi11;

unsigned sim_vxi_core_port(const sim_vxi *v);
unsigned sim_vxi_abort_port(const sim_vxi *v);

/* TCP and UDP 111 of the address, and the loopback broadcast for 127.x addresses. */
grat_err sim_pmap_new(sim_loop *l, sim_faults *f, const sim_addr *a, const sim_vxi *v, grat_op *op, sim_pmap **out);
void sim_pmap_free(sim_pmap *p);

#endif
