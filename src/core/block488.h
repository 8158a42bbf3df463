/* IEEE 488.2 arbitrary blocks (IEEE 488.2-1992 §8.7.9, §8.7.10) as a push parser: it takes bytes, knows no
 * socket and allocates nothing. Besides #<d><n…><data> and #0<data> it accepts #(<digits>) of R&S for 1 GB and
 * more, #A<u16> of HP, and up to 30 bytes of command echo before the '#'. */
#ifndef GRAT_CORE_BLOCK488_H
#define GRAT_CORE_BLOCK488_H

#include <graticule/graticule.h>

typedef enum grat__block_state {
    GRAT__BLOCK_HEADER,      /* more header bytes are wanted */
    GRAT__BLOCK_DATA,        /* header complete: `length` is known, or `indefinite` is set */
    GRAT__BLOCK_BAD,         /* no block starts here; `why` says what was wrong */
} grat__block_state;

typedef struct grat__block {
    grat__block_state state;
    bool indefinite;         /* #0: the data end with the message */
    bool little_endian_a;    /* set before the first feed: #A lengths are little-endian */
    uint64_t length;         /* declared bytes of data */
    unsigned header_size;    /* bytes up to the first data byte, echo included */
    const char *why;
    char head[48];           /* the header bytes seen so far */
    unsigned head_len;
} grat__block;

void grat__block_init(grat__block *b);
/* Takes header bytes only; returns how many of the n bytes belong to the header. When the state is DATA
 * afterwards, the remaining bytes are data. */
size_t grat__block_feed(grat__block *b, const void *data, size_t n);
/* Writes "#9000001200" (digits 1..9; 0 = as few as needed) into out[12] and returns its length; 0 when it does
 * not fit. */
size_t grat__block_header(char out[12], uint64_t length, unsigned digits);

#endif
