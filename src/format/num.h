/* Numbers as text, the same in every locale. Each put function needs 32 bytes of room, writes no NUL and returns the
 * length. */
#ifndef GRAT_FORMAT_NUM_H
#define GRAT_FORMAT_NUM_H

#include <graticule/graticule.h>

#define GRAT__NUM_MAX 32

/* v / 10^decimals with exactly so many decimals (<= 18). */
size_t grat__put_fixed(char *p, int64_t v, unsigned decimals);
/* Up to `digits` (1..17) significant digits without trailing zeros; "nan", "inf". */
size_t grat__put_double(char *p, double v, unsigned digits);
/* The smallest number of decimals with which a and b are exact, or -1 when more than `most` would be needed. */
int grat__exact_decimals(double a, double b, int most);
/* Decimals that the values raw * scale + offset deserve: exact when they can be, else three digits finer than one
 * step. */
unsigned grat__step_decimals(double scale, double offset);
double grat__pow10(int exponent);

/* value = units * 10^-decimals, counted in integers where t0 and dt allow, so that no rounding adds up. */
typedef struct grat__timebase {
    bool exact;
    unsigned decimals;
    int64_t start, step;   /* when exact */
    double t0, dt;
} grat__timebase;
void grat__timebase_init(grat__timebase *tb, double t0, double dt);
/* Time of a sample index, correctly rounded when the timebase is exact. */
double grat__timebase_at(const grat__timebase *tb, uint64_t index);
size_t grat__put_time(char *p, const grat__timebase *tb, uint64_t index);

/* "0000" to "9999", one after another. */
const char *grat__digits4(void);

#endif
