/* Raw SCPI sockets: every connection is a stream port of the one instrument. */
#ifndef SIM_RAW_H
#define SIM_RAW_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_raw;

#endif
