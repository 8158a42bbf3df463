/* numpy's archive: time.npy, a member a channel, meta.npy (the settings as JSON text) and, for several acquisitions,
 * record.npy. Members are stored, not deflated. */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"
#include "format/zip.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

typedef struct member {
    char name[40];
    uint64_t size, offset;
    uint32_t crc;
} member;

typedef struct npz {
    const grat_meta *meta;
    grat__keep keep;
    unsigned members;
    member member[GRAT_MAX_CHANNELS + 3];
} npz;

enum { TIME = -1, NUMBER = -2, META = -3, CHUNK = 4096 };

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)o, (void)op;
    ((npz *)p)->meta = meta;
    return GRAT_OK;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    (void)o;
    return grat__keep_add(&((npz *)p)->keep, r, op);
}

/* What a member's bytes go through: first a checksum, then the file. */
typedef struct pass {
    grat_out *out;       /* NULL in the first pass */
    uint32_t crc;
    grat_op *op;
} pass;

static grat_err put(pass *s, const void *data, size_t n)
{
    if (s->out) return grat_out_write(s->out, data, n, s->op);
    s->crc = (uint32_t)crc32_z(s->crc, data, n);
    return GRAT_OK;
}

static size_t fill(const grat_record *r, int what, size_t from, size_t n, void *buffer)
{
    if (what == TIME) {
        grat__timebase tb;
        grat__timebase_init(&tb, r->t0, r->dt);
        for (size_t i = 0; i < n; i++) ((double *)buffer)[i] = grat__timebase_at(&tb, r->first + from + i);
        return n * sizeof(double);
    }
    if (what == NUMBER) {
        for (size_t i = 0; i < n; i++) ((uint32_t *)buffer)[i] = r->number;
        return n * sizeof(uint32_t);
    }
    const grat_trace *t = &r->trace[what];
    grat_trace_values_f32(t, from, n, buffer);
    if (!t->logic) return n * sizeof(float);
    for (size_t i = 0; i < n; i++) ((uint8_t *)buffer)[i] = ((float *)buffer)[i] != 0;
    return n;
}

static grat_err put_column(const npz *z, int what, pass *s)
{
    double buffer[CHUNK];
    for (size_t k = 0; k < z->keep.count; k++) {
        const grat_record *r = z->keep.record[k];
        for (size_t i = 0; i < r->count; i += CHUNK) {
            size_t n = r->count - i < CHUNK ? r->count - i : CHUNK;
            grat_err err = put(s, buffer, fill(r, what, i, n, buffer));
            if (err) return err;
        }
    }
    return GRAT_OK;
}

/* numpy's text is UCS-4; the JSON text is ASCII by escapes. */
static grat_err put_text(const grat__buf *text, pass *s)
{
    for (size_t i = 0; i < text->len; i++) {
        uint8_t wide[4] = {text->data[i], 0, 0, 0};
        grat_err err = put(s, wide, sizeof wide);
        if (err) return err;
    }
    return GRAT_OK;
}

static grat__zip_member entry(const member *m)
{
    return (grat__zip_member){.name = m->name, .name_length = strlen(m->name), .size = m->size, .stored = m->size,
                              .offset = m->offset, .crc = m->crc};
}

typedef struct content {
    const char *name, *descr;
    int what;
    unsigned size;          /* bytes a sample */
    const grat__buf *text;  /* for META */
} content;

static grat_err put_content(npz *z, const content *c, grat_out *o, grat_op *op)
{
    char header[GRAT__NPY_HEADER];
    if (!grat__npy_header(header, c->descr, c->what == META ? -1 : (int64_t)z->keep.samples))
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .npz: a header is too long");
    member *m = &z->member[z->members++];
    snprintf(m->name, sizeof m->name, "%s.npy", c->name);
    m->offset = grat__out_tell(o);
    m->size = sizeof header + (c->what == META ? 4 * c->text->len : z->keep.samples * c->size);
    pass s = {.op = op};
    grat_err err = GRAT_OK;
    for (int round = 0; round < 2 && !err; round++) {
        if (round) {
            m->crc = s.crc;
            s.out = o;
            grat__zip_member local = entry(m);
            err = grat__zip_put_local(&local, o, op);
        }
        if (!err) err = put(&s, header, sizeof header);
        if (!err) err = c->what == META ? put_text(c->text, &s) : put_column(z, c->what, &s);
    }
    return err;
}

static grat_err put_meta(npz *z, grat_out *o, grat_op *op)
{
    grat__buf text;
    grat__buf_init(&text, 1 << 16);
    grat_err err = grat__buf_puts(&text, "{");
    if (!err) err = grat__meta_json(&text, z->meta);
    if (!err) err = grat__buf_puts(&text, "}");
    char descr[24];
    snprintf(descr, sizeof descr, "'<U%zu'", text.len);
    content c = {"meta", descr, META, 4, &text};
    err = err ? grat_op_fail(op, err, "cannot write .npz: out of memory") : put_content(z, &c, o, op);
    grat__buf_free(&text);
    return err;
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    npz *z = p;
    content time = {"time", "'<f8'", TIME, 8, NULL}, number = {"record", "'<u4'", NUMBER, 4, NULL};
    grat_err err = put_content(z, &time, o, op);
    const grat_record *r = z->keep.record[0];
    for (unsigned i = 0; i < r->traces && !err; i++) {
        char label[32];
        bool logic = r->trace[i].logic;
        grat__trace_label(&r->trace[i], label, sizeof label);
        content c = {label, logic ? "'|u1'" : "'<f4'", (int)i, logic ? 1 : 4, NULL};
        err = put_content(z, &c, o, op);
    }
    if (!err && z->keep.record[z->keep.count - 1]->number != r->number) err = put_content(z, &number, o, op);
    if (!err) err = put_meta(z, o, op);
    uint64_t start = grat__out_tell(o);
    for (unsigned i = 0; i < z->members && !err; i++) {
        grat__zip_member central = entry(&z->member[i]);
        err = grat__zip_put_central(&central, o, op);
    }
    return err ? err : grat__zip_put_end(z->members, start, grat__out_tell(o) - start, o, op);
}

static void fini(void *p)
{
    grat__keep_free(&((npz *)p)->keep);
}

/* ---- reading -------------------------------------------------------------------------------------- */

typedef struct stored {
    const char *name;
    size_t name_length, size;
    const uint8_t *data;
} stored;

/* The next member at *at; false at the first thing that is none. */
static bool next_member(const uint8_t *data, size_t n, size_t *at, stored *m)
{
    const uint8_t *h = data + *at;
    if (n - *at < 30 || memcmp(h, "PK\x03\x04", 4) != 0 || grat__le16(h + 8) != 0) return false;
    size_t name = grat__le16(h + 26), extra = grat__le16(h + 28);
    if (n - *at - 30 < name + extra) return false;
    uint64_t size = grat__le32(h + 22);
    const uint8_t *x = h + 30 + name;
    if (size == 0xffffffff) {
        if (extra < 12 || grat__le16(x) != 1) return false;
        size = grat__le32(x + 4) | (uint64_t)grat__le32(x + 8) << 32;
    }
    size_t body = *at + 30 + name + extra;
    if (size > n - body) return false;
    m->name = (const char *)h + 30;
    m->name_length = name > 4 ? name - 4 : 0;
    m->size = (size_t)size;
    m->data = data + body;
    *at = body + (size_t)size;
    return true;
}

static bool is_named(const stored *m, const char *name)
{
    return m->name_length == strlen(name) && memcmp(m->name, name, m->name_length) == 0;
}

enum { LONGEST_META = 1 << 16 };   /* characters */

/* numpy's text of ASCII characters; the caller frees it. NULL for anything else. */
static char *text_of(const stored *m)
{
    if (m->size < 10 || memcmp(m->data, "\x93NUMPY\x01", 7) != 0) return NULL;
    size_t head = 10 + (size_t)grat__le16(m->data + 8);
    size_t n = head <= m->size ? (m->size - head) / 4 : 0;
    char *text = n && n < LONGEST_META ? malloc(n + 1) : NULL;
    if (!text) return NULL;
    for (size_t i = 0; i < n; i++) {
        uint32_t c = grat__le32(m->data + head + 4 * i);
        text[i] = c < 0x80 ? (char)c : '?';
    }
    text[n] = '\0';
    return text;
}

typedef struct found {
    stored meta;
    grat__npy time, column[GRAT_MAX_CHANNELS];
    stored member[GRAT_MAX_CHANNELS];
    unsigned columns;
} found;

static bool is_kind(const grat__npy *a, char kind, unsigned size)
{
    return a->fields == 1 && a->field[0].kind == kind && a->field[0].size == size;
}

static bool collect(const uint8_t *data, size_t n, found *f)
{
    stored m;
    for (size_t at = 0; next_member(data, n, &at, &m);) {
        if (is_named(&m, "meta")) f->meta = m;
        if (is_named(&m, "meta") || is_named(&m, "record")) continue;
        if (is_named(&m, "time")) {
            if (!grat__npy_parse(m.data, m.size, &f->time) || !is_kind(&f->time, 'f', 8)) return false;
            continue;
        }
        if (f->columns == GRAT_MAX_CHANNELS || !grat__npy_parse(m.data, m.size, &f->column[f->columns])) return false;
        f->member[f->columns++] = m;
    }
    for (unsigned i = 0; i < f->columns; i++) {
        const grat__npy *c = &f->column[i];
        if (c->rows != f->time.rows || !(is_kind(c, 'u', 1) || is_kind(c, 'f', 4))) return false;
    }
    return f->columns && f->time.rows;
}

/* What the probe on this channel gives. */
static const char *unit_of(const grat_meta *meta, const char *name)
{
    const char *unit = "";
    if (name[0] >= '1' && name[0] <= '8' && !name[1]) unit = meta->settings.channel[name[0] - '1'].unit;
    if (name[0] >= 'A' && name[0] <= 'H' && !name[1]) unit = meta->settings.channel[name[0] - 'A'].unit;
    return *unit ? unit : "V";
}

static grat_err build(const char *path, const found *f, const grat_meta *meta, grat_record **out, grat_op *op)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < f->columns; i++) types[i] = f->column[i].row_size == 1 ? GRAT_U8 : GRAT_F32;
    grat_record *r = grat_record_new(f->columns, types, f->time.rows);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    for (unsigned i = 0; i < f->columns; i++) {
        grat_trace *t = &r->trace[i];
        grat__label_parse(f->member[i].name, f->member[i].name_length, t);
        t->logic = t->type == GRAT_U8;
        if (!t->logic) grat__strcpy(t->unit, sizeof t->unit, unit_of(meta, t->name));
        memcpy(t->raw, f->column[i].data, r->count * f->column[i].row_size);
    }
    grat_err err = grat__even_times(path, f->time.data, 8, r, op);
    if (err) return grat_record_unref(r), err;
    *out = r;
    return GRAT_OK;
}

static grat_err read_npz(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out,
                         grat_op *op)
{
    found *f = calloc(1, sizeof *f);
    if (!f) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_err err = GRAT_OK;
    if (!collect(data, n, f))
        err = grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no archive that was written here; check the "
                           "file", path);
    char *text = err ? NULL : text_of(&f->meta);
    if (text) grat__meta_parse(text, meta);
    free(text);
    if (!err) err = build(path, f, meta, out, op);
    free(f);
    return err;
}

const grat_format grat__format_npz = {
    .name = "npz",
    .description = "an array a channel and the settings, for numpy.load",
    .extensions = "npz",
    .priv_size = sizeof(npz),
    .begin = begin,
    .record = record,
    .end = end,
    .fini = fini,
    .read = read_npz,
};
