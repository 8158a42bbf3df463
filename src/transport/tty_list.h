/* The serial ports of this computer, as sysfs has them. Nothing is opened. */
#ifndef GRAT_TRANSPORT_TTY_LIST_H
#define GRAT_TRANSPORT_TTY_LIST_H

#include <graticule/graticule.h>

typedef struct grat__tty_port {
    char path[64];           /* "/dev/ttyUSB0" */
    char by_id[256];         /* "/dev/serial/by-id/usb-…", "" when udev made none for it */
    char by_path[256];       /* adapters without a serial number share one by-id name: this one is stable */
    char description[192];   /* "FTDI FT232R USB UART", or the driver's name */
    char serial[128];        /* USB only */
    unsigned vid, pid;       /* 0, 0 when it is not on USB */
    int interface;           /* USB bInterfaceNumber, -1 when unknown */
    bool accessible;         /* this user may open it */
} grat__tty_port;

/* Fills at most cap entries, sorted by path with numbers in order, and returns how many. Ports without hardware
 * (ttyS of type 0) and pseudo terminals are left out. `root` stands in front of every path that is looked at: NULL or
 * "" but in tests. */
unsigned grat__tty_list(const char *root, grat__tty_port *out, unsigned cap);

#endif
