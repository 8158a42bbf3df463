/* XDR (RFC 4506) as far as ONC RPC and VXI-11 need it: 4-byte words and counted opaque data. */
#ifndef GRAT_WIRE_XDR_H
#define GRAT_WIRE_XDR_H

#include "core/buf.h"

/* Reader over bytes that somebody else owns. After the first read past the end `bad` stays set and every value
 * read is 0. */
typedef struct grat__xdr {
    const uint8_t *data;
    size_t len, pos;
    bool bad;
} grat__xdr;

static inline size_t grat__xdr_pad(size_t n)
{
    return (4 - n % 4) % 4;
}

void grat__xdr_init(grat__xdr *x, const void *data, size_t n);
uint32_t grat__xdr_u32(grat__xdr *x);
int32_t grat__xdr_i32(grat__xdr *x);
/* Counted data of at most `max` bytes; borrowed from the input. Missing padding at the very end is accepted. */
const uint8_t *grat__xdr_opaque(grat__xdr *x, size_t max, size_t *n);
/* As above, but a length beyond the input is clipped to what is there (BK Precision 9115). */
const uint8_t *grat__xdr_opaque_lenient(grat__xdr *x, size_t *n);
/* The rest of the input. */
const uint8_t *grat__xdr_rest(const grat__xdr *x, size_t *n);

grat_err grat__xdr_put_words(grat__buf *b, const uint32_t *words, size_t count);
grat_err grat__xdr_put_u32(grat__buf *b, uint32_t v);
grat_err grat__xdr_put_opaque(grat__buf *b, const void *data, size_t n);

#endif
