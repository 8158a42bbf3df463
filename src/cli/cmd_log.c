/* grat log: a recording that goes on until it is told to end. */
#include "cli/commands.h"

#include "cli/files_out.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* A piece is as long as the memory allows, and short enough to be seen coming. */
#define PIECE_SECONDS 2.0
#define PROGRESS_NS 200000000
/* Gaps that the summary lists; the others are in the file of gaps. */
#define MAX_GAPS 1000

typedef struct gap {
    uint64_t first, missing;
    double time;
} gap;

typedef struct logging {
    cli *c;
    grat_request request;
    grat_log_options options;
    cli_files files;
    FILE *gaps;              /* made with the first gap */
    char gaps_path[CLI_MAX_NAME + 20];
    gap gap[MAX_GAPS];
    grat_log_totals totals;
    uint64_t next;
    int64_t began_ns, flushed_ns, shown_ns, flush_ns;
    uint64_t room;           /* on the disk, at the last flush */
    bool triggered;          /* a stream that begins at a trigger … */
    int64_t trigger;         /* … which was at this sample */
    bool forced;             /* it did not come */
    bool no_gaps_file;       /* it could not be written */
} logging;

static void gaps_name(const logging *k, char *out, size_t cap)
{
    snprintf(out, cap, "%s.gaps.csv", k->files.path[0]);
}

/* What an earlier recording of this name left says nothing about this one. */
static void drop_old_gaps(const logging *k)
{
    char path[sizeof k->gaps_path];
    gaps_name(k, path, sizeof path);
    if (strcmp(k->files.path[0], "-") != 0) unlink(path);
}

/* Where samples are missing: index of the first, how many, and its time, as in the file. */
static bool note_gap(logging *k, const grat_record *r)
{
    if (!(r->flags & GRAT_REC_GAP_BEFORE)) return true;
    gap g = {.first = k->next, .missing = r->first - k->next, .time = r->t0 + (double)k->next * r->dt};
    if (k->totals.gaps < MAX_GAPS) k->gap[k->totals.gaps] = g;
    if (strcmp(k->files.path[0], "-") == 0) return true;
    if (!k->gaps) {
        gaps_name(k, k->gaps_path, sizeof k->gaps_path);
        k->gaps = fopen(k->gaps_path, "w");
        if (k->gaps) fputs("first_missing,missing,time_s\n", k->gaps);
    }
    if (k->gaps)
        fprintf(k->gaps, "%llu,%llu,%.15g\n", (unsigned long long)g.first, (unsigned long long)g.missing, g.time);
    if (k->gaps && !ferror(k->gaps)) return true;
    grat_op_fail(&k->files.op, GRAT_EIO, "%s: cannot be written: %s", k->gaps_path, strerror(errno));
    k->no_gaps_file = true;
    return false;
}

static bool flush(logging *k)
{
    int64_t now = grat_now_ns();
    if (now - k->flushed_ns < k->flush_ns) return true;
    k->flushed_ns = now;
    if (k->gaps && fflush(k->gaps) != 0) k->no_gaps_file = true;
    if (!cli_files_flush(&k->files)) return false;
    k->room = cli_files_room(&k->files, &k->files.full);
    return !k->files.full;
}

static bool on_record(void *user, grat_record *r)
{
    logging *k = user;
    if (k->triggered && !k->totals.records) {
        k->began_ns = grat_now_ns();
        k->trigger = (int64_t)(-r->t0 / r->dt + (r->t0 < 0 ? 0.5 : -0.5));
        k->forced = r->flags & GRAT_REC_FORCED;
    }
    bool ok = note_gap(k, r) && cli_files_record(&k->files, r) && flush(k);
    k->next = r->first + r->count;
    if (r->flags & GRAT_REC_GAP_BEFORE) k->totals.gaps++;
    return ok;
}

static void on_progress(void *user, const grat_log_totals *t)
{
    logging *k = user;
    char n[32], lost[32], bytes[32], rate[32], room[48] = "", left[48] = "";
    int64_t now = grat_now_ns();
    k->totals = *t;
    if (!cli_progress_wanted(k->c) || now - k->shown_ns < PROGRESS_NS) return;
    k->shown_ns = now;
    double seconds = (double)(now - k->began_ns) / 1e9;
    if (!(seconds > 1e-6)) seconds = 1e-6;
    grat_format_quantity(n, sizeof n, (double)t->samples, "S");
    grat_format_quantity(lost, sizeof lost, (double)t->lost, "S");
    grat_format_quantity(rate, sizeof rate, (double)(int64_t)((double)t->samples / seconds), "S/s");
    grat_format_quantity(bytes, sizeof bytes, (double)cli_files_bytes(&k->files), "B");
    if (k->options.duration > seconds) snprintf(left, sizeof left, ", %.0f s left", k->options.duration - seconds);
    if (k->room != UINT64_MAX) {
        char free_bytes[32];
        grat_format_quantity(free_bytes, sizeof free_bytes, (double)(k->room / 1000000 * 1000000), "B");
        snprintf(room, sizeof room, ", disk %s left", free_bytes);
    }
    fprintf(stderr, "\r\033[K%.1f s%s, %s, %s, %s written%s, %s lost in %llu gaps", seconds, left, n, rate, bytes, room,
            lost, (unsigned long long)t->gaps);
}

static void gaps_json(const logging *k, cli_json *j)
{
    cli_json_open(j, "missing", '[');
    for (uint64_t i = 0; i < k->totals.gaps && i < MAX_GAPS; i++) {
        cli_json_open(j, NULL, '{');
        cli_json_u64(j, "first", k->gap[i].first);
        cli_json_u64(j, "count", k->gap[i].missing);
        cli_json_time(j, "time", k->gap[i].time);
        cli_json_close(j, '}');
    }
    cli_json_close(j, ']');
}

static void summary_json(const logging *k, bool complete)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->files.meta.identity);
    cli_files_json(&k->files, &j);
    cli_json_str(&j, "gaps_file", k->gaps_path);
    cli_json_str(&j, "channels", k->files.channels);
    cli_json_str(&j, "left_out", k->files.meta.settings.left_out);
    cli_json_u64(&j, "records", k->totals.records);
    cli_json_u64(&j, "samples", k->totals.samples);
    cli_json_u64(&j, "bytes", k->files.bytes);
    cli_json_u64(&j, "lost", k->totals.lost);
    cli_json_u64(&j, "gaps", k->totals.gaps);
    gaps_json(k, &j);
    cli_json_u64(&j, "faults", k->totals.faults);
    cli_json_u64(&j, "missed", k->totals.missed);
    cli_json_num(&j, "sample_interval", k->totals.dt);
    if (k->triggered) {
        cli_json_num(&j, "trigger_sample", (double)k->trigger);
        cli_json_bool(&j, "triggered", !k->forced);
    }
    cli_json_bool(&j, "disk_full", k->files.full);
    cli_json_bool(&j, "complete", complete);
    cli_json_close(&j, '}');
}

static void summary(const logging *k, bool complete)
{
    const grat_log_totals *t = &k->totals;
    char rate[32], runs[48] = "", more[160] = "";
    if (k->c->json) {
        summary_json(k, complete);
        return;
    }
    cli_files_print(&k->files);
    if (k->gaps_path[0]) printf("%s\n", k->gaps_path);
    grat_format_quantity(rate, sizeof rate, t->dt > 0 ? 1 / t->dt : 0, "S/s");
    if (t->missed) snprintf(more, sizeof more, ", %llu turns missed", (unsigned long long)t->missed);
    if (t->faults) {
        size_t n = strlen(more);
        snprintf(more + n, sizeof more - n, ", %llu acquisitions failed", (unsigned long long)t->faults);
    }
    if (k->triggered && !k->forced) {
        size_t n = strlen(more);
        snprintf(more + n, sizeof more - n, ", the trigger at sample %lld", (long long)k->trigger);
    }
    if (k->options.separate)
        snprintf(runs, sizeof runs, "%llu acquisition%s, ", (unsigned long long)t->records, t->records == 1 ? "" : "s");
    cli_note(k->c, "%s: channels %s, %s%llu samples each channel, %s, %llu lost in %llu gap%s%s%s%s",
             k->files.meta.identity.model, k->files.channels, runs, (unsigned long long)t->samples, rate,
             (unsigned long long)t->lost, (unsigned long long)t->gaps, t->gaps == 1 ? "" : "s", more,
             k->files.full ? ", the disk is full: the last are in no file" : "", complete ? "" : ", incomplete");
}

static bool is_complete(const logging *k, grat_err e)
{
    /* Without an end that was asked for, an interrupt is the end. */
    bool open_end = !(k->options.duration > 0) && !k->request.count;
    if (k->files.full) return k->files.until_full;
    return !e || (open_end && e == GRAT_ECANCELED);
}

static int finish(logging *k, grat_err e)
{
    cli *c = k->c;
    if (cli_progress_wanted(c)) fputs("\r\033[K", stderr);
    if (k->no_gaps_file) cli_error("%s: cannot be written; free some space", k->gaps_path);
    if (!k->totals.records) {
        cli_files_abort(&k->files);
        if (!e) grat_op_fail(&c->op, GRAT_ENODATA, "log: the instrument delivered nothing; is a channel on?");
        return cli_fail(c, c->resource);
    }
    grat_op why = c->op;
    int status = cli_files_finish(&k->files);
    if (k->gaps && fclose(k->gaps) && !status) status = cli_error("%s: cannot be written", k->gaps_path);
    if (e && e != GRAT_ECANCELED) c->op = why, cli_fail(c, c->resource);
    bool complete = is_complete(k, e) && !k->no_gaps_file;
    if (!status || status == CLI_INCOMPLETE) summary(k, complete);
    if (status) return status;
    bool missing = k->totals.gaps || k->totals.missed || k->totals.faults;
    return !complete || (missing && cli_has(&c->args, "strict")) ? CLI_INCOMPLETE : CLI_DONE;
}

static int plan_piece(logging *k, const grat_caps *caps)
{
    double rate = cli_amount(&k->c->args, "rate", 0);
    if (cli_has(&k->c->args, "rate") && !(rate > 0)) return cli_usage("--rate: it must be above 0");
    if (cli_has(&k->c->args, "rate") && (k->request.period != 0 || k->request.samples))
        return cli_usage("--rate and --period: the rate chooses the length of the pieces; give one of them");
    if (!(rate > 0)) return CLI_DONE;
    unsigned n = 0;
    bool pod[2] = {false, false};
    for (unsigned i = 0; i < GRAT_MAX_ANALOG; i++) n += k->request.channel[i];
    for (unsigned i = 0; i < 16; i++) pod[i / 8] = pod[i / 8] || k->request.digital[i];
    n += pod[0] + pod[1];
    if (n > caps->analog) n = caps->analog;
    double room = (double)caps->max_depth[n ? n : 1] / 2, most = rate * PIECE_SECONDS;
    if (!(room >= 1)) room = 1000;
    if (most < room) room = most < 1 ? 1 : most;
    k->request.samples = (uint64_t)room;
    k->request.period = (double)k->request.samples / rate;
    return CLI_DONE;
}

static grat_log_mode mode_of(const char *word)
{
    static const char *const words[] = {"auto", "block", "rapid", "stream"};
    for (unsigned i = 0; word && i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i], word) == 0) return (grat_log_mode)i;
    return GRAT_LOG_AUTO;
}

/* "1GB" or "1h" */
static bool parse_split(cli_files *f, const char *text)
{
    grat_op op;
    double v;
    grat_op_init(&op, INT64_MAX, NULL);
    if (!text) return true;
    if (grat_parse_quantity(text, "B", &v, &op) == GRAT_OK && v >= 1 && v < 1e18) f->split_bytes = (uint64_t)v;
    else if (grat_parse_quantity(text, "s", &v, &op) == GRAT_OK && v > 0) f->split_seconds = v;
    else return false;
    return true;
}

static int plan_files(logging *k)
{
    const cli_args *a = &k->c->args;
    cli_files *f = &k->files;
    int status = cli_files_name(f, k->c);
    if (status) return status;
    f->options.growing = true;
    f->options.pack = cli_has(a, "pack");
    f->options.raw = cli_has(a, "raw");
    f->until_full = cli_has(a, "until-full");
    f->keep_seconds = cli_amount(a, "keep-last", 0);
    if (!parse_split(f, cli_value(a, "split"))) return cli_usage("--split: a size such as 1GB or a time such as 1h");
    if (cli_has(a, "keep-last") && !(f->keep_seconds > 0)) return cli_usage("--keep-last: it must be above 0");
    /* What is kept is a little more than asked for: the oldest part goes as a whole. */
    if (f->keep_seconds > 0 && !f->split_bytes && !(f->split_seconds > 0)) f->split_seconds = f->keep_seconds / 8;
    if (f->keep_seconds > 0 && f->split_seconds > 0 && f->keep_seconds / f->split_seconds > CLI_MAX_PARTS - 2)
        return cli_usage("--keep-last: more than %d parts; make --split longer", CLI_MAX_PARTS - 2);
    for (unsigned i = 0; i < f->count; i++) {
        if (strcmp(f->path[i], "-") == 0 && (f->split_bytes || f->split_seconds > 0))
            return cli_usage("--split: standard output cannot be split; name a file");
    }
    double flush = cli_amount(a, "flush", 1);
    if (!(flush > 0)) return cli_usage("--flush: it must be longer than nothing, such as 1s");
    k->flush_ns = (int64_t)((flush < 1e6 ? flush : 1e6) * 1e9);
    k->room = UINT64_MAX;
    return CLI_DONE;
}

static int plan_options(logging *k)
{
    const cli_args *a = &k->c->args;
    grat_log_options *o = &k->options;
    *o = (grat_log_options){.size = sizeof *o, .duration = cli_amount(a, "for", 0),
                            .every = cli_amount(a, "every", 0), .mode = mode_of(cli_value(a, "mode"))};
    if (cli_has(a, "for") && !(o->duration > 0)) return cli_usage("--for: it must be longer than nothing");
    if (cli_has(a, "every") && !(o->every > 0)) return cli_usage("--every: it must be longer than nothing");
    bool stream = o->mode == GRAT_LOG_STREAM;
    /* What has a trigger or a turn of its own is an acquisition of its own; a stream has one trigger, at its start. */
    o->separate = cli_has(a, "every") || (cli_has(a, "trigger") && !stream) || o->mode == GRAT_LOG_RAPID ||
                  k->request.segments > 1 || k->request.count;
    if (o->separate && stream)
        return cli_usage("--mode stream: it has no turns, counts or segments; use --mode block or rapid");
    k->triggered = stream && (k->request.trigger == GRAT_TRIG_EDGE || k->request.trigger == GRAT_TRIG_AUTO);
    if (o->separate && o->mode == GRAT_LOG_AUTO) o->mode = k->request.segments > 1 ? GRAT_LOG_RAPID : GRAT_LOG_BLOCK;
    return CLI_DONE;
}

static int run(cli *c)
{
    static logging k;
    grat_scope *sc;
    k.c = c;
    if (cli_parse_request(&c->args, &k.request, &c->op)) return cli_usage("%s", c->op.text);
    int status = plan_files(&k);
    if (!status) status = plan_options(&k);
    if (!status) status = cli_open_scope(c, &sc);
    if (status) return status;
    status = plan_piece(&k, grat_scope_caps(sc));
    if (!status && cli_acquire_meta(c, sc, &k.request, &k.files.meta)) status = cli_fail(c, c->resource);
    k.files.meta.acquisitions = k.options.separate ? 2 : 1;
    if (!status) status = cli_files_open(&k.files);
    if (!status) {
        drop_old_gaps(&k);
        grat_log_sink sink = {.fn = on_record, .progress = on_progress, .user = &k, .totals = &k.totals};
        if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
        k.began_ns = grat_now_ns();
        if (k.triggered && cli_progress_wanted(c)) fputs("waiting for the trigger", stderr);
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
    {"every", 0, CLI_AMOUNT, "TIME", "an acquisition every so often, such as 10s", "s"},
    {"split", 0, CLI_TEXT, "SIZE|TIME", "a new file after so much, such as 1GB or 1h: FILE-0001, FILE-0002 …", NULL},
    {"keep-last", 0, CLI_AMOUNT, "TIME", "keep only the last part of it, such as 10min, in files of an eighth", "s"},
    {"until-full", 0, CLI_FLAG, NULL, "a full disk is the end that is wanted", NULL},
    {"flush", 0, CLI_AMOUNT, "TIME", "how much may be lost when the computer stops, 1s unless said", "s"},
    {"pack", 0, CLI_FLAG, NULL, ".h5: compressed, as far as it keeps up", NULL},
    {"raw", 0, CLI_FLAG, NULL, ".npy: the converter's values, without times; scales in the columns' titles", NULL},
    {"strict", 0, CLI_FLAG, NULL, "missing samples, turns or acquisitions make the exit status 3", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_log = {
    .name = "log",
    .args = "[RESOURCE]",
    .summary = "record for as long as is wanted, in constant memory",
    .text = "Pieces are written as they come. Each sample keeps its place in time: where some are missing the times "
            "jump, and FILE.gaps.csv says where and how many. .h5, .csv, .npy, .sr and .wav grow without limit and "
            "hold what came until a second ago whatever happens; beyond 4 GiB a .wav is RF64. With --trigger, --every, "
            "--count or --segments each acquisition is one of its own, with its number and its times; with --mode "
            "stream a PicoScope's recording begins at the first trigger, or --pre of a piece (--period) before it, and "
            "times count from it. A BitScope records in blocks with gaps between them; --mode stream has none while "
            "the link keeps up, but 8 bit only, and its format is described by others, not confirmed with an "
            "instrument: compare before you rely on it.",
    .options = options,
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
