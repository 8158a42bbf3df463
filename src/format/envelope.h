/* The least and the greatest value over time of any number of samples, in one pass and constant memory: bins of equal
 * length that are joined in pairs whenever the time becomes too long for them. */
#ifndef GRAT_FORMAT_ENVELOPE_H
#define GRAT_FORMAT_ENVELOPE_H

#include <graticule/graticule.h>

#define GRAT__BINS 8192

typedef struct grat__envelope {
    double origin, width;    /* seconds: bin i is from origin + i * width; width 0 = nothing came yet */
    float low[GRAT__BINS], high[GRAT__BINS];   /* low > high where there is no sample */
} grat__envelope;

void grat__envelope_init(grat__envelope *e);
/* Adds one trace of a record. */
void grat__envelope_add(grat__envelope *e, const grat_record *r, unsigned trace);

/* The same in three steps, of which the second, the long one, may be done in another thread: which samples share a bin;
 * their extremes; and these into the bins, also after other records were planned. */
typedef struct grat__envelope_part {
    unsigned spans;
    size_t end[GRAT__BINS + 2];
    float low[GRAT__BINS + 2], high[GRAT__BINS + 2];
} grat__envelope_part;
void grat__envelope_plan(grat__envelope *e, const grat_record *r, grat__envelope_part *p);
void grat__envelope_work(grat__envelope_part *p, const grat_record *r, unsigned trace);
void grat__envelope_merge(grat__envelope *e, const grat__envelope_part *p, const grat_record *r);

#endif
