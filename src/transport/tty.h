/* Serial ports by termios with deadlines, for every transport that needs one. Pseudo terminals work: what they lack
 * (modem lines, break, 7 bits, parity) is told, never silently ignored. */
#ifndef GRAT_TRANSPORT_TTY_H
#define GRAT_TRANSPORT_TTY_H

#include <graticule/graticule.h>

/* As the VISA attributes of the same names have them. */
typedef struct grat__tty_params {
    unsigned baud;           /* any rate; bits per second */
    unsigned data_bits;      /* 5 to 8 */
    unsigned parity;         /* 0 none 1 odd 2 even 3 mark 4 space */
    unsigned stop_bits;      /* 10 15 20; 15 with 5 data bits only */
    unsigned flow;           /* bits: 1 XON/XOFF 2 RTS/CTS 4 DTR/DSR */
    uint8_t xon, xoff;
    bool mark;               /* break comes as FF 00 00, a bad byte as FF 00 byte, FF as FF FF; else they are dropped */
    bool keep_lines;         /* leave DTR and RTS as they are, also at close: boards that reset by DTR */
} grat__tty_params;

enum grat__tty_line { GRAT__TTY_DTR = 1, GRAT__TTY_RTS, GRAT__TTY_CTS, GRAT__TTY_DSR, GRAT__TTY_DCD, GRAT__TTY_RI };

/* The owner sets fd to -1 before the first open. */
typedef struct grat__tty {
    int fd;
    char path[256];
    grat__tty_params params; /* as they were set and read back */
    bool low_latency_set;    /* by us: cleared at close */
    uint32_t saved[12];      /* the settings before the open, restored at close */
} grat__tty;

/* 9600 8N1, no flow control, 11h and 13h. */
void grat__tty_defaults(grat__tty_params *p);
/* "115200", "115200,8N1", "9600,7E2,rts" with xon, rts, dtr for the flow. EPARSE with a sentence; *p is changed by
 * what the text names and kept on failure. */
grat_err grat__tty_parse(const char *text, grat__tty_params *p, grat_op *op);

/* Opens, locks (flock, TIOCEXCL; EBUSY where a lock file of another program or another opener is in the way), makes
 * it raw, sets and compares. ENODEV, EACCES, EBUSY, ERANGE; nothing is left open on failure. */
grat_err grat__tty_open(grat__tty *t, const char *path, const grat__tty_params *p, grat_op *op);
/* Gives output at most 1 s to leave, restores the settings, closes. May be called on a closed one. */
void grat__tty_close(grat__tty *t);
/* Sets and reads back. ERANGE names what the port did not take; the old settings then hold. */
grat_err grat__tty_set(grat__tty *t, const grat__tty_params *p, grat_op *op);

/* Writes all n bytes; op->count = bytes the kernel took, also on failure. ELOST when the port has gone. With DTR/DSR
 * flow control it waits for DSR. */
grat_err grat__tty_write(grat__tty *t, const void *data, size_t n, grat_op *op);
/* At least one byte; op->count. ELOST when the port has gone. */
grat_err grat__tty_read(grat__tty *t, void *buf, size_t cap, grat_op *op);
/* What has already arrived, at most cap bytes; 0 when nothing has. */
size_t grat__tty_read_now(grat__tty *t, void *buf, size_t cap);
/* Until the output has left the computer. Never hangs when flow control holds it: op ends it. */
grat_err grat__tty_drain(grat__tty *t, grat_op *op);
/* Throws away what was received, what waits to be sent. */
void grat__tty_flush(grat__tty *t, bool input, bool output);
/* Bytes that have arrived and wait in the kernel. */
size_t grat__tty_available(const grat__tty *t);
/* Errors that the port has counted since it exists; all 0 where it counts none (a pty). */
typedef struct grat__tty_errors {
    int parity, framing, overrun;
} grat__tty_errors;
grat__tty_errors grat__tty_count_errors(const grat__tty *t);
/* Bytes that were written and wait in the kernel. */
size_t grat__tty_unsent(const grat__tty *t);

/* 1, 0, or -1 where the port has no such line (a pty). */
int grat__tty_line(const grat__tty *t, enum grat__tty_line line);
/* DTR and RTS. ENOTSUP where the port has no such line. */
grat_err grat__tty_line_set(grat__tty *t, enum grat__tty_line line, bool on, grat_op *op);
grat_err grat__tty_break(grat__tty *t, bool on, grat_op *op);
/* A break of that length behind what was written so far. */
grat_err grat__tty_send_break(grat__tty *t, unsigned ms, grat_op *op);
/* Holds output back, as if XOFF had come, or lets it go on. */
grat_err grat__tty_transmit(grat__tty *t, bool allow, grat_op *op);

#endif
