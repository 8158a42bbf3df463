/* Numbers as people write them: 2ms, 10kS, 500mV. */
#include "core/print.h"
#include "core/str.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text;
    double factor;
} prefixes[] = {
    {"p", 1e-12}, {"n", 1e-9}, {"u", 1e-6}, {"\xc2\xb5", 1e-6}, {"\xce\xbc", 1e-6}, {"m", 1e-3}, {"", 1},
    {"k", 1e3},   {"K", 1e3},  {"M", 1e6},  {"G", 1e9},
};

static bool is_unit(const char *s, const char *unit)
{
    return !*s || (*unit && grat__strcaseeq(s, unit));
}

/* The factor of what follows the number. */
static bool suffix_factor(const char *s, const char *unit, double *factor)
{
    bool time = strcmp(unit, "s") == 0;
    if (time && (strcmp(s, "min") == 0 || strcmp(s, "h") == 0)) {
        *factor = *s == 'h' ? 3600 : 60;
        return true;
    }
    if (strcmp(unit, "%") == 0 && strcmp(s, "%") == 0) {
        *factor = 0.01;
        return true;
    }
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        size_t n = strlen(prefixes[i].text);
        if (strncmp(s, prefixes[i].text, n) == 0 && is_unit(s + n, unit)) {
            *factor = prefixes[i].factor;
            return true;
        }
    }
    return false;
}

grat_err grat_parse_quantity(const char *text, const char *unit, double *out, grat_op *op)
{
    char number[64];
    const char *p = text + strspn(text, " \t");
    size_t n = strspn(p, "+-0123456789.");
    /* An exponent only when digits follow the e: "5E" could be a unit. */
    if ((p[n] == 'e' || p[n] == 'E') && strspn(p + n + 1 + strspn(p + n + 1, "+-"), "0123456789")) {
        n += 1;
        n += strspn(p + n, "+-");
        n += strspn(p + n, "0123456789");
    }
    double value, factor;
    if (n && n < sizeof number) {
        memcpy(number, p, n);
        number[n] = '\0';
    }
    if (!n || n >= sizeof number || !grat__parse_double(number, &value) || !isfinite(value))
        return grat_op_fail(op, GRAT_EPARSE, "%s: a number was expected at \"%.20s\"", text, p);
    const char *rest = p + n;
    rest += strspn(rest, " \t");
    if (!suffix_factor(rest, unit, &factor))
        return grat_op_fail(op, GRAT_EPARSE, "%s: \"%.20s\" is not a unit here; write it like %s", text, rest,
                            *unit ? unit : "1000 or 1k");
    *out = value * factor;
    return GRAT_OK;
}

char *grat_format_quantity(char *out, size_t cap, double value, const char *unit)
{
    static const struct {
        double factor;
        const char *prefix;
    } steps[] = {{1e9, "G"}, {1e6, "M"}, {1e3, "k"}, {1, ""}, {1e-3, "m"}, {1e-6, "u"}, {1e-9, "n"}, {1e-12, "p"}};
    size_t i = 3;
    double a = fabs(value);
    if (a == 0) value = 0; /* without a minus */
    if (a > 0 && isfinite(a)) {
        for (i = 0; i + 1 < sizeof steps / sizeof *steps && a < steps[i].factor * 0.9999995; i++) continue;
    }
    grat__print(out, cap, "%.6g %s%s", value / steps[i].factor, steps[i].prefix, unit);
    if (!*unit && !*steps[i].prefix) grat__rtrim(out, strlen(out));
    return out;
}
