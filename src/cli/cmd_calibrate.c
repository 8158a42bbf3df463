/* grat calibrate: the instrument's own procedure. */
#include "cli/commands.h"

#include <string.h>

static void on_progress(void *user, unsigned done, unsigned total)
{
    const cli *c = user;
    if (cli_progress_wanted(c)) fprintf(stderr, "\r\033[K%u of %u measurements", done, total);
}

typedef struct result {
    cli *c;
    cli_json j;
} result;

static void on_line(void *user, const char *key, const char *text)
{
    result *r = user;
    bool range = strcmp(key, "safe range") == 0;
    if (!range && strcmp(key, "calibration") != 0) return;
    if (r->c->json) cli_json_str(&r->j, range ? "safe_range" : key, text);
    else printf("%-14s %s\n", key, text);
}

static grat_err show(cli *c, grat_scope *sc)
{
    result r = {.c = c, .j = {.f = stdout}};
    if (c->json) cli_json_open(&r.j, NULL, '{');
    if (c->json) cli_json_str(&r.j, "resource", c->resource);
    grat_err e = grat_scope_describe(sc, on_line, &r, &c->op);
    if (c->json) cli_json_close(&r.j, '}');
    return e;
}

static int run(cli *c)
{
    grat_scope *sc;
    int status = cli_only_resource(c);
    if (!status) status = cli_open_scope(c, &sc);
    if (status) return status;
    grat_calibration k = {.size = sizeof k, .steps = (unsigned)cli_amount(&c->args, "steps", 32),
                          .progress = on_progress, .user = c};
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, 600000, c->cancel);
    grat_err e = grat_scope_calibrate(sc, &k, &c->op);
    if (cli_progress_wanted(c)) fputs("\r\033[K", stderr);
    if (e || show(c, sc)) status = cli_fail(c, c->resource);
    grat_scope_close(sc);
    return status;
}

static const cli_option options[] = {
    {"steps", 0, CLI_COUNT, "N", "a grid of N by N measurements, 32 unless told", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_calibrate = {
    .name = "calibrate",
    .args = "[RESOURCE]",
    .summary = "calibrate a scope that can be",
    .text = "BitScope: connect L5 to A and B first. The clock of L5 is measured, and the result is kept in "
            "$XDG_CONFIG_HOME/graticule/bitscope.conf; an analog.conf of ScopeThing is used as well.",
    .options = options,
    .max_args = 1,
    .exec = run,
};
