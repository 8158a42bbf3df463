#include <stdio.h>
#include <string.h>

#include "core/block488.h"
#include "sim/model/models.h"

/* (i * 7 + (i >> 8)) & 255 repeats after 65536 bytes; a longer table means fewer pieces. */
#define PATTERN_BYTES (1u << 20)
#define MAX_BLOCK (1u << 30)
#define MAX_TEXT (16u << 20)
#define MAX_DELAY_MS 600000
#define NS_PER_MS 1000000

typedef struct plain {
    uint8_t pattern[PATTERN_BYTES];
} plain;

static void echo_get(sim_call *c)
{
    grat__buf_puts(c->out, c->args);
}

/* A whole number up to `max`. */
static bool count_arg(sim_call *c, unsigned index, double max, uint64_t *out)
{
    double v;
    if (!sim_arg_number(c, index, &v)) return false;
    if (v < 0 || v > max) {
        sim_error(c, -222);
        return false;
    }
    *out = (uint64_t)v;
    return true;
}

static void block_get(sim_call *c)
{
    const plain *p = c->model;
    uint64_t n, digits = 9;
    char head[24], given[8];
    if (!count_arg(c, 0, MAX_BLOCK, &n)) return;
    if (sim_arg(c, 1, given, sizeof given) && !count_arg(c, 1, 9, &digits)) return;
    if (c->pattern) {
        sim_error(c, -221);
        return;
    }
    if (n > 999999999) {
        /* IEEE 488.2 has nine digits at most; the R&S form takes more. */
        snprintf(head, sizeof head, "#(%llu)", (unsigned long long)n);
    } else if (!grat__block_header(head, n, (unsigned)digits)) {
        sim_error(c, -222);
        return;
    }
    grat__buf_puts(c->out, head);
    c->body_at = c->out->len;
    c->pattern = p->pattern;
    c->pattern_len = PATTERN_BYTES;
    c->pattern_bytes = n;
}

static void text_get(sim_call *c)
{
    static const char line[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    uint64_t n;
    if (!count_arg(c, 0, MAX_TEXT, &n)) return;
    while (n) {
        size_t piece = n < sizeof line - 1 ? (size_t)n : sizeof line - 1;
        if (grat__buf_put(c->out, line, piece) != GRAT_OK) return;
        n -= piece;
    }
}

static void delay_get(sim_call *c)
{
    uint64_t ms;
    if (!count_arg(c, 0, MAX_DELAY_MS, &ms)) return;
    c->delay_ns += (int64_t)ms * NS_PER_MS;
    sim_put(c, "%llu", (unsigned long long)ms);
}

static bool open_plain(void *priv, sim_instrument *in, char err[256])
{
    plain *p = priv;
    (void)err;
    for (uint32_t i = 0; i < PATTERN_BYTES; i++) p->pattern[i] = (uint8_t)(i * 7 + (i >> 8));
    snprintf(in->idn, sizeof in->idn, "GRATICULE,PLAIN,%.60s,%.60s", sim_option(&in->options, "serial", "0"),
             sim_option(&in->options, "fw", "1"));
    return true;
}

static const sim_command commands[] = {
    {":ECHO", echo_get, NULL, NULL},   {":BLOCK", block_get, NULL, NULL}, {":TEXT", text_get, NULL, NULL},
    {":DELAY", delay_get, NULL, NULL}, {NULL, NULL, NULL, NULL},
};

static const sim_command *const tables[] = {commands, NULL};

const sim_model sim_plain_model = {
    .name = "plain",
    .text = "a tiny SCPI instrument for benchmarks and fault tests",
    .priv_size = sizeof(plain),
    .raw_port = 5555,
    .tables = tables,
    .open = open_plain,
};
