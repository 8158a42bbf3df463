#include "transport/usb_list.h"

#include "core/str.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEVICES "/sys/bus/usb/devices"
#define NO_SERIAL "NULL"

typedef struct place {
    const char *root;
    bool raw;                /* every interface is wanted */
    char dir[PATH_MAX];      /* of the interface */
    char device[PATH_MAX];   /* of the USB device above it */
} place;

/* One line of a sysfs file without its end; old Rigols have NULs behind their strings. "" when it is not there. */
static void read_text(const char *dir, const char *name, char *out, size_t cap)
{
    char path[PATH_MAX];
    out[0] = '\0';
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    ssize_t n = read(fd, out, cap - 1);
    close(fd);
    out[n > 0 ? n : 0] = '\0';
    grat__rtrim(out, strlen(out));
    for (char *p = out; *p; p++)
        if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7e) *p = '?';
}

static unsigned digits(const char *s, unsigned base)
{
    unsigned v = 0;
    for (; isxdigit((unsigned char)*s) && v < 1u << 24; s++) {
        unsigned d = (unsigned)(isdigit((unsigned char)*s) ? *s - '0' : (*s | 0x20) - 'a' + 10);
        if (d >= base) break;
        v = v * base + d;
    }
    return v;
}

static unsigned read_number(const char *dir, const char *name, unsigned base)
{
    char text[32];
    read_text(dir, name, text, sizeof text);
    return digits(text + strspn(text, " "), base); /* "%2d" */
}

/* The name of the first entry that begins so; "" when there is none. */
static void first_entry(const char *dir, const char *prefix, char *out, size_t cap)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    out[0] = '\0';
    while (d && (e = readdir(d))) {
        if (strncmp(e->d_name, prefix, strlen(prefix)) != 0 || !grat__strcpy(out, cap, e->d_name)) continue;
        break;
    }
    if (d) closedir(d);
}

static void read_endpoint(const char *dir, const char *name, grat__usb_entry *u)
{
    char path[PATH_MAX], type[16];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) return;
    read_text(path, "type", type, sizeof type);
    grat__usb_endpoint ep = {.address = (uint8_t)read_number(path, "bEndpointAddress", 16),
                             .size = (uint16_t)(read_number(path, "wMaxPacketSize", 16) & 0x7ff)};
    bool in = ep.address & 0x80;
    ep.kind = grat__strcaseeq(type, "Bulk") ? 2 : grat__strcaseeq(type, "Interrupt") ? 3 : 0;
    if (u->pipes < GRAT__USB_PIPES) u->pipe[u->pipes++] = ep;
    grat__usb_endpoint *first = ep.kind == 2 ? (in ? &u->in : &u->out) : ep.kind == 3 && in ? &u->interrupt : NULL;
    if (first && (!first->address || ep.address < first->address)) *first = ep;
}

static void read_endpoints(const char *dir, grat__usb_entry *u)
{
    DIR *d = opendir(dir);
    const struct dirent *e;
    while (d && (e = readdir(d)))
        if (strncmp(e->d_name, "ep_", 3) == 0) read_endpoint(dir, e->d_name, u);
    if (d) closedir(d);
}

static bool may_open(const char *root, const char *path)
{
    char full[PATH_MAX];
    if (!path[0] || snprintf(full, sizeof full, "%s%s", root, path) >= (int)sizeof full) return false;
    return faccessat(AT_FDCWD, full, R_OK | W_OK, AT_EACCESS) == 0;
}

char *grat__usb_rule(unsigned vid, unsigned pid, char *out, size_t cap)
{
    snprintf(out, cap, "SUBSYSTEMS==\"usb\", ATTRS{idVendor}==\"%04x\", ATTRS{idProduct}==\"%04x\", MODE=\"0660\", "
                       "GROUP=\"plugdev\", TAG+=\"uaccess\"", vid, pid);
    return out;
}

static void access_of(const place *at, grat__usb_entry *u)
{
    char rule[200];
    u->node_open = may_open(at->root, u->node);
    u->usb_open = may_open(at->root, u->usb_node);
    u->accessible = u->node_open || u->usb_open;
    if (u->accessible) return;
    snprintf(u->why, sizeof u->why, "no permission for %.70s; write into /etc/udev/rules.d/70-graticule.rules: %s",
             u->node[0] ? u->node : u->usb_node, grat__usb_rule(u->vid, u->pid, rule, sizeof rule));
}

static void name_resource(grat__usb_entry *u, bool raw)
{
    grat_resource r = {.interface = GRAT_IF_USB, .rclass = raw ? GRAT_CLASS_RAW : GRAT_CLASS_INSTR, .vid = u->vid,
                       .pid = u->pid, .usb_interface = u->interface, .primary = -1, .secondary = -1};
    grat__strcpy(r.serial, sizeof r.serial, u->serial[0] ? u->serial : NO_SERIAL);
    grat_resource_format(&r, u->resource, sizeof u->resource);
}

static bool read_interface(place *at, grat__usb_entry *u)
{
    char path[PATH_MAX], link[PATH_MAX], name[48];
    *u = (grat__usb_entry){0};
    u->class_code = (int)read_number(at->dir, "bInterfaceClass", 16);
    u->subclass = (int)read_number(at->dir, "bInterfaceSubClass", 16);
    if (!at->raw && (u->class_code != 0xfe || u->subclass != 3)) return false;
    u->alternate = (int)read_number(at->dir, "bAlternateSetting", 10);
    u->interfaces = read_number(at->device, "bNumInterfaces", 10);
    u->interface = (int)read_number(at->dir, "bInterfaceNumber", 16);
    u->protocol = (int)read_number(at->dir, "bInterfaceProtocol", 16);
    u->vid = read_number(at->device, "idVendor", 16);
    u->pid = read_number(at->device, "idProduct", 16);
    read_text(at->device, "serial", u->serial, sizeof u->serial);
    read_text(at->device, "manufacturer", u->manufacturer, sizeof u->manufacturer);
    read_text(at->device, "product", u->product, sizeof u->product);
    u->bus = read_number(at->device, "busnum", 10);
    u->address = read_number(at->device, "devnum", 10);
    u->speed = read_number(at->device, "speed", 10);
    read_endpoints(at->dir, u);
    snprintf(u->usb_node, sizeof u->usb_node, "/dev/bus/usb/%03u/%03u", u->bus % 1000, u->address % 1000);
    if (snprintf(path, sizeof path, "%s/usbmisc", at->dir) < (int)sizeof path) {
        first_entry(path, "usbtmc", name, sizeof name);
        if (name[0]) snprintf(u->node, sizeof u->node, "/dev/%s", name);
    }
    if (snprintf(path, sizeof path, "%s/driver", at->dir) < (int)sizeof path) {
        ssize_t n = readlink(path, link, sizeof link - 1);
        link[n > 0 ? n : 0] = '\0';
        const char *slash = strrchr(link, '/');
        grat__strcpy(u->driver, sizeof u->driver, slash ? slash + 1 : link);
    }
    name_resource(u, at->raw);
    access_of(at, u);
    return true;
}

static int by_place(const void *a, const void *b)
{
    const grat__usb_entry *x = a, *y = b;
    if (x->bus != y->bus) return x->bus < y->bus ? -1 : 1;
    if (x->address != y->address) return x->address < y->address ? -1 : 1;
    return x->interface - y->interface;
}

static unsigned list(const char *root, bool raw, grat__usb_entry *out, unsigned cap)
{
    char dir[PATH_MAX];
    place at = {.root = root ? root : "", .raw = raw};
    const struct dirent *e;
    unsigned n = 0;
    snprintf(dir, sizeof dir, "%s" DEVICES, at.root);
    DIR *d = opendir(dir);
    while (d && n < cap && (e = readdir(d))) {
        const char *colon = strchr(e->d_name, ':');
        if (!colon) continue;
        int a = snprintf(at.dir, sizeof at.dir, "%s/%s", dir, e->d_name);
        int b = snprintf(at.device, sizeof at.device, "%s/%.*s", dir, (int)(colon - e->d_name), e->d_name);
        if (a >= (int)sizeof at.dir || b >= (int)sizeof at.device) continue;
        if (read_interface(&at, &out[n])) n++;
    }
    if (d) closedir(d);
    qsort(out, n, sizeof *out, by_place);
    return n;
}

unsigned grat__usb_list(const char *root, grat__usb_entry *out, unsigned cap)
{
    return list(root, false, out, cap);
}

unsigned grat__usb_list_raw(const char *root, grat__usb_entry *out, unsigned cap)
{
    return list(root, true, out, cap);
}
