/* What a session can do beyond messages, on each wire, against the simulator: status, SRQ, locks, clear, remote. */
#include "test.h"

#include "sim_bench.h"

static void start_model(const char *model, const char *wire)
{
    grat_sim_instrument one = {.model = model, .address = "127.0.0.77", .wires = wire, .no_portmapper = true};
    bench_start(&one, 1);
}

static void start(const char *wire)
{
    start_model("ds1104z", wire);
}

static void alive(grat_session *s)
{
    grat_identity id;
    EQ(grat_identify(s, &id, fresh(3000)), GRAT_OK);
    STR(id.model, "DS1104Z");
}

static void status(grat_session *s)
{
    uint8_t stb = 0;
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    TRUE(stb & 0x20);
    EQ(grat_check_errors(s, fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, ":NOSUCH:HEADER 1", fresh(2000)), GRAT_OK);
    grat_op *op = fresh(2000);
    EQ(grat_check_errors(s, op), GRAT_EINSTR);
    TRUE(strstr(op->text, "-113"));
    EQ(grat_puts(s, "*CLS;*SRE 0", fresh(2000)), GRAT_OK);
}

TEST(raw_socket)
{
    uint8_t stb;
    start("raw");
    grat_session *s = bench_session();
    status(s);
    EQ(grat_lock(s, 0, fresh(1000)), GRAT_ENOTSUP);
    EQ(grat_srq_enable(s, true, fresh(1000)), GRAT_ENOTSUP);
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    alive(s);
    grat_close(s);
    bench_stop();
}

TEST(vxi11_status_and_control)
{
    char out[8];
    start("vxi11");
    grat_session *s = bench_session();
    status(s);
    EQ(grat_trigger(s, fresh(2000)), GRAT_OK);
    EQ(grat_remote(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_remote(s, false, fresh(2000)), GRAT_OK);
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    alive(s);
    grat_docmd_args cmd = {.cmd = 0x020001, .datasize = 2, .in = "\0\1", .in_size = 2, .out = out,
                           .out_size = sizeof out};
    EQ(grat_docmd(s, &cmd, fresh(2000)), GRAT_ENOTSUP);
    alive(s);
    grat_close(s);
    bench_stop();
}

TEST(vxi11_service_request)
{
    uint8_t stb = 0;
    start("vxi11");
    grat_session *s = bench_session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(50)), GRAT_ETIMEOUT);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    EQ(grat_srq_enable(s, false, fresh(2000)), GRAT_OK);
    alive(s);
    grat_close(s);
    bench_stop();
}

TEST(vxi11_locks)
{
    char text[256];
    start("vxi11");
    grat_session *a = bench_session(), *b = bench_session();
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    EQ(grat_lock(b, 0, fresh(2000)), GRAT_ELOCKED);
    EQ(grat_lock(b, 100, fresh(2000)), GRAT_ELOCKED);
    EQ(grat_query(b, "*IDN?", text, sizeof text, fresh(1000)), GRAT_ELOCKED);
    alive(a);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    EQ(grat_lock(b, 1000, fresh(3000)), GRAT_OK);
    grat_close(b);
    alive(a);
    grat_close(a);
    bench_stop();
}

TEST(vxi11_a_timed_out_call_is_aborted)
{
    char text[256];
    start("vxi11");
    grat_session *s = bench_session();
    for (int i = 0; i < 3; i++) {
        EQ(grat_query(s, ":NOSUCH?", text, sizeof text, fresh(150)), GRAT_ETIMEOUT);
        TRUE(grat_needs_recovery(s));
        alive(s);
    }
    grat_close(s);
    bench_stop();
}

/* #0 blocks on a message wire: the whole data, or ETOOBIG; also where the buffer is smaller than the first piece. */
TEST(indefinite_blocks)
{
    static const size_t lengths[] = {1, 100, 199, 200, 201, 600, 5000};
    char command[256] = ":ECHO? #0", buf[5000], want[200];
    grat_session *s = NULL;
    memset(want, 'x', sizeof want);
    memcpy(command + 9, want, sizeof want);
    EQ(grat_open("SIM::plain", NULL, fresh(2000), &s), GRAT_OK);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        grat_op *op = fresh(2000);
        grat_err e = grat_query_block(s, command, buf, lengths[i], op);
        EQ(e, lengths[i] < sizeof want ? GRAT_ETOOBIG : GRAT_OK);
        if (!e) EQ(op->count, sizeof want);
        if (!e) MEM(buf, want, sizeof want);
    }
    grat_close(s);
}

/* An instrument without SCPI: bytes go as they are, nothing is sent beside them, nothing is an END. */
static void bytes_of(const char *resource)
{
    grat_session *s = NULL;
    char buf[64] = "";
    EQ(grat_open(resource, NULL, fresh(2000), &s), GRAT_OK);
    for (int i = 0; s && i < 3; i++) {
        EQ(grat_io_write(s, "!?2e@", 5, true, fresh(2000)), GRAT_OK);
        EQ(grat_io_read(s, buf, 15, -1, false, fresh(2000)), GRAT_OK);
        MEM(buf, "!?\rBS000501\r2e@", 15);
        grat_op *op = fresh(50);
        EQ(grat_io_read(s, buf, 1, -1, false, op), GRAT_ETIMEOUT);
        EQ(op->count, 0);
    }
    EQ(grat_write(s, "?", 1, fresh(2000)), GRAT_OK);
    EQ(grat_read(s, buf, 11, fresh(2000)), GRAT_OK);
    MEM(buf, "?\rBS000501\r", 11);
    grat_close(s);
}

TEST(byte_stream)
{
    bytes_of("SIM::bitscope");
    start_model("bitscope", "raw:16390");
    STR(grat_sim_resource(bench.sim, 0), "BITSCOPE::127.0.0.77::16390::SOCKET");
    grat_session *s = NULL;
    char buf[16] = "";
    grat_open_options plain = {.size = sizeof plain, .no_sync = true};
    EQ(grat_open("TCPIP::127.0.0.77::16390::SOCKET", &plain, fresh(2000), &s), GRAT_OK);
    EQ(grat_io_write(s, "?", 1, true, fresh(2000)), GRAT_OK);
    EQ(grat_io_read(s, buf, 11, -1, false, fresh(2000)), GRAT_OK);
    MEM(buf, "?\rBS000501\r", 11);
    /* The second packet comes by itself. */
    EQ(grat_io_write(s, "2c@01s>D", 8, true, fresh(2000)), GRAT_OK);
    EQ(grat_io_read(s, buf, 8, -1, false, fresh(2000)), GRAT_OK);
    EQ(grat_io_read(s, buf, 12, -1, false, fresh(2000)), GRAT_OK);
    MEM(buf, "02\r", 3);
    EQ(grat_io_read(s, buf, 12, -1, false, fresh(2000)), GRAT_OK);
    MEM(buf, "01\r", 3);
    EQ(grat_io_read(s, buf, 9, -1, false, fresh(2000)), GRAT_OK);
    /* More than the instrument holds for a client, and a command that has to wait behind it. */
    static char much[65536];
    size_t total = 0;
    EQ(grat_io_write(s, "08@00zzz16@00z01z1c@00z30z1e@00s30@00s>A?", 41, true, fresh(5000)), GRAT_OK);
    EQ(grat_io_read(s, much, 40, -1, false, fresh(5000)), GRAT_OK);
    while (total < 256 * 12288) {
        size_t want = 256 * 12288 - total < sizeof much ? 256 * 12288 - total : sizeof much;
        grat_op *op = fresh(5000);
        if (grat_io_read(s, much, want, -1, false, op)) break;
        total += op->count;
    }
    EQ(total, 256 * 12288);
    EQ(grat_io_read(s, much, 11, -1, false, fresh(5000)), GRAT_OK);
    MEM(much, "?\rBS000501\r", 11);
    grat_close(s);
    bench_stop();
}

TEST(raw_socket_attributes)
{
    grat_value v;
    start("raw");
    grat_session *s = bench_session();
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_ADDRESS, &v, fresh(1000)), GRAT_OK);
    STR(v.text, "127.0.0.77");
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_PORT, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 5555);
    EQ(grat_attr_set(s, GRAT_ATTR_TCP_NODELAY, 0, fresh(1000)), GRAT_OK);
    EQ(grat_attr_set(s, GRAT_ATTR_TCP_KEEPALIVE, 0, fresh(1000)), GRAT_OK);
    EQ(grat_attr_set(s, GRAT_ATTR_TCP_NODELAY, 2, fresh(1000)), GRAT_ERANGE);
    EQ(grat_clear(s, fresh(1000)), GRAT_OK); /* a new connection, with the same settings */
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_NODELAY, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_KEEPALIVE, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    EQ(grat_attr_get(s, GRAT_ATTR_ASRL_BAUD, &v, fresh(1000)), GRAT_ENOTSUP);
    grat_close(s);
    bench_stop();
}

int main(void)
{
    RUN(byte_stream);
    RUN(indefinite_blocks);
    RUN(raw_socket);
    RUN(vxi11_status_and_control);
    RUN(vxi11_service_request);
    RUN(vxi11_locks);
    RUN(vxi11_a_timed_out_call_is_aborted);
    RUN(raw_socket_attributes);
    return TEST_RESULT();
}
