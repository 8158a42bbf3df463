/* Sessions from the inside. */
#ifndef VISA_SESSION_H
#define VISA_SESSION_H

#include "visa_int.h"

#include <graticule/backend.h> /* what a wire can do */

#include <stdatomic.h>

/* ---- names (rsrc.c) ------------------------------------------------------------------------------ */

typedef struct visa_rsrc {
    grat_resource r;
    visa_class rclass;
    ViUInt16 intf_type, intf_num;
    char class_name[8];               /* "INSTR" */
    char name[VI_FIND_BUFLEN];        /* normal form, the key of locks */
    char alias[VI_FIND_BUFLEN];       /* "" when there is none */
    char target[600];                 /* what grat_open takes */
} visa_rsrc;

/* Syntax and configuration only. VI_ERROR_INV_RSRC_NAME, VI_ERROR_INTF_NUM_NCONFIG. */
ViStatus visa__rsrc_parse(const char *text, visa_rsrc *out);
/* Makes the names of `r` anew. False: they are too long. */
bool visa__rsrc_name(visa_rsrc *out);
/* Copies into a caller's VI_FIND_BUFLEN bytes: cut, terminated, 7-bit. out may be NULL. */
void visa__text_out(char *out, const char *text);

/* ---- attributes (attr.c, attr_table.c) ------------------------------------------------------------- */

/* Those that the library keeps itself, as numbers; the rows of the table say where. */
typedef struct visa_attrs {
    int64_t max_queue, user_data, tmo, trig_id;
    int64_t send_end, termchar, io_prot, dma, rd_mode, wr_mode, suppress_end, termchar_en, file_append;
    int64_t nodelay, keepalive, max_message_kb;
    int64_t end_in, end_out, replace_char, xon, xoff, break_len, allow_transmit, discard_null;
    int64_t usb_intr_size, usb_end_in, usb_ctrl_pipe;
    int64_t readdress, unaddress;
} visa_attrs;

void visa__attr_defaults(visa_class rclass, visa_attrs *a);
/* What follows from the name alone; the rest needs an open session. */
bool visa__attr_of_name(const visa_rsrc *r, ViAttr attr, visa_value *out);
/* Any attribute of an open session; what the wire knows is asked there. */
ViStatus visa__attr_session(visa_session *s, ViAttr attr, visa_value *out);

/* ---- locks (lock.c) ----------------------------------------------------------------------------------- */

typedef struct visa_shared visa_shared;
/* The state that all sessions of one resource share, by normal form. NULL when memory is short. */
visa_shared *visa__shared_get(const char *name);
void visa__shared_put(visa_shared *sh);
/* VI_ERROR_RSRC_LOCKED while another session has a lock that this one has no part in. */
ViStatus visa__lock_check(visa_session *s);
ViStatus visa__lock_take(visa_session *s, ViAccessMode type, ViUInt32 timeout, const char *key, char *out);
void visa__lock_drop_all(visa_session *s);
/* Wakes those that wait for a lock, because a session is closing. */
void visa__lock_wake(visa_session *s);
ViUInt32 visa__lock_state(visa_session *s);
/* In a child of fork: forgets the parent's resources, without letting go of its locks. */
void visa__lock_forked(void);

/* ---- calls that use the wire (call.c) ------------------------------------------------------------------- */

/* Which part of the wire a call needs; a wire that is not duplex gives READ and WRITE together. */
enum { LANE_READ = 1, LANE_WRITE = 2, LANE_STB = 4, LANE_ALL = 7 };

typedef struct visa_call {
    struct visa_call *next;
    visa_session *s;
    grat_op op;               /* for the libgraticule calls; the caller's alone */
    grat_cancel *cancel;      /* of op: ends the waiting and the I/O, from any thread */
    unsigned lanes;
    bool granted;
    _Atomic bool aborted;
    ViJobId job;              /* 0: synchronous */
} visa_call;

/* In the order of this call the turns are given. NULL with the status when the session is closing. */
visa_call *visa__call_queue(visa_session *s, unsigned lanes, ViJobId job, ViStatus *status);
/* Until it is this call's turn; timeout_ms < 0 = for ever. In a thread or in a task. */
ViStatus visa__call_wait(visa_call *c, int64_t timeout_ms);
void visa__call_end(visa_call *c);
/* queue + wait, with the session's timeout; on an error there is nothing to end. */
ViStatus visa__call_begin(visa_session *s, unsigned lanes, visa_call **c);
/* (Re)starts the clock of the session's timeout for the I/O itself. */
void visa__call_clock(visa_call *c);
/* Ends the calls that wait or run: all of them for job 0. False when there is no such job. */
bool visa__call_abort(visa_session *s, ViJobId job);
/* Also tells VI_ERROR_ABORT from a wake-up. */
ViStatus visa__call_status(const visa_call *c, grat_err e);
ViStatus visa__status_of(grat_err e);

/* ---- events (event.c) ------------------------------------------------------------------------------------ */

typedef struct visa_event {
    visa_object base;
    struct visa_event *next;
    ViEventType type;
    ViInt32 status;
    const char *oper;
    ViJobId job;
    void *buffer;
    ViUInt64 count;
    ViUInt16 data_size;       /* USB_INTR */
    ViByte data[1024];
    ViBoolean cic;            /* GPIB_CIC */
    ViInt16 trig_id;          /* TRIG */
} visa_event;

enum { EV_IO, EV_EXCEPTION, EV_SRQ, EV_USB_INTR, EV_CIC, EV_TALK, EV_LISTEN, EV_CLEAR, EV_TRIG, EV_COUNT };

typedef struct visa_handler {
    struct visa_handler *next;
    ViEventType type;
    ViHndlr fn;
    ViAddr user;
    unsigned refs, running;   /* holders; threads inside */
    bool removed;
} visa_handler;

typedef struct visa_queue {
    visa_event *first, **end;
    unsigned n;
    bool overflow;
} visa_queue;

typedef struct visa_events {
    ViUInt16 mech[EV_COUNT];      /* VI_QUEUE, VI_HNDLR, VI_SUSPEND_HNDLR */
    bool ever;                    /* something was enabled once: the queue length is fixed */
    visa_queue queue, suspended, deliver;
    visa_handler *handlers;       /* the latest first */
    bool thread;                  /* runs; joined by viClose unless detached */
    bool detached;
    pthread_t id;
} visa_events;

void visa__events_init(visa_events *ev);
/* Delivers a copy of what `e` says to the queue and the handlers, as they are enabled. */
void visa__event_raise(visa_session *s, const visa_event *e);
/* Raises the exception event when status is an error and somebody wants it; returns status. */
ViStatus visa__exception(visa_session *s, const char *oper, ViStatus status);
/* How many references of this session the handlers below us on this thread's stack stand for. */
unsigned visa__handler_refs(const visa_session *s);
/* Ends the delivering thread; nothing is delivered any more. */
void visa__events_stop(visa_session *s);
void visa__events_free(visa_session *s);
ViStatus visa__event_attr(const visa_event *e, ViAttr attr, void *out);

/* ---- what runs beside the program (async.c) ----------------------------------------------------------------- */

typedef struct visa_poller visa_poller;

/* Service requests, and the other notices of a wire. */
enum { LISTEN_SRQ, LISTEN_NOTICE, LISTENERS };
typedef struct visa_listener {
    unsigned kinds;               /* the wire was told: GRAT_NOTICE_… bits, or 1 */
    bool running;                 /* the task; under the session's lock */
    grat_cancel *cancel;
} visa_listener;

/* A thread that takes no signals: they are the program's. */
bool visa__thread_start(pthread_t *id, void *(*run)(void *), void *arg);
/* Makes the wire listen for what is enabled, and no more. */
ViStatus visa__listen(visa_session *s, bool closing);
/* After the link was made anew. */
void visa__listen_again(visa_session *s);
/* Gives the session's use of the poller back, when nothing of the session runs in it any more. */
void visa__poller_leave(visa_session *s);
/* In a child of fork: the parent's poller is not there. */
void visa__async_forked(void);

/* ---- formatted buffers (buffer.c) ----------------------------------------------------------------------------- */

typedef struct visa_buf {
    ViByte *data;
    _Atomic size_t size;      /* as asked for; read by viGetAttribute at any time */
    size_t len, at;           /* bytes held, of them given out */
    ViStatus why;             /* read: the status of the read that filled it */
} visa_buf;

ViStatus visa__buf_init(visa_session *s);
void visa__buf_free(visa_session *s);
/* From any thread; the next formatted call finds them empty. */
void visa__buf_forget(visa_session *s);

/* ---- the resource manager's sessions (rm.c) --------------------------------------------------------------- */

typedef struct visa_rm {
    visa_object base;
    visa_attrs attr;
} visa_rm;

/* ---- the session --------------------------------------------------------------------------------------------- */

struct visa_session {
    visa_object base;
    ViSession rm;
    visa_rsrc rsrc;
    visa_shared *shared;
    _Atomic unsigned exclusive, sharing;/* locks held; under the lock of `shared` */
    _Atomic bool device_exclusive, device_shared;
    grat_session *wire;
    unsigned caps;
    bool stream;                  /* no END on the wire */
    pthread_mutex_t lock;         /* of everything below but the formatted buffers */
    pthread_cond_t changed;
    _Atomic bool closing;
    visa_attrs attr;
    visa_call *calls, **calls_end, *spare;
    unsigned busy;                /* lanes */
    visa_events events;
    visa_poller *poller;
    pthread_mutex_t listen_lock;  /* of starting and stopping; taken before a turn */
    visa_listener listener[LISTENERS];
    pthread_mutex_t fmt_lock;
    visa_buf rd, wr;
    _Atomic bool buf_stale;       /* cleared: what they hold is void */
};

/* Connects. `mode` and `timeout` as viOpen. */
ViStatus visa__session_open(ViSession rm, const visa_rsrc *r, ViAccessMode mode, ViUInt32 timeout, visa_session **out);
/* Takes a handle's object out of use; VI_ERROR_INV_OBJECT when another call did. The caller's reference goes. */
ViStatus visa__close_object(visa_object *o);

/* The rest of object.c. Waits until at most `left` references are there. */
void visa__object_wait(visa_object *o, unsigned left);
/* Closes the find lists of a resource manager session (find.c). */
void visa__find_close_all(ViSession rm);
/* References to the objects that `want` accepts. */
unsigned visa__object_list(unsigned kinds, bool (*want)(visa_object *o, void *user), void *user, visa_object **out,
                           unsigned room);

/* The timeout for libgraticule: VI_TMO_INFINITE is -1. */
int64_t visa__timeout(visa_session *s);

/* Reads and writes under a call that has its turn (io.c). */
ViStatus visa__io_read(visa_call *c, void *buf, size_t n, size_t *got);
ViStatus visa__io_write(visa_call *c, const void *buf, size_t n, bool end, size_t *put);

/* One line that most entry points begin with: the session of a handle, or return its status. */
#define SESSION_OR_RETURN(s, vi)                                                                                       \
    ViStatus s##_status;                                                                                               \
    visa_session *s = visa__session_get(vi, &s##_status);                                                              \
    if (!s) return s##_status

#endif
