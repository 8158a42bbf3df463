/* Plain lists of resources, with a memory of some seconds. */
#include "core/str.h"
#include "discover/search.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct grat_list {
    char **item;
    unsigned n;
    bool failed;
};

/* What discovery found; the configuration is read anew each time. */
static struct {
    pthread_mutex_t lock;
    grat_list *list;
    int64_t made_ns;
} cache = {.lock = PTHREAD_MUTEX_INITIALIZER};

void grat_list_free(grat_list *l)
{
    if (!l) return;
    for (unsigned i = 0; i < l->n; i++) free(l->item[i]);
    free(l->item);
    free(l);
}

const char *grat_list_item(const grat_list *l, unsigned i)
{
    return i < l->n ? l->item[i] : NULL;
}

static void add(grat_list *l, const char *text)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (grat__strcaseeq(l->item[i], text)) return;
    }
    char **more = realloc(l->item, (l->n + 1) * sizeof *more);
    if (more) l->item = more;
    char *copy = more ? strdup(text) : NULL;
    if (copy) l->item[l->n++] = copy;
    else l->failed = true;
}

static void on_found(void *user, const grat_found *f)
{
    for (const char *const *a = f->addresses; *a; a++) add(user, *a);
}

static void add_configured(grat_list *l)
{
    grat_config *c;
    grat_op op;
    const char *text, *name;
    grat_op_init(&op, 1000, NULL);
    if (grat_config_load(&op, &c)) return;
    for (unsigned i = 0; (text = grat_config_entry(c, i, &name)); i++) {
        char normal[GRAT__FIND_TEXT];
        grat_resource r;
        const char *target = grat_config_alias(c, text);
        if (grat_resource_parse(target ? target : text, &r, &op)) continue;
        grat_resource_format(&r, normal, sizeof normal);
        add(l, normal);
    }
    grat_config_free(c);
}

static int by_text(const void *a, const void *b)
{
    return strverscmp(*(char *const *)a, *(char *const *)b);
}

static void add_all(grat_list *l, const grat_list *from)
{
    for (unsigned i = 0; from && i < from->n; i++) add(l, from->item[i]);
}

/* False when there is none of this age. */
static bool add_remembered(grat_list *l, int64_t max_age_ms)
{
    pthread_mutex_lock(&cache.lock);
    bool fresh = cache.list && (grat_now_ns() - cache.made_ns) / 1000000 < max_age_ms;
    if (fresh) add_all(l, cache.list);
    pthread_mutex_unlock(&cache.lock);
    return fresh;
}

static void remember(grat_list *l)
{
    pthread_mutex_lock(&cache.lock);
    grat_list_free(cache.list);
    cache.list = l;
    cache.made_ns = grat_now_ns();
    pthread_mutex_unlock(&cache.lock);
}

static grat_err search(grat_list *l, grat_op *op)
{
    grat_discover_options opt = {.size = sizeof opt, .sources = ~(unsigned)GRAT_FIND_CONFIG, .silent = true};
    grat_list *found = calloc(1, sizeof *found);
    if (!found) return grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory");
    grat_err e = grat_discover(&opt, on_found, found, op);
    if (e) {
        grat_list_free(found);
        return e;
    }
    if (found->n) qsort(found->item, found->n, sizeof *found->item, by_text);
    add_all(l, found);
    l->failed = l->failed || found->failed;
    remember(found);
    return GRAT_OK;
}

grat_err grat_list_resources(int64_t max_age_ms, grat_op *op, grat_list **out)
{
    grat_list *l = calloc(1, sizeof *l);
    if (!l) return grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory");
    add_configured(l);
    grat_err e = add_remembered(l, max_age_ms) ? GRAT_OK : search(l, op);
    if (!e && l->failed) e = grat_op_fail(op, GRAT_ENOMEM, "discovery: out of memory");
    if (e) {
        grat_list_free(l);
        return e;
    }
    *out = l;
    return GRAT_OK;
}
