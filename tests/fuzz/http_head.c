#include "wire/http_head.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__http_head h;
    char value[32];
    size_t used = 0;
    grat_err e = grat__http_head_parse(data, n, &h, &used);
    if (e) return 0;
    HOLDS(used <= n && used > 0 && h.path[0] == '/' && h.method[0]);
    if (grat__http_query(h.query, "token", value, sizeof value)) HOLDS(strlen(value) < sizeof value);
    if (grat__http_host_is_local(h.host)) HOLDS(h.host[0]);
    return 0;
}
