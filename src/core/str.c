#include "core/str.h"

#include "core/print.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool grat__strcpy(char *out, size_t cap, const char *s)
{
    size_t n = strlen(s);
    bool fits = n < cap;
    if (!cap) return false;
    if (!fits) n = cap - 1;
    memmove(out, s, n);
    out[n] = '\0';
    return fits;
}

bool grat__strcasestarts(const char *s, const char *prefix)
{
    return strncasecmp(s, prefix, strlen(prefix)) == 0;
}

bool grat__strcaseeq(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

static bool only_blanks(const char *s)
{
    return s[strspn(s, " \t\r\n")] == '\0';
}

/* strtod follows the locale's decimal point; a library cannot know what its host program set. */
static locale_t c_locale(void)
{
    static locale_t loc;
    locale_t l = __atomic_load_n(&loc, __ATOMIC_ACQUIRE);
    if (l) return l;
    l = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t expected = (locale_t)0;
    if (!__atomic_compare_exchange_n(&loc, &expected, l, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        freelocale(l);
        l = expected;
    }
    return l;
}

int grat__print(char *out, size_t cap, const char *fmt, ...)
{
    va_list ap;
    locale_t before = uselocale(c_locale());
    va_start(ap, fmt);
    int n = vsnprintf(out, cap, fmt, ap);
    va_end(ap);
    uselocale(before);
    return n;
}

bool grat__parse_double(const char *s, double *out)
{
    char *end;
    double v = strtod_l(s, &end, c_locale());
    if (end == s || !only_blanks(end)) return false;
    *out = v;
    return true;
}

bool grat__parse_u64(const char *s, uint64_t *out)
{
    s += strspn(s, " \t");
    if (*s < '0' || *s > '9') return false;
    char *end;
    errno = 0;
    unsigned long long v = strtoull(s, &end, 10);
    if (errno || !only_blanks(end)) return false;
    *out = v;
    return true;
}

bool grat__parse_int(const char *s, int *out)
{
    char *end;
    errno = 0;
    long v = strtol(s, &end, 10);
    if (end == s || errno || !only_blanks(end) || v < -2147483647 || v > 2147483647) return false;
    *out = (int)v;
    return true;
}

bool grat__parse_bool(const char *s, bool *out)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"1", true}, {"0", false}, {"on", true}, {"off", false}};
    size_t n = strcspn(s, " \t\r\n");
    if (!only_blanks(s + n)) return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strlen(words[i].text) == n && strncasecmp(s, words[i].text, n) == 0) {
            *out = words[i].value;
            return true;
        }
    }
    return false;
}

size_t grat__rtrim(char *s, size_t n)
{
    while (n && (s[n - 1] == '\n' || s[n - 1] == '\r' || s[n - 1] == ' ' || s[n - 1] == '\t' || s[n - 1] == '\0')) n--;
    s[n] = '\0';
    return n;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* One alternative, with the usual single point to go back to. */
static bool glob_one(const char *p, size_t n, const char *text)
{
    const char *end = p + n, *star = NULL, *mark = NULL;
    while (*text) {
        if (p < end && *p == '*') {
            star = ++p;
            mark = text;
        } else if (p < end && (*p == '?' || lower(*p) == lower(*text))) {
            p++, text++;
        } else if (star) {
            p = star;
            text = ++mark;
        } else {
            return false;
        }
    }
    while (p < end && *p == '*') p++;
    return p == end;
}

bool grat__glob(const char *pattern, const char *text)
{
    for (;;) {
        size_t n = strcspn(pattern, "|");
        if (glob_one(pattern, n, text)) return true;
        if (!pattern[n]) return false;
        pattern += n + 1;
    }
}
