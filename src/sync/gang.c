/* Members on one GPIB board that start by the bus trigger: addressed as listeners together, they are started by one
 * group execute trigger (IEEE 488.1: UNL 0x3f, listen addresses from 0x20, secondary addresses from 0x60, GET 0x08). */
#include "sync/sync_int.h"

#include <stdio.h>
#include <string.h>

enum { GET = 0x08, LISTEN = 0x20, UNLISTEN = 0x3f, SECONDARY = 0x60 };

bool grat__sync_gang_address(const grat__sync_item *i, grat_resource *out)
{
    grat_op op;
    const char *start = i->spec.recipe.start;
    grat_op_init(&op, 0, NULL);
    return i->session && start && strcmp(start, "@trigger") == 0 &&
           grat_resource_parse(i->result.resource, out, &op) == GRAT_OK && out->interface == GRAT_IF_GPIB &&
           out->rclass == GRAT_CLASS_INSTR;
}

void grat__sync_gang_open(grat__sync_gang *g, const grat_open_options *open, grat_op *op)
{
    char resource[32];
    grat_op one;
    grat_op_init(&one, 0, op->cancel);
    one.deadline_ns = op->deadline_ns;
    snprintf(resource, sizeof resource, "GPIB%u::INTFC", g->board);
    if (grat_open(resource, open->size ? open : NULL, &one, &g->bus)) g->bus = NULL;
}

/* One command sequence for all of the gang that take part. */
grat_err grat__sync_gang_fire(const grat__sync_gang *g, grat_op *op)
{
    uint8_t bytes[2 * GRAT_SYNC_MAX + 3];
    size_t n = 0;
    bytes[n++] = UNLISTEN;
    for (unsigned k = 0; k < g->members; k++) {
        const grat__sync_item *i = g->member[k];
        if (!i->alive) continue;
        bytes[n++] = (uint8_t)(LISTEN + i->primary);
        if (i->secondary >= 0) bytes[n++] = (uint8_t)(SECONDARY + i->secondary);
    }
    bytes[n++] = GET;
    bytes[n++] = UNLISTEN;
    grat_bus_args a = {.what = GRAT_BUS_COMMAND, .data = bytes, .size = n};
    return grat_bus(g->bus, &a, op);
}
