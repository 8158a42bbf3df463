/* bitscope-server: a byte stream in datagrams. */
#ifndef SIM_LIA_H
#define SIM_LIA_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_lia;

#endif
