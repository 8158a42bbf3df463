/* Plain I/O: what a layer with message rules of its own (VISA) needs. Nothing is added, taken away or recovered here.
 *
 * `io` holds what was received behind a termination character or ahead of what was asked for. It belongs to the read
 * side; a write beside it only looks at the two atomics.
 *
 * Reading ahead. A stream gives what it has, so small reads always go through `io`. A message wire may wait until it
 * has all that was asked for: it is asked for more only after a piece that came whole and fast, twice as much each
 * time. The same after a run of pieces that the wire itself ended at the character, without the character then: in
 * binary data one call for each such byte is slow, but a device that writes line by line must not be waited for.
 *
 * A definite-length block (IEEE 488.2, 8.7.9) that an answer begins with is data: the character inside it does not end
 * a read, unless nothing is known to follow. So a text that only looks like a block ("#41000") ends as any other. */
#include "core/wait.h"
#include "session/session.h"

#include <string.h>

enum {
    AHEAD_STREAM = 64 << 10,
    AHEAD_MAX = 4 << 20,
    AHEAD_FIRST = 4 << 10,
    CHAR_RUN = 3,
    FAST_NS = 50 * 1000000,
    FAST_CHAR_NS = 5 * 1000000,
};

enum { AT_START, AT_DIGIT, IN_LENGTH, IN_BLOCK, IN_TEXT };

void grat__plain_init(grat__plain *io)
{
    grat__buf_init(&io->held, AHEAD_MAX);
}

void grat__plain_free(grat__plain *io)
{
    grat__buf_free(&io->held);
}

void grat__plain_forget(grat__plain *io)
{
    io->held.len = io->at = io->ahead = 0;
    io->runs = 0;
    io->end = false;
    io->where = AT_START;
    atomic_store(&io->n, 0);
    atomic_store(&io->stale, false);
}

/* One byte of what may be a block's header. */
static void header_byte(grat__plain *io, uint8_t c)
{
    unsigned digit = (unsigned)c - '0';
    switch (io->where) {
    case AT_START:
        io->where = c == '#' ? AT_DIGIT : IN_TEXT;
        break;
    case AT_DIGIT:
        io->digits = digit;
        io->rest = 0;
        io->where = digit >= 1 && digit <= 9 ? IN_LENGTH : IN_TEXT;
        break;
    default:
        io->rest = io->rest * 10 + digit;
        if (digit > 9) io->where = IN_TEXT;
        else if (--io->digits == 0) io->where = io->rest ? IN_BLOCK : IN_TEXT;
    }
}

static size_t ended(grat__plain *io, size_t at)
{
    io->where = AT_START;
    return at;
}

/* Goes over the next n bytes that are given out. How many there are up to and with the character; 0: it is not among
 * them. `more`: others are known to follow. */
static size_t find_end(grat__plain *io, const uint8_t *p, size_t n, int term, bool more)
{
    for (size_t i = 0; i < n;) {
        if (io->where == IN_TEXT) {
            const uint8_t *found = term >= 0 ? memchr(p + i, term, n - i) : NULL;
            return found ? ended(io, (size_t)(found - p) + 1) : 0;
        }
        if (io->where != IN_BLOCK) {
            if (p[i] == term) return ended(io, i + 1);
            header_byte(io, p[i++]);
            continue;
        }
        size_t take = io->rest < n - i ? io->rest : n - i;
        i += take;
        io->rest -= take;
        if (!io->rest) io->where = IN_TEXT;
        if (i == n && !more && p[n - 1] == term) return ended(io, n);
    }
    return 0;
}

grat_err grat_io_write(grat_session *s, const void *data, size_t n, bool end, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (s->dead) return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead; open it again", s->name);
    if (!n) return GRAT_OK;
    /* A new message makes the rest of the last answer void (IEEE 488.2, INTERRUPTED). */
    if (!grat__is_stream(s) && atomic_load(&s->io.n)) atomic_store(&s->io.stale, true);
    atomic_store(&s->io.fresh, true);
    return s->tr->write(s->priv, data, n, end, op);
}

void grat_io_discard(grat_session *s, size_t *had)
{
    size_t n = atomic_load(&s->io.n) + (s->tr->discard ? s->tr->discard(s->priv) : 0);
    grat__plain_forget(&s->io);
    if (had) *had = n;
}

size_t grat_io_held(const grat_session *s)
{
    return atomic_load(&s->io.stale) ? 0 : atomic_load(&s->io.n);
}

/* Where a read stands. */
typedef struct job {
    char *buf;
    size_t cap;
    int term;
    unsigned stops;
} job;

/* Gives out what is held, up to the character. */
static void from_held(grat_session *s, const job *j, grat_op *op)
{
    grat__plain *io = &s->io;
    size_t have = io->held.len - io->at, room = j->cap - op->count, n = have < room ? have : room;
    const uint8_t *from = io->held.data + io->at;
    if (!n) return;
    size_t found = find_end(io, from, n, j->term, have > n || (!grat__is_stream(s) && !io->end));
    if (found) {
        n = found;
        op->reason |= GRAT_REASON_CHAR;
    }
    memcpy(j->buf + op->count, from, n);
    op->count += n;
    io->at += n;
    if (io->at == io->held.len) {
        io->at = io->held.len = 0;
        if (io->end) op->reason |= GRAT_REASON_END, io->where = AT_START;
        io->end = false;
    }
    atomic_store(&io->n, io->held.len - io->at);
    if (op->count == j->cap) op->reason |= GRAT_REASON_COUNT;
}

/* What is behind the character, of n bytes that were read into the caller's buffer. */
static grat_err hold(grat_session *s, const char *data, size_t n, bool end, grat_op *op)
{
    s->io.at = s->io.held.len = 0;
    grat_err e = grat__buf_put(&s->io.held, data, n);
    if (e) return grat_op_fail(op, e, "%s: too much came behind the termination character", s->name);
    s->io.end = end;
    atomic_store(&s->io.n, n);
    return GRAT_OK;
}

static bool searched_here(const grat_session *s, const job *j)
{
    return j->term < 0 || grat__is_stream(s) || s->io.runs >= CHAR_RUN || s->io.where == IN_BLOCK;
}

/* How much to ask for; more than `room` goes through `held`. */
static size_t wanted(const grat_session *s, const job *j, size_t room)
{
    if (grat__is_stream(s)) {
        if (room < AHEAD_STREAM || j->term >= 0) return AHEAD_STREAM;
        return room;
    }
    if (s->tr->caps & GRAT_TCAP_EXACT) return room;
    size_t want = s->io.ahead && searched_here(s, j) ? s->io.ahead : 0;
    if (s->opt.read_chunk && want > s->opt.read_chunk) want = s->opt.read_chunk;
    if (want < room) want = room;
    /* The device knows best where a text ends. */
    if (j->term >= 0 && s->io.where == IN_BLOCK && want > s->io.rest) want = s->io.rest;
    return j->term >= 0 && want > AHEAD_MAX ? AHEAD_MAX : want;
}

/* What a piece of a message tells about the next one. */
static void learn(grat_session *s, size_t want, int64_t spent_ns, const grat_op *piece)
{
    grat__plain *io = &s->io;
    bool by_char = (piece->reason & GRAT_REASON_CHAR) && !(piece->reason & GRAT_REASON_END);
    if (grat__is_stream(s)) return;
    if (piece->err || (piece->reason & GRAT_REASON_END)) {
        io->ahead = 0;
        io->runs = 0;
    } else if (by_char) {
        io->runs = spent_ns < FAST_CHAR_NS ? io->runs + 1 : 0;
        io->ahead = io->runs >= CHAR_RUN ? AHEAD_FIRST : 0;
    } else {
        io->ahead = spent_ns < FAST_NS ? (want < AHEAD_MAX / 2 ? 2 * want : AHEAD_MAX) : 0;
        if (!io->ahead) io->runs = 0;
    }
}

/* One read of the wire, straight into the caller's buffer or into `held`. `piece` is a copy of op for this read. */
static grat_err from_wire(grat_session *s, const job *j, grat_op *op)
{
    grat__plain *io = &s->io;
    size_t before = op->count, room = j->cap - before, want = wanted(s, j, room);
    bool direct = want <= room;
    int term = searched_here(s, j) ? -1 : j->term;
    unsigned reasons = op->reason;
    grat_err e = direct ? GRAT_OK : grat__buf_reserve(&io->held, want);
    if (e) return grat_op_fail(op, e, "%s: out of memory", s->name);
    int64_t begin = grat_now_ns();
    op->count = op->reason = 0;
    e = s->tr->read(s->priv, direct ? j->buf + before : (char *)io->held.data, want, term, op);
    op->err = e;
    size_t got = op->count;
    bool end = !e && (op->reason & GRAT_REASON_END);
    learn(s, want, grat_now_ns() - begin, op);
    op->reason = reasons;
    op->count = before;
    if (!direct) {
        io->held.len = got;
        io->end = end;
        atomic_store(&io->n, got);
        from_held(s, j, op);
        if (end && !got) op->reason |= GRAT_REASON_END, io->end = false;
    } else {
        size_t found = find_end(io, (uint8_t *)j->buf + before, got, j->term, !grat__is_stream(s) && !end);
        size_t keep = before + (found ? found : got);
        op->count = keep;
        if (found) op->reason |= GRAT_REASON_CHAR;
        if (keep < before + got) {
            grat_err full = hold(s, j->buf + keep, before + got - keep, end, op);
            if (full) return full;
        } else if (end) {
            op->reason |= GRAT_REASON_END;
            io->where = AT_START;
        }
        if (keep == j->cap) op->reason |= GRAT_REASON_COUNT;
    }
    /* What ended the read is there, whatever became of the wire behind it; but not what a line has spoilt. */
    bool spoilt = e == GRAT_EIO && grat__is_stream(s);
    return op->reason & j->stops && !spoilt ? GRAT_OK : e;
}

grat_err grat_io_read(grat_session *s, void *buf, size_t cap, int term, bool through_end, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    job j = {.buf = buf, .cap = cap, .term = term,
             .stops = GRAT_REASON_COUNT | GRAT_REASON_CHAR | (through_end ? 0 : GRAT_REASON_END)};
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: a read needs room for at least one byte", s->name);
    if (atomic_load(&s->io.stale)) grat__plain_forget(&s->io);
    /* What is held costs no waiting, so it is given even when the time is over. */
    if (atomic_exchange(&s->io.fresh, false)) s->io.where = atomic_load(&s->io.n) ? IN_TEXT : AT_START;
    from_held(s, &j, op);
    if (op->reason & j.stops) return op->err = GRAT_OK;
    if (e) return e;
    if (s->dead) return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead; open it again", s->name);
    while (!e && !(op->reason & j.stops)) e = from_wire(s, &j, op);
    return op->err = e;
}
