/* A HiSLIP session: the state behind the transport's private pointer. */
#ifndef GRAT_TRANSPORT_HISLIP_LINK_H
#define GRAT_TRANSPORT_HISLIP_LINK_H

#include "core/tls.h"
#include "wire/hislip.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/uio.h>

/* One connection, plain or encrypted. */
typedef struct grat__hs_conn {
    int fd;                      /* -1 when closed */
    grat__tls *tls;              /* NULL while it is plain */
} grat__hs_conn;

/* As the functions of transport/net.h: everything, at least one byte, what is there. */
grat_err grat__hs_send(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op);
grat_err grat__hs_recv(grat__hs_conn *c, struct iovec *iov, int n, grat_op *op);
size_t grat__hs_recv_now(grat__hs_conn *c, void *buf, size_t cap);
void grat__hs_close_conn(grat__hs_conn *c);

/* Who waits for the async channel. One of them receives for all; the others sleep on a descriptor of their own. */
typedef enum grat__hs_waiter { GRAT__HS_REQUEST, GRAT__HS_SRQ, GRAT__HS_WRITER, GRAT__HS_WAITERS } grat__hs_waiter;

/* What came on the async channel; all under `lock`, which is never held across a wait. */
typedef struct grat__hs_async {
    pthread_mutex_t lock;
    bool receiving;              /* someone is inside a receive */
    bool asleep[GRAT__HS_WAITERS];
    int wake[GRAT__HS_WAITERS];  /* -1 until the first sleep */
    grat__hislip_small small;
    bool lost;
    bool renewing;               /* a new connection is being made: who waits for service requests goes on waiting */
    char why[200];
    uint8_t want;                /* type of the response that is waited for, 0 = none */
    bool answered;
    grat__hislip_msg reply;
    size_t reply_n;
    uint8_t reply_payload[GRAT__HISLIP_SMALL_MAX + 1];
    uint8_t owed[GRAT__HISLIP_TYPES]; /* responses to requests that were given up on */
    bool unwanted_lock;          /* such a response granted a lock */
    bool srq_on;
    unsigned srq;                /* service requests that nobody has taken yet */
    bool interrupted;
    uint32_t interrupted_id;
} grat__hs_async;

typedef struct grat__hs_link {
    grat_resource resource;
    char name[96];               /* "192.168.1.5 hislip0", for sentences */
    char ca[256], cert[256], key_file[256], user[128], password[128];
    char mechanism[16];          /* of the last authentication */
    int tls_mode;
    bool tls_insecure;
    grat__hs_conn sync, async;
    uint16_t version, session;
    bool overlap, want_overlap;
    bool offers_tls, wants_tls;  /* of the server; wants: mandatory or initial */
    uint64_t server_max, client_max;
    atomic_bool broken;          /* framing lost or a connection gone: only clear helps */
    /* the writer's */
    uint32_t next_id;
    _Atomic uint64_t ids;        /* first (high half) and last identifier of the newest program message, as one */
    bool in_program;             /* a program message was begun and not ended */
    atomic_bool torn;            /* it was broken off: the device must be cleared before the next one */
    uint8_t torn_head[GRAT__HISLIP_HEAD];
    unsigned torn_head_n;        /* header bytes that the server still expects */
    uint64_t torn_left;          /* and payload bytes behind them */
    /* the reader's */
    grat__hislip_in in;
    bool accepted;               /* the present message is an answer to the newest program message */
    uint32_t accepted_first;     /* first_id when that was decided */
    grat__hislip_small notice;   /* payload of an Error or FatalError */
    grat__buf ahead;             /* received behind the message that was read */
    size_t ahead_at;
    grat__buf held;              /* Data that may be stale until the next message proves them right */
    size_t held_at;
    bool held_good;
    _Atomic uint32_t received_id;/* overlapped mode: of the newest message that was read to its end */
    /* both */
    atomic_bool receiving;       /* someone receives from the sync channel */
    atomic_bool rmt;             /* an answer was delivered and the server does not know */
    atomic_bool clean;           /* no answer is on its way */
    atomic_bool doubtful;        /* the newest message was sent while one may have been */
    atomic_bool interrupted;     /* Interrupted came; AsyncInterrupted must come before the next message */
    _Atomic uint32_t interrupted_id;
    grat__hs_async a;
    atomic_bool asking;          /* grat__hs_turn */
    bool exclusive;
    bool shared;
    char key[GRAT__HISLIP_NAME_MAX + 1];
} grat__hs_link;

static inline uint32_t grat__hs_last_id(const grat__hs_link *h)
{
    return (uint32_t)atomic_load(&h->ids);
}
static inline uint32_t grat__hs_first_id(const grat__hs_link *h)
{
    return (uint32_t)(atomic_load(&h->ids) >> 32);
}

/* One message to send. */
typedef struct grat__hs_out {
    uint8_t type, control;
    uint32_t parameter;
    const void *payload;
    size_t n;
} grat__hs_out;

/* Requests of the async channel are one at a time: status and remote/local wait here for the device clear that a read
 * or a write beside them may need, and the other way round. */
grat_err grat__hs_turn(grat__hs_link *h, grat_op *op);
void grat__hs_turn_over(grat__hs_link *h);
/* Puts the link's name and `what` in front of the sentence and returns the error. */
grat_err grat__hs_blame(const grat__hs_link *h, const char *what, grat_op *op);
grat_err grat__hs_lost(grat__hs_link *h, const char *why, grat_op *op);
/* The library's code for an Error message; the sentence holds the device's text. */
grat_err grat__hs_device_error(const grat__hs_link *h, uint8_t code, const uint8_t *text, grat_op *op);
grat_err grat__hs_fatal(grat__hs_link *h, uint8_t code, const uint8_t *text, grat_op *op);
/* Sends one whole message on a connection; a message that left in part breaks the link. */
grat_err grat__hs_post(grat__hs_link *h, grat__hs_conn *c, const grat__hs_out *m, grat_op *op);

/* ---- async.c */
bool grat__hs_async_init(grat__hs_async *a);
void grat__hs_async_reset(grat__hs_async *a);       /* for a new connection */
void grat__hs_async_free(grat__hs_async *a);
/* Shuts the connection down and waits until nobody receives from it, so that it can be closed. Then a new one is to be
 * made, or not, and grat__hs_async_renewed called. */
grat_err grat__hs_async_stop(grat__hs_link *h, grat_op *op);
void grat__hs_async_renewed(grat__hs_async *a);
/* Sends a request and waits for its response, which is then in a.reply. */
grat_err grat__hs_request(grat__hs_link *h, const grat__hs_out *m, uint8_t want, grat_op *op);
/* The two halves: what was begun must be finished or given up. */
grat_err grat__hs_request_begin(grat__hs_link *h, const grat__hs_out *m, uint8_t want, grat_op *op);
grat_err grat__hs_request_wait(grat__hs_link *h, grat_op *op);
void grat__hs_request_give_up(grat__hs_link *h);
/* Until the AsyncInterrupted that belongs to the Interrupted has come. */
grat_err grat__hs_await_interrupted(grat__hs_link *h, grat_op *op);
/* Until a response that a request before gave up on has come. */
grat_err grat__hs_await_owed(grat__hs_link *h, uint8_t type, grat_op *op);
grat_err grat__hs_srq_enable(void *p, bool on, grat_op *op);
grat_err grat__hs_srq_wait(void *p, grat_op *op);
/* A status byte was read: what had asked for it is answered. */
void grat__hs_status_read(grat__hs_link *h);

/* ---- sync.c */
void grat__hs_sync_reset(grat__hs_link *h);
grat_err grat__hs_write(void *p, const void *data, size_t n, bool end, grat_op *op);
grat_err grat__hs_read(void *p, void *buf, size_t cap, int term, grat_op *op);
grat_err grat__hs_trigger(void *p, grat_op *op);
/* The device clear procedure; on failure the link is broken. */
grat_err grat__hs_device_clear(grat__hs_link *h, grat_op *op);
/* One whole small message from the sync channel into h->notice, as the set-up and TLS need it. */
grat_err grat__hs_sync_message(grat__hs_link *h, grat_op *op);

/* ---- secure.c */
/* Encrypts both channels and authenticates, when options and server ask for it. */
grat_err grat__hs_secure(grat__hs_link *h, grat_op *op);
/* Between two messages, while nobody waits for service requests (EBUSY). A failure on the way breaks the link. */
grat_err grat__hs_switch_tls(grat__hs_link *h, bool on, grat_op *op);

#endif
