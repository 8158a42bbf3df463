/* Port 80: the LXI identification document and a small page. */
#ifndef SIM_HTTP_H
#define SIM_HTTP_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_http;

#endif
