#include "core/offload.h"

#include "core/wait.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

typedef struct job {
    void (*fn)(void *arg), (*drop)(void *arg);
    void *arg;
    int fd;
    atomic_int owners;       /* the one who leaves last cleans up */
    atomic_bool left;        /* the caller gave up */
    atomic_bool finished;    /* orders fn's writes before the caller's reads */
} job;

static void release(job *j)
{
    if (atomic_fetch_sub(&j->owners, 1) != 1) return;
    if (atomic_load(&j->left)) j->drop(j->arg);
    close(j->fd);
    free(j);
}

static void *work(void *user)
{
    static const uint64_t one = 1;
    job *j = user;
    j->fn(j->arg);
    atomic_store(&j->finished, true);
    if (write(j->fd, &one, sizeof one) < 0) { /* an eventfd at 0 takes a 1 */
    }
    release(j);
    return NULL;
}

/* Signals are the program's business, not this thread's. */
static int start(job *j)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, old;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = pthread_create(&thread, &attr, work, j);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    return r;
}

grat_err grat__offload(grat_op *op, void (*fn)(void *arg), void *arg, void (*drop)(void *arg))
{
    job *j = malloc(sizeof *j);
    if (!j) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    *j = (job){.fn = fn, .drop = drop, .arg = arg, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    atomic_init(&j->owners, 2);
    if (j->fd < 0 || start(j)) {
        if (j->fd >= 0) close(j->fd);
        free(j);
        return grat_op_fail(op, GRAT_EBUSY, "no thread can be started");
    }
    grat_err e = grat__op_wait(op, j->fd, POLLIN);
    if (e) atomic_store(&j->left, true);
    else while (!atomic_load(&j->finished)) continue;
    release(j);
    return e;
}
