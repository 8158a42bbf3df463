/* VXI-11 discovery: a portmapper GETPORT for the core program, broadcast on every interface (LXI VXI-11 Discovery and
 * Identification 1.1). What answers is a VXI-11 instrument at the address that the answer comes from. */
#include "core/wait.h"
#include "discover/search.h"
#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* UDP may lose one. */
#define SENDS 3
#define SEND_EVERY_NS 150000000LL
#define RECEIVE_BUFFER (1 << 20)

typedef struct probe {
    grat__search *search;
    int fd;
    struct sockaddr_in to;
    char name[IF_NAMESIZE];
    uint32_t xid;
    unsigned answers, sends;
    int error;               /* of the last send */
} probe;

static void send_call(probe *p)
{
    static const grat__pmap_mapping core = {.prog = GRAT__VXI_CORE_PROG, .vers = 1, .prot = GRAT__PMAP_TCP};
    grat__buf b;
    grat__buf_init(&b, 256);
    bool ok = !grat__rpc_put_call(&b, p->xid, GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_GETPORT) &&
              !grat__pmap_put_mapping(&b, &core);
    ssize_t n = ok ? sendto(p->fd, b.data, b.len, MSG_NOSIGNAL, (const struct sockaddr *)&p->to, sizeof p->to) : 0;
    p->error = n < 0 ? errno : 0;
    p->sends++;
    grat__buf_free(&b);
}

static void take_answers(probe *p)
{
    uint8_t data[512];
    struct sockaddr_in from;
    for (unsigned i = 0; i < 256; i++) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(p->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (n < 0) return;
        grat__rpc_reply reply;
        uint32_t port;
        char host[INET_ADDRSTRLEN], resource[64];
        if (grat__rpc_get_reply(data, (size_t)n, &reply) || reply.xid != p->xid || reply.stat != GRAT__RPC_SUCCESS)
            continue;
        if (grat__pmap_get_word(reply.results, reply.results_len, &port) || port == 0 || port > 65535) continue;
        p->answers++;
        inet_ntop(AF_INET, &from.sin_addr, host, sizeof host);
        snprintf(resource, sizeof resource, "TCPIP0::%s::inst0::INSTR", host);
        grat__search_saw(p->search, &(grat__seen){.resource = resource, .via = "vxi11", .ask = GRAT__ASK_HOST});
    }
}

static void explain(probe *p)
{
    char to[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &p->to.sin_addr, to, sizeof to);
    if (p->error)
        grat__search_explain(p->search, "vxi11: broadcast on %s to %s: cannot be sent: %s", p->name, to,
                             strerrordesc_np(p->error));
    else
        grat__search_explain(p->search, "vxi11: broadcast on %s to %s: %u answer%s", p->name, to, p->answers,
                             p->answers == 1 ? "" : "s");
}

static grat_err run(void *user, grat_op *op)
{
    probe *p = user;
    int64_t start = grat_now_ns();
    grat_err e;
    do {
        grat_op turn = *op;
        int64_t next = start + p->sends * SEND_EVERY_NS;
        if (p->sends < SENDS && grat_now_ns() >= next) {
            send_call(p);
            next += SEND_EVERY_NS;
        }
        if (p->sends < SENDS && next < turn.deadline_ns) turn.deadline_ns = next;
        if (!grat__op_wait(&turn, p->fd, POLLIN)) take_answers(p);
        e = grat_op_check(op);
    } while (!e);
    close(p->fd);
    explain(p);
    return e;
}

static void add_probe(grat__search *s, const char *name, struct in_addr from, struct in_addr to)
{
    static const int yes = 1, room = RECEIVE_BUFFER;
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr = from};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    probe *p = calloc(1, sizeof *p);
    if (!p || setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &yes, sizeof yes) ||
        bind(fd, (struct sockaddr *)&local, sizeof local)) {
        close(fd);
        free(p);
        return;
    }
    *p = (probe){.search = s, .fd = fd, .xid = (uint32_t)grat_now_ns(),
                 .to = {.sin_family = AF_INET, .sin_port = htons(GRAT__PMAP_PORT), .sin_addr = to}};
    snprintf(p->name, sizeof p->name, "%s", name);
    grat__search_task(s, run, p);
}

static void start(grat__search *s)
{
    struct ifaddrs *list;
    bool any = false;
    if (getifaddrs(&list)) return;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
        struct in_addr from = ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
        if (i->ifa_flags & IFF_LOOPBACK) {
            /* Simulators on 127.0.0.k hear the broadcast address of the loopback network. */
            if ((ntohl(from.s_addr) >> 24) == 127) add_probe(s, i->ifa_name, from, (struct in_addr){htonl(0x7fffffff)});
            add_probe(s, i->ifa_name, from, from);
        } else if (i->ifa_flags & IFF_BROADCAST && i->ifa_broadaddr) {
            add_probe(s, i->ifa_name, from, ((struct sockaddr_in *)(void *)i->ifa_broadaddr)->sin_addr);
            any = true;
        }
    }
    freeifaddrs(list);
    if (!any) grat__search_explain(s, "vxi11: no network interface is up but loopback; connect one (ip link)");
}

const grat__source grat__source_vxi11 = {.name = "vxi11", .bit = GRAT_FIND_VXI11, .start = start};
