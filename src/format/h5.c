#include "format/h5.h"

#include "core/buf.h"
#include "core/str.h"
#include "format/format.h"
#include "format/h5_lazy.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- errors --------------------------------------------------------------------------------------- */

/* The lowest layer names the number: "file write failed: …, errno = 28, …". */
static herr_t find_errno(unsigned n, const H5E_error2_t *e, void *user)
{
    int *number = user;
    const char *p = e->desc ? strstr(e->desc, "errno = ") : NULL;
    char digits[12];
    (void)n;
    if (!p || *number) return 0;
    p += 8;
    snprintf(digits, sizeof digits, "%.*s", (int)strspn(p, "0123456789"), p);
    grat__parse_int(digits, number);
    return 0;
}

grat_err grat__h5_fail(const char *name, grat_op *op)
{
    int number = 0;
    char text[128];
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_errno, &number);
    H5Eclear2(H5E_DEFAULT);
    if (number == ENOSPC || number == EDQUOT || number == EFBIG)
        return grat_op_fail(op, GRAT_ENOSPC, "cannot write %.160s: the disk is full; free some space or write "
                            "elsewhere", name);
    if (number == EACCES || number == EPERM || number == EROFS)
        return grat_op_fail(op, GRAT_EACCES, "cannot write %.160s: no permission; choose another directory", name);
    if (number)
        return grat_op_fail(op, GRAT_EIO, "cannot write %.160s: %s; check the path and the disk", name,
                            strerror_r(number, text, sizeof text));
    return grat_op_fail(op, GRAT_EIO, "cannot write %.160s: libhdf5 failed; check the disk", name);
}

/* ---- files, groups -------------------------------------------------------------------------------- */

/* Without locks: they are missing on many network file systems, and the one who writes is the only one who can. */
static hid_t access_list(void)
{
    hid_t list = H5Pcreate(*grat__h5.id_H5P_CLS_FILE_ACCESS_ID_g);
    if (list >= 0 && grat__h5.set_file_locking) grat__h5.set_file_locking(list, 0, 1);
    return list;
}

grat_err grat__h5_create(const char *path, bool growing, grat_op *op, grat__h5_id *out)
{
    hid_t list = access_list();
    H5Pset_libver_bounds(list, growing ? H5F_LIBVER_V110 : H5F_LIBVER_EARLIEST, H5F_LIBVER_V110);
    hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, list);
    H5Pclose(list);
    if (file < 0) return grat__h5_fail(path, op);
    *out = file;
    return GRAT_OK;
}

/* A block of a growing file whose checksum is wrong is read again, each time after twice the wait, from 1 ns on. The
 * library's 100 attempts would never end with one that stays wrong; these take 34 ms. */
#define READ_ATTEMPTS 25

grat_err grat__h5_open(const char *path, grat_op *op, grat__h5_id *out)
{
    hid_t list = access_list();
    H5Pset_metadata_read_attempts(list, READ_ATTEMPTS);
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY | H5F_ACC_SWMR_READ, list);
    if (file < 0) file = H5Fopen(path, H5F_ACC_RDONLY, list);
    H5Pclose(list);
    H5Eclear2(H5E_DEFAULT);
    if (file < 0)
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.160s: it is no HDF5 file, or it is broken; check it", path);
    *out = file;
    return GRAT_OK;
}

grat_err grat__h5_group(grat__h5_id parent, const char *name, grat_op *op, grat__h5_id *out)
{
    hid_t group = H5Gcreate2(parent, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (group < 0) return grat__h5_fail(name, op);
    *out = group;
    return GRAT_OK;
}

grat_err grat__h5_close(grat__h5_id id, grat_op *op)
{
    return H5Idec_ref(id) < 0 ? grat__h5_fail("the file", op) : GRAT_OK;
}

/* ---- attributes ----------------------------------------------------------------------------------- */

static bool put_attribute(hid_t at, const char *name, hid_t type, const void *value)
{
    hid_t a;
    if (H5Aexists(at, name) > 0) {
        a = H5Aopen(at, name, H5P_DEFAULT);
    } else {
        hid_t space = H5Screate(H5S_SCALAR);
        a = H5Acreate2(at, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
        H5Sclose(space);
    }
    if (a < 0) return false;
    bool ok = H5Awrite(a, type, value) >= 0;
    H5Aclose(a);
    return ok;
}

bool grat__h5_put_text(grat__h5_id at, const char *name, const char *text)
{
    hid_t type = H5Tcopy(*grat__h5.id_H5T_C_S1_g);
    bool ok = H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;
    ok = ok && put_attribute(at, name, type, &text);
    H5Tclose(type);
    return ok;
}

bool grat__h5_put_number(grat__h5_id at, const char *name, double value)
{
    return put_attribute(at, name, GRAT__H5_TYPE(DOUBLE), &value);
}

bool grat__h5_put_integer(grat__h5_id at, const char *name, int64_t value)
{
    return put_attribute(at, name, GRAT__H5_TYPE(INT64), &value);
}

/* Of one value only. */
static hid_t open_attribute(hid_t at, const char *name, hid_t *type)
{
    if (H5Aexists(at, name) <= 0) return -1;
    hid_t a = H5Aopen(at, name, H5P_DEFAULT);
    if (a < 0) return -1;
    hid_t space = H5Aget_space(a);
    bool one = H5Sget_simple_extent_ndims(space) == 0;
    H5Sclose(space);
    *type = H5Aget_type(a);
    if (one) return a;
    H5Tclose(*type);
    H5Aclose(a);
    return -1;
}

bool grat__h5_get_text(grat__h5_id at, const char *name, char *out, size_t cap)
{
    hid_t type, a = open_attribute(at, name, &type);
    if (a < 0) return false;
    size_t n = H5Tget_size(type);
    bool ok = H5Tget_class(type) == H5T_STRING, variable = ok && H5Tis_variable_str(type) > 0;
    char *text = ok && !variable && n < 1 << 16 ? calloc(1, n + 1) : NULL;
    ok = (variable && H5Aread(a, type, &text) >= 0) || (text && H5Aread(a, type, text) >= 0);
    if (ok) grat__strcpy(out, cap, text ? text : "");
    if (variable) H5free_memory(text);
    else free(text);
    H5Tclose(type);
    H5Aclose(a);
    return ok;
}

static bool get_as(hid_t at, const char *name, hid_t want, void *out)
{
    hid_t type, a = open_attribute(at, name, &type);
    if (a < 0) return false;
    H5T_class_t class = H5Tget_class(type);
    bool ok = (class == H5T_INTEGER || class == H5T_FLOAT) && H5Aread(a, want, out) >= 0;
    H5Tclose(type);
    H5Aclose(a);
    return ok;
}

bool grat__h5_get_number(grat__h5_id at, const char *name, double *out)
{
    return get_as(at, name, GRAT__H5_TYPE(DOUBLE), out);
}

bool grat__h5_get_integer(grat__h5_id at, const char *name, int64_t *out)
{
    return get_as(at, name, GRAT__H5_TYPE(INT64), out);
}

/* ---- arrays --------------------------------------------------------------------------------------- */

static hid_t type_of(grat__h5_kind kind, size_t *item)
{
    switch (kind) {
    case GRAT__H5_U8: return *item = 1, GRAT__H5_TYPE(UINT8);
    case GRAT__H5_I8: return *item = 1, GRAT__H5_TYPE(INT8);
    case GRAT__H5_U16: return *item = 2, GRAT__H5_TYPE(UINT16);
    case GRAT__H5_I16: return *item = 2, GRAT__H5_TYPE(INT16);
    case GRAT__H5_F32: return *item = 4, GRAT__H5_TYPE(FLOAT);
    case GRAT__H5_U32: return *item = 4, GRAT__H5_TYPE(UINT32);
    case GRAT__H5_F64: return *item = 8, GRAT__H5_TYPE(DOUBLE);
    case GRAT__H5_I64: return *item = 8, GRAT__H5_TYPE(INT64);
    case GRAT__H5_U64: return *item = 8, GRAT__H5_TYPE(UINT64);
    }
    return -1;
}

grat_err grat__h5_put_array(grat__h5_id parent, const char *name, grat__h5_kind kind, const void *data, size_t n,
                            grat__h5_id *out)
{
    size_t item;
    hsize_t size = n;
    hid_t type = type_of(kind, &item), space = H5Screate_simple(1, &size, NULL);
    hid_t set = H5Dcreate2(parent, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Sclose(space);
    if (set < 0) return GRAT_EIO;
    if (n && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) < 0) {
        H5Dclose(set);
        return GRAT_EIO;
    }
    *out = set;
    return GRAT_OK;
}

/* ---- series --------------------------------------------------------------------------------------- */

static hid_t create_series(const grat__h5_series *s, hid_t parent, const char *name, const grat__h5_shape *shape)
{
    hsize_t none = 0, unlimited = H5S_UNLIMITED, chunk = s->chunk;
    size_t item;
    hid_t type = shape->type ? shape->type : type_of(shape->kind, &item);
    hid_t space = H5Screate_simple(1, &none, &unlimited), list = H5Pcreate(*grat__h5.id_H5P_CLS_DATASET_CREATE_ID_g);
    bool ok = H5Pset_chunk(list, 1, &chunk) >= 0 && H5Pset_fill_time(list, H5D_FILL_TIME_NEVER) >= 0;
    if (shape->pack) ok = ok && H5Pset_shuffle(list) >= 0 && H5Pset_deflate(list, 1) >= 0;
    hid_t set = ok ? H5Dcreate2(parent, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT) : -1;
    H5Pclose(list);
    H5Sclose(space);
    return set;
}

grat_err grat__h5_series_open(grat__h5_series *s, grat__h5_id parent, const char *name, const grat__h5_shape *shape)
{
    memset(s, 0, sizeof *s);
    s->item = shape->item;
    if (!shape->type) type_of(shape->kind, &s->item);
    s->chunk = shape->chunk;
    s->buf = calloc(s->chunk, s->item);
    s->set = s->buf ? create_series(s, parent, name, shape) : -1;
    if (shape->pack) {
        s->shuffled = malloc(s->chunk * s->item);
        s->packed = malloc(s->chunk * s->item);
        s->packer = libdeflate_alloc_compressor(1);
        s->began_ns = grat_now_ns();
    }
    if (s->set >= 0 && (!shape->pack || (s->shuffled && s->packed && s->packer))) return GRAT_OK;
    grat__h5_series_close(s);
    return GRAT_EIO;
}

void grat__h5_series_close(grat__h5_series *s)
{
    if (s->set > 0) H5Dclose(s->set);
    if (s->packer) libdeflate_free_compressor(s->packer);
    free(s->buf);
    free(s->shuffled);
    free(s->packed);
    memset(s, 0, sizeof *s);
}

/* The first bytes of all, then the second ones: what HDF5 calls shuffle. */
static const uint8_t *shuffle(grat__h5_series *s, const uint8_t *data)
{
    if (s->item == 1) return data;
    for (size_t b = 0; b < s->item; b++)
        for (size_t i = 0; i < s->chunk; i++) s->shuffled[b * s->chunk + i] = data[i * s->item + b];
    return s->shuffled;
}

/* 0: as it is. */
static size_t pack(grat__h5_series *s, const uint8_t *data)
{
    int64_t now = grat_now_ns();
    if (!s->packer || 2 * s->packing_ns > now - s->began_ns + 50000000) return 0;
    size_t n = s->chunk * s->item;
    size_t packed = libdeflate_zlib_compress(s->packer, shuffle(s, data), n, s->packed, n);
    s->packing_ns += grat_now_ns() - now;
    return packed;
}

/* The chunk that begins with number `at`; `end` is the length of the array from now on. */
static bool put_chunk(grat__h5_series *s, uint64_t at, uint64_t end, const uint8_t *data)
{
    hsize_t extent = end, offset = at;
    size_t packed = pack(s, data);
    if (H5Dset_extent(s->set, &extent) < 0) return false;
    /* Bits of filters that were passed over: shuffle and deflate. */
    uint32_t passed = s->packer && !packed ? 3 : 0;
    if (H5Dwrite_chunk(s->set, H5P_DEFAULT, passed, &offset, packed ? packed : s->chunk * s->item,
                       packed ? s->packed : data) >= 0)
        return s->stored = end, true;
    return false;
}

bool grat__h5_series_trim(grat__h5_series *s, uint64_t length)
{
    hsize_t extent = length < s->stored ? length : s->stored;
    return s->set > 0 && H5Dset_extent(s->set, &extent) >= 0;
}

bool grat__h5_series_add(grat__h5_series *s, const void *data, size_t n)
{
    const uint8_t *p = data;
    while (n) {
        size_t take = s->chunk - s->filled < n ? s->chunk - s->filled : n;
        bool whole = take == s->chunk;
        if (!whole) memcpy(s->buf + s->filled * s->item, p, take * s->item);
        s->filled += take;
        if (s->filled == s->chunk) {
            uint64_t at = s->count + take - s->chunk;
            if (!put_chunk(s, at, at + s->chunk, whole ? p : s->buf)) {
                s->filled -= take;
                return false;
            }
            s->filled = s->saved = 0;
        }
        s->count += take;
        p += take * s->item;
        n -= take;
    }
    return true;
}

bool grat__h5_series_save(grat__h5_series *s)
{
    if (s->filled != s->saved) {
        memset(s->buf + s->filled * s->item, 0, (s->chunk - s->filled) * s->item);
        if (!put_chunk(s, s->count - s->filled, s->count, s->buf)) return false;
        s->saved = s->filled;
    }
    return H5Dflush(s->set) >= 0;
}

/* ---- growing files -------------------------------------------------------------------------------- */

bool grat__h5_grow(grat__h5_id file)
{
    return H5Fstart_swmr_write(file) >= 0;
}

/* Bob Jenkins' lookup3 (public domain), which HDF5's checksums are (its format specification, "Metadata Checksums"). */
static uint32_t rotate(uint32_t v, unsigned n)
{
    return v << n | v >> (32 - n);
}

static uint32_t checksum(const uint8_t *p, size_t n)
{
    uint32_t a = 0xdeadbeef + (uint32_t)n, b = a, c = a;
    for (; n > 12; n -= 12, p += 12) {
        a += grat__le32(p), b += grat__le32(p + 4), c += grat__le32(p + 8);
        a -= c, a ^= rotate(c, 4), c += b;
        b -= a, b ^= rotate(a, 6), a += c;
        c -= b, c ^= rotate(b, 8), b += a;
        a -= c, a ^= rotate(c, 16), c += b;
        b -= a, b ^= rotate(a, 19), a += c;
        c -= b, c ^= rotate(b, 4), b += a;
    }
    uint8_t rest[12] = {0};
    memcpy(rest, p, n);
    a += grat__le32(rest), b += grat__le32(rest + 4), c += grat__le32(rest + 8);
    c ^= b, c -= rotate(b, 14);
    a ^= c, a -= rotate(c, 11);
    b ^= a, b -= rotate(a, 25);
    c ^= b, c -= rotate(b, 16);
    a ^= c, a -= rotate(c, 4);
    b ^= a, b -= rotate(a, 14);
    c ^= b, c -= rotate(b, 24);
    return c;
}

enum { SUPERBLOCK = 48, FLAGS_AT = 11, END_AT = 28, SUM_AT = 44 };
/* Bytes that a growing file is longer than it needs. */
#define AHEAD_LEAST ((uint64_t)1 << 20)

static bool read_superblock(int fd, uint8_t b[SUPERBLOCK])
{
    if (fd < 0 || pread(fd, b, SUPERBLOCK, 0) != SUPERBLOCK) return false;
    return memcmp(b, "\x89HDF\r\n\x1a\n\x03", 9) == 0 && checksum(b, SUM_AT) == grat__le32(b + SUM_AT);
}

/* The end for the superblock. What the disk gets first when the power fails is its own choice: an index that names what
 * is beyond the file's end, or an end beyond the file's length, would make it unreadable. So the file is made longer
 * well before, and its end is what was its length a flush ago. */
static uint64_t reach_ahead(grat__h5_ahead *a, int fd, uint64_t end)
{
    struct stat st;
    /* libhdf5 writes the superblock only when its end has moved: else it is still ours. */
    if (a->written && end == a->written) end = a->end;
    uint64_t grown = end > a->end ? end - a->end : 0, far = end + 3 * grown + AHEAD_LEAST, before = a->length;
    a->end = end;
    if (fstat(fd, &st) != 0) return end;
    a->length = (uint64_t)st.st_size;
    if (a->length < end + 2 * grown + AHEAD_LEAST / 2 && ftruncate(fd, (off_t)far) == 0) a->length = far;
    return a->written = before > end ? before : end;
}

bool grat__h5_flush(grat__h5_id file, int fd, grat__h5_ahead *ahead)
{
    uint8_t b[SUPERBLOCK];
    if (H5Fflush(file, H5F_SCOPE_LOCAL) < 0) return false;
    if (!read_superblock(fd, b)) return true;
    uint64_t end = reach_ahead(ahead, fd, grat__le64(b + END_AT));
    b[FLAGS_AT] = 0;
    grat__put_le32(b + END_AT, (uint32_t)end);
    grat__put_le32(b + END_AT + 4, (uint32_t)(end >> 32));
    grat__put_le32(b + SUM_AT, checksum(b, SUM_AT));
    return pwrite(fd, b, sizeof b, 0) == (ssize_t)sizeof b;
}

bool grat__h5_trim(int fd)
{
    uint8_t b[SUPERBLOCK];
    struct stat st;
    if (!read_superblock(fd, b) || fstat(fd, &st) != 0) return true;
    uint64_t end = grat__le64(b + END_AT);
    if ((uint64_t)st.st_size <= end) return true;
    /* On the disk, no end may be beyond the file's length. */
    if (fdatasync(fd) != 0) return false;
    return ftruncate(fd, (off_t)end) == 0;
}
