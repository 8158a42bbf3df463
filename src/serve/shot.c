#include "serve/shot.h"

#include <kiss_fftr.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define HEAD 72u
#define TRACE_HEAD 64u
#define MAX_FFT 65536u

serve_shot *serve_shot_new(grat_record *r, uint32_t number)
{
    serve_shot *s = calloc(1, sizeof *s);
    if (!s) {
        grat_record_unref(r);
        return NULL;
    }
    s->refs = 1;
    s->number = number;
    s->record = r;
    for (unsigned i = 0; i < r->traces; i++) {
        if (serve_pyramid_init(&s->pyramid[i], &r->trace[i], r->count)) continue;
        serve_shot_unref(s);
        return NULL;
    }
    return s;
}

serve_shot *serve_shot_ref(serve_shot *s)
{
    if (s) __atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
    return s;
}

void serve_shot_unref(serve_shot *s)
{
    if (!s || __atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL)) return;
    for (unsigned i = 0; i < s->record->traces; i++) serve_pyramid_free(&s->pyramid[i]);
    grat_record_unref(s->record);
    free(s);
}

/* ---- little-endian -------------------------------------------------------------------------------- */

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static void put32(uint8_t *p, uint32_t v)
{
    put16(p, v & 0xffff);
    put16(p + 2, v >> 16);
}

static void put64(uint8_t *p, uint64_t v)
{
    put32(p, (uint32_t)v);
    put32(p + 4, (uint32_t)(v >> 32));
}

static void put_f64(uint8_t *p, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    put64(p, bits);
}

/* ---- frames ------------------------------------------------------------------------------------------ */

/* The samples [first, last) under the view; none: first == last. */
typedef struct window {
    double from, to;
    size_t first, last;
    uint32_t columns;
    bool samples;           /* fewer samples than columns: they themselves */
} window;

static double begin_of(const serve_shot *s)
{
    return s->record->t0 + (double)s->record->first * s->record->dt - s->origin;
}

static size_t index_at(const serve_shot *s, double t)
{
    const grat_record *r = s->record;
    double i = r->dt > 0 ? (t - begin_of(s)) / r->dt : 0;
    if (!(i > 0)) return 0;
    return i >= (double)r->count ? r->count : (size_t)i;
}

static window window_of(const serve_shot *s, const serve_view *v)
{
    const grat_record *r = s->record;
    window w = {.from = v->from, .to = v->to, .columns = v->columns};
    if (w.columns < 16) w.columns = 16;
    if (w.columns > SERVE_MAX_COLUMNS) w.columns = SERVE_MAX_COLUMNS;
    if (!isfinite(w.from) || !isfinite(w.to) || !(w.to > w.from) || !(w.to - w.from >= 1e-15)) {
        w.from = begin_of(s);
        w.to = w.from + (double)r->count * r->dt;
    }
    w.first = index_at(s, w.from);
    w.last = index_at(s, w.to + 2 * r->dt);
    if (w.first > 0) w.first--;
    double width = r->dt > 0 ? (w.to - w.from) / r->dt : 0;
    w.samples = width <= w.columns;
    /* So coarse an interval would ask for more points than anyone sees. */
    if (w.samples && w.last - w.first > (size_t)w.columns + 8) w.last = w.first + w.columns + 8;
    return w;
}

typedef struct coder {
    double scale, offset;   /* code = (raw - offset) / scale; whole numbers are kept */
} coder;

static coder coder_of(const serve_shot *s, unsigned i)
{
    const grat_trace *t = &s->record->trace[i];
    if (t->type == GRAT_U16) return (coder){1, 32768};
    if (t->type != GRAT_F32 || !s->record->count) return (coder){1, 0};
    serve_range r = serve_pyramid_range(&s->pyramid[i], 0, s->record->count);
    double span = (double)r.high - r.low;
    if (!isfinite(span) || !(span > 0)) return (coder){1, isfinite(r.low) ? r.low : 0};
    return (coder){span / 65000, ((double)r.high + r.low) / 2};
}

static int code(const coder *c, double raw)
{
    double v = (raw - c->offset) / c->scale;
    if (!(v > -32768)) return -32768;
    return v > 32767 ? 32767 : (int)lrint(v);
}

static double raw_at(const grat_trace *t, size_t i)
{
    switch (t->type) {
    case GRAT_U8: return ((const uint8_t *)t->raw)[i];
    case GRAT_I8: return ((const int8_t *)t->raw)[i];
    case GRAT_U16: return ((const uint16_t *)t->raw)[i];
    case GRAT_I16: return ((const int16_t *)t->raw)[i];
    case GRAT_F32: break;
    }
    return ((const float *)t->raw)[i];
}

/* The edges of wide columns are moved to whole bins, by less than a sixteenth of a column: then the samples themselves,
 * which are far away in memory, need not be touched. Each sample still belongs to one column. */
static double edge_at(double from, double per, uint32_t columns, size_t k)
{
    double e = from + per * (double)k;
    if (k == 0 || k == columns || per < 8 * SERVE_PYRAMID_BIN || !(e > 0) || e > 1e15) return e;
    return (double)((size_t)(e / SERVE_PYRAMID_BIN + 0.5) * SERVE_PYRAMID_BIN);
}

/* Columns that lie outside the record have low > high. */
static void put_column(uint8_t *p, const serve_pyramid *y, const coder *c, const double edge[2])
{
    double last = (double)y->count;
    size_t a = edge[0] > 0 ? (size_t)fmin(edge[0], last) : 0;
    size_t b = edge[1] > 0 ? (size_t)fmin(ceil(edge[1]), last) : 0;
    if (a >= b) {
        put16(p, 1);
        put16(p + 2, 0);
        return;
    }
    serve_range r = serve_pyramid_range(y, a, b);
    put16(p, (unsigned)code(c, r.low) & 0xffff);
    put16(p + 2, (unsigned)code(c, r.high) & 0xffff);
}

static size_t trace_size(const window *w)
{
    size_t n = w->samples ? 2 * (w->last - w->first) : 4 * (size_t)w->columns;
    return TRACE_HEAD + ((n + 7) & ~(size_t)7);
}

static void put_trace(uint8_t *p, const serve_shot *s, unsigned i, const window *w)
{
    const grat_record *r = s->record;
    const grat_trace *t = &r->trace[i];
    coder c = coder_of(s, i);
    size_t points = w->samples ? w->last - w->first : w->columns;
    double at = begin_of(s) + (double)w->first * r->dt + t->skew, step = r->dt;
    memcpy(p, t->name, strnlen(t->name, 8));
    memcpy(p + 8, t->unit, strnlen(t->unit, 8));
    p[16] = w->samples;
    p[17] = t->logic;
    put32(p + 20, (uint32_t)points);
    put_f64(p + 24, t->scale * c.scale);
    put_f64(p + 32, t->offset + t->scale * c.offset);
    put32(p + 56, (uint32_t)(w->samples ? 2 * points : 4 * points));
    uint8_t *data = p + TRACE_HEAD;
    if (w->samples) {
        for (size_t k = 0; k < points; k++)
            put16(data + 2 * k, (unsigned)code(&c, raw_at(t, w->first + k)) & 0xffff);
    } else {
        step = (w->to - w->from) / w->columns;
        at = w->from + step / 2;
        double from = (w->from - t->skew - begin_of(s)) / r->dt, per = step / r->dt;
        for (size_t k = 0; k < points; k++) {
            double edge[2] = {edge_at(from, per, w->columns, k), edge_at(from, per, w->columns, k + 1)};
            put_column(data + 4 * k, &s->pyramid[i], &c, edge);
        }
    }
    put_f64(p + 40, at);
    put_f64(p + 48, step);
}

uint8_t *serve_frame(const serve_shot *s, const serve_view *view, size_t lead, size_t *n)
{
    const grat_record *r = s->record;
    window w = window_of(s, view);
    size_t size = HEAD + r->traces * trace_size(&w);
    uint8_t *whole = calloc(1, lead + size), *p = whole + lead;
    if (!whole) return NULL;
    memcpy(p, "GRF1", 4);
    put32(p + 4, s->number);
    put16(p + 8, r->traces);
    put16(p + 10, r->flags & 0xffff);
    put32(p + 12, w.columns);
    put_f64(p + 16, w.from);
    put_f64(p + 24, w.to);
    put_f64(p + 32, begin_of(s));
    put_f64(p + 40, begin_of(s) + (double)r->count * r->dt);
    put_f64(p + 48, r->dt);
    put64(p + 56, r->count);
    put32(p + 64, view->number);
    for (unsigned i = 0; i < r->traces; i++) put_trace(p + HEAD + i * trace_size(&w), s, i, &w);
    *n = size;
    return whole;
}

/* ---- spectra ------------------------------------------------------------------------------------------- */

/* Power of each bin, as the square of rms volts; false when memory is short. */
static bool transform(const grat_trace *t, size_t from, size_t n, float *power)
{
    kiss_fftr_cfg cfg = kiss_fftr_alloc((int)n, 0, NULL, NULL);
    float *in = malloc(n * sizeof *in);
    kiss_fft_cpx *out = malloc((n / 2 + 1) * sizeof *out);
    bool ok = cfg && in && out;
    if (ok) {
        double mean = 0;
        grat_trace_values_f32(t, from, n, in);
        for (size_t i = 0; i < n; i++) mean += in[i];
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            double hann = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
            in[i] = (float)((in[i] - mean) * hann);
        }
        kiss_fftr(cfg, in, out);
        /* The window's gain is 1/2; an amplitude a gives |X| = a n / 4, and rms is a / sqrt 2. */
        double unit = 4 / ((double)n * sqrt(2));
        for (size_t i = 0; i <= n / 2; i++) {
            double re = out[i].r * unit, im = out[i].i * unit;
            power[i] = (float)(re * re + im * im);
        }
        power[0] = (float)(mean * mean);
    }
    kiss_fftr_free(cfg);
    free(in);
    free(out);
    return ok;
}

uint8_t *serve_spectrum(const serve_shot *s, unsigned trace, size_t lead, size_t *n)
{
    const grat_record *r = s->record;
    size_t samples = MAX_FFT;
    if (trace >= r->traces || r->trace[trace].logic || !(r->dt > 0)) return NULL;
    while (samples > r->count) samples /= 2;
    if (samples < 64) return NULL;
    size_t bins = samples / 2 + 1, per = (bins + SERVE_SPECTRUM_POINTS - 1) / SERVE_SPECTRUM_POINTS;
    size_t points = (bins + per - 1) / per, size = HEAD + 4 * points;
    float *power = malloc(bins * sizeof *power);
    uint8_t *whole = calloc(1, lead + size), *p = whole + lead;
    if (!power || !whole || !transform(&r->trace[trace], r->count - samples, samples, power)) {
        free(power);
        free(whole);
        return NULL;
    }
    memcpy(p, "GRS1", 4);
    put32(p + 4, s->number);
    put16(p + 8, 1);
    put32(p + 12, (uint32_t)points);
    put_f64(p + 24, (double)points * (double)per / ((double)samples * r->dt));
    memcpy(p + 32, r->trace[trace].name, strnlen(r->trace[trace].name, 8));
    put_f64(p + 40, 1 / ((double)samples * r->dt));
    put64(p + 56, samples);
    for (size_t k = 0; k < points; k++) {
        float most = 0;
        for (size_t i = k * per; i < bins && i < (k + 1) * per; i++) most = fmaxf(most, power[i]);
        float db = 10 * log10f(fmaxf(most, 1e-20f));
        uint32_t bits;
        memcpy(&bits, &db, sizeof bits);
        put32(p + HEAD + 4 * k, bits);
    }
    free(power);
    *n = size;
    return whole;
}
