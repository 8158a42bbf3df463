#include "core/str.h"
#include "format/csv.h"
#include "format/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct lines {
    const char *p, *end;
    size_t number;
} lines;

static bool next_line(lines *l, const char **line, size_t *n)
{
    if (l->p >= l->end) return false;
    const char *stop = memchr(l->p, '\n', (size_t)(l->end - l->p));
    *line = l->p;
    *n = (size_t)((stop ? stop : l->end) - l->p);
    l->p += *n + 1;
    l->number++;
    if (*n && (*line)[*n - 1] == '\r') --*n;
    return true;
}

/* The length of the field at p, without its comma. */
static size_t field_length(const char *p, const char *end)
{
    const char *comma = memchr(p, ',', (size_t)(end - p));
    return (size_t)((comma ? comma : end) - p);
}

static bool field_number(const char *p, size_t n, double *out)
{
    char text[48];
    if (!n || n >= sizeof text) return false;
    memcpy(text, p, n);
    text[n] = '\0';
    if (strcmp(text, "nan") == 0) return *out = __builtin_nan(""), true;
    return grat__parse_double(text, out);
}

/* A table: [record,]time_s,channel… */
typedef struct table {
    const char *path;
    lines l;
    bool numbered;
    unsigned columns;        /* of samples */
    grat_trace traces[GRAT_MAX_CHANNELS];   /* names and units */
    double *times;           /* PIECE of them */
    uint32_t *numbers;
    grat__axis axis;
    grat_record *r;          /* rows that are read and not handed on yet: `filled` */
    size_t filled;
    unsigned decimals;       /* of the last number of the row before */
    bool enough;             /* the caller has it all */
} table;

enum { PIECE = 1 << 16 };

/* False when the first line is not one of ours. */
static bool read_header(table *t)
{
    const char *p, *end;
    size_t n;
    if (!next_line(&t->l, &p, &n)) return false;
    end = p + n;
    t->numbered = n > 7 && memcmp(p, "record,", 7) == 0;
    if (t->numbered) p += 7;
    size_t first = field_length(p, end);
    if (first < 6 || memcmp(p, "time_s", 6) != 0) return false;
    for (p += first; p < end && *p == ','; p += field_length(p, end)) {
        p++;
        if (t->columns == GRAT_MAX_CHANNELS) return false;
        size_t label = 0, length = field_length(p, end);
        while (label < length && p[label] != ' ') label++;
        grat__label_parse(p, label, &t->traces[t->columns++]);
    }
    return t->columns > 0;
}

static grat_record *new_piece(const table *t, size_t n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < t->columns; i++) types[i] = GRAT_F32;
    grat_record *r = grat_record_new(t->columns, types, n);
    for (unsigned i = 0; r && i < t->columns; i++) {
        grat_trace *to = &r->trace[i];
        memcpy(to->name, t->traces[i].name, sizeof to->name);
        memcpy(to->unit, t->traces[i].unit, sizeof to->unit);
        to->logic = t->traces[i].logic;
    }
    return r;
}

static bool read_row(table *t, const char *line, size_t n)
{
    const char *p = line, *end = line + n;
    size_t length = field_length(p, end), row = t->filled;
    double v;
    if (t->numbered) {
        if (!field_number(p, length, &v) || !(v >= 0 && v < 4e9) || p + length >= end) return false;
        t->numbers[row] = (uint32_t)v;
        p += length + 1;
        length = field_length(p, end);
    }
    if (!field_number(p, length, &t->times[row]) || !isfinite(t->times[row])) return false;
    for (unsigned i = 0; i < t->columns; i++) {
        p += length;
        if (p >= end) return false;
        length = field_length(++p, end);
        if (!field_number(p, length, &v)) return false;
        ((float *)t->r->trace[i].raw)[row] = (float)v;
    }
    return p + length == end;
}

static unsigned decimals_of_last(const char *line, size_t n)
{
    unsigned k = 0;
    while (n && line[n - 1] >= '0' && line[n - 1] <= '9') n--, k++;
    return n && line[n - 1] == '.' ? k : 0;
}

/* A number that was cut is another number. Where all have the same decimals, a whole one is known by them; a digit of
 * logic is whole. */
static bool may_be_cut(const table *t, const char *line, size_t n)
{
    if (t->l.p <= t->l.end || t->r->trace[t->columns - 1].logic) return false;
    unsigned decimals = decimals_of_last(line, n);
    return !decimals || decimals != t->decimals;
}

/* The last line of a file that is still being written may be cut: it has no end yet. */
static grat_err read_rows(table *t, grat_op *op)
{
    const char *line;
    size_t n;
    while (t->filled < PIECE && next_line(&t->l, &line, &n)) {
        if (!n) continue;
        if (!read_row(t, line, n)) {
            if (t->l.p > t->l.end) break;
            return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: line %zu is not a row of %u numbers; mend it",
                                t->path, t->l.number, t->columns + 1 + t->numbered);
        }
        if (may_be_cut(t, line, n)) break;
        t->decimals = decimals_of_last(line, n);
        t->filled++;
    }
    return GRAT_OK;
}

/* Hands on the stretch that begins at row `at`; *n is its length. */
static grat_err hand_on(table *t, size_t at, size_t *n, const grat_reading *to, grat_op *op)
{
    size_t count = t->filled - at;
    unsigned number = t->numbered ? t->numbers[at] : 0;
    for (size_t i = 1; i < count && t->numbered; i++)
        if (t->numbers[at + i] != number) count = i;
    grat_record shape = {.number = number};
    count = grat__axis_take(&t->axis, t->times + at, sizeof *t->times, count, &shape);
    grat_record *r = new_piece(t, count);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", t->path);
    for (unsigned i = 0; i < t->columns; i++)
        memcpy(r->trace[i].raw, (float *)t->r->trace[i].raw + at, count * sizeof(float));
    r->t0 = shape.t0, r->dt = shape.dt, r->first = shape.first, r->flags = shape.flags, r->number = number;
    t->enough = !to->fn(to->user, r);
    grat_record_unref(r);
    *n = count;
    return GRAT_OK;
}

static grat_err read_table(table *t, const grat_reading *to, grat_op *op)
{
    const char *done = t->l.p;
    for (bool any = false; !t->enough; any = true) {
        grat_err err = grat_op_check(op);
        t->filled = 0;
        if (!err) err = read_rows(t, op);
        if (err || (!t->filled && any)) return err;
        if (!t->filled) return grat_op_fail(op, GRAT_ENODATA, "cannot read %.120s: it holds no samples", t->path);
        for (size_t at = 0, n; at < t->filled && !t->enough; at += n) {
            err = hand_on(t, at, &n, to, op);
            if (err) return err;
        }
        const char *now = t->l.p < t->l.end ? t->l.p : t->l.end;
        grat__pages_done(done, (size_t)(now - done));
        done = now;
    }
    return GRAT_OK;
}

grat_err grat__csv_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    table *t = calloc(1, sizeof *t);
    grat_err err;
    if (!t) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    t->path = path;
    t->l = (lines){(const char *)data, (const char *)data + n, 0};
    if (!read_header(t)) {
        free(t);
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: its first line does not begin with time_s and "
                            "channels", path);
    }
    t->times = malloc(PIECE * sizeof *t->times);
    t->numbers = calloc(PIECE, sizeof *t->numbers);
    t->r = new_piece(t, PIECE);
    if (t->times && t->numbers && t->r) err = read_table(t, to, op);
    else err = grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_record_unref(t->r);
    free(t->times);
    free(t->numbers);
    free(t);
    return err;
}
