#include "sim/serve/rpcd.h"

#include "wire/xdr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define BACKLOG 64
#define RX_SIZE 65536
#define OUT_MAX (320u << 20)
#define OUT_KEEP (1u << 20)      /* an output buffer larger than this is given back after the reply */
#define TURN_SENDS 256
#define LAST_FRAGMENT 0x80000000u

static void drop(sim_rpc_conn *c, bool reset)
{
    sim_rpcd *s = c->server;
    if (s->ops->closed) s->ops->closed(c);
    sim_timer_set(s->loop, &c->timer, INT64_MAX);
    if (reset) sim_watch_reset(s->loop, &c->watch);
    else sim_watch_close(s->loop, &c->watch);
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    grat__rpc_record_free(&c->record);
    grat__buf_free(&c->out);
    free(c->rx);
    free(c->state);
    free(c);
}

static void output_done(sim_rpc_conn *c)
{
    sim_rpcd *s = c->server;
    c->sending = false;
    c->body = NULL;
    c->body_len = c->body_done = c->pad = 0;
    c->out.len = c->out_done = 0;
    c->not_before_ns = 0;
    if (c->out.cap > OUT_KEEP) grat__buf_free(&c->out);
    if (s->ops->sent) s->ops->sent(c);
}

static unsigned gather(const sim_rpc_conn *c, size_t most, struct iovec iov[3])
{
    static const uint8_t zero[4];
    const struct {
        const uint8_t *data;
        size_t n;
    } part[3] = {{c->out.data + c->out_done, c->out.len - c->out_done},
                 {c->body ? c->body + c->body_done : zero, c->body_len - c->body_done},
                 {zero, c->pad}};
    unsigned n = 0;
    for (unsigned i = 0; i < 3 && most; i++) {
        size_t take = part[i].n < most ? part[i].n : most;
        if (!take) continue;
        memcpy(&iov[n].iov_base, &part[i].data, sizeof iov[n].iov_base); /* iovec has no const */
        iov[n++].iov_len = take;
        most -= take;
    }
    return n;
}

static size_t left(const sim_rpc_conn *c)
{
    return c->out.len - c->out_done + c->body_len - c->body_done + c->pad;
}

static void advance(sim_rpc_conn *c, size_t n)
{
    size_t k = c->out.len - c->out_done;
    if (k > n) k = n;
    c->out_done += k, n -= k;
    k = c->body_len - c->body_done;
    if (k > n) k = n;
    c->body_done += k, n -= k;
    c->pad -= n;
}

typedef enum { DONE, BLOCKED, PACED, BROKEN } outcome;

static outcome flush(sim_rpc_conn *c, int64_t *until)
{
    *until = c->not_before_ns;
    if (c->not_before_ns && c->not_before_ns > grat_now_ns()) return PACED;
    for (unsigned i = 0; i < TURN_SENDS; i++) {
        struct iovec iov[3];
        size_t most = left(c);
        if (!most) return DONE;
        if (c->reset_after && most > c->reset_after) most = c->reset_after;
        if (c->pace.rate || c->pace.segment) most = sim_pace_allow(&c->pace, grat_now_ns(), most, until);
        if (!most) return PACED;
        struct msghdr m = {.msg_iov = iov, .msg_iovlen = gather(c, most, iov)};
        ssize_t r = sendmsg(c->watch.fd, &m, MSG_NOSIGNAL);
        if (r < 0) return errno == EAGAIN || errno == EINTR ? BLOCKED : BROKEN;
        advance(c, (size_t)r);
        sim_pace_sent(&c->pace, (size_t)r);
        if (c->reset_after && (c->reset_after -= (size_t)r) == 0) return BROKEN;
    }
    return BLOCKED;
}

/* Sends; false when the connection is gone. */
static bool pump(sim_rpc_conn *c)
{
    int64_t until;
    outcome o = flush(c, &until);
    if (o == BROKEN) {
        drop(c, true);
        return false;
    }
    if (o == DONE) output_done(c);
    sim_watch_want(c->server->loop, &c->watch, o == BLOCKED ? EPOLLOUT : o == PACED ? 0 : EPOLLIN);
    sim_timer_set(c->server->loop, &c->timer, o == PACED ? until : INT64_MAX);
    return true;
}

static void take_call(sim_rpc_conn *c)
{
    grat_err e = grat__rpc_get_call(c->record.body.data, c->record.body.len, &c->call);
    c->busy = true;
    if (e == GRAT_ENOTSUP) sim_rpc_fail(c, GRAT__RPC_DENIED_VERSION, 2, 2);
    else c->server->ops->call(c);
}

/* Answers every complete call that has arrived, as long as the replies leave. */
static void process(sim_rpc_conn *c)
{
    for (;;) {
        if (c->sending && !pump(c)) return;
        if (c->sending || c->busy) break;
        if (c->rx_at == c->rx_len) break;
        size_t taken = 0;
        grat_err e = grat__rpc_record_feed(&c->record, c->rx + c->rx_at, c->rx_len - c->rx_at, &taken);
        c->rx_at += taken;
        bool call = c->record.complete && c->record.body.len >= 8 && grat__be32(c->record.body.data + 4) == 0;
        if (e || (c->record.complete && !call)) {
            drop(c, false);
            return;
        }
        if (!c->record.complete) continue;
        c->in_process = true;
        take_call(c);
        c->in_process = false;
    }
    if (c->sending) return;
    /* A call that waits: only the peer's leaving matters. */
    sim_watch_want(c->server->loop, &c->watch, c->busy ? EPOLLRDHUP : EPOLLIN);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    process(user);
}

static void on_ready(void *user, uint32_t events)
{
    sim_rpc_conn *c = user;
    if (events & (EPOLLERR | EPOLLHUP) || (c->busy && events & EPOLLRDHUP)) {
        drop(c, false);
        return;
    }
    if (events & EPOLLIN && !c->busy && !c->sending) {
        ssize_t n = recv(c->watch.fd, c->rx, RX_SIZE, 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop(c, false);
            return;
        }
        c->rx_at = 0;
        c->rx_len = n > 0 ? (size_t)n : 0;
    }
    process(c);
}

static void on_connect(void *user, uint32_t events)
{
    sim_rpcd *s = user;
    (void)events;
    int fd = sim_accept(s->listener.fd);
    if (fd < 0) return;
    sim_rpc_conn *c = calloc(1, sizeof *c);
    void *state = calloc(1, s->ops->state_size + 1);
    uint8_t *rx = malloc(RX_SIZE);
    if (!c || !state || !rx) {
        free(c), free(state), free(rx);
        close(fd);
        return;
    }
    *c = (sim_rpc_conn){.server = s, .rx = rx, .state = state, .watch = {.ready = on_ready, .user = c},
                        .timer = {.fire = on_time, .user = c}};
    grat__rpc_record_init(&c->record, s->ops->record_max);
    grat__buf_init(&c->out, OUT_MAX);
    if (s->ops->instrument) sim_pace_init(&c->pace, s->faults, SIM_FAULT_VXI_SEGMENTS, grat_now_ns());
    c->at = &s->conns;
    c->next = s->conns;
    if (c->next) c->next->at = &c->next;
    s->conns = c;
    if (!sim_watch_open(s->loop, &c->watch, fd, EPOLLIN) || (s->ops->opened && !s->ops->opened(c))) drop(c, true);
}

grat_err sim_rpcd_open(sim_rpcd *s, const sim_addr *a, unsigned port, grat_op *op)
{
    int fd;
    s->listener = (sim_watch){.fd = -1, .ready = on_connect, .user = s};
    grat_err e = sim_bind(a, SOCK_STREAM, port, op, &fd);
    if (e) return e;
    if (listen(fd, BACKLOG) < 0) {
        int err = errno;
        close(fd);
        return grat_op_fail(op, err == EADDRINUSE ? GRAT_EBUSY : GRAT_EIO, "port %u of %s: cannot listen: %s", port,
                            a->text, strerrordesc_np(err));
    }
    s->port = sim_bound_port(fd);
    if (!sim_watch_open(s->loop, &s->listener, fd, EPOLLIN))
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: too many open files", port, a->text);
    return GRAT_OK;
}

void sim_rpcd_close(sim_rpcd *s)
{
    if (!s->loop) return;
    while (s->conns) drop(s->conns, false);
    sim_watch_close(s->loop, &s->listener);
}

static bool fault(sim_rpc_conn *c, sim_fault_id id)
{
    return c->server->ops->instrument && sim_fault(c->server->faults, id);
}

grat__buf *sim_rpc_reply(sim_rpc_conn *c, grat__rpc_stat stat, uint32_t low, uint32_t high)
{
    if (fault(c, SIM_FAULT_VXI_WRONG_XID)) {
        grat__rpc_mark_begin(&c->out, &c->mark_at);
        grat__rpc_put_reply(&c->out, c->call.xid - 1, GRAT__RPC_SUCCESS, 0, 0);
        grat__xdr_put_words(&c->out, (uint32_t[3]){0, 4, 0}, 3);
        grat__rpc_mark_end(&c->out, c->mark_at, 0);
    }
    grat__rpc_mark_begin(&c->out, &c->mark_at);
    grat__rpc_put_reply(&c->out, c->call.xid, stat, low, high);
    return &c->out;
}

void sim_rpc_unborrow(sim_rpc_conn *c)
{
    size_t n = c->body_len - c->body_done;
    if (!c->body) return;
    if (grat__buf_put(&c->out, c->body + c->body_done, n) == GRAT_OK &&
        grat__buf_put(&c->out, "\0\0\0", c->pad) == GRAT_OK) {
        c->pad = 0;
    } else {
        c->reset_after = 1;
    }
    c->body = NULL;
    c->body_len = c->body_done = 0;
}

/* Splits the record at mark_at into fragments of `size` bytes; with `empty`, empty ones lie between them. */
static void refragment(sim_rpc_conn *c, size_t size, bool empty)
{
    grat__buf whole;
    grat__buf_init(&whole, OUT_MAX);
    grat__buf_put(&whole, c->out.data, c->mark_at);
    size_t at = c->mark_at + 4, end = c->out.len;
    if (!size) size = 1;
    while (at < end) {
        size_t n = end - at < size ? end - at : size;
        if (empty) grat__xdr_put_u32(&whole, 0);
        grat__xdr_put_u32(&whole, (uint32_t)n | (at + n == end && !empty ? LAST_FRAGMENT : 0));
        grat__buf_put(&whole, c->out.data + at, n);
        at += n;
    }
    if (empty) grat__xdr_put_u32(&whole, LAST_FRAGMENT);
    grat__buf_free(&c->out);
    c->out = whole;
}

static void spoil(sim_rpc_conn *c)
{
    sim_faults *f = c->server->faults;
    if (fault(c, SIM_FAULT_VXI_PADDING)) {
        size_t n = (size_t)(sim_fault_argument(f, SIM_FAULT_VXI_PADDING) & 0xfff);
        sim_rpc_unborrow(c);
        if (grat__buf_reserve(&c->out, n) == GRAT_OK) {
            memset(c->out.data + c->out.len, 0, n);
            c->out.len += n;
            grat__rpc_mark_end(&c->out, c->mark_at, 0);
        }
    }
    bool fragments = fault(c, SIM_FAULT_VXI_FRAGMENTS), empty = fault(c, SIM_FAULT_VXI_ZERO_FRAGMENTS);
    if (fragments || empty) {
        sim_rpc_unborrow(c);
        refragment(c, fragments ? (size_t)sim_fault_argument(f, SIM_FAULT_VXI_FRAGMENTS) : 65532, empty);
    }
    if (fault(c, SIM_FAULT_VXI_LATE))
        c->not_before_ns = grat_now_ns() + (int64_t)sim_fault_argument(f, SIM_FAULT_VXI_LATE) * NS_PER_MS;
}

void sim_rpc_send(sim_rpc_conn *c, const uint8_t *body, size_t n)
{
    c->body = n ? body : NULL;
    c->body_len = n;
    c->body_done = 0;
    c->pad = grat__xdr_pad(c->out.len - c->mark_at + n);
    grat__rpc_mark_end(&c->out, c->mark_at, n + c->pad);
    if (c->server->faults->count) spoil(c);
    grat__rpc_record_next(&c->record);
    c->busy = false;
    c->sending = true;
    if (!c->in_process) process(c);
}
