/* libusb-1.0: asynchronous transfers, one context a session. Whoever waits on the session handles its events; a
 * callback wakes the one that its transfer belongs to through a descriptor of its own, so several may wait at once. */
#include "transport/usbtmc/pipe.h"

#include "core/wait.h"

#include <libusb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { NOTICES = 16, SLOTS = 4, PIECE = 256 << 10, FIRST = 64 << 10, RETIRE_TRIES = 40, RETIRE_US = 50000 };

/* Where one party waits: readable when libusb has something to do, or when a transfer of this party has ended. */
typedef struct gate {
    int epoll, event;
} gate;

typedef struct slot {
    struct libusb_transfer *t;
    uint8_t *buf;
    size_t cap;                      /* of buf */
    bool shared;                     /* with the kernel */
    gate *gate;
    atomic_bool done;
    bool used;                       /* under way, or done and not yet taken */
} slot;

typedef struct lib {
    grat__usb_pipe base;
    libusb_context *ctx;
    libusb_device_handle *handle;
    bool claimed;
    gate bulk, srq, notice;
    slot in[SLOTS], out, control, interrupt;
    unsigned next;                   /* the oldest of `in` */
    size_t flying;                   /* room of all of them */
    size_t packet;
    atomic_uint srqs;                /* service requests not yet waited for */
    atomic_uint srq_stb;             /* 0x100 | status byte of the last one not yet asked for */
    atomic_uint answer;              /* 0x8000 | tag << 8 | status byte */
    atomic_bool interrupt_off;
    pthread_mutex_t lock;            /* of the notices */
    bool notices_on;
    unsigned first, notices;
    grat_notice ring[NOTICES];       /* when it is full the oldest go */
} lib;

static grat_err failed(lib *l, int code, const char *what, grat_op *op)
{
    const grat__usb_entry *d = l->base.dev;
    char rule[200];
    switch (code) {
    case LIBUSB_ERROR_ACCESS:
        return grat_op_fail(op, GRAT_EACCES, "no permission for %.40s; write into "
                            "/etc/udev/rules.d/70-graticule.rules: %s", d->usb_node,
                            grat__usb_rule(d->vid, d->pid, rule, sizeof rule));
    case LIBUSB_ERROR_NO_DEVICE:
    case LIBUSB_ERROR_NOT_FOUND:
        l->base.lost = true;
        return grat_op_fail(op, GRAT_ELOST, "%s: unplugged; connect the instrument again", d->resource);
    case LIBUSB_ERROR_BUSY:
        return grat_op_fail(op, GRAT_EBUSY, "%s: another program has the instrument; close it", d->resource);
    case LIBUSB_ERROR_PIPE:
        l->base.stalled = true;
        return grat_op_fail(op, GRAT_EIO, "%s: %s: the instrument refuses (stall)", d->resource, what);
    default:
        return grat_op_fail(op, GRAT_EIO, "%s: %s: %s", d->resource, what, libusb_strerror(code));
    }
}

static int status_code(enum libusb_transfer_status s)
{
    switch (s) {
    case LIBUSB_TRANSFER_COMPLETED: return LIBUSB_SUCCESS;
    case LIBUSB_TRANSFER_STALL: return LIBUSB_ERROR_PIPE;
    case LIBUSB_TRANSFER_NO_DEVICE: return LIBUSB_ERROR_NO_DEVICE;
    case LIBUSB_TRANSFER_OVERFLOW: return LIBUSB_ERROR_OVERFLOW;
    case LIBUSB_TRANSFER_TIMED_OUT: return LIBUSB_ERROR_TIMEOUT;
    case LIBUSB_TRANSFER_CANCELLED: return LIBUSB_ERROR_INTERRUPTED;
    default: return LIBUSB_ERROR_IO;
    }
}

/* ---- waiting ------------------------------------------------------------------------------------ */

static void wake(const gate *g)
{
    static const uint64_t one = 1;
    if (g->event >= 0 && write(g->event, &one, sizeof one) < 0) { /* an eventfd that is full is readable too */
    }
}

static bool gate_open(gate *g, libusb_context *ctx)
{
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    g->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN};
    bool ok = g->epoll >= 0 && g->event >= 0 && epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->event, &e) == 0;
    const struct libusb_pollfd **fds = libusb_get_pollfds(ctx);
    for (unsigned i = 0; ok && fds && fds[i]; i++) {
        struct epoll_event f = {.events = (fds[i]->events & POLLIN ? EPOLLIN : 0u) |
                                          (fds[i]->events & POLLOUT ? EPOLLOUT : 0u)};
        ok = epoll_ctl(g->epoll, EPOLL_CTL_ADD, fds[i]->fd, &f) == 0;
    }
    libusb_free_pollfds(fds);
    return ok && fds;
}

static void gate_close(gate *g)
{
    if (g->epoll >= 0) close(g->epoll);
    if (g->event >= 0) close(g->event);
    g->epoll = g->event = -1;
}

static void handle_events(lib *l)
{
    struct timeval now = {0};
    libusb_handle_events_timeout_completed(l->ctx, &now, NULL);
}

static void drain(const gate *g)
{
    uint64_t count;
    if (read(g->event, &count, sizeof count) < 0) { /* nothing was there */
    }
}

static grat_err wait_slot(lib *l, slot *s, grat_op *op)
{
    for (;;) {
        drain(s->gate);
        if (!atomic_load(&s->done)) handle_events(l);
        if (atomic_load(&s->done)) return GRAT_OK;
        grat_err e = grat__op_wait(op, s->gate->epoll, POLLIN);
        if (e) return e;
    }
}

static void LIBUSB_CALL ended(struct libusb_transfer *t)
{
    slot *s = t->user_data;
    gate *g = s->gate;
    atomic_store(&s->done, true);
    wake(g);
}

/* Cancels and waits until libusb has let go of the transfer: at once, as the kernel kills it while we wait. */
static void retire(lib *l, slot *s)
{
    struct timeval step = {.tv_usec = RETIRE_US};
    if (!s->used) return;
    if (!atomic_load(&s->done)) libusb_cancel_transfer(s->t);
    for (int i = 0; i < RETIRE_TRIES && !atomic_load(&s->done); i++)
        libusb_handle_events_timeout_completed(l->ctx, &step, NULL);
    s->used = false;
}

static bool slot_room(slot *s, size_t n)
{
    if (!s->t && !(s->t = libusb_alloc_transfer(0))) return false;
    if (s->cap >= n) return true;
    uint8_t *more = realloc(s->buf, n);
    if (!more) return false;
    s->buf = more;
    s->cap = n;
    return true;
}

/* Memory that the kernel fills without a copy, where it has some: for the large transfers. */
static bool in_room(lib *l, slot *s, size_t n)
{
    uint8_t *memory = n >= FIRST && s->cap < n ? libusb_dev_mem_alloc(l->handle, PIECE) : NULL;
    if (memory) {
        free(s->buf);
        s->buf = memory;
        s->cap = PIECE;
        s->shared = true;
    }
    return slot_room(s, n);
}

static void slot_free(lib *l, slot *s)
{
    libusb_free_transfer(s->t);
    if (s->shared) libusb_dev_mem_free(l->handle, s->buf, s->cap);
    else free(s->buf);
    *s = (slot){0};
}

static grat_err submit(lib *l, slot *s, const char *what, grat_op *op)
{
    atomic_store(&s->done, false);
    int code = libusb_submit_transfer(s->t);
    if (code) return failed(l, code, what, op);
    s->used = true;
    return GRAT_OK;
}

/* ---- interrupt-IN: one transfer is always under way ------------------------------------------------ */

static void keep_notice(lib *l, const uint8_t *data, size_t n)
{
    pthread_mutex_lock(&l->lock);
    if (l->notices_on) {
        if (l->notices == NOTICES) l->first = (l->first + 1) % NOTICES, l->notices--;
        grat_notice *out = &l->ring[(l->first + l->notices++) % NOTICES];
        out->kind = GRAT_NOTICE_INTERRUPT;
        out->on = false;
        out->size = n < sizeof out->data ? n : sizeof out->data;
        memcpy(out->data, data, out->size);
    }
    pthread_mutex_unlock(&l->lock);
}

static void take_packet(lib *l, const uint8_t *data, size_t n)
{
    uint8_t tag = 0, stb = 0;
    switch (l->base.raw ? GRAT__TMC_NOTICE_VENDOR : grat__tmc_get_notice(data, n, &tag, &stb)) {
    case GRAT__TMC_NOTICE_SRQ:
        atomic_store(&l->srq_stb, 0x100u | stb);
        atomic_fetch_add(&l->srqs, 1);
        break;
    case GRAT__TMC_NOTICE_STB:
        atomic_store(&l->answer, 0x8000u | (unsigned)tag << 8 | stb);
        break;
    default:
        keep_notice(l, data, n);
        break;
    }
}

static void LIBUSB_CALL noticed(struct libusb_transfer *t)
{
    lib *l = t->user_data;
    if (t->status == LIBUSB_TRANSFER_COMPLETED) take_packet(l, t->buffer, (size_t)t->actual_length);
    bool again = t->status == LIBUSB_TRANSFER_COMPLETED && !atomic_load(&l->interrupt_off);
    if (!again || libusb_submit_transfer(t) != 0) {
        if (t->status == LIBUSB_TRANSFER_NO_DEVICE) l->base.lost = true;
        atomic_store(&l->interrupt.done, true);
    }
    wake(&l->bulk);
    wake(&l->srq);
    wake(&l->notice);
}

static bool start_interrupt(lib *l)
{
    grat__usb_endpoint ep = l->base.dev->interrupt;
    slot *s = &l->interrupt;
    if (!ep.address) return true;
    size_t n = ep.size < 2 ? 64 : ep.size;
    if (!slot_room(s, n)) return false;
    s->gate = &l->bulk;
    libusb_fill_interrupt_transfer(s->t, l->handle, ep.address, s->buf, (int)n, noticed, l, 0);
    atomic_store(&s->done, false);
    s->used = libusb_submit_transfer(s->t) == 0;
    return true;
}

static bool lib_srq_seen(void *p, uint8_t *stb)
{
    lib *l = p;
    unsigned seen = atomic_exchange(&l->srq_stb, 0);
    *stb = (uint8_t)seen;
    return seen != 0;
}

static grat_err lib_stb_notice(void *p, uint8_t tag, uint8_t *stb, grat_op *op)
{
    lib *l = p;
    for (;;) {
        drain(&l->bulk);
        handle_events(l);
        unsigned a = atomic_exchange(&l->answer, 0);
        *stb = (uint8_t)a;
        if (a >> 8 == (0x80u | tag)) return GRAT_OK;
        if (atomic_load(&l->interrupt.done)) return failed(l, LIBUSB_ERROR_NO_DEVICE, "status byte", op);
        grat_err e = a ? GRAT_OK : grat__op_wait(op, l->bulk.epoll, POLLIN);
        if (e) return e;
    }
}

static grat_err lib_srq_enable(void *p, bool on, grat_op *op)
{
    lib *l = p;
    (void)on;
    if (!l->interrupt.used)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument has no interrupt endpoint and so no service requests",
                            l->base.dev->resource);
    handle_events(l);
    if (!on) atomic_store(&l->srqs, 0);
    return GRAT_OK;
}

static grat_err lib_srq_wait(void *p, grat_op *op)
{
    lib *l = p;
    for (;;) {
        drain(&l->srq);
        handle_events(l);
        unsigned n = atomic_load(&l->srqs);
        while (n && !atomic_compare_exchange_weak(&l->srqs, &n, n - 1)) continue;
        if (n) return GRAT_OK;
        if (atomic_load(&l->base.srq_off) || atomic_load(&l->interrupt.done))
            return grat_op_fail(op, GRAT_ELOST, "%s: unplugged, or the connection was made anew",
                                l->base.dev->resource);
        grat_err e = grat__op_wait(op, l->srq.epoll, POLLIN);
        if (e) return e;
    }
}

static void lib_srq_stop(void *p)
{
    lib *l = p;
    wake(&l->srq);
    wake(&l->notice);
}

static grat_err lib_notice_enable(void *p, bool on, grat_op *op)
{
    lib *l = p;
    if (!l->interrupt.used)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: the instrument has no interrupt endpoint", l->base.dev->resource);
    handle_events(l);                /* what came before does not count */
    pthread_mutex_lock(&l->lock);
    l->notices_on = on;
    l->notices = 0;
    pthread_mutex_unlock(&l->lock);
    return GRAT_OK;
}

static bool take_notice(lib *l, grat_notice *out)
{
    pthread_mutex_lock(&l->lock);
    bool some = l->notices;
    if (some) {
        *out = l->ring[l->first];
        l->first = (l->first + 1) % NOTICES;
        l->notices--;
    }
    pthread_mutex_unlock(&l->lock);
    return some;
}

static grat_err lib_notice_wait(void *p, grat_notice *out, grat_op *op)
{
    lib *l = p;
    for (;;) {
        drain(&l->notice);
        handle_events(l);
        if (take_notice(l, out)) return GRAT_OK;
        if (atomic_load(&l->base.srq_off) || atomic_load(&l->interrupt.done))
            return grat_op_fail(op, GRAT_ELOST, "%s: unplugged, or the connection was made anew",
                                l->base.dev->resource);
        grat_err e = grat__op_wait(op, l->notice.epoll, POLLIN);
        if (e) return e;
    }
}

/* ---- bulk ------------------------------------------------------------------------------------------ */

static grat_err lib_out(void *p, const void *data, size_t n, grat_op *op)
{
    lib *l = p;
    slot *s = &l->out;
    l->base.stalled = false;
    if (!slot_room(s, n)) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", l->base.dev->resource);
    memcpy(s->buf, data, n);
    s->gate = &l->bulk;
    libusb_fill_bulk_transfer(s->t, l->handle, l->base.dev->out.address, s->buf, (int)n, ended, s, 0);
    grat_err e = submit(l, s, "write", op);
    if (e) return e;
    e = wait_slot(l, s, op);
    if (e) retire(l, s);
    s->used = false;
    op->count = (size_t)s->t->actual_length;
    if (op->count) grat__op_moved(op);
    if (e) return op->count == n ? GRAT_OK : e;
    int code = status_code(s->t->status);
    return code ? failed(l, code, "write", op) : GRAT_OK;
}

static grat_err launch(lib *l, size_t room, grat_op *op)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        slot *s = &l->in[(l->next + i) % SLOTS];
        if (s->used) continue;
        if (!in_room(l, s, room)) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", l->base.dev->resource);
        s->gate = &l->bulk;
        libusb_fill_bulk_transfer(s->t, l->handle, l->base.dev->in.address, s->buf, (int)room, ended, s, 0);
        grat_err e = submit(l, s, "read", op);
        if (!e) l->flying += room;
        return e;
    }
    return GRAT_OK;
}

static bool any_free(const lib *l)
{
    for (unsigned i = 0; i < SLOTS; i++)
        if (!l->in[i].used) return true;
    return false;
}

static grat_err lib_in(void *p, size_t more, bool exact, grat__usb_piece *out, grat_op *op)
{
    lib *l = p;
    size_t want = (more + l->packet - 1) / l->packet * l->packet + (exact ? 0 : l->packet);
    l->base.stalled = false;
    *out = (grat__usb_piece){0};
    while (l->flying < want && any_free(l)) {
        size_t room = want - l->flying < PIECE ? want - l->flying : PIECE;
        grat_err e = launch(l, room, op);
        if (e) return e;
    }
    slot *s = &l->in[l->next];
    grat_err e = wait_slot(l, s, op);
    if (e) return e;
    s->used = false;
    l->next = (l->next + 1) % SLOTS;
    l->flying -= (size_t)s->t->length;
    *out = (grat__usb_piece){s->buf, (size_t)s->t->actual_length, s->t->actual_length == s->t->length};
    int code = status_code(s->t->status);
    return code ? failed(l, code, "read", op) : GRAT_OK;
}

static bool lib_in_stop(void *p, grat__usb_piece *rest)
{
    lib *l = p;
    bool some = false;
    for (unsigned i = SLOTS; i-- > 0;) {           /* the last one first, so that none takes another's bytes */
        slot *s = &l->in[(l->next + i) % SLOTS];
        if (!s->used) continue;
        retire(l, s);
        some = s->t->actual_length > 0;
        if (rest) *rest = (grat__usb_piece){s->buf, (size_t)s->t->actual_length, false};
    }
    l->flying = 0;
    l->next = 0;
    return some;
}

static grat_err lib_control(void *p, const grat_usb_control_args *a, grat_op *op)
{
    lib *l = p;
    slot *s = &l->control;
    l->base.stalled = false;
    if (!slot_room(s, LIBUSB_CONTROL_SETUP_SIZE + 65536))
        return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", l->base.dev->resource);
    libusb_fill_control_setup(s->buf, a->type, a->request, a->value, a->index, a->length);
    if (!(a->type & 0x80) && a->length) memcpy(s->buf + LIBUSB_CONTROL_SETUP_SIZE, a->data, a->length);
    s->gate = &l->bulk;
    libusb_fill_control_transfer(s->t, l->handle, s->buf, ended, s, 0);
    grat_err e = submit(l, s, "control request", op);
    if (e) return e;
    e = wait_slot(l, s, op);
    if (e) retire(l, s);
    s->used = false;
    if (e) return e;
    int code = status_code(s->t->status);
    if (code) return failed(l, code, "control request", op);
    op->count = (size_t)s->t->actual_length;
    if (a->type & 0x80 && op->count) memcpy(a->data, s->buf + LIBUSB_CONTROL_SETUP_SIZE, op->count);
    return GRAT_OK;
}

static grat_err lib_clear_halt(void *p, uint8_t endpoint, grat_op *op)
{
    lib *l = p;
    int code = libusb_clear_halt(l->handle, endpoint);
    return code ? failed(l, code, "clear halt", op) : GRAT_OK;
}

static grat_err lib_reset(void *p, grat_op *op)
{
    lib *l = p;
    int code = libusb_reset_device(l->handle);
    return code ? failed(l, code, "reset", op) : GRAT_OK;
}

static void take_endpoint(grat__usb_entry *d, const struct libusb_endpoint_descriptor *from)
{
    grat__usb_endpoint ep = {.address = from->bEndpointAddress, .kind = from->bmAttributes & 3,
                             .size = from->wMaxPacketSize & 0x7ff};
    bool in = ep.address & 0x80;
    if (d->pipes < GRAT__USB_PIPES) d->pipe[d->pipes++] = ep;
    grat__usb_endpoint *first = ep.kind == 2 ? (in ? &d->in : &d->out) : ep.kind == 3 && in ? &d->interrupt : NULL;
    if (first && (!first->address || ep.address < first->address)) *first = ep;
}

static void take_setting(grat__usb_entry *d, const struct libusb_interface_descriptor *from)
{
    d->alternate = from->bAlternateSetting;
    d->class_code = from->bInterfaceClass;
    d->subclass = from->bInterfaceSubClass;
    d->protocol = from->bInterfaceProtocol;
    d->in = d->out = d->interrupt = (grat__usb_endpoint){0};
    d->pipes = 0;
    for (unsigned i = 0; i < from->bNumEndpoints; i++) take_endpoint(d, &from->endpoint[i]);
}

static const struct libusb_interface_descriptor *find_setting(const struct libusb_config_descriptor *c, int interface,
                                                              int setting)
{
    for (unsigned i = 0; i < c->bNumInterfaces; i++) {
        for (int k = 0; k < c->interface[i].num_altsetting; k++) {
            const struct libusb_interface_descriptor *d = &c->interface[i].altsetting[k];
            if (d->bInterfaceNumber == interface && d->bAlternateSetting == setting) return d;
        }
    }
    return NULL;
}

static grat_err lib_alternate(void *p, int setting, grat__usb_entry *d, grat_op *op)
{
    lib *l = p;
    struct libusb_config_descriptor *c;
    int code = libusb_get_active_config_descriptor(libusb_get_device(l->handle), &c);
    if (code) return failed(l, code, "alternate setting", op);
    const struct libusb_interface_descriptor *found = find_setting(c, d->interface, setting);
    grat_err e = found ? GRAT_OK : grat_op_fail(op, GRAT_ERANGE, "%s: the interface has no alternate setting %d",
                                                d->resource, setting);
    if (!e) {
        atomic_store(&l->interrupt_off, true);
        retire(l, &l->interrupt);
        lib_in_stop(l, NULL);
        code = libusb_set_interface_alt_setting(l->handle, d->interface, setting);
        if (!code) take_setting(d, found);
        atomic_store(&l->interrupt_off, false);
        if (!start_interrupt(l) && !code) code = LIBUSB_ERROR_NO_MEM;
        if (code) e = failed(l, code, "alternate setting", op);
    }
    libusb_free_config_descriptor(c);
    return e;
}

/* ---- open, close --------------------------------------------------------------------------------------- */

static void lib_close(void *p)
{
    lib *l = p;
    atomic_store(&l->interrupt_off, true);
    if (l->handle) {
        retire(l, &l->interrupt);
        lib_in_stop(l, NULL);
        for (unsigned i = 0; i < SLOTS; i++) slot_free(l, &l->in[i]);
        slot_free(l, &l->out);
        slot_free(l, &l->control);
        slot_free(l, &l->interrupt);
        if (l->claimed) libusb_release_interface(l->handle, l->base.dev->interface);
        libusb_close(l->handle);
    }
    gate_close(&l->bulk);
    gate_close(&l->srq);
    gate_close(&l->notice);
    if (l->ctx) libusb_exit(l->ctx);
    pthread_mutex_destroy(&l->lock);
    l->handle = NULL;
    l->ctx = NULL;
}

static int open_device(lib *l)
{
    const grat__usb_entry *d = l->base.dev;
    libusb_device **list;
    ssize_t n = libusb_get_device_list(l->ctx, &list);
    int code = n < 0 ? (int)n : LIBUSB_ERROR_NO_DEVICE;
    for (ssize_t i = 0; i < n; i++) {
        if (libusb_get_bus_number(list[i]) != d->bus || libusb_get_device_address(list[i]) != d->address) continue;
        code = libusb_open(list[i], &l->handle);
        int packet = libusb_get_max_packet_size(list[i], d->in.address);
        l->packet = packet > 0 ? (size_t)packet : 512;
        if (l->packet < 512) l->packet = 512;      /* a multiple of 512 serves every speed, 64-byte endpoints too */
        break;
    }
    if (n >= 0) libusb_free_device_list(list, 1);
    return code;
}

static grat_err lib_open(void *p, grat_op *op)
{
    lib *l = p;
    l->bulk = l->srq = l->notice = (gate){-1, -1};
    pthread_mutex_init(&l->lock, NULL);
    int code = libusb_init(&l->ctx);
    if (code) {
        l->ctx = NULL;
        pthread_mutex_destroy(&l->lock);
        return failed(l, code, "open", op);
    }
    code = open_device(l);
    if (!code) {
        libusb_set_auto_detach_kernel_driver(l->handle, 1);
        code = libusb_claim_interface(l->handle, l->base.dev->interface);
        l->claimed = !code;
    }
    bool gates = !code && gate_open(&l->bulk, l->ctx) && gate_open(&l->srq, l->ctx) && gate_open(&l->notice, l->ctx);
    if (!code && (!gates || !start_interrupt(l)))
        code = LIBUSB_ERROR_NO_MEM;
    if (!code) return GRAT_OK;
    grat_err e = failed(l, code, "open", op);
    lib_close(l);
    return e;
}

const grat__usb_pipe_ops grat__usb_libusb = {
    .name = "libusb",
    .priv_size = sizeof(lib),
    .first = FIRST,
    .open = lib_open,
    .close = lib_close,
    .out = lib_out,
    .in = lib_in,
    .in_stop = lib_in_stop,
    .control = lib_control,
    .clear_halt = lib_clear_halt,
    .alternate = lib_alternate,
    .reset = lib_reset,
    .stb_notice = lib_stb_notice,
    .srq_seen = lib_srq_seen,
    .srq_enable = lib_srq_enable,
    .srq_wait = lib_srq_wait,
    .srq_stop = lib_srq_stop,
    .notice_enable = lib_notice_enable,
    .notice_wait = lib_notice_wait,
};
