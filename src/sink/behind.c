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
    struct {
        const uint8_t *p;
        size_t n;
    } piece[GRAT__BEHIND_DEPTH];
    unsigned first, count;   /* on their way */
    uint64_t unwritten;
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
        while (!b->count && !b->leave) pthread_cond_wait(&b->changed, &b->lock);
        if (!b->count) break;
        const uint8_t *p = b->piece[b->first].p;
        size_t n = b->piece[b->first].n;
        int error = b->error;
        pthread_mutex_unlock(&b->lock);
        if (!error) error = write_piece(b->fd, p, n);
        pthread_mutex_lock(&b->lock);
        b->error = error;
        if (!error) b->unwritten -= n;
        b->first = (b->first + 1) % GRAT__BEHIND_DEPTH;
        b->count--;
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

/* At most so many are on their way. */
static int wait_for(grat__behind *b, unsigned most)
{
    while (b->count > most) pthread_cond_wait(&b->changed, &b->lock);
    return b->error;
}

int grat__behind_put(grat__behind *b, const uint8_t *piece, size_t n)
{
    pthread_mutex_lock(&b->lock);
    int error = wait_for(b, GRAT__BEHIND_DEPTH - 1);
    if (!error) {
        unsigned at = (b->first + b->count++) % GRAT__BEHIND_DEPTH;
        b->piece[at].p = piece, b->piece[at].n = n;
        b->unwritten += n;
        pthread_cond_broadcast(&b->changed);
    }
    pthread_mutex_unlock(&b->lock);
    return error;
}

uint64_t grat__behind_unwritten(grat__behind *b)
{
    pthread_mutex_lock(&b->lock);
    wait_for(b, 0);
    uint64_t n = b->unwritten;
    pthread_mutex_unlock(&b->lock);
    return n;
}

int grat__behind_drain(grat__behind *b)
{
    pthread_mutex_lock(&b->lock);
    int error = wait_for(b, 0);
    pthread_mutex_unlock(&b->lock);
    return error;
}

void grat__behind_free(grat__behind *b)
{
    if (!b) return;
    pthread_mutex_lock(&b->lock);
    wait_for(b, 0);
    b->leave = true;
    pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->lock);
    pthread_join(b->thread, NULL);
    pthread_cond_destroy(&b->changed);
    pthread_mutex_destroy(&b->lock);
    free(b);
}
