/* RIFF WAVE. Bytes and 16-bit words become 16-bit PCM (a byte is the upper half), so that any player takes it; float
 * records become 32-bit float. A LIST/INFO comment carries what turns the samples back into volts:
 *   graticule t0=-0.012 dt=4e-09 ch1_V=0.00015625,-5.12 D0=3.0518509e-05,0      (scale,offset of each column)
 * It stands before the samples, so that it is there from the beginning, where it is short enough: libsigrok looks for
 * the samples in the first 256 bytes only. The long one of many channels comes last; not in a file that grows, where
 * what comes next would be written over it. Samples that are missing are filled by the last one before them.
 * Beyond 4 GiB the head becomes that of RF64 (EBU Tech 3306), of the same length: "ds64" with sizes of 64 bits comes
 * first, and takes the room of a part of the comment, or of a chunk JUNK.
 * The rate field has 32 bits: faster records say 4294967295 there and the truth in the comment. */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024, PIECE = 1 << 18, NOTE = 2048, SHORT_NOTE = 192 };
enum { RIFF = 12, FMT = 24, LIST = 20, DATA = 8, DS64 = 36 };
enum { BRIEF = RIFF + FMT + LIST + SHORT_NOTE + DATA, LONG = RIFF + FMT + DS64 + DATA, TRAILER = LIST + NOTE };
enum { FULL = RIFF + FMT + DS64 + LIST + NOTE + DATA };

uint64_t grat__wav_riff_most = 4294967295u;

typedef struct wav {
    bool started, real;
    unsigned traces;
    uint64_t frames, announced;
    double t0, dt;
    double scale[GRAT_MAX_CHANNELS], offset[GRAT_MAX_CHANNELS];
    char note[NOTE + DS64];  /* zeros behind the text */
    size_t header_size;      /* BRIEF, LONG or FULL */
    grat__filler filler;
    bool big;                /* RF64 */
    size_t trailer_size;     /* of the comment at the end, if it stands there */
} wav;

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)p, (void)meta, (void)o, (void)op;
    return GRAT_OK;
}

static size_t put_key_value(char *p, const char *key, double a)
{
    size_t n = strlen(key);
    memcpy(p, key, n);
    return n + grat__put_double(p + n, a, 15);
}

static bool describe(wav *w, const grat_record *r, char *note)
{
    size_t n = 0;
    memset(note, 0, NOTE);
    n += put_key_value(note + n, "graticule t0=", r->t0 + (double)r->first * r->dt);
    n += put_key_value(note + n, " dt=", r->dt);
    for (unsigned i = 0; i < r->traces; i++) {
        const grat_trace *t = &r->trace[i];
        char label[48], key[64];
        if (n + 128 > NOTE) return false;
        grat__trace_label(t, label, sizeof label);
        snprintf(key, sizeof key, " %s%s%s=", label, t->unit[0] ? "_" : "", t->unit);
        double scale = 1, offset = 0;
        if (!w->real && t->logic)
            scale = 1 / 32767.0;
        else if (!w->real) {
            double middle = t->type == GRAT_U8 ? 128 : t->type == GRAT_U16 ? 32768 : 0;
            scale = t->scale / (t->type == GRAT_U8 || t->type == GRAT_I8 ? 256 : 1);
            offset = t->offset + middle * t->scale;
        }
        n += put_key_value(note + n, key, scale);
        n += put_key_value(note + n, ",", offset);
    }
    return true;
}

static uint8_t *put_note(uint8_t *p, const char *note, uint32_t size)
{
    memcpy(p, "LIST\0\0\0\0INFOICMT", 16);
    grat__put_le32(p + 4, 12 + size);
    grat__put_le32(p + 16, size);
    memcpy(p + LIST, note, size);
    return p + LIST + size;
}

static uint8_t *put_chunk(uint8_t *p, const char *id, uint32_t size)
{
    memcpy(p, id, 4);
    grat__put_le32(p + 4, size);
    return p + 8;
}

static uint64_t data_size(const wav *w, uint64_t frames)
{
    return frames * w->traces * (w->real ? 4 : 2);
}

/* The form that so many frames want. */
static void choose_form(wav *w, uint64_t frames)
{
    uint64_t size = w->header_size + TRAILER + data_size(w, frames);
    w->big = size > grat__wav_riff_most;
    bool fits = w->header_size == BRIEF && (!w->big || strlen(w->note) < SHORT_NOTE - DS64);
    bool in_header = fits || w->header_size == FULL;
    w->trailer_size = in_header ? 0 : TRAILER;
}

static uint8_t *put_format(const wav *w, uint8_t *p)
{
    unsigned bytes = w->real ? 4 : 2, frame = bytes * w->traces;
    double rate = rint(1 / w->dt);
    uint32_t field = rate < 1 ? 1 : rate > 4294967295.0 ? 4294967295u : (uint32_t)rate;
    uint64_t speed = (uint64_t)field * frame;
    p = put_chunk(p, "fmt ", 16);
    grat__put_le16(p, w->real ? 3 : 1);
    grat__put_le16(p + 2, (uint16_t)w->traces);
    grat__put_le32(p + 4, field);
    grat__put_le32(p + 8, speed > 4294967295u ? 4294967295u : (uint32_t)speed);
    grat__put_le16(p + 12, (uint16_t)frame);
    grat__put_le16(p + 14, (uint16_t)(8 * bytes));
    return p + 16;
}

/* In the form that was chosen. */
static grat_err put_header(wav *w, uint64_t frames, grat_out *o, grat_op *op)
{
    uint8_t h[FULL] = {0}, *p = h, *end = h + w->header_size - DATA;
    uint64_t size = data_size(w, frames), all = w->header_size - 8 + size + w->trailer_size;
    p = put_chunk(p, w->big ? "RF64" : "RIFF", w->big ? UINT32_MAX : (uint32_t)all);
    memcpy(p, "WAVE", 4);
    p += 4;
    if (w->big) {
        p = put_chunk(p, "ds64", DS64 - 8);
        grat__put_le64(p, all);
        grat__put_le64(p + 8, size);
        grat__put_le64(p + 16, frames);
        p += DS64 - 8;
    }
    p = put_format(w, p);
    if (end > p && !w->trailer_size) put_note(p, w->note, (uint32_t)(end - p - LIST));
    else if (end > p) put_chunk(p, "JUNK", (uint32_t)(end - p - 8));
    put_chunk(end, "data", w->big ? UINT32_MAX : (uint32_t)size);
    w->announced = frames;
    return grat_out_write(o, h, w->header_size, op);
}

static grat_err start(wav *w, const grat_record *r, grat_out *o, grat_op *op)
{
    w->traces = r->traces;
    w->dt = r->dt;
    for (unsigned i = 0; i < r->traces; i++) {
        w->real = w->real || r->trace[i].type == GRAT_F32;
        w->scale[i] = r->trace[i].scale;
        w->offset[i] = r->trace[i].offset;
    }
    if (!describe(w, r, w->note))
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .wav: too many channels for its comment; write .npy");
    bool growing = grat_out_options(o)->growing;
    w->header_size = strlen(w->note) < SHORT_NOTE - (growing ? DS64 : 0) ? BRIEF : growing ? FULL : LONG;
    choose_form(w, r->count);
    w->started = true;
    return put_header(w, r->count, o, op);
}

#define PCM(T, VALUE)                                                                                                  \
    do {                                                                                                               \
        const T *raw = (const T *)t->raw + from;                                                                       \
        for (size_t i = 0; i < n; i++) {                                                                               \
            int v = raw[i];                                                                                            \
            grat__put_le16(out + i * row, (uint16_t)(VALUE));                                                          \
        }                                                                                                              \
    } while (0)

/* A channel, at every `row` bytes. */
static void fill_pcm(const grat_trace *t, size_t from, size_t n, size_t row, uint8_t *out)
{
    switch (t->type) {
    case GRAT_U8:
        if (t->logic) PCM(uint8_t, v ? 32767 : 0);
        else PCM(uint8_t, (v - 128) * 256);
        break;
    case GRAT_I8:
        PCM(int8_t, v * 256);
        break;
    case GRAT_U16:
        PCM(uint16_t, v - 32768);
        break;
    case GRAT_I16:
        if (row == 2 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) memcpy(out, (const int16_t *)t->raw + from, 2 * n);
        else PCM(int16_t, v);
        break;
    case GRAT_F32:
        break;
    }
}

static void fill(const wav *w, const grat_record *r, size_t from, size_t n, uint8_t *out)
{
    float values[CHUNK];
    for (unsigned j = 0; j < r->traces; j++) {
        const grat_trace *t = &r->trace[j];
        if (w->real) grat_trace_values_f32(t, from, n, values);
        else fill_pcm(t, from, n, 2 * (size_t)r->traces, out + 2 * j);
        for (size_t i = 0; i < n && w->real; i++) memcpy(out + 4 * (i * r->traces + j), &values[i], 4);
    }
}

static grat_err fill_gap(wav *w, const grat_record *r, grat_out *o, grat_op *op)
{
    size_t frame = r->traces * (w->real ? 4u : 2u);
    uint64_t lost = 0;
    uint8_t last[4 * GRAT_MAX_CHANNELS];
    if (!r->count) return GRAT_OK;
    grat_err err = grat__fill_lost(&w->filler, r, frame, &lost, o, op);
    fill(w, r, r->count - 1, 1, last);
    grat__filler_take(&w->filler, r, last, frame);
    w->frames += lost;
    return err;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    wav *w = p;
    grat_err err = GRAT_OK;
    if (w->started && !grat__out_seekable(o))
        return grat_op_fail(op, GRAT_ENOTSUP, "cannot write .wav to a pipe in more than one record: its header holds "
                            "the length; write to a file or use csv");
    if (!w->started) err = start(w, r, o, op);
    for (unsigned i = 0; i < r->traces && !w->real && !err; i++) {
        if (w->scale[i] != r->trace[i].scale || w->offset[i] != r->trace[i].offset)
            err = grat_op_fail(op, GRAT_EINVAL, "cannot write .wav: the range of channel %s changed between two "
                               "records; write .npy", r->trace[i].name);
    }
    if (!err) err = fill_gap(w, r, o, op);
    for (size_t i = 0; i < r->count && !err; i += CHUNK) {
        size_t n = r->count - i < CHUNK ? r->count - i : CHUNK;
        size_t bytes = n * r->traces * (w->real ? 4 : 2);
        uint8_t *to = grat__out_reserve(o, bytes, NULL, op);
        if (!to) return op->err;
        fill(w, r, i, n, to);
        grat__out_advance(o, bytes);
    }
    w->frames += r->count;
    return err;
}

static grat_err put_trailer(const wav *w, grat_out *o, grat_op *op)
{
    uint8_t trailer[TRAILER];
    if (!w->trailer_size) return GRAT_OK;
    put_note(trailer, w->note, NOTE);
    return grat_out_write(o, trailer, sizeof trailer, op);
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    wav *w = p;
    choose_form(w, w->frames);
    grat_err err = put_trailer(w, o, op);
    if (err || w->frames == w->announced) return err;
    err = grat_out_seek(o, 0, op);
    return err ? err : put_header(w, w->frames, o, op);
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    uint64_t at = grat__out_tell(o);
    grat_err err = end(p, o, op);
    if (!err) err = grat_out_seek(o, at, op);
    if (!err) grat__out_reach(o);
    return err;
}

static grat_err cut(void *p, grat_out *o, grat_op *op)
{
    wav *w = p;
    unsigned frame = w->traces * (w->real ? 4 : 2);
    w->frames = (grat__out_tell(o) - w->header_size) / frame;
    return grat_out_seek(o, w->header_size + w->frames * frame, op);
}

/* ---- reading -------------------------------------------------------------------------------------- */

static bool next_number(const char **p, char stop, double *out)
{
    char text[40];
    size_t n = strcspn(*p, stop ? (char[]){stop, '\0'} : " ");
    if (n >= sizeof text) return false;
    memcpy(text, *p, n);
    text[n] = '\0';
    *p += n + (stop && (*p)[n] == stop);
    return grat__parse_double(text, out);
}

/* Names, scales and times from the comment; the number of columns must be the file's. */
static bool parse_note(const char *note, grat_record *r)
{
    if (strncmp(note, "graticule t0=", 13) != 0) return false;
    const char *p = note + 13;
    if (!next_number(&p, 0, &r->t0) || strncmp(p, " dt=", 4) != 0) return false;
    p += 4;
    if (!next_number(&p, 0, &r->dt) || !(r->dt > 0)) return false;
    for (unsigned i = 0; i < r->traces; i++) {
        grat_trace *t = &r->trace[i];
        const char *equals = strchr(p, '=');
        if (*p != ' ' || !equals) return false;
        grat__label_parse(p + 1, (size_t)(equals - p - 1), t);
        p = equals + 1;
        if (!next_number(&p, ',', &t->scale) || !next_number(&p, 0, &t->offset)) return false;
    }
    return true;
}

static void read_samples(grat_record *r, size_t count, const uint8_t *data)
{
    for (unsigned j = 0; j < r->traces; j++) {
        grat_trace *t = &r->trace[j];
        size_t size = grat_sample_size(t->type);
        for (size_t i = 0; i < count; i++)
            memcpy((char *)t->raw + i * size, data + (i * r->traces + j) * size, size);
    }
}

typedef struct source {
    const uint8_t *samples;   /* NULL: none */
    size_t frames, frame;
    unsigned traces, kind;
    char note[NOTE + 1];
} source;

/* A chunk of the file; `at` is that of its content. */
typedef struct chunk {
    const uint8_t *id;
    size_t at, size;
} chunk;

/* The sizes of 64 bits are those of ds64: 0 where there is none. */
static bool next_chunk(const uint8_t *d, size_t n, uint64_t long_size, chunk *c)
{
    size_t at = c->at + c->size + c->size % 2;
    if (at > n || n - at < 8) return false;
    uint64_t size = grat__le32(d + at + 4);
    if (size == UINT32_MAX && memcmp(d + at, "data", 4) == 0 && long_size) size = long_size;
    *c = (chunk){.id = d + at, .at = at + 8, .size = (size_t)size};
    return size <= n - at - 8;
}

/* A file whose writer was killed may be longer than its header says: what the header says counts. */
static bool find_samples(source *s, const uint8_t *d, size_t n)
{
    uint64_t long_size = 0;
    bool noted = false;
    for (chunk c = {.at = RIFF}; next_chunk(d, n, long_size, &c);) {
        const uint8_t *p = d + c.at;
        if (memcmp(c.id, "ds64", 4) == 0 && c.size >= DS64 - 8) long_size = grat__le64(p + 8);
        if (memcmp(c.id, "fmt ", 4) == 0 && c.size >= FMT - 8) s->kind = grat__le16(p), s->traces = grat__le16(p + 2);
        if (memcmp(c.id, "data", 4) == 0) s->samples = p, s->frames = c.size;
        if (memcmp(c.id, "LIST", 4) != 0 || c.size < 12 || memcmp(p, "INFOICMT", 8) != 0) continue;
        size_t size = c.size - 12 < NOTE ? c.size - 12 : NOTE;
        memcpy(s->note, p + 12, size);
        s->note[size] = '\0';
        noted = true;
    }
    if (!s->traces || s->traces > GRAT_MAX_CHANNELS || (s->kind != 1 && s->kind != 3) || !noted) return false;
    s->frame = s->traces * (s->kind == 3 ? 4u : 2u);
    if (!s->frames || s->frames % s->frame) return false;
    s->frames /= s->frame;
    return true;
}

static grat_record *new_piece(const source *s, size_t n)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < s->traces; i++) types[i] = s->kind == 3 ? GRAT_F32 : GRAT_I16;
    return grat_record_new(s->traces, types, n);
}

static grat_err each(const char *path, const uint8_t *d, size_t n, const grat_reading *to, grat_op *op)
{
    source s = {0};
    grat_err err = GRAT_OK;
    bool riff = n >= RIFF && (memcmp(d, "RIFF", 4) == 0 || memcmp(d, "RF64", 4) == 0) && memcmp(d + 8, "WAVE", 4) == 0;
    if (!riff)
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no WAVE file that was written here", path);
    if (!find_samples(&s, d, n))
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is damaged, cut or not from here; get it again",
                            path);
    bool more = true;
    for (size_t at = 0; at < s.frames && more && !err; at += PIECE) {
        size_t count = s.frames - at < PIECE ? s.frames - at : PIECE;
        grat_record *r = new_piece(&s, count);
        if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
        if (!parse_note(s.note, r)) {
            grat_record_unref(r);
            return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: its comment lacks the scales", path);
        }
        read_samples(r, count, s.samples + at * s.frame);
        r->first = at;
        more = to->fn(to->user, r);
        grat_record_unref(r);
        grat__pages_done(s.samples + at * s.frame, count * s.frame);
        err = grat_op_check(op);
    }
    return err;
}

const grat_format grat__format_wav = {
    .name = "wav",
    .description = "sound, 16 bits or float",
    .extensions = "wav",
    .priv_size = sizeof(wav),
    .begin = begin,
    .record = record,
    .end = end,
    .grows = true,
    .flush = flush,
    .cut = cut,
    .each = each,
};
