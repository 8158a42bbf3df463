/* device_write and device_read. */
#include "sim/serve/vxi11_int.h"

#include <string.h>

#define NS_PER_MS 1000000
#define COPY_BELOW 65536         /* smaller pieces are copied together, larger ones sent in place */

static void write_reply(vxi_conn *c, uint32_t error, size_t n)
{
    grat__buf *b = sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0);
    grat__vxi_put_write_result(b, &(grat__vxi_write_result){.error = error, .size = (uint32_t)n});
    sim_rpc_send(c->rpc, NULL, 0);
}

/* A new message while a response is unread: IEEE 488.2 INTERRUPTED. */
static void interrupt(sim_vxi *v)
{
    if (v->in_message || !sim_source_pending(&v->source)) return;
    sim_source_clear(&v->source);
    sim_instrument_query_error(v->in, -410);
}

void vxi_device_write(vxi_conn *c)
{
    sim_vxi *v = c->v;
    grat__vxi_write w;
    if (grat__vxi_get_write(c->rpc->call.args, c->rpc->call.args_len, &w)) {
        sim_rpc_fail(c->rpc, GRAT__RPC_GARBAGE_ARGS, 0, 0);
        return;
    }
    const vxi_link *l = vxi_find(v, w.lid);
    if (!l || c->aborted || w.n > l->max_recv) {
        write_reply(c, !l ? GRAT__VXI_EBADLINK : c->aborted ? GRAT__VXI_EABORT : GRAT__VXI_EPARAM, 0);
        return;
    }
    vxi_verdict verdict = vxi_lock_gate(c, &(vxi_gate){l, w.flags, w.lock_timeout});
    if (verdict == VXI_REFUSED) write_reply(c, GRAT__VXI_ELOCKED, 0);
    if (verdict != VXI_PASS) return;
    bool end = w.flags & GRAT__VXI_FLAG_END;
    if (w.n > 1 && sim_fault(v->faults, SIM_FAULT_VXI_PARTIAL_WRITE)) w.n /= 2, end = false;
    if (w.n) {
        vxi_settle(v);
        interrupt(v);
        v->in_message = !end && w.data[w.n - 1] != '\n';
        sim_port_input(v->source.port, w.data, w.n, end);
    }
    write_reply(c, GRAT__VXI_OK, w.n);
    vxi_wake(v, NULL);
}

typedef struct piece {
    const uint8_t *data;         /* sent in place behind what was collected */
    size_t n;
    uint32_t reason;
    bool whole;                  /* nothing more is to be waited for */
} piece;

static void keep(vxi_conn *c, piece *p)
{
    if (!p->n) return;
    if (grat__buf_put(&c->data, p->data, p->n) != GRAT_OK) c->rpc->reset_after = 1;
    sim_source_consume(&c->v->source, p->n);
    p->n = 0;
}

/* Takes what is ready, until END, the requested size, the termination character or the end of what there is. Pieces
 * are copied behind one another, but for the last one. */
static piece collect(vxi_conn *c, const grat__vxi_read *r, size_t want)
{
    piece p = {0};
    bool last = false;
    int64_t now = grat_now_ns();
    while (!p.whole) {
        const uint8_t *data;
        keep(c, &p);
        size_t n = sim_source_peek(&c->v->source, now, &data, &last);
        if (!n) return p;
        if (n > want - c->data.len) n = want - c->data.len, last = false;
        const uint8_t *hit = r->flags & GRAT__VXI_FLAG_TERMCHR ? memchr(data, r->term, n) : NULL;
        if (hit) {
            p.reason |= GRAT__VXI_REASON_CHR;
            last = last && (size_t)(hit - data) + 1 == n;
            n = (size_t)(hit - data) + 1;
        }
        p.data = data, p.n = n;
        if (last) p.reason |= GRAT__VXI_REASON_END;
        if (c->data.len + n == r->request_size) p.reason |= GRAT__VXI_REASON_REQCNT;
        p.whole = p.reason || c->data.len + n == want;
    }
    return p;
}

static void read_reply(vxi_conn *c, uint32_t error, piece *p)
{
    sim_vxi *v = c->v;
    if (p->n < COPY_BELOW) keep(c, p);
    size_t total = c->data.len + p->n;
    if (total > 1 && v->faults->count) {
        if (sim_fault(v->faults, SIM_FAULT_VXI_RESET)) c->rpc->reset_after = total / 2 + 40;
    }
    grat__buf *b = sim_rpc_reply(c->rpc, GRAT__RPC_SUCCESS, 0, 0);
    grat__vxi_read_result result = {.error = error, .reason = p->reason, .n = total};
    grat__vxi_put_read_result_head(b, &result);
    c->first_ns = c->io_until = 0;
    if (!p->n && c->data.len >= COPY_BELOW) {
        sim_rpc_send(c->rpc, c->data.data, c->data.len);
        return;
    }
    grat__buf_put(b, c->data.data, c->data.len);
    if (p->n) v->borrower = c, v->borrowed = p->n;
    sim_rpc_send(c->rpc, p->data, p->n);
}

/* The faults that cut one read: the rest stays for the next. */
static size_t cut_read(vxi_conn *c, size_t want, uint32_t *error, bool *reason0)
{
    sim_faults *f = c->v->faults;
    const uint8_t *data;
    bool last;
    if (!f->count) return want;
    if (sim_fault(f, SIM_FAULT_VXI_REASON0)) {
        size_t most = (size_t)sim_fault_argument(f, SIM_FAULT_VXI_REASON0);
        if (most && most < want) want = most, *reason0 = true;
    }
    size_t n = c->v->borrower ? 0 : sim_source_peek(&c->v->source, grat_now_ns(), &data, &last);
    if (n > 1 && sim_fault(f, SIM_FAULT_VXI_PARTIAL15)) {
        want = n / 2 < want ? n / 2 : want;
        *error = GRAT__VXI_ETIMEOUT;
    }
    return want;
}

/* The first look at a call: refusals, and the clock starts. False when it was answered. */
static bool start_read(vxi_conn *c, const grat__vxi_read *r)
{
    sim_vxi *v = c->v;
    piece none = {.reason = 0};
    vxi_settle(v);
    if (!sim_source_pending(&v->source) && !v->in_message && r->request_size)
        sim_instrument_query_error(v->in, -420);
    c->io_until = grat_now_ns() + (int64_t)r->io_timeout * NS_PER_MS;
    if (r->request_size && !(sim_fault(v->faults, SIM_FAULT_VXI_MAXREAD) &&
                             r->request_size > sim_fault_argument(v->faults, SIM_FAULT_VXI_MAXREAD)))
        return true;
    none.reason = r->request_size ? 0 : GRAT__VXI_REASON_REQCNT;
    read_reply(c, r->request_size ? GRAT__VXI_EPARAM : GRAT__VXI_OK, &none);
    return false;
}

static void continue_read(vxi_conn *c, const grat__vxi_read *r)
{
    uint32_t error = 0;
    bool reason0 = false;
    int64_t now = grat_now_ns(), half = (int64_t)r->io_timeout * NS_PER_MS / 2;
    size_t want = r->request_size < c->data.max ? r->request_size : c->data.max;
    vxi_settle(c->v);
    want = cut_read(c, want, &error, &reason0);
    piece p = {0};
    if (c->data.len < want) p = collect(c, r, want);
    if (error) p.reason = 0;
    if (reason0 && !(p.reason & GRAT__VXI_REASON_END)) p.reason = 0;
    bool some = c->data.len + p.n > 0;
    if (some && !c->first_ns) c->first_ns = now;
    /* A slow link: half of the time is kept for the client, which gets what there is with reason 0. */
    if (p.whole || c->data.len >= want || (some && now - c->first_ns >= half)) {
        read_reply(c, error, &p);
        return;
    }
    keep(c, &p);
    if (c->rpc->reset_after || now >= c->io_until) {
        read_reply(c, GRAT__VXI_ETIMEOUT, &p);
        return;
    }
    int64_t next = sim_source_next(&c->v->source), until = some ? c->first_ns + half : c->io_until;
    if (until > c->io_until) until = c->io_until;
    vxi_wait(c, r->lid, next < until ? next : until);
}

void vxi_device_read(vxi_conn *c)
{
    grat__vxi_read r;
    piece none = {.reason = 0};
    if (grat__vxi_get_read(c->rpc->call.args, c->rpc->call.args_len, &r)) {
        sim_rpc_fail(c->rpc, GRAT__RPC_GARBAGE_ARGS, 0, 0);
        return;
    }
    const vxi_link *l = vxi_find(c->v, r.lid);
    if (!l || c->aborted) {
        read_reply(c, l ? GRAT__VXI_EABORT : GRAT__VXI_EBADLINK, &none);
        return;
    }
    if (!c->io_until) {
        vxi_verdict verdict = vxi_lock_gate(c, &(vxi_gate){l, r.flags, r.lock_timeout});
        if (verdict == VXI_REFUSED) read_reply(c, GRAT__VXI_ELOCKED, &none);
        if (verdict != VXI_PASS || !start_read(c, &r)) return;
    }
    continue_read(c, &r);
}
