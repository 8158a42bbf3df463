/* The inside of a run: what the files of this directory share. */
#ifndef GRAT_SYNC_SYNC_INT_H
#define GRAT_SYNC_SYNC_INT_H

#include <graticule/sync.h>

#define GRAT__SYNC_TRIPS 32

/* A time as an instrument tells it: "h,m,s" of the day, "y,m,d,h,m,s", or seconds since 1970; UTC. */
typedef struct grat__sync_time {
    int64_t ns;                 /* since 1970, or of the day */
    double digit;               /* what its last digit is worth, seconds */
    bool daily;
} grat__sync_time;

#define GRAT__CLOCK_POINTS 64
typedef struct grat__clock_point {
    double at;                  /* the computer's clock in the middle of question and answer, seconds since base_ns */
    double ahead, trip, digit;  /* seconds */
} grat__clock_point;

/* An instrument's clock against the computer's, from bracketed readings. Zeroed memory but for utc_ns is an empty one.
 * Its memory is constant: when it is full, of each two neighbours the better one stays. */
typedef struct grat__sync_clock {
    int64_t utc_ns;             /* UTC less CLOCK_MONOTONIC; the same for all readings */
    int64_t base_ns;
    double trip;                /* the shortest, seconds */
    unsigned n;
    grat__clock_point point[GRAT__CLOCK_POINTS];
} grat__sync_clock;

/* Seconds that the clock is ahead of UTC, and seconds a second that it gains: estimate ± uncertainty. The offset's is
 * sure but for what a trip may still be shorter than all that were seen (95 %); the drift's as well. */
typedef struct grat__clock_model {
    double offset, offset_uncertainty, drift, drift_uncertainty;
} grat__clock_model;

typedef struct grat__clock_moment {
    int64_t ns, uncertainty_ns; /* CLOCK_MONOTONIC */
} grat__clock_moment;

typedef struct grat__sync_gang grat__sync_gang;

typedef struct grat__sync_item {
    char *name, *resource;      /* as given; result.resource is the normal form once it is open */
    char *step[8];              /* copies of the recipe's texts */
    grat_sync_member spec;      /* points to them */
    grat_session *session;
    grat_scope *scope;          /* when the recipe has calls of the driver; owns the session then */
    const grat_open_options *open;
    int64_t start_at_ns;        /* of this run: not before */
    grat__sync_gang *gang;      /* those that one bus trigger starts, or NULL */
    int primary, secondary;     /* its GPIB addresses in it */
    grat_sync_step at;          /* the step that the task is in */
    bool alive;                 /* takes part in the present run */
    unsigned probes;            /* round trips that are measured at the opening; 0: only that of the identity */
    bool dirty;                 /* the last run ended somewhere in between: abort before arming */
    bool slow;                  /* each write is acknowledged by the wire */
    int64_t trip[GRAT__SYNC_TRIPS]; /* the last round trips */
    unsigned trips;
    grat__sync_clock clock;
    double rate_sum, rate_weight; /* of the alignments of all runs */
    grat_op op;
    double *value;
    uint8_t *reply;
    char text[GRAT_TEXT_MAX];
    grat_sync_result result;
} grat__sync_item;

typedef struct grat__complex {
    double re, im;
} grat__complex;
/* sum over i of v[i] e^(sign 2 pi i k / n), in place; n is a power of 2. */
void grat__fft(grat__complex *v, size_t n, int sign);
/* The band-limited signal between the samples, `at` counted in samples; outside the first or the last. */
double grat__interpolate(const double *v, size_t n, double at);

/* One channel as volts. */
typedef struct grat__wave {
    double *v;
    size_t n;
    double t0, dt;              /* of v[0]; seconds from the trigger */
} grat__wave;
typedef struct grat__shift {
    double lag, rate;           /* seconds, at the trigger; seconds a second */
    double var_lag, var_rate;
} grat__shift;
/* By edges that stand alone and are faster than the sampling of the coarser record; *shift is what is expected, within
 * two of its samples, and becomes the result. False when there are none. */
bool grat__align_edges(const grat__wave *x, const grat__wave *y, grat__shift *shift);

/* Standard deviation of what rates differ by before anything is known. */
#define GRAT__USUAL_RATE 100e-6

/* Several members on one GPIB board. */
struct grat__sync_gang {
    unsigned board, members;
    grat_session *bus;          /* of the board itself; NULL: each is triggered by itself */
    grat__sync_item *member[GRAT_SYNC_MAX];
    grat__sync_item *leader;    /* whose task fires for all in this run */
};
/* True when it is on a GPIB board and starts by the bus trigger. */
bool grat__sync_gang_address(const grat__sync_item *i, grat_resource *out);
void grat__sync_gang_open(grat__sync_gang *g, const grat_open_options *open, grat_op *op);
grat_err grat__sync_gang_fire(const grat__sync_gang *g, grat_op *op);

/* NULL when there is no such member. */
grat__sync_item *grat__sync_item_of(grat_sync *y, unsigned i);

/* Each is a task for one item. */
grat_err grat__sync_open(void *item, grat_op *op);
grat_err grat__sync_arm(void *item, grat_op *op);
grat_err grat__sync_confirm(void *item, grat_op *op);
grat_err grat__sync_start(void *item, grat_op *op);
grat_err grat__sync_read(void *item, grat_op *op);
grat_err grat__sync_abort(void *item, grat_op *op);

/* False when the text is no time. */
bool grat__sync_time_parse(const char *text, grat__sync_time *out);
/* One reading: the text, and CLOCK_MONOTONIC before and after. False when the text is no time. */
bool grat__sync_clock_take(grat__sync_clock *k, const char *text, int64_t before_ns, int64_t after_ns);
/* The model at a moment (CLOCK_MONOTONIC). False without a reading. */
bool grat__sync_clock_at(grat__sync_clock *k, int64_t ns, grat__clock_model *out);
/* When the clock showed `text`, which was not far from near_ns. False when it is no time, or without a reading. */
bool grat__sync_clock_when(grat__sync_clock *k, const char *text, int64_t near_ns, grat__clock_moment *out);

#endif
