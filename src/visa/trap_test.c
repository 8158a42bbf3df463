/* What VISA libraries get wrong, one test each: lost wires, streams without an end, fork, the locks' files. */
#include "temp.h"
#include "test.h"

#include <visa.h>

#include "sim_bench.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char address[32];
static ViSession rm;
static int listener, peer;

static const char *start(const char *wires, const char *faults)
{
    grat_sim_instrument one = {.model = "plain", .address = address, .wires = wires, .no_portmapper = true,
                               .faults = faults};
    bench_start(&one, 1);
    return grat_sim_resource(bench.sim, 0);
}

static ViSession open_it(const char *name)
{
    ViSession vi = 0;
    EQ(viOpen(rm, name, VI_NULL, 0, &vi), VI_SUCCESS);
    return vi;
}

static ViSession open_peer(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    char name[64];
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(bind(listener, (struct sockaddr *)&a, n), 0);
    EQ(listen(listener, 4), 0);
    getsockname(listener, (struct sockaddr *)&a, &n);
    snprintf(name, sizeof name, "TCPIP::127.0.0.1::%u::SOCKET", ntohs(a.sin_port));
    ViSession vi = open_it(name);
    peer = accept(listener, NULL, NULL);
    return vi;
}

static void close_peer(ViSession vi)
{
    EQ(viClose(vi), VI_SUCCESS);
    close(peer);
    close(listener);
}

static void say(const char *text)
{
    TRUE(send(peer, text, strlen(text), 0) == (ssize_t)strlen(text));
}

static bool identifies(ViSession vi)
{
    char text[100] = "";
    ViUInt32 n = 0;
    viWrite(vi, (ViConstBuf) "*IDN?\n", 6, NULL);
    ViStatus st = viRead(vi, (ViPBuf)text, sizeof text, &n);
    return st >= 0 && strncmp(text, "GRATICULE,PLAIN,", 16) == 0;
}

/* A message whose wire broke is not whole, however much of it came. */
TEST(a_lost_wire_is_no_end)
{
    static const struct {
        const char *wire, *faults;
    } rows[] = {{"hislip", "hislip-drop"}, {"vxi11", "vxi-reset"}, {"vicp", "vicp-drop:5000"}};
    static ViByte buf[100000];
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        ViUInt32 n = 0;
        ViStatus st = VI_SUCCESS_MAX_CNT;
        ViSession vi = open_it(start(rows[i].wire, rows[i].faults));
        EQ(viWrite(vi, (ViConstBuf) ":BLOCK? 99000\n", 14, NULL), VI_SUCCESS);
        for (unsigned got = 0; st == VI_SUCCESS_MAX_CNT && got < sizeof buf; got += n) st = viRead(vi, buf, 1000, &n);
        EQ(st, VI_ERROR_CONN_LOST);
        EQ(viClose(vi), VI_SUCCESS);
        bench_stop();
    }
}

/* A read gives up, another question is asked, and then the old answer comes; on a stream viClear must be between. */
TEST(a_late_answer)
{
    static const struct {
        const char *wire, *faults;
        bool clear;
    } rows[] = {{"hislip", "hislip-delay:120", false},  {"vxi11", "vxi-delay:120", false},
                {"vxi11", "vxi-late:120", false},       {"vicp", "vicp-delay:120", false},
                {"vicp", "vicp-delay:120,vicp-v1", false}, {"raw", "raw-delay:30", true},
                {"serial", "serial-delay:20", true}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[100] = "";
        ViUInt32 n = 0;
        ViSession vi = open_it(start(rows[i].wire, rows[i].faults));
        EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, VI_TRUE), VI_SUCCESS);
        for (int k = 0; k < 2; k++) {
            EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 5), VI_SUCCESS);
            viWrite(vi, (ViConstBuf) "*OPC?\n", 6, NULL);          /* VXI-11 may give up here already */
            EQ(viRead(vi, (ViPBuf)text, sizeof text, &n), VI_ERROR_TMO);
            EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 5000), VI_SUCCESS);
            if (rows[i].clear) {
                poll(NULL, 0, 150);
                EQ(viClear(vi), VI_SUCCESS);
            }
            if (!identifies(vi)) TEST_FAIL("%s, time %d", rows[i].faults, k);
        }
        EQ(viClose(vi), VI_SUCCESS);
        bench_stop();
    }
}

/* On a stream nobody waits for more than was asked for, nor for a full buffer. */
TEST(buffered_reads_of_a_stream)
{
    char text[64] = "";
    ViUInt32 n = 0;
    ViInt32 a = 0, b = 0;
    ViSession vi = open_peer();
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 3000), VI_SUCCESS);
    say("0123456789abc 12,");
    int64_t before = grat_now_ns();
    EQ(viBufRead(vi, (ViPBuf)text, 10, &n), VI_SUCCESS_MAX_CNT);
    EQ(n, 10);
    MEM(text, "0123456789", 10);
    EQ(viScanf(vi, "%3c", text), VI_SUCCESS);
    MEM(text, "abc", 3);
    EQ(viScanf(vi, "%d,", &a), VI_SUCCESS);
    EQ(a, 12);
    say("13;");
    EQ(viScanf(vi, "%d", &b), VI_SUCCESS);
    EQ(b, 13);
    TRUE(grat_now_ns() - before < 1500000000);
    /* The rest, with the character and without. */
    EQ(viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, VI_TRUE), VI_SUCCESS);
    say("end\nnext");
    EQ(viBufRead(vi, (ViPBuf)text, sizeof text, &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 5);
    MEM(text, ";end\n", 5);
    EQ(viBufRead(vi, (ViPBuf)text, 4, &n), VI_SUCCESS_MAX_CNT);
    MEM(text, "next", 4);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 50), VI_SUCCESS);
    EQ(viBufRead(vi, (ViPBuf)text, 4, &n), VI_ERROR_TMO);
    EQ(n, 0);
    close_peer(vi);
}

/* Output that flow control holds back: drained or dropped, and never waited for longer than the timeout. */
TEST(output_of_a_port)
{
    char wire[100];
    ViSession vi;
    snprintf(wire, sizeof wire, "serial:%s/port", test_folder());
    vi = open_it(start(wire, NULL));
    EQ(viFlush(vi, VI_IO_OUT_BUF), VI_SUCCESS);
    EQ(viFlush(vi, VI_IO_OUT_BUF | VI_IO_OUT_BUF_DISCARD), VI_ERROR_INV_MASK);
    TRUE(identifies(vi));
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
    /* A terminal that nobody reads: what is written stays. */
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    EQ(grantpt(master) || unlockpt(master), 0);
    snprintf(wire, sizeof wire, "ASRL%s::INSTR", ptsname(master));
    vi = open_it(wire);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 100), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_ASRL_ALLOW_TRANSMIT, VI_FALSE), VI_SUCCESS);
    ViUInt32 n = 0;
    static const char junk[100000] = "x";
    EQ(viWrite(vi, (ViConstBuf)junk, sizeof junk, &n), VI_ERROR_TMO);
    TRUE(n < sizeof junk);
    EQ(viPrintf(vi, "abc"), VI_SUCCESS);
    EQ(viFlush(vi, VI_WRITE_BUF_DISCARD), VI_SUCCESS);
    EQ(viFlush(vi, VI_IO_OUT_BUF_DISCARD), VI_SUCCESS);
    EQ(viFlush(vi, VI_IO_OUT_BUF), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    close(master);
}

static bool guard(int fd, short type)
{
    struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_start = 2, .l_len = 1};
    return fcntl(fd, F_OFD_SETLKW, &l) == 0;
}

/* Its locks are as another process's: they belong to the open file. */
static void *lets_go(void *fd)
{
    static int64_t at_ns;
    poll(NULL, 0, 20);
    bool done = guard(*(int *)fd, F_UNLCK);
    at_ns = done ? grat_now_ns() : 0;
    return &at_ns;
}

static void empty_folder(void)
{
    DIR *d = opendir(test_folder());
    for (struct dirent *e; (e = readdir(d));) unlinkat(dirfd(d), e->d_name, 0);
    closedir(d);
}

/* Another process that is just changing the state is no reason to refuse a lock. */
TEST(the_guard_of_a_lock_file)
{
    char path[400] = "";
    empty_folder();
    ViSession vi = open_it("SIM::plain");
    DIR *d = opendir(test_folder());
    for (struct dirent *e; (e = readdir(d));)
        if (strstr(e->d_name, ".lock")) snprintf(path, sizeof path, "%s/%s", test_folder(), e->d_name);
    closedir(d);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    TRUE(fd >= 0);
    for (int type = VI_EXCLUSIVE_LOCK; type <= VI_SHARED_LOCK; type++) {
        TRUE(guard(fd, F_WRLCK));
        EQ(viLock(vi, (ViAccessMode)type, 0, NULL, NULL), VI_ERROR_RSRC_LOCKED);  /* it never lets go */
        ViStatus st = VI_ERROR_RSRC_LOCKED;
        int64_t took_ns = INT64_MAX;
        /* A computer that is busy elsewhere for longer than is waited proves nothing. */
        for (int i = 0; i < 20 && st && took_ns > 80000000; i++) {
            pthread_t thread;
            void *at_ns = NULL;
            TRUE(guard(fd, F_WRLCK));
            int64_t begin = grat_now_ns();
            pthread_create(&thread, NULL, lets_go, &fd);
            st = viLock(vi, (ViAccessMode)type, 0, NULL, NULL);
            pthread_join(thread, &at_ns);
            TRUE(*(int64_t *)at_ns > begin);
            took_ns = *(int64_t *)at_ns - begin;
        }
        EQ(st, VI_SUCCESS);
        EQ(viUnlock(vi), VI_SUCCESS);
    }
    close(fd);
    EQ(viClose(vi), VI_SUCCESS);
}

/* Callers that take a status as a C long see a negative number too. */
TEST(a_status_as_long)
{
    long (*close_it)(ViUInt32) = NULL;
    ViStatus (*real)(ViObject) = viClose;
    memcpy(&close_it, &real, sizeof close_it);
    EQ(close_it(0x7FFFFFFF), (long)VI_ERROR_INV_OBJECT);
}

/* Names go out in 256 bytes, terminated, in ASCII: PyVISA knows no other. */
TEST(names_in_ascii)
{
    char path[100], room[4][VI_FIND_BUFLEN + 4];
    ViUInt16 type, board;
    snprintf(path, sizeof path, "%s/config.yaml", test_folder());
    FILE *f = fopen(path, "w");
    fprintf(f, "aliases: {\"w\303\244rmer\": 'SIM::plain'}\n");
    fclose(f);
    setenv("GRATICULE_CONFIG", path, 1);
    memset(room, 0xEE, sizeof room);
    EQ(viParseRsrcEx(rm, "SIM::plain", &type, &board, room[0], room[1], room[2]), VI_SUCCESS);
    EQ(viStatusDesc(rm, VI_ERROR_TMO, room[3]), VI_SUCCESS);
    STR(room[2], "w??rmer");
    for (int i = 0; i < 4; i++) {
        size_t n = strnlen(room[i], VI_FIND_BUFLEN);
        TRUE(n < VI_FIND_BUFLEN);
        for (size_t k = 0; k < n; k++) TRUE(!(room[i][k] & 0x80));
        for (size_t k = VI_FIND_BUFLEN; k < sizeof room[i]; k++) EQ((ViByte)room[i][k], 0xEE);
    }
    setenv("GRATICULE_CONFIG", "/dev/null", 1);
}

/* Programs read on after a success until they have what they want: success without a byte would be for ever. */
TEST(no_success_with_nothing)
{
    char text[16];
    ViUInt32 n = 7;
    ViSession vi = open_peer();
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, 20), VI_SUCCESS);
    for (ViUInt64 suppress = 0; suppress < 2; suppress++) {
        EQ(viSetAttribute(vi, VI_ATTR_SUPPRESS_END_EN, suppress), VI_SUCCESS);
        EQ(viRead(vi, (ViPBuf)text, sizeof text, &n), VI_ERROR_TMO);
        EQ(n, 0);
    }
    EQ(viRead(vi, (ViPBuf)text, 0, &n), VI_SUCCESS_MAX_CNT);
    say("x");
    EQ(shutdown(peer, SHUT_WR), 0);
    EQ(viRead(vi, (ViPBuf)text, sizeof text, &n), VI_SUCCESS);
    EQ(n, 1);
    for (int i = 0; i < 3; i++) EQ(viRead(vi, (ViPBuf)text, sizeof text, &n), VI_ERROR_CONN_LOST);
    close_peer(vi);
}

static unsigned sockets_now(void)
{
    unsigned n = 0;
    char path[300], to[40];
    DIR *d = opendir("/proc/self/fd");
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "/proc/self/fd/%s", e->d_name);
        ssize_t k = readlink(path, to, sizeof to);
        n += k > 7 && memcmp(to, "socket:", 7) == 0;
    }
    closedir(d);
    return n;
}

/* The device is told both times, and nothing is left open where it could call. */
TEST(service_requests_on_and_off)
{
    ViSession vi = open_it(start("vxi11", NULL));
    EQ(viWrite(vi, (ViConstBuf) "*CLS;*ESE 1;*SRE 32\n", 20, NULL), VI_SUCCESS);
    TRUE(identifies(vi));
    unsigned before = sockets_now();
    for (int i = 0; i < 3; i++) {
        ViUInt16 stb;
        EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL), VI_SUCCESS);
        TRUE(sockets_now() > before);
        EQ(viWrite(vi, (ViConstBuf) "*OPC\n", 5, NULL), VI_SUCCESS);
        EQ(viWaitOnEvent(vi, VI_EVENT_SERVICE_REQ, 3000, NULL, NULL), VI_SUCCESS);
        EQ(viReadSTB(vi, &stb), VI_SUCCESS);
        EQ(stb & 0x40, 0x40);
        EQ(viDisableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE), VI_SUCCESS);
        for (int k = 0; k < 100 && sockets_now() != before; k++) poll(NULL, 0, 10);
        EQ(sockets_now(), before);
        EQ(viWrite(vi, (ViConstBuf) "*CLS\n", 5, NULL), VI_SUCCESS);
    }
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

static ViStatus handler(ViSession vi, ViEventType type, ViEvent context, ViAddr user)
{
    (void)vi, (void)type, (void)context, (void)user;
    return VI_SUCCESS;
}

/* The child has none of the parent's handles, hangs nowhere, takes no lock from it, and may begin anew. */
static int in_child(ViSession vi, const char *name)
{
    ViSession own = 0, again = 0;
    ViUInt16 stb;
    if (viReadSTB(vi, &stb) != VI_ERROR_INV_OBJECT || viClose(vi) != VI_ERROR_INV_OBJECT) return 1;
    if (viClose(rm) != VI_ERROR_INV_OBJECT) return 2;
    if (viOpenDefaultRM(&own) || viOpen(own, name, VI_NULL, 0, &again)) return 3;
    if (viWrite(again, (ViConstBuf) "*IDN?\n", 6, NULL) != VI_ERROR_RSRC_LOCKED) return 4;
    if (viEnableEvent(again, VI_EVENT_SERVICE_REQ, VI_QUEUE, 0)) return 5;
    if (viClose(own)) return 6;
    return 0;
}

TEST(a_child_of_fork)
{
    static char answer[100];
    int status = -1;
    ViJobId job;
    const char *name = start("vxi11", NULL);
    ViSession vi = open_it(name);
    EQ(viInstallHandler(vi, VI_EVENT_SERVICE_REQ, handler, NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_HNDLR, VI_NULL), VI_SUCCESS);
    EQ(viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL), VI_SUCCESS);
    EQ(viLock(vi, VI_EXCLUSIVE_LOCK, 0, NULL, NULL), VI_SUCCESS);
    EQ(viSetAttribute(vi, VI_ATTR_TMO_VALUE, VI_TMO_INFINITE), VI_SUCCESS);
    EQ(viReadAsync(vi, (ViPBuf)answer, sizeof answer, &job), VI_SUCCESS);
    fflush(stdout);
    poll(NULL, 0, 100);              /* a sanitizer's allocator must be idle in every thread */
    pid_t child = fork();
    if (!child) {
        alarm(20);
        _exit(in_child(vi, name));
    }
    EQ(waitpid(child, &status, 0), child);
    EQ(status, 0);
    EQ(viTerminate(vi, VI_NULL, job), VI_SUCCESS);
    TRUE(identifies(vi));
    EQ(viUnlock(vi), VI_SUCCESS);
    EQ(viClose(vi), VI_SUCCESS);
    bench_stop();
}

/* ---- a port that a program opens twice, as a notebook's cell that is run again does ---------------------- */

static void asks(ViSession vi)
{
    char got[100] = "";
    EQ(viQueryf(vi, "*IDN?\n", "%99t", got), VI_SUCCESS);
    STR(got, "GRATICULE,PLAIN,0,1\n");
}

static void *reads(void *vi)
{
    static char got[100];
    ViUInt32 n;
    if (viRead(*(ViSession *)vi, (ViPBuf)got, sizeof got - 1, &n) != VI_SUCCESS_TERM_CHAR) got[0] = '\0';
    return got;
}

TEST(one_port_twice)
{
    ViUInt32 baud = 0;
    ViUInt16 end = 99;
    ViChar key[VI_FIND_BUFLEN];
    void *got;
    pthread_t thread;
    const char *name = start("serial", NULL);
    ViSession a = open_it(name);
    EQ(viSetAttribute(a, VI_ATTR_ASRL_BAUD, 57600), VI_SUCCESS);
    EQ(viSetAttribute(a, VI_ATTR_ASRL_END_OUT, VI_ASRL_END_TERMCHAR), VI_SUCCESS);
    asks(a);
    ViSession b = open_it(name);
    EQ(viGetAttribute(b, VI_ATTR_ASRL_BAUD, &baud), VI_SUCCESS);   /* the line's */
    EQ(baud, 57600);
    EQ(viGetAttribute(b, VI_ATTR_ASRL_END_OUT, &end), VI_SUCCESS); /* the session's */
    EQ(end, VI_ASRL_END_NONE);
    for (int i = 0; i < 3; i++) asks(b), asks(a);
    EQ(viWrite(b, (ViConstBuf)"*ID", 3, VI_NULL), VI_SUCCESS);     /* ended by nothing */
    EQ(viWrite(b, (ViConstBuf)"N?\n", 3, VI_NULL), VI_SUCCESS);
    STR((char *)reads(&b), "GRATICULE,PLAIN,0,1\n");
    EQ(viWrite(a, (ViConstBuf)"*IDN?", 5, VI_NULL), VI_SUCCESS);   /* ended by END_OUT */
    STR((char *)reads(&a), "GRATICULE,PLAIN,0,1\n");
    /* One waits for what the other one asks. */
    pthread_create(&thread, NULL, reads, &a);
    usleep(50000);
    EQ(viWrite(b, (ViConstBuf)"*IDN?\n", 6, VI_NULL), VI_SUCCESS);
    pthread_join(thread, &got);
    STR(got, "GRATICULE,PLAIN,0,1\n");
    EQ(viLock(a, VI_EXCLUSIVE_LOCK, 0, VI_NULL, key), VI_SUCCESS);
    EQ(viWrite(b, (ViConstBuf)"*CLS\n", 5, VI_NULL), VI_ERROR_RSRC_LOCKED);
    EQ(viClose(a), VI_SUCCESS);
    asks(b);
    pid_t child = fork();
    if (!child) execl("/proc/self/exe", "trap", name, NULL);
    int status = 0;
    TRUE(waitpid(child, &status, 0) == child && WIFEXITED(status));
    EQ(WEXITSTATUS(status), 7);                                    /* another process: busy */
    EQ(viClose(b), VI_SUCCESS);
    b = open_it(name);
    EQ(viGetAttribute(b, VI_ATTR_ASRL_BAUD, &baud), VI_SUCCESS);
    EQ(baud, 9600);
    EQ(viClose(b), VI_SUCCESS);
    bench_stop();
}

/* ---- secure connections: VISA has no call that names certificates and passwords ----------------------- */

static ViStatus try_open(const char *name)
{
    ViSession vi = 0;
    ViBoolean on = VI_FALSE;
    ViStatus st = viOpen(rm, name, VI_NULL, 0, &vi);
    if (st) return st;
    EQ(viGetAttribute(vi, VI_ATTR_TCPIP_HISLIP_ENCRYPTION_EN, &on), VI_SUCCESS);
    EQ(on, VI_TRUE);
    char got[100] = "";
    EQ(viQueryf(vi, "*IDN?\n", "%99t", got), VI_SUCCESS);
    STR(got, "GRATICULE,PLAIN,0,1\n");
    EQ(viClose(vi), VI_SUCCESS);
    return st;
}

static void configure(const char *format, ...)
{
    char path[200];
    va_list ap;
    snprintf(path, sizeof path, "%s", test_path("config.yaml"));
    FILE *f = fopen(path, "w");
    va_start(ap, format);
    vfprintf(f, format, ap);
    va_end(ap);
    fclose(f);
    setenv("GRATICULE_CONFIG", path, 1);
}

TEST(secure_by_the_configuration)
{
    char cert[200], command[1200], wire[500], secret[200];
    const char *was = getenv("GRATICULE_CONFIG");
    snprintf(cert, sizeof cert, "%s", test_path("scope.pem"));
    snprintf(secret, sizeof secret, "%s", test_path("secret"));
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
             "-subj /CN=scope -addext subjectAltName=IP:%s -keyout %s.key -out %s 2>/dev/null && echo sesame >%s && "
             "chmod 600 %s", address, cert, cert, secret, secret);
    EQ(system(command), 0);
    snprintf(wire, sizeof wire, "hislip:tls=%s:%s.key+mandatory+user=ada:sesame", cert, cert);
    const char *name = start(wire, NULL);
    configure("aliases: {scope: \"%s\"}\n", name);
    EQ(try_open(name), VI_ERROR_SERVER_CERT);
    configure("security: {\"%s\": {ca: %s}}\n", name, cert);
    EQ(try_open(name), VI_ERROR_NPERMISSION);     /* nobody's name */
    configure("security: {\"%s\": {ca: %s, user: ada, password-file: %s}}\n", name, cert, secret);
    EQ(try_open(name), VI_SUCCESS);
    configure("aliases: {scope: \"%s\"}\nsecurity: {scope: {ca: %s, user: ada, password-file: %s}}\n", name, cert,
              secret);
    EQ(try_open(name), VI_SUCCESS);
    EQ(try_open("scope"), VI_SUCCESS);
    configure("security: {\"%s\": {tls: insecure, user: ada, password-file: %s}}\n", name, secret);
    EQ(try_open(name), VI_SUCCESS);
    configure("security: {\"TCPIP::other::hislip0::INSTR\": {ca: %s}}\n", cert);
    EQ(try_open(name), VI_ERROR_SERVER_CERT);
    configure("security: {\"%s\": {cafile: %s}}\n", name, cert);
    EQ(try_open(name), VI_ERROR_INV_RSRC_NAME);   /* not opened by half of what was meant */
    if (was) setenv("GRATICULE_CONFIG", was, 1);
    else unsetenv("GRATICULE_CONFIG");
    bench_stop();
}

/* With a name: tries to open it. */
int main(int argc, char **argv)
{
    if (argc > 1) {
        ViSession vi;
        viOpenDefaultRM(&rm);
        return viOpen(rm, argv[1], VI_NULL, 0, &vi) == VI_ERROR_RSRC_BUSY ? 7 : 1;
    }
    setenv("XDG_RUNTIME_DIR", test_folder(), 1);
    setenv("GRATICULE_CONFIG", "/dev/null", 1);
    snprintf(address, sizeof address, "127.%u.%u.92", 64U + (unsigned)getpid() / 250 % 128,
             1U + (unsigned)getpid() % 250);
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    RUN(a_status_as_long);
    RUN(names_in_ascii);
    RUN(no_success_with_nothing);
    RUN(service_requests_on_and_off);
    RUN(a_lost_wire_is_no_end);
    RUN(a_late_answer);
    RUN(buffered_reads_of_a_stream);
    RUN(output_of_a_port);
    RUN(the_guard_of_a_lock_file);
#ifndef __SANITIZE_THREAD__              /* it has no threads in a child that was forked among threads */
    RUN(a_child_of_fork);
#else
    (void)in_child, (void)a_child_of_fork;
#endif
    RUN(one_port_twice);
    if (!system("openssl version >/dev/null 2>&1")) RUN(secure_by_the_configuration);
    EQ(viClose(rm), VI_SUCCESS);
    return TEST_RESULT();
}
