/* Raw SCPI sockets: every connection is a stream port of the one instrument. */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include "sim/core/instrument.h"
#include "sim/serve/addr.h"
#include "sim/serve/faults.h"
#include "sim/serve/loop.h"

typedef struct sim_raw sim_raw;

grat_err sim_raw_new(sim_loop *l, sim_instrument *in, sim_faults *f, const sim_addr *a, unsigned port, grat_op *op,
                     sim_raw **out);
void sim_raw_free(sim_raw *r);

#endif
