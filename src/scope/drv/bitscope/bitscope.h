/* BitScope Micro (BS0005). Two analog channels that share one ADC and one range, eight logic channels, 12288 bytes of
 * memory, a clock of 40 MHz. Sources: VM01B, the programs ScopeThing and BitLib (docs/reference/bitscope.md). */
#ifndef GRAT_SCOPE_BITSCOPE_H
#define GRAT_SCOPE_BITSCOPE_H

#include <graticule/backend.h>

#include "bitscope/frames.h"
#include "session/bitscope.h"

#define BS_TICK 25e-9
#define BS_ANALOG 2
#define BS_LOGIC 8
#define BS_DIVISIONS 10.0
#define BS_SCREEN 8.0          /* vertical divisions */
#define BS_MEMORY 12288u

/* ---- time ------------------------------------------------------------------------------------- */

typedef struct bs_mode {
    const char *name;
    uint8_t number, buffer;    /* TraceMode, BufferMode */
    unsigned min, max;         /* ClockTicks */
    bool divides;              /* ClockScale counts, up to BS_MAX_SCALE */
    unsigned analog;           /* channels; two take turns, so that each has half the conversions */
    bool wide;                 /* 12 bits in two bytes */
    bool logic;
    unsigned range;            /* of addresses: conversions that the memory holds */
} bs_mode;
#define BS_MAX_SCALE 16383u
/* Of a record. With two channels it begins at an even address: of an odd end the oldest pair is half overwritten. */
static inline unsigned bs_capacity(const bs_mode *m)
{
    return m->analog == 2 ? m->range - 2 : m->range;
}
/* In the order of preference: the highest resolution first. Ends with a NULL name. */
extern const bs_mode bs_modes[];

typedef struct bs_want {
    unsigned analog;           /* bits: 1 A, 2 B */
    unsigned logic;            /* bits of L0.. */
    double period;             /* seconds, > 0 */
    uint64_t samples;          /* of each channel, at least; 0 = what suits */
    double pre;                /* fraction before the trigger; < 0 = a quarter where there can be any */
} bs_want;

typedef struct bs_plan {
    const bs_mode *mode;
    unsigned ticks, scale;     /* a conversion takes ticks * scale ticks */
    unsigned conversions;      /* of the record; even with two channels */
    unsigned samples;          /* of each channel */
    double dt;                 /* between samples of one channel */
    unsigned before;           /* conversions before the trigger */
} bs_plan;
/* The best mode that has at least so many samples over at least the period, and less than one conversion more. ERANGE
 * names the nearest request that can be met; EINVAL. Planning what was planned gives the same. */
grat_err bs_plan_make(const bs_want *want, bs_plan *out, grat_op *op);
/* Of each channel over the period; 0 when it cannot be had. */
uint64_t bs_most_samples(const bs_want *want);
static inline double bs_conversion(const bs_plan *p)
{
    return p->ticks * (double)p->scale * BS_TICK;
}

/* ---- volts ------------------------------------------------------------------------------------- */

/* The plane model is what ScopeThing's calibration fits: lo = la l + lb h + lc, hi = ha h + hb l + hc. */
typedef struct bs_params {
    bool plane;                /* false: the vendor's model; la to hc are then unused */
    double la, lb, lc, ha, hb, hc;
    double scale, offset;      /* span of the input, and the voltage at its bottom */
    double safe_low, safe_high;
    double ab_offset;          /* what A reads more than B */
} bs_params;
extern const bs_params bs_vendor_params, bs_plane_params;
/* Position in the span. */
double bs_fraction(const bs_params *p, double volts);
/* ConverterLo and ConverterHi for a range at the pin. */
void bs_converter(const bs_params *p, double low, double high, uint16_t *lo, uint16_t *hi);
uint16_t bs_trigger_level(const bs_params *p, double volts);
/* ERANGE with the nearest range where low to high is outside the span or too narrow. */
grat_err bs_check_range(const bs_params *p, double low, double high, grat_op *op);

/* ScopeThing's analog.conf, then our own bitscope.conf of the same form: the last section named after the resource (or
 * after ScopeThing's name for it) counts. Missing files are no error; *from is the file that had it, or "". */
grat_err bs_params_load(const char *resource, bs_params *out, char *from, size_t cap, grat_op *op);
/* Into our file; its other sections stay. */
grat_err bs_params_save(const char *resource, const bs_params *p, char *to, size_t cap, grat_op *op);
/* One section of such a text; false when there is none or it is no parameter set. */
bool bs_params_parse(const char *text, const char *section, bs_params *out);

/* ---- the driver ----------------------------------------------------------------------------------- */

typedef struct bs_generator {
    enum { BS_GEN_OFF, BS_GEN_WAVE, BS_GEN_CLOCK } what;
    double frequency;          /* Hz */
    double low, high;          /* volts; of the clock 0 and 3.3 */
} bs_generator;

/* One trace, from its start to its end. */
typedef struct bs_trace {
    bs_plan plan;
    double low, high;          /* range at the pin */
    double ratio;              /* of the probe */
    unsigned analog, logic;
    int event;                 /* conversions of the record before the trigger */
    bool armed;                /* the wait packet came, no other did */
    bool automatic;            /* ends by itself: at once, or by the counter of the instrument */
    double force_after;        /* seconds after which it is cancelled by us as the automatic end; 0 = never */
    grat__bs_packet begin, end;
    int64_t asked_ns, begun_ns, ended_ns;
    bool complete;             /* `end` is there: it can be dumped */
    bool cut;                  /* ended by a cancel */
    unsigned captured;         /* conversions that belong to it */
} bs_trace;

/* Frames without end, while a recording runs. */
typedef struct bs_stream {
    bool running;
    grat__bs_frames frames;
    uint8_t bytes[8192];
    size_t at, n;              /* of them: not looked at yet */
    bool has_first;            /* the frame that comes first in the next piece */
    grat__bs_frame first;
    double dt;
    uint64_t next;             /* index of the next frame */
    int64_t began_ns, uncertain_ns; /* host time of index 0 */
    int64_t started_ns;        /* of the stream that runs now, and */
    uint64_t received;         /* bytes of it */
    int64_t read_ns;           /* when the last bytes came, and */
    bool fresh;                /* that they had been waited for */
    double late, floor;        /* seconds that frames come after their time, at the least: of late, and ever */
    unsigned seen;             /* times that `late` was looked at */
    double behind;             /* late, beyond the floor */
    unsigned pieces;
    struct {
        double late;
        unsigned seen, piece;
        int64_t began_ns;
        bool gap;
    } window;                  /* since the indices were last compared with the clock */
    bool compared;
    double usual;              /* late as it is when nothing was missed, once `compared` */
} bs_stream;

typedef struct bs_scope {
    grat_session *s;
    grat__bs_vm vm;
    grat_settings set;
    bs_params params;
    char params_from[256];
    bs_generator gen;
    bool dac_set;              /* the calibration's own converter settings */
    uint16_t dac_lo, dac_hi;
    bs_trace trace;
    struct {
        uint32_t time;         /* of the last packet that was placed */
        int64_t host_ns;       /* and when it came */
        double ticks;          /* the same since the recording's first sample, beyond 32 bits */
        uint64_t next;         /* index behind the last sample */
        bool streams;          /* instead of traces one after another */
    } log;
    bs_stream stream;
} bs_scope;

extern const grat_driver grat__bitscope;

/* settings.c */
grat_err bs_get(void *p, grat_settings *out, grat_op *op);
grat_err bs_set(void *p, const grat_settings *want, unsigned mask, grat_op *op);
grat_err bs_request_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                         unsigned *mask, grat_op *op);
void bs_default_settings(const bs_params *p, grat_settings *out);
bs_want bs_want_of(const grat_settings *s);
/* The range at the pin that the settings show. */
void bs_range_of(const grat_settings *s, double *low, double *high);

/* trigger.c: what the settings mean for the registers. */
typedef struct bs_trigger {
    uint8_t logic, mask, option, sink_a;
    unsigned intro, outro;     /* filters, in units of two samples */
    bool on_analog, at_once;
} bs_trigger;
grat_err bs_trigger_of(const grat_settings *s, bs_trigger *out, grat_op *op);

/* trace.c */
grat_err bs_acquire(void *p, const grat_request *q, grat_op *op);
grat_err bs_cancel(void *p, grat_op *op);
grat_err bs_run(void *p, grat_run what, grat_op *op);
grat_err bs_state(void *p, grat_scope_state *out, grat_op *op);
/* Between two times of the instrument, whose counter wraps every 107 s: the host's clock tells how often. */
double bs_ticks_between(uint32_t from, uint32_t to, int64_t host_ns);
/* In step. EIO when that cost a generator that ran. */
grat_err bs_ready(bs_scope *b, grat_op *op);
void bs_put_analog(const bs_scope *b, const bs_trace *t, const bs_trigger *tr, grat__bs_regs *r);
/* The registers of a trace: pure. */
grat_err bs_program(const bs_scope *b, bs_trace *t, grat__bs_regs *out, grat_op *op);

/* fetch.c */
grat_err bs_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op);
/* Back-to-back traces, placed by the instrument's clock. */
grat_err bs_log_next(void *p, const grat_request *q, bool restart, grat_record **out, grat_op *op);
/* First address of the newest `n` conversions before `address`. */
unsigned bs_start_address(const bs_mode *m, uint32_t address, unsigned n);

grat_record *bs_new_record(const bs_scope *b, unsigned count);
void bs_describe_analog(const bs_scope *b, grat_trace *t, unsigned channel);
void bs_describe_logic(grat_trace *t, unsigned bit);
bool bs_clipped(const grat_trace *t, size_t n);

/* stream.c */
grat_err bs_log_mode(void *p, grat_log_mode mode, grat_op *op);
/* The time between frames that is nearest to dt and not longer, within the limits. */
double bs_stream_dt(double dt);
/* The rate is that of the request, where it says one. */
grat_err bs_stream_next(bs_scope *b, const grat_request *q, bool restart, grat_record **out, grat_op *op);
grat_err bs_stream_stop(bs_scope *b, grat_op *op);

/* calibrate.c */
grat_err bs_calibrate(void *p, const grat_calibration *k, grat_op *op);

/* generator.c */
grat_err bs_generator_read(bs_scope *b, grat_op *op);
grat_err bs_generator_set(void *p, const grat_generator *want, grat_generator *actual, grat_op *op);
grat_err bs_generator_get(void *p, grat_generator *out, grat_op *op);
/* Ticks a point, points and periods in the play buffer; false when no frequency is near enough. */
typedef struct bs_wave_clock {
    unsigned clock, size, waves;
    double frequency;          /* that they make */
} bs_wave_clock;
bool bs_wave_search(double hz, bs_wave_clock *out);

#endif
