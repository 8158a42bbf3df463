/* The server of pictures, through the public header and sockets: what clients get, and that none harms another. */
#include "test.h"

#include <graticule/graticule.h>

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { WIDTH = 320, HEIGHT = 234 };

static atomic_uint port;
static atomic_ulong skipped;
static grat_cancel *cancel;
static char file[64];

static void on_progress(void *user, const grat_live_totals *t)
{
    unsigned n = 0;
    (void)user;
    if (sscanf(t->where, "http://127.0.0.1:%u/", &n) == 1) port = n;
    skipped = t->skipped;
}

static void *live(void *arg)
{
    grat_live_out to[2] = {{.kind = GRAT_LIVE_MJPEG, .target = "0", .token = arg},
                           {.kind = GRAT_LIVE_Y4M, .target = file}};
    grat_live_options o = {.size = sizeof o, .rate = 40, .out = to, .outs = 2, .source = GRAT_LIVE_SCREEN,
                           .progress = on_progress};
    grat_op op;
    grat_op_init(&op, 60000, cancel);
    if (grat_live("SIM::ds1102e", NULL, &o, NULL, &op)) TEST_FAIL("%s", op.text);
    return NULL;
}

static pthread_t begin(const char *token)
{
    pthread_t t;
    port = 0;
    grat_cancel_reset(cancel);
    pthread_create(&t, NULL, live, (void *)(uintptr_t)token);
    for (unsigned i = 0; i < 3000 && !port; i++) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    TRUE(port != 0);
    return t;
}

static void end(pthread_t t)
{
    grat_cancel_fire(cancel);
    pthread_join(t, NULL);
}

static int dial(const char *request)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval limit = {.tv_sec = 10};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) < 0) TEST_FAIL("no connection");
    if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0) TEST_FAIL("not sent");
    return fd;
}

/* Until the end, or `cap` bytes. */
static size_t take(int fd, uint8_t *out, size_t cap)
{
    size_t n = 0;
    while (n < cap) {
        ssize_t got = recv(fd, out + n, cap - n, 0);
        if (got <= 0) break;
        n += (size_t)got;
    }
    return n;
}

static uint8_t data[400000];

static int status_of(const char *request)
{
    int fd = dial(request), status = 0;
    size_t n = take(fd, data, sizeof data - 1);
    data[n] = 0;
    close(fd);
    if (sscanf((const char *)data, "HTTP/1.1 %d", &status) != 1) return n ? -1 : 0;
    return status;
}

/* The pictures of a stream; each is a JPEG of the right size. Returns how many are whole. */
static unsigned pictures(const uint8_t *from, size_t n)
{
    unsigned count = 0;
    const uint8_t *at = from, *end = from + n;
    for (;;) {
        size_t length = 0;
        const uint8_t *head = memmem(at, (size_t)(end - at), "Content-Length: ", 16);
        const uint8_t *body = head ? memmem(head, (size_t)(end - head), "\r\n\r\n", 4) : NULL;
        if (!body || sscanf((const char *)head, "Content-Length: %zu", &length) != 1) return count;
        body += 4;
        if ((size_t)(end - body) < length + 4) return count;
        EQ(grat_image_detect(body, length), GRAT_IMG_JPEG);
        EQ(memcmp(body + length - 2, "\xff\xd9", 2), 0);
        EQ(memcmp(body + length, "\r\n--", 4), 0);
        at = body + length;
        count++;
    }
}

TEST(a_stream_beside_slow_and_odd_clients)
{
    pthread_t t = begin(NULL);
    int slow = dial("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");      /* never reads */
    int silent = dial("");
    int half = dial("GET / HT");
    int fd = dial("GET /stream.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n");
    size_t n = take(fd, data, sizeof data);
    EQ(n, sizeof data);
    TRUE(strstr((const char *)data, "multipart/x-mixed-replace; boundary=graticule") != NULL);
    TRUE(pictures(data, n) >= 5);
    close(fd);
    for (unsigned i = 0; i < 600 && !skipped; i++) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    TRUE(skipped > 0);
    close(slow);
    close(silent);
    close(half);
    end(t);
    unlink(file);
}

TEST(who_is_refused)
{
    pthread_t t = begin(NULL);
    EQ(status_of("GET /frame.jpg HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"), 200);
    EQ(status_of("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n"), 403);
    EQ(status_of("GET / HTTP/1.1\r\n\r\n"), 403);
    EQ(status_of("GET / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n\r\n"), 403);
    EQ(status_of("GET /frame.jpg HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost\r\n\r\n"), 200);
    EQ(status_of("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n"), 405);
    EQ(status_of("GET /../etc/passwd HTTP/1.1\r\nHost: localhost\r\n\r\n"), 404);
    EQ(status_of("\r\n\r\n"), 400);
    char big[9000];
    memset(big, 'a', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    EQ(status_of(big), 400);
    end(t);
    t = begin("secret");
    EQ(status_of("GET /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
    EQ(status_of("GET /frame.jpg?token=secre HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
    EQ(status_of("GET /frame.jpg?token=secretsecret HTTP/1.1\r\nHost: localhost\r\n\r\n"), 401);
    EQ(status_of("GET /frame.jpg?token=secret HTTP/1.1\r\nHost: a.example\r\n\r\n"), 200);
    EQ(status_of("GET /frame.jpg HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer secret\r\n\r\n"), 200);
    end(t);
    unlink(file);
}

/* More than it serves: some are turned away, and it goes on. */
TEST(too_many)
{
    enum { MANY = 100 };
    int fd[MANY];
    pthread_t t = begin(NULL);
    for (unsigned i = 0; i < MANY; i++) fd[i] = dial("");
    for (unsigned i = 0; i < MANY; i++) close(fd[i]);
    int status = 0;
    for (unsigned i = 0; i < 50 && status != 200; i++) {
        status = status_of("GET /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n");
        if (status != 200) nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    EQ(status, 200);
    end(t);
    unlink(file);
}

/* The JPEG has the colours of the frames that others get. */
TEST(the_same_colours)
{
    pthread_t t = begin(NULL);
    int fd = dial("GET /frame.jpg HTTP/1.1\r\nHost: localhost\r\n\r\n");
    size_t n = take(fd, data, sizeof data), bmp_n = 0;
    unsigned w = 0, h = 0;
    uint8_t *bmp = NULL;
    grat_op op;
    close(fd);
    end(t);
    const uint8_t *body = memmem(data, n, "\r\n\r\n", 4);
    grat_op_init(&op, 1000, NULL);
    EQ(grat_image_convert(body + 4, n - (size_t)(body + 4 - data), GRAT_IMG_BMP, &bmp, &bmp_n, &w, &h, &op), GRAT_OK);
    EQ(w, WIDTH);
    EQ(h, HEIGHT);
    FILE *f = fopen(file, "rb");
    static uint8_t y4m[WIDTH * HEIGHT * 3 / 2 + 200];
    size_t got = f ? fread(y4m, 1, sizeof y4m, f) : 0;
    const uint8_t *frame = memmem(y4m, got, "FRAME\n", 6);
    double sum = 0;
    if (bmp && frame && w == WIDTH && h == HEIGHT) {
        const uint8_t *luma = frame + 6, *u = luma + WIDTH * HEIGHT, *v = u + WIDTH * HEIGHT / 4;
        for (unsigned y = 0; y < HEIGHT; y++) {
            for (unsigned x = 0; x < WIDTH; x++) {
                const uint8_t *p = bmp + bmp_n - (size_t)(y + 1) * WIDTH * 3 + (size_t)x * 3;
                double l = (luma[y * WIDTH + x] - 16) / 219.0, a = (u[y / 2 * WIDTH / 2 + x / 2] - 128) / 224.0;
                double b = (v[y / 2 * WIDTH / 2 + x / 2] - 128) / 224.0;
                double rgb[3] = {l + 1.402 * b, l - 0.344 * a - 0.714 * b, l + 1.772 * a};
                for (unsigned k = 0; k < 3; k++)
                    sum += fabs(fmin(fmax(rgb[k], 0), 1) - p[2 - k] / 255.0);
            }
        }
        NEAR(sum / (WIDTH * HEIGHT * 3), 0, 0.02);
    } else {
        TEST_FAIL("no pictures to compare");
    }
    free(bmp);
    if (f) fclose(f);
    unlink(file);
}

TEST(where_it_may_listen)
{
    grat_op op;
    grat_live_out to = {.kind = GRAT_LIVE_MJPEG, .target = "0.0.0.0:0"};
    grat_live_options o = {.size = sizeof o, .frames = 1, .out = &to, .outs = 1, .source = GRAT_LIVE_SCREEN};
    grat_op_init(&op, 20000, NULL);
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EACCES);
    TRUE(strstr(op.text, "--token") != NULL);
    to.token = "1234567";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EACCES);
    to.token = "12345678";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_OK);
    to.target = "localhost:0x";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
    to.target = "99999";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
    to.target = "::1:0";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
}

int main(void)
{
    snprintf(file, sizeof file, "/tmp/grat-mjpeg-%ld.y4m", (long)getpid());
    cancel = grat_cancel_new();
    RUN(a_stream_beside_slow_and_odd_clients);
    RUN(who_is_refused);
    RUN(too_many);
    RUN(the_same_colours);
    RUN(where_it_may_listen);
    grat_cancel_free(cancel);
    return TEST_RESULT();
}
