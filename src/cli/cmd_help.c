/* grat help: help, man pages, completions. */
#include "cli/commands.h"

static int run(cli *c)
{
    const cli_command *cmd = NULL;
    const char *shell = cli_value(&c->args, "completion");
    if (c->args.args) {
        cmd = cli_find_command(c->args.arg[0]);
        if (!cmd) {
            const char *near = cli_nearest_command(c->args.arg[0]);
            return cli_usage("%s: unknown command; %s%s", c->args.arg[0], near ? "did you mean " : "see grat --help",
                             near ? near : "");
        }
    }
    if (shell) {
        cli_completion(stdout, shell);
    } else if (cli_has(&c->args, "man")) {
        cli_man(stdout, cmd);
    } else if (cmd) {
        cli_help_command(stdout, cmd);
    } else {
        cli_help_all(stdout);
    }
    return CLI_DONE;
}

static const cli_option options[] = {
    {"man", 0, CLI_FLAG, NULL, "write the man page, as roff", NULL},
    {"completion", 0, CLI_CHOICE, "SHELL", "write the completion for bash, zsh or fish", "bash zsh fish"},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_help = {
    .name = "help",
    .args = "[COMMAND]",
    .summary = "help, man pages and shell completions",
    .options = options,
    .max_args = 1,
    .exec = run,
};
