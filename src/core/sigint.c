#include <graticule/binding.h>

#include <signal.h>
#include <stdatomic.h>

/* The handler may run between any two lines: an entry is whole before `depth` covers it. */
static struct {
    atomic_int depth;
    _Atomic(grat_cancel *) cancel[GRAT_SIGINT_HOLDS];
    unsigned before[GRAT_SIGINT_HOLDS];
    atomic_uint came;
    struct sigaction old;
} holds;

static void on_sigint(int number)
{
    (void)number;
    atomic_fetch_add(&holds.came, 1);
    for (int i = atomic_load(&holds.depth) - 1; i >= 0; i--) {
        grat_cancel *c = atomic_load(&holds.cancel[i]);
        if (c) grat_cancel_fire(c);
    }
}

bool grat_sigint_hold(grat_cancel *c)
{
    int depth = atomic_load(&holds.depth);
    if (depth == GRAT_SIGINT_HOLDS) return false;
    holds.before[depth] = atomic_load(&holds.came);
    atomic_store(&holds.cancel[depth], c);
    atomic_store(&holds.depth, depth + 1);
    if (depth) return true;
    struct sigaction mine = {.sa_handler = on_sigint, .sa_flags = SA_ONSTACK};
    sigemptyset(&mine.sa_mask);
    if (sigaction(SIGINT, &mine, &holds.old) == 0) {
        /* sa_handler and sa_sigaction share their place; neither constant is a handler with SA_SIGINFO. */
        if (holds.old.sa_handler != SIG_DFL && holds.old.sa_handler != SIG_IGN) return true;
        sigaction(SIGINT, &holds.old, NULL);
    }
    atomic_store(&holds.depth, 0);
    return false;
}

unsigned grat_sigint_depth(void)
{
    return (unsigned)atomic_load(&holds.depth);
}

unsigned grat_sigint_release(void)
{
    int depth = atomic_load(&holds.depth) - 1;
    if (depth < 0) return 0;
    struct sigaction now;
    /* A handler that was set meanwhile stays. */
    if (depth == 0 && sigaction(SIGINT, &holds.old, &now) == 0 && now.sa_handler != on_sigint)
        sigaction(SIGINT, &now, NULL);
    atomic_store(&holds.depth, depth);
    atomic_store(&holds.cancel[depth], NULL);
    return atomic_load(&holds.came) - holds.before[depth];
}
