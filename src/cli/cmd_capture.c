/* grat capture: one acquisition, or several, into files. */
#include "cli/commands.h"

#include "cli/files_out.h"

typedef struct capture {
    cli *c;
    grat_request request;
    cli_files files;
    uint64_t samples;        /* per trace, of all acquisitions */
    unsigned acquisitions, flags;
    double dt;
    int64_t began_ns;
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

static bool on_record(void *user, grat_record *r)
{
    capture *k = user;
    if (!cli_files_record(&k->files, r)) return false;
    k->acquisitions++;
    k->samples += r->count;
    k->flags |= r->flags;
    k->dt = r->dt;
    progress(k);
    return true;
}

static void summary_json(const capture *k, bool complete)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->files.meta.identity);
    cli_files_json(&k->files, &j);
    cli_json_str(&j, "channels", k->files.channels);
    cli_json_str(&j, "left_out", k->files.meta.settings.left_out);
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
    cli_files_print(&k->files);
    grat_format_quantity(rate, sizeof rate, k->dt > 0 ? 1 / k->dt : 0, "S/s");
    cli_note(k->c, "%s: channels %s, %u acquisition%s, %llu samples each channel, %s%s%s%s",
             k->files.meta.identity.model, k->files.channels, k->acquisitions, k->acquisitions == 1 ? "" : "s",
             (unsigned long long)k->samples, rate, k->flags & GRAT_REC_CLIPPED ? ", clipped" : "",
             k->flags & GRAT_REC_FORCED ? ", not triggered" : "", complete ? "" : ", incomplete");
}

static int finish(capture *k, grat_err e)
{
    cli *c = k->c;
    progress_end(k);
    if (k->files.failed) return cli_files_finish(&k->files);
    if (!k->acquisitions) {
        cli_files_abort(&k->files);
        if (!e) grat_op_fail(&c->op, GRAT_ENODATA, "capture: the instrument delivered nothing; is a channel on?");
        return cli_fail(c, c->resource);
    }
    bool complete = !e && !(k->flags & GRAT_REC_CUT);
    int status = cli_files_finish(&k->files);
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
    int status = cli_files_name(&k.files, c);
    if (status) return status;
    cli_acquire_deadline(c, &k.request);
    status = cli_open_scope(c, &sc);
    if (status) return status;
    if (cli_acquire_meta(c, sc, &k.request, &k.files.meta)) {
        status = cli_fail(c, c->resource);
    } else {
        status = cli_files_open(&k.files);
    }
    if (!status) {
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
     "csv npy npz wav h5 raw json vcd sr png svg"},
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
