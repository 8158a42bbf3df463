/* The bench: instruments, their addresses and wires. */
#include <graticule/sim.h>

#include "core/str.h"
#include "core/wait.h"
#include "sim/serve/http.h"
#include "sim/serve/raw.h"
#include "sim/serve/vxi11.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIRE_RAW = 1, WIRE_VXI11 = 2, WIRE_HTTP = 4, WIRE_ALL = 7 };
#define ENDPOINTS 2          /* resource strings of one instrument at most */

typedef struct bench_item {
    sim_instrument *in;
    sim_faults faults;
    sim_addr addr;
    sim_site site;
    sim_raw *raw;
    sim_vxi *vxi;
    sim_pmap *pmap;
    sim_http *http;
    char resources[2 * 112];  /* for the identification, separated by blanks */
} bench_item;

struct grat_sim {
    sim_loop *loop;
    unsigned items, resources;
    bench_item *item;
    char (*resource)[112];
};

static grat_err parse_wires(const char *text, unsigned *out, grat_op *op)
{
    static const struct {
        const char *name;
        unsigned bit;
    } wires[] = {{"raw", WIRE_RAW}, {"vxi11", WIRE_VXI11}, {"http", WIRE_HTTP}};
    *out = text ? 0 : WIRE_ALL;
    for (const char *p = text ? text : ""; *p;) {
        size_t n = strcspn(p, ","), i = 0;
        while (i < 3 && (strlen(wires[i].name) != n || strncmp(wires[i].name, p, n) != 0)) i++;
        if (i == 3) return grat_op_fail(op, GRAT_EINVAL, "wire \"%.*s\": unknown; use raw, vxi11, http", (int)n, p);
        *out |= wires[i].bit;
        p += n + (p[n] == ',');
    }
    return *out ? GRAT_OK : grat_op_fail(op, GRAT_EINVAL, "no wire is named; use raw, vxi11, http");
}

static void note_resource(grat_sim *s, bench_item *b, const char *text)
{
    size_t n = strlen(b->resources);
    snprintf(b->resources + n, sizeof b->resources - n, "%s%s", n ? " " : "", text);
    grat__strcpy(s->resource[s->resources++], sizeof s->resource[0], text);
}

static grat_err open_vxi11(grat_sim *s, bench_item *b, const grat_sim_instrument *want, grat_op *op)
{
    char text[112], host[80];
    grat_err e = sim_vxi_new(&b->site, want->vxi_port, op, &b->vxi);
    if (!e && !want->no_portmapper) e = sim_pmap_new(s->loop, &b->faults, &b->addr, b->vxi, op, &b->pmap);
    if (e) return e;
    sim_addr_host(&b->addr, host);
    if (want->no_portmapper)
        snprintf(text, sizeof text, "TCPIP0::%s,%u::inst0::INSTR", host, sim_vxi_core_port(b->vxi));
    else snprintf(text, sizeof text, "TCPIP0::%s::inst0::INSTR", host);
    note_resource(s, b, text);
    return GRAT_OK;
}

static grat_err open_raw(grat_sim *s, bench_item *b, const grat_sim_instrument *want, grat_op *op)
{
    char text[112], host[80];
    unsigned port = want->raw_port ? want->raw_port : sim_instrument_raw_port(b->in);
    grat_err e = sim_raw_new(&b->site, port, op, &b->raw);
    if (e) return e;
    snprintf(text, sizeof text, "TCPIP0::%s::%u::SOCKET", sim_addr_host(&b->addr, host), port);
    note_resource(s, b, text);
    return GRAT_OK;
}

static grat_err open_item(grat_sim *s, unsigned index, const grat_sim_instrument *want, uint64_t seed, grat_op *op)
{
    bench_item *b = &s->item[index];
    char err[256] = "", address[32];
    unsigned wires;
    snprintf(address, sizeof address, "127.0.%u.%u", (index + 1) >> 8 & 0xff, (index + 1) & 0xff);
    grat_err e = parse_wires(want->wires, &wires, op);
    if (!e) e = sim_addr_parse(&b->addr, want->address ? want->address : address, op);
    if (e) return e;
    if (want->raw_port > 65535 || want->vxi_port > 65535)
        return grat_op_fail(op, GRAT_EINVAL, "ports go from 1 to 65535");
    if (!sim_faults_parse(&b->faults, want->faults, seed, err)) return grat_op_fail(op, GRAT_EINVAL, "%s", err);
    b->in = sim_instrument_new(want->model, want->options, seed, err);
    if (!b->in) return grat_op_fail(op, GRAT_EINVAL, "%s", err);
    b->site = (sim_site){.loop = s->loop, .in = b->in, .faults = &b->faults, .addr = &b->addr};
    if (wires & WIRE_VXI11) e = open_vxi11(s, b, want, op);
    if (!e && wires & WIRE_RAW) e = open_raw(s, b, want, op);
    if (!e && wires & WIRE_HTTP)
        e = sim_http_new(&b->site, b->resources, op, &b->http);
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
        s->resource = calloc((size_t)n * ENDPOINTS, sizeof *s->resource);
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
        if (s->item[i].vxi) sim_vxi_turn(s->item[i].vxi);
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
    for (unsigned i = 0; i < sim->items; i++) {
        bench_item *b = &sim->item[i];
        sim_http_free(b->http);
        sim_raw_free(b->raw);
        sim_pmap_free(b->pmap);
        sim_vxi_free(b->vxi);
        sim_instrument_free(b->in);
    }
    sim_loop_free(sim->loop);
    free(sim->item);
    free(sim->resource);
    free(sim);
}
