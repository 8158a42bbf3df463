/* GPIB-ETHERNET adapters of Prologix: the adapter is listed as the board that it is; which instruments hang on it is
 * not asked, as that would move the bus. */
#include "discover/broadcast.h"
#include "wire/netfinder.h"

#include <stdio.h>

enum { PROLOGIX_TCP_PORT = 1234 };

static bool answer(grat__search *s, const grat__broadcast *b, const uint8_t *data, size_t n, const char *from)
{
    grat__netfinder_answer a;
    grat_identity id = {.vendor = "Prologix", .model = "GPIB-ETHERNET"};
    char resource[80], note[160];
    if (grat__netfinder_get_answer(data, n, &a) || a.sequence != (uint16_t)b->id) return false;
    snprintf(resource, sizeof resource, "PRLGX-TCPIP0::%s::%u::INTFC", from, PROLOGIX_TCP_PORT);
    snprintf(id.serial, sizeof id.serial, "%02X%02X%02X%02X%02X%02X", a.mac[0], a.mac[1], a.mac[2], a.mac[3], a.mac[4],
             a.mac[5]);
    snprintf(note, sizeof note, "\"%s\"; boards: {GPIB1: %s} makes it GPIB1", a.name, resource);
    grat__search_saw(s, &(grat__seen){.resource = resource, .via = "netfinder", .identity = &id, .note = note});
    return true;
}

static void start(grat__search *s)
{
    grat__broadcast b = {.name = "netfinder", .port = GRAT__NETFINDER_PORT, .id = (uint32_t)grat_now_ns() & 0xffff,
                         .size = GRAT__NETFINDER_CALL, .answer = answer};
    grat__netfinder_put_identify(b.message, (uint16_t)b.id);
    grat__broadcast_start(s, &b);
}

const grat__source grat__source_netfinder = {.name = "netfinder", .bit = GRAT_FIND_PROLOGIX, .start = start};
