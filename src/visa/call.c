/* Turns on the wire of a session. Calls get their turn in the order in which they were queued, as far as the parts of
 * the wire that they need are free; each can be aborted while it waits and while it runs. A call that waits sleeps on
 * its own cancel handle, so that the same code serves threads and tasks. */
#include "session.h"

#include <stdlib.h>

/* A timeout of nothing still lets the round trip pass that the wire needs. */
#define LEAST_MESSAGE_MS 50
#define LEAST_STREAM_MS 2

static visa_call *new_call(visa_session *s)
{
    visa_call *c = s->spare;
    if (c) {
        s->spare = c->next;
        return c;
    }
    c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->cancel = grat_cancel_new();
    if (!c->cancel) {
        free(c);
        return NULL;
    }
    c->s = s;
    return c;
}

static unsigned lanes_of(const visa_session *s, unsigned lanes)
{
    if ((lanes & LANE_STB) && !(s->caps & GRAT_TCAP_STB_ASIDE)) lanes |= LANE_READ | LANE_WRITE;
    if ((lanes & (LANE_READ | LANE_WRITE)) && !(s->caps & GRAT_TCAP_DUPLEX)) lanes |= LANE_READ | LANE_WRITE;
    return lanes;
}

/* Gives every turn that is due. A call also waits for those before it that need the same lanes. */
static void grant(visa_session *s)
{
    unsigned taken = s->busy;
    for (visa_call *c = s->calls; c; c = c->next) {
        if (c->granted) continue;
        if (!(c->lanes & taken)) {
            c->granted = true;
            s->busy |= c->lanes;
            grat_cancel_fire(c->cancel);
        }
        taken |= c->lanes;
    }
}

visa_call *visa__call_queue(visa_session *s, unsigned lanes, ViJobId job, ViStatus *status)
{
    pthread_mutex_lock(&s->lock);
    visa_call *c = s->closing ? NULL : new_call(s);
    *status = c ? VI_SUCCESS : s->closing ? VI_ERROR_INV_OBJECT : VI_ERROR_ALLOC;
    if (c) {
        c->lanes = lanes_of(s, lanes);
        c->job = job;
        c->aborted = false;
        c->next = NULL;
        *s->calls_end = c;
        s->calls_end = &c->next;
        unsigned taken = s->busy;
        for (visa_call *i = s->calls; i != c; i = i->next) taken |= i->lanes;
        c->granted = !(c->lanes & taken);
        if (c->granted) s->busy |= c->lanes;
    }
    pthread_mutex_unlock(&s->lock);
    return c;
}

static void set_clock(visa_call *c, int64_t timeout_ms)
{
    grat_op_init(&c->op, timeout_ms < 0 ? INT64_MAX : timeout_ms, c->cancel);
    c->op.idle_ns = timeout_ms < 0 || timeout_ms > 1000000000 ? 0 : timeout_ms * 1000000;
}

void visa__call_clock(visa_call *c)
{
    int64_t ms = visa__timeout(c->s), least = c->s->stream ? LEAST_STREAM_MS : LEAST_MESSAGE_MS;
    set_clock(c, ms >= 0 && ms < least ? least : ms);
}

/* The turn came, or the call was aborted; a wake-up for the turn must not end the I/O. */
static ViStatus settled(visa_call *c, bool *done)
{
    visa_session *s = c->s;
    ViStatus st = VI_SUCCESS;
    pthread_mutex_lock(&s->lock);
    if (c->aborted) st = VI_ERROR_ABORT;
    else if (c->granted && grat_cancel_fired(c->cancel)) grat_cancel_reset(c->cancel);
    *done = c->aborted || c->granted;
    pthread_mutex_unlock(&s->lock);
    return st;
}

ViStatus visa__call_wait(visa_call *c, int64_t timeout_ms)
{
    bool done;
    set_clock(c, timeout_ms);
    for (;;) {
        ViStatus st = settled(c, &done);
        if (done) return st;
        grat_err e = grat_op_sleep_until(&c->op, INT64_MAX);
        if (e != GRAT_ETIMEOUT) continue;
        st = settled(c, &done);
        return done ? st : VI_ERROR_TMO;
    }
}

void visa__call_end(visa_call *c)
{
    visa_session *s = c->s;
    pthread_mutex_lock(&s->lock);
    visa_call **at = &s->calls;
    while (*at != c) at = &(*at)->next;
    *at = c->next;
    if (s->calls_end == &c->next) s->calls_end = at;
    if (c->granted) s->busy &= ~c->lanes;
    if (grat_cancel_fired(c->cancel)) grat_cancel_reset(c->cancel);
    c->next = s->spare;
    s->spare = c;
    grant(s);
    pthread_mutex_unlock(&s->lock);
}

ViStatus visa__call_begin(visa_session *s, unsigned lanes, visa_call **c)
{
    ViStatus st;
    *c = visa__call_queue(s, lanes, 0, &st);
    if (!*c) return st;
    st = visa__call_wait(*c, visa__timeout(s));
    if (st) {
        visa__call_end(*c);
        return st;
    }
    visa__call_clock(*c);
    return VI_SUCCESS;
}

bool visa__call_abort(visa_session *s, ViJobId job)
{
    bool found = !job;
    pthread_mutex_lock(&s->lock);
    for (visa_call *c = s->calls; c; c = c->next) {
        if (job && c->job != job) continue;
        c->aborted = found = true;
        grat_cancel_fire(c->cancel);
    }
    pthread_mutex_unlock(&s->lock);
    return found;
}

int64_t visa__timeout(visa_session *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t ms = s->attr.tmo == VI_TMO_INFINITE ? -1 : s->attr.tmo;
    pthread_mutex_unlock(&s->lock);
    return ms;
}

ViStatus visa__status_of(grat_err e)
{
    switch (e) {
    case GRAT_OK: return VI_SUCCESS;
    case GRAT_EINVAL: return VI_ERROR_INV_PARAMETER;
    case GRAT_ENOMEM: return VI_ERROR_ALLOC;
    case GRAT_ETIMEOUT: return VI_ERROR_TMO;
    case GRAT_ECANCELED: return VI_ERROR_ABORT;
    case GRAT_ELOST:
    case GRAT_EDEAD: return VI_ERROR_CONN_LOST;
    case GRAT_EREFUSED:
    case GRAT_ENOHOST:
    case GRAT_EUNREACH:
    case GRAT_ENODEV: return VI_ERROR_RSRC_NFOUND;
    case GRAT_ELOCKED: return VI_ERROR_RSRC_LOCKED;
    case GRAT_ENOTSUP: return VI_ERROR_NSUP_OPER;
    case GRAT_EBUSY: return VI_ERROR_RSRC_BUSY;
    case GRAT_EACCES: return VI_ERROR_NPERMISSION;
    case GRAT_ECERT: return VI_ERROR_SERVER_CERT;
    case GRAT_ERANGE: return VI_ERROR_NSUP_ATTR_STATE;
    case GRAT_EPARSE: return VI_ERROR_INV_RSRC_NAME;
    default: return VI_ERROR_IO;
    }
}

ViStatus visa__call_status(const visa_call *c, grat_err e)
{
    return e == GRAT_ECANCELED || (e && c->aborted) ? VI_ERROR_ABORT : visa__status_of(e);
}
