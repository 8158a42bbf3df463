/* Our own certificate, for servers that were given none. */
#ifndef GRAT_SERVE_CERT_H
#define GRAT_SERVE_CERT_H

#include <graticule/graticule.h>

typedef struct serve_cert {
    char cert[600], key[600];       /* PEM files */
    char fingerprint[100];          /* SHA-256 of the certificate, in hex with colons */
} serve_cert;

/* Fills the fingerprint of c->cert. Where c->cert is empty: takes, or makes, the one in
 * $XDG_CONFIG_HOME/graticule/serve (P-256, self-signed, for the host's name, localhost and `address`). */
grat_err serve_cert_ready(serve_cert *c, const char *address, grat_op *op);

#endif
