/* Trigger types beside edge: crossings of one or two levels, or of several lines, go in the order of their times
 * through the small machine of each type. Facts: the Programming Guide's :TRIGger subsystem; that a type fires on the
 * edge that ends what it looks for is believed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/store.h"
#include "sim/model/rigol-1000z/rigol.h"

#define MAX_LOOKS 40000
#define HYSTERESIS_DIV 0.1
#define LINE_HZ 50.0

enum { POSITIVE, NEGATIVE, EITHER };
enum { EXIT, ENTER, TIME };
enum { A, B };                   /* the upper level and the lower one */

/* ---- the inputs ----------------------------------------------------------------------------------- */

double rg_level_at(const rg *g, int source, double level, double t)
{
    if (source >= RG_SRC_D0) return rg_logic_input(g, (unsigned)(source - RG_SRC_D0), t);
    if (source < RG_CHANNELS) return rg_input(g, &g->ch[source], (unsigned)source, t) - level;
    return source == RG_SRC_AC ? sin(2 * M_PI * LINE_HZ * t) : -1;
}

double rg_look_step(const rg *g, int source)
{
    if (source >= RG_SRC_D0 + RG_CHANNELS) return 1 / 64e3;
    if (source >= RG_SRC_D0) return sim_signal_step(&g->signal[source - RG_SRC_D0]);
    if (source < RG_CHANNELS) return sim_signal_step(&g->signal[source]);
    return 1 / (64 * LINE_HZ);
}

double rg_crossing(const rg *g, int source, double level, double a, double b)
{
    bool rising = rg_level_at(g, source, level, b) >= 0;
    for (int i = 0; i < 60 && b - a > 1e-13; i++) {
        double middle = a + (b - a) / 2;
        if ((rg_level_at(g, source, level, middle) >= 0) == rising) b = middle;
        else a = middle;
    }
    return b;
}

double rg_hysteresis(const rg *g, int source)
{
    if (source < RG_CHANNELS) return HYSTERESIS_DIV * g->ch[source].scale;
    return source < RG_SRC_D0 ? 0.01 : 0;
}

/* ---- settings ------------------------------------------------------------------------------------- */

static const char *text(const rg *g, const char *name, const sim_command **command)
{
    const sim_command *c = rg_trigger_commands;
    while (c->pattern && strcmp(c->pattern + strlen(":TRIGger:"), name) != 0) c++;
    *command = c;
    return c->pattern ? sim_store_value(g->in->store, c) : NULL;
}

static double number(const rg *g, const char *name)
{
    const sim_command *c;
    const char *value = text(g, name, &c);
    double v = 0;
    if (c->pattern) grat__parse_double(value ? value : c->spec + 1, &v);
    return v;
}

static int word(const rg *g, const char *name)
{
    const sim_command *c;
    const char *value = text(g, name, &c);
    int index = value ? sim_word_index(c->spec + 1, value) : 0;
    return index < 0 ? 0 : index;
}

static int source(const rg *g, const char *name)
{
    int w = word(g, name);
    return w < RG_CHANNELS ? w : RG_SRC_D0 + w - RG_CHANNELS;
}

static void add_wire(rg_event *e, int from, double level)
{
    e->wire[e->wires].source = from;
    e->wire[e->wires++].level = level;
}

static void add_window(rg_event *e, const rg *g, const char *prefix)
{
    char name[40];
    snprintf(name, sizeof name, "%s:SOURce", prefix);
    int from = source(g, name);
    snprintf(name, sizeof name, "%s:ALEVel", prefix);
    add_wire(e, from, number(g, name));
    snprintf(name, sizeof name, "%s:BLEVel", prefix);
    add_wire(e, from, number(g, name));
}

/* PGReater PLESs NGReater NLESs PGLess NGLess: polarity and condition in one word. */
static void set_width(rg_event *e, int when, double width, double lower, double upper)
{
    bool between = when >= 4;
    e->polarity = when == 2 || when == 3 || when == 5 ? NEGATIVE : POSITIVE;
    e->when = between ? RG_BETWEEN : when & 1 ? RG_LESS : RG_GREATER;
    e->lower = between ? lower : width;
    e->upper = between ? upper : width;
}

/* The letters of a pattern, one for each line from CHAN1 on; X where it ends. */
static void set_pattern(rg_event *e, const rg *g, const char *name, double level)
{
    const sim_command *c;
    const char *p = text(g, name, &c);
    if (!p) p = c->spec + 1;
    for (unsigned i = 0; i < RG_CHANNELS + RG_DIGITALS && *p; i++) {
        p += strspn(p, " ,");
        char letter = *p ? *p++ : 'X';
        if (!strchr("HLRF", letter)) continue;
        e->want[e->wires] = letter;
        add_wire(e, i < RG_CHANNELS ? (int)i : RG_SRC_D0 + (int)i - RG_CHANNELS, level);
    }
}

static void set_pair(rg_event *e, const rg *g)
{
    static const rg_when when[] = {RG_GREATER, RG_LESS, RG_BETWEEN, RG_OUTSIDE};
    add_wire(e, source(g, "DELay:SA"), g->level);
    add_wire(e, source(g, "DELay:SB"), g->level);
    e->polarity = word(g, "DELay:SLOPA");
    e->slope = word(g, "DELay:SLOPB");
    e->when = when[word(g, "DELay:TYPe")];
    e->lower = number(g, "DELay:TLOWer");
    e->upper = number(g, "DELay:TUPPer");
}

static void set_window(rg_event *e, const rg *g)
{
    add_window(e, g, "WINDows");
    e->slope = word(g, "WINDows:SLOPe");
    e->place = word(g, "WINDows:POSition");
    e->lower = number(g, "WINDows:TIMe");
}

static void set_runt(rg_event *e, const rg *g)
{
    static const rg_when when[] = {RG_ANY, RG_GREATER, RG_LESS, RG_BETWEEN};
    add_window(e, g, "RUNT");
    e->polarity = word(g, "RUNT:POLarity");
    e->when = when[word(g, "RUNT:WHEN")];
    e->lower = number(g, "RUNT:WLOWer");
    e->upper = number(g, "RUNT:WUPPer");
}

static void set_duration(rg_event *e, const rg *g)
{
    static const rg_when when[] = {RG_GREATER, RG_LESS, RG_BETWEEN};
    set_pattern(e, g, "DURation:TYPe", g->level);
    e->when = when[word(g, "DURation:WHEN")];
    e->lower = number(g, "DURation:TLOWer");
    e->upper = number(g, "DURation:TUPPer");
}

bool rg_event_read(const rg *g, rg_event *e)
{
    memset(e, 0, sizeof *e);
    e->mode = g->trig_mode;
    switch (g->trig_mode) {
    case RG_TRIG_PULSE:
        add_wire(e, source(g, "PULSe:SOURce"), number(g, "PULSe:LEVel"));
        set_width(e, word(g, "PULSe:WHEN"), number(g, "PULSe:WIDTh"), number(g, "PULSe:LWIDth"),
                  number(g, "PULSe:UWIDth"));
        return true;
    case RG_TRIG_SLOPE:
        add_window(e, g, "SLOPe");
        set_width(e, word(g, "SLOPe:WHEN"), number(g, "SLOPe:TIME"), number(g, "SLOPe:TLOWer"),
                  number(g, "SLOPe:TUPPer"));
        return true;
    case RG_TRIG_RUNT: set_runt(e, g); return true;
    case RG_TRIG_WINDOW: set_window(e, g); return true;
    case RG_TRIG_NEDGE:
        add_wire(e, source(g, "NEDGe:SOURce"), number(g, "NEDGe:LEVel"));
        e->slope = word(g, "NEDGe:SLOPe");
        e->lower = number(g, "NEDGe:IDLE");
        e->count = number(g, "NEDGe:EDGE");
        return true;
    case RG_TRIG_PATTERN: set_pattern(e, g, "PATTern:PATTern", number(g, "PATTern:LEVel")); return true;
    case RG_TRIG_DELAY: set_pair(e, g); return true;
    case RG_TRIG_TIMEOUT:
        add_wire(e, source(g, "TIMeout:SOURce"), g->level);
        e->slope = word(g, "TIMeout:SLOPe");
        e->lower = number(g, "TIMeout:TIMe");
        return true;
    case RG_TRIG_DURATION: set_duration(e, g); return true;
    default: return false;
    }
}

/* ---- the machines: each takes one crossing and says whether it fires ----------------------------------- */

typedef struct crossing {
    unsigned wire;
    bool rising;
    double t;
} crossing;

static bool fits(const rg_event *e, double width)
{
    switch (e->when) {
    case RG_GREATER: return width > e->lower;
    case RG_LESS: return width < e->upper;
    case RG_BETWEEN: return width > e->lower && width < e->upper;
    case RG_OUTSIDE: return !(width > e->lower && width < e->upper);
    default: return true;
    }
}

static bool ends(rg_machine *m, double t)
{
    bool fires = !isnan(m->since) && fits(&m->event, t - m->since);
    m->since = NAN;
    return fires;
}

static bool pulse(rg_machine *m, const crossing *c)
{
    if (c->rising != (m->event.polarity == NEGATIVE)) {
        m->since = c->t;
        return false;
    }
    return ends(m, c->t);
}

/* From one level to the other without turning back. */
static bool slope(rg_machine *m, const crossing *c)
{
    bool falling = m->event.polarity == NEGATIVE;
    unsigned first = falling ? A : B;
    if (c->wire == first) m->since = c->rising != falling ? c->t : NAN;
    else if (c->rising != falling) return ends(m, c->t);
    return false;
}

/* Over the first level and back without reaching the second. */
static bool runt(rg_machine *m, const crossing *c)
{
    bool falling = m->event.polarity == NEGATIVE;
    unsigned first = falling ? A : B;
    if (c->wire != first) {
        if (c->rising != falling) m->since = NAN;
        return false;
    }
    if (c->rising == falling) return ends(m, c->t);
    m->since = c->t;
    return false;
}

static bool window(rg_machine *m, const crossing *c)
{
    const rg_event *e = &m->event;
    bool leaves = c->wire == A ? c->rising : !c->rising;
    bool wanted = e->slope == EITHER || c->rising == (e->slope == POSITIVE);
    if (e->place != TIME) return wanted && leaves == (e->place == EXIT);
    m->due = leaves || !wanted ? NAN : c->t + e->lower;
    return false;
}

static bool nth_edge(rg_machine *m, const crossing *c)
{
    const rg_event *e = &m->event;
    if (c->rising != (e->slope == POSITIVE)) return false;
    if (c->t - m->since >= e->lower) m->counted = 1;
    else if (m->counted > 0) m->counted++;
    m->since = c->t;
    if (m->counted < e->count || !m->counted) return false;
    m->counted = 0;
    return true;
}

static bool timeout(rg_machine *m, const crossing *c)
{
    const rg_event *e = &m->event;
    bool starts = e->slope == EITHER || c->rising == (e->slope == POSITIVE);
    m->due = starts ? c->t + e->lower : NAN;
    return false;
}

static bool matches(const rg_machine *m)
{
    for (unsigned i = 0; i < m->event.wires; i++) {
        char want = m->event.want[i];
        if (want == 'H' ? !m->wire[i].high : want == 'L' && m->wire[i].high) return false;
    }
    return m->event.wires > 0;
}

static bool pattern(rg_machine *m, const crossing *c)
{
    char want = m->event.want[c->wire];
    bool before = m->matched, has_edge = memchr(m->event.want, 'R', m->event.wires) ||
                                         memchr(m->event.want, 'F', m->event.wires);
    m->matched = matches(m);
    if (!has_edge) return m->matched && !before;
    return m->matched && ((want == 'R' && c->rising) || (want == 'F' && !c->rising));
}

static bool duration(rg_machine *m, const crossing *c)
{
    bool before = m->matched;
    m->matched = matches(m);
    if (m->matched && !before) m->since = c->t;
    return before && !m->matched && ends(m, c->t);
}

static bool delay(rg_machine *m, const crossing *c)
{
    const rg_event *e = &m->event;
    if (c->wire == A && c->rising == (e->polarity == POSITIVE)) m->since = c->t;
    return c->wire == B && c->rising == (e->slope == POSITIVE) && ends(m, c->t);
}

static bool (*const machines[])(rg_machine *m, const crossing *c) = {
    [RG_TRIG_PULSE] = pulse,     [RG_TRIG_SLOPE] = slope, [RG_TRIG_RUNT] = runt,       [RG_TRIG_WINDOW] = window,
    [RG_TRIG_NEDGE] = nth_edge,  [RG_TRIG_PATTERN] = pattern, [RG_TRIG_DELAY] = delay, [RG_TRIG_TIMEOUT] = timeout,
    [RG_TRIG_DURATION] = duration,
};

/* ---- the search ----------------------------------------------------------------------------------- */

void rg_machine_start(const rg *g, rg_machine *m, const rg_event *e, double from)
{
    memset(m, 0, sizeof *m);
    memcpy(&m->event, e, sizeof *e);
    m->at = from;
    m->due = NAN;
    m->since = e->mode == RG_TRIG_NEDGE ? from : NAN;
    m->step = INFINITY;
    for (unsigned i = 0; i < e->wires; i++) {
        double v = rg_level_at(g, e->wire[i].source, e->wire[i].level, from);
        double step = rg_look_step(g, e->wire[i].source);
        m->wire[i].last = v;
        m->wire[i].high = v >= 0;
        m->wire[i].armed = true;
        if (step > 0 && step < m->step) m->step = step;
    }
    m->matched = matches(m);
}

static int by_time(const void *a, const void *b)
{
    double x = ((const crossing *)a)->t, y = ((const crossing *)b)->t;
    return (x > y) - (x < y);
}

/* The crossings between m->at and t, in order. A line that has crossed must leave the hysteresis before it counts
 * again. */
static unsigned crossings(const rg *g, rg_machine *m, double t, crossing *out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < m->event.wires; i++) {
        int from = m->event.wire[i].source;
        double level = m->event.wire[i].level, v = rg_level_at(g, from, level, t);
        bool is = v >= 0, far = fabs(v) >= rg_hysteresis(g, from), turned = is != m->wire[i].high;
        if (turned && (m->wire[i].armed || far)) {
            bool just = is != (m->wire[i].last >= 0);
            out[n++] = (crossing){i, is, just ? rg_crossing(g, from, level, m->at, t) : t};
            m->wire[i].armed = far;
        } else if (far) {
            m->wire[i].armed = true;
        }
        m->wire[i].last = v;
    }
    qsort(out, n, sizeof *out, by_time);
    return n;
}

double rg_machine_search(const rg *g, rg_machine *m, double to)
{
    crossing c[RG_CHANNELS + RG_DIGITALS];
    if (!isfinite(m->step)) return NAN;
    if (to - m->at > MAX_LOOKS * m->step) {
        rg_event same = m->event;
        rg_machine_start(g, m, &same, to - MAX_LOOKS * m->step);
    }
    while (m->at + m->step <= to) {
        double t = m->at + m->step;
        unsigned n = crossings(g, m, t, c);
        for (unsigned i = 0; i < n; i++) {
            if (m->due <= c[i].t) return m->due;
            m->wire[c[i].wire].high = c[i].rising;
            if (machines[m->event.mode](m, &c[i])) return c[i].t;
        }
        m->at = t;
        if (m->due <= t) return m->due;
    }
    return NAN;
}
