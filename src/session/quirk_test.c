/* What a session does for instruments with manners of their own, and what a recovery must bring back. */
#include "test.h"

#include "sim_bench.h"

static void start(const char *model, const char *wire, const char *faults)
{
    grat_sim_instrument one = {.model = model, .address = "127.0.0.76", .wires = wire, .faults = faults,
                               .no_portmapper = true};
    bench_start(&one, 1);
}

static grat_session *session(const grat_open_options *opt)
{
    grat_session *s = NULL;
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), opt, &op, &s), GRAT_OK);
    return s;
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
        char command[16];
        snprintf(command, sizeof command, "*ESE %d", i);
        text[0] = '\0';
        /* A computer that stalls brings two commands together that were sent apart. */
        for (int k = 0; k < 5 && strcmp(text, want) != 0; k++) {
            grat_query(s, "*IDN?", text, sizeof text, fresh(2000));
            grat_puts(s, command, fresh(1000));
            grat_query(s, "*ESE?", text, sizeof text, fresh(1000));
        }
        STR(text, want);
    }
    grat_close(s);
    bench_stop();
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
    bench_stop();
}

int main(void)
{
    RUN(fast_commands_are_lost_by_some);
    RUN(a_new_connection_has_the_lock);
    return TEST_RESULT();
}
