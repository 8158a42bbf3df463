/* Deflate (RFC 1951) for rows of samples: repetitions are looked for at whole samples only, which makes it several
 * times as fast as for any bytes, and hardly larger. */
#ifndef GRAT_FORMAT_DEFLATE_H
#define GRAT_FORMAT_DEFLATE_H

#include <stddef.h>
#include <stdint.h>

typedef struct grat__deflate grat__deflate;

/* NULL: out of memory. */
grat__deflate *grat__deflate_new(void);
void grat__deflate_free(grat__deflate *d);
/* n bytes (< 1 GiB), samples of `step` (1 to 4) bytes, as one complete stream. 0 when it does not fit into cap
 * bytes. */
size_t grat__deflate_all(grat__deflate *d, const uint8_t *in, size_t n, unsigned step, uint8_t *out, size_t cap);

#endif
