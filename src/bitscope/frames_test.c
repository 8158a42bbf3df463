#include "bitscope/frames.h"

#include "test.h"

/* Frame k holds A = k, B = k + 100, logic = ~k. */
static size_t put(uint8_t *to, unsigned size, unsigned k)
{
    const uint8_t f[] = {0xa5, (uint8_t)k, (uint8_t)k, (uint8_t)(k + 100), (uint8_t)~k};
    memcpy(to, f, size);
    return size;
}

static uint8_t bytes[20000];
static size_t length;
static unsigned seen, gaps, lost, wrong;

static void one(const grat__bs_frame *f, unsigned size)
{
    seen++;
    gaps += f->gap;
    lost += f->lost;
    wrong += f->b != (uint8_t)(f->a + 100) || f->logic != (size > 4 ? (uint8_t)~f->a : 0);
}

/* In pieces of at most `most` bytes. */
static void feed(grat__bs_frames *f, size_t most)
{
    grat__bs_frame out;
    seen = gaps = lost = wrong = 0;
    for (size_t at = 0, k; at < length; at += k) {
        k = length - at < most ? length - at : most;
        const uint8_t *p = bytes + at;
        size_t n = k;
        while (grat__bs_frames_take(f, &p, &n, &out)) one(&out, f->size);
        EQ(n, 0);
    }
}

static grat__bs_frames fresh(unsigned size)
{
    length = 0;
    return (grat__bs_frames){.token = 0xa5, .size = size};
}

TEST(in_order)
{
    for (unsigned size = 4; size <= 5; size++) {
        for (size_t most = 1; most < 40; most += 6) {
            grat__bs_frames f = fresh(size);
            for (unsigned k = 0; k < 1000; k++) length += put(bytes + length, size, k);
            feed(&f, most);
            EQ(seen, 999); /* of the last one nothing follows */
            EQ(gaps + lost + wrong, 0);
        }
    }
}

TEST(begins_anywhere)
{
    for (unsigned cut = 0; cut < 10; cut++) {
        grat__bs_frames f = fresh(5);
        for (unsigned k = 160; k < 260; k++) length += put(bytes + length, 5, k); /* 165 = 0xa5 is among them */
        length -= cut;
        memmove(bytes, bytes + cut, length);
        feed(&f, 7);
        EQ(seen, 99 - (cut + 4) / 5);
        EQ(gaps + lost + wrong, 0);
    }
}

TEST(frames_are_missing)
{
    grat__bs_frames f = fresh(4);
    for (unsigned k = 0; k < 900; k++)
        if (k < 100 || (k >= 130 && k < 400) || k >= 656) length += put(bytes + length, 4, k);
    feed(&f, 11);
    EQ(wrong, 0);
    /* The one before a gap is not believed; 256 frames that are missing look like none. */
    EQ(seen, 99 + 270 + 244 - 1);
    EQ(gaps, 1);
    EQ(lost, 31);
}

/* A byte that is lost, changed or put in at any place costs a few frames and never gives a wrong one. */
TEST(bytes_are_missing)
{
    for (unsigned at = 100; at < 130; at++) {
        for (unsigned kind = 0; kind < 3; kind++) {
            grat__bs_frames f = fresh(5);
            for (unsigned k = 0; k < 100; k++) length += put(bytes + length, 5, k);
            if (kind == 0) memmove(bytes + at, bytes + at + 1, --length - at);
            else if (kind == 1) bytes[at] ^= at % 5 > 1 ? 0 : 0x40; /* a changed sample cannot be told */
            else memmove(bytes + at + 1, bytes + at, length++ - at);
            feed(&f, 9);
            EQ(wrong, 0);
            TRUE(seen >= 95 && seen + lost == 99);
        }
    }
}

TEST(broken_by_the_wire)
{
    grat__bs_frames f = fresh(5);
    grat__bs_frame out;
    for (unsigned k = 0; k < 10; k++) length += put(bytes + length, 5, k);
    length -= 2;
    feed(&f, 100);
    EQ(seen, 9);
    grat__bs_frames_break(&f);
    length = 0;
    for (unsigned k = 20; k < 30; k++) length += put(bytes + length, 5, k);
    const uint8_t *p = bytes + 3;
    size_t n = length - 3;
    TRUE(grat__bs_frames_take(&f, &p, &n, &out));
    EQ(out.a, 21);
    EQ(out.gap, true);
    EQ(out.lost, 12);
}

int main(void)
{
    RUN(in_order);
    RUN(begins_anywhere);
    RUN(frames_are_missing);
    RUN(bytes_are_missing);
    RUN(broken_by_the_wire);
    return TEST_RESULT();
}
