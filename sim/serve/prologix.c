/* The adapter runs its commands one after another: while a ++read waits for the instrument, what comes later waits. */
#include "sim/serve/prologix.h"

#include "core/str.h"
#include "sim/serve/pace.h"
#include "sim/serve/pty.h"
#include "sim/serve/source.h"
#include "wire/prologix.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define IN_MAX (1u << 16)
#define OUT_MAX (1u << 16)
#define OUT_LOW 8192
#define MAX_DEVICES 32
#define AR488_LINE 256           /* a longer line is sent on in parts, without terminator and EOI */

typedef struct device {
    int pad, sad;                /* sad -1 = none */
    sim_instrument *in;
    sim_source source;
} device;

typedef struct gateway {
    sim_loop *loop;
    sim_faults *faults;
    unsigned users;
    char where[SIM_PTY_PATH];    /* the port or the path, as the wires name it */
    char words[32];
    bool ar488, usb;
    device *dev[MAX_DEVICES];
    sim_watch listener, client;  /* the client is the master of the pty, too */
    sim_pty pty;
    bool on_pty;
    sim_timer timer;
    sim_pace pace;
    grat__prlgx_lines lines;
    grat__buf in, out;
    int pad, sad;
    unsigned mode, autoread, eoi, eos, eot, eot_char, tmo, savecfg;
    struct {
        bool on, to_eoi, begun;
        int term;                /* ends at this byte, -1 none */
        device *dev;
        int64_t deadline_ns;
        size_t pos, lost_at, stall_at, drop_at;
    } read;
    unsigned reads;              /* ++read commands since the start */
} gateway;

/* What one instrument of the bench has. */
typedef struct seat {
    gateway *g;
    device *d;
} seat;

static void defaults(gateway *g)
{
    g->mode = 1;
    g->pad = g->ar488 ? 1 : 5;
    g->sad = -1;
    g->autoread = g->usb && !g->ar488;
    g->eoi = !g->ar488;
    g->eos = g->eot = g->eot_char = 0;
    g->tmo = g->ar488 ? 1200 : 200;
    g->savecfg = 1;
}

static device *addressed(const gateway *g, int pad, int sad)
{
    for (unsigned i = 0; i < MAX_DEVICES; i++) {
        device *d = g->dev[i];
        if (d && d->pad == pad && d->sad == sad) return d;
    }
    return NULL;
}

static void say(gateway *g, const char *text)
{
    grat__buf_puts(&g->out, text);
    grat__buf_puts(&g->out, "\r\n");
}

static void say_number(gateway *g, unsigned v)
{
    char text[16];
    snprintf(text, sizeof text, "%u", v);
    say(g, text);
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static size_t strike(gateway *g, sim_fault_id id)
{
    return sim_fault(g->faults, id) ? (size_t)sim_fault_argument(g->faults, id) : SIZE_MAX;
}

static void start_read(gateway *g, bool to_eoi, int term)
{
    device *d = addressed(g, g->pad, g->sad);
    g->reads++;
    g->read.on = true;
    g->read.begun = false;
    g->read.to_eoi = to_eoi;
    g->read.term = term;
    g->read.dev = d && !sim_fault(g->faults, SIM_FAULT_PRLGX_SILENCE) ? d : NULL;
    g->read.deadline_ns = grat_now_ns() + (int64_t)g->tmo * NS_PER_MS;
    g->read.pos = 0;
    g->read.lost_at = strike(g, SIM_FAULT_PRLGX_LOST);
    g->read.stall_at = strike(g, SIM_FAULT_PRLGX_STALL);
    g->read.drop_at = strike(g, SIM_FAULT_PRLGX_DROP);
}

/* The bytes that go to the host; false when the connection is to be dropped. */
static bool pass(gateway *g, const uint8_t *data, size_t n)
{
    for (size_t i = 0; i < n; i++, g->read.pos++) {
        if (g->read.pos >= g->read.drop_at) return false;
        if (g->read.pos == g->read.lost_at || g->read.pos >= g->read.stall_at) continue;
        grat__buf_put(&g->out, data + i, 1);
    }
    return true;
}

static void end_read(gateway *g, bool eoi)
{
    uint8_t mark = (uint8_t)g->eot_char;
    g->read.on = false;
    if (eoi && sim_fault(g->faults, SIM_FAULT_PRLGX_NUL)) grat__buf_put(&g->out, "", 1);
    if (eoi && g->eot && g->read.pos < g->read.stall_at && !sim_fault(g->faults, SIM_FAULT_PRLGX_NO_EOI))
        grat__buf_put(&g->out, &mark, 1);
}

/* Goes on with the ++read in progress. Returns when it wants to be called again; false: drop the connection. */
static bool do_read(gateway *g, int64_t now, int64_t *until)
{
    while (g->read.on && g->out.len < OUT_LOW) {
        const uint8_t *data;
        bool last = false;
        size_t n = g->read.dev ? sim_source_peek(&g->read.dev->source, now, &data, &last) : 0;
        if (!n) {
            int64_t more = g->read.dev ? sim_source_next(&g->read.dev->source) : INT64_MAX;
            if (now >= g->read.deadline_ns) end_read(g, false);
            else *until = more < g->read.deadline_ns ? more : g->read.deadline_ns;
            if (g->read.on) return true;
            break;
        }
        const uint8_t *stop = g->read.term >= 0 ? memchr(data, g->read.term, n) : NULL;
        if (stop && stop + 1 < data + n) n = (size_t)(stop - data) + 1, last = false;
        if (n > OUT_LOW) n = OUT_LOW, last = false;
        if (!pass(g, data, n)) return false;
        sim_source_consume(&g->read.dev->source, n);
        g->read.deadline_ns = now + (int64_t)g->tmo * NS_PER_MS;
        if ((last && g->read.to_eoi) || stop) end_read(g, last);
    }
    return true;
}

/* ---- commands ------------------------------------------------------------------------------------------ */

typedef struct args {
    int v[4];
    unsigned n;
    bool bad;
} args;

static void parse_args(const char *text, args *a)
{
    char word[16];
    *a = (args){0};
    for (text += strspn(text, " ,"); *text && a->n < 4; text += strspn(text, " ,")) {
        size_t n = strcspn(text, " ,");
        snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), text);
        if (!grat__parse_int(word, &a->v[a->n++])) a->bad = true;
        text += n;
    }
}

/* A secondary address is written 0 to 30 or 96 to 126. -2: neither. */
static int secondary(int v)
{
    if (v >= 96 && v <= 126) return v - 96;
    return v >= 0 && v <= 30 ? v : -2;
}

static void cmd_addr(gateway *g, const args *a)
{
    char text[24];
    int sad = a->n > 1 ? secondary(a->v[1]) : -1;
    if (!a->n) {
        if (g->sad < 0) snprintf(text, sizeof text, "%d", g->pad);
        else snprintf(text, sizeof text, g->ar488 ? "%d,%d" : "%d %d", g->pad, g->sad + 96);
        say(g, text);
    } else if (!a->bad && a->v[0] >= 0 && a->v[0] <= 30 && sad > -2) {
        g->pad = a->v[0];
        g->sad = sad;
    } else if (g->ar488) {
        say(g, "Invalid parameter");
    }
}

static device *target(const gateway *g, const args *a)
{
    if (!a->n) return addressed(g, g->pad, g->sad);
    return addressed(g, a->v[0], a->n > 1 ? secondary(a->v[1]) : -1);
}

static void cmd_spoll(gateway *g, const args *a)
{
    device *d = target(g, a);
    if (d) say_number(g, sim_instrument_poll(d->in, sim_source_pending(&d->source)));
    else if (!g->ar488) say_number(g, 0);
}

static void cmd_srq(gateway *g, const args *a)
{
    bool srq = false;
    (void)a;
    for (unsigned i = 0; i < MAX_DEVICES; i++) srq = srq || (g->dev[i] && sim_instrument_rqs(g->dev[i]->in));
    say_number(g, srq);
}

static void cmd_clr(gateway *g, const args *a)
{
    device *d = addressed(g, g->pad, g->sad);
    (void)a;
    if (d) sim_source_clear(&d->source);
}

static void cmd_trg(gateway *g, const args *a)
{
    device *d = target(g, a);
    if (d) sim_instrument_trigger(d->in);
}

static void cmd_ver(gateway *g, const args *a)
{
    (void)a;
    say(g, g->ar488 ? "AR488 GPIB controller, ver. 0.53.03, 15/02/2025"
           : g->usb ? "Prologix GPIB-USB Controller version 6.107"
                    : "Prologix GPIB-ETHERNET Controller version 01.06.06.00");
}

static void cmd_nothing(gateway *g, const args *a)
{
    (void)g;
    (void)a;
}

static const struct {
    const char *name;
    void (*run)(gateway *g, const args *a);
    bool ar488;                  /* AR488 alone has it */
} commands[] = {
    {"addr", cmd_addr, false},   {"spoll", cmd_spoll, false}, {"srq", cmd_srq, false},     {"clr", cmd_clr, false},
    {"trg", cmd_trg, false},     {"ver", cmd_ver, false},     {"ifc", cmd_nothing, false}, {"loc", cmd_nothing, false},
    {"llo", cmd_nothing, false}, {"lon", cmd_nothing, false}, {"ren", cmd_nothing, true},
};

/* Settings: the number alone asks, with a value sets. */
static unsigned *setting(gateway *g, const char *name, unsigned *most)
{
    const struct {
        const char *name;
        unsigned *at, most;
    } rows[] = {{"mode", &g->mode, 1},       {"auto", &g->autoread, g->ar488 ? 3 : 1}, {"eoi", &g->eoi, 1},
                {"eos", &g->eos, 3},         {"eot_enable", &g->eot, 1},                {"eot_char", &g->eot_char, 255},
                {"savecfg", &g->savecfg, 1}, {"read_tmo_ms", &g->tmo, g->ar488 ? 32000 : 3000}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) != 0) continue;
        *most = rows[i].most;
        return rows[i].at;
    }
    return NULL;
}

static void cmd_read(gateway *g, const char *rest)
{
    uint64_t term;
    rest += strspn(rest, " ");
    if (strcmp(rest, "eoi") == 0) start_read(g, true, -1);
    else if (grat__parse_u64(rest, &term) && term < 256) start_read(g, false, (int)term);
    else start_read(g, false, -1);
}

static void restart(gateway *g)
{
    g->reads = 0;
    defaults(g);
    g->read.on = false;
    g->in.len = g->out.len = 0;
    for (unsigned i = 0; i < MAX_DEVICES; i++) {
        if (g->dev[i]) sim_source_clear(&g->dev[i]->source);
    }
}

/* False: drop the connection. */
static bool command(gateway *g, char *line)
{
    unsigned most, *at;
    args a;
    size_t n = strcspn(line, " ");
    char *rest = line + n + (line[n] == ' ');
    line[n] = '\0';
    parse_args(rest, &a);
    if (strcmp(line, "read") == 0) {
        cmd_read(g, rest);
        size_t reset = strike(g, SIM_FAULT_PRLGX_RESET);
        if (g->reads <= reset) return true;
        restart(g);
        return g->on_pty;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, line) != 0 || (commands[i].ar488 && !g->ar488)) continue;
        commands[i].run(g, &a);
        return true;
    }
    at = setting(g, line, &most);
    bool unknown = !at || (strncmp(line, "eot_", 4) == 0 && sim_fault(g->faults, SIM_FAULT_PRLGX_NO_EOT));
    if (unknown) say(g, "Unrecognized command");
    else if (!a.n) say_number(g, *at);
    else if (!a.bad && a.v[0] >= 0 && (unsigned)a.v[0] <= most) *at = (unsigned)a.v[0];
    else if (g->ar488) say(g, "Invalid parameter");
    return true;
}

static void to_instrument(gateway *g, const uint8_t *data, size_t n)
{
    static const char *const ends[] = {"\r\n", "\r", "\n", ""};
    device *d = addressed(g, g->pad, g->sad);
    size_t end = strlen(ends[g->eos]);
    if (!d) return;
    if (g->ar488 && n > AR488_LINE) {
        sim_port_input(d->source.port, data, AR488_LINE, false);
        to_instrument(g, data + AR488_LINE, n - AR488_LINE);
        return;
    }
    sim_port_input(d->source.port, data, n, g->eoi && !end);
    if (end) sim_port_input(d->source.port, ends[g->eos], end, g->eoi);
    if (g->autoread) start_read(g, true, -1);
}

static bool event(gateway *g, grat__prlgx_event e)
{
    char line[128];
    const grat__buf *b = &g->lines.line;
    if (e == GRAT__PRLGX_DATA) {
        to_instrument(g, b->data, b->len);
        return true;
    }
    snprintf(line, sizeof line, "%.*s", (int)(b->len - 2 < sizeof line ? b->len - 2 : sizeof line - 1),
             (const char *)b->data + 2);
    return command(g, line);
}

/* ---- the host ------------------------------------------------------------------------------------------- */

static void drop_client(gateway *g)
{
    sim_timer_set(g->loop, &g->timer, INT64_MAX);
    if (!g->on_pty) sim_watch_reset(g->loop, &g->client);
    g->read.on = false;
    g->in.len = g->out.len = 0;
    grat__prlgx_lines_free(&g->lines);
}

/* Lines out of `in`, as long as no ++read holds them up. False: drop the connection. */
static bool work(gateway *g, int64_t now, int64_t *until)
{
    size_t used = 0;
    bool ok = do_read(g, now, until);
    while (ok && !g->read.on && used < g->in.len && g->out.len < OUT_LOW) {
        grat__prlgx_event e = grat__prlgx_lines_feed(&g->lines, g->in.data[used++]);
        if (e == GRAT__PRLGX_MORE) continue;
        size_t had = g->in.len;
        ok = event(g, e);
        if (g->in.len < had) return ok;  /* it has restarted */
        if (ok) ok = do_read(g, now, until);
    }
    grat__buf_drop(&g->in, used);
    return ok;
}

static void pump(gateway *g)
{
    int64_t now = grat_now_ns(), until = INT64_MAX, due = INT64_MAX;
    bool blocked = false, ok = g->client.fd >= 0;
    while (ok) {
        ok = work(g, now, &until);
        if (!ok || !g->out.len) break;
        size_t may = sim_pace_allow(&g->pace, now, g->out.len, &due);
        if (!may) break;
        ssize_t n = g->on_pty ? write(g->client.fd, g->out.data, may)
                              : send(g->client.fd, g->out.data, may, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) ok = false;
        blocked = n <= 0;
        if (n <= 0) break;
        sim_pace_sent(&g->pace, (size_t)n);
        grat__buf_drop(&g->out, (size_t)n);
    }
    if (!ok) {
        if (g->client.fd >= 0) drop_client(g);
        return;
    }
    uint32_t in = g->in.len < IN_MAX / 2 ? EPOLLIN : 0;
    sim_watch_want(g->loop, &g->client, blocked ? in | EPOLLOUT : in);
    if (g->out.len && !blocked && due < until) until = due;
    sim_timer_set(g->loop, &g->timer, blocked ? INT64_MAX : until);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    pump(user);
}

static void on_client(void *user, uint32_t events)
{
    char in[IN_MAX / 4];
    gateway *g = user;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = read(g->client.fd, in, sizeof in);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            drop_client(g);
            return;
        }
        if (n > 0) grat__buf_put(&g->in, in, (size_t)n);
    }
    pump(g);
}

/* One host at a time. */
static void on_connect(void *user, uint32_t events)
{
    gateway *g = user;
    (void)events;
    int fd = sim_accept(g->listener.fd);
    if (fd < 0) return;
    char c;
    if (g->client.fd >= 0 && recv(g->client.fd, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0) drop_client(g);
    if (g->client.fd >= 0) {
        close(fd);
        return;
    }
    sim_pace_init(&g->pace, g->faults, SIM_FAULT_PRLGX_SPLIT, grat_now_ns());
    sim_watch_open(g->loop, &g->client, fd, EPOLLIN);
}

/* ---- open, close ------------------------------------------------------------------------------------------ */

static void gateway_unref(gateway *g)
{
    if (--g->users) return;
    sim_timer_set(g->loop, &g->timer, INT64_MAX);
    sim_watch_close(g->loop, &g->client);
    sim_watch_close(g->loop, &g->listener);
    if (g->on_pty) sim_pty_close(&g->pty);
    grat__prlgx_lines_free(&g->lines);
    grat__buf_free(&g->in);
    grat__buf_free(&g->out);
    free(g);
}

static grat_err listen_at(gateway *g, const sim_site *site, unsigned port, grat_op *op)
{
    int fd;
    char text[SIM_RESOURCE_MAX], host[80];
    grat_err e = sim_bind(site->addr, SOCK_STREAM, port, op, &fd);
    if (e) return e;
    if (listen(fd, 8) < 0 || !sim_watch_open(g->loop, &g->listener, fd, EPOLLIN))
        return grat_op_fail(op, GRAT_EIO, "port %u: cannot listen", port);
    snprintf(text, sizeof text, "PRLGX-TCPIP%u::%s::%u::INTFC", 0, sim_addr_host(site->addr, host), port);
    sim_note_resource(site, text);
    return GRAT_OK;
}

static grat_err open_pty(gateway *g, const sim_site *site, grat_op *op)
{
    int master;
    char text[SIM_RESOURCE_MAX];
    grat_err e = sim_pty_open(&g->pty, g->where, op, &master);
    if (e) return e;
    g->on_pty = true;
    sim_pace_init(&g->pace, g->faults, SIM_FAULT_PRLGX_SPLIT, grat_now_ns());
    if (!sim_watch_open(g->loop, &g->client, master, EPOLLIN))
        return grat_op_fail(op, GRAT_EIO, "%s: too many open files", g->where);
    snprintf(text, sizeof text, "PRLGX-ASRL0::%s::INTFC", g->pty.path);
    sim_note_resource(site, text);
    return GRAT_OK;
}

static grat_err gateway_new(const sim_site *site, const char *where, const char *words, grat_op *op, gateway **out)
{
    unsigned port = GRAT__PRLGX_PORT;
    gateway *g = calloc(1, sizeof *g);
    if (!g) return grat_op_fail(op, GRAT_ENOMEM, "adapter: out of memory");
    *g = (gateway){.loop = site->loop, .faults = site->faults, .users = 1};
    g->listener = (sim_watch){.fd = -1, .ready = on_connect, .user = g};
    g->client = (sim_watch){.fd = -1, .ready = on_client, .user = g};
    g->timer = (sim_timer){.fire = on_time, .user = g};
    g->ar488 = strstr(words, "+ar488");
    g->usb = strstr(words, "+usb") || strchr(where, '/');
    grat__strcpy(g->where, sizeof g->where, where);
    grat__buf_init(&g->in, IN_MAX);
    grat__buf_init(&g->out, OUT_MAX);
    grat__prlgx_lines_init(&g->lines, GRAT__PRLGX_LINE_MAX);
    defaults(g);
    grat_err e = GRAT_OK;
    if (strchr(where, '/')) e = open_pty(g, site, op);
    else if (!(e = sim_port_argument(where, op, &port))) e = listen_at(g, site, port, op);
    if (e) gateway_unref(g);
    else *out = g;
    return e;
}

static grat_err bad_argument(const char *arg, grat_op *op)
{
    return grat_op_fail(op, GRAT_EINVAL, "adapter \"%.80s\": write prologix:PORT/ADDRESS or prologix:/PATH/ADDRESS, "
                                         "then +ar488 or +usb; an address is 5, or 5.2 with a secondary one", arg);
}

/* "1234/5.2+ar488" into its parts. */
static bool split(const char *arg, char where[SIM_PTY_PATH], device *d, char words[32])
{
    char address[16], *dot;
    size_t n = strcspn(arg, "+");
    const char *slash = memrchr(arg, '/', n);
    if (!slash || slash == arg || (size_t)(slash - arg) >= SIM_PTY_PATH || strlen(arg + n) >= 32) return false;
    snprintf(where, SIM_PTY_PATH, "%.*s", (int)(slash - arg), arg);
    snprintf(words, 32, "%s", arg + n);
    n -= (size_t)(slash + 1 - arg);
    if (n >= sizeof address) return false;
    snprintf(address, sizeof address, "%.*s", (int)n, slash + 1);
    dot = strchr(address, '.');
    d->sad = -1;
    if (dot) *dot++ = '\0';
    if (dot && (!grat__parse_int(dot, &d->sad) || d->sad < 0 || d->sad > 30)) return false;
    return grat__parse_int(address, &d->pad) && d->pad >= 0 && d->pad <= 30;
}

static gateway *earlier(const sim_site *site, const char *where)
{
    const seat *s;
    for (unsigned i = 0; (s = sim_earlier_server(site, &sim_wire_prologix, i)); i++) {
        if (strcmp(s->g->where, where) == 0 && !site->want->address) return s->g;
    }
    return NULL;
}

static void seat_close(void *server)
{
    seat *s = server;
    for (unsigned i = 0; i < MAX_DEVICES; i++) {
        if (s->g->dev[i] != s->d) continue;
        s->g->dev[i] = NULL;
        if (s->g->read.dev == s->d) s->g->read.dev = NULL;
    }
    sim_source_free(&s->d->source);
    free(s->d);
    gateway_unref(s->g);
    free(s);
}

static grat_err take_seat(gateway *g, device *d, grat_op *op)
{
    if (addressed(g, d->pad, d->sad))
        return grat_op_fail(op, GRAT_EBUSY, "adapter %s: two instruments at address %d", g->where, d->pad);
    for (unsigned i = 0; i < MAX_DEVICES; i++) {
        if (g->dev[i]) continue;
        g->dev[i] = d;
        return GRAT_OK;
    }
    return grat_op_fail(op, GRAT_EBUSY, "adapter %s: too many instruments", g->where);
}

static grat_err seat_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char where[SIM_PTY_PATH], words[32], text[64];
    seat *s = calloc(1, sizeof *s);
    device *d = calloc(1, sizeof *d);
    grat_err e = s && d ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "adapter: out of memory");
    if (!e && (!arg || !split(arg, where, d, words))) e = bad_argument(arg ? arg : "", op);
    if (!e && !sim_source_init(&d->source, site->in, SIM_PORT_MESSAGE, site->faults))
        e = grat_op_fail(op, GRAT_ENOMEM, "adapter: out of memory");
    if (e) {
        free(s);
        free(d);
        return e;
    }
    d->source.wire = SIM_WIRE_BARE;
    d->in = site->in;
    gateway *g = earlier(site, where);
    if (g) g->users++;
    else e = gateway_new(site, where, words, op, &g);
    if (!e && (e = take_seat(g, d, op))) gateway_unref(g);
    if (e) {
        sim_source_free(&d->source);
        free(s);
        free(d);
        return e;
    }
    *s = (seat){g, d};
    *server = s;
    if (d->sad < 0) snprintf(text, sizeof text, "GPIB0::%d::INSTR", d->pad);
    else snprintf(text, sizeof text, "GPIB0::%d::%d::INSTR", d->pad, d->sad);
    sim_note_resource(site, text);
    return GRAT_OK;
}

const sim_wire_kind sim_wire_prologix = {
    .name = "prologix",
    .text = "behind a GPIB adapter; prologix:PORT/ADDRESS over TCP or prologix:PATH/ADDRESS on a pseudo terminal, one "
            "for all instruments that name the same; +ar488, +usb",
    .open = seat_open,
    .close = seat_close,
};
