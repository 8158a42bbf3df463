/* Between the files of the USBTMC transport. */
#ifndef GRAT_USBTMC_TMC_H
#define GRAT_USBTMC_TMC_H

#include "transport/usbtmc/pipe.h"

/* What real instruments do otherwise; the rows are in quirks.c. */
enum grat__tmc_quirk {
    GRAT__TMC_NO_CLEAR = 1,          /* INITIATE_CLEAR hangs it */
    GRAT__TMC_NO_REN = 2,            /* claims REN_CONTROL and LOCAL_LOCKOUT, and is upset by them */
    GRAT__TMC_NO_RESET = 4,          /* freezes on a bus reset */
    GRAT__TMC_STALE_TAG = 8,         /* answers with the bTag of an older request */
    GRAT__TMC_NO_ZLP = 16,           /* no empty packet behind full ones */
    GRAT__TMC_NO_EOM = 32,           /* EOM is never set: a transfer shorter than asked for ends the message */
    GRAT__TMC_PADDED = 64,           /* TransferSize counts the padding: a message ends at its last newline */
    GRAT__TMC_RETRY_OPEN = 128,      /* the first open after power-on fails */
    GRAT__TMC_NO_INTERRUPT_STB = 256, /* the status byte never comes on interrupt-IN */
};

typedef struct grat__tmc_quirks {
    unsigned flags;
    uint32_t max_request;            /* bytes, 0 = no limit */
    unsigned write_gap_ms;           /* between a message and what follows it */
} grat__tmc_quirks;

/* By vendor and product; GRATICULE_USB_QUIRKS ("no-clear,max-request=48", "none") stands in for the table. */
grat__tmc_quirks grat__tmc_quirks_of(unsigned vid, unsigned pid);

typedef struct grat__tmc {
    grat_resource resource;
    grat__usb_entry dev;
    char name[300];
    const grat__usb_pipe_ops *ops;
    grat__usb_pipe *pipe;            /* NULL once it is lost */
    grat__tmc_caps caps;
    grat__tmc_quirks quirks;
    uint8_t tag, stb_tag;
    uint8_t *out;                    /* header, data and padding of one transfer */
    int64_t quiet_until_ns;          /* write_gap_ms */
    bool remote;                     /* REN was asserted by this session */
    bool out_open;                   /* a bulk-OUT transfer was cut: its tag is out_tag */
    uint8_t out_tag;
    /* bulk-IN */
    bool in_open;                    /* a request is out, and its transfer has not ended */
    bool wire_ended;                 /* all payload has come, the transfer's end too */
    grat__tmc_in in;
    grat__usb_piece piece;
    size_t piece_at;                 /* how much of the piece the parser has had */
    grat__tmc_slice rest;            /* payload that was not asked for yet */
    uint8_t *into;                   /* where payload may go at once, `room` bytes; NULL = nowhere */
    size_t room;
    bool skipped_zlp;
    bool answered;                   /* on this pipe: an answer came whole, or its halt was cleared once */
    bool srq_on, notices_on;
    atomic_bool closing;             /* srq_wait must not start on this pipe any more */
    atomic_int waiters;              /* threads or tasks inside srq_wait and notice_wait */
} grat__tmc;

/* data.c */
grat_err grat__tmc_write(void *p, const void *data, size_t n, bool end, grat_op *op);
grat_err grat__tmc_read(void *p, void *buf, size_t cap, int term, grat_op *op);
grat_err grat__tmc_trigger(void *p, grat_op *op);
size_t grat__tmc_discard(void *p);
void grat__tmc_forget_in(grat__tmc *t);

/* control.c */
grat_err grat__tmc_clear(void *p, grat_op *op);
grat_err grat__tmc_stb(void *p, uint8_t *stb, grat_op *op);
grat_err grat__tmc_ren(void *p, grat_ren mode, grat_op *op);
grat_err grat__tmc_usb_control(void *p, const grat_usb_control_args *a, grat_op *op);
/* Abort what a timeout or cancel has left unfinished, before a new message. */
grat_err grat__tmc_settle(grat__tmc *t, grat_op *op);
/* A class request: `in` data of the request's own length into *a. EIO with pipe->stalled when it is refused. */
typedef struct grat__tmc_ask { uint8_t request; uint16_t value; uint8_t endpoint; } grat__tmc_ask;
grat_err grat__tmc_request(grat__tmc *t, const grat__tmc_ask *ask, grat__tmc_answer *a, grat_op *op);
grat_err grat__tmc_get_capabilities(grat__tmc *t, grat_op *op);
grat_err grat__tmc_clear_halts(grat__tmc *t, grat_op *op);

/* usbtmc.c */
grat_err grat__tmc_reopen(grat__tmc *t, grat_op *op);
/* ELOST when the pipe is gone. */
grat_err grat__tmc_here(const grat__tmc *t, grat_op *op);

#endif
