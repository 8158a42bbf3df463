#include "video/source.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/wait.h"

#define NS_PER_MS 1000000ll

enum {
    ROUNDS = 4,           /* pictures of each kind at most, … */
    JUDGE_MS = 500,       /* … until they took so long */
    GLANCE_MS = 10000,
};

void grat__packet_drop(grat__packet *p)
{
    free(p->data);
    grat_record_unref(p->glance.record);
    *p = (grat__packet){0};
}

/* ---- the instrument's screen ----------------------------------------------------------------------- */

static grat_err shoot(grat__source *s, const grat__recipe *r, grat__raster *out, int64_t *took_ns, grat_op *op)
{
    uint8_t *data = NULL;
    size_t n = 0;
    int64_t begin = grat_now_ns();
    grat_err e = grat__recipe_fetch(s->session, r, &data, &n, op);
    if (!e) e = grat__image_decode(data, n, out, op);
    *took_ns = grat_now_ns() - begin;
    free(data);
    return e;
}

/* The first picture warms up, the fastest of some more counts; a lossy kind must be a quarter faster. */
static grat_err judge(grat__source *s, const grat__recipe *r, grat__raster *out, int64_t *cost_ns, grat_op *op)
{
    grat_op own;
    grat__raster again;
    int64_t took, spent;
    grat__op_child(&own, op, r->timeout_ms);
    grat_err e = shoot(s, r, out, &spent, &own);
    if (e) return grat__op_adopt(op, &own);
    *cost_ns = spent;
    for (unsigned i = 1; i < ROUNDS && spent < JUDGE_MS * NS_PER_MS; i++, spent += took) {
        if (shoot(s, r, &again, &took, &own)) break;
        grat__raster_free(out);
        *out = again;
        if (took < *cost_ns) *cost_ns = took;
    }
    if (r->gives == GRAT_IMG_JPEG) *cost_ns += *cost_ns / 4;
    return GRAT_OK;
}

static bool ends_search(grat_err e)
{
    return e == GRAT_ECANCELED || e == GRAT_ELOST || e == GRAT_EDEAD;
}

/* By a part of its name; where one ends with it, that one alone: "bmp" is not "bmp8". */
static bool wanted(const char *part, const grat__recipe *const *list, unsigned n, unsigned i)
{
    bool exact = false;
    if (!part) return true;
    for (unsigned k = 0; k < n && !exact; k++) {
        size_t a = strlen(list[k]->name), b = strlen(part);
        exact = a >= b && strcmp(list[k]->name + a - b, part) == 0;
        if (exact && k == i) return true;
    }
    return !exact && strstr(list[i]->name, part);
}

/* Tries every kind of picture that instruments of this family give, or the general ones until one works. Those are for
 * instruments that nothing is known of. */
static grat_err choose_screen(grat__source *s, grat__raster *best, grat_op *op)
{
    const grat__recipe *list[GRAT__RECIPES_MAX];
    grat__raster r;
    int64_t cost = 0;
    unsigned n = grat__recipes_for(&s->identity, GRAT_IMG_PNG, list);
    grat_err last = GRAT_OK;
    s->recipe = NULL;
    if (n && !list[0]->vendor && s->scope) n = 0;
    for (unsigned i = 0; i < n; i++) {
        if (!wanted(s->opt->recipe, list, n, i)) continue;
        bool family = list[0]->model && list[i]->model && strcmp(list[0]->model, list[i]->model) == 0;
        if (s->recipe && !family) break;
        grat_err e = judge(s, list[i], &r, &cost, op);
        if (e) {
            last = e;
            if (ends_search(e)) break;
            continue;
        }
        if (!s->recipe || cost < s->usual_ns) {
            if (s->recipe) grat__raster_free(best);
            s->recipe = list[i];
            s->usual_ns = cost;
            *best = r;
        } else {
            grat__raster_free(&r);
        }
    }
    if (!s->recipe && last) return last;
    if (!s->recipe)
        return grat_op_fail(op, GRAT_ENOTSUP, "live: %s gives no such picture; leave the choice to the program, or "
                                              "--draw", s->identity.model);
    grat__strcpy(s->name, sizeof s->name, s->recipe->name);
    op->err = GRAT_OK;
    return GRAT_OK;
}

/* ---- our drawing ------------------------------------------------------------------------------------- */

static grat_err prepare(grat__source *s, grat_op *op)
{
    grat_settings now = {0}, want;
    unsigned mask = 0;
    if (!s->opt->request) return GRAT_OK;
    grat_err e = grat_scope_get(s->scope, &now, op);
    if (!e) e = grat_plan(grat_scope_caps(s->scope), &now, s->opt->request, &want, &mask, op);
    if (!e && mask) e = grat_scope_set(s->scope, &want, mask, op);
    return e;
}

static grat_err open_scope(grat__source *s, grat_op *op)
{
    return s->scope ? GRAT_OK : grat_scope_open(s->session, op, &s->scope);
}

/* The fastest of some glances, and a packet of the last. */
static grat_err try_drawing(grat__source *s, grat__packet *p, grat_op *op)
{
    grat_err e = open_scope(s, op);
    int64_t spent = 0;
    if (!e) e = prepare(s, op);
    for (unsigned i = 0; !e && i < ROUNDS && spent < JUDGE_MS * NS_PER_MS; i++) {
        grat_op own;
        int64_t begin = grat_now_ns();
        grat_record_unref(p->glance.record);
        p->glance.record = NULL;
        double record_ms = s->opt->request ? fmin(s->opt->request->period * 3000, 1e9) : 0;
        grat__op_child(&own, op, GLANCE_MS + (int64_t)record_ms);
        e = grat_scope_glance(s->scope, &p->glance, &own);
        if (e) return grat__op_adopt(op, &own);
        int64_t took = grat_now_ns() - begin;
        spent += took;
        if (!i || took < s->usual_ns) s->usual_ns = took;
    }
    if (e) return e;
    s->draws = true;
    p->caps = *grat_scope_caps(s->scope);
    grat__strcpy(s->name, sizeof s->name, "draw");
    return GRAT_OK;
}

static grat_err first_drawing(grat__source *s, grat__yuv *first, grat_op *op)
{
    grat__packet p = {0};
    grat__show w = {0};
    s->width = s->opt->width;
    s->height = s->opt->height;
    grat_err e = try_drawing(s, &p, op);
    if (!e) e = grat__yuv_init(first, s->width, s->height, op);
    if (!e && !grat__show_packet(&w, &p, first)) e = grat_op_fail(op, GRAT_ENOMEM, "live: out of memory");
    grat__packet_drop(&p);
    grat__show_free(&w);
    if (e) grat__yuv_free(first);
    return e;
}

/* ---- the choice ----------------------------------------------------------------------------------------- */

static grat_err frame_of(grat__source *s, const grat__raster *r, grat__yuv *first, grat_op *op)
{
    s->width = r->width;
    s->height = r->height;
    grat_err e = grat__yuv_init(first, r->width, r->height, op);
    if (!e) grat__yuv_from_raster(first, r);
    return e;
}

/* The screen where it keeps the rate that is wanted, else what is faster. */
static grat_err fastest(grat__source *s, grat__yuv *first, grat_op *op)
{
    grat__raster r = {0};
    grat_op own = *op;
    grat_err drawable = open_scope(s, &own);
    if (ends_search(drawable)) return grat__op_adopt(op, &own);
    grat_err e = choose_screen(s, &r, op);
    const grat__recipe *recipe = s->recipe;
    int64_t screen_ns = s->usual_ns;
    if (ends_search(e) || drawable) {
        if (!e) e = frame_of(s, &r, first, op);
        grat__raster_free(&r);
        return e;
    }
    if (!e && screen_ns <= s->opt->period_ns) e = frame_of(s, &r, first, op);
    else {
        bool have = !e;
        e = first_drawing(s, first, have ? &own : op);
        if (have && (e || s->usual_ns >= screen_ns)) {
            grat__yuv_free(first);
            s->draws = false;
            s->usual_ns = screen_ns;
            grat__strcpy(s->name, sizeof s->name, recipe->name);
            e = frame_of(s, &r, first, op);
        }
    }
    grat__raster_free(&r);
    return e;
}

/* Where the pictures are wanted as fast as they can come. */
static void judge_link(grat__source *s)
{
    s->ahead = !s->draws && s->usual_ns >= s->opt->period_ns;
}

grat_err grat__source_open(grat__source *s, const grat__feed_options *opt, grat__yuv *first, grat_op *op)
{
    grat__raster r = {0};
    *s = (grat__source){.opt = opt};
    *first = (grat__yuv){0};
    grat_err e = grat_open(opt->resource, opt->open, op, &s->session);
    if (!e) e = grat_identify(s->session, &s->identity, op);
    if (e) return e;
    switch (opt->source) {
    case GRAT__FEED_FASTEST: e = fastest(s, first, op); break;
    case GRAT__FEED_DRAW: e = first_drawing(s, first, op); break;
    case GRAT__FEED_SCREEN:
        e = choose_screen(s, &r, op);
        if (!e) e = frame_of(s, &r, first, op);
        grat__raster_free(&r);
        break;
    }
    judge_link(s);
    return e;
}

grat_err grat__source_reopen(grat__source *s, grat_op *op)
{
    grat_identity id;
    grat__raster r = {0};
    grat_err e = grat_open(s->opt->resource, s->opt->open, op, &s->session);
    if (e) return e;
    e = grat_identify(s->session, &id, op);
    bool other = !e && strcmp(id.model, s->identity.model) != 0;
    if (other) s->identity = id;
    if (!e && s->draws) e = open_scope(s, op);
    if (!e && s->draws) e = prepare(s, op);
    if (!e && other && !s->draws) {
        e = choose_screen(s, &r, op);
        if (!e) grat__raster_free(&r);
    }
    if (e) grat__source_close(s);
    return e;
}

void grat__source_close(grat__source *s)
{
    if (s->scope) grat_scope_close(s->scope);
    else grat_close(s->session);
    s->scope = NULL;
    s->session = NULL;
}

grat_err grat__source_fetch(grat__source *s, grat__packet *out, grat_op *op)
{
    *out = (grat__packet){.asked_ns = grat_now_ns()};
    if (!s->draws && s->ahead && !s->no_ahead) {
        grat_err e = grat__recipe_fetch_ahead(s->session, s->recipe, &out->data, &out->size, op);
        if (e && e != GRAT_ELOST && e != GRAT_ECANCELED) s->no_ahead = true;
        return e;
    }
    if (!s->draws) return grat__recipe_fetch(s->session, s->recipe, &out->data, &out->size, op);
    grat_err e = grat_scope_glance(s->scope, &out->glance, op);
    if (e) return e;
    const grat_record *r = out->glance.record;
    for (unsigned i = 0; i < r->traces; i++) out->size += r->count * grat_sample_size(r->trace[i].type);
    out->caps = *grat_scope_caps(s->scope);
    return GRAT_OK;
}

/* ---- frames -------------------------------------------------------------------------------------------- */

bool grat__show_packet(grat__show *w, const grat__packet *p, grat__yuv *to)
{
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (!p->data) {
        if (w->draw && memcmp(&w->caps, &p->caps, sizeof w->caps) != 0) grat__show_free(w);
        if (!w->draw && grat__draw_new(to->width, to->height, &p->caps, &op, &w->draw)) return false;
        w->caps = p->caps;
        grat__yuv_from_raster(to, grat__draw_glance(w->draw, &p->glance));
        return true;
    }
    grat__raster r = {0};
    bool good = grat__image_decode(p->data, p->size, &r, &op) == GRAT_OK;
    if (good) grat__yuv_from_raster(to, &r);
    grat__raster_free(&r);
    return good;
}

void grat__show_free(grat__show *w)
{
    grat__draw_free(w->draw);
    *w = (grat__show){0};
}
