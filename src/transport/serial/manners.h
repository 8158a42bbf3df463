/* What an instrument's line needs beyond VISA's attributes: how lines end, whether it echoes, what clears it. */
#ifndef GRAT_TRANSPORT_SERIAL_MANNERS_H
#define GRAT_TRANSPORT_SERIAL_MANNERS_H

#include "transport/tty.h"

#define GRAT__ECHO_MAX 4096

typedef struct grat__manners {
    const char *eol;         /* what the newline at the end of a message becomes, NULL = it stays */
    int line_end;            /* the character that ends a text answer */
    unsigned silence_ms;     /* > 0: so long a pause ends an answer */
    bool echo;               /* what is sent comes back before the answer */
    bool clear_break;        /* a device clear begins with a break */
    int clear_byte;          /* or with this byte; -1 none */
} grat__manners;

void grat__manners_init(grat__manners *m);
/* "115200,8N1,crlf,echo": what grat__tty_parse takes, and crlf cr none echo break ctrl-c keep. EPARSE. */
grat_err grat__manners_parse(const char *text, grat__manners *m, grat__tty_params *p, grat_op *op);

/* What was sent and has not come back yet. */
typedef struct grat__echo {
    uint8_t data[GRAT__ECHO_MAX];
    size_t n, seen;
} grat__echo;

/* More was sent. What is beyond the room is not looked for. */
void grat__echo_sent(grat__echo *e, const void *data, size_t n);
/* Takes the echo out of n received bytes and returns how many are in `out`, which has room for n + GRAT__ECHO_MAX. A
 * line end may come back as CR, LF or both. What differs ends the search, and nothing that was held back is lost. */
size_t grat__echo_filter(grat__echo *e, const uint8_t *in, size_t n, uint8_t *out);
/* Bytes swallowed so far that may yet turn out to be an answer; forgets the echo. */
void grat__echo_reset(grat__echo *e);

#endif
