/* RIFF WAVE. Bytes and 16-bit words become 16-bit PCM (a byte is the upper half), so that any player takes it; float
 * records become 32-bit float. A LIST/INFO comment carries what turns the samples back into volts:
 *   graticule t0=-0.012 dt=4e-09 ch1_V=0.00015625,-5.12 D0=3.0518509e-05,0      (scale,offset of each column)
 * It stands before the samples, so that it is there from the beginning, where it is short enough: libsigrok looks for
 * the samples in the first 256 bytes only. The long one of many channels comes last.
 * The rate field has 32 bits: faster records say 4294967295 there and the truth in the comment. */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 1024, PIECE = 1 << 18, NOTE = 2048, SHORT_NOTE = 192, FORMAT = 36, LIST = 20, DATA = 8 };
enum { HEADER_MOST = FORMAT + LIST + SHORT_NOTE + DATA, TRAILER = LIST + NOTE };

typedef struct wav {
    bool started, real;
    unsigned traces;
    uint64_t frames, announced;
    double t0, dt;
    double scale[GRAT_MAX_CHANNELS], offset[GRAT_MAX_CHANNELS];
    size_t header_size, trailer_size;   /* one of them holds the comment; no trailer: 0 */
    uint8_t header[HEADER_MOST], trailer[TRAILER];
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

static void make_header(wav *w, uint64_t frames)
{
    uint8_t *h = w->header;
    unsigned bytes = w->real ? 4 : 2, frame = bytes * w->traces;
    double rate = rint(1 / w->dt);
    uint32_t field = rate < 1 ? 1 : rate > 4294967295.0 ? 4294967295u : (uint32_t)rate;
    uint64_t speed = (uint64_t)field * frame;
    uint32_t size = (uint32_t)(frames * frame);
    memcpy(h, "RIFF\0\0\0\0WAVEfmt \x10\0\0\0", 20);
    grat__put_le32(h + 4, (uint32_t)(w->header_size - 8 + w->trailer_size) + size);
    grat__put_le16(h + 20, w->real ? 3 : 1);
    grat__put_le16(h + 22, (uint16_t)w->traces);
    grat__put_le32(h + 24, field);
    grat__put_le32(h + 28, speed > 4294967295u ? 4294967295u : (uint32_t)speed);
    grat__put_le16(h + 32, (uint16_t)frame);
    grat__put_le16(h + 34, (uint16_t)(8 * bytes));
    memcpy(h + w->header_size - DATA, "data", 4);
    grat__put_le32(h + w->header_size - 4, size);
    w->announced = frames;
}

static grat_err check_size(const wav *w, uint64_t frames, grat_op *op)
{
    if (frames <= (4294967295u - HEADER_MOST - TRAILER) / ((w->real ? 4u : 2u) * w->traces)) return GRAT_OK;
    return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .wav: a WAVE file ends at 4 GiB; split it or write .npy");
}

static void put_note(uint8_t *p, const char *note, uint32_t size)
{
    memcpy(p, "LIST\0\0\0\0INFOICMT", 16);
    grat__put_le32(p + 4, 12 + size);
    grat__put_le32(p + 16, size);
    memcpy(p + LIST, note, size);
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
    char note[NOTE];
    if (!describe(w, r, note))
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .wav: too many channels for its comment; write .npy");
    bool brief = strlen(note) < SHORT_NOTE;
    w->header_size = brief ? HEADER_MOST : FORMAT + DATA;
    w->trailer_size = brief ? 0 : TRAILER;
    put_note(brief ? w->header + FORMAT : w->trailer, note, brief ? SHORT_NOTE : NOTE);
    make_header(w, r->count);
    w->started = true;
    return grat_out_write(o, w->header, w->header_size, op);
}

static int16_t pcm(const grat_trace *t, size_t i)
{
    switch (t->type) {
    case GRAT_U8: {
        int v = ((const uint8_t *)t->raw)[i];
        return (int16_t)(t->logic ? (v ? 32767 : 0) : (v - 128) * 256);
    }
    case GRAT_I8:
        return (int16_t)(((const int8_t *)t->raw)[i] * 256);
    case GRAT_U16:
        return (int16_t)(((const uint16_t *)t->raw)[i] - 32768);
    case GRAT_I16:
        return ((const int16_t *)t->raw)[i];
    case GRAT_F32:
        break;
    }
    return 0;
}

static void fill(const wav *w, const grat_record *r, size_t from, size_t n, uint8_t *out)
{
    float values[CHUNK];
    for (unsigned j = 0; j < r->traces; j++) {
        const grat_trace *t = &r->trace[j];
        if (w->real) grat_trace_values_f32(t, from, n, values);
        for (size_t i = 0; i < n; i++) {
            size_t at = i * r->traces + j;
            if (w->real)
                memcpy(out + 4 * at, &values[i], 4);
            else
                grat__put_le16(out + 2 * at, (uint16_t)pcm(t, from + i));
        }
    }
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
    if (!err) err = check_size(w, w->frames + r->count, op);
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

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    wav *w = p;
    grat_err err = grat_out_write(o, w->trailer, w->trailer_size, op);
    if (err || w->frames == w->announced) return err;
    err = grat_out_seek(o, 0, op);
    if (err) return err;
    make_header(w, w->frames);
    return grat_out_write(o, w->header, w->header_size, op);
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    uint64_t at = grat__out_tell(o);
    grat_err err = end(p, o, op);
    return err ? err : grat_out_seek(o, at, op);
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
    const uint8_t *samples;
    size_t frames, frame;
    unsigned traces, kind;
    char note[NOTE + 1];
} source;

/* A file whose writer was killed may be longer than its header says: what the header says counts. */
static bool find_samples(source *s, const uint8_t *d, size_t n)
{
    size_t begin = memcmp(d + FORMAT, "LIST", 4) == 0 ? HEADER_MOST : FORMAT + DATA;
    bool brief = begin == HEADER_MOST;
    s->traces = grat__le16(d + 22), s->kind = grat__le16(d + 20);
    if (n < begin || memcmp(d + begin - DATA, "data", 4) != 0) return false;
    size_t size = grat__le32(d + begin - 4), width = s->kind == 3 ? 4 : 2;
    if (!s->traces || s->traces > GRAT_MAX_CHANNELS || (s->kind != 1 && s->kind != 3)) return false;
    s->frame = width * s->traces;
    if (size > n - begin || size % s->frame || !size) return false;
    const uint8_t *note = brief ? d + FORMAT : d + begin + size;
    if (!brief && n - begin - size < TRAILER) return false;
    if (memcmp(note + 8, "INFOICMT", 8) != 0) return false;
    memcpy(s->note, note + LIST, brief ? SHORT_NOTE : NOTE);
    s->samples = d + begin;
    s->frames = size / s->frame;
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
    if (n < HEADER_MOST || memcmp(d, "RIFF", 4) != 0 || memcmp(d + 8, "WAVEfmt \x10\0\0\0", 12) != 0)
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
