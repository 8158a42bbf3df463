/* PicoScopes through the vendor's libraries (PicoSDK), which are loaded when one is asked for and never linked. The
 * libraries block and call back from threads of their own: every call is made in a worker (core/offload.h), one at a
 * time for each unit. Facts: docs/reference/picoscope.md. */
#ifndef GRAT_PICO_PICO_H
#define GRAT_PICO_PICO_H

#include <graticule/graticule.h>

#include <pthread.h>
#include <stdatomic.h>

#include "pico/calls.h"

/* What differs between the series. */
typedef struct grat__pico_series {
    const char *name;          /* of the library: "ps5000a" */
    bool oversample;           /* RunBlock and GetTimebase2 have that argument */
    bool resolution;           /* chosen at the opening and by SetDeviceResolution */
    bool double_generator;     /* SetSigGenBuiltIn takes doubles, and there is no V2 */
    bool short_wave;           /* the type of its wave has 16 bits */
    int external;              /* number of the external trigger */
} grat__pico_series;
/* Ends with a NULL name. */
extern const grat__pico_series grat__pico_all[];

typedef struct grat__pico_lib {
    const grat__pico_series *series;
    grat__pico_calls call;
} grat__pico_lib;

/* Statuses that are treated by name. */
enum {
    GRAT__PICO_OK = 0,
    GRAT__PICO_NOT_FOUND = 0x3,
    GRAT__PICO_NOT_RESPONDING = 0x7,
    GRAT__PICO_INVALID_TIMEBASE = 0xE,
    GRAT__PICO_INVALID_CHANNEL = 0x10,
    GRAT__PICO_STREAMING_FAILED = 0x14,
    GRAT__PICO_BUFFER_STALL = 0x1C,
    GRAT__PICO_TOO_MANY_SAMPLES = 0x1D,
    GRAT__PICO_BUSY = 0x27,
    GRAT__PICO_CANCELLED = 0x3A,
    GRAT__PICO_POWER_CONNECTED = 0x119,
    GRAT__PICO_POWER_NOT_CONNECTED = 0x11A,
    GRAT__PICO_UNDERVOLTAGE = 0x11C,
    GRAT__PICO_USB3_ON_USB2 = 0x11E,
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
    uint32_t power;            /* the state that was acknowledged at the opening; 0 = none was asked for */
    const char *failed;        /* the call that the last worker ended with */
    pthread_mutex_t lock;      /* one call at a time */
    atomic_int refs;
    int event_fd;              /* a block is ready */
    grat__pico_run run[GRAT__PICO_RUNS];
    unsigned runs;
} grat__pico_unit;

/* `driver` and `serial` may be empty: any library, the first unit. What is no library's name is taken for a serial. */
grat_err grat__pico_open(const char *driver, const char *serial, grat_op *op, grat__pico_unit **out);
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
