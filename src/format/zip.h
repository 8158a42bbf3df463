/* Zip archives as APPNOTE.TXT 6.3 has them, written in order without going back: the whole member must be known before
 * its header. Sizes and offsets are ZIP64 throughout (4.3.7, 4.5.3); the date is always 1980-01-01, so that the same
 * samples make the same file. */
#ifndef GRAT_FORMAT_ZIP_H
#define GRAT_FORMAT_ZIP_H

#include <graticule/backend.h>

typedef struct grat__zip_member {
    const char *name;
    size_t name_length;
    uint64_t size, stored;   /* bytes; equal unless it is deflated */
    uint64_t offset;         /* of its local header */
    uint32_t crc;            /* of the plain bytes */
    uint16_t comment;        /* bytes that the caller has behind the central entry, of no meaning */
    bool deflated;
    const uint8_t *data;     /* reading: `stored` bytes are there */
} grat__zip_member;

#define GRAT__ZIP_LOCAL 50   /* bytes of a local header without the name, … */
#define GRAT__ZIP_CENTRAL 74 /* … of a central one, … */
#define GRAT__ZIP_END 98     /* … and of what is behind these */

grat_err grat__zip_put_local(const grat__zip_member *m, grat_out *o, grat_op *op);
grat_err grat__zip_put_central(const grat__zip_member *m, grat_out *o, grat_op *op);
/* `start`: offset of the first central entry; `size`: of all of them. Not all readers take it that something lies
 * between them and this. */
grat_err grat__zip_put_end(uint64_t members, uint64_t start, uint64_t size, grat_out *o, grat_op *op);

typedef struct grat__zip_dir {
    const uint8_t *data;
    size_t n, at;
    uint64_t left;           /* members */
} grat__zip_dir;

/* False when there is no directory. */
bool grat__zip_open(const uint8_t *data, size_t n, grat__zip_dir *out);
/* False behind the last, or at one that is damaged (then d->left is not 0). */
bool grat__zip_next(grat__zip_dir *d, grat__zip_member *out);
/* The plain bytes into `out`, which has room for m->size; false when they are not that many or do not match the sum. */
bool grat__zip_extract(const grat__zip_member *m, uint8_t *out);

#endif
