/* grat serve: the bench in a browser. What it needs is in a library of its own, loaded here. */
#include "cli/commands.h"

#include <graticule/serve.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORT 8190

typedef grat_err (*serve_fn)(const grat_serve_options *opt, grat_op *op);

/* Below libgraticule's folder where it is installed, beside it where it was built. */
static serve_fn load(void)
{
    static const char *const places[] = {"graticule/", ""};
    Dl_info info;
    char path[4096];
    serve_fn fn = NULL;
    const char *(*version)(void) = grat_version;
    void *at, *symbol, *library = NULL;
    memcpy(&at, &version, sizeof at);
    if (!dladdr(at, &info) || !info.dli_fname) return NULL;
    const char *slash = strrchr(info.dli_fname, '/');
    int n = slash ? (int)(slash - info.dli_fname) : 1;
    for (unsigned i = 0; !library && i < 2; i++) {
        snprintf(path, sizeof path, "%.*s/%slibgraticule-serve.so", n, slash ? info.dli_fname : ".", places[i]);
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        if (!library && access(path, F_OK) == 0) break; /* it is there and says what it lacks */
    }
    if (!library) {
        cli_error("serve: %s; install what it needs, or build with -Dserve=enabled", dlerror());
        return NULL;
    }
    symbol = dlsym(library, "grat_serve");
    memcpy(&fn, &symbol, sizeof fn);
    return fn;
}

static void on_ready(void *user, const char *url, const char *fingerprint)
{
    cli *c = user;
    if (c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "url", url);
        cli_json_str(&j, "fingerprint", fingerprint);
        cli_json_close(&j, '}');
    } else {
        printf("%s\n", url);
        if (*fingerprint) cli_note(c, "certificate SHA-256 %s", fingerprint);
        cli_note(c, "open it in a browser; Ctrl-C ends");
    }
    fflush(stdout);
}

/* "PORT", "ADDR:PORT", "[ADDR]:PORT", "ADDR" */
static bool parse_listen(const char *text, char *address, size_t cap, uint16_t *port)
{
    uint64_t n = 0;
    char copy[128];
    if (strlen(text) >= sizeof copy) return false;
    snprintf(copy, sizeof copy, "%s", text);
    char *at = copy, *colon = strrchr(copy, ':');
    if (copy[0] == '[') {
        char *end = strchr(copy, ']');
        if (!end || (end[1] && end[1] != ':')) return false;
        colon = end[1] ? end + 1 : NULL;
        *end = '\0';
        at++;
    } else if (strspn(copy, "0123456789") == strlen(copy)) {
        colon = copy;
        at = NULL;
    }
    if (colon) {
        const char *digits = at ? colon + 1 : copy;
        if (!cli_parse_u64(digits, &n) || n > 65535) return false;
        *port = (uint16_t)n;
        if (at) *colon = '\0';
    }
    if (at && *at) snprintf(address, cap, "%s", at);
    return true;
}

/* The token is not for the process list: from a file, or made here when it is needed. */
static int take_token(const char *path, char *out, size_t cap)
{
    char text[200];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    int why = errno;
    if (fd >= 0) close(fd);
    if (n < 0) return cli_error("%s: the token cannot be read: %s", path, strerror(why));
    text[n] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    if (strlen(text) >= cap) return cli_error("%s: the token is too long", path);
    snprintf(out, cap, "%s", text);
    return CLI_DONE;
}

static int make_token(char *out, size_t cap)
{
    unsigned char raw[16];
    if (getrandom(raw, sizeof raw, 0) != (ssize_t)sizeof raw) return cli_error("token: no random numbers");
    for (size_t i = 0; i < sizeof raw && 2 * i + 3 <= cap; i++) snprintf(out + 2 * i, 3, "%02x", raw[i]);
    return CLI_DONE;
}

static int choose_folder(const cli *c, char *out, size_t cap)
{
    const char *given = cli_value(&c->args, "folder"), *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
    if (given) snprintf(out, cap, "%s", given);
    else if (data && *data == '/') snprintf(out, cap, "%s/graticule", data);
    else if (home && *home == '/') snprintf(out, cap, "%s/.local/share/graticule", home);
    else return cli_error("serve: no place for recordings; give --folder");
    /* Its parents as far as they miss. */
    for (char *p = out + 1; *p; p++) {
        if (*p != '/') continue;
        *p = '\0';
        mkdir(out, 0755);
        *p = '/';
    }
    if (mkdir(out, 0755) == 0 || errno == EEXIST) return CLI_DONE;
    return cli_error("%s: it cannot be made: %s; give another --folder", out, strerror(errno));
}

static const char *expand(const cli *c, const char *text)
{
    const char *alias = c->config ? grat_config_alias(c->config, text) : NULL;
    return alias ? alias : text;
}

static bool beyond_loopback(const char *address)
{
    return strncmp(address, "127.", 4) != 0 && strcmp(address, "::1") != 0;
}

static int run(cli *c)
{
    static const char *resources[CLI_MAX_ARGS + 1], *names[33];
    char address[128] = "127.0.0.1", token[200] = "", folder[700];
    const char *listen = cli_value(&c->args, "listen"), *token_file = cli_value(&c->args, "token-file");
    grat_serve_options o = {.size = sizeof o, .resources = resources, .address = address, .port = PORT,
                            .names = names, .folder = folder, .tls = cli_has(&c->args, "https"),
                            .cert = cli_value(&c->args, "cert"), .key = cli_value(&c->args, "key"),
                            .ready = on_ready, .user = c};
    for (int i = 0; i < c->args.args; i++) {
        if (!cli_is_resource(c, c->args.arg[i])) return cli_no_resource(c, c->args.arg[i]);
        resources[i] = expand(c, c->args.arg[i]);
    }
    for (int i = 0; i < 32 && cli_value_nth(&c->args, "name", i); i++) names[i] = cli_value_nth(&c->args, "name", i);
    if (listen && !parse_listen(listen, address, sizeof address, &o.port))
        return cli_usage("serve: --listen %s: ADDRESS:PORT is wanted, such as 0.0.0.0:8190", listen);
    int status = choose_folder(c, folder, sizeof folder);
    if (!status && token_file) status = take_token(token_file, token, sizeof token);
    else if (!status && beyond_loopback(address)) status = make_token(token, sizeof token);
    if (status) return status;
    o.token = token[0] || token_file ? token : NULL;
    serve_fn serve = load();
    if (!serve) return CLI_FAILED;
    if (!cli_has(&c->args, "timeout")) grat_op_init(&c->op, INT64_MAX, c->cancel);
    return serve(&o, &c->op) ? cli_fail(c, "serve") : CLI_DONE;
}

static const cli_option options[] = {
    {"listen", 0, CLI_TEXT, "ADDRESS:PORT", "where to listen, 127.0.0.1:8190 unless told; port 0 is any", NULL},
    {"token-file", 0, CLI_FILE, "FILE", "the token that viewers must know; else one is made where it is needed", NULL},
    {"https", 0, CLI_FLAG, NULL, "encrypt also on this computer; beyond it always", NULL},
    {"cert", 0, CLI_FILE, "FILE", "certificate (PEM) instead of our own", NULL},
    {"key", 0, CLI_FILE, "FILE", "its key (PEM)", NULL},
    {"name", 0, CLI_TEXT, "HOST", "another name that browsers may know this computer by; several are possible", NULL},
    {"folder", 0, CLI_FILE, "DIR", "where recordings go, ~/.local/share/graticule unless told", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_serve = {
    .name = "serve",
    .args = "[RESOURCE…]",
    .summary = "the bench in a browser",
    .text = "Prints the address of a page with the instruments: live traces, knobs, measurements, spectrum, "
            "screenshots, downloads, recordings and a console. Without a resource, those of the configuration; "
            "the page can search. "
            "It listens on this computer alone unless told otherwise; beyond it only encrypted, and with a token.",
    .options = options,
    .min_args = 0,
    .max_args = -1,
    .exec = run,
};
