/* The server's own state: one thread, libwebsockets, no call that blocks. Instruments have threads of their own. */
#ifndef GRAT_SERVE_SERVER_H
#define GRAT_SERVE_SERVER_H

#include <graticule/serve.h>
#include <libwebsockets.h>

#include "serve/bench.h"
#include "serve/folder.h"
#include "serve/gate.h"

#define SERVE_BENCHES_MAX 64
#define SERVE_VIEWERS_MAX 64        /* of all instruments */
#define SERVE_MESSAGE_MAX 4096u     /* from a viewer */
#define SERVE_BODY_MAX SERVE_JSON_MAX

typedef struct serve_asset {
    const char *path, *type;
    const uint8_t *data;
    size_t size;
    const char *tag;
} serve_asset;
/* The page, made from page/ at build; ends with path NULL. */
extern const serve_asset serve_assets[];

typedef struct server server;
typedef struct viewer viewer;

/* An instrument and who looks at it. */
typedef struct slot {
    serve_bench *bench;
    char via[64], name[64], title[140];
    viewer *holder, *asker;     /* of the controls */
    int64_t asked_ns;
    uint32_t viewers_version;
} slot;

/* A request that is answered, or will be. */
typedef struct call {
    server *srv;
    struct lws *wsi;
    uint64_t ticket;            /* of the job that it waits for; 0 = none */
    int method;                 /* LWSHUMETH_ */
    char path[256], query[256], viewer[40];
    uint8_t *body;              /* of the request */
    size_t body_size;
    int64_t begun_ns;
    int status;                 /* 0 = not answered yet */
    bool begun;                 /* its headers are sent */
    bool last;                  /* the connection ends with it */
    const char *type;
    uint8_t *owned;             /* the answer, when it is ours to free */
    const uint8_t *data;
    size_t size, sent;
    int fd;                     /* the answer is this file; -1 */
    char name[160], etag[64], cookie[160];
    struct call *next;
} call;

struct viewer {
    server *srv;
    struct lws *wsi;
    slot *slot;
    unsigned id;
    char key[36];
    bool greeted, visible, measure, refused;
    serve_view view;
    bool moved;                 /* the view is new */
    unsigned unseen;            /* frames sent and not yet acknowledged */
    uint32_t shot, status, viewers, measured, spectrum_shot;
    char spectrum[16];          /* name of the trace, "" = none */
    int64_t spectrum_ns, second_ns;
    unsigned messages;          /* in this second */
    char in[SERVE_MESSAGE_MAX + 1];
    size_t in_size;
    struct viewer *next;
};

/* A connection that may be thrown out when there are too many: it has not asked for anything yet, or has its answer. */
typedef struct conn {
    struct lws *wsi;
    bool busy, doomed;
    struct conn *next, *prev;
} conn;

typedef struct finder finder;

struct server {
    const grat_serve_options *opt;
    serve_gate gate;
    serve_folder folder;
    const char *names[40];
    struct lws_context *ctx;
    struct lws_vhost *vhost;
    lws_sorted_usec_list_t tick;
    slot slots[SERVE_BENCHES_MAX];
    unsigned slot_count;
    call *calls;
    viewer *viewers;
    unsigned viewer_count, next_viewer;
    uint64_t next_ticket;
    conn *oldest, *newest;
    unsigned conns, conns_max;
    finder *finder;
    bool ended;
};

/* api.c: answers, or gives a job to an instrument. */
void serve_api(call *c);
void serve_answer_text(call *c, int status, const char *error);
void serve_answer_json(call *c, int status, json_t *o);
slot *serve_slot_find(server *srv, const char *id);
/* A new one unless its resource is there already; NULL when there are too many. */
slot *serve_slot_add(server *srv, const char *resource, const char *via);

/* server.c: a piece of an answer has gone out, so that its connection is the last to be thrown out; false when that is
 * about to happen. */
bool serve_conn_moved(server *srv, struct lws *wsi);

/* http.c */
int serve_http(struct lws *wsi, enum lws_callback_reasons reason, call **c, void *in, size_t len);
/* 0, or the status that refuses the request. */
int serve_admit(server *srv, struct lws *wsi, bool page, bool token);
/* Answers the call that waits for this job; takes the job over. */
void serve_job_arrived(server *srv, serve_job *j);

/* ws.c */
int serve_ws(struct lws *wsi, enum lws_callback_reasons reason, viewer *v, void *in, size_t len);
void serve_viewers_wake(server *srv);
/* Watched or not, controls asked for in vain. Every quarter of a second. */
void serve_viewers_tick(server *srv);
viewer *serve_viewer_by_key(server *srv, const char *key);
void serve_viewers_changed(slot *s);
/* One message from a viewer, already parsed. */
void serve_viewer_message(viewer *v, const json_t *o);

/* find.c */
finder *serve_finder_new(server *srv);
void serve_finder_free(finder *f);
/* False when it is at work already. */
bool serve_finder_start(finder *f);
bool serve_finder_busy(finder *f);
/* Adds what was found since the last call. */
void serve_finder_take(finder *f);

#endif
