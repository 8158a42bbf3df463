/* What the acquisition layer needs from an open scope beside the public calls. */
#ifndef GRAT_SCOPE_SCOPE_H
#define GRAT_SCOPE_SCOPE_H

#include <graticule/backend.h>

const grat_driver *grat__scope_driver(const grat_scope *sc);
/* The driver's private data. */
void *grat__scope_priv(grat_scope *sc);
/* A glance armed it and has not seen its trigger yet. */
bool *grat__scope_armed(grat_scope *sc);

#endif
