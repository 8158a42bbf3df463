/* grat measure: numbers about a live capture or a file. */
#include "cli/commands.h"

#include <math.h>

typedef struct measuring {
    cli *c;
    grat_identity identity;
    unsigned records, flags;
} measuring;

static void json_trace(cli_json *j, const grat_record *r, unsigned t)
{
    grat_measurement m[GRAT_MEASUREMENTS];
    unsigned n = grat_measure(r, t, m);
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "name", r->trace[t].name);
    for (unsigned i = 0; i < n; i++) {
        cli_json_open(j, m[i].name, '{');
        cli_json_num(j, "value", m[i].value);
        cli_json_str(j, "unit", m[i].unit);
        cli_json_close(j, '}');
    }
    cli_json_close(j, '}');
}

static void show_json(const measuring *k, const grat_record *r)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->identity);
    cli_json_u64(&j, "samples", r->count);
    cli_json_num(&j, "sample_interval", r->dt);
    cli_json_flags(&j, r->flags);
    cli_json_open(&j, "traces", '[');
    for (unsigned t = 0; t < r->traces; t++) json_trace(&j, r, t);
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void show_table(const grat_record *r)
{
    char text[48];
    for (unsigned t = 0; t < r->traces; t++) {
        grat_measurement m[GRAT_MEASUREMENTS];
        unsigned n = grat_measure(r, t, m);
        printf("channel %s\n", r->trace[t].name);
        for (unsigned i = 0; i < n; i++) {
            if (isnan(m[i].value)) {
                snprintf(text, sizeof text, "-");
            } else {
                grat_format_quantity(text, sizeof text, m[i].value, m[i].unit);
            }
            printf("  %-12s %s\n", m[i].name, text);
        }
    }
}

static bool on_record(void *user, grat_record *r)
{
    measuring *k = user;
    k->records++;
    k->flags |= r->flags;
    if (k->c->json) {
        show_json(k, r);
    } else {
        show_table(r);
    }
    return fflush(stdout) == 0;
}

static int from_file(measuring *k, const char *path)
{
    static grat_meta meta;
    grat_record *r;
    if (grat_read_file(path, &meta, &r, &k->c->op)) return cli_fail(k->c, path);
    k->identity = meta.identity;
    snprintf(k->c->resource, sizeof k->c->resource, "%s", meta.resource);
    on_record(k, r);
    grat_record_unref(r);
    return k->flags & GRAT_REC_CUT ? CLI_INCOMPLETE : CLI_DONE;
}

static int from_scope(measuring *k)
{
    cli *c = k->c;
    grat_request q;
    grat_scope *sc;
    if (cli_parse_request(&c->args, &q, &c->op)) return cli_usage("%s", c->op.text);
    cli_acquire_deadline(c, &q);
    int status = cli_open_scope(c, &sc);
    if (status) return status;
    k->identity = *grat_scope_identity(sc);
    grat_err e = grat_capture(sc, &q, on_record, k, &c->op);
    if (e) status = cli_fail(c, c->resource);
    if (k->records && (e || k->flags & GRAT_REC_CUT)) status = CLI_INCOMPLETE;
    grat_scope_close(sc);
    return status;
}

static int run(cli *c)
{
    measuring k = {.c = c};
    if (c->args.args && !cli_is_resource(c, c->args.arg[0])) return from_file(&k, c->args.arg[0]);
    return from_scope(&k);
}

const cli_command cli_cmd_measure = {
    .name = "measure",
    .args = "[RESOURCE | FILE]",
    .summary = "measure a live capture or a file",
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
