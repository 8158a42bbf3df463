/* A growing byte buffer that must be given its largest size: nothing from a wire grows without bound. */
#ifndef GRAT_CORE_BUF_H
#define GRAT_CORE_BUF_H

#include <graticule/graticule.h>

typedef struct grat__buf {
    uint8_t *data;
    size_t len;   /* bytes in use */
    size_t cap;   /* bytes allocated */
    size_t max;   /* never more than this */
} grat__buf;

void grat__buf_init(grat__buf *b, size_t max);
void grat__buf_free(grat__buf *b);                 /* back to the state after init */
/* Makes room for n more bytes; ETOOBIG or ENOMEM leave the buffer as it was. */
grat_err grat__buf_reserve(grat__buf *b, size_t n);
grat_err grat__buf_put(grat__buf *b, const void *data, size_t n);
grat_err grat__buf_puts(grat__buf *b, const char *s);
grat_err grat__buf_printf(grat__buf *b, const char *fmt, ...) GRAT_PRINTF(2, 3);
void grat__buf_drop(grat__buf *b, size_t n);       /* forget the first n bytes */
uint8_t *grat__buf_take(grat__buf *b, size_t *n);  /* hands the memory over; caller frees */

/* Big- and little-endian loads and stores. */
static inline uint32_t grat__be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}
static inline void grat__put_be32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24), p[1] = (uint8_t)(v >> 16), p[2] = (uint8_t)(v >> 8), p[3] = (uint8_t)v;
}
static inline uint32_t grat__le32(const uint8_t *p)
{
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}
static inline void grat__put_le32(uint8_t *p, uint32_t v)
{
    p[3] = (uint8_t)(v >> 24), p[2] = (uint8_t)(v >> 16), p[1] = (uint8_t)(v >> 8), p[0] = (uint8_t)v;
}
static inline uint16_t grat__le16(const uint8_t *p)
{
    return (uint16_t)(p[1] << 8 | p[0]);
}
static inline void grat__put_le16(uint8_t *p, uint16_t v)
{
    p[1] = (uint8_t)(v >> 8), p[0] = (uint8_t)v;
}

#endif
