/* A simulated instrument served by a thread of this process, and the bookkeeping of results. */
#ifndef GRAT_TESTS_SERVER_H
#define GRAT_TESTS_SERVER_H

#include <graticule/graticule.h>
#include <graticule/sim.h>
#include <pthread.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOWER 4
#else
#define SLOWER 1
#endif

#define PLAIN_IDN "GRATICULE,PLAIN,0,1"

typedef struct server {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
    bool running;
    char resource[320];
    char why[GRAT_TEXT_MAX + 32];
} server;

/* `wire` is raw, vxi11 or hislip. No portmapper: nothing here needs privileges. */
grat_err server_start(server *s, const char *wire, const grat_sim_instrument *what, uint64_t seed);
void server_stop(server *s);

/* The bytes of the plain model's :BLOCK?. */
void pattern_fill(uint8_t *out, size_t n);
/* True when all n bytes are the block's first n. */
bool pattern_is(const uint8_t *data, size_t n);

/* One named result; `reason` is NULL for a pass. Prints it, and keeps it for results_write. Thread-safe. */
void result_add(const char *name, const char *reason);
void result_skip(const char *name, const char *reason);
/* $GRAT_RESULTS/<file>.json. Returns the number of failures. */
int results_write(const char *file);

/* What one run cannot do by chance: cancel, kill, IPv6. Forks, so it runs before any thread exists. */
void limits_run(void);

#endif
