/* PicoScopes of all series that src/pico knows. The settings live here; the unit is programmed with them when they are
 * set, and what it made of them is read back. Facts: docs/reference/picoscope.md. */
#ifndef GRAT_SCOPE_PICOSCOPE_H
#define GRAT_SCOPE_PICOSCOPE_H

#include <graticule/backend.h>

#include "pico/pico.h"

#define PK_ANALOG GRAT__PICO_CHANNELS
#define PK_LINES 16
#define PK_PORTS GRAT__PICO_PORTS
#define PK_INPUTS GRAT__PICO_INPUTS
#define PK_DIVISIONS 10.0
#define PK_SCREEN 10.0         /* vertical divisions over the full scale */
#define PK_RANGES 14
#define PK_SAMPLES 10000       /* when nobody says how many */
#define PK_ETS_MOST 100        /* values in the place of one sample: no series has more */

/* What the unit can do, asked for at the opening. */
typedef struct pk_limits {
    unsigned all, analog;      /* channels; those that can be used: fewer on USB power */
    bool ports;
    unsigned ranges;           /* bits */
    int range_first, range_last;
    double offset[16];         /* volts that can be added to the input, by range */
    double min_dt[PK_ANALOG + 1];      /* by number of channels */
    uint64_t max_depth[PK_ANALOG + 1];
    uint32_t segments;
} pk_limits;

/* What it is programmed with. */
typedef struct pk_setup {
    grat__pico_input input[PK_ANALOG];
    uint16_t lines;            /* that are recorded */
    double threshold[PK_PORTS];
    bool hires;
    double want_dt;            /* at most */
    int resolution;            /* the vendor's number, -1 where there is no choice */
    uint32_t timebase;
    double dt;
    uint64_t room;             /* samples of each channel */
    int16_t max;               /* code of the full scale */
    int mode;                  /* of down-sampling, the vendor's number */
    uint32_t ratio;            /* 1 without it */
    uint32_t ets;              /* values in the place of one sample; 0 = not in equivalent time */
} pk_setup;

struct pk_stream;
typedef struct pk_scope {
    grat_session *s;
    grat__pico_unit *u;
    pk_limits limits;
    grat_settings set;
    pk_setup setup;
    bool applied;              /* the unit has this set-up */
    uint32_t samples, before;  /* of a block */
    uint32_t late;             /* samples from the trigger to the first of it, when before is 0 */
    grat__pico_run *armed;     /* a block is under way */
    struct {
        uint32_t total, next;  /* captures in the unit, and those already acquired */
        bool ended;            /* by a cancel: there will be no more */
        int64_t ready_ns;
        grat_record **record;  /* read ahead */
        uint32_t from, read;   /* the segments in it */
    } block;
    struct pk_stream *stream;
    grat_generator generator;
} pk_scope;

extern const grat_driver grat__picoscope;

/* ---- plan.c: a request as settings; no I/O ------------------------------------------------------------ */

grat_err pk_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                 unsigned *mask, grat_op *op);
/* The smallest range and its offset that show low to high (volts at the pin). ERANGE names the widest. */
grat_err pk_choose_range(const pk_limits *k, double low, double high, grat__pico_input *out, grat_op *op);
double pk_range_volts(int range);
/* "A".."H", "1".."8"; -1 for anything else. */
int pk_channel_index(const char *s);

/* ---- trigger.c ------------------------------------------------------------------------------------ */

/* The trigger of the settings in codes, its times in samples of dt; ERANGE names the nearest level. */
grat_err pk_trigger_of(const pk_scope *b, double dt, grat__pico_trigger *out, grat_op *op);

/* ---- setup.c -------------------------------------------------------------------------------------- */

grat_err pk_read_limits(pk_scope *b, grat_op *op);
grat_err pk_get(void *p, grat_settings *out, grat_op *op);
grat_err pk_set(void *p, const grat_settings *want, unsigned mask, grat_op *op);
void pk_default_settings(const pk_scope *b, grat_settings *out);
/* Programs the unit, for use inside a worker; completes `s`. */
uint32_t pk_apply(grat__pico_unit *u, unsigned channels, pk_setup *s);
/* In a worker: acknowledges a change of power and programs again. OK, or what stands against it. */
uint32_t pk_power(grat__pico_unit *u, unsigned channels, pk_setup *s, uint32_t status);

/* ---- record.c ------------------------------------------------------------------------------------- */

/* With the traces of this set-up, described and zeroed; `count` values after down-sampling. NULL without memory. */
grat_record *pk_new_record(const pk_scope *b, size_t count);
/* Traces of this set-up; more than GRAT_MAX_CHANNELS cannot be. */
unsigned pk_traces(const pk_setup *s);
/* Analog samples go into the traces; the words of a port become the traces of its lines, from value `at` on. `low`: of
 * AGGREGATE the smallest. */
int16_t *pk_analog_raw(grat_record *r, const pk_setup *s, unsigned channel, bool low);
typedef struct pk_words {
    unsigned port;
    bool low;
    const int16_t *words;
    size_t at, n;
} pk_words;
void pk_put_port(grat_record *r, const pk_setup *s, const pk_words *w);
static inline bool pk_port_on(const pk_setup *s, unsigned port)
{
    return (s->lines >> 8 * port & 0xff) != 0;
}
static inline bool pk_input_on(const pk_setup *s, unsigned input)
{
    return input < PK_ANALOG ? s->input[input].on : pk_port_on(s, input - PK_ANALOG);
}
/* Buffers of an input. */
static inline unsigned pk_sides(const pk_setup *s)
{
    return s->mode == GRAT__PICO_AGGREGATE ? 2 : 1;
}

/* ---- block.c -------------------------------------------------------------------------------------- */

grat_err pk_acquire(void *p, const grat_request *q, grat_op *op);
grat_err pk_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op);
grat_err pk_cancel(void *p, grat_op *op);
grat_err pk_run(void *p, grat_run what, grat_op *op);
grat_err pk_state(void *p, grat_scope_state *out, grat_op *op);
/* What to say when the wait for a trigger ended so. */
grat_err pk_no_trigger(const pk_scope *b, grat_err e, grat_op *op);
/* Nothing of an older run is given out any more. */
void pk_forget(pk_scope *b);

/* ---- stream.c ------------------------------------------------------------------------------------- */

grat_err pk_log_next(void *p, const grat_request *q, bool restart, grat_record **out, grat_op *op);
/* Ends the streaming; waits for its thread as long as op allows. */
void pk_stream_stop(pk_scope *b, grat_op *op);

/* ---- generator.c ---------------------------------------------------------------------------------- */

grat_err pk_generator_set(void *p, const grat_generator *want, grat_generator *actual, grat_op *op);
grat_err pk_generator_get(void *p, grat_generator *out, grat_op *op);

#endif
