#include "wire/netfinder.h"

#include <string.h>

enum { MAGIC = 0x5a, IDENTIFY = 0, IDENTIFIED = 1, ADDRESS_AT = 20, NAME_AT = 44 };

void grat__netfinder_put_identify(uint8_t out[GRAT__NETFINDER_CALL], uint16_t sequence)
{
    memset(out, 0, GRAT__NETFINDER_CALL);
    out[0] = MAGIC;
    out[1] = IDENTIFY;
    out[2] = (uint8_t)(sequence >> 8);
    out[3] = (uint8_t)sequence;
    memset(out + 4, 0xff, 6);
}

grat_err grat__netfinder_get_answer(const uint8_t *data, size_t n, grat__netfinder_answer *out)
{
    if (n < GRAT__NETFINDER_ANSWER || data[0] != MAGIC || data[1] != IDENTIFIED) return GRAT_EPROTO;
    *out = (grat__netfinder_answer){.sequence = (uint16_t)(data[2] << 8 | data[3])};
    memcpy(out->mac, data + 4, sizeof out->mac);
    memcpy(out->address, data + ADDRESS_AT, sizeof out->address);
    memcpy(out->name, data + NAME_AT, sizeof out->name - 1);
    for (char *c = out->name; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f) *c = '?';
    }
    return GRAT_OK;
}
