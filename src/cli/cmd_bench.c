/* grat bench: what the configuration says of benches, against what is there. */
#include "cli/commands.h"
#include "cli/sync_out.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FOUND 256

/* ---- check ------------------------------------------------------------------------------------------ */

static void check_json(cli_json *j, const grat_sync_result *r, const grat_sync_member *m)
{
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "member", r->name);
    cli_json_str(j, "resource", r->resource);
    if (m->kind) cli_json_str(j, "kind", m->kind);
    cli_json_identity(j, &r->identity);
    if (m->identity) cli_json_str(j, "expected", m->identity);
    cli_json_bool(j, "ok", !r->err);
    if (r->round_trip_ns) cli_json_num(j, "round_trip_s", (double)r->round_trip_ns / 1e9);
    if (r->err) cli_json_str(j, "error", grat_err_name(r->err));
    if (r->err) cli_json_str(j, "text", r->text);
    cli_json_close(j, '}');
}

static void check_line(const grat_sync_result *r)
{
    char trip[32];
    const grat_identity *d = &r->identity;
    printf("%s  %s  %s", r->err ? "bad" : "ok ", r->name, r->resource);
    if (*d->model) printf("  %s %s %s %s", d->vendor, d->model, d->serial, d->firmware);
    if (r->round_trip_ns)
        printf("  answers in %s", grat_format_quantity(trip, sizeof trip, (double)r->round_trip_ns / 1e9, "s"));
    if (r->err) printf("  %s", r->text);
    putchar('\n');
}

static int report(const cli *c, const grat_sync *y, const grat_bench *b)
{
    cli_json j = {.f = stdout};
    const grat_sync_result *r;
    unsigned bad = 0;
    if (c->json) {
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "bench", b->name);
        if (b->reference) cli_json_str(&j, "reference", b->reference);
        cli_json_open(&j, "wiring", '[');
        for (const char *const *w = b->wiring; w && *w; w++) cli_json_str(&j, NULL, *w);
        cli_json_close(&j, ']');
        cli_json_open(&j, "members", '[');
    }
    for (unsigned i = 0; (r = grat_sync_get(y, i)); i++) {
        bad += r->err != GRAT_OK;
        if (c->json) check_json(&j, r, &b->member[i]);
        else check_line(r);
    }
    if (c->json) {
        cli_json_close(&j, ']');
        cli_json_close(&j, '}');
    }
    if (!c->json && b->reference) printf("    the reference is %s\n", b->reference);
    for (const char *const *w = b->wiring; !c->json && w && *w; w++) printf("    wiring: %s\n", *w);
    return bad == b->members ? CLI_FAILED : bad ? CLI_INCOMPLETE : CLI_DONE;
}

/* Nothing is set: only identities are asked for, and a few answers timed. */
static int check(cli *c)
{
    grat_sync *y = NULL;
    grat_bench b;
    grat_sync_options opt = {.size = sizeof opt, .even_none = true, .brief = true};
    if (c->args.args < 2) return cli_usage("bench check: which bench? Its name stands in %s under benches:",
                                           c->config ? grat_config_path(c->config) : "the configuration");
    grat_sync_member *m = sync_members(c, 1, &b);
    if (!m) return CLI_USAGE;
    for (unsigned i = 0; i < b.members; i++) {
        m[i].recipe.setup = m[i].recipe.clock = NULL;
    }
    int status = CLI_DONE;
    if (grat_sync_open(m, b.members, &opt, &c->op, &y)) status = cli_fail(c, b.name);
    else status = report(c, y, &b);
    grat_sync_close(y);
    free(m);
    return cli_flush(status);
}

/* ---- init ------------------------------------------------------------------------------------------- */

typedef struct written {
    FILE *f;
    char name[MAX_FOUND][32];
    unsigned n;
} written;

/* A name from the model: small letters and digits, and a number that tells equal ones apart. */
static void name_of(const written *w, const char *model, char out[32])
{
    char base[20] = "";
    unsigned n = 0, same = 1;
    for (; *model && n < sizeof base - 1; model++)
        if (isalnum((unsigned char)*model)) base[n++] = (char)tolower((unsigned char)*model);
    base[n] = '\0';
    if (!n) snprintf(base, sizeof base, "instrument");
    for (unsigned i = 0; i < w->n; i++) same += strncmp(w->name[i], base, strlen(base)) == 0;
    if (same > 1) snprintf(out, 32, "%s-%u", base, same);
    else snprintf(out, 32, "%s", base);
}

/* Between single quotes, those inside doubled. */
static void put_quoted(FILE *f, const char *text)
{
    fputc('\'', f);
    for (; *text; text++) {
        if (*text == '\'') fputc('\'', f);
        fputc(*text, f);
    }
    fputc('\'', f);
}

#define RECIPES "# recipe: init (INITiate, FETCh?) suits multimeters; write scope for an oscilloscope\n"

static void on_found(void *user, const grat_found *f)
{
    written *w = user;
    if (f->again || !f->identity.model[0] || w->n == MAX_FOUND) return;
    char identity[140];
    name_of(w, f->identity.model, w->name[w->n]);
    fprintf(w->f, "%s  %s:\n    resource: ", w->n ? "" : RECIPES "instruments:\n", w->name[w->n]);
    put_quoted(w->f, f->resource);
    snprintf(identity, sizeof identity, "%s,%s", f->identity.model, f->identity.serial);
    fputs("\n    identity: ", w->f);
    put_quoted(w->f, identity);
    fputs("\n    recipe: init\n    setup: []\n", w->f);
    w->n++;
}

static int init(cli *c)
{
    static written w;
    char *text = NULL;
    size_t n = 0;
    const char *path = cli_value(&c->args, "output");
    FILE *there = path ? fopen(path, "re") : NULL;
    if (there) {
        fclose(there);
        return cli_error("%s: it is there already; choose another name", path);
    }
    w.f = open_memstream(&text, &n);
    if (!w.f) return cli_error("bench: out of memory");
    grat_err e = grat_discover(NULL, on_found, &w, &c->op);
    for (unsigned i = 0; i < w.n; i++) fprintf(w.f, "%s%s", i ? ", " : "benches:\n  bench: [", w.name[i]);
    if (w.n) fputs("]\n", w.f);
    fclose(w.f);
    int status = CLI_DONE;
    if (e) status = cli_fail(c, "discovery");
    else if (!w.n) status = cli_error("bench: no instrument answered; grat list --explain says what was tried");
    else if (path && grat_save(path, text, n, &c->op)) status = cli_fail(c, path);
    else if (path) printf("%s\n", path);
    else fwrite(text, 1, n, stdout);
    free(text);
    return cli_flush(status);
}

static int run(cli *c)
{
    if (strcmp(c->args.arg[0], "check") == 0) return check(c);
    if (strcmp(c->args.arg[0], "init") == 0 && c->args.args == 1) return init(c);
    return cli_usage("bench: \"%.40s\": it is check NAME or init", c->args.arg[0]);
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "init: where to write; else standard output", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_bench = {
    .name = "bench",
    .args = "check NAME | init",
    .summary = "open a whole bench at once and compare it with the configuration; or write a first one",
    .text = "check opens every member, asks who it is, and sets nothing: exit status 3 when one is missing or another "
            "than expected, 1 when none is there. init writes instruments: and benches: from what discovery found.",
    .options = options,
    .min_args = 1,
    .max_args = -1,
    .exec = run,
};
