/* One datagram broadcast on every interface, and what answers it. */
#ifndef GRAT_DISCOVER_BROADCAST_H
#define GRAT_DISCOVER_BROADCAST_H

#include "discover/search.h"

typedef struct grat__broadcast {
    const char *name;        /* for explanations, a literal */
    uint16_t port;
    uint32_t id;             /* for `answer` */
    uint8_t message[128];
    size_t size;
    /* Takes one datagram from this IPv4 address; false when it is no answer. */
    bool (*answer)(grat__search *s, const struct grat__broadcast *b, const uint8_t *data, size_t n, const char *from);
} grat__broadcast;

/* Starts a task for each interface; copies b. On loopback the question goes to 127.255.255.255, which simulators on
 * 127.0.0.k hear, and to the interface's own address. */
void grat__broadcast_start(grat__search *s, const grat__broadcast *b);

#endif
