/* The streaming reply decoder of rpc.h. */
#include "wire/rpc.h"

#include "wire/xdr.h"

#include <string.h>

#define LAST_FRAGMENT 0x80000000u

enum step { XID, TYPE, STATE, VERF_FLAVOR, VERF_LENGTH, VERF, ACCEPT, REFUSE, WORDS, LENGTH, DATA, SKIP };

void grat__rpc_in_init(grat__rpc_in *in)
{
    *in = (grat__rpc_in){0};
}

void grat__rpc_in_begin(grat__rpc_in *in, uint32_t xid, unsigned words, bool opaque, size_t cap)
{
    grat__rpc_in fresh = {.active = true, .xid = xid, .want = words, .opaque = opaque, .cap = cap};
    memcpy(fresh.mark, in->mark, sizeof fresh.mark);
    fresh.mark_len = in->mark_len;
    fresh.in_fragment = in->in_fragment;
    fresh.in_record = in->in_record;
    fresh.last = in->last;
    fresh.left = in->left;
    fresh.step = in->in_record ? SKIP : XID;
    *in = fresh;
}

void grat__rpc_in_abandon(grat__rpc_in *in)
{
    in->active = in->mine = false;
    in->step = in->in_record ? SKIP : XID;
    in->word_len = 0;
}

static void fail(grat__rpc_in *in)
{
    in->bad = in->done = true;
    in->step = SKIP;
}

static void finish(grat__rpc_in *in)
{
    in->done = true;
    in->active = false;
    in->step = SKIP;
}

static void next_result(grat__rpc_in *in)
{
    if (in->words_len < in->want)
        in->step = WORDS;
    else if (in->opaque)
        in->step = LENGTH;
    else if (in->early)
        finish(in);
    else
        in->step = SKIP;
}

static void on_xid(grat__rpc_in *in, uint32_t v)
{
    if (in->active && !in->done && v == in->xid) {
        in->mine = true;
        in->step = TYPE;
    } else {
        in->stale++;
        in->step = SKIP;
    }
}

static void on_verf_length(grat__rpc_in *in, uint32_t v)
{
    if (v > GRAT__RPC_AUTH_MAX) {
        fail(in);
        return;
    }
    in->skip = v + grat__xdr_pad(v);
    in->step = in->skip ? VERF : ACCEPT;
}

static void on_accept(grat__rpc_in *in, uint32_t v)
{
    if (v > GRAT__RPC_SYSTEM_ERR) {
        fail(in);
        return;
    }
    in->stat = (grat__rpc_stat)v;
    in->step = SKIP;
    if (v == GRAT__RPC_SUCCESS) next_result(in);
}

static void on_length(grat__rpc_in *in, uint32_t v)
{
    in->length = v;
    if (v > in->cap) in->too_big = true;
    in->step = v && !in->too_big ? DATA : SKIP;
}

static void on_word(grat__rpc_in *in, uint32_t v)
{
    switch ((enum step)in->step) {
    case XID: on_xid(in, v); break;
    case TYPE: v == 1 ? (void)(in->step = STATE) : fail(in); break;
    case STATE: v > 1 ? fail(in) : (void)(in->step = v ? REFUSE : VERF_FLAVOR); break;
    case VERF_FLAVOR: in->step = VERF_LENGTH; break;
    case VERF_LENGTH: on_verf_length(in, v); break;
    case ACCEPT: on_accept(in, v); break;
    case REFUSE:
        in->stat = v ? GRAT__RPC_DENIED_AUTH : GRAT__RPC_DENIED_VERSION;
        in->step = SKIP;
        break;
    case WORDS:
        in->words[in->words_len++] = v;
        next_result(in);
        break;
    case LENGTH: on_length(in, v); break;
    case VERF:
    case DATA:
    case SKIP: break;
    }
}

static void end_of_record(grat__rpc_in *in)
{
    enum step step = (enum step)in->step;
    bool mine = in->mine && !in->done;
    in->in_record = in->mine = false;
    in->word_len = 0;
    in->step = XID;
    if (!mine) return;
    in->bad = step >= TYPE && step <= REFUSE;
    in->clipped = step == DATA;
    in->done = true;
    in->active = false;
}

static void on_mark(grat__rpc_in *in)
{
    uint32_t mark = grat__be32(in->mark);
    in->mark_len = 0;
    in->last = mark & LAST_FRAGMENT;
    in->left = mark & ~LAST_FRAGMENT;
    in->in_fragment = in->in_record = true;
}

/* Closes fragments that have no bytes left; a fragment may have had none to begin with. */
static void settle(grat__rpc_in *in)
{
    if (!in->in_fragment || in->left) return;
    in->in_fragment = false;
    if (in->last) end_of_record(in);
}

void grat__rpc_in_took(grat__rpc_in *in, size_t n)
{
    in->got += n;
    in->left -= (uint32_t)n;
    if (in->got == in->length) in->step = SKIP;
    settle(in);
}

size_t grat__rpc_in_direct(const grat__rpc_in *in)
{
    if (!in->in_fragment || in->step != DATA) return 0;
    size_t rest = in->length - in->got;
    return rest < in->left ? rest : in->left;
}

static size_t take_data(grat__rpc_in *in, const uint8_t *data, size_t n, uint8_t *dst)
{
    size_t k = grat__rpc_in_direct(in);
    if (k > n) k = n;
    if (data != dst + in->got) memmove(dst + in->got, data, k);
    grat__rpc_in_took(in, k);
    return k;
}

static size_t take_skip(grat__rpc_in *in, size_t n)
{
    size_t k = n < in->left ? n : in->left;
    if (in->step == VERF) {
        if (k > in->skip) k = in->skip;
        in->skip -= k;
        if (!in->skip) in->step = ACCEPT;
    }
    in->left -= (uint32_t)k;
    return k;
}

static void take_word_byte(grat__rpc_in *in, uint8_t byte)
{
    in->left--;
    in->word[in->word_len++] = byte;
    if (in->word_len < 4) return;
    in->word_len = 0;
    on_word(in, grat__be32(in->word));
}

void grat__rpc_in_feed(grat__rpc_in *in, const uint8_t *data, size_t n, uint8_t *dst)
{
    for (size_t i = 0; i < n;) {
        if (!in->in_fragment) {
            in->mark[in->mark_len++] = data[i++];
            if (in->mark_len == 4) on_mark(in);
        } else if (in->step == DATA) {
            i += take_data(in, data + i, n - i, dst);
        } else if (in->step == SKIP || in->step == VERF) {
            i += take_skip(in, n - i);
        } else {
            take_word_byte(in, data[i++]);
        }
        settle(in);
    }
}
