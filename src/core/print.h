/* Numbers as text, whatever decimal point the host program has chosen. */
#ifndef GRAT_CORE_PRINT_H
#define GRAT_CORE_PRINT_H

#include <graticule/graticule.h>

/* snprintf with a decimal point. */
int grat__print(char *out, size_t cap, const char *fmt, ...) GRAT_PRINTF(3, 4);

#endif
