/* Parts of HDF5 files, for everything that writes them: files, groups, attributes, arrays, and series that grow by
 * whole chunks. Identifiers are those of libhdf5 (hid_t); all of these are called between grat__h5_enter and
 * grat__h5_leave. What a file of waveforms looks like stands in docs/reference/hdf5.md. */
#ifndef GRAT_FORMAT_H5_H
#define GRAT_FORMAT_H5_H

#include <graticule/graticule.h>

typedef int64_t grat__h5_id;

typedef enum grat__h5_kind {
    GRAT__H5_U8 = GRAT_U8, GRAT__H5_I8 = GRAT_I8, GRAT__H5_U16 = GRAT_U16, GRAT__H5_I16 = GRAT_I16,
    GRAT__H5_F32 = GRAT_F32, GRAT__H5_F64, GRAT__H5_U32, GRAT__H5_I64, GRAT__H5_U64,
} grat__h5_kind;

/* Loads the library at the first call and takes the lock that HDF5 needs: one thread at a time. ENOTSUP without it. */
grat_err grat__h5_enter(grat_op *op);
void grat__h5_leave(void);

/* A new file at this path. `growing`: others may read it while it is written (SWMR, once grat__h5_grow was called);
 * else it can be read by HDF5 1.8 too. */
grat_err grat__h5_create(const char *path, bool growing, grat_op *op, grat__h5_id *out);
/* For reading, also while it grows and after its writer was killed. */
grat_err grat__h5_open(const char *path, grat_op *op, grat__h5_id *out);
grat_err grat__h5_group(grat__h5_id parent, const char *name, grat_op *op, grat__h5_id *out);
/* Files, groups, arrays. ENOSPC and the like come out here for a file that was written. */
grat_err grat__h5_close(grat__h5_id id, grat_op *op);
/* Turns what libhdf5 last complained about into a sentence: "cannot write NAME: the disk is full; …". */
grat_err grat__h5_fail(const char *name, grat_op *op);

/* Attributes of a file's root, a group or an array; an existing one gets a new value. */
bool grat__h5_put_text(grat__h5_id at, const char *name, const char *text);
bool grat__h5_put_number(grat__h5_id at, const char *name, double value);
bool grat__h5_put_integer(grat__h5_id at, const char *name, int64_t value);
/* False, and *out untouched, when there is none or it has another kind. */
bool grat__h5_get_text(grat__h5_id at, const char *name, char *out, size_t cap);
bool grat__h5_get_number(grat__h5_id at, const char *name, double *out);
bool grat__h5_get_integer(grat__h5_id at, const char *name, int64_t *out);

/* A one-dimensional array of a fixed length, written at once; closed by the caller for its attributes. */
grat_err grat__h5_put_array(grat__h5_id parent, const char *name, grat__h5_kind kind, const void *data, size_t n,
                            grat__h5_id *out);

/* One-dimensional data without end. */
typedef struct grat__h5_series {
    grat__h5_id set;
    size_t item, chunk;      /* bytes of one; how many of them in a chunk */
    uint64_t count;
    size_t filled;           /* of them in buf, the chunk in work */
    size_t saved;            /* of those, as the file has them */
    uint64_t stored;         /* of all, as the file has them */
    uint8_t *buf, *shuffled, *packed;
    void *packer;
    int64_t began_ns, packing_ns;
} grat__h5_series;
/* How a series is made; `type` is a compound type of the caller's, or 0 for the kind. */
typedef struct grat__h5_shape {
    grat__h5_kind kind;
    grat__h5_id type;
    size_t item;             /* bytes of the compound type */
    size_t chunk;
    bool pack;               /* compress as long as less than half the time goes into it */
} grat__h5_shape;
grat_err grat__h5_series_open(grat__h5_series *s, grat__h5_id parent, const char *name, const grat__h5_shape *shape);
bool grat__h5_series_add(grat__h5_series *s, const void *data, size_t n);
/* Puts the chunk in work into the file as well. */
bool grat__h5_series_save(grat__h5_series *s);
/* After a failure: no longer than what is in the file, and than `length`. */
bool grat__h5_series_trim(grat__h5_series *s, uint64_t length);
void grat__h5_series_close(grat__h5_series *s);

/* From here on the file grows: no more groups, arrays or attributes; others may read it. */
bool grat__h5_grow(grat__h5_id file);
/* How far a growing file is ahead of what is in it; zeroed at first. */
typedef struct grat__h5_ahead {
    uint64_t end, length, written;
} grat__h5_ahead;
/* Behind the saves of the series: the file's own end. `fd` is a descriptor of the file, or -1: with one, the marks by
 * which HDF5 tells a file that is being written are cleared, so that any reader takes it as it is, and the file is
 * longer than it needs to be, so that it survives a power failure. Without one `ahead` may be NULL. */
bool grat__h5_flush(grat__h5_id file, int fd, grat__h5_ahead *ahead);
/* After grat__h5_close of such a file: no longer than it needs. */
bool grat__h5_trim(int fd);

#endif
