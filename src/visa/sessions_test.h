/* For tests: one session of each class, to a simulated instrument. */
#ifndef VISA_SESSIONS_TEST_H
#define VISA_SESSIONS_TEST_H

#include <graticule/sim.h>
#include <visa.h>

#include "test.h"

#include <pthread.h>
#include <unistd.h>

enum { RM = 1, VXI = 2, HISLIP = 4, SOCK = 8, LINE = 16, NONE = 0 };
#define LAN (VXI | HISLIP) /* TCPIP INSTR; VXI stands for all that looks like VXI-11 */
#define IO (LAN | SOCK | LINE)
#define ANY (RM | IO)

static struct {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
    char address[32];
    ViSession rm, lan, sock, hislip, line;
} bench;

static const struct {
    const char *name;
    unsigned class;
    ViSession *session;
} sessions[] = {
    {"resource manager", RM, &bench.rm},
    {"VXI-11 instrument", VXI, &bench.lan},
    {"HiSLIP instrument", HISLIP, &bench.hislip},
    {"socket", SOCK, &bench.sock},
    {"serial port", LINE, &bench.line},
};
#define SESSIONS (sizeof(sessions) / sizeof(sessions[0]))

static void *serve(void *unused)
{
    grat_op op;

    grat_op_init(&op, 600000, NULL);
    grat_sim_run(bench.sim, bench.stop, &op);
    return unused;
}

static void start(void)
{
    grat_sim_instrument one = {.model = "plain", .address = bench.address, .wires = "vxi11,raw,hislip,serial",
                               .no_portmapper = true};
    grat_op op;

    /* An address that no other test on this computer has at the same time. */
    snprintf(bench.address, sizeof(bench.address), "127.%u.%u.91", 64U + (unsigned)getpid() / 250 % 128,
             1U + (unsigned)getpid() % 250);
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

/* The resource of the bench that has the word in it. */
static const char *wire(const char *word)
{
    const char *r;

    for (unsigned i = 0; (r = grat_sim_resource(bench.sim, i)); i++)
        if (strstr(r, word)) return r;
    TEST_FAIL("no %s", word);
    return "";
}

static void open_all(void)
{
    EQ(viOpenDefaultRM(&bench.rm), VI_SUCCESS);
    EQ(viOpen(bench.rm, wire("inst0"), VI_NULL, VI_NULL, &bench.lan), VI_SUCCESS);
    EQ(viOpen(bench.rm, wire("SOCKET"), VI_NULL, VI_NULL, &bench.sock), VI_SUCCESS);
    EQ(viOpen(bench.rm, wire("hislip"), VI_NULL, VI_NULL, &bench.hislip), VI_SUCCESS);
    EQ(viOpen(bench.rm, wire("ASRL"), VI_NULL, VI_NULL, &bench.line), VI_SUCCESS);
}

static void close_all(void)
{
    EQ(viClose(bench.rm), VI_SUCCESS);
}

#endif
