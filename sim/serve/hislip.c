/* Connections, sessions and their set-up (IVI-6.1 §6.1). */
#include "sim/serve/hislip.h"

#include "core/str.h"
#include "sim/serve/hislip_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 64
#define SETUP_NS 10000000000     /* a client that opens one connection and goes away */
#define MAX_SESSIONS 256
#define OUT_MAX (40u << 20)
#define VENDOR_ID 0x4752         /* "GR" */

bool hislip_secure_offered(const sim_hislip *h)
{
    return h->cert[0] != '\0';
}

/* ---- the end of connections ------------------------------------------------------------------- */

static void free_session(hislip_session *s)
{
    sim_hislip *h = s->h;
    bool held = s->exclusive || s->shared;
    sim_timer_set(h->loop, &s->lock_timer, INT64_MAX);
    *s->at = s->next;
    if (s->next) s->next->at = s->at;
    sim_source_free(&s->source);
    grat__buf_free(&s->later);
    free(s);
    if (held) hislip_locks_changed(h);
}

static void free_conn(hislip_conn *c, bool reset)
{
    sim_hislip *h = c->h;
    sim_timer_set(h->loop, &c->timer, INT64_MAX);
    grat__tls_end(c->tls);
    grat__tls_free(c->tls);
    if (reset) sim_watch_reset(h->loop, &c->watch);
    else sim_watch_close(h->loop, &c->watch);
    *c->at = c->next;
    if (c->next) c->next->at = c->at;
    grat__buf_free(&c->out);
    free(c);
}

static void close_both(hislip_conn *c, bool reset)
{
    hislip_session *s = c->session;
    hislip_conn *other = !s ? NULL : s->sync == c ? s->async : s->sync;
    if (other) free_conn(other, reset);
    free_conn(c, reset);
    if (s) free_session(s);
}

void hislip_doom(hislip_conn *c)
{
    c->gone = true;
    sim_timer_set(c->h->loop, &c->timer, 0);
}

void hislip_fatal(hislip_conn *c, uint8_t code, const char *text)
{
    hislip_session *s = c->session;
    hislip_conn *both[2] = {c, !s ? NULL : s->sync == c ? s->async : s->sync};
    for (unsigned i = 0; i < 2; i++) {
        if (!both[i] || both[i]->doomed) continue;
        grat__hislip_msg m = {.type = GRAT__HISLIP_FATAL_ERROR, .control = code, .length = strlen(text)};
        if (s) hislip_drop_output(s);
        hislip_put(both[i], &m, text);
        both[i]->doomed = true;
        hislip_pump(both[i]);
    }
}

/* Doomed connections, set-ups that took too long, and the pace. */
static void on_time(void *user, int64_t now)
{
    hislip_conn *c = user;
    (void)now;
    bool half = !c->session || !c->session->sync || !c->session->async;
    bool sent = c->doomed && c->out_at == c->out.len;
    if (c->gone || sent || (half && !c->pace.rate)) {
        close_both(c, c->reset);
        return;
    }
    hislip_pump(c);
}

/* ---- set-up --------------------------------------------------------------------------------------- */

static hislip_session *find_session(sim_hislip *h, uint16_t id)
{
    for (hislip_session *s = h->sessions; s; s = s->next)
        if (s->id == id) return s;
    return NULL;
}

static unsigned count_sessions(const sim_hislip *h)
{
    unsigned n = 0;
    for (const hislip_session *s = h->sessions; s; s = s->next) n++;
    return n;
}

static hislip_session *new_session(hislip_conn *c)
{
    sim_hislip *h = c->h;
    hislip_session *s = calloc(1, sizeof *s);
    if (!s || !sim_source_init(&s->source, h->in, SIM_PORT_MESSAGE, h->faults)) {
        free(s);
        return NULL;
    }
    bool down = sim_fault(h->faults, SIM_FAULT_HISLIP_ID_FFFF);
    do h->last_id = (uint16_t)(down ? h->last_id - 1 : h->last_id + 1);
    while (find_session(h, h->last_id));
    s->source.wire = SIM_WIRE_HISLIP;
    s->h = h;
    s->id = h->last_id;
    s->sync = c;
    s->client_max = GRAT__HISLIP_DEFAULT_MAX;
    s->last_id = GRAT__HISLIP_NO_ID;
    s->server_id = GRAT__HISLIP_FIRST_ID;
    s->lock_timer = (sim_timer){.fire = hislip_lock_timeout, .user = s};
    grat__buf_init(&s->later, OUT_MAX);
    s->at = &h->sessions;
    s->next = h->sessions;
    if (s->next) s->next->at = &s->next;
    h->sessions = s;
    return s;
}

static void first_sync(hislip_conn *c)
{
    sim_hislip *h = c->h;
    const grat__hislip_msg *m = &c->small.in.msg;
    const char *name = (const char *)c->small.payload;
    uint16_t asked = (uint16_t)(m->parameter >> 16);
    uint16_t newest = sim_fault(h->faults, SIM_FAULT_HISLIP_V1) ? GRAT__HISLIP_V1 : GRAT__HISLIP_V2;
    if (sim_fault(h->faults, SIM_FAULT_HISLIP_SILENT)) return;
    if (sim_fault(h->faults, SIM_FAULT_HISLIP_FATAL) && sim_fault_argument(h->faults, SIM_FAULT_HISLIP_FATAL) == 0) {
        hislip_fatal(c, 131, "out of order");
        return;
    }
    if (*name && !grat__strcaseeq(name, "hislip0")) {
        hislip_fatal(c, GRAT__HISLIP_FATAL_UNIDENTIFIED, "no such sub-address");
        return;
    }
    if (count_sessions(h) >= h->max_sessions) {
        hislip_fatal(c, GRAT__HISLIP_FATAL_CLIENTS, "");
        return;
    }
    c->session = new_session(c);
    if (!c->session) {
        hislip_doom(c);
        return;
    }
    hislip_session *s = c->session;
    c->sync = true;
    s->version = asked < newest ? asked : newest;
    s->overlap = h->overlap || sim_fault(h->faults, SIM_FAULT_HISLIP_OVERLAP);
    uint8_t control = s->overlap ? GRAT__HISLIP_OVERLAP : 0;
    if (s->version >= GRAT__HISLIP_V2 && hislip_secure_offered(h)) {
        if (h->mandatory) control |= GRAT__HISLIP_ENCRYPT_MANDATORY;
        if (h->initial) control |= GRAT__HISLIP_ENCRYPT_INITIAL;
    }
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_INITIALIZE_RESPONSE, .control = control,
                                      .parameter = (uint32_t)s->version << 16 | s->id}, NULL);
}

static void first_async(hislip_conn *c)
{
    sim_hislip *h = c->h;
    hislip_session *s = find_session(h, (uint16_t)c->small.in.msg.parameter);
    bool fatal = sim_fault(h->faults, SIM_FAULT_HISLIP_FATAL) &&
                 sim_fault_argument(h->faults, SIM_FAULT_HISLIP_FATAL) == 1;
    if (!s || s->async || fatal) {
        hislip_fatal(c, GRAT__HISLIP_FATAL_SEQUENCE, "no such session");
        return;
    }
    c->session = s;
    s->async = c;
    sim_timer_set(h->loop, &c->timer, INT64_MAX);
    sim_timer_set(h->loop, &s->sync->timer, INT64_MAX);
    bool secure = s->version >= GRAT__HISLIP_V2 && hislip_secure_offered(h);
    hislip_put(c, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_INITIALIZE_RESPONSE,
                                      .control = secure ? GRAT__HISLIP_SECURE : 0, .parameter = VENDOR_ID}, NULL);
}

void hislip_initialize(hislip_conn *c)
{
    uint8_t type = c->small.in.msg.type;
    if (type == GRAT__HISLIP_INITIALIZE && c->small.in.msg.length <= GRAT__HISLIP_NAME_MAX) first_sync(c);
    else if (type == GRAT__HISLIP_ASYNC_INITIALIZE) first_async(c);
    else hislip_fatal(c, GRAT__HISLIP_FATAL_SEQUENCE, "Initialize was expected");
}

/* ---- the server ------------------------------------------------------------------------------------ */

static void on_connect(void *user, uint32_t events)
{
    sim_hislip *h = user;
    (void)events;
    int fd = sim_accept(h->listener.fd);
    if (fd < 0) return;
    hislip_conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return;
    }
    *c = (hislip_conn){.h = h, .watch = {.ready = hislip_ready, .user = c}, .timer = {.fire = on_time, .user = c}};
    grat__buf_init(&c->out, OUT_MAX);
    sim_pace_init(&c->pace, h->faults, SIM_FAULT_HISLIP_SEGMENTS, grat_now_ns());
    if (!sim_watch_open(h->loop, &c->watch, fd, EPOLLIN)) {
        free(c);
        return;
    }
    c->at = &h->conns;
    c->next = h->conns;
    if (c->next) c->next->at = &c->next;
    h->conns = c;
    sim_timer_set(h->loop, &c->timer, grat_now_ns() + SETUP_NS);
}

/* A request for service goes to every session (IVI-6.1 §6.14.1). */
static void hislip_turn(void *server)
{
    sim_hislip *h = server;
    bool rqs = sim_instrument_rqs(h->in);
    if (rqs == h->rqs) return;
    h->rqs = rqs;
    for (hislip_session *s = h->sessions; rqs && s; s = s->next) {
        if (!s->async || s->async->doomed || hislip_unsecured(s)) continue;
        hislip_put(s->async, &(grat__hislip_msg){.type = GRAT__HISLIP_ASYNC_SERVICE_REQUEST,
                                                 .control = sim_instrument_stb(h->in)}, NULL);
        hislip_pump(s->async);
    }
}

static void hislip_close(void *server)
{
    sim_hislip *h = server;
    while (h->conns) close_both(h->conns, false);
    sim_watch_close(h->loop, &h->listener);
    free(h);
}

static bool two_words(const char *value, size_t n, char *first, char *second)
{
    const char *colon = strchr(value, ':');
    if (!colon || colon >= value + n) return false;
    snprintf(first, 64, "%.*s", (int)(colon - value), value);
    snprintf(second, 64, "%.*s", (int)(n - (size_t)(colon + 1 - value)), colon + 1);
    return true;
}

static bool tls_option(sim_hislip *h, const char *p, size_t n)
{
    const char *colon = memchr(p, ':', n);
    size_t name = colon ? (size_t)(colon - p) : 0, key = colon ? n - 1 - name : 0;
    if (!name || !key || name >= sizeof h->cert || key >= sizeof h->tls_key) return false;
    snprintf(h->cert, sizeof h->cert, "%.*s", (int)name, p);
    snprintf(h->tls_key, sizeof h->tls_key, "%.*s", (int)key, colon + 1);
    return true;
}

static bool word_option(sim_hislip *h, const char *p, size_t n)
{
    const struct {
        const char *word;
        bool *flag;
    } words[] = {{"overlap", &h->overlap}, {"mandatory", &h->mandatory}, {"initial", &h->initial}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == n && memcmp(words[i].word, p, n) == 0) return *words[i].flag = true;
    return false;
}

static grat_err one_option(sim_hislip *h, const char *p, size_t n, grat_op *op)
{
    char number[16];
    if (word_option(h, p, n)) return GRAT_OK;
    if (n > 5 && memcmp(p, "user=", 5) == 0 && two_words(p + 5, n - 5, h->user, h->password)) return GRAT_OK;
    if (n > 8 && n - 8 < sizeof h->clients && memcmp(p, "clients=", 8) == 0)
        return snprintf(h->clients, sizeof h->clients, "%.*s", (int)(n - 8), p + 8), GRAT_OK;
    if (n > 5 && n - 5 < sizeof h->mechanisms && memcmp(p, "sasl=", 5) == 0)
        return snprintf(h->mechanisms, sizeof h->mechanisms, "%.*s", (int)(n - 5), p + 5), GRAT_OK;
    if (n > 4 && memcmp(p, "tls=", 4) == 0 && tls_option(h, p + 4, n - 4)) return GRAT_OK;
    if (n && n < sizeof number && p[0] >= '0' && p[0] <= '9') {
        snprintf(number, sizeof number, "%.*s", (int)n, p);
        return sim_port_argument(number, op, &h->port);
    }
    return grat_op_fail(op, GRAT_EINVAL,
                        "wire hislip: \"%.*s\" is unknown; use PORT, overlap, tls=CERT:KEY, mandatory, initial, "
                        "user=NAME:PASSWORD, clients=FILE, sasl=NAME, joined by +", (int)(n > 60 ? 60 : n), p);
}

static grat_err parse_options(sim_hislip *h, const char *arg, grat_op *op)
{
    grat_err e = GRAT_OK;
    for (const char *p = arg; p && *p && !e;) {
        size_t n = strcspn(p, "+");
        e = one_option(h, p, n, op);
        p += n + (p[n] == '+');
    }
    if (!e && (h->mandatory || h->initial || h->user[0] || h->clients[0] || h->mechanisms[0]) && !h->cert[0])
        e = grat_op_fail(op, GRAT_EINVAL, "wire hislip: mandatory, initial, user, clients and sasl need tls=CERT:KEY");
    return e;
}

static grat_err listen_on(sim_hislip *h, const sim_site *site, grat_op *op)
{
    int fd;
    grat_err e = sim_bind(site->addr, SOCK_STREAM, h->port, op, &fd);
    if (e) return e;
    if (listen(fd, BACKLOG) < 0) {
        close(fd);
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: cannot listen", h->port, site->addr->text);
    }
    if (!sim_watch_open(site->loop, &h->listener, fd, EPOLLIN))
        return grat_op_fail(op, GRAT_EIO, "port %u of %s: too many open files", h->port, site->addr->text);
    return GRAT_OK;
}

/* A certificate that cannot be used is told now and not to the first client. */
static grat_err try_certificate(const sim_hislip *h, grat_op *op)
{
    grat__tls *t = NULL;
    if (!hislip_secure_offered(h)) return GRAT_OK;
    grat__tls_setup setup = {.server = true, .cert = h->cert, .key = h->tls_key,
                             .clients = h->clients[0] ? h->clients : NULL};
    grat_err e = grat__tls_new(&setup, -1, op, &t);
    grat__tls_free(t);
    return e;
}

static grat_err hislip_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char text[SIM_RESOURCE_MAX], host[80];
    sim_hislip *h = calloc(1, sizeof *h);
    if (!h) return grat_op_fail(op, GRAT_ENOMEM, "HiSLIP: out of memory");
    *h = (sim_hislip){.loop = site->loop, .in = site->in, .faults = site->faults, .port = GRAT__HISLIP_PORT,
                      .max_sessions = MAX_SESSIONS, .listener = {.fd = -1, .ready = on_connect, .user = h}};
    grat_err e = parse_options(h, arg, op);
    if (!e) e = try_certificate(h, op);
    if (!e) e = listen_on(h, site, op);
    if (e) {
        free(h);
        return e;
    }
    *server = h;
    sim_addr_host(site->addr, host);
    if (h->port == GRAT__HISLIP_PORT) snprintf(text, sizeof text, "TCPIP0::%s::hislip0::INSTR", host);
    else snprintf(text, sizeof text, "TCPIP0::%s::hislip0,%u::INSTR", host, h->port);
    sim_note_resource(site, text);
    return GRAT_OK;
}

const sim_wire_kind sim_wire_hislip = {
    .name = "hislip",
    .text = "HiSLIP; hislip:PORT+overlap+tls=CERT:KEY+mandatory+initial+user=NAME:PASSWORD+clients=FILE",
    .by_default = true,
    .open = hislip_open,
    .close = hislip_close,
    .turn = hislip_turn,
};
