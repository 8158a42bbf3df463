#include "session/session.h"

#include "config/config.h"
#include "core/str.h"
#include "core/wait.h"
#include "session/quirk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_IO_MS 5000
#define DEFAULT_MAX_RESPONSE ((size_t)1 << 30)
/* Leftovers behind a terminator; more than this before a query is junk of a lost stream. */
#define MAX_LEFTOVER (1u << 20)
#define TEXT_CHUNK 4096
#define JUNK_LINES 4096      /* that may stand before an identity: some MB of a block */
#define ASK_LOCK_MS 100

static void session_free(grat_session *s)
{
    grat__buf_free(&s->rx);
    grat__plain_free(&s->io);
    free(s->priv);
    free(s);
}

static grat_session *session_new(const grat_resource *r, const grat_transport *tr, const grat_open_options *opt)
{
    grat_session *s = calloc(1, sizeof *s);
    if (!s) return NULL;
    s->tr = tr;
    s->resource = *r;
    s->dialect = grat__dialect_find(r);
    if (opt) memcpy(&s->opt, opt, opt->size < sizeof s->opt ? opt->size : sizeof s->opt);
    if (s->opt.io_timeout_ms <= 0) s->opt.io_timeout_ms = DEFAULT_IO_MS;
    s->gap_ns = s->opt.command_gap_ns;
    if (!s->opt.max_response) s->opt.max_response = DEFAULT_MAX_RESPONSE;
    grat_resource_format(r, s->name, sizeof s->name);
    grat__buf_init(&s->rx, MAX_LEFTOVER);
    grat__plain_init(&s->io);
    s->priv = calloc(1, tr->priv_size ? tr->priv_size : 1);
    if (!s->priv) {
        session_free(s);
        return NULL;
    }
    return s;
}

/* ASRL3::INSTR is what boards: says, when it says something. */
static grat_err take_board(grat_resource *r, grat_op *op)
{
    char board[16], target[GRAT__CONFIG_TEXT];
    if (r->interface != GRAT_IF_ASRL || r->device[0]) return GRAT_OK;
    snprintf(board, sizeof board, "ASRL%u", r->board);
    if (!grat__config_board(board, target, op)) return op->err;
    if (target[0] != '/') return grat_resource_parse(target, r, op);
    if (grat__strcpy(r->device, sizeof r->device, target)) return GRAT_OK;
    return grat_op_fail(op, GRAT_EPARSE, "%s: %.60s…: the path is too long", board, target);
}

/* What has no "::" may be an alias. A configuration that cannot be read matters only to a text that is nothing else. */
static grat_err resolve(const char *text, grat_resource *r, grat_op *op)
{
    char target[GRAT__CONFIG_TEXT];
    grat_op looked = *op;
    bool alias = !strstr(text, "::") && grat__config_alias(text, target, &looked);
    grat_err e = grat_resource_parse(alias ? target : text, r, op);
    if (!e) return take_board(r, op);
    if (looked.err) return grat__op_adopt(op, &looked);
    if (alias) op->count = 0;
    return e;
}

static bool hislip(const grat_resource *r)
{
    return r->interface == GRAT_IF_TCPIP && r->rclass == GRAT_CLASS_INSTR && grat__strcasestarts(r->device, "hislip");
}

/* The entry of `security:` for this resource, under its name or an alias; what the caller has chosen stays. */
static grat_err secure(const grat_resource *r, grat_open_options *opt, grat__config_security *sec, grat_op *op)
{
    char name[GRAT__CONFIG_TEXT], other[GRAT__CONFIG_TEXT];
    grat_resource of;
    grat_op looked = *op;
    unsigned i = 0;
    if (!hislip(r)) return GRAT_OK;
    grat_resource_format(r, name, sizeof name);
    for (;; i++) {
        if (!grat__config_security_at(i, true, sec, &looked)) return looked.err ? grat__op_adopt(op, &looked) : GRAT_OK;
        if (resolve(sec->name, &of, &looked)) return grat__op_adopt(op, &looked);
        grat_resource_format(&of, other, sizeof other);
        if (strcmp(name, other) == 0) break;
    }
    if (!grat__config_security_at(i, opt->password, sec, &looked)) return grat__op_adopt(op, &looked);
    if (!opt->tls_ca && sec->ca[0]) opt->tls_ca = sec->ca;
    if (!opt->tls_cert && sec->cert[0]) opt->tls_cert = sec->cert, opt->tls_key = sec->key[0] ? sec->key : NULL;
    if (!opt->user && sec->user[0]) opt->user = sec->user;
    if (!opt->password && sec->password[0]) opt->password = sec->password;
    if (opt->tls == GRAT_TLS_AUTO && !opt->tls_insecure) opt->tls = sec->tls, opt->tls_insecure = sec->insecure;
    return GRAT_OK;
}

grat_err grat_open(const char *resource, const grat_open_options *opt, grat_op *op, grat_session **out)
{
    grat_resource r;
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if ((e = resolve(resource, &r, op))) return e;
    const grat_transport *tr = grat__transport_find(&r);
    if (!tr)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: this kind of resource has no transport in this version; use "
                                              "TCPIP, USB, ASRL, GPIB, VICP, BITSCOPE or SIM", resource);
    grat_session *s = session_new(&r, tr, opt);
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", resource);
    grat__config_security sec = {0};
    e = secure(&r, &s->opt, &sec, op);
    if (!e) e = tr->open(s->priv, &r, &s->opt, op);
    explicit_bzero(&sec, sizeof sec);
    /* What these point to may go now. */
    s->opt.tls_ca = s->opt.tls_cert = s->opt.tls_key = s->opt.user = s->opt.password = s->opt.serial = NULL;
    if (e) {
        session_free(s);
        return e;
    }
    s->synced = !grat__is_stream(s) || s->opt.no_sync || s->opt.plain || s->dialect;
    if (s->opt.lock_timeout_ms > 0 && (e = grat_lock(s, s->opt.lock_timeout_ms, op))) {
        grat_close(s);
        return e;
    }
    *out = s;
    return GRAT_OK;
}

void grat_close(grat_session *s)
{
    if (!s) return;
    s->tr->close(s->priv);
    session_free(s);
}

const char *grat_session_resource(const grat_session *s)
{
    return s->name;
}

unsigned grat_session_caps(const grat_session *s)
{
    return s->tr->caps;
}

bool grat_needs_recovery(const grat_session *s)
{
    return s->broken || s->dead;
}

grat_err grat__session_begin(grat_session *s, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e || s->opt.plain) return e;
    if (s->dead)
        return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead after a failed recovery; open it again", s->name);
    if (!s->broken) return GRAT_OK;
    e = grat_recover(s, op);
    return e ? e : grat__op_begin(op);
}

static bool breaks(grat_err e)
{
    switch (e) {
    case GRAT_ETIMEOUT:
    case GRAT_ECANCELED:
    case GRAT_ELOST:
    case GRAT_EPROTO:
    case GRAT_ESHORT:
    case GRAT_ETOOBIG:
    case GRAT_EIO:
    case GRAT_ENOMEM:
        return true;
    default:
        return false;
    }
}

/* Where the wire tells: while another client has the lock the instrument takes messages and answers nothing. */
static bool locked_elsewhere(grat_session *s, grat_op *ask)
{
    grat_value v = {0};
    if (!s->tr->lock || !s->tr->attr_get) return false;
    return !s->tr->attr_get(s->priv, GRAT_ATTR_LOCKED_ELSEWHERE, &v, ask) && v.number;
}

grat_err grat__session_end(grat_session *s, grat_op *op, grat_err err)
{
    if (!err) return GRAT_OK;
    bool spoilt = err == GRAT_EIO && grat__is_stream(s); /* the rest of that answer may be on its way */
    if ((breaks(err) || spoilt) && !s->opt.plain) s->broken = true;
    if (err == GRAT_ETIMEOUT && !s->opt.plain) {
        grat_op ask;
        grat_op_init(&ask, ASK_LOCK_MS, op->cancel);
        if (locked_elsewhere(s, &ask))
            err = grat_op_fail(op, GRAT_ELOCKED, "locked by another client; wait or close the other program");
    }
    char text[GRAT_TEXT_MAX];
    snprintf(text, sizeof text, "%s", op->text[0] ? op->text : grat_strerror(err));
    size_t n = strlen(s->name);
    if (strncmp(text, s->name, n) != 0) grat_op_fail(op, err, "%s: %s", s->name, text);
    op->err = err;
    return err;
}

/* ---- the wire, without state keeping ------------------------------------------------------- */

static void forget_leftovers(grat_session *s)
{
    s->rx.len = 0;
    s->eat_newlines = false;
}

static bool asks_identity(const char *text, size_t n)
{
    for (size_t i = 0; i + 5 <= n; i++)
        if (text[i] == '*' && grat__strcasestarts(text + i + 1, "IDN?")) return true;
    return false;
}

grat_err grat__raw_write(grat_session *s, const void *data, size_t n, grat_op *op)
{
    const char *bytes = data;
    bool lf = n && bytes[n - 1] == '\n';
    char small[1024];
    if (s->gap_ns > 0) {
        grat_err e = grat_op_sleep_until(op, s->last_write_ns + s->gap_ns);
        if (e) return e;
    }
    grat_err e;
    bool newline = grat__is_stream(s) || s->tr->caps & GRAT_TCAP_NEWLINE;
    if (!newline || lf || s->opt.plain || s->dialect) {
        e = s->tr->write(s->priv, data, n, true, op);
    } else if (n < sizeof small) {
        memcpy(small, data, n);
        small[n] = '\n';
        e = s->tr->write(s->priv, small, n + 1, true, op);
        if (op->count > n) op->count = n;
    } else {
        e = s->tr->write(s->priv, data, n, false, op);
        size_t count = op->count;
        if (!e) e = s->tr->write(s->priv, "\n", 1, true, op);
        op->count = count;
    }
    s->last_write_ns = grat_now_ns();
    if (n && memchr(data, '?', n)) {
        s->outstanding = true;
        s->asked_identity = asks_identity(bytes, n);
    }
    return e;
}

static grat_err fill(grat_session *s, void *buf, size_t cap, int term, grat_op *op)
{
    if (s->rx.len) {
        size_t n = s->rx.len < cap ? s->rx.len : cap;
        memcpy(buf, s->rx.data, n);
        grat__buf_drop(&s->rx, n);
        op->count = n;
        op->reason = 0;
        return GRAT_OK;
    }
    if (s->opt.read_chunk && cap > s->opt.read_chunk) cap = s->opt.read_chunk;
    op->reason = 0;
    return s->tr->read(s->priv, buf, cap, term, op);
}

grat_err grat__raw_fill(grat_session *s, void *buf, size_t cap, grat_op *op)
{
    return fill(s, buf, cap, -1, op);
}

grat_err grat__raw_fill_due(grat_session *s, void *buf, size_t cap, grat_op *op)
{
    return fill(s, buf, cap, GRAT_TERM_DUE, op);
}

grat_err grat__raw_unread(grat_session *s, const void *data, size_t n, grat_op *op)
{
    grat_err e = grat__buf_reserve(&s->rx, n);
    if (e) return grat_op_fail(op, e, "more than %u bytes came behind the answer", MAX_LEFTOVER);
    if (s->rx.len) memmove(s->rx.data + n, s->rx.data, s->rx.len);
    if (n) memcpy(s->rx.data, data, n);
    s->rx.len += n;
    return GRAT_OK;
}

/* A second or late newline must not become the next answer. */
static size_t skip_newlines(grat_session *s, char *buf, size_t have)
{
    size_t skip = 0;
    if (!s->eat_newlines) return have;
    while (skip < have && (buf[skip] == '\n' || buf[skip] == '\r')) skip++;
    if (skip < have) s->eat_newlines = false;
    memmove(buf, buf + skip, have - skip);
    return have - skip;
}

static grat_err stream_text(grat_session *s, char *buf, size_t cap, grat_op *op)
{
    size_t have = 0;
    for (;;) {
        if (have + 1 >= cap)
            return grat_op_fail(op, GRAT_ETOOBIG, "the answer is longer than the %zu bytes that were expected", cap);
        size_t from = have;
        grat_err e = grat__raw_fill(s, buf + have, cap - 1 - have, op);
        have = skip_newlines(s, buf, have + op->count);
        char *lf = have > from ? memchr(buf + from, grat__line_end(s), have - from) : NULL;
        if (!lf && have && (op->reason & GRAT_REASON_END)) {
            op->count = have;
            return GRAT_OK;
        }
        if (lf && e != GRAT_EIO) { /* bytes that a line has spoilt are no answer */
            size_t line = (size_t)(lf + 1 - buf);
            if ((e = grat__raw_unread(s, lf + 1, have - line, op))) return e;
            op->count = line;
            op->reason = GRAT_REASON_CHAR;
            return GRAT_OK;
        }
        op->count = have;
        if (e) return e;
    }
}

static grat_err message_text(grat_session *s, char *buf, size_t cap, grat_op *op)
{
    size_t have = 0;
    for (;;) {
        if (have + 1 >= cap)
            return grat_op_fail(op, GRAT_ETOOBIG, "the answer is longer than the %zu bytes that were expected", cap);
        grat_err e = grat__raw_fill(s, buf + have, cap - 1 - have, op);
        have += op->count;
        op->count = have;
        if (e) return e;
        if (op->reason & GRAT_REASON_END) return GRAT_OK;
    }
}

bool grat__late_identity(grat_session *s, const void *line, size_t n)
{
    if (!s->late_identity || s->asked_identity) return false;
    s->late_identity = false;
    return n == strlen(s->idn) && memcmp(line, s->idn, n) == 0;
}

grat_err grat__raw_text(grat_session *s, char *buf, size_t cap, grat_op *op)
{
    do {
        grat_err e = grat__is_stream(s) ? stream_text(s, buf, cap, op) : message_text(s, buf, cap, op);
        size_t n = op->count < cap ? op->count : cap - 1;
        if (e) {
            buf[n] = '\0';
            return e;
        }
        s->eat_newlines = grat__is_stream(s); /* some instruments end an answer with two */
        op->count = grat__rtrim(buf, n);
    } while (grat__late_identity(s, buf, op->count));
    s->outstanding = false;
    return GRAT_OK;
}

/* ---- synchronisation and recovery --------------------------------------------------------------- */

static bool looks_like_identity(const char *line)
{
    grat_identity id;
    return grat_identity_parse(line, &id);
}

static void learn_identity(grat_session *s, const char *line)
{
    grat_identity id;
    const grat__quirk *q = grat_identity_parse(line, &id) ? grat__quirk_of(&id) : NULL;
    grat__strcpy(s->idn, sizeof s->idn, line);
    if (q && !s->opt.command_gap_ns) s->gap_ns = q->gap_ns;
}

static grat_err same_instrument(grat_session *s, const char *line, grat_op *op)
{
    if (s->idn[0] && strcmp(s->idn, line) != 0)
        return grat_op_fail(op, GRAT_EPROTO, "another instrument answers now: \"%.80s\"", line);
    learn_identity(s, line);
    s->synced = true;
    return GRAT_OK;
}

/* A line, or a piece of something longer, which is none: the rest of a block may be on its way. */
static grat_err next_line(grat_session *s, char line[TEXT_CHUNK], grat_op *op)
{
    grat_err e = grat__raw_text(s, line, TEXT_CHUNK, op);
    if (e != GRAT_ETOOBIG || !grat__is_stream(s)) return e;
    line[0] = op->text[0] = '\0';
    return op->err = GRAT_OK;
}

/* Asks *IDN? and skips what an older client left unread, until a line that is an identity. */
static grat_err prove_identity(grat_session *s, grat_op *op)
{
    char line[TEXT_CHUNK];
    if (s->dialect) {
        grat_err e = s->dialect->identify(s, line, sizeof line, op);
        return e ? e : same_instrument(s, line, op);
    }
    grat_err e = grat__raw_write(s, "*IDN?", 5, op);
    for (unsigned tries = 0; !e && tries < JUNK_LINES; tries++) {
        e = next_line(s, line, op);
        if (e || !looks_like_identity(line)) {
            if (!e && !grat__is_stream(s))
                return grat_op_fail(op, GRAT_EPROTO, "*IDN? was answered by \"%.60s\"", line);
            continue;
        }
        s->late_identity = grat__is_stream(s);
        return same_instrument(s, line, op);
    }
    return e ? e : grat_op_fail(op, GRAT_EPROTO, "*IDN? is answered by something else again and again");
}

/* Silence proves nothing then. */
static grat_err check_lock(grat_session *s, grat_op *op)
{
    grat_op ask;
    grat__op_child(&ask, op, grat_op_left_ms(op) / 2);
    if (!locked_elsewhere(s, &ask)) return grat_op_check(op);
    return grat_op_fail(op, GRAT_ELOCKED, "%s: locked by another client; wait or close the other program", s->name);
}

/* The end of an identity that was on its way when the recovery began looks like one ("GOL TECHNOLOGIES,…"). Where
 * none is known to compare with, two equal ones in a row are wanted. */
static grat_err confirm_identity(grat_session *s, grat_op *op)
{
    char line[TEXT_CHUNK];
    grat_err e = grat__raw_write(s, "*IDN?", 5, op);
    for (unsigned tries = 0; !e && tries < JUNK_LINES; tries++) {
        e = next_line(s, line, op);
        if (!e && strcmp(line, s->idn) == 0) return GRAT_OK;
        if (!e && looks_like_identity(line)) learn_identity(s, line);
    }
    s->idn[0] = '\0';
    s->synced = false;
    return e ? e : grat_op_fail(op, GRAT_EPROTO, "*IDN? is answered by something else again and again");
}

static grat_err recover_once(grat_session *s, grat_op *op)
{
    bool stranger = !s->idn[0] && grat__is_stream(s) && !s->dialect;
    forget_leftovers(s);
    s->outstanding = s->asked_ahead = false;
    grat_err e = s->tr->clear(s->priv, op);
    if (!e) e = check_lock(s, op);
    if (e) return e;
    bool ordered = s->tr->caps & GRAT_TCAP_ORDERED && !s->dialect;
    if (s->opt.no_sync || (ordered && !s->idn[0])) return GRAT_OK;
    e = prove_identity(s, op);
    return e || !stranger ? e : confirm_identity(s, op);
}

/* An instrument that is not there will not come back within the call; one that is slow may. */
static bool hopeless(grat_err e)
{
    return e != GRAT_ETIMEOUT && e != GRAT_ECANCELED && e != GRAT_ELOST && e != GRAT_EREFUSED && e != GRAT_EUNREACH &&
           e != GRAT_EBUSY && e != GRAT_EPROTO && e != GRAT_EIO;
}

grat_err grat_recover(grat_session *s, grat_op *op)
{
    /* Back-off between attempts: some instruments refuse a new connection for seconds. */
    static const int64_t pause_ms[] = {50, 200, 500, 1000, 2000, 5000, 10000};
    grat_err e = grat__op_begin(op);
    if (e) return e;
    int64_t had_ms = grat_op_left_ms(op);
    for (size_t i = 0;; i++) {
        grat_op attempt;
        int64_t most = had_ms / 3 > 500 ? had_ms / 3 : 500;
        grat__op_child(&attempt, op, most);
        e = recover_once(s, &attempt);
        if (!e) {
            s->broken = s->dead = false;
            op->err = GRAT_OK;
            return GRAT_OK;
        }
        grat__op_adopt(op, &attempt);
        if (e == GRAT_ELOCKED) {
            s->broken = true;
            return e;
        }
        size_t last = sizeof pause_ms / sizeof *pause_ms - 1;
        int64_t pause = pause_ms[i < last ? i : last];
        if (hopeless(e) || e == GRAT_ECANCELED || grat_op_left_ms(op) <= pause) break;
        if (grat_op_sleep_until(op, grat_now_ns() + pause * 1000000)) break;
    }
    s->broken = true;
    if (grat_cancel_fired(op->cancel))
        return grat_op_fail(op, GRAT_ECANCELED, "%s: cancelled while recovering", s->name);
    /* Too little time proves nothing about the instrument. */
    if (had_ms < 1000 && e == GRAT_ETIMEOUT)
        return grat_op_fail(op, GRAT_ETIMEOUT, "%s: timed out while recovering; allow more time", s->name);
    s->dead = true;
    char why[GRAT_TEXT_MAX];
    snprintf(why, sizeof why, "%s", op->text[0] ? op->text : grat_strerror(e));
    return grat_op_fail(op, GRAT_EDEAD, "%s: the session is dead: %.200s; check the instrument and open it again",
                        s->name, why);
}

/* ---- public I/O ----------------------------------------------------------------------------------- */

static grat_err sync_before(grat_session *s, const void *data, size_t n, grat_op *op)
{
    if (s->synced || !n || !memchr(data, '?', n)) return GRAT_OK;
    return prove_identity(s, op);
}

grat_err grat_write(grat_session *s, const void *data, size_t n, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if ((e = sync_before(s, data, n, op))) return grat__session_end(s, op, e);
    return grat__session_end(s, op, grat__raw_write(s, data, n, op));
}

grat_err grat_puts(grat_session *s, const char *command, grat_op *op)
{
    return grat_write(s, command, strlen(command), op);
}

grat_err grat_read(grat_session *s, void *buf, size_t cap, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: a read needs room for at least one byte", s->name);
    e = grat__raw_fill(s, buf, cap, op);
    if (!e && s->eat_newlines && (op->count = skip_newlines(s, buf, op->count)) == 0)
        e = grat__raw_fill(s, buf, cap, op);
    bool lf = op->count && ((const char *)buf)[op->count - 1] == grat__line_end(s);
    if (!e && ((op->reason & GRAT_REASON_END) || (grat__is_stream(s) && lf && !s->rx.len))) s->outstanding = false;
    return grat__session_end(s, op, e);
}

grat_err grat_read_text(grat_session *s, char *buf, size_t cap, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!cap) return grat_op_fail(op, GRAT_EINVAL, "%s: a read needs room for at least one byte", s->name);
    return grat__session_end(s, op, grat__raw_text(s, buf, cap, op));
}

/* A fresh answer is wanted: whatever was asked before and not read must not be it. */
static grat_err prepare_query(grat_session *s, const char *command, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (s->outstanding) {
        s->broken = true;
        if ((e = grat__session_begin(s, op))) return e;
    }
    s->rx.len = 0;
    if (!s->synced && strcmp(command, "*IDN?") == 0) return GRAT_OK;
    if ((e = sync_before(s, command, strlen(command), op))) return grat__session_end(s, op, e);
    return GRAT_OK;
}

/* These two count nothing: op->count is of the answer, not of the synchronisation or the question. */
static grat_err begin_query(grat_session *s, const char *command, grat_op *op)
{
    grat_err e = prepare_query(s, command, op);
    op->count = 0;
    return e;
}

static grat_err ask(grat_session *s, const char *command, grat_op *op)
{
    grat_err e = grat__raw_write(s, command, strlen(command), op);
    s->outstanding = true;
    if (e) e = grat__session_end(s, op, e);
    op->count = 0;
    return e;
}

static grat_err first_identity(grat_session *s, char *buf, size_t cap, grat_op *op)
{
    grat_err e = prove_identity(s, op);
    if (e) return grat__session_end(s, op, e);
    if (!grat__strcpy(buf, cap, s->idn))
        return grat_op_fail(op, GRAT_ETOOBIG, "%s: the identity does not fit in %zu bytes", s->name, cap);
    op->count = strlen(buf);
    return GRAT_OK;
}

grat_err grat_query(grat_session *s, const char *command, char *buf, size_t cap, grat_op *op)
{
    grat_err e = begin_query(s, command, op);
    if (e) return e;
    if ((!s->synced || s->dialect) && strcmp(command, "*IDN?") == 0) return first_identity(s, buf, cap, op);
    e = ask(s, command, op);
    if (e) return e;
    e = grat__raw_text(s, buf, cap, op);
    if (!e && !s->idn[0] && strcmp(command, "*IDN?") == 0 && looks_like_identity(buf))
        learn_identity(s, buf);
    return grat__session_end(s, op, e);
}

grat_err grat_query_number(grat_session *s, const char *command, double *out, grat_op *op)
{
    char text[128];
    double v;
    grat_err e = grat_query(s, command, text, sizeof text, op);
    if (e) return e;
    if (!grat__parse_double(text, &v))
        return grat__session_end(s, op, grat_op_fail(op, GRAT_EPROTO, "%s was answered by \"%.60s\", not by a number",
                                                     command, text));
    *out = v;
    return GRAT_OK;
}

grat_err grat__query_start(grat_session *s, const char *command, grat_op *op)
{
    grat_err e = begin_query(s, command, op);
    return e ? e : ask(s, command, op);
}
