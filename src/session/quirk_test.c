/* What a session does for instruments with manners of their own, and what a recovery must bring back. */
#include <graticule/sim.h>

#include "test.h"

#include <pthread.h>

static struct {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
} bench;

static void *serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 600000, NULL);
    grat_sim_run(bench.sim, bench.stop, &op);
    return unused;
}

static void start(const char *model, const char *wire, const char *faults)
{
    grat_sim_instrument one = {.model = model, .address = "127.0.0.76", .wires = wire, .faults = faults,
                               .no_portmapper = true};
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    bench.stop = grat_cancel_new();
    EQ(grat_sim_new(&one, 1, 1, &op, &bench.sim), GRAT_OK);
    pthread_create(&bench.thread, NULL, serve, NULL);
}

static void stop(void)
{
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_free(bench.stop);
}

static grat_session *session(const grat_open_options *opt)
{
    grat_session *s = NULL;
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), opt, &op, &s), GRAT_OK);
    return s;
}

static grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

/* Siglent: a command within 50 ms of the one before is lost. */
TEST(fast_commands_are_lost_by_some)
{
    char text[64];
    grat_open_options fast = {.size = sizeof fast, .command_gap_ns = 1};
    start("sds1104xe", "raw:25501", "raw-ignore-fast:40");
    grat_session *s = session(&fast);
    EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*ESE 1", fresh(1000)), GRAT_OK);
    EQ(grat_query(s, "*ESE?", text, sizeof text, fresh(300)), GRAT_ETIMEOUT);
    grat_close(s);
    s = session(NULL);
    for (int i = 0; i < 5; i++) {
        char want[8];
        snprintf(want, sizeof want, "%d", i);
        EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(2000)), GRAT_OK);
        char command[16];
        snprintf(command, sizeof command, "*ESE %d", i);
        EQ(grat_puts(s, command, fresh(1000)), GRAT_OK);
        EQ(grat_query(s, "*ESE?", text, sizeof text, fresh(2000)), GRAT_OK);
        STR(text, want);
    }
    grat_close(s);
    stop();
}

/* A connection that is reset in the middle of an answer, now and then. */
TEST(a_new_connection_has_the_lock)
{
    char text[64];
    start("plain", "vxi11:25502", "vxi-reset@0.3");
    grat_session *a = session(NULL), *b = session(NULL);
    EQ(grat_lock(a, 0, fresh(1000)), GRAT_OK);
    grat_err e = GRAT_OK;
    for (int i = 0; i < 100 && !e; i++) e = grat_query(a, ":ECHO? hello", text, sizeof text, fresh(2000));
    EQ(e, GRAT_ELOST);
    EQ(grat_recover(a, fresh(12000)), GRAT_OK);
    EQ(grat_lock(b, 0, fresh(1000)), GRAT_ELOCKED);
    EQ(grat_unlock(a, fresh(1000)), GRAT_OK);
    EQ(grat_lock(b, 0, fresh(1000)), GRAT_OK);
    grat_close(b);
    grat_close(a);
    stop();
}

int main(void)
{
    RUN(fast_commands_are_lost_by_some);
    RUN(a_new_connection_has_the_lock);
    return TEST_RESULT();
}
