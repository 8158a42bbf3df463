/* The client against a scripted server: one thread, both channels, TCPIP::127.0.0.1::hislip0,port::INSTR. */
#include "core/wait.h"
#include "transport/hislip/link.h"
#include "transport/list.h"

#include "test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

typedef enum script {
    NORMAL, CHUNKS, BYTES, EMPTY_END, ANY_ID, STALE, STALE_ANY, FULL, NO_NAME, AN_ERROR, BAD_PROLOGUE, NOISE,
    LONE_INTERRUPT, DEAF_CLEAR, LATE_STATUS, V1, FATAL_LATER, SILENT, OVERLAP,
    SLOW_STATUS,
} script;

typedef struct server {
    script script;
    int fd, port, sync, async;
    grat__hislip_small in[2];
    pthread_t thread;
    /* what it saw */
    unsigned sessions, clears, data, ends, rmt, status_rmt, releases;
    uint32_t ids[64], status_id, clear_features;
    char text[4096];
    size_t text_n;
    uint64_t client_max, max;
    uint32_t owed_id;
    bool owed_status;
} server;

static const char reply[] = "ACME,SIM1000,SN001,1.0\n";
#define REPLY_N (sizeof reply - 1)

static void say(server *s, int fd, const grat__hislip_msg *m, const void *payload)
{
    grat__buf b;
    size_t step = s->script == BYTES ? 1 : 4096;
    grat__buf_init(&b, 65536);
    grat__hislip_append(&b, m, payload);
    for (size_t at = 0; at < b.len; at += step)
        if (send(fd, b.data + at, b.len - at < step ? b.len - at : step, MSG_NOSIGNAL) < 0) break;
    grat__buf_free(&b);
}

static void say_data(server *s, bool end, uint32_t id, const char *data, size_t n)
{
    say(s, s->sync, &(grat__hislip_msg){end ? GRAT__HISLIP_DATA_END : GRAT__HISLIP_DATA, 0, id, n}, data);
}

static void say_type(server *s, int fd, uint8_t type, uint8_t control, uint32_t parameter)
{
    say(s, fd, &(grat__hislip_msg){type, control, parameter, 0}, NULL);
}

static void answer_query(server *s, uint32_t id)
{
    switch (s->script) {
    case CHUNKS:
        for (size_t at = 0; at < REPLY_N; at += 5)
            say_data(s, at + 5 >= REPLY_N, id, reply + at, REPLY_N - at < 5 ? REPLY_N - at : 5);
        return;
    case EMPTY_END:
        say_data(s, false, id, reply, REPLY_N);
        say_data(s, true, id, NULL, 0);
        return;
    case ANY_ID:
        say_data(s, false, GRAT__HISLIP_ANY_ID, reply, 10);
        say_data(s, true, id, reply + 10, REPLY_N - 10);
        return;
    case STALE:
        say_data(s, true, id - 2, "OLD ANSWER\n", 11);
        break;
    case STALE_ANY:
        /* the first question is answered when the second has come */
        if (!s->owed_id) {
            s->owed_id = id;
            return;
        }
        say_data(s, false, GRAT__HISLIP_ANY_ID, "OLD ", 4);
        say_data(s, true, s->owed_id, "ANSWER\n", 7);
        say_data(s, false, GRAT__HISLIP_ANY_ID, reply, 10);
        say_data(s, true, id, reply + 10, REPLY_N - 10);
        return;
    case AN_ERROR:
        say(s, s->sync, &(grat__hislip_msg){GRAT__HISLIP_ERROR, 4, 0, 5}, "large");
        s->script = NORMAL;
        return;
    case BAD_PROLOGUE:
        if (send(s->sync, "HTTP/1.1 400 Bad", 16, MSG_NOSIGNAL) < 0) return;
        s->script = NORMAL;
        return;
    case NOISE:
        say(s, s->sync, &(grat__hislip_msg){99, 1, 2, 26}, "a message of the future...");
        say(s, s->sync, &(grat__hislip_msg){200, 1, 2, 6}, "vendor");
        break;
    case LONE_INTERRUPT:
        say_type(s, s->sync, GRAT__HISLIP_INTERRUPTED, 0, id);
        break;
    case FATAL_LATER:
        say(s, s->sync, &(grat__hislip_msg){GRAT__HISLIP_FATAL_ERROR, 130, 0, 4}, "fire");
        return;
    case SILENT:
        return;
    default:
        break;
    }
    say_data(s, true, id, reply, REPLY_N);
}

static void on_sync(server *s, const grat__hislip_small *in)
{
    const grat__hislip_msg *m = &in->in.msg;
    if (m->type == GRAT__HISLIP_CLEAR_COMPLETE) {
        s->clear_features = m->control;
        say_type(s, s->sync, GRAT__HISLIP_CLEAR_ACKNOWLEDGE, m->control, 0);
        return;
    }
    if (m->type != GRAT__HISLIP_DATA && m->type != GRAT__HISLIP_DATA_END) return;
    if (s->data < 64) s->ids[s->data] = m->parameter;
    s->data++;
    s->rmt += m->control & 1;
    s->ends += m->type == GRAT__HISLIP_DATA_END;
    if (s->text_n + in->n < sizeof s->text) {
        memcpy(s->text + s->text_n, in->payload, in->n);
        s->text_n += in->n;
    }
    if (m->type == GRAT__HISLIP_DATA_END && in->n && in->payload[in->n - 1] == '?') answer_query(s, m->parameter);
}

static void on_status(server *s, const grat__hislip_msg *m)
{
    s->status_id = m->parameter;
    s->status_rmt += m->control & 1;
    if (s->script == SLOW_STATUS) usleep(300000);
    if (s->script == NOISE) {
        say_type(s, s->async, GRAT__HISLIP_ASYNC_SERVICE_REQUEST, 0x40, 0);
        say_type(s, s->async, GRAT__HISLIP_ASYNC_INTERRUPTED, 0, 1);
        say(s, s->async, &(grat__hislip_msg){77, 0, 0, 3}, "new");
    }
    if (s->script == LATE_STATUS && !s->owed_status) {
        s->owed_status = true;
        return;
    }
    if (s->owed_status) say_type(s, s->async, GRAT__HISLIP_ASYNC_STATUS_RESPONSE, 0x11, 0);
    s->owed_status = false;
    say_type(s, s->async, GRAT__HISLIP_ASYNC_STATUS_RESPONSE, 0x50, 0);
}

static void on_async(server *s, const grat__hislip_small *in)
{
    const grat__hislip_msg *m = &in->in.msg;
    uint8_t size[8];
    switch (m->type) {
    case GRAT__HISLIP_ASYNC_MAX_SIZE:
        grat__hislip_get_size(in->payload, in->n, &s->client_max);
        grat__hislip_put_size(size, s->max ? s->max : 1 << 20);
        say(s, s->async, &(grat__hislip_msg){GRAT__HISLIP_ASYNC_MAX_SIZE_RESPONSE, 0, 0, 8}, size);
        return;
    case GRAT__HISLIP_ASYNC_STATUS: on_status(s, m); return;
    case GRAT__HISLIP_ASYNC_LOCK:
        s->releases += m->control == 0 && m->parameter == s->ids[0];
        say_type(s, s->async, GRAT__HISLIP_ASYNC_LOCK_RESPONSE, 1, 0);
        return;
    case GRAT__HISLIP_ASYNC_CLEAR:
        s->clears++;
        if (s->script == DEAF_CLEAR && s->sessions == 1) return;
        say_type(s, s->async, GRAT__HISLIP_ASYNC_CLEAR_ACKNOWLEDGE, 0, 0);
        return;
    case GRAT__HISLIP_ASYNC_REMOTE_LOCAL:
        if (m->control == 4) say_type(s, s->async, GRAT__HISLIP_ERROR, 2, 0);
        else say_type(s, s->async, GRAT__HISLIP_ASYNC_REMOTE_LOCAL_RESPONSE, 0, 0);
        return;
    default: return;
    }
}

/* The set-up of one session; false when the listener is closed. */
static bool set_up(server *s)
{
    uint8_t buf[64];
    int on = 1;
    s->sync = accept(s->fd, NULL, NULL);
    if (s->sync < 0) return false;
    setsockopt(s->sync, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    memset(s->in, 0, sizeof s->in);
    if (recv(s->sync, buf, 16 + 7, MSG_WAITALL) != 23) return true;
    s->sessions++;
    if (s->script == FULL || s->script == NO_NAME) {
        say(s, s->sync, &(grat__hislip_msg){GRAT__HISLIP_FATAL_ERROR, s->script == FULL ? 4 : 0, 0, 4}, "text");
        shutdown(s->sync, SHUT_WR);
        return true;
    }
    uint32_t version = s->script == V1 ? GRAT__HISLIP_V1 : GRAT__HISLIP_V2;
    say_type(s, s->sync, GRAT__HISLIP_INITIALIZE_RESPONSE, s->script == OVERLAP, version << 16 | 7);
    s->async = accept(s->fd, NULL, NULL);
    if (s->async < 0) return false;
    setsockopt(s->async, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (recv(s->async, buf, 16, MSG_WAITALL) != 16 || buf[2] != 17 || buf[7] != 7) return true;
    say_type(s, s->async, GRAT__HISLIP_ASYNC_INITIALIZE_RESPONSE, 0, 0x4342);
    return true;
}

/* Takes what came on one channel; false when it was closed. */
static bool serve_channel(server *s, unsigned which)
{
    uint8_t buf[4096];
    ssize_t n = recv(which ? s->async : s->sync, buf, sizeof buf, 0);
    for (size_t at = 0; n > 0 && at < (size_t)n;) {
        at += grat__hislip_small_feed(&s->in[which], buf + at, (size_t)n - at);
        if (!s->in[which].complete) continue;
        if (which) on_async(s, &s->in[1]);
        else on_sync(s, &s->in[0]);
        grat__hislip_small_next(&s->in[which]);
    }
    return n > 0;
}

static void *serve(void *p)
{
    server *s = p;
    for (;;) {
        s->sync = s->async = -1;
        if (!set_up(s)) return NULL;
        for (bool more = s->async >= 0; more;) {
            struct pollfd f[2] = {{.fd = s->sync, .events = POLLIN}, {.fd = s->async, .events = POLLIN}};
            if (poll(f, 2, -1) < 0) break;
            for (unsigned i = 0; more && i < 2; i++)
                if (f[i].revents) more = serve_channel(s, i);
        }
        if (s->async >= 0) close(s->async);
        close(s->sync);
    }
}

static grat_op op;
static void *priv;
static const grat_transport *const t = &grat__transport_hislip;

static grat_err start(server *s, script which)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t n = sizeof a;
    s->script = which;
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    TRUE(bind(s->fd, (struct sockaddr *)&a, n) == 0 && listen(s->fd, 4) == 0);
    getsockname(s->fd, (struct sockaddr *)&a, &n);
    s->port = ntohs(a.sin_port);
    pthread_create(&s->thread, NULL, serve, s);
    grat_resource r = {.interface = GRAT_IF_TCPIP, .rclass = GRAT_CLASS_INSTR, .host = "127.0.0.1",
                       .device = "hislip0", .port = (unsigned)s->port};
    priv = calloc(1, t->priv_size);
    grat_op_init(&op, 5000, NULL);
    TRUE(t->serves(&r));
    return t->open(priv, &r, NULL, &op);
}

static void stop(server *s)
{
    if (priv) t->close(priv);
    free(priv);
    priv = NULL;
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    close(s->fd);
}

static void forget(void)
{
    free(priv);
    priv = NULL;
}

static grat_err ask(const char *text)
{
    grat_op_init(&op, 3000, NULL);
    return t->write(priv, text, strlen(text), true, &op);
}

/* The whole answer with reads of `cap` bytes. */
static void expect_reply(size_t cap)
{
    char got[512] = "";
    size_t n = 0, reads = 0;
    do {
        EQ(t->read(priv, got + n, cap ? cap : sizeof got - n, -1, &op), GRAT_OK);
        n += op.count;
    } while (!op.err && !(op.reason & GRAT_REASON_END) && ++reads < 50);
    EQ(n, REPLY_N);
    MEM(got, reply, REPLY_N);
    EQ(op.reason & GRAT_REASON_END, GRAT_REASON_END);
}

static void whole_reply(script which, size_t cap)
{
    server s = {0};
    EQ(start(&s, which), GRAT_OK);
    for (int i = 0; i < 3; i++) {
        EQ(ask("*IDN?"), GRAT_OK);
        EQ(op.count, 5);
        expect_reply(cap);
    }
    stop(&s);
    EQ(s.data, 3);
    EQ(s.rmt, which == OVERLAP ? 0 : 2);
}

TEST(query) { whole_reply(NORMAL, 0); }
TEST(small_buffer) { whole_reply(NORMAL, 5); }
TEST(one_byte_at_a_time) { whole_reply(CHUNKS, 1); }
TEST(end_with_the_last_byte_of_a_full_buffer)
{
    server s = {0};
    char got[REPLY_N];
    EQ(start(&s, NORMAL), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_OK);
    EQ(op.count, REPLY_N);
    EQ(op.reason, GRAT_REASON_END | GRAT_REASON_COUNT);
    stop(&s);
}
TEST(messages_of_five_bytes) { whole_reply(CHUNKS, 0); }
TEST(segments_of_one_byte)
{
    for (int i = 0; i < 5; i++) whole_reply(BYTES, 0);
}
TEST(an_empty_end) { whole_reply(EMPTY_END, 0); }
TEST(an_empty_end_behind_a_full_buffer) { whole_reply(EMPTY_END, REPLY_N); }
TEST(data_without_an_identifier) { whole_reply(ANY_ID, 0); }
TEST(data_without_an_identifier_in_parts) { whole_reply(ANY_ID, 3); }
TEST(stale_answers) { whole_reply(STALE, 0); }
TEST(messages_nobody_knows) { whole_reply(NOISE, 0); }
TEST(version_1) { whole_reply(V1, 0); }
TEST(overlapped) { whole_reply(OVERLAP, 0); }

/* Data that name no question are held back while an older answer may be on its way. */
TEST(stale_data_without_an_identifier)
{
    for (size_t cap = 0; cap < 30; cap += 4) {
        server s = {0};
        char got[64];
        EQ(start(&s, STALE_ANY), GRAT_OK);
        EQ(ask(":OLD?"), GRAT_OK);
        grat_op_init(&op, 30, NULL);
        EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
        EQ(op.count, 0);
        EQ(ask("*IDN?"), GRAT_OK);
        expect_reply(cap);
        stop(&s);
    }
}

TEST(writes_are_split)
{
    static const char text[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefghijk?";
    server s = {.max = 64};
    EQ(start(&s, NORMAL), GRAT_OK);
    EQ(ask(text), GRAT_OK);
    EQ(op.count, strlen(text));
    expect_reply(0);
    EQ(ask("*RST"), GRAT_OK);
    stop(&s);
    EQ(s.data, 3);
    EQ(s.ends, 2);
    EQ(s.rmt, 1);
    EQ(s.ids[0], GRAT__HISLIP_FIRST_ID);
    EQ(s.ids[1], GRAT__HISLIP_FIRST_ID + 2);
    EQ(s.ids[2], GRAT__HISLIP_FIRST_ID + 4);
    MEM(s.text, text, strlen(text));
    EQ(s.client_max, 1 << 20);
}

TEST(refusals)
{
    server s = {0}, s2 = {0};
    EQ(start(&s, FULL), GRAT_EBUSY);
    TRUE(strstr(op.text, "too many clients"));
    forget();
    stop(&s);
    EQ(start(&s2, NO_NAME), GRAT_ENODEV);
    TRUE(strstr(op.text, "hislip0"));
    forget();
    stop(&s2);
}

TEST(errors)
{
    server s = {0}, s2 = {0};
    char got[64];
    EQ(start(&s, AN_ERROR), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETOOBIG);
    TRUE(strstr(op.text, "message too large") && strstr(op.text, "large"));
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    EQ(t->ren(priv, GRAT_REN_ON_LOCKOUT, &op), GRAT_ENOTSUP);
    EQ(t->ren(priv, GRAT_REN_ON, &op), GRAT_OK);
    stop(&s);
    EQ(start(&s2, FATAL_LATER), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ELOST);
    TRUE(strstr(op.text, "fire"));
    EQ(ask("*IDN?"), GRAT_ELOST);
    stop(&s2);
}

TEST(a_lost_framing_is_a_lost_connection)
{
    server s = {0};
    char got[64];
    EQ(start(&s, BAD_PROLOGUE), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ELOST);
    EQ(ask("*IDN?"), GRAT_ELOST);
    grat_op_init(&op, 3000, NULL);
    EQ(t->clear(priv, &op), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    stop(&s);
    EQ(s.sessions, 2);
    EQ(s.clears, 0);
}

TEST(device_clear)
{
    server s = {0}, s2 = {0};
    char got[64];
    EQ(start(&s, NORMAL), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    EQ(t->clear(priv, &op), GRAT_OK);
    grat_op_init(&op, 30, NULL);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    stop(&s);
    EQ(s.sessions, 1);
    EQ(s.ids[1], GRAT__HISLIP_FIRST_ID);
    EQ(s.rmt, 0);
    /* where it is not answered, a new connection */
    EQ(start(&s2, DEAF_CLEAR), GRAT_OK);
    grat_op_init(&op, 1000, NULL);
    EQ(t->clear(priv, &op), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    stop(&s2);
    EQ(s2.sessions, 2);
}

TEST(status_between_other_messages)
{
    server s = {0};
    uint8_t stb = 0;
    EQ(start(&s, NOISE), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    for (int i = 0; i < 3; i++) {
        EQ(t->stb(priv, &stb, &op), GRAT_OK);
        EQ(stb, 0x50);
    }
    EQ(t->srq_enable(priv, true, &op), GRAT_OK);
    EQ(t->stb(priv, &stb, &op), GRAT_OK);
    EQ(t->srq_wait(priv, &op), GRAT_OK);
    grat_op_init(&op, 20, NULL);
    EQ(t->srq_wait(priv, &op), GRAT_ETIMEOUT);
    stop(&s);
    EQ(s.status_rmt, 1);
    EQ(s.status_id, GRAT__HISLIP_FIRST_ID);
}

/* The answer to a request that was given up on is not the answer to the next. */
TEST(late_status)
{
    server s = {0};
    uint8_t stb = 0;
    EQ(start(&s, LATE_STATUS), GRAT_OK);
    grat_op_init(&op, 30, NULL);
    EQ(t->stb(priv, &stb, &op), GRAT_ETIMEOUT);
    grat_op_init(&op, 3000, NULL);
    EQ(t->stb(priv, &stb, &op), GRAT_OK);
    EQ(stb, 0x50);
    stop(&s);
}

static void *asks_for_status(void *unused)
{
    uint8_t stb = 0;
    grat_op mine;
    grat_op_init(&mine, 3000, NULL);
    EQ(t->stb(priv, &stb, &mine), GRAT_OK);
    EQ(stb, 0x50);
    return unused;
}

/* A read that clears the device first, beside a status byte: each gets its own answer. */
TEST(status_beside_a_clear)
{
    server s = {0};
    pthread_t thread;
    char got[64];
    EQ(start(&s, SLOW_STATUS), GRAT_OK);
    atomic_store(&((grat__hs_link *)priv)->torn, true);
    pthread_create(&thread, NULL, asks_for_status, NULL);
    usleep(100000);
    grat_op_init(&op, 800, NULL);
    EQ(t->read(priv, got, sizeof got, -1, &op), GRAT_ETIMEOUT);
    pthread_join(thread, NULL);
    stop(&s);
    EQ(s.sessions, 1);
    EQ(s.clears, 1);
}

TEST(an_interrupt_without_its_other_half)
{
    server s = {0};
    EQ(start(&s, LONE_INTERRUPT), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    expect_reply(0);
    int64_t begin = grat_now_ns();
    EQ(ask("*IDN?"), GRAT_OK);
    TRUE(grat_now_ns() - begin < 2500000000);
    expect_reply(0);
    stop(&s);
}

TEST(locks_name_the_last_message)
{
    server s = {0};
    EQ(start(&s, NORMAL), GRAT_OK);
    EQ(t->lock(priv, NULL, 0, &op), GRAT_OK);
    EQ(ask("*RST"), GRAT_OK);
    EQ(t->unlock(priv, &op), GRAT_OK);
    EQ(t->lock(priv, "", 0, &op), GRAT_EINVAL);
    stop(&s);
    EQ(s.releases, 1);
}

static void *fire_soon(void *c)
{
    usleep(30000);
    grat_cancel_fire(c);
    return NULL;
}

TEST(a_cancel_ends_each_wait)
{
    server s = {0};
    char got[64];
    grat_cancel *c = grat_cancel_new();
    EQ(start(&s, SILENT), GRAT_OK);
    EQ(t->srq_enable(priv, true, &op), GRAT_OK);
    EQ(ask("*IDN?"), GRAT_OK);
    for (int i = 0; i < 2; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, fire_soon, c);
        grat_op_init(&op, 5000, c);
        int64_t begin = grat_now_ns();
        EQ(i ? t->srq_wait(priv, &op) : t->read(priv, got, sizeof got, -1, &op), GRAT_ECANCELED);
        TRUE(grat_now_ns() - begin < 2000000000);
        pthread_join(thread, NULL);
        grat_cancel_reset(c);
    }
    grat_cancel_free(c);
    stop(&s);
}

int main(void)
{
    RUN(query);
    RUN(small_buffer);
    RUN(one_byte_at_a_time);
    RUN(end_with_the_last_byte_of_a_full_buffer);
    RUN(messages_of_five_bytes);
    RUN(segments_of_one_byte);
    RUN(an_empty_end);
    RUN(an_empty_end_behind_a_full_buffer);
    RUN(data_without_an_identifier);
    RUN(data_without_an_identifier_in_parts);
    RUN(stale_answers);
    RUN(messages_nobody_knows);
    RUN(version_1);
    RUN(overlapped);
    RUN(stale_data_without_an_identifier);
    RUN(writes_are_split);
    RUN(refusals);
    RUN(errors);
    RUN(a_lost_framing_is_a_lost_connection);
    RUN(device_clear);
    RUN(status_between_other_messages);
    RUN(late_status);
    RUN(status_beside_a_clear);
    RUN(an_interrupt_without_its_other_half);
    RUN(locks_name_the_last_message);
    RUN(a_cancel_ends_each_wait);
    return TEST_RESULT();
}
