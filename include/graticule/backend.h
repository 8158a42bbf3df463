/* For authors of transports, scope drivers and file formats: the ops tables.
 * Each table is static const, names its private size, and is listed in one place
 * (src/transport/list.c, src/scope/list.c, src/format/list.c). Pointers may be NULL only where it is said. */
#ifndef GRATICULE_BACKEND_H
#define GRATICULE_BACKEND_H

#include <graticule/graticule.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- transports ------------------------------------------------------------------------------- */

enum grat_transport_cap {
    GRAT_TCAP_END = 1,       /* the wire carries the end of a message (VXI-11, HiSLIP, USBTMC) */
    GRAT_TCAP_ORDERED = 2,   /* after clear, an answer to an older message can never arrive */
    GRAT_TCAP_DUPLEX = 4,    /* one write may run beside one read */
    GRAT_TCAP_STB_ASIDE = 8, /* stb and ren may run beside a read or a write */
    GRAT_TCAP_EXACT = 32,    /* a read that asks for more than comes may wait for ever (USB RAW) */
    GRAT_TCAP_NEWLINE = 16,  /* a program message ends with a newline too: some firmware waits for it (USBTMC) */
};

/* Which calls run together. The caller serialises all calls on one `p`, with these exceptions, which the transport
 * makes safe by itself, for threads and for tasks: srq_wait beside everything but itself, srq_enable and close;
 * notice_wait likewise; and what the GRAT_TCAP bits allow. Every wait is by grat__op_wait (core/wait.h) or by
 * grat__offload for a library that can only block: then deadlines, cancels and tasks work without more.
 *
 * After ETIMEOUT or ECANCELED the wire itself is usable again by the next call, which runs the wire's abort sequence
 * first where it needs one: a read goes on with what is left of the message, a write starts a new message. Whenever
 * bytes have moved the transport calls grat__op_moved, so that op->idle_ns works. */

#define GRAT_TERM_DUE (-2)
typedef struct grat_transport {
    const char *name;        /* for messages: "VXI-11" */
    size_t priv_size;        /* zeroed memory of this size is passed as `p` to every call */
    unsigned caps;

    /* True when this transport serves the parsed resource. No I/O. */
    bool (*serves)(const grat_resource *r);
    /* Connects. On failure it has already released everything. */
    grat_err (*open)(void *p, const grat_resource *r, const grat_open_options *opt, grat_op *op);
    /* Says goodbye where the wire has a goodbye (bounded by 1 s) and releases everything. */
    void (*close)(void *p);
    /* Writes n bytes; `end` marks the end of the message. op->count = bytes the peer took. */
    grat_err (*write)(void *p, const void *data, size_t n, bool end, grat_op *op);
    /* Waits for at least one byte; returns as soon as some are there or the message ended. op->count bytes and
     * op->reason (END, COUNT) are set. `term` >= 0 asks a message wire to end at this byte; stream wires ignore it.
     * Bytes that came with a timeout or cancel are counted. A message may end with zero bytes: END and count 0.
     * ELOST when the peer closed. A stream wire sets COUNT only. GRAT_TERM_DUE: cap bytes are certainly on their way,
     * so that the wire may collect many of them in one go, as long as the deadline and a cancel are kept. */
    grat_err (*read)(void *p, void *buf, size_t cap, int term, grat_op *op);
    /* Abort and clear so that no older answer can be read any more; may reconnect. ELOST or another error
     * means that the connection is gone. Never NULL. */
    grat_err (*clear)(void *p, grat_op *op);
    /* Optional from here on: the session answers ENOTSUP for NULL. */
    grat_err (*stb)(void *p, uint8_t *stb, grat_op *op);
    grat_err (*trigger)(void *p, grat_op *op);
    /* `key` is NULL for an exclusive lock; ENOTSUP for a shared one where the wire has only that. */
    grat_err (*lock)(void *p, const char *key, int64_t wait_ms, grat_op *op);
    grat_err (*unlock)(void *p, grat_op *op);
    grat_err (*ren)(void *p, grat_ren mode, grat_op *op);
    grat_err (*srq_enable)(void *p, bool on, grat_op *op);
    grat_err (*srq_wait)(void *p, grat_op *op);
    grat_err (*notice_enable)(void *p, unsigned kinds, grat_op *op);
    grat_err (*notice_wait)(void *p, grat_notice *out, grat_op *op);
    grat_err (*docmd)(void *p, const grat_docmd_args *args, grat_op *op);
    grat_err (*bus)(void *p, const grat_bus_args *args, grat_op *op);
    grat_err (*usb_control)(void *p, const grat_usb_control_args *args, grat_op *op);
    grat_err (*attr_get)(void *p, grat_attr a, grat_value *out, grat_op *op);
    grat_err (*attr_set)(void *p, grat_attr a, int64_t value, grat_op *op);
    /* Stream wires: the character that ends a text answer; LF for NULL. A stream may also report END, which then ends
     * the answer as well. */
    int (*line_end)(void *p);
    /* Drops received bytes that the transport itself holds; returns how many. */
    size_t (*discard)(void *p);
} grat_transport;

/* ---- scope drivers ---------------------------------------------------------------------------- */

typedef struct grat_driver {
    const char *name;
    size_t priv_size;

    /* True when the identity is one of this driver's models. */
    bool (*match)(const grat_identity *id);
    /* `s` is borrowed and outlives the driver. Fills caps; names of channels that it leaves empty become "1", "D0". */
    grat_err (*open)(void *p, grat_session *s, const grat_identity *id, grat_caps *caps, grat_op *op);
    /* Optional. */
    void (*close)(void *p);
    grat_err (*get)(void *p, grat_settings *out, grat_op *op);
    /* Sends what the mask names and reads back; ERANGE with the nearest value when it was not taken. */
    grat_err (*set)(void *p, const grat_settings *want, unsigned mask, grat_op *op);
    /* Pure: no I/O. Turns a request into settings, from the present ones. */
    grat_err (*plan)(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                     unsigned *mask, grat_op *op);
    /* Returns when the instrument has acknowledged; the state may still lag. */
    grat_err (*run)(void *p, grat_run what, grat_op *op);
    grat_err (*state)(void *p, grat_scope_state *out, grat_op *op);
    /* Arms one acquisition and waits until its record is complete, never trusting a stale status. */
    grat_err (*acquire)(void *p, const grat_request *q, grat_op *op);
    /* Reads the present record of every channel that `q` names (or every enabled one). On ECANCELED and ETIMEOUT
     * *out may hold the traces that are complete, cut to equal length and flagged. */
    grat_err (*fetch)(void *p, const grat_request *q, grat_record **out, grat_op *op);
    /* Optional: ends an acquisition that ECANCELED or ETIMEOUT interrupted, so that fetch gives what there is of it;
     * without it a trigger is forced. ENODATA when there is nothing; EIO says why ETIMEOUT came and takes its place. */
    grat_err (*cancel)(void *p, grat_op *op);
    /* Optional: what the screen of a running instrument shows, without stopping it; see grat_scope_glance. Without it
     * an acquisition is made. */
    grat_err (*glance)(void *p, grat_glance *out, grat_op *op);
    /* Optional: lines for grat info. */
    grat_err (*describe)(void *p, grat_line_fn fn, void *user, grat_op *op);
    /* Optional: the next piece of a recording, with dt and with `first` counted from its first sample by the
     * instrument's own clock; `restart` begins one. Without it, acquisitions are placed by the host's clock. */
    grat_err (*log_next)(void *p, const grat_request *q, bool restart, grat_record **out, grat_op *op);
    /* Optional: how log_next makes the next recording; ERANGE names what there is. Without it log_next is a stream, and
     * GRAT_LOG_BLOCK goes by acquire and fetch. */
    grat_err (*log_mode)(void *p, grat_log_mode mode, grat_op *op);
    /* Optional. */
    grat_err (*calibrate)(void *p, const grat_calibration *k, grat_op *op);
    /* Optional, both or none: the generator. */
    grat_err (*generator_set)(void *p, const grat_generator *want, grat_generator *actual, grat_op *op);
    grat_err (*generator_get)(void *p, grat_generator *out, grat_op *op);
    /* Optional. */
    grat_err (*flash)(void *p, grat_op *op);
} grat_driver;

/* ---- formats ---------------------------------------------------------------------------------- */

/* Where a format's bytes go. Returns GRAT_OK or the error that ended the file. */
typedef struct grat_out grat_out;
GRAT_API grat_err grat_out_write(grat_out *o, const void *data, size_t n, grat_op *op);
/* Back to an absolute position, to complete a header; ENOTSUP on a pipe. */
GRAT_API grat_err grat_out_seek(grat_out *o, uint64_t pos, grat_op *op);
/* What was asked of the file. Never NULL. */
GRAT_API const grat_writer_options *grat_out_options(const grat_out *o);

/* Where a file's pieces go. */
typedef struct grat_reading {
    grat_meta *meta;           /* zeroed; filled before the first piece */
    grat_record_fn fn;
    void *user;
} grat_reading;

typedef struct grat_format {
    const char *name;          /* "csv" */
    const char *description;
    const char *extensions;    /* space separated: "csv txt" */
    size_t priv_size;
    grat_err (*begin)(void *p, const grat_meta *meta, grat_out *o, grat_op *op);
    /* Records come in order; those of one acquisition have consecutive `first`. */
    grat_err (*record)(void *p, grat_record *r, grat_out *o, grat_op *op);
    grat_err (*end)(void *p, grat_out *o, grat_op *op);
    /* Optional: frees what the private data owns; called last, also after an error. */
    void (*fini)(void *p);
    /* Optional: reads such a file back. */
    grat_err (*read)(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out, grat_op *op);
    /* Optional: reads it back piece by piece, of any length; several acquisitions and gaps too. Samples follow each
     * other unless GRAT_REC_GAP_BEFORE is set or the number changes. */
    grat_err (*each)(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op);
    /* True when the file is whole after each flush, so that it can have its name from the beginning. */
    bool grows;
    /* Optional: puts into the file what makes the records so far readable; the bytes themselves are handed on before
     * and afterwards. */
    grat_err (*flush)(void *p, grat_out *o, grat_op *op);
    /* Optional: the disk is full, and the sink stands behind what was certainly written, at least what the last flush
     * left; `end` follows. */
    grat_err (*cut)(void *p, grat_out *o, grat_op *op);
    /* True when the file is then left as the last flush made it: no end could make more of it. */
    bool stays;
} grat_format;

#ifdef __cplusplus
}
#endif
#endif
