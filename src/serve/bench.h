/* One instrument of the page: a thread that alone talks to it, a bounded queue of jobs, and what it shows last. */
#ifndef GRAT_SERVE_BENCH_H
#define GRAT_SERVE_BENCH_H

#include <jansson.h>
#include <pthread.h>

#include "serve/knobs.h"
#include "serve/meter.h"
#include "serve/shot.h"

#define SERVE_JOBS_MAX 32

typedef enum serve_job_kind {
    SERVE_JOB_DESCRIBE,
    SERVE_JOB_SETTINGS,
    SERVE_JOB_RUN,
    SERVE_JOB_SCPI,
    SERVE_JOB_SCREENSHOT,
    SERVE_JOB_WAVEFORM,
    SERVE_JOB_MEASURE,
    SERVE_JOB_LOG,
} serve_job_kind;

typedef struct serve_job {
    serve_job_kind kind;
    uint64_t ticket;         /* of the request that waits for it */
    json_t *args;            /* owned; may be NULL */
    /* the answer */
    int status;              /* of HTTP */
    uint8_t *body;           /* owned */
    size_t size;
    int fd;                  /* owned; -1: the body is the answer */
    const char *type;        /* of the body or the file */
    char name[160];          /* to be saved as; "" = none */
    struct serve_job *next;
} serve_job;

typedef struct serve_bench serve_bench;

typedef struct serve_bench_options {
    const char *id;          /* of the URL */
    const char *resource;
    const char *folder;
    serve_wake_fn wake;
    void *user;
} serve_bench_options;

/* NULL when memory, threads or descriptors are short. The instrument is opened when it is first needed. */
serve_bench *serve_bench_new(const serve_bench_options *o);
/* Ends what runs, and waits for it; what it holds can still be asked for. */
void serve_bench_stop(serve_bench *b);
void serve_bench_free(serve_bench *b);
const char *serve_bench_id(const serve_bench *b);
const char *serve_bench_resource(const serve_bench *b);

/* Takes the job over; false (the job stays with the caller) when too many wait. */
bool serve_bench_post(serve_bench *b, serve_job *j);
/* Ends what takes long: reading the memory, a capture that waits, a recording. */
void serve_bench_interrupt(serve_bench *b);
/* A job that is done, or NULL. */
serve_job *serve_bench_done(serve_bench *b);
serve_job *serve_job_new(serve_job_kind kind);
void serve_job_free(serve_job *j);

/* Nobody looks: nothing is read. */
void serve_bench_watch(serve_bench *b, bool watched, bool measured);
/* When it differs from *version: a new copy of the status as JSON, freed by the caller, and *version is set. */
char *serve_bench_status(serve_bench *b, uint32_t *version);
/* The same of the last measurements. */
char *serve_bench_measured(serve_bench *b, uint32_t *version);
/* The last shot, a reference for the caller, or NULL. */
serve_shot *serve_bench_shot(serve_bench *b);
uint32_t serve_bench_shot_number(serve_bench *b);
/* Identity and capabilities as JSON (a new reference), or NULL while it has not been opened. */
json_t *serve_bench_describe(serve_bench *b);

#endif
