/* The USB instruments of this computer, as sysfs has them. Nothing is opened. */
#ifndef GRAT_TRANSPORT_USB_LIST_H
#define GRAT_TRANSPORT_USB_LIST_H

#include <graticule/graticule.h>

#define GRAT__USB_LIST_MAX 64
#define GRAT__USB_PIPES 16

/* An endpoint; address 0 = there is none. */
typedef struct grat__usb_endpoint {
    uint8_t address;         /* with bit 7 for IN */
    uint8_t kind;            /* 2 bulk, 3 interrupt, 0 another */
    uint16_t size;           /* wMaxPacketSize */
} grat__usb_endpoint;

/* One interface; a device may have several. */
typedef struct grat__usb_entry {
    char resource[300];      /* normal form: USB0::0x1AB1::0x04CE::DS1ZA0001::0::INSTR */
    unsigned vid, pid;
    char serial[128];        /* "" when the device has none; the resource then says NULL, as pyvisa-py has it */
    char manufacturer[128], product[128];
    int interface;           /* bInterfaceNumber */
    int class_code, subclass, alternate;
    int protocol;            /* bInterfaceProtocol: 0 USBTMC, 1 USB488 */
    unsigned interfaces;     /* of the device */
    unsigned bus, address;
    unsigned speed;          /* Mbit/s: 12 480 5000 */
    grat__usb_endpoint in, out, interrupt; /* of each kind the one with the lowest number */
    grat__usb_endpoint pipe[GRAT__USB_PIPES];
    unsigned pipes;
    char node[64];           /* "/dev/usbtmc0", "" while the kernel's usbtmc driver does not have it */
    char usb_node[64];       /* "/dev/bus/usb/001/004" */
    char driver[32];         /* kernel driver of the interface, "" for none */
    bool node_open, usb_open; /* this user may open it */
    bool accessible;         /* by one of the two */
    char why[400];           /* when not accessible: one sentence with the udev rule that mends it */
} grat__usb_entry;

/* The USBTMC interfaces (class FE, subclass 3). Fills at most cap entries, sorted by bus, address and interface, and
 * returns how many. `root` stands in front of every path that is looked at: NULL or "" but in tests. */
unsigned grat__usb_list(const char *root, grat__usb_entry *out, unsigned cap);
/* The same with every interface, of USBTMC or not, named as RAW. */
unsigned grat__usb_list_raw(const char *root, grat__usb_entry *out, unsigned cap);
/* The udev rule for one device, as a line for a file below /etc/udev/rules.d. Returns out. */
char *grat__usb_rule(unsigned vid, unsigned pid, char *out, size_t cap);

#endif
