/* HiSLIP (IVI-6.1, versions 1.0 to 2.0) of one instrument: any number of sessions, each with its own queue. */
#ifndef SIM_HISLIP_H
#define SIM_HISLIP_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_hislip;

#endif
