/* One document: identity, resource, settings, and the records with their samples in volts. */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"
#include "format/words.h"

#include <math.h>
#include <string.h>

typedef struct json {
    const grat_meta *meta;
    bool started;
} json;

/* The bytes of the UTF-8 character at p, and which it is; 0 when it is none. */
static size_t character(const unsigned char *p, uint32_t *out)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = *p < 0xc2 ? 0 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : *p < 0xf5 ? 4 : 0;
    if (!n) return 0;
    *out = *p & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        *out = *out << 6 | (p[i] & 0x3f);
    }
    return *out < least[n] || *out > 0x10ffff || (*out >= 0xd800 && *out < 0xe000) ? 0 : n;
}

static bool is_utf8(const char *text)
{
    uint32_t c;
    size_t n = 1;
    for (const unsigned char *p = (const unsigned char *)text; *p && n; p += n) n = *p < 0x80 ? 1 : character(p, &c);
    return n > 0;
}

/* The document stays ASCII. */
grat_err grat__json_string(grat__buf *b, const char *text)
{
    bool utf8 = is_utf8(text);
    grat_err err = grat__buf_puts(b, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p && !err;) {
        uint32_t c = *p;
        size_t n = utf8 && c >= 0x80 ? character(p, &c) : 1;
        if (c >= 0x10000)
            err = grat__buf_printf(b, "\\u%04x\\u%04x", 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
        else if (c < 0x20 || c >= 0x7f)
            err = grat__buf_printf(b, "\\u%04x", c);
        else
            err = grat__buf_printf(b, c == '"' || c == '\\' ? "\\%c" : "%c", (int)c);
        p += n;
    }
    return err ? err : grat__buf_puts(b, "\"");
}

static grat_err member_string(grat__buf *b, const char *name, const char *text, const char *after)
{
    grat_err err = grat__buf_printf(b, "\"%s\":", name);
    if (!err) err = grat__json_string(b, text);
    return err ? err : grat__buf_puts(b, after);
}

grat_err grat__json_number(grat__buf *b, const char *name, double v, const char *after)
{
    char text[GRAT__NUM_MAX + 1] = "null";
    if (isfinite(v)) text[grat__put_exact(text, v)] = '\0';
    return grat__buf_printf(b, "\"%s\":%s%s", name, text, after);
}

static const char *flag(bool v)
{
    return v ? "true" : "false";
}

const char *const grat__words_coupling[GRAT__WORDS] = {"", "DC", "AC", "GND"};
const char *const grat__words_slope[GRAT__WORDS] = {"", "rising", "falling", "either", "above", "below"};
const char *const grat__words_acquisition[GRAT__WORDS] = {"", "normal", "average", "peak", "hires"};
const char *const grat__words_sweep[GRAT__WORDS] = {"", "auto", "normal", "single"};
const char *const grat__words_downsample[GRAT__WORDS] = {"", "aggregate", "decimate", "average"};
const char *const grat__words_event[GRAT__WORDS] = {"", "edge", "pulse", "window", "runt", "timeout"};

static grat_err member_word(grat__buf *b, const char *name, unsigned v, const char *const words[GRAT__WORDS])
{
    return member_string(b, name, v < GRAT__WORDS && words[v] ? words[v] : "", ",");
}

static grat_err channel_json(grat__buf *b, unsigned number, const grat_channel_settings *c)
{
    grat_err err = grat__buf_printf(b, "%s{\"enabled\":%s,\"bandwidth_limit\":%s,\"invert\":%s,", number ? "," : "",
                                    flag(c->enabled), flag(c->bandwidth_limit), flag(c->invert));
    if (!err) err = grat__json_number(b, "scale", c->scale, ",");
    if (!err) err = grat__json_number(b, "offset", c->offset, ",");
    if (!err) err = grat__json_number(b, "probe", c->probe, ",");
    if (!err) err = member_word(b, "coupling", c->coupling, grat__words_coupling);
    return err ? err : member_string(b, "unit", c->unit, "}");
}

static grat_err term_json(grat__buf *b, const grat_trigger_term *t, bool first)
{
    grat_err err = grat__buf_puts(b, first ? "{" : ",{");
    if (!err) err = member_word(b, "event", t->event, grat__words_event);
    if (!err) err = member_string(b, "source", t->source, ",");
    if (!err) err = member_word(b, "slope", t->slope, grat__words_slope);
    if (!err) err = grat__json_number(b, "level", t->level, ",");
    if (!err) err = grat__json_number(b, "upper", t->upper, ",");
    if (!err) err = grat__json_number(b, "least", t->least, ",");
    if (!err) err = grat__json_number(b, "most", t->most, ",");
    return err ? err : grat__buf_printf(b, "\"or_else\":%s}", flag(t->or_else));
}

static grat_err trigger_json(grat__buf *b, const grat_settings *s)
{
    char events[600];
    grat__trigger_text(s, events, sizeof events);
    grat_err err = member_string(b, "trigger_type", s->trigger_type, ",");
    if (!err) err = member_string(b, "trigger_source", s->trigger_source, ",");
    if (!err) err = member_word(b, "trigger_slope", s->trigger_slope, grat__words_slope);
    if (!err) err = grat__json_number(b, "trigger_level", s->trigger_level, ",");
    if (!err) err = grat__buf_printf(b, "\"trigger_hair\":%s,", flag(s->trigger_hair));
    if (!err) err = grat__json_number(b, "trigger_wait", s->trigger_wait, ",");
    if (!err && events[0]) err = member_string(b, "trigger_events", events, ",");
    if (err || !s->terms) return err;
    err = grat__buf_puts(b, "\"trigger_terms\":[");
    for (unsigned i = 0; i < s->terms && i < GRAT_TRIGGER_TERMS && !err; i++) err = term_json(b, &s->term[i], !i);
    return err ? err : grat__buf_puts(b, "],");
}

static grat_err digital_json(grat__buf *b, const grat_settings *s)
{
    const char *comma = "";
    grat_err err = grat__json_number(b, "threshold_low", s->threshold[0], ",");
    if (!err) err = grat__json_number(b, "threshold_high", s->threshold[1], ",");
    if (!err) err = grat__buf_printf(b, "\"digital_on\":%s,\"digital\":[", flag(s->digital_on));
    for (unsigned i = 0; i < 16 && !err; i++) {
        if (!s->digital[i]) continue;
        err = grat__buf_printf(b, "%s%u", comma, i);
        comma = ",";
    }
    return err ? err : grat__buf_puts(b, "],");
}

static grat_err reduction_json(grat__buf *b, const grat_settings *s)
{
    grat_err err = s->downsample ? member_word(b, "downsample", s->downsample, grat__words_downsample) : GRAT_OK;
    if (!err && s->ratio) err = grat__buf_printf(b, "\"ratio\":%u,", s->ratio);
    return err || !s->ets ? err : grat__buf_printf(b, "\"ets\":%u,", s->ets);
}

static grat_err settings_json(grat__buf *b, const grat_settings *s)
{
    unsigned channels = GRAT_MAX_ANALOG;
    grat_err err = grat__buf_puts(b, "{\"channels\":[");
    while (channels > 4 && !(s->channel[channels - 1].probe > 0)) channels--;
    for (unsigned i = 0; i < channels && !err; i++) err = channel_json(b, i, &s->channel[i]);
    if (!err) err = grat__buf_puts(b, "],");
    if (!err) err = digital_json(b, s);
    if (!err) err = grat__json_number(b, "timebase", s->timebase, ",");
    if (!err) err = grat__json_number(b, "delay", s->delay, ",");
    if (!err) err = grat__json_number(b, "rate", s->rate, ",");
    if (!err) err = grat__json_number(b, "depth", (double)s->depth, ",");
    if (!err) err = member_word(b, "acquisition", s->acq, grat__words_acquisition);
    if (!err) err = grat__buf_printf(b, "\"averages\":%u,", s->averages);
    if (!err) err = member_word(b, "sweep", s->sweep, grat__words_sweep);
    if (!err) err = trigger_json(b, s);
    if (!err) err = reduction_json(b, s);
    return err ? err : grat__json_number(b, "holdoff", s->holdoff, "}");
}

grat_err grat__meta_json(grat__buf *b, const grat_meta *m)
{
    grat_err err = grat__buf_puts(b, "\"identity\":{");
    if (!err) err = member_string(b, "vendor", m->identity.vendor, ",");
    if (!err) err = member_string(b, "model", m->identity.model, ",");
    if (!err) err = member_string(b, "serial", m->identity.serial, ",");
    if (!err) err = member_string(b, "firmware", m->identity.firmware, "},");
    if (!err) err = member_string(b, "resource", m->resource, ",\"settings\":");
    if (err) return err;
    return m->has_settings ? settings_json(b, &m->settings) : grat__buf_puts(b, "null");
}

static grat_err flush(grat__buf *b, grat_err err, grat_out *o, grat_op *op)
{
    if (err)
        err = grat_op_fail(op, err, "cannot write .json: %s", grat_strerror(err));
    else
        err = grat_out_write(o, b->data, b->len, op);
    grat__buf_free(b);
    return err;
}

static grat_err begin(void *p, const grat_meta *meta, grat_out *o, grat_op *op)
{
    grat__buf b;
    ((json *)p)->meta = meta;
    grat__buf_init(&b, 1 << 16);
    grat_err err = grat__buf_puts(&b, "{");
    if (!err) err = grat__meta_json(&b, meta);
    if (!err) err = grat__buf_puts(&b, ",\"records\":[");
    return flush(&b, err, o, op);
}

static grat_err put_head(const grat_record *r, bool first, grat_out *o, grat_op *op)
{
    grat__buf b;
    grat__buf_init(&b, 1 << 16);
    grat_err err = grat__buf_printf(&b, "%s\n{\"number\":%u,\"first\":%llu,\"count\":%zu,"
                                    "\"utc_ns\":%lld,",
                                    first ? "" : ",", r->number, (unsigned long long)r->first, r->count,
                                    (long long)r->utc_ns);
    if (!err && r->utc_uncertainty_ns)
        err = grat__buf_printf(&b, "\"utc_uncertainty_ns\":%lld,", (long long)r->utc_uncertainty_ns);
    if (!err) err = grat__json_number(&b, "t0", r->t0, ",");
    if (!err) err = grat__json_number(&b, "dt", r->dt, ",");
    if (!err && r->trigger_offset != 0) err = grat__json_number(&b, "trigger_offset", r->trigger_offset, ",");
    if (!err && r->trigger_stamp)
        err = grat__buf_printf(&b, "\"trigger_stamp\":%llu,", (unsigned long long)r->trigger_stamp);
    static const char *const names[] = {"gap_before", "clipped", "cut", "forced", "preview"};
    if (!err) err = grat__buf_puts(&b, "\"flags\":[");
    const char *comma = "";
    for (unsigned i = 0; i < sizeof names / sizeof *names && !err; i++) {
        if (!(r->flags >> i & 1)) continue;
        err = grat__buf_printf(&b, "%s\"%s\"", comma, names[i]);
        comma = ",";
    }
    if (!err) err = grat__buf_puts(&b, "],\"channels\":[");
    return flush(&b, err, o, op);
}

enum { CHUNK = 1024 };

static size_t put_chunk(char *p, const grat_trace *t, size_t from, size_t n)
{
    char *start = p;
    double values[CHUNK];
    unsigned decimals = grat__step_decimals(t->scale, t->offset);
    double power = grat__pow10((int)decimals);
    grat_trace_values(t, from, n, values);
    for (size_t i = 0; i < n; i++) {
        if (from + i) *p++ = ',';
        double scaled = values[i] * power;
        if (!isfinite(values[i]))
            memcpy(p, "null", 4), p += 4;
        else if (t->type == GRAT_F32 || fabs(scaled) > 1e11)
            p += grat__put_double(p, values[i], 9);
        else
            p += grat__put_fixed(p, (int64_t)rint(scaled), decimals);
    }
    return (size_t)(p - start);
}

static grat_err put_channel(const grat_record *r, unsigned index, grat_out *o, grat_op *op)
{
    const grat_trace *t = &r->trace[index];
    grat__buf b;
    grat__buf_init(&b, 1 << 12);
    grat_err err = grat__buf_puts(&b, index ? ",{" : "{");
    if (!err) err = member_string(&b, "name", t->name, ",");
    if (!err) err = member_string(&b, "unit", t->unit, ",");
    if (!err) err = grat__buf_printf(&b, "\"logic\":%s,\"values\":[", flag(t->logic));
    err = flush(&b, err, o, op);
    for (size_t i = 0; i < r->count && !err; i += CHUNK) {
        size_t n = r->count - i < CHUNK ? r->count - i : CHUNK;
        uint8_t *to = grat__out_reserve(o, n * (GRAT__NUM_MAX + 1), NULL, op);
        if (!to) return op->err;
        grat__out_advance(o, put_chunk((char *)to, t, i, n));
    }
    return err ? err : grat_out_write(o, "]}", 2, op);
}

static grat_err record(void *p, grat_record *r, grat_out *o, grat_op *op)
{
    json *j = p;
    grat_err err = put_head(r, !j->started, o, op);
    j->started = true;
    for (unsigned i = 0; i < r->traces && !err; i++) err = put_channel(r, i, o, op);
    return err ? err : grat_out_write(o, "]}", 2, op);
}

static grat_err end(void *p, grat_out *o, grat_op *op)
{
    (void)p;
    return grat_out_write(o, "]}\n", 3, op);
}

const grat_format grat__format_json = {
    .name = "json",
    .description = "one document with the settings and the values",
    .extensions = "json",
    .priv_size = sizeof(json),
    .begin = begin,
    .record = record,
    .end = end,
    .each = grat__json_each,
};
