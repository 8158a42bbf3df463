/* What carries USB transfers for USBTMC and RAW: libusb, or the kernel's /dev/usbtmcN. Every wait is grat__op_wait;
 * what may run beside other calls are srq_wait and notice_wait. */
#ifndef GRAT_USBTMC_PIPE_H
#define GRAT_USBTMC_PIPE_H

#include "transport/usb_list.h"
#include "wire/usbtmc.h"

#include <stdatomic.h>

/* First member of every carrier's private data. */
typedef struct grat__usb_pipe {
    const grat__usb_entry *dev;      /* borrowed */
    bool stalled;                    /* the last EIO was a halted endpoint, or a refused control request */
    bool lost;                       /* unplugged: nothing more will come */
    bool raw;                        /* every interrupt packet is a notice; those of USBTMC are not told otherwise */
    uint8_t *into;                   /* where `in` may leave its bytes when they fit into `room`; NULL = nowhere */
    size_t room;
    atomic_bool srq_off;             /* srq_wait and notice_wait are to return ELOST soon */
} grat__usb_pipe;

/* One finished bulk-IN transfer. */
typedef struct grat__usb_piece {
    const uint8_t *data;             /* valid until the next call on the pipe */
    size_t n;
    bool full;                       /* ended because its room was full, not by a short packet */
} grat__usb_piece;

typedef struct grat__usb_pipe_ops {
    const char *name;
    size_t priv_size;
    size_t first;                    /* most bytes to ask for while the length of an answer is unknown */
    /* EACCES and EBUSY say what to do; on failure everything is released. `dev` is set. */
    grat_err (*open)(void *p, grat_op *op);
    void (*close)(void *p);
    /* One bulk-OUT transfer. On a failure op->count bytes may have gone and nothing is under way any more. */
    grat_err (*out)(void *p, const void *data, size_t n, grat_op *op);
    /* Waits for the next bulk-IN transfer, with as many under way as `more` bytes need; not `exact`: a packet more,
     * for an empty packet or alignment bytes. On ETIMEOUT and ECANCELED they go on: the next call takes them up. */
    grat_err (*in)(void *p, size_t more, bool exact, grat__usb_piece *out, grat_op *op);
    /* Ends what is under way on bulk-IN. True with `rest` when one had got something. */
    bool (*in_stop)(void *p, grat__usb_piece *rest);
    /* *n: in, wLength; out, bytes that came. */
    grat_err (*control)(void *p, const grat_usb_control_args *a, grat_op *op);
    grat_err (*clear_halt)(void *p, uint8_t endpoint, grat_op *op);
    /* Optional: another alternate setting of the interface; `d` is what `dev` points to and gets its endpoints. What is
     * under way ends. ERANGE: the interface has no such setting. */
    grat_err (*alternate)(void *p, int setting, grat__usb_entry *d, grat_op *op);
    /* Optional: a bus reset. */
    grat_err (*reset)(void *p, grat_op *op);
    /* READ_STATUS_BYTE where the carrier owns the interrupt endpoint; NULL = the caller asks with `control` and
     * `stb_notice`. */
    grat_err (*stb)(void *p, uint8_t *stb, grat_op *op);
    /* Waits for the interrupt packet with this tag. */
    grat_err (*stb_notice)(void *p, uint8_t tag, uint8_t *stb, grat_op *op);
    /* True once for each service request that came since the last call; *stb is its status byte. */
    bool (*srq_seen)(void *p, uint8_t *stb);
    grat_err (*srq_enable)(void *p, bool on, grat_op *op);
    /* Ends within 0.3 s of srq_off and srq_stop. */
    grat_err (*srq_wait)(void *p, grat_op *op);
    void (*srq_stop)(void *p);
    /* Optional: interrupt packets that mean nothing to USBTMC; as the two above. */
    grat_err (*notice_enable)(void *p, bool on, grat_op *op);
    grat_err (*notice_wait)(void *p, grat_notice *out, grat_op *op);
} grat__usb_pipe_ops;

extern const grat__usb_pipe_ops grat__usb_libusb, grat__usb_kernel;

#endif
