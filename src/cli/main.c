/* The table of commands, the signals, and one run. */
#include "cli/commands.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const cli_command *const cli_commands[] = {
    &cli_cmd_list,       &cli_cmd_info,    &cli_cmd_query,   &cli_cmd_write, &cli_cmd_read,    &cli_cmd_shell,
    &cli_cmd_screenshot, &cli_cmd_capture, &cli_cmd_measure, &cli_cmd_plot,  &cli_cmd_convert, &cli_cmd_sim,
    &cli_cmd_gen,        &cli_cmd_calibrate, &cli_cmd_log,     &cli_cmd_sync,  &cli_cmd_bench,   &cli_cmd_live,
    &cli_cmd_serve,      &cli_cmd_doctor,  &cli_cmd_help,
    NULL,
};

const cli_option cli_globals[] = {
    {"json", 'j', CLI_FLAG, NULL, "one JSON document on standard output, or one per line where it streams", NULL},
    {"timeout", 'T', CLI_AMOUNT, "TIME", "how long the work may take, such as 500ms or 1h", "s"},
    {"baud", 0, CLI_TEXT, "BAUD[,8N1]", "of a serial port, 9600,8N1 unless told; also rts xon crlf cr echo", NULL},
    {"tls", 0, CLI_CHOICE, "WHEN", "encrypt HiSLIP: auto (where asked for), require, never, insecure (any certificate)",
     "auto require never insecure"},
    {"ca", 0, CLI_TEXT, "FILE", "certificates to trust instead of the system's", NULL},
    {"user-cert", 0, CLI_TEXT, "FILE", "certificate and key of the user, where the instrument wants one", NULL},
    {"user", 0, CLI_TEXT, "NAME", "name for the instrument; the password is $GRATICULE_PASSWORD, else asked for", NULL},
    {"quiet", 'q', CLI_FLAG, NULL, "no progress, no summary", NULL},
    {"help", 'h', CLI_FLAG, NULL, "show this help", NULL},
    {"version", 'V', CLI_FLAG, NULL, "show the version", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

/* ---- signals ---------------------------------------------------------------------------------- */

static grat_cancel *signal_cancel;
static atomic_int signals_seen;

/* A second signal leaves the clean-up one more second. */
static void on_signal(int sig)
{
    (void)sig;
    if (atomic_fetch_add(&signals_seen, 1) > 0) alarm(1);
    grat_cancel_fire(signal_cancel);
}

static void on_alarm(int sig)
{
    (void)sig;
    _exit(CLI_INTERRUPTED);
}

static void signals_setup(grat_cancel *c)
{
    struct sigaction sa = {.sa_handler = on_signal};
    signal_cancel = c;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
    sa.sa_handler = on_alarm;
    sigaction(SIGALRM, &sa, NULL);
    sa.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &sa, NULL);
}

void cli_signals_reset(cli *c)
{
    alarm(0);
    atomic_store(&signals_seen, 0);
    grat_cancel_reset(c->cancel);
}

/* ---- messages --------------------------------------------------------------------------------- */

static void say(const char *prefix, const char *text)
{
    fputs(prefix, stderr);
    for (; *text; text++) fputc((unsigned char)*text < 0x20 ? ' ' : *text, stderr);
    fputc('\n', stderr);
}

int cli_error(const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say("grat: ", text);
    return CLI_FAILED;
}

int cli_usage(const char *fmt, ...)
{
    char text[600];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say("grat: ", text);
    return CLI_USAGE;
}

void cli_note(const cli *c, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    if (c->quiet) return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    say("", text);
}

/* A sentence without a subject ("timed out") gets one. */
int cli_fail(cli *c, const char *what)
{
    const char *why = c->op.text[0] ? c->op.text : grat_strerror(c->op.err);
    if (strstr(why, ": ")) {
        cli_error("%s", why);
    } else {
        cli_error("%s: %s%s", what, why, c->op.err == GRAT_ETIMEOUT ? "; allow more time with --timeout" : "");
    }
    return c->op.err == GRAT_ECANCELED ? CLI_INTERRUPTED : CLI_FAILED;
}

int cli_flush(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) return status;
    if (status) return status;
    return cli_error("standard output: cannot be written: %s", strerror(errno));
}

bool cli_progress_wanted(const cli *c)
{
    return !c->quiet && isatty(STDERR_FILENO);
}

/* ---- finding commands --------------------------------------------------------------------------- */

const cli_command *cli_find_command(const char *name)
{
    for (unsigned i = 0; cli_commands[i]; i++) {
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
    }
    return NULL;
}

const char *cli_nearest_command(const char *name)
{
    const char *names[32];
    unsigned n = 0;
    for (; cli_commands[n] && n < 31; n++) names[n] = cli_commands[n]->name;
    names[n] = NULL;
    return cli_nearest(name, names);
}

/* ---- one run ------------------------------------------------------------------------------------ */

static int64_t timeout_of(const cli_args *a)
{
    double seconds = cli_amount(a, "timeout", a->command->long_wait ? 30 : 10);
    if (!(seconds > 0)) return 0;
    return seconds > 1e12 ? INT64_MAX : (int64_t)(seconds * 1000 + 0.5);
}

static int run(cli *c)
{
    c->json = cli_has(&c->args, "json");
    c->quiet = cli_has(&c->args, "quiet");
    c->timeout_ms = timeout_of(&c->args);
    c->cancel = grat_cancel_new();
    if (!c->cancel) return cli_error("cannot start: no file descriptor left; close some programs");
    signals_setup(c->cancel);
    grat_op_init(&c->op, c->timeout_ms, c->cancel);
    grat_op_init(&c->config_op, 0, NULL);
    grat_config_load(&c->config_op, &c->config);
    int status = cli_flush(c->args.command->exec(c));
    grat_config_free(c->config);
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    grat_cancel_free(c->cancel);
    return status;
}

int main(int argc, char **argv)
{
    static cli c;
    if (!cli_args_parse(&c.args, argc, argv)) return cli_usage("%s", c.args.error);
    if (cli_has(&c.args, "version")) {
        printf("grat %s\n", grat_version());
        return cli_flush(CLI_DONE);
    }
    if (cli_has(&c.args, "help")) {
        if (c.args.command) {
            cli_help_command(stdout, c.args.command);
        } else {
            cli_help_all(stdout);
        }
        return cli_flush(CLI_DONE);
    }
    if (!c.args.command) {
        cli_help_all(stderr);
        return CLI_USAGE;
    }
    return run(&c);
}
