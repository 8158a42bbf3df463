#include "sim/serve/raw.h"

#include "sim/serve/pace.h"
#include "sim/serve/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define BACKLOG 64
#define TURN_BYTES (64u << 20)   /* one connection's share before the others are looked at */
#define TURN_SENDS 256

typedef struct sim_raw sim_raw;

typedef struct client {
    struct client *next, **at;
    sim_raw *raw;
    sim_watch watch;
    sim_timer timer;
    sim_source source;
    sim_pace pace;
    bool closed;             /* the client will send nothing more */
    int64_t last_ns;         /* of the last command */
} client;

struct sim_raw {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    sim_watch listener;
    client *clients;
    int64_t free_ns;         /* raw-one-client: nobody is let in before */
};

static void drop(client *c, bool reset)
{
    sim_raw *r = c->raw;
    sim_timer_set(r->loop, &c->timer, INT64_MAX);
    if (reset) sim_watch_reset(r->loop, &c->watch);
    else sim_watch_close(r->loop, &c->watch);
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    sim_source_free(&c->source);
    if (sim_fault(r->faults, SIM_FAULT_RAW_ONE_CLIENT))
        r->free_ns = grat_now_ns() + (int64_t)sim_fault_argument(r->faults, SIM_FAULT_RAW_ONE_CLIENT) * NS_PER_MS;
    free(c);
}

typedef enum { IDLE, BLOCKED, AGAIN, GONE } outcome;

/* Sends what is ready, straight from the response. *until: when more may be ready. */
static outcome send_ready(client *c, int64_t *until)
{
    size_t total = 0;
    for (unsigned i = 0; i < TURN_SENDS && total < TURN_BYTES; i++) {
        const uint8_t *data;
        bool last;
        int64_t now = grat_now_ns();
        size_t n = sim_source_peek(&c->source, now, &data, &last);
        if (c->source.broken) return GONE;
        *until = sim_source_next(&c->source);
        if (!n) return IDLE;
        size_t may = sim_pace_allow(&c->pace, now, n, until);
        if (!may) return IDLE;
        int more = last || may < n || c->pace.segment ? 0 : MSG_MORE;
        ssize_t sent = send(c->watch.fd, data, may, MSG_NOSIGNAL | more);
        if (sent < 0) return errno == EAGAIN || errno == EINTR ? BLOCKED : GONE;
        sim_source_consume(&c->source, (size_t)sent);
        sim_pace_sent(&c->pace, (size_t)sent);
        total += (size_t)sent;
    }
    return AGAIN;
}

static void pump(client *c)
{
    int64_t until = INT64_MAX;
    outcome o = send_ready(c, &until);
    if (o == GONE) {
        drop(c, true);
        return;
    }
    if (o == IDLE && c->closed && !sim_source_pending(&c->source)) {
        drop(c, false);
        return;
    }
    uint32_t in = c->closed ? 0 : EPOLLIN;
    sim_watch_want(c->raw->loop, &c->watch, o == BLOCKED || o == AGAIN ? in | EPOLLOUT : in);
    /* With a peer that takes all, a response that is on its way needs the clock alone. */
    sim_timer_set(c->raw->loop, &c->timer, o == IDLE ? until : INT64_MAX);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    pump(user);
}

/* raw-ignore-fast: only a line that comes late enough after the one before is kept. */
static size_t too_fast(client *c, const char *data, size_t n)
{
    int64_t now = grat_now_ns();
    int64_t gap = (int64_t)sim_fault_argument(c->raw->faults, SIM_FAULT_RAW_IGNORE_FAST) * NS_PER_MS;
    bool fast = c->last_ns && now - c->last_ns < gap;
    const char *lf = memchr(data, '\n', n);
    c->last_ns = now;
    if (fast) return 0;
    return lf ? (size_t)(lf - data) + 1 : n;
}

static void on_ready(void *user, uint32_t events)
{
    char in[65536];
    client *c = user;
    if (events & EPOLLERR) {
        drop(c, false);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP) && !c->closed) {
        ssize_t n = recv(c->watch.fd, in, sizeof in, 0);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            drop(c, false);
            return;
        }
        size_t keep = n > 0 ? (size_t)n : 0;
        if (keep && sim_fault(c->raw->faults, SIM_FAULT_RAW_IGNORE_FAST)) keep = too_fast(c, in, keep);
        if (keep) sim_port_input(c->source.port, in, keep, false);
        if (n == 0) {
            c->closed = true;
            sim_port_input_closed(c->source.port);
        }
    } else if (events & EPOLLHUP) {
        drop(c, false);
        return;
    }
    pump(c);
}

static void greet(client *c)
{
    static const char stale[] = "9.9E37\n";
    sim_faults *f = c->raw->faults;
    int64_t now = grat_now_ns();
    sim_pace_init(&c->pace, f, SIM_FAULT_RAW_SPLIT, now);
    if (sim_fault(f, SIM_FAULT_RAW_STARTUP))
        c->source.startup_ns = now + (int64_t)sim_fault_argument(f, SIM_FAULT_RAW_STARTUP) * NS_PER_MS;
    if (sim_fault(f, SIM_FAULT_RAW_STALE)) send(c->watch.fd, stale, sizeof stale - 1, MSG_NOSIGNAL);
}

static void admit(sim_raw *r, int fd)
{
    client *c = calloc(1, sizeof *c);
    if (!c || !sim_source_init(&c->source, r->in, SIM_PORT_STREAM, r->faults)) {
        free(c);
        close(fd);
        return;
    }
    c->raw = r;
    c->watch = (sim_watch){.ready = on_ready, .user = c};
    c->timer = (sim_timer){.fire = on_time, .user = c};
    if (!sim_watch_open(r->loop, &c->watch, fd, EPOLLIN)) {
        sim_source_free(&c->source);
        free(c);
        return;
    }
    c->at = &r->clients;
    c->next = r->clients;
    if (c->next) c->next->at = &c->next;
    r->clients = c;
    greet(c);
}

static void on_connect(void *user, uint32_t events)
{
    sim_raw *r = user;
    (void)events;
    int fd = sim_accept(r->listener.fd);
    if (fd < 0) return;
    if (sim_fault(r->faults, SIM_FAULT_RAW_ONE_CLIENT) && (r->clients || grat_now_ns() < r->free_ns)) {
        struct linger now = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(fd);
        return;
    }
    admit(r, fd);
}

/* A byte stream speaks without being asked. */
static void raw_turn(void *server)
{
    sim_raw *r = server;
    if (!sim_instrument_is_bytes(r->in)) return;
    for (client *c = r->clients, *next; c; c = next) {
        next = c->next;
        if (sim_source_pending(&c->source)) pump(c);
    }
}

static grat_err raw_open(const sim_site *site, unsigned port, grat_op *op, sim_raw **out)
{
    int fd;
    grat_err e = sim_bind(site->addr, SOCK_STREAM, port, op, &fd);
    if (e) return e;
    sim_raw *r = calloc(1, sizeof *r);
    if (!r || listen(fd, BACKLOG) < 0) {
        close(fd);
        free(r);
        return grat_op_fail(op, GRAT_ENOMEM, "port %u of %s: cannot listen", port, site->addr->text);
    }
    *r = (sim_raw){.loop = site->loop, .in = site->in, .faults = site->faults,
                   .listener = {.ready = on_connect, .user = r}};
    if (!sim_watch_open(site->loop, &r->listener, fd, EPOLLIN)) {
        free(r);
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: too many open files", port, site->addr->text);
    }
    *out = r;
    return GRAT_OK;
}

static void raw_close(void *server)
{
    sim_raw *r = server;
    while (r->clients) drop(r->clients, false);
    sim_watch_close(r->loop, &r->listener);
    free(r);
}

/* The port: the caller's, else the argument, else the model's own. */
static grat_err wire_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char text[SIM_RESOURCE_MAX], host[80];
    unsigned port = site->want->raw_port ? site->want->raw_port : sim_instrument_raw_port(site->in);
    sim_raw *r = NULL;
    grat_err e = arg ? sim_port_argument(arg, op, &port) : GRAT_OK;
    if (!e) e = raw_open(site, port, op, &r);
    if (e) return e;
    *server = r;
    const char *interface = sim_instrument_is_bytes(site->in) ? "BITSCOPE" : "TCPIP0";
    snprintf(text, sizeof text, "%s::%s::%u::SOCKET", interface, sim_addr_host(site->addr, host), port);
    sim_note_resource(site, text);
    return GRAT_OK;
}

const sim_wire_kind sim_wire_raw = {
    .name = "raw",
    .text = "SCPI or another stream of bytes over a TCP socket; raw:PORT, the model's own unless told",
    .by_default = true,
    .carries = SIM_CARRIES_BOTH,
    .open = wire_open,
    .close = raw_close,
    .turn = raw_turn,
};
