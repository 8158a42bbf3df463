#include "format/num.h"

#include "core/str.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char digits4[10000][4];
static pthread_once_t digits4_once = PTHREAD_ONCE_INIT;

static void fill_digits4(void)
{
    for (unsigned i = 0; i < 10000; i++) {
        digits4[i][0] = (char)('0' + i / 1000);
        digits4[i][1] = (char)('0' + i / 100 % 10);
        digits4[i][2] = (char)('0' + i / 10 % 10);
        digits4[i][3] = (char)('0' + i % 10);
    }
}

const char *grat__digits4(void)
{
    pthread_once(&digits4_once, fill_digits4);
    return &digits4[0][0];
}

double grat__pow10(int exponent)
{
    static const double table[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                   1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    unsigned k = exponent < 0 ? 0u - (unsigned)exponent : (unsigned)exponent;
    if (k <= 22) return exponent < 0 ? 1 / table[k] : table[k];
    return pow(10, exponent);
}

/* The digits of v, right-aligned in out[20]; returns how many. */
static unsigned digits_of(char out[20], uint64_t v)
{
    const char *digits = grat__digits4();
    unsigned at = 20;
    for (; v >= 10000; v /= 10000) memcpy(out + (at -= 4), digits + 4 * (v % 10000), 4);
    unsigned least = (unsigned)v, n = least < 10 ? 1 : least < 100 ? 2 : least < 1000 ? 3 : 4;
    memcpy(out + at - n, digits + 4 * least + 4 - n, n);
    return 20 - at + n;
}

size_t grat__put_u64(char *p, uint64_t v)
{
    return grat__put_digits(grat__digits4(), p, v);
}

size_t grat__put_fixed(char *p, int64_t v, unsigned decimals)
{
    char text[20];
    char *start = p;
    uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    if (v < 0) *p++ = '-';
    if (!decimals) return (size_t)(p - start) + grat__put_u64(p, magnitude);
    memset(text, '0', sizeof text);
    unsigned n = digits_of(text, magnitude);
    if (n < decimals + 1) n = decimals + 1;
    unsigned whole = n - decimals;
    memcpy(p, text + 20 - n, whole);
    p += whole;
    *p++ = '.';
    memcpy(p, text + 20 - decimals, decimals);
    return (size_t)(p + decimals - start);
}

/* m has exactly n digits; the value is 0.m * 10^(exponent + 1). */
static size_t put_digits(char *p, const char *m, unsigned n, int exponent)
{
    char *start = p;
    while (n > 1 && m[n - 1] == '0') n--;
    if (exponent >= -5 && exponent < 0) {
        memcpy(p, "0.00000", 7);
        p += 1 - exponent;
        memcpy(p, m, n);
        return (size_t)(p + n - start);
    }
    if (exponent >= 0 && exponent < 15) {
        unsigned whole = (unsigned)exponent + 1;
        for (unsigned i = 0; i < whole; i++) *p++ = i < n ? m[i] : '0';
        if (n <= whole) return (size_t)(p - start);
        *p++ = '.';
        memcpy(p, m + whole, n - whole);
        return (size_t)(p + (n - whole) - start);
    }
    *p++ = m[0];
    if (n > 1) {
        *p++ = '.';
        memcpy(p, m + 1, n - 1);
        p += n - 1;
    }
    *p++ = 'e';
    *p++ = exponent < 0 ? '-' : '+';
    unsigned magnitude = (unsigned)abs(exponent);
    if (magnitude >= 100) *p++ = (char)('0' + magnitude / 100);
    *p++ = (char)('0' + magnitude / 10 % 10);
    *p++ = (char)('0' + magnitude % 10);
    return (size_t)(p - start);
}

/* Beyond nine digits, and far from one, the multiplication below is no longer correctly rounded. */
static size_t put_double_slow(char *p, double v, unsigned digits)
{
    char text[40];
    int n = snprintf(text, sizeof text, "%.*e", (int)digits - 1, v);
    char m[20];
    unsigned count = 0;
    int i = 0;
    for (; i < n && text[i] != 'e'; i++) {
        if (text[i] >= '0' && text[i] <= '9' && count < sizeof m) m[count++] = text[i];
    }
    int exponent = 0;
    for (int j = i + 2; j < n; j++) exponent = exponent * 10 + (text[j] - '0');
    if (text[i + 1] == '-') exponent = -exponent;
    return put_digits(p, m, count, exponent);
}

size_t grat__put_double(char *p, double v, unsigned digits)
{
    if (isnan(v)) return memcpy(p, "nan", 3), 3;
    size_t sign = 0;
    if (signbit(v) && v != 0) *p++ = '-', sign = 1, v = -v;
    if (isinf(v)) return memcpy(p, "inf", 3), sign + 3;
    if (v == 0) return *p = '0', 1;
    if (digits > 9 || v < 1e-12 || v > 1e15) return sign + put_double_slow(p, v, digits);
    int binary;
    frexp(v, &binary);
    /* log10(2) = 0.30103: the decimal exponent or one less. */
    int exponent = (int)floor((binary - 1) * 0.30102999566);
    if (v >= grat__pow10(exponent + 1)) exponent++;
    int shift = (int)digits - 1 - exponent;
    uint64_t m = (uint64_t)(shift >= 0 ? v * grat__pow10(shift) + 0.5 : v / grat__pow10(-shift) + 0.5);
    char text[20];
    unsigned n = digits_of(text, m);
    if (n > digits) exponent++;
    if (n < digits) exponent--;
    return sign + put_digits(p, text + 20 - n, n, exponent);
}

size_t grat__put_exact(char *p, double v)
{
    char text[GRAT__NUM_MAX + 1];
    size_t n = 0;
    for (unsigned digits = 15; digits <= 17; digits++) {
        double back;
        n = grat__put_double(text, v, digits);
        text[n] = '\0';
        if (grat__parse_double(text, &back) && back == v) break;
    }
    memcpy(p, text, n);
    return n;
}

static bool is_whole(double scaled)
{
    double whole = rint(scaled);
    double error = fabs(scaled - whole);
    return error <= fabs(scaled) * 1e-14 + 1e-300 || (error < 1e-7 && fabs(whole) >= 1 && error < fabs(whole) * 1e-12);
}

int grat__exact_decimals(double a, double b, int most)
{
    for (int d = 0; d <= most; d++) {
        double p = grat__pow10(d);
        if (is_whole(a * p) && is_whole(b * p)) return d;
    }
    return -1;
}

unsigned grat__step_decimals(double scale, double offset)
{
    double step = fabs(scale);
    if (!(step > 0)) step = 1;
    int fine = 3 - (int)floor(log10(step));
    if (fine < 0) fine = 0;
    if (fine > 15) fine = 15;
    int exact = grat__exact_decimals(scale, offset, fine);
    return exact >= 0 ? (unsigned)exact : (unsigned)fine;
}

void grat__timebase_init(grat__timebase *tb, double t0, double dt)
{
    memset(tb, 0, sizeof *tb);
    tb->t0 = t0, tb->dt = dt;
    int d = grat__exact_decimals(t0, dt, 15);
    double p = d >= 0 ? grat__pow10(d) : 1;
    /* The trigger position of some models is no multiple of anything: the interval then counts alone, and t0 is
     * rounded to a thousandth of it. */
    if (d < 0 && (d = grat__exact_decimals(0, dt, 12)) >= 0) {
        d += 3;
        p = grat__pow10(d);
    }
    tb->exact = d >= 0 && fabs(t0) * p < 1e17 && dt * p < 1e15;
    if (tb->exact) {
        tb->decimals = (unsigned)d;
        tb->start = llrint(t0 * p);
        tb->step = llrint(dt * p);
        return;
    }
    int fine = dt > 0 ? 4 - (int)floor(log10(dt)) : 9;
    tb->decimals = (unsigned)(fine < 0 ? 0 : fine > 15 ? 15 : fine);
}

static bool exact_at(const grat__timebase *tb, uint64_t index, int64_t *out)
{
    __extension__ typedef __int128 wide;
    if (!tb->exact) return false;
    wide v = (wide)tb->start + (wide)index * tb->step;
    if (v > INT64_MAX / 2 || v < INT64_MIN / 2) return false;
    *out = (int64_t)v;
    return true;
}

double grat__timebase_at(const grat__timebase *tb, uint64_t index)
{
    int64_t v;
    if (exact_at(tb, index, &v)) return (double)v / grat__pow10((int)tb->decimals);
    return tb->t0 + (double)index * tb->dt;
}

size_t grat__put_time(char *p, const grat__timebase *tb, uint64_t index)
{
    int64_t v;
    if (exact_at(tb, index, &v)) return grat__put_fixed(p, v, tb->decimals);
    double t = tb->t0 + (double)index * tb->dt;
    double scaled = t * grat__pow10((int)tb->decimals);
    if (fabs(scaled) < 9e15) return grat__put_fixed(p, llrint(scaled), tb->decimals);
    return grat__put_double(p, t, 17);
}
