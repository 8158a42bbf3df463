#include "core/block488.h"
#include "test.h"

static grat__block feed(const char *s, size_t n, size_t step)
{
    grat__block b;
    grat__block_init(&b);
    for (size_t i = 0; i < n && b.state == GRAT__BLOCK_HEADER;) {
        size_t m = n - i < step ? n - i : step;
        i += grat__block_feed(&b, s + i, m);
    }
    return b;
}

static grat__block all(const char *s)
{
    grat__block b = feed(s, strlen(s), 1000), one = feed(s, strlen(s), 1);
    EQ(b.state, one.state);
    EQ(b.length, one.length);
    EQ(b.header_size, one.header_size);
    return b;
}

TEST(definite)
{
    grat__block b = all("#9000001200xxxx");
    EQ(b.state, GRAT__BLOCK_DATA);
    EQ(b.length, 1200);
    EQ(b.header_size, 11);
    EQ(all("#15hello").length, 5);
    EQ(all("#15hello").header_size, 3);
    EQ(all("#800001200").length, 1200);
    EQ(all("#10").state, GRAT__BLOCK_DATA);
    EQ(all("#10").length, 0);
}

TEST(other_forms)
{
    TRUE(all("#0abc").indefinite);
    EQ(all("#0abc").header_size, 2);
    EQ(all("#(12345678901)").length, 12345678901LL);
    EQ(all("C1:WF DAT2,#9000000004abcd").length, 4);
    EQ(all("C1:WF DAT2,#9000000004abcd").header_size, 22);
    EQ(all("\n#14abcd").length, 4);
    EQ(feed("#A\x01\x02", 4, 1).length, 0x102);
}

TEST(not_blocks)
{
    EQ(all("#x").state, GRAT__BLOCK_BAD);
    EQ(all("#2a1").state, GRAT__BLOCK_BAD);
    EQ(all("#21a").state, GRAT__BLOCK_BAD);
    EQ(all("#()").state, GRAT__BLOCK_BAD);
    EQ(all("#(99999999999999999999)").state, GRAT__BLOCK_BAD);
    EQ(all("command error\n").state, GRAT__BLOCK_BAD);
    EQ(all("a line of text that never has a block in it").state, GRAT__BLOCK_BAD);
    EQ(feed("BM\x36\x94\x11\0\0", 7, 1).state, GRAT__BLOCK_BAD);
    EQ(all("#90000").state, GRAT__BLOCK_HEADER);
}

TEST(header)
{
    char h[12];
    EQ(grat__block_header(h, 1200, 9), 11);
    STR(h, "#9000001200");
    EQ(grat__block_header(h, 1200, 0), 6);
    STR(h, "#41200");
    EQ(grat__block_header(h, 1000000000, 9), 0);
}

int main(void)
{
    RUN(definite);
    RUN(other_forms);
    RUN(not_blocks);
    RUN(header);
    return TEST_RESULT();
}
