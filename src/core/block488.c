#include "core/block488.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Longest command echo that is skipped before '#', such as "C1:WF DAT2,". */
#define MAX_ECHO 30
/* Digits inside #(…): enough for 2^63. */
#define MAX_PAREN_DIGITS 19

void grat__block_init(grat__block *b)
{
    *b = (grat__block){.state = GRAT__BLOCK_HEADER};
}

static void bad(grat__block *b, const char *why)
{
    b->state = GRAT__BLOCK_BAD;
    b->why = why;
}

static void complete(grat__block *b, uint64_t length)
{
    b->state = GRAT__BLOCK_DATA;
    b->length = length;
    b->header_size = b->head_len;
}

static bool digits_value(const char *p, unsigned n, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9') return false;
        v = v * 10 + (uint64_t)(p[i] - '0');
    }
    *out = v;
    return true;
}

static void paren_form(grat__block *b, const char *p, unsigned have)
{
    uint64_t v;
    if (p[have - 1] == ')') {
        if (have < 2 || !digits_value(p, have - 1, &v)) bad(b, "the length in #(…) is not a number");
        else complete(b, v);
    } else if (have > MAX_PAREN_DIGITS || p[have - 1] < '0' || p[have - 1] > '9') {
        bad(b, "the length in #(…) is not a number");
    }
}

static void counted_form(grat__block *b, const char *p, unsigned digits, unsigned have)
{
    uint64_t v;
    if (have < digits) {
        if (have && (p[have - 1] < '0' || p[have - 1] > '9')) bad(b, "the block's length has a non-digit");
        return;
    }
    if (!digits_value(p, digits, &v)) bad(b, "the block's length has a non-digit");
    else complete(b, v);
}

/* Decides on what the header says so far; called after each byte. */
static void step(grat__block *b)
{
    const char *hash = memchr(b->head, '#', b->head_len);
    if (!hash) {
        unsigned char last = (unsigned char)b->head[b->head_len - 1];
        if (b->head_len > MAX_ECHO) bad(b, "no '#' where a block should start");
        else if (last == '\n' && b->head_len > 1) bad(b, "a text line came instead of a block");
        else if ((last < 0x20 && last != '\n' && last != '\r' && last != '\t') || last > 0x7e)
            bad(b, "binary data without a block header");
        return;
    }
    const char *p = hash + 2;
    long have = b->head + b->head_len - p;
    if (have < 0) return;
    char kind = hash[1];
    if (kind == '0') {
        b->indefinite = true;
        complete(b, 0);
    } else if (kind >= '1' && kind <= '9') {
        counted_form(b, p, (unsigned)(kind - '0'), (unsigned)have);
    } else if (kind == '(') {
        if (have > 0) paren_form(b, p, (unsigned)have);
    } else if (kind == 'A') {
        if (have < 2) return;
        unsigned hi = (unsigned char)p[b->little_endian_a ? 1 : 0], lo = (unsigned char)p[b->little_endian_a ? 0 : 1];
        complete(b, hi << 8 | lo);
    } else {
        bad(b, "'#' is not followed by a length");
    }
}

size_t grat__block_feed(grat__block *b, const void *data, size_t n)
{
    const char *p = data;
    size_t used = 0;
    while (used < n && b->state == GRAT__BLOCK_HEADER) {
        if (b->head_len == sizeof b->head) {
            bad(b, "the block header is too long");
            break;
        }
        b->head[b->head_len++] = p[used++];
        step(b);
    }
    return used;
}

size_t grat__block_header(char out[12], uint64_t length, unsigned digits)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%0*" PRIu64, digits ? (int)digits : 1, length);
    if (n < 1 || n > 9) return 0;
    out[0] = '#';
    out[1] = (char)('0' + n);
    memcpy(out + 2, text, (size_t)n + 1);
    return (size_t)n + 2;
}
