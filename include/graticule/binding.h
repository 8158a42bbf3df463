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
/* How many holds there are. */
GRAT_API unsigned grat_sigint_depth(void);

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

/* The words of grat capture, into a request that grat_request_init made; EPARSE shows how they are written. */
GRAT_API grat_err grat_request_channels(grat_request *q, const char *text, grat_op *op);   /* "1,2", "A,L0-L7" */
/* "1:rising@0.5V", "none", "D0=1,D3=0", "A:above@1V & B:pulse@0.5V,1us..5us | ext:rising@1V" */
GRAT_API grat_err grat_request_trigger(grat_request *q, const char *text, grat_op *op);
GRAT_API grat_err grat_request_downsample(grat_request *q, const char *text, grat_op *op); /* "16:aggregate" */

/* grat_capture, which says in *used, before the first record comes, what belongs into a file's grat_meta: what it has
 * set, and of `current` what the instrument has. *used may be NULL. */
GRAT_API grat_err grat_capture_with(grat_scope *sc, const grat_request *q, grat_settings *used, grat_record_fn fn,
                                    void *user, grat_op *op);

#ifdef __cplusplus
}
#endif
#endif
