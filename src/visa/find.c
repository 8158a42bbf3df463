/* viFindRsrc: what the configuration names, in its order, then what discovery finds; each resource once, in normal
 * form. What was found is remembered for some seconds, since programs ask more than once as they start. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum {
    SEARCH_MS = 2500,         /* the searches end by themselves after about 1 s */
    FRESH_MS = 5000,
};

typedef struct names {
    char (*name)[VI_FIND_BUFLEN];
    unsigned n;
} names;

typedef struct find_list {
    visa_object base;
    ViSession rm;
    names found;
    unsigned next;            /* under `use` */
    pthread_mutex_t use;
} find_list;

/* ---- lists of names ----------------------------------------------------------------------------------- */

static bool names_has(const names *l, const char *name)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (strcmp(l->name[i], name) == 0) return true;
    }
    return false;
}

static bool names_add(names *l, const char *name)
{
    if (names_has(l, name)) return true;
    char (*more)[VI_FIND_BUFLEN] = realloc(l->name, (l->n + 1) * sizeof *more);
    if (!more) return false;
    l->name = more;
    visa__text_out(l->name[l->n++], name);
    return true;
}

static void names_free(names *l)
{
    free(l->name);
    *l = (names){0};
}

/* ---- sources ---------------------------------------------------------------------------------------------- */

static void add_configured(names *l)
{
    grat_config *c;
    grat_op op;
    visa_rsrc r;
    const char *name, *resource;
    grat_op_init(&op, 1000, NULL);
    if (grat_config_load(&op, &c)) return;
    for (unsigned i = 0; (resource = grat_config_entry(c, i, &name)); i++) {
        if (!visa__rsrc_parse(resource, &r)) names_add(l, r.name);
    }
    grat_config_free(c);
}

/* Programs open the first one: ports that merely exist stand behind what has announced itself. */
static void add_discovered(names *l)
{
    grat_list *all;
    grat_op op;
    visa_rsrc r;
    const char *resource;
    grat_op_init(&op, SEARCH_MS, NULL);
    if (grat_list_resources(FRESH_MS, &op, &all)) return;
    for (int ports = 0; ports < 2; ports++) {
        for (unsigned i = 0; (resource = grat_list_item(all, i)); i++) {
            if (visa__rsrc_parse(resource, &r)) continue;
            if ((r.rclass == VISA_CLASS_ASRL) == ports) names_add(l, r.name);
        }
    }
    grat_list_free(all);
}

/* ---- matching ------------------------------------------------------------------------------------------------ */

typedef struct candidate {
    ViSession rm;
    visa_rsrc r;
    visa_session *open;       /* when an attribute needed it */
    bool tried;
} candidate;

/* What the name tells needs no device. */
static bool attribute(void *user, ViAttr attr, visa_value *out)
{
    candidate *c = user;
    if (visa__attr_of_name(&c->r, attr, out)) return true;
    if (!c->tried) {
        c->tried = true;
        if (visa__session_open(c->rm, &c->r, VI_NO_LOCK, 0, &c->open)) c->open = NULL;
    }
    return c->open && !visa__attr_session(c->open, attr, out);
}

static bool matches(ViSession rm, const visa_expr *e, const char *name)
{
    candidate c = {.rm = rm};
    if (visa__rsrc_parse(name, &c.r)) return false;
    bool yes = visa__expr_match(e, name, attribute, &c);
    if (c.open) visa__session_put(c.open);
    return yes;
}

static ViStatus search(ViSession rm, const char *expr, names *out)
{
    visa_expr *e;
    names all = {0};
    /* NI's way to say "on this machine only". */
    ViStatus st = visa__expr_new(expr[0] == '/' ? expr + 1 : expr, &e);
    if (st) return st;
    add_configured(&all);
    add_discovered(&all);
    for (unsigned i = 0; i < all.n && !st; i++) {
        if (matches(rm, e, all.name[i]) && !names_add(out, all.name[i])) st = VI_ERROR_ALLOC;
    }
    names_free(&all);
    visa__expr_free(e);
    return st ? st : out->n ? VI_SUCCESS : VI_ERROR_RSRC_NFOUND;
}

/* ---- the calls -------------------------------------------------------------------------------------------------- */

static void list_destroy(visa_object *o)
{
    find_list *l = (find_list *)o;
    names_free(&l->found);
    pthread_mutex_destroy(&l->use);
    free(l);
}

static ViStatus keep(ViSession rm, names *found, ViPFindList list)
{
    find_list *l = calloc(1, sizeof *l);
    if (!l) return VI_ERROR_ALLOC;
    l->base = (visa_object){.kind = VISA_FIND, .destroy = list_destroy};
    l->rm = rm;
    l->found = *found;
    l->next = 1;
    *found = (names){0};
    pthread_mutex_init(&l->use, NULL);
    visa__object_add(&l->base);
    *list = l->base.handle;
    return VI_SUCCESS;
}

VISA_API ViStatus viFindRsrc(ViSession rm, ViConstString expr, ViPFindList list, ViPUInt32 n, ViChar desc[])
{
    ViStatus st;
    names found = {0};
    if (list) *list = VI_NULL;
    if (n) *n = 0;
    visa_object *manager = visa__object_get(rm, VISA_RM, &st);
    if (!manager) return st;
    st = expr && desc ? search(rm, expr, &found) : VI_ERROR_USER_BUF;
    if (!st) {
        visa__text_out(desc, found.name[0]);
        if (n) *n = found.n;
        if (list) st = keep(rm, &found, list);
    }
    names_free(&found);
    visa__object_put(manager);
    return st;
}

VISA_API ViStatus viFindNext(ViFindList list, ViChar desc[])
{
    ViStatus st;
    visa_object *o = visa__object_get(list, VISA_FIND, &st);
    if (!o) return st;
    find_list *l = (find_list *)o;
    pthread_mutex_lock(&l->use);
    if (!desc) st = VI_ERROR_USER_BUF;
    else if (l->next >= l->found.n) st = VI_ERROR_RSRC_NFOUND;
    else visa__text_out(desc, l->found.name[l->next++]);
    pthread_mutex_unlock(&l->use);
    visa__object_put(o);
    return st;
}

static bool list_of(visa_object *o, void *rm)
{
    const ViSession *handle = rm;
    return o->kind == VISA_FIND && ((find_list *)o)->rm == *handle;
}

void visa__find_close_all(ViSession rm)
{
    visa_object *some[32];
    unsigned n;
    while ((n = visa__object_list(VISA_FIND, list_of, &rm, some, 32))) {
        for (unsigned i = 0; i < n; i++) visa__close_object(some[i]);
    }
}
