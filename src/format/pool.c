#include "format/pool.h"

#include "core/str.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum { MOST_THREADS = 8, SPARE = 2, SLOTS = MOST_THREADS + SPARE };

typedef enum state { FREE, READY, BUSY, DONE } state;

struct grat__pool {
    grat__pool_kind kind;
    unsigned slots, threads;
    unsigned first, count;   /* started and not handed back; they lie in a ring */
    void *job[SLOTS];
    state state[SLOTS];
    pthread_t thread[MOST_THREADS];
    pthread_mutex_t lock;
    pthread_cond_t ready, done;   /* for the threads; for the caller */
    bool leave;
};

/* The oldest that nobody works on; `slots` when there is none. */
static unsigned next_ready(const grat__pool *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        unsigned at = (p->first + i) % p->slots;
        if (p->state[at] == READY) return at;
    }
    return p->slots;
}

/* With the lock. */
static bool work_one(grat__pool *p)
{
    unsigned at = next_ready(p);
    if (at == p->slots) return false;
    p->state[at] = BUSY;
    pthread_mutex_unlock(&p->lock);
    p->kind.work(p->job[at]);
    pthread_mutex_lock(&p->lock);
    p->state[at] = DONE;
    pthread_cond_signal(&p->done);
    return true;
}

static void *run(void *user)
{
    grat__pool *p = user;
    pthread_mutex_lock(&p->lock);
    while (!p->leave)
        if (!work_one(p)) pthread_cond_wait(&p->ready, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

/* Those that this program may use. */
static int processors(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

static unsigned threads_wanted(void)
{
    const char *text = getenv("GRATICULE_THREADS");
    int n;
    if (!text || !grat__parse_int(text, &n) || n < 1) n = processors();
    return n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

static void start_threads(grat__pool *p, unsigned wanted)
{
    sigset_t all, old;
    /* Signals are the program's business, not these threads'. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    while (p->threads < wanted && !pthread_create(&p->thread[p->threads], NULL, run, p)) p->threads++;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
}

grat__pool *grat__pool_new(const grat__pool_kind *kind, bool alone)
{
    unsigned wanted = alone ? 1 : threads_wanted();
    grat__pool *p = calloc(1, sizeof *p);
    if (!p) return NULL;
    p->kind = *kind;
    p->slots = wanted > 1 ? wanted + SPARE : 1;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->ready, NULL);
    pthread_cond_init(&p->done, NULL);
    for (unsigned i = 0; i < p->slots; i++) {
        p->job[i] = calloc(1, kind->job_size);
        if (p->job[i]) continue;
        p->slots = i;
        grat__pool_free(p);
        return NULL;
    }
    if (wanted > 1) start_threads(p, wanted);
    return p;
}

/* Hands back the oldest; with `wait`, does what is to be done for that. *any is false when none is done. */
static grat_err hand_back(grat__pool *p, bool wait, bool *any, grat_op *op)
{
    pthread_mutex_lock(&p->lock);
    while (wait && p->count && p->state[p->first] != DONE)
        if (!work_one(p)) pthread_cond_wait(&p->done, &p->lock);
    *any = p->count && p->state[p->first] == DONE;
    pthread_mutex_unlock(&p->lock);
    if (!*any) return GRAT_OK;
    grat_err err = p->kind.done(p->kind.user, p->job[p->first], op);
    pthread_mutex_lock(&p->lock);
    p->state[p->first] = FREE;
    p->first = (p->first + 1) % p->slots;
    p->count--;
    pthread_mutex_unlock(&p->lock);
    return err;
}

grat_err grat__pool_take(grat__pool *p, grat_op *op, void **job)
{
    bool any = true;
    grat_err err = grat_op_check(op);
    while (!err && any) err = hand_back(p, p->count == p->slots, &any, op);
    *job = p->job[(p->first + p->count) % p->slots];
    return err;
}

void grat__pool_start(grat__pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->state[(p->first + p->count++) % p->slots] = READY;
    if (p->threads) pthread_cond_signal(&p->ready);
    else work_one(p);
    pthread_mutex_unlock(&p->lock);
}

grat_err grat__pool_drain(grat__pool *p, grat_op *op)
{
    bool any = true;
    grat_err err = GRAT_OK;
    while (!err && any) err = hand_back(p, true, &any, op);
    return err;
}

void grat__pool_free(grat__pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->leave = true;
    pthread_cond_broadcast(&p->ready);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads; i++) pthread_join(p->thread[i], NULL);
    for (unsigned i = 0; i < p->slots; i++) {
        p->kind.fini(p->job[i]);
        free(p->job[i]);
    }
    pthread_cond_destroy(&p->ready);
    pthread_cond_destroy(&p->done);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
