/* Port 80: the LXI identification document and a small page. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "sim/serve/site.h"

typedef struct sim_http sim_http;

/* `resources`: what the identification names, comma separated; borrowed. */
grat_err sim_http_new(const sim_site *site, const char *resources, grat_op *op, sim_http **out);
void sim_http_free(sim_http *h);

#endif
