/* A byte stream behind an FTDI serial adapter on a simulated USB bus. */
#ifndef SIM_FTDI_H
#define SIM_FTDI_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_ftdi;

#endif
