/* Settings that are kept, checked and given back, but that nothing in the simulation reads. The spec of a command
 * gives type and default: "b0" boolean, "i2" integer, "e1e-6" number printed %.6e, "wNORMal|PEAK" words (the first
 * is the default), "t…" free text. */
#ifndef SIM_STORE_H
#define SIM_STORE_H

#include "sim/core/scpi.h"

typedef struct sim_store_item {
    struct sim_store_item *next;
    const sim_command *command;
    unsigned number[SIM_SUFFIXES];
    char value[80];
} sim_store_item;

void sim_store_get(sim_call *c);
void sim_store_set(sim_call *c);
/* What was set, of a command without numeric suffixes; NULL when it still has its default. */
const char *sim_store_value(const sim_store_item *list, const sim_command *command);
void sim_store_clear(sim_store_item **list);   /* every setting is its default again */

#endif
