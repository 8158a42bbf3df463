/* Recordings by the stream "All": 8 bit, A and B at once, and the logic byte. Its frames count, so that what is missing
 * is known, modulo 256; how often 256 is told by the host's clock, of a loss also when it was. The framing is believed
 * (docs/reference/bitscope.md). */
#include <math.h>
#include <string.h>

#include "core/wait.h"
#include "scope/drv/bitscope/bitscope.h"

#define TOKEN 0xa5             /* BitLib's */
#define TRACE_MODE 1
#define TICKS_A_FRAME 4        /* for each of ClockTicks */
#define LEAST_TICKS 15
#define MOST_TICKS 65535
#define PIECE_SECONDS 0.25
#define PIECE_MAX 65536
#define COUNTS 256
#define START_TRIES 3
/* The least of so many, over so long, is not the scheduler's doing. */
#define WINDOW_LEAST 16
#define WINDOW_SECONDS 0.5
#define SURE_SECONDS 0.05
#define DRIFT 1e-4
#define RECENT 8
#define BEHIND_SECONDS 0.2
#define MARGIN 0.9

/* For the scale of the samples; the rest of it is not used. */
static const bs_mode stream_mode = {.name = "stream", .number = TRACE_MODE, .analog = 1, .logic = true};

grat_err bs_log_mode(void *p, grat_log_mode mode, grat_op *op)
{
    bs_scope *b = p;
    if (mode == GRAT_LOG_RAPID)
        return grat_op_fail(op, GRAT_ERANGE, "mode rapid: a BitScope has no segments; there are block and stream");
    b->log.streams = mode == GRAT_LOG_STREAM;
    return GRAT_OK;
}

static double unit(void)
{
    return TICKS_A_FRAME * BS_TICK;
}

double bs_stream_dt(double dt)
{
    return fmin(fmax(floor(dt / unit() + 1e-6), LEAST_TICKS), MOST_TICKS) * unit();
}

/* ---- start and stop -------------------------------------------------------------------------------- */

/* What was asked for: the plan of a trace has other limits. */
static grat_err choose_dt(bs_scope *b, const grat_request *q, grat_op *op)
{
    double dt = q->period > 0 && q->samples ? q->period / (double)q->samples : 1 / b->set.rate;
    char a[40], c[40];
    b->stream.dt = bs_stream_dt(dt);
    if (dt >= LEAST_TICKS * unit() * (1 - 1e-6) && dt < (MOST_TICKS + 1) * unit()) return GRAT_OK;
    return grat_op_fail(op, GRAT_ERANGE, "rate: %s cannot be streamed; the nearest is %s",
                        grat_format_quantity(a, sizeof a, 1 / dt, "S/s"),
                        grat_format_quantity(c, sizeof c, 1 / b->stream.dt, "S/s"));
}

static void program(bs_scope *b, grat__bs_regs *r)
{
    static const bs_trigger none = {0};
    bs_want want = bs_want_of(&b->set);
    bs_trace *t = &b->trace;
    *t = (bs_trace){.plan.mode = &stream_mode, .analog = want.analog, .logic = want.logic,
                    .ratio = b->set.channel[0].probe};
    if (!(t->ratio > 0)) t->ratio = 1;
    bs_range_of(&b->set, &t->low, &t->high);
    if (!t->analog) t->low = 0, t->high = 3.3;
    if (b->gen.what == BS_GEN_WAVE) t->logic &= ~(1u << 4);
    if (b->gen.what == BS_GEN_CLOCK) t->logic &= ~(1u << 5);
    *r = (grat__bs_regs){0};
    grat__bs_put(r, GRAT__BS_ClockScale, 1);
    grat__bs_put(r, GRAT__BS_TraceMode, TRACE_MODE);
    grat__bs_put(r, GRAT__BS_ClockTicks, (uint32_t)nearbyint(b->stream.dt / unit()));
    grat__bs_put(r, GRAT__BS_StreamIdent, TOKEN);
    grat__bs_put(r, GRAT__BS_AnalogEnable, t->analog);
    grat__bs_put(r, GRAT__BS_DigitalEnable, t->logic);
    bs_put_analog(b, t, &none, r);
}

static grat_err start_once(bs_scope *b, int64_t *asked_ns, grat_op *op)
{
    grat__bs_regs regs;
    grat_err e = bs_ready(b, op);
    if (e) return e;
    program(b, &regs);
    e = grat__bs_store(&b->vm, &regs, ">", op);
    if (!e) e = grat__bs_send(&b->vm, "U", 1, op);
    *asked_ns = grat_now_ns();
    return e ? e : grat__bs_stream(&b->vm, op);
}

/* After a fault in a recording the indices go on by the host's clock. */
static grat_err start(bs_scope *b, bool restart, grat_op *op)
{
    bs_stream *s = &b->stream;
    int64_t asked_ns = 0;
    grat_err e = GRAT_OK;
    for (unsigned i = 0; i < START_TRIES; i++) {
        e = start_once(b, &asked_ns, op);
        if (!e || !b->vm.lost || e == GRAT_ECANCELED || grat_op_left_ms(op) == 0) break;
    }
    if (e) return e;
    op->err = GRAT_OK;
    int64_t now = grat_now_ns(), middle = asked_ns + (now - asked_ns) / 2;
    if (restart) {
        s->next = 0;
        s->began_ns = middle;
        s->uncertain_ns = (now - asked_ns) / 2 + 1;
    }
    double index = nearbyint((double)(middle - s->began_ns) * 1e-9 / s->dt);
    if (index > (double)s->next) s->next = (uint64_t)index;
    s->frames = (grat__bs_frames){.token = TOKEN, .size = b->trace.logic ? 5 : 4};
    s->at = s->n = 0;
    s->has_first = s->compared = s->fresh = false;
    s->window.seen = 0;
    s->window.gap = false;
    s->floor = INFINITY;
    s->behind = 0;
    s->seen = 0;
    s->received = 0;
    s->started_ns = now;
    s->running = true;
    return GRAT_OK;
}

grat_err bs_stream_stop(bs_scope *b, grat_op *op)
{
    b->stream.running = false;
    /* Someone else may have found the link out of step and stopped it. */
    return b->vm.lost ? grat__bs_stream_end(&b->vm, op) : GRAT_OK;
}

/* ---- frames -------------------------------------------------------------------------------------------- */

static grat_err fill(bs_scope *b, grat_op *op)
{
    bs_stream *s = &b->stream;
    grat_err e = grat__bs_stream_read(&b->vm, s->bytes, sizeof s->bytes, &s->fresh, op);
    s->at = 0;
    s->n = op->count;
    s->read_ns = grat_now_ns();
    s->received += s->n;
    if (e != GRAT_EPROTO) return e;
    grat__bs_frames_break(&s->frames);
    s->n = 0;
    s->fresh = false;
    op->err = GRAT_OK;
    return GRAT_OK;
}

static bool take(bs_stream *s, grat__bs_frame *out)
{
    const uint8_t *p = s->bytes + s->at;
    if (s->has_first) {
        s->has_first = false;
        *out = s->first;
        return true;
    }
    bool is = grat__bs_frames_take(&s->frames, &p, &s->n, out);
    s->at = (size_t)(p - s->bytes);
    return is;
}

static void put(const bs_trace *t, grat_record *r, size_t at, const grat__bs_frame *f)
{
    unsigned k = 0;
    for (unsigned i = 0; i < BS_ANALOG; i++)
        if (t->analog >> i & 1) ((uint8_t *)r->trace[k++].raw)[at] = i ? f->b : f->a;
    for (unsigned i = 0; i < BS_LOGIC; i++)
        if (t->logic >> i & 1) ((uint8_t *)r->trace[k++].raw)[at] = f->logic >> i & 1;
}

typedef struct piece {
    size_t n;
    bool gap;
    uint64_t first;
} piece;

/* How late the newest frame is, by an index that may be too low. */
static void look_at_clock(bs_stream *s, const piece *p)
{
    double late = (double)(s->read_ns - s->began_ns) * 1e-9 - (double)(p->first + p->n) * s->dt;
    if (!s->window.seen++) {
        s->window.began_ns = s->read_ns;
        s->window.piece = s->pieces;
        s->window.late = late;
    }
    s->window.late = fmin(s->window.late, late);
    s->late = s->seen++ ? fmin(s->late, late) : late;
    s->floor = fmin(s->floor, late);
    if (s->seen < RECENT) return;
    s->behind = s->late - s->floor;
    s->seen = 0;
}

/* A loss while the frames come ever later: what is missing could not be told. */
static grat_err too_fast(const bs_stream *s, grat_op *op)
{
    char a[40], c[40], d[40];
    double took = (double)s->received / ((double)(s->read_ns - s->started_ns) * 1e-9 + 1e-9);
    double needs = s->frames.size / s->dt;
    return grat_op_fail(op, GRAT_ERANGE, "rate: the link takes %s of the %s that this rate makes; the nearest is %s",
                        grat_format_quantity(a, sizeof a, took, "B/s"), grat_format_quantity(c, sizeof c, needs, "B/s"),
                        grat_format_quantity(d, sizeof d, floor(took / s->frames.size * MARGIN), "S/s"));
}

/* Frames without a gap, but before the first. Ends at the next gap, when it is full, or with an error. */
static grat_err collect(bs_scope *b, grat_record *r, size_t most, piece *p, grat_op *op)
{
    bs_stream *s = &b->stream;
    while (p->n < most) {
        grat__bs_frame f;
        if (take(s, &f)) {
            if (f.gap && p->n) {
                s->first = f;
                s->has_first = true;
                return GRAT_OK;
            }
            if (f.gap && s->behind > BEHIND_SECONDS) return too_fast(s, op);
            if (f.gap) p->gap = true, p->first += f.lost;
            put(&b->trace, r, p->n++, &f);
            continue;
        }
        if (s->fresh && p->n) look_at_clock(s, p);
        s->fresh = false;
        grat_err e = fill(b, op);
        if (e) return e;
    }
    return GRAT_OK;
}

/* Frames that are missing by 256 leave no trace in the count: what comes later than before by that much, was. */
static void place(bs_stream *s, piece *p)
{
    double round = COUNTS * s->dt, span = (double)(s->read_ns - s->window.began_ns) * 1e-9;
    bool own = p->gap && s->window.piece == s->pieces;
    s->pieces++;
    s->window.gap = s->window.gap || p->gap;
    s->next = p->first + p->n;
    if (s->window.seen < WINDOW_LEAST || span < WINDOW_SECONDS) return;
    double more = s->window.late - s->usual;
    uint64_t missing = 0;
    if (s->compared && s->window.gap && more > fmax(round / 2, SURE_SECONDS))
        missing = (uint64_t)nearbyint(more / round) * COUNTS;
    if (own) p->first += missing;
    s->next += missing;
    more -= (double)missing * s->dt;
    /* The two clocks drift. */
    s->usual += s->compared ? fmin(more, DRIFT * span) : more;
    s->compared = true;
    s->window.seen = 0;
    s->window.gap = false;
}

static void describe(const bs_scope *b, grat_record *r, const piece *p)
{
    const bs_trace *t = &b->trace;
    unsigned k = 0;
    r->count = p->n;
    r->first = p->first;
    r->dt = b->stream.dt;
    r->mono_ns = b->stream.began_ns;
    r->utc_ns = r->mono_ns + (grat_utc_ns() - grat_now_ns());
    r->utc_uncertainty_ns = b->stream.uncertain_ns;
    for (unsigned i = 0; i < BS_ANALOG; i++) {
        if (!(t->analog >> i & 1)) continue;
        bs_describe_analog(b, &r->trace[k], i);
        if (bs_clipped(&r->trace[k++], r->count)) r->flags |= GRAT_REC_CLIPPED;
    }
    for (unsigned i = 0; i < BS_LOGIC; i++)
        if (t->logic >> i & 1) bs_describe_logic(&r->trace[k++], i);
}

grat_err bs_stream_next(bs_scope *b, const grat_request *q, bool restart, grat_record **out, grat_op *op)
{
    bs_stream *s = &b->stream;
    grat_err e = grat__op_begin(op);
    if (!e && s->running && (restart || !b->vm.lost)) e = bs_stream_stop(b, op);
    if (!e && restart) e = choose_dt(b, q, op);
    if (!e && !s->running) e = start(b, restart, op);
    if (e) return e;
    piece p = {.first = s->next};
    double most = fmin(fmax(PIECE_SECONDS / s->dt, 1), PIECE_MAX);
    grat_record *r = bs_new_record(b, (unsigned)most);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "out of memory for a record");
    e = collect(b, r, (size_t)most, &p, op);
    if (e && e != GRAT_ETIMEOUT && e != GRAT_ECANCELED) s->running = false;
    if (!p.n) {
        grat_record_unref(r);
        return e;
    }
    place(s, &p);
    describe(b, r, &p);
    *out = r;
    return e;
}
