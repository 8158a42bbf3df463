/* Instruments behind a scripted adapter: one thread that does one command after the other, as an adapter does. */
#include "core/wait.h"
#include "transport/list.h"
#include "transport/prologix/adapter.h"

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#define VERSION "Prologix GPIB-ETHERNET Controller version 01.06.06.00"
#define BOARD 7
#define MARK "\x1a"

/* One ++read of the instrument at this address, which may take longer than the host thinks that it can. */
typedef struct reading {
    int pad;
    unsigned before_ms;
    const char *data;
    size_t n;
    size_t pause_at;         /* 0: none */
    unsigned pause_ms;
} reading;

typedef struct server {
    int fd, client, port;
    pthread_t thread;
    const reading *readings;
    size_t count, next;
    int pad;
    unsigned mark, versions;
    unsigned slow_versions_ms[2];  /* of the first ones */
    atomic_bool hang_up;     /* at the next ++read, in its pause */
    char written[256];
} server;

static grat_op op;

static void out(server *s, const void *data, size_t n)
{
    const char *p = data;
    while (n) {
        ssize_t sent = send(s->client, p, n, MSG_NOSIGNAL);
        if (sent <= 0) return;
        p += sent;
        n -= (size_t)sent;
    }
}

static void say(server *s, const char *text)
{
    out(s, text, strlen(text));
    out(s, "\r\n", 2);
}

static void say_number(server *s, unsigned v)
{
    char text[16];
    snprintf(text, sizeof text, "%u", v);
    say(s, text);
}

/* A reading for another address is none. */
static void on_read(server *s)
{
    const reading *r = s->next < s->count ? &s->readings[s->next] : NULL;
    if (!r || r->pad != s->pad) {
        usleep(GRAT__PRLGX_READ_MS * 1000);
        return;
    }
    s->next++;
    usleep(r->before_ms * 1000);
    size_t first = r->pause_at ? r->pause_at : r->n;
    out(s, r->data, first);
    usleep(r->pause_ms * 1000);
    if (atomic_exchange(&s->hang_up, false)) shutdown(s->client, SHUT_RDWR);
    else out(s, r->data + first, r->n - first);
}

static void on_line(server *s, char *line)
{
    unsigned v;
    if (strncmp(line, "++", 2) != 0) {
        snprintf(s->written, sizeof s->written, "%s", line);
    } else if (strcmp(line, "++ver") == 0) {
        if (s->versions < 2) usleep(s->slow_versions_ms[s->versions] * 1000);
        s->versions++;
        say(s, VERSION);
    } else if (sscanf(line, "++addr %u", &v) == 1) {
        s->pad = (int)v;
    } else if (strcmp(line, "++addr") == 0) {
        say_number(s, (unsigned)s->pad);
    } else if (sscanf(line, "++eot_char %u", &v) == 1) {
        s->mark = v;
    } else if (strcmp(line, "++eot_char") == 0) {
        say_number(s, s->mark);
    } else if (strncmp(line, "++read ", 7) == 0) {
        on_read(s);
    } else if (strcmp(line, "++spoll") == 0) {
        say_number(s, 80);
    } else if (strcmp(line, "++srq") == 0) {
        say_number(s, 1);
    }
}

static void *serve(void *p)
{
    server *s = p;
    int one = 1;
    while ((s->client = accept(s->fd, NULL, NULL)) >= 0) {
        char line[256], c;
        size_t n = 0;
        setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        while (recv(s->client, &c, 1, 0) == 1) {
            if (c != '\n' && c != '\r') {
                if (n + 1 < sizeof line) line[n++] = c;
                continue;
            }
            line[n] = '\0';
            if (n) on_line(s, line);
            n = 0;
        }
        close(s->client);
    }
    return NULL;
}

static const grat_transport *const t = &grat__transport_prologix, *const ti = &grat__transport_prologix_intfc;
static void *intfc;

static void *opened(const grat_transport *of, const grat_resource *r)
{
    void *p = calloc(1, of->priv_size);
    grat_op_init(&op, 5000, NULL);
    EQ(of->open(p, r, &(grat_open_options){.size = sizeof(grat_open_options)}, &op), GRAT_OK);
    return p;
}

static void shut(const grat_transport *of, void *p)
{
    of->close(p);
    free(p);
}

static void *instrument(int pad)
{
    grat_resource r = {.interface = GRAT_IF_GPIB, .rclass = GRAT_CLASS_INSTR, .board = BOARD, .primary = pad,
                       .secondary = -1};
    return opened(t, &r);
}

static void start(server *s, const reading *readings, size_t count)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    s->readings = readings;
    s->count = count;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    TRUE(bind(s->fd, (struct sockaddr *)&a, n) == 0 && listen(s->fd, 4) == 0);
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, serve, s);
    grat_resource r = {.interface = GRAT_IF_PRLGX_TCPIP, .rclass = GRAT_CLASS_INTFC, .host = "127.0.0.1",
                       .port = (unsigned)s->port, .board = BOARD};
    intfc = opened(ti, &r);
}

static void stop(server *s)
{
    shut(ti, intfc);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static void ask(void *p, const char *question)
{
    grat_op_init(&op, 5000, NULL);
    EQ(t->write(p, question, strlen(question), true, &op), GRAT_OK);
}

/* The whole answer, `cap` bytes at a time; the number of its bytes. */
static size_t answer(void *p, char *got, size_t size, size_t cap)
{
    size_t n = 0;
    grat_err e;
    memset(got, 0, size);
    do {
        size_t room = size - 1 - n;
        grat_op_init(&op, 5000, NULL);
        e = t->read(p, got + n, cap < room ? cap : room, -1, &op);
        n += op.count;
    } while (!e && !(op.reason & GRAT_REASON_END) && n + 1 < size);
    EQ(e, GRAT_OK);
    if (e) fprintf(stderr, "%s\n", op.text);
    return n;
}

/* What comes when the host takes the ++read for over is still its answer. */
static void late(const char *data, size_t n, unsigned before_ms)
{
    char got[2000];
    reading r = {5, before_ms, data, n + 1, 0, 0};
    server s = {0};
    start(&s, &r, 1);
    void *p = instrument(5);
    ask(p, "*IDN?");
    EQ(answer(p, got, sizeof got, 1000), n);
    MEM(got, data, n);
    shut(t, p);
    stop(&s);
}

#define LATE(text) late(text MARK, sizeof(text) - 1, 600)

TEST(late_identity) { LATE("ACME,SIM1000,SN001,1.0\n"); }
TEST(late_number) { LATE("1\n"); }
TEST(late_number_like_the_mark) { LATE("26\r\n"); }
TEST(late_number_without_a_newline) { LATE("26"); }
TEST(late_error) { LATE("Unrecognized command\r\n"); }
TEST(many_late_lines) { LATE("1\n2\n3\n4\n5\n6\n7\n8\n9\n26\n26\n"); }
TEST(late_beginning_of_the_version) { LATE("Prologix GPIB-ETHERNET\r\nPrologix GPIB-ETHERNET Controller version\r\n"); }

TEST(late_block)
{
    char data[1201] = "#41194";
    for (size_t i = 6; i < 1200; i++) data[i] = (char)(i * 7);
    data[1200] = MARK[0];
    late(data, 1200, 500);
}

TEST(late_answer_that_ends_by_a_newline_alone)
{
    char got[100];
    reading r = {5, 500, "1.5\n", 4, 0, 0};
    server s = {0};
    start(&s, &r, 1);
    void *p = instrument(5);
    ask(p, "READ?");
    EQ(answer(p, got, sizeof got, 90), 4);
    STR(got, "1.5\n");
    shut(t, p);
    stop(&s);
}

/* A read of short deadlines, as a program polls. */
TEST(polled)
{
    reading r = {5, 700, "ACME\n" MARK, 6, 2, 450};
    server s = {0};
    char got[100] = "";
    size_t n = 0;
    grat_err e = GRAT_ETIMEOUT;
    start(&s, &r, 1);
    void *p = instrument(5);
    ask(p, "*IDN?");
    for (int i = 0; i < 400 && (e == GRAT_ETIMEOUT || (!e && !(op.reason & GRAT_REASON_END))); i++) {
        grat_op_init(&op, 7, NULL);
        e = t->read(p, got + n, 50, -1, &op);
        n += op.count;
    }
    EQ(e, GRAT_OK);
    STR(got, "ACME\n");
    shut(t, p);
    stop(&s);
}

/* One that gave up: its late answer is kept for it and never becomes another's. */
TEST(late_answer_of_another)
{
    static const reading rows[] = {{5, 700, "FIVE\n" MARK, 6, 0, 0}, {6, 0, "SIX\n" MARK, 5, 0, 0}};
    server s = {0};
    char got[100];
    start(&s, rows, 2);
    void *five = instrument(5), *six = instrument(6);
    ask(five, "*IDN?");
    grat_op_init(&op, 50, NULL);
    EQ(t->read(five, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    ask(six, "*IDN?");
    answer(six, got, sizeof got, 90);
    STR(got, "SIX\n");
    answer(five, got, sizeof got, 90);
    STR(got, "FIVE\n");
    shut(t, five);
    shut(t, six);
    stop(&s);
}

/* Nor of its own next question. */
TEST(late_answer_to_the_question_before)
{
    static const reading rows[] = {{5, 700, "OLD\n" MARK, 5, 0, 0}, {5, 0, "NEW\n" MARK, 5, 0, 0}};
    server s = {0};
    char got[100];
    start(&s, rows, 2);
    void *p = instrument(5);
    ask(p, "OLD?");
    grat_op_init(&op, 50, NULL);
    EQ(t->read(p, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    ask(p, "NEW?");
    answer(p, got, sizeof got, 90);
    STR(got, "NEW\n");
    shut(t, p);
    stop(&s);
}

TEST(status_behind_a_late_answer)
{
    static const reading rows[] = {{5, 600, "1\n" MARK, 3, 0, 0}};
    server s = {0};
    char got[100];
    uint8_t stb = 0;
    start(&s, rows, 1);
    void *p = instrument(5);
    ask(p, "*OPC?");
    grat_op_init(&op, 50, NULL);
    EQ(t->read(p, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    grat_op_init(&op, 5000, NULL);
    EQ(t->stb(p, &stb, &op), GRAT_OK);
    EQ(stb, 80);
    answer(p, got, sizeof got, 90);
    STR(got, "1\n");
    shut(t, p);
    stop(&s);
}

/* A version that was asked for twice is no part of an answer. */
TEST(slow_version)
{
    static const reading rows[] = {{5, 0, "ACME\n" MARK, 6, 0, 0}};
    server s = {.slow_versions_ms = {1000, 50}};
    char got[200];
    start(&s, rows, 1);
    TRUE(s.versions > 1);
    void *p = instrument(5);
    ask(p, "*IDN?");
    answer(p, got, sizeof got, 150);
    STR(got, "ACME\n");
    shut(t, p);
    stop(&s);
}

/* A byte like the mark in binary data, and a pause behind it that is longer than the look. */
TEST(pause_behind_a_mark_in_binary_data)
{
    static const char data[] = "\x80\x01" MARK "\x02\x03" MARK;
    for (size_t cap = 1; cap < 4; cap++) {
        reading r = {5, 0, data, sizeof data - 1, 3, 150};
        server s = {0};
        char got[100];
        start(&s, &r, 1);
        void *p = instrument(5);
        ask(p, "CURVE?");
        EQ(answer(p, got, sizeof got, cap), 5);
        MEM(got, data, 5);
        shut(t, p);
        stop(&s);
    }
}

/* What the user's own ++read left is not taken for the adapter's answer, whatever number the fence has. */
TEST(rest_of_the_users_own_lines)
{
    static const char lines[] = "++addr 5\n*IDN?\n++read eoi\n";
    static const reading rest = {5, 1, "80\n1\n" MARK, 6, 0, 0}, last = {5, 0, "ACME\n" MARK, 6, 0, 0};
    reading rows[31];
    server s = {0};
    char got[100];
    grat_value v;
    for (int i = 0; i < 30; i++) rows[i] = rest;
    rows[30] = last;
    start(&s, rows, 31);
    void *p = instrument(5);
    grat_op_init(&op, 5000, NULL);
    for (int i = 0; i < 30; i++) {
        EQ(ti->write(intfc, lines, sizeof lines - 1, true, &op), GRAT_OK);
        v.number = 0;
        EQ(ti->attr_get(intfc, GRAT_ATTR_GPIB_SRQ, &v, &op), GRAT_OK);
        EQ(v.number, 1);
        EQ(s.pad, 5);
    }
    ask(p, "*IDN?");
    answer(p, got, sizeof got, 90);
    STR(got, "ACME\n");
    shut(t, p);
    stop(&s);
}

/* Who was in the middle of an answer while another one lost the adapter is told, and goes on behind its next write. */
TEST(lost_for_another)
{
    static const reading rows[] = {{5, 0, "first half, second half\n" MARK, 25, 12, 100},
                                   {5, 0, "NEW\n" MARK, 5, 0, 0}};
    server s = {.hang_up = true};
    char got[100];
    start(&s, rows, 2);
    void *five = instrument(5), *six = instrument(6);
    ask(five, "*IDN?");
    grat_op_init(&op, 5000, NULL);
    EQ(t->read(five, got, 6, -1, &op), GRAT_OK);
    EQ(op.count, 6);
    EQ(t->write(six, "*CLS", 4, true, &op), GRAT_ELOST);
    ask(six, "*CLS");
    EQ(t->read(five, got, sizeof got, -1, &op), GRAT_EIO);
    TRUE(strstr(op.text, "in the middle of an answer"));
    ask(five, "NEW?");
    answer(five, got, sizeof got, 90);
    STR(got, "NEW\n");
    shut(t, five);
    shut(t, six);
    stop(&s);
}

int main(void)
{
    RUN(late_identity);
    RUN(late_number);
    RUN(late_number_like_the_mark);
    RUN(late_number_without_a_newline);
    RUN(late_error);
    RUN(many_late_lines);
    RUN(late_beginning_of_the_version);
    RUN(late_block);
    RUN(late_answer_that_ends_by_a_newline_alone);
    RUN(polled);
    RUN(late_answer_of_another);
    RUN(late_answer_to_the_question_before);
    RUN(status_behind_a_late_answer);
    RUN(slow_version);
    RUN(pause_behind_a_mark_in_binary_data);
    RUN(rest_of_the_users_own_lines);
    RUN(lost_for_another);
    return TEST_RESULT();
}
