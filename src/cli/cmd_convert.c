/* grat convert: from one file format to another. */
#include "cli/commands.h"

#include <string.h>

typedef struct converting {
    cli *c;
    const char *to;
    grat_meta meta;
    grat_writer *writer;
    grat_writer_options options;
    grat_op write_op;
    uint64_t samples;
    unsigned traces, flags;
    bool write_failed;
} converting;

static bool on_piece(void *user, grat_record *r)
{
    converting *k = user;
    grat_err err = GRAT_OK;
    if (!k->writer)
        err = grat_writer_open_with(k->to, cli_value(&k->c->args, "format"), &k->meta, &k->options, &k->write_op,
                                    &k->writer);
    if (!err) err = grat_writer_record(k->writer, r, &k->write_op);
    k->samples += r->count;
    k->traces = r->traces;
    k->flags |= r->flags;
    k->write_failed = err != GRAT_OK;
    return !err;
}

static int finish(converting *k, const char *from, grat_err err)
{
    cli *c = k->c;
    if (!err && !k->writer && !k->write_failed)
        err = grat_op_fail(&c->op, GRAT_ENODATA, "%s: there are no samples in it", from);
    if (err || k->write_failed) {
        grat_writer_abort(k->writer);
        if (k->write_failed) c->op = k->write_op;
        return cli_fail(c, k->write_failed ? k->to : from);
    }
    if (!grat_writer_finish(k->writer, &k->write_op)) return CLI_DONE;
    c->op = k->write_op;
    return cli_fail(c, k->to);
}

static int run(cli *c)
{
    static converting k;
    const char *from = c->args.arg[0];
    k.c = c;
    k.to = c->args.arg[1];
    k.options = (grat_writer_options){.size = sizeof k.options, .pack = cli_has(&c->args, "pack"),
                                      .raw = cli_has(&c->args, "raw")};
    if (strcmp(k.to, "-") == 0 && !cli_value(&c->args, "format"))
        return cli_usage("convert: to standard output: which format? Add --format=csv");
    if (strcmp(k.to, "-") == 0 && c->json)
        return cli_usage("convert: - and --json: both want standard output; choose one");
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    grat_op_init(&k.write_op, INT64_MAX, c->cancel);
    int status = finish(&k, from, grat_read_pieces(from, &k.meta, on_piece, &k, &c->op));
    if (!status && c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "file", k.to);
        cli_json_u64(&j, "samples", k.samples);
        cli_json_u64(&j, "traces", k.traces);
        cli_json_flags(&j, k.flags);
        cli_json_close(&j, '}');
    }
    return status;
}

static const cli_option options[] = {
    {"format", 'f', CLI_CHOICE, "FORMAT", "the format, where the name does not say it",
     "csv npy npz wav h5 raw json vcd sr png svg"},
    {"pack", 0, CLI_FLAG, NULL, ".h5: compressed", NULL},
    {"raw", 0, CLI_FLAG, NULL, ".npy: the converter's values, without times", NULL},
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
