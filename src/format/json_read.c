#include "format/format.h"
#include "format/jansson_lazy.h"

#include <math.h>
#include <string.h>

/* A document is read as a whole, and a value then takes about 40 bytes. */
#define LARGEST ((size_t)64 << 20)

static grat_err broken(const char *path, const char *what, grat_op *op)
{
    return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: %s; check the file", path, what);
}

static bool take_values(const json_t *values, grat_trace *t, size_t count)
{
    if (json_array_size(values) != count) return false;
    for (size_t i = 0; i < count; i++) {
        const json_t *v = json_array_get(values, i);
        if (!json_is_number(v) && !json_is_null(v)) return false;
        double x = json_is_null(v) ? NAN : json_number_value(v);
        if (t->type == GRAT_U8) ((uint8_t *)t->raw)[i] = x > 0;
        else ((float *)t->raw)[i] = (float)x;
    }
    return true;
}

static unsigned take_flags(const json_t *names)
{
    static const char *const words[] = {"gap_before", "clipped", "cut", "forced", "preview"};
    unsigned flags = 0;
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));
        for (unsigned k = 0; name && k < sizeof words / sizeof *words; k++)
            if (strcmp(name, words[k]) == 0) flags |= 1u << k;
    }
    return flags;
}

static grat_record *new_record(const json_t *channels, size_t count)
{
    grat_sample_type types[GRAT_MAX_CHANNELS];
    size_t n = json_array_size(channels);
    for (size_t i = 0; i < n; i++)
        types[i] = json_is_true(json_object_get(json_array_get(channels, i), "logic")) ? GRAT_U8 : GRAT_F32;
    return grat_record_new((unsigned)n, types, count);
}

/* Times, numbers, and the channels with their values. */
static bool fill(const json_t *from, grat_record *r)
{
    const json_t *channels = json_object_get(from, "channels"), *utc = json_object_get(from, "utc_ns");
    const json_t *within = json_object_get(from, "utc_uncertainty_ns");
    uint64_t number = 0;
    bool good = grat__json_double(from, "t0", &r->t0) && grat__json_double(from, "dt", &r->dt) && r->dt > 0 &&
                grat__json_count(from, "number", UINT32_MAX, &number) &&
                grat__json_count(from, "first", (uint64_t)1 << 60, &r->first);
    r->number = (unsigned)number;
    r->utc_ns = json_is_integer(utc) ? json_integer_value(utc) : 0;
    r->utc_uncertainty_ns = json_is_integer(within) ? json_integer_value(within) : 0;
    grat__json_double(from, "trigger_offset", &r->trigger_offset);
    grat__json_count(from, "trigger_stamp", INT64_MAX, &r->trigger_stamp);
    r->flags = take_flags(json_object_get(from, "flags"));
    for (unsigned i = 0; i < r->traces && good; i++) {
        const json_t *c = json_array_get(channels, i);
        grat_trace *t = &r->trace[i];
        grat__json_text(c, "name", t->name, sizeof t->name);
        grat__json_text(c, "unit", t->unit, sizeof t->unit);
        t->logic = t->type == GRAT_U8;
        good = take_values(json_object_get(c, "values"), t, r->count);
    }
    return good;
}

/* What comes next, if nothing is missing. */
typedef struct place {
    uint64_t next;
    unsigned number;
    bool begun;
} place;

static void note_gap(place *p, grat_record *r)
{
    r->flags &= ~(unsigned)GRAT_REC_GAP_BEFORE;
    if (p->begun && r->number == p->number && r->first > p->next) r->flags |= GRAT_REC_GAP_BEFORE;
    *p = (place){.next = r->first + r->count, .number = r->number, .begun = true};
}

static grat_err read_record(const char *path, const json_t *from, place *p, const grat_reading *to, bool *more,
                            grat_op *op)
{
    const json_t *channels = json_object_get(from, "channels");
    const json_t *values = json_object_get(json_array_get(channels, 0), "values");
    size_t count = json_array_size(values), n = json_array_size(channels);
    if (!n || n > GRAT_MAX_CHANNELS || !count) return broken(path, "a record has no channels, or too many", op);
    grat_record *r = new_record(channels, count);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    bool good = fill(from, r);
    if (good) note_gap(p, r);
    if (good) *more = to->fn(to->user, r);
    grat_record_unref(r);
    return good ? grat_op_check(op) : broken(path, "a record lacks its times or some of its values", op);
}

grat_err grat__json_each(const char *path, const uint8_t *data, size_t n, const grat_reading *to, grat_op *op)
{
    if (n > LARGEST)
        return grat_op_fail(op, GRAT_ETOOBIG, "cannot read %.120s: .json is read up to 64 MiB; use .h5 or .npy for so "
                            "many samples", path);
    json_t *root = grat__json_load(path, data, n, op);
    if (!root) return op->err;
    const json_t *records = json_object_get(root, "records");
    size_t count = json_array_size(records);
    grat_err err = GRAT_OK;
    bool more = true;
    if (json_object_get(root, "graticule_raw"))
        err = grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: it only describes the samples; name the file without "
                           ".json at the end", path);
    else if (!count) err = broken(path, "there are no records in it", op);
    uint64_t last = 0;
    place p = {0};
    if (!err && grat__json_count(json_array_get(records, count - 1), "number", UINT32_MAX - 1, &last))
        to->meta->acquisitions = (unsigned)last + 1;
    if (!err) grat__json_meta(root, to->meta);
    for (size_t i = 0; i < count && more && !err; i++)
        err = read_record(path, json_array_get(records, i), &p, to, &more, op);
    json_delete(root);
    return err;
}
