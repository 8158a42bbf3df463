#include "sink/settle.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct grat__settle {
    int fd, dir;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked, leave;
};

static void *work(void *user)
{
    grat__settle *s = user;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->asked && !s->leave) pthread_cond_wait(&s->changed, &s->lock);
        if (!s->asked) break;
        s->asked = false;
        pthread_mutex_unlock(&s->lock);
        /* The writes themselves tell what is wrong. */
        int failed = fdatasync(s->fd);
        if (s->dir >= 0) failed |= fsync(s->dir), close(s->dir);
        s->dir = -1;
        (void)failed;
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    close(s->fd);
    if (s->dir >= 0) close(s->dir);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return NULL;
}

static void not_to_be_had(int dir)
{
    if (dir >= 0) close(dir);
}

grat__settle *grat__settle_new(int fd, int dir)
{
    grat__settle *s = calloc(1, sizeof *s);
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all, old;
    if (!s) return not_to_be_had(dir), NULL;
    s->dir = dir;
    s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->changed, NULL);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    /* Signals are the program's business, not this thread's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = s->fd < 0 ? -1 : pthread_create(&thread, &attr, work, s);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    pthread_attr_destroy(&attr);
    if (!r) return s;
    if (s->fd >= 0) close(s->fd);
    pthread_cond_destroy(&s->changed);
    pthread_mutex_destroy(&s->lock);
    free(s);
    return not_to_be_had(dir), NULL;
}

void grat__settle_ask(grat__settle *s)
{
    pthread_mutex_lock(&s->lock);
    s->asked = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

void grat__settle_free(grat__settle *s)
{
    if (!s) return;
    pthread_mutex_lock(&s->lock);
    s->leave = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}
