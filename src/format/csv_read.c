#include "core/str.h"
#include "format/csv.h"
#include "format/format.h"

#include <stdlib.h>
#include <string.h>

typedef struct lines {
    const char *p, *end;
    size_t number;
} lines;

static bool next_line(lines *l, const char **line, size_t *n)
{
    if (l->p >= l->end) return false;
    const char *stop = memchr(l->p, '\n', (size_t)(l->end - l->p));
    *line = l->p;
    *n = (size_t)((stop ? stop : l->end) - l->p);
    l->p += *n + 1;
    l->number++;
    if (*n && (*line)[*n - 1] == '\r') --*n;
    return true;
}

/* The length of the field at p, without its comma. */
static size_t field_length(const char *p, const char *end)
{
    const char *comma = memchr(p, ',', (size_t)(end - p));
    return (size_t)((comma ? comma : end) - p);
}

static bool field_number(const char *p, size_t n, double *out)
{
    char text[48];
    if (!n || n >= sizeof text) return false;
    memcpy(text, p, n);
    text[n] = '\0';
    if (strcmp(text, "nan") == 0) return *out = __builtin_nan(""), true;
    return grat__parse_double(text, out);
}

/* How many columns follow the time; 0 when the first line is not one of ours. */
static unsigned header_columns(const char *line, size_t n, grat_trace traces[GRAT_MAX_CHANNELS])
{
    const char *end = line + n, *p = line;
    unsigned count = 0;
    size_t first = field_length(p, end);
    if (first < 6 || memcmp(p, "time_s", 6) != 0) return 0;
    for (p += first; p < end && *p == ','; p += field_length(p, end)) {
        p++;
        if (count == GRAT_MAX_CHANNELS) return 0;
        size_t label = 0, length = field_length(p, end);
        while (label < length && p[label] != ' ') label++;
        memset(&traces[count], 0, sizeof traces[count]);
        grat__label_parse(p, label, &traces[count++]);
    }
    return count;
}

static bool read_row(const char *line, size_t n, grat_record *r, size_t row, double *time)
{
    const char *p = line, *end = line + n;
    size_t length = field_length(p, end);
    if (!field_number(p, length, time)) return false;
    for (unsigned i = 0; i < r->traces; i++) {
        p += length;
        if (p >= end) return false;
        length = field_length(++p, end);
        double v;
        if (!field_number(p, length, &v)) return false;
        ((float *)r->trace[i].raw)[row] = (float)v;
    }
    return p + length == end;
}

static size_t count_lines(const lines *l)
{
    lines copy = *l;
    const char *line;
    size_t n, count = 0;
    while (next_line(&copy, &line, &n)) count += n > 0;
    return count;
}

static grat_err read_rows(const char *path, lines *l, grat_record *r, grat_op *op)
{
    double *times = malloc(r->count * sizeof *times);
    if (!times) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    grat_err err = GRAT_OK;
    const char *line;
    size_t n, row = 0;
    while (!err && next_line(l, &line, &n)) {
        if (!n) continue;
        if (!read_row(line, n, r, row, &times[row]))
            err = grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: line %zu is not a row of %u numbers; mend it",
                               path, l->number, r->traces + 1);
        row++;
    }
    if (!err) err = grat__even_times(path, times, sizeof *times, r, op);
    free(times);
    return err;
}

grat_err grat__csv_read(const char *path, const uint8_t *data, size_t n, grat_meta *meta, grat_record **out,
                        grat_op *op)
{
    (void)meta;
    lines l = {(const char *)data, (const char *)data + n, 0};
    grat_trace traces[GRAT_MAX_CHANNELS];
    grat_sample_type types[GRAT_MAX_CHANNELS];
    const char *line;
    size_t length;
    unsigned count = next_line(&l, &line, &length) ? header_columns(line, length, traces) : 0;
    if (!count)
        return grat_op_fail(op, GRAT_EPARSE, "cannot read %.120s: its first line does not begin with time_s and "
                            "channels (several acquisitions are only written)", path);
    size_t rows = count_lines(&l);
    if (!rows) return grat_op_fail(op, GRAT_ENODATA, "cannot read %.120s: it holds no samples", path);
    for (unsigned i = 0; i < count; i++) types[i] = GRAT_F32;
    grat_record *r = grat_record_new(count, types, rows);
    if (!r) return grat_op_fail(op, GRAT_ENOMEM, "cannot read %.120s: out of memory", path);
    for (unsigned i = 0; i < count; i++) {
        memcpy(r->trace[i].name, traces[i].name, sizeof traces[i].name);
        memcpy(r->trace[i].unit, traces[i].unit, sizeof traces[i].unit);
        r->trace[i].logic = traces[i].logic;
    }
    grat_err err = read_rows(path, &l, r, op);
    if (err) return grat_record_unref(r), err;
    *out = r;
    return GRAT_OK;
}
