/* PicoScopes that the vendor's libraries see. They have said what they are with the enumeration; opening one takes
 * seconds and keeps it from others, so none is asked. */
#include "discover/search.h"
#include "pico/pico.h"

#include <stdio.h>
#include <stdlib.h>

/* With firmware to be loaded an enumeration takes longer than the window of the networks. */
#define ENUMERATE_MS 5000

typedef struct asked {
    grat__search *search;
    grat__pico_list list;
} asked;

static grat_err run(void *user, grat_op *window)
{
    asked *a = user;
    grat__pico_list *l = &a->list;
    grat_op op;
    grat_op_init(&op, ENUMERATE_MS, window->cancel);
    grat_err e = grat__pico_enumerate(l, &op);
    if (e) {
        grat__search_explain(a->search, "pico: %s", op.text);
        return e;
    }
    for (unsigned i = 0; i < l->n; i++) {
        const grat__pico_entry *p = &l->entry[i];
        char resource[120];
        grat_identity id = {.vendor = "Pico Technology"};
        snprintf(resource, sizeof resource, "PICO::%s::%s", p->library, p->serial);
        snprintf(id.model, sizeof id.model, "%s", p->model[0] ? p->model : p->library);
        snprintf(id.serial, sizeof id.serial, "%s", p->serial);
        grat__search_saw(a->search, &(grat__seen){.resource = resource, .via = "pico", .identity = &id});
    }
    if (l->why[0]) grat__search_explain(a->search, "pico: %s", l->why);
    grat__search_explain(a->search, l->libraries ? "pico: %u unit%s, %u of the vendor's libraries"
                                                 : "pico: the vendor's PicoSDK is not installed", l->n,
                         l->n == 1 ? "" : "s", l->libraries);
    return GRAT_OK;
}

static void start(grat__search *s)
{
    asked *a = calloc(1, sizeof *a);
    if (!a) return;
    a->search = s;
    grat__search_task(s, run, a);
}

const grat__source grat__source_pico = {.name = "pico", .bit = GRAT_FIND_PICO, .start = start};
