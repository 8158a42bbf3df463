/* Who may come in: decisions over the text of HTTP headers, without any I/O.
 * A page of another site must not reach the instruments through the user's browser: Host must be one of the names that
 * we were started for (a name that was pointed at us by somebody's DNS is none of them), Origin must be our own. */
#ifndef GRAT_SERVE_GATE_H
#define GRAT_SERVE_GATE_H

#include <stdbool.h>
#include <stddef.h>

#define SERVE_TOKEN_MIN 16
#define SERVE_TOKEN_MAX 128

typedef struct serve_gate {
    const char *const *names;   /* more names that are ours, NULL-terminated; may be NULL */
    const char *token;          /* NULL: none is asked for */
    char cookie[48];            /* name of the cookie */
    char session[48];           /* its value, which stands for the token */
    bool loopback;              /* listens on loopback alone: an address in Host must be a loopback one */
    bool tls;
} serve_gate;

/* "name", "name:port", "1.2.3.4:port", "[::1]:port" */
bool serve_gate_host(const serve_gate *g, const char *host);
/* "" or NULL is no Origin: not a browser, or not a request from another page. */
bool serve_gate_origin(const serve_gate *g, const char *origin, const char *host);
/* Sec-Fetch-Site; `page`: the request is for the page itself, which others may link to. */
bool serve_gate_fetch_site(const char *site, bool page);
/* From the headers Cookie and Authorization; either may be NULL. */
bool serve_gate_known(const serve_gate *g, const char *cookie, const char *authorization);
bool serve_gate_token(const serve_gate *g, const char *token);

/* Names of files that may be served: letters, digits and ._+- without a leading dot, at most 120. */
bool serve_gate_file(const char *name);

#endif
