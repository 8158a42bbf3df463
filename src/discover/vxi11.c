/* VXI-11 discovery: a portmapper GETPORT for the core program, broadcast on every interface (LXI VXI-11 Discovery and
 * Identification 1.1). Each host that answers is asked *IDN? in a thread of its own, so that one silent instrument does
 * not hold up the others; results reach the caller in the caller's thread. */
#include "core/wait.h"
#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SOCKETS 32
#define MAX_HOSTS 256
/* UDP may lose one: three sends, and a device must answer within 1 s of the last. */
#define SENDS 3
#define SEND_EVERY_NS 150000000LL
#define ANSWER_NS 1000000000LL
#define IDENTIFY_MS 3000

typedef struct probe {
    int fd;
    struct sockaddr_in to;
    char name[IF_NAMESIZE];
    unsigned answers;
} probe;

typedef struct host {
    struct in_addr address;
    char resource[64];
    grat_identity identity;
    grat_op op;
    int wake;                /* written when the thread is done */
    atomic_bool done;
    bool reported;
    pthread_t thread;
} host;

typedef struct search {
    probe probes[MAX_SOCKETS];
    unsigned n_probes;
    host *hosts[MAX_HOSTS];
    unsigned n_hosts;
    int wake;
    uint32_t xid;
    grat_found_fn found;
    grat_explain_fn explain;
    void *user;
} search;

static void explain(search *s, const char *fmt, ...) GRAT_PRINTF(2, 3);

static void explain(search *s, const char *fmt, ...)
{
    char line[256];
    va_list ap;
    if (!s->explain) return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    s->explain(s->user, line);
}

static void add_probe(search *s, const char *name, struct in_addr from, struct in_addr to)
{
    int yes = 1;
    if (s->n_probes == MAX_SOCKETS) return;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = from};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    if (setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) ||
        bind(fd, (struct sockaddr *)&local, sizeof local)) {
        close(fd);
        return;
    }
    probe *p = &s->probes[s->n_probes++];
    *p = (probe){.fd = fd, .to = {.sin_family = AF_INET, .sin_port = htons(GRAT__PMAP_PORT), .sin_addr = to}};
    snprintf(p->name, sizeof p->name, "%s", name);
}

static void add_probes(search *s)
{
    struct ifaddrs *list;
    if (getifaddrs(&list)) return;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
        struct in_addr from = ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
        if (i->ifa_flags & IFF_LOOPBACK) {
            /* Simulators on 127.0.0.k hear the broadcast address of the loopback network. */
            if ((ntohl(from.s_addr) >> 24) == 127)
                add_probe(s, i->ifa_name, from, (struct in_addr){htonl(0x7fffffff)});
            add_probe(s, i->ifa_name, from, from);
        } else if (i->ifa_flags & IFF_BROADCAST && i->ifa_broadaddr) {
            add_probe(s, i->ifa_name, from, ((struct sockaddr_in *)(void *)i->ifa_broadaddr)->sin_addr);
        }
    }
    freeifaddrs(list);
}

static void send_all(search *s)
{
    static const grat__pmap_mapping core = {.prog = GRAT__VXI_CORE_PROG, .vers = 1, .prot = GRAT__PMAP_TCP};
    grat__buf b;
    grat__buf_init(&b, 256);
    bool ok = !grat__rpc_put_call(&b, s->xid, GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_GETPORT) &&
              !grat__pmap_put_mapping(&b, &core);
    for (unsigned i = 0; ok && i < s->n_probes; i++) {
        const probe *p = &s->probes[i];
        /* An interface that cannot send now is one without instruments now. */
        if (sendto(p->fd, b.data, b.len, MSG_NOSIGNAL, (const struct sockaddr *)&p->to, sizeof p->to) < 0) continue;
    }
    grat__buf_free(&b);
}

static void *identify(void *arg)
{
    static const uint64_t one = 1;
    host *h = arg;
    grat_session *session;
    if (!grat_open(h->resource, NULL, &h->op, &session)) {
        grat_identify(session, &h->identity, &h->op);
        grat_close(session);
    }
    atomic_store(&h->done, true);
    if (write(h->wake, &one, sizeof one) < 0) return NULL;
    return NULL;
}

static void add_host(search *s, struct in_addr address, const grat_op *op)
{
    char text[INET_ADDRSTRLEN];
    for (unsigned i = 0; i < s->n_hosts; i++) {
        if (s->hosts[i]->address.s_addr == address.s_addr) return;
    }
    host *h = s->n_hosts < MAX_HOSTS ? calloc(1, sizeof *h) : NULL;
    if (!h) return;
    h->address = address;
    h->wake = s->wake;
    grat__op_child(&h->op, op, IDENTIFY_MS);
    inet_ntop(AF_INET, &address, text, sizeof text);
    snprintf(h->resource, sizeof h->resource, "TCPIP0::%s::inst0::INSTR", text);
    if (pthread_create(&h->thread, NULL, identify, h)) {
        free(h);
        return;
    }
    s->hosts[s->n_hosts++] = h;
}

static void take_answers(search *s, probe *p, const grat_op *op)
{
    uint8_t data[512];
    struct sockaddr_in from;
    for (unsigned i = 0; i < 64; i++) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(p->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (n <= 0) return;
        grat__rpc_reply reply;
        uint32_t port;
        if (grat__rpc_get_reply(data, (size_t)n, &reply) || reply.xid != s->xid || reply.stat != GRAT__RPC_SUCCESS)
            continue;
        if (grat__pmap_get_word(reply.results, reply.results_len, &port) || port == 0 || port > 65535) continue;
        p->answers++;
        add_host(s, from.sin_addr, op);
    }
}

static void report(search *s)
{
    for (unsigned i = 0; i < s->n_hosts; i++) {
        host *h = s->hosts[i];
        if (h->reported || !atomic_load(&h->done)) continue;
        h->reported = true;
        grat_found f = {.resource = h->resource, .via = "vxi11-broadcast", .identity = h->identity};
        if (s->found) s->found(s->user, &f);
        if (h->op.err) explain(s, "%s answered the broadcast but not *IDN?: %s", h->resource, h->op.text);
    }
}

static bool all_reported(const search *s)
{
    for (unsigned i = 0; i < s->n_hosts; i++) {
        if (!s->hosts[i]->reported) return false;
    }
    return true;
}

/* One turn: waits for answers, for identities, or until `until_ns`. False when the operation is cancelled. */
static bool turn(search *s, int64_t until_ns, grat_op *op)
{
    struct pollfd fds[MAX_SOCKETS + 2];
    uint64_t count;
    unsigned n = 0;
    for (; n < s->n_probes; n++) fds[n] = (struct pollfd){.fd = s->probes[n].fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = s->wake, .events = POLLIN};
    if (op->cancel) fds[n++] = (struct pollfd){.fd = grat_cancel_fd(op->cancel), .events = POLLIN};
    int64_t left = until_ns - grat_now_ns();
    if (left < 0) left = 0;
    struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    ppoll(fds, n, &t, NULL);
    if (grat_cancel_fired(op->cancel)) return false;
    for (unsigned i = 0; i < s->n_probes; i++) {
        if (fds[i].revents) take_answers(s, &s->probes[i], op);
    }
    if (fds[s->n_probes].revents && read(s->wake, &count, sizeof count) < 0) return true;
    report(s);
    return true;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void run(search *s, grat_op *op)
{
    int64_t start = grat_now_ns(), end = earlier(start + (SENDS - 1) * SEND_EVERY_NS + ANSWER_NS, op->deadline_ns);
    unsigned sent = 0;
    for (;;) {
        int64_t now = grat_now_ns();
        for (; sent < SENDS && now >= start + sent * SEND_EVERY_NS; sent++) send_all(s);
        if (now >= end && (all_reported(s) || now >= op->deadline_ns)) return;
        int64_t until = now < end ? end : op->deadline_ns;
        if (sent < SENDS) until = earlier(until, start + sent * SEND_EVERY_NS);
        if (!turn(s, until, op)) return;
    }
}

static void finish(search *s)
{
    char to[INET_ADDRSTRLEN];
    for (unsigned i = 0; i < s->n_hosts; i++) {
        pthread_join(s->hosts[i]->thread, NULL);
    }
    report(s);
    for (unsigned i = 0; i < s->n_hosts; i++) free(s->hosts[i]);
    for (unsigned i = 0; i < s->n_probes; i++) {
        probe *p = &s->probes[i];
        inet_ntop(AF_INET, &p->to.sin_addr, to, sizeof to);
        explain(s, "VXI-11 broadcast on %s to %s: %u answer%s", p->name, to, p->answers, p->answers == 1 ? "" : "s");
        close(p->fd);
    }
    if (!s->n_probes) explain(s, "VXI-11 broadcast: no network interface is up");
    close(s->wake);
}

grat_err grat_discover(grat_found_fn found, grat_explain_fn explain_fn, void *user, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    search *s = calloc(1, sizeof *s);
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    s->found = found;
    s->explain = explain_fn;
    s->user = user;
    s->xid = (uint32_t)grat_now_ns();
    s->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    add_probes(s);
    run(s, op);
    finish(s);
    free(s);
    return grat_cancel_fired(op->cancel) ? grat_op_fail(op, GRAT_ECANCELED, "discovery was cancelled") : GRAT_OK;
}
