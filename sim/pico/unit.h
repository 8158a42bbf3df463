/* Simulated PicoScopes behind the stand-in libraries: units, signals, block and streaming captures. Nothing of this is
 * installed: it takes the place of the vendor's libraries in tests.
 *
 * Which units there are: GRATICULE_PICO_SIM, or the file that it names with a leading @. Units are separated by ; or
 * newlines, words by blanks:
 *   LIBRARY VARIANT SERIAL [OPTION…]        ps5000a 5444D CD456/0002 power a=sine,1000,1.5,0
 *   a=SHAPE,HZ,VOLTS,OFFSET  also b= … h=   sine square triangle ramp dc, and
 *                           gen: what the generator of the unit puts out
 *   counter=N       every analog sample is its index since the first run, modulo N
 *   power           4-channel units ask for their power source at the opening
 *   late=MS         the block callback comes so much later
 *   buffer=MS       streaming: what the unit holds when the host does not poll; then BUFFER_STALL. 1000
 *   fault=CALL,N,STATUS   the Nth call of that name has this status; `unplug` instead of a number for all from then on
 * Without it there is one unit in each library. */
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
#define PS_UNITS 16
#define PS_FAULTS 8

typedef enum ps_clock { PS_500M, PS_1G, PS_80M, PS_5000 } ps_clock;
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
} ps_model;

enum ps_shape { PS_SINE, PS_SQUARE, PS_TRIANGLE, PS_RAMP, PS_DC, PS_GENERATOR };
typedef struct ps_signal {
    enum ps_shape shape;
    double hz, volts, offset;
} ps_signal;
typedef struct ps_fault {
    char call[40];
    unsigned at, seen;
    uint32_t status;
    bool unplug;
} ps_fault;

typedef struct ps_input {
    bool enabled;
    int range;
    int coupling;
    double offset;
    int16_t *table;           /* one period, PS_TABLE codes; NULL until a run needs it */
    uint64_t step, phase;     /* of the run: part of a period in 2^-64 */
} ps_input;
#define PS_TABLE 65536

typedef struct ps_buffer {
    int16_t *max, *min;
    int32_t length;
    int32_t mode;
} ps_buffer;

typedef struct ps_trigger {
    bool on;
    int source;
    int16_t threshold;
    int direction;
    uint32_t delay;
    int auto_ms;
} ps_trigger;

typedef enum ps_state { PS_IDLE, PS_BLOCK, PS_STREAM } ps_state;

typedef struct ps_unit {
    const ps_model *model;
    char serial[32];
    ps_signal signal[PS_CHANNELS];
    ps_fault fault[PS_FAULTS];
    unsigned faults, counter;
    bool ask_power, unplugged;
    int late_ms, buffer_ms;

    int16_t handle;           /* 0 = closed */
    atomic_flag busy;         /* a call is in it */
    pthread_mutex_t lock;     /* between the calls and the thread of a block */
    pthread_cond_t wake;
    uint32_t power;           /* not 0: to be acknowledged */
    bool usb_powered;
    int resolution;           /* enum of the vendor */
    ps_input input[PS_INPUTS];
    ps_buffer *buffer;        /* segments * PS_INPUTS */
    uint32_t segments, captures;
    ps_trigger trigger;
    int64_t opened_ns, first_ns; /* first_ns: of the first run, where counters begin */

    ps_state state;
    bool ready, stop, worker_on, has_data;
    pthread_t worker;
    uint32_t run_status;
    double dt;
    int32_t pre, post;
    uint32_t done;            /* captures that are complete */
    int64_t *start;           /* index of the first sample of each */
    int64_t *offset_fs;       /* crossing to sample */
    int64_t run_ns, base;     /* start of the run; index of its sample 0 */
    void (*block_cb)(int16_t, uint32_t, void *);
    void *user;

    uint32_t ratio, overview;
    int32_t mode;
    uint64_t delivered;       /* raw samples */
    uint64_t out;             /* values */
    uint64_t limit;           /* raw samples when auto_stop, else 0 */
    bool auto_stopped;
    struct {
        int32_t offset_uv;
        uint32_t pp_uv;
        int wave;             /* -1: points */
        double hz;
        int16_t *points;
        int32_t n;
    } generator;
} ps_unit;

/* Set while a callback of the program runs in this thread: the calls refuse then. */
extern _Thread_local bool ps_in_callback;

/* ---- units.c -------------------------------------------------------------------------------------- */

/* Units of the library with this name, read once. */
ps_unit *ps_units(const char *library, unsigned *n);
int64_t ps_now(void);
unsigned ps_bits(const ps_unit *u);
int16_t ps_max(const ps_unit *u);
double ps_range_volts(int range);
/* Index into input[], or -1. */
int ps_input_index(const ps_unit *u, int32_t channel);
unsigned ps_enabled(const ps_unit *u);
/* Samples of each channel in a segment. */
uint64_t ps_depth(const ps_unit *u);
/* 0 when the number is not available with these channels. */
double ps_interval(const ps_unit *u, uint32_t timebase);
/* The injected status of this call, or OK. */
uint32_t ps_fault_of(ps_unit *u, const char *call);

/* ---- signal.c --------------------------------------------------------------------------------------- */

void ps_prepare(ps_unit *u);
/* n raw samples of an input from index `from` of the run on. */
void ps_samples(const ps_unit *u, int input, int64_t from, uint32_t n, int16_t *out);
typedef struct ps_reduce {
    int input;
    int64_t from;
    uint32_t n;               /* values to make */
    uint32_t ratio;
    int32_t mode;
} ps_reduce;
/* Values after down-sampling; min only for AGGREGATE, and may be NULL. */
void ps_reduced(const ps_unit *u, const ps_reduce *r, int16_t *max, int16_t *min);

/* ---- capture.c -------------------------------------------------------------------------------------- */

uint32_t ps_run_block(ps_unit *u);
/* Ends what runs; the block callback has been called when it returns. */
void ps_stop(ps_unit *u);
typedef struct ps_chunk {
    int32_t samples;
    uint32_t start;
    int16_t auto_stop;
} ps_chunk;
/* What a poll finds; false in *have when there is nothing new. */
uint32_t ps_poll(ps_unit *u, ps_chunk *out, bool *have);

#endif
