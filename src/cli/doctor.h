/* What grat doctor looks at. Each check says what it finds, good or bad, with the one line that mends it. */
#ifndef GRAT_CLI_DOCTOR_H
#define GRAT_CLI_DOCTOR_H

#include "cli/cli.h"

typedef enum doctor_level {
    DOCTOR_OK,
    DOCTOR_NOTE,   /* something optional is not there */
    DOCTOR_BAD,    /* something that is here cannot be used */
} doctor_level;

typedef struct doctor_finding {
    doctor_level level;
    char what[32], text[400], mend[400];  /* mend: "" when there is nothing to do */
} doctor_finding;

enum { DOCTOR_MAX = 128 };

typedef struct doctor {
    const char *root;      /* in front of every path that is looked at; "" but in tests */
    unsigned n;
    doctor_finding finding[DOCTOR_MAX];
} doctor;

/* `mend` may be NULL. */
void doctor_say(doctor *d, doctor_level level, const char *what, const char *mend, const char *fmt, ...)
    GRAT_PRINTF(5, 6);
/* root + the path; returns out. */
char *doctor_path(const doctor *d, char out[512], const char *fmt, ...) GRAT_PRINTF(3, 4);
bool doctor_exists(const doctor *d, const char *path);
/* The first line of a small file without its end; false when it cannot be read. */
bool doctor_read(const doctor *d, const char *path, char *out, size_t cap);

void doctor_devices(doctor *d);  /* USB, serial ports, groups, programs that grab them */
void doctor_modules(doctor *d);  /* v4l2loopback, usbtmc, usbip */
void doctor_network(doctor *d);  /* interfaces, routes, firewalls, ports 111 and 5353 */

/* data/70-graticule.rules */
extern const char doctor_udev_rules[];

#endif
