/* grat calibrate: the instrument's own procedure. */
#include "cli/commands.h"

static void on_progress(void *user, unsigned done, unsigned total)
{
    const cli *c = user;
    if (cli_progress_wanted(c)) fprintf(stderr, "\r\033[K%u of %u measurements", done, total);
}

static void on_line(void *user, const char *key, const char *text)
{
    (void)user;
    if (key[0] == 'c' || key[0] == 's') printf("%-14s %s\n", key, text);
}

static int run(cli *c)
{
    grat_scope *sc;
    int status = cli_open_scope(c, &sc);
    if (status) return status;
    grat_calibration k = {.size = sizeof k, .steps = (unsigned)cli_amount(&c->args, "steps", 32),
                          .progress = on_progress, .user = c};
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, 600000, c->cancel);
    grat_err e = grat_scope_calibrate(sc, &k, &c->op);
    if (cli_progress_wanted(c)) fputs("\r\033[K", stderr);
    if (e || grat_scope_describe(sc, on_line, c, &c->op)) status = cli_fail(c, c->resource);
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
