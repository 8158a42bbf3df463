/* Links, locks, service requests, and the calls that only touch those. */
#include "sim/serve/vxi11_int.h"

#include "core/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define RECORD_MAX (17u << 20)
#define READ_MAX (64u << 20)       /* the largest device_read reply; a larger one comes in parts, with reason 0 */
#define DATA_KEEP (17u << 20)
#define INTR_CONNECT_NS 2000000000

vxi_link *vxi_find(sim_vxi *v, int32_t lid)
{
    for (unsigned i = 0; i < VXI_LINKS; i++)
        if (v->link[i].used && v->link[i].lid == lid) return &v->link[i];
    return NULL;
}

static void reply_error(vxi_conn *c, uint32_t error)
{
    grat__vxi_put_error(sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0), error);
    sim_rpc_send(c->rpc, NULL, 0);
}

static void garbage(vxi_conn *c)
{
    sim_rpc_fail(c->rpc, GRAT__RPC_GARBAGE_ARGS, 0, 0);
}

/* ---- waiting -------------------------------------------------------------------------------- */

static void dispatch(vxi_conn *c);

void vxi_wait(vxi_conn *c, int32_t lid, int64_t until_ns)
{
    c->waiting = true;
    c->lid = lid;
    sim_timer_set(c->v->loop, &c->timer, until_ns);
}

static void resume(vxi_conn *c)
{
    c->waiting = false;
    sim_timer_set(c->v->loop, &c->timer, INT64_MAX);
    dispatch(c);
}

static void on_time(void *user, int64_t now)
{
    vxi_conn *c = user;
    (void)now;
    if (c->waiting) resume(c);
}

/* Through the timers, so that no call is answered from inside another one's handler. */
void vxi_wake(sim_vxi *v, const vxi_conn *except)
{
    for (sim_rpc_conn *r = v->core.conns; r; r = r->next) {
        vxi_conn *c = r->state;
        if (c != except && c->waiting) sim_timer_set(v->loop, &c->timer, 0);
    }
}

void vxi_settle(sim_vxi *v)
{
    vxi_conn *c = v->borrower;
    if (!c) return;
    v->borrower = NULL;
    sim_rpc_unborrow(c->rpc);
    sim_source_consume(&v->source, v->borrowed);
}

static void on_sent(sim_rpc_conn *r)
{
    vxi_conn *c = r->state;
    if (c->v->borrower != c) return;
    c->v->borrower = NULL;
    sim_source_consume(&c->v->source, c->v->borrowed);
}

vxi_verdict vxi_lock_gate(vxi_conn *c, const vxi_gate *g)
{
    sim_vxi *v = c->v;
    bool wait = g->flags & GRAT__VXI_FLAG_WAITLOCK;
    if ((wait || g->lock_timeout) && !c->lock_until && sim_fault(v->faults, SIM_FAULT_VXI_LOCK11)) return VXI_REFUSED;
    if (!v->lock || v->lock == g->link) {
        c->lock_until = 0;
        return VXI_PASS;
    }
    int64_t now = grat_now_ns();
    if (!c->lock_until) c->lock_until = now + (wait ? (int64_t)g->lock_timeout * NS_PER_MS : 0);
    if (now >= c->lock_until) {
        c->lock_until = 0;
        return VXI_REFUSED;
    }
    vxi_wait(c, g->link ? g->link->lid : INT32_MIN, c->lock_until);
    return VXI_WAIT;
}

/* ---- links ---------------------------------------------------------------------------------- */

static void free_link(sim_vxi *v, vxi_link *l)
{
    bool held = v->lock == l;
    *l = (vxi_link){0};
    if (!held) return;
    v->lock = NULL;
    vxi_wake(v, NULL);
}

static vxi_link *take_link(vxi_conn *c)
{
    sim_vxi *v = c->v;
    bool kept = v->faults->item[SIM_FAULT_VXI_LINKS_KEPT].probability > 0;
    uint64_t most = kept ? sim_fault_argument(v->faults, SIM_FAULT_VXI_LINKS_KEPT) : VXI_LINKS;
    for (unsigned i = 0; i < VXI_LINKS && i < most; i++) {
        vxi_link *l = &v->link[i];
        if (l->used) continue;
        int32_t lid = v->last_lid;
        do lid = lid == INT32_MAX ? 1 : lid + 1;
        while (vxi_find(v, lid));
        v->last_lid = lid;
        *l = (vxi_link){.used = true, .lid = lid, .owner = c};
        if (sim_fault(v->faults, SIM_FAULT_VXI_LID_NEGATIVE)) l->lid = -lid;
        if (sim_fault(v->faults, SIM_FAULT_VXI_LID0)) {
            l->lid = -1;
            l->lid = vxi_find(v, 0) ? lid : 0;
        }
        return l;
    }
    return NULL;
}

/* What a link is told it may send at once is what it may. A limit of 0 tells nothing: then the least that VXI-11
 * allows. */
static void reply_create(vxi_conn *c, uint32_t error, vxi_link *l)
{
    sim_vxi *v = c->v;
    grat__vxi_create_result r = {.error = error};
    if (l) {
        r.lid = l->lid;
        r.abort_port = sim_fault(v->faults, SIM_FAULT_VXI_NO_ABORT) ? 0 : (uint16_t)v->abort.port;
        r.max_recv_size = sim_instrument_max_recv(v->in);
        if (sim_fault(v->faults, SIM_FAULT_VXI_MAXRECV))
            r.max_recv_size = (uint32_t)sim_fault_argument(v->faults, SIM_FAULT_VXI_MAXRECV);
        l->max_recv = r.max_recv_size ? r.max_recv_size : 1024;
    }
    grat__vxi_put_create_result(sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0), &r);
    sim_rpc_send(c->rpc, NULL, 0);
}

static void create_link(vxi_conn *c)
{
    sim_vxi *v = c->v;
    grat__vxi_create a;
    if (grat__vxi_get_create(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    if (a.device[0] && !grat__strcaseeq(a.device, "inst0")) {
        reply_create(c, GRAT__VXI_ENODEVICE, NULL);
        return;
    }
    if (a.lock) {
        uint32_t flags = a.lock_timeout ? GRAT__VXI_FLAG_WAITLOCK : 0;
        vxi_verdict verdict = vxi_lock_gate(c, &(vxi_gate){NULL, flags, a.lock_timeout});
        if (verdict == VXI_REFUSED) reply_create(c, GRAT__VXI_ELOCKED, NULL);
        if (verdict != VXI_PASS) return;
    }
    vxi_link *l = take_link(c);
    if (l && a.lock) v->lock = l;
    reply_create(c, l ? GRAT__VXI_OK : GRAT__VXI_ERESOURCES, l);
}

static void destroy_link(vxi_conn *c)
{
    int32_t lid;
    if (grat__vxi_get_lid(c->rpc->call.args, c->rpc->call.args_len, &lid)) {
        garbage(c);
        return;
    }
    vxi_link *l = vxi_find(c->v, lid);
    if (l) free_link(c->v, l);
    reply_error(c, l ? GRAT__VXI_OK : GRAT__VXI_EBADLINK);
}

/* ---- locks ---------------------------------------------------------------------------------- */

static void device_lock(vxi_conn *c)
{
    grat__vxi_lock a;
    if (grat__vxi_get_lock(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    vxi_link *l = vxi_find(c->v, a.lid);
    uint32_t refused = !l ? GRAT__VXI_EBADLINK : c->aborted ? GRAT__VXI_EABORT : 0;
    if (!refused && c->v->lock == l) refused = GRAT__VXI_ELOCKED;
    if (refused) {
        reply_error(c, refused);
        return;
    }
    vxi_verdict verdict = vxi_lock_gate(c, &(vxi_gate){l, a.flags, a.lock_timeout});
    if (verdict == VXI_WAIT) return;
    if (verdict == VXI_PASS) c->v->lock = l;
    reply_error(c, verdict == VXI_PASS ? GRAT__VXI_OK : GRAT__VXI_ELOCKED);
}

static void device_unlock(vxi_conn *c)
{
    int32_t lid;
    if (grat__vxi_get_lid(c->rpc->call.args, c->rpc->call.args_len, &lid)) {
        garbage(c);
        return;
    }
    const vxi_link *l = vxi_find(c->v, lid);
    uint32_t error = !l ? GRAT__VXI_EBADLINK : c->v->lock != l ? GRAT__VXI_ENOLOCK : GRAT__VXI_OK;
    if (!error) c->v->lock = NULL;
    reply_error(c, error);
    if (!error) vxi_wake(c->v, NULL);
}

/* ---- status, trigger, clear, remote, local, docmd --------------------------------------------- */

static void reply_stb(vxi_conn *c, uint32_t error, uint8_t stb)
{
    grat__vxi_stb_result r = {.error = error, .stb = stb};
    grat__vxi_put_stb_result(sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0), &r);
    sim_rpc_send(c->rpc, NULL, 0);
}

static void act(vxi_conn *c)
{
    sim_vxi *v = c->v;
    const uint8_t *data;
    bool last, mav;
    switch (c->rpc->call.proc) {
    case GRAT__VXI_READSTB:
        mav = v->borrower || sim_source_peek(&v->source, grat_now_ns(), &data, &last) > 0;
        reply_stb(c, 0, sim_instrument_poll(v->in, mav));
        v->rqs = sim_instrument_rqs(v->in);
        return;
    case GRAT__VXI_TRIGGER:
        sim_instrument_trigger(v->in);
        break;
    case GRAT__VXI_CLEAR:
        vxi_settle(v);
        sim_source_clear(&v->source);
        v->in_message = false;
        break;
    default:
        break;    /* remote and local: there is no panel to lock */
    }
    reply_error(c, GRAT__VXI_OK);
}

static void generic(vxi_conn *c)
{
    grat__vxi_generic a;
    bool stb = c->rpc->call.proc == GRAT__VXI_READSTB;
    if (grat__vxi_get_generic(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    const vxi_link *l = vxi_find(c->v, a.lid);
    uint32_t error = !l ? GRAT__VXI_EBADLINK : c->aborted ? GRAT__VXI_EABORT : 0;
    if (!error) {
        vxi_verdict verdict = vxi_lock_gate(c, &(vxi_gate){l, a.flags, a.lock_timeout});
        if (verdict == VXI_WAIT) return;
        if (verdict == VXI_REFUSED) error = GRAT__VXI_ELOCKED;
    }
    if (!error) act(c);
    else if (stb) reply_stb(c, error, 0);
    else reply_error(c, error);
}

static void docmd(vxi_conn *c)
{
    grat__vxi_docmd a;
    if (grat__vxi_get_docmd(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    grat__vxi_docmd_result r = {.error = vxi_find(c->v, a.lid) ? GRAT__VXI_ENOTSUP : GRAT__VXI_EBADLINK};
    grat__vxi_put_docmd_result(sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0), &r);
    sim_rpc_send(c->rpc, NULL, 0);
}

/* ---- service requests ------------------------------------------------------------------------- */

static void close_intr(vxi_conn *c)
{
    if (c->intr_open || c->intr_connecting) sim_watch_close(c->v->loop, &c->intr);
    c->intr_open = c->intr_connecting = false;
}

static void intr_ready(void *user, uint32_t events)
{
    vxi_conn *c = user;
    char sink[512];
    if (c->intr_connecting) {
        int err = 0;
        socklen_t n = sizeof err;
        getsockopt(c->intr.fd, SOL_SOCKET, SO_ERROR, &err, &n);
        c->intr_connecting = false;
        c->intr_open = !err && !(events & (EPOLLERR | EPOLLHUP));
        if (c->intr_open) sim_watch_want(c->v->loop, &c->intr, EPOLLIN);
        else sim_watch_close(c->v->loop, &c->intr);
        resume(c);
        return;
    }
    /* Nothing is expected, but old pyvisa-py replies to interrupts. */
    ssize_t n = recv(c->intr.fd, sink, sizeof sink, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) close_intr(c);
}

static bool intr_connect(vxi_conn *c, const grat__vxi_intr *a)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(a->port), .sin_addr.s_addr = htonl(a->host)};
    const struct sockaddr *own = (const struct sockaddr *)&c->v->addr.sa;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return false;
    /* From the instrument's own address, so that captures and access lists look right. */
    if (own->sa_family == AF_INET) (void)!bind(fd, own, c->v->addr.len);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0 && errno != EINPROGRESS) {
        close(fd);
        return false;
    }
    c->intr = (sim_watch){.ready = intr_ready, .user = c};
    return sim_watch_open(c->v->loop, &c->intr, fd, EPOLLOUT);
}

static void create_intr_chan(vxi_conn *c)
{
    grat__vxi_intr a;
    if (c->io_until) {             /* called again: the connection is there, or has failed */
        bool open = c->intr_open;
        c->io_until = 0;
        if (!open) close_intr(c);
        reply_error(c, open ? GRAT__VXI_OK : GRAT__VXI_ENOCHANNEL);
        return;
    }
    if (grat__vxi_get_intr(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    uint32_t error = 0;
    if (c->intr_open) error = GRAT__VXI_ECHANNEL;
    else if (a.prog != GRAT__VXI_INTR_PROG || a.vers != GRAT__VXI_VERS || a.family != 0) error = GRAT__VXI_ENOTSUP;
    else if (!intr_connect(c, &a)) error = GRAT__VXI_ENOCHANNEL;
    if (error) {
        reply_error(c, error);
        return;
    }
    c->intr_connecting = true;
    c->io_until = grat_now_ns() + INTR_CONNECT_NS;
    vxi_wait(c, INT32_MIN, c->io_until);
}

static void destroy_intr_chan(vxi_conn *c)
{
    bool open = c->intr_open;
    close_intr(c);
    reply_error(c, open ? GRAT__VXI_OK : GRAT__VXI_ENOCHANNEL);
}

static void send_srq(sim_vxi *v, vxi_link *l)
{
    grat__buf b;
    size_t at;
    if (!l->srq || !l->srq->intr_open) return;
    grat__buf_init(&b, 256);
    grat__rpc_mark_begin(&b, &at);
    grat__rpc_put_call(&b, ++v->srq_xid, GRAT__VXI_INTR_PROG, GRAT__VXI_VERS, GRAT__VXI_INTR_SRQ);
    grat__vxi_put_handle(&b, l->handle, l->handle_n);
    grat__rpc_mark_end(&b, at, sim_fault(v->faults, SIM_FAULT_VXI_SRQ_BADLEN) ? 4 : 0);
    if (send(l->srq->intr.fd, b.data, b.len, MSG_NOSIGNAL) != (ssize_t)b.len) close_intr(l->srq);
    grat__buf_free(&b);
}

static void enable_srq(vxi_conn *c)
{
    sim_vxi *v = c->v;
    grat__vxi_srq a;
    if (grat__vxi_get_srq(c->rpc->call.args, c->rpc->call.args_len, &a)) {
        garbage(c);
        return;
    }
    vxi_link *l = vxi_find(v, a.lid);
    if (l) {
        l->srq = a.enable ? c : NULL;
        l->handle_n = a.n <= sizeof l->handle ? a.n : sizeof l->handle;
        memcpy(l->handle, a.handle, l->handle_n);
    }
    reply_error(c, l ? GRAT__VXI_OK : GRAT__VXI_EBADLINK);
    if (l && l->srq && (v->rqs = sim_instrument_rqs(v->in))) send_srq(v, l);
}

/* Sends the service requests that have come up. */
static void vxi_turn(void *server)
{
    sim_vxi *v = server;
    bool rqs = sim_instrument_rqs(v->in);
    if (rqs == v->rqs) return;
    v->rqs = rqs;
    for (unsigned i = 0; rqs && i < VXI_LINKS; i++)
        if (v->link[i].used) send_srq(v, &v->link[i]);
}

/* ---- the core program --------------------------------------------------------------------------- */

static const struct {
    uint32_t proc;
    vxi_proc *run;
} procs[] = {
    {GRAT__VXI_CREATE_LINK, create_link},
    {GRAT__VXI_WRITE, vxi_device_write},
    {GRAT__VXI_READ, vxi_device_read},
    {GRAT__VXI_READSTB, generic},
    {GRAT__VXI_TRIGGER, generic},
    {GRAT__VXI_CLEAR, generic},
    {GRAT__VXI_REMOTE, generic},
    {GRAT__VXI_LOCAL, generic},
    {GRAT__VXI_LOCK, device_lock},
    {GRAT__VXI_UNLOCK, device_unlock},
    {GRAT__VXI_ENABLE_SRQ, enable_srq},
    {GRAT__VXI_DOCMD, docmd},
    {GRAT__VXI_DESTROY_LINK, destroy_link},
    {GRAT__VXI_CREATE_INTR_CHAN, create_intr_chan},
    {GRAT__VXI_DESTROY_INTR_CHAN, destroy_intr_chan},
};

static void dispatch(vxi_conn *c)
{
    for (size_t i = 0; i < sizeof procs / sizeof *procs; i++) {
        if (procs[i].proc != c->rpc->call.proc) continue;
        procs[i].run(c);
        return;
    }
    sim_rpc_fail(c->rpc, GRAT__RPC_PROC_UNAVAIL, 0, 0);
}

/* Answers what every program has in common; false when the call was answered. */
static bool our_program(sim_rpc_conn *r, uint32_t prog)
{
    const grat__rpc_call *call = &r->call;
    if (call->prog == prog && call->vers == GRAT__VXI_VERS && call->proc != 0) return true;
    if (call->prog != prog) sim_rpc_fail(r, GRAT__RPC_PROG_UNAVAIL, 0, 0);
    else if (call->vers != GRAT__VXI_VERS) sim_rpc_fail(r, GRAT__RPC_PROG_MISMATCH, 1, 1);
    else sim_rpc_fail(r, GRAT__RPC_SUCCESS, 0, 0);
    return false;
}

static void core_call(sim_rpc_conn *r)
{
    vxi_conn *c = r->state;
    if (!our_program(r, GRAT__VXI_CORE_PROG)) return;
    c->aborted = c->waiting = false;
    c->lock_until = c->io_until = c->first_ns = 0;
    c->data.len = 0;
    if (c->data.cap > DATA_KEEP) grat__buf_free(&c->data);
    dispatch(c);
}

static bool core_opened(sim_rpc_conn *r)
{
    vxi_conn *c = r->state;
    sim_vxi *v = r->server->user;
    *c = (vxi_conn){.rpc = r, .v = v, .timer = {.fire = on_time, .user = c}, .intr = {.fd = -1}};
    grat__buf_init(&c->data, READ_MAX);
    if (r->next && sim_fault(v->faults, SIM_FAULT_VXI_SECOND_REFUSED)) return false;
    return true;
}

static void core_closed(sim_rpc_conn *r)
{
    vxi_conn *c = r->state;
    sim_vxi *v = c->v;
    if (!v) return;
    if (v->borrower == c) on_sent(r);
    sim_timer_set(v->loop, &c->timer, INT64_MAX);
    close_intr(c);
    bool keep = sim_fault(v->faults, SIM_FAULT_VXI_LINKS_KEPT);
    for (unsigned i = 0; i < VXI_LINKS; i++) {
        vxi_link *l = &v->link[i];
        if (l->used && l->srq == c) l->srq = NULL;
        if (l->used && l->owner == c) {
            l->owner = NULL;
            if (!keep) free_link(v, l);
        }
    }
    grat__buf_free(&c->data);
}

static void abort_call(sim_rpc_conn *r)
{
    sim_vxi *v = r->server->user;
    int32_t lid;
    if (!our_program(r, GRAT__VXI_ABORT_PROG)) return;
    if (r->call.proc != GRAT__VXI_DEVICE_ABORT) {
        sim_rpc_fail(r, GRAT__RPC_PROC_UNAVAIL, 0, 0);
        return;
    }
    if (grat__vxi_get_lid(r->call.args, r->call.args_len, &lid)) {
        sim_rpc_fail(r, GRAT__RPC_GARBAGE_ARGS, 0, 0);
        return;
    }
    bool known = vxi_find(v, lid) != NULL;
    grat__vxi_put_error(sim_rpc_reply(r, GRAT__RPC_SUCCESS, 0, 0), known ? GRAT__VXI_OK : GRAT__VXI_EBADLINK);
    sim_rpc_send(r, NULL, 0);
    /* The abort is answered first: the aborted calls are taken up by their timers. */
    for (sim_rpc_conn *k = v->core.conns; known && k; k = k->next) {
        vxi_conn *c = k->state;
        if (!c->waiting || c->lid != lid) continue;
        c->aborted = true;
        sim_timer_set(v->loop, &c->timer, 0);
    }
}

static const sim_rpc_ops core_ops = {
    .state_size = sizeof(vxi_conn),
    .record_max = RECORD_MAX,
    .opened = core_opened,
    .call = core_call,
    .sent = on_sent,
    .closed = core_closed,
    .instrument = true,
};
static const sim_rpc_ops abort_ops = {.record_max = 1024, .call = abort_call};

static void vxi_close(void *server)
{
    sim_vxi *v = server;
    sim_pmap_free(v->pmap);
    sim_rpcd_close(&v->core);
    sim_rpcd_close(&v->abort);
    sim_source_free(&v->source);
    free(v);
}

static void note(const sim_site *site, const sim_vxi *v)
{
    char text[SIM_RESOURCE_MAX], host[80];
    sim_addr_host(site->addr, host);
    if (v->pmap) snprintf(text, sizeof text, "TCPIP0::%s::inst0::INSTR", host);
    else snprintf(text, sizeof text, "TCPIP0::%s,%u::inst0::INSTR", host, v->core.port);
    sim_note_resource(site, text);
}

static grat_err vxi_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    unsigned port = site->want->vxi_port;
    sim_vxi *v = calloc(1, sizeof *v);
    if (!v || !sim_source_init(&v->source, site->in, SIM_PORT_MESSAGE, site->faults)) {
        free(v);
        return grat_op_fail(op, GRAT_ENOMEM, "VXI-11: out of memory");
    }
    v->loop = site->loop, v->in = site->in, v->faults = site->faults, v->addr = *site->addr;
    v->core = (sim_rpcd){.loop = v->loop, .faults = v->faults, .ops = &core_ops, .user = v, .listener.fd = -1};
    v->abort = (sim_rpcd){.loop = v->loop, .faults = v->faults, .ops = &abort_ops, .user = v, .listener.fd = -1};
    grat_err e = arg ? sim_port_argument(arg, op, &port) : GRAT_OK;
    if (!e) e = sim_rpcd_open(&v->core, site->addr, port, op);
    if (!e) e = sim_rpcd_open(&v->abort, site->addr, 0, op);
    if (!e && !site->want->no_portmapper) e = sim_pmap_new(v->loop, site->faults, site->addr, v, op, &v->pmap);
    if (e) {
        vxi_close(v);
        return e;
    }
    note(site, v);
    *server = v;
    return GRAT_OK;
}

const sim_wire_kind sim_wire_vxi11 = {
    .name = "vxi11",
    .text = "VXI-11 with a port mapper of its own on port 111; vxi11:PORT sets the core port",
    .by_default = true,
    .open = vxi_open,
    .close = vxi_close,
    .turn = vxi_turn,
};

unsigned sim_vxi_core_port(const sim_vxi *v)
{
    return v->core.port;
}

unsigned sim_vxi_abort_port(const sim_vxi *v)
{
    return v->abort.port;
}
