#include "scope/drv/rigol-1000z/rigol.h"

#include <math.h>

#define MS 1000000LL
/* Status lags run control by 100 to 150 ms (seen on 00.04.04.SP4). */
#define LAG_NS (200 * MS)
/* A trigger within the lag may hide every state but STOP. */
#define START_MS 300
#define POLL_MIN_NS (2 * MS)
#define POLL_MAX_NS (50 * MS)

typedef struct poll_pace {
    int64_t step_ns;
} poll_pace;

static grat_err pace(poll_pace *p, grat_op *op)
{
    p->step_ns = p->step_ns ? p->step_ns * 3 / 2 : POLL_MIN_NS;
    if (p->step_ns > POLL_MAX_NS) p->step_ns = POLL_MAX_NS;
    return grat_op_sleep_until(op, grat_now_ns() + p->step_ns);
}

grat_err rigol_run(void *p, grat_run what, grat_op *op)
{
    rigol *r = p;
    static const char *const command[] = {
        [GRAT_RUN] = ":RUN", [GRAT_STOP] = ":STOP", [GRAT_SINGLE] = ":SING", [GRAT_FORCE] = ":TFOR"};
    if (what < GRAT_RUN || what > GRAT_FORCE) return grat_op_fail(op, GRAT_EINVAL, "run: no such action");
    if (what != GRAT_FORCE) r->armed = false;
    grat_err err = grat__scpi_set(r->s, op, "%s", command[what]);
    if (what == GRAT_RUN || what == GRAT_STOP) r->control_ns = grat_now_ns();
    if (!err && what == GRAT_FORCE) r->forced = true;
    return err;
}

grat_err rigol_state(void *p, grat_scope_state *out, grat_op *op)
{
    rigol *r = p;
    int state = 0;
    grat_err err = grat__scpi_word(r->s, ":TRIG:STAT?", rigol_state_words, &state, op);
    if (!err) *out = (grat_scope_state)state;
    return err;
}

grat_err rigol_wait_stopped(rigol *r, bool stopped, int64_t limit_ms, grat_op *op)
{
    poll_pace pp = {0};
    int64_t limit = grat_now_ns() + limit_ms * MS;
    for (;;) {
        grat_scope_state state;
        grat_err err = rigol_state(r, &state, op);
        if (err || (state == GRAT_STATE_STOPPED) == stopped) return err;
        if (grat_now_ns() >= limit)
            return grat_op_fail(op, GRAT_EINSTR, "%s: did not %s within %lld ms", r->model, stopped ? "stop" : "start",
                                (long long)limit_ms);
        err = pace(&pp, op);
        if (err) return err;
    }
}

typedef struct shot {
    bool none, automatic;   /* force at once; force after a screen's time */
    double scale, delay;
    int64_t before_ns;      /* the last time it was seen not to be complete */
    int64_t waiting_ns;     /* since when it waits for a trigger, 0 = it does not */
    int64_t forced_ns;      /* when TFOR was last sent */
} shot;

static grat_err shot_init(rigol *r, const grat_request *q, shot *s, grat_op *op)
{
    int sweep = GRAT_SWEEP_NORMAL;
    *s = (shot){.none = q->trigger == GRAT_TRIG_NONE, .automatic = q->trigger == GRAT_TRIG_AUTO};
    grat_err err = grat__scpi_num(r->s, ":TIM:SCAL?", &s->scale, op);
    if (!err) err = grat__scpi_num(r->s, ":TIM:OFFS?", &s->delay, op);
    if (err || q->trigger != GRAT_TRIG_KEEP) return err;
    err = grat__scpi_word(r->s, ":TRIG:SWE?", rigol_sweep, &sweep, op);
    s->automatic = sweep == GRAT_SWEEP_AUTO;
    return err;
}

/* A stale STOP must not be taken for a finished record: a record that takes longer than the lag must first be
 * seen to have begun. */
static grat_err wait_begun(rigol *r, const shot *s, grat_op *op)
{
    bool quick = RIGOL_DIVISIONS * s->scale * 1e3 < START_MS;
    grat_err err = rigol_wait_stopped(r, false, quick ? START_MS : 10 * START_MS, op);
    return err == GRAT_EINSTR && quick ? grat_op_check(op) : err;
}

static bool force_due(const shot *s, int64_t now)
{
    int64_t patience = s->none ? 0 : (int64_t)(fmax(0.025, RIGOL_DIVISIONS * s->scale) * 1e9);
    if (!s->none && !s->automatic) return false;
    return s->waiting_ns && now - s->waiting_ns >= patience && now - s->forced_ns >= LAG_NS;
}

static grat_err wait_done(rigol *r, shot *s, grat_op *op)
{
    poll_pace pp = {0};
    for (;;) {
        grat_scope_state state;
        int64_t now = grat_now_ns();
        grat_err err = rigol_state(r, &state, op);
        if (err || state == GRAT_STATE_STOPPED) return err;
        s->before_ns = now;
        if (state != GRAT_STATE_WAITING)
            s->waiting_ns = 0;
        else if (!s->waiting_ns)
            s->waiting_ns = now;
        if (force_due(s, now)) {
            err = rigol_run(r, GRAT_FORCE, op);
            s->forced_ns = now;
        }
        if (!err) err = pace(&pp, op);
        if (err) return err;
    }
}

/* STOP at the front panel ends the wait as a trigger does, and leaves the record of before: the position of the
 * trigger is then -2 (programming guide, :TRIGger:POSition?). */
static grat_err check_triggered(rigol *r, const shot *s, grat_op *op)
{
    double position = 0;
    if (!s->waiting_ns || r->forced) return GRAT_OK;
    grat_err err = grat__scpi_num(r->s, ":TRIG:POS?", &position, op);
    if (err || position != -2) return err;
    r->armed = false;
    return grat_op_fail(op, GRAT_EINSTR, "%s: it was stopped before a trigger came (at its front panel, or by another "
                        "program); start again", r->model);
}

/* The trigger lies as long before the end of the record as the screen reaches past it. */
static void stamp(rigol *r, const shot *s)
{
    int64_t now = grat_now_ns();
    double after = fmax(0, RIGOL_DIVISIONS / 2 * s->scale + s->delay);
    r->mono_ns = now - (int64_t)(after * 1e9);
    r->utc_ns = grat_utc_ns() - (int64_t)(after * 1e9);
    r->uncertainty_ns = now - s->before_ns + (r->quirks & RIGOL_STATUS_LAG ? LAG_NS : 0);
}

/* Says what it was that did not come before the deadline. */
static grat_err explain(const rigol *r, const shot *s, grat_err err, grat_op *op)
{
    char text[40];
    if (err != GRAT_ETIMEOUT || grat_op_left_ms(op) > 0) return err;
    if (s->waiting_ns)
        return grat_op_fail(op, err, "%s: no trigger came in time; check its source and level, or let it run by itself",
                            r->model);
    return grat_op_fail(op, err, "%s: a record of %s was not complete in time; allow more", r->model,
                        grat_format_quantity(text, sizeof text, RIGOL_DIVISIONS * s->scale, "s"));
}

grat_err rigol_acquire(void *p, const grat_request *q, grat_op *op)
{
    rigol *r = p;
    shot s;
    r->armed = r->forced = false;
    r->mono_ns = 0;
    grat_err err = shot_init(r, q, &s, op);
    /* An earlier RUN or STOP may still come up in the status after SING. */
    if (!err && r->control_ns && grat_now_ns() < r->control_ns + LAG_NS)
        err = grat_op_sleep_until(op, r->control_ns + LAG_NS);
    s.before_ns = grat_now_ns();
    if (!err) err = rigol_run(r, GRAT_SINGLE, op);
    if (err) return err;
    r->armed = true;
    err = wait_begun(r, &s, op);
    if (!err) err = wait_done(r, &s, op);
    if (!err) err = check_triggered(r, &s, op);
    if (!err) stamp(r, &s);
    return explain(r, &s, err, op);
}
