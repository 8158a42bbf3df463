#include "format/image/image.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

typedef struct bmp_head {
    uint32_t start;                /* of the pixels */
    unsigned width, height, bits;
    bool top_down;
    unsigned palette_at, palette_step, colours;
    unsigned shift[3], size[3];    /* red, green, blue: bit position and width, 16 and 32 bits per pixel */
    size_t stride;
} bmp_head;

static grat_err bad(grat_op *op, const char *why)
{
    return grat_op_fail(op, GRAT_EPROTO, "BMP: %s; take the screenshot again", why);
}

static bool set_mask(bmp_head *h, unsigned colour, uint32_t mask)
{
    if (mask == 0) return false;
    unsigned shift = 0, size = 0;
    while (!(mask >> shift & 1)) shift++;
    while (shift + size < 32 && (mask >> (shift + size) & 1)) size++;
    h->shift[colour] = shift;
    h->size[colour] = size;
    return size <= 16 && (uint64_t)mask >> shift == (1ull << size) - 1;
}

static bool masks(bmp_head *h, const uint8_t *data, size_t n, uint32_t compression)
{
    static const uint32_t plain16[3] = {0x7c00, 0x03e0, 0x001f}, plain32[3] = {0xff0000, 0xff00, 0xff};
    for (unsigned i = 0; i < 3; i++) {
        uint32_t mask = h->bits == 16 ? plain16[i] : plain32[i];
        if (compression == 3) {
            if (n < 54 + 12) return false;
            mask = grat__le32(data + 54 + 4 * i);
        }
        if (!set_mask(h, i, mask)) return false;
    }
    return true;
}

static bool depth_known(unsigned bits)
{
    return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
}

static grat_err dib_core(const uint8_t *data, bmp_head *h)
{
    h->width = grat__le16(data + 18);
    h->height = grat__le16(data + 20);
    h->bits = grat__le16(data + 24);
    h->palette_step = 3;
    h->colours = h->bits <= 8 ? 1u << h->bits : 0;
    return GRAT_OK;
}

static grat_err dib_info(const uint8_t *data, size_t n, bmp_head *h, grat_op *op)
{
    if (n < 54) return grat_op_fail(op, GRAT_ESHORT, "BMP: the header is cut; take the screenshot again");
    int64_t height = (int32_t)grat__le32(data + 22);
    h->width = grat__le32(data + 18);
    h->top_down = height < 0;
    h->height = (unsigned)(height < 0 ? -height : height);
    h->bits = grat__le16(data + 28);
    uint32_t compression = grat__le32(data + 30), colours = grat__le32(data + 46);
    h->palette_step = 4;
    if (h->bits <= 8) h->colours = colours && colours < 1u << h->bits ? colours : 1u << h->bits;
    bool fields = compression == 3 && (h->bits == 16 || h->bits == 32);
    if (compression != 0 && !fields) return grat_op_fail(op, GRAT_ENOTSUP, "BMP: compressed; ask for another format");
    if ((h->bits == 16 || h->bits == 32) && !masks(h, data, n, compression)) return bad(op, "unusable colour masks");
    return GRAT_OK;
}

static grat_err head_parse(const uint8_t *data, size_t n, bmp_head *h, grat_op *op)
{
    *h = (bmp_head){0};
    if (n < 26 || memcmp(data, "BM", 2) != 0) return bad(op, "no header");
    uint32_t dib = grat__le32(data + 14);
    if (dib != 12 && (dib < 40 || dib > 256)) return bad(op, "unknown header size");
    h->start = grat__le32(data + 10);
    grat_err e = dib == 12 ? dib_core(data, h) : dib_info(data, n, h, op);
    if (e) return e;
    if (!depth_known(h->bits)) return bad(op, "unknown colour depth");
    if (h->width == 0 || h->height == 0 || h->width > GRAT__IMAGE_MAX_PIXELS ||
        h->height > GRAT__IMAGE_MAX_PIXELS / h->width)
        return grat_op_fail(op, GRAT_ETOOBIG, "BMP: %u x %u pixels; the limit is 64 Mpixel", h->width, h->height);
    h->stride = ((size_t)h->width * h->bits + 31) / 32 * 4;
    h->palette_at = 14 + dib;
    if (h->start < h->palette_at || h->start > n || (n - h->start) / h->stride < h->height)
        return grat_op_fail(op, GRAT_ESHORT, "BMP: %zu bytes cannot hold %u x %u pixels; take the screenshot again", n,
                            h->width, h->height);
    if (h->start - h->palette_at < (size_t)h->colours * h->palette_step) return bad(op, "the palette is cut");
    return GRAT_OK;
}

static uint8_t scaled(uint32_t pixel, unsigned shift, unsigned size)
{
    uint32_t max = (1u << size) - 1;
    return (uint8_t)(((pixel >> shift & max) * 255 + max / 2) / max);
}

static void row_indexed(const bmp_head *h, const uint8_t *row, uint8_t *out)
{
    unsigned mask = (1u << h->bits) - 1;
    if (h->bits == 8 && h->colours == 256) {
        memcpy(out, row, h->width);
        return;
    }
    for (unsigned x = 0; x < h->width; x++) {
        size_t bit = (size_t)x * h->bits;
        unsigned index = row[bit / 8] >> (8 - h->bits - bit % 8) & mask;
        out[x] = (uint8_t)(index < h->colours ? index : 0);
    }
}

static void row_rgb(const bmp_head *h, const uint8_t *row, uint8_t *out)
{
    for (unsigned x = 0; x < h->width; x++, out += 3) {
        if (h->bits == 24) {
            out[0] = row[2], out[1] = row[1], out[2] = row[0];
            row += 3;
            continue;
        }
        uint32_t pixel = h->bits == 16 ? grat__le16(row) : grat__le32(row);
        for (unsigned i = 0; i < 3; i++) out[i] = scaled(pixel, h->shift[i], h->size[i]);
        row += h->bits / 8;
    }
}

grat_err grat__bmp_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op)
{
    bmp_head h;
    grat_err e = head_parse(data, n, &h, op);
    if (!e) e = grat__raster_init(out, h.width, h.height, h.bits <= 8 ? 1 : 3, op);
    if (e) return e;
    const uint8_t *entry = data + h.palette_at;
    for (unsigned i = 0; i < h.colours; i++, entry += h.palette_step)
        for (unsigned k = 0; k < 3; k++) out->palette[i][k] = entry[2 - k];
    out->colours = h.colours;
    for (unsigned y = 0; y < h.height; y++) {
        const uint8_t *row = data + h.start + h.stride * (h.top_down ? y : h.height - 1 - y);
        if (h.bits <= 8) row_indexed(&h, row, out->pixels + out->stride * y);
        else row_rgb(&h, row, out->pixels + out->stride * y);
    }
    return GRAT_OK;
}

static void encode_row(const grat__raster *r, const uint8_t *in, uint8_t *out)
{
    for (unsigned x = 0; x < r->width; x++, out += 3) {
        const uint8_t *p = r->channels == 1 ? r->palette[in[x]] : in + (size_t)x * 3;
        out[0] = p[2], out[1] = p[1], out[2] = p[0];
    }
}

grat_err grat__bmp_encode(const grat__raster *r, uint8_t **out, size_t *n, grat_op *op)
{
    size_t stride = ((size_t)r->width * 3 + 3) & ~(size_t)3, size = 54 + stride * r->height;
    uint8_t *data = calloc(1, size);
    if (!data) return grat_op_fail(op, GRAT_ENOMEM, "BMP: no memory for %zu bytes", size);
    memcpy(data, "BM", 2);
    grat__put_le32(data + 2, (uint32_t)size);
    grat__put_le32(data + 10, 54);
    grat__put_le32(data + 14, 40);
    grat__put_le32(data + 18, r->width);
    grat__put_le32(data + 22, r->height);
    grat__put_le16(data + 26, 1);
    grat__put_le16(data + 28, 24);
    grat__put_le32(data + 34, (uint32_t)(size - 54));
    for (unsigned y = 0; y < r->height; y++)
        encode_row(r, r->pixels + r->stride * y, data + 54 + stride * (r->height - 1 - y));
    *out = data;
    *n = size;
    return GRAT_OK;
}
