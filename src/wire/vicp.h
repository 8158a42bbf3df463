/* VICP, the LAN protocol of LeCroy oscilloscopes (TCP 1861): each block of a message has an 8-byte header. Facts as
 * three independent clients have them. */
#ifndef GRAT_WIRE_VICP_H
#define GRAT_WIRE_VICP_H

#include "core/buf.h"

#define GRAT__VICP_PORT 1861
#define GRAT__VICP_HEADER 8
#define GRAT__VICP_VERSION 1

enum grat__vicp_operation {
    GRAT__VICP_EOI = 0x01,
    GRAT__VICP_POLL = 0x04,      /* request a serial poll */
    GRAT__VICP_SRQ = 0x08,       /* device only */
    GRAT__VICP_CLEAR = 0x10,     /* device clear, before the data are used */
    GRAT__VICP_LOCKOUT = 0x20,
    GRAT__VICP_REMOTE = 0x40,
    GRAT__VICP_DATA = 0x80,
};

typedef struct grat__vicp_header {
    uint8_t operation, version, sequence;
    uint32_t length;
} grat__vicp_header;

void grat__vicp_put(uint8_t out[GRAT__VICP_HEADER], const grat__vicp_header *h);
/* 1 to 255 and round again; 0 is a peer of the older version without numbers. */
static inline uint8_t grat__vicp_next(uint8_t sequence)
{
    return sequence == 255 ? 1 : (uint8_t)(sequence + 1);
}

/* Headers out of a stream. */
typedef struct grat__vicp_in {
    uint8_t head[GRAT__VICP_HEADER];
    unsigned have;
    bool in_body;
    grat__vicp_header header;    /* valid while in_body */
    uint32_t left;               /* of the body */
} grat__vicp_in;

void grat__vicp_in_init(grat__vicp_in *in);
/* Takes bytes up to the end of a header and returns how many; with in_body the header is there, and the next `left`
 * bytes are its body: the caller takes them itself and says so by grat__vicp_in_took. EPROTO in *err for what is no
 * header: the stream cannot be followed any more. */
size_t grat__vicp_in_feed(grat__vicp_in *in, const uint8_t *data, size_t n, grat_err *err);
void grat__vicp_in_took(grat__vicp_in *in, uint32_t n);

#endif
