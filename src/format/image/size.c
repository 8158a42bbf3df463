#include "format/image/image.h"

#include <string.h>

#include "core/buf.h"

static const uint8_t png_magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

grat_image_kind grat_image_detect(const void *data, size_t n)
{
    const uint8_t *p = data;
    if (n >= 8 && memcmp(p, png_magic, 8) == 0) return GRAT_IMG_PNG;
    if (n >= 3 && p[0] == 0xff && p[1] == 0xd8 && p[2] == 0xff) return GRAT_IMG_JPEG;
    if (n >= 4 && (memcmp(p, "II*\0", 4) == 0 || memcmp(p, "MM\0*", 4) == 0)) return GRAT_IMG_TIFF;
    if (n >= 6 && (memcmp(p, "GIF87a", 6) == 0 || memcmp(p, "GIF89a", 6) == 0)) return GRAT_IMG_GIF;
    if (n >= 2 && p[0] == 'B' && p[1] == 'M') return GRAT_IMG_BMP;
    return GRAT_IMG_UNKNOWN;
}

static grat_err bmp_size(const uint8_t *data, size_t n, uint64_t *size)
{
    if (n >= 2 && memcmp(data, "BM", 2) != 0) return GRAT_EPROTO;
    if (n < 6) return GRAT_ESHORT;
    uint64_t total = grat__le32(data + 2);
    if (total < 26) return GRAT_EPROTO;
    *size = total;
    return n < total ? GRAT_ESHORT : GRAT_OK;
}

static grat_err png_size(const uint8_t *data, size_t n, uint64_t *size)
{
    if (memcmp(data, png_magic, n < 8 ? n : 8) != 0) return GRAT_EPROTO;
    uint64_t at = 8;
    while (n >= at + 8) {
        uint64_t length = grat__be32(data + at);
        if (length > 0x7fffffff) return GRAT_EPROTO;
        bool end = memcmp(data + at + 4, "IEND", 4) == 0;
        at += 12 + length;
        if (end) {
            *size = at;
            return n < at ? GRAT_ESHORT : GRAT_OK;
        }
    }
    return GRAT_ESHORT;
}

/* The entropy-coded data after SOS end at a marker that is neither a stuffed 00 nor a restart. */
static size_t jpeg_skip_scan(const uint8_t *data, size_t n, size_t at)
{
    while (at + 1 < n) {
        const uint8_t *hit = memchr(data + at, 0xff, n - at - 1);
        if (!hit) return n;
        at = (size_t)(hit - data);
        if (hit[1] == 0xff) at++;
        else if (hit[1] == 0 || (hit[1] >= 0xd0 && hit[1] <= 0xd7)) at += 2;
        else return at;
    }
    return n;
}

/* Takes the next marker with its segment; *at is behind it afterwards. */
static grat_err jpeg_step(const uint8_t *data, size_t n, size_t *at, uint8_t *marker)
{
    while (*at + 1 < n && data[*at] == 0xff && data[*at + 1] == 0xff) ++*at;
    if (*at + 2 > n) return GRAT_ESHORT;
    if (data[*at] != 0xff) return GRAT_EPROTO;
    *marker = data[*at + 1];
    *at += 2;
    if (*marker == 0xd8 || *marker == 0xd9 || *marker == 0x01 || (*marker >= 0xd0 && *marker <= 0xd7)) return GRAT_OK;
    if (n - *at < 2) return GRAT_ESHORT;
    size_t length = (size_t)data[*at] << 8 | data[*at + 1];
    if (length < 2) return GRAT_EPROTO;
    if (n - *at < length) return GRAT_ESHORT;
    *at += length;
    return GRAT_OK;
}

static grat_err jpeg_size(const uint8_t *data, size_t n, uint64_t *size)
{
    if (memcmp(data, "\xff\xd8\xff", n < 3 ? n : 3) != 0) return GRAT_EPROTO;
    size_t at = 0;
    uint8_t marker = 0;
    for (;;) {
        grat_err e = jpeg_step(data, n, &at, &marker);
        if (e) return e;
        if (marker == 0xd9) return *size = at, GRAT_OK;
        if (marker == 0xda) at = jpeg_skip_scan(data, n, at);
    }
}

grat_err grat__image_size(grat_image_kind kind, const uint8_t *data, size_t n, uint64_t *size)
{
    *size = 0;
    switch (kind) {
    case GRAT_IMG_BMP: return bmp_size(data, n, size);
    case GRAT_IMG_PNG: return png_size(data, n, size);
    case GRAT_IMG_JPEG: return jpeg_size(data, n, size);
    default: return GRAT_EPROTO;
    }
}

static bool jpeg_dimensions(const uint8_t *data, size_t n, unsigned *width, unsigned *height)
{
    size_t at = 0;
    uint8_t marker = 0;
    while (at < n) {
        size_t start = at;
        if (jpeg_step(data, n, &at, &marker) != GRAT_OK || marker == 0xda || marker == 0xd9) return false;
        if (marker < 0xc0 || marker > 0xcf || marker == 0xc4 || marker == 0xc8 || marker == 0xcc) continue;
        while (data[start + 1] == 0xff) start++;
        if (at - start < 9) return false;
        const uint8_t *p = data + start;
        *height = (unsigned)(p[5] << 8 | p[6]);
        *width = (unsigned)(p[7] << 8 | p[8]);
        return true;
    }
    return false;
}

bool grat__image_dimensions(const uint8_t *data, size_t n, unsigned *width, unsigned *height)
{
    switch (grat_image_detect(data, n)) {
    case GRAT_IMG_PNG:
        if (n < 24) return false;
        *width = grat__be32(data + 16), *height = grat__be32(data + 20);
        return true;
    case GRAT_IMG_BMP:
        if (n < 26) return false;
        *width = grat__le32(data + 18), *height = grat__le32(data + 22);
        if (grat__le32(data + 14) == 12) *width = grat__le16(data + 18), *height = grat__le16(data + 20);
        if (*height > INT32_MAX) *height = 0u - *height;
        return true;
    case GRAT_IMG_JPEG: return jpeg_dimensions(data, n, width, height);
    default: return false;
    }
}
