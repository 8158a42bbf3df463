#include "format/image/image.h"

#include <stdlib.h>
#include <string.h>

static const char *const kind_name[] = {
    [GRAT_IMG_UNKNOWN] = "unknown", [GRAT_IMG_PNG] = "PNG",   [GRAT_IMG_BMP] = "BMP",
    [GRAT_IMG_JPEG] = "JPEG",       [GRAT_IMG_TIFF] = "TIFF", [GRAT_IMG_GIF] = "GIF",
};

grat_err grat__raster_init(grat__raster *r, unsigned width, unsigned height, unsigned channels, grat_op *op)
{
    *r = (grat__raster){.width = width, .height = height, .channels = channels};
    if (width == 0 || height == 0) return grat_op_fail(op, GRAT_EPROTO, "image: %u x %u pixels", width, height);
    if (width > GRAT__IMAGE_MAX_PIXELS || height > GRAT__IMAGE_MAX_PIXELS / width)
        return grat_op_fail(op, GRAT_ETOOBIG, "image: %u x %u pixels; the limit is 64 Mpixel", width, height);
    r->stride = (size_t)width * channels;
    r->pixels = malloc(r->stride * height);
    if (!r->pixels) return grat_op_fail(op, GRAT_ENOMEM, "image: no memory for %u x %u pixels", width, height);
    return GRAT_OK;
}

void grat__raster_free(grat__raster *r)
{
    free(r->pixels);
    *r = (grat__raster){0};
}

static grat_err copy(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n, grat_op *op)
{
    *out = malloc(n);
    if (!*out) return grat_op_fail(op, GRAT_ENOMEM, "image: no memory for %zu bytes", n);
    memcpy(*out, data, n);
    *out_n = n;
    return GRAT_OK;
}

static grat_err whole(grat_image_kind kind, const uint8_t *data, size_t n, size_t *used, grat_op *op)
{
    uint64_t size;
    grat_err e = grat__image_size(kind, data, n, &size);
    if (e == GRAT_ESHORT)
        return grat_op_fail(op, e, "%s: cut after %zu bytes; take the screenshot again", kind_name[kind], n);
    if (e) return grat_op_fail(op, e, "%s: malformed; take the screenshot again", kind_name[kind]);
    *used = (size_t)size;
    return GRAT_OK;
}

static grat_err repaired_png(const uint8_t *data, size_t n, uint8_t **out, size_t *out_n, grat_op *op)
{
    bool repaired;
    uint8_t *own = NULL;
    size_t size = 0;
    grat_err e = copy(data, n, &own, &size, op);
    if (e) return e;
    e = grat__png_repair(own, &size, &repaired);
    if (e) {
        free(own);
        return grat_op_fail(op, e, "PNG: damaged, a checksum is wrong; take the screenshot again");
    }
    *out = own;
    *out_n = size;
    return GRAT_OK;
}

static grat_err decode(grat_image_kind kind, const uint8_t *data, size_t n, grat__raster *r, grat_op *op)
{
    uint8_t *own = NULL;
    grat_err e;
    switch (kind) {
    case GRAT_IMG_BMP: return grat__bmp_decode(data, n, r, op);
    case GRAT_IMG_JPEG: return grat__jpeg_decode(data, n, r, op);
    case GRAT_IMG_PNG:
        e = repaired_png(data, n, &own, &n, op);
        if (!e) e = grat__png_decode(own, n, r, op);
        free(own);
        return e;
    default:
        return grat_op_fail(op, GRAT_EFORMAT, "image: cannot read %s; PNG, BMP and JPEG are known", kind_name[kind]);
    }
}

grat_err grat__image_decode(const uint8_t *data, size_t n, grat__raster *out, grat_op *op)
{
    size_t used = n;
    grat_image_kind kind = grat_image_detect(data, n);
    bool known = kind == GRAT_IMG_PNG || kind == GRAT_IMG_BMP || kind == GRAT_IMG_JPEG;
    grat_err e = known ? whole(kind, data, n, &used, op) : GRAT_OK;
    return e ? e : decode(kind, data, used, out, op);
}

static grat_err encode(grat_image_kind want, const grat__raster *r, uint8_t **out, size_t *out_n, grat_op *op)
{
    switch (want) {
    case GRAT_IMG_BMP: return grat__bmp_encode(r, out, out_n, op);
    case GRAT_IMG_JPEG: return grat__jpeg_encode(r, out, out_n, op);
    case GRAT_IMG_PNG: return grat__png_encode(r, out, out_n, op);
    default: return grat_op_fail(op, GRAT_EFORMAT, "image: cannot write this kind; PNG, BMP and JPEG are known");
    }
}

static grat_err reencode(const uint8_t *data, size_t n, grat_image_kind want, uint8_t **out, size_t *out_n, grat_op *op)
{
    grat__raster r = {0};
    grat_err e = decode(grat_image_detect(data, n), data, n, &r, op);
    if (!e) e = encode(want, &r, out, out_n, op);
    grat__raster_free(&r);
    return e;
}

grat_err grat_image_convert(const void *data, size_t n, grat_image_kind want, uint8_t **out, size_t *out_n,
                            unsigned *width, unsigned *height, grat_op *op)
{
    if (want != GRAT_IMG_PNG && want != GRAT_IMG_BMP && want != GRAT_IMG_JPEG)
        return grat_op_fail(op, GRAT_EFORMAT, "image: cannot write this kind; PNG, BMP and JPEG are known");
    grat_image_kind kind = grat_image_detect(data, n);
    if (kind != GRAT_IMG_PNG && kind != GRAT_IMG_BMP && kind != GRAT_IMG_JPEG)
        return grat_op_fail(op, GRAT_EFORMAT, "image: the data are no PNG, BMP or JPEG");
    unsigned w, h;
    size_t used = 0, size = 0;
    uint8_t *made = NULL;
    grat_err e = whole(kind, data, n, &used, op);
    if (e) return e;
    if (!grat__image_dimensions(data, used, &w, &h))
        return grat_op_fail(op, GRAT_EPROTO, "%s: malformed header; take the screenshot again", kind_name[kind]);
    if (kind != want) e = reencode(data, used, want, &made, &size, op);
    else if (kind == GRAT_IMG_PNG) e = repaired_png(data, used, &made, &size, op);
    else e = copy(data, used, &made, &size, op);
    if (e) return e;
    *out = made;
    *out_n = size;
    if (width) *width = w;
    if (height) *height = h;
    return GRAT_OK;
}
