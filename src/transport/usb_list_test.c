/* A made-up sysfs: a scope on the kernel driver, a composite device with its instrument on interface 2, a keyboard. */
#include "transport/usb_list.h"

#include "temp.h"
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>


static void make_dirs(const char *path)
{
    char part[600];
    for (size_t i = 1; path[i]; i++) {
        if (path[i] != '/') continue;
        snprintf(part, sizeof part, "%.*s", (int)i, path);
        mkdir(part, 0755);
    }
}

static void put(const char *name, const char *text, size_t n)
{
    char path[600];
    snprintf(path, sizeof path, "%s%s", test_folder(), name);
    make_dirs(path);
    FILE *f = fopen(path, "w");
    TRUE(f != NULL);
    if (!f) return;
    fwrite(text, 1, n, f);
    fclose(f);
}

static void line(const char *dir, const char *name, const char *text)
{
    char path[300], with_end[200];
    snprintf(path, sizeof path, "/sys/bus/usb/devices/%s/%s", dir, name);
    snprintf(with_end, sizeof with_end, "%s\n", text);
    put(path, with_end, strlen(with_end));
}

static void device(const char *dir, const char *vid, const char *pid, const char *serial, const char *number)
{
    line(dir, "idVendor", vid);
    line(dir, "idProduct", pid);
    if (serial) line(dir, "serial", serial);
    line(dir, "manufacturer", "RIGOL TECHNOLOGIES");
    line(dir, "product", "DS1000Z");
    line(dir, "busnum", "1");
    line(dir, "devnum", number);
    line(dir, "speed", "480");
}

static void interface(const char *dir, const char *kind, const char *number)
{
    char ep[64];
    line(dir, "bInterfaceClass", strcmp(kind, "tmc") == 0 ? "fe" : "03");
    line(dir, "bInterfaceSubClass", strcmp(kind, "tmc") == 0 ? "03" : "01");
    line(dir, "bInterfaceProtocol", "01");
    line(dir, "bInterfaceNumber", number);
    snprintf(ep, sizeof ep, "%s/ep_82", dir);
    line(ep, "type", "Bulk"), line(ep, "bEndpointAddress", "82"), line(ep, "wMaxPacketSize", "0200");
    snprintf(ep, sizeof ep, "%s/ep_03", dir);
    line(ep, "type", "Bulk"), line(ep, "bEndpointAddress", "03"), line(ep, "wMaxPacketSize", "0200");
    snprintf(ep, sizeof ep, "%s/ep_81", dir);
    line(ep, "type", "Interrupt"), line(ep, "bEndpointAddress", "81"), line(ep, "wMaxPacketSize", "0008");
}

TEST(nothing)
{
    grat__usb_entry e[4];
    EQ(grat__usb_list("/nonexistent", e, 4), 0);
}

TEST(instruments_are_found_and_named)
{
    static grat__usb_entry e[8];
    device("1-2", "1ab1", "04ce", "DS1ZA0001", "4");
    interface("1-2:1.0", "tmc", "00");
    line("1-2:1.0/usbmisc/usbtmc7", "dev", "180:183");
    device("1-1.3", "0957", "0607", NULL, "3");
    interface("1-1.3:1.0", "hid", "00");
    interface("1-1.3:1.2", "tmc", "02");
    device("1-4", "046d", "c31c", "k", "9");
    interface("1-4:1.0", "hid", "00");
    put("/dev/usbtmc7", "", 0);
    EQ(grat__usb_list(test_folder(), e, 8), 2);
    STR(e[0].resource, "USB0::0x0957::0x0607::NULL::2::INSTR");
    STR(e[0].node, "");
    STR(e[0].usb_node, "/dev/bus/usb/001/003");
    EQ(e[0].interface, 2);
    TRUE(!e[0].accessible);
    TRUE(strstr(e[0].why, "/dev/bus/usb/001/003"));
    TRUE(strstr(e[0].why, "ATTRS{idProduct}==\"0607\""));
    STR(e[1].resource, "USB0::0x1AB1::0x04CE::DS1ZA0001::0::INSTR");
    STR(e[1].node, "/dev/usbtmc7");
    STR(e[1].product, "DS1000Z");
    EQ(e[1].protocol, 1);
    EQ(e[1].in.address, 0x82);
    EQ(e[1].out.address, 3);
    EQ(e[1].interrupt.address, 0x81);
    EQ(e[1].interrupt.size, 8);
    EQ(e[1].in.size, 512);
    TRUE(e[1].accessible && e[1].node_open && !e[1].usb_open);
    EQ(grat__usb_list(test_folder(), e, 1), 1);
}

TEST(every_interface)
{
    static grat__usb_entry e[8];
    line("1-4", "bNumInterfaces", " 1");
    line("1-4:1.0", "bAlternateSetting", " 0");
    line("1-4:1.0/ep_01", "type", "Bulk"), line("1-4:1.0/ep_01", "bEndpointAddress", "01");
    line("1-4:1.0/ep_01", "wMaxPacketSize", "0040");
    EQ(grat__usb_list_raw(test_folder(), e, 8), 4);
    STR(e[0].resource, "USB0::0x0957::0x0607::NULL::0::RAW");
    EQ(e[0].class_code, 3);
    EQ(e[0].subclass, 1);
    STR(e[3].resource, "USB0::0x046D::0xC31C::k::0::RAW");
    EQ(e[3].interfaces, 1);
    EQ(e[3].alternate, 0);
    EQ(e[3].pipes, 4);
    EQ(e[3].out.address, 1);
    EQ(e[3].out.size, 64);
    EQ(e[3].pipe[0].kind != 0, true);
}

/* Trailing NULs and blanks, as Rigol's DS1102D has them, and bytes that no resource string may have. */
TEST(odd_strings)
{
    static grat__usb_entry e[8];
    put("/sys/bus/usb/devices/1-2/serial", "DS1\0\0 \n", 7);
    put("/sys/bus/usb/devices/1-2/product", "a\xb5z\n", 4);
    EQ(grat__usb_list(test_folder(), e, 8), 2);
    STR(e[1].serial, "DS1");
    STR(e[1].product, "a?z");
}

int main(void)
{
    RUN(nothing);
    RUN(instruments_are_found_and_named);
    RUN(every_interface);
    RUN(odd_strings);
    return TEST_RESULT();
}
