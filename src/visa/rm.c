/* The resource manager, opening and closing. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECT_MS = 5000 };

/* ---- the resource manager's sessions ------------------------------------------------------------ */

static void rm_destroy(visa_object *o)
{
    free(o);
}

VISA_API ViStatus viOpenDefaultRM(ViPSession vi)
{
    if (!vi) return VI_ERROR_USER_BUF;
    *vi = VI_NULL;
    visa_rm *rm = calloc(1, sizeof *rm);
    if (!rm) return VI_ERROR_ALLOC;
    rm->base.kind = VISA_RM;
    rm->base.destroy = rm_destroy;
    visa__attr_defaults(VISA_CLASS_RM, &rm->attr);
    visa__object_add(&rm->base);
    *vi = rm->base.handle;
    return VI_SUCCESS;
}

#undef viGetDefaultRM
VISA_API ViStatus viGetDefaultRM(ViPSession vi);
VISA_API ViStatus viGetDefaultRM(ViPSession vi)
{
    return viOpenDefaultRM(vi);
}

/* ---- sessions --------------------------------------------------------------------------------------- */

visa_session *visa__session_get(ViSession vi, ViStatus *status)
{
    return (visa_session *)visa__object_get(vi, VISA_SESSION, status);
}

void visa__session_put(visa_session *s)
{
    visa__object_put(&s->base);
}

static void session_destroy(visa_object *o)
{
    visa_session *s = (visa_session *)o;
    grat_close(s->wire);
    if (s->shared) {
        visa__lock_drop_all(s);
        visa__shared_put(s->shared);
    }
    for (visa_call *c; (c = s->spare);) {
        s->spare = c->next;
        grat_cancel_free(c->cancel);
        free(c);
    }
    visa__events_free(s);
    visa__buf_free(s);
    for (int i = 0; i < LISTENERS; i++) grat_cancel_free(s->listener[i].cancel);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->fmt_lock);
    pthread_mutex_destroy(&s->listen_lock);
    free(s);
}

static visa_session *session_new(ViSession rm, const visa_rsrc *r)
{
    pthread_condattr_t monotonic;
    visa_session *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->base = (visa_object){.kind = VISA_SESSION, .destroy = session_destroy, .refs = 1};
    s->rm = rm;
    s->rsrc = *r;
    s->calls_end = &s->calls;
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->fmt_lock, NULL);
    pthread_mutex_init(&s->listen_lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    visa__attr_defaults(r->rclass, &s->attr);
    visa__events_init(&s->events);
    s->shared = visa__shared_get(r->name);
    bool whole = s->shared;
    for (int i = 0; i < LISTENERS; i++) whole = (s->listener[i].cancel = grat_cancel_new()) && whole;
    if (whole && !visa__buf_init(s)) return s;
    visa__object_put(&s->base);
    return NULL;
}

/* The failure of a connection as viOpen says it. */
static ViStatus open_status(const visa_rsrc *r, grat_err e)
{
    switch (e) {
    case GRAT_ELOST:
    case GRAT_EINVAL: return VI_ERROR_RSRC_NFOUND;
    case GRAT_ENOTSUP: return r->intf_type == VI_INTF_GPIB ? VI_ERROR_INTF_NUM_NCONFIG : VI_ERROR_RSRC_NFOUND;
    case GRAT_ECANCELED: return VI_ERROR_ABORT;
    default: return visa__status_of(e);
    }
}

/* Interface 0 was asked for, and the instrument is another one: it has one name, whatever it was opened by. */
static bool name_interface(visa_session *s, grat_op *op)
{
    grat_value v = {0};
    if (grat_attr_get(s->wire, GRAT_ATTR_USB_INTERFACE, &v, op) || v.number == s->rsrc.r.usb_interface) return true;
    s->rsrc.r.usb_interface = (int)v.number;
    if (!visa__rsrc_name(&s->rsrc)) return false;
    visa_shared *sh = visa__shared_get(s->rsrc.name);
    if (!sh) return false;
    visa__shared_put(s->shared);
    s->shared = sh;
    return true;
}

static ViStatus connect_wire(visa_session *s, ViUInt32 timeout)
{
    grat_open_options opt = {.size = sizeof opt, .plain = true, .no_sync = true};
    grat_op op;
    /* The argument is the wait for a lock, and PyVISA's is 0: connecting has a limit of its own. */
    grat_op_init(&op, timeout > CONNECT_MS ? (int64_t)timeout : CONNECT_MS, NULL);
    grat_err e = grat_open(s->rsrc.target, &opt, &op, &s->wire);
    if (e) return open_status(&s->rsrc, e);
    if (s->rsrc.rclass == VISA_CLASS_USB && !name_interface(s, &op)) return VI_ERROR_ALLOC;
    s->caps = grat_session_caps(s->wire);
    s->stream = !(s->caps & GRAT_TCAP_END);
    /* Ours are connected with keepalive on; VISA's attribute begins as off. */
    if (s->rsrc.rclass == VISA_CLASS_SOCKET) grat_attr_set(s->wire, GRAT_ATTR_TCP_KEEPALIVE, s->attr.keepalive, &op);
    return VI_SUCCESS;
}

ViStatus visa__session_open(ViSession rm, const visa_rsrc *r, ViAccessMode mode, ViUInt32 timeout, visa_session **out)
{
    visa_session *s = session_new(rm, r);
    if (!s) return VI_ERROR_ALLOC;
    ViStatus st = connect_wire(s, timeout);
    if (!st && (mode & (VI_EXCLUSIVE_LOCK | VI_SHARED_LOCK))) {
        st = visa__lock_take(s, mode & VI_EXCLUSIVE_LOCK ? VI_EXCLUSIVE_LOCK : VI_SHARED_LOCK, timeout, NULL, NULL);
        if (st == VI_ERROR_TMO) st = VI_ERROR_RSRC_LOCKED;
    }
    if (st) {
        visa__object_put(&s->base);
        return st;
    }
    *out = s;
    return VI_SUCCESS;
}

VISA_API ViStatus viOpen(ViSession rm, ViConstRsrc name, ViAccessMode mode, ViUInt32 timeout, ViPSession vi)
{
    visa_rsrc r;
    visa_session *s;
    ViStatus st;
    if (vi) *vi = VI_NULL;
    visa_object *manager = visa__object_get(rm, VISA_RM, &st);
    if (!manager) return st;
    if (!vi || !name) st = VI_ERROR_USER_BUF;
    else if (mode & ~(ViAccessMode)(VI_EXCLUSIVE_LOCK | VI_SHARED_LOCK | VI_LOAD_CONFIG)) st = VI_ERROR_INV_ACC_MODE;
    if (!st) st = visa__rsrc_parse(name, &r);
    if (!st) st = visa__session_open(rm, &r, mode, timeout, &s);
    if (!st) {
        visa__object_add(&s->base);
        *vi = s->base.handle;
        visa__object_put(&s->base);
        if (mode & VI_LOAD_CONFIG) st = VI_WARN_CONFIG_NLOADED;
        /* The manager was closed meanwhile, and did not see this session. */
        ViStatus gone;
        visa_object *again = visa__object_get(rm, VISA_RM, &gone);
        visa__object_put(again);
        if (!again) {
            viClose(*vi);
            *vi = VI_NULL;
            st = VI_ERROR_INV_OBJECT;
        }
    }
    visa__object_put(manager);
    return st;
}

/* ---- closing ----------------------------------------------------------------------------------------- */

/* After this nothing runs on the session and nothing of it is called back, but for the handlers below us on the stack:
 * with the last of them the session goes. */
static void close_session(visa_session *s)
{
    unsigned below = visa__handler_refs(s);
    pthread_mutex_lock(&s->lock);
    s->closing = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    visa__call_abort(s, 0);
    visa__lock_wake(s);
    visa__listen(s, true);
    visa__events_stop(s);
    visa__object_wait(&s->base, 1 + below);
    visa__poller_leave(s);
}

static bool belongs_to(visa_object *o, void *rm)
{
    const ViSession *handle = rm;
    return o->kind == VISA_SESSION && ((visa_session *)o)->rm == *handle;
}

static void close_rm(ViSession rm)
{
    visa_object *some[32];
    unsigned n;
    while ((n = visa__object_list(VISA_SESSION, belongs_to, &rm, some, 32))) {
        for (unsigned i = 0; i < n; i++) visa__close_object(some[i]);
    }
    visa__find_close_all(rm);
}

ViStatus visa__close_object(visa_object *o)
{
    if (!visa__object_remove(o)) {
        visa__object_put(o);
        return VI_ERROR_INV_OBJECT;
    }
    if (o->kind == VISA_RM) close_rm(o->handle);
    visa__object_put(o); /* the table's */
    if (o->kind == VISA_SESSION) close_session((visa_session *)o);
    visa__object_put(o);
    return VI_SUCCESS;
}

VISA_API ViStatus viClose(ViObject vi)
{
    ViStatus st;
    if (vi == VI_NULL) return VI_WARN_NULL_OBJECT;
    visa_object *o = visa__object_get(vi, VISA_ANY, &st);
    return o ? visa__close_object(o) : st;
}
