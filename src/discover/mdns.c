/* One-shot multicast DNS queries (RFC 6762 section 5.1) for the services of LXI, on every interface, IPv4 and IPv6.
 * They leave from a port of their own, so that they work beside any responder of this computer; answers come to it. */
#include "core/wait.h"
#include "discover/mdns_cache.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* When every type is asked for, after the start, and how soon a question for what an answer lacks may follow. */
static const int64_t all_at_ns[] = {0, 250000000, 600000000};
#define MISSING_EVERY_NS 60000000LL
#define MAX_MISSING 6
#define MAX_LINKS 128
#define RECEIVE_BUFFER (1 << 20)

/* All sockets fill one cache. */
typedef struct shared {
    grat__mdns_cache cache;
    grat__search *search;
    unsigned running;
    struct {
        unsigned index;
        sa_family_t family;
    } asked[MAX_LINKS];
} shared;

typedef struct querier {
    shared *with;
    int fd, error;
    unsigned index;          /* of the interface */
    bool loopback;
    char name[IF_NAMESIZE];
    struct sockaddr_storage to;
    socklen_t to_size;
    unsigned alls, missings, answers;
    int64_t start_ns, missing_ns;
} querier;

static void send_message(querier *q, const grat__dns_writer *w)
{
    ssize_t n = sendto(q->fd, w->buf.data, w->buf.len, MSG_NOSIGNAL, (const struct sockaddr *)&q->to, q->to_size);
    q->error = n < 0 ? errno : 0;
}

static void send_all(querier *q)
{
    grat__dns_writer w;
    if (!grat__dns_start(&w, (uint16_t)(q->index + 1), 0, GRAT__MDNS_FIT)) {
        grat__mdns_ask_all(&w);
        send_message(q, &w);
    }
    grat__dns_free(&w);
    q->alls++;
}

static void send_missing(querier *q)
{
    grat__dns_writer w;
    if (!grat__dns_start(&w, (uint16_t)(q->index + 1), 0, GRAT__MDNS_FIT) &&
        grat__mdns_ask_missing(&q->with->cache, &w)) {
        send_message(q, &w);
        q->missings++;
    }
    grat__dns_free(&w);
}

static void take_answers(querier *q)
{
    uint8_t data[GRAT__MDNS_MAX];
    for (unsigned i = 0; i < 256; i++) {
        struct sockaddr_storage from;
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(q->fd, data, sizeof data, MSG_DONTWAIT, (struct sockaddr *)&from, &size);
        if (n < 0) break;
        q->answers++;
        grat__mdns_take(&q->with->cache, data, (size_t)n, q->index);
    }
    grat__mdns_give(&q->with->cache, q->with->search, false);
}

static void explain(const querier *q)
{
    const char *family = q->to.ss_family == AF_INET6 ? "IPv6" : "IPv4";
    grat__search *s = q->with->search;
    if (q->error && q->loopback) return; /* nobody misses it */
    if (q->error)
        grat__search_explain(s, "mdns: query on %s (%s): cannot be sent: %s; is there a route for multicast?", q->name,
                             family, strerrordesc_np(q->error));
    else
        grat__search_explain(s, "mdns: query on %s (%s): %u answer%s", q->name, family, q->answers,
                             q->answers == 1 ? "" : "s");
}

static void explain_end(shared *with)
{
    const grat__mdns_cache *c = &with->cache;
    grat__mdns_give(&with->cache, with->search, true);
    for (unsigned i = 0; i < c->services; i++) {
        char text[300];
        const grat__mdns_service *v = &c->service[i];
        grat__dns_name_text(&v->name, text, sizeof text);
        if (!v->given)
            grat__search_explain(with->search, "mdns: %s: no %s was told", text, v->has_srv ? "address" : "host");
        else if (!v->port)
            grat__search_explain(with->search, "mdns: %s: port 0 is announced, nothing listens there", text);
    }
    if (c->malformed) grat__search_explain(with->search, "mdns: %u malformed answers were skipped", c->malformed);
}

static grat_err run(void *user, grat_op *op)
{
    querier *q = user;
    const unsigned alls = sizeof all_at_ns / sizeof *all_at_ns;
    grat_err e;
    q->start_ns = grat_now_ns();
    q->missing_ns = q->start_ns + MISSING_EVERY_NS;
    do {
        grat_op turn = *op;
        int64_t now = grat_now_ns();
        if (q->alls < alls && now >= q->start_ns + all_at_ns[q->alls]) send_all(q);
        if (now >= q->missing_ns) {
            if (q->missings < MAX_MISSING) send_missing(q);
            q->missing_ns = now + MISSING_EVERY_NS;
        }
        if (q->missing_ns < turn.deadline_ns) turn.deadline_ns = q->missing_ns;
        if (!grat__op_wait(&turn, q->fd, POLLIN)) take_answers(q);
        e = grat_op_check(op);
    } while (!e);
    close(q->fd);
    explain(q);
    if (--q->with->running == 0) explain_end(q->with);
    return e;
}

static bool target(querier *q, const struct sockaddr *local)
{
    if (local->sa_family == AF_INET) {
        struct sockaddr_in *to = (struct sockaddr_in *)&q->to;
        *to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(GRAT__MDNS_PORT)};
        inet_pton(AF_INET, GRAT__MDNS_GROUP4, &to->sin_addr);
        q->to_size = sizeof *to;
        struct ip_mreqn out = {.imr_address = ((const struct sockaddr_in *)(const void *)local)->sin_addr,
                               .imr_ifindex = (int)q->index};
        return setsockopt(q->fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out) == 0;
    }
    struct sockaddr_in6 *to = (struct sockaddr_in6 *)&q->to;
    *to = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(GRAT__MDNS_PORT),
                                .sin6_scope_id = q->index};
    inet_pton(AF_INET6, GRAT__MDNS_GROUP6, &to->sin6_addr);
    q->to_size = sizeof *to;
    return setsockopt(q->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &q->index, sizeof q->index) == 0;
}

/* RFC 6762 section 11: multicast DNS is sent with a TTL of 255. */
static bool prepare(querier *q, const struct sockaddr *local)
{
    static const int hops = 255, room = RECEIVE_BUFFER;
    q->fd = socket(local->sa_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (q->fd < 0) return false;
    bool v6 = local->sa_family == AF_INET6;
    struct sockaddr_storage from = {.ss_family = local->sa_family};
    socklen_t size = v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    memcpy(&from, local, size);
    setsockopt(q->fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (v6) setsockopt(q->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
    else setsockopt(q->fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops);
    return target(q, local) && bind(q->fd, (const struct sockaddr *)&from, size) == 0;
}

static void add_querier(shared *with, const struct ifaddrs *i)
{
    querier *q = calloc(1, sizeof *q);
    if (!q) return;
    *q = (querier){.with = with, .fd = -1, .index = if_nametoindex(i->ifa_name),
                   .loopback = i->ifa_flags & IFF_LOOPBACK};
    strncpy(q->name, i->ifa_name, sizeof q->name - 1);
    if (!prepare(q, i->ifa_addr)) {
        if (q->fd >= 0) close(q->fd);
        free(q);
        return;
    }
    with->asked[with->running].index = q->index;
    with->asked[with->running++].family = i->ifa_addr->sa_family;
    grat__search_task(with->search, run, q);
}

/* One address of each interface and family; of IPv6 a link-local one, or loopback's. */
static bool usable(const struct ifaddrs *i)
{
    if (!i->ifa_addr || !(i->ifa_flags & IFF_UP)) return false;
    if (i->ifa_addr->sa_family == AF_INET) return i->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK);
    if (i->ifa_addr->sa_family != AF_INET6) return false;
    const struct sockaddr_in6 *a = (const struct sockaddr_in6 *)(const void *)i->ifa_addr;
    if (i->ifa_flags & IFF_LOOPBACK) return i->ifa_flags & IFF_MULTICAST;
    return (i->ifa_flags & IFF_MULTICAST) && IN6_IS_ADDR_LINKLOCAL(&a->sin6_addr);
}

static bool wanted(const shared *with, const struct ifaddrs *i)
{
    if (with->running == MAX_LINKS || !usable(i)) return false;
    unsigned index = if_nametoindex(i->ifa_name);
    for (unsigned k = 0; k < with->running; k++) {
        if (with->asked[k].index == index && with->asked[k].family == i->ifa_addr->sa_family) return false;
    }
    return true;
}

static void start(grat__search *s)
{
    struct ifaddrs *list;
    shared *with = calloc(1, sizeof *with);
    if (!with || !grat__search_own(s, with) || getifaddrs(&list)) return;
    with->search = s;
    for (struct ifaddrs *i = list; i; i = i->ifa_next) {
        if (wanted(with, i)) add_querier(with, i);
    }
    freeifaddrs(list);
    if (!with->running) grat__search_explain(s, "mdns: no interface can multicast; ip link set DEVICE multicast on");
}

const grat__source grat__source_mdns = {.name = "mdns", .bit = GRAT_FIND_MDNS, .start = start};
