/* USB Test and Measurement Class 1.0 and its USB488 subclass: bulk headers, control answers, interrupt packets, and a
 * push parser for what arrives on bulk-IN. Used by both sides. All integers on the wire are little-endian. */
#ifndef GRAT_WIRE_USBTMC_H
#define GRAT_WIRE_USBTMC_H

#include "core/buf.h"

enum {
    GRAT__TMC_CLASS = 0xFE,          /* interface class and subclass */
    GRAT__TMC_SUBCLASS = 3,
    GRAT__TMC_HEADER = 12,
    GRAT__TMC_CAPABILITIES = 24,
    GRAT__TMC_STB_TAG_MIN = 2,       /* tags of READ_STATUS_BYTE are 2..127, of bulk headers 1..255 */
    GRAT__TMC_STB_TAG_MAX = 127,
};

enum grat__tmc_msg {
    GRAT__TMC_MSG_OUT = 1,           /* DEV_DEP_MSG_OUT */
    GRAT__TMC_MSG_IN = 2,            /* REQUEST_DEV_DEP_MSG_IN and its answer */
    GRAT__TMC_VENDOR_OUT = 126,
    GRAT__TMC_VENDOR_IN = 127,
    GRAT__TMC_TRIGGER = 128,
};

enum grat__tmc_attribute {
    GRAT__TMC_EOM = 1,               /* OUT and IN: the last byte of the message is in this transfer */
    GRAT__TMC_TERM = 2,              /* request: TermCharEnabled; IN: it ended because of that character */
};

enum grat__tmc_request {
    GRAT__TMC_INITIATE_ABORT_OUT = 1,
    GRAT__TMC_CHECK_ABORT_OUT = 2,
    GRAT__TMC_INITIATE_ABORT_IN = 3,
    GRAT__TMC_CHECK_ABORT_IN = 4,
    GRAT__TMC_INITIATE_CLEAR = 5,
    GRAT__TMC_CHECK_CLEAR = 6,
    GRAT__TMC_GET_CAPABILITIES = 7,
    GRAT__TMC_INDICATOR_PULSE = 64,
    GRAT__TMC_READ_STATUS_BYTE = 128,
    GRAT__TMC_REN_CONTROL = 160,
    GRAT__TMC_GO_TO_LOCAL = 161,
    GRAT__TMC_LOCAL_LOCKOUT = 162,
};

enum grat__tmc_status {
    GRAT__TMC_SUCCESS = 0x01,
    GRAT__TMC_PENDING = 0x02,
    GRAT__TMC_INTERRUPT_BUSY = 0x20,
    GRAT__TMC_FAILED = 0x80,
    GRAT__TMC_NOT_IN_PROGRESS = 0x81,
    GRAT__TMC_SPLIT_NOT_IN_PROGRESS = 0x82,
    GRAT__TMC_SPLIT_IN_PROGRESS = 0x83,
};

enum grat__tmc_cap {                 /* of the bytes that grat__tmc_caps names */
    GRAT__TMC_IF_LISTEN_ONLY = 1,
    GRAT__TMC_IF_TALK_ONLY = 2,
    GRAT__TMC_IF_PULSE = 4,
    GRAT__TMC_DEV_TERMCHAR = 1,
    GRAT__TMC_488IF_TRIGGER = 1,
    GRAT__TMC_488IF_REN = 2,
    GRAT__TMC_488IF_4882 = 4,
    GRAT__TMC_488DEV_DT1 = 1,
    GRAT__TMC_488DEV_RL1 = 2,
    GRAT__TMC_488DEV_SR1 = 4,
    GRAT__TMC_488DEV_SCPI = 8,
};

typedef struct grat__tmc_header {
    uint8_t msg, tag;
    bool tag_ok;                     /* bTagInverse fits; put writes it, get sets it */
    uint32_t size;                   /* TransferSize: without header and alignment */
    uint8_t attributes;              /* grat__tmc_attribute */
    uint8_t term;                    /* requests only */
} grat__tmc_header;

void grat__tmc_put_header(uint8_t out[GRAT__TMC_HEADER], const grat__tmc_header *h);
/* EPROTO when n is below 12. */
grat_err grat__tmc_get_header(const void *data, size_t n, grat__tmc_header *out);
/* The tag behind this one: 1..255. */
uint8_t grat__tmc_next_tag(uint8_t tag);
/* The tag behind this one: 2..127. */
uint8_t grat__tmc_next_stb_tag(uint8_t tag);
/* Alignment bytes behind `size` bytes of payload on bulk-OUT: 0..3. */
static inline size_t grat__tmc_pad(size_t size)
{
    return (4 - (size & 3)) & 3;
}

typedef struct grat__tmc_caps {
    uint8_t status;
    uint16_t tmc_version, usb488_version;   /* binary-coded, 0x0100; the latter 0 without USB488 */
    uint8_t interface, device, usb488_interface, usb488_device;
} grat__tmc_caps;

void grat__tmc_put_caps(uint8_t out[GRAT__TMC_CAPABILITIES], const grat__tmc_caps *c);
/* Takes short answers, with zeros for what is missing; EPROTO for none at all. `usb488`: bInterfaceProtocol is 1,
 * only then the USB488 bytes mean something. */
grat_err grat__tmc_get_caps(const void *data, size_t n, bool usb488, grat__tmc_caps *out);

typedef struct grat__tmc_answer {    /* of a control request */
    uint8_t status;
    uint8_t tag;                     /* INITIATE_ABORT: the current bTag; READ_STATUS_BYTE: its tag */
    uint8_t stb;
    bool in_fifo;                    /* CHECK_ABORT_IN, CHECK_CLEAR: bulk-IN holds data that must be read */
    uint32_t bytes;                  /* CHECK_ABORT: NBYTES_RXD, NBYTES_TXD */
} grat__tmc_answer;

/* wLength of a request, 0 when it is none of the class. */
size_t grat__tmc_answer_size(uint8_t request);
/* Writes that many bytes and returns how many. Not for GET_CAPABILITIES. */
size_t grat__tmc_put_answer(uint8_t request, uint8_t out[8], const grat__tmc_answer *a);
/* EPROTO when there is not even a status; bytes that are missing count as 0 (UsbGpib before 2.3). */
grat_err grat__tmc_get_answer(uint8_t request, const void *data, size_t n, grat__tmc_answer *out);
/* "transfer not in progress", never NULL. */
const char *grat__tmc_status_text(uint8_t status);

typedef enum grat__tmc_notice {
    GRAT__TMC_NOTICE_NONE,           /* too short or reserved */
    GRAT__TMC_NOTICE_SRQ,
    GRAT__TMC_NOTICE_STB,            /* the answer to READ_STATUS_BYTE */
    GRAT__TMC_NOTICE_VENDOR,
} grat__tmc_notice;

/* What an interrupt packet says; *tag and *stb are set for SRQ (tag 1) and STB. */
grat__tmc_notice grat__tmc_get_notice(const void *data, size_t n, uint8_t *tag, uint8_t *stb);

/* ---- bulk-IN, as it arrives ------------------------------------------------------------------ */

enum grat__tmc_in_flag {
    GRAT__TMC_ANY_TAG = 1,           /* a tag of an older request is taken too (Rigol DHO800) */
};

/* One transfer, the answer to one request. Nothing is copied. */
typedef struct grat__tmc_in {
    uint8_t msg, tag;                /* of the request */
    unsigned flags;
    size_t cap;                      /* most bytes that the request allows */
    uint8_t head[GRAT__TMC_HEADER];
    size_t seen;                     /* bytes of the transfer so far, header and alignment included */
    size_t got;                      /* payload bytes so far */
    grat__tmc_header h;              /* valid once seen >= 12 */
    bool over;                       /* the device sent or announces more than was asked for; the rest is dropped */
} grat__tmc_in;

typedef struct grat__tmc_slice {     /* the payload within what was fed */
    const uint8_t *data;
    size_t n;
} grat__tmc_slice;

void grat__tmc_in_init(grat__tmc_in *in, uint8_t tag, size_t cap);
/* The bytes of one packet or of several. EPROTO for a wrong header; *why then says what is wrong. */
grat_err grat__tmc_in_feed(grat__tmc_in *in, const void *data, size_t n, grat__tmc_slice *payload, const char **why);
/* The header has come, and all the payload that it announces (or that is wanted). */
bool grat__tmc_in_complete(const grat__tmc_in *in);
/* Bytes that are still to come; while the header is not there, what it takes to complete that. */
size_t grat__tmc_in_missing(const grat__tmc_in *in);

#endif
