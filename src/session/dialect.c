#include "session/dialect.h"

static const grat__dialect *const dialects[] = {&grat__dialect_bitscope, &grat__dialect_pico};

const grat__dialect *grat__dialect_find(const grat_resource *r)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (dialects[i]->serves(r)) return dialects[i];
    return NULL;
}
