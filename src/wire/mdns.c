#include "wire/mdns.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { HEADER = 12, LABEL_MAX = 63, POINTER = 0xc0, POINTER_MAX = 0x3fff };

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

/* ---- names ---------------------------------------------------------------------------------- */

static bool append_label(grat__dns_name *name, const void *label, size_t n)
{
    if (!n || n > LABEL_MAX || name->n + n + 2 > sizeof name->b) return false;
    name->b[name->n++] = (uint8_t)n;
    memcpy(name->b + name->n, label, n);
    name->n = (uint8_t)(name->n + n);
    return true;
}

static void end_name(grat__dns_name *name)
{
    name->b[name->n++] = 0;
}

bool grat__dns_name_from(grat__dns_name *out, const char *text)
{
    grat__dns_name name = {0};
    while (*text) {
        char label[LABEL_MAX + 1];
        size_t n = 0;
        for (; *text && *text != '.'; text++) {
            if (*text == '\\' && text[1]) text++;
            if (n == LABEL_MAX) return false;
            label[n++] = *text;
        }
        if (*text) text++;
        if (!append_label(&name, label, n)) return false;
    }
    end_name(&name);
    *out = name;
    return true;
}

bool grat__dns_name_join(grat__dns_name *out, const void *label, size_t n, const grat__dns_name *rest)
{
    grat__dns_name name = {0};
    if (!append_label(&name, label, n) || name.n + rest->n > (int)sizeof name.b) return false;
    memcpy(name.b + name.n, rest->b, rest->n);
    name.n = (uint8_t)(name.n + rest->n);
    *out = name;
    return true;
}

char *grat__dns_name_text(const grat__dns_name *name, char *out, size_t cap)
{
    size_t at = 0;
    for (unsigned i = 0; i < name->n && name->b[i]; i += 1u + name->b[i]) {
        if (i && at + 1 < cap) out[at++] = '.';
        for (unsigned k = 1; k <= name->b[i]; k++) {
            char c = (char)name->b[i + k];
            if ((c == '.' || c == '\\') && at + 1 < cap) out[at++] = '\\';
            if (at + 1 < cap) out[at++] = (unsigned char)c < ' ' || c == 0x7f ? '?' : c;
        }
    }
    if (cap) out[at] = '\0';
    return out;
}

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

bool grat__dns_name_eq(const grat__dns_name *a, const grat__dns_name *b)
{
    return a->n == b->n && same_bytes(a->b, b->b, a->n);
}

bool grat__dns_name_rest(const grat__dns_name *name, grat__dns_name *out)
{
    if (name->n < 2) return false;
    grat__dns_name rest = {.n = (uint8_t)(name->n - name->b[0] - 1)};
    memcpy(rest.b, name->b + name->b[0] + 1, rest.n);
    *out = rest;
    return true;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Reads the name at `at`; *next is where the message goes on. */
static grat_err get_name(const uint8_t *data, size_t n, size_t at, grat__dns_name *out, size_t *next)
{
    grat__dns_name name = {0};
    size_t limit = at;
    bool jumped = false;
    for (;;) {
        if (at >= n) return GRAT_EPROTO;
        uint8_t c = data[at];
        if ((c & POINTER) == POINTER) {
            if (at + 1 >= n) return GRAT_EPROTO;
            size_t to = (size_t)(c & ~POINTER) << 8 | data[at + 1];
            if (!jumped && next) *next = at + 2;
            if (to < HEADER || to >= limit) return GRAT_EPROTO;
            at = limit = to;
            jumped = true;
            continue;
        }
        if (c == 0) break;
        if (c > LABEL_MAX || at + 1 + c > n || !append_label(&name, data + at + 1, c)) return GRAT_EPROTO;
        at += 1u + c;
    }
    if (!jumped && next) *next = at + 1;
    end_name(&name);
    *out = name;
    return GRAT_OK;
}

grat_err grat__dns_begin(grat__dns_reader *r, const void *data, size_t n)
{
    const uint8_t *p = data;
    if (n < HEADER) return GRAT_EPROTO;
    *r = (grat__dns_reader){.data = p, .n = n, .at = HEADER, .id = be16(p), .flags = be16(p + 2)};
    for (unsigned i = 0; i < 4; i++) r->left[i] = be16(p + 4 + 2 * i);
    return GRAT_OK;
}

static grat_err take_next(grat__dns_reader *r, int section, grat__dns_record *out)
{
    size_t at;
    grat_err e = get_name(r->data, r->n, r->at, &out->name, &at);
    if (e) return e;
    size_t fixed = section == GRAT__DNS_QUESTION ? 4 : 10;
    if (r->n - at < fixed) return GRAT_EPROTO;
    const uint8_t *p = r->data + at;
    out->section = section;
    out->type = be16(p);
    out->klass = be16(p + 2);
    out->ttl = 0;
    out->data = NULL;
    out->n = 0;
    out->data_at = at + fixed;
    r->at = out->data_at;
    if (section == GRAT__DNS_QUESTION) return GRAT_OK;
    out->ttl = grat__be32(p + 4);
    out->n = be16(p + 8);
    out->data = p + fixed;
    if (r->n - r->at < out->n) return GRAT_EPROTO;
    r->at += out->n;
    return GRAT_OK;
}

grat_err grat__dns_next(grat__dns_reader *r, grat__dns_record *out)
{
    for (int section = 0; section < 4; section++) {
        if (!r->left[section]) continue;
        r->left[section]--;
        grat_err e = take_next(r, section, out);
        if (e) memset(r->left, 0, sizeof r->left);
        return e;
    }
    return GRAT_ENODATA;
}

/* A name inside a record must end with the record. */
static grat_err name_at_end(const grat__dns_reader *r, const grat__dns_record *rec, size_t skip, grat__dns_name *out)
{
    size_t next, end = rec->data_at + rec->n;
    if (rec->n < skip + 1) return GRAT_EPROTO;
    grat_err e = get_name(r->data, end, rec->data_at + skip, out, &next);
    return e ? e : next == end ? GRAT_OK : GRAT_EPROTO;
}

grat_err grat__dns_get_ptr(const grat__dns_reader *r, const grat__dns_record *rec, grat__dns_name *out)
{
    return rec->type == GRAT__DNS_PTR ? name_at_end(r, rec, 0, out) : GRAT_EPROTO;
}

grat_err grat__dns_get_srv(const grat__dns_reader *r, const grat__dns_record *rec, grat__dns_srv *out)
{
    grat__dns_name target;
    if (rec->type != GRAT__DNS_SRV || name_at_end(r, rec, 6, &target)) return GRAT_EPROTO;
    *out = (grat__dns_srv){be16(rec->data), be16(rec->data + 2), be16(rec->data + 4), target};
    return GRAT_OK;
}

bool grat__dns_txt_value(const void *txt, size_t n, const char *key, char *out, size_t cap)
{
    const uint8_t *p = txt;
    size_t len = strlen(key);
    for (size_t at = 0; at < n && at + 1 + p[at] <= n; at += 1u + p[at]) {
        const char *pair = (const char *)p + at + 1;
        size_t size = p[at];
        if (size < len || strncasecmp(pair, key, len) != 0 || (size > len && pair[len] != '=')) continue;
        size_t value = size > len ? size - len - 1 : 0;
        if (cap) snprintf(out, cap, "%.*s", (int)value, value ? pair + len + 1 : "");
        return true;
    }
    return false;
}

/* ---- writing -------------------------------------------------------------------------------- */

grat_err grat__dns_start(grat__dns_writer *w, uint16_t id, uint16_t flags, size_t max)
{
    uint8_t head[HEADER] = {(uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(flags >> 8), (uint8_t)flags};
    w->n_known = 0;
    grat__buf_init(&w->buf, max);
    return grat__buf_put(&w->buf, head, sizeof head);
}

void grat__dns_free(grat__dns_writer *w)
{
    grat__buf_free(&w->buf);
}

static grat_err put16(grat__buf *b, unsigned v)
{
    uint8_t two[2] = {(uint8_t)(v >> 8), (uint8_t)v};
    return grat__buf_put(b, two, 2);
}

/* Where this tail of a name already stands in the message; 0 = nowhere. */
static unsigned find_known(const grat__dns_writer *w, const uint8_t *tail, size_t n)
{
    for (unsigned i = 0; i < w->n_known; i++) {
        grat__dns_name there;
        if (get_name(w->buf.data, w->buf.len, w->known[i], &there, NULL)) continue;
        if (there.n == n && memcmp(there.b, tail, n) == 0) return w->known[i];
    }
    return 0;
}

static grat_err put_name(grat__dns_writer *w, const grat__dns_name *name)
{
    unsigned start = w->n_known;
    uint16_t begins[128];
    unsigned n = 0;
    grat_err e = GRAT_OK;
    for (unsigned i = 0; !e && i < name->n; i += 1u + name->b[i]) {
        unsigned at = name->b[i] ? find_known(w, name->b + i, (size_t)(name->n - i)) : 0;
        if (at) {
            e = put16(&w->buf, POINTER << 8 | at);
            break;
        }
        if (name->b[i] && w->buf.len <= POINTER_MAX) begins[n++] = (uint16_t)w->buf.len;
        e = grat__buf_put(&w->buf, name->b + i, 1u + name->b[i]);
    }
    for (unsigned i = 0; !e && i < n && w->n_known < sizeof w->known / sizeof *w->known; i++)
        w->known[w->n_known++] = begins[i];
    if (e) w->n_known = start;
    return e;
}

typedef struct savepoint {
    size_t len;
    unsigned n_known;
} savepoint;

/* Counts what was put, or takes it back. */
static grat_err close_part(grat__dns_writer *w, savepoint before, int section, grat_err e)
{
    if (e) {
        w->buf.len = before.len;
        w->n_known = before.n_known;
        return e;
    }
    uint8_t *count = w->buf.data + 4 + 2 * section;
    unsigned n = be16(count) + 1u;
    count[0] = (uint8_t)(n >> 8);
    count[1] = (uint8_t)n;
    return GRAT_OK;
}

static savepoint open_part(const grat__dns_writer *w)
{
    return (savepoint){w->buf.len, w->n_known};
}

grat_err grat__dns_put_question(grat__dns_writer *w, const grat__dns_name *name, uint16_t type, uint16_t klass)
{
    savepoint before = open_part(w);
    grat_err e = put_name(w, name);
    if (!e) e = put16(&w->buf, type);
    if (!e) e = put16(&w->buf, klass);
    return close_part(w, before, GRAT__DNS_QUESTION, e);
}

static grat_err put_head(grat__dns_writer *w, const grat__dns_head *h, uint16_t type, size_t n)
{
    uint8_t ttl[4];
    grat__put_be32(ttl, h->ttl);
    grat_err e = put_name(w, h->name);
    if (!e) e = put16(&w->buf, type);
    if (!e) e = put16(&w->buf, h->klass);
    if (!e) e = grat__buf_put(&w->buf, ttl, sizeof ttl);
    return e ? e : put16(&w->buf, (unsigned)n);
}

static void set_length(grat__dns_writer *w, size_t at)
{
    size_t n = w->buf.len - at;
    w->buf.data[at - 2] = (uint8_t)(n >> 8);
    w->buf.data[at - 1] = (uint8_t)n;
}

grat_err grat__dns_put_ptr(grat__dns_writer *w, const grat__dns_head *h, const grat__dns_name *target)
{
    savepoint before = open_part(w);
    grat_err e = put_head(w, h, GRAT__DNS_PTR, 0);
    size_t at = w->buf.len;
    if (!e) e = put_name(w, target);
    if (!e) set_length(w, at);
    return close_part(w, before, h->section, e);
}

grat_err grat__dns_put_srv(grat__dns_writer *w, const grat__dns_head *h, uint16_t port, const grat__dns_name *target)
{
    savepoint before = open_part(w);
    uint8_t fixed[6] = {0, 0, 0, 0, (uint8_t)(port >> 8), (uint8_t)port};
    grat_err e = put_head(w, h, GRAT__DNS_SRV, 0);
    size_t at = w->buf.len;
    if (!e) e = grat__buf_put(&w->buf, fixed, sizeof fixed);
    if (!e) e = put_name(w, target);
    if (!e) set_length(w, at);
    return close_part(w, before, h->section, e);
}

grat_err grat__dns_put_bytes(grat__dns_writer *w, const grat__dns_head *h, uint16_t type, const void *data, size_t n)
{
    savepoint before = open_part(w);
    grat_err e = n > 0xffff ? GRAT_ETOOBIG : put_head(w, h, type, n);
    if (!e) e = grat__buf_put(&w->buf, data, n);
    return close_part(w, before, h->section, e);
}

grat_err grat__dns_put_pair(grat__buf *txt, const char *key, const char *value)
{
    size_t n = strlen(key) + 1 + strlen(value);
    uint8_t len = (uint8_t)n;
    grat_err e = n > 255 ? GRAT_ETOOBIG : grat__buf_reserve(txt, n + 1);
    if (e) return e;
    grat__buf_put(txt, &len, 1);
    return grat__buf_printf(txt, "%s=%s", key, value);
}
