/* grat measure: numbers about a live capture or a file. */
#include "cli/commands.h"

#include <math.h>

typedef struct measuring {
    cli *c;
    grat_meta meta;
    grat_meter *meter;
    unsigned records, flags, traces;
    uint64_t samples;
    double dt;
    char name[GRAT_MAX_CHANNELS][16];
} measuring;

static void json_trace(cli_json *j, const measuring *k, unsigned t)
{
    grat_measurement m[GRAT_MEASUREMENTS];
    unsigned n = grat_meter_get(k->meter, t, m);
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "name", k->name[t]);
    for (unsigned i = 0; i < n; i++) {
        cli_json_open(j, m[i].name, '{');
        cli_json_num(j, "value", m[i].value);
        cli_json_str(j, "unit", m[i].unit);
        cli_json_close(j, '}');
    }
    cli_json_close(j, '}');
}

static void show_json(const measuring *k)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", k->c->resource);
    cli_json_identity(&j, &k->meta.identity);
    cli_json_u64(&j, "samples", k->samples);
    cli_json_num(&j, "sample_interval", k->dt);
    cli_json_flags(&j, k->flags);
    cli_json_open(&j, "traces", '[');
    for (unsigned t = 0; t < k->traces; t++) json_trace(&j, k, t);
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void show_table(const measuring *k)
{
    char text[48];
    for (unsigned t = 0; t < k->traces; t++) {
        grat_measurement m[GRAT_MEASUREMENTS];
        unsigned n = grat_meter_get(k->meter, t, m);
        printf("channel %s\n", k->name[t]);
        for (unsigned i = 0; i < n; i++) {
            if (isnan(m[i].value)) {
                snprintf(text, sizeof text, "-");
            } else if (!m[i].unit[0]) {
                snprintf(text, sizeof text, "%.6g", m[i].value);
            } else {
                grat_format_quantity(text, sizeof text, m[i].value, m[i].unit);
            }
            printf("  %-12s %s\n", m[i].name, text);
        }
    }
}

static void show(const measuring *k)
{
    if (k->c->json) show_json(k);
    else show_table(k);
}

static bool on_piece(void *user, grat_record *r)
{
    measuring *k = user;
    grat_meter_add(k->meter, r);
    k->samples += r->count;
    k->flags |= r->flags;
    k->dt = r->dt;
    k->traces = r->traces;
    for (unsigned t = 0; t < r->traces; t++) snprintf(k->name[t], sizeof k->name[t], "%s", r->trace[t].name);
    return true;
}

/* Each acquisition by itself. */
static bool on_record(void *user, grat_record *r)
{
    measuring *k = user;
    k->meter = grat_meter_new();
    if (!k->meter) return false;
    do {
        k->samples = 0;
        on_piece(k, r);
    } while (grat_meter_again(k->meter));
    k->records++;
    show(k);
    grat_meter_free(k->meter);
    return fflush(stdout) == 0;
}

static int from_file(measuring *k, const char *path)
{
    cli *c = k->c;
    grat_err e;
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    k->meter = grat_meter_new();
    if (!k->meter) return cli_error("%s: out of memory", path);
    do {
        k->samples = 0;
        e = grat_read_pieces(path, &k->meta, on_piece, k, &c->op);
    } while (!e && grat_meter_again(k->meter));
    if (!e && !k->samples) e = grat_op_fail(&c->op, GRAT_ENODATA, "%s: there are no samples in it", path);
    snprintf(c->resource, sizeof c->resource, "%s", k->meta.resource);
    if (!e) show(k);
    grat_meter_free(k->meter);
    if (e) return cli_fail(c, path);
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
    k->meta.identity = *grat_scope_identity(sc);
    grat_err e = grat_capture(sc, &q, on_record, k, &c->op);
    if (e) status = cli_fail(c, c->resource);
    if (k->records && (e || k->flags & GRAT_REC_CUT)) status = CLI_INCOMPLETE;
    grat_scope_close(sc);
    return status;
}

static int run(cli *c)
{
    static measuring k;
    k.c = c;
    if (cli_only_resource(c)) return CLI_USAGE;
    if (c->args.args && !cli_is_resource(c, c->args.arg[0])) return from_file(&k, c->args.arg[0]);
    return from_scope(&k);
}

const cli_command cli_cmd_measure = {
    .name = "measure",
    .args = "[RESOURCE | FILE]",
    .summary = "measure a live capture or a file",
    .text = "All of a record is measured, also the part of a period at its end; acrms is without the mean. amplitude "
            "is between the two levels at which the signal rests, else between the extremes; rise and fall are from "
            "10 % to 90 % of it, and - where edges are faster than two samples. frequency, period and duty are of "
            "all whole periods.",
    .shared = cli_acquire_options,
    .max_args = 1,
    .long_wait = true,
    .exec = run,
};
