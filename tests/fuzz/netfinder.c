#include "wire/netfinder.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__netfinder_answer a;
    if (grat__netfinder_get_answer(data, n, &a) == GRAT_OK)
        HOLDS(n >= GRAT__NETFINDER_ANSWER && strlen(a.name) < sizeof a.name);
    return 0;
}
