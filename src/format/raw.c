/* The converter's values and nothing else, channel beside channel, little-endian; what they mean stands in FILE.json:
 *   {"graticule_raw":1,"complete":true,"samples":N,"sample_interval":…,"columns":[{"name":"A","type":"i2",…},…],
 *    "segments":[{"row":0,"first":0,"number":0,"t0":…},…],"identity":{…},"settings":{…},…}
 * A segment begins wherever a row does not continue the one before. */
#include "format/format.h"
#include "format/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 8192, MAX_SEGMENTS = 100000 };

typedef struct segment {
    uint64_t row, first, stamp;
    unsigned number, flags;  /* flags: but for the gap before it */
    double t0, trigger_offset;
    int64_t utc_ns;
} segment;

typedef struct raw {
    const grat_meta *meta;
    bool started, ended;
    size_t row;              /* bytes */
    uint64_t rows, next, lost;
    double dt;
    int64_t utc_ns, utc_uncertainty_ns;
    unsigned traces;
    grat_trace trace[GRAT_MAX_CHANNELS];   /* without samples */
    segment *segment;
    size_t segments, room;
} raw;

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)o, (void)op;
    ((raw *)p)->meta = meta;
    return GRAT_OK;
}

static void start(raw *w, const grat_record *r)
{
    w->started = true;
    w->traces = r->traces;
    w->dt = r->dt;
    w->utc_ns = r->utc_ns;
    w->utc_uncertainty_ns = r->utc_uncertainty_ns;
    for (unsigned i = 0; i < r->traces; i++) {
        w->trace[i] = r->trace[i];
        w->row += grat_sample_size(r->trace[i].type);
    }
}

static grat_err note_segment(raw *w, const grat_record *r, grat_op *op)
{
    const segment *last = w->segments ? &w->segment[w->segments - 1] : NULL;
    unsigned flags = r->flags & ~(unsigned)GRAT_REC_GAP_BEFORE;
    bool same = last && last->number == r->number && last->t0 == r->t0;
    if (same && r->first == w->next && flags == last->flags) return GRAT_OK;
    if (same && r->first > w->next) w->lost += r->first - w->next;
    if (w->segments == MAX_SEGMENTS)
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .raw: more than %d gaps or acquisitions; write .h5",
                            MAX_SEGMENTS);
    if (w->segments == w->room) {
        size_t room = w->room ? 2 * w->room : 16;
        segment *more = realloc(w->segment, room * sizeof *more);
        if (!more) return grat_op_fail(op, GRAT_ENOMEM, "cannot write .raw: out of memory; close something");
        w->segment = more;
        w->room = room;
    }
    w->segment[w->segments++] = (segment){
        .row = w->rows, .first = r->first, .number = r->number, .t0 = r->t0, .utc_ns = r->utc_ns, .flags = flags,
        .trigger_offset = r->trigger_offset, .stamp = r->trigger_stamp};
    return GRAT_OK;
}

static grat_err check_scales(const raw *w, const grat_record *r, grat_op *op)
{
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].scale == w->trace[i].scale && r->trace[i].offset == w->trace[i].offset) continue;
        return grat_op_fail(op, GRAT_EINVAL, "cannot write .raw: the scale of channel %s changed between two records; "
                            "use a file for each", r->trace[i].name);
    }
    return GRAT_OK;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    raw *w = p;
    if (!w->started) start(w, r);
    grat_err err = check_scales(w, r, op);
    if (!err) err = note_segment(w, r, op);
    if (err) return err;
    w->rows += r->count;
    w->next = r->first + r->count;
    if (r->traces == 1) return grat_out_write(o, r->trace[0].raw, r->count * w->row, op);
    for (size_t i = 0, n; i < r->count; i += n) {
        n = r->count - i < CHUNK ? r->count - i : CHUNK;
        uint8_t *to = grat__out_reserve(o, n * w->row, NULL, op);
        if (!to) return op->err;
        grat__interleave(r, w->row, i, n, to);
        grat__out_advance(o, n * w->row);
    }
    return GRAT_OK;
}

static void put_columns(grat__buf *b, const raw *w)
{
    static const char *const types[] = {"", "u1", "i1", "u2", "i2", "f4"};
    for (unsigned i = 0; i < w->traces; i++) {
        const grat_trace *t = &w->trace[i];
        grat__buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
        grat__json_string(b, t->name);
        grat__buf_puts(b, ",\"unit\":");
        grat__json_string(b, t->unit);
        grat__buf_printf(b, ",\"type\":\"%s\",\"logic\":%s,", types[t->type], t->logic ? "true" : "false");
        grat__buf_printf(b, "\"raw_min\":%d,\"raw_max\":%d,", t->raw_min, t->raw_max);
        grat__json_number(b, "range_low", t->range_low, ",");
        grat__json_number(b, "range_high", t->range_high, ",");
        grat__json_number(b, "skew", t->skew, ",");
        grat__json_number(b, "scale", t->scale, ",");
        grat__json_number(b, "offset", t->offset, "}");
    }
}

static void put_segment(grat__buf *b, const segment *s)
{
    grat__buf_printf(b, "{\"row\":%llu,\"first\":%llu,\"number\":%u,", (unsigned long long)s->row,
                     (unsigned long long)s->first, s->number);
    if (s->utc_ns) grat__buf_printf(b, "\"utc_ns\":%lld,", (long long)s->utc_ns);
    if (s->flags) grat__buf_printf(b, "\"flags\":%u,", s->flags);
    if (s->trigger_offset != 0) grat__json_number(b, "trigger_offset", s->trigger_offset, ",");
    if (s->stamp) grat__buf_printf(b, "\"trigger_stamp\":%llu,", (unsigned long long)s->stamp);
    grat__json_number(b, "t0", s->t0, "}");
}

/* The description appears at once or not at all, so that it always fits a beginning of the samples. */
static grat_err put_description(const raw *w, grat_out *o, grat_op *op)
{
    grat__buf b;
    char path[GRAT_TEXT_MAX];
    if (grat__out_fd(o) < 0) return GRAT_OK;
    grat__buf_init(&b, 64 << 20);
    grat__buf_printf(&b, "{\"graticule_raw\":1,\"complete\":%s,\"samples\":%llu,\"lost\":%llu,",
                     w->ended ? "true" : "false", (unsigned long long)w->rows, (unsigned long long)w->lost);
    grat__json_number(&b, "sample_interval", w->dt, ",");
    grat__buf_printf(&b, "\"utc_ns\":%lld,\"utc_uncertainty_ns\":%lld,\"bytes_per_row\":%zu,\"columns\":[",
                     (long long)w->utc_ns, (long long)w->utc_uncertainty_ns, w->row);
    put_columns(&b, w);
    grat__buf_puts(&b, "],\"segments\":[");
    for (size_t i = 0; i < w->segments; i++) {
        if (i) grat__buf_puts(&b, ",");
        put_segment(&b, &w->segment[i]);
    }
    grat__buf_puts(&b, "],");
    grat__meta_json(&b, w->meta);
    grat_err err = grat__buf_puts(&b, "}\n");
    int n = snprintf(path, sizeof path, "%s.json", grat__out_name(o));
    if (err || n < 0 || n >= (int)sizeof path)
        err = grat_op_fail(op, GRAT_ETOOBIG, "cannot write %.100s.json: too long a name, or too many gaps",
                           grat__out_name(o));
    else
        err = grat_save(path, b.data, b.len, op);
    grat__buf_free(&b);
    return err;
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    return put_description(p, o, op);
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    ((raw *)p)->ended = true;
    return put_description(p, o, op);
}

static grat_err cut(void *p, grat_out *o, grat_op *op)
{
    raw *w = p;
    (void)op;
    w->rows = grat__out_tell(o) / w->row;
    while (w->segments && w->segment[w->segments - 1].row >= w->rows) w->segments--;
    return GRAT_OK;
}

static void fini(void *p)
{
    free(((raw *)p)->segment);
}

const grat_format grat__format_raw = {
    .name = "raw",
    .description = "the converter's values, with a description in FILE.json",
    .extensions = "raw bin",
    .priv_size = sizeof(raw),
    .begin = begin,
    .record = record,
    .end = end,
    .fini = fini,
    .grows = true,
    .flush = flush,
    .cut = cut,
    .each = grat__raw_each,
};
