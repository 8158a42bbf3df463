/* The first byte chooses the unit. What parses can be written and parsed back to six digits. */
#include <graticule/graticule.h>

#include <math.h>

#include "core/str.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const units[] = {"s", "V", "Hz", "S", "S/s", "%", ""};
    char text[256], out[64];
    const char *unit;
    double value = 0, again = 0;
    uint64_t u;
    int i;
    bool b;
    grat_op op;

    if (!n || n >= sizeof text) return 0;
    unit = units[data[0] % 7];
    memcpy(text, data + 1, n - 1);
    text[n - 1] = '\0';
    grat__parse_double(text, &value);
    grat__parse_u64(text, &u);
    grat__parse_int(text, &i);
    grat__parse_bool(text, &b);
    grat_op_init(&op, 1000, NULL);
    if (grat_parse_quantity(text, unit, &value, &op) != GRAT_OK) {
        HOLDS(op.text[0] != '\0');
        return 0;
    }
    if (!isfinite(value) || fabs(value) > 1e12 || fabs(value) < 1e-12) return 0;
    HOLDS(grat_format_quantity(out, sizeof out, value, unit) == out);
    if (strcmp(unit, "%") == 0) return 0;
    if (grat_parse_quantity(out, unit, &again, &op) != GRAT_OK || fabs(again - value) > fabs(value) * 1e-5) {
        fprintf(stderr, "\"%s\" is %.17g, written \"%s\", read back %.17g %s\n", text, value, out, again, op.text);
        abort();
    }
    return 0;
}
