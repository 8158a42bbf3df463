/* From one format to another and back: nothing is lost on the way. */
#include <graticule/graticule.h>

#include "temp.h"
#include "test.h"

enum { PIECES = 4, COUNT = 500 };

static grat_op op;

typedef struct held {
    grat_meta meta;
    grat_record *piece[PIECES];
    unsigned pieces;
} held;

static bool hold(void *user, grat_record *r)
{
    held *h = user;
    if (h->pieces < PIECES) h->piece[h->pieces] = grat_record_ref(r);
    h->pieces++;
    return true;
}

static void drop(held *h)
{
    for (unsigned i = 0; i < PIECES && i < h->pieces; i++) grat_record_unref(h->piece[i]);
    h->pieces = 0;
}

static void take_back(const char *name, held *h)
{
    *h = (held){0};
    if (grat_read_pieces(test_path(name), &h->meta, hold, h, &op)) TEST_FAIL("%s: %s", name, op.text);
    if (h->pieces > PIECES) TEST_FAIL("%s: %u pieces", name, h->pieces);
}

static void write_all(const char *name, held *h)
{
    grat_writer *w = NULL;
    if (grat_writer_open(test_path(name), NULL, &h->meta, &op, &w)) TEST_FAIL("%s: %s", name, op.text);
    for (unsigned i = 0; i < h->pieces && w; i++)
        if (grat_writer_record(w, h->piece[i], &op)) TEST_FAIL("%s: %s", name, op.text);
    if (w && grat_writer_finish(w, &op)) TEST_FAIL("%s: %s", name, op.text);
}

static void name(grat_trace *t, const char *text, const char *unit)
{
    snprintf(t->name, sizeof t->name, "%s", text);
    snprintf(t->unit, sizeof t->unit, "%s", unit);
}

static grat_record *make(uint64_t first, unsigned number)
{
    grat_sample_type types[] = {GRAT_I16, GRAT_U8, GRAT_U8};
    grat_record *r = grat_record_new(3, types, COUNT);
    r->t0 = -1.0 / 7, r->dt = 1 / 3e6;
    r->first = first, r->number = number;
    r->utc_ns = 1700000000123456789 + number * 1000000007ll;
    r->utc_uncertainty_ns = 31415;
    r->trigger_offset = number ? 1e-9 / 3 : 0, r->trigger_stamp = number * 12345678901ull;
    r->flags = number ? GRAT_REC_CLIPPED | GRAT_REC_FORCED : 0;
    grat_trace *a = &r->trace[0], *b = &r->trace[1], *d = &r->trace[2];
    name(a, "A", "V"), name(b, "B", "\xc2\xb5" "A"), name(d, "D0", "");
    a->scale = 10.0 / 32767, a->offset = -1.0 / 3, b->scale = -0.125, b->offset = 7;
    a->raw_min = -32767, a->raw_max = 32767, a->range_low = -10.0 / 3, a->range_high = 5, a->skew = 1e-10;
    d->logic = true;
    for (unsigned i = 0; i < COUNT; i++) {
        ((int16_t *)a->raw)[i] = (int16_t)(i * 40503 + number);
        ((uint8_t *)b->raw)[i] = (uint8_t)(i * 7);
        ((uint8_t *)d->raw)[i] = i >> 3 & 1;
    }
    return r;
}

static void fill_settings(grat_settings *s)
{
    for (unsigned i = 0; i < GRAT_MAX_ANALOG; i++)
        s->channel[i] = (grat_channel_settings){.enabled = i < 2, .scale = 0.1 * (i + 1) / 3, .offset = -1.0 / (i + 1),
                                                .probe = i == 1 ? 10 : 1, .coupling = (grat_coupling)(GRAT_DC + i % 3),
                                                .bandwidth_limit = i == 1, .invert = i == 2, .unit = "V"};
    s->digital[0] = s->digital[9] = s->digital_on = true;
    s->threshold[0] = 1.4, s->threshold[1] = -0.7;
    s->timebase = 1e-4 / 3, s->delay = -2e-3, s->rate = 3e6, s->depth = 12000000;
    s->acq = GRAT_ACQ_AVERAGE, s->averages = 64, s->sweep = GRAT_SWEEP_NORMAL;
    snprintf(s->trigger_type, sizeof s->trigger_type, "terms");
    snprintf(s->trigger_source, sizeof s->trigger_source, "2");
    s->trigger_slope = GRAT_FALLING, s->trigger_level = 0.3, s->trigger_hair = true, s->trigger_wait = 0.25;
    s->holdoff = 1e-6 / 3;
    s->downsample = GRAT_DOWN_AVERAGE, s->ratio = 16, s->ets = 5;
    s->terms = 2;
    s->term[0] = (grat_trigger_term){GRAT_EVENT_PULSE, "1", GRAT_RISING, 0.1, 0, 1e-6, 5e-6, false};
    s->term[1] = (grat_trigger_term){GRAT_EVENT_WINDOW, "D9", GRAT_BELOW, -1.0 / 3, 2, 0, 0, true};
}

/* Two stretches of one acquisition, with a gap between them, and another. */
static void make_first(const char *name)
{
    held h = {.pieces = 3, .piece = {make(0, 0), make(2 * COUNT, 0), make(0, 1)}};
    h.meta = (grat_meta){.identity = {"ACME", "X1", "S \"42\"", "1.0"}, .resource = "TCPIP::1.2.3.4::INSTR",
                         .has_settings = true, .acquisitions = 2};
    h.piece[1]->flags = GRAT_REC_GAP_BEFORE;
    fill_settings(&h.meta.settings);
    write_all(name, &h);
    drop(&h);
}

static void same_trace(const grat_trace *a, const grat_trace *b, size_t count)
{
    double va[COUNT], vb[COUNT];
    STR(b->name, a->name);
    STR(b->unit, a->unit);
    EQ(b->logic, a->logic);
    grat_trace_values(a, 0, count, va);
    grat_trace_values(b, 0, count, vb);
    if (a->type == b->type) MEM(a->raw, b->raw, count * grat_sample_size(a->type));
    for (size_t i = 0; i < count; i++) {
        bool good = a->type == b->type ? va[i] == vb[i] : fabs(va[i] - vb[i]) < fabs(a->scale) / 100;
        if (!good) TEST_FAIL("%s[%zu]: %.17g, wanted %.17g", a->name, i, vb[i], va[i]);
    }
    if (a->type != b->type) return;
    TRUE(a->scale == b->scale && a->offset == b->offset && a->skew == b->skew);
    TRUE(a->raw_min == b->raw_min && a->raw_max == b->raw_max);
    TRUE(a->range_low == b->range_low && a->range_high == b->range_high);
}

static void same(const held *a, const held *b)
{
    EQ(b->pieces, a->pieces);
    for (unsigned i = 0; i < a->pieces && i < b->pieces; i++) {
        const grat_record *x = a->piece[i], *y = b->piece[i];
        EQ(y->first, x->first);
        EQ(y->count, x->count);
        EQ(y->number, x->number);
        EQ(y->flags, x->flags);
        EQ(y->utc_ns, x->utc_ns);
        EQ(y->trigger_stamp, x->trigger_stamp);
        TRUE(y->t0 == x->t0 && y->dt == x->dt && y->trigger_offset == x->trigger_offset);
        EQ(y->utc_uncertainty_ns, x->utc_uncertainty_ns);
        for (unsigned k = 0; k < 3 && y->count == x->count; k++) same_trace(&x->trace[k], &y->trace[k], x->count);
    }
    STR(b->meta.identity.vendor, a->meta.identity.vendor);
    STR(b->meta.identity.model, a->meta.identity.model);
    STR(b->meta.identity.serial, a->meta.identity.serial);
    STR(b->meta.identity.firmware, a->meta.identity.firmware);
    STR(b->meta.resource, a->meta.resource);
    EQ(b->meta.acquisitions, a->meta.acquisitions);
    EQ(b->meta.has_settings, true);
    MEM(&b->meta.settings, &a->meta.settings, sizeof a->meta.settings);
}

static void there_and_back(const char *between)
{
    held first, other, last;
    take_back("first.h5", &first);
    EQ(first.pieces, 3);
    write_all(between, &first);
    take_back(between, &other);
    write_all("last.h5", &other);
    take_back("last.h5", &last);
    same(&first, &last);
    drop(&first), drop(&other), drop(&last);
}

TEST(settings_come_back)
{
    grat_settings want = {.depth = 0};
    held h;
    fill_settings(&want);
    make_first("first.h5");
    take_back("first.h5", &h);
    EQ(h.meta.has_settings, true);
    MEM(&h.meta.settings, &want, sizeof want);
    drop(&h);
}

/* numpy's archive holds one stretch, in units, and of a unit only what the settings say. */
TEST(by_way_of_npz)
{
    held first, back;
    take_back("first.h5", &first);
    for (unsigned i = 1; i < first.pieces; i++) grat_record_unref(first.piece[i]);
    first.pieces = 1;
    first.meta.acquisitions = 0;
    snprintf(first.meta.settings.channel[1].unit, sizeof first.meta.settings.channel[1].unit, "\xc2\xb5" "A");
    write_all("one.npz", &first);
    take_back("one.npz", &back);
    EQ(back.pieces, 1);
    for (unsigned k = 0; k < 3 && back.pieces == 1; k++)
        same_trace(&first.piece[0]->trace[k], &back.piece[0]->trace[k], COUNT);
    EQ(back.meta.has_settings, true);
    MEM(&back.meta.settings, &first.meta.settings, sizeof first.meta.settings);
    STR(back.meta.identity.serial, first.meta.identity.serial);
    drop(&first), drop(&back);
}

TEST(by_way_of_raw)
{
    there_and_back("between.raw");
}

TEST(by_way_of_json)
{
    there_and_back("between.json");
}

int main(void)
{
    grat_op_init(&op, INT64_MAX, NULL);
    RUN(settings_come_back);
    RUN(by_way_of_npz);
    RUN(by_way_of_raw);
    RUN(by_way_of_json);
    return TEST_RESULT();
}
