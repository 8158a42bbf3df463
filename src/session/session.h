/* The session's inside, shared by the files of this directory.
 *
 * State rules
 *   outstanding   a query was written and its whole answer has not been read
 *   broken        the stream's position is unknown: recover before the next message
 *   dead          recovery failed: every call answers EDEAD */
#ifndef GRAT_SESSION_SESSION_H
#define GRAT_SESSION_SESSION_H

#include "core/buf.h"
#include "session/dialect.h"
#include "transport/list.h"

#include <stdatomic.h>

/* Plain I/O (plain.c): what was received and not given out yet. */
typedef struct grat__plain {
    grat__buf held;
    size_t at;                /* given out of it */
    bool end;                 /* END came with its last byte */
    size_t ahead;             /* how much to ask for next, 0 = what is needed */
    unsigned runs;            /* pieces in a row that the wire ended at the character */
    int where;                /* what the next byte belongs to (plain.c) */
    unsigned digits;          /* of a block's length that are still to come */
    size_t rest;              /* of a block, bytes that were not given out */
    _Atomic size_t n;         /* held and not given out */
    _Atomic bool fresh;       /* something was written since: an answer begins */
    _Atomic bool stale;       /* a message was written since: it is void */
} grat__plain;

void grat__plain_init(grat__plain *io);
void grat__plain_free(grat__plain *io);
void grat__plain_forget(grat__plain *io);

struct grat_session {
    const grat_transport *tr;
    void *priv;
    const grat__dialect *dialect; /* NULL = SCPI */
    grat_resource resource;
    char name[600];
    grat_open_options opt;
    char idn[256];            /* the identity line, once known */
    grat__buf rx;             /* stream wires: bytes behind the last terminator */
    grat__plain io;
    bool outstanding, broken, dead, synced;
    bool asked_identity;      /* by the last query that was written */
    bool late_identity;       /* the identity that answered may have been an old one: the new one may still come */
    bool eat_newlines;        /* an answer ended here; a newline may still come */
    bool blocks_lack_newline; /* this instrument ends blocks without one, seen where it could not be mistaken */
    const char *ahead;        /* while a block is read: what to ask before its end has come; NULL = nothing */
    bool asked_ahead;         /* it was written: its answer comes next */
    int64_t gap_ns;           /* least time between two messages: the caller's, else the instrument's quirk */
    int64_t last_write_ns;
};

static inline bool grat__is_stream(const grat_session *s)
{
    return !(s->tr->caps & GRAT_TCAP_END);
}

static inline int grat__line_end(const grat_session *s)
{
    return s->tr->line_end ? s->tr->line_end(s->priv) : '\n';
}

/* Refuses a dead session, recovers a broken one. Every public call starts with it. */
grat_err grat__session_begin(grat_session *s, grat_op *op);
/* Records what an error means for the session and puts the resource in front of the sentence. Returns err. */
grat_err grat__session_end(grat_session *s, grat_op *op, grat_err err);
/* True when this answer (without its end) is the identity that comes late: to be dropped. */
bool grat__late_identity(grat_session *s, const void *line, size_t n);
/* The calls without begin/end, for use inside. */
grat_err grat__raw_write(grat_session *s, const void *data, size_t n, grat_op *op);
grat_err grat__raw_text(grat_session *s, char *buf, size_t cap, grat_op *op);
grat_err grat__raw_fill(grat_session *s, void *buf, size_t cap, grat_op *op);
/* The same where the answer is known to have cap bytes more. */
grat_err grat__raw_fill_due(grat_session *s, void *buf, size_t cap, grat_op *op);
/* Gives bytes back to the front of a stream. */
grat_err grat__raw_unread(grat_session *s, const void *data, size_t n, grat_op *op);

/* Starts a query whose answer is read by parts. */
grat_err grat__query_start(grat_session *s, const char *command, grat_op *op);

/* As grat_query_block_alloc, for one that asks the same again and again: the next request is written while the last
 * part of this answer is still on its way, where the wire is a plain stream. The answer to it belongs to the next call,
 * which must have the same `command`; any other query recovers the session first. An instrument that throws away an
 * answer when it is asked again (IEEE 488.2) cannot be asked so. */
grat_err grat__query_block_ahead(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op);

#endif
