#include "transport/prologix/adapter.h"

#include "core/str.h"
#include "core/wait.h"
#include "transport/net.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define NS_PER_MS 1000000
#define MARGIN_MS 100            /* a ++read is over when nothing came for its own time and this */
#define PERHAPS_MS 60            /* a byte like the mark is the mark when nothing follows for so long */
#define LATE_LINES 8             /* passed over before the adapter's own answer */
#define HELD_MAX (64u << 20)
#define SYNC_ASK_MS 700          /* a board that was reset by the opening answers at the third ++ver or so */
#define FAIR_MS 1

static const grat__prlgx_row rows[] = {
    {GRAT__PRLGX_AR488, "AR488", 100, true},      /* 128 bytes on small boards */
    {GRAT__PRLGX_ETHERNET, "Prologix GPIB-ETHERNET", 0, false},
    {GRAT__PRLGX_USB, "Prologix GPIB-USB", 0, false},
    {GRAT__PRLGX_OTHER, "GPIB adapter", 100, false},
};

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static adapter *list;

/* ---- the list --------------------------------------------------------------------------------------------- */

static void destroy(adapter *a)
{
    if (a->fd >= 0) close(a->fd);
    grat__tty_close(&a->tty);
    if (a->turn >= 0) close(a->turn);
    pthread_mutex_destroy(&a->lock);
    free(a);
}

static adapter *create(const grat_resource *r, const char *key)
{
    adapter *a = calloc(1, sizeof *a);
    if (!a) return NULL;
    grat__strcpy(a->key, sizeof a->key, key);
    pthread_mutex_init(&a->lock, NULL);
    a->turn = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    a->fd = a->tty.fd = -1;
    a->board = UINT32_MAX;
    a->row = &rows[sizeof rows / sizeof *rows - 1];
    grat__tty_defaults(&a->line);
    a->line.baud = 115200;
    a->line.keep_lines = true;   /* Arduino boards reset when DTR moves */
    bool serial = r->interface == GRAT_IF_PRLGX_ASRL;
    grat__strcpy(a->host, sizeof a->host, serial ? r->device : r->host);
    a->port = serial ? 0 : r->port ? r->port : GRAT__PRLGX_PORT;
    if (a->turn >= 0) return a;
    destroy(a);
    return NULL;
}

adapter *grat__prlgx_adapter(const grat_resource *r, const char *serial, grat_op *op)
{
    char key[300];
    grat__tty_params line;
    bool tcp = r->interface == GRAT_IF_PRLGX_TCPIP;
    grat__tty_defaults(&line);
    line.baud = 115200;
    line.keep_lines = true;
    if (serial && !tcp && grat__tty_parse(serial, &line, op)) return NULL;
    if (tcp) snprintf(key, sizeof key, "%s::%u", r->host, r->port ? r->port : GRAT__PRLGX_PORT);
    else snprintf(key, sizeof key, "%s", r->device);
    pthread_mutex_lock(&list_lock);
    adapter *a = list;
    while (a && strcmp(a->key, key) != 0) a = a->next;
    if (!a && (a = create(r, key))) {
        a->line = line;
        a->next = list;
        list = a;
    }
    if (a) a->refs++;
    pthread_mutex_unlock(&list_lock);
    if (!a) grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", key);
    return a;
}

static adapter *find_board(unsigned board, bool ref)
{
    pthread_mutex_lock(&list_lock);
    adapter *a = list;
    while (a && !(a->intfc > 0 && a->board == board)) a = a->next;
    if (a && ref) a->refs++;
    pthread_mutex_unlock(&list_lock);
    return a;
}

adapter *grat__prlgx_adapter_of_board(unsigned board)
{
    return find_board(board, true);
}

bool grat__prlgx_has_board(unsigned board)
{
    return find_board(board, false) != NULL;
}

void grat__prlgx_set_board(adapter *a, unsigned board, int more)
{
    pthread_mutex_lock(&list_lock);
    a->intfc += more;
    if (more > 0) a->board = board;
    pthread_mutex_unlock(&list_lock);
}

void grat__prlgx_unref(adapter *a)
{
    pthread_mutex_lock(&list_lock);
    bool last = --a->refs == 0;
    adapter **at = &list;
    while (last && *at != a) at = &(*at)->next;
    if (last) *at = a->next;
    pthread_mutex_unlock(&list_lock);
    if (last) destroy(a);
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

static void disconnect(adapter *a)
{
    if (a->fd >= 0) close(a->fd);
    a->fd = -1;
    grat__tty_close(&a->tty);
    a->ready = false;
}

static bool connected(const adapter *a)
{
    return a->fd >= 0 || a->tty.fd >= 0;
}

/* Out of step, or gone. */
static grat_err failed(adapter *a, grat_err e)
{
    a->ready = false;
    if (e == GRAT_ELOST) disconnect(a);
    return e;
}

grat_err grat__prlgx_send(adapter *a, const void *data, size_t n, grat_op *op)
{
    char *bytes = NULL;
    grat_err e;
    if (!connected(a)) return grat_op_fail(op, GRAT_ELOST, "%s: the adapter is not connected", a->key);
    if (a->fd >= 0) {
        memcpy(&bytes, &data, sizeof bytes); /* iovec has no const */
        struct iovec iov = {.iov_base = bytes, .iov_len = n};
        e = grat__send_all(a->fd, &iov, 1, op);
    } else {
        e = grat__tty_write(&a->tty, data, n, op);
    }
    return e ? failed(a, e) : GRAT_OK;
}

/* A timeout here is no failure: the caller knows what it means. */
grat_err grat__prlgx_recv(adapter *a, void *buf, size_t cap, grat_op *op)
{
    grat_err e;
    op->count = 0;
    if (!connected(a)) return grat_op_fail(op, GRAT_ELOST, "%s: the adapter is not connected", a->key);
    e = a->fd >= 0 ? grat__recv_some(a->fd, buf, cap, op) : grat__tty_read(&a->tty, buf, cap, op);
    return e && e != GRAT_ETIMEOUT && e != GRAT_ECANCELED ? failed(a, e) : e;
}

grat_err grat__prlgx_puts(adapter *a, const char *line, grat_op *op)
{
    char text[200];
    int n = snprintf(text, sizeof text, "%s\n", line);
    return grat__prlgx_send(a, text, (size_t)n, op);
}

/* One line without CR LF; what is longer than cap is cut. */
static grat_err recv_line(adapter *a, char *line, size_t cap, grat_op *op)
{
    size_t n = 0;
    for (;;) {
        char c;
        grat_err e = grat__prlgx_recv(a, &c, 1, op);
        if (e) return e;
        if (c == '\n') break;
        if (n + 1 < cap) line[n++] = c;
    }
    line[n] = '\0';
    grat__rtrim(line, n);
    return GRAT_OK;
}

grat_err grat__prlgx_number(adapter *a, const char *command, unsigned *out, grat_op *op)
{
    char line[128];
    int v = -1;
    bool number = false;
    grat_err e = grat__prlgx_puts(a, command, op);
    /* The adapter does one thing after the other: a line before the number is the late end of an older answer. */
    for (unsigned i = 0; i < LATE_LINES && !e && !number; i++) {
        e = recv_line(a, line, sizeof line, op);
        number = !e && grat__parse_int(line, &v);
        if (!e && grat__prlgx_is_error(line)) break;
    }
    if (e) return failed(a, e);
    if (!number || v < 0) {
        a->ready = false;
        return grat_op_fail(op, GRAT_EPROTO, "%s: the adapter answers %s by \"%.60s\"", a->key, command, line);
    }
    *out = (unsigned)v;
    return GRAT_OK;
}

/* ---- in step --------------------------------------------------------------------------------------------------- */

static grat_err open_link(adapter *a, grat_op *op)
{
    if (connected(a)) return GRAT_OK;
    a->version[0] = '\0';
    return a->port ? grat__tcp_connect(a->host, a->port, op, &a->fd)
                   : grat__tty_open(&a->tty, a->host, &a->line, op);
}

static void set_version(adapter *a, const char *line, grat__prlgx_kind kind)
{
    const char *ar = strstr(line, "AR488"), *pro = strstr(line, "Prologix");
    grat__strcpy(a->version, sizeof a->version, pro ? pro : ar ? ar : line);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].kind == kind) a->row = &rows[i];
    }
}

/* Old data may end without a line's end, so the version is looked for at the end of each line. */
static bool ends_with_version(adapter *a, const char *line)
{
    grat__prlgx_kind kind;
    size_t n = strlen(line), v = strlen(a->version);
    if (v) return n >= v && strcmp(line + n - v, a->version) == 0;
    if (!grat__prlgx_version(line, &kind)) return false;
    set_version(a, line, kind);
    return true;
}

/* Sends these lines and skips everything up to the answer to ++ver, which is asked for again while nothing comes. */
static grat_err find_version(adapter *a, const char *lines, grat_op *op)
{
    char window[256];
    size_t n = 0;
    grat_op ask;
    grat_err e = grat__prlgx_send(a, lines, strlen(lines), op);
    grat__op_child(&ask, op, SYNC_ASK_MS);
    while (!e) {
        uint8_t got[4096];
        e = grat__prlgx_recv(a, got, sizeof got, &ask);
        if (e == GRAT_ETIMEOUT && !grat_op_check(op)) {
            e = grat__prlgx_send(a, "\n++ver\n", 7, op);
            grat__op_child(&ask, op, SYNC_ASK_MS);
            continue;
        }
        if (e) return grat__op_adopt(op, &ask);
        bool found = false;
        for (size_t i = 0; i < ask.count; i++) {
            if (n == sizeof window - 1) memmove(window, window + 1, --n);
            window[n++] = got[i] ? (char)got[i] : ' ';
            if (got[i] != '\n') continue;
            window[n] = '\0';
            grat__rtrim(window, n);
            found = ends_with_version(a, window);
            if (grat__prlgx_is_error(window)) a->no_mark = true;
            n = 0;
        }
        if (found) return GRAT_OK;
    }
    return e;
}

/* A ++ver that was asked for twice may be answered twice. */
static void drain(adapter *a)
{
    uint8_t junk[256];
    grat_op quick;
    do grat_op_init(&quick, 5, NULL);
    while (grat__prlgx_recv(a, junk, sizeof junk, &quick) == GRAT_OK);
}

grat_err grat__prlgx_sync(adapter *a, grat_op *op)
{
    char setup[200];
    a->ready = a->perhaps = false;
    a->reading = NULL;
    a->pad = a->sad = -1;
    bool first = !connected(a);
    grat_err e = open_link(a, op);
    if (!e) e = find_version(a, "\n++savecfg 0\n++ver\n", op);
    if (e == GRAT_ETIMEOUT && first) {
        disconnect(a);
        return grat_op_fail(op, e, "%s: no GPIB adapter answers ++ver; is it one, and has no other program got it?",
                            a->key);
    }
    if (!e) drain(a);
    snprintf(setup, sizeof setup,
             "++mode 1\n++auto 0\n++eoi 1\n++eos 3\n++eot_char %d\n++eot_enable 1\n++read_tmo_ms %d\n++ver\n",
             GRAT__PRLGX_MARK, GRAT__PRLGX_READ_MS);
    /* A command that it does not know is answered, so the version is asked for behind them, too. */
    a->no_mark = false;
    if (!e && connected(a)) e = find_version(a, setup, op);
    if (e) return failed(a, e);
    a->ready = connected(a);
    return a->ready ? GRAT_OK : grat_op_fail(op, GRAT_ELOST, "%s: the adapter has closed the connection", a->key);
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

static void read_over(adapter *a)
{
    a->reading = NULL;
    a->perhaps = false;
}

/* Receives for at most as long as the ++read lasts. */
static grat_err recv_while_reading(adapter *a, uint8_t *buf, size_t cap, grat_op *op)
{
    grat_op wait = *op;
    int64_t until = a->perhaps ? grat_now_ns() + PERHAPS_MS * NS_PER_MS : a->read_until_ns;
    wait.idle_ns = 0;
    if (until < wait.deadline_ns) wait.deadline_ns = until;
    grat_err e = grat__prlgx_recv(a, buf, cap, &wait);
    op->count = wait.count;
    if (wait.count) {
        grat__op_moved(op);
        a->read_until_ns = grat_now_ns() + (GRAT__PRLGX_READ_MS + MARGIN_MS) * (int64_t)NS_PER_MS;
    }
    return e ? grat__op_adopt(op, &wait) : GRAT_OK;
}

grat_err grat__prlgx_take(adapter *a, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    uint8_t in[16384];
    grat__prlgx_mark mark = GRAT__PRLGX_NO_MARK;
    size_t room = cap - a->perhaps;
    *end = false;
    if (!room) {
        grat__prlgx_answer_data(&a->answer, buf[0] = GRAT__PRLGX_MARK);
        a->perhaps = false;
        op->count = 1;
        return GRAT_OK;
    }
    grat_err e = recv_while_reading(a, in, room < sizeof in ? room : sizeof in, op);
    if (e == GRAT_ETIMEOUT && a->perhaps && !grat_op_check(op)) {
        read_over(a);
        *end = true;
        op->count = 0;
        return op->err = GRAT_OK;
    }
    size_t n = op->count, have = 0;
    if (!n) return e;
    if (a->perhaps) grat__prlgx_answer_data(&a->answer, buf[have++] = GRAT__PRLGX_MARK);
    a->perhaps = false;
    size_t data = grat__prlgx_answer_feed(&a->answer, in, n, &mark);
    memcpy(buf + have, in, data);
    op->count = have + data;
    a->perhaps = mark == GRAT__PRLGX_PERHAPS;
    if (mark != GRAT__PRLGX_END) return e;
    *end = true;
    read_over(a);
    if (data + 1 == n) return e;
    a->ready = false;
    return grat_op_fail(op, GRAT_EPROTO, "%s: the adapter went on behind the end of an answer", a->key);
}

/* The rest of an answer that its owner has not read yet. What is thrown away is not kept. */
static grat_err put_aside(adapter *a, bool discard, grat_op *op)
{
    grat__prlgx_instr *s = a->reading;
    uint8_t buf[4096];
    bool end = false;
    while (a->reading && !end) {
        grat_err e = grat__prlgx_take(a, buf, sizeof buf, &end, op);
        bool over = e == GRAT_ETIMEOUT && !grat_op_check(op);
        if (op->count && !discard && grat__buf_put(&s->held, buf, op->count) != GRAT_OK) s->overrun = true;
        s->answered += op->count;
        if (op->count) s->last = buf[op->count - 1];
        if (over) break;
        if (e) return e;
    }
    if (end && !discard) s->held_end = true;
    read_over(a);
    op->err = GRAT_OK;
    op->count = 0;
    return GRAT_OK;
}

/* ---- the turn ------------------------------------------------------------------------------------------ */

static grat_err take_turn(adapter *a, grat_op *op)
{
    uint64_t one;
    grat_err e = GRAT_OK;
    pthread_mutex_lock(&a->lock);
    a->waiting++;
    pthread_mutex_unlock(&a->lock);
    while (!e && read(a->turn, &one, sizeof one) < 0) e = grat__op_wait(op, a->turn, POLLIN);
    pthread_mutex_lock(&a->lock);
    a->waiting--;
    pthread_mutex_unlock(&a->lock);
    return e;
}

void grat__prlgx_leave(adapter *a)
{
    static const uint64_t one = 1;
    if (write(a->turn, &one, sizeof one) < 0) abort(); /* a counter of at most 1 cannot overflow */
}

grat_err grat__prlgx_enter(adapter *a, grat__prlgx_instr *s, bool discard, grat_op *op)
{
    grat_err e = take_turn(a, op);
    if (e) return e;
    if (!a->ready) e = grat__prlgx_sync(a, op);
    if (!e && a->reading && (a->reading != s || discard)) e = put_aside(a, a->reading == s, op);
    if (!e) return GRAT_OK;
    grat__prlgx_leave(a);
    return e;
}

grat_err grat__prlgx_address(adapter *a, const grat__prlgx_instr *s, grat_op *op)
{
    char line[40];
    if (a->pad == s->pad && a->sad == s->sad) return GRAT_OK;
    if (s->sad < 0) snprintf(line, sizeof line, "++addr %d", s->pad);
    else snprintf(line, sizeof line, "++addr %d %d", s->pad, s->sad + 96);
    grat_err e = grat__prlgx_puts(a, line, op);
    if (e) return e;
    a->pad = s->pad;
    a->sad = s->sad;
    return GRAT_OK;
}
