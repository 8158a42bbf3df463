/* LeCroy oscilloscopes over VICP (VICP::host::INSTR). A message wire: EOI is the end. Answers carry the number of the
 * message that they answer, so one that came too late is known and dropped. */
#include "core/buf.h"
#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"
#include "transport/net.h"
#include "wire/vicp.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define BLOCK_MAX 8192           /* what other clients send at most in one block */
#define HELD_MAX (64u << 20)
#define SRQ_LOOK_MS 20
#define POLL_TEXT 16
#define SETTLE_MS 40
#define OWED_MAX 128             /* messages that may still be answered, of the 255 that have numbers */

typedef struct vicp {
    int fd;
    char host[256];
    unsigned port;
    uint8_t flags;               /* REMOTE, LOCKOUT */
    uint8_t sent, done;          /* numbers of the last message sent, of the last one answered */
    uint8_t poll;                /* of a serial poll that was given up on; 0 none */
    uint8_t polled;              /* of the last serial poll that was answered; 0 none */
    bool given_up;               /* on a read, while an answer was owed */
    bool numbered;               /* the peer's blocks have numbers */
    bool mid_block, mid_message; /* a block was begun and not finished; a message likewise */
    grat__vicp_in in;
    bool skip;                   /* the present block is not for the caller */
    bool collected;              /* of the present answer */
    grat__buf held;              /* of an answer, while a serial poll was made */
    bool held_end;
    bool srq_on, srq;
    pthread_mutex_t lock;        /* srq_wait beside the others: whose turn it is at the socket, and `srq` */
    bool busy;
} vicp;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_VICP;
}

/* Takes the connection, and drops it at once while it still serves another one. */
static bool thrown_out(int fd, grat_op *op)
{
    char c;
    grat_op wait;
    grat__op_child(&wait, op, SETTLE_MS);
    if (grat__op_wait(&wait, fd, POLLIN)) return false;
    return recv(fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) <= 0;
}

static grat_err reconnect(vicp *v, bool again, grat_op *op)
{
    if (v->fd >= 0) close(v->fd);
    v->fd = -1;
    v->sent = v->done = v->poll = v->polled = 0;
    v->given_up = v->mid_block = v->mid_message = v->skip = v->collected = v->held_end = v->srq = false;
    v->held.len = 0;
    grat__vicp_in_init(&v->in);
    /* A scope serves one client, and takes its time to see that the last one has gone. */
    for (int64_t pause = 20;; pause *= 2) {
        grat_err e = grat__tcp_connect(v->host, v->port, op, &v->fd);
        bool out = !e && again && thrown_out(v->fd, op);
        if (out) close(v->fd), v->fd = -1;
        if (out) e = grat_op_fail(op, GRAT_EREFUSED, "%s: it closes the connection; has another program it?", v->host);
        if ((e != GRAT_EREFUSED && e != GRAT_ELOST) || pause > 400 || grat_op_left_ms(op) <= pause) return e;
        if (grat_op_sleep_until(op, grat_now_ns() + pause * NS_PER_MS)) return op->err;
    }
}

static grat_err vicp_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    vicp *v = p;
    (void)opt;
    v->fd = -1;
    grat__strcpy(v->host, sizeof v->host, r->host);
    v->port = r->port ? r->port : GRAT__VICP_PORT;
    grat__buf_init(&v->held, HELD_MAX);
    grat_err e = reconnect(v, false, op);
    if (!e) pthread_mutex_init(&v->lock, NULL);
    return e;
}

static void vicp_close(void *p)
{
    vicp *v = p;
    if (v->fd >= 0) close(v->fd);
    grat__buf_free(&v->held);
    pthread_mutex_destroy(&v->lock);
}

/* The socket is ours, and srq_wait keeps off, until leave(). It never holds it for long. */
static void enter(vicp *v)
{
    pthread_mutex_lock(&v->lock);
    v->busy = true;
    pthread_mutex_unlock(&v->lock);
}

static grat_err leave(vicp *v, grat_err e)
{
    pthread_mutex_lock(&v->lock);
    v->busy = false;
    pthread_mutex_unlock(&v->lock);
    return e;
}

static grat_err gone(vicp *v, grat_err e, grat_op *op)
{
    if (e != GRAT_ELOST && e != GRAT_EPROTO) return e;
    if (v->fd >= 0) close(v->fd);
    v->fd = -1;
    return op->err = e;
}

static unsigned distance(uint8_t from, uint8_t to)
{
    return (unsigned)(to + 255 - from) % 255;
}

/* ---- writing ------------------------------------------------------------------------------------------- */

static grat_err send_block(vicp *v, uint8_t operation, const void *data, size_t n, grat_op *op)
{
    uint8_t head[GRAT__VICP_HEADER];
    char *bytes = NULL;
    if (v->fd < 0) return grat_op_fail(op, GRAT_ELOST, "%s: connection lost", v->host);
    uint8_t sequence = grat__vicp_next(v->sent);
    grat__vicp_put(head, &(grat__vicp_header){operation, GRAT__VICP_VERSION, sequence, (uint32_t)n});
    memcpy(&bytes, &data, sizeof bytes); /* iovec has no const */
    struct iovec iov[2] = {{head, sizeof head}, {bytes, n}};
    v->mid_block = true;
    grat_err e = grat__send_all(v->fd, iov, n ? 2 : 1, op);
    op->count = op->count > sizeof head ? op->count - sizeof head : 0;
    if (e) return gone(v, e, op);
    v->mid_block = false;
    if (operation & GRAT__VICP_EOI) v->sent = sequence;
    if (distance(v->done, v->sent) > OWED_MAX) v->done = grat__vicp_next(v->done);
    if (v->poll == sequence) v->poll = 0;
    if (v->polled == sequence) v->polled = 0;
    return GRAT_OK;
}

static grat_err write_message(vicp *v, const char *data, size_t n, bool end, grat_op *op)
{
    size_t done = 0;
    while (done < n) {
        size_t m = n - done < BLOCK_MAX ? n - done : BLOCK_MAX;
        bool last = end && done + m == n;
        v->mid_message = !last;
        grat_err e = send_block(v, GRAT__VICP_DATA | v->flags | (last ? GRAT__VICP_EOI : 0), data + done, m, op);
        done += op->count;
        op->count = done;
        if (e) return e;
    }
    return GRAT_OK;
}

/* The rest of a block is owed to the peer, or it owes the answer to a poll, which cannot be told from others: only a
 * new connection begins a new message. */
static bool must_reconnect(const vicp *v)
{
    return v->mid_block || (v->poll && !v->numbered);
}

/* Before a new message: an answer that was given up, or read in part, is void (IEEE 488.2, INTERRUPTED). False where
 * what comes of it later cannot be told from the next answer. */
static bool forget_answer(vicp *v)
{
    bool begun = v->collected || (v->in.in_body && !v->skip), owed = v->given_up || v->collected;
    if (!begun && !owed) return true;
    bool last = v->in.in_body && v->in.header.operation & GRAT__VICP_EOI;
    if (!v->numbered && !(begun && last)) return false;
    if (v->in.in_body) v->skip = true;
    v->given_up = v->collected = v->held_end = false;
    v->held.len = 0;
    v->done = v->sent;
    return true;
}

static grat_err vicp_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    vicp *v = p;
    grat_err e = GRAT_OK;
    enter(v);
    if (must_reconnect(v) || (!v->mid_message && !forget_answer(v))) e = reconnect(v, true, op);
    op->count = 0;
    if (!e) e = write_message(v, data, n, end, op);
    return leave(v, e);
}

/* ---- reading ------------------------------------------------------------------------------------------- */

/* The answer to a message that was answered already, or to none. */
static bool stale(const vicp *v, uint8_t sequence)
{
    if (!sequence) return false; /* a peer without numbers */
    unsigned far = distance(v->done, sequence);
    return far == 0 || far > distance(v->done, v->sent);
}

static grat_err next_header(vicp *v, grat_op *op)
{
    while (!v->in.in_body) {
        uint8_t head[GRAT__VICP_HEADER];
        grat_err bad;
        if (v->fd < 0) return grat_op_fail(op, GRAT_ELOST, "%s: connection lost", v->host);
        grat_err e = grat__recv_some(v->fd, head, GRAT__VICP_HEADER - v->in.have, op);
        if (e) return gone(v, e, op);
        grat__vicp_in_feed(&v->in, head, op->count, &bad);
        if (bad) return gone(v, grat_op_fail(op, bad, "%s: no VICP block came but something else", v->host), op);
    }
    return GRAT_OK;
}

/* Bytes of the block's body; the block is left when there are no more. */
static grat_err body(vicp *v, void *buf, size_t cap, grat_op *op)
{
    size_t most = v->in.left < cap ? v->in.left : cap;
    op->count = 0;
    if (!most) {
        grat__vicp_in_took(&v->in, 0);
        return GRAT_OK;
    }
    if (v->fd < 0) return grat_op_fail(op, GRAT_ELOST, "%s: connection lost", v->host);
    grat_err e = grat__recv_some(v->fd, buf, most, op);
    grat__vicp_in_took(&v->in, (uint32_t)op->count);
    return e ? gone(v, e, op) : GRAT_OK;
}

static grat_err skip_body(vicp *v, grat_op *op)
{
    uint8_t junk[4096];
    while (v->in.in_body) {
        grat_err e = body(v, junk, sizeof junk, op);
        if (e) return e;
    }
    v->skip = false;
    return GRAT_OK;
}

static void note_srq(vicp *v)
{
    pthread_mutex_lock(&v->lock);
    v->srq = true;
    pthread_mutex_unlock(&v->lock);
}

/* A header has come. */
static void classify(vicp *v)
{
    const grat__vicp_header *h = &v->in.header;
    bool data = h->operation & GRAT__VICP_DATA;
    if (h->operation & GRAT__VICP_SRQ) note_srq(v);
    v->skip = !data || stale(v, h->sequence) || (v->polled && h->sequence == v->polled);
    if (data && h->sequence) v->numbered = true;
    if (!data || !v->poll || h->sequence != v->poll) return;
    v->skip = true;
    if (h->operation & GRAT__VICP_EOI) v->poll = 0;
}

/* Its answer may come yet, or the rest of it. */
static void give_up_poll(vicp *v)
{
    if (v->fd < 0 || v->mid_block) return;
    bool begun = v->in.in_body && v->in.header.sequence == v->sent && v->numbered;
    if (begun) v->skip = true;
    if (!begun || !(v->in.header.operation & GRAT__VICP_EOI)) v->poll = v->sent;
}

/* What some send behind an answer: a block of a newline alone. Numbers make it stale. */
static bool trailer(const vicp *v, const uint8_t *buf, size_t n)
{
    return !v->in.header.sequence && !v->collected && n == 1 && *buf == '\n' && !v->in.in_body;
}

/* Part of a block of an answer; *end with the last byte of the answer. */
static grat_err read_part(vicp *v, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    *end = false;
    for (;;) {
        grat_err e;
        op->count = 0;
        if (v->in.in_body && v->skip && (e = skip_body(v, op))) return e;
        if (!v->in.in_body) {
            if ((e = next_header(v, op))) return op->count = 0, e;
            classify(v);
            continue;
        }
        uint8_t operation = v->in.header.operation, sequence = v->in.header.sequence;
        e = body(v, buf, cap, op);
        if (!e && trailer(v, buf, op->count)) continue;
        if (op->count) v->collected = true;
        if (e) return e;
        *end = !v->in.in_body && (operation & GRAT__VICP_EOI) && v->collected;
        if (*end) v->done = sequence ? sequence : v->sent;
        if (*end) v->collected = false;
        if (*end || op->count) return GRAT_OK;
    }
}

static grat_err vicp_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    vicp *v = p;
    bool end = false;
    (void)term;
    if (v->held.len || v->held_end) {
        size_t n = v->held.len < cap ? v->held.len : cap;
        memcpy(buf, v->held.data, n);
        grat__buf_drop(&v->held, n);
        op->count = n;
        end = !v->held.len && v->held_end;
        if (end) v->held_end = false;
        op->reason = (end ? GRAT_REASON_END : 0) | (n == cap ? GRAT_REASON_COUNT : 0);
        return GRAT_OK;
    }
    enter(v);
    grat_err e = read_part(v, buf, cap, &end, op);
    op->reason = end ? GRAT_REASON_END : 0;
    if (!e && op->count == cap) op->reason |= GRAT_REASON_COUNT;
    if (e) v->given_up = v->done != v->sent;
    if (end) v->given_up = false;
    return leave(v, e);
}

/* ---- clear, status ------------------------------------------------------------------------------------- */

static grat_err vicp_clear(void *p, grat_op *op)
{
    vicp *v = p;
    enter(v);
    if (v->fd >= 0 && !v->mid_block) {
        grat_op quick;
        grat__op_child(&quick, op, 500);
        send_block(v, GRAT__VICP_DATA | GRAT__VICP_CLEAR, NULL, 0, &quick);
    }
    grat_err e = reconnect(v, true, op);
    op->count = 0;
    return leave(v, e);
}

/* What comes before the answer to the poll belongs to an answer that waits. */
static grat_err read_poll(vicp *v, uint8_t number, char text[POLL_TEXT], grat_op *op)
{
    size_t have = 0;
    for (;;) {
        uint8_t buf[1024];
        grat_err e;
        if (!v->in.in_body) {
            if ((e = next_header(v, op))) return e;
            classify(v);
        }
        const grat__vicp_header h = v->in.header;
        bool mine = h.sequence == number || !h.sequence;
        if (v->skip) {
            if ((e = skip_body(v, op))) return e;
            continue;
        }
        if ((e = body(v, buf, sizeof buf, op))) return e;
        bool last = !v->in.in_body && (h.operation & GRAT__VICP_EOI);
        if (!mine) {
            if (grat__buf_put(&v->held, buf, op->count) != GRAT_OK)
                return grat_op_fail(op, GRAT_ETOOBIG, "%s: too much waits to be read", v->host);
            if (last) v->done = h.sequence, v->held_end = true;
            continue;
        }
        size_t n = op->count < POLL_TEXT - 1 - have ? op->count : POLL_TEXT - 1 - have;
        memcpy(text + have, buf, n);
        have += n;
        text[have] = '\0';
        if (!last) continue;
        /* One that overtakes the answer to an older message does not make that stale. */
        v->polled = h.sequence;
        if (h.sequence && distance(v->done, h.sequence) == 1) v->done = h.sequence;
        grat__rtrim(text, have);
        return GRAT_OK;
    }
}

static grat_err vicp_stb(void *p, uint8_t *stb, grat_op *op)
{
    vicp *v = p;
    char text[POLL_TEXT] = "";
    int value;
    grat_err e = GRAT_OK;
    enter(v);
    if (must_reconnect(v)) e = reconnect(v, true, op);
    if (!e) e = send_block(v, GRAT__VICP_DATA | GRAT__VICP_EOI | GRAT__VICP_POLL | v->flags, NULL, 0, op);
    if (!e && (e = read_poll(v, v->sent, text, op))) give_up_poll(v);
    op->count = 0;
    if (!e && (!grat__parse_int(text, &value) || value < 0 || value > 255))
        e = grat_op_fail(op, GRAT_EPROTO, "%s: the serial poll was answered by \"%s\"", v->host, text);
    if (!e) *stb = (uint8_t)value;
    return leave(v, e);
}

static grat_err vicp_ren(void *p, grat_ren mode, grat_op *op)
{
    static const uint8_t flags[] = {
        [GRAT_REN_OFF] = 0,
        [GRAT_REN_ON] = GRAT__VICP_REMOTE,
        [GRAT_REN_OFF_LOCAL] = 0,
        [GRAT_REN_ON_REMOTE] = GRAT__VICP_REMOTE,
        [GRAT_REN_ON_LOCKOUT] = GRAT__VICP_LOCKOUT,
        [GRAT_REN_ON_REMOTE_LOCKOUT] = GRAT__VICP_REMOTE | GRAT__VICP_LOCKOUT,
        [GRAT_REN_LOCAL] = 0,
    };
    vicp *v = p;
    if ((unsigned)mode > GRAT_REN_LOCAL) return grat_op_fail(op, GRAT_EINVAL, "there are the modes 0 to 6");
    v->flags = flags[mode];
    if (v->mid_message || v->mid_block) return GRAT_OK; /* with the next message */
    enter(v);
    return leave(v, send_block(v, GRAT__VICP_DATA | v->flags, NULL, 0, op));
}

static grat_err srq_enable(void *p, bool on, grat_op *op)
{
    vicp *v = p;
    (void)op;
    pthread_mutex_lock(&v->lock);
    v->srq_on = on;
    if (!on) v->srq = false;
    pthread_mutex_unlock(&v->lock);
    return GRAT_OK;
}

/* Between messages nobody reads the socket: an SRQ block that stands at its front is taken from there. */
static void look_for_srq(vicp *v)
{
    uint8_t head[GRAT__VICP_HEADER];
    if (v->busy || v->fd < 0 || v->in.in_body || v->in.have) return;
    ssize_t n = recv(v->fd, head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
    if (n < (ssize_t)sizeof head || !(head[0] & GRAT__VICP_SRQ) || head[0] & GRAT__VICP_DATA) return;
    if (grat__be32(head + 4) || recv(v->fd, head, sizeof head, MSG_DONTWAIT) != sizeof head) return;
    v->srq = true;
}

static grat_err srq_wait(void *p, grat_op *op)
{
    vicp *v = p;
    for (;;) {
        pthread_mutex_lock(&v->lock);
        look_for_srq(v);
        bool yes = v->srq;
        v->srq = false;
        pthread_mutex_unlock(&v->lock);
        if (yes) return GRAT_OK;
        grat_err e = grat_op_sleep_until(op, grat_now_ns() + SRQ_LOOK_MS * NS_PER_MS);
        if (e) return e;
    }
}

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    const vicp *v = p;
    if (a == GRAT_ATTR_TCP_PORT) out->number = v->port;
    else if (a == GRAT_ATTR_TCP_ADDRESS) grat__strcpy(out->text, sizeof out->text, v->host);
    else return grat_op_fail(op, GRAT_ENOTSUP, "VICP has no such attribute");
    return GRAT_OK;
}

static size_t discard(void *p)
{
    vicp *v = p;
    size_t n = v->held.len;
    v->held.len = 0;
    v->held_end = false;
    return n;
}

const grat_transport grat__transport_vicp = {
    .name = "VICP",
    .priv_size = sizeof(vicp),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = vicp_open,
    .close = vicp_close,
    .write = vicp_write,
    .read = vicp_read,
    .clear = vicp_clear,
    .stb = vicp_stb,
    .ren = vicp_ren,
    .srq_enable = srq_enable,
    .srq_wait = srq_wait,
    .attr_get = attr_get,
    .discard = discard,
};
