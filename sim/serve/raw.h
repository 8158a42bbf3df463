/* Raw SCPI sockets: every connection is a stream port of the one instrument. */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include "sim/serve/site.h"

typedef struct sim_raw sim_raw;

grat_err sim_raw_new(const sim_site *site, unsigned port, grat_op *op, sim_raw **out);
void sim_raw_free(sim_raw *r);

#endif
