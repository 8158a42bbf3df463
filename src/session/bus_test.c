/* Serial lines, adapters to GPIB and VICP against their simulators, through sessions. */
#include "test.h"

#include "sim_bench.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#define PORT "/tmp/grat-bus-test-%d"
#define BIG 300000
#define ABORTS 20

static char port[64];

static void start(const char *wire, const char *faults)
{
    grat_sim_instrument one = {.model = "plain", .address = "127.0.0.78", .wires = wire, .faults = faults};
    bench_start(&one, 1);
}

/* "serial:/tmp/…" with words behind it. */
static void start_serial(const char *words, const char *faults)
{
    char wire[120];
    snprintf(wire, sizeof wire, "serial:%s%s", port, words);
    start(wire, faults);
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
    for (unsigned i = 0; i < ABORTS; i++) {
        grat_op op;
        grat_op_init(&op, 0, NULL);
        op.deadline_ns = grat_now_ns() + (i * 37 % 60) * 100000 + 50000;
        grat_err e = grat_query_block(s, ":BLOCK? 300000", got, sizeof got, &op);
        broken += e != GRAT_OK;
        TRUE(e == GRAT_OK || e == GRAT_ETIMEOUT);
        if (!alive(s, "0")) break;
    }
    TRUE(broken > 0);
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
    bench_stop();
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
        bench_stop();
    }
}

TEST(serial_second_opener)
{
    grat_session *b = NULL;
    grat_open_options plain = {.size = sizeof plain, .plain = true};
    start_serial("", NULL);
    grat_session *a = session(NULL, NULL);
    grat_op *op = fresh(1000);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), NULL, op, &b), GRAT_EBUSY);
    TRUE(strstr(op->text, "another program has it"));
    EQ(grat_open(grat_sim_resource(bench.sim, 0), &plain, fresh(1000), &b), GRAT_EBUSY);
    alive(a, "0");
    grat_close(a);
    b = session(NULL, NULL);
    alive(b, "0");
    grat_close(b);
    bench_stop();
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
    bench_stop();
}

TEST(serial_unplugged)
{
    char text[64];
    start_serial("", "serial-hangup@1:100");
    grat_session *s = session(NULL, NULL);
    EQ(grat_query(s, ":TEXT? 60", text, sizeof text, fresh(3000)), GRAT_ELOST);
    grat_close(s);
    bench_stop();
    /* once only: it comes back and the session with it */
    start_serial("", NULL);
    s = session(NULL, NULL);
    alive(s, "0");
    bench_stop();
    start_serial("", NULL);
    grat_op *op = fresh(3000);
    EQ(grat_query(s, ":ECHO? 1", text, sizeof text, op), GRAT_ELOST);
    alive(s, "0");
    grat_close(s);
    bench_stop();
}

/* ---- GPIB adapters ------------------------------------------------------------------------------------ */

#define GATEWAY "127.0.0.79"

/* Two instruments behind one adapter at GPIB4, by the configuration. `where` is a port or a path. */
static void start_gateway(const char *where, const char *words, const char *faults)
{
    char wire[2][120], config[64];
    grat_sim_instrument two[2] = {{.model = "plain", .wires = wire[0], .faults = faults, .options = "serial=0"},
                                  {.model = "plain", .wires = wire[1], .options = "serial=12"}};
    snprintf(wire[0], sizeof wire[0], "prologix:%s/5%s", where, words);
    snprintf(wire[1], sizeof wire[1], "prologix:%s/12.3%s", where, words);
    snprintf(config, sizeof config, "/tmp/grat-bus-%d.yaml", (int)getpid());
    bench_start(two, 2);
    FILE *f = fopen(config, "w");
    fprintf(f, "boards: {GPIB4: '%s'}\n", grat_sim_resource(bench.sim, 0));
    fclose(f);
    setenv("GRATICULE_CONFIG", config, 1);
}

static void stop_gateway(void)
{
    bench_stop();
    remove(getenv("GRATICULE_CONFIG"));
    unsetenv("GRATICULE_CONFIG");
}

static void service_request(grat_session *a, grat_session *b)
{
    uint8_t stb = 0;
    EQ(grat_srq_enable(a, true, fresh(2000)), GRAT_OK);
    EQ(grat_puts(a, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_puts(b, "*CLS;*ESE 1;*SRE 32;*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(a, fresh(150)), GRAT_ETIMEOUT);    /* it is the other one */
    EQ(grat_puts(a, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(a, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(a, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    EQ(grat_srq_wait(b, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(b, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    EQ(grat_read_stb(b, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x40, 0);
}

static void gateway_session(const char *where, const char *words)
{
    char text[64];
    start_gateway(where, words, NULL);
    grat_session *a = session("GPIB4::5::INSTR", NULL), *b = session("GPIB4::12::3::INSTR", NULL);
    status(a);
    alive(b, "12");
    blocks(a);
    alive(b, "12");
    service_request(a, b);
    EQ(grat_trigger(a, fresh(2000)), GRAT_OK);
    EQ(grat_control_ren(a, GRAT_REN_LOCAL, fresh(2000)), GRAT_OK);
    EQ(grat_control_ren(a, GRAT_REN_ON_LOCKOUT, fresh(2000)), GRAT_OK);
    EQ(grat_query(a, ":NOSUCH?", text, sizeof text, fresh(300)), GRAT_ETIMEOUT);
    alive(b, "12");
    alive(a, "0");
    EQ(grat_query(a, ":DELAY? 700", text, sizeof text, fresh(3000)), GRAT_OK);
    STR(text, "700");
    broken_off(a);
    alive(b, "12");
    grat_close(a);
    alive(b, "12");
    grat_close(b);
    stop_gateway();
}

TEST(gateway_over_tcp)
{
    gateway_session("21234", "");
}

TEST(gateway_on_a_serial_port)
{
    gateway_session(port, "+ar488");
}

/* All special bytes, in commands and in answers. */
TEST(gateway_bytes)
{
    char command[64] = ":ECHO? ", text[64];
    start_gateway("21235", "", NULL);
    grat_session *a = session("GPIB4::5::INSTR", NULL);
    snprintf(command + 7, sizeof command - 7, "+a++b\033c\032+d");
    EQ(grat_query(a, command, text, sizeof text, fresh(2000)), GRAT_OK);
    TRUE(strncmp(text, "+a++b", 5) == 0);
    alive(a, "0");
    /* a long command fits, too */
    static char longer[9000] = ":ECHO? ", back[9000];
    memset(longer + 7, 'y', 8000);
    EQ(grat_query(a, longer, back, sizeof back, fresh(3000)), GRAT_OK);
    EQ(strlen(back), 8000);
    grat_close(a);
    stop_gateway();
}

/* Half an answer of one is left while the other is used. */
TEST(gateway_shared)
{
    static uint8_t got[50020];
    start_gateway("21236", "", NULL);
    grat_session *a = session("GPIB4::5::INSTR", NULL), *b = session("GPIB4::12::3::INSTR", NULL);
    EQ(grat_puts(a, ":BLOCK? 50000", fresh(2000)), GRAT_OK);
    grat_op *op = fresh(2000);
    size_t n = 0;
    EQ(grat_read(a, got, 1000, op), GRAT_OK);
    n = op->count;
    alive(b, "12");
    do {
        op = fresh(2000);
        EQ(grat_read(a, got + n, sizeof got - n, op), GRAT_OK);
        n += op->count;
    } while (!op->err && !(op->reason & GRAT_REASON_END));
    EQ(n, 50012);
    TRUE(got[11 + 1000] == (uint8_t)(1000 * 7 + 3));
    alive(a, "0");
    grat_close(a);
    grat_close(b);
    stop_gateway();
}

static grat_err many_idns(void *user, grat_op *op)
{
    char line[64];
    for (int i = 0; i < 20; i++) {
        grat_err e = grat_query(user, "*IDN?", line, sizeof line, op);
        if (e) return e;
        if (strcmp(line, "GRATICULE,PLAIN,0,1") != 0 && strcmp(line, "GRATICULE,PLAIN,12,1") != 0)
            return grat_op_fail(op, GRAT_EPROTO, "%s", line);
    }
    return GRAT_OK;
}

static void *thread_idns(void *user)
{
    static grat_op op;
    grat_op_init(&op, 10000, NULL);
    EQ(many_idns(user, &op), GRAT_OK);
    if (op.err) fprintf(stderr, "%s\n", op.text);
    return NULL;
}

TEST(gateway_threads_and_tasks)
{
    grat_op ops[3];
    grat_group *g = grat_group_new();
    pthread_t th;
    start_gateway("21237", "", NULL);
    grat_session *a = session("GPIB4::5::INSTR", NULL), *b = session("GPIB4::12::3::INSTR", NULL);
    grat_session *c = session("GPIB4::5::INSTR", NULL);
    pthread_create(&th, NULL, thread_idns, c);
    grat_op_init(&ops[0], 10000, NULL);
    grat_op_init(&ops[1], 10000, NULL);
    grat_op_init(&ops[2], 10000, NULL);
    EQ(grat_submit(g, many_idns, b, &ops[0], NULL), GRAT_OK);
    EQ(grat_wait_all(g, &ops[2]), GRAT_OK);
    EQ(ops[0].err, GRAT_OK);
    pthread_join(th, NULL);
    grat_group_free(g);
    alive(a, "0");
    grat_close(a);
    grat_close(b);
    grat_close(c);
    stop_gateway();
}

TEST(gateway_that_is_reset)
{
    static const char *const wheres[] = {"21238", NULL};
    for (int i = 0; i < 2; i++) {
        unsigned failures = 0;
        char line[64];
        start_gateway(wheres[i] ? wheres[i] : port, i ? "+ar488" : "", "prologix-reset:5");
        grat_session *a = session("GPIB4::5::INSTR", NULL);
        for (int k = 0; k < 12; k++) {
            grat_op *op = fresh(3000);
            grat_err e = grat_query(a, "*IDN?", line, sizeof line, op);
            failures += e != GRAT_OK;
            if (!e) STR(line, "GRATICULE,PLAIN,0,1");
            if (e) fprintf(stderr, "%d %d: %s\n", i, k, op->text);
            TRUE(e != GRAT_EDEAD);
        }
        TRUE(failures >= 1 && failures <= 4);
        grat_close(a);
        stop_gateway();
    }
}

TEST(gateway_faults)
{
    static const struct {
        const char *faults;
        grat_err want;
    } rows[] = {
        {"prologix-split:1", GRAT_OK},        {"prologix-nul", GRAT_OK},   {"prologix-no-eoi", GRAT_OK},
        {"prologix-no-eot", GRAT_OK},         {"prologix-silence", GRAT_ETIMEOUT},
        {"prologix-stall:3", GRAT_ETIMEOUT},  {"prologix-drop:3", GRAT_ELOST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[64] = "";
        start_gateway("21239", "", rows[i].faults);
        grat_session *a = session("GPIB4::5::INSTR", NULL), *b = session("GPIB4::12::3::INSTR", NULL);
        grat_op *op = fresh(1500);
        EQ(grat_query(a, ":ECHO? hello", line, sizeof line, op), rows[i].want);
        if (op->err) fprintf(stderr, "%s: %s\n", rows[i].faults, op->text);
        if (!op->err) STR(line, "hello");
        grat_close(a);
        if (rows[i].want == GRAT_OK) alive(b, "12");
        grat_close(b);
        stop_gateway();
    }
}

TEST(gateway_itself)
{
    char line[100];
    start_gateway("21240", "", NULL);
    char intfc[100];
    snprintf(intfc, sizeof intfc, "PRLGX-TCPIP7%s", strstr(grat_sim_resource(bench.sim, 0), "::"));
    grat_session *f = NULL, *a;
    grat_open_options opt = {.size = sizeof opt, .no_sync = true};
    EQ(grat_open(intfc, &opt, fresh(2000), &f), GRAT_OK);
    EQ(grat_query(f, "++ver", line, sizeof line, fresh(2000)), GRAT_OK);
    TRUE(strstr(line, "GPIB-ETHERNET"));
    a = session("GPIB7::5::INSTR", NULL);    /* by the board number of the open interface */
    alive(a, "0");
    EQ(grat_puts(f, "++addr 30", fresh(1000)), GRAT_OK);
    alive(a, "0");
    grat_bus_args ifc = {.what = GRAT_BUS_IFC};
    EQ(grat_bus(f, &ifc, fresh(2000)), GRAT_OK);
    ifc.what = GRAT_BUS_COMMAND;
    EQ(grat_bus(f, &ifc, fresh(1000)), GRAT_ENOTSUP);
    alive(a, "0");
    grat_close(a);
    grat_close(f);
    stop_gateway();
}

/* ---- VICP --------------------------------------------------------------------------------------------- */

TEST(vicp_session)
{
    uint8_t stb = 0;
    char text[64];
    start("vicp", NULL);
    grat_session *s = session(NULL, NULL);
    status(s);
    blocks(s);
    broken_off(s);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(60)), GRAT_ETIMEOUT);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    /* a poll while an answer waits */
    EQ(grat_puts(s, "*CLS;*SRE 0", fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, ":TEXT? 40", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(grat_read_text(s, text, sizeof text, fresh(2000)), GRAT_OK);
    EQ(strlen(text), 40);
    EQ(grat_remote(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_control_ren(s, GRAT_REN_ON_REMOTE_LOCKOUT, fresh(2000)), GRAT_OK);
    EQ(grat_remote(s, false, fresh(2000)), GRAT_OK);
    for (int i = 0; i < 600; i++) {      /* numbers go round */
        if (!alive(s, "0")) break;
    }
    grat_close(s);
    bench_stop();
}

TEST(vicp_faults)
{
    static const struct {
        const char *faults;
        grat_err want;
    } rows[] = {
        {"vicp-sequence", GRAT_OK},  {"vicp-split", GRAT_OK},          {"vicp-segments", GRAT_OK},
        {"vicp-trailer", GRAT_OK},   {"vicp-v1", GRAT_OK},             {"vicp-delay:100", GRAT_OK},
        {"vicp-busy:100", GRAT_OK},  {"vicp-stall:3", GRAT_ETIMEOUT},  {"vicp-drop:3", GRAT_ELOST},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char line[64] = "";
        start("vicp", rows[i].faults);
        grat_session *s = session(NULL, NULL);
        for (int k = 0; k < 3 && rows[i].want == GRAT_OK; k++) alive(s, "0");
        grat_op *op = fresh(700);
        EQ(grat_query(s, ":ECHO? hello", line, sizeof line, op), rows[i].want);
        if (!op->err) STR(line, "hello");
        if (rows[i].want == GRAT_OK) {
            EQ(grat_clear(s, fresh(2000)), GRAT_OK);
            alive(s, "0");
        }
        grat_close(s);
        bench_stop();
    }
}

int main(void)
{
    snprintf(port, sizeof port, PORT, (int)getpid());
    RUN(serial_session);
    RUN(serial_manners);
    RUN(serial_second_opener);
    RUN(serial_speed);
    RUN(serial_unplugged);
    RUN(vicp_session);
    RUN(vicp_faults);
    RUN(gateway_over_tcp);
    RUN(gateway_on_a_serial_port);
    RUN(gateway_bytes);
    RUN(gateway_shared);
    RUN(gateway_threads_and_tasks);
    RUN(gateway_that_is_reset);
    RUN(gateway_faults);
    RUN(gateway_itself);
    return TEST_RESULT();
}
