#include "wire/portmap.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__pmap_mapping m, list[4], again;
    grat__pmap_callit call;
    grat__pmap_callit_result result;
    size_t count = 4;
    uint32_t word;

    if (grat__pmap_get_mapping(data, n, &m) == GRAT_OK) {
        grat__buf b;

        grat__buf_init(&b, 64);
        HOLDS(grat__pmap_put_mapping(&b, &m) == GRAT_OK);
        HOLDS(grat__pmap_get_mapping(b.data, b.len, &again) == GRAT_OK);
        HOLDS(m.prog == again.prog && m.vers == again.vers && m.prot == again.prot && m.port == again.port);
        grat__buf_free(&b);
    }
    if (grat__pmap_get_word(data, n, &word) == GRAT_OK) HOLDS(n >= 4);
    if (grat__pmap_get_dump(data, n, list, &count) == GRAT_OK) HOLDS(count <= 4);
    if (grat__pmap_get_callit(data, n, &call) == GRAT_OK) HOLDS(call.args_len <= n);
    if (grat__pmap_get_callit_result(data, n, &result) == GRAT_OK) HOLDS(result.n <= n);
    return 0;
}
