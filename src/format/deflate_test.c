#include "format/deflate.h"

#include "test.h"

#include <stdbool.h>

#define ZLIB_CONST
#include <zlib.h>

enum { MOST = 600000 };
static uint8_t in[MOST + 16], out[2 * MOST + 1024], back[MOST + 16];
static uint32_t seed = 1;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)((uint64_t)seed * below >> 32);
}

/* Noise, a period, a repetition with faults, and long runs. */
static void make(size_t n, unsigned kind)
{
    uint32_t alphabet = 1 + any(any(3) ? 256 : 4);
    for (size_t i = 0; i < n; i++) {
        if (kind == 0) in[i] = (uint8_t)any(alphabet);
        else if (kind == 1) in[i] = (uint8_t)(i % (1 + alphabet * 7));
        else if (kind == 2) in[i] = i > 1000 && any(50) ? in[i - 1000] : (uint8_t)any(256);
        else in[i] = any(1000) == 0 ? (uint8_t)any(256) : i ? in[i - 1] : 0;
    }
}

static bool survives(grat__deflate *d, size_t n, unsigned step)
{
    size_t packed = grat__deflate_all(d, in, n, step, out, sizeof out);
    z_stream z = {0};
    if (!packed || inflateInit2(&z, -15) != Z_OK) return false;
    z.next_in = out, z.avail_in = (uInt)packed;
    z.next_out = back, z.avail_out = (uInt)n + 1;
    bool good = inflate(&z, Z_FINISH) == Z_STREAM_END && z.total_out == n && !z.avail_in && memcmp(in, back, n) == 0;
    inflateEnd(&z);
    return good;
}

TEST(comes_back)
{
    grat__deflate *d = grat__deflate_new();
    for (unsigned k = 0; k < 240; k++) {
        unsigned step = 1 + any(4);
        size_t n = (any(4) ? any(300) : any(MOST / 4)) * step;
        make(n, k % 4);
        if (!survives(d, n, step)) TEST_FAIL("case %u: %zu bytes, step %u", k, n, step);
    }
    grat__deflate_free(d);
}

/* Frequencies like Fibonacci's numbers make the longest codes: they have to be cut. */
TEST(long_codes_are_cut)
{
    grat__deflate *d = grat__deflate_new();
    size_t n = 0;
    for (uint32_t k = 0, a = 1, b = 1; k < 24 && n + a < 110000; k++) {
        for (uint32_t i = 0; i < a; i++) in[n++] = (uint8_t)(40 + k);
        uint32_t sum = a + b;
        a = b, b = sum;
    }
    for (size_t i = n; i > 1; i--) {
        size_t at = any((uint32_t)i);
        uint8_t swap = in[at];
        in[at] = in[i - 1], in[i - 1] = swap;
    }
    TRUE(survives(d, n, 1));
    grat__deflate_free(d);
}

TEST(no_room)
{
    grat__deflate *d = grat__deflate_new();
    for (size_t i = 0; i < 200000; i++) in[i] = (uint8_t)any(256);
    EQ(grat__deflate_all(d, in, 200000, 4, out, 199999), 0);
    make(200000, 3);
    TRUE(grat__deflate_all(d, in, 200000, 4, out, 199999) < 20000);
    EQ(grat__deflate_all(d, in, 200000, 4, out, 500), 0);
    grat__deflate_free(d);
}

int main(void)
{
    RUN(comes_back);
    RUN(long_codes_are_cut);
    RUN(no_room);
    return TEST_RESULT();
}
