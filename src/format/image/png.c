#include "format/image/image.h"

#include <stdlib.h>
#include <string.h>

#include <libdeflate.h>
#include <png.h>

#include "core/buf.h"

grat_err grat__png_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    png_color black = {0};
    *out = (grat__raster){0};
    if (!png_image_begin_read_from_memory(&image, data, n))
        return grat_op_fail(op, GRAT_EPROTO, "PNG: %s; take the screenshot again", image.message);
    image.format = PNG_FORMAT_RGB;
    grat_err e = grat__raster_init(out, image.width, image.height, 3, op);
    if (!e && !png_image_finish_read(&image, &black, out->pixels, (png_int_32)out->stride, NULL))
        e = grat_op_fail(op, GRAT_EPROTO, "PNG: %s; take the screenshot again", image.message);
    png_image_free(&image);
    if (e) grat__raster_free(out);
    return e;
}

/* ---- palette -------------------------------------------------------------------------------- */

enum { SLOTS = 4096 };

typedef struct palette {
    uint32_t colour[256];
    unsigned count;
    uint32_t slot_colour[SLOTS]; /* colour + 1, 0 = free */
    uint8_t slot_index[SLOTS];
} palette;

static uint32_t rgb(const uint8_t *p)
{
    return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

/* The index of a colour, entered when it is new; -1 when there are more than 256. */
static int palette_index(palette *t, uint32_t colour)
{
    uint32_t slot = (colour * 2654435761u) >> 20;
    while (t->slot_colour[slot]) {
        if (t->slot_colour[slot] == colour + 1) return t->slot_index[slot];
        slot = (slot + 1) % SLOTS;
    }
    if (t->count == 256) return -1;
    t->slot_colour[slot] = colour + 1;
    t->slot_index[slot] = (uint8_t)t->count;
    t->colour[t->count] = colour;
    return (int)t->count++;
}

/* Indexes of all pixels; false when the picture has more than 256 colours. */
static bool index_pixels(const grat__raster *r, palette *t, uint8_t *out)
{
    size_t n = (size_t)r->width * r->height;
    const uint8_t *p = r->pixels;
    uint32_t last = UINT32_MAX;
    int index = 0;
    for (size_t i = 0; i < n; i++, p += 3) {
        uint32_t colour = rgb(p);
        if (colour != last) {
            index = palette_index(t, colour);
            if (index < 0) return false;
            last = colour;
        }
        out[i] = (uint8_t)index;
    }
    return true;
}

/* ---- writing -------------------------------------------------------------------------------- */

typedef struct rows {
    uint8_t *data;          /* filter byte and pixels of every row */
    size_t size;
    unsigned bits, colour;  /* as in IHDR */
} rows;

static bool rows_indexed(rows *w, const uint8_t *index, const grat__raster *r, unsigned colours)
{
    bool half = colours <= 16;
    size_t line = half ? ((size_t)r->width + 1) / 2 : r->width;
    *w = (rows){malloc((line + 1) * r->height), (line + 1) * r->height, half ? 4 : 8, 3};
    uint8_t *p = w->data;
    for (unsigned y = 0; p && y < r->height; y++, p += line + 1) {
        const uint8_t *in = index + (size_t)r->width * y;
        p[0] = 0;
        if (!half) memcpy(p + 1, in, line);
        for (size_t i = 0; half && i < line; i++)
            p[1 + i] = (uint8_t)(in[2 * i] << 4 | (2 * i + 1 < r->width ? in[2 * i + 1] : 0));
    }
    return p != NULL;
}

/* Filter "up" where a row repeats the one above, else none: what level 1 compresses best on screens. */
static bool rows_rgb(rows *w, const grat__raster *r)
{
    size_t line = (size_t)r->width * 3;
    *w = (rows){malloc((line + 1) * r->height), (line + 1) * r->height, 8, 2};
    uint8_t *p = w->data;
    for (unsigned y = 0; p && y < r->height; y++, p += line + 1) {
        const uint8_t *in = r->pixels + r->stride * y;
        bool repeats = y && memcmp(in, in - r->stride, line) == 0;
        p[0] = repeats ? 2 : 0;
        if (repeats) memset(p + 1, 0, line);
        else memcpy(p + 1, in, line);
    }
    return p != NULL;
}

static uint8_t *chunk(uint8_t *p, const char *type, size_t n)
{
    grat__put_be32(p, (uint32_t)n);
    memcpy(p + 4, type, 4);
    grat__put_be32(p + 8 + n, libdeflate_crc32(0, p + 4, n + 4));
    return p + 12 + n;
}

static size_t assemble(uint8_t *out, size_t cap, const rows *w, const grat__raster *r, const palette *t)
{
    struct libdeflate_compressor *z = libdeflate_alloc_compressor(1);
    if (!z) return 0;
    uint8_t *p = out;
    memcpy(p, "\x89PNG\r\n\x1a\n", 8);
    p += 8;
    memset(p + 8, 0, 13);
    grat__put_be32(p + 8, r->width);
    grat__put_be32(p + 12, r->height);
    p[16] = (uint8_t)w->bits, p[17] = (uint8_t)w->colour;
    p = chunk(p, "IHDR", 13);
    for (unsigned i = 0; t && i < t->count; i++) {
        p[8 + 3 * i] = (uint8_t)(t->colour[i] >> 16);
        p[9 + 3 * i] = (uint8_t)(t->colour[i] >> 8);
        p[10 + 3 * i] = (uint8_t)t->colour[i];
    }
    if (t) p = chunk(p, "PLTE", (size_t)t->count * 3);
    size_t packed = libdeflate_zlib_compress(z, w->data, w->size, p + 8, cap - (size_t)(p - out) - 24);
    libdeflate_free_compressor(z);
    if (packed == 0 || packed > 0x7fffffff) return 0;
    p = chunk(p, "IDAT", packed);
    return (size_t)(chunk(p, "IEND", 0) - out);
}

static void palette_copy(palette *t, const grat__raster *r)
{
    t->count = r->colours;
    for (unsigned i = 0; i < r->colours; i++) t->colour[i] = rgb(r->palette[i]);
}

/* The rows in the smallest form; *t is left with count 0 for RGB. */
static bool prepare(rows *w, const grat__raster *r, palette *t)
{
    if (r->channels == 1) {
        palette_copy(t, r);
        return rows_indexed(w, r->pixels, r, t->count);
    }
    uint8_t *index = malloc((size_t)r->width * r->height);
    bool few = index && index_pixels(r, t, index);
    if (!few) t->count = 0;
    bool ok = few ? rows_indexed(w, index, r, t->count) : rows_rgb(w, r);
    free(index);
    return ok;
}

grat_err grat__png_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op)
{
    palette *t = calloc(1, sizeof *t);
    rows w = {0};
    uint8_t *data = NULL;
    size_t cap = 0, size = 0;
    if (t && prepare(&w, r, t)) {
        cap = libdeflate_zlib_compress_bound(NULL, w.size) + 1024;
        data = malloc(cap);
    }
    if (data) size = assemble(data, cap, &w, r, t->count ? t : NULL);
    free(w.data);
    free(t);
    if (!size) {
        free(data);
        return grat_op_fail(op, GRAT_ENOMEM, "PNG: no memory for %u x %u pixels", r->width, r->height);
    }
    uint8_t *fit = realloc(data, size);
    *out = fit ? fit : data;
    *n = size;
    return GRAT_OK;
}
