/* What is known without asking a network: the configuration, USB, the serial ports. */
#include "config/config.h"
#include "core/str.h"
#include "discover/search.h"
#include "transport/bitscope.h"
#include "transport/tty_list.h"
#include "transport/usb_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_GPIB = 16 };

/* ---- configuration ------------------------------------------------------------------------------ */

/* GPIB1 as GPIB1::INTFC, ASRL3 as ASRL3::INSTR. */
static void saw_board(grat__search *s, const grat__config_item *b)
{
    char resource[80], note[200];
    bool serial = grat__strcasestarts(b->name, "ASRL");
    snprintf(resource, sizeof resource, "%.60s::%s", b->name, serial ? "INSTR" : "INTFC");
    snprintf(note, sizeof note, "board: %.180s", b->resource);
    grat__search_saw(s, &(grat__seen){.resource = resource, .via = "config", .note = note});
}

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
    for (unsigned i = 0; i < c->boards.n; i++) saw_board(s, &c->boards.item[i]);
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

/* ---- USB ---------------------------------------------------------------------------------------- */

static grat_err list_usb(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    grat__usb_entry *list = calloc(GRAT__USB_LIST_MAX, sizeof *list);
    if (!list) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    unsigned n = grat__usb_list(NULL, list, GRAT__USB_LIST_MAX);
    for (unsigned i = 0; i < n; i++) {
        const grat__usb_entry *u = &list[i];
        grat_identity id = {0};
        grat__strcpy(id.vendor, sizeof id.vendor, u->manufacturer);
        grat__strcpy(id.model, sizeof id.model, u->product);
        grat__strcpy(id.serial, sizeof id.serial, u->serial);
        grat__search_saw(s, &(grat__seen){.resource = u->resource, .via = "usb", .identity = &id,
                                          .note = u->accessible ? NULL : u->why,
                                          .ask = u->accessible ? GRAT__ASK_ALWAYS : GRAT__ASK_NEVER});
        if (!u->accessible) grat__search_explain(s, "usb: %s: %s", u->resource, u->why);
    }
    grat__search_explain(s, "usb: %u instrument%s (class USBTMC)", n, n == 1 ? "" : "s");
    free(list);
    return GRAT_OK;
}

static void start_usb(grat__search *s)
{
    submit(s, list_usb);
}

const grat__source grat__source_usb = {.name = "usb", .bit = GRAT_FIND_USB, .start = start_usb};

/* ---- GPIB --------------------------------------------------------------------------------------- */

/* Boards of linux-gpib. Which instruments hang on them is not asked, as that would move the bus. */
static grat_err list_gpib(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    unsigned n = 0;
    (void)op;
    for (unsigned i = 0; i < MAX_GPIB; i++) {
        char node[32], resource[32];
        snprintf(node, sizeof node, "/dev/gpib%u", i);
        snprintf(resource, sizeof resource, "GPIB%u::INTFC", i);
        if (access(node, F_OK) != 0) continue;
        bool open = access(node, R_OK | W_OK) == 0;
        grat__search_saw(s, &(grat__seen){.resource = resource, .via = "gpib",
                                          .note = open ? node : "no permission; sudo usermod -aG gpib $USER"});
        n++;
    }
    grat__search_explain(s, "gpib: %u board%s (/dev/gpib0 and on)", n, n == 1 ? "" : "s");
    return GRAT_OK;
}

static void start_gpib(grat__search *s)
{
    submit(s, list_gpib);
}

const grat__source grat__source_gpib = {.name = "gpib", .bit = GRAT_FIND_GPIB, .start = start_gpib};

/* ---- serial ports ------------------------------------------------------------------------------- */

enum { MAX_PORTS = 64 };

/* Nothing is opened: the port of an adapter that bears the BitScope's name is one, that of another adapter with the
 * same id may be one. */
static void saw_port(grat__search *s, const grat__tty_port *p)
{
    char resource[GRAT__FIND_TEXT], note[300];
    bool named = grat__bitscope_named(p), maybe = p->vid == GRAT__BITSCOPE_VID && p->pid == GRAT__BITSCOPE_PID;
    const char *what = p->description[0] ? p->description : "serial port";
    const char *locked = p->accessible ? "" : "; no permission: see grat doctor";
    if (maybe) {
        grat_identity id = {.vendor = "BitScope"};
        grat__strcpy(id.serial, sizeof id.serial, p->serial);
        snprintf(resource, sizeof resource, "BITSCOPE::%s", p->path);
        snprintf(note, sizeof note, "%s%s%s", what, named ? "" : "; a BitScope has this USB id", locked);
        grat__search_saw(s, &(grat__seen){.resource = resource, .via = "serial", .note = note,
                                          .identity = named ? &id : NULL});
    }
    if (named) return;
    snprintf(resource, sizeof resource, "ASRL%s::INSTR", p->path);
    snprintf(note, sizeof note, "%s%s", what, locked);
    grat__search_saw(s, &(grat__seen){.resource = resource, .via = "serial", .note = note});
}

static grat_err list_ports(void *user, grat_op *op)
{
    grat__search *s = *(grat__search **)user;
    grat__tty_port *list = calloc(MAX_PORTS, sizeof *list);
    if (!list) return grat_op_fail(op, GRAT_ENOMEM, "out of memory");
    unsigned n = grat__tty_list(NULL, list, MAX_PORTS);
    for (unsigned i = 0; i < n; i++) {
        saw_port(s, &list[i]);
        if (!list[i].accessible) grat__search_explain(s, "serial: %s: no permission; see grat doctor", list[i].path);
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
