/* What is done with one member, step by step. Each function is a task. */
#include "sync/sync_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "core/task.h"

#define FETCH_MS 1000            /* for the question whether FETCh? is known */
#define CLOCK_FIRST 4            /* readings of the clock at the opening */
#define CLOCK_ASKS 3             /* readings of the clock before each start */
#define POLL_NS 1000000          /* between two questions whether it is ready; doubled each time … */
#define MAX_POLL_NS 50000000     /* … up to this */
#define MAX_ANSWER (1u << 20)    /* of a start that is a query */
#define MAX_VALUES (1u << 20)
/* Longer than the status of any known scope lags: a STOP that is older is not stale. */
#define DWELL_NS 300000000

static bool given(const char *text)
{
    return text && *text;
}

static bool is_call(const char *text, const char *call)
{
    return given(text) && strcmp(text, call) == 0;
}

static void learn_trip(grat__sync_item *i, int64_t ns)
{
    i->trip[i->trips++ % GRAT__SYNC_TRIPS] = ns;
    if (!i->result.round_trip_ns || ns < i->result.round_trip_ns) i->result.round_trip_ns = ns;
}

/* One that is hardly exceeded: the longest that was seen would be by one in so many; as much again as they differ is
 * added. */
static int64_t longest_trip(const grat__sync_item *i)
{
    int64_t most = 0, least = INT64_MAX;
    for (unsigned k = 0; k < i->trips && k < GRAT__SYNC_TRIPS; k++) {
        most = i->trip[k] > most ? i->trip[k] : most;
        least = i->trip[k] < least ? i->trip[k] : least;
    }
    return i->trips ? 2 * most - least : 0;
}

static grat_err timed_query(grat__sync_item *i, const char *query, char text[256], grat_op *op)
{
    int64_t before = grat_now_ns();
    grat_err e = grat_query(i->session, query, text, 256, op);
    if (!e) learn_trip(i, grat_now_ns() - before);
    return e;
}

static grat_err send_one(grat__sync_item *i, const char *line, grat_op *op)
{
    char answer[256];
    if (strcmp(line, "@trigger") == 0) return grat_trigger(i->session, op);
    if (strcmp(line, "@single") == 0) return grat_scope_run(i->scope, GRAT_SINGLE, op);
    if (strcmp(line, "@stop") == 0) return grat_scope_run(i->scope, GRAT_STOP, op);
    if (*line == '@')
        return grat_op_fail(op, GRAT_EINVAL, "%.60s: not one of @trigger @single @record @memory @stop", line);
    if (strchr(line, '?')) return grat_query(i->session, line, answer, sizeof answer, op);
    return grat_puts(i->session, line, op);
}

/* Each line of `text`. */
static grat_err send_all(grat__sync_item *i, const char *text, grat_op *op)
{
    grat_err e = GRAT_OK;
    char line[1024];
    while (!e && given(text)) {
        size_t n = strcspn(text, "\n");
        if (n >= sizeof line) return grat_op_fail(op, GRAT_EINVAL, "%.40s…: the command is too long", text);
        memcpy(line, text, n);
        line[n] = '\0';
        if (n) e = send_one(i, line, op);
        text += n + (text[n] == '\n');
    }
    return e;
}

static grat_err no_time(const char *query, const char *text, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPARSE, "%.60s: \"%.40s\" is no time; wanted h,m,s or y,m,d,h,m,s or seconds", query,
                        text);
}

/* Of `times` readings the fastest. An answer that is no time is EPARSE. */
static grat_err ask_clock(grat__sync_item *i, unsigned times, grat_op *op)
{
    const char *query = i->spec.recipe.clock;
    char text[80], best[80] = "";
    int64_t from = 0, to = INT64_MAX;
    for (unsigned k = 0; k < times; k++) {
        int64_t before = grat_now_ns();
        grat_err e = grat_query(i->session, query, text, sizeof text, op);
        int64_t after = grat_now_ns();
        if (e) return e;
        if (after - before >= to - from) continue;
        from = before, to = after;
        memcpy(best, text, sizeof best);
    }
    return grat__sync_clock_take(&i->clock, best, from, to) ? GRAT_OK : no_time(query, best, op);
}

/* ---- opening --------------------------------------------------------------------------------------- */

static bool needs_driver(const grat_recipe *r)
{
    return is_call(r->read, "@record") || is_call(r->read, "@memory") || is_call(r->start, "@single") ||
           is_call(r->arm, "@single");
}

/* VXI-11 answers each write. */
static bool acknowledges(const char *resource)
{
    grat_resource r;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    return !grat_resource_parse(resource, &r, &op) && r.interface == GRAT_IF_TCPIP && r.rclass == GRAT_CLASS_INSTR &&
           !grat__strcasestarts(r.device, "hislip");
}

static bool is_expected(const grat__sync_item *i)
{
    const grat_identity *d = &i->result.identity;
    const char *want = i->spec.identity;
    char line[300];
    snprintf(line, sizeof line, "%s,%s,%s,%s", d->vendor, d->model, d->serial, d->firmware);
    return !given(want) || strcasestr(line, want);
}

/* What is behind the last semicolon outside quotes. */
static void last_part(const uint8_t *reply, size_t n, char *out, size_t cap)
{
    bool quoted = false;
    size_t at = 0;
    for (size_t k = 0; k < n; k++) {
        if (reply[k] == '"') quoted = !quoted;
        if (reply[k] == ';' && !quoted) at = 0;
        else if (at + 1 < cap && reply[k] >= ' ') out[at++] = (char)reply[k];
        out[at] = '\0';
    }
}

/* An instrument without FETCh? would be waited for until the deadline of each run. Asked once together with the error
 * queue it answers at once, by the class of command errors (SCPI-1999 21.8.9). What does not answer that is left to the
 * run. */
static grat_err knows_fetch(grat__sync_item *i, grat_op *op)
{
    const grat_recipe *r = &i->spec.recipe;
    uint8_t *reply = NULL;
    size_t n = 0;
    grat_op one;
    double code;
    if (!given(r->read) || strcmp(r->read, "FETCh?") != 0) return GRAT_OK;
    grat_err e = send_all(i, r->abort, op);
    if (!e) e = grat_puts(i->session, "*CLS", op);
    if (e) return e;
    grat_op_init(&one, FETCH_MS, op->cancel);
    if (one.deadline_ns > op->deadline_ns) one.deadline_ns = op->deadline_ns;
    e = grat_query_raw(i->session, "FETCh?;:SYSTem:ERRor?", &reply, &n, &one);
    char last[80] = "", number[16] = "";
    if (!e) last_part(reply, n, last, sizeof last);
    free(reply);
    snprintf(number, sizeof number, "%.*s", (int)strcspn(last, ",;"), last);
    if (e || !grat__parse_double(number, &code) || code > -100 || code < -199) return GRAT_OK;
    return grat_op_fail(op, GRAT_EINSTR, "FETCh?: the instrument does not know it (%.60s); name the query that reads "
                        "it in a recipe", last);
}

static grat_err set_up(grat__sync_item *i, grat_op *op)
{
    const grat_recipe *r = &i->spec.recipe;
    char text[256];
    grat_err e = GRAT_OK;
    i->at = GRAT_SYNC_SETUP;
    if (given(r->setup)) {
        e = grat_puts(i->session, "*CLS", op);
        if (!e) e = send_all(i, r->setup, op);
        if (!e) e = grat_check_errors(i->session, op);
    }
    if (!e && i->probes) e = knows_fetch(i, op);
    for (unsigned k = 0; !e && given(r->ready) && k < i->probes; k++) e = timed_query(i, r->ready, text, op);
    for (unsigned k = 0; !e && given(r->clock) && k < CLOCK_FIRST; k++) e = ask_clock(i, 1, op);
    return e;
}

grat_err grat__sync_open(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    i->at = GRAT_SYNC_OPEN;
    grat_err e = grat_open(i->spec.resource, i->open->size ? i->open : NULL, op, &i->session);
    if (e) return e;
    i->result.resource = grat_session_resource(i->session);
    i->slow = acknowledges(i->result.resource);
    int64_t before = grat_now_ns();
    e = grat_identify(i->session, &i->result.identity, op);
    if (e) return e;
    if (!i->probes) learn_trip(i, grat_now_ns() - before);
    if (!is_expected(i))
        return grat_op_fail(op, GRAT_ENODEV, "%.100s: %.40s %.40s answers, %.60s was expected; is it the right one?",
                            i->result.resource, i->result.identity.vendor, i->result.identity.model,
                            i->spec.identity);
    if (needs_driver(&i->spec.recipe) && (e = grat_scope_open(i->session, op, &i->scope))) return e;
    return set_up(i, op);
}

/* ---- arming ---------------------------------------------------------------------------------------- */

/* Asks until one of the bits is set, or until none is. */
static grat_err wait_bits(grat__sync_item *i, bool set, const char *why, grat_op *op)
{
    const grat_recipe *r = &i->spec.recipe;
    int64_t pause = POLL_NS;
    for (;;) {
        char text[256];
        double v;
        grat_err e = timed_query(i, r->ready, text, op);
        if (e || !r->ready_mask) return e;
        if (!grat__parse_double(text, &v) || !(v >= 0 && v <= UINT32_MAX))
            return grat_op_fail(op, GRAT_EPARSE, "%.60s: \"%.40s\" is no number", r->ready, text);
        if ((((uint32_t)v & r->ready_mask) != 0) == set) return GRAT_OK;
        if ((e = grat_op_sleep_until(op, grat_now_ns() + pause)))
            return grat_op_fail(op, e, "%.60s still answers %.20s: %s", r->ready, text, why);
        if (pause < MAX_POLL_NS) pause *= 2;
    }
}

grat_err grat__sync_arm(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    const grat_recipe *r = &i->spec.recipe;
    i->at = GRAT_SYNC_ARM;
    grat_err e = i->dirty ? send_all(i, r->abort, op) : GRAT_OK;
    if (!e) i->dirty = false;
    if (!e && given(r->clock)) e = ask_clock(i, CLOCK_ASKS, op);
    if (!e) e = send_all(i, r->arm, op);
    return !e && given(r->ready) ? wait_bits(i, true, "not ready; is it armed?", op) : e;
}

/* Once more, just before the start: whoever has left the state that it waited in was started by something else. */
grat_err grat__sync_confirm(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    const grat_recipe *r = &i->spec.recipe;
    char text[256];
    double v;
    if (!given(r->ready) || !r->ready_mask) return GRAT_OK;
    i->dirty = true;
    grat_err e = timed_query(i, r->ready, text, op);
    if (e || (grat__parse_double(text, &v) && v >= 0 && v <= UINT32_MAX && (uint32_t)v & r->ready_mask)) return e;
    return grat_op_fail(op, GRAT_EBUSY, "triggered before the start: %.60s answers %.20s now; what does its trigger "
                        "input see?", r->ready, text);
}

/* ---- starting -------------------------------------------------------------------------------------- */

grat_err grat__sync_start(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    const char *start = i->spec.recipe.start;
    i->at = GRAT_SYNC_START;
    i->dirty = true;
    if (!given(start)) return GRAT_OK;
    grat_sync_result *r = &i->result;
    /* First every task comes as far as this; then nothing but the sends is left to do. */
    grat__task_yield();
    while (grat_now_ns() < i->start_at_ns)
        if (grat_op_check(op)) return op->err;
    if (i->gang && i->gang->leader != i) return GRAT_OK;
    r->sent_ns = grat_now_ns();
    grat_err e = i->gang ? grat__sync_gang_fire(i->gang, op)
                 : *start == '@' ? send_one(i, start, op) : grat_puts(i->session, start, op);
    r->accepted_ns = grat_now_ns();
    r->acknowledged = i->slow || i->gang;
    int64_t latest = r->accepted_ns + (r->acknowledged ? 0 : longest_trip(i));
    r->uncertainty_ns = (latest - r->sent_ns) / 2;
    r->start_ns = r->sent_ns + r->uncertainty_ns;
    return e;
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* The numbers of a text answer, separated by commas or semicolons. An answer with anything else in it has none: it is
 * kept as a text. */
static grat_err take_values(grat__sync_item *i, grat_op *op)
{
    const char *text = (const char *)i->reply;
    size_t room = 1, n = 0;
    for (const char *p = text; *p; p++) room += *p == ',' || *p == ';';
    if (room > MAX_VALUES) room = MAX_VALUES;
    i->value = malloc(room * sizeof *i->value);
    if (!i->value) return grat_op_fail(op, GRAT_ENOMEM, "%zu values: out of memory", room);
    while (*text && n < room) {
        char word[64];
        size_t length = strcspn(text, ",;");
        if (length >= sizeof word) break;
        memcpy(word, text, length);
        word[length] = '\0';
        if (!grat__parse_double(word, &i->value[n])) break;
        n++;
        text += length + (text[length] != '\0');
    }
    bool all = !*text && text == (const char *)i->reply + i->result.reply_size;
    i->result.value = i->value;
    i->result.values = all ? n : 0;
    return GRAT_OK;
}

static grat_err read_text(grat__sync_item *i, grat_op *op)
{
    char *text = malloc(MAX_ANSWER);
    if (!text) return grat_op_fail(op, GRAT_ENOMEM, "the answer: out of memory");
    grat_err e = grat_read_text(i->session, text, MAX_ANSWER, op);
    size_t n = e ? 0 : op->count;
    char *less = realloc(text, n + 1);
    i->reply = (uint8_t *)(less ? less : text);
    i->reply[n] = '\0';
    i->result.reply_size = n;
    return e;
}

static grat_err read_answer(grat__sync_item *i, grat_op *op)
{
    const grat_recipe *r = &i->spec.recipe;
    size_t n = 0;
    grat_err e;
    if (given(r->start) && strchr(r->start, '?')) {
        e = read_text(i, op);
    } else {
        e = grat_query_raw(i->session, r->read, &i->reply, &n, op);
        uint8_t *more = e ? NULL : realloc(i->reply, n + 1);
        if (!e && !more) e = grat_op_fail(op, GRAT_ENOMEM, "the answer: out of memory");
        if (e) return e;
        i->reply = more;
        while (n && (i->reply[n - 1] == '\n' || i->reply[n - 1] == '\r')) n--;
        i->reply[n] = '\0';
        i->result.reply_size = n;
    }
    i->result.read_ns = grat_now_ns();
    if (!e) i->result.reply = i->reply;
    return e ? e : take_values(i, op);
}

static bool keep_record(void *item, grat_record *record)
{
    grat__sync_item *i = item;
    if (!i->result.record) i->result.record = grat_record_ref(record);
    return false;
}

static grat_err read_record(grat__sync_item *i, grat_op *op)
{
    grat_request q;
    grat_scope_state state = GRAT_STATE_WAITING;
    grat_err e = GRAT_OK;
    grat_request_init(&q);
    q.current = true;
    q.memory = is_call(i->spec.recipe.read, "@memory");
    while (!e) {
        e = grat_scope_state_get(i->scope, &state, op);
        if (!e && state == GRAT_STATE_STOPPED && grat_now_ns() - i->result.accepted_ns >= DWELL_NS) break;
        if (!e) e = grat_op_sleep_until(op, grat_now_ns() + MAX_POLL_NS / 4);
    }
    if (e == GRAT_ETIMEOUT && state == GRAT_STATE_WAITING)
        grat_op_fail(op, e, "no trigger within the time; is its signal there?");
    if (!e) e = grat_capture(i->scope, &q, keep_record, i, op);
    i->result.read_ns = grat_now_ns();
    return e;
}

/* Where the instrument tells it. What would have begun before it was sent is a stamp of an earlier start. */
static grat_err read_stamp(grat__sync_item *i, grat_op *op)
{
    grat_sync_result *r = &i->result;
    char text[80];
    grat__clock_moment m;
    grat_err e = grat_query(i->session, i->spec.recipe.stamp, text, sizeof text, op);
    int64_t near = r->start_ns ? r->start_ns : grat_now_ns();
    if (e) return e;
    if (!grat__sync_clock_when(&i->clock, text, near, &m)) return no_time(i->spec.recipe.stamp, text, op);
    int64_t low = m.ns - m.uncertainty_ns, high = m.ns + m.uncertainty_ns;
    if (high < r->sent_ns) return GRAT_OK;
    if (low < r->sent_ns) low = r->sent_ns;
    r->uncertainty_ns = (high - low + 1) / 2;
    r->start_ns = low + (high - low) / 2;
    r->stamped = true;
    return GRAT_OK;
}

grat_err grat__sync_read(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    const grat_recipe *r = &i->spec.recipe;
    grat_err e = GRAT_OK;
    i->at = GRAT_SYNC_READ;
    /* What another starts is not asked for its reading before: it would hear nothing else until a device clear. */
    if (!given(r->start) && given(r->ready) && r->ready_mask)
        e = wait_bits(i, false, "no trigger came; is the wire there?", op);
    if (e) return e;
    if (is_call(r->read, "@record") || is_call(r->read, "@memory")) e = read_record(i, op);
    else if (given(r->read) || (given(r->start) && strchr(r->start, '?'))) e = read_answer(i, op);
    if (!e && given(r->stamp) && given(r->clock)) e = read_stamp(i, op);
    if (e) return e;
    i->at = GRAT_SYNC_DONE;
    i->dirty = false;
    return GRAT_OK;
}

grat_err grat__sync_abort(void *item, grat_op *op)
{
    grat__sync_item *i = item;
    return send_all(i, i->spec.recipe.abort, op);
}
