/* config.yaml: `default: NAME` and `aliases: {NAME: RESOURCE, …}`. Other keys belong to other tools and are skipped. */
#include "cli/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void find_path(char *out, size_t cap)
{
    const char *named = getenv("GRATICULE_CONFIG"), *base = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (named && *named) {
        snprintf(out, cap, "%s", named);
    } else if (base && *base) {
        snprintf(out, cap, "%s/graticule/config.yaml", base);
    } else {
        snprintf(out, cap, "%s/.config/graticule/config.yaml", home ? home : "");
    }
}

const char *cli_config_alias(const cli_config *cfg, const char *name)
{
    for (unsigned i = 0; i < cfg->aliases; i++) {
        if (strcmp(cfg->alias[i].name, name) == 0) return cfg->alias[i].resource;
    }
    return NULL;
}

void cli_config_free(cli_config *cfg)
{
    for (unsigned i = 0; i < cfg->aliases; i++) {
        free(cfg->alias[i].name);
        free(cfg->alias[i].resource);
    }
    free(cfg->alias);
    free(cfg->fallback);
    *cfg = (cli_config){0};
}

#ifdef GRAT_HAVE_YAML
#include <yaml.h>

static grat_err bad(const cli_config *cfg, const yaml_node_t *at, const char *why, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPARSE, "%.200s:%zu: %s", cfg->path, at->start_mark.line + 1, why);
}

static grat_err set_text(char **to, const yaml_node_t *node, grat_op *op)
{
    free(*to);
    *to = strdup((const char *)node->data.scalar.value);
    return *to ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "configuration: out of memory");
}

static grat_err take_alias(cli_config *cfg, const yaml_node_t *key, const yaml_node_t *value, grat_op *op)
{
    if (key->type != YAML_SCALAR_NODE || value->type != YAML_SCALAR_NODE)
        return bad(cfg, key, "an alias is written as name: RESOURCE", op);
    cli_alias *more = realloc(cfg->alias, (cfg->aliases + 1) * sizeof *more);
    if (!more) return grat_op_fail(op, GRAT_ENOMEM, "configuration: out of memory");
    cfg->alias = more;
    cli_alias *a = &more[cfg->aliases++];
    *a = (cli_alias){0};
    grat_err e = set_text(&a->name, key, op);
    return e ? e : set_text(&a->resource, value, op);
}

static grat_err take_aliases(cli_config *cfg, yaml_document_t *doc, const yaml_node_t *map, grat_op *op)
{
    if (map->type != YAML_MAPPING_NODE) return bad(cfg, map, "aliases: must be a list of name: RESOURCE", op);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        grat_err e = take_alias(cfg, yaml_document_get_node(doc, p->key), yaml_document_get_node(doc, p->value), op);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err take_root(cli_config *cfg, yaml_document_t *doc, grat_op *op)
{
    const yaml_node_t *root = yaml_document_get_root_node(doc);
    if (!root) return GRAT_OK;
    if (root->type != YAML_MAPPING_NODE)
        return bad(cfg, root, "the file must hold keys such as default: and aliases:", op);
    for (yaml_node_pair_t *p = root->data.mapping.pairs.start; p < root->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = yaml_document_get_node(doc, p->key), *value = yaml_document_get_node(doc, p->value);
        const char *name = key->type == YAML_SCALAR_NODE ? (const char *)key->data.scalar.value : "";
        grat_err e = GRAT_OK;
        if (strcmp(name, "aliases") == 0) e = take_aliases(cfg, doc, value, op);
        if (strcmp(name, "default") == 0)
            e = value->type == YAML_SCALAR_NODE ? set_text(&cfg->fallback, value, op)
                                                : bad(cfg, value, "default: must be an alias or a RESOURCE", op);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err parse_file(cli_config *cfg, FILE *f, grat_op *op)
{
    yaml_parser_t parser;
    yaml_document_t doc;
    if (!yaml_parser_initialize(&parser)) return grat_op_fail(op, GRAT_ENOMEM, "configuration: out of memory");
    yaml_parser_set_input_file(&parser, f);
    grat_err e;
    if (yaml_parser_load(&parser, &doc)) {
        e = take_root(cfg, &doc, op);
        yaml_document_delete(&doc);
    } else {
        e = grat_op_fail(op, GRAT_EPARSE, "%.200s:%zu: %.80s", cfg->path, parser.problem_mark.line + 1,
                         parser.problem ? parser.problem : "not YAML");
    }
    yaml_parser_delete(&parser);
    return e;
}
#else
static grat_err parse_file(cli_config *cfg, FILE *f, grat_op *op)
{
    (void)f;
    return grat_op_fail(op, GRAT_ENOTSUP, "%.200s: cannot be read: this grat was built without libyaml; build it with",
                        cfg->path);
}
#endif

grat_err cli_config_load(cli_config *cfg, grat_op *op)
{
    const char *named = getenv("GRATICULE_CONFIG");
    find_path(cfg->path, sizeof cfg->path);
    FILE *f = fopen(cfg->path, "re");
    if (!f) {
        if ((errno == ENOENT || errno == ENOTDIR) && !(named && *named)) return GRAT_OK;
        return grat_op_fail(op, GRAT_EIO, "%.200s: the configuration cannot be read: %s", cfg->path, strerror(errno));
    }
    grat_err e = parse_file(cfg, f, op);
    fclose(f);
    return e;
}
