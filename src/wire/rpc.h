/* ONC RPC version 2 (RFC 5531): calls, replies and the record marking of TCP. Pure: bytes in, bytes out. */
#ifndef GRAT_WIRE_RPC_H
#define GRAT_WIRE_RPC_H

#include "core/buf.h"

enum {
    GRAT__RPC_AUTH_MAX = 400,       /* RFC 5531 §8.2 */
    GRAT__RPC_CALL_HEAD = 40,       /* bytes of a call before its arguments, with AUTH_NONE */
    GRAT__RPC_REPLY_HEAD = 24,      /* bytes of a success reply before its results */
};

typedef enum grat__rpc_stat {
    GRAT__RPC_SUCCESS = 0,
    GRAT__RPC_PROG_UNAVAIL = 1,
    GRAT__RPC_PROG_MISMATCH = 2,    /* low, high */
    GRAT__RPC_PROC_UNAVAIL = 3,
    GRAT__RPC_GARBAGE_ARGS = 4,
    GRAT__RPC_SYSTEM_ERR = 5,
    GRAT__RPC_DENIED_VERSION = 16,  /* MSG_DENIED, RPC_MISMATCH: low, high */
    GRAT__RPC_DENIED_AUTH = 17,     /* MSG_DENIED, AUTH_ERROR: low = auth_stat */
} grat__rpc_stat;

/* "procedure unavailable" and so on, never NULL. */
const char *grat__rpc_stat_text(grat__rpc_stat stat);

/* ---- messages, without a record mark ---------------------------------------------------- */

typedef struct grat__rpc_call {
    uint32_t xid, prog, vers, proc;
    const uint8_t *args;            /* borrowed from the record */
    size_t args_len;
} grat__rpc_call;

typedef struct grat__rpc_reply {
    uint32_t xid;
    grat__rpc_stat stat;
    uint32_t low, high;
    const uint8_t *results;         /* borrowed from the record */
    size_t results_len;
} grat__rpc_reply;

/* Credential and verifier are skipped whatever their flavour. EPROTO: not a call, drop the connection (UDP: the
 * datagram). ENOTSUP: another RPC version; xid is set, answer GRAT__RPC_DENIED_VERSION with 2..2. */
grat_err grat__rpc_get_call(const void *record, size_t n, grat__rpc_call *out);
/* Appends the 40 bytes of a call with AUTH_NONE; the arguments follow. */
grat_err grat__rpc_put_call(grat__buf *b, uint32_t xid, uint32_t prog, uint32_t vers, uint32_t proc);
grat_err grat__rpc_get_reply(const void *record, size_t n, grat__rpc_reply *out);
/* Appends a reply; after SUCCESS the results follow, otherwise it is complete. low, high: see grat__rpc_stat. */
grat_err grat__rpc_put_reply(grat__buf *b, uint32_t xid, grat__rpc_stat stat, uint32_t low, uint32_t high);

/* ---- record marking --------------------------------------------------------------------- */

/* Reserves the 4 bytes of a mark; *at is its place for grat__rpc_mark_end. */
grat_err grat__rpc_mark_begin(grat__buf *b, size_t *at);
/* Completes the mark for everything appended since, plus `extra` bytes that the caller sends right behind. */
void grat__rpc_mark_end(grat__buf *b, size_t at, size_t extra);

/* Reassembles whole records: feed bytes, take the record, go on with the bytes that were not taken. */
typedef struct grat__rpc_record {
    grat__buf body;                 /* the record so far; complete when `complete` is set */
    bool complete;
    bool last;
    uint8_t mark[4];
    unsigned mark_len;
    uint32_t left;                  /* bytes of the present fragment still to come */
} grat__rpc_record;

/* max: the largest record accepted. */
void grat__rpc_record_init(grat__rpc_record *r, size_t max);
void grat__rpc_record_free(grat__rpc_record *r);
/* Takes bytes up to the end of one record; *taken says how many. ETOOBIG: the record exceeds max, drop the
 * connection. While `complete` is set nothing is taken: call grat__rpc_record_next first. */
grat_err grat__rpc_record_feed(grat__rpc_record *r, const void *data, size_t n, size_t *taken);
void grat__rpc_record_next(grat__rpc_record *r);

/* ---- replies on a TCP stream, payload straight to its destination ------------------------ */

/* Waits for the reply to one call: record marks, stale replies and headers are consumed, the first result words
 * are kept, and the opaque data that follows them goes to the caller's memory. It lives as long as the connection:
 * a reply abandoned half-way is skipped when the next call begins. */
typedef struct grat__rpc_in {
    /* the result, valid once done */
    bool done;
    bool bad;                       /* not an RPC reply: drop the connection */
    bool too_big;                   /* more opaque data than `cap`: drop the connection */
    bool clipped;                   /* the record ended before the announced opaque data did */
    grat__rpc_stat stat;
    uint32_t words[8];              /* result words */
    unsigned words_len;             /* how many arrived */
    size_t length;                  /* announced bytes of opaque data */
    size_t got;                     /* bytes of opaque data in the destination */
    unsigned stale;                 /* replies with another xid that were dropped */

    /* what is wanted */
    bool active;
    bool early;                     /* done with the last wanted word, without the end of the record */
    uint32_t xid;
    unsigned want;
    bool opaque;
    size_t cap;

    /* framing */
    uint8_t mark[4], word[4];       /* incomplete ones */
    unsigned mark_len, word_len;
    bool in_fragment, last, in_record;
    bool mine;                      /* the present record has the wanted xid */
    uint32_t left;
    int step;
    size_t skip;
} grat__rpc_in;

void grat__rpc_in_init(grat__rpc_in *in);
/* Expect the reply to `xid`: `words` result words (at most 8), then, with `opaque`, counted data of up to cap
 * bytes. */
void grat__rpc_in_begin(grat__rpc_in *in, uint32_t xid, unsigned words, bool opaque, size_t cap);
/* Consumes all n bytes. dst is the destination of the opaque data (its start, the same in every call); `data` may
 * overlap it, as long as it lies at or behind dst + got. */
void grat__rpc_in_feed(grat__rpc_in *in, const uint8_t *data, size_t n, uint8_t *dst);
/* The number of bytes that are next on the wire and belong to dst + got, so that they can be received there;
 * 0 when something else comes next. */
size_t grat__rpc_in_direct(const grat__rpc_in *in);
/* n of those bytes have been put there. */
void grat__rpc_in_took(grat__rpc_in *in, size_t n);
/* Give up on the reply; it will be skipped. */
void grat__rpc_in_abandon(grat__rpc_in *in);

#endif
