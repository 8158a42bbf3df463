/* Pictures as what terminals show: sixels, the graphics of kitty, or half blocks of text. No I/O. */
#ifndef GRAT_VIDEO_TERM_H
#define GRAT_VIDEO_TERM_H

#include "core/buf.h"
#include "video/yuv.h"

typedef enum grat__term_kind { GRAT__TERM_BLOCKS = 1, GRAT__TERM_KITTY, GRAT__TERM_SIXEL } grat__term_kind;

/* Asks for what grat__term_judge reads; every terminal answers its second half. */
#define GRAT__TERM_QUESTION "\033_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\033\\\033[c"
/* True when the answer (to "device attributes") has come; *out by what it says. */
bool grat__term_judge(const char *answer, size_t n, grat__term_kind *out);

/* The frame at another size, RGB, each pixel the mean of what it covers. */
void grat__term_scale(const grat__yuv *f, unsigned width, unsigned height, uint8_t *rgb);

typedef struct grat__term_rgb {
    unsigned width, height;
    const uint8_t *rgb;
} grat__term_rgb;
/* Each from the cursor's place on; ENOMEM or ETOOBIG of the buffer. `before` may be NULL: else the picture that is
 * shown, of the same size; cells that did not change are left out. Two rows of pixels are a row of cells. */
grat_err grat__term_blocks(grat__buf *b, const grat__term_rgb *p, const uint8_t *before, bool truecolor);
grat_err grat__term_sixel(grat__buf *b, const grat__term_rgb *p);
/* columns, rows: the cells that the terminal scales it to. */
grat_err grat__term_kitty(grat__buf *b, const grat__term_rgb *p, unsigned columns, unsigned rows);

#endif
