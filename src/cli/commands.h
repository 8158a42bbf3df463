/* The commands, one file each. */
#ifndef GRAT_CLI_COMMANDS_H
#define GRAT_CLI_COMMANDS_H

#include "cli/cli.h"

extern const cli_command cli_cmd_list, cli_cmd_info, cli_cmd_query, cli_cmd_write, cli_cmd_read, cli_cmd_shell,
    cli_cmd_screenshot, cli_cmd_capture, cli_cmd_measure, cli_cmd_plot, cli_cmd_convert, cli_cmd_sim, cli_cmd_gen,
    cli_cmd_log, cli_cmd_live, cli_cmd_calibrate, cli_cmd_doctor,
    cli_cmd_sync, cli_cmd_bench, cli_cmd_serve,
    cli_cmd_help;

#endif
