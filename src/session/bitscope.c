/* BitScope on a session: the dialect, and the public calls of <graticule/bitscope.h>. */
#include "session/bitscope.h"

#include "core/str.h"
#include "core/wait.h"
#include "session/dialect.h"
#include "session/session.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A serial line takes what its buffers hold; an adapter on the LAN has room for one command datagram. */
#define WINDOW 512
#define WINDOW_LAN 64
#define QUIET_MS 100

static grat_err pipe_write(void *user, const void *data, size_t n, grat_op *op)
{
    grat_session *s = user;
    return s->tr->write(s->priv, data, n, true, op);
}

static grat_err pipe_read(void *user, void *buf, size_t n, grat_op *op)
{
    grat_session *s = user;
    uint8_t *p = buf;
    size_t done = 0;
    grat_err e = GRAT_OK;
    while (!e && done < n) {
        op->count = 0;
        e = s->tr->read(s->priv, p + done, n - done, -1, op);
        done += op->count;
    }
    op->count = done;
    return e;
}

static grat_err pipe_some(void *user, void *buf, size_t n, grat_op *op)
{
    grat_session *s = user;
    return s->tr->read(s->priv, buf, n, -1, op);
}

static void pipe_skip(void *user)
{
    grat_session *s = user;
    if (s->tr->discard) s->tr->discard(s->priv);
}

static grat_err pipe_clear(void *user, grat_op *op)
{
    grat_session *s = user;
    s->rx.len = 0;
    return s->tr->clear(s->priv, op);
}

grat__bs_pipe grat__bs_session_pipe(grat_session *s)
{
    bool lan = s->resource.host[0] && s->resource.rclass != GRAT_CLASS_SOCKET;
    return (grat__bs_pipe){.user = s, .write = pipe_write, .read = pipe_read, .some = pipe_some, .skip = pipe_skip,
                           .clear = pipe_clear, .window = lan ? WINDOW_LAN : WINDOW};
}

/* ---- dialect ------------------------------------------------------------------------------------ */

static bool serves(const grat_resource *r)
{
    if (r->interface == GRAT_IF_BITSCOPE) return true;
    return r->interface == GRAT_IF_SIM && grat__strcasestarts(r->device, "bitscope");
}

static grat_err identify(grat_session *s, char *out, size_t cap, grat_op *op)
{
    grat__bs_vm vm = {.pipe = grat__bs_session_pipe(s), .lost = s->broken};
    char serial[9];
    grat_err e = grat__bs_ready(&vm, NULL, op);
    if (!e) e = grat__bs_serial(&vm, serial, op);
    if (e) return e;
    snprintf(out, cap, "BitScope,BS0005,%s,%.2s", serial, vm.version + 6);
    return GRAT_OK;
}

const grat__dialect grat__dialect_bitscope = {.name = "BitScope", .serves = serves, .identify = identify};

/* ---- the public calls ------------------------------------------------------------------------------- */

struct grat_bitscope {
    grat_session *session;
    grat__bs_vm vm;
};

static const grat_bitscope_register registers[] = {
#define ENTRY(name, address, bytes) {#name, address, bytes},
    GRAT__BS_MAP(ENTRY)
#undef ENTRY
    {NULL, 0, 0},
};

bool grat_is_bitscope(const grat_session *s)
{
    return s->dialect == &grat__dialect_bitscope;
}

grat_err grat_bitscope_open(grat_session *s, grat_op *op, grat_bitscope **out)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!grat_is_bitscope(s)) return grat_op_fail(op, GRAT_ENOTSUP, "%s: this is no BitScope", s->name);
    grat_bitscope *b = calloc(1, sizeof *b);
    if (!b) return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", s->name);
    *b = (grat_bitscope){.session = s, .vm = {.pipe = grat__bs_session_pipe(s), .lost = s->broken}};
    e = grat__bs_ready(&b->vm, NULL, op);
    if (e) {
        free(b);
        return e;
    }
    s->broken = false;
    *out = b;
    return GRAT_OK;
}

void grat_bitscope_close(grat_bitscope *b)
{
    if (!b) return;
    if (b->vm.lost) b->session->broken = true;
    free(b);
}

const char *grat_bitscope_version(const grat_bitscope *b)
{
    return b->vm.version;
}

const grat_bitscope_register *grat_bitscope_registers(void)
{
    return registers;
}

bool grat_bitscope_find(const char *name, grat_bitscope_register *out)
{
    static const char digits[] = "0123456789abcdef";
    for (const grat_bitscope_register *r = registers; r->name; r++) {
        if (!grat__strcaseeq(r->name, name)) continue;
        *out = *r;
        return true;
    }
    if (strlen(name) != 2) return false;
    const char *high = strchr(digits, tolower((unsigned char)name[0]));
    const char *low = strchr(digits, tolower((unsigned char)name[1]));
    if (!high || !low) return false;
    *out = (grat_bitscope_register){
        .name = "", .address = (uint8_t)((high - digits) << 4 | (low - digits)), .bytes = 1};
    return true;
}

static enum grat__bs_reg reg_of(const grat_bitscope_register *r)
{
    return (enum grat__bs_reg)(r->address | r->bytes << 8);
}

grat_err grat_bitscope_get(grat_bitscope *b, const grat_bitscope_register *r, uint32_t *value, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__bs_ready(&b->vm, NULL, op);
    return e ? e : grat__bs_get(&b->vm, reg_of(r), value, op);
}

grat_err grat_bitscope_set(grat_bitscope *b, const grat_bitscope_register *r, uint32_t value, grat_op *op)
{
    grat__bs_regs set = {0};
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (r->bytes < 1 || r->bytes > 4 || r->address + r->bytes > 256)
        return grat_op_fail(op, GRAT_EINVAL, "register 0x%02x: there is none of %u bytes", r->address, r->bytes);
    if (r->bytes < 4 && value >> 8 * r->bytes)
        return grat_op_fail(op, GRAT_ERANGE, "%s: 0x%x does not fit in %u byte%s", r->name[0] ? r->name : "register",
                            value, r->bytes, r->bytes == 1 ? "" : "s");
    grat__bs_put(&set, reg_of(r), value);
    e = grat__bs_ready(&b->vm, NULL, op);
    return e ? e : grat__bs_store(&b->vm, &set, "", op);
}

grat_err grat_bitscope_raw(grat_bitscope *b, const char *text, void *reply, size_t cap, grat_op *op)
{
    uint8_t *p = reply;
    size_t have = 0;
    grat_err e = grat__op_begin(op);
    if (!e) e = grat__bs_ready(&b->vm, NULL, op);
    if (!e) e = b->vm.pipe.write(b->vm.pipe.user, text, strlen(text), op);
    if (e) return e;
    b->vm.lost = true; /* whatever these commands left behind */
    while (have < cap) {
        grat_op child;
        grat__op_child(&child, op, QUIET_MS);
        child.idle_ns = QUIET_MS * 1000000LL;
        e = b->vm.pipe.read(b->vm.pipe.user, p + have, cap - have, &child);
        have += child.count;
        op->count = have;
        if (e == GRAT_ETIMEOUT) {
            op->err = GRAT_OK;
            b->vm.lost = have < strlen(text) || memcmp(p, text, strlen(text)) != 0;
            return GRAT_OK;
        }
        if (e) return grat__op_adopt(op, &child);
        if ((e = grat_op_check(op))) return e;
    }
    return grat_op_fail(op, GRAT_ETOOBIG, "more than %zu bytes came back", cap);
}

grat_err grat_bitscope_reset(grat_bitscope *b, grat_op *op)
{
    grat_err e = grat__op_begin(op);
    return e ? e : grat__bs_resync(&b->vm, false, op);
}
