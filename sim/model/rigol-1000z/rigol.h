/* The simulated Rigol DS1000Z / MSO1000Z. Facts: "MSO1000Z/DS1000Z Programming Guide", December 2015, and what
 * owners measured. */
#ifndef SIM_RIGOL_1000Z_H
#define SIM_RIGOL_1000Z_H

#include "sim/core/model.h"
#include "sim/core/signal.h"

#define RG_CHANNELS 4
#define RG_DIGITALS 16
#define RG_DIVISIONS 12
#define RG_SCREEN_POINTS 1200
#define RG_CODES_PER_DIV 25.0
#define RG_LAG_EVENTS 64
#define RG_MEASUREMENTS 5

typedef struct rg_model {
    const char *idn;               /* as in *IDN?: "DS1104Z Plus" */
    const char *serial;
    unsigned analog, digital, generators;
    double bandwidth;
    double min_timebase;
} rg_model;

enum { RG_COUP_AC, RG_COUP_DC, RG_COUP_GND };
enum { RG_ACQ_NORM, RG_ACQ_AVER, RG_ACQ_PEAK, RG_ACQ_HRES };
enum { RG_WAV_NORM, RG_WAV_MAX, RG_WAV_RAW };
enum { RG_FMT_BYTE, RG_FMT_WORD, RG_FMT_ASC };
enum { RG_SWEEP_AUTO, RG_SWEEP_NORM, RG_SWEEP_SING };
enum { RG_SLOPE_POS, RG_SLOPE_NEG, RG_SLOPE_RFAL };
/* Sources: 0..3 analogue, then these, then RG_SRC_D0 + n. */
enum { RG_SRC_MATH = 4, RG_SRC_AC = 5, RG_SRC_EXT = 6, RG_SRC_D0 = 16 };

enum {
    RG_TRIG_EDGE, RG_TRIG_PULSE, RG_TRIG_RUNT, RG_TRIG_WINDOW, RG_TRIG_NEDGE, RG_TRIG_SLOPE, RG_TRIG_VIDEO,
    RG_TRIG_PATTERN, RG_TRIG_DELAY, RG_TRIG_TIMEOUT, RG_TRIG_DURATION,
};
#define RG_LINES (RG_CHANNELS + RG_DIGITALS)

typedef enum rg_when { RG_ANY, RG_GREATER, RG_LESS, RG_BETWEEN, RG_OUTSIDE } rg_when;

/* The settings of a trigger type beside edge, as far as its machine needs them. */
typedef struct rg_event {
    int mode;
    unsigned wires;
    struct { int source; double level; } wire[RG_LINES];
    char want[RG_LINES];           /* H L R F */
    int polarity, slope, place;
    rg_when when;
    double lower, upper;           /* seconds */
    double count;
} rg_event;

typedef struct rg_machine {
    rg_event event;
    double at, step;               /* absolute time that was looked at; how far the looks are apart */
    double since, due;             /* when what is looked for began; when it fires by itself. NAN: not at all */
    double counted;
    bool matched;
    struct { double last; bool high, armed; } wire[RG_LINES];
} rg_machine;

typedef enum rg_state { RG_STOP, RG_RUN, RG_WAIT, RG_TD, RG_AUTO } rg_state;

typedef struct rg_channel {
    bool on, invert, bwl, vernier;
    int coupling, unit;
    double scale, offset, probe, skew;
} rg_channel;

/* A committed acquisition: when it was taken and with which settings. Its samples are computed when asked for. */
typedef struct rg_record {
    bool valid, forced;
    double trigger_s;              /* absolute time of the trigger */
    double start_s;                /* first sample, from the trigger */
    double rate;
    double timebase, delay;
    uint64_t depth;
    rg_channel ch[RG_CHANNELS];
    bool digital[RG_DIGITALS];
    double threshold[2];
    int acq;
    unsigned averaged;             /* acquisitions in the average */
    uint64_t number;
} rg_record;

typedef struct rg_run {
    rg_state state;
    bool single, force;
    bool committed;                /* in TD and AUTO: the record is there, what remains is dead time */
    int64_t due_ns;                /* end of the present state, where time ends it */
    int64_t wait_since_ns;
    double searched_s;             /* no trigger before this absolute time */
    rg_machine machine;            /* of a trigger type beside edge */
    unsigned averaged;
    rg_record pending;
    bool first;                    /* nothing was captured since RUN or SING */
    rg_state shown;                /* what a running scope displays between two captures */
    unsigned events;
    struct { int64_t at_ns; rg_state state; } event[RG_LAG_EVENTS];
} rg_run;

typedef struct rg {
    sim_instrument *in;
    const rg_model *row;
    /* options */
    sim_signal signal[RG_CHANNELS];
    double noise, bandwidth;       /* noise < 0: 0.01 division */
    bool real_time, no_shot_args, png_bad_crc, raw_stuck, slow_shot, paint_time, loud_mdep, count_taken, keep_average;
    int64_t lag_ns;
    /* settings */
    rg_channel ch[RG_CHANNELS];
    double timebase, delay;
    int tim_mode;
    bool zoom;
    double zoom_scale, zoom_delay;
    int acq;
    unsigned averages;
    uint64_t mdep;                 /* 0 = AUTO */
    int trig_mode, trig_coupling, sweep, sweep_before;
    double level, holdoff;
    int trig_source, trig_slope;
    bool noise_reject;
    int wav_source, wav_mode, wav_format;
    uint64_t wav_start, wav_stop;
    bool la_on, digital[RG_DIGITALS];
    double threshold[2];
    int grid, draw_type;
    unsigned grid_brightness, wave_brightness;
    bool shot_colour_off, shot_invert;
    unsigned measured;
    struct { int item, source; } measure[RG_MEASUREMENTS];
    int meas_source;
    rg_run run;
    rg_record rec;
    uint64_t records;
} rg;

/* rigol.c */
void rg_reset(void *p);
double rg_seconds(const rg *g, int64_t now_ns);   /* absolute time, by the scope's own clock */

/* settings.c: what follows from the settings */
unsigned rg_columns_used(const rg *g);            /* 1, 2 or 4: how rate and depth are shared */
void rg_sampling(const rg *g, double *rate, uint64_t *depth);
double rg_step_up(double v, double low, double high);      /* next 1-2-5 step */
double rg_snap(double v, double step);
double rg_limit(double v, double low, double high);
/* "CHANnel2", "D3", "MATH", … ; -1 with an error queued when the model has none such. */
int rg_source_arg(sim_call *c, unsigned index);
const char *rg_source_name(int source, char out[8]);

/* run.c */
int64_t rg_step(void *p, int64_t now_ns);
void rg_run_start(rg *g, bool single, int64_t now_ns);
void rg_run_stop(rg *g, int64_t now_ns);
void rg_run_force(rg *g);
void rg_run_trigger(void *p);                     /* *TRG */
void rg_capture_now(rg *g, int64_t now_ns);       /* one record at once, from the past */
rg_state rg_shown_state(const rg *g, int64_t now_ns);

/* event.c: trigger types beside edge */
double rg_level_at(const rg *g, int source, double level, double t);  /* above the level, in volts */
double rg_look_step(const rg *g, int source);     /* misses no edge; 0 when there are none */
/* The crossing between a and b, on whose sides the input differs, by bisection. */
double rg_crossing(const rg *g, int source, double level, double a, double b);
double rg_hysteresis(const rg *g, int source);
/* False for edge, and for the types that go on triggering as edge does. */
bool rg_event_read(const rg *g, rg_event *e);
void rg_machine_start(const rg *g, rg_machine *m, const rg_event *e, double from);
/* The first trigger up to the absolute time `to`; NAN when there is none. Goes on from there at the next call. */
double rg_machine_search(const rg *g, rg_machine *m, double to);

/* record.c: samples */
typedef struct rg_gain {                          /* volts = (code - origin - reference) * increment */
    double increment;
    int origin, reference;
} rg_gain;
rg_gain rg_raw_gain(const rg *g, const rg_record *r, unsigned ch);
rg_gain rg_screen_gain(const rg *g, unsigned ch);
uint8_t rg_code(const rg_gain *k, double volts);  /* NAN is 0 V */
void rg_codes(const rg_gain *k, const double *volts, size_t n, uint8_t *out); /* the same for n, without NAN */
/* n samples of an analogue channel from index `first`, in volts as the converter saw them. */
void rg_volts(const rg *g, const rg_record *r, unsigned ch, uint64_t first, size_t n, double *out);
/* Volts of the record at a time from the trigger; NAN outside. */
double rg_volts_at(const rg *g, const rg_record *r, unsigned ch, double t);
/* Logic level at a time: 0 or 1. */
int rg_logic_at(const rg *g, const rg_record *r, unsigned d, double t);
/* The input at an absolute time, without noise and converter. */
double rg_input(const rg *g, const rg_channel *c, unsigned ch, double absolute_s);
double rg_logic_input(const rg *g, unsigned d, double absolute_s);
/* The 1200 screen codes of a channel, with the present settings. */
void rg_screen(const rg *g, unsigned ch, uint8_t out[RG_SCREEN_POINTS]);

/* measure.c */
#define RG_INVALID 9.9e37
double rg_measure(const rg *g, int item, int source, int source2);
const char *rg_measure_name(int item, char out[24]);
const char *rg_measure_unit(int item);

/* tables, one a subsystem */
extern const sim_command rg_control_commands[], rg_vertical_commands[], rg_horizontal_commands[],
    rg_trigger_commands[], rg_waveform_commands[], rg_logic_commands[], rg_measure_commands[], rg_display_commands[],
    rg_system_commands[], rg_source_commands[], rg_other_commands[];

#endif
