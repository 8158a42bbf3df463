/* The bench: instruments, their addresses and wires. */
#include <graticule/sim.h>

#include "core/str.h"
#include "core/wait.h"
#include "sim/serve/ftdi.h"
#include "sim/serve/hislip.h"
#include "sim/serve/http.h"
#include "sim/serve/lia.h"
#include "sim/serve/mdns.h"
#include "sim/serve/prologix.h"
#include "sim/serve/raw.h"
#include "sim/serve/serial.h"
#include "sim/serve/usbtmc.h"
#include "sim/serve/vicp.h"
#include "sim/serve/vxi11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* http and mdns come behind those whose resources they name. */
static const sim_wire_kind *const kinds[] = {
    &sim_wire_vxi11,
    &sim_wire_raw,
    &sim_wire_hislip,
    &sim_wire_lia,
    &sim_wire_serial,
    &sim_wire_usb,
    &sim_wire_ftdi,
    &sim_wire_prologix,
    &sim_wire_vicp,
    &sim_wire_http,
    &sim_wire_mdns,
};
enum { KINDS = sizeof kinds / sizeof *kinds, ARG_MAX_LEN = 300 };

typedef struct bench_item {
    sim_instrument *in;
    sim_faults faults;
    sim_addr addr;
    sim_site site;
    void *server[KINDS];
    char resources[(KINDS + 1) * SIM_RESOURCE_MAX];
    char hint[240];
} bench_item;

struct grat_sim {
    sim_loop *loop;
    unsigned items, resources;
    bench_item *item;
    char (*resource)[SIM_RESOURCE_MAX];
};

typedef struct wire_choice {
    bool on[KINDS], has_arg[KINDS];
    char arg[KINDS][ARG_MAX_LEN];
} wire_choice;

static grat_err unknown_wire(const char *name, size_t n, grat_op *op)
{
    char names[160] = "";
    for (unsigned i = 0; i < KINDS; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%s%s", at ? ", " : "", kinds[i]->name);
    }
    if (!n) return grat_op_fail(op, GRAT_EINVAL, "no wire is named; use %s", names);
    return grat_op_fail(op, GRAT_EINVAL, "wire \"%.*s\": unknown; use %s", (int)n, name, names);
}

static bool carries(const sim_wire_kind *k, bool bytes)
{
    return k->carries == SIM_CARRIES_BOTH || bytes == (k->carries == SIM_CARRIES_BYTES);
}

static grat_err parse_wires(const char *text, bool bytes, wire_choice *out, grat_op *op)
{
    *out = (wire_choice){0};
    if (!text) {
        for (unsigned i = 0; i < KINDS; i++) out->on[i] = kinds[i]->by_default && carries(kinds[i], bytes);
        return GRAT_OK;
    }
    if (!*text) return unknown_wire(text, 0, op);
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, ","), name = strcspn(p, ",:"), i = 0;
        while (i < KINDS && (strlen(kinds[i]->name) != name || strncmp(kinds[i]->name, p, name) != 0)) i++;
        if (i == KINDS) return unknown_wire(p, name, op);
        if (!carries(kinds[i], bytes))
            return grat_op_fail(op, GRAT_EINVAL, "wire %s: not for an instrument that %s; use another wire",
                                kinds[i]->name, bytes ? "is a stream of bytes without SCPI" : "speaks SCPI");
        out->on[i] = true;
        out->has_arg[i] = name < n;
        if (name < n && n - name > ARG_MAX_LEN)
            return grat_op_fail(op, GRAT_EINVAL, "wire %s: its argument is too long", kinds[i]->name);
        if (name < n) snprintf(out->arg[i], ARG_MAX_LEN, "%.*s", (int)(n - name - 1), p + name + 1);
        p += n + (p[n] == ',');
    }
    return GRAT_OK;
}

grat_err sim_wires_check(const char *text, const char *model, grat_op *op)
{
    wire_choice unused;
    return parse_wires(text, sim_model_is_bytes(model), &unused, op);
}

void sim_note_resource(const sim_site *site, const char *resource)
{
    grat_sim *s = site->bench;
    bench_item *b = &s->item[site->index];
    size_t n = strlen(b->resources);
    snprintf(b->resources + n, sizeof b->resources - n, "%s%s", n ? " " : "", resource);
    grat__strcpy(s->resource[s->resources++], SIM_RESOURCE_MAX, resource);
}

void sim_note_hint(const sim_site *site, const char *text)
{
    bench_item *b = &site->bench->item[site->index];
    grat__strcpy(b->hint, sizeof b->hint, text);
}

const char *grat_sim_hint(const grat_sim *sim, unsigned instrument)
{
    return instrument < sim->items ? sim->item[instrument].hint : NULL;
}

void *sim_earlier_server(const sim_site *site, const sim_wire_kind *kind, unsigned i)
{
    for (unsigned k = 0; k < KINDS; k++) {
        for (unsigned item = 0; kinds[k] == kind && item < site->index; item++) {
            void *server = site->bench->item[item].server[k];
            if (server && i-- == 0) return server;
        }
    }
    return NULL;
}

/* Vendor and model of an identity, with the comma behind them. */
static size_t kind_length(const char *idn)
{
    const char *comma = strchr(idn, ',');
    comma = comma ? strchr(comma + 1, ',') : NULL;
    return comma ? (size_t)(comma - idn) + 1 : strlen(idn);
}

static unsigned earlier_of_kind(const grat_sim *s, unsigned index, const char *idn)
{
    unsigned n = 0;
    for (unsigned i = 0; i < index; i++) n += strncmp(sim_instrument_idn(s->item[i].in), idn, kind_length(idn)) == 0;
    return n;
}

/* Adds n to the number that a serial number ends with, in as many digits. */
static void count_on(char *serial, unsigned n)
{
    for (size_t i = strlen(serial); n && i-- > 0 && serial[i] >= '0' && serial[i] <= '9';) {
        n += (unsigned)(serial[i] - '0');
        serial[i] = (char)('0' + n % 10);
        n /= 10;
    }
}

/* Instruments of one model differ in their serial numbers, as real ones do. */
static sim_instrument *new_instrument(const grat_sim *s, unsigned index, const grat_sim_instrument *want, uint64_t seed,
                                      char err[256])
{
    char serial[64], options[700];
    sim_instrument *in = sim_instrument_new(want->model, want->options, seed, err);
    unsigned n = in ? earlier_of_kind(s, index, sim_instrument_idn(in)) : 0;
    if (!n || (want->options && strstr(want->options, "serial="))) return in;
    const char *at = sim_instrument_idn(in) + kind_length(sim_instrument_idn(in));
    snprintf(serial, sizeof serial, "%.*s", (int)strcspn(at, ","), at);
    if (strlen(serial) < 4) return in; /* "0": this model has none */
    count_on(serial, n);
    if (snprintf(options, sizeof options, "serial=%s,%s", serial, want->options ? want->options : "") >=
        (int)sizeof options)
        return in;
    sim_instrument_free(in);
    return sim_instrument_new(want->model, options, seed, err);
}

static void pulse(void *bench, const char *line, int64_t now_ns)
{
    grat_sim *s = bench;
    for (unsigned i = 0; i < s->items; i++)
        if (s->item[i].in) sim_instrument_edge(s->item[i].in, line, now_ns);
}

static grat_err open_item(grat_sim *s, unsigned index, const grat_sim_instrument *want, uint64_t seed, grat_op *op)
{
    bench_item *b = &s->item[index];
    char err[256] = "", address[32];
    wire_choice wires;
    snprintf(address, sizeof address, "127.0.%u.%u", (index + 1) >> 8 & 0xff, (index + 1) & 0xff);
    grat_err e = parse_wires(want->wires, sim_model_is_bytes(want->model), &wires, op);
    if (!e) e = sim_addr_parse(&b->addr, want->address ? want->address : address, op);
    if (e) return e;
    if (want->raw_port > 65535 || want->vxi_port > 65535)
        return grat_op_fail(op, GRAT_EINVAL, "ports go from 1 to 65535");
    if (!sim_faults_parse(&b->faults, want->faults, seed, err)) return grat_op_fail(op, GRAT_EINVAL, "%s", err);
    b->in = new_instrument(s, index, want, seed, err);
    if (!b->in) return grat_op_fail(op, GRAT_EINVAL, "%s", err);
    sim_instrument_on_pulse(b->in, pulse, s);
    b->site = (sim_site){.loop = s->loop, .in = b->in, .faults = &b->faults, .addr = &b->addr, .want = want,
                         .resources = b->resources, .bench = s, .index = index};
    for (unsigned k = 0; !e && k < KINDS; k++) {
        if (wires.on[k]) e = kinds[k]->open(&b->site, wires.has_arg[k] ? wires.arg[k] : NULL, op, &b->server[k]);
    }
    b->site.want = NULL;
    return e;
}

grat_err grat_sim_new(const grat_sim_instrument *list, unsigned n, uint64_t seed, grat_op *op, grat_sim **out)
{
    grat_err e = grat__op_begin(op);
    if (e) return e;
    if (!n || n > 10000) return grat_op_fail(op, GRAT_EINVAL, "name at least one instrument");
    grat_sim *s = calloc(1, sizeof *s);
    if (s) {
        s->loop = sim_loop_new();
        s->item = calloc(n, sizeof *s->item);
        s->resource = calloc((size_t)n * (KINDS + 1), sizeof *s->resource);
    }
    if (!s || !s->loop || !s->item || !s->resource) {
        grat_sim_free(s);
        return grat_op_fail(op, GRAT_ENOMEM, "the bench: out of memory");
    }
    while (!e && s->items < n) {
        unsigned i = s->items++;
        e = open_item(s, i, &list[i], seed + i, op);
    }
    if (e) {
        grat_sim_free(s);
        return e;
    }
    *out = s;
    return GRAT_OK;
}

const char *grat_sim_resource(const grat_sim *sim, unsigned index)
{
    return index < sim->resources ? sim->resource[index] : NULL;
}

static int64_t turn(void *user, int64_t now_ns)
{
    grat_sim *s = user;
    int64_t next = INT64_MAX;
    for (unsigned i = 0; i < s->items; i++) {
        int64_t at = sim_instrument_step(s->item[i].in, now_ns);
        if (at < next) next = at;
        for (unsigned k = 0; k < KINDS; k++) {
            if (s->item[i].server[k] && kinds[k]->turn) kinds[k]->turn(s->item[i].server[k]);
        }
    }
    return next;
}

grat_err grat_sim_run(grat_sim *sim, grat_cancel *stopped, grat_op *op)
{
    sim_loop_on_turn(sim->loop, turn, sim);
    return sim_loop_run(sim->loop, stopped, op);
}

void grat_sim_free(grat_sim *sim)
{
    if (!sim) return;
    for (unsigned k = KINDS; k-- > 0;) {
        for (unsigned i = sim->items; i-- > 0;) {
            if (sim->item[i].server[k]) kinds[k]->close(sim->item[i].server[k]);
        }
    }
    for (unsigned i = 0; i < sim->items; i++) sim_instrument_free(sim->item[i].in);
    sim_loop_free(sim->loop);
    free(sim->item);
    free(sim->resource);
    free(sim);
}

const grat_sim_entry *grat_sim_wires(void)
{
    static grat_sim_entry list[KINDS + 1];
    for (unsigned i = 0; i < KINDS; i++) list[i] = (grat_sim_entry){kinds[i]->name, kinds[i]->text};
    return list;
}
