/* The datagrams of BitScope's LAN adapter and of bitscope-server (bitscope.com, "Network Protocol" and "Packet
 * Formats"; the order of the reply counter as BitLib 2.0 accepts it).
 *   command  id 1 | bytes as on the serial line
 *   reply    adapter id 2, big-endian | id of the command 1 | counter over all replies 1 | bytes of the device
 * Both ids and the counter wrap from 255 to 0. A datagram may end anywhere in a command or in an answer. */
#ifndef GRAT_WIRE_LIA_H
#define GRAT_WIRE_LIA_H

#include "core/buf.h"

enum {
    GRAT__LIA_PORT = 16385,
    GRAT__LIA_COMMAND_HEADER = 1,
    GRAT__LIA_REPLY_HEADER = 4,
    GRAT__LIA_COMMAND_MAX = 64,   /* bytes that an adapter takes in one command datagram */
    GRAT__LIA_REPLY_MAX = 65507,
};
#define GRAT__LIA_GROUP "230.10.10.10"

typedef struct grat__lia_reply {
    uint16_t adapter;
    uint8_t command, counter;
    const uint8_t *data;          /* borrowed; may be empty */
    size_t n;
} grat__lia_reply;

/* EPROTO when the datagram is shorter than its header. */
grat_err grat__lia_get_reply(const uint8_t *p, size_t n, grat__lia_reply *out);
grat_err grat__lia_put_reply(grat__buf *b, const grat__lia_reply *reply);
/* *id and the bytes behind it, which may be none. EPROTO for an empty datagram. */
grat_err grat__lia_get_command(const uint8_t *p, size_t n, uint8_t *id, const uint8_t **data, size_t *data_n);
grat_err grat__lia_put_command(grat__buf *b, uint8_t id, const void *data, size_t n);

/* The order of replies. The first counter that is seen is the origin. */
typedef struct grat__lia_order {
    bool known;
    uint8_t next;
    uint64_t lost, stale;         /* datagrams, since the beginning */
} grat__lia_order;
typedef enum grat__lia_place { GRAT__LIA_NEXT = 1, GRAT__LIA_GAP, GRAT__LIA_STALE } grat__lia_place;
/* GAP: the ones before this are lost, and it is the new origin. STALE: seen before, or late. */
grat__lia_place grat__lia_place_of(grat__lia_order *o, uint8_t counter);

#endif
