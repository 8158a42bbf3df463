#include "discover/search.h"

#include "core/str.h"

#include <string.h>

/* "0", "000000" and the like are what instruments without a serial number say. */
static bool has_serial(const grat_identity *id)
{
    return id->serial[strspn(id->serial, "0- ")] != '\0';
}

static bool known(const grat_identity *id)
{
    return id->model[0] || has_serial(id);
}

bool grat__same_identity(const grat_identity *a, const grat_identity *b)
{
    if (!has_serial(a) || !grat__strcaseeq(a->serial, b->serial)) return false;
    return !a->model[0] || !b->model[0] || grat__strcaseeq(a->model, b->model);
}

static bool same_host(const grat__address *a, const grat__address *b)
{
    return a->host[0] && a->host_hash == b->host_hash && grat__strcaseeq(a->host, b->host);
}

/* A USB device that was not asked tells a product ("DS1000Z Series"), which is not the model of *IDN?. */
static bool product_only(const grat__address *a)
{
    return !a->host[0] && a->state != GRAT__ANSWERED;
}

static bool same_instrument(const grat__address *a, const grat__address *b)
{
    if (grat__same_identity(&a->identity, &b->identity)) return true;
    return (product_only(a) || product_only(b)) && has_serial(&a->identity) &&
           grat__strcaseeq(a->identity.serial, b->identity.serial);
}

static void join(grat__address *const *a, unsigned n, unsigned x, unsigned y)
{
    unsigned keep = a[x]->group < a[y]->group ? a[x]->group : a[y]->group;
    unsigned drop = a[x]->group < a[y]->group ? a[y]->group : a[x]->group;
    if (keep == drop) return;
    for (unsigned i = 0; i < n; i++) {
        if (a[i]->group == drop) a[i]->group = keep;
    }
}

/* The group that every known instrument of this host belongs to; n when there are several or none. */
static unsigned only_group(grat__address *const *a, unsigned n, unsigned of)
{
    unsigned group = n;
    for (unsigned i = 0; i < n; i++) {
        if (!same_host(a[i], a[of]) || !known(&a[i]->identity)) continue;
        if (group != n && group != a[i]->group) return n;
        group = a[i]->group;
    }
    return group;
}

static bool anonymous(const grat__address *a)
{
    return a->host[0] && a->ask == GRAT__ASK_HOST && !known(&a->identity);
}

void grat__merge(grat__address *const *a, unsigned n)
{
    for (unsigned i = 0; i < n; i++) a[i]->group = i;
    for (unsigned i = 0; i < n; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (same_instrument(a[i], a[k])) join(a, n, i, k);
        }
    }
    for (unsigned i = 0; i < n; i++) {
        if (!anonymous(a[i])) continue;
        unsigned group = only_group(a, n, i);
        for (unsigned k = 0; k < n; k++) {
            bool partner = group < n ? a[k]->group == group : anonymous(a[k]) && same_host(a[i], a[k]);
            if (partner) join(a, n, i, k);
        }
    }
}

/* Guesses are asked last. */
static int order(const grat__address *a)
{
    return a->guess ? a->rank + 100 : a->rank;
}

/* Two addresses of one host that may be the same instrument. */
static bool peers(const grat__address *a, const grat__address *b)
{
    if (!same_host(a, b)) return false;
    return !has_serial(&a->identity) || !has_serial(&b->identity) || grat__same_identity(&a->identity, &b->identity);
}

bool grat__should_ask(grat__address *const *a, unsigned n, unsigned i)
{
    const grat__address *me = a[i];
    if (me->state != GRAT__NOT_ASKED || me->ask == GRAT__ASK_NEVER || !me->openable) return false;
    for (unsigned k = 0; k < n; k++) {
        const grat__address *other = a[k];
        if (k == i || !peers(me, other)) continue;
        if (other->state == GRAT__ASKING) return false; /* one connection to a host at a time */
        if (me->ask == GRAT__ASK_ALWAYS) continue;
        if (other->state == GRAT__ANSWERED) return false;
        if (other->state == GRAT__NOT_ASKED && other->openable && other->ask != GRAT__ASK_NEVER &&
            (order(other) < order(me) || (order(other) == order(me) && k < i)))
            return false;
    }
    return true;
}
