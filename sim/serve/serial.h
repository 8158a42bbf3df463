/* SCPI or a stream of bytes on a serial port: a pseudo terminal whose slave end the client opens. */
#ifndef SIM_SERIAL_H
#define SIM_SERIAL_H

#include "sim/serve/site.h"

extern const sim_wire_kind sim_wire_serial;

#endif
