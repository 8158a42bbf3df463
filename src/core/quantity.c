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

/* What else stands for a unit, and how a value of it is written. */
static const struct {
    const char *unit, *also[2], *example;
} units[] = {
    {"s", {NULL, NULL}, "2ms"},         {"V", {NULL, NULL}, "500mV"},     {"Hz", {NULL, NULL}, "1kHz"},
    {"S", {"Sa", "pts"}, "10kS"},       {"S/s", {"Sa/s", "Hz"}, "1MS/s"}, {"%", {NULL, NULL}, "25%"},
    {"", {NULL, NULL}, "1000 or 1k"},
};

static bool is_unit(const char *s, const char *unit)
{
    if (!*s || (*unit && grat__strcaseeq(s, unit))) return true;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        for (size_t k = 0; k < 2 && strcmp(units[i].unit, unit) == 0; k++)
            if (units[i].also[k] && grat__strcaseeq(s, units[i].also[k])) return true;
    }
    return false;
}

static const char *example_of(const char *unit)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, unit) == 0) return units[i].example;
    return unit;
}

static bool time_factor(const char *s, double *factor)
{
    static const struct {
        const char *text;
        double seconds;
    } longer[] = {{"min", 60}, {"h", 3600}, {"d", 86400}};
    for (size_t i = 0; i < sizeof longer / sizeof *longer; i++) {
        if (strcmp(s, longer[i].text) != 0) continue;
        *factor = longer[i].seconds;
        return true;
    }
    return false;
}

/* The factor of what follows the number. */
static bool suffix_factor(const char *s, const char *unit, double value, double *factor)
{
    if (strcmp(unit, "s") == 0 && time_factor(s, factor)) return true;
    /* 25 and 25% are a quarter, and so is 0.25. */
    if (strcmp(unit, "%") == 0 && (strcmp(s, "%") == 0 || (!*s && value > 1))) {
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
    if (strcmp(unit, "s") == 0 && (strcmp(rest, "m") == 0 || strcmp(rest, "M") == 0))
        return grat_op_fail(op, GRAT_EPARSE, "%s: minutes or milliseconds? Write %.*smin or %.*sms", text, (int)n, p,
                            (int)n, p);
    if (!suffix_factor(rest, unit, value, &factor))
        return grat_op_fail(op, GRAT_EPARSE, "%s: \"%.20s\" is not a unit here; write it like %s", text, rest,
                            example_of(unit));
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
