#include "format/format.h"
#include "format/jansson_lazy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PIECE = 1 << 18, FLAGS = GRAT_REC_CLIPPED | GRAT_REC_CUT | GRAT_REC_FORCED | GRAT_REC_PREVIEW };
#define MOST_ROWS ((uint64_t)1 << 60)

typedef struct description {
    const char *path;
    unsigned columns;
    grat_trace column[GRAT_MAX_CHANNELS];   /* without samples */
    size_t row;                             /* bytes */
    uint64_t rows;
    bool cut;                               /* there were more */
    double dt;
    int64_t utc_ns, utc_uncertainty_ns;
    const json_t *segments;
    size_t count;                           /* of them, with samples */
} description;

typedef struct segment {
    uint64_t row, first, stamp;
    unsigned number, flags;
    double t0, trigger_offset;
    int64_t utc_ns;
} segment;

static grat_err broken(const char *path, const char *what, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPARSE, "cannot read %.100s: its description %.100s.json %s; check the two files",
                        path, path, what);
}

static int64_t whole(const json_t *from, const char *name, int64_t otherwise)
{
    const json_t *v = json_object_get(from, name);
    return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

static void take_range(const json_t *from, grat_trace *t)
{
    int64_t least = whole(from, "raw_min", 0), most = whole(from, "raw_max", 0);
    if (least >= INT32_MIN && least <= most && most <= INT32_MAX) t->raw_min = (int)least, t->raw_max = (int)most;
    grat__json_double(from, "range_low", &t->range_low);
    grat__json_double(from, "range_high", &t->range_high);
    grat__json_double(from, "skew", &t->skew);
}

static bool take_column(const json_t *from, grat_trace *t)
{
    static const char *const types[] = {"", "u1", "i1", "u2", "i2", "f4"};
    char type[8];
    grat__json_text(from, "name", t->name, sizeof t->name);
    grat__json_text(from, "unit", t->unit, sizeof t->unit);
    grat__json_text(from, "type", type, sizeof type);
    t->logic = json_is_true(json_object_get(from, "logic"));
    for (unsigned i = GRAT_U8; i <= GRAT_F32; i++)
        if (strcmp(type, types[i]) == 0) t->type = (grat_sample_type)i;
    take_range(from, t);
    return t->type && grat__json_double(from, "scale", &t->scale) && grat__json_double(from, "offset", &t->offset);
}

static bool take_columns(const json_t *root, description *d)
{
    const json_t *columns = json_object_get(root, "columns");
    size_t n = json_array_size(columns);
    if (!n || n > GRAT_MAX_CHANNELS) return false;
    for (d->columns = 0; d->columns < n; d->columns++) {
        grat_trace *t = &d->column[d->columns];
        if (!take_column(json_array_get(columns, d->columns), t)) return false;
        d->row += grat_sample_size(t->type);
    }
    return true;
}

static bool take_segment(const description *d, size_t i, segment *s)
{
    const json_t *from = json_array_get(d->segments, i);
    uint64_t number;
    if (!grat__json_count(from, "number", UINT32_MAX, &number)) return false;
    s->number = (unsigned)number;
    s->utc_ns = whole(from, "utc_ns", d->utc_ns);
    s->flags = (unsigned)whole(from, "flags", 0) & FLAGS;
    s->stamp = (uint64_t)whole(from, "trigger_stamp", 0);
    s->trigger_offset = 0;
    grat__json_double(from, "trigger_offset", &s->trigger_offset);
    return grat__json_count(from, "row", d->rows, &s->row) && grat__json_count(from, "first", MOST_ROWS, &s->first) &&
           grat__json_double(from, "t0", &s->t0);
}

/* They begin at the first row and rise; those of one acquisition do not overlap. */
static bool check_segments(const description *d, unsigned *acquisitions)
{
    segment last = {0}, s;
    size_t n = d->count;
    *acquisitions = 1;
    for (size_t i = 0; i < n; last = s, i++) {
        if (!take_segment(d, i, &s)) return false;
        if (!i && s.row) return false;
        if (!i) continue;
        if (s.row <= last.row || s.row >= d->rows) return false;
        if (s.number != last.number) *acquisitions += 1;
        else if (s.t0 == last.t0 && s.first < last.first + (s.row - last.row)) return false;
    }
    return n > 0;
}

static size_t count_segments(const description *d)
{
    size_t n = json_array_size(d->segments);
    uint64_t row;
    while (d->cut && n && grat__json_count(json_array_get(d->segments, n - 1), "row", MOST_ROWS, &row) &&
           row >= d->rows) n--;
    return n;
}

static grat_err take(const json_t *root, size_t bytes, description *d, grat_meta *meta, grat_op *op)
{
    uint64_t row;
    if (json_integer_value(json_object_get(root, "graticule_raw")) != 1)
        return broken(d->path, "is of something else", op);
    if (!take_columns(root, d)) return broken(d->path, "lacks the columns", op);
    if (!grat__json_count(root, "bytes_per_row", SIZE_MAX, &row) || row != d->row)
        return broken(d->path, "has columns that do not make a row", op);
    if (!grat__json_double(root, "sample_interval", &d->dt) || !(d->dt > 0))
        return broken(d->path, "lacks the sample interval", op);
    if (!grat__json_count(root, "samples", MOST_ROWS, &d->rows)) return broken(d->path, "lacks the samples", op);
    /* When the power failed while it grew, the description may be newer than the samples on the disk. */
    d->cut = d->rows > bytes / d->row && json_is_false(json_object_get(root, "complete"));
    if (d->cut) d->rows = bytes / d->row;
    if (d->rows > bytes / d->row) return broken(d->path, "has more samples than the file", op);
    if (!d->rows) return grat_op_fail(op, GRAT_ENODATA, "cannot read %.120s: it holds no samples", d->path);
    d->utc_ns = whole(root, "utc_ns", 0);
    d->utc_uncertainty_ns = whole(root, "utc_uncertainty_ns", 0);
    d->segments = json_object_get(root, "segments");
    d->count = count_segments(d);
    if (!check_segments(d, &meta->acquisitions)) return broken(d->path, "has segments that cannot be", op);
    grat__json_meta(root, meta);
    return GRAT_OK;
}

static void part_columns(const uint8_t *from, size_t row, grat_record *r)
{
    for (unsigned k = 0; k < r->traces; k++) {
        size_t size = grat_sample_size(r->trace[k].type);
        uint8_t *to = r->trace[k].raw;
        if (size == row) memcpy(to, from, r->count * size);
        for (size_t i = 0; i < r->count && size == 1 && row > 1; i++) to[i] = from[i * row];
        for (size_t i = 0; i < r->count && size == 2 && row > 2; i++) memcpy(to + 2 * i, from + i * row, 2);
        for (size_t i = 0; i < r->count && size == 4 && row > 4; i++) memcpy(to + 4 * i, from + i * row, 4);
        from += size;
    }
}

static grat_record *new_piece(const description *d, size_t n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < d->columns; i++) types[i] = d->column[i].type;
    grat_record *r = grat_record_new(d->columns, types, n);
    for (unsigned i = 0; r && i < d->columns; i++) {
        void *raw = r->trace[i].raw;
        r->trace[i] = d->column[i];
        r->trace[i].raw = raw;
    }
    return r;
}

/* A segment and where it ends. */
typedef struct stretch {
    segment s;
    uint64_t end;            /* row */
    bool gap;                /* samples are missing before it */
} stretch;

static grat_err read_stretch(const description *d, const stretch *x, const uint8_t *data, const grat_reading *to,
                             bool *more, grat_op *op)
{
    const segment *s = &x->s;
    for (uint64_t at = s->row, n; at < x->end && *more; at += n) {
        n = x->end - at < PIECE ? x->end - at : PIECE;
        grat_err err = grat_op_check(op);
        if (err) return err;
        grat_record *r = new_piece(d, (size_t)n);
        if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", d->path);
        part_columns(data + at * d->row, d->row, r);
        r->t0 = s->t0, r->dt = d->dt, r->number = s->number, r->utc_ns = s->utc_ns;
        r->utc_uncertainty_ns = d->utc_uncertainty_ns;
        r->trigger_offset = s->trigger_offset, r->trigger_stamp = s->stamp;
        r->first = s->first + (at - s->row);
        bool last = d->cut && at + n == d->rows;
        r->flags = s->flags | (last ? GRAT_REC_CUT : 0u) | (x->gap && at == s->row ? GRAT_REC_GAP_BEFORE : 0u);
        *more = to->fn(to->user, r);
        grat_record_unref(r);
        grat__pages_done(data + at * d->row, (size_t)n * d->row);
    }
    return GRAT_OK;
}

static grat_err read_all(const description *d, const uint8_t *data, const grat_reading *to, grat_op *op)
{
    segment last = {0}, next = {0};
    uint64_t next_first = 0;
    size_t n = d->count;
    grat_err err = GRAT_OK;
    bool more = true;
    take_segment(d, 0, &next);
    for (size_t i = 0; i < n && more && !err; i++) {
        stretch x = {.s = next, .end = d->rows};
        if (i + 1 < n && take_segment(d, i + 1, &next)) x.end = next.row;
        x.gap = i && x.s.number == last.number && x.s.t0 == last.t0 && x.s.first > next_first;
        next_first = x.s.first + (x.end - x.s.row);
        last = x.s;
        err = read_stretch(d, &x, data, to, &more, op);
    }
    return err;
}

grat_err grat__raw_read(const grat__raw_files *f, const grat_reading *to, grat_op *op)
{
    description d = {.path = f->path};
    json_t *root = grat__json_load(f->path, f->text, f->length, op);
    if (!root) return op->err;
    grat_err err = take(root, f->size, &d, to->meta, op);
    if (!err) err = read_all(&d, f->data, to, op);
    json_delete(root);
    return err;
}

grat_err grat__raw_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    char name[GRAT_TEXT_MAX];
    uint8_t *text;
    grat__raw_files f = {.path = path, .data = data, .size = n};
    int room = snprintf(name, sizeof name, "%s.json", path);
    if (room < 0 || room >= (int)sizeof name)
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot read %.120s: its name is too long", path);
    grat_err err = grat__map_file(name, &text, &f.length, op);
    if (err) return err;
    f.text = text;
    err = grat__raw_read(&f, to, op);
    munmap(text, f.length);
    return err;
}
