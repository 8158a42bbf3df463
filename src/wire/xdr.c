#include "wire/xdr.h"

void grat__xdr_init(grat__xdr *x, const void *data, size_t n)
{
    *x = (grat__xdr){.data = data, .len = n};
}

uint32_t grat__xdr_u32(grat__xdr *x)
{
    if (x->bad || x->len - x->pos < 4) {
        x->bad = true;
        return 0;
    }
    uint32_t v = grat__be32(x->data + x->pos);
    x->pos += 4;
    return v;
}

int32_t grat__xdr_i32(grat__xdr *x)
{
    return (int32_t)grat__xdr_u32(x);
}

static const uint8_t *take(grat__xdr *x, size_t n)
{
    const uint8_t *p = x->data + x->pos;
    size_t padded = n + grat__xdr_pad(n), left = x->len - x->pos;
    x->pos += padded < left ? padded : left;
    return p;
}

const uint8_t *grat__xdr_opaque(grat__xdr *x, size_t max, size_t *n)
{
    size_t len = grat__xdr_u32(x);
    if (x->bad || len > max || len > x->len - x->pos) {
        x->bad = true;
        *n = 0;
        return NULL;
    }
    *n = len;
    return take(x, len);
}

const uint8_t *grat__xdr_opaque_lenient(grat__xdr *x, size_t *n)
{
    size_t len = grat__xdr_u32(x);
    if (x->bad) {
        *n = 0;
        return NULL;
    }
    if (len > x->len - x->pos) len = x->len - x->pos;
    *n = len;
    return take(x, len);
}

const uint8_t *grat__xdr_rest(const grat__xdr *x, size_t *n)
{
    *n = x->len - x->pos;
    return x->data + x->pos;
}

grat_err grat__xdr_put_words(grat__buf *b, const uint32_t *words, size_t count)
{
    grat_err e = grat__buf_reserve(b, count * 4);
    if (e) return e;
    for (size_t i = 0; i < count; i++, b->len += 4) grat__put_be32(b->data + b->len, words[i]);
    return GRAT_OK;
}

grat_err grat__xdr_put_u32(grat__buf *b, uint32_t v)
{
    return grat__xdr_put_words(b, &v, 1);
}

grat_err grat__xdr_put_opaque(grat__buf *b, const void *data, size_t n)
{
    static const uint8_t zero[4];
    if (n > UINT32_MAX) return GRAT_ETOOBIG;
    grat_err e = grat__buf_reserve(b, 4 + n + grat__xdr_pad(n));
    if (e) return e;
    grat__xdr_put_u32(b, (uint32_t)n);
    if (n) grat__buf_put(b, data, n);
    return grat__buf_put(b, zero, grat__xdr_pad(n));
}
