/* The text as an instrument's clock, twice with different delays, and as a recipe. */
#include "sync/sync_int.h"

#include <math.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const int64_t s = 1000000000;
    grat__clock_model m;
    grat__clock_moment at;
    char text[256], room[64];
    grat__sync_clock k = {.utc_ns = 1700000000 * s};
    grat_recipe r;
    grat_op op;
    if (n >= sizeof text) return 0;
    memcpy(text, data, n);
    text[n] = '\0';
    bool taken = grat__sync_clock_take(&k, text, 0, s / 1000);
    HOLDS(grat__sync_clock_at(&k, s, &m) == taken);
    for (unsigned i = 0; taken && i < 3; i++) {
        HOLDS(isfinite(m.offset) && m.offset_uncertainty > 0 && isfinite(m.offset_uncertainty));
        HOLDS(isfinite(m.drift) && m.drift_uncertainty > 0);
        HOLDS(grat__sync_clock_take(&k, text, (i + 1) * s, (i + 1) * s + s / 500));
        HOLDS(grat__sync_clock_at(&k, (i + 2) * s, &m));
    }
    if (taken && grat__sync_clock_when(&k, text, 2 * s, &at)) HOLDS(at.uncertainty_ns > 0);
    grat_op_init(&op, 1000, NULL);
    if (grat_recipe_parse(text, room, sizeof room, &r, &op)) HOLDS(op.text[0] != '\0');
    else HOLDS(r.size == sizeof r);
    return 0;
}
