/* Serial lines, adapters to GPIB and VICP against their simulators, through sessions.
 *   bus_test [ABORTS]   how often a block is broken off on each wire */
#include <graticule/sim.h>

#include "test.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define PORT "/tmp/grat-bus-test-%d"
#define BIG 300000

static unsigned aborts = 20;
static char port[64];

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

static grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

static void start_list(const grat_sim_instrument *list, unsigned n)
{
    bench.stop = grat_cancel_new();
    grat_op *op = fresh(5000);
    EQ(grat_sim_new(list, n, 1, op, &bench.sim), GRAT_OK);
    if (op->err) fprintf(stderr, "%s\n", op->text);
    pthread_create(&bench.thread, NULL, serve, NULL);
}

static void start(const char *wire, const char *faults)
{
    grat_sim_instrument one = {.model = "plain", .address = "127.0.0.78", .wires = wire, .faults = faults};
    start_list(&one, 1);
}

/* "serial:/tmp/…" with words behind it. */
static void start_serial(const char *words, const char *faults)
{
    char wire[120];
    snprintf(wire, sizeof wire, "serial:%s%s", port, words);
    start(wire, faults);
}

static void stop(void)
{
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_free(bench.stop);
}

static grat_session *session(const char *resource, const char *serial)
{
    grat_open_options opt = {.size = sizeof opt, .serial = serial};
    grat_session *s = NULL;
    grat_op *op = fresh(5000);
    EQ(grat_open(resource ? resource : grat_sim_resource(bench.sim, 0), &opt, op, &s), GRAT_OK);
    if (op->err) fprintf(stderr, "%s\n", op->text);
    return s;
}

static bool alive(grat_session *s, const char *serial)
{
    char line[100] = "", want[100];
    snprintf(want, sizeof want, "GRATICULE,PLAIN,%s,1", serial);
    grat_op *op = fresh(4000);
    grat_err e = grat_query(s, "*IDN?", line, sizeof line, op);
    EQ(e, GRAT_OK);
    if (e) fprintf(stderr, "%s\n", op->text);
    STR(line, want);
    return !e && strcmp(line, want) == 0;
}

/* What every wire must do. */
static void status(grat_session *s)
{
    uint8_t stb = 0;
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    TRUE(stb & 0x20);
    EQ(grat_puts(s, ":NOSUCH:HEADER 1", fresh(2000)), GRAT_OK);
    EQ(grat_check_errors(s, fresh(2000)), GRAT_EINSTR);
    EQ(grat_puts(s, "*CLS;*SRE 0", fresh(2000)), GRAT_OK);
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    alive(s, "0");
}

static void blocks(grat_session *s)
{
    static const size_t sizes[] = {0, 1, 255, 256, 4095, 4096, 65536, BIG};
    static uint8_t got[BIG];
    char command[40];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        snprintf(command, sizeof command, ":BLOCK? %zu", sizes[i]);
        grat_op *op = fresh(8000);
        EQ(grat_query_block(s, command, got, sizeof got, op), GRAT_OK);
        if (op->err) fprintf(stderr, "%zu: %s\n", sizes[i], op->text);
        EQ(op->count, sizes[i]);
        bool same = true;
        for (size_t k = 0; k < op->count; k++) same = same && got[k] == (uint8_t)(k * 7 + (k >> 8));
        TRUE(same);
    }
    alive(s, "0");
}

static void broken_off(grat_session *s)
{
    static uint8_t got[BIG];
    unsigned broken = 0;
    for (unsigned i = 0; i < aborts; i++) {
        grat_op op;
        grat_op_init(&op, 0, NULL);
        op.deadline_ns = grat_now_ns() + (i * 37 % 60) * 100000 + 50000;
        grat_err e = grat_query_block(s, ":BLOCK? 300000", got, sizeof got, &op);
        broken += e != GRAT_OK;
        TRUE(e == GRAT_OK || e == GRAT_ETIMEOUT);
        if (!alive(s, "0")) break;
    }
    TRUE(broken > aborts / 2);
}

/* ---- serial ----------------------------------------------------------------------------------------- */

TEST(serial_session)
{
    start_serial("", NULL);
    grat_session *s = session(NULL, "115200");
    status(s);
    blocks(s);
    broken_off(s);
    grat_close(s);
    stop();
}

TEST(serial_manners)
{
    static const struct {
        const char *words, *faults, *serial;
    } rows[] = {
        {"+crlf", NULL, NULL},  {"+lfcr", NULL, NULL},        {"+cr", NULL, "9600,8N1,cr"},
        {"+none", NULL, "none"}, {"", "serial-echo", "echo"}, {"+crlf", "serial-echo", "crlf,echo"},
        {"", "serial-split", NULL},
    };
    char text[64];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start_serial(rows[i].words, rows[i].faults);
        grat_session *s = session(NULL, rows[i].serial);
        alive(s, "0");
        for (int k = 0; k < 3; k++) {
            EQ(grat_query(s, ":ECHO? hello", text, sizeof text, fresh(3000)), GRAT_OK);
            STR(text, "hello");
        }
        EQ(grat_query(s, ":NOSUCH?", text, sizeof text, fresh(100)), GRAT_ETIMEOUT);
        alive(s, "0");
        grat_close(s);
        stop();
    }
}

TEST(serial_second_opener)
{
    grat_session *b = NULL;
    start_serial("", NULL);
    grat_session *a = session(NULL, NULL);
    grat_op *op = fresh(1000);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), NULL, op, &b), GRAT_EBUSY);
    TRUE(strstr(op->text, "another program has it"));
    alive(a, "0");
    grat_close(a);
    b = session(NULL, NULL);
    alive(b, "0");
    grat_close(b);
    stop();
}

TEST(serial_speed)
{
    char text[64];
    grat_value v;
    start_serial("+baud=19200+paced", NULL);
    grat_session *s = session(NULL, "9600");
    EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(200)), GRAT_ETIMEOUT);
    EQ(grat_attr_set(s, GRAT_ATTR_ASRL_BAUD, 19200, fresh(100)), GRAT_OK);
    EQ(grat_attr_get(s, GRAT_ATTR_ASRL_BAUD, &v, fresh(100)), GRAT_OK);
    EQ(v.number, 19200);
    alive(s, "0");
    int64_t before = grat_now_ns();
    EQ(grat_query(s, ":TEXT? 384", (char[400]){0}, 400, fresh(3000)), GRAT_OK);
    double seconds = (double)(grat_now_ns() - before) * 1e-9;
    TRUE(seconds > 0.15);    /* 385 characters at 1920 a second */
    EQ(grat_attr_set(s, GRAT_ATTR_ASRL_DATA_BITS, 7, fresh(100)), GRAT_ERANGE);
    alive(s, "0");
    grat_close(s);
    stop();
}

TEST(serial_unplugged)
{
    char text[64];
    start_serial("", "serial-hangup@1:100");
    grat_session *s = session(NULL, NULL);
    EQ(grat_query(s, ":TEXT? 60", text, sizeof text, fresh(3000)), GRAT_ELOST);
    grat_close(s);
    stop();
    /* once only: it comes back and the session with it */
    start_serial("", NULL);
    s = session(NULL, NULL);
    alive(s, "0");
    stop();
    start_serial("", NULL);
    grat_op *op = fresh(3000);
    EQ(grat_query(s, ":ECHO? 1", text, sizeof text, op), GRAT_ELOST);
    alive(s, "0");
    grat_close(s);
    stop();
}

int main(int argc, char **argv)
{
    if (argc > 1) aborts = (unsigned)strtoul(argv[1], NULL, 10);
    snprintf(port, sizeof port, PORT, (int)getpid());
    RUN(serial_session);
    RUN(serial_manners);
    RUN(serial_second_opener);
    RUN(serial_speed);
    RUN(serial_unplugged);
    return TEST_RESULT();
}
