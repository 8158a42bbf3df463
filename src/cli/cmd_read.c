/* grat read: takes one message that the instrument has to say, without asking. */
#include "cli/commands.h"

#include <stdlib.h>
#include <string.h>

#define READ_MAX ((size_t)64 << 20)

typedef struct message {
    uint8_t *data;
    size_t len, cap;
} message;

static grat_err grow(message *m, grat_op *op)
{
    if (m->len < m->cap) return GRAT_OK;
    size_t cap = m->cap ? m->cap * 2 : 4096;
    if (cap > READ_MAX) return grat_op_fail(op, GRAT_ETOOBIG, "read: the message is larger than 64 MiB");
    uint8_t *more = realloc(m->data, cap);
    if (!more) return grat_op_fail(op, GRAT_ENOMEM, "read: out of memory");
    m->data = more;
    m->cap = cap;
    return GRAT_OK;
}

/* A stream wire marks no end: a line end that comes last in a piece is taken as one. */
static grat_err read_message(grat_session *s, message *m, size_t most, grat_op *op)
{
    for (;;) {
        grat_err e = grow(m, op);
        if (e) return e;
        size_t room = m->cap - m->len;
        if (most && room > most - m->len) room = most - m->len;
        e = grat_read(s, m->data + m->len, room, op);
        m->len += op->count;
        if (e) return e;
        if (op->reason & (GRAT_REASON_END | GRAT_REASON_CHAR)) return GRAT_OK;
        if (most ? m->len >= most : m->len && m->data[m->len - 1] == '\n') return GRAT_OK;
    }
}

static int put(cli *c, const message *m)
{
    const char *path = cli_value(&c->args, "output");
    if (path || !c->json) {
        if (cli_put(path ? path : "-", m->data, m->len, &c->op)) return cli_fail(c, "read");
        return CLI_DONE;
    }
    cli_json j = {.f = stdout};
    size_t n = m->len;
    while (n && strchr("\r\n", m->data[n - 1])) n--;
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", c->resource);
    cli_json_bytes(&j, "reply", m->data, n);
    cli_json_close(&j, '}');
    return CLI_DONE;
}

static int run(cli *c)
{
    grat_session *s;
    message m = {0};
    const char *path = cli_value(&c->args, "output");
    if (path && cli_check_output(path, &c->op)) return cli_fail(c, path);
    int status = cli_open_session(c, &s);
    if (status) return status;
    if ((status = cli_no_byte_stream(s)) != CLI_DONE) {
        grat_close(s);
        return status;
    }
    grat_err e = read_message(s, &m, (size_t)cli_amount(&c->args, "bytes", 0), &c->op);
    if (e) status = cli_fail(c, c->resource);
    if (m.len) {
        int kept = put(c, &m);
        status = !e ? kept : CLI_INCOMPLETE;
    }
    free(m.data);
    grat_close(s);
    return status;
}

static const cli_option options[] = {
    {"bytes", 'n', CLI_COUNT, "N", "exactly so many bytes", NULL},
    {"output", 'o', CLI_FILE, "FILE", "write them to a file", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_read = {
    .name = "read",
    .args = "[RESOURCE]",
    .summary = "read one message without asking",
    .options = options,
    .max_args = 1,
    .exec = run,
};
