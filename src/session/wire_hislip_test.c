/* What a HiSLIP session can do beyond messages, against the simulator. */
#include "test.h"

#include "sim_bench.h"

#include <pthread.h>
#include <unistd.h>

static const char *faults;   /* of the next bench */
static char address[32];     /* of this process alone: others may run the same test */

static void start(const char *wire, const char *model, const char *options)
{
    grat_sim_instrument one = {.model = model, .address = address, .wires = wire, .options = options,
                               .faults = faults};
    faults = NULL;
    bench_start(&one, 1);
}

static void alive(grat_session *s)
{
    grat_identity id;
    EQ(grat_identify(s, &id, fresh(3000)), GRAT_OK);
    STR(id.vendor, "GRATICULE");
}

TEST(status_and_control)
{
    uint8_t stb = 0;
    char text[256];
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x20, 0x20);
    EQ(grat_check_errors(s, fresh(2000)), GRAT_OK);
    EQ(grat_trigger(s, fresh(2000)), GRAT_OK);
    for (int mode = GRAT_REN_OFF; mode <= GRAT_REN_LOCAL; mode++)
        EQ(grat_control_ren(s, (grat_ren)mode, fresh(2000)), GRAT_OK);
    EQ(grat_control_ren(s, (grat_ren)7, fresh(2000)), GRAT_EINVAL);
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    alive(s);
    /* MAV: from the answer's arrival until it was read. */
    EQ(grat_puts(s, "*IDN?", fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x10, 0x10);
    EQ(grat_read_text(s, text, sizeof text, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x10, 0);
    EQ(grat_check_errors(s, fresh(2000)), GRAT_OK);
    grat_close(s);
    bench_stop();
}

TEST(attributes)
{
    grat_value v;
    start("hislip:24880", "plain", NULL);
    grat_session *s = bench_session();
    char name[100];
    snprintf(name, sizeof name, "TCPIP0::%s::hislip0,24880::INSTR", address);
    STR(grat_session_resource(s), name);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_ADDRESS, &v, fresh(1000)), GRAT_OK);
    STR(v.text, address);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_PORT, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 24880);
    EQ(grat_attr_get(s, GRAT_ATTR_HISLIP_VERSION, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0x200);
    EQ(grat_attr_get(s, GRAT_ATTR_HISLIP_MAX_MESSAGE, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1024);
    EQ(grat_attr_set(s, GRAT_ATTR_HISLIP_MAX_MESSAGE, 1, fresh(1000)), GRAT_OK);
    alive(s);
    EQ(grat_attr_set(s, GRAT_ATTR_HISLIP_MAX_MESSAGE, 0, fresh(1000)), GRAT_ERANGE);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_NODELAY, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 1);
    EQ(grat_attr_set(s, GRAT_ATTR_TCP_KEEPALIVE, 0, fresh(1000)), GRAT_OK);
    EQ(grat_attr_get(s, GRAT_ATTR_TCP_KEEPALIVE, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    EQ(grat_attr_get(s, GRAT_ATTR_TLS, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 0);
    EQ(grat_attr_get(s, GRAT_ATTR_ASRL_BAUD, &v, fresh(1000)), GRAT_ENOTSUP);
    grat_close(s);
    bench_stop();
}

/* Two questions, two answers, in order; in synchronized mode the second ends the first. */
TEST(overlapped)
{
    char text[256];
    grat_value v;
    uint8_t stb;
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    for (int overlap = 1; overlap >= 0; overlap--) {
        EQ(grat_attr_set(s, GRAT_ATTR_HISLIP_OVERLAP, overlap, fresh(2000)), GRAT_OK);
        EQ(grat_attr_get(s, GRAT_ATTR_HISLIP_OVERLAP, &v, fresh(1000)), GRAT_OK);
        EQ(v.number, overlap);
        EQ(grat_io_write(s, ":ECHO? first", 12, true, fresh(2000)), GRAT_OK);
        EQ(grat_io_write(s, ":ECHO? second", 13, true, fresh(2000)), GRAT_OK);
        if (overlap) {
            EQ(grat_io_read(s, text, sizeof text, -1, false, fresh(2000)), GRAT_OK);
            MEM(text, "first\n", 6);
            EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
            EQ(stb & 0x10, 0x10);
        }
        grat_op *op = fresh(2000);
        EQ(grat_io_read(s, text, sizeof text, -1, false, op), GRAT_OK);
        EQ(op->reason, GRAT_REASON_END);
        MEM(text, "second\n", 7);
        EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
        EQ(stb & 0x10, 0);
    }
    grat_close(s);
    bench_stop();
}

typedef struct helper {
    pthread_t thread;
    grat_session *s;
    grat_err err;
    grat_op op;
    char text[256];
} helper;

static void *wait_srq(void *arg)
{
    helper *h = arg;
    h->err = grat_srq_wait(h->s, &h->op);
    return NULL;
}

static void *blocked_read(void *arg)
{
    helper *h = arg;
    h->err = grat_io_read(h->s, h->text, sizeof h->text, -1, false, &h->op);
    return NULL;
}

static void begin(helper *h, grat_session *s, void *(*run)(void *))
{
    h->s = s;
    grat_op_init(&h->op, 5000, NULL);
    pthread_create(&h->thread, NULL, run, h);
}

/* One session: a read that waits, a wait for service requests, and the status byte, in three threads. */
TEST(service_request_beside_a_read)
{
    uint8_t stb = 0;
    helper reader = {0}, waiter = {0};
    start("hislip", "plain", NULL);
    grat_session *s = bench_session(), *other = bench_session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(50)), GRAT_EINVAL);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(50)), GRAT_ETIMEOUT);
    for (int i = 0; i < 20; i++) {
        begin(&reader, s, blocked_read);
        begin(&waiter, s, wait_srq);
        EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
        EQ(stb & 0x40, 0);
        EQ(grat_puts(other, "*OPC", fresh(2000)), GRAT_OK);
        pthread_join(waiter.thread, NULL);
        EQ(waiter.err, GRAT_OK);
        EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
        EQ(stb & 0x60, 0x60);
        EQ(grat_io_write(s, "*ESR?", 5, true, fresh(2000)), GRAT_OK);
        pthread_join(reader.thread, NULL);
        EQ(reader.err, GRAT_OK);
        EQ(reader.text[0], '1');
    }
    EQ(grat_srq_enable(s, false, fresh(2000)), GRAT_OK);
    grat_close(other);
    alive(s);
    grat_close(s);
    bench_stop();
}

typedef struct pair {
    grat_session *s;
    uint8_t stb;
} pair;

static grat_err task_srq(void *user, grat_op *op)
{
    return grat_srq_wait(((pair *)user)->s, op);
}

static grat_err task_stb(void *user, grat_op *op)
{
    pair *p = user;
    grat_err e = GRAT_OK;
    for (int i = 0; !e && i < 10; i++) e = grat_read_stb(p->s, &p->stb, op);
    return e ? e : grat_puts(p->s, "*OPC", op);
}

/* A service request is waited for while another task, `beside`, brings it about. */
static void request_beside(pair *p, grat_task_fn beside)
{
    EQ(grat_puts(p->s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_enable(p->s, true, fresh(2000)), GRAT_OK);
    grat_group *g = grat_group_new();
    grat_task *t[2];
    grat_op op[3];
    for (int i = 0; i < 3; i++) grat_op_init(&op[i], 4000, NULL);
    EQ(grat_submit(g, task_srq, p, &op[0], &t[0]), GRAT_OK);
    EQ(grat_submit(g, beside, p, &op[1], &t[1]), GRAT_OK);
    EQ(grat_wait_all(g, &op[2]), GRAT_OK);
    EQ(op[0].err, GRAT_OK);
    EQ(op[1].err, GRAT_OK);
    grat_group_free(g);
}

/* The same in tasks of one thread: who sleeps must be woken by who receives. */
TEST(service_request_in_a_task)
{
    start("hislip", "plain", NULL);
    pair p = {.s = bench_session()};
    request_beside(&p, task_stb);
    grat_close(p.s);
    bench_stop();
}

TEST(service_request_for_a_message)
{
    uint8_t stb = 0;
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_puts(s, "*CLS;*SRE 16", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(50)), GRAT_ETIMEOUT);
    EQ(grat_puts(s, "*IDN?", fresh(2000)), GRAT_OK);
    EQ(grat_srq_wait(s, fresh(2000)), GRAT_OK);
    EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
    EQ(stb & 0x50, 0x50);
    grat_close(s);
    bench_stop();
}

TEST(locks)
{
    char text[256];
    start("hislip", "plain", NULL);
    grat_session *a = bench_session(), *b = bench_session(), *c = bench_session();
    EQ(grat_unlock(a, fresh(2000)), GRAT_EINVAL);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_EINVAL);
    EQ(grat_lock(b, 0, fresh(2000)), GRAT_ELOCKED);
    EQ(grat_lock(b, 100, fresh(2000)), GRAT_ELOCKED);
    EQ(grat_lock_shared(b, "us", 0, fresh(2000)), GRAT_ELOCKED);
    /* Who has no lock waits; its message is thrown away by the clear that follows, not executed later. */
    EQ(grat_query(b, "*ESE 77;*IDN?", text, sizeof text, fresh(200)), GRAT_ELOCKED);
    EQ(grat_puts(b, "*ESE 78", fresh(500)), GRAT_ELOCKED);
    EQ(grat_lock(b, 0, fresh(500)), GRAT_ELOCKED);
    EQ(grat_lock_shared(b, "us", 50, fresh(500)), GRAT_ELOCKED);
    TRUE(grat_needs_recovery(b));
    alive(a);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    EQ(grat_query(a, "*ESE?", text, sizeof text, fresh(2000)), GRAT_OK);
    STR(text, "0");
    alive(b);
    /* shared: by the key; its holder may exclude the others */
    EQ(grat_lock_shared(a, "us", 0, fresh(2000)), GRAT_OK);
    EQ(grat_lock_shared(b, "them", 0, fresh(2000)), GRAT_ELOCKED);
    EQ(grat_lock_shared(b, "us", 0, fresh(2000)), GRAT_OK);
    EQ(grat_lock(c, 0, fresh(2000)), GRAT_ELOCKED);
    alive(a);
    alive(b);
    EQ(grat_lock(b, 0, fresh(2000)), GRAT_OK);
    EQ(grat_io_write(a, "*IDN?", 5, true, fresh(200)), GRAT_OK);
    EQ(grat_io_read(a, text, sizeof text, -1, false, fresh(200)), GRAT_ETIMEOUT);
    alive(b);
    EQ(grat_unlock(b, fresh(2000)), GRAT_OK);
    EQ(grat_io_read(a, text, sizeof text, -1, false, fresh(2000)), GRAT_OK);
    /* closing frees */
    EQ(grat_unlock(b, fresh(2000)), GRAT_OK);
    grat_close(a);
    EQ(grat_lock(c, 1000, fresh(2000)), GRAT_OK);
    grat_close(c);
    EQ(grat_lock(b, 1000, fresh(2000)), GRAT_OK);
    grat_close(b);
    bench_stop();
}

static void *take_lock(void *arg)
{
    helper *h = arg;
    h->err = grat_lock(h->s, 4000, &h->op);
    return NULL;
}

TEST(a_lock_is_waited_for)
{
    helper h = {0};
    start("hislip", "plain", NULL);
    grat_session *a = bench_session(), *b = bench_session();
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    begin(&h, b, take_lock);
    alive(a);
    grat_op_sleep_until(fresh(1000), grat_now_ns() + 50000000);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    pthread_join(h.thread, NULL);
    EQ(h.err, GRAT_OK);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_ELOCKED);
    grat_close(b);
    grat_close(a);
    bench_stop();
}

/* A wait for a lock that was given up must not leave the session with one. */
TEST(a_lock_that_came_too_late_is_given_back)
{
    start("hislip", "plain", NULL);
    grat_session *a = bench_session(), *b = bench_session();
    helper h = {0};
    grat_cancel *cancel = grat_cancel_new();
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    h.s = b;
    grat_op_init(&h.op, 5000, cancel);
    pthread_create(&h.thread, NULL, take_lock, &h);
    grat_op_sleep_until(fresh(1000), grat_now_ns() + 50000000);
    grat_cancel_fire(cancel);
    pthread_join(h.thread, NULL);
    EQ(h.err, GRAT_ECANCELED);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    /* the session recovers first, and with that the request is over */
    alive(b);
    EQ(grat_unlock(b, fresh(2000)), GRAT_EINVAL);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    grat_close(b);
    grat_close(a);
    grat_cancel_free(cancel);
    bench_stop();
}

/* A question that comes while the answer to the one before is being made: both notices, and the right answer. */
TEST(interrupted)
{
    char text[256];
    faults = "hislip-delay:60";
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    for (int i = 0; i < 3; i++) {
        EQ(grat_io_write(s, ":ECHO? first", 12, true, fresh(2000)), GRAT_OK);
        EQ(grat_io_write(s, ":ECHO? second", 13, true, fresh(2000)), GRAT_OK);
        grat_op *op = fresh(2000);
        EQ(grat_io_read(s, text, sizeof text, -1, false, op), GRAT_OK);
        EQ(op->count, 7);
        MEM(text, "second\n", 7);
    }
    EQ(grat_clear(s, fresh(2000)), GRAT_OK);
    EQ(grat_check_errors(s, fresh(2000)), GRAT_EINSTR);    /* -410 */
    grat_close(s);
    bench_stop();
}

/* A clear that has to connect anew takes the connection from under a wait in another thread, or task, which goes on
 * with the new one. */
TEST(reconnecting_beside_a_wait)
{
    helper waiter = {0};
    faults = "hislip-deaf-clear";
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    EQ(grat_puts(s, "*CLS;*ESE 1;*SRE 32", fresh(2000)), GRAT_OK);
    EQ(grat_srq_enable(s, true, fresh(2000)), GRAT_OK);
    EQ(grat_lock(s, 0, fresh(2000)), GRAT_OK);
    for (int i = 0; i < 3; i++) {
        uint8_t stb;
        begin(&waiter, s, wait_srq);
        grat_op_sleep_until(fresh(1000), grat_now_ns() + 20000000);
        EQ(grat_clear(s, fresh(1000)), GRAT_OK);
        EQ(grat_puts(s, "*OPC", fresh(2000)), GRAT_OK);
        pthread_join(waiter.thread, NULL);
        EQ(waiter.err, GRAT_OK);
        EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
        EQ(grat_puts(s, "*CLS", fresh(2000)), GRAT_OK);
        alive(s);
    }
    /* the lock was taken again */
    EQ(grat_unlock(s, fresh(2000)), GRAT_OK);
    grat_close(s);
    bench_stop();
}

static grat_err task_clear(void *user, grat_op *op)
{
    pair *p = user;
    grat_err e = grat_clear(p->s, op);
    return e ? e : grat_puts(p->s, "*OPC", op);
}

TEST(reconnecting_beside_a_task)
{
    faults = "hislip-deaf-clear";
    start("hislip", "plain", NULL);
    pair p = {.s = bench_session()};
    request_beside(&p, task_clear);
    alive(p.s);
    grat_close(p.s);
    bench_stop();
}

/* Longer than the largest message, there and back. */
TEST(long_messages)
{
    enum { N = 1500000 };
    char *text = malloc(N + 8);
    uint8_t *out = NULL;
    size_t n = 0;
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    memcpy(text, ":ECHO? ", 7);
    for (size_t i = 0; i < N; i++) text[7 + i] = (char)('a' + i % 23);
    text[7 + N] = '\0';
    EQ(grat_query_raw(s, text, &out, &n, fresh(10000)), GRAT_OK);
    EQ(n, N + 1);
    if (n == N + 1) MEM(out, text + 7, N);
    free(out);
    free(text);
    alive(s);
    grat_close(s);
    bench_stop();
}

/* Plain I/O: nothing but the identifiers keeps the answers apart. */
TEST(a_late_answer_is_recognised)
{
    char text[256];
    uint8_t stb;
    start("hislip", "plain", NULL);
    grat_session *s = bench_session();
    for (int i = 0; i < 5; i++) {
        EQ(grat_io_write(s, "*IDN?", 5, true, fresh(2000)), GRAT_OK);
        EQ(grat_io_read(s, text, 3, -1, false, fresh(2000)), GRAT_OK);
        EQ(grat_io_write(s, ":ECHO? mine", 11, true, fresh(2000)), GRAT_OK);
        grat_op *op = fresh(2000);
        EQ(grat_io_read(s, text, 5, -1, false, op), GRAT_OK);
        EQ(op->reason, GRAT_REASON_END | GRAT_REASON_COUNT);
        MEM(text, "mine\n", 5);
        EQ(grat_read_stb(s, &stb, fresh(2000)), GRAT_OK);
        EQ(grat_io_read(s, text, 5, -1, false, fresh(20)), GRAT_ETIMEOUT);
    }
    grat_close(s);
    bench_stop();
}

/* A long message of ours meets a server that takes none: the deadline holds, and the session comes back. */
TEST(a_write_that_stalls)
{
    static char junk[900000];
    start("hislip", "plain", NULL);
    grat_session *a = bench_session(), *b = bench_session();
    memset(junk, 'x', sizeof junk);
    for (int i = 0; i < 3; i++) {
        grat_err e = GRAT_OK;
        EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
        for (int k = 0; !e && k < 200; k++) e = grat_io_write(b, junk, sizeof junk, false, fresh(100));
        EQ(e, GRAT_ETIMEOUT);
        alive(a);
        if (i) EQ(grat_clear(b, fresh(3000)), GRAT_OK);
        EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
        /* without a clear of ours, plain I/O makes it itself */
        grat_op *op = fresh(3000);
        char text[64];
        EQ(grat_io_write(b, ":ECHO? back", 11, true, op), GRAT_OK);
        EQ(grat_io_read(b, text, sizeof text, -1, false, op), GRAT_OK);
        MEM(text, "back\n", 5);
    }
    grat_close(a);
    grat_close(b);
    bench_stop();
}

/* A question that is not taken in time has no bytes of an answer, however many of its own went out. */
TEST(a_question_that_stalls_counts_nothing)
{
    const size_t n = (size_t)256 << 20;
    char buf[64];
    start("hislip", "plain", NULL);
    grat_session *a = bench_session(), *b = bench_session();
    char *question = malloc(n);
    memset(question, 'x', n);
    question[n - 1] = '\0';
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    grat_op *op = fresh(300);
    EQ(grat_query_block(b, question, buf, sizeof buf, op), GRAT_ELOCKED);
    EQ(op->count, 0);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    EQ(grat_recover(b, fresh(3000)), GRAT_OK);
    op = fresh(300);
    EQ(grat_lock(a, 0, fresh(2000)), GRAT_OK);
    EQ(grat_query(b, question, buf, sizeof buf, op), GRAT_ELOCKED);
    EQ(op->count, 0);
    EQ(grat_unlock(a, fresh(2000)), GRAT_OK);
    free(question);
    grat_close(a);
    grat_close(b);
    bench_stop();
}

TEST(aborted_blocks)
{
    static char buf[1000000];
    const long n = 200;
    long aborted = 0;
    start("hislip", "plain", "link=400Mbit");
    grat_session *s = bench_session();
    alive(s);
    for (long i = 0; i < n && !test_bad; i++) {
        char text[256] = "";
        grat_op op;
        grat_op_init(&op, 1 + i % 5, NULL);
        grat_err e = grat_query_block(s, ":BLOCK? 1000000", buf, sizeof buf, &op);
        aborted += e == GRAT_ETIMEOUT;
        TRUE(e == GRAT_OK || e == GRAT_ETIMEOUT);
        EQ(grat_query(s, "*IDN?", text, sizeof text, fresh(5000)), GRAT_OK);
        STR(text, "GRATICULE,PLAIN,0,1");
    }
    TRUE(aborted > n / 2);
    grat_close(s);
    bench_stop();
}

int main(void)
{
    snprintf(address, sizeof address, "127.78.%u.%u", (unsigned)getpid() >> 8 & 255, (unsigned)getpid() & 255);
    RUN(status_and_control);
    RUN(attributes);
    RUN(overlapped);
    RUN(service_request_beside_a_read);
    RUN(service_request_in_a_task);
    RUN(service_request_for_a_message);
    RUN(locks);
    RUN(a_lock_is_waited_for);
    RUN(a_lock_that_came_too_late_is_given_back);
    RUN(interrupted);
    RUN(long_messages);
    RUN(reconnecting_beside_a_wait);
    RUN(reconnecting_beside_a_task);
    RUN(a_late_answer_is_recognised);
    RUN(a_write_that_stalls);
    RUN(a_question_that_stalls_counts_nothing);
    RUN(aborted_blocks);
    return TEST_RESULT();
}
