/* What runs beside the program: one thread of the library with a group of tasks, for asynchronous transfers and for
 * listening to service requests. It is there while a session is open that needed it. */
#include "session.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* Far from small numbers, one counter for the process: PyVISA keeps the ids of all sessions in one list. */
#define FIRST_JOB 0x20000001u

struct visa_poller {
    grat_group *group;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned pending;         /* submitted and not handed out */
    bool stop;
};

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static visa_poller *current;
static unsigned users;

bool visa__thread_start(pthread_t *id, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool ok = pthread_create(id, NULL, run, arg) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return ok;
}

/* ---- the poller -------------------------------------------------------------------------------------- */

static bool wait_for_work(visa_poller *p)
{
    pthread_mutex_lock(&p->lock);
    while (!p->pending && !p->stop) pthread_cond_wait(&p->changed, &p->lock);
    bool work = p->pending;
    pthread_mutex_unlock(&p->lock);
    return work;
}

static void *poll_tasks(void *arg)
{
    visa_poller *p = arg;
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    while (wait_for_work(p)) {
        grat_task *t = grat_wait_any(p->group, &op);
        if (!t) continue;
        free(grat_task_user(t));
        grat_task_free(t);
        pthread_mutex_lock(&p->lock);
        p->pending--;
        pthread_mutex_unlock(&p->lock);
    }
    return NULL;
}

static void poller_free(visa_poller *p)
{
    grat_group_free(p->group);
    pthread_cond_destroy(&p->changed);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

static visa_poller *poller_new(void)
{
    visa_poller *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->group = grat_group_new();
    if (p->group && visa__thread_start(&p->thread, poll_tasks, p)) return p;
    poller_free(p);
    return NULL;
}

static bool join_poller(visa_session *s)
{
    pthread_mutex_lock(&current_lock);
    if (!s->poller) {
        if (!current) current = poller_new();
        s->poller = current;
        users += current != NULL;
    }
    bool ok = s->poller != NULL;
    pthread_mutex_unlock(&current_lock);
    return ok;
}

void visa__poller_leave(visa_session *s)
{
    pthread_mutex_lock(&current_lock);
    visa_poller *p = s->poller && --users == 0 ? s->poller : NULL;
    s->poller = NULL;
    if (p) current = NULL;
    pthread_mutex_unlock(&current_lock);
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = true;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    pthread_join(p->thread, NULL);
    poller_free(p);
}

void visa__async_forked(void)
{
    current_lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    current = NULL;
    users = 0;
}

/* `user` is freed when the task has been handed out. */
static ViStatus submit(visa_session *s, grat_task_fn fn, void *user, grat_op *op)
{
    visa_poller *p = s->poller;
    pthread_mutex_lock(&p->lock);
    ViStatus st = grat_submit(p->group, fn, user, op, NULL) ? VI_ERROR_ALLOC : VI_SUCCESS;
    if (!st) p->pending++;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return st;
}

/* ---- transfers ------------------------------------------------------------------------------------------- */

typedef struct transfer {
    visa_session *s;
    visa_call *call;
    bool write;
    void *buf;
    size_t n;
    grat_op op;               /* the task's own; the I/O uses the call's */
} transfer;

static grat_err run_transfer(void *user, grat_op *op)
{
    transfer *t = user;
    visa_session *s = t->s;
    visa_event done = {.type = VI_EVENT_IO_COMPLETION, .job = t->call->job, .buffer = t->buf,
                       .oper = t->write ? "viWriteAsync" : "viReadAsync"};
    size_t count = 0;
    (void)op;
    done.status = visa__call_wait(t->call, -1);
    if (!done.status) {
        visa__call_clock(t->call);
        if (!t->n) done.status = t->write ? VI_SUCCESS : VI_SUCCESS_MAX_CNT;
        else if (t->write) done.status = visa__io_write(t->call, t->buf, t->n, true, &count);
        else done.status = visa__io_read(t->call, t->buf, t->n, &count);
    }
    done.count = count;
    visa__event_raise(s, &done);
    visa__call_end(t->call);
    visa__session_put(s);
    return GRAT_OK;
}

static ViJobId next_job(void)
{
    static _Atomic ViJobId last = FIRST_JOB;
    ViJobId id = last++;
    return id ? id : last++;
}

static ViStatus start(visa_session *s, bool write, void *buf, size_t n, ViPJobId job)
{
    ViStatus st = visa__lock_check(s);
    if (st) return st;
    if (!buf && n) return VI_ERROR_USER_BUF;
    transfer *t = calloc(1, sizeof *t);
    if (!t || !join_poller(s)) {
        free(t);
        return VI_ERROR_ALLOC;
    }
    ViJobId id = next_job();
    *t = (transfer){.s = s, .write = write, .buf = buf, .n = n};
    grat_op_init(&t->op, INT64_MAX, NULL);
    /* The turn is asked for here, so that the order of the calls is the order on the wire. */
    t->call = visa__call_queue(s, write ? LANE_WRITE : LANE_READ, id, &st);
    if (!t->call) {
        free(t);
        return st;
    }
    if (job) *job = id; /* before anything can complete */
    visa__object_ref(&s->base);
    visa_call *call = t->call;
    st = submit(s, run_transfer, t, &t->op);
    if (!st) return VI_SUCCESS;
    visa__call_end(call);
    visa__session_put(s);
    free(t);
    return st;
}

VISA_API ViStatus viReadAsync(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPJobId jobId)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = visa__exception(s, "viReadAsync", start(s, false, buf, cnt, jobId));
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viWriteAsync(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPJobId jobId)
{
    SESSION_OR_RETURN(s, vi);
    void *bytes = (void *)(uintptr_t)buf; /* only read; the completion event carries it as the caller's own */
    ViStatus st = visa__exception(s, "viWriteAsync", start(s, true, bytes, cnt, jobId));
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viTerminate(ViObject vi, ViUInt16 degree, ViJobId jobId)
{
    SESSION_OR_RETURN(s, vi);
    ViStatus st = degree != VI_NULL ? VI_ERROR_INV_DEGREE : VI_SUCCESS;
    if (!st && !visa__call_abort(s, jobId)) st = VI_ERROR_INV_JOB_ID;
    st = visa__exception(s, "viTerminate", st);
    visa__session_put(s);
    return st;
}

/* ---- what a wire tells by itself ------------------------------------------------------------------------------ */

/* The group writes to the op when the task has ended, when the session may be gone. */
typedef struct task {
    visa_session *s;
    visa_listener *l;
    grat_op op;
} task;

static const struct {
    unsigned kind;
    int event;
    ViEventType type;
} kinds[] = {
    {GRAT_NOTICE_CIC, EV_CIC, VI_EVENT_GPIB_CIC},       {GRAT_NOTICE_TALK, EV_TALK, VI_EVENT_GPIB_TALK},
    {GRAT_NOTICE_LISTEN, EV_LISTEN, VI_EVENT_GPIB_LISTEN}, {GRAT_NOTICE_CLEAR, EV_CLEAR, VI_EVENT_CLEAR},
    {GRAT_NOTICE_TRIGGER, EV_TRIG, VI_EVENT_TRIG},      {GRAT_NOTICE_INTERRUPT, EV_USB_INTR, VI_EVENT_USB_INTR},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void raise_notice(visa_session *s, const grat_notice *n)
{
    visa_event e = {.cic = n->on, .trig_id = VI_TRIG_SW};
    for (int i = 0; i < KINDS; i++)
        if (kinds[i].kind == n->kind) e.type = kinds[i].type;
    pthread_mutex_lock(&s->lock);
    size_t most = (size_t)s->attr.usb_intr_size;
    pthread_mutex_unlock(&s->lock);
    if (most > sizeof e.data) most = sizeof e.data;
    e.data_size = (ViUInt16)(n->size < most ? n->size : most);
    if (e.data_size) memcpy(e.data, n->data, e.data_size);
    visa__event_raise(s, &e);
}

/* Everything that arrives is passed on, until the cancel or until the link is gone. */
static grat_err listen_to(void *user, grat_op *op)
{
    static const visa_event request = {.type = VI_EVENT_SERVICE_REQ};
    task *t = user;
    visa_session *s = t->s;
    grat_notice n;
    if (t->l == &s->listener[LISTEN_SRQ])
        while (!grat_srq_wait(s->wire, op)) visa__event_raise(s, &request);
    else
        while (!grat_notice_wait(s->wire, &n, op)) raise_notice(s, &n);
    pthread_mutex_lock(&s->lock);
    t->l->running = false;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    visa__session_put(s);
    return GRAT_OK;
}

static ViStatus tell_wire(visa_session *s, int which, unsigned wanted)
{
    visa_call *c;
    ViStatus st = visa__call_begin(s, LANE_ALL, &c);
    if (st) return st;
    grat_err e = which == LISTEN_SRQ ? grat_srq_enable(s->wire, wanted, &c->op)
                                     : grat_notice_enable(s->wire, wanted, &c->op);
    st = e == GRAT_ENOTSUP ? VI_ERROR_INV_EVENT : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

static ViStatus begin_listening(visa_session *s, visa_listener *l)
{
    task *t = calloc(1, sizeof *t);
    if (!t || !join_poller(s)) {
        free(t);
        return VI_ERROR_ALLOC;
    }
    t->s = s;
    t->l = l;
    grat_cancel_reset(l->cancel);
    grat_op_init(&t->op, INT64_MAX, l->cancel);
    visa__object_ref(&s->base);
    pthread_mutex_lock(&s->lock);
    l->running = true;
    pthread_mutex_unlock(&s->lock);
    ViStatus st = submit(s, listen_to, t, &t->op);
    if (!st) return VI_SUCCESS;
    l->running = false;
    visa__session_put(s);
    free(t);
    return st;
}

/* No task waits any more after this. */
static void end_listening(visa_session *s, visa_listener *l)
{
    grat_cancel_fire(l->cancel);
    pthread_mutex_lock(&s->lock);
    while (l->running) pthread_cond_wait(&s->changed, &s->lock);
    pthread_mutex_unlock(&s->lock);
}

static unsigned wanted_of(visa_session *s, int which)
{
    unsigned wanted = 0;
    pthread_mutex_lock(&s->lock);
    /* VPP-4.3 has service requests for serial ports too; nothing on a line of bytes can ever raise one. */
    if (which == LISTEN_SRQ) wanted = s->events.mech[EV_SRQ] && s->rsrc.rclass != VISA_CLASS_ASRL;
    for (int i = 0; which == LISTEN_NOTICE && i < KINDS; i++)
        if (s->events.mech[kinds[i].event]) wanted |= kinds[i].kind;
    pthread_mutex_unlock(&s->lock);
    return wanted;
}

static ViStatus listen_for(visa_session *s, int which, unsigned wanted, bool closing)
{
    visa_listener *l = &s->listener[which];
    if (l->kinds == wanted) return VI_SUCCESS;
    unsigned before = l->kinds;
    if (before) end_listening(s, l);
    l->kinds = 0;
    ViStatus st = closing ? VI_SUCCESS : tell_wire(s, which, wanted);
    /* What was listened for goes on when the new is refused. */
    if (st && before && wanted) wanted = before;
    else if (st) return st;
    l->kinds = wanted;
    ViStatus begun = wanted ? begin_listening(s, l) : VI_SUCCESS;
    return st ? st : begun;
}

ViStatus visa__listen(visa_session *s, bool closing)
{
    ViStatus st = VI_SUCCESS;
    pthread_mutex_lock(&s->listen_lock);
    for (int i = 0; i < LISTENERS; i++) {
        ViStatus one = listen_for(s, i, closing ? 0 : wanted_of(s, i), closing);
        if (!st) st = one;
    }
    pthread_mutex_unlock(&s->listen_lock);
    return st;
}

void visa__listen_again(visa_session *s)
{
    pthread_mutex_lock(&s->listen_lock);
    for (int i = 0; i < LISTENERS; i++) {
        visa_listener *l = &s->listener[i];
        pthread_mutex_lock(&s->lock);
        bool lost = l->kinds && !l->running && !s->closing;
        pthread_mutex_unlock(&s->lock);
        if (lost && !tell_wire(s, i, l->kinds)) begin_listening(s, l);
    }
    pthread_mutex_unlock(&s->listen_lock);
}
