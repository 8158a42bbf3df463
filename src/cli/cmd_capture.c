/* grat capture: one acquisition, or several, into files. */
#include "cli/commands.h"

#include <string.h>
#include <unistd.h>

#define MAX_FILES 8

typedef struct capture {
    cli *c;
    grat_request request;
    grat_meta meta;
    const char *path[MAX_FILES];
    char dated[160];
    unsigned files;
    grat_writer *writer[MAX_FILES];
    uint64_t samples;        /* per trace, of all acquisitions */
    unsigned acquisitions, traces, flags;
    double dt;
    int64_t began_ns;
    char names[120];
    grat_op write_op;        /* of the writers: it must outlive a cancelled acquisition */
    bool write_failed;
} capture;

static void progress(const capture *k)
{
    char n[32];
    if (!cli_progress_wanted(k->c)) return;
    double seconds = (double)(grat_now_ns() - k->began_ns) / 1e9;
    grat_format_quantity(n, sizeof n, (double)k->samples, "S");
    unsigned of = k->request.segments ? k->request.segments : k->request.count ? k->request.count : 1;
    fprintf(stderr, "\r\033[K%u of %u acquisitions, %s, %.1f s", k->acquisitions, of, n, seconds);
}

static void progress_end(const capture *k)
{
    if (cli_progress_wanted(k->c)) fputs("\r\033[K", stderr);
}

static void note_traces(capture *k, const grat_record *r)
{
    size_t used = 0;
    k->traces = r->traces;
    k->names[0] = '\0';
    for (unsigned i = 0; i < r->traces && used < sizeof k->names; i++)
        used += (size_t)snprintf(k->names + used, sizeof k->names - used, "%s%s", i ? "," : "", r->trace[i].name);
}

static bool on_record(void *user, grat_record *r)
{
    capture *k = user;
    for (unsigned i = 0; i < k->files; i++) {
        if (grat_writer_record(k->writer[i], r, &k->write_op)) {
            k->write_failed = true;
            return false;
        }
    }
    if (!k->acquisitions) note_traces(k, r);
    k->acquisitions++;
    k->samples += r->count;
    k->flags |= r->flags;
    k->dt = r->dt;
    progress(k);
    return true;
}

static int name_files(capture *k)
{
    const char *format = cli_value(&k->c->args, "format"), *path;
    while ((path = cli_value_nth(&k->c->args, "output", (int)k->files))) {
        if (k->files == MAX_FILES) return cli_usage("capture: at most %d files at once", MAX_FILES);
        if (strcmp(path, "-") == 0 && !format) return cli_usage("capture: -o -: which format? Add --format=csv");
        if (strcmp(path, "-") == 0 && k->c->json)
            return cli_usage("capture: -o - and --json: both want standard output; choose one");
        k->path[k->files++] = path;
    }
    return CLI_DONE;
}

static void abort_writers(capture *k)
{
    for (unsigned i = 0; i < k->files; i++) {
        grat_writer_abort(k->writer[i]);
        k->writer[i] = NULL;
    }
}

/* All files are opened before the instrument is touched: a name that cannot be written fails first. */
static int open_writers(capture *k)
{
    const char *format = cli_value(&k->c->args, "format");
    if (!k->files) {
        cli_dated_name(k->dated, sizeof k->dated, k->meta.identity.model, format ? format : "csv");
        k->path[k->files++] = k->dated;
    }
    for (unsigned i = 0; i < k->files; i++) {
        if (grat_writer_open(k->path[i], format, &k->meta, &k->c->op, &k->writer[i])) {
            k->writer[i] = NULL;
            int status = cli_fail(k->c, k->path[i]);
            abort_writers(k);
            return status;
        }
    }
    return CLI_DONE;
}

static int finish_writers(capture *k)
{
    int status = CLI_DONE;
    for (unsigned i = 0; i < k->files; i++) {
        grat_writer *w = k->writer[i];
        k->writer[i] = NULL;
        if (grat_writer_finish(w, &k->write_op) == GRAT_OK) continue;
        k->c->op = k->write_op;
        status = cli_fail(k->c, k->path[i]);
    }
    return status;
}

static void summary_json(const capture *k, bool complete)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->meta.identity);
    cli_json_open(&j, "files", '[');
    for (unsigned i = 0; i < k->files; i++) cli_json_str(&j, NULL, k->path[i]);
    cli_json_close(&j, ']');
    cli_json_str(&j, "channels", k->names);
    cli_json_str(&j, "left_out", k->meta.settings.left_out);
    cli_json_u64(&j, "acquisitions", k->acquisitions);
    cli_json_u64(&j, "samples", k->samples);
    cli_json_num(&j, "sample_interval", k->dt);
    cli_json_flags(&j, k->flags);
    cli_json_bool(&j, "complete", complete);
    cli_json_close(&j, '}');
}

static void summary(const capture *k, bool complete)
{
    char rate[32];
    if (k->c->json) {
        summary_json(k, complete);
        return;
    }
    for (unsigned i = 0; i < k->files; i++) {
        if (strcmp(k->path[i], "-") != 0) printf("%s\n", k->path[i]);
    }
    grat_format_quantity(rate, sizeof rate, k->dt > 0 ? 1 / k->dt : 0, "S/s");
    cli_note(k->c, "%s: channels %s, %u acquisition%s, %llu samples each channel, %s%s%s%s", k->meta.identity.model,
             k->names, k->acquisitions, k->acquisitions == 1 ? "" : "s", (unsigned long long)k->samples, rate,
             k->flags & GRAT_REC_CLIPPED ? ", clipped" : "", k->flags & GRAT_REC_FORCED ? ", not triggered" : "",
             complete ? "" : ", incomplete");
}

static int finish(capture *k, grat_err e)
{
    cli *c = k->c;
    progress_end(k);
    if (k->write_failed) {
        abort_writers(k);
        c->op = k->write_op;
        return cli_fail(c, "capture");
    }
    if (!k->acquisitions) {
        abort_writers(k);
        if (!e) grat_op_fail(&c->op, GRAT_ENODATA, "capture: the instrument delivered nothing; is a channel on?");
        return cli_fail(c, c->resource);
    }
    bool complete = !e && !(k->flags & GRAT_REC_CUT);
    int status = finish_writers(k);
    if (e && e != GRAT_ECANCELED) cli_fail(c, c->resource);
    if (!status) summary(k, complete);
    return status ? status : complete ? CLI_DONE : CLI_INCOMPLETE;
}

static int run(cli *c)
{
    static capture k;
    grat_scope *sc;
    k.c = c;
    if (cli_parse_request(&c->args, &k.request, &c->op)) return cli_usage("%s", c->op.text);
    int status = name_files(&k);
    if (status) return status;
    cli_acquire_deadline(c, &k.request);
    status = cli_open_scope(c, &sc);
    if (status) return status;
    if (c->next_arg < c->args.args) {
        status = cli_usage("capture: \"%s\" is no resource", c->args.arg[c->next_arg]);
    } else if (cli_acquire_meta(c, sc, &k.request, &k.meta)) {
        status = cli_fail(c, c->resource);
    } else {
        status = open_writers(&k);
    }
    if (!status) {
        grat_op_init(&k.write_op, INT64_MAX, NULL);
        k.began_ns = grat_now_ns();
        progress(&k);
        status = finish(&k, grat_capture(sc, &k.request, on_record, &k, &c->op));
    }
    grat_scope_close(sc);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "where to; the ending says the format; repeatable; - is standard output", NULL},
    {"format", 'f', CLI_CHOICE, "FORMAT", "the format, where the name does not say it",
     "csv npy npz wav h5 json vcd sr png svg"},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_capture = {
    .name = "capture",
    .args = "[RESOURCE]",
    .summary = "one acquisition into a file",
    .text = "Knobs that are not named stay as they are on the instrument. Ctrl-C keeps what was captured so far.\n"
            "Without -o a CSV file named by the model and the date is made.",
    .options = options,
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
