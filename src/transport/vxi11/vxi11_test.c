/* The client against a scripted server: one thread, one listening port, TCPIP::127.0.0.1,port::inst0::INSTR. */
#include "core/wait.h"
#include "transport/list.h"
#include "transport/vxi11/link.h"
#include "wire/xdr.h"

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef enum script {
    NORMAL, ODD_LID, CHUNKS, EXACT, FRAGMENTS, BYTES, STALE, PARTIAL_TIMEOUT, RESET, SILENT, LOCKED, CLIPPED,
    PARTIAL_WRITE, LATE,
} script;

typedef struct server {
    script script;
    int fd, port, client;
    int32_t lid;
    uint32_t max_recv;
    char written[256];
    size_t written_len, reply_at, writes;
    unsigned ended, destroyed, cleared;
    pthread_t thread;
} server;

static const char reply_text[] = "ACME,SIM1000,SN001,1.0\n";

static void out_all(int fd, const void *data, size_t n, size_t step)
{
    for (size_t at = 0; at < n; at += step) {
        ssize_t r = send(fd, (const uint8_t *)data + at, n - at < step ? n - at : step, MSG_NOSIGNAL);
        if (r < 0) return;
    }
}

static void put_fragments(grat__buf *wire, const grat__buf *body, size_t size)
{
    for (size_t at = 0; at < body->len; at += size) {
        size_t n = body->len - at < size ? body->len - at : size;
        grat__xdr_put_u32(wire, 0);
        grat__xdr_put_u32(wire, (uint32_t)n | (at + n == body->len ? 0x80000000u : 0));
        grat__buf_put(wire, body->data + at, n);
    }
}

static void respond(server *s, const grat__buf *body)
{
    grat__buf wire;
    grat__buf_init(&wire, 1 << 20);
    put_fragments(&wire, body, s->script == FRAGMENTS ? 5 : 65532);
    out_all(s->client, wire.data, wire.len, s->script == BYTES ? 1 : wire.len);
    grat__buf_free(&wire);
}

/* What device_read answers; false when it does not. */
static bool on_read(server *s, const grat__rpc_call *c, grat__buf *b)
{
    grat__vxi_read a;
    grat__vxi_get_read(c->args, c->args_len, &a);
    size_t left = strlen(reply_text) - s->reply_at;
    grat__vxi_read_result r = {0, 4, (const uint8_t *)reply_text + s->reply_at, left};
    if (s->script == SILENT) return false;
    if (s->script == LATE) usleep(100000);
    if (s->script == CHUNKS && left > 7) r.reason = 0, r.n = 7;
    if (r.n > a.request_size) r.n = a.request_size, r.reason = 1;
    if (s->script == EXACT && r.n == a.request_size) r.reason = 5;
    if (s->script == PARTIAL_TIMEOUT) r = (grat__vxi_read_result){15, 0, r.data, 6};
    if (s->script == LOCKED) r = (grat__vxi_read_result){11, 0, NULL, 0};
    s->reply_at += r.n;
    if (s->script == STALE) {
        grat__buf old;
        grat__buf_init(&old, 4096);
        grat__rpc_put_reply(&old, c->xid - 1, GRAT__RPC_SUCCESS, 0, 0);
        grat__vxi_put_read_result(&old, &(grat__vxi_read_result){0, 4, (const uint8_t *)"OLD ANSWER", 10});
        respond(s, &old);
        grat__buf_free(&old);
    }
    if (s->script == RESET) {
        struct linger hard = {1, 0};
        grat__vxi_put_read_result(b, &r);
        uint8_t head[4] = {0x80, 0, 0, (uint8_t)b->len};
        out_all(s->client, head, 4, 4);
        out_all(s->client, b->data, 46, 46);
        usleep(30000);
        setsockopt(s->client, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        shutdown(s->client, SHUT_WR);
        return false;
    }
    grat__vxi_put_read_result(b, &r);
    if (s->script == CLIPPED) grat__put_be32(b->data + 32, 500), b->len -= grat__xdr_pad(r.n);
    return true;
}

static void on_write(server *s, const grat__rpc_call *c, grat__buf *b)
{
    grat__vxi_write a;
    grat__vxi_get_write(c->args, c->args_len, &a);
    size_t n = s->script == PARTIAL_WRITE && a.n > 3 ? 3 : a.n;
    if (a.n > s->max_recv || s->written_len + n > sizeof s->written) n = 0;
    memcpy(s->written + s->written_len, a.data, n);
    s->written_len += n;
    s->writes++;
    s->ended += a.flags == GRAT__VXI_FLAG_END;
    grat__vxi_put_write_result(b, &(grat__vxi_write_result){0, (uint32_t)n});
}

static void on_call(server *s, const grat__rpc_record *record)
{
    grat__rpc_call c;
    grat__buf b;
    bool answer = true;
    grat__buf_init(&b, 4096);
    if (grat__rpc_get_call(record->body.data, record->body.len, &c)) return;
    grat__rpc_put_reply(&b, c.xid, GRAT__RPC_SUCCESS, 0, 0);
    if (c.proc == GRAT__VXI_CREATE_LINK)
        grat__vxi_put_create_result(&b, &(grat__vxi_create_result){0, s->lid, 0, s->max_recv});
    else if (c.proc == GRAT__VXI_WRITE)
        on_write(s, &c, &b);
    else if (c.proc == GRAT__VXI_READ)
        answer = on_read(s, &c, &b);
    else if (c.proc == GRAT__VXI_READSTB)
        grat__vxi_put_stb_result(&b, &(grat__vxi_stb_result){0, 0x50});
    else
        grat__vxi_put_error(&b, 0);
    if (c.proc == GRAT__VXI_DESTROY_LINK) s->destroyed += (int32_t)grat__be32(c.args) == s->lid;
    if (c.proc == GRAT__VXI_CLEAR) s->cleared++;
    if (answer) respond(s, &b);
    grat__buf_free(&b);
}

static void serve_client(server *s)
{
    grat__rpc_record r;
    uint8_t in[4096];
    grat__rpc_record_init(&r, 65536);
    for (ssize_t n; (n = recv(s->client, in, sizeof in, 0)) > 0;) {
        for (size_t at = 0, used; at < (size_t)n; at += used) {
            if (grat__rpc_record_feed(&r, in + at, (size_t)n - at, &used)) break;
            if (!r.complete) continue;
            on_call(s, &r);
            grat__rpc_record_next(&r);
        }
    }
    grat__rpc_record_free(&r);
    close(s->client);
}

static void *serve(void *p)
{
    server *s = p;
    int one = 1;
    while ((s->client = accept(s->fd, NULL, NULL)) >= 0) {
        setsockopt(s->client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        serve_client(s);
    }
    return NULL;
}

static grat_op op;
static void *priv;
static const grat_transport *const t = &grat__transport_vxi11;

static void start(server *s, script which)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    int32_t lid = s->lid;
    uint32_t max = s->max_recv;
    *s = (server){.script = which, .lid = lid, .max_recv = max ? max : 1024};
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    TRUE(bind(s->fd, (struct sockaddr *)&a, n) == 0 && listen(s->fd, 4) == 0);
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, serve, s);
    grat_resource r = {.interface = GRAT_IF_TCPIP, .rclass = GRAT_CLASS_INSTR, .host = "127.0.0.1", .device = "inst0"};
    r.port = (unsigned)s->port;
    priv = calloc(1, t->priv_size);
    grat_op_init(&op, 5000, NULL);
    TRUE(t->serves(&r));
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

static void whole_reply(script which, size_t cap)
{
    server s = {0};
    char got[512] = "";
    size_t n = 0, reads = 0;
    start(&s, which);
    EQ(t->write(priv, "*IDN?", 5, true, &op), GRAT_OK);
    EQ(op.count, 5);
    do {
        EQ(t->read(priv, got + n, cap ? cap : sizeof got - n, -1, &op), GRAT_OK);
        n += op.count;
    } while (!(op.reason & GRAT_REASON_END) && ++reads < 50 && !op.err);
    EQ(n, strlen(reply_text));
    MEM(got, reply_text, n);
    stop(&s);
    EQ(s.destroyed, 1);
    EQ(s.ended, 1);
}

TEST(query) { whole_reply(NORMAL, 0); }
TEST(small_buffer) { whole_reply(NORMAL, 5); }
TEST(end_and_count_together) { whole_reply(EXACT, strlen(reply_text)); }
TEST(reason_0_goes_on) { whole_reply(CHUNKS, 0); }
TEST(fragments_with_empty_ones) { whole_reply(FRAGMENTS, 0); }
/* How the segments meet the reads is a matter of timing: several turns. */
TEST(segments_of_one_byte)
{
    for (int i = 0; i < 20; i++) whole_reply(BYTES, 0);
}
TEST(stale_reply_dropped) { whole_reply(STALE, 0); }
TEST(length_beyond_the_record) { whole_reply(CLIPPED, 0); }

TEST(any_lid)
{
    static const int32_t lids[] = {0, -1, INT32_MIN};
    for (size_t i = 0; i < 3; i++) {
        server s = {.lid = lids[i]};
        start(&s, ODD_LID);
        uint8_t stb = 0;
        EQ(t->stb(priv, &stb, &op), GRAT_OK);
        EQ(stb, 0x50);
        stop(&s);
        EQ(s.destroyed, 1);
    }
}

TEST(writes_are_split_and_continued)
{
    static const char text[] = "0123456789abcdefghijklmn";
    server s = {.max_recv = 10};
    start(&s, NORMAL);
    EQ(t->write(priv, text, 24, true, &op), GRAT_OK);
    EQ(op.count, 24);
    stop(&s);
    EQ(s.writes, 3);
    EQ(s.ended, 1);
    MEM(s.written, text, 24);
    server s2 = {0};
    start(&s2, PARTIAL_WRITE);
    EQ(t->write(priv, text, 24, true, &op), GRAT_OK);
    stop(&s2);
    EQ(s2.writes, 8);
    MEM(s2.written, text, 24);
}

TEST(device_errors)
{
    server s = {0};
    char got[64];
    start(&s, PARTIAL_TIMEOUT);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    EQ(op.count, 6);
    MEM(got, "ACME,S", 6);
    TRUE(strstr(op.text, "127.0.0.1 inst0: read: I/O timeout"));
    stop(&s);
    start(&s, LOCKED);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ELOCKED);
    stop(&s);
}

TEST(lost_inside_a_block)
{
    server s = {0};
    char got[64];
    start(&s, RESET);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ELOST);
    EQ(op.count, 10);
    MEM(got, reply_text, 10);
    EQ(t->write(priv, "x", 1, true, &op), GRAT_ELOST);
    EQ(op.count, 0);
    stop(&s);
}

static void *fire(void *c)
{
    usleep(100000);
    grat_cancel_fire(c);
    return NULL;
}

TEST(cancel_and_timeout_then_clear)
{
    server s = {0};
    char got[64];
    pthread_t thread;
    grat_cancel *c = grat_cancel_new();
    start(&s, SILENT);
    grat_op_init(&op, 10000, c);
    pthread_create(&thread, NULL, fire, c);
    int64_t begin = grat_now_ns();
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ECANCELED);
    NEAR((double)(grat_now_ns() - begin) / 1e6, 100, 50);
    pthread_join(thread, NULL);
    grat_op_init(&op, 100, NULL);
    begin = grat_now_ns();
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    NEAR((double)(grat_now_ns() - begin) / 1e6, 100, 50);
    s.script = NORMAL;
    grat_op_init(&op, 5000, NULL);
    EQ(t->clear(priv, &op), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_OK);
    EQ(op.count, strlen(reply_text));
    stop(&s);
    grat_cancel_free(c);
}

/* Fired as soon as something was received. */
static grat_cancel *received;

ssize_t recv(int fd, void *buf, size_t n, int flags)
{
    ssize_t r = syscall(SYS_recvfrom, fd, buf, n, flags, NULL, NULL);
    if (r > 0 && received) grat_cancel_fire(received);
    return r;
}

/* The reply to a call that was given up has come, and then the call that waited for it is given up too. */
TEST(cancelled_behind_a_late_reply)
{
    server s = {0};
    char got[64] = "";
    grat_cancel *c = grat_cancel_new();
    start(&s, LATE);
    grat_op_init(&op, 30, NULL);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    usleep(200000);
    grat_op_init(&op, 1000, c);
    received = c;
    t->write(priv, "*IDN?", 5, true, &op);
    received = NULL;
    TRUE(grat_cancel_fired(c));
    s.script = NORMAL;
    s.reply_at = 0;
    grat_op_init(&op, 1000, NULL);
    EQ(t->write(priv, "*IDN?", 5, true, &op), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_OK);
    EQ(op.count, strlen(reply_text));
    MEM(got, reply_text, strlen(reply_text));
    stop(&s);
    grat_cancel_free(c);
}

int main(void)
{
    RUN(query);
    RUN(small_buffer);
    RUN(end_and_count_together);
    RUN(reason_0_goes_on);
    RUN(fragments_with_empty_ones);
    RUN(segments_of_one_byte);
    RUN(stale_reply_dropped);
    RUN(length_beyond_the_record);
    RUN(any_lid);
    RUN(writes_are_split_and_continued);
    RUN(device_errors);
    RUN(lost_inside_a_block);
    RUN(cancel_and_timeout_then_clear);
    RUN(cancelled_behind_a_late_reply);
    return TEST_RESULT();
}
