#include "sim/core/store.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/model.h"

/* Numeric suffixes make more places than any instrument has. */
#define MAX_STORED 2048

static sim_store_item *find(sim_call *c)
{
    for (sim_store_item *i = c->in->store; i; i = i->next)
        if (i->command == c->command && memcmp(i->number, c->number, sizeof i->number) == 0) return i;
    return NULL;
}

static void put_default(sim_call *c, const char *spec)
{
    double v = 0;
    char word[24];
    if (*spec == 'w') {
        sim_put(c, "%s", sim_word(spec + 1, 0, word));
    } else if (*spec == 'e') {
        grat__parse_double(spec + 1, &v);
        sim_put(c, "%.6e", v);
    } else {
        sim_put(c, "%s", spec + 1);
    }
}

void sim_store_get(sim_call *c)
{
    const sim_store_item *i = find(c);
    if (i) sim_put(c, "%s", i->value);
    else put_default(c, c->command->spec);
}

/* The value as it will be read back; false when it was refused. */
static bool normal_form(sim_call *c, char *out, size_t cap)
{
    const char *spec = c->command->spec;
    double v;
    bool on;
    char word[24];
    int index;
    switch (*spec) {
    case 'b':
        if (!sim_arg_bool(c, 0, &on)) return false;
        snprintf(out, cap, "%d", on);
        return true;
    case 'i':
        if (!sim_arg_number(c, 0, &v)) return false;
        snprintf(out, cap, "%.0f", v);
        return fabs(v) < 1e15;
    case 'e':
        if (!sim_arg_number(c, 0, &v)) return false;
        snprintf(out, cap, "%.6e", v);
        return true;
    case 'w':
        index = sim_arg_word(c, 0, spec + 1);
        if (index >= 0) snprintf(out, cap, "%s", sim_word(spec + 1, index, word));
        return index >= 0;
    default: return grat__strcpy(out, cap, c->args);
    }
}

void sim_store_set(sim_call *c)
{
    char value[sizeof ((sim_store_item *)0)->value];
    if (!normal_form(c, value, sizeof value)) return;
    sim_store_item *i = find(c);
    if (!i) {
        i = c->in->stored < MAX_STORED ? calloc(1, sizeof *i) : NULL;
        if (!i) return;
        c->in->stored++;
        i->command = c->command;
        memcpy(i->number, c->number, sizeof i->number);
        i->next = c->in->store;
        c->in->store = i;
    }
    grat__strcpy(i->value, sizeof i->value, value);
}

const char *sim_store_value(const sim_store_item *list, const sim_command *command)
{
    while (list && list->command != command) list = list->next;
    return list ? list->value : NULL;
}

void sim_store_clear(sim_store_item **list)
{
    while (*list) {
        sim_store_item *i = *list;
        *list = i->next;
        free(i);
    }
}
