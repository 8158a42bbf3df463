/* grat write: sends commands that have no reply. */
#include "cli/commands.h"

static int run(cli *c)
{
    grat_session *s;
    if (c->args.args == 1 && cli_is_resource(c, c->args.arg[0]))
        return cli_usage("write: an argument is missing: grat write [RESOURCE] COMMAND…");
    int status = cli_open_session(c, &s);
    if (status) return status;
    status = cli_no_byte_stream(s);
    for (int i = c->next_arg; !status && i < c->args.args; i++) {
        const char *command = c->args.arg[i];
        if (grat_puts(s, command, &c->op) || (cli_has(&c->args, "errors") && grat_check_errors(s, &c->op))) {
            status = cli_fail(c, command);
        } else if (c->json) {
            cli_json j = {.f = stdout};
            cli_json_open(&j, NULL, '{');
            cli_json_str(&j, "resource", c->resource);
            cli_json_str(&j, "command", command);
            cli_json_bool(&j, "done", true);
            cli_json_close(&j, '}');
        }
    }
    grat_close(s);
    return status;
}

static const cli_option options[] = {
    {"errors", 'e', CLI_FLAG, NULL, "read the error queue after each command; an entry is a failure", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_write = {
    .name = "write",
    .args = "[RESOURCE] COMMAND…",
    .summary = "send commands that have no reply",
    .options = options,
    .min_args = 1,
    .max_args = -1,
    .exec = run,
};
