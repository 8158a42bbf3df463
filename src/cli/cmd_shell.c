/* grat shell: commands and replies, line by line. */
#include "cli/commands.h"
#include "cli/line.h"

#include <graticule/bitscope.h>

#include <ctype.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void help(void)
{
    fputs("COMMAND?   send and show the reply\nCOMMAND    send\n.read      read one reply\n"
          ".errors    empty the error queue\n.clear     clear the instrument's buffers\n.help      this\n"
          ".quit      leave; so does Ctrl-D\n", stdout);
}

static bool binary(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((p[i] < 0x20 && p[i] != '\t' && p[i] != '\r' && p[i] != '\n') || p[i] == 0x7f) return true;
    }
    return false;
}

static grat_err ask(cli *c, grat_session *s, const char *line)
{
    uint8_t *data = NULL;
    size_t n = 0;
    grat_err e = grat_query_raw(s, line, &data, &n, &c->op);
    if (e) {
        free(data);
        return e;
    }
    if (binary(data, n)) {
        printf("(%zu bytes of binary data; grat query -o FILE keeps them)\n", n);
    } else {
        while (n && (data[n - 1] == '\n' || data[n - 1] == '\r')) n--;
        if (c->json) {
            cli_json j = {.f = stdout};
            cli_json_open(&j, NULL, '{');
            cli_json_str(&j, "command", line);
            cli_json_bytes(&j, "reply", data, n);
            cli_json_close(&j, '}');
        } else {
            fwrite(data, 1, n, stdout);
            putchar('\n');
        }
    }
    free(data);
    return GRAT_OK;
}

static grat_err dot_command(cli *c, grat_session *s, const char *line)
{
    static char text[65536];
    if (strcmp(line, ".clear") == 0) return grat_clear(s, &c->op);
    if (strcmp(line, ".errors") == 0) return grat_check_errors(s, &c->op);
    if (strcmp(line, ".read") == 0) {
        grat_err e = grat_read_text(s, text, sizeof text, &c->op);
        if (!e) printf("%s\n", text);
        return e;
    }
    if (strcmp(line, ".help") == 0) {
        help();
        return GRAT_OK;
    }
    return grat_op_fail(&c->op, GRAT_EINVAL, "%.60s: unknown; .help lists what there is", line);
}

/* ---- BitScope: registers by name, commands as they are ----------------------------------------------- */

static void bitscope_help(void)
{
    fputs(".registers    list them\n.get NAME     read a register (or an address such as 1e)\n"
          ".set NAME N   write it: decimal, or hex as 0x1e\n.reset        ! and ?\n.help         this\n"
          ".quit         leave; so does Ctrl-D\nanything else is sent as it is; what comes back is shown\n", stdout);
}

static bool number_of(const char *text, uint64_t *out)
{
    static const char digits[] = "0123456789abcdef";
    if (text[0] != '0' || (text[1] | 0x20) != 'x') return cli_parse_u64(text, out);
    *out = 0;
    for (text += 2; *text; text++) {
        const char *d = strchr(digits, tolower((unsigned char)*text));
        if (!d || *out >> 32) return false;
        *out = *out << 4 | (uint64_t)(d - digits);
    }
    return true;
}

static grat_err bitscope_register(cli *c, grat_bitscope *b, const char *name, const char *value)
{
    grat_bitscope_register r;
    uint32_t v = 0;
    uint64_t want = 0;
    if (!grat_bitscope_find(name, &r))
        return grat_op_fail(&c->op, GRAT_EINVAL, "%.60s: there is no such register; .registers lists them", name);
    if (value && (!number_of(value, &want) || want > UINT32_MAX))
        return grat_op_fail(&c->op, GRAT_EINVAL, "%.60s: not a number; write it like 30 or 0x1e", value);
    if (value) return grat_bitscope_set(b, &r, (uint32_t)want, &c->op);
    grat_err e = grat_bitscope_get(b, &r, &v, &c->op);
    if (!e) printf("%s [%02x] = 0x%0*x (%u)\n", r.name, r.address, 2 * r.bytes, v, v);
    return e;
}

static grat_err bitscope_dot(cli *c, grat_bitscope *b, char *line)
{
    char *name = strchr(line, ' '), *value = NULL;
    if (name) {
        *name++ = '\0';
        name += strspn(name, " ");
        value = strchr(name, ' ');
    }
    if (value) {
        *value++ = '\0';
        value += strspn(value, " ");
    }
    if (strcmp(line, ".get") == 0 && name && !value) return bitscope_register(c, b, name, NULL);
    if (strcmp(line, ".set") == 0 && name && value) return bitscope_register(c, b, name, value);
    if (strcmp(line, ".get") == 0 || strcmp(line, ".set") == 0)
        return grat_op_fail(&c->op, GRAT_EINVAL, "%s: write .get NAME or .set NAME VALUE", line);
    if (strcmp(line, ".reset") == 0) return grat_bitscope_reset(b, &c->op);
    if (strcmp(line, ".help") == 0) {
        bitscope_help();
        return GRAT_OK;
    }
    if (strcmp(line, ".registers") != 0)
        return grat_op_fail(&c->op, GRAT_EINVAL, "%.60s: unknown; .help lists what there is", line);
    for (const grat_bitscope_register *r = grat_bitscope_registers(); r->name; r++)
        printf("%02x  %u  %s\n", r->address, r->bytes, r->name);
    return GRAT_OK;
}

static grat_err bitscope_line(cli *c, grat_session *s, const char *line)
{
    static uint8_t reply[1 << 16];
    char text[1024];
    grat_bitscope *b;
    grat_err e = grat_bitscope_open(s, &c->op, &b);
    if (e) return e;
    snprintf(text, sizeof text, "%s", line);
    if (*line == '.' && isalpha((unsigned char)line[1])) {
        e = bitscope_dot(c, b, text);
    } else {
        e = grat_bitscope_raw(b, line, reply, sizeof reply, &c->op);
        cli_print_bytes(reply, c->op.count);
    }
    grat_bitscope_close(b);
    return e;
}

/* A question mark outside of quotes asks for a reply. */
static bool is_query(const char *line)
{
    char quote = '\0';
    for (; *line; line++) {
        if (quote ? *line == quote : *line == '"' || *line == '\'') {
            quote = quote ? '\0' : *line;
        } else if (!quote && *line == '?') {
            return true;
        }
    }
    return false;
}

static grat_err one(cli *c, grat_session *s, const char *line)
{
    grat_op_init(&c->op, c->timeout_ms, c->cancel);
    if (grat_is_bitscope(s)) return bitscope_line(c, s, line);
    if (*line == '.') return dot_command(c, s, line);
    if (is_query(line)) return ask(c, s, line);
    return grat_puts(s, line, &c->op);
}

/* Ctrl-C drops the line or ends the command; from a pipe it ends the shell. */
static int loop(cli *c, grat_session *s)
{
    bool person = isatty(STDIN_FILENO);
    int status = CLI_DONE;
    char *line;
    for (;;) {
        line = cli_line("grat> ", c->cancel);
        if (!line && person && grat_cancel_fired(c->cancel)) {
            cli_signals_reset(c);
            continue;
        }
        if (!line) break;
        const char *p = line + strspn(line, " \t");
        bool quit = strcmp(p, ".quit") == 0 || strcmp(p, ".exit") == 0;
        if (*p && *p != '#' && !quit && one(c, s, p)) {
            status = cli_fail(c, p);
        }
        free(line);
        fflush(stdout);
        if (quit) return CLI_DONE;
        if (!grat_cancel_fired(c->cancel)) continue;
        if (!person) return CLI_INTERRUPTED;
        cli_signals_reset(c);
    }
    if (grat_cancel_fired(c->cancel)) return CLI_INTERRUPTED;
    return person ? CLI_DONE : status;
}

static int run(cli *c)
{
    grat_session *s;
    int status = cli_open_session(c, &s);
    if (status) return status;
    if (isatty(STDIN_FILENO)) cli_note(c, "%s  (.help, .quit)", c->resource);
    status = loop(c, s);
    cli_line_save();
    grat_close(s);
    return status;
}

const cli_command cli_cmd_shell = {
    .name = "shell",
    .args = "[RESOURCE]",
    .summary = "type commands and see replies, with history and completion",
    .text = "The history is kept in $XDG_STATE_HOME/graticule/history. Lines from a pipe work too; the exit status is "
            "then 1 when the last failing line failed. With a BitScope the lines are commands of its virtual machine, "
            "and .get and .set take its registers by name.",
    .max_args = 1,
    .exec = run,
};
