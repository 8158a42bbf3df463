/* grat sync: one start for many instruments, once or again and again. */
#include "cli/commands.h"
#include "cli/sync_out.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NS 1e9
/* Arming begins so long before a start that is due. */
#define LEAD_NS 1000000000
#define MAX_COMMANDS 4096

typedef struct syncing {
    cli *c;
    grat_sync *y;
    sync_out out;
    uint64_t runs, late, count;
    int64_t every_ns, at_ns;
    unsigned bad_members, reference;
    const char *align;       /* the channel, or NULL */
    grat_sync_file *h5;
    uint64_t misaligned;
    uint64_t bad_runs;
} syncing;

/* "2026-11-21T14:30:05Z" or seconds since 1970, as CLOCK_MONOTONIC. */
static bool parse_at(const char *text, int64_t *out, grat_op *op)
{
    struct tm t = {0};
    double utc;
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &t);
    if (end && !*end) utc = (double)timegm(&t);
    else if (grat_parse_quantity(text, "s", &utc, op)) return false;
    *out = (int64_t)(utc * NS) - grat_utc_ns() + grat_now_ns();
    if (*out > grat_now_ns()) return true;
    grat_op_fail(op, GRAT_ERANGE, "--at %.40s: this is over", text);
    return false;
}

static int take_recipe(cli *c, grat_bench *b, grat_sync_member *m, char *room, char *setup)
{
    const char *text = cli_value(&c->args, "recipe"), *line;
    grat_recipe r;
    if (text && grat_recipe_parse(text, room, MAX_COMMANDS, &r, &c->op)) return cli_usage("%s", c->op.text);
    for (unsigned i = 0; text && i < b->members; i++) {
        r.setup = m[i].recipe.setup;
        r.clock = m[i].recipe.clock;
        m[i].recipe = r;
    }
    size_t used = 0;
    for (int i = 0; (line = cli_value_nth(&c->args, "setup", i)) && used < MAX_COMMANDS; i++)
        used += (size_t)snprintf(setup + used, MAX_COMMANDS - used, "%s%s", i ? "\n" : "", line);
    if (used >= MAX_COMMANDS) return cli_usage("sync: --setup: too long");
    for (unsigned i = 0; used && i < b->members; i++) m[i].recipe.setup = setup;
    return CLI_DONE;
}

static void note_failures(syncing *k)
{
    const grat_sync_result *r;
    unsigned bad = 0;
    for (unsigned i = 0; (r = grat_sync_get(k->y, i)); i++) bad += r->err != GRAT_OK;
    if (bad > k->bad_members) k->bad_members = bad;
    k->bad_runs += bad > 0;
}

/* A scope's record goes to a file of its own beside the table: TABLE.MEMBER.RUN.npz. */
static bool keep_records(syncing *k)
{
    const grat_sync_result *r;
    const char *path = cli_value(&k->c->args, "output");
    for (unsigned i = 0; path && (r = grat_sync_get(k->y, i)); i++) {
        char name[600];
        grat_meta meta = {.identity = r->identity, .acquisitions = 1};
        grat_writer *w;
        grat_op op;
        if (!r->record || k->h5) continue;
        grat_op_init(&op, 60000, NULL);
        snprintf(meta.resource, sizeof meta.resource, "%s", r->resource);
        snprintf(name, sizeof name, "%.*s.%.60s.%llu.npz", (int)(strlen(path) - (k->out.json ? 5 : 4)), path, r->name,
                 (unsigned long long)k->runs);
        bool ok = grat_writer_open(name, NULL, &meta, &op, &w) == GRAT_OK;
        if (ok && grat_writer_record(w, r->record, &op)) {
            grat_writer_abort(w);
            ok = false;
        } else if (ok) {
            ok = grat_writer_finish(w, &op) == GRAT_OK;
        }
        if (ok) continue;
        k->c->op = op;
        cli_fail(k->c, name);
        return false;
    }
    return true;
}

/* NAME.RUN.ENDING when there are several runs. */
static void table_name(const syncing *k, const char *path, char out[600])
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    if (!dot || (k->count == 1 && !k->every_ns)) snprintf(out, 600, "%s", path);
    else snprintf(out, 600, "%.*s.%llu%s", (int)(dot - path), path, (unsigned long long)k->runs, dot);
}

static grat_err save_table(const syncing *k, const char *path, grat_record *common, grat_op *op)
{
    char name[600];
    grat_meta meta = {.acquisitions = 1};
    grat_writer *w;
    table_name(k, path, name);
    grat_err e = grat_writer_open(name, NULL, &meta, op, &w);
    if (e) return e;
    if ((e = grat_writer_record(w, common, op))) grat_writer_abort(w);
    else e = grat_writer_finish(w, op);
    return e;
}

/* What is made of the records of all together: lags, the common table, the HDF5 file. */
static bool put_common(syncing *k)
{
    const char *table = cli_value(&k->c->args, "resample");
    grat_record *common = NULL;
    grat_op op;
    grat_op_init(&op, 600000, NULL);
    grat_err e = GRAT_OK;
    if (k->align && grat_sync_align(k->y, k->reference, k->align, &op)) {
        k->misaligned++;
        cli_note(k->c, "warning: %s", op.text);
    }
    if (table && grat_sync_resample(k->y, &op, &common)) {
        k->misaligned++;
        cli_note(k->c, "warning: %s", op.text);
    } else if (table) {
        e = save_table(k, table, common, &op);
    }
    if (!e && k->h5) e = grat_sync_file_add(k->h5, k->y, common, &op);
    grat_record_unref(common);
    if (!e) return true;
    k->c->op = op;
    cli_fail(k->c, k->h5 ? k->out.path : table);
    return false;
}

static bool put_run(syncing *k)
{
    if (!put_common(k)) return false;
    if (k->c->json) {
        cli_json j = {.f = stdout};
        sync_out_object(&k->out, &j, k->y, k->runs);
    } else if (!k->out.f && !k->h5) {
        sync_out_lines(&k->out, k->y);
        fflush(stdout);
    }
    if (!keep_records(k)) return false;
    if (sync_out_run(&k->out, k->y, k->runs)) return true;
    cli_error("%s: cannot be written; is the disk full?", k->out.path);
    return false;
}

static void progress(const syncing *k)
{
    char spread[32];
    if ((!k->out.f && !k->h5) || !cli_progress_wanted(k->c)) return;
    grat_format_quantity(spread, sizeof spread, (double)grat_sync_send_spread_ns(k->y) / NS, "s");
    fprintf(stderr, "\r\033[K%llu runs, sent within %s, %llu with a failure", (unsigned long long)k->runs, spread,
            (unsigned long long)k->bad_runs);
}

/* The start that is due after the one at at_ns; those that are over already are left out. */
static int64_t next_start(syncing *k)
{
    int64_t next = k->at_ns + k->every_ns, now = grat_now_ns();
    if (next >= now) return next;
    int64_t missed = (now - next) / k->every_ns + 1;
    k->late += (uint64_t)missed;
    return next + missed * k->every_ns;
}

/* An interrupt before anything was read: there is no run to write down. */
static bool nothing_came(const syncing *k)
{
    const grat_sync_result *r;
    if (!grat_cancel_fired(k->c->cancel)) return false;
    for (unsigned i = 0; (r = grat_sync_get(k->y, i)); i++)
        if (r->step == GRAT_SYNC_DONE) return false;
    return true;
}

static int repeat(syncing *k)
{
    cli *c = k->c;
    grat_op pause;
    grat_op_init(&pause, INT64_MAX, c->cancel);
    while (!grat_cancel_fired(c->cancel) && (!k->count || k->runs < k->count)) {
        if (k->at_ns && grat_op_sleep_until(&pause, k->at_ns - LEAD_NS)) break;
        grat_op_init(&c->op, c->timeout_ms, c->cancel);
        if (k->at_ns > grat_now_ns()) c->op.deadline_ns = k->at_ns + c->timeout_ms * 1000000;
        if (k->every_ns && !k->at_ns) k->at_ns = grat_now_ns() + (k->every_ns < LEAD_NS ? k->every_ns : LEAD_NS);
        k->out.to_utc_ns = grat_utc_ns() - grat_now_ns();
        grat_sync_run(k->y, k->at_ns, &c->op);
        if (nothing_came(k)) break;
        note_failures(k);
        if (!put_run(k)) return CLI_FAILED;
        k->runs++;
        progress(k);
        k->at_ns = k->every_ns ? next_start(k) : 0;
    }
    return CLI_DONE;
}

static int summary(const syncing *k, const grat_bench *b)
{
    if (cli_progress_wanted(k->c)) fputs("\r\033[K", stderr);
    const grat_sync_result *r;
    for (unsigned i = 0; k->out.path && (r = grat_sync_get(k->y, i)); i++)
        if (r->err && r->err != GRAT_ECANCELED)
            cli_note(k->c, "%s: %s: %s", r->name, grat_sync_step_name(r->step), r->text);
    if (k->out.path && !k->c->json) printf("%s\n", k->out.path);
    if (k->late) cli_note(k->c, "%llu starts were due while a run went on: --every is too short",
                          (unsigned long long)k->late);
    cli_note(k->c, "%llu run%s of %u members, %llu with a failure", (unsigned long long)k->runs,
             k->runs == 1 ? "" : "s", b->members,
             (unsigned long long)k->bad_runs);
    bool cut = k->count && k->runs < k->count;
    if (!k->runs) return CLI_INTERRUPTED;
    return k->bad_runs || cut || k->late || k->misaligned ? CLI_INCOMPLETE : CLI_DONE;
}

/* --align edge:CHANNEL; the reference is the bench's, else the first member. */
static int alignment(syncing *k, const grat_bench *b)
{
    const char *how = cli_value(&k->c->args, "align");
    for (unsigned i = 0; b->reference && i < b->members; i++)
        if (strcasecmp(b->member[i].name, b->reference) == 0) k->reference = i;
    if (!how) return CLI_DONE;
    if (strncmp(how, "edge:", 5) != 0 || !how[5]) return cli_usage("--align %.40s: it is written edge:CHANNEL", how);
    k->align = how + 5;
    return CLI_DONE;
}

/* Of a table .csv or .json, or an HDF5 file. */
static int open_output(syncing *k, const char *path, const grat_bench *b)
{
    if (!path) return CLI_DONE;
    if (!sync_out_is_h5(path)) return sync_out_open(&k->out, path, b);
    k->out.path = path;
    return grat_sync_file_open(path, &k->c->op, &k->h5) ? cli_fail(k->c, path) : CLI_DONE;
}

/* Said before anything is started: a table of no known format, or where nothing can be written. */
static int try_table(syncing *k)
{
    const char *path = cli_value(&k->c->args, "resample");
    char name[600];
    grat_meta meta = {.acquisitions = 1};
    grat_writer *w;
    if (!path) return CLI_DONE;
    table_name(k, path, name);
    if (grat_writer_open(name, NULL, &meta, &k->c->op, &w)) return cli_fail(k->c, name);
    grat_writer_abort(w);
    return CLI_DONE;
}

static int close_output(syncing *k)
{
    int status = sync_out_close(&k->out);
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    if (!grat_sync_file_close(k->h5, &op)) return status;
    k->c->op = op;
    return cli_fail(k->c, k->out.path);
}

static int timing(syncing *k)
{
    cli *c = k->c;
    const char *at = cli_value(&c->args, "at");
    double every = cli_amount(&c->args, "every", 0);
    if (cli_has(&c->args, "every") && !(every >= 1e-3 && every < 1e7)) return cli_usage("--every: 1 ms at least");
    k->every_ns = (int64_t)(every * NS);
    k->count = (uint64_t)cli_amount(&c->args, "count", every > 0 ? 0 : 1);
    if (at && !parse_at(at, &k->at_ns, &c->op)) return cli_usage("%s", c->op.text);
    return CLI_DONE;
}

static int run(cli *c)
{
    static char room[MAX_COMMANDS], setup[MAX_COMMANDS];
    syncing k = {.c = c};
    grat_bench b;
    grat_sync_member *m = sync_members(c, 0, &b);
    if (!m) return CLI_USAGE;
    grat_sync_options opt = {.size = sizeof opt,
                             .open = {.size = sizeof opt.open, .serial = cli_value(&c->args, "baud")}};
    const char *path = cli_value(&c->args, "output");
    int status = path ? sync_out_named(path) : CLI_DONE;
    if (!status) status = timing(&k);
    if (!status) status = take_recipe(c, &b, m, room, setup);
    if (!status) status = alignment(&k, &b);
    if (!status) status = try_table(&k);
    if (!status && grat_sync_open(m, b.members, &opt, &c->op, &k.y)) status = cli_fail(c, b.name);
    if (!status) status = open_output(&k, path, &b);
    if (!status) status = repeat(&k);
    int closed = close_output(&k);
    if (!status) status = closed;
    if (!status) status = summary(&k, &b);
    grat_sync_close(k.y);
    free(m);
    return cli_flush(status);
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "a table .csv, a document .json, or .h5 with records; grows with each run", NULL},
    {"align", 0, CLI_TEXT, "edge:CHANNEL", "align the records by a signal that all see in this channel", NULL},
    {"resample", 0, CLI_FILE, "FILE", "the records on one time axis: .csv .npy .npz …", NULL},
    {"recipe", 'r', CLI_TEXT, "RECIPE", "for all: init read trigger external scope memory or 'START|READ|ABORT'", NULL},
    {"setup", 's', CLI_TEXT, "COMMAND", "sent to all after opening; several are possible", NULL},
    {"every", 'e', CLI_AMOUNT, "TIME", "again and again with this distance, until --count or Ctrl-C", "s"},
    {"count", 'n', CLI_COUNT, "N", "how many runs", NULL},
    {"at", 0, CLI_TEXT, "TIME", "the first start: 2026-11-21T14:30:05Z, or seconds since 1970", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_sync = {
    .name = "sync",
    .args = "BENCH|RESOURCE…",
    .summary = "start many instruments at one instant and read them all",
    .text = "Arms all, waits until every one is ready, starts them in one loop of small sends, reads them together. "
            "Each start has its time and how uncertain it is. A member that fails does not stop the others; the exit "
            "status is 3 then. Benches and recipes: see docs/reference/bench.md.",
    .options = options,
    .min_args = 1,
    .max_args = -1,
    .long_wait = true,
    .exec = run,
};
