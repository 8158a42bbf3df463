/* Messages out and in. A request stays out over a timeout: the next read takes its answer up where it was, the next
 * write aborts it first. */
#include "transport/usbtmc/tmc.h"

#include "core/wait.h"

#include <stdlib.h>
#include <string.h>

enum {
    TRANSFER = 1 << 20,              /* payload of one bulk-OUT transfer */
    REQUEST = (1 << 20) + 4096,      /* what a request asks for, however little is wanted: one for a block of 1 MiB */
    ZLP_MS = 400,                    /* how long an empty packet is waited for */
    CUT_MS = 1000,                   /* and the rest of a transfer behind a short packet */
    STRAY_ZLPS = 8,
};

/* ---- out -------------------------------------------------------------------------------------- */

static grat_err keep_gap(grat__tmc *t, grat_op *op)
{
    if (!t->quirks.write_gap_ms || grat_now_ns() >= t->quiet_until_ns) return GRAT_OK;
    return grat_op_sleep_until(op, t->quiet_until_ns);
}

/* One transfer. A halt is left from an earlier message: it is cleared, and the transfer sent again, once. */
static grat_err send_transfer(grat__tmc *t, size_t n, grat_op *op)
{
    grat_err e = keep_gap(t, op);
    if (e) return e;
    op->count = 0;
    e = t->ops->out(t->pipe, t->out, n, op);
    if (e == GRAT_EIO && t->pipe->stalled) {
        e = t->ops->clear_halt(t->pipe, t->dev.out.address, op);
        op->count = 0;
        if (!e) e = t->ops->out(t->pipe, t->out, n, op);
    }
    t->quiet_until_ns = grat_now_ns() + (int64_t)t->quirks.write_gap_ms * 1000000;
    if (!e) op->err = GRAT_OK, op->text[0] = '\0';
    return e;
}

static uint8_t next_tag(grat__tmc *t)
{
    return t->tag = grat__tmc_next_tag(t->tag);
}

grat_err grat__tmc_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    grat__tmc *t = p;
    const uint8_t *bytes = data;
    size_t done = 0;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (!e) e = grat__tmc_settle(t, op);
    while (!e && done < n) {
        size_t k = n - done < TRANSFER ? n - done : TRANSFER, pad = grat__tmc_pad(k);
        grat__tmc_header h = {.msg = GRAT__TMC_MSG_OUT, .tag = next_tag(t), .size = (uint32_t)k,
                              .attributes = end && done + k == n ? GRAT__TMC_EOM : 0};
        grat__tmc_put_header(t->out, &h);
        memcpy(t->out + GRAT__TMC_HEADER, bytes + done, k);
        memset(t->out + GRAT__TMC_HEADER + k, 0, pad);
        e = send_transfer(t, GRAT__TMC_HEADER + k + pad, op);
        size_t gone = op->count > GRAT__TMC_HEADER ? op->count - GRAT__TMC_HEADER : 0;
        if (e) t->out_open = true, t->out_tag = h.tag;
        done += e ? (gone < k ? gone : k) : k;
    }
    op->count = done;
    return e;
}

grat_err grat__tmc_trigger(void *p, grat_op *op)
{
    grat__tmc *t = p;
    if (!(t->caps.usb488_interface & GRAT__TMC_488IF_TRIGGER)) return grat__tmc_write(t, "*TRG\n", 5, true, op);
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (!e) e = grat__tmc_settle(t, op);
    if (e) return e;
    grat__tmc_put_header(t->out, &(grat__tmc_header){.msg = GRAT__TMC_TRIGGER, .tag = next_tag(t)});
    e = send_transfer(t, GRAT__TMC_HEADER, op);
    if (e) t->out_open = true, t->out_tag = t->tag;
    op->count = 0;
    return e;
}

/* ---- in ---------------------------------------------------------------------------------------- */

void grat__tmc_forget_in(grat__tmc *t)
{
    t->in_open = t->wire_ended = false;
    t->piece = (grat__usb_piece){0};
    t->piece_at = 0;
    t->rest = (grat__tmc_slice){0};
}

size_t grat__tmc_discard(void *p)
{
    grat__tmc *t = p;
    size_t n = t->rest.n;
    t->rest = (grat__tmc_slice){0};
    return n;
}

static grat_err request(grat__tmc *t, int term, grat_op *op)
{
    size_t want = REQUEST;
    bool by_device = term >= 0 && t->caps.device & GRAT__TMC_DEV_TERMCHAR;
    if (t->quirks.max_request && want > t->quirks.max_request) want = t->quirks.max_request;
    grat__tmc_header h = {.msg = GRAT__TMC_MSG_IN, .tag = next_tag(t), .size = (uint32_t)want,
                          .attributes = by_device ? GRAT__TMC_TERM : 0, .term = by_device ? (uint8_t)term : 0};
    grat__tmc_put_header(t->out, &h);
    grat_err e = send_transfer(t, GRAT__TMC_HEADER, op);
    op->count = 0;
    if (e) {
        t->out_open = true, t->out_tag = h.tag;
        return e;
    }
    grat__tmc_forget_in(t);
    grat__tmc_in_init(&t->in, h.tag, want);
    if (t->quirks.flags & GRAT__TMC_STALE_TAG) t->in.flags = GRAT__TMC_ANY_TAG;
    t->in_open = true;
    t->skipped_zlp = false;
    return GRAT_OK;
}

/* A transfer of full packets only has not ended yet: an empty one is still to come. Under xHCI each packet of a
 * high-speed device with 64-byte endpoints ends its URB, so a short URB says nothing there. */
static bool unfinished(const grat__tmc *t)
{
    size_t packet = t->dev.in.size ? t->dev.in.size : 512;
    bool mute = t->dev.speed >= 480 && packet < 512;
    return t->in.seen % packet == 0 && (t->piece.full || mute);
}

static void take_end(grat__tmc *t, const grat_op *parent)
{
    grat__usb_piece last;
    grat_op op;
    t->wire_ended = true;
    if (unfinished(t) && !(t->quirks.flags & GRAT__TMC_NO_ZLP)) {
        bool sure = t->piece.full;
        grat__op_child(&op, parent, ZLP_MS);
        op.cancel = NULL;
        grat_err e = t->ops->in(t->pipe, t->dev.in.size, true, &last, &op);
        if (e == GRAT_ETIMEOUT && sure) t->quirks.flags |= GRAT__TMC_NO_ZLP;
    }
    t->ops->in_stop(t->pipe, NULL);
}

static size_t expected(const grat__tmc *t, bool *exact)
{
    size_t missing = grat__tmc_in_missing(&t->in), packet = t->dev.in.size ? t->dev.in.size : 512;
    if (t->in.seen < GRAT__TMC_HEADER) {
        bool no_zlp = t->quirks.flags & GRAT__TMC_NO_ZLP;
        size_t all = GRAT__TMC_HEADER + t->in.cap;
        *exact = no_zlp;
        return no_zlp ? packet : all < t->ops->first ? all : t->ops->first;
    }
    *exact = (t->in.seen + missing) % packet == 0;
    return missing;
}

/* Fetches the next piece from the wire. */
static grat_err fetch(grat__tmc *t, grat_op *op)
{
    uint8_t *into = t->in.seen >= GRAT__TMC_HEADER ? t->into : NULL;
    bool exact, begun = t->in.seen > 0;
    bool cut = begun && !t->piece.full && t->dev.in.size >= 512;
    grat_op child, *use = op;
    size_t more = expected(t, &exact);
    if (cut) {
        grat__op_child(&child, op, CUT_MS);
        use = &child;
    }
    t->pipe->into = into;
    t->pipe->room = t->room;
    grat_err e = t->ops->in(t->pipe, more, exact, &t->piece, use);
    t->pipe->into = NULL;
    t->piece_at = 0;
    if (!e) {
        if (t->piece.n) grat__op_moved(op);
        return GRAT_OK;
    }
    if (use == &child) grat__op_adopt(op, &child);
    grat__usb_piece rest = {0};
    if (e == GRAT_ETIMEOUT && t->ops->in_stop(t->pipe, &rest)) {     /* full packets, and no empty one behind them */
        t->piece = rest;
        t->quirks.flags |= GRAT__TMC_NO_ZLP;
        return GRAT_OK;
    }
    if (e == GRAT_ETIMEOUT && cut && grat_op_check(op) == GRAT_OK)
        return grat_op_fail(op, GRAT_ESHORT, "%s: an answer of %u bytes broke off after %zu", t->name, t->in.h.size,
                            t->in.got);
    return e;
}

/* Whatever cannot be read on is aborted by the next call. */
static grat_err bad_answer(grat__tmc *t, const char *why, grat_op *op)
{
    t->ops->in_stop(t->pipe, NULL);
    return grat_op_fail(op, GRAT_EPROTO, "%s: malformed answer: %s", t->name, why);
}

/* The first answer: a program that was killed left a transfer under way, for which our message halted the endpoint
 * (USBTMC 3.2.2). What we asked for still comes behind that. */
static grat_err halted(grat__tmc *t, grat_err e, grat_op *op)
{
    grat_op child;
    if (e != GRAT_EIO || !t->pipe->stalled) return e;
    grat__op_child(&child, op, CUT_MS);
    t->ops->in_stop(t->pipe, NULL);
    grat_err cleared = t->ops->clear_halt(t->pipe, t->dev.in.address, &child);
    bool first = !t->answered && !t->in.seen && !cleared;
    t->answered = true;
    if (first) {
        t->piece = (grat__usb_piece){0};
        t->piece_at = 0;
        op->err = GRAT_OK;
        op->text[0] = '\0';
        return GRAT_OK;
    }
    grat__tmc_forget_in(t);
    return e;
}

static grat_err next_payload(grat__tmc *t, grat_op *op)
{
    const char *why = NULL;
    unsigned empty = 0;
    while (!t->rest.n && !t->wire_ended) {
        if (t->piece_at < t->piece.n) {
            size_t at = t->piece_at;
            t->piece_at = t->piece.n;
            grat_err e = grat__tmc_in_feed(&t->in, t->piece.data + at, t->piece.n - at, &t->rest, &why);
            if (e) return bad_answer(t, why, op);
            continue;
        }
        if (grat__tmc_in_complete(&t->in)) {
            take_end(t, op);
            return GRAT_OK;
        }
        grat_err e = fetch(t, op);
        bool again = e && !halted(t, e, op);
        if (e && !again) return e;
        if (t->piece.n || again) continue;
        if (t->in.seen >= GRAT__TMC_HEADER && t->in.got && ++empty > 1)
            return bad_answer(t, "it ends before its length", op);
        if (++empty > STRAY_ZLPS) return bad_answer(t, "empty packets only", op);
    }
    return GRAT_OK;
}

/* More payload into t->rest, or the end of the transfer. It may stand in `into` at once. */
static grat_err advance(grat__tmc *t, uint8_t *into, size_t room, grat_op *op)
{
    t->into = into;
    t->room = room;
    grat_err e = next_payload(t, op);
    if (e && into) t->rest = (grat__tmc_slice){0};
    t->into = NULL;
    return e;
}

static bool message_ends(const grat__tmc *t)
{
    const grat__tmc_header *h = &t->in.h;
    if (h->attributes & GRAT__TMC_EOM) return true;
    return t->quirks.flags & GRAT__TMC_NO_EOM && t->in.got < t->in.cap;
}

/* Hands out what has come. True when that was the end of the transfer. */
static bool deliver(grat__tmc *t, uint8_t *buf, size_t cap, int term, grat_op *op)
{
    size_t k = t->rest.n < cap - op->count ? t->rest.n : cap - op->count;
    const uint8_t *hit = term >= 0 && k ? memchr(t->rest.data, term, k) : NULL;
    if (hit) k = (size_t)(hit - t->rest.data) + 1;
    if (k && t->rest.data != buf + op->count) memcpy(buf + op->count, t->rest.data, k);
    op->count += k;
    t->rest.data += k;
    t->rest.n -= k;
    if (op->count == cap) op->reason |= GRAT_REASON_COUNT;
    if (hit) op->reason |= GRAT_REASON_CHAR;
    return !t->rest.n && t->piece_at == t->piece.n && grat__tmc_in_complete(&t->in);
}

/* Siglent's padding behind the last newline. */
static void trim(const grat__tmc *t, const uint8_t *buf, grat_op *op)
{
    size_t n = op->count;
    if (!(t->quirks.flags & GRAT__TMC_PADDED) || !(op->reason & GRAT_REASON_END)) return;
    while (n && op->count - n < 3 && buf[n - 1] == 0) n--;
    if (n && buf[n - 1] == '\n') op->count = n;
}

grat_err grat__tmc_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    grat__tmc *t = p;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__tmc_here(t, op);
    if (e) return e;
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: read: no room", t->name);
    while (!e && !op->count && !op->reason) {
        if (!t->in_open) e = grat__tmc_settle(t, op);
        if (!e && !t->in_open) e = request(t, term, op);
        /* What may stay behind must not stand in the caller's memory. */
        if (!e) e = advance(t, term < 0 ? buf : NULL, cap, op);
        op->count = 0;
        if (e) break;
        bool ended = deliver(t, buf, cap, term, op);
        if (ended && !t->wire_ended) take_end(t, op);
        if (!ended && (!t->wire_ended || t->rest.n)) continue;
        if (message_ends(t)) op->reason |= GRAT_REASON_END;
        t->answered = true;
        grat__tmc_forget_in(t);
        trim(t, buf, op);
    }
    return e;
}
