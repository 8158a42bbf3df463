/* The transports of SIM:: resources, for SCPI instruments and for those that are a stream of bytes; src/transport/list.h names it too. */
#ifndef SIM_INPROC_H
#define SIM_INPROC_H

#include <graticule/backend.h>

extern const grat_transport grat__transport_sim;
extern const grat_transport grat__transport_sim_bytes;

#endif
