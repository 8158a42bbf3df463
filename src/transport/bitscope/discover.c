#include "transport/bitscope.h"

#include "core/str.h"
#include "core/wait.h"
#include "wire/lia.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_SERVERS 64
#define MAX_INTERFACES 32
#define SENDS 2
#define SEND_EVERY_NS 200000000LL
#define ANSWER_NS 1000000000LL

typedef struct search {
    int fd;
    struct sockaddr_in to;
    struct in_addr from[MAX_INTERFACES];
    unsigned interfaces;
    grat__bitscope_server seen[MAX_SERVERS];
    unsigned n;
    uint8_t command;
} search;

static void list_interfaces(search *s)
{
    struct ifaddrs *list;
    if (getifaddrs(&list)) return;
    for (struct ifaddrs *i = list; i && s->interfaces < MAX_INTERFACES; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !(i->ifa_flags & IFF_UP)) continue;
        s->from[s->interfaces++] = ((struct sockaddr_in *)(void *)i->ifa_addr)->sin_addr;
    }
    freeifaddrs(list);
}

static void ask(search *s)
{
    const uint8_t datagram[] = {s->command++, '?'};
    const struct sockaddr *to = (const struct sockaddr *)&s->to;
    if (!s->interfaces && sendto(s->fd, datagram, sizeof datagram, MSG_NOSIGNAL, to, sizeof s->to) < 0) return;
    for (unsigned i = 0; i < s->interfaces; i++) {
        /* An interface that cannot send now is one without instruments now. */
        if (setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &s->from[i], sizeof s->from[i]) < 0) continue;
        if (sendto(s->fd, datagram, sizeof datagram, MSG_NOSIGNAL, to, sizeof s->to) < 0) continue;
    }
}

/* The answer to `?`: the echo, then the version between two CR. */
static void parse(const grat__lia_reply *r, grat__bitscope_server *out)
{
    const uint8_t *p = r->data;
    if (r->n < 4 || r->n > 14 || p[0] != '?' || p[1] != '\r' || p[r->n - 1] != '\r') return;
    for (size_t i = 2; i < r->n - 1; i++) {
        if (p[i] < 0x21 || p[i] > 0x7e) return;
    }
    memcpy(out->version, p + 2, r->n - 3);
}

static bool take(search *s, grat__bitscope_server *out)
{
    uint8_t data[512];
    struct sockaddr_in from;
    grat__lia_reply reply;
    socklen_t size = sizeof from;
    ssize_t n = recvfrom(s->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
    if (n < 0 || grat__lia_get_reply(data, (size_t)n, &reply)) return false;
    *out = (grat__bitscope_server){.port = ntohs(from.sin_port), .adapter = reply.adapter};
    inet_ntop(AF_INET, &from.sin_addr, out->host, sizeof out->host);
    for (unsigned i = 0; i < s->n; i++) {
        if (strcmp(s->seen[i].host, out->host) == 0 && s->seen[i].port == out->port) return false;
    }
    if (s->n == MAX_SERVERS) return false;
    parse(&reply, out);
    s->seen[s->n++] = *out;
    return true;
}

grat_err grat__bitscope_servers(const char *group, void (*found)(void *user, const grat__bitscope_server *server),
                                void *user, grat_op *op)
{
    static const unsigned char ttl = 1, loop = 1;
    search s = {.to = {.sin_family = AF_INET, .sin_port = htons(GRAT__LIA_PORT)}};
    grat__bitscope_server server;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (inet_pton(AF_INET, group ? group : GRAT__LIA_GROUP, &s.to.sin_addr) != 1)
        return grat_op_fail(op, GRAT_EINVAL, "%s: not an address", group);
    s.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s.fd < 0) return grat_op_fail(op, GRAT_EIO, "no socket for the search for BitScopes");
    setsockopt(s.fd, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
    setsockopt(s.fd, IPPROTO_IP, IP_MULTICAST_LOOP, &loop, sizeof loop);
    if (!group) list_interfaces(&s);
    int64_t start = grat_now_ns(), end = start + (SENDS - 1) * SEND_EVERY_NS + ANSWER_NS;
    if (end > op->deadline_ns) end = op->deadline_ns;
    for (unsigned sent = 0; !e && grat_now_ns() < end;) {
        grat_op child = *op;
        int64_t due = start + sent * SEND_EVERY_NS;
        if (sent < SENDS && grat_now_ns() >= due) {
            ask(&s);
            sent++;
            continue;
        }
        child.deadline_ns = sent < SENDS && due < end ? due : end;
        e = grat__op_wait(&child, s.fd, POLLIN);
        if (!e && take(&s, &server)) found(user, &server);
        if (e == GRAT_ETIMEOUT) e = GRAT_OK;
        else if (e) grat__op_adopt(op, &child);
    }
    close(s.fd);
    return e;
}
