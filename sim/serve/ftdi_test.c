/* The adapter's latency timer, with a clock that runs on between any two looks at it. */
#include <graticule/graticule.h>

#include <stdatomic.h>
#include <stdint.h>

static atomic_llong looks, step_ns;

static int64_t running_clock(void)
{
    return grat_now_ns() + (int64_t)(atomic_fetch_add(&looks, 1) * step_ns);
}

#define grat_now_ns running_clock
#include "sim/serve/ftdi.c"
#undef grat_now_ns

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
} b;

static void *serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    grat_sim_run(b.sim, b.stop, &op);
    return unused;
}

static bool receive(void *to, size_t n)
{
    return recv(b.fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

/* A bench with an adapter, imported as a kernel does. */
static bool start(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(GRAT__USBIP_PORT)};
    struct timeval patience = {.tv_sec = 5};
    uint8_t ask[GRAT__USBIP_OP + GRAT__USBIP_BUSID] = {1, 0x11, 0x80, 3}, answer[GRAT__USBIP_OP + GRAT__USBIP_RECORD];
    unsigned pid = (unsigned)getpid();
    char address[32];
    grat_op op;
    snprintf(address, sizeof address, "127.%u.%u.251", 1 + (pid >> 8) % 250, pid & 0xff);
    grat_sim_instrument one = {.model = "plain", .address = address, .wires = "ftdi:hold+1-4"};
    grat_op_init(&op, 5000, NULL);
    if (grat_sim_new(&one, 1, 1, &op, &b.sim)) {
        TEST_FAIL("%s", op.text);
        return false;
    }
    b.stop = grat_cancel_new();
    TRUE(pthread_create(&b.thread, NULL, serve, NULL) == 0);
    inet_pton(AF_INET, address, &to.sin_addr);
    b.fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(b.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    TRUE(connect(b.fd, (const struct sockaddr *)&to, sizeof to) == 0);
    memcpy(ask + GRAT__USBIP_OP, "1-4", 3);
    send(b.fd, ask, sizeof ask, MSG_NOSIGNAL);
    TRUE(receive(answer, sizeof answer) && answer[7] == 0);
    return true;
}

static void stop(void)
{
    close(b.fd);
    grat_cancel_fire(b.stop);
    pthread_join(b.thread, NULL);
    grat_sim_free(b.sim);
    grat_cancel_free(b.stop);
}

static void submit(bool in, uint32_t endpoint, const char *data, size_t n)
{
    static uint32_t seqnum;
    uint8_t h[GRAT__USBIP_HEADER] = {0};
    grat__put_be32(h, GRAT__USBIP_SUBMIT);
    grat__put_be32(h + 4, ++seqnum);
    grat__put_be32(h + 12, in);
    grat__put_be32(h + 16, endpoint);
    grat__put_be32(h + 24, (uint32_t)n);
    send(b.fd, h, sizeof h, MSG_NOSIGNAL);
    if (data) send(b.fd, data, n, MSG_NOSIGNAL);
}

/* A transfer that waits before the answer is there gets it, however the clock falls. */
static void asked(int64_t step)
{
    uint8_t h[GRAT__USBIP_HEADER], answer[512];
    looks = 0;
    step_ns = step;
    if (!start()) return;
    submit(true, 1, NULL, sizeof answer);
    submit(false, 2, "*OPC?\n", 6);
    TRUE(receive(h, sizeof h));                  /* that the question went out */
    bool came = receive(h, sizeof h) && grat__be32(h + 24) <= sizeof answer && receive(answer, grat__be32(h + 24));
    TRUE(came);
    if (came) {
        EQ(grat__be32(h + 24), 4);
        MEM(answer + STATUS, "1\n", 2);
    }
    stop();
}

TEST(an_answer_wakes_who_waits)
{
    asked(0);
}

TEST(the_latency_ends_while_it_looks)
{
    asked((LATENCY_MS + 1) * NS_PER_MS);
}

int main(void)
{
    RUN(an_answer_wakes_who_waits);
    RUN(the_latency_ends_while_it_looks);
    return TEST_RESULT();
}
