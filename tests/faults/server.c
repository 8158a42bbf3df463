#include "server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_RESULTS 1024

typedef struct result {
    char name[96], reason[400];
    char kind; /* p, f, s */
} result;

static result results[MAX_RESULTS];
static unsigned results_count;
static pthread_mutex_t results_lock = PTHREAD_MUTEX_INITIALIZER;

static void *serve(void *arg)
{
    server *s = arg;
    grat_op op;

    grat_op_init(&op, 3600 * 1000, NULL);
    grat_sim_run(s->sim, s->stop, &op);
    return NULL;
}

grat_err server_start(server *s, const char *wire, const grat_sim_instrument *what, uint64_t seed)
{
    grat_sim_instrument one = *what;
    grat_op op;
    grat_err err;

    memset(s, 0, sizeof *s);
    one.wires = wire;
    one.no_portmapper = true;
    grat_op_init(&op, 5000, NULL);
    err = grat_sim_new(&one, 1, seed, &op, &s->sim);
    if (err != GRAT_OK) {
        snprintf(s->why, sizeof s->why, "%s: %s", grat_err_name(err), op.text);
        return err;
    }
    snprintf(s->resource, sizeof s->resource, "%s", grat_sim_resource(s->sim, 0));
    s->stop = grat_cancel_new();
    if (!s->stop || pthread_create(&s->thread, NULL, serve, s) != 0) {
        grat_cancel_free(s->stop);
        grat_sim_free(s->sim);
        snprintf(s->why, sizeof s->why, "no thread or descriptor");
        return GRAT_ENOMEM;
    }
    s->running = true;
    return GRAT_OK;
}

void server_stop(server *s)
{
    if (!s->running) return;
    grat_cancel_fire(s->stop);
    pthread_join(s->thread, NULL);
    grat_sim_free(s->sim);
    grat_cancel_free(s->stop);
    s->running = false;
}

static uint8_t pattern_at(size_t i)
{
    i &= 0xFFFFF;
    return (uint8_t)(i * 7 + (i >> 8));
}

void pattern_fill(uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) out[i] = pattern_at(i);
}

bool pattern_is(const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (data[i] != pattern_at(i)) return false;
    return true;
}

static void keep(const char *name, char kind, const char *reason)
{
    pthread_mutex_lock(&results_lock);
    if (kind != 'p') printf("%s %s: %s\n", kind == 's' ? "skip" : "FAIL", name, reason);
    if (results_count < MAX_RESULTS) {
        result *r = &results[results_count++];

        snprintf(r->name, sizeof r->name, "%s", name);
        snprintf(r->reason, sizeof r->reason, "%s", reason);
        r->kind = kind;
    }
    pthread_mutex_unlock(&results_lock);
}

void result_add(const char *name, const char *reason)
{
    keep(name, reason ? 'f' : 'p', reason ? reason : "");
}

void result_skip(const char *name, const char *reason)
{
    keep(name, 's', reason);
}

static void put_json(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == '"' || *s == '\\') fputc('\\', f);
        if ((unsigned char)*s < ' ') fprintf(f, "\\u%04x", (unsigned char)*s);
        else fputc(*s, f);
    }
}

static void write_json(const char *folder, const char *file)
{
    char path[4096];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s.json", folder, file);
    mkdir(folder, 0777);
    f = fopen(path, "w");
    if (!f) {
        fprintf(stderr, "%s: cannot be written\n", path);
        return;
    }
    fputs("[", f);
    for (unsigned i = 0; i < results_count; i++) {
        const result *r = &results[i];
        const char *word = r->kind == 'p' ? "passed" : r->kind == 's' ? "skipped" : "failed";

        fprintf(f, "%s{\"name\": \"", i ? ",\n" : "");
        put_json(f, r->name);
        fprintf(f, "\", \"result\": \"%s\", \"reason\": \"", word);
        put_json(f, r->reason);
        fputs("\"}", f);
    }
    fputs("]\n", f);
    fclose(f);
}

int results_write(const char *file)
{
    const char *folder = getenv("GRAT_RESULTS");
    int failed = 0;

    for (unsigned i = 0; i < results_count; i++) failed += results[i].kind == 'f';
    if (folder) write_json(folder, file);
    return failed;
}
