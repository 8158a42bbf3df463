#include "discover/mdns_cache.h"

#include "core/str.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

const char *const grat__mdns_types[GRAT__MDNS_KINDS] = {
    [GRAT__MDNS_LXI] = "_lxi._tcp",         [GRAT__MDNS_VXI11] = "_vxi-11._tcp",
    [GRAT__MDNS_HISLIP] = "_hislip._tcp",   [GRAT__MDNS_RAW] = "_scpi-raw._tcp",
    [GRAT__MDNS_TELNET] = "_scpi-telnet._tcp", [GRAT__MDNS_HTTP] = "_http._tcp",
};

static bool type_name(unsigned kind, grat__dns_name *out)
{
    char text[40];
    snprintf(text, sizeof text, "%s.local", grat__mdns_types[kind]);
    return grat__dns_name_from(out, text);
}

/* The kind of a service type's name, GRAT__MDNS_KINDS for others. */
static unsigned kind_of(const grat__dns_name *name)
{
    unsigned kind = 0;
    grat__dns_name type;
    while (kind < GRAT__MDNS_KINDS && !(type_name(kind, &type) && grat__dns_name_eq(&type, name))) kind++;
    return kind;
}

/* The kind of an instance: its type stands behind one label, or behind several where a responder took the dots in its
 * name for ends of labels, as python-zeroconf does. */
static unsigned kind_of_instance(const grat__dns_name *name)
{
    grat__dns_name rest = *name;
    unsigned kind = GRAT__MDNS_KINDS;
    while (kind == GRAT__MDNS_KINDS && grat__dns_name_rest(&rest, &rest)) kind = kind_of(&rest);
    return kind;
}

/* The instance of this name; made when its type is one of ours. */
static grat__mdns_service *service(grat__mdns_cache *c, const grat__dns_name *name)
{
    for (unsigned i = 0; i < c->services; i++) {
        if (grat__dns_name_eq(&c->service[i].name, name)) return &c->service[i];
    }
    if (c->services == GRAT__MDNS_SERVICES) return NULL;
    unsigned kind = kind_of_instance(name);
    if (kind == GRAT__MDNS_KINDS) return NULL;
    grat__mdns_service *v = &c->service[c->services++];
    *v = (grat__mdns_service){.name = *name, .kind = kind};
    return v;
}

static grat__mdns_host *host(grat__mdns_cache *c, const grat__dns_name *name)
{
    for (unsigned i = 0; i < c->hosts; i++) {
        if (grat__dns_name_eq(&c->host[i].name, name)) return &c->host[i];
    }
    if (c->hosts == GRAT__MDNS_HOSTS) return NULL;
    grat__mdns_host *h = &c->host[c->hosts++];
    *h = (grat__mdns_host){.name = *name};
    return h;
}

static void take_txt(grat__mdns_service *v, const grat__dns_record *rec)
{
    static const struct {
        const char *key;
        size_t at;
    } keys[] = {
        {"Manufacturer", offsetof(grat_identity, vendor)},
        {"Model", offsetof(grat_identity, model)},
        {"SerialNumber", offsetof(grat_identity, serial)},
        {"FirmwareVersion", offsetof(grat_identity, firmware)},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        grat__dns_txt_value(rec->data, rec->n, keys[i].key, (char *)&v->identity + keys[i].at,
                            sizeof v->identity.vendor);
    v->has_txt = true;
}

static void take_v4(grat__mdns_host *h, const grat__dns_record *rec)
{
    if (rec->n == 4 && !h->v4[0]) inet_ntop(AF_INET, rec->data, h->v4, sizeof h->v4);
}

/* A link-local address means nothing without its interface. */
static void take_v6(grat__mdns_host *h, const grat__dns_record *rec, unsigned interface)
{
    char text[INET6_ADDRSTRLEN], name[IF_NAMESIZE];
    struct in6_addr a;
    if (rec->n != sizeof a) return;
    memcpy(&a, rec->data, sizeof a);
    bool local = IN6_IS_ADDR_LINKLOCAL(&a);
    if ((h->v6[0] && (local || !strchr(h->v6, '%'))) || (local && !if_indextoname(interface, name))) return;
    inet_ntop(AF_INET6, &a, text, sizeof text);
    snprintf(h->v6, sizeof h->v6, local ? "%s%%%s" : "%s", text, name);
}

static void take_record(grat__mdns_cache *c, const grat__dns_reader *r, const grat__dns_record *rec, unsigned interface)
{
    grat__dns_name target;
    grat__dns_srv srv;
    grat__mdns_service *v;
    grat__mdns_host *h;
    if (rec->ttl == 0) return;
    switch (rec->type) {
    case GRAT__DNS_PTR:
        if (kind_of(&rec->name) == GRAT__MDNS_KINDS) return;
        if (grat__dns_get_ptr(r, rec, &target)) c->malformed++;
        else service(c, &target);
        return;
    case GRAT__DNS_SRV:
        if (!(v = service(c, &rec->name)) || v->has_srv) return;
        if (grat__dns_get_srv(r, rec, &srv)) {
            c->malformed++;
            return;
        }
        v->has_srv = true;
        v->port = srv.port;
        v->host = srv.target;
        host(c, &srv.target);
        return;
    case GRAT__DNS_TXT:
        if ((v = service(c, &rec->name)) && !v->has_txt) take_txt(v, rec);
        return;
    case GRAT__DNS_A:
        if ((h = host(c, &rec->name))) take_v4(h, rec);
        return;
    case GRAT__DNS_AAAA:
        if ((h = host(c, &rec->name))) take_v6(h, rec, interface);
        return;
    default:
        return;
    }
}

void grat__mdns_take(grat__mdns_cache *c, const void *data, size_t n, unsigned interface)
{
    grat__dns_reader r;
    grat__dns_record rec;
    grat_err e = grat__dns_begin(&r, data, n);
    if (!e && (!(r.flags & GRAT__DNS_RESPONSE) || (r.flags & GRAT__DNS_OPCODE))) return;
    while (!e && !(e = grat__dns_next(&r, &rec))) {
        if (rec.section != GRAT__DNS_QUESTION && (rec.klass & ~GRAT__DNS_TOP) == GRAT__DNS_IN)
            take_record(c, &r, &rec, interface);
    }
    if (e == GRAT_EPROTO) c->malformed++;
}

static const grat__mdns_host *host_of(const grat__mdns_cache *c, const grat__mdns_service *v)
{
    for (unsigned i = 0; i < c->hosts; i++) {
        if (grat__dns_name_eq(&c->host[i].name, &v->host)) return &c->host[i];
    }
    return NULL;
}

static const char *address_of(const grat__mdns_cache *c, const grat__mdns_service *v)
{
    const grat__mdns_host *h = v->has_srv ? host_of(c, v) : NULL;
    if (!h) return NULL;
    return h->v4[0] ? h->v4 : h->v6[0] ? h->v6 : NULL;
}

void grat__mdns_ask_all(grat__dns_writer *w)
{
    grat__dns_name type;
    for (unsigned i = 0; i < GRAT__MDNS_KINDS; i++) {
        if (type_name(i, &type)) grat__dns_put_question(w, &type, GRAT__DNS_PTR, GRAT__DNS_IN);
    }
}

unsigned grat__mdns_ask_missing(const grat__mdns_cache *c, grat__dns_writer *w)
{
    unsigned n = 0;
    for (unsigned i = 0; i < c->services; i++) {
        const grat__mdns_service *v = &c->service[i];
        if (v->given) continue;
        if (!v->has_srv) n += !grat__dns_put_question(w, &v->name, GRAT__DNS_SRV, GRAT__DNS_IN);
        if (!v->has_txt) n += !grat__dns_put_question(w, &v->name, GRAT__DNS_TXT, GRAT__DNS_IN);
        if (!v->has_srv || address_of(c, v)) continue;
        n += !grat__dns_put_question(w, &v->host, GRAT__DNS_A, GRAT__DNS_IN);
        n += !grat__dns_put_question(w, &v->host, GRAT__DNS_AAAA, GRAT__DNS_IN);
    }
    return n;
}

bool grat__mdns_seen(const grat__mdns_service *v, const char *address, grat__seen *out, char resource[GRAT__FIND_TEXT])
{
    char h[80];
    snprintf(h, sizeof h, strchr(address, ':') ? "[%s]" : "%s", address);
    *out = (grat__seen){.resource = resource, .via = "mdns", .ask = GRAT__ASK_HOST, .identity = &v->identity};
    if (!v->port) return false;
    switch (v->kind) {
    case GRAT__MDNS_VXI11:
        snprintf(resource, GRAT__FIND_TEXT, "TCPIP0::%s::inst0::INSTR", h);
        return true;
    case GRAT__MDNS_HISLIP:
        if (v->port == 4880) snprintf(resource, GRAT__FIND_TEXT, "TCPIP0::%s::hislip0::INSTR", h);
        else snprintf(resource, GRAT__FIND_TEXT, "TCPIP0::%s::hislip0,%u::INSTR", h, v->port);
        return true;
    case GRAT__MDNS_RAW:
        snprintf(resource, GRAT__FIND_TEXT, "TCPIP0::%s::%u::SOCKET", h, v->port);
        return true;
    case GRAT__MDNS_LXI:
    case GRAT__MDNS_HTTP:
        /* A web page of an instrument: something of it can surely be opened, and this is the likeliest. */
        if (!v->identity.vendor[0] || !v->identity.model[0]) return false;
        bool vicp = grat__strcasestarts(v->identity.vendor, "lecroy") ||
                    grat__strcasestarts(v->identity.vendor, "teledyne lecroy");
        snprintf(resource, GRAT__FIND_TEXT, vicp ? "VICP0::%s::INSTR" : "TCPIP0::%s::inst0::INSTR", h);
        out->guess = true;
        return true;
    default:
        return false; /* telnet: prompts and echo, made for people */
    }
}

void grat__mdns_give(grat__mdns_cache *c, grat__search *s, bool last)
{
    for (unsigned i = 0; i < c->services; i++) {
        grat__mdns_service *v = &c->service[i];
        const char *address = v->given ? NULL : address_of(c, v);
        char resource[GRAT__FIND_TEXT];
        grat__seen seen;
        if (!address || !(v->has_txt || last)) continue;
        v->given = true;
        if (grat__mdns_seen(v, address, &seen, resource)) grat__search_saw(s, &seen);
    }
}
