/* Graticule: many instruments, one instant.
 *
 * A bench is a list of members; each has a recipe, which says what is sent to it at each step. A run goes
 *   arm all -> wait until every one is ready -> start all in one loop of small sends -> read all -> one result,
 * each step for all members together, in the calling thread. What fails for one member does not stop the others.
 * The conventions are those of graticule.h. */
#ifndef GRATICULE_SYNC_H
#define GRATICULE_SYNC_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- recipes ------------------------------------------------------------------------------------ */

/* Program messages, several separated by '\n'; NULL or "" = nothing is sent. Words with '@' are calls:
 *   @trigger   start: the wire's own trigger (VXI-11 device_trigger, HiSLIP, USB488, GPIB GET; *TRG on the others);
 *              members on one GPIB board are started by one group execute trigger
 *   @single    arm or start: a scope's single acquisition, by its driver
 *   @record    read: the scope's record, by its driver
 *   @memory    read: the same with the whole acquisition memory
 *   @stop      abort: stops the scope, by its driver */
typedef struct grat_recipe {
    uint32_t size;            /* sizeof(grat_recipe) */
    const char *setup;        /* once, after opening; an entry in the error queue then is a failure */
    const char *arm;          /* before each start */
    const char *ready;        /* a query: any answer says that what was sent before has been carried out … */
    uint32_t ready_mask;      /* … or, when not 0, it is repeated until the number that answers has one of these bits */
    const char *start;        /* one message; of a query the answer is the result. NULL: another starts it */
    const char *read;         /* a query */
    const char *abort;        /* when a step failed or was cancelled, and before the next arm */
    /* A query of the instrument's clock: "h,m,s" of the day, "year,month,day,h,m,s", or seconds since 1970; UTC. */
    const char *clock;
    const char *stamp;        /* with clock, after read: a query of when its measurement began, by that clock */
} grat_recipe;

/* The recipes by name, i-th; false behind the last. *text is one line about it.
 *   init      INITiate, then FETCh? (the default)
 *   read      READ?
 *   trigger   armed for the bus trigger until it says that it waits for it; started by @trigger; FETCh?
 *   external  armed for its trigger input until it says that it waits for it; started by a wire from another; FETCh?
 *   scope     @single, @record
 *   memory    @single, @memory */
GRAT_API bool grat_recipe_nth(unsigned i, const char **name, const char **text, grat_recipe *out);
/* A name, or "START|READ|ABORT". The strings live in `room` (at least as long as the text) or for ever. */
GRAT_API grat_err grat_recipe_parse(const char *text, char *room, size_t cap, grat_recipe *out, grat_op *op);

/* ---- benches in the configuration ---------------------------------------------------------------- */

typedef struct grat_sync_member {
    uint32_t size;            /* sizeof(grat_sync_member) */
    const char *name;         /* NULL: the resource */
    const char *resource;     /* what grat_open takes */
    const char *kind;         /* "dmm", "scope", …: for the reader; may be NULL */
    const char *identity;     /* text that the answer to *IDN? must contain; may be NULL */
    grat_recipe recipe;       /* size 0: the default one */
} grat_sync_member;

/*   instruments:
 *     meter: {resource: TCPIP::10.0.0.7::INSTR, identity: 34461A, recipe: init, setup: ["CONF:VOLT:DC 10"]}
 *   benches:
 *     lab: [meter, TCPIP::10.0.0.8::INSTR]
 *     rack: {members: [meter, …], reference: meter, wiring: ["trigger out of A feeds EXT of B"]}
 * An instrument is an alias too. Its keys are resource, kind, identity, recipe, setup, and the steps of a recipe, which
 * replace those of the named one: arm, ready, ready-mask, start, read, abort, clock. */
typedef struct grat_bench {
    uint32_t size;            /* sizeof(grat_bench) */
    const char *name;
    const grat_sync_member *member;
    unsigned members;
    const char *reference;    /* the name of a member, or NULL */
    const char *const *wiring; /* lines for the reader; NULL behind the last */
} grat_bench;
/* The i-th bench of the file; NULL behind the last. Lives as long as the configuration. */
GRAT_API const grat_bench *grat_config_bench(const grat_config *c, unsigned i);

/* ---- one signal in two records --------------------------------------------------------------------- */

/* What the reference shows at its time t (seconds from its trigger), the other record shows at its own time
 * t + lag + rate * t. Uncertainties are those of 95 %. */
typedef struct grat_alignment {
    uint32_t size;            /* sizeof(grat_alignment) */
    double lag, lag_uncertainty;   /* seconds */
    double rate, rate_uncertainty; /* how much faster the other one's clock runs; ± 2e-4 when the records do not tell */
    double period;            /* > 0: the signal repeats so; the lag nearest to equal triggers was taken, and may be
                               * wrong by a multiple of this */
    double likeness;          /* of the best piece, 0 … 1: the normalised correlation */
} grat_alignment;
/* By a signal or edge that both see in the channel of this name; sub-sample. ENODATA when they show none in common. */
GRAT_API grat_err grat_align(const grat_record *reference, const grat_record *record, const char *channel, grat_op *op,
                             grat_alignment *out);

typedef struct grat_axis {
    double t0, dt;            /* seconds, from the reference's trigger */
    size_t count;
} grat_axis;
/* The times that all records show, in the finest of their steps. `alignment` (or one of it) may be NULL: none. */
GRAT_API grat_err grat_common_axis(const grat_record *const *record, const grat_alignment *const *alignment, unsigned n,
                                   grat_op *op, grat_axis *out);
/* The record at the times of the axis, by band-limited interpolation: GRAT_F32 in the units of its traces, NAN where it
 * shows nothing; logic stays 0 or 1. `alignment` may be NULL. */
GRAT_API grat_err grat_resample(const grat_record *r, const grat_alignment *alignment, const grat_axis *axis,
                                grat_op *op, grat_record **out);

/* ---- runs ----------------------------------------------------------------------------------------- */

typedef struct grat_sync grat_sync;

typedef struct grat_sync_options {
    uint32_t size;            /* sizeof(grat_sync_options) */
    int64_t ready_ms;         /* how long arming may take; 0 = a third of the time that the operation has */
    bool even_none;           /* opening succeeds also when no member can take part: each has its error */
    grat_open_options open;   /* for every member; size 0 = the defaults */
    bool brief;               /* only the identity is asked for, and timed: nothing will be started */
} grat_sync_options;

/* How far a member came. */
typedef enum grat_sync_step {
    GRAT_SYNC_OPEN = 1,
    GRAT_SYNC_SETUP,
    GRAT_SYNC_ARM,
    GRAT_SYNC_START,
    GRAT_SYNC_READ,
    GRAT_SYNC_DONE,
} grat_sync_step;
/* "open", "setup", …, "done". */
GRAT_API const char *grat_sync_step_name(grat_sync_step step);

/* Times are CLOCK_MONOTONIC. Pointers live until the next run or grat_sync_close. */
typedef struct grat_sync_result {
    const char *name, *resource;
    grat_identity identity;
    grat_err err;             /* of the step below, else GRAT_OK */
    grat_sync_step step;
    const char *text;         /* the sentence about the error, or "" */
    const double *value;      /* the numbers of the answer, when it consists of nothing else */
    size_t values;
    const uint8_t *reply;     /* the answer as it came, NULL when there is none */
    size_t reply_size;
    grat_record *record;      /* of a scope, or NULL */
    int64_t sent_ns;          /* before the start was sent; 0 = nothing was sent */
    int64_t accepted_ns;      /* when the send was over */
    /* The start arrived within start_ns ± uncertainty_ns: after it was sent and, where the wire acknowledges a message
     * (`acknowledged`), before the acknowledgement; elsewhere before the longest of the last round trips was over,
     * and as much again as they differ, which is likely but not certain. */
    int64_t start_ns, uncertainty_ns;
    bool acknowledged;
    int64_t read_ns;          /* when the answer was complete */
    int64_t round_trip_ns;    /* the shortest seen */
    bool has_clock;           /* the instrument's clock was asked, by recipe.clock */
    double clock_offset;      /* seconds that it is ahead of the computer's UTC, as that was at the opening … */
    double clock_uncertainty; /* … within ± so many, at the start of this run */
    double clock_drift;       /* seconds a second that it gains on the computer's, from all runs … */
    double clock_drift_uncertainty; /* … within ± so many; ± 2e-4 as long as nothing better is known */
    bool stamped;             /* start_ns is what recipe.stamp told, moved to the computer's clock */
    bool aligned;             /* by grat_sync_align, to the reference of this run */
    grat_alignment alignment;
    double rate, rate_uncertainty; /* as in the alignment, from all runs so far */
} grat_sync_result;

/* Opens, identifies and sets up all members at once. GRAT_OK when at least one can take part; the others have their
 * error in the result. `opt` may be NULL. The members are copied; no more than GRAT_SYNC_MAX. */
#define GRAT_SYNC_MAX 256
GRAT_API grat_err grat_sync_open(const grat_sync_member *member, unsigned n, const grat_sync_options *opt, grat_op *op,
                                 grat_sync **out);
/* One run. at_ns > 0: the start is not before it (CLOCK_MONOTONIC). A member that failed to open stays out; one that
 * failed later is recovered and takes part again. GRAT_OK when every member that was open is whole and there was one;
 * else the error of the first that failed, and the others' results are there all the same. After ECANCELED and ETIMEOUT
 * too: what did not end is aborted. */
GRAT_API grat_err grat_sync_run(grat_sync *y, int64_t at_ns, grat_op *op);
/* Until the next run; NULL when there is no i-th member. */
GRAT_API const grat_sync_result *grat_sync_get(const grat_sync *y, unsigned i);
/* From the first to the last send of the last run; 0 with fewer than two. */
GRAT_API int64_t grat_sync_send_spread_ns(const grat_sync *y);
GRAT_API void grat_sync_close(grat_sync *y);

/* After a run: aligns the records of all to that of member `reference` by the channel of this name. Whoever cannot be
 * aligned has the reason in its text (when there is no error); the first such error is returned, the rest is done. */
GRAT_API grat_err grat_sync_align(grat_sync *y, unsigned reference, const char *channel, grat_op *op);
/* The records (when some are aligned: those) on one axis, as one record of GRAT_F32 with traces "MEMBER.CHANNEL",
 * or "m2.CHANNEL" of the second member where that is longer than 15. */
GRAT_API grat_err grat_sync_resample(grat_sync *y, grat_op *op, grat_record **out);

/* An HDF5 file of runs: per member its raw data, its model and its uncertainties, and the common axis. ENOTSUP without
 * libhdf5. It is flushed after each run; the memory that it takes does not grow with the runs. */
typedef struct grat_sync_file grat_sync_file;
GRAT_API grat_err grat_sync_file_open(const char *path, grat_op *op, grat_sync_file **out);
/* The last run; `common` (what grat_sync_resample gave) may be NULL. */
GRAT_API grat_err grat_sync_file_add(grat_sync_file *f, const grat_sync *y, const grat_record *common, grat_op *op);
/* Also after an error. */
GRAT_API grat_err grat_sync_file_close(grat_sync_file *f, grat_op *op);

#ifdef __cplusplus
}
#endif
#endif
