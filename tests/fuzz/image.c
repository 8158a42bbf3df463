/* Any bytes: sizes, repair and conversion. The first byte chooses the target kind. */
#include "format/image/image.h"

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const grat_image_kind kinds[] = {GRAT_IMG_PNG, GRAT_IMG_BMP, GRAT_IMG_JPEG};
    unsigned width = 0, height = 0;
    uint64_t size = 0;
    uint8_t *out = NULL, *copy;
    size_t out_n = 0, len;
    bool repaired = false;
    grat_image_kind want;
    grat_op op;

    if (!n) return 0;
    want = kinds[data[0] % 3];
    data++, n--;
    for (int kind = GRAT_IMG_UNKNOWN; kind <= GRAT_IMG_GIF; kind++) {
        if (grat__image_size((grat_image_kind)kind, data, n, &size) == GRAT_OK) HOLDS(size <= n);
    }
    grat_image_detect(data, n);
    if (grat__image_dimensions(data, n, &width, &height) && (uint64_t)width * height > 1 << 20) return 0;
    copy = malloc(n ? n : 1);
    if (!copy) return 0;
    if (n) memcpy(copy, data, n);
    len = n;
    if (grat__png_repair(copy, &len, &repaired) == GRAT_OK) HOLDS(len <= n);
    free(copy);
    grat_op_init(&op, 10000, NULL);
    if (grat_image_convert(data, n, want, &out, &out_n, &width, &height, &op) == GRAT_OK) {
        HOLDS(out != NULL && out_n > 0);
        HOLDS(grat_image_detect(out, out_n) == want);
        free(out);
    }
    return 0;
}
