#include "bitscope/vm.h"

#include "core/str.h"
#include "core/wait.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MS 1000000LL
/* The instrument echoes within milliseconds; the rest is for the link. */
#define ANSWER_MS 1000
#define PROBE_MS 300
/* Longer than any pause inside an answer: the 16 ms that a USB adapter may hold bytes back, twice. */
#define QUIET_MS 35
#define RESYNC_MS 2000
#define TRIES 3
#define VERSION_N 8
#define SECOND_PACKET_MS 100
#define PIECE 4096
#define LOOK_NS 20000 /* to see whether there is something */

static grat_err lose(grat__bs_vm *vm, grat_err e)
{
    vm->lost = true;
    return e;
}

/* A child that fails when nothing moves for ms. */
static void patience(grat_op *child, const grat_op *op, int64_t ms)
{
    grat__op_child(child, op, ms);
    child->idle_ns = op->deadline_ns == child->deadline_ns ? 0 : ms * MS;
}

static grat_err silent(grat_op *op, const grat_op *child, const char *what)
{
    if (child->err != GRAT_ETIMEOUT || grat_op_left_ms(op) == 0) return grat__op_adopt(op, child);
    return grat_op_fail(op, GRAT_ETIMEOUT, "the BitScope did not answer %s; is it plugged in and free?", what);
}

/* ---- echo ---------------------------------------------------------------------------------------- */

static grat_err check_echo(grat__bs_vm *vm, const uint8_t *want, size_t n, grat_op *op)
{
    uint8_t got[256];
    for (size_t done = 0; done < n;) {
        size_t k = n - done < sizeof got ? n - done : sizeof got;
        grat_err e = vm->pipe.read(vm->pipe.user, got, k, op);
        if (e) return e;
        for (size_t i = 0; i < k; i++) {
            if (got[i] != want[done + i])
                return grat_op_fail(op, GRAT_EPROTO, "the BitScope echoed 0x%02x for \"%c\": the link is out of step",
                                    got[i], isprint(want[done + i]) ? want[done + i] : '?');
        }
        done += k;
    }
    return GRAT_OK;
}

grat_err grat__bs_send(grat__bs_vm *vm, const void *text, size_t n, grat_op *op)
{
    const uint8_t *p = text;
    size_t window = vm->pipe.window ? vm->pipe.window : 64, sent = 0, echoed = 0;
    grat_err e = GRAT_OK;
    grat_op child;
    if (vm->lost) return grat_op_fail(op, GRAT_EPROTO, "the link to the BitScope is out of step");
    patience(&child, op, ANSWER_MS);
    while (!e && echoed < n) {
        size_t ahead = n - sent < window - (sent - echoed) ? n - sent : window - (sent - echoed);
        if (ahead) {
            e = vm->pipe.write(vm->pipe.user, p + sent, ahead, &child);
            sent += ahead;
            continue;
        }
        size_t part = sent - echoed;
        if (sent < n && part > window / 2) part = window / 2;
        e = check_echo(vm, p + echoed, part, &child);
        echoed += part;
        vm->trips++;
    }
    return e ? lose(vm, silent(op, &child, "a command")) : GRAT_OK;
}

grat_err grat__bs_store(grat__bs_vm *vm, const grat__bs_regs *r, const char *tail, grat_op *op)
{
    char text[GRAT__BS_PROGRAM_MAX];
    size_t n = grat__bs_encode(r, tail, text);
    return grat__bs_send(vm, text, n, op);
}

grat_err grat__bs_read(grat__bs_vm *vm, void *buf, size_t n, grat_op *op)
{
    uint8_t *p = buf;
    grat_op child;
    grat_err e = GRAT_OK;
    if (vm->lost) return grat_op_fail(op, GRAT_EPROTO, "the link to the BitScope is out of step");
    size_t done = 0;
    while (!e && done < n) {
        patience(&child, op, ANSWER_MS);
        e = vm->pipe.read(vm->pipe.user, p + done, n - done < PIECE ? n - done : PIECE, &child);
        done += child.count;
    }
    op->count = done;
    if (!e) return GRAT_OK;
    vm->lost = true;
    if (child.err != GRAT_ETIMEOUT || grat_op_left_ms(op) == 0) return grat__op_adopt(op, &child);
    return grat_op_fail(op, GRAT_ESHORT, "the BitScope sent %zu of %zu bytes and then nothing", done, n);
}

static int nibble(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Exactly n lower-case digits. */
static bool hex_field(const uint8_t *p, size_t n, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++) {
        int d = nibble(p[i]);
        if (d < 0) return false;
        v = v << 4 | (uint32_t)d;
    }
    *out = v;
    return true;
}

grat_err grat__bs_hex(grat__bs_vm *vm, const char *text, uint8_t *out, grat_op *op)
{
    uint8_t answer[4];
    uint32_t v = 0;
    grat_err e = grat__bs_send(vm, text, strlen(text), op);
    if (!e) e = grat__bs_read(vm, answer, sizeof answer, op);
    if (e) return e;
    if (answer[0] != '\r' || answer[3] != '\r' || !hex_field(answer + 1, 2, &v))
        return lose(vm, grat_op_fail(op, GRAT_EPROTO, "the BitScope answered \"%s\" with something that is no byte",
                                     text));
    *out = (uint8_t)v;
    return GRAT_OK;
}

static grat_err get_once(grat__bs_vm *vm, enum grat__bs_reg reg, uint32_t *out, grat_op *op)
{
    unsigned address = (unsigned)reg & 0xff, bytes = (unsigned)reg >> 8;
    uint32_t v = 0;
    char text[8];
    for (unsigned i = 0; i < bytes; i++) {
        uint8_t byte = 0;
        if (i) snprintf(text, sizeof text, "np");
        else snprintf(text, sizeof text, "%02x@p", address);
        grat_err e = grat__bs_hex(vm, text, &byte, op);
        if (e) return e;
        v |= (uint32_t)byte << 8 * i;
    }
    *out = v;
    return GRAT_OK;
}

/* After a fault of the link in what may be asked again: true when it is in step once more. */
static bool mended(grat__bs_vm *vm, grat_err e, grat_op *op)
{
    grat_op child;
    if (!vm->lost || e == GRAT_ECANCELED || e == GRAT_ELOST || grat_op_left_ms(op) == 0) return false;
    grat__op_child(&child, op, INT64_MAX);
    if (grat__bs_regain(vm, &child)) return false;
    op->err = GRAT_OK;
    return true;
}

/* Begins with its address each time. */
grat_err grat__bs_get(grat__bs_vm *vm, enum grat__bs_reg reg, uint32_t *out, grat_op *op)
{
    grat_err e = get_once(vm, reg, out, op);
    for (unsigned i = 1; e && i < TRIES && mended(vm, e, op); i++) e = get_once(vm, reg, out, op);
    return e;
}

static grat_err read_eeprom(grat__bs_vm *vm, unsigned address, uint8_t *out, grat_op *op)
{
    char text[16];
    snprintf(text, sizeof text, "11@%02xsr", address);
    grat_err e = grat__bs_hex(vm, text, out, op);
    for (unsigned i = 1; e && i < TRIES && mended(vm, e, op); i++) e = grat__bs_hex(vm, text, out, op);
    return e;
}

grat_err grat__bs_serial(grat__bs_vm *vm, char out[9], grat_op *op)
{
    for (unsigned i = 0; i < 8; i++) {
        uint8_t c;
        grat_err e = read_eeprom(vm, 0x30 + i, &c, op);
        if (e) return e;
        out[i] = isgraph(c) && c < 0x7f && c != ',' ? (char)c : '\0';
    }
    out[8] = '\0';
    return GRAT_OK;
}

/* ---- in step -------------------------------------------------------------------------------------- */

static grat_err ask_version(grat__bs_vm *vm, int64_t ms, grat_op *op)
{
    uint8_t a[3 + VERSION_N];
    grat_op child;
    grat__op_child(&child, op, ms);
    grat_err e = vm->pipe.write(vm->pipe.user, "?", 1, &child);
    if (!e) e = vm->pipe.read(vm->pipe.user, a, sizeof a, &child);
    vm->trips++;
    if (e) return silent(op, &child, "?");
    if (a[0] != '?' || a[1] != '\r' || a[2 + VERSION_N] != '\r' || memcmp(a + 2, "BS", 2) != 0)
        return grat_op_fail(op, GRAT_EPROTO, "what is there does not identify itself as a BitScope");
    memcpy(vm->version, a + 2, VERSION_N);
    vm->version[VERSION_N] = '\0';
    if (memcmp(vm->version, "BS0005", 6) != 0)
        return grat_op_fail(op, GRAT_ENOTSUP, "a BitScope %.8s: only the Micro (BS0005…) is known here", vm->version);
    return GRAT_OK;
}

/* Reads away until the input ends with the echo of ! and nothing follows. */
static grat_err drain(grat__bs_vm *vm, grat_op *op)
{
    uint8_t junk[1024];
    bool echo = false;
    for (;;) {
        grat_op child;
        grat__op_child(&child, op, echo ? QUIET_MS : PROBE_MS);
        child.idle_ns = QUIET_MS * MS;
        grat_err e = vm->pipe.read(vm->pipe.user, junk, sizeof junk, &child);
        if (child.count) echo = junk[child.count - 1] == '!';
        if (e && e != GRAT_ETIMEOUT) return grat__op_adopt(op, &child);
        if (e && echo) return GRAT_OK;
        if (e && !child.count) return grat_op_fail(op, GRAT_ETIMEOUT, "the BitScope does not answer");
        if ((e = grat_op_check(op))) return e;
    }
}

/* Cmd, Mode 0, Z: the registers that say how are as they were. */
static grat_err revive_generator(grat__bs_vm *vm, grat_op *op)
{
    uint32_t sink = 0, map = 0;
    char text[32];
    grat_err e = get_once(vm, GRAT__BS_KitchenSinkB, &sink, op);
    if (!e) e = get_once(vm, GRAT__BS_Map5, &map, op);
    if (e || (!(sink & GRAT__BS_SINK_WAVE) && map != GRAT__BS_MAP_CLOCK)) return e;
    bool wave = sink & GRAT__BS_SINK_WAVE;
    int n = snprintf(text, sizeof text, "46@%02xz[sZ", wave ? GRAT__BS_CMD_WAVE : GRAT__BS_CMD_CLOCK);
    e = grat__bs_send(vm, text, (size_t)n, op);
    if (!e && wave) e = grat__bs_send(vm, "U", 1, op);
    if (!e) vm->revived++;
    return e;
}

static grat_err resync_once(grat__bs_vm *vm, bool revive, grat_op *op)
{
    vm->held_n = 0;
    vm->lost = true;
    grat_err e = vm->pipe.clear ? vm->pipe.clear(vm->pipe.user, op) : GRAT_OK;
    if (!e) e = vm->pipe.write(vm->pipe.user, "!", 1, op);
    if (!e) e = drain(vm, op);
    if (!e) e = ask_version(vm, ANSWER_MS, op);
    if (e) return e;
    vm->lost = false;
    if (revive) return revive_generator(vm, op);
    /* The generators have stopped: their registers shall not say that they run. */
    return grat__bs_send(vm, "7c@[s99@[s", 10, op);
}

grat_err grat__bs_resync(grat__bs_vm *vm, bool revive, grat_op *op)
{
    grat_err e = GRAT_OK;
    vm->lost = true;
    vm->resyncs++;
    for (unsigned i = 0; i < TRIES; i++) {
        grat_op child;
        grat__op_child(&child, op, RESYNC_MS);
        e = resync_once(vm, revive, &child);
        if (!e) {
            vm->lost = false;
            return GRAT_OK;
        }
        grat__op_adopt(op, &child);
        if (e == GRAT_ECANCELED || e == GRAT_ENOTSUP || grat_op_left_ms(op) == 0) break;
    }
    if (e == GRAT_ETIMEOUT)
        return grat_op_fail(op, e, "the BitScope does not answer; is it plugged in, and free of other programs?");
    return e;
}

/* Until nothing has come for QUIET_MS. */
static grat_err read_away(grat__bs_vm *vm, grat_op *op)
{
    uint8_t junk[1024];
    for (;;) {
        grat_op child;
        grat__op_child(&child, op, QUIET_MS);
        child.idle_ns = QUIET_MS * MS;
        grat_err e = vm->pipe.read(vm->pipe.user, junk, sizeof junk, &child);
        if (e == GRAT_ETIMEOUT) return grat_op_check(op);
        if (e) return grat__op_adopt(op, &child);
        if ((e = grat_op_check(op))) return e;
    }
}

static grat_err regain_once(grat__bs_vm *vm, grat_op *op)
{
    grat_op child;
    grat__op_child(&child, op, RESYNC_MS);
    vm->held_n = 0;
    vm->resyncs++;
    grat_err e = vm->pipe.clear ? vm->pipe.clear(vm->pipe.user, &child) : GRAT_OK;
    if (!e) e = read_away(vm, &child);
    if (!e) e = ask_version(vm, ANSWER_MS, &child);
    vm->lost = e != GRAT_OK;
    return e ? grat__op_adopt(op, &child) : GRAT_OK;
}

/* The question or its answer can be lost, too. */
grat_err grat__bs_regain(grat__bs_vm *vm, grat_op *op)
{
    grat_err e = regain_once(vm, op);
    if (!e || e == GRAT_ECANCELED || e == GRAT_ELOST || e == GRAT_ENOTSUP || grat_op_left_ms(op) == 0) return e;
    op->err = GRAT_OK;
    return regain_once(vm, op);
}

grat_err grat__bs_ready(grat__bs_vm *vm, bool *reset, grat_op *op)
{
    if (reset) *reset = false;
    vm->held_n = 0;
    if (!vm->lost && vm->version[0]) return GRAT_OK;
    if (!vm->lost) {
        grat_op gentle;
        grat__op_child(&gentle, op, PROBE_MS);
        if (ask_version(vm, PROBE_MS, &gentle) == GRAT_OK) return GRAT_OK;
        if (gentle.err == GRAT_ECANCELED || gentle.err == GRAT_ENOTSUP) return grat__op_adopt(op, &gentle);
    }
    if (reset) *reset = true;
    return grat__bs_resync(vm, true, op);
}

/* ---- status packets --------------------------------------------------------------------------------- */

/* Bytes that the packet has, from what is there of it; 0 = it is none. */
static size_t packet_size(const uint8_t *p, size_t n)
{
    uint32_t code;
    if (n < 3) return 3;
    if (p[2] != '\r' || !hex_field(p, 2, &code) || code > GRAT__BS_STOPPED) return 0;
    return code == GRAT__BS_WAITING ? 12 : 21;
}

static bool packet_parse(const uint8_t *p, size_t n, grat__bs_packet *out)
{
    uint32_t code = 0, time = 0, address = 0;
    bool ok = hex_field(p, 2, &code) && hex_field(p + 3, 8, &time) && p[11] == '\r';
    if (ok && n == 21) ok = hex_field(p + 12, 8, &address) && p[20] == '\r';
    *out = (grat__bs_packet){.code = code, .time = time, .address = address};
    return ok;
}

static grat_err not_a_packet(grat__bs_vm *vm, grat_op *op)
{
    vm->held_n = 0;
    return lose(vm, grat_op_fail(op, GRAT_EPROTO, "the BitScope sent something that is no status"));
}

grat_err grat__bs_status(grat__bs_vm *vm, grat__bs_packet *out, grat_op *op)
{
    if (vm->lost) return grat_op_fail(op, GRAT_EPROTO, "the link to the BitScope is out of step");
    for (;;) {
        size_t want = packet_size(vm->held, vm->held_n);
        if (!want) return not_a_packet(vm, op);
        if (vm->held_n == want) break;
        grat_err e = vm->pipe.read(vm->pipe.user, vm->held + vm->held_n, want - vm->held_n, op);
        vm->held_n += op->count;
        if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return e;
        if (e) return lose(vm, e);
    }
    size_t n = vm->held_n;
    vm->held_n = 0;
    return packet_parse(vm->held, n, out) ? GRAT_OK : not_a_packet(vm, op);
}

typedef struct cancelling {
    bool echo, done;
    grat__bs_packet packet;
} cancelling;

/* One byte more: the echo of K, or a part of a packet before or behind it. */
static grat_err cancel_step(grat__bs_vm *vm, cancelling *c, grat_op *op)
{
    uint8_t byte;
    grat__bs_packet p;
    grat_err e = vm->pipe.read(vm->pipe.user, &byte, 1, op);
    if (e) return e;
    if (vm->held_n == 0 && byte == 'K' && !c->echo) {
        c->echo = true;
        return GRAT_OK;
    }
    vm->held[vm->held_n++] = byte;
    size_t want = packet_size(vm->held, vm->held_n);
    if (!want) return not_a_packet(vm, op);
    if (vm->held_n < want) return GRAT_OK;
    vm->held_n = 0;
    if (!packet_parse(vm->held, want, &p)) return not_a_packet(vm, op);
    if (p.code != GRAT__BS_WAITING && !c->done) {
        c->packet = p;
        c->done = true;
    }
    return GRAT_OK;
}

grat_err grat__bs_cancel(grat__bs_vm *vm, grat__bs_packet *out, grat_op *op)
{
    cancelling c = {0};
    grat_op child;
    if (vm->lost) return grat_op_fail(op, GRAT_EPROTO, "the link to the BitScope is out of step");
    patience(&child, op, ANSWER_MS);
    grat_err e = vm->pipe.write(vm->pipe.user, "K", 1, &child);
    bool ended_before = false;
    vm->trips++;
    while (!e && !(c.echo && c.done)) {
        e = cancel_step(vm, &c, &child);
        ended_before |= c.done && !c.echo;
    }
    if (e) return lose(vm, silent(op, &child, "K"));
    /* A second packet may answer the K that came too late. */
    grat__op_child(&child, op, SECOND_PACKET_MS);
    c.done = !ended_before;
    grat__bs_packet first = c.packet;
    while (!e && !c.done) e = cancel_step(vm, &c, &child);
    if (e && (e != GRAT_ETIMEOUT || vm->held_n)) return lose(vm, grat__op_adopt(op, &child));
    op->err = GRAT_OK;
    *out = first;
    return GRAT_OK;
}

/* ---- streams ------------------------------------------------------------------------------------------ */

grat_err grat__bs_stream(grat__bs_vm *vm, grat_op *op)
{
    grat_err e = grat__bs_send(vm, "T", 1, op);
    vm->lost = true;
    return e;
}

grat_err grat__bs_stream_read(grat__bs_vm *vm, void *buf, size_t n, bool *waited, grat_op *op)
{
    grat_op child;
    grat__op_child(&child, op, 1);
    child.deadline_ns -= MS - LOOK_NS;
    grat_err e = vm->pipe.some(vm->pipe.user, buf, n, &child);
    *waited = e == GRAT_ETIMEOUT && !child.count;
    if (*waited) {
        patience(&child, op, ANSWER_MS);
        e = vm->pipe.some(vm->pipe.user, buf, n, &child);
    }
    if (e == GRAT_ETIMEOUT && child.count) e = GRAT_OK;
    op->count = child.count;
    if (!e) return GRAT_OK;
    if (e == GRAT_EPROTO) vm->pipe.skip(vm->pipe.user);
    if (e != GRAT_ETIMEOUT || grat_op_left_ms(op) == 0) return grat__op_adopt(op, &child);
    return grat_op_fail(op, GRAT_ESHORT, "the BitScope's stream stopped by itself");
}

grat_err grat__bs_stream_end(grat__bs_vm *vm, grat_op *op)
{
    grat_op child;
    grat__op_child(&child, op, RESYNC_MS);
    grat_err e = vm->pipe.write(vm->pipe.user, "K", 1, &child);
    /* The wire is not flushed before the K is out. */
    if (!e) e = read_away(vm, &child);
    if (e == GRAT_EPROTO) e = GRAT_OK;
    if (!e) e = regain_once(vm, &child);
    if (!e) return GRAT_OK;
    if (e == GRAT_ECANCELED || grat_op_left_ms(op) == 0) return grat__op_adopt(op, &child);
    return grat__bs_resync(vm, true, op);
}
