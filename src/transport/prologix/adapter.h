/* One GPIB adapter of Prologix or AR488 manners: its connection, shared by every instrument behind it in this process,
 * for threads and for tasks. */
#ifndef GRAT_TRANSPORT_PROLOGIX_ADAPTER_H
#define GRAT_TRANSPORT_PROLOGIX_ADAPTER_H

#include "transport/tty.h"
#include "wire/prologix.h"

#include <pthread.h>
#include <stdatomic.h>

/* What differs between adapters. */
typedef struct grat__prlgx_row {
    grat__prlgx_kind kind;
    const char *name;
    size_t line_max;         /* bytes of an escaped line that fit its buffer, 0 = any */
    bool ren;                /* has ++ren */
} grat__prlgx_row;

typedef struct adapter adapter;

/* One instrument behind an adapter; lives in the transport's private data. */
typedef struct grat__prlgx_instr {
    adapter *a;
    int pad, sad;            /* sad -1 = none */
    grat__buf held;          /* received for it while others wanted the adapter */
    bool held_end;           /* the answer is whole */
    const char *broken;      /* why the rest of its answer will not come; it is told once */
    size_t answered;         /* bytes of the present answer so far */
    grat__prlgx_answer answer;
    uint8_t last;            /* of them */
    atomic_int polled;       /* the status byte that was read while looking for who asks for service; -1 none */
} grat__prlgx_instr;

struct adapter {
    adapter *next;
    unsigned refs;
    char key[300];           /* "host::port" or the path */
    unsigned board;          /* of the last INTFC that was opened */
    int intfc;               /* INTFC sessions that are open */
    int turn;                /* eventfd: 1 = free */
    int waiting;             /* how many want the turn; under `lock` */
    pthread_mutex_t lock;
    /* Under the turn: */
    char host[256];
    unsigned port;           /* 0: serial */
    grat__tty_params line;
    int fd;                  /* TCP; -1 */
    grat__tty tty;
    bool ready;              /* connected, in step and set up */
    char version[128];
    char version_line[140];  /* as it comes, with its line's end */
    unsigned fences;
    bool foreign;            /* an INTFC session has sent lines of its own, whose answers may still come */
    const grat__prlgx_row *row;
    int pad, sad;            /* what ++addr was last; -1 unknown */
    grat__prlgx_instr *reading; /* its ++read may still give bytes */
    int64_t read_until_ns;   /* it seems over when nothing has come by then */
    /* Then ++ver is asked: what the ++read still gives comes before its answer. */
    enum { GRAT__PRLGX_NOT_ASKED, GRAT__PRLGX_ASKED, GRAT__PRLGX_OVER } fence;
    grat__buf late;          /* received since; its end may be the beginning of the version */
    bool perhaps;            /* a byte that is the mark unless more comes */
    int64_t perhaps_until_ns;
    bool no_mark;            /* it does not know ++eot_enable */
};

#define GRAT__PRLGX_READ_MS 250   /* ++read_tmo_ms: how long the adapter waits for each byte */

/* Finds or makes the adapter of a PRLGX resource; refs it. No I/O. NULL with the error in op. */
adapter *grat__prlgx_adapter(const grat_resource *r, const char *serial, grat_op *op);
/* The adapter that an open INTFC session has made board `board`; NULL when there is none. Refs it. */
adapter *grat__prlgx_adapter_of_board(unsigned board);
bool grat__prlgx_has_board(unsigned board);
/* An INTFC session of that board was opened (1) or closed (-1). */
void grat__prlgx_set_board(adapter *a, unsigned board, int more);
void grat__prlgx_unref(adapter *a);

/* Takes the turn and brings the adapter in step. For an instrument (may be NULL) the answer that another one has not
 * read yet is put aside. `discard` drops this one's own unread answer. On failure the turn is not held. */
grat_err grat__prlgx_enter(adapter *a, grat__prlgx_instr *s, bool discard, grat_op *op);
/* The turn alone. */
grat_err grat__prlgx_take_turn(adapter *a, grat_op *op);
void grat__prlgx_leave(adapter *a);
/* Within the turn. Any failure makes the adapter not ready. */
grat_err grat__prlgx_send(adapter *a, const void *data, size_t n, grat_op *op);
/* Makes this instrument the addressed one. */
grat_err grat__prlgx_address(adapter *a, const grat__prlgx_instr *s, grat_op *op);
grat_err grat__prlgx_puts(adapter *a, const char *line, grat_op *op);
/* A command and the number that answers it, while no ++read is in progress. EPROTO when something else came. */
grat_err grat__prlgx_number(adapter *a, const char *line, unsigned *out, grat_op *op);
/* At least one byte, as it comes. */
grat_err grat__prlgx_recv(adapter *a, void *buf, size_t cap, grat_op *op);
/* Bytes of the ++read in progress, cap >= 1; *end when the answer is whole. ETIMEOUT without bytes when op ends, or,
 * with fence OVER, when the ++read ended without the mark: then grat__prlgx_read_over is called. */
grat_err grat__prlgx_take(adapter *a, uint8_t *buf, size_t cap, bool *end, grat_op *op);
void grat__prlgx_read_over(adapter *a);
/* Reads until everything older has come, and sets everything that matters. Whose ++read was in progress is broken. */
grat_err grat__prlgx_sync(adapter *a, grat_op *op);

#endif
