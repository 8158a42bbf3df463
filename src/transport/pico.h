/* A PicoScope as the wire of a session: it takes no messages. */
#ifndef GRAT_TRANSPORT_PICO_H
#define GRAT_TRANSPORT_PICO_H

#include "pico/pico.h"

/* The private data of the transport. */
typedef struct grat__pico_link {
    grat__pico_unit *unit;
} grat__pico_link;

#endif
