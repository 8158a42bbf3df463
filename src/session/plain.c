/* Plain I/O: what a layer with message rules of its own (VISA) needs. Nothing is added, taken away or recovered here.
 * `rx` holds what was received behind a termination character; it is the read side's alone. */
#include "core/wait.h"
#include "session/session.h"

#include <string.h>

/* How much is asked of a wire that does not look for the character itself. */
#define AHEAD 65536

grat_err grat_io_write(grat_session *s, const void *data, size_t n, bool end, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (s->dead) return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead; open it again", s->name);
    if (!n) return GRAT_OK;
    return s->tr->write(s->priv, data, n, end, op);
}

void grat_io_discard(grat_session *s, size_t *had)
{
    size_t n = s->rx.len + (s->tr->discard ? s->tr->discard(s->priv) : 0);
    s->rx.len = 0;
    s->rx_end = false;
    if (had) *had = n;
}

/* Gives out what is held, up to the character. True when that ends the read. */
static bool from_held(grat_session *s, char *buf, size_t cap, int term, grat_op *op)
{
    size_t n = s->rx.len < cap ? s->rx.len : cap;
    if (!n) return false;
    const uint8_t *at = term >= 0 ? memchr(s->rx.data, term, n) : NULL;
    if (at) {
        n = (size_t)(at - s->rx.data) + 1;
        op->reason |= GRAT_REASON_CHAR;
    }
    memcpy(buf, s->rx.data, n);
    grat__buf_drop(&s->rx, n);
    op->count += n;
    if (!s->rx.len && s->rx_end) op->reason |= GRAT_REASON_END;
    if (!s->rx.len) s->rx_end = false;
    if (n == cap) op->reason |= GRAT_REASON_COUNT;
    return op->reason != 0;
}

static grat_err hold(grat_session *s, const char *data, size_t n, bool end, grat_op *op)
{
    grat_err e = grat__buf_reserve(&s->rx, n);
    if (e) return grat_op_fail(op, e, "%s: too much came behind the termination character", s->name);
    memcpy(s->rx.data + s->rx.len, data, n);
    s->rx.len += n;
    s->rx_end = end;
    return GRAT_OK;
}

/* One read of the wire straight into the caller's buffer; what is behind the character is held. */
static grat_err from_wire(grat_session *s, char *buf, size_t cap, int term, grat_op *op)
{
    size_t before = op->count;
    unsigned reasons = op->reason;
    size_t want = term >= 0 && cap - before > AHEAD ? AHEAD : cap - before;
    op->count = 0;
    op->reason = 0;
    grat_err e = s->tr->read(s->priv, buf + before, want, -1, op);
    size_t got = op->count;
    bool end = !e && (op->reason & GRAT_REASON_END);
    char *at = term >= 0 && got ? memchr(buf + before, term, got) : NULL;
    size_t keep = at ? (size_t)(at - buf) + 1 : before + got;
    op->reason = reasons | (at ? GRAT_REASON_CHAR : 0);
    op->count = keep;
    if (at && keep < before + got) {
        grat_err full = hold(s, buf + keep, before + got - keep, end, op);
        if (full) return full;
    } else if (end) {
        op->reason |= GRAT_REASON_END;
    }
    if (keep == cap) op->reason |= GRAT_REASON_COUNT;
    /* What ended the read is there, whatever became of the wire behind it. */
    if (e && at) e = GRAT_OK;
    return e;
}

grat_err grat_io_read(grat_session *s, void *buf, size_t cap, int term, bool through_end, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    unsigned stops = GRAT_REASON_COUNT | GRAT_REASON_CHAR | (through_end ? 0 : GRAT_REASON_END);
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: a read needs room for at least one byte", s->name);
    /* What is held costs no waiting, so it is given even when the time is over. */
    from_held(s, buf, cap, term, op);
    if (op->reason & stops) return op->err = GRAT_OK;
    if (e) return e;
    if (s->dead) return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead; open it again", s->name);
    while (!e && !(op->reason & stops)) e = from_wire(s, buf, cap, term, op);
    return e;
}
