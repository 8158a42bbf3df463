#include "wire/vicp.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__vicp_in in;
    grat__vicp_in_init(&in);
    for (size_t i = 0; i < n;) {
        grat_err e;
        size_t used = grat__vicp_in_feed(&in, data + i, n - i, &e);
        HOLDS(used <= n - i);
        i += used;
        if (e) return 0;
        if (!in.in_body) continue;
        uint8_t again[GRAT__VICP_HEADER];
        grat__vicp_put(again, &in.header);
        HOLDS(in.header.length == in.left || used == 0);
        uint32_t take = in.left < n - i ? in.left : (uint32_t)(n - i);
        grat__vicp_in_took(&in, take);
        i += take;
        HOLDS(in.in_body == (in.left > 0));
        if (!used && !take) return 0;
    }
    return 0;
}
