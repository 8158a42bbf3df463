#include "serve/pyramid.h"

#include <stdlib.h>
#include <string.h>

/* One loop without branches for each sample type, so that the compiler makes vectors of it. */
#define SCAN(name, type)                                                                                               \
    static serve_range name(const void *raw, size_t from, size_t to)                                                   \
    {                                                                                                                  \
        const type *v = (const type *)raw + from;                                                                      \
        type low = v[0], high = v[0];                                                                                  \
        for (size_t i = 1; i < to - from; i++) {                                                                       \
            low = v[i] < low ? v[i] : low;                                                                             \
            high = v[i] > high ? v[i] : high;                                                                          \
        }                                                                                                              \
        return (serve_range){(float)low, (float)high};                                                                 \
    }
SCAN(scan_u8, uint8_t)
SCAN(scan_i8, int8_t)
SCAN(scan_u16, uint16_t)
SCAN(scan_i16, int16_t)
SCAN(scan_f32, float)

static serve_range scan(const serve_pyramid *p, size_t from, size_t to)
{
    switch (p->type) {
    case GRAT_U8: return scan_u8(p->raw, from, to);
    case GRAT_I8: return scan_i8(p->raw, from, to);
    case GRAT_U16: return scan_u16(p->raw, from, to);
    case GRAT_I16: return scan_i16(p->raw, from, to);
    case GRAT_F32: break;
    }
    return scan_f32(p->raw, from, to);
}

static void join(serve_range *a, serve_range b)
{
    if (b.low < a->low) a->low = b.low;
    if (b.high > a->high) a->high = b.high;
}

static serve_range scan_bins(const serve_range *bins, size_t from, size_t to)
{
    serve_range r = bins[from];
    for (size_t i = from + 1; i < to; i++) join(&r, bins[i]);
    return r;
}

bool serve_pyramid_init(serve_pyramid *p, const grat_trace *t, size_t count)
{
    *p = (serve_pyramid){.raw = t->raw, .type = t->type, .count = count};
    size_t below = count, step = SERVE_PYRAMID_BIN;
    for (unsigned k = 0; k < SERVE_PYRAMID_LEVELS && below >= 2 * step; k++) {
        size_t n = below / step;  /* whole bins alone */
        serve_range *bins = malloc(n * sizeof *bins);
        if (!bins) {
            serve_pyramid_free(p);
            return false;
        }
        for (size_t i = 0; i < n; i++)
            bins[i] = k ? scan_bins(p->level[k - 1], i * step, (i + 1) * step) : scan(p, i * step, (i + 1) * step);
        p->level[k] = bins;
        p->bins[k] = n;
        p->levels = k + 1;
        below = n;
        step = SERVE_PYRAMID_STEP;
    }
    return true;
}

void serve_pyramid_free(serve_pyramid *p)
{
    for (unsigned k = 0; k < p->levels; k++) free(p->level[k]);
    p->levels = 0;
}

/* What is not whole bins of a level is taken from the level below, at both ends. */
serve_range serve_pyramid_range(const serve_pyramid *p, size_t from, size_t to)
{
    serve_range r = {0, 0};
    bool any = false;
    for (unsigned k = 0; k <= p->levels; k++) {
        size_t step = k ? SERVE_PYRAMID_STEP : SERVE_PYRAMID_BIN;
        size_t left = (from + step - 1) / step, right = to / step;
        bool up = k < p->levels && left < right && right <= p->bins[k];
        size_t end = up ? left * step : to;
        serve_range part;
        if (from < end) {
            part = k ? scan_bins(p->level[k - 1], from, end) : scan(p, from, end);
            if (any) join(&r, part);
            else r = part;
            any = true;
        }
        if (!up) break;
        if (right * step < to) {
            part = k ? scan_bins(p->level[k - 1], right * step, to) : scan(p, right * step, to);
            if (any) join(&r, part);
            else r = part;
            any = true;
        }
        from = left;
        to = right;
    }
    return r;
}
