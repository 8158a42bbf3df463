/* Min/max envelopes of long traces: any view of them costs a time that depends on the width of the view alone.
 * A pyramid holds the least and greatest raw value of each bin of 512 samples, of 8 such bins, and so on. */
#ifndef GRAT_SERVE_PYRAMID_H
#define GRAT_SERVE_PYRAMID_H

#include <graticule/graticule.h>

#define SERVE_PYRAMID_BIN 512u
#define SERVE_PYRAMID_STEP 8u
#define SERVE_PYRAMID_LEVELS 12

typedef struct serve_range {
    float low, high;        /* raw values */
} serve_range;

typedef struct serve_pyramid {
    const void *raw;        /* borrowed */
    grat_sample_type type;
    size_t count;
    unsigned levels;
    serve_range *level[SERVE_PYRAMID_LEVELS];
    size_t bins[SERVE_PYRAMID_LEVELS];
} serve_pyramid;

/* False when memory is short; `p` then needs no free. */
bool serve_pyramid_init(serve_pyramid *p, const grat_trace *t, size_t count);
void serve_pyramid_free(serve_pyramid *p);
/* Of the samples [from, to), which must not be empty; exact. */
serve_range serve_pyramid_range(const serve_pyramid *p, size_t from, size_t to);

#endif
