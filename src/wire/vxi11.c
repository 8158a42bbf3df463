#include "wire/vxi11.h"

#include "wire/xdr.h"

#include <string.h>

typedef struct error_row {
    uint32_t number;
    grat_err code;
    const char *text;
} error_row;

static const error_row error_rows[] = {
    {GRAT__VXI_OK, GRAT_OK, "no error"},
    {GRAT__VXI_ESYNTAX, GRAT_EPROTO, "syntax error"},
    {GRAT__VXI_ENODEVICE, GRAT_ENODEV, "device not accessible"},
    {GRAT__VXI_EBADLINK, GRAT_EDEAD, "invalid link identifier"},
    {GRAT__VXI_EPARAM, GRAT_EINVAL, "parameter error"},
    {GRAT__VXI_ENOCHANNEL, GRAT_EIO, "channel not established"},
    {GRAT__VXI_ENOTSUP, GRAT_ENOTSUP, "operation not supported"},
    {GRAT__VXI_ERESOURCES, GRAT_EBUSY, "out of resources"},
    {GRAT__VXI_ELOCKED, GRAT_ELOCKED, "device locked by another link"},
    {GRAT__VXI_ENOLOCK, GRAT_EINVAL, "no lock held by this link"},
    {GRAT__VXI_ETIMEOUT, GRAT_ETIMEOUT, "I/O timeout"},
    {GRAT__VXI_EIO, GRAT_EIO, "I/O error"},
    {GRAT__VXI_EADDRESS, GRAT_ENODEV, "invalid address"},
    {GRAT__VXI_EABORT, GRAT_ECANCELED, "abort"},
    {GRAT__VXI_ECHANNEL, GRAT_EBUSY, "channel already established"},
};

static const error_row *find_error(uint32_t error)
{
    static const error_row unknown = {0, GRAT_EINSTR, "unknown error"};
    for (size_t i = 0; i < sizeof error_rows / sizeof *error_rows; i++)
        if (error_rows[i].number == error) return &error_rows[i];
    return &unknown;
}

const char *grat__vxi_error_text(uint32_t error)
{
    return find_error(error)->text;
}

grat_err grat__vxi_error_code(uint32_t error)
{
    return find_error(error)->code;
}

static grat_err done(const grat__xdr *x)
{
    return x->bad ? GRAT_EPROTO : GRAT_OK;
}

/* ---- arguments ---------------------------------------------------------------------------- */

grat_err grat__vxi_put_create(grat__buf *b, const grat__vxi_create *a)
{
    grat_err e = grat__xdr_put_words(b, (uint32_t[]){(uint32_t)a->client_id, a->lock, a->lock_timeout}, 3);
    return e ? e : grat__xdr_put_opaque(b, a->device, strnlen(a->device, sizeof a->device));
}

grat_err grat__vxi_get_create(const void *args, size_t n, grat__vxi_create *out)
{
    grat__xdr x;
    size_t len;
    grat__xdr_init(&x, args, n);
    *out = (grat__vxi_create){.client_id = grat__xdr_i32(&x)};
    out->lock = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    const uint8_t *name = grat__xdr_opaque(&x, sizeof out->device - 1, &len);
    if (name) memcpy(out->device, name, len);
    return done(&x);
}

grat_err grat__vxi_put_write_head(grat__buf *b, const grat__vxi_write *a)
{
    if (a->n > UINT32_MAX) return GRAT_ETOOBIG;
    uint32_t words[] = {(uint32_t)a->lid, a->io_timeout, a->lock_timeout, a->flags, (uint32_t)a->n};
    return grat__xdr_put_words(b, words, 5);
}

grat_err grat__vxi_put_write(grat__buf *b, const grat__vxi_write *a)
{
    grat_err e = grat__xdr_put_words(b, (uint32_t[]){(uint32_t)a->lid, a->io_timeout, a->lock_timeout, a->flags}, 4);
    return e ? e : grat__xdr_put_opaque(b, a->data, a->n);
}

grat_err grat__vxi_get_write(const void *args, size_t n, grat__vxi_write *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->lid = grat__xdr_i32(&x);
    out->io_timeout = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    out->flags = grat__xdr_u32(&x);
    out->data = grat__xdr_opaque(&x, n, &out->n);
    return done(&x);
}

grat_err grat__vxi_put_read(grat__buf *b, const grat__vxi_read *a)
{
    uint32_t words[] = {(uint32_t)a->lid, a->request_size, a->io_timeout, a->lock_timeout, a->flags, a->term};
    return grat__xdr_put_words(b, words, 6);
}

grat_err grat__vxi_get_read(const void *args, size_t n, grat__vxi_read *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->lid = grat__xdr_i32(&x);
    out->request_size = grat__xdr_u32(&x);
    out->io_timeout = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    out->flags = grat__xdr_u32(&x);
    out->term = (uint8_t)grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_generic(grat__buf *b, const grat__vxi_generic *a)
{
    return grat__xdr_put_words(b, (uint32_t[]){(uint32_t)a->lid, a->flags, a->lock_timeout, a->io_timeout}, 4);
}

grat_err grat__vxi_get_generic(const void *args, size_t n, grat__vxi_generic *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->lid = grat__xdr_i32(&x);
    out->flags = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    out->io_timeout = grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_lock(grat__buf *b, const grat__vxi_lock *a)
{
    return grat__xdr_put_words(b, (uint32_t[]){(uint32_t)a->lid, a->flags, a->lock_timeout}, 3);
}

grat_err grat__vxi_get_lock(const void *args, size_t n, grat__vxi_lock *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->lid = grat__xdr_i32(&x);
    out->flags = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_lid(grat__buf *b, int32_t lid)
{
    return grat__xdr_put_u32(b, (uint32_t)lid);
}

grat_err grat__vxi_get_lid(const void *args, size_t n, int32_t *lid)
{
    if (n < 4) return GRAT_EPROTO;
    *lid = (int32_t)grat__be32(args);
    return GRAT_OK;
}

grat_err grat__vxi_put_srq(grat__buf *b, const grat__vxi_srq *a)
{
    grat_err e = grat__xdr_put_words(b, (uint32_t[]){(uint32_t)a->lid, a->enable}, 2);
    return e ? e : grat__xdr_put_opaque(b, a->handle, a->n);
}

grat_err grat__vxi_get_srq(const void *args, size_t n, grat__vxi_srq *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    *out = (grat__vxi_srq){.lid = grat__xdr_i32(&x)};
    out->enable = grat__xdr_u32(&x);
    const uint8_t *handle = grat__xdr_opaque(&x, sizeof out->handle, &out->n);
    if (handle) memcpy(out->handle, handle, out->n);
    return done(&x);
}

grat_err grat__vxi_put_docmd(grat__buf *b, const grat__vxi_docmd *a)
{
    uint32_t words[] = {(uint32_t)a->lid, a->flags, a->io_timeout, a->lock_timeout,
                        (uint32_t)a->cmd, a->network_order, (uint32_t)a->datasize};
    grat_err e = grat__xdr_put_words(b, words, 7);
    return e ? e : grat__xdr_put_opaque(b, a->data, a->n);
}

grat_err grat__vxi_get_docmd(const void *args, size_t n, grat__vxi_docmd *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->lid = grat__xdr_i32(&x);
    out->flags = grat__xdr_u32(&x);
    out->io_timeout = grat__xdr_u32(&x);
    out->lock_timeout = grat__xdr_u32(&x);
    out->cmd = grat__xdr_i32(&x);
    out->network_order = grat__xdr_u32(&x);
    out->datasize = grat__xdr_i32(&x);
    out->data = grat__xdr_opaque(&x, n, &out->n);
    return done(&x);
}

grat_err grat__vxi_put_intr(grat__buf *b, const grat__vxi_intr *a)
{
    return grat__xdr_put_words(b, (uint32_t[]){a->host, a->port, a->prog, a->vers, a->family}, 5);
}

grat_err grat__vxi_get_intr(const void *args, size_t n, grat__vxi_intr *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->host = grat__xdr_u32(&x);
    out->port = (uint16_t)grat__xdr_u32(&x);
    out->prog = grat__xdr_u32(&x);
    out->vers = grat__xdr_u32(&x);
    out->family = grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_handle(grat__buf *b, const void *handle, size_t n)
{
    return grat__xdr_put_opaque(b, handle, n);
}

grat_err grat__vxi_get_handle(const void *args, size_t n, const uint8_t **handle, size_t *len)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    *handle = grat__xdr_opaque_lenient(&x, len);
    return done(&x);
}

/* ---- results ------------------------------------------------------------------------------ */

grat_err grat__vxi_put_create_result(grat__buf *b, const grat__vxi_create_result *r)
{
    return grat__xdr_put_words(b, (uint32_t[]){r->error, (uint32_t)r->lid, r->abort_port, r->max_recv_size}, 4);
}

grat_err grat__vxi_get_create_result(const void *results, size_t n, grat__vxi_create_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->error = grat__xdr_u32(&x);
    out->lid = grat__xdr_i32(&x);
    out->abort_port = (uint16_t)grat__xdr_u32(&x);
    out->max_recv_size = grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_write_result(grat__buf *b, const grat__vxi_write_result *r)
{
    return grat__xdr_put_words(b, (uint32_t[]){r->error, r->size}, 2);
}

grat_err grat__vxi_get_write_result(const void *results, size_t n, grat__vxi_write_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->error = grat__xdr_u32(&x);
    out->size = grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_read_result_head(grat__buf *b, const grat__vxi_read_result *r)
{
    if (r->n > UINT32_MAX) return GRAT_ETOOBIG;
    return grat__xdr_put_words(b, (uint32_t[]){r->error, r->reason, (uint32_t)r->n}, 3);
}

grat_err grat__vxi_put_read_result(grat__buf *b, const grat__vxi_read_result *r)
{
    grat_err e = grat__xdr_put_words(b, (uint32_t[]){r->error, r->reason}, 2);
    return e ? e : grat__xdr_put_opaque(b, r->data, r->n);
}

grat_err grat__vxi_get_read_result(const void *results, size_t n, grat__vxi_read_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->error = grat__xdr_u32(&x);
    out->reason = grat__xdr_u32(&x);
    uint32_t announced = x.len - x.pos >= 4 ? grat__be32(x.data + x.pos) : 0;
    out->data = grat__xdr_opaque_lenient(&x, &out->n);
    if (!x.bad && out->n < announced) out->reason |= GRAT__VXI_REASON_END;
    return done(&x);
}

grat_err grat__vxi_put_stb_result(grat__buf *b, const grat__vxi_stb_result *r)
{
    return grat__xdr_put_words(b, (uint32_t[]){r->error, r->stb}, 2);
}

grat_err grat__vxi_get_stb_result(const void *results, size_t n, grat__vxi_stb_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->error = grat__xdr_u32(&x);
    out->stb = (uint8_t)grat__xdr_u32(&x);
    return done(&x);
}

grat_err grat__vxi_put_docmd_result(grat__buf *b, const grat__vxi_docmd_result *r)
{
    grat_err e = grat__xdr_put_u32(b, r->error);
    return e ? e : grat__xdr_put_opaque(b, r->data, r->n);
}

grat_err grat__vxi_get_docmd_result(const void *results, size_t n, grat__vxi_docmd_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->error = grat__xdr_u32(&x);
    out->data = grat__xdr_opaque_lenient(&x, &out->n);
    return done(&x);
}

grat_err grat__vxi_put_error(grat__buf *b, uint32_t error)
{
    return grat__xdr_put_u32(b, error);
}

grat_err grat__vxi_get_error(const void *results, size_t n, uint32_t *error)
{
    if (n < 4) return GRAT_EPROTO;
    *error = grat__be32(results);
    return GRAT_OK;
}
