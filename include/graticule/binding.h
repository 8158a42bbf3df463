/* Graticule: what bindings to other languages need, where each call costs and Ctrl-C belongs to the language.
 * The conventions are those of graticule.h. */
#ifndef GRATICULE_BINDING_H
#define GRATICULE_BINDING_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* From here to grat_sigint_release a SIGINT fires `c` and is counted; the handler that was there does not see it. Holds
 * nest, GRAT_SIGINT_HOLDS deep at most: each fires. Of one thread at a time. False, and nothing changes, where SIGINT
 * is ignored or ends the process. */
#define GRAT_SIGINT_HOLDS 8
GRAT_API bool grat_sigint_hold(grat_cancel *c);
/* Puts the handler back. How many came in between, which the caller may raise again. */
GRAT_API unsigned grat_sigint_release(void);

/* A query with all that belongs to it, prepared once and made again and again. */
typedef struct grat_quick {
    uint32_t size;            /* sizeof(grat_quick) */
    bool hold;                /* hold SIGINT while it runs */
    unsigned held;            /* out: what grat_sigint_release said */
    int64_t timeout_ms;       /* of each query */
    grat_session *session;    /* borrowed */
    grat_cancel *cancel;      /* borrowed; not fired */
    char *buf;                /* borrowed; the reply, without its terminator and with a NUL */
    size_t cap;
    size_t length;            /* out: bytes of the reply */
    grat_op op;               /* out */
} grat_quick;
/* grat_op_init and grat_query, with the SIGINT held. */
GRAT_API grat_err grat_quick_query(grat_quick *q, const char *command);

#ifdef __cplusplus
}
#endif
#endif
