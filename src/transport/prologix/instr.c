/* GPIB instruments behind a Prologix or AR488 adapter. The end of an answer is told by a byte that the adapter sends
 * behind EOI, so this is a message wire. */
#include "config/config.h"
#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"
#include "transport/prologix/adapter.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS 1000000
#define HELD_MAX (64u << 20)
#define PIECE 4096               /* of a long message, escaped and sent at once */
#define SRQ_POLL_MS 50
#define DISCARD_MS 1000
#define POLL_MS 3000             /* an AR488 says nothing to the poll of an absent device */

/* The adapter that the configuration gives to this board. */
static bool board_resource(unsigned board, grat_resource *out, grat_op *op)
{
    char name[16], target[GRAT__CONFIG_TEXT];
    grat_resource r;
    snprintf(name, sizeof name, "GPIB%u", board);
    if (!grat__config_board(name, target, op) || grat_resource_parse(target, &r, op)) return false;
    if (r.interface != GRAT_IF_PRLGX_TCPIP && r.interface != GRAT_IF_PRLGX_ASRL) return false;
    *out = r;
    return true;
}

static bool serves(const grat_resource *r)
{
    grat_resource target;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (r->interface != GRAT_IF_GPIB || r->rclass != GRAT_CLASS_INSTR) return false;
    return grat__prlgx_has_board(r->board) || board_resource(r->board, &target, &op);
}

static grat_err instr_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat__prlgx_instr *s = p;
    grat_resource target;
    s->pad = r->primary;
    s->sad = r->secondary;
    s->polled = -1;
    grat__buf_init(&s->held, HELD_MAX);
    s->a = grat__prlgx_adapter_of_board(r->board);
    if (!s->a && board_resource(r->board, &target, op)) s->a = grat__prlgx_adapter(&target, opt->serial, op);
    if (!s->a)
        return op->err ? op->err : grat_op_fail(op, GRAT_ENODEV, "GPIB%u: its adapter is not open any more", r->board);
    grat_err e = grat__prlgx_enter(s->a, s, false, op);
    if (!e) e = grat__prlgx_address(s->a, s, op), grat__prlgx_leave(s->a);
    if (e) grat__prlgx_unref(s->a);
    return e;
}

static void forget(grat__prlgx_instr *s)
{
    s->held.len = 0;
    s->held_end = false;
    s->broken = NULL;
    s->answered = 0;
}

static void instr_close(void *p)
{
    grat__prlgx_instr *s = p;
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    /* The adapter must not go on reading for somebody who is gone. */
    if (s->a->reading == s && !grat__prlgx_enter(s->a, s, true, &op)) grat__prlgx_leave(s->a);
    if (s->a->reading == s) grat__prlgx_read_over(s->a), s->a->ready = false;
    grat__prlgx_unref(s->a);
    grat__buf_free(&s->held);
}

/* ---- writing ------------------------------------------------------------------------------------------------ */

/* One line, or the beginning of one. */
static grat_err send_part(adapter *a, const uint8_t *data, size_t n, bool line_end, grat_op *op)
{
    grat__buf b;
    grat__buf_init(&b, 2 * PIECE + 2);
    grat_err e = grat__prlgx_escape(&b, data, n);
    if (!e && line_end) e = grat__buf_puts(&b, "\n");
    e = e ? grat_op_fail(op, e, "out of memory") : grat__prlgx_send(a, b.data, b.len, op);
    grat__buf_free(&b);
    return e;
}

/* A line that fits the adapter's buffer; its EOI setting is asked for, so that the next one does not overrun it. */
static grat_err send_short_lines(adapter *a, const uint8_t **data, size_t *n, size_t most, grat_op *op)
{
    unsigned eoi;
    grat_err e = grat__prlgx_puts(a, "++eoi 0", op);
    while (!e && *n > most) {
        e = send_part(a, *data, most, true, op);
        if (!e) e = grat__prlgx_number(a, "++eoi", &eoi, op);
        if (!e) *data += most, *n -= most;
    }
    return e ? e : grat__prlgx_puts(a, "++eoi 1", op);
}

static grat_err send_message(adapter *a, const uint8_t *data, size_t n, bool end, grat_op *op)
{
    const uint8_t *from = data;
    size_t most = a->row->line_max / 2, total = n;
    grat_err e = GRAT_OK;
    if (most && n > most) e = send_short_lines(a, &from, &n, most, op);
    if (!e && !end) e = grat__prlgx_puts(a, "++eoi 0", op);
    while (!e && n > PIECE) {
        e = send_part(a, from, PIECE, false, op);
        from += PIECE, n -= PIECE;
    }
    if (!e) e = send_part(a, from, n, true, op);
    if (!e && !end) e = grat__prlgx_puts(a, "++eoi 1", op);
    op->count = e ? total - n : total;
    if (e) a->ready = false;
    return e;
}

static grat_err instr_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    grat__prlgx_instr *s = p;
    op->count = 0;
    if (!n) return GRAT_OK;
    grat_err e = grat__prlgx_enter(s->a, s, true, op);
    op->count = 0;
    if (e) return e;
    forget(s);
    e = grat__prlgx_address(s->a, s, op);
    op->count = 0;
    if (!e) e = send_message(s->a, data, n, end, op);
    grat__prlgx_leave(s->a);
    return e;
}

/* ---- reading ------------------------------------------------------------------------------------------------- */

static grat_err start_reading(grat__prlgx_instr *s, grat_op *op)
{
    adapter *a = s->a;
    grat_err e = grat__prlgx_address(a, s, op);
    if (!e) e = grat__prlgx_puts(a, "++read eoi", op);
    if (e) return e;
    if (!s->answered) grat__prlgx_answer_init(&s->answer);
    a->reading = s;
    a->fence = GRAT__PRLGX_NOT_ASKED;
    a->read_until_ns = grat_now_ns() + (GRAT__PRLGX_READ_MS + 100) * (int64_t)NS_PER_MS;
    return GRAT_OK;
}

/* The ++read has ended without the mark. An adapter that was reset has forgotten to send one; an instrument may end its
 * answers by a newline alone. */
static grat_err without_mark(grat__prlgx_instr *s, bool *end, grat_op *op)
{
    adapter *a = s->a;
    unsigned mark = GRAT__PRLGX_MARK;
    grat_op ask;
    grat__prlgx_read_over(a);
    grat__op_child(&ask, op, 1000);
    grat_err e = a->no_mark ? GRAT_OK : grat__prlgx_number(a, "++eot_char", &mark, &ask);
    if (e) return grat__op_adopt(op, &ask);
    if (mark != GRAT__PRLGX_MARK) {
        a->ready = false;
        return grat_op_fail(op, GRAT_EPROTO, "%s: the adapter has lost its settings; was it reset?", a->key);
    }
    *end = s->answered && s->last == '\n';
    return GRAT_OK;
}

static bool from_held(grat__prlgx_instr *s, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    size_t n = s->held.len < cap ? s->held.len : cap;
    if (!n && !s->held_end) return false;
    memcpy(buf, s->held.data, n);
    grat__buf_drop(&s->held, n);
    op->count = n;
    *end = !s->held.len && s->held_end;
    if (*end) s->held_end = false;
    return true;
}

static grat_err tell_broken(grat__prlgx_instr *s, grat_op *op)
{
    const char *why = s->broken;
    forget(s);
    return grat_op_fail(op, GRAT_EIO, "%s: %s", s->a->key, why);
}

static grat_err from_adapter(grat__prlgx_instr *s, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    adapter *a = s->a;
    grat_err e = a->reading == s ? GRAT_OK : start_reading(s, op);
    op->count = 0;
    if (e) return e;
    e = grat__prlgx_take(a, buf, cap, end, op);
    size_t n = op->count;
    s->answered += n;
    if (n) s->last = buf[n - 1];
    bool over = e == GRAT_ETIMEOUT && !n && a->reading == s && a->fence == GRAT__PRLGX_OVER;
    if (over && !grat_op_check(op)) e = op->err = without_mark(s, end, op);
    op->count = n;
    return e;
}

/* One look, of at most the time of one ++read: then others get their turn. */
static grat_err look(grat__prlgx_instr *s, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    grat_err e = grat__prlgx_enter(s->a, s, false, op);
    op->count = 0;
    if (e) return e;
    if (s->broken) e = tell_broken(s, op);
    else if (!from_held(s, buf, cap, end, op)) e = from_adapter(s, buf, cap, end, op);
    if (*end) s->answered = 0;
    grat__prlgx_leave(s->a);
    return e;
}

static grat_err instr_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    grat__prlgx_instr *s = p;
    bool end = false;
    grat_err e;
    (void)term;
    do {
        e = look(s, buf, cap, &end, op);
        if (!e && !op->count && !end && s->a->waiting > 0) e = grat_op_sleep_until(op, grat_now_ns() + NS_PER_MS);
    } while (!e && !op->count && !end);
    op->reason = end ? GRAT_REASON_END : 0;
    if (!e && op->count == cap) op->reason |= GRAT_REASON_COUNT;
    return e;
}

/* ---- the rest -------------------------------------------------------------------------------------------------- */

/* Enter, address, one command. */
static grat_err command(grat__prlgx_instr *s, const char *line, bool discard, grat_op *op)
{
    grat_err e = grat__prlgx_enter(s->a, s, discard, op);
    if (e) return e;
    if (discard) forget(s);
    e = grat__prlgx_address(s->a, s, op);
    if (!e) e = grat__prlgx_puts(s->a, line, op);
    grat__prlgx_leave(s->a);
    op->count = 0;
    return e;
}

/* ++clr only takes effect behind a ++read in progress, whose data must pass; ++ver then proves that nothing old is on
 * its way. */
static grat_err instr_clear(void *p, grat_op *op)
{
    grat__prlgx_instr *s = p;
    adapter *a = s->a;
    grat_err e = grat__prlgx_enter(a, NULL, false, op);
    if (e) return e;
    forget(s);
    s->polled = -1;
    e = grat__prlgx_address(a, s, op);
    if (!e) e = grat__prlgx_puts(a, "++clr", op);
    if (!e) e = grat__prlgx_sync(a, op);
    grat__prlgx_leave(a);
    op->count = 0;
    return e;
}

static grat_err poll(grat__prlgx_instr *s, uint8_t *stb, grat_op *op)
{
    unsigned v = 0;
    grat_op ask;
    grat_err e = grat__prlgx_address(s->a, s, op);
    if (e) return e;
    grat__op_child(&ask, op, POLL_MS);
    e = grat__prlgx_number(s->a, "++spoll", &v, &ask);
    if (e == GRAT_ETIMEOUT && !grat_op_check(op))
        return grat_op_fail(op, GRAT_EIO, "GPIB address %d: no answer to the serial poll; is it on?", s->pad);
    if (e) return grat__op_adopt(op, &ask);
    *stb = (uint8_t)v;
    return GRAT_OK;
}

static grat_err instr_stb(void *p, uint8_t *stb, grat_op *op)
{
    grat__prlgx_instr *s = p;
    int polled = atomic_exchange(&s->polled, -1);
    if (polled >= 0) {
        *stb = (uint8_t)polled;
        return GRAT_OK;
    }
    /* NULL: an answer of its own that is not read yet is put aside, too. */
    grat_err e = grat__prlgx_enter(s->a, NULL, false, op);
    if (e) return e;
    e = poll(s, stb, op);
    grat__prlgx_leave(s->a);
    return e;
}

static grat_err instr_trigger(void *p, grat_op *op)
{
    return command(p, "++trg", true, op);
}

static grat_err instr_ren(void *p, grat_ren mode, grat_op *op)
{
    static const char *const lines[] = {
        [GRAT_REN_OFF] = "++ren 0",       [GRAT_REN_ON] = "++ren 1",
        [GRAT_REN_OFF_LOCAL] = "++loc",   [GRAT_REN_ON_REMOTE] = "++ren 1",
        [GRAT_REN_ON_LOCKOUT] = "++llo",  [GRAT_REN_ON_REMOTE_LOCKOUT] = "++llo",
        [GRAT_REN_LOCAL] = "++loc",
    };
    grat__prlgx_instr *s = p;
    if ((unsigned)mode > GRAT_REN_LOCAL) return grat_op_fail(op, GRAT_EINVAL, "there are the modes 0 to 6");
    bool ren = strncmp(lines[mode], "++ren", 5) == 0;
    if (ren && !s->a->row->ren) {
        if (mode != GRAT_REN_OFF) return GRAT_OK; /* always on */
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: a %s keeps REN on", s->a->key, s->a->row->name);
    }
    grat_err e = command(s, lines[mode], true, op);
    if (!e && mode == GRAT_REN_OFF_LOCAL && s->a->row->ren) e = command(s, "++ren 0", true, op);
    return e;
}

static grat_err srq_enable(void *p, bool on, grat_op *op)
{
    grat__prlgx_instr *s = p;
    (void)on;
    (void)op;
    s->polled = -1;
    return GRAT_OK;
}

/* One line for the whole bus: who it is, only a poll can tell, and the poll ends the request. */
static grat_err asks_for_service(grat__prlgx_instr *s, bool *yes, grat_op *op)
{
    unsigned srq = 0;
    uint8_t stb = 0;
    grat_err e = grat__prlgx_enter(s->a, NULL, false, op);
    if (e) return e;
    e = grat__prlgx_number(s->a, "++srq", &srq, op);
    if (!e && srq) e = poll(s, &stb, op);
    *yes = !e && srq && (stb & 0x40);
    if (*yes) s->polled = stb;
    grat__prlgx_leave(s->a);
    return e;
}

static grat_err srq_wait(void *p, grat_op *op)
{
    for (;;) {
        bool yes;
        grat_err e = asks_for_service(p, &yes, op);
        op->count = 0;
        if (e || yes) return e;
        e = grat_op_sleep_until(op, grat_now_ns() + SRQ_POLL_MS * (int64_t)NS_PER_MS);
        if (e) return e;
    }
}

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    const grat__prlgx_instr *s = p;
    switch (a) {
    case GRAT_ATTR_GPIB_PRIMARY:
        out->number = s->pad;
        return GRAT_OK;
    case GRAT_ATTR_GPIB_SECONDARY:
        out->number = s->sad;
        return GRAT_OK;
    case GRAT_ATTR_GPIB_READDRESS:
        out->number = 1;
        return GRAT_OK;
    case GRAT_ATTR_GPIB_UNADDRESS:
        out->number = 0;
        return GRAT_OK;
    case GRAT_ATTR_GPIB_REN:
        out->number = s->a->row->ren ? -1 : 1;
        return GRAT_OK;
    default:
        return grat_op_fail(op, GRAT_ENOTSUP, "an adapter of this kind does not tell this");
    }
}

static grat_err attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    (void)p;
    if ((a == GRAT_ATTR_GPIB_READDRESS && value == 1) || (a == GRAT_ATTR_GPIB_UNADDRESS && value == 0)) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "an adapter of this kind cannot be told this");
}

static size_t discard(void *p)
{
    grat__prlgx_instr *s = p;
    grat_op op;
    grat_op_init(&op, DISCARD_MS, NULL);
    if (grat__prlgx_take_turn(s->a, &op)) return 0;
    size_t n = s->held.len;
    s->held.len = 0;
    s->held_end = false;
    grat__prlgx_leave(s->a);
    return n;
}

const grat_transport grat__transport_prologix = {
    .name = "GPIB adapter",
    .priv_size = sizeof(grat__prlgx_instr),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = instr_open,
    .close = instr_close,
    .write = instr_write,
    .read = instr_read,
    .clear = instr_clear,
    .stb = instr_stb,
    .trigger = instr_trigger,
    .ren = instr_ren,
    .srq_enable = srq_enable,
    .srq_wait = srq_wait,
    .attr_get = attr_get,
    .attr_set = attr_set,
    .discard = discard,
};
