/* What a session does differently when the instrument behind it does not speak SCPI: no terminator is added, no *IDN?
 * is sent; the identity comes from here. */
#ifndef GRAT_SESSION_DIALECT_H
#define GRAT_SESSION_DIALECT_H

#include <graticule/graticule.h>

typedef struct grat__dialect {
    const char *name;
    bool (*serves)(const grat_resource *r);
    /* Finds the beginning of the input again and asks who it is: "vendor,model,serial,firmware". */
    grat_err (*identify)(grat_session *s, char *out, size_t cap, grat_op *op);
} grat__dialect;

extern const grat__dialect grat__dialect_bitscope, grat__dialect_pico;

/* NULL for SCPI. */
const grat__dialect *grat__dialect_find(const grat_resource *r);

#endif
