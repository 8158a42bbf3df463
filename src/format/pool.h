/* Pieces of work that several threads do, and that come back in their order: the result is the same whatever the
 * number of threads. Memory is that of the jobs under way, which are used again. */
#ifndef GRAT_FORMAT_POOL_H
#define GRAT_FORMAT_POOL_H

#include <graticule/graticule.h>

typedef struct grat__pool grat__pool;

typedef struct grat__pool_kind {
    size_t job_size;         /* zeroed once */
    void (*work)(void *job);                                  /* in any thread */
    grat_err (*done)(void *user, void *job, grat_op *op);     /* in the caller's thread, in order */
    void (*fini)(void *job);                                  /* frees what a job owns */
    void *user;
} grat__pool_kind;

/* One thread for each processor that the program may use, at most 8; GRATICULE_THREADS says otherwise. `alone`: the
 * caller does it all. NULL: out of memory. Where no thread can be started the caller does the work. */
grat__pool *grat__pool_new(const grat__pool_kind *kind, bool alone);
/* A free job, to be filled and started; those that are done are handed back meanwhile. */
grat_err grat__pool_take(grat__pool *p, grat_op *op, void **job);
void grat__pool_start(grat__pool *p);
/* Hands back all. */
grat_err grat__pool_drain(grat__pool *p, grat_op *op);
/* What was not handed back is dropped. NULL is allowed. */
void grat__pool_free(grat__pool *p);

#endif
