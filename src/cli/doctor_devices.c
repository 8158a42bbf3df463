/* USB instruments and serial ports: may this user open them, and who else wants them. */
#include "cli/doctor.h"

#include <dirent.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define RULES "/etc/udev/rules.d/70-graticule.rules"
#define INSTALL_RULES                                                                                                  \
    "grat doctor --udev | sudo tee " RULES " && sudo udevadm control --reload && sudo udevadm trigger"

#define RELOAD_LOOPBACK                                                                                                \
    "sudo modprobe -r v4l2loopback && sudo modprobe v4l2loopback exclusive_caps=1 card_label=Scope"

/* ---- groups ------------------------------------------------------------------------------------- */

static bool has_group(gid_t gid)
{
    gid_t list[256];
    int n = getgroups(256, list);
    for (int i = 0; i < n; i++) {
        if (list[i] == gid) return true;
    }
    return getegid() == gid;
}

static const char *user_name(void)
{
    const struct passwd *p = getpwuid(getuid());
    return p ? p->pw_name : "$USER";
}

/* True when /etc/group has the user in it, though this login may be older. */
static bool is_member(const struct group *g, const char *user)
{
    for (char **m = g->gr_mem; *m; m++) {
        if (strcmp(*m, user) == 0) return true;
    }
    return false;
}

/* The line that gives this user the group of a file. */
static void join_line(const struct stat *st, const char *user, char *out, size_t cap)
{
    const struct group *g = getgrgid(st->st_gid);
    if (!g || st->st_gid == 0 || !(st->st_mode & 0060)) snprintf(out, cap, "%s", INSTALL_RULES);
    else if (is_member(g, user)) snprintf(out, cap, "log out and in again: %s is new in %s", user, g->gr_name);
    else snprintf(out, cap, "sudo usermod -aG %s %s, then log out and in again", g->gr_name, user);
}

static void check_groups(doctor *d)
{
    static const char *const names[] = {"dialout", "plugdev"};
    char user[64], missing[64] = "";
    snprintf(user, sizeof user, "%s", user_name());
    if (getuid() == 0) {
        doctor_say(d, DOCTOR_OK, "groups", NULL, "root needs none");
        return;
    }
    for (unsigned i = 0; i < 2; i++) {
        const struct group *g = getgrnam(names[i]);
        size_t n = strlen(missing);
        if (g && !has_group(g->gr_gid)) snprintf(missing + n, sizeof missing - n, "%s%s", n ? "," : "", names[i]);
    }
    char mend[160];
    snprintf(mend, sizeof mend, "sudo usermod -aG %s %s, then log out and in again", missing, user);
    if (*missing) doctor_say(d, DOCTOR_NOTE, "groups", mend, "%s is not in %s", user, missing);
    else doctor_say(d, DOCTOR_OK, "groups", NULL, "%s is in dialout and plugdev, as far as they exist", user);
}

/* ---- nodes -------------------------------------------------------------------------------------- */

/* Says whether this user may open a node; false when not. */
static bool check_node(doctor *d, const char *what, const char *node, const char *of)
{
    char full[512], user[64], mend[300];
    struct stat st;
    doctor_path(d, full, "%s", node);
    snprintf(user, sizeof user, "%s", user_name());
    if (stat(full, &st) < 0) {
        doctor_say(d, DOCTOR_BAD, what, "sudo udevadm trigger", "%s: %s is not there", of, node);
        return false;
    }
    if (access(full, R_OK | W_OK) == 0) {
        doctor_say(d, DOCTOR_OK, what, NULL, "%s: %s can be opened", of, node);
        return true;
    }
    bool closed = st.st_gid == 0 || !(st.st_mode & 0060);
    if (closed && strcmp(what, "video") == 0)   /* no rule of ours is about cameras */
        snprintf(mend, sizeof mend, "sudo chgrp video %s && sudo chmod 660 %s", node, node);
    else
        join_line(&st, user, mend, sizeof mend);
    doctor_say(d, DOCTOR_BAD, what, mend, "%s: no permission for %s", of, node);
    return false;
}

static void check_rules(doctor *d)
{
    static const char *const places[] = {"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d",
                                         "/usr/lib/udev/rules.d", "/lib/udev/rules.d"};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char path[100];
        snprintf(path, sizeof path, "%s/70-graticule.rules", places[i]);
        if (!doctor_exists(d, path)) continue;
        doctor_say(d, DOCTOR_OK, "udev", NULL, "%s", path);
        return;
    }
    doctor_say(d, DOCTOR_NOTE, "udev", INSTALL_RULES, "no rules for USB instruments are installed");
}

/* ---- USB ---------------------------------------------------------------------------------------- */

static bool device_file(const doctor *d, const char *device, const char *file, char *out, size_t cap)
{
    char path[400];
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%.200s/%s", device, file);
    return doctor_read(d, path, out, cap);
}

/* "1-2:1.0" -> "1-2" */
static void check_interface(doctor *d, const char *interface)
{
    char class[8], sub[8], device[64], bus[8], number[8], product[100] = "instrument", node[64];
    if (!device_file(d, interface, "bInterfaceClass", class, sizeof class) ||
        !device_file(d, interface, "bInterfaceSubClass", sub, sizeof sub) || strcmp(class, "fe") || strcmp(sub, "03"))
        return;
    snprintf(device, sizeof device, "%.*s", (int)strcspn(interface, ":"), interface);
    device_file(d, device, "product", product, sizeof product);
    if (!device_file(d, device, "busnum", bus, sizeof bus) || !device_file(d, device, "devnum", number, sizeof number))
        return;
    snprintf(node, sizeof node, "/dev/bus/usb/%3s/%3s", bus, number);
    for (char *p = node; *p; p++) {
        if (*p == ' ') *p = '0';
    }
    check_node(d, "usb", node, product);
}

static void check_usb(doctor *d)
{
    char path[512];
    DIR *dir = opendir(doctor_path(d, path, "/sys/bus/usb/devices"));
    if (!dir) {
        doctor_say(d, DOCTOR_NOTE, "usb", NULL, "this computer has no USB");
        return;
    }
    unsigned before = d->n;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (strchr(e->d_name, ':')) check_interface(d, e->d_name);
    }
    closedir(dir);
    if (d->n == before) doctor_say(d, DOCTOR_OK, "usb", NULL, "no USBTMC instrument is plugged in");
}

/* ---- serial ports and those who grab them ---------------------------------------------------------- */

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static unsigned check_serial(doctor *d)
{
    char path[512];
    unsigned n = 0;
    DIR *dir = opendir(doctor_path(d, path, "/dev"));
    if (!dir) return 0;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (!starts(e->d_name, "ttyUSB") && !starts(e->d_name, "ttyACM")) continue;
        snprintf(path, sizeof path, "/dev/%s", e->d_name);
        check_node(d, "serial", path, "serial port");
        n++;
    }
    closedir(dir);
    if (!n) doctor_say(d, DOCTOR_OK, "serial", NULL, "no USB serial port is plugged in");
    return n;
}

static bool runs(const doctor *d, const char *program)
{
    char path[512], name[64];
    bool found = false;
    DIR *dir = opendir(doctor_path(d, path, "/proc"));
    if (!dir) return false;
    for (const struct dirent *e; !found && (e = readdir(dir));) {
        if (e->d_name[0] < '1' || e->d_name[0] > '9') continue;
        snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
        found = doctor_read(d, path, name, sizeof name) && strcmp(name, program) == 0;
    }
    closedir(dir);
    return found;
}

/* They open every new port and write to it. */
static void check_grabbers(doctor *d, unsigned ports)
{
    static const struct {
        const char *program, *does, *mend;
    } grabbers[] = {
        {"ModemManager", "sends AT commands to new serial ports", "sudo systemctl disable --now ModemManager"},
        {"brltty", "takes CH340 and CP210x serial ports for itself", "sudo apt remove brltty"},
    };
    for (size_t i = 0; i < sizeof grabbers / sizeof *grabbers; i++) {
        if (runs(d, grabbers[i].program))
            doctor_say(d, ports ? DOCTOR_BAD : DOCTOR_NOTE, "serial", grabbers[i].mend, "%s runs: it %s",
                       grabbers[i].program, grabbers[i].does);
    }
}

/* Browsers list a node only when it is no output at the same time; the module's flags are one a device. */
static void check_exclusive(doctor *d, unsigned devices)
{
    char flags[128];
    if (!doctor_read(d, "/sys/module/v4l2loopback/parameters/exclusive_caps", flags, sizeof flags)) return;
    const char *at = flags;
    for (unsigned i = 0; i < devices && *at; i++, at += strcspn(at, ","), at += *at == ',') {
        if (*at == 'Y' || *at == '1') continue;
        doctor_say(d, DOCTOR_NOTE, "video", RELOAD_LOOPBACK, "v4l2loopback runs without exclusive_caps=1: browsers do "
                   "not see its cameras");
        return;
    }
    doctor_say(d, DOCTOR_OK, "video", NULL, "v4l2loopback has exclusive_caps=1: browsers see its cameras");
}

/* Loopback cameras: grat live writes to them. */
static void check_video(doctor *d)
{
    char path[512];
    unsigned devices = 0;
    DIR *dir = opendir(doctor_path(d, path, "/sys/devices/virtual/video4linux"));
    if (!dir) return;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (!starts(e->d_name, "video")) continue;
        snprintf(path, sizeof path, "/dev/%s", e->d_name);
        check_node(d, "video", path, "loopback camera");
        devices++;
    }
    closedir(dir);
    check_exclusive(d, devices);
}

void doctor_devices(doctor *d)
{
    check_groups(d);
    check_rules(d);
    check_usb(d);
    check_grabbers(d, check_serial(d));
    check_video(d);
}
