/* PICO[::LIBRARY[::SERIAL]]: a unit behind the vendor's library; SIM::ps5444d: a simulated one. No message ever goes
 * to it; the scope driver takes the unit from here. */
#include "transport/pico.h"

#include "transport/list.h"

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_PICO || (r->interface == GRAT_IF_SIM && grat__pico_sim_knows(r->device));
}

static grat_err open_link(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat__pico_link *l = p;
    (void)opt;
    if (r->interface == GRAT_IF_SIM) return grat__pico_open_simulated(r->device, op, &l->unit);
    return grat__pico_open(r->device, r->serial, op, &l->unit);
}

static void close_link(void *p)
{
    grat__pico_link *l = p;
    grat__pico_close(l->unit);
}

static grat_err no_messages(grat_op *op)
{
    op->count = 0;
    return grat_op_fail(op, GRAT_ENOTSUP, "a PicoScope takes no messages; use info, capture, measure, log, gen");
}

static grat_err write_link(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    (void)p;
    (void)data;
    (void)n;
    (void)end;
    return no_messages(op);
}

static grat_err read_link(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    (void)p;
    (void)buf;
    (void)cap;
    (void)term;
    return no_messages(op);
}

static grat_err clear_link(void *p, grat_op *op)
{
    (void)p;
    op->err = GRAT_OK;
    return GRAT_OK;
}

const grat_transport grat__transport_pico = {
    .name = "PicoScope",
    .priv_size = sizeof(grat__pico_link),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = open_link,
    .close = close_link,
    .write = write_link,
    .read = read_link,
    .clear = clear_link,
};
