/* PicoScopes through the vendor's libraries (PicoSDK), which are loaded when one is asked for and never linked. The
 * libraries block and call back from threads of their own: every call is made in a worker (core/offload.h), one at a
 * time for each unit. Facts: docs/reference/picoscope.md. */
#ifndef GRAT_PICO_PICO_H
#define GRAT_PICO_PICO_H

#include <graticule/graticule.h>

#include <pthread.h>
#include <stdatomic.h>

#include "pico/calls.h"

#define GRAT__PICO_CHANNELS 8
#define GRAT__PICO_PORTS 2
/* An input: 0 to 7 are the channels A to H, then the ports D0-D7 and D8-D15. */
#define GRAT__PICO_INPUTS (GRAT__PICO_CHANNELS + GRAT__PICO_PORTS)
/* A source of triggers: a channel, or this. */
#define GRAT__PICO_EXT GRAT__PICO_CHANNELS
#define GRAT__PICO_SOURCES (GRAT__PICO_CHANNELS + 1)

/* What differs between the series. */
typedef enum grat__pico_form {
    GRAT__PICO_MEMBERS,        /* conditions are structs with a member for each source */
    GRAT__PICO_MEMBERS_V2,     /* the same, in calls whose names end in V2 */
    GRAT__PICO_LIST,           /* conditions are lists of sources */
    GRAT__PICO_LIST_V2,        /* the same in V2 calls; directions have a mode */
} grat__pico_form;
struct grat__pico_ops;
typedef struct grat__pico_series {
    const char *name;          /* of the library: "ps5000a" */
    const struct grat__pico_ops *ops;
    grat__pico_form trigger;
    bool oversample;           /* RunBlock and GetTimebase2 have that argument */
    bool double_generator;     /* SetSigGenBuiltIn takes doubles, and there is no V2 */
    bool short_wave;           /* the type of its wave has 16 bits */
    bool nanovolts;            /* psospa: ranges in nV, no auxiliary output, power details, intervals in ps */
    bool ets;
    bool bare;                 /* ps5000: buffers and streams without a mode, triggers with one hysteresis, no lists */
    bool few_directions;       /* of triggers: none at the lower level, no runts */
    bool plain_generator;      /* three waves at whole frequencies, of one amplitude; not of all models */
    int external;              /* number of the external trigger */
    double port_volts;         /* full scale of a port's threshold; 0 = no ports */
    const int8_t *resolutions; /* the vendor's numbers, most bits first, -1 at the end; NULL = one resolution */
} grat__pico_series;
/* Ends with a NULL name. */
extern const grat__pico_series grat__pico_all[];

typedef struct grat__pico_lib {
    const grat__pico_series *series;
    bool simulated;            /* in this process: SIM:: */
    /* Those of its interface are filled in. */
    grat__pico_shared shared;
    grat__pico_common common;
    grat__pico_classic call;
    grat__pico_narrow narrow;
    grat__pico_wide wide;
    grat__pico_modern modern;
    grat__pico_old old;
} grat__pico_lib;

/* Statuses that are treated by name. */
enum {
    GRAT__PICO_OK = 0,
    GRAT__PICO_NOT_FOUND = 0x3,
    GRAT__PICO_NOT_RESPONDING = 0x7,
    GRAT__PICO_FOUND_NO_MEMORY = 0x2,
    GRAT__PICO_CONFIG_FAIL = 0x8,
    GRAT__PICO_INVALID_INTERVAL = 0x2B,
    GRAT__PICO_INVALID_TIMEBASE = 0xE,
    GRAT__PICO_INVALID_RANGE = 0xF,
    GRAT__PICO_INVALID_CHANNEL = 0x10,
    GRAT__PICO_NO_GENERATOR = 0x13,
    GRAT__PICO_STREAMING_FAILED = 0x14,
    GRAT__PICO_NO_ETS = 0x1A,
    GRAT__PICO_BUFFER_STALL = 0x1C,
    GRAT__PICO_TOO_MANY_SAMPLES = 0x1D,
    GRAT__PICO_TOO_MANY_SEGMENTS = 0x1E,
    GRAT__PICO_NO_SAMPLES = 0x25,
    GRAT__PICO_BUSY = 0x27,
    GRAT__PICO_CANCELLED = 0x3A,
    GRAT__PICO_NO_RATIO_MODE = 0x47,
    GRAT__PICO_NO_BULK_MODE = 0x48,
    GRAT__PICO_NO_CAPTURES = 0x5D,
    GRAT__PICO_POWER_CONNECTED = 0x119,
    GRAT__PICO_POWER_NOT_CONNECTED = 0x11A,
    GRAT__PICO_UNDERVOLTAGE = 0x11C,
    GRAT__PICO_USB3_ON_USB2 = 0x11E,
    GRAT__PICO_UNSUPPORTED = 0x11F,
    GRAT__PICO_WAITING_FOR_BUFFERS = 0x197,
    GRAT__PICO_OVERFLOW = 0x10000008,
};
/* "PICO_INVALID_TIMEBASE", or NULL. */
const char *grat__pico_status_name(uint32_t status);
/* The error and its sentence: the call, the name, the number, what to do. `call` without the library's prefix. */
grat_err grat__pico_fail(const grat__pico_lib *lib, const char *call, uint32_t status, grat_op *op);
static inline bool grat__pico_is_power(uint32_t status)
{
    return status == GRAT__PICO_POWER_CONNECTED || status == GRAT__PICO_POWER_NOT_CONNECTED ||
           status == GRAT__PICO_USB3_ON_USB2;
}

/* Loads a library, once in the life of the process. NULL with a sentence in `why` when it is not to be had; *missing
 * tells one that is not installed. Blocks. */
const grat__pico_lib *grat__pico_load(const grat__pico_series *series, char *why, size_t cap, bool *missing);
/* The same code inside this process: it always is to be had. */
const grat__pico_lib *grat__pico_load_simulated(const grat__pico_series *series);
/* sim/pico: a call of a simulated library by its whole name, or NULL; a unit of this model ("ps5444d"), its series and
 * serial number, or false with a sentence; the end of that unit. */
void *grat__pico_sim_symbol(const char *name);
bool grat__pico_sim_add(const char *model, char library[16], char serial[32], char why[200]);
void grat__pico_sim_remove(const char *serial);
bool grat__pico_sim_knows(const char *model);

/* ---- operations: one set for each of the vendor's interfaces ------------------------------------------- */

struct grat__pico_unit;
struct grat__pico_run;
struct grat__pico_list;
/* They return a PICO_STATUS and name the call in u->failed. All are called with the unit's lock held, in a worker. */
typedef struct grat__pico_input {
    bool on, limit;            /* limit: of the bandwidth, the lowest that there is */
    int range;                 /* 0 = 10 mV in steps of 1, 2, 5 */
    int coupling;              /* 0 AC, 1 DC */
    double offset;             /* volts, added to the input: volts = code * range / max - offset */
} grat__pico_input;

enum { GRAT__PICO_RAW = 0, GRAT__PICO_AGGREGATE = 1, GRAT__PICO_DECIMATE = 2, GRAT__PICO_AVERAGE = 4 };
typedef struct grat__pico_buffer {
    unsigned input;
    int16_t *max, *min;        /* min of AGGREGATE only; max NULL: nothing is registered any more */
    uint32_t length, segment;
    int mode;
} grat__pico_buffer;
typedef struct grat__pico_block {
    uint32_t pre, post, timebase;
    struct grat__pico_run *run;
} grat__pico_block;
typedef struct grat__pico_values {
    uint32_t from, to;         /* segments, `to` is one of them */
    uint32_t samples, got;     /* of each: raw samples wanted, values got */
    uint32_t ratio;
    int mode;
    int16_t *overflow;         /* one for each segment */
} grat__pico_values;
typedef struct grat__pico_when {
    double offset;             /* seconds */
    uint64_t stamp;            /* samples; 0 = not told */
} grat__pico_when;

/* The numbers of directions and of width types are the vendor's. */
enum { GRAT__PICO_ABOVE, GRAT__PICO_BELOW, GRAT__PICO_RISING, GRAT__PICO_FALLING, GRAT__PICO_EITHER,
       GRAT__PICO_RISING_LOWER = 7, GRAT__PICO_FALLING_LOWER = 8, GRAT__PICO_RUNT_UP = 9, GRAT__PICO_RUNT_DOWN = 10 };
enum { GRAT__PICO_SHORTER = 1, GRAT__PICO_LONGER, GRAT__PICO_WITHIN, GRAT__PICO_OUT_OF };
enum { GRAT__PICO_LINE_LOW = 1, GRAT__PICO_LINE_HIGH, GRAT__PICO_LINE_RISING, GRAT__PICO_LINE_FALLING,
       GRAT__PICO_LINE_EITHER };
typedef struct grat__pico_trigger {
    bool on, simple;
    double auto_s;             /* 0 = it waits for ever */
    double dt;                 /* what a sample is in what follows: seconds */
    uint32_t delay;            /* samples from it to the first of the record, of which none is from before it */
    int source, direction;     /* simple */
    int16_t code;
    /* The others: sources with one event each, joined by groups: one group is enough, all of a group is needed. */
    struct {
        bool used, window;
        int direction;
        int16_t upper, lower;
    } event[GRAT__PICO_SOURCES];
    uint8_t line[16];          /* what each digital line must be or do; 0 = anything */
    bool lines;
    struct {
        bool on, window;
        int source, direction, type;
        uint32_t lower, upper; /* samples */
    } width;
    unsigned groups;
    struct {
        uint16_t sources;      /* bits */
        bool lines, width;
    } group[8];
} grat__pico_trigger;

#define GRAT__PICO_NOT_YET UINT64_MAX
typedef struct grat__pico_streaming {
    double dt;                 /* wanted; what it really is is written back */
    uint32_t pre;              /* samples before a trigger that are wanted */
    uint64_t values;           /* since it began: counted by poll */
    uint64_t trigger;          /* the value at the first trigger, from the poll on that tells it */
    uint32_t ratio;
    int mode;
    uint32_t length;           /* values in each ring; a multiple of 4 */
    int16_t *max[GRAT__PICO_INPUTS], *min[GRAT__PICO_INPUTS];
} grat__pico_streaming;
typedef struct grat__pico_chunk {
    uint32_t start, n;         /* in the rings */
    bool clipped;
} grat__pico_chunk;
typedef void (*grat__pico_sink)(void *user, const grat__pico_chunk *c);

enum { GRAT__PICO_SINE, GRAT__PICO_SQUARE, GRAT__PICO_TRIANGLE, GRAT__PICO_RAMP_UP, GRAT__PICO_RAMP_DOWN,
       GRAT__PICO_SINC, GRAT__PICO_GAUSSIAN, GRAT__PICO_HALF_SINE, GRAT__PICO_DC, GRAT__PICO_NOISE, GRAT__PICO_PRBS,
       GRAT__PICO_POINTS };
typedef struct grat__pico_wave {
    int wave;
    double offset, pp;         /* volts */
    double hz, stop, step, dwell;  /* stop = hz: no sweep */
    int sweep;                 /* 0 up, 1 down, 2 up and down, 3 down and up */
    uint32_t shots, sweeps;    /* after a trigger; 0 = no end */
    int source, edge;          /* of its trigger: 0 none, 1 the scope's, 3 EXT, 4 software; 0 rising 1 falling */
    double duty;               /* percent; 50 where there is no choice */
    int16_t *points;           /* the caller's */
    uint32_t n, most;          /* most: of points, what the unit takes */
} grat__pico_wave;

typedef struct grat__pico_ops {
    bool calls_back;           /* blocks end with a callback; else is_ready has to be asked */
    uint32_t (*open)(const grat__pico_lib *lib, const char *serial, int16_t *handle);  /* NULL = the first */
    uint32_t (*close)(struct grat__pico_unit *u);
    uint32_t (*stop)(struct grat__pico_unit *u);
    uint32_t (*info)(const struct grat__pico_unit *u, uint32_t what, char *out, size_t cap);
    void (*enumerate)(const grat__pico_lib *lib, struct grat__pico_list *out);
    uint32_t (*flash)(struct grat__pico_unit *u, int times);
    uint32_t (*power)(struct grat__pico_unit *u, uint32_t state);
    uint32_t (*resolution)(struct grat__pico_unit *u, int number);
    uint32_t (*channel)(struct grat__pico_unit *u, unsigned channel, const grat__pico_input *in);
    uint32_t (*port)(struct grat__pico_unit *u, unsigned port, bool on, double volts);
    /* The ranges that there are, as bits, and the offset that each allows. */
    uint32_t (*ranges)(struct grat__pico_unit *u, unsigned *mask, double offset[16]);
    uint32_t (*max)(struct grat__pico_unit *u, int resolution, int16_t *out);
    /* `room`: samples of each channel that is on. */
    uint32_t (*timebase)(struct grat__pico_unit *u, uint32_t n, double *dt, uint64_t *room);
    /* Optional: the timebase for an interval that is not longer than this. */
    uint32_t (*nearest)(struct grat__pico_unit *u, double want, int resolution, uint32_t *n);
    uint32_t (*max_segments)(struct grat__pico_unit *u, uint32_t *n);
    uint32_t (*segments)(struct grat__pico_unit *u, uint32_t n);
    uint32_t (*captures)(struct grat__pico_unit *u, uint32_t *n);
    uint32_t (*trigger)(struct grat__pico_unit *u, const grat__pico_trigger *t);
    /* Optional: equivalent-time sampling, after the trigger is set: so many values in the place of one sample of the
     * fastest rate; 0 ends it. *dt is what they are apart. Values come until it is stopped; their times (fs, from the
     * trigger) go into `times`, which stays registered until another or NULL is given. */
    uint32_t (*ets)(struct grat__pico_unit *u, uint32_t interleave, double *dt);
    uint32_t (*ets_times)(struct grat__pico_unit *u, int64_t *times, uint32_t n);
    uint32_t (*run_block)(struct grat__pico_unit *u, const grat__pico_block *b);
    uint32_t (*is_ready)(struct grat__pico_unit *u, bool *ready);
    uint32_t (*buffer)(struct grat__pico_unit *u, const grat__pico_buffer *b);
    uint32_t (*values)(struct grat__pico_unit *u, grat__pico_values *v);
    uint32_t (*when)(struct grat__pico_unit *u, uint32_t from, uint32_t to, grat__pico_when *out);
    uint32_t (*run_streaming)(struct grat__pico_unit *u, grat__pico_streaming *s);
    /* BUSY is not told. */
    uint32_t (*poll)(struct grat__pico_unit *u, grat__pico_streaming *s, grat__pico_sink sink, void *user);
    void (*end_streaming)(struct grat__pico_unit *u, const grat__pico_streaming *s);
    uint32_t (*wave)(struct grat__pico_unit *u, grat__pico_wave *w);
    uint32_t (*fire)(struct grat__pico_unit *u);  /* the software trigger of the generator */
} grat__pico_ops;
extern const grat__pico_ops grat__pico_classic_ops, grat__pico_narrow_ops, grat__pico_wide_ops, grat__pico_modern_ops,
    grat__pico_old_ops;

/* ---- units ------------------------------------------------------------------------------------------- */

/* One block capture: which one a late callback belongs to. */
typedef struct grat__pico_run {
    struct grat__pico_unit *unit;
    _Atomic uint32_t status;
    _Atomic bool done;
} grat__pico_run;
#define GRAT__PICO_RUNS 8

typedef struct grat__pico_unit {
    const grat__pico_lib *lib;
    int16_t handle;
    char variant[32], serial[64], version[64], usb[16], calibrated[16];
    uint32_t power;            /* the state that was acknowledged last; 0 = none was asked for */
    bool lines_set;            /* a digital trigger is set */
    bool registered;           /* buffers of the modern interface */
    uint32_t segments;         /* of the narrow interface */
    uint32_t flags;            /* inputs that are on, as the modern interface numbers them */
    grat__pico_trigger old_trigger; /* of the oldest interface: set when a block runs */
    bool old_events;           /* it was no simple one */
    struct grat__pico_stream_state *stream;  /* of the operations; freed with the unit */
    bool ets;                  /* it is on */
    int64_t *times;            /* of its values: written by the library until they are taken back */
    const char *failed;        /* the call that the last worker ended with */
    pthread_mutex_t lock;      /* one call at a time */
    atomic_int refs;
    int event_fd;              /* a block is ready */
    grat__pico_run run[GRAT__PICO_RUNS];
    unsigned runs;
} grat__pico_unit;

/* ps3000: 3204 to 3206 have equivalent time and a generator, and neither events nor fast streams; the others the
 * opposite. */
bool grat__pico_is_basic(const grat__pico_unit *u);
static inline uint32_t grat__pico_say(grat__pico_unit *u, const char *call, uint32_t status)
{
    u->failed = call;
    return status;
}
/* The vendor's number of an input. */
static inline int32_t grat__pico_number(unsigned input)
{
    return input < GRAT__PICO_CHANNELS ? (int32_t)input : 0x80 + (int32_t)(input - GRAT__PICO_CHANNELS);
}
/* "AQ005/139[2406B],VDR61/356" */
void grat__pico_take_serials(struct grat__pico_list *l, const char *library, const char *text);
/* In the largest unit (0 fs … 5 s) in which the interval is a whole number. */
void grat__pico_as_integer(double dt, uint32_t *n, int32_t *unit);
double grat__pico_unit_seconds(int32_t unit);

/* `driver` and `serial` may be empty: any library, the first unit. What is no library's name is taken for a serial. */
grat_err grat__pico_open(const char *driver, const char *serial, grat_op *op, grat__pico_unit **out);
/* A simulated unit of this model, alone in this process. */
grat_err grat__pico_open_simulated(const char *model, grat_op *op, grat__pico_unit **out);
/* Whoever works on a unit beside grat__pico_do holds it so, and its lock for each call. */
void grat__pico_ref(grat__pico_unit *u);
void grat__pico_unref(grat__pico_unit *u);
/* The unit is closed by a worker; waited for 2 s. */
void grat__pico_close(grat__pico_unit *u);

/* Work on a unit in a worker: `args` (size bytes) is copied in, and back when it has ended in time; else `drop` (may be
 * NULL) frees what the copy owns as soon as the work has ended. The work returns a PICO_STATUS, with u->failed naming
 * the call that it comes from. *status is that; the error is only what befell the waiting. */
typedef struct grat__pico_job {
    uint32_t (*fn)(grat__pico_unit *u, void *args);
    void (*drop)(void *args);
    void *args;
    size_t size;
} grat__pico_job;
grat_err grat__pico_do(grat__pico_unit *u, const grat__pico_job *job, uint32_t *status, grat_op *op);
/* The same, where a status is an error. */
grat_err grat__pico_must(grat__pico_unit *u, const grat__pico_job *job, grat_op *op);

/* A callback's place for the next run, and the callback. */
grat__pico_run *grat__pico_new_run(grat__pico_unit *u);
void grat__pico_on_block(int16_t handle, uint32_t status, void *user);

/* The units of one library that nobody has open; `model` is empty where it is not told. */
typedef struct grat__pico_entry {
    const char *library;
    char serial[64], model[32];
} grat__pico_entry;
typedef struct grat__pico_list {
    grat__pico_entry entry[64];
    unsigned n, libraries;
    char why[300];             /* the last library that could not be used, "" when they are only missing */
} grat__pico_list;
grat_err grat__pico_enumerate(grat__pico_list *out, grat_op *op);

#endif
