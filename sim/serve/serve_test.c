#include <graticule/sim.h>

#include "test.h"
#include "wire/portmap.h"
#include "wire/rpc.h"
#include "wire/vxi11.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

typedef struct bench {
    grat_sim *sim;
    grat_cancel *stop;
    pthread_t thread;
    char address[32];
    unsigned core;
} bench;

static void *serve(void *user)
{
    bench *b = user;
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    grat_sim_run(b->sim, b->stop, &op);
    return NULL;
}

/* An address of its own for each bench: tests run beside one another. */
static bool start(bench *b, const char *faults, bool portmapper)
{
    static unsigned count;
    grat_op op;
    unsigned pid = (unsigned)getpid();
    snprintf(b->address, sizeof b->address, "127.%u.%u.%u", 1 + (pid >> 8) % 250, pid & 0xff, 1 + count++ % 250);
    grat_sim_instrument one = {.model = "ds1104z", .address = b->address, .wires = "raw,vxi11", .faults = faults,
                               .no_portmapper = !portmapper};
    grat_op_init(&op, 5000, NULL);
    if (grat_sim_new(&one, 1, 7, &op, &b->sim)) {
        if (op.err != GRAT_EACCES) TEST_FAIL("%s", op.text);
        return false;
    }
    const char *comma = strchr(grat_sim_resource(b->sim, 0), ',');
    b->core = comma ? (unsigned)strtoul(comma + 1, NULL, 10) : 0;
    b->stop = grat_cancel_new();
    return pthread_create(&b->thread, NULL, serve, b) == 0;
}

static void stop(bench *b)
{
    grat_cancel_fire(b->stop);
    pthread_join(b->thread, NULL);
    grat_sim_free(b->sim);
    grat_cancel_free(b->stop);
}

static int dial(const bench *b, unsigned port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval patience = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, b->address, &to.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) < 0) TEST_FAIL("cannot connect to port %u", port);
    return fd;
}

/* Sends a query, closes the write side and reads to the end. */
static size_t netcat(const bench *b, const char *query, char *out, size_t cap)
{
    int fd = dial(b, 5555);
    size_t n = 0;
    ssize_t r;
    send(fd, query, strlen(query), MSG_NOSIGNAL);
    shutdown(fd, SHUT_WR);
    while (n < cap - 1 && (r = recv(fd, out + n, cap - 1 - n, 0)) > 0) n += (size_t)r;
    close(fd);
    out[n] = '\0';
    return n;
}

TEST(raw_half_close)
{
    bench b;
    char text[256];
    if (!start(&b, NULL, false)) return;
    TRUE(netcat(&b, "*IDN?\n", text, sizeof text) > 20);
    TRUE(strncmp(text, "RIGOL TECHNOLOGIES,DS1104Z,", 27) == 0 && strchr(text, '\n'));
    netcat(&b, "*OPC?\n*OPC?", text, sizeof text);
    STR(text, "1\n1\n");
    stop(&b);
}

TEST(raw_faults)
{
    static const struct {
        const char *fault, *want;
    } rows[] = {{"raw-split", "1\n"}, {"raw-double-newline", "1\n\n"}, {"raw-no-newline", "1"},
                {"raw-stale", "9.9E37\n1\n"}, {"raw-delay:20", "1\n"}, {"dribble:1000", "1\n"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench b;
        char text[64];
        if (!start(&b, rows[i].fault, false)) return;
        netcat(&b, "*OPC?\n", text, sizeof text);
        STR(text, rows[i].want);
        stop(&b);
    }
}

/* One call over TCP; the results follow in out. Returns their length, -1 when the connection ended. */
static int call(int fd, const uint32_t prog_proc[2], const grat__buf *args, grat__buf *record, uint32_t xid)
{
    grat__buf b;
    size_t at, taken;
    uint8_t in[4096];
    grat__rpc_record r;
    grat__buf_init(&b, 65536);
    grat__rpc_mark_begin(&b, &at);
    grat__rpc_put_call(&b, xid, prog_proc[0], prog_proc[0] == GRAT__PMAP_PROG ? 2 : 1, prog_proc[1]);
    if (args) grat__buf_put(&b, args->data, args->len);
    grat__rpc_mark_end(&b, at, 0);
    send(fd, b.data, b.len, MSG_NOSIGNAL);
    grat__buf_free(&b);
    grat__rpc_record_init(&r, 65536);
    while (!r.complete) {
        ssize_t n = recv(fd, in, 1, 0);
        if (n <= 0 || grat__rpc_record_feed(&r, in, (size_t)n, &taken)) break;
    }
    bool ok = r.complete;
    record->len = 0;
    if (ok) grat__buf_put(record, r.body.data, r.body.len);
    grat__rpc_record_free(&r);
    grat__rpc_reply reply;
    if (!ok || grat__rpc_get_reply(record->data, record->len, &reply) || reply.stat) return -1;
    grat__buf_drop(record, GRAT__RPC_REPLY_HEAD);
    return (int)record->len;
}

typedef struct vxi_link {
    int fd;
    int32_t lid;
    uint32_t xid;
    grat__buf args, out;
} vxi_link;

static int vxi(vxi_link *l, uint32_t proc)
{
    int n = call(l->fd, (uint32_t[2]){GRAT__VXI_CORE_PROG, proc}, &l->args, &l->out, ++l->xid);
    l->args.len = 0;
    return n;
}

static void open_link(vxi_link *l, const bench *b)
{
    grat__vxi_create_result r = {.error = 99};
    *l = (vxi_link){.fd = dial(b, b->core)};
    grat__buf_init(&l->args, 65536);
    grat__buf_init(&l->out, 65536);
    grat__vxi_put_create(&l->args, &(grat__vxi_create){.device = "inst0"});
    if (vxi(l, GRAT__VXI_CREATE_LINK) > 0) grat__vxi_get_create_result(l->out.data, l->out.len, &r);
    EQ(r.error, 0);
    l->lid = r.lid;
}

static void close_link(vxi_link *l)
{
    close(l->fd);
    grat__buf_free(&l->args);
    grat__buf_free(&l->out);
}

static uint32_t write_text(vxi_link *l, const char *text)
{
    grat__vxi_write_result r = {.error = 99};
    grat__vxi_put_write(&l->args, &(grat__vxi_write){.lid = l->lid, .io_timeout = 1000, .flags = GRAT__VXI_FLAG_END,
                                                     .data = (const uint8_t *)text, .n = strlen(text)});
    if (vxi(l, GRAT__VXI_WRITE) > 0) grat__vxi_get_write_result(l->out.data, l->out.len, &r);
    return r.error;
}

static grat__vxi_read_result read_some(vxi_link *l, uint32_t size, uint32_t timeout)
{
    grat__vxi_read_result r = {.error = 99};
    grat__vxi_put_read(&l->args, &(grat__vxi_read){.lid = l->lid, .request_size = size, .io_timeout = timeout});
    if (vxi(l, GRAT__VXI_READ) > 0) grat__vxi_get_read_result(l->out.data, l->out.len, &r);
    return r;
}

TEST(vxi_two_byte_reads)
{
    bench b;
    vxi_link l;
    char text[128];
    size_t n = 0;
    grat__vxi_read_result r = {0};
    if (!start(&b, NULL, false)) return;
    open_link(&l, &b);
    EQ(write_text(&l, "*IDN?"), 0);
    while (n < 100 && !(r.reason & GRAT__VXI_REASON_END)) {
        r = read_some(&l, 2, 1000);
        EQ(r.error, 0);
        TRUE(r.n >= 1 && r.n <= 2);
        if (r.error || r.n > 2) break;
        memcpy(text + n, r.data, r.n);
        n += r.n;
    }
    TRUE(n > 30 && text[n - 1] == '\n');
    EQ(r.reason, n % 2 ? GRAT__VXI_REASON_END : GRAT__VXI_REASON_END | GRAT__VXI_REASON_REQCNT);
    r = read_some(&l, 10, 50);
    EQ(r.error, GRAT__VXI_ETIMEOUT);
    EQ(r.n, 0);
    close_link(&l);
    stop(&b);
}

static uint32_t lock(vxi_link *l, uint32_t flags, uint32_t ms)
{
    uint32_t error = 99;
    grat__vxi_put_lock(&l->args, &(grat__vxi_lock){.lid = l->lid, .flags = flags, .lock_timeout = ms});
    if (vxi(l, GRAT__VXI_LOCK) > 0) grat__vxi_get_error(l->out.data, l->out.len, &error);
    return error;
}

TEST(vxi_locks)
{
    bench b;
    vxi_link one, two;
    if (!start(&b, NULL, false)) return;
    open_link(&one, &b);
    open_link(&two, &b);
    TRUE(one.lid != two.lid);
    EQ(lock(&one, 0, 0), 0);
    EQ(lock(&one, 0, 0), GRAT__VXI_ELOCKED);
    EQ(lock(&two, 0, 0), GRAT__VXI_ELOCKED);
    int64_t t = grat_now_ns();
    EQ(lock(&two, GRAT__VXI_FLAG_WAITLOCK, 50), GRAT__VXI_ELOCKED);
    TRUE(grat_now_ns() - t >= 50000000);
    EQ(write_text(&two, "*CLS"), GRAT__VXI_ELOCKED);
    close_link(&one);
    EQ(lock(&two, GRAT__VXI_FLAG_WAITLOCK, 2000), 0);
    close_link(&two);
    stop(&b);
}

TEST(vxi_faults)
{
    static const struct {
        const char *fault;
        uint32_t error, reason;
        size_t n;
    } rows[] = {{"vxi-segments", 0, 4, 2}, {"vxi-fragments:5", 0, 4, 2}, {"vxi-zero-fragments", 0, 4, 2},
                {"vxi-padding", 0, 4, 2},  {"vxi-lid0", 0, 4, 2},        {"vxi-lid-negative", 0, 4, 2},
                {"vxi-reason0:1", 0, 0, 1}, {"vxi-partial15", 15, 0, 1}, {"vxi-maxread:10", 5, 0, 0},
                {"vxi-reset", 99, 0, 0},   {"vxi-no-newline", 0, 4, 1},  {"vxi-late:20", 0, 4, 2},
                {"dribble:5000", 0, 4, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench b;
        vxi_link l;
        if (!start(&b, rows[i].fault, false)) return;
        open_link(&l, &b);
        EQ(write_text(&l, "*OPC?"), 0);
        grat__vxi_read_result r = read_some(&l, 100, 1000);
        if (r.error != rows[i].error || r.reason != rows[i].reason || r.n != rows[i].n)
            TEST_FAIL("%s: error %u, reason %u, %zu bytes", rows[i].fault, r.error, r.reason, r.n);
        if (strcmp(rows[i].fault, "vxi-lid0") == 0) EQ(l.lid, 0);
        close_link(&l);
        stop(&b);
    }
}

TEST(portmapper)
{
    bench b;
    uint32_t port = 0;
    grat__buf args, out;
    if (!start(&b, NULL, true)) return;
    grat__buf_init(&args, 256);
    grat__buf_init(&out, 4096);
    int fd = dial(&b, 111);
    grat__pmap_put_mapping(&args, &(grat__pmap_mapping){GRAT__VXI_CORE_PROG, 1, 6, 0});
    EQ(call(fd, (uint32_t[2]){GRAT__PMAP_PROG, GRAT__PMAP_GETPORT}, &args, &out, 1), 4);
    grat__pmap_get_word(out.data, out.len, &port);
    TRUE(port > 0);
    EQ(call(fd, (uint32_t[2]){GRAT__PMAP_PROG, GRAT__PMAP_DUMP}, NULL, &out, 2), 4 * 20 + 4);
    close(fd);
    grat__buf_free(&args);
    grat__buf_free(&out);
    stop(&b);
}

TEST(bad_specs)
{
    static const grat_sim_instrument bad[] = {{.model = "nonesuch"}, {.model = "ds1104z", .faults = "nonesuch"},
                                              {.model = "ds1104z", .faults = "dribble@7"},
                                              {.model = "ds1104z", .wires = "gpib"},
                                              {.model = "ds1104z", .address = "nowhere"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        grat_sim *sim = NULL;
        grat_op op;
        grat_op_init(&op, 1000, NULL);
        EQ(grat_sim_new(&bad[i], 1, 1, &op, &sim), GRAT_EINVAL);
        TRUE(op.text[0] && !sim);
    }
}

int main(void)
{
    RUN(raw_half_close);
    RUN(raw_faults);
    RUN(vxi_two_byte_reads);
    RUN(vxi_locks);
    RUN(vxi_faults);
    RUN(portmapper);
    RUN(bad_specs);
    return TEST_RESULT();
}
