#include "format.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_NUMBER 400  /* bytes of a number */
#define MAX_MESSAGES 8  /* that one conversion looks for its first byte in */

typedef struct scanner {
    const visa_source *in;
    visa_args *args;
    const ViByte *data;  /* what is there and not consumed */
    size_t n;
    bool end;            /* the message ends behind it */
    bool skip;           /* white space of the format is still to be skipped */
} scanner;

/* Of the C locale, whatever the program's is. */
static bool is_space(int c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(int c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* ---- bytes ---------------------------------------------------------------------------- */

/* Makes r->n > 0 within the message; *eom where it has ended. */
static ViStatus more(scanner *r, bool *eom)
{
    ViStatus status;

    *eom = false;
    while (!r->n) {
        if (r->end) {
            *eom = true;
            return VI_SUCCESS;
        }
        status = r->in->fill(r->in->user, &r->data, &r->n, &r->end);
        if (status < VI_SUCCESS) {
            r->n = 0;
            return status;
        }
        if (!r->n && !r->end) return VI_ERROR_IO;
    }
    return VI_SUCCESS;
}

static void took(scanner *r, size_t n)
{
    if (!n) return;
    r->in->consume(r->in->user, n);
    r->data += n;
    r->n -= n;
}

/* The next byte of the message, not consumed; -1 at its end. */
static ViStatus peek(scanner *r, int *c)
{
    bool eom;
    ViStatus status = more(r, &eom);

    *c = status == VI_SUCCESS && !eom ? *r->data : -1;
    return status;
}

/* White space that is there, without waiting for more. */
static void skip_held(scanner *r)
{
    while (r->n && is_space(*r->data)) took(r, 1);
}

/* Where a conversion begins: behind white space when `blank`, in the next message when this one has ended. A message
 * that holds nothing else is passed over when `blank`. */
static ViStatus begin(scanner *r, bool blank)
{
    ViStatus status;
    bool eom;

    blank = blank || r->skip;
    r->skip = false;
    if (!r->n) r->end = false;
    for (unsigned messages = 0; messages < MAX_MESSAGES; messages += eom) {
        status = more(r, &eom);
        if (status != VI_SUCCESS || !blank) return status;
        if (!eom && !is_space(*r->data)) return VI_SUCCESS;
        if (eom) r->end = false;
        else skip_held(r);
    }
    return VI_ERROR_INV_FMT;
}

/* ---- numbers ---------------------------------------------------------------------------- */

typedef struct number {
    bool is_real, negative;
    unsigned long long magnitude; /* of an integer */
    long double real;             /* of either */
} number;

typedef struct token {
    char text[MAX_NUMBER];
    size_t n;
    int64_t room;                 /* bytes that the width still allows */
} token;

static bool is_one_of(const char *any, ViByte c)
{
    return any ? c && strchr(any, c) : is_digit(c);
}

/* Consumes the next byte into the token when it is one of `any` (a digit where any is NULL). */
static ViStatus token_take(scanner *r, token *t, const char *any, bool *taken)
{
    int c;
    ViStatus status = VI_SUCCESS;

    *taken = false;
    if (!t->room) return VI_SUCCESS;
    status = peek(r, &c);
    if (status != VI_SUCCESS || c < 0 || !is_one_of(any, (ViByte)c)) return status;
    if (t->n + 1 == sizeof(t->text)) return VI_ERROR_INV_FMT;
    t->text[t->n++] = (char)c;
    t->text[t->n] = 0;
    t->room--;
    took(r, 1);
    *taken = true;
    return VI_SUCCESS;
}

/* As many as there are. */
static ViStatus token_run(scanner *r, token *t, const char *any)
{
    ViStatus status = VI_SUCCESS;
    bool eom = false;

    while (t->room && status == VI_SUCCESS && !eom) {
        size_t n = 0, most = sizeof(t->text) - 1 - t->n;

        while (n < r->n && (int64_t)n < t->room && is_one_of(any, r->data[n])) n++;
        if (n > most) return VI_ERROR_INV_FMT;
        if (n) memcpy(t->text + t->n, r->data, n);
        t->n += n;
        t->text[t->n] = 0;
        t->room -= (int64_t)n;
        took(r, n);
        if (r->n) break;
        if (t->room) status = more(r, &eom);
    }
    return status;
}

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static ViStatus digits_value(const char *text, unsigned base, number *v)
{
    if (!*text) return VI_ERROR_INV_FMT;
    v->magnitude = 0;
    for (; *text; text++) {
        unsigned digit = is_digit(*text) ? (unsigned)(*text - '0') : (unsigned)((*text | 32) - 'a' + 10);

        if (digit >= base || __builtin_mul_overflow(v->magnitude, (unsigned long long)base, &v->magnitude) ||
            __builtin_add_overflow(v->magnitude, (unsigned long long)digit, &v->magnitude))
            return VI_ERROR_INV_FMT;
    }
    v->real = v->magnitude;
    return VI_SUCCESS;
}

/* Digits of a base, all that are there. */
static ViStatus scan_digits(scanner *r, token *t, unsigned base, number *v)
{
    const char *any = base == 16 ? "0123456789abcdefABCDEF" : base == 8 ? "01234567" : base == 2 ? "01" : NULL;
    size_t from = t->n;
    ViStatus status = token_run(r, t, any);

    return status == VI_SUCCESS ? digits_value(t->text + from, base, v) : status;
}

/* Behind "#": H, Q or B and the digits. */
static ViStatus scan_radix(scanner *r, token *t, number *v)
{
    bool taken;
    ViStatus status = token_take(r, t, "HhQqBb", &taken);

    if (status != VI_SUCCESS || !taken) return status != VI_SUCCESS ? status : VI_ERROR_INV_FMT;
    switch (t->text[t->n - 1] | 32) {
    case 'h': return scan_digits(r, t, 16, v);
    case 'q': return scan_digits(r, t, 8, v);
    default: return scan_digits(r, t, 2, v);
    }
}

static bool is_word(const char *text, const char *word)
{
    for (; *word && (*text | 32) == *word; word++) text++;
    return !*word && !*text;
}

/* NAN, INF, INFINITY and SCPI's NINF. */
static ViStatus scan_word(scanner *r, token *t, number *v)
{
    size_t from = t->n;
    ViStatus status = token_run(r, t, letters);
    const char *word = t->text + from;

    if (status != VI_SUCCESS) return status;
    v->is_real = true;
    if (is_word(word, "nan")) v->real = (long double)NAN;
    else if (is_word(word, "inf") || is_word(word, "infinity")) v->real = (long double)INFINITY;
    else if (is_word(word, "ninf")) v->real = -(long double)INFINITY;
    else return VI_ERROR_INV_FMT;
    if (v->negative) v->real = -v->real;
    return VI_SUCCESS;
}

static bool is_real(const visa_spec *s)
{
    return strchr("feEgG", s->type) != NULL;
}

/* Rounded once, to the type that is wanted. */
static long double decimal_value(const char *text, const visa_spec *s, char **rest)
{
    locale_t c = visa__c_locale();

    if (!is_real(s) || s->length == VISA_LEN_LONG) return strtold_l(text, rest, c);
    return s->length == VISA_LEN_L ? (long double)strtod_l(text, rest, c) : (long double)strtof_l(text, rest, c);
}

/* Digits, point, exponent; what makes it a real is seen on the way. */
static ViStatus scan_decimal(scanner *r, const visa_spec *s, token *t, number *v)
{
    size_t from = t->n;
    bool taken = false;
    char *rest;
    ViStatus status = token_run(r, t, NULL);

    if (status == VI_SUCCESS) status = token_take(r, t, ".", &taken);
    v->is_real = taken;
    if (taken && status == VI_SUCCESS) status = token_run(r, t, NULL);
    if (status != VI_SUCCESS) return status;
    if (t->n == from + (size_t)taken) return VI_ERROR_INV_FMT;
    status = token_take(r, t, "eE", &taken);
    if (taken && status == VI_SUCCESS) {
        v->is_real = true;
        status = token_take(r, t, "+-", &taken);
        if (status == VI_SUCCESS) status = token_run(r, t, NULL);
    }
    if (status != VI_SUCCESS) return status;
    if (!v->is_real && !is_real(s) && digits_value(t->text + from, 10, v) == VI_SUCCESS) {
        if (v->negative) v->real = -v->real;
        return VI_SUCCESS;
    }
    v->is_real = true;
    v->real = decimal_value(t->text + from, s, &rest);
    if (v->negative) v->real = -v->real;
    return *rest ? VI_ERROR_INV_FMT : VI_SUCCESS;
}

/* Behind a zero that may be that of 0x. */
static ViStatus scan_hex_or(scanner *r, const visa_spec *s, token *t, unsigned base, number *v)
{
    bool taken;
    size_t from = t->n;
    ViStatus status = token_take(r, t, "0", &taken);

    if (status != VI_SUCCESS) return status;
    if (taken) {
        status = token_take(r, t, "xX", &taken);
        if (status != VI_SUCCESS) return status;
        if (taken) return scan_digits(r, t, 16, v);
    }
    if (base == 0) {
        if (t->n == from) return scan_decimal(r, s, t, v);
        base = 8;
    }
    status = token_run(r, t, base == 16 ? "0123456789abcdefABCDEF" : "01234567");
    return status == VI_SUCCESS ? digits_value(t->text + from, base, v) : status;
}

/* One number of any form that the type allows. The first byte is there. */
static ViStatus scan_number_text(scanner *r, const visa_spec *s, number *v)
{
    token t = {.room = s->width < 0 ? INT64_MAX : s->width};
    bool taken;
    int c;
    ViStatus status;

    memset(v, 0, sizeof(*v));
    status = token_take(r, &t, "#", &taken);
    if (status != VI_SUCCESS) return status;
    if (taken) return scan_radix(r, &t, v);
    status = token_take(r, &t, "+-", &taken);
    if (status != VI_SUCCESS) return status;
    v->negative = taken && t.text[0] == '-';
    switch (s->type) {
    case 'x':
    case 'X': status = scan_hex_or(r, s, &t, 16, v); break;
    case 'o': status = scan_digits(r, &t, 8, v); break;
    case 'i': status = scan_hex_or(r, s, &t, 0, v); break;
    default:
        status = t.room ? peek(r, &c) : VI_ERROR_INV_FMT;
        if (status != VI_SUCCESS) return status;
        return is_letter(c) ? scan_word(r, &t, v) : scan_decimal(r, s, &t, v);
    }
    if (v->negative && !v->is_real) v->real = -v->real;
    return status;
}

static size_t number_size(const visa_spec *s)
{
    if (is_real(s)) return s->length == VISA_LEN_LONG ? sizeof(long double) : s->length == VISA_LEN_L ? 8 : 4;
    return s->length == VISA_LEN_H ? 2 : s->length == VISA_LEN_LL ? 8 : 4;
}

/* Signed and unsigned values of the width are both taken; others do not fit. */
static ViStatus store_integer(const number *v, size_t size, void *to)
{
    unsigned bits = (unsigned)size * 8;
    unsigned long long magnitude = v->magnitude, top = 1ULL << (bits - 1);
    bool negative = v->negative;
    uint64_t u;
    uint32_t l;
    uint16_t h;

    if (v->is_real) {
        long double rounded = roundl(v->real);

        if (!(rounded > -0x1p64L && rounded < 0x1p64L)) return VI_ERROR_INV_FMT;
        negative = rounded < 0;
        magnitude = (unsigned long long)fabsl(rounded);
    }
    if (negative ? magnitude > top : magnitude > top - 1 + top) return VI_ERROR_INV_FMT;
    u = negative ? 0 - magnitude : magnitude;
    l = (uint32_t)u;
    h = (uint16_t)u;
    memcpy(to, size == 8 ? (void *)&u : size == 4 ? (void *)&l : (void *)&h, size);
    return VI_SUCCESS;
}

static ViStatus store_number(const visa_spec *s, const number *v, void *to)
{
    double d = (double)v->real;
    float f;

    if (!is_real(s)) return store_integer(v, number_size(s), to);
    if (s->length == VISA_LEN_LONG) {
        memcpy(to, &v->real, sizeof(v->real));
    } else if (s->length == VISA_LEN_L) {
        memcpy(to, &d, sizeof(d));
    } else {
        f = fabs(d) > (double)FLT_MAX && isfinite(d) ? (float)copysign(INFINITY, d) : (float)d;
        memcpy(to, &f, sizeof(f));
    }
    return VI_SUCCESS;
}

/* Behind a number: the next byte that is no blank. Line ends are left. */
static ViStatus skip_blanks(scanner *r, int *c)
{
    ViStatus status = peek(r, c);

    while (status == VI_SUCCESS && (*c == ' ' || *c == '\t')) {
        took(r, 1);
        status = peek(r, c);
    }
    return status;
}

/* Behind a number of an array: whether another one follows. A comma behind the last one is taken. */
static ViStatus next_of_array(scanner *r, bool *another)
{
    int c;
    ViStatus status = skip_blanks(r, &c);

    *another = false;
    if (status != VI_SUCCESS || c != ',') return status;
    took(r, 1);
    status = skip_blanks(r, &c);
    *another = c >= 0 && c != '\n' && c != '\r';
    return status;
}

static ViStatus scan_numbers(scanner *r, const visa_spec *s, char *to)
{
    int64_t want = s->array ? s->count : 1, got = 0;
    bool another = want > 0;
    ViStatus status = another ? begin(r, true) : VI_SUCCESS;
    number v;

    while (another && status == VI_SUCCESS) {
        status = scan_number_text(r, s, &v);
        if (status == VI_SUCCESS && to) status = store_number(s, &v, to + (size_t)got * number_size(s));
        if (status != VI_SUCCESS) break;
        another = false;
        if (++got < want) status = next_of_array(r, &another);
    }
    if (s->counter && s->array) *s->counter = (ViUInt32)got;
    return status;
}

/* ---- text ------------------------------------------------------------------------------- */

static bool in_set(const visa_spec *s, unsigned char c)
{
    switch (s->type) {
    case 's': return !is_space(c);
    case '[': return s->set[c >> 5] >> (c & 31) & 1;
    default: return true;
    }
}

/* Bytes that are stored: all but one of a buffer whose size was given, as many as the width, or all. */
static size_t text_room(const visa_spec *s)
{
    if (s->counter) return s->width ? (size_t)s->width - 1 : 0;
    return s->width < 0 ? SIZE_MAX : (size_t)s->width;
}

/* How many of n bytes belong to the text. */
static size_t text_piece(const visa_spec *s, const ViByte *data, size_t n, bool *done)
{
    for (size_t i = 0; i < n; i++) {
        if (s->type == 'T' ? data[i] == '\n' : !in_set(s, data[i])) {
            *done = true;
            return i + (s->type == 'T');
        }
    }
    return n;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* %s, %[, %t and %T. The last two drop what has no room, the others leave it. */
static ViStatus scan_text(scanner *r, const visa_spec *s, char *to)
{
    size_t room = text_room(s), got = 0, limit = s->type == 't' || s->type == 'T' ? SIZE_MAX : room;
    bool done = false, eom = false;
    ViStatus status = begin(r, s->type == 's');

    while (status == VI_SUCCESS && !done && got < limit) {
        size_t n, keep;

        status = more(r, &eom);
        if (status != VI_SUCCESS || eom) break;
        n = text_piece(s, r->data, smaller(r->n, limit - got), &done);
        keep = smaller(n, room - got);
        if (to && keep) memcpy(to + got, r->data, keep);
        got += keep;
        took(r, n);
    }
    if (to && (!s->counter || s->width)) to[got] = 0;
    if (s->counter) *s->counter = (ViUInt32)got;
    return status == VI_SUCCESS && !got && room && s->type == '[' ? VI_ERROR_INV_FMT : status;
}

/* %c: exactly so many, no NUL. */
static ViStatus scan_characters(scanner *r, const visa_spec *s, char *to)
{
    size_t want = s->width < 0 ? 1 : (size_t)s->width, got = 0;
    ViStatus status = want ? begin(r, false) : VI_SUCCESS;
    bool eom = false;

    while (got < want && status == VI_SUCCESS) {
        size_t n;

        status = more(r, &eom);
        if (status != VI_SUCCESS || eom) break;
        n = r->n < want - got ? r->n : want - got;
        if (to) memcpy(to + got, r->data, n);
        got += n;
        took(r, n);
    }
    if (s->counter) *s->counter = (ViUInt32)got;
    return status == VI_SUCCESS && got < want && !s->counter ? VI_ERROR_INV_FMT : status;
}

/* ---- blocks -------------------------------------------------------------------------------- */

/* Where the bytes of a block go. */
typedef struct taker {
    const visa_spec *s;
    char *to;             /* NULL: nowhere */
    unsigned element;
    uint64_t room, got;   /* elements */
    uint8_t part[8];      /* of an element whose other bytes have not come */
    unsigned have;
    bool odd;             /* bytes that make no element were seen */
} taker;

/* The elements in n bytes; those that have no room are dropped. */
static void take_bytes(taker *t, const uint8_t *data, size_t n)
{
    while (n) {
        if (!t->have && n >= t->element) {
            uint64_t whole = n / t->element, keep = t->room - t->got < whole ? t->room - t->got : whole;

            if (t->to && keep)
                visa__swap_copy(t->to + t->got * t->element, data, (size_t)keep, t->element, t->s->order);
            t->got += keep;
            data += whole * t->element;
            n -= (size_t)whole * t->element;
            continue;
        }
        t->part[t->have++] = *data++;
        n--;
        if (t->have < t->element) continue;
        if (t->got < t->room && t->to)
            visa__swap_copy(t->to + t->got * t->element, t->part, 1, t->element, t->s->order);
        t->got += t->got < t->room;
        t->have = 0;
    }
    t->odd = t->have != 0;
}

/* n bytes of a block. Those that the caller has room for count as there in memory that has no length. */
static ViStatus take_counted(scanner *r, taker *t, uint64_t n)
{
    bool eom;

    if (r->in->raw) {
        uint64_t wanted = t->room * t->element;
        size_t piece = (size_t)(n < wanted ? n : wanted);

        take_bytes(t, r->in->raw(r->in->user, piece), piece);
        r->n = 0;
        r->end = false;
        n -= piece;
    }
    while (n) {
        ViStatus status = more(r, &eom);
        size_t piece;

        if (status != VI_SUCCESS) return status;
        if (eom) return r->in->raw ? VI_SUCCESS : VI_ERROR_IO;
        piece = r->n < n ? r->n : (size_t)n;
        take_bytes(t, r->data, piece);
        took(r, piece);
        n -= piece;
    }
    return VI_SUCCESS;
}

/* The rest of the message. `line`: without a line feed at its very end. */
static ViStatus take_rest(scanner *r, taker *t, bool line)
{
    bool held = false, eom;
    ViStatus status;

    while ((status = more(r, &eom)) == VI_SUCCESS && !eom) {
        size_t n = r->n;

        if (held) take_bytes(t, (const uint8_t *)"\n", 1);
        held = line && r->data[n - 1] == '\n';
        take_bytes(t, r->data, n - held);
        took(r, n);
    }
    return status;
}

/* Behind "#": the digits of a header. */
static ViStatus scan_header(scanner *r, uint64_t *length, bool *indefinite)
{
    int c;
    unsigned digits = 1;
    ViStatus status = VI_SUCCESS;

    *length = 0;
    for (unsigned i = 0; i <= digits; i++) {
        status = peek(r, &c);
        if (status != VI_SUCCESS) return status;
        if (!is_digit(c)) return VI_ERROR_INV_FMT;
        took(r, 1);
        if (i) *length = *length * 10 + (unsigned)(c - '0');
        else digits = (unsigned)(c - '0');
    }
    *indefinite = !digits;
    return VI_SUCCESS;
}

static taker taker_of(const visa_spec *s, char *to)
{
    return (taker){.s = s, .to = to, .element = visa__spec_element(s),
                   .room = s->count < 0 ? UINT64_MAX / 16 : (uint64_t)s->count};
}

static ViStatus scan_block(scanner *r, const visa_spec *s, char *to)
{
    taker t = taker_of(s, to);
    uint64_t length;
    bool indefinite = false;
    int c;
    ViStatus status = begin(r, true);

    if (status != VI_SUCCESS) return status;
    status = peek(r, &c);
    if (status != VI_SUCCESS || c != '#') return status != VI_SUCCESS ? status : VI_ERROR_INV_FMT;
    took(r, 1);
    status = scan_header(r, &length, &indefinite);
    if (status == VI_SUCCESS) status = indefinite ? take_rest(r, &t, true) : take_counted(r, &t, length);
    if (s->counter) *s->counter = (ViUInt32)t.got;
    return status == VI_SUCCESS && t.odd ? VI_ERROR_INV_FMT : status;
}

/* %y: so many elements, or up to END. */
static ViStatus scan_raw(scanner *r, const visa_spec *s, char *to)
{
    taker t = taker_of(s, to);
    ViStatus status = s->count ? begin(r, false) : VI_SUCCESS;
    bool eom = false;

    if (status != VI_SUCCESS) return status;
    if (s->count < 0) status = take_rest(r, &t, false);
    else if (r->in->raw) status = take_counted(r, &t, t.room * t.element);
    else
        while (t.got < t.room && (status = more(r, &eom)) == VI_SUCCESS && !eom) {
            uint64_t wanted = (t.room - t.got) * t.element - t.have;
            size_t n = r->n < wanted ? r->n : (size_t)wanted;

            take_bytes(&t, r->data, n);
            took(r, n);
        }
    if (s->counter) *s->counter = (ViUInt32)t.got;
    if (status == VI_SUCCESS && (t.odd || (s->count > 0 && !s->counter && t.got < t.room))) return VI_ERROR_INV_FMT;
    return status;
}

/* ---- the format ---------------------------------------------------------------------- */

static ViStatus scan_literal(scanner *r, char want)
{
    int c;
    ViStatus status;

    if (r->skip) {
        if (r->end && !r->n) return VI_ERROR_INV_FMT;
        status = begin(r, true);
        if (status != VI_SUCCESS) return status;
    }
    status = peek(r, &c);
    if (status != VI_SUCCESS) return status;
    if (c != (unsigned char)want) return VI_ERROR_INV_FMT;
    took(r, 1);
    return VI_SUCCESS;
}

static ViStatus scan_conversion(scanner *r, const char **p)
{
    visa_spec s;
    void *to = NULL;
    ViStatus status = visa__spec_parse(p, true, r->args, &s);

    if (status != VI_SUCCESS) return status;
    if (s.type == '%') return scan_literal(r, '%');
    if (!s.suppress) {
        to = visa__arg(r->args, VISA_ARG_POINTER)->p;
        if (!to) return VI_ERROR_USER_BUF;
    }
    switch (s.type) {
    case 'c': return scan_characters(r, &s, to);
    case 's':
    case '[':
    case 't':
    case 'T': return scan_text(r, &s, to);
    case 'b':
    case 'B': return scan_block(r, &s, to);
    case 'y': return scan_raw(r, &s, to);
    default: return scan_numbers(r, &s, to);
    }
}

ViStatus visa__scan(const visa_source *in, const char *format, visa_args *args)
{
    scanner r = {.in = in, .args = args};
    ViStatus status = VI_SUCCESS;

    while (*format && status == VI_SUCCESS) {
        char c;

        if (*format == '%') {
            format++;
            status = scan_conversion(&r, &format);
            continue;
        }
        c = visa__format_byte(&format);
        if (is_space(c)) r.skip = true;
        else status = scan_literal(&r, c);
    }
    if (r.skip && status == VI_SUCCESS) skip_held(&r);
    return status;
}
