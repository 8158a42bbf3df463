/* What the tests of PicoScopes share: stand-in libraries, requests, the record that came last. */
#ifndef PICO_HELP_TEST_H
#define PICO_HELP_TEST_H

#include <graticule/graticule.h>

#include "test.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#define MODULO 30000

static grat_op op;
static grat_record *kept;
static unsigned got;

/* Of this build; the units are those of the text. */
static inline bool use_standins(const char *units)
{
    char dir[600], path[700];
    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
    if (n <= 0) return false;
    dir[n] = '\0';
    *strrchr(dir, '/') = '\0';
    snprintf(path, sizeof path, "%s/sim/pico/pico-standins", dir);
    setenv("GRATICULE_PICO_SIM", units, 1);
    setenv("GRATICULE_PICO_PATH", path, 1);
    return true;
}

static inline grat_scope *open_scope(const char *resource)
{
    grat_session *s = NULL;
    grat_scope *sc = NULL;
    grat_op_init(&op, 10000, NULL);
    if (grat_open(resource, NULL, &op, &s)) {
        TEST_FAIL("%s: %s", resource, op.text);
        return NULL;
    }
    if (grat_scope_open(s, &op, &sc)) {
        TEST_FAIL("%s: %s", resource, op.text);
        grat_close(s);
    }
    return sc;
}

static inline grat_request ask(const char *channels, double period, uint64_t samples)
{
    grat_request q;
    grat_request_init(&q);
    q.any_channel = true;
    for (const char *c = channels; *c; c++) {
        if (*c >= 'A') q.channel[*c - 'A'] = true;
        else q.digital[*c - '0'] = true;
    }
    q.period = period;
    q.samples = samples;
    q.trigger = GRAT_TRIG_NONE;
    return q;
}

static inline bool keep(void *user, grat_record *r)
{
    (void)user;
    grat_record_unref(kept);
    kept = grat_record_ref(r);
    got++;
    return true;
}

static inline grat_err capture(grat_scope *sc, const grat_request *q, int64_t ms, grat_record_fn fn)
{
    got = 0;
    grat_op_init(&op, ms, NULL);
    return grat_capture(sc, q, fn, NULL, &op);
}

static inline double volts(const grat_record *r, unsigned trace, size_t i)
{
    double v = NAN;
    if (r && trace < r->traces && i < r->count) grat_trace_values(&r->trace[trace], i, 1, &v);
    return v;
}

/* Index of the sample at the trigger. */
static inline size_t zero_of(const grat_record *r)
{
    return (size_t)llround(-r->t0 / r->dt);
}

static inline void *fire_later(void *c)
{
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    grat_cancel_fire(c);
    return NULL;
}

#endif
