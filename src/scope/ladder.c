#include "scope/ladder.h"

#include <math.h>

static const double mantissa[] = {1, 2, 5, 10};

/* Division by an exact power of ten keeps the step as close to its decimal value as a double can be. */
static double step_of(double m, int exponent)
{
    return exponent < 0 ? m / pow(10, -exponent) : m * pow(10, exponent);
}

double grat__ladder_up(double value)
{
    int exponent = (int)floor(log10(value) + 1e-9);
    for (int i = 0; i < 4; i++) {
        double step = step_of(mantissa[i], exponent);
        if (step >= value * (1 - 1e-9)) return step;
    }
    return step_of(10, exponent);
}

double grat__ladder_next(double step)
{
    return grat__ladder_up(step * 1.01);
}

double grat__ladder_nearest(double value)
{
    double above = grat__ladder_up(value), below = grat__ladder_up(value / 2.5 * 1.0001);
    for (double s = below; s <= above * 1.001; s = grat__ladder_next(s))
        if (s <= value * (1 + 1e-9)) below = s;
    return value / below < above / value ? below : above;
}
