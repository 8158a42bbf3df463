/* Sixteen threads on a few sessions at once: no order of calls may hang, crash or race. With `make tsan` the thread
 * sanitizer watches. What each call returns is free but for the codes that would mean a mix-up. */
#include <visa.h>

#include "test.h"

#include "sim_bench.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 16, SESSIONS = 4, FIRST_OWN = 2, RUN_MS = 2500 };

static ViSession rm;
static _Atomic ViSession shared[SESSIONS];
static const char *names[SESSIONS];
static _Atomic bool over;
static _Atomic unsigned calls, mixed_up, handled;

static ViStatus handler(ViSession vi, ViEventType type, ViEvent context, ViAddr user)
{
    ViStatus status;
    ViUInt32 v;
    (void)user;
    if (type == VI_EVENT_IO_COMPLETION) viGetAttribute(context, VI_ATTR_STATUS, &status);
    viGetAttribute(vi, VI_ATTR_TMO_VALUE, &v);
    handled++;
    return VI_SUCCESS;
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 16;
}

static ViSession reopened(unsigned i)
{
    ViSession vi = VI_NULL;
    if (viOpen(rm, names[i], VI_NULL, 0, &vi) == VI_SUCCESS) viSetAttribute(vi, VI_ATTR_TMO_VALUE, 30);
    return vi;
}

static void replace(unsigned i)
{
    ViSession old = atomic_exchange(&shared[i], reopened(i));
    if (old) viClose(old);
}

/* A session of its own must answer its own question. VXI-11 instruments have one answer for all their links, and the
 * other threads may read it. */
static void own_session(unsigned i)
{
    char buf[256] = "";
    ViUInt32 n = 0;
    ViSession vi = reopened(i);
    if (!vi) return;
    viSetAttribute(vi, VI_ATTR_TMO_VALUE, 5000);
    viSetAttribute(vi, VI_ATTR_TERMCHAR_EN, 1);
    ViStatus st = viWrite(vi, (ViConstBuf)"*IDN?\n", 6, NULL);
    if (st == VI_SUCCESS) st = viRead(vi, (ViPBuf)buf, sizeof buf - 1, &n);
    if (st >= 0 && !strstr(buf, "PLAIN")) mixed_up += i >= FIRST_OWN;
    viClose(vi);
}

static void transfers(ViSession vi, uint32_t *seed)
{
    static _Thread_local char buf[64][32]; /* each stays untouched until its session is closed */
    static _Thread_local unsigned at;
    ViJobId job = 0;
    char *mine = buf[at++ % 64];
    ViStatus st = next(seed) % 2 ? viReadAsync(vi, (ViPBuf)mine, 16, &job)
                                 : viWriteAsync(vi, (ViConstBuf)"*CLS\n", 5, &job);
    if (!st && next(seed) % 2) viTerminate(vi, VI_NULL, job);
}

static void events(ViSession vi, uint32_t *seed)
{
    switch (next(seed) % 6) {
    case 0: viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_QUEUE, VI_NULL); break;
    case 1: viInstallHandler(vi, VI_EVENT_IO_COMPLETION, handler, NULL); break;
    case 2: viEnableEvent(vi, VI_EVENT_IO_COMPLETION, VI_HNDLR, VI_NULL); break;
    case 3: viUninstallHandler(vi, VI_EVENT_IO_COMPLETION, VI_ANY_HNDLR, NULL); break;
    case 4: viWaitOnEvent(vi, VI_ALL_ENABLED_EVENTS, 5, NULL, NULL); break;
    default: viDiscardEvents(vi, VI_ALL_ENABLED_EVENTS, VI_ALL_MECH); break;
    }
    if (next(seed) % 8 == 0) viEnableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE, VI_NULL);
    if (next(seed) % 8 == 0) viDisableEvent(vi, VI_EVENT_SERVICE_REQ, VI_QUEUE);
}

static void one_call(unsigned i, uint32_t *seed)
{
    char buf[64];
    ViUInt32 n;
    ViUInt16 stb;
    ViSession vi = shared[i];
    switch (next(seed) % 12) {
    case 0: viRead(vi, (ViPBuf)buf, sizeof buf, &n); break;
    case 1:
    case 2: viWrite(vi, (ViConstBuf)"*IDN?\n", 6, &n); break;
    case 3: viReadSTB(vi, &stb); break;
    case 4: viTerminate(vi, VI_NULL, VI_NULL); break;
    case 5: transfers(vi, seed); break;
    case 6:
    case 7: events(vi, seed); break;
    case 8:
        if (viLock(vi, next(seed) % 2 ? VI_EXCLUSIVE_LOCK : VI_SHARED_LOCK, 5, NULL, buf) >= 0) viUnlock(vi);
        break;
    case 9: viGetAttribute(vi, VI_ATTR_RSRC_LOCK_STATE, &n); break;
    case 10: viFlush(vi, VI_READ_BUF_DISCARD); break;
    default:
        if (next(seed) % 4 == 0) viClear(vi);
        if (next(seed) % 4 == 0) replace(i);
        if (next(seed) % 4 == 0) own_session(i);
    }
    calls++;
}

static void *work(void *arg)
{
    uint32_t seed = (uint32_t)(uintptr_t)arg * 7919 + 1;
    while (!over) one_call(next(&seed) % SESSIONS, &seed);
    return NULL;
}

TEST(everything_at_once)
{
    pthread_t threads[THREADS];
    grat_sim_instrument one = {.model = "plain", .address = "127.0.0.79", .wires = "vxi11,raw", .no_portmapper = true};
    grat_op op;
    TRUE(bench_start(&one, 1));
    names[0] = names[1] = grat_sim_resource(bench.sim, 0);
    names[2] = grat_sim_resource(bench.sim, 1);
    names[3] = "SIM::plain";
    for (unsigned i = 0; i < SESSIONS; i++) shared[i] = reopened(i);
    for (uintptr_t i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, (void *)i);
    grat_op_init(&op, INT64_MAX, NULL);
    grat_op_sleep_until(&op, grat_now_ns() + RUN_MS * (int64_t)1000000);
    over = true;
    for (unsigned i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    EQ(viClose(rm), VI_SUCCESS);
    bench_stop();
    printf("%u calls, %u events handled\n", calls, handled);
    EQ(mixed_up, 0);
    TRUE(calls > 50);
}

int main(void)
{
    setenv("GRATICULE_CONFIG", "/dev/null", 1);
    EQ(viOpenDefaultRM(&rm), VI_SUCCESS);
    RUN(everything_at_once);
    return TEST_RESULT();
}
