#include "wire/vicp.h"

#include "test.h"

/* "*IDN?\n" as a client sends it, by the table of the header. */
static const uint8_t idn[] = {0x81, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x06, '*', 'I', 'D', 'N', '?', '\n'};

TEST(headers_out)
{
    uint8_t out[GRAT__VICP_HEADER];
    grat__vicp_header h = {GRAT__VICP_DATA | GRAT__VICP_EOI, GRAT__VICP_VERSION, 1, 6};
    grat__vicp_put(out, &h);
    MEM(out, idn, sizeof out);
    h.length = 0x01020304;
    grat__vicp_put(out, &h);
    MEM(out + 4, "\1\2\3\4", 4);
    EQ(grat__vicp_next(0), 1);
    EQ(grat__vicp_next(254), 255);
    EQ(grat__vicp_next(255), 1);
}

TEST(headers_in)
{
    for (size_t step = 1; step < 20; step++) {
        grat__vicp_in in;
        grat_err e;
        size_t at = 0, body = 0;
        grat__vicp_in_init(&in);
        while (at < sizeof idn) {
            size_t n = sizeof idn - at < step ? sizeof idn - at : step;
            size_t used = grat__vicp_in_feed(&in, idn + at, n, &e);
            EQ(e, GRAT_OK);
            at += used, n -= used;
            if (!in.in_body || !n) continue;
            EQ(in.header.operation, 0x81);
            EQ(in.header.sequence, 1);
            EQ(in.header.length, 6);
            size_t take = n < in.left ? n : in.left;
            grat__vicp_in_took(&in, (uint32_t)take);
            at += take, body += take;
        }
        EQ(body, 6);
        EQ(in.in_body, false);
    }
}

TEST(what_is_no_header)
{
    grat__vicp_in in;
    grat_err e;
    grat__vicp_in_init(&in);
    EQ(grat__vicp_in_feed(&in, (const uint8_t *)"*IDN", 4, &e), 4);
    EQ(e, GRAT_EPROTO);
    grat__vicp_in_init(&in);
    grat__vicp_in_feed(&in, (const uint8_t *)"\x81\x01\x01\0\0\0\0\0", 8, &e);
    EQ(e, GRAT_OK);
    EQ(in.in_body, true);
    grat__vicp_in_took(&in, 0);
    EQ(in.in_body, false);
}

int main(void)
{
    RUN(headers_out);
    RUN(headers_in);
    RUN(what_is_no_header);
    return TEST_RESULT();
}
