/* The 1-2-5 steps of a scope's knobs. */
#ifndef GRAT_SCOPE_LADDER_H
#define GRAT_SCOPE_LADDER_H

/* The smallest step of ..., 1, 2, 5, 10, ... that is >= value (within 1e-9 of it); value > 0. */
double grat__ladder_up(double value);
/* The step after a step. */
double grat__ladder_next(double step);
/* The step nearest to value by ratio. */
double grat__ladder_nearest(double value);

#endif
