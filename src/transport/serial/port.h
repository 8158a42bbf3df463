/* One serial port that is open: what shared.c gives to sessions. */
#ifndef GRAT_TRANSPORT_SERIAL_PORT_H
#define GRAT_TRANSPORT_SERIAL_PORT_H

#include <graticule/backend.h>

extern const grat_transport grat__serial_port;

/* The path that the resource means. ENODEV for ASRL0. */
grat_err grat__serial_path(const grat_resource *r, char path[256], grat_op *op);

#endif
