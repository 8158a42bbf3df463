/* Resource strings: VPP-4.3 §4.3 plus the host,port form of pyvisa-py and our own. */
#include "core/str.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAX_FIELDS 8
#define BITSCOPE_SERVER_PORT 16385u

typedef struct field {
    const char *p;
    size_t n;
} field;

/* One resource string split at "::"; `[…]` protects the colons of IPv6. */
typedef struct parts {
    const char *text;
    field f[MAX_FIELDS];
    unsigned n;
    grat_op *op;
} parts;

typedef grat_err (*parse_fn)(parts *t, grat_resource *out);

static grat_err fail_at(const parts *t, const char *at, const char *why)
{
    grat_err e = grat_op_fail(t->op, GRAT_EPARSE, "%s: %s at \"%.40s\" (character %d)", t->text, why, at,
                              (int)(at - t->text) + 1);
    t->op->count = (size_t)(at - t->text);
    return e;
}

static bool is_word(const field *f, const char *word)
{
    char tmp[16];
    if (f->n >= sizeof tmp) return false;
    memcpy(tmp, f->p, f->n);
    tmp[f->n] = '\0';
    return grat__strcaseeq(tmp, word);
}

static grat_err copy(const parts *t, const field *f, char *out, size_t cap, const char *what)
{
    char why[64];
    if (f->n == 0 || f->n >= cap) {
        snprintf(why, sizeof why, f->n ? "this %s is too long" : "a %s is missing", what);
        return fail_at(t, f->p, why);
    }
    for (size_t i = 0; i < f->n; i++) {
        if ((unsigned char)f->p[i] < 0x20) return fail_at(t, f->p + i, "a control character");
    }
    if (f->p[f->n - 1] == ':') return fail_at(t, f->p + f->n - 1, "a colon too many");
    memcpy(out, f->p, f->n);
    out[f->n] = '\0';
    return GRAT_OK;
}

static grat_err number(const parts *t, const field *f, unsigned max, unsigned *out, const char *what)
{
    char why[80], tmp[16];
    uint64_t v = 0;
    bool hex = f->n > 2 && f->p[0] == '0' && (f->p[1] == 'x' || f->p[1] == 'X');
    bool ok = f->n > 0 && f->n < sizeof tmp;
    for (size_t i = hex ? 2 : 0; ok && i < f->n; i++) {
        unsigned char c = (unsigned char)f->p[i] | 0x20;
        unsigned digit = c >= '0' && c <= '9' ? c - '0' : hex && c >= 'a' && c <= 'f' ? c - 'a' + 10 : 99;
        ok = digit < 99;
        v = v * (hex ? 16 : 10) + digit;
    }
    if (!ok || v > max) {
        snprintf(why, sizeof why, "%s must be a number from 0 to %u", what, max);
        return fail_at(t, f->p, why);
    }
    *out = (unsigned)v;
    return GRAT_OK;
}

static grat_err too_many(const parts *t, unsigned wanted)
{
    return t->n > wanted ? fail_at(t, t->f[wanted].p, "nothing more was expected") : GRAT_OK;
}

/* host, [v6] or host,port */
static grat_err parse_host(parts *t, const field *f, grat_resource *out, bool comma_port)
{
    field host = *f;
    const char *comma = comma_port ? memchr(f->p, ',', f->n) : NULL;
    if (comma) {
        field port = {comma + 1, f->n - (size_t)(comma + 1 - f->p)};
        grat_err e = number(t, &port, 65535, &out->port, "the port");
        if (e) return e;
        if (!out->port) return fail_at(t, port.p, "the port must not be 0");
        host.n = (size_t)(comma - f->p);
    }
    if (host.n >= 2 && host.p[0] == '[') {
        if (host.p[host.n - 1] != ']') return fail_at(t, host.p, "\"]\" is missing after the IPv6 address");
        host.p++, host.n -= 2;
    }
    for (size_t i = 0; i < host.n; i++) {
        if (strchr(" \t/?#@[]", host.p[i])) return fail_at(t, host.p + i, "this cannot be part of a host name");
    }
    return copy(t, &host, out->host, sizeof out->host, "host name");
}

/* credential@host: who a secure HiSLIP session is for. */
static grat_err parse_credential(parts *t, field *host, grat_resource *out)
{
    const char *at = memrchr(host->p, '@', host->n);
    if (!at) return GRAT_OK;
    field name = {host->p, (size_t)(at - host->p)};
    host->n -= name.n + 1;
    host->p = at + 1;
    return copy(t, &name, out->credential, sizeof out->credential, "credential");
}

static bool is_hislip(const field *device)
{
    return device->n >= 6 && grat__strcasestarts(device->p, "hislip");
}

static grat_err parse_tcpip(parts *t, grat_resource *out)
{
    grat_err e;
    if (t->n < 2) return fail_at(t, t->text + strlen(t->text), "a host is missing: TCPIP::host::inst0::INSTR");
    field *last = &t->f[t->n - 1];
    if (is_word(last, "SOCKET")) {
        if (t->n != 4) return fail_at(t, last->p, "a socket is written TCPIP::host::port::SOCKET");
        out->rclass = GRAT_CLASS_SOCKET;
        if ((e = parse_host(t, &t->f[1], out, false)) || (e = number(t, &t->f[2], 65535, &out->port, "the port")))
            return e;
        return out->port ? GRAT_OK : fail_at(t, t->f[2].p, "the port must not be 0");
    }
    out->rclass = GRAT_CLASS_INSTR;
    unsigned n = t->n;
    if (n > 2 && is_word(last, "INSTR")) n--;
    if (n > 3) return fail_at(t, t->f[3].p, "INSTR or SOCKET was expected");
    if (n > 2 && is_hislip(&t->f[2]) && (e = parse_credential(t, &t->f[1], out))) return e;
    if ((e = parse_host(t, &t->f[1], out, true))) return e;
    if (n < 3) {
        grat__strcpy(out->device, sizeof out->device, "inst0");
        return GRAT_OK;
    }
    if ((e = copy(t, &t->f[2], out->device, sizeof out->device, "LAN device name"))) return e;
    char *comma = grat__strcasestarts(out->device, "hislip") ? strchr(out->device, ',') : NULL;
    if (comma) {
        field port = {t->f[2].p + (comma + 1 - out->device), strlen(comma + 1)};
        if ((e = number(t, &port, 65535, &out->port, "the port"))) return e;
        *comma = '\0';
    }
    return GRAT_OK;
}

static grat_err parse_usb(parts *t, grat_resource *out)
{
    grat_err e;
    unsigned n = t->n, interface;
    out->rclass = GRAT_CLASS_INSTR;
    if (n > 1 && is_word(&t->f[n - 1], "INSTR")) n--;
    else if (n > 1 && is_word(&t->f[n - 1], "RAW")) out->rclass = GRAT_CLASS_RAW, n--;
    if (n < 4) return fail_at(t, t->text + strlen(t->text), "USB is written USB::vendor::product::serial::INSTR");
    if ((e = number(t, &t->f[1], 0xffff, &out->vid, "the vendor id")) ||
        (e = number(t, &t->f[2], 0xffff, &out->pid, "the product id")) ||
        (e = copy(t, &t->f[3], out->serial, sizeof out->serial, "serial number")))
        return e;
    if (n > 4) {
        if ((e = number(t, &t->f[4], 255, &interface, "the USB interface"))) return e;
        out->usb_interface = (int)interface;
    }
    return n > 5 ? fail_at(t, t->f[5].p, "INSTR or RAW was expected") : GRAT_OK;
}

static grat_err parse_asrl(parts *t, grat_resource *out)
{
    out->rclass = GRAT_CLASS_INSTR;
    if (t->n > 1 && !is_word(&t->f[1], "INSTR")) return fail_at(t, t->f[1].p, "INSTR was expected");
    return too_many(t, 2);
}

static grat_err parse_gpib(parts *t, grat_resource *out)
{
    unsigned n = t->n, v;
    grat_err e;
    if (n == 2 && is_word(&t->f[1], "INTFC")) {
        out->rclass = GRAT_CLASS_INTFC;
        return GRAT_OK;
    }
    out->rclass = GRAT_CLASS_INSTR;
    if (n > 1 && is_word(&t->f[n - 1], "INSTR")) n--;
    if (n < 2) return fail_at(t, t->text + strlen(t->text), "a primary address is missing: GPIB::7::INSTR");
    if ((e = number(t, &t->f[1], 30, &v, "the primary address"))) return e;
    out->primary = (int)v;
    if (n > 2) {
        if ((e = number(t, &t->f[2], 30, &v, "the secondary address"))) return e;
        out->secondary = (int)v;
    }
    return n > 3 ? fail_at(t, t->f[3].p, "INSTR was expected") : GRAT_OK;
}

static grat_err parse_prologix_tcp(parts *t, grat_resource *out)
{
    grat_err e;
    out->rclass = GRAT_CLASS_INTFC;
    if (t->n < 4 || !is_word(&t->f[3], "INTFC"))
        return fail_at(t, t->f[t->n - 1].p, "it is written PRLGX-TCPIP::host::port::INTFC");
    if ((e = parse_host(t, &t->f[1], out, false)) || (e = number(t, &t->f[2], 65535, &out->port, "the port"))) return e;
    return too_many(t, 4);
}

static grat_err parse_prologix_serial(parts *t, grat_resource *out)
{
    out->rclass = GRAT_CLASS_INTFC;
    if (t->n < 3 || !is_word(&t->f[2], "INTFC"))
        return fail_at(t, t->f[t->n - 1].p, "it is written PRLGX-ASRL::port::INTFC");
    grat_err e = copy(t, &t->f[1], out->device, sizeof out->device, "serial port");
    return e ? e : too_many(t, 3);
}

static grat_err parse_vicp(parts *t, grat_resource *out)
{
    out->rclass = GRAT_CLASS_INSTR;
    if (t->n < 2) return fail_at(t, t->text + strlen(t->text), "a host is missing: VICP::host::INSTR");
    if (t->n > 2 && !is_word(&t->f[2], "INSTR")) return fail_at(t, t->f[2].p, "INSTR was expected");
    grat_err e = parse_host(t, &t->f[1], out, false);
    return e ? e : too_many(t, 3);
}

static grat_err parse_bitscope(parts *t, grat_resource *out)
{
    grat_err e;
    if (t->n == 1) return GRAT_OK;
    if (t->n == 2 && memchr(t->f[1].p, '/', t->f[1].n))
        return copy(t, &t->f[1], out->device, sizeof out->device, "serial port");
    if ((e = parse_host(t, &t->f[1], out, false))) return e;
    out->port = BITSCOPE_SERVER_PORT;
    if (t->n == 2) return GRAT_OK;
    if ((e = number(t, &t->f[2], 65535, &out->port, "the port"))) return e;
    if (!out->port) return fail_at(t, t->f[2].p, "the port must not be 0");
    if (t->n > 3 && is_word(&t->f[3], "SOCKET")) out->rclass = GRAT_CLASS_SOCKET;
    else if (t->n > 3) return fail_at(t, t->f[3].p, "SOCKET was expected");
    return too_many(t, 4);
}

static grat_err parse_pico(parts *t, grat_resource *out)
{
    grat_err e;
    if (t->n > 1 && (e = copy(t, &t->f[1], out->device, sizeof out->device, "PicoScope driver"))) return e;
    if (t->n > 2 && (e = copy(t, &t->f[2], out->serial, sizeof out->serial, "serial number"))) return e;
    return too_many(t, 3);
}

static grat_err parse_sim(parts *t, grat_resource *out)
{
    if (t->n < 2) return fail_at(t, t->text + strlen(t->text), "a model is missing: SIM::ds1104z");
    field model = t->f[1]; /* options may hold "::" themselves */
    model.n = strlen(model.p);
    return copy(t, &model, out->device, sizeof out->device, "model");
}

static const struct interface {
    const char *name;
    grat_interface id;
    bool numbered;    /* a board number may follow the name */
    parse_fn parse;
} interfaces[] = {
    {"TCPIP", GRAT_IF_TCPIP, true, parse_tcpip},
    {"USB", GRAT_IF_USB, true, parse_usb},
    {"ASRL", GRAT_IF_ASRL, true, parse_asrl},
    {"GPIB", GRAT_IF_GPIB, true, parse_gpib},
    {"PRLGX-TCPIP", GRAT_IF_PRLGX_TCPIP, true, parse_prologix_tcp},
    {"PRLGX-ASRL", GRAT_IF_PRLGX_ASRL, true, parse_prologix_serial},
    {"VICP", GRAT_IF_VICP, true, parse_vicp},
    {"BITSCOPE", GRAT_IF_BITSCOPE, false, parse_bitscope},
    {"PICO", GRAT_IF_PICO, false, parse_pico},
    {"SIM", GRAT_IF_SIM, false, parse_sim},
};

static bool split(parts *t)
{
    const char *p = t->text;
    t->f[0].p = p;
    for (; *p; p++) {
        if (*p == '[' && strchr(p, ']')) {
            p = strchr(p, ']');
        } else if (p[0] == ':' && p[1] == ':') {
            t->f[t->n].n = (size_t)(p - t->f[t->n].p);
            if (++t->n == MAX_FIELDS) return false;
            t->f[t->n].p = p + 2;
            p++;
        }
    }
    t->f[t->n].n = (size_t)(p - t->f[t->n].p);
    t->n++;
    return true;
}

/* "ASRL/dev/ttyUSB0" and "ASRL3": the port stands where others have a board number. */
static grat_err serial_port(const parts *t, const field *rest, grat_resource *out)
{
    if (rest->n && rest->p[0] != '/') return number(t, rest, 999, &out->board, "the serial port");
    return rest->n ? copy(t, rest, out->device, sizeof out->device, "serial port")
                   : fail_at(t, rest->p, "a serial port is missing: ASRL1::INSTR or ASRL/dev/ttyUSB0::INSTR");
}

static const struct interface *find_interface(const field *f, field *rest)
{
    const struct interface *best = NULL;
    for (size_t i = 0; i < sizeof interfaces / sizeof *interfaces; i++) {
        size_t n = strlen(interfaces[i].name);
        if (f->n < n || !grat__strcasestarts(f->p, interfaces[i].name)) continue;
        unsigned char next = f->n > n ? (unsigned char)f->p[n] : '0';
        bool serial = interfaces[i].id == GRAT_IF_ASRL && next == '/';
        if (!serial && (next < '0' || next > '9')) continue;
        if (f->n > n && !interfaces[i].numbered) continue;
        best = &interfaces[i];
        *rest = (field){f->p + n, f->n - n};
    }
    return best;
}

/* The spellings of ScopeThing and its kin: a path is a serial port, socket://host:port a byte stream over TCP,
 * bitscope-server://host:port datagrams. */
static bool old_bitscope(const char *text, char out[300])
{
    static const char *const local[] = {"socket:///", "file:/", "/"};
    static const char stream[] = "socket://", server[] = "bitscope-server://";
    const char *host, *tail = "";
    for (unsigned i = 0; i < sizeof local / sizeof *local; i++) {
        size_t n = strlen(local[i]);
        if (!grat__strcasestarts(text, local[i])) continue;
        snprintf(out, 300, "BITSCOPE::%s", i < 2 ? text + n - 1 : text);
        return true;
    }
    if (grat__strcasestarts(text, stream)) {
        host = text + sizeof stream - 1;
        tail = "::SOCKET";
    } else if (grat__strcasestarts(text, server)) {
        host = text + sizeof server - 1;
    } else {
        return false;
    }
    const char *bracket = *host == '[' ? strchr(host, ']') : NULL, *colon = strrchr(bracket ? bracket : host, ':');
    if (colon) snprintf(out, 300, "BITSCOPE::%.*s::%s%s", (int)(colon - host), host, colon + 1, tail);
    else snprintf(out, 300, "BITSCOPE::%s", host);
    return true;
}

static grat_err parse(const char *text, grat_resource *out, grat_op *op)
{
    parts t = {.text = text, .op = op};
    grat_resource r = {.primary = -1, .secondary = -1, .usb_interface = -1};
    field rest;
    op->count = 0;
    if (!split(&t)) return fail_at(&t, t.f[MAX_FIELDS - 1].p, "too many parts");
    const struct interface *itf = find_interface(&t.f[0], &rest);
    if (!itf)
        return fail_at(&t, t.text,
                       "unknown interface (TCPIP USB ASRL GPIB PRLGX-TCPIP PRLGX-ASRL VICP BITSCOPE PICO SIM)");
    r.interface = itf->id;
    grat_err e = GRAT_OK;
    if (itf->id == GRAT_IF_ASRL) e = serial_port(&t, &rest, &r);
    else if (rest.n) e = number(&t, &rest, 999, &r.board, "the board");
    if (!e) e = itf->parse(&t, &r);
    if (e) return e;
    *out = r;
    return GRAT_OK;
}

grat_err grat_resource_parse(const char *text, grat_resource *out, grat_op *op)
{
    char rewritten[300];
    if (!old_bitscope(text, rewritten)) return parse(text, out, op);
    grat_err e = parse(rewritten, out, op);
    if (e) op->count = 0; /* the place is one in the other spelling */
    return e;
}

static void format_host(const grat_resource *r, char out[350])
{
    bool v6 = strchr(r->host, ':') != NULL;
    snprintf(out, 350, v6 ? "%s%s[%s]" : "%s%s%s", r->credential, r->credential[0] ? "@" : "", r->host);
}

static int format_tcpip(const grat_resource *r, const char *host, char *out, size_t cap)
{
    if (r->rclass == GRAT_CLASS_SOCKET) return snprintf(out, cap, "TCPIP%u::%s::%u::SOCKET", r->board, host, r->port);
    if (!r->port) return snprintf(out, cap, "TCPIP%u::%s::%s::INSTR", r->board, host, r->device);
    if (grat__strcasestarts(r->device, "hislip"))
        return snprintf(out, cap, "TCPIP%u::%s::%s,%u::INSTR", r->board, host, r->device, r->port);
    return snprintf(out, cap, "TCPIP%u::%s,%u::%s::INSTR", r->board, host, r->port, r->device);
}

static int format_usb(const grat_resource *r, char *out, size_t cap)
{
    char interface[16] = "";
    if (r->usb_interface >= 0) snprintf(interface, sizeof interface, "::%d", r->usb_interface);
    return snprintf(out, cap, "USB%u::0x%04X::0x%04X::%s%s::%s", r->board, r->vid, r->pid, r->serial, interface,
                    r->rclass == GRAT_CLASS_RAW ? "RAW" : "INSTR");
}

static int format_gpib(const grat_resource *r, char *out, size_t cap)
{
    if (r->rclass == GRAT_CLASS_INTFC) return snprintf(out, cap, "GPIB%u::INTFC", r->board);
    if (r->secondary >= 0)
        return snprintf(out, cap, "GPIB%u::%d::%d::INSTR", r->board, r->primary, r->secondary);
    return snprintf(out, cap, "GPIB%u::%d::INSTR", r->board, r->primary);
}

int grat_resource_format(const grat_resource *r, char *out, size_t cap)
{
    char host[350];
    format_host(r, host);
    switch (r->interface) {
    case GRAT_IF_TCPIP:
        return format_tcpip(r, host, out, cap);
    case GRAT_IF_USB:
        return format_usb(r, out, cap);
    case GRAT_IF_ASRL:
        if (r->device[0]) return snprintf(out, cap, "ASRL%s::INSTR", r->device);
        return snprintf(out, cap, "ASRL%u::INSTR", r->board);
    case GRAT_IF_GPIB:
        return format_gpib(r, out, cap);
    case GRAT_IF_PRLGX_TCPIP:
        return snprintf(out, cap, "PRLGX-TCPIP%u::%s::%u::INTFC", r->board, host, r->port);
    case GRAT_IF_PRLGX_ASRL:
        return snprintf(out, cap, "PRLGX-ASRL%u::%s::INTFC", r->board, r->device);
    case GRAT_IF_VICP:
        return snprintf(out, cap, "VICP%u::%s::INSTR", r->board, host);
    case GRAT_IF_BITSCOPE:
        if (r->host[0])
            return snprintf(out, cap, "BITSCOPE::%s::%u%s", host, r->port,
                            r->rclass == GRAT_CLASS_SOCKET ? "::SOCKET" : "");
        return snprintf(out, cap, r->device[0] ? "BITSCOPE::%s" : "BITSCOPE", r->device);
    case GRAT_IF_PICO:
        if (r->serial[0]) return snprintf(out, cap, "PICO::%s::%s", r->device, r->serial);
        return snprintf(out, cap, r->device[0] ? "PICO::%s" : "PICO", r->device);
    case GRAT_IF_SIM:
        return snprintf(out, cap, "SIM::%s", r->device);
    }
    return snprintf(out, cap, "?");
}
