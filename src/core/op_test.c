#include "core/wait.h"

#include <graticule/binding.h>

#include "test.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void *fire_soon(void *c)
{
    usleep(20000);
    grat_cancel_fire(c);
    return NULL;
}

TEST(deadline_ends_a_wait)
{
    int fd[2];
    EQ(pipe(fd), 0);
    grat_op op;
    grat_op_init(&op, 20, NULL);
    int64_t start = grat_now_ns();
    EQ(grat__op_wait(&op, fd[0], POLLIN), GRAT_ETIMEOUT);
    TRUE(grat_now_ns() - start >= 20000000);
    EQ(op.err, GRAT_ETIMEOUT);
    TRUE(op.text[0]);
    close(fd[0]), close(fd[1]);
}

TEST(cancel_from_a_thread_ends_a_wait)
{
    int fd[2];
    EQ(pipe(fd), 0);
    grat_cancel *c = grat_cancel_new();
    grat_op op;
    grat_op_init(&op, 60000, c);
    pthread_t t;
    pthread_create(&t, NULL, fire_soon, c);
    EQ(grat__op_wait(&op, fd[0], POLLIN), GRAT_ECANCELED);
    pthread_join(t, NULL);
    EQ(grat_op_sleep_until(&op, grat_now_ns() + 1000000000), GRAT_ECANCELED);
    grat_cancel_reset(c);
    EQ(grat_op_sleep_until(&op, grat_now_ns() + 1000000), GRAT_OK);
    grat_cancel_free(c);
    close(fd[0]), close(fd[1]);
}

TEST(data_wins_when_it_is_there)
{
    int fd[2];
    EQ(pipe(fd), 0);
    EQ(write(fd[1], "x", 1), 1);
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    EQ(grat__op_wait(&op, fd[0], POLLIN), GRAT_OK);
    close(fd[0]), close(fd[1]);
}

TEST(child_never_outlives_its_parent)
{
    grat_op op, child;
    grat_op_init(&op, 10, NULL);
    grat__op_child(&child, &op, 5000);
    EQ(child.deadline_ns, op.deadline_ns);
    grat__op_child(&child, &op, 0);
    TRUE(child.deadline_ns < op.deadline_ns);
    grat_op_init(&op, INT64_MAX, NULL);
    EQ(op.deadline_ns, INT64_MAX);
}

TEST(errors_have_names)
{
    STR(grat_strerror(GRAT_ETIMEOUT), "timed out");
    STR(grat_err_name(GRAT_ENODATA), "ENODATA");
    STR(grat_strerror((grat_err)999), "unknown error");
}

static volatile sig_atomic_t seen;
static void on_signal(int number)
{
    (void)number;
    seen++;
}

TEST(a_held_sigint_cancels_and_is_counted)
{
    grat_cancel *outer = grat_cancel_new(), *inner = grat_cancel_new();
    EQ(grat_sigint_hold(outer), false); /* the default action stays */
    EQ(grat_sigint_release(), 0);
    signal(SIGINT, on_signal);
    EQ(grat_sigint_hold(outer), true);
    EQ(grat_sigint_hold(inner), true);
    EQ(grat_sigint_depth(), 2);
    raise(SIGINT);
    TRUE(grat_cancel_fired(outer) && grat_cancel_fired(inner));
    EQ(grat_sigint_release(), 1);
    grat_cancel_reset(inner);
    raise(SIGINT);
    TRUE(!grat_cancel_fired(inner));
    EQ(grat_sigint_release(), 2);
    EQ(grat_sigint_depth(), 0);
    EQ(seen, 0);
    raise(SIGINT);
    EQ(seen, 1);
    EQ(grat_sigint_hold(outer), true);
    signal(SIGINT, SIG_IGN); /* what the program sets meanwhile stays */
    EQ(grat_sigint_release(), 0);
    raise(SIGINT);
    EQ(seen, 1);
    EQ(grat_sigint_hold(outer), false);
    signal(SIGINT, SIG_DFL);
    grat_cancel_free(outer), grat_cancel_free(inner);
}

int main(void)
{
    RUN(a_held_sigint_cancels_and_is_counted);
    RUN(deadline_ends_a_wait);
    RUN(cancel_from_a_thread_ends_a_wait);
    RUN(data_wins_when_it_is_there);
    RUN(child_never_outlives_its_parent);
    RUN(errors_have_names);
    return TEST_RESULT();
}
