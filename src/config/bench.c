/* instruments: and benches: of the configuration. */
#include "config/yaml_int.h"

#ifdef GRAT_HAVE_YAML
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/str.h"

static const char instrument_keys[] = "an instrument's keys are name resource kind identity recipe setup arm ready "
                                      "ready-mask start read abort clock stamp";
static const char bench_keys[] = "a bench is a list of members, or its keys are members reference wiring";

static grat_err no_memory(const grat__yaml *r)
{
    return grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
}

/* A copy that lives as long as the configuration; NULL when memory is short. */
static const char *keep(const grat__yaml *r, const char *text)
{
    grat__config_list *l = &r->c->texts;
    return grat__config_add(l, NULL, text) ? l->item[l->n - 1].resource : NULL;
}

/* Zeroed memory that lives as long as the configuration; NULL when memory is short. */
static void *keep_block(const grat__yaml *r, size_t n, size_t size)
{
    void **more = realloc(r->c->block, (r->c->blocks + 1) * sizeof *more);
    if (!more) return NULL;
    r->c->block = more;
    void *block = calloc(n, size);
    if (block) more[r->c->blocks++] = block;
    return block;
}

static const yaml_node_t *node(const grat__yaml *r, int index)
{
    return yaml_document_get_node(r->doc, index);
}

static const grat_sync_member *find_instrument(const grat__yaml *r, const char *name)
{
    for (unsigned i = 0; i < r->c->instruments; i++)
        if (grat__strcaseeq(r->c->instrument[i].name, name)) return &r->c->instrument[i];
    return NULL;
}

/* ---- one instrument --------------------------------------------------------------------------------- */

/* A text, or a list of texts that are joined by line ends. */
static grat_err take_lines(const grat__yaml *r, const yaml_node_t *at, const char **out)
{
    char joined[4096] = "";
    size_t used = 0;
    if (grat__yaml_scalar(at)) {
        *out = grat__yaml_nothing(at) ? NULL : keep(r, grat__yaml_scalar(at));
        return *out || grat__yaml_nothing(at) ? GRAT_OK : no_memory(r);
    }
    if (at->type != YAML_SEQUENCE_NODE) return grat__yaml_bad(r, at, "a command or a list of commands is wanted");
    for (yaml_node_item_t *i = at->data.sequence.items.start; i < at->data.sequence.items.top; i++) {
        const char *line = grat__yaml_scalar(node(r, *i));
        if (!line) return grat__yaml_bad(r, node(r, *i), "a command is a text; put it between quotes");
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%s", used ? "\n" : "", line);
        if (used >= sizeof joined) return grat__yaml_bad(r, node(r, *i), "the commands are too long together");
    }
    *out = keep(r, joined);
    return *out ? GRAT_OK : no_memory(r);
}

static grat_err take_recipe(const grat__yaml *r, const yaml_node_t *at, grat_recipe *out)
{
    const char *text = grat__yaml_scalar(at);
    if (!text) return grat__yaml_bad(r, at, "recipe: must be a name or 'START|READ|ABORT'");
    const char *room = keep(r, text);
    if (!room) return no_memory(r);
    grat_op op;
    grat_op_init(&op, 0, NULL);
    /* The copy is this configuration's own. */
    grat__config_list *l = &r->c->texts;
    if (grat_recipe_parse(text, l->item[l->n - 1].resource, strlen(text) + 1, out, &op))
        return grat__yaml_bad(r, at, op.text);
    return GRAT_OK;
}

/* The texts of a member by key. */
static const char **place(grat_sync_member *m, const char *key)
{
    const struct {
        const char *key;
        const char **at;
    } places[] = {
        {"name", &m->name}, {"resource", &m->resource}, {"kind", &m->kind}, {"identity", &m->identity},
        {"setup", &m->recipe.setup}, {"arm", &m->recipe.arm}, {"ready", &m->recipe.ready},
        {"start", &m->recipe.start}, {"read", &m->recipe.read}, {"abort", &m->recipe.abort},
        {"clock", &m->recipe.clock}, {"stamp", &m->recipe.stamp},
    };
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
        if (strcmp(key, places[i].key) == 0) return places[i].at;
    return NULL;
}

static grat_err take_mask(const grat__yaml *r, const yaml_node_t *at, uint32_t *out)
{
    uint64_t v;
    const char *text = grat__yaml_scalar(at);
    if (!text || !grat__parse_u64(text, &v) || v > UINT32_MAX)
        return grat__yaml_bad(r, at, "ready-mask: must be a whole number");
    *out = (uint32_t)v;
    return GRAT_OK;
}

static grat_err take_key(const grat__yaml *r, const yaml_node_pair_t *p, grat_sync_member *m, bool recipe)
{
    const char *key = grat__yaml_scalar(node(r, p->key));
    const yaml_node_t *value = node(r, p->value);
    bool is_recipe = key && strcmp(key, "recipe") == 0;
    if (is_recipe) return recipe ? take_recipe(r, value, &m->recipe) : GRAT_OK;
    if (recipe) return GRAT_OK;
    if (key && strcmp(key, "ready-mask") == 0) return take_mask(r, value, &m->recipe.ready_mask);
    const char **to = key ? place(m, key) : NULL;
    return to ? take_lines(r, value, to) : grat__yaml_bad(r, node(r, p->key), instrument_keys);
}

/* The recipe first: the other keys replace its steps, wherever it stands. */
static grat_err take_member(const grat__yaml *r, const yaml_node_t *map, grat_sync_member *m)
{
    const char *unused;
    m->size = sizeof *m;
    grat_recipe_nth(0, &unused, &unused, &m->recipe);
    if (map->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, map, instrument_keys);
    for (unsigned pass = 0; pass < 2; pass++) {
        for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
            grat_err e = take_key(r, p, m, pass == 0);
            if (e) return e;
        }
    }
    if (!m->resource) return grat__yaml_bad(r, map, "an instrument needs its resource:");
    if (!m->name) m->name = m->resource;
    return GRAT_OK;
}

grat_err grat__yaml_instruments(const grat__yaml *r, const yaml_node_t *map)
{
    if (grat__yaml_nothing(map)) return GRAT_OK;
    static const char why[] = "an instrument is written as name: {resource: …}";
    if (map->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, map, why);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = node(r, p->key);
        const char *name = grat__yaml_scalar(key);
        if (!name || !*name) return grat__yaml_bad(r, key, why);
        if (find_instrument(r, name) || grat_config_alias(r->c, name))
            return grat__yaml_bad(r, key, "this name is taken; choose another");
        grat_sync_member *more = realloc(r->c->instrument, (r->c->instruments + 1) * sizeof *more);
        if (!more) return no_memory(r);
        r->c->instrument = more;
        grat_sync_member *m = &more[r->c->instruments];
        *m = (grat_sync_member){.name = keep(r, name)};
        if (!m->name) return no_memory(r);
        grat_err e = take_member(r, node(r, p->value), m);
        if (e) return e;
        r->c->instruments++;
        if (!grat__config_add(&r->c->aliases, name, m->resource)) return no_memory(r);
    }
    return GRAT_OK;
}

/* ---- benches ---------------------------------------------------------------------------------------- */

static grat_err take_one(const grat__yaml *r, const yaml_node_t *at, grat_sync_member *m)
{
    const char *text = grat__yaml_scalar(at), *unused;
    if (!text) return take_member(r, at, m);
    const grat_sync_member *known = find_instrument(r, text);
    if (known) {
        *m = *known;
        return GRAT_OK;
    }
    if (!strstr(text, "::") && !grat_config_alias(r->c, text))
        return grat__yaml_bad(r, at, "neither an instrument, an alias nor a resource; is it spelled as above?");
    m->size = sizeof *m;
    m->name = m->resource = keep(r, text);
    grat_recipe_nth(0, &unused, &unused, &m->recipe);
    return m->name ? GRAT_OK : no_memory(r);
}

static grat_err take_members(const grat__yaml *r, const yaml_node_t *list, grat_bench *b)
{
    if (list->type != YAML_SEQUENCE_NODE) return grat__yaml_bad(r, list, bench_keys);
    size_t n = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    if (!n || n > GRAT_SYNC_MAX) return grat__yaml_bad(r, list, "a bench has 1 to 256 members");
    grat_sync_member *m = keep_block(r, n, sizeof *m);
    if (!m) return no_memory(r);
    b->member = m;
    b->members = (unsigned)n;
    for (size_t k = 0; k < n; k++) {
        const yaml_node_t *at = node(r, list->data.sequence.items.start[k]);
        grat_err e = take_one(r, at, &m[k]);
        if (e) return e;
        for (size_t i = 0; i < k; i++)
            if (grat__strcaseeq(m[i].name, m[k].name)) return grat__yaml_bad(r, at, "this member is there twice");
    }
    return GRAT_OK;
}

static grat_err take_wiring(const grat__yaml *r, const yaml_node_t *list, grat_bench *b)
{
    if (list->type != YAML_SEQUENCE_NODE) return grat__yaml_bad(r, list, "wiring: must be a list of texts");
    size_t n = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    const char **line = keep_block(r, n + 1, sizeof *line);
    if (!line) return no_memory(r);
    b->wiring = line;
    for (size_t k = 0; k < n; k++) {
        const yaml_node_t *at = node(r, list->data.sequence.items.start[k]);
        if (!grat__yaml_scalar(at)) return grat__yaml_bad(r, at, "wiring: must be a list of texts");
        line[k] = keep(r, grat__yaml_scalar(at));
        if (!line[k]) return no_memory(r);
    }
    return GRAT_OK;
}

static grat_err check_reference(const grat__yaml *r, const yaml_node_t *at, const grat_bench *b)
{
    for (unsigned i = 0; b->reference && i < b->members; i++)
        if (grat__strcaseeq(b->member[i].name, b->reference)) return GRAT_OK;
    return grat__yaml_bad(r, at, "reference: must be the name of a member");
}

static grat_err take_bench(const grat__yaml *r, const yaml_node_t *at, grat_bench *b)
{
    const yaml_node_t *reference = NULL;
    if (at->type != YAML_MAPPING_NODE) return take_members(r, at, b);
    for (yaml_node_pair_t *p = at->data.mapping.pairs.start; p < at->data.mapping.pairs.top; p++) {
        const char *key = grat__yaml_scalar(node(r, p->key));
        const yaml_node_t *value = node(r, p->value);
        grat_err e = GRAT_OK;
        if (key && strcmp(key, "members") == 0) e = take_members(r, value, b);
        else if (key && strcmp(key, "wiring") == 0) e = take_wiring(r, value, b);
        else if (key && strcmp(key, "reference") == 0) e = take_lines(r, reference = value, &b->reference);
        else e = grat__yaml_bad(r, node(r, p->key), bench_keys);
        if (e) return e;
    }
    if (!b->members) return grat__yaml_bad(r, at, bench_keys);
    return reference ? check_reference(r, reference, b) : GRAT_OK;
}

grat_err grat__yaml_benches(const grat__yaml *r, const yaml_node_t *map)
{
    if (grat__yaml_nothing(map)) return GRAT_OK;
    if (map->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, map, "a bench is written as name: [MEMBER, …]");
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const char *name = grat__yaml_scalar(node(r, p->key));
        if (!name || !*name) return grat__yaml_bad(r, node(r, p->key), "a bench is written as name: [MEMBER, …]");
        grat_bench *more = realloc(r->c->bench, (r->c->benches + 1) * sizeof *more);
        if (!more) return no_memory(r);
        r->c->bench = more;
        grat_bench *b = &more[r->c->benches++];
        *b = (grat_bench){.size = sizeof *b, .name = keep(r, name)};
        if (!b->name) return no_memory(r);
        grat_err e = take_bench(r, node(r, p->value), b);
        if (e) return e;
    }
    return GRAT_OK;
}
#endif
