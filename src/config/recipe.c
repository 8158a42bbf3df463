/* The recipes by name. SCPI-1999: the trigger model of volume 1 chapter 6 and the subsystems TRIGger and STATus. */
#include <graticule/sync.h>

#include "core/str.h"

#include <stddef.h>
#include <string.h>

#define WAITING_FOR_TRIGGER 32   /* bit 5 of the operation status register */

static const struct {
    const char *name, *text;
    grat_recipe recipe;
} recipes[] = {
    {"init", "INITiate, then FETCh?",
     {.ready = "*OPC?", .start = "INITiate", .read = "FETCh?", .abort = "ABORt"}},
    {"read", "READ?, its answer is the result", {.ready = "*OPC?", .start = "READ?", .abort = "ABORt"}},
    {"trigger", "armed for the bus trigger, started by the wire's trigger or *TRG, then FETCh?",
     {.arm = "TRIGger:SOURce BUS\nINITiate", .ready = "STATus:OPERation:CONDition?",
      .ready_mask = WAITING_FOR_TRIGGER, .start = "@trigger", .read = "FETCh?", .abort = "ABORt"}},
    {"external", "armed for its trigger input, started by another instrument, then FETCh?",
     {.arm = "TRIGger:SOURce EXTernal\nINITiate", .ready = "STATus:OPERation:CONDition?",
      .ready_mask = WAITING_FOR_TRIGGER, .read = "FETCh?", .abort = "ABORt"}},
    {"memory", "a scope as below, with the whole acquisition memory",
     {.ready = "*OPC?", .start = "@single", .read = "@memory", .abort = "@stop"}},
    {"scope", "a scope's single acquisition and its record, by the driver",
     {.ready = "*OPC?", .start = "@single", .read = "@record", .abort = "@stop"}},
};

bool grat_recipe_nth(unsigned i, const char **name, const char **text, grat_recipe *out)
{
    if (i >= sizeof recipes / sizeof *recipes) return false;
    *name = recipes[i].name;
    *text = recipes[i].text;
    *out = recipes[i].recipe;
    out->size = sizeof *out;
    return true;
}

grat_err grat_recipe_parse(const char *text, char *room, size_t cap, grat_recipe *out, grat_op *op)
{
    const char *name, *about;
    grat_recipe r;
    for (unsigned i = 0; grat_recipe_nth(i, &name, &about, &r); i++) {
        if (!grat__strcaseeq(text, name)) continue;
        *out = r;
        return GRAT_OK;
    }
    if (!grat__strcpy(room, cap, text)) return grat_op_fail(op, GRAT_ETOOBIG, "%.40s…: the recipe is too long", text);
    char *read = strchr(room, '|'), *abort = read ? strchr(read + 1, '|') : NULL;
    if (!abort || strchr(abort + 1, '|'))
        return grat_op_fail(op, GRAT_EPARSE, "%.60s: no recipe; it is init, read, trigger, external, scope, memory or "
                            "'START|READ|ABORT'", text);
    *read++ = '\0';
    *abort++ = '\0';
    *out = (grat_recipe){.size = sizeof *out, .ready = "*OPC?", .start = room, .read = read, .abort = abort};
    return GRAT_OK;
}
