#include "cli/sync_out.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- who takes part ------------------------------------------------------------------------------- */

static const grat_bench *find_bench(const cli *c, const char *name)
{
    const grat_bench *b;
    for (unsigned i = 0; c->config && (b = grat_config_bench(c->config, i)); i++)
        if (strcasecmp(b->name, name) == 0) return b;
    return NULL;
}

/* The instrument of that name as some bench has it, with its recipe. */
static const grat_sync_member *find_member(const cli *c, const char *name)
{
    const grat_bench *b;
    for (unsigned i = 0; c->config && (b = grat_config_bench(c->config, i)); i++)
        for (unsigned k = 0; k < b->members; k++)
            if (strcasecmp(b->member[k].name, name) == 0) return &b->member[k];
    return NULL;
}

grat_sync_member *sync_members(cli *c, int from, grat_bench *out)
{
    const char *unused;
    grat_sync_member *m = calloc(GRAT_SYNC_MAX, sizeof *m);
    *out = (grat_bench){.size = sizeof *out, .name = c->args.arg[from], .member = m};
    for (int i = from; m && i < c->args.args; i++) {
        const char *name = c->args.arg[i];
        const grat_bench *b = find_bench(c, name);
        const grat_sync_member *known = b ? b->member : find_member(c, name);
        unsigned n = b ? b->members : 1;
        if (b) out->reference = b->reference, out->wiring = b->wiring;
        grat_sync_member plain = {.size = sizeof plain, .name = name, .resource = name};
        grat_recipe_nth(0, &unused, &unused, &plain.recipe);
        bool fits = out->members + n <= GRAT_SYNC_MAX;
        if (fits && (known || cli_is_resource(c, name))) {
            memcpy(m + out->members, known ? known : &plain, n * sizeof *m);
            out->members += n;
            continue;
        }
        if (!fits) cli_usage("%.60s: at most %d members", name, GRAT_SYNC_MAX);
        else if (!c->config) cli_usage("%s", c->config_op.text);
        else cli_usage("%.60s: neither a bench, an alias nor a resource", name);
        free(m);
        return NULL;
    }
    return m;
}

/* ---- CSV ------------------------------------------------------------------------------------------ */

static void put_seconds(const sync_out *o, int64_t monotonic_ns)
{
    int64_t ns = monotonic_ns + o->to_utc_ns;
    if (monotonic_ns) fprintf(o->f, "%lld.%09lld", (long long)(ns / 1000000000), (long long)(ns % 1000000000));
    fputc(',', o->f);
}

/* Quoted where RFC 4180 asks for it; a line end becomes a blank. */
static void put_text(FILE *f, const char *text)
{
    bool quote = strpbrk(text, ",\"\n\r") != NULL;
    if (quote) fputc('"', f);
    for (; *text; text++) {
        if (*text == '"') fputc('"', f);
        fputc(*text == '\n' || *text == '\r' ? ' ' : *text, f);
    }
    if (quote) fputc('"', f);
}

static void put_row(const sync_out *o, const grat_sync_result *r, uint64_t run, size_t i)
{
    fprintf(o->f, "%llu,", (unsigned long long)run);
    put_text(o->f, r->name);
    fputc(',', o->f);
    put_seconds(o, r->start_ns);
    if (r->start_ns) fprintf(o->f, "%.9f", (double)r->uncertainty_ns / 1e9);
    fprintf(o->f, ",%s,", r->start_ns ? r->acknowledged ? "1" : "0" : "");
    put_seconds(o, r->read_ns);
    if (i < r->values) fprintf(o->f, "%zu,%.12g", i, r->value[i]);
    else fputc(',', o->f);
    fputc(',', o->f);
    if (!r->values && r->reply && r->reply_size < 4096) put_text(o->f, (const char *)r->reply);
    fputc(',', o->f);
    if (r->err) fprintf(o->f, "%s %s: ", grat_sync_step_name(r->step), grat_err_name(r->err));
    put_text(o->f, r->text);
    fputc('\n', o->f);
}

/* ---- JSON ----------------------------------------------------------------------------------------- */

static void put_time(const sync_out *o, cli_json *j, const char *key, int64_t monotonic_ns)
{
    char text[40];
    int64_t ns = monotonic_ns + o->to_utc_ns;
    if (!monotonic_ns) return;
    snprintf(text, sizeof text, "%lld.%09lld", (long long)(ns / 1000000000), (long long)(ns % 1000000000));
    cli_json_str(j, key, text); /* a double has no room for the nanoseconds */
}

static void put_alignment(cli_json *j, const grat_sync_result *r)
{
    cli_json_num(j, "lag_s", r->alignment.lag);
    cli_json_num(j, "lag_uncertainty_s", r->alignment.lag_uncertainty);
    cli_json_num(j, "rate", r->rate_uncertainty > 0 ? r->rate : r->alignment.rate);
    cli_json_num(j, "rate_uncertainty", r->rate_uncertainty);
    if (r->alignment.period > 0) cli_json_num(j, "period_s", r->alignment.period);
}

static void put_result(const sync_out *o, cli_json *j, const grat_sync_result *r)
{
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "member", r->name);
    cli_json_str(j, "resource", r->resource);
    cli_json_identity(j, &r->identity);
    put_time(o, j, "start_utc", r->start_ns);
    if (r->start_ns) {
        cli_json_num(j, "uncertainty_s", (double)r->uncertainty_ns / 1e9);
        cli_json_bool(j, "acknowledged", r->acknowledged);
        if (r->stamped) cli_json_bool(j, "stamped", true);
    }
    put_time(o, j, "read_utc", r->read_ns);
    if (r->round_trip_ns) cli_json_num(j, "round_trip_s", (double)r->round_trip_ns / 1e9);
    if (r->has_clock) {
        cli_json_num(j, "clock_offset_s", r->clock_offset);
        cli_json_num(j, "clock_uncertainty_s", r->clock_uncertainty);
        cli_json_num(j, "clock_drift", r->clock_drift);
        cli_json_num(j, "clock_drift_uncertainty", r->clock_drift_uncertainty);
    }
    if (r->record) cli_json_u64(j, "samples", r->record->count);
    if (r->aligned) put_alignment(j, r);
    if (r->values) {
        cli_json_open(j, "values", '[');
        for (size_t k = 0; k < r->values; k++) cli_json_num(j, NULL, r->value[k]);
        cli_json_close(j, ']');
    } else if (r->reply && r->reply_size < 4096) {
        cli_json_bytes(j, "reply", r->reply, r->reply_size);
    }
    if (r->err) {
        cli_json_str(j, "step", grat_sync_step_name(r->step));
        cli_json_str(j, "error", grat_err_name(r->err));
        cli_json_str(j, "text", r->text);
    }
    cli_json_close(j, '}');
}

void sync_out_object(const sync_out *o, cli_json *j, const grat_sync *y, uint64_t run)
{
    const grat_sync_result *r;
    cli_json_open(j, NULL, '{');
    cli_json_u64(j, "run", run);
    cli_json_num(j, "send_spread_s", (double)grat_sync_send_spread_ns(y) / 1e9);
    cli_json_open(j, "members", '[');
    for (unsigned i = 0; (r = grat_sync_get(y, i)); i++) put_result(o, j, r);
    cli_json_close(j, ']');
    cli_json_close(j, '}');
}

/* ---- for a person --------------------------------------------------------------------------------- */

void sync_out_lines(const sync_out *o, const grat_sync *y)
{
    const grat_sync_result *r;
    int64_t first = 0;
    (void)o;
    for (unsigned i = 0; (r = grat_sync_get(y, i)); i++)
        if (r->start_ns && (!first || r->start_ns < first)) first = r->start_ns;
    for (unsigned i = 0; (r = grat_sync_get(y, i)); i++) {
        char start[32], sure[32];
        printf("%s", r->name);
        for (size_t k = 0; k < r->values; k++) printf("%s%.10g", k ? "," : "  ", r->value[k]);
        if (!r->values && r->reply && r->reply_size < 200) printf("  %s", (const char *)r->reply);
        if (r->record) printf("  %llu samples", (unsigned long long)r->record->count);
        if (r->aligned)
            printf("  lag %s ± %s", grat_format_quantity(start, sizeof start, r->alignment.lag, "s"),
                   grat_format_quantity(sure, sizeof sure, r->alignment.lag_uncertainty, "s"));
        if (r->start_ns)
            printf("  started at +%s ± %s",
                   grat_format_quantity(start, sizeof start, (double)(r->start_ns - first) / 1e9, "s"),
                   grat_format_quantity(sure, sizeof sure, (double)r->uncertainty_ns / 1e9, "s"));
        if (r->err) printf("  failed (%s): %s", grat_sync_step_name(r->step), r->text);
        putchar('\n');
    }
}

/* ---- the file ------------------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *end)
{
    size_t n = strlen(path), k = strlen(end);
    return n >= k && strcasecmp(path + n - k, end) == 0;
}

bool sync_out_is_h5(const char *path)
{
    return ends_with(path, ".h5") || ends_with(path, ".hdf5");
}

int sync_out_named(const char *path)
{
    if (sync_out_is_h5(path) || ends_with(path, ".json") || ends_with(path, ".csv")) return CLI_DONE;
    return cli_usage("%.100s: the name must end in .csv, .json or .h5", path);
}

int sync_out_open(sync_out *o, const char *path, const grat_bench *b)
{
    o->path = path;
    o->json = ends_with(path, ".json");
    o->f = fopen(path, "we");
    if (!o->f) return cli_error("%.100s: cannot be written: %s", path, strerror(errno));
    if (!o->json) {
        fputs("run,member,start_utc_s,uncertainty_s,acknowledged,read_utc_s,index,value,reply,error\n", o->f);
        return CLI_DONE;
    }
    o->doc = (cli_json){.f = o->f};
    cli_json_open(&o->doc, NULL, '{');
    cli_json_str(&o->doc, "bench", b->name);
    if (b->reference) cli_json_str(&o->doc, "reference", b->reference);
    cli_json_open(&o->doc, "wiring", '[');
    for (const char *const *w = b->wiring; w && *w; w++) cli_json_str(&o->doc, NULL, *w);
    cli_json_close(&o->doc, ']');
    cli_json_open(&o->doc, "runs", '[');
    return CLI_DONE;
}

bool sync_out_run(sync_out *o, const grat_sync *y, uint64_t run)
{
    const grat_sync_result *r;
    if (!o->f) return true;
    if (o->json) {
        sync_out_object(o, &o->doc, y, run);
        fputc('\n', o->f);
    }
    for (unsigned i = 0; !o->json && (r = grat_sync_get(y, i)); i++)
        for (size_t k = 0; k == 0 || k < r->values; k++) put_row(o, r, run, k);
    return fflush(o->f) == 0 && !ferror(o->f);
}

int sync_out_close(sync_out *o)
{
    if (!o->f) return CLI_DONE;
    if (o->json) {
        cli_json_close(&o->doc, ']');
        cli_json_close(&o->doc, '}');
    }
    bool bad = ferror(o->f);
    bad = fclose(o->f) || bad;
    o->f = NULL;
    return bad ? cli_error("%.100s: cannot be written; is the disk full?", o->path) : CLI_DONE;
}
