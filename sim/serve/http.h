/* Port 80: the LXI identification document and a small page. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "sim/core/instrument.h"
#include "sim/serve/addr.h"
#include "sim/serve/faults.h"
#include "sim/serve/loop.h"

typedef struct sim_http sim_http;

/* `resources`: what the identification names, comma separated; borrowed. */
grat_err sim_http_new(sim_loop *l, sim_instrument *in, sim_faults *f, const sim_addr *a, const char *resources,
                      grat_op *op, sim_http **out);
void sim_http_free(sim_http *h);

#endif
