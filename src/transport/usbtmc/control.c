/* Aborts, clear, status byte, remote and local. */
#include "transport/usbtmc/tmc.h"

#include "core/wait.h"

#include <string.h>

enum {
    ABORT_MS = 2000,
    FLUSH_MS = 1000,
    PAUSE_NS = 20000000,
    TRIES = 100,
    CONTROL_MS = 2000,
    NOTICE_MS = 500,
    SILENCE_MS = 200,
    CHECK_LENGTH_MORE = 64,          /* Chroma sends more than was asked for */
};

grat_err grat__tmc_request(grat__tmc *t, const grat__tmc_ask *ask, grat__tmc_answer *a, grat_op *op)
{
    uint8_t data[8];
    grat_usb_control_args c = {.type = ask->endpoint ? 0xA2 : 0xA1, .request = ask->request, .value = ask->value,
                               .index = ask->endpoint ? ask->endpoint : (uint16_t)t->dev.interface,
                               .length = (uint16_t)grat__tmc_answer_size(ask->request), .data = data};
    op->count = 0;
    grat_err e = t->ops->control(t->pipe, &c, op);
    size_t n = op->count;
    op->count = 0;
    if (e) return e;
    if (grat__tmc_get_answer(ask->request, data, n, a))
        return grat_op_fail(op, GRAT_EPROTO, "%s: control request %u was answered by nothing", t->name, ask->request);
    return GRAT_OK;
}

grat_err grat__tmc_get_capabilities(grat__tmc *t, grat_op *op)
{
    uint8_t data[GRAT__TMC_CAPABILITIES + CHECK_LENGTH_MORE];
    grat_usb_control_args c = {.type = 0xA1, .request = GRAT__TMC_GET_CAPABILITIES,
                               .index = (uint16_t)t->dev.interface, .length = GRAT__TMC_CAPABILITIES, .data = data};
    t->caps = (grat__tmc_caps){0};
    grat_err e = t->ops->control(t->pipe, &c, op);
    if (e == GRAT_EIO && !t->pipe->stalled) {
        c.length = sizeof data;
        e = t->ops->control(t->pipe, &c, op);
    }
    if (!e) grat__tmc_get_caps(data, op->count, t->dev.protocol == 1, &t->caps);
    op->count = 0;
    if (e && !t->pipe->lost) e = GRAT_OK;        /* an instrument that does not tell has none */
    if (!e) op->err = GRAT_OK, op->text[0] = '\0';
    return e;
}

/* ---- abort ------------------------------------------------------------------------------------- */

/* Reads and drops until a short packet. */
static grat_err flush(grat__tmc *t, const grat_op *parent)
{
    grat_op op;
    grat__usb_piece piece;
    grat_err e = GRAT_OK;
    grat__op_child(&op, parent, FLUSH_MS);
    do e = t->ops->in(t->pipe, t->dev.in.size ? t->dev.in.size : 512, false, &piece, &op);
    while (!e && piece.full);
    t->ops->in_stop(t->pipe, NULL);
    return e;
}

/* CHECK until it is no longer pending. */
static grat_err check(grat__tmc *t, const grat__tmc_ask *ask, grat_op *op)
{
    grat__tmc_answer a = {0};
    for (unsigned i = 0; i < TRIES; i++) {
        grat_err e = grat__tmc_request(t, ask, &a, op);
        if (e) return e;
        if (a.status != GRAT__TMC_PENDING) break;
        if (a.in_fifo) flush(t, op);
        else if ((e = grat_op_sleep_until(op, grat_now_ns() + PAUSE_NS))) return e;
    }
    if (a.status == GRAT__TMC_SUCCESS || a.status == GRAT__TMC_SPLIT_NOT_IN_PROGRESS) return GRAT_OK;
    return grat_op_fail(op, GRAT_EIO, "%s: an abort or clear does not end: %s", t->name,
                        grat__tmc_status_text(a.status));
}

static grat_err abort_in(grat__tmc *t, grat_op *op)
{
    uint8_t ep = t->dev.in.address, tag = t->in.tag;
    grat__tmc_answer a = {0};
    t->ops->in_stop(t->pipe, NULL);
    grat__tmc_forget_in(t);
    for (unsigned i = 0; i < 2; i++) {
        grat_err e = grat__tmc_request(t, &(grat__tmc_ask){GRAT__TMC_INITIATE_ABORT_IN, tag, ep}, &a, op);
        if (e) return e;
        if (a.status != GRAT__TMC_NOT_IN_PROGRESS || !a.tag || a.tag == tag) break;
        tag = a.tag;
    }
    if (a.status != GRAT__TMC_SUCCESS) return GRAT_OK;       /* nothing was in progress */
    flush(t, op);
    return check(t, &(grat__tmc_ask){GRAT__TMC_CHECK_ABORT_IN, 0, ep}, op);
}

static grat_err abort_out(grat__tmc *t, grat_op *op)
{
    uint8_t ep = t->dev.out.address;
    grat__tmc_answer a = {0};
    t->out_open = false;
    grat_err e = grat__tmc_request(t, &(grat__tmc_ask){GRAT__TMC_INITIATE_ABORT_OUT, t->out_tag, ep}, &a, op);
    if (e) return e;
    if (a.status == GRAT__TMC_SUCCESS) {
        e = check(t, &(grat__tmc_ask){GRAT__TMC_CHECK_ABORT_OUT, 0, ep}, op);
        if (e) return e;
    }
    return t->ops->clear_halt(t->pipe, ep, op);
}

grat_err grat__tmc_settle(grat__tmc *t, grat_op *op)
{
    grat_op child;
    grat_err e = GRAT_OK;
    if (!t->out_open && !t->in_open) return GRAT_OK;
    grat__op_child(&child, op, ABORT_MS);
    if (t->in_open && t->wire_ended) grat__tmc_forget_in(t);
    if (t->in_open) e = abort_in(t, &child);
    if (!e && t->out_open) e = abort_out(t, &child);
    if (e == GRAT_EIO && t->pipe->stalled) e = grat__tmc_clear_halts(t, &child);     /* no such request: heal */
    return e ? grat__op_adopt(op, &child) : GRAT_OK;
}

/* ---- clear --------------------------------------------------------------------------------------- */

grat_err grat__tmc_clear_halts(grat__tmc *t, grat_op *op)
{
    grat_err e = t->ops->clear_halt(t->pipe, t->dev.out.address, op);
    return e ? e : t->ops->clear_halt(t->pipe, t->dev.in.address, op);
}

static grat_err clear_sequence(grat__tmc *t, grat_op *op)
{
    grat__tmc_answer a;
    grat_err e = grat__tmc_request(t, &(grat__tmc_ask){.request = GRAT__TMC_INITIATE_CLEAR}, &a, op);
    if (!e && a.status != GRAT__TMC_SUCCESS)
        e = grat_op_fail(op, GRAT_EIO, "%s: clear: %s", t->name, grat__tmc_status_text(a.status));
    if (!e) e = check(t, &(grat__tmc_ask){.request = GRAT__TMC_CHECK_CLEAR}, op);
    return e;
}

/* For instruments that must not be cleared: an answer that is still to come is waited for and thrown away. */
static grat_err silence(grat__tmc *t, grat_op *op)
{
    uint8_t junk[4096];
    grat_err e = grat__tmc_settle(t, op);
    while (!e) {
        grat_op child;
        grat__op_child(&child, op, SILENCE_MS);
        grat_err r = grat__tmc_read(t, junk, sizeof junk, -1, &child);
        if (r == GRAT_ETIMEOUT) e = grat_op_check(op);
        else if (r) e = grat__op_adopt(op, &child);
        if (r) break;
    }
    return e ? e : grat__tmc_settle(t, op);
}

static grat_err clear_once(grat__tmc *t, grat_op *op)
{
    grat_err e;
    t->ops->in_stop(t->pipe, NULL);
    if (t->quirks.flags & GRAT__TMC_NO_CLEAR) {
        e = silence(t, op);
    } else {
        grat__tmc_forget_in(t);
        t->out_open = false;
        e = clear_sequence(t, op);
    }
    if (t->pipe->lost) return e;
    grat_err halts = grat__tmc_clear_halts(t, op);
    grat__tmc_forget_in(t);
    return e ? e : halts;
}

grat_err grat__tmc_clear(void *p, grat_op *op)
{
    grat__tmc *t = p;
    grat_op child;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (t->pipe && !t->pipe->lost) {
        grat__op_child(&child, op, grat_op_left_ms(op) / 2);
        e = clear_once(t, &child);
        if (!e) return GRAT_OK;
        if (e == GRAT_EIO && !t->pipe->lost && t->ops->reset && !(t->quirks.flags & GRAT__TMC_NO_RESET))
            t->ops->reset(t->pipe, &child);
    }
    e = grat_op_check(op);
    return e ? e : grat__tmc_reopen(t, op);
}

/* ---- status byte ------------------------------------------------------------------------------------ */

static grat_err ask_stb(grat__tmc *t, uint8_t *stb, grat_op *op)
{
    grat__tmc_answer a = {0};
    bool notice = t->dev.interrupt.address && t->ops->stb_notice && !(t->quirks.flags & GRAT__TMC_NO_INTERRUPT_STB);
    for (unsigned i = 0; i < 4; i++) {
        t->stb_tag = grat__tmc_next_stb_tag(t->stb_tag);
        grat_err e = grat__tmc_request(t, &(grat__tmc_ask){GRAT__TMC_READ_STATUS_BYTE, t->stb_tag, 0}, &a, op);
        if (e) return e;
        if (a.status != GRAT__TMC_INTERRUPT_BUSY) break;
        if ((e = grat_op_sleep_until(op, grat_now_ns() + PAUSE_NS / 4))) return e;
    }
    if (a.status != GRAT__TMC_SUCCESS)
        return grat_op_fail(op, GRAT_EIO, "%s: status byte: %s", t->name, grat__tmc_status_text(a.status));
    *stb = a.stb;
    if (!notice) return GRAT_OK;
    grat_op child;
    grat__op_child(&child, op, NOTICE_MS);
    grat_err e = t->ops->stb_notice(t->pipe, t->stb_tag, stb, &child);
    if (e == GRAT_ETIMEOUT && !grat_op_check(op)) {          /* it came in the control answer instead */
        t->quirks.flags |= GRAT__TMC_NO_INTERRUPT_STB;
        *stb = a.stb;
        return GRAT_OK;
    }
    return e ? grat__op_adopt(op, &child) : GRAT_OK;
}

/* The driver gives up where the endpoint is busy, and knows only one place for the answer. */
static grat_err driver_stb(grat__tmc *t, uint8_t *stb, grat_op *op)
{
    for (unsigned i = 0; i < 3; i++) {
        grat_err e = t->ops->stb(t->pipe, stb, op);
        if (e != GRAT_EIO || t->pipe->lost || grat_op_check(op)) return e;
    }
    t->quirks.flags |= GRAT__TMC_NO_INTERRUPT_STB;
    return ask_stb(t, stb, op);
}

grat_err grat__tmc_stb(void *p, uint8_t *stb, grat_op *op)
{
    grat__tmc *t = p;
    uint8_t byte = 0, srq = 0;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (e) return e;
    if (t->dev.protocol != 1)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: plain USBTMC has no status byte; query *STB?", t->name);
    e = t->ops->stb && !(t->quirks.flags & GRAT__TMC_NO_INTERRUPT_STB) ? driver_stb(t, &byte, op)
                                                                        : ask_stb(t, &byte, op);
    if (e) return e;
    if (t->ops->srq_seen(t->pipe, &srq)) byte |= 0x40;       /* telling it has cleared RQS in the instrument */
    if (t->rest.n) byte |= 0x10;
    *stb = byte;
    return GRAT_OK;
}

/* ---- remote and local --------------------------------------------------------------------------------- */

grat_err grat__tmc_ren(void *p, grat_ren mode, grat_op *op)
{
    static const grat__tmc_ask on = {GRAT__TMC_REN_CONTROL, 1, 0}, off = {GRAT__TMC_REN_CONTROL, 0, 0},
                               local = {GRAT__TMC_GO_TO_LOCAL, 0, 0}, lockout = {GRAT__TMC_LOCAL_LOCKOUT, 0, 0};
    static const grat__tmc_ask *const steps[][2] = {
        [GRAT_REN_OFF] = {&off}, [GRAT_REN_ON] = {&on}, [GRAT_REN_OFF_LOCAL] = {&local, &off},
        [GRAT_REN_ON_REMOTE] = {&on}, [GRAT_REN_ON_LOCKOUT] = {&on, &lockout},
        [GRAT_REN_ON_REMOTE_LOCKOUT] = {&on, &lockout}, [GRAT_REN_LOCAL] = {&local},
    };
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (e) return e;
    if (mode > GRAT_REN_LOCAL) return grat_op_fail(op, GRAT_EINVAL, "%s: remote modes go from 0 to 6", t->name);
    if (!(t->caps.usb488_interface & GRAT__TMC_488IF_REN) || t->quirks.flags & GRAT__TMC_NO_REN)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument does not do remote and local over USB", t->name);
    for (unsigned i = 0; !e && i < 2 && steps[mode][i]; i++) {
        grat__tmc_answer a = {0};
        e = grat__tmc_request(t, steps[mode][i], &a, op);
        if (e == GRAT_EIO && t->pipe->stalled)
            return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument refuses remote and local over USB", t->name);
        if (!e && a.status != GRAT__TMC_SUCCESS)
            e = grat_op_fail(op, GRAT_EIO, "%s: remote control: %s", t->name, grat__tmc_status_text(a.status));
        if (!e && steps[mode][i]->request == GRAT__TMC_REN_CONTROL) t->remote = steps[mode][i]->value;
    }
    return e;
}

grat_err grat__tmc_usb_control(void *p, const grat_usb_control_args *a, grat_op *op)
{
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    return e ? e : t->ops->control(t->pipe, a, op);
}
