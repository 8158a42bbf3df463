/* The scope drivers, in the order in which they are asked. */
#ifndef GRAT_SCOPE_LIST_H
#define GRAT_SCOPE_LIST_H

#include <graticule/backend.h>

/* NULL after the last. */
extern const grat_driver *const grat__drivers[];

#endif
