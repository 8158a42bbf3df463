/* The kernel's usbtmc driver (Linux 4.20 and later), used for its raw bulk transfers and control requests only:
 * headers, tags and aborts are our own, as the driver's abort the wrong tag and its CLEAR leaves bulk-IN halted. */
#include "transport/usbtmc/pipe.h"

#include "core/offload.h"
#include "core/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <linux/types.h>
#include <linux/usb/tmc.h>

#define URB 4096                     /* the driver's own transfers */
#define FLIGHT (16 * URB)            /* it has 16 of them under way */
#define STB_MS 500
#define SRQ_SLICE_MS 200
#define CONTROL_MAX 4096

typedef struct kernel {
    grat__usb_pipe base;
    int fd, srq_fd;
    bool reading;                    /* transfers are under way, or finished and not yet taken */
    uint8_t buf[FLIGHT];
} kernel;

static grat_err failed(kernel *k, int err, const char *what, grat_op *op)
{
    const char *node = k->base.dev->node;
    k->base.stalled = err == EPIPE;
    if (err == ENODEV || err == ESHUTDOWN || err == ENOENT) {
        k->base.lost = true;
        return grat_op_fail(op, GRAT_ELOST, "%s: unplugged; connect the instrument again", node);
    }
    if (err == EACCES || err == EPERM) return grat_op_fail(op, GRAT_EACCES, "%.300s", k->base.dev->why);
    if (err == EPIPE) return grat_op_fail(op, GRAT_EIO, "%s: %s: the instrument refuses (stall)", node, what);
    return grat_op_fail(op, GRAT_EIO, "%s: %s: %s", node, what, strerror(err));
}

static grat_err kernel_open(void *p, grat_op *op)
{
    kernel *k = p;
    uint32_t version = 0, ms = STB_MS;
    k->srq_fd = -1;
    k->fd = open(k->base.dev->node, O_RDWR | O_CLOEXEC);
    if (k->fd < 0) return failed(k, errno, "open", op);
    if (ioctl(k->fd, USBTMC_IOCTL_API_VERSION, &version) < 0 || ioctl(k->fd, USBTMC_IOCTL_SET_TIMEOUT, &ms) < 0) {
        close(k->fd);
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the kernel's usbtmc driver is older than Linux 4.20; set "
                            "GRATICULE_USB=libusb", k->base.dev->node);
    }
    return GRAT_OK;
}

static bool kernel_in_stop(void *p, grat__usb_piece *rest)
{
    kernel *k = p;
    (void)rest;
    if (k->reading) ioctl(k->fd, USBTMC_IOCTL_CANCEL_IO);
    ioctl(k->fd, USBTMC_IOCTL_CLEANUP_IO);
    k->reading = false;
    return false;
}

static void kernel_close(void *p)
{
    kernel *k = p;
    if (k->fd >= 0) close(k->fd);
    if (k->srq_fd >= 0) close(k->srq_fd);
    k->fd = k->srq_fd = -1;
}

/* ---- bulk ------------------------------------------------------------------------------------- */

static grat_err out_failed(kernel *k, grat_err e)
{
    ioctl(k->fd, USBTMC_IOCTL_CANCEL_IO);
    ioctl(k->fd, USBTMC_IOCTL_CLEANUP_IO);
    return e;
}

static grat_err kernel_out(void *p, const void *data, size_t n, grat_op *op)
{
    kernel *k = p;
    const uint8_t *bytes = data;
    uint32_t done = 0;
    grat_err e;
    for (bool append = false; op->count < n; append = true) {
        void *at = NULL;
        const uint8_t *from = bytes + op->count;
        memcpy(&at, &from, sizeof at);          /* the driver's structure has no const */
        struct usbtmc_message m = {.transfer_size = (uint32_t)(n - op->count), .message = at,
                                   .flags = USBTMC_FLAG_ASYNC | (append ? USBTMC_FLAG_APPEND : 0)};
        int r = ioctl(k->fd, USBTMC_IOCTL_WRITE, &m);
        if (r < 0 && errno != EAGAIN) return out_failed(k, failed(k, errno, "write", op));
        op->count += m.transferred;
        if (m.transferred) grat__op_moved(op);
        if ((e = grat__op_wait(op, k->fd, POLLOUT))) return out_failed(k, e);
    }
    if (ioctl(k->fd, USBTMC_IOCTL_WRITE_RESULT, &done) < 0) return out_failed(k, failed(k, errno, "write", op));
    return GRAT_OK;
}

/* Straight into the caller's memory, all of it, where that has room for many of the driver's transfers. */
static grat_err kernel_in(void *p, size_t more, bool exact, grat__usb_piece *out, grat_op *op)
{
    kernel *k = p;
    bool direct = k->base.into && k->base.room >= FLIGHT;
    size_t most = direct ? k->base.room / URB * URB : FLIGHT, want = (more + URB - 1) / URB * URB;
    uint8_t *at = direct ? k->base.into : k->buf;
    (void)exact;
    if (want > most) want = most;
    *out = (grat__usb_piece){.data = at};
    for (;;) {
        struct usbtmc_message m = {.transfer_size = (uint32_t)(want - out->n), .flags = USBTMC_FLAG_ASYNC,
                                   .message = at + out->n};
        size_t flight = want - out->n < FLIGHT ? want - out->n : FLIGHT;
        int r = ioctl(k->fd, USBTMC_IOCTL_READ, &m), err = errno;
        k->reading = true;
        out->n += m.transferred;
        out->full = r <= 0;
        if (r < 0 && err != EAGAIN) {
            kernel_in_stop(k, NULL);
            return failed(k, err, "read", op);
        }
        if (r > 0 || out->n == want || (out->n && !direct)) return GRAT_OK;
        if (m.transferred) grat__op_moved(op);
        /* What was taken is put under way again by the next call: at once, when little is left there. */
        if (m.transferred && flight - m.transferred <= FLIGHT / 2) continue;
        grat_err e = grat__op_wait(op, k->fd, POLLIN);
        if (e && !out->n) return e;
        if (e) return op->err = GRAT_OK, op->text[0] = '\0', GRAT_OK;     /* what has come; the next call ends so too */
    }
}

static grat_err kernel_clear_halt(void *p, uint8_t endpoint, grat_op *op)
{
    kernel *k = p;
    unsigned long request = endpoint & 0x80 ? USBTMC_IOCTL_CLEAR_IN_HALT : USBTMC_IOCTL_CLEAR_OUT_HALT;
    return ioctl(k->fd, request) < 0 ? failed(k, errno, "clear halt", op) : GRAT_OK;
}

/* ---- calls of the driver that block ------------------------------------------------------------ */

typedef struct call {
    int fd, result, err;             /* a descriptor of its own: the caller may have left */
    unsigned long request;
    struct usbtmc_ctrlrequest control;
    uint8_t byte;
    uint8_t data[CONTROL_MAX];
} call;

static void run(void *arg)
{
    call *c = arg;
    c->result = ioctl(c->fd, c->request, c->request == USBTMC_IOCTL_CTRL_REQUEST ? (void *)&c->control
                                                                                 : (void *)&c->byte);
    c->err = errno;
}

static void drop(void *arg)
{
    call *c = arg;
    close(c->fd);
    free(c);
}

static call *call_new(const kernel *k, unsigned long request, grat_op *op)
{
    call *c = calloc(1, sizeof *c);
    if (c && (c->fd = fcntl(k->fd, F_DUPFD_CLOEXEC, 0)) < 0) {
        free(c);
        c = NULL;
    }
    if (c) c->request = request;
    else grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory or descriptors", k->base.dev->node);
    return c;
}

/* GRAT_OK: the call has returned, whatever it said, and is the caller's. */
static grat_err call_finish(call *c, grat_op *op)
{
    grat_err e = grat__offload(op, run, c, drop);
    if (e && e != GRAT_ETIMEOUT && e != GRAT_ECANCELED) drop(c);
    return e;
}

static grat_err kernel_control(void *p, const grat_usb_control_args *a, grat_op *op)
{
    kernel *k = p;
    if (a->length > CONTROL_MAX)
        return grat_op_fail(op, GRAT_ETOOBIG, "%s: a control request carries at most %d bytes here", k->base.dev->node,
                            CONTROL_MAX);
    call *c = call_new(k, USBTMC_IOCTL_CTRL_REQUEST, op);
    if (!c) return op->err;
    c->control.req = (struct usbtmc_request){.bRequestType = a->type, .bRequest = a->request, .wValue = a->value,
                                             .wIndex = a->index, .wLength = a->length};
    c->control.data = a->length ? c->data : NULL;
    if (!(a->type & 0x80) && a->length) memcpy(c->data, a->data, a->length);
    grat_err e = call_finish(c, op);
    if (e) return e;
    if (c->result < 0) {
        e = failed(k, c->err, "control request", op);
    } else {
        op->count = (size_t)c->result < a->length ? (size_t)c->result : a->length;
        if (a->type & 0x80 && op->count) memcpy(a->data, c->data, op->count);
    }
    drop(c);
    return e;
}

static grat_err kernel_stb(void *p, uint8_t *stb, grat_op *op)
{
    kernel *k = p;
    call *c = call_new(k, USBTMC488_IOCTL_READ_STB, op);
    if (!c) return op->err;
    grat_err e = call_finish(c, op);
    if (e) return e;
    if (c->result < 0 && c->err == ETIMEDOUT)
        e = grat_op_fail(op, GRAT_EIO, "%s: the status byte did not come", k->base.dev->node);
    else if (c->result < 0) e = failed(k, c->err, "status byte", op);
    else *stb = c->byte;
    drop(c);
    return e;
}

/* ---- service requests: on a descriptor of their own, as reading the status byte forgets them ------ */

static grat_err kernel_srq_enable(void *p, bool on, grat_op *op)
{
    kernel *k = p;
    if (k->srq_fd >= 0) close(k->srq_fd);
    k->srq_fd = -1;
    if (!on) return GRAT_OK;
    k->srq_fd = open(k->base.dev->node, O_RDWR | O_CLOEXEC);
    return k->srq_fd < 0 ? failed(k, errno, "open", op) : GRAT_OK;
}

static grat_err kernel_srq_wait(void *p, grat_op *op)
{
    kernel *k = p;
    uint8_t stb;
    while (!atomic_load(&k->base.srq_off)) {
        grat_op slice;
        grat__op_child(&slice, op, SRQ_SLICE_MS);
        grat_err e = grat__op_wait(&slice, k->srq_fd, POLLPRI);
        if (e == GRAT_ETIMEOUT && !grat_op_check(op)) continue;
        if (e) return grat__op_adopt(op, &slice);
        if (ioctl(k->srq_fd, USBTMC_IOCTL_GET_SRQ_STB, &stb) >= 0) return GRAT_OK;
        if (errno != ENOMSG) return failed(k, errno, "service request", op);
    }
    return grat_op_fail(op, GRAT_ELOST, "%s: the connection was made anew", k->base.dev->node);
}

static void kernel_srq_stop(void *p)
{
    (void)p;                         /* srq_off is seen at the next slice */
}

static bool kernel_srq_seen(void *p, uint8_t *stb)
{
    (void)p, (void)stb;
    return false;                    /* the driver sets RQS in its status byte by itself */
}

const grat__usb_pipe_ops grat__usb_kernel = {
    .name = "kernel",
    .priv_size = sizeof(kernel),
    .first = URB,
    .open = kernel_open,
    .close = kernel_close,
    .out = kernel_out,
    .in = kernel_in,
    .in_stop = kernel_in_stop,
    .control = kernel_control,
    .clear_halt = kernel_clear_halt,
    .stb = kernel_stb,
    .srq_seen = kernel_srq_seen,
    .srq_enable = kernel_srq_enable,
    .srq_wait = kernel_srq_wait,
    .srq_stop = kernel_srq_stop,
};
