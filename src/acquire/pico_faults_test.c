/* What goes wrong in a unit, in every mode of every series: each call of the vendor's library that an acquisition makes
 * answers once with BUSY, a change of power, a failure, half of the values, or is the last one before the plug is
 * pulled. Then either all is there, or an error says what it was; and the next acquisition is whole. */
#include "pico_help_test.h"

#include <sys/wait.h>

#define COUNT(a) (sizeof(a) / sizeof *(a))
static const struct {
    const char *library, *model;
    bool power, reduces, segments, calls_back;
} series[] = {
    {"ps2000", "2204A", false, false, false, false},   {"ps3000", "3424", false, false, false, false},
    {"ps4000", "4424", false, true, true, true},       {"ps2000a", "2406B", false, true, true, true},
    {"ps3000a", "3406DMSO", true, true, true, true},   {"ps4000a", "4824A", true, true, true, true},
    {"ps5000a", "5444D", true, true, true, true},      {"ps6000a", "6424E", false, true, true, true},
    {"psospa", "3418E", false, true, true, true},      {"ps6000", "6404", false, true, true, true},
    {"ps5000", "5204", false, true, true, true},
};

typedef enum mode { BLOCK, RAPID, STREAM } mode;
static const char *const mode_names[] = {"block", "rapid", "stream"};
/* The third word of a fault. */
enum { BUSY, POWER, FAILED, UNPLUG, HALF, STALL, FULL, LATE, HALVES };
static const char *const faults[] = {"0x27", "0x119", "0x6", "unplug", "half", "0x1c", "0x10000008", "late", "half"};

/* What may come of it. */
typedef enum outcome { WHOLE, ERROR, LOST, GAP } outcome;
typedef struct row {
    mode mode;
    const char *call;
    unsigned nth;
    int fault;
    outcome outcome, powered;  /* powered: of series that acknowledge a change of power */
} row;
static const row rows[] = {
    {BLOCK, "RunBlock", 1, BUSY, ERROR, ERROR},          {BLOCK, "RunBlock", 1, POWER, ERROR, WHOLE},
    {BLOCK, "RunBlock", 1, FAILED, ERROR, ERROR},        {BLOCK, "RunBlock", 1, UNPLUG, LOST, LOST},
    {BLOCK, "GetValues", 1, BUSY, ERROR, ERROR},         {BLOCK, "GetValues", 1, POWER, ERROR, ERROR},
    {BLOCK, "GetValues", 1, HALF, WHOLE, WHOLE},         {BLOCK, "GetValues", 1, UNPLUG, LOST, LOST},
    {BLOCK, "BlockReady", 1, BUSY, ERROR, ERROR},        {BLOCK, "BlockReady", 1, POWER, ERROR, ERROR},
    {BLOCK, "BlockReady", 1, FAILED, ERROR, ERROR},      {BLOCK, "BlockReady", 1, UNPLUG, LOST, LOST},
    {BLOCK, "GetValues", 1, HALVES, ERROR, ERROR},       {BLOCK, "", 0, LATE, WHOLE, WHOLE},
    {RAPID, "RunBlock", 1, BUSY, ERROR, ERROR},          {RAPID, "RunBlock", 1, POWER, ERROR, WHOLE},
    {RAPID, "RunBlock", 1, UNPLUG, LOST, LOST},          {RAPID, "GetValuesBulk", 1, BUSY, ERROR, ERROR},
    {RAPID, "GetValuesBulk", 1, POWER, ERROR, ERROR},    {RAPID, "GetValuesBulk", 1, HALF, WHOLE, WHOLE},
    {RAPID, "GetValuesBulk", 1, HALVES, ERROR, ERROR},
    {RAPID, "GetValuesBulk", 1, UNPLUG, LOST, LOST},     {RAPID, "BlockReady", 1, FAILED, ERROR, ERROR},
    {RAPID, "BlockReady", 1, POWER, ERROR, ERROR},       {RAPID, "", 0, LATE, WHOLE, WHOLE},
    {STREAM, "RunStreaming", 1, BUSY, ERROR, ERROR},     {STREAM, "RunStreaming", 1, POWER, ERROR, WHOLE},
    {STREAM, "RunStreaming", 1, UNPLUG, LOST, LOST},     {STREAM, "GetStreamingLatestValues", 2, BUSY, WHOLE, WHOLE},
    {STREAM, "GetStreamingLatestValues", 2, POWER, ERROR, GAP},
    {STREAM, "GetStreamingLatestValues", 2, FAILED, ERROR, ERROR},
    {STREAM, "GetStreamingLatestValues", 2, STALL, GAP, GAP},
    {STREAM, "GetStreamingLatestValues", 2, FULL, GAP, GAP},
    {STREAM, "GetStreamingLatestValues", 2, UNPLUG, LOST, LOST},
};

typedef struct seen {
    unsigned records, wrong, flags;
    uint64_t next, samples, lost;
    int64_t ratio, before;
    bool aggregate, separate;
} seen;

/* The counter goes on within a record, and from one of a stream to the next. */
static bool on_record(void *user, grat_record *r)
{
    seen *k = user;
    const int16_t *low = r->trace[k->aggregate].raw, *high = r->trace[0].raw;
    if (k->separate || r->first != k->next) k->before = -1;
    if (!k->separate) {
        k->lost += r->first - k->next;
        k->wrong += r->first < k->next || (r->first > k->next) != !!(r->flags & GRAT_REC_GAP_BEFORE);
    }
    for (size_t i = 0; i < r->count; i++) {
        bool wraps = low[i] + 2 * k->ratio > MODULO || low[i] < k->ratio;
        if (k->before >= 0 && !wraps) k->wrong += low[i] != k->before + k->ratio;
        if (k->aggregate && !wraps) k->wrong += high[i] != low[i] + k->ratio - 1;
        k->before = wraps ? -1 : low[i];
    }
    k->next = r->first + r->count;
    k->samples += r->count;
    k->flags |= r->flags;
    k->records++;
    return true;
}

#define SAMPLES 2000
#define SEGMENTS 5
static grat_err acquire(grat_scope *sc, const row *w, bool reduce, seen *k, grat_log_totals *t)
{
    grat_request q = ask("A", 4e-3, SAMPLES);
    *k = (seen){.ratio = reduce ? 4 : 1, .aggregate = reduce, .separate = w->mode != STREAM, .before = -1};
    q.downsample = reduce ? GRAT_DOWN_AGGREGATE : GRAT_DOWN_NONE;
    q.ratio = reduce ? 4 : 0;
    grat_op_init(&op, 8000, NULL);
    if (w->mode == RAPID) q.segments = SEGMENTS;
    if (w->mode != STREAM) return grat_capture(sc, &q, on_record, k, &op);
    grat_log_options o = {.size = sizeof o, .duration = 0.1, .mode = GRAT_LOG_STREAM};
    grat_log_sink sink = {.fn = on_record, .user = k, .totals = t};
    return grat_log(sc, &q, &o, &sink, &op);
}

static bool is_whole(const row *w, const seen *k, const grat_log_totals *t, bool gap)
{
    if (k->wrong || (k->flags & GRAT_REC_CUT)) return false;
    if (w->mode == BLOCK) return k->records == 1 && k->samples >= SAMPLES / (uint64_t)k->ratio;
    if (w->mode == RAPID) return k->records == SEGMENTS && k->samples >= SEGMENTS * SAMPLES / (uint64_t)k->ratio;
    bool all = t->samples == k->samples && t->lost == k->lost && k->samples + k->lost == k->next &&
               fabs((double)k->next * t->dt - 0.1) <= t->dt * 1.01;
    return all && (gap ? t->gaps >= 1 : !k->lost && !t->gaps);
}

static outcome wanted(unsigned s, const row *w)
{
    outcome want = series[s].power ? w->powered : w->outcome;
    /* A poll of the oldest interface says only that nothing came. */
    bool silent = !series[s].calls_back && strcmp(w->call, "GetStreamingLatestValues") == 0;
    return silent && want == ERROR ? WHOLE : want;
}

static bool is_right(outcome want, grat_err e, bool whole)
{
    if (e == GRAT_ETIMEOUT || e == GRAT_ECANCELED) return false;
    if (want == LOST) return e == GRAT_ELOST;
    return want == ERROR ? e && e != GRAT_ELOST : !e && whole;
}

static void check(unsigned s, const row *w, bool reduce, const char *resource)
{
    static const char *const outcomes[] = {"all of it", "an error", "the loss of the unit", "a gap"};
    char what[120];
    grat_scope *sc = open_scope(resource);
    seen k;
    grat_log_totals t = {0};
    outcome want = wanted(s, w);
    snprintf(what, sizeof what, "%s %s%s: %s %s", series[s].library, mode_names[w->mode], reduce ? " reduced" : "",
             w->call, faults[w->fault]);
    test_checks++;
    if (!sc) return;
    grat_err e = acquire(sc, w, reduce, &k, &t);
    /* On a busy computer one poll may bring a whole stream: the fault is still to come. */
    for (unsigned i = 0; i < 3 && w->mode == STREAM && want != WHOLE && !e && is_whole(w, &k, &t, false); i++)
        e = acquire(sc, w, reduce, &k, &t);
    const char *text = e ? op.text : "";
    if (!is_right(want, e, is_whole(w, &k, &t, want == GAP)) || k.wrong)
        TEST_FAIL("%s: wanted %s, got %d %s, %u records, %u wrong, %u of them lost", what, outcomes[want], (int)e, text,
                  k.records, k.wrong, (unsigned)k.lost);
    /* The sentence names the library, and the call. */
    if (e && (!strstr(text, series[s].library) || !strstr(text, "status 0x"))) TEST_FAIL("%s: \"%s\"", what, text);
    e = acquire(sc, w, reduce, &k, &t);
    bool again = want == LOST ? e != GRAT_OK && e != GRAT_ETIMEOUT : !e && is_whole(w, &k, &t, false);
    if (!again)
        TEST_FAIL("%s: the next: %d %s, %u records, %u wrong", what, (int)e, op.text, k.records, k.wrong);
    grat_scope_close(sc);
}

static bool has_no_reduced_bulk(unsigned s)
{
    return strcmp(series[s].library, "ps4000") == 0 || strcmp(series[s].library, "ps5000") == 0;
}

static bool applies(unsigned s, const row *w, bool reduce)
{
    bool old = !series[s].calls_back;
    if (w->mode == RAPID && (!series[s].segments || (reduce && has_no_reduced_bulk(s)))) return false;
    if (reduce && w->mode != STREAM && !series[s].reduces) return false;
    if (old && strcmp(w->call, "BlockReady") == 0) return false;
    return !(old && w->fault == LATE);
}

/* The oldest interface finds no more than eight units. */
#define UNITS 8
typedef struct batch {
    unsigned series, n;
    const row *row[UNITS];
    bool reduce[UNITS];
} batch;

static void run_batch(const batch *b)
{
    static char text[UNITS * 160], resource[80];
    size_t n = 0;
    for (unsigned i = 0; i < b->n; i++) {
        const row *w = b->row[i];
        n += (size_t)snprintf(text + n, sizeof text - n, "%s%s %s F/%u counter=30000 buffer=20000", i ? ";" : "",
                              series[b->series].library, series[b->series].model, i);
        if (w->fault == LATE) n += (size_t)snprintf(text + n, sizeof text - n, " late=60");
        /* HALVES: as often as it is read. */
        for (unsigned k = 0; w->fault != LATE && k < (w->fault == HALVES ? 3 : 1); k++)
            n += (size_t)snprintf(text + n, sizeof text - n, " fault=%s,%u,%s", w->call, w->nth + k, faults[w->fault]);
    }
    if (!use_standins(text)) TEST_FAIL("no stand-ins");
    for (unsigned i = 0; i < b->n; i++) {
        snprintf(resource, sizeof resource, "PICO::%s::F/%u", series[b->series].library, i);
        check(b->series, b->row[i], b->reduce[i], resource);
    }
}

/* The units of a process are those that it began with: a child for each few of them, some at a time. */
#define AT_ONCE 6
static unsigned running, children, failed_children;

static void end_one(void)
{
    int status = 1;
    if (wait(&status) > 0) running--;
    if (status) failed_children++;
}

static void start_batch(batch *b)
{
    if (!b->n) return;
    while (running >= AT_ONCE) end_one();
    fflush(NULL);
    pid_t pid = fork();
    if (!pid) {
        run_batch(b);
        exit(test_failures != 0);
    }
    if (pid > 0) running++, children++;
    b->n = 0;
}

TEST(matrix)
{
    for (unsigned s = 0; s < COUNT(series); s++) {
        batch b = {.series = s};
        for (unsigned i = 0; i < COUNT(rows); i++) {
            for (unsigned reduce = 0; reduce < 2; reduce++) {
                if (!applies(s, &rows[i], reduce)) continue;
                b.row[b.n] = &rows[i];
                b.reduce[b.n++] = reduce;
                if (b.n == UNITS) start_batch(&b);
            }
        }
        start_batch(&b);
    }
    while (running) end_one();
    TRUE(children > 40);
    EQ(failed_children, 0);
}

int main(void)
{
    RUN(matrix);
    return TEST_RESULT();
}
