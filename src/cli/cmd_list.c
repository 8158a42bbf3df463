/* grat list: everything that discovery finds, as it is found, and the aliases of the configuration. */
#include "cli/commands.h"

#include <string.h>

typedef struct listing {
    cli *c;
    unsigned n;
    char seen[64][300];
} listing;

static void normal_form(const char *resource, char *out, size_t cap)
{
    grat_resource r;
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (grat_resource_parse(resource, &r, &op) != GRAT_OK || grat_resource_format(&r, out, cap) >= (int)cap)
        snprintf(out, cap, "%s", resource);
}

static void on_found(void *user, const grat_found *found)
{
    listing *l = user;
    const grat_identity *id = &found->identity;
    char normal[300];
    normal_form(found->resource, normal, sizeof normal);
    for (unsigned i = 0; i < l->n && i < 64; i++) {
        if (strcmp(l->seen[i], normal) == 0) return;
    }
    if (l->n < 64) snprintf(l->seen[l->n], sizeof l->seen[0], "%s", normal);
    l->n++;
    if (l->c->json) {
        cli_json j = {.f = stdout};
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "resource", found->resource);
        cli_json_str(&j, "via", found->via);
        cli_json_identity(&j, id);
        cli_json_close(&j, '}');
        return;
    }
    printf("%s  %s %s %s %s  (%s)\n", found->resource, id->vendor, id->model, id->serial, id->firmware, found->via);
    fflush(stdout);
}

static void on_explain(void *user, const char *line)
{
    (void)user;
    fprintf(stderr, "%s\n", line);
}

/* An entry is listed with what answers there, also when nothing does. */
static void list_entry(listing *l, const char *name, const char *resource)
{
    cli *c = l->c;
    grat_session *s = NULL;
    grat_op op;
    grat_found found = {.resource = resource, .via = "config"};
    grat_op_init(&op, c->timeout_ms < 2000 ? c->timeout_ms : 2000, c->cancel);
    grat_err e = grat_open(resource, NULL, &op, &s);
    if (!e) e = grat_identify(s, &found.identity, &op);
    if (e && cli_has(&c->args, "explain")) fprintf(stderr, "config: %s: %s\n", name ? name : resource, op.text);
    grat_close(s);
    on_found(l, &found);
}

static int run(cli *c)
{
    static listing l;
    l.c = c;
    bool explain = cli_has(&c->args, "explain");
    const char *resource, *name;
    if (!c->config) cli_note(c, "warning: %s", c->config_op.text);
    for (unsigned i = 0; c->config && (resource = grat_config_entry(c->config, i, &name)); i++)
        list_entry(&l, name, resource);
    grat_op_init(&c->op, c->timeout_ms, c->cancel);
    grat_err e = grat_discover(on_found, explain ? on_explain : NULL, &l, &c->op);
    if (e == GRAT_ECANCELED && l.n) return CLI_INCOMPLETE;
    if (e && e != GRAT_ETIMEOUT) return cli_fail(c, "discovery");
    if (!l.n) cli_note(c, "no instrument found%s", explain ? "" : "; grat list --explain says what was tried");
    return CLI_DONE;
}

static const cli_option options[] = {
    {"explain", 'e', CLI_FLAG, NULL, "say what was tried and why it found nothing", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_list = {
    .name = "list",
    .args = "",
    .summary = "find instruments and show each as it is found",
    .options = options,
    .exec = run,
};
