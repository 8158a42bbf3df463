/* Groups of tasks: one thread, one epoll, a stack for each task that has begun and not ended.
 *
 * Life of a task: incoming (submitted) -> ready -> running <-> waiting -> done -> handed out.
 * Only `incoming`, `kicked` and the flags of a task are touched by other threads, under `lock`. */
#include "core/task.h"
#include "core/task_switch.h"
#include "core/wait.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define EVENTS_AT_ONCE 64
#define STACKS_KEPT 32
#define NO_HEAP SIZE_MAX

typedef struct waiter {
    struct waiter *next;
    grat_task *task;
    short events, revents;
} waiter;

/* What is known of a descriptor: who waits for it, and what epoll was told. */
typedef struct watch {
    waiter *first;
    uint32_t armed;
    bool known;
} watch;

typedef struct stack_item {
    struct stack_item *next;
    grat__stack stack;
} stack_item;

struct grat_task {
    grat_task *next;          /* in the one queue it is in */
    grat_task *kick_next;     /* under lock */
    grat_task *all_next, **all_at; /* every unfinished task, under lock */
    grat_group *group;
    grat_task_fn fn;
    void *user;
    grat_op *op;
    stack_item *stack;
    int64_t until_ns;         /* while waiting */
    size_t heap_at;
    bool ready, kicked;       /* in that queue */
    atomic_bool cancelled, done;
};

typedef struct queue {
    grat_task *first, **end;
} queue;

struct grat_group {
    pthread_mutex_t lock;
    queue incoming;           /* under lock, as the next three */
    grat_task *kicked, *all;
    size_t unfinished;
    bool kick_written;
    queue ready, done;
    int epoll, wake;
    watch *watches;
    int watches_n;
    grat_task **heap;
    size_t heap_n, heap_cap;
    stack_item *spare;
    unsigned spares;
    grat__stack home;         /* the waiting thread's own stack */
    size_t live;              /* tasks that have a stack */
};

static _Thread_local grat_task *current;

/* Not inlined: a task must read its thread's variable anew after each switch. */
static __attribute__((noinline)) grat_task *get_current(void)
{
    return current;
}

static __attribute__((noinline)) void set_current(grat_task *t)
{
    current = t;
}

/* ---- queues and the heap of deadlines ------------------------------------------------------- */

static void queue_init(queue *q)
{
    q->first = NULL;
    q->end = &q->first;
}

static void queue_put(queue *q, grat_task *t)
{
    t->next = NULL;
    *q->end = t;
    q->end = &t->next;
}

static grat_task *queue_take(queue *q)
{
    grat_task *t = q->first;
    if (t && !(q->first = t->next)) q->end = &q->first;
    return t;
}

static void heap_place(grat_group *g, size_t at, grat_task *t)
{
    g->heap[at] = t;
    t->heap_at = at;
}

static void heap_up(grat_group *g, size_t at, grat_task *t)
{
    while (at && g->heap[(at - 1) / 2]->until_ns > t->until_ns) {
        heap_place(g, at, g->heap[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    heap_place(g, at, t);
}

static void heap_down(grat_group *g, size_t at, grat_task *t)
{
    for (size_t child; (child = 2 * at + 1) < g->heap_n; at = child) {
        if (child + 1 < g->heap_n && g->heap[child + 1]->until_ns < g->heap[child]->until_ns) child++;
        if (g->heap[child]->until_ns >= t->until_ns) break;
        heap_place(g, at, g->heap[child]);
    }
    heap_place(g, at, t);
}

static void heap_remove(grat_group *g, grat_task *t)
{
    size_t at = t->heap_at;
    if (at == NO_HEAP) return;
    t->heap_at = NO_HEAP;
    grat_task *last = g->heap[--g->heap_n];
    if (last == t) return;
    heap_up(g, at, last);
    heap_down(g, last->heap_at, last);
}

/* Room for every task was made at submission. */
static void heap_put(grat_group *g, grat_task *t)
{
    heap_up(g, g->heap_n++, t);
}

/* ---- descriptors ------------------------------------------------------------------------------ */

static watch *watch_of(grat_group *g, int fd)
{
    if (fd >= g->watches_n) {
        int n = fd + 64;
        watch *more = realloc(g->watches, (size_t)n * sizeof *more);
        if (!more) return NULL;
        memset(more + g->watches_n, 0, (size_t)(n - g->watches_n) * sizeof *more);
        g->watches = more;
        g->watches_n = n;
    }
    return &g->watches[fd];
}

/* Armed for one event at a time: a descriptor that nobody waits for costs nothing and needs no removal. A descriptor
 * that was closed and opened again has left the set by itself; ENOENT tells. */
static int arm(grat_group *g, int fd)
{
    watch *w = &g->watches[fd];
    uint32_t want = 0;
    for (waiter *i = w->first; i; i = i->next) want |= (uint32_t)(unsigned short)i->events;
    if (!want) return 0;
    struct epoll_event ev = {.events = want | EPOLLONESHOT, .data.fd = fd};
    int r = epoll_ctl(g->epoll, w->known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &ev);
    if (r < 0 && (errno == ENOENT || errno == EEXIST))
        r = epoll_ctl(g->epoll, errno == ENOENT ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &ev);
    if (r < 0) return -1;
    w->known = true;
    w->armed = want;
    return 0;
}

static void make_ready(grat_group *g, grat_task *t)
{
    if (t->ready || atomic_load(&t->done)) return;
    t->ready = true;
    heap_remove(g, t);
    queue_put(&g->ready, t);
}

static void fired(grat_group *g, int fd, uint32_t events)
{
    watch *w = &g->watches[fd];
    bool rest = false;
    w->armed = 0;
    for (waiter *i = w->first; i; i = i->next) {
        short hit = (short)(events & ((uint32_t)(unsigned short)i->events | EPOLLERR | EPOLLHUP));
        i->revents |= hit;
        if (hit) make_ready(g, i->task);
        rest = rest || !hit;
    }
    if (rest) arm(g, fd);
}

static void unlink_waiter(grat_group *g, int fd, const waiter *w)
{
    waiter **at = &g->watches[fd].first;
    while (*at && *at != w) at = &(*at)->next;
    if (*at) *at = w->next;
    /* The number may soon belong to another descriptor, of which epoll knows nothing. */
    if (!g->watches[fd].first) g->watches[fd].armed = 0;
}

/* ---- inside a task ------------------------------------------------------------------------------ */

bool grat__in_task(void)
{
    return get_current() != NULL;
}

bool grat__task_cancelled(void)
{
    grat_task *t = get_current();
    return t && atomic_load(&t->cancelled);
}

static void leave(grat_task *t)
{
    grat__stack_switch(&t->stack->stack, &t->group->home, 0);
}

static int begin_wait(grat_group *g, grat_task *t, struct pollfd *fds, waiter *w, nfds_t n)
{
    for (nfds_t i = 0; i < n; i++) {
        w[i] = (waiter){.task = t, .events = fds[i].events};
        fds[i].revents = 0;
        if (fds[i].fd < 0) continue;
        watch *to = watch_of(g, fds[i].fd);
        if (!to) return errno = ENOMEM, -1;
        w[i].next = to->first;
        to->first = &w[i];
        if (((uint32_t)(unsigned short)fds[i].events & ~to->armed) == 0) continue;
        if (arm(g, fds[i].fd) < 0) {
            if (errno != EPERM) return -1;
            w[i].revents = fds[i].events; /* a plain file: always ready */
            make_ready(g, t);
        }
    }
    return 0;
}

static int end_wait(grat_group *g, struct pollfd *fds, waiter *w, nfds_t n)
{
    int hits = 0;
    for (nfds_t i = 0; i < n; i++) {
        if (fds[i].fd < 0 || fds[i].fd >= g->watches_n) continue;
        unlink_waiter(g, fds[i].fd, &w[i]);
        fds[i].revents = w[i].revents;
        hits += fds[i].revents != 0;
    }
    return hits;
}

int grat__task_poll(struct pollfd *fds, nfds_t n, int64_t until_ns)
{
    enum { MOST = 4 };
    waiter w[MOST] = {0};
    grat_task *t = get_current();
    grat_group *g = t->group;
    if (n > MOST) return errno = EINVAL, -1;
    if (atomic_load(&t->cancelled)) return 0;
    t->until_ns = until_ns;
    int bad = begin_wait(g, t, fds, w, n) < 0 ? errno : 0;
    if (!bad) {
        if (!t->ready && until_ns != INT64_MAX) heap_put(g, t);
        leave(t);
    }
    int hits = end_wait(g, fds, w, n);
    if (bad) return errno = bad, -1;
    return hits;
}

void grat__task_yield(void)
{
    grat_task *t = get_current();
    if (!t) return;
    make_ready(t->group, t);
    leave(t);
}

static void entry(void)
{
    grat_task *t = get_current();
    grat_group *g = t->group;
    grat__stack_entered(&g->home);
    grat_err e = t->fn(t->user, t->op);
    t->op->err = e;
    atomic_store(&t->done, true);
    grat__stack_switch(&t->stack->stack, &g->home, 1);
    abort(); /* never resumed */
}

/* ---- the waiting thread --------------------------------------------------------------------------- */

static stack_item *take_stack(grat_group *g)
{
    stack_item *s = g->spare;
    if (s) {
        g->spare = s->next;
        g->spares--;
        grat__stack_reset(&s->stack, entry);
        return s;
    }
    s = calloc(1, sizeof *s);
    if (s && grat__stack_new(&s->stack, GRAT_TASK_STACK, entry)) {
        free(s);
        return NULL;
    }
    return s;
}

static void give_stack(grat_group *g, stack_item *s)
{
    if (!s) return;
    if (g->spares >= STACKS_KEPT) {
        grat__stack_free(&s->stack);
        free(s);
        return;
    }
    s->next = g->spare;
    g->spare = s;
    g->spares++;
}

static void unkick(grat_group *g, const grat_task *t)
{
    grat_task **at = &g->kicked;
    while (*at && *at != t) at = &(*at)->kick_next;
    if (*at) *at = t->kick_next;
}

static void finish(grat_group *g, grat_task *t)
{
    if (t->stack) g->live--;
    give_stack(g, t->stack);
    t->stack = NULL;
    atomic_store(&t->done, true);
    pthread_mutex_lock(&g->lock);
    g->unfinished--;
    if (t->kicked) unkick(g, t);
    if (t->all_next) t->all_next->all_at = t->all_at;
    *t->all_at = t->all_next;
    pthread_mutex_unlock(&g->lock);
    queue_put(&g->done, t);
}

/* A stack, and room among the deadlines. */
static bool begin_task(grat_group *g, grat_task *t)
{
    if (g->live == g->heap_cap) {
        size_t cap = g->heap_cap ? 2 * g->heap_cap : 16;
        grat_task **more = realloc(g->heap, cap * sizeof(grat_task *));
        if (!more) return false;
        g->heap = more;
        g->heap_cap = cap;
    }
    t->stack = take_stack(g);
    if (t->stack) g->live++;
    return t->stack != NULL;
}

static void run_task(grat_group *g, grat_task *t)
{
    t->ready = false;
    if (!t->stack && !begin_task(g, t)) {
        grat_op_fail(t->op, GRAT_ENOMEM, "no memory for the task's stack");
        finish(g, t);
        return;
    }
    grat_task *outer = get_current();
    grat__stack_adopt(&g->home);
    set_current(t);
    grat__stack_switch(&g->home, &t->stack->stack, 0);
    set_current(outer);
    if (atomic_load(&t->done)) finish(g, t);
}

static void take_messages(grat_group *g)
{
    uint64_t count;
    pthread_mutex_lock(&g->lock);
    if (g->kick_written && read(g->wake, &count, sizeof count) > 0) g->kick_written = false;
    for (grat_task *t; (t = g->kicked);) {
        g->kicked = t->kick_next;
        t->kicked = false;
        if (t->stack) make_ready(g, t);
    }
    for (grat_task *t; (t = queue_take(&g->incoming));) make_ready(g, t);
    pthread_mutex_unlock(&g->lock);
}

static void expire(grat_group *g)
{
    if (!g->heap_n) return;
    int64_t now = grat_now_ns();
    while (g->heap_n && g->heap[0]->until_ns <= now) make_ready(g, g->heap[0]);
}

static int collect(grat_group *g)
{
    struct epoll_event ev[EVENTS_AT_ONCE];
    int n = epoll_wait(g->epoll, ev, EVENTS_AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        if (ev[i].data.fd == g->wake) take_messages(g);
        else fired(g, ev[i].data.fd, ev[i].events);
    }
    return n;
}

/* One turn without sleeping: everything that is ready now runs once. */
static bool turn(grat_group *g)
{
    take_messages(g);
    collect(g);
    expire(g);
    grat_task *last = NULL, *t;
    for (t = g->ready.first; t; t = t->next) last = t;
    if (!last) return false;
    do {
        t = queue_take(&g->ready);
        run_task(g, t);
    } while (t != last);
    return true;
}

static size_t left(grat_group *g)
{
    pthread_mutex_lock(&g->lock);
    size_t n = g->unfinished;
    pthread_mutex_unlock(&g->lock);
    return n;
}

/* Sleeps until a descriptor, a task's deadline, or the end of op. */
static grat_err rest(grat_group *g, grat_op *op)
{
    grat_op child = *op;
    if (g->heap_n && g->heap[0]->until_ns < child.deadline_ns) child.deadline_ns = g->heap[0]->until_ns;
    grat_err e = grat__op_wait(&child, g->epoll, POLLIN);
    if (e == GRAT_ETIMEOUT && child.deadline_ns < op->deadline_ns) e = GRAT_OK;
    return e ? grat__op_adopt(op, &child) : GRAT_OK;
}

grat_task *grat_wait_any(grat_group *g, grat_op *op)
{
    op->err = GRAT_OK;
    op->text[0] = '\0';
    for (;;) {
        grat_task *t = queue_take(&g->done);
        if (t) return t;
        if (!left(g)) {
            grat_op_fail(op, GRAT_ENODATA, "no task is left");
            return NULL;
        }
        grat_err e = turn(g) ? grat_op_check(op) : rest(g, op);
        if (e && !g->done.first) return NULL;
    }
}

grat_err grat_wait_all(grat_group *g, grat_op *op)
{
    op->err = GRAT_OK;
    op->text[0] = '\0';
    while (left(g)) {
        grat_err e = turn(g) ? grat_op_check(op) : rest(g, op);
        if (e && left(g)) return e;
    }
    op->err = GRAT_OK;
    return GRAT_OK;
}

/* ---- public, from any thread ------------------------------------------------------------------------ */

static void kick(grat_group *g)
{
    static const uint64_t one = 1;
    if (!g->kick_written) g->kick_written = write(g->wake, &one, sizeof one) > 0;
}

static void cancel_locked(grat_task *t)
{
    atomic_store(&t->cancelled, true);
    if (t->kicked || atomic_load(&t->done)) return;
    t->kicked = true;
    t->kick_next = t->group->kicked;
    t->group->kicked = t;
    kick(t->group);
}

grat_group *grat_group_new(void)
{
    grat_group *g = calloc(1, sizeof *g);
    if (!g) return NULL;
    pthread_mutex_init(&g->lock, NULL);
    queue_init(&g->incoming);
    queue_init(&g->ready);
    queue_init(&g->done);
    g->epoll = epoll_create1(EPOLL_CLOEXEC);
    g->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    struct epoll_event ev = {.events = EPOLLIN, .data.fd = g->wake};
    if (g->epoll < 0 || g->wake < 0 || epoll_ctl(g->epoll, EPOLL_CTL_ADD, g->wake, &ev)) {
        grat_group_free(g);
        return NULL;
    }
    return g;
}

void grat_group_free(grat_group *g)
{
    if (!g) return;
    pthread_mutex_lock(&g->lock);
    for (grat_task *t = g->all; t; t = t->all_next) cancel_locked(t);
    pthread_mutex_unlock(&g->lock);
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    grat_wait_all(g, &op);
    for (grat_task *t; (t = queue_take(&g->done));) free(t);
    for (stack_item *s; (s = g->spare);) {
        g->spare = s->next;
        grat__stack_free(&s->stack);
        free(s);
    }
    if (g->epoll >= 0) close(g->epoll);
    if (g->wake >= 0) close(g->wake);
    free(g->watches);
    free(g->heap);
    pthread_mutex_destroy(&g->lock);
    free(g);
}

grat_err grat_submit(grat_group *g, grat_task_fn fn, void *user, grat_op *op, grat_task **out)
{
    grat_task *t = calloc(1, sizeof *t);
    if (!t) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    *t = (grat_task){.group = g, .fn = fn, .user = user, .op = op, .heap_at = NO_HEAP};
    op->err = GRAT_OK;
    pthread_mutex_lock(&g->lock);
    g->unfinished++;
    if ((t->all_next = g->all)) g->all->all_at = &t->all_next;
    t->all_at = &g->all;
    g->all = t;
    queue_put(&g->incoming, t);
    if (out) *out = t;
    kick(g);
    pthread_mutex_unlock(&g->lock);
    return GRAT_OK;
}

void grat_task_cancel(grat_task *t)
{
    pthread_mutex_lock(&t->group->lock);
    cancel_locked(t);
    pthread_mutex_unlock(&t->group->lock);
}

bool grat_task_done(const grat_task *t)
{
    return atomic_load(&t->done);
}

void *grat_task_user(const grat_task *t)
{
    return t->user;
}

grat_op *grat_task_op(const grat_task *t)
{
    return t->op;
}

void grat_task_free(grat_task *t)
{
    free(t);
}

int grat_group_fd(const grat_group *g)
{
    return g->epoll;
}

int grat_group_timeout_ms(const grat_group *g)
{
    if (g->ready.first || g->done.first) return 0;
    if (!g->heap_n) return -1;
    int64_t ms = (g->heap[0]->until_ns - grat_now_ns() + 999999) / 1000000;
    return ms < 0 ? 0 : ms > 1 << 30 ? 1 << 30 : (int)ms;
}
