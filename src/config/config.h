/* The configuration as the library itself uses it: read at the first need, again when the file has changed.
 * Names are copied out, so that nothing depends on how long a file's contents live. Thread-safe. */
#ifndef GRAT_CONFIG_CONFIG_H
#define GRAT_CONFIG_CONFIG_H

#include <graticule/sync.h>

#include <stdio.h>

#define GRAT__CONFIG_TEXT 600

typedef struct grat__config_item {
    char *name;     /* of an alias or a board; NULL for a fixed resource */
    char *resource;
} grat__config_item;

typedef struct grat__config_list {
    grat__config_item *item;
    unsigned n;
} grat__config_list;

/* What `security:` says of one connection; "" where it says nothing. */
typedef struct grat__config_security {
    char name[GRAT__CONFIG_TEXT];    /* an alias or a resource */
    char ca[1024], cert[1024], key[1024], user[256], password[256], password_file[1024];
    bool insecure;
    int tls;                         /* as in grat_open_options */
} grat__config_security;

struct grat_config {
    char path[1024];
    char *fallback; /* default: */
    grat__config_list aliases, resources, boards;
    grat_sync_member *instrument;
    unsigned instruments;
    grat_bench *bench;
    unsigned benches;
    grat__config_security *security;
    unsigned securities;
    grat__config_list texts; /* what those two point to … */
    void **block;            /* … and the lists of members and wiring */
    unsigned blocks;
};

/* Follows an alias, and aliases of aliases, to a resource string. False: no such alias, op->err is GRAT_OK, or the
 * configuration cannot be read or is a circle, op says why. */
bool grat__config_alias(const char *name, char out[GRAT__CONFIG_TEXT], grat_op *op);
/* What `boards:` says of a board such as "GPIB1" or "ASRL3", in any case. False as above. grat_open applies ASRLn by
 * itself; a GPIBn is for the transport that serves it. */
bool grat__config_board(const char *board, char out[GRAT__CONFIG_TEXT], grat_op *op);

/* Entry i of `security:`, with the password read; the password is not looked for when `name_only`. False: behind the
 * last one, op->err is GRAT_OK, or op says why. */
bool grat__config_security_at(unsigned i, bool name_only, grat__config_security *out, grat_op *op);

/* ---- inside --------------------------------------------------------------------------------- */

/* Appends copies of both texts; `name` may be NULL. False when memory is short. */
bool grat__config_add(grat__config_list *l, const char *name, const char *resource);
/* Fills c from the file; EPARSE with "path:line: why". ENOTSUP when built without libyaml. */
grat_err grat__config_parse(grat_config *c, FILE *f, grat_op *op);

#endif
