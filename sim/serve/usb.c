/* Descriptors and the standard requests. */
#include "sim/serve/usb.h"

#include "core/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { DEVICE = 1, CONFIGURATION = 2, STRING = 3 };
enum {
    GET_STATUS = 0,
    CLEAR_FEATURE = 1,
    SET_FEATURE = 3,
    GET_DESCRIPTOR = 6,
    GET_CONFIGURATION = 8,
    SET_CONFIGURATION = 9,
    GET_INTERFACE = 10,
    SET_INTERFACE = 11,
};

static void append(sim_usb_device *d, const uint8_t *p, size_t n)
{
    if (d->config_n + n > sizeof d->config) return;
    memcpy(d->config + d->config_n, p, n);
    d->config_n += n;
    d->config[2] = (uint8_t)d->config_n;
    d->config[3] = (uint8_t)(d->config_n >> 8);
}

void sim_usb_config_begin(sim_usb_device *d)
{
    d->config_n = 0;
    d->interfaces = 0;
    append(d, (const uint8_t[]){9, CONFIGURATION, 0, 0, 0, 1, 0, 0xc0, 1}, 9);
}

void sim_usb_config_interface(sim_usb_device *d, unsigned number, const uint8_t c[3])
{
    append(d, (const uint8_t[]){9, 4, (uint8_t)number, 0, 0, c[0], c[1], c[2], 0}, 9);
    if (d->interfaces < sizeof d->interface_class / 3) memcpy(d->interface_class[d->interfaces++], c, 3);
    d->config[4] = (uint8_t)d->interfaces;
}

void sim_usb_config_alternate(sim_usb_device *d, unsigned number, const uint8_t c[3])
{
    uint8_t *most = &d->alternates[number % sizeof d->alternates];
    append(d, (const uint8_t[]){9, 4, (uint8_t)number, ++*most, 0, c[0], c[1], c[2], 0}, 9);
}

void sim_usb_config_endpoint(sim_usb_device *d, const sim_usb_endpoint *ep)
{
    uint8_t p[7] = {7, 5, ep->address, ep->kind, (uint8_t)ep->size, (uint8_t)(ep->size >> 8), ep->interval};
    size_t at = 0;
    for (size_t i = 0; i < d->config_n; i += d->config[i])
        if (d->config[i + 1] == 4) at = i;
    d->config[at + 4]++;
    append(d, p, sizeof p);
}

static size_t device_descriptor(const sim_usb_device *d, uint8_t *p)
{
    const uint8_t v[18] = {18, DEVICE, 0x00, 0x02, 0, 0, 0, 64, (uint8_t)d->vid, (uint8_t)(d->vid >> 8),
                           (uint8_t)d->pid, (uint8_t)(d->pid >> 8), (uint8_t)d->release, (uint8_t)(d->release >> 8),
                           1, 2, 3, 1};
    memcpy(p, v, sizeof v);
    return sizeof v;
}

static int string_descriptor(const sim_usb_device *d, unsigned index, uint8_t *p)
{
    const char *const texts[] = {NULL, d->maker, d->product, d->serial};
    p[1] = STRING;
    if (!index) {
        memcpy(p, (const uint8_t[]){4, STRING, 0x09, 0x04}, 4);
        return 4;
    }
    if (index > 3) return SIM_USB_STALL;
    size_t n = strlen(texts[index]);
    for (size_t i = 0; i < n; i++) p[2 + 2 * i] = (uint8_t)texts[index][i], p[3 + 2 * i] = 0;
    p[0] = (uint8_t)(2 + 2 * n);
    return p[0];
}

static int descriptor(const sim_usb_device *d, unsigned value, uint8_t *p)
{
    switch (value >> 8) {
    case DEVICE:
        return (int)device_descriptor(d, p);
    case CONFIGURATION:
        if (value & 0xff) return SIM_USB_STALL;
        memcpy(p, d->config, d->config_n);
        return (int)d->config_n;
    case STRING:
        return string_descriptor(d, value & 0xff, p);
    default:
        return SIM_USB_STALL;    /* the device qualifier too: there is one speed only */
    }
}

static int feature(sim_usb_device *d, const grat__usb_setup *s, bool on)
{
    if (s->type == 0x02 && s->value == 0) d->ops->halt(d->self, (uint8_t)s->index, on);
    return 0;
}

static int set_interface(sim_usb_device *d, const grat__usb_setup *s)
{
    if (s->index >= d->interfaces || s->index >= sizeof d->alternate || s->value > d->alternates[s->index])
        return SIM_USB_STALL;
    d->alternate[s->index] = (uint8_t)s->value;
    return 0;
}

static int standard(sim_usb_device *d, const grat__usb_setup *s, uint8_t *p)
{
    switch (s->request) {
    case GET_STATUS:
        p[0] = s->type == 0x80, p[1] = 0;
        return 2;
    case CLEAR_FEATURE:
    case SET_FEATURE:
        return feature(d, s, s->request == SET_FEATURE);
    case GET_DESCRIPTOR:
        return descriptor(d, s->value, p);
    case GET_CONFIGURATION:
        p[0] = d->configured;
        return 1;
    case SET_CONFIGURATION:
        if (s->value > 1) return SIM_USB_STALL;
        d->configured = (uint8_t)s->value;
        memset(d->alternate, 0, sizeof d->alternate);
        d->ops->reset(d->self);
        return 0;
    case GET_INTERFACE:
        p[0] = s->index < sizeof d->alternate ? d->alternate[s->index] : 0;
        return 1;
    case SET_INTERFACE:
        return set_interface(d, s);
    default:
        return SIM_USB_STALL;
    }
}

int sim_usb_control(sim_usb_device *d, const grat__usb_setup *s, const uint8_t *data, uint8_t *answer, size_t cap)
{
    uint8_t p[1024] = {0};
    bool own = (s->type & 0x60) == 0;
    int n = own ? standard(d, s, p) : d->ops->control(d->self, s, data, p, sizeof p);
    if (n <= 0 || !(s->type & 0x80)) return n;
    size_t most = (size_t)n;
    if (most > s->length) most = s->length;
    if (most > cap) most = cap;
    memcpy(answer, p, most);
    return (int)most;
}

void sim_usb_idn_field(const char *idn, unsigned field, char out[64])
{
    while (field && (idn = strchr(idn, ','))) idn++, field--;
    size_t n = 0;
    for (; idn && *idn && *idn != ',' && n < 63; idn++)
        out[n++] = strchr("\"*/:?\\", *idn) || !isprint((unsigned char)*idn) ? '-' : *idn;
    out[n] = '\0';
    grat__rtrim(out, n);
    if (!out[0]) grat__strcpy(out, 64, "none");
}

grat_err sim_usbip_argument(const char *wire, const char *arg, sim_usbip_options *o, grat_op *op)
{
    for (const char *p = arg ? arg : ""; *p;) {
        char word[GRAT__USBIP_BUSID];
        size_t n = strcspn(p, "+");
        snprintf(word, sizeof word, "%.*s", (int)n, p);
        if (strcmp(word, "hold") == 0) o->hold = true;
        else if (isdigit((unsigned char)word[0]) && strspn(word, "0123456789-.") == n)
            grat__strcpy(o->busid, sizeof o->busid, word);
        else
            return grat_op_fail(op, GRAT_EINVAL, "wire %s: \"%.40s\" is neither hold nor a bus id like 1-4", wire,
                                word);
        p += n + (p[n] == '+');
    }
    return GRAT_OK;
}
