/* Reading IEEE 488.2 blocks: straight into the caller's memory, complete or an error with what came. */
#include "session/session.h"

#include "core/block488.h"
#include "core/wait.h"

#include <stdlib.h>
#include <string.h>

/* How long a raw socket waits for the newline behind a block. It normally comes in the same segment; its absence
 * may mean that the declared length was too short, which must not pass as success. */
#define NEWLINE_GRACE_MS 100
/* First allocation, and the room for what stands around the data. */
#define FIRST_ALLOC (1u << 20)
#define SLACK 64
#define FIRST_PIECE (256u << 10)
#define MANY (64u << 10)

/* Where the data go: the caller's memory, or memory that grows up to a limit. */
typedef struct target {
    uint8_t *data;
    size_t have, cap;
    bool grows;
    size_t max;
} target;

static grat_err grow(target *t, uint64_t want, grat_op *op)
{
    if (!t->grows || t->cap >= want) return GRAT_OK;
    /* Doubling, not the declared length at once: memory follows what has really arrived. */
    uint64_t cap = t->cap ? (uint64_t)t->cap * 2 : FIRST_ALLOC;
    if (cap > want) cap = want;
    uint8_t *data = realloc(t->data, cap);
    if (!data) return grat_op_fail(op, GRAT_ENOMEM, "out of memory for a block of %zu bytes", (size_t)want);
    t->data = data;
    t->cap = cap;
    return GRAT_OK;
}

/* Room for the next read; a full fixed buffer is lent a few bytes of scratch by the callers. */
static size_t room(const target *t)
{
    return t->cap - t->have;
}

static grat_err bad_block(const grat__block *b, const target *t, grat_op *op)
{
    char head[40];
    size_t n = b->head_len < sizeof head - 1 ? b->head_len : sizeof head - 1;
    for (size_t i = 0; i < n; i++) head[i] = b->head[i] >= 0x20 && b->head[i] < 0x7f ? b->head[i] : '.';
    head[n] = '\0';
    op->count = t->have;
    return grat_op_fail(op, GRAT_EPROTO, "no data block came but \"%s\": %s", head, b->why);
}

/* Reads until the header is complete; data bytes that came with it stand at the front of the target. */
static grat_err read_header(grat_session *s, grat__block *b, target *t, bool *end, grat_op *op)
{
    uint8_t small[512];
    grat__block_init(b);
    *end = false;
    for (;;) {
        grat_err e = grow(t, FIRST_ALLOC, op);
        if (e) return e;
        /* What comes with the header has to be moved. A socket gives the rest for one more system call; a message
         * wire for one more round trip, so there the first piece is larger. */
        bool direct = !grat__is_stream(s) && room(t) > sizeof small;
        uint8_t *at = direct ? t->data : small;
        size_t most = direct ? (room(t) < FIRST_PIECE ? room(t) : FIRST_PIECE) : sizeof small;
        e = grat__raw_fill(s, at, most, op);
        size_t n = op->count;
        size_t used = grat__block_feed(b, at, n);
        if (b->state == GRAT__BLOCK_BAD) return bad_block(b, t, op);
        if (b->state == GRAT__BLOCK_DATA) {
            size_t data = n - used, fits = data < t->cap ? data : t->cap;
            memmove(t->data, at + used, fits);
            t->have = fits;
            if (data > fits && grat__raw_unread(s, at + used + fits, data - fits, op)) return op->err;
        }
        *end = op->reason & GRAT_REASON_END;
        if (e || b->state == GRAT__BLOCK_DATA) {
            op->count = t->have;
            return e;
        }
        if (*end) return grat_op_fail(op, GRAT_ESHORT, "the answer ended inside its block header");
    }
}

static grat_err short_block(const target *t, uint64_t want, grat_op *op)
{
    op->count = t->have;
    return grat_op_fail(op, GRAT_ESHORT, "incomplete data: %zu of %llu bytes came before the answer ended", t->have,
                        (unsigned long long)want);
}

/* How much of a block is still to come when the next one is asked for: a few milliseconds of a slow link, in which the
 * instrument draws. */
#define AHEAD (64u << 10)

/* *rest: how much to read now; up to where the next request is due. */
static grat_err ask_ahead(grat_session *s, uint64_t left, size_t *rest, grat_op *op)
{
    if (!s->ahead || s->asked_ahead) return GRAT_OK;
    if (left > AHEAD) {
        if (*rest > left - AHEAD) *rest = (size_t)(left - AHEAD);
        return GRAT_OK;
    }
    grat_err e = grat__raw_write(s, s->ahead, strlen(s->ahead), op);
    s->asked_ahead = !e;
    return e;
}

static grat_err read_body(grat_session *s, target *t, uint64_t want, bool *end, grat_op *op)
{
    while (t->have < want) {
        bool buffered = s->rx.len > 0;
        if (*end && !buffered) return short_block(t, want, op);
        grat_err e = grow(t, want + SLACK, op);
        if (e) return e;
        /* What stands behind the data comes with them, except where many are fetched in one go. */
        size_t rest = want - t->have < room(t) ? (size_t)(want - t->have) : room(t);
        if ((e = ask_ahead(s, want - t->have, &rest, op))) {
            op->count = t->have;
            return e;
        }
        e = rest < MANY ? grat__raw_fill(s, t->data + t->have, room(t), op)
                        : grat__raw_fill_due(s, t->data + t->have, rest, op);
        t->have += op->count;
        if (!buffered) *end = op->reason & GRAT_REASON_END;
        if (e && t->have < want) {
            op->count = t->have;
            return e;
        }
        if (e) return GRAT_OK; /* the data are complete; the tail will meet the fault again */
    }
    return GRAT_OK;
}

static bool is_padding(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != '\n' && p[i] != '\r' && p[i] != '\0') return false;
    }
    return true;
}

static grat_err long_block(uint64_t want, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPROTO, "the block declares %llu bytes but the answer goes on behind them",
                        (unsigned long long)want);
}

/* An answer ends with a newline (IEEE 488.2 §8.8; VXI-11.3 B.5.4). Where none came and the last byte of the data is
 * one, that byte was the newline and the block is one byte short, unless this instrument is known to send none. */
static grat_err no_newline(grat_session *s, target *t, uint64_t want, grat_op *op)
{
    if (!want || s->blocks_lack_newline) return GRAT_OK;
    if (t->data[want - 1] != '\n') {
        s->blocks_lack_newline = true;
        return GRAT_OK;
    }
    t->have = want - 1;
    return short_block(t, want, op);
}

/* Message wires: up to END, where only padding may stand. */
static grat_err message_tail(grat_session *s, target *t, uint64_t want, bool end, size_t n, grat_op *op)
{
    uint8_t scratch[SLACK];
    const uint8_t *extra = t->data + want;
    size_t seen = n;
    if (!is_padding(extra, n)) return long_block(want, op);
    while (!end || s->rx.len) {
        bool buffered = s->rx.len > 0;
        grat_err e = grat__raw_fill(s, scratch, sizeof scratch, op);
        if (e) return e;
        seen += op->count;
        if (!is_padding(scratch, op->count) || seen > SLACK) return long_block(want, op);
        if (!buffered) end = op->reason & GRAT_REASON_END;
    }
    return seen ? GRAT_OK : no_newline(s, t, want, op);
}

/* Raw sockets: the byte behind the data must be the end of the line or the next element. */
static grat_err stream_tail(grat_session *s, target *t, uint64_t want, size_t n, grat_op *op)
{
    uint8_t next;
    grat_err e = GRAT_OK;
    if (n) {
        next = t->data[want];
        e = grat__raw_unread(s, t->data + want, n, op);
    } else if (s->rx.len) {
        next = s->rx.data[0];
    } else {
        if (s->blocks_lack_newline) return GRAT_OK;
        grat_op grace;
        grat__op_child(&grace, op, NEWLINE_GRACE_MS);
        e = s->tr->read(s->priv, &next, 1, -1, &grace);
        /* ELOST: closed right behind a complete block, as after a half-close */
        if (e == GRAT_ELOST || (e == GRAT_ETIMEOUT && !grat_op_check(op))) return no_newline(s, t, want, op);
        if (e) return grat__op_adopt(op, &grace);
        e = grat__raw_unread(s, &next, 1, op);
    }
    if (e) return e;
    if (next != '\n' && next != '\r' && next != ';' && next != ',') return long_block(want, op);
    return GRAT_OK;
}

/* #0: the data end with the message; the newline before END is not data. */
static grat_err read_indefinite(grat_session *s, target *t, bool end, grat_op *op)
{
    if (grat__is_stream(s))
        return grat_op_fail(op, GRAT_ENOTSUP, "an indefinite block (#0) has no end on a raw socket; use VXI-11");
    while (!end || s->rx.len) {
        bool buffered = s->rx.len > 0;
        grat_err e = room(t) ? GRAT_OK : grow(t, t->max, op);
        if (e) return e;
        uint8_t one;
        bool full = room(t) == 0;
        e = grat__raw_fill(s, full ? &one : t->data + t->have, full ? 1 : room(t), op);
        if (!buffered) end = op->reason & GRAT_REASON_END;
        if (full && op->count && !(one == '\n' && end && !s->rx.len))
            return grat_op_fail(op, GRAT_ETOOBIG, "the block is larger than %zu bytes", t->cap);
        if (full && op->count) return GRAT_OK;
        t->have += op->count;
        op->count = t->have;
        if (e) return e;
    }
    if (t->have && t->data[t->have - 1] == '\n') t->have--;
    return GRAT_OK;
}

static grat_err read_block(grat_session *s, target *t, grat_op *op)
{
    grat__block b;
    bool end;
    grat_err e = read_header(s, &b, t, &end, op);
    if (e) return e;
    if (b.indefinite) e = read_indefinite(s, t, end, op);
    if (b.indefinite || e) {
        op->count = t->have;
        if (!e) s->outstanding = false;
        return e;
    }
    if (b.length > t->max) {
        op->count = t->have;
        return grat_op_fail(op, GRAT_ETOOBIG, "the block has %llu bytes, more than the limit of %zu",
                            (unsigned long long)b.length, t->max);
    }
    if ((e = read_body(s, t, b.length, &end, op))) return e;
    size_t n = t->have - b.length;
    t->have = b.length;
    e = grat__is_stream(s) ? stream_tail(s, t, b.length, n, op) : message_tail(s, t, b.length, end, n, op);
    op->count = t->have;
    if (e) return e;
    s->outstanding = false;
    s->eat_newlines = grat__is_stream(s);
    op->reason = GRAT_REASON_COUNT | (grat__is_stream(s) ? 0 : GRAT_REASON_END);
    return GRAT_OK;
}

grat_err grat_read_block(grat_session *s, void *buf, size_t cap, grat_op *op)
{
    target t = {.data = buf, .cap = cap, .max = cap};
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    return grat__session_end(s, op, read_block(s, &t, op));
}

grat_err grat_query_block(grat_session *s, const char *command, void *buf, size_t cap, grat_op *op)
{
    target t = {.data = buf, .cap = cap, .max = cap};
    grat_err e = grat__query_start(s, command, op);
    if (e) return e;
    return grat__session_end(s, op, read_block(s, &t, op));
}

grat_err grat_query_block_alloc(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op)
{
    target t = {.grows = true, .max = s->opt.max_response};
    *out = NULL;
    *n = 0;
    grat_err e = grat__query_start(s, command, op);
    if (e) return e;
    e = read_block(s, &t, op);
    *out = t.data;
    *n = t.have;
    return grat__session_end(s, op, e);
}

grat_err grat__query_block_ahead(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op)
{
    target t = {.grows = true, .max = s->opt.max_response};
    *out = NULL;
    *n = 0;
    grat_err e = grat__session_begin(s, op);   /* a recovery forgets what was asked */
    if (e) return e;
    if (!s->asked_ahead && (e = grat__query_start(s, command, op))) return e;
    s->asked_ahead = false;
    s->ahead = grat__is_stream(s) && !s->gap_ns && !s->dialect ? command : NULL;
    e = read_block(s, &t, op);
    s->ahead = NULL;
    if (!e) s->outstanding = s->asked_ahead;
    if (e) s->asked_ahead = false;
    *out = t.data;
    *n = t.have;
    return grat__session_end(s, op, e);
}

static grat_err raw_message(grat_session *s, target *t, grat_op *op)
{
    for (;;) {
        if (t->have >= t->max)
            return grat_op_fail(op, GRAT_ETOOBIG, "the answer is larger than the limit of %zu bytes", t->max);
        grat_err e = room(t) ? GRAT_OK : grow(t, t->max, op);
        if (e) return e;
        e = grat__raw_fill(s, t->data + t->have, room(t), op);
        t->have += op->count;
        if (e || (op->reason & GRAT_REASON_END)) return e;
    }
}

static grat_err raw_line(grat_session *s, target *t, grat_op *op)
{
    for (;;) {
        if (t->have >= t->max)
            return grat_op_fail(op, GRAT_ETOOBIG, "the answer is larger than the limit of %zu bytes", t->max);
        grat_err e = room(t) ? GRAT_OK : grow(t, t->max, op);
        if (e) return e;
        size_t from = t->have;
        e = grat__raw_fill(s, t->data + from, room(t), op);
        t->have += op->count;
        uint8_t *lf = t->have > from ? memchr(t->data + from, grat__line_end(s), t->have - from) : NULL;
        if (lf) {
            size_t line = (size_t)(lf + 1 - t->data);
            e = grat__raw_unread(s, lf + 1, t->have - line, op);
            t->have = line;
            return e;
        }
        if (e || (op->reason & GRAT_REASON_END)) return e;
    }
}

/* The whole block with its header, as it came. */
static grat_err raw_block(grat_session *s, target *t, grat_op *op)
{
    target body = {.grows = true, .max = t->max - SLACK};
    grat__block b;
    bool end;
    grat_err e = read_header(s, &b, &body, &end, op);
    if (!e && b.indefinite) e = grat_op_fail(op, GRAT_ENOTSUP, "an indefinite block (#0) has no end on a raw socket");
    if (!e && b.length > body.max) e = grat_op_fail(op, GRAT_ETOOBIG, "the block is larger than %zu bytes", body.max);
    if (!e) e = read_body(s, &body, b.length, &end, op);
    size_t extra = !e && body.have > b.length ? body.have - b.length : 0;
    if (!e) {
        body.have = b.length;
        e = stream_tail(s, &body, b.length, extra, op);
    }
    t->data = realloc(body.data, body.have + b.head_len + 1);
    if (!t->data) {
        free(body.data);
        return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    }
    t->have = body.have + b.head_len;
    memmove(t->data + b.head_len, t->data, body.have);
    memcpy(t->data, b.head, b.head_len);
    s->eat_newlines = true;
    return e;
}

static grat_err raw_stream(grat_session *s, target *t, grat_op *op)
{
    for (;;) {
        uint8_t first;
        do {
            grat_err e = grat__raw_fill(s, &first, 1, op);
            if (e) return e;
        } while (s->eat_newlines && (first == '\n' || first == '\r'));
        grat_err e = grat__raw_unread(s, &first, 1, op);
        if (e) return e;
        if (first == '#') return raw_block(s, t, op);
        e = raw_line(s, t, op);
        size_t n = t->have;
        while (n && (t->data[n - 1] == '\n' || t->data[n - 1] == '\r')) n--;
        if (e || !grat__late_identity(s, t->data, n)) return e;
        free(t->data);
        *t = (target){.grows = true, .max = t->max};
    }
}

grat_err grat_query_raw(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op)
{
    target t = {.grows = true, .max = s->opt.max_response};
    *out = NULL;
    *n = 0;
    grat_err e = grat__query_start(s, command, op);
    if (e) return e;
    e = grat__is_stream(s) ? raw_stream(s, &t, op) : raw_message(s, &t, op);
    *out = t.data;
    *n = op->count = t.have;
    if (!e) s->outstanding = false;
    return grat__session_end(s, op, e);
}
