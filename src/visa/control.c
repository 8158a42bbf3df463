/* Status byte, clear, trigger, remote control, and what belongs to one kind of bus. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum {
    SILENCE_MS = 100,         /* so long nothing may come before a stream counts as cleared */
    CLEAR_LEAST_MS = 1000,
    BREAK_MS = 250,
};

/* Wires without a second channel: IEEE 488.2 strings do, where the program asked for them. */
static bool by_strings(visa_session *s)
{
    pthread_mutex_lock(&s->lock);
    bool strings = s->attr.io_prot == VI_PROT_4882_STRS;
    pthread_mutex_unlock(&s->lock);
    return strings;
}

static bool bare_stream(const visa_session *s)
{
    return s->rsrc.rclass & (VISA_CLASS_SOCKET | VISA_CLASS_ASRL | VISA_CLASS_USB_RAW);
}

/* ---- status byte -------------------------------------------------------------------------------------- */

static ViStatus ask_status(visa_call *c, ViPUInt16 status)
{
    char line[64];
    size_t n = 0;
    unsigned v = 0, digits = 0;
    grat_err e = grat_io_write(c->s->wire, "*STB?\n", 6, true, &c->op);
    if (!e) {
        e = grat_io_read(c->s->wire, line, sizeof line, '\n', false, &c->op);
        n = c->op.count;
    }
    if (e) return visa__call_status(c, e);
    for (size_t i = 0; i < n; i++) {
        if (line[i] >= '0' && line[i] <= '9' && digits < 4) v = v * 10 + (unsigned)(line[i] - '0'), digits++;
    }
    if (!digits || v > 255) return VI_ERROR_IO;
    *status = (ViUInt16)v;
    return VI_SUCCESS;
}

static ViStatus read_stb(visa_session *s, ViPUInt16 status)
{
    visa_call *c;
    uint8_t stb = 0;
    bool strings = bare_stream(s);
    if (s->rsrc.rclass == VISA_CLASS_INTFC || (strings && !by_strings(s))) return VI_ERROR_NSUP_OPER;
    ViStatus st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, strings ? LANE_ALL : LANE_STB, &c);
    if (st) return st;
    if (strings) {
        st = ask_status(c, status);
    } else {
        st = visa__call_status(c, grat_read_stb(s->wire, &stb, &c->op));
        *status = stb;
    }
    visa__call_end(c);
    return st;
}

VISA_API ViStatus viReadSTB(ViSession vi, ViPUInt16 status)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viReadSTB", status ? read_stb(s, status) : VI_ERROR_USER_BUF);
    visa__session_put(s);
    return st;
}

/* ---- clear ------------------------------------------------------------------------------------------------- */

/* Until nothing has come for a while. A stream that never pauses is not cleared: a timeout. */
static grat_err drain(visa_call *c, int64_t limit_ms)
{
    uint8_t waste[4096];
    int64_t until = limit_ms < 0 ? INT64_MAX : grat_now_ns() + limit_ms * 1000000;
    grat_err e = GRAT_OK;
    grat_io_discard(c->s->wire, NULL);
    while (!e) {
        if (grat_now_ns() >= until) return grat_op_fail(&c->op, GRAT_ETIMEOUT, "data keep coming");
        grat_op_init(&c->op, SILENCE_MS, c->cancel);
        e = grat_io_read(c->s->wire, waste, sizeof waste, -1, false, &c->op);
        if (e == GRAT_ETIMEOUT && c->op.count) e = GRAT_OK;
    }
    return e == GRAT_ETIMEOUT ? GRAT_OK : e;
}

static grat_err send_break(visa_call *c)
{
    grat_err e = grat_attr_set(c->s->wire, GRAT_ATTR_ASRL_BREAK, 1, &c->op);
    if (e) return e == GRAT_ENOTSUP ? GRAT_OK : e;
    grat_op_sleep_until(&c->op, grat_now_ns() + BREAK_MS * 1000000);
    return grat_attr_set(c->s->wire, GRAT_ATTR_ASRL_BREAK, 0, &c->op);
}

/* The wire's own clear, but for sockets: that is a new connection, which is more than a program asked for. */
static ViStatus clear_wire(visa_call *c)
{
    visa_session *s = c->s;
    int64_t ms = visa__timeout(s);
    bool strings = bare_stream(s) && by_strings(s);
    if (ms >= 0 && ms < CLEAR_LEAST_MS) ms = CLEAR_LEAST_MS;
    grat_op_init(&c->op, ms < 0 ? INT64_MAX : ms, c->cancel);
    grat_err e = s->rsrc.rclass == VISA_CLASS_SOCKET ? drain(c, ms) : grat_clear(s->wire, &c->op);
    visa__call_clock(c);
    if (!e && strings && s->rsrc.rclass == VISA_CLASS_ASRL) e = send_break(c);
    if (!e && strings) e = grat_io_write(s->wire, "*CLS\n", 5, true, &c->op);
    return visa__call_status(c, e);
}

static ViStatus clear(visa_session *s)
{
    visa_call *c;
    ViStatus st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_ALL, &c);
    if (st) return st;
    visa__buf_forget(s);
    st = clear_wire(c);
    visa__call_end(c);
    if (!st) visa__listen_again(s);
    return st;
}

VISA_API ViStatus viClear(ViSession vi)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viClear", clear(s));
    visa__session_put(s);
    return st;
}

/* ---- trigger, remote ------------------------------------------------------------------------------------------ */

static ViStatus trigger(visa_session *s, ViUInt16 protocol)
{
    visa_call *c;
    bool strings = bare_stream(s);
    if (protocol != VI_TRIG_PROT_DEFAULT) return VI_ERROR_INV_PROT;
    if (strings && !by_strings(s)) return VI_ERROR_NSUP_OPER;
    ViStatus st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_ALL, &c);
    if (st) return st;
    st = visa__call_status(c, strings ? grat_io_write(s->wire, "*TRG\n", 5, true, &c->op)
                                      : grat_trigger(s->wire, &c->op));
    visa__call_end(c);
    return st;
}

VISA_API ViStatus viAssertTrigger(ViSession vi, ViUInt16 protocol)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viAssertTrigger", trigger(s, protocol));
    visa__session_put(s);
    return st;
}

static ViStatus control_ren(visa_session *s, ViUInt16 mode)
{
    visa_call *c;
    if (bare_stream(s)) return VI_ERROR_NSUP_OPER;
    if (mode > VI_GPIB_REN_ADDRESS_GTL) return VI_ERROR_INV_MODE;
    ViStatus st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_STB, &c);
    if (st) return st;
    grat_err e = grat_control_ren(s->wire, (grat_ren)mode, &c->op);
    st = e == GRAT_ENOTSUP || e == GRAT_EINVAL ? VI_ERROR_NSUP_MODE : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

VISA_API ViStatus viGpibControlREN(ViSession vi, ViUInt16 mode)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viGpibControlREN", control_ren(s, mode));
    visa__session_put(s);
    return st;
}

/* --- GPIB interfaces ---------------------------------------------------------------------------------------------- */

static ViStatus on_bus(ViSession vi, const char *oper, const grat_bus_args *args, ViStatus bad, ViPUInt32 count)
{
    visa_call *c;
    if (count) *count = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = s->rsrc.rclass == VISA_CLASS_INTFC ? bad : VI_ERROR_NSUP_OPER;
    if (!st) st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_ALL, &c);
    if (!st) {
        st = visa__call_status(c, grat_bus(s->wire, args, &c->op));
        if (count) *count = st ? (ViUInt32)c->op.count : (ViUInt32)args->size;
        visa__call_end(c);
    }
    st = visa__exception(s, oper, st);
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viGpibControlATN(ViSession vi, ViUInt16 mode)
{
    grat_bus_args a = {.what = GRAT_BUS_ATN, .mode = mode};
    return on_bus(vi, "viGpibControlATN", &a, mode > VI_GPIB_ATN_ASSERT_IMMEDIATE ? VI_ERROR_INV_MODE : 0, NULL);
}

VISA_API ViStatus viGpibSendIFC(ViSession vi)
{
    grat_bus_args a = {.what = GRAT_BUS_IFC};
    return on_bus(vi, "viGpibSendIFC", &a, VI_SUCCESS, NULL);
}

VISA_API ViStatus viGpibCommand(ViSession vi, ViConstBuf cmd, ViUInt32 cnt, ViPUInt32 retCnt)
{
    grat_bus_args a = {.what = GRAT_BUS_COMMAND, .data = cmd, .size = cnt};
    return on_bus(vi, "viGpibCommand", &a, cmd || !cnt ? VI_SUCCESS : VI_ERROR_USER_BUF, retCnt);
}

VISA_API ViStatus viGpibPassControl(ViSession vi, ViUInt16 primAddr, ViUInt16 secAddr)
{
    bool none = secAddr == VI_NO_SEC_ADDR;
    grat_bus_args a = {.what = GRAT_BUS_PASS_CONTROL, .primary = primAddr, .secondary = none ? -1 : secAddr};
    bool bad = primAddr > 30 || (!none && secAddr > 30);
    return on_bus(vi, "viGpibPassControl", &a, bad ? VI_ERROR_INV_PARAMETER : VI_SUCCESS, NULL);
}

/* -- USB control transfers ----------------------------------------------------------------------------------------- */

static ViStatus usb_control(ViSession vi, const char *oper, const grat_usb_control_args *args, ViStatus bad,
                            ViPUInt16 count)
{
    visa_call *c;
    if (count) *count = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = s->rsrc.rclass & (VISA_CLASS_USB | VISA_CLASS_USB_RAW) ? bad : VI_ERROR_NSUP_OPER;
    if (!st && args->length && !args->data) st = VI_ERROR_USER_BUF;
    if (!st) st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_ALL, &c);
    if (!st) {
        st = visa__call_status(c, grat_usb_control(s->wire, args, &c->op));
        if (count) *count = (ViUInt16)c->op.count;
        visa__call_end(c);
    }
    st = visa__exception(s, oper, st);
    visa__session_put(s);
    return st;
}

static ViStatus check_setup(ViInt16 type, ViInt16 request, bool in)
{
    bool bad = type < 0 || type > 255 || request < 0 || request > 255 || ((type & 0x80) != 0) != in;
    return bad ? VI_ERROR_INV_PARAMETER : VI_SUCCESS;
}

VISA_API ViStatus viUsbControlOut(ViSession vi, ViInt16 bmRequestType, ViInt16 bRequest, ViUInt16 wValue,
                                  ViUInt16 wIndex, ViUInt16 wLength, ViConstBuf buf)
{
    grat_usb_control_args a = {.type = (uint8_t)bmRequestType, .request = (uint8_t)bRequest, .value = wValue,
                               .index = wIndex, .length = wLength, .data = (void *)(uintptr_t)buf};
    return usb_control(vi, "viUsbControlOut", &a, check_setup(bmRequestType, bRequest, false), NULL);
}

VISA_API ViStatus viUsbControlIn(ViSession vi, ViInt16 bmRequestType, ViInt16 bRequest, ViUInt16 wValue,
                                 ViUInt16 wIndex, ViUInt16 wLength, ViPBuf buf, ViPUInt16 retCnt)
{
    grat_usb_control_args a = {.type = (uint8_t)bmRequestType, .request = (uint8_t)bRequest, .value = wValue,
                               .index = wIndex, .length = wLength, .data = buf};
    return usb_control(vi, "viUsbControlIn", &a, check_setup(bmRequestType, bRequest, true), retCnt);
}
