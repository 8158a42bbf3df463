/* grat info: identity, capabilities, current settings. */
#include "cli/commands.h"

#include <string.h>

static const char *coupling_name(grat_coupling k)
{
    return k == GRAT_DC ? "dc" : k == GRAT_AC ? "ac" : k == GRAT_GND ? "gnd" : "?";
}

static const char *slope_name(grat_slope s)
{
    static const char *const names[] = {"?", "rising", "falling", "either", "above", "below"};
    return names[s >= GRAT_RISING && s <= GRAT_BELOW ? s : 0];
}

static const char *acq_name(grat_acq_type t)
{
    static const char *const names[] = {"?", "normal", "average", "peak", "hires"};
    return names[t >= GRAT_ACQ_NORMAL && t <= GRAT_ACQ_HIRES ? t : 0];
}

static const char *sweep_name(grat_sweep s)
{
    return s == GRAT_SWEEP_AUTO ? "auto" : s == GRAT_SWEEP_NORMAL ? "normal" : s == GRAT_SWEEP_SINGLE ? "single" : "?";
}

static void json_caps(cli_json *j, const grat_caps *k)
{
    cli_json_open(j, "capabilities", '{');
    cli_json_str(j, "driver", k->driver ? k->driver : "");
    cli_json_u64(j, "analog_channels", k->analog);
    cli_json_u64(j, "digital_channels", k->digital);
    cli_json_u64(j, "generators", k->generators);
    cli_json_num(j, "bandwidth_hz", k->bandwidth_hz);
    cli_json_open(j, "max_rate", '[');
    for (unsigned i = 1; i <= k->analog && i <= GRAT_MAX_ANALOG; i++) cli_json_num(j, NULL, k->max_rate[i]);
    cli_json_close(j, ']');
    cli_json_open(j, "max_depth", '[');
    for (unsigned i = 1; i <= k->analog && i <= GRAT_MAX_ANALOG; i++) cli_json_u64(j, NULL, k->max_depth[i]);
    cli_json_close(j, ']');
    cli_json_close(j, '}');
}

static void json_channel(cli_json *j, const grat_channel_settings *ch, const char *name)
{
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "name", name);
    cli_json_bool(j, "enabled", ch->enabled);
    cli_json_num(j, "scale", ch->scale);
    cli_json_num(j, "offset", ch->offset);
    cli_json_num(j, "probe", ch->probe);
    cli_json_str(j, "coupling", coupling_name(ch->coupling));
    cli_json_bool(j, "bandwidth_limit", ch->bandwidth_limit);
    cli_json_bool(j, "invert", ch->invert);
    cli_json_str(j, "unit", ch->unit);
    cli_json_close(j, '}');
}

static void json_settings(cli_json *j, const grat_settings *s, const grat_caps *k)
{
    cli_json_open(j, "settings", '{');
    cli_json_open(j, "channels", '[');
    for (unsigned i = 0; i < k->analog && i < GRAT_MAX_ANALOG; i++) json_channel(j, &s->channel[i], k->analog_name[i]);
    cli_json_close(j, ']');
    cli_json_num(j, "timebase", s->timebase);
    cli_json_num(j, "delay", s->delay);
    cli_json_str(j, "acquisition", acq_name(s->acq));
    cli_json_u64(j, "averages", s->averages);
    cli_json_u64(j, "depth", s->depth);
    cli_json_num(j, "rate", s->rate);
    cli_json_open(j, "trigger", '{');
    cli_json_str(j, "type", s->trigger_type);
    cli_json_str(j, "source", s->trigger_source);
    cli_json_str(j, "slope", slope_name(s->trigger_slope));
    cli_json_num(j, "level", s->trigger_level);
    cli_json_str(j, "sweep", sweep_name(s->sweep));
    cli_json_num(j, "holdoff", s->holdoff);
    cli_json_close(j, '}');
    cli_json_close(j, '}');
}

static void row(const char *name, double value, const char *unit)
{
    char text[48];
    printf("%-14s %s\n", name, grat_format_quantity(text, sizeof text, value, unit));
}

static void table_caps(const grat_caps *k)
{
    printf("%-14s %u analog, %u digital\n", "channels", k->analog, k->digital);
    if (k->bandwidth_hz > 0) row("bandwidth", k->bandwidth_hz, "Hz");
    row("fastest", k->max_rate[1], "S/s");
    row("memory", (double)k->max_depth[1], "S");
    printf("%-14s %s\n", "driver", k->driver ? k->driver : "");
}

static void table_settings(const grat_settings *s, const grat_caps *k)
{
    char a[32], b[32];
    for (unsigned i = 0; i < k->analog && i < GRAT_MAX_ANALOG; i++) {
        const grat_channel_settings *ch = &s->channel[i];
        if (!ch->enabled) {
            printf("channel %-6s off\n", k->analog_name[i]);
            continue;
        }
        grat_format_quantity(a, sizeof a, ch->scale, *ch->unit ? ch->unit : "V");
        grat_format_quantity(b, sizeof b, ch->offset, *ch->unit ? ch->unit : "V");
        printf("channel %-6s %s/div, offset %s, %s, probe %gX%s%s\n", k->analog_name[i], a, b,
               coupling_name(ch->coupling), ch->probe, ch->bandwidth_limit ? ", bandwidth limit" : "",
               ch->invert ? ", inverted" : "");
    }
    grat_format_quantity(a, sizeof a, s->timebase, "s");
    grat_format_quantity(b, sizeof b, s->delay, "s");
    printf("%-14s %s/div, delay %s\n", "timebase", a, b);
    grat_format_quantity(a, sizeof a, s->rate, "S/s");
    printf("%-14s %s, %s", "acquisition", acq_name(s->acq), a);
    if (s->depth) printf(", %s", grat_format_quantity(b, sizeof b, (double)s->depth, "S"));
    grat_format_quantity(a, sizeof a, s->trigger_level, "V");
    printf("\n%-14s %s %s %s at %s, %s\n", "trigger", s->trigger_type, s->trigger_source,
           slope_name(s->trigger_slope), a, sweep_name(s->sweep));
}

static void on_line(void *user, const char *key, const char *text)
{
    cli_json *j = user;
    if (!j) {
        printf("%-14s %s\n", key, text);
        return;
    }
    cli_json_open(j, NULL, '{');
    cli_json_str(j, "name", key);
    cli_json_str(j, "text", text);
    cli_json_close(j, '}');
}

static grat_err details(cli *c, grat_scope *sc, cli_json *j)
{
    if (!sc) return GRAT_OK;
    if (j) cli_json_open(j, "details", '[');
    grat_err e = grat_scope_describe(sc, on_line, j, &c->op);
    if (j) cli_json_close(j, ']');
    return e;
}

static grat_err show(cli *c, const grat_identity *id, grat_scope *sc,
                     const grat_settings *now)
{
    const grat_caps *caps = sc ? grat_scope_caps(sc) : NULL;
    if (c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "resource", c->resource);
        cli_json_identity(&j, id);
        if (caps) json_caps(&j, caps);
        if (now) json_settings(&j, now, caps);
        grat_err e = details(c, sc, &j);
        cli_json_close(&j, '}');
        return e;
    }
    printf("%-14s %s\n%-14s %s\n%-14s %s\n%-14s %s\n%-14s %s\n", "resource", c->resource, "vendor", id->vendor, "model",
           id->model, "serial", id->serial, "firmware", id->firmware);
    if (caps) table_caps(caps);
    if (now) table_settings(now, caps);
    return details(c, sc, NULL);
}

/* An instrument that no scope driver knows still has an identity. */
static int run(cli *c)
{
    grat_session *s;
    grat_scope *sc = NULL;
    grat_identity id;
    grat_settings now;
    int status = cli_only_resource(c);
    if (!status) status = cli_open_session(c, &s);
    if (status) return status;
    if (grat_identify(s, &id, &c->op)) {
        status = cli_fail(c, c->resource);
        grat_close(s);
        return status;
    }
    grat_err e = grat_scope_open(s, &c->op, &sc);
    if (e) {
        if (e == GRAT_ENOTSUP || e == GRAT_ENODEV) {
            show(c, &id, NULL, NULL);
        } else {
            status = cli_fail(c, c->resource);
        }
        grat_close(s);
        return status;
    }
    if (grat_scope_get(sc, &now, &c->op)) {
        status = cli_fail(c, c->resource);
    } else if (show(c, &id, sc, &now)) {
        status = cli_fail(c, c->resource);
    } else if (cli_has(&c->args, "flash") && grat_scope_flash(sc, &c->op)) {
        status = cli_fail(c, c->resource);
    }
    grat_scope_close(sc);
    return status;
}

static const cli_option options[] = {
    {"flash", 0, CLI_FLAG, NULL, "let its light flash, to see which one it is", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_info = {
    .name = "info",
    .args = "[RESOURCE]",
    .summary = "identity, capabilities and current settings",
    .options = options,
    .max_args = 1,
    .exec = run,
};
