#include "core/print.h"
#include "core/str.h"
#include "format/format.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FARTHEST 1e18            /* samples */
/* A third of what a small machine has; longer logs go to .csv, .npy or .wav, which hold nothing back. */
#define KEEP_MAX ((uint64_t)1 << 30)

void grat__trace_label(const grat_trace *t, char *out, size_t cap)
{
    snprintf(out, cap, "%s%s", t->logic ? "" : "ch", t->name);
}

void grat__label_parse(const char *label, size_t n, grat_trace *t)
{
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), label);
    char *unit = strrchr(text, '_');
    if (unit) {
        *unit = '\0';
        grat__strcpy(t->unit, sizeof t->unit, unit + 1);
    }
    bool analog = strncmp(text, "ch", 2) == 0;
    t->logic = !analog && (text[0] == 'D' || text[0] == 'L');
    grat__strcpy(t->name, sizeof t->name, analog ? text + 2 : text);
}

/* "500mV": without the blank of the public function. */
static const char *quantity(char out[32], double value, const char *unit)
{
    grat_format_quantity(out, 32, value, unit);
    char *to = out;
    for (const char *p = out; *p; p++) {
        if (*p != ' ') *to++ = *p;
    }
    *to = '\0';
    return out;
}

/* Commas and quotes would break a header of columns, '#' starts a comment for numpy. */
static void sanitize(char *text)
{
    for (; *text; text++) {
        if (strchr(",\"'#\r\n\t;()", *text)) *text = ' ';
    }
}

static const char *coupling_name(grat_coupling c)
{
    return c == GRAT_AC ? "AC" : c == GRAT_GND ? "GND" : "DC";
}

void grat__trace_note(const grat_meta *m, const grat_trace *t, char *out, size_t cap)
{
    char a[32], b[32];
    *out = '\0';
    if (!m->has_settings) return;
    int number;
    if (t->logic) {
        int bit;
        if (t->name[0] == 'D' && grat__parse_int(t->name + 1, &bit) && bit >= 0 && bit < 16)
            snprintf(out, cap, "threshold %s", quantity(a, m->settings.threshold[bit / 8], "V"));
        return;
    }
    if (t->name[0] >= 'A' && t->name[0] <= 'D' && !t->name[1])
        number = t->name[0] - 'A' + 1;
    else if (!grat__parse_int(t->name, &number))
        return;
    if (number < 1 || number > 4) return;
    const grat_channel_settings *c = &m->settings.channel[number - 1];
    grat__print(out, cap, "%s/div %s %gX offset %s%s%s", quantity(a, c->scale, t->unit), coupling_name(c->coupling),
             c->probe, quantity(b, c->offset, t->unit), c->bandwidth_limit ? " BW limit" : "",
             c->invert ? " inverted" : "");
    sanitize(out);
}

static const char *acquisition(const grat_settings *s, char *out, size_t cap)
{
    if (s->acq == GRAT_ACQ_PEAK) return " peak";
    if (s->acq == GRAT_ACQ_HIRES) return " hires";
    if (s->acq != GRAT_ACQ_AVERAGE) return "";
    snprintf(out, cap, " average %u", s->averages);
    return out;
}

void grat__meta_note(const grat_meta *m, const grat_record *r, char *out, size_t cap)
{
    const grat_identity *id = &m->identity;
    const grat_settings *s = &m->settings;
    static const char *const slopes[] = {"rising", "rising", "falling", "either", "above", "below"};
    char a[32], b[32], c[32], d[32];
    size_t n = 0;
    *out = '\0';
    if (id->model[0]) {
        n = (size_t)snprintf(out, cap, "%s%s%s%s%s ", id->model, id->serial[0] ? " " : "", id->serial,
                             id->firmware[0] ? " " : "", id->firmware);
        if (n >= cap) n = cap - 1;
    }
    if (m->has_settings)
        n += (size_t)snprintf(out + n, cap - n, "%s/div delay %s %s%s trigger ", quantity(a, s->timebase, "s"),
                              quantity(b, s->delay, "s"), quantity(c, 1 / r->dt, "Sa/s"), acquisition(s, d, sizeof d));
    if (n >= cap) n = cap - 1;
    if (m->has_settings && s->terms) grat__trigger_text(s, out + n, cap - n);
    else if (m->has_settings)
        snprintf(out + n, cap - n, "%s %s %s", s->trigger_source,
                 slopes[s->trigger_slope >= GRAT_RISING && s->trigger_slope <= GRAT_BELOW ? s->trigger_slope : 0],
                 quantity(a, s->trigger_level, "V"));
    sanitize(out);
    grat__rtrim(out, strlen(out));
}

grat_err grat__keep_add(grat__keep *k, grat_record *r, grat_op *op)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < r->traces; i++) bytes += (uint64_t)r->count * grat_sample_size(r->trace[i].type);
    if (k->bytes + bytes > KEEP_MAX)
        return grat_op_fail(op, GRAT_ETOOBIG, "this format holds at most 1 GiB of samples: more came; "
                            "write .npy or .csv, which have no limit");
    if (k->count == k->room) {
        size_t room = k->room ? 2 * k->room : 16;
        grat_record **grown = realloc(k->record, room * sizeof(grat_record *));
        if (!grown) return grat_op_fail(op, GRAT_ENOMEM, "out of memory: too many records; write .npy or .csv");
        k->record = grown;
        k->room = room;
    }
    k->record[k->count++] = grat_record_ref(r);
    k->bytes += bytes;
    k->samples += r->count;
    return GRAT_OK;
}

void grat__keep_free(grat__keep *k)
{
    for (size_t i = 0; i < k->count; i++) grat_record_unref(k->record[i]);
    free(k->record);
    memset(k, 0, sizeof *k);
}

void grat__interleave(const grat_record *r, size_t row, size_t from, size_t n, uint8_t *out)
{
    size_t at = 0;
    for (unsigned j = 0; j < r->traces; j++) {
        size_t size = grat_sample_size(r->trace[j].type);
        const uint8_t *raw = (const uint8_t *)r->trace[j].raw + from * size;
        uint8_t *to = out + at;
        switch (size) {
        case 1:
            for (size_t i = 0; i < n; i++) to[i * row] = raw[i];
            break;
        case 2:
            for (size_t i = 0; i < n; i++) memcpy(to + i * row, raw + i * 2, 2);
            break;
        default:
            for (size_t i = 0; i < n; i++) memcpy(to + i * row, raw + i * 4, 4);
        }
        at += size;
    }
}

grat_err grat__fill_lost(grat__filler *f, const grat_record *r, size_t row, uint64_t *filled, grat_out *o, grat_op *op)
{
    uint8_t block[4096 + sizeof f->last];
    size_t most = sizeof block / row;
    *filled = f->begun && r->number == f->number && r->first > f->next ? r->first - f->next : 0;
    if (*filled > GRAT__LONGEST_GAP)
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot write %.120s: %llu samples in a row are lost, and its rows have "
                            "no times of their own; write .h5 or .csv", grat__out_name(o), (unsigned long long)*filled);
    for (size_t i = 0; i < most && i < *filled; i++) memcpy(block + i * row, f->last, row);
    for (uint64_t left = *filled; left;) {
        size_t n = left < most ? (size_t)left : most;
        grat_err err = grat_out_write(o, block, n * row, op);
        if (err) return err;
        left -= n;
    }
    return GRAT_OK;
}

void grat__filler_take(grat__filler *f, const grat_record *r, const uint8_t *last, size_t row)
{
    f->begun = true;
    f->next = r->first + r->count;
    f->number = r->number;
    memcpy(f->last, last, row);
}

static bool grow(grat__whole *w, size_t count)
{
    size_t room = w->room ? w->room : count;
    while (room < count) room += room / 2 + 1;
    for (unsigned i = 0; i < w->r->traces && room != w->room; i++) {
        void *more = realloc(w->r->trace[i].raw, room * grat_sample_size(w->r->trace[i].type));
        if (!more) return false;
        w->r->trace[i].raw = more;
    }
    w->room = room;
    return true;
}

static grat_record *same_without_samples(const grat_record *r)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < r->traces; i++) types[i] = r->trace[i].type;
    grat_record *out = grat_record_new(r->traces, types, 0);
    if (!out) return NULL;
    void *raw[GRAT_MAX_CHANNELS];
    for (unsigned i = 0; i < r->traces; i++) raw[i] = out->trace[i].raw;
    *out = *r;
    out->refs = 1;
    out->count = 0;
    for (unsigned i = 0; i < r->traces; i++) out->trace[i].raw = raw[i];
    return out;
}

bool grat__whole_add(void *user, grat_record *r)
{
    grat__whole *w = user;
    if (!w->r) w->r = same_without_samples(r);
    if (!w->r) return w->no_memory = true, false;
    w->apart = r->number != w->r->number || r->first != w->r->first + w->r->count || r->t0 != w->r->t0;
    if (w->apart) return false;
    w->no_memory = !grow(w, w->r->count + r->count);
    if (w->no_memory) return false;
    for (unsigned i = 0; i < r->traces; i++) {
        size_t size = grat_sample_size(r->trace[i].type);
        memcpy((uint8_t *)w->r->trace[i].raw + w->r->count * size, r->trace[i].raw, r->count * size);
    }
    w->r->count += r->count;
    w->r->flags |= r->flags;
    return true;
}

static double time_at(const void *times, size_t stride, size_t i)
{
    double t;
    memcpy(&t, (const char *)times + i * stride, sizeof t);
    return t;
}

/* Printed times carry rounding: 12 digits are what their quotient is worth. */
static double rounded(double v)
{
    char text[32];
    grat__print(text, sizeof text, "%.12g", v);
    grat__parse_double(text, &v);
    return v;
}

static void axis_begin(grat__axis *x, const void *times, size_t stride, size_t n, unsigned number)
{
    size_t even = 1;
    double t0 = time_at(times, stride, 0), dt = n > 1 ? time_at(times, stride, 1) - t0 : x->dt > 0 ? x->dt : 1;
    if (!(dt > 0)) dt = 1;
    while (even < n && fabs(time_at(times, stride, even) - t0 - (double)even * dt) < 0.3 * dt) {
        dt = (time_at(times, stride, even) - t0) / (double)even;
        even++;
    }
    if (!x->begun || even > 2) x->dt = rounded(dt);
    x->origin = t0;
    x->number = number;
    x->next = 0;
    x->begun = true;
}

size_t grat__axis_take(grat__axis *x, const void *times, size_t stride, size_t n, grat_record *r)
{
    bool fresh = !x->begun || x->number != r->number;
    if (fresh) axis_begin(x, times, stride, n, r->number);
    double at = nearbyint((time_at(times, stride, 0) - x->origin) / x->dt);
    /* Times that go back are another acquisition, although nothing numbers them; so are those beyond any count. */
    if (!fresh && !(at >= (double)x->next && at < FARTHEST)) {
        axis_begin(x, times, stride, n, r->number);
        at = 0;
        fresh = true;
    }
    r->first = at < FARTHEST ? (uint64_t)at : 0;   /* 0 also where the time is no number */
    r->flags = !fresh && r->first > x->next ? GRAT_REC_GAP_BEFORE : 0;
    r->t0 = x->origin;
    r->dt = x->dt;
    double begin = time_at(times, stride, 0);
    size_t even = 1;
    while (even < n && fabs(time_at(times, stride, even) - begin - (double)even * x->dt) < 0.4 * x->dt) even++;
    x->next = r->first + even;
    return even;
}

void grat__pages_done(const void *data, size_t n)
{
    uintptr_t from = ((uintptr_t)data + 4095) & ~(uintptr_t)4095, to = ((uintptr_t)data + n) & ~(uintptr_t)4095;
    if (to > from) madvise((void *)from, to - from, MADV_DONTNEED);
}

grat_err grat__even_times(const char *path, const void *times, size_t stride, grat_record *r, grat_op *op)
{
    double first = time_at(times, stride, 0), last = time_at(times, stride, r->count - 1);
    double dt = r->count > 1 ? (last - first) / (double)(r->count - 1) : 1;
    if (!(dt > 0) || !isfinite(dt))
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: its times do not rise; it may hold several "
                            "acquisitions, read it elsewhere", path);
    for (size_t i = 0; i < r->count; i++) {
        double want = first + (double)i * dt;
        if (fabs(time_at(times, stride, i) - want) > 0.01 * dt + fabs(want) * 1e-12)
            return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: row %zu is not evenly spaced; there is a gap or "
                                "another acquisition", path, i + 1);
    }
    char text[32];
    /* The quotient carries the rounding of the printed times: 12 digits are what it is worth. */
    grat__print(text, sizeof text, "%.12g", dt);
    grat__parse_double(text, &dt);
    r->t0 = first;
    r->dt = dt;
    return GRAT_OK;
}
