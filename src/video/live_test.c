/* The screen of simulated instruments as YUV4MPEG2 files, against the picture that a screenshot has. */
#include "test.h"

#include <graticule/sim.h>

#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[64];
static const grat_live_out nowhere = {GRAT_LIVE_Y4M, "/dev/null", false, NULL};

static size_t load(const char *name, uint8_t **out)
{
    FILE *f = fopen(name, "rb");
    *out = NULL;
    if (!f) return 0;
    fseek(f, 0, SEEK_END);
    size_t n = (size_t)ftell(f);
    rewind(f);
    *out = malloc(n + 1);
    if (fread(*out, 1, n, f) != n) n = 0;
    (*out)[n] = 0;
    fclose(f);
    return n;
}

static void whole_file(const char *resource, unsigned w, unsigned h, double rate)
{
    enum { FRAMES = 5 };
    char head[120];
    uint8_t *data;
    grat_live_totals t;
    grat_op op;
    grat_live_out to = {GRAT_LIVE_Y4M, path, false, NULL};
    grat_live_options o = {.size = sizeof o, .rate = rate, .frames = FRAMES, .out = &to, .outs = 1,
                           .source = GRAT_LIVE_SCREEN};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live(resource, NULL, &o, &t, &op), GRAT_OK);
    if (op.err) fprintf(stderr, "%s\n", op.text);
    EQ(t.out, FRAMES);
    EQ(t.width, w);
    EQ(t.height, h);
    if (rate == 0) EQ(t.repeated + t.dropped, 0);
    size_t n = load(path, &data), frame = (size_t)w * h * 3 / 2;
    int head_n = snprintf(head, sizeof head, "YUV4MPEG2 W%u H%u F%u:1 Ip A1:1 C420jpeg XCOLORRANGE=LIMITED\n", w, h,
                          rate > 0 ? (unsigned)rate : 30);
    EQ(n, (size_t)head_n + FRAMES * (6 + frame));
    if (data && n == (size_t)head_n + FRAMES * (6 + frame)) {
        TRUE(memcmp(data, head, (size_t)head_n) == 0);
        for (unsigned i = 0; i < FRAMES; i++)
            TRUE(memcmp(data + head_n + i * (6 + frame), "FRAME\n", 6) == 0);
    }
    free(data);
    unlink(path);
}

TEST(whole_files)
{
    whole_file("SIM::ds1104z", 800, 480, 0);
    whole_file("SIM::ds1102e", 320, 234, 0);
    whole_file("SIM::ds1102e", 320, 234, 50);
}

TEST(fastest_of_a_family)
{
    grat_live_totals t;
    grat_op op;
    grat_live_options o = {.size = sizeof o, .frames = 2, .out = &nowhere, .outs = 1, .source = GRAT_LIVE_SCREEN};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    TRUE(strncmp(t.recipe, "rigol-1000z-", 12) == 0);
    o.recipe = "png";
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    STR(t.recipe, "rigol-1000z-png");
    o.recipe = "tiff";
    EQ(grat_live("SIM::ds1104z", NULL, &o, NULL, &op), GRAT_ENOTSUP);
    TRUE(t.latency > 0 && t.latency <= t.latency_max);
}

TEST(what_cannot_be)
{
    grat_op op;
    grat_live_out to = {GRAT_LIVE_Y4M, "/nonexistent/x.y4m", false, NULL};
    grat_live_options o = {.size = sizeof o, .out = &to, .outs = 1};
    grat_op_init(&op, 60000, NULL);
    TRUE(grat_live("SIM::ds1102e", NULL, &o, NULL, &op) != GRAT_OK);
    o.outs = 0;
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
    o.outs = 1;
    to = (grat_live_out){GRAT_LIVE_V4L2, "/dev/null", false, NULL};
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_ENOTSUP);
    to.target = "/nonexistent/video";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_ENODEV);
    o.width = 100, o.height = 100;
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
    o.width = o.height = 0;
    o.rate = 1e9;
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
}

static double difference(const uint8_t *a, const uint8_t *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += a[i] > b[i] ? a[i] - b[i] : b[i] - a[i];
    return sum / (double)n;
}

/* The same screen from each kind of picture: what is lossless is equal, 256 colours and JPEG are near. */
TEST(every_kind_of_picture)
{
    static const struct {
        const char *recipe, *name;
        double off;
    } kinds[] = {{"png", "rigol-1000z-png", 0}, {"bmp", "rigol-1000z-bmp", 0}, {"bmp8", "rigol-1000z-bmp8", 4},
                 {"jpeg", "rigol-1000z-jpeg", 2}};
    enum { SIZE = 800 * 480 * 3 / 2 };
    uint8_t *first = NULL, *data;
    for (unsigned i = 0; i < 4; i++) {
        grat_live_totals t;
        grat_op op;
        grat_live_out to = {GRAT_LIVE_Y4M, path, false, NULL};
        grat_live_options o = {.size = sizeof o, .frames = 1, .out = &to, .outs = 1, .recipe = kinds[i].recipe};
        grat_op_init(&op, 60000, NULL);
        EQ(grat_live("SIM::ds1104z?running=0", NULL, &o, &t, &op), GRAT_OK);
        STR(t.recipe, kinds[i].name);
        size_t n = load(path, &data);
        TRUE(n > SIZE);
        if (n > SIZE && first) {
            double d = difference(data + n - SIZE, first, SIZE);
            if (d > kinds[i].off) TEST_FAIL("%s differs by %g", kinds[i].recipe, d);
        }
        if (!first && n > SIZE) memcpy(first = malloc(SIZE), data + n - SIZE, SIZE);
        free(data);
        unlink(path);
    }
    free(first);
}

/* The time that the simulator painted; false where no time is to be seen. */
static bool painted(const uint8_t *luma, uint32_t *out)
{
    *out = 0;
    for (unsigned i = 0; i < 32; i++) {
        const uint8_t *at = luma + 235 * 800 + 80 + 20 * i + 10;
        bool bit = at[0] > 128, other = at[10 * 800] > 128;
        if (bit == other) return false;
        *out = *out << 1 | bit;
    }
    return true;
}

static void *write_live(void *arg)
{
    grat_op op;
    grat_live_out to = {GRAT_LIVE_Y4M, path, false, NULL};
    grat_live_options o = {.size = sizeof o, .rate = 30, .frames = 25, .out = &to, .outs = 1, .recipe = arg};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live("SIM::ds1104z?paint-time=1", NULL, &o, NULL, &op), GRAT_OK);
    return NULL;
}

/* Through each kind of picture the time can be read; it never goes back, and is not old. */
TEST(the_age_of_a_picture)
{
    static char png[] = "png", jpeg[] = "jpeg";
    enum { SIZE = 800 * 480 * 3 / 2 };
    uint8_t *frame = malloc(SIZE);
    for (unsigned i = 0; i < 2; i++) {
        pthread_t t;
        char line[128];
        uint32_t stamp, last = 0, least = UINT32_MAX, frames = 0;
        EQ(mkfifo(path, 0600), 0);
        pthread_create(&t, NULL, write_live, i ? jpeg : png);
        FILE *f = fopen(path, "rb");
        TRUE(f && fgets(line, sizeof line, f));
        while (f && fgets(line, sizeof line, f) && fread(frame, 1, SIZE, f) == SIZE) {
            uint32_t now = (uint32_t)(grat_now_ns() / 100000);
            if (!painted(frame, &stamp)) {
                TEST_FAIL("frame %u shows no time", frames);
                continue;
            }
            TRUE(stamp - last < UINT32_MAX / 2 || !frames);
            last = stamp;
            if (now - stamp < least) least = now - stamp;
            frames++;
        }
        TRUE(frames >= 3 && frames <= 25);   /* a slow reader misses some */
        TRUE(least < 20000);   /* 2 s: this computer may be busy */
        if (f) fclose(f);
        pthread_join(t, NULL);
        unlink(path);
    }
    free(frame);
}

static void *serve(void *arg)
{
    grat_op op;
    grat_op_init(&op, INT64_MAX, NULL);
    grat_sim_run(((void **)arg)[0], ((void **)arg)[1], &op);
    return NULL;
}

/* Over a socket, where the next picture is asked for before the end of the last: each is whole and the same, also
 * from instruments that end answers with two newlines, break off or are reset. */
TEST(asked_ahead)
{
    static const char *const faults[] = {NULL, "raw-double-newline", "raw-split:700", "raw-drop@0.2",
                                         "raw-one-client:400"};
    enum { SIZE = 800 * 480 * 3 / 2, FRAMES = 12 };
    for (unsigned i = 0; i < 5; i++) {
        grat_live_totals t;
        grat_op op;
        grat_sim *sim = NULL;
        pthread_t thread;
        uint8_t *data;
        char port[24];
        snprintf(port, sizeof port, "raw:%d", 20000 + (int)(getpid() % 20000));
        grat_sim_instrument one = {.model = "ds1104z", .address = "127.0.0.1", .wires = port, .options = "running=0",
                                   .faults = faults[i]};
        grat_live_out to = {GRAT_LIVE_Y4M, path, false, NULL};
        grat_live_options o = {.size = sizeof o, .frames = FRAMES, .out = &to, .outs = 1,
                               .recipe = i % 2 ? "bmp8" : "png"};
        grat_op_init(&op, 60000, NULL);
        EQ(grat_sim_new(&one, 1, 7, &op, &sim), GRAT_OK);
        if (!sim) return;
        void *args[2] = {sim, grat_cancel_new()};
        pthread_create(&thread, NULL, serve, args);
        EQ(grat_live(grat_sim_resource(sim, 0), NULL, &o, &t, &op), GRAT_OK);
        EQ(t.bad, 0);
        if (i == 4) TRUE(t.seconds < 3);   /* one connection for all: each other one would cost 0.4 s */
        size_t n = load(path, &data), head = n - n % (SIZE + 6);
        EQ(t.out, FRAMES);
        TRUE(head == FRAMES * (SIZE + 6));
        for (unsigned k = 1; head == FRAMES * (SIZE + 6) && k < FRAMES && i != 3; k++)
            EQ(memcmp(data + n - SIZE, data + n - SIZE - k * (SIZE + 6), SIZE), 0);
        free(data);
        unlink(path);
        grat_cancel_fire(args[1]);
        pthread_join(thread, NULL);
        grat_cancel_free(args[1]);
        grat_sim_free(sim);
    }
}

/* Our own pictures, of the size that was asked for, to two files that are the same. */
TEST(drawn)
{
    static const char *const resources[] = {"SIM::ds1104z", "SIM::bitscope"};
    char second[80];
    snprintf(second, sizeof second, "%s.2", path);
    for (unsigned i = 0; i < 2; i++) {
        grat_live_totals t;
        grat_op op;
        uint8_t *a, *b;
        grat_live_out to[2] = {{GRAT_LIVE_Y4M, path, false, NULL}, {GRAT_LIVE_Y4M, second, false, NULL}};
        grat_live_options o = {.size = sizeof o, .rate = 20, .frames = 8, .out = to, .outs = 2,
                               .width = 640, .height = 400, .source = i ? GRAT_LIVE_AUTO : GRAT_LIVE_DRAW};
        grat_op_init(&op, 60000, NULL);
        EQ(grat_live(resources[i], NULL, &o, &t, &op), GRAT_OK);
        STR(t.recipe, "draw");
        EQ(t.width, 640);
        size_t n = load(path, &a), m = load(second, &b);
        EQ(n, m);
        TRUE(n > 8 * 640 * 400 * 3 / 2);
        TRUE(a && b && n == m && memcmp(a, b, n) == 0);
        /* The picture moves. */
        size_t frame = 640 * 400 * 3 / 2 + 6;
        TRUE(n > 8 * frame && memcmp(a + n - frame, a + n - 3 * frame, frame) != 0);
        free(a);
        free(b);
        unlink(path);
        unlink(second);
    }
}

/* Recordings, beside one another; ffprobe looks into them in tests/interop. */
TEST(recorded)
{
    char mp4[80], mkv[80], avi[80];
    uint8_t *a = NULL, *b = NULL;
    grat_live_totals t;
    grat_op op;
    snprintf(mp4, sizeof mp4, "%s.mp4", path);
    snprintf(mkv, sizeof mkv, "%s.mkv", path);
    snprintf(avi, sizeof avi, "%s.avi", path);
    grat_live_out to[2] = {{.kind = GRAT_LIVE_RECORD, .target = mp4}, {.kind = GRAT_LIVE_RECORD, .target = mkv}};
    grat_live_options o = {.size = sizeof o, .frames = 10, .rate = 50, .out = to, .outs = 2,
                           .source = GRAT_LIVE_DRAW};
    grat_op_init(&op, 60000, NULL);
    grat_err e = grat_live("SIM::ds1104z", NULL, &o, &t, &op);
    if (e == GRAT_ENOTSUP) {
        fprintf(stderr, "note: %s\n", op.text);
        return;
    }
    EQ(e, GRAT_OK);
    size_t n = load(mp4, &a), m = load(mkv, &b);
    TRUE(n > 1000 && a && memcmp(a + 4, "ftyp", 4) == 0 && memmem(a, n, "moov", 4) != NULL);
    TRUE(m > 1000 && b && memcmp(b, "\x1a\x45\xdf\xa3", 4) == 0);
    free(a);
    free(b);
    unlink(mp4);
    unlink(mkv);
    to[0].target = avi;
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_EFORMAT);
    to[0].target = "/nonexistent/x.mp4";
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_EIO);
    to[0].target = "/dev/full";
    to[0].kind = GRAT_LIVE_Y4M;
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_ENOSPC);
    unlink(mkv);
}

/* What the scope is set to before it is drawn. */
TEST(drawn_as_asked)
{
    grat_live_totals t;
    grat_op op;
    grat_request q;
    grat_live_options o = {.size = sizeof o, .frames = 2, .out = &nowhere, .outs = 1, .source = GRAT_LIVE_DRAW,
                           .request = &q};
    grat_request_init(&q);
    q.any_channel = q.channel[3] = true;
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live("SIM::bitscope", NULL, &o, &t, &op), GRAT_ERANGE);
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    EQ(grat_live("SIM::ds1102e", NULL, &o, &t, &op), GRAT_ENODEV);
}

/* The screen where it comes at the rate, else what is faster. */
TEST(the_faster_source)
{
    grat_live_totals t;
    grat_op op;
    grat_live_options o = {.size = sizeof o, .frames = 2, .rate = 2, .out = &nowhere, .outs = 1};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    TRUE(strncmp(t.recipe, "rigol-1000z-", 12) == 0);
    o.rate = 1000;   /* which one is faster depends on this computer */
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    TRUE(t.recipe[0]);
}

/* The deadline ends it without an error. */
TEST(a_limit_in_time)
{
    grat_live_totals t;
    grat_op op;
    grat_live_options o = {.size = sizeof o, .rate = 20, .duration = 0.5, .out = &nowhere, .outs = 1};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live("SIM::ds1102e", NULL, &o, &t, &op), GRAT_OK);
    TRUE(t.out >= 1 && t.out + t.late <= 12);
    TRUE(t.seconds >= 0.5);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/grat-live-%ld.y4m", (long)getpid());
    RUN(whole_files);
    RUN(fastest_of_a_family);
    RUN(what_cannot_be);
    RUN(every_kind_of_picture);
    RUN(the_age_of_a_picture);
    RUN(asked_ahead);
    RUN(drawn);
    RUN(recorded);
    RUN(drawn_as_asked);
    RUN(the_faster_source);
    RUN(a_limit_in_time);
    return TEST_RESULT();
}
