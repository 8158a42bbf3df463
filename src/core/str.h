/* Text helpers that cannot overflow and cannot half-parse. */
#ifndef GRAT_CORE_STR_H
#define GRAT_CORE_STR_H

#include <graticule/graticule.h>

/* Copies as much as fits and terminates; false when it was cut. */
bool grat__strcpy(char *out, size_t cap, const char *s);
bool grat__strcasestarts(const char *s, const char *prefix);
bool grat__strcaseeq(const char *a, const char *b);
/* The whole text must be the number (surrounding blanks allowed); locale-independent. */
bool grat__parse_double(const char *s, double *out);
bool grat__parse_u64(const char *s, uint64_t *out);
bool grat__parse_int(const char *s, int *out);
/* "1" "0" "ON" "OFF", any case. */
bool grat__parse_bool(const char *s, bool *out);
/* '*' and '?', alternatives by '|', any case; the whole text must fit. */
bool grat__glob(const char *pattern, const char *text);
/* Strips trailing blanks, CR, LF and NUL in place, and returns the new length. */
size_t grat__rtrim(char *s, size_t n);

#endif
