/* A plot of the records: a panel for every unit, a lane for every logic channel, several acquisitions on top of each
 * other. More samples than columns are drawn as the span between their least and greatest value. */
#include "core/str.h"
#include "format/cairo_lazy.h"
#include "format/envelope.h"
#include "format/format.h"
#include "format/image/image.h"
#include "format/num.h"
#include "format/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { WIDTH = 1200, LEFT = 84, RIGHT = 24, TOP = 76, BOTTOM = 56 };
enum { LANE = 26, PANEL = 460, SMALL_PANEL = 240, GAP = 22 };
#define PLOT_WIDTH (WIDTH - LEFT - RIGHT)

typedef struct plot {
    const grat_meta *meta;
    grat__keep keep;         /* all records, or, of a long recording, the first one */
    grat__envelope *wide;    /* of a long recording: one for each trace; … */
    grat__pool *pool;        /* … where these take the samples from; … */
    struct part *next;       /* … the job that is being filled */
    double t_low, t_high;
} plot;

/* Several records at once: a thread that sleeps is slow to wake. */
enum { TOGETHER = 4 };

typedef struct part {
    unsigned n;              /* records; with none the fonts are made ready */
    grat_record *r[TOGETHER];
    grat__envelope_part *of[TOGETHER];   /* one for each trace */
} part;

/* What is longer is drawn from its envelope, without being held. */
#define HELD_SAMPLES 1000000u

typedef struct span {
    float low[PLOT_WIDTH], high[PLOT_WIDTH];
    bool any[PLOT_WIDTH];
} span;

/* A linear scale from values to pixels, with its ticks. */
typedef struct axis {
    double low, high, pixel_low, pixel_high;
    double step, factor;       /* factor: shown = value * factor */
    char prefix[4];
    unsigned decimals;
} axis;

/* Okabe and Ito: told apart by everyone, and in grey. */
static const double colors[][3] = {
    {0.00, 0.45, 0.70}, {0.84, 0.37, 0.00}, {0.00, 0.62, 0.45}, {0.80, 0.47, 0.65},
    {0.34, 0.71, 0.91}, {0.90, 0.62, 0.00},
};

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)o;
    ((plot *)p)->meta = meta;
    if (grat__cairo_load()) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "a plot needs libcairo.so.2, which is not here; apt install libcairo2");
}

/* A record like this one with the first sample of each trace. */
static grat_record *head_of(const grat_record *r)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < r->traces; i++) types[i] = r->trace[i].type;
    grat_record *head = grat_record_new(r->traces, types, 1);
    if (!head) return NULL;
    for (unsigned i = 0; i < r->traces; i++) {
        void *raw = head->trace[i].raw;
        memcpy(raw, r->trace[i].raw, grat_sample_size(r->trace[i].type));
        head->trace[i] = r->trace[i];
        head->trace[i].raw = raw;
    }
    head->t0 = r->t0, head->dt = r->dt, head->utc_ns = r->utc_ns;
    return head;
}

static void font(cairo_t *c, double size, bool bold)
{
    cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(c, size);
}

/* The first letter takes as long as the rest of the drawing. */
static void find_fonts(void)
{
    cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 8, 8);
    cairo_t *c = cairo_create(surface);
    cairo_text_extents_t e;
    for (int bold = 0; bold < 2; bold++) {
        font(c, 13, bold);
        cairo_text_extents(c, "0", &e);
    }
    cairo_destroy(c);
    cairo_surface_destroy(surface);
}

static void find_extremes(void *job)
{
    part *p = job;
    if (!p->n) find_fonts();
    for (unsigned k = 0; k < p->n; k++)
        for (unsigned i = 0; i < p->r[k]->traces; i++) grat__envelope_work(&p->of[k][i], p->r[k], i);
}

static grat_err merge_extremes(void *user, void *job, grat_op *op)
{
    plot *g = user;
    part *p = job;
    (void)op;
    for (unsigned k = 0; k < p->n; k++) {
        for (unsigned i = 0; i < p->r[k]->traces; i++) grat__envelope_merge(&g->wide[i], &p->of[k][i], p->r[k]);
        grat_record_unref(p->r[k]);
    }
    p->n = 0;
    return GRAT_OK;
}

static void free_part(void *job)
{
    part *p = job;
    for (unsigned k = 0; k < p->n; k++) grat_record_unref(p->r[k]);
    for (unsigned k = 0; k < TOGETHER; k++) free(p->of[k]);
}

static grat_err no_memory(grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOMEM, "cannot draw the plot: out of memory; close something");
}

static grat_err next_part(plot *g, grat_op *op)
{
    void *job;
    grat_err err = g->next ? GRAT_OK : grat__pool_take(g->pool, op, &job);
    if (!err && !g->next) g->next = job;
    return err;
}

static void start_part(plot *g)
{
    g->next = NULL;
    grat__pool_start(g->pool);
}

static grat_err put_part(plot *g, grat_record *r, grat_op *op)
{
    grat_err err = next_part(g, op);
    if (err) return err;
    part *p = g->next;
    if (!p->of[p->n]) p->of[p->n] = malloc(r->traces * sizeof *p->of[0]);
    if (!p->of[p->n]) return no_memory(op);
    for (unsigned i = 0; i < r->traces; i++) grat__envelope_plan(&g->wide[i], r, &p->of[p->n][i]);
    p->r[p->n++] = grat_record_ref(r);
    if (p->n == TOGETHER) start_part(g);
    return GRAT_OK;
}

static grat_err widen(plot *g, const grat_record *r, grat_op *op)
{
    grat_record *head = head_of(g->keep.count ? g->keep.record[0] : r);
    const grat__pool_kind kind = {.job_size = sizeof(part), .work = find_extremes, .done = merge_extremes,
                                  .fini = free_part, .user = g};
    g->wide = malloc(r->traces * sizeof *g->wide);
    g->pool = grat__pool_new(&kind, false);
    if (!g->wide || !head || !g->pool) {
        grat_record_unref(head);
        return no_memory(op);
    }
    for (unsigned i = 0; i < r->traces; i++) {
        grat__envelope_init(&g->wide[i]);
        for (size_t k = 0; k < g->keep.count; k++) grat__envelope_add(&g->wide[i], g->keep.record[k], i);
    }
    grat__keep_free(&g->keep);
    grat_err err = grat__keep_add(&g->keep, head, op);
    grat_record_unref(head);
    if (!err) err = next_part(g, op);
    if (!err) start_part(g);
    return err;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    plot *g = p;
    (void)o;
    if (!r->count) return GRAT_OK;
    double low = r->t0 + (double)r->first * r->dt, high = low + (double)(r->count - 1) * r->dt;
    if (!g->keep.count || low < g->t_low) g->t_low = low;
    if (!g->keep.count || high > g->t_high) g->t_high = high;
    if (!g->wide && g->keep.samples + r->count > HELD_SAMPLES) {
        grat_err err = widen(g, r, op);
        if (err) return err;
    }
    return g->wide ? put_part(g, r, op) : grat__keep_add(&g->keep, r, op);
}

/* ---- scales --------------------------------------------------------------------------------------- */

static void axis_init(axis *a, double low, double high, unsigned ticks)
{
    static const struct {
        double above;
        const char *prefix;
    } prefixes[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "µ"}, {1e-9, "n"}, {1e-12, "p"}};
    a->low = low, a->high = high;
    double rough = (high - low) / ticks, power = pow(10, floor(log10(rough)));
    double lead = rough / power;
    a->step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    double largest = fmax(fabs(low), fabs(high));
    unsigned i = 0;
    while (i < 7 && largest < prefixes[i].above * 1.0000001) i++;
    a->factor = 1 / prefixes[i].above;
    grat__strcpy(a->prefix, sizeof a->prefix, prefixes[i].prefix);
    int decimals = -(int)floor(log10(a->step * a->factor) + 1e-9);
    a->decimals = decimals > 0 ? (unsigned)decimals : 0;
}

static double to_pixel(const axis *a, double v)
{
    return a->pixel_low + (v - a->low) / (a->high - a->low) * (a->pixel_high - a->pixel_low);
}

/* Half pixels keep hairlines sharp, and eighths keep the drawing small. */
static double sharp(double v)
{
    return floor(v) + 0.5;
}

static double eighth(double v)
{
    return rint(v * 8) / 8;
}

static void trace_range(const plot *g, unsigned trace, double *low, double *high)
{
    double v[1024];
    for (unsigned i = 0; g->wide && i < GRAT__BINS; i++) {
        if (g->wide[trace].low[i] < *low) *low = g->wide[trace].low[i];
        if (g->wide[trace].high[i] > *high) *high = g->wide[trace].high[i];
    }
    for (size_t k = 0; k < g->keep.count && !g->wide; k++) {
        const grat_record *r = g->keep.record[k];
        for (size_t i = 0; i < r->count; i += 1024) {
            size_t n = r->count - i < 1024 ? r->count - i : 1024;
            grat_trace_values(&r->trace[trace], i, n, v);
            for (size_t j = 0; j < n; j++) {
                if (v[j] < *low) *low = v[j];
                if (v[j] > *high) *high = v[j];
            }
        }
    }
}

/* ---- text and grid -------------------------------------------------------------------------------- */

static void set_color(cairo_t *c, unsigned i, double alpha)
{
    const double *rgb = colors[i % (sizeof colors / sizeof *colors)];
    cairo_set_source_rgba(c, rgb[0], rgb[1], rgb[2], alpha);
}

/* align: 0 left, 0.5 centre, 1 right of x. */
static double put_text(cairo_t *c, double x, double y, double align, const char *text)
{
    cairo_text_extents_t e;
    cairo_text_extents(c, text, &e);
    cairo_move_to(c, x - align * e.x_advance, y);
    cairo_show_text(c, text);
    return e.x_advance;
}

static void grid(cairo_t *c, const axis *a, bool vertical, double from, double to, bool labels)
{
    for (double k = ceil(a->low / a->step - 1e-9); k * a->step <= a->high + a->step * 1e-9; k++) {
        double at = sharp(to_pixel(a, k * a->step));
        cairo_set_source_rgb(c, 0.88, 0.88, 0.88);
        cairo_set_line_width(c, 1);
        cairo_move_to(c, vertical ? at : from, vertical ? from : at);
        cairo_line_to(c, vertical ? at : to, vertical ? to : at);
        cairo_stroke(c);
        if (!labels) continue;
        char text[32];
        double shown = k * a->step * a->factor;
        snprintf(text, sizeof text, "%.*f", (int)a->decimals, k == 0 ? 0 : shown);
        cairo_set_source_rgb(c, 0.2, 0.2, 0.2);
        font(c, 13, false);
        if (vertical)
            put_text(c, at, to + 20, 0.5, text);
        else
            put_text(c, from - 8, at + 4.5, 1, text);
    }
}

static void frame(cairo_t *c, double top, double bottom)
{
    cairo_set_source_rgb(c, 0.35, 0.35, 0.35);
    cairo_set_line_width(c, 1);
    cairo_rectangle(c, LEFT - 0.5, sharp(top), PLOT_WIDTH + 1, floor(bottom) - floor(top));
    cairo_stroke(c);
}

static void vertical_label(cairo_t *c, double y, const char *text)
{
    cairo_save(c);
    cairo_translate(c, 22, y);
    cairo_rotate(c, -M_PI / 2);
    font(c, 14, false);
    put_text(c, 0, 0, 0.5, text);
    cairo_restore(c);
}

/* ---- traces --------------------------------------------------------------------------------------- */

static void add_span(span *s, const grat_record *r, unsigned trace, const axis *x)
{
    double v[1024], t0 = r->t0 + (double)r->first * r->dt;
    for (size_t i = 0; i < r->count; i += 1024) {
        size_t n = r->count - i < 1024 ? r->count - i : 1024;
        grat_trace_values(&r->trace[trace], i, n, v);
        for (size_t j = 0; j < n; j++) {
            int at = (int)((t0 + (double)(i + j) * r->dt - x->low) / (x->high - x->low) * PLOT_WIDTH);
            at = at < 0 ? 0 : at >= PLOT_WIDTH ? PLOT_WIDTH - 1 : at;
            float f = (float)v[j];
            if (isnan(f)) continue;
            if (!s->any[at] || f < s->low[at]) s->low[at] = f;
            if (!s->any[at] || f > s->high[at]) s->high[at] = f;
            s->any[at] = true;
        }
    }
}

static void spread(span *s, const grat__envelope *e, const axis *x)
{
    for (unsigned i = 0; i < GRAT__BINS; i++) {
        if (e->low[i] > e->high[i]) continue;
        int at = (int)((e->origin + (i + 0.5) * e->width - x->low) / (x->high - x->low) * PLOT_WIDTH);
        at = at < 0 ? 0 : at >= PLOT_WIDTH ? PLOT_WIDTH - 1 : at;
        if (!s->any[at] || e->low[i] < s->low[at]) s->low[at] = e->low[i];
        if (!s->any[at] || e->high[i] > s->high[at]) s->high[at] = e->high[i];
        s->any[at] = true;
    }
}

static void draw_span(cairo_t *c, const span *s, const axis *y)
{
    bool down = false, open = false;
    for (int i = 0; i < PLOT_WIDTH; i++) {
        if (!s->any[i]) {
            open = false;
            continue;
        }
        double first = eighth(to_pixel(y, down ? s->high[i] : s->low[i]));
        double second = eighth(to_pixel(y, down ? s->low[i] : s->high[i]));
        double at = LEFT + i + 0.5;
        if (open)
            cairo_line_to(c, at, first);
        else
            cairo_move_to(c, at, first);
        if (first != second) cairo_line_to(c, at, second);
        open = true;
        down = !down;
    }
}

static void draw_points(cairo_t *c, const grat_record *r, unsigned trace, const axis *x, const axis *y, bool joined)
{
    double t0 = r->t0 + (double)r->first * r->dt, previous = 0;
    for (size_t i = 0; i < r->count; i++) {
        double v;
        grat_trace_values(&r->trace[trace], i, 1, &v);
        double px = eighth(to_pixel(x, t0 + (double)i * r->dt)), py = eighth(to_pixel(y, v));
        if (r->trace[trace].logic && i) cairo_line_to(c, px, previous);
        if (i || joined)
            cairo_line_to(c, px, py);
        else
            cairo_move_to(c, px, py);
        previous = py;
    }
}

/* The records of one acquisition are one curve, unless samples are missing between them. */
static void draw_trace(cairo_t *c, const plot *g, unsigned trace, const axis *x, const axis *y)
{
    span *s = calloc(1, sizeof *s);
    if (!s) return;
    if (g->wide) {
        spread(s, &g->wide[trace], x);
        draw_span(c, s, y);
        cairo_stroke(c);
    }
    for (size_t k = 0; k < g->keep.count && !g->wide;) {
        size_t stop = k, samples = 0;
        do {
            samples += g->keep.record[stop++]->count;
        } while (stop < g->keep.count && g->keep.record[stop]->number == g->keep.record[k]->number &&
                 !(g->keep.record[stop]->flags & GRAT_REC_GAP_BEFORE));
        bool many = samples > 2 * PLOT_WIDTH;
        memset(s, 0, sizeof *s);
        for (size_t i = k; i < stop; i++) {
            if (many)
                add_span(s, g->keep.record[i], trace, x);
            else
                draw_points(c, g->keep.record[i], trace, x, y, i > k);
        }
        if (many) draw_span(c, s, y);
        cairo_stroke(c);
        k = stop;
    }
    free(s);
}

static unsigned color_of(const grat_record *r, unsigned trace)
{
    const char *name = r->trace[trace].name;
    if (name[0] >= '1' && name[0] <= '4' && !name[1]) return (unsigned)(name[0] - '1');
    return trace;
}

/* ---- layout --------------------------------------------------------------------------------------- */

typedef struct layout {
    unsigned panels, lanes, height;
    char unit[GRAT_MAX_CHANNELS][8];
    double panel_height;
} layout;

static void arrange(layout *l, const grat_record *r)
{
    memset(l, 0, sizeof *l);
    for (unsigned i = 0; i < r->traces; i++) {
        unsigned k = 0;
        if (r->trace[i].logic) {
            l->lanes++;
            continue;
        }
        while (k < l->panels && strcmp(l->unit[k], r->trace[i].unit) != 0) k++;
        if (k == l->panels) grat__strcpy(l->unit[l->panels++], sizeof l->unit[0], r->trace[i].unit);
    }
    l->panel_height = l->panels > 1 ? SMALL_PANEL : PANEL;
    l->height = (unsigned)(TOP + BOTTOM + l->panels * (l->panel_height + GAP) + l->lanes * LANE);
    if (!l->lanes) l->height -= GAP;
}

static void draw_panel(cairo_t *c, const plot *g, const char *unit, double top, double bottom, const axis *x)
{
    const grat_record *r = g->keep.record[0];
    double low = INFINITY, high = -INFINITY;
    for (unsigned i = 0; i < r->traces; i++) {
        if (!r->trace[i].logic && strcmp(r->trace[i].unit, unit) == 0) trace_range(g, i, &low, &high);
    }
    if (!(low <= high)) low = -1, high = 1;
    double margin = high > low ? 0.06 * (high - low) : fmax(fabs(high) * 0.1, 1e-3);
    axis y;
    axis_init(&y, low - margin, high + margin, 8);
    y.pixel_low = bottom, y.pixel_high = top;
    grid(c, x, true, top, bottom, false);
    grid(c, &y, false, LEFT, LEFT + PLOT_WIDTH, true);
    cairo_save(c);
    cairo_rectangle(c, LEFT, top, PLOT_WIDTH, bottom - top);
    cairo_clip(c);
    cairo_set_line_join(c, CAIRO_LINE_JOIN_ROUND);
    cairo_set_line_width(c, 1.4);
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].logic || strcmp(r->trace[i].unit, unit) != 0) continue;
        set_color(c, color_of(r, i), g->meta->acquisitions > 8 ? 0.4 : 0.95);
        draw_trace(c, g, i, x, &y);
    }
    cairo_restore(c);
    frame(c, top, bottom);
    char text[48];
    const char *what = strcmp(unit, "V") == 0 ? "Voltage" : strcmp(unit, "A") == 0 ? "Current" : "Value";
    snprintf(text, sizeof text, "%s (%s%s)", what, y.prefix, unit);
    cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
    vertical_label(c, (top + bottom) / 2, text);
}

static void draw_lanes(cairo_t *c, const plot *g, double top, double bottom, const axis *x)
{
    const grat_record *r = g->keep.record[0];
    double at = top;
    grid(c, x, true, top, bottom, false);
    for (unsigned i = 0; i < r->traces; i++) {
        if (!r->trace[i].logic) continue;
        axis y = {.low = 0, .high = 1, .pixel_low = at + LANE - 6, .pixel_high = at + 6};
        cairo_set_source_rgb(c, 0.15, 0.15, 0.15);
        font(c, 13, false);
        put_text(c, LEFT - 8, at + LANE / 2.0 + 4.5, 1, r->trace[i].name);
        set_color(c, i, 0.95);
        cairo_set_line_width(c, 1.2);
        draw_trace(c, g, i, x, &y);
        at += LANE;
    }
    frame(c, top, bottom);
}

static void draw_title(cairo_t *c, const plot *g)
{
    const grat_identity *id = &g->meta->identity;
    const grat_record *r = g->keep.record[0];
    char text[256], when[40] = "";
    snprintf(text, sizeof text, "%s%s%s%s%s", id->vendor, id->vendor[0] ? " " : "", id->model,
             id->serial[0] ? " · " : "", id->serial);
    cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
    font(c, 18, true);
    put_text(c, LEFT, 30, 0, text[0] ? text : "Waveform");
    time_t seconds = (time_t)(r->utc_ns / 1000000000);
    struct tm tm;
    if (r->utc_ns > 0 && gmtime_r(&seconds, &tm)) strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", &tm);
    font(c, 13, false);
    cairo_set_source_rgb(c, 0.35, 0.35, 0.35);
    put_text(c, WIDTH - RIGHT, 30, 1, when);
}

static void draw_legend(cairo_t *c, const plot *g)
{
    const grat_record *r = g->keep.record[0];
    double at = LEFT;
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].logic) continue;
        char note[160], text[224];
        grat__trace_note(g->meta, &r->trace[i], note, sizeof note);
        snprintf(text, sizeof text, "CH%s%s%s", r->trace[i].name, note[0] ? "  " : "", note);
        set_color(c, color_of(r, i), 1);
        cairo_set_line_width(c, 3);
        cairo_move_to(c, at, 56.5);
        cairo_line_to(c, at + 22, 56.5);
        cairo_stroke(c);
        cairo_set_source_rgb(c, 0.2, 0.2, 0.2);
        font(c, 12.5, false);
        at += 28 + put_text(c, at + 28, 61, 0, text) + 26;
    }
}

static void draw(cairo_t *c, const plot *g, const layout *l)
{
    axis x;
    double high = g->t_high > g->t_low ? g->t_high : g->t_low + g->keep.record[0]->dt;
    axis_init(&x, g->t_low, high, 10);
    x.pixel_low = LEFT, x.pixel_high = LEFT + PLOT_WIDTH;
    cairo_set_source_rgb(c, 1, 1, 1);
    cairo_paint(c);
    draw_title(c, g);
    draw_legend(c, g);
    double top = TOP, bottom = TOP;
    for (unsigned i = 0; i < l->panels; i++) {
        bottom = top + l->panel_height;
        draw_panel(c, g, l->unit[i], top, bottom, &x);
        top = bottom + GAP;
    }
    if (l->lanes) {
        bottom = top + l->lanes * LANE;
        draw_lanes(c, g, top, bottom, &x);
    }
    axis labels = x;
    grid(c, &labels, true, bottom, bottom, true);
    char text[32];
    snprintf(text, sizeof text, "Time (%ss)", x.prefix);
    font(c, 14, false);
    cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
    put_text(c, LEFT + PLOT_WIDTH / 2.0, bottom + 44, 0.5, text);
}

/* ---- surfaces ------------------------------------------------------------------------------------- */

typedef struct stream {
    grat_out *out;
    grat_op *op;
    grat_err err;
} stream;

static cairo_status_t put_bytes(void *user, const unsigned char *data, unsigned n)
{
    stream *s = user;
    if (!s->err) s->err = grat_out_write(s->out, data, n, s->op);
    return s->err ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

/* Cairo's own PNG takes several times as long and twice the bytes. */
static grat_err put_picture(cairo_surface_t *surface, unsigned height, stream *s)
{
    grat__raster raster;
    uint8_t *png;
    size_t n;
    grat_err err = grat__raster_init(&raster, WIDTH, height, 3, s->op);
    if (err) return err;
    cairo_surface_flush(surface);
    const uint8_t *data = cairo_image_surface_get_data(surface);
    size_t stride = (size_t)cairo_image_surface_get_stride(surface);
    for (unsigned y = 0; y < height; y++) {
        const uint32_t *from = (const void *)(data + y * stride);
        uint8_t *to = raster.pixels + y * raster.stride;
        for (unsigned x = 0; x < WIDTH; x++, to += 3)
            to[0] = (uint8_t)(from[x] >> 16), to[1] = (uint8_t)(from[x] >> 8), to[2] = (uint8_t)from[x];
    }
    err = grat__png_encode(&raster, &png, &n, s->op);
    grat__raster_free(&raster);
    if (err) return err;
    err = grat_out_write(s->out, png, n, s->op);
    free(png);
    return err;
}

static grat_err finish(cairo_surface_t *surface, const plot *g, const layout *l, bool picture, stream *s)
{
    cairo_t *c = cairo_create(surface);
    draw(c, g, l);
    cairo_status_t status = cairo_status(c);
    cairo_destroy(c);
    if (!status && picture) s->err = put_picture(surface, l->height, s);
    cairo_surface_finish(surface);
    if (!status) status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    if (s->err) return s->err;
    if (!status) return GRAT_OK;
    return grat_op_fail(s->op, GRAT_EIO, "cannot draw the plot: %s; choose csv or npy", cairo_status_to_string(status));
}

static grat_err end_with(plot *g, bool picture, grat_out *o, grat_op *op)
{
    if (g->next) start_part(g);
    grat_err err = g->pool ? grat__pool_drain(g->pool, op) : GRAT_OK;
    if (err) return err;
    if (!g->keep.count) return grat_op_fail(op, GRAT_ENODATA, "nothing to plot: the records are empty; capture again");
    layout l;
    arrange(&l, g->keep.record[0]);
    stream s = {.out = o, .op = op};
    cairo_surface_t *surface;
    if (picture)
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH, (int)l.height);
    else
        surface = cairo_svg_surface_create_for_stream(put_bytes, &s, WIDTH, l.height);
    return finish(surface, g, &l, picture, &s);
}

static grat_err end_png(void *p, grat_out *o, grat_op *op)
{
    return end_with(p, true, o, op);
}

static grat_err end_svg(void *p, grat_out *o, grat_op *op)
{
    return end_with(p, false, o, op);
}

static void fini(void *p)
{
    plot *g = p;
    grat__pool_free(g->pool);
    grat__keep_free(&g->keep);
    free(g->wide);
}

const grat_format grat__format_png = {
    .name = "png",
    .description = "plot as a picture",
    .extensions = "png",
    .priv_size = sizeof(plot),
    .begin = begin,
    .record = record,
    .end = end_png,
    .fini = fini,
};

const grat_format grat__format_svg = {
    .name = "svg",
    .description = "plot as a drawing",
    .extensions = "svg",
    .priv_size = sizeof(plot),
    .begin = begin,
    .record = record,
    .end = end_svg,
    .fini = fini,
};
