/* viGetAttribute and viSetAttribute: widths, ranges, classes, and the values that are not simply kept. */
#include "attr.h"

#include <stdio.h>
#include <string.h>

#define MANUFACTURER "Graticule"
#define NUMERIC_CHARS "0123456789."
#define HISLIP_PORT 4880
#define ASK_MS 2000

/* Of the attributes that resource manager sessions keep. */
static pthread_mutex_t rm_lock = PTHREAD_MUTEX_INITIALIZER;

static bool numeric_host(const char *host)
{
    return strchr(host, ':') || host[strspn(host, NUMERIC_CHARS)] == '\0';
}

static bool text(visa_value *out, const char *value)
{
    out->is_text = true;
    visa__text_out(out->text, value);
    return true;
}

static bool number(visa_value *out, int64_t value)
{
    out->is_text = false;
    out->number = value;
    return true;
}

static bool instance_name(const visa_rsrc *r, visa_value *out)
{
    char line[300];
    static const char *const kind[] = {[VI_INTF_GPIB] = "GPIB", [VI_INTF_ASRL] = "ASRL", [VI_INTF_TCPIP] = "TCPIP",
                                       [VI_INTF_USB] = "USB"};
    snprintf(line, sizeof line, "%s%u (%.200s)", kind[r->intf_type], r->intf_num, r->name);
    return text(out, line);
}

static bool port_of(const visa_rsrc *r, visa_value *out)
{
    return number(out, r->rclass == VISA_CLASS_HISLIP && !r->r.port ? HISLIP_PORT : r->r.port);
}

static bool text_of_name(const visa_rsrc *r, ViAttr attr, visa_value *out)
{
    switch (attr) {
    case VI_ATTR_RSRC_CLASS: return text(out, r->class_name);
    case VI_ATTR_RSRC_NAME: return text(out, r->name);
    case VI_ATTR_INTF_INST_NAME: return instance_name(r, out);
    case VI_ATTR_TCPIP_ADDR: return numeric_host(r->r.host) && text(out, r->r.host);
    case VI_ATTR_TCPIP_HOSTNAME: return text(out, numeric_host(r->r.host) ? "" : r->r.host);
    case VI_ATTR_TCPIP_DEVICE_NAME: return text(out, r->r.device);
    case VI_ATTR_USB_SERIAL_NUM: return text(out, r->r.serial);
    default: return false;
    }
}

static bool number_of_name(const visa_rsrc *r, ViAttr attr, visa_value *out)
{
    switch (attr) {
    case VI_ATTR_INTF_TYPE: return number(out, r->intf_type);
    case VI_ATTR_INTF_NUM: return number(out, r->intf_num);
    case VI_ATTR_TCPIP_PORT: return port_of(r, out);
    case VI_ATTR_TCPIP_IS_HISLIP: return number(out, r->rclass == VISA_CLASS_HISLIP);
    case VI_ATTR_MANF_ID: return number(out, r->r.vid);
    case VI_ATTR_MODEL_CODE: return number(out, r->r.pid);
    case VI_ATTR_USB_INTFC_NUM: return number(out, r->r.usb_interface < 0 ? 0 : r->r.usb_interface);
    case VI_ATTR_GPIB_PRIMARY_ADDR: return number(out, r->r.primary < 0 ? 0 : r->r.primary);
    case VI_ATTR_GPIB_SECONDARY_ADDR: return number(out, r->r.secondary < 0 ? VI_NO_SEC_ADDR : r->r.secondary);
    default: return false;
    }
}

bool visa__attr_of_name(const visa_rsrc *r, ViAttr attr, visa_value *out)
{
    const visa_attr_row *row = visa__attr_row(attr);
    if (!row || !(row->classes & r->rclass)) return false;
    return row->type == T_TEXT ? text_of_name(r, attr, out) : number_of_name(r, attr, out);
}

static uint32_t version(void)
{
    unsigned part[3] = {0}, i = 0;
    for (const char *p = grat_version(); *p && i < 3; p++) {
        if (*p >= '0' && *p <= '9') part[i] = part[i] * 10 + (unsigned)(*p - '0');
        else i++;
    }
    return part[0] << 20 | part[1] << 8 | part[2];
}

/* The same for sessions and for the resource manager. */
static bool common_state(ViAttr attr, visa_value *out)
{
    switch (attr) {
    case VI_ATTR_RSRC_IMPL_VERSION: return number(out, version());
    case VI_ATTR_RSRC_SPEC_VERSION: return number(out, VI_SPEC_VERSION);
    case VI_ATTR_RSRC_MANF_NAME: return text(out, MANUFACTURER);
    case VI_ATTR_RSRC_MANF_ID: return number(out, 0x3FFF);
    default: return false;
    }
}

/* ---- what the wire knows ------------------------------------------------------------------------- */

/* A read that blocks for ever must not block this for ever. */
static ViStatus ask_wire(visa_session *s, grat_attr a, grat_value *v)
{
    ViStatus st;
    int64_t ms = visa__timeout(s);
    visa_call *c = visa__call_queue(s, LANE_ALL, 0, &st);
    if (!c) return st;
    if ((st = visa__call_wait(c, ms < 0 || ms > ASK_MS ? ASK_MS : ms))) {
        visa__call_end(c);
        return st;
    }
    visa__call_clock(c);
    grat_err e = grat_attr_get(s->wire, a, v, &c->op);
    st = e == GRAT_ENOTSUP ? VI_ERROR_NSUP_ATTR : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

static ViStatus tell_wire(visa_session *s, grat_attr a, int64_t value)
{
    visa_call *c;
    ViStatus st = visa__call_begin(s, LANE_ALL, &c);
    if (st) return st;
    grat_err e = grat_attr_set(s->wire, a, value, &c->op);
    st = e == GRAT_ENOTSUP ? VI_ERROR_NSUP_ATTR : e == GRAT_EINVAL ? VI_ERROR_NSUP_ATTR_STATE : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

static ViStatus state_value(visa_session *s, ViAttr attr, visa_value *out)
{
    grat_value v = {0};
    ViStatus st = VI_SUCCESS;
    if (common_state(attr, out)) return VI_SUCCESS;
    switch (attr) {
    case VI_ATTR_RSRC_LOCK_STATE: number(out, visa__lock_state(s)); break;
    case VI_ATTR_RM_SESSION: number(out, s->rm); break;
    case VI_ATTR_RD_BUF_SIZE: number(out, (int64_t)s->rd.size); break;
    case VI_ATTR_WR_BUF_SIZE: number(out, (int64_t)s->wr.size); break;
    case VI_ATTR_GPIB_HS488_CBL_LEN: number(out, VI_GPIB_HS488_NIMPL); break; /* linux-gpib has no HS488 */
    case VI_ATTR_TCPIP_ADDR:
        if (visa__attr_of_name(&s->rsrc, attr, out)) break;
        st = ask_wire(s, GRAT_ATTR_TCP_ADDRESS, &v);
        text(out, st ? "" : v.text);
        return VI_SUCCESS;
    case VI_ATTR_TCPIP_HISLIP_VERSION:
        st = ask_wire(s, GRAT_ATTR_HISLIP_VERSION, &v);
        number(out, (v.number >> 8) << 20 | (v.number & 255) << 8);
        break;
    case VI_ATTR_ASRL_AVAIL_NUM:
        st = ask_wire(s, GRAT_ATTR_ASRL_AVAILABLE, &v);
        number(out, v.number + (int64_t)grat_io_held(s->wire));
        break;
    default: return VI_ERROR_NSUP_ATTR;
    }
    return st;
}

/* A board's own address: what the driver says, where it says anything. */
static bool board_address(const visa_session *s, ViAttr attr, grat_attr *wire)
{
    *wire = attr == VI_ATTR_GPIB_PRIMARY_ADDR ? GRAT_ATTR_GPIB_PRIMARY : GRAT_ATTR_GPIB_SECONDARY;
    return s->rsrc.rclass == VISA_CLASS_INTFC &&
           (attr == VI_ATTR_GPIB_PRIMARY_ADDR || attr == VI_ATTR_GPIB_SECONDARY_ADDR);
}

static ViStatus name_value(visa_session *s, ViAttr attr, visa_value *out)
{
    grat_value v = {0};
    grat_attr wire;
    if (board_address(s, attr, &wire)) {
        ViStatus st = ask_wire(s, wire, &v);
        if (st != VI_ERROR_NSUP_ATTR) return number(out, v.number < 0 ? VI_NO_SEC_ADDR : v.number), st;
    }
    return visa__attr_of_name(&s->rsrc, attr, out) ? VI_SUCCESS : VI_ERROR_NSUP_ATTR;
}

static int64_t *kept(visa_attrs *a, const visa_attr_row *row)
{
    return (int64_t *)(void *)((char *)a + row->at);
}

ViStatus visa__attr_session(visa_session *s, ViAttr attr, visa_value *out)
{
    const visa_attr_row *row = visa__attr_row(attr);
    grat_value v;
    if (!row || !(row->classes & s->rsrc.rclass)) return VI_ERROR_NSUP_ATTR;
    *out = (visa_value){.is_text = row->type == T_TEXT};
    if (row->from == F_STATE) return state_value(s, attr, out);
    if (row->from == F_NAME) return name_value(s, attr, out);
    if (row->from == F_WIRE) {
        ViStatus st = ask_wire(s, row->wire, &v);
        if (st) return st;
        if (out->is_text) text(out, v.text);
        else number(out, v.number);
        return VI_SUCCESS;
    }
    pthread_mutex_lock(&s->lock);
    number(out, *kept(&s->attr, row));
    pthread_mutex_unlock(&s->lock);
    return VI_SUCCESS;
}

static ViStatus rm_value(visa_rm *rm, const visa_attr_row *row, visa_value *out)
{
    *out = (visa_value){.is_text = row->type == T_TEXT};
    if (row->attr == VI_ATTR_RM_SESSION) return number(out, rm->base.handle), VI_SUCCESS;
    pthread_mutex_lock(&rm_lock);
    if (row->from == F_KEPT) number(out, *kept(&rm->attr, row));
    else common_state(row->attr, out);
    pthread_mutex_unlock(&rm_lock);
    return VI_SUCCESS;
}

/* The caller's variable has the attribute's own width. */
static void store(visa_type type, const visa_value *v, void *out)
{
    uint8_t u8 = (uint8_t)v->number;
    uint16_t u16 = (uint16_t)v->number;
    uint32_t u32 = (uint32_t)v->number;
    switch (type) {
    case T_U8: memcpy(out, &u8, sizeof u8); break;
    case T_U16:
    case T_I16:
    case T_BOOL: memcpy(out, &u16, sizeof u16); break;
    case T_U32: memcpy(out, &u32, sizeof u32); break;
    case T_U64: memcpy(out, &v->number, sizeof v->number); break;
    case T_TEXT: visa__text_out(out, v->text); break;
    }
}

VISA_API ViStatus viGetAttribute(ViObject vi, ViAttr attrName, void *attrValue)
{
    ViStatus st;
    visa_value v;
    visa_object *o = visa__object_get(vi, VISA_ANY, &st);
    if (!o) return st;
    const visa_attr_row *row = visa__attr_row(attrName);
    if (!attrValue) {
        st = VI_ERROR_USER_BUF;
    } else if (o->kind == VISA_EVENT) {
        st = visa__event_attr((visa_event *)o, attrName, attrValue);
    } else {
        st = VI_ERROR_NSUP_ATTR;
        if (row && o->kind == VISA_SESSION) st = visa__attr_session((visa_session *)o, attrName, &v);
        else if (row && o->kind == VISA_RM && (row->classes & VISA_CLASS_RM)) st = rm_value((visa_rm *)o, row, &v);
        if (st >= 0) store(row->type, &v, attrValue);
    }
    visa__object_put(o);
    return st;
}

/* ---- writing ---------------------------------------------------------------------------------------- */

/* The caller's 8 bytes may hold a value of 1 to 8, extended or not: narrow attributes look at the low 32 bits, and
 * signed ones take -1 in any width. */
static int64_t meant(visa_type type, ViAttrState value)
{
    uint32_t low = (uint32_t)value;
    if (type == T_U64) return (int64_t)value;
    if (type != T_I16) return low;
    return low >= 0x8000 && low <= 0xFFFF ? (int64_t)low - 0x10000 : (int32_t)low;
}

static bool legal_protocol(visa_class rclass, int64_t v)
{
    if (v == VI_PROT_NORMAL) return true;
    if (rclass & (VISA_CLASS_TCPIP | VISA_CLASS_HISLIP | VISA_CLASS_SOCKET | VISA_CLASS_ASRL | VISA_CLASS_USB_RAW))
        return v == VI_PROT_4882_STRS;
    return rclass == VISA_CLASS_USB ? v == VI_PROT_USBTMC_VENDOR : v == VI_PROT_HS488;
}

static bool writable(visa_class rclass, const visa_attr_row *row)
{
    return row->writable && !(row->from == F_NAME && rclass != VISA_CLASS_INTFC);
}

static bool legal(visa_class rclass, const visa_attr_row *row, int64_t v)
{
    if (v < row->min || v > row->max) return false;
    switch (row->attr) {
    case VI_ATTR_IO_PROT: return legal_protocol(rclass, v);
    case VI_ATTR_RD_BUF_OPER_MODE: return v != VI_FLUSH_WHEN_FULL;
    case VI_ATTR_ASRL_STOP_BITS: return v == 10 || v == 15 || v == 20;
    case VI_ATTR_USB_END_IN: return v == 0 || v >= 4;
    case VI_ATTR_GPIB_SECONDARY_ADDR: return v <= 30 || v == VI_NO_SEC_ADDR;
    default: return true;
    }
}

static ViStatus set_session(visa_session *s, const visa_attr_row *row, int64_t v)
{
    grat_attr wire;
    ViStatus st = row->global ? visa__lock_check(s) : VI_SUCCESS;
    if (st) return st;
    if (board_address(s, row->attr, &wire)) return tell_wire(s, wire, v == VI_NO_SEC_ADDR ? -1 : v);
    if (row->from == F_STATE) return VI_ERROR_NSUP_ATTR_STATE;
    if (row->from == F_WIRE) return tell_wire(s, row->wire, v);
    if (row->from == F_KEPT_WIRE) {
        st = tell_wire(s, row->wire, v);
        if (st && st != VI_ERROR_NSUP_ATTR) return st;
    }
    pthread_mutex_lock(&s->lock);
    if ((row->attr == VI_ATTR_MAX_QUEUE_LENGTH && s->events.ever) ||
        (row->attr == VI_ATTR_USB_MAX_INTR_SIZE && s->events.mech[EV_USB_INTR])) {
        pthread_mutex_unlock(&s->lock);
        return VI_ERROR_ATTR_READONLY;
    }
    *kept(&s->attr, row) = v;
    pthread_mutex_unlock(&s->lock);
    return row->from == F_KEPT_WIRE && st ? VI_WARN_NSUP_ATTR_STATE : VI_SUCCESS;
}

VISA_API ViStatus viSetAttribute(ViObject vi, ViAttr attrName, ViAttrState attrValue)
{
    ViStatus st;
    visa_object *o = visa__object_get(vi, VISA_ANY, &st);
    if (!o) return st;
    const visa_attr_row *row = visa__attr_row(attrName);
    visa_session *s = o->kind == VISA_SESSION ? (visa_session *)o : NULL;
    visa_class rclass = s ? s->rsrc.rclass : o->kind == VISA_RM ? VISA_CLASS_RM : 0;
    int64_t v = row ? meant(row->type, attrValue) : 0;
    if (o->kind == VISA_EVENT) {
        st = visa__event_attr((visa_event *)o, attrName, NULL) < 0 ? VI_ERROR_NSUP_ATTR : VI_ERROR_ATTR_READONLY;
    } else if (!row || !(row->classes & rclass)) {
        st = VI_ERROR_NSUP_ATTR;
    } else if (!writable(rclass, row)) {
        st = VI_ERROR_ATTR_READONLY;
    } else if (!legal(rclass, row, v)) {
        st = VI_ERROR_NSUP_ATTR_STATE;
    } else if (s) {
        st = set_session(s, row, v);
    } else {
        pthread_mutex_lock(&rm_lock);
        *kept(&((visa_rm *)o)->attr, row) = v;
        pthread_mutex_unlock(&rm_lock);
    }
    if (s) visa__exception(s, "viSetAttribute", st);
    visa__object_put(o);
    return st;
}
