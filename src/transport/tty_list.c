#include "transport/tty_list.h"

#include "core/str.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Directories between the tty and its USB device. */
#define MAX_CLIMB 8

/* One line of a sysfs file without its newline; false when it is not there. */
static bool read_line(const char *dir, const char *name, char *out, size_t cap)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t n = read(fd, out, cap - 1);
    close(fd);
    if (n < 0) return false;
    out[n] = '\0';
    grat__rtrim(out, (size_t)n);
    for (char *p = out; *p; p++) {
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e) *p = '?';
    }
    return true;
}

static unsigned hex4(const char *s)
{
    unsigned v = 0;
    for (int i = 0; i < 4 && isxdigit((unsigned char)s[i]); i++)
        v = v * 16 + (unsigned)(isdigit((unsigned char)s[i]) ? s[i] - '0' : (s[i] | 0x20) - 'a' + 10);
    return v;
}

static void usb_device(const char *dir, grat__tty_port *p)
{
    char maker[80] = "", product[100] = "", id[16];
    if (read_line(dir, "idVendor", id, sizeof id)) p->vid = hex4(id);
    if (read_line(dir, "idProduct", id, sizeof id)) p->pid = hex4(id);
    read_line(dir, "serial", p->serial, sizeof p->serial);
    read_line(dir, "manufacturer", maker, sizeof maker);
    read_line(dir, "product", product, sizeof product);
    if (maker[0] || product[0])
        snprintf(p->description, sizeof p->description, "%s%s%s", maker, maker[0] && product[0] ? " " : "", product);
}

/* From the port upwards to the first directory that is a USB device. */
static void climb(const char *device, grat__tty_port *p)
{
    char dir[PATH_MAX], text[16];
    if (!realpath(device, dir)) return;
    for (unsigned i = 0; i < MAX_CLIMB; i++) {
        if (p->interface < 0 && read_line(dir, "bInterfaceNumber", text, sizeof text))
            p->interface = (int)(hex4(text) & 0xff);
        if (read_line(dir, "idVendor", text, sizeof text)) {
            usb_device(dir, p);
            return;
        }
        char *slash = strrchr(dir, '/');
        if (!slash || slash == dir) return;
        *slash = '\0';
    }
}

static void driver_name(const char *device, grat__tty_port *p)
{
    char link[PATH_MAX], target[PATH_MAX];
    int len = snprintf(link, sizeof link, "%s/driver", device);
    ssize_t n = len < (int)sizeof link ? readlink(link, target, sizeof target - 1) : 0;
    if (n <= 0) return;
    target[n] = '\0';
    const char *slash = strrchr(target, '/');
    snprintf(p->description, sizeof p->description, "%.100s", slash ? slash + 1 : target);
}

/* The link in dir that leads to this port. */
static void stable_name(const char *root, const char *dir, const char *tty, char out[256])
{
    char full[PATH_MAX];
    snprintf(full, sizeof full, "%s%s", root, dir);
    DIR *d = opendir(full);
    const struct dirent *e;
    while (d && (e = readdir(d))) {
        char target[256];
        ssize_t n = readlinkat(dirfd(d), e->d_name, target, sizeof target - 1);
        if (n <= 0) continue;
        target[n] = '\0';
        const char *slash = strrchr(target, '/');
        if (strcmp(slash ? slash + 1 : target, tty) != 0) continue;
        snprintf(out, 256, "%s/%.200s", dir, e->d_name);
        break;
    }
    if (d) closedir(d);
}

static bool examine(const char *root, const char *tty, grat__tty_port *p)
{
    char class[PATH_MAX - 16], device[PATH_MAX], node[PATH_MAX], type[16];
    *p = (grat__tty_port){.interface = -1};
    if (strlen(tty) > 40) return false;
    snprintf(class, sizeof class, "%s/sys/class/tty/%s", root, tty);
    snprintf(device, sizeof device, "%s/device", class);
    if (access(device, F_OK) != 0) return false;
    if (read_line(class, "type", type, sizeof type) && strcmp(type, "0") == 0) return false; /* no UART there */
    snprintf(p->path, sizeof p->path, "/dev/%s", tty);
    driver_name(device, p);
    climb(device, p);
    stable_name(root, "/dev/serial/by-id", tty, p->by_id);
    stable_name(root, "/dev/serial/by-path", tty, p->by_path);
    snprintf(node, sizeof node, "%s%s", root, p->path);
    p->accessible = access(node, R_OK | W_OK) == 0;
    return true;
}

static int by_path(const void *a, const void *b)
{
    const grat__tty_port *x = a, *y = b;
    return strverscmp(x->path, y->path);
}

unsigned grat__tty_list(const char *root, grat__tty_port *out, unsigned cap)
{
    char dir[PATH_MAX];
    unsigned n = 0;
    if (!root) root = "";
    snprintf(dir, sizeof dir, "%s/sys/class/tty", root);
    DIR *d = opendir(dir);
    const struct dirent *e;
    while (d && n < cap && (e = readdir(d))) {
        if (e->d_name[0] != '.' && examine(root, e->d_name, &out[n])) n++;
    }
    if (d) closedir(d);
    qsort(out, n, sizeof *out, by_path);
    return n;
}
