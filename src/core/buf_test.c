#include "core/buf.h"
#include "test.h"

TEST(grows_to_its_limit_only)
{
    grat__buf b;
    grat__buf_init(&b, 1000);
    for (int i = 0; i < 100; i++) EQ(grat__buf_put(&b, "0123456789", 10), GRAT_OK);
    EQ(grat__buf_put(&b, "x", 1), GRAT_ETOOBIG);
    EQ(b.len, 1000);
    grat__buf_drop(&b, 995);
    MEM(b.data, "56789", 5);
    EQ(grat__buf_printf(&b, "%d", 42), GRAT_OK);
    EQ(b.len, 7);
    size_t n;
    uint8_t *p = grat__buf_take(&b, &n);
    EQ(n, 7);
    EQ(b.len, 0);
    free(p);
    EQ(grat__buf_reserve(&b, SIZE_MAX), GRAT_ETOOBIG);
    grat__buf_free(&b);
}

TEST(byte_order)
{
    uint8_t p[4];
    grat__put_be32(p, 0x01020304);
    EQ(p[0], 1);
    EQ(grat__be32(p), 0x01020304);
    EQ(grat__le32(p), 0x04030201);
    grat__put_le16(p, 0x1234);
    EQ(grat__le16(p), 0x1234);
}

int main(void)
{
    RUN(grows_to_its_limit_only);
    RUN(byte_order);
    return TEST_RESULT();
}
