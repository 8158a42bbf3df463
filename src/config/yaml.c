#include "config/config.h"

#ifdef GRAT_HAVE_YAML
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct reader {
    grat_config *c;
    yaml_document_t *doc;
    grat_op *op;
} reader;

static grat_err bad(const reader *r, const yaml_node_t *at, const char *why)
{
    return grat_op_fail(r->op, GRAT_EPARSE, "%.200s:%zu: %s", r->c->path, at->start_mark.line + 1, why);
}

static const char *scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

static grat_err add(const reader *r, grat__config_list *to, const char *name, const char *resource)
{
    return grat__config_add(to, name, resource) ? GRAT_OK
                                                : grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
}

/* An empty value (`aliases:` with nothing behind it) is an empty list. */
static bool nothing(const yaml_node_t *node)
{
    const char *text = scalar(node);
    return text && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && (!*text || strcmp(text, "~") == 0);
}

static grat_err take_default(const reader *r, const yaml_node_t *node)
{
    if (nothing(node)) return GRAT_OK;
    if (!scalar(node)) return bad(r, node, "default: must be an alias or a RESOURCE");
    free(r->c->fallback);
    r->c->fallback = strdup(scalar(node));
    return r->c->fallback ? GRAT_OK : grat_op_fail(r->op, GRAT_ENOMEM, "configuration: out of memory");
}

static grat_err take_map(const reader *r, const yaml_node_t *map, grat__config_list *to, const char *why)
{
    if (nothing(map)) return GRAT_OK;
    if (map->type != YAML_MAPPING_NODE) return bad(r, map, why);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(r->doc, p->key);
        const char *name = scalar(key), *resource = scalar(yaml_document_get_node(r->doc, p->value));
        if (!name || !*name || !resource || !*resource) return bad(r, key, why);
        grat_err e = add(r, to, name, resource);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err take_aliases(const reader *r, const yaml_node_t *node)
{
    return take_map(r, node, &r->c->aliases, "an alias is written as name: RESOURCE");
}

static grat_err take_boards(const reader *r, const yaml_node_t *node)
{
    return take_map(r, node, &r->c->boards, "a board is written as GPIB1: RESOURCE or ASRL3: /dev/ttyUSB0");
}

static grat_err take_resources(const reader *r, const yaml_node_t *list)
{
    static const char why[] = "resources: must be a list of resource strings, each behind a dash";
    if (nothing(list)) return GRAT_OK;
    if (list->type != YAML_SEQUENCE_NODE) return bad(r, list, why);
    for (yaml_node_item_t *i = list->data.sequence.items.start; i < list->data.sequence.items.top; i++) {
        const yaml_node_t *node = yaml_document_get_node(r->doc, *i);
        if (!scalar(node) || !*scalar(node)) return bad(r, node, why);
        grat_err e = add(r, &r->c->resources, NULL, scalar(node));
        if (e) return e;
    }
    return GRAT_OK;
}

static const struct {
    const char *name;
    grat_err (*take)(const reader *r, const yaml_node_t *node);
} keys[] = {
    {"default", take_default},
    {"aliases", take_aliases},
    {"resources", take_resources},
    {"boards", take_boards},
};

static grat_err take_root(const reader *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(r->doc);
    if (!root || nothing(root)) return GRAT_OK;
    if (root->type != YAML_MAPPING_NODE)
        return bad(r, root, "the file must hold keys such as default: and aliases:");
    for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
        const char *name = scalar(yaml_document_get_node(r->doc, p->key));
        for (size_t i = 0; name && i < sizeof keys / sizeof *keys; i++) {
            if (strcmp(name, keys[i].name) != 0) continue;
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
        e = take_root(&(reader){c, &doc, op});
        yaml_document_delete(&doc);
    } else {
        e = grat_op_fail(op, GRAT_EPARSE, "%.200s:%zu: %.80s", c->path, parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "not YAML");
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
