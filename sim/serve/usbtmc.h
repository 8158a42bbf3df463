/* A USBTMC/USB488 instrument on a simulated USB bus. */
#ifndef SIM_USBTMC_H
#define SIM_USBTMC_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_usb;

#endif
