/* Value change dump, IEEE 1364-2005 clause 18: each logic channel a wire, each analog one a real (18.2.3.8), a line for
 * what changes. The time unit is the largest of 1, 10, 100 of s … fs that the sample interval is a multiple of: with
 * an interval of 1 µs the times count samples. The last line is the time behind the last sample. Samples that a log
 * has lost: logic is x for so long, analog keeps its value. Further acquisitions follow as they are, with a comment.
 * $comment graticule t0=-0.5 dt=1e-06 $end says what the axis cannot. */
#include "core/print.h"
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"
#include "format/pool.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_LEN = 48, TIME_MAX_LEN = 32 };
enum { EXACT_LEAST = -15, EXACT_MOST = 2, TOKEN = 64, VALUES = 4096, PIECE = 512 * 1024 };
#define READ_MAX ((uint64_t)1 << 30)   /* bytes of samples that a reader makes of one file */

/* From sample indices to time units. */
typedef struct clock {
    double units;            /* of a sample, in time units; a whole number when it can be, … */
    uint64_t whole;          /* … which is then here, else 0 */
    uint64_t shift;          /* time units of the acquisitions before this one */
    uint64_t first;          /* sample index of this acquisition's time 0 */
} clock;

/* The sample before. */
typedef struct before {
    double value[GRAT_MAX_CHANNELS];
    bool known[GRAT_MAX_CHANNELS];
} before;

/* Samples that become text. */
typedef struct piece {
    clock clock;
    grat_record *r;
    size_t from, n;
    before last;
    bool no_memory;
    char *text;
    size_t used, room;
    double value[VALUES];
} piece;

typedef struct vcd {
    const grat_meta *meta;
    bool started;
    clock clock;
    uint64_t next;           /* the sample index that continues */
    unsigned number;
    before last;
    grat__pool *pool;
    grat_out *out;
} vcd;

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    (void)o, (void)op;
    ((vcd *)p)->meta = meta;
    return GRAT_OK;
}

/* The exponent of the time unit; where none divides dt, one that is fine enough. */
static int choose_unit(double dt)
{
    for (int e = EXACT_MOST; e >= EXACT_LEAST; e--) {
        double n = dt / grat__pow10(e);
        if (n >= 0.999 && n < 1e15 && fabs(n - rint(n)) < 1e-9 * n) return e;
    }
    int e = (int)floor(log10(dt)) - 6;
    return e < EXACT_LEAST ? EXACT_LEAST : e > EXACT_MOST ? EXACT_MOST : e;
}

static grat_err put_line(grat_out *o, const char *text, grat_op *op)
{
    return grat_out_write(o, text, strlen(text), op);
}

/* Names hold no blanks; one that begins with '$' would be a keyword. */
static void reference(const grat_trace *t, char *out, size_t cap)
{
    char label[40];
    grat__trace_label(t, label, sizeof label);
    snprintf(out, cap, "%s%s%s%s", label[0] == '$' ? "\\" : "", label, t->unit[0] ? "_" : "", t->unit);
    for (char *c = out; *c; c++)
        if ((unsigned char)*c <= ' ') *c = '_';
}

static grat_err put_head(vcd *v, const grat_record *r, grat_out *o, grat_op *op)
{
    static const char *const names[] = {"fs", "ps", "ns", "us", "ms", "s"};
    char text[700], note[400], t0[GRAT__NUM_MAX + 1] = "", dt[GRAT__NUM_MAX + 1] = "";
    int e = choose_unit(r->dt), name = (e + 15) / 3;
    if (name > 5) name = 5;
    clock *c = &v->clock;
    c->units = r->dt / grat__pow10(e);
    if (fabs(c->units - rint(c->units)) < 1e-9 * c->units) c->units = rint(c->units);
    c->whole = c->units == rint(c->units) && c->units < 1e15 ? (uint64_t)c->units : 0;
    grat__meta_note(v->meta, r, note, sizeof note);
    t0[grat__put_double(t0, r->t0 + (double)r->first * r->dt, 15)] = '\0';
    dt[grat__put_double(dt, r->dt, 15)] = '\0';
    snprintf(text, sizeof text, "$version graticule " GRAT_VERSION " $end\n$comment graticule t0=%s dt=%s $end\n%s%s%s"
             "$timescale %.0f %s $end\n$scope module graticule $end\n", t0, dt, note[0] ? "$comment " : "", note,
             note[0] ? " $end\n" : "", grat__pow10(e - (3 * name - 15)), names[name]);
    grat_err err = put_line(o, text, op);
    for (unsigned i = 0; i < r->traces && !err; i++) {
        char ref[60];
        reference(&r->trace[i], ref, sizeof ref);
        const char *type = r->trace[i].logic ? "wire 1" : "real 64";
        snprintf(text, sizeof text, "$var %s %c %s $end\n", type, '!' + (int)i, ref);
        err = put_line(o, text, op);
    }
    return err ? err : put_line(o, "$upscope $end\n$enddefinitions $end\n", op);
}

static inline uint64_t time_of(const clock *c, uint64_t index)
{
    if (c->whole) return c->shift + (index - c->first) * c->whole;
    return c->shift + (uint64_t)rint((double)(index - c->first) * c->units);
}

static inline size_t put_time_with(const char *digits, char *p, uint64_t time)
{
    p[0] = '#';
    size_t n = 1 + grat__put_digits(digits, p + 1, time);
    p[n++] = '\n';
    return n;
}

static size_t put_time(char *p, uint64_t time)
{
    return put_time_with(grat__digits4(), p, time);
}

static size_t put_value(char *p, const grat_trace *t, unsigned i, double value)
{
    size_t n = 1;
    if (t->logic) {
        p[0] = value != 0 ? '1' : '0';
    } else {
        p[0] = 'r';
        n += grat__put_double(p + 1, value, t->type == GRAT_F32 ? 9 : 12);
        p[n++] = ' ';
    }
    p[n++] = (char)('!' + i);
    p[n++] = '\n';
    return n;
}

/* Room for n more bytes. */
static inline char *room_for(piece *p, size_t n)
{
    size_t need = p->used + n;
    if (need <= p->room) return p->text + p->used;
    size_t room = 2 * need;
    char *more = room < 65536 ? realloc(p->text, room = 65536) : realloc(p->text, room);
    if (!more) return p->no_memory = true, NULL;
    p->text = more;
    p->room = room;
    return p->text + p->used;
}

static void put_changes(piece *p, size_t from, size_t n)
{
    const grat_record *r = p->r;
    before *last = &p->last;
    for (unsigned k = 0; k < r->traces; k++) grat_trace_values(&r->trace[k], from, n, p->value + k * n);
    for (size_t i = 0; i < n; i++) {
        char *line = NULL;
        for (unsigned k = 0; k < r->traces; k++) {
            double x = p->value[k * n + i];
            if (last->known[k] && (x == last->value[k] || (isnan(x) && isnan(last->value[k])))) continue;
            if (!line && !(line = room_for(p, (r->traces + 1) * LINE_MAX_LEN))) return;
            if (line == p->text + p->used) line += put_time(line, time_of(&p->clock, r->first + from + i));
            line += put_value(line, &r->trace[k], k, x);
            last->value[k] = x;
            last->known[k] = true;
        }
        if (line) p->used = (size_t)(line - p->text);
    }
}

static bool all_logic(const grat_record *r)
{
    for (unsigned k = 0; k < r->traces; k++)
        if (!r->trace[k].logic || r->trace[k].type != GRAT_U8 || r->trace[k].scale != 1 || r->trace[k].offset != 0)
            return false;
    return true;
}

/* Bit i: byte i is not zero. At most 64. */
static inline uint64_t levels(const uint8_t *raw, size_t n)
{
    uint64_t bits = 0, eight;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&eight, raw + i, 8);
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
        eight = __builtin_bswap64(eight);
#endif
        /* The top bit of each byte, then all eight side by side. */
        eight |= (eight & 0x7f7f7f7f7f7f7f7fu) + 0x7f7f7f7f7f7f7f7fu;
        bits |= ((eight >> 7 & 0x0101010101010101u) * 0x0102040810204080u >> 56) << i;
    }
    for (; i < n; i++) bits |= (uint64_t)(raw[i] != 0) << i;
    return bits;
}

/* A time being written again and again: all but its last four digits rarely changes. */
typedef struct stamp {
    const char *digits;
    uint64_t upper;
    size_t length;
    char text[GRAT__NUM_MAX];   /* "#", the upper digits */
} stamp;

/* With the end of the line. */
static inline char *put_stamp(stamp *s, char *p, uint64_t time)
{
    uint64_t upper = time / 10000;
    if (__builtin_expect(!upper, 0)) return p + put_time_with(s->digits, p, time);
    if (__builtin_expect(upper != s->upper, 0)) {
        s->text[0] = '#';
        s->length = 1 + grat__put_u64(s->text + 1, s->upper = upper);
    }
    memcpy(p, s->text, 24);
    p += s->length;
    memcpy(p, s->digits + 4 * (time - upper * 10000), 4);
    p[4] = '\n';
    return p + 5;
}

/* 64 samples of wires, from change to change. level[k]: bit 0 is the sample before them. */
static inline __attribute__((always_inline)) bool put_word(piece *p, size_t at, size_t n, uint64_t *level, stamp *s,
                                                           unsigned wires)
{
    uint64_t now[GRAT_MAX_CHANNELS], change[GRAT_MAX_CHANNELS], any = 0;
    for (unsigned k = 0; k < wires; k++) {
        now[k] = levels((const uint8_t *)p->r->trace[k].raw + at, n);
        change[k] = (now[k] ^ (now[k] << 1 | level[k])) & ~(uint64_t)0 >> (64 - n);
        level[k] = now[k] >> (n - 1);
        any |= change[k];
    }
    char *line = any ? room_for(p, n * (TIME_MAX_LEN + 3 * wires) + 1) : NULL;
    if (!line) return !any;
    const clock c = p->clock;
    for (uint64_t first = p->r->first + at; any; any &= any - 1) {
        unsigned i = (unsigned)__builtin_ctzll(any);
        line = put_stamp(s, line, time_of(&c, first + i));
        for (unsigned k = 0; k < wires; k++) {
            if (!(change[k] >> i & 1)) continue;
            const char value[4] = {(char)('0' + (now[k] >> i & 1)), (char)('!' + k), '\n', 0};
            memcpy(line, value, 4);
            line += 3;
        }
    }
    p->used = (size_t)(line - p->text);
    return true;
}

/* Wires only. */
static void put_wires(piece *p)
{
    const grat_record *r = p->r;
    uint64_t level[GRAT_MAX_CHANNELS];
    stamp s = {.digits = grat__digits4()};
    for (unsigned k = 0; k < r->traces; k++) {
        uint64_t first = ((const uint8_t *)r->trace[k].raw)[p->from] != 0;
        /* One that nobody knows yet changes. */
        level[k] = p->last.known[k] ? p->last.value[k] != 0 : !first;
    }
    for (size_t i = 0, n; i < p->n; i += n) {
        n = p->n - i < 64 ? p->n - i : 64;
        bool ok = n == 64 && r->traces == 1 ? put_word(p, p->from + i, 64, level, &s, 1)
                                            : put_word(p, p->from + i, n, level, &s, r->traces);
        if (!ok) return;
    }
}

/* ---- pieces --------------------------------------------------------------------------------------- */

static void make_text(void *job)
{
    piece *p = job;
    size_t most = VALUES / p->r->traces;
    if (all_logic(p->r)) {
        put_wires(p);
        return;
    }
    for (size_t i = 0; i < p->n && !p->no_memory; i += most)
        put_changes(p, p->from + i, p->n - i < most ? p->n - i : most);
}

static grat_err put_text(void *user, void *job, grat_op *op)
{
    vcd *v = user;
    piece *p = job;
    grat_record_unref(p->r);
    p->r = NULL;
    if (p->no_memory) return grat_op_fail(op, GRAT_ENOMEM, "cannot write .vcd: out of memory; close something");
    return grat_out_write(v->out, p->text, p->used, op);
}

static void free_piece(void *job)
{
    piece *p = job;
    grat_record_unref(p->r);
    free(p->text);
}

static void sample_at(const grat_record *r, size_t i, before *out)
{
    for (unsigned k = 0; k < r->traces; k++) {
        grat_trace_values(&r->trace[k], i, 1, &out->value[k]);
        out->known[k] = true;
    }
}

static grat_err put_record(vcd *v, grat_record *r, grat_op *op)
{
    for (size_t i = 0; i < r->count; i += PIECE) {
        void *job;
        grat_err err = grat__pool_take(v->pool, op, &job);
        if (err) return err;
        piece *p = job;
        if (i) sample_at(r, i - 1, &v->last);
        p->clock = v->clock;
        p->r = grat_record_ref(r);
        p->from = i;
        p->n = r->count - i < PIECE ? r->count - i : PIECE;
        p->last = v->last;
        p->used = 0;
        grat__pool_start(v->pool);
    }
    if (r->count) sample_at(r, r->count - 1, &v->last);
    return GRAT_OK;
}

/* The samples from v->next to r->first are lost. */
static grat_err put_gap(vcd *v, const grat_record *r, grat_out *o, grat_op *op)
{
    char text[64 + 8 * GRAT_MAX_CHANNELS];
    size_t n = put_time(text, time_of(&v->clock, v->next));
    for (unsigned k = 0; k < r->traces; k++) {
        if (!r->trace[k].logic) continue;
        text[n++] = 'x', text[n++] = (char)('!' + k), text[n++] = '\n';
        v->last.known[k] = false;
    }
    return grat_out_write(o, text, n, op);
}

static grat_err put_acquisition(vcd *v, const grat_record *r, grat_out *o, grat_op *op)
{
    char text[128];
    v->clock.shift = time_of(&v->clock, v->next);
    v->clock.first = v->next = r->first;
    v->number = r->number;
    size_t n = put_time(text, v->clock.shift);
    grat__print(text + n, sizeof text - n, "$comment acquisition %u, t0=%.15g $end\n", r->number + 1,
             r->t0 + (double)r->first * r->dt);
    return put_line(o, text, op);
}

static grat_err start(vcd *v, const grat_record *r, grat_out *o, grat_op *op)
{
    const grat__pool_kind kind = {.job_size = sizeof(piece), .work = make_text, .done = put_text, .fini = free_piece,
                                  .user = v};
    v->clock.first = v->next = r->first;
    v->number = r->number;
    v->out = o;
    v->pool = grat__pool_new(&kind, grat_out_options(o)->growing);
    if (!v->pool) return grat_op_fail(op, GRAT_ENOMEM, "cannot write .vcd: out of memory; close something");
    v->started = true;
    return put_head(v, r, o, op);
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    vcd *v = p;
    grat_err err = v->started ? GRAT_OK : start(v, r, o, op);
    bool apart = !err && (r->number != v->number || r->first > v->next);
    if (apart) err = grat__pool_drain(v->pool, op);
    if (!err && r->number != v->number) err = put_acquisition(v, r, o, op);
    if (!err && r->first > v->next) err = put_gap(v, r, o, op);
    if (!err) err = put_record(v, r, op);
    v->next = r->first + r->count;
    if (!err && grat_out_options(o)->growing) err = grat__pool_drain(v->pool, op);
    return err;
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    char text[LINE_MAX_LEN];
    vcd *v = p;
    grat_err err = grat__pool_drain(v->pool, op);
    return err ? err : grat_out_write(o, text, put_time(text, time_of(&v->clock, v->next)), op);
}

static void fini(void *p)
{
    grat__pool_free(((vcd *)p)->pool);
}

/* ---- reading -------------------------------------------------------------------------------------- */

typedef struct text {
    const char *p, *stop;
} text;

typedef struct reading {
    unsigned traces;
    struct {
        char id[16], name[48];
        bool real;
    } trace[GRAT_MAX_CHANNELS];
    double unit, dt, t0;     /* seconds */
    bool noted;
    uint64_t first, last, step;  /* time units */
    bool open_end;           /* something changed at the last time */
} reading;

static bool token(text *t, char out[TOKEN])
{
    size_t n = 0;
    while (t->p < t->stop && (unsigned char)*t->p <= ' ') t->p++;
    for (; t->p < t->stop && (unsigned char)*t->p > ' '; t->p++)
        if (n + 1 < TOKEN) out[n++] = *t->p;
    out[n] = '\0';
    return n > 0;
}

static void skip_to_end(text *t)
{
    char word[TOKEN];
    while (token(t, word) && strcmp(word, "$end") != 0) continue;
}

static bool take_timescale(text *t, reading *g)
{
    static const struct {
        const char *name;
        double unit;
    } units[] = {{"fs", 1e-15}, {"ps", 1e-12}, {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}};
    char number[TOKEN], unit[TOKEN];
    double v;
    if (!token(t, number)) return false;
    size_t digits = strspn(number, "0123456789");
    if (number[digits]) grat__strcpy(unit, sizeof unit, number + digits);
    else if (!token(t, unit)) return false;
    number[digits] = '\0';
    skip_to_end(t);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(unit, units[i].name) != 0 || !grat__parse_double(number, &v) || !(v > 0)) continue;
        g->unit = v * units[i].unit;
        return true;
    }
    return false;
}

static bool take_var(text *t, reading *g)
{
    char type[TOKEN], width[TOKEN], id[TOKEN], name[TOKEN];
    if (!token(t, type) || !token(t, width) || !token(t, id) || !token(t, name)) return false;
    skip_to_end(t);
    bool real = strncmp(type, "real", 4) == 0;
    if (!real && strcmp(width, "1") != 0) return true;
    if (g->traces == GRAT_MAX_CHANNELS || strlen(id) >= sizeof g->trace[0].id) return false;
    unsigned i = g->traces++;
    grat__strcpy(g->trace[i].id, sizeof g->trace[i].id, id);
    grat__strcpy(g->trace[i].name, sizeof g->trace[i].name, name[0] == '\\' ? name + 1 : name);
    g->trace[i].real = real;
    return true;
}

static void take_comment(text *t, reading *g)
{
    char word[TOKEN];
    double t0, dt;
    if (!token(t, word) || strcmp(word, "$end") == 0) return;
    if (strcmp(word, "graticule") == 0) {
        bool good = token(t, word) && strncmp(word, "t0=", 3) == 0 && grat__parse_double(word + 3, &t0);
        good = good && token(t, word) && strncmp(word, "dt=", 3) == 0 && grat__parse_double(word + 3, &dt);
        if (good && isfinite(t0) && dt > 0 && isfinite(dt)) g->t0 = t0, g->dt = dt, g->noted = true;
        if (strcmp(word, "$end") == 0) return;
    }
    skip_to_end(t);
}

static bool read_head(text *t, reading *g)
{
    char word[TOKEN];
    while (token(t, word)) {
        bool good = true;
        if (strcmp(word, "$timescale") == 0) good = take_timescale(t, g);
        else if (strcmp(word, "$var") == 0) good = take_var(t, g);
        else if (strcmp(word, "$comment") == 0) take_comment(t, g);
        else skip_to_end(t);
        if (!good) return false;
        if (strcmp(word, "$enddefinitions") == 0) return g->unit > 0 && g->traces;
    }
    return false;
}

static int find(const reading *g, const char *id)
{
    for (unsigned i = 0; i < g->traces; i++)
        if (strcmp(g->trace[i].id, id) == 0) return (int)i;
    return -1;
}

typedef struct change {
    uint64_t time;
    bool timed;              /* a time, not a value */
    int trace;
    double value;
} change;

/* The next time or the next value of a channel that is read; false at the end, or at what is neither (*bad). */
static bool next_change(text *t, const reading *g, change *c, bool *bad)
{
    char word[TOKEN], id[TOKEN];
    while (token(t, word)) {
        c->timed = word[0] == '#';
        if (c->timed) return grat__parse_u64(word + 1, &c->time) || !(*bad = true);
        if (strcmp(word, "$comment") == 0) skip_to_end(t);
        if (word[0] == '$') continue;
        bool vector = strchr("bBrR", word[0]) != NULL;
        if (!vector && !strchr("01xXzZ", word[0])) break;
        if (vector && !token(t, id)) break;
        c->trace = find(g, vector ? id : word + 1);
        if (c->trace < 0) continue;
        c->value = vector ? NAN : word[0] == '1';
        if ((word[0] == 'r' || word[0] == 'R') && !grat__parse_double(word + 1, &c->value)) c->value = NAN;
        if (word[0] == 'b' || word[0] == 'B') c->value = word[strlen(word) - 1] == '1';
        return true;
    }
    *bad = t->p < t->stop;
    return false;
}

static uint64_t common(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t r = a % b;
        a = b, b = r;
    }
    return a;
}

static bool survey(text t, reading *g)
{
    change c;
    bool bad = false, any = false;
    while (next_change(&t, g, &c, &bad)) {
        if (!c.timed) {
            g->open_end = true;
            continue;
        }
        if (any && c.time < g->last) return false;
        if (!any) g->first = c.time;
        else g->step = common(g->step, c.time - g->last);
        g->last = c.time;
        g->open_end = false;
        any = true;
    }
    if (!g->noted) {
        g->dt = (double)(g->step ? g->step : 1) * g->unit;
        g->t0 = (double)g->first * g->unit;
    }
    return !bad && any;
}

static double index_of(const reading *g, uint64_t time)
{
    return rint((double)(time - g->first) * g->unit / g->dt);
}

static void store(grat_record *r, unsigned k, size_t from, size_t to, double value)
{
    if (r->trace[k].logic) {
        memset((uint8_t *)r->trace[k].raw + from, value > 0, to - from);
        return;
    }
    for (size_t i = from; i < to; i++) ((float *)r->trace[k].raw)[i] = (float)value;
}

static void fill(text t, const reading *g, grat_record *r)
{
    change c;
    bool bad = false;
    size_t since[GRAT_MAX_CHANNELS] = {0}, now = 0;
    double value[GRAT_MAX_CHANNELS] = {0};
    while (next_change(&t, g, &c, &bad)) {
        if (c.timed) {
            double at = index_of(g, c.time);
            now = at < (double)r->count ? (size_t)at : r->count;
            continue;
        }
        store(r, (unsigned)c.trace, since[c.trace], now, value[c.trace]);
        since[c.trace] = now;
        value[c.trace] = c.value;
    }
    for (unsigned k = 0; k < g->traces; k++) store(r, k, since[k], r->count, value[k]);
}

static grat_err build(const char *path, text body, reading *g, grat_record **out, grat_op *op)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    double count = index_of(g, g->last) + g->open_end;
    uint64_t width = 0;
    for (unsigned k = 0; k < g->traces; k++) {
        types[k] = g->trace[k].real ? GRAT_F32 : GRAT_U8;
        width += g->trace[k].real ? 4 : 1;
    }
    if (!(count >= 1 && count * (double)width <= (double)READ_MAX))
        return grat_op_fail(op, count >= 1 ? GRAT_ETOOBIG : GRAT_EPARSE, "cannot read %.120s: it holds %.0f samples; "
                            "at most 1 GiB of samples can be read", path, count);
    grat_record *r = grat_record_new(g->traces, types, (size_t)count);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    r->t0 = g->t0;
    r->dt = g->dt;
    for (unsigned k = 0; k < g->traces; k++) {
        grat__label_parse(g->trace[k].name, strlen(g->trace[k].name), &r->trace[k]);
        r->trace[k].logic = !g->trace[k].real;
    }
    fill(body, g, r);
    *out = r;
    return GRAT_OK;
}

static grat_err read_vcd(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out,
                         grat_op *op)
{
    text t = {(const char *)data, (const char *)data + n};
    (void)meta;
    reading *g = calloc(1, sizeof *g);
    if (!g) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_err err = read_head(&t, g) && survey(t, g)
                       ? build(path, t, g, out, op)
                       : grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it is no value change dump with single "
                                      "wires or reals, or it is damaged; check the file", path);
    free(g);
    return err;
}

const grat_format grat__format_vcd = {
    .name = "vcd",
    .description = "value change dump, for waveform viewers such as GTKWave",
    .extensions = "vcd",
    .priv_size = sizeof(vcd),
    .begin = begin,
    .record = record,
    .end = end,
    .grows = true,
    .fini = fini,
    .read = read_vcd,
};
