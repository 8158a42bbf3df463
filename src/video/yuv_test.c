/* The conversion against the formulas of BT.601 in floating point. */
#include "test.h"

#include "video/yuv.h"

static double mean(const grat__raster *r, unsigned x, unsigned y, unsigned colour)
{
    double sum = 0;
    for (unsigned k = 0; k < 4; k++) {
        unsigned px = x + (k & 1) < r->width ? x + (k & 1) : x, py = y + (k >> 1) < r->height ? y + (k >> 1) : y;
        const uint8_t *p = r->pixels + r->stride * py + (size_t)px * r->channels;
        sum += (r->channels == 1 ? r->palette[*p] : p)[colour];
    }
    return sum / 4 / 255;
}

/* How far the worst value is from the formula. */
static double worst(const grat__yuv *f, const grat__raster *r)
{
    double bad = 0;
    size_t luma = (size_t)f->width * f->height;
    for (unsigned y = 0; y < r->height; y++) {
        for (unsigned x = 0; x < r->width; x++) {
            const uint8_t *p = r->pixels + r->stride * y + (size_t)x * r->channels;
            const uint8_t *c = r->channels == 1 ? r->palette[*p] : p;
            double want = 16 + (65.481 * c[0] + 128.553 * c[1] + 24.966 * c[2]) / 255;
            bad = fmax(bad, fabs(f->data[(size_t)y * f->width + x] - want));
            if (x & 1 || y & 1) continue;
            double red = mean(r, x, y, 0), green = mean(r, x, y, 1), blue = mean(r, x, y, 2);
            size_t at = luma + (size_t)y / 2 * (f->width / 2) + x / 2;
            bad = fmax(bad, fabs(f->data[at] - (128 - 37.797 * red - 74.203 * green + 112 * blue)));
            bad = fmax(bad, fabs(f->data[at + luma / 4] - (128 + 112 * red - 93.786 * green - 18.214 * blue)));
        }
    }
    return bad;
}

static void fill(grat__raster *r)
{
    uint32_t seed = 12345;
    for (size_t i = 0; i < r->stride * r->height; i++) {
        seed = seed * 1664525 + 1013904223;
        r->pixels[i] = (uint8_t)(seed >> 24);
    }
    r->colours = 256;
    for (unsigned i = 0; i < 256; i++)
        for (unsigned k = 0; k < 3; k++) r->palette[i][k] = (uint8_t)(i * (37 + 58 * k) + k * k);
}

TEST(formulas)
{
    static const unsigned sizes[][2] = {{64, 32}, {33, 17}, {1, 1}, {2, 3}, {801, 5}};
    grat_op op;
    grat_op_init(&op, 1000, NULL);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        for (unsigned channels = 1; channels <= 3; channels += 2) {
            grat__raster r;
            grat__yuv f;
            EQ(grat__raster_init(&r, sizes[i][0], sizes[i][1], channels, &op), GRAT_OK);
            EQ(grat__yuv_init(&f, r.width, r.height, &op), GRAT_OK);
            fill(&r);
            grat__yuv_from_raster(&f, &r);
            TRUE(worst(&f, &r) < 0.51);
            grat__yuv_free(&f);
            grat__raster_free(&r);
        }
    }
}

/* Every grey and the corners of the cube, exactly. */
TEST(exact_values)
{
    static const uint8_t rgb[][3] = {{0, 0, 0}, {255, 255, 255}, {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 0}};
    static const uint8_t yuv[][3] = {{16, 128, 128}, {235, 128, 128}, {81, 90, 240}, {145, 54, 34}, {41, 240, 110},
                                     {210, 16, 146}};
    grat_op op;
    grat__raster r;
    grat__yuv f;
    grat_op_init(&op, 1000, NULL);
    EQ(grat__raster_init(&r, 2, 2, 3, &op), GRAT_OK);
    EQ(grat__yuv_init(&f, 2, 2, &op), GRAT_OK);
    for (unsigned i = 0; i < sizeof rgb / sizeof *rgb; i++) {
        for (unsigned k = 0; k < 12; k++) r.pixels[k] = rgb[i][k % 3];
        grat__yuv_from_raster(&f, &r);
        for (unsigned k = 0; k < 4; k++) EQ(f.data[k], yuv[i][0]);
        EQ(f.data[4], yuv[i][1]);
        EQ(f.data[5], yuv[i][2]);
    }
    for (unsigned grey = 0; grey < 256; grey++) {
        memset(r.pixels, (int)grey, 12);
        grat__yuv_from_raster(&f, &r);
        EQ(f.data[4], 128);
        EQ(f.data[5], 128);
    }
    grat__yuv_free(&f);
    grat__raster_free(&r);
}

/* A picture of another size in the middle of the frame. */
TEST(other_sizes)
{
    grat_op op;
    grat__raster r;
    grat__yuv f;
    grat_op_init(&op, 1000, NULL);
    EQ(grat__yuv_init(&f, 8, 8, &op), GRAT_OK);
    EQ(grat__raster_init(&r, 4, 4, 3, &op), GRAT_OK);
    memset(r.pixels, 255, r.stride * r.height);
    grat__yuv_from_raster(&f, &r);
    for (unsigned y = 0; y < 8; y++)
        for (unsigned x = 0; x < 8; x++) EQ(f.data[y * 8 + x], x >= 2 && x < 6 && y >= 2 && y < 6 ? 235 : 16);
    grat__raster_free(&r);
    EQ(grat__raster_init(&r, 12, 20, 3, &op), GRAT_OK);
    for (unsigned i = 0; i < r.stride * r.height; i++) r.pixels[i] = (uint8_t)(i / r.stride);
    grat__yuv_from_raster(&f, &r);
    EQ(f.data[0], 16 + (219 * 6 + 127) / 255);
    grat__raster_free(&r);
    grat__yuv_free(&f);
    EQ(grat__yuv_init(&f, 1u << 16, 1u << 16, &op), GRAT_ETOOBIG);
}

TEST(card_is_dark_with_text)
{
    grat_op op;
    grat__yuv f;
    unsigned lit = 0;
    grat_op_init(&op, 1000, NULL);
    EQ(grat__yuv_init(&f, 320, 100, &op), GRAT_OK);
    memset(f.data, 216, (size_t)320 * 100);
    grat__yuv_card(&f, "NO SIGNAL 12 s");
    EQ(f.data[0], 66);
    for (unsigned i = 0; i < 320 * 100; i++) lit += f.data[i] == 235;
    TRUE(lit > 4 * 100 && lit < 4 * 12 * 35);
    grat__yuv_card(&f, "NO SIGNAL AND MORE TEXT THAN THE FRAME IS WIDE, SO THERE IS NONE");
    EQ(f.data[0], 28);
    grat__yuv_free(&f);
}

int main(void)
{
    RUN(formulas);
    RUN(exact_values);
    RUN(other_sizes);
    RUN(card_is_dark_with_text);
    return TEST_RESULT();
}
