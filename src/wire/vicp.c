#include "wire/vicp.h"

#include <string.h>

void grat__vicp_put(uint8_t out[GRAT__VICP_HEADER], const grat__vicp_header *h)
{
    out[0] = h->operation;
    out[1] = h->version;
    out[2] = h->sequence;
    out[3] = 0;
    grat__put_be32(out + 4, h->length);
}

void grat__vicp_in_init(grat__vicp_in *in)
{
    *in = (grat__vicp_in){0};
}

size_t grat__vicp_in_feed(grat__vicp_in *in, const uint8_t *data, size_t n, grat_err *err)
{
    *err = GRAT_OK;
    if (in->in_body) return 0;
    size_t take = GRAT__VICP_HEADER - in->have < n ? GRAT__VICP_HEADER - in->have : n;
    memcpy(in->head + in->have, data, take);
    in->have += (unsigned)take;
    if (in->have > 1 && in->head[1] != GRAT__VICP_VERSION) *err = GRAT_EPROTO;
    if (in->have < GRAT__VICP_HEADER || *err) return take;
    in->header = (grat__vicp_header){in->head[0], in->head[1], in->head[2], grat__be32(in->head + 4)};
    in->left = in->header.length;
    in->have = 0;
    in->in_body = true;
    return take;
}

void grat__vicp_in_took(grat__vicp_in *in, uint32_t n)
{
    in->left -= n < in->left ? n : in->left;
    if (!in->left) in->in_body = false;
}
