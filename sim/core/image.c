#include "sim/core/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <zlib.h>

/* ---- BMP ------------------------------------------------------------------------------------ */

static bool bmp_head(grat__buf *out, unsigned w, unsigned h, unsigned bits, uint32_t pixel_bytes)
{
    uint8_t head[54] = {'B', 'M'};
    uint32_t start = bits == 8 ? 54 + 1024 : 54;
    grat__put_le32(head + 2, start + pixel_bytes);
    grat__put_le32(head + 10, start);
    grat__put_le32(head + 14, 40);
    grat__put_le32(head + 18, w);
    grat__put_le32(head + 22, h);
    grat__put_le16(head + 26, 1);
    grat__put_le16(head + 28, (uint16_t)bits);
    grat__put_le32(head + 34, pixel_bytes);
    if (bits == 8) grat__put_le32(head + 46, 256);
    return grat__buf_put(out, head, sizeof head) == GRAT_OK;
}

static bool bmp24(const uint8_t *rgb, unsigned w, unsigned h, grat__buf *out)
{
    size_t stride = ((size_t)w * 3 + 3) & ~(size_t)3;
    if (!bmp_head(out, w, h, 24, (uint32_t)(stride * h)) || grat__buf_reserve(out, stride * h) != GRAT_OK) return false;
    uint8_t *p = out->data + out->len;
    memset(p, 0, stride * h);
    for (unsigned y = 0; y < h; y++, p += stride) {
        const uint8_t *row = rgb + (size_t)(h - 1 - y) * w * 3;
        for (unsigned x = 0; x < 3 * w; x += 3) p[x] = row[x + 2], p[x + 1] = row[x + 1], p[x + 2] = row[x];
    }
    out->len += stride * h;
    return true;
}

static bool bmp8(const uint8_t *rgb, unsigned w, unsigned h, grat__buf *out)
{
    size_t stride = ((size_t)w + 3) & ~(size_t)3;
    if (!bmp_head(out, w, h, 8, (uint32_t)(stride * h)) || grat__buf_reserve(out, 1024 + stride * h) != GRAT_OK)
        return false;
    uint8_t *p = out->data + out->len;
    for (unsigned i = 0; i < 256; i++, p += 4) {
        p[0] = (uint8_t)((i & 3) * 85);
        p[1] = (uint8_t)((i >> 2 & 7) * 255 / 7);
        p[2] = (uint8_t)((i >> 5) * 255 / 7);
        p[3] = 0;
    }
    memset(p, 0, stride * h);
    for (unsigned y = 0; y < h; y++, p += stride) {
        const uint8_t *row = rgb + (size_t)(h - 1 - y) * w * 3;
        for (unsigned x = 0; x < w; x++, row += 3)
            p[x] = (uint8_t)((row[0] * 7 + 127) / 255 << 5 | (row[1] * 7 + 127) / 255 << 2 | (row[2] * 3 + 127) / 255);
    }
    out->len += 1024 + stride * h;
    return true;
}

/* ---- PNG ------------------------------------------------------------------------------------ */

static bool put32(grat__buf *out, uint32_t v)
{
    uint8_t b[4];
    grat__put_be32(b, v);
    return grat__buf_put(out, b, 4) == GRAT_OK;
}

static bool chunk(grat__buf *out, const char *type, const void *data, size_t n, const uint32_t *forced)
{
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (n) crc = crc32(crc, data, (uInt)n);
    return put32(out, (uint32_t)n) && grat__buf_put(out, type, 4) == GRAT_OK &&
           (n == 0 || grat__buf_put(out, data, n) == GRAT_OK) && put32(out, forced ? *forced : (uint32_t)crc);
}

static bool texts(grat__buf *out, const uint32_t *forced)
{
    static const char author[] = "Author\0RIGOL", source[] = "Source\0DSZ series",
                      description[] = "Description\0DSZ_Printing equipment output",
                      copyright[] = "Copyright\0RIGOL TECHNOLOGIES";
    return chunk(out, "tEXt", author, sizeof author - 1, forced) &&
           chunk(out, "tEXt", source, sizeof source - 1, forced) &&
           chunk(out, "tEXt", description, sizeof description - 1, forced) &&
           chunk(out, "tEXt", copyright, sizeof copyright - 1, forced);
}

/* Filter "up" on every row but the first: cheap, and a screen repeats itself downwards. */
static uint8_t *filtered(const uint8_t *rgb, unsigned w, unsigned h)
{
    size_t line = (size_t)w * 3;
    uint8_t *raw = malloc((line + 1) * h), *p = raw;
    if (!raw) return NULL;
    for (unsigned y = 0; y < h; y++, rgb += line) {
        *p++ = y ? 2 : 0;
        for (size_t i = 0; i < line; i++) *p++ = (uint8_t)(y ? rgb[i] - rgb[i - line] : rgb[i]);
    }
    return raw;
}

static bool png(const uint8_t *rgb, unsigned w, unsigned h, unsigned flags, grat__buf *out)
{
    size_t raw_size = ((size_t)w * 3 + 1) * h;
    uLongf packed_size = compressBound(raw_size);
    uint8_t *raw = filtered(rgb, w, h), *packed = malloc(packed_size);
    uint8_t ihdr[17] = {'I', 'H', 'D', 'R'};
    grat__put_be32(ihdr + 4, w);
    grat__put_be32(ihdr + 8, h);
    ihdr[12] = 8, ihdr[13] = 2;
    uint32_t ihdr_crc = (uint32_t)crc32(0, ihdr, sizeof ihdr);
    const uint32_t *forced = flags & SIM_IMG_BAD_CRC ? &ihdr_crc : NULL;
    bool ok = raw && packed && compress2(packed, &packed_size, raw, raw_size, 1) == Z_OK &&
              grat__buf_put(out, "\x89PNG\r\n\x1a\n", 8) == GRAT_OK && chunk(out, "IHDR", ihdr + 4, 13, NULL) &&
              (!(flags & SIM_IMG_RIGOL_TEXTS) || texts(out, forced)) &&
              chunk(out, "IDAT", packed, packed_size, NULL) && chunk(out, "IEND", NULL, 0, NULL);
    free(raw);
    free(packed);
    return ok;
}

/* ---- JPEG ----------------------------------------------------------------------------------- */

typedef struct jpeg_guard {
    struct jpeg_error_mgr base;
    jmp_buf back;
} jpeg_guard;

static void jpeg_failed(j_common_ptr info)
{
    longjmp(((jpeg_guard *)info->err)->back, 1);
}

static bool jpeg(const uint8_t *rgb, unsigned w, unsigned h, grat__buf *out)
{
    struct jpeg_compress_struct info;
    jpeg_guard guard;
    struct { unsigned char *data; unsigned long n; } *mem = calloc(1, sizeof *mem);
    if (!mem) return false;
    info.err = jpeg_std_error(&guard.base);
    guard.base.error_exit = jpeg_failed;
    bool ok = false;
    if (setjmp(guard.back) == 0) {
        jpeg_create_compress(&info);
        jpeg_mem_dest(&info, &mem->data, &mem->n);
        info.image_width = w, info.image_height = h, info.input_components = 3, info.in_color_space = JCS_RGB;
        jpeg_set_defaults(&info);
        jpeg_set_quality(&info, 85, TRUE);
        jpeg_start_compress(&info, TRUE);
        while (info.next_scanline < h) {
            JSAMPROW row = (JSAMPROW)(uintptr_t)(rgb + (size_t)info.next_scanline * w * 3);
            jpeg_write_scanlines(&info, &row, 1);
        }
        jpeg_finish_compress(&info);
        ok = grat__buf_put(out, mem->data, mem->n) == GRAT_OK;
    }
    jpeg_destroy_compress(&info);
    free(mem->data);
    free(mem);
    return ok;
}

/* ---- TIFF ----------------------------------------------------------------------------------- */

static void tiff_entry(uint8_t **p, unsigned tag, unsigned type, uint32_t count, uint32_t value)
{
    grat__put_le16(*p, (uint16_t)tag);
    grat__put_le16(*p + 2, (uint16_t)type);
    grat__put_le32(*p + 4, count);
    grat__put_le32(*p + 8, value);
    *p += 12;
}

static bool tiff(const uint8_t *rgb, unsigned w, unsigned h, grat__buf *out)
{
    enum { SHORT = 3, LONG = 4, RATIONAL = 5, ENTRIES = 13, IFD = 8, EXTRA = IFD + 2 + ENTRIES * 12 + 4 };
    uint8_t head[EXTRA + 6 + 2 + 16] = {'I', 'I', '*'}, *p = head + IFD;
    uint32_t size = w * h * 3;
    grat__put_le32(head + 4, IFD);
    grat__put_le16(p, ENTRIES);
    p += 2;
    tiff_entry(&p, 256, LONG, 1, w);
    tiff_entry(&p, 257, LONG, 1, h);
    tiff_entry(&p, 258, SHORT, 3, EXTRA);
    tiff_entry(&p, 259, SHORT, 1, 1);
    tiff_entry(&p, 262, SHORT, 1, 2);
    tiff_entry(&p, 273, LONG, 1, sizeof head);
    tiff_entry(&p, 277, SHORT, 1, 3);
    tiff_entry(&p, 278, LONG, 1, h);
    tiff_entry(&p, 279, LONG, 1, size);
    tiff_entry(&p, 282, RATIONAL, 1, EXTRA + 8);
    tiff_entry(&p, 283, RATIONAL, 1, EXTRA + 16);
    tiff_entry(&p, 284, SHORT, 1, 1);
    tiff_entry(&p, 296, SHORT, 1, 2);
    for (unsigned i = 0; i < 3; i++) grat__put_le16(head + EXTRA + 2 * i, 8);
    for (unsigned i = 0; i < 2; i++) {
        grat__put_le32(head + EXTRA + 8 + 8 * i, 72);
        grat__put_le32(head + EXTRA + 12 + 8 * i, 1);
    }
    return grat__buf_put(out, head, sizeof head) == GRAT_OK && grat__buf_put(out, rgb, size) == GRAT_OK;
}

bool sim_image_encode(sim_image_kind kind, const uint8_t *rgb, unsigned w, unsigned h, unsigned flags, grat__buf *out)
{
    if (w == 0 || h == 0 || w > 16384 || h > 16384) return false;
    switch (kind) {
    case SIM_IMG_BMP24: return bmp24(rgb, w, h, out);
    case SIM_IMG_BMP8: return bmp8(rgb, w, h, out);
    case SIM_IMG_PNG: return png(rgb, w, h, flags, out);
    case SIM_IMG_JPEG: return jpeg(rgb, w, h, out);
    case SIM_IMG_TIFF: return tiff(rgb, w, h, out);
    }
    return false;
}
