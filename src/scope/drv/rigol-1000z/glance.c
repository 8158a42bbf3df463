/* The screen points of a running instrument, one round trip a channel: DATA? in NORM mode answers from the last
 * complete screen and needs no stop. What changes only when somebody turns a knob is asked again one piece a call; the
 * preamble gives scale, offset and time base, so that a trace and its ranges always belong together. */
#include "scope/drv/rigol-1000z/rigol.h"

#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/wait.h"

enum { DATA_MS = 2000, CODES_A_DIVISION = 25, CENTRE_CODE = 127, LINES_A_CALL = 4, TRIES = 2 };

/* What is asked in turn: for each channel whether it is on, then its preamble; then the parts of rigol_get_part. */
enum { TURN_ON = RIGOL_ANALOG, TURN_PREAMBLE = TURN_ON + RIGOL_ANALOG, TURNS = TURN_PREAMBLE + RIGOL_PARTS };

static grat_err ask_preamble(rigol *r, unsigned i, grat_op *op)
{
    char query[40], text[160];
    rigol_look *l = &r->look;
    grat_channel_settings *c = &l->set.channel[i];
    snprintf(query, sizeof query, ":WAV:SOUR CHAN%u;:WAV:PRE?", i + 1);
    grat_err err = grat__scpi_text(r->s, query, text, sizeof text, op);
    if (err) return err;
    const char *why = rigol_preamble_parse(text, &l->pre[i]);
    if (!why && (l->pre[i].format != 0 || l->pre[i].type != 0)) why = "not the mode that was set";
    if (why) {
        l->ready = false;
        return grat_op_fail(op, GRAT_EPROTO, ":WAV:PRE?: %s in \"%.80s\"", why, text);
    }
    const rigol_preamble *p = &l->pre[i];
    l->known[i] = true;
    c->scale = p->yinc * CODES_A_DIVISION;
    c->offset = -(CENTRE_CODE - p->yorigin - p->yref) * p->yinc;
    l->set.timebase = p->xinc * RIGOL_SCREEN_POINTS / RIGOL_DIVISIONS;
    l->set.delay = p->xorigin + p->xinc * RIGOL_SCREEN_POINTS / 2;
    return GRAT_OK;
}

static grat_err ask_on(rigol *r, unsigned i, grat_op *op)
{
    char query[32];
    grat_channel_settings *c = &r->look.set.channel[i];
    snprintf(query, sizeof query, ":CHAN%u:DISP?", i + 1);
    grat_err err = grat__scpi_bool(r->s, query, &c->enabled, op);
    if (!c->enabled) r->look.known[i] = false;
    return err;
}

/* The next turn that costs a question. */
static grat_err take_turn(rigol *r, grat_op *op)
{
    rigol_look *l = &r->look;
    for (unsigned tries = 0; tries < TURNS; tries++) {
        unsigned t = l->turn++ % TURNS;
        if (t < TURN_ON && t < r->caps.analog) return ask_on(r, t, op);
        if (t >= TURN_ON && t < TURN_PREAMBLE && l->set.channel[t - TURN_ON].enabled)
            return ask_preamble(r, t - TURN_ON, op);
        if (t >= TURN_PREAMBLE && rigol_part_matters(r, t - TURN_PREAMBLE, &l->set))
            return rigol_get_part(r, t - TURN_PREAMBLE, &l->set, &l->state, op);
    }
    return GRAT_OK;
}

static grat_err begin(rigol *r, grat_op *op)
{
    rigol_look *l = &r->look;
    grat_err err = GRAT_OK;
    memset(l->known, 0, sizeof l->known);
    memset(l->kept, 0, sizeof l->kept);
    if (!l->ready) err = rigol_get(r, &l->set, op);
    if (!err && !l->ready) err = rigol_state(r, &l->state, op);
    if (!err && !l->ready)
        err = grat__scpi_set(r->s, op, ":WAV:MODE NORM;:WAV:FORM BYTE;:WAV:STAR 1;:WAV:STOP %u", RIGOL_SCREEN_POINTS);
    l->ready = !err;
    return err;
}

/* An empty or short block is that of a channel that was switched off or of a window that somebody else set: *whole is
 * false then. */
static grat_err data(rigol *r, const char *word, uint8_t *to, bool *whole, grat_op *op)
{
    char query[40];
    grat_op child;
    snprintf(query, sizeof query, ":WAV:SOUR %s;:WAV:DATA?", word);
    grat__op_child(&child, op, DATA_MS);
    grat_err err = grat_query_block(r->s, query, to, RIGOL_SCREEN_POINTS, &child);
    *whole = !err && child.count == RIGOL_SCREEN_POINTS;
    return err ? grat__op_adopt(op, &child) : GRAT_OK;
}

static void describe(const rigol *r, unsigned i, grat_trace *t)
{
    const rigol_preamble *p = &r->look.pre[i];
    const grat_channel_settings *c = &r->look.set.channel[i];
    snprintf(t->name, sizeof t->name, "%u", i + 1);
    t->unit[0] = c->unit[0];
    t->scale = p->yinc;
    t->offset = -(p->yorigin + p->yref) * p->yinc;
    t->raw_max = 255;
    t->range_low = -c->offset - 4 * c->scale;
    t->range_high = -c->offset + 4 * c->scale;
}

static grat_err analog(rigol *r, grat_record *rec, bool *whole, grat_op *op)
{
    char word[8];
    unsigned at = 0;
    grat_err err = GRAT_OK;
    for (unsigned i = 0; i < r->caps.analog && !err && *whole; i++) {
        if (!r->look.set.channel[i].enabled) continue;
        if (!r->look.known[i]) err = ask_preamble(r, i, op);
        snprintf(word, sizeof word, "CHAN%u", (i + 1) & 7);
        if (!err) err = data(r, word, rec->trace[at].raw, whole, op);
        if (err) return err;
        describe(r, i, &rec->trace[at++]);
        rec->dt = r->look.pre[i].xinc;
        rec->t0 = r->look.pre[i].xorigin;
    }
    return err;
}

/* Some lines a call, in turn; the others are shown as they were. */
static grat_err digital(rigol *r, grat_record *rec, unsigned at, bool *whole, grat_op *op)
{
    rigol_look *l = &r->look;
    unsigned lines = rec->traces - at, k = 0;
    char word[8];
    for (unsigned i = 0; i < RIGOL_DIGITAL && k < lines; i++) {
        if (!l->set.digital[i]) continue;
        grat_trace *t = &rec->trace[at + k];
        snprintf(word, sizeof word, "D%u", i & 63);
        bool due = (k + lines - l->line % lines) % lines < LINES_A_CALL;
        grat_err err = due || !l->kept[i] ? data(r, word, l->bits[i], whole, op) : GRAT_OK;
        if (err || !*whole) return err;
        l->kept[i] = true;
        uint8_t *out = t->raw;
        for (unsigned n = 0; n < RIGOL_SCREEN_POINTS; n++) out[n] = l->bits[i][n] & 1;
        grat__strcpy(t->name, sizeof t->name, word);
        t->logic = true;
        t->range_high = 1;
        k++;
    }
    l->line += LINES_A_CALL;
    return GRAT_OK;
}

static grat_record *new_record(const rigol *r, unsigned *first_line)
{
    grat_sample_type types[RIGOL_ANALOG + RIGOL_DIGITAL];
    unsigned n = 0;
    for (unsigned i = 0; i < r->caps.analog; i++) n += r->look.set.channel[i].enabled;
    *first_line = n;
    for (unsigned i = 0; r->look.set.digital_on && i < r->caps.digital; i++) n += r->look.set.digital[i];
    for (unsigned i = 0; i < n; i++) types[i] = GRAT_U8;
    return grat_record_new(n, types, n ? RIGOL_SCREEN_POINTS : 0);
}

static grat_err once(rigol *r, grat_record **out, bool *whole, grat_op *op)
{
    unsigned first_line = 0;
    grat_err err = r->look.ready ? GRAT_OK : begin(r, op);
    if (!err) err = take_turn(r, op);
    if (err) return err;
    grat_record *rec = new_record(r, &first_line);
    if (!rec) return grat_op_fail(op, GRAT_ENOMEM, "record: out of memory");
    err = analog(r, rec, whole, op);
    if (!err && *whole) err = digital(r, rec, first_line, whole, op);
    rec->mono_ns = grat_now_ns();
    rec->utc_ns = grat_utc_ns();
    rec->utc_uncertainty_ns = (int64_t)(rec->dt * (double)rec->count * 1e9);
    rec->flags |= GRAT_REC_PREVIEW;
    *out = rec;
    return err;
}

/* A channel that was switched off a moment ago does not answer, or with an empty block: everything is asked anew. */
grat_err rigol_glance(void *p, grat_glance *out, grat_op *op)
{
    rigol *r = p;
    grat_record *rec = NULL;
    grat_err err = GRAT_OK;
    for (unsigned i = 0; i < TRIES; i++) {
        bool whole = true;
        err = once(r, &rec, &whole, op);
        if (!err && whole) {
            *out = (grat_glance){.record = rec, .settings = r->look.set, .state = r->look.state};
            return GRAT_OK;
        }
        grat_record_unref(rec);
        rec = NULL;
        r->look.ready = false;
        if (!err) err = grat_op_fail(op, GRAT_EPROTO, ":WAV:DATA?: not %u points", RIGOL_SCREEN_POINTS);
        else if (err == GRAT_ECANCELED || err == GRAT_ELOST || err == GRAT_EDEAD || grat_op_check(op)) return err;
    }
    return err;
}
