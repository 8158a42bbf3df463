#include "format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_DIGITS 400 /* of a precision */
#define TEXT_SIZE 5500 /* the largest long double with that many decimals */
#define CHUNK 4096

typedef struct printer {
    const visa_sink *out;
    visa_args *args;
} printer;

/* A number as it will stand there, without padding. `prefix`: its sign and base, before which no zeros go. */
typedef struct number_text {
    char text[TEXT_SIZE];
    size_t length, prefix;
} number_text;

static ViStatus put(printer *r, const void *data, size_t n)
{
    return n ? r->out->put(r->out->user, data, n) : VI_SUCCESS;
}

static ViStatus put_end(printer *r)
{
    return r->out->end ? r->out->end(r->out->user) : VI_SUCCESS;
}

static ViStatus put_fill(printer *r, char c, int64_t n)
{
    char piece[256];
    ViStatus status = VI_SUCCESS;

    memset(piece, c, sizeof(piece));
    for (; n > 0 && status == VI_SUCCESS; n -= (int64_t)sizeof(piece))
        status = put(r, piece, n < (int64_t)sizeof(piece) ? (size_t)n : sizeof(piece));
    return status;
}

static ViStatus put_padded(printer *r, const visa_spec *s, const char *text, size_t n)
{
    int64_t room = s->width - (int64_t)n;
    ViStatus status = s->minus ? VI_SUCCESS : put_fill(r, ' ', room);

    if (status == VI_SUCCESS) status = put(r, text, n);
    if (status == VI_SUCCESS && s->minus) status = put_fill(r, ' ', room);
    return status;
}

static ViStatus put_number(printer *r, const visa_spec *s, const number_text *v)
{
    ViStatus status;

    /* As in C: an integer's precision takes the place of the zeros, and infinity has none. */
    bool integer = strchr("diouxX", s->type) && !s->form;
    bool finite = !strchr("feEgG", s->type) || v->text[v->prefix] <= '9';
    bool zeros = s->zero && !s->minus && !(integer && s->precision >= 0) && finite;
    if (!zeros) return put_padded(r, s, v->text, v->length);
    status = put(r, v->text, v->prefix);
    if (status == VI_SUCCESS) status = put_fill(r, '0', s->width - (int64_t)v->length);
    return status == VI_SUCCESS ? put(r, v->text + v->prefix, v->length - v->prefix) : status;
}

/* ---- numbers as text ------------------------------------------------------------------------------------ */

/* Sign and base. */
static size_t prefix_length(const char *text)
{
    size_t n = text[0] == '-' || text[0] == '+' || text[0] == ' ';

    return text[n] == '0' && (text[n + 1] == 'x' || text[n + 1] == 'X') ? n + 2 : n;
}

/* "%+ #.*Lf" of what the spec has; the width is ours. */
static void make_format(const visa_spec *s, const char *length, char type, char out[16])
{
    size_t n = 0;

    out[n++] = '%';
    if (s->plus) out[n++] = '+';
    if (s->space) out[n++] = ' ';
    if (s->alt) out[n++] = '#';
    out[n++] = '.';
    out[n++] = '*';
    while (*length) out[n++] = *length++;
    out[n++] = type;
    out[n] = 0;
}

static ViStatus finish_text(number_text *v, int n)
{
    if (n < 0 || (size_t)n >= sizeof(v->text)) return VI_ERROR_NSUP_FMT;
    v->length = (size_t)n;
    v->prefix = prefix_length(v->text);
    return VI_SUCCESS;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static ViStatus real_text(const visa_spec *s, long double value, int precision, char type, number_text *v)
{
    char format[16];
    visa_c_numbers held;
    int n;

    make_format(s, "L", type, format);
    held = visa__c_numbers_begin();
    n = snprintf(v->text, sizeof(v->text), format, precision, value);
    visa__c_numbers_end(held);
    return finish_text(v, n);
}

static ViStatus integer_text(const visa_spec *s, long long value, number_text *v)
{
    char format[16];

    make_format(s, "ll", s->type, format);
    return finish_text(v, snprintf(v->text, sizeof(v->text), format, (int)s->precision, value));
}

#pragma GCC diagnostic pop

/* #H1F, #Q17, #B101 (IEEE 488.2, 7.7.4); zeros go behind the letter. */
static ViStatus radix_text(const visa_spec *s, unsigned long long value, number_text *v)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned shift = s->form == 'H' ? 4 : s->form == 'Q' ? 3 : 1;
    char rest[64];
    size_t n = 0;
    int64_t want = s->precision > 0 ? s->precision : 1;

    v->text[0] = '#';
    v->text[1] = s->form;
    v->prefix = v->length = 2;
    for (; value; value >>= shift) rest[n++] = digits[value & ((1U << shift) - 1)];
    for (; want > (int64_t)n; want--) v->text[v->length++] = '0';
    while (n) v->text[v->length++] = rest[--n];
    return VI_SUCCESS;
}

static unsigned bits_of(const visa_spec *s)
{
    return s->length == VISA_LEN_H ? 16 : s->length == VISA_LEN_LL ? 64 : 32;
}

static ViStatus integer_number(const visa_spec *s, long long value, number_text *v)
{
    unsigned bits = bits_of(s);
    unsigned long long mask = bits == 64 ? ~0ULL : (1ULL << bits) - 1;
    bool is_signed = s->type == 'd' || s->type == 'i';
    long double real = is_signed ? (long double)value : (long double)((unsigned long long)value & mask);
    int precision = (int)s->precision;

    switch (s->form) {
    case 'H':
    case 'Q':
    case 'B': return radix_text(s, (unsigned long long)value & mask, v);
    case '2': return real_text(s, real, precision < 0 ? 1 : precision, 'f', v);
    case '3':
        /* As many digits as the number has. */
        if (precision < 0) precision = real == 0 ? 1 : (int)fmaxl(1, floorl(log10l(fabsl(real))));
        return real_text(s, real, precision, 'E', v);
    default: return integer_text(s, is_signed ? value : (long long)((unsigned long long)value & mask), v);
    }
}

static ViStatus real_number(const visa_spec *s, long double value, number_text *v)
{
    int precision = s->precision < 0 ? 6 : (int)s->precision;

    switch (s->form) {
    case 'H':
    case 'Q':
    case 'B':
        if (!(value >= -0x1p63L && value < 0x1p64L)) return VI_ERROR_INV_FMT;
        value = roundl(value);
        return radix_text(s, value < 0 ? (unsigned long long)(long long)value : (unsigned long long)value, v);
    case '1': return real_text(s, value, 0, 'f', v);
    case '2': return real_text(s, value, precision, 'f', v);
    case '3': return real_text(s, value, precision, 'E', v);
    default: return real_text(s, value, precision, s->type, v);
    }
}

/* ---- one conversion ------------------------------------------------------------------------------------- */

static bool is_real(const visa_spec *s)
{
    return strchr("feEgG", s->type) != NULL;
}

/* The element that `from` points to. */
static long long load_integer(const visa_spec *s, const char *from)
{
    bool is_signed = s->type == 'd' || s->type == 'i';
    int16_t h;
    int32_t l;
    int64_t ll;

    switch (bits_of(s)) {
    case 16: memcpy(&h, from, sizeof(h)); return is_signed ? h : (uint16_t)h;
    case 64: memcpy(&ll, from, sizeof(ll)); return ll;
    default: memcpy(&l, from, sizeof(l)); return is_signed ? (long long)l : (long long)(uint32_t)l;
    }
}

static ViStatus print_array(printer *r, const visa_spec *s)
{
    const char *from = visa__arg(r->args, VISA_ARG_POINTER)->p;
    size_t size = bits_of(s) / 8;
    ViStatus status = VI_SUCCESS;
    number_text v;

    if (!from && s->count) return VI_ERROR_USER_BUF;
    if (is_real(s)) size = s->length == VISA_LEN_LONG ? sizeof(long double) : sizeof(double);
    for (int64_t i = 0; i < s->count && status == VI_SUCCESS; i++, from += size) {
        long double ld = 0;
        double d;

        if (is_real(s) && s->length == VISA_LEN_LONG) memcpy(&ld, from, sizeof(ld));
        if (is_real(s) && s->length != VISA_LEN_LONG) memcpy(&d, from, sizeof(d)), ld = d;
        if (i) status = put(r, ",", 1);
        if (status != VI_SUCCESS) break;
        status = is_real(s) ? real_number(s, ld, &v) : integer_number(s, load_integer(s, from), &v);
        if (status == VI_SUCCESS) status = put_number(r, s, &v);
    }
    return status;
}

static ViStatus print_number(printer *r, const visa_spec *s)
{
    ViStatus status;
    number_text v;

    if (s->precision > MAX_DIGITS) return VI_ERROR_NSUP_FMT;
    if (s->array) return print_array(r, s);
    if (is_real(s)) {
        status = real_number(s, s->length == VISA_LEN_LONG ? visa__arg(r->args, VISA_ARG_LONG_DOUBLE)->ld
                                                           : visa__arg(r->args, VISA_ARG_DOUBLE)->d, &v);
    } else if (s->length == VISA_LEN_LL) {
        status = integer_number(s, visa__arg(r->args, VISA_ARG_LONG_LONG)->ll, &v);
    } else {
        int i = visa__arg(r->args, VISA_ARG_INT)->i;

        status = integer_number(s, s->length == VISA_LEN_H ? (int16_t)i : i, &v);
    }
    return status == VI_SUCCESS ? put_number(r, s, &v) : status;
}

static ViStatus print_text(printer *r, const visa_spec *s)
{
    const char *text;
    char c;

    if (s->type == 'c') {
        c = (char)visa__arg(r->args, VISA_ARG_INT)->i;
        return put_padded(r, s, &c, 1);
    }
    text = visa__arg(r->args, VISA_ARG_POINTER)->p;
    if (!text) return VI_ERROR_USER_BUF;
    return put_padded(r, s, text, s->precision < 0 ? strlen(text) : strnlen(text, (size_t)s->precision));
}

/* Blocks and raw bytes. */
static ViStatus print_block(printer *r, const visa_spec *s)
{
    const uint8_t *from = visa__arg(r->args, VISA_ARG_POINTER)->p;
    unsigned element = visa__spec_element(s);
    size_t left = (size_t)s->count;
    char header[16], size[16];
    uint8_t piece[CHUNK];
    ViStatus status = VI_SUCCESS;

    if (!from && left) return VI_ERROR_USER_BUF;
    if (s->type == 'b') {
        int n = snprintf(size, sizeof(size), "%zu", left * element);

        if (n > 9) return VI_ERROR_INV_FMT; /* a header has room for nine digits */
        status = put(r, header, (size_t)snprintf(header, sizeof(header), "#%d%s", n, size));
    }
    if (s->type == 'B') status = put(r, "#0", 2);
    if (element == 1 && status == VI_SUCCESS) {
        status = put(r, from, left);
        left = 0;
    }
    while (left && status == VI_SUCCESS) {
        size_t n = left < CHUNK / element ? left : CHUNK / element;

        visa__swap_copy(piece, from, n, element, s->order);
        status = put(r, piece, n * element);
        from += n * element;
        left -= n;
    }
    if (s->type == 'B' && status == VI_SUCCESS) status = put(r, "\n", 1);
    if (s->type == 'B' && status == VI_SUCCESS) status = put_end(r);
    return status;
}

static ViStatus print_conversion(printer *r, const char **p)
{
    visa_spec s;
    ViStatus status = visa__spec_parse(p, false, r->args, &s);

    if (status != VI_SUCCESS) return status;
    switch (s.type) {
    case '%': return put(r, "%", 1);
    case 'c':
    case 's': return print_text(r, &s);
    case 'b':
    case 'B':
    case 'y': return print_block(r, &s);
    default: return print_number(r, &s);
    }
}

/* Text up to the next conversion or behind the next line feed, which ends the message. */
static ViStatus print_literal(printer *r, const char **p)
{
    char piece[256];
    size_t n = 0;
    ViStatus status;

    while (**p && **p != '%' && n < sizeof(piece)) {
        piece[n++] = visa__format_byte(p);
        if (piece[n - 1] == '\n') break;
    }
    status = put(r, piece, n);
    return status == VI_SUCCESS && piece[n - 1] == '\n' ? put_end(r) : status;
}

ViStatus visa__print(const visa_sink *out, const char *format, visa_args *args)
{
    printer r = {out, args};
    ViStatus status = VI_SUCCESS;

    while (*format && status == VI_SUCCESS) {
        if (*format == '%') {
            format++;
            status = print_conversion(&r, &format);
        } else {
            status = print_literal(&r, &format);
        }
    }
    return status;
}
