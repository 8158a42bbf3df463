#include "wire/lia.h"

#include "test.h"

/* The worked conversation of a fresh server whose adapter id is 1. */
TEST(vectors)
{
    static const uint8_t asked[] = {0x02, '[', '1', '1', ']', '@', '[', '3', '0', ']', 's', 'r'};
    static const uint8_t said[] = {0x00, 0x01, 0x02, 0x02, '[', '1', '1', ']', '@', '[', '3', '0', ']', 's', 'r',
                                   '\r', '4', '4', '\r'};
    grat__buf b;
    grat__lia_reply r;
    uint8_t id;
    const uint8_t *data;
    size_t n;
    grat__buf_init(&b, 256);
    EQ(grat__lia_put_command(&b, 2, "[11]@[30]sr", 11), GRAT_OK);
    EQ(b.len, sizeof asked);
    MEM(b.data, asked, sizeof asked);
    EQ(grat__lia_get_command(b.data, b.len, &id, &data, &n), GRAT_OK);
    EQ(id, 2);
    EQ(n, 11);
    MEM(data, asked + 1, 11);
    EQ(grat__lia_get_reply(said, sizeof said, &r), GRAT_OK);
    EQ(r.adapter, 1);
    EQ(r.command, 2);
    EQ(r.counter, 2);
    EQ(r.n, 15);
    b.len = 0;
    EQ(grat__lia_put_reply(&b, &r), GRAT_OK);
    EQ(b.len, sizeof said);
    MEM(b.data, said, sizeof said);
    grat__buf_free(&b);
}

TEST(short_datagrams)
{
    static const uint8_t bytes[4] = {0x12, 0x34, 5, 6};
    grat__lia_reply r;
    uint8_t id;
    const uint8_t *data;
    size_t n;
    for (size_t k = 0; k < 4; k++) EQ(grat__lia_get_reply(bytes, k, &r), GRAT_EPROTO);
    EQ(grat__lia_get_reply(bytes, 4, &r), GRAT_OK);
    EQ(r.adapter, 0x1234);
    EQ(r.n, 0);
    EQ(grat__lia_get_command(bytes, 0, &id, &data, &n), GRAT_EPROTO);
    EQ(grat__lia_get_command(bytes, 1, &id, &data, &n), GRAT_OK);
    EQ(n, 0);
}

TEST(order)
{
    grat__lia_order o = {0};
    EQ(grat__lia_place_of(&o, 77), GRAT__LIA_NEXT);
    EQ(grat__lia_place_of(&o, 78), GRAT__LIA_NEXT);
    EQ(grat__lia_place_of(&o, 78), GRAT__LIA_STALE);
    EQ(grat__lia_place_of(&o, 81), GRAT__LIA_GAP);
    EQ(o.lost, 2);
    EQ(grat__lia_place_of(&o, 80), GRAT__LIA_STALE);
    EQ(grat__lia_place_of(&o, 82), GRAT__LIA_NEXT);
    o = (grat__lia_order){0};
    for (unsigned i = 0; i < 1000; i++) EQ(grat__lia_place_of(&o, (uint8_t)(200 + i)), GRAT__LIA_NEXT);
    EQ(o.lost, 0);
    EQ(o.stale, 0);
}

int main(void)
{
    RUN(vectors);
    RUN(short_datagrams);
    RUN(order);
    return TEST_RESULT();
}
