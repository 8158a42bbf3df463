/* Any datagram as a DNS message. What reads as records is written again and must read as the same records; as an answer
 * to discovery it is taken twice, and what it lacks is asked for. */
#include "discover/mdns_cache.h"

#include "fuzz.h"

static void check_name(const grat__dns_name *n)
{
    char text[1100];
    grat__dns_name again;
    unsigned at = 0;
    HOLDS(n->n >= 1);
    while (n->b[at]) at += 1u + n->b[at];
    HOLDS(at + 1 == n->n);
    grat__dns_name_text(n, text, sizeof text);
    if (strchr(text, '?')) return;
    HOLDS(grat__dns_name_from(&again, text) && grat__dns_name_eq(n, &again));
}

static void put(grat__dns_writer *w, const grat__dns_reader *r, const grat__dns_record *rec)
{
    grat__dns_head h = {&rec->name, rec->klass, rec->ttl, rec->section};
    grat__dns_name target;
    grat__dns_srv srv;
    if (rec->section == GRAT__DNS_QUESTION) {
        grat__dns_put_question(w, &rec->name, rec->type, rec->klass);
    } else if (!grat__dns_get_ptr(r, rec, &target)) {
        check_name(&target);
        grat__dns_put_ptr(w, &h, &target);
    } else if (!grat__dns_get_srv(r, rec, &srv)) {
        check_name(&srv.target);
        grat__dns_put_srv(w, &h, srv.port, &srv.target);
    } else {
        grat__dns_put_bytes(w, &h, rec->type, rec->data, rec->n);
    }
}

static void same(const uint8_t *data, size_t n, const grat__dns_writer *w)
{
    grat__dns_reader a, b;
    grat__dns_record x, y;
    HOLDS(!grat__dns_begin(&a, data, n) && !grat__dns_begin(&b, w->buf.data, w->buf.len));
    for (;;) {
        grat_err e = grat__dns_next(&a, &x), f = grat__dns_next(&b, &y);
        HOLDS(f == GRAT_OK || f == GRAT_ENODATA);
        if (e || f) break;
        HOLDS(x.section == y.section && x.type == y.type && x.klass == y.klass && x.ttl == y.ttl);
        HOLDS(grat__dns_name_eq(&x.name, &y.name));
        grat__dns_name p, q;
        if (!grat__dns_get_ptr(&a, &x, &p)) HOLDS(!grat__dns_get_ptr(&b, &y, &q) && grat__dns_name_eq(&p, &q));
    }
}

static void discover(const uint8_t *data, size_t n)
{
    static grat__mdns_cache c;
    grat__dns_writer w;
    c.services = c.hosts = c.malformed = 0;
    grat__mdns_take(&c, data, n, 1);
    unsigned services = c.services, hosts = c.hosts;
    grat__mdns_take(&c, data, n, 1);
    HOLDS(c.services == services && c.hosts == hosts && services <= GRAT__MDNS_SERVICES && hosts <= GRAT__MDNS_HOSTS);
    if (grat__dns_start(&w, 1, 0, GRAT__MDNS_FIT)) return;
    HOLDS(grat__mdns_ask_missing(&c, &w) <= 4 * services);
    HOLDS(w.buf.len <= GRAT__MDNS_FIT);
    grat__dns_free(&w);
    for (unsigned i = 0; i < c.services; i++) {
        char resource[GRAT__FIND_TEXT];
        grat__seen seen;
        if (grat__mdns_seen(&c.service[i], "10.0.0.1", &seen, resource)) HOLDS(strlen(resource) < GRAT__FIND_TEXT);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__dns_reader r;
    grat__dns_record rec;
    grat__dns_writer w;
    char value[64];
    if (grat__dns_begin(&r, data, n)) return 0;
    grat__dns_start(&w, r.id, r.flags, 1 << 20);
    while (!grat__dns_next(&r, &rec)) {
        check_name(&rec.name);
        HOLDS(r.at <= n && rec.data_at + rec.n <= n);
        if (rec.n) grat__dns_txt_value(rec.data, rec.n, "Model", value, sizeof value);
        put(&w, &r, &rec);
    }
    same(data, n, &w);
    grat__dns_free(&w);
    discover(data, n);
    return 0;
}
