/* Many sessions in one process and one thread: many COUNT ROUNDS RESOURCE...
 * opens COUNT sessions at once, spread over the resources, asks each ROUNDS times for an answer of its own, all at
 * once, and prints KiB of memory per session, seconds to open, microseconds per query. */
#include <graticule/graticule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct one {
    const char *resource;
    unsigned number, rounds;
    grat_session *s;
    grat_op op;
} one;

static grat_err open_one(void *user, grat_op *op)
{
    one *o = user;
    return grat_open(o->resource, NULL, op, &o->s);
}

static grat_err ask(void *user, grat_op *op)
{
    one *o = user;
    char command[64], text[64];

    for (unsigned i = 0; i < o->rounds; i++) {
        snprintf(command, sizeof command, ":ECHO? session-%u-round-%u", o->number, i);
        grat_err e = grat_query(o->s, command, text, sizeof text, op);
        if (e) return e;
        if (strcmp(text, command + 7) != 0)
            return grat_op_fail(op, GRAT_EPROTO, "%s was answered by %s", command, text);
    }
    return GRAT_OK;
}

static long rss_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
    if (f) fclose(f);
    return pages * 4;
}

/* All at once; the seconds, or -1. */
static double together(one *list, unsigned n, grat_task_fn fn)
{
    grat_group *g = grat_group_new();
    grat_op op;
    int64_t begin = grat_now_ns();
    unsigned bad = 0;

    for (unsigned i = 0; i < n; i++) {
        grat_op_init(&list[i].op, 60000, NULL);
        grat_submit(g, fn, &list[i], &list[i].op, NULL);
    }
    grat_op_init(&op, 120000, NULL);
    for (grat_task *t; (t = grat_wait_any(g, &op)); grat_task_free(t)) {
        if (!grat_task_op(t)->err) continue;
        if (!bad++) fprintf(stderr, "many: %s\n", grat_task_op(t)->text);
    }
    double s = (double)(grat_now_ns() - begin) * 1e-9;
    if (op.err != GRAT_ENODATA) bad++;
    grat_group_free(g);
    return bad ? -1 : s;
}

int main(int argc, char **argv)
{
    double count, rounds;
    grat_op op;

    grat_op_init(&op, 1000, NULL);
    if (argc < 4 || grat_parse_quantity(argv[1], "", &count, &op) || grat_parse_quantity(argv[2], "", &rounds, &op)) {
        fprintf(stderr, "usage: many COUNT ROUNDS RESOURCE...\n");
        return 2;
    }
    unsigned n = (unsigned)count;
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    one *list = calloc(n, sizeof *list);
    if (!list) return 1;
    long before = rss_kib();
    for (unsigned i = 0; i < n; i++)
        list[i] = (one){.resource = argv[3 + i % (unsigned)(argc - 3)], .number = i, .rounds = (unsigned)rounds};
    double opened = together(list, n, open_one);
    double asked = opened < 0 ? -1 : together(list, n, ask);
    long after = rss_kib();
    for (unsigned i = 0; i < n; i++) grat_close(list[i].s);
    free(list);
    if (opened < 0 || asked < 0) return 1;
    printf("%.2f %.3f %.2f\n", (double)(after - before) / n, opened, asked / n / rounds * 1e6);
    return 0;
}
