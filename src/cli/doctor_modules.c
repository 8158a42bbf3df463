/* Kernel modules: loaded, at hand, or missing. */
#include "cli/doctor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

/* True when a line of modules.dep or modules.builtin ends its path in "/NAME.ko…". */
static bool listed(const doctor *d, const char *release, const char *list, const char *module)
{
    char path[512], line[4096], wanted[64];
    bool found = false;
    snprintf(wanted, sizeof wanted, "/%s.ko", module);
    FILE *f = fopen(doctor_path(d, path, "/lib/modules/%s/%s", release, list), "re");
    if (!f) return false;
    while (!found && fgets(line, sizeof line, f)) {
        line[strcspn(line, ":\n")] = '\0';
        found = strstr(line, wanted) != NULL;
    }
    fclose(f);
    return found;
}

static bool loaded(const doctor *d, const char *module)
{
    char path[512];
    struct stat st;
    return stat(doctor_path(d, path, "/sys/module/%s", module), &st) == 0;
}

void doctor_modules(doctor *d)
{
    static const struct {
        const char *name, *file, *purpose, *load, *install;
    } modules[] = {
        {"v4l2loopback", "v4l2loopback", "grat live as a camera",
         "sudo modprobe v4l2loopback card_label=Scope exclusive_caps=1", "sudo apt install v4l2loopback-dkms"},
        {"usbtmc", "usbtmc", "USB instruments without libusb", "sudo modprobe usbtmc", NULL},
        {"vhci_hcd", "vhci-hcd", "simulated USB instruments", "sudo modprobe vhci-hcd", NULL},
    };
    struct utsname u;
    if (uname(&u) < 0) return;
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++) {
        const char *name = modules[i].name;
        if (loaded(d, name) || listed(d, u.release, "modules.builtin", modules[i].file))
            doctor_say(d, DOCTOR_OK, "module", NULL, "%s is loaded", name);
        else if (listed(d, u.release, "modules.dep", modules[i].file))
            doctor_say(d, DOCTOR_NOTE, "module", modules[i].load, "%s is not loaded: %s", name, modules[i].purpose);
        else
            doctor_say(d, DOCTOR_NOTE, "module", modules[i].install, "%s is not in this kernel (%.40s): %s", name,
                       u.release, modules[i].purpose);
    }
}
