/* A build without OpenSSL. */
#include "core/tls.h"

grat_err grat__tls_new(const grat__tls_setup *setup, int fd, grat_op *op, grat__tls **out)
{
    (void)setup, (void)fd, (void)out;
    return grat_op_fail(op, GRAT_ENOTSUP, "this build has no TLS; install libssl-dev and build again");
}

void grat__tls_free(grat__tls *t)
{
    (void)t;
}

grat__tls_step grat__tls_handshake(grat__tls *t)
{
    (void)t;
    return GRAT__TLS_FAILED;
}

grat__tls_step grat__tls_read(grat__tls *t, void *buf, size_t n, size_t *moved)
{
    (void)t, (void)buf, (void)n, (void)moved;
    return GRAT__TLS_FAILED;
}

grat__tls_step grat__tls_write(grat__tls *t, const void *buf, size_t n, size_t *moved)
{
    (void)t, (void)buf, (void)n, (void)moved;
    return GRAT__TLS_FAILED;
}

void grat__tls_end(grat__tls *t)
{
    (void)t;
}

bool grat__tls_untrusted(const grat__tls *t)
{
    (void)t;
    return false;
}

const char *grat__tls_why(const grat__tls *t)
{
    (void)t;
    return "no TLS";
}

void grat__tls_get_facts(grat__tls *t, grat__tls_facts *out)
{
    (void)t;
    *out = (grat__tls_facts){0};
}
