#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/str.h"
#include "screen/recipe.h"
#include "session/session.h"

enum { KEEP_MAX = 4, LINE_MAX_BYTES = 256, RAW_STEP = 65536, POLL_NS = 100 * 1000 * 1000 };

static const size_t picture_max = 256u << 20;

/* "~mask command": asks until one of the bits is there. */
static grat_err poll_bits(grat_session *s, const char *line, grat_op *op)
{
    char answer[64], number[16];
    int mask = 0, value = 0;
    size_t n = strcspn(line, " ");
    if (n >= sizeof number || !line[n])
        return grat_op_fail(op, GRAT_EINVAL, "screenshot: bad recipe line \"%s\"", line);
    memcpy(number, line, n);
    number[n] = '\0';
    if (!grat__parse_int(number, &mask)) return grat_op_fail(op, GRAT_EINVAL, "screenshot: bad mask \"%s\"", number);
    for (;;) {
        grat_err e = grat_query(s, line + n + 1, answer, sizeof answer, op);
        if (e) return e;
        /* with a header switched on: "INR 2" */
        const char *digits = strrchr(answer, ' ');
        if (grat__parse_int(digits ? digits + 1 : answer, &value) && (value & mask)) return GRAT_OK;
        if ((e = grat_op_sleep_until(op, grat_now_ns() + POLL_NS))) return e;
    }
}

static grat_err run_line(grat_session *s, const char *line, grat_op *op)
{
    char answer[LINE_MAX_BYTES];
    if (line[0] == '?') return grat_query(s, line + 1, answer, sizeof answer, op);
    if (line[0] == '~') return poll_bits(s, line + 1, op);
    return grat_puts(s, line, op);
}

static grat_err run_script(grat_session *s, const char *script, grat_op *op)
{
    char line[LINE_MAX_BYTES];
    while ((script = grat__script_line(script, line, sizeof line))) {
        grat_err e = run_line(s, line, op);
        if (e) return e;
    }
    return GRAT_OK;
}

/* ---- settings that are put back --------------------------------------------------------------- */

typedef struct kept {
    unsigned n;
    char command[KEEP_MAX][LINE_MAX_BYTES];
} kept;

static grat_err keep(grat_session *s, const char *script, kept *k, grat_op *op)
{
    char name[96], query[100], value[128];
    k->n = 0;
    while (k->n < KEEP_MAX && (script = grat__script_line(script, name, sizeof name))) {
        snprintf(query, sizeof query, "%s?", name);
        grat_err e = grat_query(s, query, value, sizeof value, op);
        if (e) return e;
        snprintf(k->command[k->n++], LINE_MAX_BYTES, "%s %s", name, value);
    }
    return GRAT_OK;
}

/* Also after a failure, as far as the time allows, without hiding the first error. */
static void put_back(grat_session *s, const grat__recipe *r, const kept *k, const grat_op *op)
{
    grat_op own;
    int64_t left = grat_op_left_ms(op);
    grat_op_init(&own, left > 2000 ? left : 2000, op->cancel);
    if (grat_op_check(&own)) return;
    grat_err e = GRAT_OK;
    for (unsigned i = 0; i < k->n && !e; i++) e = grat_puts(s, k->command[i], &own);
    if (!e) run_script(s, r->after, &own);
}

/* ---- replies ----------------------------------------------------------------------------------- */

static grat_err raw_loop(grat_session *s, grat__buf *b, grat_op *op)
{
    for (;;) {
        uint64_t size = 0;
        grat_err e = grat__buf_reserve(b, RAW_STEP);
        if (e) return grat_op_fail(op, e, "screenshot: more than %zu bytes came", b->len);
        e = grat_read(s, b->data + b->len, RAW_STEP, op);
        b->len += op->count;
        unsigned reason = op->reason;
        if (e) return e;
        e = grat__raw_progress(b->data, b->len, &size);
        if (e == GRAT_EPROTO && grat_image_detect(b->data, b->len) == GRAT_IMG_UNKNOWN)
            return grat_op_fail(op, e, "screenshot: the answer is no picture");
        if (size > picture_max) return grat_op_fail(op, GRAT_ETOOBIG, "screenshot: the picture claims %llu bytes",
                                                    (unsigned long long)size);
        if (reason & GRAT_REASON_END) return GRAT_OK;
        if (e != GRAT_ESHORT) return e ? grat_op_fail(op, e, "screenshot: the picture is malformed") : GRAT_OK;
    }
}

/* A stream does not say where a bare picture ends; its own header does. */
static grat_err fetch_raw(grat_session *s, const char *ask, uint8_t **data, size_t *n, grat_op *op)
{
    grat__buf b;
    grat__buf_init(&b, picture_max);
    grat_err e = grat_puts(s, ask, op);
    if (!e) e = raw_loop(s, &b, op);
    if (!e) *data = grat__buf_take(&b, n);
    grat__buf_free(&b);
    return e;
}

static grat_err fetch_embedded(grat_session *s, const char *ask, uint8_t **data, size_t *n, grat_op *op)
{
    size_t offset, length;
    grat_err e = grat_query_raw(s, ask, data, n, op);
    if (e) return e;
    e = grat__embedded_block(*data, *n, &offset, &length);
    if (e) return grat_op_fail(op, e, "screenshot: the file came incomplete (%zu bytes); try again", *n);
    memmove(*data, *data + offset, length);
    *n = length;
    return GRAT_OK;
}

static grat_err fetch_reply(grat_session *s, const grat__recipe *r, uint8_t **data, size_t *n, grat_op *op)
{
    switch (r->reply) {
    case GRAT__REPLY_RAW: return fetch_raw(s, r->ask, data, n, op);
    case GRAT__REPLY_EMBEDDED: return fetch_embedded(s, r->ask, data, n, op);
    case GRAT__REPLY_BLOCK: break;
    }
    return grat_query_block_alloc(s, r->ask, data, n, op);
}

grat_err grat__recipe_fetch(grat_session *s, const grat__recipe *r, uint8_t **data, size_t *n, grat_op *op)
{
    kept k;
    *data = NULL;
    *n = 0;
    grat_err e = keep(s, r->keep, &k, op);
    if (!e) e = run_script(s, r->before, op);
    if (!e) e = fetch_reply(s, r, data, n, op);
    if ((r->after || k.n) && e != GRAT_ELOST && e != GRAT_EDEAD) put_back(s, r, &k, op);
    if (e) {
        free(*data);
        *data = NULL;
        *n = 0;
    }
    return e;
}

grat_err grat__recipe_fetch_ahead(grat_session *s, const grat__recipe *r, uint8_t **data, size_t *n, grat_op *op)
{
    if (r->reply != GRAT__REPLY_BLOCK || r->before || r->after || r->keep) return grat__recipe_fetch(s, r, data, n, op);
    grat_err e = grat__query_block_ahead(s, r->ask, data, n, op);
    if (e) {
        free(*data);
        *data = NULL;
        *n = 0;
    }
    return e;
}
