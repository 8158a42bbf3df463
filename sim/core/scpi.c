#include "sim/core/scpi.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/str.h"
#include "sim/core/model.h"

/* Letters of a mnemonic up to the first lower-case one are its short form. */
static size_t short_length(const char *word, size_t n)
{
    size_t i = 0;
    while (i < n && !islower((unsigned char)word[i])) i++;
    return i;
}

static bool word_match(const char *word, size_t n, const char *text, size_t len)
{
    return (len == n || len == short_length(word, n)) && strncasecmp(word, text, len) == 0;
}

/* One node of a pattern against one node of a header; '#' in the pattern takes a number of up to four digits. */
static bool node_match(const char *word, size_t n, const char *text, size_t len, unsigned **number)
{
    if (!n || word[n - 1] != '#') return word_match(word, n, text, len);
    size_t digits = 0;
    unsigned value = 0, factor = 1;
    while (digits < len && digits < 4 && isdigit((unsigned char)text[len - digits - 1])) {
        value += factor * (unsigned)(text[len - digits - 1] - '0');
        factor *= 10;
        digits++;
    }
    if (!word_match(word, n - 1, text, len - digits)) return false;
    *(*number)++ = digits ? value : 1;
    return true;
}

static bool path_match(const char *p, const char *h, const char *end, unsigned *number)
{
    while (*p) {
        bool optional = *p == '[';
        if (optional) p++;
        if (*p == ':') p++;
        size_t n = strcspn(p, ":[]");
        const char *next = p + n;
        if (optional && *next == ']') next++;
        const char *colon = memchr(h, ':', (size_t)(end - h));
        const char *stop = colon ? colon : end;
        unsigned *after = number;
        bool hit = h < end && node_match(p, n, h, (size_t)(stop - h), &after);
        if (hit && (!optional || path_match(next, colon ? colon + 1 : end, end, after))) {
            if (optional) return true;
            h = colon ? colon + 1 : end;
            number = after;
        } else if (!optional) {
            return false;
        }
        p = next;
    }
    return h == end;
}

bool sim_header_match(const char *pattern, const char *header, size_t n, unsigned number[SIM_SUFFIXES])
{
    for (unsigned i = 0; i < SIM_SUFFIXES; i++) number[i] = 1;
    return path_match(pattern, header, header + n, number);
}

bool sim_arg(const sim_call *c, unsigned index, char *out, size_t cap)
{
    const char *p = c->args;
    for (;; p++) {
        char quote = 0;
        const char *start = p;
        while (*p && (quote || *p != ',')) {
            if (quote ? *p == quote : *p == '"' || *p == '\'') quote = quote ? 0 : *p;
            p++;
        }
        if (!index--) {
            while (start < p && isspace((unsigned char)*start)) start++;
            while (p > start && isspace((unsigned char)p[-1])) p--;
            if (p - start >= 2 && (*start == '"' || *start == '\'') && p[-1] == *start) start++, p--;
            snprintf(out, cap, "%.*s", (int)(p - start), start);
            return p > start;
        }
        if (!*p) return false;
    }
}

void sim_error(sim_call *c, int code)
{
    sim_status_error(&c->in->status, code);
}

bool sim_arg_number(sim_call *c, unsigned index, double *out)
{
    char text[64];
    bool given = sim_arg(c, index, text, sizeof text);
    if (given && grat__parse_double(text, out) && isfinite(*out)) return true;
    sim_error(c, given ? -104 : -109);
    return false;
}

bool sim_arg_bool(sim_call *c, unsigned index, bool *out)
{
    char text[64];
    bool given = sim_arg(c, index, text, sizeof text);
    if (given && grat__parse_bool(text, out)) return true;
    sim_error(c, given ? -224 : -109);
    return false;
}

int sim_word_index(const char *words, const char *text)
{
    size_t len = strlen(text);
    for (int i = 0;; i++) {
        size_t n = strcspn(words, "|");
        if (word_match(words, n, text, len)) return i;
        if (!words[n]) return -1;
        words += n + 1;
    }
}

int sim_arg_word(sim_call *c, unsigned index, const char *words)
{
    char text[64];
    bool given = sim_arg(c, index, text, sizeof text);
    int i = given ? sim_word_index(words, text) : -1;
    if (i < 0) sim_error(c, given ? -224 : -109);
    return i;
}

const char *sim_word(const char *words, int index, char out[24])
{
    while (index-- > 0) {
        words += strcspn(words, "|");
        if (*words) words++;
    }
    size_t n = short_length(words, strcspn(words, "|"));
    snprintf(out, 24, "%.*s", (int)n, words);
    return out;
}

void sim_put(sim_call *c, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n > 0) grat__buf_put(c->out, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}
