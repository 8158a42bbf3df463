/* The fault matrix: every fault of the simulators, on every wire, under every operation, in random sizes and
 * probabilities. Whatever the instrument does, an answer is right or it is an error within its deadline, and
 * afterwards the session gives right answers or says that it is dead.
 *   matrix [--cases N] [--seed S] [--case I] [--fault NAME] [--verbose] */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

enum { WORKERS = 16, MAX_FAULTS = 256, WIRES = 6, OPS = 4, SLACK_MS = 500 * SLOWER, TRIES = 6, PROBE_MS = 400 };
enum { MAX_BLOCK = 1 << 20, SCREEN_BYTES = 1152054 };

static const char *const wires[WIRES] = {"raw", "vxi11", "hislip", "serial", "vicp", "prologix"};
static const char *const ops[OPS] = {"query", "block", "screenshot", "capture"};

typedef struct cell {
    unsigned cases, right, errors, dead, unopened, failures;
    char reason[520];
} cell;

typedef struct trial {
    uint64_t number, state;
    unsigned fault, wire, op;
    double probability;
    char spec[100];
    size_t size;
    int timeout_ms;
    bool png;
    unsigned worker;
    grat_scope *scope; /* owns the session once there is one */
    char why[400];
    grat_err open_err, op_err, end_err;
} trial;

static const char *faults[MAX_FAULTS];
static unsigned fault_count, pair_count;
static struct {
    unsigned fault, wire;
} pairs[MAX_FAULTS * WIRES];
static cell cells[MAX_FAULTS][WIRES][OPS];
static pthread_mutex_t cells_lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t seed = 1, case_count = 1000, only_case = UINT64_MAX;
static const char *only_fault;
static bool verbose;
static atomic_uint_fast64_t next_case;
static atomic_llong worst_late_ns;

/* What a healthy instrument gives. */
static uint8_t *screen;
static size_t screen_n;
static grat_record *reference;
static bool screen_repeats, record_repeats;

static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;

    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

/* Arguments worth trying besides the fault's own default. A block that is one byte short has its newline where the
 * missing byte was. */
static const struct {
    const char *fault, *arguments[6];
} arguments[] = {
    {"dribble", {"1000", "200000", "2000000"}},    {"vxi-segments", {"7", "100", "1400"}},
    {"vxi-fragments", {"1", "4", "1000"}},         {"vxi-padding", {"1", "4", "400"}},
    {"vxi-late", {"5", "50", "300"}},              {"vxi-maxrecv", {"0", "1", "4", "4294967295"}},
    {"vxi-reason0", {"1", "17", "65536"}},         {"vxi-maxread", {"1", "100", "4096"}},
    {"vxi-block-short", {"1", "2", "100"}},        {"vxi-block-long", {"1", "3", "100"}},
    {"vxi-delay", {"5", "50", "600"}},             {"raw-split", {"7", "100", "1400"}},
    {"raw-delay", {"5", "50", "600"}},             {"raw-block-short", {"1", "2", "100"}},
    {"raw-block-long", {"1", "3", "100"}},         {"raw-startup", {"20", "100"}},
    {"hislip-segments", {"7", "15", "1400"}},      {"hislip-chunks", {"1", "16", "4096"}},
    {"hislip-interrupted", {"1"}},                 {"hislip-vendor", {"0", "1000"}},
    {"hislip-error", {"1", "4", "130"}},           {"hislip-fatal", {"0", "1", "2", "4"}},
    {"hislip-block-short", {"1", "2", "100"}},     {"hislip-block-long", {"1", "3", "100"}},
    {"hislip-delay", {"5", "50", "600"}},          {"serial-hangup", {"0", "50"}},
    {"serial-stall", {"1", "5", "12", "1000"}},
    {"serial-delay", {"5", "50", "600"}},          {"serial-split", {"7", "100"}},
    {"vicp-split", {"1", "100", "1400"}},          {"vicp-segments", {"7", "100"}},
    {"vicp-stall", {"1", "5", "12", "1000"}},      {"vicp-drop", {"1", "12", "1000"}},
    {"vicp-delay", {"5", "50", "600"}},            {"vicp-busy", {"20", "200"}},
    {"prologix-reset", {"1", "7"}},                {"prologix-split", {"7", "100"}},
    {"prologix-stall", {"1", "5", "12", "1000"}},  {"prologix-drop", {"1", "12", "1000"}},
    {"raw-ignore-fast", {"1", "20"}},
    {"raw-one-client", {"20", "200"}},
};

static void plan_fault(trial *t)
{
    static const double probabilities[] = {1, 1, 0.5, 0.3, 0.1, 0.02};
    const char *name = faults[t->fault];
    int n;

    t->probability = probabilities[draw(&t->state) % 6];
    n = snprintf(t->spec, sizeof t->spec, "%s@%g", name, t->probability);
    for (size_t i = 0; i < sizeof arguments / sizeof *arguments; i++) {
        unsigned count = 0;

        if (strcmp(arguments[i].fault, name) != 0) continue;
        while (count < 6 && arguments[i].arguments[count]) count++;
        count = (unsigned)(draw(&t->state) % (count + 1));
        if (count < 6 && arguments[i].arguments[count])
            snprintf(t->spec + n, sizeof t->spec - (size_t)n, ":%s", arguments[i].arguments[count]);
    }
}

/* What a fault's name begins with, and the wire that shows it; NULL: another wire than these. */
static const struct {
    const char *prefix, *wire;
} families[] = {
    {"raw-", "raw"},   {"vxi-", "vxi11"}, {"hislip-", "hislip"}, {"serial-", "serial"}, {"vicp-", "vicp"},
    {"disc-", NULL},   {"http-", NULL},   {"lia-", NULL},        {"prologix-", "prologix"},   {"usb-", NULL},
    {"mdns-", NULL},   {"bitscope-", NULL},
};

/* Serial lines and adapters have no check of their own: a byte that was lost or added cannot be told from an answer. */
static const char *const undetectable[] = {"serial-lost", "serial-noise", "serial-echo", "prologix-lost"};

static bool applies(const char *fault, unsigned wire)
{
    for (size_t i = 0; i < sizeof undetectable / sizeof *undetectable; i++) {
        if (strcmp(fault, undetectable[i]) == 0) return false;
    }
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        const char *prefix = families[i].prefix;

        if (strncmp(fault, prefix, strlen(prefix)) == 0)
            return families[i].wire && strcmp(families[i].wire, wires[wire]) == 0;
    }
    return true;
}

static void plan(trial *t, uint64_t number)
{
    static const size_t sizes[] = {1, 2, 3, 4, 100, 1399, 1400, 1500, 4096, 20000, 65536, 300000, MAX_BLOCK};
    uint64_t at = number;

    memset(t, 0, sizeof *t);
    t->number = number;
    t->state = seed * 0x100000001B3u + number;
    t->op = (unsigned)(at % OPS), at /= OPS;
    t->wire = pairs[at % pair_count].wire;
    t->fault = pairs[at % pair_count].fault;
    plan_fault(t);
    t->size = sizes[draw(&t->state) % 13];
    if (draw(&t->state) % 3 == 0) t->size = 1 + draw(&t->state) % 200000;
    t->timeout_ms = t->op >= 2 ? 700 + 300 * SLOWER : 200 + (int)(draw(&t->state) % 200);
    t->png = draw(&t->state) % 2;
}

static const char *model_of(const trial *t)
{
    return t->op >= 2 ? "ds1104z" : "plain";
}

static grat_err start(server *srv, const trial *t)
{
    char address[40], wire[60];
    grat_sim_instrument what = {.model = model_of(t), .address = address};

    /* An address for each case: no port is shared and none is in TIME_WAIT. */
    snprintf(address, sizeof address, "127.%u.%u.%u", 80 + t->worker, (unsigned)(t->number / 250 % 250) + 1,
             (unsigned)(t->number % 250) + 1);
    if (t->op >= 2) what.options = "running=0";
    if (t->spec[0]) what.faults = t->spec;
    if (strcmp(wires[t->wire], "serial") == 0) snprintf(wire, sizeof wire, "serial:/tmp/grat-matrix-%u", t->worker);
    else snprintf(wire, sizeof wire, "%s%s", wires[t->wire], strcmp(wires[t->wire], "prologix") ? "" : ":1234/5");
    return server_start(srv, wire, &what, 7);
}

/* ---- operations: GRAT_OK with the right answer, or an error; a wrong answer fills t->why --------- */

static grat_err run_query(trial *t, grat_session *s, grat_op *op)
{
    char command[80], wanted[64], text[256];
    grat_err err;

    snprintf(wanted, sizeof wanted, "token-%08" PRIx64, draw(&t->state));
    snprintf(command, sizeof command, ":ECHO? %s", wanted);
    err = grat_query(s, command, text, sizeof text, op);
    if (err == GRAT_OK && strcmp(text, wanted) != 0)
        snprintf(t->why, sizeof t->why, "\"%.100s\" came as the answer \"%s\"", text, wanted);
    return err;
}

/* A block that is shorter than it says is followed by the answer's newline, which counts as its data. */
static bool right_so_far(const trial *t, const uint8_t *buf, size_t n)
{
    if (n && strstr(t->spec, "block-short") && buf[n - 1] == '\n' && pattern_is(buf, n - 1)) return true;
    return pattern_is(buf, n);
}

static grat_err run_block(trial *t, grat_session *s, grat_op *op)
{
    uint8_t *buf = malloc(t->size);
    char command[80];
    grat_err err;

    if (!buf) return grat_op_fail(op, GRAT_ENOMEM, "block: no memory");
    snprintf(command, sizeof command, ":BLOCK? %zu", t->size);
    err = grat_query_block(s, command, buf, t->size, op);
    if (err == GRAT_OK && op->count != t->size && !(op->count == 0 && strstr(t->spec, "block-zero")))
        snprintf(t->why, sizeof t->why, "%zu of %zu bytes as a success", op->count, t->size);
    else if (err == GRAT_OK && op->count == t->size && !pattern_is(buf, t->size))
        snprintf(t->why, sizeof t->why, "a success with wrong bytes (size %zu)", t->size);
    else if (op->count > t->size)
        snprintf(t->why, sizeof t->why, "%zu bytes counted in a buffer of %zu", op->count, t->size);
    else if ((err == GRAT_ETIMEOUT || err == GRAT_ELOST) && !right_so_far(t, buf, op->count))
        snprintf(t->why, sizeof t->why, "%s, and the %zu bytes kept are wrong", grat_err_name(err), op->count);
    free(buf);
    return err;
}

/* The picture as a BMP, so that every path compares with the same bytes. */
static bool same_picture(trial *t, const grat_screenshot *shot)
{
    uint8_t *bmp = NULL;
    size_t n = 0;
    unsigned w = 0, h = 0;
    grat_op op;
    bool same;

    grat_op_init(&op, 20000, NULL);
    if (grat_image_convert(shot->data, shot->size, GRAT_IMG_BMP, &bmp, &n, &w, &h, &op) != GRAT_OK) {
        snprintf(t->why, sizeof t->why, "a screenshot that cannot be decoded: %.200s", op.text);
        return false;
    }
    /* After an error another recipe is tried; JPEG, and BMP of 256 colours, have other pixels of the same picture. */
    same = w == 800 && h == 480 && (!screen_repeats || strstr(shot->recipe, "jpeg") || strstr(shot->recipe, "bmp8") ||
                                      (n == screen_n && memcmp(bmp, screen, n) == 0));
    if (!same) snprintf(t->why, sizeof t->why, "a screenshot with other pixels, %u x %u, by %s", w, h, shot->recipe);
    free(bmp);
    return same;
}

static grat_err run_screenshot(trial *t, grat_session *s, grat_op *op)
{
    grat_screenshot shot = {0};
    grat_err err = grat_screenshot_get(s, t->png ? GRAT_IMG_PNG : GRAT_IMG_UNKNOWN, &shot, op);

    if (err != GRAT_OK) return err;
    if (t->png && shot.kind != GRAT_IMG_PNG) snprintf(t->why, sizeof t->why, "PNG was wanted and is not what came");
    else if (screen) same_picture(t, &shot);
    grat_screenshot_free(&shot);
    return err;
}

static bool keep_record(void *user, grat_record *r)
{
    grat_record **out = user;

    grat_record_unref(*out);
    *out = grat_record_ref(r);
    return true;
}

static void compare_record(trial *t, const grat_record *r)
{
    if (r->count != reference->count || r->traces != reference->traces) {
        snprintf(t->why, sizeof t->why, "%zu samples of %u channels as a success, %zu of %u are right", r->count,
                 r->traces, reference->count, reference->traces);
        return;
    }
    for (unsigned i = 0; record_repeats && i < r->traces; i++) {
        size_t n = r->count * grat_sample_size(r->trace[i].type);

        if (r->trace[i].type == reference->trace[i].type && memcmp(r->trace[i].raw, reference->trace[i].raw, n) == 0)
            continue;
        snprintf(t->why, sizeof t->why, "a success with other samples on channel %s", r->trace[i].name);
    }
}

static grat_err capture(trial *t, grat_session *s, grat_record **out, grat_op *op)
{
    grat_request q;
    grat_err err = grat_scope_open(s, op, &t->scope);

    if (err != GRAT_OK) return err;
    grat_request_init(&q);
    q.current = true;
    err = grat_capture(t->scope, &q, keep_record, out, op);
    if (err != GRAT_OK) return err;
    return *out ? GRAT_OK : grat_op_fail(op, GRAT_ENODATA, "capture: no record was delivered");
}

static grat_err run_capture(trial *t, grat_session *s, grat_op *op)
{
    grat_record *r = NULL;
    grat_err err = capture(t, s, &r, op);

    if (err == GRAT_OK && reference) compare_record(t, r);
    if (err != GRAT_OK && r && !(r->flags & GRAT_REC_CUT) && reference && r->count != reference->count)
        snprintf(t->why, sizeof t->why, "a short record that is not marked as cut");
    grat_record_unref(r);
    return err;
}

static void hang_up(trial *t, grat_session *s)
{
    if (t->scope) grat_scope_close(t->scope);
    else grat_close(s);
    t->scope = NULL;
}

/* ---- one case ---------------------------------------------------------------------------------- */

static bool known_idn(const trial *t, const char *text)
{
    if (t->op < 2) return strcmp(text, PLAIN_IDN) == 0;
    return strncmp(text, "RIGOL TECHNOLOGIES,DS1104Z,", 27) == 0 && strchr(text, ';') == NULL;
}

static void timed(trial *t, const char *what, int64_t begin, int limit_ms)
{
    int64_t late = grat_now_ns() - begin - (int64_t)limit_ms * 1000000;

    if (late > worst_late_ns) worst_late_ns = late;
    if (late > (int64_t)SLACK_MS * 1000000 && !t->why[0])
        snprintf(t->why, sizeof t->why, "%s took %.0f ms more than its deadline of %d ms", what, (double)late * 1e-6,
                 limit_ms);
}

/* The session after the operation: right answers, or errors that end in a right answer or in EDEAD. */
static void afterwards(trial *t, grat_session *s)
{
    char text[256];
    bool dead = false;

    for (int i = 0; i < TRIES && !t->why[0]; i++) {
        int64_t begin = grat_now_ns();
        grat_op op;
        grat_err err;

        grat_op_init(&op, PROBE_MS, NULL);
        err = grat_query(s, "*IDN?", text, sizeof text, &op);
        timed(t, "*IDN? afterwards", begin, PROBE_MS);
        t->end_err = err;
        if (t->why[0]) return;
        if (err == GRAT_OK && !known_idn(t, text))
            snprintf(t->why, sizeof t->why, "*IDN? afterwards was answered \"%.120s\"", text);
        else if (dead && err != GRAT_EDEAD)
            snprintf(t->why, sizeof t->why, "%s after EDEAD", grat_err_name(err));
        else if (err != GRAT_OK && !op.text[0])
            snprintf(t->why, sizeof t->why, "%s without a sentence", grat_err_name(err));
        if (err == GRAT_OK || (dead && err == GRAT_EDEAD)) return;
        dead = err == GRAT_EDEAD;
    }
}

static void operate(trial *t, grat_session *s)
{
    int64_t begin = grat_now_ns();
    grat_op op;

    grat_op_init(&op, t->timeout_ms, NULL);
    switch (t->op) {
    case 0: t->op_err = run_query(t, s, &op); break;
    case 1: t->op_err = run_block(t, s, &op); break;
    case 2: t->op_err = run_screenshot(t, s, &op); break;
    default: t->op_err = run_capture(t, s, &op); break;
    }
    timed(t, ops[t->op], begin, t->timeout_ms);
    if (t->op_err != GRAT_OK && !op.text[0] && !t->why[0])
        snprintf(t->why, sizeof t->why, "%s without a sentence", grat_err_name(t->op_err));
    if (verbose && t->op_err != GRAT_OK)
        printf("     %s after %zu bytes and %.0f ms: %s\n", grat_err_name(t->op_err), op.count,
               (double)(grat_now_ns() - begin) / 1e6, op.text);
}

/* While the adapter is open, instruments of its board number are behind it. */
static grat_err open_adapter(server *srv, const trial *t, grat_session **out, grat_op *op)
{
    grat_open_options opt = {.size = sizeof opt, .no_sync = true};
    char name[400];

    *out = NULL;
    if (strcmp(wires[t->wire], "prologix") != 0) return GRAT_OK;
    snprintf(name, sizeof name, "PRLGX-TCPIP%u%s", t->worker + 1, strstr(srv->resource, "::"));
    snprintf(srv->resource, sizeof srv->resource, "GPIB%u::5::INSTR", t->worker + 1);
    return grat_open(name, &opt, op, out);
}

static void run_trial(trial *t)
{
    grat_session *s = NULL, *adapter;
    int64_t begin;
    server srv;
    grat_op op;
    grat_err err = start(&srv, t);

    if (err != GRAT_OK) {
        snprintf(t->why, sizeof t->why, "the simulator did not start: %.300s", srv.why);
        return;
    }
    begin = grat_now_ns();
    grat_op_init(&op, 1000 * SLOWER, NULL);
    t->open_err = open_adapter(&srv, t, &adapter, &op);
    if (t->open_err == GRAT_OK) t->open_err = grat_open(srv.resource, NULL, &op, &s);
    timed(t, "open", begin, 1000 * SLOWER);
    if (t->open_err == GRAT_OK && !t->why[0]) {
        operate(t, s);
        if (!t->why[0]) afterwards(t, s);
    }
    hang_up(t, s);
    grat_close(adapter);
    server_stop(&srv);
}

static void book(const trial *t)
{
    cell *c = &cells[t->fault][t->wire][t->op];

    pthread_mutex_lock(&cells_lock);
    c->cases++;
    if (t->why[0]) c->failures++;
    else if (t->open_err != GRAT_OK) c->unopened++;
    else if (t->op_err == GRAT_OK) c->right++;
    else c->errors++;
    if (t->end_err == GRAT_EDEAD) c->dead++;
    if (t->why[0] && !c->reason[0])
        snprintf(c->reason, sizeof c->reason, "%.300s (--seed %" PRIu64 " --case %" PRIu64 ", %s)", t->why, seed,
                 t->number, t->spec);
    if (verbose || t->why[0])
        printf("%s case %" PRIu64 ": %s %s %s %zu: open %s, result %s, afterwards %s%s%s\n",
               t->why[0] ? "FAIL" : "ok  ", t->number, wires[t->wire], t->spec, ops[t->op], t->size,
               grat_err_name(t->open_err), grat_err_name(t->op_err), grat_err_name(t->end_err),
               t->why[0] ? ": " : "", t->why);
    fflush(stdout);
    pthread_mutex_unlock(&cells_lock);
}

static void *work(void *arg)
{
    unsigned worker = (unsigned)(uintptr_t)arg;

    for (;;) {
        uint64_t number = next_case++;
        trial t;

        if (number >= case_count) return NULL;
        if (only_case != UINT64_MAX && number != only_case) continue;
        plan(&t, number);
        t.worker = worker;
        if (only_fault && strcmp(faults[t.fault], only_fault) != 0) continue;
        run_trial(&t);
        book(&t);
    }
}

/* ---- the reference ------------------------------------------------------------------------------- */

static void healthy_once(uint8_t **picture, size_t *n, grat_record **record)
{
    trial t = {.op = 2, .wire = 0, .worker = 100};
    grat_screenshot shot = {0};
    grat_session *s = NULL;
    unsigned w, h;
    server srv;
    grat_op op;

    if (start(&srv, &t) != GRAT_OK) {
        result_add("healthy instrument", srv.why);
        return;
    }
    grat_op_init(&op, 30000, NULL);
    if (grat_open(srv.resource, NULL, &op, &s) != GRAT_OK
        || grat_screenshot_get(s, GRAT_IMG_UNKNOWN, &shot, &op) != GRAT_OK
        || grat_image_convert(shot.data, shot.size, GRAT_IMG_BMP, picture, n, &w, &h, &op) != GRAT_OK
        || capture(&t, s, record, &op) != GRAT_OK)
        result_add("healthy instrument", op.text);
    else
        result_add("healthy instrument", NULL);
    grat_screenshot_free(&shot);
    hang_up(&t, s);
    server_stop(&srv);
}

static void healthy(void)
{
    uint8_t *picture = NULL;
    size_t n = 0;
    grat_record *record = NULL;

    healthy_once(&screen, &screen_n, &reference);
    healthy_once(&picture, &n, &record);
    screen_repeats = screen && picture && n == screen_n && memcmp(screen, picture, n) == 0;
    record_repeats = reference && record && record->count == reference->count
                     && memcmp(record->trace[0].raw, reference->trace[0].raw,
                               record->count * grat_sample_size(record->trace[0].type)) == 0;
    printf("two stopped instruments of one seed: screens %s, samples %s\n", screen_repeats ? "equal" : "differ",
           record_repeats ? "equal" : "differ");
    if (screen && screen_n != SCREEN_BYTES) result_add("screen size", "not 1152054 bytes");
    free(picture);
    grat_record_unref(record);
}

/* ---- main ---------------------------------------------------------------------------------------- */

static bool number_after(int argc, char **argv, int *i, uint64_t *out)
{
    grat_op op;
    double v;

    if (++*i >= argc) return false;
    grat_op_init(&op, 1000, NULL);
    if (grat_parse_quantity(argv[*i], "", &v, &op) != GRAT_OK || v < 0) return false;
    *out = (uint64_t)v;
    return true;
}

static bool options(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool good = true;

        if (strcmp(argv[i], "--cases") == 0) good = number_after(argc, argv, &i, &case_count);
        else if (strcmp(argv[i], "--seed") == 0) good = number_after(argc, argv, &i, &seed);
        else if (strcmp(argv[i], "--case") == 0) good = number_after(argc, argv, &i, &only_case);
        else if (strcmp(argv[i], "--fault") == 0 && i + 1 < argc) only_fault = argv[++i];
        else if (strcmp(argv[i], "--verbose") == 0) verbose = true;
        else good = false;
        if (!good) return false;
    }
    if (only_case != UINT64_MAX && only_case >= case_count) case_count = only_case + 1;
    return true;
}

static void summarise(void)
{
    cell sum = {0};

    for (unsigned f = 0; f < fault_count; f++) {
        for (unsigned w = 0; w < WIRES; w++) {
            for (unsigned o = 0; o < OPS; o++) {
                const cell *c = &cells[f][w][o];
                char name[96];

                if (!c->cases) continue;
                snprintf(name, sizeof name, "%s %s %s", wires[w], faults[f], ops[o]);
                result_add(name, c->failures ? c->reason : NULL);
                sum.cases += c->cases, sum.right += c->right, sum.errors += c->errors;
                sum.dead += c->dead, sum.unopened += c->unopened, sum.failures += c->failures;
            }
        }
    }
    printf("%u cases: %u right, %u errors (%u ended dead), %u not opened, %u FAILED; latest %.0f ms after a deadline\n",
           sum.cases, sum.right, sum.errors, sum.dead, sum.unopened, sum.failures, (double)worst_late_ns * 1e-6);
    if (!sum.cases) result_add("matrix", "no case ran");
}

int main(int argc, char **argv)
{
    pthread_t thread[WORKERS];
    int failed;

    if (!options(argc, argv)) {
        fprintf(stderr, "usage: matrix [--cases N] [--seed S] [--case I] [--fault NAME] [--verbose]\n");
        return 2;
    }
    for (const grat_sim_entry *e = grat_sim_faults(); e->name && fault_count < MAX_FAULTS; e++)
        faults[fault_count++] = e->name;
    for (unsigned i = 0; i < fault_count * WIRES; i++) {
        if (!applies(faults[i / WIRES], i % WIRES)) continue;
        pairs[pair_count].fault = i / WIRES;
        pairs[pair_count++].wire = i % WIRES;
    }
    printf("seed %" PRIu64 ", %" PRIu64 " cases, %u faults\n", seed, case_count, fault_count);
    if (only_case == UINT64_MAX && !only_fault) limits_run();
    healthy();
    for (unsigned i = 0; pair_count && i < WORKERS; i++)
        if (pthread_create(&thread[i], NULL, work, (void *)(uintptr_t)i) != 0) return 1;
    for (unsigned i = 0; pair_count && i < WORKERS; i++) pthread_join(thread[i], NULL);
    summarise();
    free(screen);
    grat_record_unref(reference);
    failed = results_write("faults");
    return failed ? 1 : 0;
}
