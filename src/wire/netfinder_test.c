#include "wire/netfinder.h"

#include "test.h"

TEST(identify)
{
    uint8_t call[GRAT__NETFINDER_CALL];
    grat__netfinder_put_identify(call, 0x1234);
    MEM(call, "\x5a\x00\x12\x34\xff\xff\xff\xff\xff\xff\x00\x00", 12);
}

TEST(answer)
{
    uint8_t data[80] = "\x5a\x01\x12\x34\x00\x21\x69\x01\x02\x03\x00\x00"
                       "\x00\x01\x02\x03\x04\x01\x00\x01" "\x0a\x00\x00\x09" "\xff\xff\xff\x00" "\x0a\x00\x00\x01"
                       "\x01\x06\x06\x00" "\x01\x00\x00\x00" "\x01\x02\x00\x00" "bench\tgpib";
    grat__netfinder_answer a;
    EQ(grat__netfinder_get_answer(data, 76, &a), GRAT_OK);
    EQ(a.sequence, 0x1234);
    MEM(a.mac, "\x00\x21\x69\x01\x02\x03", 6);
    MEM(a.address, "\x0a\x00\x00\x09", 4);
    STR(a.name, "bench?gpib");
    EQ(grat__netfinder_get_answer(data, 75, &a), GRAT_EPROTO);
    memset(data + 44, 'n', 32);
    EQ(grat__netfinder_get_answer(data, 80, &a), GRAT_OK);
    EQ(strlen(a.name), 32);
    data[1] = 0; /* our own question, heard again */
    EQ(grat__netfinder_get_answer(data, 76, &a), GRAT_EPROTO);
}

int main(void)
{
    RUN(identify);
    RUN(answer);
    return TEST_RESULT();
}
