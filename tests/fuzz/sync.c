/* The text as an instrument's clock, twice with different delays, and as a recipe. */
#include "sync/sync_int.h"

#include <math.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int64_t utc = 1700000000000000000;
    char text[256], room[64];
    grat__sync_clock k = {0};
    grat_recipe r;
    grat_op op;
    if (n >= sizeof text) return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    if (grat__sync_clock_take(&k, text, utc, utc + 1000000)) {
        HOLDS(k.known && isfinite(k.offset) && k.uncertainty > 0 && isfinite(k.uncertainty));
        double first = k.uncertainty;
        HOLDS(grat__sync_clock_take(&k, text, utc, utc + 2000000));
        HOLDS(k.uncertainty <= first);
    } else {
        HOLDS(!k.known);
    }
    grat_op_init(&op, 1000, NULL);
    if (grat_recipe_parse(text, room, sizeof room, &r, &op)) HOLDS(op.text[0] != '\0');
    else HOLDS(r.size == sizeof r);
    return 0;
}
