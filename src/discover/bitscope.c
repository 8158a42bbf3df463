/* BitScopes behind a bitscope-server, by multicast. They have said who they are with the answer. */
#include "discover/search.h"
#include "transport/bitscope.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct asked {
    grat__search *search;
    unsigned n;
} asked;

static void on_server(void *user, const grat__bitscope_server *v)
{
    asked *a = user;
    grat_identity id = {.vendor = "BitScope"};
    char resource[120];
    a->n++;
    snprintf(resource, sizeof resource, "BITSCOPE::%s::%u", v->host, v->port);
    snprintf(id.model, sizeof id.model, "%s", v->version);
    grat__search_saw(a->search, &(grat__seen){.resource = resource, .via = "bitscope", .identity = &id,
                                              .note = v->version[0] ? NULL : "it does not say what it is"});
}

static grat_err run(void *user, grat_op *op)
{
    asked *a = user;
    grat_err e = grat__bitscope_servers(NULL, on_server, a, op);
    if (e && e != GRAT_ETIMEOUT)
        grat__search_explain(a->search, "bitscope: %s", op->text);
    else
        grat__search_explain(a->search, "bitscope: multicast to bitscope-servers: %u answer%s", a->n,
                             a->n == 1 ? "" : "s");
    return e;
}

static void start(grat__search *s)
{
    asked *a = malloc(sizeof *a);
    if (!a) return;
    *a = (asked){.search = s};
    grat__search_task(s, run, a);
}

const grat__source grat__source_bitscope = {.name = "bitscope", .bit = GRAT_FIND_BITSCOPE, .start = start};
