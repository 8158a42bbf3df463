/* Between the files of the HiSLIP server. */
#ifndef SIM_HISLIP_INT_H
#define SIM_HISLIP_INT_H

#include "core/tls.h"
#include "sim/serve/pace.h"
#include "sim/serve/site.h"
#include "sim/serve/source.h"
#include "wire/hislip.h"

#include <sys/uio.h>

typedef struct sim_hislip sim_hislip;
typedef struct hislip_session hislip_session;

/* What a secure connection is doing. */
typedef enum hislip_phase { HISLIP_PLAIN, HISLIP_HANDSHAKE, HISLIP_SECURE_ON, HISLIP_ENDING } hislip_phase;

typedef struct hislip_conn {
    struct hislip_conn *next, **at;
    sim_hislip *h;
    sim_watch watch;
    sim_timer timer;
    hislip_session *session;     /* NULL until the first message */
    bool sync;
    bool skip;                   /* the payload of the present message is thrown away */
    bool doomed;                 /* closed as soon as `out` has left */
    bool gone, reset;            /* closed, hard or not, when the present event is done with */
    grat__hislip_small small;
    grat__buf out;               /* leaves before the session's body */
    size_t out_at;
    sim_pace pace;
    hislip_phase phase;
    grat__tls *tls;
} hislip_conn;

struct hislip_session {
    hislip_session *next, **at;
    sim_hislip *h;
    hislip_conn *sync, *async;
    uint16_t id, version;
    bool overlap;
    bool authenticated;
    bool ended_tls;              /* as the client asked: the first encryption is over */
    uint64_t client_max;         /* largest message that the client takes */
    uint32_t last_id;            /* of the newest client message that was processed */
    uint32_t server_id;          /* overlapped mode: of the next message to the client */
    bool rmt_expected, clearing, in_message;
    sim_source source;
    uint64_t body;               /* bytes of the present outgoing message that are still in the source */
    bool body_end;               /* it is a DataEnd */
    bool empty_end;              /* an empty DataEnd is still to follow */
    grat__buf later;             /* sync messages that have to wait for the body's end */
    bool exclusive, shared;      /* locks held */
    bool waiting;                /* an AsyncLock request is unanswered */
    char key[GRAT__HISLIP_NAME_MAX + 1];
    sim_timer lock_timer;
    char mechanism[32];          /* SASL exchange in progress */
};

struct sim_hislip {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    sim_watch listener;
    unsigned port;
    hislip_conn *conns;
    hislip_session *sessions;
    char key[GRAT__HISLIP_NAME_MAX + 1];   /* of the shared lock */
    uint16_t last_id;
    unsigned max_sessions;
    bool rqs;
    bool overlap, mandatory, initial;
    char cert[200], tls_key[200], user[64], password[64];
    char clients[200];           /* authorities that sign clients' certificates */
    char mechanisms[64];         /* offered instead of what is known here */
};

/* ---- hislip.c: connections and sessions */
void hislip_fatal(hislip_conn *c, uint8_t code, const char *text);
void hislip_initialize(hislip_conn *c);
/* Closes both connections and frees everything at the end of the event. */
void hislip_doom(hislip_conn *c);
bool hislip_secure_offered(const sim_hislip *h);

/* ---- hislip_io.c: bytes in and out */
void hislip_put(hislip_conn *c, const grat__hislip_msg *m, const void *payload);
/* Sends what it can and sets what the connection waits for. */
void hislip_pump(hislip_conn *c);
void hislip_ready(void *user, uint32_t events);
/* Takes what has arrived on a connection. */
void hislip_take(hislip_conn *c);
/* Discards the responses and fills up what a begun message still owes. */
void hislip_drop_output(hislip_session *s);
/* The client may use the sync channel: nobody else's lock keeps it out. */
bool hislip_may(const hislip_session *s);

/* ---- hislip_async.c: whole messages */
void hislip_on_async(hislip_conn *c);
void hislip_on_sync(hislip_conn *c);
void hislip_error(hislip_conn *c, uint8_t code, const char *text);
/* Grants what can be granted now and lets those read on who may. */
void hislip_locks_changed(sim_hislip *h);
void hislip_lock_timeout(void *user, int64_t now);

/* ---- hislip_tls.c: secure connections */
/* Each handles one message; false when it is none of theirs. */
bool hislip_tls_async(hislip_conn *c);
bool hislip_tls_sync(hislip_conn *c);
/* True on a sync channel whose next message is StartTLS: nothing behind it may be taken with it. */
bool hislip_awaits_tls(const hislip_conn *c);
/* Goes on with a handshake; true when it is complete. */
bool hislip_tls_step(hislip_conn *c);
/* Read and write whatever the connection is; -1 and errno as recv and sendmsg. */
ssize_t hislip_recv(hislip_conn *c, void *buf, size_t n);
ssize_t hislip_send(hislip_conn *c, struct iovec *iov, int n, bool more);
/* True while the session may not do anything but secure itself. */
bool hislip_unsecured(const hislip_session *s);

#endif
