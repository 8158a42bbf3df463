/* A pseudo terminal that a simulated instrument owns: the serial port is its slave end. */
#ifndef SIM_PTY_H
#define SIM_PTY_H

#include "sim/serve/loop.h"

#define SIM_PTY_PATH 128

typedef struct sim_pty {
    int slave;               /* our own: without one the master would see a hang-up whenever the last client closes */
    char slave_path[64];
    char path[SIM_PTY_PATH]; /* absolute: the link, or the slave itself */
    bool linked;
} sim_pty;

/* Makes the pair, raw at 9600 baud before anybody can see it, and the link when `link` is not NULL: an older link is
 * replaced, anything else of that name is EBUSY. The master, non-blocking, in *master: it belongs to the caller. */
grat_err sim_pty_open(sim_pty *p, const char *link, grat_op *op, int *master);
/* Removes the link, closes the slave; clients see the hang-up once the master is closed too. */
void sim_pty_close(sim_pty *p);
/* Bits per second that the client has set, and how many bits one byte takes on the line. */
unsigned sim_pty_baud(int master, unsigned *bits);
/* A client that died without closing leaves the port exclusive for good, since our slave keeps it open. */
void sim_pty_release(const sim_pty *p);

#endif
