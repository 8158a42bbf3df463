/* grat list: every instrument once, with all its addresses, as it is found. */
#include "cli/commands.h"

#include <string.h>

typedef struct listing {
    cli *c;
    unsigned n;
} listing;

static void put_json(cli_json *j, const grat_found *f)
{
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "resource", f->resource);
    cli_json_open(j, "addresses", '[');
    for (const char *const *a = f->addresses; *a; a++) cli_json_str(j, NULL, *a);
    cli_json_close(j, ']');
    if (f->name) cli_json_str(j, "name", f->name);
    cli_json_str(j, "via", f->via);
    cli_json_identity(j, &f->identity);
    if (f->note) cli_json_str(j, "note", f->note);
    if (f->again) cli_json_bool(j, "again", true);
    cli_json_close(j, '}');
}

static void print_json(const grat_found *f)
{
    cli_json j = {.f = stdout};
    put_json(&j, f);
}

static void print_text(const grat_found *f)
{
    const grat_identity *id = &f->identity;
    const char *part[] = {id->vendor, id->model, id->serial, id->firmware};
    printf("%s", f->resource);
    if (f->name) printf("  %s", f->name);
    const char *gap = "  ";
    for (unsigned i = 0; i < 4; i++) {
        if (!*part[i]) continue;
        printf("%s%s", gap, part[i]);
        gap = " ";
    }
    if (f->note) printf("  [%s]", f->note);
    printf("  (%s)%s\n", f->via, f->again ? "  again, with more" : "");
    for (const char *const *a = f->addresses + 1; *a; a++) printf("    %s\n", *a);
}

static void on_found(void *user, const grat_found *f)
{
    listing *l = user;
    if (!f->again) l->n++;
    if (l->c->json) print_json(f);
    else print_text(f);
    fflush(stdout);
}

static void on_explain(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
}

/* One document or list at the end: the buses with their instruments. */
static int by_bus(cli *c, const grat_discover_options *opt)
{
    grat_catalog *all = NULL;
    const grat_found *f;
    const char *bus;
    cli_json j = {.f = stdout};
    grat_err e = grat_catalog_new(opt, &c->op, &all);
    if (e && !all) return cli_fail(c, "discovery");
    if (c->json) cli_json_open(&j, NULL, '{');
    for (unsigned b = 0; (bus = grat_catalog_bus(all, b)); b++) {
        if (c->json) cli_json_open(&j, bus, '[');
        else printf("%s\n", bus);
        for (unsigned i = 0; (f = grat_catalog_item(all, bus, i)); i++) {
            if (c->json) put_json(&j, f);
            else printf("  "), print_text(f);
        }
        if (c->json) cli_json_close(&j, ']');
    }
    if (c->json) cli_json_close(&j, '}');
    grat_catalog_free(all);
    return cli_flush(e ? CLI_INCOMPLETE : CLI_DONE);
}

static int run(cli *c)
{
    listing l = {.c = c};
    const char *by = cli_value(&c->args, "by");
    bool explain = cli_has(&c->args, "explain");
    grat_discover_options opt = {.size = sizeof opt, .explain = explain ? on_explain : NULL};
    if (!c->config && !explain) cli_note(c, "warning: %s", c->config_op.text);
    if (by && strcmp(by, "bus") != 0) return cli_usage("list: --by %.40s: it is --by bus", by);
    if (by) return by_bus(c, &opt);
    grat_err e = grat_discover(&opt, on_found, &l, &c->op);
    if (e == GRAT_ECANCELED && l.n) return CLI_INCOMPLETE;
    if (e) return cli_fail(c, "discovery");
    if (!l.n) cli_note(c, "no instrument found%s", explain ? "" : "; grat list --explain says what was tried");
    return CLI_DONE;
}

static const cli_option options[] = {
    {"by", 0, CLI_TEXT, "bus", "all at the end, by bus: with --json one dictionary TCPIP: [...], USB: [...]", NULL},
    {"explain", 'e', CLI_FLAG, NULL, "say what was tried and why it found nothing", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_list = {
    .name = "list",
    .args = "",
    .summary = "find instruments and show each as it is found",
    .text = "One line an instrument: the best resource, its alias, its identity and what found it; its other addresses "
            "stand below. Serial ports are listed without asking what hangs on them. With --json one document a line.",
    .options = options,
    .exec = run,
};
