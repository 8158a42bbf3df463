#include "sink/behind.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

struct grat__behind {
    int fd;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const uint8_t *piece;   /* NULL: none is on its way */
    size_t n;
    int error;
    bool leave;
};

static int write_piece(int fd, const uint8_t *p, size_t n)
{
    while (n) {
        ssize_t got = write(fd, p, n);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (got < 0) return errno;
        p += got;
        n -= (size_t)got;
    }
    return 0;
}

static void *work(void *user)
{
    grat__behind *b = user;
    pthread_mutex_lock(&b->lock);
    for (;;) {
        while (!b->piece && !b->leave) pthread_cond_wait(&b->changed, &b->lock);
        if (!b->piece) break;
        const uint8_t *p = b->piece;
        size_t n = b->n;
        pthread_mutex_unlock(&b->lock);
        int error = write_piece(b->fd, p, n);
        pthread_mutex_lock(&b->lock);
        b->error = error;
        b->piece = NULL;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return NULL;
}

grat__behind *grat__behind_new(int fd)
{
    grat__behind *b = calloc(1, sizeof *b);
    if (!b) return NULL;
    b->fd = fd;
    pthread_mutex_init(&b->lock, NULL);
    pthread_cond_init(&b->changed, NULL);
    /* Signals are the program's business, not this thread's. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int r = pthread_create(&b->thread, NULL, work, b);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (!r) return b;
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b);
    return NULL;
}

static int idle(grat__behind *b)
{
    while (b->piece) pthread_cond_wait(&b->changed, &b->lock);
    return b->error;
}

int grat__behind_put(grat__behind *b, const uint8_t *piece, size_t n)
{
    pthread_mutex_lock(&b->lock);
    int error = idle(b);
    if (!error) {
        b->piece = piece, b->n = n;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return error;
}

int grat__behind_drain(grat__behind *b)
{
    pthread_mutex_lock(&b->lock);
    int error = idle(b);
    pthread_mutex_unlock(&b->lock);
    return error;
}

void grat__behind_free(grat__behind *b)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    idle(b);
    b->leave = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
