/* What the readers of the configuration's parts share. */
#ifndef GRAT_CONFIG_YAML_INT_H
#define GRAT_CONFIG_YAML_INT_H

#include "config/config.h"

#ifdef GRAT_HAVE_YAML
#include <string.h>
#include <yaml.h>

typedef struct grat__yaml {
    grat_config *c;
    yaml_document_t *doc;
    grat_op *op;
} grat__yaml;

/* EPARSE "path:line:column: why". */
static inline grat_err grat__yaml_bad(const grat__yaml *r, const yaml_node_t *at, const char *why)
{
    return grat_op_fail(r->op, GRAT_EPARSE, "%.200s:%zu:%zu: %s", r->c->path, at->start_mark.line + 1,
                        at->start_mark.column + 1, why);
}

/* NULL for what is no text. */
static inline const char *grat__yaml_scalar(const yaml_node_t *node)
{
    return node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

/* An empty value (`aliases:` with nothing behind it) is an empty list. */
static inline bool grat__yaml_nothing(const yaml_node_t *node)
{
    const char *text = grat__yaml_scalar(node);
    return text && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && (!*text || strcmp(text, "~") == 0);
}

grat_err grat__yaml_instruments(const grat__yaml *r, const yaml_node_t *map);
grat_err grat__yaml_benches(const grat__yaml *r, const yaml_node_t *map);
#endif

#endif
