#include "session/pico.h"

#include <stdio.h>

#include "session/dialect.h"
#include "session/session.h"
#include "transport/pico.h"

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_PICO || (r->interface == GRAT_IF_SIM && grat__pico_sim_knows(r->device));
}

static grat_err identify(grat_session *s, char *out, size_t cap, grat_op *op)
{
    const grat__pico_unit *u = grat__pico_session_unit(s);
    (void)op;
    snprintf(out, cap, "Pico Technology,%s,%s,%s", u->variant, u->serial, u->version);
    return GRAT_OK;
}

const grat__dialect grat__dialect_pico = {.name = "PicoScope", .serves = serves, .identify = identify};

grat__pico_unit *grat__pico_session_unit(grat_session *s)
{
    grat__pico_link *l = s->priv;
    return s->dialect == &grat__dialect_pico ? l->unit : NULL;
}
