/* What a session does besides moving messages: status, clear, trigger, locks, service requests, identity. */
#include "session/session.h"

#include "core/str.h"
#include "core/wait.h"

#include <stdio.h>
#include <string.h>

#define STB_MAV 0x10

static grat_err unsupported(grat_session *s, const char *what, grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: a %s has no %s", s->name, s->tr->name, what);
}

grat_err grat_read_stb(grat_session *s, uint8_t *stb, grat_op *op)
{
    double v;
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (s->tr->stb) {
        e = s->tr->stb(s->priv, stb, op);
        /* The instrument does not know that its answer is not all given out. */
        if (!e && grat_io_held(s)) *stb |= STB_MAV;
        return grat__session_end(s, op, e);
    }
    if (s->opt.plain) return unsupported(s, "status byte", op);
    if ((e = grat_query_number(s, "*STB?", &v, op))) return e;
    if (!(v >= 0 && v <= 255))
        return grat__session_end(s, op, grat_op_fail(op, GRAT_EPROTO, "*STB? was answered by %g", v));
    *stb = (uint8_t)v;
    return GRAT_OK;
}

grat_err grat_clear(grat_session *s, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    s->rx.len = 0;
    grat__plain_forget(&s->io);
    s->eat_newlines = s->outstanding = s->asked_ahead = false;
    e = s->tr->clear(s->priv, op);
    s->synced = s->synced && (!grat__is_stream(s) || s->dialect);
    return grat__session_end(s, op, e);
}

grat_err grat_trigger(grat_session *s, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->trigger && s->opt.plain) return unsupported(s, "trigger", op);
    if (!s->tr->trigger) return grat_puts(s, "*TRG", op);
    return grat__session_end(s, op, s->tr->trigger(s->priv, op));
}

static grat_err take_lock(grat_session *s, const char *key, int64_t wait_ms, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e && e != GRAT_ELOCKED) return e;
    if (!s->tr->lock) return unsupported(s, "lock", op);
    bool again = e == GRAT_ELOCKED; /* the recovery of an older failure waits for the lock */
    e = grat__session_end(s, op, s->tr->lock(s->priv, key, wait_ms, op));
    return !e && again ? grat__session_begin(s, op) : e;
}

grat_err grat_lock(grat_session *s, int64_t wait_ms, grat_op *op)
{
    return take_lock(s, NULL, wait_ms, op);
}

grat_err grat_lock_shared(grat_session *s, const char *key, int64_t wait_ms, grat_op *op)
{
    return take_lock(s, key, wait_ms, op);
}

grat_err grat_unlock(grat_session *s, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->unlock) return unsupported(s, "lock", op);
    return grat__session_end(s, op, s->tr->unlock(s->priv, op));
}

grat_err grat_control_ren(grat_session *s, grat_ren mode, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->ren) return unsupported(s, "remote/local switch", op);
    return grat__session_end(s, op, s->tr->ren(s->priv, mode, op));
}

grat_err grat_remote(grat_session *s, bool remote, grat_op *op)
{
    return grat_control_ren(s, remote ? GRAT_REN_ON_REMOTE : GRAT_REN_LOCAL, op);
}

grat_err grat_srq_enable(grat_session *s, bool on, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->srq_enable) return unsupported(s, "service request", op);
    return grat__session_end(s, op, s->tr->srq_enable(s->priv, on, op));
}

/* Beside other calls: nothing of the session's own state is touched. */
grat_err grat_srq_wait(grat_session *s, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->srq_wait) return unsupported(s, "service request", op);
    return s->tr->srq_wait(s->priv, op);
}

grat_err grat_notice_enable(grat_session *s, unsigned kinds, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->notice_enable) return unsupported(s, "notice of its own", op);
    return grat__session_end(s, op, s->tr->notice_enable(s->priv, kinds, op));
}

grat_err grat_notice_wait(grat_session *s, grat_notice *out, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->notice_wait) return unsupported(s, "notice of its own", op);
    return s->tr->notice_wait(s->priv, out, op);
}

grat_err grat_docmd(grat_session *s, const grat_docmd_args *args, grat_op *op)
{
    grat_err e = grat__session_begin(s, op);
    if (e) return e;
    if (!s->tr->docmd) return unsupported(s, "docmd", op);
    return grat__session_end(s, op, s->tr->docmd(s->priv, args, op));
}

grat_err grat_bus(grat_session *s, const grat_bus_args *args, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->bus) return unsupported(s, "bus of its own", op);
    return s->tr->bus(s->priv, args, op);
}

grat_err grat_usb_control(grat_session *s, const grat_usb_control_args *args, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->usb_control) return unsupported(s, "control endpoint", op);
    return s->tr->usb_control(s->priv, args, op);
}

grat_err grat_attr_get(grat_session *s, grat_attr a, grat_value *out, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->attr_get) return unsupported(s, "such attribute", op);
    *out = (grat_value){0};
    return s->tr->attr_get(s->priv, a, out, op);
}

grat_err grat_attr_set(grat_session *s, grat_attr a, int64_t value, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!s->tr->attr_set) return unsupported(s, "such attribute", op);
    return s->tr->attr_set(s->priv, a, value, op);
}

grat_err grat_check_errors(grat_session *s, grat_op *op)
{
    char line[256], first[256] = "";
    for (unsigned i = 0; i < 64; i++) {
        grat_err e = grat_query(s, ":SYST:ERR?", line, sizeof line, op);
        if (e) return e;
        const char *digits = line + strspn(line, "+- ");
        if (strspn(digits, "0") && !strpbrk(digits, "123456789")) break;
        if (*digits == '0' && (digits[1] == ',' || digits[1] == '\0')) break;
        if (!first[0]) grat__strcpy(first, sizeof first, line);
    }
    if (first[0]) return grat_op_fail(op, GRAT_EINSTR, "%s: the instrument reports %s", s->name, first);
    return GRAT_OK;
}

static void field(const char *from, size_t n, char *out, size_t cap)
{
    while (n && (*from == ' ' || *from == '"')) from++, n--;
    while (n && (from[n - 1] == ' ' || from[n - 1] == '"' || from[n - 1] == '\n' || from[n - 1] == '\r')) n--;
    snprintf(out, cap, "%.*s", (int)(n < cap ? n : cap - 1), from);
}

bool grat_identity_parse(const char *idn, grat_identity *out)
{
    const char *c[3], *p = idn;
    for (unsigned i = 0; i < 3; i++, p++) {
        c[i] = p = strchr(p, ',');
        if (!p) return false;
    }
    field(idn, (size_t)(c[0] - idn), out->vendor, sizeof out->vendor);
    field(c[0] + 1, (size_t)(c[1] - c[0] - 1), out->model, sizeof out->model);
    field(c[1] + 1, (size_t)(c[2] - c[1] - 1), out->serial, sizeof out->serial);
    field(c[2] + 1, strlen(c[2] + 1), out->firmware, sizeof out->firmware);
    return out->vendor[0] && out->model[0];
}

grat_err grat_identify(grat_session *s, grat_identity *out, grat_op *op)
{
    char line[256];
    grat_err e = grat_query(s, "*IDN?", line, sizeof line, op);
    if (e) return e;
    if (grat_identity_parse(line, out)) return GRAT_OK;
    return grat__session_end(s, op, grat_op_fail(op, GRAT_EPROTO, "*IDN? was answered by \"%.80s\"", line));
}
