/* The servers' event loop: one thread, descriptors and timers, nothing blocks. */
#ifndef SIM_LOOP_H
#define SIM_LOOP_H

#include <graticule/graticule.h>

#include <sys/epoll.h>

typedef struct sim_loop sim_loop;

/* A descriptor that somebody waits for; lives inside its owner. The owner may free itself inside `ready`. */
typedef struct sim_watch {
    int fd;                  /* -1 when closed */
    uint32_t events;
    void (*ready)(void *user, uint32_t events);
    void *user;
} sim_watch;

typedef struct sim_timer {
    struct sim_timer *next, **at;  /* at is NULL while it is not armed */
    int64_t when_ns;
    void (*fire)(void *user, int64_t now_ns);
    void *user;
} sim_timer;

sim_loop *sim_loop_new(void);
void sim_loop_free(sim_loop *l);
/* Called once a turn, before the wait; returns when it wants to be called again, INT64_MAX for never. */
void sim_loop_on_turn(sim_loop *l, int64_t (*turn)(void *user, int64_t now_ns), void *user);
/* Until `stopped` is fired (GRAT_OK) or op ends it. */
grat_err sim_loop_run(sim_loop *l, grat_cancel *stopped, grat_op *op);

/* The descriptor must be non-blocking; it belongs to the watch from here on, also on failure (false). */
bool sim_watch_open(sim_loop *l, sim_watch *w, int fd, uint32_t events);
void sim_watch_want(sim_loop *l, sim_watch *w, uint32_t events);
void sim_watch_close(sim_loop *l, sim_watch *w);
/* Closes so that the peer sees a reset. */
void sim_watch_reset(sim_loop *l, sim_watch *w);

void sim_timer_set(sim_loop *l, sim_timer *t, int64_t when_ns);  /* INT64_MAX disarms */

#endif
