/* The wave generator (a table of 1024 bytes, played through a buffer of up to 1024 points) and the logic clock. They
 * share one clock: only one of them runs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "scope/drv/bitscope/bitscope.h"

#define CLOCK_HZ 40e6
#define FULL 3.3
#define TABLE 1024
#define LEAST_CLOCK 33
#define LEAST_WIDTH 50       /* points a period */
#define MAX_ERROR 1e-4
enum { CMD_PREPARE = 0, CMD_STOP = 1 };
enum { SHAPE_SINE = 0, SHAPE_TRIANGLE = 1, SHAPE_EXPONENTIAL = 2, SHAPE_SQUARE = 3 };

static grat_err read_wave(bs_scope *b, grat_op *op)
{
    uint32_t clock = 0, size = 0, ratio = 0, level = 0, offset = 0;
    grat_err e = grat__bs_get(&b->vm, GRAT__BS_Clock, &clock, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Modulo, &size, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Ratio, &ratio, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Level, &level, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Offset, &offset, op);
    if (e) return e;
    double half = level / 65535.0 * FULL / 2, middle = FULL / 2 + (int16_t)offset / 65536.0 * FULL;
    b->gen = (bs_generator){.what = BS_GEN_WAVE, .low = middle - half, .high = middle + half};
    /* The ratio is rounded; the periods in the play buffer are whole. */
    double waves = nearbyint(ratio / 65536.0 * size / TABLE);
    if (clock && size) b->gen.frequency = CLOCK_HZ * waves / size / clock;
    return GRAT_OK;
}

/* What runs is read from the registers: another program may have started it. */
grat_err bs_generator_read(bs_scope *b, grat_op *op)
{
    uint32_t sink = 0, map = 0, clock = 0;
    grat_err e = grat__bs_ready(&b->vm, NULL, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_KitchenSinkB, &sink, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Map5, &map, op);
    if (e) return e;
    b->gen = (bs_generator){.what = BS_GEN_OFF};
    if (sink & GRAT__BS_SINK_WAVE) return read_wave(b, op);
    if (map != GRAT__BS_MAP_CLOCK) return GRAT_OK;
    e = grat__bs_get(&b->vm, GRAT__BS_Clock, &clock, op);
    b->gen = (bs_generator){.what = BS_GEN_CLOCK, .high = FULL, .frequency = clock ? CLOCK_HZ / clock : 0};
    return e;
}

/* ScopeThing's search: the first exact hit, else the nearest. */
bool bs_wave_search(double hz, bs_wave_clock *out)
{
    double most = fmin(65535, floor(CLOCK_HZ / hz / LEAST_WIDTH)), error = MAX_ERROR;
    double clock = fmax(LEAST_CLOCK, ceil(CLOCK_HZ / hz / TABLE));
    bool found = false;
    for (; clock <= most; clock++) {
        double width = CLOCK_HZ / hz / clock, waves = floor(TABLE / width), size = nearbyint(waves * width);
        double actual = CLOCK_HZ * waves / size / clock, off = fabs(actual - hz) / hz;
        if (off >= error) continue;
        *out = (bs_wave_clock){.clock = (unsigned)clock, .size = (unsigned)size, .waves = (unsigned)waves,
                               .frequency = actual};
        found = true;
        error = off;
        if (actual == hz) break;
    }
    return found;
}

static grat_err frequency_refused(double hz, double low, double high, grat_op *op)
{
    char a[40], b[40];
    if (hz >= low && hz <= high)
        return grat_op_fail(op, GRAT_ERANGE, "frequency: %s cannot be made to a ten-thousandth; choose another",
                            grat_format_quantity(a, sizeof a, hz, "Hz"));
    return grat_op_fail(op, GRAT_ERANGE, "frequency: %s is out of reach; the nearest is %s",
                        grat_format_quantity(a, sizeof a, hz, "Hz"),
                        grat_format_quantity(b, sizeof b, hz < low ? low : high, "Hz"));
}

/* ---- the wave ----------------------------------------------------------------------------------------- */

static grat_err synthesize(bs_scope *b, unsigned shape, double symmetry, grat_op *op)
{
    grat__bs_regs r = {0};
    uint32_t share = grat__bs_fixed(symmetry, 16, false);
    grat__bs_put(&r, GRAT__BS_Cmd, CMD_PREPARE);
    grat__bs_put(&r, GRAT__BS_Mode, shape);
    grat__bs_put(&r, GRAT__BS_Ratio, share);
    r.used[0x5d] = false; /* ScopeThing stores three bytes of it */
    return grat__bs_store(&b->vm, &r, "Y", op);
}

/* One period of the points, drawn through TABLE places. */
static void table_of(const grat_generator *g, uint8_t out[TABLE])
{
    double low = INFINITY, high = -INFINITY;
    for (size_t i = 0; i < g->count; i++) {
        low = fmin(low, g->points[i]);
        high = fmax(high, g->points[i]);
    }
    for (unsigned i = 0; i < TABLE; i++) {
        double at = (double)i * (double)g->count / TABLE;
        size_t k = (size_t)at, after = (k + 1) % g->count;
        double v = g->points[k] + (at - (double)k) * (g->points[after] - g->points[k]);
        double y = high > low ? (v - low) / (high - low) : 0.5;
        out[i] = (uint8_t)fmin(fmax(nearbyint(256 * y), 0), 255);
    }
}

static grat_err upload(bs_scope *b, const grat_generator *g, grat_op *op)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t table[TABLE];
    char text[3 * TABLE];
    grat__bs_regs r = {0};
    size_t n = 0;
    if (g->count < 2 || !g->points) return grat_op_fail(op, GRAT_EINVAL, "generator: a shape needs two points or more");
    for (size_t i = 0; i < g->count; i++)
        if (!isfinite(g->points[i])) return grat_op_fail(op, GRAT_EINVAL, "generator: point %zu is no number", i + 1);
    table_of(g, table);
    grat__bs_put(&r, GRAT__BS_Cmd, CMD_PREPARE);
    grat__bs_put(&r, GRAT__BS_Mode, 1);
    grat__bs_put(&r, GRAT__BS_Size, 1);
    grat__bs_put(&r, GRAT__BS_Address, 0);
    grat_err e = grat__bs_store(&b->vm, &r, "", op);
    if (e) return e;
    for (unsigned i = 0; i < TABLE; i++) {
        if (i == 0 || table[i] != table[i - 1]) {
            text[n++] = hex[table[i] >> 4];
            text[n++] = hex[table[i] & 15];
        }
        text[n++] = 'W';
    }
    return grat__bs_send(&b->vm, text, n, op);
}

static grat_err play(bs_scope *b, const bs_wave_clock *w, double low, double high, grat_op *op)
{
    grat__bs_regs r = {0};
    grat__bs_put(&r, GRAT__BS_Cmd, CMD_PREPARE);
    grat__bs_put(&r, GRAT__BS_Mode, 0);
    grat__bs_put(&r, GRAT__BS_Size, w->size);
    grat__bs_put(&r, GRAT__BS_Index, 0);
    grat__bs_put(&r, GRAT__BS_Address, 0);
    grat__bs_put(&r, GRAT__BS_Level, grat__bs_fixed((high - low) / FULL, 16, false));
    grat__bs_put(&r, GRAT__BS_Offset, grat__bs_fixed(((high + low) / 2 - FULL / 2) / FULL, 16, true));
    grat__bs_put(&r, GRAT__BS_Ratio, (uint32_t)nearbyint(w->waves * (double)TABLE / w->size * 65536));
    grat_err e = grat__bs_store(&b->vm, &r, "X", op);
    if (e) return e;
    r = (grat__bs_regs){0};
    grat__bs_put(&r, GRAT__BS_Cmd, GRAT__BS_CMD_WAVE);
    grat__bs_put(&r, GRAT__BS_Mode, 0);
    grat__bs_put(&r, GRAT__BS_Option, 0x8004);
    grat__bs_put(&r, GRAT__BS_Clock, w->clock);
    grat__bs_put(&r, GRAT__BS_Modulo, w->size);
    grat__bs_put(&r, GRAT__BS_Mark, 10);
    grat__bs_put(&r, GRAT__BS_Space, 1);
    grat__bs_put(&r, GRAT__BS_Rest, 0x7f00);
    e = grat__bs_store(&b->vm, &r, "Z", op);
    if (e) return e;
    r = (grat__bs_regs){0};
    grat__bs_put(&r, GRAT__BS_KitchenSinkB, GRAT__BS_SINK_WAVE);
    return grat__bs_store(&b->vm, &r, "U", op);
}

static grat_err start_wave(bs_scope *b, const grat_generator *g, grat_op *op)
{
    static const unsigned shapes[] = {[GRAT_WAVE_SINE] = SHAPE_SINE, [GRAT_WAVE_TRIANGLE] = SHAPE_TRIANGLE,
                                      [GRAT_WAVE_SQUARE] = SHAPE_SQUARE, [GRAT_WAVE_EXPONENTIAL] = SHAPE_EXPONENTIAL};
    bs_wave_clock w;
    double low = g->low, high = g->low == g->high && g->low == 0 ? FULL : g->high;
    if (!(low >= 0 && low <= high && high <= FULL))
        return grat_op_fail(op, GRAT_ERANGE, "generator: %.3g V to %.3g V; it makes 0 V to 3.3 V", low, high);
    if (!bs_wave_search(g->frequency, &w))
        return frequency_refused(g->frequency, CLOCK_HZ / 65535 / TABLE, floor(CLOCK_HZ / LEAST_CLOCK / LEAST_WIDTH),
                                 op);
    grat_err e = g->wave == GRAT_WAVE_ARBITRARY ? upload(b, g, op)
                                                : synthesize(b, shapes[g->wave], g->symmetry, op);
    if (!e) e = play(b, &w, low, high, op);
    if (!e) b->gen = (bs_generator){.what = BS_GEN_WAVE, .frequency = w.frequency, .low = low, .high = high};
    return e;
}

/* ---- the clock ------------------------------------------------------------------------------------------ */

static grat_err start_clock(bs_scope *b, const grat_generator *g, grat_op *op)
{
    grat__bs_regs r = {0};
    char text[40];
    double ticks = fmin(fmax(nearbyint(CLOCK_HZ / g->frequency), 2), 65535), actual = CLOCK_HZ / ticks;
    double fall = fmin(fmax(nearbyint(ticks * g->symmetry), 1), ticks - 1);
    if (fabs(actual - g->frequency) / g->frequency > MAX_ERROR)
        return grat_op_fail(op, GRAT_ERANGE, "frequency: the clock is 40 MHz by 2 to 65535; the nearest is %s",
                            grat_format_quantity(text, sizeof text, actual, "Hz"));
    grat__bs_put(&r, GRAT__BS_Cmd, GRAT__BS_CMD_CLOCK);
    grat__bs_put(&r, GRAT__BS_Mode, 0);
    grat__bs_put(&r, GRAT__BS_Clock, (uint32_t)ticks);
    grat__bs_put(&r, GRAT__BS_Rise, 0);
    grat__bs_put(&r, GRAT__BS_Fall, (uint32_t)fall);
    grat__bs_put(&r, GRAT__BS_Control, 0x80);
    grat__bs_put(&r, GRAT__BS_Map5, GRAT__BS_MAP_CLOCK);
    grat_err e = grat__bs_store(&b->vm, &r, "Z", op);
    if (!e) b->gen = (bs_generator){.what = BS_GEN_CLOCK, .frequency = actual, .high = FULL};
    return e;
}

static grat_err stop(bs_scope *b, grat_op *op)
{
    grat__bs_regs r = {0};
    bool clock = b->gen.what == BS_GEN_CLOCK;
    if (b->gen.what == BS_GEN_OFF) return GRAT_OK;
    grat__bs_put(&r, GRAT__BS_Cmd, CMD_STOP);
    grat__bs_put(&r, GRAT__BS_Mode, 0);
    if (clock) grat__bs_put(&r, GRAT__BS_Map5, 0);
    grat_err e = grat__bs_store(&b->vm, &r, "Z", op);
    r = (grat__bs_regs){0};
    grat__bs_put(&r, GRAT__BS_KitchenSinkB, 0);
    if (!e && !clock) e = grat__bs_store(&b->vm, &r, "U", op);
    if (!e) b->gen = (bs_generator){.what = BS_GEN_OFF};
    return e;
}

/* ---- the ops ---------------------------------------------------------------------------------------------- */

static void report(const bs_scope *b, grat_wave wave, double symmetry, grat_generator *out)
{
    *out = (grat_generator){.size = sizeof *out, .frequency = b->gen.frequency, .low = b->gen.low,
                            .high = b->gen.high, .symmetry = symmetry};
    out->wave = b->gen.what == BS_GEN_CLOCK ? GRAT_WAVE_CLOCK : b->gen.what == BS_GEN_WAVE ? wave : GRAT_WAVE_OFF;
}

grat_err bs_generator_set(void *p, const grat_generator *want, grat_generator *actual, grat_op *op)
{
    bs_scope *b = p;
    grat_err e = grat_op_check(op);
    if (!e && b->trace.armed) e = bs_cancel(b, op);
    if (!e) e = bs_generator_read(b, op);
    if (e) return e;
    if (want->wave > GRAT_WAVE_CLOCK) return grat_op_fail(op, GRAT_EINVAL, "generator: no such wave");
    if (want->wave && !(want->frequency > 0 && isfinite(want->frequency)))
        return grat_op_fail(op, GRAT_EINVAL, "frequency: it must be positive");
    if (!(want->symmetry >= 0 && want->symmetry <= 1))
        return grat_op_fail(op, GRAT_EINVAL, "symmetry, duty: from 0 %% to 100 %%, such as 25%%");
    bool clock = want->wave == GRAT_WAVE_CLOCK;
    if (want->wave && b->gen.what == (clock ? BS_GEN_WAVE : BS_GEN_CLOCK))
        return grat_op_fail(op, GRAT_EBUSY, "generator: the %s runs, and both share one clock; stop it first",
                            clock ? "wave" : "clock");
    if (!want->wave) e = stop(b, op);
    else e = clock ? start_clock(b, want, op) : start_wave(b, want, op);
    if (!e) report(b, want->wave, want->symmetry, actual);
    return e;
}

grat_err bs_generator_get(void *p, grat_generator *out, grat_op *op)
{
    bs_scope *b = p;
    grat_err e = bs_generator_read(b, op);
    if (!e) report(b, GRAT_WAVE_ARBITRARY, 0.5, out);
    return e;
}
