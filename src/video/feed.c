#include "video/feed.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/str.h"
#include "video/source.h"

#define NS_PER_MS 1000000ll

enum {
    OPEN_MS = 10000,
    BACK_OFF_MS = 250,
    BACK_OFF_MAX_MS = 4000,
    LATE_MS = 3000,       /* beyond ten times the usual: the instrument is taken for lost */
};

struct grat__feed {
    grat__feed_options opt;
    grat_cancel *cancel;          /* ends the fetching thread's waits */
    int event;
    grat__source source;          /* the fetching thread's, after the opening */
    bool open;                    /* it is */
    grat__show show;              /* the decoding thread's */
    pthread_t fetcher, decoder;
    bool fetching, decoding;      /* the threads exist */

    pthread_mutex_t lock;         /* for all below */
    pthread_cond_t change;
    bool stop;
    grat__packet packet;          /* to decode, when full */
    grat__yuv ready;              /* a frame to take, when fresh */
    bool fresh;
    int64_t ready_ns;
    grat__feed_state state;
    grat__yuv back;               /* the decoder's own */
};

/* ---- fetching ------------------------------------------------------------------------------------ */

static void set_lost(grat__feed *f, bool lost)
{
    pthread_mutex_lock(&f->lock);
    if (!lost && f->state.lost) f->state.reconnects++;
    f->state.lost = lost;
    grat__strcpy(f->state.source, sizeof f->state.source, f->source.name);
    pthread_mutex_unlock(&f->lock);
}

/* Gives the packet to the decoder; false when the feed ends. */
static bool hand_over(grat__feed *f, grat__packet *p)
{
    pthread_mutex_lock(&f->lock);
    while (!f->opt.period_ns && grat__packet_full(&f->packet) && !f->stop) pthread_cond_wait(&f->change, &f->lock);
    if (grat__packet_full(&f->packet)) f->state.dropped++;
    grat__packet_drop(&f->packet);
    f->packet = *p;
    f->state.bytes += p->size;
    bool go_on = !f->stop;
    pthread_cond_broadcast(&f->change);
    pthread_mutex_unlock(&f->lock);
    return go_on;
}

static int64_t patience_ms(const grat__source *s)
{
    int64_t usual_ms = s->usual_ns / NS_PER_MS * 10 + LATE_MS;
    return !s->recipe || s->draws || usual_ms < s->recipe->timeout_ms ? usual_ms : s->recipe->timeout_ms;
}

/* An instrument that waits for its trigger is there. */
static grat_err fetch_one(grat__feed *f)
{
    grat__packet p;
    grat_op op;
    grat_op_init(&op, patience_ms(&f->source), f->cancel);
    grat_err e = grat__source_fetch(&f->source, &p, &op);
    if (e && e != GRAT_ENODATA) return e;
    set_lost(f, false);
    if (e) return GRAT_OK;
    int64_t asked = p.asked_ns;
    if (!hand_over(f, &p)) return GRAT_ECANCELED;
    grat_op_init(&op, INT64_MAX, f->cancel);
    return f->opt.period_ns ? grat_op_sleep_until(&op, asked + f->opt.period_ns) : GRAT_OK;
}

static grat_err reopen(grat__feed *f)
{
    grat_op op;
    grat_op_init(&op, OPEN_MS, f->cancel);
    grat_err e = grat__source_reopen(&f->source, &op);
    f->open = !e;
    return e;
}

static void *fetch_thread(void *arg)
{
    grat__feed *f = arg;
    grat_op op;
    int64_t pause_ms = BACK_OFF_MS;
    while (!grat_cancel_fired(f->cancel)) {
        grat_err e = f->open ? GRAT_OK : reopen(f);
        if (!e) e = fetch_one(f);
        if (!e) {
            pause_ms = BACK_OFF_MS;
            continue;
        }
        if (e == GRAT_ECANCELED) break;
        set_lost(f, true);
        grat__source_close(&f->source);
        f->open = false;
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
        if (!grat__packet_full(&f->packet)) {
            pthread_cond_wait(&f->change, &f->lock);
            continue;
        }
        grat__packet p = f->packet;
        f->packet = (grat__packet){0};
        pthread_cond_broadcast(&f->change);
        pthread_mutex_unlock(&f->lock);
        bool good = grat__show_packet(&f->show, &p, &f->back);
        int64_t asked = p.asked_ns;
        grat__packet_drop(&p);
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
    grat_err e = grat__source_open(&f->source, &f->opt, first, op);
    f->open = true;
    if (!e) e = grat__yuv_init(&f->ready, f->source.width, f->source.height, op);
    if (!e) e = grat__yuv_init(&f->back, f->source.width, f->source.height, op);
    grat__strcpy(f->state.source, sizeof f->state.source, f->source.name);
    f->state.in = !e;
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
    if (f->open) grat__source_close(&f->source);
    grat__show_free(&f->show);
    grat_cancel_free(f->cancel);
    if (f->event >= 0) close(f->event);
    grat__yuv_free(&f->ready);
    grat__yuv_free(&f->back);
    grat__packet_drop(&f->packet);
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
