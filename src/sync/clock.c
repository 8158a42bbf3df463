#include "sync/sync_int.h"

#include "core/str.h"

#include <math.h>
#include <string.h>

#define DAY 86400.0
#define MAX_AGE 64               /* readings after which a fast one is too old: clocks drift */

/* The number at *p and what its last digit is worth; steps over a comma behind it. */
static bool number(const char **p, double *out, double *digit)
{
    char text[40];
    size_t n = strcspn(*p, ",");
    if (!n || n >= sizeof text) return false;
    memcpy(text, *p, n);
    text[n] = '\0';
    *p += n + ((*p)[n] == ',');
    const char *point = strchr(text, '.');
    *digit = point ? pow(10, -(double)strspn(point + 1, "0123456789")) : 1;
    return grat__parse_double(text, out) && isfinite(*out);
}

bool grat__sync_clock_take(grat__sync_clock *k, const char *text, int64_t before_ns, int64_t after_ns)
{
    double part[3], digit = 1;
    unsigned n = 0;
    const char *p = text;
    while (*p && n < 3 && number(&p, &part[n], &digit)) n++;
    if (*p || (n != 1 && n != 3)) return false;
    static const double most[2][3] = {{1e11}, {24, 60, 61}};
    for (unsigned i = 0; i < n; i++)
        if (!(part[i] >= 0 && part[i] < most[n == 3][i])) return false;
    /* The clock cuts what is behind its last digit off: the true time is half a digit later, more or less. */
    double told = (n == 3 ? part[0] * 3600 + part[1] * 60 + part[2] : part[0]) + digit / 2;
    int64_t middle = before_ns + (after_ns - before_ns) / 2;
    double offset = n == 1 ? told - (double)(middle / 1000000000) - (double)(middle % 1000000000) / 1e9
                           : remainder(told - (double)(middle % 86400000000000) / 1e9, DAY);
    double uncertainty = (double)(after_ns - before_ns) / 2e9 + digit / 2;
    k->age++;
    if (k->known && uncertainty > k->uncertainty && k->age < MAX_AGE) return true;
    *k = (grat__sync_clock){.known = true, .offset = offset, .uncertainty = uncertainty};
    return true;
}
