#include "video/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/font.h"
#include "core/str.h"
#include "video/beam.h"

/* The palette: single inks, then ramps of brightness. */
enum {
    INK_BAR, INK_BLACK, INK_DOT, INK_AXIS, INK_FRAME, INK_BOX, INK_DARK,
    RAMP_WHITE = 16, RAMP_ORANGE = 24, RAMP_GREEN = 32, RAMP_RED = 40, RAMP_SHORT = 8,
    RAMP_TRACE = 64, RAMP_LONG = 32,
};
enum { ANALOG = 4, PLANES = ANALOG + 1, LOGIC = ANALOG, KEEP = 150, DIMMEST = 24, LANES = 16, TEXT = 48 };
#define MEASURE_NS 250000000ll

typedef struct box {
    int x, y, w, h;
} box;

/* All that the still part of the picture depends on; zeroed before it is filled, so that two can be compared. */
typedef struct face {
    char state[8], time[TEXT], rate[TEXT], delay[TEXT], trigger[TEXT];
    char channel[ANALOG][TEXT], measured[ANALOG][TEXT];
    char lane[LANES][8];
    bool on[ANALOG];
    int state_ramp, trigger_ramp, lanes;
    int zero[ANALOG];      /* heights in the plot; of those that are out of it, its edge */
    int level, moment;     /* of the trigger, in the plot; < 0 = none */
} face;

struct grat__draw {
    grat_caps caps;
    unsigned scale;        /* of the font */
    box plot;
    grat__raster still, picture;
    face face;
    bool drawn;
    grat__beam beam[PLANES];
    int64_t measured_ns;
};

/* ---- colours --------------------------------------------------------------------------------------- */

static void ink(grat__raster *r, unsigned i, uint32_t rgb)
{
    for (unsigned k = 0; k < 3; k++) r->palette[i][k] = (uint8_t)(rgb >> (16 - 8 * k));
}

/* From dim to full; the last fifth turns towards white. */
static void ramp(grat__raster *r, unsigned first, unsigned n, uint32_t rgb)
{
    for (unsigned i = 0; i < n; i++) {
        double level = (double)(i + 1) / n, body = fmin(1, 0.12 + 1.05 * level), white = fmax(0, level - 0.8) * 1.6;
        for (unsigned k = 0; k < 3; k++) {
            double v = (rgb >> (16 - 8 * k) & 255) * body;
            r->palette[first + i][k] = (uint8_t)(v + (255 - v) * white);
        }
    }
}

static void palette(grat__raster *r)
{
    static const uint32_t traces[PLANES] = {0xffdc00, 0x00e0ff, 0xff50f0, 0x4a86ff, 0x40e060};
    memset(r->palette, 0, sizeof r->palette);
    r->colours = 256;
    ink(r, INK_BAR, 0x161b22);
    ink(r, INK_BLACK, 0x030508);
    ink(r, INK_DOT, 0x4a525c);
    ink(r, INK_AXIS, 0x5e6873);
    ink(r, INK_FRAME, 0x808a95);
    ink(r, INK_BOX, 0x242b35);
    ink(r, INK_DARK, 0x10141a);
    ramp(r, RAMP_WHITE, RAMP_SHORT, 0xe8edf2);
    ramp(r, RAMP_ORANGE, RAMP_SHORT, 0xff9020);
    ramp(r, RAMP_GREEN, RAMP_SHORT, 0x30d050);
    ramp(r, RAMP_RED, RAMP_SHORT, 0xff4030);
    for (unsigned i = 0; i < PLANES; i++) ramp(r, RAMP_TRACE + i * RAMP_LONG, RAMP_LONG, traces[i]);
}

static unsigned trace_ink(unsigned channel)
{
    return RAMP_TRACE + channel * RAMP_LONG + RAMP_LONG * 4 / 5;
}

static unsigned short_ink(unsigned first)
{
    return first + RAMP_SHORT - 2;
}

/* ---- shapes ------------------------------------------------------------------------------------------ */

static void fill(grat__raster *r, box b, unsigned colour)
{
    int right = b.x + b.w < (int)r->width ? b.x + b.w : (int)r->width, left = b.x > 0 ? b.x : 0;
    for (int y = b.y > 0 ? b.y : 0; y < b.y + b.h && y < (int)r->height; y++)
        if (right > left) memset(r->pixels + r->stride * (size_t)y + left, (int)colour, (size_t)(right - left));
}

/* A pixel of a glyph at this scale. At even scales the inner corner between two dots is filled: strokes stay whole. */
static bool glyph_at(const uint8_t *g, int x, int y, int scale)
{
    int col = x / scale, row = y / scale, dx = 2 * (x % scale) < scale ? -1 : 1, dy = 2 * (y % scale) < scale ? -1 : 1;
    if (grat__font_dot(g, col, row)) return true;
    return scale > 1 && grat__font_dot(g, col + dx, row) && grat__font_dot(g, col, row + dy) &&
           !grat__font_dot(g, col + dx, row + dy);
}

/* Six cells a character; returns where the next one would be. */
static int text(const grat__draw *d, grat__raster *r, int x, int y, const char *s, unsigned colour)
{
    int scale = (int)d->scale;
    while (*s) {
        const uint8_t *g = grat__font_next(&s);
        for (int v = 0; v < 8 * scale; v++)
            for (int u = 0; u < 5 * scale; u++)
                if (glyph_at(g, u, v, scale)) fill(r, (box){x + u, y + v, 1, 1}, colour);
        x += 6 * scale;
    }
    return x;
}

static int text_width(const grat__draw *d, const char *s)
{
    int n = 0;
    while (*s) grat__font_next(&s), n++;
    return n * 6 * (int)d->scale;
}

/* A filled triangle: its tip at (x, y), pointing right (dir 1), left (-1) or down (0), `size` long. */
static void tip(grat__raster *r, int x, int y, int dir, int size, unsigned colour)
{
    for (int i = 0; i < size; i++) {
        if (dir) fill(r, (box){x - dir * i, y - i, 1, 2 * i + 1}, colour);
        else fill(r, (box){x - i, y - i, 2 * i + 1, 1}, colour);
    }
}

static void graticule(const grat__draw *d, grat__raster *r)
{
    box p = d->plot;
    double across = d->caps.horizontal_divisions, down = d->caps.vertical_divisions;
    fill(r, p, INK_BLACK);
    for (int i = 1; i < (int)across; i++)
        for (int k = 0; k <= (int)(down * 5); k++)
            fill(r, (box){p.x + (int)(p.w * i / across), p.y + (int)((p.h - 1) * k / (down * 5)), 1, 1}, INK_DOT);
    for (int i = 1; i < (int)down; i++)
        for (int k = 0; k <= (int)(across * 5); k++)
            fill(r, (box){p.x + (int)((p.w - 1) * k / (across * 5)), p.y + (int)(p.h * i / down), 1, 1}, INK_DOT);
    for (int k = 0; k <= (int)(across * 5); k++)
        fill(r, (box){p.x + (int)((p.w - 1) * k / (across * 5)), p.y + p.h / 2 - 2, 1, 5}, INK_AXIS);
    for (int k = 0; k <= (int)(down * 5); k++)
        fill(r, (box){p.x + p.w / 2 - 2, p.y + (int)((p.h - 1) * k / (down * 5)), 5, 1}, INK_AXIS);
    fill(r, (box){p.x + p.w / 2, p.y, 1, p.h}, INK_DOT);
    fill(r, (box){p.x, p.y + p.h / 2, p.w, 1}, INK_DOT);
    fill(r, (box){p.x - 1, p.y - 1, p.w + 2, 1}, INK_FRAME);
    fill(r, (box){p.x - 1, p.y + p.h, p.w + 2, 1}, INK_FRAME);
    fill(r, (box){p.x - 1, p.y, 1, p.h}, INK_FRAME);
    fill(r, (box){p.x + p.w, p.y, 1, p.h}, INK_FRAME);
}

/* ---- what it says -------------------------------------------------------------------------------------- */

/* Where a trace's value lies: 0 is the top of the plot. */
static double height_of(const grat__draw *d, const grat_trace *t, double value)
{
    double range = t->range_high - t->range_low;
    return range > 0 ? (t->range_high - value) / range * d->plot.h : d->plot.h / 2.0;
}

static int clip(double v, int most)
{
    return !(v > 0) ? 0 : v > most ? most : (int)v;
}

static unsigned channel_of(const grat__draw *d, const char *name)
{
    for (unsigned i = 0; i < ANALOG && i < d->caps.analog; i++)
        if (strcmp(d->caps.analog_name[i], name) == 0) return i;
    return ANALOG;
}

static double span_of_time(const grat__draw *d, const grat_settings *s)
{
    return s->timebase * d->caps.horizontal_divisions;
}

static void say_state(face *f, grat_scope_state state)
{
    static const struct {
        const char *word;
        int ramp;
    } words[] = {[0] = {"", RAMP_WHITE}, [GRAT_STATE_STOPPED] = {"STOP", RAMP_RED},
                 [GRAT_STATE_PRETRIGGER] = {"PRE", RAMP_ORANGE}, [GRAT_STATE_WAITING] = {"WAIT", RAMP_ORANGE},
                 [GRAT_STATE_TRIGGERED] = {"T'D", RAMP_GREEN}, [GRAT_STATE_AUTO] = {"AUTO", RAMP_GREEN}};
    unsigned i = (unsigned)state < sizeof words / sizeof *words ? (unsigned)state : 0;
    grat__strcpy(f->state, sizeof f->state, words[i].word);
    f->state_ramp = words[i].ramp;
}

/* "500us": without the blank, and short. */
static char *amount(char out[24], double v, const char *unit)
{
    char number[40];
    double size = fabs(v), digits = size > 0 ? pow(10, floor(log10(size)) - 3) : 1;
    grat_format_quantity(number, sizeof number, rint(v / digits) * digits, unit);
    char *to = out;
    for (const char *c = number; *c && to < out + 23; c++)
        if (*c != ' ') *to++ = *c;
    *to = '\0';
    return out;
}

static void say_horizontal(const grat__draw *d, const grat_glance *g, face *f)
{
    char a[24];
    const grat_settings *s = &g->settings;
    snprintf(f->time, sizeof f->time, "H %s", amount(a, s->timebase, "s"));
    if (s->rate > 0) snprintf(f->rate, sizeof f->rate, "%s", amount(a, s->rate, "S/s"));
    snprintf(f->delay, sizeof f->delay, "D %s", amount(a, s->delay, "s"));
    double span = span_of_time(d, s);
    f->moment = -1;
    if (span > 0 && fabs(s->delay) <= span / 2) f->moment = clip((0.5 - s->delay / span) * (d->plot.w - 1), d->plot.w);
}

static void say_trigger(const grat__draw *d, const grat_glance *g, face *f)
{
    static const char *const slopes[] = {"", "rise", "fall", "edge", "above", "below"};
    char a[24] = "";
    const grat_settings *s = &g->settings;
    unsigned i = channel_of(d, s->trigger_source);
    f->level = -1;
    f->trigger_ramp = RAMP_ORANGE;
    if (strcmp(s->trigger_type, "edge") != 0) {
        snprintf(f->trigger, sizeof f->trigger, "T %.20s", s->trigger_type);
        return;
    }
    unsigned slope = (unsigned)s->trigger_slope;
    if (i < ANALOG) amount(a, s->trigger_level, s->channel[i].unit[0] ? s->channel[i].unit : "V");
    snprintf(f->trigger, sizeof f->trigger, "T %.8s %s %s", s->trigger_source, slope <= 5 ? slopes[slope] : "", a);
    for (unsigned k = 0; g->record && k < g->record->traces && i < ANALOG; k++) {
        const grat_trace *t = &g->record->trace[k];
        if (!t->logic && strcmp(t->name, s->trigger_source) == 0)
            f->level = clip(height_of(d, t, s->trigger_level), d->plot.h - 1);
    }
}

static void say_measured(const grat_record *r, unsigned trace, char out[TEXT])
{
    char a[24], b[24];
    grat_measurement m[GRAT_MEASUREMENTS];
    double pp = NAN, frequency = NAN;
    unsigned n = grat_measure(r, trace, m);
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(m[i].name, "pp") == 0) pp = m[i].value;
        if (strcmp(m[i].name, "frequency") == 0) frequency = m[i].value;
    }
    out[0] = '\0';
    if (isnan(pp)) return;
    snprintf(out, TEXT, "%spp%s%s", amount(a, pp, r->trace[trace].unit), isnan(frequency) ? "" : " ",
             isnan(frequency) ? "" : amount(b, frequency, "Hz"));
}

static void say_channels(const grat__draw *d, const grat_glance *g, bool measure, face *f)
{
    static const char *const couplings[] = {"", "", "~", "gnd"};
    char a[24];
    memcpy(f->measured, d->face.measured, sizeof f->measured);
    for (unsigned k = 0; g->record && k < g->record->traces; k++) {
        const grat_trace *t = &g->record->trace[k];
        if (t->logic) {
            if (f->lanes < LANES) grat__strcpy(f->lane[f->lanes++], sizeof f->lane[0], t->name);
            continue;
        }
        unsigned i = channel_of(d, t->name);
        if (i >= ANALOG) continue;
        const grat_channel_settings *c = &g->settings.channel[i];
        f->on[i] = true;
        snprintf(f->channel[i], TEXT, "%.4s %s%s", t->name, amount(a, c->scale, c->unit[0] ? c->unit : "V"),
                 (unsigned)c->coupling < 4 ? couplings[c->coupling] : "");
        f->zero[i] = clip(height_of(d, t, 0), d->plot.h - 1);
        if (measure) say_measured(g->record, k, f->measured[i]);
    }
}

/* ---- the still part ------------------------------------------------------------------------------------ */

static void top_bar(const grat__draw *d, grat__raster *r, const face *f)
{
    int s = (int)d->scale, y = (d->plot.y - 2 - 8 * s) / 2, x = 4 * s, room;
    const char *const words[] = {f->time, f->delay, f->rate, f->trigger};
    const unsigned inks[] = {short_ink(RAMP_WHITE), short_ink(RAMP_WHITE), short_ink(RAMP_WHITE),
                             short_ink((unsigned)f->trigger_ramp)};
    fill(r, (box){x - 2 * s, y - 2, 5 * 6 * s, 8 * s + 4}, (unsigned)f->state_ramp + 1);
    text(d, r, x, y, f->state, short_ink(RAMP_WHITE));
    x += 5 * 6 * s + 4 * s;
    for (unsigned i = 0; i < 4; i++) {
        room = (int)r->width - x;
        if (!words[i][0] || text_width(d, words[i]) > room) continue;
        x = text(d, r, x, y, words[i], inks[i]) + 9 * s;
    }
}

static void bottom_bar(const grat__draw *d, grat__raster *r, const face *f)
{
    int s = (int)d->scale, top = d->plot.y + d->plot.h + 4, n = d->caps.analog ? (int)d->caps.analog : 1;
    if (n > ANALOG) n = ANALOG;
    for (int i = 0; i < n; i++) {
        box b = {(int)r->width * i / n + 2, top, (int)r->width / n - 4, (int)r->height - top - 2};
        unsigned colour = f->on[i] ? trace_ink((unsigned)i) : INK_AXIS;
        fill(r, b, f->on[i] ? INK_BOX : INK_DARK);
        fill(r, (box){b.x, b.y, b.w, 1}, colour);
        text(d, r, b.x + 3 * s, b.y + 2 * s, f->on[i] ? f->channel[i] : d->caps.analog_name[i], colour);
        char measured[TEXT];
        grat__strcpy(measured, sizeof measured, f->measured[i]);
        char *second = strchr(measured, ' ');
        if (second && text_width(d, measured) > b.w - 4 * s) *second = '\0';
        if (f->on[i]) text(d, r, b.x + 3 * s, b.y + 12 * s, measured, short_ink(RAMP_WHITE));
    }
}

static void marks(const grat__draw *d, grat__raster *r, const face *f)
{
    int s = (int)d->scale, size = 5 * s;
    box p = d->plot;
    for (unsigned i = 0; i < ANALOG; i++) {
        if (!f->on[i]) continue;
        int y = p.y + f->zero[i];
        fill(r, (box){p.x - 3 - 12 * s, y - size + 1, 12 * s - size + 2, 2 * size - 1}, trace_ink(i));
        tip(r, p.x - 2, y, 1, size, trace_ink(i));
        text(d, r, p.x - 1 - 12 * s, y - 4 * s, d->caps.analog_name[i], INK_BLACK);
    }
    if (f->level >= 0) tip(r, p.x + p.w + 2, p.y + f->level, -1, size, short_ink((unsigned)f->trigger_ramp));
    if (f->level >= 0) text(d, r, p.x + p.w + 2 + size, p.y + f->level - 4 * s, "T", short_ink(RAMP_ORANGE));
    if (f->moment >= 0) tip(r, p.x + f->moment, p.y + size - 1, 0, size, short_ink(RAMP_ORANGE));
    for (int k = 0; k < f->lanes; k++)
        text(d, r, p.x + 2 * s, p.y + p.h - (f->lanes - k) * (p.h / 2 / LANES), f->lane[k], trace_ink(LOGIC));
}

static void still_part(grat__draw *d, const face *f)
{
    fill(&d->still, (box){0, 0, (int)d->still.width, (int)d->still.height}, INK_BAR);
    graticule(d, &d->still);
    top_bar(d, &d->still, f);
    bottom_bar(d, &d->still, f);
    marks(d, &d->still, f);
}

/* ---- traces ---------------------------------------------------------------------------------------------- */

/* The range of a logic trace is 0 to 1; its lane is one of the lower half. */
static void place(const grat__draw *d, const grat_trace *t, int lane, int lanes, grat__beam_map *m)
{
    double range = t->range_high - t->range_low;
    if (t->logic) {
        double lane_height = d->plot.h / 2.0 / LANES;
        m->y0 = d->plot.h - (lanes - 1 - lane) * lane_height - 2;
        m->dy = -(lane_height - 5);
    } else if (range > 0) {
        m->dy = -d->plot.h / range;
        m->y0 = -t->range_high * m->dy;
    } else {
        m->dy = 0;
        m->y0 = d->plot.h / 2.0;
    }
}

static void traces(grat__draw *d, const grat_glance *g, int lanes)
{
    const grat_record *r = g->record;
    double span = span_of_time(d, &g->settings), left = g->settings.delay - span / 2;
    int lane = 0;
    if (!r || !r->count || !(span > 0)) return;
    for (unsigned k = 0; k < r->traces; k++) {
        const grat_trace *t = &r->trace[k];
        unsigned plane = t->logic ? LOGIC : channel_of(d, t->name);
        double per_second = d->plot.w / span;
        grat__beam_map m = {.x0 = (r->t0 + (double)r->first * r->dt + t->skew - left) * per_second,
                            .dx = r->dt * per_second};
        if (plane >= PLANES || (t->logic && lane >= lanes) || (!t->logic && plane >= ANALOG)) continue;
        place(d, t, lane, lanes, &m);
        lane += t->logic;
        grat__beam_trace(&d->beam[plane], t, r->count, &m);
    }
}

/* A stretch of pixels that is looked at together: most are dark. */
enum { PIECE = 64 };

static bool dark(const uint8_t glow[PIECE])
{
    uint64_t words[PIECE / 8], any = 0;
    memcpy(words, glow, PIECE);
    for (unsigned i = 0; i < PIECE / 8; i++) any |= words[i];
    return !any;
}

/* Takes what is brighter than the best so far, and leaves the trace faded for the next picture. */
static void brighter(uint8_t *restrict glow, uint8_t *restrict best, uint8_t *restrict colour, uint8_t base)
{
    const uint16_t keep = KEEP;
    for (unsigned i = 0; i < PIECE; i++) {
        uint8_t g = glow[i];
        bool more = g > best[i];
        colour[i] = more ? (uint8_t)(base + (g >> 3)) : colour[i];
        best[i] = more ? g : best[i];
        glow[i] = (uint8_t)((uint16_t)(g * keep) >> 8);
    }
}

/* The brightest trace of each pixel of a row, where one is bright enough. */
static void compose_row(grat__draw *d, unsigned row, uint8_t *out)
{
    size_t w = (size_t)d->plot.w, stride = d->beam[0].width;
    for (size_t at = 0; at < w; at += PIECE) {
        uint8_t best[PIECE] = {0}, colour[PIECE] = {0};
        size_t n = w - at < PIECE ? w - at : PIECE;
        bool any = false;
        for (unsigned k = 0; k < PLANES; k++) {
            uint8_t *glow = d->beam[k].glow + row * stride + at;
            if (dark(glow)) continue;
            any = true;
            brighter(glow, best, colour, (uint8_t)(RAMP_TRACE + k * RAMP_LONG));
        }
        for (size_t i = 0; any && i < n; i++) out[at + i] = best[i] >= DIMMEST ? colour[i] : out[at + i];
    }
}

const grat__raster *grat__draw_glance(grat__draw *d, const grat_glance *g)
{
    face f;
    int64_t now = grat_now_ns();
    bool measure = now - d->measured_ns >= MEASURE_NS;
    memset(&f, 0, sizeof f);
    if (measure) d->measured_ns = now;
    say_state(&f, g->state);
    say_horizontal(d, g, &f);
    say_channels(d, g, measure, &f);
    say_trigger(d, g, &f);
    if (!d->drawn || memcmp(&f, &d->face, sizeof f) != 0) still_part(d, &f);
    d->face = f;
    d->drawn = true;
    traces(d, g, f.lanes);
    memcpy(d->picture.pixels, d->still.pixels, d->still.stride * d->still.height);
    for (int y = 0; y < d->plot.h; y++)
        compose_row(d, (unsigned)y, d->picture.pixels + d->picture.stride * (size_t)(d->plot.y + y) + d->plot.x);
    return &d->picture;
}

/* ---- life ------------------------------------------------------------------------------------------------ */

grat_err grat__draw_new(unsigned width, unsigned height, const grat_caps *caps, grat_op *op, grat__draw **out)
{
    grat__draw *d = calloc(1, sizeof *d);
    if (!d) return grat_op_fail(op, GRAT_ENOMEM, "video: out of memory");
    d->caps = *caps;
    if (!(d->caps.horizontal_divisions > 0)) d->caps.horizontal_divisions = 10;
    if (!(d->caps.vertical_divisions > 0)) d->caps.vertical_divisions = 8;
    d->scale = width < 640 || height < 400 ? 1 : width >= 1600 && height >= 900 ? 3 : 2;
    int s = (int)d->scale, side = 13 * s + 3;
    d->plot = (box){side, 12 * s + 4, (int)width - 2 * side, (int)height - (12 * s + 4) - (22 * s + 8)};
    grat_err e = grat__raster_init(&d->still, width, height, 1, op);
    if (!e) e = grat__raster_init(&d->picture, width, height, 1, op);
    for (unsigned i = 0; i < PLANES && !e; i++)
        e = grat__beam_init(&d->beam[i], ((unsigned)d->plot.w + PIECE - 1) / PIECE * PIECE, (unsigned)d->plot.h, op);
    if (e) {
        grat__draw_free(d);
        return e;
    }
    palette(&d->picture);
    *out = d;
    return GRAT_OK;
}

void grat__draw_free(grat__draw *d)
{
    if (!d) return;
    for (unsigned i = 0; i < PLANES; i++) grat__beam_free(&d->beam[i]);
    grat__raster_free(&d->still);
    grat__raster_free(&d->picture);
    free(d);
}
