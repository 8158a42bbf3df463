/* The simulated bench of a test, served by a thread of its own. Include it behind test.h. */
#ifndef GRAT_SIM_BENCH_H
#define GRAT_SIM_BENCH_H

#include <graticule/sim.h>
#include <pthread.h>

static struct {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
} bench;

static void *bench_serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 600000, NULL);
    grat_sim_run(bench.sim, bench.stop, &op);
    return unused;
}

static bool bench_start(const grat_sim_instrument *list, unsigned n)
{
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    bench.stop = grat_cancel_new();
    EQ(grat_sim_new(list, n, 1, &op, &bench.sim), GRAT_OK);
    if (op.err) fprintf(stderr, "no bench: %s\n", op.text);
    return !op.err && pthread_create(&bench.thread, NULL, bench_serve, NULL) == 0;
}

static void bench_stop(void)
{
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_free(bench.stop);
}

/* One operation after another, each with its own deadline. */
static inline grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

/* A session with the first instrument. */
static inline grat_session *bench_session(void)
{
    grat_session *s = NULL;
    EQ(grat_open(grat_sim_resource(bench.sim, 0), NULL, fresh(5000), &s), GRAT_OK);
    return s;
}

#endif
