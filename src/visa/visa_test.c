/* The C interface against simulated instruments and against a small TCP server whose every byte the test decides. */
#include <visa.h>

#include "temp.h"
#include "test.h"

#include "sim_bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char *self;
static ViSession rm;

/* ---- the bench --------------------------------------------------------------------------------------- */

static const char *start_faulty(const char *model, const char *wire, const char *faults)
{
    grat_sim_instrument one = {.model = model, .address = "127.0.0.78", .wires = wire, .no_portmapper = true,
                               .faults = faults};
    bench_start(&one, 1);
    return grat_sim_resource(bench.sim, 0);
}

static const char *start(const char *model, const char *wire)
{
    return start_faulty(model, wire, NULL);
}

/* A listening socket; peer() is its side of the connection that viOpen makes. */
static int listener, port;

static void listen_here(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(bind(listener, (struct sockaddr *)&a, n), 0);
    EQ(listen(listener, 4), 0);
    getsockname(listener, (struct sockaddr *)&a, &n);
    port = ntohs(a.sin_port);
}

static ViSession open_peer(int *peer)
{
    char name[64];
    ViSession vi = 0;
    listen_here();
    snprintf(name, sizeof name, "TCPIP::127.0.0.1::%d::SOCKET", port);
    EQ(viOpen(rm, name, VI_NULL, 0, &vi), VI_SUCCESS);
    *peer = accept(listener, NULL, NULL);
    TRUE(*peer >= 0);
    return vi;
}

static void close_peer(int peer)
{
    close(peer);
    close(listener);
}

static ViSession open_it(const char *name)
{
    ViSession vi = 0;
    EQ(viOpen(rm, name, VI_NULL, 0, &vi), VI_SUCCESS);
    return vi;
}

static void put(ViSession vi, const char *text)
{
    ViUInt32 n = 0;
    EQ(viWrite(vi, (ViConstBuf)text, (ViUInt32)strlen(text), &n), VI_SUCCESS);
    EQ(n, strlen(text));
}

static ViStatus get(ViSession vi, char *buf, ViUInt32 size, ViUInt32 *n)
{
    *n = 0;
    return viRead(vi, (ViPBuf)buf, size, n);
}

static int64_t now_ms(void)
{
    return grat_now_ns() / 1000000;
}

static void nap(int ms)
{
    poll(NULL, 0, ms);
}

static void *no_thread(void *unused)
{
    return unused;
}

static unsigned threads_now(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/task");
    for (struct dirent *e; (e = readdir(d));) n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

/* ---- handles, the resource manager ------------------------------------------------------------------------ */

TEST(handles)
{
    ViSession a = 0, b = 0;
    ViUInt32 v = 0;
    char text[VI_FIND_BUFLEN];
    EQ(viOpenDefaultRM(&a), VI_SUCCESS);
    EQ(viGetDefaultRM(&b), VI_SUCCESS);
    TRUE(a != b);
    EQ(viGetAttribute(a, VI_ATTR_RSRC_SPEC_VERSION, &v), VI_SUCCESS);
    EQ(v, VI_SPEC_VERSION);
    EQ(viGetAttribute(a, VI_ATTR_RSRC_IMPL_VERSION, &v), VI_SUCCESS);
    TRUE(v > 0);
    EQ(viGetAttribute(a, VI_ATTR_RSRC_MANF_NAME, text), VI_SUCCESS);
    STR(text, "Graticule");
    EQ(viGetAttribute(a, VI_ATTR_RSRC_CLASS, text), VI_SUCCESS);
    STR(text, "");
    EQ(viRead(a, (ViPBuf)text, 1, NULL), VI_ERROR_NSUP_OPER);
    ViSession vi = 0;
    EQ(viOpen(a, "SIM::plain", VI_NULL, 0, &vi), VI_SUCCESS);
    EQ(viOpen(vi, "SIM::plain", VI_NULL, 0, &b), VI_ERROR_NSUP_OPER);
    EQ(viClose(a), VI_SUCCESS);
    EQ(viClose(a), VI_ERROR_INV_OBJECT);
    EQ(viRead(vi, (ViPBuf)text, 1, NULL), VI_ERROR_INV_OBJECT);
    EQ(viClose(vi), VI_ERROR_INV_OBJECT);
    EQ(viClose(VI_NULL), VI_WARN_NULL_OBJECT);
    EQ(viOpenDefaultRM(NULL), VI_ERROR_USER_BUF);
    EQ(viStatusDesc(0, VI_ERROR_TMO, text), VI_SUCCESS);
    EQ(viStatusDesc(0, (ViStatus)0xBFFF7777, text), VI_WARN_UNKNOWN_STATUS);
    TRUE(strstr(text, "BFFF7777"));
    ViUInt8 byte;
    EQ(viIn8(rm, VI_A16_SPACE, 0, &byte), VI_ERROR_NSUP_OPER);
    EQ(viIn8(0x77, VI_A16_SPACE, 0, &byte), VI_ERROR_INV_OBJECT);
    EQ(viOpen(rm, "SIM::plain", 0x100, 0, &vi), VI_ERROR_INV_ACC_MODE);
    EQ(viOpen(rm, "TCPIP::127.0.0.1::1::SOCKET", 0, 0, &vi), VI_ERROR_RSRC_NFOUND);
    EQ(viOpen(rm, "NONSENSE", 0, 0, &vi), VI_ERROR_INV_RSRC_NAME);
}

TEST(names)
{
    static const struct {
        const char *in, *out, *rclass;
        int type, board;
    } good[] = {
        {"tcpip::h::instr", "TCPIP0::h::inst0::INSTR", "INSTR", 6, 0},
        {"TCPIP0::h::instr::INSTR", "TCPIP0::h::inst0::INSTR", "INSTR", 6, 0},
        {" TCPIP2::192.168.1.5 ", "TCPIP2::192.168.1.5::inst0::INSTR", "INSTR", 6, 2},
        {"TCPIP::h::5025", "TCPIP0::h::5025::INSTR", "INSTR", 6, 0},
        {"TCPIP::h::5025::SOCKET", "TCPIP0::h::5025::SOCKET", "SOCKET", 6, 0},
        {"TCPIP::[fe80::1%eth0]::hislip0::INSTR", "TCPIP0::[fe80::1%eth0]::hislip0::INSTR", "INSTR", 6, 0},
        {"TCPIP::h::hislip0,4881", "TCPIP0::h::hislip0,4881::INSTR", "INSTR", 6, 0},
        {"GPIB::5::INSTR", "GPIB0::5::INSTR", "INSTR", 1, 0},
        {"GPIB0::5::0::INSTR", "GPIB0::5::INSTR", "INSTR", 1, 0},
        {"GPIB1::5::3", "GPIB1::5::3::INSTR", "INSTR", 1, 1},
        {"GPIB0::INTFC", "GPIB0::INTFC", "INTFC", 1, 0},
        {"ASRL1::INSTR", "ASRL1::INSTR", "INSTR", 4, 1},
        {"ASRL/dev/ttyUSB0", "ASRL/dev/ttyUSB0::INSTR", "INSTR", 4, 0},
        {"USB::6833::1230::DS1ZA1::INSTR", "USB0::0x1AB1::0x04CE::DS1ZA1::0::INSTR", "INSTR", 7, 0},
        {"USB0::0x1ab1::0x04ce::DS1ZA1::1::RAW", "USB0::0x1AB1::0x04CE::DS1ZA1::1::RAW", "RAW", 7, 0},
        {"SIM::plain", "SIM::plain::INSTR", "INSTR", 6, 0},
        {"BITSCOPE::/dev/ttyUSB0", "BITSCOPE::/dev/ttyUSB0::INSTR", "INSTR", 4, 0},
    };
    static const char *const bad[] = {"", "\"\"", "FOO::1", "TCPIP::", "TCPIP::h::0::SOCKET", "TCPIP::h::70000::SOCKET",
                                      "GPIB::31::INSTR", "visa://h/GPIB::1", "USB::1::2::INSTR"};
    ViUInt16 type[2] = {7, 0x5A5A}, board[2] = {7, 0x5A5A};
    char rclass[VI_FIND_BUFLEN], name[VI_FIND_BUFLEN], alias[VI_FIND_BUFLEN];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        EQ(viParseRsrcEx(rm, good[i].in, type, board, rclass, name, alias), VI_SUCCESS);
        STR(name, good[i].out);
        STR(rclass, good[i].rclass);
        STR(alias, "");
        EQ(type[0], good[i].type);
        EQ(board[0], good[i].board);
        EQ(type[1] == 0x5A5A && board[1] == 0x5A5A, 1);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        EQ(viParseRsrc(rm, bad[i], type, board), VI_ERROR_INV_RSRC_NAME);
    EQ(viParseRsrc(rm, "VXI0::1::INSTR", type, board), VI_ERROR_INTF_NUM_NCONFIG);
    EQ(viParseRsrc(rm, "PXI0::1::INSTR", type, board), VI_ERROR_INTF_NUM_NCONFIG);
}

/* ---- attributes ---------------------------------------------------------------------------------------------- */

TEST(widths_and_ranges)
{
    unsigned char wide[16];
    ViSession vi = open_it("SIM::plain");
    static const struct {
        ViAttr attr;
        unsigned bytes;
    } width[] = {{VI_ATTR_TERMCHAR, 1}, {VI_ATTR_TERMCHAR_EN, 2}, {VI_ATTR_INTF_TYPE, 2}, {VI_ATTR_TRIG_ID, 2},
                 {VI_ATTR_TMO_VALUE, 4}, {VI_ATTR_RSRC_LOCK_STATE, 4}, {VI_ATTR_USER_DATA_32, 4},
                 {VI_ATTR_USER_DATA_64, 8}};
    for (size_t i = 0; i < sizeof width / sizeof *width; i++) {
        memset(wide, 0xA5, sizeof wide);
        EQ(viGetAttribute(vi, width[i].attr, wide), VI_SUCCESS);
        for (unsigned k = width[i].bytes; k < sizeof wide; k++) EQ(wide[k], 0xA5);
    }
    ViUInt8 term = 0;
    ViUInt32 tmo = 0;
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR, (ViAttrState)-1), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR, 0xFF), VI_SUCCESS);
    EQ(viGetAttribute(vi, VI_ATTR_TERMCHAR, &term), VI_SUCCESS);
    EQ(term, 0xFF);
    EQ(viSetAttribute(vi, VI_ATTR_TRIG_ID, 0xFFFF), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TRIG_ID, 0xFFFFFFFF), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TRIG_ID, (ViAttrState)-1), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TRIG_ID, 0), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 0xABCD00000000 | 1234), VI_SUCCESS);
    EQ(viGetAttribute(vi, VI_ATTR_TMO_VALUE, &tmo), VI_SUCCESS);
    EQ(tmo, 1234);
    EQ(viSetAttribute(vi, VI_ATTR_IO_PROT, VI_PROT_HS488), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(vi, VI_ATTR_IO_PROT, VI_PROT_4882_STRS), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_RD_BUF_OPER_MODE, VI_FLUSH_WHEN_FULL), VI_ERROR_NSUP_ATTR_STATE);
    EQ(viSetAttribute(vi, VI_ATTR_INTF_NUM, 1), VI_ERROR_ATTR_READONLY);
    EQ(viSetAttribute(vi, VI_ATTR_ASRL_BAUD, 9600), VI_ERROR_NSUP_ATTR);
    EQ(viGetAttribute(vi, VI_ATTR_SLOT, wide), VI_ERROR_NSUP_ATTR);
    EQ(viGetAttribute(vi, VI_ATTR_TMO_VALUE, NULL), VI_ERROR_USER_BUF);
    EQ(viClose(vi), VI_SUCCESS);
}

/* ---- reading on a socket ----------------------------------------------------------------------------------------- */

TEST(socket_reads)
{
    char buf[64];
    ViUInt32 n;
    int peer;
    ViBoolean on = 0;
    ViSession vi = open_peer(&peer);
    EQ(viGetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, &on), VI_SUCCESS);
    EQ(on, VI_TRUE);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 200), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1), VI_SUCCESS);
    TRUE(send(peer, "one\ntwo\nthr", 11, 0) == 11);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 4);
    EQ(get(vi, buf, 2, &n), VI_SUCCESS_MAX_CNT);
    EQ(n, 2);
    EQ(get(vi, buf, 2, &n), VI_SUCCESS_TERM_CHAR);
    MEM(buf, "o\n", 2);
    EQ(get(vi, buf, sizeof buf, &n), VI_ERROR_TMO);
    EQ(n, 3);
    EQ(get(vi, buf, sizeof buf, &n), VI_ERROR_TMO);
    EQ(n, 0);
    EQ(get(vi, buf, 0, &n), VI_SUCCESS_MAX_CNT);
    /* A pause ends a message only where END is not suppressed. */
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 0), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, 0), VI_SUCCESS);
    TRUE(send(peer, "abc", 3, 0) == 3);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, 3);
    EQ(viSetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, 1), VI_SUCCESS);
    /* The peer goes: what is there, then the loss, again and again. */
    TRUE(send(peer, "bye", 3, 0) == 3);
    close(peer);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, 3);
    EQ(get(vi, buf, sizeof buf, &n), VI_ERROR_CONN_LOST);
    EQ(get(vi, buf, sizeof buf, &n), VI_ERROR_CONN_LOST);
    EQ(viClose(vi), VI_SUCCESS);
    close(listener);
}

typedef struct drops {
    int fd, n, pause_ms;
} drops;

static void *trickle(void *arg)
{
    const drops *d = arg;
    for (int i = 0; i < d->n; i++) {
        nap(d->pause_ms);
        if (send(d->fd, "x", 1, MSG_NOSIGNAL) != 1) break;
    }
    return NULL;
}

/* 1.2 s of progress under a timeout of 600 ms. */
TEST(the_clock_starts_again_with_each_byte)
{
    char buf[12];
    ViUInt32 n;
    int peer;
    pthread_t t;
    ViSession vi = open_peer(&peer);
    drops d = {peer, 12, 100};
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 600), VI_SUCCESS);
    pthread_create(&t, NULL, trickle, &d);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_MAX_CNT);
    EQ(n, 12);
    pthread_join(t, NULL);
    EQ(viClose(vi), VI_SUCCESS);
    close_peer(peer);
}

/* Of the library's end of the connection to open_peer. */
static int keepalive_there(void)
{
    for (int fd = 3; fd < 256; fd++) {
        struct sockaddr_in a = {0};
        socklen_t n = sizeof a, k = sizeof(int);
        int on = -1;
        if (getpeername(fd, (struct sockaddr *)&a, &n) || ntohs(a.sin_port) != port) continue;
        return getsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, &k) ? -1 : on;
    }
    return -1;
}

TEST(keepalive)
{
    int peer;
    ViBoolean on = 7;
    ViSession vi = open_peer(&peer);
    EQ(viGetAttribute(vi, VI_ATTR_TCPIP_KEEPALIVE, &on), VI_SUCCESS);
    EQ(on, VI_FALSE);
    EQ(keepalive_there(), 0);
    EQ(viSetAttribute(vi, VI_ATTR_TCPIP_KEEPALIVE, VI_TRUE), VI_SUCCESS);
    EQ(keepalive_there(), 1);
    EQ(viClose(vi), VI_SUCCESS);
    close_peer(peer);
}

TEST(socket_control)
{
    char buf[64];
    ViUInt32 n;
    ViUInt16 stb;
    int peer;
    ViSession vi = open_peer(&peer);
    EQ(viReadSTB(vi, &stb), VI_ERROR_NSUP_OPER);
    EQ(viAssertTrigger(vi, VI_TRIG_PROT_DEFAULT), VI_ERROR_NSUP_OPER);
    EQ(viGpibControlREN(vi, VI_GPIB_REN_ASSERT), VI_ERROR_NSUP_OPER);
    EQ(viSetAttribute(vi, VI_ATTR_IO_PROT, VI_PROT_4882_STRS), VI_SUCCESS);
    EQ(viAssertTrigger(vi, VI_TRIG_PROT_ON), VI_ERROR_INV_PROT);
    EQ(viAssertTrigger(vi, VI_TRIG_PROT_DEFAULT), VI_SUCCESS);
    EQ(recv(peer, buf, sizeof buf, 0), 5);
    MEM(buf, "*TRG\n", 5);
    TRUE(send(peer, "68\n", 3, 0) == 3);
    EQ(viReadSTB(vi, &stb), VI_SUCCESS);
    EQ(stb, 68);
    EQ(recv(peer, buf, sizeof buf, 0), 6);
    EQ(viSetAttribute(vi, VI_ATTR_IO_PROT, VI_PROT_NORMAL), VI_SUCCESS);
    /* A clear drops what comes late, too. */
    TRUE(send(peer, "old", 3, 0) == 3);
    pthread_t t;
    drops d = {peer, 8, 10};
    pthread_create(&t, NULL, trickle, &d);
    EQ(viClear(vi), VI_SUCCESS);
    pthread_join(t, NULL);
    TRUE(send(peer, "new\n", 4, 0) == 4);
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1), VI_SUCCESS);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    MEM(buf, "new\n", 4);
    /* What every PyVISA close does. */
    EQ(viDisableEvent(vi, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH), VI_SUCCESS_EVENT_DIS);
    EQ(viDiscardEvents(vi, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH), VI_SUCCESS_QUEUE_EMPTY);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_ERROR_INV_EVENT);
    EQ(viClose(vi), VI_SUCCESS);
    close_peer(peer);
}

/* ---- messages with an end -------------------------------------------------------------------------------------- */

static ViUInt32 identity_length(ViSession vi)
{
    char buf[256];
    ViUInt32 n;
    put(vi, "*IDN?");
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
    return n;
}

TEST(message_reads)
{
    char buf[256];
    ViUInt32 n, whole;
    ViSession vi = open_it(start("plain", "vxi11"));
    whole = identity_length(vi);
    EQ(viGetAttribute(vi, VI_ATTR_TCPIP_ADDR, buf), VI_SUCCESS);
    STR(buf, "127.0.0.78");
    /* END with the last byte of a full buffer. */
    put(vi, "*IDN?");
    EQ(get(vi, buf, whole, &n), VI_SUCCESS);
    EQ(n, whole);
    put(vi, "*IDN?");
    EQ(get(vi, buf, whole - 1, &n), VI_SUCCESS_MAX_CNT);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, 1);
    /* END and the character together are END. */
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1), VI_SUCCESS);
    EQ(identity_length(vi), whole);
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR, ','), VI_SUCCESS);
    put(vi, "*IDN?");
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    EQ(buf[n - 1], ',');
    /* A new message makes the rest void. */
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 0), VI_SUCCESS);
    EQ(identity_length(vi), whole);
    /* Over END, to the count. */
    EQ(viSetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, 1), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 300), VI_SUCCESS);
    put(vi, "*IDN?");
    EQ(get(vi, buf, whole, &n), VI_SUCCESS_MAX_CNT);
    put(vi, "*IDN?");
    EQ(get(vi, buf, whole + 1, &n), VI_ERROR_TMO);
    EQ(n, whole);
    EQ(viSetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, 0), VI_SUCCESS);
    /* An empty read buffer is no reason to read the device's answer away. */
    put(vi, "*IDN?");
    EQ(viFlush(vi, VI_READ_BUF), VI_SUCCESS);
    EQ(viFlush(vi, VI_READ_BUF | VI_READ_BUF_DISCARD), VI_ERROR_INV_MASK);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, whole);
    /* A timeout leaves the wire usable. */
    EQ(get(vi, buf, sizeof buf, &n), VI_ERROR_TMO);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 5000), VI_SUCCESS);
    EQ(identity_length(vi), whole);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* A definite block is data: the character inside it ends a read only where nothing is known to follow. */
static void send_text(int peer, const char *text)
{
    TRUE(send(peer, text, strlen(text), 0) == (ssize_t)strlen(text));
}

TEST(blocks_on_a_socket)
{
    static const char block[] = "#215a\nb\nc\nd\ne\nf\ng\nh\n";
    static const char *const texts[] = {"#41000\n", "#H1F\n", "#0a\n", "##\n", "#12\n", "#3a12345\n", "#\n", "#19\n"};
    char buf[64];
    ViUInt32 n;
    int peer;
    ViSession vi = open_peer(&peer);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 200), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1), VI_SUCCESS);
    send_text(peer, block);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, sizeof block - 1);
    MEM(buf, block, n);
    /* In pieces, and another answer behind it. */
    send_text(peer, block);
    send_text(peer, "1\n2\n");
    for (ViUInt32 at = 0; at + 6 < sizeof block - 1; at += 6) {
        EQ(get(vi, buf, 6, &n), VI_SUCCESS_MAX_CNT);
        EQ(n, 6);
        MEM(buf, block + at, 6);
    }
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 2);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    MEM(buf, "1\n", 2);
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    MEM(buf, "2\n", 2);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        send_text(peer, texts[i]);
        EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
        EQ(n, strlen(texts[i]));
    }
    /* Begun and given up: a new command begins a new answer. */
    send_text(peer, "#520000ab");
    EQ(get(vi, buf, 9, &n), VI_SUCCESS_MAX_CNT);
    put(vi, "*IDN?\n");
    send_text(peer, "one\ntwo\n");
    EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 4);
    EQ(viClose(vi), VI_SUCCESS);
    close_peer(peer);
}

TEST(blocks_in_messages)
{
    static const char *const wires[] = {"vxi11", "hislip"};
    char buf[2048];
    ViUInt32 n;
    for (int i = 0; i < 2; i++) {
        ViSession vi = open_it(start("plain", wires[i]));
        EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1), VI_SUCCESS);
        put(vi, ":BLOCK? 1000");
        EQ(get(vi, buf, sizeof buf, &n), VI_SUCCESS);
        EQ(n, 1012);
        EQ(buf[n - 1], '\n');
        put(vi, ":BLOCK? 1000;*OPC?");
        EQ(get(vi, buf, 600, &n), VI_SUCCESS_MAX_CNT);
        EQ(get(vi, buf, 600, &n), VI_SUCCESS);
        EQ(n, 414);
        MEM(buf + n - 3, ";1\n", 3);
        EQ(identity_length(vi) > 0, true);
        EQ(viClose(vi), VI_SUCCESS);
        bench_stop();
    }
}

/* The status byte says that there is more while the library holds a rest; the last byte takes it away. */
TEST(message_available)
{
    char buf[4096];
    ViUInt32 n, total = 0;
    ViUInt16 stb = 0;
    ViStatus st = VI_SUCCESS_MAX_CNT;
    ViSession vi = open_it(start("plain", "vxi11"));
    put(vi, ":BLOCK? 100000");
    while (st == VI_SUCCESS_MAX_CNT) {
        st = get(vi, buf, sizeof buf, &n);
        total += n;
        EQ(viReadSTB(vi, &stb), VI_SUCCESS);
        EQ((stb & 16) != 0, st == VI_SUCCESS_MAX_CNT);
    }
    EQ(st, VI_SUCCESS);
    TRUE(total > 100000);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

TEST(buffers_and_files)
{
    char buf[256];
    ViUInt32 n = 0, whole;
    ViSession vi = open_it("SIM::plain");
    whole = identity_length(vi);
    EQ(viBufWrite(vi, (ViConstBuf)"*IDN", 4, &n), VI_SUCCESS);
    EQ(viBufWrite(vi, (ViConstBuf)"?\n", 2, &n), VI_SUCCESS);
    EQ(viFlush(vi, VI_WRITE_BUF), VI_SUCCESS);
    EQ(viBufRead(vi, (ViPBuf)buf, 5, &n), VI_SUCCESS_MAX_CNT);
    EQ(viBufRead(vi, (ViPBuf)buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, whole - 5);
    EQ(viSetBuf(vi, VI_READ_BUF | VI_WRITE_BUF, 3), VI_SUCCESS);
    EQ(viBufWrite(vi, (ViConstBuf)"*IDN?", 5, &n), VI_SUCCESS);
    EQ(viFlush(vi, VI_WRITE_BUF), VI_SUCCESS);
    EQ(viBufRead(vi, (ViPBuf)buf, sizeof buf, &n), VI_SUCCESS);
    EQ(n, whole);
    EQ(viSetBuf(vi, VI_IO_IN_BUF, 10), VI_WARN_NSUP_BUF);
    EQ(viSetBuf(vi, VI_READ_BUF_DISCARD, 10), VI_ERROR_INV_MASK);
    const char *path = test_file("query", "*IDN?\n");
    EQ(viWriteFromFile(vi, path, 100, &n), VI_SUCCESS);
    EQ(n, 6);
    EQ(viReadToFile(vi, path, 1000, &n), VI_SUCCESS);
    EQ(n, whole);
    struct stat st;
    EQ(stat(path, &st), 0);
    EQ(st.st_size, whole);
    EQ(viReadToFile(vi, "/nowhere/at/all", 1000, &n), VI_ERROR_FILE_ACCESS);
    EQ(viClose(vi), VI_SUCCESS);
}

/* ---- events ---------------------------------------------------------------------------------------------------- */

static _Atomic unsigned called, slow_running;
static _Atomic ViJobId seen_job;

static ViStatus count_calls(ViSession vi, ViEventType type, ViEvent context, ViAddr user)
{
    ViUInt16 stb;
    if (type == VI_EVENT_SERVICE_REQ) viReadSTB(vi, &stb);
    if (type == VI_EVENT_IO_COMPLETION) {
        ViJobId job = 0;
        viGetAttribute(context, VI_ATTR_JOB_ID, &job);
        seen_job = job;
    }
    called += user == &called;
    return VI_SUCCESS;
}

static ViStatus slow(ViSession vi, ViEventType type, ViEvent context, ViAddr user)
{
    (void)vi, (void)type, (void)context, (void)user;
    slow_running = 1;
    nap(200);
    slow_running = 0;
    return VI_SUCCESS;
}

static ViStatus close_it(ViSession vi, ViEventType type, ViEvent context, ViAddr user)
{
    (void)type, (void)context, (void)user;
    called += viClose(vi) == VI_SUCCESS;
    return VI_SUCCESS;
}

static void wait_until(_Atomic unsigned *what, unsigned value)
{
    for (int i = 0; i < 300 && *what != value; i++) nap(10);
}

TEST(service_requests)
{
    ViEventType type = 1;
    ViEvent context = 1;
    ViUInt16 stb;
    ViSession vi = open_it(start("ds1104z", "vxi11"));
    EQ(viWaitOnEvent(vi, VI_EVENT_SERVICE_REQ, 0, &type, &context), VI_ERROR_NENABLED);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_HNDLR, VI_NULL), VI_ERROR_HNDLR_NINSTALLED);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS_EVENT_EN);
    EQ(viWaitOnEvent(vi, VI_EVENT_SERVICE_REQ, 50, &type, &context), VI_ERROR_TMO);
    EQ(type | context, 0);
    put(vi, "*CLS;*ESE 1;*SRE 32");
    put(vi, "*OPC");
    EQ(viWaitOnEvent(vi, VI_ALL_ENABLED_EVENTS, 3000, &type, &context), VI_SUCCESS);
    EQ(type, VI_EVENT_SERVICE_REQ);
    type = 0;
    EQ(viGetAttribute(context, VI_ATTR_EVENT_TYPE, &type), VI_SUCCESS);
    EQ(type, VI_EVENT_SERVICE_REQ);
    EQ(viClose(context), VI_SUCCESS);
    EQ(viReadSTB(vi, &stb), VI_SUCCESS);
    EQ(stb & 0x60, 0x60);
    /* The same by a handler, after a clear. */
    EQ(viDisableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE), VI_SUCCESS);
    EQ(viInstallHandler(vi, VI_EVENT_SERVICE_REQ, count_calls, &called), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viClear(vi), VI_SUCCESS);
    called = 0;
    put(vi, "*CLS");
    put(vi, "*OPC");
    wait_until(&called, 1);
    EQ(called, 1);
    EQ(viUninstallHandler(vi, VI_EVENT_SERVICE_REQ, count_calls, NULL), VI_ERROR_INV_HNDLR_REF);
    EQ(viUninstallHandler(vi, VI_EVENT_SERVICE_REQ, count_calls, &called), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

TEST(asynchronous_transfers)
{
    char buf[256];
    ViJobId a = 0, b = 0;
    ViEvent context = 0;
    ViStatus status = 1;
    ViUInt64 count = 0;
    ViAddr where = NULL;
    char name[VI_FIND_BUFLEN];
    unsigned before = threads_now();
    ViSession vi = open_it("SIM::plain");
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viWriteAsync(vi, (ViConstBuf)"*IDN?\n", 6, &a), VI_SUCCESS);
    EQ(viReadAsync(vi, (ViPBuf)buf, sizeof buf, &b), VI_SUCCESS);
    TRUE(a > 1000 && b > a);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 2000, NULL, NULL) >= 0, 1);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 2000, NULL, &context), VI_SUCCESS);
    EQ(viGetAttribute(context, VI_ATTR_STATUS, &status), VI_SUCCESS);
    EQ(status, VI_SUCCESS);
    EQ(viGetAttribute(context, VI_ATTR_JOB_ID, &a), VI_SUCCESS);
    EQ(a, b);
    EQ(viGetAttribute(context, VI_ATTR_RET_COUNT, &count), VI_SUCCESS);
    TRUE(count > 10);
    EQ(viGetAttribute(context, VI_ATTR_BUFFER, &where), VI_SUCCESS);
    TRUE(where == buf);
    EQ(viGetAttribute(context, VI_ATTR_OPER_NAME, name), VI_SUCCESS);
    STR(name, "viReadAsync");
    EQ(viClose(context), VI_SUCCESS);
    /* One that has nothing to read, ended by its id; the session goes on. */
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, VI_TMO_INFINITE), VI_SUCCESS);
    EQ(viReadAsync(vi, (ViPBuf)buf, sizeof buf, &b), VI_SUCCESS);
    EQ(viTerminate(vi, 1, b), VI_ERROR_INV_DEGREE);
    EQ(viTerminate(vi, VI_NULL, b + 7), VI_ERROR_INV_JOB_ID);
    EQ(viTerminate(vi, VI_NULL, b), VI_SUCCESS);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 2000, NULL, &context), VI_SUCCESS);
    EQ(viGetAttribute(context, VI_ATTR_STATUS, &status), VI_SUCCESS);
    EQ(status, VI_ERROR_ABORT);
    EQ(viClose(context), VI_SUCCESS);
    TRUE(identity_length(vi) > 10);
    /* By a handler; and one that is pending at the close. */
    called = 0;
    EQ(viInstallHandler(vi, VI_EVENT_IO_COMPLETION, count_calls, &called), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viWriteAsync(vi, (ViConstBuf)"*CLS\n", 5, &a), VI_SUCCESS);
    wait_until(&called, 1);
    EQ(called, 1);
    EQ(seen_job, a);
    EQ(viReadAsync(vi, (ViPBuf)buf, sizeof buf, NULL), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    EQ(threads_now(), before);
}

TEST(handlers_and_their_end)
{
    char buf[16];
    ViSession vi = open_it("SIM::plain");
    EQ(viInstallHandler(vi, VI_EVENT_IO_COMPLETION, slow, NULL), VI_SUCCESS);
    EQ(viInstallHandler(vi, VI_EVENT_IO_COMPLETION, NULL, NULL), VI_ERROR_INV_HNDLR_REF);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_HNDLR | VI_SUSPEND_HNDLR, VI_NULL), VI_ERROR_INV_MECH);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_HNDLR, 1), VI_ERROR_INV_CONTEXT);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viWriteAsync(vi, (ViConstBuf)"*CLS\n", 5, NULL), VI_SUCCESS);
    wait_until(&slow_running, 1);
    EQ(slow_running, 1);
    EQ(viUninstallHandler(vi, VI_EVENT_IO_COMPLETION, slow, NULL), VI_SUCCESS);
    EQ(slow_running, 0);
    /* A handler that closes its own session, in the thread of the library and in that of the failing call. */
    called = 0;
    EQ(viInstallHandler(vi, VI_EVENT_IO_COMPLETION, close_it, NULL), VI_SUCCESS);
    EQ(viWriteAsync(vi, (ViConstBuf)"*CLS\n", 5, NULL), VI_SUCCESS);
    wait_until(&called, 1);
    EQ(called, 1);
    EQ(viClear(vi), VI_ERROR_INV_OBJECT);
    vi = open_it("SIM::plain");
    EQ(viInstallHandler(vi, VI_EVENT_EXCEPTION, close_it, NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_EXCEPTION, VI_QUEUE, VI_NULL), VI_ERROR_NSUP_MECH);
    EQ(viEnableEvent(vi, VI_EVENT_EXCEPTION, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 50), VI_SUCCESS);
    EQ(viRead(vi, (ViPBuf)buf, sizeof buf, NULL), VI_ERROR_TMO);
    EQ(called, 2);
    EQ(viClear(vi), VI_ERROR_INV_OBJECT);
}

TEST(queues)
{
    ViSession vi = open_it("SIM::plain");
    ViUInt32 n = 0;
    EQ(viSetAttribute(vi, VI_ATTR_MAX_QUEUE_LENGTH, 2), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_MAX_QUEUE_LENGTH, 3), VI_ERROR_ATTR_READONLY);
    for (int i = 0; i < 3; i++) EQ(viWriteAsync(vi, (ViConstBuf)"*CLS\n", 5, NULL), VI_SUCCESS);
    put(vi, "*CLS"); /* its turn comes after theirs */
    EQ(viDisableEvent(vi, VI_EVENT_IO_COMPLETION, VI_QUEUE), VI_SUCCESS);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 0, NULL, NULL), VI_WARN_QUEUE_OVERFLOW);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 0, NULL, NULL), VI_SUCCESS);
    EQ(viWaitOnEvent(vi, VI_EVENT_IO_COMPLETION, 0, NULL, NULL), VI_ERROR_NENABLED);
    EQ(viGetAttribute(vi, VI_ATTR_RSRC_LOCK_STATE, &n), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

static ViStatus blocked_status;
static _Atomic bool blocked_over;

static void *blocked_read(void *arg)
{
    char buf[16];
    blocked_status = viRead(*(ViSession *)arg, (ViPBuf)buf, sizeof buf, NULL);
    blocked_over = true;
    return NULL;
}

static pthread_t blocked_start(ViSession *vi)
{
    pthread_t t;
    blocked_over = false;
    pthread_create(&t, NULL, blocked_read, vi);
    return t;
}

/* On a busy computer the thread may not have begun to read: then there is nothing to terminate yet. */
static void terminate_blocked(ViSession vi, pthread_t t)
{
    int64_t end = now_ms() + 20000;
    do {
        EQ(viTerminate(vi, VI_NULL, VI_NULL), VI_SUCCESS);
        nap(20);
    } while (!blocked_over && now_ms() < end);
    pthread_join(t, NULL);
    EQ(blocked_status, VI_ERROR_ABORT);
}

TEST(a_blocked_read_blocks_nobody)
{
    int peer;
    ViUInt32 v;
    pthread_t t;
    ViSession vi = open_peer(&peer);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, VI_TMO_INFINITE), VI_SUCCESS);
    t = blocked_start(&vi);
    nap(100);
    int64_t begin = now_ms();
    EQ(viGetAttribute(vi, VI_ATTR_TMO_VALUE, &v), VI_SUCCESS);
    put(vi, "hello");
    terminate_blocked(vi, t);
    t = blocked_start(&vi);
    nap(100);
    EQ(viClose(vi), VI_SUCCESS);
    pthread_join(t, NULL);
    EQ(blocked_status, VI_ERROR_ABORT);
    TRUE(now_ms() - begin < 2000);
    close_peer(peer);
}

/* The device is still in its device_read when the next call comes. */
TEST(a_terminated_read_is_aborted_in_the_device)
{
    pthread_t t;
    ViSession vi = open_it(start("plain", "vxi11"));
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 60000), VI_SUCCESS);
    for (int i = 0; i < 3; i++) {
        t = blocked_start(&vi);
        nap(100);
        terminate_blocked(vi, t);
        int64_t begin = now_ms();
        TRUE(identity_length(vi) > 10);
        TRUE(now_ms() - begin < 5000);
    }
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* Without an abort channel a clear is a new link: the service requests are asked for again. */
TEST(service_requests_outlive_a_new_link)
{
    pthread_t t;
    ViSession vi = open_it(start_faulty("ds1104z", "vxi11", "vxi-no-abort"));
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 60000), VI_SUCCESS);
    t = blocked_start(&vi);
    nap(100);
    terminate_blocked(vi, t);
    EQ(viClear(vi), VI_SUCCESS);
    put(vi, "*CLS;*ESE 1;*SRE 32");
    put(vi, "*OPC");
    EQ(viWaitOnEvent(vi, VI_EVENT_SERVICE_REQ, 3000, NULL, NULL), VI_SUCCESS);
    TRUE(identity_length(vi) > 10);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* ---- locks ----------------------------------------------------------------------------------------------------- */

TEST(locks)
{
    char key[VI_FIND_BUFLEN], other[VI_FIND_BUFLEN];
    ViUInt32 state = 9;
    ViSession a = open_it("SIM::plain"), b = open_it("SIM::plain::INSTR"), c = 0;
    EQ(viUnlock(a), VI_ERROR_SESN_NLOCKED);
    EQ(viLock(a, 7, 0, NULL, NULL), VI_ERROR_INV_LOCK_TYPE);
    EQ(viLock(a, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(viLock(a, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS_NESTED_EXCLUSIVE);
    EQ(viGetAttribute(b, VI_ATTR_RSRC_LOCK_STATE, &state), VI_SUCCESS);
    EQ(state, VI_EXCLUSIVE_LOCK);
    EQ(viWrite(b, (ViConstBuf)"*CLS", 4, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viSetAttribute(b, VI_ATTR_TMO_VALUE, 100), VI_SUCCESS);
    EQ(viLock(b, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viLock(b, VI_EXCLUSIVE_LOCK, 50, NULL, NULL), VI_ERROR_TMO);
    EQ(viOpen(rm, "SIM::plain", VI_EXCLUSIVE_LOCK, 0, &c), VI_ERROR_RSRC_LOCKED);
    EQ(viUnlock(a), VI_SUCCESS_NESTED_EXCLUSIVE);
    EQ(viUnlock(a), VI_SUCCESS);
    put(b, "*CLS");
    EQ(viLock(a, VI_SHARED_LOCK, 0, NULL, key), VI_SUCCESS);
    TRUE(key[0]);
    EQ(viLock(a, VI_SHARED_LOCK, 0, NULL, other), VI_SUCCESS_NESTED_SHARED);
    STR(key, other);
    EQ(viUnlock(a), VI_SUCCESS_NESTED_SHARED);
    EQ(viLock(b, VI_SHARED_LOCK, 0, "wrong", other), VI_ERROR_INV_ACCESS_KEY);
    EQ(viWrite(b, (ViConstBuf)"*CLS", 4, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viLock(b, VI_SHARED_LOCK, 0, key, other), VI_SUCCESS);
    put(b, "*CLS");
    EQ(viLock(a, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(viWrite(b, (ViConstBuf)"*CLS", 4, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viClose(a), VI_SUCCESS);
    put(b, "*CLS");
    EQ(viClose(b), VI_SUCCESS);
}

/* `what` runs in a process of its own: this program with an argument. Its exit status. */
static int other_process(const char *what, pid_t *child)
{
    char *args[] = {strdup(self), strdup(what), NULL};
    pid_t pid = 0;
    int status = -1;
    EQ(posix_spawn(&pid, self, NULL, NULL, args, environ), 0);
    free(args[0]);
    free(args[1]);
    if (child) *child = pid;
    else waitpid(pid, &status, 0);
    return child ? 0 : WEXITSTATUS(status);
}

static int as_other_process(const char *what)
{
    ViSession vi = open_it("SIM::plain");
    if (strcmp(what, "write") == 0) return viWrite(vi, (ViConstBuf)"*CLS", 4, NULL) == VI_ERROR_RSRC_LOCKED;
    if (strncmp(what, "share:", 6) == 0) {
        char key[VI_FIND_BUFLEN];
        ViStatus st = viLock(vi, VI_SHARED_LOCK, 0, what + 6, key);
        return st == VI_ERROR_INV_ACCESS_KEY ? 2 : st == VI_SUCCESS && viWrite(vi, (ViConstBuf)"*CLS", 4, NULL) == 0;
    }
    viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL);
    nap(60000);
    return 0;
}

TEST(locks_between_processes)
{
    pid_t child;
    ViSession vi = open_it("SIM::plain");
    EQ(other_process("write", NULL), 0);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(other_process("write", NULL), 1);
    EQ(viUnlock(vi), VI_SUCCESS);
    EQ(viLock(vi, VI_SHARED_LOCK, 0, "our key", NULL), VI_SUCCESS);
    EQ(other_process("write", NULL), 1);
    EQ(other_process("share:our key", NULL), 1);
    EQ(other_process("share:another", NULL), 2);
    EQ(viUnlock(vi), VI_SUCCESS);
    /* One that holds a lock and is killed. */
    other_process("hold", &child);
    ViStatus st = VI_SUCCESS;
    for (int i = 0; i < 300 && st != VI_ERROR_RSRC_LOCKED; i++, nap(10)) st = viWrite(vi, (ViConstBuf)"*CLS", 4, NULL);
    EQ(st, VI_ERROR_RSRC_LOCKED);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 2000, NULL, NULL), VI_SUCCESS);
    put(vi, "*CLS");
    EQ(viClose(vi), VI_SUCCESS);
}

TEST(device_locks)
{
    ViSession vi = open_it(start("ds1104z", "vxi11"));
    grat_session *stranger = NULL;
    grat_op op;
    grat_op_init(&op, 3000, NULL);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), NULL, &op, &stranger), GRAT_OK);
    EQ(grat_puts(stranger, "*CLS", &op), GRAT_ELOCKED);
    EQ(viUnlock(vi), VI_SUCCESS);
    EQ(grat_lock(stranger, 0, &op), GRAT_OK);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viWrite(vi, (ViConstBuf)"*CLS", 4, NULL), VI_ERROR_RSRC_LOCKED);
    grat_close(stranger);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 1000, NULL, NULL), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* HiSLIP has no refusal for a message while another client has the lock, but it has for a lock. */
static void *close_soon(void *arg)
{
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    grat_op_sleep_until(&op, grat_now_ns() + 100000000);
    grat_close(arg);
    return NULL;
}

TEST(device_locks_of_hislip)
{
    char key[256];
    ViSession vi = open_it(start("plain", "hislip"));
    grat_session *stranger = NULL;
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(grat_open(grat_sim_resource(bench.sim, 0), NULL, &op, &stranger), GRAT_OK);
    EQ(grat_lock(stranger, 0, &op), GRAT_ELOCKED);
    EQ(grat_lock(stranger, 50, &op), GRAT_ELOCKED);
    EQ(viUnlock(vi), VI_SUCCESS);
    EQ(grat_lock(stranger, 0, &op), GRAT_OK);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 100, NULL, NULL), VI_ERROR_TMO);
    EQ(viLock(vi, VI_SHARED_LOCK, 0, NULL, key), VI_ERROR_RSRC_LOCKED);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 200), VI_SUCCESS);
    EQ(viWrite(vi, (ViConstBuf)"*IDN?", 5, NULL), VI_SUCCESS);
    EQ(viRead(vi, (ViPBuf)key, sizeof key, NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_ERROR_RSRC_LOCKED);
    /* The lock is waited for as long as an answer is. */
    pthread_t t;
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 5000), VI_SUCCESS);
    pthread_create(&t, NULL, close_soon, stranger);
    EQ(viRead(vi, (ViPBuf)key, sizeof key, NULL), VI_SUCCESS);
    pthread_join(t, NULL);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 1000, NULL, NULL), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

TEST(finding)
{
    char desc[VI_FIND_BUFLEN];
    static const char config[] = "aliases: {port: ASRL9, bench: 'SIM::plain', lan: 'TCPIP::192.0.2.7::INSTR'}\n"
                                 "resources: ['USB::0x1AB1::0x04CE::DS1::INSTR', 'GPIB::9::INSTR']\n";
    setenv("GRATICULE_CONFIG", test_file("config.yaml", config), 1);
    ViFindList list = 0;
    ViUInt32 n = 0;
    EQ(viFindRsrc(rm, "(ASRL9|SIM|TCPIP0::192.0.2|USB|GPIB)?*INSTR", &list, &n, desc), VI_SUCCESS);
    TRUE(n >= 5);
    STR(desc, "ASRL9::INSTR");
    EQ(viFindNext(list, desc), VI_SUCCESS);
    STR(desc, "SIM::plain::INSTR");
    EQ(viFindNext(list, desc), VI_SUCCESS);
    STR(desc, "TCPIP0::192.0.2.7::inst0::INSTR");
    for (ViUInt32 i = 3; i < n; i++) EQ(viFindNext(list, desc), VI_SUCCESS);
    EQ(viFindNext(list, desc), VI_ERROR_RSRC_NFOUND);
    EQ(viClose(list), VI_SUCCESS);
    EQ(viFindRsrc(rm, "usb?*{VI_ATTR_MANF_ID == 0x1AB1 && VI_ATTR_MODEL_CODE != 7}", NULL, NULL, desc), VI_SUCCESS);
    STR(desc, "USB0::0x1AB1::0x04CE::DS1::0::INSTR");
    EQ(viFindRsrc(rm, "TCPIP::?*", &list, &n, desc), VI_ERROR_RSRC_NFOUND);
    EQ(n, 0);
    EQ(viFindRsrc(rm, "*INSTR", &list, &n, desc), VI_ERROR_INV_EXPR);
    ViUInt16 type, board;
    char alias[VI_FIND_BUFLEN];
    EQ(viParseRsrcEx(rm, "BENCH", &type, &board, NULL, desc, alias), VI_SUCCESS);
    STR(desc, "SIM::plain::INSTR");
    STR(alias, "BENCH");
    EQ(viParseRsrcEx(rm, "TCPIP0::192.0.2.7::inst0::INSTR", &type, &board, NULL, desc, alias), VI_SUCCESS);
    STR(alias, "lan");
    ViSession vi = open_it("bench");
    EQ(viGetAttribute(vi, VI_ATTR_RSRC_NAME, desc), VI_SUCCESS);
    STR(desc, "SIM::plain::INSTR");
    EQ(viClose(vi), VI_SUCCESS);
    setenv("GRATICULE_CONFIG", "/dev/null", 1);
}

int main(int argc, char **argv)
{
    self = argv[0];
    setenv("GRATICULE_CONFIG", "/dev/null", 1);
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    if (argc > 1) return as_other_process(argv[1]);
    pthread_t first; /* a sanitizer may start one of its own with it */
    pthread_create(&first, NULL, no_thread, NULL);
    pthread_join(first, NULL);
    unsigned before = threads_now();
    RUN(handles);
    RUN(names);
    RUN(widths_and_ranges);
    RUN(socket_reads);
    RUN(the_clock_starts_again_with_each_byte);
    RUN(keepalive);
    RUN(socket_control);
    RUN(blocks_on_a_socket);
    RUN(message_reads);
    RUN(blocks_in_messages);
    RUN(message_available);
    RUN(buffers_and_files);
    RUN(service_requests);
    RUN(asynchronous_transfers);
    RUN(handlers_and_their_end);
    RUN(queues);
    RUN(a_blocked_read_blocks_nobody);
    RUN(a_terminated_read_is_aborted_in_the_device);
    RUN(service_requests_outlive_a_new_link);
    RUN(locks);
    RUN(locks_between_processes);
    RUN(device_locks);
    RUN(device_locks_of_hislip);
    RUN(finding);
    EQ(viClose(rm), VI_SUCCESS);
    EQ(threads_now(), before);
    return TEST_RESULT();
}
