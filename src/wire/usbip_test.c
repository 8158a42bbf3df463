#include "wire/usbip.h"

#include "test.h"

TEST(operations)
{
    grat__buf b;
    uint16_t code = 0;
    grat__buf_init(&b, 4096);
    EQ(grat__usbip_put_op(&b, GRAT__USBIP_REP_IMPORT, 1), GRAT_OK);
    MEM(b.data, "\x01\x11\x00\x03\x00\x00\x00\x01", 8);
    EQ(grat__usbip_get_op("\x01\x11\x80\x05\0\0\0\0", 8, &code), GRAT_OK);
    EQ(code, GRAT__USBIP_REQ_DEVLIST);
    EQ(grat__usbip_get_op("\x01\x06\x80\x05\0\0\0\0", 8, &code), GRAT_EPROTO);
    EQ(grat__usbip_get_op("\x01\x11\x80\x05\0\0\0", 7, &code), GRAT_EPROTO);
    grat__buf_free(&b);
}

TEST(device_record)
{
    grat__buf b;
    grat__usbip_device d = {.path = "/graticule/1-1", .busid = "1-1", .bus = 1, .device = 2, .speed = 3, .vid = 0x1ab1,
                            .pid = 0x04ce, .release = 0x0100, .configuration = 1, .interfaces = 1,
                            .interface_class = {{0xfe, 3, 1}}};
    grat__buf_init(&b, 4096);
    EQ(grat__usbip_put_device(&b, &d, true), GRAT_OK);
    EQ(b.len, 316);
    STR((char *)b.data + 256, "1-1");
    MEM(b.data + 288, "\0\0\0\1\0\0\0\2\0\0\0\3\x1a\xb1\x04\xce\x01\0\0\0\0\1\1\1\xfe\3\1\0", 28);
    b.len = 0;
    EQ(grat__usbip_put_device(&b, &d, false), GRAT_OK);
    EQ(b.len, 312);
    grat__buf_free(&b);
}

TEST(requests)
{
    uint8_t p[48] = {0, 0, 0, 1, 0, 0, 0, 9, 0, 1, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 18,
                     0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 6, 0, 1, 0, 0, 18, 0};
    grat__usbip_urb u;
    grat__usb_setup s;
    EQ(grat__usbip_get_urb(p, 48, &u), GRAT_OK);
    EQ(u.seqnum, 9);
    EQ(u.devid, 0x10002);
    TRUE(u.in);
    EQ(u.length, 18);
    grat__usb_get_setup(u.setup, &s);
    EQ(s.type, 0x80);
    EQ(s.request, 6);
    EQ(s.value, 0x100);
    EQ(s.length, 18);
    EQ(grat__usbip_get_urb(p, 47, &u), GRAT_EPROTO);
    p[19] = 16;
    EQ(grat__usbip_get_urb(p, 48, &u), GRAT_EPROTO);
    p[19] = 0, p[3] = 2, p[23] = 7;
    EQ(grat__usbip_get_urb(p, 48, &u), GRAT_OK);
    EQ(u.unlink, 0x207);
    p[3] = 3;
    EQ(grat__usbip_get_urb(p, 48, &u), GRAT_EPROTO);
}

TEST(replies)
{
    grat__buf b;
    grat__buf_init(&b, 4096);
    EQ(grat__usbip_put_ret_submit(&b, 9, GRAT__USBIP_STALL, 0), GRAT_OK);
    EQ(b.len, 48);
    MEM(b.data, "\0\0\0\3\0\0\0\x09", 8);
    MEM(b.data + 20, "\xff\xff\xff\xe0\0\0\0\0", 8);
    EQ(grat__usbip_put_ret_unlink(&b, 10, GRAT__USBIP_UNLINKED), GRAT_OK);
    MEM(b.data + 48 + 20, "\xff\xff\xff\x98", 4);
    grat__buf_free(&b);
}

int main(void)
{
    RUN(operations);
    RUN(device_record);
    RUN(requests);
    RUN(replies);
    return TEST_RESULT();
}
