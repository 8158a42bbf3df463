#include "core/wait.h"
#include "discover/broadcast.h"

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
#define MAX_HOSTS 512

typedef struct probe {
    grat__search *search;
    grat__broadcast what;
    int fd;
    struct sockaddr_in to;
    char name[IF_NAMESIZE];
    unsigned sends, hosts;
    in_addr_t host[MAX_HOSTS]; /* that have answered */
    int error;               /* of the last send */
} probe;

static void send_question(probe *p)
{
    ssize_t n = sendto(p->fd, p->what.message, p->what.size, MSG_NOSIGNAL, (const struct sockaddr *)&p->to,
                       sizeof p->to);
    p->error = n < 0 ? errno : 0;
    p->sends++;
}

/* Each once: a question is sent several times. */
static void count_host(probe *p, in_addr_t host)
{
    for (unsigned i = 0; i < p->hosts; i++) {
        if (p->host[i] == host) return;
    }
    if (p->hosts < MAX_HOSTS) p->host[p->hosts++] = host;
}

static void take_answers(probe *p)
{
    uint8_t data[512];
    struct sockaddr_in from;
    for (unsigned i = 0; i < 256; i++) {
        char host[INET_ADDRSTRLEN];
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(p->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (n < 0) return;
        inet_ntop(AF_INET, &from.sin_addr, host, sizeof host);
        if (p->what.answer(p->search, &p->what, data, (size_t)n, host)) count_host(p, from.sin_addr.s_addr);
    }
}

static void explain(probe *p)
{
    char to[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &p->to.sin_addr, to, sizeof to);
    if (p->error)
        grat__search_explain(p->search, "%s: broadcast on %s to %s: cannot be sent: %s", p->what.name, p->name, to,
                             strerrordesc_np(p->error));
    else
        grat__search_explain(p->search, "%s: broadcast on %s to %s: %u host%s answered", p->what.name, p->name, to,
                             p->hosts, p->hosts == 1 ? "" : "s");
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
            send_question(p);
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

static void add_probe(grat__search *s, const grat__broadcast *b, const char *name, struct in_addr from,
                      struct in_addr to)
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
    *p = (probe){.search = s, .what = *b, .fd = fd,
                 .to = {.sin_family = AF_INET, .sin_port = htons(b->port), .sin_addr = to}};
    snprintf(p->name, sizeof p->name, "%s", name);
    grat__search_task(s, run, p);
}

void grat__broadcast_start(grat__search *s, const grat__broadcast *b)
{
    struct ifaddrs *list;
    bool any = false;
    if (getifaddrs(&list)) return;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
        struct in_addr from = ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
        if (i->ifa_flags & IFF_LOOPBACK) {
            if ((ntohl(from.s_addr) >> 24) == 127)
                add_probe(s, b, i->ifa_name, from, (struct in_addr){htonl(0x7fffffff)});
            add_probe(s, b, i->ifa_name, from, from);
        } else if (i->ifa_flags & IFF_BROADCAST && i->ifa_broadaddr) {
            add_probe(s, b, i->ifa_name, from, ((struct sockaddr_in *)(void *)i->ifa_broadaddr)->sin_addr);
            any = true;
        }
    }
    freeifaddrs(list);
    if (!any) grat__search_explain(s, "%s: no network interface is up but loopback; connect one (ip link)", b->name);
}
