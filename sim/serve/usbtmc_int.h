/* Between the files of the USBTMC device. */
#ifndef SIM_USBTMC_INT_H
#define SIM_USBTMC_INT_H

#include "sim/serve/usb.h"
#include "wire/usbtmc.h"

enum { TMC_OUT = 0x01, TMC_IN = 0x82, TMC_INTERRUPT = 0x83, TMC_NOTICES = 2 };

typedef enum { TMC_IDLE, TMC_REQUESTED, TMC_SENDING } tmc_in_state;

typedef struct sim_tmc {
    sim_usb_device dev;
    sim_usbip *usbip;
    sim_loop *loop;
    sim_instrument *in;
    sim_faults *faults;
    sim_port *port;
    sim_timer timer;
    unsigned interface;
    struct sim_tmc *twin;        /* a second interface of the same device, with queues of its own */
    uint8_t base;                /* added to the numbers of its endpoints */
    size_t packet;               /* wMaxPacketSize of both bulk endpoints */
    bool packet_ends;            /* every packet ends its URB */
    bool has_interrupt;
    /* bulk-OUT */
    uint8_t head[GRAT__TMC_HEADER];
    size_t head_n;
    grat__tmc_header h;
    size_t left, pad_left;       /* of the transfer that is being received */
    bool receiving, in_message, halt_out;
    uint32_t received;
    int64_t stuck_until_ns;
    /* bulk-IN */
    tmc_in_state state;
    grat__tmc_header request;
    grat__buf answer;            /* the transfer that is being sent, header first */
    size_t sent;
    bool zlp_due, zlp_first, flush_due, halt_in, unplug_due;
    uint8_t last_in_tag;
    uint32_t transmitted;
    int64_t not_before_ns;
    grat__buf payload;           /* taken from the port, not yet in an answer */
    bool payload_last;           /* it reaches the end of the response */
    /* interrupt-IN */
    uint8_t notice[TMC_NOTICES][2];
    unsigned notices;
    bool busy_shown;
    /* split operations: the INITIATE request in progress, 0 for none */
    uint8_t split;
    unsigned pending;
    bool ren;
} sim_tmc;

static inline bool tmc_fault(const sim_tmc *t, sim_fault_id id)
{
    return t->faults->count && sim_fault(t->faults, id);
}

/* usbtmc_out.c: what comes in. */
int tmc_take(sim_tmc *t, const uint8_t *data, size_t n);
/* usbtmc_in.c: what goes out. */
int64_t tmc_give(sim_tmc *t, uint8_t *room, size_t n);
/* A request came while a transfer is wanted or under way, or a new message did: that one is dropped. */
void tmc_forget_in(sim_tmc *t);
/* A response exists: MAV. */
bool tmc_available(const sim_tmc *t);
void tmc_drop_output(sim_tmc *t);
/* When tmc_give may have more. */
int64_t tmc_next(const sim_tmc *t);

#endif
