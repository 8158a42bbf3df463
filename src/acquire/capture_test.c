/* The capture loop over a driver that lives in this file, behind the scope calls that it needs. */
#include <graticule/binding.h>

#include "scope/scope.h"
#include "test.h"

static struct fake {
    grat_err acquire, fetch, plan;
    bool armed, refuse_force, waiting, rising;
    unsigned cut_from;    /* records from this number on (1-based) end early without an error; 0 = none */
    unsigned fail_from;   /* acquisitions from this number on (1-based) time out; 0 = none */
    unsigned acquired, fetched, forced, stopped, sets;
    unsigned last_mask;
    grat_sweep sweep;
} f;
static unsigned got;
static unsigned flags[8], numbers[8];
static grat_op op;

static grat_err fake_get(void *p, grat_settings *out, grat_op *o)
{
    (void)p;
    *out = (grat_settings){.sweep = f.sweep};
    return o->err = GRAT_OK;
}

static grat_err fake_set(void *p, const grat_settings *want, unsigned mask, grat_op *o)
{
    (void)p;
    f.sets++;
    f.last_mask = mask;
    f.sweep = want->sweep;
    return o->err = GRAT_OK;
}

static grat_err fake_run(void *p, grat_run what, grat_op *o)
{
    (void)p;
    if (what == GRAT_FORCE) {
        f.forced++;
        f.waiting = f.refuse_force;
    }
    if (what == GRAT_STOP) {
        f.stopped++;
        f.waiting = false;
    }
    return o->err = GRAT_OK;
}

static grat_err fake_state(void *p, grat_scope_state *out, grat_op *o)
{
    (void)p;
    *out = f.waiting ? GRAT_STATE_WAITING : GRAT_STATE_STOPPED;
    return o->err = GRAT_OK;
}

static grat_err fake_acquire(void *p, const grat_request *q, grat_op *o)
{
    (void)p, (void)q;
    f.acquired++;
    if (f.fail_from && f.acquired >= f.fail_from) f.acquire = GRAT_ECANCELED;
    f.waiting = f.acquire != GRAT_OK;
    f.armed = true;
    f.sweep = GRAT_SWEEP_SINGLE;
    return f.acquire ? grat_op_fail(o, f.acquire, "no trigger") : GRAT_OK;
}

static grat_err fake_fetch(void *p, const grat_request *q, grat_record **out, grat_op *o)
{
    static const grat_sample_type type = GRAT_U8;
    (void)p;
    f.fetched++;
    if (!f.armed && !q->current) return grat_op_fail(o, GRAT_ENODATA, "nothing new");
    *out = grat_record_new(1, &type, 10);
    (*out)->trace[0].scale = 2;
    for (unsigned i = 0; f.rising && i < 10; i++) ((uint8_t *)(*out)->trace[0].raw)[i] = (uint8_t)(f.fetched + i);
    if (f.forced) (*out)->flags |= GRAT_REC_FORCED;
    if (f.cut_from && f.fetched >= f.cut_from) (*out)->flags |= GRAT_REC_CUT;
    if (f.fetch) (*out)->flags |= GRAT_REC_CUT;
    return f.fetch ? grat_op_fail(o, f.fetch, "cut") : GRAT_OK;
}

static const grat_driver driver = {
    .name = "fake", .get = fake_get, .set = fake_set, .run = fake_run, .state = fake_state,
    .acquire = fake_acquire, .fetch = fake_fetch,
};

const grat_driver *grat__scope_driver(const grat_scope *sc)
{
    (void)sc;
    return &driver;
}

void *grat__scope_priv(grat_scope *sc)
{
    return sc;
}

const grat_caps *grat_scope_caps(const grat_scope *sc)
{
    (void)sc;
    return NULL;
}

grat_err grat_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                   unsigned *mask, grat_op *o)
{
    (void)caps, (void)q;
    if (f.plan) return grat_op_fail(o, f.plan, "the nearest is 600 s");
    *want = *now;
    *mask = GRAT_SET_TIMEBASE;
    return GRAT_OK;
}

static double volts[10];

static grat_settings used;
static grat_settings used_at_first;

static bool take(void *user, grat_record *r)
{
    if (!got) used_at_first = used;
    grat_trace_values(&r->trace[0], 0, 10, volts);
    flags[got & 7] = r->flags;
    numbers[got++ & 7] = r->number;
    return !user || got < *(unsigned *)user;
}

static unsigned averages;

static grat_err capture(unsigned count, bool current, unsigned *limit)
{
    grat_request q;
    grat_request_init(&q);
    q.acq = averages ? GRAT_ACQ_AVERAGE : 0;
    q.averages = averages;
    q.count = count;
    q.current = current;
    got = 0;
    grat_op_init(&op, 2000, NULL);
    return grat_capture_with(NULL, &q, &used, take, limit, &op);
}

TEST(counts_records)
{
    f = (struct fake){.sweep = GRAT_SWEEP_AUTO};
    EQ(capture(3, false, NULL), GRAT_OK);
    EQ(got, 3);
    EQ(f.acquired, 3);
    EQ(numbers[2], 2);
    EQ(flags[0], 0);
    EQ(f.sets, 2);
    EQ(f.last_mask, GRAT_SET_SWEEP);
    EQ(f.sweep, GRAT_SWEEP_AUTO);
}

TEST(the_caller_may_end_it)
{
    unsigned limit = 2;
    f = (struct fake){.sweep = GRAT_SWEEP_NORMAL};
    EQ(capture(5, false, &limit), GRAT_OK);
    EQ(got, 2);
}

TEST(what_is_set_is_told_before_the_first_record)
{
    f = (struct fake){.sweep = GRAT_SWEEP_AUTO};
    for (int current = 0; current < 2; current++) {
        used = used_at_first = (grat_settings){0};
        EQ(capture(1, current, NULL), GRAT_OK);
        EQ(used_at_first.sweep, GRAT_SWEEP_AUTO);
        EQ(used.acq, 0);
    }
    averages = 3;
    EQ(capture(1, false, NULL), GRAT_OK);
    averages = 0;
    EQ(used_at_first.acq, GRAT_ACQ_AVERAGE);
    EQ(used_at_first.averages, 3);
    used = (grat_settings){0};
    f.plan = GRAT_ERANGE;
    EQ(capture(1, false, NULL), GRAT_ERANGE);
    EQ(used.sweep, 0);
}

TEST(current_touches_nothing)
{
    f = (struct fake){.sweep = GRAT_SWEEP_AUTO};
    EQ(capture(0, true, NULL), GRAT_OK);
    EQ(got, 1);
    EQ(f.acquired + f.sets, 0);
}

TEST(an_impossible_request_changes_nothing)
{
    f = (struct fake){.plan = GRAT_ERANGE};
    EQ(capture(1, false, NULL), GRAT_ERANGE);
    EQ(f.sets + f.acquired + got, 0);
}

TEST(no_trigger_gives_a_forced_cut_record)
{
    f = (struct fake){.acquire = GRAT_ETIMEOUT, .sweep = GRAT_SWEEP_NORMAL};
    EQ(capture(4, false, NULL), GRAT_ETIMEOUT);
    STR(op.text, "no trigger");
    EQ(f.acquired, 1);
    EQ(f.forced, 1);
    EQ(f.stopped, 1);
    EQ(got, 1);
    EQ(flags[0], GRAT_REC_FORCED | GRAT_REC_CUT);
}

TEST(nothing_is_better_than_an_old_record)
{
    f = (struct fake){.acquire = GRAT_ECANCELED, .refuse_force = true, .sweep = GRAT_SWEEP_NORMAL};
    EQ(capture(1, false, NULL), GRAT_ECANCELED);
    EQ(got, 0);
    EQ(f.fetched, 0);
    EQ(f.stopped, 1);
}

TEST(a_cut_fetch_is_delivered_with_its_error)
{
    f = (struct fake){.fetch = GRAT_ECANCELED, .sweep = GRAT_SWEEP_NORMAL};
    EQ(capture(3, false, NULL), GRAT_ECANCELED);
    EQ(got, 1);
    EQ(flags[0], GRAT_REC_CUT);
}

TEST(other_failures_deliver_nothing)
{
    f = (struct fake){.acquire = GRAT_ELOST};
    EQ(capture(1, false, NULL), GRAT_ELOST);
    EQ(got + f.fetched, 0);
}

TEST(a_mean_of_several)
{
    f = (struct fake){.sweep = GRAT_SWEEP_AUTO, .rising = true};
    averages = 4;
    EQ(capture(2, false, NULL), GRAT_OK);
    averages = 0;
    EQ(got, 2);
    EQ(f.acquired, 8);
    EQ(numbers[1], 1);
    EQ(flags[1], 0);
    /* Codes 5+i to 8+i, at 2 V a code. */
    NEAR(volts[0], 13, 1e-6);
    NEAR(volts[9], 31, 1e-6);
}

TEST(a_cancelled_mean_is_of_the_whole_records)
{
    f = (struct fake){.sweep = GRAT_SWEEP_NORMAL, .rising = true, .fail_from = 3};
    averages = 16;
    EQ(capture(2, false, NULL), GRAT_ECANCELED);
    averages = 0;
    EQ(got, 1);
    EQ(flags[0], GRAT_REC_CUT);
    NEAR(volts[0], 3, 1e-6);
}

TEST(a_mean_of_fewer_says_so)
{
    f = (struct fake){.sweep = GRAT_SWEEP_NORMAL, .rising = true, .cut_from = 3};
    averages = 16;
    EQ(capture(1, false, NULL), GRAT_OK);
    averages = 0;
    EQ(got, 1);
    EQ(flags[0], GRAT_REC_CUT);
    NEAR(volts[0], 3, 1e-6);
}

int main(void)
{
    RUN(counts_records);
    RUN(the_caller_may_end_it);
    RUN(what_is_set_is_told_before_the_first_record);
    RUN(current_touches_nothing);
    RUN(an_impossible_request_changes_nothing);
    RUN(no_trigger_gives_a_forced_cut_record);
    RUN(nothing_is_better_than_an_old_record);
    RUN(a_cut_fetch_is_delivered_with_its_error);
    RUN(other_failures_deliver_nothing);
    RUN(a_mean_of_several);
    RUN(a_cancelled_mean_is_of_the_whole_records);
    RUN(a_mean_of_fewer_says_so);
    return TEST_RESULT();
}
