/* The screen of simulated instruments as YUV4MPEG2 files, against the picture that a screenshot has. */
#include "test.h"

#include <graticule/graticule.h>

#include <unistd.h>

static char path[64];

static size_t load(uint8_t **out)
{
    FILE *f = fopen(path, "rb");
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
    grat_live_options o = {.size = sizeof o, .rate = rate, .frames = FRAMES, .y4m = path};
    grat_op_init(&op, 60000, NULL);
    EQ(grat_live(resource, NULL, &o, &t, &op), GRAT_OK);
    if (op.err) fprintf(stderr, "%s\n", op.text);
    EQ(t.out, FRAMES);
    EQ(t.width, w);
    EQ(t.height, h);
    if (rate == 0) EQ(t.repeated + t.dropped, 0);
    size_t n = load(&data), frame = (size_t)w * h * 3 / 2;
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
    grat_live_options o = {.size = sizeof o, .frames = 2, .y4m = "/dev/null"};
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
    grat_live_options o = {.size = sizeof o, .y4m = "/nonexistent/x.y4m"};
    grat_op_init(&op, 60000, NULL);
    TRUE(grat_live("SIM::ds1102e", NULL, &o, NULL, &op) != GRAT_OK);
    o.y4m = NULL;
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
    o.v4l2 = "/dev/null";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_ENOTSUP);
    o.v4l2 = "/nonexistent/video";
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_ENODEV);
    o.rate = 1e9;
    EQ(grat_live("SIM::ds1102e", NULL, &o, NULL, &op), GRAT_EINVAL);
}

/* The deadline ends it without an error. */
TEST(a_limit_in_time)
{
    grat_live_totals t;
    grat_op op;
    grat_live_options o = {.size = sizeof o, .rate = 20, .duration = 0.5, .y4m = "/dev/null"};
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
    RUN(a_limit_in_time);
    return TEST_RESULT();
}
