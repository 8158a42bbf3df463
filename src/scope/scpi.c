#include "scope/scpi.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "core/wait.h"

#define OPC_POLL_NS 20000000

grat_err grat__scpi_text(grat_session *s, const char *query, char *out, size_t cap, grat_op *op)
{
    grat_op child;
    grat__op_child(&child, op, GRAT__SCPI_IO_MS);
    grat_query(s, query, out, cap, &child);
    return grat__op_adopt(op, &child);
}

/* A reply that answers another question: everything after it would be one late. */
static grat_err shifted(grat_session *s, const char *query, const char *reply, grat_op *op)
{
    grat_err err = grat_recover(s, op);
    if (err) return err;
    return grat_op_fail(op, GRAT_EPROTO, "%s: the instrument answered \"%.40s\"; the session was cleared, try again",
                        query, reply);
}

grat_err grat__scpi_set(grat_session *s, grat_op *op, const char *fmt, ...)
{
    char line[160], reply[64];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n + sizeof ";*OPC?" > sizeof line)
        return grat_op_fail(op, GRAT_EINVAL, "command: longer than %zu characters", sizeof line);
    snprintf(line + n, sizeof line - (size_t)n, ";*OPC?");

    grat_op child;
    grat__op_child(&child, op, GRAT__SCPI_IO_MS);
    grat_err err = grat_query(s, line, reply, sizeof reply, &child);
    while (!err && strcmp(reply, "0") == 0) {
        err = grat_op_sleep_until(&child, grat_now_ns() + OPC_POLL_NS);
        if (!err) err = grat_query(s, "*OPC?", reply, sizeof reply, &child);
    }
    if (err) return grat__op_adopt(op, &child);
    if (strcmp(reply, "1") != 0) return shifted(s, line, reply, op);
    return GRAT_OK;
}

grat_err grat__scpi_num(grat_session *s, const char *query, double *out, grat_op *op)
{
    char reply[64];
    double value;
    grat_err err = grat__scpi_text(s, query, reply, sizeof reply, op);
    if (err) return err;
    if (!grat__parse_double(reply, &value)) return shifted(s, query, reply, op);
    /* 9.9E37 stands for "no value" in every SCPI scope. */
    if (!isfinite(value) || fabs(value) >= 9.9e37)
        return grat_op_fail(op, GRAT_ENODATA, "%s: the instrument has no value", query);
    *out = value;
    return GRAT_OK;
}

grat_err grat__scpi_bool(grat_session *s, const char *query, bool *out, grat_op *op)
{
    char reply[64];
    grat_err err = grat__scpi_text(s, query, reply, sizeof reply, op);
    if (err) return err;
    return grat__parse_bool(reply, out) ? GRAT_OK : shifted(s, query, reply, op);
}

grat_err grat__scpi_word(grat_session *s, const char *query, const grat__word *words, int *out, grat_op *op)
{
    char reply[64];
    grat_err err = grat__scpi_text(s, query, reply, sizeof reply, op);
    if (err) return err;
    for (const grat__word *w = words; w->word; w++) {
        if (grat__strcaseeq(reply, w->word)) {
            *out = w->value;
            return GRAT_OK;
        }
    }
    return shifted(s, query, reply, op);
}

const char *grat__word_of(const grat__word *words, int value)
{
    for (const grat__word *w = words; w->word; w++)
        if (w->value == value) return w->word;
    return NULL;
}

char *grat__scpi_number(char *out, size_t cap, double value)
{
    snprintf(out, cap, "%.9g", value);
    char *comma = strchr(out, ',');
    if (comma) *comma = '.';
    return out;
}
