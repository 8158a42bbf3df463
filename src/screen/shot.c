#include <stdlib.h>
#include <string.h>

#include "core/block488.h"
#include "format/image/image.h"
#include "screen/recipe.h"

enum { MAGIC = 8 };

grat_err grat__raw_progress(const uint8_t *data, size_t n, uint64_t *size)
{
    *size = 0;
    grat_image_kind kind = grat_image_detect(data, n);
    if (kind == GRAT_IMG_UNKNOWN || n < MAGIC) return n < MAGIC ? GRAT_ESHORT : GRAT_EPROTO;
    grat_err e = grat__image_size(kind, data, n, size);
    return e;
}

grat_err grat__embedded_block(const uint8_t *data, size_t n, size_t *offset, size_t *length)
{
    grat__block b;
    grat__block_init(&b);
    size_t used = grat__block_feed(&b, data, n);
    if (b.state == GRAT__BLOCK_HEADER) return GRAT_ESHORT;
    if (b.state == GRAT__BLOCK_BAD || b.indefinite) return GRAT_EPROTO;
    if (b.length > n - used) return GRAT_ESHORT;
    *offset = used;
    *length = (size_t)b.length;
    return GRAT_OK;
}

static grat_err copy(const uint8_t *data, size_t n, grat_screenshot *shot, grat_op *op)
{
    shot->data = malloc(n);
    if (!shot->data) return grat_op_fail(op, GRAT_ENOMEM, "screenshot: no memory for %zu bytes", n);
    memcpy(shot->data, data, n);
    shot->size = n;
    return GRAT_OK;
}

/* A cut picture is never handed on, whatever is wanted. */
static grat_err check_whole(grat_image_kind kind, const uint8_t *data, size_t n, size_t *used, grat_op *op)
{
    uint64_t size = 0;
    *used = n;
    if (kind == GRAT_IMG_UNKNOWN)
        return grat_op_fail(op, GRAT_EFORMAT, "screenshot: the %zu bytes of the answer are no picture", n);
    if (kind == GRAT_IMG_TIFF || kind == GRAT_IMG_GIF) return GRAT_OK;
    grat_err e = grat__image_size(kind, data, n, &size);
    if (e == GRAT_ESHORT)
        return grat_op_fail(op, e, "screenshot: the picture is cut after %zu of %llu bytes; try again", n,
                            (unsigned long long)(size > n ? size : n + 1));
    if (e) return grat_op_fail(op, e, "screenshot: the picture is malformed; try again");
    *used = (size_t)size;
    return GRAT_OK;
}

static grat_err mended(const uint8_t *data, size_t n, grat_screenshot *shot, grat_op *op)
{
    grat_err e = copy(data, n, shot, op);
    if (!e && (e = grat__png_repair(shot->data, &shot->size, &shot->repaired)))
        grat_op_fail(op, e, "screenshot: the picture's checksum is wrong; try again");
    return e;
}

static grat_err converted(const uint8_t *data, size_t n, grat_image_kind want, grat_screenshot *shot, grat_op *op)
{
    grat_err e = grat_image_convert(data, n, want, &shot->data, &shot->size, NULL, NULL, op);
    if (e) return e;
    shot->kind = want;
    return GRAT_OK;
}

grat_err grat__shot_finish(const uint8_t *data, size_t n, grat_image_kind want, grat_screenshot *out, grat_op *op)
{
    grat_screenshot shot = {.kind = grat_image_detect(data, n)};
    size_t used;
    grat_err e = check_whole(shot.kind, data, n, &used, op);
    if (e) return e;
    grat__image_dimensions(data, used, &shot.width, &shot.height);
    if (want == GRAT_IMG_UNKNOWN) e = copy(data, n, &shot, op);
    else if (want != shot.kind) e = converted(data, used, want, &shot, op);
    else if (want == GRAT_IMG_PNG) e = mended(data, used, &shot, op);
    else e = copy(data, used, &shot, op);
    if (e) {
        free(shot.data);
        return e;
    }
    memcpy(shot.recipe, out->recipe, sizeof shot.recipe);
    *out = shot;
    return GRAT_OK;
}

void grat_screenshot_free(grat_screenshot *shot)
{
    if (!shot) return;
    free(shot->data);
    *shot = (grat_screenshot){0};
}
