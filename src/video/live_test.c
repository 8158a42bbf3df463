/* The screen of simulated instruments as YUV4MPEG2 files, against the picture that a screenshot has. */
#include "test.h"

#include <graticule/graticule.h>

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
        grat_live_options o = {.size = sizeof o, .frames = 8, .out = to, .outs = 2, .width = 640, .height = 400,
                               .source = i ? GRAT_LIVE_AUTO : GRAT_LIVE_DRAW};
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
    o.rate = 0;
    EQ(grat_live("SIM::ds1104z", NULL, &o, &t, &op), GRAT_OK);
    STR(t.recipe, "draw");
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
    RUN(drawn);
    RUN(recorded);
    RUN(drawn_as_asked);
    RUN(the_faster_source);
    RUN(a_limit_in_time);
    return TEST_RESULT();
}
