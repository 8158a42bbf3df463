/* One instrument of the model "plain" on USB, through the public interface: usb_client RESOURCE CHECK. The checks are
 * the functions below; the suite starts the simulator with the faults that each one needs. */
#include <graticule/graticule.h>

#include "test.h"

#include <dirent.h>
#include <pthread.h>
#include <time.h>

static const char *resource;

/* The machine is emulated and may share its processors: what is to succeed has time. Short deadlines are to end. */
static grat_op *fresh(int64_t ms)
{
    static _Thread_local grat_op op;
    grat_op_init(&op, ms < 1000 ? ms : 4 * ms, NULL);
    return &op;
}

static grat_session *session(void)
{
    grat_session *s = NULL;
    grat_op *op = fresh(5000);
    if (grat_open(resource, NULL, op, &s)) {
        fprintf(stderr, "cannot open: %s\n", op->text);
        exit(1);
    }
    return s;
}

static void alive(grat_session *s)
{
    grat_identity id = {.model = ""};
    grat_op *op = fresh(15000);
    if (grat_identify(s, &id, op)) fprintf(stderr, "identify: %s\n", op->text);
    STR(id.model, "PLAIN");
}

/* The pattern of the model's :BLOCK?. */
static bool right(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = i % 65536;
        if (data[i] != (uint8_t)(k * 7 + (k >> 8))) return false;
    }
    return true;
}

static void block(grat_session *s, size_t n)
{
    uint8_t *data = NULL;
    size_t got = 0;
    char command[64];
    grat_op *op = fresh(15000);
    snprintf(command, sizeof command, ":BLOCK? %zu", n);
    grat_err e = grat_query_block_alloc(s, command, &data, &got, op);
    if (e) fprintf(stderr, "block of %zu: %s\n", n, op->text);
    EQ(e, GRAT_OK);
    EQ(got, n);
    TRUE(got == n && right(data, n));
    free(data);
}

/* A block's answer has 11 bytes before the data and a newline behind; 12 of header before all that. */
static void sizes_around(grat_session *s, size_t packet)
{
    for (size_t k = 1; k <= 2; k++)
        for (int d = -1; d <= 1; d++) block(s, k * packet - 24 + (size_t)d);
}

TEST(blocks)
{
    grat_session *s = session();
    alive(s);
    sizes_around(s, 512);
    sizes_around(s, 4096);
    block(s, 65536 - 24);
    block(s, 65536);
    block(s, (1u << 20) - 24);
    block(s, 1u << 20);
    block(s, 2500000);
    alive(s);
    grat_close(s);
}

TEST(few_blocks)
{
    grat_session *s = session();
    alive(s);
    sizes_around(s, 64);
    sizes_around(s, 512);
    block(s, 8000);
    alive(s);
    grat_close(s);
}

TEST(tags_wrap)
{
    char text[64];
    grat_session *s = session();
    for (int i = 0; i < 128; i++) {
        EQ(grat_query(s, ":ECHO? abc", text, sizeof text, fresh(5000)), GRAT_OK);
        STR(text, "abc");
    }
    grat_close(s);
}

TEST(long_command)
{
    static char text[70000];
    uint8_t *out = NULL;
    size_t n = 0;
    grat_session *s = session();
    memset(text, 'x', sizeof text - 1);
    memcpy(text, ":ECHO? ", 7);
    EQ(grat_query_raw(s, text, &out, &n, fresh(10000)), GRAT_OK);
    TRUE(n >= sizeof text - 8 && n <= sizeof text - 6);
    free(out);
    alive(s);
    grat_close(s);
}

/* A timeout, then the next query gets its own answer; a read that timed out can be taken up again. */
TEST(timeouts)
{
    char text[256];
    uint8_t buf[256];
    grat_session *s = session();
    alive(s);
    for (int i = 0; i < 2; i++) {
        EQ(grat_query(s, ":DELAY? 700", text, sizeof text, fresh(150)), GRAT_ETIMEOUT);
        TRUE(grat_needs_recovery(s));
        alive(s);
    }
    EQ(grat_clear(s, fresh(5000)), GRAT_OK);
    EQ(grat_io_write(s, ":DELAY? 600\n", 12, true, fresh(1000)), GRAT_OK);
    EQ(grat_io_read(s, buf, sizeof buf, -1, false, fresh(150)), GRAT_ETIMEOUT);
    grat_op *op = fresh(5000);
    EQ(grat_io_read(s, buf, sizeof buf, -1, false, op), GRAT_OK);
    EQ(op->count, 4);
    TRUE(op->reason & GRAT_REASON_END);
    MEM(buf, "600\n", 4);
    EQ(grat_io_write(s, ":DELAY? 600\n", 12, true, fresh(1000)), GRAT_OK);
    EQ(grat_io_read(s, buf, sizeof buf, -1, false, fresh(150)), GRAT_ETIMEOUT);
    EQ(grat_io_write(s, "*OPC?\n", 6, true, fresh(3000)), GRAT_OK);
    op = fresh(5000);
    EQ(grat_io_read(s, buf, sizeof buf, -1, false, op), GRAT_OK);
    EQ(op->count, 2);
    EQ(buf[0], '1');
    EQ(grat_clear(s, fresh(5000)), GRAT_OK);
    alive(s);
    grat_close(s);
}

TEST(plain_io)
{
    uint8_t buf[64];
    grat_session *s = session();
    EQ(grat_clear(s, fresh(5000)), GRAT_OK);
    EQ(grat_io_write(s, ":ECHO? a;:ECHO? b\n", 18, true, fresh(2000)), GRAT_OK);
    grat_op *op = fresh(5000);
    EQ(grat_io_read(s, buf, sizeof buf, ';', false, op), GRAT_OK);
    EQ(op->count, 2);
    TRUE(op->reason & GRAT_REASON_CHAR && !(op->reason & GRAT_REASON_END));
    op = fresh(5000);
    EQ(grat_io_read(s, buf, 1, -1, false, op), GRAT_OK);
    EQ(op->count, 1);
    EQ(buf[0], 'b');
    TRUE(op->reason & GRAT_REASON_COUNT && !(op->reason & GRAT_REASON_END));
    op = fresh(5000);
    EQ(grat_io_read(s, buf, 1, -1, false, op), GRAT_OK);
    EQ(buf[0], '\n');
    TRUE(op->reason & GRAT_REASON_END);
    grat_close(s);
}

TEST(status)
{
    uint8_t stb = 0;
    char text[64];
    grat_session *s = session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 0", fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(3000)), GRAT_OK);
    EQ(stb & 0x30, 0x20);
    EQ(grat_puts(s, "*IDN?", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(3000)), GRAT_OK);
    EQ(stb & 0x10, 0x10);
    EQ(grat_read_text(s, text, sizeof text, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(3000)), GRAT_OK);
    EQ(stb & 0x10, 0);
    grat_close(s);
}

static void *wait_for_srq(void *user)
{
    return grat_srq_wait(user, fresh(8000)) ? NULL : user;
}

TEST(service_request)
{
    uint8_t stb = 0;
    char text[64];
    pthread_t thread;
    void *seen = NULL;
    grat_session *s = session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(100)), GRAT_ETIMEOUT);
    pthread_create(&thread, NULL, wait_for_srq, s);
    EQ(grat_query(s, ":DELAY? 200", text, sizeof text, fresh(5000)), GRAT_OK);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    pthread_join(thread, &seen);
    TRUE(seen == s);
    EQ(grat_read_stb(s, &stb, fresh(3000)), GRAT_OK);
    EQ(stb & 0x60, 0x60);
    EQ(grat_read_stb(s, &stb, fresh(3000)), GRAT_OK);
    EQ(stb & 0x40, 0);
    EQ(grat_srq_wait(s, fresh(100)), GRAT_ETIMEOUT);
    EQ(grat_srq_enable(s, false, fresh(2000)), GRAT_OK);
    alive(s);
    grat_close(s);
}

TEST(control)
{
    uint8_t caps[24] = {0};
    grat_value v;
    grat_session *s = session();
    EQ(grat_trigger(s, fresh(2000)), GRAT_OK);
    for (int mode = 0; mode <= 6; mode++) EQ(grat_control_ren(s, (grat_ren)mode, fresh(2000)), GRAT_OK);
    grat_op *op = fresh(2000);
    grat_attr_get(s, GRAT_ATTR_USB_INTERFACE, &v, op);
    grat_usb_control_args a = {.type = 0xA1, .request = 7, .index = (uint16_t)v.number, .length = 24, .data = caps};
    op = fresh(2000);
    EQ(grat_usb_control(s, &a, op), GRAT_OK);
    EQ(op->count, 24);
    EQ(caps[14], 7);
    a.request = 99;
    EQ(grat_usb_control(s, &a, fresh(2000)), GRAT_EIO);
    EQ(grat_attr_get(s, GRAT_ATTR_USB_VID, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0x1209);
    EQ(grat_attr_get(s, GRAT_ATTR_USB_MANUFACTURER, &v, fresh(1000)), GRAT_OK);
    STR(v.text, "GRATICULE");
    EQ(grat_attr_get(s, GRAT_ATTR_USB_488, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_PORT, &v, fresh(1000)), GRAT_ENOTSUP);
    alive(s);
    grat_close(s);
}

TEST(clear)
{
    grat_session *s = session();
    for (int i = 0; i < 3; i++) {
        EQ(grat_puts(s, ":BLOCK? 20000", fresh(2000)), GRAT_OK);
        EQ(grat_clear(s, fresh(15000)), GRAT_OK);
        alive(s);
    }
    grat_close(s);
}

TEST(remote_refused)
{
    grat_session *s = session();
    EQ(grat_remote(s, true, fresh(2000)), GRAT_ENOTSUP);
    alive(s);
    grat_close(s);
}

/* With a fault that strikes now and then: an answer is right, or it is an error and the session recovers. */
TEST(faulty)
{
    char text[256];
    unsigned good = 0, bad = 0;
    grat_session *s = session();
    for (int i = 0; i < 16; i++) {
        char command[64], want[32];
        snprintf(want, sizeof want, "number%d", i);
        snprintf(command, sizeof command, ":ECHO? %s", want);
        grat_op *op = fresh(4000);
        grat_err e = grat_query(s, command, text, sizeof text, op);
        if (e) {
            bad++;
            if (e == GRAT_EDEAD) fprintf(stderr, "dead: %s\n", op->text);
            TRUE(e != GRAT_EDEAD && op->text[0]);
        } else {
            good++;
            STR(text, want);
        }
    }
    printf("%u answers, %u errors\n", good, bad);
    TRUE(good > 2);
    TRUE(bad > 0);
    grat_close(s);
}

/* A fault that must not be noticed at all. */
TEST(unnoticed)
{
    char text[256];
    grat_session *s = session();
    for (int i = 0; i < 3; i++) {
        EQ(grat_query(s, ":ECHO? something", text, sizeof text, fresh(4000)), GRAT_OK);
        STR(text, "something");
        block(s, 1000 + (size_t)i);
        block(s, 20000);
    }
    grat_close(s);
}

TEST(unplugged)
{
    uint8_t *data = NULL;
    size_t n = 0;
    pthread_t thread;
    void *seen = NULL;
    grat_session *s = session();
    alive(s);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    pthread_create(&thread, NULL, wait_for_srq, s);
    grat_op *op = fresh(8000);
    grat_err e = grat_query_block_alloc(s, ":BLOCK? 300000", &data, &n, op);
    EQ(e, GRAT_ELOST);
    if (e != GRAT_ELOST) fprintf(stderr, "%s\n", op->text);
    TRUE(n < 300000 && right(data, n));
    free(data);
    alive(s);
    pthread_join(thread, &seen);     /* the one who waited was told, and left before the pipe went */
    TRUE(seen == NULL);
    grat_close(s);
}

static unsigned threads_now(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/task");
    while (d && readdir(d)) n++;
    if (d) closedir(d);
    return n;
}

TEST(no_thread_is_left)
{
    struct timespec pause = {.tv_nsec = 100000000};
    unsigned before = threads_now();
    grat_session *s = session();
    alive(s);
    grat_close(s);
    for (int i = 0; i < 20 && threads_now() != before; i++) nanosleep(&pause, NULL);
    EQ(threads_now(), before);
}

static grat_err ask(void *user, grat_op *op)
{
    char text[64];
    (void)op;
    for (int i = 0; i < 20; i++) {
        grat_err e = grat_query(user, ":ECHO? in a task", text, sizeof text, fresh(4000));
        if (e || strcmp(text, "in a task") != 0) return e ? e : GRAT_EPROTO;
    }
    return GRAT_OK;
}

TEST(in_a_task)
{
    grat_group *g = grat_group_new();
    grat_session *s = session();
    grat_op op;
    grat_task *t = NULL;
    grat_op_init(&op, 20000, NULL);
    EQ(grat_submit(g, ask, s, &op, &t), GRAT_OK);
    EQ(grat_wait_all(g, fresh(20000)), GRAT_OK);
    EQ(op.err, GRAT_OK);
    grat_group_free(g);
    grat_close(s);
}

#define CHECK_ROW(name) {#name, name}
static const struct {
    const char *name;
    void (*run)(void);
} checks[] = {
    CHECK_ROW(blocks),    CHECK_ROW(few_blocks),      CHECK_ROW(tags_wrap),
    CHECK_ROW(long_command), CHECK_ROW(timeouts),
    CHECK_ROW(plain_io),  CHECK_ROW(status),          CHECK_ROW(control),   CHECK_ROW(clear),        CHECK_ROW(faulty),
    CHECK_ROW(unnoticed), CHECK_ROW(service_request), CHECK_ROW(unplugged), CHECK_ROW(in_a_task),
    CHECK_ROW(no_thread_is_left), CHECK_ROW(remote_refused),
};

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    resource = argv[1];
    for (int i = 2; i < argc; i++) {
        int known = 0;
        for (size_t k = 0; k < sizeof checks / sizeof *checks; k++) {
            if (strcmp(checks[k].name, argv[i]) != 0) continue;
            struct timespec a, b;
            clock_gettime(CLOCK_MONOTONIC, &a);
            test_bad = 0;
            checks[k].run();
            clock_gettime(CLOCK_MONOTONIC, &b);
            printf("%s %s %.1f s\n", test_bad ? "FAIL" : "ok  ", argv[i],
                   (double)(b.tv_sec - a.tv_sec) + (double)(b.tv_nsec - a.tv_nsec) / 1e9);
            fflush(stdout);
            known = 1;
        }
        if (!known) return 2;
    }
    return TEST_RESULT();
}
