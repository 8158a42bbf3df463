/* A table that spreadsheets, pandas and numpy read without options: one line of column names with the units (and the
 * settings in parentheses), then a row a sample. A column "record" comes first when several acquisitions follow. */
#include "core/str.h"
#include "format/csv.h"
#include "format/format.h"
#include "format/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A comma, the text of one value, and a newline after the last column. */
typedef struct cell {
    char text[15];
    uint8_t length;
} cell;

typedef struct column {
    const uint8_t *raw;
    const cell *cells;    /* by the raw byte; NULL when samples are wider */
    cell *wide;           /* by the raw 16 bits, filled as they come; NULL for others */
    bool last;
    const grat_trace *trace;
    double factor, bias;  /* value * 10^decimals = raw * factor + bias */
    unsigned decimals;
} column;

typedef struct csv {
    const grat_meta *meta;
    bool header_done, numbered;
    cell (*cells)[256];
    cell *wide[GRAT_MAX_CHANNELS];   /* WIDE of them; NULL for traces of another kind, and when memory is short */
    double scale[GRAT_MAX_CHANNELS], offset[GRAT_MAX_CHANNELS];
} csv;

/* A time being counted up. All but its last four digits is text that rarely changes: `head`, with what stands before
 * it in the row. */
typedef struct ticker {
    int64_t now, step;
    unsigned decimals, low_digits, upper_digits;   /* low_digits: of `low`, the upper of them in the head */
    uint32_t modulus, low_modulus;                 /* 10^low_digits, 10^(low_digits - upper_digits) */
    uint32_t low;                                  /* below low_modulus */
    uint64_t high;
    bool negative;
    unsigned prefix_length, high_length, head_length;
    char head[64];
} ticker;

enum { WIDE = 65536, AHEAD = 16 };

static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000};

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    csv *c = p;
    (void)o, (void)op;
    c->meta = meta;
    c->numbered = meta->acquisitions > 1;
    return GRAT_OK;
}

static grat_err put_name(grat_out *o, const char *separator, const char *name, const char *note, grat_op *op)
{
    char text[512];
    int n = snprintf(text, sizeof text, *note ? "%s%s (%s)" : "%s%s", separator, name, note);
    if (n < 0 || (size_t)n >= sizeof text) n = sizeof text - 1;
    return grat_out_write(o, text, (size_t)n, op);
}

static grat_err put_header(csv *c, const grat_record *r, grat_out *o, grat_op *op)
{
    char note[400], name[32];
    grat__meta_note(c->meta, r, note, sizeof note);
    grat_err err = put_name(o, c->numbered ? "record," : "", "time_s", note, op);
    for (unsigned i = 0; i < r->traces && !err; i++) {
        const grat_trace *t = &r->trace[i];
        grat__trace_label(t, name, sizeof name);
        size_t n = strlen(name);
        if (t->unit[0]) snprintf(name + n, sizeof name - n, "_%s", t->unit);
        grat__trace_note(c->meta, t, note, sizeof note);
        err = put_name(o, ",", name, note, op);
    }
    return err ? err : grat_out_write(o, "\n", 1, op);
}

static size_t put_value(char *p, double value, double scaled, unsigned decimals)
{
    if (!(fabs(scaled) < 1e11)) return grat__put_double(p, value, 7);
    size_t n = grat__put_fixed(p, (int64_t)rint(scaled), decimals);
    return n <= 13 ? n : grat__put_double(p, value, 6);
}

static void fill_cells(cell cells[256], const grat_trace *t, bool last)
{
    unsigned decimals = grat__step_decimals(t->scale, t->offset);
    for (unsigned i = 0; i < 256; i++) {
        double value = (t->type == GRAT_I8 ? (double)(int8_t)i : (double)i) * t->scale + t->offset;
        char text[GRAT__NUM_MAX + 2] = ",";
        size_t n = 1 + put_value(text + 1, value, value * grat__pow10((int)decimals), decimals);
        if (last) text[n++] = '\n';
        memcpy(cells[i].text, text, sizeof cells[i].text);
        cells[i].length = (uint8_t)n;
    }
}

static void fill_wide(const column *c, uint16_t code, cell *e)
{
    double raw = c->trace->type == GRAT_I16 ? (double)(int16_t)code : (double)code;
    char text[GRAT__NUM_MAX + 2] = ",";
    double value = raw * c->trace->scale + c->trace->offset;
    size_t n = 1 + put_value(text + 1, value, raw * c->factor + c->bias, c->decimals);
    if (c->last) text[n++] = '\n';
    memcpy(e->text, text, sizeof e->text);
    e->length = (uint8_t)n;
}

static void prepare_wide(csv *c, unsigned i, column *col, bool last)
{
    const grat_trace *t = col->trace;
    bool other = c->scale[i] != t->scale || c->offset[i] != t->offset;
    if (!c->wide[i]) c->wide[i] = calloc(WIDE, sizeof(cell));
    else if (other) memset(c->wide[i], 0, WIDE * sizeof(cell));
    c->scale[i] = t->scale, c->offset[i] = t->offset;
    col->wide = c->wide[i];
    col->last = last;
}

static grat_err prepare(csv *c, grat_record *r, column *columns, grat_op *op)
{
    bool fresh = !c->cells;
    if (fresh) c->cells = malloc(r->traces * sizeof *c->cells);
    if (!c->cells) return grat_op_fail(op, GRAT_ENOMEM, "cannot write the table: out of memory; close something");
    for (unsigned i = 0; i < r->traces; i++) {
        const grat_trace *t = &r->trace[i];
        column *col = &columns[i];
        col->raw = t->raw;
        col->trace = t;
        col->decimals = grat__step_decimals(t->scale, t->offset);
        col->factor = t->scale * grat__pow10((int)col->decimals);
        col->bias = t->offset * grat__pow10((int)col->decimals);
        if (t->type == GRAT_U16 || t->type == GRAT_I16) prepare_wide(c, i, col, i + 1 == r->traces);
        if (t->type != GRAT_U8 && t->type != GRAT_I8) continue;
        if (fresh || c->scale[i] != t->scale || c->offset[i] != t->offset)
            fill_cells(c->cells[i], t, i + 1 == r->traces);
        c->scale[i] = t->scale, c->offset[i] = t->offset;
        col->cells = c->cells[i];
    }
    return GRAT_OK;
}

/* Rows to be written. */
typedef struct block {
    const column *columns;
    unsigned count;
    size_t from, n;
    const char *prefix;
    size_t prefix_length;
    const grat__timebase *tb;
    uint64_t first;
} block;

/* ---- times ---------------------------------------------------------------------------------------- */

/* Everything before the upper digits of the low ones. */
static void ticker_high(ticker *k)
{
    char *p = k->head + k->prefix_length;
    if (k->negative) *p++ = '-';
    unsigned rest = k->decimals - k->low_digits;
    p += grat__put_fixed(p, (int64_t)k->high, rest);
    if (!rest && k->decimals) *p++ = '.';
    k->high_length = (unsigned)(p - k->head);
    k->head_length = k->high_length + k->upper_digits;
}

static void ticker_set(ticker *k, int64_t now, bool fresh)
{
    uint64_t magnitude = now < 0 ? 0 - (uint64_t)now : (uint64_t)now, high = magnitude / k->modulus;
    uint32_t low = (uint32_t)(magnitude - high * k->modulus), upper = low / k->low_modulus;
    k->now = now;
    if (fresh || high != k->high || (now < 0) != k->negative) {
        k->high = high;
        k->negative = now < 0;
        ticker_high(k);
    }
    k->low = low - upper * k->low_modulus;
    memcpy(k->head + k->high_length, grat__digits4() + 4 * upper + 4 - k->upper_digits, 4);
}

static void ticker_init(ticker *k, const block *b)
{
    const grat__timebase *tb = b->tb;
    memset(k, 0, sizeof *k);
    k->step = tb->step;
    k->decimals = tb->decimals;
    k->low_digits = tb->decimals < 8 ? tb->decimals : 8;
    k->upper_digits = k->low_digits > 4 ? k->low_digits - 4 : 0;
    k->modulus = powers[k->low_digits];
    k->low_modulus = powers[k->low_digits - k->upper_digits];
    k->prefix_length = (unsigned)b->prefix_length;
    memcpy(k->head, b->prefix, b->prefix_length);
    ticker_set(k, tb->start + (int64_t)b->first * tb->step, true);
}

/* How many rows from here on have this head; at least one. */
static size_t ticker_run(const ticker *k)
{
    uint64_t step = (uint64_t)k->step;
    if (k->now >= 0) return (k->low_modulus - 1 - k->low) / step + 1;
    uint64_t to_head = k->low / step + 1, to_zero = (0 - (uint64_t)k->now - 1) / step + 1;
    return to_head < to_zero ? to_head : to_zero;
}

/* ---- rows ----------------------------------------------------------------------------------------- */

static inline char *put_cell(char *p, const cell *e)
{
    memcpy(p, e, sizeof *e);
    return p + e->length;
}

/* Noise makes the table of the wide ones larger than the nearest cache: this asks for a text before it is needed. */
static inline void look_ahead(const column *c, size_t i, size_t stop)
{
    uint16_t code;
    if (!c->wide || i + AHEAD >= stop) return;
    memcpy(&code, c->raw + 2 * (i + AHEAD), sizeof code);
    __builtin_prefetch(&c->wide[code]);
}

static inline const cell *cell_at(const column *c, size_t i)
{
    uint16_t code;
    if (!c->wide) return &c->cells[c->raw[i]];
    memcpy(&code, c->raw + 2 * i, sizeof code);
    cell *e = &c->wide[code];
    if (__builtin_expect(!e->length, 0)) fill_wide(c, code, e);
    return e;
}

/* n rows with the same head. */
static inline __attribute__((always_inline)) char *put_run(char *p, const block *b, size_t from, size_t n,
                                                           const ticker *k, unsigned count)
{
    const column *columns = b->columns;
    const size_t stop = b->from + b->n, length = k->head_length;
    const unsigned low_digits = k->low_digits - k->upper_digits;
    const char *digits = grat__digits4() + 4 - low_digits;
    const uint32_t step = (uint32_t)(k->now < 0 ? -k->step : k->step);
    uint32_t low = k->low;
    for (size_t i = from; i < from + n; i++, low += step) {
        for (unsigned j = 0; j < count; j++) look_ahead(&columns[j], i, stop);
        memcpy(p, k->head, 16);
        if (length > 16) memcpy(p + 16, k->head + 16, 48);
        p += length;
        memcpy(p, digits + 4 * low, 4);
        p += low_digits;
        for (unsigned j = 0; j < count; j++) p = put_cell(p, cell_at(&columns[j], i));
    }
    return p;
}

/* Every column one or two bytes wide, the time an exact count: the common case and the one that must be quick. */
static char *put_rows_fast(char *p, const block *b, ticker *k)
{
    for (size_t i = b->from, stop = b->from + b->n, n; i < stop; i += n) {
        n = ticker_run(k);
        if (n > stop - i) n = stop - i;
        p = b->count == 1 ? put_run(p, b, i, n, k, 1)
            : b->count == 2 ? put_run(p, b, i, n, k, 2)
                            : put_run(p, b, i, n, k, b->count);
        ticker_set(k, k->now + (int64_t)n * k->step, false);
    }
    return p;
}

static size_t put_wide(char *p, const column *col, size_t i)
{
    double raw;
    switch (col->trace->type) {
    case GRAT_U16:
        raw = ((const uint16_t *)col->trace->raw)[i];
        break;
    case GRAT_I16:
        raw = ((const int16_t *)col->trace->raw)[i];
        break;
    default:
        raw = ((const float *)col->trace->raw)[i];
        return grat__put_double(p, raw * col->trace->scale + col->trace->offset, 9);
    }
    return put_value(p, raw * col->trace->scale + col->trace->offset, raw * col->factor + col->bias, col->decimals);
}

static char *put_rows_any(char *p, const block *b)
{
    for (size_t i = b->from; i < b->from + b->n; i++) {
        memcpy(p, b->prefix, b->prefix_length);
        p += b->prefix_length;
        p += grat__put_time(p, b->tb, b->first + i);
        for (unsigned j = 0; j < b->count; j++) {
            const column *col = &b->columns[j];
            if (col->cells) {
                p = put_cell(p, &col->cells[col->raw[i]]);
                continue;
            }
            *p++ = ',';
            p += put_wide(p, col, i);
            if (j + 1 == b->count) *p++ = '\n';
        }
    }
    return p;
}

static grat_err put_rows(block *b, size_t count, grat_out *o, grat_op *op)
{
    bool fast = b->tb->exact && b->first + count < (uint64_t)INT64_MAX / 4 / (uint64_t)b->tb->step;
    for (unsigned j = 0; j < b->count; j++) fast = fast && (b->columns[j].cells || b->columns[j].wide);
    ticker k;
    if (fast) ticker_init(&k, b);
    const size_t widest = 96 + (size_t)b->count * (GRAT__NUM_MAX + 4);
    while (b->from < count) {
        size_t room;
        uint8_t *to = grat__out_reserve(o, 16 * widest, &room, op);
        if (!to) return op->err;
        size_t left = count - b->from;
        b->n = room / widest < left ? room / widest : left;
        char *p = (char *)to;
        p = fast ? put_rows_fast(p, b, &k) : put_rows_any(p, b);
        grat__out_advance(o, (size_t)(p - (char *)to));
        b->from += b->n;
    }
    return GRAT_OK;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    csv *c = p;
    grat_err err = c->header_done ? GRAT_OK : put_header(c, r, o, op);
    if (err) return err;
    c->header_done = true;
    column columns[GRAT_MAX_CHANNELS] = {0};
    err = prepare(c, r, columns, op);
    if (err) return err;
    grat__timebase tb;
    grat__timebase_init(&tb, r->t0, r->dt);
    char prefix[24];
    int n = c->numbered ? snprintf(prefix, sizeof prefix, "%u,", r->number) : 0;
    block b = {.columns = columns, .count = r->traces, .prefix = prefix, .prefix_length = (size_t)n, .tb = &tb,
               .first = r->first};
    return put_rows(&b, r->count, o, op);
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    (void)p, (void)o, (void)op;
    return GRAT_OK;
}

static void fini(void *p)
{
    csv *c = p;
    free(c->cells);
    for (unsigned i = 0; i < GRAT_MAX_CHANNELS; i++) free(c->wide[i]);
}

const grat_format grat__format_csv = {
    .name = "csv",
    .description = "table of text, for spreadsheets, pandas and numpy",
    .extensions = "csv txt",
    .priv_size = sizeof(csv),
    .begin = begin,
    .record = record,
    .end = end,
    .grows = true,
    .fini = fini,
    .each = grat__csv_each,
};
