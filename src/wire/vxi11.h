/* VXI-11 revision 1.0: programs, procedures, arguments and results of both sides. Every get function returns
 * EPROTO when the input is too short (a server answers GARBAGE_ARGS) and ignores trailing bytes; data and names
 * are borrowed from the input. */
#ifndef GRAT_WIRE_VXI11_H
#define GRAT_WIRE_VXI11_H

#include "core/buf.h"

enum {
    GRAT__VXI_CORE_PROG = 0x0607AF,
    GRAT__VXI_ABORT_PROG = 0x0607B0,
    GRAT__VXI_INTR_PROG = 0x0607B1,
    GRAT__VXI_VERS = 1,
};

enum grat__vxi_proc {
    GRAT__VXI_DEVICE_ABORT = 1,         /* of the abort program */
    GRAT__VXI_CREATE_LINK = 10,
    GRAT__VXI_WRITE = 11,
    GRAT__VXI_READ = 12,
    GRAT__VXI_READSTB = 13,
    GRAT__VXI_TRIGGER = 14,
    GRAT__VXI_CLEAR = 15,
    GRAT__VXI_REMOTE = 16,
    GRAT__VXI_LOCAL = 17,
    GRAT__VXI_LOCK = 18,
    GRAT__VXI_UNLOCK = 19,
    GRAT__VXI_ENABLE_SRQ = 20,
    GRAT__VXI_DOCMD = 22,
    GRAT__VXI_DESTROY_LINK = 23,
    GRAT__VXI_CREATE_INTR_CHAN = 25,
    GRAT__VXI_DESTROY_INTR_CHAN = 26,
    GRAT__VXI_INTR_SRQ = 30,            /* of the interrupt program */
};

enum grat__vxi_flag {
    GRAT__VXI_FLAG_WAITLOCK = 0x01,
    GRAT__VXI_FLAG_END = 0x08,          /* device_write only */
    GRAT__VXI_FLAG_TERMCHR = 0x80,      /* device_read only */
};

enum grat__vxi_reason {
    GRAT__VXI_REASON_REQCNT = 1,
    GRAT__VXI_REASON_CHR = 2,
    GRAT__VXI_REASON_END = 4,
};

enum grat__vxi_error {
    GRAT__VXI_OK = 0,
    GRAT__VXI_ESYNTAX = 1,
    GRAT__VXI_ENODEVICE = 3,
    GRAT__VXI_EBADLINK = 4,
    GRAT__VXI_EPARAM = 5,
    GRAT__VXI_ENOCHANNEL = 6,
    GRAT__VXI_ENOTSUP = 8,
    GRAT__VXI_ERESOURCES = 9,
    GRAT__VXI_ELOCKED = 11,
    GRAT__VXI_ENOLOCK = 12,
    GRAT__VXI_ETIMEOUT = 15,
    GRAT__VXI_EIO = 17,
    GRAT__VXI_EADDRESS = 21,
    GRAT__VXI_EABORT = 23,
    GRAT__VXI_ECHANNEL = 29,
};

/* "device locked by another link", never NULL. */
const char *grat__vxi_error_text(uint32_t error);
/* The library's code for a device error; GRAT_OK for 0, GRAT_EINSTR for a number that VXI-11 does not define. */
grat_err grat__vxi_error_code(uint32_t error);

/* ---- arguments ---------------------------------------------------------------------------- */

typedef struct grat__vxi_create {
    int32_t client_id;
    bool lock;
    uint32_t lock_timeout;
    char device[256];                   /* longer names do not decode */
} grat__vxi_create;

typedef struct grat__vxi_write {
    int32_t lid;
    uint32_t io_timeout, lock_timeout;
    uint32_t flags;
    const uint8_t *data;
    size_t n;
} grat__vxi_write;

typedef struct grat__vxi_read {
    int32_t lid;
    uint32_t request_size;
    uint32_t io_timeout, lock_timeout;
    uint32_t flags;
    uint8_t term;
} grat__vxi_read;

/* readstb, trigger, clear, remote, local. On the wire lock_timeout comes before io_timeout here, unlike in
 * write, read and docmd. */
typedef struct grat__vxi_generic {
    int32_t lid;
    uint32_t flags;
    uint32_t lock_timeout, io_timeout;
} grat__vxi_generic;

typedef struct grat__vxi_lock {
    int32_t lid;
    uint32_t flags, lock_timeout;
} grat__vxi_lock;

typedef struct grat__vxi_srq {
    int32_t lid;
    bool enable;
    uint8_t handle[40];
    size_t n;                           /* bytes of handle */
} grat__vxi_srq;

typedef struct grat__vxi_docmd {
    int32_t lid;
    uint32_t flags, io_timeout, lock_timeout;
    int32_t cmd;
    bool network_order;
    int32_t datasize;
    const uint8_t *data;
    size_t n;
} grat__vxi_docmd;

typedef struct grat__vxi_intr {
    uint32_t host;                      /* IPv4 address, most significant byte first in the number */
    uint16_t port;
    uint32_t prog, vers;
    uint32_t family;                    /* 0 TCP, 1 UDP */
} grat__vxi_intr;

grat_err grat__vxi_put_create(grat__buf *b, const grat__vxi_create *a);
grat_err grat__vxi_get_create(const void *args, size_t n, grat__vxi_create *out);
grat_err grat__vxi_put_write(grat__buf *b, const grat__vxi_write *a);
/* Everything before the data: a caller sends a->n bytes and grat__xdr_pad(a->n) zero bytes itself. */
grat_err grat__vxi_put_write_head(grat__buf *b, const grat__vxi_write *a);
grat_err grat__vxi_get_write(const void *args, size_t n, grat__vxi_write *out);
grat_err grat__vxi_put_read(grat__buf *b, const grat__vxi_read *a);
grat_err grat__vxi_get_read(const void *args, size_t n, grat__vxi_read *out);
grat_err grat__vxi_put_generic(grat__buf *b, const grat__vxi_generic *a);
grat_err grat__vxi_get_generic(const void *args, size_t n, grat__vxi_generic *out);
grat_err grat__vxi_put_lock(grat__buf *b, const grat__vxi_lock *a);
grat_err grat__vxi_get_lock(const void *args, size_t n, grat__vxi_lock *out);
/* unlock, destroy_link, device_abort */
grat_err grat__vxi_put_lid(grat__buf *b, int32_t lid);
grat_err grat__vxi_get_lid(const void *args, size_t n, int32_t *lid);
grat_err grat__vxi_put_srq(grat__buf *b, const grat__vxi_srq *a);
grat_err grat__vxi_get_srq(const void *args, size_t n, grat__vxi_srq *out);
grat_err grat__vxi_put_docmd(grat__buf *b, const grat__vxi_docmd *a);
grat_err grat__vxi_get_docmd(const void *args, size_t n, grat__vxi_docmd *out);
grat_err grat__vxi_put_intr(grat__buf *b, const grat__vxi_intr *a);
grat_err grat__vxi_get_intr(const void *args, size_t n, grat__vxi_intr *out);
/* device_intr_srq. The get function clips a length that exceeds the record (Keithley DMM6500). */
grat_err grat__vxi_put_handle(grat__buf *b, const void *handle, size_t n);
grat_err grat__vxi_get_handle(const void *args, size_t n, const uint8_t **handle, size_t *len);

/* ---- results ------------------------------------------------------------------------------ */

typedef struct grat__vxi_create_result {
    uint32_t error;
    int32_t lid;                        /* any value, 0 and negative ones included */
    uint16_t abort_port;                /* 0 = no abort channel */
    uint32_t max_recv_size;
} grat__vxi_create_result;

typedef struct grat__vxi_write_result {
    uint32_t error;
    uint32_t size;
} grat__vxi_write_result;

typedef struct grat__vxi_read_result {
    uint32_t error;
    uint32_t reason;
    const uint8_t *data;
    size_t n;
} grat__vxi_read_result;

typedef struct grat__vxi_stb_result {
    uint32_t error;
    uint8_t stb;
} grat__vxi_stb_result;

typedef struct grat__vxi_docmd_result {
    uint32_t error;
    const uint8_t *data;
    size_t n;
} grat__vxi_docmd_result;

grat_err grat__vxi_put_create_result(grat__buf *b, const grat__vxi_create_result *r);
grat_err grat__vxi_get_create_result(const void *results, size_t n, grat__vxi_create_result *out);
grat_err grat__vxi_put_write_result(grat__buf *b, const grat__vxi_write_result *r);
grat_err grat__vxi_get_write_result(const void *results, size_t n, grat__vxi_write_result *out);
grat_err grat__vxi_put_read_result(grat__buf *b, const grat__vxi_read_result *r);
/* Everything before the data: a caller sends r->n bytes and grat__xdr_pad(r->n) zero bytes itself. */
grat_err grat__vxi_put_read_result_head(grat__buf *b, const grat__vxi_read_result *r);
/* A length that exceeds the record is clipped and END is added to reason (BK Precision 9115). */
grat_err grat__vxi_get_read_result(const void *results, size_t n, grat__vxi_read_result *out);
grat_err grat__vxi_put_stb_result(grat__buf *b, const grat__vxi_stb_result *r);
grat_err grat__vxi_get_stb_result(const void *results, size_t n, grat__vxi_stb_result *out);
grat_err grat__vxi_put_docmd_result(grat__buf *b, const grat__vxi_docmd_result *r);
grat_err grat__vxi_get_docmd_result(const void *results, size_t n, grat__vxi_docmd_result *out);
/* All procedures whose result is the error alone. */
grat_err grat__vxi_put_error(grat__buf *b, uint32_t error);
grat_err grat__vxi_get_error(const void *results, size_t n, uint32_t *error);

#endif
