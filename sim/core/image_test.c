#include "sim/core/image.h"

#include "test.h"

#include <zlib.h>

enum { W = 800, H = 480 };
static uint8_t picture[W * H * 3];

static void fill(void)
{
    for (unsigned i = 0; i < sizeof picture; i++) picture[i] = (uint8_t)(i / 7 % 97 + i / 2400);
}

static bool encode(sim_image_kind kind, unsigned flags, grat__buf *b)
{
    grat__buf_init(b, 4 << 20);
    return sim_image_encode(kind, picture, W, H, flags, b);
}

TEST(bmp24_is_byte_exact)
{
    static const uint8_t head[] = {'B', 'M', 0x36, 0x94, 0x11, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0,
                                   0x20, 3, 0, 0, 0xe0, 1, 0, 0, 1, 0, 24, 0, 0, 0, 0, 0};
    grat__buf b;
    TRUE(encode(SIM_IMG_BMP24, 0, &b));
    EQ(b.len, 1152054);
    MEM(b.data, head, sizeof head);
    const uint8_t *last_row = picture + (size_t)(H - 1) * W * 3;
    EQ(b.data[54], last_row[2]);
    EQ(b.data[56], last_row[0]);
    EQ(b.data[1152053], picture[W * 3 - 3]);
    grat__buf_free(&b);
}

TEST(bmp8_has_a_palette)
{
    grat__buf b;
    TRUE(encode(SIM_IMG_BMP8, 0, &b));
    EQ(b.len, 385078);
    EQ(grat__le32(b.data + 2), 385078);
    EQ(grat__le32(b.data + 10), 1078);
    EQ(grat__le16(b.data + 28), 8);
    EQ(b.data[54 + 255 * 4 + 2], 255);
    grat__buf_free(&b);
}

TEST(png_crcs_of_the_scope)
{
    static const struct { const char *key; uint32_t crc; } want[] = {
        {"Author", 0xE7888CC9}, {"Source", 0x3F5A1D97}, {"Description", 0xC1A535C1}, {"Copyright", 0xE31461AF}};
    for (unsigned bad = 0; bad < 2; bad++) {
        grat__buf b;
        TRUE(encode(SIM_IMG_PNG, SIM_IMG_RIGOL_TEXTS | (bad ? SIM_IMG_BAD_CRC : 0), &b));
        EQ(grat__be32(b.data + 29), 0xD2659EA2);
        size_t at = 33;
        for (unsigned i = 0; i < 4; i++) {
            size_t n = grat__be32(b.data + at);
            MEM(b.data + at + 4, "tEXt", 4);
            STR((const char *)b.data + at + 8, want[i].key);
            EQ(grat__be32(b.data + at + 8 + n), bad ? 0xD2659EA2 : want[i].crc);
            at += n + 12;
        }
        MEM(b.data + at + 4, "IDAT", 4);
        EQ(b.data[at + 8], 0x78);
        EQ(b.data[at + 9], 0x01);
        MEM(b.data + b.len - 12, "\0\0\0\0IEND\xae\x42\x60\x82", 12);
        grat__buf_free(&b);
    }
}

TEST(png_pixels_come_back)
{
    static uint8_t raw[(W * 3 + 1) * H];
    grat__buf b;
    TRUE(encode(SIM_IMG_PNG, 0, &b));
    uLongf n = sizeof raw;
    EQ(uncompress(raw, &n, b.data + 41, grat__be32(b.data + 33)), Z_OK);
    EQ(n, sizeof raw);
    for (size_t y = 1; y < H; y++)
        for (size_t i = 1; i <= W * 3; i++) raw[y * (W * 3 + 1) + i] += raw[(y - 1) * (W * 3 + 1) + i];
    for (size_t y = 0; y < H; y++) MEM(raw + y * (W * 3 + 1) + 1, picture + y * W * 3, W * 3);
    grat__buf_free(&b);
}

TEST(jpeg_and_tiff_begin_and_end)
{
    grat__buf b;
    TRUE(encode(SIM_IMG_JPEG, 0, &b));
    MEM(b.data, "\xff\xd8\xff", 3);
    MEM(b.data + b.len - 2, "\xff\xd9", 2);
    grat__buf_free(&b);
    TRUE(encode(SIM_IMG_TIFF, 0, &b));
    MEM(b.data, "II*\0\x08", 5);
    MEM(b.data + b.len - sizeof picture, picture, sizeof picture);
    grat__buf_free(&b);
}

TEST(limits_are_kept)
{
    grat__buf b;
    for (int kind = SIM_IMG_BMP24; kind <= SIM_IMG_TIFF; kind++) {
        grat__buf_init(&b, 1000);
        TRUE(!sim_image_encode((sim_image_kind)kind, picture, W, H, 0, &b));
        TRUE(b.len <= 1000);
        TRUE(!sim_image_encode((sim_image_kind)kind, picture, 0, H, 0, &b));
        grat__buf_free(&b);
    }
}

int main(void)
{
    fill();
    RUN(bmp24_is_byte_exact);
    RUN(bmp8_has_a_palette);
    RUN(png_crcs_of_the_scope);
    RUN(png_pixels_come_back);
    RUN(jpeg_and_tiff_begin_and_end);
    RUN(limits_are_kept);
    return TEST_RESULT();
}
