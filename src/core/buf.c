#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void grat__buf_init(grat__buf *b, size_t max)
{
    *b = (grat__buf){.max = max};
}

void grat__buf_free(grat__buf *b)
{
    free(b->data);
    grat__buf_init(b, b->max);
}

grat_err grat__buf_reserve(grat__buf *b, size_t n)
{
    if (n > b->max || b->len > b->max - n) return GRAT_ETOOBIG;
    size_t need = b->len + n;
    if (need <= b->cap) return GRAT_OK;
    size_t cap = b->cap < 128 ? 256 : b->cap;
    while (cap < need) cap = cap > b->max / 2 ? b->max : cap * 2;
    uint8_t *data = realloc(b->data, cap);
    if (!data) return GRAT_ENOMEM;
    b->data = data;
    b->cap = cap;
    return GRAT_OK;
}

grat_err grat__buf_put(grat__buf *b, const void *data, size_t n)
{
    grat_err e = grat__buf_reserve(b, n);
    if (e) return e;
    if (n) memcpy(b->data + b->len, data, n);
    b->len += n;
    return GRAT_OK;
}

grat_err grat__buf_puts(grat__buf *b, const char *s)
{
    return grat__buf_put(b, s, strlen(s));
}

grat_err grat__buf_printf(grat__buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0) return GRAT_EINVAL;
    grat_err e = grat__buf_reserve(b, (size_t)n + 1);
    if (e) return e;
    va_start(ap, fmt);
    vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return GRAT_OK;
}

void grat__buf_drop(grat__buf *b, size_t n)
{
    if (n >= b->len) {
        b->len = 0;
        return;
    }
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
}

uint8_t *grat__buf_take(grat__buf *b, size_t *n)
{
    uint8_t *data = b->data;
    *n = b->len;
    grat__buf_init(b, b->max);
    return data;
}
