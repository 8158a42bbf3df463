/* Sixels: DEC STD 070 and the VT340 guide. Kitty: its graphics protocol, "Terminal graphics protocol". Colours of text:
 * ECMA-48 SGR 38 and 48, of 256: a cube of 6 x 6 x 6 from 16 on with levels 0 95 135 175 215 255 (xterm). */
#include "video/term.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/str.h"

enum { LEVELS = 6, COLOURS = LEVELS * LEVELS * LEVELS, BAND = 6, CHUNK = 4096 };

/* ---- what the terminal can ------------------------------------------------------------------------------ */

bool grat__term_judge(const char *answer, size_t n, grat__term_kind *out)
{
    static const char ok[] = "\033_Gi=31;OK", attributes[] = "\033[?";
    const char *da = memmem(answer, n, attributes, sizeof attributes - 1);
    if (!da) return false;
    const char *end = memchr(da, 'c', n - (size_t)(da - answer));
    if (!end) return false;
    *out = GRAT__TERM_BLOCKS;
    for (const char *at = da + 3; at < end; at++)
        if (at[0] == '4' && (at[-1] == ';' || at[-1] == '?') && (at[1] == ';' || at[1] == 'c')) *out = GRAT__TERM_SIXEL;
    if (memmem(answer, n, ok, sizeof ok - 1)) *out = GRAT__TERM_KITTY;
    return true;
}

/* ---- another size ---------------------------------------------------------------------------------------- */

static uint8_t clip(int v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void to_rgb(int y, int u, int v, uint8_t *out)
{
    int l = 76309 * (y - 16) + 32768, a = u - 128, b = v - 128;
    out[0] = clip((l + 104597 * b) >> 16);
    out[1] = clip((l - 25675 * a - 53279 * b) >> 16);
    out[2] = clip((l + 132201 * a) >> 16);
}

/* The stretch of source pixels that target pixel i of n covers; never empty. */
static void covers(unsigned i, unsigned n, unsigned of, unsigned *from, unsigned *to)
{
    *from = (unsigned)((uint64_t)i * of / n);
    *to = (unsigned)((uint64_t)(i + 1) * of / n);
    if (*to <= *from) *to = *from + 1;
}

static int mean(const uint8_t *plane, unsigned stride, const unsigned x[2], const unsigned y[2])
{
    unsigned sum = 0;
    for (unsigned r = y[0]; r < y[1]; r++)
        for (unsigned c = x[0]; c < x[1]; c++) sum += plane[(size_t)r * stride + c];
    return (int)(sum / ((x[1] - x[0]) * (y[1] - y[0])));
}

void grat__term_scale(const grat__yuv *f, unsigned width, unsigned height, uint8_t *rgb)
{
    size_t luma = (size_t)f->width * f->height;
    const uint8_t *u = f->data + luma, *v = u + luma / 4;
    for (unsigned row = 0; row < height; row++) {
        unsigned y[2], half_y[2];
        covers(row, height, f->height, &y[0], &y[1]);
        covers(row, height, f->height / 2, &half_y[0], &half_y[1]);
        for (unsigned column = 0; column < width; column++, rgb += 3) {
            unsigned x[2], half_x[2];
            covers(column, width, f->width, &x[0], &x[1]);
            covers(column, width, f->width / 2, &half_x[0], &half_x[1]);
            to_rgb(mean(f->data, f->width, x, y), mean(u, f->width / 2, half_x, half_y),
                   mean(v, f->width / 2, half_x, half_y), rgb);
        }
    }
}

/* ---- half blocks --------------------------------------------------------------------------------------------- */

static unsigned level(unsigned v)
{
    return v < 48 ? 0 : v < 115 ? 1 : (v - 35) / 40;
}

static grat_err colour(grat__buf *b, unsigned what, const uint8_t *rgb, bool truecolor)
{
    if (truecolor) return grat__buf_printf(b, "\033[%u;2;%u;%u;%um", what, rgb[0], rgb[1], rgb[2]);
    return grat__buf_printf(b, "\033[%u;5;%um", what, 16 + 36 * level(rgb[0]) + 6 * level(rgb[1]) + level(rgb[2]));
}

/* The upper half in the colour of text, the lower one in that of the background. */
grat_err grat__term_blocks(grat__buf *b, const grat__term_rgb *p, const uint8_t *before, bool truecolor)
{
    size_t stride = (size_t)p->width * 3;
    const uint8_t *top = NULL, *low = NULL;   /* the colours that are set */
    grat_err e = GRAT_OK;
    for (unsigned row = 0; row + 1 < p->height && !e; row += 2) {
        bool placed = false;
        for (unsigned x = 0; x < p->width && !e; x++) {
            size_t at = row * stride + (size_t)x * 3;
            const uint8_t *a = p->rgb + at, *z = a + stride;
            if (before && memcmp(a, before + at, 3) == 0 && memcmp(z, before + at + stride, 3) == 0) {
                placed = false;
                continue;
            }
            if (!placed) e = grat__buf_printf(b, "\033[%u;%uH", row / 2 + 1, x + 1);
            placed = true;
            if (!e && (!top || memcmp(top, a, 3) != 0)) e = colour(b, 38, a, truecolor);
            if (!e && (!low || memcmp(low, z, 3) != 0)) e = colour(b, 48, z, truecolor);
            if (!e) e = grat__buf_puts(b, "\xe2\x96\x80");
            top = a;
            low = z;
        }
    }
    return e ? e : grat__buf_puts(b, "\033[0m");
}

/* ---- sixels ---------------------------------------------------------------------------------------------------- */

static unsigned nearest(const uint8_t *rgb)
{
    unsigned r = (rgb[0] * (LEVELS - 1) + 127) / 255, g = (rgb[1] * (LEVELS - 1) + 127) / 255;
    return (r * LEVELS + g) * LEVELS + (rgb[2] * (LEVELS - 1) + 127) / 255;
}

static grat_err run_of(grat__buf *b, char c, unsigned n)
{
    char text[4] = {c, c, c, 0};
    if (n > 3) return grat__buf_printf(b, "!%u%c", n, c);
    text[n] = '\0';
    return grat__buf_puts(b, text);
}

/* One colour of a band; what is dark behind its last dot is left out. */
static grat_err band_colour(grat__buf *b, const uint8_t *index, const unsigned shape[2], unsigned which)
{
    unsigned width = shape[0], lines = shape[1], count = 0;
    char last = 0;
    grat_err e = grat__buf_printf(b, "#%u", which);
    for (unsigned x = 0; x < width && !e; x++) {
        unsigned dots = 0;
        for (unsigned k = 0; k < lines; k++) dots |= (unsigned)(index[k * width + x] == which) << k;
        char c = (char)(63 + dots);
        if (count && c != last) {
            e = run_of(b, last, count);
            count = 0;
        }
        last = c;
        count++;
    }
    if (!e && count && last != 63) e = run_of(b, last, count);
    return e ? e : grat__buf_puts(b, "$");
}

grat_err grat__term_sixel(grat__buf *b, const grat__term_rgb *p)
{
    uint8_t *index = malloc((size_t)p->width * BAND + 1);
    if (!index) return GRAT_ENOMEM;
    grat_err e = grat__buf_printf(b, "\033P0;1q\"1;1;%u;%u", p->width, p->height);
    for (unsigned i = 0; i < COLOURS && !e; i++)
        e = grat__buf_printf(b, "#%u;2;%u;%u;%u", i, i / 36 * 20, i / 6 % 6 * 20, i % 6 * 20);
    for (unsigned y = 0; y < p->height && !e; y += BAND) {
        unsigned lines = p->height - y < BAND ? p->height - y : BAND;
        bool used[COLOURS] = {false};
        for (size_t i = 0; i < (size_t)lines * p->width; i++) {
            index[i] = (uint8_t)nearest(p->rgb + ((size_t)y * p->width + i) * 3);
            used[index[i]] = true;
        }
        for (unsigned c = 0; c < COLOURS && !e; c++)
            if (used[c]) e = band_colour(b, index, (unsigned[]){p->width, lines}, c);
        if (!e) e = grat__buf_puts(b, "-");
    }
    free(index);
    return e ? e : grat__buf_puts(b, "\033\\");
}

/* ---- kitty ------------------------------------------------------------------------------------------------------ */

static size_t base64(const uint8_t *in, size_t n, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *at = out;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)in[i] << 16 | (i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0) | (i + 2 < n ? in[i + 2] : 0);
        *at++ = digits[v >> 18];
        *at++ = digits[v >> 12 & 63];
        *at++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
        *at++ = i + 2 < n ? digits[v & 63] : '=';
    }
    return (size_t)(at - out);
}

/* Deflated RGB in pieces of 4 kB of base64; image 1 takes the place of the one before. */
static grat_err kitty_pieces(grat__buf *b, const grat__term_rgb *p, const unsigned cells[2], uint8_t *packed)
{
    uLongf n = compressBound((uLong)p->width * p->height * 3);
    char piece[CHUNK + 4];
    if (compress2(packed, &n, p->rgb, (uLong)p->width * p->height * 3, 1) != Z_OK) return GRAT_ENOMEM;
    grat_err e = grat__buf_printf(b, "\033_Ga=T,f=24,o=z,s=%u,v=%u,c=%u,r=%u,i=1,p=1,C=1,q=2,", p->width, p->height,
                                  cells[0], cells[1]);
    for (size_t at = 0; at < n && !e; at += CHUNK / 4 * 3) {
        size_t take = n - at < CHUNK / 4 * 3 ? n - at : CHUNK / 4 * 3;
        if (at) e = grat__buf_puts(b, "\033_G");
        if (!e) e = grat__buf_printf(b, "m=%u;", at + take < n);
        if (!e) e = grat__buf_put(b, piece, base64(packed + at, take, piece));
        if (!e) e = grat__buf_puts(b, "\033\\");
    }
    return e;
}

grat_err grat__term_kitty(grat__buf *b, const grat__term_rgb *p, unsigned columns, unsigned rows)
{
    uint8_t *packed = malloc(compressBound((uLong)p->width * p->height * 3));
    if (!packed) return GRAT_ENOMEM;
    grat_err e = kitty_pieces(b, p, (unsigned[]){columns, rows}, packed);
    free(packed);
    return e;
}
