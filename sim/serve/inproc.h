/* The transport of SIM:: resources; src/transport/list.h names it too. */
#ifndef SIM_INPROC_H
#define SIM_INPROC_H

#include <graticule/backend.h>

extern const grat_transport grat__transport_sim;

#endif
