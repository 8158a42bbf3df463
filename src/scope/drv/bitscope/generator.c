#include <math.h>

#include "scope/drv/bitscope/bitscope.h"

#define CLOCK_HZ 40e6
#define FULL 3.3
#define TABLE 1024
enum { SINK_GENERATOR = 0x40, MAP_CLOCK = 0x12 };

static grat_err read_wave(bs_scope *b, grat_op *op)
{
    uint32_t clock = 0, ratio = 0, level = 0, offset = 0;
    grat_err e = grat__bs_get(&b->vm, GRAT__BS_Clock, &clock, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Ratio, &ratio, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Level, &level, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Offset, &offset, op);
    if (e) return e;
    double half = level / 65535.0 * FULL / 2, middle = FULL / 2 + (int16_t)offset / 65536.0 * FULL;
    b->gen = (bs_generator){.what = BS_GEN_WAVE, .low = middle - half, .high = middle + half};
    if (clock) b->gen.frequency = CLOCK_HZ * ratio / 65536 / TABLE / clock;
    return GRAT_OK;
}

/* What runs is read from the registers: another program may have started it. */
grat_err bs_generator_read(bs_scope *b, grat_op *op)
{
    uint32_t sink = 0, map = 0, clock = 0;
    bool reset = false;
    grat_err e = grat__bs_ready(&b->vm, &reset, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_KitchenSinkB, &sink, op);
    if (!e) e = grat__bs_get(&b->vm, GRAT__BS_Map5, &map, op);
    if (e) return e;
    b->gen = (bs_generator){.what = BS_GEN_OFF};
    if (sink & SINK_GENERATOR) return read_wave(b, op);
    if (map != MAP_CLOCK) return GRAT_OK;
    e = grat__bs_get(&b->vm, GRAT__BS_Clock, &clock, op);
    b->gen = (bs_generator){.what = BS_GEN_CLOCK, .high = FULL, .frequency = clock ? CLOCK_HZ / clock : 0};
    return e;
}
