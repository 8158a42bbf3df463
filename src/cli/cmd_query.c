/* grat query: writes a command and shows the reply. */
#include "cli/commands.h"

#include <graticule/bitscope.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_text(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < 0x20 && !strchr("\t\r\n", p[i])) || p[i] == 0x7f || !p[i]) return false;
    }
    return true;
}

/* The data of a definite-length block (IEEE 488.2 8.7.9) inside the reply. */
static bool block_data(uint8_t **p, size_t *n)
{
    if (*n < 3 || (*p)[0] != '#' || (*p)[1] < '1' || (*p)[1] > '9') return false;
    size_t digits = (size_t)(*p)[1] - '0', length = 0;
    if (*n < 2 + digits) return false;
    for (size_t i = 2; i < 2 + digits; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9') return false;
        length = length * 10 + ((*p)[i] - '0');
    }
    if (length > *n - 2 - digits) return false;
    *p += 2 + digits;
    *n = length;
    return true;
}

static void show_json(cli *c, const char *command, const uint8_t *data, size_t n, bool text)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_str(&j, "resource", c->resource);
    cli_json_str(&j, "command", command);
    if (text) {
        while (n && (data[n - 1] == '\n' || data[n - 1] == '\r')) n--;
        cli_json_bytes(&j, "reply", data, n);
    } else {
        cli_json_u64(&j, "bytes", n);
        cli_json_open(&j, "data", '[');
        for (size_t i = 0; i < n; i++) cli_json_u64(&j, NULL, data[i]);
        cli_json_close(&j, ']');
    }
    cli_json_close(&j, '}');
}

static int show(cli *c, const char *command, uint8_t *data, size_t n)
{
    const char *path = cli_value(&c->args, "output");
    bool block = cli_has(&c->args, "block");
    if (block && !block_data(&data, &n))
        return cli_error("%s: the reply is no definite-length block; leave --block out", command);
    bool text = !block && is_text(data, n);
    if (path && strcmp(path, "-") != 0) {
        if (grat_save(path, data, n, &c->op)) return cli_fail(c, path);
        return CLI_DONE;
    }
    if (c->json) {
        show_json(c, command, data, n, text);
        return CLI_DONE;
    }
    if (!text && !path && isatty(STDOUT_FILENO))
        return cli_error("%s: the reply is %zu bytes of binary data; write it to a file with -o FILE", command, n);
    if (text) {
        while (n && (data[n - 1] == '\n' || data[n - 1] == '\r')) n--;
    }
    fwrite(data, 1, n, stdout);
    if (text) putchar('\n');
    return cli_flush(CLI_DONE);
}

/* A virtual machine has no messages: what comes back, the echo first, until there is silence. */
static int bitscope(cli *c, grat_session *s, const char *command)
{
    static uint8_t reply[1 << 16];
    const char *path = cli_value(&c->args, "output");
    grat_bitscope *b;
    if (grat_bitscope_open(s, &c->op, &b)) return cli_fail(c, command);
    grat_err e = grat_bitscope_raw(b, command, reply, sizeof reply, &c->op);
    size_t n = c->op.count;
    grat_bitscope_close(b);
    if (e) return cli_fail(c, command);
    if (path || c->json) return show(c, command, reply, n);
    cli_print_bytes(reply, n);
    return cli_flush(CLI_DONE);
}

static int one(cli *c, grat_session *s, const char *command)
{
    if (grat_is_bitscope(s)) return bitscope(c, s, command);
    uint8_t *data = NULL;
    size_t n = 0;
    if (grat_query_raw(s, command, &data, &n, &c->op)) {
        free(data);
        return cli_fail(c, command);
    }
    int status = show(c, command, data, n);
    free(data);
    if (!status && cli_has(&c->args, "errors") && grat_check_errors(s, &c->op)) status = cli_fail(c, command);
    return status;
}

static int run(cli *c)
{
    grat_session *s;
    const char *path = cli_value(&c->args, "output");
    if (path && cli_check_output(path, &c->op)) return cli_fail(c, path);
    if (c->args.args == 1 && cli_is_resource(c, c->args.arg[0]))
        return cli_usage("query: an argument is missing: grat query [RESOURCE] COMMAND…");
    int status = cli_open_session(c, &s);
    if (status) return status;
    if (path && c->args.args - c->next_arg > 1) {
        status = cli_usage("query: --output takes the reply of one command; leave one");
    }
    for (int i = c->next_arg; !status && i < c->args.args; i++) status = one(c, s, c->args.arg[i]);
    grat_close(s);
    return status;
}

static const cli_option options[] = {
    {"output", 'o', CLI_FILE, "FILE", "write the reply to a file, as it came", NULL},
    {"block", 'b', CLI_FLAG, NULL, "only the data inside a definite-length block", NULL},
    {"errors", 'e', CLI_FLAG, NULL, "read the error queue afterwards; an entry is a failure", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_query = {
    .name = "query",
    .args = "[RESOURCE] COMMAND…",
    .summary = "send a command and show the reply",
    .text = "Text replies are shown as a line each. Binary replies go to standard output as they came, unless it is a "
            "terminal. A BitScope gets the bytes as they are; its echo and answer are shown.",
    .options = options,
    .min_args = 1,
    .max_args = -1,
    .exec = run,
};
