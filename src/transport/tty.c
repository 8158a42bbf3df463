/* The kernel's own structures: glibc 2.36 cannot set any rate, and its header cannot be had beside these. */
#include "transport/tty.h"

#include "core/str.h"
#include "core/wait.h"

#include <asm/termbits.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/serial.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define CLOSE_DRAIN_MS 1000
#define STEP_MS 2            /* between looks at what the kernel gives no event for */
#define DSR_CHUNK 64         /* bytes between looks at DSR */
#define UNIX98_SLAVES "/dev/pts/"

static_assert(sizeof(struct termios2) <= sizeof((grat__tty *)0)->saved, "room for the saved settings");

void grat__tty_defaults(grat__tty_params *p)
{
    *p = (grat__tty_params){.baud = 9600, .data_bits = 8, .stop_bits = 10, .xon = 0x11, .xoff = 0x13};
}

/* ---- "115200,8N1,rts" --------------------------------------------------------------------------- */

static bool parse_frame(const char *s, grat__tty_params *p)
{
    static const char parities[] = "NOEMS";
    const char *parity = s[0] && s[1] ? strchr(parities, s[1] & ~0x20) : NULL;
    if (s[0] < '5' || s[0] > '8' || !parity || !*parity) return false;
    if (strcmp(s + 2, "1") == 0) p->stop_bits = 10;
    else if (strcmp(s + 2, "1.5") == 0) p->stop_bits = 15;
    else if (strcmp(s + 2, "2") == 0) p->stop_bits = 20;
    else return false;
    p->data_bits = (unsigned)(s[0] - '0');
    p->parity = (unsigned)(parity - parities);
    return true;
}

static bool parse_flow(const char *s, grat__tty_params *p)
{
    static const char *const names[] = {"xon", "rts", NULL, "dtr"};
    if (grat__strcaseeq(s, "none")) {
        p->flow = 0;
        return true;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (!names[i] || !grat__strcaseeq(s, names[i])) continue;
        p->flow |= i + 1;
        return true;
    }
    return false;
}

grat_err grat__tty_parse(const char *text, grat__tty_params *p, grat_op *op)
{
    grat__tty_params q = *p;
    for (const char *at = text; *at;) {
        char one[16];
        uint64_t baud;
        size_t n = strcspn(at, ",");
        snprintf(one, sizeof one, "%.*s", (int)(n < sizeof one ? n : sizeof one - 1), at);
        if (at == text && grat__parse_u64(one, &baud) && baud > 0 && baud <= UINT_MAX) q.baud = (unsigned)baud;
        else if (n >= sizeof one || (!parse_frame(one, &q) && !parse_flow(one, &q)))
            return grat_op_fail(op, GRAT_EPARSE, "serial parameters \"%.60s\": \"%s\" is not understood; write them as "
                                                 "115200,8N1 or 9600,7E2,rts (xon, rts, dtr)", text, one);
        at += n + (at[n] == ',');
    }
    *p = q;
    return GRAT_OK;
}

/* ---- settings ------------------------------------------------------------------------------------- */

static const struct rate {
    unsigned baud;
    tcflag_t code;
} rates[] = {
    {50, B50}, {75, B75}, {110, B110}, {134, B134}, {150, B150}, {200, B200}, {300, B300}, {600, B600}, {1200, B1200},
    {1800, B1800}, {2400, B2400}, {4800, B4800}, {9600, B9600}, {19200, B19200}, {38400, B38400}, {57600, B57600},
    {115200, B115200}, {230400, B230400}, {460800, B460800}, {500000, B500000}, {576000, B576000}, {921600, B921600},
    {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000}, {2000000, B2000000}, {2500000, B2500000},
    {3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
};

/* Named rates by their names, so that programs without BOTHER read them back too. */
static tcflag_t rate_code(unsigned baud)
{
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        if (rates[i].baud == baud) return rates[i].code;
    }
    return BOTHER;
}

static tcflag_t frame_flags(const grat__tty_params *p)
{
    static const tcflag_t size[] = {CS5, CS6, CS7, CS8};
    static const tcflag_t parity[] = {0, PARENB | PARODD, PARENB, PARENB | PARODD | CMSPAR, PARENB | CMSPAR};
    return size[p->data_bits - 5] | parity[p->parity] | (p->stop_bits == 10 ? 0 : CSTOPB) |
           (p->flow & 2 ? CRTSCTS : 0);
}

#define FRAME_MASK (CSIZE | PARENB | PARODD | CMSPAR | CSTOPB | CRTSCTS)

static void make_raw(struct termios2 *t, const grat__tty_params *p)
{
    t->c_iflag = (p->flow & 1 ? IXON | IXOFF : 0) | (p->mark ? INPCK | PARMRK : IGNBRK) |
                 (p->parity && !p->mark ? INPCK | IGNPAR : 0);
    t->c_oflag = 0;
    t->c_lflag = 0;
    t->c_cflag = CREAD | CLOCAL | (p->keep_lines ? 0 : HUPCL) | frame_flags(p) | rate_code(p->baud);
    t->c_cc[VMIN] = 1;       /* with 0 a read without data could not be told from a hang-up */
    t->c_cc[VTIME] = 0;
    t->c_cc[VSTART] = p->xon;
    t->c_cc[VSTOP] = p->xoff;
    t->c_ispeed = t->c_ospeed = p->baud;
}

static grat_err check_params(const grat__tty *t, const grat__tty_params *p, grat_op *op)
{
    if (p->baud < 1) return grat_op_fail(op, GRAT_ERANGE, "%s: a baud rate of 0 is none", t->path);
    if (p->data_bits < 5 || p->data_bits > 8)
        return grat_op_fail(op, GRAT_ERANGE, "%s: %u data bits; there are 5 to 8", t->path, p->data_bits);
    if (p->parity > 4) return grat_op_fail(op, GRAT_ERANGE, "%s: there are the parities 0 to 4", t->path);
    if (p->flow > 7) return grat_op_fail(op, GRAT_ERANGE, "%s: the flow control is a sum of 1, 2 and 4", t->path);
    bool half = p->stop_bits == 15;
    if ((p->stop_bits != 10 && p->stop_bits != 20 && !half) || (half && p->data_bits != 5))
        return grat_op_fail(op, GRAT_ERANGE, "%s: stop bits are 10 or 20 tenths; 15 with 5 data bits only", t->path);
    return GRAT_OK;
}

static void lost_what(const struct termios2 *want, const struct termios2 *got, const grat__tty_params *p, char out[120])
{
    static const char *const parities[] = {"no", "odd", "even", "mark", "space"};
    tcflag_t diff = want->c_cflag ^ got->c_cflag;
    double ratio = (double)got->c_ospeed / (double)p->baud;
    out[0] = '\0';
    /* A UART's divider gives near rates; 2 % is what a frame of ten bits bears. */
    if (ratio < 0.98 || ratio > 1.02) snprintf(out, 120, "%u baud (it took %u)", p->baud, got->c_ospeed);
    else if (diff & CSIZE) snprintf(out, 120, "%u data bits", p->data_bits);
    else if (diff & (PARENB | PARODD | CMSPAR)) snprintf(out, 120, "%s parity", parities[p->parity]);
    else if (diff & CSTOPB) snprintf(out, 120, "%s stop bits", p->stop_bits == 10 ? "1" : "2");
    else if (diff & CRTSCTS) snprintf(out, 120, "RTS/CTS flow control");
    else if ((want->c_iflag ^ got->c_iflag) & (IXON | IXOFF)) snprintf(out, 120, "XON/XOFF flow control");
    else if ((want->c_lflag ^ got->c_lflag) & (ICANON | ECHO)) snprintf(out, 120, "raw mode");
}

grat_err grat__tty_set(grat__tty *t, const grat__tty_params *p, grat_op *op)
{
    struct termios2 old, want, got;
    char what[120];
    grat_err e = check_params(t, p, op);
    if (e) return e;
    if (ioctl(t->fd, TCGETS2, &old) < 0)
        return grat_op_fail(op, errno == EIO ? GRAT_ELOST : GRAT_ENODEV, "%s: this is no serial port (%s)", t->path,
                            strerrordesc_np(errno));
    want = old;
    make_raw(&want, p);
    /* The return value says too little: what a driver cannot do it leaves out. */
    if (ioctl(t->fd, TCSETS2, &want) < 0 || ioctl(t->fd, TCGETS2, &got) < 0)
        return grat_op_fail(op, GRAT_EIO, "%s: cannot be set: %s", t->path, strerrordesc_np(errno));
    lost_what(&want, &got, p, what);
    if (what[0]) {
        ioctl(t->fd, TCSETS2, &old);
        return grat_op_fail(op, GRAT_ERANGE, "%s: the port does not take %s; choose other parameters or another port",
                            t->path, what);
    }
    t->params = *p;
    return GRAT_OK;
}

/* ---- open, close ----------------------------------------------------------------------------------- */

/* "/var/lock/LCK..ttyUSB0": ten characters of a process id, by minicom and others. */
static grat_err check_lock_file(const char *path, grat_op *op)
{
    static const char *const places[] = {"/var/lock/LCK..", "/run/lock/LCK.."};
    char real[PATH_MAX], file[PATH_MAX], text[32] = "";
    uint64_t pid = 0;
    if (!realpath(path, real) || strncmp(real, UNIX98_SLAVES, sizeof UNIX98_SLAVES - 1) == 0) return GRAT_OK;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        snprintf(file, sizeof file, "%s%.200s", places[i], strrchr(real, '/') + 1);
        int fd = open(file, O_RDONLY | O_CLOEXEC);
        if (fd < 0) continue;
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        if (n > 0) text[n] = '\0';
        text[strcspn(text, "\n")] = '\0';
        if (n <= 0 || !grat__parse_u64(text, &pid) || pid < 1 || pid > INT_MAX) continue;
        if ((pid_t)pid == getpid() || (kill((pid_t)pid, 0) < 0 && errno == ESRCH)) continue;
        return grat_op_fail(op, GRAT_EBUSY, "%s: in use by process %d, says %s; end that program", path, (int)pid,
                            file);
    }
    return GRAT_OK;
}

static grat_err cannot_open(const char *path, int err, grat_op *op)
{
    switch (err) {
    case ENOENT:
        return grat_op_fail(op, GRAT_ENODEV, "%s: no such serial port; is it plugged in?", path);
    case EACCES:
    case EPERM:
        return grat_op_fail(op, GRAT_EACCES, "%s: permission denied; join the group that may use serial ports "
                                             "(sudo usermod -aG dialout $USER) and log in again", path);
    case EBUSY:
        return grat_op_fail(op, GRAT_EBUSY, "%s: another program has it; end that program", path);
    case ENXIO:
    case ENODEV:
    case EIO:
        return grat_op_fail(op, GRAT_ENODEV, "%s: no device behind this port", path);
    default:
        return grat_op_fail(op, GRAT_EIO, "%s: cannot open: %s", path, strerrordesc_np(err));
    }
}

/* USB adapters hold the tail of an answer back for up to 16 ms unless told. */
static void low_latency(grat__tty *t, bool on)
{
    struct serial_struct s;
    if (ioctl(t->fd, TIOCGSERIAL, &s) < 0) return;
    bool had = s.flags & ASYNC_LOW_LATENCY;
    if (had == on) return;
    s.flags ^= (int)ASYNC_LOW_LATENCY;
    if (ioctl(t->fd, TIOCSSERIAL, &s) == 0) t->low_latency_set = on;
}

static grat_err take(grat__tty *t, grat_op *op)
{
    struct termios2 now;
    if (ioctl(t->fd, TCGETS2, &now) < 0)
        return errno == EIO ? cannot_open(t->path, EIO, op)
                            : grat_op_fail(op, GRAT_ENODEV, "%s: this is no serial port", t->path);
    if (flock(t->fd, LOCK_EX | LOCK_NB) < 0) return cannot_open(t->path, EBUSY, op);
    ioctl(t->fd, TIOCEXCL);
    memcpy(t->saved, &now, sizeof now);
    return GRAT_OK;
}

grat_err grat__tty_open(grat__tty *t, const char *path, const grat__tty_params *p, grat_op *op)
{
    *t = (grat__tty){.fd = -1};
    if (!grat__strcpy(t->path, sizeof t->path, path))
        return grat_op_fail(op, GRAT_EINVAL, "%.60s…: the name is too long", path);
    grat_err e = check_lock_file(path, op);
    if (e) return e;
    t->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0) return cannot_open(path, errno, op);
    if ((e = take(t, op))) {
        close(t->fd);
        t->fd = -1;
        return e;
    }
    if ((e = grat__tty_set(t, p, op))) {
        grat__tty_close(t);
        return e;
    }
    int lines = TIOCM_DTR | TIOCM_RTS;
    if (p->flow & 2) lines = TIOCM_DTR; /* RTS is the driver's then */
    if (!p->keep_lines) ioctl(t->fd, TIOCMBIS, &lines);
    low_latency(t, true);
    grat__tty_flush(t, true, true);
    return GRAT_OK;
}

void grat__tty_close(grat__tty *t)
{
    grat_op op;
    if (t->fd < 0) return;
    grat_op_init(&op, CLOSE_DRAIN_MS, NULL);
    /* The kernel's own close would wait up to 30 s for output that flow control holds. */
    if (grat__tty_drain(t, &op)) grat__tty_flush(t, false, true);
    if (t->low_latency_set) low_latency(t, false);
    struct termios2 old;
    memcpy(&old, t->saved, sizeof old);
    if (t->params.keep_lines) old.c_cflag &= ~(tcflag_t)HUPCL;
    ioctl(t->fd, TCSETS2, &old);
    ioctl(t->fd, TIOCNXCL);
    close(t->fd);
    t->fd = -1;
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

static grat_err gone(const grat__tty *t, grat_op *op)
{
    return grat_op_fail(op, GRAT_ELOST, "%s: the port has gone; was it unplugged?", t->path);
}

static grat_err failed(const grat__tty *t, int err, grat_op *op)
{
    if (err == EIO || err == ENXIO || err == ENODEV || err == EPIPE || err == EBADF) return gone(t, op);
    return grat_op_fail(op, GRAT_EIO, "%s: %s", t->path, strerrordesc_np(err));
}

static grat_err wait_dsr(grat__tty *t, grat_op *op)
{
    while (grat__tty_line(t, GRAT__TTY_DSR) == 0) {
        grat_err e = grat_op_sleep_until(op, grat_now_ns() + STEP_MS * NS_PER_MS);
        if (e) return e;
    }
    return GRAT_OK;
}

grat_err grat__tty_write(grat__tty *t, const void *data, size_t n, grat_op *op)
{
    const char *p = data;
    bool dsr = t->params.flow & 4;
    op->count = 0;
    if (t->fd < 0) return gone(t, op);
    while (op->count < n) {
        grat_err e = dsr ? wait_dsr(t, op) : grat_op_check(op);
        if (e) return e;
        size_t most = n - op->count;
        if (dsr && most > DSR_CHUNK) most = DSR_CHUNK;
        ssize_t r = write(t->fd, p + op->count, most);
        if (r > 0) {
            op->count += (size_t)r;
            grat__op_moved(op);
            if (dsr && (e = grat__tty_drain(t, op))) return e;
            continue;
        }
        if (r < 0 && errno != EAGAIN && errno != EINTR) return failed(t, errno, op);
        if ((e = grat__op_wait(op, t->fd, POLLOUT))) return e;
    }
    return GRAT_OK;
}

grat_err grat__tty_read(grat__tty *t, void *buf, size_t cap, grat_op *op)
{
    op->count = 0;
    if (t->fd < 0) return gone(t, op);
    for (;;) {
        grat_err e = grat_op_check(op);
        if (e) return e;
        ssize_t r = read(t->fd, buf, cap);
        if (r > 0) {
            op->count = (size_t)r;
            grat__op_moved(op);
            return GRAT_OK;
        }
        if (r == 0) return gone(t, op);
        if (errno != EAGAIN && errno != EINTR) return failed(t, errno, op);
        if ((e = grat__op_wait(op, t->fd, POLLIN))) return e;
    }
}

size_t grat__tty_read_now(grat__tty *t, void *buf, size_t cap)
{
    ssize_t r = t->fd < 0 ? 0 : read(t->fd, buf, cap);
    return r > 0 ? (size_t)r : 0;
}

grat_err grat__tty_drain(grat__tty *t, grat_op *op)
{
    for (int before = INT_MAX;;) {
        int left = 0;
        if (t->fd < 0 || ioctl(t->fd, TIOCOUTQ, &left) < 0) return failed(t, t->fd < 0 ? EBADF : errno, op);
        if (left == 0) return GRAT_OK;
        if (left < before) grat__op_moved(op);
        before = left;
        grat_err e = grat_op_sleep_until(op, grat_now_ns() + STEP_MS * NS_PER_MS);
        if (e) return e;
    }
}

void grat__tty_flush(grat__tty *t, bool input, bool output)
{
    int what = input && output ? TCIOFLUSH : input ? TCIFLUSH : TCOFLUSH;
    if (t->fd >= 0 && (input || output)) ioctl(t->fd, TCFLSH, what);
}

size_t grat__tty_available(const grat__tty *t)
{
    int n = 0;
    if (t->fd < 0 || ioctl(t->fd, FIONREAD, &n) < 0 || n < 0) return 0;
    return (size_t)n;
}

grat__tty_errors grat__tty_count_errors(const grat__tty *t)
{
    struct serial_icounter_struct c = {0};
    if (t->fd < 0 || ioctl(t->fd, TIOCGICOUNT, &c) < 0) return (grat__tty_errors){0};
    return (grat__tty_errors){.parity = c.parity, .framing = c.frame, .overrun = c.overrun + c.buf_overrun};
}

size_t grat__tty_unsent(const grat__tty *t)
{
    int n = 0;
    if (t->fd < 0 || ioctl(t->fd, TIOCOUTQ, &n) < 0 || n < 0) return 0;
    return (size_t)n;
}

/* ---- lines ------------------------------------------------------------------------------------------ */

static int line_bit(enum grat__tty_line line)
{
    static const int bits[] = {0, TIOCM_DTR, TIOCM_RTS, TIOCM_CTS, TIOCM_DSR, TIOCM_CD, TIOCM_RI};
    return bits[line];
}

int grat__tty_line(const grat__tty *t, enum grat__tty_line line)
{
    int lines;
    if (t->fd < 0 || ioctl(t->fd, TIOCMGET, &lines) < 0) return -1;
    return (lines & line_bit(line)) != 0;
}

grat_err grat__tty_line_set(grat__tty *t, enum grat__tty_line line, bool on, grat_op *op)
{
    int bit = line_bit(line);
    if (t->fd < 0) return gone(t, op);
    if (ioctl(t->fd, on ? TIOCMBIS : TIOCMBIC, &bit) == 0) return GRAT_OK;
    if (errno == ENOTTY || errno == EINVAL || errno == EOPNOTSUPP)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: this port has no modem lines", t->path);
    return failed(t, errno, op);
}

grat_err grat__tty_break(grat__tty *t, bool on, grat_op *op)
{
    if (t->fd < 0) return gone(t, op);
    if (ioctl(t->fd, on ? TIOCSBRK : TIOCCBRK) == 0) return GRAT_OK;
    if (errno == ENOTTY || errno == EINVAL || errno == EOPNOTSUPP)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: this port cannot send a break", t->path);
    return failed(t, errno, op);
}

grat_err grat__tty_send_break(grat__tty *t, unsigned ms, grat_op *op)
{
    grat_op quiet;
    grat_err e = grat__tty_drain(t, op);
    if (!e) e = grat__tty_break(t, true, op);
    if (e) return e;
    e = grat_op_sleep_until(op, grat_now_ns() + (int64_t)ms * NS_PER_MS);
    grat_op_init(&quiet, 0, NULL);
    grat__tty_break(t, false, &quiet);
    return e;
}

grat_err grat__tty_transmit(grat__tty *t, bool allow, grat_op *op)
{
    if (t->fd < 0) return gone(t, op);
    return ioctl(t->fd, TCXONC, allow ? TCOON : TCOOFF) == 0 ? GRAT_OK : failed(t, errno, op);
}
