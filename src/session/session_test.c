/* The session over a raw socket against a scripted peer: each command has one fixed answer. */
#include <graticule/graticule.h>

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct answer {
    const char *command, *bytes;
    size_t n;
    bool bytewise, hang_up;
} answer;

#define BYTES(s) s, sizeof(s) - 1

static const answer script[] = {
    {"A?", BYTES("alpha\n"), true, false},
    {"B?", BYTES("#210\n\n\n\n\n\n\n\n\n\n\n"), false, false},
    {"NOLF?", BYTES("#15hello"), false, false},
    {"DOUBLE?", BYTES("#15hello\n\n"), false, false},
    {"SHORTDECL?", BYTES("#13hello\n"), false, false},
    {"DROP?", BYTES("#210hell"), false, true},
    {"STALL?", BYTES("#210hell"), false, false},
    {"ONESHORT?", BYTES("#16hello\n"), false, false},
    {"ZERO?", BYTES("#9000000000\n"), false, false},
    {"TEXT?", BYTES("no block here\n"), false, false},
    {"HUGE?", BYTES("#9999999999x"), false, false},
    {"COMPOUND?", BYTES("#15hello;7\n"), false, false},
    {"NUM?", BYTES("1.500000e+00\n\n"), false, false},
    {"NAN?", BYTES("9.9E37x\n"), false, false},
};

static struct {
    int fd;
    unsigned port;
    const char *_Atomic idn, *greeting;
    unsigned idn_ms;
    pthread_t thread;
} peer;

static void reply(int fd, const answer *a)
{
    for (size_t i = 0; a->bytewise && i < a->n; i++) {
        if (send(fd, a->bytes + i, 1, MSG_NOSIGNAL) < 0) return;
    }
    if (!a->bytewise && send(fd, a->bytes, a->n, MSG_NOSIGNAL) < 0) return;
}

/* False when the connection is to be closed. */
static bool serve_line(int fd, const char *line)
{
    if (strcmp(line, "*IDN?") == 0) {
        usleep(peer.idn_ms * 1000);
        dprintf(fd, "%s\n", peer.idn);
        return true;
    }
    for (size_t i = 0; i < sizeof script / sizeof *script; i++) {
        if (strcmp(line, script[i].command) != 0) continue;
        reply(fd, &script[i]);
        return !script[i].hang_up;
    }
    return true;
}

static void serve_connection(int fd)
{
    char line[64];
    size_t n = 0;
    if (peer.greeting && send(fd, peer.greeting, strlen(peer.greeting), MSG_NOSIGNAL) < 0) return;
    while (n < sizeof line && read(fd, line + n, 1) == 1) {
        if (line[n++] != '\n') continue;
        line[n - 1] = '\0';
        n = 0;
        if (!serve_line(fd, line)) return;
    }
}

static void *serve(void *unused)
{
    int fd;
    while ((fd = accept(peer.fd, NULL, NULL)) >= 0) {
        serve_connection(fd);
        close(fd);
    }
    return unused;
}

static void peer_start(const char *idn, const char *greeting)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    peer.fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(peer.fd, (struct sockaddr *)&a, sizeof a) || listen(peer.fd, 8) ||
        getsockname(peer.fd, (struct sockaddr *)&a, &n))
        abort();
    peer.port = ntohs(a.sin_port);
    peer.idn = idn;
    peer.greeting = greeting;
    pthread_create(&peer.thread, NULL, serve, NULL);
}

static void peer_stop(void)
{
    shutdown(peer.fd, SHUT_RDWR);
    close(peer.fd);
    pthread_join(peer.thread, NULL);
}

static grat_session *connect_peer(void)
{
    char name[64];
    grat_op op;
    grat_session *s = NULL;
    snprintf(name, sizeof name, "TCPIP::127.0.0.1::%u::SOCKET", peer.port);
    grat_op_init(&op, 2000, NULL);
    EQ(grat_open(name, NULL, &op, &s), GRAT_OK);
    return s;
}

static grat_err block(grat_session *s, const char *command, char *buf, size_t cap, grat_op *op, int64_t ms)
{
    grat_op_init(op, ms, NULL);
    return grat_query_block(s, command, buf, cap, op);
}

static void alive(grat_session *s)
{
    char text[64];
    grat_op op;
    grat_op_init(&op, 3000, NULL);
    EQ(grat_query(s, "A?", text, sizeof text, &op), GRAT_OK);
    STR(text, "alpha");
    grat_op_init(&op, 3000, NULL);
    EQ(grat_query(s, "*IDN?", text, sizeof text, &op), GRAT_OK);
    STR(text, "ACME,SIM,1,1");
}

TEST(text_and_stale_greeting)
{
    peer_start("ACME,SIM,1,1", "left over\nfrom somebody else\n");
    grat_session *s = connect_peer();
    alive(s);
    double v;
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    EQ(grat_query_number(s, "NUM?", &v, &op), GRAT_OK);
    NEAR(v, 1.5, 0);
    alive(s);
    grat_op_init(&op, 1000, NULL);
    EQ(grat_query_number(s, "NAN?", &v, &op), GRAT_EPROTO);
    alive(s);
    grat_close(s);
    peer_stop();
}

/* The rest of somebody's block: many lines, and one that is longer than any answer. */
TEST(a_long_stale_greeting)
{
    static char junk[100000];
    for (size_t i = 0; i < sizeof junk - 1; i++) junk[i] = i < 50000 && i % 100 == 99 ? '\n' : 'x';
    junk[sizeof junk - 2] = '\n';
    peer_start("ACME,SIM,1,1", junk);
    grat_session *s = connect_peer();
    alive(s);
    grat_close(s);
    peer_stop();
}

TEST(blocks_are_complete_and_leave_the_stream_in_step)
{
    char buf[64];
    grat_op op;
    peer_start("ACME,SIM,1,1", NULL);
    grat_session *s = connect_peer();
    EQ(block(s, "B?", buf, sizeof buf, &op, 1000), GRAT_OK);
    EQ(op.count, 10);
    alive(s);
    EQ(block(s, "B?", buf, 10, &op, 1000), GRAT_OK);
    alive(s);
    EQ(block(s, "DOUBLE?", buf, sizeof buf, &op, 1000), GRAT_OK);
    alive(s);
    EQ(block(s, "COMPOUND?", buf, sizeof buf, &op, 1000), GRAT_OK);
    MEM(buf, "hello", 5);
    alive(s);
    EQ(block(s, "ZERO?", buf, sizeof buf, &op, 1000), GRAT_OK);
    EQ(op.count, 0);
    EQ(block(s, "NOLF?", buf, sizeof buf, &op, 1000), GRAT_OK);
    EQ(op.count, 5);
    alive(s);
    grat_close(s);
    peer_stop();
}

TEST(bad_blocks_are_errors_and_the_session_recovers)
{
    char buf[64];
    grat_op op;
    peer_start("ACME,SIM,1,1", NULL);
    grat_session *s = connect_peer();
    EQ(block(s, "SHORTDECL?", buf, sizeof buf, &op, 1000), GRAT_EPROTO);
    TRUE(grat_needs_recovery(s));
    alive(s);
    EQ(block(s, "ONESHORT?", buf, sizeof buf, &op, 1000), GRAT_ESHORT);
    EQ(op.count, 5);
    alive(s);
    EQ(block(s, "DROP?", buf, sizeof buf, &op, 1000), GRAT_ELOST);
    EQ(op.count, 4);
    MEM(buf, "hell", 4);
    alive(s);
    EQ(block(s, "STALL?", buf, sizeof buf, &op, 100), GRAT_ETIMEOUT);
    EQ(op.count, 4);
    alive(s);
    EQ(block(s, "TEXT?", buf, sizeof buf, &op, 1000), GRAT_EPROTO);
    alive(s);
    EQ(block(s, "HUGE?", buf, sizeof buf, &op, 1000), GRAT_ETOOBIG);
    alive(s);
    uint8_t *data;
    size_t n;
    grat_op_init(&op, 1000, NULL);
    EQ(grat_query_raw(s, "DROP?", &data, &n, &op), GRAT_ELOST);
    free(data);
    grat_op_init(&op, 1000, NULL);
    EQ(grat_query_raw(s, "B?", &data, &n, &op), GRAT_OK);
    EQ(n, 14);
    free(data);
    alive(s);
    grat_close(s);
    peer_stop();
}

TEST(an_unread_answer_is_never_the_next_one)
{
    char text[64];
    grat_op op;
    peer_start("ACME,SIM,1,1", NULL);
    grat_session *s = connect_peer();
    grat_op_init(&op, 2000, NULL);
    EQ(grat_puts(s, "NUM?", &op), GRAT_OK);
    alive(s);
    grat_op_init(&op, 50, NULL);
    EQ(grat_query(s, "SILENCE?", text, sizeof text, &op), GRAT_ETIMEOUT);
    alive(s);
    EQ(block(s, "B?", text, 4, &op, 1000), GRAT_ETOOBIG);
    alive(s);
    grat_close(s);
    peer_stop();
}

TEST(another_instrument_at_the_address_is_noticed)
{
    char text[64];
    grat_op op;
    peer_start("ACME,SIM,1,1", NULL);
    grat_session *s = connect_peer();
    alive(s);
    peer.idn = "ACME,OTHER,2,1";
    grat_op_init(&op, 50, NULL);
    EQ(grat_query(s, "SILENCE?", text, sizeof text, &op), GRAT_ETIMEOUT);
    grat_op_init(&op, 1500, NULL);
    EQ(grat_query(s, "A?", text, sizeof text, &op), GRAT_EDEAD);
    EQ(grat_query(s, "A?", text, sizeof text, &op), GRAT_EDEAD);
    grat_close(s);
    peer_stop();
}

TEST(refused_and_unknown)
{
    grat_session *s = NULL;
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    EQ(grat_open("TCPIP::127.0.0.1::1::SOCKET", NULL, &op, &s), GRAT_EREFUSED);
    TRUE(strstr(op.text, "127.0.0.1"));
    EQ(grat_open("TCPIP::127.0.0.1::x::SOCKET", NULL, &op, &s), GRAT_EPARSE);
    EQ(grat_open("GPIB::7::INSTR", NULL, &op, &s), GRAT_ENODEV);  /* no linux-gpib here, or no board */
    EQ(grat_open("PICO::ps9000a::X", NULL, &op, &s), GRAT_ENOTSUP);
    TRUE(!s);
}

TEST(identities)
{
    grat_identity id;
    TRUE(grat_identity_parse("RIGOL TECHNOLOGIES,DS1104Z Plus,DS1ZA1,00.04.04.SP4", &id));
    STR(id.model, "DS1104Z Plus");
    STR(id.firmware, "00.04.04.SP4");
    TRUE(!grat_identity_parse("command error", &id));
    TRUE(!grat_identity_parse(",,,", &id));
}

/* What an older client left unread is an identity, and comes before ours: the two cannot be told apart until one more
 * comes. */
TEST(a_late_identity_is_no_answer)
{
    static const char idn[] = "ACME,MODEL,1,2";
    char text[64];
    uint8_t *data;
    size_t n;
    for (int i = 0; i < 3; i++) {
        grat_op op;
        peer.idn_ms = 60;
        peer_start(idn, "ACME,MODEL,1,2\n");
        grat_session *s = connect_peer();
        grat_op_init(&op, 3000, NULL);
        if (i == 1) {
            EQ(grat_query(s, "*IDN?", text, sizeof text, &op), GRAT_OK);
            EQ(grat_query(s, "*IDN?", text, sizeof text, &op), GRAT_OK);
            STR(text, idn);
        }
        if (i < 2) {
            EQ(grat_query(s, "A?", text, sizeof text, &op), GRAT_OK);
            STR(text, "alpha");
        } else {
            EQ(grat_query_raw(s, "B?", &data, &n, &op), GRAT_OK);
            EQ(n, 14);
            free(data);
        }
        EQ(grat_query(s, "*IDN?", text, sizeof text, &op), GRAT_OK);
        STR(text, idn);
        grat_close(s);
        peer_stop();
    }
    peer.idn_ms = 0;
}

/* The end of an answer that was on its way passes for an identity; the recovery must not learn it. */
TEST(the_end_of_an_identity_is_none)
{
    char text[64];
    grat_op op;
    peer_start("ACME,MODEL,1,2", "CME,MODEL,1,2\n");
    grat_session *s = connect_peer();
    grat_op_init(&op, 3000, NULL);
    EQ(grat_recover(s, &op), GRAT_OK);
    EQ(grat_query(s, "A?", text, sizeof text, &op), GRAT_OK);
    STR(text, "alpha");
    EQ(grat_query(s, "*IDN?", text, sizeof text, &op), GRAT_OK);
    STR(text, "ACME,MODEL,1,2");
    grat_close(s);
    peer_stop();
}

int main(void)
{
    RUN(text_and_stale_greeting);
    RUN(a_long_stale_greeting);
    RUN(blocks_are_complete_and_leave_the_stream_in_step);
    RUN(bad_blocks_are_errors_and_the_session_recovers);
    RUN(an_unread_answer_is_never_the_next_one);
    RUN(another_instrument_at_the_address_is_noticed);
    RUN(refused_and_unknown);
    RUN(identities);
    RUN(a_late_identity_is_no_answer);
    RUN(the_end_of_an_identity_is_none);
    return TEST_RESULT();
}
