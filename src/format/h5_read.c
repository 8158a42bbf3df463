/* Reads the files that h5_write.c made, piece by piece. */
#include "core/str.h"
#include "format/format.h"
#include "format/h5_file.h"
#include "format/h5_lazy.h"
#include "format/reuse.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 1 << 20, TABLE = 64 };

typedef struct channel {
    hid_t set, type;
    bool direct;             /* whole chunks can be taken as they lie in the file */
    uint64_t chunk;
} channel;

typedef struct file {
    const char *path;
    hid_t id, segments;
    channel ch[GRAT_MAX_CHANNELS];
    grat_trace trace[GRAT_MAX_CHANNELS];   /* without samples */
    unsigned channels;
    uint64_t rows, segment_rows;
    double dt;
    int64_t utc_uncertainty_ns;
    grat__reuse records;
    bool enough;             /* the caller has it all */
} file;

static grat_err broken(const file *f, const char *what, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPARSE, "cannot read %.160s: %s; was it written by another program?", f->path, what);
}

static bool length_of(hid_t set, uint64_t *out)
{
    hid_t space = H5Dget_space(set);
    hsize_t n = 0;
    bool ok = space >= 0 && H5Sget_simple_extent_ndims(space) == 1 && H5Sget_simple_extent_dims(space, &n, NULL) == 1;
    if (space >= 0) H5Sclose(space);
    *out = n;
    return ok;
}

static bool read_rows(hid_t set, hid_t type, uint64_t from, uint64_t n, void *out)
{
    hid_t space = H5Dget_space(set);
    hsize_t at = from, count = n;
    hid_t memory = H5Screate_simple(1, &count, NULL);
    bool ok = H5Sselect_hyperslab(space, H5S_SELECT_SET, &at, NULL, &count, NULL) >= 0 &&
              H5Dread(set, type, memory, space, H5P_DEFAULT, out) >= 0;
    H5Sclose(memory);
    H5Sclose(space);
    return ok;
}

/* ---- what there is -------------------------------------------------------------------------------- */

static hid_t native(grat_sample_type t)
{
    switch (t) {
    case GRAT_U8: return GRAT__H5_TYPE(UINT8);
    case GRAT_I8: return GRAT__H5_TYPE(INT8);
    case GRAT_U16: return GRAT__H5_TYPE(UINT16);
    case GRAT_I16: return GRAT__H5_TYPE(INT16);
    case GRAT_F32: return GRAT__H5_TYPE(FLOAT);
    }
    return -1;
}

static bool find_type(channel *c, grat_trace *trace)
{
    hid_t type = H5Dget_type(c->set);
    trace->type = 0;
    for (grat_sample_type t = GRAT_U8; t <= GRAT_F32; t++) {
        if (H5Tequal(type, native(t)) > 0) trace->type = t;
    }
    H5Tclose(type);
    c->type = native(trace->type);
    return trace->type != 0;
}

static void find_chunks(channel *c)
{
    hid_t list = H5Dget_create_plist(c->set);
    hsize_t chunk = 0;
    if (H5Pget_layout(list) == H5D_CHUNKED && H5Pget_chunk(list, 1, &chunk) == 1) c->chunk = chunk;
    c->direct = c->chunk && c->chunk <= PIECE && H5Pget_nfilters(list) == 0;
    H5Pclose(list);
}

static bool integer(hid_t at, const char *name, int *out)
{
    int64_t v;
    if (!grat__h5_get_integer(at, name, &v) || v < INT32_MIN || v > INT32_MAX) return false;
    *out = (int)v;
    return true;
}

/* An array is a channel when it has an order. */
static grat_err open_channel(file *f, const char *name, grat_op *op)
{
    hid_t set = H5Dopen2(f->id, name, H5P_DEFAULT);
    int order = 0, logic = 0;
    if (set < 0) return GRAT_OK;
    if (!integer(set, "order", &order)) return H5Dclose(set), GRAT_OK;
    if (order < 0 || order >= GRAT_MAX_CHANNELS || f->ch[order].set > 0) {
        H5Dclose(set);
        return broken(f, "its channels are numbered wrongly", op);
    }
    channel *c = &f->ch[order];
    grat_trace *t = &f->trace[order];
    uint64_t n;
    c->set = set;
    f->channels++;
    if (!find_type(c, t)) return broken(f, "a channel has an unknown type", op);
    find_chunks(c);
    integer(set, "logic", &logic);
    t->logic = logic;
    t->scale = 1;
    grat__h5_get_text(set, "name", t->name, sizeof t->name);
    grat__h5_get_text(set, "unit", t->unit, sizeof t->unit);
    grat__h5_get_number(set, "scale", &t->scale);
    grat__h5_get_number(set, "offset", &t->offset);
    grat__h5_get_number(set, "range_low", &t->range_low);
    grat__h5_get_number(set, "range_high", &t->range_high);
    grat__h5_get_number(set, "skew", &t->skew);
    integer(set, "raw_min", &t->raw_min);
    integer(set, "raw_max", &t->raw_max);
    if (!length_of(set, &n)) return broken(f, "a channel is no row of samples", op);
    /* A writer that was killed can leave them unequal. */
    if (n < f->rows) f->rows = n;
    return GRAT_OK;
}

static grat_err open_channels(file *f, grat_op *op)
{
    char name[64];
    f->rows = UINT64_MAX;
    for (hsize_t i = 0;; i++) {
        ssize_t n = H5Lget_name_by_idx(f->id, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, sizeof name, H5P_DEFAULT);
        if (n < 0) break;
        grat_err err = (size_t)n < sizeof name ? open_channel(f, name, op) : GRAT_OK;
        if (err) return err;
    }
    H5Eclear2(H5E_DEFAULT);
    for (unsigned i = 0; i < f->channels; i++) {
        if (f->ch[i].set <= 0) return broken(f, "a channel is missing", op);
    }
    return f->channels ? GRAT_OK : broken(f, "there is no channel in it", op);
}

static void read_meta(file *f, grat_meta *m)
{
    grat_identity *id = &m->identity;
    char text[1 << 14];
    if (grat__h5_get_text(f->id, "instrument", text, sizeof text)) grat__meta_parse(text, m);
    grat__h5_get_text(f->id, "vendor", id->vendor, sizeof id->vendor);
    grat__h5_get_text(f->id, "model", id->model, sizeof id->model);
    grat__h5_get_text(f->id, "serial", id->serial, sizeof id->serial);
    grat__h5_get_text(f->id, "firmware", id->firmware, sizeof id->firmware);
    grat__h5_get_text(f->id, "resource", m->resource, sizeof m->resource);
    grat__h5_get_integer(f->id, "utc_uncertainty_ns", &f->utc_uncertainty_ns);
}

static unsigned acquisitions_of(const file *f)
{
    grat__h5_segment last = {0};
    if (!f->segment_rows) return 0;
    hid_t type = grat__h5_segment_type();
    bool good = read_rows(f->segments, type, f->segment_rows - 1, 1, &last);
    H5Tclose(type);
    return good ? last.number + 1 : 0;
}

static grat_err open_all(file *f, grat_meta *meta, grat_op *op)
{
    int64_t version = 0;
    grat_err err = grat__h5_open(f->path, op, &f->id);
    if (err) return err;
    if (!grat__h5_get_integer(f->id, "graticule", &version) || version != 1)
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot read %.160s: its HDF5 was written by another program, whose "
                            "layout is not known here; read it with h5py", f->path);
    if (!grat__h5_get_number(f->id, "sample_interval", &f->dt) || !(f->dt > 0))
        return broken(f, "it has no sample interval", op);
    read_meta(f, meta);
    err = open_channels(f, op);
    if (err) return err;
    f->segments = H5Dopen2(f->id, "segments", H5P_DEFAULT);
    if (f->segments < 0 || !length_of(f->segments, &f->segment_rows)) return broken(f, "it has no segments", op);
    meta->acquisitions = acquisitions_of(f);
    return GRAT_OK;
}

static void close_all(file *f)
{
    for (unsigned i = 0; i < GRAT_MAX_CHANNELS; i++)
        if (f->ch[i].set > 0) H5Dclose(f->ch[i].set);
    if (f->segments > 0) H5Dclose(f->segments);
    if (f->id > 0) H5Fclose(f->id);
    grat__reuse_free(&f->records);
}

/* ---- samples -------------------------------------------------------------------------------------- */

static bool read_channel(const channel *c, uint64_t at, size_t n, grat_trace *to)
{
    if (c->direct && n == c->chunk && at % n == 0) {
        hsize_t offset = at, size = 0;
        uint32_t passed = 0;
        size_t want = n * grat_sample_size(to->type);
        if (H5Dget_chunk_storage_size(c->set, &offset, &size) >= 0 && size == want &&
            H5Dread_chunk(c->set, H5P_DEFAULT, &offset, &passed, to->raw) >= 0)
            return true;
    }
    return read_rows(c->set, c->type, at, n, to->raw);
}

static grat_err read_piece(file *f, const grat__h5_segment *s, uint64_t at, size_t n, grat_op *op, grat_record **out)
{
    grat_record *r = *out = grat__reuse_take(&f->records, f->channels, f->trace, n);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.160s: out of memory", f->path);
    for (unsigned i = 0; i < f->channels; i++)
        if (!read_channel(&f->ch[i], at, n, &r->trace[i])) return broken(f, "its samples cannot be read", op);
    r->first = s->first + (at - s->row);
    r->t0 = s->t0, r->dt = f->dt;
    r->utc_ns = s->utc_ns, r->mono_ns = s->monotonic_ns;
    r->utc_uncertainty_ns = f->utc_uncertainty_ns;
    r->trigger_offset = s->trigger_offset, r->trigger_stamp = s->trigger_stamp;
    r->number = s->number;
    r->flags = s->flags & ~(unsigned)GRAT_REC_GAP_BEFORE;
    if (s->lost && at == s->row) r->flags |= GRAT_REC_GAP_BEFORE;
    return GRAT_OK;
}

/* Up to the next border of a chunk, if that is worth while. */
static size_t piece_at(const file *f, uint64_t at, uint64_t end)
{
    uint64_t chunk = f->ch[0].chunk ? f->ch[0].chunk : PIECE, size = chunk;
    while (size < PIECE / 4) size += chunk;
    if (size > PIECE) size = PIECE;
    uint64_t stop = at - at % size + size;
    return (size_t)((stop < end ? stop : end) - at);
}

static grat_err read_segment(file *f, const grat__h5_segment *s, uint64_t end, const grat_reading *to, grat_op *op)
{
    for (uint64_t at = s->row; at < end && !f->enough;) {
        grat_err err = grat_op_check(op);
        size_t n = piece_at(f, at, end);
        grat_record *r;
        if (!err) err = read_piece(f, s, at, n, op, &r);
        if (err) return err;
        /* The one who takes it may be writing HDF5. */
        grat__h5_leave();
        f->enough = !to->fn(to->user, r);
        grat__h5_enter(op);
        at += n;
    }
    return GRAT_OK;
}

/* Each segment ends where the next one begins; the last with the samples. */
static grat_err read_all(file *f, const grat_reading *to, grat_op *op)
{
    grat__h5_segment s[TABLE + 1] = {0};   /* columns that an older file lacks stay so */
    hid_t type = grat__h5_segment_type();
    grat_err err = GRAT_OK;
    for (uint64_t i = 0; i < f->segment_rows && !err && !f->enough; i += TABLE) {
        uint64_t n = f->segment_rows - i < TABLE + 1 ? f->segment_rows - i : TABLE + 1;
        if (!read_rows(f->segments, type, i, n, s)) err = broken(f, "its segments cannot be read", op);
        for (uint64_t k = 0; k < n && k < TABLE && !err; k++) {
            uint64_t end = k + 1 < n ? s[k + 1].row : f->rows;
            if (end < s[k].row && s[k].row < f->rows) err = broken(f, "its segments are out of order", op);
            else err = read_segment(f, &s[k], end < f->rows ? end : f->rows, to, op);
        }
    }
    grat__h5_close(type, op);
    return err;
}

grat_err grat__h5_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    (void)data, (void)n;
    file *f = calloc(1, sizeof *f);
    if (!f) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.160s: out of memory", path);
    f->path = path;
    grat_err err = grat__h5_enter(op);
    if (err) {
        free(f);
        return err;
    }
    err = open_all(f, to->meta, op);
    if (!err) err = read_all(f, to, op);
    close_all(f);
    grat__h5_leave();
    free(f);
    return err;
}
