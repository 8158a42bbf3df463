#include "transport/serial/manners.h"

#include "core/str.h"

#include <stdio.h>
#include <string.h>

#define SILENCE_MS 60        /* Korad KA3005P and its like pause for less inside an answer */
#define CTRL_C 3             /* HP 34401A, E36xx: device clear */

void grat__manners_init(grat__manners *m)
{
    *m = (grat__manners){.line_end = '\n', .clear_byte = -1};
}

static void apply_crlf(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->eol = "\r\n";
    m->line_end = '\n';
}

static void apply_cr(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->eol = "\r";
    m->line_end = '\r';
}

static void apply_none(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->eol = "";
    m->silence_ms = SILENCE_MS;
}

static void apply_echo(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->echo = true;
}

static void apply_break(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->clear_break = true;
}

static void apply_ctrl_c(grat__manners *m, grat__tty_params *p)
{
    (void)p;
    m->clear_byte = CTRL_C;
}

static void apply_keep(grat__manners *m, grat__tty_params *p)
{
    (void)m;
    p->keep_lines = true;
}

/* Names of manners, with instruments that have them. */
static const struct row {
    const char *word, *instruments;
    void (*apply)(grat__manners *m, grat__tty_params *p);
} rows[] = {
    {"crlf", "instruments that want CR LF", apply_crlf},
    {"cr", "Manson HCS", apply_cr},
    {"none", "Korad KA3005P and clones", apply_none},
    {"echo", "instruments with a terminal's manners", apply_echo},
    {"break", "Tektronix TDS with RS-232", apply_break},
    {"ctrl-c", "HP 34401A, E36xx", apply_ctrl_c},
    {"keep", "boards that reset when DTR moves (Arduino)", apply_keep},
};

static bool apply(const char *word, grat__manners *m, grat__tty_params *p)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!grat__strcaseeq(rows[i].word, word)) continue;
        rows[i].apply(m, p);
        return true;
    }
    return false;
}

grat_err grat__manners_parse(const char *text, grat__manners *m, grat__tty_params *p, grat_op *op)
{
    char rest[80] = "", word[16];
    grat__manners mine = *m;
    grat__tty_params params = *p;
    if (strlen(text) >= sizeof rest) return grat_op_fail(op, GRAT_EPARSE, "serial parameters: too long");
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, ","), have = strlen(rest);
        snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), at);
        if (n >= sizeof word || !apply(word, &mine, &params))
            snprintf(rest + have, sizeof rest - have, "%s%.*s", have ? "," : "", (int)n, at);
        at += n + (at[n] == ',');
    }
    grat_err e = grat__tty_parse(rest, &params, op);
    if (e)
        return grat_op_fail(op, e, "serial parameters \"%.60s\": write them as 115200,8N1 or 9600,7E2,rts; further "
                                   "words are xon dtr crlf cr none echo break ctrl-c keep", text);
    *m = mine;
    *p = params;
    return GRAT_OK;
}

/* ---- echo ------------------------------------------------------------------------------------------ */

static bool line_end(uint8_t c)
{
    return c == '\r' || c == '\n';
}

void grat__echo_reset(grat__echo *e)
{
    e->n = e->seen = 0;
}

void grat__echo_sent(grat__echo *e, const void *data, size_t n)
{
    if (e->seen == e->n) grat__echo_reset(e);
    if (n > sizeof e->data - e->n) n = sizeof e->data - e->n;
    memcpy(e->data + e->n, data, n);
    e->n += n;
}

size_t grat__echo_filter(grat__echo *e, const uint8_t *in, size_t n, uint8_t *out)
{
    size_t i = 0, have = 0;
    while (i < n && e->seen < e->n) {
        uint8_t want = e->data[e->seen];
        if (in[i] == want) {
            e->seen++, i++;
        } else if (line_end(in[i])) {
            i++;             /* CR LF for LF */
        } else if (line_end(want)) {
            e->seen++;       /* a line end that did not come back */
        } else {
            memcpy(out, e->data, e->seen);
            have = e->seen;
            grat__echo_reset(e);
        }
    }
    memcpy(out + have, in + i, n - i);
    return have + n - i;
}
