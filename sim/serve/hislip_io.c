/* Bytes in and out of the two channels, and the synchronized and overlapped modes (IVI-6.1 §3.1, §3.2). */
#include "sim/serve/hislip_int.h"

#include <errno.h>
#include <string.h>

#define TURN_BYTES (64u << 20)   /* one connection's share before the others are looked at */
#define TURN_SENDS 256
#define TAKE_BYTES (4u << 20)
#define MESSAGE_MAX (16u << 20)  /* of one message to a client that takes any size */

bool hislip_may(const hislip_session *s)
{
    bool exclusive = false, shared = false;
    for (const hislip_session *o = s->h->sessions; o; o = o->next) {
        exclusive = exclusive || o->exclusive;
        shared = shared || o->shared;
    }
    return exclusive ? s->exclusive : !shared || s->shared;
}

void hislip_put(hislip_conn *c, const grat__hislip_msg *m, const void *payload)
{
    hislip_session *s = c->session;
    bool wait = s && s->sync == c && (s->body || s->empty_end);
    if (grat__hislip_append(wait ? &s->later : &c->out, m, payload) != GRAT_OK) hislip_doom(c);
}

void hislip_drop_output(hislip_session *s)
{
    hislip_conn *c = s->sync;
    if (s->body && grat__buf_reserve(&c->out, s->body) == GRAT_OK) {
        memset(c->out.data + c->out.len, 0, s->body);
        c->out.len += s->body;
    }
    if (s->later.len && grat__buf_put(&c->out, s->later.data, s->later.len) != GRAT_OK) hislip_doom(c);
    s->body = 0;
    s->later.len = 0;
    s->empty_end = s->rmt_expected = false;
    sim_source_clear(&s->source);
    sim_port_unread(s->source.port, false);
}

/* ---- responses ------------------------------------------------------------------------------------ */

static void put_simple(hislip_conn *c, uint8_t type, uint32_t parameter)
{
    hislip_put(c, &(grat__hislip_msg){.type = type, .parameter = parameter}, NULL);
}

/* What comes before a response by a fault; false when it comes instead. */
static bool faults_before(hislip_session *s)
{
    static const char filler[1024] = "a message nobody asked for";
    sim_faults *f = s->h->faults;
    hislip_conn *c = s->sync;
    if (!f->count) return true;
    if (sim_fault(f, SIM_FAULT_HISLIP_STALE))
        hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_DATA_END, .parameter = s->last_id - 4, .length = 7},
                   "9.9E37\n");
    if (sim_fault(f, SIM_FAULT_HISLIP_RESERVED))
        hislip_put(c, &(grat__hislip_msg){.type = 99, .length = 26}, filler);
    if (sim_fault(f, SIM_FAULT_HISLIP_VENDOR)) {
        uint64_t n = sim_fault_argument(f, SIM_FAULT_HISLIP_VENDOR);
        hislip_put(c, &(grat__hislip_msg){.type = 200, .control = 3, .length = n < 1024 ? n : 1024}, filler);
    }
    if (sim_fault(f, SIM_FAULT_HISLIP_INTERRUPTED) && s->async) {
        hislip_conn *first = sim_fault_argument(f, SIM_FAULT_HISLIP_INTERRUPTED) ? c : s->async;
        for (unsigned i = 0; i < 2; i++, first = first == c ? s->async : c) {
            put_simple(first, first == c ? GRAT__HISLIP_INTERRUPTED : GRAT__HISLIP_ASYNC_INTERRUPTED, s->last_id);
            if (first != c) hislip_pump(first);
        }
    }
    if (sim_fault(f, SIM_FAULT_HISLIP_FATAL) && sim_fault_argument(f, SIM_FAULT_HISLIP_FATAL) == 3) {
        hislip_fatal(c, 130, "the instrument has had enough");
        return false;
    }
    if (sim_fault(f, SIM_FAULT_HISLIP_ERROR)) {
        hislip_drop_output(s);
        hislip_error(c, (uint8_t)sim_fault_argument(f, SIM_FAULT_HISLIP_ERROR), "");
        return false;
    }
    return true;
}

static uint64_t message_limit(hislip_session *s)
{
    sim_faults *f = s->h->faults;
    uint64_t most = s->client_max > GRAT__HISLIP_HEAD ? s->client_max - GRAT__HISLIP_HEAD : 1;
    if (sim_fault(f, SIM_FAULT_HISLIP_OVERSIZED)) most = MESSAGE_MAX;
    if (sim_fault(f, SIM_FAULT_HISLIP_CHUNKS)) {
        uint64_t chunk = sim_fault_argument(f, SIM_FAULT_HISLIP_CHUNKS);
        if (chunk && chunk < most) most = chunk;
    }
    return most < MESSAGE_MAX ? most : MESSAGE_MAX;
}

static uint32_t message_id(hislip_session *s, bool end)
{
    sim_faults *f = s->h->faults;
    if (s->overlap) {
        uint32_t id = s->server_id;
        s->server_id += GRAT__HISLIP_ID_STEP;
        return id;
    }
    if (!end && sim_fault(f, SIM_FAULT_HISLIP_ANY_ID)) return GRAT__HISLIP_ANY_ID;
    return sim_fault(f, SIM_FAULT_HISLIP_WRONG_ID) ? s->last_id - 6 : s->last_id;
}

/* Puts the header of the next message of the response that is ready. */
static bool start_message(hislip_session *s, int64_t now)
{
    const uint8_t *data;
    bool last, first = s->source.pos == 0;
    if (s->clearing || !sim_source_peek(&s->source, now, &data, &last)) return false;
    if (first && !faults_before(s)) return false;
    uint64_t left = sim_source_left(&s->source), most = message_limit(s), n = left < most ? left : most;
    bool end = n == left;
    s->empty_end = end && sim_fault(s->h->faults, SIM_FAULT_HISLIP_EMPTY_END);
    s->body_end = end && !s->empty_end;
    grat__hislip_msg m = {.type = s->body_end ? GRAT__HISLIP_DATA_END : GRAT__HISLIP_DATA,
                          .parameter = message_id(s, s->body_end), .length = n};
    size_t at = s->sync->out.len;
    bool good = grat__hislip_append(&s->sync->out, &(grat__hislip_msg){.type = m.type, .parameter = m.parameter}, NULL)
                == GRAT_OK;
    if (!good) return false;
    grat__hislip_put(s->sync->out.data + at, &m);
    if (sim_fault(s->h->faults, SIM_FAULT_HISLIP_PROLOGUE)) s->sync->out.data[at + 1] = 'X';
    s->body = n;
    sim_port_unread(s->source.port, true);
    return true;
}

/* The body's last byte has left. */
static void message_sent(hislip_session *s)
{
    if (s->empty_end) {
        s->empty_end = false;
        s->body_end = true;
        grat__hislip_msg m = {.type = GRAT__HISLIP_DATA_END, .parameter = message_id(s, true)};
        if (grat__hislip_append(&s->sync->out, &m, NULL) != GRAT_OK) hislip_doom(s->sync);
    }
    if (s->body_end && !s->overlap) s->rmt_expected = true;
    if (!s->later.len) return;
    if (grat__buf_put(&s->sync->out, s->later.data, s->later.len) != GRAT_OK) hislip_doom(s->sync);
    s->later.len = 0;
}

static void advance(hislip_conn *c, size_t n)
{
    hislip_session *s = c->session;
    size_t head = c->out.len - c->out_at, k = n < head ? n : head;
    c->out_at += k;
    if (c->out_at == c->out.len) {
        c->out.len = c->out_at = 0;
        if (c->out.cap > 1u << 20) grat__buf_free(&c->out);
    }
    if (n == k) return;
    sim_source_consume(&s->source, n - k);
    s->body -= n - k;
    if (!s->body) message_sent(s);
}

/* What is to leave next: bytes of `out`, and behind them bytes of the response in place. */
typedef struct piece {
    size_t head, body;
    const uint8_t *data;
    bool more;               /* the message goes on behind them */
} piece;

static piece next_piece(hislip_conn *c, hislip_session *s, int64_t now)
{
    piece p = {0};
    bool last;
    if (s && !s->body && c->out_at == c->out.len) start_message(s, now);
    p.head = c->out.len - c->out_at;
    if (!s || !s->body) return p;
    p.body = sim_source_peek(&s->source, now, &p.data, &last);
    if (p.body > s->body) p.body = (size_t)s->body;
    p.more = p.body && s->body > p.body;
    return p;
}

static ssize_t send_piece(hislip_conn *c, const piece *p, size_t may)
{
    struct iovec iov[2];
    int n = 0;
    if (p->head) iov[n++] = (struct iovec){c->out.data + c->out_at, p->head < may ? p->head : may};
    if (may > p->head) {
        memcpy(&iov[n].iov_base, &p->data, sizeof iov[n].iov_base); /* iovec has no const */
        iov[n++].iov_len = may - p->head;
    }
    return hislip_send(c, iov, n, p->more && !c->pace.segment);
}

typedef enum { IDLE, BLOCKED, PACED, BROKEN } outcome;

static outcome flush(hislip_conn *c, int64_t *until)
{
    hislip_session *s = c->session && c->session->sync == c ? c->session : NULL;
    size_t total = 0;
    for (unsigned i = 0; i < TURN_SENDS && total < TURN_BYTES; i++) {
        int64_t now = grat_now_ns();
        piece p = next_piece(c, s, now);
        if (s && s->source.broken) return BROKEN;
        if (s) *until = sim_source_next(&s->source);
        if (!p.head && !p.body) return IDLE;
        size_t may = sim_pace_allow(&c->pace, now, p.head + p.body, until);
        if (!may) return PACED;
        ssize_t sent = send_piece(c, &p, may);
        if (sent < 0) return errno == EAGAIN || errno == EINTR ? BLOCKED : BROKEN;
        advance(c, (size_t)sent);
        sim_pace_sent(&c->pace, (size_t)sent);
        total += (size_t)sent;
    }
    return BLOCKED;
}

void hislip_pump(hislip_conn *c)
{
    hislip_session *s = c->session;
    int64_t until = INT64_MAX;
    if (c->gone || c->phase == HISLIP_HANDSHAKE || c->phase == HISLIP_ENDING) return;
    outcome o = flush(c, &until);
    if (o == BROKEN) c->reset = true, hislip_doom(c);
    if (c->gone) return;
    bool set_up = s && s->sync && s->async, reads = !c->doomed;
    if (set_up && s->sync == c && !s->clearing && !hislip_may(s)) reads = false;
    sim_watch_want(c->h->loop, &c->watch, (reads ? EPOLLIN : 0u) | (o == BLOCKED ? EPOLLOUT : 0u));
    if (c->doomed && o == IDLE) until = 0;
    if (set_up || c->doomed || o == PACED) sim_timer_set(c->h->loop, &c->timer, o == BLOCKED ? INT64_MAX : until);
}

/* ---- program messages -------------------------------------------------------------------------- */

/* Data, DataEnd and Trigger in synchronized mode: what was not read is lost, with the notices that belong to it. */
static void interrupt(hislip_session *s, const grat__hislip_msg *m)
{
    bool rmt = m->control & GRAT__HISLIP_RMT;
    if (s->body || s->empty_end || sim_source_pending(&s->source)) {
        hislip_drop_output(s);
        sim_instrument_query_error(s->h->in, -410);
        put_simple(s->async, GRAT__HISLIP_ASYNC_INTERRUPTED, m->parameter);
        hislip_pump(s->async);
        put_simple(s->sync, GRAT__HISLIP_INTERRUPTED, m->parameter);
    } else if (rmt != s->rmt_expected) {
        sim_instrument_query_error(s->h->in, -410);
    }
    s->rmt_expected = false;
    sim_port_unread(s->source.port, false);
}

static void message_starts(hislip_session *s, const grat__hislip_msg *m)
{
    if (!s->in_message && !s->overlap) interrupt(s, m);
    s->last_id = m->parameter;
}

static bool is_data(const hislip_conn *c)
{
    uint8_t type = c->small.in.msg.type;
    return c->session && c->session->sync == c && (type == GRAT__HISLIP_DATA || type == GRAT__HISLIP_DATA_END);
}

/* A header is complete. */
static void begins(hislip_conn *c)
{
    hislip_session *s = c->session;
    const grat__hislip_msg *m = &c->small.in.msg;
    c->skip = false;
    if (!s) return;
    if (!s->sync || !s->async) {
        hislip_fatal(c, GRAT__HISLIP_FATAL_CHANNELS, "");
        return;
    }
    if (hislip_unsecured(s) && (is_data(c) || m->type == GRAT__HISLIP_TRIGGER)) {
        hislip_fatal(c, GRAT__HISLIP_FATAL_SECURITY, "encryption is required");
        return;
    }
    bool clearing = s->clearing && c == s->sync && m->type != GRAT__HISLIP_CLEAR_COMPLETE;
    c->skip = clearing || m->length > GRAT__HISLIP_DEFAULT_MAX + GRAT__HISLIP_HEAD;
    if (c->skip) return;
    if (is_data(c) || (m->type == GRAT__HISLIP_TRIGGER && c == s->sync)) message_starts(s, m);
}

/* The payload of a program message goes to the instrument as it comes. */
static size_t stream(hislip_conn *c, const uint8_t *data, size_t n)
{
    hislip_session *s = c->session;
    grat__hislip_in *in = &c->small.in;
    size_t k = n < in->left ? n : (size_t)in->left;
    grat__hislip_in_took(in, k);
    bool done = in->left == 0, end = done && in->msg.type == GRAT__HISLIP_DATA_END;
    if (!c->skip && !s->clearing && (k || end)) {
        s->in_message = !end && !(k && data[k - 1] == '\n');
        sim_port_input(s->source.port, data, k, end);
    }
    if (!done) return k;
    bool too_large = c->skip && !s->clearing;
    grat__hislip_small_next(&c->small);
    if (too_large) hislip_error(c, GRAT__HISLIP_ERROR_TOO_LARGE, "");
    return k;
}

static void whole(hislip_conn *c)
{
    if (!c->session) hislip_initialize(c);
    else if (c->skip) c->skip = false;
    else if (c->session->sync == c) hislip_on_sync(c);
    else hislip_on_async(c);
    grat__hislip_small_next(&c->small);
}

static void feed(hislip_conn *c, const uint8_t *data, size_t n)
{
    grat__hislip_in *in = &c->small.in;
    hislip_phase phase = c->phase;
    for (size_t at = 0; at < n && !c->gone && !c->doomed;) {
        if (c->phase != phase) {
            hislip_fatal(c, GRAT__HISLIP_FATAL_SECURITY, "plain bytes behind the start of TLS");
            return;
        }
        if (!in->in_message) {
            at += grat__hislip_in_feed(in, data + at, n - at);
            if (in->bad) hislip_fatal(c, GRAT__HISLIP_FATAL_HEADER, "");
            if (!in->in_message) continue;
            begins(c);
            if (c->doomed) return;
        }
        if (is_data(c)) {
            at += stream(c, data + at, n - at);
            continue;
        }
        at += grat__hislip_small_feed(&c->small, data + at, n - at);
        if (c->small.complete) whole(c);
    }
}

static size_t take_size(const hislip_conn *c, size_t most)
{
    const grat__hislip_in *in = &c->small.in;
    if (!hislip_awaits_tls(c)) return most;
    uint64_t rest = in->in_message ? in->left : GRAT__HISLIP_HEAD - in->head_len;
    return rest < most ? (size_t)rest : most;
}

void hislip_take(hislip_conn *c)
{
    uint8_t bulk[65536];
    uint8_t few[2048];
    bool sync = c->session && c->session->sync == c;
    uint8_t *in = sync ? bulk : few;
    /* TLS may hold bytes that no descriptor tells of. */
    for (size_t total = 0; (total < TAKE_BYTES || c->tls) && !c->gone && !c->doomed;) {
        if (sync && c->session->async && !c->session->clearing && !hislip_may(c->session)) return;
        if (c->phase == HISLIP_HANDSHAKE) return;
        ssize_t n = hislip_recv(c, in, take_size(c, sync ? sizeof bulk : sizeof few));
        if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (n <= 0) {
            hislip_doom(c);
            return;
        }
        feed(c, in, (size_t)n);
        total += (size_t)n;
    }
}

void hislip_ready(void *user, uint32_t events)
{
    hislip_conn *c = user;
    if (events & EPOLLERR) {
        hislip_doom(c);
        return;
    }
    if (c->phase == HISLIP_HANDSHAKE && !hislip_tls_step(c)) return;
    if (events & (EPOLLIN | EPOLLHUP)) hislip_take(c);
    if (c->gone) return;
    hislip_pump(c);
    hislip_session *s = c->session;
    hislip_conn *other = !s ? NULL : s->sync == c ? s->async : s->sync;
    if (other && !other->gone && !other->doomed) hislip_pump(other);
}
