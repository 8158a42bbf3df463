#include "wire/portmap.h"

#include "wire/xdr.h"

static grat__pmap_mapping get_mapping(grat__xdr *x)
{
    grat__pmap_mapping m = {.prog = grat__xdr_u32(x)};
    m.vers = grat__xdr_u32(x);
    m.prot = grat__xdr_u32(x);
    m.port = grat__xdr_u32(x);
    return m;
}

grat_err grat__pmap_put_mapping(grat__buf *b, const grat__pmap_mapping *m)
{
    return grat__xdr_put_words(b, (uint32_t[]){m->prog, m->vers, m->prot, m->port}, 4);
}

grat_err grat__pmap_get_mapping(const void *args, size_t n, grat__pmap_mapping *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    grat__pmap_mapping m = get_mapping(&x);
    if (x.bad) return GRAT_EPROTO;
    *out = m;
    return GRAT_OK;
}

grat_err grat__pmap_put_word(grat__buf *b, uint32_t v)
{
    return grat__xdr_put_u32(b, v);
}

grat_err grat__pmap_get_word(const void *results, size_t n, uint32_t *out)
{
    if (n < 4) return GRAT_EPROTO;
    *out = grat__be32(results);
    return GRAT_OK;
}

grat_err grat__pmap_put_dump(grat__buf *b, const grat__pmap_mapping *list, size_t count)
{
    grat_err e = GRAT_OK;
    for (size_t i = 0; i < count && !e; i++) {
        const grat__pmap_mapping *m = &list[i];
        e = grat__xdr_put_words(b, (uint32_t[]){1, m->prog, m->vers, m->prot, m->port}, 5);
    }
    return e ? e : grat__xdr_put_u32(b, 0);
}

grat_err grat__pmap_get_dump(const void *results, size_t n, grat__pmap_mapping *list, size_t *count)
{
    grat__xdr x;
    size_t have = 0;
    grat__xdr_init(&x, results, n);
    while (grat__xdr_u32(&x)) {
        grat__pmap_mapping m = get_mapping(&x);
        if (!x.bad && have < *count) list[have++] = m;
    }
    if (x.bad) return GRAT_EPROTO;
    *count = have;
    return GRAT_OK;
}

grat_err grat__pmap_put_callit(grat__buf *b, const grat__pmap_callit *c)
{
    grat_err e = grat__xdr_put_words(b, (uint32_t[]){c->prog, c->vers, c->proc}, 3);
    return e ? e : grat__xdr_put_opaque(b, c->args, c->args_len);
}

grat_err grat__pmap_get_callit(const void *args, size_t n, grat__pmap_callit *out)
{
    grat__xdr x;
    grat__xdr_init(&x, args, n);
    out->prog = grat__xdr_u32(&x);
    out->vers = grat__xdr_u32(&x);
    out->proc = grat__xdr_u32(&x);
    out->args = grat__xdr_opaque(&x, n, &out->args_len);
    return x.bad ? GRAT_EPROTO : GRAT_OK;
}

grat_err grat__pmap_put_callit_result(grat__buf *b, const grat__pmap_callit_result *r)
{
    grat_err e = grat__xdr_put_u32(b, r->port);
    return e ? e : grat__xdr_put_opaque(b, r->data, r->n);
}

grat_err grat__pmap_get_callit_result(const void *results, size_t n, grat__pmap_callit_result *out)
{
    grat__xdr x;
    grat__xdr_init(&x, results, n);
    out->port = grat__xdr_u32(&x);
    out->data = grat__xdr_opaque(&x, n, &out->n);
    return x.bad ? GRAT_EPROTO : GRAT_OK;
}
