/* The layout of a file of waveforms, for those who write and read it. */
#ifndef GRAT_FORMAT_H5_FILE_H
#define GRAT_FORMAT_H5_FILE_H

#include "format/h5.h"

#include <graticule/backend.h>

/* A row of the table "segments": samples that follow each other without a gap. */
typedef struct grat__h5_segment {
    uint64_t row;            /* where it begins in the arrays */
    uint64_t first;          /* index of that sample in its acquisition */
    uint64_t lost;           /* samples that are missing before it */
    double t0;               /* seconds; time of sample i = t0 + i * sample_interval */
    int64_t utc_ns, monotonic_ns;
    double trigger_offset;   /* seconds, as in grat_record */
    uint64_t trigger_stamp;
    uint32_t number;         /* of the acquisition */
    uint32_t flags;          /* grat_record_flag */
} grat__h5_segment;
/* A row of the table "gaps". */
typedef struct grat__h5_gap {
    uint64_t first, missing; /* index of the first missing sample, how many */
    double time;             /* of that sample, seconds */
} grat__h5_gap;

/* Makes both tables; between enter and leave, as all of these. */
bool grat__h5_tables(grat__h5_id at, size_t chunk, grat__h5_series *segments, grat__h5_series *gaps);
/* The identifier of a segment's type in memory; closed by grat__h5_close. */
grat__h5_id grat__h5_segment_type(void);

/* What describes an instrument and a record: attributes of the file or a group; and of one channel's array. */
bool grat__h5_put_meta(grat__h5_id at, const grat_meta *m, const grat_record *r);
bool grat__h5_put_trace(grat__h5_id at, const grat_meta *m, const grat_record *r, unsigned trace);

grat_err grat__h5_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op);

#endif
