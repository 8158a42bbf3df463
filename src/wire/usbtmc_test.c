#include "wire/usbtmc.h"

#include "test.h"

/* The example of the specification's field tables: *IDN? and LF with bTag 5, the request for 1 KiB with bTag 6. */
TEST(headers)
{
    static const uint8_t out_want[12] = {0x01, 0x05, 0xFA, 0x00, 0x06, 0, 0, 0, 0x01, 0, 0, 0};
    static const uint8_t in_want[12] = {0x02, 0x06, 0xF9, 0x00, 0x00, 0x04, 0, 0, 0, 0, 0, 0};
    static const uint8_t term_want[12] = {0x02, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0xFF, 0x7F, 0x02, 0x0A, 0, 0};
    uint8_t h[12];
    grat__tmc_put_header(h, &(grat__tmc_header){.msg = GRAT__TMC_MSG_OUT, .tag = 5, .size = 6, .attributes = 1});
    MEM(h, out_want, 12);
    EQ(grat__tmc_pad(6), 2);
    grat__tmc_put_header(h, &(grat__tmc_header){.msg = GRAT__TMC_MSG_IN, .tag = 6, .size = 1024});
    MEM(h, in_want, 12);
    grat__tmc_put_header(h, &(grat__tmc_header){.msg = GRAT__TMC_MSG_IN, .tag = 255, .size = 0x7fffffff,
                                                .attributes = GRAT__TMC_TERM, .term = '\n'});
    MEM(h, term_want, 12);
    grat__tmc_header back;
    EQ(grat__tmc_get_header(h, 11, &back), GRAT_EPROTO);
    EQ(grat__tmc_get_header(h, 12, &back), GRAT_OK);
    EQ(back.tag, 255);
    TRUE(back.tag_ok);
    EQ(back.size, 0x7fffffff);
    EQ(back.term, '\n');
    h[2] = 1;
    grat__tmc_get_header(h, 12, &back);
    TRUE(!back.tag_ok);
    h[1] = 0, h[2] = 0xff;
    grat__tmc_get_header(h, 12, &back);
    TRUE(!back.tag_ok);
}

TEST(tags_wrap)
{
    EQ(grat__tmc_next_tag(0), 1);
    EQ(grat__tmc_next_tag(254), 255);
    EQ(grat__tmc_next_tag(255), 1);
    EQ(grat__tmc_next_stb_tag(0), 2);
    EQ(grat__tmc_next_stb_tag(126), 127);
    EQ(grat__tmc_next_stb_tag(127), 2);
    EQ(grat__tmc_pad(0), 0);
    EQ(grat__tmc_pad(1), 3);
    EQ(grat__tmc_pad(4), 0);
}

TEST(capabilities)
{
    static const uint8_t want[24] = {1, 0, 0x00, 0x01, 4, 1, 0, 0, 0, 0, 0, 0, 0x00, 0x01, 7, 15};
    grat__tmc_caps c = {.status = 1, .tmc_version = 0x100, .usb488_version = 0x100, .interface = 4, .device = 1,
                        .usb488_interface = 7, .usb488_device = 15}, back;
    uint8_t p[24];
    grat__tmc_put_caps(p, &c);
    MEM(p, want, 24);
    EQ(grat__tmc_get_caps(p, 24, true, &back), GRAT_OK);
    EQ(back.usb488_interface, 7);
    EQ(back.usb488_device, 15);
    EQ(back.device, 1);
    EQ(grat__tmc_get_caps(p, 24, false, &back), GRAT_OK);
    EQ(back.usb488_interface, 0);
    EQ(grat__tmc_get_caps(p, 5, true, &back), GRAT_OK);
    EQ(back.interface, 4);
    EQ(back.device, 0);
    EQ(grat__tmc_get_caps(p, 0, true, &back), GRAT_EPROTO);
}

TEST(control_answers)
{
    static const uint8_t abort_in[8] = {2, 1, 0, 0, 0x78, 0x56, 0x34, 0x12};
    uint8_t p[8];
    grat__tmc_answer a = {.status = GRAT__TMC_PENDING, .in_fifo = true, .bytes = 0x12345678}, back;
    EQ(grat__tmc_put_answer(GRAT__TMC_CHECK_ABORT_IN, p, &a), 8);
    MEM(p, abort_in, 8);
    EQ(grat__tmc_get_answer(GRAT__TMC_CHECK_ABORT_IN, p, 8, &back), GRAT_OK);
    TRUE(back.in_fifo);
    EQ(back.bytes, 0x12345678);
    EQ(grat__tmc_get_answer(GRAT__TMC_CHECK_ABORT_IN, p, 1, &back), GRAT_OK);
    TRUE(!back.in_fifo);
    EQ(grat__tmc_get_answer(GRAT__TMC_CHECK_ABORT_IN, p, 0, &back), GRAT_EPROTO);
    EQ(grat__tmc_put_answer(GRAT__TMC_INITIATE_ABORT_IN, p, &(grat__tmc_answer){.status = 0x81, .tag = 9}), 2);
    EQ(grat__tmc_get_answer(GRAT__TMC_INITIATE_ABORT_IN, p, 2, &back), GRAT_OK);
    EQ(back.tag, 9);
    STR(grat__tmc_status_text(back.status), "transfer not in progress");
    EQ(grat__tmc_put_answer(GRAT__TMC_READ_STATUS_BYTE, p, &(grat__tmc_answer){.status = 1, .tag = 2, .stb = 16}), 3);
    EQ(grat__tmc_get_answer(GRAT__TMC_READ_STATUS_BYTE, p, 3, &back), GRAT_OK);
    EQ(back.stb, 16);
    EQ(grat__tmc_put_answer(GRAT__TMC_CHECK_CLEAR, p, &a), 2);
    EQ(p[1], 1);
    EQ(grat__tmc_put_answer(GRAT__TMC_INITIATE_CLEAR, p, &a), 1);
    EQ(grat__tmc_answer_size(GRAT__TMC_GET_CAPABILITIES), 24);
    EQ(grat__tmc_answer_size(99), 0);
}

TEST(interrupt_packets)
{
    uint8_t tag = 0, stb = 0;
    EQ(grat__tmc_get_notice("\x81\x50", 2, &tag, &stb), GRAT__TMC_NOTICE_SRQ);
    EQ(stb, 0x50);
    EQ(grat__tmc_get_notice("\x85\x10\0\0", 4, &tag, &stb), GRAT__TMC_NOTICE_STB);
    EQ(tag, 5);
    EQ(stb, 0x10);
    EQ(grat__tmc_get_notice("\x40\x10", 2, &tag, &stb), GRAT__TMC_NOTICE_VENDOR);
    EQ(grat__tmc_get_notice("\x80\x10", 2, &tag, &stb), GRAT__TMC_NOTICE_NONE);
    EQ(grat__tmc_get_notice("\x81", 1, &tag, &stb), GRAT__TMC_NOTICE_NONE);
}

static size_t transfer(uint8_t *out, uint8_t tag, uint32_t announced, size_t payload)
{
    grat__tmc_put_header(out, &(grat__tmc_header){.msg = GRAT__TMC_MSG_IN, .tag = tag, .size = announced,
                                                  .attributes = GRAT__TMC_EOM});
    for (size_t i = 0; i < payload; i++) out[12 + i] = (uint8_t)i;
    return 12 + payload;
}

static const char *why;

static grat_err feed(grat__tmc_in *in, const void *data, size_t n, uint8_t *to)
{
    grat__tmc_slice s = {NULL, 0};
    size_t at = in->got;
    why = NULL;
    grat_err e = grat__tmc_in_feed(in, data, n, &s, &why);
    if (!e && s.n) memcpy(to + at, s.data, s.n);
    return e;
}

TEST(in_by_any_pieces)
{
    uint8_t wire[600], got[500];
    for (size_t piece = 1; piece < 70; piece++) {
        grat__tmc_in in;
        size_t n = transfer(wire, 7, 300, 300 + 2);
        grat__tmc_in_init(&in, 7, sizeof got);
        for (size_t at = 0; at < n; at += piece) {
            TRUE(grat__tmc_in_complete(&in) == (at >= 312));
            EQ(feed(&in, wire + at, n - at < piece ? n - at : piece, got), GRAT_OK);
        }
        TRUE(grat__tmc_in_complete(&in));
        EQ(grat__tmc_in_missing(&in), 0);
        EQ(in.got, 300);
        MEM(got, wire + 12, 300);
        TRUE(!in.over);
    }
}

TEST(in_wrong_headers)
{
    uint8_t wire[64], got[32];
    grat__tmc_in in;
    size_t n = transfer(wire, 7, 8, 8);
    grat__tmc_in_init(&in, 6, sizeof got);
    EQ(feed(&in, wire, n, got), GRAT_EPROTO);
    STR(why, "bTag of another request");
    grat__tmc_in_init(&in, 6, sizeof got);
    in.flags = GRAT__TMC_ANY_TAG;
    EQ(feed(&in, wire, n, got), GRAT_OK);
    wire[2] ^= 1;
    grat__tmc_in_init(&in, 7, sizeof got);
    EQ(feed(&in, wire, n, got), GRAT_EPROTO);
    wire[2] ^= 1, wire[0] = 1;
    grat__tmc_in_init(&in, 7, sizeof got);
    EQ(feed(&in, wire, n, got), GRAT_EPROTO);
    STR(why, "wrong MsgID");
}

/* More announced than asked for: what was asked for is delivered, the rest is dropped and noted. */
TEST(in_more_than_asked)
{
    uint8_t wire[64], got[16];
    grat__tmc_in in;
    size_t n = transfer(wire, 7, 40, 40);
    grat__tmc_in_init(&in, 7, sizeof got);
    EQ(grat__tmc_in_missing(&in), 12);
    EQ(feed(&in, wire, n, got), GRAT_OK);
    TRUE(in.over);
    EQ(in.got, 16);
    EQ(in.seen, 52);
    TRUE(grat__tmc_in_complete(&in));
}

int main(void)
{
    RUN(headers);
    RUN(tags_wrap);
    RUN(capabilities);
    RUN(control_answers);
    RUN(interrupt_packets);
    RUN(in_by_any_pieces);
    RUN(in_wrong_headers);
    RUN(in_more_than_asked);
    return TEST_RESULT();
}
