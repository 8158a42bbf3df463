/* Serial instruments (ASRL). A stream: where a message ends is the session's matter, except for the end modes that the
 * line itself shows (last bit, break) and for instruments that end an answer by silence. */
#include "core/str.h"
#include "core/wait.h"
#include "transport/serial/manners.h"
#include "transport/serial/port.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define RAW_ROOM 4096
#define DEFAULT_BREAK_MS 250
#define QUIET_MS 50          /* a line is quiet after this, and the time of QUIET_BYTES more */
#define QUIET_BYTES 20
#define WIRE_232_DTE 128
#define NS_PER_MS 1000000
#define REPLUG_MS 600
#define REPLUG_STEP_MS 30

enum end_mode { END_NONE, END_LAST_BIT, END_CHAR, END_BREAK };

typedef struct serial {
    grat__tty tty;
    grat__tty_params want;
    grat__manners manners;
    unsigned end_in, end_out, break_ms;
    uint8_t term, replace;
    bool discard_null, no_transmit, breaking;
    bool mid_message;        /* a message was begun and its end not sent */
    pthread_mutex_t lock;    /* of `echo` and `seen`: a write may run beside a read */
    grat__tty_errors seen;   /* before the present message */
    unsigned faults;         /* of the line, not yet asked for: 1 parity 2 framing 4 overrun */
    grat__echo echo;
    unsigned mark;           /* bytes of a mark (FF, FF 00) seen */
    uint8_t raw[RAW_ROOM + GRAT__ECHO_MAX]; /* received, without the echo, not looked at */
    size_t at, n;
} serial;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_ASRL && r->rclass == GRAT_CLASS_INSTR;
}

/* Errors and breaks are marked by the kernel where somebody asks for them. */
static grat_err apply(serial *s, grat__tty_params *p, grat_op *op)
{
    p->mark = s->end_in == END_BREAK || (p->parity && s->replace);
    grat_err e = grat__tty_set(&s->tty, p, op);
    if (!e) s->want = *p;
    return e;
}

grat_err grat__serial_path(const grat_resource *r, char path[256], grat_op *op)
{
    if (!r->device[0] && !r->board)
        return grat_op_fail(op, GRAT_ENODEV, "ASRL0: serial ports count from 1 (/dev/ttyS0), or are named by path");
    if (r->device[0]) snprintf(path, 256, "%s", r->device);
    else snprintf(path, 256, "/dev/ttyS%u", r->board - 1);
    return GRAT_OK;
}

static grat_err serial_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    serial *s = p;
    char path[256];
    s->end_in = END_CHAR;
    s->term = '\n';
    s->break_ms = DEFAULT_BREAK_MS;
    s->tty.fd = -1;
    grat__tty_defaults(&s->want);
    grat__manners_init(&s->manners);
    grat_err e = grat__serial_path(r, path, op);
    if (!e && opt->serial) e = grat__manners_parse(opt->serial, &s->manners, &s->want, op);
    if (!e) e = grat__tty_open(&s->tty, path, &s->want, op);
    if (e) return e;
    pthread_mutex_init(&s->lock, NULL);
    s->seen = grat__tty_count_errors(&s->tty);
    return GRAT_OK;
}

static void serial_close(void *p)
{
    serial *s = p;
    grat__tty_close(&s->tty);
    pthread_mutex_destroy(&s->lock);
}

/* ---- errors of the line ------------------------------------------------------------------------------ */

/* What came before a message says nothing about its answer. */
static void forgive(serial *s)
{
    pthread_mutex_lock(&s->lock);
    s->seen = grat__tty_count_errors(&s->tty);
    pthread_mutex_unlock(&s->lock);
}

/* A byte with an error is dropped, or wrong: what was read is no answer. Who has chosen a byte to stand in for such
 * ones knows. */
static grat_err line_error(serial *s, grat_err e, grat_op *op)
{
    if (e && e != GRAT_ETIMEOUT) return e;
    pthread_mutex_lock(&s->lock);
    grat__tty_errors now = grat__tty_count_errors(&s->tty);
    bool parity = now.parity != s->seen.parity && !s->replace, framing = now.framing != s->seen.framing;
    bool overrun = now.overrun != s->seen.overrun;
    s->seen = now;
    s->faults |= (parity ? 1u : 0) | (framing ? 2u : 0) | (overrun ? 4u : 0);
    pthread_mutex_unlock(&s->lock);
    if (!parity && !framing && !overrun) return e;
    return grat_op_fail(op, GRAT_EIO, "%s: the line has spoilt bytes (%s); check baud rate, parity and cable",
                        s->tty.path, parity ? "parity error" : framing ? "framing error" : "overrun");
}

/* ---- writing --------------------------------------------------------------------------------------- */

static grat_err send(serial *s, const void *data, size_t n, grat_op *op)
{
    size_t before = op->count;
    if (s->manners.echo) {
        pthread_mutex_lock(&s->lock);
        grat__echo_sent(&s->echo, data, n);
        pthread_mutex_unlock(&s->lock);
    }
    grat_err e = grat__tty_write(&s->tty, data, n, op);
    op->count += before;
    return e;
}

/* The last bit of each byte says whether it is the last byte. */
static grat_err send_last_bit(serial *s, const uint8_t *data, size_t n, bool end, grat_op *op)
{
    uint8_t piece[512], bit = (uint8_t)(1u << (s->want.data_bits - 1));
    for (size_t i = 0; i < n; i++) {
        if (data[i] & bit)
            return grat_op_fail(op, GRAT_ERANGE, "byte %zu has the bit that marks the end of a message", i);
    }
    while (n) {
        size_t m = n < sizeof piece ? n : sizeof piece;
        memcpy(piece, data, m);
        if (end && m == n) piece[m - 1] |= bit;
        grat_err e = send(s, piece, m, op);
        if (e) return e;
        data += m, n -= m;
    }
    return GRAT_OK;
}

static grat_err send_end(serial *s, bool newline, uint8_t last, grat_op *op)
{
    size_t count = op->count;
    grat_err e = GRAT_OK;
    if (newline) e = send(s, s->manners.eol, strlen(s->manners.eol), op);
    if (!e && s->end_out == END_CHAR && last != s->term) e = send(s, &s->term, 1, op);
    if (!e && s->end_out == END_BREAK) e = grat__tty_send_break(&s->tty, s->break_ms, op);
    op->count = count + (newline && !e);
    return e;
}

static grat_err serial_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    serial *s = p;
    const uint8_t *bytes = data;
    grat_err e;
    op->count = 0;
    if (!n) return GRAT_OK;
    bool newline = end && s->manners.eol && bytes[n - 1] == '\n';
    if (!s->mid_message) forgive(s);
    s->mid_message = true;
    if (s->end_out == END_LAST_BIT) e = send_last_bit(s, bytes, n - newline, end, op);
    else e = send(s, bytes, n - newline, op);
    if (!e && end) e = send_end(s, newline, bytes[n - 1], op);
    if (!e && (end || bytes[n - 1] == '\n')) s->mid_message = false;
    return e;
}

/* ---- reading --------------------------------------------------------------------------------------- */

typedef struct sink {
    uint8_t *out;
    size_t n, cap;
    bool end;
} sink;

static bool plain(const serial *s)
{
    bool look = s->end_in == END_LAST_BIT || s->want.mark || s->discard_null || s->manners.echo;
    return !look && s->at == s->n;
}

static void put(const serial *s, sink *k, uint8_t c)
{
    if (s->discard_null && !c) return;
    k->out[k->n++] = c;
    k->end = s->end_in == END_LAST_BIT && (c & (1u << (s->want.data_bits - 1)));
}

/* FF FF is FF; FF 00 00 a break; FF 00 x a byte with an error. */
static void unmark(serial *s, sink *k, uint8_t c)
{
    if (s->mark == 0 && c != 0xff) {
        put(s, k, c);
    } else if (s->mark == 0 || (s->mark == 1 && c == 0)) {
        s->mark++;
    } else if (s->mark == 1) {
        s->mark = 0;
        put(s, k, c);
    } else {
        s->mark = 0;
        if (c) put(s, k, s->replace ? s->replace : c);
        else if (s->end_in == END_BREAK) k->end = true;
    }
}

static void digest(serial *s, sink *k)
{
    while (s->at < s->n && k->n < k->cap && !k->end) {
        if (s->want.mark) unmark(s, k, s->raw[s->at++]);
        else put(s, k, s->raw[s->at++]);
    }
}

/* Received bytes into `raw`, less the echo. */
static grat_err receive(serial *s, grat_op *op)
{
    uint8_t in[RAW_ROOM];
    s->at = s->n = 0;
    grat_err e = grat__tty_read(&s->tty, in, sizeof in, op);
    if (!op->count) return e;
    pthread_mutex_lock(&s->lock);
    s->n = grat__echo_filter(&s->echo, in, op->count, s->raw);
    pthread_mutex_unlock(&s->lock);
    return e;
}

static grat_err read_looking(serial *s, sink *k, grat_op *op)
{
    for (;;) {
        digest(s, k);
        if (k->n || k->end) return GRAT_OK;
        grat_err e = receive(s, op);
        if (e) return e;
    }
}

static grat_err read_once(serial *s, void *buf, size_t cap, bool *end, grat_op *op)
{
    if (plain(s)) return grat__tty_read(&s->tty, buf, cap, op);
    sink k = {.out = buf, .cap = cap};
    grat_err e = read_looking(s, &k, op);
    op->count = k.n;
    *end = k.end;
    return e;
}

/* Until the line is silent. */
static grat_err read_to_silence(serial *s, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    size_t have = op->count;
    grat_err e = GRAT_OK;
    while (!e && have < cap && !*end) {
        grat_op quiet;
        grat__op_child(&quiet, op, s->manners.silence_ms);
        e = read_once(s, buf + have, cap - have, end, &quiet);
        have += quiet.count;
        if (e == GRAT_ETIMEOUT && !grat_op_check(op)) {
            *end = true;
            e = GRAT_OK;
        } else if (e) {
            grat__op_adopt(op, &quiet);
        }
    }
    op->count = have;
    return e;
}

static grat_err serial_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    serial *s = p;
    bool end = false;
    (void)term;
    grat_err e = line_error(s, read_once(s, buf, cap, &end, op), op);
    if (!e && s->manners.silence_ms && !end) e = read_to_silence(s, buf, cap, &end, op);
    op->reason = end ? GRAT_REASON_END : 0;
    if (!e && op->count == cap) op->reason |= GRAT_REASON_COUNT;
    return e;
}

static int line_end(void *p)
{
    const serial *s = p;
    return s->manners.line_end;
}

/* ---- clear ------------------------------------------------------------------------------------------ */

static void forget(serial *s)
{
    s->at = s->n = 0;
    s->mark = 0;
    pthread_mutex_lock(&s->lock);
    grat__echo_reset(&s->echo);
    pthread_mutex_unlock(&s->lock);
}

/* An answer may still be on its way, so the line must be seen quiet. */
static grat_err until_quiet(serial *s, grat_op *op)
{
    uint8_t junk[4096];
    int64_t ms = QUIET_MS + (int64_t)QUIET_BYTES * 10 * 1000 / s->want.baud;
    for (;;) {
        grat_op quiet;
        grat__op_child(&quiet, op, ms);
        grat_err e = grat__tty_read(&s->tty, junk, sizeof junk, &quiet);
        if (!e) continue;
        if (e == GRAT_ETIMEOUT) return grat_op_check(op);
        return grat__op_adopt(op, &quiet);
    }
}

static grat_err reopen(serial *s, grat_op *op)
{
    char path[sizeof s->tty.path];
    memcpy(path, s->tty.path, sizeof path);
    grat__tty_close(&s->tty);
    /* A USB adapter that was unplugged, or whose board was reset, may be back in a moment. */
    for (int64_t until = grat_now_ns() + REPLUG_MS * (int64_t)NS_PER_MS;;) {
        grat_err e = grat__tty_open(&s->tty, path, &s->want, op);
        if (e != GRAT_ENODEV || grat_now_ns() >= until) return e;
        grat_op pause = *op;
        if (grat_op_sleep_until(&pause, grat_now_ns() + REPLUG_STEP_MS * NS_PER_MS)) return e;
    }
}

static grat_err clear_once(serial *s, grat_op *op)
{
    uint8_t byte = (uint8_t)s->manners.clear_byte;
    const char *eol = s->manners.eol ? s->manners.eol : "\n";
    grat_err e = GRAT_OK;
    grat__tty_flush(&s->tty, true, true);
    if (s->manners.clear_break) e = grat__tty_send_break(&s->tty, s->break_ms, op);
    else if (s->manners.clear_byte >= 0) e = grat__tty_write(&s->tty, &byte, 1, op);
    else if (s->mid_message) e = grat__tty_write(&s->tty, eol, strlen(eol), op);
    if (!e) e = until_quiet(s, op);
    forget(s);
    forgive(s);
    if (!e) s->mid_message = false;
    return e;
}

static grat_err serial_clear(void *p, grat_op *op)
{
    serial *s = p;
    grat_err e = s->tty.fd < 0 ? GRAT_ELOST : clear_once(s, op);
    if (e != GRAT_ELOST) return e;
    forget(s);
    s->mid_message = false;
    return reopen(s, op);
}

static size_t discard(void *p)
{
    serial *s = p;
    size_t n = s->n - s->at;
    s->at = s->n = 0;
    return n;
}

/* ---- attributes -------------------------------------------------------------------------------------- */

static int64_t line_state(const serial *s, grat_attr a)
{
    static const enum grat__tty_line lines[] = {GRAT__TTY_CTS, GRAT__TTY_DCD, GRAT__TTY_DSR,
                                                GRAT__TTY_RI,  GRAT__TTY_DTR, GRAT__TTY_RTS};
    return grat__tty_line(&s->tty, lines[a - GRAT_ATTR_ASRL_CTS]);
}

/* Where an attribute that is only a number is kept; size 1, 4, or 0 for none. */
static void *field(serial *s, grat_attr a, unsigned *size)
{
    *size = 4;
    switch (a) {
    case GRAT_ATTR_ASRL_BAUD:
        return &s->want.baud;
    case GRAT_ATTR_ASRL_DATA_BITS:
        return &s->want.data_bits;
    case GRAT_ATTR_ASRL_PARITY:
        return &s->want.parity;
    case GRAT_ATTR_ASRL_STOP_BITS:
        return &s->want.stop_bits;
    case GRAT_ATTR_ASRL_FLOW:
        return &s->want.flow;
    case GRAT_ATTR_ASRL_END_IN:
        return &s->end_in;
    case GRAT_ATTR_ASRL_END_OUT:
        return &s->end_out;
    case GRAT_ATTR_ASRL_BREAK_MS:
        return &s->break_ms;
    default:
        break;
    }
    *size = 1;
    switch (a) {
    case GRAT_ATTR_ASRL_TERM_CHAR:
        return &s->term;
    case GRAT_ATTR_ASRL_REPLACE_CHAR:
        return &s->replace;
    case GRAT_ATTR_ASRL_XON_CHAR:
        return &s->want.xon;
    case GRAT_ATTR_ASRL_XOFF_CHAR:
        return &s->want.xoff;
    default:
        return NULL;
    }
}

static grat_err no_such(grat_attr a, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "a serial port has no attribute %d, or it cannot be changed", (int)a);
}

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    serial *s = p;
    unsigned size;
    const void *at = field(s, a, &size);
    if (at) {
        out->number = size == 4 ? (int64_t)*(const unsigned *)at : *(const uint8_t *)at;
        return GRAT_OK;
    }
    switch (a) {
    case GRAT_ATTR_ASRL_AVAILABLE:
        out->number = (int64_t)(grat__tty_available(&s->tty) + s->n - s->at);
        return GRAT_OK;
    case GRAT_ATTR_ASRL_UNSENT:
        out->number = (int64_t)grat__tty_unsent(&s->tty);
        return GRAT_OK;
    case GRAT_ATTR_ASRL_FAULTS:
        out->number = s->faults;
        s->faults = 0;
        return GRAT_OK;
    case GRAT_ATTR_ASRL_BREAK:
        out->number = s->breaking;
        return GRAT_OK;
    case GRAT_ATTR_ASRL_DISCARD_NULL:
        out->number = s->discard_null;
        return GRAT_OK;
    case GRAT_ATTR_ASRL_ALLOW_TRANSMIT:
        out->number = !s->no_transmit;
        return GRAT_OK;
    case GRAT_ATTR_ASRL_WIRE_MODE:
        out->number = WIRE_232_DTE;
        return GRAT_OK;
    default:
        if (a < GRAT_ATTR_ASRL_CTS || a > GRAT_ATTR_ASRL_RTS) return no_such(a, op);
        out->number = line_state(s, a);
        return GRAT_OK;
    }
}

/* Those of the line itself: set, read back, or left as they were. */
static grat_err set_line(serial *s, grat_attr a, int64_t value, grat_op *op)
{
    grat__tty_params q = s->want;
    unsigned end_in = s->end_in;
    uint8_t replace = s->replace;
    if (a == GRAT_ATTR_ASRL_END_IN) s->end_in = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_REPLACE_CHAR) s->replace = (uint8_t)value;
    else if (a == GRAT_ATTR_ASRL_BAUD) q.baud = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_DATA_BITS) q.data_bits = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_PARITY) q.parity = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_STOP_BITS) q.stop_bits = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_FLOW) q.flow = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_XON_CHAR) q.xon = (uint8_t)value;
    else q.xoff = (uint8_t)value;
    grat_err e = apply(s, &q, op);
    if (e) s->end_in = end_in, s->replace = replace;
    return e;
}

static grat_err set_state(serial *s, grat_attr a, int64_t value, grat_op *op)
{
    bool on = value;
    grat_err e = GRAT_OK;
    switch (a) {
    case GRAT_ATTR_ASRL_BREAK:
        e = grat__tty_break(&s->tty, on, op);
        if (!e) s->breaking = on;
        return e;
    case GRAT_ATTR_ASRL_ALLOW_TRANSMIT:
        e = grat__tty_transmit(&s->tty, on, op);
        if (!e) s->no_transmit = !on;
        return e;
    case GRAT_ATTR_ASRL_DTR:
    case GRAT_ATTR_ASRL_RTS:
        if (s->want.flow & (a == GRAT_ATTR_ASRL_DTR ? 4u : 2u))
            return grat_op_fail(op, GRAT_ENOTSUP, "the flow control owns this line");
        return grat__tty_line_set(&s->tty, a == GRAT_ATTR_ASRL_DTR ? GRAT__TTY_DTR : GRAT__TTY_RTS, on, op);
    default:
        s->discard_null = on;
        return GRAT_OK;
    }
}

static grat_err set_unsent(serial *s, grat_attr a, int64_t value, grat_op *op)
{
    (void)a;
    if (value) return grat__tty_drain(&s->tty, op);
    grat__tty_flush(&s->tty, false, true);
    return GRAT_OK;
}

static grat_err set_number(serial *s, grat_attr a, int64_t value, grat_op *op)
{
    (void)op;
    if (a == GRAT_ATTR_ASRL_END_OUT) s->end_out = (unsigned)value;
    else if (a == GRAT_ATTR_ASRL_TERM_CHAR) s->term = (uint8_t)value;
    else if (a == GRAT_ATTR_ASRL_BREAK_MS) s->break_ms = (unsigned)value;
    return GRAT_OK;
}

static const struct writable {
    grat_attr a;
    int64_t low, high;
    grat_err (*set)(serial *s, grat_attr a, int64_t value, grat_op *op);
} writables[] = {
    {GRAT_ATTR_ASRL_BAUD, 1, UINT32_MAX, set_line},
    {GRAT_ATTR_ASRL_DATA_BITS, 5, 8, set_line},
    {GRAT_ATTR_ASRL_PARITY, 0, 4, set_line},
    {GRAT_ATTR_ASRL_STOP_BITS, 10, 20, set_line},
    {GRAT_ATTR_ASRL_FLOW, 0, 7, set_line},
    {GRAT_ATTR_ASRL_END_IN, 0, 3, set_line},
    {GRAT_ATTR_ASRL_REPLACE_CHAR, 0, 255, set_line},
    {GRAT_ATTR_ASRL_XON_CHAR, 0, 255, set_line},
    {GRAT_ATTR_ASRL_XOFF_CHAR, 0, 255, set_line},
    {GRAT_ATTR_ASRL_END_OUT, 0, 3, set_number},
    {GRAT_ATTR_ASRL_TERM_CHAR, 0, 255, set_number},
    {GRAT_ATTR_ASRL_BREAK_MS, 1, 500, set_number},
    {GRAT_ATTR_ASRL_WIRE_MODE, WIRE_232_DTE, WIRE_232_DTE, set_number},
    {GRAT_ATTR_ASRL_UNSENT, 0, 1, set_unsent},
    {GRAT_ATTR_ASRL_BREAK, 0, 1, set_state},
    {GRAT_ATTR_ASRL_ALLOW_TRANSMIT, 0, 1, set_state},
    {GRAT_ATTR_ASRL_DTR, 0, 1, set_state},
    {GRAT_ATTR_ASRL_RTS, 0, 1, set_state},
    {GRAT_ATTR_ASRL_DISCARD_NULL, 0, 1, set_state},
};

static grat_err attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    for (size_t i = 0; i < sizeof writables / sizeof *writables; i++) {
        const struct writable *w = &writables[i];
        if (w->a != a) continue;
        if (value < w->low || value > w->high)
            return grat_op_fail(op, GRAT_ERANGE, "attribute %d: %lld; it goes from %lld to %lld", (int)a,
                                (long long)value, (long long)w->low, (long long)w->high);
        return w->set(p, a, value, op);
    }
    return no_such(a, op);
}

const grat_transport grat__serial_port = {
    .name = "serial port",
    .priv_size = sizeof(serial),
    .caps = GRAT_TCAP_DUPLEX,
    .serves = serves,
    .open = serial_open,
    .close = serial_close,
    .write = serial_write,
    .read = serial_read,
    .clear = serial_clear,
    .attr_get = attr_get,
    .attr_set = attr_set,
    .discard = discard,
    .line_end = line_end,
};
