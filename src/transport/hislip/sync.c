/* The sync channel: program messages out, answers in, and the device clear that puts both back to the start.
 *
 * An answer carries the identifier of the message that asked for it, so one that comes late is recognised and thrown
 * away. The exception are Data with GRAT__HISLIP_ANY_ID: where an older answer may be on its way they are held back
 * until the message behind them proves them right. */
#include "core/wait.h"
#include "transport/hislip/link.h"

#include <string.h>

enum { SCRATCH = 65536, AHEAD_MAX = 8 << 20, HELD_MAX = 256 << 20, LITTLE = 65536, SLICE_MS = 10 };

void grat__hs_sync_reset(grat__hs_link *h)
{
    h->next_id = GRAT__HISLIP_FIRST_ID;
    atomic_store(&h->ids, (uint64_t)GRAT__HISLIP_NO_ID << 32 | GRAT__HISLIP_NO_ID);
    atomic_store(&h->received_id, GRAT__HISLIP_NO_ID);
    h->in_program = false;
    atomic_store(&h->torn, false);
    h->torn_head_n = 0;
    h->torn_left = 0;
    h->in = (grat__hislip_in){0};
    h->accepted = false;
    grat__hislip_small_next(&h->notice);
    grat__buf_free(&h->ahead);
    grat__buf_free(&h->held);
    h->ahead_at = h->held_at = 0;
    h->held_good = false;
    atomic_store(&h->rmt, false);
    atomic_store(&h->clean, true);
    atomic_store(&h->doubtful, false);
    atomic_store(&h->interrupted, false);
}

/* ---- writing ---------------------------------------------------------------------------------- */

/* What the server still expects of a message that left in part. */
static void note_torn(grat__hs_link *h, const uint8_t *head, size_t sent, size_t n)
{
    atomic_store(&h->torn, true);
    h->torn_head_n = sent < GRAT__HISLIP_HEAD ? GRAT__HISLIP_HEAD - (unsigned)sent : 0;
    memcpy(h->torn_head, head + GRAT__HISLIP_HEAD - h->torn_head_n, h->torn_head_n);
    h->torn_left = n - (sent > GRAT__HISLIP_HEAD ? sent - GRAT__HISLIP_HEAD : 0);
}

/* One message of the sync channel with an identifier; *taken = payload bytes that left. */
static grat_err send_piece(grat__hs_link *h, const grat__hs_out *m, size_t *taken, grat_op *op)
{
    uint8_t head[GRAT__HISLIP_HEAD];
    bool first = !h->in_program, rmt = atomic_exchange(&h->rmt, false);
    uint32_t id = h->next_id;
    grat__hislip_put(head, &(grat__hislip_msg){.type = m->type, .control = rmt ? GRAT__HISLIP_RMT : 0,
                                               .parameter = id, .length = m->n});
    /* Before it leaves: its answer may be there before this call returns. */
    uint64_t old = atomic_load(&h->ids);
    if (first && !atomic_exchange(&h->clean, false)) atomic_store(&h->doubtful, true);
    atomic_store(&h->ids, (first ? (uint64_t)id << 32 : old & ~(uint64_t)UINT32_MAX) | id);
    struct iovec iov[2] = {{head, sizeof head}, {(void *)(uintptr_t)m->payload, m->n}};
    grat_err e = grat__hs_send(&h->sync, iov, m->n ? 2 : 1, op);
    size_t sent = op->count;
    *taken = sent > sizeof head ? sent - sizeof head : 0;
    if (!e || sent) h->next_id += GRAT__HISLIP_ID_STEP;
    if (!e) return GRAT_OK;
    if (e != GRAT_ETIMEOUT && e != GRAT_ECANCELED) {
        atomic_store(&h->broken, true);
    } else if (sent) {
        note_torn(h, head, sent, m->n);
    } else {
        atomic_store(&h->ids, old);
        if (rmt) atomic_store(&h->rmt, true);
        if (!first) atomic_store(&h->torn, true);
    }
    return e;
}

/* What has to happen before a program message can begin. */
static grat_err before_message(grat__hs_link *h, grat_op *op)
{
    grat_err e = GRAT_OK;
    if (h->sync.fd < 0 || atomic_load(&h->broken)) return grat__hs_lost(h, "the connection was lost before", op);
    if (atomic_load(&h->torn)) {
        if (atomic_exchange(&h->receiving, true))
            return grat_op_fail(op, GRAT_EBUSY, "the last write broke off and a read is under way; clear the session");
        e = grat__hs_device_clear(h, op);
        atomic_store(&h->receiving, false);
    }
    if (!e && atomic_load(&h->interrupted)) e = grat__hs_await_interrupted(h, op);
    return e;
}

grat_err grat__hs_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    grat__hs_link *h = p;
    const uint8_t *bytes = data;
    size_t done = 0, most = h->server_max - GRAT__HISLIP_HEAD;
    grat_err e = grat__op_begin(op);
    if (!e) e = before_message(h, op);
    while (!e && (done < n || (end && n == 0))) {
        size_t k = n - done < most ? n - done : most, taken;
        bool last = done + k == n;
        grat__hs_out m = {.type = last && end ? GRAT__HISLIP_DATA_END : GRAT__HISLIP_DATA, .payload = bytes + done,
                          .n = k};
        e = send_piece(h, &m, &taken, op);
        done += taken;
        if (!e) h->in_program = !(last && end);
        if (!e && n == 0) break;
        if (!e && done < n) e = grat_op_check(op);
        if (e && h->in_program && done) atomic_store(&h->torn, true);
    }
    op->count = done;
    return e ? grat__hs_blame(h, "write", op) : GRAT_OK;
}

grat_err grat__hs_trigger(void *p, grat_op *op)
{
    grat__hs_link *h = p;
    size_t taken;
    grat_err e = grat__op_begin(op);
    if (!e) e = before_message(h, op);
    if (!e) e = send_piece(h, &(grat__hs_out){.type = GRAT__HISLIP_TRIGGER}, &taken, op);
    op->count = 0;
    return e ? grat__hs_blame(h, "trigger", op) : GRAT_OK;
}

/* ---- reading: what a message is -------------------------------------------------------------------- */

/* Data and DataEnd are for the caller when they answer the newest program message. */
static bool is_answer(const grat__hs_link *h, const grat__hislip_msg *m)
{
    uint64_t ids = atomic_load(&h->ids);
    uint32_t first = (uint32_t)(ids >> 32), last = (uint32_t)ids, id = m->parameter;
    if (m->type != GRAT__HISLIP_DATA && m->type != GRAT__HISLIP_DATA_END) return false;
    if (h->overlap) return true;
    if (m->type == GRAT__HISLIP_DATA && id == GRAT__HISLIP_ANY_ID) return true;
    /* A long message has several identifiers; the query may end in any of its pieces. */
    return id - first <= last - first;
}

static void drop_held(grat__hs_link *h)
{
    grat__buf_free(&h->held);
    h->held_at = 0;
    h->held_good = false;
}

static void header_arrived(grat__hs_link *h)
{
    const grat__hislip_msg *m = &h->in.msg;
    h->accepted = is_answer(h, m);
    h->accepted_first = grat__hs_first_id(h);
    grat__hislip_small_next(&h->notice);
    if (h->overlap) return;
    bool certain = m->parameter != GRAT__HISLIP_ANY_ID;
    if (h->accepted && certain && h->held.len) h->held_good = true;
    if (!h->accepted && (m->type == GRAT__HISLIP_DATA || m->type == GRAT__HISLIP_DATA_END)) drop_held(h);
}

/* A message that began before the caller wrote again is not wanted any more. */
static void forget_older(grat__hs_link *h)
{
    if (h->overlap || h->accepted_first == grat__hs_first_id(h)) return;
    h->accepted = false;
    drop_held(h);
}

static bool must_hold(const grat__hs_link *h)
{
    return h->in.msg.parameter == GRAT__HISLIP_ANY_ID && h->in.msg.type == GRAT__HISLIP_DATA && !h->overlap &&
           !h->held_good && atomic_load(&h->doubtful);
}

/* An Error, FatalError or Interrupted that has passed whole; others are of no interest. */
static grat_err take_notice(grat__hs_link *h, grat_op *op)
{
    grat__hislip_msg m = h->in.msg;
    grat__hislip_in_next(&h->in);
    switch (m.type) {
    case GRAT__HISLIP_INTERRUPTED:
        drop_held(h);
        atomic_store(&h->interrupted_id, m.parameter);
        atomic_store(&h->interrupted, true);
        return GRAT_OK;
    case GRAT__HISLIP_FATAL_ERROR:
        return grat__hs_fatal(h, m.control, h->notice.payload, op);
    case GRAT__HISLIP_ERROR:
        return grat__hs_device_error(h, m.control, h->notice.payload, op);
    default:
        return GRAT_OK;
    }
}

/* ---- reading: bytes ------------------------------------------------------------------------------- */

/* Where a read puts its bytes, and how it ended. */
typedef struct target {
    uint8_t *buf;
    size_t cap, n;
    bool end;
} target;

static grat_err bad_stream(grat__hs_link *h, grat_op *op)
{
    return grat__hs_lost(h, "the answer is not HiSLIP: its framing is lost", op);
}

/* The present answer's payload is complete. */
static void answer_done(grat__hs_link *h, target *t)
{
    bool end = h->in.msg.type == GRAT__HISLIP_DATA_END;
    uint32_t id = h->in.msg.parameter;
    grat__hislip_in_next(&h->in);
    atomic_store(&h->received_id, id);
    if (!end) return;
    t->end = true;
    atomic_store(&h->clean, true);
    atomic_store(&h->doubtful, false);
    if (!h->overlap) atomic_store(&h->rmt, true);
}

static void give_held(grat__hs_link *h, target *t)
{
    size_t have = h->held.len - h->held_at, k = have < t->cap - t->n ? have : t->cap - t->n;
    memcpy(t->buf + t->n, h->held.data + h->held_at, k);
    t->n += k;
    h->held_at += k;
    if (h->held_at == h->held.len) drop_held(h);
}

/* Takes bytes of the stream: answers to the target as far as they fit, the rest of the world where it belongs.
 * Returns how many were used; fewer than n when the target is full or the message has ended. */
static size_t digest(grat__hs_link *h, const uint8_t *data, size_t n, target *t, grat_op *op)
{
    size_t used = 0;
    if (!h->in.in_message) {
        used = grat__hislip_in_feed(&h->in, data, n);
        if (!h->in.in_message) return used;
        header_arrived(h);
        /* Held bytes come first, by the caller. */
        if (h->held_good) return used;
    }
    size_t left = n - used, k = left < h->in.left ? left : (size_t)h->in.left;
    if (h->accepted && must_hold(h)) {
        h->held.max = HELD_MAX;
        if (k && grat__buf_put(&h->held, data + used, k)) {
            grat_op_fail(op, GRAT_ETOOBIG, "more than %d bytes without a proof of what they answer", (int)HELD_MAX);
            return used;
        }
    } else if (h->accepted) {
        if (k > t->cap - t->n) k = t->cap - t->n;
        if (k && t->buf + t->n != data + used) memmove(t->buf + t->n, data + used, k);
        t->n += k;
    } else if (k) {
        size_t room = GRAT__HISLIP_SMALL_MAX - h->notice.n, keep = k < room ? k : room;
        memcpy(h->notice.payload + h->notice.n, data + used, keep);
        h->notice.n += keep;
        h->notice.payload[h->notice.n] = '\0';
    }
    grat__hislip_in_took(&h->in, k);
    if (h->in.left) return used + k;
    if (!h->accepted) take_notice(h, op);
    else if (must_hold(h)) grat__hislip_in_next(&h->in);
    else answer_done(h, t);
    return used + k;
}

/* What was received behind the last message, before anything new. */
static grat_err from_ahead(grat__hs_link *h, target *t, grat_op *op)
{
    while (h->ahead_at < h->ahead.len && !t->end && !op->err) {
        bool payload = h->in.in_message && h->accepted && h->in.left;
        if (h->held_good || (t->n == t->cap && payload)) break;
        h->ahead_at += digest(h, h->ahead.data + h->ahead_at, h->ahead.len - h->ahead_at, t, op);
        if (h->in.bad) return bad_stream(h, op);
    }
    if (h->ahead_at == h->ahead.len) h->ahead.len = h->ahead_at = 0;
    return op->err;
}

static grat_err keep_ahead(grat__hs_link *h, const uint8_t *data, size_t n, grat_op *op)
{
    if (!n) return GRAT_OK;
    h->ahead.max = AHEAD_MAX;
    if (grat__buf_put(&h->ahead, data, n) == GRAT_OK) return GRAT_OK;
    return grat__hs_lost(h, "too much came behind the answer", op);
}

/* One receive: payload in place, a header aside, payload in place again. */
typedef struct layout {
    uint8_t *at, head[GRAT__HISLIP_HEAD];
    size_t body, aside;          /* room in the first two parts */
    struct iovec iov[3];
    int parts;
} layout;

/* Inside of an answer: its payload, the next header, and the next payload behind it. Between messages: a header and
 * its payload. The next message is taken to be as long as the newest one: what comes behind it would have to be copied,
 * which is only worth a system call as long as it is little. */
static void lay_out(grat__hs_link *h, const target *t, layout *l)
{
    size_t room = t->cap - t->n;
    bool inside = h->in.in_message && h->accepted && h->in.left;
    size_t next = h->in.msg.length > LITTLE ? (size_t)h->in.msg.length : LITTLE;
    *l = (layout){.at = t->buf + t->n};
    if (inside) {
        l->body = room < h->in.left ? room : (size_t)h->in.left;
        l->iov[l->parts++] = (struct iovec){l->at, l->body};
        if (l->body < h->in.left || h->in.msg.type == GRAT__HISLIP_DATA_END) return;
    }
    l->aside = inside ? sizeof l->head : sizeof l->head - h->in.head_len;
    l->iov[l->parts++] = (struct iovec){l->head, l->aside};
    room -= l->body;
    if (room) l->iov[l->parts++] = (struct iovec){l->at + l->body, room < next ? room : next};
}

/* Receives into the caller's memory. */
static grat_err from_wire(grat__hs_link *h, target *t, grat_op *op)
{
    layout l;
    lay_out(h, t, &l);
    grat_err e = grat__hs_recv(&h->sync, l.iov, l.parts, op);
    size_t got = op->count;
    op->count = 0;
    if (e) return e;
    size_t body = got < l.body ? got : l.body, head = got - body < l.aside ? got - body : l.aside;
    size_t rest = got - body - head;
    if (body) digest(h, l.at, body, t, op);
    size_t used = head ? digest(h, l.head, head, t, op) : 0;
    if (h->in.bad) return bad_stream(h, op);
    if (used < head) return keep_ahead(h, l.head + used, head - used, op);
    uint8_t *behind = l.at + l.body;
    /* In place only where it is the payload of an answer that goes on here. */
    if (rest && h->in.in_message && h->accepted && !h->held_good && !must_hold(h)) {
        used = digest(h, behind, rest, t, op);
        behind += used, rest -= used;
    }
    e = keep_ahead(h, behind, rest, op);
    return e ? e : op->err;
}

/* Receives what is not for the caller. */
static grat_err from_wire_aside(grat__hs_link *h, target *t, grat_op *op)
{
    uint8_t scratch[SCRATCH];
    uint64_t want = h->in.left < sizeof scratch ? h->in.left : sizeof scratch;
    struct iovec iov = {scratch, (size_t)want};
    grat_err e = grat__hs_recv(&h->sync, &iov, 1, op);
    size_t got = op->count;
    op->count = 0;
    if (e) return e;
    digest(h, scratch, got, t, op);
    return op->err;
}

static grat_err read_some(grat__hs_link *h, target *t, grat_op *op)
{
    grat_err e = GRAT_OK;
    while (!e) {
        forget_older(h);
        if (h->held_good) {
            give_held(h, t);
            /* The header behind the held bytes has passed; an empty payload ends here. */
            if (!h->held_good && h->in.in_message && h->accepted && !h->in.left) answer_done(h, t);
            if (t->end || t->n == t->cap) return GRAT_OK;
            continue;
        }
        e = from_ahead(h, t, op);
        if (h->held_good && !e) continue;
        if (e || t->end) return e;
        bool aside = h->in.in_message && h->in.left && (!h->accepted || must_hold(h));
        if (t->n) return GRAT_OK;
        e = aside ? from_wire_aside(h, t, op) : from_wire(h, t, op);
    }
    return e;
}

grat_err grat__hs_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    grat__hs_link *h = p;
    target t = {.buf = buf, .cap = cap};
    (void)term;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: read: no room", h->name);
    if (h->sync.fd < 0 || atomic_load(&h->broken)) return grat__hs_lost(h, "the connection was lost before", op);
    if (atomic_exchange(&h->receiving, true))
        return grat_op_fail(op, GRAT_EBUSY, "%s: read: the session is being cleared or read already", h->name);
    e = atomic_load(&h->torn) ? grat__hs_device_clear(h, op) : GRAT_OK;
    op->err = e;
    if (!e) e = read_some(h, &t, op);
    atomic_store(&h->receiving, false);
    op->count = t.n;
    op->reason = (t.n == cap ? GRAT_REASON_COUNT : 0) | (t.end ? GRAT_REASON_END : 0);
    if (!e) return GRAT_OK;
    if (e == GRAT_ELOST || e == GRAT_EIO) atomic_store(&h->broken, true);
    return grat__hs_blame(h, "read", op);
}

/* ---- small messages and device clear --------------------------------------------------------------- */

grat_err grat__hs_sync_message(grat__hs_link *h, grat_op *op)
{
    grat__hislip_small_next(&h->notice);
    h->notice.in = (grat__hislip_in){0};
    while (!h->notice.complete) {
        uint8_t in[GRAT__HISLIP_SMALL_MAX];
        grat__hislip_in *m = &h->notice.in;
        /* Never beyond the message: what follows may be the other side's TLS. */
        uint64_t left = m->in_message ? m->left : sizeof m->head - m->head_len;
        size_t want = left < sizeof in ? (size_t)left : sizeof in;
        struct iovec iov = {in, want};
        grat_err e = grat__hs_recv(&h->sync, &iov, 1, op);
        if (e) return e;
        grat__hislip_small_feed(&h->notice, in, op->count);
        op->count = 0;
        if (m->bad) return bad_stream(h, op);
    }
    if (h->notice.in.msg.type == GRAT__HISLIP_FATAL_ERROR)
        return grat__hs_fatal(h, h->notice.in.msg.control, h->notice.payload, op);
    return GRAT_OK;
}

/* Throws away what the stream holds; true when DeviceClearAcknowledge has come, whose control code is then in
 * h->in.msg. */
static bool discard(grat__hs_link *h, const uint8_t *data, size_t n)
{
    for (size_t at = 0; at < n && !h->in.bad;) {
        at += grat__hislip_in_feed(&h->in, data + at, n - at);
        if (!h->in.in_message) continue;
        size_t k = n - at < h->in.left ? n - at : (size_t)h->in.left;
        grat__hislip_in_took(&h->in, k);
        at += k;
        if (h->in.left) continue;
        if (h->in.msg.type == GRAT__HISLIP_CLEAR_ACKNOWLEDGE) return true;
        grat__hislip_in_next(&h->in);
    }
    return false;
}

static void drain_now(grat__hs_link *h)
{
    uint8_t scratch[SCRATCH];
    size_t n;
    while (!h->in.bad && (n = grat__hs_recv_now(&h->sync, scratch, sizeof scratch)) > 0) discard(h, scratch, n);
}

/* The server has stopped; what it wrote before must be taken while we wait, or it may never get to read. */
static grat_err await_clear_ack(grat__hs_link *h, grat_op *op)
{
    for (;;) {
        grat_op slice;
        grat__op_child(&slice, op, SLICE_MS);
        grat_err e = grat__hs_request_wait(h, &slice);
        if (!e) return GRAT_OK;
        if (e != GRAT_ETIMEOUT) return grat__op_adopt(op, &slice);
        if ((e = grat_op_check(op))) return e;
        drain_now(h);
    }
}

/* Completes a message that was broken off, with zeros that the server throws away. */
static grat_err fill_torn(grat__hs_link *h, grat_op *op)
{
    static const uint8_t zero[SCRATCH];
    while (h->torn_head_n || h->torn_left) {
        size_t k = h->torn_left < sizeof zero ? (size_t)h->torn_left : sizeof zero;
        uint8_t *head = h->torn_head, *fill = NULL;
        const uint8_t *z = zero;
        memcpy(&fill, &z, sizeof fill); /* iovec has no const */
        struct iovec iov[2] = {{head, h->torn_head_n}, {fill, k}};
        grat_op slice;
        grat__op_child(&slice, op, SLICE_MS);
        grat_err e = grat__hs_send(&h->sync, iov, 2, &slice);
        size_t sent = slice.count, of_head = sent < h->torn_head_n ? sent : h->torn_head_n;
        memmove(h->torn_head, h->torn_head + of_head, h->torn_head_n - of_head);
        h->torn_head_n -= (unsigned)of_head;
        h->torn_left -= sent - of_head;
        if (e && e != GRAT_ETIMEOUT) return grat__op_adopt(op, &slice);
        if ((e = grat_op_check(op))) return e;
        drain_now(h);
    }
    return GRAT_OK;
}

static grat_err await_clear_end(grat__hs_link *h, grat_op *op)
{
    uint8_t scratch[SCRATCH];
    for (;;) {
        struct iovec iov = {scratch, sizeof scratch};
        grat_err e = grat__hs_recv(&h->sync, &iov, 1, op);
        size_t n = op->count;
        op->count = 0;
        if (e) return e;
        if (discard(h, scratch, n)) return GRAT_OK;
        if (h->in.bad) return bad_stream(h, op);
    }
}

static grat_err clear_steps(grat__hs_link *h, grat_op *op)
{
    grat_err e = grat__hs_request_begin(h, &(grat__hs_out){.type = GRAT__HISLIP_ASYNC_CLEAR},
                                        GRAT__HISLIP_ASYNC_CLEAR_ACKNOWLEDGE, op);
    if (e) return e;
    discard(h, h->ahead.data + h->ahead_at, h->ahead.len - h->ahead_at);
    h->ahead.len = h->ahead_at = 0;
    e = await_clear_ack(h, op);
    grat__hs_request_give_up(h);
    if (e) return e;
    if (h->a.reply.type == GRAT__HISLIP_ERROR)
        return grat__hs_device_error(h, h->a.reply.control, h->a.reply_payload, op);
    uint8_t keep = h->a.reply.control & (GRAT__HISLIP_ENCRYPT_MANDATORY | GRAT__HISLIP_ENCRYPT_INITIAL);
    if ((e = fill_torn(h, op))) return e;
    grat__hs_out complete = {.type = GRAT__HISLIP_CLEAR_COMPLETE,
                             .control = (uint8_t)(keep | (h->want_overlap ? GRAT__HISLIP_OVERLAP : 0))};
    e = grat__hs_post(h, &h->sync, &complete, op);
    if (!e) e = await_clear_end(h, op);
    if (e) return e;
    h->overlap = h->in.msg.control & GRAT__HISLIP_OVERLAP;
    return GRAT_OK;
}

grat_err grat__hs_device_clear(grat__hs_link *h, grat_op *op)
{
    grat_err e = grat__hs_turn(h, op);
    if (e) return e;
    e = clear_steps(h, op);
    grat__hs_turn_over(h);
    if (e) {
        atomic_store(&h->broken, true);
        return e;
    }
    grat__hs_sync_reset(h);
    pthread_mutex_lock(&h->a.lock);
    h->a.interrupted = false;
    memset(h->a.owed, 0, sizeof h->a.owed);
    pthread_mutex_unlock(&h->a.lock);
    return GRAT_OK;
}
