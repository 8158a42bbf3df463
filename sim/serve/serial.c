#include "sim/serve/serial.h"

#include "core/str.h"
#include "sim/serve/pace.h"
#include "sim/serve/pty.h"
#include "sim/serve/source.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define OUT_MAX (1u << 16)
#define PIECE 4096
#define SILENCE_MS 20            /* +none: this long a pause ends a message */
#define WATCH_MS 1000            /* how often a dead client's exclusive mark is looked for */
#define NEVER SIZE_MAX

typedef enum { EOL_LF, EOL_CRLF, EOL_CR, EOL_LFCR, EOL_NONE } eol;

static const struct {
    const char *name, *bytes;
} eols[] = {{"lf", "\n"}, {"crlf", "\r\n"}, {"cr", "\r"}, {"lfcr", "\n\r"}, {"none", ""}};

typedef struct sim_serial {
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    char link[SIM_PTY_PATH];
    eol end;
    bool paced;
    unsigned baud;               /* the instrument's own; 0 = any */
    sim_pty pty;
    sim_watch watch;             /* the master */
    sim_timer timer, silence, minder, replug;
    sim_source source;
    sim_pace pace;
    grat__buf out;
    bool open, swallow;          /* a response has begun; its rest is not sent */
    size_t pos, lost_at, cut_at; /* in the response */
    bool hang_up;                /* at cut_at: the port goes, else silence */
    int64_t not_before_ns;
} sim_serial;

static size_t at_argument(sim_serial *s, sim_fault_id id)
{
    return sim_fault(s->faults, id) ? (size_t)sim_fault_argument(s->faults, id) : NEVER;
}

static void begin(sim_serial *s, int64_t now)
{
    static const char noise[] = "\377\0\252~\n";
    s->open = true;
    s->swallow = false;
    s->pos = 0;
    s->lost_at = at_argument(s, SIM_FAULT_SERIAL_LOST);
    s->cut_at = at_argument(s, SIM_FAULT_SERIAL_STALL);
    s->hang_up = sim_fault(s->faults, SIM_FAULT_SERIAL_HANGUP);
    if (s->hang_up) s->cut_at = 20;
    if (sim_fault(s->faults, SIM_FAULT_SERIAL_NOISE)) grat__buf_put(&s->out, noise, sizeof noise - 1);
    if (sim_fault(s->faults, SIM_FAULT_SERIAL_DELAY))
        s->not_before_ns = now + (int64_t)sim_fault_argument(s->faults, SIM_FAULT_SERIAL_DELAY) * NS_PER_MS;
}

/* Bytes of a response on their way out, less what the faults take. */
static void copy(sim_serial *s, const uint8_t *data, size_t n)
{
    while (n && !s->swallow) {
        size_t piece = n;
        if (s->lost_at > s->pos && s->lost_at - s->pos < piece) piece = s->lost_at - s->pos;
        if (s->cut_at > s->pos && s->cut_at - s->pos < piece) piece = s->cut_at - s->pos;
        bool lost = s->pos == s->lost_at;
        if (lost) piece = 1;
        else grat__buf_put(&s->out, data, piece);
        s->pos += piece, data += piece, n -= piece;
        if (s->pos == s->cut_at) s->swallow = true;
    }
}

/* Moves what is ready from the instrument to `out`. Returns when there may be more. */
static int64_t gather(sim_serial *s, int64_t now)
{
    while (s->out.len < PIECE) {
        const uint8_t *data;
        bool last;
        size_t n = sim_source_peek(&s->source, now, &data, &last);
        if (!n) return sim_source_next(&s->source);
        if (!s->open) begin(s, now);
        if (now < s->not_before_ns) return s->not_before_ns;
        if (n > PIECE) n = PIECE, last = false;
        bool newline = last && data[n - 1] == '\n';
        copy(s, data, n - newline);
        if (newline) copy(s, (const uint8_t *)eols[s->end].bytes, strlen(eols[s->end].bytes));
        sim_source_consume(&s->source, n);
        if (last) s->open = false;
        if (s->swallow && s->hang_up) return INT64_MAX;
    }
    return now;
}

static void unplug(sim_serial *s)
{
    sim_watch_close(s->loop, &s->watch);
    sim_pty_close(&s->pty);
    sim_source_clear(&s->source);
    s->out.len = 0;
    s->open = s->swallow = s->hang_up = false;
    int64_t ms = (int64_t)sim_fault_argument(s->faults, SIM_FAULT_SERIAL_HANGUP);
    sim_timer_set(s->loop, &s->timer, INT64_MAX);
    sim_timer_set(s->loop, &s->replug, ms ? grat_now_ns() + ms * NS_PER_MS : INT64_MAX);
}

static void pump(sim_serial *s)
{
    int64_t now = grat_now_ns(), until = gather(s, now), due = INT64_MAX;
    bool blocked = false;
    while (s->out.len && !blocked) {
        if (s->paced) {
            unsigned bits, baud = sim_pty_baud(s->watch.fd, &bits);
            s->pace.rate = baud / bits ? baud / bits : 1;
        }
        size_t may = sim_pace_allow(&s->pace, now, s->out.len, &due);
        if (!may) break;
        ssize_t n = write(s->watch.fd, s->out.data, may);
        if (n <= 0) {
            blocked = true;
            break;
        }
        sim_pace_sent(&s->pace, (size_t)n);
        grat__buf_drop(&s->out, (size_t)n);
        if (s->out.len < PIECE && !(s->swallow && s->hang_up)) until = gather(s, now);
    }
    if (s->swallow && s->hang_up && !s->out.len) {
        unplug(s);
        return;
    }
    sim_watch_want(s->loop, &s->watch, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
    if (s->out.len) until = due;
    sim_timer_set(s->loop, &s->timer, blocked ? INT64_MAX : until);
}

static void on_time(void *user, int64_t now)
{
    (void)now;
    pump(user);
}

static void on_silence(void *user, int64_t now)
{
    sim_serial *s = user;
    (void)now;
    sim_port_input(s->source.port, "\n", 1, false);
    pump(s);
}

static void on_minder(void *user, int64_t now)
{
    sim_serial *s = user;
    sim_pty_release(&s->pty);
    sim_timer_set(s->loop, &s->minder, now + (int64_t)WATCH_MS * NS_PER_MS);
}

/* A client at another speed sends what the instrument cannot read. */
static bool wrong_speed(const sim_serial *s)
{
    unsigned bits;
    return s->baud && sim_pty_baud(s->watch.fd, &bits) != s->baud;
}

static void on_ready(void *user, uint32_t events)
{
    char in[PIECE];
    sim_serial *s = user;
    ssize_t n = events & (EPOLLIN | EPOLLHUP) ? read(s->watch.fd, in, sizeof in) : 0;
    if (n > 0 && !wrong_speed(s)) {
        if (sim_fault(s->faults, SIM_FAULT_SERIAL_ECHO) && s->out.len + (size_t)n < OUT_MAX)
            grat__buf_put(&s->out, in, (size_t)n);
        for (ssize_t i = 0; s->end == EOL_CR && i < n; i++) {
            if (in[i] == '\r') in[i] = '\n';
        }
        sim_port_input(s->source.port, in, (size_t)n, false);
        if (s->end == EOL_NONE)
            sim_timer_set(s->loop, &s->silence, grat_now_ns() + (int64_t)SILENCE_MS * NS_PER_MS);
    }
    pump(s);
}

static grat_err plug(sim_serial *s, grat_op *op)
{
    int master;
    grat_err e = sim_pty_open(&s->pty, s->link, op, &master);
    if (e) return e;
    if (!sim_watch_open(s->loop, &s->watch, master, EPOLLIN)) {
        sim_pty_close(&s->pty);
        return grat_op_fail(op, GRAT_EIO, "%s: too many open files", s->link);
    }
    sim_pace_init(&s->pace, s->faults, SIM_FAULT_SERIAL_SPLIT, grat_now_ns());
    return GRAT_OK;
}

static void on_replug(void *user, int64_t now)
{
    grat_op op;
    (void)now;
    grat_op_init(&op, 1000, NULL);
    plug(user, &op);
}

/* PATH[+WORD…]: lf crlf cr lfcr none paced baud=N */
static grat_err parse(sim_serial *s, const char *arg, grat_op *op)
{
    const char *p = arg + strcspn(arg, "+");
    if (p - arg >= (ptrdiff_t)sizeof s->link)
        return grat_op_fail(op, GRAT_EINVAL, "%.60s…: the path of the port is too long", arg);
    snprintf(s->link, sizeof s->link, "%.*s", (int)(p - arg), arg);
    while (*p == '+') {
        char word[24];
        uint64_t v;
        size_t n = strcspn(++p, "+"), i = 0, eol_names = sizeof eols / sizeof *eols;
        snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), p);
        while (i < eol_names && strcmp(eols[i].name, word) != 0) i++;
        if (i < eol_names) s->end = (eol)i;
        else if (strcmp(word, "paced") == 0) s->paced = true;
        else if (strncmp(word, "baud=", 5) == 0 && grat__parse_u64(word + 5, &v) && v && v < UINT32_MAX)
            s->baud = (unsigned)v;
        else
            return grat_op_fail(op, GRAT_EINVAL, "serial port %s: \"%s\" is unknown; use +lf +crlf +cr +lfcr +none "
                                                 "+paced +baud=N", s->link, word);
        p += n;
    }
    return GRAT_OK;
}

static void serial_close(void *server)
{
    sim_serial *s = server;
    sim_timer *timers[] = {&s->timer, &s->silence, &s->minder, &s->replug};
    for (unsigned i = 0; i < 4; i++) sim_timer_set(s->loop, timers[i], INT64_MAX);
    sim_watch_close(s->loop, &s->watch);
    sim_pty_close(&s->pty);
    sim_source_free(&s->source);
    grat__buf_free(&s->out);
    free(s);
}

static grat_err serial_open(const sim_site *site, const char *arg, grat_op *op, void **server)
{
    char text[SIM_RESOURCE_MAX];
    sim_serial *s = calloc(1, sizeof *s);
    if (!s || !sim_source_init(&s->source, site->in, SIM_PORT_STREAM, site->faults)) {
        free(s);
        return grat_op_fail(op, GRAT_ENOMEM, "serial port: out of memory");
    }
    s->source.wire = SIM_WIRE_BARE;
    s->loop = site->loop;
    s->in = site->in;
    s->faults = site->faults;
    s->watch = (sim_watch){.fd = -1, .ready = on_ready, .user = s};
    s->timer = (sim_timer){.fire = on_time, .user = s};
    s->silence = (sim_timer){.fire = on_silence, .user = s};
    s->minder = (sim_timer){.fire = on_minder, .user = s};
    s->replug = (sim_timer){.fire = on_replug, .user = s};
    s->pty.slave = -1;
    grat__buf_init(&s->out, OUT_MAX);
    grat_err e = parse(s, arg ? arg : "", op);
    if (!e) e = plug(s, op);
    if (e) {
        serial_close(s);
        return e;
    }
    on_minder(s, grat_now_ns());
    *server = s;
    if (sim_instrument_is_bytes(s->in)) {
        s->end = EOL_LF;   /* bytes as they are */
        snprintf(text, sizeof text, "BITSCOPE::%s", s->pty.path);
    } else {
        snprintf(text, sizeof text, "ASRL%s::INSTR", s->pty.path);
    }
    sim_note_resource(site, text);
    return GRAT_OK;
}

/* A byte stream speaks without being asked. */
static void serial_turn(void *server)
{
    sim_serial *s = server;
    if (s->watch.fd >= 0 && sim_instrument_is_bytes(s->in) && sim_source_pending(&s->source)) pump(s);
}

const sim_wire_kind sim_wire_serial = {
    .name = "serial",
    .text = "SCPI or another stream of bytes on a pseudo terminal; serial:PATH makes a link of that name; then +crlf "
            "+cr +lfcr +none for the end of lines, +paced to send at the client's speed, +baud=N to understand that "
            "speed alone",
    .carries = SIM_CARRIES_BOTH,
    .open = serial_open,
    .close = serial_close,
    .turn = serial_turn,
};
