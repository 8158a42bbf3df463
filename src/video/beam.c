#include "video/beam.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* HALF: half the width of the beam in pixels. */
#define HALF 0.65f
#define FLAT (1 / (2 * HALF))   /* energy of a pixel on a horizontal line */
enum { CURVE = 4096, CHUNK = 1024, DENSE = 32, PARTS = 16 };

/* Brightness of an energy: an edge over the whole height, a hundredth of a flat line, is still well seen. */
static uint8_t curve[CURVE + 1];
static pthread_once_t curve_made = PTHREAD_ONCE_INIT;

static void make_curve(void)
{
    for (int i = 1; i <= CURVE; i++) curve[i] = (uint8_t)(255 * fmin(1, pow((double)i / CURVE, 0.27)) + 0.5);
}

grat_err grat__beam_init(grat__beam *b, unsigned width, unsigned height, grat_op *op)
{
    pthread_once(&curve_made, make_curve);
    *b = (grat__beam){.width = width, .height = height, .curve = curve, .at = -1};
    b->glow = calloc(height, width);
    b->column = calloc((size_t)height + 2, sizeof *b->column);
    if (b->glow && b->column) return GRAT_OK;
    grat__beam_free(b);
    return grat_op_fail(op, GRAT_ENOMEM, "video: no memory for a trace of %u x %u pixels", width, height);
}

void grat__beam_free(grat__beam *b)
{
    free(b->glow);
    free(b->column);
    b->glow = NULL;
    b->column = NULL;
}

/* Turns the changes of the column in hand into brightness and clears them. */
static void emit(grat__beam *b)
{
    float energy = 0;
    if (b->at < 0 || b->low > b->high) return;
    uint8_t *out = b->glow + (size_t)b->low * b->width + (size_t)b->at;
    for (int y = b->low; y <= b->high; y++, out += b->width) {
        energy += b->column[y];
        b->column[y] = 0;
        if (y >= (int)b->height) continue;
        float part = energy * (CURVE / FLAT);
        uint8_t level = b->curve[part <= 0 ? 0 : part >= CURVE ? CURVE : (int)part];
        if (level > *out) *out = level;
    }
    b->low = (int)b->height + 1;
    b->high = 0;
}

static void move_to(grat__beam *b, int column)
{
    if (column == b->at) return;
    emit(b);
    b->at = column;
}

/* `time` of a column spent evenly between two heights; the ends cover their pixels in part. */
static void deposit(grat__beam *b, float y1, float y2, float time)
{
    float low = (y1 < y2 ? y1 : y2) - HALF, high = (y1 < y2 ? y2 : y1) + HALF, most = (float)b->height;
    float density = time / (high - low);
    if (!(high > 0 && low < most)) return;
    if (low < 0) low = 0;
    if (high > most) high = most;
    int first = (int)low, last = (int)high;
    float a = low - (float)first, z = high - (float)last;
    b->column[first] += density * (1 - a);
    b->column[first + 1] += density * a;
    b->column[last] -= density * (1 - z);
    b->column[last + 1] -= density * z;
    if (first < b->low) b->low = first;
    if (last + 1 > b->high) b->high = last + 1;
}

static void segment(grat__beam *b, float xa, float ya, float xb, float yb)
{
    float width = (float)b->width, slope = (yb - ya) / (xb - xa);
    if (!(xb > 0 && xa < width && xb > xa)) return;
    int first = xa < 0 ? 0 : (int)xa, last = xb >= width ? (int)b->width - 1 : (int)xb;
    for (int c = first; c <= last; c++) {
        float left = xa > (float)c ? xa : (float)c, right = xb < (float)(c + 1) ? xb : (float)(c + 1);
        if (right <= left) continue;
        move_to(b, c);
        deposit(b, ya + slope * (left - xa), ya + slope * (right - xa), right - left);
    }
}

static void sparse(grat__beam *b, const grat_trace *t, size_t count, const grat__beam_map *m)
{
    float v[CHUNK], x = 0, y = 0;
    double before = floor(-m->x0 / m->dx) - 1, behind = ceil(((double)b->width - m->x0) / m->dx) + 2;
    size_t from = !(before > 0) ? 0 : before < (double)count ? (size_t)before : count;
    size_t to = !(behind > 0) ? 0 : behind < (double)count ? (size_t)behind : count;
    for (size_t i = from; i < to; i += CHUNK) {
        size_t n = to - i < CHUNK ? to - i : CHUNK;
        grat_trace_values_f32(t, i, n, v);
        for (size_t k = 0; k < n; k++) {
            float xb = (float)(m->x0 + (double)(i + k) * m->dx), yb = (float)(m->y0 + (double)v[k] * m->dy);
            if (i + k > from) segment(b, x, y, xb, yb);
            x = xb;
            y = yb;
        }
    }
}

/* Least and greatest of n raw samples. */
#define SPAN(name, type)                                                                                               \
    static void name(const type *v, size_t n, double *low, double *high)                                               \
    {                                                                                                                  \
        type a = v[0], z = v[0];                                                                                       \
        for (size_t i = 1; i < n; i++) {                                                                               \
            a = v[i] < a ? v[i] : a;                                                                                   \
            z = v[i] > z ? v[i] : z;                                                                                   \
        }                                                                                                              \
        *low = (double)a;                                                                                              \
        *high = (double)z;                                                                                             \
    }
SPAN(span_u8, uint8_t)
SPAN(span_i8, int8_t)
SPAN(span_u16, uint16_t)
SPAN(span_i16, int16_t)
SPAN(span_f32, float)

static void span(const grat_trace *t, size_t from, size_t n, double *low, double *high)
{
    switch (t->type) {
    case GRAT_U8: span_u8((const uint8_t *)t->raw + from, n, low, high); break;
    case GRAT_I8: span_i8((const int8_t *)t->raw + from, n, low, high); break;
    case GRAT_U16: span_u16((const uint16_t *)t->raw + from, n, low, high); break;
    case GRAT_I16: span_i16((const int16_t *)t->raw + from, n, low, high); break;
    case GRAT_F32: span_f32((const float *)t->raw + from, n, low, high); break;
    }
    *low = *low * t->scale + t->offset;
    *high = *high * t->scale + t->offset;
}

/* Many samples a column: each part of it as the span of its samples, the last of the part before among them. */
static void dense(grat__beam *b, const grat_trace *t, size_t count, const grat__beam_map *m)
{
    double part = 1 / m->dx / PARTS, low = 0, high = 0;
    for (unsigned c = 0; c < b->width; c++) {
        for (unsigned k = 0; k < PARTS; k++) {
            double first = (c - m->x0) / m->dx + k * part, last = first + part;
            if (!(last >= 1 && first < (double)count)) continue;
            size_t from = first > 1 ? (size_t)first - 1 : 0, to = last < (double)count ? (size_t)last : count;
            if (to <= from) continue;
            span(t, from, to - from, &low, &high);
            move_to(b, (int)c);
            deposit(b, (float)(m->y0 + low * m->dy), (float)(m->y0 + high * m->dy), 1.0f / PARTS);
        }
    }
}

void grat__beam_trace(grat__beam *b, const grat_trace *t, size_t count, const grat__beam_map *m)
{
    if (!(m->dx > 0) || !isfinite(m->x0) || !isfinite(m->y0) || !isfinite(m->dy)) return;
    b->at = -1;
    b->low = (int)b->height + 1;
    b->high = 0;
    if (m->dx * DENSE < 1) dense(b, t, count, m);
    else sparse(b, t, count, m);
    move_to(b, -1);
}
