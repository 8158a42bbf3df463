#include "scope/drv/rigol-1000z/rigol.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/wait.h"

/* ---- reading ------------------------------------------------------------------------------------ */

/* Latches the first error, so that a row of reads needs one check at its end. */
typedef struct reader {
    grat_session *s;
    grat_op *op;
    grat_err err;
} reader;

static double read_num(reader *rd, const char *query)
{
    double v = 0;
    if (!rd->err) rd->err = grat__scpi_num(rd->s, query, &v, rd->op);
    return v;
}

static bool read_bool(reader *rd, const char *query)
{
    bool v = false;
    if (!rd->err) rd->err = grat__scpi_bool(rd->s, query, &v, rd->op);
    return v;
}

static int read_word(reader *rd, const char *query, const grat__word *words)
{
    int v = 0;
    if (!rd->err) rd->err = grat__scpi_word(rd->s, query, words, &v, rd->op);
    return v;
}

static void read_text(reader *rd, const char *query, char *out, size_t cap)
{
    if (!rd->err) rd->err = grat__scpi_text(rd->s, query, out, cap, rd->op);
}

static const char *ask(char line[32], int n, const char *what)
{
    snprintf(line, 32, ":CHAN%d:%s?", n, what);
    return line;
}

static const grat__word bandwidth_words[] = {{"20M", 1}, {"OFF", 0}, {"ON", 1}, {NULL, 0}};
static const grat__word unit_words[] = {{"VOLT", 'V'}, {"AMP", 'A'}, {"WATT", 'W'}, {"UNKN", 0}, {NULL, 0}};

static void get_channel(reader *rd, int n, grat_channel_settings *c)
{
    char q[32];
    c->enabled = read_bool(rd, ask(q, n, "DISP"));
    c->scale = read_num(rd, ask(q, n, "SCAL"));
    c->offset = read_num(rd, ask(q, n, "OFFS"));
    c->probe = read_num(rd, ask(q, n, "PROB"));
    c->coupling = (grat_coupling)read_word(rd, ask(q, n, "COUP"), rigol_coupling);
    c->bandwidth_limit = read_word(rd, ask(q, n, "BWL"), bandwidth_words) != 0;
    c->invert = read_bool(rd, ask(q, n, "INV"));
    c->unit[0] = (char)read_word(rd, ask(q, n, "UNIT"), unit_words);
}

static void get_digital(reader *rd, grat_settings *set)
{
    char q[32];
    set->digital_on = read_bool(rd, ":LA:STAT?");
    for (int i = 0; i < RIGOL_DIGITAL; i++) {
        snprintf(q, sizeof q, ":LA:DIG%d:DISP?", i);
        set->digital[i] = read_bool(rd, q);
    }
    set->threshold[0] = read_num(rd, ":LA:POD1:THR?");
    set->threshold[1] = read_num(rd, ":LA:POD2:THR?");
}

static bool get_trigger_type(reader *rd, grat_settings *set)
{
    char word[32] = "";
    read_text(rd, ":TRIG:MODE?", word, sizeof word);
    bool edge = grat__strcaseeq(word, "EDGE") || grat__strcaseeq(word, "EDG");
    for (char *c = word; *c; c++)
        if (*c >= 'A' && *c <= 'Z') *c = (char)(*c + 32);
    grat__strcpy(set->trigger_type, sizeof set->trigger_type, edge ? "edge" : word);
    return edge;
}

static void get_trigger_source(reader *rd, grat_settings *set)
{
    char word[32] = "";
    read_text(rd, ":TRIG:EDG:SOUR?", word, sizeof word);
    if (!rd->err) rigol_source_in(word, set->trigger_source);
}

static void get_trigger(reader *rd, grat_settings *set)
{
    set->sweep = (grat_sweep)read_word(rd, ":TRIG:SWE?", rigol_sweep);
    set->holdoff = read_num(rd, ":TRIG:HOLD?");
    if (!get_trigger_type(rd, set)) return;
    get_trigger_source(rd, set);
    set->trigger_slope = (grat_slope)read_word(rd, ":TRIG:EDG:SLOP?", rigol_slope);
    set->trigger_level = read_num(rd, ":TRIG:EDG:LEV?");
}

/* "AUTO" or a number of points. */
static uint64_t read_depth(reader *rd)
{
    char word[32] = "AUTO";
    double points = 0;
    read_text(rd, ":ACQ:MDEP?", word, sizeof word);
    if (rd->err || grat__strcaseeq(word, "AUTO")) return 0;
    if (!grat__parse_double(word, &points) || !(points >= 0 && points < 1e9))
        rd->err = grat_op_fail(rd->op, GRAT_EPROTO, ":ACQ:MDEP?: the instrument answered \"%s\"", word);
    return (uint64_t)points;
}

grat_err rigol_get(void *p, grat_settings *out, grat_op *op)
{
    rigol *r = p;
    reader rd = {.s = r->s, .op = op};
    grat_settings set = {0};
    for (unsigned i = 0; i < r->caps.analog; i++)
        get_channel(&rd, (int)i + 1, &set.channel[i]);
    if (r->caps.digital) get_digital(&rd, &set);
    set.timebase = read_num(&rd, ":TIM:SCAL?");
    set.delay = read_num(&rd, ":TIM:OFFS?");
    set.acq = (grat_acq_type)read_word(&rd, ":ACQ:TYPE?", rigol_acq);
    set.averages = (unsigned)read_num(&rd, ":ACQ:AVER?");
    set.depth = read_depth(&rd);
    set.rate = read_num(&rd, ":ACQ:SRAT?");
    get_trigger(&rd, &set);
    if (!rd.err) *out = set;
    return rd.err;
}

bool rigol_part_matters(const rigol *r, unsigned part, const grat_settings *set)
{
    bool edge = strcmp(set->trigger_type, "edge") == 0;
    return part < 4 || (part < 7 && edge) || (part == 7 && r->caps.digital && set->digital_on);
}

grat_err rigol_get_part(rigol *r, unsigned part, grat_settings *set, grat_scope_state *state, grat_op *op)
{
    reader rd = {.s = r->s, .op = op};
    switch (part) {
    case 0: return rigol_state(r, state, op);
    case 1: set->rate = read_num(&rd, ":ACQ:SRAT?"); break;
    case 2: set->sweep = (grat_sweep)read_word(&rd, ":TRIG:SWE?", rigol_sweep); break;
    case 3: get_trigger_type(&rd, set); break;
    case 4: get_trigger_source(&rd, set); break;
    case 5: set->trigger_slope = (grat_slope)read_word(&rd, ":TRIG:EDG:SLOP?", rigol_slope); break;
    case 6: set->trigger_level = read_num(&rd, ":TRIG:EDG:LEV?"); break;
    case 7: get_digital(&rd, set); break;
    default: break;
    }
    return rd.err;
}

/* ---- writing ------------------------------------------------------------------------------------ */

typedef enum kind { KIND_NUMBER, KIND_BOOL, KIND_WORD, KIND_DEPTH } kind;

/* One knob: what it shall be, what it was, and how far off a reading may be. */
typedef struct item {
    char header[24];
    char want[24];
    char old[32];
    kind kind;
    double tolerance;
    const char *unit;
    bool or_more;           /* the next greater depth of another row will do */
} item;

enum { MAX_ITEMS = 80 };

typedef struct plan_list {
    item item[MAX_ITEMS];
    unsigned n;
} plan_list;

static item *add(plan_list *l, kind k, const char *header, int n)
{
    item *it = &l->item[l->n < MAX_ITEMS - 1 ? l->n++ : l->n];
    *it = (item){.kind = k, .unit = ""};
    size_t at = 0;
    for (; *header && at + 4 < sizeof it->header; header++) {
        if (*header == '#')
            at += (size_t)snprintf(it->header + at, sizeof it->header - at, "%d", n);
        else
            it->header[at++] = *header;
    }
    it->header[at] = '\0';
    return it;
}

static void add_number(plan_list *l, const char *header, int n, double want, double tolerance, const char *unit)
{
    item *it = add(l, KIND_NUMBER, header, n);
    grat__scpi_number(it->want, sizeof it->want, want);
    it->tolerance = tolerance;
    it->unit = unit;
}

static void add_bool(plan_list *l, const char *header, int n, bool want)
{
    grat__strcpy(add(l, KIND_BOOL, header, n)->want, sizeof l->item->want, want ? "1" : "0");
}

static void add_word(plan_list *l, const char *header, int n, const char *want)
{
    grat__strcpy(add(l, KIND_WORD, header, n)->want, sizeof l->item->want, want ? want : "");
}

/* What is switched off first makes room: pods and CH3/CH4 exclude each other. */
static void add_channels(const rigol *r, plan_list *l, const grat_settings *w)
{
    for (int i = 0; i < (int)r->caps.analog; i++)
        if (!w->channel[i].enabled) add_bool(l, ":CHAN#:DISP", i + 1, false);
    for (int pass = 0; r->caps.digital && pass < 2; pass++) {
        if (pass == 1) add_bool(l, ":LA:STAT", 0, w->digital_on);
        for (int i = 0; w->digital_on && i < RIGOL_DIGITAL; i++)
            if (w->digital[i] == (pass == 1)) add_bool(l, ":LA:DIG#:DISP", i, w->digital[i]);
    }
    for (int i = 0; i < (int)r->caps.analog; i++)
        if (w->channel[i].enabled) add_bool(l, ":CHAN#:DISP", i + 1, true);
}

/* PROB rescales SCAL, OFFS and the trigger level, and SCAL bounds OFFS: hence the order. */
static void add_channel(plan_list *l, int n, const grat_channel_settings *c, unsigned mask)
{
    if (mask & GRAT_SET_PROBE) add_number(l, ":CHAN#:PROB", n, c->probe, c->probe * 1e-3, "x");
    if (mask & GRAT_SET_COUPLING) add_word(l, ":CHAN#:COUP", n, grat__word_of(rigol_coupling, (int)c->coupling));
    if (mask & GRAT_SET_BANDWIDTH) add_word(l, ":CHAN#:BWL", n, c->bandwidth_limit ? "20M" : "OFF");
    if (mask & GRAT_SET_INVERT) add_bool(l, ":CHAN#:INV", n, c->invert);
    if (mask & GRAT_SET_SCALE) add_number(l, ":CHAN#:SCAL", n, c->scale, c->scale * 1e-3, "V/div");
    /* Offsets snap to fractions of a division; one code of 25 a division is as near as the trace can tell. */
    if (mask & GRAT_SET_OFFSET) add_number(l, ":CHAN#:OFFS", n, c->offset, c->scale / 25, "V");
}

static grat_err add_trigger(const rigol *r, plan_list *l, const grat_settings *w, grat_op *op)
{
    char source[8];
    int n = 0;
    if (!rigol_source_out(&r->caps, w->trigger_source, source))
        return grat_op_fail(op, GRAT_ERANGE, "trigger source %s: %s has no such input", w->trigger_source, r->model);
    add_word(l, ":TRIG:MODE", 0, "EDGE");
    add_word(l, ":TRIG:EDG:SOUR", 0, source);
    add_word(l, ":TRIG:EDG:SLOP", 0, grat__word_of(rigol_slope, (int)w->trigger_slope));
    /* Digital sources trigger at the pod's threshold, and the mains has no level. */
    if (grat__parse_int(w->trigger_source, &n))
        add_number(l, ":TRIG:EDG:LEV", 0, w->trigger_level, w->channel[n - 1].scale / 25, "V");
    return GRAT_OK;
}

static void add_acquisition(plan_list *l, const grat_settings *w, unsigned mask)
{
    if (mask & GRAT_SET_TIMEBASE) add_number(l, ":TIM:SCAL", 0, w->timebase, w->timebase * 1e-3, "s/div");
    if (mask & GRAT_SET_DELAY) add_number(l, ":TIM:OFFS", 0, w->delay, w->timebase / 50, "s");
    if (mask & GRAT_SET_ACQ) {
        add_word(l, ":ACQ:TYPE", 0, grat__word_of(rigol_acq, (int)w->acq));
        if (w->acq == GRAT_ACQ_AVERAGE) add_number(l, ":ACQ:AVER", 0, w->averages, 0.5, "averages");
    }
    if (mask & GRAT_SET_DEPTH) {
        item *it = add(l, KIND_DEPTH, ":ACQ:MDEP", 0);
        if (w->depth)
            snprintf(it->want, sizeof it->want, "%llu", (unsigned long long)w->depth);
        else
            grat__strcpy(it->want, sizeof it->want, "AUTO");
        it->unit = "points";
        it->or_more = w->depth && w->digital_on;
    }
}

static bool same(const item *it, const char *text)
{
    double a, b;
    bool x, y;
    if (grat__strcaseeq(it->want, text)) return true;
    if (it->kind == KIND_BOOL) return grat__parse_bool(it->want, &x) && grat__parse_bool(text, &y) && x == y;
    if (it->kind == KIND_WORD) return grat__strcaseeq(it->want, "EDGE") && grat__strcaseeq(text, "EDG");
    return grat__parse_double(it->want, &a) && grat__parse_double(text, &b) && fabs(a - b) <= it->tolerance;
}

static grat_err read_item(rigol *r, const item *it, char out[32], grat_op *op)
{
    char query[32];
    snprintf(query, sizeof query, "%s?", it->header);
    return grat__scpi_text(r->s, query, out, 32, op);
}

/* MDEP is taken only while running, and an illegal one is dropped without a word. */
static grat_err send_depth(rigol *r, const char *value, grat_op *op)
{
    grat_scope_state state;
    grat_err err = rigol_state(r, &state, op);
    if (err) return err;
    bool stopped = state == GRAT_STATE_STOPPED;
    if (stopped) err = rigol_run(r, GRAT_RUN, op);
    if (!err && stopped) err = rigol_wait_stopped(r, false, 1000, op);
    if (!err) err = grat__scpi_set(r->s, op, ":ACQ:MDEP %s", value);
    if (!err && stopped) err = rigol_run(r, GRAT_STOP, op);
    return err;
}

static grat_err send_item(rigol *r, const item *it, const char *value, grat_op *op)
{
    if (it->kind == KIND_DEPTH) return send_depth(r, value, op);
    return grat__scpi_set(r->s, op, "%s %s", it->header, value);
}

static grat_err refused(const item *it, const char *got, grat_op *op)
{
    char a[40], b[40];
    double want = 0, took = 0;
    if (grat__parse_double(it->want, &want) && grat__parse_double(got, &took) && it->kind != KIND_BOOL)
        return grat_op_fail(op, GRAT_ERANGE, "%s: %s cannot be had; the instrument took %s", it->header + 1,
                            grat_format_quantity(a, sizeof a, want, it->unit),
                            grat_format_quantity(b, sizeof b, took, it->unit));
    return grat_op_fail(op, GRAT_ERANGE, "%s: %s cannot be had; the instrument took %s", it->header + 1, it->want,
                        got);
}

/* Reads every old value before anything is touched: PROB changes the values of later items. */
static grat_err read_all(rigol *r, plan_list *l, grat_op *op)
{
    grat_err err = GRAT_OK;
    for (unsigned i = 0; i < l->n && !err; i++)
        err = read_item(r, &l->item[i], l->item[i].old, op);
    return err;
}

/* Puts back what items 0..last were, on time of its own, and keeps op's error and sentence. */
static void undo(rigol *r, const plan_list *l, unsigned last)
{
    grat_op grace;
    char now[32];
    grat_op_init(&grace, 5000, NULL);
    for (unsigned i = 0; i <= last && i < l->n; i++) {
        const item *it = &l->item[i];
        if (read_item(r, it, now, &grace) == GRAT_OK && !grat__strcaseeq(now, it->old))
            send_item(r, it, it->old, &grace);
    }
}

static grat_err apply(rigol *r, const item *it, bool *dirty, grat_op *op)
{
    char now[32];
    grat__strcpy(now, sizeof now, it->old);
    grat_err err = *dirty ? read_item(r, it, now, op) : GRAT_OK;
    if (err || same(it, now)) return err;
    *dirty = true;
    err = send_item(r, it, it->want, op);
    if (!err) err = read_item(r, it, now, op);
    if (!err && !same(it, now)) err = refused(it, now, op);
    return err;
}

/* How lines and channels share the memory is not said of every pair of them: a depth that is refused may be one of
 * another row. */
static grat_err apply_depth(rigol *r, item *it, bool *dirty, grat_op *op)
{
    uint64_t depth = 0;
    item other = *it;
    grat_err err = apply(r, it, dirty, op);
    if (err != GRAT_ERANGE || !it->or_more || !grat__parse_u64(it->want, &depth)) return err;
    grat_op kept = *op;
    for (unsigned tries = 0; tries < 3 && (depth = rigol_deeper(depth)); tries++) {
        snprintf(other.want, sizeof other.want, "%llu", (unsigned long long)depth);
        err = apply(r, &other, dirty, op);
        if (err != GRAT_ERANGE) return err;
    }
    *op = kept;
    return op->err;
}

static grat_err check_pods(const grat_settings *w, grat_op *op)
{
    for (int i = 0; w->digital_on && i < RIGOL_DIGITAL; i++) {
        int lost = i < 8 ? 4 : 3;
        if (w->digital[i] && w->channel[lost - 1].enabled)
            return grat_op_fail(op, GRAT_ERANGE, "channel %d: not available while D%d is on; switch one of them off",
                                lost, i);
    }
    return GRAT_OK;
}

grat_err rigol_set(void *p, const grat_settings *want, unsigned mask, grat_op *op)
{
    rigol *r = p;
    plan_list l = {.n = 0};
    grat_err err = mask & GRAT_SET_CHANNELS ? check_pods(want, op) : GRAT_OK;
    if (err) return err;
    if (mask & GRAT_SET_CHANNELS) add_channels(r, &l, want);
    for (int i = 0; i < (int)r->caps.analog; i++)
        add_channel(&l, i + 1, &want->channel[i], mask);
    for (int i = 0; (mask & GRAT_SET_THRESHOLD) && r->caps.digital && i < 2; i++)
        add_number(&l, ":LA:POD#:THR", i + 1, want->threshold[i], 0.02, "V");
    add_acquisition(&l, want, mask);
    if (mask & GRAT_SET_TRIGGER) err = add_trigger(r, &l, want, op);
    if (mask & GRAT_SET_SWEEP) add_word(&l, ":TRIG:SWE", 0, grat__word_of(rigol_sweep, (int)want->sweep));
    if (mask & GRAT_SET_HOLDOFF) add_number(&l, ":TRIG:HOLD", 0, want->holdoff, want->holdoff * 0.02 + 8e-9, "s");
    for (unsigned i = 0; i < l.n && !err; i++)
        if (!l.item[i].want[0]) err = grat_op_fail(op, GRAT_EINVAL, "%s: no such setting", l.item[i].header + 1);
    if (!err) err = read_all(r, &l, op);
    if (err) return err;

    bool dirty = false;
    r->look.ready = false;
    for (unsigned i = 0; i < l.n; i++) {
        item *it = &l.item[i];
        err = it->kind == KIND_DEPTH ? apply_depth(r, it, &dirty, op) : apply(r, it, &dirty, op);
        if (err) {
            if (dirty) undo(r, &l, i);
            return err;
        }
    }
    return GRAT_OK;
}
