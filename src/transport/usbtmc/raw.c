/* USB…::RAW: the pipes of any interface, by libusb. Bytes as they come; what ends a message is GRAT_ATTR_USB_END_IN. */
#include "transport/usbtmc/pipe.h"

#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"

#include <stdlib.h>
#include <string.h>

enum {
    OUT_PIECE = 256 << 10,
    LEAVE_MS = 2000,
    LEAVE_STEP_NS = 2000000,
    END_NONE = 0,
    END_SHORT = 4,
    END_SHORT_OR_COUNT = 5,
};

typedef struct raw {
    grat__usb_entry dev;
    char name[300];
    const grat__usb_pipe_ops *ops;
    grat__usb_pipe *pipe;
    int64_t end_in;
    grat__usb_piece piece;           /* of a transfer that was longer than what was asked for */
    size_t at;                       /* given out of it */
    bool out_halted, in_halted;
    bool notices_on;
    atomic_bool closing;
    atomic_int waiters;              /* inside notice_wait */
} raw;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_USB && r->rclass == GRAT_CLASS_RAW;
}

/* ---- open, close ----------------------------------------------------------------------------------- */

/* VISA's "no interface given" is the lowest one. */
static grat_err find(raw *w, const grat_resource *r, grat_op *op)
{
    grat__usb_entry *list = calloc(GRAT__USB_LIST_MAX, sizeof *list);
    if (!list) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", w->name);
    unsigned n = grat__usb_list_raw(NULL, list, GRAT__USB_LIST_MAX);
    const grat__usb_entry *found = NULL;
    for (unsigned i = 0; i < n && !found; i++) {
        const grat__usb_entry *d = &list[i];
        bool same = d->vid == r->vid && d->pid == r->pid;
        bool serial = !r->serial[0] || strcmp(r->serial, d->serial[0] ? d->serial : "NULL") == 0;
        if (same && serial && (r->usb_interface < 0 || d->interface == r->usb_interface)) found = d;
    }
    if (found) w->dev = *found;
    free(list);
    if (found) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENODEV, "%s: no such device or interface on USB; check cable and power", w->name);
}

static grat_err raw_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    raw *w = p;
    (void)opt;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    grat_resource_format(r, w->name, sizeof w->name);
    w->end_in = END_SHORT_OR_COUNT;
#ifdef GRAT_HAVE_LIBUSB
    w->ops = &grat__usb_libusb;
#else
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: this build is without libusb, which RAW needs", w->name);
#endif
    if ((e = find(w, r, op))) return e;
    if (!w->dev.usb_open) return grat_op_fail(op, GRAT_EACCES, "%s", w->dev.why);
    w->pipe = calloc(1, w->ops->priv_size);
    if (!w->pipe) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", w->name);
    w->pipe->dev = &w->dev;
    w->pipe->raw = true;
    e = w->ops->open(w->pipe, op);
    if (e) free(w->pipe);
    return e;
}

static void raw_close(void *p)
{
    raw *w = p;
    grat_op op;
    atomic_store(&w->closing, true);
    atomic_store(&w->pipe->srq_off, true);
    w->ops->srq_stop(w->pipe);
    grat_op_init(&op, LEAVE_MS, NULL);
    while (atomic_load(&w->waiters) && !grat_op_sleep_until(&op, grat_now_ns() + LEAVE_STEP_NS)) continue;
    w->ops->close(w->pipe);
    free(w->pipe);
}

static grat_err here(const raw *w, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (!e && w->pipe->lost) e = grat_op_fail(op, GRAT_ELOST, "%s: unplugged; connect the device again", w->name);
    return e;
}

static grat_err no_pipe(const raw *w, const char *kind, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: the interface has no %s endpoint", w->name, kind);
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

static grat_err raw_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    raw *w = p;
    const uint8_t *from = data;
    size_t done = 0;
    (void)end;
    grat_err e = here(w, op);
    if (!e && !w->dev.out.address) e = no_pipe(w, "bulk-OUT", op);
    while (!e && done < n) {
        size_t k = n - done < OUT_PIECE ? n - done : OUT_PIECE;
        op->count = 0;
        e = w->ops->out(w->pipe, from + done, k, op);
        done += op->count;
        if (!e) e = done < n ? grat_op_check(op) : GRAT_OK;
    }
    w->out_halted = e && w->pipe->stalled;
    op->count = done;
    return e;
}

/* What is held goes first; a transfer that gave nothing but its end is an empty message. */
static grat_err raw_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    raw *w = p;
    (void)term;
    grat_err e = here(w, op);
    op->reason = 0;
    if (!e && !w->dev.in.address) e = no_pipe(w, "bulk-IN", op);
    while (!e && w->at == w->piece.n) {
        w->at = 0;
        e = w->ops->in(w->pipe, cap, true, &w->piece, op);
        if (w->piece.n) grat__op_moved(op);
        if (!w->piece.n && !w->piece.full && w->end_in != END_NONE) break;
    }
    w->in_halted = e && w->pipe->stalled;
    size_t left = w->piece.n - w->at, k = left < cap ? left : cap;
    if (k) memcpy(buf, w->piece.data + w->at, k);
    w->at += k;
    op->count = k;
    if (e) return e;
    bool message = w->at == w->piece.n && !w->piece.full && w->end_in != END_NONE;
    if (k == cap) op->reason |= GRAT_REASON_COUNT;
    if (message || (k == cap && w->end_in == END_SHORT_OR_COUNT)) op->reason |= GRAT_REASON_END;
    return GRAT_OK;
}

static void drop_in(raw *w)
{
    w->ops->in_stop(w->pipe, NULL);
    w->piece = (grat__usb_piece){0};
    w->at = 0;
}

static grat_err raw_clear(void *p, grat_op *op)
{
    raw *w = p;
    grat_err e = here(w, op);
    if (e) return e;
    drop_in(w);
    if (w->dev.in.address) e = w->ops->clear_halt(w->pipe, w->dev.in.address, op);
    if (!e && w->dev.out.address) e = w->ops->clear_halt(w->pipe, w->dev.out.address, op);
    if (!e) w->in_halted = w->out_halted = false;
    return e;
}

static size_t raw_discard(void *p)
{
    raw *w = p;
    size_t n = w->piece.n - w->at;
    w->at = w->piece.n;
    return n;
}

static grat_err raw_control(void *p, const grat_usb_control_args *a, grat_op *op)
{
    raw *w = p;
    grat_err e = here(w, op);
    return e ? e : w->ops->control(w->pipe, a, op);
}

/* ---- interrupt packets ------------------------------------------------------------------------------- */

static grat_err notice_enable(void *p, unsigned kinds, grat_op *op)
{
    raw *w = p;
    bool on = kinds & GRAT_NOTICE_INTERRUPT;
    grat_err e = here(w, op);
    if (!e) e = w->ops->notice_enable(w->pipe, on, op);
    if (!e) w->notices_on = on;
    return e;
}

static grat_err notice_wait(void *p, grat_notice *out, grat_op *op)
{
    raw *w = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    atomic_fetch_add(&w->waiters, 1);
    if (atomic_load(&w->closing)) e = grat_op_fail(op, GRAT_ELOST, "%s: closing", w->name);
    else if (!w->notices_on) e = grat_op_fail(op, GRAT_EINVAL, "%s: notices are not enabled", w->name);
    else e = w->ops->notice_wait(w->pipe, out, op);
    atomic_fetch_sub(&w->waiters, 1);
    return e;
}

/* ---- attributes ------------------------------------------------------------------------------------------ */

static int64_t address(grat__usb_endpoint ep)
{
    return ep.address ? ep.address : -1;
}

static bool text_of(const raw *w, grat_attr a, grat_value *out)
{
    const char *text = a == GRAT_ATTR_USB_SERIAL         ? w->dev.serial
                       : a == GRAT_ATTR_USB_MANUFACTURER ? w->dev.manufacturer
                       : a == GRAT_ATTR_USB_PRODUCT      ? w->dev.product
                                                         : NULL;
    if (text) grat__strcpy(out->text, sizeof out->text, text);
    return text != NULL;
}

static grat_err raw_attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    const raw *w = p;
    const grat__usb_entry *d = &w->dev;
    const struct { grat_attr a; int64_t v; } numbers[] = {
        {GRAT_ATTR_USB_VID, d->vid}, {GRAT_ATTR_USB_PID, d->pid}, {GRAT_ATTR_USB_INTERFACE, d->interface},
        {GRAT_ATTR_USB_PROTOCOL, d->protocol}, {GRAT_ATTR_USB_INTERRUPT_SIZE, d->interrupt.size},
        {GRAT_ATTR_USB_CLASS, d->class_code}, {GRAT_ATTR_USB_SUBCLASS, d->subclass},
        {GRAT_ATTR_USB_ALTERNATE, d->alternate}, {GRAT_ATTR_USB_INTERFACES, d->interfaces},
        {GRAT_ATTR_USB_PIPES, d->pipes}, {GRAT_ATTR_USB_BULK_OUT, address(d->out)},
        {GRAT_ATTR_USB_BULK_IN, address(d->in)}, {GRAT_ATTR_USB_INTERRUPT_IN, address(d->interrupt)},
        {GRAT_ATTR_USB_BULK_OUT_STATE, d->out.address ? w->out_halted : -1},
        {GRAT_ATTR_USB_BULK_IN_STATE, d->in.address ? w->in_halted : -1},
        {GRAT_ATTR_USB_INTERRUPT_STATE, d->interrupt.address ? 0 : -1}, {GRAT_ATTR_USB_END_IN, w->end_in},
    };
    *out = (grat_value){0};
    if (text_of(w, a, out)) return GRAT_OK;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (numbers[i].a != a) continue;
        out->number = numbers[i].v;
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: USB has no such attribute", w->name);
}

/* A bulk endpoint of the interface in this direction, or none (-1). */
static grat_err choose(raw *w, grat__usb_endpoint *of, bool in, int64_t value, grat_op *op)
{
    grat__usb_endpoint found = {0};
    for (unsigned i = 0; i < w->dev.pipes; i++) {
        const grat__usb_endpoint *ep = &w->dev.pipe[i];
        if (ep->kind == 2 && ep->address == value && !(ep->address & 0x80) == !in) found = *ep;
    }
    if (value >= 0 && !found.address)
        return grat_op_fail(op, GRAT_ERANGE, "%s: the interface has no bulk-%s endpoint 0x%02x", w->name,
                            in ? "IN" : "OUT", (unsigned)value & 0xff);
    if (in && of->address != found.address) drop_in(w);
    *of = found;
    return GRAT_OK;
}

static grat_err clear_state(raw *w, const grat__usb_endpoint *ep, bool *halted, grat_op *op)
{
    if (!ep->address) return GRAT_OK;
    grat_err e = w->ops->clear_halt(w->pipe, ep->address, op);
    if (!e && halted) *halted = false;
    return e;
}

static grat_err choose_setting(raw *w, int64_t value, grat_op *op)
{
    if (w->notices_on)
        return grat_op_fail(op, GRAT_EBUSY, "%s: interrupt packets are waited for; disable them first", w->name);
    drop_in(w);
    w->in_halted = w->out_halted = false;
    return w->ops->alternate(w->pipe, (int)value, &w->dev, op);
}

static grat_err raw_attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    raw *w = p;
    grat_err e = here(w, op);
    if (e) return e;
    switch (a) {
    case GRAT_ATTR_USB_BULK_OUT: return choose(w, &w->dev.out, false, value, op);
    case GRAT_ATTR_USB_BULK_IN: return choose(w, &w->dev.in, true, value, op);
    case GRAT_ATTR_USB_INTERRUPT_IN:
        if (value == address(w->dev.interrupt)) return GRAT_OK;
        return grat_op_fail(op, GRAT_ERANGE, "%s: the interrupt endpoint is the interface's own", w->name);
    case GRAT_ATTR_USB_ALTERNATE: return choose_setting(w, value, op);
    case GRAT_ATTR_USB_BULK_OUT_STATE: return clear_state(w, &w->dev.out, &w->out_halted, op);
    case GRAT_ATTR_USB_BULK_IN_STATE: return clear_state(w, &w->dev.in, &w->in_halted, op);
    case GRAT_ATTR_USB_INTERRUPT_STATE: return clear_state(w, &w->dev.interrupt, NULL, op);
    case GRAT_ATTR_USB_END_IN:
        if (value != END_NONE && value != END_SHORT && value != END_SHORT_OR_COUNT)
            return grat_op_fail(op, GRAT_ERANGE, "%s: an end is 0, 4 or 5", w->name);
        w->end_in = value;
        return GRAT_OK;
    default: return grat_op_fail(op, GRAT_ENOTSUP, "%s: this attribute cannot be set", w->name);
    }
}

const grat_transport grat__transport_usbraw = {
    .name = "USB device",
    .priv_size = sizeof(raw),
    .caps = GRAT_TCAP_END | GRAT_TCAP_EXACT,
    .serves = serves,
    .open = raw_open,
    .close = raw_close,
    .write = raw_write,
    .read = raw_read,
    .clear = raw_clear,
    .notice_enable = notice_enable,
    .notice_wait = notice_wait,
    .usb_control = raw_control,
    .attr_get = raw_attr_get,
    .attr_set = raw_attr_set,
    .discard = raw_discard,
};
