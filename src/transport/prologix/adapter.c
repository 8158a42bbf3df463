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
#define PERHAPS_MS 60            /* a byte like the mark seems to be the mark when nothing follows for so long */
#define FENCE_MS 2000            /* without a byte before the answer to ++ver */
#define HELD_MAX (64u << 20)
#define SYNC_ASK_MS 700          /* a board that was reset by the opening answers at the third ++ver or so */
#define FENCES 28                /* addresses 1 to 28 are right for every adapter */

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
    grat__buf_free(&a->late);
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
    a->fences = (unsigned)((uint64_t)grat_now_ns() % FENCES);
    grat__buf_init(&a->late, HELD_MAX);
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

/* One line with its CR LF; what is longer than cap is cut. */
static grat_err recv_raw_line(adapter *a, char *line, size_t cap, grat_op *op)
{
    size_t n = 0;
    for (char c = 0; c != '\n';) {
        grat_err e = grat__prlgx_recv(a, &c, 1, op);
        if (e) return e;
        if (n + 1 < cap) line[n++] = c ? c : ' ';
    }
    line[n] = '\0';
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
            n = 0;
        }
        if (found) return GRAT_OK;
    }
    return e;
}

#define LINE sizeof ((adapter *)NULL)->version_line

/* The last four lines, the newest first. */
typedef struct history {
    char raw[LINE], raw_before[LINE];
    char line[4][LINE];
} history;

static void remember(history *h)
{
    memmove(h->line[1], h->line[0], sizeof h->line - sizeof h->line[0]);
    grat__strcpy(h->line[0], LINE, h->raw);
    grat__rtrim(h->line[0], strlen(h->line[0]));
}

/* A user who talks to the adapter itself finds the address that he has set. */
static grat_err restore_address(adapter *a, history *h, grat_op *op)
{
    char text[40], *comma = strchr(h->line[2], ',');
    if (comma) *comma = ' ';
    snprintf(text, sizeof text, "++addr %.20s", h->line[2]);
    a->foreign = false;
    return grat__prlgx_puts(a, text, op);
}

/* Sends these lines and skips everything up to an answer that no older question can have: the version, and behind it an
 * address of our choice. */
static grat_err pass_fence(adapter *a, const char *lines, grat_op *op)
{
    char text[300], want[8];
    grat__prlgx_kind kind;
    a->pad = a->sad = -1;
    for (;;) {
        grat_op ask;
        history h = {0};
        unsigned address = 1 + a->fences++ % FENCES;
        snprintf(want, sizeof want, "%u", address);
        snprintf(text, sizeof text, "%s\n++ver\n++addr %u\n++addr\n", a->foreign ? "\n++ver\n++addr" : lines, address);
        grat_err e = grat__prlgx_send(a, text, strlen(text), op);
        if (e) return e;
        grat__op_child(&ask, op, SYNC_ASK_MS);
        while (!(e = recv_raw_line(a, h.raw, LINE, &ask))) {
            remember(&h);
            if (!a->foreign && grat__prlgx_is_error(h.line[0])) a->no_mark = true;
            bool ours = strcmp(h.line[0], want) == 0 && grat__prlgx_version(h.line[1], &kind);
            if (ours && (!a->foreign || grat__prlgx_version(h.line[3], &kind))) {
                set_version(a, h.line[1], kind);
                grat__strcpy(a->version_line, LINE, h.raw_before);
                return a->foreign ? restore_address(a, &h, op) : GRAT_OK;
            }
            grat__strcpy(h.raw_before, LINE, h.raw);
        }
        if (e != GRAT_ETIMEOUT || grat_op_check(op)) return grat__op_adopt(op, &ask);
    }
}

grat_err grat__prlgx_sync(adapter *a, grat_op *op)
{
    char setup[200];
    a->ready = false;
    if (a->reading) a->reading->broken = "the adapter was lost in the middle of an answer";
    grat__prlgx_read_over(a);
    bool first = !connected(a);
    grat_err e = open_link(a, op);
    /* Twice, for an escape that was left alone. */
    if (!e) e = find_version(a, "\n\n++savecfg 0\n++ver\n", op);
    if (e == GRAT_ETIMEOUT && first) {
        disconnect(a);
        return grat_op_fail(op, e, "%s: no GPIB adapter answers ++ver; is it one, and has no other program got it?",
                            a->key);
    }
    snprintf(setup, sizeof setup,
             "++mode 1\n++auto 0\n++eoi 1\n++eos 3\n++eot_char %d\n++eot_enable 1\n++read_tmo_ms %d",
             GRAT__PRLGX_MARK, GRAT__PRLGX_READ_MS);
    /* A command that it does not know is answered. */
    a->no_mark = a->foreign = false;
    if (!e && connected(a)) e = pass_fence(a, setup, op);
    if (e) return failed(a, e);
    a->ready = connected(a);
    return a->ready ? GRAT_OK : grat_op_fail(op, GRAT_ELOST, "%s: the adapter has closed the connection", a->key);
}

grat_err grat__prlgx_number(adapter *a, const char *command, unsigned *out, grat_op *op)
{
    char line[128];
    int v = -1;
    grat_err e = a->foreign ? pass_fence(a, NULL, op) : GRAT_OK;
    if (!e) e = grat__prlgx_puts(a, command, op);
    if (!e) e = recv_raw_line(a, line, sizeof line, op);
    if (e) return failed(a, e);
    grat__rtrim(line, strlen(line));
    if (!grat__parse_int(line, &v) || v < 0) {
        a->ready = false;
        return grat_op_fail(op, GRAT_EPROTO, "%s: the adapter answers %s by \"%.60s\"", a->key, command, line);
    }
    *out = (unsigned)v;
    return GRAT_OK;
}

/* ---- answers ----------------------------------------------------------------------------------------------------- */

void grat__prlgx_read_over(adapter *a)
{
    a->reading = NULL;
    a->perhaps = false;
    a->fence = GRAT__PRLGX_NOT_ASKED;
    a->late.len = 0;
}

/* Receives for at most as long as the ++read seems to last. */
static grat_err recv_while_reading(adapter *a, uint8_t *buf, size_t cap, grat_op *op)
{
    grat_op wait = *op;
    bool asked = a->fence == GRAT__PRLGX_ASKED;
    int64_t until = a->perhaps && !asked ? a->perhaps_until_ns : a->read_until_ns;
    wait.idle_ns = 0;
    if (until < wait.deadline_ns) wait.deadline_ns = until;
    grat_err e = grat__prlgx_recv(a, buf, cap, &wait);
    op->count = wait.count;
    if (wait.count) {
        grat__op_moved(op);
        a->read_until_ns = grat_now_ns() + (asked ? FENCE_MS : GRAT__PRLGX_READ_MS + MARGIN_MS) * (int64_t)NS_PER_MS;
    }
    return e ? grat__op_adopt(op, &wait) : GRAT_OK;
}

static grat_err ask_fence(adapter *a, grat_op *op)
{
    grat_err e = grat__prlgx_puts(a, "++ver", op);
    op->count = 0;
    if (e) return e;
    a->fence = GRAT__PRLGX_ASKED;
    a->read_until_ns = grat_now_ns() + FENCE_MS * (int64_t)NS_PER_MS;
    return op->err = GRAT_OK;
}

/* The late bytes that are no part of the version. */
static size_t late_ready(const adapter *a)
{
    size_t held = strlen(a->version_line) - 1;
    if (a->fence == GRAT__PRLGX_OVER) return a->late.len;
    return a->late.len > held ? a->late.len - held : 0;
}

/* Until late bytes are there for sure, or the ++read is over. */
static grat_err wait_late(adapter *a, grat_op *op)
{
    size_t v = strlen(a->version_line);
    while (a->fence == GRAT__PRLGX_ASKED && !late_ready(a)) {
        uint8_t in[4096];
        grat_err e = recv_while_reading(a, in, sizeof in, op);
        size_t n = op->count;
        op->count = 0;
        if (e == GRAT_ETIMEOUT && !grat_op_check(op)) {
            a->ready = false;
            return grat_op_fail(op, GRAT_EIO, "%s: the adapter does not answer any more", a->key);
        }
        if (n && grat__buf_put(&a->late, in, n) != GRAT_OK) {
            a->ready = false;
            return grat_op_fail(op, GRAT_ENOMEM, "%s: out of memory", a->key);
        }
        if (a->late.len >= v && memcmp(a->late.data + a->late.len - v, a->version_line, v) == 0) {
            a->late.len -= v;
            a->fence = GRAT__PRLGX_OVER;
        }
        if (e) return e;
    }
    return op->err = GRAT_OK;
}

/* Bytes of the ++read, perhaps with the mark among them; none with OK: it is over. */
static grat_err recv_answer(adapter *a, uint8_t *in, size_t room, grat_op *op)
{
    grat_err e = GRAT_OK;
    op->count = 0;
    if (a->fence == GRAT__PRLGX_NOT_ASKED) {
        if (room) e = recv_while_reading(a, in, room, op);
        if (op->count || (e && (e != GRAT_ETIMEOUT || grat_op_check(op)))) return e;
        e = ask_fence(a, op);
    }
    if (!e) e = wait_late(a, op);
    if (e) return e;
    size_t n = late_ready(a);
    if (n > room) n = room;
    memcpy(in, a->late.data, n);
    grat__buf_drop(&a->late, n);
    op->count = n;
    return GRAT_OK;
}

static grat_err went_on(adapter *a, grat_op *op)
{
    a->ready = false;
    return grat_op_fail(op, GRAT_EPROTO, "%s: the adapter went on behind the end of an answer", a->key);
}

grat_err grat__prlgx_take(adapter *a, uint8_t *buf, size_t cap, bool *end, grat_op *op)
{
    uint8_t in[16384];
    grat__prlgx_mark mark = GRAT__PRLGX_NO_MARK;
    grat__prlgx_answer *answer = &a->reading->answer;
    size_t room = cap - a->perhaps, have = 0;
    *end = false;
    grat_err e = recv_answer(a, in, room < sizeof in ? room : sizeof in, op);
    size_t n = op->count;
    if (!n && e) return e;
    bool over = a->fence == GRAT__PRLGX_OVER && !late_ready(a);
    if (!n && over) {
        *end = a->perhaps;
        if (!*end) return grat_op_fail(op, GRAT_ETIMEOUT, "%s: nothing came from the instrument", a->key);
        grat__prlgx_read_over(a);
        return op->err = GRAT_OK;
    }
    if (a->perhaps && !answer->binary) return went_on(a, op);
    if (a->perhaps) grat__prlgx_answer_data(answer, buf[have++] = GRAT__PRLGX_MARK);
    a->perhaps = false;
    size_t data = grat__prlgx_answer_feed(answer, in, n, &mark);
    memcpy(buf + have, in, data);
    op->count = have + data;
    if (mark == GRAT__PRLGX_NO_MARK) return e;
    if (mark == GRAT__PRLGX_END && (data + 1 < n || late_ready(a))) return went_on(a, op);
    /* Behind the question for the version its answer is waited for. */
    *end = mark == GRAT__PRLGX_END && a->fence != GRAT__PRLGX_ASKED;
    a->perhaps = !*end;
    a->perhaps_until_ns = grat_now_ns() + PERHAPS_MS * (int64_t)NS_PER_MS;
    if (*end) grat__prlgx_read_over(a);
    return e;
}

/* The rest of an answer that its owner has not read yet. What is thrown away is not kept. */
static grat_err put_aside(adapter *a, bool discard, grat_op *op)
{
    grat__prlgx_instr *s = a->reading;
    uint8_t buf[4096];
    bool end = false;
    while (a->reading && !end) {
        grat_err e = grat__prlgx_take(a, buf, sizeof buf, &end, op);
        bool over = e == GRAT_ETIMEOUT && !op->count && a->fence == GRAT__PRLGX_OVER;
        if (op->count && !discard && grat__buf_put(&s->held, buf, op->count) != GRAT_OK)
            s->broken = "the answer was too long to be kept while others used the adapter";
        s->answered += op->count;
        if (op->count) s->last = buf[op->count - 1];
        if (over) break;
        if (e) return e;
    }
    if (end && !discard) s->held_end = true;
    grat__prlgx_read_over(a);
    op->err = GRAT_OK;
    op->count = 0;
    return GRAT_OK;
}

/* ---- the turn ------------------------------------------------------------------------------------------ */

grat_err grat__prlgx_take_turn(adapter *a, grat_op *op)
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
    grat_err e = grat__prlgx_take_turn(a, op);
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
    grat_err e = a->foreign ? pass_fence(a, NULL, op) : GRAT_OK;
    if (e) return failed(a, e);
    if (a->pad == s->pad && a->sad == s->sad) return GRAT_OK;
    if (s->sad < 0) snprintf(line, sizeof line, "++addr %d", s->pad);
    else snprintf(line, sizeof line, "++addr %d %d", s->pad, s->sad + 96);
    e = grat__prlgx_puts(a, line, op);
    if (e) return e;
    a->pad = s->pad;
    a->sad = s->sad;
    return GRAT_OK;
}
