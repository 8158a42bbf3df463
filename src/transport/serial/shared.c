/* Serial ports for sessions. Sessions for plain I/O (VISA's) of one process share a port, as VISA programs may open it
 * twice; any other second session finds it busy. What is of the line is the port's (the rate, the lines, what came),
 * what VISA calls local is each session's own. One reads and one writes at a time. */
#include "core/str.h"
#include "core/wait.h"
#include "transport/list.h"
#include "transport/serial/port.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { IN = 1, OUT = 2, BOTH = IN | OUT };
enum { LOCALS = 5, DISCARD_MS = 1000 };

static const struct {
    grat_attr a;
    unsigned lane;
} locals[LOCALS] = {
    {GRAT_ATTR_ASRL_END_IN, IN},     {GRAT_ATTR_ASRL_REPLACE_CHAR, IN}, {GRAT_ATTR_ASRL_END_OUT, OUT},
    {GRAT_ATTR_ASRL_TERM_CHAR, OUT}, {GRAT_ATTR_ASRL_BREAK_MS, OUT},
};

typedef struct port {
    struct port *next;           /* of the list, from before its opening until it is closed */
    char path[256];
    bool share;                  /* further sessions may join */
    bool settled;                /* neither being opened nor being closed */
    int change;                  /* eventfd, readable while `settled` */
    unsigned refs, waiting;      /* sessions; threads that wait for `change` */
    void *inner;
    int turn[2];                 /* eventfd, 1 = free; taken in this order */
    int64_t first[LOCALS];
    _Atomic int64_t now[LOCALS]; /* those of reading are changed with both turns held, as they change the line */
} port;

typedef struct member {
    port *port;
    int64_t local[LOCALS];
} member;

static const grat_transport *const inner = &grat__serial_port;
static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static port *list;

static void destroy(port *p)
{
    for (int i = 0; i < 2; i++)
        if (p->turn[i] >= 0) close(p->turn[i]);
    if (p->change >= 0) close(p->change);
    free(p->inner);
    free(p);
}

/* ---- the list; under its lock ------------------------------------------------------------------------ */

static port *create(const char *path, bool share)
{
    port *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    grat__strcpy(p->path, sizeof p->path, path);
    p->share = share;
    p->refs = 1;
    p->inner = calloc(1, inner->priv_size);
    p->change = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    for (int i = 0; i < 2; i++) p->turn[i] = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->inner && p->change >= 0 && p->turn[0] >= 0 && p->turn[1] >= 0) return p;
    destroy(p);
    return NULL;
}

static void settle(port *p, bool settled)
{
    uint64_t count = 1;
    p->settled = settled;
    ssize_t n = settled ? write(p->change, &count, sizeof count) : read(p->change, &count, sizeof count);
    if (n < 0) abort();              /* a counter of at most 1 */
}

/* Its last session is gone. */
static void take_out(port *p)
{
    port **at = &list;
    while (*at != p) at = &(*at)->next;
    *at = p->next;
    settle(p, true);
    if (!p->waiting) destroy(p);
}

/* One that is being opened or closed now, else one to join. */
static port *find(const char *path, bool share)
{
    port *join = NULL;
    for (port *p = list; p; p = p->next) {
        if (strcmp(p->path, path) != 0) continue;
        if (!p->settled) return p;
        if (p->share && share) join = p;
    }
    return join;
}

static grat_err wait_for(port *p, grat_op *op)
{
    p->waiting++;
    pthread_mutex_unlock(&list_lock);
    grat_err e = grat__op_wait(op, p->change, POLLIN);
    pthread_mutex_lock(&list_lock);
    if (!--p->waiting && !p->refs && p->settled) destroy(p);
    return e;
}

/* A reference to a port that is open, or *out with `settled` unset: the caller opens it. */
static grat_err reserve(const char *path, bool share, grat_op *op, port **out)
{
    grat_err e = GRAT_OK;
    pthread_mutex_lock(&list_lock);
    while ((*out = find(path, share)) && !(*out)->settled && !e) e = wait_for(*out, op);
    if (!e && *out) {
        (*out)->refs++;
    } else if (!e && (*out = create(path, share))) {
        (*out)->next = list;
        list = *out;
    } else if (!e) {
        e = grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory or descriptors", path);
    }
    pthread_mutex_unlock(&list_lock);
    return e;
}

/* ---- open, close ------------------------------------------------------------------------------------- */

static grat_err open_port(port *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    grat_value v = {0};
    grat_err e = inner->open(p->inner, r, opt, op);
    for (int i = 0; i < LOCALS && !e; i++) {
        inner->attr_get(p->inner, locals[i].a, &v, op);
        p->now[i] = p->first[i] = v.number;
    }
    return e;
}

static grat_err shared_open(void *m, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    member *me = m;
    char path[256], *real = NULL;
    grat_err e = grat__serial_path(r, path, op);
    if (e) return e;
    if ((real = realpath(path, NULL)) && strlen(real) < sizeof path) grat__strcpy(path, sizeof path, real);
    free(real);
    if ((e = reserve(path, opt->plain && !opt->serial, op, &me->port))) return e;
    if (!me->port->settled) {
        e = open_port(me->port, r, opt, op);
        pthread_mutex_lock(&list_lock);
        if (!e) settle(me->port, true);
        else me->port->refs--, take_out(me->port);
        pthread_mutex_unlock(&list_lock);
    }
    if (!e) memcpy(me->local, me->port->first, sizeof me->local);
    return e;
}

static void shared_close(void *m)
{
    member *me = m;
    port *p = me->port;
    pthread_mutex_lock(&list_lock);
    bool last = p->refs == 1;
    if (last) settle(p, false);
    else p->refs--;
    pthread_mutex_unlock(&list_lock);
    if (!last) return;
    inner->close(p->inner);
    pthread_mutex_lock(&list_lock);
    p->refs--;
    take_out(p);
    pthread_mutex_unlock(&list_lock);
}

/* ---- turns ------------------------------------------------------------------------------------------ */

static void give(port *p, unsigned lanes)
{
    static const uint64_t one = 1;
    for (unsigned i = 0; i < 2; i++)
        if (lanes & 1u << i && write(p->turn[i], &one, sizeof one) < 0) abort(); /* a counter of at most 1 */
}

static grat_err take(port *p, unsigned lanes, grat_op *op)
{
    uint64_t one;
    for (unsigned i = 0; i < 2; i++) {
        if (!(lanes & 1u << i)) continue;
        while (read(p->turn[i], &one, sizeof one) < 0) {
            grat_err e = grat__op_wait(op, p->turn[i], POLLIN);
            if (!e) continue;
            give(p, lanes & ((1u << i) - 1));
            return e;
        }
    }
    return GRAT_OK;
}

static bool differs(member *me, unsigned lanes)
{
    for (int i = 0; i < LOCALS; i++)
        if (locals[i].lane & lanes && me->port->now[i] != me->local[i]) return true;
    return false;
}

static grat_err make_mine(member *me, unsigned lanes, grat_op *op)
{
    port *p = me->port;
    for (int i = 0; i < LOCALS; i++) {
        if (!(locals[i].lane & lanes) || p->now[i] == me->local[i]) continue;
        grat_err e = inner->attr_set(p->inner, locals[i].a, me->local[i], op);
        if (e) return e;
        p->now[i] = me->local[i];
    }
    return GRAT_OK;
}

static grat_err enter(member *me, unsigned lanes, grat_op *op)
{
    for (;;) {
        unsigned taken = differs(me, lanes & IN) ? BOTH : lanes;
        grat_err e = take(me->port, taken, op);
        op->count = 0;
        if (e) return e;
        if (taken != BOTH && differs(me, lanes & IN)) {
            give(me->port, taken);
            continue;
        }
        e = make_mine(me, lanes, op);
        give(me->port, e ? taken : taken & ~lanes);
        return e;
    }
}

static grat_err leave(member *me, unsigned lanes, grat_err e)
{
    give(me->port, lanes);
    return e;
}

/* ---- operations --------------------------------------------------------------------------------------- */

static grat_err shared_write(void *m, const void *data, size_t n, bool end, grat_op *op)
{
    member *me = m;
    grat_err e = enter(me, OUT, op);
    return e ? e : leave(me, OUT, inner->write(me->port->inner, data, n, end, op));
}

static grat_err shared_read(void *m, void *buf, size_t cap, int term, grat_op *op)
{
    member *me = m;
    grat_err e = enter(me, IN, op);
    if (e) return op->reason = 0, e;
    return leave(me, IN, inner->read(me->port->inner, buf, cap, term, op));
}

static grat_err shared_clear(void *m, grat_op *op)
{
    member *me = m;
    grat_err e = enter(me, BOTH, op);
    return e ? e : leave(me, BOTH, inner->clear(me->port->inner, op));
}

/* What waits to be sent can be asked for and waited for beside a read. */
static unsigned lanes_of(grat_attr a)
{
    return a == GRAT_ATTR_ASRL_UNSENT ? OUT : BOTH;
}

static grat_err shared_attr_get(void *m, grat_attr a, grat_value *out, grat_op *op)
{
    member *me = m;
    for (int i = 0; i < LOCALS; i++) {
        if (locals[i].a != a) continue;
        out->number = me->local[i];
        return GRAT_OK;
    }
    grat_err e = enter(me, lanes_of(a), op);
    return e ? e : leave(me, lanes_of(a), inner->attr_get(me->port->inner, a, out, op));
}

static grat_err shared_attr_set(void *m, grat_attr a, int64_t value, grat_op *op)
{
    member *me = m;
    grat_err e = enter(me, lanes_of(a), op);
    if (e) return e;
    e = inner->attr_set(me->port->inner, a, value, op);
    for (int i = 0; i < LOCALS && !e; i++)
        if (locals[i].a == a) me->port->now[i] = me->local[i] = value;
    return leave(me, lanes_of(a), e);
}

static size_t shared_discard(void *m)
{
    member *me = m;
    grat_op op;
    grat_op_init(&op, DISCARD_MS, NULL);
    if (take(me->port, IN, &op)) return 0;
    size_t n = inner->discard(me->port->inner);
    give(me->port, IN);
    return n;
}

static int line_end(void *m)
{
    return inner->line_end(((member *)m)->port->inner);
}

static bool serves(const grat_resource *r)
{
    return inner->serves(r);
}

const grat_transport grat__transport_serial = {
    .name = "serial port",
    .priv_size = sizeof(member),
    .caps = GRAT_TCAP_DUPLEX,
    .serves = serves,
    .open = shared_open,
    .close = shared_close,
    .write = shared_write,
    .read = shared_read,
    .clear = shared_clear,
    .attr_get = shared_attr_get,
    .attr_set = shared_attr_set,
    .discard = shared_discard,
    .line_end = line_end,
};
