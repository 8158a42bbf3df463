#include "format/image/image.h"

#include "test.h"

#include "core/buf.h"

static grat_op op;

/* A 3 x 2 picture: red green blue / black white grey. */
static const uint8_t pixels[2][3][3] = {{{255, 0, 0}, {0, 255, 0}, {0, 0, 255}},
                                        {{0, 0, 0}, {255, 255, 255}, {99, 99, 99}}};

static const uint8_t bmp24[] = {
    'B', 'M', 78, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 24, 0,
    0, 0, 0, 0, 24, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 255, 255, 255, 99, 99, 99, 0, 0, 0, 0, 0, 255, 0, 255, 0, 255, 0, 0, 0, 0, 0};

static void check_pixels(const grat__raster *r)
{
    EQ(r->width, 3);
    EQ(r->height, 2);
    for (unsigned i = 0; i < 6; i++) {
        const uint8_t *p = r->pixels + r->stride * (i / 3) + (size_t)(i % 3) * r->channels;
        MEM(r->channels == 1 ? r->palette[*p] : p, pixels[i / 3][i % 3], 3);
    }
}

TEST(kinds_are_seen)
{
    EQ(grat_image_detect("\x89PNG\r\n\x1a\n", 8), GRAT_IMG_PNG);
    EQ(grat_image_detect("\x89PNG\r\n\x1a\n", 7), GRAT_IMG_UNKNOWN);
    EQ(grat_image_detect("BM", 2), GRAT_IMG_BMP);
    EQ(grat_image_detect("\xff\xd8\xff\xe0", 4), GRAT_IMG_JPEG);
    EQ(grat_image_detect("II*\0", 4), GRAT_IMG_TIFF);
    EQ(grat_image_detect("GIF89a", 6), GRAT_IMG_GIF);
    EQ(grat_image_detect("", 0), GRAT_IMG_UNKNOWN);
}

TEST(bmp_24_bit)
{
    grat__raster r;
    EQ(grat__bmp_decode(bmp24, sizeof bmp24, &r, &op), GRAT_OK);
    check_pixels(&r);
    uint8_t *out = NULL;
    size_t n = 0;
    EQ(grat__bmp_encode(&r, &out, &n, &op), GRAT_OK);
    EQ(n, sizeof bmp24);
    MEM(out, bmp24, sizeof bmp24);
    free(out);
    grat__raster_free(&r);
}

TEST(bmp_other_depths_and_top_down)
{
    uint8_t b[256] = {'B', 'M'};
    grat__raster r;
    grat__put_le32(b + 2, 54 + 24), grat__put_le32(b + 10, 54), grat__put_le32(b + 14, 40);
    grat__put_le32(b + 18, 3), grat__put_le32(b + 22, (uint32_t)-2), b[26] = 1, b[28] = 32;
    for (unsigned i = 0; i < 6; i++)
        for (unsigned k = 0; k < 3; k++) b[54 + 4 * i + k] = pixels[i / 3][i % 3][2 - k];
    EQ(grat__bmp_decode(b, 54 + 24, &r, &op), GRAT_OK);
    check_pixels(&r);
    grat__raster_free(&r);

    b[28] = 4, b[46] = 6;
    grat__put_le32(b + 10, 54 + 24), grat__put_le32(b + 2, 54 + 24 + 8);
    memset(b + 78, 0, 8);
    b[78] = 0x01, b[79] = 0x20, b[82] = 0x34, b[83] = 0x50;
    EQ(grat__bmp_decode(b, 54 + 24 + 8, &r, &op), GRAT_OK);
    EQ(r.channels, 1);
    check_pixels(&r);
    grat__raster_free(&r);

    b[28] = 16, b[46] = 0;
    grat__put_le32(b + 10, 54), grat__put_le32(b + 22, 1);
    grat__put_le16(b + 54, 0x7c00), grat__put_le16(b + 56, 0x03e0), grat__put_le16(b + 58, 0x001f);
    EQ(grat__bmp_decode(b, 54 + 8, &r, &op), GRAT_OK);
    MEM(r.pixels, pixels[0], 9);
    grat__raster_free(&r);
}

TEST(bmp_hostile_headers_are_refused)
{
    static const struct { unsigned at; uint32_t value; grat_err want; } bad[] = {
        {10, 0xfffffff0, GRAT_ESHORT}, {10, 10, GRAT_ESHORT},      {14, 41000, GRAT_EPROTO}, {18, 0, GRAT_ETOOBIG},
        {18, 0x7fffffff, GRAT_ETOOBIG}, {22, 0x80000000, GRAT_ETOOBIG}, {22, 3, GRAT_ESHORT}, {30, 1, GRAT_ENOTSUP},
        {26, 7 << 16 | 1, GRAT_EPROTO},  {26, 0 << 16 | 1, GRAT_EPROTO}, {18, 20000, GRAT_ESHORT}};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t b[sizeof bmp24];
        grat__raster r = {0};
        memcpy(b, bmp24, sizeof b);
        grat__put_le32(b + bad[i].at, bad[i].value);
        EQ(grat__bmp_decode(b, sizeof b, &r, &op), bad[i].want);
    }
    for (size_t n = 0; n < sizeof bmp24; n++) {
        grat__raster r;
        TRUE(grat__bmp_decode(bmp24, n, &r, &op) != GRAT_OK);
    }
}

static void round_trip(grat_image_kind kind, const uint8_t *in, size_t n)
{
    uint8_t *there = NULL, *back = NULL;
    size_t there_n = 0, back_n = 0;
    unsigned w = 0, h = 0;
    EQ(grat_image_convert(in, n, kind, &there, &there_n, &w, &h, &op), GRAT_OK);
    EQ(grat_image_detect(there, there_n), kind);
    uint64_t size;
    EQ(grat__image_size(kind, there, there_n, &size), GRAT_OK);
    EQ(size, there_n);
    for (size_t cut = 0; cut < there_n; cut++) {
        uint8_t *none = NULL;
        TRUE(grat_image_convert(there, cut, GRAT_IMG_BMP, &none, &back_n, &w, &h, &op) != GRAT_OK);
    }
    EQ(grat_image_convert(there, there_n, GRAT_IMG_BMP, &back, &back_n, &w, &h, &op), GRAT_OK);
    EQ(w, grat__le32(in + 18));
    EQ(h, grat__le32(in + 22));
    EQ(back_n, n);
    if (kind != GRAT_IMG_JPEG && back_n == n) MEM(back, in, n);
    free(there);
    free(back);
}

TEST(conversions_come_back)
{
    round_trip(GRAT_IMG_PNG, bmp24, sizeof bmp24);
    round_trip(GRAT_IMG_BMP, bmp24, sizeof bmp24);
    round_trip(GRAT_IMG_JPEG, bmp24, sizeof bmp24);
}

/* `colours` distinct colours on a w x w picture. */
static void many_colours(unsigned w, unsigned colours)
{
    grat__raster r;
    uint8_t *bmp = NULL;
    size_t n = 0;
    EQ(grat__raster_init(&r, w, w, 3, &op), GRAT_OK);
    for (unsigned i = 0; i < w * w; i++) {
        unsigned c = i % colours;
        r.pixels[3 * i] = (uint8_t)c, r.pixels[3 * i + 1] = (uint8_t)(c >> 8), r.pixels[3 * i + 2] = (uint8_t)(c * 37);
    }
    EQ(grat__bmp_encode(&r, &bmp, &n, &op), GRAT_OK);
    round_trip(GRAT_IMG_PNG, bmp, n);
    free(bmp);
    grat__raster_free(&r);
}

TEST(palettes_and_true_colour)
{
    many_colours(33, 1);
    many_colours(33, 16);
    many_colours(33, 17);
    many_colours(33, 256);
    many_colours(33, 257);
    many_colours(20, 400);
}

/* IHDR 1 x 1, one text chunk with IHDR's CRC as the DS1000Z sends it, IDAT, IEND, one LF of the block. */
static const uint8_t rigol[] =
    "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90\x77\x53\xde"
    "\0\0\0\x0ctEXtAuthor\0RIGOL\x90\x77\x53\xde"
    "\0\0\0\x0cIDAT\x78\x9c\x63\x60\x60\x60\0\0\0\4\0\1\xf6\x17\x38\x55\0\0\0\0IEND\xae\x42\x60\x82\n";

TEST(png_of_the_ds1000z_is_mended)
{
    uint8_t b[sizeof rigol];
    size_t n = sizeof rigol - 1;
    bool repaired = false;
    memcpy(b, rigol, sizeof rigol);
    EQ(grat__png_repair(b, &n, &repaired), GRAT_OK);
    TRUE(repaired);
    EQ(n, sizeof rigol - 2);
    EQ(grat__be32(b + 33 + 8 + 12), 0xE7888CC9);
    EQ(grat__png_repair(b, &n, &repaired), GRAT_OK);
    TRUE(!repaired);
    for (size_t cut = 8; cut < n; cut++) {
        uint8_t c[sizeof rigol];
        size_t m = cut;
        memcpy(c, rigol, sizeof rigol);
        EQ(grat__png_repair(c, &m, &repaired), GRAT_ESHORT);
    }
}

TEST(png_with_a_damaged_picture_is_an_error)
{
    static const size_t critical[] = {17, 30, 70, 80};
    for (unsigned i = 0; i < 4; i++) {
        uint8_t b[sizeof rigol];
        size_t n = sizeof rigol - 1;
        bool repaired;
        memcpy(b, rigol, sizeof rigol);
        b[critical[i]] ^= 0x40;
        EQ(grat__png_repair(b, &n, &repaired), GRAT_EPROTO);
    }
}

TEST(jpeg_ends_at_eoi)
{
    static const uint8_t j[] = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 0xff, 0xd9, 0xff, 0xda, 0, 2, 1, 0xff,
                                0,    2,    0xff, 0xd3, 3, 0xff, 0xff, 0xd9, 0x0a};
    uint64_t size = 0;
    EQ(grat__image_size(GRAT_IMG_JPEG, j, sizeof j, &size), GRAT_OK);
    EQ(size, sizeof j - 1);
    for (size_t cut = 0; cut < sizeof j - 1; cut++) EQ(grat__image_size(GRAT_IMG_JPEG, j, cut, &size), GRAT_ESHORT);
    EQ(grat__image_size(GRAT_IMG_JPEG, j + 1, sizeof j - 1, &size), GRAT_EPROTO);
}

TEST(bmp_size_is_its_header)
{
    uint64_t size = 0;
    EQ(grat__image_size(GRAT_IMG_BMP, bmp24, sizeof bmp24, &size), GRAT_OK);
    EQ(size, 78);
    EQ(grat__image_size(GRAT_IMG_BMP, bmp24, 77, &size), GRAT_ESHORT);
    EQ(size, 78);
    EQ(grat__image_size(GRAT_IMG_BMP, (const uint8_t *)"XM", 2, &size), GRAT_EPROTO);
}

int main(void)
{
    grat_op_init(&op, 60000, NULL);
    RUN(kinds_are_seen);
    RUN(bmp_24_bit);
    RUN(bmp_other_depths_and_top_down);
    RUN(bmp_hostile_headers_are_refused);
    RUN(conversions_come_back);
    RUN(palettes_and_true_colour);
    RUN(png_of_the_ds1000z_is_mended);
    RUN(png_with_a_damaged_picture_is_an_error);
    RUN(jpeg_ends_at_eoi);
    RUN(bmp_size_is_its_header);
    return TEST_RESULT();
}
