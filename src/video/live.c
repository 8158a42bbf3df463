#include <math.h>
#include <poll.h>
#include <stdio.h>

#include "core/str.h"
#include "core/wait.h"
#include "video/draw.h"
#include "video/feed.h"
#include "video/outlet.h"

#define NS_PER_S 1000000000ll

enum { IDLE_MS = 500, WIDTH = 800, HEIGHT = 480 };

typedef struct live {
    const grat_live_options *opt;
    grat_op *op;
    grat__feed *feed;
    grat__yuv front, card;
    grat__frame *shared;                     /* a copy of what is shown, for those who queue it; NULL: none yet */
    grat__outlet *out[GRAT_LIVE_OUTS];
    unsigned outs;
    int64_t begin_ns, newest_ns, usual_ns;   /* of the frame in front; between two */
    uint64_t reconnects;                     /* before the frame in front */
    int64_t told_ns;
    uint64_t tick;
    double latency_sum;
    uint64_t latencies;
    grat_live_totals t;
} live;

static void shape_of(const live *l, grat__video_shape *s)
{
    double rate = l->opt->rate > 0 ? l->opt->rate : 30;
    bool whole = rate == floor(rate);
    *s = (grat__video_shape){.width = l->front.width, .height = l->front.height,
                             .rate_num = (unsigned)(whole ? rate : rate * 1000 + 0.5), .rate_den = whole ? 1 : 1000,
                             .steady = l->opt->rate > 0};
}

static const grat__video_kind *kind_of(grat_live_kind k)
{
    switch (k) {
    case GRAT_LIVE_Y4M: return &grat__video_y4m;
    case GRAT_LIVE_V4L2: return &grat__video_v4l2;
    case GRAT_LIVE_MJPEG: return &grat__video_mjpeg;
    case GRAT_LIVE_TERMINAL: return &grat__video_terminal;
    case GRAT_LIVE_RECORD: return &grat__video_record;
    }
    return NULL;
}

static grat_err open_sinks(live *l)
{
    grat__video_shape shape;
    shape_of(l, &shape);
    for (unsigned i = 0; i < l->opt->outs; i++) {
        const grat_live_out *to = &l->opt->out[i];
        grat_err e = grat__outlet_open(kind_of(to->kind), to, &shape, l->op, &l->out[l->outs]);
        if (e) return e;
        grat__outlet_where(l->out[l->outs++], l->t.where, sizeof l->t.where);
    }
    return GRAT_OK;
}

static grat_err close_sinks(live *l, grat_err e)
{
    grat_op op;
    bool stopped = grat_op_check(l->op) != GRAT_OK;   /* maybe in the middle of a frame */
    grat_op_init(&op, 1000, NULL);
    for (unsigned i = 0; i < l->outs; i++) {
        bool keeps = grat__outlet_kind(l->out[i])->keeps;
        grat_err closed = grat__outlet_close(l->out[i], stopped && !keeps, &op);
        /* After a cancel, a reader that takes nothing is no fault. */
        if (closed && !e && !(stopped && closed == GRAT_ECUT)) e = grat_op_fail(l->op, closed, "%s", op.text);
    }
    l->outs = 0;
    return e;
}

static void count(live *l, int64_t now)
{
    grat__feed_state s;
    grat__feed_get(l->feed, &s);
    l->t.in = s.in;
    l->t.bytes = s.bytes;
    l->t.dropped = s.dropped;
    l->t.bad = s.bad;
    l->t.reconnects = s.reconnects;
    l->t.lost = s.lost;
    l->t.latency = l->latencies ? l->latency_sum / (double)l->latencies : 0;
    l->t.seconds = (double)(now - l->begin_ns) / 1e9;
    l->t.age = (double)(now - l->newest_ns) / 1e9;
    l->t.skipped = 0;
    for (unsigned i = 0; i < l->outs; i++) l->t.skipped += grat__outlet_skipped(l->out[i]);
    grat__strcpy(l->t.recipe, sizeof l->t.recipe, s.source);
}

static void tell(live *l, int64_t now)
{
    if (!l->opt->progress || now - l->told_ns < NS_PER_S / 4) return;
    l->told_ns = now;
    count(l, now);
    l->opt->progress(l->opt->user, &l->t);
}

/* The frame to show: the newest, or a card with its age. */
static const grat__yuv *shown(live *l, bool fresh, int64_t now)
{
    char text[40];
    grat__feed_state s;
    int64_t age = now - l->newest_ns, limit = 2 * NS_PER_S;
    if (limit < 3 * l->usual_ns) limit = 3 * l->usual_ns;
    if (fresh || age < limit) return &l->front;
    grat__feed_get(l->feed, &s);
    snprintf(text, sizeof text, s.lost ? "NO SIGNAL %lld s" : "%lld s OLD", (long long)(age / NS_PER_S));
    grat__yuv_copy(&l->card, &l->front);
    grat__yuv_card(&l->card, text);
    return &l->card;
}

/* To those who write at once first: a copy for the others costs time. */
static grat_err give(live *l, const grat__yuv *f, bool same)
{
    for (unsigned i = 0; i < l->outs; i++) {
        grat_err e = grat__outlet_queues(l->out[i]) ? GRAT_OK : grat__outlet_now(l->out[i], f, l->tick, l->op);
        if (e) return e;
    }
    if (!same) {
        grat__frame_unref(l->shared);
        l->shared = NULL;
    }
    for (unsigned i = 0; i < l->outs; i++) {
        if (!grat__outlet_queues(l->out[i])) continue;
        if (!l->shared && !(l->shared = grat__frame_new(f)))
            return grat_op_fail(l->op, GRAT_ENOMEM, "live: no memory for a frame");
        grat_err e = grat__outlet_put(l->out[i], l->shared, l->tick, l->op);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err put(live *l, bool fresh, int64_t asked_ns)
{
    const grat__yuv *f = shown(l, fresh, grat_now_ns());
    grat_err e = give(l, f, !fresh && f == &l->front && l->shared);
    if (e) return e;
    if (f != &l->front) {
        grat__frame_unref(l->shared);
        l->shared = NULL;
    }
    int64_t now = grat_now_ns();
    l->t.out++;
    if (fresh) {
        double took = (double)(now - asked_ns) / 1e9;
        l->latency_sum += took;
        l->latencies++;
        if (took > l->t.latency_max) l->t.latency_max = took;
        grat__feed_state s;
        grat__feed_get(l->feed, &s);
        /* The time without the instrument is not usual: its next loss would be shown late. */
        if (l->latencies > 1 && s.reconnects == l->reconnects) l->usual_ns = asked_ns - l->newest_ns;
        l->reconnects = s.reconnects;
        l->newest_ns = asked_ns;
    } else if (l->t.out > 1) {
        l->t.repeated++;
    }
    tell(l, now);
    return GRAT_OK;
}

static bool ended(const live *l)
{
    const grat_live_options *o = l->opt;
    return (o->frames && l->t.out >= o->frames) ||
           (o->duration > 0 && (double)(grat_now_ns() - l->begin_ns) >= o->duration * 1e9);
}

static grat_err run_steady(live *l)
{
    int64_t period = (int64_t)(1e9 / l->opt->rate), next = l->begin_ns, asked = 0;
    while (!ended(l)) {
        bool fresh = grat__feed_take(l->feed, &l->front, &asked);
        grat_err e = put(l, fresh, asked);
        if (e) return e;
        next += period;
        l->tick++;
        int64_t behind = grat_now_ns() - next;
        if (behind > 0) {
            l->t.late += (uint64_t)(behind / period);
            l->tick += (uint64_t)(behind / period);
            next += behind / period * period;
        }
        e = grat_op_sleep_until(l->op, next);
        if (e) return e;
    }
    return GRAT_OK;
}

/* Without a new picture the last frame is written again now and then, so that its age is seen. */
static grat_err run_as_they_come(live *l)
{
    int64_t asked = 0;
    grat_err first = put(l, false, 0);
    if (first) return first;
    while (!ended(l)) {
        grat_op wait;
        grat__op_child(&wait, l->op, IDLE_MS);
        grat_err e = grat__op_wait(&wait, grat__feed_fd(l->feed), POLLIN);
        if (e && e != GRAT_ETIMEOUT) return grat__op_adopt(l->op, &wait);
        if ((e = grat_op_check(l->op))) return e;
        bool fresh = grat__feed_take(l->feed, &l->front, &asked);
        if (!fresh && shown(l, false, grat_now_ns()) == &l->front) continue;
        l->tick = (uint64_t)(grat_now_ns() - l->begin_ns) / 1000000;
        if ((e = put(l, fresh, asked))) return e;
    }
    return GRAT_OK;
}

static grat_err play(live *l)
{
    l->t.width = l->front.width;
    l->t.height = l->front.height;
    grat_err e = grat__yuv_init(&l->card, l->front.width, l->front.height, l->op);
    if (!e) e = open_sinks(l);
    l->begin_ns = l->newest_ns = grat_now_ns();
    if (!e) tell(l, l->begin_ns);
    if (!e) e = l->opt->rate > 0 ? run_steady(l) : run_as_they_come(l);
    if (e == GRAT_ECANCELED || e == GRAT_ETIMEOUT) e = GRAT_OK;
    count(l, grat_now_ns());
    e = close_sinks(l, e);
    if (!e) l->op->err = GRAT_OK, l->op->text[0] = '\0';
    return e;
}

static const char *refused(const char *resource, const grat_live_options *o)
{
    if (!o || !resource || o->size != sizeof *o) return "its options have the wrong size";
    if (!(o->rate >= 0 && o->rate <= 1000)) return "the rate lies between 0 and 1000 frames per second";
    if (!o->outs) return "nowhere to write to; name a file or a device";
    if (o->outs > GRAT_LIVE_OUTS) return "at most 16 outputs at once";
    for (unsigned i = 0; i < o->outs; i++)
        if (!o->out[i].target || !kind_of(o->out[i].kind)) return "no such output";
    bool fits = o->width >= GRAT__DRAW_MIN_WIDTH && o->width <= GRAT__DRAW_MAX && o->height >= GRAT__DRAW_MIN_HEIGHT &&
                o->height <= GRAT__DRAW_MAX && !(o->width % 2) && !(o->height % 2);
    if ((o->width || o->height) && !fits) return "a drawing has 320 x 200 to 4096 x 4096 pixels, even numbers of them";
    return NULL;
}

grat_err grat_live(const char *resource, const grat_open_options *open, const grat_live_options *opt,
                   grat_live_totals *totals, grat_op *op)
{
    live l = {.opt = opt, .op = op};
    const char *why = refused(resource, opt);
    if (why) return grat_op_fail(op, GRAT_EINVAL, "live: %s", why);
    grat__feed_options fo = {.resource = resource, .open = open, .recipe = opt->recipe, .request = opt->request,
                             .width = opt->width ? opt->width : WIDTH, .height = opt->height ? opt->height : HEIGHT};
    if (opt->source == GRAT_LIVE_DRAW) fo.source = GRAT__FEED_DRAW;
    if (opt->source == GRAT_LIVE_SCREEN || opt->recipe) fo.source = GRAT__FEED_SCREEN;
    if (opt->rate > 0) fo.period_ns = (int64_t)(0.9e9 / opt->rate);
    grat_err e = grat__feed_open(&fo, &l.front, op, &l.feed);
    if (!e) e = play(&l);
    grat__feed_close(l.feed);
    grat__yuv_free(&l.front);
    grat__yuv_free(&l.card);
    grat__frame_unref(l.shared);
    if (totals) *totals = l.t;
    return e;
}
