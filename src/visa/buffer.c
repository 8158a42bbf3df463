/* The formatted buffers, which viPrintf, viScanf, viBufRead and viBufWrite share, and viFlush and viSetBuf. */
#include "session.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SIZE = 4096, ARRIVED_MS = 5, ARRIVED_LIMIT_MS = 200 };

static bool resize(visa_buf *b, size_t size)
{
    ViByte *data = realloc(b->data, size ? size : 1);
    if (!data) return false;
    b->data = data;
    b->size = size;
    return true;
}

ViStatus visa__buf_init(visa_session *s)
{
    return resize(&s->rd, FIRST_SIZE) && resize(&s->wr, FIRST_SIZE) ? VI_SUCCESS : VI_ERROR_ALLOC;
}

void visa__buf_free(visa_session *s)
{
    free(s->rd.data);
    free(s->wr.data);
}

void visa__buf_forget(visa_session *s)
{
    s->buf_stale = true;
}

static size_t room(const visa_buf *b)
{
    return b->size ? b->size : 1;
}

static void empty(visa_buf *b)
{
    b->len = b->at = 0;
    b->why = VI_SUCCESS_MAX_CNT;
}

/* ---- for the formatted calls ------------------------------------------------------------------------- */

ViStatus visa__fmt_begin(ViSession vi, const char *name, visa_session **s)
{
    ViStatus st;
    *s = visa__session_get(vi, &st);
    if (!*s) return st;
    if ((st = visa__lock_check(*s))) {
        visa__exception(*s, name, st);
        visa__session_put(*s);
        return st;
    }
    pthread_mutex_lock(&(*s)->fmt_lock);
    if (atomic_exchange(&(*s)->buf_stale, false)) {
        empty(&(*s)->rd);
        empty(&(*s)->wr);
    }
    return VI_SUCCESS;
}

ViStatus visa__fmt_end(visa_session *s, const char *name, ViStatus status)
{
    pthread_mutex_unlock(&s->fmt_lock);
    visa__exception(s, name, status);
    visa__session_put(s);
    return status;
}

ViStatus visa__fmt_flush(visa_session *s, bool end)
{
    size_t put;
    if (!s->wr.len) return VI_SUCCESS;
    ViStatus st = visa__session_write(s, s->wr.data, s->wr.len, end, &put);
    empty(&s->wr);
    return st;
}

/* A full buffer stays until more comes, so that END can still go with its last byte. */
ViStatus visa__fmt_write(visa_session *s, const void *data, size_t n)
{
    const ViByte *from = data;
    while (n) {
        if (s->wr.len == room(&s->wr)) {
            ViStatus st = visa__fmt_flush(s, false);
            if (st < 0) return st;
        }
        size_t k = room(&s->wr) - s->wr.len;
        if (k > n) k = n;
        memcpy(s->wr.data + s->wr.len, from, k);
        s->wr.len += k;
        from += k;
        n -= k;
    }
    return VI_SUCCESS;
}

ViStatus visa__fmt_fill(visa_session *s, const ViByte **data, size_t *n, bool *end)
{
    visa_buf *b = &s->rd;
    if (b->at == b->len) {
        size_t got;
        bool begun = b->len && b->why == VI_SUCCESS_MAX_CNT && s->rsrc.rclass == VISA_CLASS_SOCKET;
        empty(b);
        ViStatus st = visa__session_read_some(s, b->data, room(b), &got);
        b->len = got;
        if (st == VI_ERROR_CONN_LOST && begun) st = VI_SUCCESS; /* the only END that a socket has */
        if (st < 0) {
            b->at = got; /* counted as read: what a timeout left is not part of a later answer */
            return st;
        }
        b->why = st;
    }
    *data = b->data + b->at;
    *n = b->len - b->at;
    *end = b->why != VI_SUCCESS_MAX_CNT;
    return VI_SUCCESS;
}

void visa__fmt_consume(visa_session *s, size_t n)
{
    size_t have = s->rd.len - s->rd.at;
    s->rd.at += n < have ? n : have;
}

void visa__fmt_forget_read(visa_session *s)
{
    empty(&s->rd);
}

void visa__fmt_forget_line_end(visa_session *s)
{
    if (s->rd.why == VI_SUCCESS_MAX_CNT) return;
    for (size_t i = s->rd.at; i < s->rd.len; i++)
        if (!isspace(s->rd.data[i])) return;
    empty(&s->rd);
}

void visa__fmt_forget_write(visa_session *s)
{
    empty(&s->wr);
}

static int64_t mode_of(visa_session *s, const int64_t *mode)
{
    pthread_mutex_lock(&s->lock);
    int64_t v = *mode;
    pthread_mutex_unlock(&s->lock);
    return v;
}

ViStatus visa__fmt_access_write(visa_session *s)
{
    return mode_of(s, &s->attr.wr_mode) == VI_FLUSH_ON_ACCESS ? visa__fmt_flush(s, true) : VI_SUCCESS;
}

/* Drops what the read buffer holds, and what is still to come of that message. With an empty buffer nothing is read: an
 * answer in the device stays there. */
static ViStatus flush_read(visa_session *s, bool to_end)
{
    ViStatus st = VI_SUCCESS;
    bool held = s->rd.at < s->rd.len, more = held && s->rd.why == VI_SUCCESS_MAX_CNT;
    empty(&s->rd);
    while (to_end && more && st >= 0) {
        size_t got;
        st = visa__session_read(s, s->rd.data, room(&s->rd), &got);
        more = st == VI_SUCCESS_MAX_CNT;
    }
    return st < 0 ? st : VI_SUCCESS;
}

void visa__fmt_access_read(visa_session *s)
{
    if (mode_of(s, &s->attr.rd_mode) == VI_FLUSH_ON_ACCESS) flush_read(s, true);
}

/* ---- viBufRead, viBufWrite ---------------------------------------------------------------------------------- */

static ViStatus buf_read(visa_session *s, ViPBuf buf, size_t n, size_t *got)
{
    const ViByte *data;
    size_t have;
    bool end = false;
    while (*got < n) {
        ViStatus st = visa__fmt_fill(s, &data, &have, &end);
        if (st < 0) {
            size_t part = s->rd.len < n - *got ? s->rd.len : n - *got;
            memcpy(buf + *got, s->rd.data, part);
            *got += part;
            s->rd.at = part;
            if (*got == n) return VI_SUCCESS_MAX_CNT; /* what was asked for came; the rest is kept */
            empty(&s->rd);
            return st;
        }
        size_t k = have < n - *got ? have : n - *got;
        memcpy(buf + *got, data, k);
        *got += k;
        visa__fmt_consume(s, k);
        if (end && k == have) return s->rd.why;
    }
    return VI_SUCCESS_MAX_CNT;
}

VISA_API ViStatus viBufRead(ViSession vi, ViPBuf buf, ViUInt32 cnt, ViPUInt32 retCnt)
{
    visa_session *s;
    size_t got = 0;
    if (retCnt) *retCnt = 0;
    ViStatus st = visa__fmt_begin(vi, "viBufRead", &s);
    if (st) return st;
    st = buf || !cnt ? buf_read(s, buf, cnt, &got) : VI_ERROR_USER_BUF;
    if (retCnt) *retCnt = (ViUInt32)got;
    return visa__fmt_end(s, "viBufRead", st);
}

VISA_API ViStatus viBufWrite(ViSession vi, ViConstBuf buf, ViUInt32 cnt, ViPUInt32 retCnt)
{
    visa_session *s;
    if (retCnt) *retCnt = 0;
    ViStatus st = visa__fmt_begin(vi, "viBufWrite", &s);
    if (st) return st;
    st = buf || !cnt ? visa__fmt_write(s, buf, cnt) : VI_ERROR_USER_BUF;
    if (st >= 0 && retCnt) *retCnt = cnt;
    if (st >= 0) st = visa__fmt_access_write(s);
    return visa__fmt_end(s, "viBufWrite", st);
}

/* ---- viFlush, viSetBuf ---------------------------------------------------------------------------------------- */

/* What has arrived on a stream without an end. */
static ViStatus drop_arrived(visa_session *s)
{
    visa_call *c;
    uint8_t waste[4096];
    ViStatus st = visa__call_begin(s, LANE_READ, &c);
    if (st) return st;
    int64_t until = grat_now_ns() + ARRIVED_LIMIT_MS * 1000000;
    grat_err e = GRAT_OK;
    grat_io_discard(s->wire, NULL);
    while (!e && s->stream && grat_now_ns() < until) {
        grat_op_init(&c->op, ARRIVED_MS, c->cancel);
        e = grat_io_read(s->wire, waste, sizeof waste, -1, false, &c->op);
    }
    st = e == GRAT_ETIMEOUT ? VI_SUCCESS : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

/* Values of GRAT_ATTR_ASRL_UNSENT. */
enum unsent { DROP, DRAIN };

static bool twice(ViUInt16 mask, ViUInt16 one, ViUInt16 other)
{
    return (mask & one) && (mask & other);
}

/* What was written and has not left this computer: a serial port's. Elsewhere a write ends when the wire has it. */
static ViStatus unsent(visa_session *s, enum unsent what)
{
    visa_call *c;
    if (s->rsrc.rclass != VISA_CLASS_ASRL) return VI_SUCCESS;
    ViStatus st = visa__call_begin(s, LANE_WRITE, &c);
    if (st) return st;
    grat_err e = grat_attr_set(s->wire, GRAT_ATTR_ASRL_UNSENT, what, &c->op);
    st = e == GRAT_ENOTSUP ? VI_SUCCESS : visa__call_status(c, e);
    visa__call_end(c);
    return st;
}

/* On ports and sockets the I/O buffer goes with the formatted one. */
static ViStatus flush(visa_session *s, ViUInt16 mask)
{
    bool both = s->rsrc.rclass & (VISA_CLASS_ASRL | VISA_CLASS_SOCKET);
    ViStatus st = VI_SUCCESS;
    if (mask & VI_WRITE_BUF) st = visa__fmt_flush(s, true);
    if (mask & VI_WRITE_BUF_DISCARD) empty(&s->wr);
    if (st >= 0 && mask & (VI_IO_OUT_BUF_DISCARD | VI_WRITE_BUF_DISCARD)) st = unsent(s, DROP);
    if (st >= 0 && mask & (VI_IO_OUT_BUF | VI_WRITE_BUF)) st = unsent(s, DRAIN);
    if (st >= 0 && (mask & (VI_READ_BUF | VI_READ_BUF_DISCARD))) st = flush_read(s, (mask & VI_READ_BUF) && !both);
    bool in = (mask & (VI_IO_IN_BUF | VI_IO_IN_BUF_DISCARD)) ||
              (both && (mask & (VI_READ_BUF | VI_READ_BUF_DISCARD)));
    if (st >= 0 && in) st = drop_arrived(s);
    return st;
}

VISA_API ViStatus viFlush(ViSession vi, ViUInt16 mask)
{
    visa_session *s;
    ViStatus st = visa__fmt_begin(vi, "viFlush", &s);
    if (st) return st;
    if (mask > 255 || twice(mask, VI_READ_BUF, VI_READ_BUF_DISCARD) ||
        twice(mask, VI_WRITE_BUF, VI_WRITE_BUF_DISCARD) || twice(mask, VI_IO_IN_BUF, VI_IO_IN_BUF_DISCARD) ||
        twice(mask, VI_IO_OUT_BUF, VI_IO_OUT_BUF_DISCARD))
        st = VI_ERROR_INV_MASK;
    else
        st = flush(s, mask);
    return visa__fmt_end(s, "viFlush", st);
}

/* A smaller buffer may not hold what is there: that is sent first, and dropped for reading. */
static ViStatus set_sizes(visa_session *s, ViUInt16 mask, ViUInt32 size)
{
    ViStatus st = VI_SUCCESS;
    if (mask & VI_WRITE_BUF) {
        st = visa__fmt_flush(s, false);
        if (st < 0) return st;
        if (!resize(&s->wr, size)) return VI_ERROR_ALLOC;
    }
    if (mask & VI_READ_BUF) {
        empty(&s->rd);
        if (!resize(&s->rd, size)) return VI_ERROR_ALLOC;
    }
    bool own = mask & (VI_IO_IN_BUF | VI_IO_OUT_BUF);
    return own && s->rsrc.rclass != VISA_CLASS_ASRL ? VI_WARN_NSUP_BUF : VI_SUCCESS;
}

VISA_API ViStatus viSetBuf(ViSession vi, ViUInt16 mask, ViUInt32 size)
{
    visa_session *s;
    ViStatus st = visa__fmt_begin(vi, "viSetBuf", &s);
    if (st) return st;
    bool legal = mask && !(mask & ~(VI_READ_BUF | VI_WRITE_BUF | VI_IO_IN_BUF | VI_IO_OUT_BUF));
    st = legal ? set_sizes(s, mask, size) : VI_ERROR_INV_MASK;
    return visa__fmt_end(s, "viSetBuf", st);
}
