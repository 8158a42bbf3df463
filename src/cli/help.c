/* Help, man pages and completions, all from the one table. */
#include "cli/cli.h"

#include <string.h>

typedef void (*option_fn)(FILE *f, const cli_option *o, const void *user);

static void each_option(FILE *f, const cli_command *cmd, option_fn fn, const void *user)
{
    const cli_option *tables[] = {cmd ? cmd->options : NULL, cmd ? cmd->shared : NULL, cli_globals};
    for (unsigned i = 0; i < 3; i++) {
        for (const cli_option *o = tables[i]; o && o->name; o++) fn(f, o, user);
    }
}

/* ---- help --------------------------------------------------------------------------------------- */

static void help_option(FILE *f, const cli_option *o, const void *user)
{
    char left[64], letter[8] = "    ";
    (void)user;
    if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->value ? "=" : "", o->value ? o->value : "");
    fprintf(f, "  %-26s %s\n", left, o->help);
}

void cli_help_command(FILE *f, const cli_command *cmd)
{
    fprintf(f, "usage: grat %s%s%s [options]\n\n%s: %s.\n", cmd->name, *cmd->args ? " " : "", cmd->args, cmd->name,
            cmd->summary);
    if (cmd->text) fprintf(f, "\n%s\n", cmd->text);
    fprintf(f, "\nOptions:\n");
    each_option(f, cmd, help_option, NULL);
}

void cli_help_all(FILE *f)
{
    fprintf(f, "usage: grat COMMAND [RESOURCE] [options]\n\nCommands:\n");
    for (unsigned i = 0; cli_commands[i]; i++)
        fprintf(f, "  %-12s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(f, "\nOptions of every command:\n");
    each_option(f, NULL, help_option, NULL);
    fprintf(f, "\nRESOURCE is a VISA string such as TCPIP::192.168.1.50::INSTR, an alias, or SIM::ds1104z.\n"
               "See grat COMMAND --help.\n");
}

/* ---- man pages ------------------------------------------------------------------------------------ */

/* A dash that is meant as typed, a backslash, and a dot or quote at the start of a line would mean something else. */
static void roff(FILE *f, const char *text)
{
    bool start = true;
    for (; *text; text++) {
        if (start && (*text == '.' || *text == '\'')) fputs("\\&", f);
        start = *text == '\n';
        if (*text == '\\') {
            fputs("\\e", f);
        } else if (*text == '-') {
            fputs("\\-", f);
        } else {
            fputc(*text, f);
        }
    }
}

static void man_option(FILE *f, const cli_option *o, const void *user)
{
    (void)user;
    fputs(".TP\n", f);
    if (o->letter) fprintf(f, "\\fB\\-%c\\fR, ", o->letter);
    fputs("\\fB\\-\\-", f);
    roff(f, o->name);
    fputs("\\fR", f);
    if (o->value) fprintf(f, "=\\fI%s\\fR", o->value);
    fputc('\n', f);
    roff(f, o->help);
    fputc('\n', f);
}

static void man_status(FILE *f)
{
    static const struct {
        int status;
        const char *text;
    } rows[] = {{0, "done"},
                {1, "failed; one line on standard error says what, why and what to do"},
                {2, "the command line is wrong"},
                {3, "done but incomplete"},
                {130, "interrupted with nothing to keep"}};
    fputs(".SH EXIT STATUS\n", f);
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) fprintf(f, ".TP\n%d\n%s\n", rows[i].status, rows[i].text);
}

static void man_all(FILE *f)
{
    fprintf(f, ".TH GRAT 1 \"\" \"graticule %s\" \"User Commands\"\n.SH NAME\n", grat_version());
    fputs("grat \\- drive oscilloscopes and the instruments around them\n.SH SYNOPSIS\n"
          "\\fBgrat\\fR \\fICOMMAND\\fR [\\fIRESOURCE\\fR] [\\fIoptions\\fR]\n.SH COMMANDS\n", f);
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(f, ".TP\n\\fBgrat\\-%s\\fR(1)\n", cli_commands[i]->name);
        roff(f, cli_commands[i]->summary);
        fputc('\n', f);
    }
    fputs(".SH OPTIONS\n", f);
    each_option(f, NULL, man_option, NULL);
    fputs(".SH RESOURCES\nA VISA resource string such as TCPIP::192.168.1.50::INSTR, an alias, or\n"
          "SIM::ds1104z for a simulated instrument inside the process. Without one, the environment variable\n"
          "GRATICULE_RESOURCE, the configured default, or the only instrument that is found is used.\n"
          ".SH FILES\n.TP\n$XDG_CONFIG_HOME/graticule/config.yaml\n"
          "\\fBdefault:\\fR, \\fBaliases:\\fR, \\fBresources:\\fR and \\fBboards:\\fR; the variable GRATICULE_CONFIG\n"
          "names another file.\n", f);
    man_status(f);
}

void cli_man(FILE *f, const cli_command *cmd)
{
    if (!cmd) {
        man_all(f);
        return;
    }
    fprintf(f, ".TH GRAT\\-%s 1 \"\" \"graticule %s\" \"User Commands\"\n.SH NAME\ngrat\\-%s \\- ", cmd->name,
            grat_version(), cmd->name);
    roff(f, cmd->summary);
    fprintf(f, "\n.SH SYNOPSIS\n\\fBgrat %s\\fR ", cmd->name);
    roff(f, cmd->args);
    fputs(" [\\fIoptions\\fR]\n", f);
    if (cmd->text) {
        fputs(".SH DESCRIPTION\n", f);
        roff(f, cmd->text);
        fputc('\n', f);
    }
    fputs(".SH OPTIONS\n", f);
    each_option(f, cmd, man_option, NULL);
    man_status(f);
    fputs(".SH SEE ALSO\n\\fBgrat\\fR(1)\n", f);
}

/* ---- completions ------------------------------------------------------------------------------------ */

static void bash_option(FILE *f, const cli_option *o, const void *user)
{
    (void)user;
    fprintf(f, " --%s", o->name);
    if (o->letter) fprintf(f, " -%c", o->letter);
}

static void bash_values(FILE *f, const cli_option *o, const void *user)
{
    const cli_command *cmd = user;
    if (o->kind == CLI_FLAG) return;
    fprintf(f, "        %s:--%s", cmd->name, o->name);
    if (o->letter) fprintf(f, "|%s:-%c", cmd->name, o->letter);
    if (o->kind == CLI_FILE) {
        fputs(") compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\")); return;;\n", f);
    } else {
        fprintf(f, ") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return;;\n", o->kind == CLI_CHOICE ? o->unit : "");
    }
}

static void completion_bash(FILE *f)
{
    fputs("_grat()\n{\n    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} cmd= w\n"
          "    COMPREPLY=()\n    for w in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
          "        case $w in -*) ;; *) cmd=$w; break;; esac\n    done\n"
          "    [[ $cur == = ]] && cur=\n    [[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n"
          "    case $cmd:$prev in\n", f);
    for (unsigned i = 0; cli_commands[i]; i++) each_option(f, cli_commands[i], bash_values, cli_commands[i]);
    fputs("    esac\n    case $cmd in\n", f);
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(f, "        %s) w='", cli_commands[i]->name);
        each_option(f, cli_commands[i], bash_option, NULL);
        fputs("';;\n", f);
    }
    fputs("        *) w='", f);
    for (unsigned i = 0; cli_commands[i]; i++) fprintf(f, "%s ", cli_commands[i]->name);
    each_option(f, NULL, bash_option, NULL);
    fputs("';;\n    esac\n    if [[ -z $cmd || $cur == -* ]]; then\n"
          "        COMPREPLY=($(compgen -W \"$w\" -- \"$cur\"))\n    else\n        compopt -o filenames\n"
          "        COMPREPLY=($(compgen -f -- \"$cur\"))\n    fi\n}\ncomplete -F _grat grat\n", f);
}

/* Text inside a single-quoted shell word, with the characters that the shell's completion reads escaped. */
static void shell_text(FILE *f, const char *text, const char *escape)
{
    for (; *text; text++) {
        if (*text == '\'') {
            fputs("'\\''", f);
            continue;
        }
        if (strchr(escape, *text)) fputc('\\', f);
        fputc(*text, f);
    }
}

static void zsh_one(FILE *f, const cli_option *o, const char *dash, const char *name)
{
    fprintf(f, "                '*%s%s%s[", dash, name, o->value ? (dash[1] ? "=" : "+") : "");
    shell_text(f, o->help, "[]:\\");
    fputc(']', f);
    if (o->value) {
        fprintf(f, ":%s:", o->value);
        if (o->kind == CLI_FILE) fputs("_files", f);
        if (o->kind == CLI_CHOICE) fprintf(f, "(%s)", o->unit);
    }
    fputs("' \\\n", f);
}

static void zsh_option(FILE *f, const cli_option *o, const void *user)
{
    char letter[2] = {o->letter, '\0'};
    (void)user;
    zsh_one(f, o, "--", o->name);
    if (o->letter) zsh_one(f, o, "-", letter);
}

static void completion_zsh(FILE *f)
{
    fputs("#compdef grat\n_grat()\n{\n    local -a commands\n    commands=(\n", f);
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(f, "        '%s:", cli_commands[i]->name);
        shell_text(f, cli_commands[i]->summary, ":\\");
        fputs("'\n", f);
    }
    fputs("    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
          "    local cmd=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $cmd in\n", f);
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(f, "        %s)\n            _arguments -S \\\n", cli_commands[i]->name);
        each_option(f, cli_commands[i], zsh_option, NULL);
        fputs("                '*:argument:_files';;\n", f);
    }
    fputs("    esac\n}\nif [ \"$funcstack[1]\" = _grat ]; then _grat \"$@\"; else compdef _grat grat; fi\n", f);
}

static void fish_option(FILE *f, const cli_option *o, const void *user)
{
    const cli_command *cmd = user;
    fputs("complete -c grat", f);
    if (cmd) fprintf(f, " -n '__fish_seen_subcommand_from %s'", cmd->name);
    fprintf(f, " -l %s", o->name);
    if (o->letter) fprintf(f, " -s %c", o->letter);
    if (o->kind == CLI_FILE) {
        fputs(" -r -F", f);
    } else if (o->kind == CLI_CHOICE) {
        fprintf(f, " -x -a '%s'", o->unit);
    } else if (o->kind != CLI_FLAG) {
        fputs(" -x", f);
    }
    fputs(" -d '", f);
    shell_text(f, o->help, "");
    fputs("'\n", f);
}

static void completion_fish(FILE *f)
{
    for (unsigned i = 0; cli_commands[i]; i++) {
        fprintf(f, "complete -c grat -f -n __fish_use_subcommand -a %s -d '", cli_commands[i]->name);
        shell_text(f, cli_commands[i]->summary, "");
        fputs("'\n", f);
    }
    for (unsigned i = 0; cli_commands[i]; i++) {
        const cli_option *tables[] = {cli_commands[i]->options, cli_commands[i]->shared};
        for (unsigned t = 0; t < 2; t++) {
            for (const cli_option *o = tables[t]; o && o->name; o++) fish_option(f, o, cli_commands[i]);
        }
    }
    each_option(f, NULL, fish_option, NULL);
}

bool cli_completion(FILE *f, const char *shell)
{
    static const struct {
        const char *name;
        void (*write)(FILE *f);
    } shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};
    for (unsigned i = 0; i < 3; i++) {
        if (strcmp(shells[i].name, shell) != 0) continue;
        shells[i].write(f);
        return true;
    }
    return false;
}
