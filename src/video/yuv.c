#include "video/yuv.h"

#include <stdlib.h>
#include <string.h>

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

/* ---- the card ------------------------------------------------------------------------------------ */

/* 5 x 7, the top row first, the left column in bit 4. */
static const struct {
    char c;
    uint8_t row[7];
} glyphs[] = {
    {'0', {14, 17, 17, 17, 17, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},      {'2', {14, 17, 1, 2, 4, 8, 31}},
    {'3', {31, 2, 4, 2, 1, 17, 14}},     {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {6, 8, 16, 30, 17, 17, 14}},   {'7', {31, 1, 2, 4, 4, 4, 4}},       {'8', {14, 17, 17, 14, 17, 17, 14}},
    {'9', {14, 17, 17, 15, 1, 2, 12}},   {'A', {14, 17, 17, 31, 17, 17, 17}}, {'D', {30, 17, 17, 17, 17, 17, 30}},
    {'G', {14, 17, 16, 23, 17, 17, 14}}, {'I', {14, 4, 4, 4, 4, 4, 14}},      {'L', {16, 16, 16, 16, 16, 16, 31}},
    {'N', {17, 25, 21, 19, 17, 17, 17}}, {'O', {14, 17, 17, 17, 17, 17, 14}}, {'S', {15, 16, 16, 14, 1, 1, 30}},
    {'s', {0, 0, 15, 16, 14, 1, 30}},
};

static void glyph(grat__yuv *f, const uint8_t row[7], size_t at, unsigned scale)
{
    for (unsigned y = 0; y < 7 * scale; y++)
        for (unsigned x = 0; x < 5 * scale; x++)
            if (row[y / scale] >> (4 - x / scale) & 1) f->data[at + (size_t)y * f->width + x] = 235;
}

void grat__yuv_card(grat__yuv *f, const char *text)
{
    size_t luma = (size_t)f->width * f->height, n = strlen(text);
    for (size_t i = 0; i < luma; i++) f->data[i] = (uint8_t)(16 + (f->data[i] > 16 ? (f->data[i] - 16) / 4 : 0));
    for (size_t i = luma; i < f->size; i++) f->data[i] = (uint8_t)(128 + (f->data[i] - 128) / 4);
    unsigned scale = f->width / 160;
    if (!scale || n * 6 * scale > f->width || 7 * scale > f->height) return;
    size_t left = (f->width - n * 6 * scale) / 2, top = (f->height - 7 * scale) / 2;
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < sizeof glyphs / sizeof *glyphs; k++)
            if (glyphs[k].c == text[i]) glyph(f, glyphs[k].row, top * f->width + left + i * 6 * scale, scale);
}
