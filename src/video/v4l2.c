/* A video output of Linux, v4l2loopback above all (0.12.7 and later; docs/reference/video.md): mmap streaming, since a
 * device that was written with write() cannot be used again under exclusive_caps=1, and write() where there is none. */
#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/str.h"
#include "core/wait.h"
#include "video/sink.h"

/* Not more: a reader that asks for fewer changes the writer's count, and then has old frames after new ones. */
enum { BUFFERS = 2 };

typedef struct device {
    char path[200];
    int fd;
    bool streaming;
    unsigned buffers, used;       /* `used` of them have been queued once */
    unsigned last;                /* queued last */
    bool yuyv;                    /* else YU12 */
    size_t size;                  /* of a frame */
    uint8_t *packed;              /* for write(), when yuyv */
    void *map[BUFFERS];
    size_t length[BUFFERS];
} device;

static int control(int fd, unsigned long request, void *arg)
{
    int r;
    do r = ioctl(fd, request, arg);
    while (r < 0 && errno == EINTR);
    return r;
}

static grat_err open_node(device *d, grat_op *op)
{
    d->fd = open(d->path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (d->fd >= 0) return GRAT_OK;
    if (errno == ENOENT)
        return grat_op_fail(op, GRAT_ENODEV, "%s: it does not exist; modprobe v4l2loopback exclusive_caps=1", d->path);
    if (errno == EACCES)
        return grat_op_fail(op, GRAT_EACCES, "%s: no permission; join the group video", d->path);
    return grat_op_fail(op, GRAT_EIO, "%s: cannot be opened: %s", d->path, strerror(errno));
}

static grat_err capabilities(device *d, bool *loopback, uint32_t *caps, grat_op *op)
{
    struct v4l2_capability cap = {0};
    if (control(d->fd, VIDIOC_QUERYCAP, &cap) < 0)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: no video device", d->path);
    *loopback = strncmp((const char *)cap.driver, "v4l2 loopback", sizeof cap.driver) == 0;
    *caps = cap.capabilities & V4L2_CAP_DEVICE_CAPS ? cap.device_caps : cap.capabilities;
    return GRAT_OK;
}

/* Under exclusive_caps=1 a writer that used write() leaves 0.12.7 with neither capability: an attempt to stream that
 * fails, and a close, cure it. */
static grat_err open_output(device *d, grat_op *op)
{
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    bool loopback = false;
    uint32_t caps = 0;
    grat_err e = open_node(d, op);
    if (!e) e = capabilities(d, &loopback, &caps, op);
    if (e) return e;
    if (loopback && !(caps & (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_VIDEO_CAPTURE))) {
        control(d->fd, VIDIOC_STREAMON, &type);
        close(d->fd);
        e = open_node(d, op);
        if (!e) e = capabilities(d, &loopback, &caps, op);
        if (e) return e;
    }
    if (caps & V4L2_CAP_VIDEO_OUTPUT) return GRAT_OK;
    if (loopback) return grat_op_fail(op, GRAT_EBUSY, "%s: another program writes to it; end that one", d->path);
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: a camera, no output; name a device of v4l2loopback", d->path);
}

static grat_err set_format(device *d, const grat__video_shape *shape, grat_op *op)
{
    uint32_t code = d->yuyv ? V4L2_PIX_FMT_YUYV : V4L2_PIX_FMT_YUV420, line = shape->width * (d->yuyv ? 2 : 1);
    struct v4l2_format f = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    f.fmt.pix = (struct v4l2_pix_format){.width = shape->width, .height = shape->height,
                                         .pixelformat = code, .field = V4L2_FIELD_NONE,
                                         .bytesperline = line, .sizeimage = (uint32_t)d->size,
                                         .colorspace = V4L2_COLORSPACE_SMPTE170M};
    if (control(d->fd, VIDIOC_S_FMT, &f) < 0)
        return grat_op_fail(op, GRAT_EBUSY, "%s: it does not take %ux%u: %s; another program may be writing to it",
                            d->path, shape->width, shape->height, strerror(errno));
    const struct v4l2_pix_format *got = &f.fmt.pix;
    if (got->pixelformat != code || got->width != shape->width || got->height != shape->height)
        return grat_op_fail(op, GRAT_EBUSY, "%s: it keeps another format, %ux%u; close the programs that use it",
                            d->path, got->width, got->height);
    if (got->sizeimage < d->size || (got->bytesperline && got->bytesperline != line))
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: rows of %u bytes in %u are not supported", d->path,
                            got->bytesperline, got->sizeimage);
    struct v4l2_streamparm p = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    p.parm.output.timeperframe = (struct v4l2_fract){.numerator = shape->rate_den, .denominator = shape->rate_num};
    control(d->fd, VIDIOC_S_PARM, &p);
    return GRAT_OK;
}

/* False where the device has no mapped buffers. */
static bool map_buffers(device *d)
{
    struct v4l2_requestbuffers q = {.count = BUFFERS, .type = V4L2_BUF_TYPE_VIDEO_OUTPUT, .memory = V4L2_MEMORY_MMAP};
    if (control(d->fd, VIDIOC_REQBUFS, &q) < 0 || !q.count) return false;
    unsigned want = q.count < BUFFERS ? q.count : BUFFERS;
    for (unsigned i = 0; i < want; i++) {
        struct v4l2_buffer b = {.index = i, .type = q.type, .memory = q.memory};
        if (control(d->fd, VIDIOC_QUERYBUF, &b) < 0 || b.length < d->size) return false;
        void *at = mmap(NULL, b.length, PROT_READ | PROT_WRITE, MAP_SHARED, d->fd, b.m.offset);
        if (at == MAP_FAILED) return false;
        d->map[i] = at;
        d->length[i] = b.length;
        d->buffers = i + 1;
    }
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    return control(d->fd, VIDIOC_STREAMON, &type) == 0;
}

static void release(device *d)
{
    int type = V4L2_BUF_TYPE_VIDEO_OUTPUT;
    if (d->fd >= 0) control(d->fd, d->streaming ? VIDIOC_STREAMOFF : VIDIOC_STREAMON, &type);
    for (unsigned i = 0; i < d->buffers; i++) munmap(d->map[i], d->length[i]);
    if (d->fd >= 0) close(d->fd);
    free(d->packed);
    free(d);
}

static grat_err v4l2_open(const grat_live_out *to, const grat__video_shape *shape, grat_op *op, void **out)
{
    device *d = calloc(1, sizeof *d);
    if (!d) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", to->target);
    grat__strcpy(d->path, sizeof d->path, to->target);
    d->fd = -1;
    d->yuyv = to->yuyv;
    d->size = (size_t)shape->width * shape->height * (d->yuyv ? 4 : 3) / 2;
    grat_err e = open_output(d, op);
    if (!e) e = set_format(d, shape, op);
    if (e) {
        if (d->fd >= 0) close(d->fd);
        free(d);
        return e;
    }
    d->streaming = map_buffers(d);
    *out = d;
    return GRAT_OK;
}

static grat_err broken(device *d, grat_op *op)
{
    return grat_op_fail(op, GRAT_EIO, "%s: a frame cannot be written: %s", d->path, strerror(errno));
}

static grat_err write_frame(device *d, const grat__yuv *f, grat_op *op)
{
    const uint8_t *from = f->data;
    if (d->yuyv) {
        if (!d->packed && !(d->packed = malloc(d->size)))
            return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", d->path);
        grat__yuv_pack(f, d->packed);
        from = d->packed;
    }
    ssize_t n = write(d->fd, from, d->size);
    if (n == (ssize_t)d->size || (n < 0 && (errno == EAGAIN || errno == EINTR))) return GRAT_OK;
    return broken(d, op);
}

static grat_err v4l2_frame(void *sink, const grat__yuv *f, uint64_t tick, grat_op *op)
{
    (void)tick;
    device *d = sink;
    struct v4l2_buffer b = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT, .memory = V4L2_MEMORY_MMAP, .index = d->used};
    if (!d->streaming) return write_frame(d, f, op);
    if (d->used < d->buffers) d->used++;
    else {
        while (control(d->fd, VIDIOC_DQBUF, &b) < 0) {
            if (errno != EAGAIN) return broken(d, op);
            grat_err e = grat__op_wait(op, d->fd, POLLOUT);
            if (e) return e;
        }
    }
    if (b.index >= d->buffers) return grat_op_fail(op, GRAT_EPROTO, "%s: it names a buffer that is not there", d->path);
    /* 0.12.7 hands back the newest buffer, the one that readers are copying; it takes any other one as well. */
    if (b.index == d->last && d->used == d->buffers) b.index = (d->last + 1) % d->buffers;
    d->last = b.index;
    if (d->yuyv) grat__yuv_pack(f, d->map[b.index]);
    else memcpy(d->map[b.index], f->data, f->size);
    struct v4l2_buffer q = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT, .memory = V4L2_MEMORY_MMAP, .index = b.index,
                            .bytesused = (uint32_t)d->size, .field = V4L2_FIELD_NONE};
    return control(d->fd, VIDIOC_QBUF, &q) < 0 ? broken(d, op) : GRAT_OK;
}

static grat_err v4l2_close(void *sink, grat_op *op)
{
    (void)op;
    release(sink);
    return GRAT_OK;
}

const grat__video_kind grat__video_v4l2 = {.name = "v4l2", .open = v4l2_open, .frame = v4l2_frame,
                                           .close = v4l2_close};
