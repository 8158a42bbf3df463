#include "format/ahead.h"

#include "format/pool.h"
#include "format/reuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Threads are not worth while for less. */
#define LEAST_BYTES ((uint64_t)4 << 20)

typedef struct piece {
    grat_record *r;
    int fd;
    bool there;              /* nothing to be read */
    uint64_t from[GRAT_MAX_CHANNELS];
    int error;               /* errno; -1: the file ended */
} piece;

struct grat__ahead {
    const grat__ahead_file *file;
    const grat_reading *to;
    int fd;
    grat__pool *pool;
    piece *next;             /* taken and not started */
    bool enough;
    grat__reuse records;
};

static int read_run(int fd, uint8_t *to, size_t n, uint64_t at)
{
    while (n) {
        ssize_t got = pread(fd, to, n, (off_t)at);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return got ? errno : -1;
        to += got, at += (uint64_t)got, n -= (size_t)got;
    }
    return 0;
}

static void read_piece(void *job)
{
    piece *p = job;
    p->error = 0;
    for (unsigned i = 0; i < p->r->traces && !p->there && !p->error; i++) {
        grat_trace *t = &p->r->trace[i];
        p->error = read_run(p->fd, t->raw, p->r->count * grat_sample_size(t->type), p->from[i]);
    }
}

static grat_err hand_over(void *user, void *job, grat_op *op)
{
    grat__ahead *a = user;
    piece *p = job;
    char text[128];
    if (p->error)
        return grat_op_fail(op, GRAT_EIO, "cannot read %.160s: %s; check the file and the disk", a->file->path,
                            p->error < 0 ? "it became shorter" : strerror_r(p->error, text, sizeof text));
    if (!a->enough) a->enough = !a->to->fn(a->to->user, p->r);
    grat_record_unref(p->r);
    p->r = NULL;
    return GRAT_OK;
}

static void drop(void *job)
{
    grat_record_unref(((piece *)job)->r);
}

static grat__ahead *no_memory(grat__ahead *a, const char *path, grat_op *op)
{
    grat__ahead_close(a);
    grat_op_fail(op, GRAT_ENOMEM, "cannot read %.160s: out of memory", path);
    return NULL;
}

grat__ahead *grat__ahead_open(const grat__ahead_file *f, const grat_reading *to, grat_op *op)
{
    grat__pool_kind kind = {.job_size = sizeof(piece), .work = read_piece, .done = hand_over, .fini = drop};
    char text[128];
    grat__ahead *a = calloc(1, sizeof *a);
    if (!a) return no_memory(NULL, f->path, op);
    a->file = f, a->to = to;
    kind.user = a;
    a->fd = open(f->path, O_RDONLY | O_CLOEXEC);
    if (a->fd < 0) {
        grat_op_fail(op, GRAT_EIO, "cannot read %.160s: %s; check the path", f->path,
                     strerror_r(errno, text, sizeof text));
        grat__ahead_close(a);
        return NULL;
    }
    a->pool = grat__pool_new(&kind, f->bytes < LEAST_BYTES);
    return a->pool ? a : no_memory(a, f->path, op);
}

grat_err grat__ahead_take(grat__ahead *a, size_t n, grat_op *op, grat_record **out)
{
    void *job;
    grat_err err = grat__pool_take(a->pool, op, &job);
    if (err) return err;
    grat_record *r = grat__reuse_take(&a->records, a->file->traces, a->file->trace, n);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.160s: out of memory", a->file->path);
    a->next = job;
    grat_record_unref(a->next->r);
    a->next->r = grat_record_ref(r);
    a->next->fd = a->fd;
    *out = r;
    return GRAT_OK;
}

void grat__ahead_start(grat__ahead *a, const uint64_t *from)
{
    a->next->there = !from;
    if (from) memcpy(a->next->from, from, a->file->traces * sizeof *from);
    grat__pool_start(a->pool);
}

bool grat__ahead_wanted(const grat__ahead *a)
{
    return !a->enough;
}

grat_err grat__ahead_drain(grat__ahead *a, grat_op *op)
{
    return grat__pool_drain(a->pool, op);
}

void grat__ahead_close(grat__ahead *a)
{
    if (!a) return;
    grat__pool_free(a->pool);
    if (a->fd >= 0) close(a->fd);
    grat__reuse_free(&a->records);
    free(a);
}
