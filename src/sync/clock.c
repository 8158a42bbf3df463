/* An instrument's clock against the computer's.
 *
 * A reading is a question, its answer, and the computer's clock before and after. The instrument read its clock in
 * between, so `ahead` = told - middle is wrong by at most half the trip, however the trip divides into the ways there
 * and back. The lines ahead(t) = offset + drift * t through all bars  ahead_i +- trip_i / 2  are the set of what is
 * possible (set-membership identification; Milanese and Vicino, Automatica 27 (1991) 997). What they say of the offset
 * is the estimate and its uncertainty; both are sure as long as the clock is a straight line.
 * For the drift they are too cautious: of the error one part is the same in all readings (the least trip has a way
 * there and a way back, of unknown lengths), and what is left is at most half of what the trip takes longer than the
 * least one. Narrower bars of that give the drift, and its uncertainty, which is that of 95 %: the least trip was
 * perhaps never seen, and how much shorter it may be is estimated. Where no line fits, the bars grow, up to the whole
 * trip. Where then no line fits, the clock was set or is no straight line: the older half is forgotten. */
#include "sync/sync_int.h"

#include "core/str.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1000000000LL
#define DAY (86400 * NS)
#define USUAL_DRIFT 200e-6       /* of quartz, with a margin; a clock whose answers say more is believed */
#define MOST_DRIFT 0.1
#define WANDER 1e-8               /* seconds a second that no straight line has, of quartz at room temperature */
#define SEARCH_STEPS 80

/* ---- what is told ----------------------------------------------------------------------------------- */

/* The number at *p in 1e-9 and what its last digit is worth; steps over a comma behind it. */
static bool number(const char **p, int64_t *out, double *digit)
{
    char text[40];
    size_t n = strcspn(*p, ",");
    double value;
    if (!n || n >= sizeof text) return false;
    memcpy(text, *p, n);
    text[n] = '\0';
    *p += n + ((*p)[n] == ',');
    if (!grat__parse_double(text, &value) || !(fabs(value) < 9e9)) return false;
    const char *s = text + strspn(text, " +"), *point = strchr(s, '.');
    size_t digits = point ? strspn(point + 1, "0123456789") : 0;
    *digit = pow(10, -(double)digits);
    bool plain = *s != '-' && digits <= 9 && !strpbrk(s, "eE");
    *out = llround(value * 1e9);
    if (!plain) return true;
    /* A double has no room for nanoseconds since 1970. */
    *out = (int64_t)floor(value) * NS;
    for (size_t i = 0, worth = NS / 10; i < digits; i++, worth /= 10) *out += (point[1 + i] - '0') * (int64_t)worth;
    return true;
}

bool grat__sync_time_parse(const char *text, grat__sync_time *out)
{
    static const double least[6] = {1970, 1, 1, 0, 0, 0}, most[6] = {2200, 12, 31, 23, 59, 61};
    int64_t part[6];
    unsigned n = 0;
    const char *p = text;
    while (*p && n < 6 && number(&p, &part[n], &out->digit)) n++;
    if (*p || (n != 1 && n != 3 && n != 6)) return false;
    for (unsigned i = 0; n > 1 && i < n; i++) {
        const double v = (double)part[i] / 1e9;
        if (!(v >= least[6 - n + i] && v < most[6 - n + i] + (6 - n + i < 5))) return false;
    }
    out->daily = n == 3;
    if (n == 1) out->ns = part[0];
    if (n == 1) return part[0] >= 0;
    const int64_t *clock = part + n - 3;
    out->ns = clock[0] * 3600 + clock[1] * 60 + clock[2];
    if (n == 3) return true;
    struct tm t = {.tm_year = (int)(part[0] / NS) - 1900, .tm_mon = (int)(part[1] / NS) - 1,
                   .tm_mday = (int)(part[2] / NS)};
    out->ns += (int64_t)timegm(&t) * NS;
    return true;
}

/* What a time is ahead of UTC as `utc_ns`, in ns: the clock cuts off what is behind its last digit, so the middle of
 * that digit is meant. */
static int64_t ahead_of(const grat__sync_time *t, int64_t utc_ns)
{
    int64_t told = t->ns + llround(t->digit * 0.5e9);
    int64_t ahead = told - (t->daily ? utc_ns % DAY : utc_ns);
    if (!t->daily) return ahead;
    ahead %= DAY;
    return ahead > DAY / 2 ? ahead - DAY : ahead < -DAY / 2 ? ahead + DAY : ahead;
}

/* ---- the lines that fit ------------------------------------------------------------------------------ */

typedef struct bars {
    unsigned n;
    double constant; /* seconds that all bars may be off together */
    double t[GRAT__CLOCK_POINTS], low[GRAT__CLOCK_POINTS], high[GRAT__CLOCK_POINTS]; /* seconds */
} bars;

enum { SURE = 2 };

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* How much shorter the least trip may be than the shortest that was seen, at 95 %: waiting times on both ways are
 * taken as exponential, the sum of which is rarely near zero; of a busy line less is known. */
static double unseen(const grat__sync_clock *k)
{
    double excess[GRAT__CLOCK_POINTS];
    for (unsigned i = 0; i < k->n; i++) excess[i] = k->point[i].trip - k->trip;
    qsort(excess, k->n, sizeof *excess, by_size);
    double usual = excess[k->n / 2];
    return (1 + 1.2 * fmin(1, usual / k->trip)) * usual / sqrt(k->n);
}

/* `cautious`: 0 … SURE. */
static void make_bars(const grat__sync_clock *k, unsigned cautious, bars *b)
{
    double gap = unseen(k) * (cautious ? 3 : 1), last = k->point[k->n - 1].at;
    if (cautious == SURE || gap > k->trip) gap = k->trip;
    b->constant = cautious == SURE ? 0 : k->trip / 2;
    b->n = k->n;
    for (unsigned i = 0; i < k->n; i++) {
        const grat__clock_point *p = &k->point[i];
        double half = (p->trip - k->trip + gap) / 2 + p->digit / 2 + (last - p->at) * WANDER;
        b->t[i] = p->at;
        b->low[i] = p->ahead - half;
        b->high[i] = p->ahead + half;
    }
}

/* The slopes of the lines through all bars; false when there is none within ± most. */
static bool slopes(const bars *b, double most, double *low, double *high)
{
    *low = -most, *high = most;
    for (unsigned i = 0; i < b->n; i++) {
        for (unsigned j = i + 1; j < b->n; j++) {
            double dt = b->t[j] - b->t[i];
            if (dt <= 0) {
                if (b->low[i] > b->high[j] || b->low[j] > b->high[i]) return false;
                continue;
            }
            double up = (b->high[j] - b->low[i]) / dt, down = (b->low[j] - b->high[i]) / dt;
            if (up < *high) *high = up;
            if (down > *low) *low = down;
        }
    }
    return *low <= *high;
}

/* The highest (sign 1) or lowest (-1) value at t of the lines with this slope. */
static double edge_at(const bars *b, double slope, double t, double sign)
{
    double best = INFINITY;
    for (unsigned i = 0; i < b->n; i++) {
        double v = sign * ((sign > 0 ? b->high[i] : b->low[i]) + slope * (t - b->t[i]));
        if (v < best) best = v;
    }
    return sign * best;
}

/* The extreme over all slopes: the edge is concave in the slope. */
static double extreme(const bars *b, const double slope[2], double t, double sign)
{
    double low = slope[0], high = slope[1];
    for (unsigned i = 0; i < SEARCH_STEPS; i++) {
        double a = low + (high - low) / 3, c = high - (high - low) / 3;
        if (sign * edge_at(b, a, t, sign) < sign * edge_at(b, c, t, sign)) low = a;
        else high = c;
    }
    return edge_at(b, (low + high) / 2, t, sign);
}

/* The newest readings that some line fits. */
static void fit(grat__sync_clock *k, bars *b, double slope[2])
{
    for (;;) {
        for (unsigned cautious = 0; cautious <= SURE; cautious++) {
            make_bars(k, cautious, b);
            if (slopes(b, USUAL_DRIFT, &slope[0], &slope[1])) return;
        }
        if (slopes(b, MOST_DRIFT, &slope[0], &slope[1])) return;
        unsigned less = (k->n + 1) / 2;
        memmove(k->point, k->point + k->n - less, less * sizeof *k->point);
        k->n = less;
        k->trip = INFINITY;
        for (unsigned i = 0; i < less; i++) k->trip = fmin(k->trip, k->point[i].trip);
    }
}

/* ---- the model ---------------------------------------------------------------------------------------- */

/* Of each two neighbours the better one. */
static void thin_out(grat__sync_clock *k)
{
    for (unsigned i = 0; i + 1 < k->n; i += 2)
        k->point[i / 2] = k->point[i + (k->point[i + 1].trip + k->point[i + 1].digit <
                                        k->point[i].trip + k->point[i].digit)];
    k->n /= 2;
}

bool grat__sync_clock_take(grat__sync_clock *k, const char *text, int64_t before_ns, int64_t after_ns)
{
    grat__sync_time told;
    if (!grat__sync_time_parse(text, &told)) return false;
    if (!k->n) {
        k->base_ns = before_ns;
        k->trip = INFINITY;
    }
    if (k->n == GRAT__CLOCK_POINTS) thin_out(k);
    int64_t middle = before_ns + (after_ns - before_ns) / 2;
    double ahead = (double)ahead_of(&told, middle + k->utc_ns) / 1e9, trip = (double)(after_ns - before_ns) / 1e9;
    k->point[k->n++] = (grat__clock_point){
        .at = (double)(middle - k->base_ns) / 1e9, .ahead = ahead, .trip = trip, .digit = told.digit};
    k->trip = fmin(k->trip, trip);
    return true;
}

/* What least squares would say of the slope at 95 %, by what the better half of the readings scatters about the line
 * (by the median of the deviations). Bars that happen to leave little room promise no more than that. */
static double scatter(const bars *b, double offset, double slope, double at)
{
    double width[GRAT__CLOCK_POINTS], off[GRAT__CLOCK_POINTS], mean = 0, squares = 0;
    unsigned n = 0;
    for (unsigned i = 0; i < b->n; i++) width[i] = b->high[i] - b->low[i];
    qsort(width, b->n, sizeof *width, by_size);
    const double most = width[b->n / 2];
    for (unsigned i = 0; i < b->n; i++) {
        if (b->high[i] - b->low[i] > most) continue;
        off[n++] = fabs((b->low[i] + b->high[i]) / 2 - offset - slope * (b->t[i] - at));
        mean += b->t[i];
    }
    mean /= n;
    for (unsigned i = 0; i < b->n; i++)
        if (b->high[i] - b->low[i] <= most) squares += (b->t[i] - mean) * (b->t[i] - mean);
    qsort(off, n, sizeof *off, by_size);
    return squares > 0 ? 1.96 * 1.48 * off[n / 2] / sqrt(squares) : 0;
}

bool grat__sync_clock_at(grat__sync_clock *k, int64_t ns, grat__clock_model *out)
{
    bars b, sure;
    double slope[2], steep[2], t = (double)(ns - k->base_ns) / 1e9;
    if (!k->n) return false;
    fit(k, &b, slope);
    double high = extreme(&b, slope, t, 1), low = extreme(&b, slope, t, -1), drift = (slope[0] + slope[1]) / 2;
    double least = fmin(scatter(&b, (high + low) / 2, drift, t), USUAL_DRIFT + fabs(drift));
    double far = fabs(t - b.t[b.n - 1]) * WANDER;
    high += b.constant, low -= b.constant;
    make_bars(k, SURE, &sure);
    if (slopes(&sure, USUAL_DRIFT, &steep[0], &steep[1])) {
        high = extreme(&sure, steep, t, 1);
        low = extreme(&sure, steep, t, -1);
    }
    *out = (grat__clock_model){
        .offset = (high + low) / 2,
        .offset_uncertainty = (high - low) / 2 + far,
        .drift = drift,
        .drift_uncertainty = fmax((slope[1] - slope[0]) / 2, least) + WANDER,
    };
    return true;
}

bool grat__sync_clock_when(grat__sync_clock *k, const char *text, int64_t near_ns, grat__clock_moment *out)
{
    grat__sync_time told;
    grat__clock_model m;
    if (!grat__sync_time_parse(text, &told) || !grat__sync_clock_at(k, near_ns, &m)) return false;
    /* By how much it was later than near_ns, in its own seconds and then in those of the computer. */
    double later = (double)ahead_of(&told, near_ns + k->utc_ns) / 1e9 - m.offset;
    later /= 1 + m.drift;
    if (!(fabs(later) < 86400)) return false;
    out->ns = near_ns + llround(later * 1e9);
    if (!grat__sync_clock_at(k, out->ns, &m)) return false;
    out->uncertainty_ns = (int64_t)ceil((m.offset_uncertainty + told.digit / 2) * 1e9);
    return true;
}
