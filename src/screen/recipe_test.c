#include "screen/recipe.h"

#include "test.h"

#include "core/buf.h"
#include "core/str.h"

static grat_op op;

static const char *first(const char *vendor, const char *model, grat_image_kind want)
{
    const grat__recipe *list[GRAT__RECIPES_MAX];
    grat_identity id = {0};
    snprintf(id.vendor, sizeof id.vendor, "%s", vendor);
    snprintf(id.model, sizeof id.model, "%s", model);
    return grat__recipes_for(&id, want, list) ? list[0]->name : "none";
}

TEST(globs)
{
    TRUE(grat__glob("*rigol*", "RIGOL TECHNOLOGIES"));
    TRUE(grat__glob("DS1*Z*|MSO1*Z*", "mso1104z-S Plus"));
    TRUE(!grat__glob("DS1*Z*|MSO1*Z*", "DS1102E"));
    TRUE(grat__glob("*", ""));
    TRUE(!grat__glob("?", ""));
    TRUE(grat__glob("a*b*c", "aXbYbZc"));
    TRUE(!grat__glob("a*b", "abc"));
    TRUE(grat__glob("x|", ""));
}

TEST(every_known_model_finds_its_recipe)
{
    static const struct { const char *vendor, *model, *png, *bmp; } want[] = {
        {"RIGOL TECHNOLOGIES", "DS1104Z", "rigol-1000z-png", "rigol-1000z-bmp"},
        {"Rigol Technologies", "MSO1104Z-S", "rigol-1000z-png", "rigol-1000z-bmp"},
        {"RIGOL TECHNOLOGIES", "DS1202Z-E", "rigol-1000z-png", "rigol-1000z-bmp"},
        {"Rigol Technologies", "DS1102E", "rigol-1000e", "rigol-1000e"},
        {"RIGOL TECHNOLOGIES", "DS2072A", "rigol-2000", "rigol-2000"},
        {"RIGOL TECHNOLOGIES", "MSO5074", "rigol-5000", "rigol-5000"},
        {"RIGOL TECHNOLOGIES", "DHO804", "rigol-dho-png", "rigol-dho-bmp"},
        {"Siglent Technologies", "SDS1104X-E", "siglent-sds", "siglent-sds"},
        {"Siglent Technologies", "SDS2104X Plus", "siglent-sds-png", "siglent-sds-bmp"},
        {"AGILENT TECHNOLOGIES", "DSO-X 6004A", "keysight-x-png", "keysight-x-bmp"},
        {"KEYSIGHT TECHNOLOGIES", "MSOX3054T", "keysight-x-png", "keysight-x-bmp"},
        {"AGILENT TECHNOLOGIES", "MSO6034A", "keysight-dso", "keysight-dso"},
        {"TEKTRONIX", "MSO54", "tektronix-mso5", "tektronix-mso5"},
        {"TEKTRONIX", "MSO2024", "tektronix-2000", "tektronix-2000"},
        {"TEKTRONIX", "TDS3014B", "tektronix-tds3000", "tektronix-tds3000"},
        {"TEKTRONIX", "TDS2024C", "tektronix-2000", "tektronix-2000"},
        {"Rohde&Schwarz", "RTB2004", "rs-rtb", "rs-rtb"},
        {"HAMEG", "HMO1002", "rs-rtb", "rs-rtb"},
        {"Rohde&Schwarz", "RTH1004", "rs-rth", "rs-rth"},
        {"LECROY", "WP960", "lecroy", "lecroy"},
        {"ACME", "Scope 3000", "generic-display-data-png", "generic-display-data"}};
    for (unsigned i = 0; i < sizeof want / sizeof *want; i++) {
        STR(first(want[i].vendor, want[i].model, GRAT_IMG_PNG), want[i].png);
        STR(first(want[i].vendor, want[i].model, GRAT_IMG_BMP), want[i].bmp);
    }
}

TEST(fallbacks_follow_and_stay_with_the_instrument)
{
    const grat__recipe *list[GRAT__RECIPES_MAX];
    grat_identity id = {.vendor = "RIGOL TECHNOLOGIES", .model = "DS1104Z"};
    unsigned n = grat__recipes_for(&id, GRAT_IMG_PNG, list);
    EQ(n, 4);
    STR(list[1]->name, "rigol-1000z-bmp");
    for (unsigned i = 0; i < n; i++) TRUE(list[i]->vendor != NULL);
    id = (grat_identity){0};
    n = grat__recipes_for(&id, GRAT_IMG_UNKNOWN, list);
    TRUE(n > 2);
    for (unsigned i = 0; i < n; i++) TRUE(list[i]->vendor == NULL && list[i]->timeout_ms <= 5000);
}

TEST(scripts_split_into_lines)
{
    char line[8];
    const char *at = grat__script_line("one\ntwo long line\n?x", line, sizeof line);
    STR(line, "one");
    at = grat__script_line(at, line, sizeof line);
    STR(line, "two lon");
    at = grat__script_line(at, line, sizeof line);
    STR(line, "?x");
    TRUE(grat__script_line(at, line, sizeof line) == NULL);
    TRUE(grat__script_line(NULL, line, sizeof line) == NULL);
}

static void make_bmp(uint8_t bmp[62])
{
    memset(bmp, 0, 62);
    memcpy(bmp, "BM", 2);
    bmp[2] = 62, bmp[10] = 54, bmp[14] = 40, bmp[18] = 2, bmp[22] = 1, bmp[26] = 1, bmp[28] = 24;
    bmp[54] = 255, bmp[59] = 255;
}

TEST(raw_pictures_are_sized_by_their_header)
{
    uint8_t bmp[62];
    uint64_t size;
    make_bmp(bmp);
    for (size_t n = 0; n < sizeof bmp; n++) EQ(grat__raw_progress(bmp, n, &size), GRAT_ESHORT);
    EQ(grat__raw_progress(bmp, sizeof bmp, &size), GRAT_OK);
    EQ(size, 62);
    EQ(grat__raw_progress((const uint8_t *)"command error", 13, &size), GRAT_EPROTO);
}

TEST(cut_pictures_are_never_a_success)
{
    uint8_t bmp[64];
    grat_screenshot shot = {0};
    make_bmp(bmp);
    bmp[62] = bmp[63] = '\n';
    for (size_t n = 8; n < 62; n++) {
        EQ(grat__shot_finish(bmp, n, GRAT_IMG_UNKNOWN, &shot, &op), GRAT_ESHORT);
        EQ(grat__shot_finish(bmp, n, GRAT_IMG_PNG, &shot, &op), GRAT_ESHORT);
    }
    TRUE(shot.data == NULL);
    EQ(grat__shot_finish((const uint8_t *)"command error", 13, GRAT_IMG_PNG, &shot, &op), GRAT_EFORMAT);
    EQ(grat__shot_finish(bmp, 64, GRAT_IMG_BMP, &shot, &op), GRAT_OK);
    EQ(shot.size, 62);
    grat_screenshot_free(&shot);
    EQ(grat__shot_finish(bmp, 64, GRAT_IMG_UNKNOWN, &shot, &op), GRAT_OK);
    EQ(shot.size, 64);
    EQ(shot.kind, GRAT_IMG_BMP);
    grat_screenshot_free(&shot);
}

TEST(a_bmp_in_place_of_png_is_converted_and_mended_ones_say_so)
{
    uint8_t bmp[62], png[512];
    grat_screenshot shot = {0}, again = {0};
    make_bmp(bmp);
    EQ(grat__shot_finish(bmp, sizeof bmp, GRAT_IMG_PNG, &shot, &op), GRAT_OK);
    EQ(shot.kind, GRAT_IMG_PNG);
    EQ(shot.width, 2);
    EQ(shot.height, 1);
    TRUE(!shot.repaired && shot.size < 400);
    memcpy(png, shot.data, 33);
    memcpy(png + 33, "\0\0\0\x0ctEXtAuthor\0RIGOL", 20);
    memcpy(png + 53, png + 29, 4);
    memcpy(png + 57, shot.data + 33, shot.size - 33);
    EQ(grat__shot_finish(png, shot.size + 24, GRAT_IMG_PNG, &again, &op), GRAT_OK);
    TRUE(again.repaired);
    EQ(grat__be32(again.data + 53), 0xE7888CC9);
    grat_screenshot_free(&again);
    EQ(grat__shot_finish(png, shot.size + 23, GRAT_IMG_PNG, &again, &op), GRAT_ESHORT);
    grat_screenshot_free(&shot);
}

TEST(embedded_blocks)
{
    const uint8_t *m = (const uint8_t *)"TRFL #15HELLOABCDEF01\n\n";
    size_t offset = 0, length = 0;
    EQ(grat__embedded_block(m, 23, &offset, &length), GRAT_OK);
    EQ(offset, 8);
    EQ(length, 5);
    EQ(grat__embedded_block(m, 12, &offset, &length), GRAT_ESHORT);
    EQ(grat__embedded_block((const uint8_t *)"#0abc", 5, &offset, &length), GRAT_EPROTO);
}

int main(void)
{
    grat_op_init(&op, 60000, NULL);
    RUN(globs);
    RUN(every_known_model_finds_its_recipe);
    RUN(fallbacks_follow_and_stay_with_the_instrument);
    RUN(scripts_split_into_lines);
    RUN(raw_pictures_are_sized_by_their_header);
    RUN(cut_pictures_are_never_a_success);
    RUN(a_bmp_in_place_of_png_is_converted_and_mended_ones_say_so);
    RUN(embedded_blocks);
    return TEST_RESULT();
}
