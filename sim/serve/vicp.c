/* One client; one message after another: the next is looked at when the answer to the one before has left. */
#include "sim/serve/vicp.h"

#include "sim/serve/pace.h"
#include "sim/serve/source.h"
#include "wire/vicp.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define OUT_MAX (1u << 18)
#define OUT_LOW 65536
#define BLOCK_MAX 16384
#define IN_PIECE 16384

typedef struct sim_vicp {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    sim_watch listener, client;
    sim_timer timer;
    sim_source source;
    sim_pace pace;
    grat__vicp_in head;
    uint8_t piece[IN_PIECE];     /* received, not looked at */
    size_t at, n;
    grat__buf out;
    uint8_t sequence;            /* of the last message */
    bool open, closed, swallow;  /* an answer has begun; the client sends no more; the rest is not sent */
    uint64_t pos, cut_at;
    bool drop;                   /* at cut_at: reset, else silence */
    size_t block;                /* most bytes in a block of this answer */
    bool srq;                    /* told */
    int64_t not_before_ns, free_ns;
} sim_vicp;

static void put_block(sim_vicp *v, uint8_t operation, uint8_t sequence, const void *data, size_t n)
{
    uint8_t head[GRAT__VICP_HEADER];
    if (sim_fault(v->faults, SIM_FAULT_VICP_V1)) sequence = 0;
    grat__vicp_put(head, &(grat__vicp_header){operation, GRAT__VICP_VERSION, sequence, (uint32_t)n});
    grat__buf_put(&v->out, head, sizeof head);
    grat__buf_put(&v->out, data, n);
}

static size_t drawn(sim_vicp *v, sim_fault_id id, size_t otherwise)
{
    if (!sim_fault(v->faults, id)) return otherwise;
    size_t n = (size_t)sim_fault_argument(v->faults, id);
    return n ? n : 1;
}

static void begin(sim_vicp *v, int64_t now)
{
    static const char stale[] = "9.9E37\n";
    v->open = true;
    v->swallow = false;
    v->pos = 0;
    v->block = drawn(v, SIM_FAULT_VICP_SPLIT, BLOCK_MAX);
    if (v->block > BLOCK_MAX) v->block = BLOCK_MAX;
    v->cut_at = drawn(v, SIM_FAULT_VICP_STALL, SIZE_MAX);
    v->drop = sim_fault(v->faults, SIM_FAULT_VICP_DROP);
    if (v->drop) v->cut_at = sim_fault_argument(v->faults, SIM_FAULT_VICP_DROP);
    if (sim_fault(v->faults, SIM_FAULT_VICP_DELAY))
        v->not_before_ns = now + (int64_t)sim_fault_argument(v->faults, SIM_FAULT_VICP_DELAY) * NS_PER_MS;
    if (sim_fault(v->faults, SIM_FAULT_VICP_SEQUENCE))
        put_block(v, GRAT__VICP_DATA | GRAT__VICP_EOI, grat__vicp_next(grat__vicp_next(v->sequence)), stale,
                  sizeof stale - 1);
}

/* Blocks of the answer. Returns when there may be more. */
static int64_t answer(sim_vicp *v, int64_t now)
{
    while (v->out.len < OUT_LOW) {
        const uint8_t *data;
        bool last;
        size_t n = sim_source_peek(&v->source, now, &data, &last);
        if (!n) return sim_source_next(&v->source);
        if (!v->open) begin(v, now);
        if (now < v->not_before_ns) return v->not_before_ns;
        if (n > v->block) n = v->block, last = false;
        bool trailer = last && sim_fault(v->faults, SIM_FAULT_VICP_TRAILER);
        uint8_t operation = GRAT__VICP_DATA | (last ? GRAT__VICP_EOI : 0);
        if (v->pos + n > v->cut_at && !v->swallow) {
            /* The header tells the whole length. */
            put_block(v, operation, v->sequence, data, n);
            v->out.len -= (size_t)(v->pos + n - v->cut_at);
            v->swallow = true;
        } else if (!v->swallow) {
            put_block(v, operation, v->sequence, data, n);
            if (trailer) put_block(v, operation, v->sequence, "\n", 1);
        }
        v->pos += n;
        sim_source_consume(&v->source, n);
        if (last) v->open = false;
        if (v->swallow && v->drop) return INT64_MAX;
    }
    return now;
}

static void drop_client(sim_vicp *v, bool reset)
{
    sim_timer_set(v->loop, &v->timer, INT64_MAX);
    if (reset) sim_watch_reset(v->loop, &v->client);
    else sim_watch_close(v->loop, &v->client);
    sim_source_clear(&v->source);
    v->at = v->n = v->out.len = 0;
    v->open = v->closed = v->swallow = v->drop = v->srq = false;
    grat__vicp_in_init(&v->head);
    if (sim_fault(v->faults, SIM_FAULT_VICP_BUSY))
        v->free_ns = grat_now_ns() + (int64_t)sim_fault_argument(v->faults, SIM_FAULT_VICP_BUSY) * NS_PER_MS;
}

static void end_of_block(sim_vicp *v)
{
    const grat__vicp_header *h = &v->head.header;
    char text[8];
    if (h->operation & GRAT__VICP_EOI) v->sequence = h->sequence;
    if (!(h->operation & GRAT__VICP_POLL)) return;
    int n = snprintf(text, sizeof text, "%u", sim_instrument_poll(v->in, sim_source_pending(&v->source)));
    put_block(v, GRAT__VICP_DATA | GRAT__VICP_EOI, h->sequence, text, (size_t)n);
    v->srq = false;
}

/* What was received, up to the end of a message that is answered. False: this is no VICP. */
static bool digest(sim_vicp *v)
{
    while (v->at < v->n && !sim_source_pending(&v->source) && v->out.len < OUT_LOW) {
        grat_err e;
        if (!v->head.in_body) {
            v->at += grat__vicp_in_feed(&v->head, v->piece + v->at, v->n - v->at, &e);
            if (e) return false;
            if (!v->head.in_body) continue;
            if (v->head.header.operation & GRAT__VICP_CLEAR) sim_source_clear(&v->source), v->open = false;
        }
        size_t n = v->n - v->at < v->head.left ? v->n - v->at : v->head.left;
        bool end = n == v->head.left && v->head.header.operation & GRAT__VICP_EOI;
        grat__vicp_in_took(&v->head, (uint32_t)n);
        if (!v->head.in_body) end_of_block(v);
        if (n) sim_port_input(v->source.port, v->piece + v->at, n, end);
        v->at += n;
    }
    return true;
}

/* Answers and messages in turn, as far as they go. False: drop the connection. */
static bool work(sim_vicp *v, int64_t now, int64_t *until)
{
    size_t before;
    do {
        *until = answer(v, now);
        before = v->at;
        if (!digest(v)) return false;
    } while (v->at != before);
    return true;
}

typedef enum { IDLE, BLOCKED, GONE } outcome;

static outcome send_out(sim_vicp *v, int64_t now, int64_t *until)
{
    for (;;) {
        int64_t due;
        if (!work(v, now, until)) return GONE;
        if (!v->out.len) return v->swallow && v->drop ? GONE : IDLE;
        size_t may = sim_pace_allow(&v->pace, now, v->out.len, &due);
        if (!may) {
            if (due < *until) *until = due;
            return IDLE;
        }
        ssize_t n = send(v->client.fd, v->out.data, may, MSG_NOSIGNAL);
        if (n < 0) return errno == EAGAIN || errno == EINTR ? BLOCKED : GONE;
        sim_pace_sent(&v->pace, (size_t)n);
        grat__buf_drop(&v->out, (size_t)n);
    }
}

static void pump(sim_vicp *v)
{
    int64_t until = INT64_MAX;
    if (v->client.fd < 0) return;
    outcome o = send_out(v, grat_now_ns(), &until);
    if (o == GONE) {
        drop_client(v, true);
        return;
    }
    if (v->closed && !v->out.len && !sim_source_pending(&v->source) && v->at == v->n) {
        drop_client(v, false);
        return;
    }
    uint32_t in = v->at == v->n && !v->closed ? EPOLLIN : 0;
    sim_watch_want(v->loop, &v->client, o == BLOCKED ? in | EPOLLOUT : in);
    sim_timer_set(v->loop, &v->timer, o == BLOCKED ? INT64_MAX : until);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    pump(user);
}

static void on_client(void *user, uint32_t events)
{
    sim_vicp *v = user;
    if (events & EPOLLERR) {
        drop_client(v, false);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP) && v->at == v->n && !v->closed) {
        ssize_t n = recv(v->client.fd, v->piece, sizeof v->piece, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            drop_client(v, false);
            return;
        }
        v->at = 0;
        v->n = n > 0 ? (size_t)n : 0;
        if (n == 0) v->closed = true;
    } else if (events & EPOLLHUP) {
        drop_client(v, false);
        return;
    }
    pump(v);
}

static void on_connect(void *user, uint32_t events)
{
    sim_vicp *v = user;
    (void)events;
    int fd = sim_accept(v->listener.fd);
    if (fd < 0) return;
    struct pollfd old = {.fd = v->client.fd, .events = POLLRDHUP};
    if (v->client.fd >= 0 && poll(&old, 1, 0) > 0) drop_client(v, false);
    if (v->client.fd >= 0 || grat_now_ns() < v->free_ns) {
        struct linger now = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
        return;
    }
    sim_pace_init(&v->pace, v->faults, SIM_FAULT_VICP_SEGMENTS, grat_now_ns());
    sim_watch_open(v->loop, &v->client, fd, EPOLLIN);
}

/* A request for service is told between blocks, once. */
static void turn(void *server)
{
    sim_vicp *v = server;
    bool rqs = sim_instrument_rqs(v->in);
    if (!rqs) v->srq = false;
    if (!rqs || v->srq || v->client.fd < 0 || v->out.len) return;
    v->srq = true;
    put_block(v, GRAT__VICP_SRQ, v->sequence, "", 0);
    pump(v);
}

static void vicp_close(void *server)
{
    sim_vicp *v = server;
    sim_timer_set(v->loop, &v->timer, INT64_MAX);
    sim_watch_close(v->loop, &v->client);
    sim_watch_close(v->loop, &v->listener);
    sim_source_free(&v->source);
    grat__buf_free(&v->out);
    free(v);
}

static grat_err vicp_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char text[SIM_RESOURCE_MAX], host[80];
    int fd;
    (void)arg;
    grat_err e = sim_bind(site->addr, SOCK_STREAM, GRAT__VICP_PORT, op, &fd);
    if (e) return e;
    sim_vicp *v = calloc(1, sizeof *v);
    if (!v || listen(fd, 8) < 0 || !sim_source_init(&v->source, site->in, SIM_PORT_MESSAGE, site->faults)) {
        close(fd);
        free(v);
        return grat_op_fail(op, GRAT_ENOMEM, "VICP: cannot listen");
    }
    v->source.wire = SIM_WIRE_BARE;
    v->loop = site->loop;
    v->in = site->in;
    v->faults = site->faults;
    v->client = (sim_watch){.fd = -1, .ready = on_client, .user = v};
    v->listener = (sim_watch){.fd = -1, .ready = on_connect, .user = v};
    v->timer = (sim_timer){.fire = on_time, .user = v};
    grat__buf_init(&v->out, OUT_MAX);
    if (!sim_watch_open(v->loop, &v->listener, fd, EPOLLIN)) {
        vicp_close(v);
        return grat_op_fail(op, GRAT_EIO, "VICP: too many open files");
    }
    *server = v;
    snprintf(text, sizeof text, "VICP0::%s::INSTR", sim_addr_host(site->addr, host));
    sim_note_resource(site, text);
    return GRAT_OK;
}

const sim_wire_kind sim_wire_vicp = {
    .name = "vicp",
    .text = "VICP, the LAN protocol of LeCroy oscilloscopes, on TCP port 1861",
    .open = vicp_open,
    .close = vicp_close,
    .turn = turn,
};
