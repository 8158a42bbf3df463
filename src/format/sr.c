/* sigrok's session file, version 2: a zip of
 *   version, metadata   text
 *   graticule           text: t0 and dt exactly (sigrok's own rate is in whole hertz), units, the channels' order;
 *                       other readers pass it over
 *   logic-1-N           `unitsize` bytes a sample, bit i = probe i + 1
 *   analog-1-I-N        one channel's samples as little-endian floats; I counts on from the last probe
 * in chunks of the same samples, so that all channels stay on one time axis and the file is written in order. What is
 * held of the past is 16 bytes a member for the directory. Samples that a log has lost are filled in: logic keeps its
 * level, analog is NaN. Acquisitions follow one another.
 *
 * While it grows, the file is at any time an archive of what came until the last flush: nothing that its directory
 * names is written over. Far behind the members (a hole in the file until they have grown so far) lie two slots, each
 * for a chunk in work, two directories in blocks that take turns, and the archive's last record:
 *   members …      slot 0   slot 1   block 0 of directory 0, block 0 of 1, block 1 of 0, block 1 of 1 …   end record
 * The last entry of a block passes the next one, of the other directory, by as its comment: so each directory reaches
 * to the end record, where Python's zipfile looks for it. A flush fills the slot and the directory that are not in use,
 * then lets the end record, which is never torn by the end of a page, point to them. What is missing to the slots is
 * passed by when the members get there.
 */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"
#include "format/pool.h"
#include "format/zip.h"

#include <libdeflate.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 512 * 1024, TEXTS = 3, TEXT_MAX = 8192, NAME_MAX_LEN = 40, UNIT_MAX = 4 };
enum { SPANS = 16, SHORT_SPAN = 4096, PAGE = 4096 };
/* Of a directory that takes turns: two blocks are less than a comment can be long. */
enum { BLOCK = 32 * 1024, PER_BLOCK = BLOCK / (GRAT__ZIP_CENTRAL + NAME_MAX_LEN) };
#define LARGEST_CHUNK ((uint64_t)1 << 24)   /* samples that a piece of a file may have */
/* How far the members may grow before the end of a growing file is moved. */
#define LOOK ((size_t)64 << 10)
#define SLACK_LEAST ((uint64_t)4 << 20)
#define SLACK_MOST ((uint64_t)256 << 20)

typedef struct entry {
    uint64_t offset;
    uint32_t crc, stored;
} entry;

/* Of a growing file. */
typedef struct tail {
    uint64_t at;             /* of the end record; 0: there is none yet */
    uint64_t slot;           /* bytes */
    size_t blocks;           /* of each directory */
    unsigned used;           /* which slot, and which directory */
    uint64_t members, start, size;   /* the directory that is in use */
    size_t whole;            /* of these members, those that are not in a slot */
    size_t last;             /* samples in the chunk that is */
} tail;

/* Which traces go where. */
typedef struct lines {
    unsigned logic, analog, unit;
    unsigned logic_trace[GRAT_MAX_CHANNELS], analog_trace[GRAT_MAX_CHANNELS];
} lines;

/* Samples of a record that are put into their place later, by the pool. */
typedef struct span {
    grat_record *r;
    size_t from, n, at;
} span;

typedef struct blob {
    entry entry;
    const void *bytes;       /* of the member, as they are or packed */
    size_t size;
} blob;

typedef struct batch {
    const lines *l;
    size_t filled;           /* samples */
    uint8_t *bits, *packed;
    float *volts;            /* CHUNK for each channel */
    struct libdeflate_compressor *deflate;
    span span[SPANS];
    unsigned spans, parts;
    blob part[GRAT_MAX_CHANNELS + 1];
} batch;

typedef struct sr {
    bool started;
    lines l;
    uint64_t next;           /* the index that continues the record before */
    unsigned number;
    uint8_t level[UNIT_MAX]; /* of logic, at the last sample */
    grat__pool *pool;
    batch *chunk;            /* in work; NULL: none */
    size_t last;             /* samples in the last chunk, when it is written */
    uint64_t chunks;
    uint32_t text_size[TEXTS];
    entry *entries;
    size_t count, room;
    grat_out *out;
    tail tail;
} sr;

static const char *const texts[TEXTS] = {"version", "metadata", "graticule"};

static grat_err no_memory(grat_op *op)
{
    return grat_op_fail(op, GRAT_ENOMEM, "cannot write .sr: out of memory; close something");
}

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)p, (void)meta, (void)o, (void)op;
    return GRAT_OK;
}

/* ---- members -------------------------------------------------------------------------------------- */

static unsigned per_chunk(const sr *s)
{
    return s->l.analog + (s->l.logic ? 1 : 0);
}

static uint64_t member_size(const sr *s, size_t i)
{
    if (i < TEXTS) return s->text_size[i];
    uint64_t chunk = (i - TEXTS) / per_chunk(s);
    unsigned part = (unsigned)((i - TEXTS) % per_chunk(s));
    size_t samples = chunk + 1 == s->chunks ? s->last : CHUNK;
    return (uint64_t)samples * (s->l.logic && part == 0 ? s->l.unit : sizeof(float));
}

static void member_name(const sr *s, size_t i, char out[NAME_MAX_LEN])
{
    if (i < TEXTS) {
        snprintf(out, NAME_MAX_LEN, "%s", texts[i]);
        return;
    }
    unsigned long long chunk = (i - TEXTS) / per_chunk(s) + 1;
    unsigned part = (unsigned)((i - TEXTS) % per_chunk(s));
    if (s->l.logic && part == 0) snprintf(out, NAME_MAX_LEN, "logic-1-%llu", chunk);
    else snprintf(out, NAME_MAX_LEN, "analog-1-%u-%llu", part + (s->l.logic ? s->l.logic : 1), chunk);
}

static grat_err add_entry(sr *s, entry e, grat_op *op)
{
    if (s->count == s->room) {
        size_t room = s->room ? 2 * s->room : 64;
        entry *more = realloc(s->entries, room * sizeof *more);
        if (!more) return no_memory(op);
        s->entries = more;
        s->room = room;
    }
    s->entries[s->count++] = e;
    return GRAT_OK;
}

static grat_err put_member(sr *s, const blob *p, grat_out *o, grat_op *op)
{
    char name[NAME_MAX_LEN];
    member_name(s, s->count, name);
    grat__zip_member m = {.name = name, .name_length = strlen(name), .size = p->size, .stored = p->entry.stored,
                          .crc = p->entry.crc, .deflated = p->entry.stored != p->size};
    entry e = p->entry;
    e.offset = grat__out_tell(o);
    grat_err err = add_entry(s, e, op);
    if (!err) err = grat__zip_put_local(&m, o, op);
    return err ? err : grat_out_write(o, p->bytes, p->entry.stored, op);
}

/* ---- chunks --------------------------------------------------------------------------------------- */

static void fill_wire(uint8_t *to, unsigned unit, unsigned bit, const grat_trace *t, size_t from, size_t n)
{
    float values[1024];
    if (grat_sample_size(t->type) == 1) {
        const uint8_t *raw = (const uint8_t *)t->raw + from;
        for (size_t i = 0; i < n; i++) to[i * unit] |= (uint8_t)((raw[i] != 0) << bit);
        return;
    }
    for (size_t done = 0, piece; done < n; done += piece) {
        piece = n - done < 1024 ? n - done : 1024;
        grat_trace_values_f32(t, from + done, piece, values);
        for (size_t i = 0; i < piece; i++) to[(done + i) * unit] |= (uint8_t)((values[i] != 0) << bit);
    }
}

static void fill_bits(const lines *l, const grat_record *r, size_t from, size_t n, uint8_t *to)
{
    memset(to, 0, n * l->unit);
    for (unsigned k = 0; k < l->logic; k++)
        fill_wire(to + k / 8, l->unit, k % 8, &r->trace[l->logic_trace[k]], from, n);
}

static void fill_span(batch *c, const span *s)
{
    if (c->l->logic) fill_bits(c->l, s->r, s->from, s->n, c->bits + s->at * c->l->unit);
    for (unsigned k = 0; k < c->l->analog; k++)
        grat_trace_values_f32(&s->r->trace[c->l->analog_trace[k]], s->from, s->n,
                              c->volts + (size_t)k * CHUNK + s->at);
}

/* Packed where that saves a third, by the look of the beginning: a converter's noise packs badly and slowly. */
static void make_part(batch *c, const void *bytes, size_t n, uint8_t *room)
{
    size_t look = n < LOOK ? n : LOOK;
    size_t packed = libdeflate_deflate_compress(c->deflate, bytes, look, room, look - look / 3);
    if (packed && n > look) packed = libdeflate_deflate_compress(c->deflate, bytes, n, room, n - 1);
    blob *p = &c->part[c->parts++];
    *p = (blob){.bytes = packed ? room : bytes, .size = n};
    p->entry.crc = libdeflate_crc32(0, bytes, n);
    p->entry.stored = (uint32_t)(packed ? packed : n);
}

static void make_parts(void *job)
{
    batch *c = job;
    const lines *l = c->l;
    for (unsigned i = 0; i < c->spans; i++) fill_span(c, &c->span[i]);
    c->parts = 0;
    if (l->logic) make_part(c, c->bits, c->filled * l->unit, c->packed);
    uint8_t *room = c->packed + (size_t)CHUNK * l->unit;
    for (unsigned k = 0; k < l->analog; k++, room += (size_t)CHUNK * sizeof(float))
        make_part(c, c->volts + (size_t)k * CHUNK, c->filled * sizeof(float), room);
}

static void drop_spans(batch *c)
{
    for (unsigned i = 0; i < c->spans; i++) grat_record_unref(c->span[i].r);
    c->spans = 0;
}

/* ---- growing -------------------------------------------------------------------------------------- */

static uint64_t members_size(const batch *c)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < c->parts; i++) n += GRAT__ZIP_LOCAL + NAME_MAX_LEN + c->part[i].entry.stored;
    return n;
}

static uint64_t directory_size(size_t members)
{
    return (uint64_t)members * (GRAT__ZIP_CENTRAL + NAME_MAX_LEN) + GRAT__ZIP_END;
}

static size_t blocks_for(size_t members)
{
    return (members + PER_BLOCK - 1) / PER_BLOCK;
}

static uint64_t blocks_at(const tail *t)
{
    return t->at - 2 * t->blocks * BLOCK;
}

static uint64_t slot_at(const tail *t, unsigned slot)
{
    return blocks_at(t) - (2 - slot) * t->slot;
}

static grat_err put_end_record(const sr *s, grat_out *o, grat_op *op)
{
    const tail *t = &s->tail;
    grat_err err = grat_out_seek(o, t->at, op);
    if (!err) err = grat__zip_put_end(t->members, t->start, t->size, o, op);
    return err ? err : grat__out_flush(o, op);
}

static grat_err put_entry(const sr *s, size_t i, uint64_t stop, grat_out *o, grat_op *op)
{
    char name[NAME_MAX_LEN];
    member_name(s, i, name);
    const entry *e = &s->entries[i];
    grat__zip_member m = {.name = name, .name_length = strlen(name), .size = member_size(s, i), .stored = e->stored,
                          .offset = e->offset, .crc = e->crc};
    m.deflated = m.stored != m.size;
    if (stop) m.comment = (uint16_t)(stop - grat__out_tell(o) - GRAT__ZIP_CENTRAL - m.name_length);
    return grat__zip_put_central(&m, o, op);
}

static grat_err put_zeros(uint64_t upto, grat_out *o, grat_op *op)
{
    static const uint8_t zeros[PAGE];
    grat_err err = GRAT_OK;
    for (uint64_t n; !err && (n = upto - grat__out_tell(o)) > 0;)
        err = grat_out_write(o, zeros, n < PAGE ? (size_t)n : PAGE, op);
    return err;
}

/* All members, into the last blocks of one of the directories; the end record does not point to it yet. Where nothing
 * is so far, zeros take the place of the other directory: then it needs only one write. */
static grat_err put_blocks(sr *s, unsigned used, bool over_nothing, grat_out *o, grat_op *op)
{
    tail *t = &s->tail;
    size_t skip = t->blocks - blocks_for(s->count);
    grat_err err = GRAT_OK;
    for (size_t i = 0; i < s->count && !err; i++) {
        uint64_t block = blocks_at(t) + (2 * (skip + i / PER_BLOCK) + used) * BLOCK, stop = block + 2 * BLOCK;
        if (i % PER_BLOCK == 0) err = i && over_nothing ? put_zeros(block, o, op) : grat_out_seek(o, block, op);
        bool last = i + 1 == s->count || (i + 1) % PER_BLOCK == 0;
        if (!err) err = put_entry(s, i, last ? stop < t->at ? stop : t->at : 0, o, op);
    }
    if (!err && over_nothing) err = put_zeros(t->at, o, op);
    if (err) return err;
    t->used = used;
    t->members = s->count;
    t->start = blocks_at(t) + (2 * skip + used) * BLOCK;
    t->size = t->at - t->start;
    return GRAT_OK;
}

/* What the end record points to is written once more, with the end record at its new place: at once, so that the file
 * is an archive before and after it. */
static grat_err repeat_directory(sr *s, grat_out *o, grat_op *op)
{
    const sr before = *s;
    tail *t = &s->tail;
    if (s->count == t->whole && t->members > t->whole) {
        s->count = (size_t)t->members;
        s->chunks++;
        s->last = t->last;
    }
    uint64_t bytes = 2 * blocks_for(s->count) * BLOCK + GRAT__ZIP_END;
    /* A directory that needs several writes: meanwhile there is the old one, for those who do not look before the end
     * record. */
    grat_err err = bytes > GRAT__OUT_BUFFER ? put_end_record(s, o, op) : GRAT_OK;
    if (!err) err = put_blocks(s, t->used, true, o, op);
    if (!err) err = grat__zip_put_end(t->members, t->start, t->size, o, op);
    if (!err) err = grat__out_flush(o, op);
    s->count = before.count, s->chunks = before.chunks, s->last = before.last;
    return err;
}

/* What has to fit behind the members. */
typedef struct need {
    uint64_t ahead, slot;    /* bytes */
    size_t blocks;
} need;

/* The end record goes farther back, so that there is room. */
static grat_err move_tail(sr *s, const need *n, grat_out *o, grat_op *op)
{
    tail *t = &s->tail;
    uint64_t front = t->at ? t->at + GRAT__ZIP_END : grat__out_tell(o), slack = front / 8;
    if (slack < SLACK_LEAST) slack = SLACK_LEAST;
    if (slack > SLACK_MOST) slack = SLACK_MOST;
    bool first = !t->at;
    if (n->slot > t->slot) t->slot = (2 * n->slot + PAGE - 1) / PAGE * PAGE;
    if (n->blocks > t->blocks) t->blocks = 2 * n->blocks;
    uint64_t behind = 2 * t->slot + 2 * t->blocks * BLOCK;
    t->at = (front + n->ahead + slack + behind + PAGE - 1) / PAGE * PAGE;
    grat_err err = first ? GRAT_OK : repeat_directory(s, o, op);
    if (!err) err = grat_out_seek(o, front, op);
    grat__out_size_here(o);
    return err;
}

/* Makes room for so many bytes from here on. */
static grat_err make_room(sr *s, uint64_t n, grat_out *o, grat_op *op)
{
    const tail *t = &s->tail;
    if (!t->at || grat__out_tell(o) + n <= slot_at(t, 0)) return GRAT_OK;
    return move_tail(s, &(need){.ahead = n, .blocks = blocks_for(s->count + per_chunk(s))}, o, op);
}

static grat_err put_parts(void *user, void *job, grat_op *op)
{
    sr *s = user;
    batch *c = job;
    drop_spans(c);
    grat_err err = make_room(s, members_size(c), s->out, op);
    for (unsigned i = 0; i < c->parts && !err; i++) err = put_member(s, &c->part[i], s->out, op);
    s->chunks++;
    s->last = c->filled;
    return err;
}

static grat_err put_directory(const sr *s, grat_out *o, grat_op *op)
{
    grat_err err = GRAT_OK;
    for (size_t i = 0; i < s->count && !err; i++) err = put_entry(s, i, 0, o, op);
    return err;
}

/* The chunk in work and the directory, where they are not in use. */
static grat_err fill_slot(sr *s, grat_out *o, grat_op *op)
{
    tail *t = &s->tail;
    batch *c = s->chunk;
    const sr before = *s;
    unsigned used = 1 - t->used;
    grat_err err = grat_out_seek(o, slot_at(t, used), op);
    if (c && c->filled && !err) {
        for (unsigned i = 0; i < c->parts && !err; i++) err = put_member(s, &c->part[i], o, op);
        s->chunks++;
        s->last = c->filled;
    }
    t->whole = before.count;
    t->last = s->last;
    if (!err) err = put_blocks(s, used, false, o, op);
    s->count = before.count, s->chunks = before.chunks, s->last = before.last;
    return err ? err : put_end_record(s, o, op);
}

static grat_err flush(void *p, grat_out *o, grat_op *op)
{
    sr *s = p;
    const tail *t = &s->tail;
    if (!grat__out_seekable(o)) return GRAT_OK;
    grat_err err = grat__pool_drain(s->pool, op);
    need n = {.blocks = blocks_for(s->count + per_chunk(s))};
    if (s->chunk && s->chunk->filled) {
        make_parts(s->chunk);
        drop_spans(s->chunk);
        n.slot = members_size(s->chunk);
    }
    if (!err && (!t->at || n.slot > t->slot || n.blocks > t->blocks)) err = move_tail(s, &n, o, op);
    uint64_t front = grat__out_tell(o);
    if (!err) err = fill_slot(s, o, op);
    if (!err) err = grat_out_seek(o, front, op);
    grat__out_size_here(o);
    return err;
}

/* ---- memory of chunks ----------------------------------------------------------------------------- */

static void free_chunk(void *job)
{
    batch *c = job;
    drop_spans(c);
    free(c->bits);
    free(c->packed);
    free(c->volts);
    if (c->deflate) libdeflate_free_compressor(c->deflate);
}

static grat_err begin_chunk(sr *s, grat_op *op)
{
    void *job;
    const lines *l = &s->l;
    grat_err err = grat__pool_take(s->pool, op, &job);
    if (err) return err;
    batch *c = job;
    if (!c->deflate) {
        c->l = l;
        c->bits = malloc((size_t)CHUNK * l->unit + 1);
        c->packed = malloc((size_t)CHUNK * (l->unit + l->analog * sizeof(float)) + 1);
        c->volts = malloc((size_t)CHUNK * l->analog * sizeof(float) + 1);
        c->deflate = c->bits && c->packed && c->volts ? libdeflate_alloc_compressor(1) : NULL;
        if (!c->deflate) return no_memory(op);
    }
    c->filled = 0;
    s->chunk = c;
    return GRAT_OK;
}

static void start_chunk(sr *s)
{
    if (!s->chunk) return;
    grat__pool_start(s->pool);
    s->chunk = NULL;
}

/* ---- writing -------------------------------------------------------------------------------------- */

static grat_err put_text(sr *s, const char *text, grat_out *o, grat_op *op)
{
    size_t n = strlen(text);
    blob p = {.bytes = text, .size = n, .entry = {.crc = libdeflate_crc32(0, text, n), .stored = (uint32_t)n}};
    s->text_size[s->count] = (uint32_t)n;
    return put_member(s, &p, o, op);
}

static void append(char text[TEXT_MAX], const char *key, unsigned number, const char *value)
{
    size_t n = strlen(text);
    snprintf(text + n, TEXT_MAX - n, "%s%u=%s\n", key, number, value);
}

static void append_number(char text[TEXT_MAX], const char *key, double value)
{
    size_t n = strlen(text);
    snprintf(text + n, TEXT_MAX - n, "%s=%.0f\n", key, value);
}

static void append_exact(char text[TEXT_MAX], const char *key, double value)
{
    char digits[GRAT__NUM_MAX + 1];
    size_t n = strlen(text);
    digits[grat__put_exact(digits, value)] = '\0';
    snprintf(text + n, TEXT_MAX - n, "%s=%s\n", key, digits);
}

static grat_err put_head(sr *s, const grat_record *r, grat_out *o, grat_op *op)
{
    char text[TEXT_MAX] = "[global]\nsigrok version=0.5.2\n\n[device 1]\n", label[40];
    double rate = rint(1 / r->dt);
    if (rate < 1)
        return grat_op_fail(op, GRAT_ERANGE, "cannot write .sr: sigrok counts the rate in whole hertz, and this is "
                            "less than one; write .csv or .npy");
    if (s->l.logic) {
        grat__strcpy(text + strlen(text), TEXT_MAX - strlen(text), "capturefile=logic-1\n");
        append_number(text, "total probes", s->l.logic);
    }
    append_number(text, "samplerate", rate);
    append_number(text, "total analog", s->l.analog);
    for (unsigned i = 0; i < s->l.logic; i++) {
        grat__trace_label(&r->trace[s->l.logic_trace[i]], label, sizeof label);
        append(text, "probe", i + 1, label);
    }
    for (unsigned i = 0; i < s->l.analog; i++) {
        grat__trace_label(&r->trace[s->l.analog_trace[i]], label, sizeof label);
        append(text, "analog", s->l.logic + i + 1, label);
    }
    if (s->l.logic) append_number(text, "unitsize", s->l.unit);
    grat_err err = put_text(s, "2", o, op);
    if (!err) err = put_text(s, text, o, op);
    text[0] = '\0';
    append_exact(text, "t0", r->t0 + (double)r->first * r->dt);
    append_exact(text, "dt", r->dt);
    for (unsigned i = 0; i < s->l.analog; i++)
        append(text, "unit", s->l.logic + i + 1, r->trace[s->l.analog_trace[i]].unit);
    for (unsigned i = 0; i < r->traces; i++) {
        unsigned trace = i < s->l.logic ? s->l.logic_trace[i] : s->l.analog_trace[i - s->l.logic];
        size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "place%u=%u\n", i + 1, trace + 1);
    }
    return err ? err : put_text(s, text, o, op);
}

static grat_err start(sr *s, const grat_record *r, grat_out *o, grat_op *op)
{
    lines *l = &s->l;
    const grat__pool_kind kind = {.job_size = sizeof(batch), .work = make_parts, .done = put_parts, .fini = free_chunk,
                                  .user = s};
    for (unsigned i = 0; i < r->traces; i++) {
        if (r->trace[i].logic) l->logic_trace[l->logic++] = i;
        else l->analog_trace[l->analog++] = i;
    }
    l->unit = (l->logic + 7) / 8;
    s->next = r->first;
    s->number = r->number;
    s->out = o;
    s->pool = grat__pool_new(&kind, grat_out_options(o)->growing);
    if (!s->pool) return no_memory(op);
    s->started = true;
    return put_head(s, r, o, op);
}

static void fill_lost(sr *s, batch *c, size_t n)
{
    for (size_t i = 0; i < n && s->l.unit; i++) memcpy(c->bits + (c->filled + i) * s->l.unit, s->level, s->l.unit);
    for (unsigned k = 0; k < s->l.analog; k++)
        for (size_t i = 0; i < n; i++) c->volts[(size_t)k * CHUNK + c->filled + i] = NAN;
}

/* Appends n samples of the record from index `from`; for a NULL record n lost ones. */
static void fill(sr *s, grat_record *r, size_t from, size_t n)
{
    batch *c = s->chunk;
    span now = {.r = r, .from = from, .n = n, .at = c->filled};
    if (!r) fill_lost(s, c, n);
    else if (n < SHORT_SPAN || c->spans == SPANS) fill_span(c, &now);
    else c->span[c->spans++] = now, grat_record_ref(r);
    c->filled += n;
}

static grat_err feed(sr *s, grat_record *r, uint64_t n, grat_op *op)
{
    grat_err err = GRAT_OK;
    for (uint64_t i = 0; i < n && !err;) {
        if (!s->chunk) err = begin_chunk(s, op);
        if (err) break;
        size_t room = CHUNK - s->chunk->filled, take = n - i < room ? (size_t)(n - i) : room;
        fill(s, r, (size_t)i, take);
        i += take;
        if (s->chunk->filled == CHUNK) start_chunk(s);
    }
    return err;
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    sr *s = p;
    grat_err err = s->started ? GRAT_OK : start(s, r, o, op);
    uint64_t lost = r->number == s->number && r->first > s->next ? r->first - s->next : 0;
    if (err) return err;
    if (lost > GRAT__LONGEST_GAP)
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write .sr: %llu samples in a row are lost, and it has no way to "
                            "say so; write .npy or .csv", (unsigned long long)lost);
    err = feed(s, NULL, lost, op);
    s->next = r->first + r->count;
    s->number = r->number;
    if (!err) err = feed(s, r, r->count, op);
    if (r->count && s->l.logic) fill_bits(&s->l, r, r->count - 1, 1, s->level);
    return err;
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    sr *s = p;
    start_chunk(s);
    grat_err err = grat__pool_drain(s->pool, op);
    if (!err) err = make_room(s, directory_size(s->count), o, op);
    uint64_t start = grat__out_tell(o);
    if (!err) err = put_directory(s, o, op);
    if (!err) err = grat__zip_put_end(s->count, start, grat__out_tell(o) - start, o, op);
    if (!err && s->tail.at) err = grat__out_truncate(o, op);
    return err;
}

static void fini(void *p)
{
    sr *s = p;
    grat__pool_free(s->pool);
    free(s->entries);
}

/* ---- reading -------------------------------------------------------------------------------------- */

typedef struct column {
    bool named;
    char name[16], unit[8];
    unsigned place;          /* among the traces, from 1; 0 = unknown */
    uint64_t bytes;          /* of its chunks, for analog */
} column;

/* Lines with one number. */
enum { PROBES, UNIT, RATE, T0, DT, KEYS };
static const char *const keys[KEYS] = {"total probes", "unitsize", "samplerate", "t0", "dt"};

typedef struct layout {
    double value[KEYS];
    unsigned probes, unit;
    column column[2 * GRAT_MAX_CHANNELS];   /* in sigrok's count, less one */
    uint64_t logic_bytes;
} layout;

static bool number_of(const char *text, double *out)
{
    char number[40];
    size_t n = strspn(text, "0123456789.eE+-");
    if (!n || n >= sizeof number) return false;
    memcpy(number, text, n);
    number[n] = '\0';
    double scale = 1;
    const char *unit = text + n + strspn(text + n, " ");
    if (*unit == 'k' || *unit == 'K') scale = 1e3;
    if (*unit == 'M' || *unit == 'm') scale = 1e6;
    if (*unit == 'G' || *unit == 'g') scale = 1e9;
    if (!grat__parse_double(number, out)) return false;
    *out *= scale;
    return isfinite(*out);
}

/* "probe12" with the key "probe": 12. 0 when it is another key or too large. */
static unsigned index_of(const char *line, const char *key, size_t key_length)
{
    size_t n = strlen(key), i = n;
    unsigned v = 0;
    if (key_length <= n || strncmp(line, key, n) != 0) return 0;
    for (; i < key_length && line[i] >= '0' && line[i] <= '9' && v < 1000; i++) v = 10 * v + (unsigned)(line[i] - '0');
    return i == key_length && v <= 2 * GRAT_MAX_CHANNELS ? v : 0;
}

static void take_line(layout *l, const char *line)
{
    const char *value = strchr(line, '=');
    unsigned i;
    double v;
    if (!value) return;
    size_t key = (size_t)(value++ - line);
    for (unsigned k = 0; k < KEYS; k++)
        if (strlen(keys[k]) == key && memcmp(line, keys[k], key) == 0 && number_of(value, &v)) l->value[k] = v;
    if ((i = index_of(line, "probe", key)) || (i = index_of(line, "analog", key))) {
        l->column[i - 1].named = true;
        snprintf(l->column[i - 1].name, sizeof l->column[i - 1].name, "%.15s", value);
    } else if ((i = index_of(line, "place", key)) && number_of(value, &v) && v >= 1 && v <= GRAT_MAX_CHANNELS) {
        l->column[i - 1].place = (unsigned)v;
    } else if ((i = index_of(line, "unit", key))) {
        snprintf(l->column[i - 1].unit, sizeof l->column[i - 1].unit, "%.7s", value);
    }
}

static bool take_text(layout *l, const grat__zip_member *m)
{
    char text[TEXT_MAX + 1];
    if (m->size > TEXT_MAX || !grat__zip_extract(m, (uint8_t *)text)) return false;
    text[m->size] = '\0';
    for (char *line = text; *line;) {
        size_t n = strcspn(line, "\r\n");
        char *next = line + n + (line[n] != '\0');
        line[n] = '\0';
        take_line(l, line);
        line = next;
    }
    return true;
}

static bool is(const grat__zip_member *m, const char *name)
{
    return m->name_length == strlen(name) && memcmp(m->name, name, m->name_length) == 0;
}

/* Channel 0 for logic, else sigrok's count; -1 for a member that is no chunk. The chunks of one channel must come in
 * their order, which is that of every writer. */
static int chunk_of(const grat__zip_member *m)
{
    char name[NAME_MAX_LEN];
    unsigned channel, chunk;
    int end = 0;
    if (m->name_length >= sizeof name) return -1;
    memcpy(name, m->name, m->name_length);
    name[m->name_length] = '\0';
    if (strcmp(name, "logic-1") == 0) return 0;
    if (sscanf(name, "logic-1-%9u%n", &chunk, &end) == 1 && !name[end]) return 0;
    if (sscanf(name, "analog-1-%3u-%9u%n", &channel, &chunk, &end) != 2 || name[end]) return -1;
    return channel >= 1 && channel <= 2 * GRAT_MAX_CHANNELS ? (int)channel : -1;
}

/* Adds up what is there; false when the archive is damaged. */
static bool survey(const uint8_t *data, size_t n, layout *l)
{
    grat__zip_dir d;
    grat__zip_member m;
    uint64_t stored = 0;
    if (!grat__zip_open(data, n, &d)) return false;
    while (grat__zip_next(&d, &m)) {
        int channel = chunk_of(&m);
        /* Members do not share their bytes: nothing unfolds beyond what the file's size allows. */
        if ((stored += m.stored) > n) return false;
        if ((is(&m, "metadata") || is(&m, "graticule")) && !take_text(l, &m)) return false;
        if (channel < 0) continue;
        uint64_t *sum = channel ? &l->column[channel - 1].bytes : &l->logic_bytes;
        *sum += m.size;
    }
    double *value = l->value;
    if (!(value[DT] > 0)) value[DT] = value[RATE] > 0 ? 1 / value[RATE] : 0;
    if (!(value[PROBES] >= 0 && value[PROBES] <= GRAT_MAX_CHANNELS && value[UNIT] >= 0 && value[UNIT] <= 8))
        return false;
    l->probes = (unsigned)value[PROBES];
    l->unit = l->probes ? (unsigned)value[UNIT] : 0;
    return d.left == 0 && value[DT] > 0 && isfinite(value[DT]);
}

typedef struct reading {
    const layout *l;
    grat_record *r;
    int trace[2 * GRAT_MAX_CHANNELS];       /* of each column, -1 = not there */
    size_t done[2 * GRAT_MAX_CHANNELS + 1]; /* samples, by channel */
} reading;

static void unpack(reading *g, const uint8_t *data, size_t samples)
{
    size_t at = g->done[0];
    for (unsigned k = 0; k < g->l->probes; k++) {
        if (g->trace[k] < 0 || k / 8 >= g->l->unit) continue;
        uint8_t *to = (uint8_t *)g->r->trace[g->trace[k]].raw + at;
        for (size_t i = 0; i < samples; i++) to[i] = data[i * g->l->unit + k / 8] >> k % 8 & 1;
    }
}

static bool take_chunk(reading *g, int channel, const grat__zip_member *m)
{
    unsigned width = channel ? sizeof(float) : g->l->unit;
    if (channel && (unsigned)channel <= g->l->probes) return true;
    if (!width || m->size % width) return false;
    size_t samples = (size_t)(m->size / width), room = g->r->count - g->done[channel];
    if (channel && g->trace[channel - 1] < 0) return true;
    if (samples > room) return false;
    uint8_t *plain = malloc((size_t)m->size + 1);
    bool good = plain && grat__zip_extract(m, plain);
    if (good && channel)
        memcpy((float *)g->r->trace[g->trace[channel - 1]].raw + g->done[channel], plain, (size_t)m->size);
    else if (good)
        unpack(g, plain, samples);
    free(plain);
    g->done[channel] += samples;
    return good;
}

static bool read_chunks(reading *g, const uint8_t *data, size_t n)
{
    grat__zip_dir d;
    grat__zip_member m;
    if (!grat__zip_open(data, n, &d)) return false;
    while (grat__zip_next(&d, &m)) {
        int channel = chunk_of(&m);
        if (channel >= 0 && !(channel == 0 && !g->l->probes) && !take_chunk(g, channel, &m)) return false;
    }
    return true;
}

/* The order that was written down, when it is one. */
static void reorder(reading *g, unsigned traces, grat_sample_type types[GRAT_MAX_CHANNELS])
{
    uint32_t taken = 0;
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) {
        unsigned place = g->l->column[i].place;
        if (g->trace[i] < 0) continue;
        if (!place || place > traces || taken & 1u << (place - 1)) return;
        taken |= 1u << (place - 1);
    }
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) {
        if (g->trace[i] < 0) continue;
        g->trace[i] = (int)g->l->column[i].place - 1;
        types[g->trace[i]] = i < g->l->probes ? GRAT_U8 : GRAT_F32;
    }
}

/* The samples of every channel must be equally many. */
static bool shape(const layout *l, reading *g, grat_sample_type types[GRAT_MAX_CHANNELS], uint64_t *samples)
{
    unsigned n = 0;
    *samples = 0;
    if (l->probes && l->unit) *samples = l->logic_bytes / l->unit;
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) {
        const column *c = &l->column[i];
        bool logic = i < l->probes;
        g->trace[i] = -1;
        if (!c->named || (logic ? !l->unit : !c->bytes)) continue;
        if (n == GRAT_MAX_CHANNELS) return false;
        if (!logic && !*samples) *samples = c->bytes / sizeof(float);
        if (!logic && c->bytes != *samples * sizeof(float)) return false;
        types[n] = logic ? GRAT_U8 : GRAT_F32;
        g->trace[i] = (int)n++;
    }
    g->l = l;
    reorder(g, n, types);
    return n && *samples;
}

static void label(reading *g)
{
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) {
        const column *c = &g->l->column[i];
        if (g->trace[i] < 0) continue;
        grat_trace *t = &g->r->trace[g->trace[i]];
        grat__label_parse(c->name, strlen(c->name), t);
        t->logic = i < g->l->probes;
        if (!t->logic) grat__strcpy(t->unit, sizeof t->unit, c->unit[0] ? c->unit : "V");
    }
}

/* The samples of a member that belongs to a trace; 0 for the others. */
static uint64_t chunk_samples(const reading *g, const grat__zip_member *m, int channel)
{
    unsigned width = channel ? sizeof(float) : g->l->unit;
    if (channel < 0 || !width || m->size % width) return 0;
    if (channel == 0 && !g->l->probes) return 0;
    if (channel && ((unsigned)channel <= g->l->probes || g->trace[channel - 1] < 0)) return 0;
    return m->size / width;
}

static unsigned channels_of(const reading *g)
{
    unsigned n = g->l->probes && g->l->unit;
    for (unsigned i = g->l->probes; i < 2 * GRAT_MAX_CHANNELS; i++) n += g->trace[i] >= 0;
    return n;
}

/* True when the chunks of all channels go side by side, as those that are written here do. */
static bool side_by_side(const reading *g, const uint8_t *data, size_t n)
{
    grat__zip_dir d;
    grat__zip_member m;
    bool seen[2 * GRAT_MAX_CHANNELS + 1] = {false};
    unsigned count = 0, wanted = channels_of(g);
    uint64_t samples = 0;
    if (!grat__zip_open(data, n, &d)) return false;
    while (grat__zip_next(&d, &m)) {
        int channel = chunk_of(&m);
        uint64_t these = chunk_samples(g, &m, channel);
        if (!these) continue;
        if (seen[channel] || these > LARGEST_CHUNK || (count && these != samples)) return false;
        seen[channel] = true;
        samples = these;
        if (++count == wanted) count = 0, memset(seen, 0, sizeof seen);
    }
    return count == 0;
}

/* One record for each chunk of all channels. */
static grat_err read_groups(reading *g, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    grat__zip_dir d;
    grat__zip_member m;
    grat_sample_type types[GRAT_MAX_CHANNELS];
    uint64_t all, first = 0;
    unsigned traces = 0, count = 0, wanted = channels_of(g);
    bool more = true;
    if (!shape(g->l, g, types, &all) || !grat__zip_open(data, n, &d)) return GRAT_EPARSE;
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) traces += g->trace[i] >= 0;
    while (more && grat__zip_next(&d, &m)) {
        int channel = chunk_of(&m);
        uint64_t samples = chunk_samples(g, &m, channel);
        if (!samples) continue;
        if (!g->r) {
            memset(g->done, 0, sizeof g->done);
            g->r = grat_record_new(traces, types, (size_t)samples);
            if (!g->r) return GRAT_ENOMEM;
            label(g);
        }
        if (!take_chunk(g, channel, &m)) return GRAT_EPARSE;
        grat__pages_done(m.data, (size_t)m.stored);
        if (++count < wanted) continue;
        g->r->t0 = g->l->value[T0], g->r->dt = g->l->value[DT];
        g->r->first = first;
        first += g->r->count;
        more = to->fn(to->user, g->r) && !grat_op_check(op);
        grat_record_unref(g->r);
        g->r = NULL;
        count = 0;
    }
    return grat_op_check(op);
}

static grat_err read_layout(const char *path, const uint8_t *data, size_t n, layout *l, grat_record **out, grat_op *op)
{
    reading g = {0};
    grat_sample_type types[GRAT_MAX_CHANNELS];
    uint64_t samples;
    if (!survey(data, n, l) || !shape(l, &g, types, &samples))
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no sigrok session of version 2, or it is "
                            "damaged; check it", path);
    unsigned traces = 0;
    for (unsigned i = 0; i < 2 * GRAT_MAX_CHANNELS; i++) traces += g.trace[i] >= 0;
    if (samples > SIZE_MAX / 8 || !(g.r = grat_record_new(traces, types, (size_t)samples)))
        return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    g.r->t0 = l->value[T0];
    g.r->dt = l->value[DT];
    label(&g);
    if (read_chunks(&g, data, n)) {
        *out = g.r;
        return GRAT_OK;
    }
    grat_record_unref(g.r);
    return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: a part of it is damaged; get it again", path);
}

static grat_err each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    layout *l = calloc(1, sizeof *l);
    reading g = {0};
    grat_sample_type types[GRAT_MAX_CHANNELS];
    uint64_t samples;
    if (!l) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_err err;
    if (survey(data, n, l) && shape(l, &g, types, &samples) && side_by_side(&g, data, n)) {
        err = read_groups(&g, data, n, to, op);
        grat_record_unref(g.r);
        if (err == GRAT_EPARSE || err == GRAT_ENOMEM)
            grat_op_fail(op, err, "cannot read %.120s: %s", path, err == GRAT_ENOMEM ? "out of memory"
                         : "a part of it is damaged; get it again");
    } else {
        grat_record *r = NULL;
        memset(l, 0, sizeof *l);
        err = read_layout(path, data, n, l, &r, op);
        if (!err) to->fn(to->user, r);
        grat_record_unref(r);
    }
    free(l);
    return err;
}

static grat_err read_sr(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out,
                        grat_op *op)
{
    (void)meta;
    layout *l = calloc(1, sizeof *l);
    if (!l) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_err err = read_layout(path, data, n, l, out, op);
    free(l);
    return err;
}

const grat_format grat__format_sr = {
    .name = "sr",
    .description = "sigrok's session: sigrok-cli, PulseView and their decoders",
    .extensions = "sr",
    .priv_size = sizeof(sr),
    .begin = begin,
    .record = record,
    .end = end,
    .fini = fini,
    .grows = true,
    .flush = flush,
    .stays = true,
    .read = read_sr,
    .each = each,
};
