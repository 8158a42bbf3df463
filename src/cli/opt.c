/* The command line: options anywhere, values checked, the nearest spelling when one is unknown. */
#include "cli/cli.h"

#include <string.h>

static const cli_option *in_table(const cli_option *t, const char *name, size_t n, char letter)
{
    for (; t && t->name; t++) {
        if (letter ? t->letter == letter : strlen(t->name) == n && memcmp(t->name, name, n) == 0) return t;
    }
    return NULL;
}

static const cli_option *find_option(const cli_args *a, const char *name, size_t n, char letter)
{
    const cli_option *o = NULL;
    if (a->command) {
        o = in_table(a->command->options, name, n, letter);
        if (!o) o = in_table(a->command->shared, name, n, letter);
    }
    return o ? o : in_table(cli_globals, name, n, letter);
}

/* Optimal string alignment distance, for words up to 31 letters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned d[33][33];
    size_t m = strlen(a), n = strlen(b);
    if (m > 31 || n > 31) return 99;
    for (unsigned i = 0; i <= m; i++) d[i][0] = i;
    for (unsigned j = 0; j <= n; j++) d[0][j] = j;
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            unsigned best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            if (d[i - 1][j] + 1 < best) best = d[i - 1][j] + 1;
            if (d[i][j - 1] + 1 < best) best = d[i][j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[m][n];
}

const char *cli_nearest(const char *word, const char *const *candidates)
{
    const char *best = NULL;
    unsigned limit = (unsigned)(strlen(word) + 2) / 3 + 1;
    for (; *candidates; candidates++) {
        size_t n = strlen(word);
        unsigned d = n > 2 && strncmp(word, *candidates, n) == 0 ? 1 : distance(word, *candidates);
        if (d < limit) {
            limit = d;
            best = *candidates;
        }
    }
    return best;
}

static bool unknown_option(cli_args *a, const char *name, size_t n)
{
    const char *names[128];
    char word[32];
    unsigned k = 0;
    const cli_option *tables[] = {a->command ? a->command->options : NULL, a->command ? a->command->shared : NULL,
                                  cli_globals};
    for (unsigned i = 0; i < 3; i++) {
        for (const cli_option *o = tables[i]; o && o->name && k < 127; o++) names[k++] = o->name;
    }
    names[k] = NULL;
    snprintf(word, sizeof word, "%.*s", (int)(n < 31 ? n : 31), name);
    const char *near = cli_nearest(word, names);
    if (near) {
        snprintf(a->error, sizeof a->error, "--%.40s: unknown option; did you mean --%s?", word, near);
    } else {
        snprintf(a->error, sizeof a->error, "--%.40s: unknown option; see grat%s%s --help", word, a->command ? " " : "",
                 a->command ? a->command->name : "");
    }
    return false;
}

bool cli_parse_u64(const char *text, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text) return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9') return false;
        unsigned digit = (unsigned)(*text - '0');
        if (v > (UINT64_MAX - digit) / 10) return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

static bool is_word_of(const char *value, const char *words)
{
    size_t n = strlen(value);
    for (const char *p = words; *p; p += strspn(p, " ")) {
        size_t k = strcspn(p, " ");
        if (k == n && memcmp(p, value, n) == 0) return true;
        p += k;
    }
    return false;
}

static bool check_value(cli_args *a, const cli_option *o, const char *value)
{
    uint64_t u;
    double d;
    grat_op op;
    switch (o->kind) {
    case CLI_CHOICE:
        if (is_word_of(value, o->unit)) return true;
        snprintf(a->error, sizeof a->error, "--%s %.40s: unknown; choose from: %s", o->name, value, o->unit);
        return false;
    case CLI_COUNT:
    case CLI_NUMBER:
        if (cli_parse_u64(value, &u) && (u || o->kind == CLI_NUMBER)) return true;
        snprintf(a->error, sizeof a->error, "--%s %.40s: a whole number%s is wanted", o->name, value,
                 o->kind == CLI_COUNT ? " from 1 on" : "");
        return false;
    case CLI_AMOUNT:
        grat_op_init(&op, 0, NULL);
        if (grat_parse_quantity(value, o->unit, &d, &op) == GRAT_OK) return true;
        snprintf(a->error, sizeof a->error, "--%s %.170s", o->name, op.text);
        return false;
    case CLI_FLAG:
    case CLI_TEXT:
    case CLI_FILE:
        break;
    }
    return true;
}

static bool add(cli_args *a, const cli_option *o, const char *value)
{
    if (a->givens == CLI_MAX_ARGS) {
        snprintf(a->error, sizeof a->error, "more than %d options", CLI_MAX_ARGS);
        return false;
    }
    if (value && !check_value(a, o, value)) return false;
    a->given[a->givens].option = o;
    a->given[a->givens++].value = value;
    return true;
}

/* One "--name", "--name=value"; *i moves on when the next word is the value. */
static bool long_option(cli_args *a, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2;
    size_t n = strcspn(name, "=");
    const cli_option *o = find_option(a, name, n, 0);
    if (!o) return unknown_option(a, name, n);
    if (o->kind == CLI_FLAG) {
        if (!name[n]) return add(a, o, NULL);
        snprintf(a->error, sizeof a->error, "--%s: takes no value", o->name);
        return false;
    }
    if (name[n]) return add(a, o, name + n + 1);
    if (*i + 1 < argc) return add(a, o, argv[++*i]);
    snprintf(a->error, sizeof a->error, "--%s: a value is missing: --%s=%s", o->name, o->name, o->value);
    return false;
}

/* "-q", "-qj", "-oFILE", "-o FILE", "-o=FILE". */
static bool short_options(cli_args *a, int argc, char **argv, int *i)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        const cli_option *o = find_option(a, NULL, 0, *p);
        if (!o) {
            snprintf(a->error, sizeof a->error, "-%c: unknown option; see grat%s%s --help", *p, a->command ? " " : "",
                     a->command ? a->command->name : "");
            return false;
        }
        if (o->kind != CLI_FLAG) {
            if (p[1]) return add(a, o, p + 1 + (p[1] == '='));
            if (*i + 1 < argc) return add(a, o, argv[++*i]);
            snprintf(a->error, sizeof a->error, "-%c: a value is missing: -%c %s", *p, *p, o->value);
            return false;
        }
        if (!add(a, o, NULL)) return false;
    }
    return true;
}

static bool positional(cli_args *a, const char *word)
{
    if (!a->command) {
        a->command = cli_find_command(word);
        if (a->command) return true;
        const char *near = cli_nearest_command(word);
        if (near) {
            snprintf(a->error, sizeof a->error, "%.40s: unknown command; did you mean %s?", word, near);
        } else {
            snprintf(a->error, sizeof a->error, "%.40s: unknown command; see grat --help", word);
        }
        return false;
    }
    if (a->args == CLI_MAX_ARGS) {
        snprintf(a->error, sizeof a->error, "more than %d arguments", CLI_MAX_ARGS);
        return false;
    }
    a->arg[a->args++] = word;
    return true;
}

static bool count_fits(cli_args *a)
{
    const cli_command *cmd = a->command;
    if (!cmd || cli_has(a, "help")) return true;
    if (a->args < cmd->min_args) {
        snprintf(a->error, sizeof a->error, "%s: an argument is missing: grat %s %s", cmd->name, cmd->name, cmd->args);
        return false;
    }
    if (cmd->max_args >= 0 && a->args > cmd->max_args) {
        snprintf(a->error, sizeof a->error, "%s: \"%.40s\" is one argument too many: grat %s %s", cmd->name,
                 a->arg[cmd->max_args], cmd->name, cmd->args);
        return false;
    }
    return true;
}

bool cli_args_parse(cli_args *a, int argc, char **argv)
{
    bool ended = false;
    *a = (cli_args){0};
    for (int i = 1; i < argc; i++) {
        const char *w = argv[i];
        bool ok;
        if (ended || w[0] != '-' || !w[1]) {
            ok = positional(a, w);
        } else if (strcmp(w, "--") == 0) {
            ok = ended = true;
        } else if (w[1] == '-') {
            ok = long_option(a, argc, argv, &i);
        } else {
            ok = short_options(a, argc, argv, &i);
        }
        if (!ok) return false;
    }
    return count_fits(a);
}

const char *cli_value_nth(const cli_args *a, const char *name, int n)
{
    for (int i = 0; i < a->givens; i++) {
        if (strcmp(a->given[i].option->name, name) == 0 && n-- == 0) return a->given[i].value;
    }
    return NULL;
}

const char *cli_value(const cli_args *a, const char *name)
{
    for (int i = a->givens; i-- > 0;) {
        if (strcmp(a->given[i].option->name, name) == 0) return a->given[i].value;
    }
    return NULL;
}

bool cli_has(const cli_args *a, const char *name)
{
    for (int i = 0; i < a->givens; i++) {
        if (strcmp(a->given[i].option->name, name) == 0) return true;
    }
    return false;
}

double cli_amount(const cli_args *a, const char *name, double otherwise)
{
    for (int i = a->givens; i-- > 0;) {
        const cli_option *o = a->given[i].option;
        double v;
        grat_op op;
        if (strcmp(o->name, name) != 0) continue;
        grat_op_init(&op, 0, NULL);
        if (grat_parse_quantity(a->given[i].value, o->unit ? o->unit : "", &v, &op) == GRAT_OK) return v;
    }
    return otherwise;
}
