/* Triggers on the simulated signals: events of single sources, the qualifier of a width, the pattern of the lines, and
 * the groups that join them. */
#include <math.h>
#include <stdlib.h>

#include "sim/pico/unit.h"

#define PIECE 4096u
enum { ABOVE, BELOW, RISING, FALLING, EITHER, ABOVE_LOWER, BELOW_LOWER, RISING_LOWER, FALLING_LOWER, RUNT_UP,
       RUNT_DOWN };
enum { SHORTER = 1, LONGER, WITHIN, OUT_OF };
enum { LINE_LOW = 1, LINE_HIGH, LINE_RISING, LINE_FALLING, LINE_EITHER };

static bool source_is_on(const ps_unit *u, unsigned i)
{
    return i == PS_CHANNELS || (i < u->model->channels && u->input[i].enabled);
}

static uint32_t check_lines(const ps_unit *u, bool wanted)
{
    const ps_trigger *t = &u->trigger;
    bool pattern = false, edge = false;
    for (unsigned i = 0; i < 16; i++) {
        if (!t->line[i]) continue;
        pattern = true;
        if (t->line[i] >= LINE_RISING && edge) return PS_INVALID_DIGITAL_DIRECTION;
        edge |= t->line[i] >= LINE_RISING;
        if (wanted && !u->input[PS_CHANNELS + i / 8].enabled) return PS_TRIGGER_PORT_NOT_ENABLED;
    }
    return wanted && !pattern ? PS_DIGITAL_DIRECTION_NOT_SET : PS_OK;
}

uint32_t ps_check_trigger(const ps_unit *u)
{
    const ps_trigger *t = &u->trigger;
    unsigned used = t->width.on ? t->width.sources : 0;
    bool lines = false;
    if (!t->on || t->simple) return PS_OK;
    for (unsigned g = 0; g < t->groups; g++) {
        used |= t->group[g].yes | t->group[g].no;
        lines |= t->group[g].lines;
        if (t->group[g].width && !t->width.on) return PS_PULSE_WIDTH_QUALIFIER;
    }
    uint32_t status = check_lines(u, lines);
    for (unsigned i = 0; i < PS_SOURCES && !status; i++) {
        if (!(used >> i & 1)) continue;
        if (!source_is_on(u, i)) status = PS_INVALID_TRIGGER_CHANNEL;
        else if (!t->event[i].known) status = PS_NO_TRIGGER_PROPERTY;
        else if (t->event[i].lower > t->event[i].upper) status = PS_THRESHOLD_MISMATCH;
    }
    return status;
}

/* ---- events of one source ------------------------------------------------------------------------------ */

typedef struct watch {
    bool window;
    int direction;
    int upper, lower, upper_off, lower_off;  /* off: where it arms again */
    bool high, low, inside;    /* beyond the upper level; beyond the lower one; between them */
    bool past_lower, past_upper;  /* of a runt that has begun */
    bool begun;                /* the states are known */
} watch;

static watch watch_of(const ps_unit *u, unsigned source, int direction, bool window)
{
    const ps_trigger *t = &u->trigger;
    return (watch){.window = window, .direction = direction, .upper = t->event[source].upper,
                   .lower = t->event[source].lower,
                   .upper_off = t->event[source].upper - t->event[source].upper_hysteresis,
                   .lower_off = t->event[source].lower + t->event[source].lower_hysteresis};
}

/* Level `at`: true from there on until the signal is `hysteresis` below it; of a falling event the other way round. */
static bool beyond(bool was, int v, int at, int hysteresis, bool falling)
{
    if (falling) return was ? v > at : v >= at + hysteresis;
    return was ? v > at - hysteresis : v >= at;
}

static bool runt(watch *w, int v)
{
    bool up = w->direction == RUNT_UP, fires = false;
    bool started = up ? v >= w->lower : v <= w->upper, passed = up ? v >= w->upper : v <= w->lower;
    if (w->past_lower && !started) fires = !w->past_upper;
    w->past_upper = started && (w->past_upper || passed);
    w->past_lower = started;
    return fires;
}

/* Is the signal on the far side of its level, or in its window? *plain: the direction without LOWER. */
static bool far_side(watch *w, int v, bool first, bool *was, unsigned *plain)
{
    unsigned d = (unsigned)w->direction;
    bool lower = !w->window && d >= ABOVE_LOWER, falling = d == FALLING || d == FALLING_LOWER;
    if (lower) d -= d <= BELOW_LOWER ? ABOVE_LOWER : RISING_LOWER - RISING;
    *plain = d;
    if (w->window) {
        *was = w->inside;
        return w->inside = v >= w->lower && v <= w->upper;
    }
    int at = lower ? w->lower : w->upper;
    int hysteresis = lower ? w->lower_off - w->lower : w->upper - w->upper_off;
    *was = w->high;
    return w->high = d <= BELOW ? v >= at : beyond(*was, v, at, first ? 0 : hysteresis, falling);
}

/* Bits: the event itself, its beginning edge, its opposite edge. */
enum { ACTIVE = 1, EDGE = 2, OPPOSITE = 4 };
static unsigned step(watch *w, int v)
{
    bool first = !w->begun, was;
    unsigned d;
    w->begun = true;
    if (w->direction >= RUNT_UP) return runt(w, v) && !first ? ACTIVE | EDGE : 0;
    bool is = far_side(w, v, first, &was, &d), up = !first && is && !was, down = !first && was && !is;
    switch (d) {
    case ABOVE:
        return is ? ACTIVE : 0;
    case BELOW:
        return is ? 0 : ACTIVE;
    case RISING:
        return (up ? ACTIVE | EDGE : 0) | (down ? OPPOSITE : 0);
    case FALLING:
        return (down ? ACTIVE | EDGE : 0) | (up ? OPPOSITE : 0);
    default:
        return up || down ? ACTIVE | EDGE : 0;
    }
}

/* ---- all of them ------------------------------------------------------------------------------------------ */

typedef struct scan {
    watch event[PS_SOURCES], width;
    unsigned sources;          /* bits: those that are looked at */
    unsigned width_source;
    int64_t width_from;        /* the sample where the pulse began; -1 = none */
    bool before[16];           /* each group, at the last sample */
    uint16_t word;
} scan;
typedef struct instant {
    int16_t code[PS_SOURCES];
    uint16_t word;
} instant;

static bool width_is(const ps_trigger *t, int64_t n)
{
    switch (t->width.type) {
    case SHORTER:
        return n <= t->width.lower;
    case LONGER:
        return n >= t->width.lower;
    case WITHIN:
        return n >= t->width.lower && n <= t->width.upper;
    case OUT_OF:
        return n < t->width.lower || n > t->width.upper;
    default:
        return false;
    }
}

static bool lines_are(const ps_trigger *t, uint16_t before, uint16_t now)
{
    for (unsigned i = 0; i < 16; i++) {
        bool was = before >> i & 1, is = now >> i & 1;
        bool ok = t->line[i] == 0 || (t->line[i] == LINE_LOW && !is) || (t->line[i] == LINE_HIGH && is) ||
                  (t->line[i] == LINE_RISING && !was && is) || (t->line[i] == LINE_FALLING && was && !is) ||
                  (t->line[i] == LINE_EITHER && was != is);
        if (!ok) return false;
    }
    return true;
}

/* One sample; true when a group begins to be fulfilled. A level that holds from the beginning counts as well. */
static bool one_sample(const ps_unit *u, scan *s, int64_t at, const instant *v, bool armed)
{
    const ps_trigger *t = &u->trigger;
    unsigned active = 0;
    bool width = false, lines = lines_are(t, s->word, v->word), fires = false;
    for (unsigned i = 0; i < PS_SOURCES; i++)
        if (s->sources >> i & 1 && step(&s->event[i], v->code[i]) & ACTIVE) active |= 1u << i;
    if (t->width.on) {
        unsigned e = step(&s->width, v->code[s->width_source]);
        width = s->width_from >= 0 && width_is(t, at - s->width_from);
        if (e & OPPOSITE) s->width_from = -1;
        if (e & EDGE) s->width_from = at;
    }
    for (unsigned g = 0; g < t->groups; g++) {
        bool is = (active & t->group[g].yes) == t->group[g].yes && !(active & t->group[g].no);
        is = is && (!t->group[g].width || width) && (!t->group[g].lines || lines);
        fires |= armed && is && (!s->before[g] || !t->group[g].width);
        s->before[g] = is;
    }
    s->word = v->word;
    return fires;
}

static bool simple_fires(const ps_trigger *t, int16_t before, int16_t now)
{
    bool up = before < t->threshold && now >= t->threshold, down = before > t->threshold && now <= t->threshold;
    switch (t->direction) {
    case ABOVE:
        return now >= t->threshold;
    case BELOW:
        return now <= t->threshold;
    case RISING:
        return up;
    case FALLING:
        return down;
    default:
        return up || down;
    }
}

static int input_of(unsigned source)
{
    return source == PS_CHANNELS ? PS_EXT : (int)source;
}

static int64_t find_simple(const ps_unit *u, const ps_search *s, int64_t *fs)
{
    const ps_trigger *t = &u->trigger;
    int16_t v[PIECE + 1];
    int64_t from = s->armed > 0 ? s->armed : 1;
    for (int64_t at = from; at < from + s->most; at += PIECE) {
        ps_samples(u, input_of((unsigned)t->source), at - 1, PIECE + 1, v);
        for (uint32_t i = 1; i <= PIECE; i++) {
            if (!simple_fires(t, v[i - 1], v[i])) continue;
            double span = v[i] - v[i - 1], part = span != 0 ? (v[i] - t->threshold) / span : 0;
            *fs = (int64_t)(fmin(fmax(part, 0), 1) * u->dt * 1e15);
            return at + i - 1;
        }
    }
    return -1;
}

double ps_crossing(ps_unit *u, int64_t at)
{
    const ps_trigger *t = &u->trigger;
    double nudge = u->nudge, early = 0, late = 1;
    int16_t before, now;
    ps_samples(u, input_of((unsigned)t->source), at - 1, 1, &before);
    for (unsigned i = 0; i < 40; i++) {
        double middle = (early + late) / 2;
        u->nudge = nudge + middle;
        ps_samples(u, input_of((unsigned)t->source), at - 1, 1, &now);
        if (simple_fires(t, before, now)) late = middle;
        else early = middle;
    }
    u->nudge = nudge;
    return 1 - late;
}

static void begin(const ps_unit *u, scan *s, uint16_t watched)
{
    const ps_trigger *t = &u->trigger;
    *s = (scan){.sources = watched, .width_from = -1};
    for (unsigned i = 0; i < PS_SOURCES; i++) s->event[i] = watch_of(u, i, t->event[i].direction, t->event[i].window);
    while (t->width.on && !(t->width.sources >> s->width_source & 1)) s->width_source++;
    s->width = watch_of(u, s->width_source, t->width.direction, t->width.window);
}

/* Pieces of what is looked at. */
static _Thread_local int16_t piece[PS_SOURCES][PIECE], port[2][PIECE];

static void read_piece(const ps_unit *u, unsigned sources, int64_t at)
{
    for (unsigned i = 0; i < PS_SOURCES; i++)
        if (sources >> i & 1) ps_samples(u, input_of(i), at, PIECE, piece[i]);
    for (unsigned p = 0; p < 2; p++)
        if (u->input[PS_CHANNELS + p].enabled) ps_samples(u, PS_CHANNELS + (int)p, at, PIECE, port[p]);
}

int64_t ps_find_trigger(const ps_unit *u, const ps_search *s, int64_t *fs)
{
    const ps_trigger *t = &u->trigger;
    unsigned watched = 0;
    scan k;
    *fs = 0;
    if (t->simple) return find_simple(u, s, fs);
    for (unsigned g = 0; g < t->groups; g++) watched |= t->group[g].yes | t->group[g].no;
    begin(u, &k, (uint16_t)watched);
    int64_t from = s->from > 0 ? s->from : 0;
    for (int64_t at = from; at < s->armed + s->most; at += PIECE) {
        read_piece(u, watched | (t->width.on ? t->width.sources : 0), at);
        for (uint32_t i = 0; i < PIECE; i++) {
            instant v;
            for (unsigned c = 0; c < PS_SOURCES; c++) v.code[c] = piece[c][i];
            v.word = (uint16_t)((port[0][i] & 0xff) | (port[1][i] & 0xff) << 8);
            if (at == from && !i) k.word = v.word;
            if (one_sample(u, &k, at + i, &v, at + i >= s->armed)) return at + i;
        }
    }
    return -1;
}
