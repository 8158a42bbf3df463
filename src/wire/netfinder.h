/* NetFinder: how Prologix GPIB-ETHERNET adapters are found (UDP 3040, big-endian; as independent programs that talk to
 * the adapter have it).
 *   header    0x5A | command 1 | sequence 2 | MAC 6, FF of each for everybody | 0 0
 *   identify  command 0; its answer is command 1 and 64 more bytes:
 *             days 2, hours, minutes, seconds | mode, alert, IP type | address, mask, gateway 4 each |
 *             versions of application, boot, hardware 4 each | name 32 */
#ifndef GRAT_WIRE_NETFINDER_H
#define GRAT_WIRE_NETFINDER_H

#include <graticule/graticule.h>

enum { GRAT__NETFINDER_PORT = 3040, GRAT__NETFINDER_CALL = 12, GRAT__NETFINDER_ANSWER = 76 };

typedef struct grat__netfinder_answer {
    uint16_t sequence;
    uint8_t mac[6];
    uint8_t address[4];      /* as it is set; the sender's address is where it can be reached */
    char name[33];           /* control characters are "?" */
} grat__netfinder_answer;

void grat__netfinder_put_identify(uint8_t out[GRAT__NETFINDER_CALL], uint16_t sequence);
/* EPROTO for everything that is not an answer to identify. */
grat_err grat__netfinder_get_answer(const uint8_t *data, size_t n, grat__netfinder_answer *out);

#endif
