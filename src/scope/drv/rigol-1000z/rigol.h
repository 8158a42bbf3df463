/* Rigol DS1000Z, MSO1000Z, their -S and Plus forms, and DS1000Z-E.
 * Facts from the programming guides of the families; what the guides do not say is marked where it is used. */
#ifndef GRAT_SCOPE_RIGOL_1000Z_H
#define GRAT_SCOPE_RIGOL_1000Z_H

#include <graticule/backend.h>

#include "scope/scpi.h"

#define RIGOL_DIVISIONS 12.0
#define RIGOL_SCREEN_POINTS 1200u
#define RIGOL_ANALOG 4
#define RIGOL_DIGITAL 16

enum rigol_quirk {
    RIGOL_RAW_POINTS_STUCK = 1, /* the preamble in RAW mode says 1200 points whatever the depth is */
    RIGOL_EMPTY_BLOCK = 2,      /* DATA? now and then answers #9000000000: ask once more */
    RIGOL_STATUS_LAG = 4,       /* TRIG:STAT? shows run control up to 150 ms late, also after *OPC? */
};

/* Exactly what the answer to :WAV:PRE? says. */
typedef struct rigol_preamble {
    int format, type;
    uint64_t points;
    double xinc, xorigin, yinc;
    double yorigin, yref;
} rigol_preamble;

/* What glances know of the instrument, each part as it was last asked. */
typedef struct rigol_look {
    bool ready;                /* false: everything is asked and set anew */
    unsigned turn, line;
    grat_settings set;
    grat_scope_state state;
    bool known[RIGOL_ANALOG];  /* its preamble is */
    rigol_preamble pre[RIGOL_ANALOG];
    bool kept[RIGOL_DIGITAL];
    uint8_t bits[RIGOL_DIGITAL][RIGOL_SCREEN_POINTS];
} rigol_look;

typedef struct rigol {
    grat_session *s;
    grat_caps caps;
    char model[32];
    unsigned quirks;
    bool armed;                /* SING was acknowledged: once stopped by itself, the record is a new one */
    bool forced;               /* and it was triggered by TFOR */
    int64_t control_ns;        /* when RUN or STOP was last sent: the status may lag until later */
    int64_t mono_ns, utc_ns;   /* host time of the trigger, 0 = unknown */
    int64_t uncertainty_ns;
    rigol_look look;
} rigol;

extern const grat_driver grat__rigol_1000z;

/* model.c */
bool rigol_match(const grat_identity *id);
bool rigol_caps(const char *model, grat_caps *caps);
unsigned rigol_quirks(const char *model, const char *firmware);
/* 0, 1, 2 for "one channel", "two", "three or four": the row of depth and rate that these channels give. */
unsigned rigol_row(const grat_settings *set);
/* Depths of a row in rising order, 0-terminated; the last needs the memory option. */
const uint64_t *rigol_depths(unsigned row);
/* The next depth that any row has, 0 when there is none. */
uint64_t rigol_deeper(uint64_t depth);
double rigol_row_rate(unsigned row);
/* Samples over one screen that a request needs at this timebase; 0 when it names none. */
double rigol_needed_points(const grat_request *q, double timebase);
double rigol_offset_limit(double scale, double probe);
/* "1" -> "CHAN1", "D3" -> "D3", "line" -> "AC" and back; false when the instrument has no such source. */
bool rigol_source_out(const grat_caps *caps, const char *name, char out[8]);
void rigol_source_in(const char *word, char out[8]);

extern const grat__word rigol_coupling[], rigol_acq[], rigol_slope[], rigol_sweep[], rigol_state_words[];

/* settings.c */
grat_err rigol_get(void *p, grat_settings *out, grat_op *op);
grat_err rigol_set(void *p, const grat_settings *want, unsigned mask, grat_op *op);

/* The parts of the settings that preambles do not tell, each one question or none; part < RIGOL_PARTS. */
#define RIGOL_PARTS 8u
bool rigol_part_matters(const rigol *r, unsigned part, const grat_settings *set);
grat_err rigol_get_part(rigol *r, unsigned part, grat_settings *set, grat_scope_state *state, grat_op *op);

/* plan.c */
grat_err rigol_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                    unsigned *mask, grat_op *op);

/* run.c */
grat_err rigol_run(void *p, grat_run what, grat_op *op);
grat_err rigol_state(void *p, grat_scope_state *out, grat_op *op);
grat_err rigol_acquire(void *p, const grat_request *q, grat_op *op);
/* Polls until the instrument is stopped (or not stopped), at most limit_ms; EINSTR otherwise. */
grat_err rigol_wait_stopped(rigol *r, bool stopped, int64_t limit_ms, grat_op *op);

/* fetch.c */
grat_err rigol_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op);

/* glance.c */
grat_err rigol_glance(void *p, grat_glance *out, grat_op *op);

/* preamble.c */
/* Exactly ten fields, each a whole number where the guide says so; NULL or what is wrong with it. */
const char *rigol_preamble_parse(const char *text, rigol_preamble *out);

#endif
