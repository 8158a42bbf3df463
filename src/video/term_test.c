/* What terminals are sent, read back by a small terminal of each kind. */
#include "test.h"

#include "video/term.h"

static void frame_of(grat__yuv *f, unsigned w, unsigned h)
{
    grat_op op;
    grat_op_init(&op, 0, NULL);
    if (grat__yuv_init(f, w, h, &op)) abort();
}

TEST(what_a_terminal_says)
{
    static const struct {
        const char *text;
        bool whole;
        grat__term_kind kind;
    } rows[] = {{"", false, 0}, {"\033[?62;4", false, 0}, {"\033[?62;4c", true, GRAT__TERM_SIXEL},
                {"\033[?4;62c", true, GRAT__TERM_SIXEL}, {"\033[?64;14;40c", true, GRAT__TERM_BLOCKS},
                {"\033[?6c", true, GRAT__TERM_BLOCKS}, {"\033_Gi=31;OK\033\\\033[?62c", true, GRAT__TERM_KITTY},
                {"\033_Gi=31;ENODATA\033\\\033[?62;c", true, GRAT__TERM_BLOCKS},
                {"keys\033[?1;2;4c", true, GRAT__TERM_SIXEL}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        grat__term_kind k = 0;
        EQ(grat__term_judge(rows[i].text, strlen(rows[i].text), &k), rows[i].whole);
        if (rows[i].whole) EQ(k, rows[i].kind);
    }
}

TEST(another_size)
{
    grat__yuv f;
    uint8_t rgb[64 * 64 * 3];
    frame_of(&f, 16, 8);
    for (unsigned i = 0; i < 16 * 8; i++) f.data[i] = i % 16 < 8 ? 16 : 235;
    grat__term_scale(&f, 4, 2, rgb);
    for (unsigned i = 0; i < 8; i++) EQ(rgb[3 * i], i % 4 < 2 ? 0 : 255);
    grat__term_scale(&f, 64, 64, rgb);
    for (unsigned i = 0; i < 64 * 64; i++) NEAR(rgb[3 * i + 1], i % 64 < 32 ? 0 : 255, 1);
    grat__term_scale(&f, 1, 1, rgb);
    NEAR(rgb[2], 127, 3);
    /* Red of BT.601. */
    memset(f.data, 81, 16 * 8);
    memset(f.data + 16 * 8, 90, 16 * 2);
    memset(f.data + 16 * 8 + 16 * 2, 240, 16 * 2);
    grat__term_scale(&f, 3, 3, rgb);
    NEAR(rgb[0], 255, 2);
    NEAR(rgb[1], 0, 2);
    NEAR(rgb[2], 0, 2);
    grat__yuv_free(&f);
}

/* A terminal of w x h cells that knows SGR 38, 48, 0 and CUP, and prints half blocks. */
static void play_blocks(const grat__buf *b, uint8_t *rgb, unsigned w)
{
    const char *at = (const char *)b->data, *end = at + b->len;
    unsigned row = 0, column = 0, top[3] = {0}, low[3] = {0};
    while (at < end) {
        unsigned v[5], n = 0;
        if (memcmp(at, "\xe2\x96\x80", 3) == 0) {
            for (unsigned k = 0; k < 3; k++) {
                rgb[(2 * row * w + column) * 3 + k] = (uint8_t)top[k];
                rgb[((2 * row + 1) * w + column) * 3 + k] = (uint8_t)low[k];
            }
            column++;
            at += 3;
            continue;
        }
        if (at[0] != 27 || at[1] != '[') {
            TEST_FAIL("odd byte %02x", (unsigned)*at);
            return;
        }
        for (at += 2; n < 5; at++) {
            v[n] = 0;
            while (*at >= '0' && *at <= '9') v[n] = v[n] * 10 + (unsigned)(*at++ - '0');
            n++;
            if (*at != ';') break;
        }
        if (*at == 'H') row = v[0] - 1, column = v[1] - 1;
        else if (*at == 'm' && n == 5 && v[1] == 2) memcpy(v[0] == 38 ? top : low, v + 2, sizeof top);
        else if (*at != 'm') TEST_FAIL("odd sequence %c", *at);
        at++;
    }
}

TEST(half_blocks)
{
    enum { W = 12, H = 8 };
    uint8_t a[W * H * 3], c[W * H * 3], shown[W * H * 3] = {0};
    grat__buf b;
    for (unsigned i = 0; i < sizeof a; i++) a[i] = (uint8_t)(i * 7);
    grat__buf_init(&b, 1 << 20);
    EQ(grat__term_blocks(&b, &(grat__term_rgb){W, H, a}, NULL, true), GRAT_OK);
    play_blocks(&b, shown, W);
    EQ(memcmp(shown, a, sizeof a), 0);
    size_t whole = b.len;
    memcpy(c, a, sizeof c);
    c[(5 * W + 3) * 3] ^= 255;
    c[(6 * W + 4) * 3] ^= 255;
    b.len = 0;
    EQ(grat__term_blocks(&b, &(grat__term_rgb){W, H, c}, a, true), GRAT_OK);
    play_blocks(&b, shown, W);
    EQ(memcmp(shown, c, sizeof c), 0);
    TRUE(b.len < whole / 5);
    b.len = 0;
    EQ(grat__term_blocks(&b, &(grat__term_rgb){W, H, c}, NULL, false), GRAT_OK);
    grat__buf_puts(&b, "");
    TRUE(memmem(b.data, b.len, "\033[38;5;", 7) != NULL);
    grat__buf_free(&b);
}

/* The numbers behind a letter; returns how many. */
static unsigned numbers(const char **at, unsigned v[5])
{
    unsigned n = 0;
    for (; n < 5; ++*at) {
        v[n] = 0;
        while (**at >= '0' && **at <= '9') v[n] = v[n] * 10 + (unsigned)(*(*at)++ - '0');
        n++;
        if (**at != ';') break;
    }
    return n;
}

typedef struct sixel {
    uint8_t *rgb;
    unsigned w, h, x, y, colour, palette[256][3];
} sixel;

static bool dots(sixel *s, char c, unsigned repeat)
{
    if (c < 63 || c > 126) return false;
    for (; repeat; repeat--, s->x++) {
        for (unsigned k = 0; k < 6; k++) {
            if (!((unsigned)(c - 63) >> k & 1)) continue;
            if (s->x >= s->w || s->y + k >= s->h) return false;
            for (unsigned i = 0; i < 3; i++)
                s->rgb[((s->y + k) * s->w + s->x) * 3 + i] = (uint8_t)(s->palette[s->colour][i] * 255 / 100);
        }
    }
    return true;
}

static bool play_sixel(const grat__buf *b, sixel *s)
{
    const char *at = (const char *)b->data, *end = at + b->len;
    unsigned v[5];
    if (memcmp(at, "\033P", 2) != 0 || memcmp(end - 2, "\033\\", 2) != 0) return false;
    at = strchr(at, 'q') + 1;
    while (at < end - 2) {
        char c = *at++;
        unsigned n = strchr("\"#!", c) ? numbers(&at, v) : 0;
        if (c == '#') s->colour = v[0];
        if (c == '#' && n == 5) memcpy(s->palette[s->colour], v + 2, sizeof s->palette[0]);
        if (c == '$' || c == '-') s->x = 0;
        if (c == '-') s->y += 6;
        if (!strchr("\"#$-", c) && !dots(s, c == '!' ? *at++ : c, c == '!' ? v[0] : 1)) return false;
    }
    return true;
}

TEST(sixels)
{
    enum { W = 50, H = 20 };
    static uint8_t a[W * H * 3], shown[W * H * 3];
    grat__buf b;
    for (unsigned i = 0; i < W * H; i++) {
        a[3 * i] = (uint8_t)(i % W * 5);
        a[3 * i + 1] = (uint8_t)(i / W * 12);
        a[3 * i + 2] = i % 7 == 0 ? 255 : 0;
    }
    memset(shown, 77, sizeof shown);
    grat__buf_init(&b, 1 << 20);
    EQ(grat__term_sixel(&b, &(grat__term_rgb){W, H, a}), GRAT_OK);
    sixel terminal = {.rgb = shown, .w = W, .h = H};
    TRUE(play_sixel(&b, &terminal));
    for (unsigned i = 0; i < sizeof a; i++) NEAR(shown[i], a[i], 27);
    grat__buf_free(&b);
}

TEST(kitty)
{
    enum { W = 90, H = 70 };
    static uint8_t a[W * H * 3];
    grat__buf b;
    for (unsigned i = 0; i < sizeof a; i++) a[i] = (uint8_t)(i * i >> 5);
    grat__buf_init(&b, 1 << 20);
    EQ(grat__term_kitty(&b, &(grat__term_rgb){W, H, a}, 40, 12), GRAT_OK);
    grat__buf_put(&b, "", 1);
    const char *at = (const char *)b.data;
    TRUE(strstr(at, "\033_Ga=T,f=24,o=z,s=90,v=70,c=40,r=12,") == at);
    unsigned pieces = 0, last = 0;
    for (; (at = strstr(at, "\033_G")); at++, pieces++) {
        const char *m = strstr(at, "m="), *data = strchr(at, ';') + 1, *end = strstr(at, "\033\\");
        TRUE(m && end && end - data <= 4096 && (end - data) % 4 == 0);
        last += m && m[2] == '0';
    }
    TRUE(pieces > 1);
    EQ(last, 1);
    grat__buf_free(&b);
}

TEST(a_full_buffer)
{
    uint8_t a[30 * 12 * 3] = {0};
    grat__buf b;
    for (unsigned i = 0; i < sizeof a; i++) a[i] = (uint8_t)(i * 31);
    grat__buf_init(&b, 200);
    TRUE(grat__term_blocks(&b, &(grat__term_rgb){30, 12, a}, NULL, true) != GRAT_OK);
    TRUE(grat__term_sixel(&b, &(grat__term_rgb){30, 12, a}) != GRAT_OK);
    TRUE(grat__term_kitty(&b, &(grat__term_rgb){30, 12, a}, 3, 1) != GRAT_OK);
    grat__buf_free(&b);
}

int main(void)
{
    RUN(what_a_terminal_says);
    RUN(another_size);
    RUN(half_blocks);
    RUN(sixels);
    RUN(kitty);
    RUN(a_full_buffer);
    return TEST_RESULT();
}
