#include "core/str.h"
#include "sim/serve/rpcd.h"
#include "sim/serve/vxi11.h"
#include "wire/portmap.h"
#include "wire/vxi11.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#define DATAGRAM_MAX 2048
#define LAST_FRAGMENT 0x80000000u

struct sim_pmap {
    sim_rpcd tcp;
    sim_faults *faults;
    sim_watch udp, broadcast;
    grat__pmap_mapping map[4];
    unsigned dead_port;      /* bound, never listening: connections are refused there */
    int dead_fd;
};

static unsigned getport(sim_pmap *p, const grat__pmap_mapping *m)
{
    for (size_t i = 0; i < sizeof p->map / sizeof *p->map; i++) {
        if (p->map[i].prog != m->prog || p->map[i].vers != m->vers || p->map[i].prot != m->prot) continue;
        bool core = m->prog == GRAT__VXI_CORE_PROG;
        return core && p->dead_port && sim_fault(p->faults, SIM_FAULT_VXI_CORE_REFUSE) ? p->dead_port : p->map[i].port;
    }
    return 0;
}

typedef struct answer {
    grat__rpc_stat stat;
    bool silent;
} answer;

static void callit(sim_pmap *p, const grat__rpc_call *call, bool udp, grat__buf *b, answer *a)
{
    grat__pmap_callit c;
    a->silent = true;
    if (!udp || grat__pmap_get_callit(call->args, call->args_len, &c)) return;
    if (c.prog != GRAT__VXI_CORE_PROG || c.vers != GRAT__VXI_VERS || c.proc != 0) return;
    a->silent = false;
    grat__pmap_put_callit_result(b, &(grat__pmap_callit_result){.port = p->map[2].port});
}

static void procedure(sim_pmap *p, const grat__rpc_call *call, bool udp, grat__buf *b, answer *a)
{
    grat__pmap_mapping m;
    switch (call->proc) {
    case GRAT__PMAP_NULL:
        return;
    case GRAT__PMAP_SET:
    case GRAT__PMAP_UNSET:
        grat__pmap_put_word(b, 0);
        return;
    case GRAT__PMAP_GETPORT:
        if (grat__pmap_get_mapping(call->args, call->args_len, &m)) a->stat = GRAT__RPC_GARBAGE_ARGS;
        else grat__pmap_put_word(b, udp && sim_fault(p->faults, SIM_FAULT_DISC_PORT0) ? 0 : getport(p, &m));
        return;
    case GRAT__PMAP_DUMP:
        grat__pmap_put_dump(b, p->map, sizeof p->map / sizeof *p->map);
        return;
    case GRAT__PMAP_CALLIT:
        callit(p, call, udp, b, a);
        if (a->silent && !udp) a->silent = false, a->stat = GRAT__RPC_PROC_UNAVAIL;
        return;
    default:
        a->stat = GRAT__RPC_PROC_UNAVAIL;
    }
}

static void make_answer(sim_pmap *p, const grat__rpc_call *call, bool udp, answer *a, grat__buf *results)
{
    *a = (answer){.stat = GRAT__RPC_SUCCESS};
    grat__buf_init(results, DATAGRAM_MAX);
    if (call->prog != GRAT__PMAP_PROG) a->stat = GRAT__RPC_PROG_UNAVAIL;
    else if (call->vers != GRAT__PMAP_VERS) a->stat = GRAT__RPC_PROG_MISMATCH;
    else procedure(p, call, udp, results, a);
}

static void on_call(sim_rpc_conn *c)
{
    sim_pmap *p = c->server->user;
    answer a;
    grat__buf results;
    uint32_t proc = c->call.proc;
    make_answer(p, &c->call, false, &a, &results);
    grat__buf *b = sim_rpc_reply(c, a.stat, 2, 2);
    size_t mark = c->mark_at;
    if (a.stat == GRAT__RPC_SUCCESS) grat__buf_put(b, results.data, results.len);
    grat__buf_free(&results);
    bool clear = a.stat == GRAT__RPC_SUCCESS && proc == GRAT__PMAP_GETPORT &&
                 sim_fault(p->faults, SIM_FAULT_VXI_GETPORT_NOLAST);
    sim_rpc_send(c, NULL, 0);
    /* The handler runs inside the server's turn, so nothing has been sent yet. */
    if (clear) grat__put_be32(b->data + mark, grat__be32(b->data + mark) & ~LAST_FRAGMENT);
}

static void answer_datagram(sim_pmap *p, int from)
{
    uint8_t in[DATAGRAM_MAX];
    struct sockaddr_storage peer;
    socklen_t peer_len = sizeof peer;
    grat__rpc_call call;
    ssize_t n = recvfrom(from, in, sizeof in, 0, (struct sockaddr *)&peer, &peer_len);
    if (n < 0) return;
    grat_err e = grat__rpc_get_call(in, (size_t)n, &call);
    if (e && e != GRAT_ENOTSUP) return;
    answer a = {.stat = GRAT__RPC_DENIED_VERSION};
    grat__buf results, out;
    grat__buf_init(&results, DATAGRAM_MAX);
    grat__buf_init(&out, DATAGRAM_MAX);
    if (!e) make_answer(p, &call, true, &a, &results);
    if (!a.silent) {
        grat__rpc_put_reply(&out, call.xid, a.stat, 2, 2);
        if (a.stat == GRAT__RPC_SUCCESS) grat__buf_put(&out, results.data, results.len);
        for (int i = sim_fault(p->faults, SIM_FAULT_DISC_DUPLICATE) ? 2 : 1; i > 0; i--)
            sendto(p->udp.fd, out.data, out.len, MSG_NOSIGNAL, (const struct sockaddr *)&peer, peer_len);
    }
    grat__buf_free(&results);
    grat__buf_free(&out);
}

static void on_udp(void *user, uint32_t events)
{
    sim_pmap *p = user;
    (void)events;
    answer_datagram(p, p->udp.fd);
}

static void on_broadcast(void *user, uint32_t events)
{
    sim_pmap *p = user;
    (void)events;
    answer_datagram(p, p->broadcast.fd);
}

/* The broadcast address of the network that an IPv4 address is on; false when it has none. */
static bool broadcast_of(const sim_addr *a, char out[INET_ADDRSTRLEN])
{
    const struct sockaddr_in *in = (const struct sockaddr_in *)&a->sa;
    struct ifaddrs *list;
    bool found = false;
    if (a->sa.ss_family != AF_INET) return false;
    if (ntohl(in->sin_addr.s_addr) >> 24 == 127) return grat__strcpy(out, INET_ADDRSTRLEN, "127.255.255.255");
    if (getifaddrs(&list)) return false;
    for (const struct ifaddrs *i = list; i && !found; i = i->ifa_next) {
        if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET || !i->ifa_broadaddr) continue;
        if (!(i->ifa_flags & IFF_BROADCAST)) continue;
        const struct sockaddr_in *here = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        const struct sockaddr_in *all = (const struct sockaddr_in *)(const void *)i->ifa_broadaddr;
        found = here->sin_addr.s_addr == in->sin_addr.s_addr &&
                inet_ntop(AF_INET, &all->sin_addr, out, INET_ADDRSTRLEN) != NULL;
    }
    freeifaddrs(list);
    return found;
}

static grat_err open_udp(sim_loop *l, sim_pmap *p, const sim_addr *a, grat_op *op)
{
    int fd;
    sim_addr all;
    grat_err e = sim_bind(a, SOCK_DGRAM, GRAT__PMAP_PORT, op, &fd);
    if (e) return e;
    bool ok = sim_watch_open(l, &p->udp, fd, EPOLLIN);
    char text[INET_ADDRSTRLEN];
    if (ok && broadcast_of(a, text)) {
        /* Every instrument binds it, so that Linux hands each a copy of a broadcast. */
        e = sim_addr_parse(&all, text, op);
        if (!e) e = sim_bind(&all, SOCK_DGRAM, GRAT__PMAP_PORT, op, &fd);
        if (e) return e;
        ok = sim_watch_open(l, &p->broadcast, fd, EPOLLIN);
    }
    return ok ? GRAT_OK : grat_op_fail(op, GRAT_EIO, "port 111 of %s: too many open files", a->text);
}

grat_err sim_pmap_new(sim_loop *l, sim_faults *f, const sim_addr *a, const sim_vxi *v, grat_op *op, sim_pmap **out)
{
    static const sim_rpc_ops ops = {.record_max = DATAGRAM_MAX, .call = on_call};
    sim_pmap *p = calloc(1, sizeof *p);
    if (!p) return grat_op_fail(op, GRAT_ENOMEM, "the portmapper: out of memory");
    *p = (sim_pmap){
        .tcp = {.loop = l, .faults = f, .ops = &ops, .user = p},
        .faults = f,
        .udp = {.fd = -1, .ready = on_udp, .user = p},
        .broadcast = {.fd = -1, .ready = on_broadcast, .user = p},
        .map = {{GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_TCP, GRAT__PMAP_PORT},
                {GRAT__PMAP_PROG, GRAT__PMAP_VERS, GRAT__PMAP_UDP, GRAT__PMAP_PORT},
                {GRAT__VXI_CORE_PROG, GRAT__VXI_VERS, GRAT__PMAP_TCP, sim_vxi_core_port(v)},
                {GRAT__VXI_ABORT_PROG, GRAT__VXI_VERS, GRAT__PMAP_TCP, sim_vxi_abort_port(v)}},
        .dead_fd = -1,
    };
    grat_err e = sim_rpcd_open(&p->tcp, a, GRAT__PMAP_PORT, op);
    if (!e) e = open_udp(l, p, a, op);
    if (!e && f->item[SIM_FAULT_VXI_CORE_REFUSE].probability > 0) {
        e = sim_bind(a, SOCK_STREAM, 0, op, &p->dead_fd);
        if (!e) p->dead_port = sim_bound_port(p->dead_fd);
    }
    if (e) {
        sim_pmap_free(p);
        return e;
    }
    *out = p;
    return GRAT_OK;
}

void sim_pmap_free(sim_pmap *p)
{
    if (!p) return;
    sim_loop *l = p->tcp.loop;
    sim_rpcd_close(&p->tcp);
    sim_watch_close(l, &p->udp);
    sim_watch_close(l, &p->broadcast);
    if (p->dead_fd >= 0) close(p->dead_fd);
    free(p);
}
