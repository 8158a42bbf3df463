/* The parts of the `grat` command: one command = one file = one entry in the table of main.c. From the table come
 * the parser, the help, the man pages and the completions. Uses the public headers only. */
#ifndef GRAT_CLI_H
#define GRAT_CLI_H

#include <graticule/graticule.h>

#include <stdio.h>

/* ---- exit status ---------------------------------------------------------------------------- */

enum cli_status {
    CLI_DONE = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_INCOMPLETE = 3,
    CLI_INTERRUPTED = 130,
};

/* ---- the command table ---------------------------------------------------------------------- */

typedef enum cli_kind {
    CLI_FLAG,    /* no value */
    CLI_TEXT,
    CLI_FILE,    /* completed as a path */
    CLI_CHOICE,  /* one of `unit`, a space separated list */
    CLI_AMOUNT,  /* a number in `unit` */
    CLI_COUNT,   /* a whole number from 1 */
    CLI_NUMBER,  /* a whole number from 0 */
} cli_kind;

typedef struct cli_option {
    const char *name;   /* long name without dashes; NULL ends a table */
    char letter;        /* 0 = none */
    cli_kind kind;
    const char *value;  /* what the help calls the value */
    const char *help;
    const char *unit;   /* of CLI_AMOUNT; the words of CLI_CHOICE */
} cli_option;

typedef struct cli cli;

typedef struct cli_command {
    const char *name;
    const char *args;           /* synopsis of the arguments: "[RESOURCE] COMMAND…" */
    const char *summary;        /* one line, lower case, no full stop */
    const char *text;           /* a paragraph for the help and the man page; may be NULL */
    const cli_option *options;  /* may be NULL */
    const cli_option *shared;   /* a second table, such as the acquisition's knobs; may be NULL */
    int min_args, max_args;     /* max -1 = any number */
    bool long_wait;             /* takes 30 s instead of 10 s when no --timeout is given */
    int (*exec)(cli *c);        /* returns an exit status */
} cli_command;

extern const cli_command *const cli_commands[];  /* NULL after the last */
extern const cli_option cli_globals[];

/* ---- a parsed command line ------------------------------------------------------------------ */

#define CLI_MAX_ARGS 2048

typedef struct cli_args {
    const cli_command *command;  /* NULL until its name is seen */
    const char *arg[CLI_MAX_ARGS];
    int args;
    struct {
        const cli_option *option;
        const char *value;       /* NULL for flags */
    } given[CLI_MAX_ARGS];
    int givens;
    char error[240];             /* why parsing failed */
} cli_args;

/* Options may stand anywhere; "--" ends them. Values are checked against their kind. False with `error` set. */
bool cli_args_parse(cli_args *a, int argc, char **argv);
bool cli_has(const cli_args *a, const char *name);
/* The last value given, or NULL; the n-th one, or NULL. */
const char *cli_value(const cli_args *a, const char *name);
const char *cli_value_nth(const cli_args *a, const char *name, int n);
/* The value of an amount or a number; `otherwise` when it was not given. */
double cli_amount(const cli_args *a, const char *name, double otherwise);
bool cli_parse_u64(const char *text, uint64_t *out);
/* The candidate that `word` most likely meant, or NULL. The list ends with NULL. */
const char *cli_nearest(const char *word, const char *const *candidates);

/* ---- one run -------------------------------------------------------------------------------- */

struct cli {
    cli_args args;
    bool json, quiet;
    int64_t timeout_ms;
    grat_cancel *cancel;  /* fired by SIGINT and SIGTERM */
    grat_op op;           /* for the command's calls, with its deadline */
    grat_config *config;  /* NULL when it cannot be read: config_op says why */
    grat_op config_op;
    int next_arg;         /* first argument that is not the resource */
    char resource[300];
};

/* Prints "grat: what: why; what to do" from the operation and returns the exit status. */
int cli_fail(cli *c, const char *what);
int cli_error(const char *fmt, ...) GRAT_PRINTF(1, 2);   /* prints a line, returns CLI_FAILED */
int cli_usage(const char *fmt, ...) GRAT_PRINTF(1, 2);   /* prints a line, returns CLI_USAGE */
void cli_note(const cli *c, const char *fmt, ...) GRAT_PRINTF(2, 3);  /* to standard error unless --quiet */
/* Flushes standard output; a full disk or a closed pipe is a failure. */
int cli_flush(int status);
/* Makes an interrupted shell usable again. */
void cli_signals_reset(cli *c);
bool cli_progress_wanted(const cli *c);

/* ---- the configuration and the instrument ---------------------------------------------------- */

/* An alias, or something that has the form of a resource. */
bool cli_is_resource(const cli *c, const char *text);
/* Takes a leading RESOURCE argument, else the default, else the only instrument found, into c->resource.
 * Returns CLI_DONE, or another status after printing why. */
int cli_resolve(cli *c);
/* A usage error, before anything is opened, when the argument is there and no resource. */
int cli_only_resource(const cli *c);
/* The usage error about a word that should have been a resource. */
int cli_no_resource(const cli *c, const char *text);
int cli_open_session(cli *c, grat_session **out);
int cli_open_scope(cli *c, grat_scope **out);
/* A line of text in which what is not printable is escaped. */
void cli_print_bytes(const uint8_t *p, size_t n);
/* CLI_DONE, or CLI_FAILED after saying that this instrument does not speak in messages. */
int cli_no_byte_stream(const grat_session *s);

/* ---- acquisitions ---------------------------------------------------------------------------- */

extern const cli_option cli_acquire_options[];

grat_err cli_parse_request(const cli_args *a, grat_request *q, grat_op *op);
/* The deadline of an acquisition, unless --timeout was given, covers what the request must take. */
void cli_acquire_deadline(cli *c, const grat_request *q);
/* Fills the file header from the instrument and the plan of this request: nothing is sent that changes it. */
grat_err cli_acquire_meta(cli *c, grat_scope *sc, const grat_request *q, grat_meta *meta);

/* ---- files ----------------------------------------------------------------------------------- */

/* "DS1104Z-2026-11-21T14-30-05.png"; -2, -3 … is added while such a file exists. */
void cli_dated_name(char *out, size_t cap, const char *model, const char *extension);
/* Fails early when a file of this name cannot be made. "-" is always fine. */
grat_err cli_check_output(const char *path, grat_op *op);
const char *cli_extension(const char *path);  /* without the dot; "" when there is none */
/* Writes bytes to a file, or to standard output for "-". */
grat_err cli_put(const char *path, const void *data, size_t n, grat_op *op);
/* Puts data on the clipboard of the desktop; ENOTSUP when there is none. */
grat_err cli_clipboard(const char *mime, const void *data, size_t n, grat_op *op);
/* Asks the terminal (OSC 52); false when standard error is none. */
bool cli_clipboard_terminal(const char *text);

/* ---- help ------------------------------------------------------------------------------------ */

void cli_help_all(FILE *f);
void cli_help_command(FILE *f, const cli_command *cmd);
void cli_man(FILE *f, const cli_command *cmd);  /* NULL = grat.1 */
bool cli_completion(FILE *f, const char *shell);
const cli_command *cli_find_command(const char *name);
const char *cli_nearest_command(const char *name);

/* ---- JSON ------------------------------------------------------------------------------------ */

/* Writes one document without spaces; a line end follows the outermost bracket. */
typedef struct cli_json {
    FILE *f;
    int depth;
    bool comma;
} cli_json;

/* `key` is NULL inside arrays and at the top. */
void cli_json_open(cli_json *j, const char *key, char bracket);
void cli_json_close(cli_json *j, char bracket);
void cli_json_str(cli_json *j, const char *key, const char *value);
void cli_json_bytes(cli_json *j, const char *key, const void *value, size_t n);
void cli_json_num(cli_json *j, const char *key, double value);  /* not finite -> null */
/* Seconds, a week of them to the nanosecond; finite. */
void cli_json_time(cli_json *j, const char *key, double value);
void cli_json_u64(cli_json *j, const char *key, uint64_t value);
void cli_json_bool(cli_json *j, const char *key, bool value);
void cli_json_identity(cli_json *j, const grat_identity *id);
void cli_json_flags(cli_json *j, unsigned flags);

#endif
