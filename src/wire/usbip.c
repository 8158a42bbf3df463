#include "wire/usbip.h"

#include <string.h>

static void put16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8), p[1] = (uint8_t)v;
}

static void put_name(uint8_t *p, size_t cap, const char *name)
{
    size_t n = strlen(name);
    memcpy(p, name, n < cap ? n : cap - 1);
}

grat_err grat__usbip_put_op(grat__buf *b, uint16_t code, uint32_t status)
{
    uint8_t p[GRAT__USBIP_OP];
    put16(p, GRAT__USBIP_VERSION);
    put16(p + 2, code);
    grat__put_be32(p + 4, status);
    return grat__buf_put(b, p, sizeof p);
}

grat_err grat__usbip_get_op(const void *data, size_t n, uint16_t *code)
{
    const uint8_t *p = data;
    if (n < GRAT__USBIP_OP || (p[0] << 8 | p[1]) != GRAT__USBIP_VERSION) return GRAT_EPROTO;
    *code = (uint16_t)(p[2] << 8 | p[3]);
    return GRAT_OK;
}

grat_err grat__usbip_put_device(grat__buf *b, const grat__usbip_device *d, bool with_interfaces)
{
    uint8_t p[GRAT__USBIP_RECORD] = {0};
    put_name(p, 256, d->path);
    put_name(p + 256, GRAT__USBIP_BUSID, d->busid);
    grat__put_be32(p + 288, d->bus);
    grat__put_be32(p + 292, d->device);
    grat__put_be32(p + 296, d->speed);
    put16(p + 300, d->vid);
    put16(p + 302, d->pid);
    put16(p + 304, d->release);
    memcpy(p + 306, d->device_class, 3);
    p[309] = d->configuration;
    p[310] = 1;
    p[311] = d->interfaces;
    grat_err e = grat__buf_put(b, p, sizeof p);
    for (unsigned i = 0; !e && with_interfaces && i < d->interfaces; i++) {
        uint8_t one[4] = {d->interface_class[i][0], d->interface_class[i][1], d->interface_class[i][2], 0};
        e = grat__buf_put(b, one, sizeof one);
    }
    return e;
}

grat_err grat__usbip_get_urb(const void *data, size_t n, grat__usbip_urb *out)
{
    const uint8_t *p = data;
    if (n < GRAT__USBIP_HEADER) return GRAT_EPROTO;
    *out = (grat__usbip_urb){.command = grat__be32(p), .seqnum = grat__be32(p + 4), .devid = grat__be32(p + 8),
                             .in = grat__be32(p + 12) == 1};
    uint32_t endpoint = grat__be32(p + 16);
    if ((out->command != GRAT__USBIP_SUBMIT && out->command != GRAT__USBIP_UNLINK) || endpoint > 15)
        return GRAT_EPROTO;
    out->endpoint = (uint8_t)endpoint;
    if (out->command == GRAT__USBIP_UNLINK) {
        out->unlink = grat__be32(p + 20);
        return GRAT_OK;
    }
    out->flags = grat__be32(p + 20);
    out->length = grat__be32(p + 24);
    memcpy(out->setup, p + 40, 8);
    return GRAT_OK;
}

static grat_err put_ret(grat__buf *b, const uint32_t words[4])
{
    uint8_t p[GRAT__USBIP_HEADER] = {0};
    grat__put_be32(p, words[0]);
    grat__put_be32(p + 4, words[1]);
    grat__put_be32(p + 20, words[2]);
    grat__put_be32(p + 24, words[3]);
    return grat__buf_put(b, p, sizeof p);
}

grat_err grat__usbip_put_ret_submit(grat__buf *b, uint32_t seqnum, int32_t status, uint32_t actual)
{
    return put_ret(b, (uint32_t[]){GRAT__USBIP_RET_SUBMIT, seqnum, (uint32_t)status, actual});
}

grat_err grat__usbip_put_ret_unlink(grat__buf *b, uint32_t seqnum, int32_t status)
{
    return put_ret(b, (uint32_t[]){GRAT__USBIP_RET_UNLINK, seqnum, (uint32_t)status, 0});
}

void grat__usb_get_setup(const uint8_t s[8], grat__usb_setup *out)
{
    *out = (grat__usb_setup){.type = s[0], .request = s[1], .value = grat__le16(s + 2), .index = grat__le16(s + 4),
                             .length = grat__le16(s + 6)};
}
