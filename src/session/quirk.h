/* What a session does otherwise once it knows whom it talks to: rows of data. */
#ifndef GRAT_SESSION_QUIRK_H
#define GRAT_SESSION_QUIRK_H

#include <graticule/graticule.h>

typedef struct grat__quirk {
    const char *name;
    const char *vendor, *model;  /* globs over *IDN?, alternatives by '|' */
    int64_t gap_ns;              /* least time between two messages: faster ones are lost */
} grat__quirk;

/* The first row that fits; NULL for a well-behaved instrument. */
const grat__quirk *grat__quirk_of(const grat_identity *id);

#endif
