#include <math.h>
#include <string.h>

#include "sim/model/rigol-1000z/rigol.h"

#define NS_PER_S 1e9
#define DEAD_NS 20000000         /* between two captures of a running scope */
#define POLL_NS 2000000          /* how often a waiting scope looks at its input */
#define AUTO_LEAST_S 0.025
#define SHOWN_NS 100000000       /* a re-arming scope shows its last state for so long */
#define LATE_NS 500000000        /* a step that comes so late does not replay what it missed */
#define MAX_LOOKS 40000
#define MAX_MOVES 16

static void enter(rg *g, rg_state state, int64_t at_ns)
{
    rg_run *r = &g->run;
    r->state = state;
    r->event[r->events % RG_LAG_EVENTS].at_ns = at_ns;
    r->event[r->events++ % RG_LAG_EVENTS].state = state;
}

static rg_state state_at(const rg_run *r, int64_t at_ns, int64_t *since)
{
    unsigned kept = r->events < RG_LAG_EVENTS ? r->events : RG_LAG_EVENTS;
    *since = 0;
    for (unsigned back = 1; back <= kept; back++) {
        unsigned i = (r->events - back) % RG_LAG_EVENTS;
        if (r->event[i].at_ns > at_ns) continue;
        *since = r->event[i].at_ns;
        return r->event[i].state;
    }
    return kept < RG_LAG_EVENTS ? RG_STOP : r->state;
}

rg_state rg_shown_state(const rg *g, int64_t now_ns)
{
    int64_t at = now_ns - g->lag_ns, since;
    rg_state s = state_at(&g->run, at, &since);
    bool between = (s == RG_RUN || s == RG_WAIT) && !g->run.first && at - since < SHOWN_NS;
    return between ? g->run.shown : s;
}

/* How far the record reaches to each side of the trigger. */
static double before_s(const rg *g)
{
    return fmax(0, RG_DIVISIONS / 2 * g->timebase - g->delay);
}

static double after_s(const rg *g)
{
    return fmax(0, RG_DIVISIONS / 2 * g->timebase + g->delay);
}

/* The first trigger in from … to; NAN when there is none. Sets *searched to where to go on. */
static double find_edge(const rg *g, double from, double to, double *searched)
{
    double step = rg_look_step(g, g->trig_source), hysteresis = rg_hysteresis(g, g->trig_source);
    *searched = to;
    if (!(step > 0)) return NAN;
    if (to - from > MAX_LOOKS * step) from = to - MAX_LOOKS * step;
    bool rise = g->trig_slope != RG_SLOPE_NEG, fall = g->trig_slope != RG_SLOPE_POS;
    bool low = false, high = false;          /* armed for a rising, for a falling edge */
    double t = from - 2 * step, last = rg_level_at(g, g->trig_source, g->level, t);
    for (;; t += step) {
        double v = rg_level_at(g, g->trig_source, g->level, t);
        low |= v <= -hysteresis, high |= v >= hysteresis;
        if (t > to) break;
        bool up = rise && low && last < 0 && v >= 0, down = fall && high && last >= 0 && v < 0;
        if (up || down) {
            double at = rg_crossing(g, g->trig_source, g->level, t - step, t);
            if (at >= from && at <= to) return at;
        }
        if (v >= hysteresis) low = false;
        if (v <= -hysteresis) high = false;
        last = v;
    }
    /* Two steps back, so that an edge at the seam is armed when the search goes on. */
    *searched = fmax(from, to - 2 * step);
    return NAN;
}

/* As find_edge, with the machine of the present type; a change of its settings starts it anew. */
static double find_trigger(const rg *g, rg_machine *m, double to, double *searched)
{
    rg_event e;
    double from = *searched;
    if (!rg_event_read(g, &e)) return find_edge(g, from, to, searched);
    if (memcmp(&e, &m->event, sizeof e) != 0 || m->at > to) rg_machine_start(g, m, &e, from);
    double at = rg_machine_search(g, m, to);
    *searched = m->at;
    return at;
}

static rg_record snapshot(const rg *g, double trigger_s, bool forced)
{
    rg_record r = {.valid = true, .forced = forced, .trigger_s = trigger_s, .acq = g->acq};
    r.timebase = g->timebase;
    r.delay = g->delay;
    rg_sampling(g, &r.rate, &r.depth);
    r.start_s = g->delay - (double)r.depth / r.rate / 2;
    for (unsigned i = 0; i < RG_CHANNELS; i++) r.ch[i] = g->ch[i];
    for (unsigned i = 0; i < RG_DIGITALS; i++) r.digital[i] = g->la_on && g->digital[i];
    r.threshold[0] = g->threshold[0], r.threshold[1] = g->threshold[1];
    return r;
}

static void commit(rg *g)
{
    g->rec = g->run.pending;
    g->rec.number = ++g->records;
    if (g->run.averaged < g->averages) g->run.averaged++;
    g->rec.averaged = g->acq == RG_ACQ_AVER ? g->run.averaged : 1;
}

void rg_capture_now(rg *g, int64_t now_ns)
{
    double latest = rg_seconds(g, now_ns) - after_s(g), searched = latest - 0.1;
    rg_machine m = {0};
    double at = find_trigger(g, &m, latest, &searched);
    g->run.pending = snapshot(g, isnan(at) ? latest : at, isnan(at));
    commit(g);
}

static void arm(rg *g, int64_t now_ns)
{
    enter(g, RG_RUN, now_ns);
    g->run.due_ns = now_ns + (int64_t)(before_s(g) * NS_PER_S);
}

void rg_run_start(rg *g, bool single, int64_t now_ns)
{
    g->run.single = single;
    g->run.force = false;
    g->run.first = true;
    g->run.averaged = 0;
    arm(g, now_ns);
}

void rg_run_stop(rg *g, int64_t now_ns)
{
    if (g->run.state != RG_STOP) enter(g, RG_STOP, now_ns);
    g->run.single = g->run.force = false;
}

void rg_run_force(rg *g)
{
    if (g->run.state == RG_RUN || g->run.state == RG_WAIT) g->run.force = true;
}

void rg_run_trigger(void *p)
{
    rg_run_force(p);
}

static void triggered(rg *g, double at_s, rg_state state, int64_t now_ns)
{
    rg_run *r = &g->run;
    int64_t at_ns = sim_own_to_ns(g->in, at_s);
    r->pending = snapshot(g, at_s, state == RG_AUTO || r->force);
    r->force = false;
    r->first = false;
    r->shown = state;
    enter(g, state, at_ns > r->wait_since_ns ? at_ns : r->wait_since_ns);
    r->due_ns = at_ns + (int64_t)(after_s(g) * NS_PER_S);
    r->committed = false;
    if (r->due_ns < now_ns - LATE_NS) r->due_ns = now_ns;
}

/* In WAIT: true when the state has changed; else *next is when to look again. */
static bool wait_step(rg *g, int64_t now_ns, int64_t *next)
{
    rg_run *r = &g->run;
    double now = rg_seconds(g, now_ns);
    if (r->force) {
        triggered(g, now, RG_TD, now_ns);
        return true;
    }
    double at = find_trigger(g, &r->machine, now, &r->searched_s);
    if (!isnan(at)) {
        triggered(g, at, RG_TD, now_ns);
        return true;
    }
    *next = now_ns + POLL_NS;
    if (g->sweep != RG_SWEEP_AUTO || r->single) return false;
    double patience = fmax(AUTO_LEAST_S, RG_DIVISIONS * g->timebase);
    int64_t give_up = r->wait_since_ns + (int64_t)(patience * NS_PER_S);
    if (now_ns >= give_up) {
        triggered(g, rg_seconds(g, give_up > now_ns - LATE_NS ? give_up : now_ns), RG_AUTO, now_ns);
        return true;
    }
    if (*next > give_up) *next = give_up;
    return false;
}

/* The record is complete; a running scope then needs some time before it looks for the next trigger. */
static void captured(rg *g, int64_t at_ns)
{
    if (g->run.committed) {
        arm(g, at_ns);
        return;
    }
    commit(g);
    g->run.committed = true;
    g->run.due_ns = at_ns + DEAD_NS;
    if (g->run.single) enter(g, RG_STOP, at_ns);
}

int64_t rg_step(void *p, int64_t now_ns)
{
    rg *g = p;
    rg_run *r = &g->run;
    for (int moves = 0; moves < MAX_MOVES; moves++) {
        int64_t next;
        if (r->state == RG_STOP) return INT64_MAX;
        if (r->state == RG_WAIT) {
            if (!wait_step(g, now_ns, &next)) return next;
            continue;
        }
        if (now_ns < r->due_ns) return r->due_ns;
        int64_t at = r->due_ns > now_ns - LATE_NS ? r->due_ns : now_ns;
        if (r->state == RG_RUN) {
            r->wait_since_ns = at;
            r->searched_s = rg_seconds(g, at);
            r->machine = (rg_machine){0};
            enter(g, RG_WAIT, at);
            continue;
        }
        captured(g, at);
    }
    return now_ns + POLL_NS;
}
