/* The triggered trace. Voltages are functions of time, so that nothing is sampled while the machine waits: the search
 * looks at the samples as they pass, and the buffer is filled when the trace ends. */
#include <stdio.h>
#include <string.h>

#include "sim/model/bitscope/bitscope.h"

enum { CHOP = 1, LOGIC = 2, WIDE = 4, DIVIDES = 8, NO_ANALOG = 16 };

/* Registers beyond the limits are taken as the nearest limit. */
static const struct {
    uint8_t number, kind;
    uint16_t least, most;    /* ClockTicks */
} modes[] = {
    {0, DIVIDES, 15, 40},                     /* Analog; also what an unknown number means */
    {1, LOGIC | DIVIDES, 15, 40},             /* Mixed */
    {2, CHOP | DIVIDES, 13, 40},              /* AnalogChop */
    {3, CHOP | LOGIC | DIVIDES, 13, 40},      /* MixedChop */
    {4, 0, 8, 14},                            /* AnalogFast */
    {5, LOGIC, 8, 14},                        /* MixedFast */
    {6, CHOP, 8, 40},                         /* AnalogFastChop */
    {7, CHOP | LOGIC, 8, 40},                 /* MixedFastChop */
    {11, 0, 2, 5},                            /* AnalogShot */
    {12, LOGIC, 2, 5},                        /* MixedShot */
    {13, LOGIC | NO_ANALOG, 1, 3},            /* LogicShot */
    {14, LOGIC | NO_ANALOG, 5, 16384},        /* Logic */
    {15, LOGIC | NO_ANALOG, 4, 4},            /* LogicFast */
    {16, CHOP, 4, 5},                         /* AnalogShotChop */
    {17, CHOP | LOGIC, 4, 5},                 /* MixedShotChop */
    {18, WIDE, 40, 16384},                    /* Macro */
    {19, WIDE | CHOP, 40, 16384},             /* MacroChop */
    {20, LOGIC | NO_ANALOG, 1, 4},            /* what BitLib uses for fast logic */
};

#define NEVER INT64_MAX
#define MOST_DIVIDER 16383
#define TIMEOUT_TICKS 256
#define TICKS_PER_US 40
#define SEARCH_AT_ONCE 65536     /* samples */
#define BEHIND_TICKS 4000000     /* 100 ms: a search that falls back further skips */
#define LOOK_AGAIN_TICKS 40000
#define RESET_TICKS 20000        /* after which a power failure strikes */

static int64_t sample_tick(const bs_trace *t, int64_t k)
{
    return t->start + k * t->period + (k >= t->gap_at ? t->gap : 0);
}

/* Samples taken before `tick`. */
static int64_t samples_before(const bs_trace *t, int64_t tick)
{
    int64_t k = (tick - t->start + t->period - 1) / t->period;
    if (k <= t->gap_at) return k < 0 ? 0 : k;
    k = (tick - t->start - t->gap + t->period - 1) / t->period;
    return k > t->gap_at ? k : t->gap_at;
}

static void packet(bs_vm *v, unsigned code, int64_t tick)
{
    char text[40];
    uint32_t stamp = v->first_stamp + (uint32_t)tick;
    int n = snprintf(text, sizeof text, "%02x\r%08x\r", code, stamp);
    if (code != 2) n += snprintf(text + n, sizeof text - (size_t)n, "%08x\r", v->address);
    bs_emit(v, text, (size_t)n);
}

static void prefill(bs_vm *v)
{
    for (unsigned i = 0; i < BS_MEMORY; i++) {
        bool upper = v->trace.buffer >= 4 && !(i & 1);
        v->memory[i] = v->reg[BS_R_PRELUDE + upper];
    }
}

void bs_trace_start(bs_vm *v)
{
    bs_trace *t = &v->trace;
    unsigned m = 0;
    for (unsigned i = 0; i < sizeof modes / sizeof *modes; i++)
        if (modes[i].number == v->reg[BS_R_TRACE_MODE]) m = i;
    int64_t ticks = bs_word(v, BS_R_CLOCK_TICKS), scale = bs_word(v, BS_R_CLOCK_SCALE);
    if (ticks < modes[m].least) ticks = modes[m].least;
    if (ticks > modes[m].most) ticks = modes[m].most;
    if (scale < 1 || !(modes[m].kind & DIVIDES)) scale = 1;
    if (scale > MOST_DIVIDER) scale = MOST_DIVIDER;
    uint32_t wanted = bs_word(v, BS_R_TRIGGER_OUTRO);
    *t = (bs_trace){
        .running = true, .kind = modes[m].kind, .buffer = v->reg[BS_R_BUFFER_MODE],
        .analog = v->reg[BS_R_ANALOG_ENABLE], .digital = v->reg[BS_R_DIGITAL_ENABLE],
        .start = v->now, .period = ticks * scale, .intro = bs_word(v, BS_R_TRACE_INTRO),
        .outro = bs_word(v, BS_R_TRACE_OUTRO), .low_run = 2 * (int64_t)bs_word(v, BS_R_TRIGGER_INTRO),
        .high_run = 2 * (wanted ? (int64_t)wanted : 1), .gap_at = NEVER, .end = NEVER, .timeout = NEVER,
        .resets = bs_draw(v, v->faults.reset), .reset = v->now + RESET_TICKS,
    };
    t->range = t->buffer >= 2 && t->buffer <= 5 ? BS_MEMORY / 2 : BS_MEMORY;
    t->address = v->address % t->range;
    t->next = t->intro;
    /* A trigger that asks for nothing fires at once: BitLib forces traces so, with TriggerIntro 1. */
    if (v->loaded.mask == 0xff) t->low_run = 0;
    if (bs_word(v, BS_R_TIMEOUT))
        t->timeout = t->start + t->intro * t->period + TIMEOUT_TICKS * (int64_t)bs_word(v, BS_R_TIMEOUT);
    t->gap = TICKS_PER_US * (int64_t)(bs_word(v, BS_R_TRACE_DELAY) | (uint64_t)bs_word(v, BS_R_TRACE_DELAY + 2) << 16);
    if (!t->outro) t->gap = 0;
    prefill(v);
    packet(v, 2, t->start);
}

/* ---- the buffer ---------------------------------------------------------------------------------------------- */

static void store(bs_vm *v, int64_t k)
{
    const bs_trace *t = &v->trace;
    int64_t tick = sample_tick(t, k);
    uint32_t at = (uint32_t)((t->address + k) % t->range);
    uint8_t logic = 0;
    uint32_t code = 0;
    if (t->kind & LOGIC) logic = bs_logic(v, tick, t->digital ? t->digital : 0xff, false);
    if (t->kind & NO_ANALOG) code = (uint32_t)logic << 4;
    else code = bs_convert(v, t->kind & CHOP ? at & 1 : (t->analog & 3) == 2, tick);
    if (!(t->kind & WIDE)) code &= 0xff0;
    if (t->buffer == 2 || t->buffer == 3) {
        v->memory[at] = (uint8_t)(code >> 4);
        v->memory[BS_MEMORY / 2 + at] = logic;
    } else if (t->range == BS_MEMORY) {
        v->memory[at] = (uint8_t)(code >> 4);
    } else {
        uint32_t word = (code << 4) ^ 0x8000;
        v->memory[2 * at] = (uint8_t)(word >> 8);
        v->memory[2 * at + 1] = (uint8_t)word;
    }
}

/* `count` samples were taken; the one behind them is kept too unless that would cost the record its oldest. */
static void finish(bs_vm *v, unsigned code, int64_t tick, int64_t count)
{
    bs_trace *t = &v->trace;
    int64_t record = t->intro + t->low_run + t->high_run + t->outro, range = t->range;
    int64_t last = record < range ? count + 1 : count;
    for (int64_t k = last > range ? last - range : 0; k < last; k++) store(v, k);
    t->running = false;
    v->address = (uint32_t)((t->address + count) % t->range);
    packet(v, code, tick);
}

/* ---- the trigger --------------------------------------------------------------------------------------------- */

static bool condition(const bs_vm *v, int64_t tick)
{
    uint8_t care = (uint8_t)~v->loaded.mask;
    bool sampled = !(v->loaded.option & 0x01);
    bool match = ((bs_logic(v, tick, care, sampled) ^ v->loaded.logic) & care) == 0;
    return match != !!(v->loaded.option & 0x40);
}

static void look(bs_vm *v)
{
    bs_trace *t = &v->trace;
    bool is = v->loaded.mask == 0xff || condition(v, sample_tick(t, t->next));
    t->next++;
    if (t->low_seen < t->low_run) {
        t->low_seen = is ? 0 : t->low_seen + 1;
        return;
    }
    t->high_seen = is ? t->high_seen + 1 : 0;
    if (t->high_seen < t->high_run) return;
    t->triggered = true;
    t->gap_at = t->next;
    t->end = t->next + t->outro;
}

static void search(bs_vm *v)
{
    bs_trace *t = &v->trace;
    int64_t until = v->now < t->timeout ? v->now : t->timeout;
    if (until - sample_tick(t, t->next) > BEHIND_TICKS) {
        t->next = samples_before(t, until - BEHIND_TICKS / 10);
        t->low_seen = t->high_seen = 0; /* or the middle of a high level would be taken for its edge */
    }
    for (unsigned i = 0; i < SEARCH_AT_ONCE && !t->triggered && sample_tick(t, t->next) <= until; i++) look(v);
}

void bs_trace_advance(bs_vm *v)
{
    bs_trace *t = &v->trace;
    if (!t->running) return;
    if (t->resets && v->now >= t->reset) {
        bs_power_up(v);
        return;
    }
    if (!t->triggered) search(v);
    int64_t done = t->triggered ? sample_tick(t, t->end) : NEVER;
    if (done <= t->timeout && v->now >= done) finish(v, 0, done, t->end);
    else if (t->timeout < done && v->now >= t->timeout) finish(v, 1, t->timeout, samples_before(t, t->timeout));
}

void bs_trace_abort(bs_vm *v)
{
    v->trace.running = false;
}

void bs_trace_cancel(bs_vm *v)
{
    bs_trace *t = &v->trace;
    if (t->running) finish(v, 3, v->now, samples_before(t, v->now));
    else packet(v, 3, v->now);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t bs_trace_next(const bs_vm *v)
{
    const bs_trace *t = &v->trace;
    if (!t->running) return NEVER;
    int64_t at = t->resets ? earlier(t->timeout, t->reset) : t->timeout;
    if (t->triggered) return earlier(at, sample_tick(t, t->end));
    int64_t sample = sample_tick(t, t->next);
    if (sample <= v->now) return v->now;
    return earlier(at, sample > v->now + LOOK_AGAIN_TICKS ? sample : v->now + LOOK_AGAIN_TICKS);
}
