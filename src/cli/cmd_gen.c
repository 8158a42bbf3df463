/* grat gen: the generator that is built into a scope. */
#include "cli/commands.h"

#include <math.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_POINTS 1000000

static const struct {
    const char *word;
    grat_wave wave;
    double symmetry;         /* unless --symmetry says */
} waves[] = {
    {"sine", GRAT_WAVE_SINE, 0.5},       {"triangle", GRAT_WAVE_TRIANGLE, 0.5}, {"ramp", GRAT_WAVE_TRIANGLE, 1},
    {"sawtooth", GRAT_WAVE_TRIANGLE, 1}, {"square", GRAT_WAVE_SQUARE, 0.5},
    {"exponential", GRAT_WAVE_EXPONENTIAL, 0.5}, {"file", GRAT_WAVE_ARBITRARY, 0.5},
    {"clock", GRAT_WAVE_CLOCK, 0.5},     {"off", GRAT_WAVE_OFF, 0.5},           {"stop", GRAT_WAVE_OFF, 0.5},
    {"sinc", GRAT_WAVE_SINC, 0.5},       {"gaussian", GRAT_WAVE_GAUSSIAN, 0.5}, {"half-sine", GRAT_WAVE_HALF_SINE, 0.5},
    {"noise", GRAT_WAVE_NOISE, 0.5},     {"prbs", GRAT_WAVE_PRBS, 0.5},         {"dc", GRAT_WAVE_DC, 0.5},
};
#define WAVES (sizeof waves / sizeof *waves)

/* The last number of each line; lines without one are skipped. */
static double *read_points(const char *path, size_t *count, grat_op *op)
{
    char line[1024];
    FILE *f = fopen(path, "r");
    double *p = NULL;
    size_t n = 0, room = 0;
    if (!f) {
        grat_op_fail(op, GRAT_EIO, "%s: cannot be read: %s", path, strerror(errno));
        return NULL;
    }
    while (fgets(line, sizeof line, f) && n < MAX_POINTS) {
        double v;
        size_t end = strlen(line);
        while (end && strchr(" \t\r\n,;", line[end - 1])) line[--end] = '\0';
        while (end && !strchr(" \t,;", line[end - 1])) end--;
        if (!line[end] || grat_parse_quantity(line + end, "", &v, op)) continue;
        if (n == room) {
            double *grown = realloc(p, (room ? room * 2 : 1024) * sizeof *p);
            if (!grown) break;
            p = grown;
            room = room ? room * 2 : 1024;
        }
        p[n++] = v;
    }
    fclose(f);
    op->err = GRAT_OK;
    if (n < 2) grat_op_fail(op, GRAT_EFORMAT, "%s: fewer than two numbers are in it; one a line is wanted", path);
    *count = n;
    return p;
}

static void show(const cli *c, const grat_generator *g)
{
    static const char *const names[] = {"off", "sine", "triangle", "square", "exponential", "wave", "clock",
                                        "sinc", "gaussian", "half-sine", "noise", "prbs", "dc"};
    char f[40], low[40], high[40];
    const char *name = names[g->wave <= GRAT_WAVE_DC ? g->wave : 0];
    if (c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "resource", c->resource);
        cli_json_str(&j, "wave", name);
        cli_json_num(&j, "frequency", g->frequency);
        cli_json_num(&j, "low", g->low);
        cli_json_num(&j, "high", g->high);
        cli_json_num(&j, "symmetry", g->symmetry);
        cli_json_close(&j, '}');
        return;
    }
    if (!g->wave) {
        printf("off\n");
        return;
    }
    if (g->wave == GRAT_WAVE_TRIANGLE && g->symmetry > 0.999) name = "ramp";
    printf("%s, %s (%.9g Hz), ", name, grat_format_quantity(f, sizeof f, g->frequency, "Hz"), g->frequency);
    if (!isfinite(g->low)) {
        printf("at its own amplitude\n");
        return;
    }
    grat_format_quantity(low, sizeof low, g->low, "V");
    grat_format_quantity(high, sizeof high, g->high, "V");
    printf("%s to %s\n", low, high);
}

static unsigned which(const char *word, const char *const *words, unsigned n)
{
    for (unsigned i = 0; word && i < n; i++)
        if (strcmp(word, words[i]) == 0) return i;
    return 0;
}

static void take_sweep(cli *c, grat_generator *g)
{
    static const char *const ways[] = {"up", "down", "up-down", "down-up"};
    static const char *const sources[] = {"none", "scope", "ext", "software"};
    g->stop = cli_amount(&c->args, "to", 0);
    g->step = cli_amount(&c->args, "step", g->stop != 0 ? (g->stop > g->frequency ? g->stop - g->frequency
                                                                                 : g->frequency - g->stop) / 100 : 0);
    g->dwell = cli_amount(&c->args, "dwell", g->stop != 0 ? 0.01 : 0);
    g->way = (grat_sweep_way)which(cli_value(&c->args, "sweep"), ways, 4);
    g->trigger = (grat_gen_trigger)which(cli_value(&c->args, "on"), sources, 4);
    g->trigger_falling = cli_has(&c->args, "falling");
    g->cycles = (unsigned)cli_amount(&c->args, "cycles", 0);
}

static int parse(cli *c, const char *word, grat_generator *g, double **points)
{
    const char *file = cli_value(&c->args, "file");
    size_t i = 0;
    if (strcasecmp(word, "fire") == 0) {
        g->fire = true;
        return CLI_DONE;
    }
    while (i < WAVES && strcasecmp(waves[i].word, word) != 0) i++;
    if (i == WAVES)
        return cli_usage("gen: \"%s\" is no wave: sine, triangle, ramp, square, exponential, file, clock, sinc, "
                         "gaussian, half-sine, noise, prbs, dc or off", word);
    g->wave = waves[i].wave;
    g->frequency = cli_amount(&c->args, "frequency", 1000);
    g->symmetry = cli_amount(&c->args, "symmetry", cli_amount(&c->args, "duty", waves[i].symmetry));
    g->low = cli_amount(&c->args, "low", 0);
    g->high = cli_amount(&c->args, "high", 0);
    take_sweep(c, g);
    if (cli_has(&c->args, "low") && !cli_has(&c->args, "high"))
        return cli_usage("--low and --high: one is missing; give both");
    if ((g->wave == GRAT_WAVE_ARBITRARY) != (file != NULL))
        return cli_usage("gen: the wave \"file\" and --file=PATH go together");
    if (!file) return CLI_DONE;
    *points = read_points(file, &g->count, &c->op);
    g->points = *points;
    return c->op.err || !*points ? cli_fail(c, file) : CLI_DONE;
}

static int run(cli *c)
{
    grat_generator g;
    grat_scope *sc = NULL;
    double *points = NULL;
    grat_generator_init(&g);
    int status = cli_open_scope(c, &sc);
    if (status) return status;
    bool ask = c->next_arg >= c->args.args;
    if (c->next_arg + 1 < c->args.args) {
        status = cli_usage("gen: \"%s\" is one word too many", c->args.arg[c->next_arg + 1]);
    } else if (!ask) {
        status = parse(c, c->args.arg[c->next_arg], &g, &points);
    }
    if (!status && ask && grat_generator_get(sc, &g, &c->op)) status = cli_fail(c, c->resource);
    if (!status && !ask && grat_generator_set(sc, &g, &g, &c->op)) status = cli_fail(c, c->resource);
    if (!status) show(c, &g);
    free(points);
    grat_scope_close(sc);
    return status;
}

static const cli_option options[] = {
    {"frequency", 'f', CLI_AMOUNT, "HZ", "1 kHz unless told; what it really is is shown", "Hz"},
    {"low", 0, CLI_AMOUNT, "VOLTS", "lowest voltage", "V"},
    {"high", 0, CLI_AMOUNT, "VOLTS", "highest voltage", "V"},
    {"duty", 0, CLI_AMOUNT, "PERCENT", "the part of a square or clock that is high", "%"},
    {"symmetry", 0, CLI_AMOUNT, "PERCENT", "the part of a triangle that rises", "%"},
    {"to", 0, CLI_AMOUNT, "HZ", "sweeps from the frequency to this one", "Hz"},
    {"step", 0, CLI_AMOUNT, "HZ", "of the sweep; a hundredth of it unless told", "Hz"},
    {"dwell", 0, CLI_AMOUNT, "TIME", "of each step of the sweep, 10 ms unless told", "s"},
    {"sweep", 0, CLI_CHOICE, "WAY", "up, down, up-down, down-up", "up down up-down down-up"},
    {"on", 0, CLI_CHOICE, "TRIGGER", "waits for: scope, ext, software (grat gen RESOURCE fire)",
     "none scope ext software"},
    {"falling", 0, CLI_FLAG, NULL, "the other edge of that trigger", NULL},
    {"cycles", 0, CLI_COUNT, "N", "periods, or sweeps, after each trigger", NULL},
    {"file", 0, CLI_FILE, "PATH", "one period as numbers, one a line (the last column)", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_gen = {
    .name = "gen",
    .args = "[RESOURCE] [WAVE]",
    .summary = "the generator that is built into a scope",
    .text = "WAVE is sine, triangle, ramp, square, exponential, file, clock or off, on some instruments also sinc, "
            "gaussian, half-sine, noise, prbs or dc; without one, what runs is shown. The generator goes on after the "
            "command.",
    .options = options,
    .max_args = 2,
    .exec = run,
};
