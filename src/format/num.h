/* Numbers as text, the same in every locale. Each put function needs 32 bytes of room, writes no NUL and returns the
 * length. */
#ifndef GRAT_FORMAT_NUM_H
#define GRAT_FORMAT_NUM_H

#include <graticule/graticule.h>

#include <string.h>

#define GRAT__NUM_MAX 32

size_t grat__put_u64(char *p, uint64_t v);
/* v / 10^decimals with exactly so many decimals (<= 18). */
size_t grat__put_fixed(char *p, int64_t v, unsigned decimals);
/* Up to `digits` (1..17) significant digits without trailing zeros; "nan", "inf". */
size_t grat__put_double(char *p, double v, unsigned digits);
/* So many digits, 15 to 17, that the same number is read back. */
size_t grat__put_exact(char *p, double v);
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

/* ---- grat__put_u64 for those who write many of them, with the digits of grat__digits4 ---------------- */

static inline uint32_t grat__four_digits(uint32_t v, const char *digits)
{
    uint32_t text;
    memcpy(&text, digits + 4 * v, 4);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    text = __builtin_bswap32(text);
#endif
    return text;
}

/* v < 10^8 as eight digits, the first one lowest. */
static inline uint64_t grat__eight_digits(uint32_t v, const char *digits)
{
    return grat__four_digits(v / 10000, digits) | (uint64_t)grat__four_digits(v % 10000, digits) << 32;
}

static inline void grat__store_eight(char *p, uint64_t text)
{
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
    text = __builtin_bswap64(text);
#endif
    memcpy(p, &text, 8);
}

static inline size_t grat__put_digits(const char *digits, char *p, uint64_t v)
{
    if (v >= 100000000) {
        size_t n = grat__put_u64(p, v / 100000000);
        grat__store_eight(p + n, grat__eight_digits((uint32_t)(v % 100000000), digits));
        return n + 8;
    }
    uint64_t text = grat__eight_digits((uint32_t)v, digits);
    /* The last digit counts also when it is a zero. */
    unsigned zeros = (unsigned)__builtin_ctzll((text ^ 0x3030303030303030u) | (uint64_t)1 << 56) / 8;
    grat__store_eight(p, text >> 8 * zeros);
    return 8 - zeros;
}

#endif
