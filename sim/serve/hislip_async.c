/* Whole messages of both channels: status, locks, device clear, remote and local (IVI-6.1 §6.5 to §6.14). */
#include "sim/serve/hislip_int.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_MS 1000000

void hislip_error(hislip_conn *c, uint8_t code, const char *text)
{
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ERROR, .control = code, .length = strlen(text)}, text);
}

/* An answer on the async channel, with what a fault puts before it. */
static void answer(hislip_conn *c, const grat__hislip_msg *m, const void *payload)
{
    sim_faults *f = c->h->faults;
    if (f->count) {
        if (sim_fault(f, SIM_FAULT_HISLIP_ASYNC_DROP)) {
            hislip_doom(c);
            return;
        }
        if (sim_fault(f, SIM_FAULT_HISLIP_FATAL) && sim_fault_argument(f, SIM_FAULT_HISLIP_FATAL) == 4) {
            hislip_fatal(c, 132, "no more requests, please");
            return;
        }
        if (sim_fault(f, SIM_FAULT_HISLIP_STRAY))
            hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_INTERRUPTED}, NULL);
        if (sim_fault(f, SIM_FAULT_HISLIP_SRQ))
            hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_SERVICE_REQUEST, .control = 0x40}, NULL);
        if (sim_fault(f, SIM_FAULT_HISLIP_RESERVED))
            hislip_put(c, &(grat__hislip_msg){.type = 77, .length = 3}, "new");
        if (sim_fault(f, SIM_FAULT_HISLIP_VENDOR))
            hislip_put(c, &(grat__hislip_msg){.type = 255, .length = 6}, "vendor");
    }
    hislip_put(c, m, payload);
}

/* The client had sent messages up to `id` before it sent this request on the other channel: they come first. */
static void catch_up(hislip_session *s, uint32_t id)
{
    if ((int32_t)(id - s->last_id) > 0 && !s->overlap) hislip_take(s->sync);
}

static void max_size(hislip_conn *c)
{
    hislip_session *s = c->session;
    uint8_t own[8];
    bool fatal = sim_fault(c->h->faults, SIM_FAULT_HISLIP_FATAL) &&
                 sim_fault_argument(c->h->faults, SIM_FAULT_HISLIP_FATAL) == 2;
    if (fatal || grat__hislip_get_size(c->small.payload, c->small.n, &s->client_max) != GRAT_OK) {
        hislip_fatal(c, fatal ? 133 : GRAT__HISLIP_FATAL_HEADER, "");
        return;
    }
    grat__hislip_put_size(own, GRAT__HISLIP_DEFAULT_MAX);
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_MAX_SIZE_RESPONSE, .length = sizeof own}, own);
}

static void status(hislip_conn *c)
{
    hislip_session *s = c->session;
    const grat__hislip_msg *m = &c->small.in.msg;
    sim_port *port = s->source.port;
    bool mav;
    catch_up(s, m->parameter);
    hislip_pump(s->sync);
    if (s->overlap) {
        mav = s->body || sim_source_pending(&s->source) || s->server_id - GRAT__HISLIP_ID_STEP != m->parameter;
        if (!mav) sim_port_unread(port, false);
    } else {
        if (m->control & GRAT__HISLIP_RMT) {
            s->rmt_expected = false;
            if (!s->body) sim_port_unread(port, false);
        }
        /* pyvisa-py names its next identifier instead of its last. */
        uint32_t ahead = m->parameter - s->last_id;
        mav = (s->body || s->rmt_expected || sim_source_pending(&s->source)) &&
              (ahead == 0 || ahead == GRAT__HISLIP_ID_STEP);
    }
    uint8_t stb = sim_instrument_poll(c->h->in, mav);
    c->h->rqs = sim_instrument_rqs(c->h->in);
    answer(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_STATUS_RESPONSE, .control = stb}, NULL);
}

/* ---- locks ------------------------------------------------------------------------------------------ */

static unsigned holders(const sim_hislip *h, hislip_session **exclusive)
{
    unsigned shared = 0;
    *exclusive = NULL;
    for (hislip_session *s = h->sessions; s; s = s->next) {
        shared += s->shared;
        if (s->exclusive) *exclusive = s;
    }
    return shared;
}

/* The answer to a request for a lock as things stand: OK, ERROR, or FAILED for "not now". */
static uint8_t try_lock(hislip_session *s)
{
    sim_hislip *h = s->h;
    hislip_session *exclusive;
    unsigned shared = holders(h, &exclusive);
    if (exclusive == s || (s->shared && s->key[0])) return GRAT__HISLIP_LOCK_ERROR;
    if (!s->key[0]) {
        if (exclusive || (shared && !s->shared)) return GRAT__HISLIP_LOCK_FAILED;
        s->exclusive = true;
        return GRAT__HISLIP_LOCK_OK;
    }
    if (shared ? strcmp(h->key, s->key) != 0 : exclusive != NULL) return GRAT__HISLIP_LOCK_FAILED;
    memcpy(h->key, s->key, sizeof h->key);
    s->shared = true;
    return GRAT__HISLIP_LOCK_OK;
}

static void lock_answer(hislip_session *s, uint8_t code)
{
    s->waiting = false;
    sim_timer_set(s->h->loop, &s->lock_timer, INT64_MAX);
    if (!s->async) return;
    answer(s->async, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_LOCK_RESPONSE, .control = code}, NULL);
}

void hislip_lock_timeout(void *user, int64_t now)
{
    hislip_session *s = user;
    (void)now;
    if (s->waiting) lock_answer(s, GRAT__HISLIP_LOCK_FAILED);
    if (s->async && !s->async->gone) hislip_pump(s->async);
}

void hislip_locks_changed(sim_hislip *h)
{
    for (hislip_session *s = h->sessions; s; s = s->next) {
        uint8_t code = s->waiting ? try_lock(s) : GRAT__HISLIP_LOCK_FAILED;
        if (code != GRAT__HISLIP_LOCK_FAILED) lock_answer(s, code);
    }
    for (hislip_session *s = h->sessions; s; s = s->next) {
        if (s->async && !s->async->gone) hislip_pump(s->async);
        if (s->sync && !s->sync->gone && s->sync->tls) hislip_take(s->sync);
        if (s->sync && !s->sync->gone) hislip_pump(s->sync);
    }
}

static void release(hislip_session *s, uint32_t id)
{
    uint8_t code = GRAT__HISLIP_LOCK_ERROR;
    catch_up(s, id);
    if (s->exclusive) s->exclusive = false, code = GRAT__HISLIP_RELEASED_EXCLUSIVE;
    else if (s->shared) s->shared = false, code = GRAT__HISLIP_RELEASED_SHARED;
    lock_answer(s, code);
    if (code != GRAT__HISLIP_LOCK_ERROR) hislip_locks_changed(s->h);
}

static void lock(hislip_conn *c)
{
    hislip_session *s = c->session;
    const grat__hislip_msg *m = &c->small.in.msg;
    if (m->control == GRAT__HISLIP_LOCK_RELEASE) {
        release(s, m->parameter);
        return;
    }
    if (m->control != GRAT__HISLIP_LOCK_REQUEST || c->small.n > GRAT__HISLIP_NAME_MAX) {
        hislip_error(c, m->control > 1 ? GRAT__HISLIP_ERROR_CONTROL : GRAT__HISLIP_ERROR_TOO_LARGE, "");
        return;
    }
    if (s->waiting) {
        lock_answer(s, GRAT__HISLIP_LOCK_ERROR);
        return;
    }
    memcpy(s->key, c->small.payload, c->small.n + 1);
    uint8_t code = try_lock(s);
    if (code == GRAT__HISLIP_LOCK_FAILED && m->parameter) {
        s->waiting = true;
        sim_timer_set(c->h->loop, &s->lock_timer, grat_now_ns() + (int64_t)m->parameter * NS_PER_MS);
        return;
    }
    lock_answer(s, code);
    if (code == GRAT__HISLIP_LOCK_OK) hislip_locks_changed(c->h);
}

static void lock_info(hislip_conn *c)
{
    hislip_session *exclusive;
    unsigned n = holders(c->h, &exclusive);
    if (exclusive && !exclusive->shared) n++;
    answer(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_LOCK_INFO_RESPONSE, .control = exclusive != NULL,
                                  .parameter = n}, NULL);
}

/* ---- the rest ---------------------------------------------------------------------------------------- */

static void remote_local(hislip_conn *c)
{
    const grat__hislip_msg *m = &c->small.in.msg;
    if (m->control > 6) {
        hislip_error(c, GRAT__HISLIP_ERROR_CONTROL, "");
        return;
    }
    catch_up(c->session, m->parameter);
    answer(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_REMOTE_LOCAL_RESPONSE}, NULL);
}

static void device_clear(hislip_conn *c)
{
    hislip_session *s = c->session;
    if (sim_fault(c->h->faults, SIM_FAULT_HISLIP_DEAF_CLEAR)) return;
    if (s->waiting) lock_answer(s, GRAT__HISLIP_LOCK_FAILED);
    hislip_drop_output(s);
    s->clearing = true;
    s->in_message = false;
    answer(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_CLEAR_ACKNOWLEDGE,
                                  .control = s->overlap ? GRAT__HISLIP_OVERLAP : 0}, NULL);
    hislip_pump(s->sync);
}

static void clear_complete(hislip_conn *c)
{
    hislip_session *s = c->session;
    if (!s->clearing) return;
    s->clearing = false;
    s->overlap = c->small.in.msg.control & GRAT__HISLIP_OVERLAP;
    s->last_id = GRAT__HISLIP_NO_ID;
    s->server_id = GRAT__HISLIP_FIRST_ID;
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_CLEAR_ACKNOWLEDGE,
                                      .control = s->overlap ? GRAT__HISLIP_OVERLAP : 0}, NULL);
}

static void descriptors(hislip_conn *c)
{
    static const uint8_t versions[] = {3, 3, 3, 4};
    grat__buf b;
    grat__buf_init(&b, 64);
    if (hislip_secure_offered(c->h))
        grat__hislip_put_descriptor(&b, &(grat__hislip_descriptor){.type = 0, .n = 4, .data = versions});
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_GET_DESCRIPTORS_RESPONSE, .length = b.len}, b.data);
    grat__buf_free(&b);
}

/* What both channels have in common. */
static void other(hislip_conn *c)
{
    uint8_t type = c->small.in.msg.type;
    if (type == GRAT__HISLIP_FATAL_ERROR) hislip_doom(c);
    else if (type == GRAT__HISLIP_GET_DESCRIPTORS && c->session->version >= GRAT__HISLIP_V2) descriptors(c);
    else if (type == GRAT__HISLIP_ERROR) return;
    else if (type >= GRAT__HISLIP_VENDOR) hislip_error(c, GRAT__HISLIP_ERROR_VENDOR, "");
    else hislip_error(c, GRAT__HISLIP_ERROR_TYPE, "");
}

typedef struct handler {
    uint8_t type;
    void (*run)(hislip_conn *c);
} handler;

static void dispatch(hislip_conn *c, const handler *list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i].type != c->small.in.msg.type) continue;
        list[i].run(c);
        return;
    }
    other(c);
}

void hislip_on_async(hislip_conn *c)
{
    static const handler list[] = {
        {GRAT__HISLIP_ASYNC_MAX_SIZE, max_size},
        {GRAT__HISLIP_ASYNC_STATUS, status},
        {GRAT__HISLIP_ASYNC_LOCK, lock},
        {GRAT__HISLIP_ASYNC_LOCK_INFO, lock_info},
        {GRAT__HISLIP_ASYNC_REMOTE_LOCAL, remote_local},
        {GRAT__HISLIP_ASYNC_CLEAR, device_clear},
    };
    bool allowed = c->small.in.msg.type == GRAT__HISLIP_ASYNC_MAX_SIZE || c->small.in.msg.type < 4 ||
                   c->small.in.msg.type == GRAT__HISLIP_GET_DESCRIPTORS;
    if (hislip_tls_async(c)) return;
    if (!allowed && hislip_unsecured(c->session))
        hislip_fatal(c, GRAT__HISLIP_FATAL_SECURITY, "encryption is required");
    else dispatch(c, list, sizeof list / sizeof *list);
}

static void trigger(hislip_conn *c)
{
    sim_instrument_trigger(c->h->in);
}

void hislip_on_sync(hislip_conn *c)
{
    static const handler list[] = {{GRAT__HISLIP_TRIGGER, trigger}, {GRAT__HISLIP_CLEAR_COMPLETE, clear_complete}};
    if (!hislip_tls_sync(c)) dispatch(c, list, sizeof list / sizeof *list);
}
