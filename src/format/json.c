/* One document: identity, resource, settings, and the records with their samples in volts. */
#include "core/str.h"
#include "format/format.h"
#include "format/num.h"

#include <math.h>
#include <string.h>

typedef struct json {
    const grat_meta *meta;
    bool started;
} json;

grat_err grat__json_string(grat__buf *b, const char *text)
{
    grat_err err = grat__buf_puts(b, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p && !err; p++) {
        /* Instruments send ISO 8859-1 at best: the escape keeps the document ASCII. */
        if (*p < 0x20 || *p >= 0x7f)
            err = grat__buf_printf(b, "\\u%04x", *p);
        else
            err = grat__buf_printf(b, *p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
    }
    return err ? err : grat__buf_puts(b, "\"");
}

static grat_err member_string(grat__buf *b, const char *name, const char *text, const char *after)
{
    grat_err err = grat__buf_printf(b, "\"%s\":", name);
    if (!err) err = grat__json_string(b, text);
    return err ? err : grat__buf_puts(b, after);
}

static grat_err member_number(grat__buf *b, const char *name, double v, const char *after)
{
    char text[GRAT__NUM_MAX + 1] = "null";
    if (isfinite(v)) text[grat__put_double(text, v, 15)] = '\0';
    return grat__buf_printf(b, "\"%s\":%s%s", name, text, after);
}

static const char *flag(bool v)
{
    return v ? "true" : "false";
}

static grat_err channel_json(grat__buf *b, unsigned number, const grat_channel_settings *c)
{
    static const char *const couplings[] = {"", "DC", "AC", "GND"};
    grat_err err = grat__buf_printf(b, "%s{\"enabled\":%s,\"bandwidth_limit\":%s,\"invert\":%s,", number ? "," : "",
                                    flag(c->enabled), flag(c->bandwidth_limit), flag(c->invert));
    if (!err) err = member_number(b, "scale", c->scale, ",");
    if (!err) err = member_number(b, "offset", c->offset, ",");
    if (!err) err = member_number(b, "probe", c->probe, ",");
    if (!err) err = member_string(b, "coupling", c->coupling <= GRAT_GND ? couplings[c->coupling] : "", ",");
    return err ? err : member_string(b, "unit", c->unit, "}");
}

static grat_err trigger_json(grat__buf *b, const grat_settings *s)
{
    static const char *const slopes[] = {"", "rising", "falling", "either", "above", "below"};
    char events[600];
    grat__trigger_text(s, events, sizeof events);
    grat_err err = member_string(b, "trigger_type", s->trigger_type, ",");
    if (!err) err = member_string(b, "trigger_source", s->trigger_source, ",");
    if (!err)
        err = member_string(b, "trigger_slope", s->trigger_slope <= GRAT_BELOW ? slopes[s->trigger_slope] : "", ",");
    if (!err) err = member_number(b, "trigger_level", s->trigger_level, ",");
    return !err && events[0] ? member_string(b, "trigger_events", events, ",") : err;
}

static grat_err settings_json(grat__buf *b, const grat_settings *s)
{
    static const char *const types[] = {"", "normal", "average", "peak", "hires"};
    grat_err err = grat__buf_puts(b, "{\"channels\":[");
    for (unsigned i = 0; i < GRAT_MAX_ANALOG && !err; i++)
        if (i < 4 || s->channel[i].probe > 0) err = channel_json(b, i, &s->channel[i]);
    if (!err) err = grat__buf_puts(b, "],");
    if (!err) err = member_number(b, "timebase", s->timebase, ",");
    if (!err) err = member_number(b, "delay", s->delay, ",");
    if (!err) err = member_number(b, "rate", s->rate, ",");
    if (!err) err = member_number(b, "depth", (double)s->depth, ",");
    if (!err) err = member_string(b, "acquisition", s->acq <= GRAT_ACQ_HIRES ? types[s->acq] : "", ",");
    if (!err) err = member_number(b, "averages", s->averages, ",");
    if (!err) err = trigger_json(b, s);
    return err ? err : member_number(b, "holdoff", s->holdoff, "}");
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
    if (!err) err = member_number(&b, "t0", r->t0, ",");
    if (!err) err = member_number(&b, "dt", r->dt, ",");
    if (!err && r->trigger_offset != 0) err = member_number(&b, "trigger_offset", r->trigger_offset, ",");
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
