#include "format/zip.h"

#include "core/buf.h"
#include "format/format.h"

#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

enum { STORED = 0, DEFLATED = 8, LOCAL = 30, CENTRAL = 46, END = 22, LOCATOR = 20, END64 = 56, MOST_COMMENT = 65535 };
#define EXPANSION 1032       /* what deflate can do at most */

grat_err grat__zip_put_local(const grat__zip_member *m, grat_out *o, grat_op *op)
{
    uint8_t h[LOCAL] = {'P', 'K', 3, 4, 45}, extra[GRAT__ZIP_LOCAL - LOCAL];
    h[8] = m->deflated ? DEFLATED : STORED;
    h[12] = 0x21;
    grat__put_le32(h + 14, m->crc);
    grat__put_le32(h + 18, 0xffffffff);
    grat__put_le32(h + 22, 0xffffffff);
    grat__put_le16(h + 26, (uint16_t)m->name_length);
    grat__put_le16(h + 28, sizeof extra);
    grat__put_le16(extra, 1);
    grat__put_le16(extra + 2, 16);
    grat__put_le64(extra + 4, m->size);
    grat__put_le64(extra + 12, m->stored);
    grat_err err = grat_out_write(o, h, sizeof h, op);
    if (!err) err = grat_out_write(o, m->name, m->name_length, op);
    return err ? err : grat_out_write(o, extra, sizeof extra, op);
}

grat_err grat__zip_put_central(const grat__zip_member *m, grat_out *o, grat_op *op)
{
    uint8_t h[CENTRAL] = {'P', 'K', 1, 2, 45, 3, 45}, extra[28];
    h[10] = m->deflated ? DEFLATED : STORED;
    h[14] = 0x21;
    grat__put_le32(h + 16, m->crc);
    grat__put_le32(h + 20, 0xffffffff);
    grat__put_le32(h + 24, 0xffffffff);
    grat__put_le16(h + 28, (uint16_t)m->name_length);
    grat__put_le16(h + 30, sizeof extra);
    grat__put_le16(h + 32, m->comment);
    grat__put_le32(h + 38, 0644u << 16 | 0x80000000u);
    grat__put_le32(h + 42, 0xffffffff);
    grat__put_le16(extra, 1);
    grat__put_le16(extra + 2, 24);
    grat__put_le64(extra + 4, m->size);
    grat__put_le64(extra + 12, m->stored);
    grat__put_le64(extra + 20, m->offset);
    grat_err err = grat_out_write(o, h, sizeof h, op);
    if (!err) err = grat_out_write(o, m->name, m->name_length, op);
    return err ? err : grat_out_write(o, extra, sizeof extra, op);
}

grat_err grat__zip_put_end(uint64_t members, uint64_t start, uint64_t size, grat_out *o, grat_op *op)
{
    uint64_t at = grat__out_tell(o);
    uint8_t h[GRAT__ZIP_END] = {'P', 'K', 6, 6, 44};
    uint16_t few = members < 0xffff ? (uint16_t)members : 0xffff;
    h[12] = h[14] = 45;
    grat__put_le64(h + 24, members);
    grat__put_le64(h + 32, members);
    grat__put_le64(h + 40, size);
    grat__put_le64(h + 48, start);
    uint8_t *locator = h + END64, *last = locator + LOCATOR;
    memcpy(locator, "PK\x06\x07", 4);
    grat__put_le64(locator + 8, at);
    locator[16] = 1;
    memcpy(last, "PK\x05\x06", 4);
    grat__put_le16(last + 8, few);
    grat__put_le16(last + 10, few);
    grat__put_le32(last + 12, size < 0xffffffff ? (uint32_t)size : 0xffffffff);
    grat__put_le32(last + 16, 0xffffffff);
    return grat_out_write(o, h, sizeof h, op);
}

/* ---- reading -------------------------------------------------------------------------------------- */

static const uint8_t *find_end(const uint8_t *data, size_t n)
{
    if (n < END) return NULL;
    size_t least = n > END + MOST_COMMENT ? n - END - MOST_COMMENT : 0;
    for (size_t at = n - END + 1; at-- > least;)
        if (memcmp(data + at, "PK\x05\x06", 4) == 0) return data + at;
    return NULL;
}

bool grat__zip_open(const uint8_t *data, size_t n, grat__zip_dir *out)
{
    const uint8_t *end = find_end(data, n);
    if (!end) return false;
    uint64_t members = grat__le16(end + 10), start = grat__le32(end + 16);
    size_t at = (size_t)(end - data);
    if (at >= LOCATOR && memcmp(end - LOCATOR, "PK\x06\x07", 4) == 0) {
        uint64_t far = grat__le64(end - LOCATOR + 8);
        if (n < END64 || far > n - END64 || memcmp(data + far, "PK\x06\x06", 4) != 0) return false;
        members = grat__le64(data + far + 32);
        start = grat__le64(data + far + 48);
    }
    if (start > n) return false;
    *out = (grat__zip_dir){.data = data, .n = n, .at = (size_t)start, .left = members};
    return true;
}

/* The ZIP64 field holds, in this order, those that say 0xffffffff elsewhere (4.5.3). */
static bool widen(const uint8_t *extra, size_t n, uint64_t *value[3])
{
    bool wanted = false;
    for (unsigned i = 0; i < 3; i++) wanted = wanted || *value[i] == 0xffffffff;
    if (!wanted) return true;
    while (n >= 4) {
        size_t size = grat__le16(extra + 2);
        if (size > n - 4) return false;
        const uint8_t *field = extra + 4, *stop = field + size;
        for (unsigned i = 0; i < 3 && grat__le16(extra) == 1; i++) {
            if (*value[i] != 0xffffffff) continue;
            if (stop - field < 8) return false;
            *value[i] = grat__le64(field);
            field += 8;
        }
        if (grat__le16(extra) == 1) return true;
        extra += 4 + size;
        n -= 4 + size;
    }
    return false;
}

static bool locate(const grat__zip_dir *d, grat__zip_member *m)
{
    if (d->n < LOCAL || m->offset > d->n - LOCAL) return false;
    const uint8_t *local = d->data + m->offset;
    size_t skip = LOCAL + (size_t)grat__le16(local + 26) + grat__le16(local + 28), room = d->n - (size_t)m->offset;
    if (memcmp(local, "PK\x03\x04", 4) != 0 || skip > room || m->stored > room - skip) return false;
    m->data = local + skip;
    return m->deflated ? m->size <= EXPANSION * m->stored + 64 : m->size == m->stored;
}

bool grat__zip_next(grat__zip_dir *d, grat__zip_member *out)
{
    if (!d->left || d->n - d->at < CENTRAL) return false;
    const uint8_t *h = d->data + d->at;
    size_t name = grat__le16(h + 28), extra = grat__le16(h + 30), comment = grat__le16(h + 32);
    unsigned method = grat__le16(h + 10);
    if (memcmp(h, "PK\x01\x02", 4) != 0 || (method != STORED && method != DEFLATED)) return false;
    if (d->n - d->at - CENTRAL < name + extra + comment) return false;
    grat__zip_member m = {.name = (const char *)h + CENTRAL, .name_length = name, .size = grat__le32(h + 24),
                          .stored = grat__le32(h + 20), .offset = grat__le32(h + 42), .crc = grat__le32(h + 16),
                          .deflated = method == DEFLATED};
    uint64_t *wide[] = {&m.size, &m.stored, &m.offset};
    if (!widen(h + CENTRAL + name, extra, wide) || !locate(d, &m)) return false;
    d->at += CENTRAL + name + extra + comment;
    d->left--;
    *out = m;
    return true;
}

static bool inflate_all(const grat__zip_member *m, uint8_t *out)
{
    z_stream z = {0};
    uint64_t in = 0, made = 0;
    int status = Z_OK;
    uint8_t spare;
    if (inflateInit2(&z, -15) != Z_OK) return false;
    while (status == Z_OK) {
        uint64_t give = m->stored - in, room = m->size - made;
        if (give > 1u << 30) give = 1u << 30;
        if (room > 1u << 30) room = 1u << 30;
        z.next_in = m->data + in, z.avail_in = (uInt)give;
        z.next_out = room ? out + made : &spare, z.avail_out = room ? (uInt)room : 1;
        status = inflate(&z, Z_NO_FLUSH);
        in += give - z.avail_in;
        made += (room ? room : 1) - z.avail_out;
        if (made > m->size) status = Z_DATA_ERROR;
    }
    inflateEnd(&z);
    return status == Z_STREAM_END && made == m->size;
}

bool grat__zip_extract(const grat__zip_member *m, uint8_t *out)
{
    if (m->deflated ? !inflate_all(m, out) : !m->size) return !m->deflated;
    if (!m->deflated) memcpy(out, m->data, (size_t)m->size);
    return (uint32_t)crc32_z(0, out, (size_t)m->size) == m->crc;
}
