#include "video/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/str.h"
#include "core/wait.h"
#include "screen/recipe.h"

#define NS_PER_MS 1000000ll

enum {
    OPEN_MS = 10000,
    BACK_OFF_MS = 250,
    BACK_OFF_MAX_MS = 4000,
    ROUNDS = 4,           /* pictures of each kind at most, … */
    JUDGE_MS = 500,       /* … until they took so long */
    LATE_MS = 3000,       /* beyond ten times the usual: the instrument is taken for lost */
};

struct grat__feed {
    grat__feed_options opt;
    grat_cancel *cancel;          /* ends the fetching thread's waits */
    int event;
    grat_session *session;        /* the fetching thread's, after the opening */
    const grat__recipe *recipe;
    grat_identity identity;
    int64_t usual_ns;             /* of one picture */
    pthread_t fetcher, decoder;
    bool fetching, decoding;      /* the threads exist */

    pthread_mutex_t lock;         /* for all below */
    pthread_cond_t change;
    bool stop;
    uint8_t *packet;              /* a picture to decode, NULL = none */
    size_t packet_size;
    int64_t packet_ns;
    grat__yuv ready;              /* a frame to take, when fresh */
    bool fresh;
    int64_t ready_ns;
    grat__feed_state state;
    grat__yuv back;               /* the decoder's own */
};

/* ---- the instrument ------------------------------------------------------------------------------ */

static grat_err shoot(grat__feed *f, const grat__recipe *r, grat__raster *out, int64_t *took_ns, grat_op *op)
{
    uint8_t *data = NULL;
    size_t n = 0;
    int64_t begin = grat_now_ns();
    grat_err e = grat__recipe_fetch(f->session, r, &data, &n, op);
    if (!e) e = grat__image_decode(data, n, out, op);
    *took_ns = grat_now_ns() - begin;
    free(data);
    return e;
}

/* The first picture warms up, the fastest of some more counts; a lossy kind must be a quarter faster. */
static grat_err judge(grat__feed *f, const grat__recipe *r, grat__raster *out, int64_t *cost_ns, grat_op *op)
{
    grat_op own;
    grat__raster again;
    int64_t took, spent;
    grat__op_child(&own, op, r->timeout_ms);
    grat_err e = shoot(f, r, out, &spent, &own);
    if (e) return grat__op_adopt(op, &own);
    *cost_ns = spent;
    for (unsigned i = 1; i < ROUNDS && spent < JUDGE_MS * NS_PER_MS; i++, spent += took) {
        if (shoot(f, r, &again, &took, &own)) break;
        grat__raster_free(out);
        *out = again;
        if (took < *cost_ns) *cost_ns = took;
    }
    if (r->gives == GRAT_IMG_JPEG) *cost_ns += *cost_ns / 4;
    return GRAT_OK;
}

/* Tries every kind of picture that instruments of this family give, or the general ones until one works. */
static grat_err choose(grat__feed *f, grat__raster *best, grat_op *op)
{
    const grat__recipe *list[GRAT__RECIPES_MAX];
    grat__raster r;
    int64_t cost = 0;
    unsigned n = grat__recipes_for(&f->identity, GRAT_IMG_PNG, list);
    grat_err last = GRAT_OK;
    f->recipe = NULL;
    for (unsigned i = 0; i < n; i++) {
        if (f->opt.recipe && !strstr(list[i]->name, f->opt.recipe)) continue;
        bool family = list[0]->model && list[i]->model && strcmp(list[0]->model, list[i]->model) == 0;
        if (f->recipe && !family) break;
        grat_err e = judge(f, list[i], &r, &cost, op);
        if (e) {
            last = e;
            if (e == GRAT_ECANCELED || e == GRAT_ELOST || e == GRAT_EDEAD) break;
            continue;
        }
        if (!f->recipe || cost < f->usual_ns) {
            if (f->recipe) grat__raster_free(best);
            f->recipe = list[i];
            f->usual_ns = cost;
            *best = r;
        } else {
            grat__raster_free(&r);
        }
    }
    if (!f->recipe && last) return last;
    if (!f->recipe)
        return grat_op_fail(op, GRAT_ENOTSUP, "live: %s gives no such picture; leave the choice to the program",
                            f->identity.model);
    pthread_mutex_lock(&f->lock);
    grat__strcpy(f->state.recipe, sizeof f->state.recipe, f->recipe->name);
    pthread_mutex_unlock(&f->lock);
    op->err = GRAT_OK;
    return GRAT_OK;
}

/* With another instrument in the place of the old one the recipe is chosen anew. */
static grat_err reopen(grat__feed *f)
{
    grat_op op;
    grat_identity id;
    grat__raster r = {0};
    grat_op_init(&op, OPEN_MS, f->cancel);
    grat_err e = grat_open(f->opt.resource, f->opt.open, &op, &f->session);
    if (e) return e;
    e = grat_identify(f->session, &id, &op);
    if (!e && strcmp(id.model, f->identity.model) != 0) {
        f->identity = id;
        grat_op_init(&op, INT64_MAX, f->cancel);
        e = choose(f, &r, &op);
        if (!e) grat__raster_free(&r);
    }
    if (e) {
        grat_close(f->session);
        f->session = NULL;
    }
    return e;
}

/* ---- fetching ------------------------------------------------------------------------------------ */

static void set_lost(grat__feed *f, bool lost)
{
    pthread_mutex_lock(&f->lock);
    if (lost && !f->state.lost) f->state.lost_ns = grat_now_ns();
    if (!lost && f->state.lost) f->state.reconnects++;
    f->state.lost = lost;
    pthread_mutex_unlock(&f->lock);
}

/* Gives the picture to the decoder; false when the feed ends. */
static bool hand_over(grat__feed *f, uint8_t *data, size_t n, int64_t asked_ns)
{
    pthread_mutex_lock(&f->lock);
    while (!f->opt.period_ns && f->packet && !f->stop) pthread_cond_wait(&f->change, &f->lock);
    if (f->packet) f->state.dropped++;
    free(f->packet);
    f->packet = data;
    f->packet_size = n;
    f->packet_ns = asked_ns;
    f->state.bytes += n;
    bool go_on = !f->stop;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    return go_on;
}

static grat_err fetch_one(grat__feed *f)
{
    uint8_t *data;
    size_t n;
    grat_op op;
    int64_t asked = grat_now_ns(), usual_ms = f->usual_ns / NS_PER_MS * 10 + LATE_MS;
    grat_op_init(&op, usual_ms < f->recipe->timeout_ms ? usual_ms : f->recipe->timeout_ms, f->cancel);
    grat_err e = grat__recipe_fetch(f->session, f->recipe, &data, &n, &op);
    if (e) return e;
    set_lost(f, false);
    if (!hand_over(f, data, n, asked)) return GRAT_ECANCELED;
    grat_op_init(&op, INT64_MAX, f->cancel);
    return f->opt.period_ns ? grat_op_sleep_until(&op, asked + f->opt.period_ns) : GRAT_OK;
}

static void *fetch_thread(void *arg)
{
    grat__feed *f = arg;
    grat_op op;
    int64_t pause_ms = BACK_OFF_MS;
    while (!grat_cancel_fired(f->cancel)) {
        grat_err e = f->session ? GRAT_OK : reopen(f);
        if (!e) e = fetch_one(f);
        if (!e) {
            pause_ms = BACK_OFF_MS;
            continue;
        }
        if (e == GRAT_ECANCELED) break;
        set_lost(f, true);
        grat_close(f->session);
        f->session = NULL;
        grat_op_init(&op, INT64_MAX, f->cancel);
        grat_op_sleep_until(&op, grat_now_ns() + pause_ms * NS_PER_MS);
        pause_ms = pause_ms * 2 < BACK_OFF_MAX_MS ? pause_ms * 2 : BACK_OFF_MAX_MS;
    }
    return NULL;
}

/* ---- decoding ------------------------------------------------------------------------------------ */

static void publish(grat__feed *f, int64_t asked_ns)
{
    uint64_t one = 1;
    while (!f->opt.period_ns && f->fresh && !f->stop) pthread_cond_wait(&f->change, &f->lock);
    if (f->fresh) f->state.dropped++;
    grat__yuv old = f->ready;
    f->ready = f->back;
    f->back = old;
    f->ready_ns = asked_ns;
    f->fresh = true;
    f->state.in++;
    (void)!write(f->event, &one, sizeof one);
}

static void *decode_thread(void *arg)
{
    grat__feed *f = arg;
    pthread_mutex_lock(&f->lock);
    while (!f->stop) {
        if (!f->packet) {
            pthread_cond_wait(&f->change, &f->lock);
            continue;
        }
        uint8_t *data = f->packet;
        size_t n = f->packet_size;
        int64_t asked = f->packet_ns;
        f->packet = NULL;
        pthread_cond_broadcast(&f->change);
        pthread_mutex_unlock(&f->lock);
        grat__raster r = {0};
        grat_op op;
        grat_op_init(&op, 0, NULL);
        bool good = grat__image_decode(data, n, &r, &op) == GRAT_OK;
        if (good) grat__yuv_from_raster(&f->back, &r);
        grat__raster_free(&r);
        free(data);
        pthread_mutex_lock(&f->lock);
        if (good) publish(f, asked);
        else f->state.bad++;
    }
    pthread_mutex_unlock(&f->lock);
    return NULL;
}

/* ---- for the writer ------------------------------------------------------------------------------- */

static grat_err open_first(grat__feed *f, grat__yuv *first, grat_op *op)
{
    grat__raster r;
    grat_err e = grat_open(f->opt.resource, f->opt.open, op, &f->session);
    if (!e) e = grat_identify(f->session, &f->identity, op);
    if (!e) e = choose(f, &r, op);
    if (e) return e;
    e = grat__yuv_init(first, r.width, r.height, op);
    if (!e) e = grat__yuv_init(&f->ready, r.width, r.height, op);
    if (!e) e = grat__yuv_init(&f->back, r.width, r.height, op);
    if (!e) grat__yuv_from_raster(first, &r);
    grat__raster_free(&r);
    return e;
}

grat_err grat__feed_open(const grat__feed_options *o, grat__yuv *first, grat_op *op, grat__feed **out)
{
    grat__feed *f = calloc(1, sizeof *f);
    *first = (grat__yuv){0};
    if (!f) return grat_op_fail(op, GRAT_ENOMEM, "live: out of memory");
    f->opt = *o;
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->change, NULL);
    f->cancel = grat_cancel_new();
    f->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    grat_err e = GRAT_OK;
    if (!f->cancel || f->event < 0) e = grat_op_fail(op, GRAT_ENOMEM, "live: no file descriptor left");
    if (!e) e = open_first(f, first, op);
    if (!e) {
        f->fetching = pthread_create(&f->fetcher, NULL, fetch_thread, f) == 0;
        f->decoding = pthread_create(&f->decoder, NULL, decode_thread, f) == 0;
        if (!f->fetching || !f->decoding) e = grat_op_fail(op, GRAT_ENOMEM, "live: no thread can be started");
    }
    if (e) {
        grat__feed_close(f);
        grat__yuv_free(first);
        return e;
    }
    *out = f;
    return GRAT_OK;
}

void grat__feed_close(grat__feed *f)
{
    if (!f) return;
    pthread_mutex_lock(&f->lock);
    f->stop = true;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    if (f->cancel) grat_cancel_fire(f->cancel);
    if (f->fetching) pthread_join(f->fetcher, NULL);
    if (f->decoding) pthread_join(f->decoder, NULL);
    grat_close(f->session);
    grat_cancel_free(f->cancel);
    if (f->event >= 0) close(f->event);
    grat__yuv_free(&f->ready);
    grat__yuv_free(&f->back);
    free(f->packet);
    pthread_cond_destroy(&f->change);
    pthread_mutex_destroy(&f->lock);
    free(f);
}

bool grat__feed_take(grat__feed *f, grat__yuv *frame, int64_t *asked_ns)
{
    uint64_t count;
    pthread_mutex_lock(&f->lock);
    bool fresh = f->fresh;
    if (fresh) {
        grat__yuv old = *frame;
        *frame = f->ready;
        f->ready = old;
        f->fresh = false;
        *asked_ns = f->ready_ns;
        (void)!read(f->event, &count, sizeof count);
        pthread_cond_broadcast(&f->change);
    }
    pthread_mutex_unlock(&f->lock);
    return fresh;
}

int grat__feed_fd(const grat__feed *f)
{
    return f->event;
}

void grat__feed_get(grat__feed *f, grat__feed_state *out)
{
    pthread_mutex_lock(&f->lock);
    *out = f->state;
    pthread_mutex_unlock(&f->lock);
}
