/* The transports of SIM:: resources, for SCPI instruments and for streams of bytes; src/transport/list.h names them. */
#ifndef SIM_INPROC_H
#define SIM_INPROC_H

#include <graticule/backend.h>

extern const grat_transport grat__transport_sim;
extern const grat_transport grat__transport_sim_bytes;

#endif
