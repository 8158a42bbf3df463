#include "config/yaml_int.h"

#include "core/str.h"

#ifdef GRAT_HAVE_YAML
#include <stdlib.h>
#include <string.h>

static grat_err add(const grat__yaml *r, grat__config_list *to, const char *name, const char *resource)
{
    return grat__config_add(to, name, resource) ? GRAT_OK
                                                : grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
}

static grat_err take_default(const grat__yaml *r, const yaml_node_t *node)
{
    if (grat__yaml_nothing(node)) return GRAT_OK;
    if (!grat__yaml_scalar(node)) return grat__yaml_bad(r, node, "default: must be an alias or a RESOURCE");
    free(r->c->fallback);
    r->c->fallback = strdup(grat__yaml_scalar(node));
    return r->c->fallback ? GRAT_OK : grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
}

static grat_err take_map(const grat__yaml *r, const yaml_node_t *map, grat__config_list *to, const char *why)
{
    if (grat__yaml_nothing(map)) return GRAT_OK;
    if (map->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, map, why);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
        const char *name = grat__yaml_scalar(key);
        const char *resource = grat__yaml_scalar(yaml_document_get_node(r->doc, p->value));
        if (!name || !*name || !resource || !*resource) return grat__yaml_bad(r, key, why);
        grat_err e = add(r, to, name, resource);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err take_aliases(const grat__yaml *r, const yaml_node_t *node)
{
    return take_map(r, node, &r->c->aliases, "an alias is written as name: RESOURCE");
}

static grat_err take_boards(const grat__yaml *r, const yaml_node_t *node)
{
    return take_map(r, node, &r->c->boards, "a board is written as GPIB1: RESOURCE or ASRL3: /dev/ttyUSB0");
}

static grat_err take_resources(const grat__yaml *r, const yaml_node_t *list)
{
    static const char why[] = "resources: must be a list of resource strings, each behind a dash";
    if (grat__yaml_nothing(list)) return GRAT_OK;
    if (list->type != YAML_SEQUENCE_NODE) return grat__yaml_bad(r, list, why);
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        const yaml_node_t *node = yaml_document_get_node(r->doc, *i);
        if (!grat__yaml_scalar(node) || !*grat__yaml_scalar(node)) return grat__yaml_bad(r, node, why);
        grat_err e = add(r, &r->c->resources, NULL, grat__yaml_scalar(node));
        if (e) return e;
    }
    return GRAT_OK;
}

/* One word of an entry. False: not such a word, or not such a value. */
static bool take_word(grat__config_security *s, const char *word, const char *value)
{
    static const char *const whens[] = {"auto", "require", "never", "insecure"};
    const struct {
        const char *word;
        char *to;
        size_t cap;
    } texts[] = {{"ca", s->ca, sizeof s->ca},
                 {"user-cert", s->cert, sizeof s->cert},
                 {"user-key", s->key, sizeof s->key},
                 {"user", s->user, sizeof s->user},
                 {"password-file", s->password_file, sizeof s->password_file}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        if (strcmp(texts[i].word, word) == 0) return grat__strcpy(texts[i].to, texts[i].cap, value);
    }
    for (int i = 0; strcmp(word, "tls") == 0 && i < 4; i++) {
        if (strcmp(whens[i], value) != 0) continue;
        s->insecure = i == 3;
        s->tls = i == 3 ? GRAT_TLS_REQUIRE : i;
        return true;
    }
    return false;
}

/* Nothing is passed over here: a word that is spelt wrong must not leave a connection open to anybody. */
static grat_err take_security(const grat__yaml *r, const yaml_node_t *map)
{
    static const char why[] = "security: is written as NAME: {ca: FILE, user: NAME, password-file: FILE, "
                              "tls: require}, with user-cert and user-key";
    if (grat__yaml_nothing(map)) return GRAT_OK;
    if (map->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, map, why);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(r->doc, p->key), *words;
        const char *name = grat__yaml_scalar(key);
        words = yaml_document_get_node(r->doc, p->value);
        if (!name || words->type != YAML_MAPPING_NODE) return grat__yaml_bad(r, key, why);
        grat__config_security *more = realloc(r->c->security, (r->c->securities + 1) * sizeof *more);
        if (!more) return grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
        r->c->security = more;
        more += r->c->securities++;
        *more = (grat__config_security){.tls = GRAT_TLS_AUTO};
        if (!grat__strcpy(more->name, sizeof more->name, name)) return grat__yaml_bad(r, key, why);
        for (yaml_node_pair_t *w = words->data.mapping.pairs.start; w < words->data.mapping.pairs.top; w++) {
            const yaml_node_t *at = yaml_document_get_node(r->doc, w->key);
            const char *word = grat__yaml_scalar(at);
            const char *value = grat__yaml_scalar(yaml_document_get_node(r->doc, w->value));
            if (!word || !value || !take_word(more, word, value)) return grat__yaml_bad(r, at, why);
        }
    }
    return GRAT_OK;
}

static const struct {
    const char *name;
    grat_err (*take)(const grat__yaml *r, const yaml_node_t *node);
} keys[] = {
    {"default", take_default},
    {"aliases", take_aliases},
    {"resources", take_resources},
    {"boards", take_boards},
    {"security", take_security},
    {"instruments", grat__yaml_instruments},
    {"benches", grat__yaml_benches}, /* behind what they name */
};

/* As of `security`, so of the keys: nothing is passed over. */
static grat_err check_keys(const grat__yaml *r, const yaml_node_t *root)
{
    for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
        const char *name = grat__yaml_scalar(key);
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) known = known || (name && !strcmp(name, keys[i].name));
        if (!known)
            return grat__yaml_bad(r, key, "there is no such key: they are default, aliases, resources, boards, "
                                          "security, instruments and benches");
    }
    return GRAT_OK;
}

static grat_err take_root(const grat__yaml *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->doc);
    if (!root || grat__yaml_nothing(root)) return GRAT_OK;
    if (root->type != YAML_MAPPING_NODE)
        return grat__yaml_bad(r, root, "the file must hold keys such as default: and aliases:");
    grat_err wrong = check_keys(r, root);
    if (wrong) return wrong;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
            const char *name = grat__yaml_scalar(yaml_document_get_node(r->doc, p->key));
            if (!name || strcmp(name, keys[i].name) != 0) continue;
            grat_err e = keys[i].take(r, yaml_document_get_node(r->doc, p->value));
            if (e) return e;
        }
    }
    return GRAT_OK;
}

grat_err grat__config_parse(grat_config *c, FILE *f, grat_op *op)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    if (!yaml_parser_initialize(&parser)) return grat_op_fail(op, GRAT_ENOMEM, "configuration: out of memory");
    yaml_parser_set_input_file(&parser, f);
    grat_err e;
    if (yaml_parser_load(&parser, &doc)) {
        e = take_root(&(grat__yaml){c, &doc, op});
        yaml_document_delete(&doc);
    } else {
        e = grat_op_fail(op, GRAT_EPARSE, "%.200s:%zu:%zu: %.80s", c->path, parser.problem_mark.line + 1,
                         parser.problem_mark.column + 1, parser.problem ? parser.problem : "not YAML");
    }
    yaml_parser_delete(&parser);
    return e;
}
#else
grat_err grat__config_parse(grat_config *c, FILE *f, grat_op *op)
{
    (void)f;
    return grat_op_fail(op, GRAT_ENOTSUP, "%.200s: cannot be read: this library was built without libyaml; "
                        "install libyaml-dev and build again", c->path);
}
#endif
