#include "sim/serve/mdns.h"

#include "core/str.h"
#include "sim/serve/mdns_item.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ANNOUNCE_AGAIN_NS 1000000000LL
#define NS_PER_MS 1000000LL
enum { MAX_LATE = 256, MAX_NUMBER = 10000 };

typedef struct item item;
typedef struct late late;

/* One socket: the network of one interface, IPv4 or IPv6. */
typedef struct hub {
    sim_loop *loop;
    sim_watch watch;
    sim_timer announce;
    unsigned interface, announced, lates;
    late *late;
    struct sockaddr_storage group;
    socklen_t group_size;
    item *items;
} hub;

struct item {
    item *next;              /* on the hub */
    hub *hub;
    const sim_site *site;
    bool web;
    unsigned number;         /* of the name: "#2" and so on from 2 */
    sim_mdns_item is;
};

/* A message that leaves later, by disc-late. */
struct late {
    late *next, **at;        /* on the hub */
    hub *hub;
    sim_timer timer;
    struct sockaddr_storage to;
    socklen_t to_size;
    size_t n;
    uint8_t data[];
};

typedef struct peer {
    struct sockaddr_storage sa;
    socklen_t size;
} peer;

static void send_now(hub *h, const void *data, size_t n, const peer *to)
{
    sendto(h->watch.fd, data, n, MSG_NOSIGNAL, (const struct sockaddr *)&to->sa, to->size);
}

static void drop_late(late *l)
{
    sim_timer_set(l->hub->loop, &l->timer, INT64_MAX);
    *l->at = l->next;
    if (l->next) l->next->at = l->at;
    l->hub->lates--;
    free(l);
}

static void send_late(void *user, int64_t now_ns)
{
    late *l = user;
    (void)now_ns;
    sendto(l->hub->watch.fd, l->data, l->n, MSG_NOSIGNAL, (const struct sockaddr *)&l->to, l->to_size);
    drop_late(l);
}

static void send_after(hub *h, const grat__buf *b, const peer *to, int64_t delay_ns)
{
    late *l = h->lates < MAX_LATE ? malloc(sizeof *l + b->len) : NULL;
    if (!l) return;
    *l = (late){.hub = h, .timer = {.fire = send_late, .user = l}, .to = to->sa, .to_size = to->size, .n = b->len};
    memcpy(l->data, b->data, b->len);
    l->at = &h->late;
    l->next = h->late;
    if (l->next) l->next->at = &l->next;
    h->late = l;
    h->lates++;
    sim_timer_set(h->loop, &l->timer, grat_now_ns() + delay_ns);
}

/* A record whose name points at itself, and one that ends in the middle. */
static void send_nonsense(item *i, const peer *to)
{
    static const uint8_t circle[] = "\0\0\x84\0\0\0\0\1\0\0\0\0\xc0\x0c\0\x0c\0\1\0\0\0\x0a\0\2\xc0\x0c";
    static const uint8_t cut[] = "\0\0\x84\0\0\0\0\2\0\0\0\1\x04_lxi\x04_tc";
    sim_faults *f = i->site->faults;
    if (sim_fault(f, SIM_FAULT_DISC_LOOP)) send_now(i->hub, circle, sizeof circle - 1, to);
    if (sim_fault(f, SIM_FAULT_DISC_MALFORMED)) send_now(i->hub, cut, sizeof cut - 1, to);
}

static void send_answer(item *i, const grat__buf *b, const peer *to)
{
    sim_faults *f = i->site->faults;
    send_nonsense(i, to);
    for (int n = sim_fault(f, SIM_FAULT_DISC_DUPLICATE) ? 2 : 1; n > 0; n--) {
        if (sim_fault(f, SIM_FAULT_DISC_LATE))
            send_after(i->hub, b, to, (int64_t)sim_fault_argument(f, SIM_FAULT_DISC_LATE) * NS_PER_MS);
        else
            send_now(i->hub, b->data, b->len, to);
    }
}

static peer group_of(const hub *h)
{
    return (peer){h->group, h->group_size};
}

static void unsolicited(item *i, bool goodbye)
{
    sim_mdns_want want;
    grat__dns_writer w;
    peer to = group_of(i->hub);
    sim_mdns_style style = {.goodbye = goodbye, .bare = true,
                            .port0 = sim_fault(i->site->faults, SIM_FAULT_DISC_PORT0)};
    sim_mdns_all(&i->is, &want);
    if (!grat__dns_start(&w, 0, GRAT__DNS_RESPONSE | GRAT__DNS_AUTHORITATIVE, GRAT__MDNS_FIT)) {
        sim_mdns_put(&i->is, &want, &style, &w);
        send_now(i->hub, w.buf.data, w.buf.len, &to);
    }
    grat__dns_free(&w);
}

static void on_announce(void *user, int64_t now_ns)
{
    hub *h = user;
    for (item *i = h->items; i; i = i->next) unsolicited(i, false);
    if (++h->announced < 2) sim_timer_set(h->loop, &h->announce, now_ns + ANNOUNCE_AGAIN_NS);
}

/* ---- names -------------------------------------------------------------------------------------- */

/* Whether another instrument of the bench has these names. */
static bool taken(const item *me, const sim_mdns_item *is)
{
    item *other;
    for (unsigned i = 0; (other = sim_earlier_server(me->site, &sim_wire_mdns, i)); i++) {
        if (other == me) continue;
        if (grat__strcaseeq(other->is.label, is->label) || grat__dns_name_eq(&other->is.host, &is->host)) return true;
    }
    return false;
}

/* The next names that no other instrument of the bench has: " #2" and so on behind those that do. */
static bool take_names(item *me)
{
    sim_mdns_item is;
    sim_mdns_plan plan = {.idn = sim_instrument_idn(me->site->in), .resources = me->site->resources,
                          .addr = me->site->addr, .web = me->web};
    while (me->number < MAX_NUMBER) {
        plan.number = ++me->number;
        if (sim_mdns_item_init(&is, &plan)) return false;
        if (!taken(me, &is)) {
            sim_mdns_item_free(&me->is);
            me->is = is;
            return true;
        }
        sim_mdns_item_free(&is);
    }
    return false;
}

/* Another responder has our host name with another address: the lower address keeps it and says so, the higher takes
 * another (RFC 6762 section 9). */
static void on_conflict(item *i, const uint8_t *address)
{
    int order = memcmp(address, i->is.address, i->is.address_size);
    if (order == 0) return;
    if (order < 0 && !take_names(i)) return;
    unsolicited(i, false);
}

static void hear_answer(hub *h, grat__dns_reader *r)
{
    grat__dns_record rec;
    while (!grat__dns_next(r, &rec)) {
        if (rec.section == GRAT__DNS_QUESTION || !rec.ttl) continue;
        for (item *i = h->items; i; i = i->next) {
            uint16_t type = i->is.address_size == 4 ? GRAT__DNS_A : GRAT__DNS_AAAA;
            if (rec.type == type && rec.n == i->is.address_size && grat__dns_name_eq(&rec.name, &i->is.host))
                on_conflict(i, rec.data);
        }
    }
}

/* ---- questions ---------------------------------------------------------------------------------- */

typedef struct query {
    const uint8_t *data;
    size_t n;
    bool legacy, unicast;
    peer from;
} query;

static unsigned port_of(const peer *p)
{
    if (p->sa.ss_family == AF_INET6) return ntohs(((const struct sockaddr_in6 *)&p->sa)->sin6_port);
    return ntohs(((const struct sockaddr_in *)&p->sa)->sin_port);
}

/* Reads what is wanted of this item; true when it is something. */
static bool read_query(const item *i, query *q, sim_mdns_want *want)
{
    grat__dns_reader r;
    grat__dns_record rec;
    grat__dns_name target;
    *want = (sim_mdns_want){0};
    if (grat__dns_begin(&r, q->data, q->n) || (r.flags & (GRAT__DNS_RESPONSE | GRAT__DNS_OPCODE))) return false;
    while (!grat__dns_next(&r, &rec)) {
        if (rec.section == GRAT__DNS_QUESTION) {
            sim_mdns_match(&i->is, &rec, want);
            if (rec.klass & GRAT__DNS_TOP) q->unicast = true;
        } else if (rec.section == GRAT__DNS_ANSWER && !grat__dns_get_ptr(&r, &rec, &target)) {
            sim_mdns_known(&i->is, &target, want);
        }
    }
    return sim_mdns_wants(want);
}

static void repeat_questions(const query *q, grat__dns_writer *w)
{
    grat__dns_reader r;
    grat__dns_record rec;
    if (grat__dns_begin(&r, q->data, q->n)) return;
    while (!grat__dns_next(&r, &rec) && rec.section == GRAT__DNS_QUESTION)
        grat__dns_put_question(w, &rec.name, rec.type, rec.klass & 0x7fff);
}

static void answer(item *i, query *q)
{
    sim_mdns_want want;
    grat__dns_writer w;
    if (!read_query(i, q, &want)) return;
    sim_faults *f = i->site->faults;
    sim_mdns_style style = {.legacy = q->legacy, .port0 = sim_fault(f, SIM_FAULT_DISC_PORT0),
                            .bare = sim_fault(f, SIM_FAULT_DISC_BARE)};
    uint16_t id = q->legacy ? (uint16_t)(q->data[0] << 8 | q->data[1]) : 0;
    peer to = q->legacy || q->unicast ? q->from : group_of(i->hub);
    if (!grat__dns_start(&w, id, GRAT__DNS_RESPONSE | GRAT__DNS_AUTHORITATIVE, GRAT__MDNS_FIT)) {
        if (q->legacy) repeat_questions(q, &w);
        sim_mdns_put(&i->is, &want, &style, &w);
        send_answer(i, &w.buf, &to);
    }
    grat__dns_free(&w);
}

static void on_query(void *user, uint32_t events)
{
    hub *h = user;
    uint8_t data[GRAT__MDNS_MAX];
    query q = {.data = data, .from = {.size = sizeof q.from.sa}};
    (void)events;
    ssize_t n = recvfrom(h->watch.fd, data, sizeof data, 0, (struct sockaddr *)&q.from.sa, &q.from.size);
    if (n < 0) return;
    q.n = (size_t)n;
    grat__dns_reader r;
    if (grat__dns_begin(&r, data, q.n)) return;
    if (r.flags & GRAT__DNS_RESPONSE) {
        hear_answer(h, &r);
        return;
    }
    q.legacy = port_of(&q.from) != GRAT__MDNS_PORT;
    for (item *i = h->items; i; i = i->next) answer(i, &q);
}

/* ---- the socket --------------------------------------------------------------------------------- */

static bool covers(const struct ifaddrs *i, const sim_addr *a)
{
    if (!i->ifa_addr || i->ifa_addr->sa_family != a->sa.ss_family || !(i->ifa_flags & IFF_UP)) return false;
    if (a->sa.ss_family == AF_INET6) {
        const struct sockaddr_in6 *x = (const struct sockaddr_in6 *)(const void *)i->ifa_addr;
        return memcmp(&x->sin6_addr, &((const struct sockaddr_in6 *)&a->sa)->sin6_addr, 16) == 0;
    }
    if (!i->ifa_netmask) return false;
    uint32_t mask = ((const struct sockaddr_in *)(const void *)i->ifa_netmask)->sin_addr.s_addr;
    uint32_t here = ((const struct sockaddr_in *)(const void *)i->ifa_addr)->sin_addr.s_addr;
    return ((here ^ ((const struct sockaddr_in *)&a->sa)->sin_addr.s_addr) & mask) == 0;
}

static unsigned interface_of(const sim_addr *a)
{
    struct ifaddrs *list;
    unsigned index = 0;
    if (getifaddrs(&list)) return 0;
    for (struct ifaddrs *i = list; i && !index; i = i->ifa_next) {
        if (covers(i, a)) index = if_nametoindex(i->ifa_name);
    }
    freeifaddrs(list);
    return index;
}

/* The address is said too: a message that leaves by loopback would have none else, and Avahi takes no such message. */
static bool join4(int fd, hub *h, const sim_addr *a)
{
    static const int hops = 255, on = 1, off = 0;
    struct ip_mreqn m = {.imr_ifindex = (int)h->interface,
                         .imr_address = ((const struct sockaddr_in *)&a->sa)->sin_addr};
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(GRAT__MDNS_PORT)};
    struct sockaddr_in *group = (struct sockaddr_in *)&h->group;
    *group = any;
    inet_pton(AF_INET, GRAT__MDNS_GROUP4, &group->sin_addr);
    h->group_size = sizeof *group;
    m.imr_multiaddr = group->sin_addr;
    return !bind(fd, (struct sockaddr *)&any, sizeof any) &&
           !setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &m, sizeof m) &&
           !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &m, sizeof m) &&
           !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_TTL, &hops, sizeof hops) &&
           !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_ALL, &off, sizeof off) &&
           !setsockopt(fd, IPPROTO_IP, IP_MULTICAST_LOOP, &on, sizeof on);
}

static bool join6(int fd, hub *h)
{
    static const int hops = 255, on = 1;
    struct ipv6_mreq m = {.ipv6mr_interface = h->interface};
    struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = htons(GRAT__MDNS_PORT)};
    struct sockaddr_in6 *group = (struct sockaddr_in6 *)&h->group;
    *group = any;
    group->sin6_scope_id = h->interface;
    inet_pton(AF_INET6, GRAT__MDNS_GROUP6, &group->sin6_addr);
    h->group_size = sizeof *group;
    m.ipv6mr_multiaddr = group->sin6_addr;
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return !bind(fd, (struct sockaddr *)&any, sizeof any) &&
           !setsockopt(fd, IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, &m, sizeof m) &&
           !setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &h->interface, sizeof h->interface) &&
           !setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops);
}

static grat_err open_hub(const sim_site *site, unsigned interface, grat_op *op, hub **out)
{
    static const int on = 1;
    int family = site->addr->sa.ss_family;
    hub *h = calloc(1, sizeof *h);
    if (!h) return grat_op_fail(op, GRAT_ENOMEM, "mdns: out of memory");
    *h = (hub){.loop = site->loop, .interface = interface, .watch = {.fd = -1, .ready = on_query, .user = h},
               .announce = {.fire = on_announce, .user = h}};
    int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
              !setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (ok) ok = family == AF_INET6 ? join6(fd, h) : join4(fd, h, site->addr);
    if (!ok) {
        grat_err e = grat_op_fail(op, errno == EADDRINUSE ? GRAT_EBUSY : GRAT_EIO,
                                  "port 5353 on the network of %s: %s; stop the program that has it for itself, or "
                                  "leave the mdns wire out", site->addr->text, strerrordesc_np(errno));
        if (fd >= 0) close(fd);
        free(h);
        return e;
    }
    if (!sim_watch_open(site->loop, &h->watch, fd, EPOLLIN)) {
        free(h);
        return grat_op_fail(op, GRAT_EIO, "mdns: too many open files");
    }
    sim_timer_set(h->loop, &h->announce, grat_now_ns());
    *out = h;
    return GRAT_OK;
}

/* ---- the wire ----------------------------------------------------------------------------------- */

static bool names_http(const char *wires)
{
    const char *p = wires ? strstr(wires, "http") : NULL;
    return p && (p == wires || p[-1] == ',') && (!p[4] || p[4] == ',' || p[4] == ':');
}

static grat_err find_hub(const sim_site *site, grat_op *op, hub **out)
{
    unsigned interface = interface_of(site->addr);
    if (!interface)
        return grat_op_fail(op, GRAT_EINVAL, "mdns: %s is on no network interface that is up", site->addr->text);
    item *other;
    for (unsigned i = 0; (other = sim_earlier_server(site, &sim_wire_mdns, i)); i++) {
        bool family = other->hub->group.ss_family == site->addr->sa.ss_family;
        if (family && other->hub->interface == interface) {
            *out = other->hub;
            return GRAT_OK;
        }
    }
    return open_hub(site, interface, op, out);
}

static void drop_hub(hub *h)
{
    while (h->late) drop_late(h->late);
    sim_timer_set(h->loop, &h->announce, INT64_MAX);
    sim_watch_close(h->loop, &h->watch);
    free(h);
}

static grat_err mdns_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    hub *h = NULL;
    (void)arg;
    grat_err e = find_hub(site, op, &h);
    if (e) return e;
    item *i = calloc(1, sizeof *i);
    if (i) *i = (item){.hub = h, .site = site, .web = names_http(site->want->wires)};
    if (!i || !take_names(i)) {
        free(i);
        if (!h->items) drop_hub(h);
        return grat_op_fail(op, GRAT_ENOMEM, "mdns: no name can be made for %s", sim_instrument_idn(site->in));
    }
    i->next = h->items;
    h->items = i;
    *server = i;
    return GRAT_OK;
}

static void mdns_close(void *server)
{
    item *i = server;
    hub *h = i->hub;
    item **at = &h->items;
    if (h->announced) unsolicited(i, true);
    while (*at != i) at = &(*at)->next;
    *at = i->next;
    sim_mdns_item_free(&i->is);
    free(i);
    if (!h->items) drop_hub(h);
}

const sim_wire_kind sim_wire_mdns = {
    .name = "mdns",
    .text = "announces the other wires by multicast DNS, on UDP port 5353 of the interface that has the address",
    .by_default = false,
    .open = mdns_open,
    .close = mdns_close,
};
