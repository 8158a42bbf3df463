#ifndef GRAT_FORMAT_CSV_H
#define GRAT_FORMAT_CSV_H

#include <graticule/graticule.h>

grat_err grat__csv_read(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out,
                        grat_op *op);

#endif
