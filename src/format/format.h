/* Shared by the formats. */
#ifndef GRAT_FORMAT_FORMAT_H
#define GRAT_FORMAT_FORMAT_H

#include <graticule/backend.h>

#include "core/buf.h"
#include "sink/sink.h"

extern const grat_format grat__format_csv, grat__format_npy, grat__format_npz, grat__format_wav, grat__format_json,
    grat__format_vcd, grat__format_sr, grat__format_h5, grat__format_raw, grat__format_png, grat__format_svg;

/* "ch1", "D0". */
void grat__trace_label(const grat_trace *t, char *out, size_t cap);
/* "500mV/div DC 10X offset 0V", or "" when the settings are unknown. No commas, no quotes. */
void grat__trace_note(const grat_meta *m, const grat_trace *t, char *out, size_t cap);
/* "RIGOL TECHNOLOGIES DS1104Z DS1ZA170000001 00.04.04 2ms/div 250MSa/s trigger 1 rising 0V". Likewise. */
void grat__meta_note(const grat_meta *m, const grat_record *r, char *out, size_t cap);

/* Records that a format must hold until the file's end, bounded. */
typedef struct grat__keep {
    grat_record **record;
    size_t count, room;
    uint64_t bytes;
    uint64_t samples;
} grat__keep;
grat_err grat__keep_add(grat__keep *k, grat_record *r, grat_op *op);
void grat__keep_free(grat__keep *k);

/* Rows of samples that are missing, for formats whose rows have no times of their own. */
typedef struct grat__filler {
    bool begun;
    uint64_t next;           /* index that goes on without a gap */
    unsigned number;
    uint8_t last[4 * GRAT_MAX_CHANNELS];   /* the row before */
} grat__filler;
/* Samples in a row that are filled in where they are missing. The file is then as long as without the loss: as long as
 * was reckoned with. */
#define GRAT__LONGEST_GAP 10000000000u
/* Writes the last row again for each row of `row` bytes that is missing before r; *filled are so many. ETOOBIG beyond
 * GRAT__LONGEST_GAP. */
grat_err grat__fill_lost(grat__filler *f, const grat_record *r, size_t row, uint64_t *filled, grat_out *o, grat_op *op);
/* Behind r; `last`: its last row. */
void grat__filler_take(grat__filler *f, const grat_record *r, const uint8_t *last, size_t row);

/* The raw samples of n rows from index `from`, channel beside channel; `row` bytes each. */
void grat__interleave(const grat_record *r, size_t row, size_t from, size_t n, uint8_t *out);

/* One record of pieces that follow each other; freed with grat_record_unref(w->r). */
typedef struct grat__whole {
    grat_record *r;
    size_t room;
    bool apart, no_memory;   /* why it ended */
} grat__whole;
/* False when the piece does not follow the ones before, or memory is short. */
bool grat__whole_add(void *user, grat_record *r);

/* For readers: sets t0 and dt from n times that lie `stride` bytes apart, each a native double. EPARSE when they are
 * not evenly spaced, as in a file with several acquisitions or with gaps. */
grat_err grat__even_times(const char *path, const void *times, size_t stride, grat_record *r, grat_op *op);
/* A time axis that is found from a column of times, stretch by stretch. */
typedef struct grat__axis {
    double dt, origin;    /* seconds; origin: of the acquisition's first sample */
    uint64_t next;        /* index behind the last one taken */
    unsigned number;
    bool begun;
} grat__axis;
/* How many of the n times (`stride` bytes apart, each a native double) follow each other evenly; at least 1. Fills t0,
 * dt, first and the gap flag of r, whose number says when another acquisition begins. */
size_t grat__axis_take(grat__axis *x, const void *times, size_t stride, size_t n, grat_record *r);
/* These bytes of a mapped file are not wanted again: memory stays small however long it is. */
void grat__pages_done(const void *data, size_t n);
/* A regular file that is not empty, for munmap. */
grat_err grat__map_file(const char *path, uint8_t **data, size_t *n, grat_op *op);
/* The readers of .raw and .json, in files of their own. */
grat_err grat__raw_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op);
grat_err grat__json_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op);
/* The samples and their description. */
typedef struct grat__raw_files {
    const char *path;        /* for sentences */
    const uint8_t *data, *text;
    size_t size, length;     /* bytes of each */
} grat__raw_files;
grat_err grat__raw_read(const grat__raw_files *f, const grat_reading *to, grat_op *op);
/* Fills name, unit and logic from a label such as "ch1_V", "ch1", "D0". */
void grat__label_parse(const char *label, size_t n, grat_trace *t);

/* "1:pulse@500mV,1us..5us & D0:above@0V": what a trigger of several events, or of one that is no edge, waits for; "" of
 * another. */
void grat__trigger_text(const grat_settings *s, char *out, size_t cap);
/* Appends "identity":{…},"resource":"…","settings":{…} or null, without the outer braces. */
grat_err grat__meta_json(grat__buf *b, const grat_meta *m);
/* Takes them from such an object with its braces, as far as they can be read; nothing without Jansson. */
void grat__meta_parse(const char *text, grat_meta *meta);
/* Appends text as a JSON string with its quotes: UTF-8, or else ISO 8859-1. */
grat_err grat__json_string(grat__buf *b, const char *text);
/* Appends "name":v or null, so that the same number is read back, and `after`. */
grat_err grat__json_number(grat__buf *b, const char *name, double v, const char *after);

static inline uint64_t grat__le64(const uint8_t *p)
{
    return grat__le32(p) | (uint64_t)grat__le32(p + 4) << 32;
}
static inline void grat__put_le64(uint8_t *p, uint64_t v)
{
    grat__put_le32(p, (uint32_t)v);
    grat__put_le32(p + 4, (uint32_t)(v >> 32));
}

/* Bytes from which on a .wav is RF64; for tests. */
extern uint64_t grat__wav_riff_most;

/* The header of numpy's format, version 1.0, always padded to this size. */
#define GRAT__NPY_HEADER 4096
/* `descr` is a Python literal; `rows` < 0 makes a scalar. False when it does not fit. */
bool grat__npy_header(char out[GRAT__NPY_HEADER], const char *descr, int64_t rows);

typedef struct grat__npy_field {
    char name[48], title[120];
    char kind;            /* 'f', 'u', 'i' */
    unsigned size;
    size_t offset;
} grat__npy_field;
typedef struct grat__npy {
    unsigned fields;      /* one without a name for a plain array */
    grat__npy_field field[GRAT_MAX_CHANNELS + 2];
    size_t row_size, rows;
    const uint8_t *data;  /* rows * row_size bytes are there */
} grat__npy;
/* Reads arrays as the writers here make them: little-endian, one dimension. */
bool grat__npy_parse(const uint8_t *data, size_t n, grat__npy *out);

#endif
