/* grat sim: simulated instruments on real wires, until SIGINT or SIGTERM. */
#include "cli/commands.h"

#include <arpa/inet.h>
#include <graticule/sim.h>
#include <stdlib.h>
#include <string.h>

#define MAX_SIMS 1024

typedef struct bench {
    grat_sim_instrument list[MAX_SIMS];
    char model[MAX_SIMS][64], address[MAX_SIMS][64], options[MAX_SIMS][512], wires[MAX_SIMS][512], faults[512];
    unsigned n;
} bench;

static void list_entries(cli_json *j, const char *what, const grat_sim_entry *e)
{
    if (j) {
        cli_json_open(j, what, '{');
        for (; e && e->name; e++) cli_json_str(j, e->name, e->text);
        cli_json_close(j, '}');
        return;
    }
    printf("%s:\n", what);
    for (; e && e->name; e++) printf("  %-20s %s\n", e->name, e->text);
}

static int list_all(const cli *c)
{
    cli_json j = {.f = stdout}, *to = c->json ? &j : NULL;
    if (to) cli_json_open(to, NULL, '{');
    list_entries(to, "models", grat_sim_models());
    list_entries(to, to ? "picoscopes" : "models that are on no wire, such as SIM::ps5444d", grat_sim_picoscopes());
    list_entries(to, "options", grat_sim_options());
    list_entries(to, "wires", grat_sim_wires());
    list_entries(to, "faults", grat_sim_faults());
    if (to) cli_json_close(to, '}');
    return CLI_DONE;
}

/* False when it does not fit. */
static bool append(char *to, size_t cap, const char *key, const char *value)
{
    size_t n = strlen(to);
    return snprintf(to + n, cap - n, "%s%s%s%s", n ? "," : "", key, *key ? "=" : "", value) < (int)(cap - n);
}

static bool all_of(const cli *c, const char *name, char *to, size_t cap)
{
    const char *v;
    for (int i = 0; (v = cli_value_nth(&c->args, name, i)); i++) {
        if (!append(to, cap, "", v)) return false;
    }
    return true;
}

/* The k-th address after this one, for IPv4; any other text as it is. */
static void address_after(const char *first, unsigned k, char *out, size_t cap)
{
    struct in_addr a;
    if (inet_pton(AF_INET, first, &a) == 1) {
        a.s_addr = htonl(ntohl(a.s_addr) + k);
        inet_ntop(AF_INET, &a, out, (socklen_t)cap);
    } else {
        snprintf(out, cap, "%s", first);
    }
}

/* MODEL[@ADDRESS][?KEY=VALUE,…] */
static int add(cli *c, bench *b, const char *text)
{
    static const char *const direct[] = {"timing", "link"};
    unsigned i = b->n;
    if (i == MAX_SIMS) return cli_usage("sim: at most %d instruments", MAX_SIMS);
    const char *at = strchr(text, '@'), *mark = strchr(text, '?'), *address = cli_value(&c->args, "address");
    if (at && mark && at > mark) at = NULL;
    size_t n = at ? (size_t)(at - text) : mark ? (size_t)(mark - text) : strlen(text);
    size_t m = at ? (mark ? (size_t)(mark - at - 1) : strlen(at + 1)) : 0;
    if (n >= sizeof b->model[i] || m >= sizeof b->address[i]) return cli_usage("sim: %.60s…: too long", text);
    snprintf(b->model[i], sizeof b->model[i], "%.*s", (int)n, text);
    if (at) snprintf(b->address[i], sizeof b->address[i], "%.*s", (int)m, at + 1);
    if (!at && address) address_after(address, i, b->address[i], sizeof b->address[i]);
    bool fits = all_of(c, "option", b->options[i], sizeof b->options[i]);
    for (unsigned k = 0; k < 2; k++) {
        const char *v = cli_value(&c->args, direct[k]);
        if (v) fits = fits && append(b->options[i], sizeof b->options[i], direct[k], v);
    }
    if (mark) fits = fits && append(b->options[i], sizeof b->options[i], "", mark + 1);
    if (!fits) return cli_usage("sim: %.60s: the options are too long", text);
    b->n++;
    return CLI_DONE;
}

/* --wires, and the i-th --pty, --tcp and --udp as further ones. A port alone is not served beside the usual wires. */
static int wires_of(const cli *c, int i, char out[512])
{
    static const struct {
        const char *option, *wire;
    } more[] = {{"pty", "serial"}, {"tcp", "raw"}, {"udp", "bitscope-server"}};
    const char *wires = cli_value(&c->args, "wires");
    int n = snprintf(out, 512, "%s", wires ? wires : "");
    for (unsigned k = 0; k < sizeof more / sizeof *more; k++) {
        const char *v = cli_value_nth(&c->args, more[k].option, i);
        if (v && strchr(v, ',')) return cli_usage("sim: --%s %.60s: a comma cannot be", more[k].option, v);
        if (v && n < 512) n += snprintf(out + n, 512 - (size_t)n, "%s%s:%s", n ? "," : "", more[k].wire, v);
    }
    return n < 512 ? CLI_DONE : cli_usage("sim: --wires: too long");
}

static int number(const cli *c, const char *name, uint64_t most, uint64_t *out)
{
    const char *v = cli_value(&c->args, name);
    if (v && (!cli_parse_u64(v, out) || *out > most))
        return cli_usage("sim: --%s %s: at most %llu", name, v, (unsigned long long)most);
    return CLI_DONE;
}

static int describe(cli *c, bench *b, uint64_t *seed)
{
    uint64_t raw = 0, vxi = 0;
    int status = number(c, "raw-port", 65535, &raw);
    if (!status) status = number(c, "vxi-port", 65535, &vxi);
    if (!status) status = number(c, "seed", UINT64_MAX, seed);
    for (int i = 0; !status && i < c->args.args; i++) status = add(c, b, c->args.arg[i]);
    if (!status && !all_of(c, "faults", b->faults, sizeof b->faults))
        status = cli_usage("sim: --faults: too long");
    if (!status && (cli_value_nth(&c->args, "pty", (int)b->n) || cli_value_nth(&c->args, "tcp", (int)b->n) ||
                    cli_value_nth(&c->args, "udp", (int)b->n)))
        status = cli_usage("sim: more --pty, --tcp or --udp than instruments");
    for (unsigned i = 0; !status && i < b->n; i++) {
        status = wires_of(c, (int)i, b->wires[i]);
        b->list[i] = (grat_sim_instrument){
            .model = b->model[i],
            .address = *b->address[i] ? b->address[i] : NULL,
            .wires = *b->wires[i] || cli_has(&c->args, "wires") ? b->wires[i] : NULL,
            .options = *b->options[i] ? b->options[i] : NULL,
            .faults = *b->faults ? b->faults : NULL,
            .raw_port = (unsigned)raw,
            .vxi_port = (unsigned)vxi,
            .no_portmapper = cli_has(&c->args, "no-portmapper"),
        };
    }
    return status;
}

static int announce(const cli *c, const grat_sim *sim)
{
    const char *resource;
    for (unsigned i = 0; (resource = grat_sim_resource(sim, i)); i++) {
        if (c->json) {
            cli_json j = {.f = stdout};
            cli_json_open(&j, NULL, '{');
            cli_json_str(&j, "resource", resource);
            cli_json_close(&j, '}');
        } else {
            printf("%s\n", resource);
        }
    }
    printf("%s\n", c->json ? "{\"ready\":true}" : "ready");
    return cli_flush(CLI_DONE);
}

/* Binds what the arguments or the world name. */
static int begin(cli *c, grat_sim **sim)
{
    static bench b;
    uint64_t seed = 1;
    const char *world = cli_value(&c->args, "world");
    grat_sim_world *w = NULL;
    if (!c->args.args && !world) return cli_usage("sim: which model? grat sim --list shows them");
    if (c->args.args && world) return cli_usage("sim: either models or --world, which names its own");
    if (world && grat_sim_world_load(world, &c->op, &w)) return cli_usage("%s", c->op.text);
    int status = world ? number(c, "seed", UINT64_MAX, &seed) : describe(c, &b, &seed);
    unsigned n = b.n;
    const grat_sim_instrument *list = w ? grat_sim_world_list(w, &n) : b.list;
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    if (!status && grat_sim_new(list, n, seed, &c->op, sim)) status = cli_fail(c, "sim");
    grat_sim_world_free(w);
    return status;
}

static int run(cli *c)
{
    grat_sim *sim;
    if (cli_has(&c->args, "list")) return list_all(c);
    int status = begin(c, &sim);
    if (status) return status;
    const char *hint;
    for (unsigned i = 0; (hint = grat_sim_hint(sim, i)); i++)
        if (*hint) cli_note(c, "%s", hint);
    status = announce(c, sim);
    if (!status) {
        grat_err e = grat_sim_run(sim, c->cancel, &c->op);
        bool asked = grat_cancel_fired(c->cancel) || (e == GRAT_ETIMEOUT && cli_has(&c->args, "timeout"));
        if (e && !asked) status = cli_fail(c, "sim");
    }
    grat_sim_free(sim);
    return status;
}

static const cli_option options[] = {
    {"address", 'a', CLI_TEXT, "ADDRESS", "where to listen, 127.0.0.1 unless told; further models one higher", NULL},
    {"wires", 'w', CLI_TEXT, "LIST", "wires to serve: NAME or NAME:ARGUMENT,…; --list shows them", NULL},
    {"pty", 0, CLI_FILE, "PATH", "a serial port of this name (--wires serial:PATH); one for each model in turn", NULL},
    {"tcp", 0, CLI_NUMBER, "PORT", "a TCP port of this number (--wires raw:PORT); one for each model in turn", NULL},
    {"udp", 0, CLI_NUMBER, "PORT", "a bitscope-server on this UDP port (--wires bitscope-server:PORT); likewise", NULL},
    {"option", 'o', CLI_TEXT, "KEY=VALUE", "an option of the model; several are possible", NULL},
    {"faults", 0, CLI_TEXT, "SPEC", "faults to show: NAME[@PROBABILITY][:ARG],…", NULL},
    {"world", 0, CLI_FILE, "FILE", "instruments that share signals: docs/reference/world.md", NULL},
    {"seed", 0, CLI_NUMBER, "N", "the seed of everything random", NULL},
    {"raw-port", 0, CLI_NUMBER, "PORT", "port of the raw wire; 0 is the model's own", NULL},
    {"vxi-port", 0, CLI_NUMBER, "PORT", "port of the VXI-11 core; 0 is any", NULL},
    {"no-portmapper", 0, CLI_FLAG, NULL, "serve VXI-11 without a port mapper", NULL},
    {"timing", 0, CLI_TEXT, "MODEL", "how slow to be: none or ds1000z", NULL},
    {"link", 0, CLI_TEXT, "RATE", "the speed of the network, such as 100Mbit", NULL},
    {"list", 'l', CLI_FLAG, NULL, "show models, options and faults", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_sim = {
    .name = "sim",
    .args = "MODEL[@ADDRESS][?KEY=VALUE,…]…",
    .summary = "simulated instruments on real wires",
    .text = "Prints one resource string a line, then ready, and serves until SIGINT or SIGTERM.",
    .options = options,
    .max_args = -1,
    .exec = run,
};
