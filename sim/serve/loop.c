#include "sim/serve/loop.h"

#include "core/wait.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_MS 1000000

/* Falling asleep and being woken takes longer than answering a short query. A client that asks again within SPIN_NS is
 * looked for that long before the loop sleeps; one that takes longer uses up the credit. */
enum { SPIN_NS = 60000, SPIN_MOST = 8, SPIN_MISS = 2 };

struct sim_loop {
    int fd;
    sim_timer *timers;
    int credit;
    int64_t (*turn)(void *user, int64_t now_ns);
    void *turn_user;
};

sim_loop *sim_loop_new(void)
{
    sim_loop *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    l->fd = epoll_create1(EPOLL_CLOEXEC);
    if (l->fd < 0) {
        free(l);
        return NULL;
    }
    return l;
}

void sim_loop_free(sim_loop *l)
{
    if (!l) return;
    close(l->fd);
    free(l);
}

void sim_loop_on_turn(sim_loop *l, int64_t (*turn)(void *user, int64_t now_ns), void *user)
{
    l->turn = turn;
    l->turn_user = user;
}

bool sim_watch_open(sim_loop *l, sim_watch *w, int fd, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = w};
    w->fd = fd;
    w->events = events;
    if (epoll_ctl(l->fd, EPOLL_CTL_ADD, fd, &e) == 0) return true;
    close(fd);
    w->fd = -1;
    return false;
}

void sim_watch_want(sim_loop *l, sim_watch *w, uint32_t events)
{
    struct epoll_event e = {.events = events, .data.ptr = w};
    if (w->fd < 0 || w->events == events) return;
    w->events = events;
    epoll_ctl(l->fd, EPOLL_CTL_MOD, w->fd, &e);
}

void sim_watch_close(sim_loop *l, sim_watch *w)
{
    if (w->fd < 0) return;
    epoll_ctl(l->fd, EPOLL_CTL_DEL, w->fd, NULL);
    close(w->fd);
    w->fd = -1;
}

void sim_watch_reset(sim_loop *l, sim_watch *w)
{
    struct linger now = {.l_onoff = 1};
    if (w->fd >= 0) setsockopt(w->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    sim_watch_close(l, w);
}

void sim_timer_set(sim_loop *l, sim_timer *t, int64_t when_ns)
{
    if (t->at) {
        *t->at = t->next;
        if (t->next) t->next->at = t->at;
        t->at = NULL;
    }
    t->when_ns = when_ns;
    if (when_ns == INT64_MAX) return;
    t->next = l->timers;
    t->at = &l->timers;
    if (t->next) t->next->at = &t->next;
    l->timers = t;
}

/* Fires one timer that is due: a handler may arm, disarm and free any other. */
static bool fire_one(sim_loop *l, int64_t now)
{
    for (sim_timer *t = l->timers; t; t = t->next) {
        if (t->when_ns > now) continue;
        sim_timer_set(l, t, INT64_MAX);
        t->fire(t->user, now);
        return true;
    }
    return false;
}

static int64_t next_timer(const sim_loop *l)
{
    int64_t next = INT64_MAX;
    for (const sim_timer *t = l->timers; t; t = t->next)
        if (t->when_ns < next) next = t->when_ns;
    return next;
}

/* One event a call: its handler may free what the following events would point at. */
static int wait_one(sim_loop *l, int64_t now, int64_t until, struct epoll_event *e)
{
    struct timespec t, *timeout = NULL;
    if (until != INT64_MAX) {
        int64_t left = until > now ? until - now : 0;
        t = (struct timespec){.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        timeout = &t;
    }
    int r = epoll_pwait2(l->fd, e, 1, timeout, NULL);
    if (r >= 0 || errno != ENOSYS) return r;
    int64_t ms = until == INT64_MAX ? -1 : until > now ? (until - now + NS_PER_MS - 1) / NS_PER_MS : 0;
    return epoll_wait(l->fd, e, 1, ms > 60000 ? 60000 : (int)ms);
}

static int wait_soon(sim_loop *l, int64_t now, int64_t until, struct epoll_event *e)
{
    int64_t begin = now;
    int r = 0;
    if (l->credit > 0) {
        do {
            r = epoll_wait(l->fd, e, 1, 0);
            if (r == 0) sched_yield(); /* to a client on the same core */
            now = grat_now_ns();
        } while (r == 0 && now < until && now - begin < SPIN_NS);
    }
    if (r == 0) r = wait_one(l, now, until, e);
    if (r > 0 && grat_now_ns() - begin < SPIN_NS) l->credit += l->credit < SPIN_MOST;
    else l->credit = l->credit > SPIN_MISS ? l->credit - SPIN_MISS : 0;
    return r;
}

static grat_err turn(sim_loop *l, grat_op *op)
{
    int64_t now = grat_now_ns();
    while (fire_one(l, now)) continue;
    int64_t until = l->turn ? l->turn(l->turn_user, now) : INT64_MAX;
    int64_t timer = next_timer(l);
    if (timer < until) until = timer;
    if (op->deadline_ns < until) until = op->deadline_ns;
    struct epoll_event e;
    int r = wait_soon(l, now, until, &e);
    if (r < 0 && errno != EINTR) return grat_op_fail(op, GRAT_EIO, "cannot wait: epoll failed (errno %d)", errno);
    sim_watch *w = r > 0 ? e.data.ptr : NULL;
    if (w) w->ready(w->user, e.events);
    return GRAT_OK;
}

static void woken(void *user, uint32_t events)
{
    (void)events;
    *(bool *)user = true;
}

static bool watch_cancel(sim_loop *l, grat_cancel *c, bool *flag, sim_watch *w)
{
    *w = (sim_watch){.fd = -1, .ready = woken, .user = flag};
    if (!c) return true;
    int fd = dup(grat_cancel_fd(c));
    return fd >= 0 && sim_watch_open(l, w, fd, EPOLLIN);
}

grat_err sim_loop_run(sim_loop *l, grat_cancel *stopped, grat_op *op)
{
    bool stop = false, cancelled = false;
    sim_watch stop_watch, cancel_watch = {.fd = -1};
    grat_err e = grat__op_begin(op);
    if (!e && (!watch_cancel(l, stopped, &stop, &stop_watch) ||
               (op->cancel != stopped && !watch_cancel(l, op->cancel, &cancelled, &cancel_watch))))
        e = grat_op_fail(op, GRAT_EIO, "cannot serve: too many open files; raise the limit (ulimit -n)");
    if (e) {
        if (stopped && grat_cancel_fired(stopped)) return GRAT_OK;
        return e;
    }
    while (!e && !stop && !(stopped && grat_cancel_fired(stopped))) {
        e = turn(l, op);
        if (!e && !stop) e = grat_op_check(op);
        if (e == GRAT_ECANCELED && op->cancel == stopped) e = GRAT_OK, stop = true;
    }
    sim_watch_close(l, &stop_watch);
    sim_watch_close(l, &cancel_watch);
    if (!e) op->err = GRAT_OK, op->text[0] = '\0';
    return e;
}
