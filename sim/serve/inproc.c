/* SIM::model: a simulated instrument inside the process, behind the same session calls as a real one. A message wire:
 * answers carry END; for an instrument without SCPI a stream of bytes. It runs in the caller's thread, whenever the
 * caller reads or writes. */
#include "sim/serve/inproc.h"

#include "sim/core/instrument.h"

#include <stdio.h>
#include <string.h>

/* Every instrument of one process is another unit with the same signals. */
#define SEED 1

typedef struct inproc {
    sim_instrument *instrument;
    sim_port *port;
} inproc;

static bool bytes(const grat_resource *r)
{
    char model[256];
    snprintf(model, sizeof model, "%s", r->device);
    model[strcspn(model, "?")] = '\0';
    return sim_model_is_bytes(model);
}

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_SIM && !bytes(r);
}

static bool serves_bytes(const grat_resource *r)
{
    return r->interface == GRAT_IF_SIM && bytes(r);
}

static grat_err in_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    inproc *t = p;
    char model[256], why[256];
    (void)opt;
    snprintf(model, sizeof model, "%s", r->device);
    char *options = strchr(model, '?');
    if (options) *options++ = '\0';
    t->instrument = sim_instrument_new(model, options, SEED, why);
    if (!t->instrument) return grat_op_fail(op, GRAT_ENODEV, "SIM::%s: %s", r->device, why);
    t->port = sim_port_new(t->instrument,
                           sim_instrument_is_bytes(t->instrument) ? SIM_PORT_STREAM : SIM_PORT_MESSAGE);
    if (t->port) return GRAT_OK;
    sim_instrument_free(t->instrument);
    return grat_op_fail(op, GRAT_ENOMEM, "SIM::%s: out of memory", r->device);
}

static void in_close(void *p)
{
    inproc *t = p;
    sim_port_free(t->port);
    sim_instrument_free(t->instrument);
}

static grat_err in_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    inproc *t = p;
    grat_err e = grat_op_check(op);
    op->count = 0;
    if (e) return e;
    sim_instrument_step(t->instrument, grat_now_ns());
    /* A new message while an answer is unread: IEEE 488.2 §6.3.2.3, INTERRUPTED. */
    if (!sim_instrument_is_bytes(t->instrument) && sim_port_pending(t->port)) {
        sim_port_clear(t->port);
        sim_instrument_query_error(t->instrument, -410);
    }
    sim_port_input(t->port, data, n, end);
    op->count = n;
    return GRAT_OK;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static grat_err in_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    inproc *t = p;
    (void)term;
    op->count = 0;
    op->reason = 0;
    for (;;) {
        const uint8_t *data;
        bool last = false;
        int64_t now = grat_now_ns(), step = sim_instrument_step(t->instrument, now);
        size_t n = sim_port_peek(t->port, now, &data, &last);
        if (n || last) {
            size_t take = n < cap ? n : cap;
            memcpy(buf, data, take);
            op->count = take;
            last = last && !sim_instrument_is_bytes(t->instrument);
            op->reason = (take == cap ? GRAT_REASON_COUNT : 0) | (last && take == n ? GRAT_REASON_END : 0);
            sim_port_consume(t->port, take);
            return GRAT_OK;
        }
        grat_err e = grat_op_sleep_until(op, earlier(step, sim_port_next(t->port)));
        if (e) return e;
    }
}

static grat_err in_clear(void *p, grat_op *op)
{
    inproc *t = p;
    (void)op;
    sim_port_clear(t->port);
    return GRAT_OK;
}

static grat_err in_stb(void *p, uint8_t *stb, grat_op *op)
{
    inproc *t = p;
    (void)op;
    sim_instrument_step(t->instrument, grat_now_ns());
    *stb = sim_instrument_poll(t->instrument, sim_port_pending(t->port));
    return GRAT_OK;
}

static grat_err in_trigger(void *p, grat_op *op)
{
    inproc *t = p;
    (void)op;
    sim_instrument_trigger(t->instrument);
    return GRAT_OK;
}

const grat_transport grat__transport_sim = {
    .name = "simulated instrument",
    .priv_size = sizeof(inproc),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = in_open,
    .close = in_close,
    .write = in_write,
    .read = in_read,
    .clear = in_clear,
    .stb = in_stb,
    .trigger = in_trigger,
};

const grat_transport grat__transport_sim_bytes = {
    .name = "simulated byte stream",
    .priv_size = sizeof(inproc),
    .serves = serves_bytes,
    .open = in_open,
    .close = in_close,
    .write = in_write,
    .read = in_read,
    .clear = in_clear,
};
