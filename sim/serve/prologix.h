/* A GPIB adapter of Prologix or AR488 manners, over TCP or on a pseudo terminal, with instruments behind it. */
#ifndef SIM_PROLOGIX_H
#define SIM_PROLOGIX_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_prologix;

#endif
