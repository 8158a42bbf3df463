/* grat plot: a picture of a live capture or of a file. */
#include "cli/commands.h"

#include <string.h>
#include <strings.h>

typedef struct plotting {
    cli *c;
    grat_meta meta;
    grat_writer *writer;
    unsigned records, flags;
    grat_op write_op;
    bool write_failed;
    char path[1200];
    const char *format;
} plotting;

/* FILE.csv -> FILE.png */
static void name_beside(plotting *k, const char *file)
{
    const char *ext = cli_extension(file);
    size_t n = strlen(file) - (*ext ? strlen(ext) + 1 : 0);
    snprintf(k->path, sizeof k->path, "%.*s.%s", (int)(n < 1100 ? n : 1100), file, k->format ? k->format : "png");
}

static int check_name(plotting *k)
{
    const char *path = cli_value(&k->c->args, "output");
    k->format = cli_value(&k->c->args, "format");
    if (!path) return CLI_DONE;
    if (strcmp(path, "-") == 0 && !k->format) return cli_usage("plot: -o -: which format? Add --format=png");
    if (strcmp(path, "-") == 0 && k->c->json)
        return cli_usage("plot: -o - and --json: both want standard output; choose one");
    const char *ext = cli_extension(path);
    if (!k->format && strcasecmp(ext, "png") != 0 && strcasecmp(ext, "svg") != 0)
        return cli_usage("plot: %s: a picture is .png or .svg; grat convert makes other files", path);
    snprintf(k->path, sizeof k->path, "%s", path);
    return CLI_DONE;
}

static bool on_record(void *user, grat_record *r)
{
    plotting *k = user;
    k->records++;
    k->flags |= r->flags;
    if (!k->writer && grat_writer_open(k->path, k->format, &k->meta, &k->write_op, &k->writer)) {
        k->write_failed = true;
        return false;
    }
    k->write_failed = grat_writer_record(k->writer, r, &k->write_op) != GRAT_OK;
    return !k->write_failed;
}

/* `e` is how the acquisition ended. */
static int finish(plotting *k, grat_err e)
{
    cli *c = k->c;
    int status = CLI_DONE;
    if (!k->records || k->write_failed) {
        grat_writer_abort(k->writer);
        if (k->write_failed) c->op = k->write_op;
        return cli_fail(c, k->path);
    }
    if (e && e != GRAT_ECANCELED) cli_fail(c, c->resource);
    if (grat_writer_finish(k->writer, &k->write_op)) {
        c->op = k->write_op;
        return cli_fail(c, k->path);
    }
    if (e || k->flags & GRAT_REC_CUT) status = CLI_INCOMPLETE;
    if (c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "file", k->path);
        cli_json_bool(&j, "complete", status == CLI_DONE);
        cli_json_close(&j, '}');
    } else if (strcmp(k->path, "-") != 0) {
        printf("%s\n", k->path);
    }
    return status;
}

static int from_file(plotting *k, const char *file)
{
    cli *c = k->c;
    if (!*k->path) name_beside(k, file);
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    grat_err e = grat_read_pieces(file, &k->meta, on_record, k, &c->op);
    if (!e && !k->records) e = grat_op_fail(&c->op, GRAT_ENODATA, "%s: there are no samples in it", file);
    if (!e) return finish(k, e);
    grat_writer_abort(k->writer);
    return cli_fail(c, file);
}

static int from_scope(plotting *k)
{
    cli *c = k->c;
    grat_request q;
    grat_scope *sc;
    if (cli_parse_request(&c->args, &q, &c->op)) return cli_usage("%s", c->op.text);
    cli_acquire_deadline(c, &q);
    int status = cli_open_scope(c, &sc);
    if (status) return status;
    if (!*k->path)
        cli_dated_name(k->path, sizeof k->path, grat_scope_identity(sc)->model, k->format ? k->format : "png");
    if (cli_acquire_meta(c, sc, &q, &k->meta) || grat_writer_open(k->path, k->format, &k->meta, &c->op, &k->writer)) {
        status = cli_fail(c, k->path);
    } else {
        status = finish(k, grat_capture(sc, &q, on_record, k, &c->op));
    }
    grat_scope_close(sc);
    return status;
}

static int run(cli *c)
{
    static plotting k;
    k.c = c;
    grat_op_init(&k.write_op, INT64_MAX, NULL);
    int status = check_name(&k);
    if (status) return status;
    if (cli_only_resource(c)) return CLI_USAGE;
    if (c->args.args && !cli_is_resource(c, c->args.arg[0])) return from_file(&k, c->args.arg[0]);
    return from_scope(&k);
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "where to: .png or .svg; - is standard output", NULL},
    {"format", 'f', CLI_CHOICE, "FORMAT", "png or svg, where the name does not say it", "png svg"},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_plot = {
    .name = "plot",
    .args = "[RESOURCE | FILE]",
    .summary = "draw a live capture or a file as PNG or SVG",
    .text = "Without -o the picture is named like the file, or by the model and the date.",
    .options = options,
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
