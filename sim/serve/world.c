/* A world: instruments and the signals that they share, from a YAML file. */
#include <graticule/sim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/str.h"
#include "sim/core/instrument.h"
#include "sim/serve/site.h"

#ifdef GRAT_HAVE_YAML
#include <yaml.h>

#define MAX_SIGNALS 256
#define MAX_INSTRUMENTS 1024
#define MAX_OPTIONS 64

typedef struct source {
    const char *name, *text;
} source;

struct grat_sim_world {
    char path[256];
    int64_t epoch_ns;
    source signal[MAX_SIGNALS];
    unsigned signals, n;
    grat_sim_instrument list[MAX_INSTRUMENTS];
    char *text[MAX_INSTRUMENTS][5]; /* what the entries point to */
    const char *start_log;
    const yaml_node_t *log_at;
    /* Of the instrument in work: where its texts and options stand, and how long the options' text is behind each. */
    const yaml_node_t *text_at[5], *option_at[MAX_OPTIONS];
    size_t option_end[MAX_OPTIONS];
    unsigned options;
    yaml_document_t doc;
    bool loaded;
};

enum { MODEL, ADDRESS, WIRES, FAULTS, OPTIONS };

typedef struct reader {
    grat_sim_world *w;
    grat_op *op;
} reader;

static grat_err bad(const reader *r, const yaml_node_t *at, const char *why)
{
    return grat_op_fail(r->op, GRAT_EPARSE, "%.200s:%zu:%zu: %s", r->w->path, at->start_mark.line + 1,
                        at->start_mark.column + 1, why);
}

static const yaml_node_t *node(const reader *r, int index)
{
    return yaml_document_get_node(&r->w->doc, index);
}

/* NULL for what is no text. */
static const char *scalar(const yaml_node_t *n)
{
    return n->type == YAML_SCALAR_NODE ? (const char *)n->data.scalar.value : NULL;
}

typedef grat_err (*pair_fn)(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user);

static grat_err each(const reader *r, const yaml_node_t *map, const char *why, pair_fn fn, void *user)
{
    if (map->type != YAML_MAPPING_NODE) return bad(r, map, why);
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        const yaml_node_t *key = node(r, p->key);
        if (!scalar(key)) return bad(r, key, why);
        grat_err e = fn(r, key, node(r, p->value), user);
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err take_signal(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    (void)user;
    grat_sim_world *w = r->w;
    if (!scalar(value) || !*scalar(value)) return bad(r, value, "a signal is written as name: sine:1kHz:2V");
    if (w->signals == MAX_SIGNALS) return bad(r, key, "too many signals");
    w->signal[w->signals++] = (source){scalar(key), scalar(value)};
    return GRAT_OK;
}

/* ---- one instrument --------------------------------------------------------------------------------- */

static grat_err add_option(const reader *r, const yaml_node_t *at, const char *key, const char *value)
{
    static const size_t cap = 600;
    char **text = &r->w->text[r->w->n][OPTIONS];
    if (!*text && !(*text = calloc(1, cap))) return grat_op_fail(r->op, GRAT_ENOMEM, "world: out of memory");
    size_t n = strlen(*text);
    if (strchr(value, ',')) return bad(r, at, "a comma cannot be in a value");
    if (snprintf(*text + n, cap - n, "%s%s=%s", n ? "," : "", key, value) >= (int)(cap - n))
        return bad(r, at, "the options are too long together");
    if (r->w->options == MAX_OPTIONS) return bad(r, at, "too many options");
    r->w->option_at[r->w->options] = at;
    r->w->option_end[r->w->options++] = strlen(*text);
    return GRAT_OK;
}

static const char no_input[] = "an input is given a signal's name, or {signal: NAME, delay: 12ns}";

/* A signal by its name, or a description of one of its own. */
static grat_err connect_to(const reader *r, const yaml_node_t *at, const char *input)
{
    const char *name = scalar(at);
    if (!name) return bad(r, at, no_input);
    for (unsigned i = 0; i < r->w->signals; i++)
        if (strcmp(r->w->signal[i].name, name) == 0) return add_option(r, at, input, r->w->signal[i].text);
    if (!strchr(name, ':')) return bad(r, at, "there is no signal of this name under signals:");
    return add_option(r, at, input, name);
}

static grat_err take_input_key(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    const char *input = user;
    char name[40];
    if (strcmp(scalar(key), "signal") == 0) return connect_to(r, value, input);
    if (strcmp(scalar(key), "delay") != 0) return bad(r, key, "an input's keys are signal and delay");
    if (!scalar(value)) return bad(r, value, "a delay is written as 12ns");
    snprintf(name, sizeof name, "%.20s-delay", input);
    return add_option(r, value, name, scalar(value));
}

static grat_err take_input(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    (void)user;
    char input[24];
    snprintf(input, sizeof input, "%.20s", scalar(key));
    const unsigned before = r->w->options;
    if (value->type != YAML_MAPPING_NODE) return connect_to(r, value, input);
    grat_err e = each(r, value, "an input's keys are signal and delay", take_input_key, input);
    return e || r->w->options > before ? e : bad(r, value, no_input);
}

static grat_err take_option(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    (void)user;
    if (!scalar(value)) return bad(r, value, "an option is written as key: value");
    return add_option(r, value, scalar(key), scalar(value));
}

static grat_err keep(const reader *r, const yaml_node_t *value, int what)
{
    if (!scalar(value)) return bad(r, value, "a text is wanted");
    char **text = &r->w->text[r->w->n][what];
    free(*text);
    *text = strdup(scalar(value));
    r->w->text_at[what] = value;
    return *text ? GRAT_OK : grat_op_fail(r->op, GRAT_ENOMEM, "world: out of memory");
}

static grat_err take_key(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    static const char *const texts[] = {"model", "address", "wires", "faults"};
    static const char *const options[] = {"serial", "noise", "clock-error", "clock-offset", "timing", "bandwidth"};
    const char *name = scalar(key);
    (void)user;
    for (int i = 0; i < 4; i++)
        if (strcmp(name, texts[i]) == 0) return keep(r, value, i);
    for (unsigned i = 0; i < sizeof options / sizeof *options; i++)
        if (strcmp(name, options[i]) == 0) return take_option(r, key, value, NULL);
    if (strcmp(name, "inputs") == 0) return each(r, value, "inputs: {ch1: SIGNAL, …}", take_input, NULL);
    if (strcmp(name, "options") == 0) return each(r, value, "options: {key: value, …}", take_option, NULL);
    return bad(r, key, "an instrument's keys are model address wires faults serial noise clock-error clock-offset "
                       "timing bandwidth inputs options");
}

/* Of the options in the text the first with which there is no such instrument. */
static const yaml_node_t *wrong_option(const reader *r, char *const text[5])
{
    char err[256], some[600];
    const grat_sim_world *w = r->w;
    for (unsigned i = 0; i < w->options; i++) {
        snprintf(some, sizeof some, "%.*s", (int)w->option_end[i], text[OPTIONS]);
        sim_instrument *in = sim_instrument_new(text[MODEL], some, 0, err);
        if (!in) return w->option_at[i];
        sim_instrument_free(in);
    }
    return w->text_at[MODEL];
}

/* What would be refused when it is opened is refused where it stands. */
static grat_err try_instrument(const reader *r, char *const text[5])
{
    char err[256] = "", none[256];
    sim_faults faults;
    sim_addr addr;
    grat_op one;
    grat_op_init(&one, 0, NULL);
    if (text[ADDRESS] && sim_addr_parse(&addr, text[ADDRESS], &one)) return bad(r, r->w->text_at[ADDRESS], one.text);
    if (sim_wires_check(text[WIRES], text[MODEL], &one)) return bad(r, r->w->text_at[WIRES], one.text);
    if (!sim_faults_parse(&faults, text[FAULTS], 0, err)) return bad(r, r->w->text_at[FAULTS], err);
    sim_instrument *in = sim_instrument_new(text[MODEL], text[OPTIONS], 0, err);
    if (in) {
        sim_instrument_free(in);
        return GRAT_OK;
    }
    in = sim_instrument_new(text[MODEL], NULL, 0, none);
    sim_instrument_free(in);
    return bad(r, in ? wrong_option(r, text) : r->w->text_at[MODEL], err);
}

static grat_err take_instrument(const reader *r, const yaml_node_t *at)
{
    grat_sim_world *w = r->w;
    char epoch[32];
    if (w->n == MAX_INSTRUMENTS) return bad(r, at, "too many instruments");
    char **text = w->text[w->n];
    w->options = 0;
    snprintf(epoch, sizeof epoch, "%lld", (long long)w->epoch_ns);
    grat_err e = add_option(r, at, "epoch", epoch);
    if (!e && w->start_log) e = add_option(r, w->log_at, "start-log", w->start_log);
    if (!e) e = each(r, at, "an instrument is written as {model: ds1104z, inputs: {ch1: SIGNAL}}", take_key, NULL);
    if (!e && !text[MODEL]) e = bad(r, at, "an instrument needs its model:");
    if (!e) e = try_instrument(r, text);
    w->list[w->n] = (grat_sim_instrument){.model = text[MODEL], .address = text[ADDRESS], .wires = text[WIRES],
                                          .faults = text[FAULTS], .options = text[OPTIONS]};
    w->n++;
    return e;
}

/* ---- the file --------------------------------------------------------------------------------------- */

static const char keys[] = "a world's keys are signals, instruments and start-log";

static grat_err take_first(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    (void)user;
    const char *name = scalar(key);
    if (strcmp(name, "signals") == 0) return each(r, value, "signals: {NAME: sine:1kHz:2V}", take_signal, NULL);
    r->w->log_at = strcmp(name, "start-log") == 0 ? value : r->w->log_at;
    if (r->w->log_at == value)
        return (r->w->start_log = scalar(value)) ? GRAT_OK : bad(r, value, "start-log: FILE");
    return strcmp(name, "instruments") == 0 ? GRAT_OK : bad(r, key, keys);
}

/* Behind the signals, wherever they stand. */
static grat_err take_second(const reader *r, const yaml_node_t *key, const yaml_node_t *value, void *user)
{
    (void)user;
    if (strcmp(scalar(key), "instruments") != 0) return GRAT_OK;
    if (value->type != YAML_SEQUENCE_NODE) return bad(r, value, "instruments: must be a list, each behind a dash");
    for (yaml_node_item_t *i = value->data.sequence.items.start; i < value->data.sequence.items.top; i++) {
        grat_err e = take_instrument(r, node(r, *i));
        if (e) return e;
    }
    return GRAT_OK;
}

static grat_err parse(grat_sim_world *w, FILE *f, grat_op *op)
{
    yaml_parser_t parser;
    reader r = {w, op};
    if (!yaml_parser_initialize(&parser)) return grat_op_fail(op, GRAT_ENOMEM, "world: out of memory");
    yaml_parser_set_input_file(&parser, f);
    grat_err e = GRAT_OK;
    w->loaded = yaml_parser_load(&parser, &w->doc);
    if (!w->loaded)
        e = grat_op_fail(op, GRAT_EPARSE, "%.200s:%zu:%zu: %.80s", w->path, parser.problem_mark.line + 1,
                         parser.problem_mark.column + 1, parser.problem ? parser.problem : "not YAML");
    yaml_parser_delete(&parser);
    const yaml_node_t *root = w->loaded ? yaml_document_get_root_node(&w->doc) : NULL;
    if (!e && !root) e = grat_op_fail(op, GRAT_EPARSE, "%.200s: it is empty; %s", w->path, keys);
    if (!e) e = each(&r, root, keys, take_first, NULL);
    if (!e) e = each(&r, root, keys, take_second, NULL);
    if (!e && !w->n) e = bad(&r, root, "a world needs instruments:");
    return e;
}

grat_err grat_sim_world_load(const char *path, grat_op *op, grat_sim_world **out)
{
    FILE *f = fopen(path, "re");
    if (!f) return grat_op_fail(op, GRAT_EIO, "%.200s: the world cannot be read; is the name right?", path);
    grat_sim_world *w = calloc(1, sizeof *w);
    grat_err e = w ? GRAT_OK : grat_op_fail(op, GRAT_ENOMEM, "world: out of memory");
    if (w) {
        snprintf(w->path, sizeof w->path, "%s", path);
        w->epoch_ns = grat_now_ns() - 1000000000;
        e = parse(w, f, op);
    }
    fclose(f);
    if (e) grat_sim_world_free(w);
    else *out = w;
    return e;
}

const grat_sim_instrument *grat_sim_world_list(const grat_sim_world *w, unsigned *n)
{
    *n = w->n;
    return w->list;
}

void grat_sim_world_free(grat_sim_world *w)
{
    if (!w) return;
    for (unsigned i = 0; i < MAX_INSTRUMENTS; i++)
        for (unsigned k = 0; k < 5; k++) free(w->text[i][k]);
    if (w->loaded) yaml_document_delete(&w->doc);
    free(w);
}
#else
grat_err grat_sim_world_load(const char *path, grat_op *op, grat_sim_world **out)
{
    (void)out;
    return grat_op_fail(op, GRAT_ENOTSUP, "%.200s: cannot be read: this library was built without libyaml; "
                        "install libyaml-dev and build again", path);
}

const grat_sim_instrument *grat_sim_world_list(const grat_sim_world *w, unsigned *n)
{
    (void)w;
    *n = 0;
    return NULL;
}

void grat_sim_world_free(grat_sim_world *w)
{
    (void)w;
}
#endif
