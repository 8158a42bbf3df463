/* Resource strings as VISA programs write them, and what each is to a program. */
#include "session.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void visa__text_out(char *out, const char *text)
{
    size_t n = 0;
    if (!out) return;
    for (; text[n] && n < VI_FIND_BUFLEN - 1; n++) out[n] = text[n] & 0x80 ? '?' : text[n];
    out[n] = '\0';
}

/* Without the white space around it; false when nothing or too much is left. */
static bool trim(const char *text, char *out, size_t cap)
{
    while (isspace((unsigned char)*text)) text++;
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1])) n--;
    if (!n || n >= cap) return false;
    memcpy(out, text, n);
    out[n] = '\0';
    return true;
}

static bool begins_with(const char *text, const char *word)
{
    return strncasecmp(text, word, strlen(word)) == 0;
}

/* Kinds of our own, which have no class in their names, may be given one for programs that ask for it. */
static bool own_kind(const char *text)
{
    return begins_with(text, "SIM::") || begins_with(text, "BITSCOPE") || begins_with(text, "PICO");
}

static void drop_class(char *text)
{
    static const char tail[] = "::INSTR";
    size_t n = strlen(text), k = sizeof tail - 1;
    if (own_kind(text) && n > k && strcasecmp(text + n - k, tail) == 0) text[n - k] = '\0';
}

/* What our parser takes and VISA programs mean otherwise. */
static void reinterpret(grat_resource *r)
{
    static const char *const words[] = {"INSTR", "SOCKET", "INTFC", "RAW"};
    if (r->interface == GRAT_IF_TCPIP && r->rclass == GRAT_CLASS_INSTR) {
        /* "tcpip::h::instr" comes out of PyVISA as "TCPIP0::h::instr::INSTR". */
        for (unsigned i = 0; i < 4; i++) {
            if (strcasecmp(r->device, words[i]) == 0) snprintf(r->device, sizeof r->device, "inst0");
        }
    }
    /* PyVISA up to 1.15 adds a secondary address of 0, and always a USB interface. */
    if (r->interface == GRAT_IF_GPIB && r->secondary == 0) r->secondary = -1;
    if (r->interface == GRAT_IF_USB && r->usb_interface < 0) r->usb_interface = 0;
}

static const struct kind {
    grat_interface interface;
    grat_class rclass; /* 0: any */
    visa_class is;
    ViUInt16 intf_type;
    const char *class_name;
} kinds[] = {
    {GRAT_IF_TCPIP, GRAT_CLASS_SOCKET, VISA_CLASS_SOCKET, VI_INTF_TCPIP, "SOCKET"},
    {GRAT_IF_TCPIP, 0, VISA_CLASS_TCPIP, VI_INTF_TCPIP, "INSTR"},
    {GRAT_IF_USB, GRAT_CLASS_RAW, VISA_CLASS_USB_RAW, VI_INTF_USB, "RAW"},
    {GRAT_IF_USB, 0, VISA_CLASS_USB, VI_INTF_USB, "INSTR"},
    {GRAT_IF_ASRL, 0, VISA_CLASS_ASRL, VI_INTF_ASRL, "INSTR"},
    {GRAT_IF_GPIB, GRAT_CLASS_INTFC, VISA_CLASS_INTFC, VI_INTF_GPIB, "INTFC"},
    {GRAT_IF_GPIB, 0, VISA_CLASS_GPIB, VI_INTF_GPIB, "INSTR"},
    {GRAT_IF_PRLGX_TCPIP, 0, VISA_CLASS_INTFC, VI_INTF_GPIB, "INTFC"},
    {GRAT_IF_PRLGX_ASRL, 0, VISA_CLASS_INTFC, VI_INTF_GPIB, "INTFC"},
    {GRAT_IF_VICP, 0, VISA_CLASS_TCPIP, VI_INTF_TCPIP, "INSTR"},
    {GRAT_IF_BITSCOPE, 0, VISA_CLASS_ASRL, VI_INTF_ASRL, "INSTR"},
    {GRAT_IF_PICO, 0, VISA_CLASS_TCPIP, VI_INTF_TCPIP, "INSTR"},
    {GRAT_IF_SIM, 0, VISA_CLASS_TCPIP, VI_INTF_TCPIP, "INSTR"},
};

static void classify(visa_rsrc *out)
{
    const struct kind *k = kinds;
    while (k->interface != out->r.interface || (k->rclass && k->rclass != out->r.rclass)) k++;
    out->rclass = k->is;
    if (k->is == VISA_CLASS_TCPIP && k->interface == GRAT_IF_TCPIP && begins_with(out->r.device, "hislip"))
        out->rclass = VISA_CLASS_HISLIP;
    out->intf_type = k->intf_type;
    out->intf_num = (ViUInt16)(out->r.interface == GRAT_IF_ASRL && out->r.device[0] ? 0 : out->r.board);
    snprintf(out->class_name, sizeof out->class_name, "%s", k->class_name);
}

/* The name for programs, and the one for grat_open: interface 0 of USB means the first that fits. */
bool visa__rsrc_name(visa_rsrc *out)
{
    grat_resource r = out->r;
    char name[VI_FIND_BUFLEN + 8];
    int n = grat_resource_format(&r, name, sizeof name);
    if (n < 0 || n >= VI_FIND_BUFLEN - 8) return false;
    snprintf(out->name, sizeof out->name, own_kind(name) ? "%.240s::INSTR" : "%.250s", name);
    if (r.interface == GRAT_IF_USB && r.usb_interface == 0) r.usb_interface = -1;
    grat_resource_format(&r, out->target, sizeof out->target);
    return true;
}

static ViStatus parse_plain(const char *text, visa_rsrc *out)
{
    static const char *const foreign[] = {"VXI", "GPIB-VXI", "PXI", "FIREWIRE"};
    char work[600];
    grat_op op;
    if (!trim(text, work, sizeof work) || begins_with(work, "visa://")) return VI_ERROR_INV_RSRC_NAME;
    for (unsigned i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        size_t n = strlen(foreign[i]);
        if (begins_with(work, foreign[i]) && (isdigit((unsigned char)work[n]) || work[n] == ':'))
            return VI_ERROR_INTF_NUM_NCONFIG;
    }
    drop_class(work);
    grat_op_init(&op, 0, NULL);
    *out = (visa_rsrc){0};
    if (grat_resource_parse(work, &out->r, &op)) return VI_ERROR_INV_RSRC_NAME;
    reinterpret(&out->r);
    classify(out);
    return visa__rsrc_name(out) ? VI_SUCCESS : VI_ERROR_INV_RSRC_NAME;
}

/* The name that the configuration has for this resource. */
static void find_alias(const grat_config *c, visa_rsrc *out)
{
    visa_rsrc other;
    const char *name, *resource;
    for (unsigned i = 0; (resource = grat_config_entry(c, i, &name)); i++) {
        if (name && !parse_plain(resource, &other) && strcmp(other.name, out->name) == 0) {
            visa__text_out(out->alias, name);
            return;
        }
    }
}

ViStatus visa__rsrc_parse(const char *text, visa_rsrc *out)
{
    char name[VI_FIND_BUFLEN];
    grat_config *c = NULL;
    grat_op op;
    ViStatus st = parse_plain(text, out);
    if (st && st != VI_ERROR_INV_RSRC_NAME) return st;
    grat_op_init(&op, 1000, NULL);
    if (grat_config_load(&op, &c)) return st;
    if (!st) {
        find_alias(c, out);
    } else if (trim(text, name, sizeof name)) {
        const char *resource = grat_config_alias(c, name);
        if (resource) st = parse_plain(resource, out);
        if (!st) find_alias(c, out);
        if (!st) visa__text_out(out->alias, name);
    }
    grat_config_free(c);
    return st;
}

static ViStatus check_rm(ViSession rm)
{
    ViStatus st;
    visa_object *o = visa__object_get(rm, VISA_RM, &st);
    visa__object_put(o);
    return st;
}

VISA_API ViStatus viParseRsrc(ViSession rm, ViConstRsrc name, ViPUInt16 intfType, ViPUInt16 intfNum)
{
    visa_rsrc r;
    ViStatus st = check_rm(rm);
    if (st) return st;
    if (!name || !intfType || !intfNum) return VI_ERROR_USER_BUF;
    if ((st = visa__rsrc_parse(name, &r))) return st;
    *intfType = r.intf_type;
    *intfNum = r.intf_num;
    return VI_SUCCESS;
}

VISA_API ViStatus viParseRsrcEx(ViSession rm, ViConstRsrc name, ViPUInt16 intfType, ViPUInt16 intfNum,
                                ViChar rsrcClass[], ViChar expandedUnaliasedName[], ViChar aliasIfExists[])
{
    visa_rsrc r;
    ViStatus st = check_rm(rm);
    if (st) return st;
    if (!name || !intfType || !intfNum) return VI_ERROR_USER_BUF;
    if ((st = visa__rsrc_parse(name, &r))) return st;
    *intfType = r.intf_type;
    *intfNum = r.intf_num;
    visa__text_out(rsrcClass, r.class_name);
    visa__text_out(expandedUnaliasedName, r.name);
    visa__text_out(aliasIfExists, r.alias);
    return VI_SUCCESS;
}
