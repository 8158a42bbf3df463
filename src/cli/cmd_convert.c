/* grat convert: from one file format to another. */
#include "cli/commands.h"

#include <string.h>

static int write_out(cli *c, const char *to, const grat_meta *meta, grat_record *r)
{
    grat_writer *w;
    if (grat_writer_open(to, cli_value(&c->args, "format"), meta, &c->op, &w)) return cli_fail(c, to);
    if (grat_writer_record(w, r, &c->op)) {
        grat_writer_abort(w);
        return cli_fail(c, to);
    }
    return grat_writer_finish(w, &c->op) ? cli_fail(c, to) : CLI_DONE;
}

static int run(cli *c)
{
    static grat_meta meta;
    grat_record *r;
    const char *from = c->args.arg[0], *to = c->args.arg[1];
    if (strcmp(to, "-") == 0 && !cli_value(&c->args, "format"))
        return cli_usage("convert: to standard output: which format? Add --format=csv");
    if (strcmp(to, "-") == 0 && c->json)
        return cli_usage("convert: - and --json: both want standard output; choose one");
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    if (grat_read_file(from, &meta, &r, &c->op)) return cli_fail(c, from);
    int status = write_out(c, to, &meta, r);
    if (!status && c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "file", to);
        cli_json_u64(&j, "samples", r->count);
        cli_json_u64(&j, "traces", r->traces);
        cli_json_flags(&j, r->flags);
        cli_json_close(&j, '}');
    }
    grat_record_unref(r);
    return status;
}

static const cli_option options[] = {
    {"format", 'f', CLI_CHOICE, "FORMAT", "the format, where the name does not say it",
     "csv npy npz wav h5 json vcd sr png svg"},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_convert = {
    .name = "convert",
    .args = "FILE FILE",
    .summary = "convert a captured file; the endings say the formats",
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .exec = run,
};
