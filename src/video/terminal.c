/* The terminal as a screen. A small process of our own waits beside it and puts the terminal back however this one
 * ends, also when it is killed. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/str.h"
#include "core/wait.h"
#include "video/sink.h"
#include "video/term.h"

enum { ASK_MS = 1000, CELL_WIDTH = 8, CELL_HEIGHT = 16, MAX_CELLS = 1000 };
/* Ends what was cut in the middle, then: images away, colours as they were, cursor on, the screen from before. */
#define ENTER "\033[?1049h\033[?25l\033[2J"
#define LEAVE "\033\\\033_Ga=d,q=2\033\\\033[0m\033[?25h\033[?1049l"
static const size_t most = 64u << 20;

typedef struct screen {
    int fd;
    struct termios saved;
    pid_t guardian;
    int leash;                 /* the guardian sees its end; -1 = none */
    bool changed;              /* it is to be put back */
    grat__term_kind kind;
    bool truecolor;
    unsigned columns, rows, width, height;   /* of the picture, in cells and in pixels */
    uint8_t *rgb, *before;
    bool shown;                /* `before` is on the screen */
    grat__buf out;
} screen;

/* ---- putting it back ------------------------------------------------------------------------------------ */

/* Only what a signal handler may call: the process that was copied has threads. All signals are blocked. */
static void guard(int fd, int leash, const struct termios *saved)
{
    char byte;
    ssize_t n;
    for (int i = 0; i < 3; i++)
        if (i != fd && i != leash) close(i);
    int low = fd < leash ? fd : leash, high = fd < leash ? leash : fd;
    if (low > 3) close_range(3, (unsigned)low - 1, 0);
    if (high > low + 1) close_range((unsigned)low + 1, (unsigned)high - 1, 0);
    close_range((unsigned)high + 1, ~0u, 0);
    do n = read(leash, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
        (void)!write(fd, LEAVE, sizeof LEAVE - 1);
        tcsetattr(fd, TCSANOW, saved);
    }
    _exit(0);
}

static void post_guardian(screen *s)
{
    int ends[2];
    sigset_t all, before;
    if (pipe2(ends, O_CLOEXEC) < 0) return;
    /* From its first moment: the end of this process may send it a hang-up. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    s->guardian = fork();
    if (s->guardian == 0) {
        close(ends[1]);
        guard(s->fd, ends[0], &s->saved);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[0]);
    s->leash = ends[1];
    if (s->guardian > 0) return;
    close(s->leash);
    s->leash = -1;
}

static void dismiss_guardian(screen *s)
{
    if (s->leash < 0) return;
    (void)!write(s->leash, "x", 1);
    close(s->leash);
    while (waitpid(s->guardian, NULL, 0) < 0 && errno == EINTR) continue;
}

/* ---- talking to it ---------------------------------------------------------------------------------------- */

static grat_err put(screen *s, const void *data, size_t n, grat_op *op)
{
    const uint8_t *at = data;
    while (n) {
        ssize_t done = write(s->fd, at, n);
        if (done > 0) {
            at += done;
            n -= (size_t)done;
        } else if (done < 0 && errno != EAGAIN && errno != EINTR) {
            return grat_op_fail(op, GRAT_EIO, "the terminal cannot be written: %s", strerror(errno));
        } else {
            grat_err e = grat__op_wait(op, s->fd, POLLOUT);
            if (e) return e;
        }
    }
    return GRAT_OK;
}

/* One that does not answer shows text. */
static grat_err ask(screen *s, grat_op *op)
{
    char answer[512];
    size_t n = 0;
    grat_op own;
    s->kind = GRAT__TERM_BLOCKS;
    grat__op_child(&own, op, ASK_MS);
    grat_err e = put(s, GRAT__TERM_QUESTION, sizeof GRAT__TERM_QUESTION - 1, &own);
    while (!e && n < sizeof answer && !grat__term_judge(answer, n, &s->kind)) {
        e = grat__op_wait(&own, s->fd, POLLIN);
        ssize_t got = e ? 0 : read(s->fd, answer + n, sizeof answer - n);
        if (got > 0) n += (size_t)got;
        else if (!e && (got == 0 || (errno != EAGAIN && errno != EINTR))) break;
    }
    return grat_op_check(op);
}

static grat_err prepare(screen *s, grat_op *op)
{
    s->fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (s->fd < 0 || tcgetattr(s->fd, &s->saved) < 0)
        return grat_op_fail(op, GRAT_ENOTSUP, "--terminal: there is no terminal; use --mjpeg, or --y4m - for a player");
    const char *can = getenv("COLORTERM");
    s->truecolor = can && (strcmp(can, "truecolor") == 0 || strcmp(can, "24bit") == 0);
    post_guardian(s);
    struct termios raw = s->saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    raw.c_cc[VSUSP] = _POSIX_VDISABLE;
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    if (tcsetattr(s->fd, TCSANOW, &raw) < 0)
        return grat_op_fail(op, GRAT_EIO, "--terminal: it cannot be set: %s", strerror(errno));
    s->changed = true;
    return GRAT_OK;
}

/* ---- frames -------------------------------------------------------------------------------------------------- */

/* The largest picture of the frame's proportions that the window holds; true when it is another than before. */
static bool measure(screen *s, const grat__yuv *f)
{
    struct winsize w = {0};
    if (ioctl(s->fd, TIOCGWINSZ, &w) < 0 || !w.ws_col || w.ws_row < 2) w.ws_col = 80, w.ws_row = 24;
    unsigned columns = w.ws_col < MAX_CELLS ? w.ws_col : MAX_CELLS, rows = w.ws_row - 1u;
    if (rows > MAX_CELLS) rows = MAX_CELLS;
    unsigned cell_w = w.ws_xpixel ? w.ws_xpixel / w.ws_col : CELL_WIDTH;
    unsigned cell_h = w.ws_ypixel ? w.ws_ypixel / w.ws_row : CELL_HEIGHT;
    if (!cell_w || !cell_h || s->kind == GRAT__TERM_BLOCKS) cell_w = 1, cell_h = 2;
    unsigned width = columns * cell_w, height = rows * cell_h;
    if ((uint64_t)width * f->height > (uint64_t)height * f->width)
        width = (unsigned)((uint64_t)height * f->width / f->height);
    else
        height = (unsigned)((uint64_t)width * f->height / f->width);
    if (s->kind != GRAT__TERM_BLOCKS && width > f->width) width = f->width, height = f->height;
    if (width < 2) width = 2;
    height = height < 2 ? 2 : height & ~1u;
    bool other = width != s->width || height != s->height || columns != s->columns || rows != s->rows;
    s->width = width;
    s->height = height;
    s->columns = columns;
    s->rows = rows;
    return other;
}

static grat_err resize(screen *s, grat_op *op)
{
    size_t n = (size_t)s->width * s->height * 3;
    free(s->rgb);
    free(s->before);
    s->rgb = malloc(n);
    s->before = malloc(n);
    s->shown = false;
    if (!s->rgb || !s->before) return grat_op_fail(op, GRAT_ENOMEM, "--terminal: out of memory");
    return put(s, "\033[2J", 4, op);
}

static grat_err terminal_frame(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    screen *s = sink;
    char waste[256];
    (void)tick;
    while (read(s->fd, waste, sizeof waste) > 0) continue;   /* keys */
    grat_err e = measure(s, f) ? resize(s, op) : GRAT_OK;
    if (e) return e;
    size_t n = (size_t)s->width * s->height * 3;
    grat__term_scale(f, s->width, s->height, s->rgb);
    if (s->shown && memcmp(s->rgb, s->before, n) == 0) return GRAT_OK;
    grat__term_rgb p = {s->width, s->height, s->rgb};
    s->out.len = 0;
    e = grat__buf_puts(&s->out, "\033[H");
    const uint8_t *before = s->shown ? s->before : NULL;
    if (!e && s->kind == GRAT__TERM_BLOCKS) e = grat__term_blocks(&s->out, &p, before, s->truecolor);
    if (!e && s->kind == GRAT__TERM_SIXEL) e = grat__term_sixel(&s->out, &p);
    if (!e && s->kind == GRAT__TERM_KITTY) e = grat__term_kitty(&s->out, &p, s->columns, s->rows);
    if (e) return grat_op_fail(op, e, "--terminal: no memory for a picture");
    e = put(s, s->out.data, s->out.len, op);
    uint8_t *old = s->before;
    s->before = s->rgb;
    s->rgb = old;
    s->shown = !e;
    return e;
}

static grat_err terminal_close(void *sink, grat_op *op)
{
    screen *s = sink;
    if (s->changed) {
        put(s, LEAVE, sizeof LEAVE - 1, op);
        tcsetattr(s->fd, TCSAFLUSH, &s->saved);
    }
    dismiss_guardian(s);
    if (s->fd >= 0) close(s->fd);
    grat__buf_free(&s->out);
    free(s->rgb);
    free(s->before);
    free(s);
    return GRAT_OK;
}

static grat_err terminal_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    static const char *const names[] = {"", "blocks", "kitty", "sixel"};
    screen *s = calloc(1, sizeof *s);
    (void)shape;
    if (!s) return grat_op_fail(op, GRAT_ENOMEM, "--terminal: out of memory");
    s->leash = -1;
    grat__buf_init(&s->out, most);
    for (unsigned i = 1; i < 4; i++)
        if (strcmp(to->target, names[i]) == 0) s->kind = (grat__term_kind)i;
    grat_err e = GRAT_OK;
    if (!s->kind && strcmp(to->target, "auto") != 0)
        e = grat_op_fail(op, GRAT_EINVAL, "--terminal %s: auto, kitty, sixel or blocks", to->target);
    s->fd = -1;
    if (!e) e = prepare(s, op);
    if (!e && !s->kind) e = ask(s, op);
    if (!e) e = put(s, ENTER, sizeof ENTER - 1, op);
    if (!e) {
        *out = s;
        return GRAT_OK;
    }
    grat_op closing;
    grat_op_init(&closing, ASK_MS, NULL);
    terminal_close(s, &closing);
    return e;
}

const grat__video_kind grat__video_terminal = {.name = "terminal", .waits = true, .open = terminal_open,
                                               .frame = terminal_frame, .close = terminal_close};
