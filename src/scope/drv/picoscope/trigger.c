/* The trigger of the settings in the codes of the converter. The units have one event for each source, one qualifier of
 * a width, and one pattern of the lines, joined by groups: what does not fit is refused. */
#include <math.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/picoscope/picoscope.h"

#define EXT_VOLTS 5.0
#define AUTO_SECONDS 0.1
/* Of the counter of the qualifier. */
#define WIDTH_MAX 16777215.0

static int direction_of(grat_slope s)
{
    switch (s) {
    case GRAT_ABOVE:
        return GRAT__PICO_ABOVE;
    case GRAT_BELOW:
        return GRAT__PICO_BELOW;
    case GRAT_FALLING:
        return GRAT__PICO_FALLING;
    case GRAT_EITHER:
        return GRAT__PICO_EITHER;
    default:
        return GRAT__PICO_RISING;
    }
}

static grat_err level_code(const pk_scope *b, int source, double level, int16_t *out, grat_op *op)
{
    char a[40], c[40];
    double probe = 1, full = EXT_VOLTS, offset = 0, max = INT16_MAX;
    if (source < PK_ANALOG) {
        probe = b->set.channel[source].probe;
        full = pk_range_volts(b->setup.input[source].range);
        offset = b->setup.input[source].offset;
        max = b->setup.max;
    }
    double low = (-full - offset) * probe, high = (full - offset) * probe;
    if (!isfinite(level)) return grat_op_fail(op, GRAT_EINVAL, "trigger level: not a number");
    if (level < low || level > high) {
        char name[2] = {(char)('A' + source), '\0'};
        return grat_op_fail(op, GRAT_ERANGE, "trigger level: %s is outside of what channel %s shows; the nearest is %s",
                            grat_format_quantity(a, sizeof a, level, "V"), source < PK_ANALOG ? name : "EXT",
                            grat_format_quantity(c, sizeof c, level < low ? low : high, "V"));
    }
    *out = (int16_t)nearbyint((level / probe + offset) / full * max);
    return GRAT_OK;
}

/* Channel or EXT; the channel must be on. */
static grat_err find_source(const pk_scope *b, const char *name, int *out, grat_op *op)
{
    if (grat__strcaseeq(name, "EXT")) {
        *out = GRAT__PICO_EXT;
        return GRAT_OK;
    }
    int i = pk_channel_index(name);
    if (i < 0 || i >= (int)b->limits.analog)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: %.16s is no analog channel of this scope and not EXT",
                            name);
    *out = i;
    if (!b->setup.input[i].on)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: channel %c is off; name it among the channels", 'A' + i);
    return GRAT_OK;
}

/* ---- events ------------------------------------------------------------------------------------------- */

static grat_err add_line(const pk_scope *b, const grat_trigger_term *term, unsigned group, grat__pico_trigger *t,
                         grat_op *op)
{
    int n;
    if (!grat__parse_int(term->source + 1, &n) || n < 0 || n >= PK_LINES || !b->limits.ports)
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: %.16s is no digital channel of this scope", term->source);
    if (!pk_port_on(&b->setup, (unsigned)n / 8))
        return grat_op_fail(op, GRAT_ERANGE, "trigger source: D%d is off; name one of D%d to D%d among the channels", n,
                            n / 8 * 8, n / 8 * 8 + 7);
    static const uint8_t ways[] = {0, GRAT__PICO_LINE_RISING, GRAT__PICO_LINE_FALLING, GRAT__PICO_LINE_EITHER,
                                   GRAT__PICO_LINE_HIGH, GRAT__PICO_LINE_LOW};
    uint8_t way = ways[term->slope <= GRAT_BELOW ? term->slope : 0];
    if (term->event != GRAT_EVENT_EDGE)
        return grat_op_fail(op, GRAT_ERANGE, "trigger: D%d: digital channels have edges and levels only", n);
    if (t->line[n] && t->line[n] != way)
        return grat_op_fail(op, GRAT_ERANGE, "trigger: D%d is named twice; each source has one event", n);
    t->line[n] = way;
    t->lines = t->group[group].lines = true;
    unsigned edges = 0;
    for (int i = 0; i < PK_LINES; i++) edges += t->line[i] >= GRAT__PICO_LINE_RISING;
    if (edges > 1) return grat_op_fail(op, GRAT_ERANGE, "trigger: of the digital channels one may have an edge");
    return GRAT_OK;
}

static grat_err set_event(grat__pico_trigger *t, int source, int direction, unsigned group, grat_op *op)
{
    if (t->event[source].used && t->event[source].direction != direction)
        return grat_op_fail(op, GRAT_ERANGE, "trigger: one channel is named twice; each source has one event");
    t->event[source].used = true;
    t->event[source].direction = direction;
    t->group[group].sources |= (uint16_t)(1u << source);
    return GRAT_OK;
}

static grat_err set_levels(const pk_scope *b, const grat_trigger_term *term, int source, grat__pico_trigger *t,
                           grat_op *op)
{
    bool two = term->event == GRAT_EVENT_WINDOW || term->event == GRAT_EVENT_RUNT;
    int16_t low, high;
    grat_err e = level_code(b, source, term->level, &low, op);
    high = low;
    if (!e && two) e = level_code(b, source, term->upper, &high, op);
    if (e) return e;
    if (two && low >= high) return grat_op_fail(op, GRAT_EINVAL, "trigger: the upper level must be above the lower");
    bool before = t->event[source].used || (t->width.on && t->width.source == source);
    if (before && (t->event[source].lower != low || t->event[source].upper != high))
        return grat_op_fail(op, GRAT_ERANGE, "trigger: one channel has two levels; each source has one event");
    t->event[source].lower = low;
    t->event[source].upper = high;
    t->event[source].window = term->event == GRAT_EVENT_WINDOW;
    return GRAT_OK;
}

static grat_err set_width(const grat_trigger_term *term, int source, int direction, grat__pico_trigger *t, grat_op *op)
{
    double least = ceil(term->least / t->dt - 1e-6), most = floor(term->most / t->dt + 1e-6);
    bool upper = term->most > 0;
    char a[40];
    if (t->width.on) return grat_op_fail(op, GRAT_ERANGE, "trigger: one event may have a time");
    if (!(term->least > 0) && !upper) return grat_op_fail(op, GRAT_EINVAL, "trigger: this event needs a time");
    if (fmax(least, most) > WIDTH_MAX || (upper && most < 1))
        return grat_op_fail(op, GRAT_ERANGE, "trigger: the time is counted in samples, 1 to 16777215; the nearest is "
                                             "%s",
                            grat_format_quantity(a, sizeof a, t->dt * (upper && most < 1 ? 1 : WIDTH_MAX), "s"));
    t->width.on = true;
    t->width.source = source;
    t->width.direction = direction;
    t->width.window = term->event == GRAT_EVENT_WINDOW;
    t->width.type = upper && term->least > 0 ? GRAT__PICO_WITHIN : upper ? GRAT__PICO_SHORTER : GRAT__PICO_LONGER;
    /* Of SHORTER and LONGER the first limit counts. */
    t->width.lower = (uint32_t)(t->width.type == GRAT__PICO_SHORTER ? most : fmax(least, 1));
    t->width.upper = (uint32_t)(upper ? most : 0);
    return GRAT_OK;
}

/* A level must not serve the trigger and the width both, where there is another way. */
static int pulse_begin(const pk_scope *b, bool down)
{
    if (b->u->lib->series->few_directions) return down ? GRAT__PICO_FALLING : GRAT__PICO_RISING;
    return down ? GRAT__PICO_FALLING_LOWER : GRAT__PICO_RISING_LOWER;
}

static grat_err check_runts(const pk_scope *b, grat_op *op)
{
    if (!b->u->lib->series->few_directions) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "trigger: this series knows no runts");
}

/* The vendor's ENTER, EXIT, ENTER_OR_EXIT, INSIDE and OUTSIDE have the numbers of RISING, FALLING, EITHER, ABOVE and
 * BELOW. */
static grat_err add_event(const pk_scope *b, const grat_trigger_term *term, unsigned group, grat__pico_trigger *t,
                          grat_op *op)
{
    int source = 0, direction = direction_of(term->slope), begin = -1;
    bool down = term->slope == GRAT_FALLING, timed = term->least > 0 || term->most > 0;
    grat_err e = find_source(b, term->source, &source, op);
    if (!e) e = set_levels(b, term, source, t, op);
    if (e) return e;
    switch (term->event) {
    case GRAT_EVENT_PULSE:
        begin = pulse_begin(b, down);
        direction = down ? GRAT__PICO_RISING : GRAT__PICO_FALLING;
        break;
    case GRAT_EVENT_WINDOW:
        if (!timed) break;
        down = down || term->slope == GRAT_BELOW;
        begin = down ? GRAT__PICO_FALLING : GRAT__PICO_RISING;
        direction = down ? GRAT__PICO_RISING : GRAT__PICO_FALLING;
        break;
    case GRAT_EVENT_RUNT:
        if ((e = check_runts(b, op))) return e;
        if (timed) return grat_op_fail(op, GRAT_ERANGE, "trigger: a runt has no time here");
        direction = down ? GRAT__PICO_RUNT_DOWN : GRAT__PICO_RUNT_UP;
        break;
    case GRAT_EVENT_TIMEOUT:
        begin = direction;
        direction = -1;
        break;
    default:
        if (timed) return grat_op_fail(op, GRAT_ERANGE, "trigger: an edge has no time; a pulse has");
        break;
    }
    if (begin >= 0) {
        t->group[group].width = true;
        e = set_width(term, source, begin, t, op);
    }
    return e || direction < 0 ? e : set_event(t, source, direction, group, op);
}

static grat_err events_of(const pk_scope *b, grat__pico_trigger *t, grat_op *op)
{
    const grat_settings *s = &b->set;
    t->groups = 1;
    for (unsigned i = 0; i < s->terms; i++) {
        const grat_trigger_term *term = &s->term[i];
        if (i && term->or_else) t->groups++;
        bool line = term->source[0] == 'D' && term->source[1];
        grat_err e = (line ? add_line : add_event)(b, term, t->groups - 1, t, op);
        if (e) return e;
    }
    return GRAT_OK;
}

grat_err pk_trigger_of(const pk_scope *b, double dt, grat__pico_trigger *out, grat_op *op)
{
    const grat_settings *s = &b->set;
    *out = (grat__pico_trigger){.direction = direction_of(s->trigger_slope), .dt = dt};
    if (strcmp(s->trigger_type, "none") == 0) return GRAT_OK;
    out->delay = b->late;
    out->on = true;
    out->simple = s->terms == 0;
    if (s->sweep == GRAT_SWEEP_AUTO) out->auto_s = s->trigger_wait > 0 ? s->trigger_wait : AUTO_SECONDS;
    if (!out->simple) return events_of(b, out, op);
    int i = pk_channel_index(s->trigger_source);
    if (i >= 0 && i < (int)b->limits.analog && !b->setup.input[i].on && out->auto_s > 0) {
        *out = (grat__pico_trigger){0}; /* it runs by itself then, as long as nothing was asked of it */
        return GRAT_OK;
    }
    grat_err e = find_source(b, s->trigger_source, &out->source, op);
    return e ? e : level_code(b, out->source, s->trigger_level, &out->code, op);
}
