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
    int fd, client, port;
    pthread_t thread;
} server;

static grat_op op;
static void *priv;
static const grat_transport *const t = &grat__transport_vicp;

static void say(server *s, uint8_t sequence, const char *text)
{
    uint8_t out[64];
    size_t n = strlen(text);
    grat__vicp_put(out, &(grat__vicp_header){GRAT__VICP_DATA | GRAT__VICP_EOI, GRAT__VICP_VERSION,
                                             s->numbers ? sequence : 0, (uint32_t)n});
    memcpy(out + GRAT__VICP_HEADER, text, n);
    /* A client that has gone needs no answer. */
    if (send(s->client, out, GRAT__VICP_HEADER + n, MSG_NOSIGNAL) < 0) return;
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
            } else if (n && text[n - 1] == '?') {
                say(s, head[2], "ACME\n");
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

static void identifies(void)
{
    char got[20] = "";
    grat_op_init(&op, 3000, NULL);
    EQ(t->write(priv, "*IDN?", 5, true, &op), GRAT_OK);
    EQ(t->read(priv, got, sizeof got - 1, -1, &op), GRAT_OK);
    EQ(op.reason, GRAT_REASON_END);
    STR(got, "ACME\n");
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

int main(void)
{
    RUN(a_late_poll);
    RUN(a_late_poll_without_numbers);
    return TEST_RESULT();
}
