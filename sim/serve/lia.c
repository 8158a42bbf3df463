/* bitscope-server: the bytes of a BitScope in datagrams (src/wire/lia.h), and the answer to its multicast search. */
#include "sim/serve/lia.h"

#include "core/buf.h"
#include "sim/serve/source.h"
#include "wire/lia.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CLIENTS 64
#define PAYLOAD 1400             /* bytes of the device in one reply, so that it fits an Ethernet frame */
#define HELD_NS 20000000         /* a reply that waits to be overtaken leaves then in any case */
#define TURN_DATAGRAMS 64

typedef struct lia lia;

typedef struct lia_client {
    struct lia_client *next;
    lia *server;
    struct sockaddr_storage peer;
    socklen_t peer_len;
    sim_source source;
    sim_timer timer;
    uint8_t command, counter;
    grat__buf held;              /* a reply that is to be overtaken */
    int64_t heard_ns;
} lia_client;

struct lia {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    uint16_t adapter;
    sim_watch socket, group;
    unsigned count;
    lia_client *clients;
};

/* ---- replies ---------------------------------------------------------------------------------------------- */

static void send_now(lia_client *c, const uint8_t *p, size_t n)
{
    /* A full socket buffer loses the datagram, as a network does. */
    sendto(c->server->socket.fd, p, n, MSG_DONTWAIT, (struct sockaddr *)&c->peer, c->peer_len);
}

static void let_go(lia_client *c)
{
    if (c->held.len) send_now(c, c->held.data, c->held.len);
    c->held.len = 0;
}

static void send_reply(lia_client *c, const uint8_t *data, size_t n)
{
    sim_faults *f = c->server->faults;
    grat__buf b;
    grat__lia_reply r = {.adapter = c->server->adapter, .command = c->command, .counter = c->counter++, .data = data,
                         .n = n};
    grat__buf_init(&b, GRAT__LIA_REPLY_MAX);
    if (grat__lia_put_reply(&b, &r) == GRAT_OK && !sim_fault(f, SIM_FAULT_LIA_LOSE_REPLY)) {
        if (!c->held.len && sim_fault(f, SIM_FAULT_LIA_REORDER)) {
            grat__buf_put(&c->held, b.data, b.len);
        } else {
            send_now(c, b.data, b.len);
            if (sim_fault(f, SIM_FAULT_LIA_DUPLICATE)) send_now(c, b.data, b.len);
            let_go(c);
        }
    }
    grat__buf_free(&b);
}

static size_t payload(lia *l)
{
    size_t n = PAYLOAD;
    if (sim_fault(l->faults, SIM_FAULT_LIA_SMALL)) n = (size_t)sim_fault_argument(l->faults, SIM_FAULT_LIA_SMALL);
    return n < 1 ? 1 : n > PAYLOAD ? PAYLOAD : n;
}

static void pump(lia_client *c)
{
    int64_t now = grat_now_ns();
    for (unsigned i = 0; i < TURN_DATAGRAMS; i++) {
        const uint8_t *data;
        bool last;
        size_t n = sim_source_peek(&c->source, now, &data, &last), most = payload(c->server);
        if (!n) break;
        if (n > most) n = most;
        send_reply(c, data, n);
        sim_source_consume(&c->source, n);
    }
    int64_t at = sim_source_pending(&c->source) ? sim_source_next(&c->source) : INT64_MAX;
    if (c->held.len && at > now + HELD_NS) at = now + HELD_NS;
    sim_timer_set(c->server->loop, &c->timer, at);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    let_go(user);
    pump(user);
}

/* ---- clients ---------------------------------------------------------------------------------------------- */

static void drop(lia_client **at)
{
    lia_client *c = *at;
    *at = c->next;
    c->server->count--;
    sim_timer_set(c->server->loop, &c->timer, INT64_MAX);
    sim_source_free(&c->source);
    grat__buf_free(&c->held);
    free(c);
}

static void drop_oldest(lia *l)
{
    lia_client **oldest = &l->clients;
    for (lia_client **at = &l->clients; *at; at = &(*at)->next)
        if ((*at)->heard_ns < (*oldest)->heard_ns) oldest = at;
    drop(oldest);
}

static lia_client *client_of(lia *l, const struct sockaddr_storage *peer, socklen_t len)
{
    for (lia_client *c = l->clients; c; c = c->next)
        if (c->peer_len == len && memcmp(&c->peer, peer, len) == 0) return c;
    if (l->count >= CLIENTS) drop_oldest(l);
    lia_client *c = calloc(1, sizeof *c);
    if (!c || !sim_source_init(&c->source, l->in, SIM_PORT_STREAM, l->faults)) {
        free(c);
        return NULL;
    }
    c->server = l;
    c->timer = (sim_timer){.fire = on_time, .user = c};
    memcpy(&c->peer, peer, len);
    c->peer_len = len;
    grat__buf_init(&c->held, GRAT__LIA_REPLY_MAX);
    if (sim_fault(l->faults, SIM_FAULT_LIA_COUNTER))
        c->counter = (uint8_t)sim_fault_argument(l->faults, SIM_FAULT_LIA_COUNTER);
    c->next = l->clients;
    l->clients = c;
    l->count++;
    return c;
}

static void receive(lia *l, int fd)
{
    uint8_t in[65536];
    struct sockaddr_storage peer = {0};
    socklen_t len = sizeof peer;
    const uint8_t *data;
    uint8_t id;
    size_t n;
    ssize_t got = recvfrom(fd, in, sizeof in, MSG_DONTWAIT, (struct sockaddr *)&peer, &len);
    if (got < 0 || grat__lia_get_command(in, (size_t)got, &id, &data, &n) != GRAT_OK) return;
    if (sim_fault(l->faults, SIM_FAULT_LIA_LOSE_COMMAND)) return;
    lia_client *c = client_of(l, &peer, len);
    if (!c) return;
    c->heard_ns = grat_now_ns();
    c->command = id;
    sim_port_input(c->source.port, data, n, false);
    pump(c);
}

static void on_datagram(void *user, uint32_t events)
{
    lia *l = user;
    (void)events;
    receive(l, l->socket.fd);
}

static void on_search(void *user, uint32_t events)
{
    lia *l = user;
    (void)events;
    receive(l, l->group.fd);
}

/* ---- the wire --------------------------------------------------------------------------------------------- */

/* A host without multicast still has the server. */
static void join_group(lia *l, const sim_site *site)
{
    static const int on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(GRAT__LIA_PORT)};
    struct ip_mreq m = {0};
    if (site->addr->sa.ss_family != AF_INET || inet_pton(AF_INET, GRAT__LIA_GROUP, &to.sin_addr) != 1) return;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return;
    m.imr_multiaddr = to.sin_addr;
    m.imr_interface = ((const struct sockaddr_in *)&site->addr->sa)->sin_addr;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&to, sizeof to) < 0 ||
        setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) < 0) {
        close(fd);
        return;
    }
    sim_watch_open(l->loop, &l->group, fd, EPOLLIN);
}

static void lia_close(void *server)
{
    lia *l = server;
    while (l->clients) drop(&l->clients);
    sim_watch_close(l->loop, &l->group);
    sim_watch_close(l->loop, &l->socket);
    free(l);
}

static grat_err lia_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char text[SIM_RESOURCE_MAX], host[80];
    unsigned port = GRAT__LIA_PORT;
    int fd;
    grat_err e = arg ? sim_port_argument(arg, op, &port) : GRAT_OK;
    if (!e) e = sim_bind(site->addr, SOCK_DGRAM, port, op, &fd);
    if (e) return e;
    lia *l = calloc(1, sizeof *l);
    if (!l) {
        close(fd);
        return grat_op_fail(op, GRAT_ENOMEM, "bitscope-server: out of memory");
    }
    *l = (lia){.loop = site->loop, .in = site->in, .faults = site->faults, .adapter = (uint16_t)(site->index + 1),
               .socket = {.ready = on_datagram, .user = l}, .group = {.fd = -1, .ready = on_search, .user = l}};
    if (!sim_watch_open(l->loop, &l->socket, fd, EPOLLIN)) {
        free(l);
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: too many open files", port, site->addr->text);
    }
    join_group(l, site);
    *server = l;
    snprintf(text, sizeof text, "BITSCOPE::%s::%u", sim_addr_host(site->addr, host), port);
    sim_note_resource(site, text);
    return GRAT_OK;
}

static void lia_turn(void *server)
{
    lia *l = server;
    for (lia_client *c = l->clients; c; c = c->next)
        if (sim_source_pending(&c->source)) pump(c);
}

const sim_wire_kind sim_wire_lia = {
    .name = "bitscope-server",
    .text = "the datagrams of BitScope's server, and its multicast search; bitscope-server:PORT, 16385 unless told",
    .by_default = true,
    .carries = SIM_CARRIES_BYTES,
    .open = lia_open,
    .close = lia_close,
    .turn = lia_turn,
};
