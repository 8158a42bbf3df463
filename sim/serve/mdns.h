/* The responder of multicast DNS: one socket for each network of the bench, shared by the instruments there. */
#ifndef SIM_MDNS_H
#define SIM_MDNS_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_mdns;

#endif
