/* A simulated USB device, apart from what carries its transfers. A class (usbtmc.c, a serial adapter) fills in the
 * description and the ops; usbip.c carries the transfers. */
#ifndef SIM_USB_H
#define SIM_USB_H

#include "sim/serve/site.h"
#include "wire/usbip.h"

enum {
    SIM_USB_STALL = GRAT__USBIP_STALL,
    SIM_USB_BABBLE = GRAT__USBIP_BABBLE,
    SIM_USB_WAIT = -1000,        /* not yet: asked again at the next turn of the loop */
    SIM_USB_UNPLUG = -1001,      /* the device leaves the bus */
};

typedef struct sim_usb_ops {
    /* A class or vendor request. `data` is what came with one to the device. Bytes of the answer, or SIM_USB_STALL. */
    int (*control)(void *self, const grat__usb_setup *s, const uint8_t *data, uint8_t *answer, size_t cap);
    /* The data of one transfer to an endpoint. 0, SIM_USB_STALL or SIM_USB_WAIT. */
    int (*out)(void *self, uint8_t endpoint, const uint8_t *data, size_t n);
    /* One transfer from an endpoint (bit 7 set) with room for n bytes. Bytes that end it, or one of the above. */
    int64_t (*in)(void *self, uint8_t endpoint, uint8_t *room, size_t n);
    void (*halt)(void *self, uint8_t endpoint, bool on);
    /* The bus was reset or the configuration set. */
    void (*reset)(void *self);
} sim_usb_ops;

typedef struct sim_usb_device {
    const sim_usb_ops *ops;
    void *self;
    uint16_t vid, pid, release;
    unsigned speed;              /* 2 full, 3 high */
    char maker[64], product[64], serial[64];
    uint8_t config[256];         /* the whole configuration descriptor */
    size_t config_n;
    unsigned interfaces;
    uint8_t interface_class[8][3];
    uint8_t alternate[8], alternates[8];   /* of each interface: the setting in use, the highest there is */
    uint8_t configured;
} sim_usb_device;

/* Starts the configuration descriptor, appends an interface, an endpoint (to the last interface). */
void sim_usb_config_begin(sim_usb_device *d);
void sim_usb_config_interface(sim_usb_device *d, unsigned number, const uint8_t class_codes[3]);
/* A further setting of the last interface; its endpoints follow. */
void sim_usb_config_alternate(sim_usb_device *d, unsigned number, const uint8_t class_codes[3]);
typedef struct sim_usb_endpoint { uint8_t address, kind, interval; uint16_t size; } sim_usb_endpoint;
enum { SIM_USB_BULK = 2, SIM_USB_INTERRUPT = 3 };
void sim_usb_config_endpoint(sim_usb_device *d, const sim_usb_endpoint *ep);
/* Field `field` of an identity, without what a string descriptor must not hold; "none" when it is empty. */
void sim_usb_idn_field(const char *idn, unsigned field, char out[64]);
/* Any request to endpoint 0: the standard ones are answered here, the others by the class. */
int sim_usb_control(sim_usb_device *d, const grat__usb_setup *s, const uint8_t *data, uint8_t *answer, size_t cap);

/* ---- carried by USB/IP ------------------------------------------------------------------------ */

typedef struct sim_usbip sim_usbip;

typedef struct sim_usbip_options {
    sim_usb_device *device;      /* borrowed, outlives the export */
    char busid[GRAT__USBIP_BUSID];
    bool hold;                   /* do not attach it to this computer's own kernel */
    int64_t replug_ns;           /* after SIM_USB_UNPLUG it comes back so much later */
} sim_usbip_options;

/* The argument of a wire: "hold", a bus identifier such as 1-4, or both with a + between. */
grat_err sim_usbip_argument(const char *wire, const char *arg, sim_usbip_options *o, grat_op *op);
/* Exports a device on port 3240 of the site's address, which all devices of the bench share (`earlier` is one of
 * theirs, or NULL), and attaches it to vhci-hcd where that is there and permitted. */
grat_err sim_usbip_open(const sim_site *site, sim_usbip *earlier, const sim_usbip_options *opt, grat_op *op,
                        sim_usbip **out);
void sim_usbip_close(sim_usbip *u);
/* Before each wait: hands out what the device has. */
void sim_usbip_turn(sim_usbip *u);
/* How to attach it, when it is not; "" when it is. */
const char *sim_usbip_hint(const sim_usbip *u);

#endif
