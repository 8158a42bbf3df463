/* grat doctor: what on this computer is in the way of instruments, and the line that mends it. */
#include "cli/commands.h"
#include "cli/doctor.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <string.h>

void doctor_say(doctor *d, doctor_level level, const char *what, const char *mend, const char *fmt, ...)
{
    if (d->n == DOCTOR_MAX) return;
    doctor_finding *f = &d->finding[d->n++];
    va_list ap;
    f->level = level;
    snprintf(f->what, sizeof f->what, "%s", what);
    snprintf(f->mend, sizeof f->mend, "%s", mend ? mend : "");
    va_start(ap, fmt);
    vsnprintf(f->text, sizeof f->text, fmt, ap);
    va_end(ap);
}

char *doctor_path(const doctor *d, char out[512], const char *fmt, ...)
{
    va_list ap;
    size_t n = (size_t)snprintf(out, 512, "%s", d->root);
    if (n >= 512) n = 511;
    va_start(ap, fmt);
    vsnprintf(out + n, 512 - n, fmt, ap);
    va_end(ap);
    return out;
}

bool doctor_read(const doctor *d, const char *path, char *out, size_t cap)
{
    char full[512];
    FILE *f = fopen(doctor_path(d, full, "%s", path), "re");
    if (!f) return false;
    bool ok = fgets(out, (int)cap, f) != NULL;
    fclose(f);
    if (ok) out[strcspn(out, "\n")] = '\0';
    return ok;
}

bool doctor_exists(const doctor *d, const char *path)
{
    char full[512];
    FILE *f = fopen(doctor_path(d, full, "%s", path), "re");
    if (f) fclose(f);
    return f != NULL;
}

static void check_config(doctor *d, const cli *c)
{
    if (!c->config) doctor_say(d, DOCTOR_BAD, "config", "mend that line", "%s", c->config_op.text);
    else doctor_say(d, DOCTOR_OK, "config", NULL, "%s", grat_config_path(c->config));
}

static void check_libraries(doctor *d)
{
    static const struct {
        const char *file, *what, *mend;
    } libraries[] = {
        {"libusb-1.0.so.0", "USB instruments without the kernel's usbtmc", "sudo apt install libusb-1.0-0"},
        {"libavahi-client.so.3", "discovery by Avahi; own queries are sent without it",
         "sudo apt install libavahi-client3 avahi-daemon"},
        {"libssl.so.3", "encrypted HiSLIP", "sudo apt install libssl3"},
        {"libcairo.so.2", "plots", "sudo apt install libcairo2"},
        {"libgpib.so.0", "GPIB boards of linux-gpib", "see linux-gpib.sourceforge.io"},
    };
    for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) {
        const char *file = libraries[i].file;
        if (dlopen(file, RTLD_LAZY | RTLD_LOCAL)) doctor_say(d, DOCTOR_OK, "library", NULL, "%s", file);
        else doctor_say(d, DOCTOR_NOTE, "library", libraries[i].mend, "%s is not installed: %s", file,
                        libraries[i].what);
    }
}

static const char *const level_names[] = {"ok", "note", "bad"};

static void print_json(const doctor *d, bool well)
{
    cli_json j = {.f = stdout};
    cli_json_open(&j, NULL, '{');
    cli_json_bool(&j, "well", well);
    cli_json_open(&j, "findings", '[');
    for (unsigned i = 0; i < d->n; i++) {
        const doctor_finding *f = &d->finding[i];
        cli_json_open(&j, NULL, '{');
        cli_json_str(&j, "level", level_names[f->level]);
        cli_json_str(&j, "what", f->what);
        cli_json_str(&j, "text", f->text);
        if (*f->mend) cli_json_str(&j, "mend", f->mend);
        cli_json_close(&j, '}');
    }
    cli_json_close(&j, ']');
    cli_json_close(&j, '}');
}

static void print_text(const doctor *d, bool well)
{
    for (unsigned i = 0; i < d->n; i++) {
        const doctor_finding *f = &d->finding[i];
        printf("%-5s%-9s %s\n", level_names[f->level], f->what, f->text);
        if (*f->mend) printf("               -> %s\n", f->mend);
    }
    printf("%s\n", well ? "all is well" : "something is in the way: see the lines that begin with bad");
}

static int run(cli *c)
{
    static doctor d;
    bool well = true;
    if (cli_has(&c->args, "udev")) {
        fputs(doctor_udev_rules, stdout);
        return CLI_DONE;
    }
    d.root = cli_value(&c->args, "root");
    if (!d.root) d.root = "";
    check_config(&d, c);
    doctor_devices(&d);
    doctor_modules(&d);
    check_libraries(&d);
    doctor_network(&d);
    for (unsigned i = 0; i < d.n; i++) well = well && d.finding[i].level != DOCTOR_BAD;
    if (c->json) print_json(&d, well);
    else print_text(&d, well);
    return well ? CLI_DONE : CLI_FAILED;
}

static const cli_option options[] = {
    {"udev", 'u', CLI_FLAG, NULL, "print the udev rules and nothing else", NULL},
    {"root", 0, CLI_FILE, "DIR", "look at the system whose files are below DIR", NULL},
    {NULL, 0, CLI_FLAG, NULL, NULL, NULL},
};

const cli_command cli_cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "what is in the way of instruments here, and the line that mends it",
    .text = "ok: as it should be. note: something optional is missing. bad: something that is here cannot be used; "
            "then the exit status is 1. Nothing is changed.",
    .options = options,
    .exec = run,
};
