/* grat log: a recording that goes on until it is told to end. */
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 8
/* A piece is as long as the memory allows, and short enough to be seen coming. */
#define PIECE_SECONDS 2.0

typedef struct logging {
    cli *c;
    grat_request request;
    grat_log_options options;
    grat_meta meta;
    const char *path[MAX_FILES];
    char dated[160];
    unsigned files;
    grat_writer *writer[MAX_FILES];
    FILE *gaps;              /* made with the first gap */
    char gaps_path[300];
    grat_log_totals totals;
    uint64_t next;
    int64_t began_ns;
    char names[160];
    grat_op write_op;        /* of the writers: it must outlive a cancelled recording */
    bool write_failed;
} logging;

static void note_names(logging *k, const grat_record *r)
{
    size_t used = 0;
    for (unsigned i = 0; i < r->traces && used < sizeof k->names; i++)
        used += (size_t)snprintf(k->names + used, sizeof k->names - used, "%s%s", i ? "," : "", r->trace[i].name);
}

/* Where samples are missing: index of the first, how many, seconds since the beginning. */
static bool note_gap(logging *k, const grat_record *r)
{
    if (!(r->flags & GRAT_REC_GAP_BEFORE) || strcmp(k->path[0], "-") == 0) return true;
    if (!k->gaps) {
        snprintf(k->gaps_path, sizeof k->gaps_path, "%s.gaps.csv", k->path[0]);
        k->gaps = fopen(k->gaps_path, "w");
        if (!k->gaps) {
            grat_op_fail(&k->write_op, GRAT_EIO, "%s: cannot be written: %s", k->gaps_path, strerror(errno));
            return false;
        }
        fputs("first_missing,missing,time_s\n", k->gaps);
    }
    fprintf(k->gaps, "%llu,%llu,%.9g\n", (unsigned long long)k->next, (unsigned long long)(r->first - k->next),
            (double)k->next * r->dt);
    if (!ferror(k->gaps)) return true;
    grat_op_fail(&k->write_op, GRAT_ENOSPC, "%s: cannot be written", k->gaps_path);
    return false;
}

static bool on_record(void *user, grat_record *r)
{
    logging *k = user;
    if (!k->names[0]) note_names(k, r);
    bool ok = note_gap(k, r);
    for (unsigned i = 0; ok && i < k->files; i++) ok = grat_writer_record(k->writer[i], r, &k->write_op) == GRAT_OK;
    k->next = r->first + r->count;
    k->write_failed = !ok;
    return ok;
}

static void on_progress(void *user, const grat_log_totals *t)
{
    logging *k = user;
    char n[32], lost[32], left[48] = "";
    k->totals = *t;
    if (!cli_progress_wanted(k->c)) return;
    double seconds = (double)(grat_now_ns() - k->began_ns) / 1e9;
    grat_format_quantity(n, sizeof n, (double)t->samples, "S");
    grat_format_quantity(lost, sizeof lost, (double)t->lost, "S");
    if (k->options.duration > seconds) snprintf(left, sizeof left, ", %.0f s left", k->options.duration - seconds);
    fprintf(stderr, "\r\033[K%.1f s%s, %s, %s lost in %llu gaps", seconds, left, n, lost,
            (unsigned long long)t->gaps);
}

static int name_files(logging *k)
{
    const char *format = cli_value(&k->c->args, "format"), *path;
    while ((path = cli_value_nth(&k->c->args, "output", (int)k->files))) {
        if (k->files == MAX_FILES) return cli_usage("log: at most %d files at once", MAX_FILES);
        if (strcmp(path, "-") == 0 && !format) return cli_usage("log: -o -: which format? Add --format=csv");
        if (strcmp(path, "-") == 0 && k->c->json)
            return cli_usage("log: -o - and --json: both want standard output; choose one");
        k->path[k->files++] = path;
    }
    return CLI_DONE;
}

static void abort_writers(logging *k)
{
    for (unsigned i = 0; i < k->files; i++) {
        grat_writer_abort(k->writer[i]);
        k->writer[i] = NULL;
    }
}

static int open_writers(logging *k)
{
    const char *format = cli_value(&k->c->args, "format");
    if (!k->files) {
        cli_dated_name(k->dated, sizeof k->dated, k->meta.identity.model, format ? format : "csv");
        k->path[k->files++] = k->dated;
    }
    for (unsigned i = 0; i < k->files; i++) {
        if (grat_writer_open(k->path[i], format, &k->meta, &k->c->op, &k->writer[i]) == GRAT_OK) continue;
        k->writer[i] = NULL;
        int status = cli_fail(k->c, k->path[i]);
        abort_writers(k);
        return status;
    }
    return CLI_DONE;
}

static int finish_writers(logging *k)
{
    int status = CLI_DONE;
    if (k->gaps && fclose(k->gaps)) status = cli_error("%s: cannot be written", k->gaps_path);
    for (unsigned i = 0; i < k->files; i++) {
        grat_writer *w = k->writer[i];
        k->writer[i] = NULL;
        if (grat_writer_finish(w, &k->write_op) == GRAT_OK) continue;
        k->c->op = k->write_op;
        status = cli_fail(k->c, k->path[i]);
    }
    return status;
}

static void summary_json(const logging *k, bool complete)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->meta.identity);
    cli_json_open(&j, "files", '[');
    for (unsigned i = 0; i < k->files; i++) cli_json_str(&j, NULL, k->path[i]);
    cli_json_close(&j, ']');
    cli_json_str(&j, "gaps_file", k->gaps_path);
    cli_json_str(&j, "channels", k->names);
    cli_json_str(&j, "left_out", k->meta.settings.left_out);
    cli_json_u64(&j, "samples", k->totals.samples);
    cli_json_u64(&j, "lost", k->totals.lost);
    cli_json_u64(&j, "gaps", k->totals.gaps);
    cli_json_u64(&j, "faults", k->totals.faults);
    cli_json_num(&j, "sample_interval", k->totals.dt);
    cli_json_bool(&j, "complete", complete);
    cli_json_close(&j, '}');
}

static void summary(const logging *k, bool complete)
{
    const grat_log_totals *t = &k->totals;
    char rate[32];
    if (k->c->json) {
        summary_json(k, complete);
        return;
    }
    for (unsigned i = 0; i < k->files; i++) {
        if (strcmp(k->path[i], "-") != 0) printf("%s\n", k->path[i]);
    }
    if (k->gaps_path[0]) printf("%s\n", k->gaps_path);
    grat_format_quantity(rate, sizeof rate, t->dt > 0 ? 1 / t->dt : 0, "S/s");
    cli_note(k->c, "%s: channels %s, %llu samples each channel, %s, %llu lost in %llu gaps%s", k->meta.identity.model,
             k->names, (unsigned long long)t->samples, rate, (unsigned long long)t->lost, (unsigned long long)t->gaps,
             complete ? "" : ", incomplete");
}

static int finish(logging *k, grat_err e)
{
    cli *c = k->c;
    if (cli_progress_wanted(c)) fputs("\r\033[K", stderr);
    if (k->write_failed) {
        abort_writers(k);
        if (k->gaps) fclose(k->gaps);
        c->op = k->write_op;
        return cli_fail(c, "log");
    }
    if (!k->totals.records) {
        abort_writers(k);
        if (!e) grat_op_fail(&c->op, GRAT_ENODATA, "log: the instrument delivered nothing; is a channel on?");
        return cli_fail(c, c->resource);
    }
    /* Without an end that was asked for, an interrupt is the end. */
    bool open_end = !(k->options.duration > 0) && !k->options.samples;
    bool complete = !e || (open_end && e == GRAT_ECANCELED);
    int status = finish_writers(k);
    if (e && e != GRAT_ECANCELED) cli_fail(c, c->resource);
    if (!status) summary(k, complete);
    if (status) return status;
    return !complete || (k->totals.gaps && cli_has(&c->args, "strict")) ? CLI_INCOMPLETE : CLI_DONE;
}

static grat_log_mode mode_of(const char *word)
{
    static const char *const words[] = {"auto", "block", "rapid", "stream"};
    for (unsigned i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) return (grat_log_mode)i;
    return GRAT_LOG_AUTO;
}

static int plan_piece(logging *k, const grat_caps *caps)
{
    double rate = cli_amount(&k->c->args, "rate", 0);
    if (cli_has(&k->c->args, "rate") && !(rate > 0)) return cli_usage("--rate: it must be above 0");
    if (cli_has(&k->c->args, "rate") && (k->request.period != 0 || k->request.samples))
        return cli_usage("--rate and --period: the rate chooses the length of the pieces; give one of them");
    if (!(rate > 0)) return CLI_DONE;
    unsigned n = 0;
    for (unsigned i = 0; i < GRAT_MAX_ANALOG; i++) n += k->request.channel[i];
    double room = (double)caps->max_depth[n ? n : 1] / 2, most = rate * PIECE_SECONDS;
    if (!(room >= 1)) room = 1000;
    if (most < room) room = most < 1 ? 1 : most;
    k->request.samples = (uint64_t)room;
    k->request.period = (double)k->request.samples / rate;
    return CLI_DONE;
}

static int run(cli *c)
{
    static logging k;
    grat_scope *sc;
    k.c = c;
    if (cli_parse_request(&c->args, &k.request, &c->op)) return cli_usage("%s", c->op.text);
    int status = name_files(&k);
    if (status) return status;
    k.options = (grat_log_options){.size = sizeof k.options, .duration = cli_amount(&c->args, "for", 0),
                                   .mode = mode_of(cli_value(&c->args, "mode"))};
    if (cli_has(&c->args, "for") && !(k.options.duration > 0))
        return cli_usage("--for: it must be longer than nothing");
    status = cli_open_scope(c, &sc);
    if (status) return status;
    if (c->next_arg < c->args.args) status = cli_usage("log: \"%s\" is no resource", c->args.arg[c->next_arg]);
    if (!status) status = plan_piece(&k, grat_scope_caps(sc));
    if (!status && cli_acquire_meta(c, sc, &k.request, &k.meta)) status = cli_fail(c, c->resource);
    k.meta.acquisitions = 1;
    if (!status) status = open_writers(&k);
    if (!status) {
        grat_log_sink sink = {.fn = on_record, .progress = on_progress, .user = &k, .totals = &k.totals};
        if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
        grat_op_init(&k.write_op, INT64_MAX, NULL);
        k.began_ns = grat_now_ns();
        grat_err e = grat_log(sc, &k.request, &k.options, &sink, &c->op);
        status = finish(&k, e);
    }
    grat_scope_close(sc);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "where to write; the ending chooses the format; several are possible", NULL},
    {"format", 'f', CLI_TEXT, "NAME", "the format, whatever the name of the file", NULL},
    {"rate", 0, CLI_AMOUNT, "RATE", "samples per second, such as 10kS/s; chooses the pieces", "S/s"},
    {"mode", 0, CLI_CHOICE, "MODE", "how it is recorded: auto, block, rapid or stream", "auto block rapid stream"},
    {"for", 0, CLI_AMOUNT, "TIME", "how long, such as 1h; else until Ctrl-C", "s"},
    {"strict", 0, CLI_FLAG, NULL, "missing samples make the exit status 3", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_log = {
    .name = "log",
    .args = "[RESOURCE]",
    .summary = "record for as long as is wanted, in constant memory",
    .text = "Pieces are written as they come. Each sample keeps its place in time: where some are missing the times "
            "jump, and FILE.gaps.csv says where and how many. .csv, .npy and .wav grow without limit.",
    .options = options,
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
