/* numpy's own format: one structured array, a row a sample: time <f8, a <f4 an analog channel, a u1 a logic one. A raw
 * file has no times and the converter's values; the title of each column says what they mean:
 *   "V = raw * 0.00015625 + -5.12; t = -0.012 + row * 4e-09 s" */
#include "core/print.h"
#include "core/str.h"
#include "format/ahead.h"
#include "format/format.h"
#include "format/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct npy {
    bool started, numbered, raw;
    uint64_t rows, announced;
    grat__filler filler;     /* raw */
    unsigned traces;
    size_t row;              /* bytes */
    double scale[GRAT_MAX_CHANNELS], offset[GRAT_MAX_CHANNELS];
    char descr[GRAT__NPY_HEADER];
} npy;

bool grat__npy_header(char out[GRAT__NPY_HEADER], const char *descr, int64_t rows)
{
    char shape[32] = "()";
    if (rows >= 0) snprintf(shape, sizeof shape, "(%lld,)", (long long)rows);
    memset(out, ' ', GRAT__NPY_HEADER);
    memcpy(out, "\x93NUMPY\x01\x00", 8);
    grat__put_le16((uint8_t *)out + 8, GRAT__NPY_HEADER - 10);
    int n = snprintf(out + 10, GRAT__NPY_HEADER - 11, "{'descr': %s, 'fortran_order': False, 'shape': %s, }", descr,
                     shape);
    if (n < 0 || n >= GRAT__NPY_HEADER - 11) return false;
    out[10 + n] = ' ';
    out[GRAT__NPY_HEADER - 1] = '\n';
    return true;
}

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    npy *w = p;
    w->numbered = meta->acquisitions > 1;
    w->raw = grat_out_options(o)->raw;
    if (!w->raw || !w->numbered) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "cannot write a raw .npy of several acquisitions: it has no times; leave out "
                        "the raw or write .h5");
}

static const char *raw_type(grat_sample_type t)
{
    static const char *const types[] = {"", "|u1", "|i1", "<u2", "<i2", "<f4"};
    return types[t];
}

static void describe_raw(npy *w, const grat_record *r)
{
    size_t n = 1, cap = sizeof w->descr;
    w->descr[0] = '[';
    for (unsigned i = 0; i < r->traces && n < cap; i++) {
        const grat_trace *t = &r->trace[i];
        char label[32];
        grat__trace_label(t, label, sizeof label);
        n += (size_t)grat__print(w->descr + n, cap - n,
                                 "%s(('%s: %s = raw * %.15g + %.15g; t = %.15g + row * %.15g s', ", i ? ", " : "",
                                 label, t->unit, t->scale, t->offset, r->t0 + (double)r->first * r->dt, r->dt);
        if (n < cap) n += (size_t)snprintf(w->descr + n, cap - n, "'%s'), '%s')", label, raw_type(t->type));
        w->scale[i] = t->scale, w->offset[i] = t->offset;
    }
    if (n < cap) snprintf(w->descr + n, cap - n, "]");
    w->traces = r->traces;
}

static void describe(npy *w, const grat_record *r)
{
    size_t n = 0, cap = sizeof w->descr;
    n += (size_t)snprintf(w->descr, cap, "[%s('time', '<f8')", w->numbered ? "('record', '<u4'), " : "");
    for (unsigned i = 0; i < r->traces; i++) {
        char label[32];
        grat__trace_label(&r->trace[i], label, sizeof label);
        n += (size_t)snprintf(w->descr + n, cap - n, ", ('%s', '%s')", label, r->trace[i].logic ? "|u1" : "<f4");
    }
    snprintf(w->descr + n, cap - n, "]");
    w->traces = r->traces;
}

static grat_err put_header(npy *w, uint64_t rows, grat_out *o, grat_op *op)
{
    char header[GRAT__NPY_HEADER];
    if (!grat__npy_header(header, w->descr, (int64_t)rows))
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .npy: the channel names are too long; shorten them");
    w->announced = rows;
    return grat_out_write(o, header, sizeof header, op);
}

enum { CHUNK = 1024, PIECE = 1 << 18 };

static size_t row_of(const npy *w, const grat_record *r)
{
    size_t row = w->raw ? 0 : w->numbered ? 12 : 8;
    for (unsigned i = 0; i < r->traces; i++)
        row += w->raw ? grat_sample_size(r->trace[i].type) : r->trace[i].logic ? 1 : 4;
    return row;
}

static size_t put_rows(const npy *w, const grat_record *r, const grat__timebase *tb, size_t from, size_t n,
                       uint8_t *out)
{
    static const size_t number_size = 4;
    float values[CHUNK];
    size_t row = w->row;
    for (size_t i = 0; i < n; i++) {
        uint8_t *p = out + i * row;
        uint32_t number = r->number;
        double t = grat__timebase_at(tb, r->first + from + i);
        if (w->numbered) memcpy(p, &number, 4), p += 4;
        memcpy(p, &t, 8);
    }
    size_t at = 8 + (w->numbered ? number_size : 0);
    for (unsigned j = 0; j < r->traces; j++) {
        grat_trace_values_f32(&r->trace[j], from, n, values);
        bool logic = r->trace[j].logic;
        for (size_t i = 0; i < n; i++) {
            if (logic)
                out[i * row + at] = values[i] != 0;
            else
                memcpy(out + i * row + at, &values[i], 4);
        }
        at += logic ? 1 : 4;
    }
    return n * row;
}

static grat_err put_raw(npy *w, const grat_record *r, grat_out *o, grat_op *op)
{
    size_t row = w->row;
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].scale != w->scale[i] || r->trace[i].offset != w->offset[i])
            return grat_op_fail(op, GRAT_EINVAL, "cannot write a raw .npy: the scale of channel %s changed between two "
                                "records; use a file for each", r->trace[i].name);
    }
    uint64_t lost;
    uint8_t last[4 * GRAT_MAX_CHANNELS];
    if (!r->count) return GRAT_OK;
    grat_err err = grat__fill_lost(&w->filler, r, row, &lost, o, op);
    if (err) return err;
    grat__interleave(r, row, r->count - 1, 1, last);
    grat__filler_take(&w->filler, r, last, row);
    w->rows += lost + r->count;
    if (r->traces == 1) return grat_out_write(o, r->trace[0].raw, r->count * row, op);
    for (size_t i = 0, n; i < r->count; i += n) {
        n = r->count - i < 8 * CHUNK ? r->count - i : 8 * CHUNK;
        uint8_t *to = grat__out_reserve(o, n * row, NULL, op);
        if (!to) return op->err;
        grat__interleave(r, row, i, n, to);
        grat__out_advance(o, n * row);
    }
    return GRAT_OK;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    npy *w = p;
    if (w->started && !grat__out_seekable(o))
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot write .npy to a pipe in more than one record: its header holds "
                            "the length; write to a file or use csv");
    if (!w->started) {
        if (w->raw) describe_raw(w, r);
        else describe(w, r);
        w->row = row_of(w, r);
        grat_err err = put_header(w, r->count, o, op);
        if (err) return err;
        w->started = true;
    }
    if (w->raw) return put_raw(w, r, o, op);
    grat__timebase tb;
    grat__timebase_init(&tb, r->t0, r->dt);
    for (size_t i = 0; i < r->count; i += CHUNK) {
        size_t n = r->count - i < CHUNK ? r->count - i : CHUNK;
        uint8_t *to = grat__out_reserve(o, n * (12 + 4 * (size_t)r->traces), NULL, op);
        if (!to) return op->err;
        grat__out_advance(o, put_rows(w, r, &tb, i, n, to));
    }
    w->rows += r->count;
    return GRAT_OK;
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    npy *w = p;
    if (w->rows == w->announced) return GRAT_OK;
    grat_err err = grat_out_seek(o, 0, op);
    return err ? err : put_header(w, w->rows, o, op);
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    uint64_t at = grat__out_tell(o);
    grat_err err = end(p, o, op);
    if (!err) err = grat_out_seek(o, at, op);
    if (!err) grat__out_reach(o);
    return err;
}

static grat_err cut(void *p, grat_out *o, grat_op *op)
{
    npy *w = p;
    (void)op;
    w->rows = (grat__out_tell(o) - GRAT__NPY_HEADER) / w->row;
    return GRAT_OK;
}

/* ---- reading -------------------------------------------------------------------------------------- */

/* 'x' -> out; returns what follows the closing quote or NULL. */
static const char *quoted(const char *p, char *out, size_t cap)
{
    if (!p || !(p = strchr(p, '\''))) return NULL;
    const char *close = strchr(p + 1, '\'');
    if (!close || (size_t)(close - p) > cap) return NULL;
    memcpy(out, p + 1, (size_t)(close - p - 1));
    out[close - p - 1] = '\0';
    return close + 1;
}

static bool add_field(grat__npy *out, const char *title, const char *name, const char *type)
{
    if (out->fields == sizeof out->field / sizeof *out->field) return false;
    grat__npy_field *f = &out->field[out->fields++];
    grat__strcpy(f->name, sizeof f->name, name);
    grat__strcpy(f->title, sizeof f->title, title);
    if (strlen(type) != 3 || !strchr("<|", type[0])) return false;
    if (!strchr("fui", type[1]) || !strchr("1248", type[2])) return false;
    f->kind = type[1];
    f->size = (unsigned)(type[2] - '0');
    if (f->kind == 'f' ? f->size < 4 : f->size > 4) return false;
    f->offset = out->row_size;
    out->row_size += f->size;
    return true;
}

/* "('NAME', 'TYPE')" or "(('TITLE', 'NAME'), 'TYPE')" */
static const char *parse_field(const char *p, grat__npy *out)
{
    char title[120] = "", name[48], type[16];
    p++;
    while (*p == ' ') p++;
    if (*p == '(') p = quoted(p, title, sizeof title);
    p = quoted(quoted(p, name, sizeof name), type, sizeof type);
    return p && add_field(out, title, name, type) ? p : NULL;
}

static bool parse_descr(const char *p, grat__npy *out)
{
    char type[16];
    while (*p == ' ') p++;
    if (*p == '\'') return quoted(p, type, sizeof type) && add_field(out, "", "", type);
    if (*p != '[') return false;
    /* Titles hold no brackets. */
    const char *close = strchr(p, ']');
    for (p = strchr(p, '('); p && close && p < close; p = strchr(p, '(')) {
        if (!(p = parse_field(p, out))) return false;
    }
    return close != NULL;
}

bool grat__npy_parse(const uint8_t *data, size_t n, grat__npy *out)
{
    memset(out, 0, sizeof *out);
    if (n < 10 || memcmp(data, "\x93NUMPY\x01", 7) != 0) return false;
    size_t length = grat__le16(data + 8);
    char text[GRAT__NPY_HEADER];
    if (n < 10 + length || length >= sizeof text) return false;
    memcpy(text, data + 10, length);
    text[length] = '\0';
    const char *descr = strstr(text, "'descr':"), *shape = strstr(text, "'shape': (");
    if (!descr || !shape || !strstr(text, "'fortran_order': False")) return false;
    if (!parse_descr(descr + 8, out) || !out->fields) return false;
    char digits[24];
    shape += 10;
    snprintf(digits, sizeof digits, "%.*s", (int)strspn(shape, "0123456789"), shape);
    uint64_t rows;
    if (!grat__parse_u64(digits, &rows) || strncmp(shape + strlen(digits), ",)", 2) != 0) return false;
    if (rows > (n - 10 - length) / out->row_size) return false;
    out->rows = (size_t)rows;
    out->data = data + 10 + length;
    return true;
}

static grat_sample_type type_of(const grat__npy_field *f)
{
    if (f->kind == 'f') return f->size == 4 ? GRAT_F32 : 0;
    if (f->size == 1) return f->kind == 'u' ? GRAT_U8 : GRAT_I8;
    if (f->size == 2) return f->kind == 'u' ? GRAT_U16 : GRAT_I16;
    return 0;
}

/* "chA: V = raw * 0.001 + 0; t = -1 + row * 1e-06 s" */
static bool parse_title(const char *title, grat_record *r, grat_trace *t)
{
    double v[4];
    static const char *const before[] = {" = raw * ", " + ", "; t = ", " + row * "};
    static const char *const after[] = {" ", ";", " ", " "};
    const char *p = strstr(title, ": ");
    if (!p) return false;
    snprintf(t->unit, sizeof t->unit, "%.*s", (int)strcspn(p + 2, " "), p + 2);
    for (unsigned i = 0; i < 4; i++) {
        char number[40];
        p = strstr(p, before[i]);
        if (!p) return false;
        p += strlen(before[i]);
        snprintf(number, sizeof number, "%.*s", (int)strcspn(p, after[i]), p);
        if (!grat__parse_double(number, &v[i])) return false;
    }
    t->scale = v[0], t->offset = v[1];
    r->t0 = v[2], r->dt = v[3];
    return r->dt > 0;
}

static void take_column(const uint8_t *from, const grat__npy *a, const grat__npy_field *f, size_t n, uint8_t *to)
{
    from += f->offset;
    if (a->row_size == f->size) memcpy(to, from, n * f->size);
    else if (f->size == 1)
        for (size_t i = 0; i < n; i++) to[i] = from[i * a->row_size];
    else if (f->size == 2)
        for (size_t i = 0; i < n; i++) memcpy(to + 2 * i, from + i * a->row_size, 2);
    else
        for (size_t i = 0; i < n; i++) memcpy(to + 4 * i, from + i * a->row_size, 4);
}

/* Where the columns are: [number] time channel… or, raw, channel… */
typedef struct layout {
    grat__npy a;
    bool numbered, timed;
    unsigned skip;           /* columns before the channels */
    size_t at;               /* of the data in the file */
} layout;

static grat_err find_layout(layout *l, const char *path, const uint8_t *data, size_t n, grat_op *op)
{
    const grat__npy *a = &l->a;
    if (!grat__npy_parse(data, n, &l->a) || !a->rows)
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no array that was written here; check the file",
                            path);
    l->numbered = strcmp(a->field[0].name, "record") == 0 && a->field[0].kind == 'u' && a->field[0].size == 4;
    const grat__npy_field *time = &a->field[l->numbered];
    l->timed = a->fields > l->numbered + 1u && strcmp(time->name, "time") == 0 && time->kind == 'f' && time->size == 8;
    l->skip = l->numbered + l->timed;
    if ((!l->timed && (l->numbered || !a->field[0].title[0])) || a->fields <= l->skip)
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot read %.120s: its first column is not the time", path);
    for (unsigned i = l->skip; i < a->fields; i++) {
        if (!type_of(&a->field[i]) || (l->timed && a->field[i].size != 1 && a->field[i].kind != 'f'))
            return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: column %u has an unknown type", path, i + 1);
    }
    return GRAT_OK;
}

static grat_record *new_piece(const layout *l, size_t n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS] = {0};
    unsigned traces = l->a.fields - l->skip;
    if (traces > GRAT_MAX_CHANNELS) return NULL;
    for (unsigned i = 0; i < traces; i++) types[i] = type_of(&l->a.field[l->skip + i]);
    grat_record *r = grat_record_new(traces, types, n);
    for (unsigned i = 0; r && i < traces; i++) {
        const grat__npy_field *f = &l->a.field[l->skip + i];
        grat_trace *t = &r->trace[i];
        grat__label_parse(f->name, strlen(f->name), t);
        t->logic = l->timed ? t->type == GRAT_U8 : t->logic;
        if (!t->logic) grat__strcpy(t->unit, sizeof t->unit, "V");
        if (!l->timed && !parse_title(f->title, r, t)) return grat_record_unref(r), NULL;
    }
    return r;
}

static uint32_t number_at(const layout *l, size_t row)
{
    uint32_t v = 0;
    if (l->numbered) memcpy(&v, l->a.data + row * l->a.row_size + l->a.field[0].offset, 4);
    return v;
}

/* Rows from here on that are one acquisition without a gap, at most n; what goes before them goes into r. */
static size_t stretch(const layout *l, grat__axis *x, size_t row, size_t n, grat_record *r)
{
    if (!l->timed) {
        r->first = row;
        return n;
    }
    const uint8_t *times = l->a.data + row * l->a.row_size + l->a.field[l->numbered].offset;
    r->number = number_at(l, row);
    for (size_t i = 1; i < n && l->numbered; i++)
        if (number_at(l, row + i) != r->number) n = i;
    return grat__axis_take(x, times, l->a.row_size, n, r);
}

static void take_rows(const layout *l, size_t row, size_t n, grat_record *r)
{
    const grat__npy *a = &l->a;
    for (unsigned i = 0; i < r->traces; i++)
        take_column(a->data + row * a->row_size, a, &a->field[l->skip + i], n, r->trace[i].raw);
    grat__pages_done(a->data + row * a->row_size, n * a->row_size);
}

/* A single column lies in the file as it does in a record. */
static grat_err each_of_one(const layout *l, const grat_record *like, const char *path, const grat_reading *to,
                            grat_op *op)
{
    const grat__ahead_file file = {.path = path, .traces = 1, .trace = like->trace, .bytes = l->a.rows * l->a.row_size};
    grat__ahead *ahead = grat__ahead_open(&file, to, op);
    if (!ahead) return op->err;
    size_t piece = grat__ahead_piece(l->a.row_size);
    grat_err err = GRAT_OK;
    for (size_t row = 0; row < l->a.rows && grat__ahead_wanted(ahead) && !err; row += piece) {
        grat_record *r;
        uint64_t from = l->at + row * l->a.row_size;
        err = grat__ahead_take(ahead, l->a.rows - row < piece ? l->a.rows - row : piece, op, &r);
        if (err) break;
        r->t0 = like->t0, r->dt = like->dt, r->first = row;
        grat__ahead_start(ahead, &from);
    }
    if (!err) err = grat__ahead_drain(ahead, op);
    grat__ahead_close(ahead);
    return err;
}

static grat_err each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    layout l = {0};
    grat__axis x = {0};
    grat_err err = find_layout(&l, path, data, n, op);
    if (err) return err;
    grat_record *r = new_piece(&l, PIECE);
    if (!r) return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: out of memory, or its titles are not ours", path);
    l.at = (size_t)(l.a.data - data);
    to->meta->acquisitions = number_at(&l, l.a.rows - 1) + 1;
    if (l.a.fields == 1) {
        err = each_of_one(&l, r, path, to, op);
        grat_record_unref(r);
        return err;
    }
    bool more = true;
    for (size_t row = 0, take; row < l.a.rows && more && !err; row += take) {
        take = stretch(&l, &x, row, l.a.rows - row < PIECE ? l.a.rows - row : PIECE, r);
        take_rows(&l, row, take, r);
        r->count = take;
        more = to->fn(to->user, r);
        if (r->refs > 1) {
            grat_record *next = new_piece(&l, PIECE);
            if (!next) err = grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
            else next->t0 = r->t0, next->dt = r->dt, grat_record_unref(r), r = next;
        }
        if (!err) err = grat_op_check(op);
    }
    grat_record_unref(r);
    return err;
}

const grat_format grat__format_npy = {
    .name = "npy",
    .description = "one structured array for numpy.load",
    .extensions = "npy",
    .priv_size = sizeof(npy),
    .begin = begin,
    .record = record,
    .end = end,
    .grows = true,
    .flush = flush,
    .cut = cut,
    .each = each,
};
