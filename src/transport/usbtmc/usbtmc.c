/* USB…::INSTR: which device, by which carrier, and what VISA asks about it. */
#include "transport/usbtmc/tmc.h"

#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"

#include <stdlib.h>
#include <string.h>

enum {
    OUT_MAX = GRAT__TMC_HEADER + (1 << 20) + 4,
    CLOSE_MS = 500,
    LEAVE_MS = 2000,
    LEAVE_STEP_NS = 2000000,
    OPEN_TRIES = 2,
    OPEN_PAUSE_NS = 1000000000,
};

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_USB && r->rclass == GRAT_CLASS_INSTR;
}

/* ---- which device ---------------------------------------------------------------------------------- */

static bool same_serial(const char *wanted, const char *has)
{
    return !wanted[0] || strcmp(wanted, has[0] ? has : "NULL") == 0;
}

/* The interface that was named; PyVISA names 0 even where 0 is something else: then the first one. */
static const grat__usb_entry *choose(const grat_resource *r, const grat__usb_entry *list, unsigned n)
{
    const grat__usb_entry *first = NULL;
    for (unsigned i = 0; i < n; i++) {
        const grat__usb_entry *d = &list[i];
        if (d->vid != r->vid || d->pid != r->pid || !same_serial(r->serial, d->serial)) continue;
        if (r->usb_interface < 0 || d->interface == r->usb_interface) return d;
        if (!first) first = d;
    }
    return r->usb_interface == 0 ? first : NULL;
}

static grat_err find(grat__tmc *t, grat_op *op)
{
    grat__usb_entry *list = calloc(GRAT__USB_LIST_MAX, sizeof *list);
    if (!list) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", t->name);
    unsigned n = grat__usb_list(NULL, list, GRAT__USB_LIST_MAX);
    const grat__usb_entry *d = choose(&t->resource, list, n);
    if (d) t->dev = *d;
    free(list);
    if (d && t->dev.in.address && t->dev.out.address) return GRAT_OK;
    if (d) return grat_op_fail(op, GRAT_EPROTO, "%s: the interface lacks a bulk endpoint", t->name);
    return grat_op_fail(op, GRAT_ENODEV, "%s: no such instrument on USB; check cable and power; grat list shows what "
                        "is there", t->name);
}

/* ---- by which carrier -------------------------------------------------------------------------------- */

/* Rigol DS1000Z: 64-byte endpoints at high speed. Under xHCI each packet then ends its URB. */
static bool small_packets(const grat__usb_entry *d)
{
    return d->speed >= 480 && d->in.size < 512;
}

static const grat__usb_pipe_ops *carrier(const grat__tmc *t)
{
    const char *want = getenv("GRATICULE_USB");
    if (want && grat__strcaseeq(want, "kernel")) return t->dev.node[0] ? &grat__usb_kernel : NULL;
#ifdef GRAT_HAVE_LIBUSB
    if (want && grat__strcaseeq(want, "libusb")) return &grat__usb_libusb;
    if (!t->dev.node[0] || !t->dev.node_open) return &grat__usb_libusb;
    if (small_packets(&t->dev) && t->dev.usb_open) return &grat__usb_libusb;
#endif
    return t->dev.node[0] ? &grat__usb_kernel : NULL;
}

static grat_err no_carrier(const grat__tmc *t, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: the kernel made no /dev/usbtmc for it (modprobe usbtmc), and libusb is "
                        "not used here", t->name);
}

static grat_err open_pipe(grat__tmc *t, grat_op *op)
{
    t->ops = carrier(t);
    if (!t->ops) return no_carrier(t, op);
    if (!t->dev.accessible && t->dev.why[0]) return grat_op_fail(op, GRAT_EACCES, "%s", t->dev.why);
    t->pipe = calloc(1, t->ops->priv_size);
    if (!t->pipe) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", t->name);
    t->pipe->dev = &t->dev;
    grat_err e = t->ops->open(t->pipe, op);
    if (e) {
        free(t->pipe);
        t->pipe = NULL;
    }
    return e;
}

/* Who waits for a service request beside us must have left before the pipe goes. */
static void close_pipe(grat__tmc *t)
{
    grat_op op;
    if (!t->pipe) return;
    atomic_store(&t->closing, true);
    atomic_store(&t->pipe->srq_off, true);
    t->ops->srq_stop(t->pipe);
    grat_op_init(&op, LEAVE_MS, NULL);
    while (atomic_load(&t->waiters) && !grat_op_sleep_until(&op, grat_now_ns() + LEAVE_STEP_NS)) continue;
    t->ops->close(t->pipe);
    free(t->pipe);
    t->pipe = NULL;
    atomic_store(&t->closing, false);
}

static grat_err connect_device(grat__tmc *t, grat_op *op)
{
    grat_err e = find(t, op);
    if (e) return e;
    t->quirks = grat__tmc_quirks_of(t->dev.vid, t->dev.pid);
    for (unsigned i = 0; i < OPEN_TRIES; i++) {
        e = open_pipe(t, op);
        if (e != GRAT_EIO || !(t->quirks.flags & GRAT__TMC_RETRY_OPEN)) break;
        if (grat_op_sleep_until(op, grat_now_ns() + OPEN_PAUSE_NS)) return op->err;
    }
    if (e) return e;
    /* The kernel driver loses track of such packets: answers that fit in one each. */
    if (t->ops == &grat__usb_kernel && small_packets(&t->dev) && t->dev.in.size > GRAT__TMC_HEADER)
        t->quirks.max_request = t->dev.in.size - GRAT__TMC_HEADER;
    t->tag = t->stb_tag = 0;
    t->out_open = t->answered = false;
    grat__tmc_forget_in(t);
    e = grat__tmc_get_capabilities(t, op);
    if (!e && t->srq_on) e = t->ops->srq_enable(t->pipe, true, op);
    if (!e && t->notices_on) e = t->ops->notice_enable(t->pipe, true, op);
    if (e) close_pipe(t);
    return e;
}

grat_err grat__tmc_reopen(grat__tmc *t, grat_op *op)
{
    close_pipe(t);
    grat_err e = connect_device(t, op);
    if (e == GRAT_ENODEV)
        return grat_op_fail(op, GRAT_ELOST, "%s: unplugged; connect the instrument again", t->name);
    if (e) return e;
    t->in_open = true;           /* what was under way is: the abort's answer names its tag */
    t->in.tag = 1;
    e = grat__tmc_settle(t, op);
    return e ? e : grat__tmc_clear_halts(t, op);
}

grat_err grat__tmc_here(const grat__tmc *t, grat_op *op)
{
    if (t->pipe && !t->pipe->lost) return GRAT_OK;
    return grat_op_fail(op, GRAT_ELOST, "%s: unplugged; connect the instrument again", t->name);
}

static void tmc_close(void *p)
{
    grat__tmc *t = p;
    grat_op op;
    grat_op_init(&op, CLOSE_MS, NULL);
    if (t->pipe && !t->pipe->lost) {
        grat__tmc_settle(t, &op);
        if (t->remote) grat__tmc_ren(t, GRAT_REN_OFF_LOCAL, &op);
    }
    close_pipe(t);
    free(t->out);
}

static grat_err tmc_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat__tmc *t = p;
    (void)opt;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    t->resource = *r;
    grat_resource_format(r, t->name, sizeof t->name);
    t->out = malloc(OUT_MAX);
    if (!t->out) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", t->name);
    e = connect_device(t, op);
    if (e) free(t->out);
    return e;
}

/* ---- service requests -------------------------------------------------------------------------------------- */

static grat_err srq_enable(void *p, bool on, grat_op *op)
{
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (e) return e;
    if (!t->dev.interrupt.address)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument has no interrupt endpoint, so no service requests",
                            t->name);
    e = t->ops->srq_enable(t->pipe, on, op);
    if (!e) t->srq_on = on;
    return e;
}

static grat_err srq_wait(void *p, grat_op *op)
{
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    atomic_fetch_add(&t->waiters, 1);
    if (atomic_load(&t->closing) || !t->pipe)
        e = grat_op_fail(op, GRAT_ELOST, "%s: the connection is being made anew", t->name);
    else if (!t->srq_on) e = grat_op_fail(op, GRAT_EINVAL, "%s: service requests are not enabled", t->name);
    else e = t->ops->srq_wait(t->pipe, op);
    atomic_fetch_sub(&t->waiters, 1);
    return e;
}

static grat_err notice_enable(void *p, unsigned kinds, grat_op *op)
{
    grat__tmc *t = p;
    bool on = kinds & GRAT_NOTICE_INTERRUPT;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (e) return e;
    if (!t->ops->notice_enable)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the kernel's driver keeps interrupt packets to itself; use libusb "
                            "(GRATICULE_USB=libusb)", t->name);
    e = t->ops->notice_enable(t->pipe, on, op);
    if (!e) t->notices_on = on;
    return e;
}

static grat_err notice_wait(void *p, grat_notice *out, grat_op *op)
{
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    atomic_fetch_add(&t->waiters, 1);
    if (atomic_load(&t->closing) || !t->pipe)
        e = grat_op_fail(op, GRAT_ELOST, "%s: the connection is being made anew", t->name);
    else if (!t->notices_on) e = grat_op_fail(op, GRAT_EINVAL, "%s: notices are not enabled", t->name);
    else e = t->ops->notice_wait(t->pipe, out, op);
    atomic_fetch_sub(&t->waiters, 1);
    return e;
}

/* ---- attributes ----------------------------------------------------------------------------------------- */

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    const grat__tmc *t = p;
    grat_value v = {0};
    switch (a) {
    case GRAT_ATTR_USB_VID: v.number = t->dev.vid; break;
    case GRAT_ATTR_USB_PID: v.number = t->dev.pid; break;
    case GRAT_ATTR_USB_SERIAL: grat__strcpy(v.text, sizeof v.text, t->dev.serial); break;
    case GRAT_ATTR_USB_MANUFACTURER: grat__strcpy(v.text, sizeof v.text, t->dev.manufacturer); break;
    case GRAT_ATTR_USB_PRODUCT: grat__strcpy(v.text, sizeof v.text, t->dev.product); break;
    case GRAT_ATTR_USB_INTERFACE: v.number = t->dev.interface; break;
    case GRAT_ATTR_USB_PROTOCOL: v.number = t->dev.protocol; break;
    case GRAT_ATTR_USB_488: v.number = !!(t->caps.usb488_interface & GRAT__TMC_488IF_4882); break;
    case GRAT_ATTR_USB_INTERRUPT_SIZE: v.number = t->dev.interrupt.size; break;
    default: return grat_op_fail(op, GRAT_ENOTSUP, "%s: USB has no such attribute", t->name);
    }
    *out = v;
    return GRAT_OK;
}

const grat_transport grat__transport_usbtmc = {
    .name = "USBTMC",
    .priv_size = sizeof(grat__tmc),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED | GRAT_TCAP_NEWLINE,
    .serves = serves,
    .open = tmc_open,
    .close = tmc_close,
    .write = grat__tmc_write,
    .read = grat__tmc_read,
    .clear = grat__tmc_clear,
    .stb = grat__tmc_stb,
    .trigger = grat__tmc_trigger,
    .ren = grat__tmc_ren,
    .srq_enable = srq_enable,
    .srq_wait = srq_wait,
    .notice_enable = notice_enable,
    .notice_wait = notice_wait,
    .usb_control = grat__tmc_usb_control,
    .attr_get = attr_get,
    .discard = grat__tmc_discard,
};
