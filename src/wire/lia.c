#include "wire/lia.h"

grat_err grat__lia_get_reply(const uint8_t *p, size_t n, grat__lia_reply *out)
{
    if (n < GRAT__LIA_REPLY_HEADER) return GRAT_EPROTO;
    *out = (grat__lia_reply){.adapter = (uint16_t)(p[0] << 8 | p[1]),
                             .command = p[2],
                             .counter = p[3],
                             .data = p + GRAT__LIA_REPLY_HEADER,
                             .n = n - GRAT__LIA_REPLY_HEADER};
    return GRAT_OK;
}

grat_err grat__lia_put_reply(grat__buf *b, const grat__lia_reply *reply)
{
    uint8_t head[GRAT__LIA_REPLY_HEADER] = {(uint8_t)(reply->adapter >> 8), (uint8_t)reply->adapter, reply->command,
                                            reply->counter};
    if (reply->n > GRAT__LIA_REPLY_MAX - GRAT__LIA_REPLY_HEADER) return GRAT_ETOOBIG;
    grat_err e = grat__buf_reserve(b, sizeof head + reply->n);
    if (!e) e = grat__buf_put(b, head, sizeof head);
    return e ? e : grat__buf_put(b, reply->data, reply->n);
}

grat_err grat__lia_get_command(const uint8_t *p, size_t n, uint8_t *id, const uint8_t **data, size_t *data_n)
{
    if (n < GRAT__LIA_COMMAND_HEADER) return GRAT_EPROTO;
    *id = p[0];
    *data = p + GRAT__LIA_COMMAND_HEADER;
    *data_n = n - GRAT__LIA_COMMAND_HEADER;
    return GRAT_OK;
}

grat_err grat__lia_put_command(grat__buf *b, uint8_t id, const void *data, size_t n)
{
    grat_err e = grat__buf_reserve(b, GRAT__LIA_COMMAND_HEADER + n);
    if (!e) e = grat__buf_put(b, &id, 1);
    return e ? e : grat__buf_put(b, data, n);
}

grat__lia_place grat__lia_place_of(grat__lia_order *o, uint8_t counter)
{
    uint8_t ahead = o->known ? (uint8_t)(counter - o->next) : 0;
    if (ahead >= 128) {
        o->stale++;
        return GRAT__LIA_STALE;
    }
    o->known = true;
    o->next = (uint8_t)(counter + 1);
    o->lost += ahead;
    return ahead ? GRAT__LIA_GAP : GRAT__LIA_NEXT;
}
