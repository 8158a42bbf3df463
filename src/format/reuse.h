/* Records for the pieces of a file, used again when nobody keeps them any more: one that was just let go is still in
 * the processor's memory, and a new one is not. */
#ifndef GRAT_FORMAT_REUSE_H
#define GRAT_FORMAT_REUSE_H

#include <graticule/graticule.h>

/* More than are ever kept by a plot. */
enum { GRAT__REUSED = 24 };

/* Zeroed at first. */
typedef struct grat__reuse {
    grat_record *record[GRAT__REUSED];
    size_t room[GRAT__REUSED];
    unsigned turn;
} grat__reuse;

/* A record of n samples of each of these traces, which are described by them and not zeroed; what else it says is
 * zero. It is the ring's: who keeps it refers to it. NULL: out of memory. */
grat_record *grat__reuse_take(grat__reuse *u, unsigned traces, const grat_trace *like, size_t n);
void grat__reuse_free(grat__reuse *u);

#endif
