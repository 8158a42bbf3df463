/* A thousand sessions in one process, all busy at once in one thread; and what one that fails does to the others. */
#include "test.h"

#include "sim_bench.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_FACTOR 4
#else
#define MEMORY_FACTOR 1
#endif

enum { SESSIONS = 1000, ROUNDS = 3, INSTRUMENTS = 10 };

typedef struct one {
    const char *resource;
    unsigned number;
    grat_session *s;
    grat_op op;
} one;

static one list[SESSIONS];

static grat_err open_one(void *user, grat_op *op)
{
    one *o = user;
    return grat_open(o->resource, NULL, op, &o->s);
}

static grat_err ask(void *user, grat_op *op)
{
    one *o = user;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char command[64], text[64];
        snprintf(command, sizeof command, ":ECHO? session-%u-round-%u", o->number, i);
        grat_err e = grat_query(o->s, command, text, sizeof text, op);
        if (e) return e;
        if (strcmp(text, command + 7) != 0) return grat_op_fail(op, GRAT_EPROTO, "wrong answer %s", text);
    }
    return GRAT_OK;
}

/* Every tenth asks something that is never answered. */
static grat_err ask_or_hang(void *user, grat_op *op)
{
    one *o = user;
    char text[64];
    if (o->number % 10) return ask(user, op);
    return grat_query(o->s, ":NO:SUCH?", text, sizeof text, op);
}

static unsigned together(grat_task_fn fn, int64_t ms)
{
    grat_group *g = grat_group_new();
    grat_op op;
    unsigned failed = 0;
    for (unsigned i = 0; i < SESSIONS; i++) {
        grat_op_init(&list[i].op, ms, NULL);
        EQ(grat_submit(g, fn, &list[i], &list[i].op, NULL), GRAT_OK);
    }
    grat_op_init(&op, 60000, NULL);
    for (grat_task *t; (t = grat_wait_any(g, &op)); grat_task_free(t)) failed += grat_task_op(t)->err != GRAT_OK;
    EQ(op.err, GRAT_ENODATA);
    grat_group_free(g);
    return failed;
}

static long rss_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * 4;
}

TEST(a_thousand_sessions)
{
    long before = rss_kib();
    for (unsigned i = 0; i < SESSIONS; i++)
        list[i] = (one){.resource = grat_sim_resource(bench.sim, i % INSTRUMENTS), .number = i};
    EQ(together(open_one, 20000), 0);
    EQ(together(ask, 20000), 0);
    long each = (rss_kib() - before) / SESSIONS;
    printf("     %ld KiB a session, with the simulator's side of it\n", each);
    TRUE(each <= 64 * MEMORY_FACTOR);
}

TEST(some_hang_and_the_others_do_not_notice)
{
    EQ(together(ask_or_hang, 3000), SESSIONS / 10);
    for (unsigned i = 0; i < SESSIONS; i++) EQ(list[i].op.err, i % 10 ? GRAT_OK : GRAT_ETIMEOUT);
    EQ(together(ask, 20000), 0); /* those recover by themselves */
}

static unsigned threads(void)
{
    char line[128];
    unsigned n = 0;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof line, f))
        if (strncmp(line, "Threads:", 8) == 0) n = (unsigned)(line[9] - '0');
    if (f) fclose(f);
    return n;
}

int main(void)
{
    static grat_sim_instrument what[INSTRUMENTS];
    static char address[INSTRUMENTS][20];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    if (files.rlim_cur < 2 * SESSIONS + 100) {
        printf("SKIP: only %lu open files are allowed, %d are needed\n", (unsigned long)files.rlim_cur,
               2 * SESSIONS + 100);
        return 77;
    }
    for (unsigned i = 0; i < INSTRUMENTS; i++) {
        snprintf(address[i], sizeof address[i], "127.70.%u.%u", (unsigned)getpid() % 250, i + 1);
        what[i] = (grat_sim_instrument){.model = "plain", .address = address[i], .wires = "raw"};
    }
    if (!bench_start(what, INSTRUMENTS)) return 1;
    RUN(a_thousand_sessions);
    EQ(threads(), 2); /* this one and the simulator's */
    RUN(some_hang_and_the_others_do_not_notice);
    for (unsigned i = 0; i < SESSIONS; i++) grat_close(list[i].s);
    bench_stop();
    return TEST_RESULT();
}
