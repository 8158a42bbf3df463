/* Pieces of a file that is read by several threads, ahead of the one who takes them, in their order. The samples of a
 * piece lie in the file as they are in a record: one run of bytes for each trace. */
#ifndef GRAT_FORMAT_AHEAD_H
#define GRAT_FORMAT_AHEAD_H

#include <graticule/backend.h>

typedef struct grat__ahead grat__ahead;

/* Samples in a piece, for samples of this size. */
static inline size_t grat__ahead_piece(size_t bytes)
{
    return ((size_t)1 << 20) / bytes;
}

typedef struct grat__ahead_file {
    const char *path;
    unsigned traces;
    const grat_trace *trace; /* of a piece; without samples */
    uint64_t bytes;          /* to be read about; little is read without threads */
} grat__ahead_file;
/* Both *f and *to last as long as this; NULL after failing op. */
grat__ahead *grat__ahead_open(const grat__ahead_file *f, const grat_reading *to, grat_op *op);
/* A record of n samples of each trace, which are not zeroed; what else it says is zero. */
grat_err grat__ahead_take(grat__ahead *a, size_t n, grat_op *op, grat_record **r);
/* Its samples are at these offsets of the file; NULL: they are already there. */
void grat__ahead_start(grat__ahead *a, const uint64_t *from);
/* False when the one who takes the pieces has enough: begin no other. */
bool grat__ahead_wanted(const grat__ahead *a);
/* Hands over all. */
grat_err grat__ahead_drain(grat__ahead *a, grat_op *op);
/* What was not handed over is dropped. NULL is allowed. */
void grat__ahead_close(grat__ahead *a);

#endif
