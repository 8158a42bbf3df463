/* GPIB boards and the instruments on them, by linux-gpib. A call of the library blocks the whole board, so each lasts
 * SLICE_MS at most and moves PIECE bytes at most: others get their turn, and a cancel is seen between them. */
#include "core/offload.h"
#include "core/str.h"
#include "core/wait.h"
#include "transport/gpib/lib.h"
#include "transport/list.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SLICE_MS 300
#define PIECE 16384
#define HUNG_MS 5000             /* a call that lasts so much longer than it may has hung */
#define LINE_POLL_NS 10000000
#define NOTICE_MS 100            /* so late the loss of control may be noticed */
#define CMD_DCL 0x14
#define CMD_GET 0x08
#define CMD_LLO 0x11
#define CMD_TCT 0x09

enum { LINE_NDAC = 0x02, LINE_REN = 0x10, LINE_SRQ = 0x20, LINE_ATN = 0x40 };
enum { ASK_PAD = 1, ASK_SAD = 2, ASK_READDRESS = 6, ASK_SYSTEM = 0xa, ASK_UNADDRESS = 0x1b, ASK_STATUS = 0x21 };
enum { SAD = 0x60 };             /* added to a secondary address; 0 is none */

typedef struct gpib {
    const grat__gpib *lib;
    int board, pad, sad;     /* sad -1 = none */
    bool intfc;
    int ud, srq_ud;          /* -1 = none; the board's number for INTFC */
    char what[40];
    atomic_bool hung;
    atomic_uint asked;       /* 0x100 | status byte of a service request that stb has not given out yet */
    bool line_seen;          /* INTFC: the SRQ line has been reported and not been low since */
    unsigned kinds, due;     /* INTFC: notices that are wanted, and those not given out yet */
    int seen;                /* the states that have been told */
} gpib;

static bool serves(const grat_resource *r)
{
    return r->interface == GRAT_IF_GPIB;
}

/* ---- one call ----------------------------------------------------------------------------------- */

static void make_call(void *arg)
{
    grat__gpib_call *c = arg;
    c->sta = c->fn(c->lib, c);
    c->err = c->sta & IBSTA_ERR ? c->lib->ThreadIberr() : 0;
    c->cnt = c->lib->ThreadIbcnt();
}

static void drop_call(void *arg)
{
    grat__gpib_call *c = arg;
    free(c->data);
    free(c);
}

/* Makes the call and waits for it: it ends by its own short timeout, so op's deadline and cancel are looked at before
 * and after it, not during it, and nothing that it moved is lost. *c has the results. */
static grat_err call(gpib *g, grat__gpib_call *c, grat_op *op)
{
    grat_op guard;
    if (g->hung) return grat_op_fail(op, GRAT_EIO, "%s: an older call of linux-gpib has not come back", g->what);
    grat__gpib_call *mine = malloc(sizeof *mine);
    if (!mine) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", g->what);
    c->lib = g->lib;
    *mine = *c;
    grat_op_init(&guard, SLICE_MS + HUNG_MS, NULL);
    grat_err e = grat__offload(&guard, make_call, mine, drop_call);
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) {
        c->data = NULL;      /* the thread's now */
        g->hung = e == GRAT_ETIMEOUT;
        return grat_op_fail(op, e == GRAT_ETIMEOUT ? GRAT_EIO : e, "%s: %s", g->what,
                            e == GRAT_ETIMEOUT ? "a call of linux-gpib does not come back" : "cancelled");
    }
    *c = *mine;
    free(mine);
    return e ? grat__op_adopt(op, &guard) : GRAT_OK;
}

/* A call that only succeeds or fails. */
static grat_err simple(gpib *g, grat__gpib_fn fn, int a, grat_op *op)
{
    grat__gpib_call c = {.fn = fn, .ud = g->ud, .a = a};
    grat_err e = call(g, &c, op);
    op->count = 0;
    if (e) return e;
    return c.sta & IBSTA_ERR ? grat__gpib_error(&c, g->what, op) : GRAT_OK;
}

static int slice(const grat_op *op)
{
    int64_t left = grat_op_left_ms(op);
    return grat__gpib_timeout(left < SLICE_MS ? left : SLICE_MS);
}

/* ---- open, close -------------------------------------------------------------------------------- */

static int do_open(const grat__gpib *lib, grat__gpib_call *c)
{
    c->ud = lib->ibdev(c->ud, c->a, c->b, IBTMO_300MS, 1, 0);
    return c->ud < 0 ? IBSTA_ERR : 0;
}

static int do_look(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibask(c->ud, ASK_PAD, &c->value);
}

static int do_close(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibonl(c->ud, 0);
}

static grat_err open_ud(gpib *g, int *ud, grat_op *op)
{
    grat__gpib_call c = {.fn = do_open, .ud = g->board, .a = g->pad, .b = g->sad < 0 ? 0 : SAD + g->sad};
    grat_err e = call(g, &c, op);
    if (e) return e;
    if (c.sta & IBSTA_ERR) return grat__gpib_error(&c, g->what, op);
    *ud = c.ud;
    return GRAT_OK;
}

static grat_err gpib_open(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op)
{
    gpib *g = p;
    (void)opt;
    *g = (gpib){.lib = grat__gpib_load(op), .board = (int)r->board, .pad = r->primary, .sad = r->secondary,
                .intfc = r->rclass == GRAT_CLASS_INTFC, .ud = -1, .srq_ud = -1};
    if (!g->lib) return op->err;
    if (g->intfc) snprintf(g->what, sizeof g->what, "GPIB%d", g->board);
    else snprintf(g->what, sizeof g->what, "GPIB%d address %d", g->board, g->pad);
    if (!g->intfc) return open_ud(g, &g->ud, op);
    g->ud = g->board;        /* a board's number is its own descriptor */
    return simple(g, do_look, 0, op);
}

static void close_ud(gpib *g, int ud)
{
    grat_op op;
    grat__gpib_call c = {.fn = do_close, .ud = ud};
    grat_op_init(&op, 1000, NULL);
    if (ud >= 0) call(g, &c, &op);
}

static void gpib_close(void *p)
{
    gpib *g = p;
    close_ud(g, g->srq_ud);
    if (!g->intfc) close_ud(g, g->ud);
}

/* ---- bytes -------------------------------------------------------------------------------------- */

static int do_read(const grat__gpib *lib, grat__gpib_call *c)
{
    lib->ibtmo(c->ud, c->a);
    return lib->ibrd(c->ud, c->data, (long)c->n);
}

static int do_write(const grat__gpib *lib, grat__gpib_call *c)
{
    lib->ibtmo(c->ud, c->a);
    lib->ibeot(c->ud, c->eot);
    return lib->ibwrt(c->ud, c->data, (long)c->n);
}

/* The count is the bytes moved also where the call timed out. */
static grat_err transfer(gpib *g, grat__gpib_call *c, size_t *moved, grat_op *op)
{
    *moved = 0;
    c->ud = g->ud;
    c->a = slice(op);
    grat_err e = call(g, c, op);
    if (e) return e;
    bool driver = c->sta & IBSTA_ERR && (c->err == IBERR_EDVR || c->err == IBERR_EFSO); /* the count is an errno */
    if (!driver && c->cnt > 0) *moved = (size_t)c->cnt < c->n ? (size_t)c->cnt : c->n;
    if (*moved) grat__op_moved(op);
    if (!(c->sta & IBSTA_ERR) || c->sta & IBSTA_TIMO) return GRAT_OK;
    return grat__gpib_error(c, g->what, op);
}

static grat_err gpib_write(void *p, const void *data, size_t n, bool end, grat_op *op)
{
    gpib *g = p;
    const uint8_t *from = data;
    size_t done = 0, moved;
    grat_err e = GRAT_OK;
    while (!e && done < n && !(e = grat_op_check(op))) {
        size_t m = n - done < PIECE ? n - done : PIECE;
        grat__gpib_call c = {.fn = do_write, .n = m, .eot = end && done + m == n, .data = malloc(m)};
        if (!c.data) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", g->what);
        memcpy(c.data, from + done, m);
        e = transfer(g, &c, &moved, op);
        free(c.data);
        done += moved;
        op->count = done;
    }
    op->count = done;
    return e;
}

static grat_err gpib_read(void *p, void *buf, size_t cap, int term, grat_op *op)
{
    gpib *g = p;
    size_t moved = 0;
    (void)term;
    op->reason = 0;
    op->count = 0;
    for (;;) {
        grat__gpib_call c = {.fn = do_read, .n = cap < PIECE ? cap : PIECE};
        grat_err e = grat_op_check(op);
        if (e) return e;
        c.data = malloc(c.n);
        if (!c.data) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", g->what);
        e = transfer(g, &c, &moved, op);
        if (moved && c.data) memcpy(buf, c.data, moved);
        free(c.data);
        op->count = moved;
        if (e) return e;
        bool end = c.sta & IBSTA_END && !(c.sta & IBSTA_ERR);
        if (end) op->reason |= GRAT_REASON_END;
        if (moved == cap) op->reason |= GRAT_REASON_COUNT;
        if (moved || end) return GRAT_OK;
    }
}

/* ---- the rest ----------------------------------------------------------------------------------- */

static int do_clear(const grat__gpib *lib, grat__gpib_call *c)
{
    static const char dcl = CMD_DCL;
    lib->ibtmo(c->ud, IBTMO_300MS);
    return c->a ? lib->ibcmd(c->ud, &dcl, 1) : lib->ibclr(c->ud);
}

static int do_poll(const grat__gpib *lib, grat__gpib_call *c)
{
    lib->ibtmo(c->ud, IBTMO_300MS);
    return lib->ibrsp(c->ud, &c->byte);
}

/* A board triggers those that listen. */
static int do_trigger(const grat__gpib *lib, grat__gpib_call *c)
{
    static const char get = CMD_GET;
    return c->a ? lib->ibcmd(c->ud, &get, 1) : lib->ibtrg(c->ud);
}

/* The device to listen, remote enabled, local lockout for all, and so on: VISA's modes. */
static int do_ren(const grat__gpib *lib, grat__gpib_call *c)
{
    const char llo = CMD_LLO, listen[] = {0x3f, (char)(0x20 + c->n)};
    int board = c->b, sta = 0;
    if (c->a == GRAT_REN_OFF_LOCAL || c->a == GRAT_REN_LOCAL) sta = lib->ibloc(c->ud);
    if (sta & IBSTA_ERR || c->a == GRAT_REN_LOCAL) return sta;
    sta = lib->ibsre(board, c->a != GRAT_REN_OFF && c->a != GRAT_REN_OFF_LOCAL);
    bool remote = c->a == GRAT_REN_ON_REMOTE || c->a == GRAT_REN_ON_REMOTE_LOCKOUT;
    bool lockout = c->a == GRAT_REN_ON_LOCKOUT || c->a == GRAT_REN_ON_REMOTE_LOCKOUT;
    if (!(sta & IBSTA_ERR) && remote && c->n <= 30) sta = lib->ibcmd(board, listen, sizeof listen);
    if (!(sta & IBSTA_ERR) && lockout) sta = lib->ibcmd(board, &llo, 1);
    return sta;
}

static grat_err gpib_clear(void *p, grat_op *op)
{
    gpib *g = p;
    return simple(g, do_clear, g->intfc, op);
}

static grat_err gpib_stb(void *p, uint8_t *stb, grat_op *op)
{
    gpib *g = p;
    grat__gpib_call c = {.fn = do_poll, .ud = g->ud};
    if (g->intfc) return grat_op_fail(op, GRAT_ENOTSUP, "%s: a board has no status byte", g->what);
    unsigned asked = atomic_exchange(&g->asked, 0);
    if (asked) {
        op->count = 0;
        *stb = (uint8_t)asked;
        return GRAT_OK;
    }
    grat_err e = call(g, &c, op);
    op->count = 0;
    if (e) return e;
    if (c.sta & IBSTA_ERR && (c.sta & IBSTA_TIMO || c.err == IBERR_EABO))
        return grat_op_fail(op, GRAT_EIO, "%s: nobody answers the serial poll; is it switched on?", g->what);
    if (c.sta & IBSTA_ERR) return grat__gpib_error(&c, g->what, op);
    *stb = (uint8_t)c.byte;
    return GRAT_OK;
}

static grat_err gpib_trigger(void *p, grat_op *op)
{
    return simple(p, do_trigger, ((gpib *)p)->intfc, op);
}

static grat_err gpib_ren(void *p, grat_ren mode, grat_op *op)
{
    gpib *g = p;
    if ((unsigned)mode > GRAT_REN_LOCAL) return grat_op_fail(op, GRAT_EINVAL, "there are the modes 0 to 6");
    grat__gpib_call c = {.fn = do_ren, .ud = g->ud, .a = (int)mode, .b = g->board,
                         .n = g->pad < 0 ? 99 : (size_t)g->pad};
    grat_err e = call(g, &c, op);
    op->count = 0;
    if (e) return e;
    return c.sta & IBSTA_ERR ? grat__gpib_error(&c, g->what, op) : GRAT_OK;
}

/* A descriptor of its own: waiting must not change the timeout of the others. */
static grat_err srq_enable(void *p, bool on, grat_op *op)
{
    gpib *g = p;
    if (g->intfc || (on && g->srq_ud >= 0)) return GRAT_OK;
    if (on) return open_ud(g, &g->srq_ud, op);
    close_ud(g, g->srq_ud);
    g->srq_ud = -1;
    return GRAT_OK;
}

static int do_wait(const grat__gpib *lib, grat__gpib_call *c)
{
    lib->ibtmo(c->ud, IBTMO_300MS);
    return lib->ibwait(c->ud, c->a | IBSTA_TIMO);
}

static int do_state(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibwait(c->ud, 0);
}

/* RQS stays until the status byte is fetched: it is taken here and kept for stb, so that one request is told once. */
static grat_err keep_byte(gpib *g, grat_op *op)
{
    grat__gpib_call c = {.fn = do_poll, .ud = g->srq_ud};
    grat_err e = call(g, &c, op);
    if (!e && !(c.sta & IBSTA_ERR) && c.byte & 0x40) atomic_store(&g->asked, 0x100u | (uint8_t)c.byte);
    return e;
}

/* The line of a board stays low until the last instrument was polled: the next request is told after that. */
static grat_err line_left(gpib *g, grat_op *op)
{
    while (g->line_seen) {
        grat__gpib_call c = {.fn = do_state, .ud = g->ud};
        grat_err e = grat_op_check(op);
        if (!e) e = call(g, &c, op);
        if (e) return e;
        g->line_seen = (c.sta & IBSTA_SRQI) != 0;
        if (g->line_seen && (e = grat_op_sleep_until(op, grat_now_ns() + LINE_POLL_NS))) return e;
    }
    return GRAT_OK;
}

static grat_err srq_wait(void *p, grat_op *op)
{
    gpib *g = p;
    int ud = g->intfc ? g->ud : g->srq_ud, bit = g->intfc ? IBSTA_SRQI : IBSTA_RQS;
    if (ud < 0) return grat_op_fail(op, GRAT_EINVAL, "%s: service requests were not enabled", g->what);
    grat_err e = line_left(g, op);
    while (!e) {
        grat__gpib_call c = {.fn = do_wait, .ud = ud, .a = bit};
        e = grat_op_check(op);
        if (!e) e = call(g, &c, op);
        if (e) break;
        if (c.sta & bit) {
            g->line_seen = g->intfc;
            return g->intfc ? GRAT_OK : keep_byte(g, op);
        }
        if (c.sta & IBSTA_ERR && !(c.sta & IBSTA_TIMO)) return grat__gpib_error(&c, g->what, op);
    }
    return e;
}

/* ---- what happens to a board ------------------------------------------------------------------------ */

static const struct {
    unsigned kind;
    int bit;
    bool once;               /* the library clears it behind a wait that named it */
} notices[] = {
    {GRAT_NOTICE_CIC, IBSTA_CIC, false},     {GRAT_NOTICE_TALK, IBSTA_TACS, false},
    {GRAT_NOTICE_LISTEN, IBSTA_LACS, false}, {GRAT_NOTICE_CLEAR, IBSTA_DCAS, true},
    {GRAT_NOTICE_TRIGGER, IBSTA_DTAS, true},
};
enum { NOTICES = sizeof notices / sizeof *notices };

static grat_err notice_enable(void *p, unsigned kinds, grat_op *op)
{
    gpib *g = p;
    grat__gpib_call c = {.fn = do_state, .ud = g->ud};
    if (!g->intfc) return grat_op_fail(op, GRAT_ENOTSUP, "%s: only a board tells (GPIB%d::INTFC)", g->what, g->board);
    grat_err e = call(g, &c, op);
    if (e) return e;
    if (!g->kinds) g->seen = c.sta, g->due = 0;
    g->kinds = kinds;
    g->due &= kinds;
    return GRAT_OK;
}

/* The states that would be news. */
static int news(const gpib *g)
{
    int bits = 0;
    for (int i = 0; i < NOTICES; i++)
        if (g->kinds & notices[i].kind && !(g->seen & notices[i].bit)) bits |= notices[i].bit;
    return bits;
}

static void compare(gpib *g, int sta)
{
    for (int i = 0; i < NOTICES; i++) {
        int bit = notices[i].bit;
        bool told = g->seen & bit, is = sta & bit, lost = told && !is && notices[i].kind == GRAT_NOTICE_CIC;
        if ((is && !told) || lost) g->due |= notices[i].kind & g->kinds;
        g->seen = is && !notices[i].once ? g->seen | bit : g->seen & ~bit;
    }
}

static bool give_due(gpib *g, grat_notice *out)
{
    unsigned kind = g->due & ~(g->due - 1);
    if (!kind) return false;
    g->due &= ~kind;
    out->kind = kind;
    out->on = g->seen & IBSTA_CIC;
    out->size = 0;
    return true;
}

static int do_watch(const grat__gpib *lib, grat__gpib_call *c)
{
    lib->ibtmo(c->ud, grat__gpib_timeout(NOTICE_MS));
    return lib->ibwait(c->ud, c->a | IBSTA_TIMO);
}

static grat_err notice_wait(void *p, grat_notice *out, grat_op *op)
{
    gpib *g = p;
    grat_err e = GRAT_OK;
    if (!g->kinds) return grat_op_fail(op, GRAT_EINVAL, "%s: no notices were enabled", g->what);
    while (!e) {
        if (give_due(g, out)) return GRAT_OK;
        grat__gpib_call c = {.fn = do_watch, .ud = g->ud, .a = news(g)};
        e = grat_op_check(op);
        if (!e) e = call(g, &c, op);
        if (e) break;
        if (c.sta & IBSTA_ERR && !(c.sta & IBSTA_TIMO)) return grat__gpib_error(&c, g->what, op);
        compare(g, c.sta);
    }
    return e;
}

static int do_bus(const grat__gpib *lib, grat__gpib_call *c)
{
    switch (c->a) {
    case GRAT_BUS_IFC:
        return lib->ibsic(c->ud);
    case GRAT_BUS_ATN:
        return c->b == 1 || c->b == 3 ? lib->ibcac(c->ud, c->b == 1) : lib->ibgts(c->ud, c->b == 2);
    default:
        return lib->ibcmd(c->ud, c->data, (long)c->n);
    }
}

static grat_err gpib_bus(void *p, const grat_bus_args *args, grat_op *op)
{
    gpib *g = p;
    uint8_t pass[3] = {(uint8_t)(0x40 + (args->primary & 31)), CMD_TCT};
    grat__gpib_call c = {.fn = do_bus, .ud = g->ud, .a = args->what, .b = args->mode, .n = args->size};
    const void *from = args->data;
    if (!g->intfc)
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: open the board for this (GPIB%d::INTFC)", g->what, g->board);
    if (args->what == GRAT_BUS_PASS_CONTROL) {
        from = pass;
        c.n = 2;
        if (args->secondary >= 0) pass[1] = (uint8_t)(0x60 + args->secondary), pass[2] = CMD_TCT, c.n = 3;
    }
    c.data = calloc(1, c.n + 1);
    if (!c.data) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", g->what);
    if (c.n && from) memcpy(c.data, from, c.n);
    grat_err e = call(g, &c, op);
    free(c.data);
    op->count = e ? 0 : c.n;
    if (e) return e;
    return c.sta & IBSTA_ERR ? grat__gpib_error(&c, g->what, op) : GRAT_OK;
}

/* ---- attributes --------------------------------------------------------------------------------- */

static int do_lines(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->iblines(c->ud, &c->word);
}

static int do_ask(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibask(c->ud, c->a, &c->value);
}

static int do_config(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibconfig(c->ud, c->a, c->b);
}

/* Sets, and succeeds or fails. */
static grat_err set(gpib *g, grat__gpib_fn fn, int option, int value, grat_op *op)
{
    grat__gpib_call c = {.fn = fn, .ud = g->ud, .a = option, .b = value};
    grat_err e = call(g, &c, op);
    if (e) return e;
    return c.sta & IBSTA_ERR ? grat__gpib_error(&c, g->what, op) : GRAT_OK;
}

static int do_status(const grat__gpib *lib, grat__gpib_call *c)
{
    return lib->ibrsv(c->ud, c->b);
}

/* 1, 0, or -1 where the board cannot see the line. */
static grat_err line(gpib *g, int bit, int64_t *out, grat_op *op)
{
    grat__gpib_call c = {.fn = do_lines, .ud = g->board};
    grat_err e = call(g, &c, op);
    if (e) return e;
    if (c.sta & IBSTA_ERR) return grat__gpib_error(&c, g->what, op);
    *out = c.word & bit ? (c.word >> 8 & bit) != 0 : -1;
    return GRAT_OK;
}

static grat_err ask(gpib *g, int option, int64_t *out, grat_op *op)
{
    grat__gpib_call c = {.fn = do_ask, .ud = g->ud, .a = option};
    grat_err e = call(g, &c, op);
    if (e) return e;
    if (c.sta & IBSTA_ERR) return grat__gpib_error(&c, g->what, op);
    *out = c.value;
    return GRAT_OK;
}

static grat_err board_state(gpib *g, grat_attr a, int64_t *out, grat_op *op)
{
    grat__gpib_call c = {.fn = do_state, .ud = g->board};
    grat_err e = call(g, &c, op);
    if (e) return e;
    if (c.sta & IBSTA_ERR) return grat__gpib_error(&c, g->what, op);
    if (a == GRAT_ATTR_GPIB_CIC) *out = (c.sta & IBSTA_CIC) != 0;
    else *out = c.sta & IBSTA_TACS ? 1 : c.sta & IBSTA_LACS ? 2 : 0;
    return GRAT_OK;
}

static grat_err attr_get(void *p, grat_attr a, grat_value *out, grat_op *op)
{
    gpib *g = p;
    grat_err e;
    switch (a) {
    case GRAT_ATTR_GPIB_PRIMARY:
        out->number = g->pad;
        return g->intfc ? ask(g, ASK_PAD, &out->number, op) : GRAT_OK;
    case GRAT_ATTR_GPIB_SECONDARY:
        out->number = g->sad;
        if (!g->intfc) return GRAT_OK;
        e = ask(g, ASK_SAD, &out->number, op);
        if (!e) out->number = out->number ? out->number - SAD : -1;
        return e;
    case GRAT_ATTR_GPIB_STATUS_BYTE:
        if (!g->intfc) return grat_op_fail(op, GRAT_ENOTSUP, "%s: only a board has this", g->what);
        return ask(g, ASK_STATUS, &out->number, op);
    case GRAT_ATTR_GPIB_READDRESS:
        return ask(g, ASK_READDRESS, &out->number, op);
    case GRAT_ATTR_GPIB_UNADDRESS:
        return ask(g, ASK_UNADDRESS, &out->number, op);
    case GRAT_ATTR_GPIB_REN:
        return line(g, LINE_REN, &out->number, op);
    case GRAT_ATTR_GPIB_ATN:
        return line(g, LINE_ATN, &out->number, op);
    case GRAT_ATTR_GPIB_NDAC:
        return line(g, LINE_NDAC, &out->number, op);
    case GRAT_ATTR_GPIB_SRQ:
        return line(g, LINE_SRQ, &out->number, op);
    case GRAT_ATTR_GPIB_CIC:
    case GRAT_ATTR_GPIB_ADDRESS_STATE:
        return board_state(g, a, &out->number, op);
    case GRAT_ATTR_GPIB_SYSTEM_CONTROLLER:
        return ask(g, ASK_SYSTEM, &out->number, op);
    default:
        return grat_op_fail(op, GRAT_ENOTSUP, "%s: no such attribute", g->what);
    }
}

static grat_err attr_set(void *p, grat_attr a, int64_t value, grat_op *op)
{
    static const struct {
        grat_attr a;
        int option;
        int least, most;
        bool intfc;
    } rows[] = {{GRAT_ATTR_GPIB_PRIMARY, ASK_PAD, 0, 30, true},
                {GRAT_ATTR_GPIB_SECONDARY, ASK_SAD, -1, 30, true},
                {GRAT_ATTR_GPIB_STATUS_BYTE, ASK_STATUS, 0, 255, true},
                {GRAT_ATTR_GPIB_SYSTEM_CONTROLLER, ASK_SYSTEM, 0, 1, true},
                {GRAT_ATTR_GPIB_READDRESS, ASK_READDRESS, 0, 1, false}};
    gpib *g = p;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].a != a || rows[i].intfc != g->intfc) continue;
        if (value < rows[i].least || value > rows[i].most)
            return grat_op_fail(op, GRAT_ERANGE, "%s: %lld is out of range", g->what, (long long)value);
        if (rows[i].option == ASK_SAD) value = value < 0 ? 0 : SAD + value;
        return set(g, rows[i].option == ASK_STATUS ? do_status : do_config, rows[i].option, (int)value, op);
    }
    /* Unaddressing hides the error of a failed read, so it stays off. */
    if (a == GRAT_ATTR_GPIB_UNADDRESS && !value) return GRAT_OK;
    return grat_op_fail(op, GRAT_ENOTSUP, "%s: this cannot be set", g->what);
}

const grat_transport grat__transport_gpib = {
    .name = "GPIB",
    .priv_size = sizeof(gpib),
    .caps = GRAT_TCAP_END | GRAT_TCAP_ORDERED,
    .serves = serves,
    .open = gpib_open,
    .close = gpib_close,
    .write = gpib_write,
    .read = gpib_read,
    .clear = gpib_clear,
    .stb = gpib_stb,
    .trigger = gpib_trigger,
    .ren = gpib_ren,
    .srq_enable = srq_enable,
    .srq_wait = srq_wait,
    .notice_enable = notice_enable,
    .notice_wait = notice_wait,
    .bus = gpib_bus,
    .attr_get = attr_get,
    .attr_set = attr_set,
};
