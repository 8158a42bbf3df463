/* A LeCroy-like VICP server (TCP 1861). */
#ifndef SIM_VICP_H
#define SIM_VICP_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_vicp;

#endif
