#include "wire/hislip.h"

#include "test.h"

static size_t unhex(const char *text, uint8_t *out)
{
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (*p == ' ') continue;
        char two[3] = {p[0], p[1], 0};
        out[n++] = (uint8_t)strtol(two, NULL, 16);
        p++;
    }
    return n;
}

static void same(const grat__hislip_msg *m, const char *hex)
{
    uint8_t want[64], head[GRAT__HISLIP_HEAD];
    EQ(unhex(hex, want), 16);
    grat__hislip_put(head, m);
    MEM(head, want, 16);
    grat__hislip_msg back;
    EQ(grat__hislip_get(head, &back), GRAT_OK);
    EQ(back.type, m->type);
    EQ(back.control, m->control);
    EQ(back.parameter, m->parameter);
    EQ(back.length, m->length);
}

/* As captured between implementations of others. */
TEST(headers)
{
    same(&(grat__hislip_msg){GRAT__HISLIP_INITIALIZE, 0, 0x01007878, 7}, "48530000 01007878 00000000 00000007");
    same(&(grat__hislip_msg){GRAT__HISLIP_INITIALIZE_RESPONSE, 0, 0x01000001, 0}, "48530100 01000001 0000000000000000");
    same(&(grat__hislip_msg){GRAT__HISLIP_ASYNC_INITIALIZE, 0, 1, 0}, "48531100 00000001 0000000000000000");
    same(&(grat__hislip_msg){GRAT__HISLIP_ASYNC_INITIALIZE_RESPONSE, 0, 0x4342, 0},
         "48531200 00004342 0000000000000000");
    same(&(grat__hislip_msg){GRAT__HISLIP_ASYNC_MAX_SIZE, 0, 0, 8}, "48530f00 00000000 0000000000000008");
    same(&(grat__hislip_msg){GRAT__HISLIP_DATA_END, 1, GRAT__HISLIP_FIRST_ID, 5}, "48530701 ffffff00 0000000000000005");
    same(&(grat__hislip_msg){255, 255, UINT32_MAX, UINT64_MAX}, "4853ffff ffffffff ffffffffffffffff");
    uint8_t head[16] = "hS";
    grat__hislip_msg m;
    EQ(grat__hislip_get(head, &m), GRAT_EPROTO);
}

TEST(identifiers_wrap)
{
    uint32_t id = GRAT__HISLIP_FIRST_ID;
    EQ((uint32_t)(GRAT__HISLIP_NO_ID + GRAT__HISLIP_ID_STEP), id);
    for (int i = 0; i < 128; i++) id += GRAT__HISLIP_ID_STEP;
    EQ(id, 0);
}

TEST(headers_in_any_pieces)
{
    uint8_t wire[64];
    size_t n = unhex("48530700 ffffff02 0000000000000003 616263 48530900 00000000 0000000000000000", wire);
    for (size_t step = 1; step <= n; step++) {
        grat__hislip_in in = {0};
        size_t at = 0, messages = 0, bytes = 0;
        while (at < n) {
            size_t have = n - at < step ? n - at : step;
            if (in.in_message && in.left == 0) grat__hislip_in_next(&in);
            if (in.in_message) {
                size_t k = have < in.left ? have : (size_t)in.left;
                grat__hislip_in_took(&in, k);
                at += k, bytes += k;
                continue;
            }
            at += grat__hislip_in_feed(&in, wire + at, have);
            messages += in.in_message;
        }
        EQ(messages, 2);
        EQ(bytes, 3);
        EQ(in.msg.type, GRAT__HISLIP_CLEAR_ACKNOWLEDGE);
        EQ(in.left, 0);
    }
}

TEST(a_wrong_prologue_is_told_at_once)
{
    grat__hislip_in in = {0};
    EQ(grat__hislip_in_feed(&in, (const uint8_t *)"X", 1), 1);
    TRUE(in.bad);
    in = (grat__hislip_in){0};
    grat__hislip_in_feed(&in, (const uint8_t *)"HT", 2);
    TRUE(in.bad && !in.in_message);
    EQ(grat__hislip_in_feed(&in, (const uint8_t *)"HS", 2), 0);
}

TEST(small_messages)
{
    grat__hislip_small s = {0};
    grat__buf b;
    grat__buf_init(&b, 4096);
    char big[700];
    memset(big, 'x', sizeof big);
    grat__hislip_append(&b, &(grat__hislip_msg){GRAT__HISLIP_ERROR, 4, 0, sizeof big}, big);
    grat__hislip_append(&b, &(grat__hislip_msg){GRAT__HISLIP_ASYNC_STATUS_RESPONSE, 0x50, 0, 0}, NULL);
    grat__hislip_append(&b, &(grat__hislip_msg){GRAT__HISLIP_FATAL_ERROR, 4, 0, 4}, "full");
    size_t at = 0, seen = 0;
    while (at < b.len) {
        size_t used = grat__hislip_small_feed(&s, b.data + at, b.len - at < 100 ? b.len - at : 100);
        at += used;
        if (!s.complete) continue;
        if (seen == 0) EQ(s.n, GRAT__HISLIP_SMALL_MAX);
        if (seen == 1) EQ(s.in.msg.control, 0x50);
        if (seen == 2) STR((char *)s.payload, "full");
        EQ(grat__hislip_small_feed(&s, b.data, 1), 0);
        seen++;
        grat__hislip_small_next(&s);
    }
    EQ(seen, 3);
    grat__buf_free(&b);
}

TEST(sizes)
{
    uint8_t out[8];
    uint64_t v = 0;
    grat__hislip_put_size(out, 0x0102030405060708u);
    MEM(out, "\1\2\3\4\5\6\7\10", 8);
    EQ(grat__hislip_get_size(out, 8, &v), GRAT_OK);
    EQ(v, 0x0102030405060708u);
    EQ(grat__hislip_get_size(out, 7, &v), GRAT_EPROTO);
}

TEST(descriptors)
{
    uint8_t wire[32];
    size_t n = unhex("0004 00 0303 0304 0002 01 6f6b 0005 02 61", wire), at = 0;
    grat__hislip_descriptor d;
    TRUE(grat__hislip_get_descriptor(wire, n, &at, &d));
    EQ(d.type, 0);
    EQ(d.n, 4);
    TRUE(grat__hislip_get_descriptor(wire, n, &at, &d));
    EQ(d.type, 1);
    MEM(d.data, "ok", 2);
    TRUE(!grat__hislip_get_descriptor(wire, n, &at, &d));
    grat__buf b;
    grat__buf_init(&b, 100);
    EQ(grat__hislip_put_descriptor(&b, &(grat__hislip_descriptor){1, 2, (const uint8_t *)"ok"}), GRAT_OK);
    MEM(b.data, wire + 7, 5);
    grat__buf_free(&b);
}

TEST(mechanisms)
{
    TRUE(grat__hislip_has_mechanism("PLAIN", "PLAIN"));
    TRUE(grat__hislip_has_mechanism("SCRAM-SHA-256  PLAIN ANONYMOUS", "ANONYMOUS"));
    TRUE(!grat__hislip_has_mechanism("XPLAIN PLAINX", "PLAIN"));
    TRUE(!grat__hislip_has_mechanism("", "PLAIN"));
    grat__buf b;
    grat__buf_init(&b, 1000);
    EQ(grat__hislip_put_plain(&b, "ada", "pw"), GRAT_OK);
    EQ(b.len, 7);
    MEM(b.data, "\0ada\0pw", 7);
    TRUE(grat__hislip_is_plain(b.data, b.len, "ada", "pw"));
    TRUE(!grat__hislip_is_plain(b.data, b.len, "ada", "pwd"));
    TRUE(!grat__hislip_is_plain(b.data, b.len, "adb", "pw"));
    TRUE(!grat__hislip_is_plain(b.data, b.len - 1, "ada", "pw"));
    TRUE(grat__hislip_is_plain((const uint8_t *)"ada\0ada\0pw", 10, "ada", "pw"));
    TRUE(!grat__hislip_is_plain((const uint8_t *)"bob\0ada\0pw", 10, "ada", "pw"));
    TRUE(!grat__hislip_is_plain(NULL, 0, "ada", "pw"));
    EQ(grat__hislip_put_plain(&b, "", "pw"), GRAT_EINVAL);
    grat__buf_free(&b);
}

TEST(names)
{
    STR(grat__hislip_type_text(GRAT__HISLIP_DATA_END), "DataEnd");
    STR(grat__hislip_type_text(38), "AuthenticationResult");
    STR(grat__hislip_type_text(39), "a reserved message");
    STR(grat__hislip_type_text(200), "VendorSpecific");
    STR(grat__hislip_fatal_text(4), "too many clients");
    STR(grat__hislip_error_text(4), "message too large");
    STR(grat__hislip_error_text(77), "an unknown error");
    STR(grat__hislip_fatal_text(130), "a device-specific error");
}

int main(void)
{
    RUN(headers);
    RUN(identifiers_wrap);
    RUN(headers_in_any_pieces);
    RUN(a_wrong_prologue_is_told_at_once);
    RUN(small_messages);
    RUN(sizes);
    RUN(descriptors);
    RUN(mechanisms);
    RUN(names);
    return TEST_RESULT();
}
