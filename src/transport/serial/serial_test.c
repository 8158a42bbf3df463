/* The serial transport on a pseudo terminal whose other end the test plays. */
#include "transport/list.h"
#include "transport/serial/manners.h"

#include "core/wait.h"

#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

static const grat_transport *const tr = &grat__transport_serial;
static grat_resource resource;
static void *priv;
static int master = -1;

static grat_op *fresh(int64_t ms)
{
    static grat_op op;
    grat_op_init(&op, ms, NULL);
    return &op;
}

static void close_all(void)
{
    if (priv) tr->close(priv);
    free(priv);
    priv = NULL;
    if (master >= 0) close(master);
    master = -1;
}

static grat_err open_with(const char *serial)
{
    grat_open_options opt = {.size = sizeof opt, .serial = serial};
    close_all();
    resource = (grat_resource){.interface = GRAT_IF_ASRL, .rclass = GRAT_CLASS_INSTR};
    master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
    TRUE(master >= 0 && unlockpt(master) == 0);
    TRUE(ptsname_r(master, resource.device, sizeof resource.device) == 0);
    TRUE(tr->serves(&resource));
    priv = calloc(1, tr->priv_size);
    grat_op *op = fresh(2000);
    grat_err e = tr->open(priv, &resource, &opt, op);
    if (e) {
        free(priv);
        priv = NULL;
    }
    return e;
}

static void feed(const char *data, size_t n)
{
    EQ(write(master, data, n), n);
}

/* What the transport sent, as text. */
static const char *sent(void)
{
    static char got[256];
    struct pollfd wait = {.fd = master, .events = POLLIN};
    size_t have = 0;
    /* The kernel hands it over by a worker, write by write. */
    while (poll(&wait, 1, have ? 40 : 300) > 0 && have < sizeof got - 1) {
        ssize_t n = read(master, got + have, sizeof got - 1 - have);
        if (n <= 0) break;
        have += (size_t)n;
    }
    got[have] = '\0';
    return got;
}

static void expect(const char *want, unsigned reason)
{
    char got[64];
    grat_op *op = fresh(1000);
    EQ(tr->read(priv, got, sizeof got, -1, op), GRAT_OK);
    EQ(op->count, strlen(want));
    MEM(got, want, strlen(want));
    EQ(op->reason, reason);
}

static int64_t get(grat_attr a)
{
    grat_value v = {0};
    EQ(tr->attr_get(priv, a, &v, fresh(100)), GRAT_OK);
    return v.number;
}

static grat_err set(grat_attr a, int64_t v)
{
    return tr->attr_set(priv, a, v, fresh(100));
}

TEST(manners)
{
    grat__manners m;
    grat__tty_params p;
    grat__manners_init(&m);
    grat__tty_defaults(&p);
    EQ(grat__manners_parse("115200,crlf,8N2,echo,keep", &m, &p, fresh(0)), GRAT_OK);
    EQ(p.baud, 115200);
    EQ(p.stop_bits, 20);
    EQ(p.keep_lines, true);
    EQ(m.echo, true);
    STR(m.eol, "\r\n");
    grat_op *op = fresh(0);
    EQ(grat__manners_parse("9600,wrong", &m, &p, op), GRAT_EPARSE);
    TRUE(strstr(op->text, "crlf"));
    EQ(p.baud, 115200);
    EQ(open_with("9600,7E1"), GRAT_ERANGE);
    EQ(open_with("x"), GRAT_EPARSE);
}

static size_t echo_of(const char *out, const char *in, size_t step, char *got)
{
    static grat__echo e;
    uint8_t buf[64 + GRAT__ECHO_MAX];
    size_t have = 0;
    grat__echo_reset(&e);
    grat__echo_sent(&e, out, strlen(out));
    for (size_t at = 0; at < strlen(in); at += step) {
        size_t n = strlen(in) - at < step ? strlen(in) - at : step;
        size_t m = grat__echo_filter(&e, (const uint8_t *)in + at, n, buf);
        memcpy(got + have, buf, m);
        have += m;
    }
    got[have] = '\0';
    return have;
}

TEST(echo_is_taken_out)
{
    static const struct {
        const char *out, *in, *want;
    } rows[] = {
        {"*IDN?\n", "*IDN?\nACME\n", "ACME\n"},     {"*IDN?\n", "*IDN?\r\nACME\r\n", "ACME\r\n"},
        {"*IDN?\r\n", "*IDN?\nACME\n", "ACME\n"},   {"*IDN?\n", "*IDN?\rACME\n", "ACME\n"},
        {"*IDN?\n", "*IDX,1\n", "*IDX,1\n"},        {"A?\n", "B\n", "B\n"},
        {"*RST\n*IDN?\n", "*RST\n*IDN?\nX\n", "X\n"}, {"V?\n", "V?\nV?\n", "V?\n"},
    };
    char got[300];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t step = 1; step < 20; step++) {
            echo_of(rows[i].out, rows[i].in, step, got);
            STR(got, rows[i].want);
        }
    }
}

TEST(ends_of_lines)
{
    EQ(open_with("9600,8N1,crlf"), GRAT_OK);
    grat_op *op = fresh(1000);
    EQ(tr->write(priv, "A?\n", 3, true, op), GRAT_OK);
    EQ(op->count, 3);
    STR(sent(), "A?\r\n");
    EQ(tr->write(priv, "A?\n", 3, false, fresh(1000)), GRAT_OK);
    STR(sent(), "A?\n");
    EQ(tr->line_end(priv), '\n');
    EQ(open_with("cr"), GRAT_OK);
    EQ(tr->write(priv, "A?\n", 3, true, fresh(1000)), GRAT_OK);
    STR(sent(), "A?\r");
    EQ(tr->line_end(priv), '\r');
    EQ(open_with("none"), GRAT_OK);
    EQ(tr->write(priv, "A?\n", 3, true, fresh(1000)), GRAT_OK);
    STR(sent(), "A?");
    feed("12.5", 4);
    expect("12.5", GRAT_REASON_END);
    EQ(open_with("echo"), GRAT_OK);
    EQ(tr->write(priv, "A?\n", 3, true, fresh(1000)), GRAT_OK);
    feed("A?\r\n7\n", 6);
    expect("7\n", 0);
}

TEST(end_modes)
{
    EQ(open_with(NULL), GRAT_OK);
    EQ(get(GRAT_ATTR_ASRL_END_IN), 2);
    EQ(get(GRAT_ATTR_ASRL_END_OUT), 0);
    EQ(set(GRAT_ATTR_ASRL_END_IN, 1), GRAT_OK);
    feed("ab\303cd", 5);
    expect("ab\303", GRAT_REASON_END);
    EQ(get(GRAT_ATTR_ASRL_AVAILABLE), 2);
    expect("cd", 0);
    EQ(set(GRAT_ATTR_ASRL_END_IN, 3), GRAT_OK);
    feed("a\377b", 3);               /* a mark cannot come out of a pty, but FF is doubled */
    expect("a\377b", 0);
    EQ(set(GRAT_ATTR_ASRL_END_IN, 4), GRAT_ERANGE);
    EQ(set(GRAT_ATTR_ASRL_END_IN, 0), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_DISCARD_NULL, 1), GRAT_OK);
    feed("a\0\0b", 4);
    expect("ab", 0);
    EQ(set(GRAT_ATTR_ASRL_END_OUT, 1), GRAT_OK);
    EQ(tr->write(priv, "AB", 2, true, fresh(1000)), GRAT_OK);
    STR(sent(), "A\302");
    EQ(tr->write(priv, "\377", 1, true, fresh(1000)), GRAT_ERANGE);
    EQ(set(GRAT_ATTR_ASRL_END_OUT, 2), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_TERM_CHAR, ';'), GRAT_OK);
    EQ(tr->write(priv, "A", 1, true, fresh(1000)), GRAT_OK);
    STR(sent(), "A;");
    EQ(tr->write(priv, "A;", 2, true, fresh(1000)), GRAT_OK);
    STR(sent(), "A;");
    EQ(tr->write(priv, "A", 1, false, fresh(1000)), GRAT_OK);
    STR(sent(), "A");
    EQ(set(GRAT_ATTR_ASRL_END_OUT, 3), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_BREAK_MS, 30), GRAT_OK);
    int64_t before = grat_now_ns();
    EQ(tr->write(priv, "A", 1, true, fresh(1000)), GRAT_OK);
    TRUE(grat_now_ns() - before >= 30000000);
}

TEST(attributes)
{
    struct termios now;
    EQ(open_with("57600,8N2"), GRAT_OK);
    EQ(get(GRAT_ATTR_ASRL_BAUD), 57600);
    EQ(get(GRAT_ATTR_ASRL_STOP_BITS), 20);
    EQ(set(GRAT_ATTR_ASRL_BAUD, 31250), GRAT_OK);
    EQ(get(GRAT_ATTR_ASRL_BAUD), 31250);
    EQ(set(GRAT_ATTR_ASRL_BAUD, 19200), GRAT_OK);
    EQ(tcgetattr(master, &now), 0);
    EQ(cfgetospeed(&now), B19200);
    EQ(set(GRAT_ATTR_ASRL_DATA_BITS, 7), GRAT_ERANGE);
    EQ(get(GRAT_ATTR_ASRL_DATA_BITS), 8);
    EQ(set(GRAT_ATTR_ASRL_PARITY, 2), GRAT_ERANGE);
    EQ(set(GRAT_ATTR_ASRL_STOP_BITS, 11), GRAT_ERANGE);
    EQ(set(GRAT_ATTR_ASRL_FLOW, 1), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_XON_CHAR, 5), GRAT_OK);
    EQ(tcgetattr(master, &now), 0);
    TRUE(now.c_iflag & IXON);
    EQ(now.c_cc[VSTART], 5);
    EQ(get(GRAT_ATTR_ASRL_CTS), -1);
    EQ(get(GRAT_ATTR_ASRL_RTS), -1);
    EQ(set(GRAT_ATTR_ASRL_RTS, 1), GRAT_ENOTSUP);
    EQ(get(GRAT_ATTR_ASRL_ALLOW_TRANSMIT), 1);
    EQ(set(GRAT_ATTR_ASRL_ALLOW_TRANSMIT, 0), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_ALLOW_TRANSMIT, 1), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_BREAK, 1), GRAT_OK);
    EQ(get(GRAT_ATTR_ASRL_BREAK), 1);
    EQ(set(GRAT_ATTR_ASRL_BREAK, 0), GRAT_OK);
    EQ(set(GRAT_ATTR_ASRL_BREAK_MS, 501), GRAT_ERANGE);
    EQ(get(GRAT_ATTR_ASRL_WIRE_MODE), 128);
    EQ(set(GRAT_ATTR_ASRL_WIRE_MODE, 0), GRAT_ERANGE);
    EQ(set(GRAT_ATTR_TCP_PORT, 1), GRAT_ENOTSUP);
    EQ(set(GRAT_ATTR_ASRL_CTS, 1), GRAT_ENOTSUP);
    grat_value v;
    EQ(tr->attr_get(priv, GRAT_ATTR_USB_VID, &v, fresh(100)), GRAT_ENOTSUP);
}

/* The longest pause that the machine really made, in ns. */
static void *chatter(void *arg)
{
    int64_t last = *(int64_t *)arg, *longest = arg;
    *longest = 0;
    for (int i = 0; i < 20; i++) {
        if (write(master, "old data\n", 9) < 0) break;
        int64_t now = grat_now_ns();
        if (now - last > *longest) *longest = now - last;
        last = now;
        usleep(10000);
    }
    return NULL;
}

TEST(clear_waits_until_the_line_is_quiet)
{
    char got[16];
    pthread_t th;
    EQ(open_with("115200,8N1,ctrl-c"), GRAT_OK);
    int64_t longest = grat_now_ns(); /* in: the start */
    pthread_create(&th, NULL, chatter, &longest);
    EQ(tr->clear(priv, fresh(3000)), GRAT_OK);
    pthread_join(th, NULL);
    if (longest < 25000000) EQ(tr->read(priv, got, sizeof got, -1, fresh(20)), GRAT_ETIMEOUT);
    STR(sent(), "\3");
    EQ(open_with(NULL), GRAT_OK);
    EQ(tr->write(priv, "MEAS:VO", 7, false, fresh(100)), GRAT_OK);
    sent();
    EQ(tr->clear(priv, fresh(3000)), GRAT_OK);
    STR(sent(), "\n");               /* so that the next message does not continue it */
    EQ(tr->clear(priv, fresh(3000)), GRAT_OK);
    STR(sent(), "");
}

TEST(a_hang_up)
{
    char got[16];
    EQ(open_with(NULL), GRAT_OK);
    close(master);
    master = -1;
    EQ(tr->read(priv, got, sizeof got, -1, fresh(1000)), GRAT_ELOST);
    EQ(tr->write(priv, "x", 1, true, fresh(1000)), GRAT_ELOST);
    /* Or another process has been given this pseudo terminal by now, and has locked it or not yet. */
    grat_err err = tr->clear(priv, fresh(1000));
    TRUE(err == GRAT_ENODEV || err == GRAT_EBUSY || err == GRAT_OK);
    close_all();
}

TEST(numbers_of_ports)
{
    grat_open_options opt = {.size = sizeof opt};
    grat_resource r = {.interface = GRAT_IF_ASRL, .rclass = GRAT_CLASS_INSTR, .board = 987};
    void *p = calloc(1, tr->priv_size);
    grat_op *op = fresh(100);
    EQ(tr->open(p, &r, &opt, op), GRAT_ENODEV);
    TRUE(strstr(op->text, "/dev/ttyS986"));
    r.board = 0;
    EQ(tr->open(p, &r, &opt, op), GRAT_ENODEV);
    free(p);
}

/* ---- what waits to be sent: a pseudo terminal never says that anything does ------------------------------ */

static _Atomic int64_t sent_at_ns;
static atomic_int in_the_way;

/* In the place of the C library's: the port has 100 bytes to send until that time. */
int ioctl(int fd, unsigned long request, ...)
{
    va_list ap;
    va_start(ap, request);
    void *arg = va_arg(ap, void *);
    va_end(ap);
    int r = (int)syscall(SYS_ioctl, fd, request, arg);
    if (request != TIOCOUTQ || r < 0) return r;
    if (grat_now_ns() < sent_at_ns) *(int *)arg = 100;
    atomic_fetch_add(&in_the_way, *(int *)arg == 100);
    return r;
}

static void *reads_for_long(void *p)
{
    static char buf[10];
    static grat_op op;
    grat_op_init(&op, 700, NULL);
    tr->read(p, buf, sizeof buf, -1, &op);
    return &op;
}

TEST(output_is_waited_for)
{
    pthread_t thread;
    grat_value v = {0};
    EQ(open_with(NULL), GRAT_OK);
    int64_t begin = grat_now_ns();
    sent_at_ns = begin + 150000000;
    EQ(tr->attr_get(priv, GRAT_ATTR_ASRL_UNSENT, &v, fresh(1000)), GRAT_OK);
    EQ(v.number, 100);
    EQ(tr->attr_set(priv, GRAT_ATTR_ASRL_UNSENT, 1, fresh(30)), GRAT_ETIMEOUT);
    TRUE(grat_now_ns() < sent_at_ns);
    EQ(tr->attr_set(priv, GRAT_ATTR_ASRL_UNSENT, 1, fresh(3000)), GRAT_OK);
    TRUE(grat_now_ns() >= sent_at_ns);
    TRUE(in_the_way > 2);
    /* Beside a read, and dropped at once. */
    pthread_create(&thread, NULL, reads_for_long, priv);
    usleep(30000);
    begin = grat_now_ns();
    sent_at_ns = begin + 100000000;
    EQ(tr->attr_set(priv, GRAT_ATTR_ASRL_UNSENT, 0, fresh(1000)), GRAT_OK);
    TRUE(grat_now_ns() < sent_at_ns);
    EQ(tr->attr_set(priv, GRAT_ATTR_ASRL_UNSENT, 1, fresh(3000)), GRAT_OK);
    TRUE(grat_now_ns() - begin < 500000000);
    void *read = NULL;
    pthread_join(thread, &read);
    EQ(((grat_op *)read)->err, GRAT_ETIMEOUT);
    close_all();
}

/* A session may be opened in the instant in which the last one is closed, or another is opened first. */
enum { OPENERS = 4, OPENINGS = 200 };

static void *opens_and_closes(void *failures)
{
    const grat_open_options opt = {.plain = true};
    for (int i = 0; i < OPENINGS; i++) {
        grat_op op;
        void *mine = calloc(1, tr->priv_size);
        grat_op_init(&op, 5000, NULL);
        if (tr->open(mine, &resource, &opt, &op)) atomic_fetch_add((atomic_int *)failures, 1);
        else tr->close(mine);
        free(mine);
    }
    return NULL;
}

TEST(opened_while_it_is_closed)
{
    pthread_t thread[OPENERS];
    atomic_int failures = 0;
    EQ(open_with(NULL), GRAT_OK);
    tr->close(priv);
    for (int i = 0; i < OPENERS; i++) pthread_create(&thread[i], NULL, opens_and_closes, &failures);
    for (int i = 0; i < OPENERS; i++) pthread_join(thread[i], NULL);
    EQ(failures, 0);
    EQ(tr->open(priv, &resource, &(grat_open_options){.plain = true}, fresh(1000)), GRAT_OK);
    /* Who wants it alone does not get it, and the others have it still. */
    void *other = calloc(1, tr->priv_size);
    EQ(tr->open(other, &resource, &(grat_open_options){0}, fresh(1000)), GRAT_EBUSY);
    EQ(tr->open(other, &resource, &(grat_open_options){.plain = true}, fresh(1000)), GRAT_OK);
    tr->close(other);
    free(other);
    feed("x", 1);
    expect("x", 0);
    close_all();
}

int main(void)
{
    RUN(manners);
    RUN(echo_is_taken_out);
    RUN(ends_of_lines);
    RUN(end_modes);
    RUN(attributes);
    RUN(clear_waits_until_the_line_is_quiet);
    RUN(a_hang_up);
    RUN(numbers_of_ports);
    RUN(output_is_waited_for);
    RUN(opened_while_it_is_closed);
    close_all();
    return TEST_RESULT();
}
