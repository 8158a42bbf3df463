#include "serve/meter.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MS 1000000LL
/* From one beginning to the next at least, and as many times what one takes: most of the processor is for others. */
#define LEAST_NS (200 * MS)
#define SHARE 5

struct serve_meter {
    serve_wake_fn wake;
    void *user;
    pthread_t thread;
    bool stopped;

    pthread_mutex_t lock;       /* for all below */
    pthread_cond_t more;
    bool quit, wanted;
    serve_shot *next;
    char *text;
    uint32_t version;
};

json_t *serve_measure(const grat_record *r)
{
    json_t *all = json_object();
    for (unsigned i = 0; i < r->traces; i++) {
        grat_measurement m[GRAT_MEASUREMENTS];
        if (r->trace[i].logic) continue;
        unsigned n = grat_measure(r, i, m);
        json_t *t = json_object();
        for (unsigned k = 0; k < n; k++) {
            json_t *v = m[k].value == m[k].value ? json_real(m[k].value) : NULL;
            json_object_set_new(t, m[k].name, json_pack("[o, s]", v ? v : json_null(), m[k].unit));
        }
        json_object_set_new(all, r->trace[i].name, t);
    }
    return all;
}

static char *text_of(const serve_shot *s)
{
    json_t *o = json_pack("{s:s, s:I, s:o}", "event", "measurements", "shot", (json_int_t)s->number, "traces",
                          serve_measure(s->record));
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    return text;
}

/* The next shot when it is wanted and due; NULL at the end. The lock is held. */
static serve_shot *await(serve_meter *m, int64_t due)
{
    struct timespec t = {.tv_sec = due / 1000000000LL, .tv_nsec = due % 1000000000LL};
    while (!m->quit) {
        if (!m->wanted || !m->next) {
            pthread_cond_wait(&m->more, &m->lock);
        } else if (grat_now_ns() >= due) {
            serve_shot *s = m->next;
            m->next = NULL;
            return s;
        } else {
            pthread_cond_timedwait(&m->more, &m->lock, &t);
        }
    }
    return NULL;
}

static void *run(void *user)
{
    serve_meter *m = user;
    int64_t due = 0;
    pthread_mutex_lock(&m->lock);
    for (serve_shot *s; (s = await(m, due));) {
        pthread_mutex_unlock(&m->lock);
        int64_t begin = grat_now_ns();
        char *text = text_of(s);
        int64_t cost = grat_now_ns() - begin;
        due = begin + (SHARE * cost > LEAST_NS ? SHARE * cost : LEAST_NS);
        serve_shot_unref(s);
        pthread_mutex_lock(&m->lock);
        if (text) {
            free(m->text);
            m->text = text;
            m->version++;
            m->wake(m->user);
        }
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

serve_meter *serve_meter_new(serve_wake_fn wake, void *user)
{
    serve_meter *m = calloc(1, sizeof *m);
    pthread_condattr_t attr;
    if (!m) return NULL;
    m->wake = wake;
    m->user = user;
    pthread_mutex_init(&m->lock, NULL);
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&m->more, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&m->thread, NULL, run, m) == 0) return m;
    pthread_cond_destroy(&m->more);
    pthread_mutex_destroy(&m->lock);
    free(m);
    return NULL;
}

void serve_meter_stop(serve_meter *m)
{
    if (m->stopped) return;
    m->stopped = true;
    pthread_mutex_lock(&m->lock);
    m->quit = true;
    pthread_cond_signal(&m->more);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
}

void serve_meter_free(serve_meter *m)
{
    if (!m) return;
    serve_meter_stop(m);
    serve_shot_unref(m->next);
    free(m->text);
    pthread_cond_destroy(&m->more);
    pthread_mutex_destroy(&m->lock);
    free(m);
}

void serve_meter_want(serve_meter *m, bool wanted)
{
    pthread_mutex_lock(&m->lock);
    m->wanted = wanted;
    pthread_cond_signal(&m->more);
    pthread_mutex_unlock(&m->lock);
}

void serve_meter_give(serve_meter *m, serve_shot *s)
{
    pthread_mutex_lock(&m->lock);
    serve_shot *old = m->next;
    m->next = serve_shot_ref(s);
    if (m->wanted && !old) pthread_cond_signal(&m->more);
    pthread_mutex_unlock(&m->lock);
    serve_shot_unref(old);
}

char *serve_meter_text(serve_meter *m, uint32_t *version)
{
    pthread_mutex_lock(&m->lock);
    char *text = m->text && *version != m->version ? strdup(m->text) : NULL;
    if (text) *version = m->version;
    pthread_mutex_unlock(&m->lock);
    return text;
}
