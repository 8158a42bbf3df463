#include "sim/serve/mdns_item.h"

#include "core/str.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

enum { TTL_HOST = 120, TTL_OTHER = 4500, TTL_LEGACY = 10, HISLIP_PORT = 4880 };

static void split_idn(const char *idn, char field[4][64])
{
    for (unsigned i = 0; i < 4; i++) {
        size_t n = strcspn(idn, ",\r\n");
        snprintf(field[i], 64, "%.*s", (int)n, idn);
        idn += n + (idn[n] == ',');
    }
}

static void add(sim_mdns_item *m, const char *type, unsigned port)
{
    sim_mdns_service *v = &m->service[m->services];
    if (m->services == SIM_MDNS_SERVICES || !port || !grat__dns_name_from(&v->type, type)) return;
    for (unsigned i = 0; i < m->services; i++) {
        if (grat__dns_name_eq(&m->service[i].type, &v->type)) return; /* one instance name, one port */
    }
    v->port = (uint16_t)port;
    v->web = strcmp(type, "_http._tcp.local") == 0;
    if (grat__dns_name_join(&v->instance, m->label, strlen(m->label), &v->type)) m->services++;
}

static unsigned number_at(const char *p)
{
    unsigned v = 0;
    for (; *p >= '0' && *p <= '9' && v < 65536; p++) v = 10 * v + (unsigned)(*p - '0');
    return v < 65536 ? v : 0;
}

/* The port before "::SOCKET": the digits that end there. */
static unsigned port_before(const char *start, const char *end)
{
    const char *p = end;
    while (p > start && p[-1] >= '0' && p[-1] <= '9') p--;
    return number_at(p);
}

static void add_resource(sim_mdns_item *m, const char *text)
{
    const char *hislip = strstr(text, "::hislip"), *socket = strstr(text, "::SOCKET");
    if (strncmp(text, "TCPIP", 5) != 0) return;
    if (hislip) {
        const char *comma = strchr(hislip, ',');
        add(m, "_hislip._tcp.local", comma ? number_at(comma + 1) : HISLIP_PORT);
    } else if (socket) {
        add(m, "_scpi-raw._tcp.local", port_before(text, socket));
    } else if (strstr(text, "::inst0") && !strchr(text, ',')) { /* with a comma there is no portmapper */
        add(m, "_vxi-11._tcp.local", 111);
    }
}

static void add_resources(sim_mdns_item *m, const char *list)
{
    while (*list) {
        char one[200];
        size_t n = strcspn(list, " ");
        snprintf(one, sizeof one, "%.*s", (int)n, list);
        add_resource(m, one);
        list += n + (list[n] == ' ');
    }
}

/* "ds1104z-ds1za171509445.local" */
static bool name_host(sim_mdns_item *m, const char *model, const char *serial, unsigned number)
{
    char text[64];
    grat__dns_name local;
    int n = snprintf(text, sizeof text, number > 1 ? "%.20s-%.30s-%u" : "%.20s-%.30s", model, serial, number);
    for (int i = 0; i < n && text[i]; i++) {
        char c = text[i];
        if (c >= 'A' && c <= 'Z') text[i] = (char)(c + 32);
        else if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')) text[i] = '-';
    }
    return grat__dns_name_from(&local, "local") && grat__dns_name_join(&m->host, text, strlen(text), &local);
}

static void take_address(sim_mdns_item *m, const sim_addr *a)
{
    if (a->sa.ss_family == AF_INET6) {
        m->address_size = 16;
        memcpy(m->address, &((const struct sockaddr_in6 *)&a->sa)->sin6_addr, 16);
    } else {
        m->address_size = 4;
        memcpy(m->address, &((const struct sockaddr_in *)&a->sa)->sin_addr, 4);
    }
}

grat_err sim_mdns_item_init(sim_mdns_item *m, const sim_mdns_plan *plan)
{
    static const char *const keys[4] = {"Manufacturer", "Model", "SerialNumber", "FirmwareVersion"};
    char field[4][64], label[160], suffix[16] = "";
    memset(m, 0, sizeof *m);
    split_idn(plan->idn, field);
    if (plan->number > 1) snprintf(suffix, sizeof suffix, " #%u", plan->number);
    int keep = (int)(sizeof m->label - 1 - strlen(suffix));
    snprintf(label, sizeof label, "%.45s %.45s - %.45s", field[0], field[1], field[2]);
    snprintf(m->label, sizeof m->label, "%.*s%s", keep, label, suffix);
    take_address(m, plan->addr);
    if (plan->web) add(m, "_lxi._tcp.local", 80);
    if (plan->web) add(m, "_http._tcp.local", 80);
    add_resources(m, plan->resources);
    grat__buf_init(&m->txt, 1024);
    grat__buf_init(&m->web_txt, 64);
    grat_err e = name_host(m, field[1], field[2], plan->number) ? GRAT_OK : GRAT_EINVAL;
    if (!e) e = grat__dns_put_pair(&m->txt, "txtvers", "1");
    for (unsigned i = 0; !e && i < 4; i++) e = grat__dns_put_pair(&m->txt, keys[i], field[i]);
    if (!e) e = grat__dns_put_pair(&m->web_txt, "txtvers", "1");
    if (!e) e = grat__dns_put_pair(&m->web_txt, "path", "/");
    if (e) sim_mdns_item_free(m);
    return e;
}

void sim_mdns_item_free(sim_mdns_item *m)
{
    grat__buf_free(&m->txt);
    grat__buf_free(&m->web_txt);
}

/* ---- questions ---------------------------------------------------------------------------------- */

static bool meta_name(const grat__dns_name *name)
{
    grat__dns_name meta;
    return grat__dns_name_from(&meta, "_services._dns-sd._udp.local") && grat__dns_name_eq(&meta, name);
}

void sim_mdns_match(const sim_mdns_item *m, const grat__dns_record *q, sim_mdns_want *want)
{
    bool any = q->type == GRAT__DNS_ANY, ptr = any || q->type == GRAT__DNS_PTR;
    unsigned address = m->address_size == 4 ? GRAT__DNS_A : GRAT__DNS_AAAA;
    for (unsigned i = 0; i < m->services; i++) {
        const sim_mdns_service *v = &m->service[i];
        if (ptr && grat__dns_name_eq(&q->name, &v->type)) want->ptr |= 1u << i;
        if (!grat__dns_name_eq(&q->name, &v->instance)) continue;
        if (any || q->type == GRAT__DNS_SRV) want->srv |= 1u << i;
        if (any || q->type == GRAT__DNS_TXT) want->txt |= 1u << i;
    }
    if ((any || q->type == address) && grat__dns_name_eq(&q->name, &m->host)) want->address = true;
    if (ptr && meta_name(&q->name)) want->meta = (1u << m->services) - 1;
}

void sim_mdns_known(const sim_mdns_item *m, const grat__dns_name *target, sim_mdns_want *want)
{
    for (unsigned i = 0; i < m->services; i++) {
        if (grat__dns_name_eq(target, &m->service[i].instance)) want->ptr &= ~(1u << i);
    }
}

void sim_mdns_all(const sim_mdns_item *m, sim_mdns_want *want)
{
    unsigned every = (1u << m->services) - 1;
    *want = (sim_mdns_want){every, every, every, 0, true};
}

bool sim_mdns_wants(const sim_mdns_want *want)
{
    return want->ptr || want->srv || want->txt || want->meta || want->address;
}

/* ---- answers ------------------------------------------------------------------------------------ */

static uint32_t ttl(const sim_mdns_style *style, uint32_t usual)
{
    if (style->goodbye) return 0;
    return style->legacy && usual > TTL_LEGACY ? TTL_LEGACY : usual;
}

static void put_section(const sim_mdns_item *m, const sim_mdns_want *want, const sim_mdns_style *style, int section,
                        grat__dns_writer *w)
{
    uint16_t own = style->legacy ? GRAT__DNS_IN : GRAT__DNS_IN | GRAT__DNS_TOP;
    grat__dns_name meta;
    grat__dns_name_from(&meta, "_services._dns-sd._udp.local");
    for (unsigned i = 0; i < m->services; i++) {
        const sim_mdns_service *v = &m->service[i];
        const grat__buf *txt = v->web ? &m->web_txt : &m->txt;
        grat__dns_head type = {&v->type, GRAT__DNS_IN, ttl(style, TTL_OTHER), section};
        grat__dns_head all = {&meta, GRAT__DNS_IN, ttl(style, TTL_OTHER), section};
        grat__dns_head srv = {&v->instance, own, ttl(style, TTL_HOST), section};
        grat__dns_head text = {&v->instance, own, ttl(style, TTL_OTHER), section};
        if (want->meta & 1u << i) grat__dns_put_ptr(w, &all, &v->type);
        if (want->ptr & 1u << i) grat__dns_put_ptr(w, &type, &v->instance);
        if (want->srv & 1u << i) grat__dns_put_srv(w, &srv, style->port0 ? 0 : v->port, &m->host);
        if (want->txt & 1u << i) grat__dns_put_bytes(w, &text, GRAT__DNS_TXT, txt->data, txt->len);
    }
    grat__dns_head host = {&m->host, own, ttl(style, TTL_HOST), section};
    uint16_t kind = m->address_size == 4 ? GRAT__DNS_A : GRAT__DNS_AAAA;
    if (want->address) grat__dns_put_bytes(w, &host, kind, m->address, m->address_size);
}

void sim_mdns_put(const sim_mdns_item *m, const sim_mdns_want *want, const sim_mdns_style *style, grat__dns_writer *w)
{
    put_section(m, want, style, GRAT__DNS_ANSWER, w);
    if (style->bare) return;
    sim_mdns_want beside = {.srv = want->ptr & ~want->srv, .txt = want->ptr & ~want->txt,
                            .address = (want->ptr || want->srv) && !want->address};
    put_section(m, &beside, style, GRAT__DNS_ADDITIONAL, w);
}
