#include "wire/lia.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__lia_reply reply;
    grat__lia_order order = {0};
    const uint8_t *bytes;
    size_t count;
    uint8_t id;

    if (grat__lia_get_reply(data, n, &reply) == GRAT_OK) {
        grat__buf b;

        HOLDS(reply.n + GRAT__LIA_REPLY_HEADER == n);
        grat__buf_init(&b, 1 << 17);
        if (grat__lia_put_reply(&b, &reply) == GRAT_OK) HOLDS(b.len == n && memcmp(b.data, data, n) == 0);
        grat__buf_free(&b);
    }
    if (grat__lia_get_command(data, n, &id, &bytes, &count) == GRAT_OK) HOLDS(count + 1 == n);
    for (size_t i = 0; i < n; i++) {
        if (grat__lia_place_of(&order, data[i]) != GRAT__LIA_STALE) HOLDS(order.next == (uint8_t)(data[i] + 1));
    }
    HOLDS(order.lost <= 127 * n && order.stale <= n);
    return 0;
}
