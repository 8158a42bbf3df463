/* A block is broken off in its middle, then *IDN? must be answered right: N times on each wire.
 *   aborts [--count N] [--wire NAME] [--resource R]   R: an instrument of the model "plain" that is there already */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server.h"

enum { LANES = 16, BIG = 300000, PIECE = 1000, ALIVE_MS = 20000, WAYS = 4 };
enum { SHOWN = 5, LANE_FAILURES = 20, MOST_TRIES = 20 };

static const struct {
    const char *name, *wire, *link;
    bool overlapped;
} wires[] = {                        /* @: a path for the lane */
    {"raw", "raw", "1Gbit", false},
    {"vxi11", "vxi11", "400Mbit", false},
    {"hislip", "hislip", "1Gbit", false},
    {"hislip-overlap", "hislip", "1Gbit", true},
    {"serial", "serial:@", NULL, false},
    {"vicp", "vicp", NULL, false},
    {"prologix", "prologix:1234/5", NULL, false},
    {"ar488", "prologix:@/5+ar488", NULL, false},
};

/* One instrument and one session. */
typedef struct lane {
    pthread_t thread;
    unsigned row, number, rounds;
    const char *resource;            /* NULL: a simulator of its own */
    server srv;
    grat_session *s, *adapter;
    unsigned whole, begun, middle, failures;   /* begun: broken off before the first byte */
    uint64_t state;
    int64_t span_ns;                 /* within which the block is broken off: follows the wire's speed */
    uint8_t *block;
} lane;

static unsigned count = 1000;
static atomic_uint shown;

static uint64_t draw(lane *l)
{
    uint64_t z = l->state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static void bad(lane *l, unsigned i, const char *what, const grat_op *op)
{
    l->failures++;
    if (atomic_fetch_add(&shown, 1) < SHOWN)
        printf("  lane %u, round %u: %s: %s %s\n", l->number, i, what, grat_err_name(op->err), op->text);
}

static bool open_lane(lane *l)
{
    char wire[80], address[40], name[400];
    grat_sim_instrument what = {.model = "plain", .address = address};
    grat_open_options opt = {.size = sizeof opt, .no_sync = true};
    grat_op op;
    const char *resource = l->resource;

    if (!resource) {
        char options[40] = "";
        snprintf(address, sizeof address, "127.66.%u.%u", l->row + 1, l->number + 1);
        const char *pattern = wires[l->row].wire, *path = strchr(pattern, '@');
        if (path)
            snprintf(wire, sizeof wire, "%.*s/tmp/grat-aborts-%d-%u%s", (int)(path - pattern), pattern, (int)getpid(),
                     l->number, path + 1);
        else snprintf(wire, sizeof wire, "%s", pattern);
        if (wires[l->row].link) snprintf(options, sizeof options, "link=%s", wires[l->row].link);
        what.options = options;
        if (server_start(&l->srv, wire, &what, l->number + 1)) {
            printf("  %s: %s\n", wire, l->srv.why);
            return false;
        }
        resource = l->srv.resource;
        const char *rest = strstr(resource, "::");
        if (strncmp(resource, "PRLGX", 5) == 0) {
            grat_op_init(&op, ALIVE_MS, NULL);
            snprintf(name, sizeof name, "%.*s%u%s", strncmp(resource, "PRLGX-TCPIP", 11) ? 10 : 11, resource,
                     l->number + 1, rest);
            if (grat_open(name, &opt, &op, &l->adapter)) {
                printf("  %s: %s\n", name, op.text);
                return false;
            }
            snprintf(name, sizeof name, "GPIB%u::5::INSTR", l->number + 1);
            resource = name;
        }
    }
    opt = (grat_open_options){.size = sizeof opt, .serial = strncmp(resource, "ASRL", 4) ? NULL : "115200"};
    grat_op_init(&op, ALIVE_MS, NULL);
    if (grat_open(resource, &opt, &op, &l->s)) {
        printf("  %s: %s\n", resource, op.text);
        return false;
    }
    if (wires[l->row].overlapped && !l->resource &&
        grat_attr_set(l->s, GRAT_ATTR_HISLIP_OVERLAP, 1, &op)) {
        printf("  %s: %s\n", resource, op.text);
        return false;
    }
    return true;
}

/* By a deadline, three times in four; else plain I/O that leaves the rest, with and without a clear. */
static void break_off(lane *l, unsigned i)
{
    static const char question[] = ":BLOCK? 300000", line[] = ":BLOCK? 300000\n";
    grat_op op;
    unsigned way = i % WAYS;

    if (way) {
        grat_op_init(&op, 0, NULL);
        op.deadline_ns = grat_now_ns() + 30000 + (int64_t)(draw(l) % (uint64_t)l->span_ns);
        grat_err e = grat_query_block(l->s, question, l->block, BIG, &op);
        if (e && e != GRAT_ETIMEOUT) bad(l, i, "block", &op);
        if (!pattern_is(l->block, op.count)) bad(l, i, "the block's bytes are wrong", &op);
        l->span_ns += e && op.count ? 0 : e ? l->span_ns / 8 : -l->span_ns / 8;
        l->whole += !e;
        l->begun += e && !op.count;
        l->middle += e && op.count;
        return;
    }
    grat_op_init(&op, ALIVE_MS, NULL);
    if (grat_clear(l->s, &op)) bad(l, i, "clear before", &op);
    if (grat_io_write(l->s, line, sizeof line - 1, true, &op)) bad(l, i, "plain write", &op);
    else if (grat_io_read(l->s, l->block, 1 + draw(l) % PIECE, -1, false, &op)) bad(l, i, "plain read", &op);
    else l->middle++;
    if (grat_clear(l->s, &op)) bad(l, i, "clear behind", &op);
}

static void *run_lane(void *arg)
{
    lane *l = arg;
    char line[100];
    grat_op op;

    if (!open_lane(l)) l->failures++;
    unsigned most = MOST_TRIES * l->rounds;
    for (unsigned i = 0; i < most && l->middle < l->rounds && l->failures < LANE_FAILURES && l->s; i++) {
        break_off(l, i);
        grat_op_init(&op, ALIVE_MS, NULL);
        line[0] = '\0';
        grat_err e = grat_query(l->s, "*IDN?", line, sizeof line, &op);
        if (e) bad(l, i, "*IDN?", &op);
        else if (strncmp(line, "GRATICULE,PLAIN,", 16) != 0) bad(l, i, line, &op);
    }
    grat_close(l->s);
    grat_close(l->adapter);
    server_stop(&l->srv);
    return NULL;
}

static unsigned run_wire(unsigned row, const char *resource)
{
    lane lanes[LANES] = {0};
    unsigned n = resource ? 1 : LANES, whole = 0, begun = 0, middle = 0, failures = 0;
    int64_t start = grat_now_ns();

    for (unsigned i = 0; i < n; i++) {
        lanes[i] = (lane){.row = row, .number = i, .rounds = (count + n - 1 - i) / n, .resource = resource,
                          .state = row * 1000 + i, .span_ns = 2000000};
        lanes[i].block = malloc(BIG);
        if (!lanes[i].block || pthread_create(&lanes[i].thread, NULL, run_lane, &lanes[i])) abort();
    }
    for (unsigned i = 0; i < n; i++) {
        pthread_join(lanes[i].thread, NULL);
        whole += lanes[i].whole, begun += lanes[i].begun, middle += lanes[i].middle, failures += lanes[i].failures;
        free(lanes[i].block);
    }
    printf("%-14s %u broken off in the middle, %u before the first byte, %u came whole; %u failures; %.1f s\n",
           resource ? resource : wires[row].name, middle, begun, whole, failures,
           (double)(grat_now_ns() - start) * 1e-9);
    fflush(stdout);
    return failures + (middle < count);
}

int main(int argc, char **argv)
{
    const char *only = NULL, *resource = NULL;
    unsigned failures = 0, ran = 0;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--count") == 0) sscanf(argv[i + 1], "%u", &count);
        else if (strcmp(argv[i], "--wire") == 0) only = argv[i + 1];
        else if (strcmp(argv[i], "--resource") == 0) resource = argv[i + 1];
    }
    if (resource) return run_wire(0, resource) != 0;
    for (unsigned i = 0; i < sizeof wires / sizeof *wires; i++) {
        if (only && strcmp(only, wires[i].name) != 0) continue;
        failures += run_wire(i, NULL);
        ran++;
    }
    return failures != 0 || !ran;
}
