/* Which instrument: the RESOURCE argument, else the default, else the only one that discovery finds. */
#include "cli/cli.h"

#include <graticule/bitscope.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static bool is_name(const char *s, size_t n)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    return n && strspn(s, allowed) >= n;
}

/* A path that can be no file to read or write: to a device, or below /dev to what is not there. */
static bool is_port(const char *path)
{
    struct stat st;
    if (path[0] != '/') return false;
    return stat(path, &st) == 0 ? S_ISCHR(st.st_mode) : strncmp(path, "/dev/", 5) == 0;
}

bool cli_is_resource(const cli *c, const char *text)
{
    static const char *const bare[] = {"SIM", "BITSCOPE", "PICO"};
    const char *colons = strstr(text, "::");
    if (c->config && grat_config_alias(c->config, text)) return true;
    if (strncasecmp(text, "ASRL/", 5) == 0 || strncmp(text, "file:/", 6) == 0 || is_port(text)) return true;
    if (colons) return is_name(text, (size_t)(colons - text));
    for (unsigned i = 0; i < sizeof bare / sizeof *bare; i++) {
        if (strcasecmp(text, bare[i]) == 0) return true;
    }
    return strncmp(text, "socket://", 9) == 0 || strncmp(text, "bitscope-server://", 18) == 0;
}

#define MAX_FOUND 64

typedef struct finds {
    char *resource[MAX_FOUND];
    char *text[MAX_FOUND];
    unsigned n;
} finds;

static void on_found(void *user, const grat_found *found)
{
    finds *f = user;
    char line[512];
    /* A serial port that merely exists is no instrument yet, and a bus never is. */
    if (f->n == MAX_FOUND || found->again || strcmp(found->via, "serial") == 0 || strstr(found->resource, "::INTFC"))
        return;
    snprintf(line, sizeof line, "%s %s", found->identity.vendor, found->identity.model);
    f->resource[f->n] = strdup(found->resource);
    f->text[f->n] = strdup(line);
    if (f->resource[f->n] && f->text[f->n]) {
        f->n++;
    } else {
        free(f->resource[f->n]);
        free(f->text[f->n]);
    }
}

static int choose(cli *c, const finds *f)
{
    if (f->n == 1) {
        snprintf(c->resource, sizeof c->resource, "%s", f->resource[0]);
        cli_note(c, "using %s (%s)", f->resource[0], f->text[0]);
        return CLI_DONE;
    }
    if (!f->n)
        return cli_error("no instrument: none was found; name one, or see what grat list --explain says");
    cli_error("which instrument: %u were found; name one of these", f->n);
    for (unsigned i = 0; i < f->n; i++) fprintf(stderr, "  %s  %s\n", f->resource[i], f->text[i]);
    return CLI_FAILED;
}

static int discover(cli *c)
{
    finds f = {0};
    grat_op op;
    int64_t ms = c->timeout_ms < 3000 ? c->timeout_ms : 3000;
    grat_op_init(&op, ms, c->cancel);
    grat_err e = grat_discover(NULL, on_found, &f, &op);
    int status;
    if (e) {
        c->op = op;
        status = cli_fail(c, "discovery");
    } else {
        status = choose(c, &f);
    }
    for (unsigned i = 0; i < f.n; i++) {
        free(f.resource[i]);
        free(f.text[i]);
    }
    if (!status) grat_op_init(&c->op, c->timeout_ms, c->cancel);
    return status;
}

/* An address, or a name of mDNS, that stands where a resource should. */
static bool is_host(const char *text)
{
    size_t n = strlen(text), digits = strspn(text, "0123456789.");
    return (n > 6 && digits == n && strchr(text, '.')) || (n > 6 && strcmp(text + n - 6, ".local") == 0);
}

int cli_no_resource(const cli *c, const char *text)
{
    const cli_command *k = c->args.command;
    const cli_option *o = k->options;
    if (is_host(text))
        return cli_usage("%s: \"%s\" is no resource; write it like TCPIP::%s::INSTR", k->name, text, text);
    while (o && o->name && strcmp(o->name, "output") != 0) o++;
    bool file = o && o->name && strrchr(text, '.');
    return cli_usage("%s: \"%s\" is no resource%s", k->name, text, file ? "; the file is named with -o" : "");
}

int cli_resolve(cli *c)
{
    const char *name = c->config ? grat_config_default(c->config) : NULL, *env = getenv("GRATICULE_RESOURCE");
    int status = cli_only_resource(c);
    if (status) return status;
    if (env && *env) name = env;
    if (c->next_arg < c->args.args && cli_is_resource(c, c->args.arg[c->next_arg])) name = c->args.arg[c->next_arg++];
    bool known = name && cli_is_resource(c, name);
    if (!c->config && !known) {
        c->op = c->config_op;
        return cli_fail(c, "configuration");
    }
    if (!c->config) cli_note(c, "warning: %s", c->config_op.text);
    if (!name) return discover(c);
    if (!known)
        return cli_error("%s: neither an alias nor a resource; write it like TCPIP::192.168.1.50::INSTR", name);
    int n = snprintf(c->resource, sizeof c->resource, "%s", name);
    if (n >= (int)sizeof c->resource) return cli_error("%.60s…: the resource is too long", c->resource);
    return CLI_DONE;
}

int cli_only_resource(const cli *c)
{
    if (c->next_arg >= c->args.args || cli_is_resource(c, c->args.arg[c->next_arg])) return CLI_DONE;
    const char *text = c->args.arg[c->next_arg], *wanted = c->args.command->args;
    bool only = wanted && strcmp(wanted, "[RESOURCE]") == 0;
    return only || is_host(text) ? cli_no_resource(c, text) : CLI_DONE;
}

/* False when there is neither a variable nor a terminal to ask at. */
static bool password(const char *user, grat_open_options *opt)
{
    static char typed[256];
    struct termios was, silent;
    opt->user = user;
    if ((opt->password = getenv("GRATICULE_PASSWORD"))) return true;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &was)) return false;
    fprintf(stderr, "password of %s: ", user);
    silent = was;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    bool good = fgets(typed, sizeof typed, stdin) != NULL;
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
    fputc('\n', stderr);
    typed[strcspn(typed, "\r\n")] = '\0';
    opt->password = typed;
    return good;
}

static int connection(cli *c, grat_open_options *opt)
{
    const char *tls = cli_value(&c->args, "tls"), *user = cli_value(&c->args, "user");
    opt->serial = cli_value(&c->args, "baud");
    opt->tls_ca = cli_value(&c->args, "ca");
    opt->tls_cert = cli_value(&c->args, "user-cert");
    if (tls && strcmp(tls, "never") == 0) opt->tls = GRAT_TLS_NEVER;
    if (tls && (strcmp(tls, "require") == 0 || strcmp(tls, "insecure") == 0)) opt->tls = GRAT_TLS_REQUIRE;
    opt->tls_insecure = tls && strcmp(tls, "insecure") == 0;
    if (user && !password(user, opt))
        return cli_usage("--user %s: no password; set GRATICULE_PASSWORD, or run it at a terminal", user);
    return CLI_DONE;
}

int cli_open_session(cli *c, grat_session **out)
{
    grat_open_options opt = {.size = sizeof opt, .io_timeout_ms = c->timeout_ms};
    int status = cli_resolve(c);
    if (!status) status = connection(c, &opt);
    if (status) return status;
    if (grat_open(c->resource, &opt, &c->op, out)) return cli_fail(c, c->resource);
    snprintf(c->resource, sizeof c->resource, "%s", grat_session_resource(*out));
    return CLI_DONE;
}

int cli_open_scope(cli *c, grat_scope **out)
{
    grat_session *s;
    int status = cli_open_session(c, &s);
    if (status) return status;
    if (grat_scope_open(s, &c->op, out)) {
        status = cli_fail(c, c->resource);
        grat_close(s);
    }
    return status;
}

void cli_print_bytes(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\r') fputs("\\r", stdout);
        else if (p[i] == '\\') fputs("\\\\", stdout);
        else if (p[i] >= 0x20 && p[i] < 0x7f) putchar(p[i]);
        else printf("\\x%02x", p[i]);
    }
    putchar('\n');
}

int cli_no_byte_stream(const grat_session *s)
{
    if (!grat_is_bitscope(s)) return CLI_DONE;
    return cli_error("%s: a BitScope echoes and answers every command; use grat query or grat shell",
                     grat_session_resource(s));
}
