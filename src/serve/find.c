/* Discovery, in a thread of its own while it is wanted. */
#include "serve/server.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SEARCH_MS 6000
#define FOUND_MAX SERVE_BENCHES_MAX

typedef struct item {
    char resource[320], via[64], name[64], title[140];
} item;

struct finder {
    server *srv;
    grat_cancel *cancel;
    pthread_t thread;
    bool started;               /* the thread is to be joined */
    pthread_mutex_t lock;
    bool busy;
    item found[FOUND_MAX];
    unsigned n;
};

static void on_found(void *user, const grat_found *found)
{
    finder *f = user;
    item it = {{0}};
    /* A serial port that merely exists is no instrument yet, and a bus never is. */
    if (strcmp(found->via, "serial") == 0 || strstr(found->resource, "::INTFC")) return;
    snprintf(it.resource, sizeof it.resource, "%s", found->resource);
    snprintf(it.via, sizeof it.via, "%s", found->via);
    snprintf(it.name, sizeof it.name, "%s", found->name ? found->name : "");
    snprintf(it.title, sizeof it.title, "%s%s%s", found->identity.vendor, found->identity.vendor[0] ? " " : "",
             found->identity.model);
    pthread_mutex_lock(&f->lock);
    unsigned i = 0;
    while (i < f->n && strcmp(f->found[i].resource, it.resource) != 0) i++;
    if (i < FOUND_MAX) {
        f->found[i] = it;
        if (i == f->n) f->n++;
    }
    pthread_mutex_unlock(&f->lock);
}

static void *search(void *user)
{
    finder *f = user;
    grat_op op;
    grat_op_init(&op, SEARCH_MS, f->cancel);
    grat_discover(NULL, on_found, f, &op);
    pthread_mutex_lock(&f->lock);
    f->busy = false;
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

finder *serve_finder_new(server *srv)
{
    finder *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    f->srv = srv;
    f->cancel = grat_cancel_new();
    pthread_mutex_init(&f->lock, NULL);
    if (f->cancel) return f;
    serve_finder_free(f);
    return NULL;
}

void serve_finder_free(finder *f)
{
    if (!f) return;
    if (f->cancel) grat_cancel_fire(f->cancel);
    if (f->started) pthread_join(f->thread, NULL);
    grat_cancel_free(f->cancel);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool serve_finder_busy(finder *f)
{
    pthread_mutex_lock(&f->lock);
    bool busy = f->busy;
    pthread_mutex_unlock(&f->lock);
    return busy;
}

bool serve_finder_start(finder *f)
{
    if (serve_finder_busy(f)) return false;
    if (f->started) pthread_join(f->thread, NULL);
    f->busy = true;
    f->started = pthread_create(&f->thread, NULL, search, f) == 0;
    if (!f->started) f->busy = false;
    return f->started;
}

void serve_finder_take(finder *f)
{
    for (;;) {
        item it;
        pthread_mutex_lock(&f->lock);
        bool any = f->n > 0;
        if (any) it = f->found[--f->n];
        pthread_mutex_unlock(&f->lock);
        if (!any) return;
        slot *s = serve_slot_add(f->srv, it.resource, it.via);
        if (!s) continue;
        memcpy(s->name, it.name, sizeof s->name);
        memcpy(s->title, it.title, sizeof s->title);
    }
}
