/* The discrete Fourier transform of 2^k complex numbers, in place (Cooley and Tukey, Math. Comp. 19 (1965) 297). */
#include "sync/sync_int.h"

#include <math.h>

static void reorder(grat__complex *v, size_t n)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i >= j) continue;
        grat__complex keep = v[i];
        v[i] = v[j];
        v[j] = keep;
    }
}

/* One pair of a stage. */
static void butterfly(grat__complex *a, grat__complex *b, grat__complex w)
{
    grat__complex t = {b->re * w.re - b->im * w.im, b->re * w.im + b->im * w.re};
    *b = (grat__complex){a->re - t.re, a->im - t.im};
    *a = (grat__complex){a->re + t.re, a->im + t.im};
}

void grat__fft(grat__complex *v, size_t n, int sign)
{
    reorder(v, n);
    for (size_t half = 1; half < n; half <<= 1) {
        for (size_t k = 0; k < half; k++) {
            double angle = sign * M_PI * (double)k / (double)half;
            grat__complex w = {cos(angle), sin(angle)};
            for (size_t i = k; i < n; i += 2 * half) butterfly(&v[i], &v[i + half], w);
        }
    }
}
