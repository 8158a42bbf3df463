/* When the formatted buffers are sent and what they keep: seen from the other end of a socket, and in messages. */
#include <visa.h>

#include "test.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static int listener = -1, peer = -1;
static ViSession rm, inst;

static void open_socket(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof(at);
    char name[64];

    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EQ(bind(listener, (struct sockaddr *)&at, sizeof(at)), 0);
    EQ(listen(listener, 1), 0);
    EQ(getsockname(listener, (struct sockaddr *)&at, &n), 0);
    snprintf(name, sizeof(name), "TCPIP::127.0.0.1::%u::SOCKET", ntohs(at.sin_port));
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    EQ(viOpen(rm, name, VI_NULL, VI_NULL, &inst), VI_SUCCESS);
    peer = accept(listener, NULL, NULL);
    TRUE(peer >= 0);
    EQ(viSetAttribute(inst, VI_ATTR_TERMCHAR_EN, VI_TRUE), VI_SUCCESS);
    EQ(viSetAttribute(inst, VI_ATTR_TMO_VALUE, 2000), VI_SUCCESS);
}

static void close_socket(void)
{
    EQ(viClose(rm), VI_SUCCESS);
    close(peer);
    close(listener);
}

/* What has come within `ms` milliseconds; returns as soon as there are `want` bytes. */
static const char *seen(size_t want, int ms)
{
    static char text[256];
    size_t n = 0;

    while (n < want || !want) {
        struct pollfd p = {.fd = peer, .events = POLLIN};
        ssize_t got;

        if (poll(&p, 1, ms) <= 0) break;
        got = recv(peer, text + n, sizeof(text) - 1 - n, 0);
        if (got <= 0) break;
        n += (size_t)got;
        if (!want) ms = 20;
    }
    text[n] = 0;
    return text;
}

static const char *nothing(void)
{
    return seen(0, 30);
}

static void say(const char *text)
{
    EQ(send(peer, text, strlen(text), 0), (ssize_t)strlen(text));
}

TEST(sent_at_a_line_feed_of_the_format)
{
    open_socket();
    EQ(viPrintf(inst, "abc"), VI_SUCCESS);
    EQ(viPrintf(inst, "%s", "d\ne"), VI_SUCCESS);
    STR(nothing(), "");
    EQ(viPrintf(inst, "f\n"), VI_SUCCESS);
    STR(seen(8, 1000), "abcd\nef\n");
    EQ(viPrintf(inst, "ghi"), VI_SUCCESS);
    STR(nothing(), "");
    EQ(viFlush(inst, VI_WRITE_BUF), VI_SUCCESS);
    STR(seen(3, 1000), "ghi");
    EQ(viPrintf(inst, "lost"), VI_SUCCESS);
    EQ(viFlush(inst, VI_WRITE_BUF_DISCARD), VI_SUCCESS);
    EQ(viPrintf(inst, "kept\n"), VI_SUCCESS);
    STR(seen(5, 1000), "kept\n");
    close_socket();
}

TEST(sent_at_every_call_or_when_full)
{
    open_socket();
    EQ(viSetAttribute(inst, VI_ATTR_WR_BUF_OPER_MODE, VI_FLUSH_ON_ACCESS), VI_SUCCESS);
    EQ(viPrintf(inst, "%d,", 1), VI_SUCCESS);
    STR(seen(2, 1000), "1,");
    EQ(viSetAttribute(inst, VI_ATTR_WR_BUF_OPER_MODE, VI_FLUSH_WHEN_FULL), VI_SUCCESS);
    EQ(viSetBuf(inst, VI_WRITE_BUF, 4), VI_SUCCESS);
    EQ(viPrintf(inst, "abcdef"), VI_SUCCESS);
    STR(seen(4, 1000), "abcd");
    EQ(viPrintf(inst, "\n"), VI_SUCCESS);
    STR(seen(3, 1000), "ef\n");
    close_socket();
}

TEST(a_command_that_cannot_be_printed_is_not_sent)
{
    open_socket();
    EQ(viPrintf(inst, "begin"), VI_SUCCESS);
    EQ(viPrintf(inst, "VOLT %k\n", 1), VI_ERROR_INV_FMT);
    EQ(viPrintf(inst, "VOLT %s\n", (char *)NULL), VI_ERROR_USER_BUF);
    EQ(viPrintf(inst, NULL), VI_ERROR_USER_BUF);
    EQ(viPrintf(inst, "*RST\n"), VI_SUCCESS);
    STR(seen(5, 1000), "*RST\n");
    STR(nothing(), "");
    close_socket();
}

TEST(what_a_scan_leaves_is_kept)
{
    ViInt32 a = 0, b = 0;
    char text[32];

    open_socket();
    say("1,2;rest\n");
    EQ(viScanf(inst, "%d,", &a), VI_SUCCESS);
    EQ(viScanf(inst, "%d;", &b), VI_SUCCESS);
    EQ(a, 1);
    EQ(b, 2);
    EQ(viScanf(inst, "%31T", text), VI_SUCCESS);
    STR(text, "rest\n");
    say("3,4\n");
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(viFlush(inst, VI_READ_BUF), VI_SUCCESS);
    say("5\n");
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(a, 5);
    /* With VI_FLUSH_ON_ACCESS nothing is kept. */
    EQ(viFlush(inst, VI_READ_BUF), VI_SUCCESS);
    EQ(viSetAttribute(inst, VI_ATTR_RD_BUF_OPER_MODE, VI_FLUSH_ON_ACCESS), VI_SUCCESS);
    say("6,7\n");
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    say("8\n");
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(a, 8);
    close_socket();
}

/* The line feed behind a number is no answer to the next question. */
TEST(a_question_forgets_the_rest_of_an_answer)
{
    ViInt32 a = 0;
    char text[32];

    open_socket();
    say("1\n");
    EQ(viQueryf(inst, "A?\n", "%d", &a), VI_SUCCESS);
    STR(seen(3, 1000), "A?\n");
    say("two words\n");
    EQ(viQueryf(inst, "B?\n", "%31t", text), VI_SUCCESS);
    STR(text, "two words\n");
    say("3,rest\n");
    EQ(viQueryf(inst, "C?\n", "%d", &a), VI_SUCCESS);
    say("4\n");
    EQ(viQueryf(inst, "D?\n", "%d", &a), VI_SUCCESS);
    EQ(a, 4);
    /* viPrintf forgets only white space: what is behind a comma may still be wanted. */
    say("5\n");
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(viPrintf(inst, "E?\n"), VI_SUCCESS);
    say("six\n");
    EQ(viScanf(inst, "%31t", text), VI_SUCCESS);
    STR(text, "six\n");
    say("7,8\n");
    EQ(viScanf(inst, "%d,", &a), VI_SUCCESS);
    EQ(viPrintf(inst, "F\n"), VI_SUCCESS);
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(a, 8);
    /* Without a print between, the line feed is there to be read, as programs that skip it expect. */
    EQ(viScanf(inst, "%*t"), VI_SUCCESS);
    close_socket();
}

TEST(a_timeout_is_an_error_and_leaves_the_session_usable)
{
    ViInt32 a = 9;

    open_socket();
    EQ(viSetAttribute(inst, VI_ATTR_TMO_VALUE, 40), VI_SUCCESS);
    EQ(viQueryf(inst, "A?\n", "%d", &a), VI_ERROR_TMO);
    EQ(a, 9);
    say("1\n");
    EQ(viQueryf(inst, "B?\n", "%d", &a), VI_SUCCESS);
    EQ(a, 1);
    say("#2");
    EQ(viQueryf(inst, "C?\n", "%10b", (char[10]){0}), VI_ERROR_TMO);
    close_socket();
}

TEST(unbuffered)
{
    ViInt32 a = 0;

    open_socket();
    EQ(viSetBuf(inst, VI_READ_BUF | VI_WRITE_BUF, 0), VI_SUCCESS);
    say("123\n");
    EQ(viQueryf(inst, "%d?\n", "%d", 5, &a), VI_SUCCESS);
    EQ(a, 123);
    STR(seen(3, 1000), "5?\n");
    close_socket();
}

TEST(buffered_bytes)
{
    ViByte got[16];
    ViUInt32 n = 99;

    open_socket();
    EQ(viBufWrite(inst, (ViConstBuf)"abc", 3, &n), VI_SUCCESS);
    EQ(n, 3);
    STR(nothing(), "");
    EQ(viPrintf(inst, "d\n"), VI_SUCCESS);
    STR(seen(5, 1000), "abcd\n");
    say("12,3\n");
    EQ(viBufRead(inst, got, 3, &n), VI_SUCCESS_MAX_CNT);
    EQ(n, 3);
    MEM(got, "12,", 3);
    EQ(viScanf(inst, "%u", &n), VI_SUCCESS);
    EQ(n, 3);
    EQ(viBufRead(inst, got, sizeof(got), &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 1);
    EQ(viBufWrite(inst, (ViConstBuf)"x", 1, VI_NULL), VI_SUCCESS);
    EQ(viFlush(inst, VI_READ_BUF | VI_READ_BUF_DISCARD), VI_ERROR_INV_MASK);
    EQ(viFlush(inst, VI_WRITE_BUF | VI_WRITE_BUF_DISCARD), VI_ERROR_INV_MASK);
    EQ(viFlush(inst, 0x100), VI_ERROR_INV_MASK);
    EQ(viFlush(inst, 0), VI_SUCCESS);
    EQ(viSetBuf(inst, VI_IO_IN_BUF, 100), VI_WARN_NSUP_BUF);
    EQ(viSetBuf(inst, VI_READ_BUF_DISCARD, 100), VI_ERROR_INV_MASK);
    close_socket();
}

/* ---- whole messages, with END ------------------------------------------------------------------------------- */

static void open_simulated(void)
{
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    EQ(viOpen(rm, "SIM::plain", VI_NULL, VI_NULL, &inst), VI_SUCCESS);
}

TEST(flush_leaves_the_answer_in_the_instrument)
{
    char text[64];

    open_simulated();
    EQ(viPrintf(inst, "*IDN?\n"), VI_SUCCESS);
    EQ(viFlush(inst, VI_READ_BUF), VI_SUCCESS);
    EQ(viScanf(inst, "%63t", text), VI_SUCCESS);
    STR(text, "GRATICULE,PLAIN,0,1\n");
    /* Half an answer held: the rest is read and dropped. */
    EQ(viSetBuf(inst, VI_READ_BUF, 8), VI_SUCCESS);
    EQ(viQueryf(inst, ":TEXT? 100\n", "%3c", text), VI_SUCCESS);
    EQ(viFlush(inst, VI_READ_BUF), VI_SUCCESS);
    EQ(viQueryf(inst, ":ECHO? x\n", "%63t", text), VI_SUCCESS);
    STR(text, "x\n");
    EQ(viClose(rm), VI_SUCCESS);
}

TEST(clear_empties_the_buffers)
{
    char text[64];
    ViInt32 a = 0;

    open_simulated();
    EQ(viQueryf(inst, ":ECHO? 1,2,3\n", "%d", &a), VI_SUCCESS);
    EQ(viPrintf(inst, ":ECHO? half"), VI_SUCCESS);
    EQ(viClear(inst), VI_SUCCESS);
    EQ(viPrintf(inst, ":ECHO? whole\n"), VI_SUCCESS);
    EQ(viScanf(inst, "%63t", text), VI_SUCCESS);
    STR(text, "whole\n");
    EQ(viClose(rm), VI_SUCCESS);
}

TEST(end_beats_count_and_character)
{
    ViByte got[64];
    ViUInt32 n = 0;

    open_simulated();
    EQ(viWrite(inst, (ViConstBuf)":ECHO? abc\n", 11, &n), VI_SUCCESS);
    EQ(n, 11);
    EQ(viRead(inst, got, 4, &n), VI_SUCCESS); /* exactly full, with END */
    EQ(n, 4);
    EQ(viSetAttribute(inst, VI_ATTR_TERMCHAR_EN, VI_TRUE), VI_SUCCESS);
    EQ(viWrite(inst, (ViConstBuf)":ECHO? abc\n", 11, &n), VI_SUCCESS);
    EQ(viRead(inst, got, sizeof(got), &n), VI_SUCCESS); /* the character, with END */
    EQ(n, 4);
    EQ(viSetAttribute(inst, VI_ATTR_TERMCHAR, ','), VI_SUCCESS);
    EQ(viWrite(inst, (ViConstBuf)":ECHO? a,b\n", 11, &n), VI_SUCCESS);
    EQ(viRead(inst, got, sizeof(got), &n), VI_SUCCESS_TERM_CHAR);
    EQ(n, 2);
    EQ(viRead(inst, got, 1, &n), VI_SUCCESS_MAX_CNT);
    EQ(viRead(inst, got, sizeof(got), &n), VI_SUCCESS);
    EQ(n, 1);
    EQ(viClose(rm), VI_SUCCESS);
}

TEST(bad_sessions)
{
    ViByte to[16];

    EQ(viPrintf(0, "a\n"), VI_ERROR_INV_OBJECT);
    EQ(viScanf(12345, "%d", to), VI_ERROR_INV_OBJECT);
    EQ(viQueryf(0, "a\n", "%d", to), VI_ERROR_INV_OBJECT);
    EQ(viSPrintf(0, to, "a"), VI_ERROR_INV_OBJECT);
    EQ(viSScanf(0, to, "%d", to), VI_ERROR_INV_OBJECT);
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    EQ(viPrintf(rm, "a\n"), VI_ERROR_NSUP_OPER);
    EQ(viClose(rm), VI_SUCCESS);
    open_simulated();
    EQ(viSPrintf(inst, NULL, "a"), VI_ERROR_USER_BUF);
    EQ(viSPrintf(inst, to, NULL), VI_ERROR_USER_BUF);
    EQ(viSScanf(inst, NULL, "%d", to), VI_ERROR_USER_BUF);
    EQ(viQueryf(inst, "*IDN?\n", NULL), VI_ERROR_USER_BUF);
    EQ(viClose(rm), VI_SUCCESS);
}

static ViStatus by_list(const char *which, ViByte *buf, const char *format, ...)
{
    va_list args;
    ViStatus status;

    va_start(args, format);
    if (*which == 'P') status = viVSPrintf(inst, buf, format, args);
    else if (*which == 'S') status = viVSScanf(inst, buf, format, args);
    else if (*which == 'p') status = viVPrintf(inst, format, args);
    else if (*which == 's') status = viVScanf(inst, format, args);
    else status = viVQueryf(inst, format, "%d", args);
    va_end(args);
    return status;
}

TEST(argument_lists_and_memory)
{
    ViByte memory[64];
    ViInt16 words[3] = {0x0100, 0x0002, -1}, back[3] = {0};
    ViInt32 a = 0, b = 0;
    ViUInt32 n = 3;

    open_simulated();
    EQ(by_list("P", memory, "%d;%s", 12, "ab"), VI_SUCCESS);
    STR((char *)memory, "12;ab");
    EQ(by_list("S", memory, "%d", &a), VI_SUCCESS);
    EQ(a, 12);
    EQ(by_list("p", NULL, ":ECHO? %d\n", 7), VI_SUCCESS);
    EQ(by_list("s", NULL, "%d", &b), VI_SUCCESS);
    EQ(b, 7);
    EQ(by_list("q", NULL, ":ECHO? %d\n", 8, &b), VI_SUCCESS);
    EQ(b, 8);
    /* A block with NULs goes through memory and back. */
    EQ(viSPrintf(inst, memory, "%3hb,%d", words, 5), VI_SUCCESS);
    EQ(viSScanf(inst, memory, "%#hb,%d", &n, back, &a), VI_SUCCESS);
    EQ(n, 3);
    MEM(back, words, sizeof(words));
    EQ(a, 5);
    EQ(viSScanf(inst, (ViConstBuf)"12", "%d%d", &a, &b), VI_ERROR_INV_FMT);
    EQ(viClose(rm), VI_SUCCESS);
}

/* ---- from another thread ---------------------------------------------------------------------------------- */

static void *blocked_scan(void *unused)
{
    static ViStatus status;
    ViInt32 a;

    (void)unused;
    status = viScanf(inst, "%d", &a);
    return &status;
}

static pthread_t block(void)
{
    struct timespec pause = {.tv_nsec = 50000000};
    pthread_t thread;

    EQ(viSetAttribute(inst, VI_ATTR_TMO_VALUE, VI_TMO_INFINITE), VI_SUCCESS);
    EQ(pthread_create(&thread, NULL, blocked_scan, NULL), 0);
    nanosleep(&pause, NULL);
    return thread;
}

static ViStatus unblocked(pthread_t thread)
{
    void *status = NULL;

    pthread_join(thread, &status);
    return *(ViStatus *)status;
}

TEST(a_blocked_scan_can_be_ended)
{
    ViInt32 a = 0;
    ViUInt32 size = 0;
    pthread_t thread;

    open_socket();
    thread = block();
    EQ(viGetAttribute(inst, VI_ATTR_RD_BUF_SIZE, &size), VI_SUCCESS);
    EQ(size, 4096);
    EQ(viTerminate(inst, VI_NULL, VI_NULL), VI_SUCCESS);
    EQ(unblocked(thread), VI_ERROR_ABORT);
    say("7\n");
    EQ(viQueryf(inst, "A?\n", "%d", &a), VI_SUCCESS);
    EQ(a, 7);
    thread = block();
    EQ(viClose(inst), VI_SUCCESS);
    TRUE(unblocked(thread) < VI_SUCCESS);
    EQ(viScanf(inst, "%d", &a), VI_ERROR_INV_OBJECT);
    close_socket();
}

TEST(a_lost_peer_is_an_error_and_stays_one)
{
    ViInt32 a = 0;

    open_socket();
    say("5");
    shutdown(peer, SHUT_RDWR);
    EQ(viScanf(inst, "%d", &a), VI_SUCCESS);
    EQ(a, 5);
    EQ(viScanf(inst, "%d", &a), VI_ERROR_CONN_LOST);
    EQ(viScanf(inst, "%d", &a), VI_ERROR_CONN_LOST);
    close_socket();
}

int main(void)
{
    RUN(sent_at_a_line_feed_of_the_format);
    RUN(sent_at_every_call_or_when_full);
    RUN(a_command_that_cannot_be_printed_is_not_sent);
    RUN(what_a_scan_leaves_is_kept);
    RUN(a_question_forgets_the_rest_of_an_answer);
    RUN(a_timeout_is_an_error_and_leaves_the_session_usable);
    RUN(unbuffered);
    RUN(buffered_bytes);
    RUN(flush_leaves_the_answer_in_the_instrument);
    RUN(clear_empties_the_buffers);
    RUN(end_beats_count_and_character);
    RUN(bad_sessions);
    RUN(argument_lists_and_memory);
    RUN(a_blocked_scan_can_be_ended);
    RUN(a_lost_peer_is_an_error_and_stays_one);
    return TEST_RESULT();
}
