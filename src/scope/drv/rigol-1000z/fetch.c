#include "scope/drv/rigol-1000z/rigol.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/wait.h"

/* Guide, 2-219: the most bytes of one DATA? in BYTE format. */
#define CHUNK 250000u
/* Real instruments need up to a second for a chunk over a slow wire. */
#define CHUNK_MS 8000
#define STOP_MS 2000

/* One thing to read: an analogue channel, a digital channel, or in RAW mode a pod of eight. */
typedef struct source {
    char word[8];           /* CHAN1, D0 */
    int channel;            /* 1..4, 0 = digital */
    unsigned first, traces; /* its traces in the record */
    unsigned char bit[8];   /* of the byte, one a trace */
    unsigned char line[8];  /* number of the digital channel, one a trace */
} source;

typedef struct job {
    rigol *r;
    const grat_request *q;
    bool raw;               /* memory, not screen points */
    bool resume;            /* it was running and shall run again */
    const char *resume_with;
    source source[RIGOL_ANALOG + RIGOL_DIGITAL];
    unsigned sources, traces;
    size_t points;
    bool stuck;             /* the preamble does not tell the points */
    grat_record *rec;
    rigol_preamble pre;     /* of the source in hand */
} job;

/* ---- what to read ------------------------------------------------------------------------------- */

static void add_analog(job *j, int n)
{
    source *s = &j->source[j->sources++];
    *s = (source){.channel = n, .first = j->traces, .traces = 1};
    snprintf(s->word, sizeof s->word, "CHAN%d", n & 7);
    j->traces++;
}

/* RAW digital points carry all eight lines of a pod: it is read once. */
static void add_digital(job *j, int line)
{
    source *s = j->sources ? &j->source[j->sources - 1] : NULL;
    if (!j->raw || !s || s->channel || s->line[0] / 8 != line / 8) {
        s = &j->source[j->sources++];
        *s = (source){.first = j->traces};
        snprintf(s->word, sizeof s->word, "D%d", line & 63);
    }
    s->bit[s->traces] = (unsigned char)(j->raw ? line % 8 : 0);
    s->line[s->traces++] = (unsigned char)line;
    j->traces++;
}

static grat_err is_on(const job *j, const char *query, const char *name, bool named, bool *on, grat_op *op)
{
    *on = false;
    if (j->q->any_channel && !named) return GRAT_OK;
    grat_err err = grat__scpi_bool(j->r->s, query, on, op);
    if (!err && named && !*on)
        return grat_op_fail(op, GRAT_ENODATA, "channel %s: it is switched off on the instrument; switch it on first",
                            name);
    return err;
}

static grat_err choose(job *j, grat_op *op)
{
    char query[32], name[8];
    bool on, logic = false;
    grat_err err = GRAT_OK;
    for (int i = 1; i <= (int)j->r->caps.analog && !err; i++) {
        snprintf(query, sizeof query, ":CHAN%d:DISP?", i);
        snprintf(name, sizeof name, "%d", i & 7);
        err = is_on(j, query, name, j->q->any_channel && j->q->channel[i - 1], &on, op);
        if (!err && on) add_analog(j, i);
    }
    if (!err && j->r->caps.digital) err = grat__scpi_bool(j->r->s, ":LA:STAT?", &logic, op);
    for (int i = 0; logic && i < (int)j->r->caps.digital && !err; i++) {
        snprintf(query, sizeof query, ":LA:DIG%d:DISP?", i);
        snprintf(name, sizeof name, "D%d", i & 63);
        err = is_on(j, query, name, j->q->any_channel && j->q->digital[i], &on, op);
        if (!err && on) add_digital(j, i);
    }
    if (!err && !j->sources) return grat_op_fail(op, GRAT_ENODATA, "channels: none of those asked for is on");
    return err;
}

/* ---- one source --------------------------------------------------------------------------------- */

static grat_err read_preamble(job *j, grat_op *op)
{
    char text[160];
    grat_err err = grat__scpi_text(j->r->s, ":WAV:PRE?", text, sizeof text, op);
    if (err) return err;
    const char *why = rigol_preamble_parse(text, &j->pre);
    if (!why && (j->pre.format != 0 || j->pre.type != (j->raw ? 2 : 0))) why = "not the mode that was set";
    if (!why) return GRAT_OK;
    err = grat_recover(j->r->s, op);
    return err ? err : grat_op_fail(op, GRAT_EPROTO, ":WAV:PRE?: %s in \"%.80s\"", why, text);
}

static grat_err select_source(job *j, const source *s, grat_op *op)
{
    grat_session *wire = j->r->s;
    grat_err err = grat__scpi_set(wire, op, ":WAV:SOUR %s;:WAV:MODE %s;:WAV:FORM BYTE", s->word,
                                  j->raw ? "RAW" : "NORM");
    if (!err && !j->raw) err = grat__scpi_set(wire, op, ":WAV:STAR 1;:WAV:STOP %u", RIGOL_SCREEN_POINTS);
    return err ? err : read_preamble(j, op);
}

/* For firmware whose RAW preamble does not know the depth: the set depth, or less where the rate is at its limit. */
static grat_err depth_elsewhere(job *j, uint64_t *points, grat_op *op)
{
    char word[32];
    double depth = 0, rate = 0, scale = 0;
    grat_err err = grat__scpi_text(j->r->s, ":ACQ:MDEP?", word, sizeof word, op);
    if (!err) err = grat__scpi_num(j->r->s, ":ACQ:SRAT?", &rate, op);
    if (!err) err = grat__scpi_num(j->r->s, ":TIM:SCAL?", &scale, op);
    if (err) return err;
    double by_rate = floor(rate * scale * RIGOL_DIVISIONS + 0.5);
    if (!grat__parse_double(word, &depth) || !(depth < by_rate)) depth = by_rate;
    j->stuck = depth > (double)*points && depth < 1e9;
    if (j->stuck) *points = (uint64_t)depth;
    return GRAT_OK;
}

static grat_err make_record(job *j, grat_op *op)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    uint64_t points = j->pre.points;
    if (j->raw && points == RIGOL_SCREEN_POINTS && (j->r->quirks & RIGOL_RAW_POINTS_STUCK)) {
        grat_err err = depth_elsewhere(j, &points, op);
        if (err) return err;
    }
    uint64_t most = j->raw ? j->r->caps.max_depth[1] : RIGOL_SCREEN_POINTS;
    if (points == 0) return grat_op_fail(op, GRAT_ENODATA, "%s: it holds no record", j->r->model);
    if (points > most)
        return grat_op_fail(op, GRAT_EPROTO, ":WAV:PRE?: %llu points are more than the instrument has",
                            (unsigned long long)points);
    for (unsigned i = 0; i < j->traces; i++)
        types[i] = GRAT_U8;
    j->points = (size_t)points;
    j->rec = grat_record_new(j->traces, types, j->points);
    if (!j->rec) return grat_op_fail(op, GRAT_ENOMEM, "record: no memory for %u × %zu samples", j->traces, j->points);
    j->rec->t0 = j->pre.xorigin;
    j->rec->dt = j->pre.xinc;
    return GRAT_OK;
}

/* STAR behind STOP may be ignored as out of range: upwards STOP moves first, downwards STAR. */
static grat_err set_window(job *j, size_t at, size_t n, grat_op *op)
{
    if (at == 0) return grat__scpi_set(j->r->s, op, ":WAV:STAR 1;:WAV:STOP %zu", n);
    return grat__scpi_set(j->r->s, op, ":WAV:STOP %zu;:WAV:STAR %zu", at + n, at + 1);
}

/* One DATA? of n points. An empty or short block is asked for once more: some firmware sends #9000000000 now and
 * then. A block that stops half way costs the chunk's own time-out, a recovery, and one more attempt. */
static grat_err read_chunk(job *j, const source *s, size_t at, size_t n, grat_op *op)
{
    uint8_t *raw = (uint8_t *)j->rec->trace[s->first].raw + at;
    grat_err err = GRAT_OK;
    for (int attempt = 0; attempt < 2; attempt++) {
        grat_op child;
        if (attempt > 0) err = select_source(j, s, op);
        if (!err && j->raw) err = set_window(j, at, n, op);
        op->count = 0;
        if (err) return err;
        grat__op_child(&child, op, CHUNK_MS);
        err = grat_query_block(j->r->s, ":WAV:DATA?", raw, n, &child);
        grat__op_adopt(op, &child);
        op->count = child.count;
        if (!err && child.count == n) return GRAT_OK;
        if (!err)
            err = grat_op_fail(op, child.count ? GRAT_EPROTO : GRAT_ENODATA, "%s: %zu of %zu points came", s->word,
                               child.count, n);
        op->count = child.count;
        if (err == GRAT_ECANCELED || (err == GRAT_ETIMEOUT && grat_op_left_ms(op) == 0)) return err;
        if (attempt > 0) return err;
        err = grat_needs_recovery(j->r->s) ? grat_recover(j->r->s, op) : GRAT_OK;
        op->count = 0;
        if (err) return err;
    }
    return err;
}

/* The bytes of a pod or of one line become one trace of zeros and ones each; the bytes lie in its first trace. */
static void spread(const job *j, const source *s, size_t n)
{
    const uint8_t *bytes = j->rec->trace[s->first].raw;
    for (unsigned k = s->traces; k-- > 0;) {
        uint8_t *out = j->rec->trace[s->first + k].raw;
        for (size_t i = 0; i < n; i++)
            out[i] = bytes[i] >> s->bit[k] & 1;
    }
}

static void describe_digital(const job *j, const source *s)
{
    for (unsigned k = 0; k < s->traces; k++) {
        grat_trace *t = &j->rec->trace[s->first + k];
        snprintf(t->name, sizeof t->name, "D%d", s->line[k]);
        t->logic = true;
        t->scale = 1;
        t->offset = 0;
        t->range_high = 1;
    }
}

static grat_err describe_analog(const job *j, const source *s, grat_op *op)
{
    static const grat__word units[] = {{"VOLT", 'V'}, {"AMP", 'A'}, {"WATT", 'W'}, {"UNKN", 0}, {NULL, 0}};
    grat_trace *t = &j->rec->trace[s->first];
    char query[32];
    double scale = 0, offset = 0;
    int unit = 0;
    snprintf(t->name, sizeof t->name, "%d", s->channel);
    t->scale = j->pre.yinc;
    t->offset = -(j->pre.yorigin + j->pre.yref) * j->pre.yinc;
    t->raw_min = 0;
    t->raw_max = 255;
    snprintf(query, sizeof query, ":CHAN%d:SCAL?", s->channel);
    grat_err err = grat__scpi_num(j->r->s, query, &scale, op);
    snprintf(query, sizeof query, ":CHAN%d:OFFS?", s->channel);
    if (!err) err = grat__scpi_num(j->r->s, query, &offset, op);
    snprintf(query, sizeof query, ":CHAN%d:UNIT?", s->channel);
    if (!err) err = grat__scpi_word(j->r->s, query, units, &unit, op);
    t->unit[0] = (char)unit;
    t->range_low = -offset - 4 * scale;
    t->range_high = -offset + 4 * scale;
    return err;
}

static void mark_clipped(const job *j, const source *s, size_t n)
{
    const uint8_t *raw = j->rec->trace[s->first].raw;
    if (memchr(raw, 0, n) || memchr(raw, 255, n)) j->rec->flags |= GRAT_REC_CLIPPED;
}

/* *got counts the points that are in place, also on failure. */
static grat_err read_source(job *j, const source *s, size_t *got, grat_op *op)
{
    grat_err err = select_source(j, s, op);
    if (!err && !j->rec) err = make_record(j, op);
    if (err) return err;
    if (!j->stuck && j->pre.points != j->points)
        return grat_op_fail(op, GRAT_EPROTO, "%s: %llu points where another channel has %zu", s->word,
                            (unsigned long long)j->pre.points, j->points);
    err = s->channel ? describe_analog(j, s, op) : (describe_digital(j, s), GRAT_OK);
    while (!err && *got < j->points) {
        size_t n = j->points - *got < CHUNK ? j->points - *got : CHUNK;
        err = read_chunk(j, s, *got, n, op);
        *got += op->count < n ? op->count : n;
    }
    if (s->channel)
        mark_clipped(j, s, *got);
    else
        spread(j, s, *got);
    return err;
}

/* ---- the whole record --------------------------------------------------------------------------- */

/* Keeps what is complete: the sources before the one that failed, or of the first one the points that came. */
static grat_record *keep(job *j, const source *failed, size_t got)
{
    grat_record *rec = j->rec;
    unsigned traces = failed->first;
    size_t count = j->points;
    if (!rec) return NULL;
    if (traces == 0) {
        traces = failed->traces;
        count = got;
    }
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < traces; i++)
        types[i] = GRAT_U8;
    grat_record *cut = count ? grat_record_new(traces, types, count) : NULL;
    for (unsigned i = 0; cut && i < traces; i++) {
        void *raw = cut->trace[i].raw;
        memcpy(raw, rec->trace[i].raw, count);
        cut->trace[i] = rec->trace[i];
        cut->trace[i].raw = raw;
    }
    if (cut) {
        cut->t0 = rec->t0;
        cut->dt = rec->dt;
        cut->flags = rec->flags | GRAT_REC_CUT;
    }
    grat_record_unref(rec);
    return cut;
}

static void finish(const job *j, grat_record *rec)
{
    const rigol *r = j->r;
    bool known = !j->q->current && r->mono_ns;
    rec->mono_ns = known ? r->mono_ns : grat_now_ns();
    rec->utc_ns = known ? r->utc_ns : grat_utc_ns();
    rec->utc_uncertainty_ns = known ? r->uncertainty_ns : (int64_t)(rec->dt * (double)rec->count * 1e9);
    if (!j->raw) rec->flags |= GRAT_REC_PREVIEW;
    if (!j->q->current && r->forced) rec->flags |= GRAT_REC_FORCED;
}

/* RAW needs a stopped instrument, and several channels belong to one acquisition only when it is stopped. */
static grat_err hold(job *j, grat_op *op)
{
    grat_scope_state state;
    int sweep = 0;
    grat_err err = rigol_state(j->r, &state, op);
    if (err || state == GRAT_STATE_STOPPED || (!j->raw && j->sources < 2)) return err;
    err = grat__scpi_word(j->r->s, ":TRIG:SWE?", rigol_sweep, &sweep, op);
    if (err) return err;
    j->resume = true;
    j->resume_with = sweep == GRAT_SWEEP_SINGLE ? ":SING" : ":RUN";
    err = rigol_run(j->r, GRAT_STOP, op);
    return err ? err : rigol_wait_stopped(j->r, true, STOP_MS, op);
}

/* Sticky settings back to what other programs expect, and the instrument to running; on time of its own, so that
 * it also happens after a cancel. */
static void release(job *j)
{
    grat_op grace;
    grat_op_init(&grace, 3000, NULL);
    if (j->raw)
        grat__scpi_set(j->r->s, &grace, ":WAV:MODE NORM;:WAV:STAR 1;:WAV:STOP %u", RIGOL_SCREEN_POINTS);
    if (j->resume) grat__scpi_set(j->r->s, &grace, "%s", j->resume_with);
}

static grat_err wants_memory(job *j, grat_op *op)
{
    double timebase = 0;
    j->raw = j->q->memory;
    if (j->raw || !j->q->samples) return GRAT_OK;
    grat_err err = grat__scpi_num(j->r->s, ":TIM:SCAL?", &timebase, op);
    j->raw = rigol_needed_points(j->q, timebase) > RIGOL_SCREEN_POINTS;
    return err;
}

static grat_err read_sources(job *j, grat_record **out, grat_op *op)
{
    for (unsigned i = 0; i < j->sources; i++) {
        const source *s = &j->source[i];
        size_t got = 0;
        grat_err err = read_source(j, s, &got, op);
        if (!err) continue;
        j->rec = keep(j, s, got);
        if (j->rec && (err == GRAT_ECANCELED || err == GRAT_ETIMEOUT)) {
            finish(j, j->rec);
            *out = j->rec;
        } else {
            grat_record_unref(j->rec);
        }
        return err;
    }
    finish(j, j->rec);
    *out = j->rec;
    return GRAT_OK;
}

grat_err rigol_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op)
{
    job j = {.r = p, .q = q};
    if (!q->current && !j.r->armed)
        return grat_op_fail(op, GRAT_ENODATA, "%s: there is no new acquisition to read", j.r->model);
    j.r->look.ready = false;
    grat_err err = wants_memory(&j, op);
    if (!err) err = choose(&j, op);
    if (!err) err = hold(&j, op);
    if (!err) err = read_sources(&j, out, op);
    release(&j);
    return err;
}
