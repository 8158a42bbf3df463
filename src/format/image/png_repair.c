#include "format/image/image.h"

#include <string.h>

#include <libdeflate.h>

#include "core/buf.h"

/* Bit 5 of the type's first letter: a decoder may do without the chunk (PNG 1.2 §3.3). */
static bool ancillary(const uint8_t *type)
{
    return type[0] & 0x20;
}

grat_err grat__png_repair(uint8_t *data, size_t *n, bool *repaired)
{
    *repaired = false;
    if (grat_image_detect(data, *n) != GRAT_IMG_PNG) return GRAT_EPROTO;
    size_t at = 8;
    bool first = true;
    while (*n - at >= 12) {
        uint8_t *type = data + at + 4;
        size_t length = grat__be32(data + at);
        if (length > 0x7fffffff || (first && memcmp(type, "IHDR", 4) != 0)) return GRAT_EPROTO;
        if (*n - at - 12 < length) return GRAT_ESHORT;
        uint32_t crc = libdeflate_crc32(0, type, length + 4);
        if (crc != grat__be32(type + 4 + length)) {
            if (!ancillary(type)) return GRAT_EPROTO;
            grat__put_be32(type + 4 + length, crc);
            *repaired = true;
        }
        at += 12 + length;
        first = false;
        if (memcmp(type, "IEND", 4) == 0) {
            if (*n != at) *repaired = true;
            *n = at;
            return GRAT_OK;
        }
    }
    return GRAT_ESHORT;
}
