/* The table of formats, and the writer and reader that serve any of them. A new format is one line here. */
#include "core/buf.h"
#include "core/str.h"
#include "core/wait.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const grat_format *const formats[] = {
    &grat__format_csv, &grat__format_npy, &grat__format_npz, &grat__format_wav, &grat__format_h5,
    &grat__format_raw, &grat__format_json, &grat__format_vcd, &grat__format_sr, &grat__format_png, &grat__format_svg,
};
#define FORMATS (sizeof formats / sizeof *formats)

struct grat_writer {
    const grat_format *format;
    void *p;
    grat_out *out;
    grat_meta meta;
    grat_record *first;   /* the shape that later records must have */
    grat_op failure;      /* the first one, repeated by finish */
    bool shown;           /* a growing file that has its name */
    char path[GRAT_TEXT_MAX / 2];
};

static const char *names[FORMATS + 1] = {
    "csv", "npy", "npz", "wav", "h5", "raw", "json", "vcd", "sr", "png", "svg", NULL,
};

const char *const *grat_formats(void)
{
    return names;
}

static bool in_list(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (const char *p = list; n && *p; p += strcspn(p, " "), p += *p == ' ') {
        if (strcspn(p, " ") == n && grat__strcasestarts(p, word)) return true;
    }
    return false;
}

static const grat_format *find(const char *path, const char *name)
{
    const char *base = strrchr(path, '/');
    const char *dot = strrchr(base ? base : path, '.');
    for (size_t i = 0; i < FORMATS; i++) {
        const grat_format *f = formats[i];
        if (name ? grat__strcaseeq(f->name, name) : dot && in_list(f->extensions, dot + 1)) return f;
    }
    return NULL;
}

static grat_err fail_unknown(const char *path, const char *name, grat_op *op)
{
    char list[128] = "";
    size_t n = 0;
    for (size_t i = 0; i < FORMATS && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", formats[i]->name);
    if (name)
        return grat_op_fail(op, GRAT_EFORMAT, "there is no format \"%.40s\": the formats are %s; choose one",
                            name, list);
    if (strcmp(path, "-") == 0)
        return grat_op_fail(op, GRAT_EFORMAT, "no format for \"-\": it has no ending; name a file, or one of the "
                            "formats %s", list);
    return grat_op_fail(op, GRAT_EFORMAT, "no format for %.120s: its name ends in none that is known; the formats "
                        "are %s", path, list);
}

static void writer_free(grat_writer *w)
{
    if (w->format->fini) w->format->fini(w->p);
    grat_record_unref(w->first);
    free(w->p);
    free(w);
}

grat_err grat_writer_open_with(const char *path, const char *format, const grat_meta *meta,
                               const grat_writer_options *opt, grat_op *op, grat_writer **out)
{
    grat_err err = grat__op_begin(op);
    if (err) return err;
    if (!path || !*path) return grat_op_fail(op, GRAT_EINVAL, "no file name was given; name one");
    if (opt->size != sizeof *opt)
        return grat_op_fail(op, GRAT_EINVAL, "cannot write %.120s: the size of the options is wrong", path);
    const grat_format *f = find(path, format);
    if (!f) return fail_unknown(path, format, op);
    grat_writer *w = calloc(1, sizeof *w);
    void *p = calloc(1, f->priv_size ? f->priv_size : 1);
    if (!w || !p) {
        free(w);
        free(p);
        return grat_op_fail(op, GRAT_ENOMEM, "cannot write %.120s: out of memory; close something", path);
    }
    w->format = f;
    w->p = p;
    if (meta) w->meta = *meta;
    grat__strcpy(w->path, sizeof w->path, path);
    err = strcmp(path, "-") == 0 ? grat__out_stdout(op, &w->out) : grat__out_file(path, op, &w->out);
    if (!err) grat__out_options_set(w->out, opt);
    if (!err) err = f->begin(w->p, &w->meta, w->out, op);
    if (err) {
        grat__out_abort(w->out);
        writer_free(w);
        return err;
    }
    *out = w;
    return GRAT_OK;
}

grat_err grat_writer_open(const char *path, const char *format, const grat_meta *meta, grat_op *op, grat_writer **out)
{
    grat_writer_options opt = {.size = sizeof opt};
    return grat_writer_open_with(path, format, meta, &opt, op, out);
}

static bool same_shape(const grat_record *a, const grat_record *b)
{
    if (a->traces != b->traces) return false;
    for (unsigned i = 0; i < a->traces; i++) {
        const grat_trace *s = &a->trace[i], *t = &b->trace[i];
        if (strcmp(s->name, t->name) != 0 || strcmp(s->unit, t->unit) != 0 || s->type != t->type) return false;
        if (s->logic != t->logic) return false;
    }
    return true;
}

static grat_err check_record(grat_writer *w, grat_record *r, grat_op *op)
{
    if (!r->traces || !(r->dt > 0))
        return grat_op_fail(op, GRAT_EINVAL, "cannot write %s: a record without channels or sample interval", w->path);
    if (!w->first) {
        w->first = grat_record_ref(r);
        return GRAT_OK;
    }
    if (same_shape(w->first, r)) return GRAT_OK;
    return grat_op_fail(op, GRAT_EINVAL, "cannot write %s: the channels changed between two records; "
                        "use a file for each", w->path);
}

/* The first record holds the samples of the whole acquisition, and only its shape is wanted. */
static void keep_shape_only(grat_writer *w)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < w->first->traces; i++) types[i] = w->first->trace[i].type;
    grat_record *shape = grat_record_new(w->first->traces, types, 0);
    if (!shape) return;
    for (unsigned i = 0; i < shape->traces; i++) {
        void *raw = shape->trace[i].raw;
        shape->trace[i] = w->first->trace[i];
        shape->trace[i].raw = raw;
    }
    grat_record_unref(w->first);
    w->first = shape;
}

grat_err grat_writer_record(grat_writer *w, grat_record *r, grat_op *op)
{
    if (w->failure.err) return grat_op_fail(op, w->failure.err, "%s", w->failure.text);
    grat_err err = grat__op_begin(op);
    if (err) return err;
    bool first = !w->first;
    err = check_record(w, r, op);
    if (!err) err = w->format->record(w->p, r, w->out, op);
    if (first && w->first) keep_shape_only(w);
    if (err) w->failure = *op;
    return err;
}

grat_err grat_writer_flush(grat_writer *w, grat_op *op)
{
    if (w->failure.err) return grat_op_fail(op, w->failure.err, "%s", w->failure.text);
    if (!w->first || !w->format->grows || !grat_out_options(w->out)->growing) return GRAT_OK;
    grat_err err = grat__out_flush(w->out, op);
    if (!err && w->format->flush) err = w->format->flush(w->p, w->out, op);
    if (!err) err = grat__out_show(w->out, op);
    if (err) w->failure = *op;
    else w->shown = true;
    return err;
}

uint64_t grat_writer_size(const grat_writer *w)
{
    return grat__out_size(w->out);
}

/* What a full disk has left of a growing file becomes whole. */
static grat_err rescue(grat_writer *w, grat_op *op)
{
    grat_err err = w->format->stays ? w->failure.err : grat__out_cut(w->out, op);
    if (!err && w->format->cut) err = w->format->cut(w->p, w->out, op);
    if (!err) err = w->format->end(w->p, w->out, op);
    grat_op scratch;
    grat_op_init(&scratch, INT64_MAX, NULL);
    if (err) grat__out_abort(w->out);
    else grat__out_commit(w->out, &scratch);
    grat_op_fail(op, w->failure.err, "%s", w->failure.text);
    err = w->failure.err;
    writer_free(w);
    return err;
}

grat_err grat_writer_finish(grat_writer *w, grat_op *op)
{
    grat_err err = w->failure.err;
    if (err && w->shown) return rescue(w, op);
    if (err)
        grat_op_fail(op, err, "%s", w->failure.text);
    else if (!w->first)
        err = grat_op_fail(op, GRAT_ENODATA, "nothing to write to %s: no record came; the file was not made", w->path);
    else
        err = w->format->end(w->p, w->out, op);
    if (err)
        grat__out_abort(w->out);
    else
        err = grat__out_commit(w->out, op);
    writer_free(w);
    return err;
}

void grat_writer_abort(grat_writer *w)
{
    if (!w) return;
    grat__out_abort(w->out);
    writer_free(w);
}

grat_err grat__map_file(const char *path, uint8_t **data, size_t *n, grat_op *op)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    char text[128];
    if (fd < 0 || fstat(fd, &st) != 0) {
        int number = errno;
        if (fd >= 0) close(fd);
        grat_err err = number == EACCES ? GRAT_EACCES : GRAT_EIO;
        return grat_op_fail(op, err, "cannot read %.120s: %s; check the path", path,
                            strerror_r(number, text, sizeof text));
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        close(fd);
        return grat_op_fail(op, GRAT_EINVAL, "cannot read %.120s: it is %s; name a file", path,
                            S_ISREG(st.st_mode) ? "empty" : "not a regular file");
    }
    void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (map == MAP_FAILED) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    *data = map;
    *n = (size_t)st.st_size;
    return GRAT_OK;
}

/* A file that is being read. */
typedef struct source {
    const grat_format *format;
    uint8_t *data;
    size_t n;
    grat_meta *meta, scratch;
} source;

static grat_err source_open(source *s, const char *path, grat_meta *meta, grat_op *op)
{
    grat_err err = grat__op_begin(op);
    if (err) return err;
    memset(s, 0, sizeof *s);
    s->format = find(path, NULL);
    if (!s->format) return fail_unknown(path, NULL, op);
    if (!s->format->read && !s->format->each)
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot read %.120s: %s files are only written", path, s->format->name);
    s->meta = meta ? memset(meta, 0, sizeof *meta) : &s->scratch;
    return grat__map_file(path, &s->data, &s->n, op);
}

static grat_err read_whole(const source *s, const char *path, grat_record **out, grat_op *op)
{
    grat__whole whole = {0};
    grat_reading to = {.meta = s->meta, .fn = grat__whole_add, .user = &whole};
    grat_err err = s->format->each(path, s->data, s->n, &to, op);
    if (!err && whole.no_memory) err = grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    if (!err && whole.apart)
        err = grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s as one record: there is a gap or another acquisition; "
                           "read it in pieces", path);
    if (!err && !whole.r) err = grat_op_fail(op, GRAT_ENODATA, "cannot read %.120s: there are no samples in it", path);
    if (!err) *out = whole.r;
    else grat_record_unref(whole.r);
    return err;
}

grat_err grat_read_file(const char *path, grat_meta *meta, grat_record **out, grat_op *op)
{
    source s;
    grat_err err = source_open(&s, path, meta, op);
    if (err) return err;
    err = s.format->read ? s.format->read(path, s.data, s.n, s.meta, out, op) : read_whole(&s, path, out, op);
    munmap(s.data, s.n);
    return err;
}

grat_err grat_read_pieces(const char *path, grat_meta *meta, grat_record_fn fn, void *user, grat_op *op)
{
    source s;
    grat_err err = source_open(&s, path, meta, op);
    if (err) return err;
    if (s.format->each) {
        grat_reading to = {.meta = s.meta, .fn = fn, .user = user};
        err = s.format->each(path, s.data, s.n, &to, op);
    } else {
        grat_record *r = NULL;
        err = s.format->read(path, s.data, s.n, s.meta, &r, op);
        if (!err) fn(user, r);
        grat_record_unref(r);
    }
    munmap(s.data, s.n);
    return err;
}
