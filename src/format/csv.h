#ifndef GRAT_FORMAT_CSV_H
#define GRAT_FORMAT_CSV_H

#include <graticule/backend.h>

grat_err grat__csv_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op);

#endif
