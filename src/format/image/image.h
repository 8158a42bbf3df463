/* Pictures as bytes: recognising, measuring, mending and converting them. No I/O. */
#ifndef GRAT_FORMAT_IMAGE_H
#define GRAT_FORMAT_IMAGE_H

#include <graticule/graticule.h>

enum { GRAT__IMAGE_MAX_PIXELS = 64 * 1024 * 1024 };

typedef struct grat__raster {
    unsigned width, height;
    unsigned channels;        /* 1 = index into palette, 3 = RGB */
    size_t stride;
    uint8_t *pixels;          /* top row first */
    uint8_t palette[256][3];  /* channels == 1 */
    unsigned colours;
} grat__raster;

/* Allocates pixels; ETOOBIG beyond GRAT__IMAGE_MAX_PIXELS. */
grat_err grat__raster_init(grat__raster *r, unsigned width, unsigned height, unsigned channels, grat_op *op);
void grat__raster_free(grat__raster *r);

/* Where a picture ends, from its own header. GRAT_OK: *size bytes from the start of data. ESHORT: more bytes are
 * wanted, *size of them in all as far as is known (0 = unknown). EPROTO: not that kind, or malformed. PNG walks
 * the chunks to IEND, BMP trusts bytes 2..5, JPEG walks the markers to EOI. */
grat_err grat__image_size(grat_image_kind kind, const uint8_t *data, size_t n, uint64_t *size);
/* Width and height from the header; false when it is not there. */
bool grat__image_dimensions(const uint8_t *data, size_t n, unsigned *width, unsigned *height);

/* Walks the chunks of a PNG: recomputes the wrong CRC of ancillary chunks (DS1000Z 00.04.04.SP4 stores IHDR's in
 * its four tEXt chunks) and cuts what follows IEND. EPROTO when a critical chunk's CRC is wrong, ESHORT when the
 * file ends before IEND. */
grat_err grat__png_repair(uint8_t *data, size_t *n, bool *repaired);

grat_err grat__bmp_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op);
grat_err grat__png_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op);
grat_err grat__jpeg_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op);
/* By the first bytes; a PNG is repaired first. EFORMAT for other kinds. */
grat_err grat__image_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op);
grat_err grat__bmp_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op);
grat_err grat__png_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op);
grat_err grat__jpeg_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op);

/* Planes of 4:2:0 in full range (0..255). The stride is a multiple of 16 (of 8 for U and V), not less than the width;
 * there are rows up to the next multiple of 16 lines (8 of U and V). */
typedef struct grat__planes {
    unsigned width, height, stride;   /* stride of Y; half of it for U and V */
    const uint8_t *y, *u, *v;
} grat__planes;
grat_err grat__jpeg_encode_planes(const grat__planes *p, int quality, uint8_t **out, size_t *n, grat_op *op);

#endif
