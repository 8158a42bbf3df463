/* USB/IP, the server's side (Linux Documentation/usb/usbip_protocol.rst): the records before an import and the 48-byte
 * headers behind it. Integers are big-endian, but for the setup packet and the payloads, which are USB's own. */
#ifndef GRAT_WIRE_USBIP_H
#define GRAT_WIRE_USBIP_H

#include "core/buf.h"

enum {
    GRAT__USBIP_PORT = 3240,
    GRAT__USBIP_VERSION = 0x0111,
    GRAT__USBIP_OP = 8,              /* op_common: version, code, status */
    GRAT__USBIP_BUSID = 32,
    GRAT__USBIP_HEADER = 48,
    GRAT__USBIP_RECORD = 312,        /* a device; with 4 bytes an interface behind it in a list */
    GRAT__USBIP_REQ_DEVLIST = 0x8005,
    GRAT__USBIP_REP_DEVLIST = 0x0005,
    GRAT__USBIP_REQ_IMPORT = 0x8003,
    GRAT__USBIP_REP_IMPORT = 0x0003,
};

enum grat__usbip_command {
    GRAT__USBIP_SUBMIT = 1,
    GRAT__USBIP_UNLINK = 2,
    GRAT__USBIP_RET_SUBMIT = 3,
    GRAT__USBIP_RET_UNLINK = 4,
};

enum grat__usbip_status {            /* negative Linux errno, as the kernel wants them */
    GRAT__USBIP_STALL = -32,
    GRAT__USBIP_BABBLE = -75,
    GRAT__USBIP_UNLINKED = -104,
};

typedef struct grat__usbip_device {
    const char *path, *busid;
    uint32_t bus, device, speed;     /* speed: 1 low 2 full 3 high 5 super */
    uint16_t vid, pid, release;
    uint8_t device_class[3];         /* class, subclass, protocol */
    uint8_t configuration, interfaces;
    uint8_t interface_class[8][3];   /* of the first `interfaces` */
} grat__usbip_device;

typedef struct grat__usbip_urb {     /* CMD_SUBMIT and CMD_UNLINK */
    uint32_t command, seqnum, devid;
    bool in;
    uint8_t endpoint;                /* 0..15, without direction */
    uint32_t flags, length;          /* SUBMIT: transfer_buffer_length */
    uint32_t unlink;                 /* UNLINK: the seqnum to forget */
    uint8_t setup[8];
} grat__usbip_urb;

typedef struct grat__usb_setup {
    uint8_t type, request;
    uint16_t value, index, length;
} grat__usb_setup;

grat_err grat__usbip_put_op(grat__buf *b, uint16_t code, uint32_t status);
/* EPROTO for a foreign version or when n is below 8. */
grat_err grat__usbip_get_op(const void *data, size_t n, uint16_t *code);
grat_err grat__usbip_put_device(grat__buf *b, const grat__usbip_device *d, bool with_interfaces);
/* EPROTO for another command, an endpoint beyond 15, or when n is below 48. */
grat_err grat__usbip_get_urb(const void *data, size_t n, grat__usbip_urb *out);
/* `actual` bytes of data are sent behind it by the caller, for IN. */
grat_err grat__usbip_put_ret_submit(grat__buf *b, uint32_t seqnum, int32_t status, uint32_t actual);
grat_err grat__usbip_put_ret_unlink(grat__buf *b, uint32_t seqnum, int32_t status);
void grat__usb_get_setup(const uint8_t setup[8], grat__usb_setup *out);

#endif
