#include "scope/drv/rigol-1000z/rigol.h"

#include <math.h>
#include <string.h>

#include "core/str.h"

enum { FIELDS = 10 };

/* Cuts the text at its commas; false unless there are exactly ten numbers. */
static bool split(const char *text, double field[FIELDS])
{
    for (int i = 0; i < FIELDS; i++) {
        char one[40];
        size_t n = strcspn(text, ",");
        bool last = text[n] == '\0';
        if (n == 0 || n >= sizeof one || last != (i == FIELDS - 1)) return false;
        memcpy(one, text, n);
        one[n] = '\0';
        if (!grat__parse_double(one, &field[i]) || !isfinite(field[i])) return false;
        text += n + !last;
    }
    return true;
}

static bool whole(double v, double low, double high)
{
    return v == floor(v) && v >= low && v <= high;
}

const char *rigol_preamble_parse(const char *text, rigol_preamble *out)
{
    double f[FIELDS];
    if (!split(text, f)) return "not ten numbers";
    if (!whole(f[0], 0, 2)) return "unknown format";
    if (!whole(f[1], 0, 2)) return "unknown type";
    if (!whole(f[2], 0, 1e9)) return "impossible number of points";
    if (!(f[4] > 0)) return "sample interval is not positive";
    if (!(f[7] > 0)) return "volts per code are not positive";
    /* yorigin reaches ±2 V / 1 mV * 25 codes; yref is a code. */
    if (!whole(f[8], -1e6, 1e6)) return "impossible y origin";
    if (!whole(f[9], 0, 255)) return "impossible y reference";
    *out = (rigol_preamble){.format = (int)f[0], .type = (int)f[1], .points = (uint64_t)f[2], .xinc = f[4],
                            .xorigin = f[5], .yinc = f[7], .yorigin = f[8], .yref = f[9]};
    return NULL;
}
