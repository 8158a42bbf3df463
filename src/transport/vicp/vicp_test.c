/* The client against a scripted oscilloscope. */
#include "core/wait.h"
#include "transport/list.h"
#include "wire/vicp.h"

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct server {
    bool numbers;                /* its blocks have them */
    unsigned poll_ms[2];         /* how long the first polls take */
    unsigned polls, connections;
    uint8_t held;                /* the number of a question that is answered behind the next poll */
    int fd, client, port;
    pthread_t thread;
} server;

static grat_op op;
static void *priv;
static const grat_transport *const t = &grat__transport_vicp;

static void say_part(server *s, uint8_t sequence, uint8_t end, const char *text)
{
    uint8_t out[64];
    size_t n = strlen(text);
    grat__vicp_put(out, &(grat__vicp_header){GRAT__VICP_DATA | end, GRAT__VICP_VERSION, s->numbers ? sequence : 0,
                                             (uint32_t)n});
    memcpy(out + GRAT__VICP_HEADER, text, n);
    /* A client that has gone needs no answer. */
    if (send(s->client, out, GRAT__VICP_HEADER + n, MSG_NOSIGNAL) < 0) return;
}

static void say(server *s, uint8_t sequence, const char *text)
{
    say_part(s, sequence, GRAT__VICP_EOI, text);
}

static void answer(server *s, uint8_t sequence, const char *question)
{
    if (strncmp(question, "SLOW?", 5) == 0) {
        usleep(150000);
        say(s, sequence, "OLD\n");
    } else if (strncmp(question, "SPLIT?", 6) == 0) {
        say_part(s, sequence, 0, "ABCD");
        say(s, sequence, "EFGH\n");
    } else if (strncmp(question, "TRAILER?", 8) == 0) {
        say(s, sequence, "ABCD");
        say(s, sequence, "\n");
    } else if (strncmp(question, "HELD?", 5) == 0) {
        s->held = sequence;
    } else {
        say(s, sequence, "ACME\n");
    }
}

static void *serve(void *p)
{
    server *s = p;
    while ((s->client = accept(s->fd, NULL, NULL)) >= 0) {
        uint8_t head[GRAT__VICP_HEADER], text[64];
        s->connections++;
        while (recv(s->client, head, sizeof head, MSG_WAITALL) == sizeof head) {
            uint32_t n = grat__be32(head + 4);
            if (n > sizeof text || (n && recv(s->client, text, n, MSG_WAITALL) != (ssize_t)n)) break;
            if (head[0] & GRAT__VICP_POLL) {
                if (s->polls < 2) usleep(s->poll_ms[s->polls] * 1000);
                s->polls++;
                say(s, head[2], "64\n");
                if (s->held) say(s, s->held, "HELD\n");
                s->held = 0;
            } else if (n && text[n - 1] == '?') {
                answer(s, head[2], (char *)text);
            }
        }
        close(s->client);
    }
    return NULL;
}

static void start(server *s)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    TRUE(bind(s->fd, (struct sockaddr *)&a, n) == 0 && listen(s->fd, 4) == 0);
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    pthread_create(&s->thread, NULL, serve, s);
    grat_resource r = {.interface = GRAT_IF_VICP, .rclass = GRAT_CLASS_INSTR, .host = "127.0.0.1",
                       .port = ntohs(a.sin_port)};
    priv = calloc(1, t->priv_size);
    grat_op_init(&op, 3000, NULL);
    EQ(t->open(priv, &r, NULL, &op), GRAT_OK);
}

static void stop(server *s)
{
    t->close(priv);
    free(priv);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static void asks(const char *question)
{
    grat_op_init(&op, 3000, NULL);
    EQ(t->write(priv, question, strlen(question), true, &op), GRAT_OK);
}

static void is_told(const char *want, unsigned reason)
{
    char got[20] = "";
    size_t n = reason == GRAT_REASON_END ? sizeof got - 1 : strlen(want);
    grat_op_init(&op, 3000, NULL);
    EQ(t->read(priv, got, n, -1, &op), GRAT_OK);
    EQ(op.reason & GRAT_REASON_END, reason & GRAT_REASON_END);
    STR(got, want);
}

static void identifies(void)
{
    asks("*IDN?");
    is_told("ACME\n", GRAT_REASON_END);
}

/* The answer to a serial poll that was given up on is no answer to the next question, nor to the next poll. */
static void late_poll(bool numbers)
{
    server s = {.numbers = numbers, .poll_ms = {200, 200}};
    uint8_t stb = 0;
    start(&s);
    identifies();
    for (int i = 0; i < 2; i++) {
        grat_op_init(&op, 50, NULL);
        EQ(t->stb(priv, &stb, &op), GRAT_ETIMEOUT);
        identifies();
    }
    grat_op_init(&op, 3000, NULL);
    EQ(t->stb(priv, &stb, &op), GRAT_OK);
    EQ(stb, 64);
    identifies();
    stop(&s);
    EQ(s.polls, 3);
    EQ(s.connections, numbers ? 1 : 3);
}

TEST(a_late_poll) { late_poll(true); }
TEST(a_late_poll_without_numbers) { late_poll(false); }

/* Nor is the answer to a question on which a read has given up; without another question it still is one. */
static void late_answer(bool numbers)
{
    char got[20];
    server s = {.numbers = numbers};
    start(&s);
    identifies();
    for (int i = 0; i < 3; i++) {
        asks("SLOW?");
        grat_op_init(&op, 30, NULL);
        EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
        if (i == 1) is_told("OLD\n", GRAT_REASON_END);
        identifies();
    }
    stop(&s);
    EQ(s.connections, numbers ? 1 : 3);
}

TEST(a_late_answer) { late_answer(true); }
TEST(a_late_answer_without_numbers) { late_answer(false); }

/* Nor the rest of one that was not read to its end. */
static void rest(bool numbers)
{
    server s = {.numbers = numbers};
    start(&s);
    identifies();
    asks("*IDN?");
    is_told("AC", 0);
    identifies();
    EQ(s.connections, 1);
    asks("SPLIT?");
    is_told("AB", 0);
    identifies();
    asks("SPLIT?");
    is_told("ABCD", 0);
    identifies();
    asks("TRAILER?");
    is_told("ABCD", GRAT_REASON_END);
    identifies();
    stop(&s);
    EQ(s.connections, numbers ? 1 : 3);
}

TEST(the_rest_of_an_answer) { rest(true); }
TEST(the_rest_of_an_answer_without_numbers) { rest(false); }

/* A poll may be answered before the question that it asks about. */
TEST(a_poll_overtakes)
{
    server s = {.numbers = true};
    uint8_t stb = 0;
    start(&s);
    for (int i = 0; i < 2; i++) {
        asks("HELD?");
        grat_op_init(&op, 3000, NULL);
        EQ(t->stb(priv, &stb, &op), GRAT_OK);
        EQ(stb, 64);
        is_told("HELD\n", GRAT_REASON_END);
        identifies();
    }
    stop(&s);
}

/* The numbers come round while nothing is answered. */
TEST(many_commands_without_an_answer)
{
    server s = {.numbers = true};
    start(&s);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 254; i++) asks("RUN");
        identifies();
    }
    stop(&s);
    EQ(s.connections, 1);
}

int main(void)
{
    RUN(a_late_answer);
    RUN(a_late_answer_without_numbers);
    RUN(the_rest_of_an_answer);
    RUN(the_rest_of_an_answer_without_numbers);
    RUN(a_poll_overtakes);
    RUN(many_commands_without_an_answer);
    RUN(a_late_poll);
    RUN(a_late_poll_without_numbers);
    return TEST_RESULT();
}
