#include "sink/sink.h"

#include "core/wait.h"
#include "sink/behind.h"
#include "sink/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct grat_out {
    int fd;
    bool own_fd, regular, atomic;
    bool failed;
    char *shown;   /* the path as the caller gave it, for sentences */
    char *target;  /* with symbolic links resolved; NULL when not atomic */
    char *temp;    /* name of the temporary; NULL while it has none */
    size_t len;
    uint64_t pos;  /* file position of buf[0] */
    uint64_t end;  /* the furthest byte that was written */
    grat__behind *behind;   /* NULL: write in the caller's thread */
    bool alone;             /* no thread can be had */
    uint8_t *buf;           /* GRAT__OUT_BUFFER bytes; with the thread, one of … */
    uint8_t *ring[GRAT__BEHIND_DEPTH + 1];   /* … these, the others being on their way */
    unsigned turn;
    bool shown_early;       /* has its name before it is complete */
    uint64_t reached, reached_from;   /* its length when it is longer than it needs, and its need then */
    uint64_t good;          /* where writing went on after the last show */
    grat__settle *settle;   /* of a file that was shown; NULL: none could be had */
    int ballast;            /* holds space with which a file can be completed on a full disk; -1 = none */
    grat_writer_options options;
};

/* What is shorter is written before a thread would have begun. */
#define BEHIND_FROM ((uint64_t)4 << 20)
#define BALLAST (8 << 20)
#define REACH_LEAST ((uint64_t)1 << 20)
#define BALLAST_LEAST (64 << 10)

typedef struct reason {
    int number;
    grat_err err;
    const char *why, *todo;
} reason;

static const reason reasons[] = {
    {ENOSPC, GRAT_ENOSPC, "the disk is full", "free some space or write elsewhere"},
    {EDQUOT, GRAT_ENOSPC, "the disk quota is used up", "free some space or write elsewhere"},
    {EFBIG, GRAT_ENOSPC, "the file would be larger than the system allows", "raise the limit (ulimit -f) or split it"},
    {EACCES, GRAT_EACCES, "no permission to write there", "choose another directory or mend its permissions"},
    {EPERM, GRAT_EACCES, "no permission to write there", "choose another directory or mend its permissions"},
    {EROFS, GRAT_EACCES, "the file system is read-only", "choose another directory"},
    {ENOENT, GRAT_EIO, "the directory does not exist", "create it first"},
    {ENOTDIR, GRAT_EIO, "a part of the path is not a directory", "check the path"},
    {EISDIR, GRAT_EINVAL, "this is a directory", "add a file name"},
    {ENAMETOOLONG, GRAT_EINVAL, "the name is too long", "choose a shorter one"},
    {EPIPE, GRAT_EIO, "the reader has gone", "start it again"},
    {EMFILE, GRAT_EIO, "too many open files", "close some or raise the limit (ulimit -n)"},
};

static grat_err fail_errno(grat_op *op, const char *path, int number)
{
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        const reason *r = &reasons[i];
        if (r->number == number) return grat_op_fail(op, r->err, "cannot write %s: %s; %s", path, r->why, r->todo);
    }
    char text[128];
    return grat_op_fail(op, GRAT_EIO, "cannot write %s: %s; check the path and the disk", path,
                        strerror_r(number, text, sizeof text));
}

static size_t dir_length(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? (size_t)(slash - path) + 1 : 0;
}

/* ".name.XXXXXXXX" in the target's directory; NULL when memory is short. */
static char *temp_name(const char *target)
{
    uint32_t random = 0;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != (ssize_t)sizeof random)
        random = (uint32_t)grat_now_ns() ^ (uint32_t)getpid() << 16;
    size_t dir = dir_length(target);
    char *name = NULL;
    /* 200: the longest file name is 255 bytes on the usual file systems. */
    if (asprintf(&name, "%.*s.%.200s.%08x", (int)dir, target, target + dir, random) < 0) return NULL;
    return name;
}

static int open_unnamed(const char *target)
{
    size_t dir = dir_length(target);
    char *name = dir ? strndup(target, dir) : strdup(".");
    if (!name) return errno = ENOMEM, -1;
    int fd = open(name, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
    int saved = errno;
    free(name);
    errno = saved;
    return fd;
}

/* Overlay, network and FAT file systems have no O_TMPFILE. */
static int open_named(grat_out *o)
{
    for (int tries = 0; tries < 16; tries++) {
        free(o->temp);
        o->temp = temp_name(o->target);
        if (!o->temp) return errno = ENOMEM, -1;
        int fd = open(o->temp, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0666);
        if (fd >= 0) return fd;
        if (errno != EEXIST) break;
    }
    int saved = errno;
    free(o->temp);
    o->temp = NULL;
    errno = saved;
    return -1;
}

static int open_temp(grat_out *o)
{
    int fd = open_unnamed(o->target);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)) fd = open_named(o);
    return fd;
}

static grat_out *new_out(const char *shown)
{
    grat_out *o = calloc(1, sizeof *o);
    if (!o) return NULL;
    o->fd = o->ballast = -1;
    o->shown = strdup(shown);
    o->buf = malloc(GRAT__OUT_BUFFER);
    if (o->shown && o->buf) return o;
    free(o->shown);
    free(o->buf);
    free(o);
    return NULL;
}

static void drop_ballast(grat_out *o)
{
    if (o->ballast >= 0) close(o->ballast);
    o->ballast = -1;
}

static void free_out(grat_out *o)
{
    grat__behind_free(o->behind);
    drop_ballast(o);
    grat__settle_free(o->settle);
    if (o->own_fd && o->fd >= 0) close(o->fd);
    free(o->shown);
    free(o->target);
    free(o->temp);
    if (!o->ring[0]) free(o->buf);
    for (unsigned i = 0; i <= GRAT__BEHIND_DEPTH; i++) free(o->ring[i]);
    free(o);
}

static void note_kind(grat_out *o)
{
    struct stat st;
    o->regular = fstat(o->fd, &st) == 0 && S_ISREG(st.st_mode);
}

static grat_err open_target(grat_out *o, grat_op *op)
{
    struct stat st;
    bool exists = stat(o->shown, &st) == 0;
    if (exists && S_ISDIR(st.st_mode)) return fail_errno(op, o->shown, EISDIR);
    if (exists && !S_ISREG(st.st_mode)) {
        o->fd = open(o->shown, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        return o->fd < 0 ? fail_errno(op, o->shown, errno) : GRAT_OK;
    }
    if (exists && access(o->shown, W_OK) != 0) return fail_errno(op, o->shown, errno);
    o->atomic = true;
    o->target = exists ? realpath(o->shown, NULL) : strdup(o->shown);
    if (!o->target) return fail_errno(op, o->shown, errno);
    o->fd = open_temp(o);
    if (o->fd < 0) return fail_errno(op, o->shown, errno);
    if (exists) (void)!fchmod(o->fd, st.st_mode & 0777);
    return GRAT_OK;
}

grat_err grat__out_file(const char *path, grat_op *op, grat_out **out)
{
    if (!path || !*path) return grat_op_fail(op, GRAT_EINVAL, "no file name was given; name one");
    grat_out *o = new_out(path);
    if (!o) return grat_op_fail(op, GRAT_ENOMEM, "cannot write %s: out of memory; close something", path);
    o->own_fd = true;
    grat_err err = open_target(o, op);
    if (err) {
        free_out(o);
        return err;
    }
    note_kind(o);
    *out = o;
    return GRAT_OK;
}

grat_err grat__out_stdout(grat_op *op, grat_out **out)
{
    grat_out *o = new_out("standard output");
    if (!o) return grat_op_fail(op, GRAT_ENOMEM, "cannot write standard output: out of memory; close something");
    o->fd = STDOUT_FILENO;
    note_kind(o);
    /* A shared descriptor may stand behind what others wrote; it is never rewound. */
    off_t at = o->regular ? lseek(o->fd, 0, SEEK_CUR) : 0;
    if (at != 0) o->regular = false;
    *out = o;
    return GRAT_OK;
}

/* A pipe is written in pieces that never block once poll says there is room (pipe(7)). */
static grat_err write_all(grat_out *o, const uint8_t *p, size_t n, grat_op *op)
{
    while (n) {
        size_t piece = n;
        if (!o->regular) {
            grat_err err = grat__op_wait(op, o->fd, POLLOUT);
            if (err) return o->failed = true, err;
            if (piece > PIPE_BUF) piece = PIPE_BUF;
        }
        ssize_t got = write(o->fd, p, piece);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return o->failed = true, fail_errno(op, o->shown, errno);
        p += got;
        n -= (size_t)got;
    }
    return GRAT_OK;
}

static bool start_behind(grat_out *o)
{
    if (o->behind || o->alone || !o->regular || o->pos < BEHIND_FROM) return o->behind;
    bool ok = true;
    o->ring[0] = o->buf;
    for (unsigned i = 1; i <= GRAT__BEHIND_DEPTH; i++) ok = (o->ring[i] = malloc(GRAT__OUT_BUFFER)) && ok;
    if (ok) o->behind = grat__behind_new(o->fd);
    o->alone = !o->behind;
    return o->behind;
}

/* Hands the buffer on; it may still be on its way at the return. */
static grat_err pass(grat_out *o, grat_op *op)
{
    if (o->failed) return grat_op_fail(op, GRAT_EIO, "cannot write %s: it failed before; write it anew", o->shown);
    if (!o->len) return GRAT_OK;
    if (start_behind(o)) {
        int error = grat__behind_put(o->behind, o->buf, o->len);
        if (error) return o->failed = true, fail_errno(op, o->shown, error);
        o->turn = (o->turn + 1) % (GRAT__BEHIND_DEPTH + 1);
        o->buf = o->ring[o->turn];
    } else {
        grat_err err = write_all(o, o->buf, o->len, op);
        if (err) return err;
    }
    o->pos += o->len;
    o->len = 0;
    if (o->pos > o->end) o->end = o->pos;
    return GRAT_OK;
}

static grat_err flush(grat_out *o, grat_op *op)
{
    grat_err err = pass(o, op);
    if (err || !o->behind) return err;
    int error = grat__behind_drain(o->behind);
    if (error) return o->failed = true, fail_errno(op, o->shown, error);
    return GRAT_OK;
}

uint8_t *grat__out_reserve(grat_out *o, size_t n, size_t *room, grat_op *op)
{
    if (n > GRAT__OUT_BUFFER) {
        grat_op_fail(op, GRAT_ETOOBIG, "cannot write %s: one piece is larger than the buffer", o->shown);
        return NULL;
    }
    if (o->failed || GRAT__OUT_BUFFER - o->len < n) {
        if (pass(o, op)) return NULL;
    }
    if (room) *room = GRAT__OUT_BUFFER - o->len;
    return o->buf + o->len;
}

grat_err grat__out_flush(grat_out *o, grat_op *op)
{
    return flush(o, op);
}

void grat__out_advance(grat_out *o, size_t n)
{
    o->len += n;
}

grat_err grat_out_write(grat_out *o, const void *data, size_t n, grat_op *op)
{
    const uint8_t *p = data;
    if (n >= GRAT__OUT_BUFFER / 4) {
        grat_err err = flush(o, op);
        if (err) return err;
        err = write_all(o, p, n, op);
        if (err) return err;
        o->pos += n;
        if (o->pos > o->end) o->end = o->pos;
        return GRAT_OK;
    }
    uint8_t *to = grat__out_reserve(o, n, NULL, op);
    if (!to) return op->err;
    if (n) memcpy(to, p, n);
    o->len += n;
    return GRAT_OK;
}

int grat__out_fd(const grat_out *o)
{
    return o->regular && o->own_fd ? o->fd : -1;
}

uint64_t grat__out_size(const grat_out *o)
{
    struct stat st;
    uint64_t size = o->pos + o->len > o->end ? o->pos + o->len : o->end;
    if (size == 0 && o->regular && fstat(o->fd, &st) == 0) {
        /* Another library writes it, and may have made it longer than it is. */
        uint64_t held = (uint64_t)st.st_blocks * 512;
        size = (uint64_t)st.st_size < held ? (uint64_t)st.st_size : held;
    }
    return size;
}

const char *grat__out_name(const grat_out *o)
{
    return o->shown;
}

const grat_writer_options *grat_out_options(const grat_out *o)
{
    return &o->options;
}

void grat__out_options_set(grat_out *o, const grat_writer_options *opt)
{
    o->options = *opt;
}

bool grat__out_seekable(const grat_out *o)
{
    return o->regular;
}

uint64_t grat__out_tell(const grat_out *o)
{
    return o->pos + o->len;
}

void grat__out_size_here(grat_out *o)
{
    o->end = o->pos + o->len;
}

void grat__out_reach(grat_out *o)
{
    uint64_t grown = o->end - o->reached_from, far = o->end + 3 * grown + REACH_LEAST;
    if (!o->regular || !o->options.growing) return;
    o->reached_from = o->end;
    if (o->reached >= o->end + 2 * grown + REACH_LEAST / 2) return;
    if (ftruncate(o->fd, (off_t)far) == 0) o->reached = far;
}

static void take_back(grat_out *o)
{
    if (o->reached > o->end && ftruncate(o->fd, (off_t)o->end) == 0) o->reached = 0;
}

grat_err grat__out_truncate(grat_out *o, grat_op *op)
{
    grat_err err = flush(o, op);
    if (!err && ftruncate(o->fd, (off_t)o->pos) != 0) err = fail_errno(op, o->shown, errno);
    o->end = o->pos;
    return err;
}

grat_err grat_out_seek(grat_out *o, uint64_t pos, grat_op *op)
{
    if (!o->regular)
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot complete this file on %s: its header is written last; "
                            "write it to a file", o->shown);
    grat_err err = flush(o, op);
    if (err) return err;
    if (lseek(o->fd, (off_t)pos, SEEK_SET) < 0) return o->failed = true, fail_errno(op, o->shown, errno);
    o->pos = pos;
    return GRAT_OK;
}

static int link_unnamed(const grat_out *o, const char *name)
{
    char self[64];
    snprintf(self, sizeof self, "/proc/self/fd/%d", o->fd);
    return linkat(AT_FDCWD, self, AT_FDCWD, name, AT_SYMLINK_FOLLOW);
}

static int give_temp_name(grat_out *o)
{
    char *name = temp_name(o->target);
    if (!name) return errno = ENOMEM, -1;
    if (link_unnamed(o, name) != 0) {
        int saved = errno;
        free(name);
        errno = saved;
        return -1;
    }
    o->temp = name;
    return 0;
}

const char *grat__out_path(grat_out *o, grat_op *op)
{
    if (!o->temp && give_temp_name(o) != 0) {
        fail_errno(op, o->shown, errno);
        return NULL;
    }
    return o->temp;
}

/* linkat cannot replace: an existing file is replaced by way of a temporary name. */
static int give_name(grat_out *o)
{
    if (!o->temp) {
        if (link_unnamed(o, o->target) == 0) return 0;
        if (errno != EEXIST || give_temp_name(o) != 0) return -1;
    }
    if (rename(o->temp, o->target) != 0) return -1;
    free(o->temp);
    o->temp = NULL;
    return 0;
}

static int open_dir(const char *target)
{
    size_t n = dir_length(target);
    char *name = n ? strndup(target, n) : strdup(".");
    int fd = name ? open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    free(name);
    return fd;
}

grat_err grat__out_show(grat_out *o, grat_op *op)
{
    grat_err err = flush(o, op);
    if (err) return err;
    o->good = o->pos;
    if (o->settle) grat__settle_ask(o->settle);
    if (!o->atomic) return GRAT_OK;
    if (give_name(o) != 0) return fail_errno(op, o->shown, errno);
    o->atomic = false;
    o->shown_early = true;
    o->settle = grat__settle_new(o->fd, open_dir(o->target));
    if (o->settle) grat__settle_ask(o->settle);
    o->ballast = open_unnamed(o->target);
    off_t size = BALLAST;
    while (o->ballast >= 0 && fallocate(o->ballast, 0, 0, size) != 0)
        if ((size /= 2) < BALLAST_LEAST) drop_ballast(o);
    return GRAT_OK;
}

grat_err grat__out_cut(grat_out *o, grat_op *op)
{
    if (!o->shown_early) return grat_op_fail(op, GRAT_EIO, "cannot write %s: it failed before", o->shown);
    uint64_t lost = o->behind ? grat__behind_unwritten(o->behind) : 0;
    grat__behind_free(o->behind);
    o->behind = NULL;
    o->alone = true;
    drop_ballast(o);
    if (!o->pos && !o->good) { /* another library writes it, and knows what is in it */
        o->failed = false;
        return GRAT_OK;
    }
    uint64_t safe = o->pos - lost < o->good ? o->good : o->pos - lost;
    if (ftruncate(o->fd, (off_t)safe) != 0 || lseek(o->fd, (off_t)safe, SEEK_SET) < 0)
        return fail_errno(op, o->shown, errno);
    o->len = 0;
    o->pos = o->end = safe;
    o->reached = 0;
    o->failed = false;
    return GRAT_OK;
}

grat_err grat__out_commit(grat_out *o, grat_op *op)
{
    grat_err err = flush(o, op);
    take_back(o);
    if (o->settle) grat__settle_ask(o->settle);
    /* Writing back late can report a full disk only here (NFS, quotas). */
    if (!err && o->own_fd && !o->atomic) {
        int fd = o->fd;
        o->fd = -1;
        if (close(fd) != 0 && errno != EINTR) err = fail_errno(op, o->shown, errno);
    }
    if (!err && o->atomic && give_name(o) != 0) err = fail_errno(op, o->shown, errno);
    if (err) {
        grat__out_abort(o);
        return err;
    }
    free_out(o);
    return GRAT_OK;
}

void grat__out_abort(grat_out *o)
{
    if (!o) return;
    if (o->temp) unlink(o->temp);
    free_out(o);
}

grat_err grat_save(const char *path, const void *data, size_t n, grat_op *op)
{
    grat_out *o;
    grat_err err = grat__out_file(path, op, &o);
    if (err) return err;
    err = grat_out_write(o, data, n, op);
    if (!err) return grat__out_commit(o, op);
    grat__out_abort(o);
    return err;
}
