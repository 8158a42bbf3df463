#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/model.h"

#define MAX_PATH 96

static const sim_command *find(const sim_instrument *in, const char *header, size_t n, bool query, sim_call *c)
{
    const sim_command *own[] = {sim_common_commands};
    const sim_command *const *tables = in->model->tables;
    for (unsigned t = 0; t == 0 || tables[t - 1]; t++) {
        for (const sim_command *k = t ? tables[t - 1] : own[0]; k->pattern; k++) {
            if (!(query ? k->get : k->set)) continue;
            if (sim_header_match(k->pattern, header, n, c->number)) return k;
        }
    }
    return NULL;
}

/* The header's length without '?', and the arguments after it. */
static size_t split(char *unit, bool *query, char **args)
{
    size_t n = 0;
    while (unit[n] && !isspace((unsigned char)unit[n]) && unit[n] != '?') n++;
    *query = unit[n] == '?';
    *args = unit + n + *query;
    while (isspace((unsigned char)**args)) ++*args;
    return n;
}

/* A unit without a leading colon is taken from where the unit before it stood (SCPI-1999 §6.2.4), else, as Rigol's
 * programs expect, from the root. `path` is the header of the unit before without its last node. */
static const sim_command *resolve(sim_instrument *in, const char *header, size_t n, bool query, char *path, sim_call *c)
{
    bool rooted = *header == ':' || *header == '*';
    char full[MAX_PATH * 2];
    if (*header == ':') header++, n--;
    if (n >= MAX_PATH) return NULL;
    snprintf(full, sizeof full, "%s%.*s", rooted ? "" : path, (int)n, header);
    const sim_command *k = find(in, full, strlen(full), query, c);
    if (!k && !rooted && *path) {
        snprintf(full, sizeof full, "%.*s", (int)n, header);
        k = find(in, full, n, query, c);
    }
    if (k && *full != '*') {
        char *colon = strrchr(full, ':');
        if (colon) colon[1] = '\0';
        else *full = '\0';
        grat__strcpy(path, MAX_PATH, full);
    }
    return k;
}

/* Commands that start a measurement, a sequence or a sweep; *TRG is noted where the triggers of all wires meet. */
static bool is_start(const char *pattern)
{
    static const char *const starts[] = {":INITiate[:IMMediate]", ":READ", ":SINGle"};
    for (unsigned i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strcmp(pattern, starts[i]) == 0) return true;
    return false;
}

static void run_unit(sim_instrument *in, char *unit, char *path, sim_call *c)
{
    bool query;
    char *args;
    size_t n = split(unit, &query, &args);
    const sim_command *k = resolve(in, unit, n, query, path, c);
    if (!k) {
        sim_status_error(&in->status, -113);
        if (query && in->unknown_reply) sim_put(c, "command error");
        return;
    }
    c->command = k;
    c->args = args;
    if (in->start_log >= 0 && is_start(k->pattern)) sim_note_start(in, k->pattern, c->now_ns);
    (query ? k->get : k->set)(c);
}

/* The end of the unit that starts at p: a ';' outside quotes. */
static char *unit_end(char *p)
{
    char quote = 0;
    for (; *p && (quote || *p != ';'); p++)
        if (quote ? *p == quote : *p == '"' || *p == '\'') quote = quote ? 0 : *p;
    return p;
}

void sim_execute(sim_instrument *in, char *message, sim_call *c)
{
    char path[MAX_PATH] = "";
    c->in = in;
    c->model = in->priv;
    if (in->model->step) in->model->step(in->priv, c->now_ns);
    for (char *p = message; *p;) {
        char *unit = p + strspn(p, " \t"), *end = unit_end(unit);
        p = *end ? end + 1 : end;
        *end = '\0';
        grat__rtrim(unit, (size_t)(end - unit));
        if (!*unit) continue;
        size_t before = c->out->len;
        bool joined = before || c->pattern;
        if (joined) grat__buf_puts(c->out, ";");
        size_t start = c->out->len;
        const uint8_t *body = c->pattern;
        run_unit(in, unit, path, c);
        if (joined && c->out->len == start && c->pattern == body) c->out->len = before;
    }
    if (in->model->step) in->model->step(in->priv, c->now_ns);
    sim_status_update(&in->status, sim_instrument_mav(in));
}
