/* Captures of the whole memory from a BitScope, ours or by a bare loop over the same bytes.
 *   bench_bitscope ours RESOURCE COUNT     microseconds a capture, sum of the samples, round trips a capture
 *   bench_bitscope bare /dev/PORT COUNT    microseconds a capture, sum of the samples, bytes received a capture
 *   bench_bitscope idle RESOURCE SECONDS   CPU microseconds while it waits for a trigger that does not come */
#include <graticule/graticule.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <termios.h>
#include <unistd.h>

#define SAMPLES 12288

/* Mode 0, 40 ticks, at once, 0 to 3.3 V; then 12288 bytes from address 0. */
static const char set_up[] = "05@[zffz01z[zzz14@01z[z21@[zzzzz[z[znnfcz2fz[zz28z[zn[z[z[z02z[zn01z[zn[zz64@23z72z4fz96z"
                             "00z80z7b@[z80zs>";
static const char dump[] = "08@[zzz16@01z[z01z[zzz[z30z[z30@[s>";

static unsigned long long sum, received;

static bool add(void *user, grat_record *r)
{
    (void)user;
    const unsigned char *p = r->trace[0].raw;
    for (size_t i = 0; i < r->count; i++) sum += p[i];
    return r->count == SAMPLES;
}

static grat_request whole_memory(void)
{
    grat_request q;
    grat_request_init(&q);
    q.any_channel = q.channel[0] = true;
    q.period = SAMPLES * 1e-6;
    q.samples = SAMPLES;
    q.has_range = true;
    q.high = 3.3;
    q.pre = 0;
    q.trigger = GRAT_TRIG_NONE;
    return q;
}

static grat_scope *open_scope(const char *resource)
{
    grat_op op;
    grat_session *s;
    grat_scope *sc;
    grat_op_init(&op, 5000, NULL);
    if (grat_open(resource, NULL, &op, &s) || grat_scope_open(s, &op, &sc)) {
        fprintf(stderr, "%s\n", op.text);
        exit(1);
    }
    return sc;
}

static void on_line(void *user, const char *key, const char *text)
{
    if (strcmp(key, "link") == 0 && sscanf(text, "%lu", (unsigned long *)user) != 1) exit(1);
}

/* Asking for them costs some itself. */
static unsigned long trips(grat_scope *sc)
{
    static unsigned long cost;
    unsigned long first = 0, second = 0;
    grat_op op;
    grat_op_init(&op, 5000, NULL);
    grat_scope_describe(sc, on_line, &first, &op);
    if (!cost) grat_scope_describe(sc, on_line, &second, &op);
    if (!cost) cost = second - first;
    return second ? second : first - cost;
}

static void ours(const char *resource, unsigned count)
{
    grat_op op;
    grat_scope *sc = open_scope(resource);
    grat_request q = whole_memory();
    q.count = 1;
    grat_op_init(&op, 60000, NULL);
    if (grat_capture(sc, &q, add, NULL, &op)) exit(1);
    sum = 0;
    q.count = count;
    unsigned long before = trips(sc);
    int64_t began = grat_now_ns();
    if (grat_capture(sc, &q, add, NULL, &op)) {
        fprintf(stderr, "%s\n", op.text);
        exit(1);
    }
    double spent = (double)(grat_now_ns() - began) / 1e3 / count;
    printf("%.3f %llu %.1f\n", spent, sum / count, (double)(trips(sc) - before) / count);
    grat_scope_close(sc);
}

static void all(int fd, unsigned char *to, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t r = read(fd, to + done, n - done);
        if (r <= 0) exit(1);
        done += (size_t)r;
    }
    received += n;
}

static void send(int fd, const char *text)
{
    unsigned char echo[512];
    size_t n = strlen(text);
    if (write(fd, text, n) != (ssize_t)n) exit(1);
    all(fd, echo, n);
    if (memcmp(echo, text, n)) exit(1);
}

static void bare_one(int fd, unsigned char *data)
{
    unsigned char packets[33];
    send(fd, set_up);
    send(fd, "U");
    send(fd, "D");
    all(fd, packets, sizeof packets);
    send(fd, dump);
    send(fd, "A");
    all(fd, data, SAMPLES);
    for (size_t i = 0; i < SAMPLES; i++) sum += data[i];
}

static void bare(const char *path, unsigned count)
{
    static unsigned char data[SAMPLES];
    struct termios t;
    int fd = open(path, O_RDWR | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &t)) exit(1);
    cfmakeraw(&t);
    cfsetspeed(&t, B115200);
    tcsetattr(fd, TCSANOW, &t);
    bare_one(fd, data);
    sum = received = 0;
    int64_t began = grat_now_ns();
    for (unsigned i = 0; i < count; i++) bare_one(fd, data);
    double spent = (double)(grat_now_ns() - began) / 1e3 / count;
    printf("%.3f %llu %llu\n", spent, sum / count, received / count);
    close(fd);
}

static double cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void idle(const char *resource, unsigned seconds)
{
    grat_op op;
    grat_scope *sc = open_scope(resource);
    grat_request q = whole_memory();
    q.trigger = GRAT_TRIG_EDGE;
    q.trigger_slope = GRAT_RISING;
    q.trigger_level = 3.25;
    grat_op_init(&op, 1000 * seconds, NULL);
    double before = cpu_us();
    if (grat_capture(sc, &q, add, NULL, &op) != GRAT_ETIMEOUT) exit(1);
    printf("%.3f 0\n", cpu_us() - before);
    grat_scope_close(sc);
}

int main(int argc, char **argv)
{
    if (argc != 4) return 2;
    unsigned n = 0;
    if (sscanf(argv[3], "%u", &n) != 1) return 2;
    if (strcmp(argv[1], "ours") == 0) ours(argv[2], n);
    else if (strcmp(argv[1], "bare") == 0) bare(argv[2], n);
    else if (strcmp(argv[1], "idle") == 0) idle(argv[2], n);
    else return 2;
    return 0;
}
