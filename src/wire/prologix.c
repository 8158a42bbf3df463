#include "wire/prologix.h"

#include "core/str.h"

#include <ctype.h>
#include <string.h>

#define ESC 27

static bool special(uint8_t c)
{
    return c == '\r' || c == '\n' || c == ESC || c == '+';
}

grat_err grat__prlgx_escape(grat__buf *out, const void *data, size_t n)
{
    const uint8_t *p = data;
    size_t more = 0;
    for (size_t i = 0; i < n; i++) more += special(p[i]);
    grat_err e = grat__buf_reserve(out, n + more);
    if (e) return e;
    uint8_t *to = out->data + out->len;
    for (size_t i = 0; i < n; i++) {
        if (special(p[i])) *to++ = ESC;
        *to++ = p[i];
    }
    out->len += n + more;
    return GRAT_OK;
}

/* ---- lines ------------------------------------------------------------------------------------------ */

void grat__prlgx_lines_init(grat__prlgx_lines *l, size_t max)
{
    *l = (grat__prlgx_lines){0};
    grat__buf_init(&l->line, max);
}

void grat__prlgx_lines_free(grat__prlgx_lines *l)
{
    grat__buf_free(&l->line);
    grat__prlgx_lines_init(l, l->line.max);
}

grat__prlgx_event grat__prlgx_lines_feed(grat__prlgx_lines *l, uint8_t byte)
{
    if (l->done) l->line.len = 0, l->done = l->literal = l->over = false;
    bool end = !l->escaped && (byte == '\r' || byte == '\n');
    if (!l->escaped && byte == ESC) {
        l->escaped = true;
        return GRAT__PRLGX_MORE;
    }
    if (end) {
        bool command = !l->literal && l->line.len >= 2 && memcmp(l->line.data, "++", 2) == 0;
        l->done = true;
        if (!l->line.len) return GRAT__PRLGX_MORE;
        return command ? GRAT__PRLGX_COMMAND : GRAT__PRLGX_DATA;
    }
    if (l->escaped && l->line.len < 2) l->literal = true;
    l->escaped = false;
    if (!l->over && grat__buf_put(&l->line, &byte, 1) != GRAT_OK) l->over = true;
    return GRAT__PRLGX_MORE;
}

/* ---- answers ----------------------------------------------------------------------------------------- */

void grat__prlgx_answer_init(grat__prlgx_answer *a)
{
    *a = (grat__prlgx_answer){.last = ','};
}

static bool is_text(uint8_t c)
{
    return (c >= 0x20 && c < 0x7f) || (c >= '\t' && c <= '\r') || c == 0; /* Keithley 2400: a NUL behind answers */
}

static void text_byte(grat__prlgx_answer *a, uint8_t c)
{
    bool starts = strchr(" ,;:\n", a->last) && a->last;
    if (c == '#' && starts) a->state = GRAT__PRLGX_HASH;
    else if (!is_text(c)) a->binary = true;
    a->last = c;
}

void grat__prlgx_answer_data(grat__prlgx_answer *a, uint8_t c)
{
    switch (a->state) {
    case GRAT__PRLGX_TEXT:
        text_byte(a, c);
        break;
    case GRAT__PRLGX_HASH:
        a->state = c >= '1' && c <= '9' ? GRAT__PRLGX_DIGITS : GRAT__PRLGX_TEXT;
        if (c == '0') a->binary = true; /* #0: to the end of the answer */
        a->digits = (unsigned)(c - '0');
        a->length = 0;
        a->last = c;
        break;
    case GRAT__PRLGX_DIGITS:
        if (!isdigit(c)) {
            a->state = GRAT__PRLGX_TEXT;
            text_byte(a, c);
            break;
        }
        a->length = a->length * 10 + (uint64_t)(c - '0');
        if (--a->digits == 0) a->state = a->length ? GRAT__PRLGX_BODY : GRAT__PRLGX_TEXT;
        a->last = c;
        break;
    case GRAT__PRLGX_BODY:
        if (--a->length == 0) a->state = GRAT__PRLGX_TEXT, a->last = 0;
        break;
    }
}

size_t grat__prlgx_answer_feed(grat__prlgx_answer *a, const uint8_t *data, size_t n, grat__prlgx_mark *mark)
{
    size_t i = 0;
    *mark = GRAT__PRLGX_NO_MARK;
    while (i < n) {
        if (a->state == GRAT__PRLGX_BODY) {
            uint64_t skip = a->length - 1 < n - i ? a->length - 1 : n - i;
            a->length -= skip;
            i += (size_t)skip;
            if (i < n) grat__prlgx_answer_data(a, data[i++]);
            continue;
        }
        if (data[i] == GRAT__PRLGX_MARK && !a->binary) {
            *mark = GRAT__PRLGX_END;
            return i;
        }
        if (data[i] == GRAT__PRLGX_MARK && i + 1 == n) {
            *mark = GRAT__PRLGX_PERHAPS;
            return i;
        }
        grat__prlgx_answer_data(a, data[i++]);
    }
    return n;
}

/* ---- command answers --------------------------------------------------------------------------------- */

static bool has(const char *line, const char *word)
{
    for (; *line; line++) {
        if (grat__strcasestarts(line, word)) return true;
    }
    return false;
}

bool grat__prlgx_version(const char *line, grat__prlgx_kind *kind)
{
    static const struct {
        const char *word;
        grat__prlgx_kind kind;
    } rows[] = {{"AR488", GRAT__PRLGX_AR488},
                {"GPIB-ETHERNET", GRAT__PRLGX_ETHERNET},
                {"GPIB-USB", GRAT__PRLGX_USB},
                {"version", GRAT__PRLGX_OTHER}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!has(line, rows[i].word)) continue;
        *kind = rows[i].kind;
        return true;
    }
    return false;
}

bool grat__prlgx_is_error(const char *line)
{
    return has(line, "unrecognized command") || has(line, "invalid parameter") || has(line, "missing parameter");
}
