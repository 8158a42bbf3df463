#include <string.h>

#include "core/str.h"
#include "scope/drv/bitscope/bitscope.h"

enum { COMPARATOR = 0x01, SOURCE_B = 0x04, INVERT = 0x40 };
enum { BIT_A = 0x80, BIT_B = 0x40 };

/* "1", "A" -> 0; "2", "B" -> 1; "L3", "D3" -> 19; -1 */
static int source_of(const char *name)
{
    int n = -1;
    if (grat__strcaseeq(name, "A")) return 0;
    if (grat__strcaseeq(name, "B")) return 1;
    if ((name[0] == 'L' || name[0] == 'D' || name[0] == 'l' || name[0] == 'd') && grat__parse_int(name + 1, &n))
        return n >= 0 && n < BS_LOGIC ? 16 + n : -1;
    return grat__parse_int(name, &n) && n >= 1 && n <= BS_ANALOG ? n - 1 : -1;
}

static void from_pattern(const char *pattern, bool inverted, bs_trigger *t)
{
    t->mask = 0xff;
    for (unsigned i = 0; i < BS_LOGIC; i++) {
        char c = pattern[BS_LOGIC - 1 - i];
        uint8_t bit = (uint8_t)(1u << i);
        if (c != '0' && c != '1') continue;
        t->mask &= (uint8_t)~bit;
        if (c == '1') t->logic |= bit;
    }
    t->option = COMPARATOR | (inverted ? INVERT : 0);
    /* Bits 7 and 6 are the comparators of A and B. */
    t->sink_a = (uint8_t)~t->mask & (BIT_A | BIT_B);
}

grat_err bs_trigger_of(const grat_settings *s, bs_trigger *out, grat_op *op)
{
    bool falls = s->trigger_slope == GRAT_FALLING || s->trigger_slope == GRAT_BELOW;
    bool level = s->trigger_slope == GRAT_ABOVE || s->trigger_slope == GRAT_BELOW;
    unsigned filter = s->trigger_hair ? 2 : 4;
    bs_trigger t = {.intro = level ? 0 : filter, .outro = filter};
    if (strcmp(s->trigger_type, "none") == 0) {
        /* Nothing must match: it fires at once. */
        *out = (bs_trigger){.mask = 0xff, .option = COMPARATOR, .outro = 2, .at_once = true};
        return GRAT_OK;
    }
    if (s->trigger_slope == GRAT_EITHER)
        return grat_op_fail(op, GRAT_ERANGE, "trigger: there is no trigger on both edges; the nearest is rising");
    if (strcmp(s->trigger_type, "pattern") == 0) {
        if (strlen(s->trigger_source) != BS_LOGIC)
            return grat_op_fail(op, GRAT_ERANGE, "trigger pattern: there are L0 to L7");
        from_pattern(s->trigger_source, falls, &t);
        *out = t;
        return GRAT_OK;
    }
    int source = source_of(s->trigger_source);
    if (source < 0)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source %s: there are A, B and L0 to L7", s->trigger_source);
    t.on_analog = source < 16;
    t.logic = (uint8_t)(t.on_analog ? (unsigned)BIT_A >> source : 1u << (source - 16));
    t.mask = (uint8_t)~t.logic;
    t.sink_a = t.logic & (BIT_A | BIT_B);
    t.option = COMPARATOR | (source == 1 ? SOURCE_B : 0);
    if (falls && t.on_analog) t.option |= INVERT;
    else if (falls) t.logic = 0;
    *out = t;
    return GRAT_OK;
}
