/* Events: what is enabled, the two queues, and handlers.
 *
 * Handlers of a session run in a thread of the session, started when a handler is enabled, so that a slow one delays
 * nobody else; the exception handlers run in the thread of the call that failed. None is called under a lock.
 * `frames` is what runs on this thread's stack: a handler that closes its own session or uninstalls itself must not
 * wait for itself. */
#include "session.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HANDLERS_AT_ONCE 32

static const ViEventType types[EV_COUNT] = {
    [EV_IO] = VI_EVENT_IO_COMPLETION, [EV_EXCEPTION] = VI_EVENT_EXCEPTION, [EV_SRQ] = VI_EVENT_SERVICE_REQ,
    [EV_USB_INTR] = VI_EVENT_USB_INTR, [EV_CIC] = VI_EVENT_GPIB_CIC, [EV_TALK] = VI_EVENT_GPIB_TALK,
    [EV_LISTEN] = VI_EVENT_GPIB_LISTEN, [EV_CLEAR] = VI_EVENT_CLEAR, [EV_TRIG] = VI_EVENT_TRIG,
};

typedef struct frame {
    struct frame *below;
    const visa_session *s;
    const visa_handler *h;
} frame;

static _Thread_local frame *frames;

unsigned visa__handler_refs(const visa_session *s)
{
    unsigned n = 0;
    for (frame *f = frames; f; f = f->below) n += f->s == s;
    return n;
}

static unsigned frames_of(const visa_handler *h)
{
    unsigned n = 0;
    for (frame *f = frames; f; f = f->below) n += f->h == h;
    return n;
}

/* ---- which ------------------------------------------------------------------------------------------ */

static int index_of(ViEventType type)
{
    for (int i = 0; i < EV_COUNT; i++) {
        if (types[i] == type) return i;
    }
    return -1;
}

static bool defined_for(const visa_session *s, int i)
{
    switch (i) {
    case EV_IO:
    case EV_EXCEPTION: return true;
    case EV_SRQ: return !(s->rsrc.rclass & (VISA_CLASS_SOCKET | VISA_CLASS_USB_RAW));
    case EV_USB_INTR: return s->rsrc.rclass & (VISA_CLASS_USB | VISA_CLASS_USB_RAW);
    default: return s->rsrc.rclass == VISA_CLASS_INTFC;
    }
}

/* The index, EV_COUNT for "all that is enabled", or -1. */
static int which(const visa_session *s, ViEventType type)
{
    if (type == VI_ALL_ENABLED_EVENTS) return EV_COUNT;
    int i = index_of(type);
    return i >= 0 && defined_for(s, i) ? i : -1;
}

/* ---- queues ------------------------------------------------------------------------------------------ */

static void queue_init(visa_queue *q)
{
    *q = (visa_queue){.end = &q->first};
}

void visa__events_init(visa_events *ev)
{
    queue_init(&ev->queue);
    queue_init(&ev->suspended);
    queue_init(&ev->deliver);
}

static void event_destroy(visa_object *o)
{
    free(o);
}

static visa_event *event_copy(const visa_event *from)
{
    visa_event *e = malloc(sizeof *e);
    if (!e) return NULL;
    *e = *from;
    e->base = (visa_object){.kind = VISA_EVENT, .destroy = event_destroy};
    e->next = NULL;
    return e;
}

/* Full: the new one is dropped, and the next wait says so. */
static void queue_put(visa_queue *q, const visa_event *from, int64_t most)
{
    visa_event *e = q->n < most ? event_copy(from) : NULL;
    if (!e) {
        q->overflow = true;
        return;
    }
    *q->end = e;
    q->end = &e->next;
    q->n++;
}

static visa_event *queue_take(visa_queue *q, ViEventType type)
{
    visa_event **at = &q->first;
    while (*at && type != VI_ALL_ENABLED_EVENTS && (*at)->type != type) at = &(*at)->next;
    visa_event *e = *at;
    if (!e) return NULL;
    *at = e->next;
    if (q->end == &e->next) q->end = at;
    q->n--;
    return e;
}

static unsigned queue_drop(visa_queue *q, ViEventType type)
{
    unsigned n = 0;
    for (visa_event *e; (e = queue_take(q, type)); n++) free(e);
    if (!q->n) q->overflow = false;
    return n;
}

static bool queue_has(const visa_queue *q, ViEventType type)
{
    for (const visa_event *e = q->first; e; e = e->next) {
        if (type == VI_ALL_ENABLED_EVENTS || e->type == type) return true;
    }
    return false;
}

/* ---- delivery ------------------------------------------------------------------------------------------ */

static void handler_put(visa_handler *h)
{
    if (--h->refs == 0) free(h);
}

/* Calls the handlers of one event, the latest first, until one says that it was the last. With the session's lock,
 * which is released around each call; the event is an object of its own meanwhile, and gone afterwards. */
static void call_handlers(visa_session *s, visa_event *e)
{
    visa_handler *list[HANDLERS_AT_ONCE];
    unsigned n = 0;
    bool go_on = true;
    ViEventType type = e->type;
    for (visa_handler *h = s->events.handlers; h && n < HANDLERS_AT_ONCE; h = h->next) {
        if (h->type != type) continue;
        h->refs++;
        list[n++] = h;
    }
    ViEvent context = VI_NULL;
    if (n) {
        visa__object_add(&e->base);
        visa__object_ref(&e->base);
        context = e->base.handle;
    }
    for (unsigned i = 0; i < n; i++) {
        visa_handler *h = list[i];
        if (go_on && !h->removed && !s->closing) {
            frame f = {frames, s, h};
            frames = &f;
            h->running++;
            pthread_mutex_unlock(&s->lock);
            go_on = (ViInt32)h->fn(s->base.handle, type, context, h->user) != (ViInt32)VI_SUCCESS_NCHAIN;
            pthread_mutex_lock(&s->lock);
            frames = f.below;
            h->running--;
        }
        handler_put(h);
    }
    pthread_cond_broadcast(&s->changed);
    if (!n) {
        free(e);
        return;
    }
    /* The handler may have closed it itself. */
    if (visa__object_remove(&e->base)) visa__object_put(&e->base);
    visa__object_put(&e->base);
}

static void *deliver(void *arg)
{
    visa_session *s = arg;
    pthread_mutex_lock(&s->lock);
    while (!s->closing) {
        visa_event *e = queue_take(&s->events.deliver, VI_ALL_ENABLED_EVENTS);
        if (e) call_handlers(s, e);
        else pthread_cond_wait(&s->changed, &s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    visa__session_put(s);
    return NULL;
}

/* With the lock. The thread has a reference of its own. */
static ViStatus start_thread(visa_session *s)
{
    if (s->events.thread || s->closing) return VI_SUCCESS;
    visa__object_ref(&s->base);
    if (!visa__thread_start(&s->events.id, deliver, s)) {
        visa__object_put(&s->base);
        return VI_ERROR_ALLOC;
    }
    s->events.thread = true;
    return VI_SUCCESS;
}

void visa__events_stop(visa_session *s)
{
    pthread_mutex_lock(&s->lock);
    bool join = s->events.thread && !s->events.detached && !pthread_equal(s->events.id, pthread_self());
    bool detach = s->events.thread && !s->events.detached && !join;
    s->events.detached = true;
    pthread_mutex_unlock(&s->lock);
    if (join) pthread_join(s->events.id, NULL);
    if (detach) pthread_detach(s->events.id);
}

void visa__events_free(visa_session *s)
{
    queue_drop(&s->events.queue, VI_ALL_ENABLED_EVENTS);
    queue_drop(&s->events.suspended, VI_ALL_ENABLED_EVENTS);
    queue_drop(&s->events.deliver, VI_ALL_ENABLED_EVENTS);
    for (visa_handler *h; (h = s->events.handlers);) {
        s->events.handlers = h->next;
        handler_put(h);
    }
}

void visa__event_raise(visa_session *s, const visa_event *e)
{
    int i = index_of(e->type);
    pthread_mutex_lock(&s->lock);
    ViUInt16 mech = s->closing || i < 0 ? 0 : s->events.mech[i];
    if (mech & VI_QUEUE) queue_put(&s->events.queue, e, s->attr.max_queue);
    if (mech & VI_SUSPEND_HNDLR) queue_put(&s->events.suspended, e, s->attr.max_queue);
    if (mech & VI_HNDLR) queue_put(&s->events.deliver, e, INT64_MAX);
    if (mech) pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

ViStatus visa__exception(visa_session *s, const char *oper, ViStatus status)
{
    if (status >= 0) return status;
    pthread_mutex_lock(&s->lock);
    if ((s->events.mech[EV_EXCEPTION] & VI_HNDLR) && !s->closing) {
        visa_event about = {.type = VI_EVENT_EXCEPTION, .status = status, .oper = oper};
        visa_event *e = event_copy(&about);
        if (e) call_handlers(s, e);
    }
    pthread_mutex_unlock(&s->lock);
    return status;
}

/* ---- enabling -------------------------------------------------------------------------------------------- */

static bool has_handler(const visa_session *s, ViEventType type)
{
    const visa_handler *h = s->events.handlers;
    while (h && h->type != type) h = h->next;
    return h != NULL;
}

static ViStatus check_enable(visa_session *s, int i, ViUInt16 mech, ViEventFilter context)
{
    const ViUInt16 both = VI_HNDLR | VI_SUSPEND_HNDLR;
    if (context) return VI_ERROR_INV_CONTEXT;
    if (!mech || (mech & ~(VI_QUEUE | both)) || (mech & both) == both) return VI_ERROR_INV_MECH;
    if (i == EV_COUNT) return VI_SUCCESS;
    if (i == EV_EXCEPTION && mech != VI_HNDLR) return VI_ERROR_NSUP_MECH;
    pthread_mutex_lock(&s->lock);
    bool handler = has_handler(s, types[i]);
    pthread_mutex_unlock(&s->lock);
    return (mech & both) && !handler ? VI_ERROR_HNDLR_NINSTALLED : VI_SUCCESS;
}

/* Suspended events go to the handlers once these may be called again. */
static void resume(visa_session *s, ViEventType type)
{
    for (visa_event *e; (e = queue_take(&s->events.suspended, type));) {
        queue_put(&s->events.deliver, e, INT64_MAX);
        free(e);
    }
}

/* With the lock. */
static ViStatus enable_one(visa_session *s, int i, ViUInt16 mech)
{
    ViUInt16 *now = &s->events.mech[i];
    ViStatus st = *now & mech ? VI_SUCCESS_EVENT_EN : VI_SUCCESS;
    if (mech & (VI_HNDLR | VI_SUSPEND_HNDLR)) *now &= (ViUInt16)~(VI_HNDLR | VI_SUSPEND_HNDLR);
    *now |= mech;
    s->events.ever = true;
    if (mech & VI_HNDLR && i != EV_EXCEPTION) {
        if (start_thread(s)) return VI_ERROR_ALLOC;
        resume(s, types[i]);
        pthread_cond_broadcast(&s->changed);
    }
    return st;
}

static ViStatus enable(visa_session *s, int i, ViUInt16 mech)
{
    ViStatus st = VI_SUCCESS;
    pthread_mutex_lock(&s->lock);
    ViUInt16 before = i < EV_COUNT ? s->events.mech[i] : 0;
    if (i < EV_COUNT) st = enable_one(s, i, mech);
    for (int k = 0; i == EV_COUNT && k < EV_COUNT && st >= 0; k++) {
        bool fits = s->events.mech[k] && (!(mech & (VI_HNDLR | VI_SUSPEND_HNDLR)) || has_handler(s, types[k]));
        if (fits && k != EV_EXCEPTION) st = enable_one(s, k, mech);
    }
    pthread_mutex_unlock(&s->lock);
    /* Listening begins when an event would be delivered, so that none is lost. */
    bool told = i != EV_IO && i != EV_EXCEPTION && i != EV_COUNT;
    ViStatus wire = told && st >= 0 ? visa__listen(s, false) : VI_SUCCESS;
    if (!wire) return st;
    pthread_mutex_lock(&s->lock);
    s->events.mech[i] = before;
    pthread_mutex_unlock(&s->lock);
    return wire;
}

VISA_API ViStatus viEnableEvent(ViSession vi, ViEventType type, ViUInt16 mech, ViEventFilter context)
{
    SESSION_OR_RETURN(s, vi);
    int i = which(s, type);
    ViStatus st = i < 0 ? VI_ERROR_INV_EVENT : check_enable(s, i, mech, context);
    if (!st) st = enable(s, i, mech);
    st = visa__exception(s, "viEnableEvent", st);
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viDisableEvent(ViSession vi, ViEventType type, ViUInt16 mech)
{
    bool was = false;
    SESSION_OR_RETURN(s, vi);
    int i = which(s, type);
    ViStatus st = i < 0 ? VI_ERROR_INV_EVENT : VI_SUCCESS;
    if (!st && (!mech || (mech != VI_ALL_MECH && (mech & ~(VI_QUEUE | VI_HNDLR | VI_SUSPEND_HNDLR)))))
        st = VI_ERROR_INV_MECH;
    if (!st) {
        pthread_mutex_lock(&s->lock);
        for (int k = 0; k < EV_COUNT; k++) {
            if (k != i && i != EV_COUNT) continue;
            was = was || (s->events.mech[k] & mech);
            s->events.mech[k] &= (ViUInt16)~mech;
        }
        pthread_mutex_unlock(&s->lock);
        visa__listen(s, false);
        st = was ? VI_SUCCESS : VI_SUCCESS_EVENT_DIS;
    }
    st = visa__exception(s, "viDisableEvent", st);
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viDiscardEvents(ViSession vi, ViEventType type, ViUInt16 mech)
{
    unsigned n = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = which(s, type) < 0 ? VI_ERROR_INV_EVENT : VI_SUCCESS;
    if (!st && (!mech || (mech != VI_ALL_MECH && (mech & ~(VI_QUEUE | VI_HNDLR | VI_SUSPEND_HNDLR)))))
        st = VI_ERROR_INV_MECH;
    if (!st) {
        pthread_mutex_lock(&s->lock);
        if (mech & VI_QUEUE) n += queue_drop(&s->events.queue, type);
        if (mech & VI_SUSPEND_HNDLR) n += queue_drop(&s->events.suspended, type);
        pthread_mutex_unlock(&s->lock);
        st = n ? VI_SUCCESS : VI_SUCCESS_QUEUE_EMPTY;
    }
    st = visa__exception(s, "viDiscardEvents", st);
    visa__session_put(s);
    return st;
}

/* ---- waiting ------------------------------------------------------------------------------------------------ */

static bool enabled_for_queue(const visa_session *s, int i)
{
    for (int k = 0; k < EV_COUNT; k++) {
        if ((k == i || i == EV_COUNT) && (s->events.mech[k] & VI_QUEUE)) return true;
    }
    return false;
}

/* With the lock. */
static ViStatus wait_for(visa_session *s, int i, ViEventType type, ViUInt32 timeout, visa_event **out)
{
    int64_t deadline = grat_now_ns() + (int64_t)timeout * 1000000;
    struct timespec until = {deadline / 1000000000, deadline % 1000000000};
    bool late = timeout == 0;
    for (;;) {
        if (s->closing) return VI_ERROR_INV_OBJECT;
        *out = queue_take(&s->events.queue, type);
        if (*out) break;
        if (!enabled_for_queue(s, i)) return VI_ERROR_NENABLED;
        if (late) return VI_ERROR_TMO;
        if (timeout == VI_TMO_INFINITE) pthread_cond_wait(&s->changed, &s->lock);
        else late = pthread_cond_timedwait(&s->changed, &s->lock, &until) != 0 && grat_now_ns() >= deadline;
    }
    bool more = queue_has(&s->events.queue, type), lost = s->events.queue.overflow;
    s->events.queue.overflow = false;
    return lost ? VI_WARN_QUEUE_OVERFLOW : more ? VI_SUCCESS_QUEUE_NEMPTY : VI_SUCCESS;
}

VISA_API ViStatus viWaitOnEvent(ViSession vi, ViEventType inEventType, ViUInt32 timeout, ViPEventType outEventType,
                                ViPEvent outContext)
{
    visa_event *e = NULL;
    if (outEventType) *outEventType = 0;
    if (outContext) *outContext = VI_NULL;
    SESSION_OR_RETURN(s, vi);
    int i = which(s, inEventType);
    ViStatus st = VI_ERROR_INV_EVENT;
    if (i >= 0) {
        pthread_mutex_lock(&s->lock);
        st = wait_for(s, i, inEventType, timeout, &e);
        pthread_mutex_unlock(&s->lock);
    }
    if (e) {
        if (outEventType) *outEventType = e->type;
        if (outContext) {
            visa__object_add(&e->base);
            *outContext = e->base.handle;
        } else {
            free(e);
        }
    }
    st = visa__exception(s, "viWaitOnEvent", st);
    visa__session_put(s);
    return st;
}

/* ---- handlers ----------------------------------------------------------------------------------------------- */

VISA_API ViStatus viInstallHandler(ViSession vi, ViEventType type, ViHndlr handler, ViAddr userHandle)
{
    SESSION_OR_RETURN(s, vi);
    int i = index_of(type);
    ViStatus st = i < 0 || !defined_for(s, i) ? VI_ERROR_INV_EVENT : !handler ? VI_ERROR_INV_HNDLR_REF : VI_SUCCESS;
    visa_handler *h = st ? NULL : calloc(1, sizeof *h);
    if (!st && !h) st = VI_ERROR_ALLOC;
    if (h) {
        *h = (visa_handler){.type = type, .fn = handler, .user = userHandle, .refs = 1};
        pthread_mutex_lock(&s->lock);
        h->next = s->events.handlers;
        s->events.handlers = h;
        pthread_mutex_unlock(&s->lock);
    }
    st = visa__exception(s, "viInstallHandler", st);
    visa__session_put(s);
    return st;
}

/* With the lock: takes one out and waits until no other thread runs it. */
static void remove_handler(visa_session *s, visa_handler **at)
{
    visa_handler *h = *at;
    unsigned mine = frames_of(h);
    *at = h->next;
    h->removed = true;
    while (h->running > mine) pthread_cond_wait(&s->changed, &s->lock);
    handler_put(h);
}

static unsigned uninstall(visa_session *s, ViEventType type, ViHndlr handler, const void *user)
{
    unsigned n = 0;
    for (;;) {
        visa_handler **at = &s->events.handlers;
        while (*at && !((*at)->type == type && (!handler || ((*at)->fn == handler && (*at)->user == user))))
            at = &(*at)->next;
        if (!*at) return n;
        remove_handler(s, at);
        n++;
        if (handler) return n;
    }
}

VISA_API ViStatus viUninstallHandler(ViSession vi, ViEventType type, ViHndlr handler, ViAddr userHandle)
{
    SESSION_OR_RETURN(s, vi);
    int i = index_of(type);
    ViStatus st = i < 0 || !defined_for(s, i) ? VI_ERROR_INV_EVENT : VI_SUCCESS;
    if (!st) {
        pthread_mutex_lock(&s->lock);
        if (!uninstall(s, type, handler, userHandle)) st = VI_ERROR_INV_HNDLR_REF;
        pthread_mutex_unlock(&s->lock);
    }
    st = visa__exception(s, "viUninstallHandler", st);
    visa__session_put(s);
    return st;
}

/* ---- contexts --------------------------------------------------------------------------------------------------- */

typedef struct context_attr {
    ViAttr attr;
    unsigned events;          /* bits of EV_… */
    size_t size, at;          /* of the value in visa_event */
} context_attr;

#define FIELD(field) sizeof ((visa_event *)0)->field, offsetof(visa_event, field)
#define IO_ONLY (1u << EV_IO)
#define USB_ONLY (1u << EV_USB_INTR)

static const context_attr context_attrs[] = {
    {VI_ATTR_EVENT_TYPE, ~0u, FIELD(type)},
    {VI_ATTR_STATUS, 1u << EV_IO | 1u << EV_EXCEPTION | 1u << EV_USB_INTR, FIELD(status)},
    {VI_ATTR_JOB_ID, IO_ONLY, FIELD(job)},
    {VI_ATTR_BUFFER, IO_ONLY, FIELD(buffer)},
    {VI_ATTR_RET_COUNT_32, IO_ONLY, sizeof(ViUInt32), offsetof(visa_event, count)},
    {VI_ATTR_RET_COUNT_64, IO_ONLY, FIELD(count)},
    {VI_ATTR_USB_RECV_INTR_SIZE, USB_ONLY, FIELD(data_size)},
    {VI_ATTR_GPIB_RECV_CIC_STATE, 1u << EV_CIC, FIELD(cic)},
    {VI_ATTR_RECV_TRIG_ID, 1u << EV_TRIG, FIELD(trig_id)},
};

ViStatus visa__event_attr(const visa_event *e, ViAttr attr, void *out)
{
    int i = index_of(e->type);
    unsigned bit = i < 0 ? 0 : 1u << i;
    if (attr == VI_ATTR_OPER_NAME && (bit & (1u << EV_IO | 1u << EV_EXCEPTION))) {
        if (out) visa__text_out(out, e->oper);
        return VI_SUCCESS;
    }
    if (attr == VI_ATTR_USB_RECV_INTR_DATA && (bit & USB_ONLY)) {
        if (out) memcpy(out, e->data, e->data_size);
        return VI_SUCCESS;
    }
    for (size_t k = 0; k < sizeof context_attrs / sizeof *context_attrs; k++) {
        const context_attr *a = &context_attrs[k];
        if (a->attr != attr || !(a->events & bit)) continue;
        if (out) memcpy(out, (const char *)e + a->at, a->size); /* the narrow count is the low half */
        return VI_SUCCESS;
    }
    return VI_ERROR_NSUP_ATTR;
}
