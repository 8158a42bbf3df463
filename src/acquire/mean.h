/* The mean of several records of one shape, sample by sample. */
#ifndef GRAT_ACQUIRE_MEAN_H
#define GRAT_ACQUIRE_MEAN_H

#include <graticule/graticule.h>

typedef struct grat__mean {
    grat_record *sum;   /* analog traces as 32-bit floats: sums of raw codes until it is taken; NULL before the first */
    unsigned n;         /* records in it */
} grat__mean;

/* Logic traces, times and host times are those of the first record, flags those of all together. ENOMEM; EINSTR when
 * the record has another shape or scale than those before it. */
grat_err grat__mean_add(grat__mean *m, const grat_record *r, grat_op *op);
/* The mean, the caller's from now on, or NULL when there was no record; empties m. */
grat_record *grat__mean_take(grat__mean *m);

#endif
