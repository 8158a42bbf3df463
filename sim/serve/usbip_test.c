/* The USB/IP server, byte by byte, as a kernel's client would drive it. */
#include <graticule/sim.h>

#include "test.h"
#include "wire/usbip.h"
#include "wire/usbtmc.h"

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
    char address[32];
    int fd;
    uint32_t seqnum;
} b;

static void *serve(void *unused)
{
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    grat_sim_run(b.sim, b.stop, &op);
    return unused;
}

static bool start(const char *faults)
{
    static unsigned count;
    grat_op op;
    unsigned pid = (unsigned)getpid();
    snprintf(b.address, sizeof b.address, "127.%u.%u.%u", 1 + (pid >> 8) % 250, pid & 0xff, 1 + count++ % 250);
    grat_sim_instrument one = {.model = "plain", .address = b.address, .wires = "usb:hold+1-4", .faults = faults};
    grat_op_init(&op, 5000, NULL);
    if (grat_sim_new(&one, 1, 1, &op, &b.sim)) {
        TEST_FAIL("%s", op.text);
        return false;
    }
    b.stop = grat_cancel_new();
    return pthread_create(&b.thread, NULL, serve, NULL) == 0;
}

static void stop(void)
{
    grat_cancel_fire(b.stop);
    pthread_join(b.thread, NULL);
    grat_sim_free(b.sim);
    grat_cancel_free(b.stop);
}

static void dial(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(GRAT__USBIP_PORT)};
    struct timeval patience = {.tv_sec = 5};
    b.fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, b.address, &to.sin_addr);
    setsockopt(b.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    TRUE(connect(b.fd, (const struct sockaddr *)&to, sizeof to) == 0);
}

static bool receive(void *to, size_t n)
{
    return !n || recv(b.fd, to, n, MSG_WAITALL) == (ssize_t)n;
}

static bool import(const char *busid)
{
    uint8_t ask[40] = {1, 0x11, 0x80, 3}, head[8], record[GRAT__USBIP_RECORD];
    memcpy(ask + 8, busid, strlen(busid));
    dial();
    send(b.fd, ask, sizeof ask, MSG_NOSIGNAL);
    if (!receive(head, 8) || head[7]) return false;
    return receive(record, sizeof record) && strcmp((char *)record + 256, busid) == 0;
}

static void submit(uint8_t endpoint, const uint8_t setup[8], const void *data, size_t n)
{
    uint8_t h[48] = {0};
    bool in = endpoint & 0x80;
    grat__put_be32(h, GRAT__USBIP_SUBMIT);
    grat__put_be32(h + 4, ++b.seqnum);
    grat__put_be32(h + 12, in);
    grat__put_be32(h + 16, endpoint & 0x7f);
    grat__put_be32(h + 24, (uint32_t)n);
    if (setup) memcpy(h + 40, setup, 8);
    send(b.fd, h, sizeof h, MSG_NOSIGNAL);
    if (!in && n) send(b.fd, data, n, MSG_NOSIGNAL);
}

/* The next reply; its status, data in out when `in`. */
static int reply(uint32_t *seqnum, bool in, uint8_t *out, size_t *n)
{
    uint8_t h[48];
    if (!receive(h, sizeof h)) return -1;
    *seqnum = grat__be32(h + 4);
    *n = grat__be32(h + 24);
    if (in && grat__be32(h) == GRAT__USBIP_RET_SUBMIT && !receive(out, *n)) return -1;
    return (int)grat__be32(h + 20);
}

static int control(uint8_t type, uint8_t request, unsigned value, uint8_t *out, size_t n)
{
    uint8_t setup[8] = {type, request, (uint8_t)value, (uint8_t)(value >> 8), type == 0xA2 ? 0x82 : 0, 0, (uint8_t)n};
    uint32_t seqnum;
    size_t got;
    submit(type & 0x80, setup, out, n);
    int status = reply(&seqnum, type & 0x80, out, &got);
    return status ? status : (int)got;
}

static int bulk_out(const void *data, size_t n)
{
    uint32_t seqnum;
    uint8_t none[1];
    size_t got;
    submit(1, NULL, data, n);
    return reply(&seqnum, false, none, &got);
}

static int ask(uint8_t tag, const char *command)
{
    uint8_t p[64] = {0};
    size_t n = strlen(command);
    grat__tmc_put_header(p, &(grat__tmc_header){.msg = GRAT__TMC_MSG_OUT, .tag = tag, .size = (uint32_t)n,
                                                .attributes = GRAT__TMC_EOM});
    memcpy(p + 12, command, n);
    return bulk_out(p, 12 + n + grat__tmc_pad(n));
}

static int request(uint8_t tag, uint32_t size)
{
    uint8_t p[12];
    grat__tmc_put_header(p, &(grat__tmc_header){.msg = GRAT__TMC_MSG_IN, .tag = tag, .size = size});
    return bulk_out(p, sizeof p);
}

TEST(list_and_import)
{
    uint8_t head[8], word[4], record[GRAT__USBIP_RECORD + 4];
    if (!start(NULL)) return;
    dial();
    close(b.fd);                     /* a probe that says nothing */
    dial();
    send(b.fd, "\x01\x11\x80\x05\0\0\0\0", 8, MSG_NOSIGNAL);
    TRUE(receive(head, 8) && receive(word, 4) && receive(record, sizeof record));
    EQ(grat__be32(word), 1);
    STR((char *)record + 256, "1-4");
    MEM(record + 312, "\xfe\x03\x01", 3);
    close(b.fd);
    TRUE(!import("1-9"));
    close(b.fd);
    TRUE(import("1-4"));
    int first = b.fd;
    TRUE(!import("1-4"));            /* it is taken */
    close(b.fd);
    close(first);
    stop();
}

TEST(descriptors_and_a_query)
{
    uint8_t p[512];
    uint32_t seqnum;
    size_t n;
    if (!start(NULL)) return;
    TRUE(import("1-4"));
    EQ(control(0x80, 6, 0x100, p, 18), 18);
    MEM(p, "\x12\x01\x00\x02", 4);
    MEM(p + 8, "\x09\x12\x01\x00", 4);
    EQ(control(0x80, 6, 0x200, p, 255), 9 + 9 + 3 * 7);
    EQ(control(0x80, 6, 0x301, p, 255), 2 + 2 * 9);
    EQ(control(0x80, 6, 0x600, p, 10), -32);
    EQ(control(0x00, 9, 1, p, 0), 0);
    EQ(control(0xA1, 7, 0, p, 24), 24);
    EQ(p[14], 7);
    EQ(ask(1, "*IDN?"), 0);
    EQ(request(2, 1000), 0);
    submit(0x82, NULL, NULL, 512);
    EQ(reply(&seqnum, true, p, &n), 0);
    MEM(p, "\x02\x02\xfd\x00", 4);
    EQ(p[8], GRAT__TMC_EOM);
    MEM(p + 12, "GRATICULE,PLAIN", 15);
    EQ(n, 12 + grat__le32(p + 4));
    close(b.fd);
    stop();
}

/* A transfer without data stays pending until it is unlinked; its request is aborted; a wrong header halts. */
TEST(unlink_abort_and_halt)
{
    uint8_t p[512], h[48] = {0, 0, 0, 2};
    uint32_t seqnum;
    size_t n;
    if (!start(NULL)) return;
    TRUE(import("1-4"));
    EQ(control(0x00, 9, 1, p, 0), 0);
    EQ(request(7, 1000), 0);
    submit(0x82, NULL, NULL, 512);
    uint32_t pending = b.seqnum;
    grat__put_be32(h + 4, ++b.seqnum);
    grat__put_be32(h + 20, pending);
    send(b.fd, h, sizeof h, MSG_NOSIGNAL);
    EQ(reply(&seqnum, false, p, &n), -104);
    EQ(seqnum, pending + 1);
    EQ(control(0xA2, 3, 9, p, 2), 2);
    EQ(p[0], GRAT__TMC_NOT_IN_PROGRESS);
    EQ(p[1], 7);
    EQ(control(0xA2, 3, 7, p, 2), 2);
    EQ(p[0], GRAT__TMC_SUCCESS);
    EQ(control(0xA2, 4, 0, p, 8), 8);
    EQ(p[0], GRAT__TMC_PENDING);
    EQ(p[1], 1);
    submit(0x82, NULL, NULL, 512);
    EQ(reply(&seqnum, true, p, &n), 0);
    EQ(n, 0);
    EQ(control(0xA2, 4, 0, p, 8), 8);
    EQ(p[0], GRAT__TMC_SUCCESS);
    EQ(bulk_out("\x01\x02\x03\0\1\0\0\0\1\0\0\0a\0\0\0", 16), 0);     /* the complement is wrong */
    EQ(ask(8, "*OPC?"), -32);
    uint8_t clear_halt[8] = {0x02, 1, 0, 0, 0x01};
    submit(0, clear_halt, p, 0);
    EQ(reply(&seqnum, false, p, &n), 0);
    EQ(ask(9, "*OPC?"), 0);
    close(b.fd);
    stop();
}

/* As Linux does where a transfer is taken back at once. */
TEST(an_unlink_before_its_transfer)
{
    uint8_t p[64], h[48] = {0, 0, 0, 2};
    uint32_t seqnum = 0;
    size_t n;
    if (!start(NULL)) return;
    TRUE(import("1-4"));
    EQ(control(0x00, 9, 1, p, 0), 0);
    for (int i = 0; i < 100; i++) {
        uint32_t early = b.seqnum + 1;
        grat__put_be32(h + 4, early + 1);
        grat__put_be32(h + 20, early);
        send(b.fd, h, sizeof h, MSG_NOSIGNAL);
        submit(0x82, NULL, NULL, 512);
        EQ(reply(&seqnum, false, p, &n), -104);
        EQ(seqnum, ++b.seqnum);
    }
    EQ(ask(1, "*OPC?"), 0);
    EQ(request(2, 100), 0);
    submit(0x82, NULL, NULL, 512);
    EQ(reply(&seqnum, true, p, &n), 0);
    EQ(seqnum, b.seqnum);
    EQ(n, 14);
    close(b.fd);
    stop();
}

TEST(rubbish_ends_the_connection_only)
{
    uint8_t p[64], junk[48];
    memset(junk, 0xee, sizeof junk);
    if (!start(NULL)) return;
    dial();
    send(b.fd, junk, sizeof junk, MSG_NOSIGNAL);
    TRUE(recv(b.fd, p, 1, 0) <= 0);
    close(b.fd);
    TRUE(import("1-4"));
    send(b.fd, junk, sizeof junk, MSG_NOSIGNAL);
    TRUE(recv(b.fd, p, 1, 0) <= 0);
    close(b.fd);
    TRUE(import("1-4"));
    close(b.fd);
    stop();
}

int main(void)
{
    RUN(list_and_import);
    RUN(descriptors_and_a_query);
    RUN(unlink_abort_and_halt);
    RUN(an_unlink_before_its_transfer);
    RUN(rubbish_ends_the_connection_only);
    return TEST_RESULT();
}
