#include "wire/rpc.h"

#include "wire/xdr.h"

#include "test.h"

static grat__buf buf;

static void words(const uint32_t *w, size_t n)
{
    buf.len = 0;
    grat__xdr_put_words(&buf, w, n);
}
#define WORDS(...) words((const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / 4)

TEST(call_skips_any_credential)
{
    grat__rpc_call c;
    WORDS(9, 0, 2, 100, 1, 11, 1, 5, 0x41424344, 0x45000000, 0, 0, 77);
    EQ(grat__rpc_get_call(buf.data, buf.len, &c), GRAT_OK);
    EQ(c.proc, 11);
    EQ(c.args_len, 4);
    EQ(grat__be32(c.args), 77);
    EQ(grat__rpc_get_call(buf.data, 36, &c), GRAT_EPROTO);
    WORDS(9, 0, 3, 100, 1, 11, 0, 0, 0, 0);
    EQ(grat__rpc_get_call(buf.data, buf.len, &c), GRAT_ENOTSUP);
    EQ(c.xid, 9);
    WORDS(9, 1, 2, 100, 1, 11, 0, 0, 0, 0);
    EQ(grat__rpc_get_call(buf.data, buf.len, &c), GRAT_EPROTO);
    WORDS(9, 0, 2, 100, 1, 11, 0, 404, 0, 0);
    EQ(grat__rpc_get_call(buf.data, buf.len, &c), GRAT_EPROTO);
}

TEST(replies)
{
    static const grat__rpc_stat all[] = {0, 1, 2, 3, 4, 5, GRAT__RPC_DENIED_VERSION, GRAT__RPC_DENIED_AUTH};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        grat__rpc_reply r;
        buf.len = 0;
        grat__rpc_put_reply(&buf, 5, all[i], 2, 3);
        EQ(grat__rpc_get_reply(buf.data, buf.len, &r), GRAT_OK);
        EQ(r.stat, all[i]);
        EQ(r.xid, 5);
        if (all[i] == GRAT__RPC_PROG_MISMATCH || all[i] == GRAT__RPC_DENIED_VERSION) EQ(r.high, 3);
    }
    grat__rpc_reply r;
    EQ(grat__rpc_get_reply(buf.data, 8, &r), GRAT_EPROTO);
}

TEST(records_from_any_cut)
{
    static const uint8_t wire[] = {0, 0, 0, 2, 'a', 'b', 0, 0, 0, 0, 0, 0, 0, 1, 'c', 0x80, 0, 0, 2, 'd', 'e',
                                   0x80, 0, 0, 0, 0x80, 0, 0, 1, 'f'};
    for (size_t step = 1; step <= sizeof wire; step++) {
        grat__rpc_record r;
        char got[32] = "";
        size_t used = 0;
        grat__rpc_record_init(&r, 16);
        for (size_t at = 0; at < sizeof wire; at += used) {
            size_t n = sizeof wire - at < step ? sizeof wire - at : step;
            EQ(grat__rpc_record_feed(&r, wire + at, n, &used), GRAT_OK);
            if (!r.complete) continue;
            strncat(got, (const char *)r.body.data, r.body.len);
            strncat(got, ";", 2);
            grat__rpc_record_next(&r);
        }
        STR(got, "abcde;;f;");
        grat__rpc_record_free(&r);
    }
}

TEST(record_cap)
{
    grat__rpc_record r;
    size_t used;
    grat__rpc_record_init(&r, 8);
    EQ(grat__rpc_record_feed(&r, "\0\0\0\4abcd\x80\0\0\5", 12, &used), GRAT_ETOOBIG);
    grat__rpc_record_free(&r);
    grat__rpc_record_init(&r, 8);
    EQ(grat__rpc_record_feed(&r, "\xff\xff\xff\xff", 4, &used), GRAT_ETOOBIG);
    EQ(r.body.cap, 0);
    grat__rpc_record_free(&r);
}

/* A reply of two words and opaque data, in fragments of `size` with empty ones between. */
static void fragmented(uint32_t xid, const char *text, size_t size)
{
    grat__buf body;
    grat__buf_init(&body, 4096);
    grat__rpc_put_reply(&body, xid, GRAT__RPC_SUCCESS, 0, 0);
    grat__xdr_put_words(&body, (uint32_t[]){0, 4}, 2);
    grat__xdr_put_opaque(&body, text, strlen(text));
    for (size_t at = 0; at < body.len; at += size) {
        size_t n = body.len - at < size ? body.len - at : size;
        grat__xdr_put_u32(&buf, (uint32_t)n);
        grat__buf_put(&buf, body.data + at, n);
        grat__xdr_put_u32(&buf, at + n == body.len ? 0x80000000u : 0);
    }
    grat__buf_free(&body);
}

TEST(stream_any_fragment_any_segment)
{
    static const char text[] = "The quick brown fox";
    for (size_t size = 1; size < 64; size++) {
        for (size_t step = 1; step < 40; step += 3) {
            grat__rpc_in in;
            uint8_t dst[64] = {0};
            buf.len = 0;
            fragmented(1, "stale data that is longer", size);
            fragmented(2, text, size);
            grat__rpc_in_init(&in);
            grat__rpc_in_begin(&in, 2, 2, true, sizeof dst);
            for (size_t at = 0; at < buf.len; at += step)
                grat__rpc_in_feed(&in, buf.data + at, buf.len - at < step ? buf.len - at : step, dst);
            TRUE(in.done && !in.bad && !in.clipped);
            EQ(in.stale, 1);
            EQ(in.words[1], 4);
            EQ(in.got, strlen(text));
            STR((char *)dst, text);
        }
    }
}

TEST(stream_direct)
{
    grat__rpc_in in;
    uint8_t dst[64] = {0};
    buf.len = 0;
    fragmented(2, "abcdefgh", 40);
    grat__rpc_in_init(&in);
    grat__rpc_in_begin(&in, 2, 2, true, sizeof dst);
    EQ(grat__rpc_in_direct(&in), 0);
    grat__rpc_in_feed(&in, buf.data, 40, dst);
    EQ(in.got, 0);
    EQ(grat__rpc_in_direct(&in), 4);
    memcpy(dst, "abcd", 4);
    grat__rpc_in_took(&in, 4);
    EQ(grat__rpc_in_direct(&in), 0);
    grat__rpc_in_feed(&in, buf.data + 44, buf.len - 44, dst);
    TRUE(in.done);
    STR((char *)dst, "abcdefgh");
}

TEST(stream_in_place)
{
    grat__rpc_in in;
    uint8_t dst[256] = {0};
    buf.len = 0;
    fragmented(1, "old", 7);
    fragmented(2, "abcdefghijk", 5);
    memcpy(dst, buf.data, buf.len);
    grat__rpc_in_init(&in);
    grat__rpc_in_begin(&in, 2, 2, true, sizeof dst);
    grat__rpc_in_feed(&in, dst, buf.len, dst);
    TRUE(in.done);
    EQ(in.got, 11);
    MEM(dst, "abcdefghijk", 11);
}

TEST(stream_goes_on_after_an_abandoned_reply)
{
    for (size_t cut = 0; cut < 70; cut++) {
        grat__rpc_in in;
        uint8_t dst[64] = {0};
        buf.len = 0;
        fragmented(1, "given up on", 9);
        if (cut > buf.len) cut = buf.len;
        fragmented(2, "wanted", 9);
        grat__rpc_in_init(&in);
        grat__rpc_in_begin(&in, 1, 2, true, sizeof dst);
        grat__rpc_in_feed(&in, buf.data, cut, dst);
        grat__rpc_in_abandon(&in);
        grat__rpc_in_begin(&in, 2, 2, true, sizeof dst);
        memset(dst, 0, sizeof dst);
        grat__rpc_in_feed(&in, buf.data + cut, buf.len - cut, dst);
        TRUE(in.done);
        STR((char *)dst, "wanted");
    }
}

TEST(stream_odd_replies)
{
    grat__rpc_in in;
    uint8_t dst[8];
    grat__rpc_in_init(&in);
    WORDS(0x80000000 | 40, 3, 1, 0, 0, 0, 0, 0, 0, 100, 0x41424344);
    grat__rpc_in_begin(&in, 3, 2, true, sizeof dst);
    grat__rpc_in_feed(&in, buf.data, buf.len, dst);
    TRUE(in.done && in.too_big);
    grat__put_be32(buf.data + 36, 8);
    grat__rpc_in_init(&in);
    grat__rpc_in_begin(&in, 3, 2, true, sizeof dst);
    grat__rpc_in_feed(&in, buf.data, buf.len, dst);
    TRUE(in.done && in.clipped);
    EQ(in.got, 4);
    WORDS(0x80000000 | 24, 4, 1, 1, 0, 2, 2);
    grat__rpc_in_begin(&in, 4, 2, true, sizeof dst);
    grat__rpc_in_feed(&in, buf.data, buf.len, dst);
    TRUE(in.done && !in.bad);
    EQ(in.stat, GRAT__RPC_DENIED_VERSION);
    WORDS(0x80000000 | 8, 5, 1);
    grat__rpc_in_begin(&in, 5, 2, true, sizeof dst);
    grat__rpc_in_feed(&in, buf.data, buf.len, dst);
    TRUE(in.done && in.bad);
    WORDS(0x80000000 | 36, 6, 1, 0, 0, 4, 0x31323334, 0, 7, 8);
    grat__rpc_in_begin(&in, 6, 2, false, 0);
    grat__rpc_in_feed(&in, buf.data, buf.len, NULL);
    TRUE(in.done && !in.bad);
    EQ(in.words[1], 8);
    WORDS(28, 7, 1, 0, 0, 0, 0, 4711);
    grat__rpc_in_begin(&in, 7, 1, false, 0);
    in.early = true;
    grat__rpc_in_feed(&in, buf.data, buf.len, NULL);
    TRUE(in.done);
    EQ(in.words[0], 4711);
}

int main(void)
{
    grat__buf_init(&buf, 65536);
    RUN(call_skips_any_credential);
    RUN(replies);
    RUN(records_from_any_cut);
    RUN(record_cap);
    RUN(stream_any_fragment_any_segment);
    RUN(stream_direct);
    RUN(stream_in_place);
    RUN(stream_goes_on_after_an_abandoned_reply);
    RUN(stream_odd_replies);
    grat__buf_free(&buf);
    return TEST_RESULT();
}
