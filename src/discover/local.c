/* What is known without asking a network: the configuration, the serial ports. */
#include "core/str.h"
#include "discover/search.h"
#include "transport/tty_list.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- configuration ------------------------------------------------------------------------------ */

static grat_err read_config(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    grat_config *c;
    const char *resource, *name;
    unsigned n = 0;
    grat_err e = grat_config_load(op, &c);
    if (e) {
        grat__search_explain(s, "config: %s", op->text);
        return e;
    }
    for (; (resource = grat_config_entry(c, n, &name)); n++) {
        const char *target = grat_config_alias(c, resource);
        grat__search_saw(s, &(grat__seen){.resource = target ? target : resource, .via = "config", .name = name,
                                          .ask = GRAT__ASK_ALWAYS});
    }
    grat__search_explain(s, "config: %s: %u resource%s", grat_config_path(c), n, n == 1 ? "" : "s");
    grat_config_free(c);
    return GRAT_OK;
}

static void submit(grat__search *s, grat_task_fn fn)
{
    grat__search **ctx = malloc(sizeof(grat__search *));
    if (!ctx) return;
    *ctx = s;
    grat__search_task(s, fn, ctx);
}

static void start_config(grat__search *s)
{
    submit(s, read_config);
}

const grat__source grat__source_config = {.name = "config", .bit = GRAT_FIND_CONFIG, .start = start_config};

/* ---- serial ports ------------------------------------------------------------------------------- */

enum { MAX_PORTS = 64 };

static grat_err list_ports(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    grat__tty_port *list = calloc(MAX_PORTS, sizeof *list);
    if (!list) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    unsigned n = grat__tty_list(NULL, list, MAX_PORTS);
    for (unsigned i = 0; i < n; i++) {
        const grat__tty_port *p = &list[i];
        char resource[GRAT__FIND_TEXT], note[200];
        snprintf(resource, sizeof resource, "ASRL%s::INSTR", p->path);
        snprintf(note, sizeof note, "%s%s", p->description[0] ? p->description : "serial port",
                 p->accessible ? "" : "; no permission: see grat doctor");
        grat__search_saw(s, &(grat__seen){.resource = resource, .via = "serial", .note = note});
        if (!p->accessible) grat__search_explain(s, "serial: %s: no permission; see grat doctor", p->path);
    }
    grat__search_explain(s, "serial: %u port%s; they are listed, not asked", n, n == 1 ? "" : "s");
    free(list);
    return GRAT_OK;
}

static void start_serial(grat__search *s)
{
    submit(s, list_ports);
}

const grat__source grat__source_serial = {.name = "serial", .bit = GRAT_FIND_SERIAL, .start = start_serial};
