/* Waveforms as HDF5: an array a channel with the raw samples, and what makes volts and times of them as attributes.
 * docs/reference/hdf5.md describes the file. */
#include "core/str.h"
#include "format/format.h"
#include "format/h5_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A chunk: one second, for slow signals, at most this many bytes. */
#define CHUNK_BYTES ((size_t)1 << 20)
#define CHUNK_MIN 1024u
#define TABLE_CHUNK 128u

typedef struct h5 {
    const grat_meta *meta;
    bool started, growing;
    unsigned traces;
    grat__h5_id file;
    int fd;
    grat__h5_ahead ahead;
    grat__h5_series set[GRAT_MAX_CHANNELS], segments, gaps;
    double scale[GRAT_MAX_CHANNELS], offset[GRAT_MAX_CHANNELS];
    grat__h5_segment last;
    uint64_t next;          /* the index that goes on without a gap */
    uint64_t lost;
    bool failed, unsure;    /* unsure: a flush failed, and what the library still knows of the index is not certain … */
    uint64_t flushed;       /* … beyond the samples of the last good one */
} h5;

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    h5 *w = p;
    w->meta = meta;
    w->fd = grat__out_fd(o);
    if (w->fd < 0)
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot write HDF5 to a pipe: it is not written in order; name a file");
    w->growing = grat_out_options(o)->growing;
    grat_err err = grat__h5_enter(op);
    if (!err) grat__h5_leave();
    return err;
}

/* ---- description ---------------------------------------------------------------------------------- */

static bool put_time(grat__h5_id at, const char *name, int64_t utc_ns)
{
    char text[64] = "", whole[32];
    time_t seconds = (time_t)(utc_ns / 1000000000);
    struct tm tm;
    if (utc_ns > 0 && gmtime_r(&seconds, &tm)) {
        strftime(whole, sizeof whole, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text, sizeof text, "%s.%09dZ", whole, (int)(utc_ns % 1000000000));
    }
    return grat__h5_put_text(at, name, text);
}

static bool put_settings(grat__h5_id at, const grat_meta *m)
{
    grat__buf b;
    grat__buf_init(&b, 1 << 16);
    bool ok = grat__buf_puts(&b, "{") == GRAT_OK && grat__meta_json(&b, m) == GRAT_OK &&
              grat__buf_put(&b, "}", 2) == GRAT_OK && grat__h5_put_text(at, "instrument", (const char *)b.data);
    grat__buf_free(&b);
    return ok;
}

bool grat__h5_put_meta(grat__h5_id at, const grat_meta *m, const grat_record *r)
{
    const grat_identity *id = &m->identity;
    return grat__h5_put_integer(at, "graticule", 1) && grat__h5_put_text(at, "vendor", id->vendor) &&
           grat__h5_put_text(at, "model", id->model) && grat__h5_put_text(at, "serial", id->serial) &&
           grat__h5_put_text(at, "firmware", id->firmware) && grat__h5_put_text(at, "resource", m->resource) &&
           put_settings(at, m) && grat__h5_put_number(at, "sample_interval", r->dt) &&
           grat__h5_put_number(at, "sample_rate", 1 / r->dt) && put_time(at, "utc", r->utc_ns) &&
           grat__h5_put_integer(at, "utc_ns", r->utc_ns) &&
           grat__h5_put_integer(at, "utc_uncertainty_ns", r->utc_uncertainty_ns) &&
           grat__h5_put_integer(at, "monotonic_ns", r->mono_ns);
}

bool grat__h5_put_trace(grat__h5_id at, const grat_meta *m, const grat_record *r, unsigned i)
{
    const grat_trace *t = &r->trace[i];
    char note[160];
    grat__trace_note(m, t, note, sizeof note);
    return grat__h5_put_integer(at, "order", i) && grat__h5_put_text(at, "name", t->name) &&
           grat__h5_put_text(at, "unit", t->unit) && grat__h5_put_integer(at, "logic", t->logic) &&
           grat__h5_put_number(at, "scale", t->scale) && grat__h5_put_number(at, "offset", t->offset) &&
           grat__h5_put_number(at, "sample_interval", r->dt) && grat__h5_put_number(at, "t0", r->t0) &&
           grat__h5_put_integer(at, "raw_min", t->raw_min) && grat__h5_put_integer(at, "raw_max", t->raw_max) &&
           grat__h5_put_number(at, "range_low", t->range_low) && grat__h5_put_number(at, "range_high", t->range_high) &&
           grat__h5_put_number(at, "skew", t->skew) && grat__h5_put_text(at, "settings", note);
}

/* Values that change while the file grows. */
static bool put_counts(const h5 *w, bool complete)
{
    return grat__h5_put_integer(w->file, "samples", (int64_t)w->set[0].count) &&
           grat__h5_put_integer(w->file, "lost", (int64_t)w->lost) &&
           grat__h5_put_integer(w->file, "gap_count", (int64_t)w->gaps.count) &&
           grat__h5_put_integer(w->file, "complete", complete);
}

/* ---- writing -------------------------------------------------------------------------------------- */

static size_t chunk_of(const h5 *w, const grat_record *r, size_t item)
{
    double want = w->growing ? 1 / r->dt : (double)r->count;
    size_t n = CHUNK_MIN;
    while (n < CHUNK_BYTES / item && (double)n < want) n *= 2;
    return n;
}

static bool create(h5 *w, const grat_record *r, const grat_writer_options *opt)
{
    bool ok = grat__h5_put_meta(w->file, w->meta, r) && put_counts(w, false);
    for (unsigned i = 0; i < r->traces && ok; i++) {
        const grat_trace *t = &r->trace[i];
        char label[40];
        grat__h5_shape shape = {.kind = (grat__h5_kind)t->type, .pack = opt->pack};
        shape.chunk = chunk_of(w, r, grat_sample_size(t->type));
        grat__trace_label(t, label, sizeof label);
        ok = grat__h5_series_open(&w->set[i], w->file, label, &shape) == GRAT_OK &&
             grat__h5_put_trace(w->set[i].set, w->meta, r, i);
        w->scale[i] = t->scale, w->offset[i] = t->offset;
    }
    w->traces = r->traces;
    ok = ok && grat__h5_tables(w->file, TABLE_CHUNK, &w->segments, &w->gaps);
    return ok && (!w->growing || grat__h5_grow(w->file));
}

static grat_err fail(h5 *w, grat_out *o, grat_op *op)
{
    w->failed = true;
    return grat__h5_fail(grat__out_name(o), op);
}

static grat_err start(h5 *w, const grat_record *r, grat_out *o, grat_op *op)
{
    const char *path = grat__out_path(o, op);
    grat_err err = path ? grat__h5_create(path, w->growing, op, &w->file) : op->err;
    if (err) return err;
    w->started = true;
    if (!create(w, r, grat_out_options(o))) return fail(w, o, op);
    return GRAT_OK;
}

/* A row for each stretch that does not simply continue the one before. */
static bool note_segment(h5 *w, const grat_record *r)
{
    const unsigned kept = ~(unsigned)GRAT_REC_GAP_BEFORE;
    bool first = !w->segments.count, same = !first && r->number == w->last.number && r->t0 == w->last.t0;
    if (same && r->first == w->next && (r->flags & kept) == (w->last.flags & kept)) return true;
    uint64_t lost = same && r->first > w->next ? r->first - w->next : 0;
    if (lost) {
        grat__h5_gap gap = {.first = w->next, .missing = lost, .time = r->t0 + (double)w->next * r->dt};
        if (!grat__h5_series_add(&w->gaps, &gap, 1)) return false;
        w->lost += lost;
    }
    w->last = (grat__h5_segment){.row = w->set[0].count, .first = r->first, .lost = lost, .t0 = r->t0,
                                 .utc_ns = r->utc_ns, .monotonic_ns = r->mono_ns,
                                 .trigger_offset = r->trigger_offset, .trigger_stamp = r->trigger_stamp,
                                 .number = r->number, .flags = r->flags};
    return grat__h5_series_add(&w->segments, &w->last, 1);
}

static grat_err check_scales(const h5 *w, const grat_record *r, grat_op *op)
{
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].scale == w->scale[i] && r->trace[i].offset == w->offset[i]) continue;
        return grat_op_fail(op, GRAT_EINVAL, "cannot write .h5: the scale of channel %s changed between two records; "
                            "use a file for each", r->trace[i].name);
    }
    return GRAT_OK;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    h5 *w = p;
    grat_err err = grat__h5_enter(op);
    if (err) return err;
    err = w->started ? check_scales(w, r, op) : start(w, r, o, op);
    if (!err && r->count) {
        bool ok = note_segment(w, r);
        for (unsigned i = 0; i < r->traces && ok; i++)
            ok = grat__h5_series_add(&w->set[i], r->trace[i].raw, r->count);
        w->next = r->first + r->count;
        if (!ok) err = fail(w, o, op);
    }
    grat__h5_leave();
    return err;
}

/* The tables first: what the arrays show is then described. */
static bool save(h5 *w, bool complete)
{
    bool ok = grat__h5_series_save(&w->segments) && grat__h5_series_save(&w->gaps);
    for (unsigned i = 0; i < w->traces && ok; i++) ok = grat__h5_series_save(&w->set[i]);
    return ok && put_counts(w, complete);
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    h5 *w = p;
    if (!w->started || !w->growing) return GRAT_OK;
    grat_err err = grat__h5_enter(op);
    if (err) return err;
    bool ok = save(w, false) && grat__h5_flush(w->file, w->fd, &w->ahead);
    if (ok) w->flushed = w->set[0].count;
    else w->unsure = true, err = fail(w, o, op);
    grat__h5_leave();
    return err;
}

/* All channels as long as the shortest. */
static void trim(h5 *w)
{
    uint64_t shortest = UINT64_MAX;
    for (unsigned i = 0; i < w->traces; i++)
        if (w->set[i].stored < shortest) shortest = w->set[i].stored;
    if (w->unsure && w->flushed < shortest) shortest = w->flushed;
    for (unsigned i = 0; i < w->traces; i++) grat__h5_series_trim(&w->set[i], shortest);
    grat__h5_series_trim(&w->segments, UINT64_MAX);
    grat__h5_series_trim(&w->gaps, UINT64_MAX);
    grat__h5_put_integer(w->file, "samples", (int64_t)shortest);
}

static void close_all(h5 *w)
{
    for (unsigned i = 0; i < w->traces; i++) grat__h5_series_close(&w->set[i]);
    grat__h5_series_close(&w->segments);
    grat__h5_series_close(&w->gaps);
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    h5 *w = p;
    grat_err err = grat__h5_enter(op);
    if (err) return err;
    bool ok = save(w, !w->failed);
    if (!ok) err = fail(w, o, op);
    if (w->failed) trim(w);
    close_all(w);
    grat_op scratch;
    grat_op_init(&scratch, INT64_MAX, NULL);
    w->started = false;
    grat_err closed = grat__h5_close(w->file, err ? &scratch : op);
    if (!closed && w->growing && !grat__h5_trim(w->fd)) closed = grat__h5_fail(grat__out_name(o), op);
    grat__h5_leave();
    return err ? err : closed;
}

static void fini(void *p)
{
    h5 *w = p;
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    if (!w->started || grat__h5_enter(&op)) return;
    close_all(w);
    grat__h5_close(w->file, &op);
    grat__h5_leave();
}

const grat_format grat__format_h5 = {
    .name = "h5",
    .description = "HDF5, readable while it grows",
    .extensions = "h5 hdf5",
    .priv_size = sizeof(h5),
    .begin = begin,
    .record = record,
    .end = end,
    .fini = fini,
    .flush = flush,
    .grows = true,
    .each = grat__h5_each,
};
