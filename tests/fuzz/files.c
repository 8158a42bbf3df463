/* The readers of our own file formats; the first byte chooses the format. */
#include "format/format.h"
#include "fuzz.h"

static bool on_piece(void *user, grat_record *r)
{
    (void)user;
    HOLDS(r->count > 0 && r->traces > 0 && r->traces <= GRAT_MAX_CHANNELS && r->dt > 0);
    for (unsigned t = 0; t < r->traces; t++) {
        double v;

        grat_trace_values(&r->trace[t], r->count - 1, 1, &v);
    }
    return true;
}

/* The description is the first line, the samples are the rest. */
static int raw(const uint8_t *data, size_t n)
{
    const uint8_t *line = n ? memchr(data, '\n', n) : NULL;
    grat_meta meta = {0};
    grat_reading to = {.meta = &meta, .fn = on_piece};
    grat_op op;

    if (!line) return 0;
    grat_op_init(&op, 10000, NULL);
    grat__raw_files f = {.path = "input", .text = data, .length = (size_t)(line - data), .data = line + 1,
                         .size = n - (size_t)(line + 1 - data)};
    if (grat__raw_read(&f, &to, &op)) HOLDS(op.text[0] != '\0');
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const grat_format *const formats[] = {&grat__format_csv, &grat__format_npy, &grat__format_npz,
                                                 &grat__format_wav, &grat__format_json, &grat__format_vcd,
                                                 &grat__format_sr};
    const grat_format *f;
    grat_record *r = NULL;
    grat_meta meta;
    grat_op op;

    if (!n) return 0;
    if (data[0] % 8 == 7) return raw(data + 1, n - 1);
    f = formats[data[0] % 8];
    if (!f->read && !f->each) return 0;
    memset(&meta, 0, sizeof meta);
    grat_op_init(&op, 10000, NULL);
    if (f->each) {
        grat_reading to = {.meta = &meta, .fn = on_piece};

        if (f->each("input", data + 1, n - 1, &to, &op)) HOLDS(op.text[0] != '\0');
        if (!f->read) return 0;
    }
    if (f->read("input", data + 1, n - 1, &meta, &r, &op) != GRAT_OK) {
        HOLDS(op.text[0] != '\0');
        return 0;
    }
    HOLDS(r != NULL && r->traces <= GRAT_MAX_CHANNELS);
    for (unsigned t = 0; t < r->traces; t++) {
        double v;

        if (r->count) grat_trace_values(&r->trace[t], r->count - 1, 1, &v);
    }
    grat_record_unref(r);
    return 0;
}
