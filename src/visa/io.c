/* viRead, viWrite and their file forms, by VISA's rules: END before the character before the count. */
#include "session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAUSE_MS = 50,            /* SOCKET without SUPPRESS_END_EN: such a silence is the end of a message */
    ASK_LOCK_MS = 100,
    FILE_PIECE = 1 << 18,
};

/* What of the attributes matters to one transfer, taken at its begin. */
typedef struct rules {
    int term;                 /* -1 = none */
    bool through_end, pause_ends;
} rules;

static rules rules_now(visa_session *s)
{
    rules r = {.term = -1};
    pthread_mutex_lock(&s->lock);
    const visa_attrs *a = &s->attr;
    bool serial = s->rsrc.rclass == VISA_CLASS_ASRL && s->stream;
    if (a->termchar_en || (serial && a->end_in == VI_ASRL_END_TERMCHAR)) r.term = (int)a->termchar;
    r.through_end = a->suppress_end;
    r.pause_ends = s->rsrc.rclass == VISA_CLASS_SOCKET && !a->suppress_end;
    pthread_mutex_unlock(&s->lock);
    return r;
}

/* The first byte may take the whole timeout, the others only a pause. */
static grat_err read_to_pause(visa_call *c, uint8_t *buf, size_t n, const rules *r)
{
    grat_err e = grat_io_read(c->s->wire, buf, 1, r->term, false, &c->op);
    if (e || n == 1 || (c->op.reason & GRAT_REASON_CHAR)) return e;
    grat_op_init(&c->op, PAUSE_MS, c->cancel);
    c->op.idle_ns = PAUSE_MS * 1000000;
    e = grat_io_read(c->s->wire, buf + 1, n - 1, r->term, false, &c->op);
    c->op.count++;
    if (e != GRAT_ETIMEOUT) return e;
    c->op.reason = GRAT_REASON_END;
    return GRAT_OK;
}

/* A timeout of a HiSLIP device that is locked by another computer: it takes messages then and answers nothing. */
static ViStatus locked_or(visa_session *s, ViStatus st)
{
    ViStatus queued;
    grat_value v = {0};
    if (st != VI_ERROR_TMO || s->rsrc.rclass != VISA_CLASS_HISLIP) return st;
    visa_call *c = visa__call_queue(s, LANE_STB, 0, &queued);
    if (!c) return st;
    if (!visa__call_wait(c, ASK_LOCK_MS)) {
        grat_op_init(&c->op, ASK_LOCK_MS, c->cancel);
        if (!grat_attr_get(s->wire, GRAT_ATTR_LOCKED_ELSEWHERE, &v, &c->op) && v.number) st = VI_ERROR_RSRC_LOCKED;
    }
    visa__call_end(c);
    return st;
}

/* Which error of a serial line it was. */
static ViStatus line_status(visa_call *c)
{
    grat_value v = {0};
    size_t count = c->op.count;
    grat_attr_get(c->s->wire, GRAT_ATTR_ASRL_FAULTS, &v, &c->op);
    c->op.count = count;
    if (v.number & 1) return VI_ERROR_ASRL_PARITY;
    if (v.number & 2) return VI_ERROR_ASRL_FRAMING;
    return v.number & 4 ? VI_ERROR_ASRL_OVERRUN : VI_ERROR_IO;
}

/* On a socket the end of the connection is the only END there is; elsewhere the rest of the message is missing. */
static ViStatus read_status(visa_call *c, const rules *r, grat_err e)
{
    if (e == GRAT_ELOST && c->op.count && !c->aborted && c->s->rsrc.rclass == VISA_CLASS_SOCKET) return VI_SUCCESS;
    if (e == GRAT_EIO && c->s->rsrc.rclass == VISA_CLASS_ASRL) return line_status(c);
    if (e) return locked_or(c->s, visa__call_status(c, e));
    if ((c->op.reason & GRAT_REASON_END) && !r->through_end) return VI_SUCCESS;
    return c->op.reason & GRAT_REASON_CHAR ? VI_SUCCESS_TERM_CHAR : VI_SUCCESS_MAX_CNT;
}

ViStatus visa__io_read(visa_call *c, void *buf, size_t n, size_t *got)
{
    rules r = rules_now(c->s);
    grat_err e;
    if (r.pause_ends) e = read_to_pause(c, buf, n, &r);
    else e = grat_io_read(c->s->wire, buf, n, r.term, r.through_end, &c->op);
    ViStatus st = read_status(c, &r, e);
    *got = c->op.count;
    return st;
}

/* The first byte, and what has come with it. */
static ViStatus read_some(visa_call *c, uint8_t *buf, size_t n, size_t *got)
{
    rules r = rules_now(c->s);
    grat_err e = grat_io_read(c->s->wire, buf, 1, r.term, r.through_end, &c->op);
    ViStatus st = read_status(c, &r, e);
    *got = c->op.count;
    if (st != VI_SUCCESS_MAX_CNT || n == 1) return st;
    grat_op_init(&c->op, 0, c->cancel);
    e = grat_io_read(c->s->wire, buf + 1, n - 1, r.term, r.through_end, &c->op);
    *got += c->op.count;
    return e == GRAT_ETIMEOUT ? VI_SUCCESS_MAX_CNT : read_status(c, &r, e);
}

ViStatus visa__io_write(visa_call *c, const void *buf, size_t n, bool end, size_t *put)
{
    visa_session *s = c->s;
    grat_err e = GRAT_OK;
    *put = 0;
    if (!n) return VI_SUCCESS;
    pthread_mutex_lock(&s->lock);
    end = end && s->attr.send_end;
    int64_t end_out = s->rsrc.rclass == VISA_CLASS_ASRL ? s->attr.end_out : VI_ASRL_END_NONE, term = s->attr.termchar;
    pthread_mutex_unlock(&s->lock);
    if (end && end_out == VI_ASRL_END_TERMCHAR) e = grat_attr_set(s->wire, GRAT_ATTR_ASRL_TERM_CHAR, term, &c->op);
    if (!e) e = grat_io_write(s->wire, buf, n, end, &c->op);
    *put = c->op.count;
    return locked_or(s, visa__call_status(c, e));
}

ViStatus visa__session_read(visa_session *s, void *buf, size_t n, size_t *got)
{
    visa_call *c;
    *got = 0;
    ViStatus st = visa__lock_check(s);
    if (st) return st;
    if (!n) return VI_SUCCESS_MAX_CNT;
    if ((st = visa__call_begin(s, LANE_READ, &c))) return st;
    st = visa__io_read(c, buf, n, got);
    visa__call_end(c);
    return st;
}

ViStatus visa__session_read_some(visa_session *s, void *buf, size_t n, size_t *got)
{
    visa_call *c;
    *got = 0;
    pthread_mutex_lock(&s->lock);
    bool whole = !s->stream || (s->rsrc.rclass == VISA_CLASS_SOCKET && !s->attr.suppress_end);
    pthread_mutex_unlock(&s->lock);
    if (whole) return visa__session_read(s, buf, n, got);
    ViStatus st = visa__lock_check(s);
    if (!st) st = visa__call_begin(s, LANE_READ, &c);
    if (st) return st;
    st = read_some(c, buf, n, got);
    visa__call_end(c);
    return st;
}

ViStatus visa__session_write(visa_session *s, const void *buf, size_t n, bool end, size_t *put)
{
    visa_call *c;
    *put = 0;
    ViStatus st = visa__lock_check(s);
    if (st || !n) return st;
    if ((st = visa__call_begin(s, LANE_WRITE, &c))) return st;
    st = visa__io_write(c, buf, n, end, put);
    visa__call_end(c);
    return st;
}

VISA_API ViStatus viRead(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPUInt32 retCnt)
{
    size_t got = 0;
    if (retCnt) *retCnt = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = buf || !cnt ? visa__session_read(s, buf, cnt, &got) : VI_ERROR_USER_BUF;
    if (retCnt) *retCnt = (ViUInt32)got;
    st = visa__exception(s, "viRead", st);
    visa__session_put(s);
    return st;
}

VISA_API ViStatus viWrite(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPUInt32 retCnt)
{
    size_t put = 0;
    if (retCnt) *retCnt = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = buf || !cnt ? visa__session_write(s, buf, cnt, true, &put) : VI_ERROR_USER_BUF;
    if (retCnt) *retCnt = (ViUInt32)put;
    st = visa__exception(s, "viWrite", st);
    visa__session_put(s);
    return st;
}

/* ---- files ----------------------------------------------------------------------------------------- */

static ViStatus read_to_file(visa_session *s, FILE *f, size_t n, size_t *total)
{
    ViStatus st = VI_SUCCESS_MAX_CNT;
    uint8_t *piece = malloc(FILE_PIECE);
    if (!piece) return VI_ERROR_ALLOC;
    while (st == VI_SUCCESS_MAX_CNT && *total < n) {
        size_t want = n - *total < FILE_PIECE ? n - *total : FILE_PIECE, got;
        st = visa__session_read(s, piece, want, &got);
        if (fwrite(piece, 1, got, f) != got) st = VI_ERROR_FILE_IO;
        *total += got;
    }
    free(piece);
    return st;
}

VISA_API ViStatus viReadToFile(ViSession vi, ViConstString file, ViUInt32 cnt, ViPUInt32 retCnt)
{
    size_t total = 0;
    if (retCnt) *retCnt = 0;
    SESSION_OR_RETURN(s, vi);
    pthread_mutex_lock(&s->lock);
    bool append = s->attr.file_append;
    pthread_mutex_unlock(&s->lock);
    ViStatus st = file ? visa__lock_check(s) : VI_ERROR_USER_BUF;
    FILE *f = st ? NULL : fopen(file, append ? "abe" : "wbe");
    if (!st && !f) st = VI_ERROR_FILE_ACCESS;
    if (f) {
        st = read_to_file(s, f, cnt, &total);
        if (fclose(f) && st >= 0) st = VI_ERROR_FILE_IO;
    }
    if (retCnt) *retCnt = (ViUInt32)total;
    st = visa__exception(s, "viReadToFile", st);
    visa__session_put(s);
    return st;
}

/* One piece is read ahead, so that END goes with the last byte of the file or of the count. */
static ViStatus write_from_file(visa_session *s, FILE *f, size_t n, size_t *total)
{
    ViStatus st = VI_SUCCESS;
    uint8_t *piece = malloc(2 * (size_t)FILE_PIECE), *next = piece + FILE_PIECE;
    if (!piece) return VI_ERROR_ALLOC;
    size_t left = n, have = fread(piece, 1, left < FILE_PIECE ? left : FILE_PIECE, f);
    uint8_t *now = piece;
    left -= have;
    while (!st && have) {
        size_t more = fread(next, 1, left < FILE_PIECE ? left : FILE_PIECE, f), put;
        if (ferror(f)) {
            st = VI_ERROR_FILE_IO;
            break;
        }
        left -= more;
        st = visa__session_write(s, now, have, !more, &put);
        *total += put;
        uint8_t *old = now;
        now = next, next = old, have = more;
    }
    if (!st && ferror(f)) st = VI_ERROR_FILE_IO;
    free(piece);
    return st;
}

VISA_API ViStatus viWriteFromFile(ViSession vi, ViConstString file, ViUInt32 cnt, ViPUInt32 retCnt)
{
    size_t total = 0;
    if (retCnt) *retCnt = 0;
    SESSION_OR_RETURN(s, vi);
    ViStatus st = file ? visa__lock_check(s) : VI_ERROR_USER_BUF;
    FILE *f = st ? NULL : fopen(file, "rbe");
    if (!st && !f) st = VI_ERROR_FILE_ACCESS;
    if (f) {
        st = write_from_file(s, f, cnt, &total);
        fclose(f);
    }
    if (retCnt) *retCnt = (ViUInt32)total;
    st = visa__exception(s, "viWriteFromFile", st);
    visa__session_put(s);
    return st;
}
