/* bitscope-server from the side of its datagrams, and its faults. */
#include <graticule/sim.h>

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static struct {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
    int fd;
} bench;

static void *serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    grat_sim_run(bench.sim, bench.stop, &op);
    return unused;
}

static int client(const char *address, int patience_ms)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(16385)};
    struct timeval patience = {.tv_sec = patience_ms / 1000, .tv_usec = patience_ms % 1000 * 1000};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    connect(fd, (const struct sockaddr *)&to, sizeof to);
    return fd;
}

static char address[32];

static void start(const char *options, const char *faults)
{
    static unsigned count;
    grat_op op;
    unsigned pid = (unsigned)getpid();
    snprintf(address, sizeof address, "127.%u.%u.%u", 1 + (pid >> 8) % 250, pid & 0xff, 1 + count++ % 250);
    grat_sim_instrument one = {.model = "bitscope", .address = address, .wires = "bitscope-server", .faults = faults,
                               .options = options};
    grat_op_init(&op, 5000, NULL);
    if (grat_sim_new(&one, 1, 7, &op, &bench.sim)) TEST_FAIL("%s", op.text);
    bench.stop = grat_cancel_new();
    pthread_create(&bench.thread, NULL, serve, NULL);
    bench.fd = client(address, 300);
}

static void stop(void)
{
    close(bench.fd);
    grat_cancel_fire(bench.stop);
    pthread_join(bench.thread, NULL);
    grat_sim_free(bench.sim);
    grat_cancel_free(bench.stop);
}

static void put(int fd, uint8_t id, const char *text)
{
    uint8_t out[4096];
    size_t n = strlen(text);
    out[0] = id;
    memcpy(out + 1, text, n);
    EQ(send(fd, out, n + 1, 0), (long)n + 1);
}

/* The payload of the next reply, which must carry this command id and counter; -1 for either = any. */
static size_t get(int fd, int id, int counter, char *out, size_t cap)
{
    uint8_t in[65536];
    ssize_t n = recv(fd, in, sizeof in, 0);
    out[0] = '\0';
    if (n < 4) return 0;
    EQ(in[0], 0);
    EQ(in[1], 1);
    if (id >= 0) EQ(in[2], id);
    if (counter >= 0) EQ(in[3], counter);
    size_t keep = (size_t)n - 4 < cap - 1 ? (size_t)n - 4 : cap - 1;
    memcpy(out, in + 4, keep);
    out[keep] = '\0';
    return (size_t)n - 4;
}

static void ask(int fd, int id, int counter, const char *command, const char *reply)
{
    char got[4096];
    put(fd, (uint8_t)id, command);
    get(fd, id, counter, got, sizeof got);
    STR(got, reply);
}

TEST(conversation)
{
    char got[4096];
    start("serial=DEMO1234", NULL);
    STR(grat_sim_resource(bench.sim, 0) + strlen("BITSCOPE::") + strlen(address), "::16385");
    ask(bench.fd, 0, 0, "!", "!");
    ask(bench.fd, 1, 1, "?", "?\rBS000501\r");
    ask(bench.fd, 2, 2, "[11]@[30]sr", "[11]@[30]sr\r44\r");
    /* The machine's state lives between datagrams, which end anywhere. */
    ask(bench.fd, 3, 3, "50@5", "50@5");
    ask(bench.fd, 4, 4, "as", "as");
    ask(bench.fd, 5, 5, "p", "p\r5a\r");
    ask(bench.fd, 6, 6, "06@ffs2a@64s34@01s2e@90s2f@01s21@12s>", "06@ffs2a@64s34@01s2e@90s2f@01s21@12s>");
    /* One command, two replies: the counter runs on, the id does not. */
    put(bench.fd, 7, "D");
    EQ(get(bench.fd, 7, 7, got, sizeof got), 13);
    EQ(memcmp(got, "D02\r", 4), 0);
    EQ(get(bench.fd, 7, 8, got, sizeof got), 21);
    EQ(memcmp(got, "00\r", 3), 0);
    ask(bench.fd, 8, 9, ">", ">");
    stop();
}

TEST(two_clients_and_large_answers)
{
    char got[8192];
    start(NULL, NULL);
    int other = client(address, 300);
    ask(bench.fd, 0, 0, "?", "?\rBS000501\r");
    ask(other, 0, 0, "?", "?\rBS000501\r");
    ask(bench.fd, 1, 1, "1d@20sp", "1d@20sp\r20\r");
    put(bench.fd, 2, "A");
    size_t total = 0, n;
    for (int i = 0; total < 0x2001 && (n = get(bench.fd, 2, 2 + i, got, sizeof got)) > 0; i++) total += n;
    EQ(total, 0x2001);
    ask(other, 1, 1, "?", "?\rBS000501\r");
    close(other);
    stop();
}

static unsigned replies(const char *faults, unsigned *reversed)
{
    unsigned n = 0;
    int last = -1;
    *reversed = 0;
    start(NULL, faults);
    for (int i = 0; i < 8; i++) put(bench.fd, (uint8_t)i, "?");
    for (;;) {
        uint8_t in[64];
        ssize_t r = recv(bench.fd, in, sizeof in, 0);
        if (r < 4) break;
        n++;
        if (in[3] < last) ++*reversed;
        last = in[3];
    }
    stop();
    return n;
}

TEST(faults)
{
    unsigned reversed;
    EQ(replies(NULL, &reversed), 8);
    EQ(reversed, 0);
    EQ(replies("lia-lose-reply", &reversed), 0);
    EQ(replies("lia-lose-command", &reversed), 0);
    EQ(replies("lia-duplicate", &reversed), 16);
    EQ(replies("lia-reorder", &reversed), 8);
    TRUE(reversed >= 3);
    EQ(replies("lia-small:4", &reversed), 24);
    unsigned some = replies("lia-lose-reply@0.5", &reversed);
    TRUE(some > 0 && some < 8);
    start(NULL, "lia-counter:255");
    ask(bench.fd, 0, 255, "!", "!");
    ask(bench.fd, 1, 0, "!", "!");
    stop();
}

TEST(wires_that_do_not_fit)
{
    grat_op op;
    grat_sim *sim;
    grat_sim_instrument one = {.model = "bitscope", .address = "127.0.0.78", .wires = "vxi11"};
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sim_new(&one, 1, 7, &op, &sim), GRAT_EINVAL);
    one = (grat_sim_instrument){.model = "plain", .address = "127.0.0.78", .wires = "bitscope-server"};
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sim_new(&one, 1, 7, &op, &sim), GRAT_EINVAL);
    one = (grat_sim_instrument){.model = "bitscope", .address = "127.0.0.78"};
    grat_op_init(&op, 5000, NULL);
    EQ(grat_sim_new(&one, 1, 7, &op, &sim), GRAT_OK);
    STR(grat_sim_resource(sim, 0), "BITSCOPE::127.0.0.78::16385::SOCKET");
    STR(grat_sim_resource(sim, 1), "BITSCOPE::127.0.0.78::16385");
    TRUE(!grat_sim_resource(sim, 2));
    grat_sim_free(sim);
}

int main(void)
{
    RUN(conversation);
    RUN(two_clients_and_large_answers);
    RUN(faults);
    RUN(wires_that_do_not_fit);
    return TEST_RESULT();
}
