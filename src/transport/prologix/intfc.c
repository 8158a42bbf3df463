/* The adapter itself (PRLGX-TCPIP::host::1234::INTFC, PRLGX-ASRL::/dev/ttyUSB0::INTFC): its own lines, as they are.
 * While one is open, GPIB<board>::… of the same board number is behind it. */
#include "core/wait.h"
#include "transport/list.h"
#include "transport/prologix/adapter.h"

typedef struct intfc {
    adapter *a;
} intfc;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_PRLGX_TCPIP || r->interface == GRAT_IF_PRLGX_ASRL;
}

static grat_err intfc_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    intfc *f = p;
    f->a = grat__prlgx_adapter(r, opt->serial, op);
    if (!f->a) return op->err;
    grat_err e = grat__prlgx_enter(f->a, NULL, false, op);
    if (e) {
        grat__prlgx_unref(f->a);
        return e;
    }
    grat__prlgx_leave(f->a);
    grat__prlgx_set_board(f->a, r->board, 1);
    return GRAT_OK;
}

static void intfc_close(void *p)
{
    intfc *f = p;
    grat__prlgx_set_board(f->a, 0, -1);
    grat__prlgx_unref(f->a);
}

/* Whatever it says may change the adapter's settings. */
static grat_err intfc_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    intfc *f = p;
    (void)end;
    grat_err e = grat__prlgx_enter(f->a, NULL, false, op);
    op->count = 0;
    if (e) return e;
    f->a->pad = f->a->sad = -1;
    f->a->foreign = true;
    e = grat__prlgx_send(f->a, data, n, op);
    grat__prlgx_leave(f->a);
    return e;
}

static grat_err intfc_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    intfc *f = p;
    (void)term;
    grat_err e = grat__prlgx_enter(f->a, NULL, false, op);
    op->count = 0;
    if (e) return e;
    e = grat__prlgx_recv(f->a, buf, cap, op);
    grat__prlgx_leave(f->a);
    op->reason = !e && op->count == cap ? GRAT_REASON_COUNT : 0;
    return e;
}

static grat_err command(intfc *f, const char *line, grat_op *op)
{
    grat_err e = grat__prlgx_enter(f->a, NULL, false, op);
    if (e) return e;
    e = grat__prlgx_puts(f->a, line, op);
    if (!e) e = grat__prlgx_sync(f->a, op);
    grat__prlgx_leave(f->a);
    op->count = 0;
    return e;
}

static grat_err intfc_clear(void *p, grat_op *op)
{
    return command(p, "++ifc", op);
}

static grat_err intfc_bus(void *p, const grat_bus_args *args, grat_op *op)
{
    if (args->what == GRAT_BUS_IFC) return command(p, "++ifc", op);
    return grat_op_fail(op, GRAT_ENOTSUP, "an adapter of this kind sends no bus commands of your own");
}

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    intfc *f = p;
    unsigned v = 0;
    if (a == GRAT_ATTR_GPIB_CIC || a == GRAT_ATTR_GPIB_SYSTEM_CONTROLLER || a == GRAT_ATTR_GPIB_REN) {
        out->number = 1;
        return GRAT_OK;
    }
    if (a != GRAT_ATTR_GPIB_SRQ)
        return grat_op_fail(op, GRAT_ENOTSUP, "an adapter of this kind does not tell this");
    grat_err e = grat__prlgx_enter(f->a, NULL, false, op);
    if (e) return e;
    e = grat__prlgx_number(f->a, "++srq", &v, op);
    grat__prlgx_leave(f->a);
    out->number = v;
    return e;
}

const grat_transport grat__transport_prologix_intfc = {
    .name = "GPIB adapter",
    .priv_size = sizeof(intfc),
    .serves = serves,
    .open = intfc_open,
    .close = intfc_close,
    .write = intfc_write,
    .read = intfc_read,
    .clear = intfc_clear,
    .bus = intfc_bus,
    .attr_get = attr_get,
};
