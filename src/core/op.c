#include "core/wait.h"

#include "core/str.h"
#include "core/task.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000

struct grat_cancel {
    atomic_bool fired;
    int fd;
};

static int64_t clock_ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int64_t grat_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

int64_t grat_utc_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

grat_cancel *grat_cancel_new(void)
{
    grat_cancel *c = malloc(sizeof *c);
    if (!c) return NULL;
    atomic_init(&c->fired, false);
    c->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->fd < 0) {
        free(c);
        return NULL;
    }
    return c;
}

void grat_cancel_free(grat_cancel *c)
{
    if (!c) return;
    close(c->fd);
    free(c);
}

void grat_cancel_fire(grat_cancel *c)
{
    static const uint64_t one = 1;
    int saved = errno;
    if (!atomic_exchange(&c->fired, true) && write(c->fd, &one, sizeof one) < 0) errno = saved;
    errno = saved;
}

bool grat_cancel_fired(const grat_cancel *c)
{
    return c && atomic_load(&c->fired);
}

void grat_cancel_reset(grat_cancel *c)
{
    uint64_t count;
    while (read(c->fd, &count, sizeof count) > 0) continue;
    atomic_store(&c->fired, false);
}

int grat_cancel_fd(const grat_cancel *c)
{
    return c->fd;
}

void grat_op_init(grat_op *op, int64_t timeout_ms, grat_cancel *cancel)
{
    int64_t now = grat_now_ns();
    int64_t most = (INT64_MAX - now) / NS_PER_MS;
    *op = (grat_op){.cancel = cancel};
    op->deadline_ns = timeout_ms >= most ? INT64_MAX : now + (timeout_ms < 0 ? 0 : timeout_ms) * NS_PER_MS;
}

grat_err grat_op_fail(grat_op *op, grat_err err, const char *fmt, ...)
{
    va_list ap;
    char text[GRAT_TEXT_MAX];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    grat__strcpy(op->text, sizeof op->text, text);
    op->err = err;
    return err;
}

int64_t grat_op_left_ms(const grat_op *op)
{
    if (op->deadline_ns == INT64_MAX) return INT64_MAX;
    int64_t left = op->deadline_ns - grat_now_ns();
    return left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;
}

grat_err grat_op_check(grat_op *op)
{
    if (grat_cancel_fired(op->cancel) || grat__task_cancelled()) return grat_op_fail(op, GRAT_ECANCELED, "cancelled");
    if (op->deadline_ns != INT64_MAX && grat_now_ns() >= op->deadline_ns)
        return grat_op_fail(op, GRAT_ETIMEOUT, "timed out");
    return GRAT_OK;
}

void grat__op_moved(grat_op *op)
{
    if (op->idle_ns <= 0) return;
    int64_t end = grat_now_ns() + op->idle_ns;
    op->deadline_ns = op->latest_ns > 0 && end > op->latest_ns ? op->latest_ns : end;
}

grat_err grat__op_begin(grat_op *op)
{
    op->err = GRAT_OK;
    op->reason = 0;
    op->count = 0;
    op->text[0] = '\0';
    return grat_op_check(op);
}

void grat__op_child(grat_op *child, const grat_op *parent, int64_t max_ms)
{
    grat_op_init(child, max_ms, parent->cancel);
    if (parent->deadline_ns < child->deadline_ns) child->deadline_ns = parent->deadline_ns;
}

grat_err grat__op_adopt(grat_op *op, const grat_op *child)
{
    grat__strcpy(op->text, sizeof op->text, child->text);
    op->err = child->err;
    return child->err;
}

/* ppoll keeps the nanoseconds, so a deadline is never overshot by a rounded millisecond. */
static int wait_fds(struct pollfd *fds, nfds_t n, int64_t until_ns)
{
    struct timespec t, *timeout = NULL;
    if (grat__in_task()) return grat__task_poll(fds, n, until_ns);
    if (until_ns != INT64_MAX) {
        int64_t left = until_ns - grat_now_ns();
        if (left < 0) left = 0;
        t = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        timeout = &t;
    }
    int r = ppoll(fds, n, timeout, NULL);
    return r < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : r;
}

grat_err grat__op_wait(grat_op *op, int fd, short events)
{
    for (;;) {
        struct pollfd fds[2] = {{.fd = fd, .events = events},
                                {.fd = op->cancel ? op->cancel->fd : -1, .events = POLLIN}};
        grat_err e = grat_op_check(op);
        if (e) return e;
        int r = wait_fds(fds, op->cancel ? 2 : 1, op->deadline_ns);
        if (r < 0) return grat_op_fail(op, GRAT_EIO, "cannot wait: poll failed (errno %d)", errno);
        if (fds[1].revents) continue;
        if (r > 0 && fds[0].revents) return GRAT_OK;
    }
}

grat_err grat_op_sleep_until(grat_op *op, int64_t until_ns)
{
    for (;;) {
        grat_err e = grat_op_check(op);
        if (e) return e;
        if (grat_now_ns() >= until_ns) return GRAT_OK;
        struct pollfd fd = {.fd = op->cancel ? op->cancel->fd : -1, .events = POLLIN};
        wait_fds(&fd, op->cancel ? 1 : 0, until_ns < op->deadline_ns ? until_ns : op->deadline_ns);
    }
}
