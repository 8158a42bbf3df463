#include "video/yuv.h"

#include <stdlib.h>
#include <string.h>

#include "core/font.h"

/* ITU-R BT.601: Y = 16 + 65.481 R + 128.553 G + 24.966 B, U = 128 - 37.797 R - 74.203 G + 112 B,
 * V = 128 + 112 R - 93.786 G - 18.214 B with R, G, B in 0..1; here times 65536 / 255. Each row of U and V adds up to
 * nothing, so that a grey stays grey. */
enum {
    YR = 16829, YG = 33039, YB = 6416, Y_BIAS = (16 << 16) + (1 << 15),
    UR = -9714, UG = -19070, UB = 28784,
    VR = 28784, VG = -24103, VB = -4681,
    UV_BIAS = (128 << 18) + (1 << 17),   /* of the sum of four pixels */
};

grat_err grat__yuv_init(grat__yuv *f, unsigned width, unsigned height, grat_op *op)
{
    if (!width || !height || width > GRAT__IMAGE_MAX_PIXELS || height > GRAT__IMAGE_MAX_PIXELS / width)
        return grat_op_fail(op, GRAT_ETOOBIG, "video: %u x %u pixels; the limit is 64 Mpixel", width, height);
    *f = (grat__yuv){.width = (width + 1) & ~1u, .height = (height + 1) & ~1u};
    size_t luma = (size_t)f->width * f->height;
    f->size = luma + luma / 2;
    f->data = malloc(f->size);
    if (!f->data) return grat_op_fail(op, GRAT_ENOMEM, "video: no memory for %u x %u pixels", width, height);
    memset(f->data, 16, luma);
    memset(f->data + luma, 128, luma / 2);
    return GRAT_OK;
}

void grat__yuv_free(grat__yuv *f)
{
    free(f->data);
    *f = (grat__yuv){0};
}

void grat__yuv_copy(grat__yuv *to, const grat__yuv *from)
{
    memcpy(to->data, from->data, from->size);
}

/* ---- rows -------------------------------------------------------------------------------------- */

/* Two rows of n pixels become two of Y and one of U and V, (n + 1) / 2 wide; a last odd pixel counts twice. */
typedef struct rows {
    const uint8_t *in[2];
    unsigned n;
    uint8_t *y[2], *u, *v;
} rows;

static void rows_rgb(const rows *w)
{
    for (unsigned k = 0; k < 2; k++) {
        const uint8_t *p = w->in[k];
        uint8_t *y = w->y[k];
        for (unsigned x = 0; x < w->n; x++)
            y[x] = (uint8_t)((YR * p[3 * x] + YG * p[3 * x + 1] + YB * p[3 * x + 2] + Y_BIAS) >> 16);
    }
    for (unsigned x = 0; x < w->n; x += 2) {
        unsigned next = x + 1 < w->n ? 3 : 0;
        const uint8_t *a = w->in[0] + (size_t)3 * x, *b = w->in[1] + (size_t)3 * x;
        int red = a[0] + a[next] + b[0] + b[next], green = a[1] + a[next + 1] + b[1] + b[next + 1];
        int blue = a[2] + a[next + 2] + b[2] + b[next + 2];
        w->u[x / 2] = (uint8_t)((UR * red + UG * green + UB * blue + UV_BIAS) >> 18);
        w->v[x / 2] = (uint8_t)((VR * red + VG * green + VB * blue + UV_BIAS) >> 18);
    }
}

typedef struct table {
    uint8_t y[256];
    int32_t u[256], v[256];
} table;

static void table_fill(table *t, const grat__raster *r)
{
    for (unsigned i = 0; i < 256; i++) {
        const uint8_t *p = r->palette[i];
        t->y[i] = (uint8_t)((YR * p[0] + YG * p[1] + YB * p[2] + Y_BIAS) >> 16);
        t->u[i] = UR * p[0] + UG * p[1] + UB * p[2];
        t->v[i] = VR * p[0] + VG * p[1] + VB * p[2];
    }
}

static void rows_indexed(const rows *w, const table *t)
{
    for (unsigned k = 0; k < 2; k++)
        for (unsigned x = 0; x < w->n; x++) w->y[k][x] = t->y[w->in[k][x]];
    for (unsigned x = 0; x < w->n; x += 2) {
        unsigned next = x + 1 < w->n;
        const uint8_t *a = w->in[0] + x, *b = w->in[1] + x;
        w->u[x / 2] = (uint8_t)((t->u[a[0]] + t->u[a[next]] + t->u[b[0]] + t->u[b[next]] + UV_BIAS) >> 18);
        w->v[x / 2] = (uint8_t)((t->v[a[0]] + t->v[a[next]] + t->v[b[0]] + t->v[b[next]] + UV_BIAS) >> 18);
    }
}

/* Where along one side the picture begins in the frame, and the frame in the picture; how much there is of it. */
static unsigned place(unsigned frame, unsigned picture, unsigned *to, unsigned *from)
{
    *to = picture < frame ? (frame - picture) / 2 & ~1u : 0;
    *from = picture > frame ? (picture - frame) / 2 : 0;
    return picture < frame ? picture : frame;
}

void grat__yuv_from_raster(grat__yuv *f, const grat__raster *r)
{
    size_t luma = (size_t)f->width * f->height, half = f->width / 2;
    unsigned x_to, x_from, y_to, y_from, n = place(f->width, r->width, &x_to, &x_from);
    unsigned lines = place(f->height, r->height, &y_to, &y_from);
    table t;
    if (r->channels == 1) table_fill(&t, r);
    if (n < f->width || lines < f->height) {
        memset(f->data, 16, luma);
        memset(f->data + luma, 128, luma / 2);
    }
    for (unsigned line = 0; line < lines; line += 2) {
        const uint8_t *in = r->pixels + r->stride * (y_from + line) + (size_t)x_from * r->channels;
        unsigned second = line + 1 < lines;
        size_t at = (size_t)(y_to + line) * f->width + x_to, chroma = (y_to + line) / 2 * half + x_to / 2;
        rows w = {.in = {in, in + second * r->stride}, .n = n, .u = f->data + luma + chroma,
                  .y = {f->data + at, f->data + at + second * f->width}, .v = f->data + luma + luma / 4 + chroma};
        if (r->channels == 1) rows_indexed(&w, &t);
        else rows_rgb(&w);
    }
}

void grat__yuv_pack(const grat__yuv *f, uint8_t *to)
{
    size_t w = f->width, luma = w * f->height;
    for (unsigned line = 0; line < f->height; line++) {
        const uint8_t *y = f->data + line * w, *u = f->data + luma + line / 2 * (w / 2), *v = u + luma / 4;
        uint8_t *out = to + line * w * 2;
        for (size_t x = 0; x < w / 2; x++) {
            out[4 * x] = y[2 * x];
            out[4 * x + 1] = u[x];
            out[4 * x + 2] = y[2 * x + 1];
            out[4 * x + 3] = v[x];
        }
    }
}

/* ---- the card ------------------------------------------------------------------------------------ */

static void glyph(grat__yuv *f, const uint8_t *g, size_t at, unsigned scale)
{
    for (unsigned y = 0; y < 8 * scale; y++)
        for (unsigned x = 0; x < 5 * scale; x++)
            if (grat__font_dot(g, (int)(x / scale), (int)(y / scale))) f->data[at + (size_t)y * f->width + x] = 235;
}

void grat__yuv_card(grat__yuv *f, const char *text)
{
    size_t luma = (size_t)f->width * f->height, n = strlen(text);
    for (size_t i = 0; i < luma; i++) f->data[i] = (uint8_t)(16 + (f->data[i] > 16 ? (f->data[i] - 16) / 4 : 0));
    for (size_t i = luma; i < f->size; i++) f->data[i] = (uint8_t)(128 + (f->data[i] - 128) / 4);
    unsigned scale = f->width / 160;
    if (!scale || n * 6 * scale > f->width || 8 * scale > f->height) return;
    size_t left = (f->width - n * 6 * scale) / 2, top = (f->height - 8 * scale) / 2;
    for (; *text; left += 6 * scale) glyph(f, grat__font_next(&text), top * f->width + left, scale);
}
