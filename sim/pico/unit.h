/* Simulated PicoScopes behind the stand-in libraries: units, signals, block and streaming captures. Nothing of this is
 * installed: it takes the place of the vendor's libraries in tests.
 *
 * Which units there are: GRATICULE_PICO_SIM, or the file that it names with a leading @. Units are separated by ; or
 * newlines, words by blanks:
 *   LIBRARY VARIANT SERIAL [OPTION…]        ps5000a 5444D CD456/0002 power a=sine,1000,1.5,0
 *   a=SHAPE,HZ,VOLTS,OFFSET  also b= … h= and ext=; sine square triangle ramp dc; pulse: high for one and for two
 *                           tenths of the period in turn; runt: to the full height and to half of it in turn;
 *                           gen: what the generator of the unit puts out
 *   counter=N       every analog sample is its index since the first run, modulo N
 *   power           4-channel units ask for their power source at the opening
 *   late=MS         the block callback comes so much later
 *   buffer=MS       streaming: what the unit holds when the host does not poll; then BUFFER_STALL. 1000
 *   fault=CALL,N,STATUS   the Nth call of that name has this status; `unplug` instead of a number for all from then on;
 *                   `half`: a call that reads values gives the first half of them
 *   points=LOW,HIGH the codes of an arbitrary wave; -32768,32767 (not ps2000, not the modern interface)
 *   untimed         the trigger information of a capture says that time and stamp could not be had
 *   overrun         ps2000, ps3000: the first overview_buffer_status of a stream tells of a loss that there was not
 *   skew            ps6000a, psospa: a streaming poll gives each channel another number of samples
 * Without it there is one unit in each library. In the process of a program that opens SIM::ps5444d there are only
 * those that it opens. */
#ifndef SIM_PICO_UNIT_H
#define SIM_PICO_UNIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "sim/pico/status.h"

#define PS_CHANNELS 8
#define PS_PORTS 2
#define PS_INPUTS (PS_CHANNELS + PS_PORTS)
/* The external trigger: an input of +-5 V that is never recorded. */
#define PS_EXT PS_INPUTS
#define PS_SOURCES (PS_CHANNELS + 1)   /* of triggers; the last is the external one */
#define PS_UNITS 64
#define PS_FAULTS 8
#define PS_MAX_DELAY 8388607u

typedef enum ps_clock {
    PS_500M, PS_1G, PS_80M, PS_5000, PS_5G, PS_PICOSECONDS, PS_DOUBLING, PS_4000, PS_4227, PS_10M, PS_6000
} ps_clock;
typedef struct ps_model {
    const char *library, *variant;
    unsigned channels, ports;
    ps_clock clock;
    uint64_t memory;          /* samples of 8 bits */
    uint32_t segments;
    int range_first, range_last;
    double stream_bytes;      /* per second, 2 a sample */
    bool power;
    unsigned bits;            /* at the opening */
    int ets_cycles, ets_interleave;  /* the most; 0 = none */
    bool basic;               /* ps3000: no events and no fast streams; the others have no generator and no EXT */
} ps_model;

enum ps_shape { PS_SINE, PS_SQUARE, PS_TRIANGLE, PS_RAMP, PS_DC, PS_GENERATOR, PS_PULSE, PS_RUNT };
typedef struct ps_signal {
    enum ps_shape shape;
    double hz, volts, offset;
} ps_signal;
typedef struct ps_fault {
    char call[40];
    unsigned at, seen;
    uint32_t status;
    bool unplug, half;
} ps_fault;

typedef struct ps_input {
    bool enabled;
    int range;
    int coupling;
    double offset;
    int16_t *table;           /* one period, PS_TABLE codes; NULL until a run needs it */
    double made[7];           /* what the table was made of; 0: nothing */
    bool clips;               /* some of them are at a rail */
    bool gated;               /* of the generator, and not always alike */
    int16_t rest;
    uint64_t step, phase;     /* of the run: part of a period in 2^-64 */
} ps_input;
#define PS_TABLE 65536

/* Modes: 0 as it is, 1 aggregate, 2 decimate, 4 average; of a buffer also this. */
#define PS_ANY_MODE 100
typedef struct ps_buffer {
    void *max, *min;
    uint64_t length;
    int mode;
    bool bytes;               /* 8 bits a sample */
} ps_buffer;
/* Buffers that wait for a stream of the modern interface. */
#define PS_QUEUE 8
typedef struct ps_queue {
    ps_buffer buffer[PS_QUEUE];
    uint64_t first, n;        /* number of the first, and how many there are */
    uint64_t at;              /* values in the first */
    uint64_t out;             /* values in all */
} ps_queue;

/* Directions, states and types have the vendor's numbers. */
typedef struct ps_trigger {
    bool on;                  /* simple, or with conditions */
    bool simple;
    int source;               /* simple: index of a source */
    int16_t threshold;
    int direction;
    uint64_t delay;
    double auto_s;            /* 0 = never */
    struct {
        bool known, window;
        int direction;
        int16_t upper, lower;
        uint16_t upper_hysteresis, lower_hysteresis;
    } event[PS_SOURCES];
    unsigned groups;
    struct {
        uint16_t yes, no;     /* sources that must be active, and must not */
        bool lines, width;
    } group[16];
    struct {
        bool on, window;
        uint16_t sources;     /* one */
        int direction, type;
        uint32_t lower, upper;
    } width;
    uint8_t line[16];
    bool lines;
} ps_trigger;

/* Equivalent-time sampling: for each of `interleave` places between two samples the acquisition whose trigger came
 * there. */
typedef struct ps_slot {
    bool filled;
    int64_t at;               /* the sample after the trigger */
    double after;             /* it comes so many samples after the crossing, 0 to 1 */
    double nudge;             /* the signal is so many samples ahead: its clock is not the converter's */
} ps_slot;
typedef struct ps_ets {
    int interleave, cycles;   /* 0 = off */
    uint32_t seed;            /* of where the triggers fall */
    ps_slot *slot, *next;     /* those that are read, and those that are being taken */
    int64_t *times;           /* the program's, in fs; or the two halves of each */
    uint32_t *upper, *lower;
    int32_t length;
} ps_ets;

typedef enum ps_state { PS_IDLE, PS_BLOCK, PS_STREAM } ps_state;

typedef struct ps_unit {
    const ps_model *model;
    char serial[32];
    ps_signal signal[PS_SOURCES];
    ps_fault fault[PS_FAULTS];
    unsigned faults, counter;
    int16_t *counts;          /* 0 to counter - 1 */
    bool ask_power, unplugged, skew, overrun, untimed;
    int points_low, points_high;
    bool half;                /* of the values of this reading */
    int late_ms, buffer_ms;

    int ext_range;            /* of the external trigger, by the vendor's number */
    int16_t handle;           /* 0 = closed */
    atomic_flag busy;         /* a call is in it */
    pthread_mutex_t lock;     /* between the calls and the thread of a block */
    pthread_cond_t wake;
    uint32_t power;           /* not 0: to be acknowledged */
    bool usb_powered;
    int resolution;           /* enum of the vendor */
    ps_input input[PS_INPUTS + 1];
    ps_buffer *buffer;        /* segments * PS_INPUTS */
    ps_queue queue[PS_INPUTS];
    uint32_t segments, captures;
    ps_trigger trigger;
    int64_t flash_until;
    int64_t opened_ns, first_ns; /* first_ns: of the first run, where counters begin */

    ps_state state;
    bool ready, stop, worker_on, has_data;
    pthread_t worker;
    uint32_t run_status;
    double dt;
    ps_ets ets;
    double nudge;             /* of the samples that are made now */
    int64_t pre, post;
    uint32_t done;            /* captures that are complete */
    int64_t *start;           /* index of the first sample of each */
    int64_t *offset_fs;       /* crossing to sample */
    int64_t run_ns, base;     /* start of the run; index of its sample 0 */
    void (*block_cb)(int16_t, uint32_t, void *);
    void *user;

    uint32_t ratio;
    uint64_t overview;
    int mode;
    uint64_t delivered;       /* raw samples */
    uint64_t out;             /* values */
    uint64_t limit;           /* raw samples when auto_stop, else 0; with a trigger known after it */
    bool stops;
    int64_t stream_post, searched;  /* searched: raw samples that were looked through for the trigger */
    int64_t trigger_at;       /* raw sample of the stream's trigger; -1 = not yet */
    bool trigger_told;        /* of the modern interface: by the channel that had it first, as a sample of its buffer */
    bool auto_stopped;
    /* ps2000: part of a block before the trigger, below 0 after it; a loss that was not yet asked for; the library's
     * buffers */
    double before;
    bool lost;
    int16_t *own[4];
    struct {
        double offset, pp;    /* volts */
        int wave;             /* the classic number; -1: points */
        double hz, stop, step, dwell;
        int16_t *points;
        int32_t n;
        unsigned cycles;
        int way;              /* of a sweep */
        int source;           /* of the trigger: PS_GEN_… */
        bool falling;
        double threshold;     /* of the external one, volts */
        int64_t armed_ns, fired_ns;  /* fired: by software, or by a capture of an earlier run; 0 = not yet */
        /* modern: until it is applied */
        int set_wave, set_source;
        double set_offset, set_pp, set_hz, set_stop, set_step, set_dwell;
        int set_way;
        bool set_falling;
        int16_t *set_points;
        int32_t set_n;
        unsigned set_cycles;
    } generator;
} ps_unit;

/* Set while a callback of the program runs in this thread: the calls refuse then. */
extern _Thread_local bool ps_in_callback;

/* ---- units.c -------------------------------------------------------------------------------------- */

/* Units of this library: the i-th, NULL behind the last. Their description is read at the first call. */
ps_unit *ps_unit_at(const char *library, unsigned i);
/* A further unit of this model, for this process; its serial number is made up. NULL with a sentence. */
ps_unit *ps_add(const char *model, char why[200]);
/* Ends a unit that ps_add made; it must be closed. */
void ps_remove(const char *serial);
bool ps_knows(const char *model);
/* The i-th model: its name as ps_add takes it, and what it is in a line. False behind the last. */
bool ps_model_at(unsigned i, char name[16], char text[64]);
int64_t ps_now(void);
unsigned ps_bits(const ps_unit *u);
int16_t ps_max_at(const ps_unit *u, unsigned bits);
int16_t ps_max(const ps_unit *u);
double ps_range_volts(int range);
/* Of the vendor's units of time: fs, ps, ns, us, ms, s. */
extern const double ps_unit_s[6];
/* Index into input[], or -1. */
int ps_input_index(const ps_unit *u, int32_t channel);
unsigned ps_enabled(const ps_unit *u);
/* Samples of each channel in a segment. */
uint64_t ps_depth(const ps_unit *u);
/* 0 when the number is not available with these channels. */
double ps_interval(const ps_unit *u, uint32_t timebase);
/* The injected status of this call, or OK. */
uint32_t ps_fault_of(ps_unit *u, const char *call);

/* ---- calls.c: what the calls of the interfaces share -------------------------------------------------- */

/* NULL with a status when the call is not possible now. */
ps_unit *ps_enter(const char *library, int16_t h, const char *call, uint32_t *status);
uint32_t ps_leave(ps_unit *u, uint32_t status);
#define PS_BEGIN(h, call)                                                                                              \
    uint32_t begun;                                                                                                    \
    ps_unit *u = ps_enter(library, h, #call, &begun);                                                                  \
    if (!u) return begun
uint32_t ps_open(const char *library, int16_t *h, const int8_t *serial, int resolution);
/* Of the light: so many times, without end below 0; a run ends it. */
void ps_flash(ps_unit *u, int times);
int16_t ps_flashes(const ps_unit *u);
uint32_t ps_enumerate(const char *library, int16_t *count, int8_t *serials, int16_t *length);
uint32_t ps_info(const char *library, const ps_unit *u, int8_t *text, int cap, int16_t *size, uint32_t info);
double ps_offset_limit(int range);
uint32_t ps_set_channel(ps_unit *u, int32_t channel, const ps_input *in);
uint32_t ps_set_port(ps_unit *u, int32_t port, bool on);
uint32_t ps_set_segments(ps_unit *u, uint32_t n);
uint32_t ps_captures(const ps_unit *u, uint32_t *n);
uint32_t ps_timebase(const ps_unit *u, uint32_t n, uint64_t samples, double *ns, uint64_t *max);
uint32_t ps_set_resolution(ps_unit *u, int resolution);
/* Index of a source of triggers by the vendor's number, or -1. */
int ps_source(const ps_unit *u, int32_t number);
uint32_t ps_simple_trigger(ps_unit *u, const ps_trigger *t);
uint32_t ps_offset(const ps_unit *u, uint64_t segment, int64_t *fs);
uint32_t ps_set_buffer(ps_unit *u, int32_t channel, uint64_t segment, const ps_buffer *b);
typedef struct ps_block {
    int64_t pre, post;
    uint32_t timebase;
    uint64_t segment;
    void (*ready)(int16_t, uint32_t, void *);
    void *user;
} ps_block;
uint32_t ps_start_block(ps_unit *u, const ps_block *b);
typedef struct ps_values {
    uint64_t start, n;        /* raw samples; n becomes the values that were written */
    uint64_t from, to;        /* segments */
    uint64_t ratio;
    int mode;
    int16_t *overflow;
} ps_values;
uint32_t ps_read(ps_unit *u, ps_values *v);
typedef struct ps_stream {
    double dt;
    uint64_t pre, post, overview;
    bool auto_stop;
    uint64_t ratio;
    int mode;
} ps_stream;
/* dt becomes what it is; the caller may still correct u->dt to what it tells its own caller. */
uint32_t ps_start_stream(ps_unit *u, ps_stream *s);
/* Interval in ps; mode 0 is off. */
uint32_t ps_set_ets(ps_unit *u, int mode, int cycles, int interleave, int32_t *ps);

/* ---- trigger.c ---------------------------------------------------------------------------------------- */

uint32_t ps_check_trigger(const ps_unit *u);
/* Index of the first sample that triggers at `armed` or later, looking at all from `from` on, or -1 when `most` samples
 * behind `armed` have none; and how long before it the level was crossed. */
typedef struct ps_search {
    int64_t from, armed, most;
} ps_search;
int64_t ps_find_trigger(const ps_unit *u, const ps_search *s, int64_t *fs);
/* Of a simple trigger that fires at this sample: how long before it, in samples. */
double ps_crossing(ps_unit *u, int64_t at);

/* ---- generator.c -------------------------------------------------------------------------------------- */

enum { PS_GEN_FREE, PS_GEN_SCOPE, PS_GEN_AUX, PS_GEN_EXT, PS_GEN_SOFTWARE };
/* Checks and starts what u->generator says; with a trigger it waits for that. 2 V at most. */
uint32_t ps_generate(ps_unit *u);
uint32_t ps_fire(ps_unit *u);
/* Volts at a part of its period. */
double ps_generated(const ps_unit *u, double x);
/* One period after the other without end: a table is enough. */
bool ps_generates_alike(const ps_unit *u);
void ps_generator_samples(const ps_unit *u, const ps_input *in, int64_t from, uint32_t n, int16_t *out);

/* ---- signal.c --------------------------------------------------------------------------------------- */

/* -1 to 1 at a part of the period. */
double ps_shape_at(const ps_signal *s, double x);
void ps_prepare(ps_unit *u);
/* n raw samples of an input from index `from` of the run on. */
void ps_samples(const ps_unit *u, int input, int64_t from, uint32_t n, int16_t *out);
typedef struct ps_reduce {
    int input;
    int64_t from;
    uint32_t n;               /* values to make */
    uint32_t ratio;
    int mode;
} ps_reduce;
/* Values after down-sampling, from value `at` of a buffer on. */
void ps_reduced(const ps_unit *u, const ps_reduce *r, const ps_buffer *to, uint64_t at);

/* ---- capture.c -------------------------------------------------------------------------------------- */

uint32_t ps_run_block(ps_unit *u);
/* Values of an input from value `from` of an acquisition in equivalent time on; the unit's lock is held. */
void ps_ets_values(ps_unit *u, int input, uint64_t from, uint32_t n, int16_t *out);
void ps_ets_times(ps_unit *u, uint64_t from, uint64_t n);
/* Ends what runs; the block callback has been called when it returns. */
void ps_stop(ps_unit *u);
typedef struct ps_chunk {
    int32_t samples;
    uint32_t start;
    int16_t auto_stop, overflow, triggered;
    uint32_t trigger_at;      /* value of the chunk */
} ps_chunk;
/* What a poll finds; false in *have when there is nothing new. */
uint32_t ps_poll(ps_unit *u, ps_chunk *out, bool *have);
/* Starts what ps_start_stream has prepared. */
void ps_run_stream(ps_unit *u);
/* The same for one input of the modern interface: into its queue. `number` is that of the buffer. */
uint32_t ps_poll_queue(ps_unit *u, unsigned input, ps_chunk *out, uint64_t *number);

#endif
