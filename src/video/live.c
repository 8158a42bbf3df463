#include <math.h>
#include <poll.h>
#include <stdio.h>

#include "core/str.h"
#include "core/wait.h"
#include "video/feed.h"
#include "video/sink.h"

#define NS_PER_S 1000000000ll

enum { SINKS = 2, IDLE_MS = 500 };

typedef struct live {
    const grat_live_options *opt;
    grat_op *op;
    grat__feed *feed;
    grat__yuv front, card;
    struct {
        const grat__video_kind *kind;
        void *sink;
    } out[SINKS];
    unsigned outs;
    int64_t begin_ns, newest_ns, usual_ns;   /* of the frame in front; between two */
    int64_t told_ns;
    double latency_sum;
    uint64_t latencies;
    grat_live_totals t;
} live;

static void shape_of(const live *l, grat__video_shape *s)
{
    double rate = l->opt->rate > 0 ? l->opt->rate : 30;
    bool whole = rate == floor(rate);
    *s = (grat__video_shape){.width = l->front.width, .height = l->front.height,
                             .rate_num = (unsigned)(whole ? rate : rate * 1000 + 0.5), .rate_den = whole ? 1 : 1000};
}

static grat_err open_sinks(live *l)
{
    grat__video_shape shape;
    const struct {
        const grat__video_kind *kind;
        const char *target;
    } all[SINKS] = {{&grat__video_v4l2, l->opt->v4l2}, {&grat__video_y4m, l->opt->y4m}};
    shape_of(l, &shape);
    for (unsigned i = 0; i < SINKS; i++) {
        if (!all[i].target) continue;
        grat_err e = all[i].kind->open(all[i].target, &shape, l->op, &l->out[l->outs].sink);
        if (e) return e;
        l->out[l->outs++].kind = all[i].kind;
    }
    return GRAT_OK;
}

static grat_err close_sinks(live *l, grat_err e)
{
    grat_op op;
    bool stopped = grat_op_check(l->op) != GRAT_OK;   /* maybe in the middle of a frame */
    grat_op_init(&op, 1000, NULL);
    for (unsigned i = 0; i < l->outs; i++) {
        grat_err closed = l->out[i].kind->close(l->out[i].sink, &op);
        if (closed && !e && !stopped) e = grat_op_fail(l->op, closed, "%s", op.text);
    }
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
    grat__strcpy(l->t.recipe, sizeof l->t.recipe, s.recipe);
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

static grat_err put(live *l, bool fresh, int64_t asked_ns)
{
    const grat__yuv *f = shown(l, fresh, grat_now_ns());
    for (unsigned i = 0; i < l->outs; i++) {
        grat_err e = l->out[i].kind->frame(l->out[i].sink, f, l->op);
        if (e) return e;
    }
    int64_t now = grat_now_ns();
    l->t.out++;
    if (fresh) {
        double took = (double)(now - asked_ns) / 1e9;
        l->latency_sum += took;
        l->latencies++;
        if (took > l->t.latency_max) l->t.latency_max = took;
        if (l->latencies > 1) l->usual_ns = asked_ns - l->newest_ns;
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
        int64_t behind = grat_now_ns() - next;
        if (behind > 0) {
            l->t.late += (uint64_t)(behind / period);
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
    while (!ended(l)) {
        grat_op wait;
        grat__op_child(&wait, l->op, IDLE_MS);
        grat_err e = grat__op_wait(&wait, grat__feed_fd(l->feed), POLLIN);
        if (e && e != GRAT_ETIMEOUT) return grat__op_adopt(l->op, &wait);
        if ((e = grat_op_check(l->op))) return e;
        bool fresh = grat__feed_take(l->feed, &l->front, &asked);
        if (!fresh && shown(l, false, grat_now_ns()) == &l->front) continue;
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
    if (!e) e = l->opt->rate > 0 ? run_steady(l) : run_as_they_come(l);
    if (e == GRAT_ECANCELED || e == GRAT_ETIMEOUT) e = GRAT_OK;
    count(l, grat_now_ns());
    e = close_sinks(l, e);
    if (!e) l->op->err = GRAT_OK, l->op->text[0] = '\0';
    return e;
}

grat_err grat_live(const char *resource, const grat_open_options *open, const grat_live_options *opt,
                   grat_live_totals *totals, grat_op *op)
{
    live l = {.opt = opt, .op = op};
    grat__feed_options fo = {.resource = resource, .open = open, .recipe = opt ? opt->recipe : NULL};
    if (!opt || !resource || !(opt->rate >= 0 && opt->rate <= 1000))
        return grat_op_fail(op, GRAT_EINVAL, "live: the rate lies between 0 and 1000 frames per second");
    if (!opt->y4m && !opt->v4l2)
        return grat_op_fail(op, GRAT_EINVAL, "live: nowhere to write to; name a file or a device");
    if (opt->rate > 0) fo.period_ns = (int64_t)(0.9e9 / opt->rate);
    grat_err e = grat__feed_open(&fo, &l.front, op, &l.feed);
    if (!e) e = play(&l);
    grat__feed_close(l.feed);
    grat__yuv_free(&l.front);
    grat__yuv_free(&l.card);
    if (totals) *totals = l.t;
    return e;
}
