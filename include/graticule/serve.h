/* The bench in a browser: instruments over HTTP and WebSocket. In libgraticule-serve, a library of its own that
 * programs load when they need it. */
#ifndef GRATICULE_SERVE_H
#define GRATICULE_SERVE_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct grat_serve_options {
    uint32_t size;                    /* sizeof(grat_serve_options) */
    const char *const *resources;     /* shown first, NULL-terminated; NULL: those of the configuration */
    const char *address;              /* a numeric address; NULL = 127.0.0.1 */
    uint16_t port;                    /* 0 = any free one */
    const char *token;                /* 16 to 128 letters, digits, - and _; NULL: none, allowed on loopback alone */
    bool tls;                         /* also on loopback; beyond it always */
    const char *cert, *key;           /* PEM files; NULL: our own, made at the first start */
    const char *const *names;         /* more host names that clients may use, NULL-terminated; may be NULL */
    const char *folder;               /* where recordings go and what can be downloaded from; it must exist */
    /* Once it listens: where, and the certificate's SHA-256 fingerprint ("" without TLS). May be NULL. */
    void (*ready)(void *user, const char *url, const char *fingerprint);
    void *user;
} grat_serve_options;

/* Serves until the deadline or the cancel, which are no errors. EACCES when it is asked to listen beyond loopback
 * without a token, EBUSY when the port is taken. */
GRAT_API grat_err grat_serve(const grat_serve_options *opt, grat_op *op);

#ifdef __cplusplus
}
#endif
#endif
