#include "format.h"

#include <string.h>

const visa_arg *visa__arg(visa_args *args, visa_arg_kind kind)
{
    if (args->next) {
        args->next(args, kind);
        return &args->value;
    }
    switch (kind) {
    case VISA_ARG_INT: args->value.i = va_arg(args->list, int); break;
    case VISA_ARG_LONG_LONG: args->value.ll = va_arg(args->list, long long); break;
    case VISA_ARG_DOUBLE: args->value.d = va_arg(args->list, double); break;
    case VISA_ARG_LONG_DOUBLE: args->value.ld = va_arg(args->list, long double); break;
    case VISA_ARG_POINTER: args->value.p = va_arg(args->list, void *); break;
    }
    return &args->value;
}

/* ---- one conversion --------------------------------------------------------------------------------- */

#define MAX_COUNT 0x7FFFFFFF /* of a width or an array in the format */

enum { TAKES_FORM = 1, TAKES_ARRAY = 2, TAKES_PRECISION = 4, TAKES_ORDER = 8, TAKES_WIDTH = 16, IS_BLOCK = 32 };
#define LENGTH(x) (1U << (x))

static const struct type_row {
    const char *types;
    unsigned takes, lengths; /* lengths beside none */
    bool print, scan;
} type_rows[] = {
    {"diu", TAKES_FORM | TAKES_ARRAY | TAKES_PRECISION | TAKES_WIDTH,
     LENGTH(VISA_LEN_H) | LENGTH(VISA_LEN_L) | LENGTH(VISA_LEN_LL), true, true},
    {"oxX", TAKES_ARRAY | TAKES_PRECISION | TAKES_WIDTH,
     LENGTH(VISA_LEN_H) | LENGTH(VISA_LEN_L) | LENGTH(VISA_LEN_LL), true, true},
    {"feEgG", TAKES_FORM | TAKES_ARRAY | TAKES_PRECISION | TAKES_WIDTH, LENGTH(VISA_LEN_L) | LENGTH(VISA_LEN_LONG),
     true, true},
    {"s", TAKES_PRECISION | TAKES_WIDTH, 0, true, true},
    {"c", TAKES_WIDTH, 0, true, true},
    {"tT[", TAKES_WIDTH, 0, false, true},
    {"bBy", TAKES_ARRAY | TAKES_WIDTH | TAKES_ORDER | IS_BLOCK,
     LENGTH(VISA_LEN_H) | LENGTH(VISA_LEN_L) | LENGTH(VISA_LEN_LL) | LENGTH(VISA_LEN_FLOAT) | LENGTH(VISA_LEN_DOUBLE),
     true, true},
    {"%", 0, 0, true, true},
};

static const struct type_row *type_row_of(char type, bool scan)
{
    for (size_t i = 0; type && i < sizeof(type_rows) / sizeof(type_rows[0]); i++)
        if (strchr(type_rows[i].types, type) && (scan ? type_rows[i].scan : type_rows[i].print)) return &type_rows[i];
    return NULL;
}

/* Digits, or the sign that takes the number from the arguments. -1 when there is neither. */
static ViStatus parse_count(const char **p, bool scan, visa_args *args, visa_spec *s, int64_t *out)
{
    int64_t n = 0;
    const char *from = *p;

    if (**p == (scan ? '#' : '*')) {
        ++*p;
        if (!scan) {
            *out = visa__arg(args, VISA_ARG_INT)->i;
            return VI_SUCCESS;
        }
        if (s->counter || s->suppress) return VI_ERROR_INV_FMT;
        s->counter = visa__arg(args, VISA_ARG_POINTER)->p;
        if (!s->counter) return VI_ERROR_USER_BUF;
        *out = *s->counter;
        return VI_SUCCESS;
    }
    for (; **p >= '0' && **p <= '9'; ++*p) {
        n = n * 10 + (**p - '0');
        if (n > MAX_COUNT) return VI_ERROR_INV_FMT;
    }
    *out = *p == from ? -1 : n;
    return VI_SUCCESS;
}

static ViStatus parse_length(const char **p, visa_spec *s)
{
    visa_length now;

    switch (*(*p)++) {
    case 'h': now = VISA_LEN_H; break;
    case 'l': now = VISA_LEN_L; break;
    case 'L': now = VISA_LEN_LONG; break;
    case 'z': now = VISA_LEN_FLOAT; break;
    default: now = VISA_LEN_DOUBLE; break;
    }
    if (now == VISA_LEN_H && s->length == VISA_LEN_H) return VI_ERROR_NSUP_FMT;
    if (now == VISA_LEN_L && s->length == VISA_LEN_L) now = VISA_LEN_LL;
    else if (s->length != VISA_LEN_NONE) return VI_ERROR_INV_FMT;
    s->length = now;
    return VI_SUCCESS;
}

static ViStatus parse_width(const char **p, bool scan, visa_args *args, visa_spec *s)
{
    ViStatus status;

    if (s->width >= 0) return VI_ERROR_INV_FMT;
    status = parse_count(p, scan, args, s, &s->width);
    if (s->width < 0 && status == VI_SUCCESS) {
        s->minus = true;
        s->width = -s->width;
    }
    return status;
}

static ViStatus parse_array(const char **p, bool scan, visa_args *args, visa_spec *s)
{
    ViStatus status;

    ++*p;
    if (s->array) return VI_ERROR_INV_FMT;
    s->array = true;
    status = parse_count(p, scan, args, s, &s->count);
    return status == VI_SUCCESS && s->count < 0 ? VI_ERROR_INV_FMT : status;
}

static ViStatus parse_precision(const char **p, bool scan, visa_args *args, visa_spec *s)
{
    ViStatus status;

    ++*p;
    if (scan || s->precision >= 0) return VI_ERROR_INV_FMT;
    status = parse_count(p, scan, args, s, &s->precision);
    if (s->precision < 0) s->precision = (*p)[-1] == '.' ? 0 : -1;
    return status;
}

static ViStatus parse_pair(const char **p, visa_spec *s)
{
    if (**p == '@') {
        if (s->form || !(*p)[1] || !strchr("123HQB", (*p)[1])) return VI_ERROR_INV_FMT;
        s->form = (*p)[1];
        *p += 2;
        return VI_SUCCESS;
    }
    if (s->order || (*p)[1] != 'o' || ((*p)[2] != 'b' && (*p)[2] != 'l')) return VI_ERROR_INV_FMT;
    s->order = (*p)[2];
    *p += 3;
    return VI_SUCCESS;
}

static void parse_flag(const char **p, visa_spec *s)
{
    char c = *(*p)++;

    s->minus |= c == '-';
    s->plus |= c == '+';
    s->space |= c == ' ';
    s->alt |= c == '#';
    s->zero |= c == '0';
}

/* One modifier; *more is false at the type. */
static ViStatus parse_modifier(const char **p, bool scan, visa_args *args, visa_spec *s, bool *more)
{
    char c = **p;

    *more = true;
    if (!scan && c && strchr("-+ #0", c)) {
        parse_flag(p, s);
        return VI_SUCCESS;
    }
    if (scan && c == '*') {
        ++*p;
        if (s->suppress || s->counter) return VI_ERROR_INV_FMT;
        s->suppress = true;
        return VI_SUCCESS;
    }
    if (c == (scan ? '#' : '*') || (c >= '0' && c <= '9')) return parse_width(p, scan, args, s);
    if (c == '.') return parse_precision(p, scan, args, s);
    if (c == ',') return parse_array(p, scan, args, s);
    if (c == '@' || c == '!') return parse_pair(p, s);
    if (c && strchr("hlLzZ", c)) return parse_length(p, s);
    *more = false;
    return VI_SUCCESS;
}

/* Behind "[". */
static ViStatus parse_set(const char **p, visa_spec *s)
{
    const char *c = *p;
    bool negate = *c == '^';

    c += negate;
    for (bool first = true; first || *c != ']'; first = false) {
        unsigned char from = (unsigned char)*c, to = from;

        if (!from) return VI_ERROR_INV_FMT;
        if (c[1] == '-' && c[2] && c[2] != ']') {
            to = (unsigned char)c[2];
            c += 2;
        }
        c++;
        if (to < from) return VI_ERROR_INV_FMT;
        for (unsigned b = from; b <= to; b++) s->set[b >> 5] |= 1U << (b & 31);
    }
    for (unsigned i = 0; negate && i < 8; i++) s->set[i] = ~s->set[i];
    *p = c + 1;
    return VI_SUCCESS;
}

/* The modifiers that it has. */
static unsigned spec_uses(const visa_spec *s)
{
    return (s->width >= 0 ? TAKES_WIDTH : 0) | (s->array ? TAKES_ARRAY : 0) |
           (s->precision >= 0 ? TAKES_PRECISION : 0) | (s->form ? TAKES_FORM : 0) | (s->order ? TAKES_ORDER : 0);
}

/* What the type allows. */
static ViStatus check_spec(const struct type_row *row, bool scan, visa_spec *s)
{
    if ((spec_uses(s) & ~row->takes) || (s->type == '%' && s->suppress)) return VI_ERROR_INV_FMT;
    if (s->length != VISA_LEN_NONE && !(row->lengths & LENGTH(s->length)))
        return strchr("cs[", s->type) && s->length == VISA_LEN_L ? VI_ERROR_NSUP_FMT : VI_ERROR_INV_FMT;
    if (!(row->takes & IS_BLOCK)) return VI_SUCCESS;
    if (s->array && s->width >= 0) return VI_ERROR_INV_FMT;
    if (!s->array) s->count = s->width < 0 && s->zero ? 0 : s->width;
    return s->minus || (!scan && s->count < 0) ? VI_ERROR_INV_FMT : VI_SUCCESS;
}

ViStatus visa__spec_parse(const char **p, bool scan, visa_args *args, visa_spec *out)
{
    visa_spec s = {.width = -1, .precision = -1, .count = -1};
    const struct type_row *row;
    ViStatus status = VI_SUCCESS;
    bool more = true;

    while (status == VI_SUCCESS && more) status = parse_modifier(p, scan, args, &s, &more);
    if (status != VI_SUCCESS) return status;
    s.type = **p;
    if (s.type) ++*p;
    if (s.type && strchr("aACSnp", s.type)) return VI_ERROR_NSUP_FMT;
    row = type_row_of(s.type, scan);
    if (!row) return VI_ERROR_INV_FMT;
    status = check_spec(row, scan, &s);
    if (status == VI_SUCCESS && s.type == '[') status = parse_set(p, &s);
    *out = s;
    return status;
}

unsigned visa__spec_element(const visa_spec *s)
{
    switch (s->length) {
    case VISA_LEN_H: return 2;
    case VISA_LEN_L:
    case VISA_LEN_FLOAT: return 4;
    case VISA_LEN_LL:
    case VISA_LEN_DOUBLE: return 8;
    default: return 1;
    }
}

char visa__format_byte(const char **p)
{
    static const char from[] = "nrt\"\\", to[] = "\n\r\t\"\\";
    const char *c = *p, *known;
    int octal = 0;

    *p = c + 1;
    if (*c != '\\' || !c[1]) return *c;
    known = strchr(from, c[1]);
    if (known) {
        *p = c + 2;
        return to[known - from];
    }
    if (c[1] < '0' || c[1] > '7') return *c;
    for (c++; c < *p + 3 && *c >= '0' && *c <= '7'; c++) octal = octal * 8 + (*c - '0');
    *p = c;
    return (char)octal;
}

/* ---- numbers ---------------------------------------------------------------------------------------------- */

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

locale_t visa__c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale ? c_locale : LC_GLOBAL_LOCALE;
}

visa_c_numbers visa__c_numbers_begin(void)
{
    return (visa_c_numbers){(void *)uselocale(visa__c_locale())};
}

void visa__c_numbers_end(visa_c_numbers held)
{
    if (held.before) uselocale((locale_t)held.before);
}

#define SWAP(name, type, swap)                                                                                         \
    static void name(uint8_t *out, const uint8_t *in, size_t n)                                                        \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) {                                                                               \
            type v;                                                                                                    \
            memcpy(&v, in + i * sizeof(v), sizeof(v));                                                                 \
            v = swap(v);                                                                                               \
            memcpy(out + i * sizeof(v), &v, sizeof(v));                                                                \
        }                                                                                                              \
    }
SWAP(swap16, uint16_t, __builtin_bswap16)
SWAP(swap32, uint32_t, __builtin_bswap32)
SWAP(swap64, uint64_t, __builtin_bswap64)
#undef SWAP

void visa__swap_copy(void *to, const void *from, size_t n, unsigned element, char order)
{
    bool little = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
    uint8_t *out = to;
    const uint8_t *in = from;

    if (element == 1 || little == (order == 'l')) {
        memmove(to, from, n * element);
        return;
    }
    if (element == 2) swap16(out, in, n);
    else if (element == 4) swap32(out, in, n);
    else swap64(out, in, n);
}
