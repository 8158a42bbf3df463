#include "wire/rpc.h"

#include "wire/xdr.h"

#include <string.h>

enum { CALL = 0, REPLY = 1, RPC_VERSION = 2, ACCEPTED = 0, DENIED = 1, RPC_MISMATCH = 0, AUTH_ERROR = 1 };
#define LAST_FRAGMENT 0x80000000u

const char *grat__rpc_stat_text(grat__rpc_stat stat)
{
    switch (stat) {
    case GRAT__RPC_SUCCESS: return "success";
    case GRAT__RPC_PROG_UNAVAIL: return "program unavailable";
    case GRAT__RPC_PROG_MISMATCH: return "program version not supported";
    case GRAT__RPC_PROC_UNAVAIL: return "procedure unavailable";
    case GRAT__RPC_GARBAGE_ARGS: return "arguments not understood";
    case GRAT__RPC_SYSTEM_ERR: return "system error";
    case GRAT__RPC_DENIED_VERSION: return "RPC version not supported";
    case GRAT__RPC_DENIED_AUTH: return "authentication refused";
    }
    return "unknown RPC status";
}

static void skip_auth(grat__xdr *x)
{
    size_t n;
    grat__xdr_u32(x);
    grat__xdr_opaque(x, GRAT__RPC_AUTH_MAX, &n);
}

grat_err grat__rpc_get_call(const void *record, size_t n, grat__rpc_call *out)
{
    grat__xdr x;
    grat__xdr_init(&x, record, n);
    out->xid = grat__xdr_u32(&x);
    uint32_t type = grat__xdr_u32(&x), version = grat__xdr_u32(&x);
    if (x.bad || type != CALL) return GRAT_EPROTO;
    if (version != RPC_VERSION) return GRAT_ENOTSUP;
    out->prog = grat__xdr_u32(&x);
    out->vers = grat__xdr_u32(&x);
    out->proc = grat__xdr_u32(&x);
    skip_auth(&x);
    skip_auth(&x);
    out->args = grat__xdr_rest(&x, &out->args_len);
    return x.bad ? GRAT_EPROTO : GRAT_OK;
}

grat_err grat__rpc_put_call(grat__buf *b, uint32_t xid, uint32_t prog, uint32_t vers, uint32_t proc)
{
    return grat__xdr_put_words(b, (uint32_t[10]){xid, CALL, RPC_VERSION, prog, vers, proc}, 10);
}

grat_err grat__rpc_get_reply(const void *record, size_t n, grat__rpc_reply *out)
{
    grat__xdr x;
    grat__xdr_init(&x, record, n);
    *out = (grat__rpc_reply){.xid = grat__xdr_u32(&x)};
    uint32_t type = grat__xdr_u32(&x), state = grat__xdr_u32(&x);
    if (x.bad || type != REPLY || state > DENIED) return GRAT_EPROTO;
    if (state == DENIED) {
        out->stat = grat__xdr_u32(&x) == RPC_MISMATCH ? GRAT__RPC_DENIED_VERSION : GRAT__RPC_DENIED_AUTH;
    } else {
        skip_auth(&x);
        uint32_t stat = grat__xdr_u32(&x);
        if (stat > GRAT__RPC_SYSTEM_ERR) return GRAT_EPROTO;
        out->stat = (grat__rpc_stat)stat;
    }
    if (x.bad) return GRAT_EPROTO;
    out->results = grat__xdr_rest(&x, &out->results_len);
    if (out->stat == GRAT__RPC_PROG_MISMATCH || out->stat >= GRAT__RPC_DENIED_VERSION) {
        out->low = grat__xdr_u32(&x);
        out->high = grat__xdr_u32(&x);
    }
    return GRAT_OK;
}

grat_err grat__rpc_put_reply(grat__buf *b, uint32_t xid, grat__rpc_stat stat, uint32_t low, uint32_t high)
{
    if (stat == GRAT__RPC_DENIED_VERSION)
        return grat__xdr_put_words(b, (uint32_t[]){xid, REPLY, DENIED, RPC_MISMATCH, low, high}, 6);
    if (stat == GRAT__RPC_DENIED_AUTH)
        return grat__xdr_put_words(b, (uint32_t[]){xid, REPLY, DENIED, AUTH_ERROR, low}, 5);
    uint32_t words[] = {xid, REPLY, ACCEPTED, 0, 0, stat, low, high};
    return grat__xdr_put_words(b, words, stat == GRAT__RPC_PROG_MISMATCH ? 8 : 6);
}

grat_err grat__rpc_mark_begin(grat__buf *b, size_t *at)
{
    *at = b->len;
    return grat__xdr_put_u32(b, 0);
}

void grat__rpc_mark_end(grat__buf *b, size_t at, size_t extra)
{
    grat__put_be32(b->data + at, LAST_FRAGMENT | (uint32_t)(b->len - at - 4 + extra));
}

void grat__rpc_record_init(grat__rpc_record *r, size_t max)
{
    *r = (grat__rpc_record){0};
    grat__buf_init(&r->body, max);
}

void grat__rpc_record_free(grat__rpc_record *r)
{
    grat__buf_free(&r->body);
}

void grat__rpc_record_next(grat__rpc_record *r)
{
    r->body.len = 0;
    r->mark_len = 0;
    r->left = 0;
    r->complete = r->last = false;
}

/* A mark is complete: the announced length is checked against the cap, memory grows only with the bytes. */
static grat_err begin_fragment(grat__rpc_record *r)
{
    uint32_t mark = grat__be32(r->mark);
    r->last = mark & LAST_FRAGMENT;
    r->left = mark & ~LAST_FRAGMENT;
    return r->left > r->body.max - r->body.len ? GRAT_ETOOBIG : GRAT_OK;
}

grat_err grat__rpc_record_feed(grat__rpc_record *r, const void *data, size_t n, size_t *taken)
{
    const uint8_t *p = data;
    size_t i = 0;
    grat_err e = GRAT_OK;
    while (!r->complete && !e) {
        if (r->mark_len < 4) {
            if (i == n) break;
            r->mark[r->mark_len++] = p[i++];
            if (r->mark_len == 4) e = begin_fragment(r);
        } else if (r->left) {
            size_t k = n - i < r->left ? n - i : r->left;
            if (!k) break;
            e = grat__buf_put(&r->body, p + i, k);
            r->left -= (uint32_t)k;
            i += k;
        } else if (r->last) {
            r->complete = true;
        } else {
            r->mark_len = 0;
        }
    }
    *taken = i;
    return e;
}
