/* Every family's way to its screen, against simulated instruments that were written from the reference, not from the
 * recipes; in process, so the wires do not matter here. */
#include "test.h"

#include <graticule/graticule.h>

static const struct {
    const char *model, *recipe;
    unsigned w, h;
} rows[] = {
    {"ds1104z", "rigol-1000z-png", 800, 480},       {"ds1102e", "rigol-1000e", 320, 234},
    {"ds2302a", "rigol-2000", 800, 480},            {"mso5074", "rigol-5000", 1024, 600},
    {"dho924", "rigol-dho-png", 1024, 600},         {"sds1104xe", "siglent-sds", 800, 480},
    {"sds2104xplus", "siglent-sds-png", 1024, 600}, {"dsox2002a", "keysight-x-png", 800, 480},
    {"dso6034a", "keysight-dso", 640, 480},         {"tds2024c", "tektronix-2000", 640, 480},
    {"tds3054b", "tektronix-tds3000", 640, 480},    {"mso54", "tektronix-mso5", 1920, 1080},
    {"rtb2004", "rs-rtb", 1280, 800},               {"hmo1202", "rs-rtb", 640, 480},
    {"rth1004", "rs-rth", 800, 480},                {"waverunner", "lecroy", 1280, 800},
};

static grat_session *open_model(const char *model, grat_op *op)
{
    char name[80];
    grat_session *s = NULL;
    snprintf(name, sizeof name, "SIM::%s", model);
    EQ(grat_open(name, NULL, op, &s), GRAT_OK);
    return s;
}

TEST(every_family_as_png)
{
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        grat_screenshot shot;
        grat_op op;
        grat_op_init(&op, 30000, NULL);
        grat_session *s = open_model(rows[i].model, &op);
        grat_err e = grat_screenshot_get(s, GRAT_IMG_PNG, &shot, &op);
        if (e) {
            TEST_FAIL("%s: %s", rows[i].model, op.text);
        } else {
            STR(shot.recipe, rows[i].recipe);
            EQ(shot.kind, GRAT_IMG_PNG);
            EQ(shot.width, rows[i].w);
            EQ(shot.height, rows[i].h);
            grat_screenshot_free(&shot);
        }
        grat_close(s);
    }
}

TEST(settings_are_put_back)
{
    char text[64];
    grat_screenshot shot;
    grat_op op;
    grat_op_init(&op, 30000, NULL);
    grat_session *s = open_model("tds3054b", &op);
    EQ(grat_screenshot_get(s, GRAT_IMG_PNG, &shot, &op), GRAT_OK);
    grat_screenshot_free(&shot);
    EQ(grat_query(s, "HARDCOPY:PORT?", text, sizeof text, &op), GRAT_OK);
    STR(text, "CEN");
    grat_close(s);
}

/* An instrument without a screen says no to every recipe, soon. */
TEST(an_unknown_instrument_without_a_screen)
{
    grat_screenshot shot;
    grat_op op;
    grat_op_init(&op, 60000, NULL);
    grat_session *s = open_model("plain", &op);
    int64_t start = grat_now_ns();
    TRUE(grat_screenshot_get(s, GRAT_IMG_PNG, &shot, &op) != GRAT_OK);
    TRUE(strstr(op.text, "none of 5 general recipes worked"));
    TRUE(grat_now_ns() - start < 20000000000);
    grat_op_init(&op, 5000, NULL);
    char text[64];
    EQ(grat_query(s, ":ECHO? still here", text, sizeof text, &op), GRAT_OK);
    STR(text, "still here");
    grat_close(s);
}

int main(void)
{
    RUN(every_family_as_png);
    RUN(settings_are_put_back);
    RUN(an_unknown_instrument_without_a_screen);
    return TEST_RESULT();
}
