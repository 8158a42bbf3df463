#include "format/envelope.h"

#include <math.h>
#include <string.h>

void grat__envelope_init(grat__envelope *e)
{
    e->origin = e->width = 0;
    for (unsigned i = 0; i < GRAT__BINS; i++) e->low[i] = INFINITY, e->high[i] = -INFINITY;
}

/* Two bins become one; they then fill the half that begins at `to`. */
static void join(grat__envelope *e, unsigned to)
{
    float low[GRAT__BINS / 2], high[GRAT__BINS / 2];
    for (unsigned i = 0; i < GRAT__BINS / 2; i++) {
        low[i] = fminf(e->low[2 * i], e->low[2 * i + 1]);
        high[i] = fmaxf(e->high[2 * i], e->high[2 * i + 1]);
    }
    double origin = e->origin - (to ? GRAT__BINS * e->width : 0), width = 2 * e->width;
    grat__envelope_init(e);
    e->origin = origin;
    e->width = width;
    memcpy(e->low + to, low, sizeof low);
    memcpy(e->high + to, high, sizeof high);
}

static void cover(grat__envelope *e, double from, double to)
{
    if (!(e->width > 0)) {
        e->origin = from;
        e->width = (to - from) / (GRAT__BINS / 2);
    }
    while (to >= e->origin + GRAT__BINS * e->width) join(e, 0);
    while (from < e->origin) join(e, GRAT__BINS / 2);
}

#define SPAN(T, LEAST, GREATEST)                                                                                       \
    do {                                                                                                               \
        const T *p = (const T *)t->raw + from;                                                                         \
        T low = GREATEST, high = LEAST;                                                                                \
        for (size_t i = 0; i < n; i++) {                                                                               \
            low = p[i] < low ? p[i] : low;                                                                             \
            high = p[i] > high ? p[i] : high;                                                                          \
        }                                                                                                              \
        a = (double)low;                                                                                               \
        b = (double)high;                                                                                              \
    } while (0)

/* As unsigned bytes, which every x86-64 compares sixteen at a time. */
static void span_i8(const int8_t *p, size_t n, double *a, double *b)
{
    uint8_t low = UINT8_MAX, high = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t v = (uint8_t)p[i] ^ 0x80;
        low = v < low ? v : low;
        high = v > high ? v : high;
    }
    *a = (int)low - 128;
    *b = (int)high - 128;
}

/* n > 0 samples into one bin. */
static void add_span(const grat_trace *t, size_t from, size_t n, float *low_bin, float *high_bin)
{
    double a = INFINITY, b = -INFINITY;
    switch (t->type) {
    case GRAT_U8:
        SPAN(uint8_t, 0, UINT8_MAX);
        break;
    case GRAT_I8:
        span_i8((const int8_t *)t->raw + from, n, &a, &b);
        break;
    case GRAT_U16:
        SPAN(uint16_t, 0, UINT16_MAX);
        break;
    case GRAT_I16:
        SPAN(int16_t, INT16_MIN, INT16_MAX);
        break;
    case GRAT_F32:
        SPAN(float, -INFINITY, INFINITY);
        break;
    }
    if (a > b) return; /* none of it is a number */
    a = a * t->scale + t->offset;
    b = b * t->scale + t->offset;
    if (a > b) {
        double swap = a;
        a = b, b = swap;
    }
    if ((float)a < *low_bin) *low_bin = (float)a;
    if ((float)b > *high_bin) *high_bin = (float)b;
}

static double begin_of(const grat_record *r)
{
    return r->t0 + (double)r->first * r->dt;
}

static unsigned bin_at(double bin)
{
    return bin < 0 ? 0 : bin < GRAT__BINS ? (unsigned)bin : GRAT__BINS - 1;
}

/* The end of the samples that share a bin with sample i. */
static size_t bin_end(const grat__envelope *e, const grat_record *r, size_t i, unsigned *at)
{
    double begin = begin_of(r), bin = floor((begin + (double)i * r->dt - e->origin) / e->width);
    double end = ceil((e->origin + (bin + 1) * e->width - begin) / r->dt);
    *at = bin_at(bin);
    return end > (double)i + 1 ? end < (double)r->count ? (size_t)end : r->count : i + 1;
}

void grat__envelope_add(grat__envelope *e, const grat_record *r, unsigned trace)
{
    if (!r->count) return;
    cover(e, begin_of(r), begin_of(r) + (double)r->count * r->dt);
    for (size_t i = 0, stop; i < r->count; i = stop) {
        unsigned at;
        stop = bin_end(e, r, i, &at);
        add_span(&r->trace[trace], i, stop - i, &e->low[at], &e->high[at]);
    }
}

void grat__envelope_plan(grat__envelope *e, const grat_record *r, grat__envelope_part *p)
{
    p->spans = 0;
    if (!r->count) return;
    cover(e, begin_of(r), begin_of(r) + (double)r->count * r->dt);
    for (size_t i = 0; i < r->count; i = p->end[p->spans++]) {
        unsigned at;
        p->end[p->spans] = p->spans < GRAT__BINS + 1 ? bin_end(e, r, i, &at) : r->count;
    }
}

void grat__envelope_work(grat__envelope_part *p, const grat_record *r, unsigned trace)
{
    for (unsigned k = 0; k < p->spans; k++) {
        size_t from = k ? p->end[k - 1] : 0;
        p->low[k] = INFINITY, p->high[k] = -INFINITY;
        add_span(&r->trace[trace], from, p->end[k] - from, &p->low[k], &p->high[k]);
    }
}

void grat__envelope_merge(grat__envelope *e, const grat__envelope_part *p, const grat_record *r)
{
    for (unsigned k = 0; k < p->spans; k++) {
        /* Its bin may have been joined with others since; it is still one, and the middle is surely in it. */
        double middle = ((double)(k ? p->end[k - 1] : 0) + (double)(p->end[k] - 1)) / 2;
        unsigned at = bin_at(floor((begin_of(r) + middle * r->dt - e->origin) / e->width));
        if (p->low[k] < e->low[at]) e->low[at] = p->low[k];
        if (p->high[k] > e->high[at]) e->high[at] = p->high[k];
    }
}
