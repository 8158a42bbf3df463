/* Everything that was found, by the kind of connection. */
#include "core/str.h"
#include "discover/search.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BUSES 32

typedef struct entry {
    grat_found found;            /* its texts are this entry's own */
    char *text[3];               /* via, name, note */
    char **address;
    unsigned addresses;
    char bus[24];
} entry;

struct grat_catalog {
    entry *item;
    unsigned n;
    char bus[MAX_BUSES][24];     /* in the order of their first instruments */
    unsigned buses;
    bool failed;
};

static void clear_entry(entry *e)
{
    for (unsigned i = 0; i < 3; i++) free(e->text[i]);
    for (unsigned i = 0; i < e->addresses; i++) free(e->address[i]);
    free(e->address);
}

static bool keep(char **to, const char *from)
{
    return !from || (*to = strdup(from)) != NULL;
}

/* What stands before the number: "TCPIP", "PRLGX-ASRL". */
static void bus_of(const char *resource, char out[24])
{
    size_t n = 0;
    for (; n < 23 && ((resource[n] | 32) >= 'a' && (resource[n] | 32) <= 'z' ? true : resource[n] == '-'); n++)
        out[n] = resource[n] == '-' ? '-' : (char)(resource[n] & ~32);
    out[n] = '\0';
}

static bool fill(entry *e, const grat_found *f)
{
    unsigned n = 0;
    while (f->addresses[n]) n++;
    e->found = *f;
    bus_of(f->resource, e->bus);
    e->address = calloc(n + 1, sizeof *e->address);
    bool ok = e->address && keep(&e->text[0], f->via) && keep(&e->text[1], f->name) && keep(&e->text[2], f->note);
    for (; ok && e->addresses < n; e->addresses++)
        if (!keep(&e->address[e->addresses], f->addresses[e->addresses])) return false;
    if (!ok) return false;
    e->found.via = e->text[0], e->found.name = e->text[1], e->found.note = e->text[2];
    e->found.addresses = (const char *const *)e->address;
    e->found.resource = e->address[0];
    e->found.again = false;
    return true;
}

static bool same(const entry *e, const grat_found *f)
{
    for (unsigned i = 0; i < e->addresses; i++)
        for (const char *const *a = f->addresses; *a; a++)
            if (grat__strcaseeq(e->address[i], *a)) return true;
    return false;
}

static void on_found(void *user, const grat_found *f)
{
    grat_catalog *c = user;
    unsigned i = 0;
    entry made = {0};
    if (!fill(&made, f)) {
        clear_entry(&made);
        c->failed = true;
        return;
    }
    while (i < c->n && !same(&c->item[i], f)) i++;
    if (i == c->n) {
        entry *more = realloc(c->item, (c->n + 1) * sizeof *more);
        if (!more) {
            clear_entry(&made);
            c->failed = true;
            return;
        }
        c->item = more;
        c->n++;
    } else {
        clear_entry(&c->item[i]);
    }
    c->item[i] = made;
}

grat_err grat_catalog_new(const grat_discover_options *opt, grat_op *op, grat_catalog **out)
{
    grat_catalog *c = calloc(1, sizeof *c);
    if (!c) return grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory");
    grat_err e = grat_discover(opt, on_found, c, op);
    if ((!e || e == GRAT_ECANCELED) && c->failed) e = grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory");
    if (e && !(e == GRAT_ECANCELED && c->n)) {
        grat_catalog_free(c);
        return e;
    }
    for (unsigned i = 0; i < c->n; i++) {
        unsigned b = 0;
        while (b < c->buses && strcmp(c->bus[b], c->item[i].bus) != 0) b++;
        if (b == c->buses && b < MAX_BUSES) memcpy(c->bus[c->buses++], c->item[i].bus, sizeof c->bus[0]);
    }
    *out = c;
    return e;
}

const char *grat_catalog_bus(const grat_catalog *c, unsigned i)
{
    return i < c->buses ? c->bus[i] : NULL;
}

const grat_found *grat_catalog_item(const grat_catalog *c, const char *bus, unsigned i)
{
    for (unsigned k = 0; k < c->n; k++)
        if ((!bus || grat__strcaseeq(c->item[k].bus, bus)) && i-- == 0) return &c->item[k].found;
    return NULL;
}

void grat_catalog_free(grat_catalog *c)
{
    if (!c) return;
    for (unsigned i = 0; i < c->n; i++) clear_entry(&c->item[i]);
    free(c->item);
    free(c);
}
