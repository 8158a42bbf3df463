/* The inside of an instrument's thread. What stands below `lock` is shared, the rest is the thread's own. */
#ifndef GRAT_SERVE_BENCH_INT_H
#define GRAT_SERVE_BENCH_INT_H

#include "serve/bench.h"

struct serve_bench {
    char id[16], resource[300], folder[512];
    serve_wake_fn wake;
    void *user;
    pthread_t thread;
    bool stopped;
    grat_cancel *cancel;        /* fired by others */

    grat_session *session;      /* owned by the scope when there is one */
    grat_scope *scope;          /* NULL: an instrument that is no known scope */
    const grat_caps *caps;
    grat_identity identity;
    grat_settings set;
    grat_scope_state state;
    bool runs_itself;           /* it acquires without us; else each record is asked for */
    bool running;               /* it acquires, or we do */
    bool deep;                  /* the shot is of the whole memory */
    bool together;              /* all channels of a picture are of one acquisition, though it stops for each */
    bool in_turn;               /* those of the shot are not */
    bool settled;               /* stopped, and what it holds has been read */
    int64_t state_due, settings_due, open_due, frame_due;
    uint32_t shots;
    char trouble[GRAT_TEXT_MAX];/* why there is nothing to be seen; "" = all is well */
    const char *busy;           /* what takes long, or NULL */
    json_t *log;                /* progress of the recording, or of the last one; NULL = none yet */
    bool log_stop;
    serve_meter *meter;

    pthread_mutex_t lock;
    pthread_cond_t more;        /* a job, or somebody looks */
    bool quit, watched;
    bool interruptible;         /* the cancel may be fired */
    serve_job *jobs, *done;
    unsigned waiting;
    char *status;
    uint32_t status_version;
    serve_shot *shot;
    json_t *about;              /* identity and capabilities as text; NULL until opened */
};

/* Puts the status together anew, and wakes. */
void serve_status_changed(serve_bench *b);
/* Publishes a record; takes the reference over. */
void serve_publish(serve_bench *b, grat_record *r);
/* The same of a piece of a recording: it is shown where the screen begins. */
void serve_publish_piece(serve_bench *b, grat_record *r);
/* Opens the instrument when it is not. */
grat_err serve_bench_open(serve_bench *b, grat_op *op);
void serve_bench_close(serve_bench *b);
/* After a failed call: closes a dead instrument, so that it is opened anew. */
void serve_bench_failed(serve_bench *b, const grat_op *op);
/* Reads settings and state again soon. */
void serve_bench_stale(serve_bench *b);
/* For short work: ended early only when the server ends. */
void serve_op_init(serve_bench *b, grat_op *op, int64_t timeout_ms);
/* From here to _end the cancel of `op` is fired by serve_bench_interrupt and,
 * while `busy` is NULL, by a new job. */
void serve_interruptible_begin(serve_bench *b, grat_op *op, int64_t timeout_ms);
void serve_interruptible_end(serve_bench *b);
serve_job *serve_next_job(serve_bench *b);
void serve_job_finish(serve_bench *b, serve_job *j);

/* live.c: the next record, as far as one is due. */
grat_err serve_live_step(serve_bench *b);
/* Settings and state, now. */
grat_err serve_live_refresh(serve_bench *b, grat_op *op);
/* When nobody looks, the shot is old: a new one. */
grat_err serve_live_fresh(serve_bench *b);
/* The whole memory of a stopped instrument. */
grat_err serve_live_memory(serve_bench *b, grat_op *op);
grat_err serve_live_run(serve_bench *b, grat_run what, grat_op *op);
/* When the next step is due, monotonic. */
int64_t serve_live_due(const serve_bench *b);

/* jobs.c */
void serve_job_do(serve_bench *b, serve_job *j);
void serve_job_fail(serve_job *j, const grat_op *op);
void serve_job_json(serve_job *j, int status, json_t *o);

/* autoset.c */
grat_err serve_autoset(serve_bench *b, grat_op *op);

/* record.c: runs until it ends; the jobs that come meanwhile are answered. */
void serve_record(serve_bench *b, serve_job *j);

#endif
