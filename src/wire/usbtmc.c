#include "wire/usbtmc.h"

#include <string.h>

void grat__tmc_put_header(uint8_t out[GRAT__TMC_HEADER], const grat__tmc_header *h)
{
    memset(out, 0, GRAT__TMC_HEADER);
    out[0] = h->msg;
    out[1] = h->tag;
    out[2] = (uint8_t)~h->tag;
    grat__put_le32(out + 4, h->size);
    out[8] = h->attributes;
    out[9] = h->term;
}

grat_err grat__tmc_get_header(const void *data, size_t n, grat__tmc_header *out)
{
    const uint8_t *p = data;
    if (n < GRAT__TMC_HEADER) return GRAT_EPROTO;
    *out = (grat__tmc_header){.msg = p[0], .tag = p[1], .tag_ok = p[1] != 0 && (p[1] ^ p[2]) == 0xff,
                              .size = grat__le32(p + 4), .attributes = p[8], .term = p[9]};
    return GRAT_OK;
}

uint8_t grat__tmc_next_tag(uint8_t tag)
{
    return tag == 255 ? 1 : (uint8_t)(tag + 1);
}

uint8_t grat__tmc_next_stb_tag(uint8_t tag)
{
    return tag < GRAT__TMC_STB_TAG_MIN || tag >= GRAT__TMC_STB_TAG_MAX ? GRAT__TMC_STB_TAG_MIN : (uint8_t)(tag + 1);
}

/* ---- capabilities --------------------------------------------------------------------------- */

void grat__tmc_put_caps(uint8_t out[GRAT__TMC_CAPABILITIES], const grat__tmc_caps *c)
{
    memset(out, 0, GRAT__TMC_CAPABILITIES);
    out[0] = c->status;
    grat__put_le16(out + 2, c->tmc_version);
    out[4] = c->interface;
    out[5] = c->device;
    grat__put_le16(out + 12, c->usb488_version);
    out[14] = c->usb488_interface;
    out[15] = c->usb488_device;
}

grat_err grat__tmc_get_caps(const void *data, size_t n, bool usb488, grat__tmc_caps *out)
{
    uint8_t p[GRAT__TMC_CAPABILITIES] = {0};
    if (!n) return GRAT_EPROTO;
    memcpy(p, data, n < sizeof p ? n : sizeof p);
    *out = (grat__tmc_caps){.status = p[0], .tmc_version = grat__le16(p + 2), .interface = p[4], .device = p[5]};
    if (!usb488) return GRAT_OK;
    out->usb488_version = grat__le16(p + 12);
    out->usb488_interface = p[14];
    out->usb488_device = p[15];
    return GRAT_OK;
}

/* ---- control answers ------------------------------------------------------------------------ */

size_t grat__tmc_answer_size(uint8_t request)
{
    switch (request) {
    case GRAT__TMC_INITIATE_ABORT_OUT:
    case GRAT__TMC_INITIATE_ABORT_IN:
    case GRAT__TMC_CHECK_CLEAR: return 2;
    case GRAT__TMC_CHECK_ABORT_OUT:
    case GRAT__TMC_CHECK_ABORT_IN: return 8;
    case GRAT__TMC_GET_CAPABILITIES: return GRAT__TMC_CAPABILITIES;
    case GRAT__TMC_READ_STATUS_BYTE: return 3;
    case GRAT__TMC_INITIATE_CLEAR:
    case GRAT__TMC_INDICATOR_PULSE:
    case GRAT__TMC_REN_CONTROL:
    case GRAT__TMC_GO_TO_LOCAL:
    case GRAT__TMC_LOCAL_LOCKOUT: return 1;
    default: return 0;
    }
}

size_t grat__tmc_put_answer(uint8_t request, uint8_t out[8], const grat__tmc_answer *a)
{
    memset(out, 0, 8);
    out[0] = a->status;
    switch (request) {
    case GRAT__TMC_INITIATE_ABORT_OUT:
    case GRAT__TMC_INITIATE_ABORT_IN:
        out[1] = a->tag;
        break;
    case GRAT__TMC_CHECK_ABORT_OUT:
    case GRAT__TMC_CHECK_ABORT_IN:
        out[1] = request == GRAT__TMC_CHECK_ABORT_IN && a->in_fifo;
        grat__put_le32(out + 4, a->bytes);
        break;
    case GRAT__TMC_CHECK_CLEAR:
        out[1] = a->in_fifo;
        break;
    case GRAT__TMC_READ_STATUS_BYTE:
        out[1] = a->tag;
        out[2] = a->stb;
        break;
    default:
        break;
    }
    return grat__tmc_answer_size(request);
}

grat_err grat__tmc_get_answer(uint8_t request, const void *data, size_t n, grat__tmc_answer *out)
{
    uint8_t p[8] = {0};
    if (!n) return GRAT_EPROTO;
    memcpy(p, data, n < sizeof p ? n : sizeof p);
    *out = (grat__tmc_answer){.status = p[0]};
    switch (request) {
    case GRAT__TMC_INITIATE_ABORT_OUT:
    case GRAT__TMC_INITIATE_ABORT_IN:
        out->tag = p[1];
        break;
    case GRAT__TMC_CHECK_ABORT_OUT:
    case GRAT__TMC_CHECK_ABORT_IN:
        out->in_fifo = request == GRAT__TMC_CHECK_ABORT_IN && (p[1] & 1);
        out->bytes = grat__le32(p + 4);
        break;
    case GRAT__TMC_CHECK_CLEAR:
        out->in_fifo = p[1] & 1;
        break;
    case GRAT__TMC_READ_STATUS_BYTE:
        out->tag = p[1];
        out->stb = p[2];
        break;
    default:
        break;
    }
    return GRAT_OK;
}

const char *grat__tmc_status_text(uint8_t status)
{
    switch (status) {
    case GRAT__TMC_SUCCESS: return "success";
    case GRAT__TMC_PENDING: return "pending";
    case GRAT__TMC_INTERRUPT_BUSY: return "the interrupt endpoint is busy";
    case GRAT__TMC_FAILED: return "failed";
    case GRAT__TMC_NOT_IN_PROGRESS: return "transfer not in progress";
    case GRAT__TMC_SPLIT_NOT_IN_PROGRESS: return "no split operation in progress";
    case GRAT__TMC_SPLIT_IN_PROGRESS: return "a split operation is in progress";
    default: return "an unknown status";
    }
}

grat__tmc_notice grat__tmc_get_notice(const void *data, size_t n, uint8_t *tag, uint8_t *stb)
{
    const uint8_t *p = data;
    if (n < 2) return GRAT__TMC_NOTICE_NONE;
    if (!(p[0] & 0x80)) return p[0] & 0x40 ? GRAT__TMC_NOTICE_VENDOR : GRAT__TMC_NOTICE_NONE;
    *tag = p[0] & 0x7f;
    *stb = p[1];
    if (*tag == 1) return GRAT__TMC_NOTICE_SRQ;
    return *tag ? GRAT__TMC_NOTICE_STB : GRAT__TMC_NOTICE_NONE;
}

/* ---- bulk-IN -------------------------------------------------------------------------------- */

void grat__tmc_in_init(grat__tmc_in *in, uint8_t tag, size_t cap)
{
    *in = (grat__tmc_in){.msg = GRAT__TMC_MSG_IN, .tag = tag, .cap = cap};
}

static grat_err check_header(grat__tmc_in *in, const char **why)
{
    grat__tmc_get_header(in->head, sizeof in->head, &in->h);
    *why = NULL;
    if (in->h.msg != in->msg) *why = "wrong MsgID";
    else if (!in->h.tag_ok) *why = "bTag and its inverse do not fit";
    else if (in->h.tag != in->tag && !(in->flags & GRAT__TMC_ANY_TAG)) *why = "bTag of another request";
    if (in->h.size > in->cap) in->over = true;
    return *why ? GRAT_EPROTO : GRAT_OK;
}

static size_t wanted(const grat__tmc_in *in)
{
    return in->h.size < in->cap ? in->h.size : in->cap;
}

grat_err grat__tmc_in_feed(grat__tmc_in *in, const void *data, size_t n, grat__tmc_slice *payload, const char **why)
{
    const uint8_t *p = data;
    *payload = (grat__tmc_slice){p, 0};
    if (in->seen < GRAT__TMC_HEADER && n) {
        size_t k = GRAT__TMC_HEADER - in->seen;
        if (k > n) k = n;
        memcpy(in->head + in->seen, p, k);
        in->seen += k, p += k, n -= k;
        if (in->seen < GRAT__TMC_HEADER) return GRAT_OK;
        grat_err e = check_header(in, why);
        if (e) return e;
    }
    if (!n) return GRAT_OK;
    size_t left = wanted(in) - in->got, k = n < left ? n : left;
    *payload = (grat__tmc_slice){p, k};
    in->got += k;
    in->seen += n;
    return GRAT_OK;
}

bool grat__tmc_in_complete(const grat__tmc_in *in)
{
    return in->seen >= GRAT__TMC_HEADER && in->got == wanted(in);
}

size_t grat__tmc_in_missing(const grat__tmc_in *in)
{
    return in->seen < GRAT__TMC_HEADER ? GRAT__TMC_HEADER - in->seen : wanted(in) - in->got;
}
