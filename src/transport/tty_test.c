/* Serial ports on pseudo terminals, whose other end the test holds. */
#include "transport/tty.h"
#include "transport/bitscope.h"
#include "transport/tty_list.h"

#include "temp.h"
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

static grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

/* The master; the slave's path in `path`. */
static int pty(char path[64])
{
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    TRUE(fd >= 0 && grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, path, 64) == 0);
    return fd;
}

static grat__tty_params params(const char *text)
{
    grat__tty_params p;
    grat__tty_defaults(&p);
    if (text) EQ(grat__tty_parse(text, &p, fresh(0)), GRAT_OK);
    return p;
}

TEST(parameters_as_text)
{
    grat__tty_params p = params("115200,7E2,rts,xon");
    EQ(p.baud, 115200);
    EQ(p.data_bits, 7);
    EQ(p.parity, 2);
    EQ(p.stop_bits, 20);
    EQ(p.flow, 3);
    p = params("8n1");
    EQ(p.baud, 9600);
    EQ(p.data_bits, 8);
    p = params("300,5N1.5,dtr");
    EQ(p.stop_bits, 15);
    EQ(p.flow, 4);
    static const char *const bad[] = {"x", "9600,8X1", "9600,9N1", "9600,8N3", "9600,,8N1", "0", "9600,8N1,cts",
                                      "99999999999", "8N1,9600"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        grat_op *op = fresh(0);
        EQ(grat__tty_parse(bad[i], &p, op), GRAT_EPARSE);
        TRUE(strstr(op->text, "115200,8N1"));
    }
    EQ(p.baud, 300);
}

TEST(bytes_go_both_ways_unchanged)
{
    char path[64];
    uint8_t all[256], got[256];
    int master = pty(path);
    grat__tty t;
    grat__tty_params p = params("115200");
    for (int i = 0; i < 256; i++) all[i] = (uint8_t)i;
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_OK);
    grat_op *op = fresh(1000);
    EQ(grat__tty_write(&t, all, sizeof all, op), GRAT_OK);
    EQ(op->count, sizeof all);
    for (size_t have = 0; have < sizeof got;) {
        struct pollfd wait = {.fd = master, .events = POLLIN};
        TRUE(poll(&wait, 1, 2000) == 1);
        ssize_t r = read(master, got + have, sizeof got - have);
        if (r <= 0) break;
        have += (size_t)r;
    }
    MEM(got, all, sizeof all);
    EQ(write(master, all, sizeof all), sizeof all);
    memset(got, 0, sizeof got);
    size_t n = 0;
    while (n < sizeof got && grat__tty_read(&t, got + n, sizeof got - n, op = fresh(1000)) == GRAT_OK) n += op->count;
    MEM(got, all, sizeof all);
    EQ(grat__tty_available(&t), 0);
    EQ(grat__tty_read(&t, got, 1, fresh(20)), GRAT_ETIMEOUT);
    EQ(grat__tty_drain(&t, fresh(500)), GRAT_OK);
    grat__tty_close(&t);
    grat__tty_close(&t);
    close(master);
}

static void *cancel_soon(void *arg)
{
    usleep(50000);
    grat_cancel_fire(arg);
    return NULL;
}

TEST(a_write_that_nobody_takes_ends_by_deadline_or_cancel)
{
    char path[64];
    static char big[200000];
    int master = pty(path);
    grat__tty t;
    grat__tty_params p = params(NULL);
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_OK);
    grat_op *op = fresh(50);
    EQ(grat__tty_write(&t, big, sizeof big, op), GRAT_ETIMEOUT);
    TRUE(op->count > 0 && op->count < sizeof big);
    pthread_t th;
    grat_cancel *c = grat_cancel_new();
    pthread_create(&th, NULL, cancel_soon, c);
    grat_op_init(op, 5000, c);
    EQ(grat__tty_write(&t, big, sizeof big, op), GRAT_ECANCELED);
    pthread_join(th, NULL);
    grat_cancel_free(c);
    grat__tty_flush(&t, true, true);
    grat__tty_close(&t);
    close(master);
}

TEST(settings_are_read_back)
{
    char path[64];
    struct termios now;
    int master = pty(path);
    grat__tty t;
    grat__tty_params p = params("31250,8N2,rts");
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_OK);
    EQ(t.params.baud, 31250);
    EQ(tcgetattr(master, &now), 0);
    TRUE(now.c_cflag & CSTOPB);
    TRUE(now.c_cflag & CRTSCTS);
    p = params("57600");
    EQ(grat__tty_set(&t, &p, fresh(1000)), GRAT_OK);
    EQ(tcgetattr(master, &now), 0);
    EQ(cfgetospeed(&now), B57600);
    /* A pty takes neither 7 bits nor parity, and says 0 all the same. */
    static const char *const refused[] = {"9600,7E1", "9600,7N1", "9600,8E1", "9600,8O1", "9600,8M1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        grat__tty_params q = params(refused[i]);
        grat_op *op = fresh(1000);
        EQ(grat__tty_set(&t, &q, op), GRAT_ERANGE);
        TRUE(strstr(op->text, i < 2 ? "7 data bits" : "parity"));
        EQ(tcgetattr(master, &now), 0);
        EQ(cfgetospeed(&now), B57600);
        EQ(t.params.baud, 57600);
    }
    p.stop_bits = 15;
    EQ(grat__tty_set(&t, &p, fresh(1000)), GRAT_ERANGE);
    grat__tty_close(&t);
    EQ(tcgetattr(master, &now), 0);
    TRUE(now.c_lflag & ICANON); /* as it was */
    p = params("9600,7E1");
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_ERANGE);
    EQ(t.fd, -1);
    close(master);
}

TEST(one_opener)
{
    char path[64];
    int master = pty(path);
    grat__tty a, b;
    grat__tty_params p = params(NULL);
    EQ(grat__tty_open(&a, path, &p, fresh(1000)), GRAT_OK);
    grat_op *op = fresh(1000);
    EQ(grat__tty_open(&b, path, &p, op), GRAT_EBUSY);
    TRUE(strstr(op->text, "another program"));
    grat__tty_close(&a);
    EQ(grat__tty_open(&b, path, &p, fresh(1000)), GRAT_OK);
    grat__tty_close(&b);
    close(master);
}

TEST(what_is_no_port)
{
    const char *file = test_file("file", "");
    grat__tty t;
    grat__tty_params p = params(NULL);
    grat_op *op = fresh(1000);
    EQ(grat__tty_open(&t, "/dev/ttyNOSUCH99", &p, op), GRAT_ENODEV);
    TRUE(strstr(op->text, "plugged in"));
    EQ(grat__tty_open(&t, file, &p, op), GRAT_ENODEV);
    TRUE(strstr(op->text, "no serial port"));
    EQ(grat__tty_open(&t, "/dev/null", &p, op), GRAT_ENODEV);
}

TEST(a_hang_up_is_a_loss)
{
    char path[64], buf[8];
    int master = pty(path);
    grat__tty t;
    grat__tty_params p = params(NULL);
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_OK);
    close(master);
    grat_op *op = fresh(1000);
    EQ(grat__tty_read(&t, buf, sizeof buf, op), GRAT_ELOST);
    EQ(grat__tty_write(&t, "x", 1, op), GRAT_ELOST);
    grat__tty_close(&t);
    EQ(grat__tty_read(&t, buf, sizeof buf, op), GRAT_ELOST);
}

TEST(lines_that_a_pty_lacks)
{
    char path[64];
    int master = pty(path);
    grat__tty t;
    grat__tty_params p = params("9600,8N1,dtr");
    EQ(grat__tty_open(&t, path, &p, fresh(1000)), GRAT_OK);
    EQ(grat__tty_line(&t, GRAT__TTY_CTS), -1);
    EQ(grat__tty_line_set(&t, GRAT__TTY_DTR, true, fresh(100)), GRAT_ENOTSUP);
    EQ(grat__tty_send_break(&t, 10, fresh(100)), GRAT_OK);
    /* DTR/DSR flow without a DSR does not stop */
    EQ(grat__tty_transmit(&t, true, fresh(100)), GRAT_OK);
    close(master);
    grat__tty_close(&t);
}

static void put(const char *root, const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')); p++) {
        *p = '\0';
        mkdir(path, 0755);
        *p = '/';
    }
    FILE *f = text ? fopen(path, "w") : NULL;
    if (f) {
        fputs(text, f);
        fclose(f);
    } else if (!text) {
        mkdir(path, 0755);
    }
}

static void link_to(const char *root, const char *name, const char *target)
{
    char path[400], parent[400];
    snprintf(parent, sizeof parent, "%s", name);
    *strrchr(parent, '/') = '\0';
    put(root, parent, NULL);
    snprintf(path, sizeof path, "%s/%s", root, name);
    EQ(symlink(target, path), 0);
}

TEST(ports_from_sysfs)
{
    const char *root = test_folder();
    put(root, "sys/devices/usb1/1-2/idVendor", "0403\n");
    put(root, "sys/devices/usb1/1-2/idProduct", "6001\n");
    put(root, "sys/devices/usb1/1-2/serial", "A50285BI\n");
    put(root, "sys/devices/usb1/1-2/manufacturer", "FTDI\n");
    put(root, "sys/devices/usb1/1-2/product", "FT232R USB UART\n");
    put(root, "sys/devices/usb1/1-2/1-2:1.0/bInterfaceNumber", "00\n");
    put(root, "sys/devices/usb1/1-2/1-2:1.0/ttyUSB10", NULL);
    link_to(root, "sys/class/tty/ttyUSB10/device", "../../../devices/usb1/1-2/1-2:1.0/ttyUSB10");
    put(root, "sys/devices/usb1/1-3/idVendor", "1a86");
    put(root, "sys/devices/usb1/1-3/idProduct", "7523");
    put(root, "sys/devices/usb1/1-3/1-3:1.2/bInterfaceNumber", "02");
    link_to(root, "sys/class/tty/ttyUSB9/device", "../../../devices/usb1/1-3/1-3:1.2");
    link_to(root, "sys/devices/usb1/1-3/1-3:1.2/driver", "../../../../bus/usb/drivers/ch341");
    put(root, "sys/devices/platform/serial8250/x", "");
    put(root, "sys/class/tty/ttyS0/type", "4\n");
    link_to(root, "sys/class/tty/ttyS0/device", "../../../devices/platform/serial8250");
    put(root, "sys/class/tty/ttyS1/type", "0\n");
    link_to(root, "sys/class/tty/ttyS1/device", "../../../devices/platform/serial8250");
    put(root, "sys/class/tty/tty1/dev", "4:1\n");
    link_to(root, "dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0", "../../ttyUSB10");
    link_to(root, "dev/serial/by-path/pci-0000:00:14.0-usb-0:3:1.2", "../../ttyUSB9");
    put(root, "dev/ttyUSB10", "");
    grat__tty_port p[8];
    EQ(grat__tty_list(root, p, 8), 3);
    STR(p[0].path, "/dev/ttyS0");
    EQ(p[0].accessible, false);
    EQ(p[0].vid, 0);
    STR(p[1].path, "/dev/ttyUSB9");
    EQ(p[1].vid, 0x1a86);
    EQ(p[1].pid, 0x7523);
    EQ(p[1].interface, 2);
    STR(p[1].description, "ch341");
    STR(p[1].by_id, "");
    STR(p[1].by_path, "/dev/serial/by-path/pci-0000:00:14.0-usb-0:3:1.2");
    STR(p[2].path, "/dev/ttyUSB10");
    EQ(p[2].vid, 0x0403);
    STR(p[2].serial, "A50285BI");
    STR(p[2].description, "FTDI FT232R USB UART");
    STR(p[2].by_id, "/dev/serial/by-id/usb-FTDI_FT232R_USB_UART_A50285BI-if00-port0");
    EQ(p[2].accessible, true);
    EQ(grat__tty_list(root, p, 1), 1);
    /* A BitScope may be behind any adapter of that id, unless one bears its name. */
    EQ(grat__bitscope_ports(root, p, 8), 1);
    STR(p[0].path, "/dev/ttyUSB10");
    EQ(grat__bitscope_named(&p[0]), false);
    put(root, "sys/devices/usb1/1-4/idVendor", "0403\n");
    put(root, "sys/devices/usb1/1-4/idProduct", "6001\n");
    put(root, "sys/devices/usb1/1-4/product", "BitScope Micro\n");
    put(root, "sys/devices/usb1/1-4/1-4:1.0/ttyUSB11", NULL);
    link_to(root, "sys/class/tty/ttyUSB11/device", "../../../devices/usb1/1-4/1-4:1.0/ttyUSB11");
    EQ(grat__bitscope_ports(root, p, 8), 1);
    STR(p[0].path, "/dev/ttyUSB11");
    EQ(grat__bitscope_named(&p[0]), true);
    EQ(grat__tty_list("/nonexistent", p, 8), 0);
}

int main(void)
{
    RUN(parameters_as_text);
    RUN(bytes_go_both_ways_unchanged);
    RUN(a_write_that_nobody_takes_ends_by_deadline_or_cancel);
    RUN(settings_are_read_back);
    RUN(one_opener);
    RUN(what_is_no_port);
    RUN(a_hang_up_is_a_loss);
    RUN(lines_that_a_pty_lacks);
    RUN(ports_from_sysfs);
    return TEST_RESULT();
}
