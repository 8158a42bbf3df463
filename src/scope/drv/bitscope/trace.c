#include <math.h>
#include <string.h>

#include "core/wait.h"
#include "scope/drv/bitscope/bitscope.h"

#define MS 1000000LL
#define TIMEOUT_TICK 6.4e-6
#define TIMEOUT_MAX 65535
#define AUTO_WAIT 0.1
/* What a trace that ends by itself may take beyond its own time. */
#define LATE_MS 1500
#define START_TRIES 3

/* ---- registers ------------------------------------------------------------------------------------ */

static unsigned less(unsigned from, unsigned what)
{
    return from > what ? from - what : 0;
}

/* Conversions from when the instrument is armed to the end of a record that is triggered at the last moment. */
static double tail(const bs_trigger *tr, unsigned outro)
{
    return 2.0 * tr->intro + 2.0 * tr->outro + outro + 2;
}

static unsigned timeout_register(const bs_scope *b, bs_trace *t, const bs_trigger *tr, unsigned outro)
{
    double conversion = bs_conversion(&t->plan);
    double wait = b->set.trigger_wait > 0 ? b->set.trigger_wait : AUTO_WAIT;
    double ticks = ceil((tail(tr, outro) * conversion + wait) / TIMEOUT_TICK - 1e-9);
    if (tr->at_once || b->set.sweep != GRAT_SWEEP_AUTO) return 0;
    if (ticks <= TIMEOUT_MAX) return (unsigned)ticks;
    /* Longer than the counter reaches: it is ended from here. */
    t->automatic = false;
    t->force_after = wait + (t->plan.conversions + tail(tr, outro)) * conversion;
    return 0;
}

void bs_put_analog(const bs_scope *b, const bs_trace *t, const bs_trigger *tr, grat__bs_regs *r)
{
    uint16_t lo, hi;
    double level = tr->on_analog ? b->set.trigger_level / t->ratio : 1.65;
    bs_converter(&b->params, t->low, t->high, &lo, &hi);
    if (b->dac_set) lo = b->dac_lo, hi = b->dac_hi;
    grat__bs_put(r, GRAT__BS_ConverterLo, lo);
    grat__bs_put(r, GRAT__BS_ConverterHi, hi);
    grat__bs_put(r, GRAT__BS_TriggerLevel, bs_trigger_level(&b->params, level));
    /* L7 and L6 are the comparators of A and B: they carry something only when those are on. */
    grat__bs_put(r, GRAT__BS_KitchenSinkA, tr->sink_a | (t->logic & 0xc0));
    grat__bs_put(r, GRAT__BS_KitchenSinkB, (t->analog ? 0x80u : 0) | (b->gen.what == BS_GEN_WAVE ? 0x40u : 0));
}

grat_err bs_program(const bs_scope *b, bs_trace *t, grat__bs_regs *out, grat_op *op)
{
    bs_want want = bs_want_of(&b->set);
    bs_trigger tr = {0};
    *t = (bs_trace){.analog = want.analog, .logic = want.logic, .ratio = b->set.channel[0].probe};
    if (!(t->ratio > 0)) t->ratio = 1;
    grat_err e = bs_plan_make(&want, &t->plan, op);
    if (!e) e = bs_trigger_of(&b->set, &tr, op);
    if (e) return e;
    bs_range_of(&b->set, &t->low, &t->high);
    if (!t->analog) t->low = 0, t->high = 3.3;
    /* The generators' outputs share pins with L4 and L5. */
    if (b->gen.what == BS_GEN_WAVE) t->logic &= ~(1u << 4);
    if (b->gen.what == BS_GEN_CLOCK) t->logic &= ~(1u << 5);
    const bs_plan *p = &t->plan;
    unsigned n = p->conversions, intro = less(p->before, 2 * tr.intro);
    unsigned outro = less(n - p->before, 2 * tr.outro);
    if (tr.at_once) intro = less(n - outro, 2 * tr.outro);
    t->event = (int)n - (int)(2 * tr.outro + outro);
    t->automatic = tr.at_once || b->set.sweep == GRAT_SWEEP_AUTO;
    *out = (grat__bs_regs){0};
    grat__bs_put(out, GRAT__BS_TriggerLogic, tr.logic);
    grat__bs_put(out, GRAT__BS_TriggerMask, tr.mask);
    grat__bs_put(out, GRAT__BS_SpockOption, tr.option);
    grat__bs_put(out, GRAT__BS_SampleAddress, 0);
    grat__bs_put(out, GRAT__BS_ClockScale, p->scale);
    grat__bs_put(out, GRAT__BS_TraceMode, p->mode->number);
    grat__bs_put(out, GRAT__BS_TraceDelay, 0);
    grat__bs_put(out, GRAT__BS_TraceIntro, intro);
    grat__bs_put(out, GRAT__BS_TraceOutro, outro);
    grat__bs_put(out, GRAT__BS_Timeout, timeout_register(b, t, &tr, outro));
    grat__bs_put(out, GRAT__BS_ClockTicks, p->ticks);
    grat__bs_put(out, GRAT__BS_BufferMode, p->mode->buffer);
    grat__bs_put(out, GRAT__BS_TriggerIntro, tr.intro);
    grat__bs_put(out, GRAT__BS_TriggerOutro, tr.outro);
    grat__bs_put(out, GRAT__BS_AnalogEnable, t->analog);
    grat__bs_put(out, GRAT__BS_DigitalEnable, t->logic);
    grat__bs_put(out, GRAT__BS_Prelude, 0);
    bs_put_analog(b, t, &tr, out);
    return GRAT_OK;
}

/* ---- start ------------------------------------------------------------------------------------------ */

grat_err bs_ready(bs_scope *b, grat_op *op)
{
    bool reset = false, ran = b->gen.what != BS_GEN_OFF;
    grat_err e = grat__bs_ready(&b->vm, &reset, op);
    if (!e && reset) e = bs_generator_read(b, op);
    if (e || !reset || !ran || b->gen.what != BS_GEN_OFF) return e;
    return grat_op_fail(op, GRAT_EIO, "the BitScope was reset: its generator does not run any more; start it again");
}

static grat_err start_once(bs_scope *b, const grat__bs_regs *regs, grat_op *op)
{
    bs_trace *t = &b->trace;
    grat_err e = bs_ready(b, op);
    if (!e) e = grat__bs_store(&b->vm, regs, ">", op);
    if (!e) e = grat__bs_send(&b->vm, "U", 1, op);
    t->asked_ns = grat_now_ns();
    if (!e) e = grat__bs_send(&b->vm, "D", 1, op);
    if (e) return e;
    grat_op child;
    grat__op_child(&child, op, LATE_MS);
    e = grat__bs_status(&b->vm, &t->begin, &child);
    if (e) {
        b->vm.lost = true;
        return grat__op_adopt(op, &child);
    }
    if (t->begin.code != GRAT__BS_WAITING) {
        b->vm.lost = true;
        return grat_op_fail(op, GRAT_EPROTO, "the BitScope reported the end of a trace that was not begun");
    }
    t->begun_ns = grat_now_ns();
    t->armed = true;
    return GRAT_OK;
}

/* A fault of the link before the trace runs costs nothing: all is programmed again after the resynchronisation. */
static grat_err start(bs_scope *b, grat_op *op)
{
    grat__bs_regs regs;
    grat_err e = bs_program(b, &b->trace, &regs, op);
    if (e) return e;
    for (unsigned i = 0; i < START_TRIES; i++) {
        e = start_once(b, &regs, op);
        if (!e || !b->vm.lost || e == GRAT_ECANCELED || grat_op_left_ms(op) == 0) break;
    }
    if (!e) op->err = GRAT_OK;
    return e;
}

/* ---- end ----------------------------------------------------------------------------------------------- */

double bs_ticks_between(uint32_t from, uint32_t to, int64_t host_ns)
{
    double part = (uint32_t)(to - from), whole = 4294967296.0, host = (double)host_ns * 1e-9 / BS_TICK;
    return part + whole * fmax(nearbyint((host - part) / whole), 0);
}

static void finish(bs_scope *b, const grat__bs_packet *end)
{
    bs_trace *t = &b->trace;
    const bs_plan *p = &t->plan;
    t->end = *end;
    t->ended_ns = grat_now_ns();
    t->armed = false;
    t->complete = true;
    t->captured = p->conversions;
    if (end->code == GRAT__BS_DONE) return;
    /* What is older in the memory belongs to another trace. */
    double ticks = bs_ticks_between(t->begin.time, end->time, t->ended_ns - t->begun_ns);
    double have = floor(ticks / ((double)p->ticks * p->scale) + 1e-9);
    if (have < t->captured) t->captured = (unsigned)have;
    if (p->mode->analog == 2) t->captured &= ~1u;
}

static grat_err was_reset(bs_scope *b, grat_op *op)
{
    bool ran = b->gen.what != BS_GEN_OFF;
    grat_err e = bs_generator_read(b, op);
    if (e) return e;
    return grat_op_fail(op, GRAT_EIO, "the BitScope was reset in the middle of its trace%s; try again",
                        ran && b->gen.what == BS_GEN_OFF ? ", and its generator does not run any more" : "");
}

/* Ends a running trace; what it has is then there to be fetched. K is answered without a trace, too: an instrument
 * that lost its power meanwhile has lost its registers. */
static grat_err stop(bs_scope *b, grat_op *op)
{
    grat__bs_packet end;
    uint32_t ticks = 0;
    grat_err e = grat__bs_cancel(&b->vm, &end, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_ClockTicks, &ticks, op);
    if (!e && ticks != b->trace.plan.ticks) e = was_reset(b, op);
    if (e) {
        b->trace.armed = false;
        return e;
    }
    finish(b, &end);
    return GRAT_OK;
}

static grat_err no_trigger(const bs_scope *b, grat_err e, grat_op *op)
{
    if (e != GRAT_ETIMEOUT || b->trace.automatic) return e;
    if (b->vm.held_n) return grat_op_fail(op, e, "the report that the trace has ended broke off on the way");
    return grat_op_fail(op, e, "no trigger came in time, or its report was lost; check its source and level, or let it "
                               "run by itself (--trigger auto)");
}

static grat_err wait_end(bs_scope *b, grat_op *op)
{
    bs_trace *t = &b->trace;
    double own = (t->plan.conversions + 64) * bs_conversion(&t->plan) + TIMEOUT_MAX * TIMEOUT_TICK;
    for (;;) {
        grat__bs_packet end;
        grat_op child = *op;
        int64_t limit = INT64_MAX;
        if (t->automatic) limit = t->begun_ns + (int64_t)(own * 1e9) + LATE_MS * MS;
        if (t->force_after > 0) limit = t->begun_ns + (int64_t)(t->force_after * 1e9);
        if (limit < child.deadline_ns) child.deadline_ns = limit;
        grat_err e = grat__bs_status(&b->vm, &end, &child);
        if (!e && end.code == GRAT__BS_WAITING) continue;
        if (!e) {
            finish(b, &end);
            return GRAT_OK;
        }
        if (e != GRAT_ETIMEOUT || grat_op_check(op)) return no_trigger(b, grat__op_adopt(op, &child), op);
        if (t->force_after > 0) return stop(b, op);
        b->vm.lost = true;
        t->armed = false;
        return grat_op_fail(op, GRAT_EIO, "the BitScope did not report the end of its trace in time; try again");
    }
}

grat_err bs_acquire(void *p, const grat_request *q, grat_op *op)
{
    bs_scope *b = p;
    (void)q;
    grat_err e = grat__op_begin(op);
    if (!e && b->stream.running) e = bs_stream_stop(b, op);
    if (!e && b->trace.armed) e = stop(b, op);
    b->trace.complete = false;
    if (!e) e = start(b, op);
    if (!e) e = wait_end(b, op);
    /* One that needs no event is as good a second time. */
    if (!e || e == GRAT_ECANCELED || !b->vm.lost || !b->trace.automatic || grat_op_left_ms(op) == 0) return e;
    op->err = GRAT_OK;
    e = start(b, op);
    return e ? e : wait_end(b, op);
}

grat_err bs_cancel(void *p, grat_op *op)
{
    bs_scope *b = p;
    if (!b->trace.armed) return grat_op_fail(op, GRAT_ENODATA, "no trace was running");
    grat_err e = stop(b, op);
    b->trace.cut = true;
    return e;
}

grat_err bs_run(void *p, grat_run what, grat_op *op)
{
    bs_scope *b = p;
    grat_err e = grat__op_begin(op);
    if (!e && b->stream.running) e = bs_stream_stop(b, op);
    if (e) return e;
    switch (what) {
    case GRAT_SINGLE:
        if (b->trace.armed && (e = stop(b, op))) return e;
        return start(b, op);
    case GRAT_STOP:
    case GRAT_FORCE:
        return b->trace.armed ? stop(b, op) : GRAT_OK;
    case GRAT_RUN:
        break;
    }
    return grat_op_fail(op, GRAT_ENOTSUP, "this instrument does not run by itself; capture instead");
}

grat_err bs_state(void *p, grat_scope_state *out, grat_op *op)
{
    bs_scope *b = p;
    grat__bs_packet end;
    grat_op now;
    *out = GRAT_STATE_STOPPED;
    if (!b->trace.armed) return GRAT_OK;
    grat__op_child(&now, op, 1);
    grat_err e = grat__bs_status(&b->vm, &end, &now);
    if (e && e != GRAT_ETIMEOUT) return grat__op_adopt(op, &now);
    if (!e && end.code != GRAT__BS_WAITING) finish(b, &end);
    else *out = GRAT_STATE_WAITING;
    return GRAT_OK;
}
