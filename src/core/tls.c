#include "core/tls.h"

#include <stddef.h>

grat_err grat__tls_new(const grat__tls_setup *setup, int fd, grat_op *op, grat__tls **out)
{
    (void)setup, (void)fd, (void)out;
    return grat_op_fail(op, GRAT_ENOTSUP, "TLS: this build has none");
}

void grat__tls_free(grat__tls *t)
{
    (void)t;
}

void grat__tls_peer(grat__tls *t, char *out, size_t cap)
{
    (void)t;
    if (cap) out[0] = '\0';
}
