/* Graticule: oscilloscopes and the instruments around them.
 *
 * Conventions of this header
 *   - Every function that can fail returns grat_err; data goes through out-parameters, which are
 *     left untouched on failure unless the text says otherwise.
 *   - Every function that can wait takes a grat_op: it carries the absolute deadline and the cancel
 *     handle in, and the error, its sentence, the byte count and the end reason out.
 *   - Handles are opaque; X_new/X_open has exactly one X_free/X_close; both accept NULL when freeing.
 *   - A handle is used by one thread at a time, except grat_cancel_fire, which any thread and any
 *     signal handler may call.
 *   - Units are SI: seconds, hertz, volts; times in nanoseconds end in _ns. */
#ifndef GRATICULE_H
#define GRATICULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define GRAT_API __attribute__((visibility("default")))
#define GRAT_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define GRAT_API
#define GRAT_PRINTF(fmt, args)
#endif

/* ---- errors ------------------------------------------------------------------------------- */

/* One list: name, value, message. Values never change. */
#define GRAT_ERR_MAP(X)                                                                                                \
    X(OK, 0, "done")                                                                                                   \
    X(EINVAL, 1, "bad argument")                                                                                       \
    X(ENOMEM, 2, "out of memory")                                                                                      \
    X(ETIMEOUT, 3, "timed out")                                                                                        \
    X(ECANCELED, 4, "cancelled")                                                                                       \
    X(ELOST, 5, "connection lost")                                                                                     \
    X(EREFUSED, 6, "connection refused")                                                                               \
    X(ENOHOST, 7, "unknown host")                                                                                      \
    X(EUNREACH, 8, "host unreachable")                                                                                 \
    X(EPROTO, 9, "malformed reply")                                                                                    \
    X(ESHORT, 10, "incomplete data")                                                                                   \
    X(ETOOBIG, 11, "larger than the limit")                                                                            \
    X(ELOCKED, 12, "locked by another client")                                                                         \
    X(ENOTSUP, 13, "not supported")                                                                                    \
    X(ENODEV, 14, "no such instrument")                                                                                \
    X(EBUSY, 15, "busy")                                                                                               \
    X(EIO, 16, "input/output error")                                                                                   \
    X(EACCES, 17, "permission denied")                                                                                 \
    X(ENOSPC, 18, "no space left")                                                                                     \
    X(ERANGE, 19, "out of range")                                                                                      \
    X(EPARSE, 20, "cannot be parsed")                                                                                  \
    X(EINSTR, 21, "the instrument reports an error")                                                                   \
    X(ECUT, 22, "incomplete: cut before the end")                                                                      \
    X(EDEAD, 23, "the session is dead")                                                                                \
    X(EFORMAT, 24, "unknown format")                                                                                   \
    X(ENODATA, 25, "no data")                                                                                          \
    X(ECERT, 26, "the certificate is not trusted")

typedef enum grat_err {
#define GRAT_ERR_ENUM(name, value, message) GRAT_##name = value,
    GRAT_ERR_MAP(GRAT_ERR_ENUM)
#undef GRAT_ERR_ENUM
} grat_err;

/* The version of the library, such as "0.1.0". */
GRAT_API const char *grat_version(void);
/* The fixed message of a code, never NULL. */
GRAT_API const char *grat_strerror(grat_err err);
/* The name of a code without its prefix, such as "ETIMEOUT". */
GRAT_API const char *grat_err_name(grat_err err);

/* ---- operations: deadline, cancel, result, count ---------------------------------------- */

typedef struct grat_cancel grat_cancel;

/* NULL when the descriptor limit is reached. */
GRAT_API grat_cancel *grat_cancel_new(void);
GRAT_API void grat_cancel_free(grat_cancel *c);
/* Wakes every wait that carries this handle. Async-signal-safe, thread-safe, idempotent. */
GRAT_API void grat_cancel_fire(grat_cancel *c);
GRAT_API bool grat_cancel_fired(const grat_cancel *c);
/* Makes the handle usable again. No operation may be using it. */
GRAT_API void grat_cancel_reset(grat_cancel *c);
/* Readable once fired, for callers with a poll loop of their own. */
GRAT_API int grat_cancel_fd(const grat_cancel *c);

/* Why a read ended; several may be set. */
enum grat_reason {
    GRAT_REASON_COUNT = 1, /* the buffer is full */
    GRAT_REASON_CHAR = 2,  /* the termination character was seen */
    GRAT_REASON_END = 4,   /* the wire marked the end of the message */
};

#define GRAT_TEXT_MAX 320

/* A value, owned by the caller, one per call in progress. Initialise with grat_op_init; it may be
 * used for several calls one after another, which then share one deadline. */
typedef struct grat_op {
    int64_t deadline_ns;      /* absolute, CLOCK_MONOTONIC */
    int64_t idle_ns;          /* > 0: every byte that moves puts the deadline this far behind it; 0 after init */
    int64_t latest_ns;        /* with idle_ns: where the deadline stays all the same; 0 = no such limit */
    grat_cancel *cancel;      /* borrowed, may be NULL */
    grat_err err;             /* result of the last call */
    unsigned reason;          /* grat_reason bits of the last read */
    size_t count;             /* bytes moved by the last call, also when it failed */
    char text[GRAT_TEXT_MAX]; /* one sentence about the failure: what: why; what to do */
} grat_op;

/* timeout_ms >= 0; it is turned into an absolute deadline once, here. */
GRAT_API void grat_op_init(grat_op *op, int64_t timeout_ms, grat_cancel *cancel);
/* Sets err and the sentence, and returns err: return grat_op_fail(op, GRAT_EPARSE, "…"); */
GRAT_API grat_err grat_op_fail(grat_op *op, grat_err err, const char *fmt, ...) GRAT_PRINTF(3, 4);
/* Milliseconds left, rounded up, never negative. */
GRAT_API int64_t grat_op_left_ms(const grat_op *op);
/* ETIMEOUT or ECANCELED when the operation must end now, else GRAT_OK. */
GRAT_API grat_err grat_op_check(grat_op *op);
/* Sleeps until then (monotonic), the deadline or the cancel, whichever comes first. GRAT_OK when `until_ns` came. */
GRAT_API grat_err grat_op_sleep_until(grat_op *op, int64_t until_ns);
GRAT_API int64_t grat_now_ns(void);
GRAT_API int64_t grat_utc_ns(void);

/* ---- many at once -------------------------------------------------------------------------- */

/* Any number of blocking calls of this header, run together by the one thread that waits for them: a task is a
 * function that makes such calls; where one would wait, the others go on. No thread is started for it.
 *   - A task has its own handles while it runs: no two unfinished tasks use one session.
 *   - A task must not block outside this library, and has GRAT_TASK_STACK bytes of stack.
 *   - All waits for a group come from one thread; submitting and cancelling may be done by any. */
typedef struct grat_group grat_group;
typedef struct grat_task grat_task;
typedef grat_err (*grat_task_fn)(void *user, grat_op *op);
#define GRAT_TASK_STACK (192 * 1024)

/* NULL when memory or descriptors are short. */
GRAT_API grat_group *grat_group_new(void);
/* Cancels what still runs, waits until it has ended, and frees the group with its tasks. */
GRAT_API void grat_group_free(grat_group *g);
/* Starts fn(user, op) at the next wait. `op` is borrowed until the task has ended; its error is the task's result. */
GRAT_API grat_err grat_submit(grat_group *g, grat_task_fn fn, void *user, grat_op *op, grat_task **out);
/* The next task that has ended, each once, in the order of ending; the caller frees it. NULL with ENODATA in op when
 * none is left, ETIMEOUT or ECANCELED when op ended first: the tasks go on at the next wait. */
GRAT_API grat_task *grat_wait_any(grat_group *g, grat_op *op);
/* Until every task has ended; grat_wait_any then hands them out without waiting. */
GRAT_API grat_err grat_wait_all(grat_group *g, grat_op *op);
/* As the cancel of its op, for this task alone. */
GRAT_API void grat_task_cancel(grat_task *t);
GRAT_API bool grat_task_done(const grat_task *t);
GRAT_API void *grat_task_user(const grat_task *t);
GRAT_API grat_op *grat_task_op(const grat_task *t);
/* Only of a task that grat_wait_any handed out. */
GRAT_API void grat_task_free(grat_task *t);
/* Readable when grat_wait_any has something to do, for callers with a poll loop of their own; timers are not in it:
 * poll at most grat_group_timeout_ms long (-1 = for ever). */
GRAT_API int grat_group_fd(const grat_group *g);
GRAT_API int grat_group_timeout_ms(const grat_group *g);

/* ---- numbers with units -------------------------------------------------------------------- */

/* Parses "2ms", "10kS", "1MS/s", "500mV", "1kHz", "1h", "25%", "1e-3". `unit` names the unit that is
 * allowed after the SI prefix ("s", "V", "Hz", "S", "S/s", "%" or "" for none); a bare number is always
 * accepted. "s" also takes min and h. EPARSE with a sentence that points at the offending character. */
GRAT_API grat_err grat_parse_quantity(const char *text, const char *unit, double *out, grat_op *op);
/* Writes a number with an SI prefix and up to 6 significant digits: "2 ms", "500 mV". Returns out. */
GRAT_API char *grat_format_quantity(char *out, size_t cap, double value, const char *unit);

/* ---- resource strings ------------------------------------------------------------------------ */

/* What stands before the first "::". */
typedef enum grat_interface {
    GRAT_IF_TCPIP = 1,
    GRAT_IF_USB,
    GRAT_IF_ASRL,
    GRAT_IF_GPIB,
    GRAT_IF_PRLGX_TCPIP,
    GRAT_IF_PRLGX_ASRL,
    GRAT_IF_VICP,
    GRAT_IF_BITSCOPE,
    GRAT_IF_PICO,
    GRAT_IF_SIM,
} grat_interface;

/* What stands behind the last "::". */
typedef enum grat_class {
    GRAT_CLASS_INSTR = 1,
    GRAT_CLASS_SOCKET,
    GRAT_CLASS_INTFC,
    GRAT_CLASS_RAW,
} grat_class;

typedef struct grat_resource {
    grat_interface interface;
    grat_class rclass;
    unsigned board;      /* the number after the interface name: TCPIP0 */
    char host[256];      /* TCPIP, PRLGX-TCPIP, VICP, BITSCOPE::host::port; IPv6 without brackets. BITSCOPE of class
                          * SOCKET is a byte stream over TCP, else datagrams as bitscope-server has them */
    char credential[64]; /* TCPIP HiSLIP: what stands before the @ of the host */
    unsigned port;       /* 0 = the default of the interface; TCPIP host,port = VXI-11 core port */
    char device[256];    /* LAN device name (inst0, hislip0, gpib0,7), serial path, model, PICO driver */
    unsigned vid, pid;   /* USB */
    char serial[256];    /* USB, PICO */
    int usb_interface;   /* USB interface number, -1 when not given */
    int primary;         /* GPIB, -1 when not given */
    int secondary;       /* GPIB, -1 when not given */
} grat_resource;

/* EPARSE points at the offending part: op->count is its byte offset. Case-insensitive. */
GRAT_API grat_err grat_resource_parse(const char *text, grat_resource *out, grat_op *op);
/* The normal form: TCPIP0::host::inst0::INSTR. Returns the length; truncation as snprintf. */
GRAT_API int grat_resource_format(const grat_resource *r, char *out, size_t cap);

/* ---- sessions --------------------------------------------------------------------------------- */

typedef struct grat_session grat_session;

typedef struct grat_open_options {
    uint32_t size;            /* sizeof(grat_open_options) */
    int64_t io_timeout_ms;    /* for calls made by drivers; 0 = 5000 */
    size_t read_chunk;        /* largest single request to the wire, 0 = the transport's choice */
    size_t max_response;      /* replies larger than this fail with ETOOBIG; 0 = 1 GiB */
    int64_t lock_timeout_ms;  /* > 0: take an exclusive lock at open */
    int64_t command_gap_ns;   /* least time between two messages; 0 = what instruments of its kind need */
    bool no_sync;             /* raw sockets: skip the *IDN? that discards what an older client left unread */
    enum { GRAT_TLS_AUTO, GRAT_TLS_REQUIRE, GRAT_TLS_NEVER } tls; /* HiSLIP 2.0; AUTO: where the instrument asks */
    const char *tls_ca;       /* file of trusted certificates; NULL = the system's */
    bool tls_insecure;        /* accept any certificate */
    const char *user, *password; /* where the instrument asks for them */
    bool plain;               /* for plain I/O (below): no *IDN? of our own, no terminators, no recovery */
    /* Serial lines: "115200", "115200,8N1", "9600,7E2,rts"; further words: xon dtr (flow), crlf cr none (what ends a
     * line; none: silence), echo, break ctrl-c (what a device clear begins with), keep (DTR and RTS stay as they are).
     * NULL = 9600,8N1. */
    const char *serial;
    /* PEM files of ours, for instruments that know their users by certificates (SASL EXTERNAL); key NULL = it is in the
     * first one. */
    const char *tls_cert, *tls_key;
} grat_open_options;

/* Opens any resource string. `opt` may be NULL. */
GRAT_API grat_err grat_open(const char *resource, const grat_open_options *opt, grat_op *op, grat_session **out);
GRAT_API void grat_close(grat_session *s);
/* The resource in normal form; lives as long as the session. */
GRAT_API const char *grat_session_resource(const grat_session *s);
/* Every call below first recovers a session that its last failure left out of step, and fails with EDEAD when that
 * is not to be had. ETIMEOUT, ECANCELED, ELOST, EPROTO, ESHORT and ETOOBIG leave it so, EIO on a stream without END. */

/* Writes one program message; a terminator is added where the wire needs one. */
GRAT_API grat_err grat_write(grat_session *s, const void *data, size_t n, grat_op *op);
GRAT_API grat_err grat_puts(grat_session *s, const char *command, grat_op *op);
/* One read: at least one byte, or an error. op->count bytes, op->reason says why it ended. What arrived
 * before a timeout or a cancel is in the buffer and counted. */
GRAT_API grat_err grat_read(grat_session *s, void *buf, size_t cap, grat_op *op);
/* Reads a whole text reply and strips its terminator; always NUL-terminates. ETOOBIG when it does not fit. */
GRAT_API grat_err grat_read_text(grat_session *s, char *buf, size_t cap, grat_op *op);
GRAT_API grat_err grat_query(grat_session *s, const char *command, char *buf, size_t cap, grat_op *op);
GRAT_API grat_err grat_query_number(grat_session *s, const char *command, double *out, grat_op *op);
/* The whole reply as it is, allocated here, freed by the caller with free(); on an error *out and *n still hold what
 * arrived (or NULL, 0). */
GRAT_API grat_err grat_query_raw(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op);
/* Reads one IEEE 488.2 block straight into buf and consumes its terminator. ESHORT with the partial
 * bytes in buf and op->count when the wire ended the message early; ETOOBIG when the block is larger than cap. */
GRAT_API grat_err grat_read_block(grat_session *s, void *buf, size_t cap, grat_op *op);
GRAT_API grat_err grat_query_block(grat_session *s, const char *command, void *buf, size_t cap, grat_op *op);
/* As above with the buffer allocated to the block's length and freed by the caller with free(); on an error
 * *out and *n still hold what arrived (or NULL, 0). */
GRAT_API grat_err grat_query_block_alloc(grat_session *s, const char *command, uint8_t **out, size_t *n, grat_op *op);
GRAT_API grat_err grat_read_stb(grat_session *s, uint8_t *stb, grat_op *op);
/* Device clear: input and output of the instrument are discarded. A raw socket is closed and opened again. */
GRAT_API grat_err grat_clear(grat_session *s, grat_op *op);
GRAT_API grat_err grat_trigger(grat_session *s, grat_op *op);
/* Exclusive lock for this session; wait_ms = 0 fails with ELOCKED at once when another client holds it. */
GRAT_API grat_err grat_lock(grat_session *s, int64_t wait_ms, grat_op *op);
/* Shared lock: every session with the same key has it. ENOTSUP where the wire has none (all but HiSLIP). */
GRAT_API grat_err grat_lock_shared(grat_session *s, const char *key, int64_t wait_ms, grat_op *op);
GRAT_API grat_err grat_unlock(grat_session *s, grat_op *op);
GRAT_API grat_err grat_remote(grat_session *s, bool remote, grat_op *op);
/* The finer control of remote and local; the numbers are those of viGpibControlREN and HiSLIP. */
typedef enum grat_ren {
    GRAT_REN_OFF = 0,                 /* REN false */
    GRAT_REN_ON = 1,
    GRAT_REN_OFF_LOCAL = 2,           /* go to local, REN false */
    GRAT_REN_ON_REMOTE = 3,           /* REN true, address the device */
    GRAT_REN_ON_LOCKOUT = 4,          /* REN true, local lockout for all */
    GRAT_REN_ON_REMOTE_LOCKOUT = 5,
    GRAT_REN_LOCAL = 6,               /* go to local, REN as it is */
} grat_ren;
GRAT_API grat_err grat_control_ren(grat_session *s, grat_ren mode, grat_op *op);
/* Waits for a service request. ENOTSUP where the wire has none. grat_srq_wait may run in a second thread or task
 * beside any other call of the same session but grat_close, grat_srq_enable and itself. */
GRAT_API grat_err grat_srq_enable(grat_session *s, bool on, grat_op *op);
GRAT_API grat_err grat_srq_wait(grat_session *s, grat_op *op);
/* What else a wire tells by itself: a GPIB interface (GPIB0::INTFC) what happens to it on its bus, a USB device the
 * packets of its interrupt endpoint; behind a USBTMC interface only those of the vendor. */
enum grat_notice_kind {
    GRAT_NOTICE_CIC = 1,              /* it became controller in charge, or is it no more */
    GRAT_NOTICE_TALK = 2,             /* it was addressed to talk */
    GRAT_NOTICE_LISTEN = 4,           /* to listen */
    GRAT_NOTICE_CLEAR = 8,            /* it was cleared */
    GRAT_NOTICE_TRIGGER = 16,         /* it was triggered */
    GRAT_NOTICE_INTERRUPT = 32,       /* USB */
};
typedef struct grat_notice {
    unsigned kind;                    /* one of them */
    bool on;                          /* CIC: became */
    size_t size;                      /* INTERRUPT: of the packet */
    uint8_t data[1024];
} grat_notice;
/* From now on these kinds are told and no others; 0 ends it. ENOTSUP where the wire has none of them.
 * grat_notice_wait may run as grat_srq_wait, and beside it. */
GRAT_API grat_err grat_notice_enable(grat_session *s, unsigned kinds, grat_op *op);
GRAT_API grat_err grat_notice_wait(grat_session *s, grat_notice *out, grat_op *op);
/* GPIB interfaces (GPIB0::INTFC). */
typedef struct grat_bus_args {
    enum { GRAT_BUS_IFC = 1, GRAT_BUS_ATN, GRAT_BUS_COMMAND, GRAT_BUS_PASS_CONTROL } what;
    int mode;                 /* ATN: 0 off, 1 on, 2 off with handshake, 3 on at once (viGpibControlATN) */
    const void *data;         /* COMMAND: bytes sent with ATN */
    size_t size;
    int primary, secondary;   /* PASS_CONTROL; secondary -1 = none */
} grat_bus_args;
GRAT_API grat_err grat_bus(grat_session *s, const grat_bus_args *args, grat_op *op);
/* One transfer on the control endpoint of a USB instrument; op->count bytes came back for a read. */
typedef struct grat_usb_control_args {
    uint8_t type, request;    /* bmRequestType (bit 7: from the device), bRequest */
    uint16_t value, index, length;
    void *data;
} grat_usb_control_args;
GRAT_API grat_err grat_usb_control(grat_session *s, const grat_usb_control_args *args, grat_op *op);

/* Plain I/O, as VISA has it: bytes as they are, no terminator added or taken away, no recovery of its own. A timeout or
 * cancel leaves the wire usable; what is left of the message can still be read. It may be mixed with the calls above
 * only after grat_clear. One write and one read may run together where the wire is GRAT_TCAP_DUPLEX. */
GRAT_API grat_err grat_io_write(grat_session *s, const void *data, size_t n, bool end, grat_op *op);
/* Until the buffer is full, END, or the byte `term` (-1 = none); op->reason has every reason that holds. What is behind
 * the byte stays for the next read. `through_end` goes on over END until one of the others. */
GRAT_API grat_err grat_io_read(grat_session *s, void *buf, size_t cap, int term, bool through_end, grat_op *op);
/* Throws away what the library holds of the input; *had is how much (may be NULL). */
GRAT_API void grat_io_discard(grat_session *s, size_t *had);
/* How many bytes the library holds of the input; from any thread. */
GRAT_API size_t grat_io_held(const grat_session *s);
/* What the wire can do: grat_transport_cap bits of graticule/backend.h. */
GRAT_API unsigned grat_session_caps(const grat_session *s);

/* What a wire can be asked and told. Numbers unless "text"; the numbers are VISA's own (VPP-4.3 table of attributes).
 * ENOTSUP where the wire has no such thing, ERANGE for a value it does not take. */
typedef enum grat_attr {
    GRAT_ATTR_TCP_ADDRESS = 1,   /* text, read only: the peer's address */
    GRAT_ATTR_TCP_PORT,          /* read only */
    GRAT_ATTR_TCP_NODELAY,
    GRAT_ATTR_TCP_KEEPALIVE,
    GRAT_ATTR_HISLIP_VERSION,    /* read only: major * 256 + minor */
    GRAT_ATTR_HISLIP_OVERLAP,    /* setting another value makes a device clear */
    GRAT_ATTR_HISLIP_MAX_MESSAGE, /* KiB: what the instrument may send in one message */
    GRAT_ATTR_TLS,               /* the connection is encrypted; writable between two messages */
    GRAT_ATTR_TLS_PEER,          /* text, read only: the certificate's subject */
    GRAT_ATTR_ASRL_BAUD,
    GRAT_ATTR_ASRL_DATA_BITS,
    GRAT_ATTR_ASRL_PARITY,       /* 0 none 1 odd 2 even 3 mark 4 space */
    GRAT_ATTR_ASRL_STOP_BITS,    /* 10 15 20 */
    GRAT_ATTR_ASRL_FLOW,         /* bits: 1 XON/XOFF 2 RTS/CTS 4 DTR/DSR */
    GRAT_ATTR_ASRL_END_IN,       /* 0 none 1 last bit 2 character (`term` of grat_io_read) 3 break */
    GRAT_ATTR_ASRL_END_OUT,
    GRAT_ATTR_ASRL_TERM_CHAR,    /* the byte of END_IN and END_OUT 2 */
    GRAT_ATTR_ASRL_AVAILABLE,    /* read only: bytes received */
    GRAT_ATTR_ASRL_BREAK,        /* 1 holds the line in break */
    GRAT_ATTR_ASRL_BREAK_MS,     /* length of a break at END_OUT 3 */
    GRAT_ATTR_ASRL_CTS,          /* lines: 1, 0, -1 unknown */
    GRAT_ATTR_ASRL_DCD,
    GRAT_ATTR_ASRL_DSR,
    GRAT_ATTR_ASRL_RI,
    GRAT_ATTR_ASRL_DTR,          /* writable */
    GRAT_ATTR_ASRL_RTS,          /* writable */
    GRAT_ATTR_ASRL_DISCARD_NULL,
    GRAT_ATTR_ASRL_REPLACE_CHAR, /* for bytes with parity errors */
    GRAT_ATTR_ASRL_XON_CHAR,
    GRAT_ATTR_ASRL_XOFF_CHAR,
    GRAT_ATTR_ASRL_ALLOW_TRANSMIT,
    GRAT_ATTR_ASRL_WIRE_MODE,
    GRAT_ATTR_GPIB_PRIMARY,      /* both writable for GPIB0::INTFC: the board's own */
    GRAT_ATTR_GPIB_SECONDARY,    /* -1 none */
    GRAT_ATTR_GPIB_READDRESS,
    GRAT_ATTR_GPIB_UNADDRESS,
    GRAT_ATTR_GPIB_REN,          /* lines: 1, 0, -1 unknown */
    GRAT_ATTR_GPIB_ATN,
    GRAT_ATTR_GPIB_NDAC,
    GRAT_ATTR_GPIB_SRQ,
    GRAT_ATTR_GPIB_CIC,
    GRAT_ATTR_GPIB_SYSTEM_CONTROLLER,
    GRAT_ATTR_GPIB_ADDRESS_STATE, /* 0 unaddressed 1 talker 2 listener */
    GRAT_ATTR_USB_VID,
    GRAT_ATTR_USB_PID,
    GRAT_ATTR_USB_SERIAL,        /* text */
    GRAT_ATTR_USB_MANUFACTURER,  /* text */
    GRAT_ATTR_USB_PRODUCT,       /* text */
    GRAT_ATTR_USB_INTERFACE,
    GRAT_ATTR_USB_PROTOCOL,      /* 0 USBTMC 1 USB488 */
    GRAT_ATTR_USB_488,           /* IEEE 488.2 by its capabilities */
    GRAT_ATTR_USB_INTERRUPT_SIZE,
    GRAT_ATTR_USB_CLASS,         /* from here: USB…::RAW */
    GRAT_ATTR_USB_SUBCLASS,
    GRAT_ATTR_USB_ALTERNATE,     /* the alternate setting, writable */
    GRAT_ATTR_USB_INTERFACES,    /* of the device */
    GRAT_ATTR_USB_PIPES,         /* endpoints of the interface */
    GRAT_ATTR_USB_BULK_OUT,      /* endpoint addresses, -1 none; writable, bulk endpoints of the interface */
    GRAT_ATTR_USB_BULK_IN,
    GRAT_ATTR_USB_INTERRUPT_IN,
    GRAT_ATTR_USB_BULK_OUT_STATE, /* 0 ready, 1 stalled; writing 0 clears the halt */
    GRAT_ATTR_USB_BULK_IN_STATE,
    GRAT_ATTR_USB_INTERRUPT_STATE,
    GRAT_ATTR_USB_END_IN,        /* what is an END: 0 nothing, 4 a short packet, 5 that or the count */
    GRAT_ATTR_LOCKED_ELSEWHERE,  /* read only (HiSLIP): 1 while another client's lock shuts this session out */
    GRAT_ATTR_ASRL_UNSENT,       /* bytes written that have not left; setting 1 waits until they have, 0 drops them */
    GRAT_ATTR_TLS_ISSUER,        /* text, read only: who signed the certificate; "" where nothing is encrypted */
    GRAT_ATTR_TLS_EXPIRES,       /* text, read only: "2027-01-31T12:00:00Z" */
    GRAT_ATTR_TLS_PERPETUAL,     /* read only: the certificate has no end (RFC 5280: 99991231235959Z) */
    GRAT_ATTR_TLS_CIPHER,        /* text, read only: "TLS_AES_256_GCM_SHA384" */
    GRAT_ATTR_SASL_MECHANISM,    /* text, read only: "PLAIN"; "" before an authentication */
    GRAT_ATTR_ASRL_FAULTS,       /* read only: errors of the line since it was asked: 1 parity 2 framing 4 overrun */
    GRAT_ATTR_GPIB_STATUS_BYTE,  /* GPIB0::INTFC, writable: what a board that is no controller answers a serial poll by;
                                    0x40 asks for service */
    GRAT_ATTR_COUNT
} grat_attr;
typedef struct grat_value {
    int64_t number;
    char text[256];           /* of the text attributes; 7-bit */
} grat_value;
GRAT_API grat_err grat_attr_get(grat_session *s, grat_attr a, grat_value *out, grat_op *op);
GRAT_API grat_err grat_attr_set(grat_session *s, grat_attr a, int64_t value, grat_op *op);
/* VXI-11 device_docmd on an interface link (VXI-11.2 B.5): op->count bytes come back in out. */
typedef struct grat_docmd_args {
    int32_t cmd;
    unsigned datasize;        /* bytes of one element of in and out */
    const void *in;
    size_t in_size;
    void *out;
    size_t out_size;          /* room in out */
} grat_docmd_args;
GRAT_API grat_err grat_docmd(grat_session *s, const grat_docmd_args *args, grat_op *op);
/* Pops the error queue until empty. EINSTR with the first entry as the sentence when there was one. */
GRAT_API grat_err grat_check_errors(grat_session *s, grat_op *op);
/* After a timeout, a cancel or a malformed reply: abort, clear or reconnect, then proves by *IDN? that the
 * right instrument answers. The next I/O call does this by itself when it is due. EDEAD when it cannot be had:
 * every later call then fails with EDEAD at once. ELOCKED while another client has the lock, where the wire tells it:
 * the session is not dead then. */
GRAT_API grat_err grat_recover(grat_session *s, grat_op *op);
/* True when the last failure left the session in need of recovery. */
GRAT_API bool grat_needs_recovery(const grat_session *s);

/* Identity: the four fields of *IDN?. */
typedef struct grat_identity {
    char vendor[64], model[64], serial[64], firmware[64];
} grat_identity;
GRAT_API grat_err grat_identify(grat_session *s, grat_identity *out, grat_op *op);
GRAT_API bool grat_identity_parse(const char *idn, grat_identity *out);

/* ---- configuration -------------------------------------------------------------------------------- */

/* The file that GRATICULE_CONFIG names, else $XDG_CONFIG_HOME/graticule/config.yaml:
 *   default: NAME
 *   aliases: {NAME: RESOURCE, …}        names for resources; listed by discovery
 *   resources: [RESOURCE, …]            fixed resources without a name; listed by discovery
 *   boards: {GPIB1: PRLGX-TCPIP::host::1234::INTFC, ASRL3: /dev/ttyUSB0}   what a board number means
 *   security: {NAME: {ca: FILE, user-cert: FILE, user-key: FILE, user: NAME, password-file: FILE, tls: require}}
 *       for HiSLIP where the caller's options say nothing; NAME: an alias or a resource; tls: as for grat --tls; the
 *       password's file must be readable by its owner alone
 * Other keys belong to other tools and are skipped. grat_open, grat_discover and VISA read it by themselves. */
typedef struct grat_config grat_config;
/* A missing file is an empty configuration, unless GRATICULE_CONFIG names it. */
GRAT_API grat_err grat_config_load(grat_op *op, grat_config **out);
/* That file, which must be there. */
GRAT_API grat_err grat_config_load_file(const char *path, grat_op *op, grat_config **out);
GRAT_API void grat_config_free(grat_config *c);
GRAT_API const char *grat_config_path(const grat_config *c);
/* NULL when there is none. Alias names are compared without regard to case. */
GRAT_API const char *grat_config_default(const grat_config *c);
GRAT_API const char *grat_config_alias(const grat_config *c, const char *name);
GRAT_API const char *grat_config_board(const grat_config *c, const char *board);
/* Entry i in the file's order, aliases first; *name is NULL for a fixed resource. NULL after the last. */
GRAT_API const char *grat_config_entry(const grat_config *c, unsigned i, const char **name);

/* ---- discovery ---------------------------------------------------------------------------------- */

typedef struct grat_found {
    const char *resource;         /* a string that grat_open takes */
    const char *via;              /* what found it, separated by blanks: "vxi11 mdns", "config", … */
    const char *name;             /* its alias, or NULL */
    grat_identity identity;       /* as it answered *IDN?, else as it is announced; empty fields when neither */
    const char *const *addresses; /* every resource of this instrument, the best first; NULL behind the last */
    const char *note;             /* why there is no answer: "locked by another client …", or NULL */
    bool again;                   /* reported before; now with more addresses or an identity */
} grat_found;
/* Called as each instrument is found, each once: its addresses are merged by the serial number of its identity, else by
 * its host. Called again for what comes late. */
typedef void (*grat_found_fn)(void *user, const grat_found *found);
/* One line a thing that was tried, with its outcome. */
typedef void (*grat_explain_fn)(void *user, const char *line);

enum grat_source {
    GRAT_FIND_CONFIG = 1,      /* aliases, fixed resources, boards */
    GRAT_FIND_VXI11 = 2,       /* broadcast on every interface */
    GRAT_FIND_MDNS = 4,        /* the services of LXI, by Avahi too when it runs */
    GRAT_FIND_USB = 8,
    GRAT_FIND_SERIAL = 16,     /* ports that exist; nothing is sent to them */
    GRAT_FIND_GPIB = 32,
    GRAT_FIND_PROLOGIX = 64,   /* GPIB-ETHERNET adapters (NetFinder) */
    GRAT_FIND_BITSCOPE = 128,  /* bitscope-server, by multicast */
    GRAT_FIND_PICO = 256,      /* PicoScopes, by the vendor's libraries when they are installed */
};

typedef struct grat_discover_options {
    uint32_t size;             /* sizeof(grat_discover_options) */
    unsigned sources;          /* grat_source bits, 0 = all */
    bool silent;               /* no *IDN?: nothing is opened */
    grat_explain_fn explain;   /* may be NULL */
} grat_discover_options;
/* Asks every source at once: answers are taken for 1 s, then the last *IDN? is waited for, until the deadline at most.
 * Both functions are called in the caller's thread. `opt` and `found` may be NULL. ECANCELED after what was found by
 * then has been reported. */
GRAT_API grat_err grat_discover(const grat_discover_options *opt, grat_found_fn found, void *user, grat_op *op);

/* Everything that is connected, by bus: what stands before the number in the resource of each instrument ("TCPIP",
 * "USB", "ASRL", "GPIB", "BITSCOPE", …). After ECANCELED *out has what was found by then, when that is anything. */
typedef struct grat_catalog grat_catalog;
GRAT_API grat_err grat_catalog_new(const grat_discover_options *opt, grat_op *op, grat_catalog **out);
/* NULL behind the last. Live as long as the catalog. */
GRAT_API const char *grat_catalog_bus(const grat_catalog *c, unsigned i);
/* The i-th instrument of this bus (NULL: of all); NULL behind the last. */
GRAT_API const grat_found *grat_catalog_item(const grat_catalog *c, const char *bus, unsigned i);
GRAT_API void grat_catalog_free(grat_catalog *c);

/* Plain resource strings in normal form, each once: the configured ones in the file's order, then what discovery finds,
 * sorted. Nothing is opened for it. A list not older than `max_age_ms` is given again. */
typedef struct grat_list grat_list;
GRAT_API grat_err grat_list_resources(int64_t max_age_ms, grat_op *op, grat_list **out);
/* NULL behind the last. Lives as long as the list. */
GRAT_API const char *grat_list_item(const grat_list *l, unsigned i);
GRAT_API void grat_list_free(grat_list *l);

/* ---- waveforms ---------------------------------------------------------------------------------- */

#define GRAT_MAX_CHANNELS 32
/* Analog channels of a scope. */
#define GRAT_MAX_ANALOG 8

typedef enum grat_sample_type { GRAT_U8 = 1, GRAT_I8, GRAT_U16, GRAT_I16, GRAT_F32 } grat_sample_type;

enum grat_record_flag {
    GRAT_REC_GAP_BEFORE = 1, /* samples are missing between this record and the one before it */
    GRAT_REC_CLIPPED = 2,    /* some sample is at a rail of the converter */
    GRAT_REC_CUT = 4,        /* the record ended before the length that was asked for */
    GRAT_REC_FORCED = 8,     /* no trigger: automatic or forced */
    GRAT_REC_PREVIEW = 16,   /* screen points, not acquisition memory */
};

/* One channel of a record. value[i] = raw[i] * scale + offset, in `unit`. */
typedef struct grat_trace {
    char name[16];           /* "1".."4", "D0".."D15", "A", "B", "L0".."L7"; "A.max", "A.min" when aggregated */
    char unit[8];            /* "V", "A", "W", "" for logic */
    bool logic;              /* samples are 0 or 1 */
    grat_sample_type type;
    double scale, offset;
    void *raw;               /* count samples, owned by the record */
    int raw_min, raw_max;    /* rails of the converter; equal when unknown */
    double range_low, range_high; /* what the vertical setting shows, in unit */
    double skew;             /* its samples were taken so many seconds after the record's times (one ADC in turn) */
} grat_trace;

/* Samples of several channels over one stretch of time. Reference-counted; immutable once shared.
 * Time of sample i of this record = t0 + (first + i) * dt, in seconds from the trigger. */
typedef struct grat_record {
    int refs;                /* use grat_record_ref and _unref */
    uint64_t first;          /* index of the first sample in the acquisition or log */
    size_t count;            /* samples in each trace */
    double t0, dt;
    int64_t mono_ns, utc_ns; /* host time of the trigger, or of the fetch when unknown */
    int64_t utc_uncertainty_ns;
    unsigned flags;          /* grat_record_flag */
    unsigned number;         /* 0-based number of the acquisition */
    unsigned traces;
    double trigger_offset;   /* seconds to add to the time of each sample: from the crossing of the level to the
                              * sample at the trigger, where the instrument tells; it is not part of t0 */
    uint64_t trigger_stamp;  /* sample clocks between triggers, by differences within one run; 0 = not told */
    grat_trace trace[GRAT_MAX_CHANNELS];
} grat_record;

/* A record with the given shape and zeroed samples; NULL when memory is short. */
GRAT_API grat_record *grat_record_new(unsigned traces, const grat_sample_type *types, size_t count);
GRAT_API grat_record *grat_record_ref(grat_record *r);
GRAT_API void grat_record_unref(grat_record *r);
GRAT_API size_t grat_sample_size(grat_sample_type t);
/* Converts n samples from index `from` of a trace to volts (or its unit). */
GRAT_API void grat_trace_values(const grat_trace *t, size_t from, size_t n, double *out);
GRAT_API void grat_trace_values_f32(const grat_trace *t, size_t from, size_t n, float *out);
/* The smallest and the largest value of each of `groups` groups of `ratio` samples from index `from` on. */
GRAT_API void grat_trace_envelope(const grat_trace *t, size_t from, size_t groups, size_t ratio, float *low,
                                  float *high);

typedef struct grat_measurement {
    char name[24];
    char unit[8];
    double value; /* NAN when it does not exist in this trace */
} grat_measurement;
#define GRAT_MEASUREMENTS 12
/* min max pp mean rms acrms frequency period duty rise fall top-base amplitude, in that manner; returns how many. */
GRAT_API unsigned grat_measure(const grat_record *r, unsigned trace, grat_measurement out[GRAT_MEASUREMENTS]);

/* The same of a signal of any length, in constant memory: each piece is added in order, three times over.
 *   do { for each piece: grat_meter_add(m, piece); } while (grat_meter_again(m));
 * Gaps and further acquisitions are no edges. */
typedef struct grat_meter grat_meter;
GRAT_API grat_meter *grat_meter_new(void);           /* NULL when memory is short */
GRAT_API void grat_meter_free(grat_meter *m);
GRAT_API void grat_meter_add(grat_meter *m, const grat_record *r);
GRAT_API bool grat_meter_again(grat_meter *m);       /* true: add them all once more */
GRAT_API unsigned grat_meter_get(grat_meter *m, unsigned trace, grat_measurement out[GRAT_MEASUREMENTS]);

/* ---- scopes ------------------------------------------------------------------------------------- */

typedef struct grat_scope grat_scope;

typedef enum grat_coupling { GRAT_DC = 1, GRAT_AC, GRAT_GND } grat_coupling;
typedef enum grat_acq_type { GRAT_ACQ_NORMAL = 1, GRAT_ACQ_AVERAGE, GRAT_ACQ_PEAK, GRAT_ACQ_HIRES } grat_acq_type;
/* ABOVE and BELOW trigger on the level, without an edge. */
typedef enum grat_slope { GRAT_RISING = 1, GRAT_FALLING, GRAT_EITHER, GRAT_ABOVE, GRAT_BELOW } grat_slope;
typedef enum grat_sweep { GRAT_SWEEP_AUTO = 1, GRAT_SWEEP_NORMAL, GRAT_SWEEP_SINGLE } grat_sweep;
typedef enum grat_run { GRAT_RUN = 1, GRAT_STOP, GRAT_SINGLE, GRAT_FORCE } grat_run;
typedef enum grat_scope_state {
    GRAT_STATE_STOPPED = 1,
    GRAT_STATE_PRETRIGGER,
    GRAT_STATE_WAITING,
    GRAT_STATE_TRIGGERED,
    GRAT_STATE_AUTO,
} grat_scope_state;

typedef struct grat_caps {
    unsigned analog, digital, generators;
    double horizontal_divisions, vertical_divisions;
    double bandwidth_hz;
    double max_rate[GRAT_MAX_ANALOG + 1];    /* by number of enabled analog channels, index 1.. */
    uint64_t max_depth[GRAT_MAX_ANALOG + 1]; /* likewise; the option's depth where there is one */
    double min_timebase, max_timebase;   /* seconds per division */
    double min_scale, max_scale;         /* volts per division at a probe ratio of 1 */
    const char *driver;
    char analog_name[GRAT_MAX_ANALOG][8]; /* "1", "2"; "A", "B" */
    char digital_name[16][8];            /* "D0", "D1"; "L0", "L1" */
    unsigned features;                   /* grat_feature */
} grat_caps;

/* What only some instruments take in a request; the others refuse it with ENOTSUP. */
enum grat_feature {
    GRAT_FEATURE_TERMS = 1,      /* triggers beyond an edge: grat_trigger_term */
    GRAT_FEATURE_DOWNSAMPLE = 2,
    GRAT_FEATURE_SEGMENTS = 4,
    GRAT_FEATURE_ETS = 8,        /* equivalent-time sampling */
    GRAT_FEATURE_GENERATOR = 16, /* sweeps, triggers and the further waves of grat_generator */
    GRAT_FEATURE_DELAY = 32,     /* delay of a request */
    GRAT_FEATURE_STREAM_TRIGGER = 64, /* a stream that begins at a trigger: GRAT_LOG_STREAM */
};

typedef enum grat_event {
    GRAT_EVENT_EDGE = 1,     /* slope at level; ABOVE, BELOW: while it is so. Of a digital channel too */
    GRAT_EVENT_PULSE,        /* the end of a positive pulse (FALLING: negative) of least to most seconds */
    GRAT_EVENT_WINDOW,       /* of level to upper: RISING enters it, FALLING leaves it, EITHER; ABOVE: is in it, BELOW:
                              * is out of it; with times: after it was so for least to most seconds */
    GRAT_EVENT_RUNT,         /* passes level and comes back without upper (RISING; FALLING the other way round) */
    GRAT_EVENT_TIMEOUT,      /* after that edge it stays on that side (EITHER: on one side) for `least` seconds */
} grat_event;

/* One event of a trigger that consists of several, or of one that is no edge. */
typedef struct grat_trigger_term {
    grat_event event;
    char source[8];          /* as trigger_source */
    grat_slope slope;
    double level, upper;     /* volts at the probe tip */
    double least, most;      /* seconds; 0 = no limit */
    bool or_else;            /* begins another group: the groups are alternatives, all of a group is needed at once */
} grat_trigger_term;
#define GRAT_TRIGGER_TERMS 8

/* Of `ratio` samples each. The trace is that of the channel; of AGGREGATE there are two, NAME.max and NAME.min. */
typedef enum grat_downsample { GRAT_DOWN_NONE, GRAT_DOWN_AGGREGATE, GRAT_DOWN_DECIMATE, GRAT_DOWN_AVERAGE }
    grat_downsample;

typedef struct grat_channel_settings {
    bool enabled;
    double scale;    /* volts per division, at the probe tip */
    double offset;   /* volts; positive moves the trace up (Rigol's sign) */
    double probe;    /* attenuation, 10 = 10X */
    grat_coupling coupling;
    bool bandwidth_limit, invert;
    char unit[8];
} grat_channel_settings;

typedef struct grat_settings {
    grat_channel_settings channel[GRAT_MAX_ANALOG];
    bool digital[16];
    bool digital_on;
    double threshold[2];       /* volts, one a pod of 8 */
    double timebase;           /* seconds per division */
    double delay;              /* time of the screen centre after the trigger, seconds */
    grat_acq_type acq;
    unsigned averages;
    uint64_t depth;            /* memory depth in points, 0 = automatic */
    double rate;               /* read only: samples per second */
    grat_sweep sweep;
    char trigger_type[16];     /* "edge"; "pattern", "none" where the instrument has them; others are read only */
    char trigger_source[24];   /* "1".."4", "D0".., "line"; of a pattern 0, 1 or x a digital channel, the last first */
    grat_slope trigger_slope;
    double trigger_level;
    bool trigger_hair;         /* shorter filters */
    double trigger_wait;       /* AUTO: how long for a trigger, seconds; 0 = the driver's choice */
    double holdoff;
    unsigned digital_taken;    /* read only: bits of digital channels whose pins the generator drives */
    char left_out[160];        /* of a plan: channels that were asked for and cannot be had, and why; "" = none */
    unsigned terms;            /* trigger_type "terms": these events, in the place of source, slope and level */
    grat_trigger_term term[GRAT_TRIGGER_TERMS];
    grat_downsample downsample;
    unsigned ratio;            /* of down-sampling; rate and depth are before it */
    unsigned ets;              /* equivalent-time sampling: so many samples in the place of one, 0 = off */
} grat_settings;

/* Bits of what to set; the others are left as the instrument has them. */
enum grat_setting {
    GRAT_SET_CHANNELS = 1 << 0,  /* enabled flags, analog and digital */
    GRAT_SET_SCALE = 1 << 1,
    GRAT_SET_OFFSET = 1 << 2,
    GRAT_SET_PROBE = 1 << 3,
    GRAT_SET_COUPLING = 1 << 4,
    GRAT_SET_BANDWIDTH = 1 << 5,
    GRAT_SET_INVERT = 1 << 6,
    GRAT_SET_TIMEBASE = 1 << 7,
    GRAT_SET_DELAY = 1 << 8,
    GRAT_SET_ACQ = 1 << 9,
    GRAT_SET_DEPTH = 1 << 10,
    GRAT_SET_SWEEP = 1 << 11,
    GRAT_SET_TRIGGER = 1 << 12,  /* source, slope, level; the type becomes edge */
    GRAT_SET_HOLDOFF = 1 << 13,
    GRAT_SET_THRESHOLD = 1 << 14,
    GRAT_SET_DOWNSAMPLE = 1 << 15,
    GRAT_SET_ETS = 1 << 16,
};

/* Takes the session over on success; grat_scope_close closes it. On failure the caller keeps it. */
GRAT_API grat_err grat_scope_open(grat_session *s, grat_op *op, grat_scope **out);
GRAT_API void grat_scope_close(grat_scope *sc);
GRAT_API grat_session *grat_scope_session(grat_scope *sc);
GRAT_API const grat_identity *grat_scope_identity(const grat_scope *sc);
GRAT_API const grat_caps *grat_scope_caps(const grat_scope *sc);
/* What is worth knowing about this unit beyond its capabilities, line by line: "calibration", "2026-03-01". */
typedef void (*grat_line_fn)(void *user, const char *key, const char *text);
GRAT_API grat_err grat_scope_describe(grat_scope *sc, grat_line_fn fn, void *user, grat_op *op);
GRAT_API grat_err grat_scope_get(grat_scope *sc, grat_settings *out, grat_op *op);
/* Sets what `mask` names, reads it back, and fails with ERANGE and the nearest possible value in the sentence
 * when the instrument did not take it. */
GRAT_API grat_err grat_scope_set(grat_scope *sc, const grat_settings *want, unsigned mask, grat_op *op);
/* Its light flashes for some seconds, so that it can be told from others; ENOTSUP where it has none. */
GRAT_API grat_err grat_scope_flash(grat_scope *sc, grat_op *op);
GRAT_API grat_err grat_scope_run(grat_scope *sc, grat_run what, grat_op *op);
GRAT_API grat_err grat_scope_state_get(grat_scope *sc, grat_scope_state *out, grat_op *op);

/* What the scope shows, for pictures of it. */
typedef struct grat_glance {
    grat_record *record;      /* the caller's; without traces when no channel is on */
    grat_settings settings;   /* each as it was last asked: some may be a second old */
    grat_scope_state state;
} grat_glance;
/* As fast as the instrument gives it. One that runs by itself goes on: its traces have the points of its screen and may
 * be of neighbouring acquisitions. One that does not (BitScope, PicoScope) makes one acquisition; ENODATA when its
 * trigger does not come before op's deadline: it stays armed, and the next call waits on. */
GRAT_API grat_err grat_scope_glance(grat_scope *sc, grat_glance *out, grat_op *op);

/* ---- calibration -------------------------------------------------------------------------------------- */

typedef struct grat_calibration {
    uint32_t size;            /* sizeof(grat_calibration) */
    unsigned steps;           /* finer takes longer: steps * steps measurements; 32 is usual */
    void (*progress)(void *user, unsigned done, unsigned total);  /* may be NULL */
    void *user;
} grat_calibration;
/* The instrument's own procedure; BitScope: L5 (the clock) must be connected to A and B. The result is used from now on
 * and kept for the next time (BitScope: in $XDG_CONFIG_HOME/graticule/bitscope.conf). Nothing changes on an error.
 * ENODATA when the signal is not there; ENOTSUP where there is no procedure. */
GRAT_API grat_err grat_scope_calibrate(grat_scope *sc, const grat_calibration *k, grat_op *op);

/* ---- generators built into scopes ---------------------------------------------------------------- */

typedef enum grat_wave {
    GRAT_WAVE_OFF,
    GRAT_WAVE_SINE,
    GRAT_WAVE_TRIANGLE,      /* symmetry: the part of the period that rises; 1 is a ramp */
    GRAT_WAVE_SQUARE,        /* symmetry: the part that is high */
    GRAT_WAVE_EXPONENTIAL,
    GRAT_WAVE_ARBITRARY,     /* one period from points */
    GRAT_WAVE_CLOCK,         /* a logic signal */
    GRAT_WAVE_SINC,
    GRAT_WAVE_GAUSSIAN,
    GRAT_WAVE_HALF_SINE,
    GRAT_WAVE_NOISE,
    GRAT_WAVE_PRBS,          /* pseudo-random bits */
    GRAT_WAVE_DC,            /* the middle of low and high */
} grat_wave;
typedef enum grat_sweep_way { GRAT_SWEEP_UP, GRAT_SWEEP_DOWN, GRAT_SWEEP_UP_DOWN, GRAT_SWEEP_DOWN_UP } grat_sweep_way;
typedef enum grat_gen_trigger { GRAT_GEN_FREE, GRAT_GEN_SCOPE, GRAT_GEN_EXT, GRAT_GEN_SOFTWARE } grat_gen_trigger;
typedef struct grat_generator {
    uint32_t size;           /* sizeof(grat_generator) */
    grat_wave wave;
    double frequency;        /* hertz; of the answer: what it is really */
    double low, high;        /* volts */
    double symmetry;         /* 0..1, 0.5 when nothing else is wanted */
    const double *points;    /* ARBITRARY: the smallest becomes low, the largest high; borrowed for the call */
    size_t count;
    /* Some generators only (PicoScope); the others refuse what is not 0. */
    double stop;             /* hertz: not 0 sweeps from frequency to this, by `step` each `dwell` seconds */
    double step, dwell;
    grat_sweep_way way;
    grat_gen_trigger trigger;
    bool trigger_falling;
    unsigned cycles;         /* after each trigger; of a sweep whole sweeps; 0 = no end */
    bool fire;               /* nothing else is changed: the software trigger, now */
} grat_generator;
/* A 1 kHz sine over the whole range of the instrument: low = high = 0 stands for that. */
GRAT_API void grat_generator_init(grat_generator *g);
/* Starts, or stops for OFF. *actual (may be NULL) is what runs then. ERANGE names the nearest; EBUSY when another
 * output of the instrument is in the way; ENOTSUP where there is none. It goes on when the scope is closed. */
GRAT_API grat_err grat_generator_set(grat_scope *sc, const grat_generator *want, grat_generator *actual, grat_op *op);
/* What runs, as far as the instrument can tell: a wave of an unknown shape is reported as ARBITRARY. */
GRAT_API grat_err grat_generator_get(grat_scope *sc, grat_generator *out, grat_op *op);

/* What a person asks for; unset fields leave the instrument as it is. */
typedef struct grat_request {
    uint32_t size;            /* sizeof(grat_request) */
    bool channel[GRAT_MAX_ANALOG]; /* with any_channel: exactly these */
    bool digital[16];
    bool any_channel;         /* some channel was named */
    double period;            /* seconds of signal, 0 = unset */
    uint64_t samples;         /* at least so many over the period, 0 = unset */
    bool has_range;
    double low, high;         /* volts that must be on screen, for every requested analog channel */
    grat_coupling coupling;   /* 0 = unset */
    double probe;             /* 0 = unset */
    grat_acq_type acq;        /* 0 = unset */
    unsigned averages;        /* with GRAT_ACQ_AVERAGE: 2 to 65,536 acquisitions, averaged by the host to floats */
    enum { GRAT_TRIG_KEEP, GRAT_TRIG_EDGE, GRAT_TRIG_NONE, GRAT_TRIG_AUTO } trigger;
    char trigger_source[8];
    grat_slope trigger_slope;
    double trigger_level;
    uint16_t pattern_care;    /* not 0: instead of the source these digital channels, bit n = channel n … */
    uint16_t pattern_want;    /* … all at these levels at once */
    bool hair;                /* trigger on shorter pulses than usual: less is taken for noise */
    double wait;              /* AUTO: seconds without a trigger until it goes by itself, 0 = the driver's choice */
    double pre;               /* fraction 0..1 of the record before the trigger, < 0 = unset */
    bool memory;              /* the whole acquisition memory, not the screen points */
    bool current;             /* read what is on the screen now, without arming */
    unsigned count;           /* acquisitions, 0 = 1 */
    unsigned segments;        /* not 0: so many in one run of the instrument's memory, which does not stop in between */
    grat_downsample downsample;
    unsigned ratio;           /* of down-sampling: this many samples become one */
    unsigned terms;           /* with trigger EDGE or AUTO: these events, in the place of source, slope and level */
    grat_trigger_term term[GRAT_TRIGGER_TERMS];
    bool ets;                 /* equivalent-time sampling: faster than the converter, of a signal that repeats */
    double delay;             /* seconds: the record is so much later than `pre` says; its times stay those from the
                               * trigger */
} grat_request;
GRAT_API void grat_request_init(grat_request *q);

/* Called with each record; borrow or ref it. Returning false ends the capture without an error. */
typedef bool (*grat_record_fn)(void *user, grat_record *r);
/* plan -> set -> arm -> wait -> fetch, `count` times. Each wait for a trigger ends at op's deadline. On
 * ECANCELED and ETIMEOUT the record so far is delivered first with GRAT_REC_CUT when there is one, and the
 * instrument is left stopped. ERANGE names the nearest request that can be met; nothing was changed then. */
GRAT_API grat_err grat_capture(grat_scope *sc, const grat_request *q, grat_record_fn fn, void *user, grat_op *op);
/* ---- long recordings ---------------------------------------------------------------------------- */

typedef enum grat_log_mode {
    GRAT_LOG_AUTO,            /* the driver's choice */
    GRAT_LOG_BLOCK,           /* acquisitions one after another, each whole */
    GRAT_LOG_RAPID,           /* segments of the memory, read out together */
    GRAT_LOG_STREAM,          /* samples without end, as the link takes them; with a trigger (EDGE, AUTO) they begin
                               * there */
} grat_log_mode;
typedef struct grat_log_options {
    uint32_t size;            /* sizeof(grat_log_options) */
    double duration;          /* seconds of signal; with `separate`, of the clock; 0 = until it is cancelled */
    uint64_t samples;         /* of each channel; 0 = no limit */
    grat_log_mode mode;       /* ERANGE, before anything is recorded, where the instrument has no such mode */
    bool separate;            /* each piece is an acquisition of its own: with its trigger, its number, and its times
                                 from its trigger; nothing is lost between them. Not with GRAT_LOG_STREAM */
    double every;             /* with `separate`: seconds from the start of one to the start of the next; 0 = at once */
} grat_log_options;
typedef struct grat_log_totals {
    uint64_t records;         /* pieces */
    uint64_t samples;         /* of each channel, in them */
    uint64_t lost;            /* of each channel, between them */
    uint64_t gaps;            /* places where some are lost */
    uint64_t faults;          /* pieces that failed and were given up */
    double dt;                /* seconds between samples */
    uint64_t missed;          /* turns (every) that came while an acquisition was not done yet: left out */
} grat_log_totals;
typedef struct grat_log_sink {
    grat_record_fn fn;        /* false ends the recording without an error */
    void (*progress)(void *user, const grat_log_totals *totals);  /* after each piece; may be NULL */
    void *user;
    grat_log_totals *totals;  /* at the end, also after an error; may be NULL */
} grat_log_sink;
/* Records without end. `q` describes one piece (its period and samples, hence the rate). Its trigger counts with
 * `separate` (as its `count` does: so many acquisitions, 0 = without end), and with GRAT_LOG_STREAM when it is EDGE or
 * AUTO (ERANGE where the instrument streams without one): then the recording begins at the first trigger, or with the
 * part of a piece before it that `pre` says, t0 of all records is the time of its first sample from the trigger, and
 * the wait for it ends at op's deadline. Else it is ignored. Each record has the index of its first sample since the
 * beginning in `first` and t0 = 0; GRAT_REC_GAP_BEFORE where samples are missing before it: where the instrument
 * cannot sample and answer at once there is such a gap before each piece. A piece that fails after others is a gap
 * too; five in a row end the recording with their error. The memory that is used does not grow. ECANCELED and ETIMEOUT
 * end it: what came before has been delivered. */
GRAT_API grat_err grat_log(grat_scope *sc, const grat_request *q, const grat_log_options *opt,
                           const grat_log_sink *sink, grat_op *op);

/* What grat_capture would set for this request, from the present settings. */
GRAT_API grat_err grat_plan(const grat_caps *caps, const grat_settings *now, const grat_request *q, grat_settings *want,
                            unsigned *mask, grat_op *op);

/* ---- files ---------------------------------------------------------------------------------------- */

/* What goes into a file's header beside the samples. */
typedef struct grat_meta {
    grat_identity identity;
    char resource[300];
    grat_settings settings;
    bool has_settings;
    unsigned acquisitions; /* how many will be written; 0 = unknown or 1 */
} grat_meta;

typedef struct grat_writer grat_writer;
/* Opens a file by the ending of its name: .csv .npy .npz .wav .h5 .json .png .svg ("-" with `format` given writes to
 * standard output). The file appears under its name only at grat_writer_finish, whole. `format` may be NULL. */
GRAT_API grat_err grat_writer_open(const char *path, const char *format, const grat_meta *meta, grat_op *op,
                                   grat_writer **out);
typedef struct grat_writer_options {
    uint32_t size;            /* sizeof(grat_writer_options) */
    bool growing;             /* the file has its name from the first grat_writer_flush on, where the format can: .h5
                                 .npy .csv .wav .raw .vcd; then it is kept, as far as it came, when the disk is full */
    bool pack;                /* .h5: compressed as far as that keeps up */
    bool raw;                 /* .npy: the converter's values, without times; what they mean stands in the titles of
                                 the columns */
} grat_writer_options;
GRAT_API grat_err grat_writer_open_with(const char *path, const char *format, const grat_meta *meta,
                                        const grat_writer_options *opt, grat_op *op, grat_writer **out);
GRAT_API grat_err grat_writer_record(grat_writer *w, grat_record *r, grat_op *op);
/* A growing file holds everything so far when this returns, for other readers and whatever happens to this process. */
GRAT_API grat_err grat_writer_flush(grat_writer *w, grat_op *op);
/* Bytes in the file so far; 0 where this is not known before the end. */
GRAT_API uint64_t grat_writer_size(const grat_writer *w);
/* Completes the file and frees the writer, also on an error, when nothing is left behind. */
GRAT_API grat_err grat_writer_finish(grat_writer *w, grat_op *op);
/* Frees the writer and leaves nothing behind. */
GRAT_API void grat_writer_abort(grat_writer *w);
/* Names of the formats, NULL-terminated: "csv", "npy", … */
GRAT_API const char *const *grat_formats(void);
/* Reads back what the writers wrote: .csv .npy .npz .wav .sr .h5, of one acquisition. */
GRAT_API grat_err grat_read_file(const char *path, grat_meta *meta, grat_record **out, grat_op *op);
/* The same piece by piece, of any length and with several acquisitions, where the format can; else at once. *meta (may
 * be NULL) is filled before the first piece. */
GRAT_API grat_err grat_read_pieces(const char *path, grat_meta *meta, grat_record_fn fn, void *user, grat_op *op);

/* Writes bytes to a file that appears whole or not at all. */
GRAT_API grat_err grat_save(const char *path, const void *data, size_t n, grat_op *op);

/* ---- screenshots ---------------------------------------------------------------------------------- */

typedef enum grat_image_kind {
    GRAT_IMG_UNKNOWN,
    GRAT_IMG_PNG,
    GRAT_IMG_BMP,
    GRAT_IMG_JPEG,
    GRAT_IMG_TIFF,
    GRAT_IMG_GIF,
} grat_image_kind;

/* By the first bytes. */
GRAT_API grat_image_kind grat_image_detect(const void *data, size_t n);

typedef struct grat_screenshot {
    uint8_t *data;          /* freed by grat_screenshot_free */
    size_t size;
    grat_image_kind kind;   /* of data */
    char recipe[48];        /* the recipe that worked */
    bool repaired;          /* a defect of the instrument's file was mended */
    unsigned width, height;
} grat_screenshot;
/* Fetches the instrument's own screen. `want` = GRAT_IMG_UNKNOWN leaves the bytes untouched; else they are
 * repaired where known to be defective and converted to PNG, BMP or JPEG. */
GRAT_API grat_err grat_screenshot_get(grat_session *s, grat_image_kind want, grat_screenshot *out, grat_op *op);
GRAT_API void grat_screenshot_free(grat_screenshot *shot);
/* Converts between PNG, BMP and JPEG. *out is freed by the caller with free(). */
GRAT_API grat_err grat_image_convert(const void *data, size_t n, grat_image_kind want, uint8_t **out, size_t *out_n,
                                     unsigned *width, unsigned *height, grat_op *op);

/* ---- the screen as a video ------------------------------------------------------------------------- */

typedef struct grat_live_totals {
    uint64_t in;              /* pictures that became frames */
    uint64_t bytes;           /* of pictures */
    uint64_t out;             /* frames made */
    uint64_t repeated;        /* of them: no newer picture was there */
    uint64_t dropped;         /* pictures and frames that a newer one replaced unseen */
    uint64_t bad;             /* pictures that could not be decoded */
    uint64_t late;            /* frames left out because this computer, or a device, was too slow */
    uint64_t skipped;         /* frames that slow readers did not get, of all outputs */
    uint64_t reconnects;
    double latency;           /* seconds from asking for a picture to its frame written, the mean; … */
    double latency_max;       /* … and the longest */
    double age;               /* seconds since the present picture was asked for */
    double seconds;           /* since the first frame */
    unsigned width, height;
    bool lost;                /* the instrument does not answer at present */
    char recipe[48];          /* how the pictures are asked for; "draw": drawn here */
    char where[96];           /* of the MJPEG server: its address for a browser */
} grat_live_totals;

typedef enum grat_live_kind {
    GRAT_LIVE_Y4M = 1,        /* YUV4MPEG2: a file, "-" = standard output */
    GRAT_LIVE_V4L2,           /* a Linux video output such as v4l2loopback's */
    GRAT_LIVE_RECORD,         /* a file, .mp4 (there when it is whole) or .mkv (grows), by FFmpeg's libraries */
    GRAT_LIVE_TERMINAL,       /* the terminal of this process, put back at the end: "auto", "kitty", "sixel",
                               * "blocks" */
    GRAT_LIVE_MJPEG,          /* a server for browsers and video programs: "8080" on this computer alone, "0.0.0.0:8080"
                               * (an address of numbers; needs a token) for others; port 0 is any. GET / is the stream,
                               * /frame.jpg one picture */
} grat_live_kind;
typedef struct grat_live_out {
    grat_live_kind kind;
    const char *target;
    bool yuyv;                /* V4L2: YUYV (4:2:2) instead of YU12 (4:2:0) */
    const char *token;        /* MJPEG: ?token=… or "Authorization: Bearer …" must name it; NULL = none */
} grat_live_out;

typedef struct grat_live_options {
    uint32_t size;            /* sizeof(grat_live_options) */
    double rate;              /* frames per second, whatever comes in; 0 = each picture once, as it comes */
    uint64_t frames;          /* so many are made; 0 = no limit */
    double duration;          /* seconds; 0 = no limit */
    const grat_live_out *out; /* all get the same frames; one that is slow misses some and holds up no other */
    unsigned outs;            /* 1 to GRAT_LIVE_OUTS */
    /* SCREEN: the instrument's own; DRAW: ours, from waveforms and settings, as grat_scope_glance gives them. AUTO: the
     * screen where it comes at the rate, else what is faster on this link. */
    enum { GRAT_LIVE_AUTO, GRAT_LIVE_SCREEN, GRAT_LIVE_DRAW } source;
    const char *recipe;       /* the kind of picture: what its recipe's name contains, "bmp8"; NULL = the fastest */
    unsigned width, height;   /* of a drawing, 320 x 200 to 4096 x 4096; 0 = 800 x 480 */
    const grat_request *request;  /* what the scope is set to before it is drawn; NULL = it stays as it is */
    void (*progress)(void *user, const grat_live_totals *totals);  /* at the start, then four times a second, or NULL */
    void *user;
} grat_live_options;
#define GRAT_LIVE_OUTS 16
/* Turns an instrument's pictures into frames of 4:2:0 (BT.601, limited range) of the size of the first, until the
 * limits, the deadline or the cancel, which are no errors. The last frame is repeated while no new one comes; after 2 s
 * (or three times the usual interval) it is darkened and shows its age. An instrument that goes away after the start is
 * sought until it is back. *totals (may be NULL) also after an error. */
GRAT_API grat_err grat_live(const char *resource, const grat_open_options *open, const grat_live_options *opt,
                            grat_live_totals *totals, grat_op *op);

#ifdef __cplusplus
}
#endif
#endif
