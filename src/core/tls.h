/* TLS over a connected socket, by OpenSSL, which is loaded when the first connection asks for it. Nothing here waits:
 * each step does what it can and says what it is waiting for. Calls on one connection are made one at a time by a lock
 * inside, so one thread may read while another writes. */
#ifndef GRAT_CORE_TLS_H
#define GRAT_CORE_TLS_H

#include <graticule/graticule.h>

typedef struct grat__tls grat__tls;

typedef enum grat__tls_step {
    GRAT__TLS_DONE,    /* handshake complete, or bytes have moved */
    GRAT__TLS_READ,    /* the socket must become readable first */
    GRAT__TLS_WRITE,   /* the socket must become writable first */
    GRAT__TLS_CLOSED,  /* the peer has ended TLS properly; bytes behind that are not touched */
    GRAT__TLS_LOST,    /* the connection broke */
    GRAT__TLS_FAILED,  /* a TLS error: grat__tls_why */
} grat__tls_step;

typedef struct grat__tls_setup {
    bool server;
    const char *host;       /* client: the name or address that the certificate must be for */
    const char *ca;         /* client: file of trusted certificates, NULL = the system's */
    bool insecure;          /* client: any certificate will do */
    const char *cert, *key; /* PEM files: the server's; a client's own, or NULL; key NULL = in `cert` */
    const char *clients;    /* server: file of who may sign clients' certificates, NULL = none is asked for */
} grat__tls_setup;

/* ENOTSUP when OpenSSL is not there, EINVAL with the file's name when a file cannot be used. The socket is borrowed. */
grat_err grat__tls_new(const grat__tls_setup *setup, int fd, grat_op *op, grat__tls **out);
void grat__tls_free(grat__tls *t);
grat__tls_step grat__tls_handshake(grat__tls *t);
/* Up to n bytes; *moved of them with GRAT__TLS_DONE. */
grat__tls_step grat__tls_read(grat__tls *t, void *buf, size_t n, size_t *moved);
grat__tls_step grat__tls_write(grat__tls *t, const void *buf, size_t n, size_t *moved);
/* Says goodbye (close_notify) as far as the socket takes it now. */
void grat__tls_end(grat__tls *t);
/* The reason of the last failure: "certificate verify failed (self-signed certificate)". */
const char *grat__tls_why(const grat__tls *t);
/* It failed because the peer's certificate was not taken. */
bool grat__tls_untrusted(const grat__tls *t);
/* What the handshake has settled; empty texts where the peer showed no certificate. */
typedef struct grat__tls_facts {
    bool certificate;
    char subject[256], issuer[256];
    char expires[24];       /* "2027-01-31T12:00:00Z" */
    bool perpetual;
    char cipher[64];
} grat__tls_facts;
void grat__tls_get_facts(grat__tls *t, grat__tls_facts *out);

#endif
