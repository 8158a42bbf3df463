/* What must hold at the moment when something ends: a cancel, the peer's death, and the other address family. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server.h"

enum { BIG = 100 * 1000 * 1000, CANCEL_AFTER_MS = 300, CANCEL_LIMIT_MS = 50, CANCEL_TRIES = 5, SMALL = 100000 };

static const char *const wires[] = {"raw", "vxi11", "hislip"};
enum { WIRES = sizeof wires / sizeof *wires };

typedef struct alarm_clock {
    pthread_t thread;
    grat_cancel *cancel; /* fired, or */
    pid_t pid;           /* killed */
    int64_t at_ns;
} alarm_clock;

static void *ring(void *arg)
{
    alarm_clock *a = arg;

    usleep(CANCEL_AFTER_MS * 1000);
    a->at_ns = grat_now_ns();
    if (a->cancel) grat_cancel_fire(a->cancel);
    else kill(a->pid, SIGKILL);
    return NULL;
}

/* Reads the big block while the alarm is set; NULL or what was wrong. */
static const char *interrupted_read(grat_session *s, alarm_clock *a, grat_err wanted, int limit_ms)
{
    static char why[300];
    uint8_t *data = NULL;
    size_t n = 0;
    grat_op op;
    grat_err err;
    double late;
    char command[40];

    snprintf(command, sizeof command, ":BLOCK? %d", (int)BIG);
    grat_op_init(&op, 20000, a->cancel);
    if (pthread_create(&a->thread, NULL, ring, a) != 0) return "no thread";
    err = grat_query_block_alloc(s, command, &data, &n, &op);
    late = (double)(grat_now_ns() - a->at_ns) * 1e-6;
    pthread_join(a->thread, NULL);
    why[0] = '\0';
    if (err != wanted)
        snprintf(why, sizeof why, "%s instead of %s: %.200s", grat_err_name(err), grat_err_name(wanted), op.text);
    else if (late > limit_ms) snprintf(why, sizeof why, "returned after %.1f ms, at most %d", late, limit_ms);
    else if (!data || !n) snprintf(why, sizeof why, "nothing was kept of what had arrived");
    else if (n >= BIG || !pattern_is(data, n))
        snprintf(why, sizeof why, "the %zu bytes kept are not the block's first", n);
    else printf("     %zu bytes kept, returned %.2f ms after the event\n", n, late);
    free(data);
    return why[0] ? why : NULL;
}

static const char *idn_is_right(grat_session *s)
{
    static char why[400];
    char text[256];
    grat_op op;
    grat_err err;

    grat_op_init(&op, 5000, NULL);
    err = grat_query(s, "*IDN?", text, sizeof text, &op);
    if (err != GRAT_OK) {
        snprintf(why, sizeof why, "*IDN? afterwards: %s: %.280s", grat_err_name(err), op.text);
        return why;
    }
    if (strcmp(text, PLAIN_IDN) == 0) return NULL;
    snprintf(why, sizeof why, "*IDN? afterwards is answered \"%.200s\"", text);
    return why;
}

static const char *connect_to(const char *resource, grat_session **s)
{
    static char why[400];
    grat_op op;

    grat_op_init(&op, 5000, NULL);
    if (grat_open(resource, NULL, &op, s) == GRAT_OK) return NULL;
    snprintf(why, sizeof why, "%s: %.300s", grat_err_name(op.err), op.text);
    return why;
}

static void cancel_returns_at_once(const char *wire)
{
    grat_sim_instrument what = {.model = "plain", .address = "127.0.77.1", .options = "link=80Mbit"};
    alarm_clock a = {.cancel = grat_cancel_new()};
    grat_session *s = NULL;
    const char *why;
    char name[60];
    server srv;

    snprintf(name, sizeof name, "%s cancel in a 100 MB block", wire);
    if (server_start(&srv, wire, &what, 1) != GRAT_OK) {
        result_add(name, srv.why);
        grat_cancel_free(a.cancel);
        return;
    }
    why = connect_to(srv.resource, &s);
    /* A busy machine may be late once; a slow cancel is late each time. */
    for (unsigned i = 0; !why; i++) {
        why = interrupted_read(s, &a, GRAT_ECANCELED, CANCEL_LIMIT_MS * SLOWER);
        grat_cancel_reset(a.cancel);
        if (!why || i == CANCEL_TRIES - 1 || !strstr(why, "returned after")) break;
        why = idn_is_right(s);
    }
    if (!why) why = idn_is_right(s);
    result_add(name, why);
    grat_close(s);
    server_stop(&srv);
    grat_cancel_free(a.cancel);
}

/* A simulator in a process of its own. Its resource string comes through the pipe. */
static pid_t serve_apart(const char *wire, char *resource, size_t cap)
{
    grat_sim_instrument what = {.model = "plain", .address = "127.0.77.2", .options = "link=80Mbit"};
    int fd[2];
    pid_t pid;
    ssize_t n;

    if (pipe(fd) != 0) return -1;
    pid = fork();
    if (pid == 0) {
        server srv;

        close(fd[0]);
        if (server_start(&srv, wire, &what, 1) != GRAT_OK) _exit(1);
        if (write(fd[1], srv.resource, strlen(srv.resource)) < 0) _exit(1);
        close(fd[1]);
        for (;;) pause();
    }
    close(fd[1]);
    n = pid > 0 ? read(fd[0], resource, cap - 1) : 0;
    close(fd[0]);
    resource[n > 0 ? n : 0] = '\0';
    return pid;
}

static const char *dead_for_good(grat_session *s)
{
    static char why[400];
    char text[256];

    for (int i = 0; i < 3; i++) {
        int64_t begin = grat_now_ns();
        grat_err err;
        grat_op op;

        grat_op_init(&op, 3000, NULL);
        err = grat_query(s, "*IDN?", text, sizeof text, &op);
        if (err == GRAT_EDEAD && grat_now_ns() - begin < 3500000000) continue;
        snprintf(why, sizeof why, "call %d after the death: %s, not EDEAD: %.250s", i + 1, grat_err_name(err), op.text);
        return why;
    }
    return NULL;
}

static void killed_peer_is_lost(const char *wire)
{
    alarm_clock a = {0};
    grat_session *s = NULL;
    const char *why = "the simulator did not start";
    char name[60], resource[320];

    snprintf(name, sizeof name, "%s kill -9 in a 100 MB block", wire);
    a.pid = serve_apart(wire, resource, sizeof resource);
    if (a.pid > 0 && resource[0]) {
        why = connect_to(resource, &s);
        if (!why) why = interrupted_read(s, &a, GRAT_ELOST, 500 * SLOWER);
        if (!why) why = dead_for_good(s);
        grat_close(s);
    }
    result_add(name, why);
    if (a.pid > 0) {
        kill(a.pid, SIGKILL);
        waitpid(a.pid, NULL, 0);
    }
}

static void ipv6(const char *wire)
{
    static uint8_t data[SMALL];
    grat_sim_instrument what = {.model = "plain", .address = "::1", .raw_port = 25555};
    grat_session *s = NULL;
    const char *why;
    char name[60];
    grat_op op;
    server srv;

    snprintf(name, sizeof name, "%s over IPv6", wire);
    if (server_start(&srv, wire, &what, 1) != GRAT_OK) {
        if (strstr(srv.why, "assign") || strstr(srv.why, "family")) result_skip(name, srv.why);
        else result_add(name, srv.why);
        return;
    }
    why = connect_to(srv.resource, &s);
    if (!why) why = idn_is_right(s);
    if (!why) {
        grat_op_init(&op, 5000, NULL);
        if (grat_query_block(s, ":BLOCK? 100000", data, sizeof data, &op) != GRAT_OK) why = op.text;
        else if (op.count != SMALL || !pattern_is(data, SMALL)) why = "the block is not the one that was sent";
    }
    result_add(name, why);
    grat_close(s);
    server_stop(&srv);
}

static void nobody_listens(void)
{
    int64_t begin = grat_now_ns();
    grat_session *s = NULL;
    grat_op op;
    grat_err err;

    grat_op_init(&op, 5000, NULL);
    err = grat_open("TCPIP::127.0.77.3::5555::SOCKET", NULL, &op, &s);
    if (err == GRAT_OK) {
        char text[64];

        err = grat_query(s, "*IDN?", text, sizeof text, &op);
        grat_close(s);
    }
    result_add("raw nobody listens", err != GRAT_EREFUSED ? grat_err_name(err)
                                     : grat_now_ns() - begin > 1000000000 ? "more than a second" : NULL);
}

void limits_run(void)
{
    for (unsigned i = 0; i < WIRES; i++) killed_peer_is_lost(wires[i]);
    for (unsigned i = 0; i < WIRES; i++) cancel_returns_at_once(wires[i]);
    for (unsigned i = 0; i < WIRES; i++) ipv6(wires[i]);
    nobody_listens();
}
