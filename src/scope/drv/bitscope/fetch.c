#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/wait.h"
#include "scope/drv/bitscope/bitscope.h"

enum { DUMP_RAW = 0, DUMP_NATIVE = 5, DUMP_LOGIC = 0x80 };
#define TRIES 4 /* in a row */
#define LEAST_PIECE 256
/* A dump that was begun is finished in spite of a cancel: 12 kB take milliseconds, a link in step is worth them. */
#define GRACE_MS 3000

unsigned bs_start_address(const bs_mode *m, uint32_t address, unsigned n)
{
    uint32_t end = address % m->range;
    if (m->analog == 2) end &= ~1u;
    return (end + m->range - n % m->range) % m->range;
}

typedef struct dump {
    unsigned start, count;     /* address; samples */
    uint8_t mode, channel;
    uint8_t *data;
} dump;

static grat_err dump_once(bs_scope *b, const dump *d, grat_op *op)
{
    grat__bs_regs r = {0};
    grat__bs_put(&r, GRAT__BS_SampleAddress, d->start);
    grat__bs_put(&r, GRAT__BS_DumpRepeat, 1);
    grat__bs_put(&r, GRAT__BS_DumpSend, 1);
    grat__bs_put(&r, GRAT__BS_DumpSkip, 0);
    grat__bs_put(&r, GRAT__BS_DumpCount, d->count);
    grat__bs_put(&r, GRAT__BS_DumpMode, d->mode);
    grat__bs_put(&r, GRAT__BS_DumpChan, d->channel);
    grat_err e = grat__bs_store(&b->vm, &r, ">", op);
    if (!e) e = grat__bs_send(&b->vm, "A", 1, op);
    return e ? e : grat__bs_read(&b->vm, d->data, (size_t)d->count * (d->mode == DUMP_NATIVE ? 2 : 1), op);
}

/* The samples stay in the memory: after a fault of the link they are asked for again, by their address. A link that
 * loses datagrams gets smaller pieces, so that fewer are under way at once and what has come is kept. */
static grat_err dump_all(bs_scope *b, const dump *d, grat_op *op)
{
    const bs_mode *m = b->trace.plan.mode;
    unsigned step = m->analog == 2 && d->channel != DUMP_LOGIC ? 2 : 1, width = d->mode == DUMP_NATIVE ? 2 : 1;
    unsigned done = 0, most = d->count, failed = 0;
    grat_err e = GRAT_OK;
    while (done < d->count) {
        dump part = *d;
        part.start = (d->start + done * step) % m->range;
        part.count = d->count - done < most ? d->count - done : most;
        part.data = d->data + (size_t)done * width;
        e = b->vm.lost ? grat__bs_regain(&b->vm, op) : GRAT_OK;
        if (!e) e = dump_once(b, &part, op);
        if (!e) {
            done += part.count;
            failed = 0;
            continue;
        }
        if (e == GRAT_ETIMEOUT && failed)
            return grat_op_fail(op, e, "the BitScope broke off its samples and does not answer any more; try again");
        if (!b->vm.lost || e == GRAT_ELOST || ++failed == TRIES || grat_op_left_ms(op) == 0) return e;
        op->err = GRAT_OK;
        most = most / 2 > LEAST_PIECE ? most / 2 : LEAST_PIECE;
    }
    op->err = GRAT_OK;
    return GRAT_OK;
}

/* ---- records --------------------------------------------------------------------------------------- */

static void fill_wide(grat_trace *t, const uint8_t *data, size_t n)
{
    int16_t *out = t->raw;
    for (size_t i = 0; i < n; i++) out[i] = (int16_t)(data[2 * i] << 8 | data[2 * i + 1]);
}

bool bs_clipped(const grat_trace *t, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int v = t->type == GRAT_I16 ? ((const int16_t *)t->raw)[i] : ((const uint8_t *)t->raw)[i];
        if (v <= t->raw_min || v >= t->raw_max) return true;
    }
    return false;
}

void bs_describe_analog(const bs_scope *b, grat_trace *t, unsigned channel)
{
    const bs_trace *tr = &b->trace;
    bool wide = tr->plan.mode->wide;
    double span = (tr->high - tr->low) * tr->ratio, low = tr->low * tr->ratio;
    double half = b->params.ab_offset / 2 * tr->ratio;
    snprintf(t->name, sizeof t->name, "%c", 'A' + (int)channel);
    snprintf(t->unit, sizeof t->unit, "V");
    t->scale = span / (wide ? 65536 : 256);
    t->offset = low + (wide ? span / 2 : 0) + (channel ? half : -half);
    t->raw_min = wide ? -32768 : 0;
    t->raw_max = wide ? 32752 : 255; /* the lowest four of sixteen bits are 0 */
    t->range_low = low;
    t->range_high = low + span;
    if (tr->plan.mode->analog == 2 && channel) t->skew = bs_conversion(&tr->plan);
}

void bs_describe_logic(grat_trace *t, unsigned bit)
{
    snprintf(t->name, sizeof t->name, "L%u", bit);
    t->logic = true;
    t->raw_max = 1;
    t->range_high = 1;
}

static void stamp(const bs_scope *b, grat_record *r)
{
    const bs_trace *t = &b->trace;
    const bs_plan *p = &t->plan;
    double conversion = bs_conversion(p);
    bool triggered = t->end.code == GRAT__BS_DONE;
    /* The begin packet and the command that it answers hold the instrument's clock between them. */
    double elapsed = bs_ticks_between(t->begin.time, t->end.time, t->ended_ns - t->begun_ns) * BS_TICK;
    double after = triggered ? ((double)p->conversions - t->event) * conversion : 0;
    int64_t middle = t->asked_ns + (t->begun_ns - t->asked_ns) / 2;
    r->dt = p->dt;
    /* A record of two channels begins with A: one conversion more is older where the end is behind an A. */
    int older = p->mode->analog == 2 ? (int)(t->end.address & 1) : 0;
    r->t0 = t->cut && !triggered ? 0 : -(t->event + older) * conversion;
    r->mono_ns = middle + (int64_t)((elapsed - after) * 1e9);
    r->utc_ns = r->mono_ns + (grat_utc_ns() - grat_now_ns());
    r->utc_uncertainty_ns = (t->begun_ns - t->asked_ns) / 2 + 1;
    if (!triggered) r->flags |= GRAT_REC_FORCED;
    if (t->cut && t->captured < p->conversions) r->flags |= GRAT_REC_CUT;
}

grat_record *bs_new_record(const bs_scope *b, unsigned count)
{
    const bs_trace *t = &b->trace;
    grat_sample_type types[BS_ANALOG + BS_LOGIC];
    unsigned n = 0;
    for (unsigned i = 0; i < BS_ANALOG; i++)
        if (t->analog >> i & 1) types[n++] = t->plan.mode->wide ? GRAT_I16 : GRAT_U8;
    for (unsigned i = 0; i < BS_LOGIC; i++)
        if (t->logic >> i & 1) types[n++] = GRAT_U8;
    return grat_record_new(n, types, count);
}

static grat_err fetch_analog(bs_scope *b, grat_record *r, uint8_t *buf, unsigned *trace, grat_op *op)
{
    const bs_trace *t = &b->trace;
    bool wide = t->plan.mode->wide;
    unsigned start = bs_start_address(t->plan.mode, t->end.address, t->captured);
    for (unsigned i = 0; i < BS_ANALOG; i++) {
        if (!(t->analog >> i & 1)) continue;
        /* With one channel on, that one is channel 0 of the memory. */
        dump d = {.start = start, .count = (unsigned)r->count, .mode = wide ? DUMP_NATIVE : DUMP_RAW, .data = buf,
                  .channel = (uint8_t)(t->plan.mode->analog == 2 ? i : 0)};
        grat_err e = dump_all(b, &d, op);
        if (e) return e;
        grat_trace *out = &r->trace[(*trace)++];
        bs_describe_analog(b, out, i);
        if (wide) fill_wide(out, buf, r->count);
        else memcpy(out->raw, buf, r->count);
        if (bs_clipped(out, r->count)) r->flags |= GRAT_REC_CLIPPED;
    }
    return GRAT_OK;
}

/* With two analog channels there is a logic sample with each conversion; those taken with A are kept. */
static grat_err fetch_logic(bs_scope *b, grat_record *r, uint8_t *buf, unsigned *trace, grat_op *op)
{
    const bs_trace *t = &b->trace;
    unsigned step = t->plan.mode->analog == 2 ? 2 : 1;
    dump d = {.start = bs_start_address(t->plan.mode, t->end.address, t->captured), .count = t->captured,
              .mode = DUMP_RAW, .channel = DUMP_LOGIC, .data = buf};
    if (!t->logic) return GRAT_OK;
    grat_err e = dump_all(b, &d, op);
    for (unsigned i = 0; !e && i < BS_LOGIC; i++) {
        if (!(t->logic >> i & 1)) continue;
        grat_trace *out = &r->trace[(*trace)++];
        uint8_t *to = out->raw;
        bs_describe_logic(out, i);
        for (size_t k = 0; k < r->count; k++) to[k] = buf[k * step] >> i & 1;
    }
    return e;
}

grat_err bs_fetch(void *p, const grat_request *q, grat_record **out, grat_op *op)
{
    bs_scope *b = p;
    bs_trace *t = &b->trace;
    grat_op grace;
    unsigned trace = 0;
    (void)q;
    if (!t->complete)
        return grat_op_fail(op, GRAT_ENODATA, "there is no record: the BitScope keeps none between captures");
    unsigned count = t->captured / (t->plan.mode->analog == 2 ? 2 : 1);
    if (!count) return grat_op_fail(op, GRAT_ENODATA, "the trace was ended before its first sample");
    grat_record *r = bs_new_record(b, count);
    uint8_t *buf = malloc(2 * BS_MEMORY);
    if (!r || !buf) {
        grat_record_unref(r);
        free(buf);
        return grat_op_fail(op, GRAT_ENOMEM, "out of memory for a record");
    }
    int64_t left = grat_op_left_ms(op);
    grat_op_init(&grace, left > GRACE_MS ? left : GRACE_MS, NULL);
    grat_err e = fetch_analog(b, r, buf, &trace, &grace);
    if (!e) e = fetch_logic(b, r, buf, &trace, &grace);
    free(buf);
    if (e) {
        grat_record_unref(r);
        return grat__op_adopt(op, &grace);
    }
    stamp(b, r);
    *out = r;
    return grat_op_check(op);
}

grat_err bs_log_next(void *p, const grat_request *q, bool restart, grat_record **out, grat_op *op)
{
    bs_scope *b = p;
    const bs_trace *t = &b->trace;
    grat_record *r = NULL;
    if (b->log.streams) return bs_stream_next(b, q, restart, out, op);
    grat_err e = bs_acquire(b, q, op);
    if (!e) e = bs_fetch(b, q, &r, op);
    if (!r) return e;
    double sample = (double)t->plan.ticks * t->plan.scale * (t->plan.mode->analog == 2 ? 2 : 1);
    double length = (double)t->captured * t->plan.ticks * t->plan.scale;
    if (restart) {
        b->log.ticks = length;
        b->log.next = 0;
    } else {
        b->log.ticks += bs_ticks_between(b->log.time, t->end.time, t->ended_ns - b->log.host_ns);
    }
    b->log.time = t->end.time;
    b->log.host_ns = t->ended_ns;
    double first = nearbyint((b->log.ticks - length) / sample);
    r->first = first > (double)b->log.next ? (uint64_t)first : b->log.next;
    b->log.next = r->first + r->count;
    *out = r;
    return e;
}
