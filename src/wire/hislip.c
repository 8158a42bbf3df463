#include "wire/hislip.h"

#include <string.h>

void grat__hislip_put(uint8_t head[GRAT__HISLIP_HEAD], const grat__hislip_msg *m)
{
    head[0] = 'H', head[1] = 'S';
    head[2] = m->type, head[3] = m->control;
    grat__put_be32(head + 4, m->parameter);
    grat__hislip_put_size(head + 8, m->length);
}

grat_err grat__hislip_append(grat__buf *b, const grat__hislip_msg *m, const void *payload)
{
    uint8_t head[GRAT__HISLIP_HEAD];
    grat_err e = grat__buf_reserve(b, sizeof head + m->length);
    if (e) return e;
    grat__hislip_put(head, m);
    grat__buf_put(b, head, sizeof head);
    return m->length ? grat__buf_put(b, payload, m->length) : GRAT_OK;
}

grat_err grat__hislip_get(const uint8_t head[GRAT__HISLIP_HEAD], grat__hislip_msg *m)
{
    if (head[0] != 'H' || head[1] != 'S') return GRAT_EPROTO;
    *m = (grat__hislip_msg){.type = head[2], .control = head[3], .parameter = grat__be32(head + 4)};
    return grat__hislip_get_size(head + 8, 8, &m->length);
}

const char *grat__hislip_type_text(uint8_t type)
{
    static const char *const names[] = {
#define TYPE_NAME(number, name, text) [number] = text,
        GRAT__HISLIP_TYPE_MAP(TYPE_NAME)
#undef TYPE_NAME
    };
    if (type >= GRAT__HISLIP_VENDOR) return "VendorSpecific";
    return type < sizeof names / sizeof *names ? names[type] : "a reserved message";
}

const char *grat__hislip_fatal_text(uint8_t code)
{
    static const char *const texts[] = {
        "unidentified error", "poorly formed message header", "the connection was used before both channels were there",
        "invalid initialization sequence", "too many clients", "the secure connection failed",
    };
    if (code >= 128) return "a device-specific error";
    return code < sizeof texts / sizeof *texts ? texts[code] : "an unknown error";
}

const char *grat__hislip_error_text(uint8_t code)
{
    static const char *const texts[] = {
        "unidentified error", "unrecognized message type", "unrecognized control code",
        "unrecognized vendor-specific message", "message too large", "authentication failed",
    };
    if (code >= 128) return "a device-specific error";
    return code < sizeof texts / sizeof *texts ? texts[code] : "an unknown error";
}

/* ---- parsers ---------------------------------------------------------------------------------- */

size_t grat__hislip_in_feed(grat__hislip_in *in, const uint8_t *data, size_t n)
{
    if (in->in_message || in->bad) return 0;
    size_t room = GRAT__HISLIP_HEAD - in->head_len, used = n < room ? n : room;
    memcpy(in->head + in->head_len, data, used);
    in->head_len += (unsigned)used;
    /* A wrong first byte is told at once: its sender may never send sixteen. */
    if ((in->head_len > 0 && in->head[0] != 'H') || (in->head_len > 1 && in->head[1] != 'S')) {
        in->bad = true;
        return used;
    }
    if (in->head_len < GRAT__HISLIP_HEAD) return used;
    in->head_len = 0;
    in->bad = grat__hislip_get(in->head, &in->msg) != GRAT_OK;
    in->in_message = !in->bad;
    in->left = in->msg.length;
    return used;
}

void grat__hislip_in_took(grat__hislip_in *in, uint64_t n)
{
    in->left -= n < in->left ? n : in->left;
}

void grat__hislip_in_next(grat__hislip_in *in)
{
    in->in_message = false;
    in->left = 0;
}

size_t grat__hislip_small_feed(grat__hislip_small *s, const uint8_t *data, size_t n)
{
    if (s->complete || s->in.bad) return 0;
    size_t used = grat__hislip_in_feed(&s->in, data, n);
    if (!s->in.in_message) return used;
    size_t rest = n - used, take = rest < s->in.left ? rest : (size_t)s->in.left;
    size_t room = GRAT__HISLIP_SMALL_MAX - s->n, keep = take < room ? take : room;
    if (keep) memcpy(s->payload + s->n, data + used, keep);
    s->n += keep;
    s->payload[s->n] = '\0';
    grat__hislip_in_took(&s->in, take);
    s->complete = s->in.left == 0;
    return used + take;
}

void grat__hislip_small_next(grat__hislip_small *s)
{
    grat__hislip_in_next(&s->in);
    s->complete = false;
    s->n = 0;
    s->payload[0] = '\0';
}

/* ---- payloads --------------------------------------------------------------------------------- */

grat_err grat__hislip_get_size(const void *payload, size_t n, uint64_t *size)
{
    const uint8_t *p = payload;
    if (n != 8) return GRAT_EPROTO;
    *size = (uint64_t)grat__be32(p) << 32 | grat__be32(p + 4);
    return GRAT_OK;
}

void grat__hislip_put_size(uint8_t out[8], uint64_t size)
{
    grat__put_be32(out, (uint32_t)(size >> 32));
    grat__put_be32(out + 4, (uint32_t)size);
}

bool grat__hislip_get_descriptor(const uint8_t *payload, size_t n, size_t *at, grat__hislip_descriptor *out)
{
    if (n - *at < 3) return false;
    size_t length = (size_t)payload[*at] << 8 | payload[*at + 1];
    if (n - *at - 3 < length) return false;
    *out = (grat__hislip_descriptor){.type = payload[*at + 2], .n = length, .data = payload + *at + 3};
    *at += 3 + length;
    return true;
}

grat_err grat__hislip_put_descriptor(grat__buf *b, const grat__hislip_descriptor *d)
{
    uint8_t head[3] = {(uint8_t)(d->n >> 8), (uint8_t)d->n, d->type};
    if (d->n > UINT16_MAX) return GRAT_ETOOBIG;
    grat_err e = grat__buf_put(b, head, sizeof head);
    return e || !d->n ? e : grat__buf_put(b, d->data, d->n);
}

bool grat__hislip_has_mechanism(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; *p;) {
        size_t word = strcspn(p, " ");
        if (word == n && n && memcmp(p, name, n) == 0) return true;
        p += word;
        p += strspn(p, " ");
    }
    return false;
}

grat_err grat__hislip_put_plain(grat__buf *b, const char *user, const char *password)
{
    size_t n = strlen(user), m = strlen(password);
    if (!n || n > 255 || m > 255) return n ? GRAT_ETOOBIG : GRAT_EINVAL;
    grat_err e = grat__buf_put(b, "", 1);
    if (!e) e = grat__buf_put(b, user, n + 1);
    return e || !m ? e : grat__buf_put(b, password, m);
}

bool grat__hislip_is_plain(const uint8_t *data, size_t n, const char *user, const char *password)
{
    /* An authorization identity may stand in front; it must be the user. */
    size_t name = strlen(user), word = strlen(password);
    const uint8_t *first = n ? memchr(data, 0, n) : NULL;
    size_t front = first ? (size_t)(first - data) : 0;
    if (!first || (front && (front != name || memcmp(data, user, name) != 0))) return false;
    if (n != front + 1 + name + 1 + word || memcmp(first + 1, user, name) != 0 || first[1 + name] != 0) return false;
    return memcmp(first + 2 + name, password, word) == 0;
}
