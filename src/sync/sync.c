#include "sync/sync_int.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define PROBES 4
#define ABORT_MS 1000
#define SPIN_NS 300000           /* how long before an absolute start it no longer sleeps */
#define CONFIRM_NS 5000000       /* for the last question whether all are ready */
#define NS_PER_MS 1000000

struct grat_sync {
    grat_open_options open;
    int64_t ready_ms;
    bool even_none;
    grat_group *group;
    grat__sync_gang *gang;
    unsigned gangs;
    unsigned n;
    grat__sync_item item[];
};

const char *grat_sync_step_name(grat_sync_step step)
{
    static const char *const names[] = {"", "open", "setup", "arm", "start", "read", "done"};
    return step >= GRAT_SYNC_OPEN && step <= GRAT_SYNC_DONE ? names[step] : "";
}

/* ---- one step for all ------------------------------------------------------------------------------- */

static void fail_item(grat__sync_item *i, const grat_op *op)
{
    i->alive = false;
    i->result.err = op->err;
    i->result.step = i->at;
    snprintf(i->text, sizeof i->text, "%s", op->text[0] ? op->text : grat_strerror(op->err));
}

/* Runs fn for every item that takes part, each until its own deadline; those that fail take part no longer. */
static void all(grat_sync *y, grat_task_fn fn, int64_t deadline_ns, const grat_op *op)
{
    grat_op wait;
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        if (!i->alive) continue;
        grat_op_init(&i->op, 0, op->cancel);
        i->op.deadline_ns = deadline_ns;
        if (grat_submit(y->group, fn, i, &i->op, NULL)) {
            grat_op_fail(&i->op, GRAT_ENOMEM, "no memory for the task");
            fail_item(i, &i->op);
        }
    }
    /* Each task ends by its own deadline or cancel: none is left behind. */
    grat_op_init(&wait, INT64_MAX, NULL);
    for (grat_task *t; (t = grat_wait_any(y->group, &wait)); grat_task_free(t)) {
        grat__sync_item *i = grat_task_user(t);
        if (i->op.err) fail_item(i, &i->op);
    }
}

static unsigned alive(const grat_sync *y)
{
    unsigned n = 0;
    for (unsigned k = 0; k < y->n; k++) n += y->item[k].alive;
    return n;
}

/* ---- opening ---------------------------------------------------------------------------------------- */

static bool copy(char **to, const char *from, const char **use)
{
    if (!from) return true;
    *to = strdup(from);
    *use = *to;
    return *to != NULL;
}

/* UTC less CLOCK_MONOTONIC: of several looks the one that took the least time. */
static int64_t utc_less_monotonic(void)
{
    int64_t least = INT64_MAX, out = 0;
    for (unsigned i = 0; i < 8; i++) {
        int64_t before = grat_now_ns(), utc = grat_utc_ns(), took = grat_now_ns() - before;
        if (took >= least) continue;
        least = took;
        out = utc - before - took / 2;
    }
    return out;
}

static bool take_member(grat__sync_item *i, const grat_sync_member *m, const grat_open_options *open, int64_t utc_ns)
{
    const char *unused;
    grat_recipe *r = &i->spec.recipe;
    i->spec = *m;
    if (!r->size) grat_recipe_nth(0, &unused, &unused, r);
    const char **texts[] = {&r->setup, &r->arm, &r->ready, &r->start, &r->read, &r->abort, &r->clock,
                            &r->stamp};
    bool ok = copy(&i->resource, m->resource, &i->spec.resource) &&
              copy(&i->name, m->name ? m->name : m->resource, &i->spec.name);
    for (unsigned k = 0; k < sizeof texts / sizeof *texts; k++) ok = ok && copy(&i->step[k], *texts[k], texts[k]);
    i->open = open;
    i->clock.utc_ns = utc_ns;
    i->result = (grat_sync_result){.name = i->spec.name, .resource = i->spec.resource, .text = i->text};
    i->alive = true;
    return ok;
}

static grat_err take_members(grat_sync *y, const grat_sync_member *member, unsigned n, grat_op *op)
{
    int64_t utc_ns = utc_less_monotonic();
    for (unsigned k = 0; k < n; k++) {
        bool whole = member[k].size == sizeof *member && member[k].resource;
        y->n = k + 1;
        if (!whole) return grat_op_fail(op, GRAT_EINVAL, "member %u: no resource, or its size is wrong", k + 1);
        if (!take_member(&y->item[k], &member[k], &y->open, utc_ns))
            return grat_op_fail(op, GRAT_ENOMEM, "sync: out of memory");
    }
    return GRAT_OK;
}

static grat_err first_error(const grat_sync *y, grat_op *op)
{
    for (unsigned k = 0; k < y->n; k++) {
        const grat__sync_item *i = &y->item[k];
        if (i->result.err) return grat_op_fail(op, i->result.err, "%.60s: %.240s", i->spec.name, i->text);
    }
    return GRAT_OK;
}

/* Boards with two members or more that one trigger can start; without memory or the board's own session each is
 * triggered by itself. */
static void form_gangs(grat_sync *y, grat_op *op)
{
    grat_resource r;
    unsigned on_board[GRAT_SYNC_MAX] = {0}, most = 0;
    for (unsigned k = 0; k < y->n; k++)
        if (grat__sync_gang_address(&y->item[k], &r) && r.board < GRAT_SYNC_MAX && ++on_board[r.board] > most)
            most = on_board[r.board];
    for (unsigned b = 0; most > 1 && b < GRAT_SYNC_MAX; b++) {
        grat__sync_gang *more = on_board[b] > 1 ? realloc(y->gang, (y->gangs + 1) * sizeof *more) : NULL;
        if (!more) continue;
        y->gang = more;
        y->gang[y->gangs] = (grat__sync_gang){.board = b};
        grat__sync_gang_open(&y->gang[y->gangs++], &y->open, op);
    }
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        if (!grat__sync_gang_address(i, &r)) continue;
        for (unsigned g = 0; g < y->gangs; g++) {
            if (y->gang[g].board != r.board || !y->gang[g].bus) continue;
            i->gang = &y->gang[g];
            i->primary = r.primary, i->secondary = r.secondary;
            i->gang->member[i->gang->members++] = i;
        }
    }
}

/* The first of each that is ready fires for all. */
static void choose_leaders(grat_sync *y)
{
    for (unsigned g = 0; g < y->gangs; g++) {
        grat__sync_gang *a = &y->gang[g];
        a->leader = NULL;
        for (unsigned k = 0; k < a->members && !a->leader; k++)
            if (a->member[k]->alive) a->leader = a->member[k];
    }
}

/* What its leader met is what all of a gang met. */
static void follow_leaders(grat_sync *y)
{
    for (unsigned g = 0; g < y->gangs; g++) {
        grat__sync_gang *a = &y->gang[g];
        for (unsigned k = 0; a->leader && k < a->members; k++) {
            grat__sync_item *i = a->member[k], *l = a->leader;
            if (i == l || !i->alive) continue;
            i->result.sent_ns = l->result.sent_ns, i->result.accepted_ns = l->result.accepted_ns;
            i->result.start_ns = l->result.start_ns, i->result.uncertainty_ns = l->result.uncertainty_ns;
            i->result.acknowledged = l->result.acknowledged;
            if (l->result.err) fail_item(i, &l->op);
        }
    }
}

grat_err grat_sync_open(const grat_sync_member *member, unsigned n, const grat_sync_options *opt, grat_op *op,
                        grat_sync **out)
{
    if (!n || n > GRAT_SYNC_MAX || (opt && opt->size != sizeof *opt))
        return grat_op_fail(op, GRAT_EINVAL, "sync: 1 to %d members, and options of the right size", GRAT_SYNC_MAX);
    grat_sync *y = calloc(1, sizeof *y + n * sizeof *y->item);
    if (y) y->group = grat_group_new();
    if (!y || !y->group) {
        grat_sync_close(y);
        return grat_op_fail(op, GRAT_ENOMEM, "sync: out of memory or descriptors");
    }
    if (opt) y->open = opt->open, y->ready_ms = opt->ready_ms, y->even_none = opt->even_none;
    grat_err e = take_members(y, member, n, op);
    for (unsigned k = 0; k < y->n; k++) y->item[k].probes = opt && opt->brief ? 0 : PROBES;
    if (!e) all(y, grat__sync_open, op->deadline_ns, op);
    if (!e) form_gangs(y, op);
    if (!e && grat_cancel_fired(op->cancel)) e = grat_op_fail(op, GRAT_ECANCELED, "sync: cancelled while opening");
    if (!e && !alive(y) && !y->even_none) e = first_error(y, op);
    if (e) {
        grat_sync_close(y);
        return e;
    }
    *out = y;
    return GRAT_OK;
}

static void forget(grat__sync_item *i)
{
    free(i->value);
    free(i->reply);
    grat_record_unref(i->result.record);
    i->value = NULL;
    i->reply = NULL;
}

static grat_err hang_up(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    if (i->scope) grat_scope_close(i->scope);
    else grat_close(i->session);
    (void)op;
    return GRAT_OK;
}

/* Together: some wires take leave by a question, whose answer is waited for. */
static void hang_up_all(grat_sync *y)
{
    grat_op wait;
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        grat_op_init(&i->op, INT64_MAX, NULL);
        if (!i->session && !i->scope) continue;
        if (grat_submit(y->group, hang_up, i, &i->op, NULL)) hang_up(i, &i->op);
    }
    grat_op_init(&wait, INT64_MAX, NULL);
    for (grat_task *t; (t = grat_wait_any(y->group, &wait));) grat_task_free(t);
}

void grat_sync_close(grat_sync *y)
{
    if (!y) return;
    if (y->group) hang_up_all(y);
    grat_group_free(y->group);
    for (unsigned g = 0; g < y->gangs; g++) grat_close(y->gang[g].bus);
    free(y->gang);
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        forget(i);
        for (unsigned s = 0; s < sizeof i->step / sizeof *i->step; s++) free(i->step[s]);
        free(i->name);
        free(i->resource);
    }
    free(y);
}

/* ---- running ---------------------------------------------------------------------------------------- */

/* Whatever failed to open or to be set up stays out, with its first error. */
static void begin_run(grat_sync *y)
{
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        grat_sync_result *r = &i->result;
        forget(i);
        bool out = r->err && r->step <= GRAT_SYNC_SETUP;
        i->alive = !out;
        *r = (grat_sync_result){.name = r->name, .resource = r->resource, .identity = r->identity, .text = i->text,
                                .round_trip_ns = r->round_trip_ns, .rate = r->rate,
                                .rate_uncertainty = r->rate_uncertainty, .err = out ? r->err : GRAT_OK,
                                .step = out ? r->step : 0};
        if (!out) i->text[0] = '\0';
    }
}

/* Sleeps until shortly before; the tasks then watch the clock, for a timer is late by more than the spread of the
 * sends. */
static grat_err wait_for(grat_sync *y, int64_t at_ns, grat_op *op)
{
    for (unsigned k = 0; k < y->n; k++) y->item[k].start_at_ns = at_ns;
    return at_ns > 0 ? grat_op_sleep_until(op, at_ns - SPIN_NS - CONFIRM_NS) : GRAT_OK;
}

static void abort_failed(grat_sync *y)
{
    grat_op op;
    bool some = false;
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        i->alive = i->dirty && i->result.err;
        some = some || i->alive;
    }
    if (!some) return;
    grat_op_init(&op, ABORT_MS, NULL);
    grat_op wait;
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        i->op = op;
        if (i->alive) grat_submit(y->group, grat__sync_abort, i, &i->op, NULL);
    }
    grat_op_init(&wait, INT64_MAX, NULL);
    /* The first error is what counts; a failed abort is repeated before the next arming. */
    for (grat_task *t; (t = grat_wait_any(y->group, &wait));) grat_task_free(t);
}

static void end_run(grat_sync *y)
{
    int64_t now = grat_now_ns();
    for (unsigned k = 0; k < y->n; k++) {
        grat__sync_item *i = &y->item[k];
        if (!i->result.err) i->result.step = i->at;
        grat__clock_model m = {0};
        i->result.has_clock = grat__sync_clock_at(&i->clock, i->result.start_ns ? i->result.start_ns : now, &m);
        i->result.clock_offset = m.offset;
        i->result.clock_uncertainty = m.offset_uncertainty;
        i->result.clock_drift = m.drift;
        i->result.clock_drift_uncertainty = m.drift_uncertainty;
    }
}

/* An interrupt between the steps is the error of everyone that has not ended. */
static void stop_all(grat_sync *y, const grat_op *op)
{
    for (unsigned k = 0; k < y->n; k++)
        if (y->item[k].alive) fail_item(&y->item[k], op);
}

grat_err grat_sync_run(grat_sync *y, int64_t at_ns, grat_op *op)
{
    int64_t now = grat_now_ns(), third = (op->deadline_ns - now) / 3;
    int64_t most = y->ready_ms > 0 ? y->ready_ms * NS_PER_MS : third;
    begin_run(y);
    if (!alive(y)) return first_error(y, op);
    op->err = GRAT_OK;
    op->text[0] = '\0';
    all(y, grat__sync_arm, op->deadline_ns - now > most ? now + most : op->deadline_ns, op);
    if (wait_for(y, at_ns, op)) stop_all(y, op);
    all(y, grat__sync_confirm, op->deadline_ns, op);
    if (at_ns > 0 && grat_op_sleep_until(op, at_ns - SPIN_NS)) stop_all(y, op);
    choose_leaders(y);
    all(y, grat__sync_start, op->deadline_ns, op);
    follow_leaders(y);
    all(y, grat__sync_read, op->deadline_ns, op);
    end_run(y);
    abort_failed(y);
    grat_err e = GRAT_OK;
    for (unsigned k = 0; k < y->n && !e; k++) {
        const grat__sync_item *i = &y->item[k];
        if (i->result.err && i->result.step > GRAT_SYNC_SETUP)
            e = grat_op_fail(op, i->result.err, "%.60s: %.240s", i->spec.name, i->text);
    }
    if (!e) op->err = GRAT_OK;
    return e;
}

grat__sync_item *grat__sync_item_of(grat_sync *y, unsigned i)
{
    return i < y->n ? &y->item[i] : NULL;
}

const grat_sync_result *grat_sync_get(const grat_sync *y, unsigned i)
{
    return i < y->n ? &y->item[i].result : NULL;
}

int64_t grat_sync_send_spread_ns(const grat_sync *y)
{
    int64_t first = 0, last = 0;
    for (unsigned k = 0; k < y->n; k++) {
        int64_t at = y->item[k].result.sent_ns;
        if (!at) continue;
        if (!first || at < first) first = at;
        if (at > last) last = at;
    }
    return last - first;
}
