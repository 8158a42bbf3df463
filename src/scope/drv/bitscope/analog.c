#include <math.h>

#include "scope/drv/bitscope/bitscope.h"

/* The span is 55/3 V, and 0 V lies at 0.41 of it. */
#define SPAN (55.0 / 3)
#define ZERO 0.41
#define LEAST_RANGE 0.05
/* Ohm: of the ADC's ladder, and of the DACs that load it, which depends on their position. */
#define LADDER 300.0
#define DAC_BASE 16.0
#define DAC_RISE 12.0

const bs_params bs_vendor_params = {.scale = SPAN, .offset = -ZERO * SPAN, .safe_low = -5.5, .safe_high = 8};
const bs_params bs_plane_params = {.plane = true, .la = 1.1, .lb = -0.05, .lc = 0, .ha = 1.1, .hb = -0.05, .hc = -0.05,
                                   .scale = 18.333, .offset = -7.517, .safe_low = -5.5, .safe_high = 8};

double bs_fraction(const bs_params *p, double volts)
{
    return (volts - p->offset) / p->scale;
}

/* BitLib's registers to the last bit: resistances at the two ends, then rounded down. */
static void vendor(double l, double h, uint16_t *lo, uint16_t *hi)
{
    double al = DAC_BASE + DAC_RISE * (1 - 2 * l) * (1 - 2 * l), ah = DAC_BASE + DAC_RISE * (2 * h - 1) * (2 * h - 1);
    double low = ((LADDER + 2 * al) * l - al * h) / LADDER, high = ((LADDER + 2 * ah) * h - ah * (l + 1)) / LADDER;
    low = fmin(fmax(low, 0), 1);
    high = fmin(fmax(high, 0), 1);
    if (low > high) low = high;
    *lo = (uint16_t)fmin(floor(low * 65536), 65535);
    *hi = (uint16_t)fmin(fmax(floor(high * 65536) - 1, 0), 65535);
}

void bs_converter(const bs_params *p, double low, double high, uint16_t *lo, uint16_t *hi)
{
    double l = bs_fraction(p, low), h = bs_fraction(p, high);
    if (!p->plane) {
        vendor(l, h, lo, hi);
        return;
    }
    *lo = (uint16_t)grat__bs_fixed(p->la * l + p->lb * h + p->lc, 16, false);
    *hi = (uint16_t)grat__bs_fixed(p->ha * h + p->hb * l + p->hc, 16, false);
}

uint16_t bs_trigger_level(const bs_params *p, double volts)
{
    return (uint16_t)grat__bs_fixed(bs_fraction(p, volts), 16, false);
}

grat_err bs_check_range(const bs_params *p, double low, double high, grat_op *op)
{
    double bottom = p->offset, top = p->offset + p->scale, slack = 1e-9 * p->scale;
    char a[40], b[40], c[40], d[40];
    if (!isfinite(low) || !isfinite(high) || !(low < high))
        return grat_op_fail(op, GRAT_EINVAL, "range: the low end must be below the high end");
    if (low >= bottom - slack && high <= top + slack && high - low >= LEAST_RANGE - slack) return GRAT_OK;
    double near_low = fmin(fmax(low, bottom), top - LEAST_RANGE), near_high = fmin(high, top);
    if (near_high - near_low < LEAST_RANGE) near_high = near_low + LEAST_RANGE;
    return grat_op_fail(op, GRAT_ERANGE, "range: %s to %s is not in the span of the input; the nearest is %s to %s",
                        grat_format_quantity(a, sizeof a, low, "V"), grat_format_quantity(b, sizeof b, high, "V"),
                        grat_format_quantity(c, sizeof c, near_low, "V"),
                        grat_format_quantity(d, sizeof d, near_high, "V"));
}
