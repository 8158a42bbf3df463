/* The portmapper, version 2 (RFC 1833 §3), arguments and results. */
#ifndef GRAT_WIRE_PORTMAP_H
#define GRAT_WIRE_PORTMAP_H

#include "core/buf.h"

enum {
    GRAT__PMAP_PROG = 100000,
    GRAT__PMAP_VERS = 2,
    GRAT__PMAP_PORT = 111,
    GRAT__PMAP_NULL = 0,
    GRAT__PMAP_SET = 1,
    GRAT__PMAP_UNSET = 2,
    GRAT__PMAP_GETPORT = 3,
    GRAT__PMAP_DUMP = 4,
    GRAT__PMAP_CALLIT = 5,
    GRAT__PMAP_TCP = 6,
    GRAT__PMAP_UDP = 17,
};

/* Arguments of SET, UNSET and GETPORT, and one entry of DUMP. */
typedef struct grat__pmap_mapping {
    uint32_t prog, vers, prot, port;
} grat__pmap_mapping;

typedef struct grat__pmap_callit {
    uint32_t prog, vers, proc;
    const uint8_t *args;            /* borrowed */
    size_t args_len;
} grat__pmap_callit;

typedef struct grat__pmap_callit_result {
    uint32_t port;
    const uint8_t *data;            /* borrowed */
    size_t n;
} grat__pmap_callit_result;

grat_err grat__pmap_put_mapping(grat__buf *b, const grat__pmap_mapping *m);
grat_err grat__pmap_get_mapping(const void *args, size_t n, grat__pmap_mapping *out);
/* The one-word result of SET, UNSET (0, 1) and GETPORT. */
grat_err grat__pmap_put_word(grat__buf *b, uint32_t v);
grat_err grat__pmap_get_word(const void *results, size_t n, uint32_t *out);
grat_err grat__pmap_put_dump(grat__buf *b, const grat__pmap_mapping *list, size_t count);
/* *count: in, room in list; out, entries (those beyond the room are dropped). */
grat_err grat__pmap_get_dump(const void *results, size_t n, grat__pmap_mapping *list, size_t *count);
grat_err grat__pmap_put_callit(grat__buf *b, const grat__pmap_callit *c);
grat_err grat__pmap_get_callit(const void *args, size_t n, grat__pmap_callit *out);
grat_err grat__pmap_put_callit_result(grat__buf *b, const grat__pmap_callit_result *r);
grat_err grat__pmap_get_callit_result(const void *results, size_t n, grat__pmap_callit_result *out);

#endif
