/* Record marking, calls, replies, and the direct reader of replies, over the same bytes. */
#include "fuzz.h"
#include "wire/rpc.h"

enum { MAX_RECORD = 4096, DST = 512 };

static void records(const uint8_t *data, size_t n)
{
    grat__rpc_record r;

    grat__rpc_record_init(&r, MAX_RECORD);
    while (n) {
        size_t taken = 0;

        if (grat__rpc_record_feed(&r, data, n, &taken) != GRAT_OK) break;
        HOLDS(taken <= n);
        HOLDS(r.body.len <= MAX_RECORD);
        data += taken, n -= taken;
        if (r.complete) {
            grat__rpc_call call;
            grat__rpc_reply reply;

            if (grat__rpc_get_call(r.body.data, r.body.len, &call) == GRAT_OK) HOLDS(call.args_len <= r.body.len);
            if (grat__rpc_get_reply(r.body.data, r.body.len, &reply) == GRAT_OK) HOLDS(reply.results_len <= r.body.len);
            grat__rpc_record_next(&r);
        } else if (!taken) {
            break;
        }
    }
    grat__rpc_record_free(&r);
}

static void direct(const uint8_t *data, size_t n, size_t piece, bool straight)
{
    static uint8_t dst[DST];
    grat__rpc_in in;

    grat__rpc_in_init(&in);
    grat__rpc_in_begin(&in, 1, 2, true, DST);
    while (n && !in.done && !in.bad && !in.too_big) {
        size_t len = n < piece ? n : piece, want = grat__rpc_in_direct(&in);

        HOLDS(in.got + want <= DST);
        if (straight && want) {
            len = want < len ? want : len;
            memcpy(dst + in.got, data, len);
            grat__rpc_in_took(&in, len);
        } else {
            grat__rpc_in_feed(&in, data, len, dst);
        }
        HOLDS(in.got <= DST && in.words_len <= 8);
        data += len, n -= len;
    }
    grat__rpc_in_abandon(&in);
    if (n && !in.bad && !in.too_big) {
        grat__rpc_in_begin(&in, 2, 1, false, 0);
        grat__rpc_in_feed(&in, data, n, dst);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    grat__rpc_call call;
    grat__rpc_reply reply;

    if (!n) return 0;
    if (grat__rpc_get_call(data + 1, n - 1, &call) == GRAT_OK) HOLDS(call.args_len < n);
    if (grat__rpc_get_reply(data + 1, n - 1, &reply) == GRAT_OK) HOLDS(reply.results_len < n);
    records(data + 1, n - 1);
    direct(data + 1, n - 1, 1 + data[0] % 64, data[0] & 128);
    return 0;
}
