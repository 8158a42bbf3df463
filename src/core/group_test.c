#include "core/offload.h"
#include "core/task.h"
#include "core/wait.h"
#include "test.h"

#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

static grat_op forever(void)
{
    grat_op op;
    grat_op_init(&op, 20000, NULL);
    return op;
}

/* ---- many tasks that ping each other over socket pairs ------------------------------------------ */

typedef struct pair {
    int fd[2];
    unsigned rounds, sum;
} pair;

static grat_err bounce(pair *p, int side, grat_op *op)
{
    unsigned char byte = 0;
    for (unsigned i = 0; i < p->rounds; i++) {
        if (side == 0 && write(p->fd[0], &byte, 1) != 1) return grat_op_fail(op, GRAT_EIO, "write");
        grat_err e = grat__op_wait(op, p->fd[side], POLLIN);
        if (e) return e;
        if (read(p->fd[side], &byte, 1) != 1) return grat_op_fail(op, GRAT_EIO, "read");
        byte++;
        if (side == 1 && write(p->fd[1], &byte, 1) != 1) return grat_op_fail(op, GRAT_EIO, "write");
    }
    if (side == 0) p->sum = byte;
    return GRAT_OK;
}

static grat_err ping(void *user, grat_op *op)
{
    return bounce(user, 0, op);
}

static grat_err pong(void *user, grat_op *op)
{
    return bounce(user, 1, op);
}

enum { PAIRS = 200, ROUNDS = 20 };

TEST(many_tasks_in_one_thread)
{
    static pair pairs[PAIRS];
    static grat_op ops[2 * PAIRS];
    grat_group *g = grat_group_new();
    for (unsigned i = 0; i < PAIRS; i++) {
        EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pairs[i].fd), 0);
        pairs[i].rounds = ROUNDS;
        for (unsigned k = 0; k < 2; k++) {
            ops[2 * i + k] = forever();
            EQ(grat_submit(g, k ? pong : ping, &pairs[i], &ops[2 * i + k], NULL), GRAT_OK);
        }
    }
    grat_op op = forever();
    EQ(grat_wait_all(g, &op), GRAT_OK);
    unsigned n = 0;
    for (grat_task *t; (t = grat_wait_any(g, &op)); grat_task_free(t), n++) EQ(grat_task_op(t)->err, GRAT_OK);
    EQ(op.err, GRAT_ENODATA);
    EQ(n, 2 * PAIRS);
    for (unsigned i = 0; i < PAIRS; i++) {
        EQ(pairs[i].sum, 2 * ROUNDS & 0xff);
        close(pairs[i].fd[0]), close(pairs[i].fd[1]);
    }
    grat_group_free(g);
}

/* ---- order, deadlines, cancels -------------------------------------------------------------------- */

static grat_err sleeper(void *user, grat_op *op)
{
    return grat_op_sleep_until(op, grat_now_ns() + (int64_t)(intptr_t)user * 1000000);
}

TEST(the_first_to_end_comes_first)
{
    static const int ms[] = {60, 20, 40};
    grat_op ops[3];
    grat_group *g = grat_group_new();
    for (unsigned i = 0; i < 3; i++) {
        ops[i] = forever();
        grat_submit(g, sleeper, (void *)(intptr_t)ms[i], &ops[i], NULL);
    }
    grat_op op = forever();
    static const int order[] = {20, 40, 60};
    for (unsigned i = 0; i < 3; i++) {
        grat_task *t = grat_wait_any(g, &op);
        TRUE(t && grat_task_done(t));
        EQ((intptr_t)grat_task_user(t), order[i]);
        grat_task_free(t);
    }
    grat_group_free(g);
}

TEST(deadlines_of_tasks_and_of_the_wait_are_apart)
{
    grat_op late, slow, wait;
    grat_group *g = grat_group_new();
    grat_op_init(&late, 30, NULL);
    slow = forever();
    grat_submit(g, sleeper, (void *)5000, &late, NULL);
    grat_submit(g, sleeper, (void *)150, &slow, NULL);
    grat_op_init(&wait, 100, NULL);
    grat_task *t = grat_wait_any(g, &wait);
    TRUE(t && grat_task_op(t) == &late);
    EQ(late.err, GRAT_ETIMEOUT);
    grat_task_free(t);
    TRUE(!grat_wait_any(g, &wait));
    EQ(wait.err, GRAT_ETIMEOUT);
    wait = forever();
    t = grat_wait_any(g, &wait);
    TRUE(t && grat_task_op(t) == &slow);
    EQ(slow.err, GRAT_OK);
    grat_task_free(t);
    grat_group_free(g);
}

static void *cancel_soon(void *task)
{
    usleep(30000);
    grat_task_cancel(task);
    return NULL;
}

TEST(one_task_is_cancelled_from_a_thread)
{
    grat_op a = forever(), b = forever(), wait = forever();
    grat_task *ta, *tb;
    pthread_t thread;
    grat_group *g = grat_group_new();
    grat_submit(g, sleeper, (void *)10000, &a, &ta);
    grat_submit(g, sleeper, (void *)60, &b, &tb);
    pthread_create(&thread, NULL, cancel_soon, ta);
    TRUE(grat_wait_any(g, &wait) == ta);
    EQ(a.err, GRAT_ECANCELED);
    TRUE(grat_wait_any(g, &wait) == tb);
    EQ(b.err, GRAT_OK);
    pthread_join(thread, NULL);
    grat_task_free(ta), grat_task_free(tb);
    grat_group_free(g);
}

TEST(a_shared_cancel_ends_all)
{
    enum { N = 50 };
    static grat_op ops[N];
    grat_cancel *c = grat_cancel_new();
    grat_group *g = grat_group_new();
    for (unsigned i = 0; i < N; i++) {
        grat_op_init(&ops[i], 20000, c);
        grat_submit(g, sleeper, (void *)15000, &ops[i], NULL);
    }
    grat_op op;
    grat_op_init(&op, 20, NULL);
    EQ(grat_wait_all(g, &op), GRAT_ETIMEOUT);
    grat_cancel_fire(c);
    op = forever();
    EQ(grat_wait_all(g, &op), GRAT_OK);
    for (unsigned i = 0; i < N; i++) EQ(ops[i].err, GRAT_ECANCELED);
    grat_group_free(g);
    grat_cancel_free(c);
}

TEST(freeing_a_group_ends_its_tasks)
{
    grat_op a = forever(), b = forever(), op;
    grat_group *g = grat_group_new();
    grat_submit(g, sleeper, (void *)15000, &a, NULL);
    grat_op_init(&op, 5, NULL);
    grat_wait_any(g, &op);
    grat_submit(g, sleeper, (void *)15000, &b, NULL);
    grat_group_free(g);
    EQ(a.err, GRAT_ECANCELED);
    EQ(b.err, GRAT_ECANCELED);
}

/* ---- submitting from a thread and from a task --------------------------------------------------------- */

typedef struct later {
    grat_group *g;
    grat_op op;
    int64_t ran_ns;
} later;

static grat_err note_time(void *user, grat_op *op)
{
    later *l = user;
    (void)op;
    l->ran_ns = grat_now_ns();
    return GRAT_OK;
}

static void *submit_soon(void *user)
{
    later *l = user;
    usleep(30000);
    grat_submit(l->g, note_time, l, &l->op, NULL);
    return NULL;
}

TEST(a_submission_wakes_the_waiting_thread)
{
    later l = {.g = grat_group_new(), .op = forever()};
    grat_op slow = forever(), wait = forever();
    pthread_t thread;
    grat_submit(l.g, sleeper, (void *)400, &slow, NULL);
    pthread_create(&thread, NULL, submit_soon, &l);
    grat_task *t = grat_wait_any(l.g, &wait);
    TRUE(t && grat_task_op(t) == &l.op);
    pthread_join(thread, NULL);
    grat_task_free(t);
    grat_group_free(l.g);
}

static grat_err with_inner_group(void *user, grat_op *op)
{
    grat_op inner[4];
    grat_group *g = grat_group_new();
    (void)user;
    for (unsigned i = 0; i < 4; i++) {
        grat_op_init(&inner[i], 5000, NULL);
        grat_submit(g, sleeper, (void *)20, &inner[i], NULL);
    }
    grat_err e = grat_wait_all(g, op);
    for (unsigned i = 0; i < 4; i++) TRUE(inner[i].err == GRAT_OK);
    grat_group_free(g);
    return e;
}

TEST(a_task_can_wait_for_a_group_of_its_own)
{
    grat_op ops[3], wait = forever();
    grat_group *g = grat_group_new();
    for (unsigned i = 0; i < 3; i++) {
        ops[i] = forever();
        grat_submit(g, with_inner_group, NULL, &ops[i], NULL);
    }
    EQ(grat_wait_all(g, &wait), GRAT_OK);
    for (unsigned i = 0; i < 3; i++) EQ(ops[i].err, GRAT_OK);
    grat_group_free(g);
}

/* ---- a descriptor's number is used again ---------------------------------------------------------------- */

static grat_err reuse_number(void *user, grat_op *op)
{
    int fd[2];
    char byte;
    (void)user;
    for (unsigned i = 0; i < 5; i++) {
        grat_op once;
        grat_op_init(&once, 10, NULL);
        EQ(pipe(fd), 0);
        EQ(grat__op_wait(&once, fd[0], POLLIN), GRAT_ETIMEOUT);
        close(fd[0]), close(fd[1]);
        EQ(pipe(fd), 0);
        EQ(write(fd[1], "x", 1), 1);
        EQ(grat__op_wait(op, fd[0], POLLIN), GRAT_OK);
        EQ(read(fd[0], &byte, 1), 1);
        close(fd[0]), close(fd[1]);
    }
    return GRAT_OK;
}

TEST(closed_descriptors_are_forgotten)
{
    grat_op op, wait = forever();
    grat_group *g = grat_group_new();
    grat_op_init(&op, 3000, NULL);
    grat_submit(g, reuse_number, NULL, &op, NULL);
    EQ(grat_wait_all(g, &wait), GRAT_OK);
    EQ(op.err, GRAT_OK);
    grat_group_free(g);
}

/* ---- calls that can only block ------------------------------------------------------------------------------ */

typedef struct slow_call {
    int ms;
    int done;
} slow_call;

static void block(void *arg)
{
    slow_call *c = arg;
    usleep((useconds_t)c->ms * 1000);
    c->done = 1;
}

static int dropped[2];

static void drop(void *arg)
{
    static const char one = 1;
    free(arg);
    if (write(dropped[1], &one, 1) != 1) abort();
}

TEST(a_blocking_call_has_a_deadline)
{
    slow_call *c = calloc(1, sizeof *c);
    grat_op op = forever();
    char byte;
    EQ(pipe(dropped), 0);
    c->ms = 10;
    EQ(grat__offload(&op, block, c, drop), GRAT_OK);
    EQ(c->done, 1);
    c->ms = 200;
    int64_t start = grat_now_ns();
    grat_op_init(&op, 20, NULL);
    EQ(grat__offload(&op, block, c, drop), GRAT_ETIMEOUT);
    TRUE(grat_now_ns() - start < 190000000);
    EQ(read(dropped[0], &byte, 1), 1); /* it was given back, once */
    close(dropped[0]), close(dropped[1]);
}

static grat_err offload_in_task(void *user, grat_op *op)
{
    slow_call *c = user;
    return grat__offload(op, block, c, drop);
}

TEST(blocking_calls_run_together_in_tasks)
{
    enum { N = 8 };
    static slow_call c[N];
    static grat_op ops[N];
    grat_op wait = forever();
    grat_group *g = grat_group_new();
    int64_t start = grat_now_ns();
    for (unsigned i = 0; i < N; i++) {
        c[i].ms = 250;
        ops[i] = forever();
        grat_submit(g, offload_in_task, &c[i], &ops[i], NULL);
    }
    EQ(grat_wait_all(g, &wait), GRAT_OK);
    TRUE(grat_now_ns() - start < N * 250000000LL);
    for (unsigned i = 0; i < N; i++) EQ(c[i].done, 1);
    grat_group_free(g);
}

static grat_err deep(void *user, grat_op *op)
{
    char page[100 * 1024];
    memset(page, (int)(intptr_t)user, sizeof page);
    grat_err e = grat_op_sleep_until(op, grat_now_ns() + 1000000);
    for (size_t i = 0; i < sizeof page; i += 4096) TRUE(page[i] == (char)(intptr_t)user);
    return e;
}

TEST(stacks_are_apart_and_as_large_as_promised)
{
    grat_op ops[8], wait = forever();
    grat_group *g = grat_group_new();
    for (unsigned i = 0; i < 8; i++) {
        ops[i] = forever();
        grat_submit(g, deep, (void *)(intptr_t)(i + 1), &ops[i], NULL);
    }
    EQ(grat_wait_all(g, &wait), GRAT_OK);
    grat_group_free(g);
}

int main(void)
{
    RUN(many_tasks_in_one_thread);
    RUN(the_first_to_end_comes_first);
    RUN(deadlines_of_tasks_and_of_the_wait_are_apart);
    RUN(one_task_is_cancelled_from_a_thread);
    RUN(a_shared_cancel_ends_all);
    RUN(freeing_a_group_ends_its_tasks);
    RUN(a_submission_wakes_the_waiting_thread);
    RUN(a_task_can_wait_for_a_group_of_its_own);
    RUN(closed_descriptors_are_forgotten);
    RUN(a_blocking_call_has_a_deadline);
    RUN(blocking_calls_run_together_in_tasks);
    RUN(stacks_are_apart_and_as_large_as_promised);
    return TEST_RESULT();
}
