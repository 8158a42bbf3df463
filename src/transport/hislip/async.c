/* The async channel: requests of one caller at a time, service requests and interrupts in between. Whoever waits first
 * receives for all; the others sleep until something came for them or the receiver leaves. */
#include "core/str.h"
#include "core/wait.h"
#include "transport/hislip/link.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SRQ_MAX = 1000, INTERRUPTED_MS = 1000, TURN_NS = 1000000 };

bool grat__hs_async_init(grat__hs_async *a)
{
    for (unsigned i = 0; i < GRAT__HS_WAITERS; i++) a->wake[i] = -1;
    return pthread_mutex_init(&a->lock, NULL) == 0;
}

void grat__hs_async_reset(grat__hs_async *a)
{
    pthread_mutex_lock(&a->lock);
    grat__hislip_small_next(&a->small);
    a->small.in = (grat__hislip_in){0};
    a->lost = a->answered = a->interrupted = a->unwanted_lock = false;
    a->want = 0;
    a->srq = 0;
    memset(a->owed, 0, sizeof a->owed);
    pthread_mutex_unlock(&a->lock);
}

void grat__hs_async_free(grat__hs_async *a)
{
    for (unsigned i = 0; i < GRAT__HS_WAITERS; i++)
        if (a->wake[i] >= 0) close(a->wake[i]);
    pthread_mutex_destroy(&a->lock);
}

/* Under the lock from here on, but for the receive itself. */

static void wake_others(grat__hs_async *a, grat__hs_waiter me)
{
    static const uint64_t one = 1;
    for (unsigned i = 0; i < GRAT__HS_WAITERS; i++) {
        if (i == me || !a->asleep[i]) continue;
        a->asleep[i] = false;
        if (write(a->wake[i], &one, sizeof one) < 0) continue; /* it is readable already */
    }
}

static void lose(grat__hs_async *a, const char *why)
{
    if (a->lost) return;
    a->lost = true;
    grat__strcpy(a->why, sizeof a->why, why);
}

static void take_answer(grat__hs_async *a)
{
    a->answered = true;
    a->reply = a->small.in.msg;
    a->reply_n = a->small.n;
    memcpy(a->reply_payload, a->small.payload, a->small.n + 1);
}

static void take_message(grat__hs_async *a)
{
    const grat__hislip_msg *m = &a->small.in.msg;
    char why[160];
    switch (m->type) {
    case GRAT__HISLIP_ASYNC_SERVICE_REQUEST:
        if (a->srq < SRQ_MAX) a->srq++;
        return;
    case GRAT__HISLIP_ASYNC_INTERRUPTED:
        a->interrupted = true;
        a->interrupted_id = m->parameter;
        return;
    case GRAT__HISLIP_FATAL_ERROR:
        snprintf(why, sizeof why, "%s (HiSLIP fatal error %u)%s%.80s", grat__hislip_fatal_text(m->control), m->control,
                 a->small.n ? ": " : "", (const char *)a->small.payload);
        lose(a, why);
        return;
    case GRAT__HISLIP_ERROR:
        if (a->want && !a->answered) take_answer(a);
        return;
    default:
        break;
    }
    if (m->type >= GRAT__HISLIP_TYPES) return;
    if (a->owed[m->type]) {
        a->owed[m->type]--;
        if (m->type == GRAT__HISLIP_ASYNC_LOCK_RESPONSE && m->control == GRAT__HISLIP_LOCK_OK) a->unwanted_lock = true;
    } else if (m->type == a->want && !a->answered) {
        take_answer(a);
    }
}

static void take_bytes(grat__hs_async *a, const uint8_t *data, size_t n)
{
    for (size_t at = 0; at < n && !a->lost;) {
        at += grat__hislip_small_feed(&a->small, data + at, n - at);
        if (a->small.in.bad) lose(a, "the async channel carries something that is not HiSLIP");
        if (!a->small.complete) continue;
        take_message(a);
        grat__hislip_small_next(&a->small);
    }
}

static grat_err receive(grat__hs_link *h, grat__hs_waiter me, grat_op *op)
{
    grat__hs_async *a = &h->a;
    uint8_t in[1024];
    struct iovec iov = {in, sizeof in};
    a->receiving = true;
    pthread_mutex_unlock(&a->lock);
    grat_err e = grat__hs_recv(&h->async, &iov, 1, op);
    pthread_mutex_lock(&a->lock);
    a->receiving = false;
    if (!e) take_bytes(a, in, op->count);
    op->count = 0;
    if (e && e != GRAT_ETIMEOUT && e != GRAT_ECANCELED) {
        lose(a, op->text);
        e = GRAT_OK;
    }
    wake_others(a, me);
    return e;
}

static grat_err sleep_until_woken(grat__hs_async *a, grat__hs_waiter me, grat_op *op)
{
    uint64_t count;
    if (a->wake[me] < 0) a->wake[me] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (a->wake[me] < 0) return grat_op_fail(op, GRAT_ENOMEM, "too many open files; raise the limit (ulimit -n)");
    a->asleep[me] = true;
    pthread_mutex_unlock(&a->lock);
    grat_err e = grat__op_wait(op, a->wake[me], POLLIN);
    pthread_mutex_lock(&a->lock);
    a->asleep[me] = false;
    if (read(a->wake[me], &count, sizeof count) < 0) return e;
    return e;
}

typedef bool done_fn(const grat__hs_link *h, const void *arg);

static grat_err wait_for(grat__hs_link *h, grat__hs_waiter me, done_fn *done, const void *arg, grat_op *op)
{
    grat__hs_async *a = &h->a;
    grat_err e = GRAT_OK;
    pthread_mutex_lock(&a->lock);
    while (!e && !done(h, arg)) {
        if (me == GRAT__HS_SRQ && a->renewing) {
            e = sleep_until_woken(a, me, op);
        } else if (a->lost) {
            atomic_store(&h->broken, true);
            e = grat_op_fail(op, GRAT_ELOST, "%s", a->why);
        } else if (a->receiving) {
            e = sleep_until_woken(a, me, op);
        } else {
            e = receive(h, me, op);
        }
    }
    if (done(h, arg)) e = GRAT_OK;
    pthread_mutex_unlock(&a->lock);
    if (!e) op->err = GRAT_OK, op->text[0] = '\0';
    return e;
}

grat_err grat__hs_async_stop(grat__hs_link *h, grat_op *op)
{
    grat__hs_async *a = &h->a;
    grat_err e = GRAT_OK;
    pthread_mutex_lock(&a->lock);
    a->renewing = true;
    if (h->async.fd >= 0) shutdown(h->async.fd, SHUT_RDWR);
    while (!e && a->receiving) e = sleep_until_woken(a, GRAT__HS_REQUEST, op);
    lose(a, "the connection was lost before");
    pthread_mutex_unlock(&a->lock);
    return e;
}

void grat__hs_async_renewed(grat__hs_async *a)
{
    pthread_mutex_lock(&a->lock);
    a->renewing = false;
    wake_others(a, GRAT__HS_REQUEST);
    pthread_mutex_unlock(&a->lock);
}

/* Seldom waited for. */
grat_err grat__hs_turn(grat__hs_link *h, grat_op *op)
{
    while (atomic_exchange(&h->asking, true)) {
        grat_err e = grat_op_sleep_until(op, grat_now_ns() + TURN_NS);
        if (e) return e;
    }
    return GRAT_OK;
}

void grat__hs_turn_over(grat__hs_link *h)
{
    atomic_store(&h->asking, false);
}

/* ---- requests --------------------------------------------------------------------------------- */

static bool is_answered(const grat__hs_link *h, const void *arg)
{
    (void)arg;
    return h->a.answered;
}

grat_err grat__hs_request_begin(grat__hs_link *h, const grat__hs_out *m, uint8_t want, grat_op *op)
{
    if (h->async.fd < 0 || atomic_load(&h->broken)) return grat__hs_lost(h, "the connection was lost before", op);
    pthread_mutex_lock(&h->a.lock);
    h->a.want = want;
    h->a.answered = false;
    pthread_mutex_unlock(&h->a.lock);
    grat_err e = grat__hs_post(h, &h->async, m, op);
    if (!e) return GRAT_OK;
    pthread_mutex_lock(&h->a.lock);
    h->a.want = 0;
    pthread_mutex_unlock(&h->a.lock);
    return e;
}

void grat__hs_request_give_up(grat__hs_link *h)
{
    pthread_mutex_lock(&h->a.lock);
    if (h->a.want && !h->a.answered) h->a.owed[h->a.want]++;
    h->a.want = 0;
    pthread_mutex_unlock(&h->a.lock);
}

grat_err grat__hs_request_wait(grat__hs_link *h, grat_op *op)
{
    return wait_for(h, GRAT__HS_REQUEST, is_answered, NULL, op);
}

grat_err grat__hs_request(grat__hs_link *h, const grat__hs_out *m, uint8_t want, grat_op *op)
{
    grat_err e = grat__hs_request_begin(h, m, want, op);
    if (e) return e;
    e = grat__hs_request_wait(h, op);
    grat__hs_request_give_up(h);
    if (e) return e;
    if (h->a.reply.type == GRAT__HISLIP_ERROR)
        return grat__hs_device_error(h, h->a.reply.control, h->a.reply_payload, op);
    return GRAT_OK;
}

static bool nothing_owed(const grat__hs_link *h, const void *arg)
{
    return h->a.owed[*(const uint8_t *)arg] == 0;
}

grat_err grat__hs_await_owed(grat__hs_link *h, uint8_t type, grat_op *op)
{
    return wait_for(h, GRAT__HS_REQUEST, nothing_owed, &type, op);
}

/* ---- interrupts and service requests -------------------------------------------------------------- */

static bool is_interrupted(const grat__hs_link *h, const void *arg)
{
    return h->a.interrupted && h->a.interrupted_id == *(const uint32_t *)arg;
}

grat_err grat__hs_await_interrupted(grat__hs_link *h, grat_op *op)
{
    uint32_t id = atomic_load(&h->interrupted_id);
    grat_op child;
    grat__op_child(&child, op, INTERRUPTED_MS);
    grat_err e = wait_for(h, GRAT__HS_WRITER, is_interrupted, &id, &child);
    /* A server that sends one of the two alone does not stop us: identifiers keep the answers apart. */
    if (e == GRAT_ETIMEOUT && !grat_op_check(op)) e = GRAT_OK;
    if (e) return grat__op_adopt(op, &child);
    atomic_store(&h->interrupted, false);
    return GRAT_OK;
}

/* A request that came before anybody asked for them counts, unless a status byte was read since. */
grat_err grat__hs_srq_enable(void *p, bool on, grat_op *op)
{
    grat__hs_link *h = p;
    grat__hs_async *a = &h->a;
    uint8_t in[1024];
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (h->async.fd < 0 || atomic_load(&h->broken)) return grat__hs_lost(h, "the connection was lost before", op);
    pthread_mutex_lock(&a->lock);
    if (!a->receiving) take_bytes(a, in, grat__hs_recv_now(&h->async, in, sizeof in));
    a->srq_on = on;
    if (!on) a->srq = 0;
    pthread_mutex_unlock(&a->lock);
    return GRAT_OK;
}

void grat__hs_status_read(grat__hs_link *h)
{
    pthread_mutex_lock(&h->a.lock);
    if (!h->a.srq_on) h->a.srq = 0;
    pthread_mutex_unlock(&h->a.lock);
}

static bool has_srq(const grat__hs_link *h, const void *arg)
{
    (void)arg;
    return h->a.srq > 0;
}

grat_err grat__hs_srq_wait(void *p, grat_op *op)
{
    grat__hs_link *h = p;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    pthread_mutex_lock(&h->a.lock);
    bool on = h->a.srq_on;
    pthread_mutex_unlock(&h->a.lock);
    if (!on) return grat_op_fail(op, GRAT_EINVAL, "%s: service requests are not enabled", h->name);
    e = wait_for(h, GRAT__HS_SRQ, has_srq, NULL, op);
    if (e) return grat__hs_blame(h, "wait for a service request", op);
    pthread_mutex_lock(&h->a.lock);
    if (h->a.srq) h->a.srq--;
    pthread_mutex_unlock(&h->a.lock);
    return GRAT_OK;
}
