#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "screen/recipe.h"

enum {
    FIRST_BYTE_MS = 1000, /* an unknown instrument's answer begins within, on the first round */
    ESR_MS = 1000,
};

/* Half of what is left stays for the recipes after this one. */
static int64_t share_ms(const grat_op *op, const grat__recipe *r, bool last)
{
    int64_t left = grat_op_left_ms(op);
    if (last) return left;
    return left / 2 < r->timeout_ms ? left / 2 : r->timeout_ms;
}

static grat_err attempt(grat_session *s, const grat__recipe *r, grat_image_kind want, grat_screenshot *shot,
                        grat_op *op)
{
    uint8_t *data;
    size_t n;
    grat_err e = grat__recipe_fetch(s, r, &data, &n, op);
    if (e) return e;
    snprintf(shot->recipe, sizeof shot->recipe, "%s", r->name);
    e = grat__shot_finish(data, n, want, shot, op);
    free(data);
    return e;
}

/* Another recipe may do better only where the instrument did not like this one. */
static bool worth_another(grat_err e)
{
    return e == GRAT_ETIMEOUT || e == GRAT_EPROTO || e == GRAT_EFORMAT || e == GRAT_EINSTR || e == GRAT_ENODATA ||
           e == GRAT_EPARSE;
}

/* What an unknown instrument says of a command that it did not answer. */
static bool refused(grat_session *s, const grat_op *parent)
{
    enum { COMMAND_ERROR = 32, EXECUTION_ERROR = 16 };
    grat_op op;
    double esr;
    grat_op_init(&op, ESR_MS, parent->cancel);
    if (grat_query_number(s, "*ESR?", &esr, &op)) return false;
    return esr >= 0 && esr < 256 && ((unsigned)esr & (COMMAND_ERROR | EXECUTION_ERROR));
}

/* One attempt at an instrument of which nothing is known: it must begin to answer soon, and then may take its time.
 * After it the session is in step again, or it returns why not. */
static grat_err quick_attempt(grat_session *s, const grat__recipe *r, grat_image_kind want, grat_screenshot *shot,
                              grat_op *op)
{
    grat_op own;
    grat_op_init(&own, FIRST_BYTE_MS, op->cancel);
    own.idle_ns = (int64_t)r->timeout_ms * 1000000;
    own.latest_ns = op->deadline_ns;
    if (own.deadline_ns > op->deadline_ns) own.deadline_ns = op->deadline_ns;
    grat_err e = attempt(s, r, want, shot, &own);
    if (e) grat_op_fail(op, e, "%s (recipe %s)", own.text, r->name);
    if (!e || !grat_needs_recovery(s)) return e;
    grat_op_init(&own, grat_op_left_ms(op), op->cancel);
    if (grat_recover(s, &own)) return grat_op_fail(op, own.err, "%s", own.text);
    return e;
}

/* First each recipe briefly; then those that the instrument did not refuse in words, with all the time there is. */
static grat_err try_unknown(grat_session *s, const grat__recipe **list, unsigned *n, grat_image_kind want,
                            grat_screenshot *shot, grat_op *op)
{
    unsigned kept = 0;
    refused(s, op); /* forgets what was before */
    for (unsigned i = 0; i < *n; i++) {
        grat_err e = quick_attempt(s, list[i], want, shot, op);
        if (!e || !worth_another(e) || grat_op_left_ms(op) == 0) return e;
        if (e != GRAT_ETIMEOUT) continue;
        if (!refused(s, op)) list[kept++] = list[i];
    }
    *n = kept;
    return op->err;
}

static grat_err try_all(grat_session *s, const grat__recipe **list, unsigned n, grat_image_kind want,
                        grat_screenshot *shot, grat_op *op)
{
    grat_op own;
    grat_err e = GRAT_OK;
    for (unsigned i = 0; i < n; i++) {
        grat_op_init(&own, share_ms(op, list[i], i + 1 == n), op->cancel);
        e = attempt(s, list[i], want, shot, &own);
        if (!e) return GRAT_OK;
        grat_op_fail(op, e, "%s (recipe %s)", own.text, list[i]->name);
        if (!worth_another(e) || i + 1 == n || grat_op_left_ms(op) == 0) break;
        if (!grat_needs_recovery(s)) continue;
        grat_op_init(&own, grat_op_left_ms(op), op->cancel);
        if (grat_recover(s, &own)) return grat_op_fail(op, own.err, "%s", own.text);
    }
    return e;
}

grat_err grat_screenshot_get(grat_session *s, grat_image_kind want, grat_screenshot *out, grat_op *op)
{
    const grat__recipe *list[GRAT__RECIPES_MAX];
    grat_identity id;
    grat_screenshot shot = {0};
    if (want != GRAT_IMG_UNKNOWN && want != GRAT_IMG_PNG && want != GRAT_IMG_BMP && want != GRAT_IMG_JPEG)
        return grat_op_fail(op, GRAT_EFORMAT, "screenshot: PNG, BMP and JPEG can be had");
    grat_err e = grat_identify(s, &id, op);
    if (e) return e;
    if (grat__glob("*bitscope*|*pico technology*", id.vendor))
        return grat_op_fail(op, GRAT_ENOTSUP, "screenshot: a %s %s has no screen; grat plot draws what it captures, "
                            "grat live what it sees", id.vendor, id.model);
    unsigned n = grat__recipes_for(&id, want, list), all = n;
    bool known = list[0]->vendor != NULL;
    if (!known) e = try_unknown(s, list, &n, want, &shot, op);
    if (known || (e && n && worth_another(e))) e = try_all(s, list, n, want, &shot, op);
    if (e && !known && worth_another(e)) {
        char last[GRAT_TEXT_MAX];
        grat__strcpy(last, sizeof last, op->text);
        return grat_op_fail(op, e, "screenshot: %s %s is not known, none of %u general recipes worked: %.120s",
                            id.vendor, id.model, all, last);
    }
    if (e) return e;
    op->err = GRAT_OK;
    op->text[0] = '\0';
    op->count = shot.size;
    *out = shot;
    return GRAT_OK;
}
